//! What a step is called: its event, perhaps with one value that tells events of one name apart.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, StringViewArray},
    datatypes::DataType,
};
use serde::{Deserialize, Serialize};

use super::spec::Split;
use crate::{
    QueryError,
    dimensions::{Combination, texts_of},
    json_get::value_at,
};

/// What people do at a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathElement {
    pub event: String,
    /// By [`super::spec::PathsSpec::split`]; `None` for no value, and without a split.
    #[serde(default)]
    pub value: Option<String>,
}

impl PathElement {
    pub(super) fn of(combination: &Combination) -> Self {
        let mut values = combination.iter().cloned();
        Self { event: values.next().flatten().unwrap_or_default(), value: values.next().flatten() }
    }
}

/// The columns whose values, together, are the elements of a batch's rows.
///
/// * `keys`: columns before them.
pub(super) fn columns(batch: &RecordBatch, keys: usize, split: Option<&Split>) -> Result<Vec<ArrayRef>, QueryError> {
    let mut columns = texts_of(&batch.columns()[keys..batch.num_columns() - 1])?;
    let derive = |column: &ArrayRef, value: &dyn Fn(&str) -> Option<String>| -> ArrayRef {
        Arc::new(column.as_string_view().iter().map(|text| text.and_then(value)).collect::<StringViewArray>())
    };
    match split {
        Some(Split::Page) => columns[1] = derive(&columns[1], &|url| Some(page(url).to_owned())),
        Some(Split::Property(name)) => columns[1] = derive(&columns[1], &|json| value_at(json, name).map(|value| value.into_owned())),
        None | Some(Split::Column(_)) => {}
    }
    debug_assert!(columns.iter().all(|column| column.data_type() == &DataType::Utf8View), "texts, as combinations read them");
    Ok(columns)
}

/// The path of a URL: without the host, what is asked for and the place on the page, so that one page has one name.
fn page(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = match after_scheme.find('/') {
        Some(at) => &after_scheme[at..],
        None if after_scheme.len() < url.len() => "/",
        None => after_scheme,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed }
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn one_page_has_one_name() {
        for (url, name) in [
            ("https://cars.example/models/aster/?utm_source=x#price", "/models/aster"),
            ("https://cars.example", "/"),
            ("https://cars.example?x=1", "/"),
            ("https://cars.example/", "/"),
            ("/models/aster?x=/y", "/models/aster"),
            ("app://home/garage", "/garage"),
            ("", "/"),
        ] {
            assert_eq!(page(url), name, "{url}");
        }
    }
}
