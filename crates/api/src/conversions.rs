//! Definitions of conversions, as people manage them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::conversion::{self, ConversionKind as ModelKind};
use forecourt_query::Query;
use forecourt_store::control::Control;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// How near the purchase a conversion is.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversionKind {
    /// A small step: a car looked at, a brochure taken.
    Micro,
    /// What advertising is paid for: a test drive, a contract.
    Macro,
}

#[derive(Serialize, ToSchema)]
pub struct Conversion {
    /// Reports name it by this: `conversion:ID`.
    id: String,
    name: String,
    kind: ConversionKind,
    event: String,
    /// A SQL condition on the event's columns.
    #[schema(required)]
    #[serde(rename = "where")]
    condition: Option<String>,
    /// What one is worth in the installation's currency; without it the event's own value counts.
    #[schema(required)]
    value: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct Conversions {
    conversions: Vec<Conversion>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversionDefinition {
    /// Letters a-z, digits, `_` and `-`; made of the event's name where it is left out. It stays for good.
    #[serde(default)]
    id: Option<String>,
    /// 1 to 100 characters.
    name: String,
    kind: ConversionKind,
    /// Each event of this name that meets the condition is one conversion.
    event: String,
    /// A SQL condition on the event's columns.
    #[serde(default, rename = "where")]
    condition: Option<String>,
    /// What one is worth in the installation's currency; without it the event's own value counts.
    #[serde(default)]
    value: Option<f64>,
}

impl From<conversion::Conversion> for Conversion {
    fn from(held: conversion::Conversion) -> Self {
        let kind = match held.kind {
            ModelKind::Micro => ConversionKind::Micro,
            ModelKind::Macro => ConversionKind::Macro,
        };
        Self { id: held.id, name: held.name, kind, event: held.event, condition: held.condition, value: held.value }
    }
}

impl ConversionDefinition {
    fn under(self, id: String) -> conversion::Conversion {
        let kind = match self.kind {
            ConversionKind::Micro => ModelKind::Micro,
            ConversionKind::Macro => ModelKind::Macro,
        };
        conversion::Conversion { id, name: self.name, kind, event: self.event, condition: self.condition, value: self.value }
    }
}

/// All definitions: micro-conversions first, then by name.
#[utoipa::path(get, path = "/api/conversions", tag = "definitions", responses((status = 200, body = Conversions)))]
pub async fn conversions(State(control): State<Control>) -> Result<Json<Conversions>, ApiError> {
    Ok(Json(Conversions { conversions: control.conversions().await?.into_iter().map(Conversion::from).collect() }))
}

/// Define a conversion.
#[utoipa::path(post, path = "/api/conversions", tag = "definitions", request_body = ConversionDefinition,
    responses((status = 200, body = Conversion), (status = 400, body = ErrorBody)))]
pub async fn add_conversion(
    State(control): State<Control>,
    State(query): State<Query>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(mut asked): Body<ConversionDefinition>,
) -> Result<Json<Conversion>, ApiError> {
    check_condition(&query, asked.condition.as_deref()).await?;
    let id = asked.id.take().unwrap_or_default();
    let added = control.add_conversion(asked.under(id), clock.now_us()).await?;
    let added = Conversion::from(added);
    trail.object(added.id.as_str());
    trail.detail("after", serde_json::json!(added));
    tracing::info!(conversion = added.id, "a conversion was defined");
    Ok(Json(added))
}

/// Put a definition in the place of the one with this id.
#[utoipa::path(put, path = "/api/conversions/{id}", tag = "definitions", params(("id" = String, Path)), request_body = ConversionDefinition,
    responses((status = 200, body = Conversion), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn update_conversion(
    State(control): State<Control>,
    State(query): State<Query>,
    State(clock): State<Clock>,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<ConversionDefinition>,
) -> Result<Json<Conversion>, ApiError> {
    if asked.id.as_ref().is_some_and(|given| *given != id) {
        return Err(ApiError::invalid("`id` cannot be changed: reports name the conversion by it"));
    }
    check_condition(&query, asked.condition.as_deref()).await?;
    let before = control.conversions().await?.into_iter().find(|held| held.id == id).map(Conversion::from);
    let updated = control.update_conversion(asked.under(id), clock.now_us()).await?;
    let updated = Conversion::from(updated.ok_or_else(|| ApiError::not_found("such conversion"))?);
    trail.object(updated.id.as_str());
    trail.changed(&before, &updated);
    tracing::info!(conversion = updated.id, "a conversion was changed");
    Ok(Json(updated))
}

/// Remove a definition.
#[utoipa::path(delete, path = "/api/conversions/{id}", tag = "definitions", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_conversion(State(control): State<Control>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    if !control.remove_conversion(&id).await? {
        return Err(ApiError::not_found("such conversion"));
    }
    tracing::info!(conversion = id, "a conversion was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// A definition that no report could count is refused at once.
async fn check_condition(query: &Query, condition: Option<&str>) -> Result<(), ApiError> {
    match condition.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(()),
        Some(text) => query.check_condition(text).await.map_err(|error| match error {
            forecourt_query::QueryError::Invalid(told) => ApiError::invalid(format!("`where`: {told}")),
            other => other.into(),
        }),
    }
}
