//! Cases added up by stage and group.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    follow::{Case, Known},
    spec::Flow,
    survival::Wait,
};

/// One stage of one group. Its memory is 8 bytes for each case that entered in the report's time.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Cases that entered in the report's time.
    pub entered: u64,
    /// Of those, how many have moved on.
    pub moved: u64,
    /// Of those, how many were lost and did not move on.
    pub lost: u64,
    /// Of those, how long each waited.
    pub waits: Vec<Wait>,
    /// Cases that are at the stage, whenever they entered it, by class of waiting time.
    pub ages: Vec<u64>,
}

impl Counted {
    pub fn stock(&self) -> u64 {
        self.ages.iter().sum()
    }

    pub fn take_in(&mut self, other: Self) {
        self.entered += other.entered;
        self.moved += other.moved;
        self.lost += other.lost;
        self.waits.extend(other.waits);
        self.ages.resize(self.ages.len().max(other.ages.len()), 0);
        self.ages.iter_mut().zip(other.ages).for_each(|(held, more)| *held += more);
    }
}

/// By group; in each, by stage.
pub(super) struct Tally {
    flow: Arc<Flow>,
    /// The report's end, exclusive: whoever waits then still waits.
    until_us: i64,
    pub groups: FxHashMap<Known, Vec<Counted>>,
}

/// A stage of a case, as a report counts it.
pub(super) struct Stay {
    pub stage: usize,
    pub known: Known,
    /// Whether the stage was entered in the report's time.
    pub entered: bool,
    pub outcome: Outcome,
    /// Until the next stage, or until the report's end.
    pub waited_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Moved,
    Lost,
    Waits,
}

/// The stages that a case went through, in order.
pub(super) fn stays<'a>(flow: &'a Flow, until_us: i64, case: &'a Case<'_>) -> impl Iterator<Item = Stay> + 'a {
    let entries = case.entries;
    entries.iter().enumerate().map(move |(at, entry)| {
        let next = entries.get(at + 1);
        Stay {
            stage: entry.stage,
            known: entry.known,
            entered: flow.period.has(entry.at_us),
            outcome: match next {
                Some(_) => Outcome::Moved,
                None if case.lost => Outcome::Lost,
                None => Outcome::Waits,
            },
            waited_us: next.map_or(until_us - 1, |next| next.at_us) - entry.at_us,
        }
    })
}

impl Tally {
    pub fn new(flow: Arc<Flow>, until_us: i64) -> Self {
        Self { flow, until_us, groups: FxHashMap::default() }
    }

    pub fn add(&mut self, case: &Case<'_>) {
        for stay in stays(&self.flow, self.until_us, case) {
            let stages = self.groups.entry(stay.known).or_insert_with(|| vec![Counted::default(); self.flow.stages.len()]);
            let counted = &mut stages[stay.stage];
            if stay.outcome == Outcome::Waits {
                counted.ages.resize(self.flow.ages_us.len() + 1, 0);
                counted.ages[self.flow.age_class(stay.waited_us)] += 1;
            }
            if stay.entered {
                counted.entered += 1;
                counted.moved += u64::from(stay.outcome == Outcome::Moved);
                counted.lost += u64::from(stay.outcome == Outcome::Lost);
                // Who was lost is never to come: it is as if the wait went on, and the share counts whole cohorts.
                counted.waits.push(if stay.outcome == Outcome::Moved { Wait::over(stay.waited_us) } else { Wait::open(stay.waited_us) });
            }
        }
    }
}
