//! Scores of leads from outside: learned from a file and from the installation's own leads, tried, explained.

use std::fmt::Write as _;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

/// Leads of which those with a large budget win, mostly, and earlier ones more often.
fn leads(count: u64) -> Vec<(u64, &'static str, bool)> {
    let mut dice = 11_u64;
    let mut below = |limit: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % limit
    };
    (0..count)
        .map(|_| {
            let (budget, city) = (below(100), ["north", "south", "west"][below(3) as usize]);
            let odds = if city == "north" { 25 } else { 10 } + budget / 2;
            (budget, city, below(100) < odds)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_learned_from_a_file_tried_and_explained() {
    let installation = Installation::new();
    let (file, model) = (installation.data().join("leads.csv"), installation.data().join("score.json"));
    let mut csv = "created,budget,city,paid,won\n".to_owned();
    for (at, (budget, city, won)) in leads(3_000).into_iter().enumerate() {
        let paid = if won { budget + 1_000 } else { 0 };
        let _ = writeln!(csv, "2026-01-{:02}T{:02}:00:00Z,{budget},{city},{paid},{}", 1 + at / 120, at % 24, u8::from(won));
    }
    std::fs::create_dir_all(installation.data()).expect("a folder");
    std::fs::write(&file, csv).expect("written");
    let (file, model) = (file.display().to_string(), model.display().to_string());

    let refused = installation.run(&["score", "train", &file, "--time", "created", "--to", &model]);
    assert!(!refused.ok && refused.err.contains("`paid`") && refused.err.contains("--drop"), "{}", refused.err);
    let told = installation.ask(&["score", "train", &file, "--time", "created", "--drop", "paid", "--to", &model]);
    let (mean, forward) = (&told["evaluation"]["mean"], &told["evaluation"]["forward"]);
    let auc = mean["auc"].as_f64().expect("a figure");
    assert!((0.62..0.75).contains(&auc) && forward["figures"]["auc"].as_f64().is_some_and(|auc| 0.6 < auc), "{told}");
    assert_eq!((&told["learner"], &forward["test_rows"]), (&json!("boosting"), &json!(600)), "{told}");

    let again = installation.ask(&["score", "eval", &file, "--drop", "paid", "--drop", "created", "--with", &model, "--since", &file]);
    assert!(again["evaluation"]["mean"]["auc"].as_f64().is_some_and(|seen| auc < seen), "its own rows flatter it: {again}");
    assert!(again["drift"].as_array().is_some_and(|all| all.iter().all(|one| one["is_alarming"] == json!(false))), "{again}");

    let why = installation.ask(&["score", "explain", &file, "--with", &model, "--row", "7"]);
    let sum: f64 = why["parts"].as_array().into_iter().flatten().filter_map(|part| part["log_odds"].as_f64()).sum();
    assert!((sum + why["base"].as_f64().unwrap_or(f64::NAN) - why["log_odds"].as_f64().unwrap_or(0.0)).abs() < 1e-9, "{why}");
    assert_eq!(why["parts"][0]["feature"], json!("budget"), "{why}");
    let all = installation.ask(&["score", "explain", &file, "--with", &model, "--all"]);
    assert_eq!(all.as_array().map(Vec::len), Some(3_000));
    assert_eq!(all[7]["probability"], why["probability"]);

    for (arguments, says) in [
        (vec!["score", "train", &file, "--target", "city"], "an outcome is 1 or 0"),
        (vec!["score", "train", &file, "--target", "sold"], "no column `sold`"),
        (vec!["score", "explain", &file, "--with", &model, "--row", "9999"], "no row 9999"),
        (vec!["score", "explain", &file, "--with", &file], "is no model"),
        (vec!["score", "train", "nowhere.csv"], "does not read"),
    ] {
        let refused = installation.run(&arguments);
        assert!(!refused.ok && refused.err.contains(says), "{arguments:?}: {}", refused.err);
    }
}

/// Leads of the past with what their people had looked at before, and how each ended.
fn past(count: u64) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for (at, (budget, city, won)) in leads(count).into_iter().enumerate() {
        let person = format!("p{at}");
        let day = format!("2026-01-{:02}", 1 + at / 40);
        let properties = json!({ "lead_id": format!("L{at}"), "budget": budget, "city": city, "channel": "cpc" });
        for view in 0..(budget / 20) {
            items.push(json!({ "type": "track", "event": "car_viewed", "userId": person, "timestamp": format!("{day}T08:0{view}:00Z") }));
        }
        items.push(json!({ "type": "track", "event": "lead_created", "userId": person, "timestamp": format!("{day}T09:00:00Z"), "properties": properties }));
        // What comes after knows the outcome, and must not be looked at.
        let event = if won { "contract_signed" } else { "lead_lost" };
        items.push(json!({ "type": "track", "event": event, "userId": person, "timestamp": format!("{day}T12:00:00Z"), "properties": { "lead_id": format!("L{at}") } }));
    }
    items
}

async fn tell(server: &Server, key: &str, items: &[Value]) {
    for batch in items.chunks(500) {
        let answer = server.post("/v1/import", key, &json!({ "batch": batch })).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }
    server.wait_until_folded().await;
}

async fn change(server: &Server, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = server.call(method, path, None, Some(&body)).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

/// Polls until `holds` of what `path` answers.
async fn wait_for(server: &Server, path: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + WITHIN;
    loop {
        let (_, answer) = server.call(Method::GET, path, None, None).await;
        if holds(&answer) {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "{what}: {answer}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn learn(server: &Server) -> Value {
    change(server, Method::POST, "/api/lead-scores/learn", json!({})).await;
    wait_for(server, "/api/lead-scores", "it is learned", |told| told["learning"].is_null()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_score_is_learned_from_the_installation_s_own_leads_published_rolled_back_and_withdrawn() {
    let installation = Installation::new();
    let key = installation.source("crm");
    let server = installation.serve().await;
    let dealer = json!({ "dealer_id": "north", "name": "North Motors" });
    change(&server, Method::PUT, "/api/dealers/north", json!({ "dealer": dealer })).await;
    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    (rules["is_on"], rules["base_points"], rules["points"]) = (json!(true), json!(40), json!([]));
    change(&server, Method::PUT, "/api/lead-rules", json!({ "rules": rules })).await;

    // Nothing to learn from: it says how much is missing.
    let told = learn(&server).await;
    assert!(told["failure"].as_str().is_some_and(|why| why.contains("20 more are missing")), "{told}");

    tell(&server, &key, &past(900)).await;
    server.wait_for_number("SELECT count(*) FROM leads", 900).await;
    server.wait_for_number("SELECT count(*) FROM leads WHERE stage IN ('contract', 'lost')", 900).await;
    let told = learn(&server).await;
    let version = &told["versions"][0];
    let (report, number) = (&version["report"], version["version"].as_u64().expect("a version"));
    let auc = report["folds"]["auc"].as_f64().unwrap_or(0.0);
    assert!(report["leads"] == json!(900) && (0.58..0.8).contains(&auc), "what was known at the beginning, and no more: {told}");
    assert!(report["forward"]["figures"]["auc"].is_number() && report["learner"] == json!("logistic"), "{report}");
    assert_eq!((&report["events"], &told["in_force"]), (&json!(["car_viewed"]), &json!(null)));
    // The same by the command line.
    let model = installation.data().join("score.json").display().to_string();
    let by_hand = installation.ask(&["score", "train", "--to", &model]);
    assert_eq!(by_hand["evaluation"]["mean"], report["folds"], "{by_hand}");
    let text = std::fs::read_to_string(&model).expect("a model");
    assert!(text.contains("\"times:car_viewed\"") && text.contains("\"budget\"") && !text.contains("contract_signed"), "{}", &text[..400]);

    // A lead by points waits; with the score in force it is scored anew.
    let lead = |id: &str, person: &str, budget: u64| json!({ "event": "lead_created", "userId": person, "properties": { "lead_id": id, "budget": budget, "city": "north" } });
    server.track(&key, lead("W1", "ana", 1)).await;
    let told = wait_for(&server, "/api/leads/W1", "it is at work", |told| told["lead"]["score"].is_number()).await;
    assert_eq!((&told["lead"]["score"], &told["lead"]["queue"], &told["learned"]), (&json!(40), &json!("verification"), &json!(null)));
    change(&server, Method::POST, &format!("/api/lead-scores/{number}/publish"), json!({})).await;
    let told = wait_for(&server, "/api/leads/W1", "it is scored anew", |told| told["learned"]["version"] == json!(number)).await;
    let low = told["lead"]["score"].as_i64().expect("a score");
    let why = &told["learned"];
    let sum: f64 = why["parts"].as_array().into_iter().flatten().filter_map(|part| part["part"].as_f64()).sum();
    let log_odds = sum + why["base"].as_f64().unwrap_or(f64::NAN) + why["rest"].as_f64().unwrap_or(f64::NAN);
    assert!((1.0 / (1.0 + (-log_odds).exp()) - why["probability"].as_f64().unwrap_or(0.0)).abs() < 1e-9, "{why}");

    // One with a large budget who looked at cars is better, and goes where its band goes.
    for _ in 0..4 {
        server.track(&key, json!({ "event": "car_viewed", "userId": "ben" })).await;
    }
    server.track(&key, lead("W2", "ben", 99)).await;
    let told = wait_for(&server, "/api/leads/W2", "it is at work", |told| told["learned"].is_object()).await;
    let high = told["lead"]["score"].as_i64().expect("a score");
    assert!(low + 30 < high && told["lead"]["queue"] == json!("dealer"), "{low} {told}");
    assert!(told["learned"]["parts"].as_array().is_some_and(|parts| parts.iter().any(|part| part["feature"] == json!("budget"))), "{told}");

    // Another version, the first one again, and points again; a version in force stays.
    let told = learn(&server).await;
    let second = told["versions"][0]["version"].as_u64().expect("a version");
    change(&server, Method::POST, &format!("/api/lead-scores/{second}/publish"), json!({})).await;
    wait_for(&server, "/api/leads/W1", "scored by the second", |told| told["learned"]["version"] == json!(second)).await;
    change(&server, Method::POST, &format!("/api/lead-scores/{number}/publish"), json!({})).await;
    wait_for(&server, "/api/leads/W1", "rolled back", |told| told["learned"]["version"] == json!(number)).await;
    let (status, told) = server.call(Method::DELETE, &format!("/api/lead-scores/{number}"), None, None).await;
    assert!(
        status == StatusCode::CONFLICT && told["error"]["message"].as_str().is_some_and(|why| why.contains("go back to points")),
        "{told}"
    );
    server.stop().await;
    let server = installation.serve().await;
    assert_eq!(server.get("/api/lead-scores").await["in_force"], json!(number), "after a restart");
    change(&server, Method::POST, "/api/lead-scores/withdraw", json!({})).await;
    wait_for(&server, "/api/leads/W1", "by points", |told| told["learned"].is_null() && told["lead"]["score"] == json!(40)).await;
    assert_eq!(server.call(Method::DELETE, &format!("/api/lead-scores/{number}"), None, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(server.call(Method::POST, "/api/lead-scores/99/publish", None, Some(&json!({}))).await.0, StatusCode::NOT_FOUND);
    let (status, told) = server.call(Method::POST, "/api/lead-scores/learn", None, Some(&json!({ "learner": "oracle" }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
    server.stop().await;
}
