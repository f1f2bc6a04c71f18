//! Crashes between any two steps of the lake's writing: after the restart every row is there once.

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "../rig/mod.rs"]
mod rig;

use std::time::{Duration, Instant};

use fail::FailScenario;
use forecourt_lake::{LakeError, LakeOptions};
use rig::{HOUR_US, Rig, START_US, Told, files_under, options, profile};

fn events(day: i64) -> Vec<Told> {
    let told = |number: u64| Told {
        profile_id: profile(number),
        ts_us: START_US + (day * 24 + number as i64 % 24) * HOUR_US,
        event: "car_viewed",
        from: ["", "https://google.com/", "https://forum.example/"][number as usize % 3],
    };
    (0..80).map(told).collect()
}

async fn lake_with_files() -> Rig {
    let mut rig = Rig::new(LakeOptions { compact_files: 3, ..options() }, None).await;
    for day in 0..3 {
        rig.fold(&events(day), &[]).await;
        rig.flush().await.unwrap();
    }
    rig
}

#[tokio::test]
async fn a_crash_in_a_flush_neither_loses_nor_doubles_a_row() {
    let scenario = FailScenario::setup();
    for point in ["lake_files_written", "lake_commit_midway", "lake_before_commit", "lake_after_commit"] {
        let mut rig = lake_with_files().await;
        rig.fold(&events(4), &[(profile(1), profile(2)), (profile(70), profile(3))]).await;
        fail::cfg(point, "return").unwrap();
        assert!(matches!(rig.flush().await, Err(LakeError::Crash(at)) if at == point));
        fail::remove(point);

        rig.restart().await;
        let known = files_under(&rig.data_dir).len();
        let snapshot = rig.lake().snapshot().unwrap();
        let deletes = (0..16).flat_map(|bucket| snapshot.files_of(bucket)).filter(|file| file.deleted.is_some()).count();
        assert_eq!(known, snapshot.file_count() + deletes, "{point}: files without a catalogue entry are left");
        drop(snapshot);

        rig.flush().await.unwrap();
        rig.check();
        rig.fold(&events(5), &[(profile(2), profile(5))]).await;
        rig.flush().await.unwrap();
        rig.restart().await;
        rig.check();
    }
    scenario.teardown();
}

#[tokio::test]
async fn a_crash_in_a_compaction_neither_loses_nor_doubles_a_row() {
    let scenario = FailScenario::setup();
    for point in ["lake_compacted", "lake_commit_midway", "lake_before_commit", "lake_after_commit"] {
        let mut rig = lake_with_files().await;
        fail::cfg(point, "return").unwrap();
        assert!(matches!(rig.lake().compact().await, Err(LakeError::Crash(at)) if at == point));
        fail::remove(point);
        rig.restart().await;
        rig.check();
        rig.lake().compact().await.unwrap();
        rig.check();
        rig.restart().await;
        rig.check();
    }
    scenario.teardown();
}

#[tokio::test]
async fn a_crash_while_channels_are_decided_leaves_the_rest_for_the_next_run() {
    let scenario = FailScenario::setup();
    for point in ["lake_compacted", "lake_commit_midway", "lake_before_commit", "lake_after_commit"] {
        let mut rig = lake_with_files().await;
        rig.rules = rig::own_rules(r#"[{"channel":"forums","conditions":[{"mark":"referrer_host","test":"domain","values":["forum."]}]}]"#);
        // The fifth file is where it happens: some are done, others are not.
        fail::cfg(point, "4*off->return").unwrap();
        assert!(matches!(rig.decide_channels().await, Err(LakeError::Crash(at)) if at == point), "{point}");
        fail::remove(point);
        rig.restart().await;
        assert_eq!(rig.rows().len(), rig.model.len(), "{point}: a row is lost or doubled");
        assert!(0 < rig.decide_channels().await.unwrap().rows_changed, "{point}");
        rig.check();
        rig.restart().await;
        rig.check();
        assert_eq!(rig.decide_channels().await.unwrap().rows_changed, 0);
    }
    scenario.teardown();
}

/// The answer to a commit is lost, and the writer goes on without a restart: it must notice that it went through.
#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_done_twice() {
    let scenario = FailScenario::setup();
    let mut rig = lake_with_files().await;
    rig.fold(&events(4), &[(profile(1), profile(2))]).await;
    fail::cfg("lake_after_commit", "return").unwrap();
    assert!(matches!(rig.flush().await, Err(LakeError::Crash(_))));
    fail::remove("lake_after_commit");
    rig.fold(&events(5), &[(profile(3), profile(2))]).await;
    assert!(matches!(rig.lake().flush().await, Err(LakeError::Overtaken)), "its own commit looks like another program's");
    rig.restart().await;
    rig.flush().await.unwrap();
    rig.check();
    scenario.teardown();
}

/// Profiles are merged and flushed while a compaction is between merging the files and exchanging them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn merges_during_a_compaction_are_deleted_in_its_outcome() {
    let scenario = FailScenario::setup();
    let mut rig = lake_with_files().await;
    rig.fold(&[], &[(profile(30), profile(31))]).await;
    rig.flush().await.unwrap();
    // One merge is applied but not committed when the compaction begins …
    rig.fold(&events(4), &[(profile(1), profile(2)), (profile(32), profile(33))]).await;
    rig.lake().take_in().await.unwrap();
    fail::cfg("lake_compacted", "pause").unwrap();
    let lake = rig.lake().clone();
    let began = std::fs::read_dir(&rig.data_dir).unwrap().count();
    assert_eq!(began, 1);
    let files = files_under(&rig.data_dir).len();
    let compaction = tokio::spawn(async move { lake.compact().await });
    let deadline = Instant::now() + Duration::from_secs(20);
    while files_under(&rig.data_dir).len() == files {
        assert!(Instant::now() < deadline, "the compaction writes nothing");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // … one is committed while it is under way, and one is applied only.
    rig.flush().await.unwrap();
    rig.fold(&events(5), &[(profile(2), profile(3)), (profile(34), profile(35))]).await;
    rig.lake().take_in().await.unwrap();
    rig.check();
    fail::remove("lake_compacted");
    compaction.await.unwrap().unwrap();
    rig.check();
    let flushed = *rig.lake().offset_watch().borrow();
    rig.drop_blocks(flushed).await;
    rig.restart().await;
    rig.flush().await.unwrap();
    rig.check();
    scenario.teardown();
}
