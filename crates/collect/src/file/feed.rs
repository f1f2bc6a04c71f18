//! Into the log, no faster than the fold keeps up.

use std::time::Duration;

use forecourt_log::{Entry, Log, LogError};
use tokio::{sync::watch, time::Instant};

/// Live events must not wait behind an import for longer than this.
const LAG_MAX: Duration = Duration::from_millis(200);
/// How many records may be ahead of the fold: it learns from the lag what the machine can do.
const AHEAD_MIN: u64 = 10_000;
const AHEAD_MAX: u64 = 200_000;
const AHEAD_FIRST: u64 = 20_000;

/// A full or overloaded log is asked again for so long.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Appends blocks one after the other.
pub struct Feed {
    log: Log,
    /// Everything below this offset is folded.
    folded: Option<watch::Receiver<u64>>,
    ahead_max: u64,
    /// The end of the last block, and when it went in.
    last: Option<(u64, Instant)>,
}

impl Feed {
    pub fn new(log: Log, folded: Option<watch::Receiver<u64>>) -> Self {
        Self { log, folded, ahead_max: AHEAD_FIRST, last: None }
    }

    /// Waits until the fold is near, then appends; returns once the records are durable.
    ///
    /// Errors: what the log said, when it is broken, or stays full or overloaded for a minute.
    pub async fn append(&mut self, at_us: i64, entries: Vec<Entry>) -> Result<(), LogError> {
        self.wait_for_fold().await;
        let end = entries.len() as u64;
        let started = Instant::now();
        loop {
            match self.log.append(at_us, entries.clone()).await {
                Ok(first) => {
                    self.last = Some((first + end, Instant::now()));
                    return Ok(());
                }
                Err(LogError::Overloaded { .. } | LogError::Full) if started.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets the fold come within reach, and measures how long it took over the last block.
    async fn wait_for_fold(&mut self) {
        let Some(folded) = &mut self.folded else { return };
        let reach = self.log.end_offset().saturating_sub(self.ahead_max);
        if folded.wait_for(|folded| reach <= *folded).await.is_err() {
            // The fold has ended, as it does when the process stops; what is in the log is folded at the next start.
            self.folded = None;
            return;
        }
        let Some((end, at)) = self.last else { return };
        let (caught_up, took) = (end <= *folded.borrow(), at.elapsed());
        if LAG_MAX < took && !caught_up {
            self.ahead_max = (self.ahead_max / 2).max(AHEAD_MIN);
        } else if took < LAG_MAX / 2 {
            self.ahead_max = (self.ahead_max + self.ahead_max / 4).min(AHEAD_MAX);
        }
    }
}
