//! What one query reads: files and fresh rows as of one moment, whatever the lake writes meanwhile.

use std::{path::PathBuf, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use forecourt_lake::{DataFile, LakeSnapshot, Seal, tables::TABLES};
use forecourt_model::BUCKETS;

/// The rows of every table as of one moment.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// `events` first.
    pub tables: Vec<Table>,
    /// Time up to which the rows are complete, microseconds since 1970 UTC.
    pub as_of_us: i64,
    /// Keeps the files on disk while they are read.
    _held: Option<Arc<LakeSnapshot>>,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub schema: SchemaRef,
    /// Of `events`: ranges of profile ids in rising order, one element each. Other tables have one.
    pub parts: Vec<Part>,
}

/// Rows of one bucket.
#[derive(Debug, Clone, Default)]
pub struct Part {
    pub files: Vec<File>,
    /// Rows that are in no file yet, each batch in the order of the files.
    pub fresh: Vec<RecordBatch>,
}

/// A Parquet file. Those of `events` are sorted by (`profile_id`, `ts`, `log_offset`).
#[derive(Debug, Clone)]
pub struct File {
    pub path: PathBuf,
    pub bytes: u64,
    pub rows: u64,
    /// Least and greatest `profile_id`, inclusive.
    pub profile_ids: (i64, i64),
    /// Least and greatest `ts`, inclusive.
    pub ts_us: (i64, i64),
    /// Positions of rows that no longer count, rising.
    pub deleted: Option<Arc<Vec<u64>>>,
    /// Checked before the file is read; `None` for one that nobody vouches for.
    pub seal: Option<Arc<Seal>>,
}

impl Dataset {
    /// Rows that come from no lake: the caller sees to it that the files stay.
    pub fn new(tables: Vec<Table>, as_of_us: i64) -> Self {
        Self { tables, as_of_us, _held: None }
    }

    pub(crate) fn of_lake(snapshot: Arc<LakeSnapshot>) -> Self {
        let files = |files: &[Arc<DataFile>]| files.iter().map(|file| File::of_lake(file)).collect();
        let bucket = |bucket: u16| Part { files: files(snapshot.files_of(bucket.into())), fresh: snapshot.tail_of(bucket.into()).to_vec() };
        let events = Table { name: "events".into(), schema: snapshot.schema.clone(), parts: (0..BUCKETS).map(bucket).collect() };
        let others = TABLES.iter().filter(|table| table.name != "events").map(|table| {
            let found = snapshot.table(table.name).map(|found| files(&found.files)).unwrap_or_default();
            Table { name: table.name.into(), schema: table.schema(), parts: vec![Part { files: found, fresh: Vec::new() }] }
        });
        let tables = [events].into_iter().chain(others).collect();
        Self { tables, as_of_us: snapshot.as_of_us, _held: Some(snapshot) }
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl File {
    fn of_lake(file: &DataFile) -> Self {
        Self {
            path: file.path.clone(),
            bytes: file.bytes,
            rows: file.rows,
            profile_ids: file.profile_ids,
            ts_us: file.ts_us,
            deleted: file.deleted.clone(),
            seal: Some(file.seal.clone()),
        }
    }
}
