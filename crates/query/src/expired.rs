//! How many events a rule of retention would take out.

use std::collections::BTreeMap;

use arrow::{
    array::AsArray,
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use datafusion::{
    common::ScalarValue,
    functions_aggregate::expr_fn::count,
    prelude::{SessionContext, col, lit},
};

use crate::{QueryError, error::answered, session::Session};

/// Events older than their name allows, by name; names of which none is are left out.
///
/// * `before_us`: by event name; microseconds since 1970 UTC.
pub(crate) async fn expired(session: &Session, before_us: &BTreeMap<String, i64>) -> Result<BTreeMap<String, u64>, QueryError> {
    let mut names_by_time: BTreeMap<i64, Vec<&String>> = BTreeMap::new();
    for (name, before_us) in before_us {
        names_by_time.entry(*before_us).or_default().push(name);
    }
    let context = session.context()?;
    let mut found = BTreeMap::new();
    for (before_us, names) in names_by_time {
        found.extend(counts(&context, before_us, &names).await.map_err(answered)?);
    }
    Ok(found)
}

async fn counts(context: &SessionContext, before_us: i64, names: &[&String]) -> datafusion::common::Result<Vec<(String, u64)>> {
    let before = lit(ScalarValue::TimestampMicrosecond(Some(before_us), Some("UTC".into())));
    let wanted = col("event").in_list(names.iter().map(|name| lit(name.as_str())).collect(), false);
    let frame = context.table("events").await?.filter(col("ts").lt(before).and(wanted))?;
    let frame = frame.aggregate(vec![col("event")], vec![count(lit(1)).alias("rows")])?;
    let mut found = Vec::new();
    for batch in frame.collect().await? {
        let names = cast(batch.column(0), &DataType::Utf8View)?;
        let counts = batch.column(1).as_primitive::<Int64Type>();
        let rows = names.as_string_view().iter().zip(counts.values());
        found.extend(rows.map(|(name, count)| (name.unwrap_or_default().to_owned(), *count as u64)));
    }
    Ok(found)
}
