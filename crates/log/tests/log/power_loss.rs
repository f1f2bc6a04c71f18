//! Random histories of appending, trimming, restarting and losing power, against a list of what must be there.

use forecourt_log::{Entry, Log, LogError, Options, Record};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::faulty_disk::{Fault, FaultyDisk};
use crate::{append_together, cases, dir, entry, noise, read_all, read_from};

#[derive(Clone, Debug)]
enum Act {
    /// Appends at once, each of entries of these sizes.
    Append {
        at_us: i64,
        appends: Vec<Vec<usize>>,
    },
    /// Trims at this share (of 255) of the kept records.
    Trim(u8),
    Reopen,
    LosePower {
        seed: u64,
    },
    /// The power fails, and the start after it is struck by a fault and has to be repeated, possibly
    /// after another power loss.
    StruckStart {
        seed: u64,
        ahead: u64,
        fault: Fault,
        again: Option<u64>,
    },
    /// The fault strikes at one of the next calls; where it was not harmless, the process is restarted,
    /// by a power loss if there is a seed.
    Strike {
        ahead: u64,
        fault: Fault,
        at_us: i64,
        appends: Vec<Vec<usize>>,
        seed: Option<u64>,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let at_us = || prop_oneof![8 => 0i64..1_000, 1 => any::<i64>()];
    let appends = || prop::collection::vec(prop::collection::vec(prop_oneof![0usize..200, 0usize..3_000], 1..4), 1..5);
    let fault = prop_oneof![Just(Fault::Error), Just(Fault::Full), Just(Fault::PowerCut)];
    let start = (any::<u64>(), 0u64..40, fault.clone(), prop::option::of(any::<u64>()));
    let strike = (0u64..12, fault, at_us(), appends(), prop::option::of(any::<u64>()));
    prop_oneof![
        6 => (at_us(), appends()).prop_map(|(at_us, appends)| Act::Append { at_us, appends }),
        1 => any::<u8>().prop_map(Act::Trim),
        1 => Just(Act::Reopen),
        2 => any::<u64>().prop_map(|seed| Act::LosePower { seed }),
        1 => start.prop_map(|(seed, ahead, fault, again)| Act::StruckStart { seed, ahead, fault, again }),
        3 => strike.prop_map(|(ahead, fault, at_us, appends, seed)| Act::Strike { ahead, fault, at_us, appends, seed }),
    ]
}

/// The log under test and what it owes us.
struct World {
    disk: FaultyDisk,
    log: Option<Log>,
    options: Options,
    /// All that was acknowledged or once read, by offset: it must stay as it is until trimmed.
    owed: Vec<Record>,
    /// Appends of unknown outcome, in the order of asking: each may turn up whole, once, or not at all.
    open_ended: Vec<(i64, Vec<Entry>)>,
    serial: u64,
}

impl World {
    fn new(segment_bytes: u64, short_writes: bool) -> World {
        let disk = FaultyDisk::default();
        if short_writes {
            disk.write_short();
        }
        let options = Options { segment_bytes, ..Options::default() };
        let mut world = World { disk, log: None, options, owed: vec![], open_ended: vec![], serial: 0 };
        world.open();
        world
    }

    fn log(&self) -> &Log {
        self.log.as_ref().unwrap()
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Append { at_us, appends } => {
                let answers = self.append(*at_us, appends);
                assert!(answers.iter().all(Result::is_ok), "{answers:?}");
            }
            Act::Trim(share) => {
                let (first, end) = (self.log().first_offset(), self.log().end_offset());
                let before = first + (end - first) * u64::from(*share) / 255;
                self.log().trim(before).unwrap();
                assert!(self.log().first_offset() <= before.max(first));
            }
            Act::Reopen => {
                self.log = None;
                self.open();
                assert_eq!(self.log().torn_tail(), None, "a clean stop tears nothing");
            }
            Act::LosePower { seed } => {
                self.lose_power(*seed);
                self.open();
            }
            Act::StruckStart { seed, ahead, fault, again } => {
                self.lose_power(*seed);
                self.disk.fail_call(*ahead, *fault);
                let struck = Log::open_on(self.disk.files(), dir(), self.options.clone());
                if again.is_some() {
                    self.disk.fail_call(0, Fault::PowerCut);
                }
                drop(struck);
                match again {
                    Some(seed) => self.disk.lose_power(*seed),
                    None => self.disk.restart(),
                }
                self.open();
            }
            Act::Strike { ahead, fault, at_us, appends, seed } => self.strike(*ahead, *fault, *at_us, appends, *seed),
        }
    }

