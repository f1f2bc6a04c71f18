//! Messages already seen, so that a repeated one is folded once.
//!
//! Keys are 64-bit digests of (source, message id), kept in sorted runs of one log day each. A run is merged with its
//! equals when there are eight of them, as in a log-structured merge tree. Filters in memory answer for the keys that
//! were never seen, nearly all of them; the others are looked up. A key counts until 30 days after its day.

use std::collections::{BTreeMap, HashSet};

use forecourt_model::time;
use forecourt_store::{
    FoldTx, Store, StoreError,
    dedupe::{FOR_EVER, RunRow},
};
use rustc_hash::FxHashSet;

use crate::{Batch, Content};

/// Days that a message id is remembered after the day it came.
const KEPT_DAYS: i32 = 30;
const RUNS_OF_A_LEVEL: usize = 8;
/// Runs of one week share a first filter.
const WEEK: i32 = 7;

pub(crate) struct Seen {
    runs: Vec<Run>,
    weeks: BTreeMap<i32, Vec<Filter>>,
    next_run: i64,
    keys_max: u64,
}

struct Run {
    row: RunRow,
    filter: Filter,
    /// First key of each chunk.
    fences: Vec<u64>,
}

/// Offsets and keys of messages that may have been seen, by run and by the chunk that would hold the key.
type Suspects = BTreeMap<i64, BTreeMap<u32, Vec<(u64, u64)>>>;

impl Seen {
    pub async fn open(store: &Store, keys_max: u64) -> Result<Self, StoreError> {
        let mut seen = Self { runs: Vec::new(), weeks: BTreeMap::new(), next_run: 1, keys_max };
        for row in store.runs().await? {
            let keys = store.run_keys(row.run).await?;
            seen.add(row, &keys);
        }
        Ok(seen)
    }

    /// Finds the offsets whose message was seen before, in the store or earlier in the batch.
    pub async fn mark(&self, tx: &mut FoldTx, batch: &Batch) -> Result<FxHashSet<u64>, StoreError> {
        let mut duplicates = FxHashSet::default();
        let mut fresh = FxHashSet::default();
        let mut suspects = Suspects::default();
        for (offset, key, day) in keys(batch) {
            if !fresh.insert(key) {
                duplicates.insert(offset);
                continue;
            }
            self.suspect(offset, key, day, &mut suspects);
        }
        for (run, suspected) in suspects {
            let numbers: Vec<u32> = suspected.keys().copied().collect();
            for (number, held) in tx.chunks(run, &numbers).await? {
                let of_chunk = suspected.get(&number).into_iter().flatten();
                duplicates.extend(of_chunk.filter(|(_, key)| held.binary_search(key).is_ok()).map(|(offset, _)| *offset));
            }
        }
        Ok(duplicates)
    }

    fn suspect(&self, offset: u64, key: u64, day: i32, suspects: &mut Suspects) {
        for (week, filters) in &self.weeks {
            if !filters.iter().any(|filter| filter.may_hold(key)) {
                continue;
            }
            let counts = |run: &&Run| week_of(run.row.day) == *week && day.saturating_sub(KEPT_DAYS) <= run.row.day;
            for run in self.runs.iter().filter(counts).filter(|run| run.filter.may_hold(key)) {
                let chunk = run.fences.partition_point(|first| *first <= key);
                if let Some(chunk) = chunk.checked_sub(1) {
                    suspects.entry(run.row.run).or_default().entry(chunk as u32).or_default().push((offset, key));
                }
            }
        }
    }

    /// Saves the batch's new keys, merges runs, drops what has expired.
    pub async fn save(&mut self, tx: &mut FoldTx, batch: &Batch, duplicates: &FxHashSet<u64>) -> Result<(), StoreError> {
        let mut by_day: BTreeMap<i32, Vec<u64>> = BTreeMap::new();
        for record in &batch.records {
            if let Content::Event { message_key, keep_key, .. } = &record.content
                && !duplicates.contains(&record.offset)
            {
                let day = if *keep_key { FOR_EVER } else { time::day(record.at_us) };
                by_day.entry(day).or_default().push(*message_key);
            }
        }
        for (day, mut keys) in by_day {
            keys.sort_unstable();
            keys.dedup();
            self.insert(tx, day, 0, keys).await?;
        }
        let Some(last) = batch.records.last() else { return Ok(()) };
        self.expire(tx, time::day(last.at_us)).await
    }

