//! What happened with one profile, newest first.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType},
};
use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, ScalarUDF, SortExpr},
    prelude::{col, lit},
};
use forecourt_model::time::iso;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    QueryError,
    error::{answered, asked},
    json_get::JsonGet,
    session::Session,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    #[default]
    All,
    /// Events that tell of no call, lead or order.
    Visits,
    Calls,
    Leads,
    Orders,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    pub items: Vec<TimelineItem>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineItem {
    /// ISO 8601 UTC.
    pub ts: String,
    pub event: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub channel: Option<String>,
    pub utm_source: Option<String>,
    pub campaign: Option<String>,
    pub region: Option<String>,
    pub dealer: Option<String>,
    pub model: Option<String>,
    pub value: Option<f64>,
    pub currency: Option<String>,
    pub url: Option<String>,
    pub properties: Value,
    pub source: String,
    pub message_id: String,
    /// Offset in the log, decimal.
    pub offset: String,
}

pub const TIMELINE_MAX: usize = 1000;

const COLUMNS: [&str; 16] = [
    "ts",
    "log_offset",
    "value",
    "event",
    "type",
    "channel",
    "utm_source",
    "campaign",
    "region",
    "dealer",
    "model",
    "currency",
    "url",
    "properties",
    "source",
    "message_id",
];
const TEXTS: usize = 3;

/// * `cursor`: what the page before gave as `next_cursor`.
pub(crate) async fn timeline(
    session: &Session,
    profile_id: i64,
    kind: TimelineKind,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Timeline, QueryError> {
    let limit = limit.clamp(1, TIMELINE_MAX);
    let mut filter = col("profile_id").eq(lit(profile_id));
    if let Some(wanted) = of_kind(kind) {
        filter = filter.and(wanted);
    }
    if let Some(cursor) = cursor {
        filter = filter.and(before(cursor)?);
    }
    let newest_first: Vec<SortExpr> = ["ts", "log_offset"].map(|name| col(name).sort(false, false)).to_vec();
    let page = async {
        let frame = session.context().map_err(datafusion_external)?.table("events").await?;
        // One more than asked for tells whether there is a next page.
        let frame = frame.filter(filter)?.select(COLUMNS.map(col))?.sort(newest_first)?.limit(0, Some(limit + 1))?;
        frame.collect().await
    };
    let batches = page.await.map_err(answered)?;
    let mut items = Vec::new();
    for batch in &batches {
        items.extend(read(batch).map_err(asked)?);
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|(place, _)| place.clone());
    Ok(Timeline { items: items.into_iter().map(|(_, item)| item).collect(), next_cursor })
}

/// An event tells of an entity when its id is among the event's properties: the fold reads it so too.
fn of_kind(kind: TimelineKind) -> Option<Expr> {
    let tells = |id: &str| {
        let told = ScalarUDF::from(JsonGet::default()).call(vec![col("properties"), lit(id)]).is_not_null();
        col("type").eq(lit("track")).and(told)
    };
    match kind {
        TimelineKind::All => None,
        TimelineKind::Visits => Some(Expr::Not(Box::new(tells("call_id").or(tells("lead_id")).or(tells("order_id"))))),
        TimelineKind::Calls => Some(tells("call_id")),
        TimelineKind::Leads => Some(tells("lead_id")),
        TimelineKind::Orders => Some(tells("order_id")),
    }
}

/// A cursor is the place of the last row of a page: `ts_us:log_offset`.
fn before(cursor: &str) -> Result<Expr, QueryError> {
    let place = cursor.split_once(':').and_then(|(ts, offset)| Some((ts.parse::<i64>().ok()?, offset.parse::<i64>().ok()?)));
    let Some((ts_us, offset)) = place else {
        return Err(QueryError::Invalid(format!("`cursor` is {cursor:?}: pass on the one of the page before")));
    };
    let ts = || lit(ScalarValue::TimestampMicrosecond(Some(ts_us), Some("UTC".into())));
    let earlier = col("ts").lt(ts()).or(col("ts").eq(ts()).and(col("log_offset").lt(lit(offset))));
    // Implied, and what files are picked by.
    Ok(col("ts").lt_eq(ts()).and(earlier))
}

/// Rows with their places.
fn read(batch: &RecordBatch) -> datafusion::common::Result<Vec<(String, TimelineItem)>> {
    let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    let offsets = batch.column(1).as_primitive::<Int64Type>();
    let values = batch.column(2).as_primitive::<Float64Type>();
    let texts = batch.columns()[TEXTS..].iter().map(|column| cast(column, &DataType::Utf8View)).collect::<Result<Vec<_>, _>>()?;
    let items = (0..batch.num_rows()).map(|row| {
        let mut texts = texts.iter().map(|column| column.is_valid(row).then(|| column.as_string_view().value(row).to_owned()));
        let mut text = || texts.next().flatten();
        let item = TimelineItem {
            ts: iso(times.value(row)),
            event: text().unwrap_or_default(),
            event_type: text().unwrap_or_default(),
            channel: text(),
            utm_source: text(),
            campaign: text(),
            region: text(),
            dealer: text(),
            model: text(),
            currency: text(),
            url: text(),
            properties: text().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            source: text().unwrap_or_default(),
            message_id: text().unwrap_or_default(),
            value: values.is_valid(row).then(|| values.value(row)),
            offset: offsets.value(row).to_string(),
        };
        (format!("{}:{}", times.value(row), offsets.value(row)), item)
    });
    Ok(items.collect())
}

fn datafusion_external(error: QueryError) -> datafusion::error::DataFusionError {
    datafusion::error::DataFusionError::External(Box::new(error))
}
