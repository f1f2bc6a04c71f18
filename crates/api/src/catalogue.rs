//! What there is to ask about: event names with their volumes, what each carries, what people say of it; values of
//! dimensions.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_model::{
    EventNames, Scope, mask,
    time::{DAY_US, SECOND_US, day, day_text, iso},
};
use forecourt_query::{PropertyChange, Query};
use forecourt_store::{
    Store, StoreError,
    control::{self, Control},
    totals::EventVolume,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Days of an event's little chart.
const DAYS_SHOWN: i32 = 30;
/// A name that first came up within so many days is new.
const NEW_DAYS: i32 = 7;
/// How long the list of names may be old: it is asked for with every letter that is typed into the search.
const VOLUMES_KEPT_US: i64 = 30 * SECOND_US;

#[derive(Serialize, ToSchema)]
pub struct Catalogue {
    /// The most frequent first.
    events: Vec<CatalogueEvent>,
    /// Values by dimension, the most frequent first.
    dimensions: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize, ToSchema)]
pub struct CatalogueEvent {
    event: String,
    count: u64,
    last_seen: String,
}

/// Event names and values of dimensions, to choose from.
#[utoipa::path(get, path = "/api/catalogue", tag = "reports", responses((status = 200, body = Catalogue)))]
pub async fn catalogue(State(query): State<Query>, caller: Caller) -> Result<Json<Catalogue>, ApiError> {
    let found = query.catalogue(&caller.scope).await?;
    let event = |entry: forecourt_query::EventEntry| CatalogueEvent { event: entry.event, count: entry.count, last_seen: entry.last_seen };
    Ok(Json(Catalogue { events: found.events.into_iter().map(event).collect(), dimensions: found.dimensions }))
}

/// All event names with their volumes, read again when they are older than half a minute.
#[derive(Clone, Default)]
pub struct EventVolumes(Arc<Mutex<Option<(i64, Volumes)>>>);

type Volumes = Arc<Vec<EventVolume>>;

impl EventVolumes {
    pub(crate) async fn now(&self, store: &Store, now_us: i64) -> Result<Volumes, StoreError> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read_us, volumes)) = held
            && (read_us..read_us + VOLUMES_KEPT_US).contains(&now_us)
        {
            return Ok(volumes);
        }
        let volumes = Arc::new(store.event_volumes().await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now_us, volumes.clone()));
        Ok(volumes)
    }
}

#[derive(Serialize, ToSchema)]
pub struct EventList {
    /// The most frequent of the last 30 days first; planned ones that never came last.
    events: Vec<KnownEvent>,
    /// First of the days in `days`, `YYYY-MM-DD` UTC.
    from: String,
}

#[derive(Serialize, ToSchema)]
pub struct KnownEvent {
    event: String,
    /// Since the beginning.
    count: i64,
    /// Of the last 30 days.
    count_30d: i64,
    /// The last 30 days, oldest first, today last.
    days: Vec<i64>,
    /// First day, `YYYY-MM-DD` UTC; null for one that never came.
    #[schema(required)]
    first_seen: Option<String>,
    #[schema(required)]
    last_seen: Option<String>,
    /// It came up within the last 7 days.
    is_new: bool,
    /// It comes, and nobody has said that it should: once some events are marked as expected, or while the name is new.
    is_unexpected: bool,
    /// It stands for all names beyond the first 5,000 of a day.
    is_rest: bool,
    description: String,
    /// Who answers questions about it.
    owner: String,
    status: EventStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Nobody has said.
    Unplanned,
    /// It is meant to come.
    Expected,
    /// It still comes; nothing new should be built on it.
    Deprecated,
}

impl From<control::EventStatus> for EventStatus {
    fn from(status: control::EventStatus) -> Self {
        match status {
            control::EventStatus::Unplanned => Self::Unplanned,
            control::EventStatus::Expected => Self::Expected,
            control::EventStatus::Deprecated => Self::Deprecated,
        }
    }
}

