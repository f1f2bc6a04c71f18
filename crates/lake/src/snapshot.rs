//! What a query reads: files, deletes and the rows in memory, all as of one offset.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};

use crate::{
    DataFile,
    tables::{EVENTS, Table},
};

/// The lake as of one offset. Nothing in it changes, and its files stay on disk while it lives.
#[derive(Debug)]
pub struct LakeSnapshot {
    /// Every event below it is in here, exactly once.
    pub offset: u64,
    /// Log time of the last record below `offset`, microseconds since 1970 UTC; 0 for an empty lake.
    pub as_of_us: i64,
    /// Of `events`, in files and in memory alike.
    pub schema: SchemaRef,
    pub(crate) files: Vec<Vec<Arc<DataFile>>>,
    pub(crate) tail: Vec<Vec<RecordBatch>>,
    pub(crate) tables: BTreeMap<&'static str, EntityTable>,
}

/// A table beside `events`: rewritten as a whole whenever it has changed.
#[derive(Debug, Clone)]
pub struct EntityTable {
    pub schema: SchemaRef,
    pub files: Arc<[Arc<DataFile>]>,
}

impl LakeSnapshot {
    /// Files of one bucket of `events`, in no order; the rows of each are sorted by (`profile_id`, `ts`, `log_offset`).
    pub fn files_of(&self, bucket: usize) -> &[Arc<DataFile>] {
        self.files.get(bucket).map_or(&[], Vec::as_slice)
    }

    /// Rows of one bucket of `events` that are in no file yet; a few batches, each sorted like a file.
    pub fn tail_of(&self, bucket: usize) -> &[RecordBatch] {
        self.tail.get(bucket).map_or(&[], Vec::as_slice)
    }

    /// A table beside `events`: `leads`, `orders`, `calls`, `ad_costs`, `profiles`.
    pub fn table(&self, name: &str) -> Option<&EntityTable> {
        self.tables.get(name)
    }

    /// Rows of `events` that count.
    pub fn event_rows(&self) -> u64 {
        let in_files: u64 = self.files.iter().flatten().map(|file| file.live_rows()).sum();
        let in_memory: usize = self.tail.iter().flatten().map(RecordBatch::num_rows).sum();
        in_files + in_memory as u64
    }

    /// Bytes of all files.
    pub fn file_bytes(&self) -> u64 {
        let entities = self.tables.values().flat_map(|table| table.files.iter());
        self.files.iter().flatten().chain(entities).map(|file| file.bytes).sum()
    }

    /// The sum of the numbers of files, for the metrics.
    pub fn file_count(&self) -> usize {
        self.files.iter().map(Vec::len).sum::<usize>() + self.tables.values().map(|table| table.files.len()).sum::<usize>()
    }
}

impl EntityTable {
    pub(crate) fn new(table: &Table, files: Vec<Arc<DataFile>>) -> Self {
        Self { schema: table.schema(), files: files.into() }
    }
}

/// The schema of `events`.
pub(crate) fn event_schema() -> SchemaRef {
    EVENTS.schema()
}
