//! Compaction: files of about one size in a bucket become one, without the rows that were deleted.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc, time::Duration};

use arrow::array::RecordBatch;
use forecourt_model::BUCKETS;
use rustc_hash::FxHashSet;
use tokio::sync::watch;

use crate::{
    DataFile, Inner, Lake, LakeError, Seal,
    catalogue::{Change, Delete, DeleteOf, TableChange},
    error::crash_point,
    flush::discard,
    order::{Keys, gather, order_of},
    parquet_in::{OpenFile, Rows, positions_where, selection_of, selection_without},
    parquet_out::{FileWriter, WrittenFile, sync_folders, write_delete_file},
    tables::EVENTS,
    threads,
};

/// A file of more rows is left as it is: it is cut by time well enough, and rewriting it costs more than it brings.
const ROWS_MAX: u64 = 8_000_000;
/// Rows gathered and written at a time.
const MERGE_ROWS: usize = 8_192;
const PAUSE: Duration = Duration::from_secs(2);

/// Files of one bucket that become one.
pub(crate) struct Plan {
    pub bucket: usize,
    pub inputs: Vec<Arc<DataFile>>,
    /// What is done to the rows on the way; `None` leaves them as they are.
    pub change: Option<ChangeRows>,
}

/// Gives rows other values, but in none of the columns that they are ordered by.
pub(crate) type ChangeRows = Arc<dyn Fn(RecordBatch) -> Result<RecordBatch, LakeError> + Send + Sync>;

impl Lake {
    /// Compacts what is worth it, bucket by bucket. Returns how many times files became one.
    pub async fn compact(&self) -> Result<usize, LakeError> {
        let mut done = 0;
        while let Some(plan) = self.inner.plan() {
            self.inner.compact(plan).await?;
            done += 1;
        }
        Ok(done)
    }

