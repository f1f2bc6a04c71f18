//! The worker: reads ahead, folds, publishes how far it is.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use forecourt_log::{Log, LogError};
use forecourt_model::{Block, HandedOver, Handover, HashKey};
use forecourt_store::{Store, StoreError};
use tokio::{
    runtime::Builder,
    sync::{broadcast, mpsc, oneshot, watch},
    task::{JoinError, JoinSet},
};

use crate::{Batch, Content, Fold, Folded, Record};

/// Records in one transaction at most. More gain little, and make the first of them wait.
const RECORDS_MAX: usize = 10_000;
const BYTES_MAX: usize = 8 << 20;
/// A batch of so many records comes of a stream: what it changes may wait for more of its kind.
const LARGE_RECORDS: usize = 256;
/// After so long without a batch, what waits is written.
const IDLE: Duration = Duration::from_millis(50);
/// The write-ahead log is copied about so often.
const COPY_EVERY: Duration = Duration::from_secs(2);
/// Batches that were looked up and wait for the fold.
const AHEAD: usize = 1;
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(10);

/// Where the fold tells of itself, and hears of the lake.
#[derive(Clone)]
pub struct Progress {
    /// The offset of the next record to fold.
    pub folded: watch::Sender<u64>,
    /// Each batch, for those who show what happens as it happens. May lag: then they read the store.
    pub batches: broadcast::Sender<Arc<Folded>>,
    /// Moves when there is more to send, or a switch over sending was thrown.
    pub outbox: watch::Sender<u64>,
    /// Moves when a definition changed.
    pub definitions: watch::Sender<u64>,
    /// What the lake holds in files.
    pub lake_offset: watch::Receiver<u64>,
    /// Where events are left for the lake.
    pub handover: Arc<Handover>,
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the fold cannot read the log: {0}")]
    Log(#[from] LogError),
    #[error("the fold cannot go on: {0}")]
    Store(#[from] StoreError),
    #[error("the fold gets no thread from the system: {0}")]
    Thread(std::io::Error),
}

/// Folds until `stop` turns true; a full disk or a database out of reach is waited for.
///
/// On SQLite the fold has a thread of its own: it waits for the database a hundred times a batch, and would each time queue behind
/// whatever the server's threads are busy with.
pub async fn run(fold: Fold, log: Log, progress: Progress, stop: watch::Receiver<bool>) -> Result<(), RunError> {
    let from = fold.store.folded_offset().await?;
    progress.folded.send_replace(from);
    let (sender, decoded) = mpsc::channel(1);
    // Both end with this function, however that ends.
    let mut reading = JoinSet::new();
    reading.spawn(read(log, from, fold.settings.region.clone(), sender, stop.clone()));
    let (sender, batches) = mpsc::channel(AHEAD);
    let mut looking = JoinSet::new();
    looking.spawn(look_ahead(fold.store.clone(), fold.settings.hash_key, progress.folded.subscribe(), decoded, sender));

    let is_sqlite = fold.store.is_sqlite();
    let folding = fold_batches(fold, batches, progress, stop);
    if is_sqlite {
        on_a_thread(folding).await?;
    } else {
        // A connection to a server lives in the runtime that opened it, and others use the same ones.
        folding.await?;
    }
    if let Some(looked) = looking.join_next().await {
        unharmed(looked);
    }
    match reading.join_next().await {
        Some(read) => Ok(unharmed(read).unwrap_or(Ok(()))?),
        None => Ok(()),
    }
}

async fn on_a_thread(folding: impl Future<Output = Result<(), StoreError>> + Send + 'static) -> Result<(), RunError> {
    let (ended, end) = oneshot::channel();
    let runtime = Builder::new_current_thread().enable_all().build().map_err(RunError::Thread)?;
    let folding = move || {
        // Who waits for the end is gone only when the server is.
        let _ = ended.send(runtime.block_on(folding));
    };
    let thread = thread::Builder::new().name("fold".to_owned()).spawn(folding).map_err(RunError::Thread)?;
    match end.await {
        Ok(ended) => Ok(ended?),
        // It panicked.
        Err(_) => thread.join().map_err(|panic| std::panic::resume_unwind(panic)),
    }
}

/// Folds what comes and tells of it; returns when nothing more will come, or when it is told to stop.
async fn fold_batches(
    mut fold: Fold,
    mut batches: mpsc::Receiver<Batch>,
    progress: Progress,
    mut stop: watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let mut copying = Copying::default();
    while let Some(batch) = next(&mut fold, &mut batches).await? {
        let is_large = batch.is_large;
        let Some(folded) = persist(&mut fold, &batch, &progress, &mut stop).await? else { break };
        progress.handover.offer(handed_over(batch, &folded.block));
        if is_large {
            copying.go_on(&fold.store).await;
        }
        progress.folded.send_replace(folded.block.end_offset);
        if folded.wakes_delivery {
            progress.outbox.send_replace(folded.block.end_offset);
        }
        if folded.changes_definitions {
            progress.definitions.send_replace(folded.block.end_offset);
        }
        // Nobody may be listening.
        let _ = progress.batches.send(Arc::new(folded));
        if *stop.borrow() {
            break;
        }
    }
    Ok(())
}

/// What a task brought; `None` if it was told to end. Its panic goes on here, where somebody sees it.
fn unharmed<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended.map_err(JoinError::try_into_panic) {
        Ok(brought) => Some(brought),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => None,
    }
}

/// In a stream, the store's write-ahead log is copied into its file beside the fold, which would wait for the disk half of its
/// time if it did that itself.
#[derive(Default)]
struct Copying {
    under_way: JoinSet<Result<(), StoreError>>,
    began: Option<Instant>,
}

impl Copying {
    /// Begins to copy when it is time, and lets the writing connection copy the rest when that is done.
    async fn go_on(&mut self, store: &Store) {
        let is_done = match self.under_way.try_join_next() {
            Some(done) => {
                let rest = match unharmed(done) {
                    Some(Ok(())) => store.copy_log(false).await,
                    Some(failed) => failed,
                    None => Ok(()),
                };
                if let Err(error) = rest {
                    tracing::warn!(%error, "the write-ahead log is not copied now, trying again");
                }
                true
            }
            None => self.under_way.is_empty(),
        };
        if is_done && self.began.is_none_or(|began| COPY_EVERY <= began.elapsed()) {
            let store = store.clone();
            self.under_way.spawn(async move { store.copy_log(true).await });
            self.began = Some(Instant::now());
        }
    }
}

/// The next batch; until it comes, what waits is written. `None` if none will come.
async fn next(fold: &mut Fold, batches: &mut mpsc::Receiver<Batch>) -> Result<Option<Batch>, StoreError> {
    let mut wait = IDLE;
    while fold.has_waiting() {
        match tokio::time::timeout(wait, batches.recv()).await {
            Ok(batch) => return Ok(batch),
            Err(_) => match fold.write_waiting().await {
                Err(error) if error.is_retryable() => {
                    tracing::warn!(%error, "what waits is not written, trying again");
                    wait = (wait * 2).clamp(RETRY_FIRST, RETRY_LAST);
                }
                done => {
                    done?;
                    wait = IDLE;
                }
            },
        }
    }
    Ok(batches.recv().await)
}

/// The batch's events, which nobody else needs any more.
fn handed_over(batch: Batch, block: &Block) -> HandedOver {
    let at_us = batch.records.last().map_or(0, |record| record.at_us);
    let event = |record: Record| match record.content {
        Content::Event { event, .. } => Some((record.offset, event)),
        _ => None,
    };
    let events = batch.records.into_iter().filter_map(event).collect();
    HandedOver { first_offset: block.first_offset, end_offset: block.end_offset, at_us, events }
}

/// Folds one batch, again and again while that may help; `None` if it was told to stop meanwhile.
async fn persist(
    fold: &mut Fold,
    batch: &Batch,
    progress: &Progress,
    stop: &mut watch::Receiver<bool>,
) -> Result<Option<Folded>, StoreError> {
    let mut wait = RETRY_FIRST;
    loop {
        let lake_offset = *progress.lake_offset.borrow();
        match fold.process_batch(batch, lake_offset).await {
            Ok(folded) => return Ok(Some(folded)),
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, wait_ms = wait.as_millis() as u64, "a batch is not saved, trying again");
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = stop.wait_for(|stop| *stop) => return Ok(None),
                }
                wait = (wait * 2).min(RETRY_LAST);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Reads ahead of the fold what the table has of those whom large batches name: on a connection and a core of its own.
async fn look_ahead(
    store: Store,
    hash_key: HashKey,
    folded: watch::Receiver<u64>,
    mut decoded: mpsc::Receiver<Batch>,
    batches: mpsc::Sender<Batch>,
) {
    while let Some(mut batch) = decoded.recv().await {
        // A small batch is folded sooner than looked for.
        if batch.is_large {
            let as_of = *folded.borrow();
            if let Err(error) = batch.look_ahead(&store, &hash_key, as_of).await {
                tracing::warn!(%error, "the fold reads for itself what was to be read ahead");
            }
        }
        if batches.send(batch).await.is_err() {
            return;
        }
    }
}

/// Reads and decodes ahead of the fold.
async fn read(log: Log, from: u64, region: String, batches: mpsc::Sender<Batch>, mut stop: watch::Receiver<bool>) -> Result<(), LogError> {
    let mut reader = log.reader(from)?;
    loop {
        let region = region.clone();
        let read = tokio::task::spawn_blocking(move || {
            let records = reader.next_batch(RECORDS_MAX, BYTES_MAX);
            (records.map(|records| Batch::decode(records, &region)), reader)
        });
        let Some((batch, back)) = unharmed(read.await) else { return Ok(()) };
        reader = back;
        let mut batch = batch?;
        batch.is_large = LARGE_RECORDS <= batch.records.len();
        if batch.records.is_empty() {
            tokio::select! {
                () = log.wait_past(reader.offset()) => continue,
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
        for part in batch.parts() {
            if batches.send(part).await.is_err() {
                return Ok(());
            }
        }
    }
}
