//! Stories of a whole installation, through its public surfaces only: the binary, its folder, HTTP, SQL.
//!
//! `FORECOURT_PROVE=1` tells them at full length. `FORECOURT_SEED=N` repeats a run that was told by its seed.

mod account_pages;
mod ad_gate;
mod backup;
mod call_back;
mod channels;
mod damage;
mod disk_full;
mod doctor;
mod erase;
#[cfg(feature = "failpoints")]
mod failpoints;
mod fresh;
mod hooks;
mod hostile_clients;
mod import_wizard;
mod installation;
mod journeys;
mod kill;
mod leads;
mod least_rights;
mod ledger;
mod manual;
mod messages;
mod outside;
mod owners;
mod pages;
mod peers_faults;
mod people;
mod pivot;
#[allow(dead_code, reason = "the store's own tests need more of it")]
#[path = "../../crates/store/tests/postgres/mod.rs"]
mod postgres;
mod prove;
mod public_data;
mod replay;
mod reports;
mod ring;
mod roles;
mod schemathesis;
mod scores;
mod sdks;
mod segments;
mod senders;
mod server;
mod smtp;
mod tidy;
mod tracker;
mod trust;
mod two_servers;
mod upgrade;
mod wire;
#[cfg(feature = "failpoints")]
mod workers;

use std::time::Duration;

/// How long a condition is polled for: a machine that runs other tests at the same time is slow.
const WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// `reduced` in the everyday run, `full` where figures are proved.
fn rounds(reduced: usize, full: usize) -> usize {
    if is_proving() { full } else { reduced }
}

fn is_proving() -> bool {
    std::env::var_os("FORECOURT_PROVE").is_some()
}

/// The seed of what a story leaves to chance; printed, so that a failure can be repeated.
///
/// The everyday run tells the same story each time, so that it fails for the change that broke it; proving draws a new one.
fn seed(story: &str) -> u64 {
    let given = std::env::var("FORECOURT_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| if is_proving() { rand::random::<u64>() } else { 20_261_122 });
    println!("{story}: FORECOURT_SEED={seed}");
    seed
}
