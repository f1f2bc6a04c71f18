//! A journey gone through on paper: as anybody, or as somebody made up, with a clock that jumps from one thing to the next.
//!
//! The same functions advance it as in the fold; nothing is sent and nothing is kept.

use std::cell::RefCell;

use axum::{Json, extract::State};
use forecourt_model::{
    Event, EventAttribution, EventRow, FragmentId, FragmentState, Origin, ProfileId, Scope, Stamp,
    block::TouchOf,
    fragment::TraitValue,
    journey::{
        Came, Cue, Effect, Journey, Move, World, arrive, notice,
        run::{Run, RunBody, RunState},
    },
    measure::{Seen, text_of},
    reach::ZONE_TRAITS,
    rule::{self, Decider, Part, Person, Rule, Span},
    time::{DAY_US, iso, parse_us},
};
use forecourt_store::{Store, fragment::FragmentRow};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{read, runs::PassedStep};
use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
    profiles,
};

const HAPPENINGS_MAX: usize = 100;
/// After so many turns nothing new is to be learnt.
const TURNS_MAX: usize = 1_000;
const LONGEST_US: i64 = 3_660 * DAY_US;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneySimulation {
    #[schema(value_type = Object)]
    journey: Value,
    /// As whom; somebody of whom nothing is known where it is absent.
    #[serde(default)]
    #[schema(required)]
    profile_id: Option<String>,
    #[serde(default)]
    entry: SimulatedEntry,
    /// Now unless told.
    #[serde(default)]
    #[schema(required)]
    starts_at: Option<String>,
    #[serde(default)]
    happenings: Vec<Happening>,
    /// How far messages are taken to come, at once; `not_sent` unless told.
    #[serde(default)]
    messages: SimulatedMessages,
}

