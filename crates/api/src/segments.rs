//! Segments: what people define, how far it is computed, who is in them.

pub mod fields;
pub mod preview;
pub mod rule;

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use forecourt_model::{
    ProfileId,
    command::Action,
    rule::Rule,
    segment::{Segment as ModelSegment, Segments, Version, VersionState, size_name},
    time::{day, day_text, iso},
};
use forecourt_query::Query;
use forecourt_store::{
    FoldNumbers, Store,
    control::{Control, Job, SEGMENT_JOB},
    totals::DailyTotal,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::rule::{SegmentRule, check_visible};
use crate::{
    Caller, Clock, Commands, Installation, Trail,
    commands::{CommandOutcome, Told},
    error::{ApiError, ErrorBody},
    input::{Asked, Body, page_size},
    profiles::ProfileRow,
};

/// Days of a segment's history.
const HISTORY_DAYS: i32 = 90;
/// Days of the comings and goings that a list shows.
const LATELY_DAYS: i32 = 7;

#[derive(Serialize, ToSchema)]
pub struct SegmentList {
    /// By name.
    segments: Vec<SegmentItem>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentItem {
    segment_id: String,
    name: String,
    description: String,
    /// IANA name: days begin in it, for dates.
    tz: String,
    /// As it was set last, in force or to come.
    #[schema(value_type = SegmentRule)]
    rule: Rule,
    /// Of that rule; counts up over all segments.
    version: u32,
    state: SegmentState,
    /// How far the rule is computed: 100 for one in force.
    percent: u64,
    /// Another rule is in force until this one is computed; the size and the people are that one's.
    is_changing: bool,
    /// Of the rule in force; 0 where none is yet.
    size: u64,
    changed_at: String,
    changed_by: String,
    /// In the last seven days of UTC, today with them.
    entered_7d: i64,
    left_7d: i64,
    /// Segments that look at it.
    used_by: Vec<String>,
}

/// `filling`: the past is brought in. `deciding`: people are decided one after the other. `live`: in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentState {
    Filling,
    Deciding,
    Live,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentDetail {
    #[serde(flatten)]
    segment: SegmentItem,
    /// The last 90 days of UTC, oldest first, today last.
    history: Vec<SegmentDay>,
    /// With whom it shares members, the most first.
    overlap: Vec<SegmentOverlap>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentDay {
    /// `YYYY-MM-DD`.
    day: String,
    /// At the day's end; null for days before the rule in force was set.
    #[schema(required)]
    size: Option<i64>,
    entered: i64,
    left: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentOverlap {
    segment_id: String,
    name: String,
    /// In both.
    profiles: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSegment {
    /// Lower-case letters, digits, `-` and `_`; never changes.
    segment_id: String,
    /// 1 to 120 characters.
    name: String,
    #[serde(default)]
    description: String,
    /// IANA name: days begin in it, for dates; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
    #[schema(value_type = SegmentRule)]
    rule: Rule,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentChange {
    /// 1 to 120 characters.
    name: String,
    #[serde(default)]
    description: String,
    /// IANA name: days begin in it, for dates; without it what it was.
    #[serde(default)]
    tz: Option<String>,
    #[schema(value_type = SegmentRule)]
    rule: Rule,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SegmentProfilesAsked {
    /// From the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentProfiles {
    /// By their ids.
    profiles: Vec<SegmentProfile>,
    /// The cursor of the next page.
    #[schema(required)]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentProfile {
    #[serde(flatten)]
    profile: ProfileRow,
    entered_at: String,
}

/// A segment that a profile is in.
#[derive(Serialize, ToSchema)]
pub struct ProfileSegment {
    segment_id: String,
    name: String,
    since: String,
}

/// All segments.
#[utoipa::path(get, path = "/api/segments", tag = "segments", responses((status = 200, body = SegmentList)))]
pub async fn segments(
    State(store): State<Store>,
    State(control): State<Control>,
    State(clock): State<Clock>,
) -> Result<Json<SegmentList>, ApiError> {
    let book = Book::read(&store, &control, day(clock.now_us())).await?;
    let mut segments: Vec<SegmentItem> = book.segments.newest().into_values().map(|newest| book.item(newest)).collect();
    segments.sort_by_key(|item| (item.name.to_lowercase(), item.segment_id.clone()));
    Ok(Json(SegmentList { segments }))
}

/// One segment: how its size went, and whom it shares members with.
#[utoipa::path(get, path = "/api/segments/{id}", tag = "segments", params(("id" = String, Path)),
    responses((status = 200, body = SegmentDetail), (status = 404, body = ErrorBody)))]
pub async fn segment(
    State(store): State<Store>,
    State(control): State<Control>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
) -> Result<Json<SegmentDetail>, ApiError> {
    let today = day(clock.now_us());
    let book = Book::read(&store, &control, today).await?;
    let newest = book.newest(&id)?;
    let overlap = match book.segments.live(&id) {
        Some(live) => book.overlap(live, store.overlap(live.number).await?),
        None => Vec::new(),
    };
    Ok(Json(SegmentDetail { segment: book.item(newest), history: book.history(&id, today), overlap }))
}

/// Make a segment. It is in force once it is computed.
#[utoipa::path(post, path = "/api/segments", tag = "segments", request_body = NewSegment,
    responses((status = 200, body = SegmentItem), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the route works with")]
pub async fn add_segment(
    State(store): State<Store>,
    State(control): State<Control>,
    State(commands): State<Commands>,
    State(clock): State<Clock>,
    State(installation): State<Installation>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<NewSegment>,
) -> Result<Response, ApiError> {
    let NewSegment { segment_id, name, description, tz, rule } = asked;
    trail.object(format!("segment {segment_id}"));
    if store.segments().await?.newest().contains_key(segment_id.as_str()) {
        return Err(ApiError::invalid(format!("there is a segment {segment_id:?} already: take another id")));
    }
    let segment = ModelSegment { segment_id, name, description, tz: tz.unwrap_or(installation.time_zone), rule };
    save(&store, &control, &commands, &clock, &caller, segment).await
}

/// Change a segment: its next version takes the place of the one in force once it is computed.
#[utoipa::path(put, path = "/api/segments/{id}", tag = "segments", params(("id" = String, Path)), request_body = SegmentChange,
    responses((status = 200, body = SegmentItem), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the route works with")]
pub async fn change_segment(
    State(store): State<Store>,
    State(control): State<Control>,
    State(commands): State<Commands>,
    State(clock): State<Clock>,
    caller: Caller,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<SegmentChange>,
) -> Result<Response, ApiError> {
    let segments = store.segments().await?;
    let before = newest(&segments, &id)?.segment.clone();
    trail.object(format!("segment {id}"));
    let SegmentChange { name, description, tz, rule } = asked;
    let segment = ModelSegment { segment_id: id, name, description, tz: tz.unwrap_or_else(|| before.tz.clone()), rule };
    trail.changed(&before, &segment);
    save(&store, &control, &commands, &clock, &caller, segment).await
}

/// Remove a segment that no other looks at.
#[utoipa::path(delete, path = "/api/segments/{id}", tag = "segments", params(("id" = String, Path)),
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn remove_segment(
    State(store): State<Store>,
    State(commands): State<Commands>,
    caller: Caller,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Told, ApiError> {
    newest(&store.segments().await?, &id)?;
    trail.object(format!("segment {id}"));
    match commands.tell(&caller, Action::RemoveSegment { segment_id: id }).await? {
        Told::Refused { reason } => Err(ApiError::invalid(reason)),
        told => Ok(told),
    }
}

/// Who is in a segment.
#[utoipa::path(get, path = "/api/segments/{id}/profiles", tag = "segments", params(("id" = String, Path), SegmentProfilesAsked),
    responses((status = 200, body = SegmentProfiles), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn segment_profiles(
    State(store): State<Store>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<SegmentProfilesAsked>,
) -> Result<Json<SegmentProfiles>, ApiError> {
    let segments = store.segments().await?;
    newest(&segments, &id)?;
    let limit = page_size(asked.limit, 50, 200);
    let after = match asked.cursor.filter(|cursor| !cursor.is_empty()) {
        None => -1,
        Some(cursor) => cursor.parse().map_err(|_| ApiError::invalid("the cursor is not one of ours: start from the first page"))?,
    };
    let Some(live) = segments.live(&id) else { return Ok(Json(SegmentProfiles { profiles: Vec::new(), next: None })) };
    let members = store.members_after(live.number, after, limit).await?;
    let next = members.last().filter(|_| members.len() == limit as usize).map(|(id, _)| id.0.to_string());
    let since: HashMap<ProfileId, i64> = members.iter().copied().collect();
    let ids: Vec<ProfileId> = members.iter().map(|(id, _)| *id).collect();
    let row = |summary: forecourt_store::profile::ProfileSummary| {
        let entered_at = iso(since.get(&summary.profile_id).copied().unwrap_or(0));
        SegmentProfile { profile: summary.into(), entered_at }
    };
    let profiles = store.profile_summaries(&caller.scope, &ids).await?.into_iter().map(row).collect();
    Ok(Json(SegmentProfiles { profiles, next }))
}

/// The segments in force that a profile is in. A dealer is told none: who is in them goes by what other dealers know too.
pub(crate) async fn of_profile(store: &Store, caller: &forecourt_model::Scope, id: ProfileId) -> Result<Vec<ProfileSegment>, ApiError> {
    if caller.dealer().is_some() {
        return Ok(Vec::new());
    }
    let held = store.memberships(id).await?;
    if held.since_us.is_empty() {
        return Ok(Vec::new());
    }
    let segments = store.segments().await?;
    let live = |(number, since_us): (u32, i64)| {
        let version = segments.versions.get(&number).filter(|version| version.is_live())?;
        let segment = &version.segment;
        Some(ProfileSegment { segment_id: segment.segment_id.clone(), name: segment.name.clone(), since: iso(since_us) })
    };
    Ok(held.since_us.into_iter().filter_map(live).collect())
}

/// The query cut down to the members of a segment in force.
///
/// * `segment`: its id; all people where it is absent.
pub(crate) async fn within(query: Query, store: &Store, caller: &Caller, segment: Option<&str>) -> Result<Query, ApiError> {
    let Some(id) = segment.filter(|id| !id.is_empty()) else { return Ok(query) };
    Ok(query.within(members(store, caller, id).await?.into_iter().map(|id| id.0)))
}

/// The members of a segment in force.
pub(crate) async fn members(store: &Store, caller: &Caller, id: &str) -> Result<Vec<ProfileId>, ApiError> {
    if caller.scope.dealer().is_some() {
        return Err(ApiError::forbidden("segments are not shown to dealers: leave `segment` out"));
    }
    let segments = store.segments().await?;
    if !segments.newest().contains_key(id) {
        return Err(ApiError::invalid(format!("`segment` is {id:?}, and there is none of that id: `GET /api/segments` lists them")));
    }
    let live = segments.live(id);
    let live = live.ok_or_else(|| ApiError::invalid(format!("the segment {id:?} is not computed yet: wait until it is")))?;
    Ok(store.members(live.number).await?)
}

pub(crate) fn zone(name: &str) -> Result<TimeZone, ApiError> {
    TimeZone::get(name).map_err(|_| ApiError::invalid(format!("{name:?} is no time zone: use an IANA name such as `Europe/Kyiv` or `UTC`")))
}

fn newest<'a>(segments: &'a Segments, id: &str) -> Result<&'a Version, ApiError> {
    segments.newest().remove(id).ok_or_else(|| ApiError::not_found("such segment"))
}

async fn save(
    store: &Store,
    control: &Control,
    commands: &Commands,
    clock: &Clock,
    caller: &Caller,
    segment: ModelSegment,
) -> Result<Response, ApiError> {
    segment.check().map_err(ApiError::invalid)?;
    check_visible(caller, &segment.rule)?;
    let id = segment.segment_id.clone();
    match commands.tell(caller, Action::SetSegment { segment }).await? {
        Told::Done => {
            let book = Book::read(store, control, day(clock.now_us())).await?;
            Ok(Json(book.item(book.newest(&id)?)).into_response())
        }
        Told::Refused { reason } => Err(ApiError::invalid(reason)),
        pending @ Told::Pending { .. } => Ok(pending.into_response()),
    }
}

/// What is known of all segments at a moment.
struct Book {
    segments: Segments,
    numbers: FoldNumbers,
    /// Of the days of a history.
    turns: Vec<DailyTotal>,
    jobs: Vec<Job>,
    today: i32,
}

impl Book {
    async fn read(store: &Store, control: &Control, today: i32) -> Result<Self, ApiError> {
        Ok(Self {
            segments: store.segments().await?,
            numbers: store.fold_numbers().await?,
            turns: store.segment_turns(today - HISTORY_DAYS + 1).await?,
            jobs: control.running_jobs(SEGMENT_JOB).await?,
            today,
        })
    }

    fn newest(&self, id: &str) -> Result<&Version, ApiError> {
        newest(&self.segments, id)
    }

    fn size(&self, version: &Version) -> i64 {
        self.numbers.get(&size_name(version.number)).copied().unwrap_or(0).max(0)
    }

    fn item(&self, newest: &Version) -> SegmentItem {
        let segment = &newest.segment;
        let id = segment.segment_id.as_str();
        let live = self.segments.live(id);
        let lately = |metric: &str| {
            let held =
                self.turns.iter().filter(|turn| turn.dimension == id && turn.metric == metric && self.today - LATELY_DAYS < turn.day);
            held.map(|turn| turn.count).sum()
        };
        SegmentItem {
            segment_id: segment.segment_id.clone(),
            name: segment.name.clone(),
            description: segment.description.clone(),
            tz: segment.tz.clone(),
            rule: segment.rule.clone(),
            version: newest.number,
            state: match newest.state {
                VersionState::Filling { .. } => SegmentState::Filling,
                VersionState::Deciding { .. } => SegmentState::Deciding,
                VersionState::Live => SegmentState::Live,
            },
            percent: self.percent(newest),
            is_changing: live.is_some_and(|live| live.number != newest.number),
            size: live.map_or(0, |live| self.size(live) as u64),
            changed_at: iso(newest.changed_us),
            changed_by: newest.changed_by.clone(),
            entered_7d: lately("segment_entered"),
            left_7d: lately("segment_left"),
            used_by: self.segments.dependents(id).into_iter().map(str::to_owned).collect(),
        }
    }

    fn percent(&self, version: &Version) -> u64 {
        let number = version.number.to_string();
        let job = self.jobs.iter().find(|job| job.message.as_deref() == Some(&number));
        if version.is_live() { 100 } else { job.map_or(0, |job| job.done.min(99)) }
    }

    /// The sizes of days, backwards from now; before the rule in force was set another one counted.
    fn history(&self, id: &str, today: i32) -> Vec<SegmentDay> {
        let mut turns: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
        for turn in self.turns.iter().filter(|turn| turn.dimension == id) {
            let held = turns.entry(turn.day).or_default();
            if turn.metric == "segment_entered" { held.0 += turn.count } else { held.1 += turn.count }
        }
        let live = self.segments.live(id);
        let mut size = live.map_or(0, |live| self.size(live));
        let since = live.map_or(i32::MAX, |live| day(live.changed_us));
        let mut days: Vec<SegmentDay> = (today - HISTORY_DAYS + 1..=today)
            .rev()
            .map(|day| {
                let (entered, left) = turns.get(&day).copied().unwrap_or_default();
                let at_end = (since <= day).then_some(size.max(0));
                size -= entered - left;
                SegmentDay { day: day_text(day), size: at_end, entered, left }
            })
            .collect();
        days.reverse();
        days
    }

    fn overlap(&self, of: &Version, counts: BTreeMap<u32, u64>) -> Vec<SegmentOverlap> {
        let shared = counts.into_iter().filter_map(|(number, profiles)| {
            let version = self.segments.versions.get(&number).filter(|version| version.is_live() && version.number != of.number)?;
            let segment = &version.segment;
            Some(SegmentOverlap { segment_id: segment.segment_id.clone(), name: segment.name.clone(), profiles })
        });
        let mut shared: Vec<SegmentOverlap> = shared.collect();
        shared.sort_by(|a, b| b.profiles.cmp(&a.profiles).then(a.segment_id.cmp(&b.segment_id)));
        shared
    }
}
