//! Rows as the readers hand them on: owned blocks of cells, so that reading and appending run side by side.

use std::borrow::Cow;

use forecourt_model::formula;

use super::columnar::ColumnarBlock;

/// One value of a row, in the type that its format gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A moment, in microseconds since 1970 UTC.
    Instant(i64),
    /// A date and time of day in an unknown zone, in microseconds since 1970 as if it were UTC.
    Civil(i64),
    /// A list or an object, as JSON.
    Json(Cow<'a, str>),
}

impl<'a> Cell<'a> {
    pub fn borrowed(&'a self) -> Cell<'a> {
        match self {
            Cell::Text(text) => Cell::Text(Cow::Borrowed(text)),
            Cell::Json(json) => Cell::Json(Cow::Borrowed(json)),
            Cell::Empty => Cell::Empty,
            Cell::Int(number) => Cell::Int(*number),
            Cell::Float(number) => Cell::Float(*number),
            Cell::Bool(flag) => Cell::Bool(*flag),
            Cell::Instant(us) => Cell::Instant(*us),
            Cell::Civil(us) => Cell::Civil(*us),
        }
    }

    /// The cell as a person would type it; `None` for an empty one.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Cell::Empty => None,
            Cell::Text(text) | Cell::Json(text) => trimmed(text),
            Cell::Int(number) => Some(Cow::Owned(number.to_string())),
            // A spreadsheet keeps every number as a float: 1042 is an id, not 1042.0; past 2^53 its last figures are gone, and that shows.
            Cell::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(Cow::Owned((number as i64).to_string())),
            Cell::Float(number) if 9e15 <= number.abs() => Some(Cow::Owned(format!("{number:E}"))),
            Cell::Float(number) => Some(Cow::Owned(number.to_string())),
            Cell::Bool(flag) => Some(Cow::Borrowed(if flag { "true" } else { "false" })),
            Cell::Instant(us) | Cell::Civil(us) => Some(Cow::Owned(civil_text(us))),
        }
    }
}

fn trimmed(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!text.is_empty()).then_some(text)
}

/// A moment at midnight is a bare date.
fn civil_text(us: i64) -> String {
    let iso = forecourt_model::time::iso(us);
    match us.rem_euclid(forecourt_model::time::DAY_US) {
        0 => iso.chars().take(10).collect(),
        _ => iso,
    }
}

/// Some hundreds or thousands of rows.
pub enum Block {
    Text(TextBlock),
    Columnar(ColumnarBlock),
    Loose(Vec<LooseRow>),
}

impl Block {
    pub fn rows(&self) -> usize {
        match self {
            Block::Text(block) => block.rows.len(),
            Block::Columnar(block) => block.rows(),
            Block::Loose(rows) => rows.len(),
        }
    }

    pub fn row(&self, index: usize) -> Row<'_> {
        Row { block: self, index }
    }
}

/// One row of a block.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    block: &'a Block,
    index: usize,
}

impl<'a> Row<'a> {
    /// The cell in the file's `column`, counted from 0; beyond the end of a short row it is empty.
    pub fn cell(self, column: usize) -> Cell<'a> {
        match self.block {
            Block::Text(block) => block.cell(self.index, column),
            Block::Columnar(block) => block.cell(self.index, column),
            Block::Loose(rows) => rows[self.index].cells.get(column).map_or(Cell::Empty, Cell::borrowed),
        }
    }

    /// The row's place in the file as a person counts it: the line of a text file, the row of a sheet.
    pub fn number(self) -> u64 {
        match self.block {
            Block::Text(block) => block.rows[self.index].line,
            Block::Columnar(block) => block.number(self.index),
            Block::Loose(rows) => rows[self.index].number,
        }
    }

    /// Why the row cannot be read at all.
    pub fn fault(self) -> Option<&'a str> {
        match self.block {
            Block::Text(block) => block.rows[self.index].fault.as_deref(),
            Block::Columnar(_) => None,
            Block::Loose(rows) => rows[self.index].fault.as_deref(),
        }
    }

    /// Every cell as text, for the file of rejected rows: what the row has, though at least `columns`.
    pub fn texts(self, columns: usize) -> Vec<String> {
        let cells = match self.block {
            Block::Text(block) => block.rows[self.index].cells as usize,
            Block::Columnar(_) => columns,
            Block::Loose(rows) => rows[self.index].cells.len(),
        };
        (0..cells.max(columns)).map(|column| self.cell(column).text().unwrap_or_default().into_owned()).collect()
    }
}

/// A row of a sheet or of JSON, whose cells have types of their own.
pub struct LooseRow {
    pub number: u64,
    pub cells: Vec<Cell<'static>>,
    pub fault: Option<String>,
}

/// Rows of text cells that lie end to end in one string.
#[derive(Default)]
pub struct TextBlock {
    pub text: String,
    /// Where each cell ends in `text`; it starts where the one before ends.
    pub ends: Vec<u32>,
    pub rows: Vec<TextRow>,
}

pub struct TextRow {
    pub first_cell: u32,
    pub cells: u32,
    pub line: u64,
    pub fault: Option<String>,
}

impl TextBlock {
    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let row = &self.rows[row];
        if row.cells as usize <= column {
            return Cell::Empty;
        }
        let at = row.first_cell as usize + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        match &self.text[start as usize..self.ends[at] as usize] {
            "" => Cell::Empty,
            text => Cell::Text(Cow::Borrowed(formula::bare(text))),
        }
    }
}
