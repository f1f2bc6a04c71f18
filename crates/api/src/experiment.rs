//! The experiment report, the people behind it, the experiments that run, and how many people one needs.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_query::{
    self as query, ExperimentPeopleSpec, Query,
    statistics::{Aim, needed},
};
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller,
    error::{ApiError, ErrorBody},
    input::{Body, page_size},
    report::{EventFilter, ReportPeople},
    segments::within,
};

/// An experiment's report as people write it: the same here, in the CLI and in the UI.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentSpec {
    /// With it a person is shown a variant, such as `experiment_viewed`; the first of each person in the report's time counts.
    exposure: EventFilter,
    /// Where the exposure names the variant: `properties.<name>`, or a dimension; `properties.variant` unless told.
    #[serde(default)]
    variant: Option<String>,
    /// The variant that others are compared with; unless told, the one called control, original, off or A, else the first by name.
    #[serde(default)]
    control: Option<String>,
    /// What people are meant to do; what they did before they were shown a variant does not count.
    goal: EventFilter,
    /// `people` (the default): which share of people did the goal. `events`: how many goals a person. `sum`: how much a person.
    #[serde(default)]
    measure: Option<String>,
    /// What is summed: `value` (the default), or a number in `properties.<name>`.
    #[serde(default)]
    sum_of: Option<String>,
    /// How long after the first exposure goals count: `30d` unless told.
    #[serde(default)]
    window: Option<String>,
    /// In which shares people were meant to come to the variants, by variant. Equal unless told.
    #[serde(default)]
    shares: BTreeMap<String, f64>,
    /// How many people the experiment is planned for, of all variants together: there its intervals are tightest. 10,000 unless told.
    #[serde(default)]
    planned_people: Option<u64>,
    /// In which share of experiments without a difference none may be told: 0.8 to 0.999, 0.95 unless told.
    #[serde(default)]
    confidence: Option<f64>,
    /// First moment at which people are shown a variant: a date (its midnight in `tz`) or a time.
    #[serde(default)]
    from: Option<String>,
    /// First moment at which they no longer are. Goals count later.
    #[serde(default)]
    to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ExperimentReport {
    /// The control first, the others by name.
    variants: Vec<ExperimentVariant>,
    /// Whoever was shown a variant, and one only.
    people: u64,
    /// Were shown several variants: they count nowhere.
    mixed: u64,
    /// Exposures that named no variant.
    nameless: u64,
    /// Of `people`, whose window is still open: they may do the goal yet.
    unfinished: u64,
    /// Whether the people came to the variants in other shares than were meant, more than chance explains: then something is
    /// wrong with the experiment, and its result means nothing.
    shares_off: bool,
    /// The share of experiments that would ever look so odd by chance.
    shares_p: f64,
    planned_people: u64,
    confidence: f64,
    /// How it stood at the end of each day, in the order of time.
    days: Vec<ExperimentDay>,
    /// IANA name: days begin in it.
    tz: String,
    /// Null for callers who see only their own rows.
    #[schema(required)]
    rows_scanned: Option<u64>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

#[derive(Serialize, ToSchema)]
pub struct ExperimentVariant {
    name: String,
    people: u64,
    /// Of the people, who did the goal; by `sum`, whose sum is not 0.
    converted: u64,
    /// What the measure comes to: people, goals, or the sum.
    total: f64,
    /// Per person.
    mean: f64,
    /// Standard deviation over people.
    deviation: f64,
    /// The share of people who were meant to come to it.
    share: f64,
    /// Null of the control.
    #[schema(required)]
    comparison: Option<ExperimentComparison>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentComparison {
    /// Of the means; holds however often one looks.
    difference: ExperimentInterval,
    /// As a share of the control's mean; null where that may be 0.
    #[schema(required)]
    uplift: Option<ExperimentInterval>,
    /// The share of experiments without a difference that would ever look like this one; holds however often one looks.
    p: f64,
    /// Of the means, for whoever looks once, when the planned people are reached.
    fixed: ExperimentInterval,
    fixed_p: f64,
    verdict: ExperimentVerdict,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentInterval {
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentVerdict {
    /// Fewer than 100 people, or than 10 who did the goal, or than 10 who did not.
    TooEarly,
    /// The interval holds no difference too.
    Undecided,
    Higher,
    Lower,
}

#[derive(Serialize, ToSchema)]
pub struct ExperimentDay {
    day: String,
    /// In the order of the report's variants.
    variants: Vec<ExperimentDayOf>,
}

#[derive(Serialize, ToSchema)]
pub struct ExperimentDayOf {
    /// Since the beginning.
    people: u64,
    mean: f64,
    /// Null of the control, and before there is enough to say anything.
    #[schema(required)]
    difference: Option<ExperimentInterval>,
    #[schema(required)]
    uplift: Option<ExperimentInterval>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentPeopleRequest {
    spec: ExperimentSpec,
    /// Null for those who were shown several.
    #[serde(default)]
    variant: Option<String>,
    outcome: ExperimentOutcome,
    /// 100 unless told, at most 1000.
    #[serde(default)]
    limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentOutcome {
    /// Everybody who was shown the variant, and no other.
    Exposed,
    /// Those who did the goal.
    Converted,
    /// Those who did not.
    NotConverted,
}

#[derive(Serialize, ToSchema)]
pub struct FoundExperiment {
    name: String,
    /// The exposure's event.
    event: String,
    /// Property that names the experiment.
    experiment_property: String,
    /// Property that names the variant.
    variant_property: String,
    /// By name.
    variants: Vec<FoundVariant>,
    first_seen: String,
    last_seen: String,
}

#[derive(Serialize, ToSchema)]
pub struct FoundVariant {
    name: String,
    exposures: u64,
}

/// What an experiment is to find.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentPlanRequest {
    /// What the control comes to now: a share above 0 and below 1, or with `deviation` a mean above 0.
    mean: f64,
    /// Standard deviation over people, of what is no share.
    #[serde(default)]
    deviation: Option<f64>,
    /// The least difference worth finding, as a share of the mean: 0.1 for a tenth more, -0.1 for a tenth less.
    uplift: f64,
    /// 2 to 20, 2 unless told.
    #[serde(default)]
    variants: Option<u32>,
    /// 0.8 to 0.999, 0.95 unless told.
    #[serde(default)]
    confidence: Option<f64>,
    /// In which share of experiments with this difference it is to be found: 0.5 to 0.99, 0.8 unless told.
    #[serde(default)]
    power: Option<f64>,
    /// How many people come in a day, for all variants together.
    #[serde(default)]
    people_a_day: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct ExperimentPlan {
    /// In each variant, looking whenever one likes.
    people: u64,
    /// Of all variants together: the spec's `planned_people`.
    planned_people: u64,
    /// Null without `people_a_day`.
    #[schema(required)]
    days: Option<u64>,
    /// In each variant, looking once, at the end.
    people_fixed: u64,
    #[schema(required)]
    days_fixed: Option<u64>,
}

/// Which of an experiment's variants people answer better, and how sure that is.
#[utoipa::path(post, path = "/api/reports/experiment", tag = "reports", request_body = ExperimentSpec,
    responses((status = 200, body = ExperimentReport), (status = 400, body = ErrorBody)))]
pub async fn experiment(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(spec): Body<ExperimentSpec>,
) -> Result<Json<ExperimentReport>, ApiError> {
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    Ok(Json(query.experiment(&caller.scope, &spec.into()).await?.into()))
}

/// Which profiles are behind a variant of an experiment.
#[utoipa::path(post, path = "/api/reports/experiment/people", tag = "reports", request_body = ExperimentPeopleRequest,
    responses((status = 200, body = ReportPeople), (status = 400, body = ErrorBody)))]
pub async fn experiment_people(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(asked): Body<ExperimentPeopleRequest>,
) -> Result<Json<ReportPeople>, ApiError> {
    let wanted = ExperimentPeopleSpec {
        variant: asked.variant,
        outcome: match asked.outcome {
            ExperimentOutcome::Exposed => query::ExperimentOutcome::Exposed,
            ExperimentOutcome::Converted => query::ExperimentOutcome::Converted,
            ExperimentOutcome::NotConverted => query::ExperimentOutcome::NotConverted,
        },
        limit: page_size(asked.limit, 100, 1_000) as usize,
        cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
    };
    let query = within(query, &store, &caller, asked.spec.segment.as_deref()).await?;
    let people = query.experiment_people(&caller.scope, &asked.spec.into(), &wanted).await?;
    Ok(Json(ReportPeople::of(&store, &caller, people).await?))
}

/// The experiments that the usual exposure events tell of, those last seen first.
#[utoipa::path(get, path = "/api/experiments", tag = "reports", responses((status = 200, body = Vec<FoundExperiment>)))]
pub async fn experiments(State(query): State<Query>, caller: Caller) -> Result<Json<Vec<FoundExperiment>>, ApiError> {
    let found = query.running_experiments(&caller.scope).await?;
    Ok(Json(found.into_iter().map(FoundExperiment::from).collect()))
}

/// How many people an experiment needs.
#[utoipa::path(post, path = "/api/experiments/plan", tag = "reports", request_body = ExperimentPlanRequest,
    responses((status = 200, body = ExperimentPlan), (status = 400, body = ErrorBody)))]
