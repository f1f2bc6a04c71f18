//! Follows each profile of a bucket through the funnel: a row in per event, a row out per profile that began.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, Int64Array, RecordBatch, UInt8Array},
    buffer::NullBuffer,
    compute::cast,
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimestampMicrosecondType, UInt16Type},
};
use datafusion::{
    common::{Result, ScalarValue},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{LexOrdering, PhysicalSortExpr, RangePartitioning, SplitPoint, expressions::Column},
    physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, stream::RecordBatchStreamAdapter},
};
use futures::{StreamExt, stream};

use super::machine::{Machine, Modes, Row};
use crate::{dimensions::Combinations, operator::Operator};

/// One partition (bucket) in, one out. In: `profile_id`, `ts`, …, the dimensions, `steps`, sorted by (`profile_id`, `ts`).
/// Out: `profile_id`, `level` (steps reached, from 1), `at_1` … `at_n` (times of the deepest chain's steps, null above
/// the level), the dimensions as they were at its first step; sorted by `profile_id`.
#[derive(Debug, Clone)]
pub(super) struct Follow {
    pub steps: usize,
    pub window_us: i64,
    pub modes: Modes,
    /// Names of the dimensions, which are the input's last columns before `steps`.
    pub by: Vec<String>,
    /// First profile id of each bucket but the first: where one partition ends and the next begins.
    pub splits: Vec<i64>,
}

const ROWS_OUT: usize = 8192;

impl Operator for Follow {
    const NAME: &'static str = "FunnelExec";

    fn schema(&self, _: &Arc<dyn ExecutionPlan>) -> Result<SchemaRef> {
        let mut fields = vec![Field::new("profile_id", DataType::Int64, false), Field::new("level", DataType::UInt8, false)];
        fields.extend((1..=self.steps).map(|step| Field::new(format!("at_{step}"), DataType::Int64, step > 1)));
        fields.extend(self.by.iter().map(|name| Field::new(name, DataType::Utf8, true)));
        Ok(Arc::new(Schema::new(fields)))
    }

    fn partitioning(&self, input: &Arc<dyn ExecutionPlan>) -> Result<Partitioning> {
        let count = input.output_partitioning().partition_count();
        // Range, never Hash: two hash partitionings of equal count are taken for each other, and joins would drop rows.
        let order = LexOrdering::new([PhysicalSortExpr::new_default(Arc::new(Column::new("profile_id", 0)))]);
        match order {
            Some(order) if count == self.splits.len() + 1 => {
                let splits = self.splits.iter().map(|&split| SplitPoint::new(vec![ScalarValue::Int64(Some(split))])).collect();
                Ok(Partitioning::Range(RangePartitioning::try_new(order, splits)?))
            }
            _ => Ok(Partitioning::UnknownPartitioning(count)),
        }
    }

    fn run(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let following = Following::new(self, schema.clone());
        let input = input.execute(partition, context)?;
        let rows = stream::try_unfold((input, Some(following)), |(mut input, following)| async move {
            let Some(mut following) = following else { return Ok(None) };
            while following.found.profile_ids.len() < ROWS_OUT {
                match input.next().await.transpose()? {
                    Some(batch) => following.take(&batch)?,
                    None => {
                        following.end_profile();
                        return following.give().map(|batch| Some((batch, (input, None))));
                    }
                }
            }
            following.give().map(|batch| Some((batch, (input, Some(following)))))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

/// Where the pass over a bucket stands: one profile, and the events at its latest time.
struct Following {
    machine: Machine,
    profile_id: i64,
    /// Events of the profile at `ts_us`, not yet given to the machine: others of the same time may follow.
    tie: Vec<Row>,
    ts_us: i64,
    origins: Combinations,
    found: Found,
    schema: SchemaRef,
    steps: usize,
    dimensions: usize,
}

impl Following {
    fn new(follow: &Follow, schema: SchemaRef) -> Self {
        Self {
            machine: Machine::new(follow.steps, follow.window_us, follow.modes),
            profile_id: i64::MIN,
            tie: Vec::new(),
            ts_us: i64::MIN,
            origins: Combinations::default(),
            found: Found { times: vec![Vec::new(); follow.steps], ..Found::default() },
            schema,
            steps: follow.steps,
            dimensions: follow.by.len(),
        }
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.num_columns();
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let steps = batch.column(columns - 1).as_primitive::<UInt16Type>().values();
        let dimensions = batch.columns()[columns - 1 - self.dimensions..columns - 1].iter().map(|column| cast(column, &DataType::Utf8View));
        let dimensions = dimensions.collect::<Result<Vec<_>, _>>()?;

        for (row, ((&profile_id, &ts_us), &steps)) in profile_ids.iter().zip(times.iter()).zip(steps.iter()).enumerate() {
            if profile_id != self.profile_id {
                self.end_profile();
                self.profile_id = profile_id;
            } else if ts_us != self.ts_us {
                self.end_tie();
            }
            if self.machine.has_ended() {
                continue;
            }
            let origin = if steps & 1 != 0 { self.origins.of(&dimensions, row) } else { 0 };
            self.ts_us = ts_us;
            self.tie.push(Row { steps, origin });
        }
        Ok(())
    }

    fn end_tie(&mut self) {
        match self.tie[..] {
            [] => return,
            [row] => self.machine.event(self.ts_us, row),
            _ => self.machine.events_at_once(self.ts_us, &self.tie),
        }
        self.tie.clear();
    }

    fn end_profile(&mut self) {
        self.end_tie();
        let level = self.machine.level();
        if level > 0 {
            let chain = self.machine.deepest();
            self.found.profile_ids.push(self.profile_id);
            self.found.levels.push(level as u8);
            self.found.origins.push(chain.origin);
            for (times, &at_us) in self.found.times.iter_mut().zip(&chain.times_us) {
                times.push(at_us);
            }
        }
        self.machine.reset();
    }

    /// The rows found since the last time.
    fn give(&mut self) -> Result<RecordBatch> {
        let found = std::mem::replace(&mut self.found, Found { times: vec![Vec::new(); self.steps], ..Found::default() });
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(2 + self.steps + self.dimensions);
        columns.push(Arc::new(Int64Array::from(found.profile_ids)));
        for (step, times) in found.times.into_iter().enumerate() {
            let reached = (step > 0).then(|| found.levels.iter().map(|&level| usize::from(level) > step).collect::<NullBuffer>());
            columns.push(Arc::new(Int64Array::new(times.into(), reached)));
        }
        columns.insert(1, Arc::new(UInt8Array::from(found.levels)));
        for dimension in 0..self.dimensions {
            columns.push(Arc::new(self.origins.texts(dimension, &found.origins)));
        }
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

/// Profiles followed to their end, by column.
#[derive(Default)]
struct Found {
    profile_ids: Vec<i64>,
    levels: Vec<u8>,
    origins: Vec<u32>,
    times: Vec<Vec<i64>>,
}
