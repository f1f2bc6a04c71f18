//! Follows the log's end for the Live page: what arrived, and what the fold made of it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use forecourt_log::{Log, LogError, Record};
use forecourt_model::{
    Block, Event, EventAttribution, ProfileId, RecordKind, Refusal, Stamp,
    block::TouchOf,
    command::{Action, Command},
    record::decode_refused,
    time::iso,
};
use forecourt_store::{Store, StoreError, control::Control};
use serde::Serialize;
use tokio::{
    sync::{broadcast, watch},
    time::{sleep, timeout},
};
use utoipa::ToSchema;

/// How many events are kept for those who come later.
pub const RECENT_MAX: usize = 500;
/// How many of one look are shown: nobody reads more, and under load the rest is not even parsed.
const SHOWN_AT_ONCE: usize = 100;
/// Between two looks, so that a busy log costs little.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long an event waits for the fold's word before it is shown without.
const VERDICT_WITHIN: Duration = Duration::from_millis(400);
const READ_BYTES_MAX: usize = 4 << 20;

/// An event on its arrival.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LiveEvent {
    offset: String,
    received_at: String,
    ts: String,
    /// The source's name.
    source: String,
    event: String,
    #[serde(rename = "type")]
    event_type: String,
    /// Null while the fold has not decided, and for what is refused.
    #[schema(required)]
    profile_id: Option<String>,
    identifiers: Vec<NamedIdentifier>,
    verdict: LiveVerdict,
    /// Why it was refused.
    #[schema(required)]
    reason: Option<String>,
    #[schema(required)]
    channel: Option<String>,
    /// As it was sent; text where that is not JSON.
    raw: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamedIdentifier {
    pub kind: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveVerdict {
    Accepted,
    Duplicate,
    Refused,
}

/// Cloning gives another handle to the same feed.
#[derive(Debug, Clone)]
pub struct Feed {
    log: Log,
    store: Store,
    control: Control,
    folded: watch::Receiver<u64>,
    region: String,
    recent: Arc<Mutex<VecDeque<Arc<LiveEvent>>>>,
    sender: broadcast::Sender<Arc<LiveEvent>>,
}

#[derive(Debug, thiserror::Error)]
enum FeedError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("reading was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Feed {
    pub(crate) fn new(log: Log, store: Store, control: Control, folded: watch::Receiver<u64>, region: String) -> Self {
        let (sender, _) = broadcast::channel(1_024);
        Self { log, store, control, folded, region, recent: Arc::default(), sender }
    }

    /// The newest first.
    pub(crate) fn recent(&self, limit: usize) -> Vec<Arc<LiveEvent>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().rev().take(limit).cloned().collect()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.sender.subscribe()
    }

    /// Follows the log until `stop` is true. Costs nothing while nothing arrives.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut next = self.log.end_offset().saturating_sub(RECENT_MAX as u64).max(self.log.first_offset());
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.log.wait_past(next) => {}
            }
            match self.look(next).await {
                Ok(seen) => next = seen,
                Err(error) => {
                    tracing::warn!(%error, "the Live page misses some events, going on behind them");
                    next = self.log.end_offset();
                }
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Shows what came since `next`, the latest of it; returns where to look next.
    async fn look(&self, next: u64) -> Result<u64, FeedError> {
        let end = self.log.end_offset();
        let first_look = self.recent(1).is_empty();
        let shown = if first_look { RECENT_MAX } else { SHOWN_AT_ONCE };
        let records = self.read(next.max(end.saturating_sub(shown as u64)), shown).await?;
        let Some(last) = records.last().map(|record| record.offset) else { return Ok(end) };
        let mut folded = self.folded.clone();
        // Late or never: shown without the fold's word.
        let _ = timeout(VERDICT_WITHIN, folded.wait_for(|folded| last < *folded)).await;
        let decisions = self.decisions(&records).await?;
        let names = source_names(&self.control).await?;
        // Whoever is erased is not shown any more; nobody can say quickly who of the others is not that person.
        let erased = records.iter().rposition(is_erasure).map_or(0, |at| at + 1);
        if erased != 0 {
            self.recent.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        for event in records[erased..].iter().filter_map(|record| self.event(record, &names, &decisions)) {
            self.show(Arc::new(event));
        }
        Ok(last + 1)
    }

    async fn read(&self, from: u64, records_max: usize) -> Result<Vec<Record>, FeedError> {
        let mut reader = self.log.reader(from.max(self.log.first_offset()))?;
        Ok(tokio::task::spawn_blocking(move || reader.next_batch(records_max, READ_BYTES_MAX)).await??)
    }

    /// The fold's word on the records' range, as far as its blocks are there.
    async fn decisions(&self, records: &[Record]) -> Result<Decisions, FeedError> {
        let Some(first) = records.first().map(|record| record.offset) else { return Ok(Decisions::default()) };
        let blocks = self.store.blocks(first, READ_BYTES_MAX).await?;
        let ranges = blocks.iter().map(|block| (block.first_offset, block.end_offset)).collect();
        let profiles = blocks.iter().flat_map(|block| &block.events).filter(|event| first <= event.offset);
        let profiles = profiles.map(|event| (event.offset, event.profile_id)).collect();
        Ok(Decisions { ranges, profiles, channels: channels(&blocks) })
    }

    fn event(&self, record: &Record, names: &BTreeMap<String, String>, decisions: &Decisions) -> Option<LiveEvent> {
        match RecordKind::from_u8(record.kind)? {
            RecordKind::Event => {
                let (stamp, raw) = Stamp::decode(&record.body).ok()?;
                let event = Event::parse(raw, &stamp, &self.region).ok()?;
                Some(decisions.accepted(record, &event, raw, names))
            }
            RecordKind::Refused => {
                let (stamp, refusal, raw) = decode_refused(&record.body).ok()?;
                Some(refused(record, &stamp, refusal, raw, names))
            }
            RecordKind::Command | RecordKind::Tick | RecordKind::AdCost | RecordKind::Erased => None,
        }
    }

    fn show(&self, event: Arc<LiveEvent>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == RECENT_MAX {
            recent.pop_front();
        }
        recent.push_back(event.clone());
        drop(recent);
        // Nobody may be watching.
        let _ = self.sender.send(event);
    }
}

#[derive(Default)]
struct Decisions {
    ranges: Vec<(u64, u64)>,
    profiles: BTreeMap<u64, ProfileId>,
    /// Of events that say themselves how the person came.
    channels: BTreeMap<u64, String>,
}

/// Channels that rules gave to events' own touches, by offset.
fn channels(blocks: &[Block]) -> BTreeMap<u64, String> {
    let own = |block: &Block, event: &EventAttribution| match event.touch {
        TouchOf::Own(channel) => block.channels.get(usize::from(channel)).cloned(),
        _ => None,
    };
    let of_block = |block: &Block| block.events.iter().filter_map(|event| Some((event.offset, own(block, event)?))).collect::<Vec<_>>();
    blocks.iter().flat_map(of_block).collect()
}

impl Decisions {
    fn accepted(&self, record: &Record, event: &Event, raw: &[u8], names: &BTreeMap<String, String>) -> LiveEvent {
        let profile_id = self.profiles.get(&record.offset).map(|id| id.0.to_string());
        let is_decided = self.ranges.iter().any(|(first, end)| (*first..*end).contains(&record.offset));
        let verdict = if is_decided && profile_id.is_none() { LiveVerdict::Duplicate } else { LiveVerdict::Accepted };
        let named = |identifier: &forecourt_model::Identifier| NamedIdentifier {
            kind: identifier.kind.as_str().to_owned(),
            value: identifier.value.clone(),
        };
        LiveEvent {
            offset: record.offset.to_string(),
            received_at: iso(event.received_us),
            ts: iso(event.ts_us),
            source: name_of(names, &event.source),
            event: event.name.clone(),
            event_type: event.event_type.as_str().to_owned(),
            profile_id,
            identifiers: event.identifiers.iter().map(named).collect(),
            verdict,
            reason: None,
            channel: self.channels.get(&record.offset).cloned().or_else(|| event.marks.as_ref()?.channel.clone()),
            raw: readable(raw),
        }
    }
}

fn refused(record: &Record, stamp: &Stamp<'_>, refusal: Refusal, raw: &[u8], names: &BTreeMap<String, String>) -> LiveEvent {
    let raw = readable(raw);
    let text = |field: &str| raw.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    LiveEvent {
        offset: record.offset.to_string(),
        received_at: iso(stamp.received_us),
        ts: iso(stamp.received_us),
        source: name_of(names, &stamp.source),
        event: text("event"),
        event_type: text("type"),
        profile_id: None,
        identifiers: Vec::new(),
        verdict: LiveVerdict::Refused,
        reason: Some(refusal.message),
        channel: None,
        raw,
    }
}

fn readable(raw: &[u8]) -> serde_json::Value {
    serde_json::from_slice(raw).unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned().into())
}

fn name_of(names: &BTreeMap<String, String>, id: &str) -> String {
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

fn is_erasure(record: &Record) -> bool {
    let is_command = record.kind == RecordKind::Command as u8;
    let command = is_command.then(|| serde_json::from_slice::<Command>(&record.body).ok()).flatten();
    matches!(command, Some(Command { action: Action::EraseProfile { .. }, .. }))
}

/// Names of sources by their ids: records carry ids, people read names.
pub async fn source_names(control: &Control) -> Result<BTreeMap<String, String>, StoreError> {
    Ok(control.sources().await?.into_iter().map(|source| (source.id, source.name)).collect())
}
