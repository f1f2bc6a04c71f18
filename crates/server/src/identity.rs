//! The jobs that try identity settings on history, and apply them to it.
//!
//! Applying is a command after the other, each deciding a range of fragments anew; it can be repeated at will, so a job that a
//! stop interrupted begins again.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use forecourt_log::{Entry, Log};
use forecourt_model::{
    IdentitySettings, RecordKind,
    command::{Action, Command},
};
use forecourt_process::forecast;
use forecourt_store::{
    Store, StoreError,
    control::{Control, IDENTITY_JOB, IDENTITY_PREVIEW_JOB, Job, JobState},
};
use tokio::{sync::watch, time::sleep};

use crate::clock::now_us;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After an error that may pass.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Fragments decided by one command.
const RANGE_ROWS: u32 = 500;

/// What the jobs work with.
#[derive(Clone)]
pub struct IdentityJobs {
    pub control: Control,
    pub log: Log,
    pub store: Store,
    pub folded: watch::Receiver<u64>,
    pub stop: watch::Receiver<bool>,
}

impl IdentityJobs {
    /// Takes up jobs until `stop` is true.
    pub async fn run(self) {
        let mut stop = self.stop.clone();
        loop {
            let pause = match self.next().await {
                Ok(()) => LOOK_EVERY,
                Err(_) if *stop.borrow() => return,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the identity of history waits");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = sleep(pause) => {}
            }
        }
    }

    async fn next(&self) -> anyhow::Result<()> {
        if let Some(job) = self.control.running_jobs(IDENTITY_PREVIEW_JOB).await?.into_iter().next() {
            let tried = self.preview(&job).await;
            self.end(&job, tried).await?;
        }
        if let Some(job) = self.control.running_jobs(IDENTITY_JOB).await?.into_iter().next() {
            let applied = self.apply(&job).await;
            self.end(&job, applied).await?;
        }
        Ok(())
    }

    async fn end(&self, job: &Job, done: anyhow::Result<String>) -> anyhow::Result<()> {
        let (state, message) = match done {
            Ok(message) => (JobState::Done, message),
            // What a new try would meet again ends it.
            Err(error) if error.downcast_ref::<StoreError>().is_none_or(|error| !error.is_retryable()) && !*self.stop.borrow() => {
                (JobState::Failed, format!("{error:#}"))
            }
            Err(error) => return Err(error),
        };
        Ok(self.control.end_job(&job.id, state, Some(&message), now_us()).await?)
    }

    async fn preview(&self, job: &Job) -> anyhow::Result<String> {
        let settings: IdentitySettings = serde_json::from_str(job.message.as_deref().unwrap_or_default())
            .context("the settings to try do not read: try them again from the identity settings page")?;
        let (sender, mut seen) = watch::channel(0);
        let (store, stop) = (self.store.clone(), self.stop.clone());
        let trying = tokio::spawn(async move {
            let told = move |percent| {
                sender.send_replace(percent);
                !*stop.borrow()
            };
            forecast(&store, &settings, told).await
        });
        while seen.changed().await.is_ok() {
            let percent = *seen.borrow();
            self.control.note_progress(&job.id, percent, 100, now_us()).await?;
        }
        match trying.await.context("the forecast broke off")?? {
            Some(found) => {
                self.control.note_progress(&job.id, 100, 100, now_us()).await?;
                Ok(serde_json::to_string(&found)?)
            }
            None => bail!("the server stops"),
        }
    }

    async fn apply(&self, job: &Job) -> anyhow::Result<String> {
        let (mut after, mut ranges) = (-1, 0_u64);
        let before = self.store.profiles_count().await?;
        loop {
            let page = self.store.fragments_page(after, RANGE_ROWS).await?;
            let last = page.last().map(|row| row.fragment_id.0);
            // A fold that is behind has fragments that the table does not, also past the last.
            self.command(Action::DecideIdentity { after, until: last.unwrap_or(i64::MAX) }).await?;
            let Some(last) = last else { break };
            after = last;
            ranges += 1;
            if ranges % 4 == 0 {
                // Ids are spread evenly over their range.
                let percent = (last as f64 / i64::MAX as f64 * 100.0) as u64;
                self.control.note_progress(&job.id, percent.min(99), 100, now_us()).await?;
            }
        }
        self.control.note_progress(&job.id, 100, 100, now_us()).await?;
        Ok(format!("{before} profiles before, {} after", self.store.profiles_count().await?))
    }

    /// Appends a command and waits until it is folded: history must not pile up before real input.
    async fn command(&self, action: Action) -> anyhow::Result<()> {
        let command = Command { actor: "identity settings".to_owned(), action };
        let entry = Entry { kind: RecordKind::Command as u8, body: Bytes::from(serde_json::to_vec(&command)?) };
        let offset = self.log.append(now_us(), vec![entry]).await?;
        let (mut folded, mut stop) = (self.folded.clone(), self.stop.clone());
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => bail!("the server stops"),
            reached = folded.wait_for(|folded| offset < *folded) => reached.map(|_| ()).context("the fold stopped"),
        }
    }
}
