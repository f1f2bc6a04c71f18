//! The paths report, and the people behind its numbers.

use axum::{Json, extract::State};
use forecourt_query::{self as query, PathAt, PathsPeopleSpec, Query};
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller,
    error::{ApiError, ErrorBody},
    input::{Body, page_size},
    report::{EventFilter, ReportPeople},
    segments::within,
};

/// A paths report as people write it: the same here, in the CLI and in the UI.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathsSpec {
    /// With it a path begins: the first such event of each person in the report's time. Either this or `end`.
    #[serde(default)]
    start: Option<EventFilter>,
    /// With it a path ends: the first such event of each person in the report's time. Either this or `start`.
    #[serde(default)]
    end: Option<EventFilter>,
    /// How many steps after `start`, or before `end`, are followed: 1 to 10, 5 unless told.
    #[serde(default)]
    steps: Option<usize>,
    /// Which events are steps, at most 14; all events unless told.
    #[serde(default)]
    events: Vec<EventFilter>,
    /// Names of events that are no steps, at most 100.
    #[serde(default)]
    without: Vec<String>,
    /// What tells steps with one event apart: a dimension, `page` (the path of the URL) or `properties.<name>`.
    #[serde(default)]
    split: Option<String>,
    /// How far from the start, or the end, a path may reach, and how long after it the goal counts: `30d` unless told.
    #[serde(default)]
    window: Option<String>,
    /// How much time may lie between two neighbouring events of a path, such as `30m` for one visit; any unless told.
    #[serde(default)]
    gap: Option<String>,
    /// Whether equal steps that follow each other are one: true unless told.
    #[serde(default)]
    collapse: Option<bool>,
    /// How many different steps each level lists, 1 to 30: 8 unless told. The others are counted together.
    #[serde(default)]
    top: Option<usize>,
    /// How many whole sequences are listed, 1 to 500: 50 unless told.
    #[serde(default)]
    sequences: Option<usize>,
    /// Who has this event later than the start, or the end, and within `window` of it, has converted.
    #[serde(default)]
    goal: Option<EventFilter>,
    /// First moment at which paths start, or end: a date (its midnight in `tz`) or a time.
    #[serde(default)]
    from: Option<String>,
    /// First moment at which they no longer do. Steps may lie before `from` and behind `to`.
    #[serde(default)]
    to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
    /// Id of a segment in force: only its members count. Without it everybody.
    #[serde(default)]
    segment: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PathsReport {
    /// Whose paths these are: each person has one.
    people: u64,
    /// Of those, how many converted; null without a goal.
    #[schema(required)]
    converted: Option<u64>,
    /// People whose path, or conversion, may still go on: the window has not passed since their start, or end.
    unfinished: u64,
    /// By distance from the start, or from the end: level 0 is that event itself.
    levels: Vec<PathLevel>,
    /// From each level to the next; by level, then by falling number of people.
    links: Vec<PathLink>,
    /// Whole paths by falling number of people.
    sequences: Vec<PathSequence>,
    /// Further different paths.
    sequences_omitted: u64,
    /// Whose they are.
    people_omitted: u64,
    /// IANA name: dates begin in it.
    tz: String,
    /// Null for callers who see only their own rows.
    #[schema(required)]
    rows_scanned: Option<u64>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

#[derive(Serialize, ToSchema)]
pub struct PathLevel {
    /// By falling number of people; all beyond the listed are one place, the last.
    places: Vec<PathPlace>,
}

#[derive(Serialize, ToSchema)]
pub struct PathPlace {
    /// Null for the elements that are not listed by themselves.
    #[schema(required)]
    element: Option<PathElement>,
    /// How many different elements are counted here.
    elements: u64,
    people: u64,
    /// Whose path ends here; before an end: whose path begins here.
    ended: u64,
    #[schema(required)]
    converted: Option<u64>,
}

/// What people do at a step.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathElement {
    event: String,
    /// By the spec's `split`; null for no value, and without a split.
    #[serde(default)]
    value: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PathLink {
    /// It leads from this level to the next.
    level: usize,
    /// A place of this level.
    source: usize,
    /// A place of the next.
    target: usize,
    people: u64,
    #[schema(required)]
    converted: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct PathSequence {
    /// In the order of time.
    elements: Vec<PathElement>,
    /// Whose whole path it is.
    people: u64,
    /// Of all people of the report.
    share: f64,
    #[schema(required)]
    converted: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathsPeopleRequest {
    spec: PathsSpec,
    /// What their paths have: one place for a place, two for a link, one for each step of a sequence; empty for everybody.
    #[serde(default)]
    at: Vec<PathPlaceRequest>,
    /// Only those whose path has nothing beyond the farthest of these.
    #[serde(default)]
    ended: bool,
    /// Only those who converted, or who did not.
    #[serde(default)]
    converted: Option<bool>,
    /// 100 unless told, at most 1000.
    #[serde(default)]
    limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathPlaceRequest {
    /// Distance from the start, or from the end.
    level: usize,
    /// Null for those that the report does not list by themselves.
    #[serde(default)]
    element: Option<PathElement>,
}

/// What people do after an event, or before it, step by step.
#[utoipa::path(post, path = "/api/reports/paths", tag = "reports", request_body = PathsSpec,
    responses((status = 200, body = PathsReport), (status = 400, body = ErrorBody)))]
pub async fn paths(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(spec): Body<PathsSpec>,
) -> Result<Json<PathsReport>, ApiError> {
    let query = within(query, &store, &caller, spec.segment.as_deref()).await?;
    Ok(Json(query.paths(&caller.scope, &spec.into()).await?.into()))
}

/// Which profiles are behind a place, a link or a sequence of the paths report.
#[utoipa::path(post, path = "/api/reports/paths/people", tag = "reports", request_body = PathsPeopleRequest,
    responses((status = 200, body = ReportPeople), (status = 400, body = ErrorBody)))]
