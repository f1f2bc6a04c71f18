//! How fast a funnel is: lays a set of events out as the lake does, runs the report and a plain pass over the same files.
//!
//! `funnel_rate prepare SOURCE_DIR LAKE_DIR [FILES_PER_BUCKET]`: SOURCE_DIR holds Parquet files with the columns `profile_id`,
//! `ts` (milliseconds), `event`, `channel`, each sorted by (`profile_id`, `ts`).
//! `funnel_rate run LAKE_DIR [ROUNDS]`: prints one JSON line a round: wall and CPU seconds of both.

use std::{
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use arrow::{
    array::{
        ArrayRef, AsArray, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray, new_null_array,
    },
    compute::{cast, concat_batches, take_record_batch},
    datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType},
};
use forecourt_lake::tables::EVENTS;
use forecourt_model::Scope;
use forecourt_query::{Dataset, FunnelSpec, Part, Query, QueryOptions, Table};
use parquet::{
    arrow::{ArrowWriter, ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, Encoding, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties},
    schema::types::ColumnPath,
};

const STEPS: [&str; 5] = ["car_viewed", "configurator_opened", "lead_created", "test_drive_done", "contract_signed"];
const WINDOW_US: i64 = 30 * 86_400_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| args.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    match args.first().map(String::as_str) {
        Some("prepare") if args.len() >= 3 => prepare(Path::new(&args[1]), Path::new(&args[2]), number(3, 1)),
        Some("run") if args.len() >= 2 => run(Path::new(&args[1]), number(2, 5)),
        _ => Err("usage: funnel_rate prepare SOURCE_DIR LAKE_DIR [FILES_PER_BUCKET] | run LAKE_DIR [ROUNDS]".into()),
    }
}

/// Sorts all events into the lake's buckets; rows of a bucket go to its files in turn, so that files overlap wholly.
fn prepare(source: &Path, lake: &Path, files: usize) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(lake)?;
    let mut paths: Vec<PathBuf> = fs::read_dir(source)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|name| name == "parquet"));
    paths.sort();
    let mut batches = Vec::new();
    for path in paths {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
        let schema = reader.parquet_schema();
        let wanted = ProjectionMask::columns(schema, ["profile_id", "ts", "event", "channel"]);
        for batch in reader.with_projection(wanted).build()? {
            batches.push(batch?);
        }
    }
    let schema = batches.first().ok_or("no Parquet file in SOURCE_DIR")?.schema();
    let all = concat_batches(&schema, &batches)?;
    drop(batches);
    let ids = all.column_by_name("profile_id").ok_or("no profile_id")?.as_primitive::<Int64Type>().values();
    let times = all.column_by_name("ts").ok_or("no ts")?.as_primitive::<Int64Type>().values();
    for bucket in 0..16 {
        let mut rows: Vec<usize> = (0..ids.len()).filter(|&row| ids[row] >> 59 == bucket).collect();
        rows.sort_by_key(|&row| (ids[row], times[row]));
        for file in 0..files {
            let picked = Int64Array::from_iter_values(rows.iter().skip(file).step_by(files).map(|&row| row as i64));
            let some = as_events(&take_record_batch(&all, &picked)?)?;
            let path = lake.join(format!("{bucket:02}-{file:02}.parquet"));
            let mut writer = ArrowWriter::try_new(File::create(path)?, some.schema(), Some(properties()))?;
            writer.write(&some)?;
            writer.close()?;
        }
    }
    Ok(())
}

fn as_events(rows: &RecordBatch) -> Result<RecordBatch, Box<dyn Error>> {
    let given = |name: &str| rows.column_by_name(name).cloned().ok_or(name.to_owned());
    let ids = given("profile_id")?;
    let times: Vec<i64> = given("ts")?.as_primitive::<Int64Type>().values().iter().map(|ms| ms * 1000).collect();
    let count = rows.num_rows();
    let text = |value: &str| -> ArrayRef { Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(value, count))) };
    let schema = EVENTS.schema();
    let columns = schema.fields().iter().map(|field| -> Result<ArrayRef, Box<dyn Error>> {
        Ok(match field.name().as_str() {
            "bucket" => Arc::new(Int32Array::from_iter_values(ids.as_primitive::<Int64Type>().values().iter().map(|id| (id >> 59) as i32))),
            "profile_id" | "fragment_id" => ids.clone(),
            "ts" | "received_at" => Arc::new(TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC")),
            "event" | "channel" => cast(&given(field.name())?, field.data_type())?,
            "log_offset" => Arc::new(Int64Array::from_iter_values(0..count as i64)),
            "properties" => text("{}"),
            "type" => text("track"),
            "source" => text("site"),
            "message_id" => text("m"),
            _ => new_null_array(field.data_type(), count),
        })
    });
    Ok(RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)?)
}

