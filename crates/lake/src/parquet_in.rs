//! Reading the lake's Parquet files: whole, by columns, or single rows.

use std::{fs::File, ops::Range, path::Path, sync::Arc};

use arrow::{
    array::{AsArray, Int64Array, RecordBatch},
    compute::cast,
    datatypes::{Int64Type, SchemaRef},
    error::ArrowError,
};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection},
};
use parquet::file::{metadata::PageIndexPolicy, statistics::Statistics};

use crate::{DataFile, LakeError, Seal, seal::guarded, tables::Table};

const BATCH_ROWS: usize = 8_192;

/// An opened file: its footer is read once.
pub struct OpenFile {
    file: File,
    metadata: ArrowReaderMetadata,
    path: Arc<std::path::PathBuf>,
}

impl OpenFile {
    /// Opens a file of the lake, once it is seen to be what was written.
    pub fn open(listed: &DataFile) -> Result<Self, LakeError> {
        listed.seal.check()?;
        let path = listed.path.as_path();
        let file = File::open(path).map_err(LakeError::io("open", path))?;
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let load = || ArrowReaderMetadata::load(&file, options).map_err(|error| LakeError::damaged(path, error));
        let metadata = guarded(path, load)?;
        Ok(Self { file, metadata, path: Arc::new(path.to_owned()) })
    }

    /// Reads the rows at `selection`, or all, of the named columns, or all of the table's.
    pub fn read(&self, table: &Table, names: Option<&[&str]>, selection: Option<RowSelection>) -> Result<Rows, LakeError> {
        let file = self.file.try_clone().map_err(LakeError::io("open", &self.path))?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone()).with_batch_size(BATCH_ROWS);
        let all: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let names = names.unwrap_or(&all);
        let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
        builder = builder.with_projection(mask);
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        let reader = guarded(&self.path, || builder.build().map_err(|error| LakeError::damaged(&self.path, error)))?;
        let fields: Vec<_> = names.iter().filter_map(|name| table.schema().field_with_name(name).ok().cloned()).collect();
        Ok(Rows { reader, schema: Arc::new(arrow::datatypes::Schema::new(fields)), path: self.path.clone() })
    }

    /// Ranges of row positions whose `column` may hold any of `wanted`, which rise.
    pub fn ranges_with(&self, column: &str, wanted: &[i64]) -> Vec<Range<u64>> {
        let at = self.metadata.parquet_schema().columns().iter().position(|leaf| leaf.name() == column);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let mut start = 0;
        for group in self.metadata.metadata().row_groups() {
            let end = start + group.num_rows().max(0) as u64;
            let bounds = at.and_then(|at| match group.column(at).statistics()? {
                Statistics::Int64(values) => Some((*values.min_opt()?, *values.max_opt()?)),
                _ => None,
            });
            let may = bounds.is_none_or(|(least, greatest)| {
                let first = wanted.partition_point(|value| *value < least);
                wanted.get(first).is_some_and(|value| *value <= greatest)
            });
            if may {
                ranges.push(start..end);
            }
            start = end;
        }
        ranges
    }

    pub fn rows(&self) -> u64 {
        self.metadata.metadata().file_metadata().num_rows().max(0) as u64
    }
}

/// Batches of a file in its order, in the table's own types: files of other writers have plainer ones.
pub struct Rows {
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
    path: Arc<std::path::PathBuf>,
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { reader, schema, path } = self;
        let read = || {
            let batch = reader.next().map(|batch| batch.and_then(|batch| in_types(&batch, schema)));
            batch.transpose().map_err(|error| LakeError::damaged(path, error))
        };
        guarded(path, read).transpose()
    }
}

/// The same rows with the columns that `schema` names, in its order and types; a column that is missing is null.
fn in_types(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Ok(column.clone()),
        Some(column) => cast(column, field.data_type()),
        None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new_with_options(
        schema.clone(),
        columns,
        &arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows())),
    )
}

/// The positions of a delete file, rising.
pub fn deleted_positions(path: &Path, seal: &Seal) -> Result<Vec<u64>, LakeError> {
    seal.check()?;
    guarded(path, || read_positions(path))
}

fn read_positions(path: &Path) -> Result<Vec<u64>, LakeError> {
    let file = File::open(path).map_err(LakeError::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| LakeError::damaged(path, error))?;
    let reader = builder.build().map_err(|error| LakeError::damaged(path, error))?;
    let mut positions = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| LakeError::damaged(path, error))?;
        let column = batch.column_by_name("pos").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let column = column.ok_or_else(|| LakeError::damaged(path, "a delete file without a column `pos`"))?;
        positions.extend(column.values().iter().map(|position| *position as u64));
    }
    positions.sort_unstable();
    positions.dedup();
    Ok(positions)
}

/// Rows of `file` whose `column` `is_wanted`, by position; deleted ones are left out.
pub fn positions_where(
    file: &DataFile,
    table: &Table,
    columns: &[&str],
    ranges: Option<Vec<Range<u64>>>,
    is_wanted: impl Fn(&[&Int64Array], usize) -> bool,
) -> Result<Vec<u64>, LakeError> {
    let open = OpenFile::open(file)?;
    let ranges = ranges.unwrap_or_else(|| std::iter::once(0..open.rows()).collect());
    let mut position_of = ranges.iter().flat_map(Clone::clone);
    let rows = open.read(table, Some(columns), Some(selection_of_ranges(&ranges, open.rows())))?;
    let mut found = Vec::new();
    for batch in rows {
        let batch = batch?;
        let columns: Vec<&Int64Array> = batch.columns().iter().filter_map(|column| column.as_primitive_opt::<Int64Type>()).collect();
        for row in 0..batch.num_rows() {
            let Some(position) = position_of.next() else { break };
            if is_wanted(&columns, row) {
                found.push(position);
            }
        }
    }
    if let Some(deleted) = &file.deleted {
        found.retain(|position| deleted.binary_search(position).is_err());
    }
    Ok(found)
}

fn selection_of_ranges(ranges: &[Range<u64>], rows: u64) -> RowSelection {
    RowSelection::from_consecutive_ranges(ranges.iter().map(|range| range.start as usize..range.end as usize), rows as usize)
}

/// Selects single positions, which rise.
pub fn selection_of(positions: &[u64], rows: u64) -> RowSelection {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for position in positions {
        match ranges.last_mut() {
            Some(last) if last.end == *position => last.end += 1,
            _ => ranges.push(*position..*position + 1),
        }
    }
    selection_of_ranges(&ranges, rows)
}

/// Selects all but `deleted` positions, which rise.
pub fn selection_without(deleted: &[u64], rows: u64) -> RowSelection {
    let mut ranges = Vec::new();
    let mut start = 0;
    for position in deleted {
        if start < *position {
            ranges.push(start..*position);
        }
        start = position + 1;
    }
    if start < rows {
        ranges.push(start..rows);
    }
    selection_of_ranges(&ranges, rows)
}
