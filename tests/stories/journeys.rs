//! Journeys through the public surfaces: drawn by API, gone through by people, told by a real mailbox, safe through a kill.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, messages, rounds, server::Server, smtp::Smtp};

fn welcome() -> Value {
    json!({
        "journey_id": "welcome", "name": "Welcome", "entry": { "by": "event", "event": "lead_created", "key": "properties.lead_id" }, "first": "hello",
        "goal": { "event": "bought", "within": "30d" },
        "steps": [
            { "step_id": "hello", "name": "Hello", "does": { "do": "send", "purpose": "news", "chain": [{ "template_id": "offer" }], "next": "call" } },
            { "step_id": "call", "does": { "do": "call_task", "title": "Call", "tries": 2, "gap": "1h", "within": "1d", "next": "receipt", "otherwise": null } },
            { "step_id": "receipt", "does": { "do": "send", "purpose": "receipts", "chain": [{ "template_id": "offer" }], "next": null } },
        ],
    })
}

async fn publish(server: &Server, journey: &Value) {
    let id = journey["journey_id"].as_str().expect("an id");
    messages::call(server, Method::POST, "/api/journeys", &json!({ "journey": journey })).await;
    messages::call(server, Method::POST, &format!("/api/journeys/{id}/step"), &json!({ "step": "publish" })).await;
}

