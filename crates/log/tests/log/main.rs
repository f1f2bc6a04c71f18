//! What the log promises, told through its public interface: on the real disk, and on a model of one
//! that loses power, runs full and fails.

mod appending;
mod damage;
mod faults;
mod faulty_disk;
mod overwriting;
mod power_loss;

use std::path::Path;

use forecourt_log::{Entry, Log, LogError, Options, Record};

/// A log on the model lives here; nothing of it is on a disk.
fn dir() -> &'static Path {
    Path::new("log")
}

fn entry(text: impl Into<String>) -> Entry {
    Entry { kind: 1, body: text.into().into_bytes().into() }
}

/// Letters that do not compress, others for each seed.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + (state >> 33) as u8 % 64)
    };
    (0..bytes).map(letter).collect()
}

fn text(record: &Record) -> String {
    String::from_utf8_lossy(&record.body).into_owned()
}

/// All that a reader finds from `from` on, taken in small batches.
fn read_from(log: &Log, from: u64) -> Vec<Record> {
    let mut reader = log.reader(from).unwrap();
    let mut all = Vec::new();
    loop {
        let batch = reader.next_batch(7, 1_000).unwrap();
        if batch.is_empty() {
            return all;
        }
        all.extend(batch);
    }
}

fn read_all(log: &Log) -> Vec<Record> {
    read_from(log, log.first_offset())
}

fn texts(log: &Log) -> Vec<String> {
    read_all(log).iter().map(text).collect()
}

/// Appends all of them at once, so that they may share a frame; answers in the order given.
fn append_together(log: &Log, at_us: i64, appends: &[Vec<Entry>]) -> Vec<Result<u64, LogError>> {
    runtime().block_on(async {
        let tasks: Vec<_> = appends
            .iter()
            .map(|entries| {
                let (log, entries) = (log.clone(), entries.clone());
                tokio::spawn(async move { log.append(at_us, entries).await })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        answers
    })
}

fn append(log: &Log, at_us: i64, entries: Vec<Entry>) -> Result<u64, LogError> {
    append_together(log, at_us, &[entries]).remove(0)
}

fn append_text(log: &Log, text: &str) -> Result<u64, LogError> {
    append(log, 0, vec![entry(text)])
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Small segments, so that short tests see several.
fn small() -> Options {
    Options { segment_bytes: 4 << 10, ..Options::default() }
}

/// How many cases a property test runs: many under `make prove`, enough to notice under `make test`.
fn cases(reduced: u32, prove: u32) -> u32 {
    let proving = std::env::var("FORECOURT_PROVE").is_ok_and(|value| value == "1");
    if proving { prove } else { reduced }
}
