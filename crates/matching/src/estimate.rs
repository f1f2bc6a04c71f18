//! Weights without labels: expectation-maximisation over pairs that share a rare value.
//!
//! Matches are too rare among random pairs to learn from. Among pairs that share a *rare* value of one column they are common; and apart from that column,
//! which is left out there, their agreement is that of any match, and that of the others is that of random pairs. So each column gives a sample, all samples
//! share one set of probabilities, and each has a share of matches of its own.

use crate::{
    agreement::Agreement,
    column::MISSING,
    label::{self, Label},
    limit::Limits,
    model::Model,
    sample::{self, Sample},
    score::probability,
    table::{Table, Task},
};

/// How estimating goes about.
#[derive(Clone, Copy, Debug)]
pub struct EstimateOptions {
    /// The same seed gives the same model.
    pub seed: u64,
    pub threads: usize,
}

impl Default for EstimateOptions {
    fn default() -> Self {
        Self { seed: 1, threads: 2 }
    }
}

/// What is believed beforehand counts as much as this many matches.
const USUAL_MATCHES: f64 = 100.0;
/// What is believed of levels that random pairs never show, in pairs.
const UNSEEN_PAIRS: f64 = 0.5;
/// At least this part of the equal pairs among random ones are believed to be of different persons.
const OTHERS_LEAST: f64 = 0.02;
const OUTER_ROUNDS: usize = 3;
const INNER_ROUNDS: usize = 9;

/// Learns the weights of a table's columns.
///
/// * `pairs`: from [`crate::candidates`]; they tell how many matches there are.
/// * `labels`: people's answers, if any. In the samples they replace the estimate of who matches; then they scale the weights.
pub fn estimate(table: &Table, task: Task, pairs: &[(u32, u32)], labels: &[Label], options: EstimateOptions) -> Model {
    let mut model = Model::usual(table);
    let limits = Limits::new(table);
    let blocks = sample::of_rare_values(table, task, labels, options.threads);
    let random = sample::at_random(table, task, options.seed);
    let candidates = sample::of_candidates(table, pairs, options.threads);
    let equal = sample::equal_shares(table, task);
    let all_pairs = task.pairs(table.rows()).max(1.0);

    among_others(&mut model, &limits, &random, &equal);
    for _ in 0..OUTER_ROUNDS {
        among_matches(&mut model, &limits, &blocks);
        if !is_of_persons(&model) {
            believe_the_usual(&mut model);
        }
        model.prior = prior(&model, &limits, &candidates, pairs.len() as f64, all_pairs);
        among_others(&mut model, &limits, &random, &equal);
        decontaminate(&mut model, &equal, table);
    }
    label::learn(&mut model, table, labels);
    model
}

/// One maximisation after another of the probabilities among matches (`m`), with those among others held.
fn among_matches(model: &mut Model, limits: &Limits, blocks: &[Sample]) {
    let mut matching: Vec<f64> = vec![0.2; blocks.len()];
    for _ in 0..INNER_ROUNDS {
        let mut counts: Vec<Vec<f64>> = model
            .columns
            .iter()
            .map(|column| column.column.kind.usual_shares().iter().map(|share| share * USUAL_MATCHES).collect())
            .collect();
        for (block, share) in blocks.iter().zip(&mut matching) {
            *share = expect(model, limits, block, *share, &mut counts);
        }
        for (column, counts) in model.columns.iter_mut().zip(counts) {
            column.among_matches = shares(&counts);
        }
    }
}

fn shares(counts: &[f64]) -> Vec<f64> {
    let total: f64 = counts.iter().sum();
    counts.iter().map(|count| count / total).collect()
}

/// Whether what was found can be one person's records.
///
/// Where there are hardly any duplicates, something else that pairs have in common (a neighbourhood, a trade) passes for "one person"; then names mostly differ.
fn is_of_persons(model: &Model) -> bool {
    model
        .columns
        .iter()
        .all(|column| column.among_matches[usize::from(column.column.kind.different())] <= column.column.kind.different_most())
}

fn believe_the_usual(model: &mut Model) {
    for column in &mut model.columns {
        column.among_matches = column.column.kind.usual_shares().to_vec();
    }
}

