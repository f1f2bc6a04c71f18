//! Files are what was written, or they are not read.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use forecourt_lake::{Catalogue, Inspection, LakeError, LakeOptions, ListedFile};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::{
    postgres,
    rig::{HOUR_US, Rig, START_US, Told, options, profile},
};

fn told(number: u64, hour: i64) -> Told {
    Told { profile_id: profile(number), ts_us: START_US + hour * HOUR_US, event: "car_viewed", from: "" }
}

/// A lake with data files and a delete file.
async fn with_deletes(rig: &mut Rig) {
    let day: Vec<Told> = (0..40).map(|number| told(number, number as i64)).collect();
    rig.fold(&day, &[]).await;
    rig.flush().await.unwrap();
    rig.fold(&[told(1, 50)], &[(profile(1), profile(2))]).await;
    rig.flush().await.unwrap();
    rig.check();
}

async fn listed(rig: &Rig) -> Vec<ListedFile> {
    let inspection = Inspection::open(&rig.place, &rig.data_dir).await.unwrap().unwrap();
    let files = inspection.files().await.unwrap();
    inspection.close().await;
    files
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn each_file_is_sealed_with_its_row_on_sqlite() {
    sealed(Rig::on_sqlite().await).await;
}

#[tokio::test]
async fn each_file_is_sealed_with_its_row_on_postgres() {
    sealed(Rig::new(options(), Some(postgres::url().await)).await).await;
}

async fn sealed(mut rig: Rig) {
    with_deletes(&mut rig).await;
    rig.restart().await;
    rig.check();
    let files = listed(&rig).await;
    assert!(files.iter().any(|file| file.path.to_string_lossy().contains("-delete")), "{files:?}");
    for file in &files {
        assert!(file.crc32.is_some(), "{file:?}");
        file.check().unwrap();
    }

    let data = files.iter().find(|file| !file.path.to_string_lossy().contains("-delete")).unwrap();
    // The footer's end, which sent the reader anywhere.
    flip(&data.path, data.bytes as usize - 20);
    let told = data.check().unwrap_err().to_string();
    assert!(told.contains("checksum") && told.contains(&data.path.display().to_string()), "{told}");
    rig.restart().await;
    let snapshot = rig.lake().snapshot().unwrap();
    let damaged: Vec<PathBuf> = (0..16)
        .flat_map(|bucket| snapshot.files_of(bucket).to_vec())
        .filter(|file| matches!(file.seal.check(), Err(LakeError::Damaged { .. })))
        .map(|file| file.path.clone())
        .collect();
    assert_eq!(damaged, std::slice::from_ref(&data.path));
}

#[tokio::test]
async fn a_damaged_file_is_not_compacted_away() {
    let mut rig = Rig::new(LakeOptions { compact_files: 2, ..options() }, None).await;
    rig.fold(&[told(1, 1)], &[]).await;
    rig.flush().await.unwrap();
    rig.fold(&[told(1, 2)], &[]).await;
    rig.flush().await.unwrap();
    let victim = listed(&rig).await.remove(0);
    flip(&victim.path, 9);
    // Written by this process, the files count as seen; the next one looks.
    rig.restart().await;
    let error = rig.lake().compact().await.unwrap_err();
    assert!(matches!(&error, LakeError::Damaged { path, .. } if *path == victim.path), "{error}");
    flip(&victim.path, 9);
    assert_eq!(rig.lake().compact().await.unwrap(), 1, "restored, it goes on without a restart");
    rig.check();
}

#[tokio::test]
async fn files_from_before_there_were_checksums_are_read_as_before() {
    let mut rig = Rig::on_sqlite().await;
    with_deletes(&mut rig).await;
    let Catalogue::Sqlite(path) = &rig.place else { unreachable!("a lake on SQLite") };
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    connection.execute(AssertSqlSafe("DROP TABLE forecourt_checksum")).await.unwrap();
    connection.close().await.unwrap();
    assert!(listed(&rig).await.iter().all(|file| file.crc32.is_none() && file.check().is_ok()));
    rig.restart().await;
    rig.check();
    rig.fold(&[told(7, 60)], &[]).await;
    rig.flush().await.unwrap();
    rig.check();
    assert_eq!(listed(&rig).await.iter().filter(|file| file.crc32.is_some()).count(), 1);
}

#[tokio::test]
async fn what_a_copy_lists_stays_until_it_is_let_go() {
    let keep_nothing = LakeOptions { compact_files: 2, keep_snapshots: Duration::ZERO, keep_files: Duration::ZERO, ..options() };
    let mut rig = Rig::new(keep_nothing, None).await;
    with_deletes(&mut rig).await;
    let (before, reached) = (listed(&rig).await, *rig.lake().offset_watch().borrow());
    let mut hold = rig.lake().hold();
    let copy = rig.data_dir.parent().unwrap().join("copy.sqlite");
    let files = hold.copy_catalogue(&copy).await.unwrap();
    assert!(!files.is_empty() && files.iter().all(|file| before.contains(file)), "{files:?}");

    rig.fold(&(0..40).map(|number| told(number, 90)).collect::<Vec<_>>(), &[]).await;
    rig.lake().flush().await.unwrap();
    assert_eq!(*rig.lake().offset_watch().borrow(), reached, "the fold keeps the blocks that the copy does not reach");
    hold.release_blocks();
    assert!(reached < *rig.lake().offset_watch().borrow());

    assert!(0 < rig.lake().compact().await.unwrap());
    rig.lake().tidy().await.unwrap();
    assert!(files.iter().all(|file| file.check().is_ok()));
    drop(hold);
    rig.lake().tidy().await.unwrap();
    rig.lake().tidy().await.unwrap();
    assert!(files.iter().any(|file| !file.path.exists()));
    rig.check();
}
