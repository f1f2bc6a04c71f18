//! What the fold remembers of a person's events for segments and facts: counts by time, sums, different values, the latest.
//!
//! A measure is kept per fragment and is free of order: counts add, the newest win, so that fragments unite in any order. Each is
//! bounded; what gives way is always the oldest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    EventRow,
    time::{HOUR_US, MINUTE_US},
};

/// Stretches of time in which something happened, kept at most.
pub const BUCKETS_MAX: usize = 1_024;
/// Different values, and times, kept at most.
pub const VALUES_MAX: usize = 256;
/// Amounts are summed in thousandths, so that the order of adding makes no difference.
pub const THOUSANDTHS: f64 = 1_000.0;

/// What is measured of which events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MeasureSpec {
    /// `*` for every event.
    pub event: String,
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    pub of: Of,
    /// `from_us ≤ ts < to_us`, where only a fixed time counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between_us: Option<(i64, i64)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Of {
    Count {
        grain: Grain,
    },
    Sum {
        field: String,
        grain: Grain,
    },
    Distinct {
        field: String,
    },
    Latest {
        field: String,
    },
    First {
        field: String,
    },
    /// When it happened, to the microsecond: for sequences.
    Times,
}

/// How finely time is told apart where a window moves over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Not at all: nothing moves.
    Whole,
    Hour,
    Minute,
}

impl Grain {
    pub fn length_us(self) -> i64 {
        match self {
            Self::Whole => i64::MAX,
            Self::Hour => HOUR_US,
            Self::Minute => MINUTE_US,
        }
    }

    /// The beginning of the stretch that a time is in.
    pub fn floor(self, at_us: i64) -> i64 {
        match self {
            Self::Whole => 0,
            _ => at_us.div_euclid(self.length_us()) * self.length_us(),
        }
    }
}

/// A condition on a column or a property of an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Filter {
    /// `region`, `dealer`, `model`, `value`, … or `properties.…` with dots for what is inside.
    pub field: String,
    #[serde(flatten)]
    pub test: Test,
}

/// What a value is held against. Text is compared without regard to case; numbers and numeric text as numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Test {
    pub op: Op,
    /// Empty for `exists` and `absent`; one for most; any number for `is` and `is_not`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
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

impl Test {
    /// Whether it can be asked.
    pub fn check(&self) -> Result<(), String> {
        let wanted = match self.op {
            Op::Exists | Op::Absent => 0..=0,
            Op::Is | Op::IsNot => 1..=1_000,
            _ => 1..=1,
        };
        if !wanted.contains(&self.values.len()) {
            return Err(format!("`{}` takes {} value(s): mend `values`", self.op.as_str(), wanted.start()));
        }
        let is_number = matches!(self.op, Op::Above | Op::AtLeast | Op::Below | Op::AtMost);
        if is_number && self.values.iter().any(|value| number(value).is_none()) {
            return Err(format!("`{}` compares numbers: `values` has {:?}", self.op.as_str(), self.values[0]));
        }
        if let Some(long) = self.values.iter().find(|value| 500 < value.len()) {
            return Err(format!("a value of {} bytes: a value has at most 500", long.len()));
        }
        Ok(())
    }

    /// * `given`: text; `None` where nothing is known.
    pub fn holds(&self, given: Option<&str>) -> bool {
        let Some(given) = given else { return matches!(self.op, Op::IsNot | Op::Absent) };
        let first = self.values.first().map(String::as_str).unwrap_or_default();
        let compared = || Some(number(given)?.total_cmp(&number(first)?));
        match self.op {
            Op::Is => self.values.iter().any(|value| same(given, value)),
            Op::IsNot => !self.values.iter().any(|value| same(given, value)),
            Op::Contains => given.to_lowercase().contains(&first.to_lowercase()),
            Op::StartsWith => given.to_lowercase().starts_with(&first.to_lowercase()),
            Op::Above => compared().is_some_and(|order| order.is_gt()),
            Op::AtLeast => compared().is_some_and(|order| order.is_ge()),
            Op::Below => compared().is_some_and(|order| order.is_lt()),
            Op::AtMost => compared().is_some_and(|order| order.is_le()),
            Op::Exists => true,
            Op::Absent => false,
        }
    }
}

