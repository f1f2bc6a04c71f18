//! Pairs to learn from, counted by how they agree.

use rustc_hash::FxHashMap;

use crate::{
    agreement::Agreement,
    label::Label,
    random::{Random, number_of, scramble},
    table::{Table, Task},
};

/// Pairs by their agreement.
pub(crate) struct Sample {
    /// The columns that tell nothing here: the one that all pairs were chosen by, and those that go along with it.
    pub(crate) left_out: Vec<usize>,
    /// Agreement, number of pairs, and what people said of them; in the order of agreements.
    pub(crate) patterns: Vec<(Agreement, f64, Option<bool>)>,
}

const RANDOM_PAIRS: usize = 80_000;
const RARE_PAIRS: usize = 6_000;
const CANDIDATE_PAIRS: usize = 40_000;
/// Values that more records share are not rare.
const RARE_ROWS: u32 = 60;

/// For each column, pairs that share one of its rarest values.
pub(crate) fn of_rare_values(table: &Table, task: Task, labels: &[Label], threads: usize) -> Vec<Sample> {
    let answers: FxHashMap<(u32, u32), bool> = labels.iter().map(|label| (label.rows(), label.same)).collect();
    let mut samples: Vec<Sample> = (0..table.columns.len())
        .map(|column| count(table, left_out(table, column), &rare_pairs(table, task, column), &answers, threads))
        .collect();
    let labelled: Vec<_> = labels.iter().map(Label::rows).collect();
    samples.push(count(table, Vec::new(), &labelled, &answers, 1));
    samples
}

/// Neighbours share town and postcode alike: among pairs chosen by one part of an address, the others do not tell persons from neighbours.
fn left_out(table: &Table, column: usize) -> Vec<usize> {
    let is_home = |column: usize| table.columns[column].kind.is_home();
    (0..table.columns.len()).filter(|&other| other == column || (is_home(column) && is_home(other))).collect()
}

fn rare_pairs(table: &Table, task: Task, column: usize) -> Vec<(u32, u32)> {
    let data = &table.columns[column];
    let is_rare = |id: u32| id != 0 && (2..=RARE_ROWS).contains(&data.counts[id as usize]);
    let mut rows: Vec<u32> = (0..table.rows() as u32).filter(|&row| is_rare(table.id(column, row))).collect();
    // Ties are broken by the value's number, so that the order of records does not choose.
    rows.sort_by_cached_key(|&row| {
        let id = table.id(column, row);
        (data.counts[id as usize], scramble(number_of(table.text(column, id))), row)
    });
    let mut pairs = Vec::new();
    for block in rows.chunk_by(|&a, &b| table.id(column, a) == table.id(column, b)) {
        for (at, &left) in block.iter().enumerate() {
            pairs.extend(
                block[at + 1..].iter().map(|&right| (left.min(right), left.max(right))).filter(|&(left, right)| task.allows(left, right)),
            );
        }
        if RARE_PAIRS <= pairs.len() {
            break;
        }
    }
    pairs
}

/// Pairs drawn blindly; all of them where there are few.
pub(crate) fn at_random(table: &Table, task: Task, seed: u64) -> Sample {
    let rows = table.rows() as u32;
    let pairs: Vec<(u32, u32)> = if task.pairs(table.rows()) <= RANDOM_PAIRS as f64 {
        (0..rows)
            .flat_map(|left| (left + 1..rows).map(move |right| (left, right)))
            .filter(|&(left, right)| task.allows(left, right))
            .collect()
    } else {
        let mut random = Random::new(seed);
        let (left_rows, right_from) = match task {
            Task::Dedupe => (table.rows(), 0),
            Task::Link { left_rows } => (left_rows, left_rows),
        };
        let mut draw = || (random.below(left_rows) as u32, (right_from + random.below(table.rows() - right_from)) as u32);
        (0..RANDOM_PAIRS).map(|_| draw()).filter(|&(left, right)| task.allows(left, right)).collect()
    };
    count(table, Vec::new(), &pairs, &FxHashMap::default(), 2)
}

/// Every n-th candidate.
pub(crate) fn of_candidates(table: &Table, pairs: &[(u32, u32)], threads: usize) -> Sample {
    let every = pairs.len().div_ceil(CANDIDATE_PAIRS).max(1);
    let some: Vec<_> = pairs.iter().copied().step_by(every).collect();
    count(table, Vec::new(), &some, &FxHashMap::default(), threads)
}

fn count(table: &Table, left_out: Vec<usize>, pairs: &[(u32, u32)], answers: &FxHashMap<(u32, u32), bool>, threads: usize) -> Sample {
    let share = pairs.len().div_ceil(threads.max(1)).max(1);
    let mut counts: FxHashMap<(Agreement, Option<bool>), f64> = FxHashMap::default();
    std::thread::scope(|scope| {
        let part = |pairs: &[(u32, u32)]| {
            let mut counts: FxHashMap<(Agreement, Option<bool>), f64> = FxHashMap::default();
            for &(left, right) in pairs {
                *counts.entry((Agreement::of(table, left, right), answers.get(&(left, right)).copied())).or_default() += 1.0;
            }
            counts
        };
        let parts: Vec<_> = pairs.chunks(share).map(|pairs| scope.spawn(move || part(pairs))).collect();
        for part in parts {
            let part = part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            part.into_iter().for_each(|(pattern, pairs)| *counts.entry(pattern).or_default() += pairs);
        }
    });
    let mut patterns: Vec<_> = counts.into_iter().map(|((agreement, answer), pairs)| (agreement, pairs, answer)).collect();
    patterns.sort_unstable_by_key(|&(agreement, _, answer)| (agreement, answer));
    Sample { left_out, patterns }
}

/// For each column the probability that two random rows have an equal value, given that both have one.
pub(crate) fn equal_shares(table: &Table, task: Task) -> Vec<f64> {
    (0..table.columns.len()).map(|column| equal_share(table, column, task)).collect()
}

fn equal_share(table: &Table, column: usize, task: Task) -> f64 {
    let (ids, values): (Vec<u32>, usize) = (table.ids_of(column).collect(), table.columns[column].counts.len());
    let split = match task {
        Task::Dedupe => ids.len(),
        Task::Link { left_rows } => left_rows.min(ids.len()),
    };
    let count = |ids: &[u32]| {
        let mut counts = vec![0.0f64; values];
        ids.iter().filter(|&&id| id != 0).for_each(|&id| counts[id as usize] += 1.0);
        counts
    };
    let left = count(&ids[..split]);
    let (equal, all) = match task {
        Task::Dedupe => {
            let present: f64 = left.iter().sum();
            (left.iter().map(|count| count * (count - 1.0)).sum::<f64>(), present * (present - 1.0))
        }
        Task::Link { .. } => {
            let right = count(&ids[split..]);
            (left.iter().zip(&right).map(|(a, b)| a * b).sum(), left.iter().sum::<f64>() * right.iter().sum::<f64>())
        }
    };
    ((equal + 0.5) / (all + 1.0)).clamp(1e-9, 0.99)
}
