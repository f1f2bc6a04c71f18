//! Where senders put their write key.

use axum::http::{HeaderMap, Uri, header::AUTHORIZATION};

use super::{base64, query};

/// The write key that a request's head names; `None` when only the body can.
///
/// In this order: `Authorization: Basic base64("key:")`, the colon may be missing; `X-Write-Key`; `?writeKey=`, in any
/// case of its letters. A `Bearer` authorization is Segment's OAuth, which puts the key in the body.
pub(crate) fn of_head(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    basic(headers).or_else(|| own_header(headers)).or_else(|| of_query(uri)).filter(|key| !key.is_empty())
}

fn basic(headers: &HeaderMap) -> Option<String> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(base64::decode(encoded).ok()?).ok()?;
    let key = pair.split_once(':').map_or(&*pair, |(key, _)| key).trim();
    (!key.is_empty()).then(|| key.to_owned())
}

fn own_header(headers: &HeaderMap) -> Option<String> {
    let key = headers.get("x-write-key")?.to_str().ok()?.trim();
    // Jitsu's own form is `key:secret`.
    Some(key.split_once(':').map_or(key, |(key, _)| key).to_owned())
}

fn of_query(uri: &Uri) -> Option<String> {
    query::parameters(uri).find(|(name, _)| name.eq_ignore_ascii_case("writekey")).map(|(_, key)| key.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(headers: &[(&'static str, &str)], uri: &str) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap_or_else(|error| panic!("{error}")));
        }
        of_head(&map, &uri.parse().unwrap_or_default())
    }

    #[test]
    fn each_form_names_the_key() {
        // base64 of `wk_1:`, of `wk_1`, and of `wk_1:` unpadded.
        for basic in ["Basic d2tfMTo=", "basic d2tfMQ==", "Basic d2tfMTo"] {
            assert_eq!(key(&[("authorization", basic)], "/").as_deref(), Some("wk_1"), "{basic}");
        }
        assert_eq!(key(&[("x-write-key", "wk_1:secret")], "/").as_deref(), Some("wk_1"));
        for uri in ["/?writeKey=wk_1", "/?a=b&writekey=wk_1", "/?WRITEKEY=wk%5F1"] {
            assert_eq!(key(&[], uri).as_deref(), Some("wk_1"), "{uri}");
        }
    }

    #[test]
    fn the_header_goes_before_the_query_and_nonsense_names_none() {
        assert_eq!(key(&[("authorization", "Basic d2tfMTo=")], "/?writeKey=other").as_deref(), Some("wk_1"));
        assert_eq!(key(&[("authorization", "Bearer abc")], "/?writeKey=other").as_deref(), Some("other"));
        for nonsense in ["Basic", "Basic ???", "Basic Og==", "Bearer abc"] {
            assert_eq!(key(&[("authorization", nonsense)], "/"), None, "{nonsense}");
        }
    }
}