impl Op {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is_not",
            Self::Contains => "contains",
            Self::StartsWith => "starts_with",
            Self::Above => "above",
            Self::AtLeast => "at_least",
            Self::Below => "below",
            Self::AtMost => "at_most",
            Self::Exists => "exists",
            Self::Absent => "absent",
        }
    }
}

fn same(given: &str, wanted: &str) -> bool {
    if given.eq_ignore_ascii_case(wanted) {
        return true;
    }
    // Letters beyond ASCII have cases too; but most values differ in what costs nothing to see.
    if !(given.is_ascii() && wanted.is_ascii()) {
        return given.to_lowercase() == wanted.to_lowercase();
    }
    let may_be_number = |text: &str| text.trim_start().starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    may_be_number(given) && may_be_number(wanted) && number(given).zip(number(wanted)).is_some_and(|(given, wanted)| given == wanted)
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// Text of a JSON value as tests see it: `None` for null, what is empty, lists and objects.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Columns of an event that conditions may name; anything else is `properties.…`.
pub const COLUMNS: [&str; 12] =
    ["channel", "utm_source", "utm_medium", "campaign", "region", "dealer", "model", "value", "currency", "url", "source", "event"];

/// Whether a field can be asked for.
pub fn check_field(field: &str) -> Result<(), String> {
    let is_property = field.strip_prefix("properties.").is_some_and(|path| !path.is_empty() && path.len() <= 200);
    if is_property || COLUMNS.contains(&field) {
        return Ok(());
    }
    Err(format!("there is no field {field:?}: name one of {}, or a property as `properties.name`", COLUMNS.join(", ")))
}

/// An event with its properties read at most once, however many conditions look at them.
pub struct Seen<'a> {
    pub row: &'a EventRow<'a>,
    properties: std::sync::OnceLock<Value>,
}

impl<'a> Seen<'a> {
    pub fn new(row: &'a EventRow<'a>) -> Self {
        Self { row, properties: std::sync::OnceLock::new() }
    }

    /// The text of a column or a property; `None` where there is none.
    pub fn text(&self, field: &str) -> Option<String> {
        let row = self.row;
        if let Some(path) = field.strip_prefix("properties.") {
            let all = self.properties.get_or_init(|| serde_json::from_str(row.properties).unwrap_or_default());
            return at_path(all, path).and_then(text_of);
        }
        let column = match field {
            "channel" => row.channel,
            "utm_source" => row.utm_source,
            "utm_medium" => row.utm_medium,
            "campaign" => row.campaign,
            "region" => row.region,
            "dealer" => row.dealer,
            "model" => row.model,
            "currency" => row.currency,
            "url" => row.url,
            "source" => Some(row.source),
            "event" => Some(row.event),
            "value" => return row.value.map(|value| value.to_string()),
            _ => None,
        };
        column.filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

/// A property by its whole name, else inside by the dots.
fn at_path<'v>(all: &'v Value, path: &str) -> Option<&'v Value> {
    all.get(path).or_else(|| path.split('.').try_fold(all, |value, name| value.get(name)))
}

impl MeasureSpec {
    /// Whether an event is one that is measured.
    pub fn takes(&self, event: &Seen<'_>) -> bool {
        let in_time = self.between_us.is_none_or(|(from, to)| from <= event.row.ts_us && event.row.ts_us < to);
        let named = self.event == "*" || self.event == event.row.event;
        named && in_time && self.filters.iter().all(|filter| filter.test.holds(event.text(&filter.field).as_deref()))
    }
}

