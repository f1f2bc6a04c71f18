//! What came of an experiment's variants, and how sure that is.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Instant};

use forecourt_model::time::iso;
use futures::StreamExt;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    follow::Follow,
    spec::{Experiment, VARIANTS_MAX},
    statistics::{Comparison, Interval, SHARES_P, Sample, Terms, Verdict, compare, shares_p},
    tally::{Arm, Tally, add},
};
use crate::{QueryError, error::answered, matched::plan::matched, session::Session};

/// Days that a report tells at most; of longer experiments every second, third, … day.
pub const DAYS_MAX: usize = 200;
/// What the variant is often called that others are compared with.
const CONTROLS: [&str; 6] = ["control", "original", "baseline", "off", "false", "a"];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentReport {
    /// The control first, the others by name.
    pub variants: Vec<ExperimentVariant>,
    /// Whoever was shown a variant, and one only.
    pub people: u64,
    /// Were shown several variants: they count nowhere.
    pub mixed: u64,
    /// Exposures that named no variant.
    pub nameless: u64,
    /// Of `people`, whose window is still open: they may do the goal yet.
    pub unfinished: u64,
    /// Whether the people came to the variants in other shares than were meant, more than chance explains: then something is
    /// wrong with the experiment, and its result means nothing.
    pub shares_off: bool,
    /// The share of experiments that would ever look so odd by chance.
    pub shares_p: f64,
    pub planned_people: u64,
    pub confidence: f64,
    /// How it stood at the end of each day, in the order of time.
    pub days: Vec<ExperimentDay>,
    /// IANA name: days begin in it.
    pub tz: String,
    /// `None` for callers who see only part of the rows.
    pub rows_scanned: Option<u64>,
    pub elapsed_ms: u64,
    /// ISO 8601 UTC: every event before it is counted.
    pub as_of: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentVariant {
    pub name: String,
    pub people: u64,
    /// Of the people, who did the goal; by `sum`, whose sum is not 0.
    pub converted: u64,
    /// What the measure comes to: people, goals, or the sum.
    pub total: f64,
    /// Per person.
    pub mean: f64,
    /// Standard deviation over people.
    pub deviation: f64,
    /// The share of people who were meant to come to it.
    pub share: f64,
    /// `None` of the control.
    pub comparison: Option<ExperimentComparison>,
}

/// A variant beside the control.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExperimentComparison {
    /// Of the means; holds however often one looks.
    pub difference: ExperimentInterval,
    /// As a share of the control's mean; `None` where that may be 0.
    pub uplift: Option<ExperimentInterval>,
    /// The share of experiments without a difference that would ever look like this one; holds however often one looks.
    pub p: f64,
    /// Of the means, for whoever looks once, when the planned people are reached.
    pub fixed: ExperimentInterval,
    pub fixed_p: f64,
    pub verdict: ExperimentVerdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExperimentInterval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentVerdict {
    /// Fewer than 100 people, or than 10 who did the goal, or than 10 who did not.
    TooEarly,
    Undecided,
    Higher,
    Lower,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentDay {
    /// `2026-01-31`.
    pub day: String,
    /// In the order of the report's variants.
    pub variants: Vec<ExperimentDayOf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExperimentDayOf {
    /// Since the beginning.
    pub people: u64,
    pub mean: f64,
    /// `None` of the control, and before there is enough to say anything.
    pub difference: Option<ExperimentInterval>,
    pub uplift: Option<ExperimentInterval>,
}

pub(crate) async fn report(session: &Session, experiment: &Experiment) -> Result<ExperimentReport, QueryError> {
    let started = Instant::now();
    let matched = matched(session, &experiment.wanted(session.as_of_us()))?;
    let open_since_us = session.as_of_us().saturating_sub(experiment.window_us);
    let counted = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(experiment, matched.keys);
            let mut tally = Tally::new(experiment.period.zone.clone(), open_since_us);
            async move {
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |subject| tally.add(subject))?;
                }
                follow.end(&mut |subject| tally.add(subject));
                Ok((tally, follow.nameless, follow.variants.into_values()))
            }
        })
        .await?;
    let mut arms: BTreeMap<String, Arm> = BTreeMap::new();
    let (mut mixed, mut nameless) = (0, 0);
    for (tally, of_no_name, names) in counted {
        mixed += tally.mixed;
        nameless += of_no_name;
        for (number, arm) in tally.arms {
            let name = names[number as usize].iter().flatten().next().cloned().unwrap_or_default();
            arms.entry(name).or_default().unite(arm);
        }
    }
    let arms = ordered(arms, experiment)?;
    let mut report = compared(experiment, arms)?;
    (report.mixed, report.nameless) = (mixed, nameless);
    report.rows_scanned = session.sees_all_rows().then(|| matched.rows_scanned.load(Ordering::Relaxed));
    report.elapsed_ms = started.elapsed().as_millis() as u64;
    report.as_of = iso(session.as_of_us());
    Ok(report)
}

/// The control first, the others by name.
fn ordered(arms: BTreeMap<String, Arm>, experiment: &Experiment) -> Result<Vec<(String, Arm)>, QueryError> {
    if VARIANTS_MAX < arms.len() {
        let some: Vec<&str> = arms.keys().take(3).map(String::as_str).collect();
        return Err(QueryError::Invalid(format!(
            "people were shown {} variants ({}, …), at most {VARIANTS_MAX} can be compared: does `variant` name the right property?",
            arms.len(),
            some.join(", ")
        )));
    }
    let mut arms: Vec<(String, Arm)> = arms.into_iter().collect();
    let control = match &experiment.control {
        Some(control) if arms.is_empty() || arms.iter().any(|(name, _)| name == control) => control.clone(),
        Some(control) => {
            let names: Vec<&str> = arms.iter().map(|(name, _)| name.as_str()).collect();
            return Err(QueryError::Invalid(format!("`control` is {control:?}, which nobody was shown: use one of {}", names.join(", "))));
        }
        None => usual_control(&arms),
    };
    arms.sort_by_key(|(name, _)| *name != control);
    Ok(arms)
}

