//! Records read back into what they say: the part of the fold that needs no state, and so runs ahead of it.

use forecourt_log::Record as LogRecord;
use forecourt_model::{
    Event, FragmentId, HashKey, RecordKind, Refusal, RefusalCode, Stamp,
    command::{Action, Command},
    entity::{AdCost, Told},
    record, time,
};
use forecourt_store::{Store, StoreError, dead_letter::DeadLetter, fragment::FragmentRow};
use rustc_hash::FxHashMap;

use crate::erase;

/// Records to be folded in one transaction.
#[derive(Debug)]
pub struct Batch {
    pub records: Vec<Record>,
    /// The offset after the last one.
    pub end_offset: u64,
    /// Whether what it changes may wait to be written. Changes how the store is written, never what it says.
    pub is_large: bool,
    /// What the table has of the fragments that the events name, where somebody looked ahead of the fold.
    pub ahead: Option<Ahead>,
}

/// Fragments that were read from the table while earlier batches were folded.
#[derive(Debug)]
pub struct Ahead {
    /// All that was folded before this offset was in the table, or noted, when the reading began.
    pub as_of: u64,
    /// `None` for those that are not in the table.
    pub rows: FxHashMap<FragmentId, Option<FragmentRow>>,
}

#[derive(Debug)]
pub struct Record {
    pub offset: u64,
    pub at_us: i64,
    pub content: Content,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every record is an event: a box for it would cost an allocation a record")]
pub enum Content {
    Event {
        event: Box<Event>,
        /// What it tells of leads, orders and calls; whose they are is the fold's to say.
        told: Told,
        source: String,
        day_received: i32,
        /// Digest of source and message id.
        message_key: u64,
        /// Imports may be repeated after months: their keys are kept for ever.
        keep_key: bool,
    },
    Refused {
        letter: DeadLetter,
        day_received: i32,
    },
    AdCost(AdCost),
    Command(Command),
    Tick,
    /// What stood here was erased. A replay begins behind it.
    Erased,
}

/// Message ids of imports begin so.
const IMPORT: &str = "import:";

impl Batch {
    /// Reads records as the log keeps them.
    ///
    /// * `region`: see [`crate::Settings`].
    pub fn decode(records: Vec<LogRecord>, region: &str) -> Self {
        let end_offset = records.last().map_or(0, |record| record.offset + 1);
        let records = records
            .into_iter()
            .map(|record| Record { offset: record.offset, at_us: record.at_us, content: content(&record, region) })
            .collect();
        Self { records, end_offset, is_large: false, ahead: None }
    }
}

impl Batch {
    /// Reads ahead what the table has of the fragments that the events name.
    ///
    /// * `as_of`: how far is folded.
    pub async fn look_ahead(&mut self, store: &Store, hash_key: &HashKey, as_of: u64) -> Result<(), StoreError> {
        let mut ids: Vec<FragmentId> = Vec::with_capacity(self.records.len());
        for record in &self.records {
            if let Content::Event { event, .. } = &record.content {
                ids.extend(event.identifiers.iter().map(|identifier| identifier.fragment_id(hash_key, 0)));
            }
        }
        // In the order of the table, which reads pages once.
        ids.sort_unstable();
        ids.dedup();
        let found = store.fragments_ahead(&ids).await?;
        let mut rows: FxHashMap<FragmentId, Option<FragmentRow>> = ids.into_iter().map(|id| (id, None)).collect();
        rows.extend(found.into_iter().map(|row| (row.fragment_id, Some(row))));
        self.ahead = Some(Ahead { as_of, rows });
        Ok(())
    }