pub async fn paths_people(
    State(query): State<Query>,
    State(store): State<Store>,
    caller: Caller,
    Body(asked): Body<PathsPeopleRequest>,
) -> Result<Json<ReportPeople>, ApiError> {
    let at = |at: PathPlaceRequest| PathAt { level: at.level, element: at.element.map(query::PathElement::from) };
    let wanted = PathsPeopleSpec {
        at: asked.at.into_iter().map(at).collect(),
        ended: asked.ended,
        converted: asked.converted,
        limit: page_size(asked.limit, 100, 1_000) as usize,
        cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
    };
    let query = within(query, &store, &caller, asked.spec.segment.as_deref()).await?;
    let people = query.paths_people(&caller.scope, &asked.spec.into(), &wanted).await?;
    Ok(Json(ReportPeople::of(&store, &caller, people).await?))
}

impl From<PathsSpec> for query::PathsSpec {
    fn from(spec: PathsSpec) -> Self {
        Self {
            start: spec.start.map(query::EventFilter::from),
            end: spec.end.map(query::EventFilter::from),
            steps: spec.steps,
            events: spec.events.into_iter().map(query::EventFilter::from).collect(),
            without: spec.without,
            split: spec.split,
            window: spec.window,
            gap: spec.gap,
            collapse: spec.collapse,
            top: spec.top,
            sequences: spec.sequences,
            goal: spec.goal.map(query::EventFilter::from),
            from: spec.from,
            to: spec.to,
            tz: spec.tz,
        }
    }
}

impl From<PathElement> for query::PathElement {
    fn from(element: PathElement) -> Self {
        Self { event: element.event, value: element.value }
    }
}

impl From<query::PathElement> for PathElement {
    fn from(element: query::PathElement) -> Self {
        Self { event: element.event, value: element.value }
    }
}

impl From<query::PathsReport> for PathsReport {
    fn from(report: query::PathsReport) -> Self {
        let link = |query::PathLink { level, source, target, people, converted }| PathLink { level, source, target, people, converted };
        Self {
            people: report.people,
            converted: report.converted,
            unfinished: report.unfinished,
            levels: report.levels.into_iter().map(PathLevel::from).collect(),
            links: report.links.into_iter().map(link).collect(),
            sequences: report.sequences.into_iter().map(PathSequence::from).collect(),
            sequences_omitted: report.sequences_omitted,
            people_omitted: report.people_omitted,
            tz: report.tz,
            rows_scanned: report.rows_scanned,
            elapsed_ms: report.elapsed_ms,
            as_of: report.as_of,
        }
    }
}

impl From<query::PathLevel> for PathLevel {
    fn from(level: query::PathLevel) -> Self {
        let place = |place: query::PathPlace| {
            let query::PathPlace { element, elements, people, ended, converted } = place;
            PathPlace { element: element.map(PathElement::from), elements, people, ended, converted }
        };
        Self { places: level.places.into_iter().map(place).collect() }
    }
}

impl From<query::PathSequence> for PathSequence {
    fn from(sequence: query::PathSequence) -> Self {
        let query::PathSequence { elements, people, share, converted } = sequence;
        Self { elements: elements.into_iter().map(PathElement::from).collect(), people, share, converted }
    }
}
