//! One Parquet file of the lake, as a snapshot lists it.

use std::{path::PathBuf, sync::Arc};

use crate::Seal;

/// A file with those of its rows that no longer count.
///
/// While any copy of it is alive the file stays on disk, whatever the catalogue says meanwhile.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// The catalogue's `data_file_id`.
    pub id: i64,
    pub path: PathBuf,
    /// Rows in the file, deleted ones included.
    pub rows: u64,
    pub bytes: u64,
    /// Least and greatest `profile_id`; of `events` only, else the whole range.
    pub profile_ids: (i64, i64),
    /// Least and greatest `ts`, microseconds since 1970 UTC, inclusive; of `events` only, else the whole range.
    pub ts_us: (i64, i64),
    /// Positions of deleted rows, rising, counted from 0 through all row groups.
    pub deleted: Option<Arc<Vec<u64>>>,
    /// The part of `deleted` that the catalogue knows, with the id of its delete file.
    pub(crate) committed: Option<(i64, Arc<Vec<u64>>)>,
    /// Held by every copy, so that the last reader is known.
    pub(crate) on_disk: Arc<PathBuf>,
    /// To be checked before the file is read.
    pub seal: Arc<Seal>,
}

/// The range of a column that is not known.
pub(crate) const ANY: (i64, i64) = (i64::MIN, i64::MAX);

impl DataFile {
    pub fn deleted_rows(&self) -> u64 {
        self.deleted.as_ref().map_or(0, |positions| positions.len() as u64)
    }

    /// Rows that count.
    pub fn live_rows(&self) -> u64 {
        self.rows.saturating_sub(self.deleted_rows())
    }

    pub(crate) fn has_uncommitted(&self) -> bool {
        let committed = self.committed.as_ref().map_or(0, |(_, positions)| positions.len() as u64);
        committed < self.deleted_rows()
    }

    /// The same file with more of its rows deleted. `positions` need no order.
    pub(crate) fn with_deleted(&self, positions: &[u64]) -> Self {
        let mut all = self.deleted.as_ref().map_or_else(Vec::new, |held| held.to_vec());
        all.extend_from_slice(positions);
        all.sort_unstable();
        all.dedup();
        Self { deleted: (!all.is_empty()).then(|| Arc::new(all)), ..self.clone() }
    }

    /// Whether rows of `first_us ..= last_us` may be in it.
    pub fn overlaps(&self, first_us: i64, last_us: i64) -> bool {
        self.ts_us.0 <= last_us && first_us <= self.ts_us.1
    }
}
