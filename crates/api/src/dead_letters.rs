//! What was refused at the border: looked at, mended and sent again, or discarded.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use forecourt_model::{
    command::{Action, DeadLetterState},
    time::iso,
};
use forecourt_store::{Store, control::Control, dead_letter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Border, Caller, Commands,
    border::Submission,
    commands::Told,
    error::{ApiError, ErrorBody},
    feed::source_names,
    input::{Asked, Body, page_size},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LettersAsked {
    /// From the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u32>,
    /// Only of this reason code.
    reason: Option<String>,
    /// Only in this state: `open`, `retried`, `discarded`.
    state: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct DeadLetter {
    id: String,
    received_at: String,
    /// The source's name.
    source: String,
    reason_code: String,
    reason: String,
    /// As it came; bytes that are not UTF-8 are replaced.
    raw: String,
    /// `open`, `retried` or `discarded`.
    state: String,
}

#[derive(Serialize, ToSchema)]
pub struct DeadLetters {
    items: Vec<DeadLetter>,
    #[schema(required)]
    next_cursor: Option<String>,
    total_open: i64,
    /// Open ones by reason, the most frequent first.
    reasons: Vec<ReasonCount>,
}

#[derive(Serialize, ToSchema)]
pub struct ReasonCount {
    code: String,
    count: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The item as it should have been.
    raw: String,
}

#[derive(Serialize, ToSchema)]
pub struct RetryOutcome {
    accepted: bool,
    /// Why it was refused again.
    #[schema(required)]
    reason: Option<String>,
}

/// The newest first.
#[utoipa::path(get, path = "/api/dead-letters", tag = "ingest", params(LettersAsked), responses((status = 200, body = DeadLetters)))]
pub async fn dead_letters(
    State(store): State<Store>,
    State(control): State<Control>,
    Asked(asked): Asked<LettersAsked>,
) -> Result<Json<DeadLetters>, ApiError> {
    let before = match asked.cursor.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| ApiError::invalid("the cursor is not one of ours: start from the first page"))?),
    };
    let limit = page_size(asked.limit, 50, 200);
    let filled = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
    let page = store.dead_letters(before, limit, filled(&asked.reason).as_deref(), filled(&asked.state).as_deref()).await?;
    let names = source_names(&control).await?;
    let shown = |letter: dead_letter::DeadLetter| DeadLetter {
        id: letter.log_offset.to_string(),
        received_at: iso(letter.received_us),
        source: names.get(&letter.source).cloned().unwrap_or(letter.source),
        reason_code: letter.code,
        reason: letter.reason,
        raw: String::from_utf8_lossy(&letter.raw).into_owned(),
        state: letter.state,
    };
    Ok(Json(DeadLetters {
        items: page.letters.into_iter().map(shown).collect(),
        next_cursor: page.next.map(|number| number.to_string()),
        total_open: page.total_open,
        reasons: page.by_code.into_iter().map(|(code, count)| ReasonCount { code, count }).collect(),
    }))
}

/// Send an item again, as it should have been. Refused again, it stays open and no second letter is written.
#[utoipa::path(post, path = "/api/dead-letters/{id}/retry", tag = "ingest", params(("id" = String, Path)), request_body = Retry,
    responses((status = 200, body = RetryOutcome), (status = 404, body = ErrorBody)))]
pub async fn retry(
    State(store): State<Store>,
    State(border): State<Border>,
    State(commands): State<Commands>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Retry>,
) -> Result<Json<RetryOutcome>, ApiError> {
    let letter = open_letter(&store, &id).await?;
    let submission = Submission { source: letter.source, raw: asked.raw };
    match border.submit(submission).await? {
        Some(refusal) => Ok(Json(RetryOutcome { accepted: false, reason: Some(refusal.message) })),
        None => {
            // The item is in the log for good; that its letter is settled a moment later harms nobody.
            commands.tell(&caller, Action::SettleDeadLetter { offset: letter.log_offset, state: DeadLetterState::Retried }).await?;
            Ok(Json(RetryOutcome { accepted: true, reason: None }))
        }
    }
}

/// Take an item off the list of what needs a look.
#[utoipa::path(post, path = "/api/dead-letters/{id}/discard", tag = "ingest", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn discard(
    State(store): State<Store>,
    State(commands): State<Commands>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let letter = open_letter(&store, &id).await?;
    match commands.tell(&caller, Action::SettleDeadLetter { offset: letter.log_offset, state: DeadLetterState::Discarded }).await? {
        Told::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Told::Refused { reason } => Err(ApiError::invalid(reason)),
        pending @ Told::Pending { .. } => Ok(pending.into_response()),
    }
}

async fn open_letter(store: &Store, id: &str) -> Result<dead_letter::DeadLetter, ApiError> {
    let unknown = || ApiError::not_found("such dead letter");
    let letter = store.dead_letter(id.parse().map_err(|_| unknown())?).await?.ok_or_else(unknown)?;
    if letter.state != DeadLetterState::Open.as_str() {
        return Err(ApiError::invalid(format!("this one was {} already: reload the list", letter.state)));
    }
    Ok(letter)
}
