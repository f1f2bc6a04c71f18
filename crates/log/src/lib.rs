//! The durable log: append, read from an offset, trim.
//!
//! A record is bytes with a one-byte kind; what they mean is not the log's business. An append returns
//! once its records are on disk, so whoever was told "accepted" keeps it through a power cut. One
//! `fdatasync` serves everyone who waits for it.
//!
//! The files: [`files`] is the border to the disk, `segment` a file's name and header, `frame` the unit
//! of writing with its checksums, `entry` what is inside a frame. The movements: `queue` → `writer`
//! append, `overwrite` writes sealed segments anew, `reader` reads, `recover` makes sense of what a crash left, by the same `scan` as the reader.

pub mod bench;
mod corruption;
mod disk;
mod entry;
mod error;
pub mod files;
mod frame;
mod inspect;
mod options;
mod overwrite;
mod published;
mod queue;
mod reader;
mod recover;
mod scan;
mod segment;
mod writer;

use std::path::Path;
use std::sync::Arc;

pub use corruption::{Corruption, TornTail};
pub use disk::DiskLog;
pub use entry::{Entry, Record};
pub use error::LogError;
pub use inspect::{Cut, Inspection, inspect};
pub use options::Options;
pub use overwrite::{Overwrite, Overwritten};
pub use reader::Reader;

use files::{DiskFiles, Files};

/// A durable log. Cloning gives another handle to the same log; the last handle closes it.
#[derive(Clone, Debug)]
pub enum Log {
    /// Segment files in one directory of this machine.
    Disk(DiskLog),
}

impl Log {
    /// Opens the log in `dir`, or creates it there. Reads the newest segment through, so it blocks.
    ///
    /// What a crash left half-written at the end is cut off; damage in what was once durable is kept
    /// aside and reported by [`Log::corruption`].
    ///
    /// Errors: [`LogError::Locked`] when another process has it open, [`LogError::Version`],
    /// [`LogError::Options`], or what the disk said.
    pub fn open(dir: &Path, options: Options) -> Result<Log, LogError> {
        Log::open_on(Arc::new(DiskFiles), dir, options)
    }

    /// [`Log::open`] on another implementation of the disk.
    pub fn open_on(files: Arc<dyn Files>, dir: &Path, options: Options) -> Result<Log, LogError> {
        DiskLog::open(files, dir, options).map(Log::Disk)
    }

    /// Appends the entries as neighbours, all of them or none, and returns once they are durable.
    ///
    /// * `at_us`: microseconds since 1970 UTC, the records' log time. Log time never goes back: where
    ///   `at_us` is before the previous record's, that one's is taken.
    /// * Returns the offset of the first entry; the others follow by one. With no entries, the end offset.
    ///
    /// A dropped future does not take the entries back. Errors: [`LogError::Overloaded`] and
    /// [`LogError::Full`] pass by themselves, [`LogError::Failed`] needs a restart, and
    /// [`LogError::EntryTooLarge`] and [`LogError::BatchTooLarge`] are the caller's to mend.
    pub async fn append(&self, at_us: i64, entries: Vec<Entry>) -> Result<u64, LogError> {
        match self {
            Log::Disk(log) => log.append(at_us, entries).await,
        }
    }

    /// The offset that the next record gets. Everything below is durable.
    pub fn end_offset(&self) -> u64 {
        match self {
            Log::Disk(log) => log.end_offset(),
        }
    }

    /// The oldest offset that is still kept; equal to the end offset when nothing is.
    pub fn first_offset(&self) -> u64 {
        match self {
            Log::Disk(log) => log.first_offset(),
        }
    }

    /// Waits until the record at `offset` is durable, that is, until `end_offset() > offset`.
    pub async fn wait_past(&self, offset: u64) {
        match self {
            Log::Disk(log) => log.wait_past(offset).await,
        }
    }

    /// A reader whose first record is the one at `from`.
    ///
    /// Errors: [`LogError::Trimmed`] below the first offset, [`LogError::BeyondEnd`] above the end.
    pub fn reader(&self, from: u64) -> Result<Reader, LogError> {
        match self {
            Log::Disk(log) => log.reader(from),
        }
    }

    /// Removes whole segments that hold only records below `before`; the newest segment always stays.
    pub fn trim(&self, before: u64) -> Result<(), LogError> {
        match self {
            Log::Disk(log) => log.trim(before),
        }
    }

    /// Overwrites records below `before`: where `with` gives an entry, its kind and body take the record's place; offset and
    /// time stay. Whole segments only are written anew, never the newest: see [`Overwritten::until`]. Readers that are under
    /// way may still show what was. May be repeated at will. Blocks on the disk.
    ///
    /// * `with`: may be asked twice of a record, and must answer the same.
    /// * `told`: called with bytes looked at so far and bytes there are; says whether to go on.
    ///
    /// Errors: what the disk said; each segment is then either as it was or overwritten.
    pub fn overwrite(
        &self,
        before: u64,
        with: &mut Overwrite<'_>,
        told: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Overwritten, LogError> {
        match self {
            Log::Disk(log) => log.overwrite(before, with, told),
        }
    }

    /// Has the next append begin a segment, so that all records before it can be overwritten.
    pub fn seal(&self) {
        match self {
            Log::Disk(log) => log.seal(),
        }
    }

    /// Bytes that the log occupies on disk.
    pub fn bytes(&self) -> u64 {
        match self {
            Log::Disk(log) => log.bytes(),
        }
    }

    /// Whether the log has stopped accepting for good: restart the process to recover.
    pub fn is_poisoned(&self) -> bool {
        match self {
            Log::Disk(log) => log.is_poisoned(),
        }
    }

    /// The files of the log as they are now, for a copy. Trimming must wait until the copy is made.
    ///
    /// Errors: what the disk said.
    pub fn cut(&self) -> Result<Cut, LogError> {
        match self {
            Log::Disk(log) => log.cut(),
        }
    }

    /// Why the log has stopped accepting for good, if it has.
    pub fn failure(&self) -> Option<String> {
        match self {
            Log::Disk(log) => log.failure(),
        }
    }

    /// Whether the last append was refused because the disk is full. It passes once there is space and something is appended.
    pub fn is_full(&self) -> bool {
        match self {
            Log::Disk(log) => log.is_full(),
        }
    }

    /// Damage found at open and by readers since, in the order of finding.
    ///
    /// Sealed segments are checked when they are read, not at open.
    pub fn corruption(&self) -> Vec<Corruption> {
        match self {
            Log::Disk(log) => log.corruption(),
        }
    }

    /// What the last crash left half-written and [`Log::open`] cut off, if anything. It was never acknowledged.
    pub fn torn_tail(&self) -> Option<TornTail> {
        match self {
            Log::Disk(log) => log.torn_tail(),
        }
    }
}
