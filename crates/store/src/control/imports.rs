//! Imports of files: what was given, how it is read, how far it is, what came of it.
//!
//! The work itself is a job (see [`super::Job`]): first, if asked for, a dry run; then the import.

use super::{Control, Job, JobState, Wanted, jobs, secrets};
use crate::{Row, StoreError, Tx, Value};

/// Where an import's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// In the server's data folder.
    Here,
    /// With the command that reads it.
    Command,
    /// Removed; the row is kept for the history.
    Gone,
}

impl FileState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Command => "command",
            Self::Gone => "gone",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let known = [Self::Here, Self::Command, Self::Gone].into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| StoreError::Unreadable(format!("import file `{text}`")))
    }
}

#[derive(Debug, Clone)]
pub struct Import {
    pub id: String,
    /// As the sender's machine calls the file; never a path here.
    pub name: String,
    pub bytes: u64,
    pub file: FileState,
    pub plan: ImportPlan,
    pub created_by: String,
    pub created_us: i64,
    /// The latest work on it: a dry run or the import.
    pub job: Option<Job>,
    /// Whether `job` is a dry run.
    pub is_check: bool,
    pub started_us: Option<i64>,
    pub ended_us: Option<i64>,
    pub progress: ImportProgress,
    /// What the dry run of this very plan found, as JSON.
    pub checked: Option<String>,
    /// What came of the import, as JSON.
    pub summary: Option<String>,
}

/// How a file is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportPlan {
    /// What the rows are: `events`, `leads`, …
    pub kind: String,
    /// JSON; empty while there is none.
    pub mapping: String,
    /// The name of the source that the rows are said to come from.
    pub source: String,
    /// Whether the rows happen now, and may start sends and tasks.
    pub live: bool,
}

#[derive(Debug, Clone)]
pub struct NewImport {
    pub name: String,
    pub bytes: u64,
    pub file: FileState,
    pub plan: ImportPlan,
    pub created_by: String,
}

/// How far the latest work is. `rows` are done for good: their records are in the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportProgress {
    pub rows: u64,
    pub accepted: u64,
    pub refused: u64,
}

const COLUMNS: &str = "i.id, i.name, i.bytes, i.file, i.kind, i.mapping, i.source, i.live, i.created_by, i.created_us, i.is_check,
    i.started_us, i.ended_us, i.rows_read, i.accepted, i.refused, i.checked, i.summary, i.job_id";
const JOB_AT: usize = 19;

fn select(tail: &str) -> String {
    let job: Vec<String> = jobs::COLUMNS.split(", ").map(|column| format!("j.{column}")).collect();
    format!("SELECT {COLUMNS}, {} FROM imports i LEFT JOIN jobs j ON j.id = i.job_id {tail}", job.join(", "))
}

impl Import {
    fn read(row: &Row) -> Result<Self, StoreError> {
        // The job's row may be gone: the import then stands as it was.
        let has_job = row.maybe_text(JOB_AT)?.is_some();
        Ok(Self {
            id: row.text(0)?,
            name: row.text(1)?,
            bytes: row.int(2)? as u64,
            file: FileState::read(&row.text(3)?)?,
            plan: ImportPlan { kind: row.text(4)?, mapping: row.text(5)?, source: row.text(6)?, live: row.int(7)? != 0 },
            created_by: row.text(8)?,
            created_us: row.int(9)?,
            is_check: row.int(10)? != 0,
            started_us: row.maybe_int(11)?,
            ended_us: row.maybe_int(12)?,
            progress: ImportProgress { rows: row.int(13)? as u64, accepted: row.int(14)? as u64, refused: row.int(15)? as u64 },
            checked: row.maybe_text(16)?,
            summary: row.maybe_text(17)?,
            job: has_job.then(|| Job::read_at(row, JOB_AT)).transpose()?,
        })
    }

    /// The import's own job; `None` while there were dry runs at most.
    pub fn import_job(&self) -> Option<&Job> {
        self.job.as_ref().filter(|_| !self.is_check)
    }

    /// Whether nothing works on it and it was never started: its plan may change.
    pub fn is_draft(&self) -> bool {
        self.import_job().is_none() && !self.job.as_ref().is_some_and(|job| job.state.is_open())
    }
}

impl Control {
    /// Returns the import's id.
    pub async fn add_import(&self, new: &NewImport, now_us: i64) -> Result<String, StoreError> {
        let id = secrets::new_id("imp");
        self.add_import_as(&id, new, now_us).await?;
        Ok(id)
    }

    /// An id for a file that is about to arrive.
    pub fn new_import_id(&self) -> String {
        secrets::new_id("imp")
    }

