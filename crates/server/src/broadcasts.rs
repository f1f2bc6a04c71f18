//! The worker that sends broadcasts: it starts those whose time has come, and has the fold decide range by range on their people.
//!
//! All that counts is in the fold: how far a broadcast is, and who was reached. A stop anywhere loses nothing and repeats nothing.

use std::time::Duration;

use forecourt_model::{
    broadcast::{BroadcastOf, BroadcastState, BroadcastStep},
    command::{Action, Verdict},
};
use forecourt_store::Store;
use tokio::time::sleep;

use crate::{
    clock::now_us,
    history_job::{Desk, take_up},
};

const ACTOR: &str = "broadcasts";
/// People decided on by one command.
const PEOPLE: u64 = 1_000;
/// A throttled broadcast goes in steps of about so many a minute.
const STEPS_A_MINUTE: u64 = 12;
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What the worker works with.
#[derive(Clone)]
pub struct BroadcastJob {
    pub desk: Desk,
    pub store: Store,
}

impl BroadcastJob {
    /// Sends what there is to send until it is to stop.
    pub async fn run(self) {
        let this = &self;
        take_up("broadcasts wait", &self.desk, || this.send_all()).await;
    }

    async fn send_all(&self) -> anyhow::Result<()> {
        self.start_due().await?;
        for of in self.open().await? {
            // A throttled one must not keep the others waiting: a range of each at a time.
            if let BroadcastState::Sending { until } = of.state {
                self.send(&of, until).await?;
            }
        }
        Ok(())
    }

    async fn open(&self) -> anyhow::Result<Vec<BroadcastOf>> {
        Ok(self.store.broadcasts().await?.into_iter().map(|definition| definition.body).filter(BroadcastOf::is_open).collect())
    }

    async fn start_due(&self) -> anyhow::Result<()> {
        for of in self.open().await? {
            let is_due = of.state == BroadcastState::Scheduled && of.broadcast.starts_us.is_none_or(|starts_us| starts_us <= now_us());
            if is_due {
                let broadcast_id = of.broadcast.broadcast_id.clone();
                let offset = self.desk.command(&of.changed_by, Action::StepBroadcast { broadcast_id, step: BroadcastStep::Start }).await?;
                if let Some(Verdict::Refused { reason }) = self.store.verdict(offset).await? {
                    tracing::warn!(broadcast = of.broadcast.broadcast_id, reason, "a broadcast does not start");
                    sleep(LOOK_EVERY).await;
                }
            }
        }
        Ok(())
    }

    /// Sends on from where it stands: to the end, or one step of one that is throttled.
    async fn send(&self, of: &BroadcastOf, mut after: i64) -> anyhow::Result<()> {
        let id = &of.broadcast.broadcast_id;
        let people = of.broadcast.per_minute.map_or(PEOPLE, |rate| (u64::from(rate) / STEPS_A_MINUTE).clamp(1, PEOPLE));
        for until in self.ranges(people).await?.into_iter().filter(|until| after < *until).collect::<Vec<_>>() {
            let before = self.messages(of).await?;
            self.desk.let_others_first().await;
            let offset = self.desk.command(ACTOR, Action::SendBroadcast { broadcast_id: id.clone(), after, until }).await?;
            if self.store.verdict(offset).await? != Some(Verdict::Done) {
                // Paused or ended meanwhile.
                return Ok(());
            }
            #[cfg(feature = "failpoints")]
            fail::fail_point!("broadcasts::midway");
            after = until;
            if let Some(rate) = of.broadcast.per_minute {
                let made = self.messages(of).await?.saturating_sub(before);
                self.rest(Duration::from_secs_f64(made as f64 * 60.0 / f64::from(rate))).await;
            }
        }
        Ok(())
    }

    async fn messages(&self, of: &BroadcastOf) -> anyhow::Result<u64> {
        if of.broadcast.per_minute.is_none() {
            return Ok(0);
        }
        let counts = self.store.counts_of(&of.broadcast.definition()).await?;
        Ok(counts.iter().map(|count| count.messages).sum::<i64>().max(0) as u64)
    }

    async fn rest(&self, length: Duration) {
        let mut stop = self.desk.stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = sleep(length) => {}
        }
    }

    /// The last ids of ranges of about so many people: ids are hashes, spread evenly.
    async fn ranges(&self, people: u64) -> anyhow::Result<Vec<i64>> {
        let count = i64::try_from(self.store.profiles_count().await? / people + 1)?;
        let width = i64::MAX / count;
        Ok((1..count).map(|at| at * width).chain([i64::MAX]).collect())
    }
}
