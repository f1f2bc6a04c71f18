//! What the past says of measures: the lake's part in segments.
//!
//! The fold measures events as they come; what happened before a definition was made is added up here, per fragment, from files
//! and fresh rows as of one moment. The rows of a bucket come in the order of profiles, so that one profile at a time is held.
//!
//! Two small differences to the fold are known. It no longer measures a fragment that it takes for a machine's, the lake does not
//! know which those are. And a channel is the lake's, which may have been decided anew by other rules since.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, DictionaryArray, Float64Array, RecordBatch, StringViewArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use datafusion::{
    common::DFSchema,
    execution::{SendableRecordBatchStream, session_state::SessionState},
    physical_plan::ExecutionPlan,
    prelude::{col, lit},
};
use forecourt_model::{
    EventRow, FragmentId, ProfileId, Scope,
    measure::{Measure, MeasureSpec, Of, Seen},
    row::DERIVED_SOURCE,
};
use futures::StreamExt;

use crate::{
    Query, QueryError,
    bounds::Bounds,
    dataset::{Dataset, File, Part, Table},
    error::answered,
    matched::{merge::Merge, plan::chained},
    operator::OperatorExec,
    scan,
    session::{Engine, Session},
};

/// What was measured of one fragment's past.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredFragment {
    pub profile_id: ProfileId,
    pub fragment_id: FragmentId,
    /// By the keys asked for.
    pub measures: BTreeMap<String, Measure>,
}

/// The past as of one moment. Ranges of profiles can be asked for one after the other: meanwhile nobody moves.
#[derive(Clone)]
pub struct Past {
    engine: Arc<Engine>,
    dataset: Arc<Dataset>,
    asked: Arc<Asked>,
}

#[derive(Debug)]
struct Asked {
    specs: Vec<(String, MeasureSpec)>,
    before_offset: u64,
    columns: Vec<&'static str>,
}

/// What every row is known by; the order of rows first.
const ALWAYS: [&str; 6] = ["profile_id", "ts", "event", "fragment_id", "log_offset", "source"];

impl Query {
    /// The past of measures.
    ///
    /// * `specs`: by the key that each is kept under.
    /// * `before_offset`: events from here on are the fold's.
    pub fn past(&self, specs: Vec<(String, MeasureSpec)>, before_offset: u64) -> Result<Past, QueryError> {
        let columns = columns(&specs);
        let asked = Arc::new(Asked { specs, before_offset, columns });
        Ok(Past { engine: self.engine.clone(), dataset: self.dataset()?, asked })
    }
}

impl Past {
    /// Every event before it is in; microseconds since 1970 UTC.
    pub fn as_of_us(&self) -> i64 {
        self.dataset.as_of_us
    }

    /// What was measured of the profiles of some ranges of ids, each after its first id, up to and with its second.
    pub async fn between(&self, ranges: &[(i64, i64)]) -> Result<Vec<MeasuredFragment>, QueryError> {
        if self.asked.specs.is_empty() {
            return Ok(Vec::new());
        }
        let session = Session::new(self.engine.clone(), self.dataset.clone(), Scope::Everything, None);
        let (asked, ranges) = (self.asked.clone(), ranges.to_vec());
        self.engine.run(async move { measured(&session, &asked, &ranges).await }).await
    }
}

/// Names of the columns that the specs look at.
fn columns(specs: &[(String, MeasureSpec)]) -> Vec<&'static str> {
    const TEXTS: [&str; 9] = ["channel", "utm_source", "utm_medium", "campaign", "region", "dealer", "model", "currency", "url"];
    let mut columns = ALWAYS.to_vec();
    for (_, spec) in specs {
        let of = match &spec.of {
            Of::Sum { field, .. } | Of::Distinct { field } | Of::Latest { field } | Of::First { field } => Some(field.as_str()),
            Of::Count { .. } | Of::Times => None,
        };
        for field in spec.filters.iter().map(|filter| filter.field.as_str()).chain(of) {
            let column = match field {
                "value" => Some("value"),
                field if field.starts_with("properties.") => Some("properties"),
                field => TEXTS.into_iter().find(|name| *name == field),
            };
            columns.extend(column.filter(|name| !columns.contains(name)).into_iter().collect::<Vec<_>>());
        }
    }
    columns
}