    async fn insert(&mut self, tx: &mut FoldTx, day: i32, level: u32, keys: Vec<u64>) -> Result<(), StoreError> {
        let (mut level, mut keys) = (level, keys);
        loop {
            let equals: Vec<i64> =
                self.runs.iter().filter(|run| run.row.day == day && run.row.level == level).map(|run| run.row.run).collect();
            if equals.len() + 1 < RUNS_OF_A_LEVEL {
                break;
            }
            for run in &equals {
                keys.extend(tx.run_keys(*run).await?);
            }
            keys.sort_unstable();
            self.drop(tx, &equals).await?;
            level += 1;
        }
        let row = RunRow { run: self.next_run, day, level, keys: keys.len() as u64 };
        tx.save_run(row, &keys).await?;
        self.add(row, &keys);
        Ok(())
    }

    /// Drops days that no longer count, and the oldest days above the cap.
    async fn expire(&mut self, tx: &mut FoldTx, today: i32) -> Result<(), StoreError> {
        let mut dropped: HashSet<i64> = self.runs.iter().filter(|run| run.row.day < today - KEPT_DAYS).map(|run| run.row.run).collect();
        let mut held: u64 = self.runs.iter().map(|run| run.row.keys).sum();
        let mut days: Vec<i32> = self.runs.iter().map(|run| run.row.day).filter(|day| *day < today).collect();
        days.sort_unstable();
        days.dedup();
        for day in days {
            if held <= self.keys_max {
                break;
            }
            for run in self.runs.iter().filter(|run| run.row.day == day) {
                held -= run.row.keys;
                dropped.insert(run.row.run);
            }
        }
        let dropped: Vec<i64> = dropped.into_iter().collect();
        if dropped.is_empty() {
            return Ok(());
        }
        self.drop(tx, &dropped).await?;
        let weeks: HashSet<i32> = self.runs.iter().map(|run| week_of(run.row.day)).collect();
        self.weeks.retain(|week, _| weeks.contains(week));
        Ok(())
    }

    async fn drop(&mut self, tx: &mut FoldTx, runs: &[i64]) -> Result<(), StoreError> {
        tx.drop_runs(runs).await?;
        self.runs.retain(|run| !runs.contains(&run.row.run));
        Ok(())
    }

    fn add(&mut self, row: RunRow, keys: &[u64]) {
        let mut filter = Filter::for_keys(keys.len());
        keys.iter().for_each(|key| filter.insert(*key));
        let fences = keys.chunks(forecourt_store::dedupe::CHUNK_KEYS).filter_map(|chunk| chunk.first().copied()).collect();
        // A merged run's keys are in the week's filter already: only level 0 and what is read back at start add to it.
        let week = self.weeks.entry(week_of(row.day)).or_default();
        for key in keys {
            if !week.iter().any(|filter| filter.may_hold(*key)) {
                insert_growing(week, *key);
            }
        }
        self.next_run = self.next_run.max(row.run + 1);
        self.runs.push(Run { row, filter, fences });
    }
}

fn week_of(day: i32) -> i32 {
    day.div_euclid(WEEK)
}

fn keys(batch: &Batch) -> impl Iterator<Item = (u64, u64, i32)> + '_ {
    batch.records.iter().filter_map(|record| match &record.content {
        Content::Event { message_key, .. } => Some((record.offset, *message_key, time::day(record.at_us))),
        _ => None,
    })
}

/// A Bloom filter with 12 bits a key and 4 probes: about 0.7 % of strangers pass.
struct Filter {
    words: Vec<u64>,
    keys: usize,
    capacity: usize,
}

impl Filter {
    fn for_keys(capacity: usize) -> Self {
        let words = (capacity.max(64) * 12).div_ceil(64).next_power_of_two();
        Self { words: vec![0; words], keys: 0, capacity: capacity.max(64) }
    }

    fn probes(&self, key: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let mask = self.words.len() as u64 * 64 - 1;
        let (start, step) = (key, key.rotate_left(32) | 1);
        (0..4u64).map(move |at| {
            let bit = start.wrapping_add(at.wrapping_mul(step)) & mask;
            ((bit / 64) as usize, 1u64 << (bit % 64))
        })
    }

    fn insert(&mut self, key: u64) {
        for (word, bit) in self.probes(key) {
            self.words[word] |= bit;
        }
        self.keys += 1;
    }

    fn may_hold(&self, key: u64) -> bool {
        self.probes(key).all(|(word, bit)| self.words[word] & bit != 0)
    }
}

/// A filter that grows: when the last one is full, one of four times its size follows.
fn insert_growing(filters: &mut Vec<Filter>, key: u64) {
    match filters.last_mut() {
        Some(last) if last.keys < last.capacity => last.insert(key),
        last => {
            let capacity = last.map_or(1 << 16, |last| last.capacity * 4);
            let mut filter = Filter::for_keys(capacity);
            filter.insert(key);
            filters.push(filter);
        }
    }
}
