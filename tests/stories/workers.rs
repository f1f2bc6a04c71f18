//! Workers that fall: `/readyz` says so at once and why, and what then happens is the right thing.

use std::time::Instant;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

/// Waits until `/readyz` is red for `check`; returns what it says of it.
async fn red(server: &Server, check: &str) -> String {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some((status, checks)) = readiness(server).await {
            let found = checks.iter().find(|found| found["name"] == check && found["ok"] == false);
            if let Some(found) = found {
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                return found["told"].as_str().unwrap_or_default().to_owned();
            }
        }
        assert!(Instant::now() < deadline, "{check} is never red:\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn green(server: &Server) {
    let deadline = Instant::now() + WITHIN;
    while !matches!(readiness(server).await, Some((StatusCode::OK, _))) {
        assert!(Instant::now() < deadline, "it stays red:\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn readiness(server: &Server) -> Option<(StatusCode, Vec<Value>)> {
    let answer = server.http.get(format!("{}/readyz", server.address)).send().await.ok()?;
    let status = answer.status();
    let body: Value = answer.json().await.ok()?;
    Some((status, body["checks"].as_array().cloned().unwrap_or_default()))
}

fn event(number: u32) -> Value {
    json!({ "event": "car_viewed", "anonymousId": "device-1", "messageId": format!("m-{number}") })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fold_that_dies_ends_the_process_and_the_next_one_goes_on() {
    dies_of("process::before_commit=1*panic(on purpose)", "fold").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_dies_ends_the_process_and_the_next_one_goes_on() {
    dies_of("lake_entities_written=1*panic(on purpose)", "lake").await;
}

async fn dies_of(fail_at: &str, worker: &str) {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let mut server = Server::start(&installation, &[("FORECOURT_FAIL_AT", fail_at)]).await;
    green(&server).await;
    server.track(&write_key, event(1)).await;
    server.track(&write_key, json!({ "event": "lead_created", "anonymousId": "device-1", "properties": { "lead_id": "l-1" } })).await;
    let told = red(&server, worker).await;
    assert!(told.contains("defect") && told.contains("on purpose"), "{told}");
    assert_eq!(server.ended().await.code(), Some(1));
    let printed = server.printed();
    let line: Vec<&str> = printed.lines().filter(|line| line.starts_with("forecourt: ")).collect();
    assert_eq!(line.len(), 1, "one clear line:\n{printed}");
    assert!(line[0].contains(worker) && line[0].contains("on purpose"), "{}", line[0]);

    // What a service manager does.
    let server = installation.serve().await;
    green(&server).await;
    server.wait_for_number("SELECT count(*) FROM events", 2).await;
    server.stop().await;
    installation.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_gives_up_is_red_and_goes_on_by_itself_while_events_are_taken_in() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = Server::start(&installation, &[("FORECOURT_FAIL_AT", "lake_files_written=2*return")]).await;
    let day: Vec<Value> = (0..600)
        .map(|number| json!({ "type": "track", "event": "car_viewed", "anonymousId": format!("d-{number}"), "messageId": format!("m-{number}") }))
        .collect();
    let answer = server.post("/v1/batch", &write_key, &json!({ "batch": day })).await.expect("an answer");
    assert!(answer.status().is_success());
    let told = red(&server, "lake").await;
    assert!(told.contains("lake_files_written") && told.contains("tried again"), "{told}");
    server.track(&write_key, event(600)).await;
    green(&server).await;
    server.wait_for_number("SELECT count(*) FROM events", 601).await;
    server.stop().await;
    installation.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_space_is_red_until_there_is_some() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = Server::start(&installation, &[("FORECOURT_FAIL_AT", "log::before_write=3*return(full)")]).await;
    let answer = server.post("/v1/track", &write_key, &event(1)).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told = red(&server, "log").await;
    assert!(told.contains("full") && told.contains("no restart"), "{told}");
    let deadline = Instant::now() + WITHIN;
    while !server.post("/v1/track", &write_key, &event(1)).await.expect("an answer").status().is_success() {
        assert!(Instant::now() < deadline, "no space:\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    green(&server).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_sync_failed_is_red_and_ends_the_process() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let mut server = Server::start(&installation, &[("FORECOURT_FAIL_AT", "log::after_sync=1*return(fault)")]).await;
    let answer = server.post("/v1/track", &write_key, &event(1)).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told = red(&server, "log").await;
    assert!(told.contains("stopped accepting") && told.contains("sync"), "{told}");
    assert_eq!(server.ended().await.code(), Some(1));
    assert!(server.printed().lines().any(|line| line.starts_with("forecourt: the log stopped accepting")), "{}", server.printed());
    let server = installation.serve().await;
    server.track(&write_key, event(2)).await;
    server.stop().await;
}
