//! Prints how fast a history is told: `cargo run -p forecourt-demo --example rate [people]`.

use std::{collections::BTreeMap, time::Instant};

use forecourt_demo::{Item, Plan, history, live};

fn main() {
    let people = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let plan = Plan { profiles: people.unwrap_or(Plan::default().profiles), ..Plan::default() };
    let begun = Instant::now();
    let (mut items, mut bytes, mut longest) = (0_u64, 0, 0);
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    for item in history(&plan) {
        items += 1;
        let kind = match &item {
            Item::Event { json, .. } => {
                bytes += json.len();
                longest = longest.max(json.len());
                kind(json)
            }
            Item::AdCost(_) => "ad cost",
        };
        match kinds.get_mut(kind) {
            Some(count) => *count += 1,
            None => _ = kinds.insert(kind.to_owned(), 1),
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    for (kind, count) in kinds {
        println!("{count:>10} {kind}");
    }
    let mean = bytes as u64 / items.max(1);
    println!(
        "{items} items of {} people in {seconds:.2} s: {:.0} items/s, {mean} B mean, {longest} B longest",
        plan.profiles,
        items as f64 / seconds
    );
    let begun = Instant::now();
    let mut live = live(&plan, plan.end_us);
    println!("live is ready after {:.2} s", begun.elapsed().as_secs_f64());
    let told: usize = (1..=360).map(|minute| live.until(plan.end_us + minute * 60_000_000).len()).sum();
    println!("live tells {:.2} items/s in the six hours after midnight UTC", told as f64 / 360.0 / 60.0);
    if let Some(peak) = peak_kib() {
        println!("peak memory {} MiB", peak / 1024);
    }
}

/// The event's name, or the type of those that have none.
fn kind(json: &str) -> &str {
    let of = |field: &str| json.split_once(field).and_then(|(_, rest)| rest.split('"').next());
    of(r#""event":""#).or_else(|| of(r#""type":""#)).unwrap_or("?")
}

fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("VmHWM"))?.split_whitespace().nth(1)?.parse().ok()
}
