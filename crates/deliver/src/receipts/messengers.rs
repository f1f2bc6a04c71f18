//! Receipts of WhatsApp and Viber.

use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use forecourt_model::{
    message::{MessageChannel, MessageState, Outcome, ReactionKind},
    sender,
};
use forecourt_store::StoreError;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::{NO_ADDRESS, find, is_key, pairs, tell, tell_once};
use crate::{Deliver, Shared, channels::sms::text_at};

pub fn routes() -> Router<Deliver> {
    Router::new()
        .route("/v1/receipts/whatsapp/{key}", get(whatsapp_asks).post(whatsapp_tells))
        .route("/v1/receipts/viber/{key}", post(viber_tells))
}

/// What a receipt says of a message, and how.
struct Receipt {
    /// Ours, or the provider's.
    id: String,
    told: Told,
    why: String,
}

enum Told {
    Delivered,
    Read,
    Undelivered,
}

/// Meta asks whether the address is ours: the word to verify by is the key itself.
async fn whatsapp_asks(State(deliver): State<Deliver>, Path(key): Path<String>, RawQuery(query): RawQuery) -> Response {
    let asked = pairs(query.unwrap_or_default().as_bytes());
    match is_key(&deliver.shared, MessageChannel::Whatsapp, &key).await {
        Ok(true) if asked["hub.mode"] == "subscribe" && asked["hub.verify_token"] == key.as_str() => {
            asked["hub.challenge"].as_str().unwrap_or_default().to_owned().into_response()
        }
        Ok(true) => (StatusCode::FORBIDDEN, "the word to verify by is the last part of the address").into_response(),
        Ok(false) => (StatusCode::NOT_FOUND, NO_ADDRESS).into_response(),
        Err(error) => later(&error),
    }
}

async fn whatsapp_tells(State(deliver): State<Deliver>, Path(key): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let shared = &deliver.shared;
    let take = async {
        if !is_key(shared, MessageChannel::Whatsapp, &key).await? {
            return Ok((StatusCode::NOT_FOUND, NO_ADDRESS));
        }
        let secret = shared.control.secret(sender::WHATSAPP_APP_SECRET).await?;
        let signature = header(&headers, "x-hub-signature-256").strip_prefix("sha256=").unwrap_or_default();
        if secret.is_some_and(|secret| !is_signed(secret.reveal(), &body, signature)) {
            return Ok((StatusCode::FORBIDDEN, "the signature is not the app's"));
        }
        take(shared, MessageChannel::Whatsapp, &body, of_whatsapp).await
    };
    answer(take.await)
}

async fn viber_tells(State(deliver): State<Deliver>, Path(key): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let shared = &deliver.shared;
    let take = async {
        if !is_key(shared, MessageChannel::Viber, &key).await? {
            return Ok((StatusCode::NOT_FOUND, NO_ADDRESS));
        }
        let place = sender::secret_place(MessageChannel::Viber).unwrap_or_default();
        let secret = shared.control.secret(place).await?;
        let signature = header(&headers, "x-viber-content-signature");
        // A gateway that only speaks as Viber does may not sign.
        if !signature.is_empty() && secret.is_none_or(|secret| !is_signed(secret.reveal(), &body, signature)) {
            return Ok((StatusCode::FORBIDDEN, "the signature is not of our token"));
        }
        take(shared, MessageChannel::Viber, &body, |told| of_viber(told).into_iter().collect()).await
    };
    answer(take.await)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn answer(taken: Result<(StatusCode, &'static str), StoreError>) -> Response {
    taken.map_or_else(|error| later(&error), IntoResponse::into_response)
}

fn later(error: &StoreError) -> Response {
    tracing::warn!(%error, "a receipt is not taken");
    (StatusCode::SERVICE_UNAVAILABLE, "send it again later").into_response()
}

/// * `signature`: hexadecimal digits of HMAC-SHA256 over the body.
fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let bytes = (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(signature.get(at..at + 2).unwrap_or("x"), 16));
    let Ok(bytes) = bytes.collect::<Result<Vec<u8>, _>>() else { return false };
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).is_ok_and(|mut mac| {
        mac.update(body);
        mac.verify_slice(&bytes).is_ok()
    })
}

/// Takes all receipts of a call. One of a message that is not known is taken too: providers send again what is not, for days.
async fn take(
    shared: &Shared,
    channel: MessageChannel,
    body: &[u8],
    read: impl Fn(&Value) -> Vec<Receipt>,
) -> Result<(StatusCode, &'static str), StoreError> {
    let Ok(told) = serde_json::from_slice::<Value>(body) else { return Ok((StatusCode::BAD_REQUEST, "the receipt is no JSON")) };
    for Receipt { id, told, why } in read(&told) {
        let Some((message, round)) = find(shared, channel, &id).await? else { continue };
        let outcome = |state, why: String| Outcome { round, ..Outcome::of(&message, state, why, shared.now_us()) };
        match told {
            Told::Undelivered => tell(shared, &outcome(MessageState::Undelivered, why)).await?,
            Told::Delivered => tell(shared, &outcome(MessageState::Delivered, why)).await?,
            Told::Read => {
                // Who has read it has got it, and some tell only that.
                tell(shared, &outcome(MessageState::Delivered, why)).await?;
                tell_once(shared, &message, ReactionKind::Opened).await?;
            }
        }
    }
    Ok((StatusCode::OK, "ok"))
}

/// Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks, "statuses".
fn of_whatsapp(told: &Value) -> Vec<Receipt> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let changes = list(&told["entry"]).into_iter().flat_map(|entry| list(&entry["changes"]));
    let statuses = changes.flat_map(|change| list(&change["value"]["statuses"]));
    let receipt = |status: Value| {
        let id = status["biz_opaque_callback_data"].as_str().or_else(|| status["id"].as_str())?.to_owned();
        let error = &status["errors"][0];
        let (told, why) = match status["status"].as_str()? {
            "delivered" => (Told::Delivered, String::new()),
            "read" | "played" => (Told::Read, String::new()),
            "failed" => {
                let detail = error["error_data"]["details"].as_str().or_else(|| error["title"].as_str()).unwrap_or("not delivered");
                (Told::Undelivered, format!("WhatsApp's error {}: {detail}", error["code"]))
            }
            _ => return None,
        };
        Some(Receipt { id, told, why })
    };
    statuses.filter_map(receipt).collect()
}

/// Source: developers.viber.com/docs/api/rest-bot-api, "Message receipts callbacks" and "Failed callback".
fn of_viber(told: &Value) -> Option<Receipt> {
    let id = text_at(told, "message_token")?;
    let (told, why) = match told["event"].as_str()? {
        "delivered" => (Told::Delivered, String::new()),
        "seen" => (Told::Read, String::new()),
        "failed" => (Told::Undelivered, format!("Viber: {}", told["desc"].as_str().unwrap_or("not delivered"))),
        _ => return None,
    };
    Some(Receipt { id, told, why })
}
