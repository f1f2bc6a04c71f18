//! What an experiment's report is asked for, and the checks of it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::statistics::PLANNED_PEOPLE;
use crate::{
    QueryError,
    dimensions::{DIMENSIONS, property},
    event_filter::EventFilter,
    matched::plan::Wanted,
    period::{Period, length_us},
};

const VARIANT: &str = "properties.variant";
const WINDOW: &str = "30d";
const VALUE: &str = "value";
const CONFIDENCE: f64 = 0.95;
/// Variants of an experiment at most: more are somebody's ids.
pub const VARIANTS_MAX: usize = 20;

/// An experiment's report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentSpec {
    /// With it a person is shown a variant, such as `experiment_viewed`; the first of each person in the report's time counts.
    pub exposure: EventFilter,
    /// Where the exposure names the variant: `properties.<name>`, or a column of [`DIMENSIONS`]; `properties.variant` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The variant that others are compared with; unless told, the one called control, original, off or A, else the first by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// What people are meant to do; what they did before they were shown a variant does not count.
    pub goal: EventFilter,
    /// `people` (the default): which share of people did the goal. `events`: how many goals a person. `sum`: how much a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// What is summed: `value` (the default), or a number in `properties.<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum_of: Option<String>,
    /// How long after the first exposure goals count: `30d` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// In which shares people were meant to come to the variants, by variant: `{"control": 9, "new": 1}`. Equal unless told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<String, f64>,
    /// How many people the experiment is planned for, of all variants together: there its intervals are tightest. 10,000 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_people: Option<u64>,
    /// In which share of experiments without a difference none may be told: 0.8 to 0.999, 0.95 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// First moment at which people are shown a variant: a date (its midnight in `tz`) or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First moment at which they no longer are. Goals count later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
}

/// Where a value stands in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Column(String),
    Property(String),
}

