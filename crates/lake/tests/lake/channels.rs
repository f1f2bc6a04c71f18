//! Channel rules changed: rows in files get their channels anew, and DuckDB reads the same.

use std::collections::BTreeMap;

use forecourt_lake::{LakeOptions, Rewriting};
use forecourt_store::Database;

use crate::{
    duckdb, postgres,
    rig::{HOUR_US, Rig, START_US, Told, options, own_rules, profile},
};

const FORUMS: &str = r#"[{"name":"Forums","channel":"forums","conditions":[{"mark":"referrer_host","test":"domain","values":["forum."]}]},
    {"channel":"the rest"}]"#;

fn visits(day: i64) -> Vec<Told> {
    (0..60u64)
        .map(|number| Told {
            profile_id: profile(number),
            ts_us: START_US + (day * 24 + number as i64 % 24) * HOUR_US,
            event: "page_viewed",
            from: ["", "https://google.com/", "https://forum.example/t/1"][number as usize % 3],
        })
        .collect()
}

#[tokio::test]
async fn duckdb_sees_the_new_channels_on_sqlite() {
    duckdb_sees_the_new_channels(None).await;
}

#[tokio::test]
async fn duckdb_sees_the_new_channels_on_postgresql() {
    duckdb_sees_the_new_channels(Some(postgres::url().await)).await;
}

async fn duckdb_sees_the_new_channels(postgres: Option<String>) {
    let mut rig = Rig::new(LakeOptions { compact_files: 3, ..options() }, postgres).await;
    for day in 0..2 {
        rig.fold(&visits(day), &[(profile(1), profile(2 + day as u64))]).await;
        rig.flush().await.unwrap();
    }
    agree(&rig);
    // Under the new rules, in memory, with a merge whose rows are in files.
    rig.rules = own_rules(FORUMS);
    rig.fold(&visits(3), &[(profile(5), profile(4))]).await;
    let done = rig.decide_channels().await.unwrap();
    assert_eq!(done.rows_changed, 80, "of two days, those that came from somewhere");
    agree(&rig);
    let channels = run(&rig, "SELECT channel, COUNT(*) FROM events GROUP BY 1 ORDER BY 1 NULLS FIRST");
    let expected = [(None, "60"), (Some("forums"), "60"), (Some("the rest"), "60")];
    assert_eq!(channels, expected.map(|(channel, rows)| vec![channel.map(str::to_owned), Some(rows.to_owned())]));

    let again = rig.decide_channels().await.unwrap();
    assert_eq!((again.rows_changed, again.files_rewritten), (0, 0), "what is right is left alone");
    rig.lake().compact().await.unwrap();
    rig.restart().await;
    agree(&rig);
    // Older snapshots show what was.
    let before = run(&rig, "SELECT COUNT(DISTINCT channel) FROM events AT (VERSION => 2) WHERE channel = 'forums'");
    assert_eq!(before, [[Some("0".to_owned())]]);
}

/// A lake of the version before: its tables have no columns for marks, and rows that say nothing of them stay what they are.
#[tokio::test]
async fn an_older_lake_gains_the_columns_of_the_marks() {
    let mut rig = Rig::on_sqlite().await;
    rig.stop().await;
    let forecourt_lake::Catalogue::Sqlite(path) = &rig.place else { panic!("on SQLite") };
    let catalogue = Database::sqlite(path, 1).await.unwrap();
    let columns = "'click_ids', 'referrer_host', 'landing_host', 'channel_by'";
    assert_eq!(catalogue.execute(&format!("DELETE FROM ducklake_column WHERE column_name IN ({columns})"), vec![]).await.unwrap(), 4);
    catalogue.close().await;
    let insert = format!(
        "INSERT INTO events (bucket, profile_id, ts, event, type, channel, source, message_id, fragment_id, log_offset, received_at)
            VALUES (3, {}, TIMESTAMPTZ '2026-03-01 10:00:00+00', 'old', 'track', 'cpc', 'site', 'o-1', 1, 900000000, TIMESTAMPTZ '2026-03-01 10:00:00+00')",
        3i64 << 59
    );
    run(&rig, &insert);

    rig.open().await;
    rig.fold(&visits(0), &[]).await;
    rig.flush().await.unwrap();
    rig.rules = own_rules(FORUMS);
    let done = rig.decide_channels().await.unwrap();
    assert_eq!(done, Rewriting { rows_changed: 40, ..done });
    let rows = run(&rig, "SELECT event, channel, channel_by, referrer_host, landing_host, COUNT(*) FROM events GROUP BY ALL ORDER BY ALL");
    let text = |row: [&str; 6]| row.map(|text| (!text.is_empty()).then(|| text.to_owned())).to_vec();
    let expected = [
        text(["old", "cpc", "", "", "", "1"]),
        text(["page_viewed", "forums", "rules", "forum.example", "cars.example", "20"]),
        text(["page_viewed", "the rest", "rules", "google.com", "cars.example", "20"]),
        text(["page_viewed", "", "", "", "", "20"]),
    ];
    assert_eq!(rows, expected);
    rig.restart().await;
    assert_eq!(rig.rows().len(), 61);
}

fn run(rig: &Rig, statement: &str) -> Vec<Vec<Option<String>>> {
    duckdb::run(&rig.place, &rig.data_dir, &[statement])
}

/// DuckDB, our own reading and the model agree on each row's channel.
fn agree(rig: &Rig) {
    rig.check();
    let found: BTreeMap<u64, Option<String>> = run(rig, "SELECT log_offset, channel FROM events")
        .into_iter()
        .map(|row| (row[0].as_deref().unwrap_or_default().parse().unwrap(), row[1].clone()))
        .collect();
    let expected: BTreeMap<u64, Option<String>> = rig.model.iter().map(|(offset, row)| (*offset, row.channel.clone())).collect();
    assert_eq!(found, expected);
}
