//! What happens to people's data: which roles see it masked, and for how long events are kept.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State, http::StatusCode};
use forecourt_model::{
    Role as ModelRole,
    retention::{self, Retention as ModelRetention},
    time::iso,
};
use forecourt_query::Query;
use forecourt_store::control::Control;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Trail,
    accounts::Role,
    error::{ApiError, ErrorBody},
    input::Body,
    masking::MASKABLE,
};

/// Wakes the worker that takes old events out. Cloning gives another handle to the same.
#[derive(Debug, Clone, Default)]
pub struct RetentionBell(Arc<Notify>);

impl RetentionBell {
    fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until somebody asks for a run.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

#[derive(Serialize, ToSchema)]
pub struct Privacy {
    /// Roles that see people masked.
    masked_roles: Vec<Role>,
    /// Roles that may be set to; admins see people, and a dealer sees his own.
    maskable_roles: Vec<Role>,
    retention: Retention,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaskingChange {
    /// Roles that shall see people masked: `marketer`, `analyst`, `operator`.
    roles: Vec<Role>,
}

/// For how long events are kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The first rule that names an event decides; an event that none names is kept for ever.
    rules: Vec<RetentionRule>,
    /// Days that the log keeps what came in, where a checkpoint stands behind it; null: as its size is configured.
    #[serde(default)]
    #[schema(required)]
    log_days: Option<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// An event's name; `*` stands for any part of it.
    event: String,
    /// Days after it happened, 1 to 36525; null: for ever.
    #[serde(default)]
    #[schema(required)]
    days: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct ExpiredCount {
    /// By falling number of events.
    events: Vec<ExpiredEvents>,
    /// Of all of them.
    total: u64,
}

#[derive(Serialize, ToSchema)]
pub struct ExpiredEvents {
    event: String,
    /// Events that would go.
    count: u64,
    /// Those that happened before.
    before: String,
}

impl From<ModelRetention> for Retention {
    fn from(kept: ModelRetention) -> Self {
        let rules = kept.rules.into_iter().map(|rule| RetentionRule { event: rule.event, days: rule.days });
        Self { rules: rules.collect(), log_days: kept.log_days }
    }
}

impl Retention {
    fn checked(self) -> Result<ModelRetention, ApiError> {
        let rules = self.rules.into_iter().map(|rule| retention::RetentionRule { event: rule.event.trim().to_owned(), days: rule.days });
        let kept = ModelRetention { rules: rules.collect(), log_days: self.log_days };
        kept.check().map_err(ApiError::invalid)?;
        Ok(kept)
    }
}

/// Which roles see people masked, and for how long events are kept.
#[utoipa::path(get, path = "/api/privacy", tag = "trust", responses((status = 200, body = Privacy)))]
pub async fn privacy(State(control): State<Control>) -> Result<Json<Privacy>, ApiError> {
    shown(&control).await
}

/// Say which roles see people masked; in force with the next request.
#[utoipa::path(put, path = "/api/privacy/masking", tag = "trust", request_body = MaskingChange,
    responses((status = 200, body = Privacy), (status = 400, body = ErrorBody)))]
pub async fn set_masking(
    State(control): State<Control>,
    trail: Trail,
    Body(asked): Body<MaskingChange>,
) -> Result<Json<Privacy>, ApiError> {
    let mut roles: Vec<ModelRole> = asked.roles.into_iter().map(ModelRole::from).collect();
    roles.dedup();
    if let Some(role) = roles.iter().find(|role| !MASKABLE.contains(role)) {
        return Err(ApiError::invalid(format!(
            "the role {} cannot be masked: admins set this, and a dealer's people are his own; choose of marketer, analyst, operator",
            role.as_str()
        )));
    }
    trail.object("masked_roles");
    trail.changed(&control.masked_roles().await?, &roles);
    control.mask_for(&roles).await?;
    shown(&control).await
}

/// Say for how long events are kept. The next run takes out what is older: see `run`.
#[utoipa::path(put, path = "/api/privacy/retention", tag = "trust", request_body = Retention,
    responses((status = 200, body = Privacy), (status = 400, body = ErrorBody)))]
pub async fn set_retention(State(control): State<Control>, trail: Trail, Body(asked): Body<Retention>) -> Result<Json<Privacy>, ApiError> {
    let kept = asked.checked()?;
    trail.object("retention");
    trail.changed(&control.retention().await?, &kept);
    control.retain(&kept).await?;
    shown(&control).await
}

/// How many events rules would take out, if they were saved now.
#[utoipa::path(post, path = "/api/privacy/retention/count", tag = "trust", request_body = Retention,
    responses((status = 200, body = ExpiredCount), (status = 400, body = ErrorBody)))]
pub async fn count_expired(
    State(query): State<Query>,
    State(clock): State<Clock>,
    caller: Caller,
    Body(asked): Body<Retention>,
) -> Result<Json<ExpiredCount>, ApiError> {
    let (kept, now_us) = (asked.checked()?, clock.now_us());
    let names = query.event_names(&caller.scope).await?;
    let before_us: BTreeMap<String, i64> =
        names.into_iter().filter_map(|name| Some((name.clone(), kept.before_us(&name, now_us)?))).collect();
    let counts = query.expired(&caller.scope, &before_us).await?;
    let total = counts.values().sum();
    let row = |(event, count): (String, u64)| {
        let before = before_us.get(&event).copied().map(iso).unwrap_or_default();
        ExpiredEvents { event, count, before }
    };
    let mut events: Vec<ExpiredEvents> = counts.into_iter().map(row).collect();
    events.sort_by_key(|row| std::cmp::Reverse(row.count));
    Ok(Json(ExpiredCount { events, total }))
}

/// Take out now what is older than the saved rules allow; it also happens once a day. Its progress is among the jobs.
#[utoipa::path(post, path = "/api/privacy/retention/run", tag = "trust", responses((status = 202)))]
pub async fn run_retention(State(bell): State<RetentionBell>) -> StatusCode {
    bell.ring();
    StatusCode::ACCEPTED
}

async fn shown(control: &Control) -> Result<Json<Privacy>, ApiError> {
    Ok(Json(Privacy {
        masked_roles: control.masked_roles().await?.into_iter().map(Role::from).collect(),
        maskable_roles: MASKABLE.map(Role::from).to_vec(),
        retention: control.retention().await?.into(),
    }))
}
