//! Which profile a row belongs to after the merges that came after it.

use arrow::{
    array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch},
    compute::filter_record_batch,
    error::ArrowError,
};
use forecourt_model::Move;
use rustc_hash::FxHashMap;
use std::sync::Arc;

use crate::{event_columns::bucket_of, order::Keys, tables::event_column};

/// Merges in the order in which they happened.
#[derive(Debug, Clone, Default)]
pub struct Moves {
    /// By the profile that rows leave, in the order in which it happened.
    by_from: FxHashMap<i64, Vec<Step>>,
    steps: usize,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// Among all moves.
    number: usize,
    offset: u64,
    /// Only this fragment's rows.
    fragment: Option<i64>,
    to: i64,
}

impl Moves {
    pub fn of<'a>(moves: impl IntoIterator<Item = &'a Move>) -> Self {
        let mut all = Self::default();
        for moved in moves {
            all.push(moved);
        }
        all
    }

    pub fn push(&mut self, moved: &Move) {
        let step = Step { number: self.steps, offset: moved.offset, fragment: moved.fragment.map(|id| id.0), to: moved.to.0 };
        self.steps += 1;
        self.by_from.entry(moved.from.0).or_default().push(step);
    }

    pub fn is_empty(&self) -> bool {
        self.by_from.is_empty()
    }

    pub fn clear(&mut self) {
        self.by_from.clear();
    }

    /// The profile of a fragment's row that was `profile_id`'s at log offset `offset`: moves chain, each after the one before.
    pub fn resolve(&self, profile_id: i64, fragment_id: i64, offset: u64) -> i64 {
        let (mut profile_id, mut next) = (profile_id, 0);
        while let Some(steps) = self.by_from.get(&profile_id) {
            let takes =
                |step: &&Step| next <= step.number && offset <= step.offset && step.fragment.is_none_or(|fragment| fragment == fragment_id);
            let Some(step) = steps.iter().find(takes) else { break };
            (profile_id, next) = (step.to, step.number + 1);
        }
        profile_id
    }

    /// Parts a batch into the rows that stay what they were and those that moved, which have their new profile and bucket.
    pub fn apply(&self, batch: &RecordBatch) -> Result<Option<(RecordBatch, RecordBatch)>, ArrowError> {
        let keys = Keys::of(batch);
        let rows = keys.profile_ids().iter().zip(fragment_ids(batch)?).zip(keys.log_offsets());
        let resolved: Vec<i64> = rows.map(|((id, fragment), offset)| self.resolve(*id, *fragment, *offset as u64)).collect();
        let moved: Vec<bool> = resolved.iter().zip(keys.profile_ids()).map(|(new, old)| new != old).collect();
        if !moved.contains(&true) {
            return Ok(None);
        }
        let stay = filter_record_batch(batch, &BooleanArray::from_iter(moved.iter().map(|moved| Some(!moved))))?;
        let rekeyed = with_profiles(batch, resolved)?;
        let moved = filter_record_batch(&rekeyed, &BooleanArray::from(moved))?;
        Ok(Some((stay, moved)))
    }
}

/// Whose fragment each row is.
pub fn fragment_ids(batch: &RecordBatch) -> Result<&[i64], ArrowError> {
    let column = batch.column(event_column::FRAGMENT_ID).as_any().downcast_ref::<Int64Array>();
    column.map(|ids| ids.values().as_ref()).ok_or_else(|| ArrowError::SchemaError("fragment_id is no column of 64-bit numbers".into()))
}

/// The same rows as rows of other profiles.
pub fn with_profiles(batch: &RecordBatch, profile_ids: Vec<i64>) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns[event_column::BUCKET] = Arc::new(Int32Array::from_iter_values(profile_ids.iter().map(|id| bucket_of(*id))));
    columns[event_column::PROFILE_ID] = Arc::new(Int64Array::from(profile_ids));
    RecordBatch::try_new(batch.schema(), columns)
}

#[cfg(test)]
mod tests {
    use forecourt_model::{FragmentId, ProfileId};

    use super::*;

    #[test]
    fn merges_chain_in_the_order_of_the_log() {
        let moved = |offset, from, to, fragment: Option<i64>| Move {
            offset,
            from: ProfileId(from),
            to: ProfileId(to),
            fragment: fragment.map(FragmentId),
            first_us: 0,
            last_us: 0,
            first_offset: 0,
        };
        let moves = Moves::of(&[moved(10, 3, 2, None), moved(20, 2, 1, None), moved(20, 5, 4, None), moved(30, 3, 9, None)]);
        assert_eq!(moves.resolve(3, 7, 5), 1, "3 became 2, which became 1");
        assert_eq!(moves.resolve(3, 7, 15), 9, "a row after the first merge was 3's again");
        assert_eq!(moves.resolve(2, 7, 20), 1);
        assert_eq!(moves.resolve(2, 7, 21), 2, "a row after the merge stays");
        assert_eq!(moves.resolve(5, 7, 0), 4);
        assert_eq!(moves.resolve(8, 7, 0), 8);

        let parted = Moves::of(&[moved(10, 3, 2, None), moved(20, 2, 3, Some(7)), moved(20, 3, 2, Some(7)), moved(20, 2, 3, Some(7))]);
        assert_eq!(parted.resolve(3, 7, 5), 3, "merged and parted again");
        assert_eq!(parted.resolve(3, 8, 5), 2, "another fragment stays");
    }
}
