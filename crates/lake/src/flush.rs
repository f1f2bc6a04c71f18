//! From memory to files: one flush is one snapshot, with the offset that it reaches.

use std::sync::Arc;

use crate::{
    DataFile, Inner, Lake, LakeError,
    catalogue::{Change, TableChange},
    error::crash_point,
    order::{bucket_places, gather, order_of},
    parquet_out::{FileWriter, WrittenFile, sync_folders},
    relocate,
    tables::EVENTS,
    tail::Tail,
    threads,
};

/// Rows handed to the Parquet writer at a time.
const WRITE_ROWS: usize = 16_384;

impl Lake {
    /// Takes in all that the fold has done so far: from then on queries see it. Returns the offset that is seen.
    pub async fn take_in(&self) -> Result<u64, LakeError> {
        let _work = self.inner.work.lock().await;
        self.inner.follow_to_end().await?;
        relocate::apply(&self.inner).await?;
        Ok(self.inner.state().offset)
    }

    /// Takes in all that the fold has done so far and writes it to files. Returns the offset that the files reach.
    pub async fn flush(&self) -> Result<u64, LakeError> {
        let _work = self.inner.work.lock().await;
        self.inner.follow_to_end().await?;
        self.inner.flush().await
    }
}

impl Inner {
    /// Writes the rows in memory to files, and the deletes of rows that moved. The caller holds the work lock.
    pub(crate) async fn flush(&self) -> Result<u64, LakeError> {
        relocate::apply(self).await?;
        let (offset, flushed) = {
            let state = self.state();
            (state.offset, state.flushed)
        };
        if offset == flushed {
            return Ok(flushed);
        }
        let part = self.write_files().await?;
        crash_point!("lake_files_written");
        self.commit_flush(part, offset).await?;
        Ok(offset)
    }

    async fn write_files(&self) -> Result<TableChange, LakeError> {
        let (batches, changed) = {
            let mut state = self.state();
            let batches = state.tail.batches()?;
            let changed: Vec<Arc<DataFile>> = state.events.iter().flatten().filter(|file| file.has_uncommitted()).cloned().collect();
            (batches, changed)
        };
        let (data_dir, field_ids) = (self.data_dir.clone(), self.catalogue.ids(EVENTS.name).column_ids.clone());
        let threads = self.options.threads;
        threads::blocking(move || {
            let mut part = TableChange::new(&EVENTS);
            let order = order_of(&batches);
            let buckets = bucket_places(&batches, &order).into_iter().enumerate().filter(|(_, places)| !places.is_empty()).collect();
            let (files, written) = threads::each(threads, buckets, |(bucket, places)| {
                let mut writer = FileWriter::create(&data_dir, &EVENTS, Some(bucket), &field_ids)?;
                for places in places.chunks(WRITE_ROWS) {
                    writer.write(&gather(&batches, places)?)?;
                }
                writer.finish()
            });
            part.added = files;
            let (deletes, deleted) = threads::each(threads, changed, |file| relocate::write_deletes(&data_dir, &file));
            part.deletes = deletes;
            match written.and(deleted).and_then(|()| sync_folders(part.written())) {
                Ok(()) => Ok(part),
                Err(error) => {
                    discard(part.written());
                    Err(error)
                }
            }
        })
        .await
    }

    async fn commit_flush(&self, part: TableChange, offset: u64) -> Result<(), LakeError> {
        let committed = self.commit(Change { tables: vec![part], marks: vec![("lake_offset", offset)] }).await?;
        {
            let mut state = self.state();
            state.snapshot_id = committed.snapshot_id;
            for table in committed.tables {
                for (bucket, file) in table.added {
                    state.events[bucket.unwrap_or_default()].push(file);
                }
                for file in table.changed {
                    state.replace(file);
                }
            }
            state.tail = Tail::default();
            state.flushed = offset;
            state.oldest_us = None;
            state.changed();
        }
        self.publish_flushed();
        Ok(())
    }
}

/// Removes files that no catalogue will name. What cannot be removed now is an orphan, removed at the next start.
pub(crate) fn discard<'a>(files: impl Iterator<Item = &'a WrittenFile>) {
    for file in files {
        if let Err(error) = std::fs::remove_file(&file.path) {
            tracing::debug!(path = %file.path.display(), %error, "a file without a catalogue entry stays until the next start");
        }
    }
}
