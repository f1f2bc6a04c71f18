//! What there is to ask about: event names and the values of dimensions.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_query::Query;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Caller, error::ApiError};

#[derive(Serialize, ToSchema)]
pub struct Catalogue {
    /// The most frequent first.
    events: Vec<CatalogueEvent>,
    /// Values by dimension, the most frequent first.
    dimensions: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize, ToSchema)]
pub struct CatalogueEvent {
    event: String,
    count: u64,
    last_seen: String,
}

/// Event names and values of dimensions, to choose from.
#[utoipa::path(get, path = "/api/catalogue", tag = "reports", responses((status = 200, body = Catalogue)))]
pub async fn catalogue(State(query): State<Query>, caller: Caller) -> Result<Json<Catalogue>, ApiError> {
    let found = query.catalogue(&caller.scope).await?;
    let event = |entry: forecourt_query::EventEntry| CatalogueEvent { event: entry.event, count: entry.count, last_seen: entry.last_seen };
    Ok(Json(Catalogue { events: found.events.into_iter().map(event).collect(), dimensions: found.dimensions }))
}
