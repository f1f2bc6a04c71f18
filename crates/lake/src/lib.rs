//! The lake: what happened, as Parquet files under a DuckLake catalogue that any DuckDB can attach.
//!
//! The writer follows the fold: `follow` joins the fold's blocks with the log, the rows wait in the `tail`, where
//! queries see them at once; `flush` writes them as files and commits them with the offset they reach; `relocate` moves
//! the rows of merged profiles; `channels` decides channels anew; `compact` keeps files few; `entities` copies leads, orders,
//! calls, costs and profiles out of the store; `expire` takes out what is kept no longer, `erase` a person; `janitor` forgets old snapshots and
//! removes their files.

mod catalogue;
mod channels;
mod compact;
mod concurrent;
mod data_file;
mod entities;
mod erase;
mod error;
mod event_columns;
mod expire;
mod flush;
mod follow;
mod hold;
mod janitor;
mod moves;
mod order;
mod parquet_in;
mod parquet_out;
mod relocate;
mod seal;
mod snapshot;
mod state;
pub mod tables;
mod tail;
mod threads;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU32},
    time::{Duration, SystemTime},
};

use forecourt_log::Log;
use forecourt_model::Handover;
use forecourt_store::Store;
use tokio::sync::watch;

pub use catalogue::{Catalogue, Inspection, ListedFile};
pub use channels::Rewriting;
pub use data_file::DataFile;
pub use erase::Erasing;
pub use error::LakeError;
pub use expire::{Expired, ExpiresBefore};
pub use hold::Hold;
pub use seal::Seal;
pub use snapshot::{EntityTable, LakeSnapshot};

use catalogue::CatalogueDb;
use state::State;

/// How a lake behaves. Take the [`Default`] and change what matters.
#[derive(Debug, Clone)]
pub struct LakeOptions {
    /// Country whose notation a phone without a country code is in: the fold's.
    pub region: String,
    /// So many rows in memory are written at once.
    pub flush_rows: usize,
    /// So many bytes of rows in memory are written at once.
    pub flush_bytes: usize,
    /// Rows in memory are written when the oldest is this old; a handful of rows waits ten times as long, for each
    /// flush makes up to sixteen files. Queries see rows in memory all the same.
    pub flush_after: Duration,
    /// So many files of about one size in a bucket become one.
    pub compact_files: usize,
    /// How long outside readers can go back in time.
    pub keep_snapshots: Duration,
    /// How long a file stays on disk after the last snapshot with it is forgotten: an outside reader may be at it.
    pub keep_files: Duration,
    /// Least time between two rewrites of `leads`, `orders`, `calls` and `ad_costs`; large tables are rewritten less often.
    pub entities_every: Duration,
    /// The same for `profiles`.
    pub profiles_every: Duration,
    /// Threads that write and compact files.
    pub threads: usize,
    /// The wall clock: microseconds since 1970 UTC.
    pub now_us: fn() -> i64,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self {
            region: "ZZ".into(),
            flush_rows: 100_000,
            flush_bytes: 64 << 20,
            flush_after: Duration::from_secs(30),
            compact_files: 8,
            keep_snapshots: Duration::from_secs(3600),
            keep_files: Duration::from_secs(300),
            entities_every: Duration::from_secs(2),
            profiles_every: Duration::from_secs(60),
            threads: std::thread::available_parallelism().map_or(2, |threads| threads.get().min(4)),
            now_us: wall_clock_us,
        }
    }
}

fn wall_clock_us() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

/// A handle to the lake; cloning gives another to the same. One process writes a lake.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

struct Inner {
    catalogue: CatalogueDb,
    data_dir: PathBuf,
    log: Log,
    store: Store,
    options: LakeOptions,
    state: Mutex<State>,
    /// Whoever takes rows in or commits a snapshot holds it. Queries never wait for it.
    work: tokio::sync::Mutex<()>,
    flushed: watch::Sender<u64>,
    /// Copies under way that need every file to stay, and that need blocks to stay.
    held_files: AtomicU32,
    held_blocks: AtomicU32,
    handover: Arc<Handover>,
}

impl Lake {
    /// Opens the lake, creates it if absent. Files that a crash left without an entry in the catalogue are removed.
    ///
    /// * `data_dir`: the folder of the Parquet files.
    pub async fn open(catalogue: Catalogue, data_dir: &Path, log: Log, store: Store, options: LakeOptions) -> Result<Self, LakeError> {
        fs::create_dir_all(data_dir).map_err(LakeError::io("create the folder", data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(LakeError::io("find", data_dir))?;
        let catalogue = CatalogueDb::open(&catalogue, &data_dir, (options.now_us)()).await?;
        let loaded = catalogue.load(&Default::default()).await?;
        janitor::remove_orphans(&catalogue, &data_dir).await?;
        let (flushed, _) = watch::channel(loaded.lake_offset);
        let state = Mutex::new(State::new(loaded));
        let work = tokio::sync::Mutex::default();
        let (held_files, held_blocks, handover) = Default::default();
        let inner = Inner { catalogue, data_dir, log, store, options, state, work, flushed, held_files, held_blocks, handover };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What a query reads: cheap, and never waits for a flush.
    pub fn snapshot(&self) -> Result<Arc<LakeSnapshot>, LakeError> {
        Ok(self.inner.state().snapshot()?)
    }

    /// Where a fold in this process may leave its events.
    pub fn handover(&self) -> Arc<Handover> {
        self.inner.handover.clone()
    }

    /// The offset below which every event is in files: blocks below it may be dropped, the log may be trimmed.
    pub fn offset_watch(&self) -> watch::Receiver<u64> {
        self.inner.flushed.subscribe()
    }

    /// The offset below which queries see every event: what [`Lake::snapshot`] would say, without putting rows in order.
    pub fn offset(&self) -> u64 {
        self.inner.state().offset
    }

    /// Rows in memory.
    pub fn tail_rows(&self) -> usize {
        self.inner.state().tail.rows()
    }

    pub async fn close(&self) {
        self.inner.catalogue.close().await;
    }
}

impl Inner {
    /// Nothing under this lock blocks or fails half-way, so that a poisoned one still holds a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> i64 {
        (self.options.now_us)()
    }
}
