//! A person's rows leave files, memory, outside readers and, in the end, the disk.

use std::{collections::BTreeSet, time::Duration};

use forecourt_lake::{Erasing, LakeOptions};
use forecourt_model::FragmentId;

use crate::{
    duckdb,
    rig::{HOUR_US, Rig, START_US, Told, files_under, options, profile},
};

fn told(number: u64, hour: i64) -> Told {
    Told { profile_id: profile(number), ts_us: START_US + hour * HOUR_US, event: "car_viewed", from: "" }
}

/// The fragments of two profiles that were merged, up to an offset.
fn erasing(numbers: &[u64], until: u64) -> Erasing {
    let mut erasing = Erasing::default();
    numbers.iter().for_each(|number| erasing.add(FragmentId(profile(*number)), until));
    erasing
}

#[tokio::test]
async fn a_person_goes_from_files_and_memory_and_what_comes_later_stays() {
    let options = LakeOptions { keep_files: Duration::ZERO, ..options() };
    let mut rig = Rig::new(options, None).await;
    rig.fold(&[told(1_000, 1)], &[]).await;
    rig.flush().await.unwrap();
    rig.fold(&(0..200).map(|number| told(number, number as i64 % 24)).collect::<Vec<_>>(), &[]).await;
    rig.flush().await.unwrap();
    // 7 becomes 8, whose rows in files move: the old file has them as deleted. One more is in memory.
    rig.fold(&[told(8, 5), told(9, 5)], &[(profile(7), profile(8))]).await;
    let until = rig.model.keys().max().unwrap() + 1;
    // They come back.
    rig.fold(&[told(8, 6), told(1_000, 7)], &[]).await;

    let erasing = erasing(&[7, 8, 1_000], until);
    let before = rig.model.len();
    let theirs = [profile(8), profile(1_000)];
    let offsets: BTreeSet<u64> =
        rig.model.iter().filter(|(offset, row)| **offset < until && theirs.contains(&row.profile_id)).map(|(offset, _)| *offset).collect();
    assert_eq!(rig.lake().offsets_of(&erasing).await.unwrap(), offsets);
    let mut steps = Vec::new();
    let gone = rig
        .lake()
        .erase(&erasing, |done, total| {
            steps.push((done, total));
            true
        })
        .await
        .unwrap();
    rig.model.retain(|offset, _| !offsets.contains(offset));
    assert_eq!((gone, before - rig.model.len()), (4, 4));
    assert!(!steps.is_empty() && steps.iter().all(|(done, total)| done <= total));
    rig.check();
    assert_eq!(rig.lake().offsets_of(&erasing).await.unwrap(), BTreeSet::new(), "no listed file holds their bytes");
    assert_eq!(rig.lake().erase(&erasing, |_, _| true).await.unwrap(), 0, "nothing is left to do");

    let listed: BTreeSet<_> =
        (0..16).flat_map(|bucket| rig.lake().snapshot().unwrap().files_of(bucket).to_vec()).map(|file| file.path.clone()).collect();
    let on_disk = |rig: &Rig| {
        files_under(&rig.data_dir).into_iter().filter(|path| path.to_string_lossy().contains("events")).collect::<BTreeSet<_>>()
    };
    assert_ne!(on_disk(&rig), listed, "older snapshots have the old files");
    let forgotten_us = rig.lake().forget_past().await.unwrap();
    assert!(rig.lake().is_past_gone(forgotten_us).await.unwrap());
    assert_eq!(on_disk(&rig), listed, "the old files are gone");
    rig.lake().scrub_catalogue().await.unwrap();

    let counted = duckdb::run(&rig.place, &rig.data_dir, &["SELECT count(*) FROM lake.events"]);
    assert_eq!(counted, [[Some(rig.model.len().to_string())]]);
    rig.restart().await;
    rig.check();
}

#[tokio::test]
async fn old_files_stay_while_an_outside_reader_may_be_at_them() {
    let mut rig = Rig::new(LakeOptions { keep_files: Duration::from_secs(3600), ..options() }, None).await;
    rig.fold(&[told(1, 1), told(2, 1)], &[]).await;
    rig.flush().await.unwrap();
    rig.lake().erase(&erasing(&[1], 2), |_, _| true).await.unwrap();
    let forgotten_us = rig.lake().forget_past().await.unwrap();
    assert!(!rig.lake().is_past_gone(forgotten_us).await.unwrap());
}
