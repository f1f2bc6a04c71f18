//! Journeys: drawn, looked over, published, watched.

pub mod dry_run;
pub mod report;
pub mod runs;
pub mod simulation;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use forecourt_model::{
    command::Action,
    journey::{Journey, JourneyOf, JourneyState as ModelState, JourneyStep as ModelStep, Problem, templates},
    time::iso,
};
use forecourt_store::{Store, definition::Definition, run::RunCounts};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Caller, Commands, Trail,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// A journey as JSON: see the documentation's page Journeys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyBody {
    #[schema(value_type = Object)]
    journey: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JourneyState {
    /// Never published.
    Draft,
    Live,
    /// Nobody enters; who is in it goes on.
    Closed,
    /// Nobody enters, and all runs are ended.
    Stopped,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JourneyWish {
    /// Puts the draft in force. Who is on the way goes on by the version they entered.
    Publish,
    Close,
    Reopen,
    Stop,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyStep {
    step: JourneyWish,
}

/// How far people came.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct JourneyTotals {
    entered: i64,
    running: i64,
    ended: i64,
    /// Who reached the goal.
    goals: i64,
    /// Who is only watched.
    held_out: i64,
}

/// Something to mend before a journey can be published.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyProblem {
    /// Where; absent for the journey itself.
    #[schema(required)]
    step_id: Option<String>,
    says: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyItem {
    journey_id: String,
    name: String,
    state: JourneyState,
    /// Of what is in force.
    #[schema(required)]
    version: Option<u64>,
    /// Whether the draft is what is in force.
    is_published: bool,
    #[schema(value_type = Object)]
    entry: Value,
    counts: JourneyTotals,
    changed_at: String,
    changed_by: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyList {
    /// The latest changed first.
    journeys: Vec<JourneyItem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyDetail {
    /// As it was drawn last.
    #[schema(value_type = Object)]
    journey: Value,
    /// What people enter by; absent before it is published.
    #[schema(value_type = Option<Object>, required)]
    live: Option<Value>,
    state: JourneyState,
    #[schema(required)]
    version: Option<u64>,
    is_published: bool,
    problems: Vec<JourneyProblem>,
    changed_at: String,
    changed_by: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyProblems {
    problems: Vec<JourneyProblem>,
}

/// A journey to begin from.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyTemplate {
    template_id: String,
    name: String,
    says: String,
    #[schema(value_type = Object)]
    journey: Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyTemplates {
    templates: Vec<JourneyTemplate>,
}

/// All journeys.
#[utoipa::path(get, path = "/api/journeys", tag = "journeys", responses((status = 200, body = JourneyList)))]
pub async fn journeys(State(store): State<Store>) -> Result<Json<JourneyList>, ApiError> {
    let mut found = store.journeys().await?;
    found.sort_by_key(|definition| std::cmp::Reverse(definition.body.changed_us));
    let mut journeys = Vec::with_capacity(found.len());
    for definition in found {
        let of = definition.body;
        let counts = store.run_counts(&of.draft.journey_id).await?;
        journeys.push(JourneyItem {
            journey_id: of.draft.journey_id,
            name: of.draft.name,
            state: of.state.into(),
            version: of.version,
            is_published: of.is_published,
            entry: serde_json::to_value(&of.draft.entry).unwrap_or_default(),
            counts: JourneyTotals::new(&counts),
            changed_at: iso(of.changed_us),
            changed_by: of.changed_by,
        });
    }
    Ok(Json(JourneyList { journeys }))
}

/// One journey: its draft, and what is in force.
#[utoipa::path(get, path = "/api/journeys/{id}", tag = "journeys", params(("id" = String, Path)),
    responses((status = 200, body = JourneyDetail), (status = 404, body = ErrorBody)))]
pub async fn journey(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<JourneyDetail>, ApiError> {
    let of = found(&store, &id).await?.body;
    let live = match of.version {
        Some(version) => store.journey_version(&id, version).await?,
        None => None,
    };
    Ok(Json(JourneyDetail {
        journey: serde_json::to_value(&of.draft).unwrap_or_default(),
        live: live.and_then(|journey| serde_json::to_value(journey).ok()),
        state: of.state.into(),
        version: of.version,
        is_published: of.is_published,
        problems: problems(&of.draft),
        changed_at: iso(of.changed_us),
        changed_by: of.changed_by,
    }))
}

/// Draw a journey. Nobody enters it before it is published.
#[utoipa::path(post, path = "/api/journeys", tag = "journeys", request_body = JourneyBody,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn add_journey(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<JourneyBody>,
) -> Result<Response, ApiError> {
    let journey = read(asked.journey)?;
    trail.object(format!("journey {}", journey.journey_id));
    if store.journey(&journey.journey_id).await?.is_some() {
        return Err(ApiError::invalid(format!("there is a journey `{}` already: take another id", journey.journey_id)));
    }
    commands.carry_out(&caller, Action::SetJourney { journey: Box::new(journey) }).await
}

/// Keep a journey's draft. What is in force stays until the draft is published.
#[utoipa::path(put, path = "/api/journeys/{id}", tag = "journeys", params(("id" = String, Path)), request_body = JourneyBody,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn change_journey(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<JourneyBody>,
) -> Result<Response, ApiError> {
    let before = found(&store, &id).await?.body.draft;
    let journey = read(asked.journey)?;
    if journey.journey_id != id {
        return Err(ApiError::invalid(format!(
            "the journey's id is `{}`, the address names `{id}`: an id never changes",
            journey.journey_id
        )));
    }
    trail.object(format!("journey {id}"));
    trail.changed(&before, &journey);
    commands.carry_out(&caller, Action::SetJourney { journey: Box::new(journey) }).await
}

/// Take away a journey that was never published.
#[utoipa::path(delete, path = "/api/journeys/{id}", tag = "journeys", params(("id" = String, Path)),
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn remove_journey(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Response, ApiError> {
    found(&store, &id).await?;
    trail.object(format!("journey {id}"));
    commands.carry_out(&caller, Action::RemoveJourney { journey_id: id }).await
}

/// What is to be mended in a journey, without keeping it.
#[utoipa::path(post, path = "/api/journeys/check", tag = "journeys", request_body = JourneyBody,
    responses((status = 200, body = JourneyProblems), (status = 400, body = ErrorBody)))]
