//! How fast the fold is: `cargo run -p forecourt-process --example fold_rate -- [events] [in_turn | anyone | neighbours] [segments]`
//! prints JSON.
//!
//! Ten events a profile; every fifth profile begins anonymous and signs in; 5 % of messages come twice.

use std::time::Instant;

use forecourt_log::{Entry, Log, Options};
use forecourt_model::{
    HashKey, Origin, RecordKind, Stamp,
    command::{Action, Command},
    segment::{Segment, VersionState},
};
use forecourt_process::{Batch, Fold, Settings};
use forecourt_store::Store;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let events: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(500_000);
    let order = std::env::args().nth(2).unwrap_or_default();
    let dir = tempfile::tempdir()?;
    let log = Log::open(&dir.path().join("log"), Options::default())?;
    let segments: u32 = std::env::args().nth(3).and_then(|text| text.parse().ok()).unwrap_or(0);
    for number in 0..segments {
        log.append(1_772_300_000_000_000, in_force(number)?).await?;
    }
    let people = (events / 10).max(1);
    let mut entries = Vec::new();
    for n in 0..events {
        // People come and go: the ones of now are 2,000 neighbours; or, at worst, everybody comes in turn, or in no order.
        let person = match order.as_str() {
            "in_turn" => n % people,
            "anyone" => splitmix(n) % people,
            _ => (n / 10 / 2_000) * 2_000 + splitmix(n) % 2_000,
        };
        let (person, step) = (person % people, n % 10);
        let signs_in = person % 5 == 0 && 6 <= splitmix(n ^ 77) % 10;
        let id = if signs_in {
            format!(r#""anonymousId":"d-{person}","userId":"u-{person}""#)
        } else {
            format!(r#""anonymousId":"d-{person}""#)
        };
        let json = format!(
            r#"{{"type":"track","event":"car_viewed_{}",{id},"timestamp":"2026-03-01T10:00:00Z","properties":{{"model":"Aster","region":"North","price":21000,"url":"https://cars.example/models/aster?step={step}"}},"context":{{"page":{{"url":"https://cars.example/models/aster","referrer":"https://cars.example/"}},"library":{{"name":"analytics.js","version":"2.1"}},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36","locale":"en-GB"}}}}"#,
            step % 5
        );
        let message = if n % 20 == 19 { n - 1 } else { n };
        let stamp = Stamp {
            origin: Origin::Live,
            received_us: 1_772_400_000_000_000 + n as i64 * 30,
            sent_us: None,
            source: "site".into(),
            message_id: format!("message-{message}").into(),
            ip: "".into(),
        };
        entries.push(Entry { kind: RecordKind::Event as u8, body: stamp.encode(json.as_bytes()).into() });
        if entries.len() == 1000 {
            log.append(stamp.received_us, std::mem::take(&mut entries)).await?;
        }
    }
    let store = Store::sqlite(&dir.path().join("state.sqlite")).await?;
    let mut fold = Fold::open(store.clone(), Settings::new(HashKey([1; 32]))).await?;
    let mut reader = log.reader(0)?;
    let (mut decode_s, mut fold_s) = (0.0, 0.0);
    let mut lake = 0;
    let (mut folded, mut told, mut since, mut turned) = (0, 0, 0.0, 0);
    loop {
        let begun = Instant::now();
        let records = reader.next_batch(10_000, 8 << 20)?;
        if records.is_empty() {
            break;
        }
        let mut batch = Batch::decode(records, "RU");
        batch.is_large = true;
        decode_s += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        for part in batch.parts().into_iter().filter(|part| !part.records.is_empty()) {
            let done = fold.process_batch(&part, lake).await?;
            lake = done.block.first_offset;
            turned += done.block.derived.len();
            folded += part.records.len();
        }
        fold_s += begun.elapsed().as_secs_f64();
        since += begun.elapsed().as_secs_f64();
        if folded % 500_000 < 10_000 && 100_000 < folded - told {
            eprintln!("{folded} events, {:.0}/s lately", (folded - told) as f64 / since);
            (told, since) = (folded, 0.0);
        }
    }
    let begun = Instant::now();
    fold.settle().await?;
    fold_s += begun.elapsed().as_secs_f64();
    let total = log.end_offset();
    let live = store.segments().await?.versions.values().filter(|version| version.state == VersionState::Live).count();
    println!(
        r#"{{"events":{total},"segments":{live},"turned":{turned},"profiles":{},"decode_per_s":{:.0},"fold_per_s":{:.0},"log_bytes_per_event":{:.1}}}"#,
        store.profiles_count().await?,
        total as f64 / decode_s,
        total as f64 / fold_s,
        log.bytes() as f64 / total as f64
    );
    Ok(())
}

/// A segment of five conditions, as marketers have them: most look at what a given event is not about.
fn in_force(number: u32) -> Result<Vec<Entry>, serde_json::Error> {
    let (event, next) = (number % 5, (number + 1) % 5);
    let model = if number % 20 == 0 { "Aster".to_owned() } else { format!("Model {}", number % 40) };
    let days = [7, 14, 30, 90, 365][(number / 5 % 5) as usize];
    let rule = format!(
        r#"{{"if":"all","rules":[
            {{"if":"did","event":"car_viewed_{event}","where":[{{"field":"properties.model","op":"is","values":["{model}"]}}],
              "measure":{{"of":"count"}},"is":{{"op":"at_least","number":{}}},"within":{{"last":"{days}d"}}}},
            {{"if":"not","rule":{{"if":"did","event":"car_viewed_{next}","measure":{{"of":"sum","field":"properties.price"}},
              "is":{{"op":"above","number":{}}},"within":{{"last":"30d"}}}}}},
            {{"if":"any","rules":[
              {{"if":"came","which":"latest","by":"channel","is":{{"op":"is","values":["referral","cpc"]}}}},
              {{"if":"trait","name":"city","is":{{"op":"is","values":["City {number}"]}}}},
              {{"if":"seen","which":"first","within":"{days}d"}}]}}]}}"#,
        1 + number % 3,
        30_000 + number * 500,
    );
    let segment = Segment {
        segment_id: format!("s{number}"),
        name: format!("S{number}"),
        description: String::new(),
        tz: "UTC".into(),
        rule: serde_json::from_str(&rule)?,
    };
    let number = number + 1;
    let fill = Action::FillSegment { number, chunk: 0, is_last: true, rows: "[]".into() };
    // One whose measures others have already is not filled: it refuses, which does no harm.
    let actions = [Action::SetSegment { segment }, fill, Action::DecideSegment { number, after: -1, until: i64::MAX }];
    let entry = |action| {
        let command = Command { actor: "bench".into(), action };
        serde_json::to_vec(&command).map(|body| Entry { kind: RecordKind::Command as u8, body: body.into() })
    };
    actions.into_iter().map(entry).collect()
}

fn splitmix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
