//! Figures of a flow report: for each stage who entered, how fast they moved on, and who waits there.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use forecourt_model::time::{SECOND_US, iso};
use futures::StreamExt;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{
    follow::Follow,
    spec::Flow,
    survival::{Curve, Quantile, Reached},
    tally::{Counted, Tally},
};
use crate::{QueryError, dimensions::Combination, error::answered, matched::plan::matched, session::Session};

/// Groups that a report lists at most: the largest.
pub const GROUPS_MAX: usize = 50;
/// Groups beyond are refused: sums of each are kept.
const GROUPS_KEPT_MAX: usize = 20_000;
/// The shares whose times are told.
const QUANTILES: [f64; 4] = [0.25, 0.5, 0.75, 0.9];
/// How far the share rises from one point of a curve to the next.
const RISE: f64 = 0.01;
const RISE_OF_GROUP: f64 = 0.025;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowReport {
    pub stages: Vec<FlowStage>,
    /// Where the classes of waiting times end, in seconds; the last class, which has no end, is not listed.
    pub ages_s: Vec<i64>,
    /// By falling number of cases that entered a stage or wait at one; empty without `by`.
    pub groups: Vec<FlowGroup>,
    /// Groups beyond [`GROUPS_MAX`], which are counted in `stages` only.
    pub groups_omitted: usize,
    /// Seconds within which the next stage counts as reached in time.
    pub within_s: i64,
    /// ISO 8601 UTC: the report looks at nothing from here on; whoever waits, waits until here.
    pub until: String,
    /// IANA name: dates begin in it.
    pub tz: String,
    /// `None` for callers who see only part of the rows.
    pub rows_scanned: Option<u64>,
    pub elapsed_ms: u64,
    /// ISO 8601 UTC: every event before it is counted.
    pub as_of: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowGroup {
    /// Value by dimension, as last known when the stage was entered.
    pub by: BTreeMap<String, Option<String>>,
    pub stages: Vec<FlowStage>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowStage {
    pub event: String,
    /// Cases that entered in the report's time.
    pub entered: u64,
    /// Of those, how many have moved on to the next stage or to one after it.
    pub moved: u64,
    /// Of those, how many were lost and did not move on.
    pub lost: u64,
    /// How many are at the stage at the report's end, whenever they entered it; at the last stage, who has arrived.
    pub stock: u64,
    /// Of the stock, by class of waiting time; one class more than [`FlowReport::ages_s`] has ends. Empty at the last stage.
    pub ages: Vec<u64>,
    /// The share that moves on within [`FlowReport::within_s`]; `None` at the last stage, and while no case was seen for so long.
    pub within: Option<FlowShare>,
    /// Within what time a quarter, half, three quarters and nine tenths move on; empty at the last stage.
    pub quantiles: Vec<FlowQuantile>,
    /// The share that has moved on by time since entering; empty at the last stage and where nobody moved.
    pub curve: Vec<FlowPoint>,
}

/// A share with its pointwise 95 % interval; `None` where there is nothing to tell it by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FlowShare {
    pub share: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Seconds within which `share` of all moves on, with its 95 % interval; `None` where it is not known to happen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FlowQuantile {
    pub share: f64,
    pub after_s: Option<f64>,
    pub low_s: Option<f64>,
    pub high_s: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FlowPoint {
    pub after_s: f64,
    pub share: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Cases that were seen for so long.
    pub at_risk: u64,
}

pub(crate) async fn report(session: &Session, flow: &Flow) -> Result<FlowReport, QueryError> {
    let started = Instant::now();
    let (groups, rows_scanned) = gather(session, flow).await?;
    let mut report = FlowReport {
        stages: Vec::new(),
        ages_s: flow.ages_s(),
        groups: Vec::new(),
        groups_omitted: 0,
        within_s: flow.within_us / SECOND_US,
        until: iso(flow.until_us(session.as_of_us())),
        tz: flow.period.zone.iana_name().unwrap_or("UTC").to_owned(),
        rows_scanned: session.sees_all_rows().then_some(rows_scanned),
        elapsed_ms: 0,
        as_of: iso(session.as_of_us()),
    };
    lay_out(flow, groups, &mut report);
    report.elapsed_ms = started.elapsed().as_millis() as u64;
    Ok(report)
}

type Groups = FxHashMap<Combination, Vec<Counted>>;

/// Adds up the cases of all buckets; with them the rows that were read.
async fn gather(session: &Session, flow: &Flow) -> Result<(Groups, u64), QueryError> {
    let (flow, until_us) = (Arc::new(flow.clone()), flow.until_us(session.as_of_us()));
    let matched = matched(session, &flow.wanted(session.as_of_us()))?;
    let parts = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(&flow, matched.keys);
            let mut tally = Tally::new(flow.clone(), until_us);
            async move {
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |case| tally.add(case))?;
                    check_groups(tally.groups.len())?;
                }
                follow.end(&mut |case| tally.add(case));
                let names = follow.into_names();
                Ok(tally.groups.into_iter().map(|(known, counted)| (names.of(known), counted)).collect::<Vec<_>>())
            }
        })
        .await?;
    let mut groups = Groups::default();
    for (combination, counted) in parts.into_iter().flatten() {
        let held = groups.entry(combination).or_insert_with(|| vec![Counted::default(); flow.stages.len()]);
        held.iter_mut().zip(counted).for_each(|(held, more)| held.take_in(more));
        check_groups(groups.len())?;
    }
    Ok((groups, matched.rows_scanned.load(Ordering::Relaxed)))
}

