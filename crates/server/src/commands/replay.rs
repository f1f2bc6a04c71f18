//! `forecourt replay`: folds the log again, to prove the store or to rebuild it.

use std::fs;

use anyhow::{Context as _, bail};
use clap::Args;
use forecourt_process::replay;
use forecourt_store::Store;

use super::Place;
use crate::{
    checkpoints::Checkpoints,
    config::Config,
    folder::Folder,
    node::{Node, Opening},
};

/// Records in one transaction of a replay.
const RECORDS_MAX: usize = 10_000;

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Compare every row of every state table with what the log says; print the first difference.
    #[arg(long)]
    pub verify: bool,
}

/// Works on a folder that no server has open.
pub async fn run(place: &Place, args: ReplayArgs) -> anyhow::Result<()> {
    let folder = Folder::existing(&place.data)?;
    let config = Config::load(place.config.as_deref())?;
    let checkpoints = Checkpoints::of(folder.root(), &config.store.url);
    let on_sqlite = config.store.url.is_empty();
    let node = Node::open(&folder, config, Opening { demo: false, local_admin: None, postgres_port: None })
        .await
        .context("a replay needs the folder for itself: stop the server first")?;

    let live = node.store.copy_to(&checkpoints.scratch("live").await?).await?;
    let to = live.folded_offset().await?;
    let replayed = checkpoints.base(&node.store, &node.log).await?;
    let from = replayed.folded_offset().await?;
    let erased = node.control.erasure_progress().await?.iter().map(|erasure| erasure.log_offset).max();
    if let Some(erased) = erased.filter(|erased| from <= *erased) {
        bail!("records below offset {erased} were overwritten by an erasure, and no checkpoint stands behind it: restore a backup");
    }
    eprintln!("replaying offsets {from} to {to}");
    let settings = node.fold_settings();
    replay(&node.log, &replayed, &settings, to, RECORDS_MAX, |_| {}).await?;
    let reached = replayed.folded_offset().await?;
    if reached != to {
        bail!("the log ends at {reached}, the store says it folded up to {to}: the log has lost its end, restore both from a backup");
    }

    let difference = live.first_difference(&replayed).await?;
    live.destroy().await?;
    node.close().await;
    match (args.verify, difference) {
        (_, None) => println!("{} records replayed: the store is what the log says", to - from),
        (true, Some(told)) => {
            replayed.destroy().await?;
            bail!("the store (left) is not what the log says (right): {told}");
        }
        (false, Some(told)) if on_sqlite => return rebuild(&folder, replayed, &told).await,
        (false, Some(told)) => {
            bail!("the store is not what the log says: {told}. Rebuilding on PostgreSQL is not offered: restore a backup")
        }
    }
    replayed.destroy().await.context("the scratch copy stays behind")
}

/// Puts the replayed store in the place of the one that differed, which is kept beside it.
async fn rebuild(folder: &Folder, replayed: Store, told: &str) -> anyhow::Result<()> {
    let path = replayed.path().context("a store in a file")?.to_owned();
    replayed.close().await;
    let state = folder.state();
    let aside = state.with_extension("sqlite.before-replay");
    for suffix in ["-wal", "-shm"] {
        // A closed store leaves none.
        let _ = fs::remove_file(format!("{}{suffix}", state.display()));
    }
    fs::rename(&state, &aside)?;
    fs::rename(&path, &state)?;
    println!("the store was rebuilt from the log; the old one is {}. The first difference was: {told}", aside.display());
    Ok(())
}
