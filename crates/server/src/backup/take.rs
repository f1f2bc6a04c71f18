//! Taking a backup, while everything goes on.
//!
//! The order is what makes the parts fit: the lake's catalogue first, then the state, which holds the blocks that the
//! catalogue does not reach; then the log, which holds at least what the state has folded; what was sent comes last, so
//! that no attempt is missing that the state knows of.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context as _, bail};
use forecourt_lake::{Catalogue, Hold, Inspection, Lake, ListedFile};
use forecourt_log::{Cut, Log};
use forecourt_store::{Database, Place, Store, control::Control};
use tempfile::TempDir;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::{CONTENTS, Contents, DatabaseKind, FORMAT, HEAD, Head, POSTGRES_DUMP, archive::Writer};
use crate::{checkpoints::Checkpoints, clock::now_us, folder::Folder};

/// What a backup is taken of. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Taking {
    pub folder: Folder,
    pub log: Log,
    pub store: Store,
    pub control: Control,
    pub lake: Lake,
    pub checkpoints: Checkpoints,
    /// The PostgreSQL that the databases are on; empty for SQLite.
    pub url: String,
    pub copying: Copying,
}

/// Copies under way: while there are any, the log is not trimmed, and its files are not written anew.
#[derive(Clone, Default)]
pub struct Copying {
    under_way: Arc<AtomicU32>,
    files: Arc<RwLock<()>>,
}

struct Under {
    copying: Copying,
    _files: OwnedRwLockReadGuard<()>,
}

impl Copying {
    pub fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::SeqCst) != 0
    }

    /// While the result lives, files of the log may be written anew: waits for copies, and copies wait for it.
    pub async fn rewriting(&self) -> OwnedRwLockWriteGuard<()> {
        self.files.clone().write_owned().await
    }

    async fn begin(&self) -> Under {
        let files = self.files.clone().read_owned().await;
        self.under_way.fetch_add(1, Ordering::SeqCst);
        Under { copying: self.clone(), _files: files }
    }
}

