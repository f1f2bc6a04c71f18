//! What a paths report is asked for, and the checks of it.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    QueryError,
    dimensions::{DIMENSIONS, property},
    event_filter::EventFilter,
    matched::plan::{Wanted, WantedEvent},
    period::{Period, length_us},
};

pub const STEPS_MAX: usize = 10;
const STEPS: usize = 5;
/// As many bits as there are for what an event matches, less those of the anchor and of the goal.
const EVENTS_MAX: usize = 14;
const WITHOUT_MAX: usize = 100;
const TOP_MAX: usize = 30;
const TOP: usize = 8;
const SEQUENCES_MAX: usize = 500;
const SEQUENCES: usize = 50;
const WINDOW: &str = "30d";

/// A paths report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathsSpec {
    /// With it a path begins: the first such event of each person in the report's time. Either this or `end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<EventFilter>,
    /// With it a path ends: the first such event of each person in the report's time. Either this or `start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EventFilter>,
    /// How many steps after `start`, or before `end`, are followed: 1 to 10, 5 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Which events are steps, at most 14; all events unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventFilter>,
    /// Names of events that are no steps, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// What tells steps with one event apart: a column of [`DIMENSIONS`], `page` (the path of the URL) or `properties.<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// How far from the start, or the end, a path may reach, and how long after it the goal counts: `30d` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// How much time may lie between two neighbouring events of a path, such as `30m` for one visit; any unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
    /// Whether equal steps that follow each other are one: true unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse: Option<bool>,
    /// How many different steps each level lists, 1 to 30: 8 unless told. The others are counted together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<usize>,
    /// How many whole sequences are listed, 1 to 500: 50 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequences: Option<usize>,
    /// Who has this event later than the start, or the end, and within `window` of it, has converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<EventFilter>,
    /// First moment at which paths start, or end: a date (its midnight in `tz`) or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First moment at which they no longer do. Steps may lie before `from` and behind `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
}

/// Which way paths are followed from the anchor, their first or last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the start on.
    After,
    /// From the end back.
    Before,
}

/// What tells steps with one event apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Split {
    Column(String),
    Page,
    Property(String),
}

/// A spec that was found right.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    pub anchor: EventFilter,
    pub direction: Direction,
    pub steps: usize,
    /// Empty for all.
    pub events: Vec<EventFilter>,
    pub without: Vec<String>,
    pub split: Option<Split>,
    pub window_us: i64,
    /// Greatest of all without a limit.
    pub gap_us: i64,
    pub collapse: bool,
    pub top: usize,
    pub sequences: usize,
    pub goal: Option<EventFilter>,
    pub period: Period,
}

impl PathsSpec {
    /// Checks the spec; every refusal says what to write instead.
    pub(crate) fn check(&self, default_zone: &TimeZone) -> Result<Paths, QueryError> {
        let (anchor, direction) = self.checked_anchor()?;
        if EVENTS_MAX < self.events.len() {
            return Err(QueryError::Invalid(format!("`events` takes at most {EVENTS_MAX}, this one has {}", self.events.len())));
        }
        if WITHOUT_MAX < self.without.len() {
            return Err(QueryError::Invalid(format!("`without` takes at most {WITHOUT_MAX} names, this one has {}", self.without.len())));
        }
        let events = self.events.iter().enumerate().map(|(at, event)| event.checked(&format!("`events[{at}]`")));
        Ok(Paths {
            anchor,
            direction,
            steps: within("steps", self.steps.unwrap_or(STEPS), STEPS_MAX)?,
            events: events.collect::<Result<_, _>>()?,
            without: self.without.clone(),
            split: self.split.as_deref().map(split).transpose()?,
            window_us: length_us("window", self.window.as_deref().unwrap_or(WINDOW))?,
            gap_us: self.gap.as_deref().map_or(Ok(i64::MAX), |gap| length_us("gap", gap))?,
            collapse: self.collapse.unwrap_or(true),
            top: within("top", self.top.unwrap_or(TOP), TOP_MAX)?,
            sequences: within("sequences", self.sequences.unwrap_or(SEQUENCES), SEQUENCES_MAX)?,
            goal: self.goal.as_ref().map(|goal| goal.checked("`goal`")).transpose()?,
            period: Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?,
        })
    }

    fn checked_anchor(&self) -> Result<(EventFilter, Direction), QueryError> {
        match (&self.start, &self.end) {
            (Some(start), None) => Ok((start.checked("`start`")?, Direction::After)),
            (None, Some(end)) => Ok((end.checked("`end`")?, Direction::Before)),
            _ => Err(QueryError::invalid("a path has a `start` or an `end`: set one of them to an event")),
        }
    }
}

fn within(field: &str, value: usize, max: usize) -> Result<usize, QueryError> {
    if (1..=max).contains(&value) { Ok(value) } else { Err(QueryError::Invalid(format!("`{field}` is {value}: use 1 to {max}"))) }
}

