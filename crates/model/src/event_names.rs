//! Which event names a day is counted by: as many as people use, not as many as somebody invents.

use std::collections::{BTreeMap, HashSet};

/// Names that one day is counted by; what comes later with yet another name is counted as [`EventNames::OTHER`].
pub const NAMES_A_DAY_MAX: usize = 5_000;
/// Names held in memory over all days; above it they are read again.
const NAMES_HELD_MAX: usize = 200_000;

/// The names of the days that were looked at. The first [`NAMES_A_DAY_MAX`] names of a day in the order of the log are
/// counted by themselves, so a replay counts the same.
#[derive(Debug, Clone, Default)]
pub struct EventNames {
    days: BTreeMap<i32, HashSet<String>>,
}

impl EventNames {
    /// What all further names of a day are counted as.
    pub const OTHER: &'static str = "(other)";

    pub fn knows(&self, day: i32) -> bool {
        self.days.contains_key(&day)
    }

    /// Begins a day without a name.
    pub fn begin(&mut self, day: i32) {
        self.days.entry(day).or_default();
    }

    /// Adds a name that the day has been counted by before.
    pub fn add(&mut self, day: i32, name: &str) {
        if name != Self::OTHER {
            self.days.entry(day).or_default().insert(name.to_owned());
        }
    }

    /// The name to count an event of this day by.
    pub fn counted_as<'a>(&mut self, day: i32, name: &'a str) -> &'a str {
        let names = self.days.entry(day).or_default();
        if names.contains(name) {
            return name;
        }
        if name == Self::OTHER || NAMES_A_DAY_MAX <= names.len() {
            return Self::OTHER;
        }
        names.insert(name.to_owned());
        name
    }

    /// Forgets all when it has become too much; what is needed is read again.
    pub fn keep_small(&mut self) {
        if NAMES_HELD_MAX < self.days.values().map(HashSet::len).sum() {
            self.days.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_is_counted_as_one() {
        let mut names = EventNames::default();
        for number in 0..NAMES_A_DAY_MAX {
            assert_eq!(names.counted_as(1, &format!("event {number}")), format!("event {number}"));
        }
        assert_eq!(names.counted_as(1, "one more"), "(other)");
        assert_eq!(names.counted_as(1, "event 7"), "event 7");
        assert_eq!(names.counted_as(2, "one more"), "one more");
    }

    #[test]
    fn what_was_read_back_counts_as_what_was_counted() {
        let mut names = EventNames::default();
        names.begin(1);
        names.add(1, "(other)");
        (1..NAMES_A_DAY_MAX).for_each(|number| names.add(1, &number.to_string()));
        assert_eq!(names.counted_as(1, "(other)"), "(other)");
        assert_eq!(names.counted_as(1, "the last"), "the last");
        assert_eq!(names.counted_as(1, "too late"), "(other)");
    }
}
