//! The funnel report, and the people behind its numbers.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_query::{self as query, PeopleSpec, Query};
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller,
    error::{ApiError, ErrorBody},
    input::{Body, page_size},
    report::{EventFilter, ReportPeople},
    segments::within,
    share::difference,
};

/// A funnel as people write it: the same here, in the CLI and in the UI.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FunnelSpec {
    /// 1 to 12, in order.
    steps: Vec<EventFilter>,
    /// From the first step to the last, inclusive: `30d`, `12h`, `45m`, `90s`, `2w`.
    window: String,
    /// First moment that counts: a date (its midnight in `tz`) or a time.
    #[serde(default)]
    from: Option<String>,
    /// First moment that no longer counts.
    #[serde(default)]
    to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
    /// What must not happen in between; at most 3.
    #[serde(default)]
    exclusions: Vec<FunnelExclusion>,
    /// Dimensions, or properties as `properties.lead_id`, that have one value on all steps; an event without it is no step.
    #[serde(default)]
    hold: Vec<String>,
    /// Dimensions, or properties, whose value makes the groups: at the first step unless told.
    #[serde(default)]
    by: Vec<String>,
    /// From 1: the step whose value makes the groups.
    #[serde(default)]
    by_step: Option<usize>,
    /// `first` or `last`: the person's first event that has the value, up to the first step and also before `from`; or the
    /// last one, up to the deepest step reached. For one column of `by`.
    #[serde(default)]
    by_touch: Option<String>,
    /// `day`, `week` or `month`: counts by when people entered.
    #[serde(default)]
    trend: Option<String>,
    /// `previous`: the time as long just before `from` is counted too.
    #[serde(default)]
    compare: Option<String>,
    /// Id of a segment in force, or `everybody`: counted too, to compare with, over the same time.
    #[serde(default)]
    versus: Option<String>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
    /// `strict_deduplication`, `strict_order`, `allow_reentry`, `strict_increase`.
    #[serde(default)]
    modes: Vec<String>,
}

