//! Makes sense of the files that a stop, a crash or a power cut left.
//!
//! Each frame is synced, or durably taken back, before the next one is written and before the next segment
//! is made. So only the last write can be torn: bytes behind the last good frame of the newest segment,
//! with nothing good behind them and no more of them than one frame has. They are cut off. Anything
//! else that does not check was durable once, and is damage: it stays where it is and is reported.
//!
//! What is good in the last write is written and synced once more, because readers will take it for
//! durable: the last process may have been killed before its sync, or died of a failed one, after which
//! the system counts pages as clean that never reached the disk.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::corruption::{Corruption, Findings, TornTail};
use crate::entry::Records;
use crate::error::LogError;
use crate::files::{File, Files, read_full, write_full};
use crate::frame::{self, Frame};
use crate::options::Options;
use crate::scan::{Damage, Scanner, Step};
use crate::segment::{self, CreateError, HEADER_BYTES, Header, HeaderFound, Segment};

pub(crate) struct Recovered {
    /// Oldest first, at least one; the last is the one to append to.
    pub segments: Vec<Arc<Segment>>,
    pub file: Arc<dyn File>,
    pub next_offset: u64,
    pub last_at_us: i64,
    pub torn_tail: Option<TornTail>,
}

/// A segment file as it was found.
pub(crate) struct Candidate {
    pub first_offset: u64,
    path: PathBuf,
    pub bytes: u64,
    header: HeaderFound,
}

/// Where the newest segment's good records end, and what stands behind them.
pub(crate) struct Tail {
    pub next_offset: u64,
    pub last_at_us: Option<i64>,
    /// The bytes of the last write that is good: a frame, or the header of a segment without any.
    last_write: Range<u64>,
    pub damage: Option<Damage>,
}

/// What recovery works on.
struct Site<'a> {
    files: &'a dyn Files,
    dir: &'a Path,
    options: &'a Options,
    findings: &'a Findings,
}

pub(crate) fn recover(files: &dyn Files, dir: &Path, options: &Options, findings: &Findings) -> Result<Recovered, LogError> {
    let site = Site { files, dir, options, findings };
    let mut candidates = candidates(files, dir)?;
    let unborn_floor = remove_unborn(files, dir, &mut candidates)?;
    let floor = options.offset_floor.max(unborn_floor);
    let log_id = log_id(files, &candidates)?;

    let segments = candidates.iter().map(|found| adopt(found, log_id, findings)).collect();
    match candidates.last() {
        None => site.begin(segments, Header { log_id, first_offset: floor, last_at_us: i64::MIN }),
        Some(newest) => {
            let before_us = newest.header.known().map_or(i64::MIN, |header| header.last_at_us);
            site.resume(segments, before_us, floor)
        }
    }
}

/// The segment files in `dir`, oldest first.
pub(crate) fn candidates(files: &dyn Files, dir: &Path) -> Result<Vec<Candidate>, LogError> {
    let names = files.list(dir).map_err(LogError::io("list", dir))?;
    let mut first_offsets: Vec<u64> = names.iter().filter_map(|name| segment::first_offset_of(name)).collect();
    first_offsets.sort_unstable();
    first_offsets.into_iter().map(|first_offset| candidate(files, dir, first_offset)).collect()
}

fn candidate(files: &dyn Files, dir: &Path, first_offset: u64) -> Result<Candidate, LogError> {
    let path = segment::path_of(dir, first_offset);
    let found = files.open(&path).and_then(|file| {
        let bytes = file.bytes()?;
        Ok((bytes, segment::read_header(&*file, first_offset)?))
    });
    let (bytes, header) = found.map_err(LogError::io("read", &path))?;
    match header {
        HeaderFound::Newer(version) => Err(LogError::Version { path, version }),
        header => Ok(Candidate { first_offset, path, bytes, header }),
    }
}

/// Removes newest segments whose making was interrupted. No frame is written before the header is
/// durable, so they hold nothing; but their name says how far the log had come.
fn remove_unborn(files: &dyn Files, dir: &Path, candidates: &mut Vec<Candidate>) -> Result<u64, LogError> {
    let mut floor = 0;
    while let Some(newest) = candidates.last()
        && newest.is_unborn()
    {
        floor = floor.max(newest.first_offset);
        files.remove(&newest.path).map_err(LogError::io("remove", &newest.path))?;
        files.sync_dir(dir).map_err(LogError::io("sync", dir))?;
        candidates.pop();
    }
    Ok(floor)
}

