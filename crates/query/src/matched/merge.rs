//! Merges the runs of one bucket, files and fresh rows, into one stream in the order of time per profile.

use std::sync::Arc;

use arrow::{
    array::{AsArray, RecordBatch},
    compute::interleave_record_batch,
    datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType},
};
use datafusion::{
    common::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, stream::RecordBatchStreamAdapter},
};
use futures::{StreamExt, stream};

use crate::operator::Operator;

/// All partitions in, each sorted by its first columns (`profile_id`, `ts`, perhaps `log_offset`); one partition out, so
/// sorted too. Rows equal in those come in any order.
#[derive(Debug)]
pub(crate) struct Merge {
    /// How many of the first columns are the order: 2 or 3.
    pub keys: usize,
}

const ROWS_OUT: usize = 8192;

impl Operator for Merge {
    const NAME: &'static str = "MergeExec";

    fn schema(&self, input: &Arc<dyn ExecutionPlan>) -> Result<SchemaRef> {
        Ok(input.schema())
    }

    fn partitioning(&self, _: &Arc<dyn ExecutionPlan>) -> Result<Partitioning> {
        Ok(Partitioning::UnknownPartitioning(1))
    }

    fn run(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
        _: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let count = input.output_partitioning().partition_count();
        if count == 1 {
            return input.execute(0, context);
        }
        let inputs = (0..count).map(|partition| input.execute(partition, context.clone())).collect::<Result<Vec<_>>>()?;
        let merging = Merging { waiting: inputs, runs: Vec::new(), keys: self.keys };
        let rows = stream::try_unfold(merging, |mut merging| async move { Ok(merging.next().await?.map(|batch| (batch, merging))) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

type Key = (i64, i64, i64);

struct Merging {
    /// Streams whose next batch is not read yet.
    waiting: Vec<SendableRecordBatchStream>,
    runs: Vec<Run>,
    keys: usize,
}

/// A stream with the batch it stands in.
struct Run {
    rest: SendableRecordBatchStream,
    batch: RecordBatch,
    at: usize,
}

impl Merging {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        self.fill().await?;
        if self.runs.is_empty() {
            return Ok(None);
        }
        let picked = self.pick();
        let batches: Vec<&RecordBatch> = self.runs.iter().map(|run| &run.batch).collect();
        let merged = interleave_record_batch(&batches, &picked)?;
        self.put_back_finished();
        Ok(Some(merged))
    }

    /// Reads the next batch of every stream that has none: only then is it known which row is first.
    async fn fill(&mut self) -> Result<()> {
        while let Some(mut rest) = self.waiting.pop() {
            while let Some(batch) = rest.next().await.transpose()? {
                if batch.num_rows() > 0 {
                    self.runs.push(Run { rest, batch, at: 0 });
                    break;
                }
            }
        }
        Ok(())
    }

    /// Picks rows in order until one run's batch is used up: (run, row).
    fn pick(&mut self) -> Vec<(usize, usize)> {
        let keys: Vec<KeyColumns<'_>> = self.runs.iter().map(|run| KeyColumns::of(&run.batch, self.keys)).collect();
        let mut at: Vec<usize> = self.runs.iter().map(|run| run.at).collect();
        let mut heads: Vec<Key> = keys.iter().zip(&at).map(|(keys, &at)| keys.get(at)).collect();
        let mut picked = Vec::with_capacity(ROWS_OUT);
        while picked.len() < ROWS_OUT {
            let (first, bound) = least_and_second(&heads);
            // Rows of one profile are neighbours in their run, so the least run keeps being it for a while.
            let mut row = at[first];
            while row < keys[first].len() && keys[first].get(row) <= bound {
                picked.push((first, row));
                row += 1;
            }
            at[first] = row;
            if row == keys[first].len() {
                break;
            }
            heads[first] = keys[first].get(row);
        }
        for (run, at) in self.runs.iter_mut().zip(at) {
            run.at = at;
        }
        picked
    }

    fn put_back_finished(&mut self) {
        for at in (0..self.runs.len()).rev() {
            if self.runs[at].at == self.runs[at].batch.num_rows() {
                self.waiting.push(self.runs.swap_remove(at).rest);
            }
        }
    }
}

/// The run with the least key, and the least key of the others.
fn least_and_second(heads: &[Key]) -> (usize, Key) {
    let mut first = 0;
    let mut second = (i64::MAX, i64::MAX, i64::MAX);
    for (at, &head) in heads.iter().enumerate().skip(1) {
        if head < heads[first] {
            second = heads[first];
            first = at;
        } else if head < second {
            second = head;
        }
    }
    (first, second)
}

struct KeyColumns<'a> {
    profile_ids: &'a [i64],
    times: &'a [i64],
    offsets: Option<&'a [i64]>,
}

impl<'a> KeyColumns<'a> {
    fn of(batch: &'a RecordBatch, keys: usize) -> Self {
        Self {
            profile_ids: batch.column(0).as_primitive::<Int64Type>().values(),
            times: batch.column(1).as_primitive::<TimestampMicrosecondType>().values(),
            offsets: (keys > 2).then(|| &batch.column(2).as_primitive::<Int64Type>().values()[..]),
        }
    }

    fn len(&self) -> usize {
        self.profile_ids.len()
    }

    fn get(&self, row: usize) -> Key {
        (self.profile_ids[row], self.times[row], self.offsets.map_or(0, |offsets| offsets[row]))
    }
}
