//! Who calls, and what they may do: the one place of authorisation.

use axum::{
    extract::{FromRef, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::Response,
};
use forecourt_model::{Role, Scope};
use forecourt_store::control::Control;

use crate::{Clock, Sessions, error::ApiError};

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permission {
    Anyone,
    SignedIn,
    /// Figures over all dealers.
    SeeReports,
    /// People and funnels, of one's own rows.
    SeeProfiles,
    EditProfiles,
    /// Events as they arrive, of all dealers.
    WatchIngest,
    /// Dead letters: sending again, discarding.
    MendIngest,
    ManageSources,
    ManageAccounts,
    RunSql,
}

use Permission::*;

/// Each route and what it needs. What is not here answers nobody.
const TABLE: &[(&str, &str, Permission)] = &[
    ("POST", "/api/auth/login", Anyone),
    ("POST", "/api/auth/logout", SignedIn),
    ("GET", "/api/auth/setup", Anyone),
    ("POST", "/api/auth/setup", Anyone),
    ("GET", "/api/openapi.json", Anyone),
    ("GET", "/api/schemas", Anyone),
    ("GET", "/api/me", SignedIn),
    ("GET", "/api/users", ManageAccounts),
    ("POST", "/api/users", ManageAccounts),
    ("DELETE", "/api/users/{id}", ManageAccounts),
    ("GET", "/api/tokens", ManageAccounts),
    ("POST", "/api/tokens", ManageAccounts),
    ("DELETE", "/api/tokens/{id}", ManageAccounts),
    ("GET", "/api/sources", WatchIngest),
    ("POST", "/api/sources", ManageSources),
    ("PATCH", "/api/sources/{id}", ManageSources),
    ("POST", "/api/sources/{id}/rotate", ManageSources),
    ("POST", "/api/imports/records", ManageSources),
    ("GET", "/api/overview", SeeReports),
    ("GET", "/api/jobs", SeeReports),
    ("GET", "/api/live/recent", WatchIngest),
    ("GET", "/api/live/stream", WatchIngest),
    ("GET", "/api/dead-letters", WatchIngest),
    ("POST", "/api/dead-letters/{id}/retry", MendIngest),
    ("POST", "/api/dead-letters/{id}/discard", MendIngest),
    ("GET", "/api/profiles", SeeProfiles),
    ("GET", "/api/profiles/{id}", SeeProfiles),
    ("GET", "/api/profiles/{id}/timeline", SeeProfiles),
    ("POST", "/api/profiles/{id}/traits", EditProfiles),
    ("GET", "/api/commands/{offset}", EditProfiles),
    ("POST", "/api/reports/funnel", SeeProfiles),
    ("POST", "/api/reports/funnel/people", SeeProfiles),
    ("GET", "/api/catalogue", SeeProfiles),
    ("POST", "/api/query", RunSql),
];

fn allows(role: Role, permission: Permission) -> bool {
    match permission {
        Anyone | SignedIn | SeeProfiles => true,
        SeeReports | WatchIngest => role != Role::Dealer,
        EditProfiles => matches!(role, Role::Admin | Role::Marketer | Role::Operator),
        MendIngest | ManageSources => matches!(role, Role::Admin | Role::Marketer),
        RunSql => matches!(role, Role::Admin | Role::Marketer | Role::Analyst | Role::Dealer),
        ManageAccounts => role == Role::Admin,
    }
}

/// Whoever asks, known and allowed to.
#[derive(Debug, Clone)]
pub struct Caller {
    /// E-mail of a user, or the token's name.
    pub actor: String,
    pub name: String,
    pub role: Role,
    pub scope: Scope,
    /// What the session's pages send along with changes; `None` for tokens, which browsers do not send by themselves.
    pub csrf: Option<String>,
}

pub const SESSION_COOKIE: &str = "forecourt_session";
const CSRF_HEADER: &str = "x-csrf-token";

/// Lets a request through to its route, with the [`Caller`] on it, or refuses it.
pub async fn authorise(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(sessions): State<Sessions>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let permission = needed(&request)?;
    if permission != Anyone {
        let caller = identify(&control, sessions, request.headers(), clock.now_us()).await?;
        check_csrf(&caller, &request)?;
        if !allows(caller.role, permission) {
            return Err(ApiError::forbidden(format!("the role {} may not do this: ask an admin for another role", caller.role.as_str())));
        }
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

fn needed(request: &Request) -> Result<Permission, ApiError> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
    let entry = TABLE.iter().find(|(of, at, _)| *of == method && *at == path);
    entry.map(|entry| entry.2).ok_or_else(|| ApiError::forbidden("nobody may do this: the route has no entry in the table of permissions"))
}

async fn identify(control: &Control, sessions: Sessions, headers: &HeaderMap, now_us: i64) -> Result<Caller, ApiError> {
    let scope = |dealer: Option<String>| dealer.map_or(Scope::Everything, Scope::Dealer);
    if let Some(shown) = bearer(headers) {
        if sessions.local_admin == Some(blake3::hash(shown.as_bytes())) {
            let name = "command line".to_owned();
            return Ok(Caller { actor: name.clone(), name, role: Role::Admin, scope: Scope::Everything, csrf: None });
        }
        let token = control.token(shown, now_us).await?.ok_or_else(ApiError::sign_in)?;
        return Ok(Caller { actor: token.name.clone(), name: token.name, role: token.role, scope: scope(token.dealer), csrf: None });
    }
    let shown = session_cookie(headers).ok_or_else(ApiError::sign_in)?;
    let session = control.session(shown, now_us).await?.ok_or_else(ApiError::sign_in)?;
    let user = session.user;
    Ok(Caller { actor: user.email, name: user.name, role: user.role, scope: scope(user.dealer), csrf: Some(session.csrf) })
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

pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value)
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
                let entries = TABLE.iter().filter(|(of, at, _)| *of == method && at == path).count();
                assert_eq!(entries, 1, "{method} {path}");
            }
        }
    }

    #[test]
    fn what_each_role_may_do() {
        let may = |role: Role| {
            let all = [SeeReports, SeeProfiles, EditProfiles, WatchIngest, MendIngest, ManageSources, ManageAccounts, RunSql];
            all.iter()
                .filter(|permission| allows(role, **permission))
                .map(|permission| format!("{permission:?}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(may(Role::Admin), "SeeReports SeeProfiles EditProfiles WatchIngest MendIngest ManageSources ManageAccounts RunSql");
        assert_eq!(may(Role::Marketer), "SeeReports SeeProfiles EditProfiles WatchIngest MendIngest ManageSources RunSql");
        assert_eq!(may(Role::Analyst), "SeeReports SeeProfiles WatchIngest RunSql");
        assert_eq!(may(Role::Operator), "SeeReports SeeProfiles EditProfiles WatchIngest");
        assert_eq!(may(Role::Dealer), "SeeProfiles RunSql");
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; forecourt_session=abc; b=2".parse().unwrap());
        assert_eq!(session_cookie(&headers), Some("abc"));
        assert_eq!(session_cookie(&HeaderMap::new()), None);
    }
}
