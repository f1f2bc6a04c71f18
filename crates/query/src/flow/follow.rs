//! One pass over each profile's events: which stages its cases entered, and when.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{Int64Type, TimestampMicrosecondType, UInt16Type},
};
use rustc_hash::FxHashMap;

use super::spec::{BY_MAX, Flow};
use crate::{
    QueryError,
    dimensions::{Combination, Combinations, texts_of},
    json_get::value_at,
};

/// For each dimension the number of its last known value, or [`UNKNOWN`].
pub(super) type Known = [u32; BY_MAX];

const UNKNOWN: u32 = u32::MAX;

/// A stage that a case entered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub stage: usize,
    pub at_us: i64,
    pub known: Known,
}

/// A person, or a lead, followed to the report's end.
pub(super) struct Case<'a> {
    pub profile_id: i64,
    /// Rising in stage; time does not fall.
    pub entries: &'a [Entry],
    /// Whether it was lost after its last entry.
    pub lost: bool,
}

/// Where the pass over a bucket stands: one profile. Its memory is that of one profile's cases, a stage each.
pub(super) struct Follow {
    stages: usize,
    lost_bits: u16,
    per: Option<String>,
    keys: usize,
    dimensions: usize,
    /// Values by dimension.
    values: Vec<Combinations>,
    profile_id: i64,
    cases: Vec<Open>,
    numbers: FxHashMap<String, usize>,
}

/// A case while the pass goes on.
#[derive(Debug)]
struct Open {
    entries: Vec<Entry>,
    known: Known,
    lost: bool,
    /// What happened at the latest moment: stages of one moment are entered in their own order, not in that of the log.
    now_us: i64,
    now: u16,
}

impl Follow {
    /// * `keys`: columns of a batch before the dimensions.
    pub fn new(flow: &Flow, keys: usize) -> Self {
        let stages = flow.stages.len();
        Self {
            stages,
            lost_bits: (0..flow.lost.len()).fold(0, |bits, at| bits | 1 << (stages + at)),
            per: flow.per.clone(),
            keys,
            dimensions: flow.by.len(),
            values: flow.by.iter().map(|_| Combinations::default()).collect(),
            profile_id: i64::MIN,
            cases: Vec::new(),
            numbers: FxHashMap::default(),
        }
    }

    /// Takes a batch as [`crate::matched`] gives it; `found` is told of each case that is over.
    pub fn take(&mut self, batch: &RecordBatch, mut found: impl FnMut(&Case<'_>)) -> Result<(), QueryError> {
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let matched = batch.column(batch.num_columns() - 1).as_primitive::<UInt16Type>().values();
        let columns = texts_of(&batch.columns()[self.keys..batch.num_columns() - 1])?;
        for row in 0..batch.num_rows() {
            if profile_ids[row] != self.profile_id {
                self.end(&mut found);
                self.profile_id = profile_ids[row];
            }
            let Some(at) = self.case_of(&columns, row) else { continue };
            let case = &mut self.cases[at];
            if times[row] != case.now_us {
                case.settle(self.stages, self.lost_bits);
                case.now_us = times[row];
            }
            case.now |= matched[row];
            for (dimension, values) in self.values.iter_mut().enumerate().filter(|(dimension, _)| columns[*dimension].is_valid(row)) {
                case.known[dimension] = values.of(&columns[dimension..=dimension], row);
            }
        }
        Ok(())
    }

    /// The place of a row's case; `None` for an event that does not say which it is about.
    fn case_of(&mut self, columns: &[ArrayRef], row: usize) -> Option<usize> {
        let Some(per) = &self.per else {
            if self.cases.is_empty() {
                self.cases.push(Open::new());
            }
            return Some(0);
        };
        let properties = columns.get(self.dimensions)?.as_string_view();
        let name = properties.is_valid(row).then(|| value_at(properties.value(row), per)).flatten()?;
        if let Some(&at) = self.numbers.get(name.as_ref()) {
            return Some(at);
        }
        self.numbers.insert(name.into_owned(), self.cases.len());
        self.cases.push(Open::new());
        Some(self.cases.len() - 1)
    }

    /// Ends the profile that the pass stands at.
    pub fn end(&mut self, found: &mut impl FnMut(&Case<'_>)) {
        for case in &mut self.cases {
            case.settle(self.stages, self.lost_bits);
            found(&Case { profile_id: self.profile_id, entries: &case.entries, lost: case.lost });
        }
        self.cases.clear();
        self.numbers.clear();
    }

    /// What the numbers in [`Known`] stand for, once the pass is over.
    pub fn into_names(self) -> Names {
        Names(self.values.into_iter().map(Combinations::into_values).collect())
    }
}

impl Open {
    fn new() -> Self {
        Self { entries: Vec::new(), known: [UNKNOWN; BY_MAX], lost: false, now_us: i64::MIN, now: 0 }
    }

    /// Takes in what happened at the latest moment: stages above the one that the case is at, then whether it was lost.
    fn settle(&mut self, stages: usize, lost_bits: u16) {
        for stage in (0..stages).filter(|stage| self.now & 1 << stage != 0) {
            // Any stage's event shows that the case lives.
            self.lost = false;
            if self.entries.last().is_none_or(|last| last.stage < stage) {
                self.entries.push(Entry { stage, at_us: self.now_us, known: self.known });
            }
        }
        self.lost |= self.now & lost_bits != 0;
        self.now = 0;
    }
}

/// Values by dimension and number.
pub(super) struct Names(Vec<Vec<Combination>>);

impl Names {
    pub fn of(&self, known: Known) -> Combination {
        let value =
            |(values, number): (&Vec<Combination>, u32)| values.get(number as usize).and_then(|value| value.first().cloned().flatten());
        self.0.iter().zip(known).map(value).collect()
    }
}
