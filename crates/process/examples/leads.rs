//! Leads routed among many dealers: how many a second the fold opens, scores and gives to a dealer. Prints JSON.
//!
//! `cargo run --release -p forecourt-process --example leads -- 20000 2000`

use std::time::Instant;

use forecourt_log::{Entry, Log, Options};
use forecourt_model::{
    HashKey, Origin, RecordKind, Scope, Stamp,
    command::{Action, Command},
    lead::{Asked, Asking, LeadRules, Loads, route},
    network::{Dealer, Network},
    time::parse_us,
};
use forecourt_process::{Batch, Fold, Settings};
use forecourt_store::{Place, Store};
use serde_json::{Value, json};

const BATCH: usize = 2_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args().skip(1).filter_map(|text| text.parse::<usize>().ok());
    let (leads, dealers) = (given.next().unwrap_or(2_000), given.next().unwrap_or(2_000));
    let dir = tempfile::tempdir()?;
    let log = Log::open(&dir.path().join("log"), Options::default())?;
    let store = Store::open(&Place::Sqlite(dir.path().join("state.sqlite"))).await?;
    let mut fold = Fold::open(store.clone(), Settings::new(HashKey([3; 32]))).await?;
    let now_us = parse_us("2026-03-02T09:00:00Z").ok_or("a time")?;
    let command = |action| -> Result<Entry, serde_json::Error> {
        let body = serde_json::to_vec(&Command { actor: "bench".into(), action })?.into();
        Ok(Entry { kind: RecordKind::Command as u8, body })
    };
    let network: Vec<Dealer> = (0..dealers).map(dealer).collect::<Result<_, _>>()?;
    for some in network.chunks(BATCH) {
        let set = some.iter().map(|dealer| command(Action::SetDealer { dealer: Box::new(dealer.clone()) }));
        log.append(now_us, set.collect::<Result<_, _>>()?).await?;
    }
    let rules = LeadRules { is_on: true, base_points: 80, ..LeadRules::default() };
    log.append(now_us, vec![command(Action::SetLeadRules { rules: Box::new(rules.clone()) })?]).await?;
    fold_all(&mut fold, &store, &log).await?;

    let event = |id: String, item: Value| {
        let stamp =
            Stamp { origin: Origin::Live, received_us: now_us, sent_us: None, source: "site".into(), message_id: id.into(), ip: "".into() };
        Entry { kind: RecordKind::Event as u8, body: stamp.encode(item.to_string().as_bytes()).into() }
    };
    for from in (0..leads).step_by(BATCH) {
        let lead = |n: usize| {
            let properties = json!({ "lead_id": format!("L{n}"), "model": format!("M{}", n % 20), "region": format!("R{}", n % 50), "lat": 50.0 + (n % 97) as f64 / 20.0, "lon": 10.0 + (n % 89) as f64 / 10.0 });
            event(format!("l{n}"), json!({ "type": "track", "event": "lead_created", "userId": format!("u{n}"), "properties": properties }))
        };
        log.append(now_us, (from..(from + BATCH).min(leads)).map(lead).collect()).await?;
    }
    let began = Instant::now();
    fold_all(&mut fold, &store, &log).await?;
    let folding_s = began.elapsed().as_secs_f64();
    let at_dealers: i64 = store
        .handling_counts(&Scope::Everything, now_us)
        .await?
        .of
        .iter()
        .filter(|(queue, _)| queue.as_str() == "dealer")
        .map(|(_, count)| count)
        .sum();

    let network = Network::of(network);
    let (mut loads, asked) = (Loads::default(), Asked::default());
    let began = Instant::now();
    let decisions = leads.min(5_000);
    for n in 0..decisions {
        let (model, region) = (format!("M{}", n % 20), format!("R{}", n % 50));
        let asking = Asking { asked: &asked, model: Some(&model), region: Some(&region), passed: &[], at_us: now_us };
        if let Some(ready) = route(&network, &loads, &rules.routing, &asking).chosen.and_then(|id| network.get(&id).cloned()) {
            loads.give(&ready, now_us);
        }
    }
    let decision_us = began.elapsed().as_secs_f64() * 1e6 / decisions as f64;
    let found = json!({
        "leads": leads, "dealers": dealers, "at_dealers": at_dealers, "folding_s": folding_s, "leads_per_s": leads as f64 / folding_s, "decision_us": decision_us,
    });
    println!("{found}");
    Ok(())
}

fn dealer(n: usize) -> Result<Dealer, serde_json::Error> {
    let day = json!(["09:00-18:00"]);
    let models: Vec<String> = (0..20).filter(|model| (model + n) % 3 != 0).map(|model| format!("M{model}")).collect();
    serde_json::from_value(json!({
        "dealer_id": format!("d{n:05}"), "name": format!("Dealer {n}"), "region": format!("R{}", n % 50), "models": models,
        "place": { "lat": 50.0 + (n % 101) as f64 / 20.0, "lon": 10.0 + (n % 83) as f64 / 10.0 }, "quality": n % 100, "weight": 50 + n % 100,
        "hours": { "tz": "Europe/Berlin", "week": [day, day, day, day, day, day, []] }, "open_leads_max": 200, "stock": { "M1": 3, "M7": 9 },
    }))
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
