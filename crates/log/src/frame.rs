//! The unit of writing: one frame per write and sync, so that a crash can tear only the last one.
//!
//! A frame is a header of [`HEADER_BYTES`] and a body: the block of entries, as it is or in LZ4.
//! The header names the log and the frame's own position in the file. Bytes that merely look like a
//! frame (a sender's payload, a stale copy) are therefore never taken for one while looking for the
//! next good frame behind a damaged one.

use bytes::Bytes;

use crate::entry::Records;

pub(crate) const HEADER_BYTES: usize = 64;
pub(crate) const MAGIC: [u8; 4] = *b"\xf7FLf";

/// Smaller blocks are not worth compressing.
const COMPRESS_FROM_BYTES: usize = 512;

const CODEC_PLAIN: u8 = 0;
const CODEC_LZ4: u8 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub log_id: u64,
    pub position: u64,
    pub first_offset: u64,
    pub at_us: i64,
    pub count: u32,
    pub block_bytes: u32,
    pub body_bytes: u32,
    body_crc: u32,
    codec: u8,
}

/// What the writer knows of a frame before it is encoded.
pub(crate) struct Place {
    pub log_id: u64,
    pub position: u64,
    pub first_offset: u64,
    pub at_us: i64,
}

/// A frame whose header and body checksums hold.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub header: Header,
    body: Bytes,
}

impl Header {
    /// The header in `bytes`, if it is one of log `log_id` and says that it stands at `position`.
    pub fn decode(bytes: &[u8], log_id: u64, position: u64) -> Option<Header> {
        let header = Header::decode_any(bytes, position)?;
        (header.log_id == log_id).then_some(header)
    }

    /// Like [`Header::decode`], where the log's id is what we look for.
    pub fn decode_any(bytes: &[u8], position: u64) -> Option<Header> {
        let bytes: &[u8; HEADER_BYTES] = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
        if bytes[0..4] != MAGIC || u32_at(bytes, 4) != crc32fast::hash(&bytes[8..]) {
            return None;
        }
        let header = Header {
            log_id: u64_at(bytes, 8),
            position: u64_at(bytes, 16),
            first_offset: u64_at(bytes, 24),
            at_us: u64_at(bytes, 32) as i64,
            count: u32_at(bytes, 40),
            block_bytes: u32_at(bytes, 44),
            body_bytes: u32_at(bytes, 48),
            body_crc: u32_at(bytes, 52),
            codec: bytes[56],
        };
        (header.position == position).then_some(header)
    }

    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.log_id.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.position.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_offset.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.at_us.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.count.to_le_bytes());
        bytes[44..48].copy_from_slice(&self.block_bytes.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[52..56].copy_from_slice(&self.body_crc.to_le_bytes());
        bytes[56] = self.codec;
        let crc = crc32fast::hash(&bytes[8..]);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Where the next frame begins.
    pub fn end_position(&self) -> u64 {
        self.position + HEADER_BYTES as u64 + u64::from(self.body_bytes)
    }

    pub fn end_offset(&self) -> u64 {
        self.first_offset + u64::from(self.count)
    }

    pub fn fits(&self, body: &[u8]) -> bool {
        body.len() == self.body_bytes as usize && crc32fast::hash(body) == self.body_crc
    }
}

impl Frame {
    /// `body` must have been checked by [`Header::fits`].
    pub fn new(header: Header, body: Bytes) -> Frame {
        Frame { header, body }
    }

    /// What the writer knew of it.
    pub fn place(&self) -> Place {
        let Header { log_id, position, first_offset, at_us, .. } = self.header;
        Place { log_id, position, first_offset, at_us }
    }

