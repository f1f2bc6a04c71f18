//! Follows each profile of a bucket through the funnel: a row in per event, a row out per profile that began.

use std::{cmp::Reverse, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, UInt8Array},
    buffer::NullBuffer,
    compute::cast,
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimestampMicrosecondType, UInt16Type},
};
use datafusion::{
    common::{Result, ScalarValue, exec_err},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{LexOrdering, PhysicalSortExpr, RangePartitioning, SplitPoint, expressions::Column},
    physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, stream::RecordBatchStreamAdapter},
};
use futures::{StreamExt, stream};
use rustc_hash::FxHashMap;

use super::{
    machine::{Chain, Machine, NO_ORIGIN, Row},
    spec::{Funnel, Origin},
};
use crate::{
    dimensions::{self, Combinations},
    json_get::value_at,
    operator::Operator,
};

/// One partition (bucket) in, one out. In: `profile_id`, `ts`, …, the columns that are looked at, `steps`, sorted by
/// (`profile_id`, `ts`). The bits of `steps`: the funnel's steps, then its exclusions, then touches.
/// Out: `profile_id`, `level` (steps reached, from 1), `at_1` … `at_n` (times of the deepest chain's steps, null above
/// the level), the dimensions as they were where the funnel says; sorted by `profile_id`.
#[derive(Debug, Clone)]
pub(super) struct Follow {
    pub funnel: Funnel,
    /// First profile id of each bucket but the first: where one partition ends and the next begins.
    pub splits: Vec<i64>,
}

const ROWS_OUT: usize = 8192;
/// Values that one profile may have of what is held: each is followed by a machine of a kilobyte and more.
const HELD_MAX: usize = 20_000;

impl Operator for Follow {
    const NAME: &'static str = "FunnelExec";

    fn schema(&self, _: &Arc<dyn ExecutionPlan>) -> Result<SchemaRef> {
        let mut fields = vec![Field::new("profile_id", DataType::Int64, false), Field::new("level", DataType::UInt8, false)];
        fields.extend((1..=self.funnel.steps.len()).map(|step| Field::new(format!("at_{step}"), DataType::Int64, step > 1)));
        fields.extend(self.funnel.by.iter().map(|name| Field::new(name, DataType::Utf8, true)));
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
        let following = Following::new(&self.funnel, &input.schema(), schema.clone())?;
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
    runners: Runners,
    profile_id: i64,
    ts_us: i64,
    /// First moment at which a step counts; touches may lie before it.
    from_us: i64,
    bits: Bits,
    keeps_unmatched: bool,
    origin: Origin,
    /// The combination of the profile's first, or latest, touch.
    touched: u32,
    /// Where the dimensions stand in the input, and the columns that are held.
    by: Vec<Value>,
    hold: Vec<Value>,
    origins: Combinations,
    held: Combinations,
    found: Found,
    schema: SchemaRef,
    steps: usize,
}

/// What the bits of the column `steps` mean.
#[derive(Clone, Copy)]
struct Bits {
    steps: u16,
    exclusions_at: u32,
    exclusions: u16,
    touch: u16,
}

impl Following {
    fn new(funnel: &Funnel, input: &Schema, schema: SchemaRef) -> Result<Self> {
        let steps = funnel.steps.len();
        let machine = Machine::new(steps, funnel.window_us, funnel.modes)
            .excluding(funnel.exclusions.iter().map(|exclusion| exclusion.between).collect())
            .origin_at(match funnel.origin {
                Origin::Step(step) => Some(step),
                Origin::FirstTouch => Some(0),
                Origin::LastTouch => None,
            });
        let values = |names: &[String]| names.iter().map(|name| Value::of(name, input)).collect::<Result<Vec<_>>>();
        let exclusions = funnel.exclusions.len() as u32;
        Ok(Self {
            runners: if funnel.hold.is_empty() { Runners::One(machine, Vec::new()) } else { Runners::Many(Held::new(machine)) },
            profile_id: i64::MIN,
            ts_us: i64::MIN,
            from_us: funnel.period.from_us,
            bits: Bits {
                steps: (1 << steps) - 1,
                exclusions_at: steps as u32,
                exclusions: (1 << exclusions) - 1,
                touch: if funnel.looks_for_touches() { 1 << (steps as u32 + exclusions) } else { 0 },
            },
            keeps_unmatched: funnel.modes.strict_order,
            origin: funnel.origin,
            touched: NO_ORIGIN,
            by: values(&funnel.by)?,
            hold: values(&funnel.hold)?,
            origins: Combinations::default(),
            held: Combinations::default(),
            found: Found { times: vec![Vec::new(); steps], ..Found::default() },
            schema,
            steps,
        })
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let bits = batch.column(batch.num_columns() - 1).as_primitive::<UInt16Type>().values();
        let by = self.by.iter().map(|value| value.texts(batch)).collect::<Result<Vec<_>>>()?;
        let hold = self.hold.iter().map(|value| value.texts(batch)).collect::<Result<Vec<_>>>()?;

        for (row, ((&profile_id, &ts_us), &bits)) in profile_ids.iter().zip(times.iter()).zip(bits.iter()).enumerate() {
            if profile_id != self.profile_id {
                self.end_profile();
                self.profile_id = profile_id;
            } else if ts_us != self.ts_us {
                self.runners.end_tie(self.ts_us);
            }
            self.ts_us = ts_us;
            if self.runners.has_ended() {
                continue;
            }
            let origin = self.origin_of(bits, &by, row);
            let (steps, excluded) = (bits & self.bits.steps, bits >> self.bits.exclusions_at & self.bits.exclusions);
            if self.from_us <= ts_us && (steps | excluded != 0 || self.keeps_unmatched) {
                let is_held = hold.iter().all(|column| column.is_valid(row));
                let held = if is_held { Some(self.held.of(&hold, row)) } else { None };
                if held.is_some_and(|number| HELD_MAX <= number as usize) {
                    return exec_err!(
                        "one profile has more than {HELD_MAX} values of what `hold` names: name what has fewer, or ask for a shorter time"
                    );
                }
                self.runners.note(Row { steps, excluded, origin }, held);
            }
        }
        Ok(())
    }

