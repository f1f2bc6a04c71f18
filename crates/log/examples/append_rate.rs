//! Prints how fast the log is on this disk, one line of JSON per load:
//! `cargo run --example append_rate -- DIR [SECONDS]`

use std::path::PathBuf;
use std::time::Duration;

use forecourt_log::bench::{Load, append_rate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("say in which empty folder to write")?);
    let seconds: f64 = arguments.next().as_deref().unwrap_or("3").parse()?;
    let loads = [(1, 1, 500), (8, 1, 500), (64, 1, 500), (256, 1, 500), (8, 100, 500), (64, 100, 500)];
    for (writers, entries_per_append, entry_bytes) in loads {
        let duration = Duration::from_secs_f64(seconds);
        let load = Load { writers, entries_per_append, entry_bytes, duration };
        let dir = dir.join(format!("{writers}x{entries_per_append}"));
        println!("{}", append_rate(&dir, load).await?.to_json());
    }
    Ok(())
}
