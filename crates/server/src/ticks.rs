//! Tells the fold that time passes while nothing else does.

use std::time::{Duration, Instant};

use forecourt_log::{Entry, Log};
use forecourt_model::{
    RecordKind,
    time::{MINUTE_US, SECOND_US},
};
use forecourt_store::Store;
use tokio::{sync::watch, time::sleep};

use crate::clock::now_us;

const EVERY: Duration = Duration::from_secs(60);
/// A wall clock that moved so much more or less than the monotonic one has jumped: somebody set it, or the machine slept.
const JUMP_US: i64 = 5 * MINUTE_US;

/// A tick takes so many; while more are due, the next comes this soon.
const WHILE_DUE: Duration = Duration::from_millis(500);
/// In a row at most: what stays due after so many is none that a tick takes.
const WHILE_DUE_MAX: u32 = 240;
/// A lead rings at somebody for seconds: so often it is looked whether anything presses.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Appends a tick a minute until `stop` is true, and sooner while more is due than one takes, or something presses.
///
/// After a jump of the wall clock one tick is held back: if the clock was set by mistake and is set back within the minute,
/// the fold never sees it.
pub async fn run(log: Log, store: Store, folded: watch::Receiver<u64>, mut stop: watch::Receiver<bool>) {
    let mut last = (Instant::now(), now_us());
    let (mut ticked, mut in_a_row) = (None, 0);
    loop {
        let hurries = in_a_row < WHILE_DUE_MAX && more_is_due(&store, &folded, ticked).await;
        in_a_row = if hurries { in_a_row + 1 } else { 0 };
        let wait = if hurries { WHILE_DUE } else { EVERY };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(wait) => {}
            () = pressed(&store, &folded, ticked) => {}
        }
        let now = (Instant::now(), now_us());
        if jumped(now.0.duration_since(last.0), now.1 - last.1) {
            tracing::warn!(seconds = (now.1 - last.1) / SECOND_US, "the clock jumped: if that is wrong, set it right");
        } else {
            match log.append(now.1, vec![Entry { kind: RecordKind::Tick as u8, body: bytes::Bytes::new() }]).await {
                Ok(offset) => ticked = Some((offset, now.1)),
                Err(error) => tracing::warn!(%error, "a tick was not appended"),
            }
        }
        last = now;
    }
}

/// Whether something that was due at the last tick still is, once that is folded.
async fn more_is_due(store: &Store, folded: &watch::Receiver<u64>, ticked: Option<(u64, i64)>) -> bool {
    let Some((offset, at_us)) = ticked else { return false };
    let mut folded = folded.clone();
    let is_folded = tokio::time::timeout(EVERY, folded.wait_for(|folded| offset < *folded)).await.is_ok_and(|reached| reached.is_ok());
    is_folded && store.is_anything_due(at_us).await.unwrap_or(false)
}

/// Waits until something is due that nobody is to wait a minute for. Asks only after the fold changed something, or when a time has come.
async fn pressed(store: &Store, folded: &watch::Receiver<u64>, ticked: Option<(u64, i64)>) {
    let mut folded = folded.clone();
    loop {
        sleep(LOOK_EVERY).await;
        let reached = *folded.borrow_and_update();
        // What the last tick has not done yet is no reason for another.
        let is_folded = ticked.is_none_or(|(offset, _)| offset < reached);
        let until_us = now_us() + EVERY.as_micros() as i64;
        let next = if is_folded { store.next_pressing(until_us).await.unwrap_or_default() } else { None };
        let wait = next.map(|due_us| Duration::from_micros((due_us - now_us()).max(0) as u64));
        if wait == Some(Duration::ZERO) {
            return;
        }
        tokio::select! {
            () = sleep(wait.unwrap_or(EVERY)) => {}
            changed = folded.changed() => if changed.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

fn jumped(monotonic: Duration, wall_us: i64) -> bool {
    JUMP_US < (wall_us - monotonic.as_micros() as i64).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_from_a_late_tick() {
        assert!(!jumped(EVERY, MINUTE_US + SECOND_US));
        assert!(!jumped(EVERY * 30, 30 * MINUTE_US));
        assert!(jumped(EVERY, 7 * MINUTE_US));
        assert!(jumped(EVERY, -5 * MINUTE_US));
    }
}