    /// Writes the same frame, for another position, into `out`, replacing what was there.
    pub fn put_at(&self, position: u64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&Header { position, ..self.header.clone() }.encode());
        out.extend_from_slice(&self.body);
    }

    /// The records, without copying a plain body. `None` if the body does not unpack, which under a
    /// good checksum only a defect of the writer can cause.
    pub fn records(&self) -> Option<Records> {
        let block_bytes = self.header.block_bytes as usize;
        let block = match self.header.codec {
            CODEC_PLAIN => self.body.clone(),
            CODEC_LZ4 => {
                let mut block = vec![0; block_bytes];
                let bytes = lz4_flex::block::decompress_into(&self.body, &mut block).ok()?;
                block.truncate(bytes);
                Bytes::from(block)
            }
            _ => return None,
        };
        (block.len() == block_bytes).then(|| Records::new(block, self.header.first_offset, self.header.at_us))
    }
}

/// Writes the frame of `block` into `out`, replacing what was there.
pub(crate) fn encode(out: &mut Vec<u8>, place: &Place, count: u32, block: &[u8]) {
    let body_from = HEADER_BYTES;
    out.clear();
    out.resize(body_from, 0);
    let codec = match compress(out, block) {
        true => CODEC_LZ4,
        false => {
            out.truncate(body_from);
            out.extend_from_slice(block);
            CODEC_PLAIN
        }
    };
    let body = &out[body_from..];
    let header = Header {
        log_id: place.log_id,
        position: place.position,
        first_offset: place.first_offset,
        at_us: place.at_us,
        count,
        block_bytes: block.len() as u32,
        body_bytes: body.len() as u32,
        body_crc: crc32fast::hash(body),
        codec,
    };
    out[..body_from].copy_from_slice(&header.encode());
}

/// Appends the compressed block to `out` if that is worth it.
fn compress(out: &mut Vec<u8>, block: &[u8]) -> bool {
    if block.len() < COMPRESS_FROM_BYTES {
        return false;
    }
    let from = out.len();
    out.resize(from + lz4_flex::block::get_maximum_output_size(block.len()), 0);
    let Ok(bytes) = lz4_flex::block::compress_into(block, &mut out[from..]) else { return false };
    out.truncate(from + bytes);
    bytes < block.len() - block.len() / 8
}

fn u32_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Entry, encode_entries, put_chunk};

    fn frame(body_bytes: usize) -> Vec<u8> {
        let entries = [Entry { kind: 3, body: vec![b'a'; body_bytes].into() }];
        let mut block = Vec::new();
        put_chunk(&mut block, 0, 1, &encode_entries(&entries));
        let mut out = Vec::new();
        encode(&mut out, &Place { log_id: 9, position: 4096, first_offset: 70, at_us: 5 }, 1, &block);
        out
    }

    fn decode(bytes: &[u8], log_id: u64, position: u64) -> Option<Frame> {
        let header = Header::decode(bytes, log_id, position)?;
        let body = bytes.get(HEADER_BYTES..HEADER_BYTES + header.body_bytes as usize)?;
        header.fits(body).then(|| Frame::new(header.clone(), Bytes::copy_from_slice(body)))
    }

    #[test]
    fn a_frame_comes_back_plain_or_compressed() {
        for body_bytes in [0, 1, 100, 5_000] {
            let bytes = frame(body_bytes);
            let frame = decode(&bytes, 9, 4096).unwrap();
            assert_eq!(frame.header.end_position(), 4096 + bytes.len() as u64);
            let record = frame.records().unwrap().next_record().unwrap().unwrap();
            assert_eq!((record.offset, record.at_us, record.kind, record.body.len()), (70, 5, 3, body_bytes));
        }
        assert!(frame(5_000).len() < 200, "a run of one letter compresses");
    }

    #[test]
    fn a_frame_counts_only_in_its_log_and_at_its_place() {
        let bytes = frame(100);
        assert!(decode(&bytes, 8, 4096).is_none());
        assert!(decode(&bytes, 9, 4097).is_none());
    }

    #[test]
    fn no_flipped_bit_goes_unseen() {
        for body_bytes in [20, 5_000] {
            let good = frame(body_bytes);
            for bit in 0..good.len() * 8 {
                let mut bytes = good.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(decode(&bytes, 9, 4096).is_none(), "bit {bit}");
            }
        }
    }
}