/// What ends somebody's way: an event later than the way's step `after` and earlier than its step `before`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FunnelExclusion {
    event: String,
    /// A SQL condition on the event's columns.
    #[serde(default, rename = "where")]
    condition: Option<String>,
    /// From 1; the first step unless told.
    #[serde(default)]
    after: Option<usize>,
    /// From 2; the last step unless told.
    #[serde(default)]
    before: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct FunnelReport {
    steps: Vec<FunnelStep>,
    /// By falling number of profiles; empty without `by`.
    groups: Vec<FunnelGroup>,
    /// Further groups, which are counted in `steps` only.
    groups_omitted: usize,
    /// From the first step to the last; null for a single step and where nobody got there.
    #[schema(required)]
    conversion_time: Option<FunnelTime>,
    /// By when people entered; empty without `trend`.
    trend: Vec<FunnelPeriod>,
    /// What the report is compared with, by `compare` or `versus`.
    #[schema(required)]
    compared: Option<FunnelCompared>,
    /// Null for callers who see only their own rows.
    #[schema(required)]
    rows_scanned: Option<u64>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

#[derive(Serialize, ToSchema)]
pub struct FunnelStep {
    event: String,
    /// Profiles that reached the step.
    profiles: u64,
    /// Share of the profiles of step 1.
    rate: f64,
    /// Share of the profiles of the step before.
    step_rate: f64,
    /// Median seconds since the step before.
    #[schema(required)]
    median_time_s: Option<f64>,
}

/// How long the whole way took.
#[derive(Serialize, ToSchema)]
pub struct FunnelTime {
    profiles: u64,
    mean_s: f64,
    median_s: f64,
    /// Smallest time within which so many of them were done.
    p25_s: f64,
    p75_s: f64,
    p90_s: f64,
    /// From 0 on without a gap.
    bars: Vec<FunnelTimeBar>,
}

#[derive(Serialize, ToSchema)]
pub struct FunnelTimeBar {
    /// Seconds, inclusive.
    from_s: f64,
    /// Seconds, exclusive; null for the last one, if longer times are in it.
    #[schema(required)]
    to_s: Option<f64>,
    profiles: u64,
}

/// A day, week or month, by those who entered in it.
#[derive(Serialize, ToSchema)]
pub struct FunnelPeriod {
    /// Its first day.
    start: String,
    /// How many reached each step.
    profiles: Vec<u64>,
    /// Whether its whole window has passed: else more may still come.
    is_complete: bool,
}

#[derive(Serialize, ToSchema)]
pub struct FunnelCompared {
    /// First moment of the time before; null where a segment is compared over the same time.
    #[schema(required)]
    from: Option<String>,
    #[schema(required)]
    to: Option<String>,
    steps: Vec<FunnelStep>,
    /// By step: how far the report's `rate` is above the compared one.
    differences: Vec<FunnelDifference>,
}

#[derive(Serialize, ToSchema)]
pub struct FunnelDifference {
    value: f64,
    /// Newcombe's 95 % interval, which takes the two for different people; null where one has nobody, or is part of the other.
    #[schema(required)]
    low: Option<f64>,
    #[schema(required)]
    high: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct FunnelGroup {
    by: BTreeMap<String, Option<String>>,
    steps: Vec<FunnelStep>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FunnelPeopleRequest {
    spec: FunnelSpec,
    /// From 1; from 2 for `dropped`.
    step: usize,
    outcome: Outcome,
    /// Only those of one group of the report.
    #[serde(default)]
    by: Option<BTreeMap<String, Option<String>>>,
    /// 100 unless told, at most 1000.
    #[serde(default)]
    limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Reached the step.
    Reached,
    /// Reached the step before, and not this one.
    Dropped,
}

/// How many profiles went how far.
#[utoipa::path(post, path = "/api/reports/funnel", tag = "reports", request_body = FunnelSpec,
    responses((status = 200, body = FunnelReport), (status = 400, body = ErrorBody)))]
pub async fn funnel(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(spec): Body<FunnelSpec>,
) -> Result<Json<FunnelReport>, ApiError> {
    if spec.compare.is_some() && spec.versus.is_some() {
        return Err(ApiError::invalid("`compare` and `versus` exclude each other: name one"));
    }
    let other = match spec.versus.as_deref() {
        None => None,
        Some("everybody") => Some(query.clone()),
        Some(segment) => Some(within(query.clone(), &store, &caller, Some(segment)).await?),
    };
    let is_part = spec.versus.as_deref() == Some("everybody");
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    let spec = query::FunnelSpec::from(spec);
    let mut report = query.funnel(&caller.scope, &spec).await?;
    let mut compared = report.compared.take().map(|before| (Some((before.from, before.to)), before.steps));
    if let Some(other) = other {
        let bare = query::FunnelSpec { by: vec![], by_step: None, by_touch: None, trend: None, ..spec };
        let beside = other.funnel(&caller.scope, &bare).await?;
        report.rows_scanned = report.rows_scanned.zip(beside.rows_scanned).map(|(own, beside)| own + beside);
        report.elapsed_ms += beside.elapsed_ms;
        compared = Some((None, beside.steps));
    }
    let compared = compared.map(|(time, steps)| FunnelCompared::of(&report.steps, time, steps, is_part));
    Ok(Json(FunnelReport {
        steps: report.steps.into_iter().map(FunnelStep::from).collect(),
        groups: report.groups.into_iter().map(FunnelGroup::from).collect(),
        groups_omitted: report.groups_omitted,
        conversion_time: report.conversion_time.map(FunnelTime::from),
        trend: report.trend.into_iter().map(FunnelPeriod::from).collect(),
        compared,
        rows_scanned: report.rows_scanned,
        elapsed_ms: report.elapsed_ms,
        as_of: report.as_of,
    }))
}

impl FunnelCompared {
    /// * `time`: from when to when, if it is another time.
    /// * `is_part`: whether the report's people are among the compared.
    fn of(own: &[query::StepReport], time: Option<(String, String)>, steps: Vec<query::StepReport>, is_part: bool) -> Self {
        let of = |steps: &[query::StepReport], at: usize| (steps[at].profiles as i64, steps[0].profiles as i64);
        let differences = (0..own.len().min(steps.len())).map(|at| {
            let interval = if is_part || at == 0 { None } else { difference(of(own, at), of(&steps, at)) };
            let (low, high) = interval.map(|(low, _, high)| (low, high)).unzip();
            FunnelDifference { value: own[at].rate - steps[at].rate, low, high }
        });
        let differences = differences.collect();
        let (from, to) = time.unzip();
        Self { from, to, steps: steps.into_iter().map(FunnelStep::from).collect(), differences }
    }
}

/// Which profiles are behind a number of the funnel.
#[utoipa::path(post, path = "/api/reports/funnel/people", tag = "reports", request_body = FunnelPeopleRequest,
    responses((status = 200, body = ReportPeople), (status = 400, body = ErrorBody)))]
