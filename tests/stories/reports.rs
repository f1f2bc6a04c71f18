//! Flow, paths and experiments by command and by HTTP: one spec, one answer.

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_funnel_is_narrowed_compared_and_taken_away() {
    let (installation, server) = showroom().await;
    let event = |name: &str| json!({ "event": name });
    let spec = json!({ "steps": [event("lead_created"), event("delivered")], "window": "30d", "from": "2026-03-02", "to": "2026-03-31",
        "tz": "UTC", "hold": ["properties.lead_id"], "exclusions": [event("lead_lost")], "by": ["channel"], "trend": "day" });
    let with = |more: Value| {
        let mut spec = spec.clone();
        spec.as_object_mut().expect("a spec").extend(more.as_object().expect("fields").clone());
        spec
    };
    let ask = async |path: &str, body: &Value| server.call(Method::POST, path, None, Some(body)).await;
    let funnel = async |more: Value| {
        let (status, report) = ask("/api/reports/funnel", &with(more)).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        report
    };
    let counts = |steps: &Value| steps.as_array().expect("steps").iter().map(|step| step["profiles"].clone()).collect::<Vec<_>>();
    let plain = funnel(json!({})).await;
    assert_eq!((counts(&plain["steps"]), &plain["compared"]), (vec![json!(2), json!(0)], &Value::Null));
    assert_eq!(plain["trend"][0], json!({ "start": "2026-03-02", "profiles": [1, 0], "is_complete": false }));
    // Ana is in the days before, and came to the end.
    let before = funnel(json!({ "from": "2026-03-10", "to": "2026-03-20", "compare": "previous" })).await;
    assert_eq!(before["compared"]["from"], "2026-02-28T00:00:00.000Z");
    assert_eq!(counts(&before["compared"]["steps"]), [3, 1]);
    let own = funnel(json!({ "from": "2026-03-01", "steps": [event("car_viewed"), event("delivered")], "versus": "everybody" })).await;
    assert_eq!((counts(&own["compared"]["steps"]), &own["compared"]["from"]), (counts(&own["steps"]), &Value::Null));
    assert_eq!(own["compared"]["differences"][1], json!({ "value": 0.0, "low": null, "high": null }));
    for (more, reason) in [
        (json!({ "compare": "previous", "versus": "everybody" }), "exclude each other"),
        (json!({ "versus": "hot" }), "segment"),
        (json!({ "exclusions": [{ "event": "x", "after": 2 }] }), "`after` less than `before`"),
    ] {
        let (status, refusal) = ask("/api/reports/funnel", &with(more)).await;
        assert!(status.is_client_error() && refusal.to_string().contains(reason), "{status} {refusal}");
    }

    let whole = json!({ "from": "2026-03-01", "compare": "previous", "segment": null });
    let export = async |body: Value, path: &str| {
        let request = server.http.post(format!("{}{path}", server.address)).bearer_auth(server.token()).json(&body);
        let answer = request.send().await.expect("an answer");
        let (status, head) = (answer.status(), answer.headers().clone());
        (status, head, answer.bytes().await.expect("a body"))
    };
    let taken = async |format: &str| {
        let body = json!({ "report": "funnel", "spec": with(whole.clone()), "format": format });
        let (status, head, file) = export(body, "/api/reports/export").await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&file));
        let name = head["content-disposition"].to_str().expect("a header").to_owned();
        assert!(name.contains("funnel-") && name.contains(&format!(".{format}")), "{name}");
        file
    };
    let csv = String::from_utf8(taken("csv").await.to_vec()).expect("text");
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "channel,step,event,profiles,rate,step_rate,median_time_s");
    assert_eq!(lines[1..3], ["cpc,1,lead_created,2,1,1,", "cpc,2,delivered,1,0.5,0.5,259200"]);
    assert_eq!(lines.len(), 5, "{csv}");
    let xlsx = installation.data().join("funnel.xlsx");
    std::fs::write(&xlsx, taken("xlsx").await).expect("a file");
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&xlsx).expect("a workbook");
    let sheet = calamine::Reader::worksheet_range_at(&mut book, 0).expect("a sheet").expect("readable");
    assert_eq!((sheet.height(), sheet.get((2, 3)).map(ToString::to_string)), (5, Some("1".to_owned())));
    let rows = |file: bytes::Bytes| {
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("rows");
        reader.map(|batch| batch.expect("a batch").num_rows()).sum::<usize>()
    };
    assert_eq!(rows(taken("parquet").await), 4);
    let question = json!({ "sql": "SELECT * FROM events ORDER BY ts", "format": "parquet" });
    let (status, _, file) = export(question, "/api/query/export").await;
    assert_eq!((status, rows(file)), (StatusCode::OK, 7));
    for (body, path) in [
        (json!({ "sql": "SELECT nothing FROM events", "format": "csv" }), "/api/query/export"),
        (json!({ "report": "funnel", "spec": { "steps": [] }, "format": "csv" }), "/api/reports/export"),
        (json!({ "report": "funnel", "spec": with(json!({ "segment": 7 })), "format": "csv" }), "/api/reports/export"),
        (json!({ "report": "pivot", "spec": {}, "format": "csv" }), "/api/reports/export"),
        (json!({ "report": "funnel", "spec": spec, "format": "pdf" }), "/api/reports/export"),
    ] {
        let (status, _, refusal) = export(body.clone(), path).await;
        assert!(status.is_client_error(), "{body}: {status} {}", String::from_utf8_lossy(&refusal));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_experiment_is_found_planned_and_told_apart() {
    let installation = Installation::new();
    let write_key = installation.source("site");
    let server = installation.serve().await;
    // By turns in two variants; of the first every tenth asks, of the second every third.
    let mut items = Vec::new();
    for person in 0..400 {
        let (variant, every) = [("control", 10), ("button", 3)][person % 2];
        let at = |minute: usize| format!("2026-03-{:02}T09:{minute:02}:00Z", 1 + person / 20);
        let shown = json!({ "experiment": "It's a button", "variant": variant });
        let user = format!("person-{person}");
        items.push(json!({ "type": "track", "event": "experiment_viewed", "userId": user, "timestamp": at(0), "properties": shown }));
        if person / 2 % every == 0 {
            items.push(json!({ "type": "track", "event": "lead_created", "userId": user, "timestamp": at(5) }));
        }
    }
    let count = items.len() as i64;
    let answer = server.post("/v1/batch", &write_key, &json!({ "batch": items })).await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    server.wait_for_number("SELECT count(*) FROM events", count).await;

    let found = server.get("/api/experiments").await;
    assert_eq!((&found[0]["name"], found[0]["variants"].as_array().map(Vec::len)), (&json!("It's a button"), Some(2)), "{found}");
    let spec = json!({
        "exposure": { "event": "experiment_viewed", "where": "json_get(properties, 'experiment') = 'It''s a button'" },
        "goal": { "event": "lead_created" }, "window": "1d", "planned_people": 400, "from": "2026-03-01", "to": "2026-04-01", "tz": "UTC"
    });
    let ask = async |path: &str, body: &Value| server.call(Method::POST, path, None, Some(body)).await;
    let (status, by_http) = ask("/api/reports/experiment", &spec).await;
    assert_eq!(status, StatusCode::OK, "{by_http}");
    let told = |at: usize| ["name", "people", "converted"].map(|field| by_http["variants"][at][field].clone());
    assert_eq!(told(0), [json!("control"), json!(200), json!(20)]);
    assert_eq!(told(1), [json!("button"), json!(200), json!(67)]);
    assert_eq!(by_http["variants"][1]["comparison"]["verdict"], "higher", "{by_http}");
    assert_eq!(by_http["days"].as_array().map(Vec::len), Some(20), "{by_http}");
    let by_command = json_of(&report(&installation, "experiment", &spec, &["--format", "json"]));
    for field in ["variants", "days", "people", "mixed", "shares_off", "planned_people"] {
        assert_eq!(by_command[field], by_http[field], "{field}");
    }
    let printed = report(&installation, "experiment", &spec, &["--format", "csv"]).out;
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[1].starts_with("control,200,20,20.0,0.1,") && lines[2].ends_with(",higher"), "{lines:?}");

    let converted = json!({ "spec": spec, "variant": "button", "outcome": "converted" });
    let (status, people) = ask("/api/reports/experiment/people", &converted).await;
    assert_eq!((status, &people["total"]), (StatusCode::OK, &json!(67)), "{people}");
    let (status, plan) = ask("/api/experiments/plan", &json!({ "mean": 0.1, "uplift": 0.3, "people_a_day": 100 })).await;
    assert_eq!(status, StatusCode::OK, "{plan}");
    assert_eq!((&plan["people_fixed"], &plan["days_fixed"]), (&json!(1772), &json!(36)), "{plan}");
    assert_eq!(plan["planned_people"], json!(2 * plan["people"].as_u64().expect("a number")));

    for (path, body, reason) in [
        ("/api/reports/experiment", json!({ "exposure": { "event": "a" }, "goal": { "event": "" } }), "`goal` names no event"),
        ("/api/reports/experiment", json!({ "exposure": { "event": "a" }, "goal": { "event": "b" }, "variants": 2 }), "variants"),
        ("/api/experiments/plan", json!({ "mean": 10, "uplift": 0.1 }), "write 0.03 for 3 %"),
        ("/api/experiments/plan", json!({ "mean": 0.9, "uplift": 0.2 }), "would lift the share to 1 or above"),
        ("/api/experiments/plan", json!({ "mean": 0.9, "uplift": 0 }), "`uplift` is next to 0"),
    ] {
        let (status, refusal) = ask(path, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {refusal}");
        assert!(refusal.to_string().contains(reason), "{body}: {refusal}");
    }
    server.stop().await;
}
