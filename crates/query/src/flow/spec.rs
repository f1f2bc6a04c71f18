//! What a flow report is asked for, and the checks of it.

use forecourt_model::time::{DAY_US, SECOND_US};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    QueryError, dimensions,
    event_filter::EventFilter,
    matched::plan::Wanted,
    period::{Period, length_us},
};

pub const STAGES_MAX: usize = 10;
/// Together with the stages as many as there are bits for what an event matches.
const LOST_MAX: usize = 6;
pub(super) const BY_MAX: usize = 2;
const AGES_MAX: usize = 10;
const PER_CHARS_MAX: usize = 100;
const WITHIN: &str = "30d";
const AGES_DAYS: [i64; 6] = [1, 3, 7, 14, 30, 90];

/// A flow report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    /// 2 to 10, in order. Whoever enters a stage has left all before it, also those that were skipped.
    pub stages: Vec<EventFilter>,
    /// Events after which nobody waits any more, at most 6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<EventFilter>,
    /// A property of the events, such as `lead_id`, each value of which is followed by itself; without it, people are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
    /// How long after a stage the next must be reached to count as reached in time: `30d` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Where the classes of waiting times end, rising, at most 10: 1, 3, 7, 14, 30 and 90 days unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ages: Vec<String>,
    /// First moment at which cases that count enter a stage: a date (its midnight in `tz`) or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First moment that is not looked at any more; whoever waits then still waits. The present unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Columns of [`crate::DIMENSIONS`] whose last known value at a stage makes its groups; at most 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}

/// A spec that was found right.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub stages: Vec<EventFilter>,
    pub lost: Vec<EventFilter>,
    pub per: Option<String>,
    pub within_us: i64,
    /// Rising.
    pub ages_us: Vec<i64>,
    pub period: Period,
    pub by: Vec<String>,
}

impl FlowSpec {
    /// Checks the spec; every refusal says what to write instead.
    pub(crate) fn check(&self, default_zone: &TimeZone) -> Result<Flow, QueryError> {
        if !(2..=STAGES_MAX).contains(&self.stages.len()) {
            return Err(QueryError::Invalid(format!("a flow has 2 to {STAGES_MAX} stages, this one has {}", self.stages.len())));
        }
        if LOST_MAX < self.lost.len() {
            return Err(QueryError::Invalid(format!("`lost` takes at most {LOST_MAX} events, this one has {}", self.lost.len())));
        }
        let stages = self.stages.iter().enumerate().map(|(at, stage)| stage.checked(&format!("stage {}", at + 1)));
        let lost = self.lost.iter().enumerate().map(|(at, lost)| lost.checked(&format!("`lost[{at}]`")));
        Ok(Flow {
            stages: stages.collect::<Result<_, _>>()?,
            lost: lost.collect::<Result<_, _>>()?,
            per: self.checked_per()?,
            within_us: length_us("within", self.within.as_deref().unwrap_or(WITHIN))?,
            ages_us: self.checked_ages()?,
            period: Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?,
            by: dimensions::checked(&self.by, BY_MAX)?,
        })
    }

    fn checked_per(&self) -> Result<Option<String>, QueryError> {
        match self.per.as_deref().map(str::trim) {
            None => Ok(None),
            Some(name) if !name.is_empty() && name.chars().count() <= PER_CHARS_MAX => Ok(Some(name.to_owned())),
            Some(_) => Err(QueryError::Invalid(format!(
                "`per` names a property of the events, such as `lead_id`, in at most {PER_CHARS_MAX} characters; leave it out to follow people"
            ))),
        }
    }

    fn checked_ages(&self) -> Result<Vec<i64>, QueryError> {
        if self.ages.is_empty() {
            return Ok(AGES_DAYS.iter().map(|days| days * DAY_US).collect());
        }
        let ages = self.ages.iter().map(|text| length_us("ages", text)).collect::<Result<Vec<_>, _>>()?;
        if AGES_MAX < ages.len() || !ages.is_sorted_by(|left, right| left < right) {
            return Err(QueryError::Invalid(format!("`ages` are at most {AGES_MAX} lengths of time that rise, such as [\"1d\", \"7d\"]")));
        }
        Ok(ages)
    }
}

