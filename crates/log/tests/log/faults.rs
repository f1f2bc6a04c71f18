//! A full disk passes by itself; a disk that fails to sync does not.

use forecourt_log::{Log, LogError, Options};
use tokio::task::JoinSet;

use crate::faulty_disk::{Fault, FaultyDisk};
use crate::{append, append_text, dir, entry, noise, runtime, small, texts};

fn open(disk: &FaultyDisk, options: Options) -> Log {
    Log::open_on(disk.files(), dir(), options).unwrap()
}

/// Appends once with the `n`-th call of the kind `what` struck by `fault`.
fn append_struck(disk: &FaultyDisk, log: &Log, what: &str, fault: Fault) -> LogError {
    let before = disk.asked().len();
    append_text(log, "before").unwrap();
    let ahead = disk.asked()[before..].iter().position(|asked| asked == what).unwrap();
    disk.fail_call(ahead as u64, fault);
    append_text(log, "struck").unwrap_err()
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_space_returns() {
    let disk = FaultyDisk::default();
    let log = open(&disk, Options::default());
    append_text(&log, "before").unwrap();
    let bytes = log.bytes();
    disk.limit_space(Some(bytes as usize + 100));
    for _ in 0..3 {
        let refused = append(&log, 0, vec![entry(noise(1, 400))]).unwrap_err();
        assert!(matches!(refused, LogError::Full) && refused.is_retryable(), "{refused}");
        assert_eq!((log.bytes(), log.end_offset(), log.is_poisoned()), (bytes, 1, false));
    }
    append_text(&log, "fits").unwrap();
    disk.limit_space(None);
    append_text(&log, "after").unwrap();
    assert_eq!(texts(&log), ["before", "fits", "after"]);
    drop(log);
    let log = open(&disk, Options::default());
    assert_eq!((texts(&log).len(), log.torn_tail(), log.corruption().len()), (3, None, 0));
}

#[test]
fn a_disk_too_full_for_the_next_segment_refuses_and_goes_on_when_space_returns() {
    let disk = FaultyDisk::default();
    let log = open(&disk, Options { segment_bytes: 1, ..Options::default() });
    append_text(&log, "0").unwrap();
    disk.limit_space(Some(log.bytes() as usize + 600));
    for _ in 0..3 {
        assert!(matches!(append_text(&log, "no").unwrap_err(), LogError::Full));
    }
    disk.limit_space(None);
    append_text(&log, "1").unwrap();
    drop(log);
    let log = open(&disk, Options::default());
    assert_eq!((texts(&log), log.corruption().len()), (vec!["0".to_string(), "1".into()], 0));
}

#[test]
fn a_log_on_a_full_disk_opens() {
    let disk = FaultyDisk::default();
    drop(open(&disk, Options::default()));
    let log = open(&disk, Options::default());
    append_text(&log, "kept").unwrap();
    drop(log);
    disk.limit_space(Some(0));
    let log = open(&disk, Options::default());
    assert_eq!(texts(&log), ["kept"]);
    assert!(matches!(append_text(&log, "no").unwrap_err(), LogError::Full));
}

#[test]
fn after_a_failed_sync_nothing_is_accepted_and_no_sync_is_tried_again() {
    let disk = FaultyDisk::default();
    let log = open(&disk, Options::default());
    let failed = append_struck(&disk, &log, "sync", Fault::Error);
    assert!(matches!(failed, LogError::Failed { .. }) && !failed.is_retryable(), "{failed}");
    assert!(log.is_poisoned());
    let asked = disk.asked().len();
    assert!(matches!(append_text(&log, "more").unwrap_err(), LogError::Failed { .. }));
    assert_eq!(texts(&log), ["before"], "what was acknowledged can still be read");
    drop(log);
    let since = &disk.asked()[asked..];
    assert!(!since.iter().any(|asked| asked == "sync" || asked == "write"), "{since:?}");
}

/// The system counts the pages of a failed sync as clean: taking them for durable at the next start,
/// because they can be read, would lose them at the power cut after.
#[test]
fn what_a_failed_sync_left_readable_is_durable_before_it_is_read() {
    let disk = FaultyDisk::default();
    let log = open(&disk, Options::default());
    append_struck(&disk, &log, "sync", Fault::Error);
    drop(log);
    disk.restart();
    let log = open(&disk, Options::default());
    assert_eq!(texts(&log), ["before", "struck"]);
    append_text(&log, "after").unwrap();
    disk.fail_call(0, Fault::PowerCut);
    drop(log);
    disk.lose_power(1);
    let log = open(&disk, Options::default());
    assert_eq!((texts(&log), log.corruption()), (["before", "struck", "after"].map(String::from).to_vec(), vec![]));
}

#[test]
fn a_failed_write_is_taken_back_and_stops_the_log() {
    let disk = FaultyDisk::default();
    let log = open(&disk, Options::default());
    assert!(matches!(append_struck(&disk, &log, "write", Fault::Error), LogError::Failed { .. }));
    drop(log);
    disk.restart();
    let log = open(&disk, Options::default());
    assert_eq!((texts(&log), log.torn_tail()), (vec!["before".to_string()], None));
}

#[test]
fn what_cannot_be_taken_back_stops_the_log() {
    let disk = FaultyDisk::default();
    let log = open(&disk, Options::default());
    append_text(&log, "before").unwrap();
    // Not even a part of the write fits, then the call that takes it back fails.
    disk.limit_space(Some(log.bytes() as usize));
    disk.fail_call(1, Fault::Error);
    assert!(matches!(append_text(&log, "struck").unwrap_err(), LogError::Failed { .. }));
    assert!(log.is_poisoned());
}

#[test]
fn a_segment_that_cannot_be_made_for_another_reason_is_tried_again() {
    let disk = FaultyDisk::default();
    let log = open(&disk, small());
    append(&log, 0, (0..300).map(|n| entry(format!("{n:030}"))).collect()).unwrap();
    append(&log, 0, (0..300).map(|n| entry(format!("{n:030}"))).collect()).unwrap();
    while log.bytes() < small().segment_bytes {
        append_text(&log, "more").unwrap();
    }
    let asked = disk.asked().len();
    disk.fail_call(0, Fault::Error);
    let refused = append_text(&log, "refused").unwrap_err();
    assert_eq!(disk.asked()[asked..], ["create"]);
    assert!(matches!(refused, LogError::Io { .. }) && refused.is_retryable() && !log.is_poisoned(), "{refused}");
    append_text(&log, "accepted").unwrap();
    assert_eq!(texts(&log).last().unwrap(), "accepted");
}

#[test]
fn what_waits_behind_a_failed_sync_is_refused_too() {
    let disk = FaultyDisk::default();
    let log = open(&disk, Options::default());
    runtime().block_on(async {
        let mut answers = JoinSet::new();
        let mut append = async || {
            let log = log.clone();
            answers.spawn(async move { log.append(0, vec![entry("x")]).await });
            tokio::task::yield_now().await;
        };
        let held = disk.hold_syncs();
        disk.fail_call(1, Fault::Error);
        append().await;
        held.wait_for_one();
        append().await;
        drop(held);
        for answer in answers.join_all().await {
            assert!(matches!(answer, Err(LogError::Failed { .. })), "{answer:?}");
        }
    });
    assert_eq!(texts(&log), Vec::<String>::new());
}
