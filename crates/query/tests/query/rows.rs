//! A small lake of rows that a test writes down, cut into files and fresh rows at random.

use std::{fs::File, path::Path, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
    },
    datatypes::{DataType, Int32Type},
};
use forecourt_lake::tables::{self, EVENTS};
use forecourt_query::{Dataset, Part, Query, QueryOptions, Table};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tempfile::TempDir;

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub profile_id: i64,
    pub ts_us: i64,
    pub event: &'static str,
    pub channel: Option<&'static str>,
    pub dealer: Option<&'static str>,
    pub value: Option<f64>,
    pub properties: String,
    pub offset: i64,
}

pub fn event(profile_id: i64, ts_us: i64, name: &'static str) -> Event {
    Event { profile_id, ts_us, event: name, channel: None, dealer: None, value: None, properties: "{}".into(), offset: 0 }
}

impl Event {
    pub fn channel(self, channel: &'static str) -> Self {
        Self { channel: Some(channel), ..self }
    }

    pub fn dealer(self, dealer: &'static str) -> Self {
        Self { dealer: Some(dealer), ..self }
    }

    pub fn value(self, value: f64) -> Self {
        Self { value: Some(value), ..self }
    }

    pub fn properties(self, json: &str) -> Self {
        Self { properties: json.into(), ..self }
    }
}

/// The first id of a bucket: tests speak of profiles 1, 2, 3 in several buckets.
pub fn profile(bucket: i64, number: i64) -> i64 {
    (bucket << 59) + number
}

pub struct SmallLake {
    pub query: Query,
    _files: TempDir,
}

/// Writes `events` (offsets are given in their order) and `others`, whole tables beside them.
pub fn lake(seed: u64, mut events: Vec<Event>, others: Vec<(&str, RecordBatch)>) -> SmallLake {
    let files = tempfile::tempdir().expect("a folder for the test");
    let mut rng = StdRng::seed_from_u64(seed);
    for (offset, event) in events.iter_mut().enumerate() {
        event.offset = offset as i64;
    }
    let parts = (0..16).map(|bucket| {
        let rows = events.iter().filter(|event| event.profile_id >> 59 == bucket).cloned().collect();
        part(&mut rng, &files.path().join(format!("bucket={bucket}")), rows)
    });
    let events = Table { name: "events".into(), schema: EVENTS.schema(), parts: parts.collect() };
    let others = others.into_iter().map(|(name, rows)| Table {
        name: name.into(),
        schema: rows.schema(),
        parts: vec![Part {
            files: vec![write(&files.path().join(name), &rows, (i64::MIN, i64::MAX), (i64::MIN, i64::MAX), None)],
            fresh: Vec::new(),
        }],
    });
    let dataset = Dataset::new([events].into_iter().chain(others).collect(), 1_700_000_000_000_000);
    let options = QueryOptions { threads: 2, ..QueryOptions::default() };
    SmallLake { query: Query::over(dataset, options).expect("query threads"), _files: files }
}

/// Cuts rows into up to three files, some with deleted rows among them, and up to two fresh batches.
fn part(rng: &mut StdRng, folder: &Path, mut rows: Vec<Event>) -> Part {
    rows.shuffle(rng);
    let mut part = Part::default();
    let runs = if rows.is_empty() { 0 } else { rng.random_range(1..=5) };
    for run in 0..runs {
        let left = runs - run;
        let mut some = rows.split_off(rows.len() - rows.len() / left);
        if some.is_empty() {
            continue;
        }
        if run >= 3 {
            some.sort_by_key(order);
            part.fresh.push(events_batch(&some));
            continue;
        }
        let ghosts: Vec<Event> =
            (0..rng.random_range(0..4)).map(|_| Event { offset: -1, ..some[rng.random_range(0..some.len())].clone() }).collect();
        some.extend(ghosts);
        some.sort_by_key(order);
        let deleted: Vec<u64> = (0..some.len() as u64).filter(|&at| some[at as usize].offset < 0).collect();
        let range = |of: fn(&Event) -> i64| (some.iter().map(of).min().unwrap_or(0), some.iter().map(of).max().unwrap_or(0));
        let deleted = (!deleted.is_empty()).then(|| Arc::new(deleted));
        let path = folder.with_extension(format!("{run}.parquet"));
        part.files.push(write(&path, &events_batch(&some), range(|event| event.profile_id), range(|event| event.ts_us), deleted));
    }
    part
}

