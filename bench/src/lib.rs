//! Load for a running Forecourt: events as senders send them, and how fast they were accepted, as JSON.
//!
//! It takes as little of the machine as it can, because it mostly shares it with what it measures: one thread, requests
//! written before the start, in which only ids and times are patched.

mod client;
mod connection;
mod item;
mod request;
mod result;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;
use tokio::{task::JoinSet, time::Instant};

use crate::{connection::Plan, request::Mix, result::Tally};

/// What to send, and how fast.
#[derive(Debug, Clone, Args)]
pub struct Load {
    /// Events per second over all connections; 0 for as many as are taken.
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
    /// Events in one request.
    #[arg(long, default_value_t = 100)]
    pub batch: usize,
    #[arg(long, default_value_t = 16)]
    pub connections: usize,
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Stop after this many events; 0 for no such end.
    #[arg(long, default_value_t = 0)]
    pub events: u64,
    /// People whom the events are about. One in five comes anonymous and is identified later.
    #[arg(long, default_value_t = 1_000_000)]
    pub profiles: u64,
    /// Events of the one profile that has very many.
    #[arg(long, default_value_t = 5_000)]
    pub heavy_events: u64,
    /// Share of events sent a second time, in percent.
    #[arg(long, default_value_t = 5)]
    pub duplicates: u64,
    /// Share of events that happened three days ago, in percent.
    #[arg(long, default_value_t = 2)]
    pub late: u64,
    /// Distinguishes the message ids of runs; by default the time.
    #[arg(long)]
    pub run: Option<u32>,
    /// How long a request is repeated while nobody answers, in seconds: a server that is being restarted.
    #[arg(long, default_value_t = 0)]
    pub patience: u64,
    /// Writes the acknowledged message ids here: a prefix, the first number and how many, a request a line.
    #[arg(long)]
    pub acknowledged: Option<PathBuf>,
}

/// Sends the load and says what came of it.
///
/// * `host`: where Forecourt listens, such as `127.0.0.1:8080`; `key`: write key of the source to send as.
pub async fn run(host: &str, key: &str, load: &Load) -> Result<Value> {
    ensure!(1 <= load.batch && 1 <= load.connections && 10 <= load.profiles, "batch and connections begin at 1, profiles at 10");
    let run = load.run.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as u32));

    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..load.connections {
        tasks.spawn(connection::drive(plan(host, key, load, run, number, started)));
    }
    let mut tally = Tally::default();
    while let Some(done) = tasks.join_next().await {
        tally.add(done??);
    }
    if let Some(path) = &load.acknowledged {
        write_acknowledged(path, &tally).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(tally.to_json(started.elapsed()))
}

fn plan(host: &str, key: &str, load: &Load, run: u32, number: usize, started: Instant) -> Plan {
    let connections = load.connections as u64;
    let requests_per_s = load.rate as f64 / load.batch as f64 / connections as f64;
    let interval = (0 < load.rate).then(|| Duration::from_secs_f64(1.0 / requests_per_s));
    Plan {
        host: host.to_owned(),
        key: key.to_owned(),
        batch: load.batch,
        mix: Mix {
            run,
            connection: number as u64,
            connections,
            profiles: load.profiles,
            heavy_events: if number == 0 { load.heavy_events } else { 0 },
            duplicate_percent: load.duplicates,
            late_percent: load.late,
        },
        // Spread over the first interval, so that connections do not fire together.
        first: started + interval.unwrap_or_default().mul_f64(number as f64 / connections as f64),
        interval,
        end: started + Duration::from_secs(load.seconds),
        requests_max: (0 < load.events).then(|| (load.events / load.batch as u64 / connections).max(1)),
        patience: Duration::from_secs(load.patience),
        keep_acknowledged: load.acknowledged.is_some(),
    }
}

fn write_acknowledged(path: &PathBuf, tally: &Tally) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for range in &tally.acknowledged {
        writeln!(out, "{} {} {}", range.prefix, range.first, range.count)?;
    }
    Ok(out.flush()?)
}
