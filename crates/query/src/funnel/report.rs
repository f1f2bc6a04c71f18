//! Counts of a funnel: how many profiles reached each step, and how long they took.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Instant};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Int64Type, UInt8Type},
};
use forecourt_model::time::iso;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{machine::STEPS_MAX, plan, spec::Funnel};
use crate::{QueryError, error::answered, session::Session};

/// Groups that a report lists at most: the largest by profiles at the first step.
pub const GROUPS_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunnelReport {
    pub steps: Vec<StepReport>,
    /// By falling number of profiles at the first step; empty without `by`.
    pub groups: Vec<GroupReport>,
    /// Groups beyond [`GROUPS_MAX`], which are counted in `steps` only.
    pub groups_omitted: usize,
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupReport {
    /// Value by dimension, at the first step of the deepest chain; `None` where the event has none.
    pub by: BTreeMap<String, Option<String>>,
    pub steps: Vec<StepReport>,
}

pub(crate) async fn report(session: &Session, funnel: &Funnel) -> Result<FunnelReport, QueryError> {
    let started = Instant::now();
    let planned = plan::plan(session, funnel)?;
    let steps = funnel.steps.len();
    let counted = session
        .each_partition(planned.plan, move |rows| async move {
            let mut counts = Counts::default();
            futures::pin_mut!(rows);
            while let Some(batch) = futures::StreamExt::next(&mut rows).await {
                counts.add(&batch.map_err(answered)?, steps);
            }
            Ok(counts)
        })
        .await?;
    let mut counts = Counts::default();
    counted.into_iter().for_each(|bucket| counts.unite(bucket));

    let (total, groups, groups_omitted) = counts.report(funnel);
    let rows_scanned = session.sees_all_rows().then(|| planned.rows_scanned.load(Ordering::Relaxed));
    let elapsed_ms = started.elapsed().as_millis() as u64;
    Ok(FunnelReport { steps: total, groups, groups_omitted, rows_scanned, elapsed_ms, as_of: iso(session.as_of_us()) })
}

type GroupKey = Vec<Option<String>>;

/// Per group of dimensions; one group without any.
#[derive(Default)]
struct Counts {
    groups: FxHashMap<GroupKey, Group>,
}

#[derive(Default, Clone)]
struct Group {
    /// By step, from 0: profiles whose level is just it.
    stopped_at: [u64; STEPS_MAX],
    /// By step, from 0: microseconds since the step before, one a profile. 8 bytes a profile and step are less than
    /// any sketch that would be as exact.
    waits_us: [Vec<i64>; STEPS_MAX],
}

impl Counts {
    /// * `batch`: as the plan gives it: `profile_id`, `level`, `at_1` … `at_n`, the dimensions.
    fn add(&mut self, batch: &RecordBatch, steps: usize) {
        let levels = batch.column(1).as_primitive::<UInt8Type>().values();
        let times: Vec<&[i64]> =
            batch.columns()[2..2 + steps].iter().map(|column| &column.as_primitive::<Int64Type>().values()[..]).collect();
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

    fn unite(&mut self, other: Self) {
        for (key, group) in other.groups {
            self.groups.entry(key).or_default().unite(group);
        }
    }

    /// Returns the steps of all, the largest groups, and how many groups are left out.
    fn report(self, funnel: &Funnel) -> (Vec<StepReport>, Vec<GroupReport>, usize) {
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
        (total.report(funnel), groups, omitted)
    }
}

impl Group {
    fn add(&mut self, row: usize, level: u8, times: &[&[i64]]) {
        let level = usize::from(level);
        self.stopped_at[level - 1] += 1;
        for step in 1..level {
            self.waits_us[step].push(times[step][row] - times[step - 1][row]);
        }
    }

    fn unite(&mut self, mut other: Self) {
        for (held, more) in self.stopped_at.iter_mut().zip(other.stopped_at) {
            *held += more;
        }
        for (held, more) in self.waits_us.iter_mut().zip(&mut other.waits_us) {
            held.append(more);
        }
    }

    fn report(&mut self, funnel: &Funnel) -> Vec<StepReport> {
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let reached = |step: usize| self.stopped_at[step..].iter().sum::<u64>();
        let profiles: Vec<u64> = (0..funnel.steps.len()).map(reached).collect();
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
    fn a_median_is_the_middle() {
        assert_eq!(median_us(&mut []), None);
        assert_eq!(median_us(&mut [5]), Some(5.0));
        assert_eq!(median_us(&mut [9, 1, 5]), Some(5.0));
        assert_eq!(median_us(&mut [9, 1, 5, 6]), Some(5.5));
    }
}
