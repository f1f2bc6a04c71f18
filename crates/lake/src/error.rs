//! What can go wrong with the lake, by what the caller should do about it.

use std::{io, path::Path, path::PathBuf};

use forecourt_log::LogError;
use forecourt_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    #[error("the lake's catalogue: {0}")]
    Catalogue(#[from] StoreError),
    #[error("the lake reads the log: {0}")]
    Log(#[from] LogError),
    #[error("the lake could not {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the lake's file {} is damaged ({reason}): restore it from a backup", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("the lake's catalogue holds what this version does not understand: {0}")]
    Unreadable(String),
    /// Another program changed rows of the lake since this writer read it: start again from the catalogue.
    #[error("another program deleted or compacted rows of the lake: the lake starts again from its catalogue")]
    Overtaken,
    #[error("the fold's blocks begin at offset {found}, the lake needs them from {needed}: restore store and lake from one backup")]
    Gap { needed: u64, found: u64 },
    /// Batches that do not fit together: a defect.
    #[error("the lake's rows in memory do not fit together ({0}): this is a defect, please report it")]
    Memory(#[from] arrow::error::ArrowError),
    #[error("the lake was stopped in the middle of its work ({0}): start it again, nothing is lost")]
    Stopped(String),
    /// A crash point of the tests.
    #[error("crashed on purpose at `{0}`")]
    Crash(&'static str),
}

impl LakeError {
    /// Whether the same call may succeed later, without anybody changing the data: disk full, database away.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Catalogue(error) => error.is_retryable(),
            Self::Log(error) => error.is_retryable(),
            Self::Io { .. } | Self::Overtaken => true,
            _ => false,
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// A step at which tests crash the lake; nothing in a release.
macro_rules! crash_point {
    ($name:literal) => {
        fail::fail_point!($name, |_| Err(crate::LakeError::Crash($name)))
    };
}
pub(crate) use crash_point;
