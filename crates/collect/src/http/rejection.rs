//! A request that is refused as a whole. What SDKs do with the status decides which one it is: 400, 401, 404, 413 and
//! 415 make them drop the batch, 408, 429 and 503 make them keep it and come again.

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CONNECTION, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use forecourt_model::{Refusal, RefusalCode};
use serde_json::json;

use crate::NotStored;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error(
        "the request has no write key: send it as the user of HTTP basic authentication, in the header `X-Write-Key`, as `?writeKey=`, or as `writeKey` in the body"
    )]
    NoWriteKey,
    #[error("the write key belongs to no source here: copy it from the page Sources")]
    UnknownWriteKey,
    #[error("the source is disabled: enable it on the page Sources")]
    SourceDisabled,
    #[error("the body has over {limit} bytes: send smaller batches, or raise `body_bytes_max`")]
    BodyTooLarge { limit: usize },
    #[error("the body has over {limit} bytes when decompressed: send smaller batches, or raise `inflated_bytes_max`")]
    InflatedTooLarge { limit: usize },
    #[error(
        "the body grows over {limit} times when decompressed, as no batch of events does: send it less compressed, or raise `inflated_ratio_max`"
    )]
    InflatedSuspiciously { limit: usize },
    #[error("the batch has {items} items, over the limit of {limit}: send it in smaller batches, or raise `batch_items_max`")]
    BatchTooLong { items: usize, limit: usize },
    #[error("the log never takes this much at once ({reason}): send it in smaller batches")]
    CallTooLarge { reason: String },
    #[error("the body is {encoding}, which is not understood here: send it plain, as gzip or as deflate")]
    UnknownEncoding { encoding: String },
    #[error("the body does not decompress as {encoding}: is it cut short, or does `Content-Encoding` name another form?")]
    BrokenEncoding { encoding: &'static str },
    #[error("{reason}")]
    Unreadable { reason: String },
    #[error("the body came too slowly: send it again")]
    Slow,
    #[error("the body broke off: send it again")]
    BrokenOff,
    #[error("the source sends more requests than its {limit} a second: send again in a moment, in larger batches")]
    TooManyRequests { limit: u32, retry_after_s: u32 },
    #[error("{reason}")]
    Later { reason: String, retry_after_s: u32 },
}

impl Rejection {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoWriteKey | Self::UnknownWriteKey => StatusCode::UNAUTHORIZED,
            Self::SourceDisabled => StatusCode::NOT_FOUND,
            Self::BodyTooLarge { .. }
            | Self::InflatedTooLarge { .. }
            | Self::InflatedSuspiciously { .. }
            | Self::BatchTooLong { .. }
            | Self::CallTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownEncoding { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BrokenEncoding { .. } | Self::Unreadable { .. } | Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Later { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoWriteKey => "no_write_key",
            Self::UnknownWriteKey => "unknown_write_key",
            Self::SourceDisabled => "source_disabled",
            Self::BodyTooLarge { .. }
            | Self::InflatedTooLarge { .. }
            | Self::InflatedSuspiciously { .. }
            | Self::BatchTooLong { .. }
            | Self::CallTooLarge { .. } => "too_large",
            Self::UnknownEncoding { .. } => "unknown_encoding",
            Self::BrokenEncoding { .. } => "broken_encoding",
            Self::Unreadable { .. } => "invalid_json",
            Self::Slow => "too_slow",
            Self::BrokenOff => "broken_off",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Later { .. } => "overloaded",
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooManyRequests { retry_after_s, .. } | Self::Later { retry_after_s, .. } => Some(*retry_after_s),
            _ => None,
        }
    }

    /// What the dead letters keep of it: only what the sender's SDK now drops for good.
    pub fn refusal(&self) -> Option<Refusal> {
        let code = match self {
            Self::BodyTooLarge { .. }
            | Self::InflatedTooLarge { .. }
            | Self::InflatedSuspiciously { .. }
            | Self::BatchTooLong { .. }
            | Self::CallTooLarge { .. } => RefusalCode::TooLarge,
            Self::UnknownEncoding { .. } | Self::BrokenEncoding { .. } | Self::Unreadable { .. } => RefusalCode::InvalidJson,
            _ => return None,
        };
        Some(Refusal::new(code, self.to_string()))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let body = json!({ "success": false, "code": self.code(), "message": self.to_string() });
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if matches!(self, Self::TooManyRequests { .. }) {
            headers.insert("x-ratelimit-reset", self.retry_after_s().unwrap_or(1).into());
        }
        if matches!(self, Self::Slow | Self::BrokenOff | Self::BodyTooLarge { .. }) {
            // The rest of the body is not waited for.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<NotStored> for Rejection {
    fn from(error: NotStored) -> Self {
        match error {
            NotStored::Later { reason, retry_after_s } => Self::Later { reason, retry_after_s },
            NotStored::TooLarge { reason } => Self::CallTooLarge { reason },
        }
    }
}
