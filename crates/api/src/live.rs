//! Events as they arrive.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use forecourt_model::mask;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::BroadcastStream;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Feed,
    error::ApiError,
    feed::{LiveEvent, RECENT_MAX},
    input::{Asked, page_size},
    masking::masked_at_source,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecentAsked {
    /// 100 unless told, at most 500.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct Recent {
    events: Vec<LiveEvent>,
}

/// The latest events, the newest first.
#[utoipa::path(get, path = "/api/live/recent", tag = "ingest", params(RecentAsked), responses((status = 200, body = Recent)))]
pub async fn recent(State(feed): State<Feed>, Asked(asked): Asked<RecentAsked>) -> Result<Json<Recent>, ApiError> {
    let limit = page_size(asked.limit, 100, RECENT_MAX as u32) as usize;
    let events = feed.recent(limit).iter().map(|event| (**event).clone()).collect();
    Ok(Json(Recent { events }))
}

/// Events as server-sent ones: `event: event`, `data:` a LiveEvent as JSON.
#[utoipa::path(get, path = "/api/live/stream", tag = "ingest",
    responses((status = 200, body = LiveEvent, content_type = "text/event-stream")))]
pub async fn stream(State(feed): State<Feed>, caller: Caller) -> Response {
    let is_masked = caller.sees_masked();
    // Who reads too slowly misses events, and the next one comes all the same.
    let events = BroadcastStream::new(feed.subscribe()).filter_map(move |event| async move {
        let told = serde_json::to_value(&*event.ok()?).ok()?;
        let told = if is_masked { mask::mask_answer(told) } else { told };
        Event::default().event("event").json_data(told).ok().map(Ok::<_, std::convert::Infallible>)
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    masked_at_source(stream.into_response())
}
