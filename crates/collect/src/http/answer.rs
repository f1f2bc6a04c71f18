use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use forecourt_model::RefusalCode;
use serde::Serialize;

use crate::{Outcome, Refused};

/// What a sender gets to read: each item that was refused, with the reason.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    success: bool,
    /// The refused item's, on a call of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<RefusalCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    accepted: usize,
    refused: Vec<RefusedItem>,
}

#[derive(Debug, Serialize)]
struct RefusedItem {
    index: usize,
    code: RefusalCode,
    message: String,
}

impl Answer {
    /// A batch is a success whatever its items: an SDK would drop or repeat all of it for one bad item.
    pub fn to_batch(outcome: Outcome) -> Self {
        Self { success: true, code: None, message: None, accepted: outcome.accepted, refused: items(outcome.refused) }
    }

    pub fn to_one(outcome: Outcome) -> Self {
        let refusal = outcome.refused.first().map(|refused| refused.refusal.clone());
        Self {
            success: refusal.is_none(),
            code: refusal.as_ref().map(|refusal| refusal.code),
            message: refusal.map(|refusal| refusal.message),
            ..Self::to_batch(outcome)
        }
    }
}

fn items(refused: Vec<Refused>) -> Vec<RefusedItem> {
    let item = |Refused { index, refusal }| RefusedItem { index, code: refusal.code, message: refusal.message };
    refused.into_iter().map(item).collect()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = match (self.success, self.code) {
            (true, _) => StatusCode::OK,
            (false, Some(RefusalCode::TooLarge)) => StatusCode::PAYLOAD_TOO_LARGE,
            (false, _) => StatusCode::BAD_REQUEST,
        };
        (status, Json(self)).into_response()
    }
}
