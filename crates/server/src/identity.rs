//! The jobs that try identity settings on history, and apply them to it.
//!
//! Applying is a command after the other, each deciding a range of fragments anew; it can be repeated at will, so a job that a
//! stop interrupted begins again.

use anyhow::Context as _;
use forecourt_model::{IdentitySettings, command::Action};
use forecourt_process::forecast;
use forecourt_store::{
    Store,
    control::{IDENTITY_JOB, IDENTITY_PREVIEW_JOB, Job},
};
use tokio::sync::watch;

use crate::history_job::{Desk, Interrupted, share_before, take_up};

const ACTOR: &str = "identity settings";
/// Fragments decided by one command.
const RANGE_ROWS: u32 = 500;

/// What the jobs work with.
#[derive(Clone)]
pub struct IdentityJobs {
    pub desk: Desk,
    pub store: Store,
}

impl IdentityJobs {
    /// Takes up jobs until they are to stop.
    pub async fn run(self) {
        let this = &self;
        let next = || async move {
            this.desk.work_on(IDENTITY_PREVIEW_JOB, |job| async move { this.preview(&job).await }).await?;
            this.desk.work_on(IDENTITY_JOB, |job| async move { this.apply(&job).await }).await
        };
        take_up("the identity of history waits", &self.desk, next).await;
    }

    async fn preview(&self, job: &Job) -> anyhow::Result<String> {
        let settings: IdentitySettings = serde_json::from_str(job.message.as_deref().unwrap_or_default())
            .context("the settings to try do not read: try them again from the identity settings page")?;
        let (sender, seen) = watch::channel(0);
        let (store, stop) = (self.store.clone(), self.desk.stop.clone());
        let trying = tokio::spawn(async move {
            let told = move |percent| {
                sender.send_replace(percent);
                !*stop.borrow()
            };
            forecast(&store, &settings, told).await
        });
        self.desk.progress(&job.id).follow(seen).await?;
        let found = trying.await.context("the forecast broke off")??;
        Ok(serde_json::to_string(&found.ok_or(Interrupted::ServerStops)?)?)
    }

    async fn apply(&self, job: &Job) -> anyhow::Result<String> {
        let before = self.store.profiles_count().await?;
        let (mut after, mut progress) = (-1, self.desk.progress(&job.id));
        loop {
            let last = self.store.fragments_page(after, RANGE_ROWS).await?.last().map(|row| row.fragment_id.0);
            // A fold that is behind has fragments that the table does not, also past the last.
            self.desk.command(ACTOR, Action::DecideIdentity { after, until: last.unwrap_or(i64::MAX) }).await?;
            let Some(last) = last else { break };
            after = last;
            progress.maybe_tell(share_before(last)).await?;
        }
        Ok(format!("{before} profiles before, {} after", self.store.profiles_count().await?))
    }
}
