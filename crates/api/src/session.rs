//! Signing in and out, the first admin, and who one is.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use forecourt_model::{Role as ModelRole, audit::Actor};
use forecourt_store::{
    Store,
    control::{Control, Credentials, Means, NewUser, Secret, Session},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Clock, Trail,
    accounts::Role,
    arrival::Arrival,
    error::{ApiError, ErrorBody},
    input::{Asked, Body},
};

/// What the pages need to know of the installation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Installation {
    pub name: String,
    /// IANA name: days begin and end in it.
    pub time_zone: String,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Sends reach only listed test recipients.
    pub safe_mode: bool,
    /// A demonstration with invented people.
    pub demo: bool,
    /// Where PostgreSQL clients come in; `None` where they do not.
    pub postgres_port: Option<u16>,
}

impl Installation {
    /// With the switches as they are now.
    #[expect(clippy::wrong_self_convention, reason = "as of a moment, not a view of itself")]
    pub(crate) async fn as_of(self, store: &Store) -> Result<Self, ApiError> {
        Ok(Self { safe_mode: store.sending().await?.safe_mode, ..self })
    }
}

/// How callers are let in.
#[derive(Debug, Clone)]
pub struct Sessions {
    /// Whether people reach the server by HTTPS whatever a request looks like from here.
    pub secure_cookies: bool,
    /// How people reach the server, such as `https://cdp.example.com`, without a slash at its end; empty when nobody has said so.
    pub public_url: String,
    /// What one caller may ask in a second; 0 for no limit.
    pub requests_per_second: u32,
    /// Hash of the secret that commands on this machine show: whoever can read it owns the data folder.
    pub local_admin: Option<blake3::Hash>,
}

/// The session's cookie; over HTTPS with a prefix.
pub const SESSION_COOKIE: &str = "forecourt_session";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    password: String,
    /// Of the second factor, once the answer `code_needed` has asked for it: six digits, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// From the link that the first start printed.
    token: String,
    email: String,
    name: String,
    password: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SetupToken {
    token: String,
}

#[derive(Serialize, ToSchema)]
pub struct SetupLink {
    valid: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Me {
    /// Empty for an API token.
    email: String,
    name: String,
    role: Role,
    #[schema(required)]
    dealer: Option<String>,
    /// To be sent as `x-csrf-token` with every change.
    csrf: String,
    /// The role needs a second factor and the account has none: until it has, nothing else is answered.
    must_enrol: bool,
    installation: Installation,
}

impl Me {
    fn of_session(session: &Session, installation: Installation) -> Self {
        let user = &session.user;
        Self {
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role.into(),
            dealer: user.dealer.clone(),
            csrf: session.csrf.clone(),
            must_enrol: session.must_enrol,
            installation,
        }
    }
}

/// Sign in with e-mail and password.
#[utoipa::path(post, path = "/api/auth/login", tag = "session", request_body = SignIn,
    responses((status = 200, body = Me), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "the pieces that the route works with, once each")]
pub async fn sign_in(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(installation): State<Installation>,
    State(store): State<Store>,
    arrival: Arrival,
    trail: Trail,
    headers: HeaderMap,
    Body(asked): Body<SignIn>,
) -> Result<Response, ApiError> {
    trail.by(Actor::Unknown { shown: asked.email.trim().to_lowercase() });
    let credentials = Credentials { email: &asked.email, password: &asked.password, code: asked.code.as_deref() };
    let begun = control.sign_in(credentials, &arrival.device, clock.now_us()).await;
    let address = &arrival.device.address;
    let (token, session) = begun.inspect_err(|error| tracing::warn!(address, %error, "a sign-in was refused"))?;
    end_shown(&control, &arrival, &headers).await?;
    trail.by(Actor::User { id: session.user.id.clone(), email: session.user.email.clone() });
    tracing::info!(address, user = session.user.id, "signed in");
    Ok(with_session(&control, &arrival, &token, Me::of_session(&session, installation.as_of(&store).await?)))
}

/// End the session.
#[utoipa::path(post, path = "/api/auth/logout", tag = "session", responses((status = 204)))]
pub async fn sign_out(State(control): State<Control>, arrival: Arrival, headers: HeaderMap) -> Result<Response, ApiError> {
    end_shown(&control, &arrival, &headers).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&arrival, "", 0))]).into_response())
}

/// Whether a set-up link can still be used.
#[utoipa::path(get, path = "/api/auth/setup", tag = "session", params(SetupToken), responses((status = 200, body = SetupLink)))]
pub async fn setup_link(
    State(control): State<Control>,
    State(clock): State<Clock>,
    Asked(asked): Asked<SetupToken>,
) -> Result<Json<SetupLink>, ApiError> {
    let valid = control.setup_link_is_valid(&asked.token, clock.now_us()).await?;
    Ok(Json(SetupLink { valid }))
}

/// Make the first admin by the one-time link, and sign in.
#[utoipa::path(post, path = "/api/auth/setup", tag = "session", request_body = SetUp,
    responses((status = 200, body = Me), (status = 400, body = ErrorBody)))]
pub async fn set_up(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(installation): State<Installation>,
    State(store): State<Store>,
    arrival: Arrival,
    trail: Trail,
    Body(asked): Body<SetUp>,
) -> Result<Response, ApiError> {
    let now_us = clock.now_us();
    let admin = NewUser { email: asked.email, name: asked.name, role: ModelRole::Admin, dealer: None, password: asked.password };
    let user = control.use_setup_link(&asked.token, admin, now_us).await?;
    let (token, session) =
        control.begin_session(&user.id, Means::Password, &arrival.device, now_us).await?.ok_or_else(ApiError::sign_in)?;
    trail.by(Actor::User { id: user.id.clone(), email: user.email.clone() });
    tracing::info!(user = user.id, "the first admin was made");
    Ok(with_session(&control, &arrival, &token, Me::of_session(&session, installation.as_of(&store).await?)))
}

/// Who one is.
#[utoipa::path(get, path = "/api/me", tag = "session", responses((status = 200, body = Me), (status = 401, body = ErrorBody)))]
pub async fn me(caller: Caller, State(installation): State<Installation>, State(store): State<Store>) -> Result<Json<Me>, ApiError> {
    let email = if caller.csrf.is_some() { caller.actor.clone() } else { String::new() };
    Ok(Json(Me {
        email,
        name: caller.name,
        role: caller.role.into(),
        dealer: caller.scope.dealer().map(str::to_owned),
        must_enrol: caller.session.as_ref().is_some_and(|session| session.must_enrol),
        csrf: caller.csrf.unwrap_or_default(),
        installation: installation.as_of(&store).await?,
    }))
}

fn with_session(control: &Control, arrival: &Arrival, token: &Secret, me: Me) -> Response {
    let life_s = control.session_limits().life_us / 1_000_000;
    ([(header::SET_COOKIE, cookie(arrival, token.reveal(), life_s))], Json(me)).into_response()
}

/// Ends the session that the request still shows: who signs in gets a new one, and the old token serves nobody.
pub async fn end_shown(control: &Control, arrival: &Arrival, headers: &HeaderMap) -> Result<(), ApiError> {
    if let Some(token) = arrival.cookie(headers, SESSION_COOKIE) {
        control.end_session(token).await?;
    }
    Ok(())
}

pub fn cookie(arrival: &Arrival, token: &str, life_s: i64) -> String {
    arrival.set_cookie(SESSION_COOKIE, token, life_s)
}