/// The id that all frames of this log carry: from the newest header that can be read, else from the
/// newest file that still begins with a frame. A log without any is a new one.
pub(crate) fn log_id(files: &dyn Files, candidates: &[Candidate]) -> Result<u64, LogError> {
    if let Some(header) = candidates.iter().rev().find_map(|found| found.header.known()) {
        return Ok(header.log_id);
    }
    for found in candidates.iter().rev() {
        let mut head = [0; frame::HEADER_BYTES];
        let file = files.open(&found.path).map_err(LogError::io("open", &found.path))?;
        read_full(&*file, &mut head, HEADER_BYTES).map_err(LogError::io("read", &found.path))?;
        if let Some(first) = frame::Header::decode_any(&head, HEADER_BYTES) {
            return Ok(first.log_id);
        }
    }
    // Unpredictable to senders is all it must be; std's hasher is seeded by the system.
    Ok(RandomState::new().build_hasher().finish())
}

pub(crate) fn adopt(found: &Candidate, log_id: u64, findings: &Findings) -> Arc<Segment> {
    let damage = |reason: &str| {
        findings.note(Corruption {
            segment: found.first_offset,
            from_offset: found.first_offset,
            to_offset: found.first_offset,
            reason: reason.into(),
        });
    };
    let log_id = match &found.header {
        HeaderFound::Good(header) => header.log_id,
        HeaderFound::OneCopy(header) => {
            damage("one of the two copies of the segment header is damaged");
            header.log_id
        }
        HeaderFound::Newer(_) | HeaderFound::Unreadable => {
            damage("both copies of the segment header are damaged");
            log_id
        }
    };
    Arc::new(Segment::new(found.first_offset, log_id, found.path.clone(), found.bytes))
}

impl Site<'_> {
    /// Goes on in the newest segment, or in a fresh one behind what was lost.
    ///
    /// * `before_us`: log time of the last record before the newest segment.
    /// * `floor`: no offset below is given out.
    fn resume(&self, segments: Vec<Arc<Segment>>, before_us: i64, floor: u64) -> Result<Recovered, LogError> {
        let newest = segments[segments.len() - 1].clone();
        let file = self.files.open(&newest.path).map_err(LogError::io("open", &newest.path))?;
        let tail = scan(&file, &newest, self.findings).map_err(LogError::io("read", &newest.path))?;
        let (next_offset, last_at_us) = (tail.next_offset, tail.last_at_us.unwrap_or(before_us));

        let mut torn_tail = None;
        let mut lost = None;
        if let Some(damage) = &tail.damage {
            if is_torn(damage, newest.durable_bytes(), self.options) {
                torn_tail = Some(cut(&*file, &newest, damage, next_offset)?);
            } else {
                let known_end = damage.header.as_ref().map_or(next_offset, |header| header.end_offset());
                lost = Some((known_end, damage.reason));
            }
        }
        if next_offset < floor {
            let (known_end, reason) = lost.unwrap_or((floor, "records that readers had taken in are missing at the end"));
            lost = Some((floor.max(known_end), reason));
        }
        write_again(&*file, tail.last_write).map_err(LogError::io("write the end of", &newest.path))?;
        self.files.sync_dir(self.dir).map_err(LogError::io("sync", self.dir))?;

        let Some((lost_to, reason)) = lost else {
            return Ok(Recovered { segments, file, next_offset, last_at_us, torn_tail });
        };
        let (segment, from_offset, to_offset) = (newest.first_offset, next_offset, lost_to);
        self.findings.note(Corruption { segment, from_offset, to_offset, reason: reason.into() });
        // A fresh segment needs a name of its own even if its predecessor has no readable record.
        let first_offset = lost_to.max(newest.first_offset + 1);
        let header = Header { log_id: newest.log_id, first_offset, last_at_us };
        Ok(Recovered { torn_tail, ..self.begin(segments, header)? })
    }

    fn begin(&self, mut segments: Vec<Arc<Segment>>, header: Header) -> Result<Recovered, LogError> {
        let created = segment::create(self.files, self.dir, header);
        let (segment, file) = created.map_err(|error| match error {
            CreateError::Refused(source) | CreateError::SyncFailed(source) => LogError::io("create a segment in", self.dir)(source),
        })?;
        segments.push(segment);
        let Header { first_offset, last_at_us, .. } = header;
        Ok(Recovered { segments, file, next_offset: first_offset, last_at_us, torn_tail: None })
    }
}