pub async fn experiment_plan(Body(asked): Body<ExperimentPlanRequest>) -> Result<Json<ExperimentPlan>, ApiError> {
    let variants = asked.variants.unwrap_or(2);
    if !(2..=20).contains(&variants) {
        return Err(ApiError::invalid(format!("`variants` is {variants}: use 2 to 20")));
    }
    let of_all = u64::from(variants);
    let needed = needed(aim(&asked, variants)?);
    let days = |people: u64| asked.people_a_day.map(|a_day| ((people * of_all) as f64 / a_day).ceil() as u64);
    if asked.people_a_day.is_some_and(|a_day| !(a_day.is_finite() && 0.0 < a_day)) {
        return Err(ApiError::invalid("`people_a_day` is not above 0: leave it out where it is not known"));
    }
    Ok(Json(ExperimentPlan {
        people: needed.sequential,
        planned_people: needed.sequential * of_all,
        days: days(needed.sequential),
        people_fixed: needed.fixed,
        days_fixed: days(needed.fixed),
    }))
}

fn aim(asked: &ExperimentPlanRequest, variants: u32) -> Result<Aim, ApiError> {
    let within = |field: &str, value: f64, low: f64, high: f64| {
        let is_in = (low..=high).contains(&value);
        is_in.then_some(value).ok_or_else(|| ApiError::invalid(format!("`{field}` is {value}: use {low} to {high}")))
    };
    let confidence = within("confidence", asked.confidence.unwrap_or(0.95), 0.8, 0.999)?;
    let power = within("power", asked.power.unwrap_or(0.8), 0.5, 0.99)?;
    let uplift = within("uplift", asked.uplift, -0.99, 100.0)?;
    if uplift.abs() < 0.001 {
        return Err(ApiError::invalid("`uplift` is next to 0: name the least difference worth finding, such as 0.1 for a tenth more"));
    }
    // With more variants, more chances to be told a difference where there is none: as the report compares them.
    let alpha = (1.0 - confidence) / f64::from(variants - 1);
    match asked.deviation {
        Some(deviation) if deviation.is_finite() && 0.0 < deviation && asked.mean.is_finite() && 0.0 < asked.mean => {
            Ok(Aim { mean: asked.mean, deviation, variant_deviation: deviation, uplift, alpha, power })
        }
        Some(_) => Err(ApiError::invalid("`mean` and `deviation` must both be above 0")),
        None if !(1e-6..1.0).contains(&asked.mean) => {
            Err(ApiError::invalid("`mean` is no share above 0 and below 1: write 0.03 for 3 %, or give its `deviation` if it is no share"))
        }
        None if 1.0 <= asked.mean * (1.0 + uplift) => {
            Err(ApiError::invalid("`uplift` would lift the share to 1 or above: name a smaller one"))
        }
        None => Ok(Aim::share(asked.mean, uplift, alpha, power)),
    }
}

