//! What came of a message, and what people did with it, told to the log.

use std::time::Duration;

use forecourt_log::{Entry, Log, LogError};
use forecourt_model::{
    Origin, RecordKind, Stamp,
    message::{DELIVER_SOURCE, Outcome, Reaction},
};
use serde_json::Value;
use tokio::time::sleep;

const RETRY: Duration = Duration::from_millis(500);

/// Appends the outcome as an event. The same one may be appended again: it is folded once.
pub(crate) async fn append(log: &Log, outcome: &Outcome, now_us: i64) -> Result<(), LogError> {
    append_item(log, &outcome.event_id(), &outcome.to_item(), now_us).await
}

/// Appends what a person did.
///
/// * `event_id`: by which a repetition of it is known, and folded once.
pub(crate) async fn append_reaction(log: &Log, reaction: &Reaction, event_id: &str, now_us: i64) -> Result<(), LogError> {
    append_item(log, event_id, &reaction.to_item(), now_us).await
}

async fn append_item(log: &Log, event_id: &str, item: &Value, now_us: i64) -> Result<(), LogError> {
    let stamp = Stamp {
        origin: Origin::Live,
        received_us: now_us,
        sent_us: None,
        source: DELIVER_SOURCE.into(),
        message_id: event_id.into(),
        ip: "".into(),
    };
    let body = stamp.encode(item.to_string().as_bytes()).into();
    log.append(now_us, vec![Entry { kind: RecordKind::Event as u8, body }]).await.map(drop)
}

/// Appends the outcome however long that takes: a log that is full or overloaded gets well again. Gives up only with a log that
/// is broken, after which the process ends, and the next one tells.
pub(crate) async fn append_at_last(log: &Log, outcome: &Outcome, now_us: i64) -> bool {
    loop {
        match append(log, outcome, now_us).await {
            Ok(()) => return true,
            Err(_) if log.is_poisoned() => return false,
            Err(error) => {
                tracing::warn!(%error, "an outcome is not in the log yet");
                sleep(RETRY).await;
            }
        }
    }
}
