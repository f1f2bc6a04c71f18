//! What a file is: format, encoding, delimiter, columns, and the damage that shows at a glance.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use encoding_rs::Encoding;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Guess, ImportError, Read, Warning,
    block::Block,
    columnar, damage,
    delimited::{self, Dialect},
    encoding, guess, json_lines,
    reader::bytes_of,
    workbook,
};

/// What [`detect`] found out.
#[derive(Debug, Clone, Serialize)]
pub struct Detected {
    pub path: PathBuf,
    pub format: Format,
    pub columns: Vec<Column>,
    pub warnings: Vec<Warning>,
    /// The size of the whole, in `unit`.
    pub total: u64,
    /// `bytes`, or `rows` where the file says how many it has.
    pub unit: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Format {
    Delimited {
        #[serde(serialize_with = "encoding_name")]
        encoding: &'static Encoding,
        #[serde(skip)]
        dialect: Dialect,
    },
    JsonLines {
        #[serde(serialize_with = "encoding_name")]
        encoding: &'static Encoding,
    },
    Workbook {
        sheet: String,
        sheets: Vec<String>,
        header_row: u32,
    },
    Parquet {
        files: Vec<PathBuf>,
        rows: u64,
    },
}

fn encoding_name<S: serde::Serializer>(encoding: &&'static Encoding, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(encoding.name())
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Format::Delimited { encoding, dialect } => {
                let header = if dialect.header_row == 0 { "no header".to_owned() } else { format!("names in row {}", dialect.header_row) };
                write!(f, "CSV, {}, delimiter {:?}, {header}", encoding.name(), char::from(dialect.delimiter))
            }
            Format::JsonLines { encoding } => write!(f, "JSON lines, {}", encoding.name()),
            Format::Workbook { sheet, sheets, header_row } => {
                write!(f, "XLSX, sheet {sheet:?} of {}, names in row {header_row}", sheets.len())
            }
            Format::Parquet { files, rows } => write!(f, "Parquet, {rows} rows in {} files", files.len()),
        }
    }
}

/// A column, its first values and what they look like.
#[derive(Debug, Clone, Serialize)]
pub struct Column {
    pub name: String,
    pub guess: Guess,
    /// The first values that are not empty.
    pub samples: Vec<String>,
}

const SAMPLE_BYTES: u64 = 1 << 20;
const SAMPLE_ROWS: usize = 1_000;
const SAMPLES_KEPT: usize = 20;

/// Looks at the beginning of a file.
///
/// Errors: [`ImportError::Io`], [`ImportError::Unreadable`] for a format that cannot be read, [`ImportError::Empty`].
pub fn detect(path: &Path) -> Result<Detected, ImportError> {
    detect_as(path, &Read::default())
}

/// [`detect`], where `read` decides what it would otherwise guess.
pub fn detect_as(path: &Path, read: &Read) -> Result<Detected, ImportError> {
    if path.is_dir() {
        return parquet(path);
    }
    let total = std::fs::metadata(path).map_err(ImportError::io("open", path))?.len();
    let mut sample = Vec::new();
    let read_sample = bytes_of(path, &Arc::new(AtomicU64::new(0)))?.take(SAMPLE_BYTES).read_to_end(&mut sample);
    read_sample.map_err(ImportError::io("read", path))?;
    let complete = (sample.len() as u64) < SAMPLE_BYTES;
    match sample.as_slice() {
        [] => Err(ImportError::Empty { path: path.to_path_buf() }),
        [b'P', b'A', b'R', b'1', ..] => parquet(path),
        [b'P', b'K', 3, 4, ..] => workbook(path, read),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            Err(ImportError::unreadable(path, "a workbook", "it is an old .xls or locked by a password: save it as .xlsx without one"))
        }
        bytes => text(path, read, bytes, complete, total),
    }
}

fn text(path: &Path, read: &Read, bytes: &[u8], complete: bool, total: u64) -> Result<Detected, ImportError> {
    let encoding = match &read.encoding {
        None => encoding::guess(bytes),
        Some(label) => Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            ImportError::Mapping(format!("`read.encoding` is `{label}`: use a label such as utf-8, windows-1251, gb18030"))
        })?,
    };
    let (decoded, _, _) = encoding.decode(bytes);
    match decoded.trim_start().chars().next() {
        None => Err(ImportError::Empty { path: path.to_path_buf() }),
        Some('[') if serde_json::from_str::<Value>(&decoded).is_ok() || decoded.trim_start()[1..].trim_start().starts_with('{') => {
            Err(ImportError::unreadable(path, "JSON lines", "it is one JSON array: write one object per line (`jq -c '.[]' FILE`)"))
        }
        Some('{') => json(path, encoding, &decoded, total),
        Some(_) => csv(path, read, encoding, &decoded, complete, total),
    }
}

fn json(path: &Path, encoding: &'static Encoding, decoded: &str, total: u64) -> Result<Detected, ImportError> {
    let objects: Vec<Map<String, Value>> = decoded.lines().take(SAMPLE_ROWS).filter_map(|line| serde_json::from_str(line).ok()).collect();
    if objects.is_empty() {
        return Err(ImportError::unreadable(path, "JSON lines", "its first line is not a whole JSON object: write one object per line"));
    }
    let names = json_lines::paths(&objects);
    let rows: Vec<Vec<String>> = objects
        .iter()
        .map(|object| {
            let text =
                |path: &String| json_lines::at_path(object, path).map(json_lines::cell).and_then(|cell| cell.text().map(String::from));
            names.iter().map(|path| text(path).unwrap_or_default()).collect()
        })
        .collect();
    let format = Format::JsonLines { encoding };
    Ok(table(path, format, names, &rows, total, "bytes"))
}

