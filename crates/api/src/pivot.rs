//! The pivot, and the people behind its numbers.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_model::currency::Rates;
use forecourt_query::{self as query, PivotPeopleSpec, PivotTerms, Query};
use forecourt_store::{Store, control::Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Installation,
    error::{ApiError, ErrorBody},
    input::{Body, page_size},
    report::ReportPeople,
    segments::within,
};

/// A pivot as people write it: the same here, in the CLI and in the UI.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PivotSpec {
    /// Dimensions of the rows, from the outside in, at most 3: `region`, `channel`, `utm_source`, `utm_medium`, `campaign`,
    /// `dealer`, `model`, `event`, `type`, `source`, `currency`, `session_id`, `url`, `day`, `week`, `month`, `quarter`, `year`.
    #[serde(default)]
    rows: Vec<String>,
    /// Dimensions of the columns, at most 2.
    #[serde(default)]
    columns: Vec<String>,
    /// 1 to 24: `cost`, `impressions`, `clicks`, `micro_conversions`, `macro_conversions`, `leads`, `sales`, `revenue`, `cpl`, `cac`,
    /// `drr`, `romi` and the others of docs/pivot.md; `conversion:ID` for one definition.
    measures: Vec<String>,
    /// All must hold.
    #[serde(default)]
    filters: Vec<PivotFilter>,
    /// First moment that counts: a date (its midnight in `tz`) or a time.
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
    /// Share of revenue that is profit before advertising, 0 to 1, for `romi_margin`.
    #[serde(default)]
    margin: Option<f64>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PivotFilter {
    dimension: String,
    /// Any of them; null stands for no value.
    values: Vec<Option<String>>,
    /// Keep all others instead.
    #[serde(default)]
    exclude: bool,
}

#[derive(Serialize, ToSchema)]
pub struct PivotReport {
    rows: Vec<String>,
    columns: Vec<String>,
    measures: Vec<PivotMeasure>,
    /// Of all amounts.
    currency: String,
    /// IANA name: days begin in it.
    tz: String,
    /// A value for each dimension of the columns; null stands for no value.
    column_keys: Vec<Vec<Option<String>>>,
    /// Each line stands before the lines that it is the total of.
    lines: Vec<PivotLine>,
    total: PivotLine,
    lines_omitted: usize,
    columns_omitted: usize,
    warnings: Vec<PivotWarning>,
    /// Events read. Null for callers who see only their own rows.
    #[schema(required)]
    rows_scanned: Option<u64>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

#[derive(Serialize, ToSchema)]
pub struct PivotMeasure {
    measure: String,
    /// The definition's name, of a conversion's measure.
    #[schema(required)]
    title: Option<String>,
    unit: PivotUnit,
    /// Whether people can be asked for.
    has_people: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PivotUnit {
    Count,
    Money,
    /// A part of 1, or more than 1.
    Share,
}

#[derive(Serialize, ToSchema)]
pub struct PivotLine {
    /// As long as the line is deep; empty for the total of all.
    key: Vec<Option<String>>,
    /// Over all columns, a value for each measure; null where it cannot be told, and for a division by zero.
    total: Vec<Option<f64>>,
    /// By column; empty without columns.
    cells: Vec<Vec<Option<f64>>>,
}

/// What a reader has to know of the numbers.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PivotWarning {
    /// Amounts are not in the sums, for no rate was known on their days.
    MissingRate {
        currency: String,
        /// The report's currency.
        into: String,
        /// First and last day of the amounts.
        from: String,
        to: String,
        /// How many there are.
        amounts: u64,
        /// In their own currency.
        sum: f64,
    },
    /// The measure is not known by these dimensions: it is in the totals over them only.
    NotBy { measure: String, dimensions: Vec<String> },
    /// The measure is not known by these dimensions of filters: it is left out.
    NotFiltered { measure: String, dimensions: Vec<String> },
    /// The account does not see what the measure is made of.
    Hidden { measure: String },
    /// No conversion is defined that the measure could count.
    NothingDefined { measure: String },
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PivotPeopleRequest {
    spec: PivotSpec,
    /// One of the spec's measures.
    measure: String,
    /// Where the number stands: values of some of the spec's dimensions; of a dimension that is left out all count.
    #[serde(default)]
    place: BTreeMap<String, Option<String>>,
    /// 100 unless told, at most 1000.
    #[serde(default)]
    limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// What advertising cost and what came of it, by any dimensions.
#[utoipa::path(post, path = "/api/reports/pivot", tag = "reports", request_body = PivotSpec,
    responses((status = 200, body = PivotReport), (status = 400, body = ErrorBody)))]
pub async fn pivot(
    State(query): State<Query>,
    State(control): State<Control>,
    State(store): State<Store>,
    State(installation): State<Installation>,
    caller: Caller,
    Body(spec): Body<PivotSpec>,
) -> Result<Json<PivotReport>, ApiError> {
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    let (spec, terms) = agreed(spec, &control, &installation).await?;
    Ok(Json(query.pivot(&caller.scope, &spec, &terms).await?.into()))
}

/// Which profiles are behind a number of the pivot.
#[utoipa::path(post, path = "/api/reports/pivot/people", tag = "reports", request_body = PivotPeopleRequest,
    responses((status = 200, body = ReportPeople), (status = 400, body = ErrorBody)))]
