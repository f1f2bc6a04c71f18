//! Events as they arrive.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::BroadcastStream;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Feed,
    error::ApiError,
    feed::{LiveEvent, RECENT_MAX},
    input::{Asked, page_size},
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
pub async fn stream(State(feed): State<Feed>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // Who reads too slowly misses events, and the next one comes all the same.
    let events = BroadcastStream::new(feed.subscribe()).filter_map(async |event| {
        let event = event.ok()?;
        Event::default().event("event").json_data(&*event).ok().map(Ok)
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
