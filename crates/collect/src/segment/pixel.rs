//! Events by a picture: e-mail opens, and pages where no script runs.

use axum::{
    extract::{Path, Request, State},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
        request,
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use forecourt_model::{EventType, Origin};
use serde_json::{Map, Value};

use super::{Items, person_address, single, unreadable};
use crate::{
    Collector,
    http::{base64, query, rejection::Rejection, write_key},
    mend,
};

/// A transparent GIF of one pixel.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0\x21\xf9\x04\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";

/// How deep the names of parameters may nest what they say: `context.page.url` is three.
const NAME_PARTS_MAX: usize = 8;

/// Always answers with the picture: whoever looks at an e-mail should not see what is wrong with it. What is refused
/// is a dead letter all the same.
pub(super) async fn receive(State(collector): State<Collector>, Path(path): Path<String>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    if let Err(rejection) = event(&collector, &path, &head).await {
        tracing::debug!(%rejection, "a pixel was refused");
    }
    let fixed = [(CONTENT_TYPE, HeaderValue::from_static("image/gif")), (CACHE_CONTROL, HeaderValue::from_static("no-store, max-age=0"))];
    (fixed, GIF).into_response()
}

async fn event(collector: &Collector, path: &str, head: &request::Parts) -> Result<(), Rejection> {
    let ip = person_address(collector, head);
    // Pixels of RudderStack's gateway end in `.gif` at times.
    let event_type = EventType::parse(path.trim_end_matches(".gif")).ok_or_else(|| Rejection::Unreadable {
        reason: format!("`{}` is no type of pixel: ask for track, identify, page, screen, group or alias", path.escape_debug()),
    })?;
    let mut json = json(head).ok_or_else(unreadable).unwrap_or_default();
    mend::escapes(&mut json);
    let json = Bytes::from(json);
    let read = single::read(&json, event_type);
    let key = write_key::of_head(&head.headers, &head.uri).or(read.write_key).ok_or(Rejection::NoWriteKey)?;
    let source = collector.admit(&key)?;
    match read.items {
        Ok(Items { items, sent_us }) => collector.accept(&source, Origin::Live, items, sent_us, &ip).await.map(drop)?,
        Err(rejection) => {
            let asked = head.uri.query().unwrap_or_default();
            return Err(collector.reject(&source, Origin::Live, rejection, asked.as_bytes(), &ip).await);
        }
    }
    Ok(())
}

/// The event that a query says: all of it in `data` as base64 of JSON, or a member in each parameter.
fn json(head: &request::Parts) -> Option<Vec<u8>> {
    let mut event = Map::new();
    for (name, value) in query::parameters(&head.uri) {
        if name == "data" {
            return base64::decode(&value).ok();
        }
        put(&mut event, &name, value);
    }
    serde_json::to_vec(&event).ok()
}

fn put(event: &mut Map<String, Value>, name: &str, value: String) {
    if name.eq_ignore_ascii_case("writekey") || name.is_empty() || NAME_PARTS_MAX < name.split('.').count() {
        return;
    }
    let mut object = event;
    let mut parts = name.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            // `properties={…}` is an object in one parameter; anything else is text.
            let nested = serde_json::from_str::<Map<String, Value>>(&value).map(Value::Object);
            object.insert(part.to_owned(), nested.unwrap_or(Value::String(value)));
            return;
        }
        let Some(inner) = object.entry(part).or_insert_with(|| Value::Object(Map::new())).as_object_mut() else { return };
        object = inner;
    }
}