fn check_groups(count: usize) -> Result<(), QueryError> {
    if GROUPS_KEPT_MAX < count {
        return Err(QueryError::Invalid(format!("`by` makes more than {GROUPS_KEPT_MAX} groups: take fewer or coarser dimensions")));
    }
    Ok(())
}

fn lay_out(flow: &Flow, groups: Groups, report: &mut FlowReport) {
    let mut all = vec![Counted::default(); flow.stages.len()];
    let mut listed: Vec<(u64, Combination, Vec<Counted>)> = Vec::with_capacity(groups.len());
    for (combination, counted) in groups {
        if flow.by.is_empty() {
            all = counted;
            continue;
        }
        all.iter_mut().zip(&counted).for_each(|(all, more)| all.take_in(more.clone()));
        listed.push((counted.iter().map(|stage| stage.entered + stage.stock()).sum(), combination, counted));
    }
    listed.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    report.groups_omitted = listed.len().saturating_sub(GROUPS_MAX);
    report.stages = stages(flow, all, RISE);
    let group = |(_, combination, counted)| FlowGroup {
        by: flow.by.iter().cloned().zip(combination).collect(),
        stages: stages(flow, counted, RISE_OF_GROUP),
    };
    report.groups = listed.into_iter().take(GROUPS_MAX).map(group).collect();
}

fn stages(flow: &Flow, counted: Vec<Counted>, rise: f64) -> Vec<FlowStage> {
    let last = counted.len() - 1;
    let stage = |(at, counted): (usize, Counted)| stage(flow, at, counted, if at < last { Some(rise) } else { None });
    counted.into_iter().enumerate().map(stage).collect()
}

/// * `rise`: of the curve's points; `None` for the last stage, from which nobody moves on.
fn stage(flow: &Flow, at: usize, mut counted: Counted, rise: Option<f64>) -> FlowStage {
    counted.ages.resize(flow.ages_us.len() + 1, 0);
    let stock = counted.stock();
    let curve = rise.map(|rise| (Curve::of(counted.waits), rise));
    FlowStage {
        event: flow.stages[at].event.clone(),
        entered: counted.entered,
        moved: counted.moved,
        lost: counted.lost,
        stock,
        ages: if curve.is_some() { counted.ages } else { Vec::new() },
        within: curve.as_ref().and_then(|(curve, _)| curve.reached_within(flow.within_us)).map(share),
        quantiles: curve.iter().flat_map(|(curve, _)| QUANTILES.map(|share| quantile(share, curve.quantile(share)))).collect(),
        curve: curve.map_or_else(Vec::new, |(curve, rise)| points(&curve, rise)),
    }
}

fn share(reached: Reached) -> FlowShare {
    FlowShare { share: reached.share, low: reached.interval.map(|(low, _)| low), high: reached.interval.map(|(_, high)| high) }
}

fn quantile(share: f64, found: Quantile) -> FlowQuantile {
    FlowQuantile { share, after_s: found.after_us.map(seconds), low_s: found.low_us.map(seconds), high_s: found.high_us.map(seconds) }
}

fn points(curve: &Curve, rise: f64) -> Vec<FlowPoint> {
    let point = |point: super::survival::Point| {
        let FlowShare { share, low, high } = share(point.reached);
        FlowPoint { after_s: seconds(point.after_us), share, low, high, at_risk: point.at_risk }
    };
    curve.points(rise).into_iter().map(point).collect()
}

fn seconds(us: i64) -> f64 {
    us as f64 / SECOND_US as f64
}
