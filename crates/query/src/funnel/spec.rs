//! What a funnel report is asked for, and the checks of it.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::machine::{Exclusion, Modes, STEPS_MAX};
use crate::{
    QueryError,
    calendar::Grain,
    dimensions,
    event_filter::EventFilter,
    period::{Period, length_us},
};

const BY_MAX: usize = 3;
const HOLD_MAX: usize = 3;
/// With twelve steps and the touches they fill the bits of what an event matches.
pub const EXCLUSIONS_MAX: usize = 3;

/// A funnel report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelSpec {
    /// 1 to 12, in order.
    pub steps: Vec<EventFilter>,
    /// From a chain's first step to its last, inclusive: a number and a unit, `30d`, `12h`, `45m`, `90s`, `2w`.
    pub window: String,
    /// First moment that counts: a date (its midnight in `tz`) or a time. Without it, from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First moment that no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// What must not happen in between; at most 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<FunnelExclusion>,
    /// Columns of [`crate::DIMENSIONS`], or properties as `properties.lead_id`, that have one value on all steps of a chain;
    /// an event without it is no step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hold: Vec<String>,
    /// Columns of [`crate::DIMENSIONS`], or properties, whose value makes the groups: at the first step unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// From 1: the step whose value makes the groups; who did not reach it is in the group without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_step: Option<usize>,
    /// `first` or `last`: the person's first event that has the value, up to the first step and also before `from`; or the
    /// last one, up to the deepest step reached. For one column of `by`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_touch: Option<String>,
    /// `day`, `week` or `month`: counts by when the chain began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<String>,
    /// `previous`: the time as long just before `from` is counted too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<String>,
    /// For the server, which cuts the query down to the segment's members: see [`crate::Query::within`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// `strict_deduplication`, `strict_order`, `allow_reentry`, `strict_increase`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<String>,
}

/// What ends a chain: an event later than the chain's step `after` and earlier than its step `before`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelExclusion {
    pub event: String,
    /// A SQL condition on the event's columns.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// From 1; the first step unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<usize>,
    /// From 2; the last step unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<usize>,
}

/// A spec that was found right, in the words of the plan.
#[derive(Debug, Clone)]
pub(crate) struct Funnel {
    pub steps: Vec<EventFilter>,
    pub exclusions: Vec<Excluded>,
    pub window_us: i64,
    /// Holds for every step and every exclusion.
    pub period: Period,
    pub hold: Vec<String>,
    pub by: Vec<String>,
    pub origin: Origin,
    pub modes: Modes,
    pub trend: Option<Grain>,
    /// What `period` is compared with.
    pub previous: Option<Period>,
}

#[derive(Debug, Clone)]
pub(crate) struct Excluded {
    pub event: EventFilter,
    pub between: Exclusion,
}

/// Which event gives a chain the values that it is grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Its event at a step, from 0.
    Step(usize),
    FirstTouch,
    LastTouch,
}

impl Funnel {
    /// Whether events are wanted that only have a value.
    pub fn looks_for_touches(&self) -> bool {
        !self.by.is_empty() && matches!(self.origin, Origin::FirstTouch | Origin::LastTouch)
    }
}

impl FunnelSpec {
    /// Checks the spec; every refusal says what to write instead.
    pub(crate) fn check(&self, default_zone: &TimeZone) -> Result<Funnel, QueryError> {
        let period = Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?;
        if self.segment.is_some() {
            return Err(QueryError::invalid("`segment` is known to the server only: ask it, or leave it out"));
        }
        let steps = self.checked_steps()?;
        Ok(Funnel {
            exclusions: self.checked_exclusions()?,
            window_us: length_us("window", &self.window)?,
            previous: self.checked_compare(&period)?,
            period,
            hold: dimensions::checked_or_properties("hold", &self.hold, HOLD_MAX)?,
            by: dimensions::checked_or_properties("by", &self.by, BY_MAX)?,
            origin: self.checked_origin()?,
            modes: self.checked_modes()?,
            trend: self.checked_trend()?,
            steps,
        })
    }

