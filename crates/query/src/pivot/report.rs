//! The answer: lines and columns in order, with every total.

use std::{cmp::Ordering, collections::BTreeMap, time::Instant};

use forecourt_model::time::{day_text, iso};
use serde::{Deserialize, Serialize};

use super::{
    axis::{Key, is_known_in, mask_of},
    dimension::{self, Dimension},
    gather::{Gathered, gather, is_visible, tells},
    measure::{Measure, Origin, Quantity, Unit},
    money::{Money, units},
    spec::{Pivot, PivotTerms},
};
use crate::{QueryError, session::Session};

/// Columns of an answer at most.
pub const COLUMNS_MAX: usize = 120;
/// Lines of an answer at most, and fewer where there are many columns.
pub const LINES_MAX: usize = 2_000;
const CELLS_MAX: usize = 60_000;

/// A value for each measure; `None` where it cannot be told, and for a division by zero.
pub type Values = Vec<Option<f64>>;
/// A value for each dimension, from the outside in; `None` stands for no value.
pub type Path = Vec<Option<String>>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PivotReport {
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    pub measures: Vec<PivotMeasure>,
    /// Of all amounts.
    pub currency: String,
    /// IANA name: days begin in it.
    pub tz: String,
    pub column_keys: Vec<Path>,
    /// Each line stands before the lines that it is the total of.
    pub lines: Vec<PivotLine>,
    pub total: PivotLine,
    pub lines_omitted: usize,
    pub columns_omitted: usize,
    pub warnings: Vec<PivotWarning>,
    /// Events read; `None` for callers who see only part of the rows.
    pub rows_scanned: Option<u64>,
    pub elapsed_ms: u64,
    /// ISO 8601 UTC: every event before it is counted.
    pub as_of: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PivotMeasure {
    pub measure: String,
    /// The definition's name, of a conversion's measure.
    pub title: Option<String>,
    pub unit: Unit,
    /// Whether people can be asked for.
    pub has_people: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PivotLine {
    /// As long as the line is deep; empty for the total of all.
    pub key: Path,
    /// Over all columns, those that were left out too.
    pub total: Values,
    /// By column; empty without columns.
    pub cells: Vec<Values>,
}

/// What a reader has to know of the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PivotWarning {
    /// Amounts are not in the sums, for no rate was known on their days.
    MissingRate { currency: String, into: String, from: String, to: String, amounts: u64, sum: f64 },
    /// The measure is not known by these dimensions: it is in the totals over them only.
    NotBy { measure: String, dimensions: Vec<String> },
    /// The measure is not known by these dimensions of filters: it is left out.
    NotFiltered { measure: String, dimensions: Vec<String> },
    /// The account does not see what the measure is made of.
    Hidden { measure: String },
    /// No conversion is defined that the measure could count.
    NothingDefined { measure: String },
}

/// A warning for each currency whose amounts are in no sum.
pub(crate) fn missing_rates<'a>(money: &'a Money, into: &'a str) -> impl Iterator<Item = PivotWarning> + 'a {
    money.missing.iter().map(move |(currency, missing)| PivotWarning::MissingRate {
        currency: currency.clone(),
        into: into.to_owned(),
        from: day_text(missing.days.0),
        to: day_text(missing.days.1),
        amounts: missing.amounts,
        sum: missing.sum,
    })
}

pub(crate) async fn report(session: &Session, pivot: &Pivot, terms: &PivotTerms) -> Result<PivotReport, QueryError> {
    let started = Instant::now();
    let gathered = gather(session, pivot, terms).await?;
    let sheet = Sheet { session, pivot, gathered: &gathered };
    let (columns, columns_omitted) = sheet.columns();
    let (lines, lines_omitted) = sheet.lines(&columns);
    Ok(PivotReport {
        rows: pivot.rows.iter().map(|dimension| name(*dimension)).collect(),
        columns: pivot.columns.iter().map(|dimension| name(*dimension)).collect(),
        measures: pivot.measures.iter().map(about).collect(),
        currency: pivot.currency.clone(),
        tz: pivot.period.zone.iana_name().unwrap_or("UTC").to_owned(),
        column_keys: columns.iter().map(|key| sheet.column_path(*key)).collect(),
        lines,
        total: sheet.line(0, 0, &columns),
        lines_omitted,
        columns_omitted,
        warnings: sheet.warnings(),
        rows_scanned: session.sees_everything().then_some(gathered.rows_scanned),
        elapsed_ms: started.elapsed().as_millis() as u64,
        as_of: iso(session.as_of_us()),
    })
}

fn about(measure: &Measure) -> PivotMeasure {
    PivotMeasure { measure: measure.name.clone(), title: measure.title.clone(), unit: measure.unit, has_people: measure.people().is_some() }
}

fn name(dimension: Dimension) -> String {
    dimension::names().find(|name| Dimension::named(name) == Some(dimension)).unwrap_or_default().to_owned()
}

struct Sheet<'a> {
    session: &'a Session,
    pivot: &'a Pivot,
    gathered: &'a Gathered,
}

