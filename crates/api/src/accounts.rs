//! People who sign in, as an admin manages them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::{Role as ModelRole, time::iso};
use forecourt_store::control::{self, Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Admin,
    Marketer,
    Analyst,
    Operator,
    Dealer,
}

impl From<ModelRole> for Role {
    fn from(role: ModelRole) -> Self {
        match role {
            ModelRole::Admin => Self::Admin,
            ModelRole::Marketer => Self::Marketer,
            ModelRole::Analyst => Self::Analyst,
            ModelRole::Operator => Self::Operator,
            ModelRole::Dealer => Self::Dealer,
        }
    }
}

impl From<Role> for ModelRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Marketer => Self::Marketer,
            Role::Analyst => Self::Analyst,
            Role::Operator => Self::Operator,
            Role::Dealer => Self::Dealer,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct User {
    id: String,
    email: String,
    name: String,
    role: Role,
    #[schema(required)]
    dealer: Option<String>,
    created_at: String,
    #[schema(required)]
    last_seen_at: Option<String>,
    /// Whether the account has a second factor.
    second_factor: bool,
    /// Kept, and not let in.
    disabled: bool,
}

/// What to change; the rest stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserToChange {
    #[serde(default)]
    name: Option<String>,
    /// With `dealer`, for the role dealer.
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    dealer: Option<String>,
    /// `true` signs the account out and lets it in no more.
    #[serde(default)]
    disabled: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub struct Users {
    users: Vec<User>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    email: String,
    #[serde(default)]
    name: String,
    role: Role,
    /// For the role dealer: whose rows the user sees.
    #[serde(default)]
    dealer: Option<String>,
    password: String,
}

impl From<control::User> for User {
    fn from(user: control::User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role.into(),
            dealer: user.dealer,
            created_at: iso(user.created_us),
            last_seen_at: user.last_seen_us.map(iso),
            second_factor: user.second_factor_us.is_some(),
            disabled: user.disabled,
        }
    }
}

/// All accounts.
#[utoipa::path(get, path = "/api/users", tag = "accounts", responses((status = 200, body = Users)))]
pub async fn users(State(control): State<Control>) -> Result<Json<Users>, ApiError> {
    let users = control.users().await?.into_iter().map(User::from).collect();
    Ok(Json(Users { users }))
}

/// Add an account.
#[utoipa::path(post, path = "/api/users", tag = "accounts", request_body = NewUser,
    responses((status = 200, body = User), (status = 400, body = ErrorBody)))]
pub async fn add_user(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<NewUser>,
) -> Result<Json<User>, ApiError> {
    let NewUser { email, name, role, dealer, password } = asked;
    let user = control.add_user(control::NewUser { email, name, role: role.into(), dealer, password }, clock.now_us()).await?;
    trail.object(user.email.as_str());
    trail.detail("role", user.role.as_str());
    tracing::info!(user = user.id, role = user.role.as_str(), "an account was added");
    Ok(Json(user.into()))
}

/// Change an account: name, role, whether it is let in.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "accounts", params(("id" = String, Path)), request_body = UserToChange,
    responses((status = 200, body = User), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn change_user(
    State(control): State<Control>,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<UserToChange>,
) -> Result<Json<User>, ApiError> {
    let UserToChange { name, role, dealer, disabled } = asked;
    let before = control.users().await?.into_iter().find(|user| user.id == id).map(User::from);
    let role = role.map(|role| (ModelRole::from(role), dealer));
    let changed = control.update_user(&id, control::UserChange { name, role, disabled }).await?;
    let changed = User::from(changed.ok_or_else(|| ApiError::not_found("such account"))?);
    trail.object(changed.email.as_str());
    trail.changed(&before, &Some(&changed));
    Ok(Json(changed))
}

/// Remove an account; its sessions end.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "accounts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_user(State(control): State<Control>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    if !control.remove_user(&id).await? {
        return Err(ApiError::not_found("such account"));
    }
    tracing::info!(user = id, "an account was removed");
    Ok(StatusCode::NO_CONTENT)
}
