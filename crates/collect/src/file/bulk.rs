//! Records of an import on their way to a server that has the log open: kind, length, body, one after the other.

use bytes::{Buf as _, Bytes};
use forecourt_log::Entry;
use forecourt_model::{RecordKind, Stamp};

/// Bytes that are no records of an import.
#[derive(Debug, thiserror::Error)]
#[error("these bytes are not records of an import: send them with the `forecourt import` of the server's own version")]
pub struct BadBulk;

pub fn encode_bulk(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.iter().map(|entry| 5 + entry.body.len()).sum());
    for entry in entries {
        out.push(entry.kind);
        out.extend_from_slice(&(entry.body.len() as u32).to_le_bytes());
        out.extend_from_slice(&entry.body);
    }
    out
}

/// Reads what [`encode_bulk`] wrote, and lets nothing else through: no command, no tick, no record without its stamp.
pub fn decode_bulk(mut bytes: Bytes) -> Result<Vec<Entry>, BadBulk> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        if bytes.len() < 5 {
            return Err(BadBulk);
        }
        let (kind, length) = (bytes.get_u8(), bytes.get_u32_le() as usize);
        let allowed = matches!(RecordKind::from_u8(kind), Some(RecordKind::Event | RecordKind::AdCost));
        if !allowed || bytes.len() < length {
            return Err(BadBulk);
        }
        let body = bytes.split_to(length);
        let (stamp, json) = Stamp::decode(&body).map_err(|_| BadBulk)?;
        if !stamp.message_id.starts_with("import:") || serde_json::from_slice::<&serde_json::value::RawValue>(json).is_err() {
            return Err(BadBulk);
        }
        entries.push(Entry { kind, body });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use forecourt_model::Origin;
    use proptest::prelude::*;

    use super::*;

    fn entry(kind: RecordKind, message_id: &str) -> Entry {
        let stamp = Stamp {
            origin: Origin::History,
            received_us: 1,
            sent_us: None,
            source: "s".into(),
            message_id: message_id.into(),
            ip: "".into(),
        };
        Entry { kind: kind as u8, body: stamp.encode(b"{}").into() }
    }

    #[test]
    fn records_read_back_and_others_are_turned_away() {
        let entries = vec![entry(RecordKind::Event, "import:1"), entry(RecordKind::AdCost, "import:2")];
        let back = decode_bulk(encode_bulk(&entries).into()).map(|back| back.into_iter().map(|entry| entry.body).collect::<Vec<_>>());
        assert_eq!(back.ok(), Some(entries.into_iter().map(|entry| entry.body).collect()));
        for bad in [entry(RecordKind::Command, "import:1"), entry(RecordKind::Event, "1")] {
            assert!(decode_bulk(encode_bulk(&[bad]).into()).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = decode_bulk(bytes.into());
        }
    }
}
