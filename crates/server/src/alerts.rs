//! Looks once a minute at what may be wrong, opens and closes incidents, and tells those who want to know.
//!
//! The rules are in `forecourt_model::alert`; time is an argument of every round, so that a test moves it.

mod send;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
    time::Duration,
};

use forecourt_api::TARGETS_SETTING;
use forecourt_model::{
    alert::{self, AlertRule, AlertTargets, Change, Finding, Hour, Level, Streak},
    time::{DAY_US, HOUR_US, MINUTE_US, iso},
};
use forecourt_query::{EventFilter, FlowReport, FlowSpec};
use forecourt_score::leads::Watch as ScoreWatch;
use forecourt_store::{
    Store,
    control::{Control, Incident, KeptRule, Source},
};
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::clock::now_us;
pub use send::Post;

const LOOK_EVERY_US: i64 = MINUTE_US;
/// Notices wait no longer than this, a test's too: somebody sits in front of it.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// Five weeks: the running one and the four that it is compared with.
const HOURS_READ_US: i64 = 35 * DAY_US;
const INCIDENTS_KEPT_US: i64 = 365 * DAY_US;
/// A report over all that happened is not asked each minute.
const STAGES_EVERY_US: i64 = 10 * MINUTE_US;

/// What the rounds measure, as functions: a test says what they tell.
#[derive(Clone)]
pub struct Readings {
    /// Age of the oldest record that is not folded, in microseconds.
    pub lag_us: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Free and all bytes of the data folder's disk.
    pub disk: Arc<dyn Fn() -> io::Result<(u64, u64)> + Send + Sync>,
    /// Message channels that failed lately, and whether each is paused for it.
    pub channels: Arc<dyn Fn() -> Vec<(String, bool)> + Send + Sync>,
    /// Who waits at which stage.
    pub flow: Arc<dyn Fn(FlowSpec) -> BoxFuture<'static, anyhow::Result<FlowReport>> + Send + Sync>,
}

/// Watches an installation.
#[derive(Clone)]
pub struct Watch {
    control: Control,
    store: Store,
    readings: Readings,
    post: Post,
    /// By rule and subject.
    streaks: BTreeMap<(String, String), Streak>,
    /// By rule: when its stage was looked at, the rule as it was, and what was found.
    stages: BTreeMap<String, (i64, AlertRule, Vec<Finding>)>,
    /// Before that nobody listened: silence then says nothing.
    since_us: i64,
}

impl Watch {
    pub fn new(control: Control, store: Store, readings: Readings, post: Post, since_us: i64) -> Self {
        Self { control, store, readings, post, streaks: BTreeMap::new(), stages: BTreeMap::new(), since_us }
    }

