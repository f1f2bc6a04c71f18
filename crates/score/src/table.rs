//! Rows of leads, column by column.

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
};

use forecourt_model::score::cell_text;
use serde_json::Value;

use crate::ScoreError;

/// A column of up to so many different texts is kept whole; of more, the rarest are one.
const LEVELS_MAX: usize = 2_000;
/// No level.
pub const MISSING: u32 = u32::MAX;

/// What is in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// NaN where there is none.
    Number(Vec<f64>),
    /// Codes into the levels; [`MISSING`] where there is none.
    Category { levels: Vec<String>, codes: Vec<u32> },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// Rows in the order in which they were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: usize,
}

/// How a text of a cell says that there is nothing.
fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "None")
}

impl Table {
    /// Reads CSV with a header, or JSON lines; either may be packed by gzip.
    ///
    /// * `categories`: columns that are names although they read as numbers.
    pub fn read(bytes: &[u8], categories: &[String]) -> Result<Self, ScoreError> {
        let mut unpacked = Vec::new();
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
            flate2::read::MultiGzDecoder::new(bytes)
                .read_to_end(&mut unpacked)
                .map_err(|error| ScoreError::Unreadable(format!("the file does not unpack: {error}")))?;
            &unpacked
        } else {
            bytes
        };
        let begins = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if begins == Some(&b'{') { Self::read_json_lines(bytes, categories) } else { Self::read_csv(bytes, categories) }
    }

    fn read_csv(bytes: &[u8], categories: &[String]) -> Result<Self, ScoreError> {
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(bytes);
        let wrong = |error: csv::Error| ScoreError::Unreadable(format!("the file does not read as CSV: {error}"));
        let names: Vec<String> = reader.headers().map_err(wrong)?.iter().map(|name| name.trim().to_owned()).collect();
        let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(wrong)? {
            for (column, cell) in cells.iter_mut().zip(record.iter()) {
                column.push(cell.trim().to_owned());
            }
        }
        Self::of(names, cells, categories)
    }

    fn read_json_lines(bytes: &[u8], categories: &[String]) -> Result<Self, ScoreError> {
        let mut rows: Vec<BTreeMap<String, Value>> = Vec::new();
        for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let row = serde_json::from_slice(line).map_err(|error| ScoreError::Unreadable(format!("line {}: {error}", at + 1)))?;
            rows.push(row);
        }
        Self::from_rows(&rows, categories)
    }

    /// Of rows as JSON objects; what is in them deeper is left out.
    pub fn from_rows(rows: &[BTreeMap<String, Value>], categories: &[String]) -> Result<Self, ScoreError> {
        let mut names: Vec<String> = rows.iter().flat_map(BTreeMap::keys).cloned().collect();
        names.sort_unstable();
        names.dedup();
        let text = |row: &BTreeMap<String, Value>, name: &String| row.get(name).map(cell_text).unwrap_or_default();
        let cells = names.iter().map(|name| rows.iter().map(|row| text(row, name)).collect()).collect();
        Self::of(names, cells, categories)
    }

    fn of(names: Vec<String>, cells: Vec<Vec<String>>, categories: &[String]) -> Result<Self, ScoreError> {
        let rows = cells.first().map_or(0, Vec::len);
        let columns = names.into_iter().zip(cells).map(|(name, cells)| {
            let kind = if categories.contains(&name) { category(&cells) } else { number(&cells).unwrap_or_else(|| category(&cells)) };
            Column { name, kind }
        });
        Ok(Self { columns: columns.collect(), rows })
    }

    pub fn column(&self, name: &str) -> Result<&Column, ScoreError> {
        let names = || self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| ScoreError::NoColumn(name.to_owned(), names()))
    }

    /// The outcome: 1, true, yes or won against 0, false, no or lost.
    pub fn target(&self, name: &str) -> Result<Vec<bool>, ScoreError> {
        let column = self.column(name)?;
        let wrong = |shown: &str| {
            ScoreError::Target(format!(
                "`{name}` holds `{shown}`: an outcome is 1 or 0, true or false, yes or no, won or lost, in every row"
            ))
        };
        (0..self.rows)
            .map(|row| {
                let shown = column.text(row).unwrap_or_default();
                match shown.to_lowercase().as_str() {
                    "1" | "true" | "yes" | "won" => Ok(true),
                    "0" | "false" | "no" | "lost" => Ok(false),
                    _ => Err(wrong(&shown)),
                }
            })
            .collect()
    }

    pub fn without(&self, names: &[String]) -> Self {
        let columns = self.columns.iter().filter(|column| !names.contains(&column.name)).cloned();
        Self { columns: columns.collect(), rows: self.rows }
    }

    /// Some of the rows, in this order.
    pub fn take(&self, rows: &[usize]) -> Self {
        let taken = |column: &Column| {
            let kind = match &column.kind {
                Kind::Number(values) => Kind::Number(rows.iter().map(|row| values[*row]).collect()),
                Kind::Category { levels, codes } => {
                    Kind::Category { levels: levels.clone(), codes: rows.iter().map(|row| codes[*row]).collect() }
                }
            };
            Column { name: column.name.clone(), kind }
        };
        Self { columns: self.columns.iter().map(taken).collect(), rows: rows.len() }
    }

    /// One row as JSON, as a model is asked.
    pub fn row(&self, row: usize) -> BTreeMap<String, Value> {
        let cell = |column: &Column| match &column.kind {
            Kind::Number(values) => serde_json::json!(values[row]),
            Kind::Category { .. } => column.text(row).map_or(Value::Null, Value::String),
        };
        self.columns.iter().map(|column| (column.name.clone(), cell(column))).collect()
    }
}

