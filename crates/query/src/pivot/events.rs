//! What events add to a pivot: conversions.

use std::sync::{Arc, atomic::AtomicU64};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType, UInt16Type},
};
use datafusion::{execution::session_state::SessionState, logical_expr::Expr, physical_plan::ExecutionPlan};
use forecourt_model::{conversion::Conversion, time::local_day};
use jiff::tz::TimeZone;

use super::{axis::Axes, entities::Part, measure::Quantity, spec::Pivot};
use crate::{
    QueryError,
    bounds::Bounds,
    condition::{condition, qualified},
    dataset::{self, File, Table},
    error::asked,
    matched::steps::{STEPS, StepMatch, Steps},
    operator::OperatorExec,
    scan,
    scope::{RowFilter, Visible},
    session::Session,
};

/// Plans one scan a bucket: files and fresh rows, those of the caller's scope, then the rows that are conversions.
pub fn plans(
    session: &Session,
    pivot: &Pivot,
    axes: &Axes,
    rows_scanned: &Arc<AtomicU64>,
) -> Result<Vec<Arc<dyn ExecutionPlan>>, QueryError> {
    let (state, events) = (session.state()?, session.events()?);
    let Some(visible) = session.visible_in("events") else { return Ok(Vec::new()) };
    let conditions = pivot.in_use.conversions.iter().map(|conversion| {
        let text = conversion.condition.as_deref();
        text.map(|text| condition(&state, events, text).map_err(|error| about(conversion, error))).transpose()
    });
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    let columns = columns(events, &visible, pivot, axes, &conditions)?;
    let matching = matching(&state, events, pivot, &columns, conditions, rows_scanned)?;
    let bounds = Bounds { ts_us: (pivot.period.from_us, pivot.period.to_us.saturating_sub(1)), ..Bounds::NONE };
    let buckets = events.parts.iter().map(|part| bucket(&state, events, part, &bounds, &visible, &columns, &matching));
    buckets.filter_map(Result::transpose).collect()
}

fn about(conversion: &Conversion, error: QueryError) -> QueryError {
    error.about(&format!("the condition of the conversion `{}`", conversion.id))
}

/// Positions in the table: what the cells need, then what only conditions and the scope look at.
struct Columns {
    read: Vec<usize>,
    /// The first so many are handed on.
    handed_on: usize,
}

fn columns(events: &Table, visible: &Visible, pivot: &Pivot, axes: &Axes, conditions: &[Option<Expr>]) -> Result<Columns, QueryError> {
    let there: Vec<&str> = events.schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut names: Vec<String> = vec!["ts".into()];
    let mut want = |name: &str| {
        if !names.iter().any(|held| held == name) {
            names.push(name.to_owned());
        }
        names.len()
    };
    axes.columns_of(&there).into_iter().for_each(|name| {
        want(name);
    });
    let has = |wanted: fn(&Quantity) -> bool| pivot.quantities.iter().any(wanted);
    if has(|quantity| matches!(quantity, Quantity::ConversionPeople(_))) {
        want("profile_id");
    }
    if has(|quantity| matches!(quantity, Quantity::ConversionValue(_))) {
        want("value");
        want("currency");
    }
    let handed_on = want("ts");
    want("event");
    for condition in conditions.iter().flatten() {
        for column in condition.column_refs() {
            want(&column.name);
        }
    }
    visible.needs().iter().for_each(|name| {
        want(name);
    });
    let read = names.iter().map(|name| events.schema.index_of(name)).collect::<Result<_, _>>().map_err(QueryError::internal)?;
    Ok(Columns { read, handed_on })
}

/// A conversion is matched as a step of a funnel is.
fn matching(
    state: &SessionState,
    events: &Table,
    pivot: &Pivot,
    columns: &Columns,
    conditions: Vec<Option<Expr>>,
    rows_scanned: &Arc<AtomicU64>,
) -> Result<Steps, QueryError> {
    let read = scan::columns_of(events, &columns.read).map_err(QueryError::internal)?;
    let schema = qualified(&read)?;
    let steps = pivot.in_use.conversions.iter().zip(conditions).map(|(conversion, condition)| {
        let condition = condition.map(|condition| state.create_physical_expr(condition, &schema)).transpose();
        let condition = condition.map_err(|error| about(conversion, asked(error)))?;
        Ok(StepMatch { event: Some(conversion.event.clone()), condition })
    });
    Ok(Steps {
        steps: steps.collect::<Result<_, QueryError>>()?,
        from_us: pivot.period.from_us,
        to_us: pivot.period.to_us,
        keep_unmatched: false,
        columns: (0..columns.handed_on).collect(),
        ts: 0,
        event: read.index_of("event").map_err(QueryError::internal)?,
        rows_scanned: rows_scanned.clone(),
    })
}

