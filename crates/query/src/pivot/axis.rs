//! The dimensions of a pivot and the values met along each: a cell's place is one small number per dimension.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::DataType,
};
use forecourt_model::time::MINUTE_US;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use super::{
    dimension::Dimension,
    spec::{Filter, Pivot},
};
use crate::QueryError;

/// A cell's place: the number of a value for each dimension, [`BITS`] each, the first dimension lowest. 0 stands for all.
pub type Key = u128;

const BITS: usize = 21;
const MASK: Key = (1 << BITS) - 1;
/// More values than anybody reads, and than a key has numbers for.
const VALUES_MAX: usize = 100_000;
/// Every zone's days begin at a multiple of it.
const QUARTER_US: i64 = 15 * MINUTE_US;

/// One dimension with the values met so far.
#[derive(Debug)]
struct Axis {
    dimension: Dimension,
    filters: Vec<Filter>,
    /// By number less 1.
    values: Vec<Option<String>>,
    passes: Vec<bool>,
    numbers: FxHashMap<Option<String>, u32>,
    /// Of time: by quarter of an hour.
    quarters: FxHashMap<i64, u32>,
}

/// The dimensions of rows, then of columns, then those that are only filtered by.
#[derive(Debug)]
pub struct Axes {
    axes: Vec<Axis>,
    /// The first so many make the key.
    in_key: usize,
    zone: TimeZone,
}

/// Where the rows of a batch go.
pub struct Places {
    pub keys: Vec<Key>,
    /// Whether a row passes the filters.
    pub kept: Vec<bool>,
}

impl Axes {
    pub fn of(pivot: &Pivot) -> Self {
        let in_key: Vec<Dimension> = pivot.rows.iter().chain(&pivot.columns).copied().collect();
        let mut dimensions = in_key.clone();
        for filter in &pivot.filters {
            if !dimensions.contains(&filter.dimension) {
                dimensions.push(filter.dimension);
            }
        }
        let filters = |dimension| pivot.filters.iter().filter(move |filter| filter.dimension == dimension).cloned().collect();
        let axes = dimensions.into_iter().map(|dimension| Axis::new(dimension, filters(dimension))).collect();
        Self { axes, in_key: in_key.len(), zone: pivot.period.zone.clone() }
    }

    /// The columns of a table that are looked at.
    pub fn columns_of(&self, columns: &[&str]) -> Vec<&'static str> {
        let named = self.axes.iter().filter_map(|axis| match axis.dimension {
            Dimension::Column(name) => Some(name),
            Dimension::Time(_) => None,
        });
        named.filter(|name| columns.contains(name)).collect()
    }

    /// Finds the place of each row.
    ///
    /// * `times`: `[n]`, microseconds since 1970 UTC.
    pub fn places(&mut self, batch: &RecordBatch, times: &[i64]) -> Result<Places, QueryError> {
        let rows = batch.num_rows();
        let mut places = Places { keys: vec![0; rows], kept: vec![true; rows] };
        let mut numbers = Vec::with_capacity(rows);
        for at in 0..self.axes.len() {
            let axis = &mut self.axes[at];
            numbers.clear();
            match axis.dimension {
                Dimension::Time(_) => axis.number_times(times, &self.zone, &mut numbers),
                Dimension::Column(name) => match batch.column_by_name(name) {
                    // A table without the column: its rows count for all values together.
                    None => continue,
                    Some(column) => axis.number_texts(column, &mut numbers)?,
                },
            }
            if VALUES_MAX < axis.values.len() {
                return Err(QueryError::Invalid(format!(
                    "`{}` has more than {VALUES_MAX} values: take a shorter time, or another dimension",
                    axis.name()
                )));
            }
            if !axis.filters.is_empty() {
                for (kept, number) in places.kept.iter_mut().zip(&numbers) {
                    *kept &= axis.passes[*number as usize - 1];
                }
            }
            if at < self.in_key {
                for (key, number) in places.keys.iter_mut().zip(&numbers) {
                    *key |= Key::from(*number) << (BITS * at);
                }
            }
        }
        Ok(places)
    }

    /// The number of each of `other`'s values here, by axis of the key and number there; new ones are added.
    pub fn take_in(&mut self, other: &Axes) -> Vec<Vec<u32>> {
        let pairs = self.axes.iter_mut().zip(&other.axes).take(self.in_key);
        pairs
            .map(|(axis, other)| {
                let numbers = other.values.iter().map(|value| axis.number(value.as_deref()));
                std::iter::once(0).chain(numbers).collect()
            })
            .collect()
    }

    /// The value at a place of the key; `None` stands for no value.
    pub fn value(&self, key: Key, at: usize) -> Option<&str> {
        self.axes[at].values.get((number_at(key, at) as usize).checked_sub(1)?)?.as_deref()
    }
}