impl Drop for Under {
    fn drop(&mut self) {
        self.copying.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub end_offset: u64,
    /// Before compression.
    pub bytes: u64,
    pub files: usize,
}

impl Taking {
    /// Writes a backup to `out`, which the caller makes durable.
    ///
    /// * `with_secrets`: the keys too. Whoever has them and the backup has everything.
    /// * `told`: called with bytes done and bytes there are, both before compression.
    pub async fn write<W: Write + Send + 'static>(
        self,
        out: W,
        with_secrets: bool,
        told: impl FnMut(u64, u64) + Send + 'static,
    ) -> anyhow::Result<(Taken, W)> {
        // Files are read and packed where blocking is allowed; the databases are asked from there.
        let here = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || here.block_on(self.write_here(out, with_secrets, told))).await?
    }

    async fn write_here<W: Write>(self, out: W, with_secrets: bool, mut told: impl FnMut(u64, u64)) -> anyhow::Result<(Taken, W)> {
        let scratch =
            tempfile::Builder::new().prefix("backup-").tempdir_in(self.folder.root()).context("cannot make a folder for copies")?;
        let _copying = self.copying.begin().await;
        let mut hold = self.lake.hold();
        let total = self.estimate();
        let mut told = |done: u64| told(done, total.max(done));
        let mut archive = Writer::new(out)?;
        let head = Head {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            taken_us: now_us(),
            database: if self.url.is_empty() { DatabaseKind::Sqlite } else { DatabaseKind::Postgres },
            state_format: Store::MIGRATIONS,
            control_format: Control::MIGRATIONS,
            has_secrets: with_secrets,
        };
        let text = serde_json::to_vec_pretty(&head)?;
        archive.add(HEAD, text.len() as u64, &text[..], &mut |_| {})?;

        let (files, folded_offset) = match self.url.as_str() {
            "" => self.sqlite(&mut archive, &mut hold, &scratch, &mut told).await?,
            url => self.postgres(url, &mut archive, &mut hold, &scratch, &mut told).await?,
        };
        let cut = self.log.cut()?;
        let is_rewritten = !self.store.erasures().await?.is_empty();
        self.log_files(&mut archive, &cut, is_rewritten, &mut told)?;
        for file in &files {
            let name = file.name.as_deref().context("a file outside of the lake's folder")?;
            add_file(&mut archive, &format!("lake/data/{name}"), &file.path, &mut told)?;
        }
        if with_secrets {
            for name in sorted_names(&self.folder.root().join("secrets"))? {
                add_file(&mut archive, &format!("secrets/{name}"), &self.folder.secret(&name), &mut told)?;
            }
        }
        if self.url.is_empty() {
            self.attempts(&mut archive, &scratch, &mut told).await?;
        }
        let contents = Contents { end_offset: cut.end_offset, folded_offset, files: archive.entries().to_vec() };
        let text = serde_json::to_vec_pretty(&contents)?;
        archive.add(CONTENTS, text.len() as u64, &text[..], &mut |_| {})?;
        let bytes = contents.files.iter().map(|file| file.bytes).sum();
        let taken = Taken { end_offset: cut.end_offset, bytes, files: contents.files.len() };
        Ok((taken, archive.finish()?))
    }

    /// Bytes that are likely to be read.
    fn estimate(&self) -> u64 {
        let length = |path: PathBuf| fs::metadata(path).map_or(0, |found| found.len());
        let lake = self.lake.snapshot().map_or(0, |snapshot| snapshot.file_bytes());
        self.log.bytes() + lake + length(self.folder.state()) + length(self.folder.control()) + length(self.folder.lake_catalogue())
    }

    /// Catalogue, state and accounts, each copied and gone again before the next.
    async fn sqlite<W: Write>(
        &self,
        archive: &mut Writer<W>,
        hold: &mut Hold,
        scratch: &TempDir,
        told: &mut dyn FnMut(u64),
    ) -> anyhow::Result<(Vec<ListedFile>, u64)> {
        let copy = |name: &str| scratch.path().join(name);
        let catalogue = copy("catalogue.sqlite");
        let files = hold.copy_catalogue(&catalogue).await.context("cannot copy the lake's catalogue")?;
        let state = copy("state.sqlite");
        let copied = self.store.copy_to(&Place::Sqlite(state.clone())).await.context("cannot copy the state")?;
        let folded_offset = copied.folded_offset().await?;
        copied.close().await;
        hold.release_blocks();
        take_copy(archive, "lake/catalogue.sqlite", &catalogue, told)?;
        take_copy(archive, "state.sqlite", &state, told)?;
        let control = copy("control.sqlite");
        self.control.copy_to(&control).await.context("cannot copy the accounts")?;
        take_copy(archive, "control.sqlite", &control, told)?;
        Ok((files, folded_offset))
    }

    /// All three databases as of one moment, by PostgreSQL's own program.
    async fn postgres<W: Write>(
        &self,
        url: &str,
        archive: &mut Writer<W>,
        hold: &mut Hold,
        scratch: &TempDir,
        told: &mut dyn FnMut(u64),
    ) -> anyhow::Result<(Vec<ListedFile>, u64)> {
        let dump = scratch.path().join(POSTGRES_DUMP);
        let mut command = Command::new("pg_dump");
        command.args(["--format=custom", "--compress=0", "--no-owner", "--no-privileges", "--schema=forecourt_*"]);
        command.args(["--exclude-schema=forecourt_checkpoint_*", "--exclude-schema=forecourt_scratch_*"]).arg("--file").arg(&dump);
        command.arg(url);
        let output = command.output().context("a backup of PostgreSQL needs `pg_dump`: install the package postgresql-client")?;
        if !output.status.success() {
            bail!("pg_dump failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        hold.release_blocks();
        // What the dump lists was on the disk then, and stays while we hold it: files that were added since are too many,
        // which does no harm.
        let place = Catalogue::Postgres { url: url.to_owned(), schema: "forecourt_lake".to_owned() };
        let data = fs::canonicalize(self.folder.lake_data())?;
        let inspection = Inspection::open(&place, &data).await?.context("the lake has no catalogue")?;
        let files = inspection.all_files().await?;
        inspection.close().await;
        take_copy(archive, POSTGRES_DUMP, &dump, told)?;
        Ok((files.into_iter().filter(|file| file.path.exists()).collect(), self.store.folded_offset().await?))
    }

    /// * `is_rewritten`: whether records of erased people are overwritten in it.
    fn log_files<W: Write>(&self, archive: &mut Writer<W>, cut: &Cut, is_rewritten: bool, told: &mut dyn FnMut(u64)) -> anyhow::Result<()> {
        if (0 < cut.first_offset || is_rewritten)
            && let Some(checkpoint) = self.checkpoints.oldest_file(cut.first_offset)?
        {
            // The log alone does not say everything from the beginning: a replay needs something to go on from.
            let name = checkpoint.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            add_file(archive, &format!("checkpoints/{name}"), &checkpoint, told)?;
        }
        for (path, bytes) in &cut.files {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            archive.add(&format!("log/{name}"), *bytes, file, told)?;
        }
        Ok(())
    }

    /// What was sent, and what came of it.
    async fn attempts<W: Write>(&self, archive: &mut Writer<W>, scratch: &TempDir, told: &mut dyn FnMut(u64)) -> anyhow::Result<()> {
        let (path, copy) = (self.folder.attempts(), scratch.path().join("attempts.sqlite"));
        if path.exists() {
            let db = Database::sqlite_read_only(&path).await?;
            db.copy_to(&copy).await.context("cannot copy what was sent")?;
            db.close().await;
            take_copy(archive, "attempts.sqlite", &copy, told)?;
        }
        Ok(())
    }
}

/// Adds a copy and removes it: two of them need not be on the disk at once.
fn take_copy<W: Write>(archive: &mut Writer<W>, name: &str, copy: &Path, told: &mut dyn FnMut(u64)) -> anyhow::Result<()> {
    add_file(archive, name, copy, told)?;
    fs::remove_file(copy).with_context(|| format!("cannot remove {}", copy.display()))
}

fn add_file<W: Write>(archive: &mut Writer<W>, name: &str, path: &Path, told: &mut dyn FnMut(u64)) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let bytes = file.metadata()?.len();
    archive.add(name, bytes, file, told).with_context(|| format!("cannot write {name} into the backup"))
}

fn sorted_names(dir: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| dir.join(name).is_file() && !name.ends_with(".new"));
    names.sort_unstable();
    Ok(names)
}
