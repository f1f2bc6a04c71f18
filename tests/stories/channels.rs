//! Channel rules changed by a person: what comes next, what came before, and the proof that all of it is in the log.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

fn visit(device: usize, from: &str) -> Value {
    json!({ "anonymousId": format!("device-{device}"), "context": { "page": { "url": "https://cars.example/", "referrer": from } } })
}

async fn tell(server: &Server, key: &str, devices: std::ops::Range<usize>) {
    for device in devices {
        let from = ["https://forum.example/t/1", "https://www.google.com/", ""][device % 3];
        let answer = server.post("/v1/page", key, &visit(device, from)).await.expect("an answer");
        assert!(answer.status().is_success());
        let lead = json!({ "event": "lead_created", "anonymousId": format!("device-{device}"),
            "properties": { "lead_id": format!("L{device}"), "email": format!("p{device}@example.com") } });
        server.track(key, lead).await;
    }
    server.wait_until_folded().await;
}

/// Rows of a table by channel, counted.
async fn by_channel(server: &Server, table: &str) -> Vec<(String, i64)> {
    let sql = format!("SELECT channel, CAST(count(*) AS VARCHAR) FROM {table} WHERE channel IS NOT NULL GROUP BY 1 ORDER BY 1");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    server.query(&sql).await.iter().map(|row| (text(&row[0]), text(&row[1]).parse().expect("a count"))).collect()
}

async fn wait_for(server: &Server, table: &str, expected: &[(&str, i64)]) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let found = by_channel(server, table).await;
        if found.iter().map(|(channel, count)| (channel.as_str(), *count)).eq(expected.iter().copied()) {
            return;
        }
        assert!(Instant::now() < deadline, "{table}: {found:?} instead of {expected:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn wait_for_job(server: &Server, id: &str) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let jobs = server.get("/api/jobs").await;
        let job = jobs["jobs"].as_array().into_iter().flatten().find(|job| job["id"] == id).cloned().unwrap_or_default();
        match job["state"].as_str() {
            Some("done") => return,
            Some("running") => {}
            _ => panic!("the job failed: {job}"),
        }
        assert!(Instant::now() < deadline, "the job does not end: {job}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_changed_previewed_and_applied_to_history() {
    let installation = Installation::new();
    let key = installation.source("site");
    let server = installation.serve().await;
    tell(&server, &key, 0..30).await;
    wait_for(&server, "leads", &[("direct", 10), ("organic", 10), ("referral", 10)]).await;

    let listed = server.get("/api/channel-rules").await;
    assert_eq!((listed["rules"] == listed["built_in"], &listed["changed_at"]), (true, &Value::Null));
    let mut rules = listed["rules"].as_array().cloned().expect("a list");
    rules.insert(
        0,
        json!({ "name": "Forums", "channel": "forums", "conditions": [{ "mark": "referrer_host", "test": "domain", "values": ["Forum."] }] }),
    );
    let trial = json!({ "rules": rules, "url": "https://cars.example/", "referrer": "https://forum.example/t/1" });
    let (_, verdict) = server.call(Method::POST, "/api/channel-rules/test", None, Some(&trial)).await;
    assert_eq!(
        (&verdict["channel"], &verdict["rule"], &verdict["marks"]["referrer_host"]),
        (&json!("forums"), &json!(0), &json!("forum.example"))
    );

    // Looking changes nothing.
    let (_, forecast) = server.call(Method::POST, "/api/channel-rules/preview", None, Some(&json!({ "rules": rules }))).await;
    assert_eq!(
        (&forecast["events_changed"], &forecast["leads_changed"], &forecast["complete"]),
        (&json!(20), &json!(10), &json!(true)),
        "{forecast}"
    );
    wait_for(&server, "events", &[("direct", 20), ("organic", 20), ("referral", 20)]).await;

    let (status, outcome) = server.call(Method::PUT, "/api/channel-rules", None, Some(&json!({ "rules": rules }))).await;
    assert_eq!((status, &outcome["done"]), (StatusCode::OK, &json!(true)), "{outcome}");
    assert_eq!(server.get("/api/channel-rules").await["rules"][0]["conditions"][0]["values"], json!(["forum."]));
    tell(&server, &key, 30..33).await;
    wait_for(&server, "events", &[("direct", 22), ("forums", 2), ("organic", 22), ("referral", 20)]).await;

    let (status, job) = server.call(Method::POST, "/api/channel-rules/apply", None, None).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    tell(&server, &key, 33..63).await;
    wait_for_job(&server, job["job"].as_str().expect("an id")).await;
    let expected = [("direct", 42), ("forums", 42), ("organic", 42)];
    wait_for(&server, "events", &expected).await;
    wait_for(&server, "leads", &expected.map(|(channel, count)| (channel, count / 2))).await;
    let overview = server.get("/api/overview").await;
    let leads: i64 = overview["channels"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|of| of["channel"] == "forums")
        .filter_map(|of| of["leads"].as_i64())
        .sum();
    assert_eq!(leads, 21, "{overview}");
    let found = server.get("/api/profiles?q=p0@example.com").await;
    assert_eq!(found["profiles"][0]["channel"], "forums", "{found}");
    server.stop().await;
    installation.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_cut_off_goes_on_at_the_next_start() {
    let installation = Installation::new();
    let key = installation.source("site");
    let server = installation.serve().await;
    tell(&server, &key, 0..60).await;
    let rules = json!({ "rules": [{ "channel": "everything" }] });
    let (status, _) = server.call(Method::PUT, "/api/channel-rules", None, Some(&rules)).await;
    assert_eq!(status, StatusCode::OK);
    let (_, job) = server.call(Method::POST, "/api/channel-rules/apply", None, None).await;
    server.kill();
    let server = installation.serve().await;
    wait_for_job(&server, job["job"].as_str().expect("an id")).await;
    wait_for(&server, "events", &[("everything", 120)]).await;
    wait_for(&server, "leads", &[("everything", 60)]).await;
    server.stop().await;
    installation.verify();
}

#[tokio::test]
async fn who_may_not_change_rules_does_not_and_nonsense_is_told() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let token =
        installation.ask(&["token", "create", "--name", "reader", "--role", "analyst"])["token"].as_str().expect("a token").to_owned();
    let rules = json!({ "rules": [{ "channel": "everything" }] });
    for (method, path, body) in [(Method::PUT, "/api/channel-rules", Some(&rules)), (Method::POST, "/api/channel-rules/apply", None)] {
        let (status, told) = server.call(method, path, Some(&token), body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{told}");
    }
    let (status, _) = server.call(Method::GET, "/api/channel-rules", Some(&token), None).await;
    assert_eq!(status, StatusCode::OK);
    let nonsense = json!({ "rules": [{ "channel": "x", "conditions": [{ "mark": "utm_medium", "test": "is", "values": [" "] }] }] });
    let (status, told) = server.call(Method::PUT, "/api/channel-rules", None, Some(&nonsense)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(told["error"]["message"].as_str().is_some_and(|told| told.contains("rule 1") && told.contains("no value")), "{told}");
    server.stop().await;
}