    /// The number of what a chain carries away of a row.
    fn origin_of(&mut self, bits: u16, by: &[ArrayRef], row: usize) -> u32 {
        match self.origin {
            Origin::Step(step) if bits & 1 << step != 0 => self.origins.of(by, row),
            Origin::Step(_) => NO_ORIGIN,
            Origin::FirstTouch | Origin::LastTouch => {
                let is_wanted = self.origin == Origin::LastTouch || self.touched == NO_ORIGIN;
                if bits & self.bits.touch != 0 && is_wanted {
                    self.touched = self.origins.of(by, row);
                }
                self.touched
            }
        }
    }

    fn end_profile(&mut self) {
        self.runners.end_tie(self.ts_us);
        if let Some((level, chain)) = self.runners.deepest() {
            self.found.profile_ids.push(self.profile_id);
            self.found.levels.push(level as u8);
            self.found.origins.push(chain.origin);
            for (times, &at_us) in self.found.times.iter_mut().zip(&chain.times_us) {
                times.push(at_us);
            }
        }
        self.runners.reset();
        // Numbers are of one profile: over all of them a property has as many values as there are leads.
        self.held.clear();
        self.touched = NO_ORIGIN;
    }

    /// The rows found since the last time.
    fn give(&mut self) -> Result<RecordBatch> {
        let found = std::mem::replace(&mut self.found, Found { times: vec![Vec::new(); self.steps], ..Found::default() });
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(2 + self.steps + self.by.len());
        columns.push(Arc::new(Int64Array::from(found.profile_ids)));
        for (step, times) in found.times.into_iter().enumerate() {
            let reached = (step > 0).then(|| found.levels.iter().map(|&level| usize::from(level) > step).collect::<NullBuffer>());
            columns.push(Arc::new(Int64Array::new(times.into(), reached)));
        }
        columns.insert(1, Arc::new(UInt8Array::from(found.levels)));
        for dimension in 0..self.by.len() {
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

/// Where a value stands in the input: a column, or within the properties.
struct Value {
    column: usize,
    property: Option<String>,
}

impl Value {
    fn of(name: &str, input: &Schema) -> Result<Self> {
        let property = dimensions::property(name).map(str::to_owned);
        Ok(Self { column: input.index_of(dimensions::column_of(name))?, property })
    }

    fn texts(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let texts = cast(batch.column(self.column), &DataType::Utf8View)?;
        let Some(name) = &self.property else { return Ok(texts) };
        let values: StringViewArray = texts.as_string_view().iter().map(|json| json.and_then(|json| value_at(json, name))).collect();
        Ok(Arc::new(values))
    }
}

/// Who follows a profile's events: one machine, or one for each value that is held.
enum Runners {
    /// With events of the profile at one time, not yet given to the machine: others of the same time may follow.
    One(Machine, Vec<Row>),
    Many(Held),
}

impl Runners {
    /// * `held`: the number of the row's held values; `None` where it has not all.
    fn note(&mut self, row: Row, held: Option<u32>) {
        match self {
            Self::One(_, tie) => tie.push(row),
            Self::Many(many) => many.tie.push((row, held)),
        }
    }

    fn end_tie(&mut self, ts_us: i64) {
        match self {
            Self::One(machine, tie) => tell(machine, ts_us, tie),
            Self::Many(many) => many.end_tie(ts_us),
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Self::One(machine, _) => machine.has_ended(),
            // A further value may get deeper.
            Self::Many(_) => false,
        }
    }

    /// The level that was reached, from 1, and its chain.
    fn deepest(&self) -> Option<(usize, &Chain)> {
        match self {
            Self::One(machine, _) => (0 < machine.level()).then(|| (machine.level(), machine.deepest())),
            Self::Many(many) => many.deepest(),
        }
    }

    fn reset(&mut self) {
        match self {
            Self::One(machine, _) => machine.reset(),
            Self::Many(many) => {
                many.machines.clear();
                many.by_number.clear();
            }
        }
    }
}

/// Takes all events of one time, and leaves none.
fn tell(machine: &mut Machine, ts_us: i64, tie: &mut Vec<Row>) {
    match tie[..] {
        [] => return,
        [row] => machine.event(ts_us, row),
        _ => machine.events_at_once(ts_us, tie),
    }
    tie.clear();
}

/// A machine for each value that the steps of a chain must share.
struct Held {
    /// As each begins.
    fresh: Machine,
    machines: Vec<(u32, Machine)>,
    by_number: FxHashMap<u32, usize>,
    tie: Vec<(Row, Option<u32>)>,
    /// What one machine is told of a tie.
    told: Vec<Row>,
}

impl Held {
    fn new(fresh: Machine) -> Self {
        Self { fresh, machines: Vec::new(), by_number: FxHashMap::default(), tie: Vec::new(), told: Vec::new() }
    }

    /// A row without the held values is no step; what it excludes or interrupts, it does so for every value.
    fn end_tie(&mut self, ts_us: i64) {
        let mut tie = std::mem::take(&mut self.tie);
        for (row, held) in &mut tie {
            match held {
                Some(number) if row.steps & 1 != 0 && !self.by_number.contains_key(number) => {
                    self.by_number.insert(*number, self.machines.len());
                    self.machines.push((*number, self.fresh.clone()));
                }
                Some(_) => {}
                None => row.steps = 0,
            }
        }
        let mut machines: Vec<usize> = if tie.iter().any(|(_, held)| held.is_none()) {
            (0..self.machines.len()).collect()
        } else {
            tie.iter().filter_map(|(_, held)| self.by_number.get(&(*held)?).copied()).collect()
        };
        machines.sort_unstable();
        machines.dedup();
        for at in machines {
            let (number, machine) = &mut self.machines[at];
            self.told.extend(tie.iter().filter(|(_, held)| held.is_none_or(|held| held == *number)).map(|(row, _)| *row));
            tell(machine, ts_us, &mut self.told);
        }
        tie.clear();
        self.tie = tie;
    }

    /// Of the deepest the one that was there first.
    fn deepest(&self) -> Option<(usize, &Chain)> {
        let reached = self.machines.iter().map(|(_, machine)| (machine.level(), machine.deepest()));
        reached.filter(|(level, _)| 0 < *level).min_by_key(|(level, chain)| (Reverse(*level), chain.times_us[level - 1], chain.times_us[0]))
    }
}
