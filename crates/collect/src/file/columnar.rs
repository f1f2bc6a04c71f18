//! Parquet: columns as arrays, a file or a folder of files.

use std::{
    borrow::Cow,
    fs::File,
    path::{Path, PathBuf},
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimeUnit},
    util::display::{ArrayFormatter, FormatOptions},
};
use forecourt_model::time::DAY_US;
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
};

use super::{ImportError, block::Cell};

const FORMAT: &str = "Parquet";
const BATCH_ROWS: usize = 8_192;

/// A batch of rows, the columns that the mapping does not take left out.
pub struct ColumnarBlock {
    /// By the file's column; `None` where nobody asked for it.
    columns: Vec<Option<Column>>,
    rows: usize,
    first_row: u64,
}

enum Column {
    Text(StringArray),
    Int(Int64Array),
    Float(Float64Array),
    Bool(BooleanArray),
    Instant(Int64Array),
    Civil(Int64Array),
    /// Days since 1970.
    Day(Int64Array),
}

impl ColumnarBlock {
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn number(&self, row: usize) -> u64 {
        self.first_row + row as u64 + 1
    }

    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let Some(Some(column)) = self.columns.get(column) else { return Cell::Empty };
        if column.is_null(row) {
            return Cell::Empty;
        }
        match column {
            Column::Text(array) => Cell::Text(Cow::Borrowed(array.value(row))),
            Column::Int(array) => Cell::Int(array.value(row)),
            Column::Float(array) => Cell::Float(array.value(row)),
            Column::Bool(array) => Cell::Bool(array.value(row)),
            Column::Instant(array) => Cell::Instant(array.value(row)),
            Column::Civil(array) => Cell::Civil(array.value(row)),
            Column::Day(array) => Cell::Civil(array.value(row) * DAY_US),
        }
    }
}

impl Column {
    fn is_null(&self, row: usize) -> bool {
        match self {
            Column::Text(array) => array.is_null(row),
            Column::Bool(array) => array.is_null(row),
            Column::Float(array) => array.is_null(row),
            Column::Int(array) | Column::Instant(array) | Column::Civil(array) | Column::Day(array) => array.is_null(row),
        }
    }

    fn of(array: &ArrayRef) -> Result<Self, arrow::error::ArrowError> {
        let to_int = |array: &ArrayRef| cast(array, &DataType::Int64).map(|array| array.as_primitive::<Int64Type>().clone());
        Ok(match array.data_type() {
            DataType::Utf8 => Column::Text(array.as_string::<i32>().clone()),
            DataType::Dictionary(_, value) if value.is_string() => Column::Text(to_text(array)?),
            DataType::LargeUtf8 | DataType::Utf8View | DataType::UInt64 => Column::Text(to_text(array)?),
            DataType::Boolean => Column::Bool(array.as_boolean().clone()),
            DataType::Float16 | DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Column::Float(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            DataType::Timestamp(_, zone) => {
                let us = to_int(&cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?)?;
                if zone.is_some() { Column::Instant(us) } else { Column::Civil(us) }
            }
            DataType::Date32 => Column::Day(to_int(&cast(array, &DataType::Int32)?)?),
            DataType::Date64 => Column::Civil(to_int(&cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?)?),
            kind if kind.is_integer() => Column::Int(to_int(array)?),
            _ => Column::Text(shown(array)?),
        })
    }
}

fn to_text(array: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    Ok(cast(array, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// Lists, structures and the like, as text.
fn shown(array: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    let formatter = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default())?;
    Ok((0..array.len()).map(|row| array.is_valid(row).then(|| formatter.value(row).to_string())).collect())
}

/// What a look at the files shows.
pub struct Look {
    pub names: Vec<String>,
    pub rows: u64,
    /// The first rows, all columns.
    pub sample: Option<ColumnarBlock>,
}

/// The Parquet files that `path` stands for: itself, or those in the folder, by name.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, ImportError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries = std::fs::read_dir(path).map_err(ImportError::io("list", path))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|file| file.extension().is_some_and(|extension| extension == "parquet"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(ImportError::unreadable(path, FORMAT, "the folder has no file that ends in .parquet"));
    }
    Ok(files)
}

/// Reads the files' own descriptions and some rows of the first.
///
/// Errors: [`ImportError::Unreadable`] when a file is damaged, or its columns are not the first one's.
pub fn look(files: &[PathBuf], rows_max: usize) -> Result<Look, ImportError> {
    let mut look = Look { names: Vec::new(), rows: 0, sample: None };
    for path in files {
        let builder = builder(path)?;
        let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        look.rows += builder.metadata().file_metadata().num_rows().max(0) as u64;
        if look.names.is_empty() {
            look.names = names;
            let mut reader = builder.with_batch_size(rows_max).build().map_err(|error| ImportError::unreadable(path, FORMAT, error))?;
            look.sample = reader.next().map(|batch| block(path, batch, &all(look.names.len()), 0)).transpose()?;
        } else if look.names != names {
            let told = format!("its columns are {}, those of the folder's first file {}", names.join(", "), look.names.join(", "));
            return Err(ImportError::unreadable(path, FORMAT, told));
        }
    }
    Ok(look)
}

fn all(columns: usize) -> Vec<usize> {
    (0..columns).collect()
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, ImportError> {
    let file = File::open(path).map_err(ImportError::io("open", path))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| ImportError::unreadable(path, FORMAT, error))
}

fn block(
    path: &Path,
    batch: Result<RecordBatch, arrow::error::ArrowError>,
    wanted: &[usize],
    first_row: u64,
) -> Result<ColumnarBlock, ImportError> {
    let unreadable = |error| ImportError::unreadable(path, FORMAT, error);
    let batch = batch.map_err(unreadable)?;
    let width = wanted.iter().max().map_or(0, |last| last + 1);
    let mut columns: Vec<Option<Column>> = (0..width).map(|_| None).collect();
    for (at, array) in wanted.iter().zip(batch.columns()) {
        columns[*at] = Some(Column::of(array).map_err(unreadable)?);
    }
    Ok(ColumnarBlock { columns, rows: batch.num_rows(), first_row })
}

/// Reads the wanted columns of one file after the other.
pub struct ColumnarReader {
    files: std::vec::IntoIter<PathBuf>,
    open: Option<(PathBuf, ParquetRecordBatchReader)>,
    wanted: Vec<usize>,
    row: u64,
}

impl ColumnarReader {
    /// * `wanted`: columns by number, ascending.
    pub fn new(files: Vec<PathBuf>, wanted: Vec<usize>) -> Self {
        Self { files: files.into_iter(), open: None, wanted, row: 0 }
    }

    pub fn next_block(&mut self) -> Result<Option<ColumnarBlock>, ImportError> {
        loop {
            if let Some((path, reader)) = &mut self.open
                && let Some(batch) = reader.next()
            {
                let block = block(path, batch, &self.wanted, self.row)?;
                self.row += block.rows as u64;
                return Ok(Some(block));
            }
            let Some(path) = self.files.next() else { return Ok(None) };
            let builder = builder(&path)?;
            let mask = ProjectionMask::roots(builder.parquet_schema(), self.wanted.iter().copied());
            let reader = builder.with_batch_size(BATCH_ROWS).with_projection(mask).build();
            self.open = Some((path.clone(), reader.map_err(|error| ImportError::unreadable(&path, FORMAT, error))?));
        }
    }
}
