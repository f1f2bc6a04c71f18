//! API tokens, as an admin manages them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::time::iso;
use forecourt_store::control::{self, Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Clock, Trail,
    accounts::Role,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Serialize, ToSchema)]
pub struct Token {
    id: String,
    name: String,
    role: Role,
    #[schema(required)]
    dealer: Option<String>,
    /// The beginning of the token, to tell it from others.
    prefix: String,
    created_at: String,
    #[schema(required)]
    last_used_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Tokens {
    tokens: Vec<Token>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    name: String,
    role: Role,
    #[serde(default)]
    dealer: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    /// Shown this once: only its hash is kept.
    token: String,
    #[serde(flatten)]
    about: Token,
}

impl From<control::Token> for Token {
    fn from(token: control::Token) -> Self {
        Self {
            id: token.id,
            name: token.name,
            role: token.role.into(),
            dealer: token.dealer,
            prefix: token.prefix,
            created_at: iso(token.created_us),
            last_used_at: token.last_used_us.map(iso),
        }
    }
}

/// All tokens, the newest first.
#[utoipa::path(get, path = "/api/tokens", tag = "accounts", responses((status = 200, body = Tokens)))]
pub async fn tokens(State(control): State<Control>) -> Result<Json<Tokens>, ApiError> {
    let tokens = control.tokens().await?.into_iter().map(Token::from).collect();
    Ok(Json(Tokens { tokens }))
}

/// Make a token.
#[utoipa::path(post, path = "/api/tokens", tag = "accounts", request_body = NewToken,
    responses((status = 200, body = CreatedToken), (status = 400, body = ErrorBody)))]
pub async fn add_token(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<NewToken>,
) -> Result<Json<CreatedToken>, ApiError> {
    let (token, secret) = control.add_token(&asked.name, asked.role.into(), asked.dealer, clock.now_us()).await?;
    trail.object(token.id.as_str());
    trail.detail("name", token.name.as_str());
    trail.detail("role", token.role.as_str());
    tracing::info!(token = token.id, role = token.role.as_str(), "a token was made");
    Ok(Json(CreatedToken { token: secret.reveal().to_owned(), about: token.into() }))
}

/// Take a token back.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "accounts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_token(State(control): State<Control>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    if !control.remove_token(&id).await? {
        return Err(ApiError::not_found("such token"));
    }
    tracing::info!(token = id, "a token was taken back");
    Ok(StatusCode::NO_CONTENT)
}
