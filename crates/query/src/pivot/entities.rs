//! What costs, leads and orders add to a pivot.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType},
};
use datafusion::prelude::{SessionContext, col, lit};
use forecourt_lake::tables::Table;
use forecourt_model::time::local_day;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use super::{
    axis::Axes,
    cells::Cells,
    dimension::midnight_us,
    measure::{Origin, Quantity},
    money::Money,
};
use crate::{QueryError, error::answered, period::Period};

/// What the rows of one table are added to.
pub struct Part {
    pub axes: Axes,
    pub cells: Cells,
    pub money: Money,
}

/// Adds the rows of a table that lie in the period.
pub async fn add(context: &SessionContext, origin: Origin, period: &Period, mut part: Part) -> Result<Part, QueryError> {
    let batches = rows(context, origin, &part.axes).await?;
    match origin {
        Origin::AdCosts => batches.iter().try_for_each(|batch| costs(batch, period, &mut part))?,
        Origin::Leads => batches.iter().try_for_each(|batch| leads(batch, period, &mut part))?,
        Origin::Orders => {
            let first = first_orders(&batches)?;
            batches.iter().enumerate().try_for_each(|(at, batch)| orders(batch, at, &first, period, &mut part))?;
        }
        Origin::Events => {}
    }
    Ok(part)
}

fn own_columns(origin: Origin) -> &'static [&'static str] {
    match origin {
        Origin::AdCosts => &["day", "cost", "impressions", "clicks", "currency"],
        Origin::Leads => &["profile_id", "created_at"],
        Origin::Orders => &["profile_id", "ts", "order_id", "revenue", "currency"],
        Origin::Events => &[],
    }
}

