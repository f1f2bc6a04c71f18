//! Learned scores of leads: versions, how good each is, which one is in force, and how it does since.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Body as HttpBody,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use forecourt_model::{command::Action, lead::learned::Seen, time::iso};
use forecourt_query::{LeadHistory, LeadPast, Query};
use forecourt_store::{
    Store,
    control::{Control, KeptScore, LEAD_SCORE_JOB, RESCORE_JOB},
};
use futures::stream;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Commands, Trail,
    commands::{CommandOutcome, Told},
    error::{ApiError, ErrorBody},
    exports::note_export,
    input::Body,
};

const COLUMNS_MAX: usize = 200;
/// Leads in one piece of the answer.
const PIECE_LEADS: usize = 500;

/// How probabilities do against what happened.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct ScoreFigures {
    /// Of a won and a lost lead, how often the won one is scored higher.
    auc: f64,
    pr_auc: f64,
    brier: f64,
    log_loss: f64,
    /// Mean distance between foretold and happened, over ten parts of the leads.
    ece: f64,
}

/// One of ten parts of the leads by their score.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ScoreBin {
    /// Probability.
    predicted: f64,
    /// Share of wins.
    observed: f64,
    leads: u64,
}

/// Learned from the oldest leads, tried on the newest.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ScoreForward {
    train_rows: u64,
    test_rows: u64,
    /// Share of wins then and now.
    train_rate: f64,
    test_rate: f64,
    figures: ScoreFigures,
}

/// A column that knows the outcome.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ScoreFinding {
    field: String,
    says: String,
}

/// What a score says of itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeadScoreReport {
    /// `boosting` or `logistic`.
    learner: String,
    leads: u64,
    won: u64,
    rows: u64,
    #[schema(value_type = i64)]
    from_us: i64,
    #[schema(value_type = i64)]
    until_us: i64,
    /// Within so many days nearly all wins came; younger leads that are still open do not teach.
    horizon_days: f64,
    too_young: u64,
    /// Interest is worth half after so long.
    half_life_days: f64,
    events: Vec<String>,
    /// On random parts of the leads that were left out; flatters.
    folds: ScoreFigures,
    folds_sd: ScoreFigures,
    /// What is to be expected of new leads; null where the newest leads have too few wins.
    #[schema(required)]
    forward: Option<ScoreForward>,
    reliability: Vec<ScoreBin>,
    /// Feature, and the mean size of its part in log-odds; the most important first.
    #[schema(value_type = Vec<Vec<Value>>)]
    importance: Vec<(String, f64)>,
    /// Columns that know the outcome: left out, unless they were allowed.
    findings: Vec<ScoreFinding>,
}

/// Foretold against what came, of leads that came after the score was made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ScoreMet {
    leads: u64,
    won: u64,
    /// How many were foretold to be won.
    foretold: f64,
    /// Standard deviations between the two; beyond 2.58 either way the score is off.
    distance: f64,
    figures: ScoreFigures,
    reliability: Vec<ScoreBin>,
}

