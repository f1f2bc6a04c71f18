//! Backups: one file with everything of an installation, taken while it runs; and a data folder made of it.
//!
//! The file is a tar archive in Zstandard: `tar --zstd -xf` unpacks it too. `forecourt-backup.json` comes first and says
//! what wrote it; `contents.json` comes last, with every file's length and CRC32: an archive without it is not whole.

pub mod archive;
pub mod offer;
pub mod restore;
pub mod schedule;
pub mod take;

use serde::{Deserialize, Serialize};

/// The format of the archive that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
pub const HEAD: &str = "forecourt-backup.json";
pub const CONTENTS: &str = "contents.json";
/// The dump of the databases, where they are on PostgreSQL.
pub const POSTGRES_DUMP: &str = "postgres.dump";

/// The setting that stops all sending while it is true: set by a restore, cleared by people.
pub const SENDING_PAUSED: &str = "sending_paused";
/// The setting that says where an installation came from.
pub const RESTORED: &str = "restored";

/// What an archive begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    /// Version of the program that wrote it.
    pub program: String,
    pub taken_us: i64,
    pub database: DatabaseKind,
    /// Migrations that had run on the state and on the accounts: a program that knows fewer cannot read them.
    pub state_format: i64,
    pub control_format: i64,
    /// Whether the keys are in it.
    pub has_secrets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

/// What an archive ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The offset that the next record gets: what the backup is as of.
    pub end_offset: u64,
    pub folded_offset: u64,
    pub files: Vec<archive::Entry>,
}

/// Where an installation came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub restored_us: i64,
    pub taken_us: i64,
    pub end_offset: u64,
}
