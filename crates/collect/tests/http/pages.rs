//! What browsers need: preflights, settings, pixels.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::receiver::{KEY, Kept, Receiver, basic};

#[tokio::test]
async fn a_preflight_allows_what_the_page_asks_for() {
    let receiver = Receiver::start().await;
    let origin = ("origin", "https://shop.example.com");
    let method = ("access-control-request-method", "POST");
    let asked = "authorization,content-type,x-retry-count,anonymousid,rsa-retry-attempt";
    for path in ["/v1/t", "/v1/batch", "/v1/b", "/v1/m", "/sourceConfig/", "/v1/projects/wk_site/settings", "/beacon/v1/batch"] {
        let response = receiver.send("OPTIONS", path, &[origin, method, ("access-control-request-headers", asked)], b"").await;
        assert_eq!(response.status, 204, "{path}");
        assert_eq!(response.header("access-control-allow-origin"), Some("https://shop.example.com"));
        assert_eq!(response.header("access-control-allow-headers"), Some(asked));
        assert_eq!(response.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(response.header("access-control-max-age"), Some("7200"));
        assert!(response.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
    }
    let response = receiver.send("OPTIONS", "/v1/t", &[origin, method, ("access-control-request-headers", "a;b")], b"").await;
    assert!(response.header("access-control-allow-headers").is_some_and(|headers| headers.contains("x-retry-count")));
    assert_eq!(receiver.send("OPTIONS", "/v1/t", &[], b"").await.status, 204);
}

#[tokio::test]
async fn a_page_may_read_every_answer() {
    let receiver = Receiver::start().await;
    let key = basic(KEY);
    for (body, key, status) in [(r#"{"event":"x","userId":"a"}"#, &*key, 200), ("{}", &key, 400), ("{}", "Basic d3Jvbmc6", 401)] {
        let headers = [("origin", "null"), ("authorization", key)];
        let response = receiver.send("POST", "/v1/t", &headers, body.as_bytes()).await;
        assert_eq!((response.status, response.header("access-control-allow-origin")), (status, Some("null")));
        assert_eq!(response.header("access-control-expose-headers"), Some("retry-after, x-ratelimit-reset"));
        assert_eq!(response.header("vary"), Some("origin"));
    }
    assert_eq!(receiver.get("/v1/projects/wk_site/settings").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn segments_settings_send_browsers_back_here() {
    let receiver = Receiver::start().await;
    let response = receiver.get("/v1/projects/wk_site/settings").await;
    let settings = response.json();
    let own = &settings["integrations"]["Segment.io"];
    assert_eq!(response.status, 200);
    assert_eq!(own["apiHost"], format!("{}/v1", receiver.address));
    assert_eq!((&own["apiKey"], &own["protocol"]), (&json!("wk_site"), &json!("http")));
    assert_eq!(settings["metrics"]["sampleRate"], 0);
    for key in ["wk_other", "wk_old"] {
        assert_eq!(receiver.get(&format!("/v1/projects/{key}/settings")).await.status, 404, "{key}");
    }
}

#[tokio::test]
async fn rudderstacks_configuration_names_no_destination() {
    let receiver = Receiver::start().await;
    for path in ["/sourceConfig/?writeKey=wk_site&p=npm&v=3", "/sourceConfig?writeKey=wk_site"] {
        let response = receiver.get(path).await;
        let source = &response.json()["source"];
        assert_eq!((response.status, &source["id"], &source["enabled"]), (200, &json!("site"), &json!(true)));
        assert_eq!(source["destinations"], json!([]));
        assert_eq!(source["config"]["statsCollection"]["errors"]["enabled"], false);
    }
    let by_header = receiver.send("GET", "/sourceConfig/", &[("authorization", &basic("wk_old"))], b"").await;
    assert_eq!(by_header.json()["source"]["enabled"], false, "the SDK of a disabled source does not start");
    assert_eq!(receiver.get("/sourceConfig/?writeKey=wk_other").await.status, 401);
    assert_eq!(receiver.get("/sourceConfig/").await.status, 401);
}

#[tokio::test]
async fn a_pixel_is_an_event_and_always_a_picture() {
    let receiver = Receiver::start().await;
    let data = STANDARD.encode(r#"{"writeKey":"wk_site","userId":"ana","event":"mail_opened","properties":{"n":"~~~???"}}"#);
    let with_query =
        "writeKey=wk_site&anonymousId=d&event=mail%20opened&properties.campaign=spring&context.page.url=https%3A%2F%2Fx.example%2Fa";
    let paths = [
        format!("/v1/pixel/track?data={data}"),
        format!("/v1/pixel/track?data={}", data.trim_end_matches('=').replace('+', "-").replace('/', "_")),
        format!("/v1/pixel/t?data={}", data.replace('+', "%2B")),
        format!("/v1/pixel/track?{with_query}"),
        format!("/pixel/v1/page?{with_query}"),
        "/v1/pixel/identify?writekey=wk_site&userId=ana&traits={\"email\":\"ana@example.com\"}"
            .replace('{', "%7B")
            .replace('}', "%7D")
            .replace('"', "%22"),
    ];
    for path in &paths {
        let response = receiver.get(path).await;
        assert_eq!((response.status, response.header("content-type")), (200, Some("image/gif")), "{path}");
        assert_eq!(response.header("cache-control"), Some("no-store, max-age=0"));
        assert!(response.body.starts_with(b"GIF89a") && response.body.ends_with(b"\x3b"), "{path}");
    }
    let kept = receiver.kept();
    let told: Vec<String> = kept
        .iter()
        .map(|kept| match kept {
            Kept::Event { event, .. } => format!("{} {} {}", event.name, event.identifiers[0], event.properties),
            Kept::Refused { reason, .. } => reason.clone(),
        })
        .collect();
    let opened = r#"mail_opened user_id:ana {"n":"~~~???"}"#;
    let expected = [
        opened,
        opened,
        opened,
        r#"mail opened anonymous_id:d {"campaign":"spring"}"#,
        r#"page_viewed anonymous_id:d {"campaign":"spring"}"#,
        "identified user_id:ana {}",
    ];
    assert_eq!(told, expected);
    let Kept::Event { event, .. } = &kept[4] else { panic!("{kept:?}") };
    assert_eq!(event.url.as_deref(), Some("https://x.example/a"));
}

#[tokio::test]
async fn a_pixel_that_is_refused_shows_nothing_of_it_and_leaves_a_dead_letter() {
    let receiver = Receiver::start().await;
    for path in
        ["/v1/pixel/track?writeKey=wk_site&event=x", "/v1/pixel/track?writeKey=wk_site&data=???", "/v1/pixel/track", "/v1/pixel/nonsense"]
    {
        let response = receiver.get(path).await;
        assert_eq!((response.status, response.header("content-type")), (200, Some("image/gif")), "{path}");
    }
    let letters = receiver.dead_letters();
    let codes: Vec<&str> = letters.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["no_identifier", "invalid_json"]);
    assert_eq!(letters[1].1, "writeKey=wk_site&data=???");
}

#[tokio::test]
async fn what_sdks_say_of_themselves_is_taken_and_forgotten() {
    let receiver = Receiver::start().await;
    for path in ["/v1/m", "/rsaMetrics"] {
        let response = receiver.send("POST", path, &[("content-type", "text/plain")], br#"{"series":[]}"#).await;
        assert_eq!((response.status, response.json()), (200, json!({"success": true})));
    }
    assert_eq!(receiver.log.end_offset(), 0);
}
