//! From pairs to people: groups of records in which every pair was checked.
//!
//! Best evidence first, two groups become one when *all* pairs across them, compared directly where blocking had not, speak for it on
//! average, and none speaks firmly against it. Nobody is merged through a third record alone.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BinaryHeap},
};

use rustc_hash::FxHashMap;

use crate::{
    score::{ScoredPair, Scorer, weight_of},
    table::Task,
};

/// What it takes to join records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterOptions {
    /// The mean weight over all pairs across two groups, in bits.
    pub mean_least: f64,
    /// No pair across two groups may weigh less, in bits.
    pub pair_least: f64,
    /// Larger groups are not made; `None` for any size.
    pub rows_max: Option<usize>,
}

impl ClusterOptions {
    /// Groups whose pairs across have at least this probability on average.
    pub fn at(probability: f64) -> Self {
        Self { mean_least: weight_of(probability), pair_least: -12.0, rows_max: None }
    }

    /// For merging without asking: every pair of a group has a probability of 0.99 at least, and no group has more than 10 rows.
    ///
    /// A record without a given name thus cannot bring two of a family together.
    pub fn unasked() -> Self {
        let certain = weight_of(0.99);
        Self { mean_least: certain, pair_least: certain, rows_max: Some(10) }
    }
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self::at(0.7)
    }
}

/// Groups of two and more rows that are one person each; rows in rising order, groups by their first row.
///
/// * `pairs`: from [`Scorer::score`].
pub fn cluster(scorer: &Scorer, pairs: &[ScoredPair], options: ClusterOptions) -> Vec<Vec<u32>> {
    let mut groups = Groups::new(scorer, pairs, options);
    while let Some(edge) = groups.open.pop() {
        groups.consider(edge);
    }
    let mut found: Vec<Vec<u32>> = groups.rows.into_values().filter(|rows| 1 < rows.len()).collect();
    found.iter_mut().for_each(|rows| rows.sort_unstable());
    found.sort_unstable();
    found
}

/// Pairs by which two sets are linked: each row at most once, best evidence first; in the order of rows.
///
/// * `least`: bits that a link must weigh.
pub fn link(pairs: &[ScoredPair], task: Task, least: f64) -> Vec<ScoredPair> {
    let mut best: Vec<&ScoredPair> =
        pairs.iter().filter(|pair| least <= f64::from(pair.weight) && task.allows(pair.left, pair.right)).collect();
    best.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right))));
    let mut taken = rustc_hash::FxHashSet::default();
    let mut links: Vec<ScoredPair> = Vec::new();
    for pair in best {
        if !taken.contains(&pair.left) && !taken.contains(&pair.right) {
            taken.extend([pair.left, pair.right]);
            links.push(*pair);
        }
    }
    links.sort_by_key(|pair| (pair.left, pair.right));
    links
}

type GroupId = u32;

/// The evidence across two groups.
#[derive(Clone, Copy)]
struct Across {
    sum: f64,
    least: f64,
}

impl Across {
    fn and(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, least: self.least.min(other.least) }
    }
}

struct Groups<'a> {
    scorer: &'a Scorer<'a>,
    options: ClusterOptions,
    rows: BTreeMap<GroupId, Vec<u32>>,
    near: FxHashMap<GroupId, BTreeMap<GroupId, Across>>,
    open: BinaryHeap<Edge>,
    next: GroupId,
}

/// A join to consider; groups never change, joined ones get a new number, so an edge of a group that is gone is stale.
struct Edge {
    mean: f64,
    groups: (GroupId, GroupId),
}

impl<'a> Groups<'a> {
    /// Every row that has a pair is a group of its own.
    fn new(scorer: &'a Scorer<'a>, pairs: &[ScoredPair], options: ClusterOptions) -> Self {
        let mut groups = Self { scorer, options, rows: BTreeMap::new(), near: FxHashMap::default(), open: BinaryHeap::new(), next: 0 };
        for pair in pairs.iter().filter(|pair| options.mean_least <= f64::from(pair.weight)) {
            let weight = f64::from(pair.weight);
            for (row, other) in [(pair.left, pair.right), (pair.right, pair.left)] {
                groups.rows.entry(row).or_insert_with(|| vec![row]);
                groups.near.entry(row).or_default().insert(other, Across { sum: weight, least: weight });
                groups.next = groups.next.max(row + 1);
            }
            groups.open.push(Edge { mean: weight, groups: (pair.left, pair.right) });
        }
        groups
    }

    fn consider(&mut self, edge: Edge) {
        let (one, other) = edge.groups;
        let (Some(rows), Some(other_rows)) = (self.rows.get(&one), self.rows.get(&other)) else { return };
        let size = rows.len() + other_rows.len();
        if self.options.rows_max.is_none_or(|most| size <= most) {
            self.join(one, other);
        }
    }

    /// Makes one group of two, and weighs it against every group that was near either.
    fn join(&mut self, one: GroupId, other: GroupId) {
        let near = self.near.remove(&one).unwrap_or_default();
        let other_near = self.near.remove(&other).unwrap_or_default();
        let neighbours: Vec<GroupId> =
            near.keys().chain(other_near.keys()).copied().filter(|&group| group != one && group != other).collect();
        let joined = self.next;
        self.next += 1;
        let mut across = BTreeMap::new();
        for neighbour in neighbours {
            if !across.contains_key(&neighbour) && self.rows.contains_key(&neighbour) {
                let side = |near: &BTreeMap<GroupId, Across>, group| {
                    near.get(&neighbour).copied().unwrap_or_else(|| self.compare(group, neighbour))
                };
                across.insert(neighbour, side(&near, one).and(side(&other_near, other)));
            }
        }
        let mut rows = self.rows.remove(&one).unwrap_or_default();
        rows.extend(self.rows.remove(&other).unwrap_or_default());
        for (&neighbour, &evidence) in &across {
            let near = self.near.entry(neighbour).or_default();
            near.remove(&one);
            near.remove(&other);
            near.insert(joined, evidence);
            let mean = evidence.sum / (rows.len() * self.rows[&neighbour].len()) as f64;
            if self.options.mean_least <= mean && self.options.pair_least <= evidence.least {
                self.open.push(Edge { mean, groups: (neighbour, joined) });
            }
        }
        self.rows.insert(joined, rows);
        self.near.insert(joined, across);
    }

    /// Compares every pair across two groups.
    fn compare(&self, one: GroupId, other: GroupId) -> Across {
        let pairs = self.rows[&one].iter().flat_map(|&left| self.rows[&other].iter().map(move |&right| (left, right)));
        let alone = Across { sum: 0.0, least: f64::INFINITY };
        pairs
            .map(|(left, right)| self.scorer.weight(left, right))
            .fold(alone, |across, weight| across.and(Across { sum: weight, least: weight }))
    }
}

impl Ord for Edge {
    fn cmp(&self, other: &Self) -> Ordering {
        self.mean.total_cmp(&other.mean).then_with(|| other.groups.cmp(&self.groups))
    }
}

impl PartialOrd for Edge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Edge {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Edge {}
