//! The browser script, packed into the program by `build.rs`.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

const GZIPPED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/t.js.gz"));

pub(crate) const PATH: &str = "/t.js";

/// For an hour, so that a new version is everywhere soon; then a browser asks whether it has changed.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=3600, stale-while-revalidate=86400");

struct Script {
    plain: Bytes,
    etag: HeaderValue,
}

static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    let mut plain = Vec::new();
    // Written by our own build: it reads.
    let read = std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(GZIPPED), &mut plain);
    assert!(read.is_ok(), "the script in the program is damaged");
    let hash = blake3::hash(&plain).to_hex();
    let etag = HeaderValue::from_str(&format!("\"{}\"", &hash[..16])).unwrap_or(HeaderValue::from_static("\"0\""));
    Script { plain: plain.into(), etag }
});

/// `…/any-name.js` under the first-party path.
pub(crate) async fn first_party(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name.ends_with(".js") { script(headers).await } else { StatusCode::NOT_FOUND.into_response() }
}

pub(crate) async fn script(asked: HeaderMap) -> Response {
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, KEEP),
        (header::ETAG, SCRIPT.etag.clone()),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Pages of any origin load it, also those that isolate themselves.
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    if asked.get(header::IF_NONE_MATCH).is_some_and(|held| *held == SCRIPT.etag) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let takes_gzip = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("gzip"));
    match takes_gzip {
        true => (head, [(header::CONTENT_ENCODING, "gzip")], Bytes::from_static(GZIPPED)).into_response(),
        false => (head, SCRIPT.plain.clone()).into_response(),
    }
}