impl From<EventStatus> for control::EventStatus {
    fn from(status: EventStatus) -> Self {
        match status {
            EventStatus::Unplanned => Self::Unplanned,
            EventStatus::Expected => Self::Expected,
            EventStatus::Deprecated => Self::Deprecated,
        }
    }
}

/// Every event name that came or is planned.
#[utoipa::path(get, path = "/api/catalogue/events", tag = "catalogue", responses((status = 200, body = EventList)))]
pub async fn known_events(
    State(store): State<Store>,
    State(control): State<Control>,
    State(volumes): State<EventVolumes>,
    State(clock): State<Clock>,
) -> Result<Json<EventList>, ApiError> {
    let now_us = clock.now_us();
    let today = day(now_us);
    let from = today - DAYS_SHOWN + 1;
    let volumes = volumes.now(&store, now_us).await?;
    let mut days = store.event_days(from).await?;
    let mut notes = control.event_notes().await?;
    let seen = (today, is_planned(&notes));
    let mut events: Vec<KnownEvent> = volumes
        .iter()
        .map(|volume| {
            let of = days.remove(&volume.event).unwrap_or_default();
            known(&volume.event, Some(volume), &of, notes.remove(&volume.event), seen)
        })
        .collect();
    events.extend(notes.into_iter().map(|(event, note)| known(&event, None, &[], Some(note), seen)));
    events.sort_by(|a, b| (b.count_30d, b.count, &a.event).cmp(&(a.count_30d, a.count, &b.event)));
    Ok(Json(EventList { events, from: day_text(from) }))
}

/// Whether somebody has begun to say what should come: before that nothing is unexpected but what is new.
fn is_planned(notes: &BTreeMap<String, control::EventNote>) -> bool {
    notes.values().any(|note| note.status == control::EventStatus::Expected)
}

fn known(
    event: &str,
    volume: Option<&EventVolume>,
    of_days: &[(i32, i64)],
    note: Option<control::EventNote>,
    (today, is_planned): (i32, bool),
) -> KnownEvent {
    let from = today - DAYS_SHOWN + 1;
    let mut days = vec![0; DAYS_SHOWN as usize];
    // Senders' clocks run ahead too: what is of tomorrow is left out.
    for (at, count) in of_days.iter().filter(|(at, _)| (from..=today).contains(at)) {
        days[(at - from) as usize] = *count;
    }
    let is_rest = event == EventNames::OTHER;
    let status = note.as_ref().map_or(control::EventStatus::Unplanned, |note| note.status);
    let is_new = volume.is_some_and(|volume| today - NEW_DAYS < volume.first_day);
    let is_unsaid = volume.is_some() && !is_rest && status == control::EventStatus::Unplanned;
    let (description, owner) = note.map(|note| (note.description, note.owner)).unwrap_or_default();
    KnownEvent {
        event: event.to_owned(),
        count: volume.map_or(0, |volume| volume.count),
        count_30d: days.iter().sum(),
        days,
        first_seen: volume.map(|volume| day_text(volume.first_day)),
        last_seen: volume.map(|volume| day_text(volume.last_day)),
        is_new,
        is_unexpected: is_unsaid && (is_planned || is_new),
        is_rest,
        description,
        owner,
        status: status.into(),
    }
}

#[derive(Serialize, ToSchema)]
pub struct EventDetail {
    #[serde(flatten)]
    event: KnownEvent,
    /// How many of its latest events were looked at for the properties: at most 4,000 of the last 67 days.
    sampled: u64,
    /// By name; at most 200.
    properties: Vec<Property>,
    #[schema(required)]
    described_at: Option<String>,
    #[schema(required)]
    described_by: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Property {
    name: String,
    /// Of the events that were looked at, the share that has it: 0 to 1.
    share: f64,
    /// The most frequent first.
    types: Vec<PropertyTypeShare>,
    /// Values as they came; what names people is masked.
    examples: Vec<String>,
    /// Whether its values name people.
    is_personal: bool,
    #[schema(required)]
    change: Option<PropertyOddity>,
}

#[derive(Serialize, ToSchema)]
pub struct PropertyTypeShare {
    /// `text`, `number`, `boolean`, `list`, `object`, `empty`.
    r#type: String,
    /// Of the events that have the property: 0 to 1.
    share: f64,
}

/// The event's last week against the two months before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PropertyOddity {
    New,
    TypeChanged,
    Gone,
}

