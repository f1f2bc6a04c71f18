//! Holding still what a backup copies, while everything goes on.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    Inner, Lake, LakeError, ListedFile,
    catalogue::{Catalogue, CatalogueDb},
};

/// While it lives no file of the lake leaves the disk, and until [`Hold::release_blocks`] the fold keeps the blocks that the
/// copied catalogue does not reach.
pub struct Hold {
    inner: Arc<Inner>,
    holds_blocks: bool,
}

impl Lake {
    pub fn hold(&self) -> Hold {
        let inner = self.inner.clone();
        inner.held_files.fetch_add(1, Ordering::SeqCst);
        inner.held_blocks.fetch_add(1, Ordering::SeqCst);
        Hold { inner, holds_blocks: true }
    }
}

impl Hold {
    /// Copies the catalogue into a new SQLite file, with the newest snapshot alone. Returns the files it lists.
    ///
    /// Errors: [`LakeError::Unreadable`] for a file outside of the lake's folder.
    pub async fn copy_catalogue(&self, to: &Path) -> Result<Vec<ListedFile>, LakeError> {
        let inner = &self.inner;
        inner.catalogue.copy_to(to).await?;
        let copy = CatalogueDb::open(&Catalogue::Sqlite(to.to_owned()), &inner.data_dir, inner.now_us()).await?;
        copy.forget_past(inner.now_us()).await?;
        let files = copy.listed().await?;
        copy.close().await;
        if let Some(elsewhere) = files.iter().find(|file| file.name.is_none()) {
            let told = format!("{} is outside of the lake's folder: rewrite its table into the lake first", elsewhere.path.display());
            return Err(LakeError::Unreadable(told));
        }
        Ok(files)
    }

    /// To be called once the state is copied: the fold may drop blocks again.
    pub fn release_blocks(&mut self) {
        if std::mem::take(&mut self.holds_blocks) {
            self.inner.held_blocks.fetch_sub(1, Ordering::SeqCst);
            self.inner.publish_flushed();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.release_blocks();
        self.inner.held_files.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Inner {
    /// Tells the fold which blocks the files reach, unless a copy under way still needs them.
    pub(crate) fn publish_flushed(&self) {
        if self.held_blocks.load(Ordering::SeqCst) == 0 {
            let flushed = self.state().flushed;
            self.flushed.send_replace(flushed);
        }
    }

    pub(crate) fn holds_files(&self) -> bool {
        self.held_files.load(Ordering::SeqCst) != 0
    }
}