/// What was measured so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Measure {
    /// Beginning of the stretch → how many, and their sum in thousandths.
    #[serde(rename = "b")]
    Buckets(BTreeMap<i64, (u64, i64)>),
    /// Value → when it was seen last.
    #[serde(rename = "v")]
    Values(BTreeMap<String, i64>),
    /// Time, log offset, value: the latest or the first, as the spec says.
    #[serde(rename = "e")]
    Extreme(i64, u64, Option<String>),
    #[serde(rename = "t")]
    Times(BTreeSet<i64>),
}

impl Measure {
    /// What one event that the spec takes is by itself; `None` where it lacks the field.
    pub fn of(spec: &MeasureSpec, event: &Seen<'_>) -> Option<Self> {
        let ts_us = event.row.ts_us;
        Some(match &spec.of {
            Of::Count { grain } => Self::Buckets([(grain.floor(ts_us), (1, 0))].into()),
            Of::Sum { field, grain } => {
                let amount = event.text(field).as_deref().and_then(number)?;
                // Saturates: an amount beyond 9·10¹⁵ is a mistake, and must not stop the fold.
                Self::Buckets([(grain.floor(ts_us), (1, (amount * THOUSANDTHS).round() as i64))].into())
            }
            Of::Distinct { field } => Self::Values([(event.text(field)?, ts_us)].into()),
            Of::Latest { field } | Of::First { field } => Self::Extreme(ts_us, event.row.offset, event.text(field)),
            Of::Times => Self::Times([ts_us].into()),
        })
    }

