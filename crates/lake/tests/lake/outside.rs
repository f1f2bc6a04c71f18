//! DuckDB reads what we wrote, and we read what DuckDB wrote.

use std::collections::BTreeMap;

use forecourt_lake::LakeOptions;
use forecourt_model::entity::{AdCost, Dimensions, Lead};
use forecourt_model::{FragmentId, ProfileId};
use forecourt_store::fragment::FragmentRow;

use crate::{
    duckdb, postgres,
    rig::{HOUR_US, Rig, START_US, Told, options, profile},
};

#[tokio::test]
async fn duckdb_counts_the_same_on_sqlite() {
    duckdb_counts_the_same(None).await;
}

#[tokio::test]
async fn duckdb_counts_the_same_on_postgresql() {
    duckdb_counts_the_same(Some(postgres::url().await)).await;
}

async fn duckdb_counts_the_same(postgres: Option<String>) {
    let mut rig = Rig::new(LakeOptions { compact_files: 3, ..options() }, postgres).await;
    agree(&rig);
    for day in 0..3 {
        rig.fold(&events(day), &[]).await;
        rig.flush().await.unwrap();
    }
    agree(&rig);

    // Rows of files move to other buckets; some files lose rows twice.
    rig.fold(&events(4), &[(profile(1), profile(2)), (profile(2), profile(3)), (profile(10), profile(11))]).await;
    rig.flush().await.unwrap();
    agree(&rig);
    rig.fold(&[], &[(profile(3), profile(40)), (profile(12), profile(11))]).await;
    rig.flush().await.unwrap();
    agree(&rig);

    assert!(0 < rig.lake().compact().await.unwrap());
    agree(&rig);
    rig.fold(&events(5), &[(profile(20), profile(21))]).await;
    rig.flush().await.unwrap();
    agree(&rig);

    duckdb_writes(&mut rig).await;
    duckdb_deletes_and_compacts(&mut rig).await;
}

/// DuckDB adds a row; we show it, go on writing, and compact it with ours.
async fn duckdb_writes(rig: &mut Rig) {
    let insert = format!(
        "INSERT INTO events (bucket, profile_id, ts, event, type, source, message_id, fragment_id, log_offset, received_at)
            VALUES (3, {}, TIMESTAMPTZ '2026-03-01 10:00:00+00', 'told by duckdb', 'track', 'duckdb', 'd-1', 1, 900000000, TIMESTAMPTZ '2026-03-01 10:00:00+00')",
        3i64 << 59
    );
    run(rig, &[&insert]);
    rig.fold(&events(6), &[]).await;
    rig.flush().await.unwrap();
    let row = crate::rig::Row {
        profile_id: 3 << 59,
        ts_us: 1_772_359_200_000_000,
        event: "told by duckdb".into(),
        value: Some(9e8),
        channel: None,
    };
    rig.model.insert(900_000_000, row);
    agree(rig);
    for day in 7..10 {
        rig.fold(&events(day), &[(profile(30 + day as u64), profile(50))]).await;
        rig.flush().await.unwrap();
    }
    rig.lake().compact().await.unwrap();
    agree(rig);
    let snapshot = rig.lake().snapshot().unwrap();
    assert!(snapshot.files_of(3).iter().all(|file| file.path.display().to_string().contains("forecourt-")), "compaction took the row in");
}

/// DuckDB takes rows away and rewrites files under our feet: the writer starts over, and loses and doubles nothing.
async fn duckdb_deletes_and_compacts(rig: &mut Rig) {
    rig.fold(&events(11), &[(profile(5), profile(6))]).await;
    run(rig, &[&format!("DELETE FROM events WHERE profile_id = {}", profile(15)), "CALL ducklake_merge_adjacent_files('lake')"]);
    // The rows that DuckDB could see are gone; those of the last block come from the log.
    let flushed = *rig.lake().offset_watch().borrow();
    rig.model.retain(|offset, row| row.profile_id != profile(15) || flushed <= *offset);
    let error = rig.flush().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    rig.restart().await;
    rig.flush().await.unwrap();
    agree(rig);
}

