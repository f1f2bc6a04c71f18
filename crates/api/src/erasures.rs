//! Erasing a person, and how far that has come everywhere.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use forecourt_model::{command::Action, time::iso};
use forecourt_store::{
    Store,
    control::{Control, ErasureProgress, ErasureStep as StoredStep},
    erasure::Erasure as Stored,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Caller, Commands, Trail,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    profiles::{profile_id, unknown},
};

/// `log`: records are overwritten. `lake`: events leave the files. `sent`: what was sent is forgotten. `databases`: they are
/// written anew. `old_files`: the lake's old files go, once no outside reader can be at them. `done`: nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStep {
    Log,
    Lake,
    Sent,
    Databases,
    OldFiles,
    Done,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Erasure {
    /// The id that the profile had; a cookie that returns may have it again, as somebody new.
    profile_id: String,
    erased_at: String,
    /// Who asked for it.
    by: String,
    /// What is done now. The profile itself is gone from the beginning.
    step: ErasureStep,
    /// Of the step; 0 of 0 while that is not known.
    done: u64,
    total: u64,
    /// Records of the log that were overwritten.
    records: u64,
    /// Events that left reports.
    events: u64,
    /// Identifiers whose past an import does not bring back.
    identifiers: u64,
    /// Leads, orders and calls that count on as nobody's.
    entities: u64,
    messages: u64,
    dead_letters: u64,
    /// Why it does not go on just now.
    #[schema(required)]
    trouble: Option<String>,
    #[schema(required)]
    finished_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Erasures {
    /// Newest first.
    erasures: Vec<Erasure>,
    /// Items that were dropped because they told of an erased person, in all.
    suppressed: i64,
}

/// Erase everything that is known of a person.
#[utoipa::path(post, path = "/api/profiles/{id}/erase", tag = "profiles", params(("id" = String, Path)),
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 404, body = ErrorBody)))]
pub async fn erase(
    State(store): State<Store>,
    State(commands): State<Commands>,
    caller: Caller,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let asked = profile_id(&id)?;
    let view = store.profile(&caller.scope, asked).await?.ok_or_else(unknown)?;
    // Numbers only: who it was is not to stand in the audit log.
    trail.detail("identifiers", view.fragments.len());
    trail.detail("events", view.summary.events);
    Ok(commands.tell(&caller, Action::EraseProfile { profile_id: view.summary.profile_id }).await?.into_response())
}

/// People who were erased, and how far that has come.
#[utoipa::path(get, path = "/api/erasures", tag = "profiles", responses((status = 200, body = Erasures)))]
pub async fn erasures(State(store): State<Store>, State(control): State<Control>) -> Result<Json<Erasures>, ApiError> {
    let progress = control.erasure_progress().await?;
    let progress: HashMap<u64, ErasureProgress> = progress.into_iter().map(|one| (one.log_offset, one)).collect();
    let held = store.erasures().await?;
    let erasures = held.iter().rev().map(|one| Erasure::new(one, progress.get(&one.log_offset))).collect();
    Ok(Json(Erasures { erasures, suppressed: store.suppressed_count().await? }))
}

impl Erasure {
    fn new(stored: &Stored, progress: Option<&ErasureProgress>) -> Self {
        Self {
            profile_id: stored.profile_id.to_string(),
            erased_at: iso(stored.erased_us),
            by: stored.actor.clone(),
            step: progress.map_or(StoredStep::Log, |progress| progress.step).into(),
            done: progress.map_or(0, |progress| progress.done),
            total: progress.map_or(0, |progress| progress.total),
            records: progress.map_or(0, |progress| progress.records),
            events: progress.map_or(0, |progress| progress.events),
            identifiers: stored.sought.ids().count() as u64,
            entities: stored.entities,
            messages: stored.message_ids.len() as u64,
            dead_letters: stored.dead_letters,
            trouble: progress.and_then(|progress| progress.trouble.clone()),
            finished_at: progress.and_then(|progress| progress.finished_us).map(iso),
        }
    }
}

impl From<StoredStep> for ErasureStep {
    fn from(step: StoredStep) -> Self {
        match step {
            StoredStep::Log => Self::Log,
            StoredStep::Lake => Self::Lake,
            StoredStep::Sent => Self::Sent,
            StoredStep::Databases => Self::Databases,
            StoredStep::OldFiles => Self::OldFiles,
            StoredStep::Done => Self::Done,
        }
    }
}