    /// Unites two measures of one spec. Commutative and associative.
    pub fn unite(&mut self, of: &Of, other: &Self) {
        match (self, other) {
            (Self::Buckets(held), Self::Buckets(given)) => {
                for (at, (count, amount)) in given {
                    let cell = held.entry(*at).or_default();
                    *cell = (cell.0.saturating_add(*count), cell.1.saturating_add(*amount));
                }
                while BUCKETS_MAX < held.len() {
                    held.pop_first();
                }
            }
            (Self::Values(held), Self::Values(given)) => {
                for (value, last_us) in given {
                    let last = held.entry(value.clone()).or_insert(*last_us);
                    *last = (*last).max(*last_us);
                }
                while VALUES_MAX < held.len() {
                    let oldest = held.iter().min_by_key(|(value, last_us)| (**last_us, (*value).clone())).map(|(value, _)| value.clone());
                    oldest.and_then(|value| held.remove(&value));
                }
            }
            (Self::Extreme(at, offset, value), Self::Extreme(given_at, given_offset, given)) => {
                let is_first = matches!(of, Of::First { .. });
                let (now, then) = ((*at, *offset), (*given_at, *given_offset));
                if if is_first { then < now } else { now < then } {
                    (*at, *offset, *value) = (*given_at, *given_offset, given.clone());
                }
            }
            (Self::Times(held), Self::Times(given)) => {
                held.extend(given);
                while VALUES_MAX < held.len() {
                    held.pop_first();
                }
            }
            // Keys name a spec, so two measures under one key are of one kind; what a damaged row says is not mixed in.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, strategy::ValueTree as _};

    use super::*;
    use crate::{Derived, FragmentId, ProfileId};

    fn test(op: Op, values: &[&str]) -> Test {
        Test { op, values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    #[test]
    fn values_are_compared_as_people_mean_it() {
        for (op, values, given, holds) in [
            (Op::Is, &["Kyiv", "Lviv"][..], Some("LVIV"), true),
            (Op::Is, &["10"], Some("10.0"), true),
            (Op::Is, &["Kyiv"], None, false),
            (Op::IsNot, &["Kyiv"], None, true),
            (Op::IsNot, &["Kyiv"], Some("kyiv"), false),
            (Op::Contains, &["suv"], Some("Compact SUV"), true),
            (Op::StartsWith, &["comp"], Some("Compact SUV"), true),
            (Op::AtLeast, &["9"], Some("10"), true),
            (Op::Below, &["9"], Some("10"), false),
            (Op::Above, &["9"], Some("many"), false),
            (Op::Exists, &[], Some("x"), true),
            (Op::Absent, &[], None, true),
        ] {
            assert_eq!(test(op, values).holds(given), holds, "{op:?} {values:?} {given:?}");
        }
        assert!(test(Op::Above, &["many"]).check().is_err());
        assert!(test(Op::Is, &[]).check().is_err());
        assert!(test(Op::Exists, &["x"]).check().is_err());
    }

    #[test]
    fn an_event_is_asked_for_columns_and_for_what_is_inside_its_properties() {
        let derived = Derived {
            offset: 1,
            index: 0,
            ts_us: 5,
            fragment_id: FragmentId(1),
            profile_id: ProfileId(1),
            name: "seen".into(),
            properties: r#"{"car":{"model":"X5","doors":5},"a.b":"flat","none":null}"#.into(),
        };
        let row = EventRow { value: Some(2.5), ..EventRow::derived(&derived, "m") };
        let seen = Seen::new(&row);
        let read = |field: &str| seen.text(field);
        assert_eq!(read("properties.car.model").as_deref(), Some("X5"));
        assert_eq!(read("properties.car.doors").as_deref(), Some("5"));
        assert_eq!(read("properties.a.b").as_deref(), Some("flat"));
        assert_eq!((read("properties.none"), read("properties.car"), read("region")), (None, None, None));
        assert_eq!((read("value").as_deref(), read("event").as_deref()), (Some("2.5"), Some("seen")));
        assert!(check_field("properties.").is_err() && check_field("colour").is_err() && check_field("dealer").is_ok());
    }

    fn measures(of: &Of) -> BoxedStrategy<Measure> {
        match of {
            Of::Count { .. } | Of::Sum { .. } => {
                (0..3_000i64, 0..9u64, -50..50i64).prop_map(|(at, n, x)| Measure::Buckets([(at, (n, x))].into())).boxed()
            }
            Of::Distinct { .. } => (0..600u32, 0..900i64).prop_map(|(value, at)| Measure::Values([(value.to_string(), at)].into())).boxed(),
            Of::Latest { .. } | Of::First { .. } => {
                (0..5i64, 0..9_000u64).prop_map(|(at, offset)| Measure::Extreme(at, offset, Some(offset.to_string()))).boxed()
            }
            Of::Times => (0..2_000i64).prop_map(|at| Measure::Times([at].into())).boxed(),
        }
    }

    fn united(of: &Of, parts: &[Measure]) -> Option<Measure> {
        let (first, rest) = parts.split_first()?;
        let mut all = first.clone();
        rest.iter().for_each(|part| all.unite(of, part));
        Some(all)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Whatever the order, and whatever is united first, also where the oldest give way.
        #[test]
        fn measures_are_free_of_order(which in 0..6usize, seed: u64, cut in 1..1_999usize) {
            let field = String::from("f");
            let all = [
                Of::Count { grain: Grain::Hour }, Of::Sum { field: field.clone(), grain: Grain::Minute }, Of::Distinct { field: field.clone() },
                Of::Latest { field: field.clone() }, Of::First { field }, Of::Times,
            ];
            let of = &all[which];
            let mut runner = proptest::test_runner::TestRunner::new_with_rng(
                ProptestConfig::default(),
                proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[seed.to_le_bytes(); 4].concat()),
            );
            let parts = proptest::collection::vec(measures(of), 2_000).new_tree(&mut runner).map(|tree| tree.current());
            let parts = parts.map_err(|error| TestCaseError::fail(error.to_string()))?;
            let backwards: Vec<Measure> = parts.iter().rev().cloned().collect();
            let whole = united(of, &parts);
            prop_assert_eq!(&whole, &united(of, &backwards));
            let halves = [united(of, &parts[cut..]), united(of, &parts[..cut])].map(|half| half.expect("not empty"));
            prop_assert_eq!(&whole, &united(of, &halves));
            let text = serde_json::to_string(&whole).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(serde_json::from_str::<Option<Measure>>(&text).ok(), Some(whole));
        }
    }
}
