//! From a checked funnel to operators over each profile's events.

use std::sync::{Arc, atomic::AtomicU64};

use datafusion::physical_plan::ExecutionPlan;

use super::{follow::Follow, spec::Funnel};
use crate::{
    QueryError,
    dimensions::{column_of, property},
    matched::plan::{Wanted, WantedEvent, matched},
    operator::OperatorExec,
    session::Session,
};

/// A funnel, ready to run: a partition a bucket, rows as [`Follow`] gives them.
pub(super) struct FunnelPlan {
    pub plan: Arc<dyn ExecutionPlan>,
    /// Rows read so far.
    pub rows_scanned: Arc<AtomicU64>,
}

/// Plans each bucket as FunnelExec over the events that match a step, an exclusion, or touch the person.
pub(super) fn plan(session: &Session, funnel: &Funnel) -> Result<FunnelPlan, QueryError> {
    let matched = matched(session, &wanted(funnel))?;
    let follow = Follow { funnel: funnel.clone(), splits: bucket_splits(session.events()?.parts.len()) };
    let plan = OperatorExec::plan(follow, matched.plan).map_err(QueryError::internal)?;
    Ok(FunnelPlan { plan, rows_scanned: matched.rows_scanned })
}

fn wanted(funnel: &Funnel) -> Wanted {
    let steps = funnel.steps.iter().enumerate().map(|(at, step)| step.wanted(&format!("step {}", at + 1)));
    let excluded = funnel.exclusions.iter().enumerate().map(|(at, exclusion)| exclusion.event.wanted(&format!("exclusion {}", at + 1)));
    let mut columns: Vec<String> = Vec::new();
    for column in funnel.by.iter().chain(&funnel.hold).map(|name| column_of(name)) {
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    }
    Wanted {
        events: steps.chain(excluded).chain(touches(funnel)).collect(),
        from_us: if funnel.looks_for_touches() { i64::MIN } else { funnel.period.from_us },
        to_us: funnel.period.to_us,
        columns,
        keep_unmatched: funnel.modes.strict_order,
    }
}

/// Every event that has the value that people are grouped by.
fn touches(funnel: &Funnel) -> Option<WantedEvent> {
    let name = funnel.by.first().filter(|_| funnel.looks_for_touches())?;
    let value = match property(name) {
        Some(property) => format!("json_get(properties, '{}')", property.replace('\'', "''")),
        None => name.clone(),
    };
    Some(WantedEvent { event: None, condition: Some(format!("{value} IS NOT NULL")), called: "`by`".to_owned() })
}

/// The first profile id of each bucket but the first: buckets are equal ranges of the ids, which are not negative.
fn bucket_splits(buckets: usize) -> Vec<i64> {
    let span = (1u128 << 63) / buckets.max(1) as u128;
    (1..buckets as u128).map(|bucket| (bucket * span) as i64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_the_buckets_of_the_lake() {
        let splits = bucket_splits(usize::from(forecourt_model::BUCKETS));
        assert_eq!(splits.len(), 15);
        for (at, split) in splits.iter().enumerate() {
            assert_eq!((split >> 59, (split - 1) >> 59), (at as i64 + 1, at as i64));
        }
    }
}
