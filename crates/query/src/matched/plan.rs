//! From what a report asks for to operators over the lake's files and fresh rows.

use std::sync::{Arc, atomic::AtomicU64};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::{
    execution::session_state::SessionState,
    logical_expr::Expr,
    physical_plan::{ExecutionPlan, empty::EmptyExec, union::UnionExec},
};

use super::{
    merge::Merge,
    steps::{StepMatch, Steps},
};
use crate::{
    QueryError,
    bounds::Bounds,
    condition::{condition, qualified},
    dataset::{File, Part, Table},
    error::asked,
    operator::OperatorExec,
    scan,
    scope::{RowFilter, Visible},
    session::Session,
};

/// What a report wants to see of each profile.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// At most 16: each is a bit of the column [`super::steps::STEPS`].
    pub events: Vec<WantedEvent>,
    /// `from_us ≤ ts < to_us` holds for every event.
    pub from_us: i64,
    pub to_us: i64,
    /// Columns to hand on beside `profile_id` and `ts`.
    pub columns: Vec<String>,
    /// Whether events that match nothing are kept too.
    pub keep_unmatched: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct WantedEvent {
    /// `None` for every event.
    pub event: Option<String>,
    /// On the event's columns.
    pub condition: Option<String>,
    /// What a refusal of the condition calls it: "`where` of step 2".
    pub called: String,
}

/// A partition a bucket, each sorted by `profile_id`, `ts` and, where columns are handed on, `log_offset`: so what stands in
/// them does not depend on how files are cut. Columns: those, [`Wanted::columns`], [`super::steps::STEPS`].
pub(crate) struct Matched {
    pub plan: Arc<dyn ExecutionPlan>,
    /// Columns before [`Wanted::columns`].
    pub keys: usize,
    /// Rows read so far.
    pub rows_scanned: Arc<AtomicU64>,
}

/// Plans each bucket as MergeExec ← StepsExec ← (row filter ← StepsExec by name) ← files and fresh rows.
pub(crate) fn matched(session: &Session, wanted: &Wanted) -> Result<Matched, QueryError> {
    let (state, events) = (&session.state()?, session.events()?);
    let visible = &session.visible_in("events").ok_or_else(|| QueryError::invalid("this account sees no events"))?;
    let conditions = wanted.events.iter().map(|event| {
        event.condition.as_deref().map(|text| condition(state, events, text).map_err(|error| error.about(&event.called))).transpose()
    });
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    let columns = Columns::of(events, visible, wanted, &conditions)?;
    let rows_scanned = Arc::new(AtomicU64::new(0));
    let steps = steps(state, wanted, &columns, conditions, &rows_scanned)?;

    let buckets = events.parts.iter().map(|part| bucket(state, events, part, visible, wanted, &columns, &steps));
    let plan = scan::together(buckets.collect::<Result<Vec<_>, _>>()?, &columns.schema).map_err(QueryError::internal)?;
    Ok(Matched { plan, keys: columns.keys, rows_scanned })
}

/// What is read of an event, by place: the order of rows first, then what is handed on, then what only conditions look at.
struct Columns {
    /// Positions in the table.
    read: Vec<usize>,
    schema: SchemaRef,
    /// The first so many are handed on beyond the matching.
    handed_on: usize,
    /// The first so many are the order of rows.
    keys: usize,
    event: usize,
}

