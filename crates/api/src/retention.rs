//! The retention report, and the people behind its numbers.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_query::{self as query, Query, RetentionPeopleSpec};
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

/// A retention report as people write it: the same here, in the CLI and in the UI.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionSpec {
    /// With it a person begins.
    cohort: EventFilter,
    /// With it a person comes back; any such event later than the beginning counts.
    #[serde(rename = "return")]
    returning: EventFilter,
    /// `day`, `week` (the default) or `month`, of the calendar in `tz`.
    #[serde(default)]
    grain: Option<String>,
    /// `first` (the default): a person begins once, with the first such event of the report's time. `first_ever`: the same, for
    /// those only who had no such event before. `each`: a person begins anew in every period with such an event.
    #[serde(default)]
    entry: Option<String>,
    /// How many periods after their own the cohorts are followed: 1 to 60, 12 unless told.
    #[serde(default)]
    periods: Option<usize>,
    /// First moment at which people begin: a date (its midnight in `tz`) or a time.
    #[serde(default)]
    from: Option<String>,
    /// First moment at which people no longer begin. They may come back later.
    #[serde(default)]
    to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
    /// Dimensions whose value at the beginning makes the groups; at most 2.
    #[serde(default)]
    by: Vec<String>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RetentionReport {
    /// In the order of time; of those without anybody too.
    cohorts: Vec<RetentionCohort>,
    /// Everybody who began.
    people: u64,
    /// Over all cohorts, by period; each number over the cohorts whose period is over.
    cells: Vec<RetentionCell>,
    /// By falling number of people; empty without `by`.
    groups: Vec<RetentionGroup>,
    /// Further groups, which are counted in the cohorts only.
    groups_omitted: usize,
    /// IANA name: periods begin in it.
    tz: String,
    /// Null for callers who see only their own rows.
    #[schema(required)]
    rows_scanned: Option<u64>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

#[derive(Serialize, ToSchema)]
pub struct RetentionCohort {
    /// First day of the period.
    start: String,
    /// Who began in it.
    people: u64,
    /// By period: the cohort's own first; those that have begun.
    cells: Vec<RetentionCell>,
}

#[derive(Serialize, ToSchema)]
pub struct RetentionGroup {
    by: BTreeMap<String, Option<String>>,
    people: u64,
    cells: Vec<RetentionCell>,
}

#[derive(Serialize, ToSchema)]
pub struct RetentionCell {
    /// Those who may have come back: the cohort; of many cohorts those whose period is over.
    of: u64,
    /// Came back in the period.
    people: u64,
    rate: f64,
    /// Came back in the period or later.
    people_after: u64,
    rate_after: f64,
    /// The period is not over: the number still grows.
    unfinished: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionPeopleRequest {
    spec: RetentionSpec,
    /// The `start` of one of the report's cohorts.
    cohort: String,
    /// From 0, the cohort's own.
    period: usize,
    outcome: RetentionOutcome,
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
pub enum RetentionOutcome {
    /// Everybody of the cohort.
    Began,
    /// Came back in the period.
    Returned,
    /// Came back in the period or later.
    ReturnedAfter,
    /// Did not come back in the period.
    Away,
}

/// Which part of those who began comes back, period by period.
#[utoipa::path(post, path = "/api/reports/retention", tag = "reports", request_body = RetentionSpec,
    responses((status = 200, body = RetentionReport), (status = 400, body = ErrorBody)))]
pub async fn retention(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(spec): Body<RetentionSpec>,
) -> Result<Json<RetentionReport>, ApiError> {
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    Ok(Json(query.retention(&caller.scope, &spec.into()).await?.into()))
}

/// Which profiles are behind a number of the retention report.
#[utoipa::path(post, path = "/api/reports/retention/people", tag = "reports", request_body = RetentionPeopleRequest,
    responses((status = 200, body = ReportPeople), (status = 400, body = ErrorBody)))]
pub async fn retention_people(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(asked): Body<RetentionPeopleRequest>,
) -> Result<Json<ReportPeople>, ApiError> {
    let wanted = RetentionPeopleSpec {
        cohort: asked.cohort,
        period: asked.period,
        outcome: match asked.outcome {
            RetentionOutcome::Began => query::RetentionOutcome::Began,
            RetentionOutcome::Returned => query::RetentionOutcome::Returned,
            RetentionOutcome::ReturnedAfter => query::RetentionOutcome::ReturnedAfter,
            RetentionOutcome::Away => query::RetentionOutcome::Away,
        },
        by: asked.by.unwrap_or_default(),
        limit: page_size(asked.limit, 100, 1_000) as usize,
        cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
    };
    let query = within(query, &store, &caller, asked.spec.segment.as_deref()).await?;
    let people = query.retention_people(&caller.scope, &asked.spec.into(), &wanted).await?;
    Ok(Json(ReportPeople::of(&store, &caller, people).await?))
}

impl From<RetentionSpec> for query::RetentionSpec {
    fn from(spec: RetentionSpec) -> Self {
        let RetentionSpec { cohort, returning, grain, entry, periods, from, to, tz, by, segment: _ } = spec;
        Self { cohort: cohort.into(), returning: returning.into(), grain, entry, periods, from, to, tz, by }
    }
}

impl From<query::RetentionReport> for RetentionReport {
    fn from(report: query::RetentionReport) -> Self {
        let query::RetentionReport { cohorts, people, cells, groups, groups_omitted, tz, rows_scanned, elapsed_ms, as_of } = report;
        let cohort =
            |cohort: query::RetentionCohort| RetentionCohort { start: cohort.start, people: cohort.people, cells: written(cohort.cells) };
        let group = |group: query::RetentionGroup| RetentionGroup { by: group.by, people: group.people, cells: written(group.cells) };
        Self {
            cohorts: cohorts.into_iter().map(cohort).collect(),
            people,
            cells: written(cells),
            groups: groups.into_iter().map(group).collect(),
            groups_omitted,
            tz,
            rows_scanned,
            elapsed_ms,
            as_of,
        }
    }
}

fn written(cells: Vec<query::RetentionCell>) -> Vec<RetentionCell> {
    let cell = |cell: query::RetentionCell| {
        let query::RetentionCell { of, people, rate, people_after, rate_after, unfinished } = cell;
        RetentionCell { of, people, rate, people_after, rate_after, unfinished }
    };
    cells.into_iter().map(cell).collect()
}
