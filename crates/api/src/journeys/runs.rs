//! Who is where in a journey, and one person's own way; who enters by hand; and the tasks that journeys open.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use forecourt_model::{
    ProfileId, Scope,
    command::{Action, JourneyEntry, Recipient},
    journey::run::{Passed, Run, RunState as ModelState},
    task::{Answer as ModelAnswer, Task, TaskState as ModelTaskState},
    time::iso,
};
use forecourt_store::{Store, profile::ProfileSummary, run::RunListing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::found;
use crate::{
    Caller, Commands, Trail,
    commands::CommandOutcome,
    deliveries::read_place,
    error::{ApiError, ErrorBody},
    input::{Asked, Body, page_size},
    profiles::profile_id,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    Ended,
    HeldOut,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RunsAsked {
    /// Only those who are at this step.
    step_id: Option<String>,
    state: Option<RunState>,
    /// `next` of the page before.
    before: Option<String>,
    /// At most 200; 50 unless told.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyRun {
    run_id: String,
    journey_id: String,
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    /// What it is about beside the person; empty for nothing.
    key: String,
    version: u64,
    state: RunState,
    #[schema(required)]
    step_id: Option<String>,
    /// Why it ended.
    reason: String,
    entered_at: String,
    changed_at: String,
    #[schema(required)]
    ended_at: Option<String>,
    /// When it goes on by itself.
    #[schema(required)]
    due_at: Option<String>,
    #[schema(required)]
    goal_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyRuns {
    /// The latest entered first.
    runs: Vec<JourneyRun>,
    /// Pass it on as `before` to read on; absent at the end.
    #[schema(required)]
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PassedStep {
    at: String,
    step_id: String,
    /// The way it was left by; absent while the run rested there.
    #[schema(required)]
    way: Option<String>,
    /// A word: `sent`, `waits`, `timed_out`, `happened`, …
    says: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyRunDetail {
    run: JourneyRun,
    /// The version it goes by.
    #[schema(value_type = Option<Object>, required)]
    journey: Option<Value>,
    /// The event that began it; empty for none.
    event: String,
    #[schema(value_type = Object)]
    properties: Value,
    path: Vec<PassedStep>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    profile_id: String,
    /// The same key again begins nothing.
    idempotency_key: String,
    /// What it is about beside the person, such as a lead's id.
    #[serde(default)]
    key: String,
    /// What templates read as `vars.event`: a JSON object.
    #[serde(default)]
    #[schema(value_type = Object)]
    properties: Value,
}

/// Who is or was in a journey.
#[utoipa::path(get, path = "/api/journeys/{id}/runs", tag = "journeys", params(("id" = String, Path), RunsAsked),
    responses((status = 200, body = JourneyRuns), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn runs(
    caller: Caller,
    State(store): State<Store>,
    Path(id): Path<String>,
    Asked(asked): Asked<RunsAsked>,
) -> Result<Json<JourneyRuns>, ApiError> {
    found(&store, &id).await?;
    let limit = page_size(asked.limit, 50, 200);
    let listing = RunListing {
        journey_id: id,
        step_id: asked.step_id.filter(|step_id| !step_id.is_empty()),
        state: asked.state.map(Into::into),
        before: asked.before.as_deref().filter(|before| !before.is_empty()).map(read_place).transpose()?,
        limit,
    };
    let listed = store.list_runs(&listing).await?;
    let next = listed.last().filter(|_| listed.len() == limit as usize).map(|(_, run)| format!("{}_{}", run.entered_us, run.run_id));
    let people = people(&store, &caller.scope, listed.iter().map(|(profile_id, _)| *profile_id)).await?;
    let runs = listed.into_iter().filter_map(|(profile_id, run)| Some(JourneyRun::new(&run, people.get(&profile_id)?)));
    Ok(Json(JourneyRuns { runs: runs.collect(), next }))
}

/// One person's way through a journey.
#[utoipa::path(get, path = "/api/journey-runs/{id}", tag = "journeys", params(("id" = String, Path)),
    responses((status = 200, body = JourneyRunDetail), (status = 404, body = ErrorBody)))]
pub async fn run(
    caller: Caller,
    State(store): State<Store>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Json<JourneyRunDetail>, ApiError> {
    let gone = || ApiError::not_found("such run");
    let run = store.run(&id).await?.ok_or_else(gone)?;
    let profile_id = store.owner_of(run.fragment_id).await?.ok_or_else(gone)?;
    trail.object(profile_id.0.to_string());
    let people = people(&store, &caller.scope, [profile_id].into_iter()).await?;
    let shown = JourneyRun::new(&run, people.get(&profile_id).ok_or_else(gone)?);
    let journey = store.journey_version(&run.journey_id, run.version).await?;
    Ok(Json(JourneyRunDetail {
        run: shown,
        journey: journey.and_then(|journey| serde_json::to_value(journey).ok()),
        event: run.body.event.clone(),
        properties: run.body.properties.clone(),
        path: run.body.path.iter().map(PassedStep::new).collect(),
    }))
}

/// Have a person enter a journey.
#[utoipa::path(post, path = "/api/journeys/{id}/runs", tag = "journeys", params(("id" = String, Path)), request_body = NewRun,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn enter_journey(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<NewRun>,
) -> Result<Response, ApiError> {
    found(&store, &id).await?;
    let who = profile_id(&asked.profile_id)?;
    trail.object(who.0.to_string());
    trail.detail("journey", id.as_str());
    let entry = JourneyEntry {
        idempotency_key: asked.idempotency_key,
        journey_id: id,
        who: Recipient::Profile(who),
        key: asked.key,
        properties: asked.properties,
    };
    commands.carry_out(&caller, Action::EnterJourney { entry: Box::new(entry) }).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    Done,
    /// Not needed any more, or too late.
    Dropped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskOutcome {
    Spoke,
    NoAnswer,
    Declined,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TasksAsked {
    /// `open` unless told.
    state: Option<TaskState>,
    /// `next` of the page before.
    before: Option<String>,
    /// At most 200; 50 unless told.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TaskItem {
    task_id: String,
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    title: String,
    script: String,
    journey_id: String,
    run_id: String,
    tries: u32,
    tries_max: u32,
    opened_at: String,
    /// When to try next.
    due_at: String,
    state: TaskState,
    #[schema(required)]
    outcome: Option<TaskOutcome>,
    note: String,
    answered_by: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TaskList {
    /// By the time they are due.
    tasks: Vec<TaskItem>,
    /// Pass it on as `before` to read on; absent at the end.
    #[schema(required)]
    next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskAnswer {
    outcome: TaskOutcome,
    /// At most 2,000 characters.
    #[serde(default)]
    note: String,
}

/// Calls to make.
#[utoipa::path(get, path = "/api/tasks", tag = "journeys", params(TasksAsked),
    responses((status = 200, body = TaskList), (status = 400, body = ErrorBody)))]
pub async fn tasks(caller: Caller, State(store): State<Store>, Asked(asked): Asked<TasksAsked>) -> Result<Json<TaskList>, ApiError> {
    let limit = page_size(asked.limit, 50, 200);
    let after = asked.before.as_deref().filter(|before| !before.is_empty()).map(read_place).transpose()?;
    let listed = store.list_tasks(asked.state.unwrap_or(TaskState::Open).into(), after, limit).await?;
    let next = listed.last().filter(|_| listed.len() == limit as usize).map(|(_, task)| format!("{}_{}", task.due_us, task.task_id));
    let people = people(&store, &caller.scope, listed.iter().map(|(profile_id, _)| *profile_id)).await?;
    let tasks = listed.into_iter().filter_map(|(profile_id, task)| Some(TaskItem::new(task, people.get(&profile_id)?)));
    Ok(Json(TaskList { tasks: tasks.collect(), next }))
}

/// Tell what came of a call.
#[utoipa::path(post, path = "/api/tasks/{id}/answer", tag = "journeys", params(("id" = String, Path)), request_body = TaskAnswer,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn answer_task(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<TaskAnswer>,
) -> Result<Response, ApiError> {
    let task = store.find_task(&id).await?.ok_or_else(|| ApiError::not_found("such task"))?;
    trail.object(format!("task {}", task.title));
    let answer = match asked.outcome {
        TaskOutcome::Spoke => ModelAnswer::Spoke,
        TaskOutcome::NoAnswer => ModelAnswer::NoAnswer,
        TaskOutcome::Declined => ModelAnswer::Declined,
    };
    commands.carry_out(&caller, Action::AnswerTask { task_id: id, answer, note: asked.note }).await
}

/// Lines of those whom the caller may see.
async fn people(
    store: &Store,
    scope: &Scope,
    ids: impl Iterator<Item = ProfileId>,
) -> Result<HashMap<ProfileId, ProfileSummary>, ApiError> {
    let mut ids: Vec<ProfileId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(store.profile_summaries(scope, &ids).await?.into_iter().map(|summary| (summary.profile_id, summary)).collect())
}

impl PassedStep {
    pub(super) fn new(passed: &Passed) -> Self {
        let Passed { at_us, step_id, way, says } = passed;
        Self { at: iso(*at_us), step_id: step_id.clone(), way: way.clone(), says: says.clone() }
    }
}

impl JourneyRun {
    fn new(run: &Run, person: &ProfileSummary) -> Self {
        Self {
            run_id: run.run_id.clone(),
            journey_id: run.journey_id.clone(),
            profile_id: person.profile_id.0.to_string(),
            name: person.name.clone(),
            key: run.key.clone(),
            version: run.version,
            state: run.state.into(),
            step_id: Some(run.step_id.clone()).filter(|step_id| !step_id.is_empty()),
            reason: run.reason.clone(),
            entered_at: iso(run.entered_us),
            changed_at: iso(run.changed_us),
            ended_at: run.ended_us.map(iso),
            due_at: run.due_us.map(iso),
            goal_at: run.goal_us.map(iso),
        }
    }
}

impl TaskItem {
    fn new(task: Task, person: &ProfileSummary) -> Self {
        Self {
            task_id: task.task_id,
            profile_id: person.profile_id.0.to_string(),
            name: person.name.clone(),
            phone: person.phone.clone(),
            title: task.title,
            script: task.script,
            journey_id: task.journey_id,
            run_id: task.run_id,
            tries: task.tries,
            tries_max: task.tries_max,
            opened_at: iso(task.opened_us),
            due_at: iso(task.due_us),
            state: task.state.into(),
            outcome: task.answer.map(Into::into),
            note: task.note,
            answered_by: task.answered_by,
        }
    }
}

impl From<RunState> for ModelState {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Running => Self::Running,
            RunState::Ended => Self::Ended,
            RunState::HeldOut => Self::HeldOut,
        }
    }
}

impl From<ModelState> for RunState {
    fn from(state: ModelState) -> Self {
        match state {
            ModelState::Running => Self::Running,
            ModelState::Ended => Self::Ended,
            ModelState::HeldOut => Self::HeldOut,
        }
    }
}

impl From<TaskState> for ModelTaskState {
    fn from(state: TaskState) -> Self {
        match state {
            TaskState::Open => Self::Open,
            TaskState::Done => Self::Done,
            TaskState::Dropped => Self::Dropped,
        }
    }
}

impl From<ModelTaskState> for TaskState {
    fn from(state: ModelTaskState) -> Self {
        match state {
            ModelTaskState::Open => Self::Open,
            ModelTaskState::Done => Self::Done,
            ModelTaskState::Dropped => Self::Dropped,
        }
    }
}

impl From<ModelAnswer> for TaskOutcome {
    fn from(answer: ModelAnswer) -> Self {
        match answer {
            ModelAnswer::Spoke => Self::Spoke,
            ModelAnswer::NoAnswer => Self::NoAnswer,
            ModelAnswer::Declined => Self::Declined,
        }
    }
}