impl Sheet<'_> {
    /// The places of the columns, in order, and how many are left out.
    fn columns(&self) -> (Vec<Key>, usize) {
        if self.pivot.columns.is_empty() {
            return (Vec::new(), 0);
        }
        let rows = self.pivot.rows.len();
        let mask = mask_of(rows..rows + self.pivot.columns.len());
        let mut keys: Vec<Key> = self.keys(mask);
        keys.sort_by(|left, right| self.compare_paths(*left, *right, rows, self.pivot.columns.len()));
        let omitted = keys.len().saturating_sub(COLUMNS_MAX);
        keys.truncate(COLUMNS_MAX);
        (keys, omitted)
    }

    /// Every line, outer ones before the inner ones they hold, and how many are left out.
    fn lines(&self, columns: &[Key]) -> (Vec<PivotLine>, usize) {
        let depth = self.pivot.rows.len();
        let mut keys: Vec<(Key, usize)> = Vec::new();
        for deep in 1..=depth {
            keys.extend(self.keys(mask_of(0..deep)).into_iter().map(|key| (key, deep)));
        }
        keys.sort_by(|(left, left_deep), (right, right_deep)| {
            self.compare_paths(*left, *right, 0, (*left_deep).min(*right_deep)).then(left_deep.cmp(right_deep))
        });
        let most = LINES_MAX.min(CELLS_MAX / columns.len().max(1));
        let omitted = keys.len().saturating_sub(most);
        keys.truncate(most);
        (keys.into_iter().map(|(key, deep)| self.line(key, deep, columns)).collect(), omitted)
    }

    /// The places with a value in just the dimensions of `mask`.
    fn keys(&self, mask: Key) -> Vec<Key> {
        let cells = self.gathered.totals.cells.keys();
        cells.filter(|key| **key & !mask == 0 && is_known_in(**key, mask)).copied().collect()
    }

    /// Compares two places along some dimensions, from the outside in: time rises, of others the greater comes first.
    fn compare_paths(&self, left: Key, right: Key, first: usize, count: usize) -> Ordering {
        for at in first..first + count {
            let mask = mask_of(first..=at);
            let (left, right) = (left & mask, right & mask);
            if left != right {
                return self.compare(left, right, at);
            }
        }
        Ordering::Equal
    }

    fn compare(&self, left: Key, right: Key, at: usize) -> Ordering {
        let dimension = self.pivot.rows.iter().chain(&self.pivot.columns).nth(at);
        let by_name = || self.gathered.axes.value(left, at).cmp(&self.gathered.axes.value(right, at));
        if dimension.is_some_and(|dimension| dimension.is_time()) {
            return by_name();
        }
        let pairs = self.values(left).into_iter().zip(self.values(right));
        // What cannot be told comes last: `None` is the least.
        let by_size = pairs.map(|(left, right)| right.partial_cmp(&left).unwrap_or(Ordering::Equal)).find(|order| order.is_ne());
        by_size.unwrap_or(Ordering::Equal).then_with(by_name)
    }

    fn line(&self, key: Key, deep: usize, columns: &[Key]) -> PivotLine {
        PivotLine {
            key: (0..deep).map(|at| self.gathered.axes.value(key, at).map(str::to_owned)).collect(),
            total: self.values(key),
            cells: columns.iter().map(|column| self.values(key | column)).collect(),
        }
    }

    fn column_path(&self, key: Key) -> Path {
        let rows = self.pivot.rows.len();
        (rows..rows + self.pivot.columns.len()).map(|at| self.gathered.axes.value(key, at).map(str::to_owned)).collect()
    }

    /// The measures at a place.
    fn values(&self, key: Key) -> Values {
        let sum = |quantity: Quantity| {
            let sum = self.gathered.totals.sum(key, quantity);
            self.is_told_at(quantity, key).then(|| if quantity.is_money() { units(sum) } else { sum as f64 })
        };
        self.pivot.measures.iter().map(|measure| measure.value(sum)).collect()
    }

    fn is_told_at(&self, quantity: Quantity, key: Key) -> bool {
        let dimensions = self.pivot.rows.iter().chain(&self.pivot.columns).enumerate();
        let mut named = dimensions.filter(|(at, _)| is_known_in(key, mask_of(*at..at + 1))).map(|(_, dimension)| *dimension);
        is_visible(self.session, quantity.origin())
            && self.pivot.filters.iter().all(|filter| tells(quantity.origin(), filter.dimension))
            && named.all(|dimension| tells(quantity.origin(), dimension))
    }

    fn warnings(&self) -> Vec<PivotWarning> {
        let missing = missing_rates(&self.gathered.money, &self.pivot.currency);
        missing.chain(self.pivot.measures.iter().filter_map(|measure| self.warning(measure))).collect()
    }

    fn warning(&self, measure: &Measure) -> Option<PivotWarning> {
        let told = measure.name.clone();
        if measure.terms.is_empty() || measure.over.as_ref().is_some_and(Vec::is_empty) {
            return Some(PivotWarning::NothingDefined { measure: told });
        }
        if self.session.is_cut_down() && measure.quantities().any(|quantity| quantity.origin() == Origin::AdCosts) {
            return Some(PivotWarning::NotFiltered { measure: told, dimensions: vec!["segment".to_owned()] });
        }
        if measure.quantities().any(|quantity| !is_visible(self.session, quantity.origin())) {
            return Some(PivotWarning::Hidden { measure: told });
        }
        let untold = |dimensions: &mut dyn Iterator<Item = Dimension>| -> Vec<String> {
            let untold = dimensions.filter(|dimension| measure.quantities().any(|quantity| !tells(quantity.origin(), *dimension)));
            untold.map(name).collect()
        };
        let filtered = untold(&mut self.pivot.filters.iter().map(|filter| filter.dimension));
        if !filtered.is_empty() {
            return Some(PivotWarning::NotFiltered { measure: told, dimensions: filtered });
        }
        let by = untold(&mut self.pivot.rows.iter().chain(&self.pivot.columns).copied());
        (!by.is_empty()).then_some(PivotWarning::NotBy { measure: told, dimensions: by })
    }
}

/// A place in a report: its value by dimension.
pub type Place = BTreeMap<String, Option<String>>;
