//! XLSX workbooks, sheet by sheet, row by row.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use calamine::{DataRef, Dimensions, ExcelDateTime, Reader as _, Xlsx};
use forecourt_model::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};

use super::{
    ImportError,
    block::{Cell, LooseRow},
};

type Book = Xlsx<BufReader<File>>;

/// The most bytes that the parts of a workbook which are held in memory may unpack to.
const HELD_BYTES_MAX: u64 = 512 << 20;
const FORMAT: &str = "a workbook";
const BLOCK_ROWS: usize = 1_024;
const COLUMNS_MAX: usize = 2_048;

/// Opens a workbook once its parts are known to unpack to a bearable size.
fn open(path: &Path) -> Result<Book, ImportError> {
    guard(path)?;
    let file = File::open(path).map_err(ImportError::io("open", path))?;
    Xlsx::new(BufReader::new(file)).map_err(|error| ImportError::unreadable(path, FORMAT, error))
}

/// Unpacks the parts other than sheets once, to nowhere: shared strings are held in memory, and what a zip says of its sizes may lie.
///
/// Sheets are streamed, so their size does no harm.
fn guard(path: &Path) -> Result<(), ImportError> {
    let file = File::open(path).map_err(ImportError::io("open", path))?;
    let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| ImportError::unreadable(path, FORMAT, error))?;
    let mut left = HELD_BYTES_MAX;
    for index in 0..zip.len() {
        let part = zip.by_index(index).map_err(|error| ImportError::unreadable(path, FORMAT, error))?;
        let streamed = |name: &str| name.starts_with("xl/worksheets/sheet") || name.starts_with("xl/media/");
        if part.name().is_ok_and(|name| streamed(&name)) {
            continue;
        }
        let read = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|error| ImportError::unreadable(path, FORMAT, error))?;
        left = left.checked_sub(read).ok_or_else(|| {
            let told = format!("its texts unpack to more than {} MiB: save the sheet as CSV and import that", HELD_BYTES_MAX >> 20);
            ImportError::unreadable(path, FORMAT, told)
        })?;
    }
    Ok(())
}

/// The most bytes that all sheets of a workbook may unpack to, and one cell of them.
const SHEETS_BYTES_MAX: u64 = 4 << 30;
const CELL_BYTES_MAX: usize = 4 << 20;
/// How many times larger than packed a part may be, once it is over [`RATIO_FROM`]: real sheets come to twenty or thirty.
const RATIO_MAX: u64 = 300;
const RATIO_FROM: u64 = 64 << 20;

/// Unpacks every sheet once, to nowhere, and refuses what would take the machine's memory or its day.
///
/// For workbooks that come from afar: what a person names on the command line is theirs.
pub fn check_workbook(path: &Path) -> Result<(), ImportError> {
    guard(path)?;
    let unreadable = |told: String| ImportError::unreadable(path, FORMAT, told);
    let file = File::open(path).map_err(ImportError::io("open", path))?;
    let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(error.to_string()))?;
    let mut left = SHEETS_BYTES_MAX;
    for index in 0..zip.len() {
        let part = zip.by_index(index).map_err(|error| unreadable(error.to_string()))?;
        if !part.name().is_ok_and(|name| name.starts_with("xl/worksheets/sheet")) {
            continue;
        }
        let bytes_max = left.min(RATIO_FROM.max(part.compressed_size().saturating_mul(RATIO_MAX)));
        let read = longest_text(part, bytes_max).map_err(|error| unreadable(error.to_string()))?;
        left -= read
            .ok_or_else(|| unreadable("its sheets unpack to far more than a table does: save the sheet as CSV and import that".into()))?;
    }
    Ok(())
}

/// How many bytes a sheet unpacks to; `None` above `bytes_max`, or where a cell is too long.
fn longest_text(mut sheet: impl Read, bytes_max: u64) -> io::Result<Option<u64>> {
    let (mut chunk, mut total, mut run) = (vec![0; 256 << 10], 0_u64, 0_usize);
    loop {
        let read = sheet.read(&mut chunk)?;
        if read == 0 {
            return Ok(Some(total));
        }
        total += read as u64;
        // Between two tags there is at most one cell's text.
        let bytes = &chunk[..read];
        match (memchr::memchr(b'<', bytes), memchr::memrchr(b'<', bytes)) {
            (Some(first), Some(last)) if run + first <= CELL_BYTES_MAX => run = read - last,
            (None, _) => run += read,
            _ => return Ok(None),
        }
        if bytes_max < total || CELL_BYTES_MAX < run {
            return Ok(None);
        }
    }
}

