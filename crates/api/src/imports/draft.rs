//! An import before it begins: looked at, planned.

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_store::control::{Control, FileState, Import as Held, ImportPlan, NewImport};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ImportDesk, Look, LookAsked, row::Import, upload::Unfinished};
use crate::{
    Caller, Clock,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// The source of rows that nobody named another for: the same as that of `forecourt import`.
pub const SOURCE: &str = "import";
const SOURCE_CHARS_MAX: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookWish {
    /// What the rows are; guessed where it is not said.
    #[serde(default)]
    kind: Option<String>,
    /// Which column says what; proposed where it is not said.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    mapping: Option<serde_json::Value>,
    /// How to read the file, for a proposal: `encoding`, `delimiter`, `quotes`, `header_row`, `sheet`, `decimal`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    read: Option<serde_json::Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportWish {
    kind: String,
    /// Which column says what; see `docs/import.md`.
    #[schema(value_type = Object)]
    mapping: serde_json::Value,
    /// The name of the source that the rows are said to come from; a second import of a file must name the same.
    #[serde(default)]
    source: Option<String>,
    /// Whether the rows count as happening now, and may start sends and tasks.
    #[serde(default)]
    live: bool,
}

/// Look at the file: how it reads, and what its first rows would become.
#[utoipa::path(post, path = "/api/imports/{id}/look", tag = "imports", params(("id" = String, Path)), request_body = LookWish,
    responses((status = 200, body = Look), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn look_at_file(
    State(control): State<Control>,
    State(desk): State<ImportDesk>,
    Path(id): Path<String>,
    Body(asked): Body<LookWish>,
) -> Result<Json<Look>, ApiError> {
    let import = with_file(&control, &id).await?;
    let asked = LookAsked { path: desk.file_of(&import.id), name: import.name, kind: asked.kind, mapping: asked.mapping, read: asked.read };
    Ok(Json(desk.look(asked).await.map_err(ApiError::invalid)?))
}

/// Say how the file is to be read. What an earlier dry run found is forgotten where that changes.
#[utoipa::path(put, path = "/api/imports/{id}", tag = "imports", params(("id" = String, Path)), request_body = ImportWish,
    responses((status = 200, body = Import), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn plan_import(
    State(control): State<Control>,
    State(desk): State<ImportDesk>,
    Path(id): Path<String>,
    Body(asked): Body<ImportWish>,
) -> Result<Json<Import>, ApiError> {
    let import = with_file(&control, &id).await?;
    if !import.is_draft() {
        return Err(ApiError::conflict("this import has begun: its plan stays. Import the file again for another"));
    }
    let source = asked.source.unwrap_or_else(|| SOURCE.to_owned()).trim().to_owned();
    if source.is_empty() || SOURCE_CHARS_MAX < source.chars().count() || source.chars().any(char::is_control) {
        return Err(ApiError::invalid(format!("`source` needs 1 to {SOURCE_CHARS_MAX} characters")));
    }
    let look =
        LookAsked { path: desk.file_of(&import.id), name: import.name, kind: Some(asked.kind), mapping: Some(asked.mapping), read: None };
    let look = desk.look(look).await.map_err(ApiError::invalid)?;
    let plan = ImportPlan { kind: look.kind, mapping: look.mapping.to_string(), source, live: asked.live };
    control.plan_import(&id, &plan).await?;
    answer(&control, &desk, &id).await
}

/// Begin anew with the same file and the same plan.
#[utoipa::path(post, path = "/api/imports/{id}/again", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = Import), (status = 404, body = ErrorBody)))]
pub async fn import_again(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(desk): State<ImportDesk>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Import>, ApiError> {
    let import = with_file(&control, &id).await?;
    let next = control.new_import_id();
    let folder = Unfinished::new(desk.folder_of(&next))?;
    // One file under two names: it is there until the last of them goes.
    let linked = std::fs::hard_link(desk.file_of(&import.id), desk.file_of(&next));
    linked.map_err(|error| ApiError::internal(&format!("an import's file was not linked: {error}")))?;
    let new = NewImport { name: import.name, bytes: import.bytes, file: FileState::Here, plan: import.plan, created_by: caller.actor };
    control.add_import_as(&next, &new, clock.now_us()).await?;
    folder.keep();
    answer(&control, &desk, &next).await
}

pub async fn found(control: &Control, id: &str) -> Result<Held, ApiError> {
    control.import(id).await?.ok_or_else(|| ApiError::not_found("such import"))
}

async fn with_file(control: &Control, id: &str) -> Result<Held, ApiError> {
    let import = found(control, id).await?;
    match import.file {
        FileState::Here => Ok(import),
        FileState::Command => Err(ApiError::invalid("the file is with the command that reads it: upload it to look at it here")),
        FileState::Gone => Err(ApiError::invalid("the file has been removed by now: upload it again")),
    }
}

pub async fn answer(control: &Control, desk: &ImportDesk, id: &str) -> Result<Json<Import>, ApiError> {
    Ok(Json(Import::new(found(control, id).await?, desk)))
}
