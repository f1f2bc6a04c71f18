//! Events that are kept no longer leave files, memory and outside readers alike.

use std::{sync::Arc, time::Duration};

use forecourt_lake::{Expired, ExpiresBefore, LakeOptions};

use crate::{
    duckdb,
    rig::{HOUR_US, Rig, START_US, Told, files_under, options, profile},
};

fn told(number: u64, hour: i64, event: &'static str) -> Told {
    Told { profile_id: profile(number), ts_us: START_US + hour * HOUR_US, event, from: "" }
}

/// Views go after the day's hour 12, everything else stays.
fn views_before(hour: i64) -> ExpiresBefore {
    Arc::new(move |event: &str| (event == "car_viewed").then_some(START_US + hour * HOUR_US))
}

async fn expire(rig: &Rig, hour: i64) -> Expired {
    let mut steps = Vec::new();
    let expired = rig.lake().expire(views_before(hour), START_US + hour * HOUR_US, |done, total| steps.push((done, total))).await;
    assert!(steps.iter().all(|(done, total)| done <= total) && steps.last().is_none_or(|(done, total)| done == total), "{steps:?}");
    expired.unwrap()
}

fn forget(rig: &mut Rig, hour: i64) -> u64 {
    let before = rig.model.len();
    rig.model.retain(|_, row| row.event != "car_viewed" || START_US + hour * HOUR_US <= row.ts_us);
    (before - rig.model.len()) as u64
}

#[tokio::test]
async fn old_events_of_a_name_go_and_all_others_stay() {
    let options = LakeOptions { keep_snapshots: Duration::ZERO, keep_files: Duration::ZERO, ..options() };
    let mut rig = Rig::new(options, None).await;
    // A profile whose views are all it has, in a file of its own: that file goes as a whole.
    rig.fold(&[told(1_000, 1, "car_viewed"), told(1_000, 2, "car_viewed")], &[]).await;
    rig.flush().await.unwrap();
    let both = |number: u64| [told(number, number as i64 % 24, "car_viewed"), told(number, number as i64 % 24, "lead_created")];
    rig.fold(&(0..200).flat_map(both).collect::<Vec<_>>(), &[]).await;
    rig.flush().await.unwrap();
    // One still in memory, and one that was merged into another profile.
    rig.fold(&[told(3, 5, "car_viewed"), told(4, 23, "car_viewed")], &[(profile(7), profile(8))]).await;

    let gone = forget(&mut rig, 12);
    let expired = expire(&rig, 12).await;
    assert_eq!(expired.rows, gone);
    assert!(1 <= expired.whole_files && 1 <= expired.rewritten_files, "{expired:?}");
    rig.check();
    assert_eq!(expire(&rig, 12).await, Expired::default(), "a second run finds nothing");

    // The bytes are gone too, once no snapshot has the old files.
    rig.lake().tidy().await.unwrap();
    rig.lake().tidy().await.unwrap();
    let listed: u64 = (0..16).map(|bucket| rig.lake().snapshot().unwrap().files_of(bucket).len() as u64).sum();
    let on_disk = files_under(&rig.data_dir).iter().filter(|path| path.to_string_lossy().contains("events")).count() as u64;
    assert_eq!(on_disk, listed, "files with old rows stay on disk");

    let kept = duckdb::run(&rig.place, &rig.data_dir, &["SELECT count(*), count(*) FILTER (WHERE event = 'car_viewed') FROM lake.events"]);
    let views = rig.model.values().filter(|row| row.event == "car_viewed").count();
    assert_eq!(kept, [[Some(rig.model.len().to_string()), Some(views.to_string())]]);

    rig.restart().await;
    rig.check();
}
