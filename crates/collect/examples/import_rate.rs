//! Rows a second from a file into a durable log, without a fold behind it: events from Parquet, contacts from CSV.
//!
//! `cargo run -p forecourt-collect --example import_rate -- [ROWS]` prints JSON.

use std::{fmt::Write as _, path::Path, sync::Arc};

use arrow::array::{ArrayRef, Float64Array, Int16Array, Int64Array, RecordBatch, StringArray};
use forecourt_collect::file::{ImportRun, Kind, Mapping, Sink, detect, import, propose};
use forecourt_log::{Log, Options};
use forecourt_model::Origin;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let (events, contacts) = (folder.path().join("events.parquet"), folder.path().join("contacts.csv"));
    write_events(&events, rows)?;
    write_contacts(&contacts, rows)?;

    let mapping = r#"{"type": "track", "user_id": {"column": "profile_id"}, "timestamp": {"column": "ts", "unit": "ms"},
        "event": {"column": "event"}, "channel": {"column": "channel"}, "source": {"column": "source"}, "campaign": {"column": "campaign"},
        "region": {"column": "region"}, "dealer": {"column": "dealer"}, "value": {"column": "value"}}"#;
    let events_per_s = rate(folder.path(), Kind::Events, &events, Mapping::parse(mapping)?).await?;
    let contacts_per_s = rate(folder.path(), Kind::Profiles, &contacts, propose(Kind::Profiles, &detect(&contacts)?)).await?;
    println!("{{\"rows\":{rows},\"parquet_events_per_s\":{events_per_s:.0},\"csv_contacts_per_s\":{contacts_per_s:.0}}}");
    Ok(())
}

async fn rate(folder: &Path, kind: Kind, path: &Path, mapping: Mapping) -> Result<f64, Box<dyn std::error::Error>> {
    let log = Log::open(&folder.join(kind.as_str()), Options::default())?;
    let run = ImportRun {
        kind,
        path: path.to_path_buf(),
        mapping,
        dry_run: false,
        origin: Origin::History,
        source: "rate".into(),
        region: "RU".into(),
        now_us: 1_800_000_000_000_000,
        rejected: None,
        done_rows: 0,
        trace: None,
    };
    let summary = import(run, &Sink::Log { log, folded: None }, |_| {}).await?;
    assert_eq!(summary.refused, 0, "{:?}", summary.reasons);
    Ok(summary.rows as f64 / summary.seconds)
}

fn write_events(path: &Path, rows: usize) -> Result<(), Box<dyn std::error::Error>> {
    const NAMES: [&str; 6] = ["page_viewed", "car_viewed", "configurator_opened", "lead_created", "test_drive_booked", "contract_signed"];
    const CHANNELS: [&str; 4] = ["organic", "direct", "cpc_search", "email"];
    let mut writer = None;
    for from in (0..rows).step_by(100_000) {
        let ids = || from..rows.min(from + 100_000);
        let text = |of: &dyn Fn(usize) -> String| Arc::new(ids().map(|row| Some(of(row))).collect::<StringArray>()) as ArrayRef;
        let columns: [(&str, ArrayRef); 9] = [
            (
                "profile_id",
                Arc::new(Int64Array::from_iter_values(
                    ids().map(|row| (row as i64 / 10 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64) & i64::MAX),
                )),
            ),
            ("ts", Arc::new(Int64Array::from_iter_values(ids().map(|row| 1_767_225_600_000 + row as i64 * 997)))),
            ("event", text(&|row| NAMES[row % 6].to_owned())),
            ("channel", text(&|row| CHANNELS[row % 4].to_owned())),
            ("source", text(&|row| format!("source_{}", row % 32))),
            ("campaign", text(&|row| format!("campaign_{:03}", row % 200))),
            ("region", Arc::new(Int16Array::from_iter_values(ids().map(|row| (row % 85) as i16)))),
            ("dealer", Arc::new(Int16Array::from_iter_values(ids().map(|row| (row % 300) as i16)))),
            ("value", Arc::new(ids().map(|row| (row % 6 == 5).then_some(row as f64)).collect::<Float64Array>())),
        ];
        let batch = RecordBatch::try_from_iter(columns)?;
        if writer.is_none() {
            writer = Some(parquet::arrow::ArrowWriter::try_new(std::fs::File::create(path)?, batch.schema(), None)?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    if let Some(writer) = writer {
        writer.close()?;
    }
    Ok(())
}

fn write_contacts(path: &Path, rows: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::from("ID CRM;ФИО;Телефон;Почта;Город;Дилер;Модель;Сумма покупок;Комментарий\r\n");
    for row in 0..rows {
        let (a, b, c) = (row % 1_000, row / 1_000 % 100, row / 100_000 % 100);
        write!(
            text,
            "{row};Петрова Анна;8 (912) {a:03}-{b:02}-{c:02};user{row}@example.com;Казань;D{};Aster {};1 234,50;нет\r\n",
            row % 60,
            row % 7
        )?;
    }
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
    Ok(std::fs::write(path, bytes)?)
}