/// What a look at the workbook shows.
pub struct Look {
    pub sheet: String,
    pub sheets: Vec<String>,
    pub rows: Vec<LooseRow>,
    /// Areas of merged cells, as `A2:A5`, that lie below each other; and beside each other.
    pub merged_down: Vec<String>,
    pub merged_across: Vec<String>,
}

/// The first rows of `sheet`, or of the first sheet that has any.
pub fn look(path: &Path, sheet: Option<&str>, rows_max: usize) -> Result<Look, ImportError> {
    let mut book = open(path)?;
    let sheets = book.sheet_names();
    let candidates: Vec<String> = match sheet {
        None => sheets.clone(),
        Some(name) if sheets.iter().any(|sheet| sheet == name) => vec![name.to_owned()],
        Some(name) => {
            return Err(ImportError::Mapping(format!("{} has no sheet `{name}`; its sheets are: {}", path.display(), sheets.join(", "))));
        }
    };
    for sheet in candidates {
        let mut rows = Vec::new();
        walk(&mut book, path, &sheet, &mut |row| {
            rows.push(row);
            rows.len() < rows_max
        })?;
        if !rows.is_empty() {
            let areas = book.merge_cells_by_sheet_name(&sheet).map_err(|error| ImportError::unreadable(path, FORMAT, error))?;
            let (down, across): (Vec<Dimensions>, Vec<Dimensions>) = areas.into_iter().partition(|area| area.start.0 < area.end.0);
            let named = |areas: Vec<Dimensions>| areas.iter().map(area_name).collect();
            return Ok(Look { sheet, sheets, rows, merged_down: named(down), merged_across: named(across) });
        }
    }
    Err(ImportError::Empty { path: path.to_path_buf() })
}

fn area_name(area: &Dimensions) -> String {
    let cell = |(row, column): (u32, u32)| {
        let (mut letters, mut rest) = (String::new(), column + 1);
        while 0 < rest {
            letters.insert(0, char::from(b'A' + ((rest - 1) % 26) as u8));
            rest = (rest - 1) / 26;
        }
        format!("{letters}{}", row + 1)
    };
    format!("{}:{}", cell(area.start), cell(area.end))
}

/// Reads one sheet on a thread of its own: the library's reader borrows from the workbook, so the two stay together there.
pub struct WorkbookReader {
    blocks: Receiver<Result<Vec<LooseRow>, ImportError>>,
}

impl WorkbookReader {
    /// * `header_row`: the sheet's row with the names, from 1; what comes after it is read.
    pub fn new(path: PathBuf, sheet: String, header_row: u32) -> Result<Self, ImportError> {
        let mut book = open(&path)?;
        let (sender, blocks) = sync_channel(2);
        thread::Builder::new()
            .name("workbook".into())
            .spawn(move || read_sheet(&mut book, &path, &sheet, header_row, &sender))
            .map_err(|error| ImportError::Stopped(format!("no thread for reading: {error}")))?;
        Ok(Self { blocks })
    }

    pub fn next_block(&mut self) -> Result<Option<Vec<LooseRow>>, ImportError> {
        self.blocks.recv().ok().transpose()
    }
}

/// A receiver that has gone ends the reading.
fn read_sheet(book: &mut Book, path: &Path, sheet: &str, header_row: u32, sender: &SyncSender<Result<Vec<LooseRow>, ImportError>>) {
    let mut block = Vec::with_capacity(BLOCK_ROWS);
    let walked = walk(book, path, sheet, &mut |row| {
        if row.number <= u64::from(header_row) {
            return true;
        }
        block.push(row);
        block.len() < BLOCK_ROWS || sender.send(Ok(std::mem::replace(&mut block, Vec::with_capacity(BLOCK_ROWS)))).is_ok()
    });
    let last = match walked {
        Ok(()) if block.is_empty() => return,
        Ok(()) => Ok(block),
        Err(error) => Err(error),
    };
    // Nobody waits for it any more when this fails.
    let _ = sender.send(last);
}

