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
    /// Channels that rules gave to events that do say it.
    pub channels: Vec<String>,
    /// Profiles that became part of another, in the order it happened.
    pub moves: Vec<Move>,
    /// What the fold concluded: rows of their own, which no record of the log has.
    pub derived: Vec<Derived>,
}

/// An event that the fold derived from a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Derived {
    /// The record's.
    pub offset: u64,
    /// Among those of the record.
    pub index: u32,
    pub ts_us: i64,
    pub fragment_id: FragmentId,
    /// As in [`EventAttribution::profile_id`].
    pub profile_id: ProfileId,
    pub name: String,
    /// A JSON object.
    pub properties: String,
}

impl Derived {
    pub fn message_id(&self) -> String {
        format!("derived:{}:{}", self.offset, self.index)
    }
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
    /// Index into [`Block::channels`]; [`TouchOf::UNRULED`] where the event names its channel itself, and in blocks of an
    /// earlier version, which had the built-in rules only.
    Own(u16),
    /// Index into [`Block::touches`].
    Earlier(u32),
}

impl TouchOf {
    pub const UNRULED: u16 = u16::MAX;
}

/// From `offset` on, rows of `from` belong to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub offset: u64,
    pub from: ProfileId,
    pub to: ProfileId,
    /// Only the rows of this fragment; all of them for `None`.
    pub fragment: Option<FragmentId>,
    /// Event times of the rows that move, inclusive: the lake looks for them only in files that overlap.
    pub first_us: i64,
    pub last_us: i64,
    /// Log offset of the first of those rows' events: all of them may still be in the lake's memory.
    pub first_offset: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("a block that does not read back: was it written by a newer Forecourt?")]
pub struct BadBlock;

/// Before it an event's touch is an index of a touch, from it on 2¹⁶ indexes of channels.
const OWN: u32 = 0xfffe_0000;

impl Block {
    /// Numbers in little-endian columns after a JSON head for the touches and channels.
    pub fn encode(&self) -> Vec<u8> {
        let touches = serde_json::to_vec(&(&self.touches, &self.channels, &self.derived)).unwrap_or_default();
        let mut out = Vec::with_capacity(64 + touches.len() + self.events.len() * 28 + self.moves.len() * 56);
        for number in [4, self.first_offset, self.end_offset, touches.len() as u64, self.events.len() as u64, self.moves.len() as u64] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&touches);
        for event in &self.events {
            let touch = match event.touch {
                TouchOf::None => u32::MAX,
                TouchOf::Own(channel) => OWN | u32::from(channel),
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
                    .into_iter()
                    .chain([moved.fragment.map_or(u64::MAX, |fragment| fragment.0 as u64)])
            {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, BadBlock> {
        let mut rest = bytes;
        let head: [u64; 6] = numbers(&mut rest)?;
        let [version @ 1..=4, first_offset, end_offset, touches_len, events_len, moves_len] = head else { return Err(BadBlock) };
        let (touches, tail) = rest.split_at_checked(touches_len as usize).ok_or(BadBlock)?;
        rest = tail;
        let (touches, channels, derived) = match version {
            1 => (serde_json::from_slice(touches).map_err(|_| BadBlock)?, Vec::new(), Vec::new()),
            2 | 3 => {
                let (touches, channels) = serde_json::from_slice(touches).map_err(|_| BadBlock)?;
                (touches, channels, Vec::new())
            }
            _ => serde_json::from_slice(touches).map_err(|_| BadBlock)?,
        };
        if (rest.len() as u64) != events_len.saturating_mul(24).saturating_add(moves_len.saturating_mul(if version < 3 { 48 } else { 56 }))
        {
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
                own if version == 1 && own == u32::MAX - 1 => TouchOf::Own(TouchOf::UNRULED),
                own if OWN <= own => TouchOf::Own(own as u16),
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
            let [fragment] = if version < 3 { [u64::MAX] } else { numbers(&mut rest)? };
            moves.push(Move {
                offset,
                from: ProfileId(from as i64),
                to: ProfileId(to as i64),
                fragment: (fragment != u64::MAX).then_some(FragmentId(fragment as i64)),
                first_us: first_us as i64,
                last_us: last_us as i64,
                first_offset,
            });
        }
        Ok(Self { first_offset, end_offset, events, touches, channels, moves, derived })
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
    use crate::{ChannelRules, channel::Marks};

    fn touch() -> Touch {
        let marks = Marks { campaign: Some("x".into()), utm_medium: Some("cpc".into()), ..Marks::default() };
        Touch::new(&marks, ChannelRules::built_in(), 5)
    }

    /// The layout before channel rules could be changed: blocks that an upgrade finds in the store.
    #[test]
    fn a_block_of_the_first_layout_reads() {
        let touches = br#"[[5,"cpc","google",null,null]]"#;
        let mut bytes = Vec::new();
        for number in [1u64, 10, 12, touches.len() as u64, 2, 0] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(touches);
        for (offset, touch) in [(0u32, u32::MAX - 1), (1, 0)] {
            bytes.extend_from_slice(&offset.to_le_bytes());
            bytes.extend_from_slice(&3i64.to_le_bytes());
            bytes.extend_from_slice(&2i64.to_le_bytes());
            bytes.extend_from_slice(&touch.to_le_bytes());
        }
        let block = Block::decode(&bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(block.events.iter().map(|event| event.touch).collect::<Vec<_>>(), [TouchOf::Own(TouchOf::UNRULED), TouchOf::Earlier(0)]);
        assert_eq!((block.touches[0].channel.as_str(), block.touches[0].channel_by), ("cpc", None));
    }

    #[test]
    fn a_block_reads_back_and_damage_is_an_error() {
        let touch = touch();
        let event = |offset, touch| EventAttribution { offset, fragment_id: FragmentId(3), profile_id: ProfileId(2), touch };
        let block = Block {
            first_offset: 10,
            end_offset: 20,
            events: vec![
                event(11, TouchOf::None),
                event(12, TouchOf::Own(0)),
                event(13, TouchOf::Own(TouchOf::UNRULED)),
                event(15, TouchOf::Earlier(0)),
            ],
            touches: vec![touch],
            channels: vec!["cpc".into()],
            moves: [None, Some(FragmentId(4))]
                .map(|fragment| Move {
                    offset: 15,
                    from: ProfileId(9),
                    to: ProfileId(2),
                    fragment,
                    first_us: -1,
                    last_us: 7,
                    first_offset: 3,
                })
                .to_vec(),
            derived: vec![Derived {
                offset: 12,
                index: 1,
                ts_us: 9,
                fragment_id: FragmentId(3),
                profile_id: ProfileId(2),
                name: "segment_entered".into(),
                properties: r#"{"a":1}"#.into(),
            }],
        };
        let bytes = block.encode();
        assert_eq!(Block::decode(&bytes).ok(), Some(block));
        for cut in 0..bytes.len() {
            assert!(Block::decode(&bytes[..cut]).is_err());
        }
    }
}
