//! The pages, as the binary brings them.

use axum::{
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use crate::error::ApiError;

/// A file of the built pages, which the binary brings along.
#[derive(Clone, Copy)]
pub struct PageFile {
    /// Its path below the site's root.
    pub name: &'static str,
    /// Whether `bytes` are gzipped.
    pub gzipped: bool,
    pub bytes: &'static [u8],
}

/// Paths that belong to programs: a mistyped one must not be answered by a page.
const NOT_PAGES: [&str; 4] = ["/api/", "/v1/", "/f/", "/assets/"];

/// A file of the UI, or its first page for any other path: the UI knows its own paths.
pub fn page(files: &[PageFile], method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path();
    let name = path.trim_start_matches('/');
    let file = files.iter().find(|file| file.name == name);
    if file.is_none() && NOT_PAGES.iter().any(|prefix| path.starts_with(prefix)) {
        return ApiError::not_found("such address").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    match file.or_else(|| files.iter().find(|file| file.name == "index.html")) {
        Some(file) => serve(file, headers),
        None => ApiError::not_found("page").into_response(),
    }
}

fn serve(file: &PageFile, asked: &HeaderMap) -> Response {
    // The build names files in `assets` after their content; all others may change under the same name.
    let cached = if file.name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let takes_gzip = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("gzip"));
    let head = [(header::CONTENT_TYPE, content_type(file.name)), (header::CACHE_CONTROL, cached), (header::VARY, "accept-encoding")];
    match (file.gzipped, takes_gzip) {
        (false, _) => (head, Bytes::from_static(file.bytes)).into_response(),
        (true, true) => (head, [(header::CONTENT_ENCODING, "gzip")], Bytes::from_static(file.bytes)).into_response(),
        (true, false) => match unpacked(file.bytes) {
            Ok(bytes) => (head, bytes).into_response(),
            Err(error) => ApiError::internal(&error).into_response(),
        },
    }
}

fn unpacked(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut out)?;
    Ok(out)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
