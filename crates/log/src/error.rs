use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What can go wrong with the log. Cheap to clone: one failed write answers many waiters.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log has {queued_bytes} bytes waiting for the disk (limit {limit}): send again in a moment")]
    Overloaded { queued_bytes: usize, limit: usize },

    #[error("the disk of the log is full: nothing was accepted; free some space and send again, no restart is needed")]
    Full,

    #[error("the log stopped accepting ({reason}): check the disk, then restart, which keeps all that was acknowledged")]
    Failed { reason: String },

    #[error("an entry has {bytes} bytes, over the limit of {limit}: make it smaller or raise the limit")]
    EntryTooLarge { bytes: usize, limit: usize },

    #[error("a batch has {bytes} bytes, over the limit of {limit}: send it in smaller batches")]
    BatchTooLarge { bytes: usize, limit: usize },

    #[error("the log in {} is open in another process: stop that one first, or choose another folder", dir.display())]
    Locked { dir: PathBuf },

    #[error("offset {from} was trimmed, the log begins at {first}: start from there, or restore a backup that covers it")]
    Trimmed { from: u64, first: u64 },

    #[error("offset {from} is beyond the end of the log ({end}): it belongs to another log, or the log was restored from an older copy")]
    BeyondEnd { from: u64, end: u64 },

    #[error("{} was written by a newer version (format {version}): open it with that version", path.display())]
    Version { path: PathBuf, version: u32 },

    #[error(
        "log options contradict each other: needed is 0 < record_bytes_max <= frame_bytes_max <= queue_bytes_max, and no frame or group over {limit} bytes"
    )]
    Options { limit: usize },

    #[error("the log could not {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: Arc<io::Error> },
}

impl LogError {
    /// Whether the same append may succeed later without anyone changing it.
    pub fn is_retryable(&self) -> bool {
        matches!(self, LogError::Overloaded { .. } | LogError::Full | LogError::Io { .. })
    }

    /// Names what was being done with which file when the disk refused.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LogError {
        let path = path.to_path_buf();
        move |source| LogError::Io { doing, path, source: Arc::new(source) }
    }
}

/// Whether the disk refused for want of space, which passes, rather than for a fault.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
