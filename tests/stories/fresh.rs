//! From the sender to the screen: an event shows up in Live and in a funnel by itself.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_up_in_live_and_in_a_funnel() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let mut stream = server.http.get(format!("{}/api/live/stream", server.address)).bearer_auth(server.token());
    stream = stream.timeout(WITHIN);
    let mut stream = stream.send().await.expect("a stream");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");

    let viewed = json!({ "event": "car_viewed", "anonymousId": "device-1", "messageId": "m-1", "properties": { "model": "Aster" } });
    server.track(&write_key, viewed).await;
    let shown = first_event(&mut stream).await;
    assert_eq!((&shown["event"], &shown["verdict"], &shown["source"]), (&json!("car_viewed"), &json!("accepted"), &json!("shop")));
    assert_eq!(shown["raw"]["messageId"], "m-1");

    let lead = json!({ "event": "lead_created", "anonymousId": "device-1", "userId": "ana", "properties": { "lead_id": "l-1" } });
    server.track(&write_key, lead).await;
    let recent =
        wait_for(&server, async || server.get("/api/live/recent").await, |recent| recent["events"].as_array().map_or(0, Vec::len) == 2)
            .await;
    assert_eq!(recent["events"][0]["event"], "lead_created", "the newest first");

    let spec = json!({ "steps": [{ "event": "car_viewed" }, { "event": "lead_created" }], "window": "30d" });
    let ask = async || server.call(Method::POST, "/api/reports/funnel", None, Some(&spec)).await.1;
    let report = wait_for(&server, ask, |report| report["steps"][1]["profiles"] == 1).await;
    assert_eq!(report["steps"][0]["profiles"], 1);
    assert_eq!(report["steps"][1]["rate"], json!(1.0));

    // The same event again is none.
    let again = json!({ "event": "car_viewed", "anonymousId": "device-1", "messageId": "m-1", "properties": { "model": "Aster" } });
    server.track(&write_key, again).await;
    let recent =
        wait_for(&server, async || server.get("/api/live/recent").await, |recent| recent["events"].as_array().map_or(0, Vec::len) == 3)
            .await;
    assert_eq!(recent["events"][0]["verdict"], "duplicate");
    assert_eq!(server.number("SELECT count(*) FROM events WHERE event = 'car_viewed'").await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_line_says_is_what_the_server_says() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    for number in 0..20 {
        let event = json!({ "event": "car_viewed", "anonymousId": format!("device-{number}"), "properties": { "value": number } });
        server.track(&write_key, event).await;
    }
    let sql = "SELECT count(*) AS events, count(DISTINCT profile_id) AS profiles, sum(value) AS value FROM events";
    server.wait_for_number("SELECT count(*) FROM events", 20).await;
    let with_server = installation.ask(&["query", sql]);
    assert_eq!(with_server, json!([{ "events": 20, "profiles": 20, "value": 190.0 }]));
    let profile = server.query("SELECT min(profile_id) FROM events").await[0][0].as_str().expect("an id").to_owned();
    let shown = installation.ask(&["profile", "show", &profile]);
    assert_eq!(shown["profile_id"], json!(profile));
    server.stop().await;
    // No server: the command opens the folder itself.
    assert_eq!(installation.ask(&["query", sql]), with_server);
    assert_eq!(installation.ask(&["profile", "show", &profile]), shown);
}

async fn wait_for(server: &Server, look: impl AsyncFn() -> Value, fits: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + WITHIN;
    loop {
        let seen = look().await;
        if fits(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "still not there: {seen}\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The first message of a stream of server-sent events.
async fn first_event(stream: &mut reqwest::Response) -> Value {
    let mut text = String::new();
    loop {
        let chunk =
            tokio::time::timeout(WITHIN, stream.chunk()).await.expect("an event in time").expect("a stream").expect("a stream without end");
        text += &String::from_utf8_lossy(&chunk);
        let mut messages = text.split("\n\n");
        // The last piece may be unfinished; a line that begins with `:` only keeps the connection open.
        let whole: Vec<&str> = messages.by_ref().collect();
        for message in &whole[..whole.len() - 1] {
            if let Some(data) = message.lines().find_map(|line| line.strip_prefix("data:")) {
                assert!(message.lines().any(|line| line == "event: event"), "{message}");
                return serde_json::from_str(data.trim()).expect("JSON");
            }
        }
    }
}
