//! The attribution report, and the people behind its rows.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_query::{self as query, AttributionPeopleSpec, Query};
use forecourt_store::{Store, control::Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Installation,
    error::{ApiError, ErrorBody},
    input::{Body, page_size},
    pivot::{PivotWarning, terms},
    report::{EventFilter, ReportPeople},
    segments::within,
};

/// An attribution report as people write it: the same here, in the CLI and in the UI.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributionSpec {
    /// What credit is given for; the event's value is its revenue. Without it, confirmed orders: a cancelled one is none.
    #[serde(default)]
    conversion: Option<EventFilter>,
    /// Which events are touches, at most 15. Without them: whatever happens in a visit to the site or app, and every call.
    #[serde(default)]
    touches: Vec<EventFilter>,
    /// Dimensions that credit is given to, at most 3: `channel` (unless told), `utm_source`, `utm_medium`, `campaign`, `region`,
    /// `dealer`, `model`, `source`.
    #[serde(default)]
    by: Vec<String>,
    /// How long before a conversion touches count: `90d`; at most 730 days, 365 unless told.
    #[serde(default)]
    lookback: Option<String>,
    /// Shares of the first and of the last touch in the model `position`: 0.4 and 0.4 unless told.
    #[serde(default)]
    position: Option<Vec<f64>>,
    /// Age that halves a touch's weight in the model `time_decay`: `7d` unless told.
    #[serde(default)]
    half_life: Option<String>,
    /// How many last touches make a state in the model `markov`: 1 to 4, 1 unless told.
    #[serde(default)]
    order: Option<usize>,
    /// First moment of conversions that count: a date (its midnight in `tz`) or a time. Touches may lie before it.
    #[serde(default)]
    from: Option<String>,
    /// First moment that no longer counts.
    #[serde(default)]
    to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
    /// Of all amounts, three capitals; without it the installation's.
    #[serde(default)]
    currency: Option<String>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct AttributionReport {
    /// Names of the models, in the order of each row's credits.
    models: Vec<String>,
    by: Vec<String>,
    /// By falling credit in the model `linear`.
    rows: Vec<AttributionRow>,
    /// Of all conversions: what the rows' credits and `untouched` add up to, in every model.
    total: AttributionSum,
    /// Of conversions without a touch in the look-back.
    untouched: AttributionSum,
    /// Paths that led to no conversion.
    paths_to_nothing: u64,
    /// Probability that a path converts, by the chain.
    conversion_probability: f64,
    /// Of all amounts.
    currency: String,
    /// IANA name: dates begin in it.
    tz: String,
    warnings: Vec<PivotWarning>,
    /// Events read. Null for callers who see only their own rows.
    #[schema(required)]
    rows_scanned: Option<u64>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

#[derive(Serialize, ToSchema)]
pub struct AttributionSum {
    conversions: f64,
    revenue: f64,
}

#[derive(Serialize, ToSchema)]
pub struct AttributionRow {
    by: BTreeMap<String, Option<String>>,
    /// Conversions with a touch of the row before them, each whole: these do not add up to the total.
    associated: AttributionSum,
    /// What advertising cost in the report's time; null where costs are not known so finely, or not for the caller.
    #[schema(required)]
    cost: Option<f64>,
    /// The share of conversions that the chain loses without the row.
    removal_effect: f64,
    /// By model.
    credits: Vec<AttributionCredit>,
}

#[derive(Serialize, ToSchema)]
pub struct AttributionCredit {
    conversions: f64,
    revenue: f64,
    /// The lower end of the 95 % interval of `conversions`; null where it is not worked out.
    #[schema(required)]
    low: Option<f64>,
    /// Its upper end.
    #[schema(required)]
    high: Option<f64>,
    /// The interval overlaps that of the next row by this model: which of the two has more is not known.
    tied_with_next: bool,
    /// Of costs: per conversion (CPL of leads, CAC of orders).
    #[schema(required)]
    cost_per_conversion: Option<f64>,
    /// (Revenue − cost) / cost.
    #[schema(required)]
    romi: Option<f64>,
    /// Cost / revenue.
    #[schema(required)]
    drr: Option<f64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributionPeopleRequest {
    spec: AttributionSpec,
    /// Of this row: its value by dimension.
    by: BTreeMap<String, Option<String>>,
    /// 100 unless told, at most 1000.
    #[serde(default)]
    limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// Which touches conversions are owed to, by several models side by side.
#[utoipa::path(post, path = "/api/reports/attribution", tag = "reports", request_body = AttributionSpec,
    responses((status = 200, body = AttributionReport), (status = 400, body = ErrorBody)))]
pub async fn attribution(
    State(query): State<Query>,
    State(control): State<Control>,
    State(store): State<Store>,
    State(installation): State<Installation>,
    caller: Caller,
    Body(spec): Body<AttributionSpec>,
) -> Result<Json<AttributionReport>, ApiError> {
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    let terms = terms(&control, &installation).await?;
    Ok(Json(query.attribution(&caller.scope, &asked(spec)?, &terms).await?.into()))
}

/// Which profiles converted after a touch of a row.
#[utoipa::path(post, path = "/api/reports/attribution/people", tag = "reports", request_body = AttributionPeopleRequest,
    responses((status = 200, body = ReportPeople), (status = 400, body = ErrorBody)))]
