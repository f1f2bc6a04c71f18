//! Forgotten passwords: a one-time link, by e-mail or from an admin.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::audit::Actor;
use forecourt_store::control::{Control, RESET_LINK_LIFE_US, Secret, User};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Border, Clock, Installation, Sessions, Trail,
    arrival::Arrival,
    border::Mail,
    error::{ApiError, ErrorBody},
    input::{Asked, Body},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskReset {
    email: String,
    /// What language the e-mail is in: `en`, `ru` or `zh`.
    #[serde(default)]
    language: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ResetToken {
    token: String,
}

#[derive(Serialize, ToSchema)]
pub struct ResetLinkState {
    /// Whether the link can still be used.
    valid: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// From the link.
    token: String,
    /// What the password shall be: ten characters or more.
    password: String,
}

#[derive(Serialize, ToSchema)]
pub struct ResetLink {
    /// To be given to its owner and nobody else: it sets the password, once.
    link: String,
    email: String,
    /// Minutes that it can be used for.
    minutes: i64,
}

/// Ask for a link by e-mail. The answer is the same whether there is such an account or not.
#[utoipa::path(post, path = "/api/auth/reset/ask", tag = "session", request_body = AskReset,
    responses((status = 202), (status = 429, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the router hands in")]
pub async fn ask(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(border): State<Border>,
    State(sessions): State<Sessions>,
    State(installation): State<Installation>,
    arrival: Arrival,
    trail: Trail,
    Body(asked): Body<AskReset>,
) -> Result<StatusCode, ApiError> {
    trail.by(Actor::Unknown { shown: asked.email.trim().to_lowercase() });
    control.admit_reset(&asked.email, &arrival.device.address, clock.now_us()).await?;
    // Behind the answer, so that its time tells nothing either.
    tokio::spawn(async move {
        let now_us = clock.now_us();
        match control.new_reset_link(&asked.email, now_us).await {
            Ok(Some((user, secret))) => mail_link(&border, &sessions, &installation, &user, &secret, asked.language.as_deref()).await,
            Ok(None) => tracing::info!("a reset link was asked for an e-mail that has no account"),
            Err(error) => tracing::error!(%error, "a reset link was not made"),
        }
    });
    Ok(StatusCode::ACCEPTED)
}

async fn mail_link(
    border: &Border,
    sessions: &Sessions,
    installation: &Installation,
    user: &User,
    secret: &Secret,
    language: Option<&str>,
) {
    // Never from the request's own headers: whoever sends them would choose where the link leads.
    if sessions.public_url.is_empty() {
        tracing::error!("a reset link was not sent: set `server.public_url` in the configuration, it stands in the link");
        return;
    }
    let mail = letter(&user.email, &link(&sessions.public_url, secret), &installation.name, language);
    match border.mail(mail).await {
        Ok(()) => tracing::info!(user = user.id, "a reset link was sent"),
        Err(error) => tracing::error!(user = user.id, %error, "a reset link was not sent: `forecourt user reset` prints one"),
    }
}

/// Whether a link can still be used.
#[utoipa::path(get, path = "/api/auth/reset", tag = "session", params(ResetToken), responses((status = 200, body = ResetLinkState)))]
pub async fn state(
    State(control): State<Control>,
    State(clock): State<Clock>,
    Asked(asked): Asked<ResetToken>,
) -> Result<Json<ResetLinkState>, ApiError> {
    let valid = control.user_of_reset_link(&asked.token, clock.now_us()).await?.is_some();
    Ok(Json(ResetLinkState { valid }))
}

/// Set the password by a link; all sessions of the account end. A second factor is asked for at the next sign-in as before.
#[utoipa::path(post, path = "/api/auth/reset", tag = "session", request_body = ResetPassword,
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn reset(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<ResetPassword>,
) -> Result<StatusCode, ApiError> {
    let user = control.use_reset_link(&asked.token, asked.password, clock.now_us()).await?;
    trail.by(Actor::User { id: user.id.clone(), email: user.email.clone() });
    trail.detail("by", "link");
    tracing::info!(user = user.id, "a password was set by a reset link");
    Ok(StatusCode::NO_CONTENT)
}

/// Make a link for somebody, to be handed over by other ways than e-mail. Earlier ones end.
#[utoipa::path(post, path = "/api/users/{id}/reset-link", tag = "accounts", params(("id" = String, Path, description = "Id or e-mail of the account.")),
    responses((status = 200, body = ResetLink), (status = 404, body = ErrorBody)))]
pub async fn new_link(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(sessions): State<Sessions>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Json<ResetLink>, ApiError> {
    let email = control.user(&id).await?.map_or(id, |user| user.email);
    let made = control.new_reset_link(&email, clock.now_us()).await?;
    let (user, secret) = made.ok_or_else(|| ApiError::not_found("such account"))?;
    trail.object(user.id.clone());
    trail.detail("by", "admin");
    Ok(Json(ResetLink { link: link(&sessions.public_url, &secret), email: user.email, minutes: RESET_LINK_LIFE_US / 60_000_000 }))
}

/// Behind the `#`, which browsers send to nobody: neither a proxy's log nor the next site gets to see it.
fn link(public_url: &str, secret: &Secret) -> String {
    format!("{public_url}/reset#{}", secret.reveal())
}

fn letter(to: &str, link: &str, installation: &str, language: Option<&str>) -> Mail {
    let minutes = RESET_LINK_LIFE_US / 60_000_000;
    let (subject, text) = match language {
        Some("ru") => (
            format!("{installation}: новый пароль"),
            format!(
                "Кто-то, вероятно вы, попросил сменить пароль в {installation}.\n\nОткройте ссылку в течение {minutes} минут и задайте новый \
                 пароль:\n{link}\n\nЕсли это были не вы, ничего делать не нужно: пароль останется прежним.\n"
            ),
        ),
        Some("zh") => (
            format!("{installation}：设置新密码"),
            format!(
                "有人（可能是您）请求重置 {installation} 的密码。\n\n请在 {minutes} 分钟内打开以下链接并设置新密码：\n{link}\n\n\
                 如果不是您本人操作，请忽略此邮件，密码不会改变。\n"
            ),
        ),
        _ => (
            format!("{installation}: a new password"),
            format!(
                "Somebody, probably you, asked to change your password at {installation}.\n\nOpen this link within {minutes} minutes and \
                 choose a new one:\n{link}\n\nIf it was not you, do nothing: your password stays as it is.\n"
            ),
        ),
    };
    Mail { to: to.to_owned(), subject, text, ..Mail::default() }
}
