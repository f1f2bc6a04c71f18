//! Every bit flipped and every length cut, on a small log: always seen, never a panic, never wrong data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use forecourt_log::{Log, LogError, Options, Record};

use crate::faulty_disk::{Fault, FaultyDisk};
use crate::{append_text, append_together, cases, dir, entry, noise, read_all, texts};

const RECORDS: u64 = 10;

/// Four segments, ten records; plain and compressed frames.
fn options() -> Options {
    Options { segment_bytes: 1_500, ..Options::default() }
}

struct Sample {
    files: BTreeMap<PathBuf, Vec<u8>>,
    records: Vec<Record>,
}

fn sample(closed: bool) -> Sample {
    let disk = FaultyDisk::default();
    let log = Log::open_on(disk.files(), dir(), options()).unwrap();
    for n in 0..RECORDS {
        let text = if n % 3 == 0 { format!("{n} {}", noise(n, 700).repeat(2)) } else { format!("{n} short") };
        append_together(&log, n as i64, &[vec![entry(text)]]).remove(0).unwrap();
    }
    let records = read_all(&log);
    if !closed {
        disk.fail_call(0, Fault::PowerCut);
    }
    drop(log);
    let files = disk.snapshot();
    assert_eq!((files.len(), records.len() as u64), (4, RECORDS));
    Sample { files, records }
}

/// What a log over damaged files has to say.
struct Outcome {
    found: Vec<Record>,
    end: u64,
    corruptions: usize,
    torn: bool,
}

fn open(files: &BTreeMap<PathBuf, Vec<u8>>, options: Options) -> Outcome {
    let disk = FaultyDisk::with(files);
    let log = Log::open_on(disk.files(), dir(), options).unwrap();
    let outcome =
        Outcome { found: read_all(&log), end: log.end_offset(), corruptions: log.corruption().len(), torn: log.torn_tail().is_some() };
    for range in log.corruption() {
        let lost = |record: &&Record| (range.from_offset..range.to_offset).contains(&record.offset);
        assert_eq!(outcome.found.iter().filter(lost).count(), 0, "what is reported lost is not there: {range:?}");
    }
    // It goes on working, and so after another stop.
    let offset = append_text(&log, "after").unwrap();
    assert_eq!(offset, outcome.end);
    drop(log);
    let log = Log::open_on(disk.files(), dir(), crate::small()).unwrap();
    assert_eq!(texts(&log).last().map(String::as_str), Some("after"));
    outcome
}

fn is_part_of(found: &[Record], all: &[Record]) -> bool {
    found.iter().all(|record| all.get(record.offset as usize) == Some(record))
}

#[test]
fn no_flipped_bit_goes_unseen_in_a_closed_log() {
    let sample = sample(true);
    assert_eq!(open(&sample.files, options()).corruptions, 0);
    let newest = sample.files.keys().last().unwrap();
    for (path, bytes) in &sample.files {
        for at in 0..bytes.len() {
            for bit in 0..cases(1, 8) {
                let mut files = sample.files.clone();
                files.get_mut(path).unwrap()[at] ^= 1 << ((at as u32 + bit) % 8);
                let outcome = open(&files, options());
                assert!(is_part_of(&outcome.found, &sample.records), "{path:?} {at}: wrong data");
                assert_eq!(outcome.end, RECORDS, "{path:?} {at}: offsets are not given out again");
                assert!(RECORDS - 1 <= outcome.found.len() as u64, "{path:?} {at}: one frame lost at most");
                // The frame that closes the log holds nothing and looks torn when it is damaged.
                let closing = path == newest && outcome.torn && outcome.found.len() as u64 == RECORDS;
                assert!(outcome.corruptions == 1 || closing, "{path:?} {at}: unseen");
            }
        }
    }
}

#[test]
fn a_log_cut_at_any_byte_opens_and_says_so() {
    let sample = sample(true);
    let newest = sample.files.keys().last().unwrap();
    for (path, bytes) in &sample.files {
        for length in 0..bytes.len() {
            let mut files = sample.files.clone();
            files.get_mut(path).unwrap().truncate(length);
            let seen = Options { offset_floor: RECORDS, ..options() };
            let outcome = open(&files, seen);
            assert!(is_part_of(&outcome.found, &sample.records), "{path:?} {length}: wrong data");
            assert_eq!(outcome.end, RECORDS, "{path:?} {length}: what readers have seen is not given out again");
            let nothing_lost = path == newest && outcome.found.len() as u64 == RECORDS;
            assert!(outcome.corruptions != 0 || nothing_lost, "{path:?} {length}: unseen");
        }
    }
}