/// A table that grows row by row, of which few columns are known beforehand.
#[derive(Debug, Default)]
pub struct TableBuilder {
    columns: BTreeMap<String, Growing>,
    rows: usize,
}

#[derive(Debug, Default)]
struct Growing {
    cells: Vec<Cell>,
    texts: Vec<String>,
    places: HashMap<String, u32>,
}

#[derive(Debug, Clone, Copy)]
enum Cell {
    Missing,
    Number(f64),
    Text(u32),
}

impl TableBuilder {
    pub fn push(&mut self, row: &BTreeMap<String, Value>) {
        for (name, value) in row {
            if !self.columns.contains_key(name) {
                self.columns.insert(name.clone(), Growing::default());
            }
            let Some(column) = self.columns.get_mut(name) else { continue };
            column.cells.resize(self.rows, Cell::Missing);
            let cell = match value {
                Value::Number(number) => number.as_f64().filter(|number| number.is_finite()).map_or(Cell::Missing, Cell::Number),
                other => column.text(cell_text(other)),
            };
            column.cells.push(cell);
        }
        self.rows += 1;
    }

    pub fn finish(self) -> Table {
        let rows = self.rows;
        let columns = self.columns.into_iter().map(|(name, mut column)| {
            column.cells.resize(rows, Cell::Missing);
            Column { name, kind: column.kind() }
        });
        Table { columns: columns.collect(), rows }
    }
}

impl Growing {
    fn text(&mut self, text: String) -> Cell {
        if is_missing(&text) {
            return Cell::Missing;
        }
        let next = self.texts.len() as u32;
        let place = *self.places.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        });
        Cell::Text(place)
    }

    fn kind(self) -> Kind {
        let read = self.texts.iter().map(|text| text.parse::<f64>().ok().filter(|number| number.is_finite()));
        if let Some(read) = read.collect::<Option<Vec<f64>>>() {
            let number = |cell: &Cell| match cell {
                Cell::Missing => f64::NAN,
                Cell::Number(number) => *number,
                Cell::Text(place) => read[*place as usize],
            };
            return Kind::Number(self.cells.iter().map(number).collect());
        }
        let text = |cell: &Cell| match cell {
            Cell::Missing => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(place) => self.texts[*place as usize].clone(),
        };
        category(&self.cells.iter().map(text).collect::<Vec<_>>())
    }
}