/// A look at how a score does.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ScoreWatch {
    version: u32,
    at_us: i64,
    /// Leads since the score was made.
    new_leads: u64,
    /// Feature, and how far it is from what it was (population stability index); above 0.2 it is another world.
    #[schema(value_type = Vec<Vec<Value>>)]
    drift: Vec<(String, f64)>,
    /// Null until there are 20 won and 20 lost among the new leads that had their time.
    #[schema(required)]
    outcome: Option<ScoreMet>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadScoreVersion {
    version: u32,
    made_at: String,
    /// E-mail; empty for the program itself.
    made_by: String,
    /// The version that it is, told anew how many win.
    #[schema(required)]
    made_from: Option<u32>,
    is_in_force: bool,
    report: LeadScoreReport,
    #[schema(required)]
    watch: Option<ScoreWatch>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadScores {
    /// The version that leads are scored by; null for points.
    #[schema(required)]
    in_force: Option<u32>,
    #[schema(required)]
    published_at: Option<String>,
    published_by: String,
    /// Whether a score that foretells too many or too few wins is told anew how many win.
    recalibrates: bool,
    /// The job that learns another one, while it runs.
    #[schema(required)]
    learning: Option<String>,
    /// Percent of it.
    learned_percent: u64,
    /// Why the last attempt to learn ended without a score; null where it did not.
    #[schema(required)]
    failure: Option<String>,
    /// The newest first.
    versions: Vec<LeadScoreVersion>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadScoreWish {
    /// `auto` (boosting from a thousand wins on), `boosting` or `logistic`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    learner: Option<Learner>,
    /// Columns that are not looked at.
    #[serde(default)]
    leave_out: Vec<String>,
    /// Columns that are looked at although they seem to know the outcome.
    #[serde(default)]
    allow: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Learner {
    Auto,
    Boosting,
    Logistic,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadScoreSettings {
    recalibrates: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadScoreJob {
    /// See `GET /api/jobs`.
    job: String,
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|error| ApiError::internal(&error))
}

async fn shown(store: &Store, control: &Control) -> Result<LeadScores, ApiError> {
    let in_force = store.lead_score().await?;
    let number = in_force.as_ref().map(|held| held.body.version);
    let version = |kept: KeptScore| {
        Ok(LeadScoreVersion {
            version: kept.version,
            made_at: iso(kept.made_us),
            made_by: kept.made_by,
            made_from: kept.made_from,
            is_in_force: number == Some(kept.version),
            report: read(&kept.report)?,
            watch: if kept.watch.is_empty() { None } else { Some(read(&kept.watch)?) },
        })
    };
    let versions = control.lead_scores().await?.into_iter().map(version).collect::<Result<_, ApiError>>()?;
    let last = control.last_job(LEAD_SCORE_JOB).await?;
    let running = last.as_ref().filter(|job| job.state.is_open());
    Ok(LeadScores {
        in_force: number,
        published_at: in_force.as_ref().map(|held| iso(held.changed_us)),
        published_by: in_force.map(|held| held.changed_by).unwrap_or_default(),
        recalibrates: control.lead_score_recalibrates().await?,
        learning: running.map(|job| job.id.clone()),
        learned_percent: running.map_or(0, |job| job.done * 100 / job.total.max(1)),
        failure: last.filter(|job| job.state == forecourt_store::control::JobState::Failed).and_then(|job| job.message),
        versions,
    })
}

/// Learned scores of leads, and the one in force.
#[utoipa::path(get, path = "/api/lead-scores", tag = "leads", responses((status = 200, body = LeadScores)))]
pub async fn lead_scores(State(store): State<Store>, State(control): State<Control>) -> Result<Json<LeadScores>, ApiError> {
    Ok(Json(shown(&store, &control).await?))
}

/// Learn a score from the leads of the past. While that is under way already, the answer is its job.
#[utoipa::path(post, path = "/api/lead-scores/learn", tag = "leads", request_body = LeadScoreWish,
    responses((status = 202, body = LeadScoreJob), (status = 400, body = ErrorBody)))]
pub async fn learn_lead_score(
    caller: Caller,
    State(control): State<Control>,
    State(clock): State<Clock>,
    Body(asked): Body<LeadScoreWish>,
) -> Result<(StatusCode, Json<LeadScoreJob>), ApiError> {
    if COLUMNS_MAX < asked.leave_out.len() || COLUMNS_MAX < asked.allow.len() {
        return Err(ApiError::invalid(format!("name at most {COLUMNS_MAX} columns")));
    }
    if let Some(running) = control.running_jobs(LEAD_SCORE_JOB).await?.into_iter().next() {
        return Ok((StatusCode::ACCEPTED, Json(LeadScoreJob { job: running.id })));
    }
    let how = json!({ "learner": asked.learner, "leave_out": asked.leave_out, "allow": asked.allow, "by": caller.actor }).to_string();
    let job = control.start_job_with(LEAD_SCORE_JOB, "Score of leads", 100, "%", Some(&how), clock.now_us()).await?;
    Ok((StatusCode::ACCEPTED, Json(LeadScoreJob { job })))
}

/// Have leads scored by a version from now on: another one, or an earlier one again. Leads that wait are scored anew.
#[utoipa::path(post, path = "/api/lead-scores/{version}/publish", tag = "leads", params(("version" = u32, Path)),
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 404, body = ErrorBody)))]
pub async fn publish_lead_score(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(commands): State<Commands>,
    trail: Trail,
    Path(version): Path<u32>,
) -> Result<Response, ApiError> {
    let score = control.lead_score(version).await?.ok_or_else(|| ApiError::not_found("such score"))?;
    let before = store.lead_score().await?.map(|held| held.body.version);
    trail.object("lead score");
    trail.changed(&json!({ "version": before }), &json!({ "version": version }));
    tell(&caller, &control, &clock, &commands, Action::PublishScore { score: Some(Box::new(score)) }).await
}