async fn measured(session: &Session, asked: &Arc<Asked>, ranges: &[(i64, i64)]) -> Result<Vec<MeasuredFragment>, QueryError> {
    let (state, events) = (session.state()?, session.events()?);
    let mut plans = Vec::new();
    for range in ranges {
        for part in &events.parts {
            plans.extend(plan(&state, events, part, asked, *range)?);
        }
    }
    let found = session
        .each_plan(plans, |mut rows: SendableRecordBatchStream| {
            let (asked, ranges) = (asked.clone(), ranges.to_vec());
            async move {
                let mut follow = Follow::new(&asked, ranges);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?)?;
                }
                Ok(follow.end())
            }
        })
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// One bucket's rows of a range of profiles, in their order; `None` where there are none.
fn plan(
    state: &SessionState,
    events: &Table,
    part: &Part,
    asked: &Asked,
    (after, until): (i64, i64),
) -> Result<Option<Arc<dyn ExecutionPlan>>, QueryError> {
    let read =
        asked.columns.iter().map(|name| events.schema.index_of(name)).collect::<Result<Vec<_>, _>>().map_err(QueryError::internal)?;
    let bounds = Bounds { profile_ids: (after.saturating_add(1), until), ..Bounds::NONE };
    let files: Vec<&File> = part.files.iter().filter(|file| bounds.may_match(file)).collect();
    let id_at = events.schema.index_of("profile_id").map_err(QueryError::internal)?;
    let fresh: Vec<RecordBatch> =
        part.fresh.iter().map(|batch| within(batch, id_at, after, until)).filter(|batch| batch.num_rows() != 0).collect();
    let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
    if !files.is_empty() {
        // Row groups and pages of other profiles are skipped.
        let filter = col("profile_id").gt(lit(after)).and(col("profile_id").lt_eq(lit(until)));
        let schema = DFSchema::try_from(events.schema.clone()).map_err(QueryError::internal)?;
        let predicate = state.create_physical_expr(filter, &schema).map_err(QueryError::internal)?;
        let files = scan::files(state.runtime_env(), events, chained(files), &read, Some(&predicate));
        plans.push(files.map_err(QueryError::internal)?);
    }
    if !fresh.is_empty() {
        plans.push(scan::fresh(events, &fresh, &read).map_err(QueryError::internal)?);
    }
    if plans.is_empty() {
        return Ok(None);
    }
    let schema = scan::columns_of(events, &read).map_err(QueryError::internal)?;
    let rows = scan::together(plans, &schema).and_then(|rows| OperatorExec::plan(Merge { keys: 2 }, rows));
    rows.map(Some).map_err(QueryError::internal)
}

/// The rows of a range, of a batch in the order of profiles.
fn within(batch: &RecordBatch, id_at: usize, after: i64, until: i64) -> RecordBatch {
    let ids = batch.column(id_at).as_primitive::<Int64Type>().values();
    let (from, to) = (ids.partition_point(|id| *id <= after), ids.partition_point(|id| *id <= until));
    batch.slice(from, to.saturating_sub(from))
}

/// Adds up one bucket, a profile after the other.
struct Follow<'a> {
    asked: &'a Asked,
    ranges: Vec<(i64, i64)>,
    /// The profile that is being added up, by fragment; by place of the spec.
    at: i64,
    open: BTreeMap<i64, BTreeMap<usize, Measure>>,
    done: Vec<MeasuredFragment>,
    /// Places of the specs that may take an event, by its number in the names held.
    names: Option<ArrayRef>,
    taking: Vec<Vec<usize>>,
}

impl<'a> Follow<'a> {
    fn new(asked: &'a Asked, ranges: Vec<(i64, i64)>) -> Self {
        Self { asked, ranges, at: -1, open: BTreeMap::new(), done: Vec::new(), names: None, taking: Vec::new() }
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let columns = Columns::of(batch, &self.asked.columns)?;
        self.learn(&columns.names)?;
        for row in 0..batch.num_rows() {
            let profile_id = columns.profile_ids[row];
            let is_asked = self.ranges.iter().any(|(after, until)| *after < profile_id && profile_id <= *until);
            let is_past = (columns.offsets[row] as u64) < self.asked.before_offset;
            let taking = columns.keys[row] as usize;
            if !is_asked || !is_past || self.taking.get(taking).is_none_or(Vec::is_empty) {
                continue;
            }
            if profile_id != self.at {
                self.close();
                self.at = profile_id;
            }
            self.add(&columns, row, taking);
        }
        Ok(())
    }

    /// Looks up the specs of each name, kept from batch to batch.
    fn learn(&mut self, names: &ArrayRef) -> Result<(), QueryError> {
        if self.names.as_ref().is_some_and(|held| Arc::ptr_eq(held, names)) {
            return Ok(());
        }
        let texts = cast(names, &DataType::Utf8View).map_err(QueryError::internal)?;
        let takes = |name: Option<&str>| {
            let specs = self.asked.specs.iter().enumerate();
            specs.filter(|(_, (_, spec))| spec.event == "*" || name == Some(&spec.event)).map(|(at, _)| at).collect()
        };
        self.taking = texts.as_string_view().iter().map(takes).collect();
        self.names = Some(names.clone());
        Ok(())
    }

