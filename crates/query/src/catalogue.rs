//! What there is to ask about: event names and the values of the dimensions.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type, TimestampMicrosecondType},
};
use datafusion::{
    functions_aggregate::expr_fn::{count, max},
    prelude::{SessionContext, col, lit},
};
use forecourt_model::time::iso;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::{QueryError, error::answered, session::Session};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The most frequent first, at most [`VALUES_MAX`].
    pub events: Vec<EventEntry>,
    /// Values by dimension, the most frequent first, at most [`VALUES_MAX`] each.
    pub dimensions: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventEntry {
    pub event: String,
    pub count: u64,
    /// ISO 8601 UTC.
    pub last_seen: String,
}

pub const VALUES_MAX: usize = 500;

const DIMENSIONS: [&str; 6] = ["channel", "region", "dealer", "model", "utm_source", "campaign"];

pub(crate) async fn catalogue(session: &Session) -> Result<Catalogue, QueryError> {
    let context = session.context()?;
    let events = values(&context, "event");
    let dimensions = try_join_all(DIMENSIONS.map(|name| values(&context, name)));
    let (events, dimensions) = futures::try_join!(events, dimensions).map_err(answered)?;
    let names = |values: Vec<EventEntry>| values.into_iter().map(|value| value.event).collect();
    Ok(Catalogue { events, dimensions: DIMENSIONS.map(str::to_owned).into_iter().zip(dimensions.into_iter().map(names)).collect() })
}

/// Names of all events, however many there are.
pub(crate) async fn event_names(session: &Session) -> Result<Vec<String>, QueryError> {
    let names = async {
        let frame =
            session.context().map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?.table("events").await?;
        let mut names = Vec::new();
        for batch in frame.aggregate(vec![col("event")], vec![])?.collect().await? {
            let column = cast(batch.column(0), &DataType::Utf8View)?;
            names.extend(column.as_string_view().iter().flatten().map(str::to_owned));
        }
        Ok(names)
    };
    names.await.map_err(answered)
}

/// The values of a column of `events`, with how often and when last.
async fn values(context: &SessionContext, name: &str) -> datafusion::common::Result<Vec<EventEntry>> {
    let frame = context.table("events").await?;
    let frame = frame.aggregate(vec![col(name)], vec![count(lit(1)).alias("rows"), max(col("ts")).alias("last")])?;
    let frame = frame
        .filter(col(name).is_not_null())?
        .sort(vec![col("rows").sort(false, false), col(name).sort(true, false)])?
        .limit(0, Some(VALUES_MAX))?;
    let mut values = Vec::new();
    for batch in frame.collect().await? {
        values.extend(read(&batch)?);
    }
    Ok(values)
}

fn read(batch: &RecordBatch) -> datafusion::common::Result<Vec<EventEntry>> {
    let names = cast(batch.column(0), &DataType::Utf8View)?;
    let names = names.as_string_view();
    let counts = batch.column(1).as_primitive::<Int64Type>();
    let last = batch.column(2).as_primitive::<TimestampMicrosecondType>();
    Ok((0..batch.num_rows())
        .map(|row| EventEntry { event: names.value(row).to_owned(), count: counts.value(row) as u64, last_seen: iso(last.value(row)) })
        .collect())
}
