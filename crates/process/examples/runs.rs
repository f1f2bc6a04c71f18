//! Many runs that wait: memory, the time of a start, and what it takes when ten thousand of them wake together. Prints JSON.
//!
//! `cargo run --release -p forecourt-process --example runs -- 1000000`

use std::time::Instant;

use forecourt_log::{Entry, Log, Options};
use forecourt_model::{
    HashKey, Origin, RecordKind, Stamp,
    command::{Action, Command},
    journey::{Journey, JourneyStep},
    time::{DAY_US, parse_us},
};
use forecourt_process::{Batch, Fold, Settings};
use forecourt_store::{Place, Store};
use serde_json::{Value, json};

const JOURNEYS: usize = 20;
const WOKEN: usize = 10_000;
const BATCH: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let people = runs / JOURNEYS;
    let dir = tempfile::tempdir()?;
    let place = Place::Sqlite(dir.path().join("state.sqlite"));
    let log = Log::open(&dir.path().join("log"), Options::default())?;
    let store = Store::open(&place).await?;
    let settings = || Settings::new(HashKey([3; 32]));
    let mut fold = Fold::open(store.clone(), settings()).await?;
    let now_us = parse_us("2026-03-02T09:00:00Z").ok_or("a time")?;

    let command = |action| -> Result<Entry, serde_json::Error> {
        let body = serde_json::to_vec(&Command { actor: "bench".into(), action })?.into();
        Ok(Entry { kind: RecordKind::Command as u8, body })
    };
    let mut entries = Vec::new();
    for number in 0..JOURNEYS {
        let journey: Journey = serde_json::from_value(journey(number))?;
        let journey_id = journey.journey_id.clone();
        entries.push(command(Action::SetJourney { journey: Box::new(journey) })?);
        entries.push(command(Action::StepJourney { journey_id, step: JourneyStep::Publish })?);
    }
    log.append(now_us, entries).await?;
    let event = |id: String, item: Value| {
        let stamp =
            Stamp { origin: Origin::Live, received_us: now_us, sent_us: None, source: "site".into(), message_id: id.into(), ip: "".into() };
        Entry { kind: RecordKind::Event as u8, body: stamp.encode(item.to_string().as_bytes()).into() }
    };
    for from in (0..people).step_by(BATCH) {
        let some = from..(from + BATCH).min(people);
        let identify = |n: usize| {
            event(format!("i{n}"), json!({ "type": "identify", "userId": format!("u{n}"), "traits": { "name": format!("N{n}") } }))
        };
        log.append(now_us, some.map(identify).collect()).await?;
    }
    fold_all(&mut fold, &store, &log).await?;
    let before_mb = rss_mb();

    let began = Instant::now();
    for from in (0..people).step_by(BATCH) {
        let some = from..(from + BATCH).min(people);
        let go = |n: usize| {
            event(
                format!("g{n}"),
                json!({ "type": "track", "event": "go", "userId": format!("u{n}"), "properties": { "k": format!("K{n}"), "soon": n < WOKEN } }),
            )
        };
        log.append(now_us, some.map(go).collect()).await?;
    }
    fold_all(&mut fold, &store, &log).await?;
    let entering_s = began.elapsed().as_secs_f64();
    let after_mb = rss_mb();
    let mut running = 0;
    for number in 0..JOURNEYS {
        running += store.run_counts(&format!("j{number}")).await?.running;
    }

    drop(fold);
    drop(store);
    let began = Instant::now();
    let store = Store::open(&place).await?;
    let mut fold = Fold::open(store.clone(), settings()).await?;
    let start_s = began.elapsed().as_secs_f64();

    log.append(now_us + 30 * DAY_US, vec![Entry { kind: RecordKind::Tick as u8, body: Default::default() }]).await?;
    let began = Instant::now();
    fold_all(&mut fold, &store, &log).await?;
    let waking_s = began.elapsed().as_secs_f64();
    let woken = store.run_counts("j0").await?.ended;
    let size_mb = std::fs::metadata(dir.path().join("state.sqlite"))?.len() as f64 / 1e6;
    let found = json!({
        "runs": running, "journeys": JOURNEYS, "entering_s": entering_s, "runs_per_s": running as f64 / entering_s, "rss_before_mb": before_mb,
        "rss_after_mb": after_mb, "start_s": start_s, "woken": woken, "waking_s": waking_s, "store_mb": size_mb,
    });
    println!("{found}");
    Ok(())
}

/// The first has ten thousand people who wake together; the others wait for an event of their key, for a date, or for long.
fn journey(number: usize) -> Value {
    let wait = |span: &str| json!({ "step_id": "a", "does": { "do": "wait", "wait": { "lasting": span }, "next": "b" } });
    let keyed = json!({ "step_id": "a", "does": { "do": "wait_for", "within": "400d", "next": "b", "what": { "for": "event", "event": "done", "key": "properties.k" } } });
    let (first, filters) = match number {
        0 => (wait("30d"), json!([{ "field": "properties.soon", "op": "is", "values": ["true"] }])),
        n if n % 2 == 0 => (keyed, json!([])),
        _ => (wait("400d"), json!([])),
    };
    let end = json!({ "step_id": "b", "does": { "do": "set_trait", "name": "woken", "value": true, "next": null } });
    json!({ "journey_id": format!("j{number}"), "name": "J", "first": "a", "steps": [first, end],
        "entry": { "by": "event", "event": "go", "where": filters, "key": "properties.k" } })
}

async fn fold_all(fold: &mut Fold, store: &Store, log: &Log) -> Result<(), Box<dyn std::error::Error>> {
    let mut from = store.folded_offset().await?;
    while from < log.end_offset() {
        let records = log.reader(from)?.next_batch(BATCH, 64 << 20)?;
        let batch = Batch::decode(records, "RU");
        from = batch.end_offset;
        for part in batch.parts() {
            if !part.records.is_empty() {
                fold.process_batch(&part, u64::MAX).await?;
            }
        }
    }
    fold.settle().await?;
    Ok(())
}

fn rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().split(' ').next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}