pub async fn check_journey(Body(asked): Body<JourneyBody>) -> Result<Json<JourneyProblems>, ApiError> {
    Ok(Json(JourneyProblems { problems: problems(&parse(asked.journey)?) }))
}

/// Publish a journey, close it, reopen it, or stop it.
#[utoipa::path(post, path = "/api/journeys/{id}/step", tag = "journeys", params(("id" = String, Path)), request_body = JourneyStep,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn step_journey(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<JourneyStep>,
) -> Result<Response, ApiError> {
    found(&store, &id).await?;
    trail.object(format!("journey {id}"));
    trail.detail("step", format!("{:?}", asked.step).to_lowercase());
    let step = match asked.step {
        JourneyWish::Publish => ModelStep::Publish,
        JourneyWish::Close => ModelStep::Close,
        JourneyWish::Reopen => ModelStep::Reopen,
        JourneyWish::Stop => ModelStep::Stop,
    };
    commands.carry_out(&caller, Action::StepJourney { journey_id: id, step }).await
}

/// Journeys to begin from.
#[utoipa::path(get, path = "/api/journeys/templates", tag = "journeys", responses((status = 200, body = JourneyTemplates)))]
pub async fn journey_templates() -> Json<JourneyTemplates> {
    let templates = templates::all().into_iter().map(|(template_id, name, says, journey)| JourneyTemplate {
        template_id: template_id.to_owned(),
        name: name.to_owned(),
        says: says.to_owned(),
        journey,
    });
    Json(JourneyTemplates { templates: templates.collect() })
}

/// Reads a journey as people send it, one that can be kept.
fn read(journey: Value) -> Result<Journey, ApiError> {
    let journey = parse(journey)?;
    journey.check_draft().map_err(ApiError::invalid)?;
    Ok(journey)
}

fn parse(journey: Value) -> Result<Journey, ApiError> {
    serde_json::from_value(journey).map_err(|error| ApiError::invalid(format!("the journey does not read: {error}")))
}

async fn found(store: &Store, id: &str) -> Result<Definition<JourneyOf>, ApiError> {
    store.journey(id).await?.ok_or_else(|| ApiError::not_found("such journey"))
}

fn problems(journey: &Journey) -> Vec<JourneyProblem> {
    journey.problems().into_iter().map(|Problem { step_id, says }| JourneyProblem { step_id, says }).collect()
}

impl JourneyTotals {
    fn new(counts: &RunCounts) -> Self {
        let RunCounts { entered, running, ended, goals, held_out, .. } = *counts;
        Self { entered, running, ended, goals, held_out }
    }
}

impl From<ModelState> for JourneyState {
    fn from(state: ModelState) -> Self {
        match state {
            ModelState::Draft => Self::Draft,
            ModelState::Live => Self::Live,
            ModelState::Closed => Self::Closed,
            ModelState::Stopped => Self::Stopped,
        }
    }
}