fn order(event: &Event) -> (i64, i64, i64) {
    (event.profile_id, event.ts_us, event.offset)
}

fn write(
    path: &Path,
    rows: &RecordBatch,
    profile_ids: (i64, i64),
    ts_us: (i64, i64),
    deleted: Option<Arc<Vec<u64>>>,
) -> forecourt_query::File {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(7)).set_data_page_row_count_limit(3).build();
    let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), rows.schema(), Some(properties)).expect("a writer");
    writer.write(rows).expect("rows");
    writer.close().expect("a whole file");
    let bytes = path.metadata().expect("its size").len();
    forecourt_query::File { path: path.to_owned(), bytes, rows: rows.num_rows() as u64, profile_ids, ts_us, deleted, seal: None }
}

fn events_batch(rows: &[Event]) -> RecordBatch {
    let column = |name: &str, data_type: &DataType| -> ArrayRef {
        match name {
            "bucket" => Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| (row.profile_id >> 59) as i32))),
            "profile_id" | "fragment_id" => Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.profile_id))),
            "log_offset" => Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.offset))),
            "ts" | "received_at" => {
                Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.ts_us)).with_timezone("UTC"))
            }
            "event" => Arc::new(rows.iter().map(|row| row.event).collect::<DictionaryArray<Int32Type>>()),
            "type" => Arc::new(StringViewArray::from_iter_values(rows.iter().map(|_| "track"))),
            "channel" => Arc::new(rows.iter().map(|row| row.channel).collect::<StringViewArray>()),
            "dealer" => Arc::new(rows.iter().map(|row| row.dealer).collect::<StringViewArray>()),
            "value" => Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
            "properties" => Arc::new(StringViewArray::from_iter_values(rows.iter().map(|row| &row.properties))),
            "source" => Arc::new(StringViewArray::from_iter_values(rows.iter().map(|_| "site"))),
            "message_id" => Arc::new(StringViewArray::from_iter_values(rows.iter().map(|row| format!("m{}", row.offset)))),
            _ => arrow::array::new_null_array(data_type, rows.len()),
        }
    };
    let columns = EVENTS.schema().fields().iter().map(|field| column(field.name(), field.data_type())).collect();
    RecordBatch::try_new(EVENTS.schema(), columns).expect("the columns of `events`")
}

/// Rows of a table beside `events`: text and ids as given, by name; what is not given is a default.
pub fn table(table: &'static tables::Table, rows: &[&[(&str, &str)]]) -> RecordBatch {
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| {
        let given: Vec<Option<&str>> =
            rows.iter().map(|row| row.iter().find(|(name, _)| name == field.name()).map(|(_, value)| *value)).collect();
        let text: StringViewArray =
            given.iter().map(|value| if field.is_nullable() { *value } else { Some(value.unwrap_or("0")) }).collect();
        let read = arrow::compute::cast(&text, field.data_type())?;
        if field.is_nullable() || read.null_count() == 0 {
            return Ok(read);
        }
        arrow::compute::cast(&Int64Array::from(vec![0; rows.len()]), field.data_type())
    });
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, arrow::error::ArrowError>>().expect("values of the columns' types"))
        .expect("a table")
}

/// Rows of an answer, one text a row, values apart by `|`.
pub async fn rows_of(query: &Query, scope: &forecourt_model::Scope, sql: &str) -> Vec<String> {
    let answer = query.sql(scope, sql, 10_000).await.unwrap_or_else(|error| panic!("{sql}: {error} {error:?}"));
    let rows = answer.rows().expect("JSON");
    let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.into_iter().map(|row| row.into_iter().map(text).collect::<Vec<_>>().join("|")).collect()
}
