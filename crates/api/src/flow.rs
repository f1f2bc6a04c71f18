//! The flow report, and the people behind its numbers.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_query::{self as query, FlowPeopleSpec, Query};
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

/// A flow report as people write it: the same here, in the CLI and in the UI.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    /// 2 to 10, in order. Whoever enters a stage has left all before it, also those that were skipped.
    stages: Vec<EventFilter>,
    /// Events after which nobody waits any more, at most 6.
    #[serde(default)]
    lost: Vec<EventFilter>,
    /// A property of the events, such as `lead_id`, each value of which is followed by itself; without it, people are.
    #[serde(default)]
    per: Option<String>,
    /// How long after a stage the next must be reached to count as reached in time: `30d` unless told.
    #[serde(default)]
    within: Option<String>,
    /// Where the classes of waiting times end, rising, at most 10: 1, 3, 7, 14, 30 and 90 days unless told.
    #[serde(default)]
    ages: Vec<String>,
    /// First moment at which cases that count enter a stage: a date (its midnight in `tz`) or a time.
    #[serde(default)]
    from: Option<String>,
    /// First moment that is not looked at any more; whoever waits then still waits. The present unless told.
    #[serde(default)]
    to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
    /// Dimensions whose last known value at a stage makes its groups; at most 2.
    #[serde(default)]
    by: Vec<String>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FlowReport {
    stages: Vec<FlowStage>,
    /// Where the classes of waiting times end, in seconds; the last class, which has no end, is not listed.
    ages_s: Vec<i64>,
    /// By falling number of cases that entered a stage or wait at one; empty without `by`.
    groups: Vec<FlowGroup>,
    /// Further groups, which are counted in `stages` only.
    groups_omitted: usize,
    /// Seconds within which the next stage counts as reached in time.
    within_s: i64,
    /// The report looks at nothing from here on; whoever waits, waits until here.
    until: String,
    /// IANA name: dates begin in it.
    tz: String,
    /// Null for callers who see only their own rows.
    #[schema(required)]
    rows_scanned: Option<u64>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

#[derive(Serialize, ToSchema)]
pub struct FlowGroup {
    by: BTreeMap<String, Option<String>>,
    stages: Vec<FlowStage>,
}

#[derive(Serialize, ToSchema)]
pub struct FlowStage {
    event: String,
    /// Cases that entered in the report's time.
    entered: u64,
    /// Of those, how many have moved on to the next stage or to one after it.
    moved: u64,
    /// Of those, how many were lost and did not move on.
    lost: u64,
    /// How many are at the stage at the report's end, whenever they entered it; at the last stage, who has arrived.
    stock: u64,
    /// Of the stock, by class of waiting time; one class more than `ages_s` has ends. Empty at the last stage.
    ages: Vec<u64>,
    /// The share that moves on within `within_s`; null at the last stage, and while no case was seen for so long.
    #[schema(required)]
    within: Option<FlowShare>,
    /// Within what time a quarter, half, three quarters and nine tenths move on; empty at the last stage.
    quantiles: Vec<FlowQuantile>,
    /// The share that has moved on by time since entering; empty at the last stage and where nobody moved.
    curve: Vec<FlowPoint>,
}

/// A Kaplan-Meier share with its pointwise 95 % interval.
#[derive(Serialize, ToSchema)]
pub struct FlowShare {
    share: f64,
    /// Null where there is nothing to tell it by.
    #[schema(required)]
    low: Option<f64>,
    #[schema(required)]
    high: Option<f64>,
}

/// A time within which a share moves on, with its 95 % interval.
#[derive(Serialize, ToSchema)]
pub struct FlowQuantile {
    share: f64,
    /// Null where it is not known to happen.
    #[schema(required)]
    after_s: Option<f64>,
    #[schema(required)]
    low_s: Option<f64>,
    #[schema(required)]
    high_s: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct FlowPoint {
    after_s: f64,
    share: f64,
    #[schema(required)]
    low: Option<f64>,
    #[schema(required)]
    high: Option<f64>,
    /// Cases that were seen for so long.
    at_risk: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowPeopleRequest {
    spec: FlowSpec,
    /// From 1.
    stage: usize,
    outcome: FlowOutcome,
    /// Only those whose waiting time is of this class, from 0; with `waits`.
    #[serde(default)]
    age: Option<usize>,
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
pub enum FlowOutcome {
    /// Entered the stage in the report's time.
    Entered,
    /// Entered it in the report's time and moved on.
    Moved,
    /// Entered it in the report's time and was lost there.
    Lost,
    /// Is at the stage at the report's end, whenever it was entered.
    Waits,
}

/// How fast people, or leads, get from stage to stage, and how many wait at each.
#[utoipa::path(post, path = "/api/reports/flow", tag = "reports", request_body = FlowSpec,
    responses((status = 200, body = FlowReport), (status = 400, body = ErrorBody)))]
pub async fn flow(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(spec): Body<FlowSpec>,
) -> Result<Json<FlowReport>, ApiError> {
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    Ok(Json(query.flow(&caller.scope, &spec.into()).await?.into()))
}

/// Which profiles are behind a number of the flow report.
#[utoipa::path(post, path = "/api/reports/flow/people", tag = "reports", request_body = FlowPeopleRequest,
    responses((status = 200, body = ReportPeople), (status = 400, body = ErrorBody)))]
