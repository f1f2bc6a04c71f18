//! Where mail systems and providers of e-mail tell what came back: bounces, complaints, deliveries, opens.

mod dsn;
mod providers;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use forecourt_model::message::{Message, MessageChannel, MessageState, Outcome, ReactionKind};
use forecourt_store::StoreError;
use serde_json::Value;

use crate::{
    Deliver, Shared,
    receipts::{find, is_key, tell, tell_once},
};

const BODY_BYTES_MAX: usize = 4 << 20;
/// What the log keeps of a mail system's own words.
const WHY_CHARS_MAX: usize = 300;

/// What came back of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Back {
    /// Ours as it stands in `Message-ID`, or the provider's.
    ids: Vec<String>,
    what: What,
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Delivered,
    Opened,
    Complained,
    /// It will not reach this mailbox; with `is_permanent` nothing ever will.
    Bounced {
        is_permanent: bool,
    },
}

/// `POST /v1/bounces/{key}`: a report as mail systems write it (RFC 3464), or JSON as providers of e-mail do.
pub fn router(deliver: Deliver) -> Router {
    Router::new().route("/v1/bounces/{key}", post(bounces)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(deliver)
}

async fn bounces(State(deliver): State<Deliver>, Path(key): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match take(&deliver.shared, &key, content_type, &body).await {
        Ok(answer) => answer.into_response(),
        Err(error) => {
            tracing::warn!(%error, "a bounce is not taken");
            (StatusCode::SERVICE_UNAVAILABLE, "send it again later").into_response()
        }
    }
}

async fn take(shared: &Shared, key: &str, content_type: &str, body: &[u8]) -> Result<(StatusCode, String), StoreError> {
    if !is_key(shared, MessageChannel::Email, key).await? {
        return Ok((StatusCode::NOT_FOUND, "this is no address for bounces: copy it from Settings, Sending".to_owned()));
    }
    let is_mail = content_type.starts_with("message/") || content_type.starts_with("multipart/") || content_type.starts_with("text/plain");
    let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| matches!(byte, b'{' | b'['));
    let backs = if is_json {
        let Ok(told) = serde_json::from_slice::<Value>(body) else { return Ok((StatusCode::BAD_REQUEST, "this is no JSON".to_owned())) };
        if let Some(url) = providers::to_confirm(&told) {
            return Ok(confirm(shared, url).await);
        }
        providers::read(&told)
    } else if is_mail || content_type.is_empty() || content_type.starts_with("application/octet-stream") {
        dsn::read(body, content_type)
    } else {
        return Ok((StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the mail as `message/rfc822`, or JSON".to_owned()));
    };
    let mut known = 0;
    for back in &backs {
        known += usize::from(take_one(shared, back).await?);
    }
    // What nobody knows is taken too: asking for it again would not help.
    Ok((StatusCode::OK, format!("{known} of {} known\n", backs.len())))
}

/// Amazon asks whether the address is ours, and wants it fetched.
async fn confirm(shared: &Shared, url: &str) -> (StatusCode, String) {
    let host = crate::channels::http::host_of(url);
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    if !is_plain || !url.starts_with("https://sns.") || !host.ends_with(".amazonaws.com") {
        return (StatusCode::BAD_REQUEST, "the address to confirm at is not Amazon's".to_owned());
    }
    match shared.outgoing.send(forecourt_outgoing::Request::new(forecourt_outgoing::Method::GET, url)).await {
        Ok(answer) if answer.status.is_success() => (StatusCode::OK, "confirmed".to_owned()),
        Ok(answer) => (StatusCode::BAD_GATEWAY, format!("Amazon answered {}", answer.status)),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
    }
}

async fn take_one(shared: &Shared, back: &Back) -> Result<bool, StoreError> {
    let Some((message, round)) = message_of(shared, &back.ids).await? else { return Ok(false) };
    let why: String = back.why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WHY_CHARS_MAX).collect();
    let outcome = |state, is_permanent| Outcome { round, is_permanent, ..Outcome::of(&message, state, why, shared.now_us()) };
    match back.what {
        What::Delivered => tell(shared, &outcome(MessageState::Delivered, false)).await?,
        What::Bounced { is_permanent } => tell(shared, &outcome(MessageState::Undelivered, is_permanent)).await?,
        What::Opened => tell_once(shared, &message, ReactionKind::Opened).await?,
        What::Complained => tell_once(shared, &message, ReactionKind::Complained).await?,
    }
    Ok(true)
}

async fn message_of(shared: &Shared, ids: &[String]) -> Result<Option<(Message, i64)>, StoreError> {
    for id in ids {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        // Ours is the part before the `@` of `Message-ID`.
        for id in [id, id.split('@').next().unwrap_or(id)] {
            if let Some(found) = find(shared, MessageChannel::Email, id).await? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}