pub async fn people(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(asked): Body<FunnelPeopleRequest>,
) -> Result<Json<ReportPeople>, ApiError> {
    let wanted = PeopleSpec {
        step: asked.step,
        outcome: match asked.outcome {
            Outcome::Reached => query::Outcome::Reached,
            Outcome::Dropped => query::Outcome::Dropped,
        },
        by: asked.by.unwrap_or_default(),
        limit: page_size(asked.limit, 100, 1_000) as usize,
        cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
    };
    let query = within(query, &store, &caller, asked.spec.segment.as_deref()).await?;
    let people = query.funnel_people(&caller.scope, &asked.spec.into(), &wanted).await?;
    Ok(Json(ReportPeople::of(&store, &caller, people).await?))
}

impl From<FunnelSpec> for query::FunnelSpec {
    fn from(spec: FunnelSpec) -> Self {
        let FunnelSpec {
            steps,
            window,
            from,
            to,
            tz,
            exclusions,
            hold,
            by,
            by_step,
            by_touch,
            trend,
            compare,
            versus: _,
            segment: _,
            modes,
        } = spec;
        let exclusions = exclusions.into_iter().map(|FunnelExclusion { event, condition, after, before }| query::FunnelExclusion {
            event,
            condition,
            after,
            before,
        });
        Self {
            steps: steps.into_iter().map(query::EventFilter::from).collect(),
            exclusions: exclusions.collect(),
            window,
            from,
            to,
            tz,
            hold,
            by,
            by_step,
            by_touch,
            trend,
            compare,
            segment: None,
            modes,
        }
    }
}

impl From<query::ConversionTime> for FunnelTime {
    fn from(time: query::ConversionTime) -> Self {
        let query::ConversionTime { profiles, mean_s, median_s, p25_s, p75_s, p90_s, bars } = time;
        let bars = bars.into_iter().map(|query::TimeBar { from_s, to_s, profiles }| FunnelTimeBar { from_s, to_s, profiles });
        Self { profiles, mean_s, median_s, p25_s, p75_s, p90_s, bars: bars.collect() }
    }
}

impl From<query::TrendPeriod> for FunnelPeriod {
    fn from(period: query::TrendPeriod) -> Self {
        let query::TrendPeriod { start, profiles, is_complete } = period;
        Self { start, profiles, is_complete }
    }
}

impl From<query::StepReport> for FunnelStep {
    fn from(step: query::StepReport) -> Self {
        let query::StepReport { event, profiles, rate, step_rate, median_time_s } = step;
        Self { event, profiles, rate, step_rate, median_time_s }
    }
}

impl From<query::GroupReport> for FunnelGroup {
    fn from(group: query::GroupReport) -> Self {
        Self { by: group.by, steps: group.steps.into_iter().map(FunnelStep::from).collect() }
    }
}
