//! A field of the mapping, held against the columns of the file.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::{
    Detected, ImportError, Pick,
    block::{Cell, Row},
    join::{Joins, Table},
    json_lines,
};

/// The columns of a file by name.
pub struct Columns<'a> {
    detected: &'a Detected,
}

impl<'a> Columns<'a> {
    pub fn of(detected: &'a Detected) -> Self {
        Self { detected }
    }

    pub fn index(&self, name: &str) -> Option<usize> {
        let columns = &self.detected.columns;
        columns.iter().position(|column| column.name == name).or_else(|| columns.iter().position(|column| column.name == name.trim()))
    }

    /// Errors: [`ImportError::Mapping`] that lists the columns there are.
    pub fn find(&self, field: &str, name: &str) -> Result<usize, ImportError> {
        self.index(name).ok_or_else(|| {
            let names: Vec<&str> = self.detected.columns.iter().map(|column| column.name.as_str()).collect();
            let near = names.iter().find(|held| held.trim().to_lowercase() == name.trim().to_lowercase());
            let near = near.map_or(String::new(), |held| format!(" Did you mean `{held}`?"));
            ImportError::Mapping(format!(
                "`{field}` takes the column `{name}`, which {} does not have.{near} Its columns are: {}",
                self.detected.path.display(),
                names.join(", ")
            ))
        })
    }
}

pub struct Field {
    pub name: String,
    take: Take,
    map: FxHashMap<String, String>,
    default: Option<Cell<'static>>,
}

enum Take {
    Column(usize),
    Constant(Cell<'static>),
    Row(String),
    Template(Vec<Part>),
    Join { on: usize, table: Arc<Table> },
}

enum Part {
    Text(String),
    Column(usize),
}

impl Field {
    /// `None` for an optional column that the file does not have.
    ///
    /// Errors: [`ImportError::Mapping`].
    pub fn new(name: &str, pick: &Pick, columns: &Columns<'_>, joins: &mut Joins) -> Result<Option<Self>, ImportError> {
        let take = match pick {
            Pick { column: Some(column), value: None, row: None, template: None, join: None, month_sequence: None, .. } => {
                if pick.optional && columns.index(column).is_none() {
                    return Ok(None);
                }
                Take::Column(columns.find(name, column)?)
            }
            Pick { column: None, value: Some(value), row: None, template: None, join: None, month_sequence: None, .. } => {
                Take::Constant(constant(name, value)?)
            }
            Pick { column: None, value: None, row: Some(prefix), template: None, join: None, month_sequence: None, .. } => {
                Take::Row(prefix.clone())
            }
            Pick { column: None, value: None, row: None, template: Some(text), join: None, month_sequence: None, .. } => {
                Take::Template(parts(name, text, columns)?)
            }
            Pick { column: None, value: None, row: None, template: None, join: Some(join), month_sequence: None, .. } => Take::Join {
                on: columns.find(name, join.on.as_ref().unwrap_or(&join.key))?,
                table: joins.table(&columns.detected.path, join)?,
            },
            Pick { month_sequence: Some(_), .. } => {
                return Err(ImportError::Mapping(format!("`{name}` has a `month_sequence`: only `timestamp` may, and nothing beside it")));
            }
            _ => {
                return Err(ImportError::Mapping(format!(
                    "`{name}` needs one of `column`, `value`, `row`, `template` or `join`, and only one"
                )));
            }
        };
        let map = pick.map.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        let default = pick.default.as_ref().map(|value| constant(name, value)).transpose()?;
        Ok(Some(Self { name: name.to_owned(), take, map, default }))
    }

    /// A field that takes a column as it is.
    pub fn of_column(name: &str, column: usize) -> Self {
        Self { name: name.to_owned(), take: Take::Column(column), map: FxHashMap::default(), default: None }
    }

    /// The column, for a field that is one and does nothing to it.
    pub fn column(&self) -> Option<usize> {
        match self.take {
            Take::Column(column) => Some(column),
            _ => None,
        }
    }

    pub fn columns_into(&self, wanted: &mut BTreeSet<usize>) {
        match &self.take {
            Take::Column(column) | Take::Join { on: column, .. } => {
                wanted.insert(*column);
            }
            Take::Template(parts) => wanted.extend(parts.iter().filter_map(|part| match part {
                Part::Column(column) => Some(*column),
                Part::Text(_) => None,
            })),
            Take::Constant(_) | Take::Row(_) => {}
        }
    }

    pub fn cell<'a>(&'a self, row: Row<'a>) -> Cell<'a> {
        let cell = match &self.take {
            Take::Column(column) => row.cell(*column),
            Take::Constant(cell) => cell.borrowed(),
            Take::Row(prefix) => Cell::Text(Cow::Owned(format!("{prefix}{}", row.number()))),
            Take::Template(parts) => filled(parts, row),
            Take::Join { on, table } => {
                let found = row.cell(*on).text().and_then(|key| table.get(key.as_ref()));
                found.map_or(Cell::Empty, |value| Cell::Text(Cow::Borrowed(value)))
            }
        };
        let cell = if self.map.is_empty() { cell } else { self.translated(cell) };
        match (&cell, &self.default) {
            (Cell::Empty, Some(default)) => default.borrowed(),
            (Cell::Text(text), Some(default)) if text.trim().is_empty() => default.borrowed(),
            _ => cell,
        }
    }

    /// The trimmed text; `None` where there is none.
    pub fn text<'a>(&'a self, row: Row<'a>) -> Option<Cow<'a, str>> {
        self.cell(row).text()
    }

    fn translated<'a>(&'a self, cell: Cell<'a>) -> Cell<'a> {
        match cell.clone().text() {
            Some(text) => match self.map.get(text.as_ref()) {
                Some(to) => Cell::Text(Cow::Borrowed(to)),
                None => cell,
            },
            None => cell,
        }
    }
}

fn constant(name: &str, value: &Value) -> Result<Cell<'static>, ImportError> {
    match value {
        Value::Array(_) | Value::Object(_) => {
            Err(ImportError::Mapping(format!("`{name}` has a list or an object as its value: give text or a number")))
        }
        value => Ok(json_lines::cell(value)),
    }
}

fn parts(name: &str, template: &str, columns: &Columns<'_>) -> Result<Vec<Part>, ImportError> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').map(|at| open + at).ok_or_else(|| {
            ImportError::Mapping(format!("the template of `{name}` opens a brace and does not close it: write `{{column}}`"))
        })?;
        parts.push(Part::Text(rest[..open].to_owned()));
        parts.push(Part::Column(columns.find(name, &rest[open + 1..close])?));
        rest = &rest[close + 1..];
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

/// Empty when every column in it is.
fn filled<'a>(parts: &[Part], row: Row<'a>) -> Cell<'a> {
    let mut out = String::new();
    let mut any = false;
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Column(column) => {
                if let Some(text) = row.cell(*column).text() {
                    any = true;
                    out.push_str(&text);
                }
            }
        }
    }
    if any { Cell::Text(Cow::Owned(out.trim().to_owned())) } else { Cell::Empty }
}
