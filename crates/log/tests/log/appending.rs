//! Appending, reading and trimming on the real disk, with nothing going wrong.

use std::time::Duration;

use forecourt_log::{Entry, Log, LogError, Options};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::faulty_disk::FaultyDisk;
use crate::{append, append_text, append_together, dir, entry, noise, read_all, read_from, runtime, small, texts};

fn log(options: Options) -> (TempDir, Log) {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), options).unwrap();
    (dir, log)
}

#[test]
fn a_new_log_is_empty() {
    let (_dir, log) = log(Options::default());
    assert_eq!((log.first_offset(), log.end_offset()), (0, 0));
    assert_eq!(read_all(&log), []);
}

#[test]
fn entries_of_one_append_are_neighbours_and_survive_a_restart() {
    let (dir, log) = log(Options::default());
    let appends: Vec<Vec<Entry>> = (0..40).map(|n| (0..3).map(|m| entry(format!("{n}.{m}"))).collect()).collect();
    for (n, first) in append_together(&log, 5, &appends).into_iter().enumerate() {
        let found: Vec<_> = read_from(&log, first.unwrap()).into_iter().take(3).map(|record| record.body).collect();
        let asked: Vec<_> = appends[n].iter().map(|entry| entry.body.clone()).collect();
        assert_eq!(found, asked);
    }
    let before = read_all(&log);
    assert_eq!((before.len(), log.end_offset()), (120, 120));
    drop(log);
    let log = Log::open(dir.path(), Options::default()).unwrap();
    assert_eq!(read_all(&log), before);
    assert_eq!(append_text(&log, "next").unwrap(), 120);
}

#[test]
fn log_time_never_goes_back() {
    let (dir, log) = log(Options { segment_bytes: 1, ..Options::default() });
    for at_us in [100, 50, i64::MIN, 200] {
        append(&log, at_us, vec![entry("x")]).unwrap();
    }
    drop(log);
    let log = Log::open(dir.path(), Options::default()).unwrap();
    append(&log, 150, vec![entry("x")]).unwrap();
    append(&log, i64::MAX, vec![entry("x")]).unwrap();
    let times: Vec<i64> = read_all(&log).iter().map(|record| record.at_us).collect();
    assert_eq!(times, [100, 100, 100, 200, 200, i64::MAX]);
}

#[test]
fn log_time_takes_any_number() {
    let (_dir, log) = log(Options::default());
    let both =
        runtime().block_on(async { tokio::join!(log.append(i64::MIN, vec![entry("early")]), log.append(i64::MAX, vec![entry("late")])) });
    both.0.unwrap();
    both.1.unwrap();
    let times: Vec<i64> = read_all(&log).iter().map(|record| record.at_us).collect();
    assert_eq!(times, [i64::MIN, i64::MAX]);
}

#[test]
fn a_reader_crosses_segments_and_starts_anywhere() {
    let (_dir, log) = log(small());
    for n in 0..300 {
        append_text(&log, &format!("{n} {}", "~".repeat(n % 90))).unwrap();
    }
    let all = read_all(&log);
    assert_eq!(all.len(), 300);
    for from in [0, 1, 17, 150, 299, 300] {
        assert_eq!(read_from(&log, from), all[from as usize..]);
    }
    let refused = log.reader(301).err().unwrap();
    assert!(matches!(refused, LogError::BeyondEnd { from: 301, end: 300 }), "{refused}");
}

#[test]
fn a_batch_stops_at_its_limits() {
    let (_dir, log) = log(Options::default());
    append(&log, 0, (0..10).map(|_| entry("x".repeat(100))).collect()).unwrap();
    let mut reader = log.reader(0).unwrap();
    assert_eq!(reader.next_batch(3, usize::MAX).unwrap().len(), 3);
    assert_eq!(reader.next_batch(100, 150).unwrap().len(), 2);
    assert_eq!(reader.next_batch(100, 1).unwrap().len(), 1);
    assert_eq!(reader.offset(), 6);
    assert_eq!(reader.next_batch(100, usize::MAX).unwrap().len(), 4);
    assert_eq!(reader.next_batch(100, usize::MAX).unwrap(), []);
}

#[test]
fn a_reader_waits_for_what_comes() {
    let (_dir, log) = log(Options::default());
    runtime().block_on(async {
        let mut reader = log.reader(0).unwrap();
        let writing = tokio::spawn({
            let log = log.clone();
            async move {
                for n in 0..50 {
                    log.append(n, vec![entry(n.to_string())]).await.unwrap();
                }
            }
        });
        let mut found = vec![];
        while found.len() < 50 {
            let waiting = log.wait_past(reader.offset());
            tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the records come");
            found.extend(reader.next_batch(10, 1_000).unwrap());
        }
        writing.await.unwrap();
        assert_eq!(found, read_all(&log));
    });
}

