//! Single sign-on by OpenID Connect: the code flow with PKCE, state and nonce.
//!
//! The browser is sent to the provider and comes back with a code; we exchange it, check the token, and decide whose account
//! it is. All requests to the provider go through the guarded client.

mod decide;
mod provider;
pub mod settings;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use forecourt_model::audit::Actor;
use forecourt_outgoing::Outgoing;
use forecourt_store::control::{Control, Means, Secret, SsoAttempt, User};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Clock, Sessions, Trail,
    arrival::Arrival,
    error::{ApiError, ErrorBody},
    input::Asked,
    session,
};
use decide::{Decision, NotAdmitted};
use provider::{Provider, ProviderError};
pub use settings::SsoSettings;
use settings::{SECRET_PLACE, stored};

/// Binds an attempt to the browser that began it: a link that somebody else prepared does nothing in it.
const COOKIE: &str = "forecourt_sso";
const COOKIE_LIFE_S: i64 = 600;
/// Where the provider sends the browser back to.
const CALLBACK: &str = "/api/auth/sso/callback";

#[derive(Serialize, ToSchema)]
pub struct SsoOffer {
    /// Whether people may sign in by it.
    enabled: bool,
    /// What its button says; empty for none.
    label: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SsoStart {
    /// The page to go to afterwards: a path of this site.
    #[serde(default)]
    to: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SsoCallback {
    /// What the provider gives for the token.
    #[serde(default)]
    code: Option<String>,
    /// As we sent it.
    #[serde(default)]
    state: Option<String>,
    /// Why the provider refused.
    #[serde(default)]
    error: Option<String>,
}

/// Why a sign-on ended at the sign-in page; the page has words for each.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the attempt is unknown, used, too old, or another browser's")]
    Stale,
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("{0}")]
    NotAdmitted(#[from] NotAdmitted),
    #[error("{0}")]
    Provider(#[from] ProviderError),
}

impl Ended {
    fn code(&self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Refused(_) => "refused",
            Self::NotAdmitted(why) => why.code(),
            Self::Provider(_) => "failed",
        }
    }
}

/// Whether there is single sign-on, for the sign-in page.
#[utoipa::path(get, path = "/api/auth/sso", tag = "session", responses((status = 200, body = SsoOffer)))]
pub async fn offer(State(control): State<Control>) -> Result<Json<SsoOffer>, ApiError> {
    let settings = stored(&control).await?;
    Ok(Json(SsoOffer { label: if settings.enabled { settings.label } else { String::new() }, enabled: settings.enabled }))
}

/// Go to the provider.
#[utoipa::path(get, path = "/api/auth/sso/start", operation_id = "start_sso", tag = "session", params(SsoStart),
    responses((status = 303, description = "to the provider, or back to the sign-in page"), (status = 404, body = ErrorBody)))]
pub async fn start(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(sessions): State<Sessions>,
    State(outgoing): State<Outgoing>,
    arrival: Arrival,
    Asked(asked): Asked<SsoStart>,
) -> Result<Response, ApiError> {
    let settings = stored(&control).await?;
    if !settings.enabled {
        return Err(ApiError::not_found("single sign-on here"));
    }
    let secret = control.secret(SECRET_PLACE).await?;
    let provider = match Provider::discover(&settings, secret, &callback_url(&sessions), outgoing).await {
        Ok(provider) => provider,
        Err(error) => return Ok(refused(&arrival, &error.into())),
    };
    let leaving = provider.leave(&settings);
    let browser = Secret::from(random_text());
    let attempt = SsoAttempt { nonce: leaving.nonce, verifier: leaving.verifier, return_to: own_path(asked.to.as_deref()) };
    control.note_sso_attempt(&leaving.state, &browser, &attempt, clock.now_us()).await?;
    Ok(redirect(&leaving.url, &[arrival.set_cookie(COOKIE, browser.reveal(), COOKIE_LIFE_S)]))
}

/// Come back from the provider, and be signed in.
#[utoipa::path(get, path = "/api/auth/sso/callback", tag = "session", params(SsoCallback),
    responses((status = 303, description = "to the page that was asked for, or back to the sign-in page with the reason")))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the router hands in")]
