//! Where providers tell whether a message reached the person, and was read. They may tell twice, late, and in any order.

mod messengers;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use forecourt_model::{
    gateway::{self, SmsGateway},
    message::{Message, MessageChannel, MessageState, Outcome, Reaction, ReactionKind},
    sender,
};
use forecourt_store::StoreError;
use serde_json::{Map, Value};

use crate::{Deliver, Shared, channels::sms::text_at, outcome};

const BODY_BYTES_MAX: usize = 64 << 10;

/// `/v1/receipts/{key}` of the SMS gateway, by GET with a query or by POST with JSON or a form; `/v1/receipts/whatsapp/{key}` and
/// `/v1/receipts/viber/{key}` as those tell.
pub fn router(deliver: Deliver) -> Router {
    let route = get(by_get).post(by_post);
    let messengers = messengers::routes();
    Router::new().route("/v1/receipts/{key}", route).merge(messengers).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(deliver)
}

async fn by_get(State(deliver): State<Deliver>, Path(key): Path<String>, RawQuery(query): RawQuery) -> Response {
    answer(&deliver, &key, pairs(query.unwrap_or_default().as_bytes())).await
}

async fn by_post(
    State(deliver): State<Deliver>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let receipt = if content_type.contains("form-urlencoded") {
        pairs(&body)
    } else if body.is_empty() {
        pairs(query.unwrap_or_default().as_bytes())
    } else {
        match serde_json::from_slice(&body) {
            Ok(value) => value,
            Err(error) => return (StatusCode::BAD_REQUEST, format!("the receipt is no JSON: {error}")).into_response(),
        }
    };
    answer(&deliver, &key, receipt).await
}

async fn answer(deliver: &Deliver, key: &str, receipt: Value) -> Response {
    match take(deliver, key, &receipt).await {
        Ok((status, told)) => (status, told).into_response(),
        Err(error) => {
            tracing::warn!(%error, "a receipt is not taken");
            (StatusCode::SERVICE_UNAVAILABLE, "send it again later").into_response()
        }
    }
}

const NO_ADDRESS: &str = "this is no address for receipts: copy it from Settings, Sending";

/// Whether this is the key that the channel's receipts come with.
pub(crate) async fn is_key(shared: &Shared, channel: MessageChannel, key: &str) -> Result<bool, StoreError> {
    let Some(place) = sender::receipts_place(channel) else { return Ok(false) };
    let secret = shared.control.secret(place).await?;
    // Compared by hash: the time it takes says nothing of how much was right.
    let hash = |text: &str| <sha2::Sha256 as sha2::Digest>::digest(text.as_bytes());
    Ok(secret.is_some_and(|secret| hash(secret.reveal()) == hash(key)))
}

async fn take(deliver: &Deliver, key: &str, receipt: &Value) -> Result<(StatusCode, &'static str), StoreError> {
    let shared = &deliver.shared;
    if !is_key(shared, MessageChannel::Sms, key).await? {
        return Ok((StatusCode::NOT_FOUND, NO_ADDRESS));
    }
    let Some(gateway) = shared.control.setting::<SmsGateway>(gateway::SETTING).await? else {
        return Ok((StatusCode::NOT_FOUND, "no gateway is set up"));
    };
    let receipts = match receipt {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut known = false;
    for receipt in receipts {
        known |= take_one(deliver, &gateway, receipt).await?;
    }
    Ok(if known { (StatusCode::OK, "ok") } else { (StatusCode::NOT_FOUND, "no such message is known here") })
}

async fn take_one(deliver: &Deliver, gateway: &SmsGateway, receipt: &Value) -> Result<bool, StoreError> {
    let shared = &deliver.shared;
    let Some(id) = text_at(receipt, &gateway.receipt_id) else { return Ok(false) };
    let Some((message, round)) = find(shared, MessageChannel::Sms, &id).await? else { return Ok(false) };
    let told = text_at(receipt, &gateway.receipt_state).unwrap_or_default();
    let is_one_of = |states: &[String]| states.iter().any(|state| state.eq_ignore_ascii_case(&told));
    let state = if is_one_of(&gateway.delivered_states) {
        MessageState::Delivered
    } else if is_one_of(&gateway.undelivered_states) {
        MessageState::Undelivered
    } else {
        // On its way: nothing that anybody waits for.
        return Ok(true);
    };
    tell(shared, &Outcome { round, ..Outcome::of(&message, state, told, shared.now_us()) }).await.map(|()| true)
}

/// Tells the log what became of a message. Whoever told it tells again where this fails.
pub(crate) async fn tell(shared: &Shared, outcome: &Outcome) -> Result<(), StoreError> {
    let appended = outcome::append(&shared.log, outcome, shared.now_us()).await;
    appended.map_err(|error| StoreError::Invalid(error.to_string()))
}

/// Tells the log what a person did, once for each message and kind.
pub(crate) async fn tell_once(shared: &Shared, message: &Message, kind: ReactionKind) -> Result<(), StoreError> {
    let now_us = shared.now_us();
    let event_id = format!("{}:{}", message.message_id, kind.as_str());
    let appended = outcome::append_reaction(&shared.log, &Reaction::of(message, kind, now_us), &event_id, now_us).await;
    appended.map_err(|error| StoreError::Invalid(error.to_string()))
}

/// The message of a channel that an id names, and its round: ours, or the provider's own.
pub(crate) async fn find(shared: &Shared, channel: MessageChannel, id: &str) -> Result<Option<(Message, i64)>, StoreError> {
    let found = match shared.store.message(id).await? {
        Some(message) => Some((message.round, message)),
        None => match shared.attempts.message_of_provider(id).await? {
            Some((message_id, round)) => shared.store.message(&message_id).await?.map(|message| (round, message)),
            None => None,
        },
    };
    Ok(found.filter(|(_, message)| message.message_channel == channel).map(|(round, message)| (message, round)))
}

pub(crate) fn pairs(text: &[u8]) -> Value {
    let mut members = Map::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        members.insert(decoded(name), Value::String(decoded(value)));
    }
    Value::Object(members)
}

fn decoded(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let escaped = text.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(if *byte == b'+' { b' ' } else { *byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