    fn lose_power(&mut self, seed: u64) {
        // Nothing is written while closing, as the power is off by then.
        self.disk.fail_call(0, Fault::PowerCut);
        self.log = None;
        self.disk.lose_power(seed);
    }

    fn strike(&mut self, ahead: u64, fault: Fault, at_us: i64, appends: &[Vec<usize>], seed: Option<u64>) {
        self.disk.fail_call(ahead, fault);
        for answer in self.append(at_us, appends) {
            match answer {
                Ok(_) | Err(LogError::Failed { .. } | LogError::Io { .. }) => {}
                Err(LogError::Full) => assert_eq!(fault, Fault::Full),
                Err(other) => panic!("{other}"),
            }
        }
        if fault == Fault::PowerCut || self.log().is_poisoned() || seed.is_some() {
            if seed.is_some() {
                self.disk.fail_call(0, Fault::PowerCut);
            }
            self.log = None;
            match seed {
                Some(seed) => self.disk.lose_power(seed),
                None => self.disk.restart(),
            }
            self.open();
        } else {
            self.disk.recover();
        }
    }

    fn append(&mut self, at_us: i64, sizes: &[Vec<usize>]) -> Vec<Result<u64, LogError>> {
        let appends: Vec<Vec<Entry>> = sizes.iter().map(|sizes| sizes.iter().map(|bytes| self.fresh_entry(*bytes)).collect()).collect();
        let answers = append_together(self.log(), at_us, &appends);
        let mut done: Vec<(u64, &Vec<Entry>)> = vec![];
        for (answer, entries) in answers.iter().zip(&appends) {
            match answer {
                Ok(first) => done.push((*first, entries)),
                // Taken back, or refused before anything was written.
                Err(LogError::Full) => {}
                Err(_) => self.open_ended.push((at_us, entries.clone())),
            }
        }
        done.sort_by_key(|(first, _)| *first);
        for (first, entries) in done {
            assert_eq!(first, self.owed.len() as u64, "offsets follow each other");
            self.owe(at_us, entries);
        }
        answers
    }

    /// Each body is one of a kind, so that a wrong or doubled record cannot pass for another.
    fn fresh_entry(&mut self, bytes: usize) -> Entry {
        self.serial += 1;
        entry(format!("{}:{}", self.serial, noise(self.serial, bytes)))
    }

    fn owe(&mut self, at_us: i64, entries: &[Entry]) {
        let at_us = self.owed.last().map_or(at_us, |last| last.at_us.max(at_us));
        for entry in entries {
            let Entry { kind, body } = entry.clone();
            self.owed.push(Record { offset: self.owed.len() as u64, at_us, kind, body });
        }
    }

    /// Opens the log and checks it through; what was open-ended is settled by what is found now.
    fn open(&mut self) {
        let log = Log::open_on(self.disk.files(), dir(), self.options.clone()).unwrap();
        assert_eq!(log.corruption(), vec![], "losing power damages nothing that was durable");
        let found = read_all(&log);
        let unasked = found.iter().position(|record| self.owed.len() as u64 <= record.offset).unwrap_or(found.len());
        self.settle(&found[unasked..]);
        self.log = Some(log);
        self.check();
    }

    fn settle(&mut self, mut found: &[Record]) {
        for (at_us, entries) in std::mem::take(&mut self.open_ended) {
            if found.first().is_some_and(|record| record.body == entries[0].body) {
                self.owe(at_us, &entries);
                found = &found[entries.len().min(found.len())..];
            }
        }
        assert!(found.is_empty(), "records that nobody appended, or half an append: {found:?}");
    }

