//! Writing Parquet files as DuckLake wants them: field ids, statistics, durable before the catalogue names them.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        metadata::{ParquetMetaData, SortingColumn},
        properties::{EnabledStatistics, WriterProperties},
        statistics::Statistics,
    },
    schema::types::ColumnPath,
};

use crate::{
    LakeError,
    seal::Summed,
    tables::{Column, ColumnType, Table},
};

const ROW_GROUP_ROWS_MAX: usize = 131_072;
/// Small pages let a reader that wants few rows decode little.
const PAGE_ROWS_MAX: usize = 8_192;
const FIELD_ID: &str = "PARQUET:field_id";
/// The ids that the Iceberg specification gives to the columns of a positional delete file, and DuckLake takes over.
const FILE_PATH_FIELD_ID: i32 = 2_147_483_646;
const POS_FIELD_ID: i32 = 2_147_483_645;

/// A file that is on disk, durable, and not yet in the catalogue.
#[derive(Debug)]
pub struct WrittenFile {
    pub path: PathBuf,
    /// Its name under the table's folder, as the catalogue has it.
    pub name: String,
    pub bucket: Option<usize>,
    pub rows: u64,
    pub bytes: u64,
    pub footer_bytes: u64,
    /// Of the whole file.
    pub crc32: u32,
    /// By column of the table; empty for a delete file.
    pub columns: Vec<ColumnStatistics>,
}

/// What the catalogue keeps of one column of one file. Least and greatest value are text as DuckLake writes it, and exact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnStatistics {
    pub bytes: u64,
    pub values: u64,
    pub nulls: u64,
    pub range: Option<(Bound, Bound)>,
}

#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Bound {
    Int(i64),
    Real(f64),
    Text(String),
}

/// Writes one table's files, one after the other.
pub struct FileWriter {
    table: &'static Table,
    path: PathBuf,
    name: String,
    bucket: Option<usize>,
    schema: SchemaRef,
    writer: ArrowWriter<BufWriter<Summed<File>>>,
    unfinished: Unfinished,
}

/// Takes the file off the disk again unless it was finished: a full disk must not fill with halves.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::debug!(path = %path.display(), %error, "half a file stays until the next start");
        }
    }
}

impl FileWriter {
    /// Begins a file of `table` under the lake's data folder.
    ///
    /// * `field_ids`: the catalogue's id of each of the table's columns.
    pub fn create(data_dir: &Path, table: &'static Table, bucket: Option<usize>, field_ids: &[i64]) -> Result<Self, LakeError> {
        let file_name = format!("forecourt-{}.parquet", uuid::Uuid::now_v7());
        let name = bucket.map_or_else(|| file_name.clone(), |bucket| format!("bucket={bucket}/{file_name}"));
        let path = data_dir.join(table.folder()).join(&name);
        let schema = with_field_ids(&table.schema(), field_ids.iter().map(|id| id.to_string()));
        let file = create(&path)?;
        let unfinished = Unfinished(Some(path.clone()));
        let writer = ArrowWriter::try_new(BufWriter::with_capacity(1 << 18, Summed::new(file)), schema.clone(), Some(properties(table)))
            .map_err(|error| LakeError::damaged(&path, error))?;
        Ok(Self { table, path, name, bucket, schema, writer, unfinished })
    }

    /// Appends rows, which the caller has in the table's order.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec());
        batch.map_err(Into::into).and_then(|batch| self.writer.write(&batch)).map_err(|error| refused(&self.path, error))
    }

    /// Ends the file and makes it durable.
    pub fn finish(mut self) -> Result<WrittenFile, LakeError> {
        let metadata = self.writer.finish().map_err(|error| refused(&self.path, error))?;
        let buffer = self.writer.inner_mut();
        buffer.flush().map_err(LakeError::io("write", &self.path))?;
        let crc32 = buffer.get_ref().crc32();
        let (bytes, footer_bytes) = sync(buffer.get_ref().get_ref(), &self.path)?;
        let columns = self.table.columns.iter().enumerate().map(|(at, column)| statistics(&metadata, at, column)).collect();
        let rows = metadata.file_metadata().num_rows() as u64;
        self.unfinished.0 = None;
        Ok(WrittenFile { path: self.path, name: self.name, bucket: self.bucket, rows, bytes, footer_bytes, crc32, columns })
    }
}

/// Writes the delete file of one data file: its path and the positions of its deleted rows, rising.
pub fn write_delete_file(data_dir: &Path, table: &Table, data_file: &Path, positions: &[u64]) -> Result<WrittenFile, LakeError> {
    let name = format!("forecourt-{}-delete.parquet", uuid::Uuid::now_v7());
    let path = data_dir.join(table.folder()).join(&name);
    let schema = Arc::new(Schema::new(vec![Field::new("file_path", DataType::Utf8, true), Field::new("pos", DataType::Int64, true)]));
    let schema = with_field_ids(&schema, [FILE_PATH_FIELD_ID, POS_FIELD_ID].iter().map(i32::to_string));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_dictionary_enabled(ColumnPath::from("pos"), false)
        .set_column_encoding(ColumnPath::from("pos"), Encoding::DELTA_BINARY_PACKED)
        .build();
    let data_path = data_file.to_string_lossy();
    let columns: Vec<arrow::array::ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(data_path.as_ref(), positions.len()))),
        Arc::new(Int64Array::from_iter_values(positions.iter().map(|position| *position as i64))),
    ];
    let file = create(&path)?;
    let mut unfinished = Unfinished(Some(path.clone()));
    let written = (|| {
        let mut writer = ArrowWriter::try_new(Summed::new(file), schema.clone(), Some(properties))?;
        writer.write(&RecordBatch::try_new(schema, columns)?)?;
        writer.into_inner()
    })();
    let written = written.map_err(|error| refused(&path, error))?;
    let (bytes, footer_bytes) = sync(written.get_ref(), &path)?;
    unfinished.0 = None;
    Ok(WrittenFile {
        path,
        name,
        bucket: None,
        rows: positions.len() as u64,
        bytes,
        footer_bytes,
        crc32: written.crc32(),
        columns: Vec::new(),
    })
}