    pub async fn add_import_as(&self, id: &str, new: &NewImport, now_us: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO imports (id, name, bytes, file, kind, mapping, source, live, created_by, created_us, is_check, rows_read, accepted, refused)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, 0)";
        let plan = &new.plan;
        let values = vec![
            id.into(),
            new.name.as_str().into(),
            new.bytes.into(),
            new.file.as_str().into(),
            plan.kind.as_str().into(),
            plan.mapping.as_str().into(),
            plan.source.as_str().into(),
            plan.live.into(),
            new.created_by.as_str().into(),
            now_us.into(),
        ];
        self.database.execute(sql, values).await?;
        Ok(())
    }

    /// The newest first.
    ///
    /// * `before_us`: those made before it.
    pub async fn imports(&self, before_us: i64, limit: u32) -> Result<Vec<Import>, StoreError> {
        let sql = select("WHERE i.created_us < $1 ORDER BY i.created_us DESC, i.id LIMIT $2");
        let rows = self.database.query(&sql, vec![before_us.into(), i64::from(limit).into()]).await?;
        rows.iter().map(Import::read).collect()
    }

    pub async fn import(&self, id: &str) -> Result<Option<Import>, StoreError> {
        let rows = self.database.query(&select("WHERE i.id = $1"), vec![id.into()]).await?;
        rows.first().map(Import::read).transpose()
    }

    pub async fn import_of_job(&self, job_id: &str) -> Result<Option<Import>, StoreError> {
        let rows = self.database.query(&select("WHERE i.job_id = $1"), vec![job_id.into()]).await?;
        rows.first().map(Import::read).transpose()
    }

    /// Changes how a draft is to be read; what an earlier dry run found counts no more.
    pub async fn plan_import(&self, id: &str, plan: &ImportPlan) -> Result<(), StoreError> {
        let sql = "UPDATE imports SET kind = $2, mapping = $3, source = $4, live = $5,
                checked = CASE WHEN kind = $2 AND mapping = $3 AND source = $4 AND live = $5 THEN checked ELSE NULL END
            WHERE id = $1";
        let values =
            vec![id.into(), plan.kind.as_str().into(), plan.mapping.as_str().into(), plan.source.as_str().into(), plan.live.into()];
        self.database.execute(sql, values).await?;
        Ok(())
    }

    /// Puts a draft in the queue: for a dry run, or for good. Returns the job's id; `None` for what is no draft any more.
    pub async fn queue_import(&self, id: &str, is_check: bool, now_us: i64) -> Result<Option<String>, StoreError> {
        let mut tx = self.database.begin().await?;
        let Some(import) = tx.query(&select("WHERE i.id = $1"), vec![id.into()]).await?.first().map(Import::read).transpose()? else {
            return Ok(None);
        };
        if !import.is_draft() {
            return Ok(None);
        }
        drop_check(&mut tx, &import).await?;
        let kind = if is_check { "import_check" } else { "import" };
        let job = add_job(&mut tx, kind, &import.name, JobState::Queued, true, now_us).await?;
        let sql =
            "UPDATE imports SET job_id = $2, is_check = $3, rows_read = 0, accepted = 0, refused = 0, started_us = $4, ended_us = NULL
            WHERE id = $1";
        let started = if is_check { Value::Int(None) } else { now_us.into() };
        tx.execute(sql, vec![id.into(), job.as_str().into(), is_check.into(), started]).await?;
        tx.commit().await?;
        Ok(Some(job))
    }

    /// Notes an import that a command does; nobody else takes it over.
    pub async fn begin_import(&self, id: &str, unit: &str, now_us: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let names = tx.query("SELECT name FROM imports WHERE id = $1", vec![id.into()]).await?;
        let name = names.first().map_or(Ok(String::new()), |row| row.text(0))?;
        let job = add_job(&mut tx, "import", &name, JobState::Running, false, now_us).await?;
        tx.execute("UPDATE jobs SET unit = $2 WHERE id = $1", vec![job.as_str().into(), unit.into()]).await?;
        let sql = "UPDATE imports SET job_id = $2, started_us = $3 WHERE id = $1";
        tx.execute(sql, vec![id.into(), job.as_str().into(), now_us.into()]).await?;
        tx.commit().await
    }

    /// Notes how far a job's import is, and what is wanted of it by now. Its lease, if it has one, runs until `lease_until_us`.
    pub async fn note_import(
        &self,
        job_id: &str,
        (done, total, unit): (u64, u64, &str),
        progress: ImportProgress,
        lease_until_us: i64,
        now_us: i64,
    ) -> Result<Wanted, StoreError> {
        let mut tx = self.database.begin().await?;
        let sql = "UPDATE jobs SET done = $2, total = $3, unit = $4, updated_us = $5,
                lease_until_us = CASE WHEN lease_until_us IS NULL THEN NULL ELSE $6 END
            WHERE id = $1 RETURNING wanted";
        let values = vec![job_id.into(), done.into(), total.into(), unit.into(), now_us.into(), lease_until_us.into()];
        let rows = tx.query(sql, values).await?;
        let wanted = rows.first().map(|row| Wanted::read(&row.text(0)?)).transpose()?;
        note_progress(&mut tx, job_id, progress).await?;
        tx.commit().await?;
        // A job that is gone is wanted by nobody.
        Ok(wanted.unwrap_or(Wanted::Cancel))
    }

    /// Ends a dry run with what it found, or an import with what came of it.
    ///
    /// * `told`: JSON; `message`: why it failed, or what else to say.
    pub async fn end_import(
        &self,
        job_id: &str,
        state: JobState,
        progress: ImportProgress,
        told: Option<&str>,
        message: Option<&str>,
        now_us: i64,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let sql = "UPDATE jobs SET state = $2, message = $3, updated_us = $4, wanted = 'run',
                done = CASE WHEN $2 = 'done' AND total > 0 THEN total ELSE done END
            WHERE id = $1";
        let message = Value::Text(message.map(str::to_owned));
        tx.execute(sql, vec![job_id.into(), state.as_str().into(), message, now_us.into()]).await?;
        note_progress(&mut tx, job_id, progress).await?;
        let told = Value::Text(told.map(str::to_owned));
        tx.execute("UPDATE imports SET checked = $2 WHERE job_id = $1 AND is_check = 1", vec![job_id.into(), told.clone()]).await?;
        if !state.is_open() {
            let sql = "UPDATE imports SET summary = $2, ended_us = $3 WHERE job_id = $1 AND is_check = 0";
            tx.execute(sql, vec![job_id.into(), told, now_us.into()]).await?;
        }
        tx.commit().await
    }

    /// Imports that a command began and has not been heard of since `before_us`: nobody works on them.
    pub async fn break_off_silent_imports(&self, before_us: i64, now_us: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE jobs SET state = 'failed', updated_us = $2,
                message = 'the command stopped: run it again, nothing is counted twice'
            WHERE kind = 'import' AND state = 'running' AND lease_until_us IS NULL AND updated_us < $1";
        self.database.execute(sql, vec![before_us.into(), now_us.into()]).await
    }

    /// Files that nobody needs any more: of imports that ended, and of drafts that were made, before `before_us`.
    pub async fn imports_to_forget(&self, before_us: i64) -> Result<Vec<Import>, StoreError> {
        let sql = select("WHERE i.file = 'here' AND COALESCE(i.ended_us, i.created_us) < $1 ORDER BY i.id LIMIT 1000");
        let rows = self.database.query(&sql, vec![before_us.into()]).await?;
        let imports: Vec<Import> = rows.iter().map(Import::read).collect::<Result<_, _>>()?;
        Ok(imports.into_iter().filter(|import| !import.job.as_ref().is_some_and(|job| job.state.is_open())).collect())
    }

    /// Notes that an import's file is gone.
    pub async fn forget_import_file(&self, id: &str) -> Result<(), StoreError> {
        self.database.execute("UPDATE imports SET file = 'gone' WHERE id = $1", vec![id.into()]).await?;
        Ok(())
    }

    /// Takes a draft off the list.
    pub async fn remove_import(&self, id: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM jobs WHERE id IN (SELECT job_id FROM imports WHERE id = $1)", vec![id.into()]).await?;
        tx.execute("DELETE FROM imports WHERE id = $1", vec![id.into()]).await?;
        tx.commit().await
    }
}