    /// The same records in batches in which some stand alone: an erasure, which is folded on the tables and not in memory; and a
    /// change of the identity settings or of segments, by which the batch after it is loaded.
    pub fn parts(self) -> Vec<Self> {
        if !self.records.iter().any(stands_alone) {
            return vec![self];
        }
        let mut parts: Vec<Self> = Vec::new();
        let mut after_one_alone = true;
        for record in self.records {
            let is_alone = stands_alone(&record);
            if is_alone || after_one_alone {
                parts.push(Self { records: Vec::new(), end_offset: 0, is_large: self.is_large, ahead: None });
            }
            after_one_alone = is_alone;
            if let Some(part) = parts.last_mut() {
                part.end_offset = record.offset + 1;
                part.records.push(record);
            }
        }
        parts
    }
}

fn stands_alone(record: &Record) -> bool {
    let Content::Command(Command { action, .. }) = &record.content else { return false };
    let changes_loading = matches!(
        action,
        Action::SetIdentity { .. }
            | Action::SetSegment { .. }
            | Action::RemoveSegment { .. }
            | Action::RefillSegment { .. }
            | Action::FillSegment { .. }
            | Action::DecideSegment { .. }
            | Action::SendBroadcast { .. }
            | Action::StepJourney { .. }
    );
    changes_loading || erase::erases(record).is_some()
}

/// What does not read back is a dead letter: the border let it through, or another version wrote it.
fn content(record: &LogRecord, region: &str) -> Content {
    let read = match RecordKind::from_u8(record.kind) {
        Some(RecordKind::Event) => event(&record.body, region),
        Some(RecordKind::Refused) => refused(record),
        Some(RecordKind::AdCost) => ad_cost(&record.body),
        Some(RecordKind::Command) => serde_json::from_slice(&record.body).map(Content::Command).map_err(unreadable),
        Some(RecordKind::Tick) => Ok(Content::Tick),
        Some(RecordKind::Erased) => Ok(Content::Erased),
        None => Err(Refusal::new(RefusalCode::UnknownType, format!("a log record of kind {}: written by a newer version?", record.kind))),
    };
    read.unwrap_or_else(|refusal| dead(record, &refusal))
}

fn event(body: &[u8], region: &str) -> Result<Content, Refusal> {
    let (stamp, raw) = Stamp::decode(body).map_err(unreadable)?;
    let event = Event::parse(raw, &stamp, region)?;
    Ok(Content::Event {
        told: Told::by(&event, FragmentId(0), None),
        event: Box::new(event),
        day_received: time::day(stamp.received_us),
        message_key: record::message_key(&stamp.source, &stamp.message_id),
        keep_key: stamp.message_id.starts_with(IMPORT),
        source: stamp.source.into_owned(),
    })
}

fn refused(record: &LogRecord) -> Result<Content, Refusal> {
    let (stamp, refusal, raw) = record::decode_refused(&record.body).map_err(unreadable)?;
    Ok(Content::Refused { letter: letter(record.offset, &stamp, &refusal, raw), day_received: time::day(stamp.received_us) })
}

fn ad_cost(body: &[u8]) -> Result<Content, Refusal> {
    let (_, raw) = Stamp::decode(body).map_err(unreadable)?;
    serde_json::from_slice(raw).map(Content::AdCost).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::InvalidJson, error.to_string())
}

fn dead(record: &LogRecord, refusal: &Refusal) -> Content {
    let letter = match Stamp::decode(&record.body) {
        Ok((stamp, raw)) => letter(record.offset, &stamp, refusal, raw),
        Err(_) => DeadLetter {
            log_offset: record.offset,
            number: 0,
            received_us: record.at_us,
            source: String::new(),
            code: refusal.code.as_str().to_owned(),
            reason: refusal.message.clone(),
            raw: record.body.to_vec(),
            state: "open".to_owned(),
        },
    };
    Content::Refused { letter, day_received: time::day(record.at_us) }
}

fn letter(offset: u64, stamp: &Stamp<'_>, refusal: &Refusal, raw: &[u8]) -> DeadLetter {
    DeadLetter {
        log_offset: offset,
        number: 0,
        received_us: stamp.received_us,
        source: stamp.source.clone().into_owned(),
        code: refusal.code.as_str().to_owned(),
        reason: refusal.message.clone(),
        raw: raw.to_vec(),
        state: "open".to_owned(),
    }
}
