//! Blocks of records from a `forecourt import` that runs beside the server, into the server's log.

use std::pin::Pin;

use bytes::Bytes;
use forecourt_api::border::NotTaken;
use forecourt_collect::file::decode_bulk;
use forecourt_log::{Log, LogError};

use super::SharedFeed;
use crate::clock::now_us;

type Answer = Pin<Box<dyn Future<Output = Result<u64, NotTaken>> + Send>>;

/// One block after the other, however many imports run: together they wait for the fold.
pub fn take(log: Log, feed: SharedFeed) -> impl Fn(Bytes) -> Answer + Send + Sync + 'static {
    move |block| {
        let (log, feed) = (log.clone(), feed.clone());
        Box::pin(async move {
            let entries = tokio::task::spawn_blocking(move || decode_bulk(block))
                .await
                .map_err(|error| NotTaken::Later(error.to_string()))?
                .map_err(|error| NotTaken::Never(error.to_string()))?;
            feed.lock().await.append(now_us(), entries).await.map_err(refused)?;
            Ok(log.end_offset())
        })
    }
}

fn refused(error: LogError) -> NotTaken {
    match error {
        LogError::EntryTooLarge { .. } | LogError::BatchTooLarge { .. } => NotTaken::Never(error.to_string()),
        error => NotTaken::Later(error.to_string()),
    }
}
