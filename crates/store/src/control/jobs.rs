//! Jobs: long work with progress to look at.

use super::{Control, secrets};
use crate::{Row, StoreError, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    Running,
    Done,
    Failed,
}

impl JobState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let known = [Self::Running, Self::Done, Self::Failed].into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| StoreError::Unreadable(format!("job state `{text}`")))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    /// `demo_seed`, `import`.
    pub kind: String,
    pub title: String,
    pub state: JobState,
    pub done: u64,
    /// 0 while it is not known.
    pub total: u64,
    /// What `done` and `total` count.
    pub unit: String,
    pub started_us: i64,
    pub updated_us: i64,
    pub message: Option<String>,
}

const COLUMNS: &str = "id, kind, title, state, done, total, unit, started_us, updated_us, message";

impl Job {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            kind: row.text(1)?,
            title: row.text(2)?,
            state: JobState::read(&row.text(3)?)?,
            done: row.int(4)? as u64,
            total: row.int(5)? as u64,
            unit: row.text(6)?,
            started_us: row.int(7)?,
            updated_us: row.int(8)?,
            message: row.maybe_text(9)?,
        })
    }
}

impl Control {
    /// Returns the job's id.
    pub async fn start_job(&self, kind: &str, title: &str, total: u64, unit: &str, now_us: i64) -> Result<String, StoreError> {
        let id = secrets::new_id("job");
        let sql = "INSERT INTO jobs (id, kind, title, state, done, total, unit, started_us, updated_us)
            VALUES ($1, $2, $3, 'running', 0, $4, $5, $6, $6)";
        self.database.execute(sql, vec![id.as_str().into(), kind.into(), title.into(), total.into(), unit.into(), now_us.into()]).await?;
        Ok(id)
    }

    pub async fn note_progress(&self, id: &str, done: u64, total: u64, now_us: i64) -> Result<(), StoreError> {
        let sql = "UPDATE jobs SET done = $2, total = $3, updated_us = $4 WHERE id = $1";
        self.database.execute(sql, vec![id.into(), done.into(), total.into(), now_us.into()]).await?;
        Ok(())
    }

    /// Ends a job, with words on its outcome where there is something to say.
    pub async fn end_job(&self, id: &str, state: JobState, message: Option<&str>, now_us: i64) -> Result<(), StoreError> {
        let sql = "UPDATE jobs SET state = $2, message = $3, updated_us = $4 WHERE id = $1";
        let values = vec![id.into(), state.as_str().into(), Value::Text(message.map(str::to_owned)), now_us.into()];
        self.database.execute(sql, values).await?;
        Ok(())
    }

    /// Ends what still ran when the server last stopped: nobody works on it.
    pub async fn interrupt_jobs(&self, now_us: i64) -> Result<u64, StoreError> {
        let sql =
            "UPDATE jobs SET state = 'failed', message = 'the server stopped: start it again', updated_us = $1 WHERE state = 'running'";
        self.database.execute(sql, vec![now_us.into()]).await
    }

    /// The newest first.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM jobs ORDER BY started_us DESC, id LIMIT $1");
        let rows = self.database.query(&sql, vec![i64::from(limit).into()]).await?;
        rows.iter().map(Job::read).collect()
    }
}
