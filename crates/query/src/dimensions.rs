//! Columns that people break reports down by, and the values that stand in them.

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray},
    compute::cast,
    datatypes::DataType,
};
use rustc_hash::FxHashMap;

use crate::{QueryError, error::answered};

/// Columns that a report over people's ways may be broken down by.
pub const DIMENSIONS: [&str; 8] = ["channel", "utm_source", "utm_medium", "campaign", "region", "dealer", "model", "source"];

const PROPERTY: &str = "properties.";
const PROPERTY_CHARS_MAX: usize = 100;

/// The property that `properties.<name>` names; `None` for anything else.
pub(crate) fn property(name: &str) -> Option<&str> {
    name.strip_prefix(PROPERTY).filter(|property| !property.is_empty() && property.chars().count() <= PROPERTY_CHARS_MAX)
}

/// Refuses what is no dimension, and one named twice.
pub(crate) fn checked(by: &[String], max: usize) -> Result<Vec<String>, QueryError> {
    if by.len() > max {
        return Err(QueryError::Invalid(format!("`by` takes at most {max} columns, this one has {}", by.len())));
    }
    for (at, name) in by.iter().enumerate() {
        if !DIMENSIONS.contains(&name.as_str()) {
            return Err(QueryError::Invalid(format!("`by` names {name:?}: use {}", DIMENSIONS.join(", "))));
        }
        if by[..at].contains(name) {
            return Err(QueryError::Invalid(format!("`by` names {name:?} twice: name it once")));
        }
    }
    Ok(by.to_vec())
}

/// The column that a dimension, or a property, stands in.
pub(crate) fn column_of(name: &str) -> &str {
    if property(name).is_some() { "properties" } else { name }
}

/// As [`checked`], with properties beside the columns.
///
/// * `field`: what a refusal calls it.
pub(crate) fn checked_or_properties(field: &str, names: &[String], max: usize) -> Result<Vec<String>, QueryError> {
    if names.len() > max {
        return Err(QueryError::Invalid(format!("`{field}` takes at most {max} columns, this one has {}", names.len())));
    }
    for (at, name) in names.iter().enumerate() {
        if !DIMENSIONS.contains(&name.as_str()) && property(name).is_none() {
            return Err(QueryError::Invalid(format!(
                "`{field}` names {name:?}: use {}, or a property such as `properties.lead_id`",
                DIMENSIONS.join(", ")
            )));
        }
        if names[..at].contains(name) {
            return Err(QueryError::Invalid(format!("`{field}` names {name:?} twice: name it once")));
        }
    }
    Ok(names.to_vec())
}

/// A value for each dimension; `None` for no value.
pub(crate) type Combination = Vec<Option<String>>;

/// Combinations of values by number, from 0, in the order in which they were met.
#[derive(Default)]
pub(crate) struct Combinations {
    values: Vec<Combination>,
    numbers: FxHashMap<Vec<u8>, u32>,
    key: Vec<u8>,
}

impl Combinations {
    /// The number of a row's combination.
    ///
    /// * `columns`: the dimensions, as [`texts_of`] gives them.
    pub fn of(&mut self, columns: &[ArrayRef], row: usize) -> u32 {
        if columns.is_empty() {
            if self.values.is_empty() {
                self.values.push(Vec::new());
            }
            return 0;
        }
        self.key.clear();
        for column in columns {
            let column = column.as_string_view();
            let value = column.is_valid(row).then(|| column.value(row));
            // A length before each value, so that no two lists of values make one key.
            self.key.extend_from_slice(&value.map_or(u32::MAX, |value| value.len() as u32).to_le_bytes());
            self.key.extend_from_slice(value.unwrap_or_default().as_bytes());
        }
        if let Some(&number) = self.numbers.get(&self.key) {
            return number;
        }
        let value = |column: &ArrayRef| {
            let column = column.as_string_view();
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let number = self.values.len() as u32;
        self.values.push(columns.iter().map(value).collect());
        self.numbers.insert(self.key.clone(), number);
        number
    }

    /// Forgets all; numbers begin anew.
    pub fn clear(&mut self) {
        self.values.clear();
        self.numbers.clear();
    }

    /// The combination of a number.
    pub fn get(&self, number: u32) -> &Combination {
        &self.values[number as usize]
    }

    /// The values of one dimension, by numbers of combinations; none for a number that there is not.
    pub fn texts(&self, dimension: usize, numbers: &[u32]) -> StringArray {
        numbers.iter().map(|&number| self.values.get(number as usize)?[dimension].as_deref()).collect()
    }

    /// All, by number.
    pub fn into_values(self) -> Vec<Combination> {
        self.values
    }
}

/// The columns as [`Combinations::of`] reads them.
pub(crate) fn texts_of(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>, QueryError> {
    columns.iter().map(|column| cast(column, &DataType::Utf8View)).collect::<Result<_, _>>().map_err(|error| answered(error.into()))
}
