//! Which profile a row belongs to after the merges that came after it.

use arrow::{
    array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch},
    compute::filter_record_batch,
    error::ArrowError,
};
use forecourt_model::{Move, ProfileId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

use crate::{event_columns::bucket_of, order::Keys, tables::event_column};

/// Merges in the order in which they happened.
#[derive(Debug, Clone, Default)]
pub struct Moves {
    /// By the profile that was merged away: when (log offset) and into which.
    by_from: FxHashMap<i64, Vec<(u64, i64)>>,
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
        let ProfileId(from) = moved.from;
        self.by_from.entry(from).or_default().push((moved.offset, moved.to.0));
    }

    pub fn is_empty(&self) -> bool {
        self.by_from.is_empty()
    }

    pub fn clear(&mut self) {
        self.by_from.clear();
    }

    /// The profile of a row that was `profile_id`'s at log offset `offset`: merges chain, each later than the one before.
    pub fn resolve(&self, profile_id: i64, offset: u64) -> i64 {
        let (mut profile_id, mut offset) = (profile_id, offset);
        while let Some(moves) = self.by_from.get(&profile_id) {
            let later = moves.partition_point(|(at, _)| *at < offset);
            let Some((at, to)) = moves.get(later) else { break };
            (profile_id, offset) = (*to, *at);
        }
        profile_id
    }

    /// Parts a batch into the rows that stay what they were and those that moved, which have their new profile and bucket.
    pub fn apply(&self, batch: &RecordBatch) -> Result<Option<(RecordBatch, RecordBatch)>, ArrowError> {
        let keys = Keys::of(batch);
        let resolved: Vec<i64> =
            keys.profile_ids().iter().zip(keys.log_offsets()).map(|(id, offset)| self.resolve(*id, *offset as u64)).collect();
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

/// The same rows as rows of other profiles.
pub fn with_profiles(batch: &RecordBatch, profile_ids: Vec<i64>) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns[event_column::BUCKET] = Arc::new(Int32Array::from_iter_values(profile_ids.iter().map(|id| bucket_of(*id))));
    columns[event_column::PROFILE_ID] = Arc::new(Int64Array::from(profile_ids));
    RecordBatch::try_new(batch.schema(), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_chain_in_the_order_of_the_log() {
        let moved = |offset, from, to| Move { offset, from: ProfileId(from), to: ProfileId(to), first_us: 0, last_us: 0, first_offset: 0 };
        let moves = Moves::of(&[moved(10, 3, 2), moved(20, 2, 1), moved(20, 5, 4), moved(30, 3, 9)]);
        assert_eq!(moves.resolve(3, 5), 1, "3 became 2, which became 1");
        assert_eq!(moves.resolve(3, 15), 9, "a row after the first merge was 3's again");
        assert_eq!(moves.resolve(2, 20), 1);
        assert_eq!(moves.resolve(2, 21), 2, "a row after the merge stays");
        assert_eq!(moves.resolve(5, 0), 4);
        assert_eq!(moves.resolve(8, 0), 8);
    }
}
