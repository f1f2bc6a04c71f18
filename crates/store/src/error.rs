//! What can go wrong with a database, by what the caller should do about it.

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full: the transaction is undone, and the same call succeeds once there is space.
    #[error("the database's disk is full: free space, no restart is needed ({0})")]
    Full(sqlx::Error),
    /// The database is busy, restarting or out of reach: the same call may succeed later.
    #[error("the database does not answer, trying again ({0})")]
    Unavailable(sqlx::Error),
    #[error("the database refused a statement: {0}")]
    Database(sqlx::Error),
    #[error("the database holds what this version does not understand: {0}")]
    Unreadable(String),
    #[error("{0}")]
    Invalid(String),
}

impl StoreError {
    /// Whether the same call may succeed later, without anybody changing it.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // SQLite: FULL and its extended forms, IOERR on write; PostgreSQL: disk_full.
                Some("13" | "778" | "1034" | "53100") => Self::Full(error),
                // SQLite: BUSY, LOCKED; PostgreSQL: serialization failure, deadlock, shutdown, too many connections.
                Some("5" | "6" | "261" | "517" | "40001" | "40P01" | "57P01" | "57P03" | "53300") => Self::Unavailable(error),
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}
