use std::sync::Mutex;

use crate::published::locked;

/// A range of once durable records that can no longer be read. Readers go on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corruption {
    /// First offset of the segment; its file is named after it.
    pub segment: u64,
    /// First lost offset.
    pub from_offset: u64,
    /// First offset that is good again; equal to `from_offset` where damage cost no record.
    pub to_offset: u64,
    /// What was seen.
    pub reason: String,
}

/// The last write before a crash, found incomplete and cut off. None of it was acknowledged, unless
/// the disk lies about having written: pass what readers have seen as [`crate::Options::offset_floor`]
/// and such a loss is told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// First offset of the segment that was cut.
    pub segment: u64,
    /// The offset that the next record gets.
    pub next_offset: u64,
    /// How many bytes were cut.
    pub bytes: u64,
    /// What was seen.
    pub reason: &'static str,
}

/// The damage found so far, each range once.
#[derive(Default)]
pub(crate) struct Findings {
    found: Mutex<Vec<Corruption>>,
    is_silent: bool,
}

impl Findings {
    /// Findings that go to whoever asked, not to the process's own log.
    pub fn silent() -> Findings {
        Findings { is_silent: true, ..Findings::default() }
    }

    pub fn note(&self, found: Corruption) {
        let mut known = locked(&self.found);
        let range = |c: &Corruption| (c.segment, c.from_offset, c.to_offset);
        if known.iter().any(|k| range(k) == range(&found)) {
            return;
        }
        if !self.is_silent {
            tracing::error!(
                segment = found.segment,
                from_offset = found.from_offset,
                to_offset = found.to_offset,
                reason = found.reason,
                "the log is damaged: these records are lost, reading goes on behind them; restore them from a backup"
            );
        }
        known.push(found);
    }

    pub fn list(&self) -> Vec<Corruption> {
        locked(&self.found).clone()
    }
}
