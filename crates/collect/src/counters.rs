//! How many items each source brought in, by minute, for a day: the health that people watch.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use forecourt_model::time::MINUTE_US;

const MINUTES: i64 = 24 * 60;

/// Counts since the start of the process, kept for the last 24 hours.
#[derive(Debug, Default)]
pub struct Counters {
    sources: Mutex<BTreeMap<String, Ring>>,
}

/// One minute's items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minute {
    /// Microseconds since 1970 UTC.
    pub at_us: i64,
    pub accepted: u64,
    pub refused: u64,
}

/// What one source brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCounts {
    /// When the last accepted item came.
    pub last_accepted_us: Option<i64>,
    pub accepted_24h: u64,
    pub refused_24h: u64,
    /// The last 60 minutes, oldest first, the running one last.
    pub last_hour: Vec<Minute>,
}

/// A day's minutes in a circle; a slot belongs to the minute that it names.
#[derive(Debug)]
struct Ring {
    last_accepted_us: Option<i64>,
    minutes: Vec<Minute>,
}

impl Counters {
    /// Counts items of `source` that were settled at `at_us`.
    pub fn add(&self, source: &str, at_us: i64, accepted: u64, refused: u64) {
        let mut sources = self.lock();
        match sources.get_mut(source) {
            Some(ring) => ring.add(at_us, accepted, refused),
            None => {
                let mut ring = Ring::new();
                ring.add(at_us, accepted, refused);
                sources.insert(source.to_owned(), ring);
            }
        }
    }

    /// Every source that brought something in, by its id, as of `now_us`.
    pub fn by_source(&self, now_us: i64) -> BTreeMap<String, SourceCounts> {
        self.lock().iter().map(|(source, ring)| (source.clone(), ring.counts(now_us))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Ring>> {
        // The counts are whole after every statement, so a thread that died with the lock broke nothing.
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn new() -> Self {
        Self { last_accepted_us: None, minutes: vec![Minute::default(); MINUTES as usize] }
    }

    fn add(&mut self, at_us: i64, accepted: u64, refused: u64) {
        let minute = at_us.div_euclid(MINUTE_US);
        let slot = &mut self.minutes[minute.rem_euclid(MINUTES) as usize];
        if slot.at_us != minute * MINUTE_US {
            *slot = Minute { at_us: minute * MINUTE_US, ..Minute::default() };
        }
        slot.accepted += accepted;
        slot.refused += refused;
        if 0 < accepted {
            self.last_accepted_us = self.last_accepted_us.max(Some(at_us));
        }
    }

    fn counts(&self, now_us: i64) -> SourceCounts {
        let now = now_us.div_euclid(MINUTE_US);
        let kept = |minute: i64| {
            let slot = self.minutes[minute.rem_euclid(MINUTES) as usize];
            if slot.at_us == minute * MINUTE_US { slot } else { Minute { at_us: minute * MINUTE_US, ..Minute::default() } }
        };
        let day = || (now - MINUTES + 1..=now).map(kept);
        SourceCounts {
            last_accepted_us: self.last_accepted_us,
            accepted_24h: day().map(|minute| minute.accepted).sum(),
            refused_24h: day().map(|minute| minute.refused).sum(),
            last_hour: (now - 59..=now).map(kept).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use forecourt_model::time::{DAY_US, HOUR_US};

    use super::*;

    #[test]
    fn a_day_is_kept_and_older_minutes_make_room() {
        let counters = Counters::default();
        let now = 20_000 * DAY_US;
        counters.add("site", now, 3, 1);
        counters.add("site", now + MINUTE_US, 2, 0);
        counters.add("crm", now, 0, 5);

        let soon = counters.by_source(now + MINUTE_US);
        let site = &soon["site"];
        assert_eq!((site.accepted_24h, site.refused_24h, site.last_accepted_us), (5, 1, Some(now + MINUTE_US)));
        let last: Vec<u64> = site.last_hour[58..].iter().map(|minute| minute.accepted).collect();
        assert_eq!((site.last_hour.len(), last), (60, vec![3, 2]));
        assert_eq!((soon["crm"].refused_24h, soon["crm"].last_accepted_us), (5, None));

        let later = &counters.by_source(now + 2 * HOUR_US)["site"];
        assert_eq!((later.accepted_24h, later.last_hour.iter().map(|minute| minute.accepted).sum::<u64>()), (5, 0));
        assert_eq!(counters.by_source(now + DAY_US)["site"].accepted_24h, 2);
        counters.add("site", now + DAY_US, 7, 0);
        assert_eq!(counters.by_source(now + DAY_US)["site"].accepted_24h, 9);
    }
}