impl Place {
    pub fn column(&self) -> &str {
        match self {
            Self::Column(name) => name,
            Self::Property(_) => "properties",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Measure {
    People,
    Events,
    Sum(Place),
}

/// A spec that was found right.
#[derive(Debug, Clone)]
pub(crate) struct Experiment {
    pub exposure: EventFilter,
    pub variant: Place,
    pub control: Option<String>,
    pub goal: EventFilter,
    pub measure: Measure,
    pub window_us: i64,
    pub shares: BTreeMap<String, f64>,
    pub planned_people: u64,
    pub confidence: f64,
    pub period: Period,
}

impl ExperimentSpec {
    /// Checks the spec; every refusal says what to write instead.
    pub(crate) fn check(&self, default_zone: &TimeZone) -> Result<Experiment, QueryError> {
        Ok(Experiment {
            exposure: self.exposure.checked("`exposure`")?,
            variant: variant(self.variant.as_deref().unwrap_or(VARIANT))?,
            control: self.control.clone(),
            goal: self.goal.checked("`goal`")?,
            measure: measure(self.measure.as_deref(), self.sum_of.as_deref())?,
            window_us: length_us("window", self.window.as_deref().unwrap_or(WINDOW))?,
            shares: shares(&self.shares)?,
            planned_people: planned_people(self.planned_people)?,
            confidence: confidence(self.confidence)?,
            period: Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?,
        })
    }
}

/// The bits of what an event matches.
pub(super) const EXPOSED: u16 = 1;
pub(super) const GOAL: u16 = 2;

impl Experiment {
    /// The events that a report looks at.
    ///
    /// * `as_of_us`: what happens later is not looked at.
    pub fn wanted(&self, as_of_us: i64) -> Wanted {
        let mut columns = vec![self.variant.column().to_owned()];
        if let Measure::Sum(place) = &self.measure
            && place.column() != self.variant.column()
        {
            columns.push(place.column().to_owned());
        }
        Wanted {
            events: vec![self.exposure.wanted("`exposure`"), self.goal.wanted("`goal`")],
            from_us: self.period.from_us,
            to_us: self.period.to_us.saturating_add(self.window_us).min(as_of_us.saturating_add(1)),
            columns,
            keep_unmatched: false,
        }
    }
}

fn variant(name: &str) -> Result<Place, QueryError> {
    if DIMENSIONS.contains(&name) {
        return Ok(Place::Column(name.to_owned()));
    }
    property(name).map(|name| Place::Property(name.to_owned())).ok_or_else(|| {
        let columns = DIMENSIONS.join(", ");
        QueryError::Invalid(format!("`variant` is {name:?}: use `properties.` and the name of a property, or {columns}"))
    })
}

fn measure(name: Option<&str>, sum_of: Option<&str>) -> Result<Measure, QueryError> {
    let measure = match name {
        None | Some("people") => Measure::People,
        Some("events") => Measure::Events,
        Some("sum") => Measure::Sum(summed(sum_of.unwrap_or(VALUE))?),
        Some(other) => return Err(QueryError::Invalid(format!("`measure` is {other:?}: use people, events or sum"))),
    };
    if sum_of.is_some() && !matches!(measure, Measure::Sum(_)) {
        return Err(QueryError::invalid("`sum_of` says what is summed: set `measure` to \"sum\", or leave it out"));
    }
    Ok(measure)
}

fn summed(name: &str) -> Result<Place, QueryError> {
    if name == VALUE {
        return Ok(Place::Column(VALUE.to_owned()));
    }
    property(name).map(|name| Place::Property(name.to_owned())).ok_or_else(|| {
        QueryError::Invalid(format!("`sum_of` is {name:?}: use `value`, or `properties.` and the name of a property that is a number"))
    })
}

fn shares(shares: &BTreeMap<String, f64>) -> Result<BTreeMap<String, f64>, QueryError> {
    match shares.iter().find(|(_, share)| !(share.is_finite() && 0.0 < **share)) {
        Some((name, share)) => Err(QueryError::Invalid(format!("`shares` has {share} for {name:?}: use numbers above 0"))),
        None => Ok(shares.clone()),
    }
}

fn planned_people(planned: Option<u64>) -> Result<u64, QueryError> {
    match planned.unwrap_or(PLANNED_PEOPLE) {
        planned if (100..=1_000_000_000).contains(&planned) => Ok(planned),
        planned => Err(QueryError::Invalid(format!("`planned_people` is {planned}: use 100 to 1,000,000,000"))),
    }
}

/// Checks how sure somebody wants to be.
pub(super) fn confidence(share: Option<f64>) -> Result<f64, QueryError> {
    match share.unwrap_or(CONFIDENCE) {
        share if (0.8..=0.999).contains(&share) => Ok(share),
        share => Err(QueryError::Invalid(format!("`confidence` is {share}: use 0.8 to 0.999, such as 0.95"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_write() {
        let spec = |more: &str| format!(r#"{{"exposure":{{"event":"a"}},"goal":{{"event":"b"}}{more}}}"#);
        for (json, reason) in [
            (r#"{"exposure":{"event":""},"goal":{"event":"b"}}"#.to_owned(), "`exposure` names no event: set its `event`"),
            (r#"{"exposure":{"event":"a"},"goal":{"event":""}}"#.to_owned(), "`goal` names no event"),
            (spec(r#","variant":"colour""#), "`variant` is \"colour\": use `properties.`"),
            (spec(r#","variant":"properties.""#), "`variant` is \"properties.\""),
            (spec(r#","measure":"mean""#), "`measure` is \"mean\": use people, events or sum"),
            (spec(r#","measure":"sum","sum_of":"revenue""#), "`sum_of` is \"revenue\": use `value`, or `properties.`"),
            (spec(r#","sum_of":"value""#), "`sum_of` says what is summed: set `measure`"),
            (spec(r#","window":"1y""#), "`window` is \"1y\": write a number above 0 and a unit"),
            (spec(r#","shares":{"a":0}"#), "`shares` has 0 for \"a\": use numbers above 0"),
            (spec(r#","planned_people":7"#), "`planned_people` is 7: use 100 to"),
            (spec(r#","confidence":95"#), "`confidence` is 95: use 0.8 to 0.999"),
            (spec(r#","from":"soon""#), "`from` is \"soon\": write a date"),
        ] {
            let read: ExperimentSpec = serde_json::from_str(&json).expect("the test's own JSON");
            let refusal = read.check(&TimeZone::UTC).expect_err(&json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<ExperimentSpec>(&spec(r#","variants":3"#)).is_err());
    }
}