pub async fn flow_people(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(asked): Body<FlowPeopleRequest>,
) -> Result<Json<ReportPeople>, ApiError> {
    let wanted = FlowPeopleSpec {
        stage: asked.stage,
        outcome: match asked.outcome {
            FlowOutcome::Entered => query::FlowOutcome::Entered,
            FlowOutcome::Moved => query::FlowOutcome::Moved,
            FlowOutcome::Lost => query::FlowOutcome::Lost,
            FlowOutcome::Waits => query::FlowOutcome::Waits,
        },
        age: asked.age,
        by: asked.by.unwrap_or_default(),
        limit: page_size(asked.limit, 100, 1_000) as usize,
        cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
    };
    let query = within(query, &store, &caller, asked.spec.segment.as_deref()).await?;
    let people = query.flow_people(&caller.scope, &asked.spec.into(), &wanted).await?;
    Ok(Json(ReportPeople::of(&store, &caller, people).await?))
}

impl From<FlowSpec> for query::FlowSpec {
    fn from(spec: FlowSpec) -> Self {
        let FlowSpec { stages, lost, per, within, ages, from, to, tz, by, segment: _ } = spec;
        let filters = |filters: Vec<EventFilter>| filters.into_iter().map(query::EventFilter::from).collect();
        Self { stages: filters(stages), lost: filters(lost), per, within, ages, from, to, tz, by }
    }
}

impl From<query::FlowReport> for FlowReport {
    fn from(report: query::FlowReport) -> Self {
        let query::FlowReport { stages, ages_s, groups, groups_omitted, within_s, until, tz, rows_scanned, elapsed_ms, as_of } = report;
        let written = |stages: Vec<query::FlowStage>| stages.into_iter().map(FlowStage::from).collect();
        Self {
            stages: written(stages),
            ages_s,
            groups: groups.into_iter().map(|group| FlowGroup { by: group.by, stages: written(group.stages) }).collect(),
            groups_omitted,
            within_s,
            until,
            tz,
            rows_scanned,
            elapsed_ms,
            as_of,
        }
    }
}

impl From<query::FlowStage> for FlowStage {
    fn from(stage: query::FlowStage) -> Self {
        let query::FlowStage { event, entered, moved, lost, stock, ages, within, quantiles, curve } = stage;
        let share = |query::FlowShare { share, low, high }| FlowShare { share, low, high };
        let quantile = |query::FlowQuantile { share, after_s, low_s, high_s }| FlowQuantile { share, after_s, low_s, high_s };
        let point = |query::FlowPoint { after_s, share, low, high, at_risk }| FlowPoint { after_s, share, low, high, at_risk };
        Self {
            event,
            entered,
            moved,
            lost,
            stock,
            ages,
            within: within.map(share),
            quantiles: quantiles.into_iter().map(quantile).collect(),
            curve: curve.into_iter().map(point).collect(),
        }
    }
}
