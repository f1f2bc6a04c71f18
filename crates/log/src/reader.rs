use std::io;
use std::sync::Arc;

use crate::corruption::Corruption;
use crate::entry::{Record, Records};
use crate::error::LogError;
use crate::frame::Frame;
use crate::published::Published;
use crate::scan::{Scanner, Step};
use crate::segment::Segment;

/// Reads records in the order of their offsets, durable ones only, across segments. Blocks on the disk.
///
/// Keeps its place, so that reading at the end of the log costs only what is new there.
pub struct Reader {
    published: Arc<Published>,
    segment: Arc<Segment>,
    scanner: Scanner,
    /// What is left of the frame that was read last.
    frame: Option<Records>,
    next_offset: u64,
    /// Why the records before the next good frame will be missing.
    damage: Option<&'static str>,
}

impl Reader {
    pub(crate) fn open(published: Arc<Published>, from: u64) -> Result<Reader, LogError> {
        let end = published.end_offset();
        if end < from {
            return Err(LogError::BeyondEnd { from, end });
        }
        let (segment, scanner) = opened(&published, from, || published.segment_of(from))?;
        Ok(Reader { published, segment, scanner, frame: None, next_offset: from, damage: None })
    }

    /// The offset of the next record, if that one is not lost.
    pub fn offset(&self) -> u64 {
        self.next_offset
    }

    /// The next records: up to `records_max` of them, and no more once their bodies have reached
    /// `bytes_max` bytes. Empty at the durable end of the log; call again after [`crate::Log::wait_past`].
    ///
    /// Lost records are passed over: offsets jump, and [`crate::Log::corruption`] tells the range.
    /// Errors: [`LogError::Trimmed`] when the log was trimmed past this reader, or what the disk said.
    pub fn next_batch(&mut self, records_max: usize, bytes_max: usize) -> Result<Vec<Record>, LogError> {
        let end = self.published.end_offset();
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < records_max && bytes < bytes_max && self.next_offset < end {
            match &mut self.frame {
                None => self.read_frame(end)?,
                Some(records) => match records.next_record() {
                    Ok(Some(record)) => {
                        self.next_offset = record.offset + 1;
                        bytes += record.body.len();
                        batch.push(record);
                    }
                    Ok(None) => self.frame = None,
                    Err(_) => self.give_up_frame(),
                },
            }
        }
        Ok(batch)
    }

    /// One step through the files, all of whose records below `end` are durable.
    fn read_frame(&mut self, end: u64) -> Result<(), LogError> {
        let step = self.scanner.step(self.segment.durable_bytes());
        match step.map_err(LogError::io("read", &self.segment.path))? {
            Step::Frame(frame) => self.take_up(&frame),
            Step::Damage(damage) => {
                self.damage.get_or_insert(damage.reason);
            }
            Step::End => match self.published.segment_after(self.segment.first_offset) {
                Some(_) => self.enter_next()?,
                None => self.pass_over_to(end, "records are missing at the end of the segment"),
            },
        }
        Ok(())
    }

    fn take_up(&mut self, frame: &Frame) {
        let header = &frame.header;
        if self.next_offset < header.first_offset || self.damage.is_some() {
            self.pass_over_to(header.first_offset, "records are missing");
        }
        if header.end_offset() <= self.next_offset {
            return;
        }
        match frame.records() {
            Some(mut records) => match records.skip_to(self.next_offset) {
                Ok(()) => self.frame = Some(records),
                Err(_) => self.give_up_frame(),
            },
            None => self.give_up_frame(),
        }
    }

    fn enter_next(&mut self) -> Result<(), LogError> {
        if self.next_offset < self.published.first_offset() {
            return Err(trimmed(&self.published, self.next_offset));
        }
        let published = self.published.clone();
        let (next, scanner) = opened(&published, self.next_offset, || published.segment_after(self.segment.first_offset))?;
        if self.next_offset < next.first_offset || self.damage.is_some() {
            self.pass_over_to(next.first_offset, "records are missing at the end of the segment");
        }
        (self.scanner, self.segment) = (scanner, next);
        Ok(())
    }

    /// Goes on at `offset` and says that the records before it are lost.
    fn pass_over_to(&mut self, offset: u64, otherwise: &'static str) {
        let from_offset = self.next_offset;
        let to_offset = offset.max(from_offset);
        let reason = self.damage.take().unwrap_or(otherwise).into();
        let segment = self.segment.first_offset;
        self.published.findings.note(Corruption { segment, from_offset, to_offset, reason });
        self.next_offset = to_offset;
    }

    fn give_up_frame(&mut self) {
        self.frame = None;
        self.damage = Some("a frame does not unpack although its checksum holds");
    }
}

/// Opens the segment that `find` finds, with a scanner at or before `from`. One that is written anew meanwhile is found anew:
/// the file that was opened may be the other one.
fn opened(published: &Published, from: u64, find: impl Fn() -> Option<Arc<Segment>>) -> Result<(Arc<Segment>, Scanner), LogError> {
    loop {
        let segment = find().ok_or_else(|| trimmed(published, from))?;
        let file = match published.files.open(&segment.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(trimmed(published, from)),
            Err(error) => return Err(LogError::io("open", &segment.path)(error)),
        };
        if published.is_listed(&segment) {
            let position = segment.position_before(from);
            return Ok((segment.clone(), Scanner::new(file, segment.log_id, position)));
        }
    }
}

fn trimmed(published: &Published, from: u64) -> LogError {
    LogError::Trimmed { from, first: published.first_offset() }
}