pub fn number_at(key: Key, at: usize) -> u32 {
    ((key >> (BITS * at)) & MASK) as u32
}

/// The same place in other numbers.
pub fn renumbered(key: Key, numbers: &[Vec<u32>]) -> Key {
    let parts = numbers.iter().enumerate().map(|(at, numbers)| Key::from(numbers[number_at(key, at) as usize]) << (BITS * at));
    parts.fold(0, |key, part| key | part)
}

/// A mask that keeps some dimensions of a key; the others become "all".
pub fn mask_of(places: impl Iterator<Item = usize>) -> Key {
    places.fold(0, |mask, at| mask | MASK << (BITS * at))
}

/// Whether a key has a value at each place of `mask`: else it cannot be told apart so finely.
pub fn is_known_in(key: Key, mask: Key) -> bool {
    (0..Key::BITS as usize / BITS).all(|at| (mask >> (BITS * at)) & MASK == 0 || number_at(key, at) != 0)
}

impl Axis {
    fn new(dimension: Dimension, filters: Vec<Filter>) -> Self {
        Self { dimension, filters, values: Vec::new(), passes: Vec::new(), numbers: FxHashMap::default(), quarters: FxHashMap::default() }
    }

    fn name(&self) -> &'static str {
        super::dimension::names().find(|name| Dimension::named(name) == Some(self.dimension)).unwrap_or_default()
    }

    fn number(&mut self, value: Option<&str>) -> u32 {
        let value = value.filter(|text| !text.is_empty()).map(str::to_owned);
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        self.passes.push(self.filters.iter().all(|filter| filter.passes(value.as_deref())));
        self.values.push(value.clone());
        let number = self.values.len() as u32;
        self.numbers.insert(value, number);
        number
    }

    fn number_times(&mut self, times: &[i64], zone: &TimeZone, numbers: &mut Vec<u32>) {
        let Dimension::Time(grain) = self.dimension else { return };
        for &ts_us in times {
            let quarter = ts_us.div_euclid(QUARTER_US);
            let number = match self.quarters.get(&quarter) {
                Some(number) => *number,
                None => {
                    let number = self.number(Some(&grain.name_of(quarter * QUARTER_US, zone)));
                    self.quarters.insert(quarter, number);
                    number
                }
            };
            numbers.push(number);
        }
    }

    fn number_texts(&mut self, column: &ArrayRef, numbers: &mut Vec<u32>) -> Result<(), QueryError> {
        let texts = cast(column, &DataType::Utf8View).map_err(QueryError::internal)?;
        let texts = texts.as_string_view();
        // Equal views of one array are equal texts, and neighbours are often of one profile.
        let mut known: FxHashMap<u128, u32> = FxHashMap::default();
        let mut last: Option<(u128, u32)> = None;
        for (row, &view) in texts.views().iter().enumerate() {
            if texts.is_null(row) {
                let number = self.number(None);
                numbers.push(number);
                continue;
            }
            let number = match last {
                Some((held, number)) if held == view => number,
                _ => match known.get(&view) {
                    Some(number) => *number,
                    None => {
                        let number = self.number(Some(texts.value(row)));
                        known.insert(view, number);
                        number
                    }
                },
            };
            last = Some((view, number));
            numbers.push(number);
        }
        Ok(())
    }
}
