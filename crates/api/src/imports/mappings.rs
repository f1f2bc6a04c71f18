//! Mappings kept by name, for the file that comes every month.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::time::iso;
use forecourt_store::control::{self, Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Clock,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Serialize, ToSchema)]
pub struct ImportMapping {
    name: String,
    /// `events`, `profiles`, `leads`, `orders`, `costs`, `calls`.
    kind: String,
    #[schema(value_type = Object)]
    mapping: serde_json::Value,
    updated_by: String,
    updated_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct ImportMappings {
    mappings: Vec<ImportMapping>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingWish {
    kind: String,
    #[schema(value_type = Object)]
    mapping: serde_json::Value,
}

/// All of them, by name.
#[utoipa::path(get, path = "/api/import-mappings", tag = "imports", responses((status = 200, body = ImportMappings)))]
pub async fn import_mappings(State(control): State<Control>) -> Result<Json<ImportMappings>, ApiError> {
    let mappings = control.import_mappings().await?.into_iter().map(|held| ImportMapping {
        mapping: serde_json::from_str(&held.mapping).unwrap_or(serde_json::Value::Null),
        name: held.name,
        kind: held.kind,
        updated_by: held.updated_by,
        updated_at: iso(held.updated_us),
    });
    Ok(Json(ImportMappings { mappings: mappings.collect() }))
}

/// Keep a mapping under a name, in place of the one that has it.
#[utoipa::path(put, path = "/api/import-mappings/{name}", tag = "imports", params(("name" = String, Path)), request_body = MappingWish,
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn keep_import_mapping(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    Path(name): Path<String>,
    Body(asked): Body<MappingWish>,
) -> Result<StatusCode, ApiError> {
    if !asked.mapping.is_object() {
        return Err(ApiError::invalid("`mapping` is no object: see docs/import.md for its form"));
    }
    let mapping = asked.mapping.to_string();
    let kept = control::ImportMapping { name, kind: asked.kind, mapping, updated_by: caller.actor, updated_us: clock.now_us() };
    control.put_import_mapping(&kept).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a mapping. Imports that were made with it stay as they are.
#[utoipa::path(delete, path = "/api/import-mappings/{name}", tag = "imports", params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_import_mapping(State(control): State<Control>, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    if control.remove_import_mapping(&name).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("such mapping")) }
}