impl From<ExperimentSpec> for query::ExperimentSpec {
    fn from(spec: ExperimentSpec) -> Self {
        let ExperimentSpec { exposure, variant, control, goal, measure, sum_of, window, shares, .. } = spec;
        let ExperimentSpec { planned_people, confidence, from, to, tz, .. } = spec;
        let (exposure, goal) = (exposure.into(), goal.into());
        Self { exposure, variant, control, goal, measure, sum_of, window, shares, planned_people, confidence, from, to, tz }
    }
}

impl From<query::ExperimentReport> for ExperimentReport {
    fn from(report: query::ExperimentReport) -> Self {
        let query::ExperimentReport { variants, people, mixed, nameless, unfinished, shares_off, shares_p, .. } = report;
        let query::ExperimentReport { planned_people, confidence, days, tz, rows_scanned, elapsed_ms, as_of, .. } = report;
        Self {
            variants: variants.into_iter().map(ExperimentVariant::from).collect(),
            people,
            mixed,
            nameless,
            unfinished,
            shares_off,
            shares_p,
            planned_people,
            confidence,
            days: days.into_iter().map(ExperimentDay::from).collect(),
            tz,
            rows_scanned,
            elapsed_ms,
            as_of,
        }
    }
}

impl From<query::ExperimentVariant> for ExperimentVariant {
    fn from(variant: query::ExperimentVariant) -> Self {
        let query::ExperimentVariant { name, people, converted, total, mean, deviation, share, comparison } = variant;
        Self { name, people, converted, total, mean, deviation, share, comparison: comparison.map(ExperimentComparison::from) }
    }
}

