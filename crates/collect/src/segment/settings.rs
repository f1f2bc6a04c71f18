//! What browser SDKs ask before they start: where to send, and what else to load (nothing).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use forecourt_model::time;
use serde_json::{Value, json};

use crate::{
    Collector, Source,
    http::{rejection::Rejection, write_key},
};

/// For a minute, so that a source that is disabled or renamed is so for everybody soon.
const KEEP: HeaderValue = HeaderValue::from_static("max-age=60");

/// `analytics-next` reads this from its `cdnURL` and sends to the `apiHost` in it.
pub(super) async fn of_segment(State(collector): State<Collector>, Path(write_key): Path<String>, request: Request) -> Response {
    let source = match known(&collector, Some(&write_key)) {
        Ok(source) if source.enabled => source,
        // The SDK starts on any 2xx, so a page's console gets to say what is wrong.
        Ok(_) => return Rejection::SourceDisabled.into_response(),
        Err(_) => return (StatusCode::NOT_FOUND, Rejection::UnknownWriteKey.to_string()).into_response(),
    };
    let (head, _) = request.into_parts();
    let (protocol, host) = collector.reach().address(&head);
    let api_host = format!("{host}/v1");
    let settings = json!({
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": api_host,
                "protocol": protocol,
                "addBundledMetadata": false,
                "unbundledIntegrations": [],
                "maybeBundledConfigIds": {},
                "versionSettings": { "version": "4.4.7", "componentTypes": ["browser"] },
            },
        },
        "analyticsNextEnabled": true,
        "legacyVideoPluginsEnabled": false,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "remotePlugins": [],
        "edgeFunction": {},
        // The SDK's metrics about itself: asked for by nobody here.
        "metrics": { "sampleRate": 0, "host": api_host, "protocol": protocol },
        "name": source.name,
    });
    kept(settings)
}

/// RudderStack's SDKs read this from their `configUrl`.
pub(super) async fn of_rudderstack(State(collector): State<Collector>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let source = match known(&collector, write_key::of_head(&head.headers, &head.uri).as_deref()) {
        Ok(source) => source,
        Err(rejection) => return rejection.into_response(),
    };
    let now = time::iso(collector.now_us());
    let off = json!({ "enabled": false });
    kept(json!({
        "source": {
            "id": source.id,
            "name": source.name,
            "writeKey": write_key::of_head(&head.headers, &head.uri),
            "workspaceId": "forecourt",
            // A disabled source's SDK does not start, and says so in the console.
            "enabled": source.enabled,
            "deleted": false,
            "transient": false,
            "createdAt": now,
            "updatedAt": now,
            "config": { "statsCollection": { "errors": off, "metrics": off } },
            "liveEventsConfig": { "eventUpload": false, "eventUploadTS": 0 },
            "sourceDefinition": { "id": "forecourt", "name": "Javascript", "displayName": "Javascript" },
            "destinations": [],
            "connections": [],
        },
        "updatedAt": now,
        "isHosted": false,
    }))
}

fn known(collector: &Collector, write_key: Option<&str>) -> Result<Arc<Source>, Rejection> {
    let write_key = write_key.ok_or(Rejection::NoWriteKey)?;
    collector.source(write_key).ok_or(Rejection::UnknownWriteKey)
}

fn kept(settings: Value) -> Response {
    ([(CACHE_CONTROL, KEEP)], Json(settings)).into_response()
}
