//! What a retention report is asked for, and the checks of it.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{QueryError, calendar::Grain, dimensions, event_filter::EventFilter, matched::plan::Wanted, period::Period};

/// Periods after a cohort's own that a report may follow.
pub const PERIODS_MAX: usize = 60;
const PERIODS: usize = 12;
const BY_MAX: usize = 2;

/// A retention report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSpec {
    /// With it a person begins.
    pub cohort: EventFilter,
    /// With it a person comes back; any such event later than the beginning counts.
    #[serde(rename = "return")]
    pub returning: EventFilter,
    /// `day`, `week` (the default) or `month`, of the calendar in `tz`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grain: Option<String>,
    /// `first` (the default): a person begins once, with the first such event of the report's time. `first_ever`: the same, for
    /// those only who had no such event before. `each`: a person begins anew in every period with such an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// How many periods after their own the cohorts are followed: 1 to 60, 12 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub periods: Option<usize>,
    /// First moment at which people begin: a date (its midnight in `tz`) or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First moment at which people no longer begin. They may come back later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Columns of [`crate::DIMENSIONS`] whose value at the beginning makes the groups; at most 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}

/// When a person begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    First,
    FirstEver,
    Each,
}

/// A spec that was found right.
#[derive(Debug, Clone)]
pub(crate) struct Retention {
    pub cohort: EventFilter,
    pub returning: EventFilter,
    pub grain: Grain,
    pub entry: Entry,
    pub periods: usize,
    pub period: Period,
    pub by: Vec<String>,
}

impl RetentionSpec {
    /// Checks the spec; every refusal says what to write instead.
    pub(crate) fn check(&self, default_zone: &TimeZone) -> Result<Retention, QueryError> {
        let periods = self.periods.unwrap_or(PERIODS);
        if !(1..=PERIODS_MAX).contains(&periods) {
            return Err(QueryError::Invalid(format!("`periods` is {periods}: use 1 to {PERIODS_MAX}")));
        }
        Ok(Retention {
            cohort: self.cohort.checked("`cohort`")?,
            returning: self.returning.checked("`return`")?,
            grain: grain(self.grain.as_deref())?,
            entry: entry(self.entry.as_deref())?,
            periods,
            period: Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?,
            by: dimensions::checked(&self.by, BY_MAX)?,
        })
    }
}

impl Retention {
    /// The events that a report looks at: bit 0 of each says that somebody begins with it, bit 1 that somebody comes back.
    ///
    /// * `as_of_us`: what happens later is not followed.
    pub fn wanted(&self, as_of_us: i64) -> Wanted {
        Wanted {
            events: vec![self.cohort.wanted("`cohort`"), self.returning.wanted("`return`")],
            from_us: if self.entry == Entry::FirstEver { i64::MIN } else { self.period.from_us },
            to_us: as_of_us.saturating_add(1),
            columns: self.by.clone(),
            keep_unmatched: false,
        }
    }
}

fn grain(name: Option<&str>) -> Result<Grain, QueryError> {
    match name {
        Some("day") => Ok(Grain::Day),
        None | Some("week") => Ok(Grain::Week),
        Some("month") => Ok(Grain::Month),
        Some(other) => Err(QueryError::Invalid(format!("`grain` is {other:?}: use day, week or month"))),
    }
}

fn entry(name: Option<&str>) -> Result<Entry, QueryError> {
    match name {
        None | Some("first") => Ok(Entry::First),
        Some("first_ever") => Ok(Entry::FirstEver),
        Some("each") => Ok(Entry::Each),
        Some(other) => Err(QueryError::Invalid(format!("`entry` is {other:?}: use first, first_ever or each"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_write() {
        let spec = |more: &str| format!(r#"{{"cohort":{{"event":"a"}},"return":{{"event":"b"}}{more}}}"#);
        for (json, reason) in [
            (r#"{"cohort":{"event":""},"return":{"event":"b"}}"#.to_owned(), "`cohort` names no event: set its `event`"),
            (r#"{"cohort":{"event":"a"},"return":{"event":""}}"#.to_owned(), "`return` names no event"),
            (spec(r#","grain":"hour""#), "`grain` is \"hour\": use day, week or month"),
            (spec(r#","entry":"last""#), "`entry` is \"last\": use first, first_ever or each"),
            (spec(r#","periods":0"#), "`periods` is 0: use 1 to 60"),
            (spec(r#","periods":61"#), "`periods` is 61"),
            (spec(r#","by":["colour"]"#), "`by` names \"colour\": use channel"),
            (spec(r#","by":["channel","region","model"]"#), "`by` takes at most 2 columns"),
            (spec(r#","from":"soon""#), "`from` is \"soon\": write a date"),
            (spec(r#","tz":"Mars""#), "`tz` is \"Mars\""),
        ] {
            let read: RetentionSpec = serde_json::from_str(&json).expect("the test's own JSON");
            let refusal = read.check(&TimeZone::UTC).expect_err(&json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<RetentionSpec>(&spec(r#","period":3"#)).is_err());
    }
}
