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
    /// Dimensions whose value at the first step makes the groups.
    #[serde(default)]
    by: Vec<String>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
    /// `strict_deduplication`, `strict_order`, `allow_reentry`, `strict_increase`.
    #[serde(default)]
    modes: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FunnelReport {
    steps: Vec<FunnelStep>,
    /// By falling number of profiles; empty without `by`.
    groups: Vec<FunnelGroup>,
    /// Further groups, which are counted in `steps` only.
    groups_omitted: usize,
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
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    let report = query.funnel(&caller.scope, &spec.into()).await?;
    Ok(Json(FunnelReport {
        steps: report.steps.into_iter().map(FunnelStep::from).collect(),
        groups: report.groups.into_iter().map(FunnelGroup::from).collect(),
        groups_omitted: report.groups_omitted,
        rows_scanned: report.rows_scanned,
        elapsed_ms: report.elapsed_ms,
        as_of: report.as_of,
    }))
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
        let FunnelSpec { steps, window, from, to, tz, by, segment: _, modes } = spec;
        let steps = steps.into_iter().map(query::EventFilter::from).collect();
        Self { steps, window, from, to, tz, by, segment: None, modes }
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
