//! Who calls, what they may do, and what of it goes to the audit log: the one place of authorisation.

mod table;
mod wire;

use axum::{
    extract::{FromRef, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use forecourt_model::{
    Role, Scope,
    audit::{Action, Actor},
};
use forecourt_store::control::{Control, Session};

pub use wire::SqlDoor;

use table::{
    Noted::{self, *},
    Permission::{self, *},
    TABLE,
};

use crate::{
    Clock, Sessions,
    arrival::Arrival,
    error::ApiError,
    masking,
    pace::Pace,
    session::SESSION_COOKIE,
    trail::{Looks, Pending, Trail},
};

fn allows(role: Role, permission: Permission) -> bool {
    match permission {
        Anyone | SignedIn | OwnAccount | SeeProfiles => true,
        SeeReports | WatchIngest => role != Role::Dealer,
        EditProfiles => matches!(role, Role::Admin | Role::Marketer | Role::Operator),
        WorkLeads => role != Role::Analyst,
        ManageDealers => matches!(role, Role::Admin | Role::Marketer),
        MendIngest | ManageSources | Import | Export | EditDefinitions => matches!(role, Role::Admin | Role::Marketer),
        RunSql => matches!(role, Role::Admin | Role::Marketer | Role::Analyst | Role::Dealer),
        AnswerPeople | ManageAccounts | ManageInstallation | ManageSending | Operate => role == Role::Admin,
        SeeForms => role != Role::Dealer,
        ManageForms | RetryDeliveries | SendMessages => matches!(role, Role::Admin | Role::Marketer),
        SeeDeliveries => matches!(role, Role::Admin | Role::Marketer | Role::Operator),
    }
}

/// Whoever asks, known and allowed to.
#[derive(Debug, Clone)]
pub struct Caller {
    /// E-mail of a user, or the token's name.
    pub actor: String,
    /// The same with its id, as the audit log keeps it.
    pub who: Actor,
    pub name: String,
    pub role: Role,
    pub scope: Scope,
    /// What the session's pages send along with changes; `None` for tokens, which browsers do not send by themselves.
    pub csrf: Option<String>,
    /// Of somebody who has signed in; `None` for tokens.
    pub session: Option<Session>,
}

impl Caller {
    /// Errors: 403 for a token, which has no account.
    pub fn session(&self) -> Result<&Session, ApiError> {
        self.session.as_ref().ok_or_else(|| ApiError::forbidden("a token has no account of its own: sign in as a person"))
    }
}

const CSRF_HEADER: &str = "x-csrf-token";

/// Lets a request through to its route, with the [`Caller`] and a [`Trail`] on it, or refuses it; then notes what came of it.
pub async fn authorise(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(sessions): State<Sessions>,
    State(looks): State<Looks>,
    State(pace): State<Pace>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (permission, noted) = needed(&request)?;
    let arrival = Arrival::of(request.extensions(), request.headers(), &sessions);
    let now_us = clock.now_us();
    let (trail, mut noted) = (
        Trail::default(),
        match noted {
            As(action) => Some(action),
            Nothing | Unneeded(_) => None,
        },
    );
    let mut actor = Actor::Unknown { shown: String::new() };
    let (mut refused, mut is_masked) = (None, false);
    if permission == Anyone {
        keep_pace(&pace, &arrival.device.address, now_us)?;
    } else {
        let caller = match identify(&control, &sessions, &arrival, request.headers(), now_us).await {
            Ok(caller) => caller,
            Err(error) => {
                // Trying tokens out is paid for by the address.
                keep_pace(&pace, &arrival.device.address, now_us)?;
                return Err(error);
            }
        };
        keep_pace(&pace, caller.who.id(), now_us)?;
        actor = caller.who.clone();
        is_masked = caller.sees_masked() && !shows_only_oneself(&request);
        if let Err(error) = admit(&caller, permission, &request) {
            (refused, noted) = (Some(error), Some(Action::AccessRefused));
            trail.object(format!("{} {}", request.method(), request.uri().path()));
        }
        request.extensions_mut().insert(caller);
    }
    request.extensions_mut().insert(trail.clone());
    let address = arrival.device.address;
    let object = ids(&request);
    let look = (request.method() == Method::GET).then(|| (looks, request.uri().to_string()));
    let pending = noted.map(|action| Pending { control, clock, trail, action, actor, address, object, look, is_noted: false });
    let response = match refused {
        Some(error) => error.into_response(),
        None if is_masked => masking::masked(next.run(request).await).await,
        None => next.run(request).await,
    };
    match pending {
        Some(pending) => Ok(pending.answered(response).await),
        None => Ok(response),
    }
}

fn keep_pace(pace: &Pace, caller: &str, now_us: i64) -> Result<(), ApiError> {
    let told = |seconds| ApiError::throttled(format!("too many requests: wait {seconds} s, then try again"), seconds);
    // Commands on this machine have no id, and the fullest right.
    if caller.is_empty() { Ok(()) } else { pace.take(caller, now_us).map_err(told) }
}

fn needed(request: &Request) -> Result<(Permission, Noted), ApiError> {
    let path = template(request);
    let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
    let entry = TABLE.iter().find(|(of, at, ..)| *of == method && *at == path);
    entry
        .map(|(_, _, permission, noted)| (*permission, *noted))
        .ok_or_else(|| ApiError::forbidden("nobody may do this: the route has no entry in the table of permissions"))
}

/// What a caller sees of himself needs no mask.
fn shows_only_oneself(request: &Request) -> bool {
    let path = template(request);
    path == "/api/me" || path.starts_with("/api/me/") || path.starts_with("/api/auth/") || path.starts_with("/api/account")
}

fn template(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str)
}

/// What stands in the path where the template has names.
fn ids(request: &Request) -> String {
    let shown = template(request).split('/').zip(request.uri().path().split('/'));
    let ids: Vec<&str> = shown.filter(|(name, _)| name.starts_with('{')).map(|(_, id)| id).collect();
    ids.join("/")
}

fn admit(caller: &Caller, permission: Permission, request: &Request) -> Result<(), ApiError> {
    check_csrf(caller, request)?;
    if permission != OwnAccount && caller.session.as_ref().is_some_and(|session| session.must_enrol) {
        return Err(ApiError::must_enrol());
    }
    if caller.sees_masked() && matches!(permission, MendIngest | Import) {
        return Err(ApiError::forbidden("your role sees people masked, and would write the mask back: ask somebody who sees them"));
    }
    if allows(caller.role, permission) {
        return Ok(());
    }
    Err(ApiError::forbidden(format!("the role {} may not do this: ask an admin for another role", caller.role.as_str())))
}

async fn identify(control: &Control, sessions: &Sessions, arrival: &Arrival, headers: &HeaderMap, now_us: i64) -> Result<Caller, ApiError> {
    if let Some(shown) = bearer(headers) {
        if sessions.local_admin == Some(blake3::hash(shown.as_bytes())) {
            let name = "command line".to_owned();
            return Ok(Caller {
                actor: name.clone(),
                who: Actor::Machine,
                name,
                role: Role::Admin,
                scope: Scope::Everything,
                csrf: None,
                session: None,
            });
        }
        let token = control.token(shown, now_us).await?.ok_or_else(ApiError::sign_in)?;
        let scope = scope(control, token.role, token.dealer).await?;
        let who = Actor::Token { id: token.id, name: token.name.clone() };
        return Ok(Caller { actor: token.name.clone(), who, name: token.name, role: token.role, scope, csrf: None, session: None });
    }
    let shown = arrival.cookie(headers, SESSION_COOKIE).ok_or_else(ApiError::sign_in)?;
    let session = control.session(shown, now_us).await?.ok_or_else(ApiError::sign_in)?;
    let user = session.user.clone();
    let scope = scope(control, user.role, user.dealer).await?;
    let who = Actor::User { id: user.id, email: user.email.clone() };
    let csrf = Some(session.csrf.clone());
    Ok(Caller { actor: user.email, who, name: user.name, role: user.role, scope, csrf, session: Some(session) })
}

/// What the role may see of whose rows.
async fn scope(control: &Control, role: Role, dealer: Option<String>) -> Result<Scope, ApiError> {
    if let Some(dealer) = dealer {
        return Ok(Scope::Dealer(dealer));
    }
    let is_masked = masking::MASKABLE.contains(&role) && control.masked_roles().await?.contains(&role);
    Ok(if is_masked { Scope::Masked } else { Scope::Everything })
}

/// A browser sends the cookie along whoever's page asks; only our own pages know the token.
fn check_csrf(caller: &Caller, request: &Request) -> Result<(), ApiError> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let Some(expected) = caller.csrf.as_ref().filter(|_| changes) else { return Ok(()) };
    let shown = request.headers().get(CSRF_HEADER).map_or(&b""[..], |value| value.as_bytes());
    // Hashes compare in constant time.
    if blake3::hash(shown) == blake3::hash(expected.as_bytes()) {
        return Ok(());
    }
    Err(ApiError::forbidden(format!("the header `{CSRF_HEADER}` is missing or old: reload the page")))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, shown) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(shown.trim())
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Control: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::sign_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_route_is_in_the_table_once() {
        for (path, item) in &crate::openapi().paths.paths {
            let methods = [("GET", &item.get), ("POST", &item.post), ("PATCH", &item.patch), ("PUT", &item.put), ("DELETE", &item.delete)];
            for (method, _) in methods.into_iter().filter(|(_, operation)| operation.is_some()) {
                let entries = TABLE.iter().filter(|(of, at, ..)| *of == method && at == path).count();
                assert_eq!(entries, 1, "{method} {path}");
            }
        }
    }

    #[test]
    fn what_each_role_may_do() {
        let may = |role: Role| {
            let all = [
                SeeReports,
                SeeProfiles,
                EditProfiles,
                AnswerPeople,
                WatchIngest,
                MendIngest,
                ManageSources,
                Import,
                Export,
                ManageAccounts,
                ManageInstallation,
                EditDefinitions,
                RunSql,
                Operate,
            ];
            all.iter()
                .filter(|permission| allows(role, **permission))
                .map(|permission| format!("{permission:?}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            may(Role::Admin),
            "SeeReports SeeProfiles EditProfiles AnswerPeople WatchIngest MendIngest ManageSources Import Export ManageAccounts ManageInstallation \
             EditDefinitions RunSql Operate"
        );
        assert_eq!(
            may(Role::Marketer),
            "SeeReports SeeProfiles EditProfiles WatchIngest MendIngest ManageSources Import Export EditDefinitions RunSql"
        );
        assert_eq!(may(Role::Analyst), "SeeReports SeeProfiles WatchIngest RunSql");
        assert_eq!(may(Role::Operator), "SeeReports SeeProfiles EditProfiles WatchIngest");
        assert_eq!(may(Role::Dealer), "SeeProfiles RunSql");
    }
}
