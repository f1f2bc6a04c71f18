//! What conditions can be made of: events with what they carry, traits, identifiers, stages, other segments.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use axum::{Json, extract::State};
use forecourt_model::{FragmentState, Scope, entity::STAGES, measure::COLUMNS, segment};
use forecourt_query::Query;
use forecourt_store::{Store, segment::PeopleAsked};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Clock, catalogue::EventVolumes, error::ApiError};

/// Rows of events, and people, that are looked at.
const ROWS_MAX: usize = 20_000;
const PEOPLE: u64 = 5_000;
const EVENTS_MAX: usize = 1_000;
const NAMES_MAX: usize = 300;

#[derive(Serialize, ToSchema)]
pub struct SegmentFields {
    /// The most frequent first.
    events: Vec<SegmentEvent>,
    /// Names of traits, by how many people of a sample have them.
    traits: Vec<String>,
    /// Kinds of identifiers.
    identifiers: Vec<String>,
    /// Of leads, in their order.
    stages: Vec<String>,
    segments: Vec<SegmentName>,
    /// Columns of events that a condition may name; beside them `properties.…`.
    columns: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentEvent {
    event: String,
    count: i64,
    /// Names that were seen in a sample of the events, the most frequent first; dots lead inside.
    properties: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentName {
    pub segment_id: String,
    pub name: String,
}

/// What conditions can be made of.
#[utoipa::path(get, path = "/api/segments/fields", operation_id = "segment_fields", tag = "segments",
    responses((status = 200, body = SegmentFields)))]
pub async fn fields(
    State(store): State<Store>,
    State(query): State<Query>,
    State(volumes): State<EventVolumes>,
    State(clock): State<Clock>,
) -> Result<Json<SegmentFields>, ApiError> {
    let volumes = volumes.now(&store, clock.now_us()).await?;
    let mut carried = carried(&query).await?;
    let (traits, identifiers) = known(&store).await?;
    // What the fold derives of segments is no event of a rule's.
    let asked = volumes.iter().filter(|volume| ![segment::ENTERED, segment::LEFT].contains(&volume.event.as_str()));
    let events = asked.take(EVENTS_MAX).map(|volume| SegmentEvent {
        event: volume.event.clone(),
        count: volume.count,
        properties: carried.remove(&volume.event).map(by_frequency).unwrap_or_default(),
    });
    let segments = store.segments().await?;
    let names = segments
        .newest()
        .into_values()
        .map(|version| SegmentName { segment_id: version.segment.segment_id.clone(), name: version.segment.name.clone() });
    Ok(Json(SegmentFields {
        events: events.collect(),
        traits,
        identifiers,
        stages: STAGES.iter().map(|stage| (*stage).to_owned()).collect(),
        segments: names.collect(),
        columns: COLUMNS.iter().filter(|column| **column != "event").map(|column| (*column).to_owned()).collect(),
    }))
}

/// Names of properties by event, each with how many of a sample's rows have it.
async fn carried(query: &Query) -> Result<BTreeMap<String, BTreeMap<String, u64>>, ApiError> {
    let sql = format!("SELECT event, properties FROM events WHERE source <> 'forecourt' LIMIT {ROWS_MAX}");
    let answer = query.sql(&Scope::Everything, &sql, ROWS_MAX).await?;
    let mut carried: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for batch in &answer.batches {
        let text = |at: usize| arrow::compute::cast(batch.column(at), &arrow::datatypes::DataType::Utf8View);
        let (events, properties) =
            (text(0).map_err(|error| ApiError::internal(&error))?, text(1).map_err(|error| ApiError::internal(&error))?);
        for (event, properties) in events.as_string_view().iter().zip(properties.as_string_view()) {
            let (Some(event), Some(Ok(Value::Object(all)))) = (event, properties.map(serde_json::from_str)) else { continue };
            let held = carried.entry(event.to_owned()).or_default();
            for (name, value) in &all {
                count_names(held, name, value);
            }
        }
    }
    Ok(carried)
}

/// Counts a property, and what is inside of it one deep.
fn count_names(held: &mut BTreeMap<String, u64>, name: &str, value: &Value) {
    let inside = value.as_object().into_iter().flatten().map(|(inner, _)| format!("{name}.{inner}"));
    let names: Vec<String> = if value.is_object() { inside.collect() } else { vec![name.to_owned()] };
    for name in names {
        if held.len() < NAMES_MAX || held.contains_key(&name) {
            *held.entry(name).or_default() += 1;
        }
    }
}

fn by_frequency(names: BTreeMap<String, u64>) -> Vec<String> {
    let mut names: Vec<(String, u64)> = names.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    names.into_iter().map(|(name, _)| name).collect()
}

/// Names of traits and kinds of identifiers of some people.
async fn known(store: &Store) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let of = store.profiles_count().await?.max(PEOPLE);
    let until = (i64::MAX as f64 * PEOPLE as f64 / of as f64) as i64;
    let asked = PeopleAsked { states: true, entities: false, memberships: false };
    let people = store.people_between(-1, until, asked).await?;
    let mut kinds: BTreeSet<String> = ["email", "phone", "user_id", "anonymous_id"].map(str::to_owned).into();
    let mut traits: BTreeMap<String, u64> = BTreeMap::new();
    for part in people.parts {
        let Ok(state) = serde_json::from_str::<FragmentState>(&part.state) else { continue };
        for name in state.traits.into_keys().filter(|name| !name.is_empty()) {
            if traits.len() < NAMES_MAX || traits.contains_key(&name) {
                *traits.entry(name).or_default() += 1;
            }
        }
        if kinds.len() < NAMES_MAX {
            kinds.insert(part.kind);
        }
    }
    Ok((by_frequency(traits), kinds.into_iter().collect()))
}