fn usual_control(arms: &[(String, Arm)]) -> String {
    let called = |wanted: &&str| arms.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
    let control = CONTROLS.iter().find_map(called).or(arms.first());
    control.map(|(name, _)| name.clone()).unwrap_or_default()
}

fn compared(experiment: &Experiment, arms: Vec<(String, Arm)>) -> Result<ExperimentReport, QueryError> {
    let comparisons = arms.len().saturating_sub(1).max(1) as f64;
    // Bonferroni's: with more variants, more chances to be told a difference where there is none.
    let terms = Terms { alpha: (1.0 - experiment.confidence) / comparisons, planned_people: of_a_comparison(experiment, arms.len()) };
    let samples: Vec<Sample> = arms.iter().map(|(_, arm)| arm.whole()).collect();
    let shares = shares(experiment, &arms)?;
    let people: Vec<u64> = samples.iter().map(|sample| sample.people).collect();
    let shares_p = if arms.len() < 2 { 1.0 } else { shares_p(&people, &shares) };
    let variants = arms.iter().zip(&samples).zip(&shares).enumerate();
    let variants = variants.map(|(at, (((name, _), sample), share))| ExperimentVariant {
        name: name.clone(),
        people: sample.people,
        converted: sample.converted,
        total: sample.sum,
        mean: sample.mean(),
        deviation: sample.variance().sqrt(),
        share: *share,
        comparison: (0 < at).then(|| compare(&samples[0], sample, terms).into()),
    });
    Ok(ExperimentReport {
        variants: variants.collect(),
        people: people.iter().sum(),
        mixed: 0,
        nameless: 0,
        unfinished: arms.iter().map(|(_, arm)| arm.unfinished).sum(),
        shares_off: shares_p < SHARES_P,
        shares_p,
        planned_people: experiment.planned_people,
        confidence: experiment.confidence,
        days: days(&arms, terms),
        tz: experiment.period.zone.iana_name().unwrap_or("UTC").to_owned(),
        rows_scanned: None,
        elapsed_ms: 0,
        as_of: String::new(),
    })
}

/// Of the planned people, those of two variants.
fn of_a_comparison(experiment: &Experiment, variants: usize) -> f64 {
    2.0 * experiment.planned_people as f64 / variants.max(2) as f64
}

/// The shares in which people were meant to come to the variants.
fn shares(experiment: &Experiment, arms: &[(String, Arm)]) -> Result<Vec<f64>, QueryError> {
    if experiment.shares.is_empty() {
        return Ok(vec![1.0 / arms.len().max(1) as f64; arms.len()]);
    }
    let share = |(name, _): &(String, Arm)| {
        experiment.shares.get(name).copied().ok_or_else(|| {
            QueryError::Invalid(format!(
                "`shares` does not name the variant {name:?}, which people were shown: add it, or leave `shares` out"
            ))
        })
    };
    let meant = arms.iter().map(share).collect::<Result<Vec<_>, _>>()?;
    let all: f64 = meant.iter().sum();
    Ok(meant.into_iter().map(|share| share / all).collect())
}

fn days(arms: &[(String, Arm)], terms: Terms) -> Vec<ExperimentDay> {
    let mut all: Vec<Date> = arms.iter().flat_map(|(_, arm)| arm.days.keys().copied()).collect();
    all.sort_unstable();
    all.dedup();
    let every = all.len().div_ceil(DAYS_MAX).max(1);
    let mut held = vec![Sample::default(); arms.len()];
    let mut days = Vec::with_capacity(all.len() / every + 1);
    for (at, day) in all.iter().enumerate() {
        for (sample, (_, arm)) in held.iter_mut().zip(arms) {
            arm.days.get(day).into_iter().for_each(|more| add(sample, more));
        }
        // The last day is always told.
        if (all.len() - 1 - at).is_multiple_of(every) {
            days.push(ExperimentDay { day: day.to_string(), variants: (0..held.len()).map(|at| day_of(&held, at, terms)).collect() });
        }
    }
    days
}

fn day_of(held: &[Sample], at: usize, terms: Terms) -> ExperimentDayOf {
    let (sample, control) = (&held[at], &held[0]);
    let comparison = (0 < at).then(|| ExperimentComparison::from(compare(control, sample, terms)));
    let comparison = comparison.filter(|comparison| comparison.verdict != ExperimentVerdict::TooEarly);
    ExperimentDayOf {
        people: sample.people,
        mean: sample.mean(),
        difference: comparison.map(|comparison| comparison.difference),
        uplift: comparison.and_then(|comparison| comparison.uplift),
    }
}

impl From<Comparison> for ExperimentComparison {
    fn from(comparison: Comparison) -> Self {
        let interval = |Interval { value, low, high }| ExperimentInterval { value, low, high };
        Self {
            difference: interval(comparison.difference),
            uplift: comparison.uplift.map(interval),
            p: comparison.p,
            fixed: interval(comparison.fixed),
            fixed_p: comparison.fixed_p,
            verdict: match comparison.verdict {
                Verdict::TooEarly => ExperimentVerdict::TooEarly,
                Verdict::Undecided => ExperimentVerdict::Undecided,
                Verdict::Higher => ExperimentVerdict::Higher,
                Verdict::Lower => ExperimentVerdict::Lower,
            },
        }
    }
}
