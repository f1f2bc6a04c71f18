//! Which pairs are worth comparing: those that share a key which few records share.
//!
//! Every value gives keys: itself and looser forms of it (see [`keys`]). A key that few records have makes a block, and all pairs in it are candidates. A key that
//! many have (a common surname, a year of birth) makes no block by itself; its records are parted by a second key, and by a third.
//! What "few" means follows from the number of pairs that may be compared, so that a common value never makes the work grow with
//! the square of the records. No rule names a column: what is rare in these data decides.

mod keys;

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use rustc_hash::FxHashSet;

use crate::{
    random::scramble,
    table::{Table, Task},
};
use keys::Slot;

/// How much work is allowed, in candidate pairs.
#[derive(Clone, Copy, Debug)]
struct Budget {
    /// For each space of keys.
    single: usize,
    /// For each two spaces together, and again for each three.
    double: usize,
}

/// Candidates that a space of keys may add for each row, on average, in sets of up to this many rows.
const SINGLE_PAIRS_PER_ROW: f64 = 3.0;
const DOUBLE_PAIRS_PER_ROW: f64 = 0.7;
const ROWS_FULL: f64 = 50_000.0;

impl Budget {
    /// The more records, the rarer a value must be to mean anything: each row gets fewer candidates, by the square root.
    fn of(rows: usize) -> Self {
        let rows = rows as f64;
        let thinned = rows * (ROWS_FULL / rows.max(1.0)).sqrt().min(1.0);
        let pairs = |per_row: f64, least: usize| ((thinned * per_row) as usize).max(least);
        Self { single: pairs(SINGLE_PAIRS_PER_ROW, SINGLE_PAIRS_MIN), double: pairs(DOUBLE_PAIRS_PER_ROW, DOUBLE_PAIRS_MIN) }
    }
}

/// The largest blocks of one, two and three keys, whatever the budget.
const BLOCK_MAX: [usize; 3] = [400, 100, 40];
/// Small sets may be compared more thoroughly.
const SINGLE_PAIRS_MIN: usize = 20_000;
const DOUBLE_PAIRS_MIN: usize = 3_000;

/// The pairs to compare, each once, smaller row first, in rising order.
///
/// * `threads`: how many work at once; the answer is the same for any number.
pub fn candidates(table: &Table, task: Task, threads: usize) -> Vec<(u32, u32)> {
    let slots = keys::slots(table);
    let budget = Budget::of(table.rows());

    let singles = in_parallel(spaces(&slots).len(), threads, |space| block_by_one(table, task, &slots, space, budget.single));
    let (mut pairs, common): (Vec<_>, Vec<_>) = singles.into_iter().unzip();
    let common_slots = keep_common(slots, &common);
    let twos = two_spaces(&common_slots);
    pairs.extend(in_parallel(twos.len(), threads, |at| block_by_two(table, task, &common_slots, twos[at], budget.double)));

    distinct(pairs)
}

/// Spaces are numbered from 0; given names and surnames share theirs.
fn spaces(slots: &[Slot]) -> std::ops::Range<usize> {
    0..slots.iter().map(|slot| slot.space + 1).max().unwrap_or(0)
}

/// A record under a key.
type Entry = (u64, u32);

/// Pairs within the blocks of one space, and the keys that are too common to make a block.
fn block_by_one(table: &Table, task: Task, slots: &[Slot], space: usize, budget: usize) -> (Vec<u64>, FxHashSet<u64>) {
    let mut entries: Vec<Entry> = Vec::with_capacity(table.rows());
    for slot in slots.iter().filter(|slot| slot.space == space) {
        entries.extend((0..table.rows() as u32).map(|row| (slot.key(table, row), row)).filter(|&(key, _)| key != 0));
    }
    entries.sort_unstable();
    entries.dedup();
    let cap = largest_block(&entries, task, budget, BLOCK_MAX[0]);
    let (mut pairs, mut common) = (Vec::new(), FxHashSet::default());
    for block in entries.chunk_by(|a, b| a.0 == b.0) {
        if block.len() <= cap {
            pair_up(block, task, &mut pairs);
        } else {
            common.insert(block[0].0);
        }
    }
    (pairs, common)
}

/// Keys that made a block of their own have given all their pairs; only common ones go on.
fn keep_common(mut slots: Vec<Slot>, common: &[FxHashSet<u64>]) -> Vec<Slot> {
    for slot in &mut slots {
        let common = &common[slot.space];
        slot.retain(|key| common.contains(&key));
    }
    slots
}

/// Two different spaces, or one twice where two slots share it.
fn two_spaces(slots: &[Slot]) -> Vec<(usize, usize)> {
    let all = spaces(slots);
    let pairs = all.clone().flat_map(|first| (first..all.end).map(move |second| (first, second)));
    pairs.filter(|&spaces| slot_pairs(slots, spaces).next().is_some()).collect()
}

fn slot_pairs(slots: &[Slot], spaces: (usize, usize)) -> impl Iterator<Item = (&Slot, &Slot)> {
    let of_space = |space| slots.iter().enumerate().filter(move |(_, slot)| slot.space == space);
    of_space(spaces.0)
        .flat_map(move |first| of_space(spaces.1).map(move |second| (first, second)))
        .filter(|((at, first), (other_at, second))| (first.space != second.space || at < other_at) && first.may_join(second))
        .map(|((_, first), (_, second))| (first, second))
}

