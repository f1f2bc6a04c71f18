//! The one way in: check, stamp, append.

use std::borrow::Cow;

use bytes::Bytes;
use forecourt_log::{Entry, LogError};
use forecourt_model::{
    Event, Origin, RecordKind, Refusal, RefusalCode, Stamp, event::MESSAGE_ID_CHARS_MAX, hook::HookEvent, record::encode_refused,
};
use uuid::Uuid;

use crate::{Collector, Limits, Source, scan};

/// One call of a sender: track, identify, …
#[derive(Debug, Clone)]
pub struct Item {
    /// The call in Segment's wire format, as the sender wrote it.
    pub json: Bytes,
    /// What makes a repetition of the item recognisable; `None` to take the item's own `messageId`, or to give it one.
    pub message_id: Option<String>,
}

impl From<HookEvent> for Item {
    fn from(event: HookEvent) -> Self {
        Self { json: Bytes::from(event.call.to_string()), message_id: Some(event.message_id) }
    }
}

impl From<Bytes> for Item {
    fn from(json: Bytes) -> Self {
        Self { json, message_id: None }
    }
}

/// What became of the items of one call. All of it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub accepted: usize,
    /// In the order of the items. Their dead letters are in the log too.
    pub refused: Vec<Refused>,
    /// Log offset of the first item, accepted or not; the others follow by one.
    pub first_offset: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Place among the items, from 0.
    pub index: usize,
    pub refusal: Refusal,
}

/// Nothing of the call was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// The log cannot take it now: the same call succeeds later.
    #[error("{reason}")]
    Later { reason: String, retry_after_s: u32 },
    /// The log never takes this much at once.
    #[error("{reason}")]
    TooLarge { reason: String },
}

/// A batch of thousands gives way to other requests after this many items: about a millisecond.
const ITEMS_BETWEEN_YIELDS: usize = 256;

/// The most of a refused item that its dead letter keeps, in bytes.
pub(crate) const DEAD_LETTER_BYTES_MAX: usize = 256 << 10;

impl Collector {
    /// Checks each item as the fold will read it, stamps it, and appends all of them, refused ones as dead letters.
    ///
    /// Returns once everything is on disk.
    ///
    /// * `origin`: history starts no send and no task.
    /// * `sent_us`: when the sender says it sent the call; the clock-skew rule needs it.
    /// * `ip`: the sender's address where it is a person's (browsers), else empty.
    pub async fn accept(
        &self,
        source: &Source,
        origin: Origin,
        items: Vec<Item>,
        sent_us: Option<i64>,
        ip: &str,
    ) -> Result<Outcome, NotStored> {
        let received_us = self.now_us();
        let mut entries = Vec::with_capacity(items.len());
        let mut refused = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if index % ITEMS_BETWEEN_YIELDS == ITEMS_BETWEEN_YIELDS - 1 {
                tokio::task::yield_now().await;
            }
            let (message_id, shape) = shape(item, self.limits());
            let stamp = Stamp { origin, received_us, sent_us, source: (&*source.id).into(), message_id, ip: ip.into() };
            let checked = shape.and_then(|()| Event::check(&item.json, &stamp, self.region()));
            entries.push(match &checked {
                Ok(()) => Entry { kind: RecordKind::Event as u8, body: stamp.encode(&item.json).into() },
                Err(refusal) => dead_letter(&stamp, refusal, &item.json),
            });
            refused.extend(checked.err().map(|refusal| Refused { index, refusal }));
        }

        let first_offset = self.log().append(received_us, entries).await?;
        let accepted = items.len() - refused.len();
        self.counters().add(&source.id, received_us, accepted as u64, refused.len() as u64);
        Ok(Outcome { accepted, refused, first_offset })
    }

    /// Keeps what could not even be cut into items as one dead letter.
    ///
    /// * `raw`: the body as far as it is known; its beginning is kept.
    pub async fn refuse(&self, source: &Source, origin: Origin, refusal: &Refusal, raw: &[u8], ip: &str) -> Result<u64, NotStored> {
        let received_us = self.now_us();
        let message_id = given_id();
        let stamp = Stamp { origin, received_us, sent_us: None, source: (&*source.id).into(), message_id, ip: ip.into() };
        let offset = self.log().append(received_us, vec![dead_letter(&stamp, refusal, raw)]).await?;
        self.counters().add(&source.id, received_us, 0, 1);
        Ok(offset)
    }
}

