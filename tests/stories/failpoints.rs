//! The process dies at each named step between the log, the store and the lake, under load; after a restart all is there, once.

use std::{os::unix::process::ExitStatusExt as _, sync::Arc, time::Instant};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    LOOK_EVERY, WITHIN,
    installation::Installation,
    kill::{check_when_all_is_in, prefix},
    ledger::{self, Ledger},
    rounds, seed,
    senders::{Senders, send_unanswered},
    server::Server,
};

const SIGABRT: i32 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_each_step_of_the_log() {
    crashed_at(&["log::before_write", "log::after_write", "log::after_sync"], 1..=200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_each_step_of_the_fold() {
    crashed_at(&["process::before_save", "process::before_commit", "process::after_commit"], 1..=40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_each_step_of_the_lake() {
    let points =
        ["lake_files_written", "lake_commit_midway", "lake_before_commit", "lake_after_commit", "lake_entities_written", "lake_compacted"];
    crashed_at(&points, 1..=3).await;
}

/// * `visits`: at which visit of a point the process dies, drawn for each crash.
async fn crashed_at(points: &[&str], visits: std::ops::RangeInclusive<u32>) {
    let mut chance = StdRng::seed_from_u64(seed("crashes"));
    let installation = Installation::new();
    let ledger = Arc::new(Ledger::default());
    let write_key = installation.source("senders");
    let mut round = 0;
    for point in points {
        for _ in 0..rounds(2, 12) {
            let crash_at = format!("{point}:{}", chance.random_range(visits.clone()));
            crash(&installation, &write_key, &ledger, round, &crash_at, chance.random()).await;
            round += 1;
        }
    }
    let prefixes: Vec<String> = (0..round).map(prefix).collect();
    let server = installation.serve().await;
    send_unanswered(&server, &write_key, &ledger, 3).await;
    check_when_all_is_in(&server, &ledger, &prefixes).await;
    server.stop().await;
    println!("{round} crashes: {}", ledger.told());
    installation.verify();
    let server = installation.serve().await;
    ledger.check(&ledger::rows(&server, &prefixes).await);
    server.stop().await;
}

/// Loads a server that is to die at a point, until it has.
async fn crash(installation: &Installation, write_key: &str, ledger: &Arc<Ledger>, round: usize, crash_at: &str, seed: u64) {
    let mut server = Server::spawn(installation, &[("FORECOURT_CRASH_AT", crash_at)]);
    let deadline = Instant::now() + WITHIN;
    let mut senders = None;
    let status = loop {
        if let Some(status) = server.status() {
            break status;
        }
        if senders.is_none() && server.is_up(installation.data()).await {
            senders = Some(Senders::start(&server, write_key, ledger, &prefix(round), seed));
        }
        assert!(Instant::now() < deadline, "it does not come by {crash_at}:\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    };
    assert_eq!(status.signal(), Some(SIGABRT), "at {crash_at} it ended with {status}:\n{}", server.printed());
    assert!(server.printed().contains("crashing at"), "{}", server.printed());
    server.assert_no_defect();
    if let Some(mut senders) = senders {
        senders.ended().await;
    }
}
