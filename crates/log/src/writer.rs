use std::io;
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;

use crate::entry::put_chunk;
use crate::error::{LogError, is_full};
use crate::files::{File, write_full};
use crate::frame::{self, Place};
use crate::options::Options;
use crate::published::Published;
use crate::queue::{Pending, Queue};
use crate::segment::{self, CreateError, Header, Segment};

/// The one thread that writes. It takes whatever waits, makes it one frame, writes and syncs it once,
/// and answers everyone in it.
pub(crate) struct Writer {
    pub published: Arc<Published>,
    pub queue: Arc<Queue>,
    pub options: Options,
    pub segment: Arc<Segment>,
    pub file: Arc<dyn File>,
    pub position: u64,
    pub next_offset: u64,
    pub last_at_us: i64,
    pub scratch: Scratch,
}

/// Memory that is used again from frame to frame.
#[derive(Default)]
pub(crate) struct Scratch {
    block: Vec<u8>,
    frame: Vec<u8>,
}

/// Memory beyond this is given back after an unusually large frame.
const SCRATCH_BYTES_KEPT: usize = 16 << 20;

impl Writer {
    pub fn run(mut self) {
        let _guard = FailOnPanic { published: self.published.clone(), queue: self.queue.clone() };
        let wait = Duration::from_micros(self.options.group_wait_us);
        while let Some(group) = self.queue.take_group(self.options.group_bytes_max, wait) {
            let outcome = self.commit(&group);
            self.published.note_room(matches!(outcome, Err(LogError::Full)));
            answer(group, &outcome);
        }
        self.close();
    }

    /// Makes the group durable as one frame; returns the first offset.
    fn commit(&mut self, group: &[Pending]) -> Result<u64, LogError> {
        self.published.check_alive()?;
        self.begin_segment_if_full()?;
        let first_offset = self.next_offset;
        let (count, last_at_us) = self.encode(group);
        self.write()?;
        self.sync()?;
        self.segment.remember(first_offset, self.position);
        self.position += self.scratch.frame.len() as u64;
        self.next_offset += u64::from(count);
        self.last_at_us = last_at_us;
        self.scratch.shrink();
        self.segment.set_durable_bytes(self.position);
        self.published.advance_to(self.next_offset);
        Ok(first_offset)
    }

    /// Returns how many entries the frame holds and the log time of the last one.
    fn encode(&mut self, group: &[Pending]) -> (u32, i64) {
        let frame_at_us = group.first().map_or(self.last_at_us, |first| first.at_us.max(self.last_at_us));
        let mut at_us = frame_at_us;
        let mut count = 0;
        let Scratch { block, frame } = &mut self.scratch;
        block.clear();
        for pending in group {
            at_us = at_us.max(pending.at_us);
            put_chunk(block, at_us.abs_diff(frame_at_us), u64::from(pending.count), &pending.entries);
            count += pending.count;
        }
        let place = Place { log_id: self.segment.log_id, position: self.position, first_offset: self.next_offset, at_us: frame_at_us };
        frame::encode(frame, &place, count, block);
        (count, at_us)
    }

    /// After a failed write nothing of the frame may stay, not even after a power cut: what comes next
    /// is written in its place, and rests of two frames would look like damage.
    fn write(&mut self) -> Result<(), LogError> {
        let Err(error) = self.try_write() else { return Ok(()) };
        if let Err(error) = self.file.set_len(self.position).and_then(|()| self.file.sync()) {
            return Err(self.fail("take back an unfinished write to", &error));
        }
        if is_full(&error) { Err(LogError::Full) } else { Err(self.fail("write", &error)) }
    }

    fn try_write(&self) -> io::Result<()> {
        fail_point!("log::before_write", injected);
        write_full(&*self.file, &self.scratch.frame, self.position)?;
        fail_point!("log::after_write", injected);
        Ok(())
    }

    /// A sync that failed is never tried again: the system may have dropped the pages and would then
    /// report success for data that is gone.
    fn sync(&self) -> Result<(), LogError> {
        self.try_sync().map_err(|error| self.fail("sync", &error))
    }

    fn try_sync(&self) -> io::Result<()> {
        self.file.sync()?;
        fail_point!("log::after_sync", injected);
        Ok(())
    }

    fn begin_segment_if_full(&mut self) -> Result<(), LogError> {
        // A segment without a record stays: the next one would have the same name.
        let is_due = self.options.segment_bytes <= self.position || self.published.is_sealing();
        if !is_due || self.next_offset == self.segment.first_offset {
            return Ok(());
        }
        let header = Header { log_id: self.segment.log_id, first_offset: self.next_offset, last_at_us: self.last_at_us };
        let created = segment::create(&*self.published.files, &self.published.dir, header);
        let (segment, file) = created.map_err(|error| match error {
            CreateError::Refused(error) if is_full(&error) => LogError::Full,
            CreateError::Refused(error) => LogError::io("create a segment in", &self.published.dir)(error),
            CreateError::SyncFailed(error) => self.fail("sync a new segment in", &error),
        })?;
        self.position = segment.durable_bytes();
        self.segment = segment.clone();
        self.file = file;
        self.published.add_segment(segment);
        self.published.sealed();
        Ok(())
    }

    /// Writes an empty frame, behind which no write can be torn: what is damaged before it at the next
    /// start was durable once. Without it, the next start merely knows less.
    fn close(&mut self) {
        if self.published.check_alive().is_err() {
            return;
        }
        self.encode(&[]);
        if self.write().is_ok() {
            let _ = self.sync();
        }
    }

    fn fail(&self, doing: &str, error: &io::Error) -> LogError {
        self.published.fail(format!("could not {doing} {}: {error}", self.segment.path.display()))
    }
}

impl Scratch {
    fn shrink(&mut self) {
        for memory in [&mut self.block, &mut self.frame] {
            memory.clear();
            memory.shrink_to(SCRATCH_BYTES_KEPT);
        }
    }
}

fn answer(group: Vec<Pending>, outcome: &Result<u64, LogError>) {
    let mut next_offset = outcome.as_ref().copied().unwrap_or(0);
    for pending in group {
        let answer = outcome.clone().map(|_| next_offset);
        next_offset += u64::from(pending.count);
        // Whoever no longer waits does not want to know.
        let _ = pending.answer.send(answer);
    }
}

/// Tells everyone who waits if the writer dies of a defect.
struct FailOnPanic {
    published: Arc<Published>,
    queue: Arc<Queue>,
}

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.published.fail("its writer ended by a defect".into());
            self.queue.abandon();
        }
    }
}

/// The error that a fail point's `return(...)` asks for: `full`, or anything else for a fault.
#[cfg(feature = "failpoints")]
fn injected(kind: Option<String>) -> io::Result<()> {
    match kind.as_deref() {
        Some("full") => Err(io::ErrorKind::StorageFull.into()),
        _ => Err(io::Error::other("injected fault")),
    }
}
