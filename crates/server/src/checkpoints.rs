//! Copies of the store at an offset: what a replay starts from, and behind which the log may be trimmed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use forecourt_log::Log;
use forecourt_store::{Place, Store};
use tokio::sync::watch;

use crate::backup::take::Copying;

/// How many checkpoints are kept; older ones go when a new one stands.
const KEPT: usize = 2;
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Where checkpoints are: files of a folder, or schemas of the store's database.
#[derive(Debug, Clone)]
pub enum Checkpoints {
    Files(PathBuf),
    Schemas { url: String },
}

/// When checkpoints are taken, and what of the log is kept.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// Records folded between two checkpoints; 0 for none.
    pub records: u64,
    /// The log is trimmed behind the oldest checkpoint while it is larger than this; 0 to keep all of it.
    pub log_bytes_max: u64,
}

const SCHEMA_PREFIX: &str = "forecourt_checkpoint_";

impl Checkpoints {
    /// * `root`: the data folder; `url`: the PostgreSQL that the store is on, if it is.
    pub fn of(root: &Path, url: &str) -> Self {
        if url.is_empty() { Self::Files(root.join("checkpoints")) } else { Self::Schemas { url: url.to_owned() } }
    }

    fn place(&self, offset: u64) -> Place {
        match self {
            Self::Files(dir) => Place::Sqlite(dir.join(format!("{offset:020}.sqlite"))),
            Self::Schemas { url } => Place::Postgres { url: url.clone(), schema: format!("{SCHEMA_PREFIX}{offset:020}") },
        }
    }

    /// A place for a copy that serves once; what an interrupted run left there is removed.
    pub async fn scratch(&self, name: &str) -> anyhow::Result<Place> {
        match self {
            Self::Files(dir) => {
                fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
                for suffix in ["", "-wal", "-shm"] {
                    // Usually there is none.
                    let _ = fs::remove_file(dir.join(format!("{name}.scratch{suffix}")));
                }
                Ok(Place::Sqlite(dir.join(format!("{name}.scratch"))))
            }
            Self::Schemas { url } => {
                let place = Place::Postgres { url: url.clone(), schema: format!("forecourt_scratch_{name}") };
                Store::open(&place).await?.destroy().await?;
                Ok(place)
            }
        }
    }

    /// Offsets of the checkpoints that stand, rising.
    pub async fn list(&self, store: &Store) -> anyhow::Result<Vec<u64>> {
        let mut offsets = match self {
            Self::Files(dir) => match fs::read_dir(dir) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                entries => {
                    let names = entries?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
                    let names: Vec<String> = names.collect::<Result<_, _>>()?;
                    names.iter().filter_map(|name| name.strip_suffix(".sqlite")?.parse().ok()).collect()
                }
            },
            Self::Schemas { .. } => {
                let names = store.schemas(SCHEMA_PREFIX).await?;
                names.iter().filter_map(|name| name.strip_prefix(SCHEMA_PREFIX)?.parse().ok()).collect::<Vec<u64>>()
            }
        };
        offsets.sort_unstable();
        Ok(offsets)
    }

    /// The file of the oldest checkpoint that is not before `offset`; none on PostgreSQL.
    pub fn oldest_file(&self, offset: u64) -> anyhow::Result<Option<PathBuf>> {
        let Self::Files(dir) = self else { return Ok(None) };
        if !dir.is_dir() {
            return Ok(None);
        }
        let names = fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        let offsets = names.iter().filter_map(|name| name.strip_suffix(".sqlite")?.parse::<u64>().ok());
        Ok(offsets.filter(|at| offset <= *at).min().map(|at| dir.join(format!("{at:020}.sqlite"))))
    }

    /// Takes a checkpoint; it stands under its name only once it is whole. Returns its offset.
    pub async fn take(&self, store: &Store) -> anyhow::Result<u64> {
        let scratch = self.scratch("taking").await?;
        let copy = store.copy_to(&scratch).await.context("cannot take a checkpoint")?;
        let offset = copy.folded_offset().await?;
        copy.close().await;
        match (&scratch, self.place(offset)) {
            (Place::Sqlite(from), Place::Sqlite(to)) => {
                fs::File::open(from)?.sync_all()?;
                fs::rename(from, to)?;
            }
            (Place::Postgres { schema: from, .. }, Place::Postgres { schema: to, .. }) => store.rename_schema(from, &to).await?,
            _ => anyhow::bail!("a checkpoint is on the same kind of database as the store"),
        }
        let standing = self.list(store).await?;
        for old in standing.iter().rev().skip(KEPT) {
            self.remove(*old).await?;
        }
        Ok(offset)
    }

    /// Takes a checkpoint that all replays begin from: those before it go.
    pub async fn begin_anew(&self, store: &Store) -> anyhow::Result<()> {
        let offset = self.take(store).await?;
        for old in self.list(store).await?.into_iter().filter(|old| *old < offset) {
            self.remove(old).await?;
        }
        Ok(())
    }

    async fn remove(&self, offset: u64) -> anyhow::Result<()> {
        match self.place(offset) {
            Place::Sqlite(path) => fs::remove_file(path)?,
            place @ Place::Postgres { .. } => Store::open(&place).await?.destroy().await?,
        }
        Ok(())
    }

    /// A copy, for a replay to go on from, of the oldest checkpoint that the log still reaches; an empty store if there is none.
    pub async fn base(&self, store: &Store, log: &Log) -> anyhow::Result<Store> {
        let scratch = self.scratch("replay").await?;
        let oldest = self.list(store).await?.into_iter().find(|offset| log.first_offset() <= *offset);
        match (oldest, &scratch) {
            (None, _) => Ok(Store::open(&scratch).await?),
            (Some(offset), Place::Sqlite(to)) => {
                if let Place::Sqlite(from) = self.place(offset) {
                    fs::copy(&from, to).with_context(|| format!("cannot copy {}", from.display()))?;
                }
                Ok(Store::open(&scratch).await?)
            }
            (Some(offset), Place::Postgres { .. }) => {
                let from = Store::open(&self.place(offset)).await?;
                let copy = from.copy_to(&scratch).await?;
                from.close().await;
                Ok(copy)
            }
        }
    }
}

/// Takes checkpoints in their rhythm and trims the log behind the oldest, but never under a copy.
pub async fn run(
    checkpoints: Checkpoints,
    rhythm: Rhythm,
    store: Store,
    log: Log,
    lake_offset: watch::Receiver<u64>,
    copying: Copying,
    mut stop: watch::Receiver<bool>,
) {
    if rhythm.records == 0 {
        return;
    }
    loop {
        let in_files = *lake_offset.borrow();
        if let Err(error) = look(&checkpoints, rhythm, &store, &log, in_files, &copying).await {
            tracing::warn!(error = format!("{error:#}"), "no checkpoint was taken, trying again in a minute");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn look(
    checkpoints: &Checkpoints,
    rhythm: Rhythm,
    store: &Store,
    log: &Log,
    lake_offset: u64,
    copying: &Copying,
) -> anyhow::Result<()> {
    let mut standing = checkpoints.list(store).await?;
    let last = standing.last().copied().unwrap_or(0);
    if last + rhythm.records <= store.folded_offset().await? {
        let offset = checkpoints.take(store).await?;
        tracing::info!(offset, "a checkpoint stands");
        standing = checkpoints.list(store).await?;
    }
    if copying.is_under_way() {
        return Ok(());
    }
    if let Some(oldest) = standing.first().filter(|_| rhythm.log_bytes_max != 0 && rhythm.log_bytes_max < log.bytes()) {
        log.trim((*oldest).min(lake_offset))?;
    }
    Ok(())
}