/// As the lake writes its files.
fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(131_072))
        .set_data_page_row_count_limit(8_192)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for name in ["profile_id", "ts", "log_offset", "received_at"] {
        let path = ColumnPath::from(name);
        properties = properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

fn run(lake: &Path, rounds: usize) -> Result<(), Box<dyn Error>> {
    let dataset = dataset(lake)?;
    let files: Vec<PathBuf> = dataset.tables[0].parts.iter().flat_map(|part| part.files.iter().map(|file| file.path.clone())).collect();
    let query = Query::over(dataset, QueryOptions { threads: 2, ..QueryOptions::default() })?;
    let steps: Vec<_> = STEPS.iter().map(|event| serde_json::json!({"event": event})).collect();
    let plain_spec: FunnelSpec = serde_json::from_value(serde_json::json!({"steps": steps, "window": "30d"}))?;
    let grouped_spec = FunnelSpec { by: vec!["channel".into()], ..plain_spec.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for _ in 0..rounds {
        let (wall, cpu) = (Instant::now(), cpu_s());
        let report = runtime.block_on(query.funnel(&Scope::Everything, &plain_spec))?;
        let funnel = (wall.elapsed().as_secs_f64(), cpu_s() - cpu);
        let (wall, cpu) = (Instant::now(), cpu_s());
        runtime.block_on(query.funnel(&Scope::Everything, &grouped_spec))?;
        let grouped = (wall.elapsed().as_secs_f64(), cpu_s() - cpu);
        let cpu = cpu_s();
        let reached = if files.len() == 16 { plain_pass(&files)? } else { [0; 5] };
        let plain_cpu = cpu_s() - cpu;
        let profiles: Vec<u64> = report.steps.iter().map(|step| step.profiles).collect();
        let line = serde_json::json!({
            "rows": report.rows_scanned, "profiles": profiles, "funnel_wall_s": funnel.0, "funnel_cpu_s": funnel.1,
            "by_channel_wall_s": grouped.0, "by_channel_cpu_s": grouped.1, "plain_pass": reached, "plain_pass_cpu_s": plain_cpu,
            "cpu_ratio": funnel.1 / plain_cpu, "rss_peak_mb": rss_peak_mb(),
        });
        println!("{line}");
    }
    Ok(())
}

fn dataset(lake: &Path) -> Result<Dataset, Box<dyn Error>> {
    let lake = fs::canonicalize(lake)?;
    let mut parts = vec![Part::default(); 16];
    let mut paths: Vec<PathBuf> = fs::read_dir(lake)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let bucket: usize = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.get(..2))
            .and_then(|name| name.parse().ok())
            .ok_or("not a lake of this program")?;
        let rows = ParquetRecordBatchReaderBuilder::try_new(File::open(&path)?)?.metadata().file_metadata().num_rows() as u64;
        let low = (bucket as i64) << 59;
        let bytes = path.metadata()?.len();
        parts[bucket].files.push(forecourt_query::File {
            path,
            bytes,
            rows,
            profile_ids: (low, low + ((1 << 59) - 1)),
            ts_us: (i64::MIN, i64::MAX),
            deleted: None,
            seal: None,
        });
    }
    Ok(Dataset::new(vec![Table { name: "events".into(), schema: EVENTS.schema(), parts }], 0))
}

/// The least that any program could do: decode three columns of sorted files and follow the chains, on one thread.
/// It takes events at one time as they lie, not in step order, so that its counts are a little lower.
fn plain_pass(files: &[PathBuf]) -> Result<[u64; 5], Box<dyn Error>> {
    let mut reached = [0; 5];
    for path in files {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
        let wanted = ProjectionMask::columns(reader.parquet_schema(), ["profile_id", "ts", "event"]);
        let mut profile = -1;
        let mut starts = [i64::MIN; 5];
        let mut level = 0;
        for batch in reader.with_projection(wanted).with_batch_size(8192).build()? {
            let batch = batch?;
            let ids = batch.column(0).as_primitive::<Int64Type>().values();
            let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
            let events = batch.column(2).as_any().downcast_ref::<DictionaryArray<Int32Type>>().ok_or("event is no dictionary")?;
            let names = cast(events.values(), &DataType::Utf8)?;
            let step_of: Vec<usize> =
                names.as_string::<i32>().iter().map(|name| STEPS.iter().position(|step| Some(*step) == name).unwrap_or(5)).collect();
            for ((&id, &at), &key) in ids.iter().zip(times).zip(events.keys().values()) {
                if id != profile {
                    count(&mut reached, level);
                    (profile, level, starts) = (id, 0, [i64::MIN; 5]);
                }
                match step_of[key as usize] {
                    0 => (starts[0], level) = (at, level.max(1)),
                    step @ 1..5 if step <= level && at - starts[step - 1] <= WINDOW_US => {
                        (starts[step], level) = (starts[step - 1], level.max(step + 1))
                    }
                    _ => {}
                }
            }
        }
        count(&mut reached, level);
    }
    Ok(reached)
}

fn count(reached: &mut [u64; 5], level: usize) {
    reached[..level].iter_mut().for_each(|profiles| *profiles += 1);
}

/// CPU seconds of this process, all threads.
fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat
        .rsplit(')')
        .next()
        .map(|rest| rest.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<f64>().ok()).sum::<f64>());
    ticks.unwrap_or_default() / 100.0
}

fn rss_peak_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