    fn checked_exclusions(&self) -> Result<Vec<Excluded>, QueryError> {
        if EXCLUSIONS_MAX < self.exclusions.len() {
            return Err(QueryError::Invalid(format!(
                "`exclusions` takes at most {EXCLUSIONS_MAX}, this one has {}",
                self.exclusions.len()
            )));
        }
        let checked = self.exclusions.iter().enumerate().map(|(at, exclusion)| {
            let FunnelExclusion { event, condition, after, before } = exclusion.clone();
            let (after, before) = (after.unwrap_or(1), before.unwrap_or(self.steps.len()));
            if !(1 <= after && after < before && before <= self.steps.len()) {
                return Err(QueryError::Invalid(format!(
                    "exclusion {} is after step {after} and before step {before}: write steps of the funnel, `after` less than `before`",
                    at + 1
                )));
            }
            let event = EventFilter { event, condition }.checked(&format!("exclusion {}", at + 1))?;
            Ok(Excluded { event, between: Exclusion { after: after - 1, before: before - 1 } })
        });
        checked.collect()
    }

    fn checked_origin(&self) -> Result<Origin, QueryError> {
        let origin = match (self.by_step, self.by_touch.as_deref()) {
            (Some(_), Some(_)) => return Err(QueryError::invalid("`by_step` and `by_touch` exclude each other: name one")),
            (None, None) => return Ok(Origin::Step(0)),
            (Some(step), None) if (1..=self.steps.len()).contains(&step) => Origin::Step(step - 1),
            (Some(step), None) => {
                return Err(QueryError::Invalid(format!("`by_step` is {step}: use 1 to {}", self.steps.len())));
            }
            (None, Some("first")) => Origin::FirstTouch,
            (None, Some("last")) => Origin::LastTouch,
            (None, Some(other)) => return Err(QueryError::Invalid(format!("`by_touch` is {other:?}: use first, last, or none"))),
        };
        if self.by.is_empty() {
            return Err(QueryError::invalid("`by_step` and `by_touch` say where the value of `by` is taken: name a column in `by`"));
        }
        if self.by_touch.is_some() && self.by.len() != 1 {
            return Err(QueryError::invalid(
                "`by_touch` takes one column of `by`: name one, for values of several come from several events",
            ));
        }
        Ok(origin)
    }

    fn checked_trend(&self) -> Result<Option<Grain>, QueryError> {
        match self.trend.as_deref() {
            None => Ok(None),
            Some("day") => Ok(Some(Grain::Day)),
            Some("week") => Ok(Some(Grain::Week)),
            Some("month") => Ok(Some(Grain::Month)),
            Some(other) => Err(QueryError::Invalid(format!("`trend` is {other:?}: use day, week, month, or none"))),
        }
    }

    fn checked_compare(&self, period: &Period) -> Result<Option<Period>, QueryError> {
        match self.compare.as_deref() {
            None => Ok(None),
            Some("previous") => period
                .previous()
                .map(Some)
                .ok_or_else(|| QueryError::invalid("`compare` with the time before needs `from` and `to`: set both")),
            Some(other) => Err(QueryError::Invalid(format!("`compare` is {other:?}: use previous, or leave it out"))),
        }
    }

    fn checked_steps(&self) -> Result<Vec<EventFilter>, QueryError> {
        if !(1..=STEPS_MAX).contains(&self.steps.len()) {
            return Err(QueryError::Invalid(format!("a funnel has 1 to {STEPS_MAX} steps, this one has {}", self.steps.len())));
        }
        self.steps.iter().enumerate().map(|(at, step)| step.checked(&format!("step {}", at + 1))).collect()
    }

    fn checked_modes(&self) -> Result<Modes, QueryError> {
        let mut modes = Modes::default();
        for name in &self.modes {
            match name.as_str() {
                "strict_deduplication" => modes.strict_deduplication = true,
                "strict_order" => modes.strict_order = true,
                "allow_reentry" => modes.allow_reentry = true,
                "strict_increase" => modes.strict_increase = true,
                _ => {
                    return Err(QueryError::Invalid(format!(
                        "`modes` names {name:?}: use strict_deduplication, strict_order, allow_reentry, strict_increase, or none"
                    )));
                }
            }
        }
        if modes.allow_reentry && !modes.strict_order {
            return Err(QueryError::invalid("`allow_reentry` loosens `strict_order`: name both, or neither"));
        }
        Ok(modes)
    }
}

