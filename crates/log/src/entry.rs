//! What is inside a frame: the entries of one or more appends, one *chunk* per append.
//!
//! chunk = log time after the frame's (varint, µs), number of entries (varint), entries;
//! entry = kind (1 byte), body length (varint), body.

use bytes::Bytes;

/// What a caller appends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: u8,
    pub body: Bytes,
}

/// What a reader gets back.
///
/// `body` shares the memory of all bodies in its frame: copy it to keep one record for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub offset: u64,
    /// Log time: microseconds since 1970 UTC, never before the previous record's.
    pub at_us: i64,
    pub kind: u8,
    pub body: Bytes,
}

/// The most bytes that an entry occupies beside its body, whose length is under 2^35.
const ENTRY_OVERHEAD_MAX: usize = 1 + 5;

impl Entry {
    pub(crate) fn encoded_bytes_max(&self) -> usize {
        self.body.len() + ENTRY_OVERHEAD_MAX
    }
}

pub(crate) fn encode_entries(entries: &[Entry]) -> Vec<u8> {
    let bytes: usize = entries.iter().map(Entry::encoded_bytes_max).sum();
    let mut out = Vec::with_capacity(bytes);
    for entry in entries {
        out.push(entry.kind);
        put_varint(&mut out, entry.body.len() as u64);
        out.extend_from_slice(&entry.body);
    }
    out
}

pub(crate) fn put_chunk(block: &mut Vec<u8>, after_us: u64, count: u64, entries: &[u8]) {
    put_varint(block, after_us);
    put_varint(block, count);
    block.extend_from_slice(entries);
}

/// Walks the records of one block. Stops with `Err(Malformed)` where the block does not parse, which
/// under a good checksum only a defect of the writer can cause.
pub(crate) struct Records {
    block: Bytes,
    at: usize,
    frame_at_us: i64,
    chunk_at_us: i64,
    left_in_chunk: u64,
    next_offset: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Records {
    pub fn new(block: Bytes, first_offset: u64, frame_at_us: i64) -> Records {
        Records { block, at: 0, frame_at_us, chunk_at_us: frame_at_us, left_in_chunk: 0, next_offset: first_offset }
    }

    /// Passes over the records below `offset`.
    pub fn skip_to(&mut self, offset: u64) -> Result<(), Malformed> {
        while self.next_offset < offset && self.next_record()?.is_some() {}
        Ok(())
    }

    pub fn next_record(&mut self) -> Result<Option<Record>, Malformed> {
        while self.left_in_chunk == 0 {
            if self.at == self.block.len() {
                return Ok(None);
            }
            self.begin_chunk()?;
        }
        let kind = *self.block.get(self.at).ok_or(Malformed)?;
        self.at += 1;
        let body_bytes = self.varint()?;
        let from = self.at;
        let to = usize::try_from(body_bytes).ok().and_then(|bytes| from.checked_add(bytes)).ok_or(Malformed)?;
        if self.block.len() < to {
            return Err(Malformed);
        }
        let record = Record { offset: self.next_offset, at_us: self.chunk_at_us, kind, body: self.block.slice(from..to) };
        self.at = to;
        self.left_in_chunk -= 1;
        self.next_offset += 1;
        Ok(Some(record))
    }

    fn begin_chunk(&mut self) -> Result<(), Malformed> {
        let after_us = self.varint()?;
        self.chunk_at_us = self.frame_at_us.checked_add_unsigned(after_us).ok_or(Malformed)?;
        self.left_in_chunk = self.varint()?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.block.get(self.at).ok_or(Malformed)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }
}

/// LEB128: seven bits a byte, low ones first, the top bit says that more follow.
fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while 0x80 <= value {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let entry = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..300));
        prop::collection::vec(entry.prop_map(|(kind, body)| Entry { kind, body: body.into() }), 1..8)
    }

    proptest! {
        #[test]
        fn chunks_come_back_as_they_went_in(chunks in prop::collection::vec((0u64..1 << 40, entries()), 1..5)) {
            let mut block = Vec::new();
            let mut expected = Vec::new();
            for (after_us, entries) in &chunks {
                put_chunk(&mut block, *after_us, entries.len() as u64, &encode_entries(entries));
                for entry in entries {
                    let offset = 7 + expected.len() as u64;
                    let at_us = 1_000 + *after_us as i64;
                    expected.push(Record { offset, at_us, kind: entry.kind, body: entry.body.clone() });
                }
            }
            let mut records = Records::new(block.into(), 7, 1_000);
            let mut found = Vec::new();
            while let Some(record) = records.next_record().unwrap() {
                found.push(record);
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_bytes_end_without_a_panic(block in prop::collection::vec(any::<u8>(), 0..200)) {
            let bytes = block.len();
            let mut records = Records::new(block.into(), 0, i64::MAX - 5);
            let mut count = 0;
            while let Ok(Some(_)) = records.next_record() {
                count += 1;
            }
            prop_assert!(count <= bytes);
        }
    }
}
