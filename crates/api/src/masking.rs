//! What leaves for those who see people masked: the one place that every answer passes on its way out.
//!
//! An answer in JSON is masked as a whole, so that a new route cannot forget it. Rows that the query has masked already,
//! below every expression, are let through as they are; any other format is refused.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use forecourt_model::{Role, Scope, mask};
use serde_json::Value;

use crate::{Caller, error::ApiError};

/// The largest answer that is masked as a whole.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// On a response: what is personal in it has been masked where it was read.
#[derive(Debug, Clone, Copy)]
struct MaskedAtSource;

/// Says that an answer was masked where it was read: by the query, or event by event. Only for answers that hold nothing else.
pub fn masked_at_source(mut response: Response) -> Response {
    response.extensions_mut().insert(MaskedAtSource);
    response
}

/// The roles that may be set to see people masked: admins set it, and a dealer's people are his own.
pub const MASKABLE: [Role; 3] = [Role::Marketer, Role::Analyst, Role::Operator];

impl Caller {
    /// Whether people are shown to this caller masked.
    pub fn sees_masked(&self) -> bool {
        self.scope == Scope::Masked
    }
}

/// Masks an answer, or refuses it where it cannot be.
pub(crate) async fn masked(response: Response) -> Response {
    if response.extensions().get::<MaskedAtSource>().is_some() {
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (mut parts, body) = response.into_parts();
    if !kind.is_empty() && !kind.starts_with("application/json") {
        return refused();
    }
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        return ApiError::invalid("the answer is too large to be masked: ask for fewer rows").into_response();
    };
    if bytes.is_empty() {
        return Response::from_parts(parts, Body::empty());
    }
    let Ok(answer) = serde_json::from_slice::<Value>(&bytes) else { return refused() };
    let text = mask::mask_answer(answer).to_string();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
    Response::from_parts(parts, Body::from(text))
}

fn refused() -> Response {
    ApiError::forbidden("your role sees people masked, and this cannot be masked: ask an admin for the file").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn only_json_and_what_was_masked_before_goes_out() {
        let json = axum::Json(serde_json::json!({ "email": "ivan@example.com" })).into_response();
        assert_eq!(text(masked(json).await).await, r#"{"email":"i***@example.com"}"#);
        let csv = || ([(header::CONTENT_TYPE, "text/csv")], "ivan@example.com").into_response();
        assert_eq!(masked(csv()).await.status(), 403);
        assert_eq!(text(masked(masked_at_source(csv())).await).await, "ivan@example.com");
        let broken = ([(header::CONTENT_TYPE, "application/json")], "ivan@example.com").into_response();
        assert_eq!(masked(broken).await.status(), 403);
        assert_eq!(masked(axum::http::StatusCode::NO_CONTENT.into_response()).await.status(), 204);
    }
}
