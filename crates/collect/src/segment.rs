//! The wire format of Segment's and RudderStack's SDKs, so that they work unmodified by changing one host.
//!
//! [`receive`] is the way of a call: who sends, the body within its limits, the items, [`Collector::accept`], the
//! answer. What SDKs do with each status is in `http::rejection`.

mod batch;
mod pixel;
mod settings;
mod single;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, request},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use forecourt_model::{EventType, Origin, Refusal, RefusalCode, time::SECOND_US};
use serde_json::{Value, json};

use crate::{
    Collector, Item, Outcome, Refused, Source, adf,
    http::{answer::Answer, body, cors, query, rejection::Rejection, write_key},
    mend, tracker,
};

const EVENT_TYPES: [EventType; 6] =
    [EventType::Track, EventType::Identify, EventType::Page, EventType::Screen, EventType::Group, EventType::Alias];

/// What a path says of the body behind it.
#[derive(Debug, Clone, Copy)]
enum Call {
    Single(EventType),
    Batch(Origin),
    /// Leads as ADF/XML.
    Adf,
    /// Another program's webhook, read by the source's mapping.
    Hook,
}

/// The items of a call, in one form for all paths.
struct Items {
    items: Vec<Item>,
    sent_us: Option<i64>,
}

impl Collector {
    /// Every path that SDKs call. The listener should give requests their `ConnectInfo<SocketAddr>`: without it
    /// senders have no address.
    pub fn router(self) -> Router {
        let mut router = Router::new();
        for event_type in EVENT_TYPES {
            let name = event_type.as_str();
            for name in [name, &name[..1]] {
                let call = post(move |collector, request| answer(collector, Call::Single(event_type), request));
                router = with_slash(router, &format!("/v1/{name}"), call);
            }
        }
        for (path, origin) in
            [("/v1/batch", Origin::Live), ("/v1/b", Origin::Live), ("/beacon/v1/batch", Origin::Live), ("/v1/import", Origin::History)]
        {
            let call = post(move |collector, request| answer(collector, Call::Batch(origin), request));
            router = with_slash(router, path, call);
        }
        let call = post(move |collector, request| answer(collector, Call::Adf, request));
        router = with_slash(router, "/v1/adf", call);
        let call = post(move |collector, request| answer(collector, Call::Hook, request));
        router = with_slash(router, "/v1/hook", call);
        for path in ["/v1/m", "/rsaMetrics"] {
            router = with_slash(router, path, post(ignore));
        }
        for path in ["/v1/pixel/{type}", "/pixel/v1/{type}"] {
            router = with_slash(router, path, get(pixel::receive));
        }
        router = with_slash(router, "/v1/projects/{write_key}/settings", get(settings::of_segment));
        router = with_slash(router, "/sourceConfig", get(settings::of_rudderstack));
        router = router.route(tracker::PATH, get(tracker::script));
        if let Some(path) = &self.reach().first_party_path {
            // One name for both: `…/shop.js` is the script, `…/shop` takes its events.
            let batch = move |collector, request| answer(collector, Call::Batch(Origin::Live), request);
            router = router.route(&format!("{path}/{{name}}"), get(tracker::first_party).post(batch));
        }
        router.method_not_allowed_fallback(wrong_method).layer(middleware::from_fn(cors::allow_pages)).with_state(self)
    }

    /// The source that may send with `write_key` now.
    fn admit(&self, write_key: &str) -> Result<Arc<Source>, Rejection> {
        let source = self.source(write_key).ok_or(Rejection::UnknownWriteKey)?;
        if !source.enabled {
            return Err(Rejection::SourceDisabled);
        }
        self.rates().take(&source.id, self.now_us()).map_err(|wait_us| Rejection::TooManyRequests {
            limit: self.limits().requests_per_second,
            retry_after_s: (wait_us / SECOND_US + 1) as u32,
        })?;
        Ok(source)
    }

    /// Tells the sender, and keeps a dead letter of what the sender's SDK will now drop.
    async fn reject(&self, source: &Source, origin: Origin, rejection: Rejection, raw: &[u8], ip: &str) -> Rejection {
        let Some(refusal) = rejection.refusal() else { return rejection };
        match self.refuse(source, origin, &refusal, raw, ip).await {
            Ok(_) => rejection,
            // The sender keeps it and comes again: better than lost.
            Err(not_stored) => not_stored.into(),
        }
    }
}

/// SDKs and people write paths with and without the last slash.
fn with_slash(router: Router<Collector>, path: &str, method: axum::routing::MethodRouter<Collector>) -> Router<Collector> {
    router.route(path, method.clone()).route(&format!("{path}/"), method)
}

async fn answer(State(collector): State<Collector>, call: Call, request: Request) -> Result<Answer, Rejection> {
    receive(&collector, call, request).await
}

