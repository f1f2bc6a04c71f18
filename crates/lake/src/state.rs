//! What the lake holds in memory: the lists of files and the tail, behind one short lock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow::error::ArrowError;
use forecourt_model::Move;

use crate::{
    DataFile, LakeSnapshot,
    catalogue::Loaded,
    snapshot::{EntityTable, event_schema},
    tables::{TABLES, Table},
    tail::Tail,
};

pub(crate) struct State {
    /// The catalogue's snapshot that the lists of files are of.
    pub snapshot_id: i64,
    pub events: Vec<Vec<Arc<DataFile>>>,
    pub tables: BTreeMap<&'static str, EntityTable>,
    pub tail: Tail,
    /// Every event below it is in files.
    pub flushed: u64,
    /// Every event below it is in files or in the tail.
    pub offset: u64,
    pub as_of_us: i64,
    /// When the first block came that files do not reach yet; wall clock, microseconds since 1970 UTC.
    pub oldest_us: Option<i64>,
    /// Merges whose rows in files have not been looked for yet.
    pub file_moves: Vec<Move>,
    /// Up to which offsets the entity tables were copied, by mark.
    pub marks: BTreeMap<String, u64>,
    /// Files that no snapshot lists any more but a reader may hold.
    pub retired: Vec<Arc<DataFile>>,
    seen: Option<Arc<LakeSnapshot>>,
}

impl State {
    pub fn new(loaded: Loaded) -> Self {
        Self {
            snapshot_id: loaded.snapshot_id,
            events: loaded.events,
            tables: entity_tables(loaded.tables),
            tail: Tail::default(),
            flushed: loaded.lake_offset,
            offset: loaded.lake_offset,
            as_of_us: 0,
            oldest_us: None,
            file_moves: Vec::new(),
            marks: loaded.marks,
            retired: Vec::new(),
            seen: None,
        }
    }

    /// What a query sees from now on; the same again until something changes.
    pub fn snapshot(&mut self) -> Result<Arc<LakeSnapshot>, ArrowError> {
        if let Some(seen) = &self.seen {
            return Ok(seen.clone());
        }
        let snapshot = Arc::new(LakeSnapshot {
            offset: self.offset,
            as_of_us: self.as_of_us,
            schema: event_schema(),
            files: self.events.clone(),
            tail: self.tail.by_bucket()?,
            tables: self.tables.clone(),
        });
        self.seen = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// To be called with every change.
    pub fn changed(&mut self) {
        self.seen = None;
    }

    pub fn files(&self) -> impl Iterator<Item = &Arc<DataFile>> {
        self.events.iter().flatten().chain(self.tables.values().flat_map(|table| table.files.iter()))
    }

    pub fn files_by_id(&self) -> HashMap<i64, Arc<DataFile>> {
        self.files().map(|file| (file.id, file.clone())).collect()
    }

    /// Puts `file` in the place of the listed one with its id.
    pub fn replace(&mut self, file: Arc<DataFile>) {
        if let Some(held) = self.events.iter_mut().flatten().find(|held| held.id == file.id) {
            *held = file;
        }
        self.seen = None;
    }

    /// Takes files off the lists; they stay on disk as long as a reader has them.
    pub fn retire(&mut self, ended: &[Arc<DataFile>]) {
        let is_ended = |file: &Arc<DataFile>| ended.iter().any(|ended| ended.id == file.id);
        for files in &mut self.events {
            files.retain(|file| !is_ended(file));
        }
        self.retired.extend_from_slice(ended);
        self.seen = None;
    }

    pub fn set_table(&mut self, table: &'static Table, files: Vec<Arc<DataFile>>) {
        if let Some(before) = self.tables.insert(table.name, EntityTable::new(table, files)) {
            self.retired.extend(before.files.iter().cloned());
        }
        self.seen = None;
    }
}

pub(crate) fn entity_tables(mut files: BTreeMap<&'static str, Vec<Arc<DataFile>>>) -> BTreeMap<&'static str, EntityTable> {
    TABLES
        .into_iter()
        .filter(|table| !table.by_bucket)
        .map(|table| (table.name, EntityTable::new(table, files.remove(table.name).unwrap_or_default())))
        .collect()
}