/// Hands each row with a value to `take`, until it answers `false`.
fn walk(book: &mut Book, path: &Path, sheet: &str, take: &mut dyn FnMut(LooseRow) -> bool) -> Result<(), ImportError> {
    let unreadable = |error: calamine::XlsxError| ImportError::unreadable(path, FORMAT, error);
    let merges = book.merge_cells_by_sheet_name(sheet).map_err(unreadable)?;
    let mut merged = Merged::new(merges);
    let mut cells = match book.worksheet_cells_reader(sheet) {
        Ok(cells) => cells,
        // A sheet of charts has no cells.
        Err(calamine::XlsxError::NotAWorksheet(_)) => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut row = LooseRow { number: 0, cells: Vec::new(), fault: None };
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (at_row, at_column) = cell.get_position();
        let number = u64::from(at_row) + 1;
        if number != row.number {
            let width = row.cells.len();
            let done = std::mem::replace(&mut row, LooseRow { number, cells: Vec::with_capacity(width), fault: None });
            if !hand_on(done, &mut merged, take) {
                return Ok(());
            }
        }
        let column = at_column as usize;
        let value = owned(cell.get_value());
        if value != Cell::Empty && column < COLUMNS_MAX {
            row.cells.resize(row.cells.len().max(column + 1), Cell::Empty);
            row.cells[column] = value;
        }
    }
    hand_on(row, &mut merged, take);
    Ok(())
}

fn hand_on(mut row: LooseRow, merged: &mut Merged, take: &mut dyn FnMut(LooseRow) -> bool) -> bool {
    if row.number == 0 {
        return true;
    }
    merged.fill(&mut row);
    row.cells.iter().all(|cell| *cell == Cell::Empty) || take(row)
}

fn owned(value: &DataRef<'_>) -> Cell<'static> {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Int(*number),
        DataRef::Float(number) => Cell::Float(*number),
        DataRef::Bool(flag) => Cell::Bool(*flag),
        DataRef::String(text) => Cell::Text(text.clone().into()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned().into()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text.clone().into()),
        DataRef::DateTime(time) if time.is_duration() => Cell::Float(time.as_f64() * 86_400.0),
        DataRef::DateTime(time) => civil(time),
        DataRef::Error(error) => Cell::Text(error.to_string().into()),
    }
}

fn civil(time: &ExcelDateTime) -> Cell<'static> {
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let Ok(date) = jiff::civil::Date::new(year as i16, month as i8, day as i8) else { return Cell::Float(time.as_f64()) };
    let days = date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24;
    let clock_us =
        i64::from(hour) * HOUR_US + i64::from(minute) * MINUTE_US + i64::from(second) * SECOND_US + i64::from(milli) * (SECOND_US / 1_000);
    Cell::Civil(days * DAY_US + clock_us)
}

/// Cells merged downwards: the value at the top stands for every row of the area, as it does on screen.
///
/// Cells merged sideways keep their value in the first column: the others have names, and meanings, of their own.
struct Merged {
    /// By first row, last one first.
    ahead: Vec<Dimensions>,
    open: Vec<(Dimensions, Cell<'static>)>,
}

impl Merged {
    fn new(mut areas: Vec<Dimensions>) -> Self {
        areas.retain(|area| area.start.0 < area.end.0);
        areas.sort_by_key(|area| std::cmp::Reverse(area.start.0));
        Self { ahead: areas, open: Vec::new() }
    }

    fn fill(&mut self, row: &mut LooseRow) {
        let at = (row.number - 1) as u32;
        self.open.retain(|(area, _)| at <= area.end.0);
        for (area, value) in &self.open {
            let column = area.start.1 as usize;
            row.cells.resize(row.cells.len().max(column + 1), Cell::Empty);
            row.cells[column] = value.clone();
        }
        while let Some(area) = self.ahead.pop_if(|area| area.start.0 <= at) {
            let value = row.cells.get(area.start.1 as usize).cloned().unwrap_or(Cell::Empty);
            if area.start.0 == at && value != Cell::Empty && (area.start.1 as usize) < COLUMNS_MAX {
                self.open.push((area, value));
            }
        }
    }
}
