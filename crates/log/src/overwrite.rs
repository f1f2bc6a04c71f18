//! Records overwritten where they stand: their offsets and times stay, kind and body become others.
//!
//! A sealed segment is written anew beside itself, synced, and takes the old one's name in one step. A reader that has the
//! old file open reads it to its end; a crash leaves either the old file or the new one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fail::fail_point;

use crate::entry::{Entry, Record, encode_entries, put_chunk};
use crate::error::LogError;
use crate::files::{File, Files, write_full};
use crate::frame::{self, Frame, Place};
use crate::published::Published;
use crate::scan::{Scanner, Step};
use crate::segment::{HEADER_BYTES, Header, HeaderFound, Segment, read_header};

/// Decides on each record: `None` leaves it as it is, an entry takes its place.
pub type Overwrite<'a> = dyn FnMut(&Record) -> Option<Entry> + 'a;

/// What [`crate::Log::overwrite`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Overwritten {
    pub records: u64,
    pub segments: u64,
    /// Every record below it was looked at. Less than what was asked for where the newest segment, which is written to,
    /// begins before that: see [`crate::Log::seal`].
    pub until: u64,
}

/// A segment file that is being written anew ends so; the next start removes what a crash left of it.
const UNFINISHED: &str = ".rewriting";

/// Overwrites the segments that begin below `before`, but for the newest.
///
/// * `told`: called with bytes looked at so far and bytes there are; says whether to go on.
pub(crate) fn overwrite(
    published: &Published,
    before: u64,
    with: &mut Overwrite<'_>,
    told: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Overwritten, LogError> {
    let mut segments = published.segments();
    let newest = segments.pop().map_or(0, |newest| newest.first_offset);
    segments.retain(|segment| segment.first_offset < before);
    let total = segments.iter().map(|segment| segment.durable_bytes()).sum();
    let mut done = Overwritten { until: newest, ..Overwritten::default() };
    let mut bytes = 0;
    for segment in segments {
        let records = overwrite_segment(published, &segment, with)?;
        done.records += records;
        done.segments += u64::from(0 < records);
        bytes += segment.durable_bytes();
        if !told(bytes, total) {
            done.until = published.segment_after(segment.first_offset).map_or(newest, |next| next.first_offset);
            break;
        }
    }
    Ok(done)
}

/// Removes what a rewriting that was broken off left behind.
pub(crate) fn remove_unfinished(files: &dyn Files, dir: &Path) -> Result<(), LogError> {
    let names = files.list(dir).map_err(LogError::io("list", dir))?;
    for name in names.iter().filter(|name| name.ends_with(UNFINISHED)) {
        let path = dir.join(name);
        files.remove(&path).map_err(LogError::io("remove", &path))?;
    }
    Ok(())
}

fn overwrite_segment(published: &Published, segment: &Arc<Segment>, with: &mut Overwrite<'_>) -> Result<u64, LogError> {
    let read = |error| LogError::io("read", &segment.path)(error);
    let file = published.files.open(&segment.path).map_err(read)?;
    // Most segments hold nothing to overwrite: they are read, and left.
    let mut wanted = false;
    each_frame(&file, segment, |frame| {
        wanted |= overwritten(frame, with)?.is_some();
        Ok(())
    })
    .map_err(read)?;
    if !wanted {
        return Ok(0);
    }
    let unfinished = unfinished(&segment.path);
    let written = write_anew(published, segment, &file, &unfinished, with).map_err(LogError::io("rewrite", &segment.path));
    let (records, bytes) = written.inspect_err(|_| {
        // The next start removes what stays.
        let _ = published.files.remove(&unfinished);
    })?;
    let fresh = Arc::new(Segment::new(segment.first_offset, segment.log_id, segment.path.clone(), bytes));
    let renamed = published.exchange(segment, fresh, || {
        fail_point!("log::before_exchange", |_| Err(io::Error::other("injected fault")));
        published.files.rename(&unfinished, &segment.path)
    });
    renamed.map_err(LogError::io("replace", &segment.path))?;
    published.files.sync_dir(&published.dir).map_err(LogError::io("sync", &published.dir))?;
    fail_point!("log::after_exchange", |_| Err(LogError::io("replace", &segment.path)(io::Error::other("injected fault"))));
    Ok(records)
}

/// Writes the segment's frames one after the other into a new file, durably; returns how many records were overwritten, and
/// the file's length. What no longer reads as a frame is left out: nobody can say what is in it.
fn write_anew(
    published: &Published,
    segment: &Segment,
    from: &Arc<dyn File>,
    path: &Path,
    with: &mut Overwrite<'_>,
) -> io::Result<(u64, u64)> {
    let header = match read_header(&**from, segment.first_offset)? {
        HeaderFound::Good(header) | HeaderFound::OneCopy(header) => header,
        // Nothing is known of the records before: the writer's clock goes by later segments.
        HeaderFound::Newer(_) | HeaderFound::Unreadable => {
            Header { log_id: segment.log_id, first_offset: segment.first_offset, last_at_us: i64::MIN }
        }
    };
    let to = published.files.create(path)?;
    write_full(&*to, &header.encode(), 0)?;
    let (mut position, mut records, mut out) = (HEADER_BYTES, 0, Vec::new());
    each_frame(from, segment, |frame| {
        match overwritten(frame, with)? {
            Some((block, count)) => {
                let Place { log_id, first_offset, at_us, .. } = frame.place();
                frame::encode(&mut out, &Place { log_id, position, first_offset, at_us }, frame.header.count, &block);
                records += count;
            }
            None => frame.put_at(position, &mut out),
        }
        write_full(&*to, &out, position)?;
        position += out.len() as u64;
        Ok(())
    })?;
    to.sync()?;
    Ok((records, position))
}

fn each_frame(file: &Arc<dyn File>, segment: &Segment, mut take: impl FnMut(&Frame) -> io::Result<()>) -> io::Result<()> {
    let mut scanner = Scanner::new(file.clone(), segment.log_id, HEADER_BYTES);
    loop {
        match scanner.step(segment.durable_bytes())? {
            Step::Frame(frame) => take(&frame)?,
            Step::Damage(_) => {}
            Step::End => return Ok(()),
        }
    }
}

/// The frame's block with records overwritten, and how many; `None` where none is.
fn overwritten(frame: &Frame, with: &mut Overwrite<'_>) -> io::Result<Option<(Vec<u8>, u64)>> {
    let malformed = || io::Error::other("a frame does not unpack although its checksum holds");
    let mut records = frame.records().ok_or_else(malformed)?;
    let (mut all, mut count) = (Vec::new(), 0);
    while let Some(record) = records.next_record().map_err(|_| malformed())? {
        let entry = with(&record);
        count += u64::from(entry.is_some());
        let entry = entry.unwrap_or(Entry { kind: record.kind, body: record.body });
        all.push((record.at_us, entry));
    }
    if count == 0 {
        return Ok(None);
    }
    let mut block = Vec::new();
    for chunk in all.chunk_by(|(a, _), (b, _)| a == b) {
        let entries: Vec<Entry> = chunk.iter().map(|(_, entry)| entry.clone()).collect();
        put_chunk(&mut block, chunk[0].0.abs_diff(frame.header.at_us), entries.len() as u64, &encode_entries(&entries));
    }
    Ok(Some((block, count)))
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}
