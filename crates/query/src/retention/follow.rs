//! One pass over each profile's events: in which periods it began, and in which it came back.

use arrow::{
    array::{AsArray, RecordBatch},
    datatypes::{Int64Type, TimestampMicrosecondType, UInt16Type},
};

use super::spec::{Entry, Retention};
use crate::{
    QueryError,
    calendar::Calendar,
    dimensions::{Combinations, texts_of},
};

const BEGINS: u16 = 1;
const RETURNS: u16 = 2;

/// A profile in one cohort.
pub(super) struct Member<'a> {
    pub profile_id: i64,
    /// Number of the period in which it began.
    pub cohort: usize,
    /// Of the dimensions as they were when it began.
    pub combination: u32,
    began_us: i64,
    /// Rising; of each period the last moment too.
    returned: &'a [(usize, i64)],
}

impl Member<'_> {
    /// The periods after the cohort's in which the profile came back, rising; 0 is the cohort's own, after the beginning.
    pub fn returned(&self) -> impl Iterator<Item = usize> + '_ {
        let later = self.returned.iter().filter(|(_, last_us)| self.began_us < *last_us);
        later.filter_map(|(period, _)| period.checked_sub(self.cohort))
    }
}

/// Where the pass over a bucket stands: one profile. Its memory is a period each, however many events there are.
pub(super) struct Follow {
    calendar: Calendar,
    entry: Entry,
    from_us: i64,
    to_us: i64,
    dimensions: usize,
    keys: usize,
    pub combinations: Combinations,
    profile_id: i64,
    began_before: bool,
    /// Period, moment and combination, rising.
    began: Vec<(usize, i64, u32)>,
    returned: Vec<(usize, i64)>,
}

impl Follow {
    /// * `keys`: columns of a batch before the dimensions.
    pub fn new(retention: &Retention, calendar: Calendar, keys: usize) -> Self {
        Self {
            calendar,
            entry: retention.entry,
            from_us: retention.period.from_us,
            to_us: retention.period.to_us,
            dimensions: retention.by.len(),
            keys,
            combinations: Combinations::default(),
            profile_id: i64::MIN,
            began_before: false,
            began: Vec::new(),
            returned: Vec::new(),
        }
    }

    /// Takes a batch as [`crate::matched`] gives it; `found` is told of each profile that is over.
    pub fn take(&mut self, batch: &RecordBatch, mut found: impl FnMut(&Member<'_>)) -> Result<(), QueryError> {
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let matched = batch.column(batch.num_columns() - 1).as_primitive::<UInt16Type>().values();
        let dimensions = texts_of(&batch.columns()[self.keys..self.keys + self.dimensions])?;
        for row in 0..batch.num_rows() {
            if profile_ids[row] != self.profile_id {
                self.end(&mut found);
                self.profile_id = profile_ids[row];
            }
            let ts_us = times[row];
            if matched[row] & BEGINS != 0 {
                self.begins(ts_us, |combinations| combinations.of(&dimensions, row));
            }
            if matched[row] & RETURNS != 0 && !self.began.is_empty() {
                self.returns(ts_us);
            }
        }
        Ok(())
    }

    fn begins(&mut self, ts_us: i64, combination: impl FnOnce(&mut Combinations) -> u32) {
        if ts_us < self.from_us {
            self.began_before = true;
            return;
        }
        if self.to_us <= ts_us || (self.entry != Entry::Each && !self.began.is_empty()) {
            return;
        }
        let Some(period) = self.calendar.number(ts_us) else { return };
        if self.began.last().is_none_or(|(last, ..)| *last < period) {
            self.began.push((period, ts_us, combination(&mut self.combinations)));
        }
    }

    fn returns(&mut self, ts_us: i64) {
        let Some(period) = self.calendar.number(ts_us) else { return };
        match self.returned.last_mut() {
            Some((last, last_us)) if *last == period => *last_us = ts_us,
            _ => self.returned.push((period, ts_us)),
        }
    }

    /// Ends the profile that the pass stands at.
    pub fn end(&mut self, found: &mut impl FnMut(&Member<'_>)) {
        if self.entry != Entry::FirstEver || !self.began_before {
            for &(cohort, began_us, combination) in &self.began {
                found(&Member { profile_id: self.profile_id, cohort, combination, began_us, returned: &self.returned });
            }
        }
        self.began_before = false;
        self.began.clear();
        self.returned.clear();
    }
}
