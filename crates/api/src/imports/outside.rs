//! Imports that `forecourt import` does: noted, so that they are seen beside the others.

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_store::control::{Control, FileState, ImportPlan, ImportProgress, JobState, NewImport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ImportOutcome, draft, upload::shown_name};
use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsideImport {
    /// The file's name.
    name: String,
    bytes: u64,
    kind: String,
    #[schema(value_type = Object)]
    mapping: serde_json::Value,
    source: String,
    live: bool,
    /// What progress is told in: `bytes` or `rows`.
    unit: String,
}

#[derive(Serialize, ToSchema)]
pub struct OutsideBegun {
    id: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsideProgress {
    done: u64,
    /// 0 where it is not known.
    total: u64,
    unit: String,
    rows: u64,
    accepted: u64,
    refused: u64,
    /// Told once, when it has ended well.
    #[serde(default)]
    outcome: Option<ImportOutcome>,
    /// Told once, when it has failed: why.
    #[serde(default)]
    failed: Option<String>,
}

/// Note that a command imports a file.
#[utoipa::path(post, path = "/api/imports/outside", tag = "imports", request_body = OutsideImport,
    responses((status = 200, body = OutsideBegun), (status = 400, body = ErrorBody)))]
pub async fn begin_outside_import(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<OutsideImport>,
) -> Result<Json<OutsideBegun>, ApiError> {
    let plan = ImportPlan { kind: asked.kind, mapping: asked.mapping.to_string(), source: asked.source, live: asked.live };
    let new = NewImport { name: shown_name(&asked.name)?, bytes: asked.bytes, file: FileState::Command, plan, created_by: caller.actor };
    let id = control.add_import(&new, clock.now_us()).await?;
    trail.object(id.as_str());
    trail.detail("file", asked.name.as_str());
    control.begin_import(&id, &asked.unit, clock.now_us()).await?;
    Ok(Json(OutsideBegun { id }))
}

/// Note how far it is, or how it ended.
#[utoipa::path(post, path = "/api/imports/outside/{id}", tag = "imports", params(("id" = String, Path)), request_body = OutsideProgress,
    responses((status = 200, body = OutsideBegun), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn note_outside_import(
    State(control): State<Control>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    Body(asked): Body<OutsideProgress>,
) -> Result<Json<OutsideBegun>, ApiError> {
    let import = draft::found(&control, &id).await?;
    let job = import.job.filter(|_| import.file == FileState::Command);
    let job = job.ok_or_else(|| ApiError::conflict("no command does this import"))?;
    let progress = ImportProgress { rows: asked.rows, accepted: asked.accepted, refused: asked.refused };
    let now_us = clock.now_us();
    control.note_import(&job.id, (asked.done, asked.total, &asked.unit), progress, 0, now_us).await?;
    if let Some(outcome) = &asked.outcome {
        let told = serde_json::to_string(outcome).map_err(|error| ApiError::internal(&error))?;
        control.end_import(&job.id, JobState::Done, progress, Some(&told), None, now_us).await?;
    } else if let Some(why) = &asked.failed {
        control.end_import(&job.id, JobState::Failed, progress, None, Some(why), now_us).await?;
    }
    Ok(Json(OutsideBegun { id }))
}
