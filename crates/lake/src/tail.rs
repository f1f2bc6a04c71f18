//! The freshest rows of `events`: those that no file has yet, in memory.

use arrow::{array::RecordBatch, error::ArrowError};
use forecourt_model::{BUCKETS, Move};

use crate::{
    moves::Moves,
    order::{bucket_ranges, gather, order_of},
};

/// Batches that a reader has to merge, at most.
const SORTED_MAX: usize = 12;
/// So many of the smallest become one when there are more.
const MERGED_AT_ONCE: usize = 8;

/// Rows in memory. Taking rows in is cheap; they are put in order when somebody looks.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    /// Each in order.
    sorted: Vec<RecordBatch>,
    /// As they came.
    fresh: Vec<RecordBatch>,
    /// Merges that `sorted` and `fresh` do not show yet.
    moves: Moves,
    rows: usize,
    bytes: usize,
}

impl Tail {
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// About what the rows take in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn push(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.bytes += batch.get_array_memory_size();
        if batch.num_rows() != 0 {
            self.fresh.push(batch);
        }
    }

    /// From the merge on, the rows of one profile so far are another's.
    pub fn note(&mut self, moved: &Move) {
        self.moves.push(moved);
    }

    /// Puts all rows in order, each with the profile it belongs to by now; a few batches, each in order.
    fn settled(&mut self) -> Result<&[RecordBatch], ArrowError> {
        self.apply_moves()?;
        if !self.fresh.is_empty() {
            let fresh = std::mem::take(&mut self.fresh);
            self.sorted.push(in_order(&fresh)?);
        }
        if SORTED_MAX < self.sorted.len() {
            self.sorted.sort_by_key(|batch| std::cmp::Reverse(batch.num_rows()));
            let smallest = self.sorted.split_off(self.sorted.len() - MERGED_AT_ONCE);
            self.sorted.push(in_order(&smallest)?);
        }
        Ok(&self.sorted)
    }

    /// All rows, each with the profile it belongs to by now, in no order.
    pub fn batches(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        self.apply_moves()?;
        Ok(self.sorted.iter().chain(&self.fresh).cloned().collect())
    }

    /// [`Tail::settled`], cut by bucket.
    pub fn by_bucket(&mut self) -> Result<Vec<Vec<RecordBatch>>, ArrowError> {
        let mut buckets = vec![Vec::new(); usize::from(BUCKETS)];
        for batch in self.settled()? {
            for (bucket, range) in bucket_ranges(batch).into_iter().enumerate() {
                if !range.is_empty() {
                    buckets[bucket].push(batch.slice(range.start, range.len()));
                }
            }
        }
        Ok(buckets)
    }

    fn apply_moves(&mut self) -> Result<(), ArrowError> {
        if self.moves.is_empty() {
            return Ok(());
        }
        let mut moved_rows = Vec::new();
        for batch in self.sorted.iter_mut().chain(&mut self.fresh) {
            if let Some((stay, moved)) = self.moves.apply(batch)? {
                *batch = stay;
                moved_rows.push(moved);
            }
        }
        self.sorted.retain(|batch| batch.num_rows() != 0);
        self.fresh.retain(|batch| batch.num_rows() != 0);
        self.fresh.extend(moved_rows);
        self.moves.clear();
        Ok(())
    }
}

fn in_order(batches: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    gather(batches, &order_of(batches))
}
