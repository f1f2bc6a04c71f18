//! The job that applies the channel rules to history (decision 0007).
//!
//! First the state, by commands: what the fold decides from then on leans on right touches only. Then the lake's files.
//! Both can be repeated at will, so a job that a stop interrupted begins again and does what is left.

use std::sync::Arc;

use anyhow::Context as _;
use forecourt_lake::{Lake, Rewriting};
use forecourt_model::{
    ChannelRules, FragmentState,
    command::{Action, ChannelsOf},
    entity::Dimensions,
};
use forecourt_store::{Store, control::CHANNEL_RULES_JOB};
use tokio::sync::watch;

use crate::history_job::{Desk, Progress, share_before, take_up};

const ACTOR: &str = "channel rules";
/// Rows decided by one command: a batch of the fold with one in it takes some tens of milliseconds.
const RANGE_ROWS: u32 = 2_000;
/// Where the state's share of the job ends, in per cent.
const STATE_SHARE: u64 = 50;

/// What the job works with.
#[derive(Clone)]
pub struct ChannelJob {
    pub desk: Desk,
    pub store: Store,
    pub lake: Lake,
}

impl ChannelJob {
    /// Takes up jobs until they are to stop.
    pub async fn run(self) {
        let this = &self;
        let apply = || this.desk.work_on(CHANNEL_RULES_JOB, move |job| async move { this.apply(&job.id).await });
        take_up("the channels of history wait", &self.desk, apply).await;
    }

    async fn apply(&self, job: &str) -> anyhow::Result<String> {
        let rules = self.store.channel_rules().await?;
        let mut progress = self.desk.progress(job);
        let mut held = 0;
        for of in [ChannelsOf::Fragments, ChannelsOf::Leads, ChannelsOf::Orders, ChannelsOf::Calls] {
            held += self.decide_state(of, &rules, &mut progress).await?;
        }
        progress.tell(STATE_SHARE).await?;
        // Progress is told from outside: the lake calls back where nothing can wait.
        let (sender, seen) = watch::channel(STATE_SHARE);
        let lake = self.lake.clone();
        let (with, stop) = (rules.clone(), self.desk.stop.clone());
        let rewriting = tokio::spawn(async move {
            let told = |done: u64, total: u64| {
                sender.send_replace(STATE_SHARE + (100 - STATE_SHARE) * done / total.max(1));
                !*stop.borrow()
            };
            lake.decide_channels(&with, told).await
        });
        progress.follow(seen).await?;
        let done = rewriting.await.context("the rewriting of the lake broke off")??;
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
                self.desk.command(ACTOR, Action::DecideChannels { of, after: after.clone(), until }).await?;
            } else if let Some(until) = page.last.clone().filter(|_| page.changed != 0) {
                self.desk.command(ACTOR, Action::DecideChannels { of, after: after.clone(), until }).await?;
            }
            let Some(last) = page.last else { return Ok(changed) };
            if of == ChannelsOf::Fragments {
                progress.maybe_tell(share_before(last.parse().unwrap_or(0)) * STATE_SHARE / 100).await?;
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