async fn add_job(tx: &mut Tx, kind: &str, title: &str, state: JobState, is_leased: bool, now_us: i64) -> Result<String, StoreError> {
    let id = secrets::new_id("job");
    let sql = "INSERT INTO jobs (id, kind, title, state, done, total, unit, started_us, updated_us, wanted, lease_until_us)
        VALUES ($1, $2, $3, $4, 0, 0, 'rows', $5, $5, 'run', $6)";
    let lease = if is_leased { Value::Int(Some(0)) } else { Value::Int(None) };
    tx.execute(sql, vec![id.as_str().into(), kind.into(), title.into(), state.as_str().into(), now_us.into(), lease]).await?;
    Ok(id)
}

/// An earlier dry run's job has said what it had to say.
async fn drop_check(tx: &mut Tx, import: &Import) -> Result<(), StoreError> {
    if let Some(job) = import.job.as_ref().filter(|_| import.is_check) {
        tx.execute("DELETE FROM jobs WHERE id = $1", vec![job.id.as_str().into()]).await?;
    }
    Ok(())
}

async fn note_progress(tx: &mut Tx, job_id: &str, progress: ImportProgress) -> Result<(), StoreError> {
    let sql = "UPDATE imports SET rows_read = $2, accepted = $3, refused = $4 WHERE job_id = $1";
    tx.execute(sql, vec![job_id.into(), progress.rows.into(), progress.accepted.into(), progress.refused.into()]).await?;
    Ok(())
}