impl From<forecourt_query::PropertyShape> for Property {
    fn from(shape: forecourt_query::PropertyShape) -> Self {
        let rows: u64 = shape.types.iter().map(|(_, rows)| rows).sum();
        let share = |rows_of: u64| rows_of as f64 / rows.max(1) as f64;
        let types = shape.types.iter().map(|(kind, of)| PropertyTypeShare { r#type: kind.as_str().to_owned(), share: share(*of) });
        Self {
            types: types.collect(),
            is_personal: mask::personal(&shape.name).is_some(),
            name: shape.name,
            share: shape.share,
            examples: shape.examples,
            change: shape.change.map(|change| match change {
                PropertyChange::New => PropertyOddity::New,
                PropertyChange::TypeChanged => PropertyOddity::TypeChanged,
                PropertyChange::Gone => PropertyOddity::Gone,
            }),
        }
    }
}

/// One event name: its volume, what it carries, what people say of it.
#[utoipa::path(get, path = "/api/catalogue/events/{event}", tag = "catalogue", params(("event" = String, Path)),
    responses((status = 200, body = EventDetail), (status = 404, body = ErrorBody)))]
pub async fn known_event(
    State(store): State<Store>,
    State(control): State<Control>,
    State(query): State<Query>,
    State(clock): State<Clock>,
    Path(event): Path<String>,
) -> Result<Json<EventDetail>, ApiError> {
    let today = day(clock.now_us());
    let volume = store.event_volumes().await?.into_iter().find(|volume| volume.event == event);
    let mut notes = control.event_notes().await?;
    let seen = (today, is_planned(&notes));
    let note = notes.remove(&event);
    if volume.is_none() && note.is_none() {
        return Err(ApiError::not_found("such event"));
    }
    let days = store.event_days(today - DAYS_SHOWN + 1).await?.remove(&event).unwrap_or_default();
    // Masked for everybody: a catalogue is about events, and its examples must name nobody.
    let until_us = volume.as_ref().map(|volume| (i64::from(volume.last_day) + 1) * DAY_US);
    let shape = match until_us {
        Some(until_us) => Some(query.event_shape(&Scope::Masked, &event, until_us).await?),
        None => None,
    };
    let (described_at, described_by) = note.as_ref().map(|note| (iso(note.updated_us), note.updated_by.clone())).unzip();
    Ok(Json(EventDetail {
        event: known(&event, volume.as_ref(), &days, note, seen),
        sampled: shape.as_ref().map_or(0, |shape| shape.sampled),
        properties: shape.into_iter().flat_map(|shape| shape.properties).map(Property::from).collect(),
        described_at,
        described_by,
    }))
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventNote {
    /// What it means, at most 2,000 characters.
    description: String,
    /// Who answers questions about it: a person or a team.
    owner: String,
    status: EventStatus,
}

/// Describe an event, also one that is only planned.
#[utoipa::path(put, path = "/api/catalogue/events/{event}", tag = "catalogue", params(("event" = String, Path)), request_body = EventNote,
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn describe_event(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Path(event): Path<String>,
    Body(asked): Body<EventNote>,
) -> Result<axum::http::StatusCode, ApiError> {
    let before = control.event_notes().await?.remove(&event);
    let before = before.map(|note| EventNote { description: note.description, owner: note.owner, status: note.status.into() });
    trail.object(format!("event {event}"));
    trail.changed(&before, &asked);
    let note = control::EventNote {
        description: asked.description,
        owner: asked.owner,
        status: asked.status.into(),
        updated_us: clock.now_us(),
        updated_by: caller.actor,
    };
    control.put_event_note(&event, &note).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
