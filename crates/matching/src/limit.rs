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
}

impl Limits {
    pub(crate) fn new(table: &Table) -> Self {
        let of = |kind: ColumnType| table.columns().iter().enumerate().filter(move |(_, spec)| spec.kind == kind).map(|(column, _)| column);
        let names = [ColumnType::GivenName, ColumnType::FullName].into_iter().flat_map(|kind| of(kind).map(move |column| (column, kind.different()))).collect();
        Self { names, documents: of(ColumnType::Document).collect(), most: weight_of(OTHER_NAME_MOST) }
    }

    /// What is left of a weight in bits.
    pub(crate) fn within(&self, weight: f64, levels: Agreement) -> f64 {
        if self.names_differ(levels) { weight.min(self.most) } else { weight }
    }

    /// What [`Self::within`] takes off, for people to read.
    pub(crate) fn told(&self, weight: f64, levels: Agreement) -> Vec<Limit> {
        let bits = self.within(weight, levels) - weight;
        if bits < 0.0 { vec![Limit { reason: OTHER_NAME.to_owned(), bits }] } else { Vec::new() }
    }

    fn names_differ(&self, levels: Agreement) -> bool {
        let differ = self.names.iter().any(|&(column, different)| levels.level(column) == different);
        differ && !self.documents.iter().any(|&column| levels.level(column) != MISSING && levels.level(column) <= 1)
    }
}
