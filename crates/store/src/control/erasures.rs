//! How far the erasures have come that the fold has decided: what is left of each outside of the state.

use super::Control;
use crate::{Row, StoreError, Value};

/// What is done after the fold, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErasureStep {
    /// Records of the log are overwritten.
    Log,
    /// Events leave the lake's files.
    Lake,
    /// What was sent is forgotten.
    Sent,
    /// Databases are written anew.
    Databases,
    /// The lake's old files go from the disk.
    OldFiles,
    Done,
}

impl ErasureStep {
    pub const ALL: [Self; 6] = [Self::Log, Self::Lake, Self::Sent, Self::Databases, Self::OldFiles, Self::Done];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Lake => "lake",
            Self::Sent => "sent",
            Self::Databases => "databases",
            Self::OldFiles => "old_files",
            Self::Done => "done",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let known = Self::ALL.into_iter().find(|step| step.as_str() == text);
        known.ok_or_else(|| StoreError::Unreadable(format!("an erasure's step `{text}`")))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureProgress {
    /// Of the command: names the erasure.
    pub log_offset: u64,
    /// The one that is under way.
    pub step: ErasureStep,
    /// Of the step; 0 of 0 while that is not known.
    pub done: u64,
    pub total: u64,
    /// Records of the log that were overwritten.
    pub records: u64,
    /// Events that left the lake.
    pub events: u64,
    /// When the lake's older snapshots were forgotten.
    pub forgotten_us: Option<i64>,
    /// Why it does not go on just now.
    pub trouble: Option<String>,
    pub began_us: i64,
    pub updated_us: i64,
    pub finished_us: Option<i64>,
}

impl ErasureProgress {
    pub fn new(log_offset: u64, now_us: i64) -> Self {
        Self {
            log_offset,
            step: ErasureStep::Log,
            done: 0,
            total: 0,
            records: 0,
            events: 0,
            forgotten_us: None,
            trouble: None,
            began_us: now_us,
            updated_us: now_us,
            finished_us: None,
        }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            log_offset: row.int(0)? as u64,
            step: ErasureStep::read(&row.text(1)?)?,
            done: row.int(2)? as u64,
            total: row.int(3)? as u64,
            records: row.int(4)? as u64,
            events: row.int(5)? as u64,
            forgotten_us: row.maybe_int(6)?,
            trouble: row.maybe_text(7)?,
            began_us: row.int(8)?,
            updated_us: row.int(9)?,
            finished_us: row.maybe_int(10)?,
        })
    }
}

const COLUMNS: &str = "log_offset, step, done, total, records, events, forgotten_us, trouble, began_us, updated_us, finished_us";

impl Control {
    /// In the order of the log.
    pub async fn erasure_progress(&self) -> Result<Vec<ErasureProgress>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM erasures ORDER BY log_offset");
        self.database.query(&sql, vec![]).await?.iter().map(ErasureProgress::read).collect()
    }

    /// The last erasure that is finished: all before it are, too.
    pub async fn last_finished_erasure(&self) -> Result<Option<u64>, StoreError> {
        const SQL: &str = "SELECT MAX(log_offset) FROM erasures WHERE finished_us IS NOT NULL";
        let rows = self.database.query(SQL, vec![]).await?;
        Ok(rows.first().map(|row| row.maybe_int(0)).transpose()?.flatten().map(|offset| offset as u64))
    }

    pub async fn note_erasure(&self, progress: &ErasureProgress) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (log_offset) DO UPDATE SET step = excluded.step, done = excluded.done, total = excluded.total,
            records = excluded.records, events = excluded.events, forgotten_us = excluded.forgotten_us, trouble = excluded.trouble,
            updated_us = excluded.updated_us, finished_us = excluded.finished_us";
        let parameters = vec![
            progress.log_offset.into(),
            progress.step.as_str().into(),
            progress.done.into(),
            progress.total.into(),
            progress.records.into(),
            progress.events.into(),
            Value::Int(progress.forgotten_us),
            Value::Text(progress.trouble.clone()),
            progress.began_us.into(),
            progress.updated_us.into(),
            Value::Int(progress.finished_us),
        ];
        let sql = format!("INSERT INTO erasures ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) {TAIL}");
        self.database.execute(&sql, parameters).await?;
        Ok(())
    }
}
