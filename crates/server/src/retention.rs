//! Takes out what is kept no longer: once a day, and when somebody asks.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use forecourt_api::RetentionBell;
use forecourt_lake::{Expired, Lake};
use forecourt_log::Log;
use forecourt_model::{
    audit::{Action, Actor, Outcome},
    retention::Retention,
    time::{DAY_US, iso},
};
use forecourt_store::{
    Store,
    control::{AuditNote, Control, JobState},
};
use tokio::sync::watch;

use crate::{backup::take::Copying, checkpoints::Checkpoints, clock::now_us};

const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// After the start, when there is much else to do.
const FIRST_AFTER: Duration = Duration::from_secs(10 * 60);

/// What a run works on.
#[derive(Clone)]
pub struct Keeper {
    pub control: Control,
    pub lake: Lake,
    pub store: Store,
    pub log: Log,
    pub checkpoints: Checkpoints,
    pub copying: Copying,
}

/// Runs once a day and whenever the bell rings, until `stop` is true.
pub async fn run(keeper: Keeper, bell: RetentionBell, mut stop: watch::Receiver<bool>) {
    let mut pause = FIRST_AFTER;
    loop {
        let is_asked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = bell.rung() => true,
            () = tokio::time::sleep(pause) => false,
        };
        pause = EVERY;
        if let Err(error) = keeper.expire(is_asked).await {
            tracing::warn!(error = format!("{error:#}"), "old events were not taken out, trying again tomorrow");
        }
    }
}

impl Keeper {
    /// One run, told among the jobs and in the audit log. Without rules there is nothing to do, and nothing to tell unless it
    /// was asked for.
    async fn expire(&self, is_asked: bool) -> anyhow::Result<()> {
        let retention = self.control.retention().await?;
        let began_us = now_us();
        let Some(latest_us) = retention.latest_us(began_us).or(retention.log_days.map(|_| i64::MIN)) else {
            if is_asked {
                let job = self.control.start_job("retention", "Taking out old events", 0, "files", began_us).await?;
                self.control.end_job(&job, JobState::Done, Some("no rule says for how long events are kept"), now_us()).await?;
            }
            return Ok(());
        };
        let job = self.control.start_job("retention", "Taking out old events", 0, "files", began_us).await?;
        let done = self.take_out(&retention, latest_us, began_us, &job).await;
        let (state, outcome, told) = match &done {
            Ok(told) => (JobState::Done, Outcome::Done, told.clone()),
            Err(error) => (JobState::Failed, Outcome::Failed, format!("{error:#}")),
        };
        let note = AuditNote {
            actor: Actor::Machine,
            address: String::new(),
            action: Action::RetentionRun,
            object: job.clone(),
            outcome,
            details: serde_json::json!({ "told": told }).to_string(),
        };
        // Who sees that the run is over finds it in the audit log.
        let noted = self.control.note(&note, now_us()).await;
        self.control.end_job(&job, state, Some(&told), now_us()).await?;
        noted?;
        done.map(|_| ())
    }

    async fn take_out(&self, retention: &Retention, latest_us: i64, now: i64, job: &str) -> anyhow::Result<String> {
        let rules = retention.clone();
        let before = Arc::new(move |event: &str| rules.before_us(event, now));
        let (progress, mut changes) = watch::channel((0, 0));
        let (control, of) = (self.control.clone(), job.to_owned());
        let telling = tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let (done, total) = *changes.borrow_and_update();
                // Progress that cannot be told is no reason to stop.
                let _ = control.note_progress(&of, done, total, now_us()).await;
            }
        });
        let expired = self.lake.expire(before, latest_us, move |done, total| _ = progress.send_replace((done, total))).await;
        telling.await?;
        let Expired { rows, whole_files, rewritten_files } = expired.context("the lake cannot be changed")?;
        let mut told = format!("{rows} events are gone: {whole_files} files as a whole, {rewritten_files} written anew");
        if let Some(days) = retention.log_days {
            let first = self.trim_log(now.saturating_sub(i64::from(days) * DAY_US)).await?;
            told.push_str(&format!("; the log begins at {first}"));
        }
        Ok(told)
    }

    /// Trims the log of what came in before `before_us`, as far as a checkpoint stands behind it and the lake has it.
    async fn trim_log(&self, before_us: i64) -> anyhow::Result<String> {
        let (log, first) = (self.log.clone(), self.log.first_offset());
        let wanted = tokio::task::spawn_blocking(move || first_from(&log, before_us)).await??;
        // Under a copy the log stays: the next run trims it.
        if first < wanted && !self.copying.is_under_way() {
            // Two are kept: one that stands from before holds the log up to itself.
            self.checkpoints.take(&self.store).await?;
            let oldest = self.checkpoints.list(&self.store).await?.first().copied().unwrap_or(0);
            self.log.trim(wanted.min(oldest).min(*self.lake.offset_watch().borrow()))?;
        }
        let log = self.log.clone();
        let oldest = tokio::task::spawn_blocking(move || log.reader(log.first_offset())?.next_batch(1, 1)).await??;
        Ok(oldest.first().map_or_else(|| "its end".to_owned(), |record| iso(record.at_us)))
    }
}

/// The first offset whose record came at `from_us` or later: times in the log never fall, so halves are searched.
fn first_from(log: &Log, from_us: i64) -> anyhow::Result<u64> {
    let (mut low, mut high) = (log.first_offset(), log.end_offset());
    while low < high {
        let middle = low + (high - low) / 2;
        let record = log.reader(middle)?.next_batch(1, 1)?;
        match record.first() {
            Some(record) if record.at_us < from_us => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
