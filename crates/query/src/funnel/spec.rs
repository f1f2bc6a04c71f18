//! What a funnel report is asked for, and the checks of it.

use forecourt_model::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::machine::{Modes, STEPS_MAX};
use crate::{QueryError, period::Period};

/// Columns that a report may be broken down by.
pub const DIMENSIONS: [&str; 8] = ["channel", "utm_source", "utm_medium", "campaign", "region", "dealer", "model", "source"];
const BY_MAX: usize = 3;

/// A funnel report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelSpec {
    /// 1 to 12, in order.
    pub steps: Vec<FunnelStep>,
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
    /// Columns of [`DIMENSIONS`] whose value at the first step makes the groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// Reserved: segments are not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// `strict_deduplication`, `strict_order`, `allow_reentry`, `strict_increase`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelStep {
    pub event: String,
    /// A SQL condition on the event's columns.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// A spec that was found right, in the words of the plan.
#[derive(Debug, Clone)]
pub(crate) struct Funnel {
    pub steps: Vec<FunnelStep>,
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
            return Err(QueryError::invalid("`segment` is not supported yet: leave it out"));
        }
        Ok(Funnel {
            steps: self.checked_steps()?,
            window_us: window_us(&self.window)?,
            from_us: period.from_us,
            to_us: period.to_us,
            by: self.checked_by()?,
            modes: self.checked_modes()?,
        })
    }

    fn checked_steps(&self) -> Result<Vec<FunnelStep>, QueryError> {
        if !(1..=STEPS_MAX).contains(&self.steps.len()) {
            return Err(QueryError::Invalid(format!("a funnel has 1 to {STEPS_MAX} steps, this one has {}", self.steps.len())));
        }
        if let Some(at) = self.steps.iter().position(|step| step.event.is_empty()) {
            return Err(QueryError::Invalid(format!("step {} names no event: set its `event`", at + 1)));
        }
        let blank = |condition: &String| condition.trim().is_empty();
        Ok(self.steps.iter().map(|step| FunnelStep { condition: step.condition.clone().filter(|it| !blank(it)), ..step.clone() }).collect())
    }

    fn checked_by(&self) -> Result<Vec<String>, QueryError> {
        if self.by.len() > BY_MAX {
            return Err(QueryError::Invalid(format!("`by` takes at most {BY_MAX} columns, this one has {}", self.by.len())));
        }
        for (at, name) in self.by.iter().enumerate() {
            if !DIMENSIONS.contains(&name.as_str()) {
                return Err(QueryError::Invalid(format!("`by` names {name:?}: use {}", DIMENSIONS.join(", "))));
            }
            if self.by[..at].contains(name) {
                return Err(QueryError::Invalid(format!("`by` names {name:?} twice: name it once")));
            }
        }
        Ok(self.by.clone())
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

/// Reads `30d`: microseconds.
fn window_us(text: &str) -> Result<i64, QueryError> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit_us = match &text[digits..] {
        "s" => SECOND_US,
        "m" => MINUTE_US,
        "h" => HOUR_US,
        "d" => DAY_US,
        "w" => 7 * DAY_US,
        _ => 0,
    };
    text[..digits].parse::<i64>().ok().and_then(|count| count.checked_mul(unit_us)).filter(|us| *us > 0).ok_or_else(|| {
        QueryError::Invalid(format!("`window` is {text:?}: write a number above 0 and a unit of s, m, h, d or w, such as `30d`"))
    })
}

#[cfg(test)]
mod tests {
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
            (r#"{"steps":[{"event":"a"}],"window":"1d","segment":"hot"}"#, "`segment` is not supported yet"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","modes":["strict"]}"#, "use strict_deduplication"),
            (r#"{"steps":[{"event":"a"}],"window":"1d","modes":["allow_reentry"]}"#, "name both"),
        ] {
            let refusal = spec(json).check(&TimeZone::UTC).expect_err(json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<FunnelSpec>(r#"{"steps":[],"window":"1d","stepz":1}"#).is_err());
    }
}
