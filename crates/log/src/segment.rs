//! A segment: one file, named after its first offset, with a header and then frames back to back.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::files::{File, Files, read_full, write_full};
use crate::published::locked;

/// The header stands twice, each copy in a disk sector of its own.
pub(crate) const HEADER_BYTES: u64 = 2 * COPY_BYTES as u64;
const COPY_BYTES: usize = 512;
const MAGIC: [u8; 8] = *b"FORELOG\n";
const VERSION: u32 = 1;

/// One position is remembered per this many bytes.
const INDEX_EVERY_BYTES: u64 = 256 << 10;

/// A segment as readers know it.
pub(crate) struct Segment {
    pub first_offset: u64,
    pub log_id: u64,
    pub path: PathBuf,
    durable_bytes: AtomicU64,
    /// (offset, position) of some frames, ascending.
    index: Mutex<Vec<(u64, u64)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub log_id: u64,
    pub first_offset: u64,
    /// Log time of the last record before this segment.
    pub last_at_us: i64,
}

/// What the first bytes of a segment file turned out to be.
pub(crate) enum HeaderFound {
    Good(Header),
    /// One of the two copies is damaged.
    OneCopy(Header),
    Newer(u32),
    Unreadable,
}

pub(crate) fn path_of(dir: &Path, first_offset: u64) -> PathBuf {
    dir.join(format!("{first_offset:020}.log"))
}

/// The first offset that a file name stands for, if it is a segment's.
pub(crate) fn first_offset_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

/// How the creation of a segment failed: only after a failed sync is the disk's state unknown.
pub(crate) enum CreateError {
    Refused(io::Error),
    SyncFailed(io::Error),
}

/// Makes the file with its header, durably: only then may a frame be written to it.
pub(crate) fn create(files: &dyn Files, dir: &Path, header: Header) -> Result<(Arc<Segment>, Arc<dyn File>), CreateError> {
    let path = path_of(dir, header.first_offset);
    let file = files.create(&path).map_err(CreateError::Refused)?;
    if let Err(error) = write_full(&*file, &header.encode(), 0) {
        // Best effort: one that stays is recognised as unborn at the next start, or emptied at the next try.
        let _ = files.remove(&path);
        return Err(CreateError::Refused(error));
    }
    file.sync().and_then(|()| files.sync_dir(dir)).map_err(CreateError::SyncFailed)?;
    Ok((Arc::new(Segment::new(header.first_offset, header.log_id, path, HEADER_BYTES)), file))
}

impl Segment {
    pub fn new(first_offset: u64, log_id: u64, path: PathBuf, durable_bytes: u64) -> Segment {
        let durable_bytes = AtomicU64::new(durable_bytes);
        Segment { first_offset, log_id, path, durable_bytes, index: Mutex::default() }
    }

    pub fn durable_bytes(&self) -> u64 {
        self.durable_bytes.load(Ordering::Acquire)
    }

    pub fn set_durable_bytes(&self, bytes: u64) {
        self.durable_bytes.store(bytes, Ordering::Release);
    }

    /// Remembers where a frame begins, if the last one remembered is far enough back.
    pub fn remember(&self, first_offset: u64, position: u64) {
        let mut index = locked(&self.index);
        let last = index.last().map_or(HEADER_BYTES, |(_, position)| *position);
        if last + INDEX_EVERY_BYTES <= position {
            index.push((first_offset, position));
        }
    }

    /// The position of a frame that begins at or before `offset`, the nearest that is known.
    pub fn position_before(&self, offset: u64) -> u64 {
        let index = locked(&self.index);
        let behind = index.partition_point(|(first_offset, _)| *first_offset <= offset);
        behind.checked_sub(1).map_or(HEADER_BYTES, |at| index[at].1)
    }
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_BYTES as usize] {
        let mut copy = [0; COPY_BYTES];
        copy[0..8].copy_from_slice(&MAGIC);
        copy[12..16].copy_from_slice(&VERSION.to_le_bytes());
        copy[16..24].copy_from_slice(&self.log_id.to_le_bytes());
        copy[24..32].copy_from_slice(&self.first_offset.to_le_bytes());
        copy[32..40].copy_from_slice(&self.last_at_us.to_le_bytes());
        let crc = crc32fast::hash(&copy[12..]);
        copy[8..12].copy_from_slice(&crc.to_le_bytes());
        let mut both = [0; HEADER_BYTES as usize];
        both[..COPY_BYTES].copy_from_slice(&copy);
        both[COPY_BYTES..].copy_from_slice(&copy);
        both
    }

    /// The format version and the header; `None` if the copy is damaged.
    fn decode(copy: &[u8]) -> Option<(u32, Header)> {
        let copy: &[u8; COPY_BYTES] = copy.try_into().ok()?;
        let u32_at = |at: usize| u32::from_le_bytes([copy[at], copy[at + 1], copy[at + 2], copy[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        let good = copy[0..8] == MAGIC && u32_at(8) == crc32fast::hash(&copy[12..]);
        let header = Header { log_id: u64_at(16), first_offset: u64_at(24), last_at_us: u64_at(32) as i64 };
        good.then(|| (u32_at(12), header))
    }
}

/// Reads the header of the segment that is named after `first_offset`.
pub(crate) fn read_header(file: &dyn File, first_offset: u64) -> io::Result<HeaderFound> {
    let mut both = [0; HEADER_BYTES as usize];
    read_full(file, &mut both, 0)?;
    let (first, second) = both.split_at(COPY_BYTES);
    let (first, second) = (Header::decode(first), Header::decode(second));
    let agree = first == second;
    let Some((version, header)) = first.or(second) else { return Ok(HeaderFound::Unreadable) };
    Ok(match () {
        () if version != VERSION => HeaderFound::Newer(version),
        () if header.first_offset != first_offset => HeaderFound::Unreadable,
        () if agree => HeaderFound::Good(header),
        () => HeaderFound::OneCopy(header),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_first_offset() {
        let path = path_of(Path::new("log"), 42);
        assert_eq!(path.file_name().unwrap(), "00000000000000000042.log");
        assert_eq!(first_offset_of("00000000000000000042.log"), Some(42));
        for other in ["42.log", "lock", "0000000000000000004x.log", "99999999999999999999.log", "00000000000000000042.log.bak"] {
            assert_eq!(first_offset_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_header_comes_back_and_any_flipped_bit_is_seen() {
        let header = Header { log_id: 5, first_offset: 42, last_at_us: -1 };
        let good = header.encode();
        assert_eq!(Header::decode(&good[..COPY_BYTES]), Some((VERSION, header)));
        for bit in 0..COPY_BYTES * 8 {
            let mut copy = good[..COPY_BYTES].to_vec();
            copy[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&copy), None, "bit {bit}");
        }
    }
}
