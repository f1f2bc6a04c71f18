//! Looking at a log's files from outside: beside the process that writes them, or when none starts. Nothing is changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::corruption::{Corruption, Findings};
use crate::error::LogError;
use crate::files::DiskFiles;
use crate::files::Files;
use crate::options::Options;
use crate::published::Published;
use crate::recover::{adopt, candidates, is_torn, log_id, scan};
use crate::scan::{Scanner, Step};
use crate::segment::HEADER_BYTES;

/// What the files of a log hold.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The oldest offset that is kept.
    pub first_offset: u64,
    /// The offset behind the last good record.
    pub end_offset: u64,
    pub bytes: u64,
    /// Log time of the last good record, microseconds since 1970 UTC.
    pub last_at_us: Option<i64>,
    /// Ranges that can no longer be read.
    pub corruption: Vec<Corruption>,
    /// Bytes at the end that are no whole frame: being written now, or left by a crash. None of them was acknowledged.
    pub unfinished_bytes: u64,
}

/// Checks every frame of the log in `dir` against its checksums. A folder without a log is an empty one.
///
/// * `told`: called with bytes read so far and bytes there are.
///
/// Errors: [`LogError::Version`], or what the disk said.
pub fn inspect(dir: &Path, mut told: impl FnMut(u64, u64)) -> Result<Inspection, LogError> {
    if !dir.is_dir() {
        return Ok(Inspection::default());
    }
    let files = DiskFiles;
    let mut found = candidates(&files, dir)?;
    while found.last().is_some_and(|newest| newest.is_unborn()) {
        found.pop();
    }
    let (log_id, total) = (log_id(&files, &found)?, found.iter().map(|file| file.bytes).sum());
    let findings = Findings::silent();
    let mut inspection = Inspection { first_offset: found.first().map_or(0, |oldest| oldest.first_offset), ..Inspection::default() };
    for (at, candidate) in found.iter().enumerate() {
        let segment = adopt(candidate, log_id, &findings);
        let file = files.open(&segment.path).map_err(LogError::io("open", &segment.path))?;
        let tail = scan(&file, &segment, &findings).map_err(LogError::io("read", &segment.path))?;
        let lost_to = found.get(at + 1).map(|next| next.first_offset);
        let note = |to_offset, reason: &str| {
            let from_offset = tail.next_offset;
            findings.note(Corruption { segment: segment.first_offset, from_offset, to_offset, reason: reason.into() });
        };
        match (&tail.damage, lost_to) {
            (Some(damage), None) if is_torn(damage, candidate.bytes, &Options::default()) => {
                inspection.unfinished_bytes = candidate.bytes - damage.from;
            }
            (Some(damage), lost_to) => note(lost_to.unwrap_or(tail.next_offset), damage.reason),
            (None, Some(next)) if tail.next_offset < next => note(next, "records are missing at the end of the segment"),
            _ => {}
        }
        inspection.end_offset = tail.next_offset;
        inspection.last_at_us = tail.last_at_us.or(inspection.last_at_us);
        inspection.bytes += candidate.bytes;
        told(inspection.bytes, total);
    }
    inspection.corruption = findings.list();
    Ok(inspection)
}

/// The log as it is at one moment: bytes below the given lengths never change, and hold all records below `end_offset`.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Segment files, oldest first, and how many of their bytes count.
    pub files: Vec<(PathBuf, u64)>,
    pub first_offset: u64,
    pub end_offset: u64,
}

pub(crate) fn cut(published: &Arc<Published>) -> Result<Cut, LogError> {
    let segments = published.segments();
    let files: Vec<(PathBuf, u64)> = segments.iter().map(|segment| (segment.path.clone(), segment.durable_bytes())).collect();
    let mut cut = Cut { first_offset: segments.first().map_or(0, |oldest| oldest.first_offset), end_offset: 0, files };
    let (Some(newest), Some((_, bytes))) = (segments.last(), cut.files.last()) else { return Ok(cut) };
    let read = |error| LogError::io("read", &newest.path)(error);
    let file = published.files.open(&newest.path).map_err(read)?;
    let mut scanner = Scanner::new(file, newest.log_id, newest.position_before(u64::MAX).max(HEADER_BYTES));
    cut.end_offset = newest.first_offset;
    loop {
        match scanner.step(*bytes).map_err(read)? {
            Step::Frame(frame) => cut.end_offset = cut.end_offset.max(frame.header.end_offset()),
            Step::Damage(_) => {}
            Step::End => return Ok(cut),
        }
    }
}