impl Flow {
    /// The events that a report looks at: a bit for each stage from 0, then one for each event of `lost`. What happened before the
    /// report's time is looked at too: it tells who has waited since then.
    ///
    /// * `as_of_us`: what happens later is not looked at.
    pub fn wanted(&self, as_of_us: i64) -> Wanted {
        let stages = self.stages.iter().enumerate().map(|(at, stage)| stage.wanted(&format!("stage {}", at + 1)));
        let lost = self.lost.iter().enumerate().map(|(at, lost)| lost.wanted(&format!("`lost[{at}]`")));
        Wanted {
            events: stages.chain(lost).collect(),
            from_us: i64::MIN,
            to_us: self.until_us(as_of_us),
            columns: self.columns(),
            keep_unmatched: false,
        }
    }

    /// The dimensions, then what tells cases apart.
    fn columns(&self) -> Vec<String> {
        self.by.iter().cloned().chain(self.per.as_ref().map(|_| "properties".to_owned())).collect()
    }

    /// The moment at which the report stops looking: who waits then is said to wait until then.
    pub fn until_us(&self, as_of_us: i64) -> i64 {
        self.period.to_us.min(as_of_us.saturating_add(1))
    }

    /// The class of a waiting time: the last has no end.
    pub fn age_class(&self, waited_us: i64) -> usize {
        self.ages_us.partition_point(|end_us| *end_us <= waited_us)
    }

    pub fn ages_s(&self) -> Vec<i64> {
        self.ages_us.iter().map(|us| us / SECOND_US).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_write() {
        let spec = |more: &str| format!(r#"{{"stages":[{{"event":"a"}},{{"event":"b"}}]{more}}}"#);
        let many = |count: usize| vec![r#"{"event":"a"}"#; count].join(",");
        for (json, reason) in [
            (r#"{"stages":[{"event":"a"}]}"#.to_owned(), "a flow has 2 to 10 stages, this one has 1"),
            (format!(r#"{{"stages":[{}]}}"#, many(11)), "a flow has 2 to 10 stages, this one has 11"),
            (r#"{"stages":[{"event":"a"},{"event":""}]}"#.to_owned(), "stage 2 names no event: set its `event`"),
            (spec(&format!(r#","lost":[{}]"#, many(7))), "`lost` takes at most 6 events, this one has 7"),
            (spec(r#","lost":[{"event":""}]"#), "`lost[0]` names no event"),
            (spec(r#","per":" ""#), "`per` names a property of the events, such as `lead_id`"),
            (spec(r#","within":"30""#), "`within` is \"30\": write a number above 0 and a unit"),
            (spec(r#","ages":["7d","1d"]"#), "`ages` are at most 10 lengths of time that rise"),
            (spec(r#","ages":["soon"]"#), "`ages` is \"soon\""),
            (spec(r#","by":["colour"]"#), "`by` names \"colour\": use channel"),
            (spec(r#","by":["region","dealer","model"]"#), "`by` takes at most 2 columns"),
            (spec(r#","from":"2026-01-02","to":"2026-01-02""#), "`from` is not before `to`"),
            (spec(r#","tz":"Mars""#), "`tz` is \"Mars\""),
        ] {
            let read: FlowSpec = serde_json::from_str(&json).expect("the test's own JSON");
            let refusal = read.check(&TimeZone::UTC).expect_err(&json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<FlowSpec>(&spec(r#","steps":[]"#)).is_err());
    }

    #[test]
    fn a_class_ends_before_the_next_begins() {
        let flow: FlowSpec = serde_json::from_str(r#"{"stages":[{"event":"a"},{"event":"b"}],"ages":["1d","2d"]}"#).expect("a spec");
        let flow = flow.check(&TimeZone::UTC).expect("a right spec");
        assert_eq!([0, DAY_US - 1, DAY_US, 2 * DAY_US, i64::MAX].map(|waited_us| flow.age_class(waited_us)), [0, 0, 1, 2, 2]);
    }
}
