//! Probable duplicates: pairs that wait for a person's answer, and the answers.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::{FragmentId, ProfileId, command::Action, time::iso};
use forecourt_store::{
    Store,
    control::{Control, DUPLICATES_JOB, Duplicate as Held, DuplicateState},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Clock, Trail,
    commands::{Commands, Told},
    error::{ApiError, ErrorBody},
    input::{Asked, Body, page_size},
    profiles::ProfileRow,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DuplicatesAsked {
    /// `open` unless told; `later`, `same`, `not_same`, `merged`.
    state: Option<String>,
    /// 20 unless told, at most 100.
    limit: Option<u32>,
    offset: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct Duplicates {
    pairs: Vec<Duplicate>,
    /// How many there are in this state.
    total: u64,
}

/// Two profiles that may be one person.
#[derive(Serialize, ToSchema)]
pub struct Duplicate {
    /// `{one}.{other}`.
    id: String,
    /// 0 to 1.
    probability: f64,
    /// The sum of the contributions and the prior, in powers of two.
    weight: f64,
    /// What speaks for it and against it, column by column.
    contributions: Vec<Contribution>,
    state: String,
    found_at: String,
    #[schema(required)]
    decided_by: Option<String>,
    #[schema(required)]
    decided_at: Option<String>,
    /// Null where it is gone.
    #[schema(required)]
    one: Option<ProfileRow>,
    #[schema(required)]
    other: Option<ProfileRow>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Contribution {
    /// `given_name`, `surname`, `birth_date`, `phone`, `email`, …
    column: String,
    one: String,
    other: String,
    /// How alike the two are: `exact`, `close`, …, `different`, `missing`.
    level: String,
    /// In powers of two; negative speaks against.
    weight: f64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DuplicateAnswer {
    answer: Answer,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// One person: the profiles are merged.
    Same,
    /// Two people: they are kept apart.
    NotSame,
    /// Asked again later.
    Later,
}

#[derive(Serialize, ToSchema)]
pub struct DuplicateOutcome {
    done: bool,
    /// Why not.
    #[schema(required)]
    reason: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DuplicateSettings {
    /// Above this probability two are merged without asking; null: everybody is asked about.
    #[schema(required)]
    merge_at: Option<f64>,
    /// Above this probability somebody is asked.
    review_at: f64,
}

#[derive(Serialize, ToSchema)]
pub struct DuplicatesJob {
    /// See `GET /api/jobs`.
    job: String,
}

/// Pairs of profiles that may be one person, the most probable first.
#[utoipa::path(get, path = "/api/duplicates", tag = "identity", params(DuplicatesAsked),
    responses((status = 200, body = Duplicates), (status = 400, body = ErrorBody)))]
pub async fn duplicates(
    State(store): State<Store>,
    State(control): State<Control>,
    caller: Caller,
    Asked(asked): Asked<DuplicatesAsked>,
) -> Result<Json<Duplicates>, ApiError> {
    let wanted = asked.state.as_deref().filter(|text| !text.is_empty()).unwrap_or("open");
    let state = DuplicateState::parse(wanted)
        .ok_or_else(|| ApiError::invalid("`state` is one of `open`, `later`, `same`, `not_same`, `merged`"))?;
    let held = control.duplicates(state, page_size(asked.limit, 20, 100), asked.offset.unwrap_or(0)).await?;
    let mut pairs = Vec::with_capacity(held.len());
    for pair in held {
        pairs.push(shown(&store, &caller, pair).await?);
    }
    Ok(Json(Duplicates { pairs, total: control.duplicates_in(state).await? }))
}

/// Say whether two are one person. The answer is remembered, and what is found from then on is weighed by it.
#[utoipa::path(post, path = "/api/duplicates/{id}/answer", operation_id = "duplicate_answer", tag = "identity", params(("id" = String, Path)),
    request_body = DuplicateAnswer, responses((status = 200, body = DuplicateOutcome), (status = 404, body = ErrorBody)))]
pub async fn answer(
    State(store): State<Store>,
    State(control): State<Control>,
    State(commands): State<Commands>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<DuplicateAnswer>,
) -> Result<Json<DuplicateOutcome>, ApiError> {
    let ids = id.split_once('.').and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
    let (a, b) = ids.ok_or_else(|| ApiError::not_found("such pair"))?;
    let held = control.duplicate(a, b).await?.ok_or_else(|| ApiError::not_found("such pair"))?;
    let both = [ProfileId(held.a), ProfileId(held.b)];
    for profile in both {
        if store.profile(&caller.scope, profile).await?.is_none() {
            return Err(ApiError::not_found("such pair"));
        }
    }
    let (state, action) = match asked.answer {
        Answer::Same => (DuplicateState::Same, Some(Action::MergeProfiles { one: both[0], other: both[1], probability: None })),
        Answer::NotSame => (DuplicateState::NotSame, Some(Action::PartProfiles { one: FragmentId(held.a), other: FragmentId(held.b) })),
        Answer::Later => (DuplicateState::Later, None),
    };
    trail.changed(&serde_json::json!({ "pair": id, "state": held.state.as_str() }), &serde_json::json!({ "state": state.as_str() }));
    if let Some(action) = action
        && let Told::Refused { reason } = commands.tell(&caller, action).await?
    {
        return Ok(Json(DuplicateOutcome { done: false, reason: Some(reason) }));
    }
    control.answer_duplicate(held.a, held.b, state, &caller.actor, clock.now_us()).await?;
    Ok(Json(DuplicateOutcome { done: true, reason: None }))
}

/// When two are merged without asking, and when somebody is asked.
#[utoipa::path(get, path = "/api/duplicates/settings", operation_id = "duplicate_settings", tag = "identity", responses((status = 200, body = DuplicateSettings)))]
pub async fn settings(State(control): State<Control>) -> Result<Json<DuplicateSettings>, ApiError> {
    let (merge_at, review_at) = control.duplicate_thresholds().await?;
    Ok(Json(DuplicateSettings { merge_at, review_at }))
}

#[utoipa::path(put, path = "/api/duplicates/settings", operation_id = "set_duplicate_settings", tag = "identity", request_body = DuplicateSettings,
    responses((status = 200, body = DuplicateSettings), (status = 400, body = ErrorBody)))]
