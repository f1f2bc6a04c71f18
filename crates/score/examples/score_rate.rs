//! How fast leads are scored and explained, and how long learning from 100,000 takes. Prints JSON.
//!
//! `cargo run --release -p forecourt-score --example score_rate -- FILE.csv.gz TARGET`

use std::time::Instant;

use forecourt_score::{Learner, Settings, Table, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args().skip(1);
    let file = given.next().ok_or("a file of rows")?;
    let target = given.next().unwrap_or_else(|| "y".to_owned());
    let table = Table::read(&std::fs::read(file)?, &[])?;
    let won = table.target(&target)?;
    let others: Vec<String> = [target.as_str(), "row", "fold", "tfold"].map(str::to_owned).to_vec();
    let table = table.without(&others);
    let many: Vec<usize> = (0..100_000).map(|n| n % won.len()).collect();
    let (rows, outcome) = (table.take(&many), many.iter().map(|row| won[*row]).collect::<Vec<bool>>());
    let began = Instant::now();
    let model = train(&rows, &outcome, &target, &Settings { learner: Learner::Boosting, ..Settings::default() })?;
    let training_s = began.elapsed().as_secs_f64();
    let leads: Vec<_> = (0..5_000).map(|n| rows.row(n)).collect();
    let began = Instant::now();
    let sum: f64 = leads.iter().map(|lead| model.score(lead)).sum();
    let scored_us = began.elapsed().as_secs_f64() * 1e6 / leads.len() as f64;
    let began = Instant::now();
    let parts: usize = leads.iter().map(|lead| model.explain(lead).parts.len()).sum();
    let explained_us = began.elapsed().as_secs_f64() * 1e6 / leads.len() as f64;
    println!(
        "{}",
        serde_json::json!({ "rows": rows.rows, "training_s": training_s, "scored_us": scored_us, "explained_us": explained_us, "mean": sum / leads.len() as f64, "parts": parts })
    );
    Ok(())
}
