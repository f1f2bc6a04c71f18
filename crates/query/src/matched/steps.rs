//! What each event matches: the only part of a report that looks at the events' columns.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, RecordBatch, UInt16Array},
    compute::FilterBuilder,
    datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimestampMicrosecondType},
};
use datafusion::{
    common::{Result, exec_err},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, stream::RecordBatchStreamAdapter},
};
use futures::StreamExt;

use crate::operator::Operator;

/// Column of the operators' rows that holds the steps an event matches, one bit each.
pub(crate) const STEPS: &str = "steps";

/// A step, ready to be matched.
#[derive(Debug, Clone)]
pub(crate) struct StepMatch {
    /// `None` for every event.
    pub event: Option<String>,
    /// On the operator's input.
    pub condition: Option<Arc<dyn PhysicalExpr>>,
}

/// Keeps the events that matter to a report, with the steps each matches. One partition in, one out, order kept.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    pub steps: Vec<StepMatch>,
    /// Inclusive.
    pub from_us: i64,
    /// Exclusive.
    pub to_us: i64,
    /// Whether events that match no step are kept too.
    pub keep_unmatched: bool,
    /// Columns of the input to hand on before [`STEPS`].
    pub columns: Vec<usize>,
    pub ts: usize,
    pub event: usize,
    /// Rows read, of all partitions.
    pub rows_scanned: Arc<AtomicU64>,
}

impl Operator for Steps {
    const NAME: &'static str = "StepsExec";

    fn schema(&self, input: &Arc<dyn ExecutionPlan>) -> Result<SchemaRef> {
        let input = input.schema();
        let mut fields: Vec<_> = self.columns.iter().map(|&at| input.fields()[at].clone()).collect();
        fields.push(Arc::new(Field::new(STEPS, DataType::UInt16, false)));
        Ok(Arc::new(Schema::new(fields)))
    }

    fn partitioning(&self, input: &Arc<dyn ExecutionPlan>) -> Result<Partitioning> {
        Ok(Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()))
    }

    fn run(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        schema: SchemaRef,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let (steps, out) = (self.clone(), schema.clone());
        let mut names = NamedSteps::default();
        let rows = input.execute(partition, context)?.map(move |batch| steps.keep(&batch?, &mut names, &out));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

impl Steps {
    /// The same, looking at nothing but names and times, so that it may come before what blanks other columns; `None` where events
    /// without a name, or that match nothing, are wanted.
    pub fn by_name(&self) -> Option<Self> {
        let named = |step: &StepMatch| step.event.is_some().then(|| StepMatch { event: step.event.clone(), condition: None });
        let steps = self.steps.iter().map(named).collect::<Option<_>>()?;
        (!self.keep_unmatched).then(|| Self { steps, ..self.clone() })
    }

    fn keep(&self, batch: &RecordBatch, names: &mut NamedSteps, schema: &SchemaRef) -> Result<RecordBatch> {
        self.rows_scanned.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        let mut matched = names.of(batch.column(self.event), &self.steps)?;
        let times = batch.column(self.ts).as_primitive::<TimestampMicrosecondType>().values();
        let in_time = |ts_us: i64| self.from_us <= ts_us && ts_us < self.to_us;

        // Rows out of time are cleared first, so that no condition is asked about them.
        for (steps, &ts_us) in matched.iter_mut().zip(times.iter()) {
            *steps = if in_time(ts_us) { *steps } else { 0 };
        }
        for (at, step) in self.steps.iter().enumerate() {
            if let Some(condition) = &step.condition {
                clear_where_false(&mut matched, 1 << at, condition.as_ref(), batch)?;
            }
        }

        let kept: BooleanArray = if self.keep_unmatched {
            times.iter().map(|&ts_us| Some(in_time(ts_us))).collect()
        } else {
            BooleanArray::new(arrow::buffer::BooleanBuffer::collect_bool(matched.len(), |row| matched[row] != 0), None)
        };
        let filter = FilterBuilder::new(&kept).optimize().build();
        let mut columns = self.columns.iter().map(|&at| filter.filter(batch.column(at))).collect::<Result<Vec<_>, _>>()?;
        columns.push(filter.filter(&UInt16Array::from(matched))?);
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    }
}

fn clear_where_false(matched: &mut [u16], bit: u16, condition: &dyn PhysicalExpr, batch: &RecordBatch) -> Result<()> {
    // Only the step's own events are asked: what the condition makes of others must not matter, not even an error.
    let asked = BooleanArray::new(arrow::buffer::BooleanBuffer::collect_bool(matched.len(), |row| matched[row] & bit != 0), None);
    if !asked.has_true() {
        return Ok(());
    }
    let answers = condition.evaluate_selection(batch, &asked)?.into_array(batch.num_rows())?;
    let Some(answers) = answers.as_boolean_opt() else { return exec_err!("a step's condition is not true or false") };
    for (row, steps) in matched.iter_mut().enumerate() {
        if *steps & bit != 0 && !(answers.is_valid(row) && answers.value(row)) {
            *steps &= !bit;
        }
    }
    Ok(())
}

/// Steps by event name, kept from batch to batch: files hold few names, and their dictionary rarely changes.
#[derive(Default)]
struct NamedSteps {
    names: Option<ArrayRef>,
    steps: Vec<u16>,
}

impl NamedSteps {
    /// The steps that each row's event name matches.
    fn of(&mut self, events: &ArrayRef, steps: &[StepMatch]) -> Result<Vec<u16>> {
        let Some(events) = events.as_any().downcast_ref::<DictionaryArray<Int32Type>>() else {
            return exec_err!("the column `event` is no dictionary");
        };
        if self.names.as_ref().is_none_or(|names| !Arc::ptr_eq(names, events.values())) {
            let names = arrow::compute::cast(events.values(), &DataType::Utf8View)?;
            let matches = |name: Option<&str>| {
                steps
                    .iter()
                    .enumerate()
                    .filter(|(_, step)| step.event.is_none() || name == step.event.as_deref())
                    .fold(0, |bits, (at, _)| bits | 1u16 << at)
            };
            self.steps = names.as_string_view().iter().map(matches).collect();
            self.names = Some(events.values().clone());
        }
        let keys = events.keys();
        Ok(match keys.nulls() {
            None => keys.values().iter().map(|&key| self.steps[key as usize]).collect(),
            Some(_) => keys.iter().map(|key| key.map_or(0, |key| self.steps[key as usize])).collect(),
        })
    }
}