/// Makes the names of new files durable: once per folder, before the catalogue names them.
pub fn sync_folders<'a>(files: impl Iterator<Item = &'a WrittenFile>) -> Result<(), LakeError> {
    let mut folders: Vec<&Path> = files.filter_map(|file| file.path.parent()).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(LakeError::io("make durable", folder))?;
    }
    Ok(())
}

fn create(path: &Path) -> Result<File, LakeError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(LakeError::io("create the folder", folder))?;
    }
    File::options().read(true).write(true).create_new(true).open(path).map_err(LakeError::io("create", path))
}

/// Returns the bytes of the file and those of its footer.
fn sync(file: &File, path: &Path) -> Result<(u64, u64), LakeError> {
    use std::os::unix::fs::FileExt;
    file.sync_data().map_err(LakeError::io("make durable", path))?;
    let bytes = file.metadata().map_err(LakeError::io("measure", path))?.len();
    let mut tail = [0; 8];
    file.read_exact_at(&mut tail, bytes.saturating_sub(8)).map_err(LakeError::io("read", path))?;
    let footer_bytes = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    Ok((bytes, u64::from(footer_bytes)))
}

/// A full disk comes wrapped in Parquet's error: it is the disk's all the same.
fn refused(path: &Path, error: parquet::errors::ParquetError) -> LakeError {
    match error {
        parquet::errors::ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => LakeError::io("write", path)(*io),
            Err(other) => LakeError::damaged(path, other),
        },
        other => LakeError::damaged(path, other),
    }
}

fn with_field_ids(schema: &Schema, ids: impl Iterator<Item = String>) -> SchemaRef {
    let fields = schema.fields().iter().zip(ids);
    let fields = fields.map(|(field, id)| field.as_ref().clone().with_metadata(HashMap::from([(FIELD_ID.to_owned(), id)])));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn properties(table: &Table) -> WriterProperties {
    let sorted_by = table.sorted_by.iter().filter_map(|name| table.column_index(name));
    let sorting = sorted_by.map(|at| SortingColumn { column_idx: at as i32, descending: false, nulls_first: false }).collect();
    let mut properties = WriterProperties::builder()
        .set_created_by("forecourt".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(sorting));
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        // Decoding a dictionary of times takes 3.5 times as long as decoding differences.
        if matches!(column.kind, ColumnType::Time) || ["profile_id", "log_offset"].contains(&column.name) {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
        }
        if column.bulky {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::None);
        }
        if table.sorted_by.contains(&column.name) {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Page);
        }
    }
    properties.build()
}

fn statistics(metadata: &ParquetMetaData, at: usize, column: &Column) -> ColumnStatistics {
    let mut total = ColumnStatistics::default();
    let mut whole = true;
    for group in metadata.row_groups() {
        let chunk = group.column(at);
        total.bytes += chunk.compressed_size().max(0) as u64;
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt).unwrap_or(0);
        total.nulls += nulls;
        total.values += (group.num_rows().max(0) as u64).saturating_sub(nulls);
        match chunk.statistics().and_then(range) {
            Some(range) => total.range = Some(widened(total.range.take(), range)),
            None if nulls == group.num_rows().max(0) as u64 => {}
            None => whole = false,
        }
    }
    if !whole || column.bulky {
        total.range = None;
    }
    total
}

fn range(statistics: &Statistics) -> Option<(Bound, Bound)> {
    if !(statistics.min_is_exact() && statistics.max_is_exact()) {
        return None;
    }
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(|text| Bound::Text(text.to_owned()));
    match statistics {
        Statistics::Int32(values) => Some((Bound::Int(i64::from(*values.min_opt()?)), Bound::Int(i64::from(*values.max_opt()?)))),
        Statistics::Int64(values) => Some((Bound::Int(*values.min_opt()?), Bound::Int(*values.max_opt()?))),
        Statistics::Double(values) => Some((Bound::Real(*values.min_opt()?), Bound::Real(*values.max_opt()?))),
        Statistics::ByteArray(values) => Some((text(values.min_opt()?.data())?, text(values.max_opt()?.data())?)),
        _ => None,
    }
}

/// The range that covers both.
pub fn widened(held: Option<(Bound, Bound)>, (low, high): (Bound, Bound)) -> (Bound, Bound) {
    match held {
        None => (low, high),
        Some((least, greatest)) => (if low < least { low } else { least }, if greatest < high { high } else { greatest }),
    }
}
