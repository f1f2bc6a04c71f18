//! `forecourt-load`: `forecourt bench ingest` as a program of its own, for a server that is elsewhere.

use anyhow::Result;
use clap::Parser;
use forecourt_bench::Load;

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
    #[command(flatten)]
    load: Load,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let Args { host, key, load } = Args::parse();
    println!("{:#}", forecourt_bench::run(&host, &key, &load).await?);
    Ok(())
}
