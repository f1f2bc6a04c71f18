//! `forecourt bench`: how fast this machine is, as one line of JSON each.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use forecourt_bench::Load;
use forecourt_log::bench::{self as log_bench, append_rate};
use serde_json::{Value, json};

use super::Place;
use crate::client::Client;

const BENCH_SOURCE: &str = "bench";

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Durable appends to a log in a new folder beside the data; it is removed afterwards.
    Log {
        /// Appends under way at once.
        #[arg(long, default_value_t = 64)]
        writers: usize,
        #[arg(long, default_value_t = 100)]
        entries: usize,
        /// Bytes of one entry.
        #[arg(long, default_value_t = 500)]
        bytes: usize,
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Events over HTTP into the server that runs on the folder: how many are acknowledged a second, and how fast. They
    /// stay: take a folder for it.
    Ingest {
        /// Write key of the source to send as; without one a source `bench` is made or taken.
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        load: Load,
    },
    /// A funnel over the installation's events, again and again.
    Funnel {
        /// A file with the report's spec as JSON.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[arg(long, default_value_t = 10)]
        rounds: usize,
    },
}

pub async fn run(place: &Place, command: BenchCommand) -> anyhow::Result<()> {
    match command {
        BenchCommand::Log { writers, entries, bytes, seconds } => {
            let dir = place.data.join("bench-log");
            std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
            let load = log_bench::Load { writers, entries_per_append: entries, entry_bytes: bytes, duration: Duration::from_secs(seconds) };
            let rate = append_rate(&dir, load).await;
            std::fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
            println!("{}", rate?.to_json());
        }
        BenchCommand::Ingest { key, load } => ingest(place, key, &load).await?,
        BenchCommand::Funnel { spec, rounds } => {
            let text = std::fs::read_to_string(&spec).with_context(|| format!("cannot read the spec {}", spec.display()))?;
            let spec: Value = serde_json::from_str(&text).context("the spec is not JSON")?;
            let client = Client::connect(place).await?;
            let measured = funnel(&client, &spec, rounds).await;
            client.close().await;
            println!("{}", measured?);
        }
    }
    Ok(())
}

async fn ingest(place: &Place, key: Option<String>, load: &Load) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let Client::Remote { running, .. } = &client else {
        client.close().await;
        bail!("no server runs on {}: start one, it is what is measured", place.data.display());
    };
    let key = match key {
        Some(key) => key,
        None => bench_key(&client).await?,
    };
    let host = running.address.trim_start_matches("http://");
    println!("{}", forecourt_bench::run(host, &key, load).await?);
    Ok(())
}

/// The write key of the source `bench`, which is made if there is none.
async fn bench_key(client: &Client) -> anyhow::Result<String> {
    let known = client.get("/api/sources").await?;
    let found = known["sources"].as_array().into_iter().flatten().find(|source| source["name"] == BENCH_SOURCE).cloned();
    let source = match found {
        Some(source) => source,
        None => client.post("/api/sources", &json!({ "name": BENCH_SOURCE })).await?,
    };
    source["write_key"].as_str().map(str::to_owned).context("the source has no write key")
}

/// Milliseconds from question to answer: the first, which may read from disk, and the median of all.
async fn funnel(client: &Client, spec: &Value, rounds: usize) -> anyhow::Result<Value> {
    let mut took_ms = Vec::with_capacity(rounds);
    let mut rows = Value::Null;
    for _ in 0..rounds.max(1) {
        let began = Instant::now();
        let report = client.post("/api/reports/funnel", spec).await?;
        took_ms.push(began.elapsed().as_secs_f64() * 1e3);
        rows = report["rows_scanned"].clone();
    }
    let first_ms = took_ms[0];
    took_ms.sort_by(f64::total_cmp);
    Ok(json!({ "rows_scanned": rows, "rounds": took_ms.len(), "first_ms": first_ms, "median_ms": took_ms[took_ms.len() / 2] }))
}
