//! `forecourt doctor`: looks for what is wrong, and says what to do.

use std::{io::stderr, time::Duration};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::Place;
use crate::{
    config::Config,
    doctor::{Findings, Level, data, machine},
    folder::Folder,
    output::{Format, Output},
};

const ANSWER_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Look only at what takes no time: no reading through of log, databases and files.
    #[arg(long)]
    pub quick: bool,
    /// Compare each database's indexes with its tables too: takes several times as long.
    #[arg(long, conflicts_with = "quick")]
    pub thorough: bool,
    #[command(flatten)]
    pub output: Output,
}

/// Works beside a server, and without one. Ends with an error if there is a problem; advice is none.
pub async fn run(place: &Place, args: DoctorArgs) -> anyhow::Result<()> {
    let folder = Folder::existing(&place.data)?;
    let mut findings = Findings::default();
    let config = configuration(&mut findings, place)?;
    machine::permissions(&mut findings, folder.root());
    let is_running = server(&mut findings, &folder).await?;
    if !is_running {
        machine::port(&mut findings, config.server.listen);
    }
    let progress = progress();
    let (state, notes) = data::databases(&mut findings, &folder, &config, args.thorough).await;
    machine::disk(&mut findings, folder.root(), &notes);
    let log = if args.quick { None } else { data::log(&mut findings, &folder, &progress) };
    machine::clock(&mut findings, log.as_ref().and_then(|log| log.last_at_us));
    let lake = data::lake(&mut findings, &folder, &config, !args.quick, &progress).await;
    data::lags(&mut findings, log.as_ref(), state.as_ref(), lake, is_running);
    progress.finish_and_clear();

    print(&findings, args.output);
    let problems = findings.problems();
    anyhow::ensure!(problems == 0, "{problems} {}: see the lines marked PROBLEM", if problems == 1 { "problem" } else { "problems" });
    Ok(())
}

/// A configuration that does not read is a finding; the rest is then looked at with the defaults.
fn configuration(findings: &mut Findings, place: &Place) -> anyhow::Result<Config> {
    match Config::load(place.config.as_deref()) {
        Ok(config) => {
            findings.ok("configuration", "every key is known");
            Ok(config)
        }
        Err(error) => {
            findings.problem("configuration", format!("{error:#}"), "mend the file that `--config` names");
            Config::load(None)
        }
    }
}

/// Asks the server of the folder how it is. Returns whether there is one.
async fn server(findings: &mut Findings, folder: &Folder) -> anyhow::Result<bool> {
    let Some(running) = folder.running() else {
        findings.ok("server", "none runs on this folder");
        return Ok(false);
    };
    let http = running.http()?;
    let Ok(answer) = http.get(format!("{}/readyz", running.address)).timeout(ANSWER_WITHIN).send().await else {
        // A note outlives a server that was killed; one that hangs still holds the lock.
        if folder.lock().is_err() {
            let told = format!("process {} holds the folder and does not answer at {}", running.pid, running.address);
            findings.problem("server", told, "look at what it logs; if it stays so, stop that process and start it again");
            return Ok(true);
        }
        findings.ok("server", "none runs on this folder; the last one did not stop in order, which does no harm");
        return Ok(false);
    };
    let is_ready = answer.status().is_success();
    let report: serde_json::Value = answer.json().await.unwrap_or_default();
    for check in report["checks"].as_array().into_iter().flatten().filter(|check| check["ok"] != true) {
        let (name, told) = (check["name"].as_str().unwrap_or_default(), check["told"].as_str().unwrap_or_default());
        findings.problem("server", format!("{name}: {told}"), "mend what it names");
    }
    if is_ready {
        findings.ok("server", format!("answers at {} and is ready", running.address));
    }
    Ok(true)
}

fn progress() -> ProgressBar {
    // Hidden by itself where there is no terminal.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg:6} {bar:40} {bytes} of {total_bytes}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn print(findings: &Findings, output: Output) {
    let problems = findings.problems();
    match output.format {
        Format::Json => println!("{}", json!({ "ok": problems == 0, "problems": problems, "findings": findings.0 })),
        Format::Csv => {
            let rows = findings.0.iter().map(|finding| {
                vec![
                    finding.area.to_owned(),
                    mark(finding.level).trim().to_owned(),
                    finding.told.clone(),
                    finding.advice.clone().unwrap_or_default(),
                ]
            });
            output.table(&["area", "level", "told", "advice"].map(str::to_owned), rows.collect());
        }
        Format::Table => {
            for finding in &findings.0 {
                println!("{}  {:<14} {}", mark(finding.level), finding.area, finding.told);
                if let Some(advice) = &finding.advice {
                    println!("{:<25} → {advice}", "");
                }
            }
        }
    }
    // Piped into a pager that was closed: nobody minds.
    let _ = std::io::Write::flush(&mut stderr());
}

fn mark(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok     ",
        Level::Advice => "advice ",
        Level::Problem => "PROBLEM",
    }
}
