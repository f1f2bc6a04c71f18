//! One's own account: password and sessions.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::time::iso;
use forecourt_store::control::{Control, OpenSession};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Serialize, ToSchema)]
pub struct Account {
    email: String,
    name: String,
    /// Without one the account signs in by single sign-on only.
    has_password: bool,
    /// Since when there is a second factor; null without one.
    #[schema(required)]
    second_factor_since: Option<String>,
    /// Whether the account's role must have one.
    second_factor_required: bool,
    /// Recovery codes that are not used yet.
    recovery_codes_left: u64,
}

#[derive(Serialize, ToSchema)]
pub struct AccountSession {
    id: String,
    /// Where its requests came from when it began.
    address: String,
    /// The browser's name for itself (`User-Agent`).
    agent: String,
    /// `password` or `sso`.
    means: String,
    created_at: String,
    last_seen_at: String,
    /// The one that asks.
    is_current: bool,
}

#[derive(Serialize, ToSchema)]
pub struct AccountSessions {
    sessions: Vec<AccountSession>,
}

#[derive(Serialize, ToSchema)]
pub struct EndedSessions {
    /// How many there were.
    ended: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password as it is now.
    current: String,
    /// What it shall be: ten characters or more.
    new: String,
}

/// One's own account.
#[utoipa::path(get, path = "/api/account", tag = "account", responses((status = 200, body = Account), (status = 403, body = ErrorBody)))]
pub async fn account(State(control): State<Control>, caller: Caller) -> Result<Json<Account>, ApiError> {
    let user = &caller.session()?.user;
    Ok(Json(Account {
        email: user.email.clone(),
        name: user.name.clone(),
        has_password: control.has_password(&user.id).await?,
        second_factor_since: user.second_factor_us.map(iso),
        second_factor_required: control.second_factor_policy().await?.requires(user.role),
        recovery_codes_left: control.recovery_codes_left(&user.id).await?,
    }))
}

/// Change one's own password; all other sessions end.
#[utoipa::path(post, path = "/api/account/password", tag = "account", request_body = PasswordChange,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn change_password(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    Body(asked): Body<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let session = caller.session()?;
    if !control.change_password(&session.user, asked.current, asked.new, &session.id, clock.now_us()).await? {
        return Err(ApiError::wrong_current_password());
    }
    tracing::info!(user = session.user.id, "a password was changed");
    Ok(StatusCode::NO_CONTENT)
}

/// One's own sessions, the one used last first.
#[utoipa::path(get, path = "/api/account/sessions", tag = "account", responses((status = 200, body = AccountSessions)))]
pub async fn sessions(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<Json<AccountSessions>, ApiError> {
    let own = caller.session()?;
    let shown = |open: OpenSession| AccountSession {
        is_current: open.id == own.id,
        id: open.id,
        address: open.device.address,
        agent: open.device.agent,
        means: open.means,
        created_at: iso(open.created_us),
        last_seen_at: iso(open.last_us),
    };
    let sessions = control.sessions_of(&own.user.id, clock.now_us()).await?;
    Ok(Json(AccountSessions { sessions: sessions.into_iter().map(shown).collect() }))
}

/// End one of one's own sessions.
#[utoipa::path(delete, path = "/api/account/sessions/{id}", tag = "account", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn end_session(State(control): State<Control>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    if !control.end_session_of(&caller.session()?.user.id, &id).await? {
        return Err(ApiError::not_found("such session"));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// End all of one's own sessions but the one that asks.
#[utoipa::path(delete, path = "/api/account/sessions", tag = "account", responses((status = 200, body = EndedSessions)))]
pub async fn end_other_sessions(State(control): State<Control>, caller: Caller, trail: Trail) -> Result<Json<EndedSessions>, ApiError> {
    let own = caller.session()?;
    let ended = control.end_other_sessions(&own.user.id, &own.id).await?;
    trail.detail("sessions", ended);
    Ok(Json(EndedSessions { ended }))
}
