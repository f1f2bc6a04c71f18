//! Counts of a funnel: how many profiles reached each step, and how long they took.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Instant};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Int64Type, UInt8Type},
};
use forecourt_model::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US, iso};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{
    machine::STEPS_MAX,
    plan,
    spec::{Funnel, Origin},
};
use crate::{QueryError, calendar::Calendar, error::answered, session::Session};

/// Groups that a report lists at most: the largest by profiles at the first step.
pub const GROUPS_MAX: usize = 500;
/// Groups beyond are refused: the times of each are kept.
const GROUPS_KEPT_MAX: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunnelReport {
    pub steps: Vec<StepReport>,
    /// By falling number of profiles at the first step; empty without `by`.
    pub groups: Vec<GroupReport>,
    /// Groups beyond [`GROUPS_MAX`], which are counted in `steps` only.
    pub groups_omitted: usize,
    /// From the first step to the last, of those who got there; `None` for a single step and where nobody did.
    pub conversion_time: Option<ConversionTime>,
    /// By when the deepest chain began; empty without `trend`.
    pub trend: Vec<TrendPeriod>,
    /// The time before, with `compare`.
    pub compared: Option<ComparedFunnel>,
    /// `None` for callers who see only part of the rows.
    pub rows_scanned: Option<u64>,
    pub elapsed_ms: u64,
    /// ISO 8601 UTC: every event before it is counted.
    pub as_of: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    pub event: String,
    /// Profiles that reached the step.
    pub profiles: u64,
    /// Share of the profiles of step 1.
    pub rate: f64,
    /// Share of the profiles of the step before.
    pub step_rate: f64,
    /// Exact median, over the profiles that reached the step, of the seconds since the step before in the profile's
    /// deepest chain; `None` for step 1 and where there are no profiles.
    pub median_time_s: Option<f64>,
}

/// How long the whole way took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversionTime {
    pub profiles: u64,
    pub mean_s: f64,
    /// Exact, as the median of a step is.
    pub median_s: f64,
    /// Smallest time within which so many of them went the whole way.
    pub p25_s: f64,
    pub p75_s: f64,
    pub p90_s: f64,
    /// From 0 on without a gap, at most 25; the last takes what is longer.
    pub bars: Vec<TimeBar>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeBar {
    /// Seconds, inclusive.
    pub from_s: f64,
    /// Seconds, exclusive; `None` for the last one, if longer times are in it.
    pub to_s: Option<f64>,
    pub profiles: u64,
}

