//! How fast the lake takes rows in, flushes, merges and compacts, on this machine.
//!
//! `cargo run -p forecourt-lake --example rates -- 1000000`
use std::time::Instant;

use forecourt_lake::{Catalogue, Lake, LakeOptions};
use forecourt_log::{Entry, Log, Options};
use forecourt_model::{Block, EventAttribution, FragmentId, Move, Origin, ProfileId, RecordKind, Stamp, block::TouchOf};
use forecourt_store::Store;

const BLOCK_EVENTS: usize = 10_000;
const START_US: i64 = 1_767_225_600_000_000;

fn main() {
    let events = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(measure(events));
}

async fn measure(events: usize) {
    let dir = std::env::temp_dir().join(format!("forecourt-rates-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let log = Log::open(&dir.join("log"), Options::default()).unwrap();
    let store = Store::sqlite(&dir.join("state.sqlite")).await.unwrap();
    for first in (0..events).step_by(BLOCK_EVENTS) {
        fold(&log, &store, first).await;
    }

    let place = Catalogue::Sqlite(dir.join("catalogue.sqlite"));
    let options = LakeOptions { flush_rows: usize::MAX, flush_bytes: usize::MAX, ..LakeOptions::default() };
    let lake = Lake::open(place.clone(), &dir.join("data"), log.clone(), store.clone(), options.clone()).await.unwrap();
    rate("joined, rows in memory", events, lake.take_in()).await;
    rate("put in order for a query", events, async { lake.snapshot() }).await;
    rate("flushed at once", events, lake.flush()).await;
    println!("{:>10} bytes a row in files", lake.snapshot().unwrap().file_bytes() / events as u64);
    lake.close().await;

    std::fs::remove_dir_all(dir.join("data")).unwrap();
    std::fs::remove_file(dir.join("catalogue.sqlite")).unwrap();
    let options = LakeOptions { flush_rows: 200_000, compact_files: 4, ..options };
    let lake = Lake::open(place, &dir.join("data"), log.clone(), store.clone(), options).await.unwrap();
    rate("joined and flushed by 200,000", events, lake.flush()).await;
    let files = lake.snapshot().unwrap().file_count();
    rate("compacted", events, lake.compact()).await;
    println!("{files:>10} files became {}", lake.snapshot().unwrap().file_count());
    let moves = events / 100;
    merge(&log, &store, events, moves).await;
    rate("profiles merged and flushed", moves, lake.flush()).await;
    lake.close().await;
    std::fs::remove_dir_all(&dir).unwrap();
}

async fn rate<T, E: std::fmt::Debug>(what: &str, rows: usize, work: impl Future<Output = Result<T, E>>) {
    let (began, cpu_before) = (Instant::now(), cpu_s());
    work.await.unwrap();
    let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_s() - cpu_before);
    println!("{:>10.0}/s {:>6.2} µs of processor a row  {what}", rows as f64 / wall, cpu * 1e6 / rows as f64);
}

/// Seconds of processor that this process has had: on a busy machine the steadier measure.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields.iter().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn profile(number: usize) -> ProfileId {
    ProfileId(((number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1) as i64)
}

/// Ten events a profile, spread over a year.
fn profile_of(event: usize, events: usize) -> ProfileId {
    profile(event.wrapping_mul(7919) % (events / 10).max(1))
}

async fn fold(log: &Log, store: &Store, first: usize) {
    let numbers = first..first + BLOCK_EVENTS;
    let entries: Vec<Entry> = numbers.clone().map(entry).collect();
    let first_offset = log.append(START_US, entries).await.unwrap();
    let attribution = |(offset, number)| EventAttribution {
        offset,
        fragment_id: FragmentId(profile_of(number, 1_000_000).0),
        profile_id: profile_of(number, 1_000_000),
        touch: TouchOf::Own(TouchOf::UNRULED),
    };
    let events = (first_offset..).zip(numbers).map(attribution).collect();
    save(store, Block { first_offset, end_offset: first_offset + BLOCK_EVENTS as u64, events, ..Block::default() }).await;
}

async fn merge(log: &Log, store: &Store, events: usize, moves: usize) {
    let first_offset = log.append(START_US, vec![Entry { kind: RecordKind::Tick as u8, body: Vec::new().into() }]).await.unwrap();
    let moved = |number: usize| Move {
        offset: first_offset,
        from: profile(2 * number),
        to: profile(2 * number + 1),
        fragment: None,
        first_us: START_US,
        last_us: START_US + events as i64 * 30_000_000,
        first_offset: 0,
    };
    save(store, Block { first_offset, end_offset: first_offset + 1, moves: (0..moves).map(moved).collect(), ..Block::default() }).await;
}

async fn save(store: &Store, block: Block) {
    let mut tx = store.begin().await.unwrap();
    tx.save_block(&block).await.unwrap();
    tx.commit().await.unwrap();
}

fn entry(number: usize) -> Entry {
    let ts_us = START_US + number as i64 * 30_000_000;
    let time = forecourt_model::time::iso(ts_us);
    let (kind, event) = [("page", ""), ("track", "car_viewed"), ("track", "configurator_opened"), ("track", "lead_created")][number % 4];
    let item = format!(
        r#"{{"type":"{kind}","event":"{event}","anonymousId":"a-{}","messageId":"ajs-{number:032x}","timestamp":"{time}","sentAt":"{time}",
        "context":{{"campaign":{{"source":"google","medium":"cpc","name":"spring sale"}},"page":{{"url":"https://cars.example/models/aster-{}?utm_source=google","referrer":"https://www.google.com/"}},
        "userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","locale":"en"}},"properties":{{"model":"aster","dealer":"dealer-{}","region":"north","price":{}}}}}"#,
        number % 1000,
        number % 7,
        number % 60,
        number % 50_000,
    );
    let message_id = format!("ajs-{number:032x}");
    let stamp = Stamp {
        origin: Origin::Live,
        received_us: ts_us,
        sent_us: None,
        source: "src-1".into(),
        message_id: message_id.into(),
        ip: "".into(),
    };
    Entry { kind: RecordKind::Event as u8, body: stamp.encode(item.as_bytes()).into() }
}
