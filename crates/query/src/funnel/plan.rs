//! From a checked funnel to operators over each profile's events.

use std::sync::{Arc, atomic::AtomicU64};

use datafusion::physical_plan::ExecutionPlan;

use super::{follow::Follow, spec::Funnel};
use crate::{
    QueryError,
    matched::plan::{Wanted, matched},
    operator::OperatorExec,
    session::Session,
};

/// A funnel, ready to run: a partition a bucket, rows as [`Follow`] gives them.
pub(super) struct FunnelPlan {
    pub plan: Arc<dyn ExecutionPlan>,
    /// Rows read so far.
    pub rows_scanned: Arc<AtomicU64>,
}

/// Plans each bucket as FunnelExec over the events that match a step.
pub(super) fn plan(session: &Session, funnel: &Funnel) -> Result<FunnelPlan, QueryError> {
    let events = funnel.steps.iter().enumerate().map(|(at, step)| step.wanted(&format!("step {}", at + 1)));
    let wanted = Wanted {
        events: events.collect(),
        from_us: funnel.from_us,
        to_us: funnel.to_us,
        columns: funnel.by.clone(),
        keep_unmatched: funnel.modes.strict_order,
    };
    let matched = matched(session, &wanted)?;
    let follow = Follow {
        steps: funnel.steps.len(),
        window_us: funnel.window_us,
        modes: funnel.modes,
        by: funnel.by.clone(),
        splits: bucket_splits(session.events()?.parts.len()),
    };
    let plan = OperatorExec::plan(follow, matched.plan).map_err(QueryError::internal)?;
    Ok(FunnelPlan { plan, rows_scanned: matched.rows_scanned })
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