impl From<query::ExperimentComparison> for ExperimentComparison {
    fn from(comparison: query::ExperimentComparison) -> Self {
        let query::ExperimentComparison { difference, uplift, p, fixed, fixed_p, verdict } = comparison;
        Self {
            difference: difference.into(),
            uplift: uplift.map(ExperimentInterval::from),
            p,
            fixed: fixed.into(),
            fixed_p,
            verdict: match verdict {
                query::ExperimentVerdict::TooEarly => ExperimentVerdict::TooEarly,
                query::ExperimentVerdict::Undecided => ExperimentVerdict::Undecided,
                query::ExperimentVerdict::Higher => ExperimentVerdict::Higher,
                query::ExperimentVerdict::Lower => ExperimentVerdict::Lower,
            },
        }
    }
}

impl From<query::ExperimentInterval> for ExperimentInterval {
    fn from(interval: query::ExperimentInterval) -> Self {
        let query::ExperimentInterval { value, low, high } = interval;
        Self { value, low, high }
    }
}

impl From<query::ExperimentDay> for ExperimentDay {
    fn from(day: query::ExperimentDay) -> Self {
        let of = |of: query::ExperimentDayOf| ExperimentDayOf {
            people: of.people,
            mean: of.mean,
            difference: of.difference.map(ExperimentInterval::from),
            uplift: of.uplift.map(ExperimentInterval::from),
        };
        Self { day: day.day, variants: day.variants.into_iter().map(of).collect() }
    }
}

impl From<query::FoundExperiment> for FoundExperiment {
    fn from(found: query::FoundExperiment) -> Self {
        let query::FoundExperiment { name, event, experiment_property, variant_property, variants, first_seen, last_seen } = found;
        let variants = variants.into_iter().map(|of| FoundVariant { name: of.name, exposures: of.exposures }).collect();
        Self { name, event, experiment_property, variant_property, variants, first_seen, last_seen }
    }
}
