//! Pages of any origin may send events: a write key is public, and nothing of ours is to be read here.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Browsers ask again after this many seconds; most keep an answer for two hours at most.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("7200");

/// What SDKs send, for a preflight that does not say.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, content-encoding, x-retry-count, x-write-key, anonymousid, sentat, rsa-recovered, rsa-retry-attempt, rsa-since-last-attempt, rsa-since-first-attempt, rsa-retry-reason",
);

/// Answers preflights, and lets the page that sent a request read the answer.
pub(crate) async fn allow_pages(request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return if request.method() == Method::OPTIONS { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    };
    let mut response = if request.method() == Method::OPTIONS {
        let mut response = StatusCode::NO_CONTENT.into_response();
        preflight(request.headers(), response.headers_mut());
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    // By name and with credentials, because SDKs can be told to send cookies, and a browser then takes no `*`. The
    // routes behind this read no cookie.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, x-ratelimit-reset"));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

fn preflight(asked: &HeaderMap, answer: &mut HeaderMap) {
    // SDKs gain headers with every version: what a page asks for is allowed, if it has the form of a list of names.
    let wanted = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).filter(|list| is_list_of_names(list)).cloned();
    let fixed: [(HeaderName, HeaderValue); 4] = [
        (header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.unwrap_or(HEADERS)),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS")),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S),
        (header::VARY, HeaderValue::from_static("access-control-request-headers")),
    ];
    answer.extend(fixed);
}

fn is_list_of_names(list: &HeaderValue) -> bool {
    let bytes = list.as_bytes();
    bytes.len() <= 1_000 && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_, ".contains(byte))
}
