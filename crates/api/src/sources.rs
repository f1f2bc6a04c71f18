//! Sources: their write keys and their health.

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_model::time::iso;
use forecourt_store::control::{self, Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Border, Clock, Trail,
    border::SourceHealth,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Serialize, ToSchema)]
pub struct Source {
    id: String,
    name: String,
    /// `segment` (SDKs and HTTP), `import` (files), `form`.
    kind: String,
    /// Can only write: it may stand in a page.
    write_key: String,
    enabled: bool,
    created_at: String,
    health: Health,
}

/// Counts since the server's start, at most of the last 24 hours.
#[derive(Serialize, ToSchema)]
pub struct Health {
    #[schema(required)]
    last_event_at: Option<String>,
    accepted_24h: u64,
    refused_24h: u64,
    /// Accepted in each of the last 60 minutes, oldest first.
    per_minute: Vec<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct Sources {
    sources: Vec<Source>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
}

impl Source {
    fn new(source: control::Source, health: Option<&SourceHealth>) -> Self {
        let quiet = SourceHealth::default();
        let health = health.unwrap_or(&quiet);
        let mut per_minute: Vec<u64> = health.last_hour.iter().map(|(_, accepted, _)| *accepted).collect();
        per_minute.resize(60, 0);
        Self {
            id: source.id,
            name: source.name,
            kind: source.kind,
            write_key: source.write_key,
            enabled: source.enabled,
            created_at: iso(source.created_us),
            health: Health {
                last_event_at: health.last_accepted_us.map(iso),
                accepted_24h: health.accepted_24h,
                refused_24h: health.refused_24h,
                per_minute,
            },
        }
    }
}

/// All sources, by name.
#[utoipa::path(get, path = "/api/sources", tag = "sources", responses((status = 200, body = Sources)))]
pub async fn sources(
    State(control): State<Control>,
    State(border): State<Border>,
    State(clock): State<Clock>,
) -> Result<Json<Sources>, ApiError> {
    let health = border.health(clock.now_us());
    let sources = control.sources().await?.into_iter().map(|source| {
        let own = health.get(&source.id);
        Source::new(source, own)
    });
    Ok(Json(Sources { sources: sources.collect() }))
}

/// Add a source.
#[utoipa::path(post, path = "/api/sources", tag = "sources", request_body = NewSource,
    responses((status = 200, body = Source), (status = 400, body = ErrorBody)))]
pub async fn add_source(
    State(control): State<Control>,
    State(border): State<Border>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<NewSource>,
) -> Result<Json<Source>, ApiError> {
    let source = control.add_source(&asked.name, "segment", clock.now_us()).await?;
    trail.object(source.id.as_str());
    trail.detail("name", source.name.as_str());
    border.sources_changed().await;
    Ok(Json(Source::new(source, None)))
}

/// Rename a source, or switch it on or off.
#[utoipa::path(patch, path = "/api/sources/{id}", tag = "sources", params(("id" = String, Path)), request_body = SourceChange,
    responses((status = 200, body = Source), (status = 404, body = ErrorBody)))]
pub async fn update_source(
    State(control): State<Control>,
    State(border): State<Border>,
    State(clock): State<Clock>,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<SourceChange>,
) -> Result<Json<Source>, ApiError> {
    let before = control.sources().await?.into_iter().find(|source| source.id == id);
    let source = control.update_source(&id, asked.name.as_deref(), asked.enabled).await?;
    if let (Some(before), Some(after)) = (before, &source) {
        let shown = |source: &control::Source| serde_json::json!({ "name": source.name, "enabled": source.enabled });
        trail.changed(&shown(&before), &shown(after));
    }
    changed(&border, &clock, source).await
}

/// Give a source a new write key; the old one stops working at once.
#[utoipa::path(post, path = "/api/sources/{id}/rotate", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = Source), (status = 404, body = ErrorBody)))]
pub async fn rotate_write_key(
    State(control): State<Control>,
    State(border): State<Border>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
) -> Result<Json<Source>, ApiError> {
    let source = control.rotate_write_key(&id).await?;
    changed(&border, &clock, source).await
}

async fn changed(border: &Border, clock: &Clock, source: Option<control::Source>) -> Result<Json<Source>, ApiError> {
    let source = source.ok_or_else(|| ApiError::not_found("such source"))?;
    border.sources_changed().await;
    let health = border.health(clock.now_us());
    let own = health.get(&source.id);
    Ok(Json(Source::new(source, own)))
}
