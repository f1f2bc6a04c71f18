use std::{io, path::Path, path::PathBuf, sync::Arc};

use forecourt_log::LogError;

/// Why an import did not run, or stopped. What one row lacks is a refusal of the row, never this.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: Arc<io::Error> },

    #[error("{} cannot be read as {format}: {reason}", path.display())]
    Unreadable { path: PathBuf, format: &'static str, reason: String },

    #[error("{} holds no rows", path.display())]
    Empty { path: PathBuf },

    #[error("wrong mapping: {0}")]
    Mapping(String),

    #[error(
        "the log did not take the rows: {0}. What went in before is kept; run the same import again to add the rest, nothing is counted twice"
    )]
    Log(#[from] LogError),

    #[error(
        "the server did not take the rows: {0}. What went in before is kept; run the same import again to add the rest, nothing is counted twice"
    )]
    Server(String),

    #[error("the import stopped at an inner fault ({0}): what went in before is kept; please report it with the file's first rows")]
    Stopped(String),
}

impl ImportError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { doing, path, source: Arc::new(source) }
    }

    pub(super) fn unreadable(path: &Path, format: &'static str, reason: impl ToString) -> Self {
        Self::Unreadable { path: path.to_path_buf(), format, reason: reason.to_string() }
    }
}