/// What must hold before an item is read: its size, its alphabet and its depth. Also finds its message id, on the same walk.
fn shape<'a>(item: &'a Item, limits: &Limits) -> (Cow<'a, str>, Result<(), Refusal>) {
    let given = item.message_id.as_deref().map(fitting_id);
    if limits.event_bytes_max < item.json.len() {
        let told = format!(
            "the item has {} bytes, over the limit of {}: send less in one event, or raise `event_bytes_max`",
            item.json.len(),
            limits.event_bytes_max
        );
        return (given.unwrap_or_else(given_id), Err(Refusal::new(RefusalCode::TooLarge, told)));
    }
    if let Err(error) = std::str::from_utf8(&item.json) {
        let told = format!("the item is not UTF-8 from its byte {} on: send JSON in UTF-8", error.valid_up_to());
        return (given.unwrap_or_else(given_id), Err(Refusal::new(RefusalCode::InvalidJson, told)));
    }
    let mut own = None;
    let mut deepest = 0;
    // What is malformed is for `Event::parse` to refuse, with its better message.
    let _ = scan::members(&item.json, |name, part| {
        deepest = deepest.max(part.depth + 1);
        if name == b"messageId" {
            own = Some(part.bytes);
        }
    });
    let shaped = if limits.event_depth_max < deepest {
        let told = format!("the item nests {deepest} levels deep, over the limit of {}: flatten its properties", limits.event_depth_max);
        Err(Refusal::new(RefusalCode::InvalidJson, told))
    } else {
        Ok(())
    };
    match (given, own.map(own_id)) {
        (Some(given), _) => (given, shaped),
        (None, Some(Ok(Some(own)))) => (own, shaped),
        (None, Some(Err(refusal))) => (given_id(), shaped.and(Err(refusal))),
        (None, Some(Ok(None)) | None) => (given_id(), shaped),
    }
}

/// The item's `messageId`: text, or a number in its place; blank is none.
fn own_id(raw: &[u8]) -> Result<Option<Cow<'_, str>>, Refusal> {
    let text: Cow<'_, str> = match raw.first() {
        Some(b'"') if !raw.contains(&b'\\') => String::from_utf8_lossy(&raw[1..raw.len() - 1]),
        Some(b'"') => match serde_json::from_slice::<String>(raw) {
            Ok(text) => text.into(),
            // Malformed: the item is refused for that when it is read.
            Err(_) => return Ok(None),
        },
        Some(b'-' | b'0'..=b'9') => String::from_utf8_lossy(raw),
        Some(b'{' | b'[' | b't' | b'f') => return Err(Refusal::new(RefusalCode::WrongType, "`messageId` must be a string")),
        _ => return Ok(None),
    };
    let blank = text.trim().is_empty();
    Ok((!blank).then(|| match text {
        Cow::Borrowed(text) => fitting_id(text),
        Cow::Owned(text) => fitting_id(&text).into_owned().into(),
    }))
}

/// The id as it is, or the hash of one that is too long to keep: cutting it would make different ids the same.
fn fitting_id(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MESSAGE_ID_CHARS_MAX) {
        None => text.into(),
        Some(_) => format!("long:{}", blake3::hash(text.as_bytes()).to_hex()).into(),
    }
}

fn given_id<'a>() -> Cow<'a, str> {
    Uuid::new_v4().to_string().into()
}

fn dead_letter(stamp: &Stamp<'_>, refusal: &Refusal, raw: &[u8]) -> Entry {
    let kept = &raw[..raw.len().min(DEAD_LETTER_BYTES_MAX)];
    Entry { kind: RecordKind::Refused as u8, body: encode_refused(stamp, refusal, kept).into() }
}

impl From<LogError> for NotStored {
    fn from(error: LogError) -> Self {
        match error {
            LogError::EntryTooLarge { .. } | LogError::BatchTooLarge { .. } => Self::TooLarge { reason: error.to_string() },
            LogError::Overloaded { .. } => Self::Later { reason: error.to_string(), retry_after_s: 1 },
            LogError::Full => Self::Later { reason: error.to_string(), retry_after_s: 10 },
            // A sender has no use for the paths and faults of our disk; whoever runs the installation has.
            other => {
                tracing::error!(error = %other, "the log does not accept");
                Self::Later {
                    reason: "the log does not accept events now: nothing was accepted, send again later".into(),
                    retry_after_s: 10,
                }
            }
        }
    }
}
