//! Rules as the API's description shows them. What a rule means, and whether it can be decided, the model says
//! ([`forecourt_model::rule`]): requests are read by that, and a test keeps the two alike.

use forecourt_model::{mask, rule::Rule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Caller, deliveries::MessageChannel, error::ApiError};

/// A condition, or conditions together: which of these is told by `if`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "if", rename_all = "snake_case")]
pub enum SegmentRule {
    /// All of them hold; so does none.
    All {
        #[schema(no_recursion)]
        rules: Vec<SegmentRule>,
    },
    /// At least one holds.
    Any {
        #[schema(no_recursion)]
        rules: Vec<SegmentRule>,
    },
    Not {
        #[schema(no_recursion)]
        rule: Box<SegmentRule>,
    },
    /// What is known of the person by name: `city`, `vip`, …
    Trait { name: String, is: SegmentTest },
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
    /// What was said of messages for a purpose.
    Consent {
        /// Of Settings, Messages.
        purpose: String,
        /// Absent for what was said of all message channels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_channel: Option<MessageChannel>,
        /// The brand or dealer that it was said to; empty for the installation's own.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        controller: String,
        is: SegmentConsent,
    },
    /// An identifier of this kind is known: `email`, `phone`, `user_id`, `anonymous_id`, or a key of another system.
    Identifier { kind: String },
    /// How often, how much or how many different: compared with a number.
    Did {
        /// `*` for every event.
        event: String,
        #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
        filters: Vec<SegmentFilter>,
        measure: SegmentMeasure,
        is: SegmentCompared,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<SegmentWithin>,
    },
    /// What the latest or the first such event said.
    Value {
        which: SegmentWhich,
        event: String,
        #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
        filters: Vec<SegmentFilter>,
        field: String,
        is: SegmentTest,
    },
    /// One after another, the last at most `span` after the first; 2 to 6 steps.
    Sequence {
        steps: Vec<SegmentEvents>,
        /// `30m`, `12h`, `30d`, `2w`.
        span: String,
        /// The first of them happened so recently.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<String>,
    },
    /// The first or the latest that was heard of the person is at most so long ago.
    Seen { which: SegmentWhich, within: String },
    /// The channel, source or campaign of the first or the latest visit.
    Came { which: SegmentWhich, by: SegmentCameBy, is: SegmentTest },
    /// The region or the dealer of the latest event that named one.
    Place { by: SegmentPlace, is: SegmentTest },
    /// A lead of the person stands in one of the stages.
    Stage {
        stages: Vec<String>,
        /// It has stood there at least so long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<String>,
        /// It came there less than so long ago.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        less_than: Option<String>,
    },
    /// Confirmed orders: how many, or their revenue.
    Orders {
        measure: SegmentOrders,
        is: SegmentCompared,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<String>,
    },
    /// The person is in another segment.
    Segment { segment_id: String },
    /// A random share of all people that stays the same: thousandths from 0 to 1,000; another `seed` draws anew.
    Share { seed: String, from: u32, to: u32 },
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct SegmentEvents {
    /// `*` for every event.
    event: String,
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    filters: Vec<SegmentFilter>,
}

/// A condition on a column or a property of an event.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SegmentFilter {
    /// A column of `GET /api/segments/fields`, or `properties.…` with dots for what is inside.
    field: String,
    op: SegmentOp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

/// What a value is held against. Text is compared without regard to case; numbers and numeric text as numbers.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SegmentTest {
    op: SegmentOp,
    /// None for `exists` and `absent`; one for most; any number for `is` and `is_not`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentOp {
    /// One of the values.
    Is,
    /// None of the values; holds where nothing is known too.
    IsNot,
    Contains,
    StartsWith,
    Above,
    AtLeast,
    Below,
    AtMost,
    Exists,
    Absent,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum SegmentMeasure {
    Count,
    Sum { field: String },
    Distinct { field: String },
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct SegmentCompared {
    op: SegmentNumberOp,
    number: f64,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentNumberOp {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentWithin {
    /// The time up to now: `30m`, `12h`, `30d`, `2w`; at most ten years.
    Last(String),
    /// From a moment up to before another, in microseconds since 1970 UTC.
    Between { from_us: i64, to_us: i64 },
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentWhich {
    First,
    Latest,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentCameBy {
    Channel,
    UtmSource,
    UtmMedium,
    Campaign,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentPlace {
    Region,
    Dealer,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentConsent {
    Given,
    Withdrawn,
    /// Nothing was said.
    Unknown,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentOrders {
    Count,
    Revenue,
}

/// Whoever sees people masked may ask whether something personal is known, not what: guessing letter by letter would unmask it.
pub fn check_visible(caller: &Caller, rule: &Rule) -> Result<(), ApiError> {
    if !caller.sees_masked() {
        return Ok(());
    }
    let asked = rule.conditions().into_iter().flat_map(asked_of).find(|(field, is_known_only)| !is_known_only && is_personal(field));
    match asked {
        None => Ok(()),
        Some((field, _)) => Err(ApiError::forbidden(format!(
            "your role sees people masked, and `{field}` names people: ask only whether it is there (`exists`, `absent`)"
        ))),
    }
}

/// Fields that a condition looks into, and whether it only asks if they are there.
fn asked_of(rule: &Rule) -> Vec<(&str, bool)> {
    use forecourt_model::{measure::Op, rule::Counted};
    let is_known_only = |op: Op| matches!(op, Op::Exists | Op::Absent);
    match rule {
        Rule::Trait { name, is } => vec![(name, is_known_only(is.op))],
        Rule::Date { name, .. } => vec![(name, false)],
        Rule::Did { of, measure, .. } => {
            let mut asked: Vec<(&str, bool)> = of.filters.iter().map(|held| (held.field.as_str(), is_known_only(held.test.op))).collect();
            if let Counted::Sum { field } | Counted::Distinct { field } = measure {
                asked.push((field, matches!(measure, Counted::Distinct { .. })));
            }
            asked
        }
        Rule::Value { of, field, is, .. } => {
            let filters = of.filters.iter().map(|held| (held.field.as_str(), is_known_only(held.test.op)));
            filters.chain([(field.as_str(), is_known_only(is.op))]).collect()
        }
        Rule::Sequence { steps, .. } => {
            let filters = steps.iter().flat_map(|step| &step.filters);
            filters.map(|held| (held.field.as_str(), is_known_only(held.test.op))).collect()
        }
        _ => Vec::new(),
    }
}

fn is_personal(field: &str) -> bool {
    field == "url" || field.split('.').any(|part| mask::personal(part).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_is_what_is_read() {
        let rules = serde_json::json!({ "if": "all", "rules": [
            { "if": "any", "rules": [{ "if": "trait", "name": "city", "is": { "op": "is", "values": ["Kyiv"] } }] },
            { "if": "not", "rule": { "if": "date", "name": "delivery", "from_days": 0, "to_days": 30 } },
            { "if": "identifier", "kind": "email" },
            { "if": "did", "event": "car_viewed", "where": [{ "field": "model", "op": "is", "values": ["Aster"] }],
                "measure": { "of": "count" }, "is": { "op": "at_least", "number": 3.0 }, "within": { "last": "30d" } },
            { "if": "did", "event": "*", "measure": { "of": "sum", "field": "value" }, "is": { "op": "above", "number": 0.5 },
                "within": { "between": { "from_us": 1, "to_us": 2 } } },
            { "if": "did", "event": "a", "measure": { "of": "distinct", "field": "properties.car.trim" }, "is": { "op": "equal", "number": 2.0 } },
            { "if": "consent", "purpose": "news", "message_channel": "email", "controller": "north", "is": "withdrawn" },
            { "if": "value", "which": "latest", "event": "a", "field": "region", "is": { "op": "exists" } },
            { "if": "sequence", "steps": [{ "event": "a" }, { "event": "b" }], "span": "2w", "within": "30d" },
            { "if": "seen", "which": "first", "within": "12h" },
            { "if": "came", "which": "first", "by": "utm_source", "is": { "op": "is", "values": ["google"] } },
            { "if": "place", "by": "dealer", "is": { "op": "absent" } },
            { "if": "stage", "stages": ["qualified"], "at_least": "1w" },
            { "if": "orders", "measure": "revenue", "is": { "op": "at_most", "number": 9.0 }, "within": "52w" },
            { "if": "segment", "segment_id": "vip" },
            { "if": "share", "seed": "a", "from": 0, "to": 500 },
        ]});
        let described: SegmentRule = serde_json::from_value(rules.clone()).expect("as described");
        let read: Rule = serde_json::from_value(rules.clone()).expect("as read");
        read.check().expect("a rule that can be decided");
        assert_eq!(serde_json::to_value(described).expect("JSON"), rules);
        assert_eq!(serde_json::to_value(read).expect("JSON"), rules);
    }
}