fn block_by_two(table: &Table, task: Task, slots: &[Slot], spaces: (usize, usize), budget: usize) -> Vec<u64> {
    let mut entries: Vec<Entry> = Vec::new();
    for (first, second) in slot_pairs(slots, spaces) {
        let keys = (0..table.rows() as u32).map(|row| (first.key(table, row), second.key(table, row), row));
        entries.extend(keys.filter(|&(a, b, _)| a != 0 && b != 0).map(|(a, b, row)| (scramble(a.wrapping_add(b)), row)));
    }
    entries.sort_unstable();
    entries.dedup();
    let cap = largest_block(&entries, task, budget, BLOCK_MAX[1]);
    let (mut pairs, mut large) = (Vec::new(), Vec::new());
    for block in entries.chunk_by(|a, b| a.0 == b.0) {
        if block.len() <= cap {
            pair_up(block, task, &mut pairs);
        } else {
            large.extend_from_slice(block);
        }
    }
    part_by_third(table, task, slots, spaces, &large, budget, &mut pairs);
    pairs
}

/// Parts blocks of two keys that are too large by each third key.
///
/// Only spaces after both are asked: three keys that are all common meet in the order of their spaces, and three of which two are rare have met before.
fn part_by_third(table: &Table, task: Task, slots: &[Slot], spaces: (usize, usize), large: &[Entry], budget: usize, pairs: &mut Vec<u64>) {
    for third in slots.iter().filter(|slot| spaces.1 < slot.space && slot.joins_spaces(slots, spaces)) {
        let keys = large.iter().map(|&(key, row)| (key, third.key(table, row), row)).filter(|&(_, third, _)| third != 0);
        let mut entries: Vec<Entry> = keys.map(|(key, third, row)| (scramble(key.wrapping_add(third)), row)).collect();
        entries.sort_unstable();
        let cap = largest_block(&entries, task, budget, BLOCK_MAX[2]);
        entries.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() <= cap).for_each(|block| pair_up(block, task, pairs));
    }
}

/// The largest size of a block, up to `most`, with which all blocks up to that size have no more pairs than `budget`.
fn largest_block(entries: &[Entry], task: Task, budget: usize, most: usize) -> usize {
    let mut pairs_of_size = vec![0usize; most + 1];
    for block in entries.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() <= most) {
        pairs_of_size[block.len()] += pairs_in(block, task);
    }
    let mut total = 0;
    let within = pairs_of_size.iter().take_while(|&&pairs| {
        total += pairs;
        total <= budget
    });
    within.count() - 1
}

fn pairs_in(block: &[Entry], task: Task) -> usize {
    match task {
        Task::Dedupe => block.len() * (block.len() - 1) / 2,
        Task::Link { left_rows } => {
            let left = block.iter().filter(|&&(_, row)| (row as usize) < left_rows).count();
            left * (block.len() - left)
        }
    }
}

fn pair_up(block: &[Entry], task: Task, pairs: &mut Vec<u64>) {
    for (at, &(_, left)) in block.iter().enumerate() {
        for &(_, right) in &block[at + 1..] {
            if task.allows(left, right) {
                pairs.push(u64::from(left.min(right)) << 32 | u64::from(left.max(right)));
            }
        }
    }
}

fn distinct(parts: Vec<Vec<u64>>) -> Vec<(u32, u32)> {
    let mut pairs = parts.concat();
    drop(parts);
    pairs.sort_unstable();
    pairs.dedup();
    pairs.into_iter().map(|pair| ((pair >> 32) as u32, pair as u32)).collect()
}

/// The answers of `work` for 0 up to `count`, in that order, worked out by several threads.
fn in_parallel<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if count <= at {
                        break;
                    }
                    let answer = work(at);
                    done.lock().unwrap_or_else(|broken| broken.into_inner()).push((at, answer));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|broken| broken.into_inner());
    done.sort_unstable_by_key(|&(at, _)| at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnSpec, ColumnType, TableBuilder};

    fn table(rows: impl IntoIterator<Item = [String; 2]>) -> Table {
        let specs = vec![ColumnSpec::new("a", ColumnType::Surname), ColumnSpec::new("b", ColumnType::Phone)];
        let mut builder = TableBuilder::new(specs);
        rows.into_iter().for_each(|row| builder.push(&[Some(&row[0]), Some(&row[1])]));
        builder.finish()
    }

    #[test]
    fn a_rare_value_makes_a_pair_and_a_common_one_does_not() {
        let rows = (0..5_000).map(|row| ["Ivanov".to_owned(), format!("{}", 9_120_000_000u64 + scramble(row / 2) % 10_000_000)]);
        let pairs = candidates(&table(rows), Task::Dedupe, 2);
        assert!((0..2_500).all(|pair| pairs.binary_search(&(2 * pair, 2 * pair + 1)).is_ok()));
        assert!(pairs.len() < 100_000, "{}", pairs.len());
    }

    #[test]
    fn linking_pairs_only_across_the_sets() {
        let rows = (0..100).map(|row| [format!("name{}", row % 10), String::new()]);
        let pairs = candidates(&table(rows), Task::Link { left_rows: 50 }, 1);
        assert!(!pairs.is_empty() && pairs.iter().all(|&(left, right)| left < 50 && 50 <= right));
    }

    #[test]
    fn threads_change_nothing() {
        let rows = || (0..2_000).map(|row| [format!("name{}", scramble(row) % 90), format!("{}", 9_120_000_000u64 + scramble(row) % 900)]);
        assert_eq!(candidates(&table(rows()), Task::Dedupe, 1), candidates(&table(rows()), Task::Dedupe, 3));
    }
}
