//! From a checked funnel to operators over the lake's files and fresh rows.

use std::sync::{Arc, atomic::AtomicU64};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::{
    execution::session_state::SessionState,
    logical_expr::Expr,
    physical_plan::{ExecutionPlan, empty::EmptyExec, union::UnionExec},
};

use super::{
    follow::Follow,
    merge::Merge,
    spec::Funnel,
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

/// A funnel, ready to run: a partition a bucket, rows as [`Follow`] gives them.
pub(super) struct FunnelPlan {
    pub plan: Arc<dyn ExecutionPlan>,
    /// Rows read so far.
    pub rows_scanned: Arc<AtomicU64>,
}

/// Plans each bucket as FunnelExec ← FunnelMergeExec ← FunnelStepsExec ← (row filter) ← files and fresh rows.
pub(super) fn plan(session: &Session, funnel: &Funnel) -> Result<FunnelPlan, QueryError> {
    let (state, events) = (&session.state()?, session.events()?);
    let visible = &session.visible_in("events").ok_or_else(|| QueryError::invalid("this account sees no events"))?;
    let conditions = funnel.steps.iter().enumerate().map(|(at, step)| {
        step.condition.as_deref().map(|text| condition(state, events, text).map_err(|error| about_step(at, error))).transpose()
    });
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    let columns = Columns::of(events, visible, funnel, &conditions)?;
    let rows_scanned = Arc::new(AtomicU64::new(0));
    let steps = steps(state, funnel, &columns, conditions, &rows_scanned)?;

    let buckets = events.parts.iter().map(|part| bucket(state, events, part, visible, funnel, &columns, &steps));
    let input = scan::together(buckets.collect::<Result<Vec<_>, _>>()?, &columns.schema).map_err(QueryError::internal)?;
    let follow = Follow {
        steps: funnel.steps.len(),
        window_us: funnel.window_us,
        modes: funnel.modes,
        by: funnel.by.clone(),
        splits: bucket_splits(events.parts.len()),
    };
    Ok(FunnelPlan { plan: OperatorExec::plan(follow, input).map_err(QueryError::internal)?, rows_scanned })
}

/// What is read of an event, by place: the order of rows first, then the dimensions, then what only steps look at.
struct Columns {
    /// Positions in the table.
    read: Vec<usize>,
    schema: SchemaRef,
    /// The first so many are handed on beyond the steps.
    handed_on: usize,
    /// The first so many are the order of rows.
    keys: usize,
    event: usize,
}

impl Columns {
    fn of(events: &Table, visible: &Visible, funnel: &Funnel, conditions: &[Option<Expr>]) -> Result<Self, QueryError> {
        let mut names: Vec<String> = vec!["profile_id".into(), "ts".into()];
        if !funnel.by.is_empty() {
            // Of first steps at one time the last in the log gives the dimensions, however files are cut.
            names.push("log_offset".into());
        }
        let keys = names.len();
        names.extend(funnel.by.iter().cloned());
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
    funnel: &Funnel,
    columns: &Columns,
    conditions: Vec<Option<Expr>>,
    rows_scanned: &Arc<AtomicU64>,
) -> Result<Steps, QueryError> {
    let schema = qualified(&columns.schema)?;
    let physical = |condition: Expr| state.create_physical_expr(condition, &schema);
    let matches = funnel.steps.iter().zip(conditions).enumerate().map(|(at, (step, condition))| {
        let condition = condition.map(physical).transpose().map_err(|error| about_step(at, asked(error)))?;
        Ok(StepMatch { event: step.event.clone(), condition })
    });
    Ok(Steps {
        steps: matches.collect::<Result<Vec<_>, QueryError>>()?,
        from_us: funnel.from_us,
        to_us: funnel.to_us,
        keep_unmatched: funnel.modes.strict_order,
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
    funnel: &Funnel,
    columns: &Columns,
    steps: &Steps,
) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
    let bounds = Bounds { ts_us: (funnel.from_us, funnel.to_us.saturating_sub(1)), ..Bounds::NONE };
    let files: Vec<&File> = part.files.iter().filter(|file| bounds.may_match(file)).collect();
    let runs = runs(state, events, files, &part.fresh, columns).and_then(|mut runs| {
        if !matches!(visible, Visible::All) {
            runs = OperatorExec::plan(RowFilter { visible: visible.clone(), columns: (0..columns.read.len()).collect() }, runs)?;
        }
        let matched = OperatorExec::plan(steps.clone(), runs)?;
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
fn chained(mut files: Vec<&File>) -> Vec<Vec<&File>> {
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

fn about_step(at: usize, error: QueryError) -> QueryError {
    error.about(&format!("`where` of step {}", at + 1))
}

/// The first profile id of each bucket but the first: buckets are equal ranges of the ids, which are not negative.
fn bucket_splits(buckets: usize) -> Vec<i64> {
    let span = (1u128 << 63) / buckets.max(1) as u128;
    (1..buckets as u128).map(|bucket| (bucket * span) as i64).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn splits_are_the_buckets_of_the_lake() {
        let splits = bucket_splits(usize::from(forecourt_model::BUCKETS));
        assert_eq!(splits.len(), 15);
        for (at, split) in splits.iter().enumerate() {
            assert_eq!((split >> 59, (split - 1) >> 59), (at as i64 + 1, at as i64));
        }
    }

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
