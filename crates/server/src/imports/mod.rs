//! Imports of files: what the API asks about them, and the work on them.

mod desk;
mod known;
mod outcome;
mod records;
mod worker;

use std::{path::PathBuf, sync::Arc};

use forecourt_collect::file::Feed;
use forecourt_log::Log;
use tokio::sync::{Mutex, watch};

pub use desk::{Home, desk};
pub use outcome::outcome;
pub use records::take;
pub use worker::ImportWorker;

/// The one way of imports into the log: however many run, together they wait for the fold, and live events go first.
pub type SharedFeed = Arc<Mutex<Feed>>;

pub fn shared_feed(log: &Log, folded: watch::Receiver<u64>) -> SharedFeed {
    Arc::new(Mutex::new(Feed::new(log.clone(), Some(folded))))
}

/// Where the files of imports lie.
pub fn folder(data: &std::path::Path) -> PathBuf {
    data.join("imports")
}