/// A day, week or month, by those whose deepest chain began in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendPeriod {
    /// Its first day: `2026-01-26`.
    pub start: String,
    /// Profiles that reached each step.
    pub profiles: Vec<u64>,
    /// Whether its whole window lies in the report's time: else more may still come.
    pub is_complete: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedFunnel {
    /// ISO 8601 UTC: `from ≤ ts < to`.
    pub from: String,
    pub to: String,
    pub steps: Vec<StepReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupReport {
    /// Value by dimension, at the first step of the deepest chain; `None` where the event has none.
    pub by: BTreeMap<String, Option<String>>,
    pub steps: Vec<StepReport>,
}

pub(crate) async fn report(session: &Session, funnel: &Funnel) -> Result<FunnelReport, QueryError> {
    let started = Instant::now();
    let (mut counts, mut rows_scanned) = counted(session, funnel).await?;
    let mut compared = None;
    if let Some(previous) = &funnel.previous {
        let before =
            Funnel { period: previous.clone(), by: vec![], origin: Origin::Step(0), trend: None, previous: None, ..funnel.clone() };
        let (counts, rows) = counted(session, &before).await?;
        let (from, to) = (iso(previous.from_us), iso(previous.to_us));
        compared = Some(ComparedFunnel { from, to, steps: counts.report(&before).steps });
        rows_scanned += rows;
    }
    let trend = counts.trend(funnel, session.as_of_us())?;
    let counted = counts.report(funnel);
    Ok(FunnelReport {
        steps: counted.steps,
        groups: counted.groups,
        groups_omitted: counted.groups_omitted,
        conversion_time: counted.conversion_time,
        trend,
        compared,
        rows_scanned: session.sees_all_rows().then_some(rows_scanned),
        elapsed_ms: started.elapsed().as_millis() as u64,
        as_of: iso(session.as_of_us()),
    })
}

/// The counts, and how many rows were read for them.
async fn counted(session: &Session, funnel: &Funnel) -> Result<(Counts, u64), QueryError> {
    let planned = plan::plan(session, funnel)?;
    let (steps, trend) = (funnel.steps.len(), funnel.trend.is_some());
    let buckets = session
        .each_partition(planned.plan, move |rows| async move {
            let mut counts = Counts::default();
            futures::pin_mut!(rows);
            while let Some(batch) = futures::StreamExt::next(&mut rows).await {
                counts.add(&batch.map_err(answered)?, steps, trend);
                counts.check()?;
            }
            Ok(counts)
        })
        .await?;
    let mut counts = Counts::default();
    for bucket in buckets {
        counts.unite(bucket);
        counts.check()?;
    }
    Ok((counts, planned.rows_scanned.load(Ordering::Relaxed)))
}

/// What a funnel's counts come to.
struct Counted {
    steps: Vec<StepReport>,
    groups: Vec<GroupReport>,
    groups_omitted: usize,
    conversion_time: Option<ConversionTime>,
}

type GroupKey = Vec<Option<String>>;

/// Per group of dimensions; one group without any.
#[derive(Default)]
struct Counts {
    groups: FxHashMap<GroupKey, Group>,
    /// By the quarter of an hour in which chains began, since 1970: by step, from 0, profiles whose level is just it. Every
    /// time zone's days begin with such a quarter.
    begun: FxHashMap<i64, [u64; STEPS_MAX]>,
}

const QUARTER_US: i64 = 15 * MINUTE_US;
const TREND_MAX: usize = 4_000;

#[derive(Default, Clone)]
struct Group {
    /// By step, from 0: profiles whose level is just it.
    stopped_at: [u64; STEPS_MAX],
    /// By step, from 0: microseconds since the step before, one a profile. 8 bytes a profile and step are less than
    /// any sketch that would be as exact.
    waits_us: [Vec<i64>; STEPS_MAX],
    /// Microseconds from the first step to the last, one a profile that reached it.
    whole_us: Vec<i64>,
}

impl Counts {
    /// * `batch`: as the plan gives it: `profile_id`, `level`, `at_1` … `at_n`, the dimensions.
    /// * `trend`: whether it matters when chains began.
    fn add(&mut self, batch: &RecordBatch, steps: usize, trend: bool) {
        let levels = batch.column(1).as_primitive::<UInt8Type>().values();
        let times: Vec<&[i64]> =
            batch.columns()[2..2 + steps].iter().map(|column| &column.as_primitive::<Int64Type>().values()[..]).collect();
        if trend {
            for (&began_us, &level) in times[0].iter().zip(levels) {
                self.begun.entry(began_us.div_euclid(QUARTER_US)).or_default()[usize::from(level) - 1] += 1;
            }
        }
        let dimensions: Vec<_> = batch.columns()[2 + steps..].iter().map(|column| column.as_string::<i32>()).collect();
        if dimensions.is_empty() {
            let group = self.groups.entry(GroupKey::new()).or_default();
            (0..levels.len()).for_each(|row| group.add(row, levels[row], &times));
            return;
        }
        for (row, &level) in levels.iter().enumerate() {
            let key: GroupKey = dimensions.iter().map(|column| column.is_valid(row).then(|| column.value(row).to_owned())).collect();
            self.groups.entry(key).or_default().add(row, level, &times);
        }
    }

    /// Refuses more groups than memory is meant for.
    fn check(&self) -> Result<(), QueryError> {
        if GROUPS_KEPT_MAX < self.groups.len() {
            return Err(QueryError::Invalid(format!("`by` makes more than {GROUPS_KEPT_MAX} groups: take fewer or coarser columns")));
        }
        Ok(())
    }

    fn unite(&mut self, other: Self) {
        for (key, group) in other.groups {
            self.groups.entry(key).or_default().unite(group);
        }
        for (quarter, stopped_at) in other.begun {
            add_each(self.begun.entry(quarter).or_default(), &stopped_at);
        }
    }

    /// Every day, week or month from the first in which a chain began to the last.
    fn trend(&mut self, funnel: &Funnel, as_of_us: i64) -> Result<Vec<TrendPeriod>, QueryError> {
        let Some(grain) = funnel.trend else { return Ok(Vec::new()) };
        let begun = std::mem::take(&mut self.begun);
        let (Some(first), Some(last)) = (begun.keys().min(), begun.keys().max()) else { return Ok(Vec::new()) };
        let calendar = Calendar::of(grain, &funnel.period.zone, first * QUARTER_US, last * QUARTER_US, TREND_MAX)?;
        let mut stopped = vec![[0; STEPS_MAX]; calendar.len()];
        for (quarter, stopped_at) in &begun {
            if let Some(at) = calendar.number(quarter * QUARTER_US) {
                add_each(&mut stopped[at], stopped_at);
            }
        }
        let known_until_us = funnel.period.to_us.min(as_of_us);
        let periods = stopped.iter().enumerate().map(|(at, stopped_at)| TrendPeriod {
            start: calendar.name(at),
            profiles: reached(stopped_at, funnel.steps.len()),
            is_complete: calendar.end_us(at).saturating_add(funnel.window_us) <= known_until_us,
        });
        Ok(periods.collect())
    }

    fn report(self, funnel: &Funnel) -> Counted {
        let mut total = Group::default();
        let mut groups = Vec::new();
        for (key, mut group) in self.groups {
            if !funnel.by.is_empty() {
                let by = funnel.by.iter().cloned().zip(key).collect();
                groups.push(GroupReport { by, steps: group.report(funnel) });
            }
            total.unite(group);
        }
        groups.sort_by(|left, right| right.steps[0].profiles.cmp(&left.steps[0].profiles).then_with(|| left.by.cmp(&right.by)));
        let omitted = groups.len().saturating_sub(GROUPS_MAX);
        groups.truncate(GROUPS_MAX);
        Counted { steps: total.report(funnel), groups, groups_omitted: omitted, conversion_time: conversion_time(total.whole_us) }
    }
}

impl Group {
    fn add(&mut self, row: usize, level: u8, times: &[&[i64]]) {
        let level = usize::from(level);
        self.stopped_at[level - 1] += 1;
        for step in 1..level {
            self.waits_us[step].push(times[step][row] - times[step - 1][row]);
        }
        if 1 < level && level == times.len() {
            self.whole_us.push(times[level - 1][row] - times[0][row]);
        }
    }

    fn unite(&mut self, mut other: Self) {
        add_each(&mut self.stopped_at, &other.stopped_at);
        self.whole_us.append(&mut other.whole_us);
        for (held, more) in self.waits_us.iter_mut().zip(&mut other.waits_us) {
            held.append(more);
        }
    }

    fn report(&mut self, funnel: &Funnel) -> Vec<StepReport> {
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let profiles = reached(&self.stopped_at, funnel.steps.len());
        let rows = funnel.steps.iter().zip(&mut self.waits_us).enumerate();
        rows.map(|(at, (step, waits_us))| StepReport {
            event: step.event.clone(),
            profiles: profiles[at],
            rate: share(profiles[at], profiles[0]),
            step_rate: share(profiles[at], profiles[at.saturating_sub(1)]),
            median_time_s: median_us(waits_us).map(|us| us / 1e6),
        })
        .collect()
    }
}

fn add_each(held: &mut [u64; STEPS_MAX], more: &[u64; STEPS_MAX]) {
    held.iter_mut().zip(more).for_each(|(held, more)| *held += more);
}

/// Profiles that reached each step, of those that stopped just there.
fn reached(stopped_at: &[u64; STEPS_MAX], steps: usize) -> Vec<u64> {
    (0..steps).map(|step| stopped_at[step..].iter().sum()).collect()
}

/// What a bar of times may be wide.
const WIDTHS_US: [i64; 22] = [
    SECOND_US,
    2 * SECOND_US,
    5 * SECOND_US,
    10 * SECOND_US,
    30 * SECOND_US,
    MINUTE_US,
    2 * MINUTE_US,
    5 * MINUTE_US,
    10 * MINUTE_US,
    30 * MINUTE_US,
    HOUR_US,
    2 * HOUR_US,
    4 * HOUR_US,
    12 * HOUR_US,
    DAY_US,
    2 * DAY_US,
    7 * DAY_US,
    14 * DAY_US,
    30 * DAY_US,
    90 * DAY_US,
    365 * DAY_US,
    3_650 * DAY_US,
];
/// Bars up to the time within which 95 of 100 are done; a few stragglers share the last one.
const BARS_WANTED: i64 = 24;

fn conversion_time(mut whole_us: Vec<i64>) -> Option<ConversionTime> {
    let median_s = median_us(&mut whole_us)? / 1e6;
    whole_us.sort_unstable();
    let count = whole_us.len();
    let within = |share: f64| whole_us[((share * count as f64).ceil() as usize).clamp(1, count) - 1];
    let width_us = WIDTHS_US.into_iter().find(|width_us| within(0.95) < BARS_WANTED * width_us).unwrap_or(i64::MAX / 64);
    let bars = within(0.95) / width_us + 1;
    let mut profiles = vec![0; bars as usize];
    let mut is_longer = false;
    for us in &whole_us {
        let at = us / width_us;
        is_longer |= bars <= at;
        profiles[at.min(bars - 1) as usize] += 1;
    }
    let bars = profiles.iter().enumerate().map(|(at, &profiles_of)| TimeBar {
        from_s: (at as i64 * width_us) as f64 / 1e6,
        to_s: (!is_longer || at + 1 < profiles.len()).then(|| ((at as i64 + 1) * width_us) as f64 / 1e6),
        profiles: profiles_of,
    });
    Some(ConversionTime {
        profiles: count as u64,
        mean_s: whole_us.iter().map(|&us| us as f64).sum::<f64>() / count as f64 / 1e6,
        median_s,
        p25_s: within(0.25) as f64 / 1e6,
        p75_s: within(0.75) as f64 / 1e6,
        p90_s: within(0.9) as f64 / 1e6,
        bars: bars.collect(),
    })
}

/// The middle value, or the mean of the two in the middle. Reorders `values`.
fn median_us(values: &mut [i64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable(middle);
    let lower = if odd { upper } else { below.iter().copied().max().unwrap_or(upper) };
    Some((lower as f64 + upper as f64) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_drawn_in_bars_and_stragglers_share_one() {
        let hours = |hours: std::ops::RangeInclusive<i64>| hours.map(|hours| hours * HOUR_US).collect::<Vec<_>>();
        let told = conversion_time(hours(1..=20)).expect("times");
        assert_eq!((told.profiles, told.mean_s, told.median_s), (20, 37_800.0, 37_800.0));
        assert_eq!((told.p25_s, told.p75_s, told.p90_s), (5.0 * 3_600.0, 15.0 * 3_600.0, 18.0 * 3_600.0));
        assert_eq!(told.bars.len(), 20, "of an hour each, the hour 20 with the last");
        assert_eq!(told.bars[0], TimeBar { from_s: 0.0, to_s: Some(3_600.0), profiles: 0 });
        assert_eq!(told.bars[19], TimeBar { from_s: 68_400.0, to_s: None, profiles: 2 });
        let at_once = conversion_time(vec![0, 0]).expect("times");
        assert_eq!(at_once.bars, [TimeBar { from_s: 0.0, to_s: Some(1.0), profiles: 2 }]);
        let ages = conversion_time(vec![100_000 * DAY_US]).expect("times");
        assert_eq!(ages.bars.iter().map(|bar| bar.profiles).sum::<u64>(), 1);
        assert_eq!(conversion_time(vec![]), None);
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median_us(&mut []), None);
        assert_eq!(median_us(&mut [5]), Some(5.0));
        assert_eq!(median_us(&mut [9, 1, 5]), Some(5.0));
        assert_eq!(median_us(&mut [9, 1, 5, 6]), Some(5.5));
    }
}
