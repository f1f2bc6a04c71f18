//! The job that applies the channel rules to history (decision 0007).
//!
//! First the state, by commands: what the fold decides from then on leans on right touches only. Then the lake's files.
//! Both can be repeated at will, so a job that a stop interrupted begins again and does what is left.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use forecourt_lake::{Lake, Rewriting};
use forecourt_log::{Entry, Log};
use forecourt_model::{
    ChannelRules, FragmentState, RecordKind,
    command::{Action, ChannelsOf, Command},
    entity::Dimensions,
};
use forecourt_store::{
    Store,
    control::{CHANNEL_RULES_JOB, Control, JobState},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::clock::now_us;

const LOOK_EVERY: Duration = Duration::from_millis(500);
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// After an error that may pass.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Rows decided by one command: a batch of the fold with one in it takes some tens of milliseconds.
const RANGE_ROWS: u32 = 2_000;
/// Where the state's share of the job ends, in per cent.
const STATE_SHARE: u64 = 50;

/// What the job works with.
#[derive(Clone)]
pub struct ChannelJob {
    pub control: Control,
    pub log: Log,
    pub store: Store,
    pub lake: Lake,
    pub folded: watch::Receiver<u64>,
    pub stop: watch::Receiver<bool>,
}

impl ChannelJob {
    /// Takes up jobs until `stop` is true.
    pub async fn run(self) {
        let mut stop = self.stop.clone();
        loop {
            let pause = match self.next().await {
                Ok(()) => LOOK_EVERY,
                Err(_) if *stop.borrow() => return,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the channels of history wait");
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
        let Some(job) = self.control.running_jobs(CHANNEL_RULES_JOB).await?.into_iter().next() else { return Ok(()) };
        match self.apply(&job.id).await {
            Ok(told) => self.control.end_job(&job.id, JobState::Done, Some(&told), now_us()).await?,
            Err(error) if is_lasting(&error) => {
                self.control.end_job(&job.id, JobState::Failed, Some(&format!("{error:#}")), now_us()).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn apply(&self, job: &str) -> anyhow::Result<String> {
        let rules = self.store.channel_rules().await?;
        let mut progress = Progress { control: &self.control, job, told: Instant::now() };
        let mut held = 0;
        for of in [ChannelsOf::Fragments, ChannelsOf::Leads, ChannelsOf::Orders, ChannelsOf::Calls] {
            held += self.decide_state(of, &rules, &mut progress).await?;
        }
        progress.tell(STATE_SHARE).await?;
        // Progress is told from outside: the lake calls back where nothing can wait.
        let (sender, mut seen) = watch::channel((0_u64, 1_u64));
        let lake = self.lake.clone();
        let (with, stop) = (rules.clone(), self.stop.clone());
        let rewriting = tokio::spawn(async move {
            let told = |done, total| {
                sender.send_replace((done, total));
                !*stop.borrow()
            };
            lake.decide_channels(&with, told).await
        });
        while seen.changed().await.is_ok() {
            let (done, total) = *seen.borrow();
            progress.tell(STATE_SHARE + (100 - STATE_SHARE) * done / total.max(1)).await?;
        }
        let done = rewriting.await.context("the rewriting of the lake broke off")??;
        self.control.note_progress(job, 100, 100, now_us()).await?;
        Ok(told(held, done, self.store.channel_rules().await? == rules))
    }

    /// Has the fold decide one table's channels, range by range. Returns how many rows had another channel.
    async fn decide_state(&self, of: ChannelsOf, rules: &Arc<ChannelRules>, progress: &mut Progress<'_>) -> anyhow::Result<u64> {
        let (mut after, mut changed) = (if of == ChannelsOf::Fragments { "-1" } else { "" }.to_owned(), 0);
        loop {
            let page = self.page(of, &after, rules).await?;
            changed += page.changed;
            if of == ChannelsOf::Fragments {
                // Whatever the page shows: a fold that is behind has fragments that the table does not, also past the last.
                let until = page.last.clone().unwrap_or_else(|| i64::MAX.to_string());
                self.command(Action::DecideChannels { of, after: after.clone(), until }).await?;
            } else if let Some(until) = page.last.clone().filter(|_| page.changed != 0) {
                self.command(Action::DecideChannels { of, after: after.clone(), until }).await?;
            }
            let Some(last) = page.last else { return Ok(changed) };
            if of == ChannelsOf::Fragments {
                // Ids are spread evenly over their range.
                let share = last.parse::<i64>().unwrap_or(0) as f64 / i64::MAX as f64;
                progress.maybe_tell((share * STATE_SHARE as f64) as u64).await?;
            }
            after = last;
        }
    }

    async fn page(&self, of: ChannelsOf, after: &str, rules: &ChannelRules) -> anyhow::Result<Page> {
        let store = &self.store;
        Ok(match of {
            ChannelsOf::Fragments => {
                let rows = store.fragments_page(after.parse().unwrap_or(-1), RANGE_ROWS).await?;
                let is_other = |state: &str| serde_json::from_str(state).is_ok_and(|mut state: FragmentState| state.decide_channels(rules));
                let changed = rows.iter().filter(|row| is_other(&row.state)).count() as u64;
                Page { last: rows.last().map(|row| row.fragment_id.0.to_string()), changed }
            }
            ChannelsOf::Leads => {
                let rows = store.leads_page(after, RANGE_ROWS).await?;
                let last = rows.last().map(|row| row.entity.lead_id.clone());
                Page { last, changed: count(rows.into_iter().map(|row| row.entity.dimensions), rules) }
            }
            ChannelsOf::Orders => {
                let rows = store.orders_page(after, RANGE_ROWS).await?;
                let last = rows.last().map(|row| row.entity.order_id.clone());
                Page { last, changed: count(rows.into_iter().map(|row| row.entity.dimensions), rules) }
            }
            ChannelsOf::Calls => {
                let rows = store.calls_page(after, RANGE_ROWS).await?;
                let last = rows.last().map(|row| row.entity.call_id.clone());
                Page { last, changed: count(rows.into_iter().map(|row| row.entity.dimensions), rules) }
            }
        })
    }

    /// Appends a command and waits until it is folded: history must not pile up before real input.
    async fn command(&self, action: Action) -> anyhow::Result<()> {
        let command = Command { actor: "channel rules".to_owned(), action };
        let entry = Entry { kind: RecordKind::Command as u8, body: Bytes::from(serde_json::to_vec(&command)?) };
        let offset = self.log.append(now_us(), vec![entry]).await?;
        let (mut folded, mut stop) = (self.folded.clone(), self.stop.clone());
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => bail!("the server stops"),
            reached = folded.wait_for(|folded| offset < *folded) => reached.map(|_| ()).context("the fold stopped"),
        }
    }
}

/// A stretch of one table.
struct Page {
    /// The last key in it; `None` past the end.
    last: Option<String>,
    /// Rows whose channel the rules would change.
    changed: u64,
}

fn count(rows: impl Iterator<Item = Dimensions>, rules: &ChannelRules) -> u64 {
    rows.filter_map(|mut dimensions| dimensions.decide_channel(rules).then_some(())).count() as u64
}

fn told(held: u64, lake: Rewriting, is_current: bool) -> String {
    let told = format!("{held} touches, leads, orders and calls and {} events have another channel", lake.rows_changed);
    if is_current { told } else { format!("{told}; the rules were changed meanwhile: apply them once more") }
}

/// What a new try would meet again.
fn is_lasting(error: &anyhow::Error) -> bool {
    let store = error.downcast_ref::<forecourt_store::StoreError>().map(forecourt_store::StoreError::is_retryable);
    let lake = error.downcast_ref::<forecourt_lake::LakeError>().map(forecourt_lake::LakeError::is_retryable);
    let log = error.downcast_ref::<forecourt_log::LogError>().map(forecourt_log::LogError::is_retryable);
    store.or(lake).or(log) == Some(false)
}

struct Progress<'a> {
    control: &'a Control,
    job: &'a str,
    told: Instant,
}

impl Progress<'_> {
    async fn maybe_tell(&mut self, percent: u64) -> anyhow::Result<()> {
        if PROGRESS_EVERY <= self.told.elapsed() { self.tell(percent).await } else { Ok(()) }
    }

    async fn tell(&mut self, percent: u64) -> anyhow::Result<()> {
        self.told = Instant::now();
        Ok(self.control.note_progress(self.job, percent, 100, now_us()).await?)
    }
}
