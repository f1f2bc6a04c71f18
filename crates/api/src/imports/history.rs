//! Imports so far, and what is left of them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use forecourt_model::time::parse_us;
use forecourt_store::control::{Control, FileState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ImportDesk, draft, row::Import};
use crate::{
    Trail,
    error::{ApiError, ErrorBody},
    exports::{download_headers, note_export, streamed},
    input::{Asked, page_size},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportsAsked {
    /// The `created_at` of the last one of the page before.
    #[serde(default)]
    before: Option<String>,
    /// 50 unless told, at most 200.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct Imports {
    imports: Vec<Import>,
    /// The largest file that may be uploaded.
    file_bytes_max: u64,
    /// How long files are kept after their imports.
    keep_days: u32,
}

/// All imports, the newest first; those that `forecourt import` did too.
#[utoipa::path(get, path = "/api/imports", tag = "imports", params(ImportsAsked), responses((status = 200, body = Imports)))]
pub async fn imports(
    State(control): State<Control>,
    State(desk): State<ImportDesk>,
    Asked(asked): Asked<ImportsAsked>,
) -> Result<Json<Imports>, ApiError> {
    let before_us = match asked.before.as_deref().filter(|text| !text.is_empty()) {
        None => i64::MAX,
        Some(text) => parse_us(text).ok_or_else(|| ApiError::invalid("`before` is no time: write it as 2026-01-31T10:00:00Z"))?,
    };
    let held = control.imports(before_us, page_size(asked.limit, 50, 200)).await?;
    let imports = held.into_iter().map(|import| Import::new(import, &desk)).collect();
    Ok(Json(Imports { imports, file_bytes_max: desk.limits().file_bytes_max, keep_days: desk.limits().keep_days }))
}

/// One import: how far it is, what was found.
#[utoipa::path(get, path = "/api/imports/{id}", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = Import), (status = 404, body = ErrorBody)))]
pub async fn import_state(
    State(control): State<Control>,
    State(desk): State<ImportDesk>,
    Path(id): Path<String>,
) -> Result<Json<Import>, ApiError> {
    draft::answer(&control, &desk, &id).await
}

/// The rows that were refused, each as it came, with its number and the reason: CSV that no spreadsheet computes.
#[utoipa::path(get, path = "/api/imports/{id}/rejected", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/csv", body = Vec<u8>), (status = 404, body = ErrorBody)))]
pub async fn rejected_rows(
    State(control): State<Control>,
    State(desk): State<ImportDesk>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let import = draft::found(&control, &id).await?;
    let file = std::fs::File::open(desk.rejected_of(&import.id)).map_err(|_| ApiError::not_found("file of rejected rows"))?;
    note_export(&trail, "rejected rows", &import.name, import.progress.refused);
    let headers = download_headers("text/csv; charset=utf-8", &format!("{}.rejected.csv", import.name));
    Ok((headers, streamed(file)).into_response())
}

/// Remove a draft; of an import that has ended, its file. The row stays in the history.
#[utoipa::path(delete, path = "/api/imports/{id}", tag = "imports", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn remove_import(
    State(control): State<Control>,
    State(desk): State<ImportDesk>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let import = draft::found(&control, &id).await?;
    if import.job.as_ref().is_some_and(|job| job.state.is_open()) {
        return Err(ApiError::conflict("it is under way: cancel it first"));
    }
    if import.file == FileState::Here {
        let removed = tokio::fs::remove_dir_all(desk.folder_of(&import.id)).await;
        removed.or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(ApiError::internal(&error)) })?;
        control.forget_import_file(&import.id).await?;
    }
    if import.is_draft() {
        control.remove_import(&import.id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
