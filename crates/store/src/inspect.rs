//! Looking at databases from outside: nothing is changed, another process may be at work on them.

use std::{path::Path, time::Duration};

use sqlx::{
    AssertSqlSafe,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use crate::{Database, Place, Store, StoreError, control::Control, schema};

/// What the state says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFacts {
    pub folded_offset: u64,
    pub profiles: u64,
    /// Message keys that duplicates are found by.
    pub seen_keys: u64,
    /// The oldest day, in days since 1970 UTC, whose messages are still known.
    pub seen_since_day: Option<i32>,
    /// Migrations that have run, and that this program knows.
    pub migrations: (i64, i64),
}

/// What the accounts say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFacts {
    pub users: u64,
    pub sources: u64,
    pub migrations: (i64, i64),
}

/// Who the program is at a PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresFacts {
    /// `170004` for 17.4.
    pub version: i64,
    pub role: String,
    pub is_superuser: bool,
    /// Whether the server makes commits durable.
    pub is_durable: bool,
}

impl Database {
    /// Opens an SQLite file that is there, for reading alone.
    pub async fn sqlite_read_only(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(30))
            .pragma("query_only", "1");
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self::Sqlite { write: pool.clone(), read: pool.clone(), ahead: pool })
    }

    /// Copies an SQLite database, as it is at one moment, to a file that is not there yet.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let Self::Sqlite { read, .. } = self else {
            return Err(StoreError::Invalid("a database on PostgreSQL is not copied to a file: use pg_dump".into()));
        };
        let quoted = path.to_string_lossy().replace('\'', "''");
        let mut connection = read.acquire().await?;
        sqlx::query("PRAGMA query_only = 0").execute(&mut *connection).await?;
        let copied = sqlx::query(AssertSqlSafe(format!("VACUUM INTO '{quoted}'"))).execute(&mut *connection).await;
        sqlx::query("PRAGMA query_only = 1").execute(&mut *connection).await?;
        copied?;
        Ok(())
    }

    /// What SQLite complains of in its own file; nothing on PostgreSQL, which looks after itself.
    ///
    /// * `thorough`: indexes are compared with their tables too, which takes several times as long.
    pub async fn complaints(&self, thorough: bool) -> Result<Vec<String>, StoreError> {
        if !self.is_sqlite() {
            return Ok(Vec::new());
        }
        let pragma = if thorough { "PRAGMA integrity_check(20)" } else { "PRAGMA quick_check(20)" };
        let told = self.query(pragma, vec![]).await?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        Ok(told.into_iter().filter(|line| line != "ok").collect())
    }

    /// `None` on SQLite.
    pub async fn postgres_facts(&self) -> Result<Option<PostgresFacts>, StoreError> {
        if self.is_sqlite() {
            return Ok(None);
        }
        const SQL: &str = "SELECT CAST(current_setting('server_version_num') AS BIGINT), current_user::TEXT,
            CAST(CASE WHEN rolsuper THEN 1 ELSE 0 END AS BIGINT),
            CAST(CASE WHEN current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' THEN 1 ELSE 0 END AS BIGINT)
            FROM pg_roles WHERE rolname = current_user";
        let rows = self.query(SQL, vec![]).await?;
        let row = rows.first().ok_or_else(|| StoreError::Unreadable("PostgreSQL does not know the role it let in".into()))?;
        Ok(Some(PostgresFacts { version: row.int(0)?, role: row.text(1)?, is_superuser: row.int(2)? != 0, is_durable: row.int(3)? != 0 }))
    }

    async fn one(&self, sql: &str) -> Result<i64, StoreError> {
        let rows = self.query(sql, vec![]).await?;
        rows.first().map_or(Ok(0), |row| row.maybe_int(0).map(Option::unwrap_or_default))
    }

    /// Facts of the state that this database holds.
    pub async fn state_facts(&self) -> Result<StateFacts, StoreError> {
        let oldest = self.one("SELECT CAST(MIN(day) AS BIGINT) FROM dedupe_runs").await?;
        Ok(StateFacts {
            folded_offset: self.one("SELECT CAST(MAX(value) AS BIGINT) FROM fold WHERE name = 'offset'").await? as u64,
            profiles: self.one("SELECT CAST(MAX(value) AS BIGINT) FROM fold WHERE name = 'profiles'").await? as u64,
            seen_keys: self.one("SELECT CAST(SUM(keys) AS BIGINT) FROM dedupe_runs").await? as u64,
            // Keys of imports are kept for ever, under a day that never comes.
            seen_since_day: i32::try_from(oldest).ok().filter(|day| 0 < *day && *day < i32::MAX),
            migrations: (self.one("SELECT MAX(number) FROM migrations").await?, schema::STATE.len() as i64),
        })
    }

    /// Facts of the accounts that this database holds.
    pub async fn control_facts(&self) -> Result<ControlFacts, StoreError> {
        Ok(ControlFacts {
            users: self.one("SELECT COUNT(*) FROM users").await? as u64,
            sources: self.one("SELECT COUNT(*) FROM sources").await? as u64,
            migrations: (self.one("SELECT MAX(number) FROM migrations").await?, Control::MIGRATIONS),
        })
    }

    /// A setting's text, where this database holds the accounts.
    pub async fn setting_text(&self, name: &str) -> Result<Option<String>, StoreError> {
        let rows = self.query("SELECT value FROM settings WHERE name = $1", vec![name.into()]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    /// How many migrations have run on this database: its format. 0 for an empty one.
    pub async fn format(&self) -> Result<i64, StoreError> {
        match self.one("SELECT MAX(number) FROM migrations").await {
            Err(StoreError::Database(_)) => Ok(0),
            other => other,
        }
    }
}

impl Store {
    /// Migrations that this program knows for the state: its format.
    pub const MIGRATIONS: i64 = schema::STATE.len() as i64;

    /// Opens what is there for looking, without bringing anything up to date.
    pub async fn look(place: &Place) -> Result<Database, StoreError> {
        match place {
            Place::Sqlite(path) => Database::sqlite_read_only(path).await,
            Place::Postgres { url, schema } => Database::postgres(url, schema).await,
        }
    }
}