#[cfg(test)]
mod tests {
    use forecourt_model::time::DAY_US;

    use super::*;

    fn spec(json: &str) -> FunnelSpec {
        serde_json::from_str(json).expect("the test's own JSON")
    }

    #[test]
    fn dates_are_midnights_in_the_zone() {
        let funnel = spec(
            r#"{"steps":[{"event":"a","where":"  "}],"window":"30d","from":"2026-01-01","to":"2026-04-01T12:00:00Z","tz":"Europe/Kyiv"}"#,
        )
        .check(&TimeZone::UTC)
        .expect("a right spec");
        assert_eq!(funnel.window_us, 30 * DAY_US);
        assert_eq!(forecourt_model::time::iso(funnel.period.from_us), "2025-12-31T22:00:00.000Z");
        assert_eq!(forecourt_model::time::iso(funnel.period.to_us), "2026-04-01T12:00:00.000Z");
        assert_eq!(funnel.steps[0].condition, None);
    }

    #[test]
    fn every_refusal_says_what_to_write() {
        let many = format!(r#"{{"steps":[{}],"window":"1d"}}"#, vec![r#"{"event":"a"}"#; 13].join(","));
        for (json, reason) in [
            (r#"{"steps":[],"window":"1d"}"#, "a funnel has 1 to 12 steps, this one has 0"),
            (many.as_str(), "a funnel has 1 to 12 steps, this one has 13"),
            (r#"{"steps":[{"event":"a"},{"event":""}],"window":"1d"}"#, "step 2 names no event"),
            (r#"{"steps":[{"event":"a"}],"window":"30"}"#, "`window` is \"30\": write a number above 0 and a unit"),
            (r#"{"steps":[{"event":"a"}],"window":"0d"}"#, "`window` is \"0d\""),
            (r#"{"steps":[{"event":"a"}],"window":"99999999999999w"}"#, "`window` is"),
            (r#"{"steps":[{"event":"a"}],"window":"д"}"#, "`window` is"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","from":"soon"}"#, "`from` is \"soon\": write a date"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","to":"2026-02-30"}"#, "`to` is \"2026-02-30\""),
            (r#"{"steps":[{"event":"a"}],"window":"1d","from":"2026-01-02","to":"2026-01-02"}"#, "`from` is not before `to`"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","tz":"Mars/Base"}"#, "which is no time zone"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["colour"]}"#, "`by` names \"colour\": use channel"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["region","region"]}"#, "twice"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["region","dealer","model","source"]}"#, "at most 3"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["properties."]}"#, "or a property such as"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","hold":["colour"]}"#, "`hold` names \"colour\""),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by_step":1}"#, "name a column in `by`"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["model"],"by_step":2}"#, "`by_step` is 2: use 1 to 1"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["model"],"by_step":1,"by_touch":"first"}"#, "exclude each other"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["model"],"by_touch":"middle"}"#, "use first, last"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","by":["model","region"],"by_touch":"last"}"#, "takes one column"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","trend":"year"}"#, "`trend` is \"year\": use day, week, month"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","compare":"previous"}"#, "needs `from` and `to`"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","compare":"x"}"#, "use previous"),
            (r#"{"steps":[{"event":"a"},{"event":"b"}],"window":"1d","exclusions":[{"event":""}]}"#, "exclusion 1 names no event"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","exclusions":[{"event":"x"}]}"#, "after step 1 and before step 1"),
            (
                r#"{"steps":[{"event":"a"},{"event":"b"}],"window":"1d","exclusions":[{"event":"x","after":2}]}"#,
                "after step 2 and before step 2",
            ),
            (r#"{"steps":[{"event":"a"}],"window":"1d","segment":"hot"}"#, "`segment` is known to the server only"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","modes":["strict"]}"#, "use strict_deduplication"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","modes":["allow_reentry"]}"#, "name both"),
        ] {
            let refusal = spec(json).check(&TimeZone::UTC).expect_err(json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<FunnelSpec>(r#"{"steps":[],"window":"1d","stepz":1}"#).is_err());
    }
}
