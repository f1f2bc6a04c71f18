//! Which rows a caller may see, and how clearly: a filter that sits below every expression of the caller's.

use std::{borrow::Cow, fmt, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewBuilder, new_null_array},
    compute::{cast, filter_record_batch, kernels::zip::zip},
    datatypes::{DataType, Int64Type, SchemaRef},
};
use datafusion::{
    common::{Result, internal_datafusion_err, internal_err},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, stream::RecordBatchStreamAdapter},
};
use forecourt_model::mask;
use futures::StreamExt;
use rustc_hash::FxHashSet;

use crate::operator::Operator;

/// Rows that a caller may see of one table.
#[derive(Clone)]
pub(crate) enum Visible {
    All,
    /// All, with what names people masked.
    Masked,
    /// Those whose `dealer` is this one.
    OfDealer(String),
    /// Of profiles: the people of the events, leads, orders and calls of this dealer. Which they are is found out when the
    /// table is read.
    PeopleOfDealer(String),
    /// Those whose `profile_id` is among these; another dealer's name in `dealer` is blanked.
    OfProfiles(Arc<FxHashSet<i64>>, String),
    /// Of the others' rows those whose `profile_id` is among these: the members of a segment that a report is cut down to.
    Among(Arc<FxHashSet<i64>>, Box<Visible>),
}

impl fmt::Debug for Visible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => write!(f, "all"),
            Self::Masked => write!(f, "all, masked"),
            Self::OfDealer(dealer) => write!(f, "dealer {dealer}"),
            Self::PeopleOfDealer(dealer) => write!(f, "people of dealer {dealer}"),
            Self::OfProfiles(ids, dealer) => write!(f, "{} profiles of dealer {dealer}", ids.len()),
            Self::Among(ids, of) => write!(f, "{} profiles of {of:?}", ids.len()),
        }
    }
}

impl Visible {
    /// What the caller may see, whatever a report is cut down to.
    pub fn of_caller(&self) -> &Self {
        match self {
            Self::Among(_, of) => of.of_caller(),
            other => other,
        }
    }

    /// Columns that [`Self::keep`] needs beside those that were asked for.
    pub fn needs(&self) -> &'static [&'static str] {
        match self {
            Self::All | Self::Masked => &[],
            Self::OfDealer(_) => &["dealer"],
            Self::PeopleOfDealer(_) | Self::OfProfiles(..) => &["profile_id"],
            Self::Among(_, of) if of.needs().contains(&"dealer") => &["profile_id", "dealer"],
            Self::Among(..) => &["profile_id"],
        }
    }

    fn keep(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| internal_datafusion_err!("no column {name}"));
        match self {
            Self::All => Ok(batch.clone()),
            Self::Masked => masked(batch),
            Self::OfDealer(dealer) => Ok(filter_record_batch(batch, &is_text(&column("dealer")?, dealer)?)?),
            Self::PeopleOfDealer(dealer) => internal_err!("the people of dealer {dealer} were not looked up"),
            Self::OfProfiles(ids, dealer) => blank_other_dealers(&among(batch, &column("profile_id")?, ids)?, dealer),
            Self::Among(ids, of) => of.keep(&among(batch, &column("profile_id")?, ids)?),
        }
    }
}

/// What a column holds of a person, by its name: the same in every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Known(mask::Personal),
    /// JSON of the sender's.
    Told,
    /// Text with anything in it.
    Text,
}

fn held(column: &str) -> Option<Held> {
    match column {
        "properties" | "traits" => Some(Held::Told),
        "url" | "user_id" | "anonymous_id" | "external_id" | "session_id" | "message_id" | "result" | "agent" => Some(Held::Text),
        name => mask::personal(name).map(Held::Known),
    }
}

/// Whether the column is shown masked to those who see people masked: a filter on what is in the files would tell more.
pub(crate) fn is_masked(column: &str) -> bool {
    held(column).is_some()
}

fn masked(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    // Rows without any column, as `count(*)` reads them, name nobody.
    if batch.num_columns() == 0 {
        return Ok(batch.clone());
    }
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| match held(field.name()) {
        Some(held) => masked_column(column, held),
        None => Ok(column.clone()),
    });
    Ok(RecordBatch::try_new(schema.clone(), columns.collect::<Result<_>>()?)?)
}

fn masked_column(column: &ArrayRef, held: Held) -> Result<ArrayRef> {
    let texts = cast(column, &DataType::Utf8View)?;
    let mut shown = StringViewBuilder::with_capacity(texts.len());
    for text in texts.as_string_view() {
        shown.append_option(text.map(|text| match held {
            Held::Known(kind) => Cow::Owned(kind.mask(text)),
            Held::Told => Cow::Owned(mask::mask_json(text)),
            Held::Text => mask::mask_text(text),
        }));
    }
    Ok(cast(&shown.finish(), column.data_type())?)
}

fn among(batch: &RecordBatch, profile_ids: &ArrayRef, ids: &FxHashSet<i64>) -> Result<RecordBatch> {
    let profile_ids = profile_ids.as_primitive::<Int64Type>();
    let wanted: BooleanArray = profile_ids.iter().map(|id| Some(id.is_some_and(|id| ids.contains(&id)))).collect();
    Ok(filter_record_batch(batch, &wanted)?)
}

fn is_text(column: &ArrayRef, text: &str) -> Result<BooleanArray> {
    let text_column = cast(column, &DataType::Utf8View)?;
    Ok(text_column.as_string_view().iter().map(|value| Some(value == Some(text))).collect())
}

fn blank_other_dealers(batch: &RecordBatch, dealer: &str) -> Result<RecordBatch> {
    let Some(at) = batch.schema().index_of("dealer").ok() else { return Ok(batch.clone()) };
    let mut columns = batch.columns().to_vec();
    let own = is_text(&columns[at], dealer)?;
    let blank = new_null_array(columns[at].data_type(), columns[at].len());
    columns[at] = zip(&own, &columns[at], &blank)?;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// Lets only visible rows through, then only the columns that were asked for.
///
/// It sits below every expression of the caller's, so that an expression that fails, or is slow, on a hidden row tells
/// nothing.
#[derive(Debug)]
pub(crate) struct RowFilter {
    pub visible: Visible,
    /// Columns of the input to hand on.
    pub columns: Vec<usize>,
}

impl Operator for RowFilter {
    const NAME: &'static str = "RowFilterExec";

    fn schema(&self, input: &Arc<dyn ExecutionPlan>) -> Result<SchemaRef> {
        Ok(Arc::new(input.schema().project(&self.columns)?))
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
        let (visible, columns) = (self.visible.clone(), self.columns.clone());
        let rows = input.execute(partition, context)?.map(move |batch| Ok(visible.keep(&batch?)?.project(&columns)?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}
