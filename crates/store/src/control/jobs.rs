//! Jobs: long work with progress to look at.

use tokio::sync::watch;

use super::{Control, LEAD_SCORE_JOB, RESCORE_JOB, secrets};
use crate::{Row, StoreError, Value};

/// The kind of the job that applies the channel rules to history. The server takes it up again after a stop.
pub const CHANNEL_RULES_JOB: &str = "channel_rules";
/// The kind of the job that applies the identity settings to history.
pub const IDENTITY_JOB: &str = "identity";
/// The kind of the job that tries identity settings on history; begins with them, and ends with what it found, as its message.
pub const IDENTITY_PREVIEW_JOB: &str = "identity_preview";
/// The kind of the job that computes a version of a segment; its message is the version's number. The server takes it up again.
pub const SEGMENT_JOB: &str = "segment";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    Running,
    /// Stopped by a person, to be gone on with.
    Paused,
    Done,
    Failed,
    /// Stopped by a person for good.
    Cancelled,
}

impl JobState {
    const ALL: [Self; 6] = [Self::Queued, Self::Running, Self::Paused, Self::Done, Self::Failed, Self::Cancelled];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| StoreError::Unreadable(format!("job state `{text}`")))
    }

    /// Whether there is still something to come.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Paused)
    }
}

/// What a person wants of a job; its worker looks at it each time that it renews its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Run,
    Pause,
    Cancel,
}

impl Wanted {
    fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Pause => "pause",
            Self::Cancel => "cancel",
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let known = [Self::Run, Self::Pause, Self::Cancel].into_iter().find(|wanted| wanted.as_str() == text);
        known.ok_or_else(|| StoreError::Unreadable(format!("a job that is wanted to `{text}`")))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    /// `demo_seed`, `import`, `import_check` (a dry run), `channel_rules`, `segment`.
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
    pub wanted: Wanted,
}

pub(super) const COLUMNS: &str = "id, kind, title, state, done, total, unit, started_us, updated_us, message, wanted";

impl Job {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Self::read_at(row, 0)
    }

    /// * `first`: where [`COLUMNS`] begin.
    pub(super) fn read_at(row: &Row, first: usize) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(first)?,
            kind: row.text(first + 1)?,
            title: row.text(first + 2)?,
            state: JobState::read(&row.text(first + 3)?)?,
            done: row.int(first + 4)? as u64,
            total: row.int(first + 5)? as u64,
            unit: row.text(first + 6)?,
            started_us: row.int(first + 7)?,
            updated_us: row.int(first + 8)?,
            message: row.maybe_text(first + 9)?,
            wanted: Wanted::read(&row.text(first + 10)?)?,
        })
    }
}

impl Control {
    /// Returns the job's id.
    pub async fn start_job(&self, kind: &str, title: &str, total: u64, unit: &str, now_us: i64) -> Result<String, StoreError> {
        self.start_job_with(kind, title, total, unit, None, now_us).await
    }

    /// Starts a job with something to go by. Returns the job's id.
    pub async fn start_job_with(
        &self,
        kind: &str,
        title: &str,
        total: u64,
        unit: &str,
        message: Option<&str>,
        now_us: i64,
    ) -> Result<String, StoreError> {
        let id = secrets::new_id("job");
        let sql = "INSERT INTO jobs (id, kind, title, state, done, total, unit, started_us, updated_us, message)
            VALUES ($1, $2, $3, 'running', 0, $4, $5, $6, $6, $7)";
        let message = Value::Text(message.map(str::to_owned));
        let values = vec![id.as_str().into(), kind.into(), title.into(), total.into(), unit.into(), now_us.into(), message];
        self.database.execute(sql, values).await?;
        self.jobs_bell.send_modify(|count| *count += 1);
        Ok(id)
    }

    /// Moves whenever this process starts a job.
    pub fn jobs_bell(&self) -> watch::Receiver<u64> {
        self.jobs_bell.subscribe()
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

    /// Jobs of a kind that are not over, the oldest first.
    pub async fn running_jobs(&self, kind: &str) -> Result<Vec<Job>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE state = 'running' AND kind = $1 ORDER BY started_us, id");
        let rows = self.database.query(&sql, vec![kind.into()]).await?;
        rows.iter().map(Job::read).collect()
    }

