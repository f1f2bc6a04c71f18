//! What the log's records hold: a kind, and a body whose layout is written here and nowhere else.

use std::borrow::Cow;

/// What a log record is. The numbers are on disk for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// A touch: [`Stamp`] and the item's JSON as the sender wrote it.
    Event = 1,
    /// Something the border refused: [`Stamp`], with the reason as JSON before the raw bytes (see [`encode_refused`]).
    Refused = 2,
    /// What a person or a program wants changed: [`crate::command::Command`] as JSON.
    Command = 3,
    /// Time passed: an empty body, the record's time is the content.
    Tick = 4,
    /// One day's cost of advertising: [`Stamp`] and [`crate::entity::AdCost`] as JSON.
    AdCost = 5,
    /// What stood here was erased: [`crate::erasure::Tombstone`].
    Erased = 6,
}

impl RecordKind {
    pub fn from_u8(number: u8) -> Option<Self> {
        [Self::Event, Self::Refused, Self::Command, Self::Tick, Self::AdCost, Self::Erased].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// Whether something happens now or is told of the past: history starts no send and no task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Live,
    History,
}

/// What only the border knows of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp<'a> {
    pub origin: Origin,
    pub received_us: i64,
    /// When the sender says it sent the batch.
    pub sent_us: Option<i64>,
    /// The source's id.
    pub source: Cow<'a, str>,
    /// The sender's message id, or the one the border gave.
    pub message_id: Cow<'a, str>,
    /// The sender's address, where it counts (browsers).
    pub ip: Cow<'a, str>,
}

/// A body that does not read back: the log's checksum held, so a program wrote it wrong.
#[derive(Debug, thiserror::Error)]
#[error("a log record of an unknown layout: was this log written by a newer Forecourt?")]
pub struct BadRecord;

const LAYOUT: u8 = 1;
const NO_TIME: i64 = i64::MIN;

impl<'a> Stamp<'a> {
    /// Writes the stamp and then `payload`.
    pub fn encode(&self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.source.len() + self.message_id.len() + self.ip.len() + payload.len());
        out.push(LAYOUT);
        out.push((self.origin == Origin::History) as u8);
        out.extend_from_slice(&self.received_us.to_le_bytes());
        out.extend_from_slice(&self.sent_us.unwrap_or(NO_TIME).to_le_bytes());
        for text in [&self.source, &self.message_id, &self.ip] {
            let length = text.len().min(usize::from(u16::MAX)) as u16;
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
        }
        out.extend_from_slice(payload);
        out
    }

    /// Reads what [`Stamp::encode`] wrote; the rest is the payload.
    pub fn decode(body: &'a [u8]) -> Result<(Self, &'a [u8]), BadRecord> {
        let (head, mut rest) = body.split_at_checked(18).ok_or(BadRecord)?;
        if head[0] != LAYOUT {
            return Err(BadRecord);
        }
        let time = |at: usize| head[at..at + 8].try_into().map(i64::from_le_bytes).map_err(|_| BadRecord);
        let (received_us, sent_us) = (time(2)?, time(10)?);
        let mut text = || -> Result<Cow<'a, str>, BadRecord> {
            let (length, tail) = rest.split_at_checked(2).ok_or(BadRecord)?;
            let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
            let (bytes, tail) = tail.split_at_checked(length).ok_or(BadRecord)?;
            rest = tail;
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| BadRecord)
        };
        let (source, message_id, ip) = (text()?, text()?, text()?);
        let origin = if head[1] == 1 { Origin::History } else { Origin::Live };
        Ok((Self { origin, received_us, sent_us: (sent_us != NO_TIME).then_some(sent_us), source, message_id, ip }, rest))
    }
}

/// What the fold remembers a message by, to find it when it comes again.
pub fn message_key(source: &str, message_id: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.as_bytes());
    hasher.update(&[0]);
    hasher.update(message_id.as_bytes());
    hasher.finalize().as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The body of a refused item: stamp, length of the reason, reason as JSON, and the raw bytes as they came.
pub fn encode_refused(stamp: &Stamp<'_>, refusal: &crate::Refusal, raw: &[u8]) -> Vec<u8> {
    let reason = serde_json::to_vec(refusal).unwrap_or_default();
    let mut payload = Vec::with_capacity(4 + reason.len() + raw.len());
    payload.extend_from_slice(&(reason.len() as u32).to_le_bytes());
    payload.extend_from_slice(&reason);
    payload.extend_from_slice(raw);
    stamp.encode(&payload)
}

pub fn decode_refused(body: &[u8]) -> Result<(Stamp<'_>, crate::Refusal, &[u8]), BadRecord> {
    let (stamp, payload) = Stamp::decode(body)?;
    let (length, rest) = payload.split_at_checked(4).ok_or(BadRecord)?;
    let length = length.try_into().map(u32::from_le_bytes).map_err(|_| BadRecord)? as usize;
    let (reason, raw) = rest.split_at_checked(length).ok_or(BadRecord)?;
    Ok((stamp, serde_json::from_slice(reason).map_err(|_| BadRecord)?, raw))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_stamp_reads_back(received_us: i64, sent in proptest::option::of(0i64..), source in ".{0,20}", message_id in ".{0,40}", payload: Vec<u8>) {
            let stamp = Stamp { origin: Origin::History, received_us, sent_us: sent, source: source.into(), message_id: message_id.into(), ip: "".into() };
            let body = stamp.encode(&payload);
            let (read, rest) = Stamp::decode(&body).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(read, stamp);
            prop_assert_eq!(rest, &payload[..]);
        }

        #[test]
        fn no_bytes_make_it_panic(body: Vec<u8>) {
            let _ = Stamp::decode(&body);
            let _ = decode_refused(&body);
        }
    }
}
