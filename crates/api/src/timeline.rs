//! What happened with one profile.

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_query::{self as query, Query};
use forecourt_store::{Store, control::Control};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller,
    error::{ApiError, ErrorBody},
    feed::source_names,
    input::{Asked, page_size},
    profiles::{profile_id, unknown},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TimelineAsked {
    /// From the page before.
    cursor: Option<String>,
    /// 100 unless told, at most 500.
    limit: Option<u32>,
    /// `all` unless told.
    kind: Option<TimelineKind>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    All,
    Visits,
    Calls,
    Leads,
    Orders,
}

#[derive(Serialize, ToSchema)]
pub struct Timeline {
    items: Vec<TimelineItem>,
    #[schema(required)]
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct TimelineItem {
    ts: String,
    event: String,
    #[serde(rename = "type")]
    event_type: String,
    #[schema(required)]
    channel: Option<String>,
    #[schema(required)]
    utm_source: Option<String>,
    #[schema(required)]
    campaign: Option<String>,
    #[schema(required)]
    region: Option<String>,
    #[schema(required)]
    dealer: Option<String>,
    #[schema(required)]
    model: Option<String>,
    #[schema(required)]
    value: Option<f64>,
    #[schema(required)]
    currency: Option<String>,
    #[schema(required)]
    url: Option<String>,
    /// The event's own properties, as sent.
    #[schema(value_type = Object)]
    properties: serde_json::Value,
    /// The source's name.
    source: String,
    message_id: String,
    offset: String,
}

/// What happened with one profile, the newest first.
#[utoipa::path(get, path = "/api/profiles/{id}/timeline", tag = "profiles", params(("id" = String, Path), TimelineAsked),
    responses((status = 200, body = Timeline), (status = 404, body = ErrorBody)))]
pub async fn timeline(
    State(query): State<Query>,
    State(store): State<Store>,
    State(control): State<Control>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<TimelineAsked>,
) -> Result<Json<Timeline>, ApiError> {
    let view = store.profile(&caller.scope, profile_id(&id)?).await?.ok_or_else(unknown)?;
    let kind = asked.kind.unwrap_or(TimelineKind::All).into();
    let cursor = asked.cursor.filter(|cursor| !cursor.is_empty());
    let limit = page_size(asked.limit, 100, 500) as usize;
    let found = query.timeline(&caller.scope, view.summary.profile_id.0, kind, cursor.as_deref(), limit).await?;
    let names = source_names(&control).await?;
    let items = found.items.into_iter().map(|mut item| {
        if let Some(name) = names.get(&item.source) {
            item.source.clone_from(name);
        }
        TimelineItem::from(item)
    });
    Ok(Json(Timeline { items: items.collect(), next_cursor: found.next_cursor }))
}

impl From<TimelineKind> for query::TimelineKind {
    fn from(kind: TimelineKind) -> Self {
        match kind {
            TimelineKind::All => Self::All,
            TimelineKind::Visits => Self::Visits,
            TimelineKind::Calls => Self::Calls,
            TimelineKind::Leads => Self::Leads,
            TimelineKind::Orders => Self::Orders,
        }
    }
}

impl From<query::TimelineItem> for TimelineItem {
    fn from(item: query::TimelineItem) -> Self {
        Self {
            ts: item.ts,
            event: item.event,
            event_type: item.event_type,
            channel: item.channel,
            utm_source: item.utm_source,
            campaign: item.campaign,
            region: item.region,
            dealer: item.dealer,
            model: item.model,
            value: item.value,
            currency: item.currency,
            url: item.url,
            properties: item.properties,
            source: item.source,
            message_id: item.message_id,
            offset: item.offset,
        }
    }
}