    fn check(&self) {
        let log = self.log();
        let first = log.first_offset();
        assert_eq!(log.end_offset(), self.owed.len() as u64);
        assert_same(&read_all(log), &self.owed[first as usize..]);
        let middle = first + (log.end_offset() - first) / 2;
        assert_same(&read_from(log, middle), &self.owed[middle as usize..]);
        assert_eq!(log.corruption(), vec![]);
    }
}

/// Says where two lists part, without printing all of both.
fn assert_same(found: &[Record], owed: &[Record]) {
    for (found, owed) in found.iter().zip(owed) {
        assert_eq!(found, owed);
    }
    assert_eq!(found.len(), owed.len());
}

proptest! {
    #![proptest_config(Config { cases: cases(300, 20_000), failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_was_acknowledged_is_there_once_in_order(
        acts in prop::collection::vec(act(), 1..25),
        segment_bytes in prop_oneof![Just(1u64), 1_024u64..16_384, Just(1 << 20)],
        short_writes in any::<bool>(),
    ) {
        let mut world = World::new(segment_bytes, short_writes);
        for act in &acts {
            world.act(act);
            world.check();
        }
    }
}

/// Every call in the life of a small log, struck by each fault, and then the power fails.
#[test]
fn a_fault_at_every_single_call() {
    let life = |world: &mut World| {
        for n in 0..4 {
            let answers = world.append(n, &[vec![10, 20], vec![2_000]]);
            if answers.iter().any(Result::is_err) {
                return;
            }
        }
        let _ = world.log().trim(4);
    };
    let mut quiet = World::new(2_048, false);
    let opened = quiet.disk.calls();
    life(&mut quiet);
    let calls = quiet.disk.calls() - opened;
    assert!(20 < calls, "the life is long enough to be of interest: {calls} calls");
    for ahead in 0..calls {
        for fault in [Fault::Error, Fault::Full, Fault::PowerCut] {
            for seed in 0..u64::from(cases(4, 200)) {
                let mut world = World::new(2_048, false);
                world.disk.fail_call(ahead, fault);
                life(&mut world);
                world.act(&Act::LosePower { seed });
                world.act(&Act::Append { at_us: 9, appends: vec![vec![5]] });
                world.check();
            }
        }
    }
}

/// The first start is struck at every call; the next one must find a log that works.
#[test]
fn a_start_that_was_struck_can_be_repeated() {
    let disk = FaultyDisk::default();
    drop(Log::open_on(disk.files(), dir(), Options::default()).unwrap());
    for ahead in 0..disk.calls() {
        for fault in [Fault::Error, Fault::Full, Fault::PowerCut] {
            for seed in 0..8 {
                let mut world = World::new(2_048, false);
                world.log = None;
                world.disk = FaultyDisk::default();
                world.disk.fail_call(ahead, fault);
                drop(Log::open_on(world.disk.files(), dir(), world.options.clone()));
                world.disk.lose_power(seed);
                world.open();
                world.act(&Act::Append { at_us: 1, appends: vec![vec![5]] });
            }
        }
    }
}

/// A write that a full disk stopped is taken back before the next one; were it taken back in memory
/// only, a power cut could leave the rests of both.
#[test]
fn a_refused_write_leaves_no_rests_behind_the_next_one() {
    for seed in 0..200 {
        let mut world = World::new(1 << 20, true);
        world.disk.fail_call(5, Fault::Full);
        let refused = world.append(0, &[vec![6_000]]);
        assert!(matches!(refused[..], [Err(LogError::Full)]), "{refused:?}");
        world.disk.fail_call(1, Fault::PowerCut);
        world.append(0, &[vec![300]]);
        world.act(&Act::LosePower { seed });
        world.act(&Act::Append { at_us: 0, appends: vec![vec![5]] });
    }
}