impl Column {
    /// The cell as text; `None` where there is nothing.
    pub fn text(&self, row: usize) -> Option<String> {
        match &self.kind {
            Kind::Number(values) => Some(values[row]).filter(|value| !value.is_nan()).map(|value| value.to_string()),
            Kind::Category { levels, codes } => levels.get(codes[row] as usize).cloned(),
        }
    }
}

fn number(cells: &[String]) -> Option<Kind> {
    let read = |cell: &String| {
        if is_missing(cell) { Some(f64::NAN) } else { cell.parse::<f64>().ok().filter(|value| value.is_finite()) }
    };
    cells.iter().map(read).collect::<Option<Vec<f64>>>().map(Kind::Number)
}

fn category(cells: &[String]) -> Kind {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for cell in cells.iter().filter(|cell| !is_missing(cell)) {
        *counts.entry(cell.as_str()).or_default() += 1;
    }
    let mut levels: Vec<(&str, usize)> = counts.into_iter().collect();
    // The commonest are kept, the rest counts as unknown.
    levels.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    levels.truncate(LEVELS_MAX);
    let mut levels: Vec<String> = levels.into_iter().map(|(level, _)| level.to_owned()).collect();
    levels.sort_unstable();
    let code = |cell: &String| levels.binary_search(cell).map_or(MISSING, |at| at as u32);
    let codes = cells.iter().map(code).collect();
    Kind::Category { levels, codes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_lines_read_the_same() {
        let csv = Table::read(b"age,job,y\n31,chef,1\n,clerk,0\n40,,no\n", &[]);
        let lines = b"{\"age\":31,\"job\":\"chef\",\"y\":1}\n{\"age\":null,\"job\":\"clerk\",\"y\":0}\n\n{\"age\":40,\"y\":\"no\",\"deep\":{\"a\":1}}\n";
        let table = csv.unwrap_or_default();
        let other = Table::read(lines, &[]).unwrap_or_default().without(&["deep".to_owned()]);
        assert_eq!(format!("{table:?}"), format!("{other:?}"));
        assert_eq!(table.target("y"), Ok(vec![true, false, false]));
        assert_eq!(table.column("job").map(|column| column.text(2)), Ok(None));
        let as_names = Table::read(b"a\n1\n2\n", &["a".to_owned()]).unwrap_or_default();
        assert!(matches!(as_names.columns[0].kind, Kind::Category { .. }));
    }

    #[test]
    fn a_table_that_grows_is_the_table_that_is_read() {
        let rows: Vec<BTreeMap<String, Value>> = [
            serde_json::json!({ "age": 31, "job": "chef", "paid": true, "code": "012" }),
            serde_json::json!({ "age": 3.5, "code": "7", "mixed": 4 }),
            serde_json::json!({ "job": "NA", "age": null, "mixed": "four" }),
        ]
        .into_iter()
        .map(|row| serde_json::from_value(row).unwrap_or_default())
        .collect();
        let mut builder = TableBuilder::default();
        rows.iter().for_each(|row| builder.push(row));
        let (grown, read) = (builder.finish(), Table::from_rows(&rows, &[]).unwrap_or_default());
        assert_eq!(format!("{grown:?}"), format!("{read:?}"));
        assert_eq!(grown.columns.len(), 5);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let table = Table::read(b"a,y\n1,maybe\n", &[]).unwrap_or_default();
        assert!(matches!(table.target("y"), Err(ScoreError::Target(told)) if told.contains("maybe")));
        assert!(matches!(table.target("z"), Err(ScoreError::NoColumn(..))));
        assert!(Table::read(b"{\"a\":1}\n{a}", &[]).is_err());
        assert!(Table::read(b"a,b\n1\n", &[]).is_err());
        assert!(Table::read(&[0x1f, 0x8b, 1, 2], &[]).is_err());
    }
}