/// The caller's rows, with the columns that are needed; of orders the confirmed ones.
async fn rows(context: &SessionContext, origin: Origin, axes: &Axes) -> Result<Vec<RecordBatch>, QueryError> {
    let name = origin.table();
    let there: Vec<&str> = Table::named(name).map(|table| table.columns.iter().map(|column| column.name).collect()).unwrap_or_default();
    let mut columns: Vec<&str> = own_columns(origin).to_vec();
    for column in axes.columns_of(&there) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let frame = context.table(name).await.map_err(QueryError::internal)?;
    let frame = match origin {
        Origin::Orders => frame.filter(col("status").eq(lit("confirmed"))).map_err(QueryError::internal)?,
        _ => frame,
    };
    frame.select_columns(&columns).map_err(QueryError::internal)?.collect().await.map_err(answered)
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, QueryError> {
    let found = batch.column_by_name(name).map(|column| column.as_ref());
    found.ok_or_else(|| QueryError::internal(format!("no column `{name}`")))
}

fn times<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [i64], QueryError> {
    Ok(column(batch, name)?.as_primitive::<TimestampMicrosecondType>().values())
}

fn longs<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [i64], QueryError> {
    Ok(column(batch, name)?.as_primitive::<Int64Type>().values())
}

/// A cost counts at the midnight that its day begins with.
fn costs(batch: &RecordBatch, period: &Period, part: &mut Part) -> Result<(), QueryError> {
    let days = column(batch, "day")?.as_primitive::<Date32Type>().values();
    let mut midnights = Midnights { zone: &period.zone, known: FxHashMap::default() };
    let at_us: Vec<i64> = days.iter().map(|day| midnights.of(*day)).collect();
    let amounts = column(batch, "cost")?.as_primitive::<Float64Type>().values();
    let (impressions, clicks) = (longs(batch, "impressions")?, longs(batch, "clicks")?);
    let currencies = cast(column(batch, "currency")?, &DataType::Utf8View).map_err(QueryError::internal)?;
    let currencies = currencies.as_string_view();
    let Part { axes, cells, money } = part;
    let places = axes.places(batch, &at_us)?;
    let slots = [Quantity::Cost, Quantity::CostLines, Quantity::Impressions, Quantity::Clicks].map(|quantity| cells.slot(quantity));
    for row in (0..batch.num_rows()).filter(|row| places.kept[*row] && period.has(at_us[*row])) {
        let place = cells.place(places.keys[row]);
        if slots[0].is_some()
            && let Some(amount) = money.convert(amounts[row], Some(currencies.value(row)), days[row])
        {
            cells.add(place, slots[0], amount);
        }
        cells.add(place, slots[1], 1);
        cells.add(place, slots[2], impressions[row].into());
        cells.add(place, slots[3], clicks[row].into());
    }
    Ok(())
}

fn leads(batch: &RecordBatch, period: &Period, part: &mut Part) -> Result<(), QueryError> {
    let (at_us, profile_ids) = (times(batch, "created_at")?, longs(batch, "profile_id")?);
    let Part { axes, cells, .. } = part;
    let places = axes.places(batch, at_us)?;
    let (slot, people) = (cells.slot(Quantity::Leads), cells.people_slot(Quantity::LeadPeople));
    for row in (0..batch.num_rows()).filter(|row| places.kept[*row] && period.has(at_us[*row])) {
        let place = cells.place(places.keys[row]);
        cells.add(place, slot, 1);
        cells.note(places.keys[row], people, profile_ids[row]);
    }
    Ok(())
}

/// Where the first order of each profile is: (batch, row).
fn first_orders(batches: &[RecordBatch]) -> Result<FxHashMap<i64, (usize, usize)>, QueryError> {
    /// When it was and its id, which decides between equal times.
    type Order = (i64, String);
    let mut first: FxHashMap<i64, (Order, (usize, usize))> = FxHashMap::default();
    for (at, batch) in batches.iter().enumerate() {
        let (at_us, profile_ids) = (times(batch, "ts")?, longs(batch, "profile_id")?);
        let ids = cast(column(batch, "order_id")?, &DataType::Utf8View).map_err(QueryError::internal)?;
        let ids = ids.as_string_view();
        for row in 0..batch.num_rows() {
            let order = (at_us[row], ids.value(row).to_owned());
            let held = first.entry(profile_ids[row]).or_insert_with(|| (order.clone(), (at, row)));
            if order < held.0 {
                *held = (order, (at, row));
            }
        }
    }
    Ok(first.into_iter().map(|(profile_id, (_, place))| (profile_id, place)).collect())
}

fn orders(
    batch: &RecordBatch,
    at: usize,
    first: &FxHashMap<i64, (usize, usize)>,
    period: &Period,
    part: &mut Part,
) -> Result<(), QueryError> {
    let (at_us, profile_ids) = (times(batch, "ts")?, longs(batch, "profile_id")?);
    let revenues = column(batch, "revenue")?.as_primitive::<Float64Type>();
    let currencies = cast(column(batch, "currency")?, &DataType::Utf8View).map_err(QueryError::internal)?;
    let currencies = currencies.as_string_view();
    let Part { axes, cells, money } = part;
    let places = axes.places(batch, at_us)?;
    let (sales, revenue, new) = (cells.slot(Quantity::Sales), cells.slot(Quantity::Revenue), cells.slot(Quantity::NewCustomers));
    let (buyers, new_people) = (cells.people_slot(Quantity::Buyers), cells.people_slot(Quantity::NewCustomers));
    for row in (0..batch.num_rows()).filter(|row| places.kept[*row] && period.has(at_us[*row])) {
        let (key, profile_id) = (places.keys[row], profile_ids[row]);
        let place = cells.place(key);
        cells.add(place, sales, 1);
        cells.note(key, buyers, profile_id);
        if first.get(&profile_id) == Some(&(at, row)) {
            cells.add(place, new, 1);
            cells.note(key, new_people, profile_id);
        }
        if revenue.is_some() && revenues.is_valid(row) {
            let currency = currencies.is_valid(row).then(|| currencies.value(row));
            let day = local_day(at_us[row], &period.zone);
            if let Some(amount) = money.convert(revenues.value(row), currency, day) {
                cells.add(place, revenue, amount);
            }
        }
    }
    Ok(())
}

/// First moments of days, each worked out once.
struct Midnights<'a> {
    zone: &'a TimeZone,
    known: FxHashMap<i32, i64>,
}

impl Midnights<'_> {
    fn of(&mut self, day: i32) -> i64 {
        *self.known.entry(day).or_insert_with(|| midnight_us(day, self.zone))
    }
}
