//! The writer stopped or failed at its named points.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use forecourt_log::{Entry, Log, LogError, Options};

fn append(log: &Log, text: &'static str) -> Result<u64, LogError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(log.append(0, vec![Entry { kind: 1, body: text.into() }]))
}

fn texts(log: &Log) -> Vec<String> {
    let mut reader = log.reader(log.first_offset()).unwrap();
    let records = reader.next_batch(1_000, usize::MAX).unwrap();
    records.iter().map(|record| String::from_utf8_lossy(&record.body).into_owned()).collect()
}

#[test]
fn stopped_at_each_point_the_log_recovers() {
    let scenario = fail::FailScenario::setup();
    for point in ["log::before_write", "log::after_write", "log::after_sync"] {
        for action in ["panic", "return(fault)"] {
            let dir = tempfile::tempdir().unwrap();
            let log = Log::open(dir.path(), Options::default()).unwrap();
            append(&log, "before").unwrap();
            fail::cfg(point, action).unwrap();
            let failed = append(&log, "struck").unwrap_err();
            assert!(matches!(failed, LogError::Failed { .. }), "{point} {action}: {failed}");
            assert!(matches!(append(&log, "more").unwrap_err(), LogError::Failed { .. }));
            fail::remove(point);
            drop(log);
            let log = Log::open(dir.path(), Options::default()).unwrap();
            assert_eq!(append(&log, "after").unwrap(), log.end_offset() - 1);
            let found = texts(&log);
            let (without, with) = (["before", "after"], ["before", "struck", "after"]);
            assert!(found == without || found == with, "{point} {action}: {found:?}");
            assert_eq!(log.corruption(), []);
        }
    }
    scenario.teardown();
}

#[test]
fn a_rewriting_that_is_broken_off_leaves_the_old_segment_or_the_new_one() {
    let scenario = fail::FailScenario::setup();
    for (point, expected) in [("log::before_exchange", ["secret", "kept"]), ("log::after_exchange", ["gone", "kept"])] {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path(), Options::default()).unwrap();
        for text in ["secret", "kept"] {
            append(&log, text).unwrap();
        }
        log.seal();
        append(&log, "newest").unwrap();
        let overwrite = |log: &Log| {
            let gone = || Entry { kind: 6, body: "gone".into() };
            log.overwrite(2, &mut |record| (record.body == "secret").then(gone), &mut |_, _| true)
        };
        fail::cfg(point, "return").unwrap();
        assert!(matches!(overwrite(&log).unwrap_err(), LogError::Io { .. }), "{point}");
        fail::remove(point);
        assert_eq!(texts(&log)[..2], expected, "{point}");
        drop(log);
        let log = Log::open(dir.path(), Options::default()).unwrap();
        assert_eq!(texts(&log)[..2], expected, "{point}");
        overwrite(&log).unwrap();
        assert_eq!(texts(&log), ["gone", "kept", "newest"]);
        assert_eq!(log.corruption(), []);
    }
    scenario.teardown();
}

#[test]
fn a_full_disk_at_each_write_point_leaves_nothing() {
    let scenario = fail::FailScenario::setup();
    for point in ["log::before_write", "log::after_write"] {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path(), Options::default()).unwrap();
        fail::cfg(point, "return(full)").unwrap();
        assert!(matches!(append(&log, "struck").unwrap_err(), LogError::Full));
        fail::remove(point);
        append(&log, "after").unwrap();
        assert_eq!(texts(&log), ["after"], "{point}");
    }
    scenario.teardown();
}

#[test]
fn what_waits_when_the_writer_dies_of_a_defect_is_told_so() {
    let scenario = fail::FailScenario::setup();
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), Options::default()).unwrap();
    let (both_wait, told) = mpsc::channel::<()>();
    let told = Mutex::new(told);
    let die = move || {
        told.lock().unwrap().recv_timeout(Duration::from_secs(60)).expect("both appends are asked for");
        panic!("a defect");
    };
    fail::cfg_callback("log::before_write", die).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let entry = || vec![Entry { kind: 1, body: "x".into() }];
    let answers = runtime.block_on(async {
        let both = async { tokio::join!(log.append(0, entry()), log.append(0, entry()), async { both_wait.send(()).unwrap() }) };
        tokio::time::timeout(Duration::from_secs(60), both).await.expect("both are answered")
    });
    assert!(matches!(answers.0, Err(LogError::Failed { .. })), "{answers:?}");
    assert!(matches!(answers.1, Err(LogError::Failed { .. })), "{answers:?}");
    assert!(log.is_poisoned());
    scenario.teardown();
}