/// What begins it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatedEntry {
    event: String,
    #[schema(value_type = Object)]
    properties: Value,
    key: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// How long after the beginning: `90m`, `3d`.
    after: String,
    event: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    properties: Value,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SimulatedMessages {
    #[default]
    NotSent,
    Delivered,
    Read,
    Clicked,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedEnd {
    at: String,
    pub(super) reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneySimulated {
    path: Vec<PassedStep>,
    /// Absent where it waits for ever.
    #[schema(required)]
    pub(super) ended: Option<SimulatedEnd>,
    /// Templates in the order they would be sent, each with its time.
    pub(super) sends: Vec<SimulatedSend>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedSend {
    at: String,
    pub(super) step_id: String,
    template_ids: Vec<String>,
}

/// Go through a journey on paper.
#[utoipa::path(post, path = "/api/journeys/simulate", tag = "journeys", request_body = JourneySimulation,
    responses((status = 200, body = JourneySimulated), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn simulate_journey(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<JourneySimulation>,
) -> Result<Json<JourneySimulated>, ApiError> {
    let journey = read(asked.journey)?;
    if let Some(problem) = journey.problems().into_iter().find(|problem| !problem.says.contains("has no template")) {
        return Err(ApiError::invalid(problem.to_string()));
    }
    if HAPPENINGS_MAX < asked.happenings.len() {
        return Err(ApiError::invalid(format!("at most {HAPPENINGS_MAX} things can happen")));
    }
    let begin_us = match asked.starts_at.as_deref().filter(|text| !text.is_empty()) {
        None => clock.now_us(),
        Some(text) => parse_us(text)
            .ok_or_else(|| ApiError::invalid(format!("`starts_at` is {text:?}: write a time such as 2026-03-01T09:00:00Z")))?,
    };
    let happenings: Result<Vec<(i64, Happening)>, ApiError> = asked
        .happenings
        .into_iter()
        .map(|happening| {
            let after = Span::parse(&happening.after).map_err(ApiError::invalid)?;
            Ok((begin_us + after.us(), happening))
        })
        .collect();
    let mut happenings = happenings?;
    happenings.sort_by_key(|(at_us, _)| *at_us);
    let somebody = match asked.profile_id.as_deref().filter(|id| !id.is_empty()) {
        None => Somebody::nobody(),
        Some(id) => {
            if caller.scope == Scope::Masked {
                return Err(ApiError::forbidden("you see people masked: go through it as the made-up person"));
            }
            trail.object(id);
            let asked = profiles::profile_id(id)?;
            somebody(&store, &caller.scope, asked).await?.ok_or_else(|| ApiError::not_found("such profile"))?
        }
    };
    let zone = store.gate().await?.zone();
    let entry = RunBody { event: asked.entry.event, properties: asked.entry.properties, ..RunBody::default() };
    let (key, messages) = (asked.entry.key, asked.messages);
    // A journey of two hundred steps takes the processor for a moment.
    let walk = move || {
        let events: Vec<Event> = happenings.iter().filter_map(|(at_us, happening)| event(*at_us, happening)).collect();
        let attribution = EventAttribution { offset: 0, fragment_id: FragmentId(0), profile_id: somebody.profile_id, touch: TouchOf::None };
        let rows: Vec<EventRow<'_>> = events.iter().map(|event| EventRow::new(event, &attribution, None)).collect();
        let seen: Vec<Seen<'_>> = rows.iter().map(Seen::new).collect();
        let told: Vec<Told<'_>> = seen.iter().map(|seen| Told { at_us: seen.row.ts_us, seen }).collect();
        walk(&journey, somebody, entry, key, begin_us, &told, messages, &zone, begin_us.saturating_add(LONGEST_US))
    };
    let walked = tokio::task::spawn_blocking(walk).await.map_err(|error| ApiError::internal(&error))?;
    let not_meant = || ApiError::invalid("the journey's condition `only` does not hold for the person: nothing begins");
    Ok(Json(walked.ok_or_else(not_meant)?))
}

/// Something that happens to a run.
pub(super) struct Told<'a> {
    pub at_us: i64,
    pub seen: &'a Seen<'a>,
}

/// An event as a sender would send it; what none could send moves nothing.
fn event(at_us: i64, happening: &Happening) -> Option<Event> {
    let item = json!({
        "type": "track", "event": happening.event, "anonymousId": "simulated", "properties": happening.properties, "timestamp": iso(at_us)
    });
    let stamp = Stamp {
        origin: Origin::History,
        received_us: at_us,
        sent_us: None,
        source: "simulation".into(),
        message_id: "".into(),
        ip: "".into(),
    };
    Event::parse(item.to_string().as_bytes(), &stamp, "").ok()
}

/// Somebody as they are now; `None` where nobody is there whom the caller may see.
pub(super) async fn somebody(store: &Store, scope: &Scope, id: ProfileId) -> Result<Option<Somebody>, ApiError> {
    let Some(view) = store.profile(scope, id).await? else { return Ok(None) };
    let profile_id = view.summary.profile_id;
    let states = view.fragments.iter().map(|row| serde_json::from_str(&row.state).unwrap_or_default()).collect();
    let segments = store.segments().await?;
    let held = store.memberships(profile_id).await?;
    let named =
        |number: &u32| segments.versions.get(number).filter(|version| version.is_live()).map(|version| version.segment.segment_id.clone());
    Ok(Some(Somebody { profile_id, rows: view.fragments, states, segments: held.since_us.keys().filter_map(named).collect() }))
}

/// Who goes through it.
pub(super) struct Somebody {
    pub profile_id: ProfileId,
    rows: Vec<FragmentRow>,
    states: Vec<FragmentState>,
    segments: Vec<String>,
}

impl Somebody {
    /// Of whom nothing is known.
    pub fn nobody() -> Self {
        Self::unknown(ProfileId(0))
    }

    /// Of whom nothing is asked.
    pub fn unknown(profile_id: ProfileId) -> Self {
        Self { profile_id, rows: Vec::new(), states: Vec::new(), segments: Vec::new() }
    }
}

/// Goes through a journey until `until_us`; `None` where it does not take the person.

#[expect(clippy::too_many_arguments, reason = "all of them are what the caller asked for")]
pub(super) fn walk(
    journey: &Journey,
    mut somebody: Somebody,
    body: RunBody,
    key: String,
    begin_us: i64,
    happened: &[Told<'_>],
    messages: SimulatedMessages,
    home: &TimeZone,
    until_us: i64,
) -> Option<JourneySimulated> {
    let mut run = Run {
        run_id: format!("simulated:{}", somebody.profile_id.0),
        journey_id: journey.journey_id.clone(),
        version: 0,
        fragment_id: somebody.profile_id.0,
        key,
        state: RunState::Running,
        reason: String::new(),
        step_id: journey.first.clone().unwrap_or_default(),
        due_us: None,
        entered_us: begin_us,
        changed_us: begin_us,
        ended_us: None,
        goal_us: None,
        goal_value: 0,
        body,
    };
    if let Some(only) = &journey.only
        && !with(&somebody, begin_us, messages, home, |world| (world.decide)(only))
    {
        return None;
    }
    let sends = RefCell::new(Vec::new());
    go_on(journey, &mut run, &mut somebody, begin_us, messages, home, &sends);
    let mut next = 0;
    for _ in 0..TURNS_MAX {
        if !run.is_running() {
            break;
        }
        let due_us = run.due_us.filter(|due_us| *due_us <= until_us);
        match (happened.get(next), due_us) {
            (Some(told), due_us) if due_us.is_none_or(|due_us| told.at_us < due_us) => {
                next += 1;
                let cue = Cue::Event(told.seen);
                if with(&somebody, told.at_us, messages, home, |world| notice(&mut run, journey, &cue, world)) {
                    go_on(journey, &mut run, &mut somebody, told.at_us, messages, home, &sends);
                }
            }
            (_, Some(due_us)) => {
                if with(&somebody, due_us, messages, home, |world| notice(&mut run, journey, &Cue::Time, world)) {
                    go_on(journey, &mut run, &mut somebody, due_us, messages, home, &sends);
                }
            }
            _ => break,
        }
    }
    Some(JourneySimulated {
        path: run.body.path.iter().map(PassedStep::new).collect(),
        ended: run.ended_us.map(|at_us| SimulatedEnd { at: iso(at_us), reason: run.reason.clone() }),
        sends: sends.into_inner(),
    })
}

fn go_on(
    journey: &Journey,
    run: &mut Run,
    somebody: &mut Somebody,
    at_us: i64,
    messages: SimulatedMessages,
    home: &TimeZone,
    sends: &RefCell<Vec<SimulatedSend>>,
) {
    loop {
        match with(somebody, at_us, messages, home, |world| arrive(run, journey, world)) {
            Move::Rest => return,
            Move::Do(Effect::Send { step_id, chain, .. }) => {
                let template_ids = chain.into_iter().map(|step| step.template_id).collect();
                sends.borrow_mut().push(SimulatedSend { at: iso(at_us), step_id, template_ids });
            }
            Move::Do(Effect::SetTrait { name, value }) => {
                if let Some(state) = somebody.states.first_mut() {
                    state.set_trait(&name, TraitValue { value, at_us: i64::MAX, offset: u64::MAX, source: "simulation".to_owned() });
                }
            }
            Move::Do(Effect::SetStage { .. } | Effect::OpenTask { .. } | Effect::Enter { .. }) => {}
        }
    }
}

/// Asks something of the person at a moment.
fn with<R>(somebody: &Somebody, at_us: i64, messages: SimulatedMessages, home: &TimeZone, ask: impl FnOnce(&World<'_>) -> R) -> R {
    let parts = somebody.rows.iter().zip(&somebody.states).map(|(row, state)| Part {
        kind: &row.kind,
        events: row.events,
        first_us: row.first_us,
        last_us: row.last_us,
        state,
    });
    let is_in = |segment_id: &str| somebody.segments.iter().any(|held| held == segment_id);
    let person = Person { profile_id: somebody.profile_id.0, parts: parts.collect(), leads: Vec::new(), orders: Vec::new(), is_in: &is_in };
    let decide = |rule: &Rule| rule::decide(&Decider::new(rule, home.clone(), &|_| String::new()), &person, at_us).holds;
    let trait_text = |name: &str| person.trait_value(name).and_then(text_of);
    // Of a step that was not reached nothing was sent, as in the fold.
    let came = |_: &str, visit: u32, came: Came| {
        let so_far = if visit == 0 { SimulatedMessages::NotSent } else { messages };
        match came {
            Came::NotSent => so_far == SimulatedMessages::NotSent,
            Came::Delivered => SimulatedMessages::Delivered <= so_far,
            Came::Read => SimulatedMessages::Read <= so_far,
            Came::Clicked => SimulatedMessages::Clicked <= so_far,
        }
    };
    let own = ZONE_TRAITS.iter().find_map(|name| TimeZone::get(&trait_text(name)?).ok());
    let zone = own.unwrap_or_else(|| home.clone());
    ask(&World { at_us, zone: &zone, decide: &decide, is_in: &is_in, trait_text: &trait_text, came: &came })
}
