//! Adds up by variant and day.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rustc_hash::FxHashMap;

use super::{follow::Subject, statistics::Sample};

/// What came of each variant, and who belongs to none.
pub(super) struct Tally {
    zone: TimeZone,
    /// Whoever was shown a variant later may still do the goal.
    open_since_us: i64,
    /// By number.
    pub arms: FxHashMap<u32, Arm>,
    pub mixed: u64,
}

/// A variant, as far as it is counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Arm {
    /// What each day added.
    pub days: BTreeMap<Date, Sample>,
    /// Whose window is still open.
    pub unfinished: u64,
}

impl Tally {
    /// * `open_since_us`: whose window began later, is still open.
    pub fn new(zone: TimeZone, open_since_us: i64) -> Self {
        Self { zone, open_since_us, arms: FxHashMap::default(), mixed: 0 }
    }

    pub fn add(&mut self, subject: &Subject<'_>) {
        if subject.mixed {
            self.mixed += 1;
            return;
        }
        let exposed = self.day(subject.exposed_us);
        let days: Vec<Date> = subject.gains.iter().map(|(ts_us, _)| self.day(*ts_us)).collect();
        let arm = self.arms.entry(subject.variant).or_default();
        arm.unfinished += u64::from(self.open_since_us < subject.exposed_us);
        arm.days.entry(exposed).or_default().people += 1;
        let mut total = 0.0;
        for (day, (_, amount)) in days.into_iter().zip(subject.gains) {
            let day = arm.days.entry(day).or_default();
            let after = total + amount;
            day.sum += amount;
            day.squares += after * after - total * total;
            match (total == 0.0, after == 0.0) {
                (true, false) => day.converted += 1,
                // A refund may take back all that there was.
                (false, true) => day.converted = day.converted.wrapping_sub(1),
                _ => {}
            }
            total = after;
        }
    }

    fn day(&self, ts_us: i64) -> Date {
        Timestamp::from_microsecond(ts_us).map_or(Date::MIN, |moment| moment.to_zoned(self.zone.clone()).date())
    }
}

impl Arm {
    pub fn unite(&mut self, other: Self) {
        self.unfinished += other.unfinished;
        for (day, more) in other.days {
            add(self.days.entry(day).or_default(), &more);
        }
    }

    /// Of all days.
    pub fn whole(&self) -> Sample {
        self.days.values().fold(Sample::default(), |mut whole, day| {
            add(&mut whole, day);
            whole
        })
    }
}

/// Adds what a day added; a day alone may have taken people back, all days together cannot.
pub(super) fn add(held: &mut Sample, more: &Sample) {
    held.people += more.people;
    held.converted = held.converted.wrapping_add(more.converted);
    held.sum += more.sum;
    held.squares += more.squares;
}