    /// Looks and tells until `stop` is true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let begun = async {
            self.control.begin_alert_rules(now_us()).await?;
            self.control.interrupt_notices(now_us()).await?;
            anyhow::Ok(())
        };
        if let Err(error) = begun.await {
            tracing::warn!(%error, "alerts do not begin as they should");
        }
        let mut looked_us = 0;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(SEND_EVERY) => {}
            }
            let now_us = now_us();
            if LOOK_EVERY_US <= now_us - looked_us {
                looked_us = now_us;
                if let Err(error) = self.round(now_us).await {
                    tracing::warn!(error = format!("{error:#}"), "a look at what may be wrong failed, the next is in a minute");
                }
            }
            if let Err(error) = self.post.send_due(&self.control, now_us).await {
                tracing::warn!(error = format!("{error:#}"), "notices wait");
            }
        }
    }

    /// Looks at everything once.
    pub async fn round(&mut self, now_us: i64) -> anyhow::Result<()> {
        let open = self.control.open_incidents().await?;
        let targets: AlertTargets = self.control.setting(TARGETS_SETTING).await?.unwrap_or_default();
        let mut watched = BTreeSet::new();
        for kept in self.control.alert_rules().await?.into_iter().filter(|kept| kept.enabled) {
            for finding in self.findings(&kept, &open, now_us).await? {
                let held = open.iter().find(|incident| incident.rule_id == kept.id && incident.subject == finding.subject);
                self.settle(&kept, &finding, held, &targets, now_us).await?;
                watched.insert((kept.id.clone(), finding.subject));
            }
        }
        // Nobody watches it any more: the rule, or what it watched, is gone. That is no recovery to tell of.
        for incident in open.iter().filter(|incident| !watched.contains(&(incident.rule_id.clone(), incident.subject.clone()))) {
            self.control.close_incident(&incident.id, Vec::new(), now_us).await?;
        }
        self.streaks.retain(|subject, _| watched.contains(subject));
        self.stages.retain(|rule_id, _| watched.iter().any(|(watched, _)| watched == rule_id));
        self.control.drop_incidents_before(now_us - INCIDENTS_KEPT_US).await?;
        Ok(())
    }

    async fn settle(
        &mut self,
        kept: &KeptRule,
        finding: &Finding,
        held: Option<&Incident>,
        targets: &AlertTargets,
        now_us: i64,
    ) -> anyhow::Result<()> {
        let streak = self.streaks.entry((kept.id.clone(), finding.subject.clone())).or_default();
        match (streak.after(finding.level, held.is_some()), held) {
            (Some(Change::Opens), _) => {
                let notices = |incident: &Incident| words::notices(targets, incident, now_us);
                let incident = self.control.open_incident(kept, finding, notices, now_us).await?;
                tracing::warn!(kind = incident.kind, subject = incident.name, "an incident began");
            }
            (Some(Change::Closes), Some(held)) => {
                let closed = Incident { closed_us: Some(now_us), ..held.clone() };
                self.control.close_incident(&held.id, words::notices(targets, &closed, now_us), now_us).await?;
                tracing::info!(kind = held.kind, subject = held.name, "an incident is over");
            }
            // The last figures that were wrong explain an incident, not those of the moment when it is nearly over.
            (_, Some(held)) if finding.level == Level::Wrong && held.figures != finding.figures => {
                self.control.note_incident(&held.id, &finding.figures, now_us).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn findings(&mut self, kept: &KeptRule, open: &[Incident], now_us: i64) -> anyhow::Result<Vec<Finding>> {
        Ok(match &kept.rule {
            AlertRule::SourceSilent { silent_minutes, usual_per_hour, sources } => {
                let limits = (*silent_minutes, *usual_per_hour);
                // What is not folded yet has not been counted: silence is told as of what the fold has seen.
                let seen_us = now_us - (self.readings.lag_us)();
                let watched = |source: &Source| sources.is_empty() || sources.contains(&source.id);
                let of = |source: &Source, hours: &[Hour]| {
                    alert::source_silent((&source.id, &source.name), hours, limits, self.since_us, seen_us)
                };
                self.by_source(now_us, watched, of).await?
            }
            AlertRule::RefusedJumps { percent, items_min } => {
                let limits = (*percent, *items_min);
                self.by_source(now_us, |_| true, |source, hours| alert::refused_jumps((&source.id, &source.name), hours, limits, now_us))
                    .await?
            }
            AlertRule::ChannelFails {} => {
                let level = |is_paused: bool| if is_paused { Level::Wrong } else { Level::Right };
                let failing = (self.readings.channels)();
                // One that works again is not named any more.
                let held = open.iter().filter(|incident| incident.rule_id == kept.id);
                let well = held.filter(|incident| !failing.iter().any(|(name, _)| *name == incident.subject));
                let well = well.map(|incident| Finding::new(&incident.subject, &incident.name, Level::Right, []));
                well.chain(failing.iter().map(|(name, paused)| Finding::new(name, name, level(*paused), []))).collect()
            }
            AlertRule::ScoreDrifts {} => self.score_drifts().await?,
            AlertRule::StageBuildsUp { .. } => self.stage(kept, open, now_us).await?,
            AlertRule::FoldLags { seconds } => vec![alert::fold_lags((self.readings.lag_us)(), *seconds)],
            AlertRule::DiskFills { free_percent } => {
                let (free, total) = (self.readings.disk)()?;
                vec![alert::disk_fills(free, total, *free_percent)]
            }
        })
    }

    /// What the last look at the learned score in force said; nothing to say where leads are scored by points, or nobody looked yet.
    async fn score_drifts(&self) -> anyhow::Result<Vec<Finding>> {
        let Some(in_force) = self.store.lead_score().await?.map(|held| held.body.version) else { return Ok(Vec::new()) };
        let kept = self.control.lead_scores().await?.into_iter().find(|kept| kept.version == in_force);
        let Some(look) = kept.and_then(|kept| serde_json::from_str::<ScoreWatch>(&kept.watch).ok()) else { return Ok(Vec::new()) };
        let level = if look.is_alarming() { Level::Wrong } else { Level::Right };
        let (won, foretold) = look.outcome.as_ref().map_or((0.0, 0.0), |met| (met.won as f64, met.foretold.round()));
        let figures = [("version", f64::from(in_force)), ("drifted", look.drifted().count() as f64), ("won", won), ("foretold", foretold)];
        Ok(vec![Finding::new("", "", level, figures)])
    }

    /// Who waits at a rule's stage, as it was found within the last ten minutes.
    async fn stage(&mut self, kept: &KeptRule, open: &[Incident], now_us: i64) -> anyhow::Result<Vec<Finding>> {
        let held = self.stages.get(&kept.id).filter(|(at_us, rule, _)| now_us < at_us + STAGES_EVERY_US && *rule == kept.rule);
        if let Some((_, _, findings)) = held {
            return Ok(findings.clone());
        }
        let AlertRule::StageBuildsUp { stage, ends, per, by, days, cases } = &kept.rule else { return Ok(Vec::new()) };
        let event = |name: &String| EventFilter { event: name.clone(), condition: None };
        let asked = |until_us: i64| FlowSpec {
            stages: [stage].into_iter().chain(ends.first()).map(event).collect(),
            lost: ends.iter().skip(1).map(event).collect(),
            per: per.clone(),
            ages: vec![format!("{days}d")],
            to: Some(iso(until_us)),
            by: by.iter().cloned().collect(),
            ..FlowSpec::default()
        };
        let now = waiting(&(self.readings.flow)(asked(now_us)).await?, by.as_deref());
        let week_ago = waiting(&(self.readings.flow)(asked(now_us - 7 * DAY_US)).await?, by.as_deref());
        // Where nobody waits any more there is no group either.
        let mut places: BTreeSet<&String> = now.keys().collect();
        places.extend(open.iter().filter(|incident| incident.rule_id == kept.id).map(|incident| &incident.subject));
        let of = |counts: &BTreeMap<String, u64>, place: &String| counts.get(place).copied().unwrap_or_default();
        let finding = |place: &String| {
            let name = if by.is_none() { stage.clone() } else { format!("{stage}, {place}") };
            alert::stage_builds_up((place, &name), (of(&now, place), of(&week_ago, place)), (*days, *cases))
        };
        let findings: Vec<Finding> = places.into_iter().map(finding).collect();
        self.stages.insert(kept.id.clone(), (now_us, kept.rule.clone(), findings.clone()));
        Ok(findings)
    }

    /// Sources that are on and have a rhythm; files come when somebody brings them.
    async fn by_source(
        &self,
        now_us: i64,
        watched: impl Fn(&Source) -> bool,
        finding: impl Fn(&Source, &[Hour]) -> Finding,
    ) -> anyhow::Result<Vec<Finding>> {
        let mut hours: BTreeMap<String, Vec<Hour>> = BTreeMap::new();
        for row in self.store.source_hours((now_us - HOURS_READ_US).div_euclid(HOUR_US)).await? {
            let hour = Hour { hour: row.hour, accepted: row.accepted, refused: row.refused, last_us: row.last_us };
            hours.entry(row.source).or_default().push(hour);
        }
        let sources = self.control.sources().await?;
        let live = sources.iter().filter(|source| source.enabled && source.kind != "import" && watched(source));
        Ok(live.map(|source| finding(source, hours.get(&source.id).map_or(&[], Vec::as_slice))).collect())
    }
}

/// Of the first stage: who waits longer than its one class of waiting times takes, by value of `by`; all under an empty name without it.
fn waiting(report: &FlowReport, by: Option<&str>) -> BTreeMap<String, u64> {
    let long = |stages: &[forecourt_query::FlowStage]| stages.first().and_then(|stage| stage.ages.get(1)).copied().unwrap_or_default();
    match by {
        None => [(String::new(), long(&report.stages))].into(),
        Some(by) => {
            // Who has no value is nobody's to answer for.
            let named = report.groups.iter().filter_map(|group| Some((group.by.get(by)?.clone()?, long(&group.stages))));
            named.collect()
        }
    }
}

#[cfg(test)]
mod tests;