#[test]
fn trimming_removes_whole_segments_below() {
    let (dir, log) = log(Options { segment_bytes: 1, ..Options::default() });
    for n in 0..10 {
        append_text(&log, &n.to_string()).unwrap();
    }
    let bytes = log.bytes();
    let mut behind = log.reader(0).unwrap();
    assert_eq!(behind.next_batch(1, 1).unwrap().len(), 1);
    log.trim(4).unwrap();
    assert_eq!((log.first_offset(), log.end_offset()), (4, 10));
    assert!(log.bytes() < bytes);
    assert!(matches!(log.reader(3).err(), Some(LogError::Trimmed { from: 3, first: 4 })));
    log.trim(u64::MAX).unwrap();
    assert_eq!((log.first_offset(), texts(&log)), (9, vec!["9".to_string()]), "the newest segment stays");
    drop(log);
    let log = Log::open(dir.path(), Options::default()).unwrap();
    assert_eq!((log.first_offset(), log.end_offset(), log.corruption().len()), (9, 10, 0));
}

#[test]
fn a_reader_that_the_log_was_trimmed_past_is_told_so() {
    let (_dir, log) = log(Options { segment_bytes: 1, ..Options::default() });
    for n in 0..10 {
        append_text(&log, &n.to_string()).unwrap();
    }
    let mut reader = log.reader(0).unwrap();
    assert_eq!(reader.next_batch(1, 1).unwrap().len(), 1);
    log.trim(5).unwrap();
    let told = reader.next_batch(1, 1).unwrap_err();
    assert!(matches!(told, LogError::Trimmed { from: 1, first: 5 }), "{told}");
    assert_eq!(log.corruption(), []);
}

#[test]
fn what_is_too_large_is_refused_and_nothing_else() {
    let options = Options { record_bytes_max: 100, frame_bytes_max: 250, queue_bytes_max: 1_000, ..Options::default() };
    let (_dir, log) = log(options);
    let refused = append(&log, 0, vec![entry("x".repeat(101))]).unwrap_err();
    assert!(matches!(refused, LogError::EntryTooLarge { bytes: 101, limit: 100 }), "{refused}");
    let refused = append(&log, 0, (0..3).map(|_| entry("x".repeat(100))).collect()).unwrap_err();
    assert!(matches!(refused, LogError::BatchTooLarge { limit: 250, .. }), "{refused}");
    append(&log, 0, vec![entry("x".repeat(100)), entry("x".repeat(100))]).unwrap();
    assert_eq!(append(&log, 0, vec![]).unwrap(), 2);
    assert_eq!(log.end_offset(), 2);
}

#[test]
fn more_than_may_wait_is_refused_as_overload() {
    let options = Options { record_bytes_max: 1_000, frame_bytes_max: 2_000, queue_bytes_max: 2_500, ..Options::default() };
    let disk = FaultyDisk::default();
    let log = Log::open_on(disk.files(), dir(), options).unwrap();
    let large = || vec![entry(noise(1, 1_000))];
    runtime().block_on(async {
        let mut answers = JoinSet::new();
        let mut append = async || {
            let log = log.clone();
            answers.spawn(async move { log.append(0, large()).await });
            tokio::task::yield_now().await;
        };
        let held = disk.hold_syncs();
        append().await;
        held.wait_for_one();
        for _ in 0..4 {
            append().await;
        }
        drop(held);
        let answers = answers.join_all().await;
        let overloaded =
            |answer: &&Result<u64, LogError>| matches!(answer, Err(error @ LogError::Overloaded { .. }) if error.is_retryable());
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3, "one at the disk, two in the queue");
        assert_eq!(answers.iter().filter(overloaded).count(), 2);
        assert_eq!(log.append(0, large()).await.unwrap(), 3);
    });
}

#[test]
fn a_second_opener_is_refused() {
    let (dir, log) = log(Options::default());
    let other = log.clone();
    drop(log);
    let refused = Log::open(dir.path(), Options::default()).unwrap_err();
    assert!(matches!(refused, LogError::Locked { .. }), "{refused}");
    drop(other);
    Log::open(dir.path(), Options::default()).unwrap();
}

#[test]
fn an_append_whose_caller_went_away_stays() {
    let (_dir, log) = log(Options { group_wait_us: 20_000, ..Options::default() });
    runtime().block_on(async {
        tokio::select! {
            biased;
            _ = log.append(0, vec![entry("gone")]) => {}
            () = tokio::task::yield_now() => {}
        }
        log.append(0, vec![entry("stayed")]).await.unwrap();
    });
    assert_eq!(texts(&log), ["gone", "stayed"]);
}

#[test]
fn foreign_files_in_the_folder_are_left_alone() {
    let (dir, log) = log(Options::default());
    append_text(&log, "x").unwrap();
    drop(log);
    for name in ["notes.txt", "1.log", "00000000000000000000.log.bak"] {
        std::fs::write(dir.path().join(name), "mine").unwrap();
    }
    let log = Log::open(dir.path(), Options::default()).unwrap();
    assert_eq!(texts(&log), ["x"]);
    assert_eq!(std::fs::read(dir.path().join("1.log")).unwrap(), b"mine");
}

#[test]
fn contradicting_options_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { record_bytes_max: 1 << 20, frame_bytes_max: 1 << 10, ..Options::default() };
    assert!(matches!(Log::open(dir.path(), options), Err(LogError::Options { .. })));
}
