//! What people set up and sign in with: sources, accounts, sessions, tokens, jobs, settings.
//!
//! Plain rows of the API in a database of their own (`control`): the fold neither reads nor writes them, and nothing
//! needs a transaction across the two. Times are arguments; secrets are random and kept only as hashes.

mod jobs;
mod passwords;
mod secrets;
mod sessions;
mod settings;
mod setup_links;
mod sources;
mod throttle;
mod tokens;
mod users;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use jobs::{Job, JobState};
pub use passwords::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
pub use secrets::Secret;
pub use sessions::{SESSION_IDLE_US, SESSION_LIFE_US, Session, SignInError};
pub use sources::Source;
pub use tokens::Token;
pub use users::{AccountError, NewUser, User};

use crate::{Database, StoreError};

/// In the order they run; each runs once.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/control/0001.sql")];

/// One password is hashed per core at most: each takes 19 MiB, and a storm of sign-ins must not take the memory of all else.
const HASHING_MAX: usize = 2;

/// Accounts and settings. Cloning gives another handle to the same database.
#[derive(Debug, Clone)]
pub struct Control {
    database: Database,
    hashing: Arc<Semaphore>,
}

impl Control {
    /// Takes over a database, creating or upgrading its tables.
    ///
    /// Errors: [`StoreError::Unreadable`] when a newer version wrote it.
    pub async fn open(database: Database) -> Result<Self, StoreError> {
        database.migrate(MIGRATIONS).await?;
        Ok(Self { database, hashing: Arc::new(Semaphore::new(HASHING_MAX)) })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.query("SELECT 1", vec![]).await.map(|_| ())
    }

    pub async fn close(&self) {
        self.database.close().await;
    }
}
