use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::error::LogError;
use crate::published::locked;

/// One append that waits for the disk.
pub(crate) struct Pending {
    pub at_us: i64,
    pub count: u32,
    /// As [`crate::entry::encode_entries`] made them.
    pub entries: Vec<u8>,
    pub answer: oneshot::Sender<Result<u64, LogError>>,
}

/// The appends that wait for the disk, in order, bounded in bytes.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct Waiting {
    appends: VecDeque<Pending>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub fn new(bytes_max: usize) -> Queue {
        Queue { waiting: Mutex::default(), arrived: Condvar::new(), bytes_max }
    }

    pub fn push(&self, pending: Pending) -> Result<(), LogError> {
        let mut waiting = locked(&self.waiting);
        if waiting.closed {
            return Err(LogError::Failed { reason: "its writer has ended".into() });
        }
        let bytes = waiting.bytes + pending.entries.len();
        if self.bytes_max < bytes {
            return Err(LogError::Overloaded { queued_bytes: waiting.bytes, limit: self.bytes_max });
        }
        waiting.bytes = bytes;
        waiting.appends.push_back(pending);
        let first = waiting.appends.len() == 1;
        drop(waiting);
        if first {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Waits for appends and takes what fits into `bytes_max`, at least one. `None` once the queue is
    /// closed and empty.
    ///
    /// * `wait`: how long the first one lets others join.
    pub fn take_group(&self, bytes_max: usize, wait: Duration) -> Option<Vec<Pending>> {
        let mut waiting = locked(&self.waiting);
        while waiting.appends.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if !wait.is_zero() {
            let until = Instant::now() + wait;
            while !waiting.closed && waiting.bytes < bytes_max {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                (waiting, _) = self.arrived.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner);
            }
        }
        Some(waiting.take(bytes_max))
    }

    /// No more appends come; those that wait are still taken.
    pub fn close(&self) {
        locked(&self.waiting).closed = true;
        self.arrived.notify_one();
    }

    /// Nobody will take what waits: dropping it tells its senders.
    pub fn abandon(&self) {
        let mut waiting = locked(&self.waiting);
        waiting.closed = true;
        waiting.appends.clear();
    }
}

impl Waiting {
    fn take(&mut self, bytes_max: usize) -> Vec<Pending> {
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.appends.front() {
            bytes += next.entries.len();
            if bytes_max < bytes && !group.is_empty() {
                break;
            }
            self.bytes -= next.entries.len();
            group.extend(self.appends.pop_front());
        }
        group
    }
}
