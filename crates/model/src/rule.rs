//! Rules: who belongs to a segment, as a marketer says it.
//!
//! A rule is decided for one person from what is remembered of them; see [`decide`](crate::rule::decide). Windows move over whole hours, or over whole minutes
//! where they are at most two days long: "in the last 30 days" begins at a full hour.

pub mod decide;
mod span;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    measure::{Filter, Grain, MeasureSpec, Of, Test, check_field},
    message::MessageChannel,
};

pub use decide::{Decider, Decision, Part, Person, decide};
pub use span::Span;

/// How deep rules may sit in each other.
pub const DEPTH_MAX: usize = 12;
/// Conditions of one rule.
pub const CONDITIONS_MAX: usize = 100;

/// A condition, or conditions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "if", rename_all = "snake_case")]
pub enum Rule {
    /// All of them hold; so does none.
    All {
        rules: Vec<Rule>,
    },
    /// At least one holds.
    Any {
        rules: Vec<Rule>,
    },
    Not {
        rule: Box<Rule>,
    },
    /// What was said of messages for a purpose: see [`crate::consent`].
    Consent {
        purpose: String,
        /// Absent for what was said of all message channels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_channel: Option<MessageChannel>,
        /// The brand or dealer; empty for the installation's own.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        controller: String,
        is: ConsentIs,
    },
    /// What is known of the person by name: `city`, `vip`, …
    Trait {
        name: String,
        is: Test,
    },
    /// A trait that is a date, in whole days from today: 30 days before delivery is `from_days` 0, `to_days` 30.
    Date {
        name: String,
        /// The date is at least so many days ahead; below 0 for the past.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_days: Option<i32>,
        /// The date is at most so many days ahead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_days: Option<i32>,
    },
    /// Whether an identifier of this kind is known.
    Identifier {
        kind: String,
    },
    /// How often, how much or how many different: compared with a number.
    Did {
        #[serde(flatten)]
        of: Events,
        measure: Counted,
        is: Compared,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Within>,
    },
    /// The latest or the first such event: what it said.
    Value {
        which: Which,
        #[serde(flatten)]
        of: Events,
        field: String,
        is: Test,
    },
    /// One after another, the last at most `span` after the first.
    Sequence {
        steps: Vec<Events>,
        span: Span,
        /// The first of them happened so recently.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Span>,
    },
    /// Anything at all was heard of the person since so long.
    Seen {
        which: Which,
        within: Span,
    },
    /// The channel, source or campaign of the first or last visit.
    Came {
        which: Which,
        by: CameBy,
        is: Test,
    },
    /// The region or the dealer of the latest event that named one.
    Place {
        by: Place,
        is: Test,
    },
    /// A lead of the person stands in one of the stages.
    Stage {
        stages: Vec<String>,
        /// It has stood there at least so long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<Span>,
        /// It came there less than so long ago.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        less_than: Option<Span>,
    },
    /// Confirmed orders: how many, or their revenue.
    Orders {
        measure: OrdersBy,
        is: Compared,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Span>,
    },
    /// Membership in another segment.
    Segment {
        segment_id: String,
    },
    /// A random share of all people that stays the same: `seed` draws anew, thousandths from 0 to 1,000.
    Share {
        seed: String,
        from: u32,
        to: u32,
    },
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Events {
    /// `*` for every event.
    pub event: String,
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of", deny_unknown_fields)]
pub enum Counted {
    Count,
    Sum { field: String },
    Distinct { field: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    pub op: NumberOp,
    pub number: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberOp {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
}

impl Compared {
    pub fn holds(&self, number: f64) -> bool {
        match self.op {
            NumberOp::AtLeast => self.number <= number,
            NumberOp::AtMost => number <= self.number,
            NumberOp::Above => self.number < number,
            NumberOp::Below => number < self.number,
            NumberOp::Equal => number == self.number,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Within {
    /// The time up to now.
    Last(Span),
    /// From a moment up to before another, in microseconds since 1970 UTC.
    Between { from_us: i64, to_us: i64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    First,
    Latest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameBy {
    Channel,
    UtmSource,
    UtmMedium,
    Campaign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Region,
    Dealer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentIs {
    Given,
    Withdrawn,
    /// Nothing was said.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrdersBy {
    Count,
    Revenue,
}

impl Events {
    fn check(&self) -> Result<(), String> {
        if self.event.trim().is_empty() {
            return Err("a condition names no event: set its `event`, or `*` for any".to_owned());
        }
        for filter in &self.filters {
            check_field(&filter.field)?;
            filter.test.check().map_err(|why| format!("`{}`: {why}", filter.field))?;
        }
        Ok(())
    }

    fn spec(&self, of: Of, between_us: Option<(i64, i64)>) -> MeasureSpec {
        MeasureSpec { event: self.event.clone(), filters: self.filters.clone(), of, between_us }
    }
}

impl Rule {
    /// Whether the rule can be decided; the reason says what to mend.
    pub fn check(&self) -> Result<(), String> {
        let mut conditions = 0;
        self.check_inside(1, &mut conditions)?;
        match conditions {
            0 => Err("the rule has no condition: add one".to_owned()),
            ..=CONDITIONS_MAX => Ok(()),
            _ => Err(format!("the rule has {conditions} conditions: {CONDITIONS_MAX} are the most, use other segments as conditions")),
        }
    }

    fn check_inside(&self, depth: usize, conditions: &mut usize) -> Result<(), String> {
        if DEPTH_MAX < depth {
            return Err(format!("conditions sit more than {DEPTH_MAX} deep in each other: use another segment as a condition"));
        }
        match self {
            Self::All { rules } | Self::Any { rules } => return rules.iter().try_for_each(|rule| rule.check_inside(depth + 1, conditions)),
            Self::Not { rule } => return rule.check_inside(depth + 1, conditions),
            _ => *conditions += 1,
        }
        let named = |what: &str, text: &str| if text.trim().is_empty() { Err(format!("a condition names no {what}")) } else { Ok(()) };
        match self {
            Self::All { .. } | Self::Any { .. } | Self::Not { .. } => Ok(()),
            Self::Trait { name, is } => named("trait", name).and_then(|()| is.check().map_err(|why| format!("trait `{name}`: {why}"))),
            Self::Date { name, from_days, to_days } => {
                named("trait", name)?;
                match (from_days, to_days) {
                    (None, None) => Err(format!("the date `{name}` has neither `from_days` nor `to_days`")),
                    (Some(from), Some(to)) if to < from => Err(format!("the date `{name}`: `to_days` is before `from_days`")),
                    _ => Ok(()),
                }
            }
            Self::Identifier { kind } => named("kind of identifier", kind),
            Self::Consent { purpose, .. } => named("purpose", purpose),
            Self::Did { of, measure, is, within } => {
                of.check()?;
                match measure {
                    Counted::Count => {}
                    Counted::Sum { field } | Counted::Distinct { field } => check_field(field)?,
                }
                if !is.number.is_finite() {
                    return Err("a condition compares with what is no number".to_owned());
                }
                match within {
                    Some(Within::Between { from_us, to_us }) if to_us <= from_us => {
                        Err("a condition's time ends before it begins".to_owned())
                    }
                    _ => Ok(()),
                }
            }
            Self::Value { of, field, is, .. } => {
                of.check()?;
                check_field(field)?;
                is.check().map_err(|why| format!("`{field}`: {why}"))
            }
            Self::Sequence { steps, .. } if !(2..=6).contains(&steps.len()) => {
                Err(format!("a sequence of {} step(s): it has 2 to 6", steps.len()))
            }
            Self::Sequence { steps, .. } => steps.iter().try_for_each(Events::check),
            Self::Seen { .. } => Ok(()),
            Self::Came { is, .. } | Self::Place { is, .. } => is.check(),
            Self::Stage { stages, .. } if stages.is_empty() => Err("a condition on stages names none".to_owned()),
            Self::Stage { stages, .. } => match stages.iter().find(|stage| !crate::entity::STAGES.contains(&stage.as_str())) {
                Some(stage) => Err(format!("there is no stage {stage:?}: name one of {}", crate::entity::STAGES.join(", "))),
                None => Ok(()),
            },
            Self::Orders { is, .. } if !is.number.is_finite() => Err("a condition compares with what is no number".to_owned()),
            Self::Orders { .. } => Ok(()),
            Self::Segment { segment_id } => named("segment", segment_id),
            Self::Share { from, to, .. } if from >= to || 1_000 < *to => {
                Err(format!("a share from {from} to {to} thousandths: `from` is below `to`, `to` at most 1000"))
            }
            Self::Share { .. } => Ok(()),
        }
    }

    /// The conditions without what joins them.
    pub fn conditions(&self) -> Vec<&Rule> {
        match self {
            Self::All { rules } | Self::Any { rules } => rules.iter().flat_map(Self::conditions).collect(),
            Self::Not { rule } => rule.conditions(),
            _ => vec![self],
        }
    }

    /// The conditions as they are wished for: one that must not hold stands in a `not`. In the order of [`Rule::conditions`].
    pub fn wishes(&self) -> Vec<Rule> {
        let mut wishes = Vec::new();
        self.add_wishes(true, &mut wishes);
        wishes
    }

    fn add_wishes(&self, holds: bool, wishes: &mut Vec<Rule>) {
        match self {
            Self::All { rules } | Self::Any { rules } => rules.iter().for_each(|rule| rule.add_wishes(holds, wishes)),
            Self::Not { rule } => rule.add_wishes(!holds, wishes),
            _ if holds => wishes.push(self.clone()),
            _ => wishes.push(Self::Not { rule: Box::new(self.clone()) }),
        }
    }

    /// What has to be measured of events to decide it.
    pub fn measures(&self) -> BTreeSet<MeasureSpec> {
        self.conditions().into_iter().flat_map(Self::own_measures).collect()
    }

    /// The measures of one condition, in its order.
    pub(crate) fn own_measures(&self) -> Vec<MeasureSpec> {
        match self {
            Self::Did { of, measure, within, .. } => {
                let between_us = match within {
                    Some(Within::Between { from_us, to_us }) => Some((*from_us, *to_us)),
                    _ => None,
                };
                let grain = match within {
                    Some(Within::Last(span)) => span.grain(),
                    _ => Grain::Whole,
                };
                let of_what = match measure {
                    Counted::Count => Of::Count { grain },
                    Counted::Sum { field } => Of::Sum { field: field.clone(), grain },
                    Counted::Distinct { field } => Of::Distinct { field: field.clone() },
                };
                vec![of.spec(of_what, between_us)]
            }
            Self::Value { which, of, field, .. } => {
                let field = field.clone();
                vec![of.spec(if *which == Which::First { Of::First { field } } else { Of::Latest { field } }, None)]
            }
            Self::Sequence { steps, .. } => steps.iter().map(|step| step.spec(Of::Times, None)).collect(),
            _ => Vec::new(),
        }
    }

    /// Other segments that it looks at.
    pub fn segments(&self) -> BTreeSet<&str> {
        self.conditions()
            .into_iter()
            .filter_map(|rule| match rule {
                Self::Segment { segment_id } => Some(segment_id.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Whether it looks at leads or orders.
    pub fn looks_at_entities(&self) -> bool {
        self.conditions().into_iter().any(|rule| matches!(rule, Self::Stage { .. } | Self::Orders { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that files and scripts are written in: they do not change silently.
    #[test]
    fn every_kind_of_condition_reads_and_is_written_as_it_was() {
        let conditions = [
            r#"{"if":"trait","name":"city","is":{"op":"is","values":["Kyiv"]}}"#,
            r#"{"if":"date","name":"delivery","from_days":0,"to_days":30}"#,
            r#"{"if":"identifier","kind":"email"}"#,
            r#"{"if":"did","event":"car_viewed","where":[{"field":"properties.model","op":"is","values":["X5"]}],"measure":{"of":"count"},"is":{"op":"at_least","number":3.0},"within":{"last":"2w"}}"#,
            r#"{"if":"did","event":"*","measure":{"of":"sum","field":"value"},"is":{"op":"above","number":0.5},"within":{"between":{"from_us":1,"to_us":2}}}"#,
            r#"{"if":"value","which":"latest","event":"survey_answered","field":"properties.score","is":{"op":"at_most","values":["6"]}}"#,
            r#"{"if":"sequence","steps":[{"event":"a"},{"event":"b"}],"span":"12h","within":"30d"}"#,
            r#"{"if":"seen","which":"first","within":"90m"}"#,
            r#"{"if":"came","which":"first","by":"utm_source","is":{"op":"exists"}}"#,
            r#"{"if":"place","by":"dealer","is":{"op":"is_not","values":["North"]}}"#,
            r#"{"if":"stage","stages":["contract","lost"],"at_least":"3d"}"#,
            r#"{"if":"orders","measure":"revenue","is":{"op":"equal","number":0.0},"within":"52w"}"#,
            r#"{"if":"segment","segment_id":"keen"}"#,
            r#"{"if":"share","seed":"control","from":0,"to":100}"#,
        ];
        let joined = format!(r#"{{"if":"all","rules":[{},{{"if":"not","rule":{}}}]}}"#, conditions.join(","), conditions[0]);
        let rule: Rule = serde_json::from_str(&joined).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(serde_json::to_string(&rule).ok(), Some(joined));
        assert_eq!(rule.check(), Ok(()));
        assert_eq!(rule.conditions().len(), 15);
        assert_eq!((rule.measures().len(), rule.segments().len(), rule.looks_at_entities()), (5, 1, true));
    }

    #[test]
    fn what_cannot_be_decided_is_refused_with_what_to_mend() {
        for (rule, said) in [
            (r#"{"if":"all","rules":[]}"#, "no condition"),
            (r#"{"if":"trait","name":" ","is":{"op":"exists"}}"#, "names no trait"),
            (r#"{"if":"date","name":"d"}"#, "neither"),
            (r#"{"if":"date","name":"d","from_days":3,"to_days":2}"#, "before"),
            (r#"{"if":"did","event":"","measure":{"of":"count"},"is":{"op":"below","number":1}}"#, "names no event"),
            (
                r#"{"if":"did","event":"a","where":[{"field":"colour","op":"exists"}],"measure":{"of":"count"},"is":{"op":"below","number":1}}"#,
                "no field \"colour\"",
            ),
            (r#"{"if":"sequence","steps":[{"event":"a"}],"span":"1h"}"#, "2 to 6"),
            (r#"{"if":"stage","stages":["sold"]}"#, "no stage \"sold\""),
            (r#"{"if":"share","seed":"x","from":5,"to":5}"#, "thousandths"),
        ] {
            let rule: Rule = serde_json::from_str(rule).unwrap_or_else(|error| panic!("{rule}: {error}"));
            let refused = rule.check().expect_err("a rule that cannot be decided");
            assert!(refused.contains(said), "{refused}");
        }
        let deep = format!("{}{}{}", r#"{"if":"not","rule":"#.repeat(12), r#"{"if":"identifier","kind":"email"}"#, "}".repeat(12));
        let deep: Rule = serde_json::from_str(&deep).unwrap_or_else(|error| panic!("{error}"));
        assert!(deep.check().is_err_and(|said| said.contains("deep")));
        for span in ["0d", "1y", "d", "-3d", "99999999999999d", "11000d"] {
            assert!(Span::parse(span).is_err(), "{span}");
        }
        assert_eq!(Span::parse("14d").map(|span| span.to_string()).as_deref(), Ok("2w"));
    }

    #[test]
    fn what_must_not_hold_is_wished_for_as_such() {
        let [email, phone, vin] = ["email", "phone", "vin"].map(|kind| Rule::Identifier { kind: kind.to_owned() });
        let not = |rule: &Rule| Rule::Not { rule: Box::new(rule.clone()) };
        let inside = Rule::Any { rules: vec![phone.clone(), not(&vin)] };
        let rule = Rule::All { rules: vec![email.clone(), not(&inside)] };
        assert_eq!(rule.wishes(), [email, not(&phone), vin]);
    }
}
