//! Counts of a retention report: of each cohort, how many came back in each period.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Instant};

use arrow::{array::AsArray, datatypes::TimestampMicrosecondType};
use forecourt_model::time::iso;
use futures::StreamExt;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{follow::Follow, spec::Retention};
use crate::{QueryError, calendar::Calendar, dimensions::Combination, error::answered, matched::plan::matched, session::Session};

/// Periods of a report at most, from its beginning to the last event.
const CALENDAR_MAX: usize = 1_200;
/// Cohorts that a report lists at most.
pub const COHORTS_MAX: usize = 400;
/// Groups that a report lists at most: the largest.
pub const GROUPS_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionReport {
    /// In the order of time; of those without anybody too.
    pub cohorts: Vec<RetentionCohort>,
    /// Everybody who began.
    pub people: u64,
    /// Over all cohorts, by period; each number over the cohorts whose period is over.
    pub cells: Vec<RetentionCell>,
    /// By falling number of people; empty without `by`.
    pub groups: Vec<RetentionGroup>,
    /// Groups beyond [`GROUPS_MAX`], which are counted in the cohorts only.
    pub groups_omitted: usize,
    /// IANA name: periods begin in it.
    pub tz: String,
    /// `None` for callers who see only part of the rows.
    pub rows_scanned: Option<u64>,
    pub elapsed_ms: u64,
    /// ISO 8601 UTC: every event before it is counted.
    pub as_of: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionCohort {
    /// First day of the period: `2026-01-26`.
    pub start: String,
    /// Who began in it.
    pub people: u64,
    /// By period: the cohort's own first; those that have begun.
    pub cells: Vec<RetentionCell>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionGroup {
    /// Value by dimension, when the person began.
    pub by: BTreeMap<String, Option<String>>,
    pub people: u64,
    pub cells: Vec<RetentionCell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RetentionCell {
    /// Those who may have come back: the cohort; of many cohorts those whose period is over.
    pub of: u64,
    /// Came back in the period.
    pub people: u64,
    pub rate: f64,
    /// Came back in the period or later.
    pub people_after: u64,
    pub rate_after: f64,
    /// The period is not over: the number still grows.
    pub unfinished: bool,
}

pub(crate) async fn report(session: &Session, retention: &Retention) -> Result<RetentionReport, QueryError> {
    let started = Instant::now();
    let calendar = calendar(session, retention)?;
    let matched = matched(session, &retention.wanted(session.as_of_us()))?;
    let periods = retention.periods;
    let counted = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(retention, calendar.clone(), matched.keys);
            async move {
                let mut counts = Counts::new(periods);
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |member| counts.add(member.combination, member.cohort, member.returned()))?;
                }
                follow.end(&mut |member| counts.add(member.combination, member.cohort, member.returned()));
                Ok((counts, follow.combinations.into_values()))
            }
        })
        .await?;
    let mut groups: FxHashMap<Combination, Cohorts> = FxHashMap::default();
    for (counts, combinations) in counted {
        for (number, cohorts) in counts.groups {
            groups.entry(combinations[number as usize].clone()).or_default().unite(cohorts);
        }
    }
    let sheet = Sheet { calendar: &calendar, periods, as_of_us: session.as_of_us() };
    let mut report = sheet.report(retention, groups);
    report.tz = retention.period.zone.iana_name().unwrap_or("UTC").to_owned();
    report.rows_scanned = session.sees_all_rows().then(|| matched.rows_scanned.load(Ordering::Relaxed));
    report.elapsed_ms = started.elapsed().as_millis() as u64;
    report.as_of = iso(session.as_of_us());
    Ok(report)
}

/// The periods from the report's beginning to the last event.
pub(super) fn calendar(session: &Session, retention: &Retention) -> Result<Calendar, QueryError> {
    let from_us = match retention.period.from_us {
        i64::MIN => earliest_us(session)?,
        from_us => from_us,
    };
    let calendar = Calendar::of(retention.grain, &retention.period.zone, from_us, session.as_of_us(), CALENDAR_MAX)?;
    let cohorts = cohorts_of(&calendar, retention.period.to_us);
    if COHORTS_MAX < cohorts {
        return Err(QueryError::Invalid(format!(
            "the report has {cohorts} cohorts, at most {COHORTS_MAX} can be told: set `from` and `to` closer together, or take a coarser `grain`"
        )));
    }
    Ok(calendar)
}

/// How many periods of the calendar begin before `to_us`.
fn cohorts_of(calendar: &Calendar, to_us: i64) -> usize {
    (0..calendar.len()).take_while(|at| calendar.start_us(*at) < to_us).count()
}

/// The time of the first event, or a moment before it.
fn earliest_us(session: &Session) -> Result<i64, QueryError> {
    let events = session.events()?;
    let ts = events.schema.index_of("ts").map_err(QueryError::internal)?;
    let fresh = |part: &crate::Part| {
        let least = |batch: &arrow::array::RecordBatch| arrow::compute::min(batch.column(ts).as_primitive::<TimestampMicrosecondType>());
        part.fresh.iter().filter_map(least).min()
    };
    let firsts = events.parts.iter().flat_map(|part| part.files.iter().map(|file| file.ts_us.0).chain(fresh(part)));
    Ok(firsts.min().unwrap_or(i64::MAX))
}