/// `None` for a bucket without rows of the period.
fn bucket(
    state: &SessionState,
    events: &Table,
    part: &dataset::Part,
    bounds: &Bounds,
    visible: &Visible,
    columns: &Columns,
    matching: &Steps,
) -> Result<Option<Arc<dyn ExecutionPlan>>, QueryError> {
    let files: Vec<&File> = part.files.iter().filter(|file| bounds.may_match(file)).collect();
    let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
    if !files.is_empty() {
        plans.push(scan::files(state.runtime_env(), events, vec![files], &columns.read, None).map_err(QueryError::internal)?);
    }
    if !part.fresh.is_empty() {
        plans.push(scan::fresh(events, &part.fresh, &columns.read).map_err(QueryError::internal)?);
    }
    if plans.is_empty() {
        return Ok(None);
    }
    let schema = scan::columns_of(events, &columns.read).map_err(QueryError::internal)?;
    let rows = scan::together(plans, &schema).and_then(|mut rows| {
        if !matches!(visible, Visible::All) {
            rows = OperatorExec::plan(RowFilter { visible: visible.clone(), columns: (0..columns.read.len()).collect() }, rows)?;
        }
        OperatorExec::plan(matching.clone(), rows)
    });
    rows.map(Some).map_err(QueryError::internal)
}

/// Adds a batch of conversions.
pub fn add(batch: &RecordBatch, conversions: usize, zone: &TimeZone, part: &mut Part) -> Result<(), QueryError> {
    if batch.num_rows() == 0 {
        return Ok(());
    }
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| QueryError::internal(format!("no column `{name}`")));
    let times = column("ts")?.as_primitive::<TimestampMicrosecondType>().values();
    let matched = column(STEPS)?.as_primitive::<UInt16Type>().values();
    let places = part.axes.places(batch, times)?;
    let slots = |of: fn(usize) -> Quantity| (0..conversions).map(|at| part.cells.slot(of(at))).collect::<Vec<_>>();
    let (counts, values) = (slots(Quantity::Conversions), slots(Quantity::ConversionValue));
    let people: Vec<Option<usize>> = (0..conversions).map(|at| part.cells.people_slot(Quantity::ConversionPeople(at))).collect();
    let amounts = if values.iter().any(Option::is_some) { Some(Amounts::of(batch)?) } else { None };
    let profile_ids = people.iter().any(Option::is_some).then(|| column("profile_id")).transpose()?;
    let profile_ids = profile_ids.map(|column| column.as_primitive::<Int64Type>().values());
    let mut last = None;
    for row in (0..batch.num_rows()).filter(|row| places.kept[*row]) {
        let key = places.keys[row];
        let place = match last {
            Some((held, place)) if held == key => place,
            _ => part.cells.place(key),
        };
        last = Some((key, place));
        let mut bits = matched[row];
        while bits != 0 {
            let at = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            part.cells.add(place, counts[at], 1);
            if let Some(profile_ids) = profile_ids {
                part.cells.note(key, people[at], profile_ids[row]);
            }
            if values[at].is_some()
                && let Some((amount, currency)) = amounts.as_ref().and_then(|amounts| amounts.at(row))
                && let Some(amount) = part.money.convert(amount, currency, local_day(times[row], zone))
            {
                part.cells.add(place, values[at], amount);
            }
        }
    }
    Ok(())
}

/// The events' own values.
struct Amounts {
    values: arrow::array::Float64Array,
    currencies: arrow::array::StringViewArray,
}

impl Amounts {
    fn of(batch: &RecordBatch) -> Result<Self, QueryError> {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| QueryError::internal(format!("no column `{name}`")));
        let currencies = cast(column("currency")?, &DataType::Utf8View).map_err(QueryError::internal)?;
        Ok(Self { values: column("value")?.as_primitive::<Float64Type>().clone(), currencies: currencies.as_string_view().clone() })
    }

    fn at(&self, row: usize) -> Option<(f64, Option<&str>)> {
        let currency = self.currencies.is_valid(row).then(|| self.currencies.value(row));
        self.values.is_valid(row).then(|| (self.values.value(row), currency))
    }
}