#[tokio::test]
async fn duckdb_reads_the_tables_beside_events() {
    let mut rig = Rig::on_sqlite().await;
    rig.fold(&events(1), &[]).await;
    let mut tx = rig.store().begin().await.unwrap();
    let lead = |number: u64, stage: &str| Lead {
        lead_id: format!("L{number}"),
        fragment_id: FragmentId(profile(number)),
        created_us: START_US,
        updated_us: START_US,
        stage: stage.into(),
        stage_us: START_US,
        dimensions: Dimensions { dealer: Some("d'1".into()), ..Dimensions::default() },
        value: Some(1.5),
    };
    let cost = AdCost {
        day: "2026-01-31".into(),
        channel: "cpc".into(),
        utm_source: "google".into(),
        campaign: "spring".into(),
        region: "north".into(),
        cost: 12.5,
        impressions: 100,
        clicks: 7,
        currency: "EUR".into(),
    };
    let fragment = |number: u64| FragmentRow {
        fragment_id: FragmentId(profile(number)),
        profile_id: ProfileId(profile(number)),
        kind: "email".into(),
        value: format!("p{number}@example.com"),
        generation: 0,
        marks: 0,
        first_us: START_US,
        last_us: START_US + HOUR_US,
        first_offset: 0,
        events: 3,
        state: r#"{"t":{"name":["Ana",1,1,"site"]}}"#.into(),
    };
    tx.save_fragments(vec![fragment(1), fragment(2)]).await.unwrap();
    tx.save_leads([lead(1, "captured"), lead(2, "lost")].iter()).await.unwrap();
    tx.save_costs([cost].iter()).await.unwrap();
    tx.save_fold_numbers(&[("leads_version".to_owned(), 1), ("costs_version".to_owned(), 1)].into()).await.unwrap();
    tx.commit().await.unwrap();

    rig.lake().copy_entities().await.unwrap();
    let leads = run(&rig, &["SELECT lead_id, stage, dealer, value, created_at FROM leads ORDER BY lead_id"]);
    let text = |row: &[&str]| row.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
    assert_eq!(
        leads,
        [
            text(&["L1", "captured", "d'1", "1.5", "2026-01-01 00:00:00+00:00"]),
            text(&["L2", "lost", "d'1", "1.5", "2026-01-01 00:00:00+00:00"]),
        ]
    );
    let costs = run(&rig, &["SELECT day, channel, cost, clicks FROM ad_costs WHERE day >= DATE '2026-01-31'"]);
    assert_eq!(costs, [text(&["2026-01-31", "cpc", "12.5", "7"])]);
    let profiles = run(&rig, &["SELECT profile_id, events, name, email, traits FROM profiles ORDER BY email"]);
    assert_eq!(profiles[1], text(&[&profile(2).to_string(), "3", "Ana", "p2@example.com", r#"{"name":"Ana"}"#]));
    assert_eq!(profiles.len(), 2);
    let file = rig.lake().snapshot().unwrap().table("leads").unwrap().files[0].clone();

    // Unchanged, it is left alone; changed, it is replaced.
    rig.lake().copy_entities().await.unwrap();
    assert_eq!(rig.lake().snapshot().unwrap().table("leads").unwrap().files[0].id, file.id);
    let mut tx = rig.store().begin().await.unwrap();
    tx.save_leads([lead(2, "captured")].iter()).await.unwrap();
    tx.save_fold_numbers(&[("leads_version".to_owned(), 2)].into()).await.unwrap();
    tx.commit().await.unwrap();
    rig.lake().copy_entities().await.unwrap();
    assert_eq!(run(&rig, &["SELECT COUNT(*) FROM leads WHERE stage = 'captured'"]), [text(&["2"])]);
    assert_eq!(rig.lake().snapshot().unwrap().table("leads").unwrap().files.len(), 1);
}

fn events(day: i64) -> Vec<Told> {
    (0..60u64)
        .map(|number| Told {
            profile_id: profile(number),
            ts_us: START_US + (day * 24 + number as i64 % 24) * HOUR_US,
            event: ["car_viewed", "lead_created", "it's 🚗"][number as usize % 3],
            from: "",
        })
        .collect()
}

fn run(rig: &Rig, statements: &[&str]) -> Vec<Vec<Option<String>>> {
    duckdb::run(&rig.place, &rig.data_dir, statements)
}

/// DuckDB and our own reading agree with the model: rows per bucket, event and profile, and what pruning by time and profile leaves.
fn agree(rig: &Rig) {
    rig.check();
    for name in ["events", "events_resolved"] {
        let found = run(
            rig,
            &[&format!(
                "SELECT bucket, event, profile_id, COUNT(*), MIN(epoch_us(ts)), MAX(epoch_us(ts)), SUM(log_offset) FROM {name} GROUP BY ALL"
            )],
        );
        let mut expected: BTreeMap<Vec<String>, (u64, i64, i64, u64)> = BTreeMap::new();
        for (offset, row) in &rig.model {
            let key = vec![(row.profile_id >> 59).to_string(), row.event.clone(), row.profile_id.to_string()];
            let group = expected.entry(key).or_insert((0, i64::MAX, i64::MIN, 0));
            *group = (group.0 + 1, group.1.min(row.ts_us), group.2.max(row.ts_us), group.3 + offset);
        }
        let expected: Vec<Vec<String>> = expected
            .into_iter()
            .map(|(key, (rows, first, last, offsets))| {
                key.into_iter().chain([rows.to_string(), first.to_string(), last.to_string(), offsets.to_string()]).collect()
            })
            .collect();
        let mut found: Vec<Vec<String>> = found.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect();
        found.sort();
        assert_eq!(found, expected, "{name}");
    }
    let from_us = START_US + 36 * HOUR_US;
    let later = rig.model.values().filter(|row| from_us <= row.ts_us && row.event == "car_viewed").count();
    let statement = format!("SELECT COUNT(*) FROM events WHERE ts >= make_timestamptz({from_us}) AND event = 'car_viewed'");
    assert_eq!(run(rig, &[&statement])[0][0], Some(later.to_string()));
    let one = rig.model.values().filter(|row| row.profile_id == profile(11)).count();
    let statement = format!("SELECT COUNT(*) FROM events WHERE profile_id = {}", profile(11));
    assert_eq!(run(rig, &[&statement])[0][0], Some(one.to_string()));
    assert_eq!(run(rig, &["SELECT COUNT(*) FROM events"])[0][0], Some(rig.model.len().to_string()));
}