impl Columns {
    fn of(events: &Table, visible: &Visible, wanted: &Wanted, conditions: &[Option<Expr>]) -> Result<Self, QueryError> {
        let mut names: Vec<String> = vec!["profile_id".into(), "ts".into()];
        if !wanted.columns.is_empty() {
            // Of events at one time the log says which is the later, however files are cut.
            names.push("log_offset".into());
        }
        let keys = names.len();
        names.extend(wanted.columns.iter().cloned());
        let handed_on = names.len();
        let of_conditions = conditions
            .iter()
            .flatten()
            .flat_map(|condition| condition.column_refs().into_iter().map(|column| column.name.clone()).collect::<Vec<_>>());
        let others: Vec<String> =
            ["event".to_owned()].into_iter().chain(of_conditions).chain(visible.needs().iter().map(|name| (*name).to_owned())).collect();
        for name in others {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let read = names.iter().map(|name| events.schema.index_of(name)).collect::<Result<Vec<_>, _>>().map_err(QueryError::internal)?;
        let schema = scan::columns_of(events, &read).map_err(QueryError::internal)?;
        let event = names.iter().position(|name| name == "event").unwrap_or_default();
        Ok(Self { read, schema, handed_on, keys, event })
    }
}

fn steps(
    state: &SessionState,
    wanted: &Wanted,
    columns: &Columns,
    conditions: Vec<Option<Expr>>,
    rows_scanned: &Arc<AtomicU64>,
) -> Result<Steps, QueryError> {
    let schema = qualified(&columns.schema)?;
    let physical = |condition: Expr| state.create_physical_expr(condition, &schema);
    let matches = wanted.events.iter().zip(conditions).map(|(event, condition)| {
        let condition = condition.map(physical).transpose().map_err(|error| asked(error).about(&event.called))?;
        Ok(StepMatch { event: event.event.clone(), condition })
    });
    Ok(Steps {
        steps: matches.collect::<Result<Vec<_>, QueryError>>()?,
        from_us: wanted.from_us,
        to_us: wanted.to_us,
        keep_unmatched: wanted.keep_unmatched,
        columns: (0..columns.handed_on).collect(),
        ts: 1,
        event: columns.event,
        rows_scanned: rows_scanned.clone(),
    })
}

fn bucket(
    state: &SessionState,
    events: &Table,
    part: &Part,
    visible: &Visible,
    wanted: &Wanted,
    columns: &Columns,
    steps: &Steps,
) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
    let bounds = Bounds { ts_us: (wanted.from_us, wanted.to_us.saturating_sub(1)), ..Bounds::NONE };
    let files: Vec<&File> = part.files.iter().filter(|file| bounds.may_match(file)).collect();
    let runs = runs(state, events, files, &part.fresh, columns).and_then(|mut runs| {
        let mut steps = steps.clone();
        if !matches!(visible, Visible::All) {
            let all: Vec<usize> = (0..columns.read.len()).collect();
            if let Some(named) = steps.by_name() {
                // To blank personal data costs many times what a name does: only where an event of the report's name stands.
                runs = OperatorExec::plan(Steps { columns: all.clone(), ..named }, runs)?;
                steps.rows_scanned = Arc::default();
            }
            runs = OperatorExec::plan(RowFilter { visible: visible.clone(), columns: all }, runs)?;
        }
        let matched = OperatorExec::plan(steps, runs)?;
        OperatorExec::plan(Merge { keys: columns.keys }, matched)
    });
    runs.map_err(QueryError::internal)
}

/// A partition a run: files that one can read one after the other, in order, or a batch of fresh rows.
fn runs(
    state: &SessionState,
    events: &Table,
    files: Vec<&File>,
    fresh: &[RecordBatch],
    columns: &Columns,
) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
    let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
    if !files.is_empty() {
        plans.push(scan::files(state.runtime_env(), events, chained(files), &columns.read, None)?);
    }
    if !fresh.is_empty() {
        plans.push(scan::fresh(events, fresh, &columns.read)?);
    }
    match plans.len() {
        0 => Ok(Arc::new(EmptyExec::new(columns.schema.clone()))),
        1 => Ok(plans.remove(0)),
        _ => UnionExec::try_new(plans),
    }
}

/// Puts files whose profiles do not overlap behind each other: each chain is one sorted run.
pub(crate) fn chained(mut files: Vec<&File>) -> Vec<Vec<&File>> {
    files.sort_by_key(|file| file.profile_ids);
    let mut chains: Vec<Vec<&File>> = Vec::new();
    for file in files {
        let fits = |chain: &&mut Vec<&File>| chain.last().is_some_and(|last| last.profile_ids.1 < file.profile_ids.0);
        match chains.iter_mut().find(fits) {
            Some(chain) => chain.push(file),
            None => chains.push(vec![file]),
        }
    }
    chains
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn files_that_do_not_overlap_form_one_run() {
        let file = |low, high| File {
            path: PathBuf::new(),
            bytes: 1,
            rows: 1,
            profile_ids: (low, high),
            ts_us: (0, 0),
            deleted: None,
            seal: None,
        };
        let files = [file(5, 9), file(0, 4), file(3, 6), file(10, 11)];
        let chains: Vec<Vec<i64>> =
            chained(files.iter().collect()).iter().map(|chain| chain.iter().map(|file| file.profile_ids.0).collect()).collect();
        assert_eq!(chains, [vec![0, 5, 10], vec![3]]);
    }
}
