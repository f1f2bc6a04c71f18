//! The public data sets, read by the mappings in `docs/examples`; figures are compared with a plain reading of the same files.

mod import_files;

use std::{collections::BTreeMap, io::Read as _, path::PathBuf};

use forecourt_collect::file::{Kind, Mapping, Summary, import};
use forecourt_model::{ChannelRules, time};
use import_files::Desk;

/// The folder of public data; `None`, said aloud, where the machine has none.
fn public(file: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("FORECOURT_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let path = shared.join("data").join(file);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: import of {file}: the public data are not on this machine (set FORECOURT_SHARED)");
    assert!(std::env::var_os("CI").is_none(), "the public data must be there: set FORECOURT_SHARED");
    None
}

async fn run(desk: &Desk, kind: Kind, path: &std::path::Path, example: &str) -> Summary {
    let mapping = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples").join(format!("{example}.mapping.json"));
    let mapping = Mapping::parse(&std::fs::read_to_string(mapping).expect("the example is there")).expect("the example reads");
    import(desk.run(kind, path, mapping), &desk.sink, |_| {}).await.expect("imported")
}

fn plain_rows(path: &std::path::Path, delimiter: u8) -> Vec<BTreeMap<String, String>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).expect("open");
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("unpacked");
    } else {
        std::io::BufReader::new(file).read_to_end(&mut bytes).expect("read");
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(&bytes[..]);
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn count<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    values.fold(BTreeMap::new(), |mut counts, value| {
        *counts.entry(value).or_default() += 1;
        counts
    })
}

#[tokio::test]
async fn olist_leads_and_deals_keep_their_channel() {
    let (Some(leads), Some(deals)) =
        (public("olist/olist_marketing_qualified_leads_dataset.csv"), public("olist/olist_closed_deals_dataset.csv"))
    else {
        return;
    };
    let desk = Desk::new();
    let summary = run(&desk, Kind::Leads, &leads, "olist-leads").await;
    assert_eq!((summary.accepted, summary.refused, summary.people), (8_000, 0, 8_000));
    let summary = run(&desk, Kind::Orders, &deals, "olist-orders").await;
    assert_eq!((summary.accepted, summary.refused, summary.people), (842, 0, 842));

    let plain: BTreeMap<String, String> = plain_rows(&leads, b',')
        .into_iter()
        .map(|row| (row["mql_id"].clone(), Some(row["origin"].clone()).filter(|origin| !origin.is_empty()).unwrap_or("unknown".into())))
        .collect();
    let records = desk.records();
    let by_channel = |name: &str| {
        let of_kind = records.iter().filter_map(|record| record.event.as_ref()).filter(|event| event.name == name);
        count(of_kind.filter_map(|event| Some(event.touch(ChannelRules::built_in())?.channel)))
    };
    assert_eq!(by_channel("lead_created"), count(plain.values().cloned()));
    let deals = plain_rows(&deals, b',');
    assert_eq!(by_channel("order_completed"), count(deals.iter().filter_map(|row| plain.get(&row["mql_id"]).cloned())));
    // Lead and deal meet in one person: they share the identifier.
    let lead_ids: std::collections::BTreeSet<_> =
        records[..8_000].iter().flat_map(|record| record.event.as_ref()).flat_map(|event| event.identifiers.clone()).collect();
    assert!(records[8_000..].iter().flat_map(|record| &record.event).all(|event| event.identifiers.iter().all(|id| lead_ids.contains(id))));
}

#[tokio::test]
async fn the_bank_campaign_becomes_calls_in_date_order() {
    let Some(path) = public("bank/bank-additional-full.csv.gz") else { return };
    let desk = Desk::new();
    let summary = run(&desk, Kind::Calls, &path, "bank").await;
    assert_eq!((summary.rows, summary.accepted, summary.refused, summary.people), (41_188, 41_188, 0, 41_188));
    assert_eq!(summary.from_us.map(time::iso).as_deref(), Some("2008-05-01T00:00:00.000Z"));
    assert_eq!(summary.to_us.map(time::iso).as_deref(), Some("2010-11-01T00:00:00.000Z"));

    let records = desk.records();
    let events: Vec<_> = records.iter().filter_map(|record| record.event.as_ref()).collect();
    assert!(events.is_sorted_by_key(|event| event.ts_us), "the file is in date order");
    let plain = plain_rows(&path, b';');
    let result = |word: &str| records.iter().filter(|record| record.item["properties"]["result"] == word).count();
    assert_eq!(result("subscribed"), plain.iter().filter(|row| row["y"] == "yes").count());
    let seconds: f64 = records.iter().filter_map(|record| record.item["properties"]["duration_s"].as_f64()).sum();
    assert_eq!(seconds, plain.iter().filter_map(|row| row["duration"].parse::<f64>().ok()).sum::<f64>());
    assert_eq!(records[0].item["properties"]["emp.var.rate"], 1.1);
    assert_eq!(records[0].item["properties"]["call_id"], "bank-contact-2");
}

#[tokio::test]
async fn the_clickstream_becomes_events() {
    let Some(path) = public("clickstream/retentioneering_ecom.csv.gz") else { return };
    let desk = Desk::new();
    let summary = run(&desk, Kind::Events, &path, "clickstream").await;
    let plain = plain_rows(&path, b',');
    assert_eq!((summary.accepted, summary.refused), (plain.len() as u64, 0));
    assert_eq!(summary.people as usize, count(plain.iter().map(|row| &row["user_id"])).len());
    let records = desk.records();
    let names = count(records.iter().filter_map(|record| record.event.as_ref()).map(|event| &event.name));
    assert_eq!(names, count(plain.iter().map(|row| &row["event"])));
    // Rows that are equal in all columns are events of their own.
    let ids: std::collections::BTreeSet<_> = records.iter().map(|record| &record.message_id).collect();
    assert_eq!(ids.len(), plain.len());
}

#[tokio::test]
async fn a_second_import_gives_the_same_records() {
    let Some(path) = public("clickstream/retentioneering_ecom.csv.gz") else { return };
    let desk = Desk::new();
    run(&desk, Kind::Events, &path, "clickstream").await;
    run(&desk, Kind::Events, &path, "clickstream").await;
    let ids: Vec<String> = desk.records().into_iter().map(|record| record.message_id).collect();
    let half = ids.len() / 2;
    assert_eq!(ids[..half], ids[half..]);
}
