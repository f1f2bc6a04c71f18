//! Other programs on the same catalogue: what they add is taken in, what they take away makes the writer start over.

use std::{collections::HashMap, sync::Arc};

use forecourt_store::StoreError;

use crate::{
    DataFile, Inner, LakeError,
    catalogue::{Change, Committed},
    flush::discard,
    state::{State, entity_tables},
};

impl Inner {
    /// Commits a change on top of the lists of files. The caller holds the work lock.
    ///
    /// Errors: [`LakeError::Overtaken`] when another program has taken rows away meanwhile.
    pub(crate) async fn commit(&self, change: Change) -> Result<Committed, LakeError> {
        loop {
            let base = self.state().snapshot_id;
            let committed = match self.catalogue.commit(base, &change, self.now_us()).await {
                Err(LakeError::Overtaken) => match self.catch_up().await {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                },
                done => done,
            };
            // After most errors the commit may have happened all the same (the answer was lost): the files stay,
            // and the next start removes them if the catalogue does not know them.
            if matches!(committed, Err(LakeError::Overtaken | LakeError::Catalogue(StoreError::Full(_)))) {
                change.tables.iter().for_each(|part| discard(part.written()));
            }
            return committed;
        }
    }

    /// Takes in the files that other programs added.
    ///
    /// Errors: [`LakeError::Overtaken`] when they took rows away, or when a commit of our own went through whose
    /// answer was lost: what is in memory leans on what was there before.
    async fn catch_up(&self) -> Result<(), LakeError> {
        let known = self.state().files_by_id();
        let loaded = self.catalogue.load(&known).await?;
        let mut state = self.state();
        let mut added: HashMap<i64, Arc<DataFile>> = loaded.events.iter().flatten().map(|file| (file.id, file.clone())).collect();
        let delete_id = |file: &DataFile| file.committed.as_ref().map(|(id, _)| *id);
        for held in state.events.iter().flatten() {
            if added.remove(&held.id).is_none_or(|file| delete_id(&file) != delete_id(held)) {
                return Err(LakeError::Overtaken);
            }
        }
        if loaded.lake_offset != state.flushed {
            return Err(LakeError::Overtaken);
        }
        for (bucket, files) in loaded.events.into_iter().enumerate() {
            state.events[bucket].extend(files.into_iter().filter(|file| added.contains_key(&file.id)));
        }
        state.tables = entity_tables(loaded.tables);
        state.marks = loaded.marks;
        state.snapshot_id = loaded.snapshot_id;
        state.changed();
        Ok(())
    }

    /// Forgets what is in memory and begins at the catalogue's newest snapshot, as after a crash.
    pub(crate) async fn start_over(&self) -> Result<(), LakeError> {
        tracing::warn!("another program changed rows of the lake: starting again from its catalogue");
        let _work = self.work.lock().await;
        let known = self.state().files_by_id();
        let loaded = self.catalogue.load(&known).await?;
        let mut state = self.state();
        let mut retired = std::mem::take(&mut state.retired);
        retired.extend(state.files().cloned());
        let as_of_us = state.as_of_us;
        *state = State::new(loaded);
        (state.retired, state.as_of_us) = (retired, as_of_us);
        drop(state);
        self.publish_flushed();
        Ok(())
    }
}
