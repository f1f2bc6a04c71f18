//! How long learning a score takes from so many leads of an installation, looked at as they come in and later. Prints JSON.
//!
//! `cargo run --release -p forecourt-score --example leads_rate -- 100000`

use std::{collections::HashMap, time::Instant};

use forecourt_model::{lead::learned::Seen, time::DAY_US};
use forecourt_score::{
    Settings,
    leads::{self, PastLead, Wishes},
};
use serde_json::json;

const EVENTS: usize = 24;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: usize = std::env::args().nth(1).unwrap_or_else(|| "100000".to_owned()).parse()?;
    let mut dice = 7_u64;
    let mut share = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as f64 / (1_u64 << 31) as f64
    };
    let names: Vec<String> = (0..EVENTS).map(|n| format!("event_{n}")).collect();
    let past: Vec<PastLead> = (0..count)
        .map(|n| {
            let created_us = (n * 730 / count) as i64 * DAY_US;
            let interest = share();
            let mut look = |at_us: i64| {
                let seen: HashMap<u32, Seen> = (0..EVENTS as u32)
                    .filter(|number| share() < interest / f64::from(1 + number % 6))
                    .map(|number| {
                        let ago_us = ((number as f64 + 1.0) * (1.0 - interest) * DAY_US as f64) as i64;
                        (number, Seen { times: 1 + (interest * 8.0) as u64, last_us: at_us - ago_us })
                    })
                    .collect();
                (at_us, seen)
            };
            let looks = vec![look(created_us), look(created_us + 7 * DAY_US)];
            let channel = ["cpc", "email", "organic", "social"][(share() * 4.0) as usize];
            let facts = [
                ("channel", json!(channel)),
                ("model", json!(format!("model {}", (share() * 12.0) as u32))),
                ("region", json!(format!("region {}", (share() * 30.0) as u32))),
                ("campaign", json!(format!("campaign {}", (share() * 200.0) as u32))),
                ("budget", json!((share() * 60_000.0).round())),
                ("has_trade_in", json!(share() < 0.3)),
            ];
            let odds = -4.0 + 4.0 * interest + if channel == "email" { 0.7 } else { 0.0 };
            let is_won = share() < 1.0 / (1.0 + (-odds).exp());
            PastLead {
                lead_id: format!("L{n}"),
                created_us,
                facts: facts.map(|(name, value)| (name.to_owned(), value)).into(),
                won_us: is_won.then_some(created_us + 20 * DAY_US),
                is_decided: true,
                looks,
            }
        })
        .collect();
    let teaching = leads::teaching(past, 900 * DAY_US);
    let began = Instant::now();
    let (score, report) = leads::learn(&teaching, &names, 1, &Settings::default(), &Wishes::default(), |_| {})?;
    let learned_s = began.elapsed().as_secs_f64();
    let bytes = serde_json::to_vec(&score)?.len();
    println!(
        "{}",
        json!({ "leads": report.leads, "rows": report.rows, "won": report.won, "features": score.model.features.len(), "learner": report.learner,
            "learned_s": learned_s, "auc": report.folds.auc, "ece": report.folds.ece, "score_bytes": bytes })
    );
    Ok(())
}
