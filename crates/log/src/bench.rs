//! Measures the log on the disk it is given; nothing of the log's own work is here.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::{Entry, Log, LogError, Options};

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Appends under way at once.
    pub writers: usize,
    pub entries_per_append: usize,
    /// Bytes of one body.
    pub entry_bytes: usize,
    pub duration: Duration,
}

/// What came of it. Latencies are those of one append, in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub load: Load,
    pub appends_per_s: f64,
    pub records_per_s: f64,
    pub p50_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
    /// Records per second of one reader that then reads all of it once, from the page cache.
    pub read_records_per_s: f64,
    /// Bytes on disk per byte of bodies.
    pub size_ratio: f64,
}

/// Appends to a log in `dir` for `load.duration`, then reads it back. The log stays in `dir`.
///
/// Errors: what the log said; and a reader that finds another number of records than were acknowledged.
pub async fn append_rate(dir: &Path, load: Load) -> Result<Rate, LogError> {
    let log = Log::open(dir, Options::default())?;
    let first_offset = log.end_offset();
    let bytes_before = log.bytes();
    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..load.writers {
        writers.spawn(write(log.clone(), load, writer as u64, begun));
    }
    let mut took_us = Vec::new();
    while let Some(ended) = writers.join_next().await {
        // A writer that panicked is a defect of this function: pass it on.
        took_us.extend(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?);
    }
    let wrote_for = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let records = read(&log, first_offset)?;
    let read_for = begun.elapsed().as_secs_f64();
    assert_eq!(records, log.end_offset() - first_offset, "the reader must find each record");

    took_us.sort_unstable();
    let bodies = (records * load.entry_bytes as u64).max(1);
    Ok(Rate {
        load,
        appends_per_s: took_us.len() as f64 / wrote_for,
        records_per_s: records as f64 / wrote_for,
        p50_us: quantile(&took_us, 0.5),
        p99_us: quantile(&took_us, 0.99),
        max_us: quantile(&took_us, 1.0),
        read_records_per_s: records as f64 / read_for,
        size_ratio: (log.bytes() - bytes_before) as f64 / bodies as f64,
    })
}

/// Returns how long each append took, in microseconds.
async fn write(log: Log, load: Load, seed: u64, begun: Instant) -> Result<Vec<u64>, LogError> {
    let mut took_us = Vec::new();
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    while begun.elapsed() < load.duration {
        let entries = (0..load.entries_per_append).map(|_| entry(&mut state, load.entry_bytes)).collect();
        let asked = Instant::now();
        log.append(begun.elapsed().as_micros() as i64, entries).await?;
        took_us.push(asked.elapsed().as_micros() as u64);
    }
    Ok(took_us)
}

/// A body that compresses about as a small JSON event does: field names repeat, values do not.
fn entry(state: &mut u64, bytes: usize) -> Entry {
    let mut body = Vec::with_capacity(bytes + 64);
    while body.len() < bytes {
        // xorshift64
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        body.extend_from_slice(b"{\"messageId\":\"");
        body.extend_from_slice(format!("{:016x}", *state).as_bytes());
        body.extend_from_slice(b"\",\"event\":\"car_viewed\",\"properties\":{}}");
    }
    body.truncate(bytes);
    Entry { kind: 1, body: Bytes::from(body) }
}

fn read(log: &Log, from: u64) -> Result<u64, LogError> {
    let mut reader = log.reader(from)?;
    let mut records = 0;
    loop {
        let batch = reader.next_batch(10_000, 16 << 20)?;
        if batch.is_empty() {
            return Ok(records);
        }
        records += batch.len() as u64;
    }
}

fn quantile(sorted: &[u64], share: f64) -> u64 {
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or(0)
}

impl Rate {
    /// One line of JSON.
    pub fn to_json(&self) -> String {
        let Rate { load, appends_per_s, records_per_s, p50_us, p99_us, max_us, read_records_per_s, size_ratio } = self;
        let Load { writers, entries_per_append, entry_bytes, duration } = load;
        format!(
            "{{\"writers\":{writers},\"entries_per_append\":{entries_per_append},\"entry_bytes\":{entry_bytes},\
             \"seconds\":{:.1},\"appends_per_s\":{appends_per_s:.0},\"records_per_s\":{records_per_s:.0},\
             \"p50_us\":{p50_us},\"p99_us\":{p99_us},\"max_us\":{max_us},\
             \"read_records_per_s\":{read_records_per_s:.0},\"size_ratio\":{size_ratio:.2}}}",
            duration.as_secs_f64()
        )
    }
}