    fn add(&mut self, columns: &Columns<'_>, row: usize, taking: usize) {
        let event = columns.event(row);
        // What the fold derived it does not measure.
        if event.source == DERIVED_SOURCE {
            return;
        }
        let seen = Seen::new(&event);
        for at in &self.taking[taking] {
            let spec = &self.asked.specs[*at].1;
            if !spec.takes(&seen) {
                continue;
            }
            let Some(one) = Measure::of(spec, &seen) else { continue };
            let held = self.open.entry(event.fragment_id).or_default();
            match held.get_mut(at) {
                Some(held) => held.unite(&spec.of, &one),
                None => {
                    held.insert(*at, one);
                }
            }
        }
    }

    fn close(&mut self) {
        for (fragment_id, measures) in std::mem::take(&mut self.open) {
            let measures = measures.into_iter().map(|(at, measure)| (self.asked.specs[at].0.clone(), measure)).collect();
            self.done.push(MeasuredFragment { profile_id: ProfileId(self.at), fragment_id: FragmentId(fragment_id), measures });
        }
    }

    fn end(mut self) -> Vec<MeasuredFragment> {
        self.close();
        self.done
    }
}

/// A batch's columns, as rows are made of them.
struct Columns<'a> {
    profile_ids: &'a [i64],
    times: &'a [i64],
    fragment_ids: &'a [i64],
    offsets: &'a [i64],
    /// Numbers of names.
    keys: &'a [i32],
    names: ArrayRef,
    texts: BTreeMap<&'static str, StringViewArray>,
    values: Option<&'a Float64Array>,
}

impl<'a> Columns<'a> {
    /// * `names`: of the batch's columns, in order.
    fn of(batch: &'a RecordBatch, names: &[&'static str]) -> Result<Self, QueryError> {
        let events = batch.column(2).as_any().downcast_ref::<DictionaryArray<Int32Type>>();
        let events = events.ok_or_else(|| QueryError::internal("the column `event` is no dictionary"))?;
        let mut texts = BTreeMap::new();
        let mut values = None;
        for (at, name) in names.iter().enumerate().skip(5) {
            if *name == "value" {
                values = batch.column(at).as_primitive_opt::<Float64Type>();
                continue;
            }
            let column = cast(batch.column(at), &DataType::Utf8View).map_err(QueryError::internal)?;
            texts.insert(*name, column.as_string_view().clone());
        }
        Ok(Self {
            profile_ids: batch.column(0).as_primitive::<Int64Type>().values(),
            times: batch.column(1).as_primitive::<TimestampMicrosecondType>().values(),
            fragment_ids: batch.column(3).as_primitive::<Int64Type>().values(),
            offsets: batch.column(4).as_primitive::<Int64Type>().values(),
            keys: events.keys().values(),
            names: events.values().clone(),
            texts,
            values,
        })
    }

    fn text(&self, name: &str, row: usize) -> Option<&str> {
        self.texts.get(name).filter(|column| column.is_valid(row)).map(|column| column.value(row))
    }

    fn event(&self, row: usize) -> EventRow<'_> {
        EventRow {
            profile_id: ProfileId(self.profile_ids[row]),
            fragment_id: self.fragment_ids[row],
            ts_us: self.times[row],
            event: self.name(row),
            event_type: "",
            channel: self.text("channel", row),
            utm_source: self.text("utm_source", row),
            utm_medium: self.text("utm_medium", row),
            campaign: self.text("campaign", row),
            region: self.text("region", row),
            dealer: self.text("dealer", row),
            model: self.text("model", row),
            value: self.values.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
            currency: self.text("currency", row),
            session_id: None,
            url: self.text("url", row),
            properties: self.text("properties", row).unwrap_or("{}"),
            traits: None,
            source: self.text("source", row).unwrap_or_default(),
            message_id: "",
            offset: self.offsets[row] as u64,
            received_us: 0,
            original_us: None,
            sent_us: None,
            click_ids: None,
            referrer_host: None,
            landing_host: None,
            channel_by: None,
        }
    }

    fn name(&self, row: usize) -> &str {
        let key = self.keys[row] as usize;
        match self.names.data_type() {
            DataType::Utf8 => self.names.as_string::<i32>().value(key),
            DataType::LargeUtf8 => self.names.as_string::<i64>().value(key),
            _ => self.names.as_string_view_opt().map_or("", |names| names.value(key)),
        }
    }
}