pub async fn attribution_people(
    State(query): State<Query>,
    State(control): State<Control>,
    State(store): State<Store>,
    State(installation): State<Installation>,
    caller: Caller,
    Body(wanted): Body<AttributionPeopleRequest>,
) -> Result<Json<ReportPeople>, ApiError> {
    let terms = terms(&control, &installation).await?;
    let people = AttributionPeopleSpec {
        by: wanted.by,
        limit: page_size(wanted.limit, 100, 1_000) as usize,
        cursor: wanted.cursor.filter(|cursor| !cursor.is_empty()),
    };
    let query = within(query, &store, &caller, wanted.spec.segment.as_deref()).await?;
    let people = query.attribution_people(&caller.scope, &asked(wanted.spec)?, &terms, &people).await?;
    Ok(Json(ReportPeople::of(&store, &caller, people).await?))
}

/// The spec in the query's words.
fn asked(spec: AttributionSpec) -> Result<query::AttributionSpec, ApiError> {
    let AttributionSpec { conversion, touches, by, lookback, position, half_life, order, from, to, tz, currency, segment: _ } = spec;
    let position = match position.as_deref() {
        None => None,
        Some([first, last]) => Some((*first, *last)),
        Some(_) => {
            return Err(query::QueryError::Invalid(
                "`position` has two shares, of the first and of the last touch: write for example [0.4, 0.4]".to_owned(),
            )
            .into());
        }
    };
    Ok(query::AttributionSpec {
        conversion: conversion.map(query::EventFilter::from),
        touches: touches.into_iter().map(query::EventFilter::from).collect(),
        by,
        lookback,
        position,
        half_life,
        order,
        from,
        to,
        tz,
        currency,
    })
}

impl From<query::AttributionReport> for AttributionReport {
    fn from(report: query::AttributionReport) -> Self {
        Self {
            models: report.models,
            by: report.by,
            rows: report.rows.into_iter().map(AttributionRow::from).collect(),
            total: report.total.into(),
            untouched: report.untouched.into(),
            paths_to_nothing: report.paths_to_nothing,
            conversion_probability: report.conversion_probability,
            currency: report.currency,
            tz: report.tz,
            warnings: report.warnings.into_iter().map(PivotWarning::from).collect(),
            rows_scanned: report.rows_scanned,
            elapsed_ms: report.elapsed_ms,
            as_of: report.as_of,
        }
    }
}

impl From<query::AttributionSum> for AttributionSum {
    fn from(sum: query::AttributionSum) -> Self {
        Self { conversions: sum.conversions, revenue: sum.revenue }
    }
}

impl From<query::AttributionRow> for AttributionRow {
    fn from(row: query::AttributionRow) -> Self {
        let credit = |credit: query::AttributionCredit| AttributionCredit {
            conversions: credit.conversions,
            revenue: credit.revenue,
            low: credit.interval.map(|(low, _)| low),
            high: credit.interval.map(|(_, high)| high),
            tied_with_next: credit.tied_with_next,
            cost_per_conversion: credit.cost_per_conversion,
            romi: credit.romi,
            drr: credit.drr,
        };
        Self {
            by: row.by,
            associated: row.associated.into(),
            cost: row.cost,
            removal_effect: row.removal_effect,
            credits: row.credits.into_iter().map(credit).collect(),
        }
    }
}