/// Without a word from readers, a cut end cannot be told from a write that a power cut tore.
#[test]
fn a_cut_end_counts_as_torn_where_no_reader_knows_better() {
    let sample = sample(false);
    let (newest, bytes) = sample.files.last_key_value().unwrap();
    for length in 1_025..bytes.len() {
        let mut files = sample.files.clone();
        files.get_mut(newest).unwrap().truncate(length);
        let outcome = open(&files, options());
        assert_eq!(outcome.corruptions, 0);
        assert_eq!(outcome.found.len() as u64, outcome.end);
        assert!(is_part_of(&outcome.found, &sample.records));
    }
}

/// More behind the last good frame than one write can leave is not the work of a power cut.
#[test]
fn several_lost_frames_at_the_end_are_damage_not_a_torn_write() {
    let disk = FaultyDisk::default();
    let log = Log::open_on(disk.files(), dir(), Options::default()).unwrap();
    for n in 0..5 {
        append_text(&log, &n.to_string()).unwrap();
    }
    drop(log);
    let mut files = disk.snapshot();
    let bytes = files.values_mut().next().unwrap();
    // The header of frame 2 stays; its body and all behind are wiped.
    let frame_bytes = (64 + 2 + 2 + 1) as usize;
    bytes[1_024 + 2 * frame_bytes + 64..].fill(0);
    let log = Log::open_on(FaultyDisk::with(&files).files(), dir(), Options::default()).unwrap();
    assert_eq!(texts(&log), ["0", "1"]);
    assert_eq!(log.torn_tail(), None);
    let lost = &log.corruption()[0];
    assert_eq!((lost.from_offset, lost.to_offset), (2, 3), "the damaged header tells of one record at least");
    assert_eq!(append_text(&log, "after").unwrap(), 3);
    assert_eq!(texts(&log), ["0", "1", "after"]);
}

#[test]
fn a_lost_segment_in_the_middle_is_reported_and_passed_over() {
    let mut sample = sample(true);
    let middle = sample.files.keys().nth(1).unwrap().clone();
    sample.files.remove(&middle);
    let outcome = open(&sample.files, options());
    assert_eq!((outcome.corruptions, outcome.end), (1, RECORDS));
    assert!(is_part_of(&outcome.found, &sample.records) && !outcome.found.is_empty());
}

/// A sender's payload that holds a copy of the log must not be taken for frames when the frame around
/// it is damaged.
#[test]
fn a_copy_of_a_frame_inside_a_payload_is_not_a_frame() {
    let disk = FaultyDisk::default();
    let log = Log::open_on(disk.files(), dir(), Options::default()).unwrap();
    append_text(&log, "first").unwrap();
    let copy = disk.snapshot().into_values().next().unwrap()[1_024..].to_vec();
    let payload = forecourt_log::Entry { kind: 1, body: copy.into() };
    append_together(&log, 0, &[vec![payload]]).remove(0).unwrap();
    append_text(&log, "third").unwrap();
    drop(log);
    let mut files = disk.snapshot();
    let bytes = files.values_mut().next().unwrap();
    let second = 1_024 + 64 + 2 + 2 + "first".len();
    bytes[second] ^= 1;
    let log = Log::open_on(FaultyDisk::with(&files).files(), dir(), Options::default()).unwrap();
    assert_eq!(texts(&log), ["first", "third"]);
    assert_eq!(log.corruption().len(), 1);
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let sample = sample(true);
    let mut files = sample.files.clone();
    for copy in files.values_mut().next().unwrap()[..1_024].chunks_mut(512) {
        copy[12] = 2;
        let crc = crc32fast::hash(&copy[12..]);
        copy[8..12].copy_from_slice(&crc.to_le_bytes());
    }
    let disk = FaultyDisk::with(&files);
    let refused = Log::open_on(disk.files(), dir(), options()).unwrap_err();
    assert!(matches!(refused, LogError::Version { version: 2, .. }), "{refused}");
    assert_eq!(disk.snapshot(), files);
}

/// A segment whose making was interrupted says by its name how far the log had come.
#[test]
fn the_name_of_an_unborn_segment_keeps_lost_offsets_from_being_given_out_again() {
    let mut sample = sample(false);
    let [.., before, newest] = &mut sample.files.values_mut().collect::<Vec<_>>()[..] else { panic!("two segments at least") };
    newest.truncate(100);
    before.pop();
    let outcome = open(&sample.files, options());
    assert_eq!((outcome.end, outcome.corruptions), (7, 1));
    assert!(is_part_of(&outcome.found, &sample.records));
}
