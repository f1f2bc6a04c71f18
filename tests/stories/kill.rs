//! Killed at any moment, under load, again and again: what was acknowledged is there, once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    LOOK_EVERY, WITHIN,
    installation::Installation,
    ledger::{self, Ledger},
    postgres, rounds, seed,
    senders::{Senders, send_unanswered},
    server::Server,
};

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_on_sqlite() {
    killed_again_and_again(&Installation::new(), rounds(12, 200), seed("kill on SQLite")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_on_postgres() {
    let installation = Installation::new().on_postgres(postgres::url().await);
    killed_again_and_again(&installation, rounds(4, 40), seed("kill on PostgreSQL")).await;
}

async fn killed_again_and_again(installation: &Installation, rounds: usize, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let ledger = Arc::new(Ledger::default());
    let write_key = installation.source("senders");
    for round in 0..rounds {
        // Some are killed while they still recover from the time before.
        if chance.random_bool(0.25) {
            let server = Server::spawn(installation, &[]);
            tokio::time::sleep(Duration::from_millis(chance.random_range(5..=500))).await;
            server.kill();
        }
        let server = installation.serve().await;
        let mut senders = Senders::start(&server, &write_key, &ledger, &prefix(round), chance.random());
        // The moment is the story's, not a wait: nothing is expected to have happened by then.
        tokio::time::sleep(Duration::from_millis(chance.random_range(5..=500))).await;
        server.kill();
        senders.ended().await;
    }

    let server = installation.serve().await;
    // Some senders come back with what nobody answered, others never do.
    send_unanswered(&server, &write_key, &ledger, 3).await;
    let prefixes: Vec<String> = (0..rounds).map(prefix).collect();
    check_when_all_is_in(&server, &ledger, &prefixes).await;
    server.stop().await;
    println!("{rounds} rounds: {}", ledger.told());

    installation.verify();
    let server = installation.serve().await;
    ledger.check(&ledger::rows(&server, &prefixes).await);
    server.stop().await;
}

/// What the message ids of a round begin with.
pub fn prefix(round: usize) -> String {
    format!("r{round:03}")
}

/// Holds the lake against the ledger once the lake has taken in what the log held.
pub async fn check_when_all_is_in(server: &Server, ledger: &Ledger, prefixes: &[String]) {
    assert!(0 < ledger.acknowledged_count(), "nothing was acknowledged: the story proves nothing");
    server.wait_until_folded().await;
    let deadline = Instant::now() + WITHIN;
    // Rows of a merged profile that are in files already move a moment after the fold decided.
    while let Some(told) = ledger.outstanding(&ledger::rows(server, prefixes).await) {
        assert!(Instant::now() < deadline, "{told}\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
