//! Where columns together say less than their sum: a family.
//!
//! Evidence adds up only as far as columns are independent. A family's columns are not: one surname, one home, often one telephone and mailbox, twins even one
//! birthday. So records with different given names may be proposed to people, but are never certain, unless a document's number says so.

use serde::{Deserialize, Serialize};

use crate::{
    agreement::Agreement,
    column::{ColumnType, MISSING},
    score::weight_of,
    table::Table,
};

/// Bits taken off, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    pub reason: String,
    /// Below 0.
    pub bits: f64,
}

/// The probability of two records with different given names, at most: below that of merging unasked, above that of asking.
const OTHER_NAME_MOST: f64 = 0.98;
const OTHER_NAME: &str = "given names differ: perhaps two of a family";

/// The columns that the limit looks at.
pub(crate) struct Limits {
    /// Columns, and the level from which on their names are two persons'.
    names: Vec<(usize, u8)>,
    documents: Vec<usize>,
    most: f64,
    home: Vec<usize>,
}

/// The part of a further agreement within an address that is news: town, postcode and street go together.
const HOME_NEWS: f64 = 0.5;
const HOME: &str = "parts of one address go together";

impl Limits {
    pub(crate) fn new(table: &Table) -> Self {
        let of = |kind: ColumnType| table.columns().iter().enumerate().filter(move |(_, spec)| spec.kind == kind).map(|(column, _)| column);
        let names = [ColumnType::GivenName, ColumnType::FullName]
            .into_iter()
            .flat_map(|kind| of(kind).map(move |column| (column, kind.different())))
            .collect();
        let home = (0..table.columns.len()).filter(|&column| table.columns[column].kind.is_home()).collect();
        Self { names, documents: of(ColumnType::Document).collect(), home, most: weight_of(OTHER_NAME_MOST) }
    }

    /// What is left of a weight in bits.
    ///
    /// * `bits`: what each column says by itself.
    pub(crate) fn within(&self, weight: f64, levels: Agreement, bits: impl Fn(usize) -> f64) -> f64 {
        self.without_other_name(weight - self.repeated(bits), levels)
    }

    /// What [`Self::within`] takes off, for people to read.
    pub(crate) fn told(&self, weight: f64, levels: Agreement, bits: impl Fn(usize) -> f64) -> Vec<Limit> {
        let repeated = -self.repeated(bits);
        let other_name = self.without_other_name(weight + repeated, levels) - (weight + repeated);
        let limits = [(HOME, repeated), (OTHER_NAME, other_name)].into_iter().filter(|&(_, bits)| bits < 0.0);
        limits.map(|(reason, bits)| Limit { reason: reason.to_owned(), bits }).collect()
    }

    /// What agreeing parts of an address say over again.
    fn repeated(&self, bits: impl Fn(usize) -> f64) -> f64 {
        let (sum, most) =
            self.home.iter().map(|&column| bits(column).max(0.0)).fold((0.0, 0.0f64), |(sum, most), bits| (sum + bits, most.max(bits)));
        (1.0 - HOME_NEWS) * (sum - most)
    }

    fn without_other_name(&self, weight: f64, levels: Agreement) -> f64 {
        if self.names_differ(levels) { weight.min(self.most) } else { weight }
    }

    fn names_differ(&self, levels: Agreement) -> bool {
        let differ = self.names.iter().any(|&(column, different)| levels.level(column) == different);
        differ && !self.documents.iter().any(|&column| levels.level(column) != MISSING && levels.level(column) <= 1)
    }
}
