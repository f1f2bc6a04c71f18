//! A person's events out of the lake: of its rows, and of its files, the old ones too.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::array::Int64Array;
use forecourt_model::FragmentId;

use crate::{
    DataFile, Inner, Lake, LakeError,
    parquet_in::{OpenFile, positions_where, selection_of},
    relocate,
    tables::EVENTS,
    threads,
};

/// The fragments whose events go: for each the log offset before which it was the erased person's. What came later is
/// somebody new's.
#[derive(Debug, Clone, Default)]
pub struct Erasing {
    until: BTreeMap<i64, u64>,
}

impl Erasing {
    pub fn add(&mut self, fragment: FragmentId, until: u64) {
        let held = self.until.entry(fragment.0).or_default();
        *held = until.max(*held);
    }

    /// Whether a row of the fragment at the log offset goes.
    fn takes(&self, fragment_id: i64, log_offset: i64) -> bool {
        self.until.get(&fragment_id).is_some_and(|until| log_offset < *until as i64)
    }

    /// Living rows of a fragment are under the id of one of the person's fragments: profiles are named after those.
    fn profile_ids(&self) -> Vec<i64> {
        self.until.keys().copied().collect()
    }

    /// Deleted rows may be under any id: that of a profile which the fragment was once a part of.
    fn may_be_in(&self, file: &DataFile) -> bool {
        file.deleted.is_some() || self.until.range(file.profile_ids.0..=file.profile_ids.1).next().is_some()
    }

    /// Positions of the rows that go, deleted ones among them: their bytes are there all the same.
    fn positions(&self, file: &DataFile) -> Result<Vec<u64>, LakeError> {
        let all = DataFile { deleted: None, ..file.clone() };
        let ranges = match file.deleted {
            Some(_) => None,
            None => Some(OpenFile::open(file)?.ranges_with("profile_id", &self.profile_ids())),
        };
        positions_where(&all, &EVENTS, &["fragment_id", "log_offset"], ranges, |columns, row| match columns {
            [fragments, offsets] => self.takes(fragments.value(row), offsets.value(row)),
            _ => false,
        })
    }
}

/// What was done with a file.
enum Seen {
    /// It holds nothing of the person.
    Clean,
    /// So many rows went; it is gone, or written anew.
    Rewritten(u64),
}

impl Lake {
    /// Log offsets of the events that [`Lake::erase`] takes out.
    pub async fn offsets_of(&self, erasing: &Erasing) -> Result<BTreeSet<u64>, LakeError> {
        self.flush().await?;
        let files: Vec<Arc<DataFile>> = {
            let state = self.inner.state();
            state.events.iter().flatten().filter(|file| erasing.may_be_in(file)).cloned().collect()
        };
        let (erasing, threads) = (erasing.clone(), self.inner.options.threads);
        threads::blocking(move || {
            let (found, done) = threads::each(threads, files, |file| offsets(&file, &erasing));
            done.map(|()| found.into_iter().flatten().collect())
        })
        .await
    }

    /// Takes the person's events out of all files that are listed: nobody sees them from the first snapshot on, and no listed
    /// file holds their bytes at the end. May be repeated at will. Returns how many rows went.
    ///
    /// Older snapshots still have the old files: see [`Lake::forget_past`].
    ///
    /// * `told`: called with the files done and the files there are; says whether to go on.
    ///
    /// Errors: [`LakeError::Stopped`] where it was told not to.
    pub async fn erase(&self, erasing: &Erasing, mut told: impl FnMut(u64, u64) -> bool + Send) -> Result<u64, LakeError> {
        let mut rows = 0;
        // Compaction and merges go on meanwhile: what they have written since is looked at in the next pass.
        loop {
            self.flush().await?;
            let candidates: Vec<(usize, i64)> = {
                let state = self.inner.state();
                let files = state.events.iter().enumerate();
                files
                    .flat_map(|(bucket, files)| files.iter().filter(|file| erasing.may_be_in(file)).map(move |file| (bucket, file.id)))
                    .collect()
            };
            let (total, mut is_clean) = (candidates.len() as u64, true);
            for (done, (bucket, id)) in (1..).zip(candidates) {
                if let Seen::Rewritten(gone) = self.inner.erase_in(bucket, id, erasing).await? {
                    (rows, is_clean) = (rows + gone, false);
                    self.inner.rewrite(bucket, id).await?;
                }
                if !told(done, total) {
                    return Err(LakeError::Stopped("the erasing was told to stop".into()));
                }
            }
            if is_clean {
                return Ok(rows);
            }
        }
    }

    /// Forgets every snapshot but the newest, so that the files which only they had can go. Returns the time by which
    /// [`Lake::is_past_gone`] knows them.
    pub async fn forget_past(&self) -> Result<i64, LakeError> {
        const SECOND_US: i64 = 1_000_000;
        let inner = &self.inner;
        let _work = inner.work.lock().await;
        let now_us = inner.now_us();
        inner.catalogue.expire(now_us.saturating_add(SECOND_US), now_us).await?;
        Ok(now_us)
    }

    /// Removes files that nobody can want any more; says whether those are gone that were forgotten by `until_us`. They stay
    /// for as long as an outside reader may be at them.
    pub async fn is_past_gone(&self, until_us: i64) -> Result<bool, LakeError> {
        self.tidy().await?;
        Ok(self.inner.catalogue.scheduled(until_us.saturating_add(1)).await?.is_empty())
    }

    /// Writes the catalogue anew, so that nothing of what was deleted is left in its file.
    pub async fn scrub_catalogue(&self) -> Result<(), LakeError> {
        let _work = self.inner.work.lock().await;
        self.inner.catalogue.scrub().await
    }
}

impl Inner {
    async fn erase_in(&self, bucket: usize, id: i64, erasing: &Erasing) -> Result<Seen, LakeError> {
        let _work = self.work.lock().await;
        // Rows of merged profiles are moved first: those deletes must not be committed without their copies.
        relocate::apply(self).await?;
        if self.state().events[bucket].iter().any(|file| file.id == id && file.has_uncommitted()) {
            self.flush().await?;
        }
        let held = self.state().events[bucket].iter().find(|file| file.id == id).cloned();
        // Compacted meanwhile: the next pass looks into the file that it became.
        let Some(file) = held else { return Ok(Seen::Rewritten(0)) };
        let (searched, wanted) = (file.clone(), erasing.clone());
        let found = threads::blocking(move || wanted.positions(&searched)).await?;
        if found.is_empty() {
            return Ok(Seen::Clean);
        }
        let is_deleted = |position: &u64| file.deleted.as_ref().is_some_and(|deleted| deleted.binary_search(position).is_ok());
        let living: Vec<u64> = found.into_iter().filter(|position| !is_deleted(position)).collect();
        let rows = living.len() as u64;
        if rows != 0 {
            self.take_out(file, living).await?;
        }
        Ok(Seen::Rewritten(rows))
    }
}

fn offsets(file: &DataFile, erasing: &Erasing) -> Result<Vec<u64>, LakeError> {
    let positions = erasing.positions(file)?;
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let open = OpenFile::open(file)?;
    let mut found = Vec::with_capacity(positions.len());
    for batch in open.read(&EVENTS, Some(&["log_offset"]), Some(selection_of(&positions, open.rows())))? {
        let batch = batch?;
        let offsets = batch.column(0).as_any().downcast_ref::<Int64Array>();
        found.extend(offsets.into_iter().flat_map(|offsets| offsets.values().iter().map(|offset| *offset as u64)));
    }
    Ok(found)
}