async fn until(server: &Server, path: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + WITHIN;
    loop {
        let found = server.get(path).await;
        if is_so(&found) {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}: {found}\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// An event becomes a real e-mail; a task answered at a desk moves the run on; the report and the run tell it all.
#[tokio::test]
async fn a_lead_gets_its_mail_its_call_and_its_report() {
    let smtp = Smtp::start();
    let (installation, server, key) = messages::open(&smtp).await;
    messages::people(&server, &key, 1).await;
    publish(&server, &welcome()).await;
    let lead = json!({ "event": "lead_created", "userId": "u-0", "properties": { "lead_id": "L1", "car": "X5" } });
    assert_eq!(server.post("/v1/track", &key, &lead).await.expect("answered").status(), StatusCode::OK);
    smtp.wait_for(1).await;
    assert_eq!(smtp.taken()[0]["to"][0], "p0@example.com");

    let tasks = until(&server, "/api/tasks", "a task", |found| !found["tasks"].as_array().expect("tasks").is_empty()).await;
    let task = &tasks["tasks"][0];
    assert_eq!((task["title"].as_str(), task["name"].as_str(), task["tries"].as_u64()), (Some("Call"), Some("Person 0"), Some(0)));
    let answer = format!("/api/tasks/{}/answer", task["task_id"].as_str().expect("an id"));
    messages::call(&server, Method::POST, &answer, &json!({ "outcome": "spoke", "note": "wants the blue one" })).await;
    smtp.wait_for(2).await;

    let runs = server.get("/api/journeys/welcome/runs?state=ended").await;
    let run = &runs["runs"][0];
    assert_eq!((run["key"].as_str(), run["reason"].as_str()), (Some("L1"), Some("finished")));
    let own = server.get(&format!("/api/journey-runs/{}", run["run_id"].as_str().expect("an id"))).await;
    let path: Vec<&str> = own["path"].as_array().expect("a path").iter().filter_map(|passed| passed["says"].as_str()).collect();
    assert_eq!(path, ["sent", "waits", "spoke", "sent", "finished"]);
    assert_eq!(own["properties"]["car"], "X5");

    let bought = json!({ "event": "bought", "userId": "u-0", "properties": { "value": 20_000 } });
    server.post("/v1/track", &key, &bought).await.expect("answered");
    server.wait_until_folded().await;
    let report = until(&server, "/api/journeys/welcome/report", "sent", |report| report["steps"][1]["messages"]["sent"] == 1).await;
    assert_eq!((&report["entered"], &report["goals"], &report["value"]), (&json!(1), &json!(1), &json!(20_000.0)), "{report}");
    let counts = server.get("/api/journeys/welcome/counts").await;
    assert_eq!(counts["ways"].as_array().map(Vec::len), Some(4), "{counts}");

    // What is wrong says so, and what is there is not made twice.
    let refused = |answer: (StatusCode, Value), said: &str| {
        assert_eq!(answer.0, StatusCode::BAD_REQUEST, "{}", answer.1);
        assert!(answer.1["error"]["message"].as_str().is_some_and(|message| message.contains(said)), "{}", answer.1);
    };
    let post = async |path: &str, body: &Value| server.call(Method::POST, path, None, Some(body)).await;
    refused(post("/api/journeys", &json!({ "journey": welcome() })).await, "already");
    refused(post("/api/journeys", &json!({ "journey": { "journey_id": "x" } })).await, "does not read");
    refused(
        post("/api/journeys/simulate", &json!({ "journey": { "journey_id": "x", "name": "X", "entry": { "by": "call" } } })).await,
        "no first step",
    );
    refused(post(&answer, &json!({ "outcome": "spoke" })).await, "over already");
    let checked = messages::call(
        &server,
        Method::POST,
        "/api/journeys/check",
        &json!({ "journey": { "journey_id": "x", "name": "X", "entry": { "by": "call" } } }),
    )
    .await;
    assert_eq!(checked["problems"][0]["says"], "the journey has no first step: add one");

    // On paper: nobody answers, and a day later it is over.
    let simulated = messages::call(
        &server,
        Method::POST,
        "/api/journeys/simulate",
        &json!({ "journey": welcome(), "starts_at": "2026-03-01T09:00:00Z" }),
    )
    .await;
    assert_eq!(
        (&simulated["ended"]["at"], &simulated["ended"]["reason"]),
        (&json!("2026-03-02T09:00:00.000Z"), &json!("finished")),
        "{simulated}"
    );
    assert_eq!(simulated["sends"][0]["template_ids"], json!(["offer"]));
    server.stop().await;
    installation.verify();
}

/// Killed while many enter: each gets one message, and each run goes on where it was.
#[tokio::test]
async fn who_entered_before_a_kill_gets_it_once() {
    let smtp = Smtp::start();
    let (installation, server, key) = messages::open(&smtp).await;
    let count = rounds(300, 5_000);
    messages::people(&server, &key, count).await;
    publish(&server, &welcome()).await;
    let enter = async |server: &Server, count: usize| {
        for chunk in (0..count).collect::<Vec<_>>().chunks(100) {
            let lead = |n: &usize| json!({ "type": "track", "event": "lead_created", "userId": format!("u-{n}"), "messageId": format!("l-{n}"), "properties": { "lead_id": format!("L{n}") } });
            let items: Vec<Value> = chunk.iter().map(lead).collect();
            let answer = server.post("/v1/batch", &key, &json!({ "batch": items })).await.expect("answered");
            assert_eq!(answer.status(), StatusCode::OK);
        }
    };
    enter(&server, count * 2 / 3).await;
    smtp.wait_for(count / 10).await;
    server.kill();
    let server = Server::start(&installation, &[]).await;
    // Everything is told once more, as an SDK does that heard no answer.
    enter(&server, count).await;
    let counted = |found: &Value| found["entered"].as_u64() == Some(count as u64);
    until(&server, "/api/journeys/welcome/counts", "all have entered", counted).await;
    let settled = |found: &Value| {
        let messages = &found["steps"][0]["messages"];
        messages["messages"].as_u64() == Some(count as u64) && messages["pending"] == 0
    };
    let report = until(&server, "/api/journeys/welcome/report", "all is sent", settled).await;
    let twice = smtp.by_message_id().into_iter().filter(|(_, times)| 1 < *times).count();
    assert_eq!(twice, 0);
    let number = |name: &str| report["steps"][0]["messages"][name].as_u64().expect("a number") as usize;
    assert_eq!(number("sent") + number("unknown"), count, "{report}");
    assert!(number("sent") <= smtp.count() && smtp.count() <= count);
    server.stop().await;
    installation.verify();
}

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "correct horse battery";

/// A marketer draws it on an empty canvas by mouse and again by keys alone; both journeys send their real e-mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_marketer_draws_the_welcome_by_mouse_and_by_keys() {
    let smtp = Smtp::start();
    let (_installation, server, key) = messages::open(&smtp).await;
    messages::people(&server, &key, 1).await;
    // The canvas offers events that have happened.
    server.track(&key, json!({ "event": "lead_created", "userId": "u-1", "properties": {} })).await;
    server.wait_until_folded().await;
    let account = json!({ "email": EMAIL, "name": "Ana", "role": "admin", "password": PASSWORD });
    let (status, told) = server.call(Method::POST, "/api/users", None, Some(&account)).await;
    assert!(status.is_success(), "{told}");

    let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let mut command = tokio::process::Command::new("node");
    command.arg("tests/browser/journey.mjs").current_dir(web).kill_on_drop(true);
    command.env("BASE_URL", &server.address).env("EMAIL", EMAIL).env("PASSWORD", PASSWORD);
    let output = command.output().await.expect("node, to drive the browser");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the walk failed:\n{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 2, "{told}");

    let lead = json!({ "event": "lead_created", "userId": "u-0", "properties": {} });
    assert_eq!(server.post("/v1/track", &key, &lead).await.expect("answered").status(), StatusCode::OK);
    smtp.wait_for(2).await;
    let journeys = server.get("/api/journeys").await;
    let counts: Vec<&Value> = journeys["journeys"].as_array().into_iter().flatten().map(|journey| &journey["counts"]["running"]).collect();
    assert_eq!(counts, [&json!(1), &json!(1)], "both wait: {journeys}");
    server.stop().await;
}