/// By number of combination.
struct Counts {
    groups: FxHashMap<u32, Cohorts>,
    periods: usize,
}

/// By cohort.
#[derive(Default)]
struct Cohorts(BTreeMap<usize, Cohort>);

#[derive(Default, Clone)]
struct Cohort {
    people: u64,
    /// By period: who came back in it.
    returned: Vec<u64>,
    /// By period: who came back in it for the last time; what lies behind the report's last period counts there.
    last_returned: Vec<u64>,
}

impl Counts {
    fn new(periods: usize) -> Self {
        Self { groups: FxHashMap::default(), periods }
    }

    fn add(&mut self, combination: u32, cohort: usize, returned: impl Iterator<Item = usize>) {
        let width = self.periods + 1;
        let cohort = self.groups.entry(combination).or_default().0.entry(cohort).or_insert_with(|| Cohort::new(width));
        cohort.people += 1;
        let mut last = None;
        for period in returned {
            if let Some(count) = cohort.returned.get_mut(period) {
                *count += 1;
            }
            last = Some(period.min(self.periods));
        }
        if let Some(last) = last {
            cohort.last_returned[last] += 1;
        }
    }
}

impl Cohort {
    fn new(width: usize) -> Self {
        Self { people: 0, returned: vec![0; width], last_returned: vec![0; width] }
    }

    fn unite(&mut self, other: &Self) {
        self.people += other.people;
        self.returned.iter_mut().zip(&other.returned).for_each(|(held, more)| *held += more);
        self.last_returned.iter_mut().zip(&other.last_returned).for_each(|(held, more)| *held += more);
    }
}

impl Cohorts {
    fn unite(&mut self, other: Self) {
        for (at, more) in other.0 {
            self.0.entry(at).or_insert_with(|| Cohort::new(more.returned.len())).unite(&more);
        }
    }
}

/// How counts become rates, and which of them still grow.
struct Sheet<'a> {
    calendar: &'a Calendar,
    periods: usize,
    as_of_us: i64,
}

impl Sheet<'_> {
    fn report(&self, retention: &Retention, groups: FxHashMap<Combination, Cohorts>) -> RetentionReport {
        let mut all = Cohorts::default();
        let mut listed = Vec::new();
        for (combination, cohorts) in groups {
            if !retention.by.is_empty() {
                let by = retention.by.iter().cloned().zip(combination).collect();
                listed.push(RetentionGroup { by, people: people(&cohorts), cells: self.together(&cohorts) });
            }
            all.unite(cohorts);
        }
        listed.sort_by(|left, right| right.people.cmp(&left.people).then_with(|| left.by.cmp(&right.by)));
        let groups_omitted = listed.len().saturating_sub(GROUPS_MAX);
        listed.truncate(GROUPS_MAX);
        RetentionReport {
            people: people(&all),
            cells: self.together(&all),
            cohorts: (0..cohorts_of(self.calendar, retention.period.to_us)).map(|at| self.cohort(at, all.0.get(&at))).collect(),
            groups: listed,
            groups_omitted,
            tz: String::new(),
            rows_scanned: None,
            elapsed_ms: 0,
            as_of: String::new(),
        }
    }

    fn cohort(&self, at: usize, counted: Option<&Cohort>) -> RetentionCohort {
        let nobody = Cohort::new(self.periods + 1);
        let counted = counted.unwrap_or(&nobody);
        let begun = (self.calendar.len() - at).min(self.periods + 1);
        let cell = |period: usize| {
            let after = counted.last_returned[period..].iter().sum();
            cell(counted.people, counted.returned[period], after, !self.is_over(at + period))
        };
        RetentionCohort { start: self.calendar.name(at), people: counted.people, cells: (0..begun).map(cell).collect() }
    }

    /// Cohorts added up, each period over those whose period is over: a young cohort must not look like a fall.
    fn together(&self, cohorts: &Cohorts) -> Vec<RetentionCell> {
        let cells = (0..=self.periods).map(|period| {
            let over = cohorts.0.iter().filter(|(at, _)| at.checked_add(period).is_some_and(|at| self.is_over(at)));
            let mut sum = RetentionCell::default();
            for (_, cohort) in over {
                sum.of += cohort.people;
                sum.people += cohort.returned[period];
                sum.people_after += cohort.last_returned[period..].iter().sum::<u64>();
            }
            cell(sum.of, sum.people, sum.people_after, false)
        });
        cells.take_while(|cell| 0 < cell.of).collect()
    }

    fn is_over(&self, at: usize) -> bool {
        at < self.calendar.len() && self.calendar.end_us(at) <= self.as_of_us
    }
}

fn people(cohorts: &Cohorts) -> u64 {
    cohorts.0.values().map(|cohort| cohort.people).sum()
}

fn cell(of: u64, people: u64, people_after: u64, unfinished: bool) -> RetentionCell {
    let share = |part: u64| if of == 0 { 0.0 } else { part as f64 / of as f64 };
    RetentionCell { of, people, rate: share(people), people_after, rate_after: share(people_after), unfinished }
}
