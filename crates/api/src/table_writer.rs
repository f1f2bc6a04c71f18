//! Tables as files for people: CSV and XLSX, in which no cell is ever taken for a formula.
//!
//! Every export writes through here, so that none forgets.

use std::{
    fs::File,
    io::{self, BufWriter, Seek as _, SeekFrom, Write as _},
};

use forecourt_model::{formula, time};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    Csv,
    Xlsx,
}

impl TableFormat {
    /// What the file's name ends in.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum TableCell {
    Empty,
    /// Whatever it holds, it stays text.
    Text(String),
    Int(i64),
    Number(f64),
    Flag(bool),
    /// Microseconds since 1970 UTC; written as UTC.
    Time(i64),
}

impl From<&str> for TableCell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for TableCell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for TableCell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for TableCell {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Text(value.to_string()), Self::Int)
    }
}

impl From<f64> for TableCell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<bool> for TableCell {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl<T: Into<TableCell>> From<Option<T>> for TableCell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// Why a table was not written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the file was not written: {0}")]
    Io(#[from] io::Error),
    #[error("the workbook was not written: {0}")]
    Workbook(#[from] XlsxError),
    #[error("a sheet has at most {COLUMNS_MAX} columns, and this table has {0}: export it as CSV")]
    TooWide(usize),
}

/// A sheet's rows, the head with them; what follows goes to the next sheet, under the head again.
pub const SHEET_ROWS_MAX: u32 = 1_048_576;
const COLUMNS_MAX: usize = 16_384;
/// The longest text of a cell, in UTF-16 units, as spreadsheets count; what is longer is cut and ends in an ellipsis.
const CELL_UNITS_MAX: usize = 32_767;
/// Above it a spreadsheet's numbers lose their last figures: such an integer is an id, and stays text.
const EXACT_MAX: u64 = 1 << 53;

/// Writes a table row by row; rows go to the disk as they come.
pub struct TableWriter {
    kind: Kind,
}

enum Kind {
    Csv(BufWriter<File>),
    Xlsx(Box<Book>),
}

struct Book {
    file: File,
    workbook: Workbook,
    title: String,
    head: Vec<String>,
    /// Sheets so far, and rows of the last one.
    sheets: usize,
    rows: u32,
    sheet_rows_max: u32,
    bold: Format,
    moment: Format,
    day: Format,
}

impl TableWriter {
    /// * `title`: the sheet's name; what a sheet's name may not hold is left out.
    ///
    /// Errors: [`TableError`].
    pub fn new(file: File, format: TableFormat, title: &str, head: &[&str]) -> Result<Self, TableError> {
        Self::with_sheets_of(SHEET_ROWS_MAX, file, format, title, head)
    }

    fn with_sheets_of(rows_max: u32, file: File, format: TableFormat, title: &str, head: &[&str]) -> Result<Self, TableError> {
        let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
        let kind = match format {
            TableFormat::Csv => {
                let mut out = BufWriter::new(file);
                // Spreadsheets take a CSV without the mark for one in the system's old encoding.
                out.write_all("\u{feff}".as_bytes())?;
                csv_line(&mut out, head.iter().map(|name| csv_text(name)))?;
                Kind::Csv(out)
            }
            TableFormat::Xlsx if COLUMNS_MAX < head.len() => return Err(TableError::TooWide(head.len())),
            TableFormat::Xlsx => {
                let mut book = Book {
                    file,
                    workbook: Workbook::new(),
                    title: sheet_title(title),
                    head,
                    sheets: 0,
                    rows: 0,
                    sheet_rows_max: rows_max,
                    bold: Format::new().set_bold(),
                    moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
                    day: Format::new().set_num_format("yyyy-mm-dd"),
                };
                book.next_sheet()?;
                Kind::Xlsx(Box::new(book))
            }
        };
        Ok(Self { kind })
    }

    pub fn row(&mut self, cells: &[TableCell]) -> Result<(), TableError> {
        match &mut self.kind {
            Kind::Csv(out) => Ok(csv_line(out, cells.iter().map(csv_cell))?),
            Kind::Xlsx(book) => book.row(cells),
        }
    }

    /// Completes the file and hands it back, at its beginning.
    pub fn finish(self) -> Result<File, TableError> {
        let mut file = match self.kind {
            Kind::Csv(out) => out.into_inner().map_err(io::IntoInnerError::into_error)?,
            Kind::Xlsx(mut book) => {
                book.workbook.save_to_writer(&mut book.file)?;
                book.file
            }
        };
        file.flush()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

impl Book {
    fn next_sheet(&mut self) -> Result<(), TableError> {
        self.sheets += 1;
        self.rows = 1;
        let name = if self.sheets == 1 { self.title.clone() } else { format!("{} ({})", self.title, self.sheets) };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0..).zip(&self.head) {
            sheet.write_string_with_format(0, column, cut(name), &self.bold)?;
        }
        Ok(())
    }

    fn row(&mut self, cells: &[TableCell]) -> Result<(), TableError> {
        if self.rows == self.sheet_rows_max {
            self.next_sheet()?;
        }
        let row = self.rows;
        self.rows += 1;
        let (moment, day) = (&self.moment, &self.day);
        let sheet = self.workbook.worksheet_from_index(self.sheets - 1)?;
        for (column, cell) in (0..).zip(cells) {
            write_cell(sheet, row, column, cell, moment, day)?;
        }
        Ok(())
    }
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, cell: &TableCell, moment: &Format, day: &Format) -> Result<(), TableError> {
    let written = match cell {
        TableCell::Empty => return Ok(()),
        TableCell::Number(value) if !value.is_finite() => return Ok(()),
        // A string is a string to a spreadsheet: nothing in it is ever computed.
        TableCell::Text(text) => sheet.write_string(row, column, cut(text)),
        TableCell::Int(value) if value.unsigned_abs() <= EXACT_MAX => sheet.write_number(row, column, *value as f64),
        TableCell::Int(value) => sheet.write_string(row, column, value.to_string()),
        TableCell::Number(value) => sheet.write_number(row, column, *value),
        TableCell::Flag(value) => sheet.write_boolean(row, column, *value),
        TableCell::Time(us) => match ExcelDateTime::from_timestamp(us.div_euclid(time::SECOND_US)) {
            Ok(at) => {
                let format = if us.rem_euclid(time::DAY_US) == 0 { day } else { moment };
                sheet.write_datetime_with_format(row, column, at, format)
            }
            // Before 1900 a spreadsheet has no dates.
            Err(_) => sheet.write_string(row, column, time::iso(*us)),
        },
    };
    written.map(|_| ()).map_err(TableError::from)
}

fn cut(text: &str) -> String {
    if text.len() <= CELL_UNITS_MAX || text.encode_utf16().count() <= CELL_UNITS_MAX {
        return text.to_owned();
    }
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units < CELL_UNITS_MAX
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn sheet_title(title: &str) -> String {
    let kept: String = title.chars().filter(|c| !"[]:*?/\\'".contains(*c) && !c.is_control()).take(24).collect();
    if kept.trim().is_empty() { "Table".to_owned() } else { kept.trim().to_owned() }
}

fn csv_line(out: &mut impl io::Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    for (at, cell) in cells.enumerate() {
        if 0 < at {
            out.write_all(b",")?;
        }
        out.write_all(cell.as_bytes())?;
    }
    out.write_all(b"\r\n")
}

fn csv_cell(cell: &TableCell) -> String {
    match cell {
        TableCell::Empty => String::new(),
        TableCell::Text(text) => csv_text(text),
        TableCell::Int(value) => value.to_string(),
        TableCell::Number(value) if value.is_finite() => value.to_string(),
        TableCell::Number(_) => String::new(),
        TableCell::Flag(value) => value.to_string(),
        TableCell::Time(us) => time::iso(*us),
    }
}

/// Text as a cell of a CSV: quoted where it must be, and with a `'` in front where a spreadsheet would take it for a formula.
pub fn csv_text(text: &str) -> String {
    let text = formula::safe(text);
    if text.contains(['"', ',', ';', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn csv(rows: &[Vec<TableCell>]) -> String {
        let mut writer = TableWriter::new(tempfile::tempfile().unwrap(), TableFormat::Csv, "t", &["a", "b"]).unwrap();
        rows.iter().for_each(|row| writer.row(row).unwrap());
        let mut text = String::new();
        writer.finish().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn no_cell_of_a_csv_is_a_formula() {
        let told = csv(&[
            vec!["=HYPERLINK(\"http://x\")".into(), "+79123456789".into()],
            vec!["@sum".into(), "-1+2".into()],
            vec!["+7 (912) 345-67-89".into(), TableCell::Number(-12.5)],
            vec!["\t=1".into(), "plain, with a comma".into()],
        ]);
        let expected = "\u{feff}a,b\r\n\"'=HYPERLINK(\"\"http://x\"\")\",+79123456789\r\n'@sum,'-1+2\r\n'+7 (912) 345-67-89,-12.5\r\n'\t=1,\"plain, with a comma\"\r\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn a_workbook_reads_back_cell_by_cell() {
        use calamine::{Data, Reader as _, Xlsx};
        let file = tempfile::tempfile().unwrap();
        let head = ["name", "n", "at"];
        let mut writer = TableWriter::with_sheets_of(3, file, TableFormat::Xlsx, "People: [all]", &head).unwrap();
        let noon_us = 1_793_318_400_000_000 + 43_200_000_000;
        for n in 0..5_i64 {
            writer.row(&["=1+1".into(), TableCell::Int(n), TableCell::Time(noon_us)]).unwrap();
        }
        writer.row(&["id".into(), TableCell::Int(i64::MAX), TableCell::Empty]).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(io::BufReader::new(writer.finish().unwrap())).unwrap();
        assert_eq!(book.sheet_names(), ["People all", "People all (2)", "People all (3)"]);
        let sheets: Vec<_> = book.sheet_names().iter().map(|name| book.worksheet_range(name).unwrap()).collect();
        assert_eq!(sheets.iter().map(|sheet| sheet.rows().count()).collect::<Vec<_>>(), [3, 3, 3], "the head stands on each");
        let first = sheets[0].rows().nth(1).unwrap();
        assert_eq!((&first[0], &first[1]), (&Data::String("=1+1".into()), &Data::Float(0.0)));
        // Noon of 2026-10-30 as spreadsheets count days.
        assert!(matches!(&first[2], Data::DateTime(at) if at.as_f64() == 46_325.5), "{:?}", first[2]);
        assert_eq!(sheets[2].rows().nth(2).unwrap()[1], Data::String(i64::MAX.to_string()));
        assert!(book.worksheet_formula("People all").unwrap().is_empty());
    }

    #[test]
    fn texts_longer_than_a_cell_are_cut_and_say_so() {
        let long = cut(&"𝄞".repeat(20_000));
        assert!(long.encode_utf16().count() <= CELL_UNITS_MAX && long.ends_with('…'));
        assert_eq!(sheet_title("'/:'"), "Table");
    }
}
