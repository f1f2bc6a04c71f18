//! Folding the log again, as a proof that the store is what the log says.

use forecourt_log::{Log, LogError};
use forecourt_store::{Store, StoreError};

use crate::{Batch, Fold, Settings};

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the log cannot be read: {0}")]
    Log(#[from] LogError),
    #[error("the replay's store failed: {0}")]
    Store(#[from] StoreError),
    #[error("the log begins at {first}, after the checkpoint's {from}: take an older log or a newer checkpoint")]
    Trimmed { first: u64, from: u64 },
}

/// Folds into `store` what the log holds from the store's own offset to `to`.
///
/// * `records_max`: records in one transaction; the end is the same for any.
/// * `told`: called with the offset reached.
pub async fn replay(
    log: &Log,
    store: &Store,
    settings: &Settings,
    to: u64,
    records_max: usize,
    mut told: impl FnMut(u64),
) -> Result<(), ReplayError> {
    let from = store.folded_offset().await?;
    if from < log.first_offset() {
        return Err(ReplayError::Trimmed { first: log.first_offset(), from });
    }
    let mut fold = Fold::open(store.clone(), settings.clone()).await?;
    let mut reader = log.reader(from)?;
    let mut at = from;
    while at < to {
        let records = reader.next_batch(records_max.min((to - at) as usize), 8 << 20)?;
        if records.is_empty() {
            break;
        }
        let mut batch = Batch::decode(records, &settings.region);
        at = batch.end_offset;
        batch.is_large = at < to;
        for part in batch.parts() {
            fold.process_batch(&part, 0).await?;
        }
        told(at);
    }
    fold.settle().await?;
    Ok(())
}