/// Have leads scored by points again. Leads that wait are scored anew.
#[utoipa::path(post, path = "/api/lead-scores/withdraw", tag = "leads",
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome)))]
pub async fn withdraw_lead_score(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(commands): State<Commands>,
    trail: Trail,
) -> Result<Response, ApiError> {
    let before = store.lead_score().await?.map(|held| held.body.version);
    trail.object("lead score");
    trail.changed(&json!({ "version": before }), &json!({ "version": null }));
    tell(&caller, &control, &clock, &commands, Action::PublishScore { score: None }).await
}

async fn tell(caller: &Caller, control: &Control, clock: &Clock, commands: &Commands, action: Action) -> Result<Response, ApiError> {
    let told = commands.tell(caller, action).await?;
    if let Told::Refused { reason } = told {
        return Err(ApiError::invalid(reason));
    }
    if control.running_jobs(RESCORE_JOB).await?.is_empty() {
        control.start_job(RESCORE_JOB, "Waiting leads are scored anew", 100, "%", clock.now_us()).await?;
    }
    Ok(told.into_response())
}

/// Remove a version that is not in force.
#[utoipa::path(delete, path = "/api/lead-scores/{version}", tag = "leads", params(("version" = u32, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn remove_lead_score(
    State(store): State<Store>,
    State(control): State<Control>,
    trail: Trail,
    Path(version): Path<u32>,
) -> Result<StatusCode, ApiError> {
    trail.object(format!("lead score {version}"));
    if store.lead_score().await?.is_some_and(|held| held.body.version == version) {
        return Err(ApiError::conflict("leads are scored by this version: publish another one, or go back to points, first"));
    }
    match control.remove_lead_score(version).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found("such score")),
    }
}

/// Say whether a score that is off is set right by itself.
#[utoipa::path(put, path = "/api/lead-scores/settings", tag = "leads", request_body = LeadScoreSettings, responses((status = 200, body = LeadScores)))]
pub async fn set_lead_score_settings(
    State(store): State<Store>,
    State(control): State<Control>,
    trail: Trail,
    Body(asked): Body<LeadScoreSettings>,
) -> Result<Json<LeadScores>, ApiError> {
    trail.object("lead score");
    trail.changed(&json!({ "recalibrates": control.lead_score_recalibrates().await? }), &json!({ "recalibrates": asked.recalibrates }));
    control.set_lead_score_recalibrates(asked.recalibrates).await?;
    Ok(Json(shown(&store, &control).await?))
}

/// The leads of the past as a score learns from them, a line of JSON each: `forecourt score` works with them.
#[utoipa::path(get, path = "/api/lead-scores/history", tag = "leads", responses((status = 200, content_type = "application/x-ndjson", body = String)))]
pub async fn lead_score_history(State(query): State<Query>, State(clock): State<Clock>, trail: Trail) -> Result<Response, ApiError> {
    let LeadHistory { names, leads } = query.lead_history(clock.now_us(), |_| {}).await?;
    note_export(&trail, "lead score history", "", leads.len() as u64);
    // Lines are made as they are sent: the whole text would be several times what the leads take.
    let mut leads = leads.into_iter();
    let pieces = std::iter::from_fn(move || {
        let piece: Vec<LeadPast> = leads.by_ref().take(PIECE_LEADS).collect();
        let text = || piece.iter().map(|lead| line(lead, &names).to_string() + "\n").collect::<String>();
        (!piece.is_empty()).then(|| Ok::<_, std::io::Error>(Bytes::from(text())))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], HttpBody::from_stream(stream::iter(pieces))).into_response())
}

fn line(lead: &LeadPast, names: &[String]) -> Value {
    let look = |look: &forecourt_query::LookBack| {
        let seen: BTreeMap<&str, (u64, i64)> = look
            .seen
            .iter()
            .filter_map(|(number, Seen { times, last_us })| Some((names.get(*number as usize)?.as_str(), (*times, *last_us))))
            .collect();
        json!({ "at_us": look.at_us, "seen": seen })
    };
    json!({
        "lead_id": lead.lead_id, "created_us": lead.created_us, "won_us": lead.won_us, "is_decided": lead.is_decided(),
        "facts": lead.facts, "looks": lead.looks.iter().map(look).collect::<Vec<_>>(),
    })
}
