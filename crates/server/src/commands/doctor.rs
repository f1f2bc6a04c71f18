//! `forecourt doctor`: looks for what is wrong, and says what to do.

use anyhow::Context as _;

use super::Place;
use crate::{
    config::Config,
    folder::Folder,
    node::{Node, Opening},
};

pub async fn run(place: &Place) -> anyhow::Result<()> {
    let folder = Folder::existing(&place.data)?;
    let config = Config::load(place.config.as_deref())?;
    let mut findings = 0;
    let mut say = |ok: bool, name: &str, told: String| {
        findings += usize::from(!ok);
        println!("{}  {name:<14} {told}", if ok { "ok  " } else { "LOOK" });
    };
    say(true, "configuration", "every key is known".to_owned());
    if let Some(running) = folder.running() {
        let answer = running.http()?.get(format!("{}/readyz", running.address)).send().await;
        if let Ok(answer) = answer {
            let ready = answer.status().is_success();
            let report: serde_json::Value = answer.json().await.context("the server's answer")?;
            for check in report["checks"].as_array().into_iter().flatten() {
                let told = check["told"].as_str().unwrap_or("as it should be").to_owned();
                say(check["ok"] == true, check["name"].as_str().unwrap_or_default(), told);
            }
            say(ready, "server", format!("answers at {}; stop it to have its files looked at too", running.address));
            return outcome(findings);
        }
    }

    let node = Node::open(&folder, config, Opening { demo: false, local_admin: None }).await?;
    let log = &node.log;
    let (first, end) = (log.first_offset(), log.end_offset());
    say(true, "log", format!("offsets {first} to {end}, {} MiB", log.bytes() >> 20));
    if let Some(torn) = log.torn_tail() {
        say(true, "log", format!("the last crash left {} bytes half-written; none of them was acknowledged", torn.bytes));
    }
    let read = read_through(log.clone()).await?;
    say(true, "log", format!("{read} records read through"));
    for damage in log.corruption() {
        let told = format!("records {} to {} are lost ({}): restore a backup", damage.from_offset, damage.to_offset, damage.reason);
        say(false, "log", told);
    }
    let folded = node.store.folded_offset().await?;
    say(folded <= end, "state", format!("folded up to {folded}; {} profiles", node.store.profiles_count().await?));
    let lake = *node.lake.offset_watch().borrow();
    say(lake <= folded, "lake", format!("in files up to {lake}"));
    node.control.ping().await?;
    say(true, "accounts", format!("{} people, {} sources", node.control.users_count().await?, node.control.sources().await?.len()));
    node.close().await;
    outcome(findings)
}

fn outcome(findings: usize) -> anyhow::Result<()> {
    anyhow::ensure!(findings == 0, "{findings} findings: see the lines marked LOOK");
    Ok(())
}

/// Reads every record, which finds damage in sealed segments.
async fn read_through(log: forecourt_log::Log) -> anyhow::Result<u64> {
    let counted = tokio::task::spawn_blocking(move || {
        let mut reader = log.reader(log.first_offset())?;
        let mut count = 0;
        loop {
            let records = reader.next_batch(10_000, 16 << 20)?;
            if records.is_empty() {
                return Ok::<u64, forecourt_log::LogError>(count);
            }
            count += records.len() as u64;
        }
    });
    Ok(counted.await??)
}
