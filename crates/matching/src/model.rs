//! What matching has learnt from a set of records: small, readable, kept as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    column::{ColumnSpec, MISSING},
    random::number_of,
    table::{ColumnData, Table},
};

/// Weights for records of one kind. Learnt by [`crate::estimate`]; usable for any table with the same columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// In the order of [`Table::columns`].
    pub columns: Vec<ColumnModel>,
    /// The probability that two records drawn at random are the same person.
    pub prior: f64,
    /// Added to every weight, in bits; 0 until people have answered.
    pub shift: f64,
}

/// How agreement in one column tells matches from others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnModel {
    pub column: ColumnSpec,
    /// The probability of each level of agreement for two records of one person (`m`), by [`crate::ColumnType::levels`].
    pub among_matches: Vec<f64>,
    /// The same for two different persons (`u`).
    pub among_others: Vec<f64>,
    /// The chance that another person has a value too, by the value's number (FNV-1a of its normalised text: the values themselves are not kept).
    pub frequent: BTreeMap<u64, f64>,
    /// The same chance for a value that is not among the frequent ones.
    pub rare: f64,
    /// The factor on this column's weights that people's answers taught; 1 until then.
    pub trust: f64,
}

/// Values whose frequency is kept, for each column.
const FREQUENT_MAX: usize = 3_000;
/// An equal value never weighs more than this, in bits: no value is so rare that nobody could have typed it for another.
const EQUAL_BITS_MAX: f64 = 20.0;

impl Model {
    pub(crate) fn usual(table: &Table) -> Self {
        let columns = (0..table.columns.len()).map(|column| ColumnModel::usual(table, column)).collect();
        Self { columns, prior: 1.0 / (table.rows() as f64).max(2.0), shift: 0.0 }
    }

    /// The part of a weight that every pair has, in bits.
    pub fn prior_bits(&self) -> f64 {
        (self.prior / (1.0 - self.prior)).log2() + self.shift
    }
}

impl ColumnModel {
    fn usual(table: &Table, column: usize) -> Self {
        let (spec, data) = (&table.columns()[column], &table.columns[column]);
        let shares = spec.kind.usual_shares();
        let (frequent, rare) = frequencies(data, |id| number_of(table.text(column, id)));
        let others = vec![1.0 / shares.len() as f64; shares.len()];
        Self { column: spec.clone(), among_matches: shares.to_vec(), among_others: others, frequent, rare, trust: 1.0 }
    }

    /// What a level says, in bits; above 0 for a match, below 0 against it.
    pub fn bits(&self, level: u8) -> f64 {
        if level == MISSING {
            return 0.0;
        }
        let level = usize::from(level);
        self.trust * (self.among_matches[level] / self.among_others[level]).log2()
    }

    /// What two equal values say, in bits: more for a rare value.
    pub(crate) fn equal_bits(&self, value: &str) -> f64 {
        let share = self.frequent.get(&number_of(value)).copied().unwrap_or(self.rare);
        self.trust * (self.among_matches[0] / share).log2().min(EQUAL_BITS_MAX)
    }
}

/// The shares of the most frequent values among the rows that have one, and the mean share of all others.
fn frequencies(data: &ColumnData, number: impl Fn(u32) -> u64) -> (BTreeMap<u64, f64>, f64) {
    let present = data.present().max(1) as f64;
    let mut repeated: Vec<u32> = (1..data.counts.len() as u32).filter(|&id| 1 < data.counts[id as usize]).collect();
    repeated.sort_by_key(|&id| (std::cmp::Reverse(data.counts[id as usize]), id));
    repeated.truncate(FREQUENT_MAX);
    let share = |id: u32| f64::from(data.counts[id as usize]) / present;
    let covered: f64 = repeated.iter().map(|&id| share(id)).sum();
    let others = data.counts.iter().skip(1).filter(|&&count| 0 < count).count() - repeated.len();
    // A value that two records share is there at least twice.
    let rare = if others == 0 { 2.0 / present } else { ((1.0 - covered) / others as f64).max(2.0 / present) };
    (repeated.iter().map(|&id| (number(id), share(id))).collect(), rare.min(1.0))
}
