//! What a funnel report is asked for, and the checks of it.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::machine::{Modes, STEPS_MAX};
use crate::{
    QueryError, dimensions,
    event_filter::EventFilter,
    period::{Period, length_us},
};

const BY_MAX: usize = 3;

/// A funnel report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Columns of [`crate::DIMENSIONS`] whose value at the first step makes the groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// For the server, which cuts the query down to the segment's members: see [`crate::Query::within`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// `strict_deduplication`, `strict_order`, `allow_reentry`, `strict_increase`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<String>,
}

/// A spec that was found right, in the words of the plan.
#[derive(Debug, Clone)]
pub(crate) struct Funnel {
    pub steps: Vec<EventFilter>,
    pub window_us: i64,
    /// `from_us ≤ ts < to_us` holds for every event.
    pub from_us: i64,
    pub to_us: i64,
    pub by: Vec<String>,
    pub modes: Modes,
}

impl FunnelSpec {
    /// Checks the spec; every refusal says what to write instead.
    pub(crate) fn check(&self, default_zone: &TimeZone) -> Result<Funnel, QueryError> {
        let period = Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?;
        if self.segment.is_some() {
            return Err(QueryError::invalid("`segment` is known to the server only: ask it, or leave it out"));
        }
        Ok(Funnel {
            steps: self.checked_steps()?,
            window_us: length_us("window", &self.window)?,
            from_us: period.from_us,
            to_us: period.to_us,
            by: dimensions::checked(&self.by, BY_MAX)?,
            modes: self.checked_modes()?,
        })
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
        assert_eq!(forecourt_model::time::iso(funnel.from_us), "2025-12-31T22:00:00.000Z");
        assert_eq!(forecourt_model::time::iso(funnel.to_us), "2026-04-01T12:00:00.000Z");
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
