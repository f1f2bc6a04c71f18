//! What people set up and sign in with: sources, accounts, sessions, tokens, jobs, settings,
//! saved views, brands, alerts.
//!
//! Plain rows of the API in a database of their own (`control`): the fold neither reads nor writes them, and nothing
//! needs a transaction across the two. Times are arguments. Secrets are kept as hashes where
//! they only have to be recognised, and sealed in the vault where they have to be shown again.

mod ad_gate;
mod alerts;
mod audit;
mod brands;
mod conversions;
mod duplicates;
mod erasures;
mod event_notes;
mod guessed;
mod import_mappings;
mod imports;
mod jobs;
mod keyring;
mod lead_scores;
mod passwords;
mod rates;
mod reset_links;
mod second_factor;
mod secrets;
mod sessions;
mod settings;
mod setup_links;
mod single_sign_on;
mod sources;
mod throttle;
mod tokens;
mod users;
mod vault;
mod views;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

pub use ad_gate::{GateSwitch, KeptGate};
pub use alerts::{Incident, KeptRule, Notice, NoticeState, NoticeWish};
pub use audit::{AuditFilter, AuditHead, AuditNote, AuditProof, AuditRow};
pub use brands::{Brand, BrandWish};
pub use duplicates::{DUPLICATES_JOB, Duplicate, DuplicateState};
pub use erasures::{ErasureProgress, ErasureStep};
pub use event_notes::{EventNote, EventStatus};
pub use import_mappings::ImportMapping;
pub use imports::{FileState, Import, ImportPlan, ImportProgress, NewImport};
pub use jobs::{CHANNEL_RULES_JOB, IDENTITY_JOB, IDENTITY_PREVIEW_JOB, Job, JobState, SEGMENT_JOB, Wanted};
pub use keyring::Keyring;
pub use lead_scores::{KeptScore, LEAD_SCORE_JOB, RESCORE_JOB};
pub use passwords::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
pub use reset_links::RESET_LINK_LIFE_US;
pub use second_factor::SecondFactorPolicy;
pub use secrets::Secret;
pub use sessions::{Credentials, Device, Means, OpenSession, SESSION_IDLE_US, SESSION_LIFE_US, Session, SessionLimits, SignInError};
pub use single_sign_on::SsoAttempt;
pub use sources::Source;
pub use tokens::Token;
pub use users::{AccountError, NewUser, User, UserChange};
pub use views::{SavedView, ViewWish};

use crate::{Database, StoreError};

/// In the order they run; each runs once.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/control/0001.sql"),
    include_str!("../../migrations/control/0002.sql"),
    include_str!("../../migrations/control/0003.sql"),
    include_str!("../../migrations/control/0004.sql"),
    include_str!("../../migrations/control/0005.sql"),
    include_str!("../../migrations/control/0006.sql"),
    include_str!("../../migrations/control/0007.sql"),
    include_str!("../../migrations/control/0008.sql"),
    include_str!("../../migrations/control/0009.sql"),
    include_str!("../../migrations/control/0010.sql"),
    include_str!("../../migrations/control/0011.sql"),
    include_str!("../../migrations/control/0012.sql"),
];

/// One password is hashed per core at most: each takes 19 MiB, and a storm of sign-ins must not take the memory of all else.
const HASHING_MAX: usize = 2;

/// Accounts and settings. Cloning gives another handle to the same database.
#[derive(Debug, Clone)]
pub struct Control {
    database: Database,
    keyring: Keyring,
    session_limits: SessionLimits,
    hashing: Arc<Semaphore>,
    /// Counts what was started or asked of jobs, by this process.
    jobs_bell: watch::Sender<u64>,
}

impl Control {
    /// Migrations that this program knows for the accounts: their format.
    pub const MIGRATIONS: i64 = MIGRATIONS.len() as i64;

    /// Takes over a database, creating or upgrading its tables.
    ///
    /// * `keyring`: what secrets are sealed with.
    ///
    /// Errors: [`StoreError::Unreadable`] when a newer version wrote it, or it holds secrets that none of the keys opens.
    pub async fn open(database: Database, keyring: Keyring) -> Result<Self, StoreError> {
        database.migrate(MIGRATIONS).await?;
        vault::check_keys(&database, &keyring).await?;
        let (hashing, jobs_bell) = (Arc::new(Semaphore::new(HASHING_MAX)), watch::Sender::new(0));
        Ok(Self { database, keyring, session_limits: SessionLimits::default(), hashing, jobs_bell })
    }

    /// With other limits of sessions than the usual ones.
    #[must_use]
    pub fn with_session_limits(self, session_limits: SessionLimits) -> Self {
        Self { session_limits, ..self }
    }

    pub fn session_limits(&self) -> SessionLimits {
        self.session_limits
    }

    /// Drops all secrets of a database whose key is lost, so that it opens with another. Returns how many they were.
    pub async fn forget_secrets(database: &Database) -> Result<u64, StoreError> {
        database.migrate(MIGRATIONS).await?;
        vault::forget(database).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.query("SELECT 1", vec![]).await.map(|_| ())
    }

    /// Copies the accounts, as they are at one moment, to an SQLite file that is not there yet.
    pub async fn copy_to(&self, path: &std::path::Path) -> Result<(), StoreError> {
        self.database.copy_to(path).await
    }

    pub async fn close(&self) {
        self.database.close().await;
    }
}
