//! What jobs over history have in common: a worker takes each up, commands go to the log one after the other, progress is told.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use forecourt_lake::LakeError;
use forecourt_log::{Entry, Log, LogError};
use forecourt_model::{
    RecordKind,
    command::{Action, Command},
};
use forecourt_store::{
    StoreError,
    control::{Control, Job, JobState},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::clock::now_us;

/// Between two looks for work while something happens, and while nothing does that this process knows of.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOOK_AT_REST: Duration = Duration::from_secs(3);
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// Live events go first: while so many records wait for the fold, or for so long, a command waits.
const LAG_MAX: u64 = 2_000;
const WAIT_MAX: Duration = Duration::from_secs(5);
const LAG_LOOK_EVERY: Duration = Duration::from_millis(20);
/// After an error that may pass.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The work was broken off by what is no fault of its own.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    #[error("the server stops")]
    ServerStops,
    #[error("the fold stopped")]
    FoldStopped,
}

/// Looks for work again and again until the server stops; an error that may pass is told and tried again.
///
/// * `waits`: what the log says of an error, such as `"the channels of history wait"`.
/// * `next`: does what there is to do, and returns.
pub async fn take_up<Work>(waits: &'static str, desk: &Desk, next: impl Fn() -> Work)
where
    Work: Future<Output = anyhow::Result<()>>,
{
    let (mut stop, mut news) = (desk.stop.clone(), News::of(desk));
    loop {
        news.forget();
        let pause = match next().await {
            Ok(()) => Pause::UntilNews,
            Err(_) if *stop.borrow() => return,
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "{waits}");
                Pause::After(AFTER_FAILURE)
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = news.pause(pause) => {}
        }
    }
}

enum Pause {
    UntilNews,
    After(Duration),
}

/// What may have brought work: a job was started, or the fold has gone on.
struct News {
    jobs: watch::Receiver<u64>,
    folded: watch::Receiver<u64>,
}

impl News {
    fn of(desk: &Desk) -> Self {
        Self { jobs: desk.control.jobs_bell(), folded: desk.folded.clone() }
    }

    fn forget(&mut self) {
        self.jobs.mark_unchanged();
        self.folded.mark_unchanged();
    }

    async fn pause(&mut self, pause: Pause) {
        match pause {
            Pause::After(length) => sleep(length).await,
            // Another process may have started a job: that is seen by looking.
            Pause::UntilNews => {
                let _ = tokio::time::timeout(LOOK_AT_REST, self.come()).await;
                sleep(LOOK_EVERY).await;
            }
        }
    }

    async fn come(&mut self) {
        tokio::select! {
            Ok(()) = self.jobs.changed() => {}
            Ok(()) = self.folded.changed() => {}
            else => std::future::pending().await,
        }
    }
}

/// What a job over history works with: jobs to take up, and a log to tell commands to.
#[derive(Clone)]
pub struct Desk {
    pub control: Control,
    pub log: Log,
    pub folded: watch::Receiver<u64>,
    pub stop: watch::Receiver<bool>,
}

impl Desk {
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Does the oldest job of a kind that is not over, if there is one, and ends it with its message.
    ///
    /// Errors: what may pass, and a stop: the job is taken up again. What a new try would meet again ends it as failed.
    pub async fn work_on<Work>(&self, kind: &str, work: impl FnOnce(Job) -> Work) -> anyhow::Result<()>
    where
        Work: Future<Output = anyhow::Result<String>>,
    {
        let Some(job) = self.control.running_jobs(kind).await?.into_iter().next() else { return Ok(()) };
        let id = job.id.clone();
        let (state, message) = match work(job).await {
            Ok(message) => (JobState::Done, message),
            Err(error) if self.is_stopping() || !is_lasting(&error) => return Err(error),
            Err(error) => (JobState::Failed, format!("{error:#}")),
        };
        if state == JobState::Done {
            self.control.note_progress(&id, 100, 100, now_us()).await?;
        }
        Ok(self.control.end_job(&id, state, Some(&message), now_us()).await?)
    }

    /// Appends a command and waits until it is folded: history must not pile up before real input. Returns its offset.
    pub async fn command(&self, actor: &str, action: Action) -> anyhow::Result<u64> {
        let command = Command { actor: actor.to_owned(), action };
        let entry = Entry { kind: RecordKind::Command as u8, body: Bytes::from(serde_json::to_vec(&command)?) };
        let offset = self.log.append(now_us(), vec![entry]).await?;
        let (mut folded, mut stop) = (self.folded.clone(), self.stop.clone());
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => Err(Interrupted::ServerStops.into()),
            reached = folded.wait_for(|folded| offset < *folded) => match reached {
                Ok(_) => Ok(offset),
                Err(_) => Err(Interrupted::FoldStopped.into()),
            },
        }
    }

    /// Waits a little while much else waits for the fold.
    pub async fn let_others_first(&self) {
        let began = Instant::now();
        let lag = || self.log.end_offset().saturating_sub(*self.folded.borrow());
        while LAG_MAX < lag() && began.elapsed() < WAIT_MAX && !self.is_stopping() {
            sleep(LAG_LOOK_EVERY).await;
        }
    }

    pub fn progress<'a>(&'a self, job: &'a str) -> Progress<'a> {
        Progress { control: &self.control, job, told: Instant::now() }
    }
}

/// What a new try would meet again.
fn is_lasting(error: &anyhow::Error) -> bool {
    let store = error.downcast_ref::<StoreError>().map(StoreError::is_retryable);
    let lake = error.downcast_ref::<LakeError>().map(LakeError::is_retryable);
    let log = error.downcast_ref::<LogError>().map(LogError::is_retryable);
    let interrupted = error.downcast_ref::<Interrupted>().map(|_| true);
    store.or(lake).or(log).or(interrupted) != Some(true)
}

/// How far a job has come, in per cent; told now and then.
pub struct Progress<'a> {
    control: &'a Control,
    job: &'a str,
    told: Instant,
}

impl Progress<'_> {
    pub async fn maybe_tell(&mut self, percent: u64) -> anyhow::Result<()> {
        if PROGRESS_EVERY <= self.told.elapsed() { self.tell(percent).await } else { Ok(()) }
    }

    pub async fn tell(&mut self, percent: u64) -> anyhow::Result<()> {
        self.told = Instant::now();
        Ok(self.control.note_progress(self.job, percent, 100, now_us()).await?)
    }

    /// Tells what a task elsewhere sends, until it has ended.
    pub async fn follow(&mut self, mut seen: watch::Receiver<u64>) -> anyhow::Result<()> {
        while seen.changed().await.is_ok() {
            let percent = *seen.borrow_and_update();
            self.tell(percent).await?;
        }
        Ok(())
    }
}

/// The share of all ids, in per cent, that lies before one: ids are spread evenly over their range.
pub fn share_before(id: i64) -> u64 {
    (id.max(0) as f64 / i64::MAX as f64 * 100.0) as u64
}
