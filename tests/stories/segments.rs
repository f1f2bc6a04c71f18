//! Segments over HTTP: defined on history, kept up by what happens, changed while it happens, and computed to the end whatever stops
//! the server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

const DEVICES: usize = 60;

async fn view(server: &Server, key: &str, device: usize) {
    server
        .track(key, json!({ "event": "car_viewed", "anonymousId": format!("device-{device}"), "properties": { "model": "Aster" } }))
        .await;
}

/// Device N views N % 4 + 1 cars.
async fn history(server: &Server, key: &str) {
    for device in 0..DEVICES {
        for _ in 0..=device % 4 {
            view(server, key, device).await;
        }
    }
    server.wait_until_folded().await;
}

fn viewed(at_least: usize) -> Value {
    json!({ "if": "did", "event": "car_viewed", "measure": { "of": "count" }, "is": { "op": "at_least", "number": at_least },
        "within": { "last": "30d" } })
}

async fn set(server: &Server, id: &str, rule: Value) -> Value {
    let segment = json!({ "segment_id": id, "name": id, "rule": rule });
    let (status, answer) = server.call(Method::POST, "/api/segments", None, Some(&segment)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// Waits until the rule that was set last is in force.
async fn computed(server: &Server, id: &str) -> Value {
    let deadline = Instant::now() + WITHIN;
    loop {
        let segment = server.get(&format!("/api/segments/{id}")).await;
        if segment["state"] == "live" && segment["is_changing"] == false {
            return segment;
        }
        assert!(Instant::now() < deadline, "it is never computed: {segment}\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn wait_for_size(server: &Server, id: &str, size: usize) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let segment = server.get(&format!("/api/segments/{id}")).await;
        if segment["size"] == size {
            return;
        }
        assert!(Instant::now() < deadline, "{size} are to be in it: {segment}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Everybody in the segment, page by page.
async fn members(server: &Server, id: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/api/segments/{id}/profiles?limit=7&cursor={cursor}")).await;
        found.extend(page["profiles"].as_array().cloned().expect("a list"));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_is_right_from_history_on_and_while_its_rule_changes() {
    let installation = Installation::new();
    let key = installation.source("site");
    let server = Arc::new(installation.serve().await);
    history(&server, &key).await;

    // Tried first: nothing is kept.
    let (status, tried) = server.call(Method::POST, "/api/segments/preview", None, Some(&json!({ "rule": viewed(3) }))).await;
    assert_eq!((status, &tried["of"], &tried["is_estimate"]), (StatusCode::OK, &json!(DEVICES), &json!(false)), "{tried}");
    let deadline = Instant::now() + WITHIN;
    // The lake's tail is a moment behind the fold.
    while server.call(Method::POST, "/api/segments/preview", None, Some(&json!({ "rule": viewed(3) }))).await.1["size"] != DEVICES / 2 {
        assert!(Instant::now() < deadline, "{tried}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(server.get("/api/segments").await["segments"], json!([]));

    set(&server, "keen", viewed(3)).await;
    let keen = computed(&server, "keen").await;
    assert_eq!((&keen["size"], &keen["percent"]), (&json!(DEVICES / 2), &json!(100)), "{keen}");
    assert_eq!(members(&server, "keen").await.len(), DEVICES / 2);
    set(&server, "fans", json!({ "if": "all", "rules": [{ "if": "segment", "segment_id": "keen" }, viewed(4)] })).await;
    let fans = computed(&server, "fans").await;
    assert_eq!((&fans["size"], &fans["overlap"][0]["profiles"]), (&json!(DEVICES / 4), &json!(DEVICES / 4)), "{fans}");
    assert_eq!(server.get("/api/segments/keen").await["used_by"], json!(["fans"]));

    // What happens now is in it at once.
    view(&server, &key, 1).await;
    let seen = Instant::now();
    wait_for_size(&server, "keen", DEVICES / 2 + 1).await;
    println!("an event was in its segment after {} ms", seen.elapsed().as_millis());
    let keen = server.get("/api/segments/keen").await;
    assert_eq!(keen["entered_7d"], 1, "{keen}");
    let found = server.get("/api/profiles?q=device-1").await;
    let profile = server.get(&format!("/api/profiles/{}", found["profiles"][0]["profile_id"].as_str().expect("an id"))).await;
    assert_eq!(profile["profile"]["segments"][0]["segment_id"], "keen", "{profile}");
    let entered = "SELECT count(*) FROM events WHERE event = 'segment_entered' AND json_get(properties, 'segment_id') = 'keen'";
    server.wait_for_number(entered, 1).await;

    // A report about its people only.
    let mut spec = json!({ "steps": [{ "event": "car_viewed" }], "window": "1d", "segment": "keen" });
    let (status, report) = server.call(Method::POST, "/api/reports/funnel", None, Some(&spec)).await;
    assert_eq!((status, &report["steps"][0]["profiles"]), (StatusCode::OK, &json!(DEVICES / 2 + 1)), "{report}");
    spec["segment"] = json!("nobody");
    let (status, told) = server.call(Method::POST, "/api/reports/funnel", None, Some(&spec)).await;
    assert!(status == StatusCode::BAD_REQUEST && told.to_string().contains("nobody"), "{told}");

    changed_under_load(&server, &key).await;
    let (status, told) = server.call(Method::DELETE, "/api/segments/keen", None, None).await;
    assert!(status == StatusCode::BAD_REQUEST && told.to_string().contains("fans"), "{told}");
    for id in ["fans", "keen"] {
        let (status, told) = server.call(Method::DELETE, &format!("/api/segments/{id}"), None, None).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }
    assert_eq!(server.get("/api/segments").await["segments"], json!([]));
    Arc::into_inner(server).expect("nobody sends any more").stop().await;
    installation.verify();
}

/// The rule changes while views come in: in the end it counts each of them once, whichever side of the change it fell on.
async fn changed_under_load(server: &Arc<Server>, key: &str) {
    let is_over = Arc::new(AtomicBool::new(false));
    let (sending, key, over) = (server.clone(), key.to_owned(), is_over.clone());
    let sender = tokio::spawn(async move {
        let mut sent = vec![0; DEVICES];
        while !over.load(Ordering::Relaxed) {
            for (device, sent) in sent.iter_mut().enumerate().filter(|(device, _)| device % 3 == 0) {
                view(&sending, &key, device).await;
                *sent += 1;
            }
        }
        sent
    });
    // Another event name, so that nothing of it is measured yet: everything before the change is the lake's to bring in.
    let rule = json!({ "if": "did", "event": "*", "where": [{ "field": "model", "op": "is", "values": ["aster"] }],
        "measure": { "of": "count" }, "is": { "op": "at_least", "number": 7 }, "within": { "last": "30d" } });
    let (status, told) = server.call(Method::PUT, "/api/segments/keen", None, Some(&json!({ "name": "Keen", "rule": rule }))).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let keen = computed(server, "keen").await;
    assert_eq!((&keen["name"], &keen["state"]), (&json!("Keen"), &json!("live")));
    is_over.store(true, Ordering::Relaxed);
    let sent = sender.await.expect("a sender");
    server.wait_until_folded().await;
    let views = |device: usize| device % 4 + 1 + sent[device] + usize::from(device == 1);
    let expected = (0..DEVICES).filter(|device| 7 <= views(*device)).count();
    wait_for_size(server, "keen", expected).await;
    assert_eq!(members(server, "keen").await.len(), expected);
    // Whoever looks at it follows.
    wait_for_size(server, "fans", (0..DEVICES).filter(|device| 7 <= views(*device)).count()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fill_that_was_cut_off_begins_again() {
    let installation = Installation::new();
    let key = installation.source("site");
    for point in ["segments::midway:20", "segments::filled:1"] {
        let id = point.replace("::", "-").replace(':', "-");
        let mut server = Server::start(&installation, &[("FORECOURT_CRASH_AT", point)]).await;
        if point.starts_with("segments::midway") {
            history(&server, &key).await;
        }
        let least = if point.ends_with("20") { 2 } else { 3 };
        // A measure of its own each time: what is there already is not filled again.
        let rule = json!({ "if": "did", "event": "car_viewed", "where": [{ "field": "model", "op": "is", "values": ["Aster", id] }],
            "measure": { "of": "count" }, "is": { "op": "at_least", "number": least }, "within": { "last": "20d" } });
        let segment = json!({ "segment_id": id, "name": id, "rule": rule });
        // The answer may be lost with the server.
        let url = format!("{}/api/segments", server.address);
        let _ = server.http.post(url).bearer_auth(server.token()).json(&segment).send().await;
        server.ended().await;
        let server = installation.serve().await;
        let made = computed(&server, &id).await;
        assert_eq!(made["size"], (0..DEVICES).filter(|device| least <= device % 4 + 1).count(), "{point}: {made}");
        server.stop().await;
    }
    installation.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_told_and_who_may_not_does_not() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let fresh = |rule: Value| json!({ "segment_id": "a", "name": "A", "rule": rule });
    for (body, told) in [
        (json!({ "segment_id": "A b", "name": "A", "rule": viewed(1) }), "lower-case"),
        (json!({ "segment_id": "a", "name": " ", "rule": viewed(1) }), "name"),
        (fresh(json!({ "if": "all", "rules": [] })), "no condition"),
        (fresh(json!({ "if": "segment", "segment_id": "b" })), "does not exist"),
        (fresh(json!({ "if": "guess" })), "does not read"),
        (json!({ "segment_id": "a", "name": "A", "tz": "Mars", "rule": viewed(1) }), "time zone"),
    ] {
        let (status, answer) = server.call(Method::POST, "/api/segments", None, Some(&body)).await;
        assert!(status == StatusCode::BAD_REQUEST && answer.to_string().contains(told), "{body}: {answer}");
    }
    set(&server, "a", viewed(1)).await;
    computed(&server, "a").await;
    let (status, _) = server.call(Method::POST, "/api/segments", None, Some(&fresh(viewed(2)))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the id was taken");
    let (status, _) = server.call(Method::GET, "/api/segments/b", None, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let token = |arguments: &[&str]| {
        let all: Vec<&str> = ["token", "create", "--role"].iter().chain(arguments).copied().collect();
        installation.ask(&all)["token"].as_str().expect("a token").to_owned()
    };
    let change = json!({ "name": "A", "rule": viewed(2) });
    for (shown, reads, writes) in [
        (token(&["marketer"]), StatusCode::OK, StatusCode::OK),
        (token(&["analyst"]), StatusCode::OK, StatusCode::FORBIDDEN),
        (token(&["operator"]), StatusCode::OK, StatusCode::FORBIDDEN),
        (token(&["dealer", "--dealer", "north"]), StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
    ] {
        for path in ["/api/segments", "/api/segments/a", "/api/segments/a/profiles", "/api/segments/fields"] {
            assert_eq!(server.call(Method::GET, path, Some(&shown), None).await.0, reads, "{path}");
        }
        assert_eq!(server.call(Method::PUT, "/api/segments/a", Some(&shown), Some(&change)).await.0, writes);
        let spec = json!({ "steps": [{ "event": "car_viewed" }], "window": "1d", "segment": "a" });
        assert_eq!(server.call(Method::POST, "/api/reports/funnel", Some(&shown), Some(&spec)).await.0, reads);
    }
    // An analyst sees people masked, and guesses nobody letter by letter.
    let asked = json!({ "rule": { "if": "trait", "name": "email", "is": { "op": "starts_with", "values": ["a"] } } });
    let (status, _) = server.call(Method::POST, "/api/segments/preview", Some(&token(&["analyst"])), Some(&asked)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    server.stop().await;
}