/// Adds a sample's expected matches to `counts` `[columns][levels]`; returns the share of matches in it.
fn expect(model: &Model, limits: &Limits, block: &Sample, share: f64, counts: &mut [Vec<f64>]) -> f64 {
    let bits = level_bits(model, &block.left_out);
    let prior_bits = (share / (1.0 - share)).log2();
    let (mut matches, mut total) = (0.0, 0.0);
    for &(agreement, pairs, answer) in &block.patterns {
        let believed = answer.map_or_else(|| probability(prior_bits + weigh(&bits, limits, agreement)), |same| f64::from(u8::from(same)));
        matches += believed * pairs;
        total += pairs;
        for (column, counts) in counts.iter_mut().enumerate() {
            let level = agreement.level(column);
            if level != MISSING && !block.left_out.contains(&column) {
                counts[usize::from(level)] += believed * pairs;
            }
        }
    }
    ((matches + 1.0) / (total + 10.0)).clamp(1e-6, 1.0 - 1e-3)
}

/// `[columns][16]` bits of each level; 0 for missing and for columns left out.
fn level_bits(model: &Model, left_out: &[usize]) -> Vec<[f64; 16]> {
    let of = |(at, column): (usize, &crate::model::ColumnModel)| {
        std::array::from_fn(
            |level| if left_out.contains(&at) || column.among_matches.len() <= level { 0.0 } else { column.bits(level as u8) },
        )
    };
    model.columns.iter().enumerate().map(of).collect()
}

fn weigh(bits: &[[f64; 16]], limits: &Limits, agreement: Agreement) -> f64 {
    let bits_in = |column: usize| bits[column][usize::from(agreement.level(column))];
    limits.within((0..bits.len()).map(bits_in).sum(), agreement, bits_in)
}

/// The probability that two random records match, from how many of the candidates do.
fn prior(model: &Model, limits: &Limits, candidates: &Sample, pairs: f64, all_pairs: f64) -> f64 {
    let bits = level_bits(model, &[]);
    let sampled: f64 = candidates.patterns.iter().map(|pattern| pattern.1).sum();
    let weights: Vec<(f64, f64)> =
        candidates.patterns.iter().map(|&(agreement, pairs, _)| (weigh(&bits, limits, agreement), pairs)).collect();
    let least = (0.5 / all_pairs).min(0.1);
    let mut prior = model.prior;
    for _ in 0..INNER_ROUNDS {
        let prior_bits = (prior / (1.0 - prior)).log2();
        let matches: f64 = weights.iter().map(|&(weight, pairs)| probability(prior_bits + weight) * pairs).sum();
        prior = (matches * pairs / sampled.max(1.0) / all_pairs).clamp(least, 0.3);
    }
    prior
}

/// The probabilities among different persons (`u`): equal values from their frequencies, lower levels from random pairs, less the matches among them.
fn among_others(model: &mut Model, limits: &Limits, random: &Sample, equal: &[f64]) {
    let bits = level_bits(model, &[]);
    let prior_bits = model.prior_bits();
    let mut counts: Vec<Vec<f64>> = model.columns.iter().map(|column| vec![0.0; column.among_matches.len()]).collect();
    for &(agreement, pairs, _) in &random.patterns {
        let other = 1.0 - probability(prior_bits + weigh(&bits, limits, agreement));
        for (column, counts) in counts.iter_mut().enumerate() {
            let level = agreement.level(column);
            if level != MISSING {
                counts[usize::from(level)] += other * pairs;
            }
        }
    }
    for ((column, counts), &equal) in model.columns.iter_mut().zip(counts).zip(equal) {
        let last = column.column.kind.usual_shares().len() as f64 - 1.0;
        let below: f64 = counts[1..].iter().sum::<f64>() + UNSEEN_PAIRS;
        column.among_others[0] = equal;
        for (level, count) in counts.iter().enumerate().skip(1) {
            column.among_others[level] = (1.0 - equal) * (count + UNSEEN_PAIRS / last) / below;
        }
    }
}

/// Takes the matches out of the frequencies: a value that only one person has is frequent by that person's duplicates alone.
fn decontaminate(model: &mut Model, equal: &[f64], table: &Table) {
    let prior = model.prior;
    let usual = Model::usual(table);
    for ((column, usual), &equal) in model.columns.iter_mut().zip(usual.columns).zip(equal) {
        let others = ((equal - prior * column.among_matches[0]) / (1.0 - prior)).max(OTHERS_LEAST * equal);
        let kept = others / equal;
        column.among_others[0] = others;
        column.rare = usual.rare * kept;
        column.frequent = usual.frequent.into_iter().map(|(value, share)| (value, share * kept)).collect();
    }
}
