//! Events that are kept no longer: their rows leave the lake for good.
//!
//! A file of which every row goes is taken off the lists as a whole. In others the rows are deleted first, so that
//! nobody sees them any more from one snapshot on, and the file is then written anew without them. The old files go with
//! the last snapshot that lists them (`janitor`).

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, TimestampMicrosecondType},
};

use crate::{
    DataFile, Inner, Lake, LakeError,
    catalogue::{Change, TableChange},
    flush::discard,
    parquet_in::OpenFile,
    parquet_out::sync_folders,
    relocate,
    tables::EVENTS,
    threads,
};

/// Until when events of a name are gone: microseconds since 1970 UTC; `None` where they stay.
pub type ExpiresBefore = Arc<dyn Fn(&str) -> Option<i64> + Send + Sync>;

/// What left the lake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    pub rows: u64,
    /// Files that went as a whole.
    pub whole_files: u64,
    /// Files that were written anew without the rows.
    pub rewritten_files: u64,
}

impl Lake {
    /// Takes out the events that are older than their name allows.
    ///
    /// * `latest_us`: no event from then on goes, whatever its name: spares looking into files.
    /// * `progress`: told the files done and the files there are.
    pub async fn expire(
        &self,
        before: ExpiresBefore,
        latest_us: i64,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Expired, LakeError> {
        let inner = &self.inner;
        // What is in memory is in files afterwards, as far as it goes.
        self.flush().await?;
        let mut expired = Expired::default();
        let old: Vec<(usize, i64)> = {
            let state = inner.state();
            let old = |file: &&Arc<DataFile>| file.ts_us.0 < latest_us;
            let files = state.events.iter().enumerate();
            files.flat_map(|(bucket, files)| files.iter().filter(old).map(move |file| (bucket, file.id))).collect()
        };
        let total = old.len() as u64;
        for (done, (bucket, id)) in (1..).zip(old) {
            if let Some(of_file) = inner.expire_in(bucket, id, &before).await? {
                expired.rows += of_file.rows;
                expired.whole_files += of_file.whole_files;
                expired.rewritten_files += of_file.rewritten_files;
                if 0 < of_file.rewritten_files {
                    inner.rewrite(bucket, id).await?;
                }
            }
            progress(done, total);
        }
        Ok(expired)
    }
}

impl Inner {
    /// Takes the rows of one file out; `None` where there is nothing to take out.
    async fn expire_in(&self, bucket: usize, id: i64, before: &ExpiresBefore) -> Result<Option<Expired>, LakeError> {
        let _work = self.work.lock().await;
        // Rows of merged profiles are moved first: those deletes must not be committed without their copies.
        relocate::apply(self).await?;
        if self.state().events[bucket].iter().any(|file| file.id == id && file.has_uncommitted()) {
            self.flush().await?;
        }
        let held = self.state().events[bucket].iter().find(|file| file.id == id).cloned();
        // Compacted meanwhile: the next run looks into the file that it became.
        let Some(file) = held else { return Ok(None) };
        if file.has_uncommitted() {
            return Ok(None);
        }
        let (searched, before) = (file.clone(), before.clone());
        let positions = threads::blocking(move || positions(&searched, &before)).await?;
        if positions.is_empty() {
            return Ok(None);
        }
        let rows = positions.len() as u64;
        let is_whole = self.take_out(file, positions).await?;
        Ok(Some(Expired { rows, whole_files: u64::from(is_whole), rewritten_files: u64::from(!is_whole) }))
    }

    /// Takes the rows at these positions out of a file, in a snapshot of its own. Returns whether the file went as a whole;
    /// otherwise its bytes still hold them. The caller holds the work lock, and no delete of the file is uncommitted.
    pub(crate) async fn take_out(&self, file: Arc<DataFile>, positions: Vec<u64>) -> Result<bool, LakeError> {
        let is_whole = positions.len() as u64 == file.live_rows();
        let mut part = TableChange::new(&EVENTS);
        if is_whole {
            part.ended.push(file.clone());
        } else {
            let (data_dir, shrunk) = (self.data_dir.clone(), Arc::new(file.with_deleted(&positions)));
            part = threads::blocking(move || {
                let delete = relocate::write_deletes(&data_dir, &shrunk)?;
                part.deletes.push(delete);
                if let Err(error) = sync_folders(part.written()) {
                    discard(part.written());
                    return Err(error);
                }
                Ok(part)
            })
            .await?;
        }
        let committed = self.commit(Change { tables: vec![part], ..Change::default() }).await?;
        let mut state = self.state();
        state.snapshot_id = committed.snapshot_id;
        if is_whole {
            state.retire(&[file]);
        }
        for changed in committed.tables.into_iter().flat_map(|table| table.changed) {
            state.replace(changed);
        }
        state.changed();
        Ok(is_whole)
    }
}

/// Positions of the rows that go; those that are deleted already are left out.
fn positions(file: &DataFile, before: &ExpiresBefore) -> Result<Vec<u64>, LakeError> {
    let open = OpenFile::open(file)?;
    let mut known: HashMap<String, Option<i64>> = HashMap::new();
    let (mut found, mut at) = (Vec::new(), 0);
    for batch in open.read(&EVENTS, Some(&["ts", "event"]), None)? {
        let batch = batch?;
        expired_rows(&batch, before, &mut known, |row| found.push(at + row as u64))?;
        at += batch.num_rows() as u64;
    }
    if let Some(deleted) = &file.deleted {
        found.retain(|position| deleted.binary_search(position).is_err());
    }
    Ok(found)
}

fn expired_rows(
    batch: &RecordBatch,
    before: &ExpiresBefore,
    known: &mut HashMap<String, Option<i64>>,
    mut found: impl FnMut(usize),
) -> Result<(), LakeError> {
    let times = batch["ts"].as_primitive::<TimestampMicrosecondType>();
    let names = cast(&batch["event"], &DataType::Utf8)?;
    let names = names.as_string::<i32>();
    for row in 0..batch.num_rows() {
        let name = names.value(row);
        if !known.contains_key(name) {
            known.insert(name.to_owned(), before(name));
        }
        let expires = known.get(name).copied().flatten();
        if times.is_valid(row) && expires.is_some_and(|before_us| times.value(row) < before_us) {
            found(row);
        }
    }
    Ok(())
}