/// Change when two are merged without asking, and when somebody is asked.
pub async fn set_settings(
    State(control): State<Control>,
    trail: Trail,
    Body(asked): Body<DuplicateSettings>,
) -> Result<Json<DuplicateSettings>, ApiError> {
    let is_share = |share: f64| (0.5..=1.0).contains(&share);
    if !is_share(asked.review_at) || asked.merge_at.is_some_and(|merge_at| !is_share(merge_at) || merge_at < asked.review_at) {
        return Err(ApiError::invalid("both are between 0.5 and 1, and `merge_at` is not below `review_at`"));
    }
    let before = control.duplicate_thresholds().await?;
    trail.changed(
        &serde_json::json!({ "merge_at": before.0, "review_at": before.1 }),
        &serde_json::json!({ "merge_at": asked.merge_at, "review_at": asked.review_at }),
    );
    control.set_duplicate_thresholds(asked.merge_at, asked.review_at).await?;
    Ok(Json(asked))
}

/// Look for probable duplicates among all profiles now. While that is under way already, the answer is its job.
#[utoipa::path(post, path = "/api/duplicates/find", operation_id = "duplicate_find", tag = "identity", responses((status = 202, body = DuplicatesJob)))]
pub async fn find(State(control): State<Control>, State(clock): State<Clock>) -> Result<(StatusCode, Json<DuplicatesJob>), ApiError> {
    if let Some(running) = control.running_jobs(DUPLICATES_JOB).await?.into_iter().next() {
        return Ok((StatusCode::ACCEPTED, Json(DuplicatesJob { job: running.id })));
    }
    let job = control.start_job(DUPLICATES_JOB, "Probable duplicates", 100, "%", clock.now_us()).await?;
    Ok((StatusCode::ACCEPTED, Json(DuplicatesJob { job })))
}

async fn shown(store: &Store, caller: &Caller, pair: Held) -> Result<Duplicate, ApiError> {
    let mut sides = [None, None];
    for (slot, id) in sides.iter_mut().zip([pair.a, pair.b]) {
        *slot = store.profile(&caller.scope, ProfileId(id)).await?.map(|view| ProfileRow::from(view.summary));
    }
    let [one, other] = sides;
    Ok(Duplicate {
        id: format!("{}.{}", pair.a, pair.b),
        probability: pair.probability,
        weight: pair.weight,
        contributions: serde_json::from_str(&pair.contributions).unwrap_or_default(),
        state: pair.state.as_str().to_owned(),
        found_at: iso(pair.found_us),
        decided_by: pair.decided_by,
        decided_at: pair.decided_us.map(iso),
        one,
        other,
    })
}