    /// The job of a kind that was started last.
    pub async fn last_job(&self, kind: &str) -> Result<Option<Job>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE kind = $1 ORDER BY started_us DESC, id LIMIT 1");
        self.database.query(&sql, vec![kind.into()]).await?.first().map(Job::read).transpose()
    }

    /// Ends what still ran when the server last stopped and nobody takes over; leased jobs can be claimed again at once.
    pub async fn interrupt_jobs(&self, now_us: i64) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE jobs SET lease_until_us = 0 WHERE state = 'running' AND lease_until_us IS NOT NULL", vec![]).await?;
        let sql = "UPDATE jobs SET state = 'failed', message = 'the server stopped: start it again', updated_us = $1
            WHERE state = 'running' AND lease_until_us IS NULL AND kind NOT IN ($2, $3, $4, $5)";
        let lasting = [CHANNEL_RULES_JOB, SEGMENT_JOB, LEAD_SCORE_JOB, RESCORE_JOB].map(Value::from);
        let ended = tx.execute(sql, [vec![now_us.into()], lasting.to_vec()].concat()).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Takes over the oldest job of the kinds that waits for a worker, or whose worker is gone, until `lease_until_us`.
    pub async fn claim_job(&self, kinds: &[&str], lease_until_us: i64, now_us: i64) -> Result<Option<Job>, StoreError> {
        let mut tx = self.database.begin().await?;
        let marks: Vec<String> = (2..2 + kinds.len()).map(|number| format!("${number}")).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs WHERE state IN ('queued', 'running') AND lease_until_us <= $1 AND kind IN ({})
             ORDER BY started_us, id LIMIT 1",
            marks.join(", ")
        );
        let values = std::iter::once(now_us.into()).chain(kinds.iter().map(|kind| (*kind).into())).collect();
        let Some(job) = tx.query(&sql, values).await?.first().map(Job::read).transpose()? else { return Ok(None) };
        // Two servers on one PostgreSQL may look at the same moment: one of them gets it.
        let sql = "UPDATE jobs SET state = 'running', lease_until_us = $2, updated_us = $3
            WHERE id = $1 AND lease_until_us <= $3 AND state IN ('queued', 'running')";
        let taken = tx.execute(sql, vec![job.id.as_str().into(), lease_until_us.into(), now_us.into()]).await?;
        tx.commit().await?;
        Ok((taken == 1).then_some(Job { state: JobState::Running, ..job }))
    }

    /// Asks for a job to be paused, gone on with or cancelled; `false` for one that is past it.
    ///
    /// One that waits does so at once; one that runs, when its worker looks.
    pub async fn want_job(&self, id: &str, wanted: Wanted, now_us: i64) -> Result<bool, StoreError> {
        let (waiting, running) = match wanted {
            Wanted::Pause => {
                ("state = 'paused', wanted = 'run' WHERE state = 'queued'", "wanted = 'pause' WHERE state = 'running' AND wanted = 'run'")
            }
            Wanted::Run => (
                "state = 'queued', wanted = 'run', lease_until_us = 0 WHERE state = 'paused'",
                "wanted = 'run' WHERE state = 'running' AND wanted = 'pause'",
            ),
            Wanted::Cancel => ("state = 'cancelled' WHERE state IN ('queued', 'paused')", "wanted = 'cancel' WHERE state = 'running'"),
        };
        let mut tx = self.database.begin().await?;
        let mut touched = 0;
        for change in [waiting, running] {
            let sql = format!("UPDATE jobs SET updated_us = $2, {change} AND id = $1 AND lease_until_us IS NOT NULL");
            touched += tx.execute(&sql, vec![id.into(), now_us.into()]).await?;
        }
        tx.commit().await?;
        Ok(0 < touched)
    }

    /// The newest first.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        // Dry runs are shown where they are asked for.
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE kind <> 'import_check' ORDER BY started_us DESC, id LIMIT $1");
        let rows = self.database.query(&sql, vec![i64::from(limit).into()]).await?;
        rows.iter().map(Job::read).collect()
    }
}