async fn receive(collector: &Collector, call: Call, request: Request) -> Result<Answer, Rejection> {
    let (head, body) = request.into_parts();
    let ip = person_address(collector, &head);
    // Whoever names a key in the head is refused before the body is read.
    let named = write_key::of_head(&head.headers, &head.uri).map(|key| collector.admit(&key)).transpose()?;

    let received = match (body::read(collector, &head.headers, body).await, &named) {
        (Ok(received), _) => received,
        (Err(stopped), None) => return Err(stopped.rejection),
        (Err(stopped), Some(source)) => {
            return Err(collector.reject(source, call.origin(), stopped.rejection, &stopped.beginning, &ip).await);
        }
    };
    let mut json = received.bytes;
    if !matches!(call, Call::Adf | Call::Hook) {
        mend::escapes(&mut json);
    }
    let json = Bytes::from(json);

    if let Call::Hook = call {
        let source = named.ok_or(Rejection::NoWriteKey)?;
        let answered = by_mapping(collector, &source, &json, &ip).await;
        drop(received.share);
        return answered;
    }
    let read = call.read(&json, collector.limits().batch_items_max);
    let source = match named {
        Some(source) => source,
        None => collector.admit(&read.write_key.ok_or(if read.items.is_ok() { Rejection::NoWriteKey } else { unreadable() })?)?,
    };
    let Items { items, sent_us } = match read.items {
        Ok(items) => items,
        Err(rejection) => return Err(collector.reject(&source, call.origin(), rejection, &json, &ip).await),
    };
    let outcome = match collector.accept(&source, call.origin(), items, sent_us, &ip).await {
        Ok(outcome) => outcome,
        Err(not_stored) => return Err(collector.reject(&source, call.origin(), not_stored.into(), &json, &ip).await),
    };
    drop(received.share);
    Ok(match call {
        Call::Single(_) => Answer::to_one(outcome),
        Call::Batch(_) | Call::Adf | Call::Hook => Answer::to_batch(outcome),
    })
}

/// Takes another program's body. What has no mapping yet, or does not fit it, is kept as it came, to be sent again once it does: the other
/// program is told that it arrived, for it would only give up.
async fn by_mapping(collector: &Collector, source: &Source, body: &Bytes, ip: &str) -> Result<Answer, Rejection> {
    let unmapped = || "nobody has said yet what the fields of this source's webhook mean: map them on the page Sources".to_owned();
    let read = source.mapping.as_ref().ok_or_else(unmapped).and_then(|mapping| mapping.read(body));
    match read {
        Ok(events) => {
            let items = events.into_iter().map(Item::from).collect();
            match collector.accept(source, Origin::Live, items, None, ip).await {
                Ok(outcome) => Ok(Answer::to_batch(outcome)),
                Err(not_stored) => Err(collector.reject(source, Origin::Live, not_stored.into(), body, ip).await),
            }
        }
        Err(reason) => {
            let refusal = Refusal::new(RefusalCode::WrongMapping, reason);
            let first_offset = collector.refuse(source, Origin::Live, &refusal, body, ip).await.map_err(Rejection::from)?;
            Ok(Answer::to_batch(Outcome { accepted: 0, refused: vec![Refused { index: 0, refusal }], first_offset }))
        }
    }
}

/// What a body holds, and the write key it names, if any: that one may be readable when the items are not.
struct Read {
    write_key: Option<String>,
    items: Result<Items, Rejection>,
}

impl Call {
    fn origin(self) -> Origin {
        match self {
            Self::Single(_) | Self::Adf | Self::Hook => Origin::Live,
            Self::Batch(origin) => origin,
        }
    }

    fn read(self, json: &Bytes, items_max: usize) -> Read {
        match self {
            Self::Single(event_type) => single::read(json, event_type),
            Self::Batch(_) => batch::read(json, items_max),
            Self::Adf => {
                let items = adf::read(json).map(|items| Items { items, sent_us: None });
                Read { write_key: None, items: items.map_err(|reason| Rejection::Unreadable { reason }) }
            }
            // Read by its source's mapping: see `by_mapping`.
            Self::Hook => Read { write_key: None, items: Err(unreadable()) },
        }
    }
}

/// The address of a person who sends by browser or app; a server's own address says nothing of the person.
///
/// A browser that says `?ip=0`, because the person has not consented, has its address forgotten.
fn person_address(collector: &Collector, head: &request::Parts) -> String {
    if query::parameters(&head.uri).any(|(name, value)| name == "ip" && value == "0") {
        return String::new();
    }
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_browser = text("origin").is_some()
        || text("sec-fetch-mode").is_some()
        || text("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/"));
    let address = if is_browser { collector.reach().sender(head) } else { None };
    address.map(|address| address.to_string()).unwrap_or_default()
}

/// A text or number member as text: write keys and the like.
fn text_of(raw: &[u8]) -> Option<String> {
    match serde_json::from_slice(raw).ok()? {
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn unreadable() -> Rejection {
    Rejection::Unreadable { reason: Refusal::new(RefusalCode::InvalidJson, NOT_JSON).message }
}

const NOT_JSON: &str = "the body is not a JSON object: send one event, or `{\"batch\": [ … ]}` to `/v1/batch`";

/// What SDKs say of themselves; we keep none of it, and they should not repeat it.
async fn ignore(State(collector): State<Collector>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match body::read(&collector, &head.headers, body).await {
        Ok(_) => (StatusCode::OK, axum::Json(json!({ "success": true }))).into_response(),
        Err(stopped) => stopped.rejection.into_response(),
    }
}

async fn wrong_method() -> Response {
    let message = "events are sent by POST; by GET only settings and pixels are read";
    (StatusCode::METHOD_NOT_ALLOWED, axum::Json(json!({ "success": false, "code": "wrong_method", "message": message }))).into_response()
}
