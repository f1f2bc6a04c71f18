//! The work on imports: one file at a time, from the queue, until it is done, paused or cancelled.
//!
//! How far an import is stands in the control database; a server that starts goes on from there. What was appended after the
//! last note is appended again and counts once: a row's message id is made of its content.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use forecourt_api::imports::ImportDesk;
use forecourt_collect::file::{ImportRun, Kind, Progress, Sink, Summary, Tracing, import_until};
use forecourt_model::{
    HashKey, Origin,
    time::{DAY_US, MINUTE_US, SECOND_US},
};
use forecourt_store::{
    Store,
    control::{Control, Import, ImportProgress, Job, JobState, Wanted},
};
use tokio::{
    sync::{Notify, watch},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{SharedFeed, desk::mapping_of, known, outcome};
use crate::clock::now_us;

const KINDS: [&str; 2] = ["import", "import_check"];
/// A worker that has not been heard of for so long has gone.
const LEASE_US: i64 = 30 * SECOND_US;
/// How often progress is noted, and looked for what a person wants.
const NOTE_EVERY: Duration = Duration::from_millis(250);
const LOOK_EVERY: Duration = Duration::from_secs(5);
const SWEEP_EVERY_US: i64 = 10 * MINUTE_US;
/// A command that imports and says nothing for so long has gone.
const SILENT_US: i64 = 10 * MINUTE_US;
/// An upload under way has no row yet; older folders without one are left over from a crash.
const STRAY_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// What the work needs.
#[derive(Clone)]
pub struct ImportWorker {
    pub control: Control,
    pub store: Store,
    pub desk: ImportDesk,
    pub feed: SharedFeed,
    /// Told when there is work.
    pub work: Arc<Notify>,
    pub key: HashKey,
    pub region: String,
    /// Called after a source was made.
    pub source_added: Arc<dyn Fn() + Send + Sync>,
}

impl ImportWorker {
    /// Works until `stop` is true. A job that fails says so in its row; a database that does not answer is asked again.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut swept_us = 0;
        while !*stop.borrow() {
            if swept_us + SWEEP_EVERY_US < now_us() {
                swept_us = now_us();
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "files of old imports were not looked through");
                }
            }
            match self.control.claim_job(&KINDS, now_us() + LEASE_US, now_us()).await {
                Ok(Some(job)) => {
                    if let Err(error) = self.work_on(&job, &stop).await {
                        tracing::error!(job = job.id, error = format!("{error:#}"), "an import's outcome was not noted");
                    }
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the queue of imports was not read"),
            }
            tokio::select! {
                () = self.work.notified() => {}
                () = sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Does a job, from where an earlier worker left it, and notes how it ended.
    async fn work_on(&self, job: &Job, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
        let Some(import) = self.control.import_of_job(&job.id).await? else {
            return Ok(self
                .control
                .end_import(&job.id, JobState::Failed, ImportProgress::default(), None, Some("its import is gone"), now_us())
                .await?);
        };
        let run = match self.plan(&import).await {
            Ok(run) => run,
            Err(error) => return self.fail(job, &import, import.progress, &error).await,
        };
        let (summary, wanted, reached) = self.take_in(job, &import, run, stop.clone()).await?;
        match (summary, wanted) {
            (Err(error), _) => self.fail(job, &import, reached, &error).await,
            // The server stops: the next one goes on.
            (Ok(summary), None) if summary.halted => Ok(()),
            (Ok(summary), Some(Wanted::Pause)) if summary.halted => {
                Ok(self.control.end_import(&job.id, JobState::Paused, reached, None, None, now_us()).await?)
            }
            (Ok(summary), _) if summary.halted => self.end(job, &import, JobState::Cancelled, summary).await,
            (Ok(summary), _) => self.end(job, &import, JobState::Done, summary).await,
        }
    }

    async fn plan(&self, import: &Import) -> anyhow::Result<ImportRun> {
        let plan = &import.plan;
        let kind = Kind::parse(&plan.kind).with_context(|| format!("there is no kind `{}`", plan.kind))?;
        let mapping = mapping_of(&serde_json::from_str(&plan.mapping).context("the mapping does not read")?)?;
        Ok(ImportRun {
            kind,
            path: self.desk.file_of(&import.id),
            mapping,
            dry_run: import.is_check,
            origin: if plan.live { Origin::Live } else { Origin::History },
            source: self.source_id(&plan.source, import.is_check).await?,
            region: self.region.clone(),
            now_us: import.started_us.unwrap_or_else(now_us),
            rejected: Some(self.desk.rejected_of(&import.id)),
            done_rows: import.progress.rows,
            trace: import.is_check.then_some(Tracing { key: self.key }),
        })
    }

    /// The id of the named source. A dry run makes none: nothing can be known of one that is not there.
    async fn source_id(&self, name: &str, is_check: bool) -> anyhow::Result<String> {
        let held = self.control.sources().await?.into_iter().find(|source| source.name == name);
        match held {
            Some(source) => Ok(source.id),
            None if is_check => Ok(String::new()),
            None => {
                let added = self.control.add_source(name, "import", now_us()).await?;
                (self.source_added)();
                Ok(added.id)
            }
        }
    }

    /// Reads the file and appends its rows; notes progress on the way, and ends early when a person or the server wants it.
    ///
    /// Returns what came of it, what was wanted (`None` for the server's stop), and how far it is for good.
    async fn take_in(
        &self,
        job: &Job,
        import: &Import,
        run: ImportRun,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<(anyhow::Result<Summary>, Option<Wanted>, ImportProgress)> {
        let (halt, mut halted) = watch::channel(false);
        let (told, telling) = watch::channel(Progress::default());
        let sink = Sink::Feed(self.feed.clone());
        let halting = async move {
            let _ = halted.wait_for(|halted| *halted).await;
        };
        let importing = import_until(run, &sink, halting, |at| {
            told.send_replace(at);
        });
        tokio::pin!(importing);
        let mut notes = interval(NOTE_EVERY);
        notes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let unit = unit(&self.desk.file_of(&import.id));
        let mut wanted = Some(Wanted::Run);
        let outcome = loop {
            tokio::select! {
                outcome = &mut importing => break outcome,
                _ = notes.tick() => {
                    let at = *telling.borrow();
                    let reached = farther(import, at);
                    let noted = self.control.note_import(&job.id, (at.done, at.total, unit), reached, now_us() + LEASE_US, now_us()).await;
                    match noted {
                        Ok(Wanted::Run) | Err(_) => {}
                        Ok(other) => {
                            wanted = Some(other);
                            halt.send_replace(true);
                        }
                    }
                }
                () = stopped(&mut stop), if wanted.is_some() => {
                    wanted = None;
                    halt.send_replace(true);
                }
            }
        };
        let at = *telling.borrow();
        let reached = farther(import, at);
        self.control.note_import(&job.id, (at.done, at.total, unit), reached, now_us() + LEASE_US, now_us()).await?;
        let outcome = outcome.map_err(|error| {
            let told = error.to_string().replace(&self.desk.file_of(&import.id).display().to_string(), &import.name);
            anyhow::anyhow!(told)
        });
        Ok((outcome, wanted, reached))
    }

    async fn end(&self, job: &Job, import: &Import, state: JobState, summary: Summary) -> anyhow::Result<()> {
        let progress = ImportProgress { rows: summary.rows, accepted: summary.accepted, refused: summary.refused };
        let compared = match &summary.trace {
            Some(trace) if state == JobState::Done => Some(known::compare(&self.store, trace).await?),
            _ => None,
        };
        let told = serde_json::to_string(&outcome(&summary, compared))?;
        // A dry run that was broken off has found nothing.
        let told = (state == JobState::Done || !import.is_check).then_some(told.as_str());
        Ok(self.control.end_import(&job.id, state, progress, told, None, now_us()).await?)
    }

    async fn fail(&self, job: &Job, import: &Import, reached: ImportProgress, error: &anyhow::Error) -> anyhow::Result<()> {
        tracing::warn!(import = import.id, error = format!("{error:#}"), "an import failed");
        Ok(self.control.end_import(&job.id, JobState::Failed, reached, None, Some(&format!("{error:#}")), now_us()).await?)
    }

    /// Removes files that have been kept long enough, and what uploads left that never came to an end.
    async fn sweep(&self) -> anyhow::Result<()> {
        self.control.break_off_silent_imports(now_us() - SILENT_US, now_us()).await?;
        let before_us = now_us() - i64::from(self.desk.limits().keep_days) * DAY_US;
        for import in self.control.imports_to_forget(before_us).await? {
            remove(&self.desk.folder_of(&import.id)).await?;
            if import.is_draft() {
                self.control.remove_import(&import.id).await?;
            } else {
                self.control.forget_import_file(&import.id).await?;
            }
        }
        self.sweep_strays().await
    }

    async fn sweep_strays(&self) -> anyhow::Result<()> {
        let folder = self.desk.folder_of("");
        let mut entries = match tokio::fs::read_dir(&folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        while let Some(entry) = entries.next_entry().await? {
            let age = entry.metadata().await?.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            let name = entry.file_name().to_string_lossy().into_owned();
            if age.is_some_and(|age| STRAY_AFTER < age) && self.control.import(&name).await?.is_none() {
                remove(&entry.path()).await?;
            }
        }
        Ok(())
    }
}

async fn remove(folder: &Path) -> anyhow::Result<()> {
    match tokio::fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An end of the sender is an end of the server.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What is in for good: a run that goes on reads the rows from the first again, and is behind itself for a while.
fn farther(import: &Import, at: Progress) -> ImportProgress {
    let now = ImportProgress { rows: at.rows, accepted: at.accepted, refused: at.refused };
    if import.is_check || import.progress.rows < now.rows { now } else { import.progress }
}

/// What progress on a file is told in. A workbook does not say how many rows it has.
fn unit(path: &Path) -> &'static str {
    use std::io::Read as _;
    let mut magic = Vec::with_capacity(4);
    let read = std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut magic));
    if read.is_ok() && (magic.starts_with(b"PK") || magic.starts_with(b"PAR1")) { "rows" } else { "bytes" }
}
