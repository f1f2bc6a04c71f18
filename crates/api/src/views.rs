//! Saved views: what somebody looked at, under a name, for themselves, for roles, and for whoever has the link.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::{Role as ModelRole, time::iso};
use forecourt_store::control::{self, Control, ViewWish};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Clock,
    accounts::Role,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Serialize, ToSchema)]
pub struct SavedView {
    /// Not guessable: `/views/{id}` opens the view for everybody who is signed in.
    id: String,
    /// The page's path: `/funnel`.
    page: String,
    name: String,
    /// What stands behind the `?` of the page's address.
    state: String,
    /// E-mail of who saved it.
    owner: String,
    /// Whether that is the caller.
    is_mine: bool,
    /// Who else finds it in their list; empty for a private one.
    roles: Vec<Role>,
    updated_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct SavedViews {
    /// By page and name.
    views: Vec<SavedView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewToSave {
    /// The page's path: `/funnel`.
    page: String,
    name: String,
    /// What stands behind the `?` of the page's address.
    #[serde(default)]
    state: String,
    /// Who else finds it in their list; empty for a private one.
    #[serde(default)]
    roles: Vec<Role>,
}

impl SavedView {
    fn of(view: control::SavedView, caller: &Caller) -> Self {
        Self {
            id: view.id,
            is_mine: view.owner == caller.actor,
            page: view.page,
            name: view.name,
            state: view.state,
            owner: view.owner,
            roles: view.roles.into_iter().map(Role::from).collect(),
            updated_at: iso(view.updated_us),
        }
    }
}

impl From<ViewToSave> for ViewWish {
    fn from(view: ViewToSave) -> Self {
        Self { page: view.page, name: view.name, state: view.state, roles: view.roles.into_iter().map(ModelRole::from).collect() }
    }
}

/// Views belong to people; a program has none to come back to.
fn owner(caller: &Caller) -> Result<&str, ApiError> {
    match caller.csrf {
        Some(_) => Ok(&caller.actor),
        None => Err(ApiError::forbidden("saved views belong to people: sign in instead of showing a token")),
    }
}

/// One's own views and those shared with one's role.
#[utoipa::path(get, path = "/api/views", tag = "views", responses((status = 200, body = SavedViews)))]
pub async fn views(State(control): State<Control>, caller: Caller) -> Result<Json<SavedViews>, ApiError> {
    let found = control.views(&caller.actor, caller.role).await?;
    Ok(Json(SavedViews { views: found.into_iter().map(|view| SavedView::of(view, &caller)).collect() }))
}

/// A view by its link.
#[utoipa::path(get, path = "/api/views/{id}", tag = "views", params(("id" = String, Path)),
    responses((status = 200, body = SavedView), (status = 404, body = ErrorBody)))]
pub async fn view(State(control): State<Control>, caller: Caller, Path(id): Path<String>) -> Result<Json<SavedView>, ApiError> {
    let found = control.view(&id).await?.ok_or_else(|| ApiError::not_found("such view"))?;
    Ok(Json(SavedView::of(found, &caller)))
}

/// Save a view.
#[utoipa::path(post, path = "/api/views", tag = "views", request_body = ViewToSave,
    responses((status = 200, body = SavedView), (status = 400, body = ErrorBody)))]
pub async fn add_view(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    Body(asked): Body<ViewToSave>,
) -> Result<Json<SavedView>, ApiError> {
    let saved = control.add_view(owner(&caller)?, asked.into(), clock.now_us()).await?;
    Ok(Json(SavedView::of(saved, &caller)))
}

/// Change a view of one's own: another name, state or circle.
#[utoipa::path(put, path = "/api/views/{id}", tag = "views", params(("id" = String, Path)), request_body = ViewToSave,
    responses((status = 200, body = SavedView), (status = 404, body = ErrorBody)))]
pub async fn change_view(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<ViewToSave>,
) -> Result<Json<SavedView>, ApiError> {
    let changed = control.update_view(&id, owner(&caller)?, asked.into(), clock.now_us()).await?;
    let changed = changed.ok_or_else(|| ApiError::not_found("such view of yours"))?;
    Ok(Json(SavedView::of(changed, &caller)))
}

/// Remove a view of one's own; an admin removes any that is shared.
#[utoipa::path(delete, path = "/api/views/{id}", tag = "views", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_view(State(control): State<Control>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let own = control.remove_view(&id, Some(owner(&caller)?)).await?;
    if own || (caller.role == ModelRole::Admin && control.remove_view(&id, None).await?) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::not_found("such view of yours"))
}
