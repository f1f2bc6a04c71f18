//! From the fold's blocks to rows that a query sees.

use std::time::{Duration, Instant};

use forecourt_lake::LakeOptions;
use tokio::sync::watch;

use crate::rig::{HOUR_US, Rig, START_US, Told, files_under, options, profile};

fn told(number: u64, hour: i64, event: &'static str) -> Told {
    Told { profile_id: profile(number), ts_us: START_US + hour * HOUR_US, event, from: "" }
}

fn day_of(profiles: u64) -> Vec<Told> {
    (0..profiles).flat_map(|number| [told(number, number as i64 % 24, "car_viewed"), told(number, 23, "lead_created")]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_seen_at_once_and_stay_through_flush_and_restart() {
    let mut rig = Rig::on_sqlite().await;
    rig.fold(&day_of(50), &[]).await;
    let (folded, watch_folded) = watch::channel(0);
    let (stop, stopped) = watch::channel(false);
    let writer = tokio::spawn(rig.lake().clone().run(watch_folded, stopped));

    folded.send(101).unwrap();
    until(|| rig.lake().snapshot().unwrap().offset == 101).await;
    rig.check();
    let seen = rig.lake().snapshot().unwrap();
    assert_eq!(seen.file_count(), 0, "fresh rows are in memory");
    assert_eq!(seen.as_of_us, START_US);

    rig.fold(&day_of(10), &[]).await;
    folded.send(122).unwrap();
    until(|| rig.lake().snapshot().unwrap().offset == 122).await;
    rig.check();

    stop.send(true).unwrap();
    writer.await.unwrap().unwrap();
    assert_eq!(*rig.lake().offset_watch().borrow(), 122, "a graceful stop leaves everything in files");
    rig.drop_blocks(122).await;
    rig.restart().await;
    rig.check();
}

#[tokio::test]
async fn a_merge_moves_rows_in_memory_and_in_files_and_merges_chain() {
    let mut rig = Rig::on_sqlite().await;
    rig.fold(&day_of(30), &[]).await;
    rig.flush().await.unwrap();
    // Rows of 1, 2 and 3 are in files, and get company in memory before they become one in two steps.
    rig.fold(&[told(1, 30, "page_viewed"), told(2, 31, "page_viewed")], &[(profile(1), profile(2))]).await;
    rig.fold(&[told(2, 32, "page_viewed")], &[(profile(2), profile(3)), (profile(5), profile(4))]).await;
    rig.flush().await.unwrap();
    rig.check();
    let rows = rig.rows();
    assert_eq!(rows.values().filter(|row| row.profile_id == profile(3)).count(), 9);
    assert_eq!(rows.values().filter(|row| row.profile_id == profile(4)).count(), 4);
    let deleted: u64 =
        (0..16).flat_map(|bucket| rig.lake().snapshot().unwrap().files_of(bucket).to_vec()).map(|file| file.deleted_rows()).sum();
    assert_eq!(deleted, 6, "two rows each of 1, 2 and 5 are deleted where they were");

    rig.restart().await;
    rig.check();
    // A second merge in the same file adds to the deletes.
    rig.fold(&[], &[(profile(3), profile(6))]).await;
    rig.flush().await.unwrap();
    rig.restart().await;
    rig.check();
}

#[tokio::test]
async fn compaction_leaves_few_files_and_the_same_rows_and_old_files_go_when_nobody_reads_them() {
    let options = LakeOptions { compact_files: 4, keep_snapshots: Duration::ZERO, keep_files: Duration::ZERO, ..options() };
    let mut rig = Rig::new(options, None).await;
    for day in 0..4 {
        rig.fold(&day_of(100), &[(profile(200 + day), profile(day))]).await;
        rig.flush().await.unwrap();
    }
    rig.fold(&[], &[(profile(7), profile(8))]).await;
    rig.flush().await.unwrap();
    let before = rig.lake().snapshot().unwrap();
    assert!(64 <= before.file_count());

    assert!(16 <= rig.lake().compact().await.unwrap());
    rig.check();
    let after = rig.lake().snapshot().unwrap();
    assert!(after.file_count() <= 17, "{} files", after.file_count());

    rig.lake().tidy().await.unwrap();
    let on_disk = files_under(&rig.data_dir).len();
    assert!(before.files_of(3).iter().all(|file| file.path.exists()), "a reader still has them");
    drop(before);
    rig.lake().tidy().await.unwrap();
    let data_files = files_under(&rig.data_dir).len();
    assert!(data_files < on_disk);
    assert!(data_files <= after.file_count() + 2, "{data_files} files on disk");
    rig.restart().await;
    rig.check();
}

#[tokio::test]
async fn small_memory_flushes_by_itself_and_long_lags_are_worked_off() {
    let mut rig = Rig::new(LakeOptions { flush_rows: 100, ..options() }, None).await;
    for _ in 0..10 {
        rig.fold(&day_of(40), &[]).await;
    }
    rig.flush().await.unwrap();
    assert_eq!(rig.lake().tail_rows(), 0);
    assert!(16 * 4 < rig.lake().snapshot().unwrap().file_count(), "it was flushed on the way");
    rig.check();
}

#[tokio::test]
async fn blocks_that_are_missing_are_told_not_skipped() {
    let mut rig = Rig::on_sqlite().await;
    rig.fold(&day_of(5), &[]).await;
    rig.drop_blocks(u64::from(u32::MAX)).await;
    rig.fold(&day_of(5), &[]).await;
    let error = rig.flush().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the fold's blocks begin at offset 11, the lake needs them from 0: restore store and lake from one backup"
    );
}

async fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 20 s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
