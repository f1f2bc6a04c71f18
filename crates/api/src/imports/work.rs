//! The work on an import: tried, begun, paused, gone on with, cancelled.

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_store::control::{Control, Wanted};

use super::{ImportDesk, draft, row::Import};
use crate::{
    Clock, Trail,
    error::{ApiError, ErrorBody},
};

/// Try it: count what would be accepted, refused, new and known, and change nothing.
#[utoipa::path(post, path = "/api/imports/{id}/check", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = Import), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn check_import(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(desk): State<ImportDesk>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Json<Import>, ApiError> {
    trail.detail("act", "check");
    queue(&control, &clock, &desk, &id, true).await
}

/// Begin: the rows are taken in, in the background.
#[utoipa::path(post, path = "/api/imports/{id}/start", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = Import), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn start_import(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(desk): State<ImportDesk>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Json<Import>, ApiError> {
    trail.detail("act", "start");
    queue(&control, &clock, &desk, &id, false).await
}

async fn queue(control: &Control, clock: &Clock, desk: &ImportDesk, id: &str, is_check: bool) -> Result<Json<Import>, ApiError> {
    draft::found(control, id).await?;
    let queued = control.queue_import(id, is_check, clock.now_us()).await?;
    queued.ok_or_else(|| ApiError::conflict("this import has begun already: reload the page"))?;
    desk.wake();
    draft::answer(control, desk, id).await
}

/// Stop for now. What is in stays; `resume` goes on from there.
#[utoipa::path(post, path = "/api/imports/{id}/pause", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = Import), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn pause_import(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(desk): State<ImportDesk>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Json<Import>, ApiError> {
    trail.detail("act", "pause");
    want(&control, &clock, &desk, &id, Wanted::Pause).await
}

/// Go on from where it was paused.
#[utoipa::path(post, path = "/api/imports/{id}/resume", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = Import), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn resume_import(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(desk): State<ImportDesk>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Json<Import>, ApiError> {
    trail.detail("act", "resume");
    want(&control, &clock, &desk, &id, Wanted::Run).await
}

/// Stop for good. What is in stays: events are not taken back.
#[utoipa::path(post, path = "/api/imports/{id}/cancel", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = Import), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn cancel_import(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(desk): State<ImportDesk>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Json<Import>, ApiError> {
    trail.detail("act", "cancel");
    want(&control, &clock, &desk, &id, Wanted::Cancel).await
}

async fn want(control: &Control, clock: &Clock, desk: &ImportDesk, id: &str, wanted: Wanted) -> Result<Json<Import>, ApiError> {
    let import = draft::found(control, id).await?;
    let told = || ApiError::conflict("nothing runs that this could change: reload the page");
    let job = import.job.ok_or_else(told)?;
    if !control.want_job(&job.id, wanted, clock.now_us()).await? {
        return Err(told());
    }
    desk.wake();
    draft::answer(control, desk, id).await
}
