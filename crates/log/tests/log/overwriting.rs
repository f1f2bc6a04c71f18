//! Records overwritten where they stand, on a disk that behaves and on one that does not.

use forecourt_log::{Entry, Log, LogError, Overwritten, Record};

use crate::faulty_disk::{Fault, FaultyDisk};
use crate::{append, dir, entry, noise, read_all, small, text};

const SECRET: &str = "ana@example.com";

fn is_secret(record: &Record) -> bool {
    text(record).contains(SECRET)
}

fn overwrite(log: &Log, before: u64) -> Result<Overwritten, LogError> {
    let tombstone = |record: &Record| is_secret(record).then(|| Entry { kind: 6, body: format!("was {}", record.offset).into() });
    log.overwrite(before, &mut |record| tombstone(record), &mut |_, _| true)
}

/// Forty records over several segments, each fifth of them secret; the newest segment is begun anew behind them.
fn filled(disk: &FaultyDisk) -> Log {
    let log = Log::open_on(disk.files(), dir(), small()).unwrap();
    for n in 0..20 {
        let second = if n % 5 == 0 { format!("{SECRET} {}", noise(n, 100)) } else { noise(n, 300) };
        append(&log, 10 * n as i64, vec![entry(format!("{n} {}", noise(n + 100, 500))), entry(second)]).unwrap();
    }
    log.seal();
    append(&log, 1_000, vec![entry("newest")]).unwrap();
    log
}

fn holds_secret(disk: &FaultyDisk) -> bool {
    let secret = SECRET.as_bytes();
    disk.snapshot().values().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret))
}

/// What must be read from where `before` was: all of it, with tombstones in the place of secrets, as far as `is_done`.
fn check(found: &[Record], before: &[Record], is_done: bool) {
    assert_eq!(found.len(), before.len());
    for (found, before) in found.iter().zip(before) {
        let is_overwritten = found.kind == 6;
        assert_eq!((found.offset, found.at_us), (before.offset, before.at_us));
        assert!(is_secret(before) || !is_overwritten, "{found:?}");
        assert!(is_overwritten || found == before);
        assert!(!is_done || is_overwritten == is_secret(before), "{found:?}");
    }
}

#[test]
fn what_is_overwritten_is_on_no_file_and_everything_else_is_as_it_was() {
    let disk = FaultyDisk::default();
    let log = filled(&disk);
    let before = read_all(&log);
    assert!(holds_secret(&disk));
    let mut slow = log.reader(0).unwrap();
    let mut read = slow.next_batch(3, usize::MAX).unwrap();

    let done = overwrite(&log, 40).unwrap();
    assert_eq!((done.records, done.until), (4, 40));
    assert!(1 < done.segments);
    assert!(!holds_secret(&disk));
    check(&read_all(&log), &before, true);
    // A reader that was under way goes on, in the old file and then in new ones.
    while let batch @ [_, ..] = &slow.next_batch(3, usize::MAX).unwrap()[..] {
        read.extend_from_slice(batch);
    }
    check(&read, &before, false);
    assert_eq!(overwrite(&log, 40).unwrap(), Overwritten { records: 0, segments: 0, until: 40 }, "nothing is left to do");

    append(&log, 2_000, vec![entry("after")]).unwrap();
    drop(log);
    let log = Log::open_on(disk.files(), dir(), small()).unwrap();
    check(&read_all(&log)[..before.len()], &before, true);
    assert_eq!((log.corruption(), log.end_offset()), (vec![], 42));
}

#[test]
fn one_that_is_told_to_stop_says_how_far_it_came() {
    let disk = FaultyDisk::default();
    let log = filled(&disk);
    let done = log.overwrite(40, &mut |_| None, &mut |_, _| false).unwrap();
    assert!(0 < done.until && done.until < 40, "{done:?}");
}

#[test]
fn what_may_still_be_written_to_stays() {
    let disk = FaultyDisk::default();
    let log = Log::open_on(disk.files(), dir(), small()).unwrap();
    append(&log, 0, vec![entry(SECRET)]).unwrap();
    assert_eq!(overwrite(&log, 1).unwrap(), Overwritten::default());
    log.seal();
    append(&log, 0, vec![entry("next")]).unwrap();
    assert_eq!(overwrite(&log, 1).unwrap(), Overwritten { records: 1, segments: 1, until: 1 });
}

#[test]
fn a_fault_at_every_single_call_leaves_each_record_as_it_was_or_overwritten() {
    for fault in [Fault::Error, Fault::Full, Fault::PowerCut] {
        for ahead in 0.. {
            let disk = FaultyDisk::default();
            let log = filled(&disk);
            let before = read_all(&log);
            disk.fail_call(ahead, fault);
            let struck = overwrite(&log, 40).is_err();
            if fault == Fault::PowerCut {
                drop(log);
                disk.lose_power(ahead);
            } else {
                disk.recover();
                check(&read_all(&log), &before, !struck);
                drop(log);
            }
            let log = Log::open_on(disk.files(), dir(), small()).unwrap();
            check(&read_all(&log), &before, !struck);
            overwrite(&log, 40).unwrap();
            check(&read_all(&log), &before, true);
            assert_eq!(log.corruption(), [], "{fault:?} {ahead}");
            drop(log);
            assert!(!holds_secret(&disk), "{fault:?} {ahead}");
            assert!(!disk.snapshot().keys().any(|path| path.to_string_lossy().contains("rewriting")), "{fault:?} {ahead}");
            if !struck {
                break;
            }
        }
    }
}
