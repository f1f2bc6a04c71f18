//! What an event carries: the properties of a sample of its rows, with their types, how often each is there, and examples.

use std::collections::BTreeMap;

use arrow::{array::AsArray, compute::cast, datatypes::DataType};
use datafusion::{
    common::ScalarValue,
    prelude::{SessionContext, col, lit},
};
use forecourt_model::time::DAY_US;
use serde_json::Value;

use crate::{QueryError, error::answered, session::Session};

/// Rows looked at in each of the two periods.
const SAMPLE_ROWS: usize = 2_000;
/// The recent days, and the days before that they are compared with.
const RECENT_DAYS: i64 = 7;
const BEFORE_DAYS: i64 = 60;
const PROPERTIES_MAX: usize = 200;
const EXAMPLES_MAX: usize = 3;
const EXAMPLE_CHARS_MAX: usize = 60;

/// A type as JSON has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PropertyType {
    Text,
    Number,
    Boolean,
    List,
    Object,
    Empty,
}

impl PropertyType {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Boolean,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
            Value::Null => Self::Empty,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::List => "list",
            Self::Object => "object",
            Self::Empty => "empty",
        }
    }
}

/// What is odd about a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyChange {
    /// It came up in the recent days.
    New,
    /// In the recent days it has a type that it did not have before.
    TypeChanged,
    /// It was there before, and in the recent days is not.
    Gone,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PropertyShape {
    pub name: String,
    /// Of the sampled rows, the share that has it.
    pub share: f64,
    /// The most frequent first, with how many of the sampled rows.
    pub types: Vec<(PropertyType, u64)>,
    /// Values as the scope shows them.
    pub examples: Vec<String>,
    pub change: Option<PropertyChange>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EventShape {
    /// How many rows were looked at.
    pub sampled: u64,
    /// By name; at most 200.
    pub properties: Vec<PropertyShape>,
}

/// * `until_us`: the end of the recent days: just behind the event's last row.
pub(crate) async fn event_shape(session: &Session, event: &str, until_us: i64) -> Result<EventShape, QueryError> {
    let context = session.context()?;
    let recent_from_us = until_us - RECENT_DAYS * DAY_US;
    let recent = sample(&context, event, recent_from_us, until_us);
    let before = sample(&context, event, recent_from_us - BEFORE_DAYS * DAY_US, recent_from_us);
    let (recent, before) = futures::try_join!(recent, before).map_err(answered)?;
    Ok(shape(&recent, &before))
}

async fn sample(context: &SessionContext, event: &str, from_us: i64, until_us: i64) -> datafusion::common::Result<Vec<String>> {
    let time = |us: i64| lit(ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into())));
    let frame = context
        .table("events")
        .await?
        .filter(col("event").eq(lit(event)))?
        .filter(col("ts").gt_eq(time(from_us)).and(col("ts").lt(time(until_us))))?
        .select(vec![col("properties")])?
        .limit(0, Some(SAMPLE_ROWS))?;
    let mut rows = Vec::new();
    for batch in frame.collect().await? {
        let texts = cast(batch.column(0), &DataType::Utf8View)?;
        rows.extend(texts.as_string_view().iter().flatten().map(str::to_owned));
    }
    Ok(rows)
}

#[derive(Default)]
struct Counted {
    rows: u64,
    types: BTreeMap<PropertyType, u64>,
    examples: Vec<Value>,
}

fn count(rows: &[String]) -> BTreeMap<String, Counted> {
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    for row in rows {
        let Ok(Value::Object(properties)) = serde_json::from_str::<Value>(row) else { continue };
        for (name, value) in properties {
            if PROPERTIES_MAX <= counted.len() && !counted.contains_key(&name) {
                continue;
            }
            let of = counted.entry(name).or_default();
            of.rows += 1;
            *of.types.entry(PropertyType::of(&value)).or_default() += 1;
            if of.examples.len() < EXAMPLES_MAX && !value.is_null() && !of.examples.contains(&value) {
                of.examples.push(value);
            }
        }
    }
    counted
}

fn shape(recent: &[String], before: &[String]) -> EventShape {
    let (now, mut past) = (count(recent), count(before));
    let sampled = (recent.len() + before.len()) as u64;
    let mut properties = Vec::new();
    for (name, counted) in now {
        let held = past.remove(&name);
        let change = match &held {
            // Nothing to compare with: the event itself is new.
            _ if before.is_empty() => None,
            None => Some(PropertyChange::New),
            Some(held) => {
                let is_new = |kind: &PropertyType| *kind != PropertyType::Empty && !held.types.contains_key(kind);
                counted.types.keys().any(is_new).then_some(PropertyChange::TypeChanged)
            }
        };
        properties.push(property(name, counted, held.unwrap_or_default(), sampled, change));
    }
    let is_comparable = !recent.is_empty();
    for (name, counted) in past {
        let change = is_comparable.then_some(PropertyChange::Gone);
        properties.push(property(name, Counted::default(), counted, sampled, change));
    }
    properties.sort_by(|a, b| a.name.cmp(&b.name));
    properties.truncate(PROPERTIES_MAX);
    EventShape { sampled, properties }
}

fn property(name: String, now: Counted, past: Counted, sampled: u64, change: Option<PropertyChange>) -> PropertyShape {
    let mut types = now.types;
    for (kind, rows) in past.types {
        *types.entry(kind).or_default() += rows;
    }
    let mut types: Vec<(PropertyType, u64)> = types.into_iter().collect();
    types.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let examples: Vec<Value> = now.examples.into_iter().chain(past.examples).take(EXAMPLES_MAX).collect();
    PropertyShape {
        share: (now.rows + past.rows) as f64 / sampled.max(1) as f64,
        examples: examples.iter().map(example).collect(),
        name,
        types,
        change,
    }
}

fn example(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        // What is inside may be anybody's.
        Value::Array(_) => "[…]".to_owned(),
        Value::Object(_) => "{…}".to_owned(),
        other => other.to_string(),
    };
    let cut: String = text.chars().take(EXAMPLE_CHARS_MAX).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn shares_types_and_changes_are_told() {
        let before = rows(&[r#"{"model":"Aster","price":21000,"step":1}"#, r#"{"model":"Bora","price":23000}"#]);
        let recent = rows(&[r#"{"model":"Aster","price":"21 000","colour":"red"}"#, r#"{"model":null,"price":1}"#, "no JSON"]);
        let told = shape(&recent, &before);
        assert_eq!(told.sampled, 5);
        let lines: Vec<String> = told
            .properties
            .iter()
            .map(|property| {
                let types: Vec<String> = property.types.iter().map(|(kind, rows)| format!("{} {rows}", kind.as_str())).collect();
                format!("{} {:.1} {} {:?}", property.name, property.share, types.join("/"), property.change)
            })
            .collect();
        assert_eq!(
            lines,
            [
                "colour 0.2 text 1 Some(New)",
                "model 0.8 text 3/empty 1 None",
                "price 0.8 number 3/text 1 Some(TypeChanged)",
                "step 0.2 number 1 Some(Gone)",
            ]
        );
    }

    #[test]
    fn a_flood_of_properties_is_cut_off() {
        let wide: Vec<String> = (0..1_000).map(|n| format!(r#"{{"p{n}":1}}"#)).collect();
        assert_eq!(shape(&wide, &[]).properties.len(), PROPERTIES_MAX);
    }
}
