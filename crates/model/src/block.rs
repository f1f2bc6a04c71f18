//! What the fold tells the lake of one transaction: small, and joined with the log by offset.

use serde::{Deserialize, Serialize};

use crate::{FragmentId, ProfileId, Touch};

/// The fold's word on a range of offsets. Records of the range that it does not name made no event row: duplicates,
/// refused items, ticks, commands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Block {
    pub first_offset: u64,
    /// Exclusive.
    pub end_offset: u64,
    /// By offset, rising.
    pub events: Vec<EventAttribution>,
    /// Touches that events refer to: those that do not say themselves how the person came.
    pub touches: Vec<Touch>,
    /// Profiles that became part of another, in the order it happened.
    pub moves: Vec<Move>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventAttribution {
    pub offset: u64,
    pub fragment_id: FragmentId,
    /// At the time of this record; later moves of the same block are listed in [`Block::moves`].
    pub profile_id: ProfileId,
    pub touch: TouchOf,
}

/// Whose touch an event's row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TouchOf {
    None,
    Own,
    /// Index into [`Block::touches`].
    Earlier(u32),
}

/// From `offset` on, every row of `from` belongs to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub offset: u64,
    pub from: ProfileId,
    pub to: ProfileId,
    /// Event times of the rows that move, inclusive: the lake looks for them only in files that overlap.
    pub first_us: i64,
    pub last_us: i64,
    /// Log offset of the first of those rows' events: all of them may still be in the lake's memory.
    pub first_offset: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("a block that does not read back: was it written by a newer Forecourt?")]
pub struct BadBlock;

impl Block {
    /// Numbers in little-endian columns after a JSON head for the touches.
    pub fn encode(&self) -> Vec<u8> {
        let touches = serde_json::to_vec(&self.touches).unwrap_or_default();
        let mut out = Vec::with_capacity(64 + touches.len() + self.events.len() * 28 + self.moves.len() * 48);
        for number in [1, self.first_offset, self.end_offset, touches.len() as u64, self.events.len() as u64, self.moves.len() as u64] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&touches);
        for event in &self.events {
            let touch = match event.touch {
                TouchOf::None => u32::MAX,
                TouchOf::Own => u32::MAX - 1,
                TouchOf::Earlier(at) => at,
            };
            out.extend_from_slice(&((event.offset - self.first_offset) as u32).to_le_bytes());
            out.extend_from_slice(&event.fragment_id.0.to_le_bytes());
            out.extend_from_slice(&event.profile_id.0.to_le_bytes());
            out.extend_from_slice(&touch.to_le_bytes());
        }
        for moved in &self.moves {
            for number in
                [moved.offset, moved.from.0 as u64, moved.to.0 as u64, moved.first_us as u64, moved.last_us as u64, moved.first_offset]
            {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, BadBlock> {
        let mut rest = bytes;
        let head: [u64; 6] = numbers(&mut rest)?;
        let [1, first_offset, end_offset, touches_len, events_len, moves_len] = head else { return Err(BadBlock) };
        let (touches, tail) = rest.split_at_checked(touches_len as usize).ok_or(BadBlock)?;
        rest = tail;
        let touches = serde_json::from_slice(touches).map_err(|_| BadBlock)?;
        if (rest.len() as u64) != events_len.saturating_mul(24).saturating_add(moves_len.saturating_mul(48)) {
            return Err(BadBlock);
        }
        let mut events = Vec::with_capacity(events_len as usize);
        for _ in 0..events_len {
            let (row, tail) = rest.split_at_checked(24).ok_or(BadBlock)?;
            rest = tail;
            let long = |at: usize| row[at..at + 8].try_into().map(i64::from_le_bytes).map_err(|_| BadBlock);
            let short = |at: usize| row[at..at + 4].try_into().map(u32::from_le_bytes).map_err(|_| BadBlock);
            let touch = match short(20)? {
                u32::MAX => TouchOf::None,
                own if own == u32::MAX - 1 => TouchOf::Own,
                at => TouchOf::Earlier(at),
            };
            events.push(EventAttribution {
                offset: first_offset + u64::from(short(0)?),
                fragment_id: FragmentId(long(4)?),
                profile_id: ProfileId(long(12)?),
                touch,
            });
        }
        let mut moves = Vec::with_capacity(moves_len as usize);
        for _ in 0..moves_len {
            let [offset, from, to, first_us, last_us, first_offset] = numbers(&mut rest)?;
            moves.push(Move {
                offset,
                from: ProfileId(from as i64),
                to: ProfileId(to as i64),
                first_us: first_us as i64,
                last_us: last_us as i64,
                first_offset,
            });
        }
        Ok(Self { first_offset, end_offset, events, touches, moves })
    }
}

fn numbers<const N: usize>(rest: &mut &[u8]) -> Result<[u64; N], BadBlock> {
    let (head, tail) = rest.split_at_checked(N * 8).ok_or(BadBlock)?;
    *rest = tail;
    let mut out = [0; N];
    for (slot, chunk) in out.iter_mut().zip(head.chunks_exact(8)) {
        *slot = chunk.try_into().map(u64::from_le_bytes).map_err(|_| BadBlock)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_reads_back_and_damage_is_an_error() {
        let touch = Touch { at_us: 5, channel: "cpc".into(), utm_source: None, utm_medium: None, campaign: Some("x".into()) };
        let event = |offset, touch| EventAttribution { offset, fragment_id: FragmentId(3), profile_id: ProfileId(2), touch };
        let block = Block {
            first_offset: 10,
            end_offset: 20,
            events: vec![event(11, TouchOf::None), event(12, TouchOf::Own), event(15, TouchOf::Earlier(0))],
            touches: vec![touch],
            moves: vec![Move { offset: 15, from: ProfileId(9), to: ProfileId(2), first_us: -1, last_us: 7, first_offset: 3 }],
        };
        let bytes = block.encode();
        assert_eq!(Block::decode(&bytes).ok(), Some(block));
        for cut in 0..bytes.len() {
            assert!(Block::decode(&bytes[..cut]).is_err());
        }
    }
}
