//! `forecourt report`: the same specs as in the API and in the UI.

use std::{
    fs,
    io::{Read as _, stdin},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::Value;

use super::Place;
use crate::{
    client::Client,
    output::{Format, Output, plain},
};

#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// How many profiles went how far.
    Funnel {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    #[command(external_subcommand)]
    Other(Vec<String>),
}

/// Reports that are to come.
const PLANNED: &[&str] = &["attribution", "flow", "paths", "pivot", "retention"];

pub async fn run(place: &Place, command: ReportCommand) -> anyhow::Result<()> {
    match command {
        ReportCommand::Funnel { spec, output } => funnel(place, &spec, output).await,
        ReportCommand::Other(words) => {
            let name = words.first().map(String::as_str).unwrap_or_default();
            if PLANNED.contains(&name) {
                bail!("the report `{name}` is not there yet: ask by SQL (`forecourt query`), or take `forecourt report funnel`");
            }
            bail!("there is no report `{name}`: `forecourt report --help` lists them");
        }
    }
}

async fn funnel(place: &Place, spec: &Path, output: Output) -> anyhow::Result<()> {
    let spec = read_spec(spec)?;
    let client = Client::connect(place).await?;
    let report = client.post("/api/reports/funnel", &spec).await;
    client.close().await;
    let report = report?;
    if output.format == Format::Json {
        println!("{report}");
        return Ok(());
    }
    let by: Vec<String> = spec["by"].as_array().into_iter().flatten().map(plain).collect();
    let columns = ["event", "profiles", "rate", "step_rate", "median_time_s"];
    let head: Vec<String> = by.iter().cloned().chain(columns.map(str::to_owned)).collect();
    let mut rows = Vec::new();
    let all = serde_json::json!({ "by": {}, "steps": report["steps"] });
    for group in std::iter::once(&all).chain(report["groups"].as_array().into_iter().flatten()) {
        for step in group["steps"].as_array().into_iter().flatten() {
            let dimensions = by.iter().map(|name| group["by"].get(name).map_or("(all)".to_owned(), plain));
            rows.push(dimensions.chain(columns.map(|column| plain(&step[column]))).collect());
        }
    }
    output.table(&head, rows);
    Ok(())
}

fn read_spec(path: &Path) -> anyhow::Result<Value> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        stdin().read_to_string(&mut text).context("cannot read the spec from standard input")?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("cannot read the spec {}", path.display()))?;
    }
    serde_json::from_str(&text).context("the spec is not JSON")
}