fn csv(path: &Path, read: &Read, encoding: &'static Encoding, decoded: &str, complete: bool, total: u64) -> Result<Detected, ImportError> {
    let delimiter = match read.delimiter.as_deref() {
        None => delimited::guess_delimiter(decoded, complete),
        Some("\\t" | "\t" | "tab") => b'\t',
        Some(text) if text.len() == 1 => text.as_bytes()[0],
        Some(text) => return Err(ImportError::Mapping(format!("`read.delimiter` is {text:?}: give one character"))),
    };
    let quotes = read.quotes.unwrap_or(true);
    let rows = delimited::sample_rows(decoded, delimiter, quotes, complete);
    let (header_row, names) = header(&rows, read.header_row);
    let dialect = Dialect { delimiter, quotes, header_row };
    Ok(table(path, Format::Delimited { encoding, dialect }, names, &rows[header_row as usize..], total, "bytes"))
}

fn workbook(path: &Path, read: &Read) -> Result<Detected, ImportError> {
    let look = workbook::look(path, read.sheet.as_deref(), SAMPLE_ROWS)?;
    let merged = merged_cells(&look);
    let block = Block::Loose(look.rows);
    let (mut rows, mut numbers) = (Vec::new(), Vec::new());
    for index in 0..block.rows() {
        rows.push(block.row(index).texts(0));
        numbers.push(block.row(index).number() as u32);
    }
    let wanted = read.header_row.map(|number| numbers.iter().take_while(|at| **at < number).count() as u32 + u32::from(0 < number));
    let (header_rows, names) = header(&rows, wanted);
    let header_row = header_rows.checked_sub(1).map_or(0, |index| numbers[index as usize]);
    let format = Format::Workbook { sheet: look.sheet, sheets: look.sheets, header_row };
    // A sheet does not say how many rows it has before it is read.
    let mut detected = table(path, format, names, &rows[header_rows as usize..], 0, "rows");
    detected.warnings.extend(merged);
    Ok(detected)
}

fn merged_cells(look: &workbook::Look) -> Vec<Warning> {
    let told = |areas: &[String], what: &str| {
        let first = areas.first()?;
        let count = areas.len() as u64;
        Some(Warning::new("merged_cells", None, count, format!("{count} areas of cells are merged, such as {first}: {what}")))
    };
    let down = told(&look.merged_down, "the value at the top counts for each row of them");
    let across = told(&look.merged_across, "the value counts for their first column, the other columns are empty");
    down.into_iter().chain(across).collect()
}

fn parquet(path: &Path) -> Result<Detected, ImportError> {
    let files = columnar::files(path)?;
    let look = columnar::look(&files, SAMPLE_ROWS)?;
    let rows = look.sample.map_or_else(Vec::new, |sample| {
        let block = Block::Columnar(sample);
        (0..block.rows()).map(|row| block.row(row).texts(look.names.len())).collect()
    });
    let format = Format::Parquet { files, rows: look.rows };
    Ok(table(path, format, look.names, &rows, look.rows, "rows"))
}

fn table(path: &Path, format: Format, names: Vec<String>, rows: &[Vec<String>], total: u64, unit: &'static str) -> Detected {
    let mut columns = Vec::with_capacity(names.len());
    let mut warnings = Vec::new();
    for (at, name) in unique(names).into_iter().enumerate() {
        let values: Vec<String> = rows.iter().filter_map(|row| row.get(at)).filter(|value| !value.trim().is_empty()).cloned().collect();
        warnings.extend(damage::in_column(&name, &values));
        columns.push(Column { guess: guess::guess(&values), samples: values.into_iter().take(SAMPLES_KEPT).collect(), name });
    }
    Detected { path: path.to_path_buf(), format, columns, warnings, total, unit }
}

/// How many rows to pass over, and the names of the columns.
///
/// The header is the first row that is nearly as wide as the table and holds no data; titles above it are narrower.
fn header(rows: &[Vec<String>], wanted: Option<u32>) -> (u32, Vec<String>) {
    const LOOKED_AT: usize = 20;
    let filled = |row: &Vec<String>| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let (usual, _) = delimited::usual_width(rows);
    let widest = rows.iter().take(200).map(filled).max().unwrap_or(0);
    let is_header = |row: &Vec<String>| widest * 4 <= filled(row) * 5 && !row.iter().any(|cell| guess::is_data(cell.trim()));
    let found = match wanted {
        Some(0) => None,
        Some(number) => Some(number as usize - 1).filter(|index| *index < rows.len()),
        None => rows.iter().take(LOOKED_AT).position(is_header),
    };
    match found {
        Some(index) => (index as u32 + 1, trimmed_names(&rows[index], usual)),
        None => (0, (1..=width.min(usual.max(1))).map(|number| format!("column_{number}")).collect()),
    }
}

/// Names without the empty ones that spreadsheets add at the end.
fn trimmed_names(row: &[String], usual: usize) -> Vec<String> {
    let last = row.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |at| at + 1);
    let width = last.max(usual.min(row.len()));
    (0..width)
        .map(|at| {
            row.get(at).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("column_{}", at + 1))
        })
        .collect()
}

/// The second `name` becomes `name_2`.
fn unique(names: Vec<String>) -> Vec<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    names
        .into_iter()
        .map(|name| {
            let count = counts.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 { name } else { format!("{name}_{count}") }
        })
        .collect()
}