fn split(name: &str) -> Result<Split, QueryError> {
    match property(name) {
        Some(property) => Ok(Split::Property(property.to_owned())),
        None if name == "page" => Ok(Split::Page),
        None if DIMENSIONS.contains(&name) => Ok(Split::Column(name.to_owned())),
        _ => {
            let columns = DIMENSIONS.join(", ");
            Err(QueryError::Invalid(format!("`split` is {name:?}: use {columns}, `page`, or `properties.` and the name of a property")))
        }
    }
}

/// The bits of what an event matches; all others say that it is a step.
pub(super) const ANCHOR: u16 = 1;
pub(super) const GOAL: u16 = 2;

impl Paths {
    /// The events that a report looks at.
    ///
    /// * `as_of_us`: what happens later is not looked at.
    pub fn wanted(&self, as_of_us: i64) -> Wanted {
        let anchor = self.anchor.wanted(if self.direction == Direction::After { "`start`" } else { "`end`" });
        let goal = match &self.goal {
            Some(goal) => goal.wanted("`goal`"),
            None => WantedEvent { event: Some(String::new()), condition: None, called: String::new() },
        };
        Wanted {
            events: [anchor, goal].into_iter().chain(self.step_events()).collect(),
            from_us: if self.direction == Direction::After {
                self.period.from_us
            } else {
                self.period.from_us.saturating_sub(self.window_us)
            },
            to_us: self.period.to_us.saturating_add(self.window_us).min(as_of_us.saturating_add(1)),
            columns: self.columns(),
            keep_unmatched: false,
        }
    }

    fn step_events(&self) -> Vec<WantedEvent> {
        let without = (!self.without.is_empty()).then(|| {
            let names: Vec<String> = self.without.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
            format!("event NOT IN ({})", names.join(", "))
        });
        if self.events.is_empty() {
            return vec![WantedEvent { event: None, condition: without, called: "`without`".to_owned() }];
        }
        let is_step = |event: &&EventFilter| !self.without.contains(&event.event);
        let events = self.events.iter().enumerate().map(|(at, event)| (format!("`events[{at}]`"), event));
        events.filter(|(_, event)| is_step(event)).map(|(called, event)| event.wanted(&called)).collect()
    }

    /// What a step is told by: its event, and what splits events.
    fn columns(&self) -> Vec<String> {
        let split = match &self.split {
            None => None,
            Some(Split::Column(name)) => Some(name.as_str()),
            Some(Split::Page) => Some("url"),
            Some(Split::Property(_)) => Some("properties"),
        };
        ["event"].into_iter().chain(split).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_write() {
        let spec = |more: &str| format!(r#"{{"start":{{"event":"a"}}{more}}}"#);
        let many = vec![r#"{"event":"a"}"#; 15].join(",");
        for (json, reason) in [
            ("{}".to_owned(), "a path has a `start` or an `end`: set one of them"),
            (spec(r#","end":{"event":"b"}"#), "a path has a `start` or an `end`"),
            (r#"{"end":{"event":""}}"#.to_owned(), "`end` names no event: set its `event`"),
            (spec(r#","steps":0"#), "`steps` is 0: use 1 to 10"),
            (spec(r#","steps":11"#), "`steps` is 11"),
            (spec(&format!(r#","events":[{many}]"#)), "`events` takes at most 14, this one has 15"),
            (spec(r#","events":[{"event":""}]"#), "`events[0]` names no event"),
            (spec(r#","split":"colour""#), "`split` is \"colour\": use channel"),
            (spec(r#","split":"properties.""#), "`split` is \"properties.\""),
            (spec(r#","window":"1y""#), "`window` is \"1y\": write a number above 0 and a unit"),
            (spec(r#","gap":"0m""#), "`gap` is \"0m\""),
            (spec(r#","top":31"#), "`top` is 31: use 1 to 30"),
            (spec(r#","sequences":501"#), "`sequences` is 501: use 1 to 500"),
            (spec(r#","goal":{"event":""}"#), "`goal` names no event"),
            (spec(r#","to":"soon""#), "`to` is \"soon\": write a date"),
        ] {
            let read: PathsSpec = serde_json::from_str(&json).expect("the test's own JSON");
            let refusal = read.check(&TimeZone::UTC).expect_err(&json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<PathsSpec>(&spec(r#","step":3"#)).is_err());
    }

    #[test]
    fn a_quote_in_a_name_cannot_end_the_text_that_it_stands_in() {
        let spec = PathsSpec {
            start: Some(EventFilter { event: "a".into(), condition: None }),
            without: vec!["it's".into(), "b".into()],
            ..PathsSpec::default()
        };
        let paths = spec.check(&TimeZone::UTC).expect("a right spec");
        assert_eq!(paths.step_events()[0].condition.as_deref(), Some("event NOT IN ('it''s', 'b')"));
    }
}
