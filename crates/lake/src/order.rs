//! The order of `events`: by (`profile_id`, `ts`, `log_offset`), which is also by bucket.

use std::ops::Range;

use arrow::{
    array::{AsArray, Int64Array, RecordBatch},
    compute::interleave_record_batch,
    datatypes::{Int64Type, TimestampMicrosecondType},
    error::ArrowError,
};
use forecourt_model::BUCKETS;

use crate::tables::event_column;

/// The place of a row in the order.
type Key = (i64, i64, i64);

/// Where the rows of some batches go when they are put in order: (batch, row).
pub type Order = Vec<(usize, usize)>;

/// The columns that the order goes by.
pub struct Keys<'a> {
    profile_id: &'a [i64],
    ts: &'a [i64],
    log_offset: &'a [i64],
}

impl<'a> Keys<'a> {
    pub fn of(batch: &'a RecordBatch) -> Self {
        Self {
            profile_id: long(batch, event_column::PROFILE_ID),
            ts: batch.column(event_column::TS).as_primitive::<TimestampMicrosecondType>().values(),
            log_offset: long(batch, event_column::LOG_OFFSET),
        }
    }

    pub fn key(&self, row: usize) -> Key {
        (self.profile_id[row], self.ts[row], self.log_offset[row])
    }

    pub fn profile_ids(&self) -> &'a [i64] {
        self.profile_id
    }

    pub fn log_offsets(&self) -> &'a [i64] {
        self.log_offset
    }
}

fn long(batch: &RecordBatch, column: usize) -> &[i64] {
    let array: &Int64Array = batch.column(column).as_primitive::<Int64Type>();
    array.values()
}

/// The order of all rows of the batches together.
pub fn order_of(batches: &[RecordBatch]) -> Order {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mut places: Vec<(Key, u32, u32)> = Vec::with_capacity(rows);
    for (at, batch) in batches.iter().enumerate() {
        let keys = Keys::of(batch);
        places.extend((0..batch.num_rows()).map(|row| (keys.key(row), at as u32, row as u32)));
    }
    places.sort_unstable();
    places.into_iter().map(|(_, batch, row)| (batch as usize, row as usize)).collect()
}

/// The rows of the batches at `places`.
pub fn gather(batches: &[RecordBatch], places: &[(usize, usize)]) -> Result<RecordBatch, ArrowError> {
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    interleave_record_batch(&batches, places)
}

/// Where each bucket's rows are among `places` that are in order.
pub fn bucket_places<'a>(batches: &[RecordBatch], places: &'a [(usize, usize)]) -> Vec<&'a [(usize, usize)]> {
    let keys: Vec<Keys> = batches.iter().map(Keys::of).collect();
    let mut rest = places;
    (0..i64::from(BUCKETS))
        .map(|bucket| {
            let (own, others) = rest.split_at(rest.partition_point(|(batch, row)| keys[*batch].profile_ids()[*row] >> 59 <= bucket));
            rest = others;
            own
        })
        .collect()
}

/// Where each bucket's rows are in a batch that is in order.
pub fn bucket_ranges(batch: &RecordBatch) -> Vec<Range<usize>> {
    let profile_ids = Keys::of(batch).profile_ids();
    let mut start = 0;
    (0..i64::from(BUCKETS))
        .map(|bucket| {
            let end = start + profile_ids[start..].partition_point(|id| id >> 59 <= bucket);
            let range = start..end;
            start = end;
            range
        })
        .collect()
}