pub async fn pivot_people(
    State(query): State<Query>,
    State(control): State<Control>,
    State(store): State<Store>,
    State(installation): State<Installation>,
    caller: Caller,
    Body(asked): Body<PivotPeopleRequest>,
) -> Result<Json<ReportPeople>, ApiError> {
    let query = within(query, &store, &caller, asked.spec.segment.as_deref()).await?;
    let (spec, terms) = agreed(asked.spec, &control, &installation).await?;
    let wanted = PivotPeopleSpec {
        measure: asked.measure,
        place: asked.place,
        limit: page_size(asked.limit, 100, 1_000) as usize,
        cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
    };
    let people = query.pivot_people(&caller.scope, &spec, &terms, &wanted).await?;
    Ok(Json(ReportPeople::of(&store, &caller, people).await?))
}

/// What the installation has agreed on, beside its data.
pub async fn terms(control: &Control, installation: &Installation) -> Result<PivotTerms, ApiError> {
    Ok(PivotTerms {
        currency: installation.currency.clone(),
        rates: Rates::new(control.rates().await?),
        conversions: control.conversions().await?,
    })
}

/// The spec in the query's words, and what the installation has agreed on.
async fn agreed(spec: PivotSpec, control: &Control, installation: &Installation) -> Result<(query::PivotSpec, PivotTerms), ApiError> {
    let terms = terms(control, installation).await?;
    let PivotSpec { rows, columns, measures, filters, from, to, tz, currency, margin, segment: _ } = spec;
    let filter = |filter: PivotFilter| query::PivotFilter { dimension: filter.dimension, values: filter.values, exclude: filter.exclude };
    let filters = filters.into_iter().map(filter).collect();
    Ok((query::PivotSpec { rows, columns, measures, filters, from, to, tz, currency, margin }, terms))
}

impl From<query::PivotReport> for PivotReport {
    fn from(report: query::PivotReport) -> Self {
        Self {
            rows: report.rows,
            columns: report.columns,
            measures: report.measures.into_iter().map(PivotMeasure::from).collect(),
            currency: report.currency,
            tz: report.tz,
            column_keys: report.column_keys,
            lines: report.lines.into_iter().map(PivotLine::from).collect(),
            total: report.total.into(),
            lines_omitted: report.lines_omitted,
            columns_omitted: report.columns_omitted,
            warnings: report.warnings.into_iter().map(PivotWarning::from).collect(),
            rows_scanned: report.rows_scanned,
            elapsed_ms: report.elapsed_ms,
            as_of: report.as_of,
        }
    }
}

impl From<query::PivotMeasure> for PivotMeasure {
    fn from(measure: query::PivotMeasure) -> Self {
        let query::PivotMeasure { measure, title, unit, has_people } = measure;
        let unit = match unit {
            query::Unit::Count => PivotUnit::Count,
            query::Unit::Money => PivotUnit::Money,
            query::Unit::Share => PivotUnit::Share,
        };
        Self { measure, title, unit, has_people }
    }
}

impl From<query::PivotLine> for PivotLine {
    fn from(line: query::PivotLine) -> Self {
        let query::PivotLine { key, total, cells } = line;
        Self { key, total, cells }
    }
}

impl From<query::PivotWarning> for PivotWarning {
    fn from(warning: query::PivotWarning) -> Self {
        use query::PivotWarning as W;
        match warning {
            W::MissingRate { currency, into, from, to, amounts, sum } => Self::MissingRate { currency, into, from, to, amounts, sum },
            W::NotBy { measure, dimensions } => Self::NotBy { measure, dimensions },
            W::NotFiltered { measure, dimensions } => Self::NotFiltered { measure, dimensions },
            W::Hidden { measure } => Self::Hidden { measure },
            W::NothingDefined { measure } => Self::NothingDefined { measure },
        }
    }
}