    /// Compacts and forgets now and then until `stop` turns true.
    pub(crate) async fn compact_until(self, mut stop: watch::Receiver<bool>) {
        let mut tidied = tokio::time::Instant::now();
        while !crate::follow::is_stopped(&mut stop) {
            let mut result = Ok(());
            if let Some(plan) = self.inner.plan() {
                result = self.inner.compact(plan).await;
                if result.is_ok() {
                    continue;
                }
            }
            if result.is_ok() && crate::janitor::EVERY <= tidied.elapsed() {
                tidied = tokio::time::Instant::now();
                result = self.tidy().await;
            }
            if let Err(error) = result {
                tracing::warn!(%error, "compaction waits");
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

impl Inner {
    /// The most worthwhile compaction: the smallest files first, for they are the most.
    fn plan(&self) -> Option<Plan> {
        let state = self.state();
        let mut best: Option<(u32, Plan)> = None;
        for bucket in 0..usize::from(BUCKETS) {
            let mut by_class: Vec<Vec<Arc<DataFile>>> = vec![Vec::new(); 24];
            for file in state.events[bucket].iter().filter(|file| file.live_rows() <= ROWS_MAX) {
                by_class[size_class(file) as usize].push(file.clone());
            }
            for (class, inputs) in (0..).zip(by_class) {
                let holey = inputs.iter().any(|file| file.rows < 4 * committed_rows(file));
                if (inputs.len() < self.options.compact_files && !holey) || best.as_ref().is_some_and(|(held, _)| *held <= class) {
                    continue;
                }
                best = Some((class, Plan { bucket, inputs, change: None }));
            }
        }
        best.map(|(_, plan)| plan)
    }

    /// Writes one file anew, without its deleted rows; nothing where it is gone by now.
    pub(crate) async fn rewrite(&self, bucket: usize, id: i64) -> Result<(), LakeError> {
        let held = self.state().events[bucket].iter().find(|file| file.id == id).cloned();
        match held {
            Some(file) => self.compact(Plan { bucket, inputs: vec![file], change: None }).await,
            None => Ok(()),
        }
    }

    /// Writes the plan's files as one and commits it in their place.
    pub(crate) async fn compact(&self, plan: Plan) -> Result<(), LakeError> {
        let (data_dir, field_ids) = (self.data_dir.clone(), self.catalogue.ids(EVENTS.name).column_ids.clone());
        let (inputs, change) = (plan.inputs.clone(), plan.change.clone());
        let merged = threads::blocking(move || {
            let mut writer = FileWriter::create(&data_dir, &EVENTS, Some(plan.bucket), &field_ids)?;
            merge(&inputs, |batch| match &change {
                Some(change) => writer.write(&change(batch)?),
                None => writer.write(&batch),
            })?;
            writer.finish()
        })
        .await?;
        crash_point!("lake_compacted");

        let work = self.work.lock().await;
        match self.exchange(&plan, merged).await {
            Err(LakeError::Overtaken) => {
                drop(work);
                self.start_over().await
            }
            done => done,
        }
    }

    /// Commits `merged` in the place of the plan's files. Rows that moved away since the merging began are deleted in it.
    async fn exchange(&self, plan: &Plan, merged: WrittenFile) -> Result<(), LakeError> {
        let now: Vec<Arc<DataFile>> = {
            let state = self.state();
            let held = |input: &Arc<DataFile>| state.events[plan.bucket].iter().find(|file| file.id == input.id).cloned();
            plan.inputs.iter().filter_map(held).collect()
        };
        if now.len() != plan.inputs.len() {
            // Somebody else has replaced them meanwhile.
            discard(std::iter::once(&merged));
            return Ok(());
        }
        let data_dir = self.data_dir.clone();
        let (inputs, ended, is_compaction) = (plan.inputs.clone(), now.clone(), plan.change.is_none());
        let (part, uncommitted) = threads::blocking(move || {
            let mut part = TableChange { is_compaction, ended, ..TableChange::new(&EVENTS) };
            let (committed, uncommitted) = deletes_since(&inputs, &now, &merged)?;
            if !committed.is_empty() {
                let written = write_delete_file(&data_dir, &EVENTS, &merged.path, &committed)?;
                part.deletes.push(Delete { of: DeleteOf::Added(0), positions: Arc::new(committed), written });
            }
            if merged.rows == 0 {
                discard(std::iter::once(&merged));
            } else {
                part.added.push(merged);
            }
            sync_folders(part.written())?;
            Ok((part, uncommitted))
        })
        .await?;
        let ended = part.ended.clone();
        let committed = self.commit(Change { tables: vec![part], ..Change::default() }).await?;
        let mut state = self.state();
        state.snapshot_id = committed.snapshot_id;
        state.retire(&ended);
        for (bucket, file) in committed.tables.into_iter().flat_map(|table| table.added) {
            let file = if uncommitted.is_empty() { file } else { Arc::new(file.with_deleted(&uncommitted)) };
            state.events[bucket.unwrap_or_default()].push(file);
        }
        state.changed();
        Ok(())
    }
}

/// Files of one class differ in size by less than eight times.
fn size_class(file: &DataFile) -> u32 {
    (1 + file.live_rows() / 512).ilog2() / 3
}

fn committed_rows(file: &DataFile) -> u64 {
    file.committed.as_ref().map_or(0, |(_, positions)| positions.len() as u64)
}

/// Merges the files' rows in order, but for those whose deletion is committed.
///
/// Rows whose deletion is not: their copies are in memory only, so that after a crash they are looked for again.
fn merge(inputs: &[Arc<DataFile>], mut write: impl FnMut(RecordBatch) -> Result<(), LakeError>) -> Result<(), LakeError> {
    let mut cursors = Vec::with_capacity(inputs.len());
    let mut heap = BinaryHeap::new();
    // Batches whose rows wait to be written, and where they are in `batches`.
    let mut batches: Vec<RecordBatch> = Vec::new();
    for file in inputs {
        let mut cursor = Cursor::open(file)?;
        if let Some(batch) = cursor.next_batch()? {
            heap.push(Reverse((Keys::of(&batch).key(0), cursors.len())));
            cursor.at = (batches.len(), 0);
            batches.push(batch);
            cursors.push(cursor);
        }
    }
    let mut places = Vec::with_capacity(MERGE_ROWS);
    while let Some(Reverse((_, which))) = heap.pop() {
        let (batch_at, row) = cursors[which].at;
        places.push((batch_at, row));
        cursors[which].at.1 += 1;
        if batches[batch_at].num_rows() == row + 1 {
            match cursors[which].next_batch()? {
                Some(batch) => {
                    cursors[which].at = (batches.len(), 0);
                    batches.push(batch);
                }
                None => cursors[which].is_done = true,
            }
        }
        if !cursors[which].is_done {
            let (batch_at, row) = cursors[which].at;
            heap.push(Reverse((Keys::of(&batches[batch_at]).key(row), which)));
        }
        if places.len() == MERGE_ROWS {
            write(gather(&batches, &places)?)?;
            places.clear();
            // Only the batches that a cursor is in are needed further.
            let mut kept = Vec::with_capacity(cursors.len());
            for cursor in cursors.iter_mut().filter(|cursor| !cursor.is_done) {
                kept.push(batches[cursor.at.0].clone());
                cursor.at.0 = kept.len() - 1;
            }
            batches = kept;
        }
    }
    if !places.is_empty() {
        write(gather(&batches, &places)?)?;
    }
    Ok(())
}

/// A place in one of the files that are merged.
struct Cursor {
    rows: Source,
    /// Index of its batch, and the row in it.
    at: (usize, usize),
    is_done: bool,
}

enum Source {
    Ordered(Box<Rows>),
    /// What was not written by us is put in order first.
    Loaded(Option<RecordBatch>),
}

impl Cursor {
    fn open(file: &DataFile) -> Result<Self, LakeError> {
        let open = OpenFile::open(file)?;
        let selection = file.committed.as_ref().map(|(_, deleted)| selection_without(deleted, open.rows()));
        let rows = open.read(&EVENTS, None, selection)?;
        let is_ours = file.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("forecourt-"));
        let rows = if is_ours {
            Source::Ordered(Box::new(rows))
        } else {
            let batches = rows.collect::<Result<Vec<_>, _>>()?;
            Source::Loaded(if batches.is_empty() { None } else { Some(gather(&batches, &order_of(&batches))?) })
        };
        Ok(Self { rows, at: (0, 0), is_done: false })
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        match &mut self.rows {
            Source::Ordered(rows) => rows.find(|batch| batch.as_ref().map_or(true, |batch| batch.num_rows() != 0)).transpose(),
            Source::Loaded(batch) => Ok(batch.take().filter(|batch| batch.num_rows() != 0)),
        }
    }
}

/// Positions in `merged` of the rows that were deleted of its inputs after `inputs` was read: committed ones, and others.
fn deletes_since(inputs: &[Arc<DataFile>], now: &[Arc<DataFile>], merged: &WrittenFile) -> Result<(Vec<u64>, Vec<u64>), LakeError> {
    let mut committed = FxHashSet::default();
    let mut uncommitted = FxHashSet::default();
    for (before, now) in inputs.iter().zip(now) {
        let none = Arc::new(Vec::new());
        let held = |file: &DataFile| file.committed.as_ref().map_or_else(|| none.clone(), |(_, positions)| positions.clone());
        let (gone, known) = (held(before), held(now));
        let newly: Vec<u64> = known.iter().copied().filter(|position| gone.binary_search(position).is_err()).collect();
        let others = now.deleted.clone().unwrap_or_default();
        let others: Vec<u64> = others.iter().copied().filter(|position| known.binary_search(position).is_err()).collect();
        committed.extend(row_keys(now, &newly)?);
        uncommitted.extend(row_keys(now, &others)?);
    }
    if committed.is_empty() && uncommitted.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let file = DataFile {
        id: -1,
        path: merged.path.clone(),
        rows: merged.rows,
        bytes: merged.bytes,
        profile_ids: crate::data_file::ANY,
        ts_us: crate::data_file::ANY,
        deleted: None,
        committed: None,
        on_disk: Arc::default(),
        seal: Arc::new(Seal::fresh(merged.path.clone(), merged.bytes, merged.crc32)),
    };
    let positions = |wanted: &FxHashSet<(i64, i64)>| {
        positions_where(&file, &EVENTS, &["profile_id", "log_offset"], None, |columns, row| match columns {
            [profile_ids, log_offsets] => wanted.contains(&(profile_ids.value(row), log_offsets.value(row))),
            _ => false,
        })
    };
    Ok((positions(&committed)?, positions(&uncommitted)?))
}

/// What names the rows at `positions` wherever they are: profile and log offset.
fn row_keys(file: &DataFile, positions: &[u64]) -> Result<Vec<(i64, i64)>, LakeError> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let open = OpenFile::open(file)?;
    let mut keys = Vec::with_capacity(positions.len());
    for batch in open.read(&EVENTS, None, Some(selection_of(positions, open.rows())))? {
        let batch = batch?;
        let columns = Keys::of(&batch);
        keys.extend(columns.profile_ids().iter().copied().zip(columns.log_offsets().iter().copied()));
    }
    Ok(keys)
}
