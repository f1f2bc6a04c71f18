//! Flow and paths by command and by HTTP: one spec, one answer.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    installation::{Installation, Said},
    server::Server,
};

/// Three people with leads of two channels: one bought, one waits, one was lost.
async fn showroom() -> (Installation, Server) {
    let installation = Installation::new();
    let write_key = installation.source("crm");
    let server = installation.serve().await;
    let told: [(&str, &str, &[(&str, &str)]); 3] = [
        (
            "ana",
            "cpc",
            &[("car_viewed", "2026-03-01T09:00:00Z"), ("lead_created", "2026-03-01T10:00:00Z"), ("delivered", "2026-03-04T10:00:00Z")],
        ),
        ("ben", "cpc", &[("car_viewed", "2026-03-02T09:00:00Z"), ("lead_created", "2026-03-02T10:00:00Z")]),
        ("eve", "email", &[("lead_created", "2026-03-03T10:00:00Z"), ("lead_lost", "2026-03-05T10:00:00Z")]),
    ];
    for (person, channel, events) in told {
        for (event, at) in events {
            let properties = json!({ "lead_id": format!("lead-{person}"), "channel": channel, "region": "north" });
            server.track(&write_key, json!({ "event": event, "userId": person, "timestamp": at, "properties": properties })).await;
        }
    }
    server.wait_for_number("SELECT count(*) FROM events", 7).await;
    (installation, server)
}

fn report(installation: &Installation, name: &str, spec: &Value, more: &[&str]) -> Said {
    let path = installation.data().join("spec.json");
    std::fs::write(&path, spec.to_string()).expect("a file");
    installation.run(&[&["report", name, "--spec", &path.to_string_lossy()], more].concat())
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {} {}", said.out, said.err))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flow_and_paths_answer_alike_by_command_and_by_http() {
    let (installation, server) = showroom().await;
    let event = |name: &str| json!({ "event": name });
    let flow = json!({ "stages": [event("lead_created"), event("delivered")], "lost": [event("lead_lost")], "per": "lead_id",
        "within": "7d", "to": "2026-03-31", "by": ["region"] });
    let paths = json!({ "start": event("car_viewed"), "goal": event("delivered") });
    let ask = async |path: &str, body: &Value| server.call(Method::POST, path, None, Some(body)).await;
    for (name, spec, fields) in [
        ("flow", &flow, &["stages", "groups", "ages_s", "within_s", "until"][..]),
        ("paths", &paths, &["people", "converted", "levels", "links", "sequences"][..]),
    ] {
        let (status, by_http) = ask(&format!("/api/reports/{name}"), spec).await;
        assert_eq!(status, StatusCode::OK, "{by_http}");
        let by_command = json_of(&report(&installation, name, spec, &["--format", "json"]));
        for field in fields {
            assert_eq!(by_command[field], by_http[field], "{name}: {field}");
        }
        let (_, schemas) = server.call(Method::GET, "/api/schemas", None, None).await;
        assert!(schemas["reports"][name]["$ref"].is_string(), "{schemas}");
    }

    let printed = report(&installation, "flow", &flow, &["--format", "csv"]).out;
    let lines: Vec<&str> = printed.lines().map(|line| line.split(",0.33").next().unwrap_or_default()).collect();
    assert_eq!(
        lines[1..],
        ["(all),lead_created,3,1,1,1", "(all),delivered,1,0,0,1,,,,,,,", "north,lead_created,3,1,1,1", "north,delivered,1,0,0,1,,,,,,,"]
    );
    let printed = report(&installation, "paths", &paths, &["--format", "csv"]).out;
    let mut lines: Vec<&str> = printed.lines().skip(1).collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 4, "two ways, the others and all: {lines:?}");
    assert!(lines.contains(&"1,0.5,1,car_viewed → lead_created → delivered") && lines.contains(&"2,,1,(all)"), "{lines:?}");

    let (status, people) = ask("/api/reports/flow/people", &json!({ "spec": flow, "stage": 1, "outcome": "waits", "age": 4 })).await;
    assert_eq!((status, &people["total"]), (StatusCode::OK, &json!(1)), "28 days are between 14 and 30: {people}");
    let at = json!([{ "level": 1, "element": { "event": "lead_created" } }]);
    let (status, people) = ask("/api/reports/paths/people", &json!({ "spec": paths, "at": at, "converted": false })).await;
    assert_eq!((status, &people["total"]), (StatusCode::OK, &json!(1)), "{people}");

    let (status, refusal) = ask("/api/reports/flow", &json!({ "stages": [event("a")] })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refusal.to_string().contains("2 to 10 stages"), "{refusal}");
    let said = report(&installation, "paths", &json!({}), &[]);
    assert!(!said.ok && said.err.contains("a path has a `start` or an `end`"), "{said:?}");
    server.stop().await;
}
