//! Confirmed orders as conversions.

use arrow::{
    array::{Array, AsArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType},
};
use datafusion::prelude::{col, lit};
use forecourt_model::time::local_day;
use rustc_hash::FxHashMap;

use super::spec::Attribution;
use crate::{QueryError, error::answered, pivot::money::Money, session::Session};

/// By profile, in the order of time: when, and the revenue in hundredths of the currency.
#[derive(Debug, Default)]
pub(super) struct Orders(FxHashMap<i64, Vec<(i64, i64)>>);

impl Orders {
    pub fn of(&self, profile_id: i64) -> Option<&[(i64, i64)]> {
        self.0.get(&profile_id).map(Vec::as_slice)
    }

    pub fn profiles(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.keys().copied()
    }
}

/// The caller's confirmed orders, also those before the report that end a path. An order that was cancelled is not among them.
pub(super) async fn confirmed(session: &Session, attribution: &Attribution, money: &mut Money) -> Result<Orders, QueryError> {
    if session.visible_in("orders").is_none() {
        return Ok(Orders::default());
    }
    let context = session.context()?;
    let rows = async {
        let columns = ["profile_id", "ts", "revenue", "currency"].map(col);
        context.table("orders").await?.filter(col("status").eq(lit("confirmed")))?.select(columns)?.collect().await
    };
    let mut orders = Orders::default();
    for batch in rows.await.map_err(answered)? {
        let currencies = cast(batch.column(3), &DataType::Utf8View).map_err(QueryError::internal)?;
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let (revenues, currencies) = (batch.column(2).as_primitive::<Float64Type>(), currencies.as_string_view());
        for row in 0..batch.num_rows() {
            let ts_us = times[row];
            if ts_us < attribution.touched_from_us() || attribution.period.to_us <= ts_us {
                continue;
            }
            let currency = currencies.is_valid(row).then(|| currencies.value(row));
            // A rate that is missing is told of the report's own time only.
            let counts = revenues.is_valid(row) && attribution.period.has(ts_us);
            let day = local_day(ts_us, &attribution.period.zone);
            let revenue = if counts { money.convert(revenues.value(row), currency, day) } else { None };
            orders.0.entry(profile_ids[row]).or_default().push((ts_us, revenue.map_or(0, hundredths)));
        }
    }
    orders.0.values_mut().for_each(|own| own.sort_unstable());
    Ok(orders)
}

/// Millionths of a currency as hundredths, the smallest unit that credit is split into.
pub(super) fn hundredths(millionths: i128) -> i64 {
    let rounded = (millionths + 5_000).div_euclid(10_000);
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN / 2 } else { i64::MAX / 2 })
}
