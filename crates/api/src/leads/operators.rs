//! The contact centre's people: who takes calls, and whom it rings at.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State, response::Response};
use forecourt_model::{command::Action, lead::RingLine, time::iso};
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Commands, Trail,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Somebody of the contact centre.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperatorItem {
    email: String,
    /// Takes calls.
    is_present: bool,
    /// Since when that is so.
    #[schema(required)]
    since: Option<String>,
    /// The lead that rings there, or that they call.
    #[schema(required)]
    lead_id: Option<String>,
    #[schema(required)]
    busy_until: Option<String>,
    /// The lines that they are rung on.
    lines: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OperatorList {
    operators: Vec<OperatorItem>,
    /// All lines, in the order in which leads are offered to them.
    lines: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceWish {
    /// Whether the caller takes calls from now on.
    is_present: bool,
}

/// The contact centre's people: those on its lines, and the caller.
#[utoipa::path(get, path = "/api/operators", tag = "leads", responses((status = 200, body = OperatorList)))]
pub async fn operators(caller: Caller, State(store): State<Store>, State(clock): State<Clock>) -> Result<Json<OperatorList>, ApiError> {
    let now_us = clock.now_us();
    let lines = store.lead_rules().await?.map(|held| held.body.verification.lines).unwrap_or_default();
    let known: BTreeMap<String, _> = store.operators().await?.into_iter().collect();
    let of_lines = lines.iter().flat_map(|line| line.steps.iter()).flat_map(|step| step.people.iter().cloned());
    let emails: BTreeSet<String> = of_lines.chain([caller.actor.clone()]).collect();
    let item = |email: String| {
        let held = known.get(&email).cloned().unwrap_or_default();
        let is_busy = !held.lead_id.is_empty() && now_us < held.busy_until_us;
        let is_on = |line: &&RingLine| line.steps.iter().any(|step| step.people.contains(&email));
        OperatorItem {
            is_present: held.is_present,
            since: (held.since_us != 0).then(|| iso(held.since_us)),
            lead_id: Some(held.lead_id).filter(|_| is_busy),
            busy_until: is_busy.then(|| iso(held.busy_until_us)),
            lines: lines.iter().filter(is_on).map(|line| line.line.clone()).collect(),
            email,
        }
    };
    Ok(Json(OperatorList {
        operators: emails.into_iter().map(item).collect(),
        lines: lines.iter().map(|line| line.line.clone()).collect(),
    }))
}

/// Take calls from now on, or take none.
#[utoipa::path(put, path = "/api/operators/me", tag = "leads", request_body = PresenceWish,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_presence(
    caller: Caller,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<PresenceWish>,
) -> Result<Response, ApiError> {
    trail.object(format!("operator {}", caller.actor));
    trail.detail("is_present", asked.is_present.to_string());
    let email = caller.actor.clone();
    commands.carry_out(&caller, Action::SetPresence { email, is_present: asked.is_present }).await
}
