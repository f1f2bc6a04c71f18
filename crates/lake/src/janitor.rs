//! Keeping the disk clean: old snapshots are forgotten, and files go once nobody can want them.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{DataFile, Lake, LakeError, catalogue::CatalogueDb, tables::TABLES};

pub(crate) const EVERY: Duration = Duration::from_secs(60);

impl Lake {
    /// Forgets old snapshots, and removes files that none has any more and no query of this process reads.
    pub async fn tidy(&self) -> Result<(), LakeError> {
        let inner = &self.inner;
        let before_us = |keep: Duration| inner.now_us().saturating_sub(keep.as_micros() as i64);
        {
            let _work = inner.work.lock().await;
            inner.catalogue.expire(before_us(inner.options.keep_snapshots), inner.now_us()).await?;
        }
        if inner.holds_files() {
            return Ok(());
        }
        let held: HashSet<PathBuf> = {
            let mut state = inner.state();
            state.retired.retain(is_read);
            state.retired.iter().map(|file| file.path.clone()).collect()
        };
        let mut scheduled = inner.catalogue.scheduled(before_us(inner.options.keep_files)).await?;
        scheduled.retain(|file| !held.contains(&file.path) && remove(&file.path).is_ok());
        let _work = inner.work.lock().await;
        inner.catalogue.removed(&scheduled).await
    }
}

/// Whether a snapshot that somebody still has lists the file.
fn is_read(file: &Arc<DataFile>) -> bool {
    1 < Arc::strong_count(file) || 1 < Arc::strong_count(&file.on_disk)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a file of the lake that nobody needs stays");
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Removes files of ours that the catalogue does not know: a crash came between file and commit.
pub(crate) async fn remove_orphans(catalogue: &CatalogueDb, data_dir: &Path) -> Result<(), LakeError> {
    let known: HashSet<PathBuf> = catalogue.known_files().await?.into_iter().collect();
    let mut folders: Vec<PathBuf> = TABLES.iter().map(|table| data_dir.join(table.folder())).collect();
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(LakeError::io("list", &folder)(error)),
        };
        for entry in entries {
            let path = entry.map_err(LakeError::io("list", &folder))?.path();
            let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("forecourt-"));
            if path.is_dir() {
                folders.push(path);
            } else if is_ours && !known.contains(&path) {
                tracing::info!(path = %path.display(), "removing a file that a crash left behind");
                let _ = remove(&path);
            }
        }
    }
    Ok(())
}
