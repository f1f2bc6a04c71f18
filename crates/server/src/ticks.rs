//! Tells the fold that time passes while nothing else does.

use std::time::{Duration, Instant};

use forecourt_log::{Entry, Log};
use forecourt_model::{
    RecordKind,
    time::{MINUTE_US, SECOND_US},
};
use tokio::{sync::watch, time::sleep};

use crate::clock::now_us;

const EVERY: Duration = Duration::from_secs(60);
/// A wall clock that moved so much more or less than the monotonic one has jumped: somebody set it, or the machine slept.
const JUMP_US: i64 = 5 * MINUTE_US;

/// Appends a tick a minute until `stop` is true.
///
/// After a jump of the wall clock one tick is held back: if the clock was set by mistake and is set back within the minute,
/// the fold never sees it.
pub async fn run(log: Log, mut stop: watch::Receiver<bool>) {
    let mut last = (Instant::now(), now_us());
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(EVERY) => {}
        }
        let now = (Instant::now(), now_us());
        if jumped(now.0.duration_since(last.0), now.1 - last.1) {
            tracing::warn!(seconds = (now.1 - last.1) / SECOND_US, "the clock jumped: if that is wrong, set it right");
        } else if let Err(error) = log.append(now.1, vec![Entry { kind: RecordKind::Tick as u8, body: bytes::Bytes::new() }]).await {
            tracing::warn!(%error, "a tick was not appended");
        }
        last = now;
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
