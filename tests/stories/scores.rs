//! Scores of leads from outside: learned from a file and from the installation's own leads, tried, explained.

use std::fmt::Write as _;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::installation::Installation;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_learned_from_the_installation_s_own_leads() {
    let installation = Installation::new();
    let key = installation.source("crm");
    let server = installation.serve().await;
    let mut items: Vec<Value> = Vec::new();
    for (at, (budget, city, won)) in leads(900).into_iter().enumerate() {
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
    for batch in items.chunks(500) {
        let answer = server.post("/v1/import", &key, &json!({ "batch": batch })).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }
    server.wait_until_folded().await;
    server.wait_for_number("SELECT count(*) FROM leads", 900).await;
    let model = installation.data().join("score.json").display().to_string();
    let told = installation.ask(&["score", "train", "--to", &model]);
    let (rows, auc) = (&told["evaluation"]["rows"], told["evaluation"]["mean"]["auc"].as_f64().unwrap_or(0.0));
    assert!(rows == &json!(900) && (0.58..0.8).contains(&auc), "what was known at the beginning, and no more: {told}");
    let text = std::fs::read_to_string(&model).expect("a model");
    assert!(text.contains("\"before:car_viewed\"") && text.contains("\"budget\"") && !text.contains("contract_signed"), "{}", &text[..400]);
    server.stop().await;
}
