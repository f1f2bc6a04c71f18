//! `forecourt-load`: sends events to a running Forecourt and says how fast they were accepted, as JSON.
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
use clap::Parser;
use tokio::{task::JoinSet, time::Instant};

use crate::{connection::Plan, request::Mix, result::Tally};

/// Sends events to a running Forecourt and prints what came of it as JSON.
#[derive(Debug, Clone, Parser)]
#[command(name = "forecourt-load")]
struct Args {
    /// Where Forecourt listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    host: String,
    /// Write key of the source to send as.
    #[arg(long)]
    key: String,
    /// Events per second over all connections; 0 for as many as are taken.
    #[arg(long, default_value_t = 0)]
    rate: u64,
    /// Events in one request.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    #[arg(long, default_value_t = 16)]
    connections: usize,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Stop after this many events; 0 for no such end.
    #[arg(long, default_value_t = 0)]
    events: u64,
    /// People whom the events are about. One in five comes anonymous and is identified later.
    #[arg(long, default_value_t = 1_000_000)]
    profiles: u64,
    /// Events of the one profile that has very many.
    #[arg(long, default_value_t = 5_000)]
    heavy_events: u64,
    /// Share of events sent a second time, in percent.
    #[arg(long, default_value_t = 5)]
    duplicates: u64,
    /// Share of events that happened three days ago, in percent.
    #[arg(long, default_value_t = 2)]
    late: u64,
    /// Distinguishes the message ids of runs; by default the time.
    #[arg(long)]
    run: Option<u32>,
    /// How long a request is repeated while nobody answers, in seconds: a server that is being restarted.
    #[arg(long, default_value_t = 0)]
    patience: u64,
    /// Writes the acknowledged message ids here: a prefix, the first number and how many, a request a line.
    #[arg(long)]
    acknowledged: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(1 <= args.batch && 1 <= args.connections && 10 <= args.profiles, "batch and connections begin at 1, profiles at 10");
    let run = args.run.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as u32));

    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..args.connections {
        tasks.spawn(connection::drive(plan(&args, run, number, started)));
    }
    let mut tally = Tally::default();
    while let Some(done) = tasks.join_next().await {
        tally.add(done??);
    }
    if let Some(path) = &args.acknowledged {
        write_acknowledged(path, &tally).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{:#}", tally.to_json(started.elapsed()));
    Ok(())
}

fn plan(args: &Args, run: u32, number: usize, started: Instant) -> Plan {
    let connections = args.connections as u64;
    let requests_per_s = args.rate as f64 / args.batch as f64 / connections as f64;
    let interval = (0 < args.rate).then(|| Duration::from_secs_f64(1.0 / requests_per_s));
    Plan {
        host: args.host.clone(),
        key: args.key.clone(),
        batch: args.batch,
        mix: Mix {
            run,
            connection: number as u64,
            connections,
            profiles: args.profiles,
            heavy_events: if number == 0 { args.heavy_events } else { 0 },
            duplicate_percent: args.duplicates,
            late_percent: args.late,
        },
        // Spread over the first interval, so that connections do not fire together.
        first: started + interval.unwrap_or_default().mul_f64(number as f64 / connections as f64),
        interval,
        end: started + Duration::from_secs(args.seconds),
        requests_max: (0 < args.events).then(|| (args.events / args.batch as u64 / connections).max(1)),
        patience: Duration::from_secs(args.patience),
        keep_acknowledged: args.acknowledged.is_some(),
    }
}

fn write_acknowledged(path: &PathBuf, tally: &Tally) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for range in &tally.acknowledged {
        writeln!(out, "{} {} {}", range.prefix, range.first, range.count)?;
    }
    Ok(out.flush()?)
}