pub async fn callback(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(sessions): State<Sessions>,
    State(outgoing): State<Outgoing>,
    arrival: Arrival,
    trail: Trail,
    headers: HeaderMap,
    Asked(asked): Asked<SsoCallback>,
) -> Result<Response, ApiError> {
    trail.detail("by", "single sign-on");
    let now_us = clock.now_us();
    let (state, browser) = (asked.state.unwrap_or_default(), arrival.cookie(&headers, COOKIE).unwrap_or_default());
    let Some(attempt) = control.take_sso_attempt(&state, browser, now_us).await? else {
        return Ok(refused(&arrival, &Ended::Stale));
    };
    let Some(code) = asked.code.filter(|_| asked.error.is_none()) else {
        return Ok(refused(&arrival, &Ended::Refused(asked.error.unwrap_or_default().chars().take(200).collect())));
    };
    let settings = stored(&control).await?;
    let secret = control.secret(SECRET_PLACE).await?;
    let identity = async {
        let provider = Provider::discover(&settings, secret, &callback_url(&sessions), outgoing).await?;
        provider.identify(code, &attempt).await
    };
    let user = match identity.await {
        Ok(identity) if settings.enabled => admit(&control, &settings, &identity, now_us).await?,
        Ok(_) => Err(Ended::Stale),
        Err(error) => Err(error.into()),
    };
    let user = match user {
        Ok(user) => user,
        Err(why) => return Ok(refused(&arrival, &why)),
    };
    session::end_shown(&control, &arrival, &headers).await?;
    let begun = control.begin_session(&user.id, Means::SingleSignOn, &arrival.device, now_us).await?;
    let (token, _) = begun.ok_or_else(ApiError::sign_in)?;
    trail.by(Actor::User { id: user.id.clone(), email: user.email });
    tracing::info!(user = user.id, "signed in by single sign-on");
    let life_s = control.session_limits().life_us / 1_000_000;
    let cookies = [session::cookie(&arrival, token.reveal(), life_s), arrival.set_cookie(COOKIE, "", 0)];
    Ok(redirect(&attempt.return_to, &cookies))
}

/// Finds or makes the account of whom the provider vouches for.
async fn admit(
    control: &Control,
    settings: &SsoSettings,
    identity: &provider::Identity,
    now_us: i64,
) -> Result<Result<User, Ended>, ApiError> {
    let linked = control.user_of_sso(&settings.issuer, &identity.subject).await?;
    let is_linked = linked.is_some();
    let known = match (linked, identity.verified_email()) {
        (Some(user), _) => Some(user),
        (None, Some(email)) => control.user_of_email(email).await?,
        (None, None) => None,
    };
    let user = match decide::decide(settings, identity, known.as_ref()) {
        Err(why) => return Ok(Err(why.into())),
        Ok(Decision::Enter { role: None }) => known,
        Ok(Decision::Enter { role: Some((role, dealer)) }) => {
            if let Some(user) = &known
                && (user.role, &user.dealer) != (role, &dealer)
                // The last admin stays one: nobody could mend the mapping.
                && let Err(error) = control.set_role(&user.id, role, dealer).await
            {
                tracing::warn!(user = user.id, %error, "the provider's role was not taken over");
            }
            known
        }
        Ok(Decision::Add { email, name, role, dealer }) => {
            let added = control.add_sso_user(&email, &name, role, dealer, now_us).await?;
            tracing::info!(user = added.id, role = role.as_str(), "an account was added by single sign-on");
            Some(added)
        }
    };
    let Some(user) = user else { return Ok(Err(NotAdmitted::Unknown.into())) };
    if !is_linked {
        control.link_sso(&user.id, &settings.issuer, &identity.subject, now_us).await?;
    }
    Ok(Ok(user))
}

fn callback_url(sessions: &Sessions) -> String {
    format!("{}{CALLBACK}", sessions.public_url)
}

/// A path of this site, and of nobody else's.
fn own_path(asked: Option<&str>) -> String {
    let is_own =
        |path: &&str| path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']) && path.len() <= 2_000;
    asked.filter(is_own).unwrap_or("/").to_owned()
}

fn refused(arrival: &Arrival, why: &Ended) -> Response {
    tracing::warn!(code = why.code(), why = %why, "a single sign-on was refused");
    let mut response = redirect(&format!("/sign-in?sso={}", why.code()), &[arrival.set_cookie(COOKIE, "", 0)]);
    response.extensions_mut().insert(crate::trail::Refused);
    response
}

fn redirect(to: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    for cookie in cookies {
        if let Ok(value) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

fn random_text() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill(&mut bytes[..]);
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        let cases = [Some("/live?x=1"), Some("//evil.example"), Some("https://evil.example"), Some("/\\evil.example"), None];
        assert_eq!(cases.map(own_path), ["/live?x=1", "/", "/", "/", "/"]);
    }
}