/// Reads the newest segment through, noting damage that has good frames behind it.
pub(crate) fn scan(file: &Arc<dyn File>, segment: &Segment, findings: &Findings) -> io::Result<Tail> {
    let limit = segment.durable_bytes();
    let mut scanner = Scanner::new(file.clone(), segment.log_id, HEADER_BYTES);
    let mut next_offset = segment.first_offset;
    let mut last_good: Option<Frame> = None;
    let mut damage: Option<Damage> = None;
    loop {
        match scanner.step(limit)? {
            Step::Frame(frame) => {
                let first_offset = frame.header.first_offset;
                if damage.is_some() || next_offset != first_offset {
                    let reason = damage.take().map_or("records are missing", |damage| damage.reason);
                    findings.note(Corruption {
                        segment: segment.first_offset,
                        from_offset: next_offset,
                        to_offset: first_offset,
                        reason: reason.into(),
                    });
                }
                next_offset = next_offset.max(frame.header.end_offset());
                segment.remember(first_offset, frame.header.position);
                last_good = Some(frame);
            }
            // The first of several in a row says where it began.
            Step::Damage(found) => damage = damage.or(Some(found)),
            Step::End => break,
        }
    }
    let last_write = match &last_good {
        Some(frame) => frame.header.position..frame.header.end_position(),
        None => 0..HEADER_BYTES,
    };
    Ok(Tail { next_offset, last_at_us: last_good.map(|frame| last_at_us(&frame)), last_write, damage })
}

fn write_again(file: &dyn File, range: Range<u64>) -> io::Result<()> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    read_full(file, &mut bytes, range.start)?;
    write_full(file, &bytes, range.start)?;
    file.sync()
}

pub(crate) fn is_torn(damage: &Damage, file_bytes: u64, options: &Options) -> bool {
    let frame_bytes_max = frame::HEADER_BYTES + options.frame_bytes_max.max(options.group_bytes_max) + CHUNKS_BYTES;
    let one_frame_at_most = match &damage.header {
        Some(header) => file_bytes <= header.end_position(),
        None => file_bytes - damage.from <= frame_bytes_max as u64,
    };
    !damage.followed && one_frame_at_most
}

/// Room for what a block holds beside its entries.
const CHUNKS_BYTES: usize = 1 << 20;

fn cut(file: &dyn File, segment: &Segment, damage: &Damage, next_offset: u64) -> Result<TornTail, LogError> {
    let torn = TornTail { segment: segment.first_offset, next_offset, bytes: segment.durable_bytes() - damage.from, reason: damage.reason };
    file.set_len(damage.from).and_then(|()| file.sync()).map_err(LogError::io("cut the torn end of", &segment.path))?;
    segment.set_durable_bytes(damage.from);
    tracing::warn!(
        segment = torn.segment,
        next_offset,
        bytes = torn.bytes,
        "cut off a write that the last stop interrupted; it was never acknowledged"
    );
    Ok(torn)
}

fn last_at_us(frame: &Frame) -> i64 {
    let latest = |mut records: Records| {
        let mut at_us = frame.header.at_us;
        while let Ok(Some(record)) = records.next_record() {
            at_us = record.at_us;
        }
        at_us
    };
    frame.records().map_or(frame.header.at_us, latest)
}

impl Candidate {
    pub fn is_unborn(&self) -> bool {
        self.bytes < HEADER_BYTES || self.bytes == HEADER_BYTES && !matches!(self.header, HeaderFound::Good(_))
    }
}

impl HeaderFound {
    fn known(&self) -> Option<&Header> {
        match self {
            HeaderFound::Good(header) | HeaderFound::OneCopy(header) => Some(header),
            HeaderFound::Newer(_) | HeaderFound::Unreadable => None,
        }
    }
}
