//! Who calls, what they may do, and what of it goes to the audit log: the one place of authorisation.

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

use crate::{
    Clock, Sessions,
    arrival::Arrival,
    error::ApiError,
    masking,
    pace::Pace,
    session::SESSION_COOKIE,
    trail::{Looks, Pending, Trail},
};

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permission {
    Anyone,
    #[allow(dead_code, reason = "for what everybody who is signed in may ask, and that is not about one's own account")]
    SignedIn,
    /// One's own account: answered even to those who must set up a second factor before anything else.
    OwnAccount,
    /// Figures over all dealers.
    SeeReports,
    /// People and funnels, of one's own rows.
    SeeProfiles,
    EditProfiles,
    /// Leads at work, of one's own rows.
    WorkLeads,
    /// The dealer network.
    ManageDealers,
    /// What the law gives people: everything that is known of them, and that it goes.
    AnswerPeople,
    /// Events as they arrive, of all dealers.
    WatchIngest,
    /// Dead letters: sending again, discarding.
    MendIngest,
    ManageSources,
    /// Files in.
    Import,
    /// Files of people and events to take away.
    Export,
    ManageAccounts,
    /// The installation's name, zone and currency; alerts.
    ManageInstallation,
    /// What people say of events; brands; channel rules; what reports count by: conversions, rates of currencies.
    EditDefinitions,
    RunSql,
    /// Forms, without their secrets.
    SeeForms,
    ManageForms,
    /// What was sent to whom.
    SeeDeliveries,
    RetryDeliveries,
    /// Messages to people, one or many, and to which addresses none go.
    SendMessages,
    /// The switches over all sending, and the gateways.
    ManageSending,
    /// Backups, and whether anything is sent after a restore.
    Operate,
}

use Permission::*;

/// What of a route goes to the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noted {
    /// It shows nobody's data and changes nothing: for GET only.
    Nothing,
    As(Action),
    /// It is no GET, and shows nobody's data and changes nothing all the same; says why.
    Unneeded(&'static str),
}

use Noted::*;

/// Each route, what it needs, and what it leaves in the audit log. What is not here answers nobody.
///
/// A route that changes something, or shows people, names its action; what it adds to the note it tells a [`Trail`].
const TABLE: &[(&str, &str, Permission, Noted)] = &[
    ("POST", "/api/auth/login", Anyone, As(Action::SignIn)),
    ("POST", "/api/auth/logout", OwnAccount, As(Action::SignOut)),
    ("POST", "/api/auth/reset/ask", Anyone, As(Action::PasswordResetAsked)),
    ("GET", "/api/auth/reset", Anyone, Nothing),
    ("POST", "/api/auth/reset", Anyone, As(Action::PasswordChanged)),
    ("GET", "/api/auth/sso", Anyone, Nothing),
    ("GET", "/api/auth/sso/start", Anyone, Nothing),
    ("GET", "/api/auth/sso/callback", Anyone, As(Action::SignIn)),
    ("GET", "/api/auth/setup", Anyone, Nothing),
    ("POST", "/api/auth/setup", Anyone, As(Action::SetUp)),
    ("GET", "/api/openapi.json", Anyone, Nothing),
    ("GET", "/api/schemas", Anyone, Nothing),
    ("GET", "/api/me", OwnAccount, Nothing),
    ("GET", "/api/account", OwnAccount, Nothing),
    ("POST", "/api/account/password", OwnAccount, As(Action::PasswordChanged)),
    ("GET", "/api/account/sessions", OwnAccount, Nothing),
    ("DELETE", "/api/account/sessions", OwnAccount, As(Action::SessionsEnded)),
    ("DELETE", "/api/account/sessions/{id}", OwnAccount, As(Action::SessionsEnded)),
    ("POST", "/api/account/second-factor", OwnAccount, As(Action::SecondFactorChanged)),
    ("POST", "/api/account/second-factor/confirm", OwnAccount, As(Action::SecondFactorChanged)),
    ("POST", "/api/account/second-factor/remove", OwnAccount, As(Action::SecondFactorChanged)),
    ("POST", "/api/account/second-factor/recovery-codes", OwnAccount, As(Action::SecondFactorChanged)),
    ("GET", "/api/security/policy", ManageAccounts, Nothing),
    ("PUT", "/api/security/policy", ManageAccounts, As(Action::SettingChanged)),
    ("GET", "/api/security/sso", ManageAccounts, Nothing),
    ("PUT", "/api/security/sso", ManageAccounts, As(Action::SettingChanged)),
    ("GET", "/api/users", ManageAccounts, Nothing),
    ("POST", "/api/users", ManageAccounts, As(Action::AccountAdded)),
    ("PATCH", "/api/users/{id}", ManageAccounts, As(Action::AccountChanged)),
    ("DELETE", "/api/users/{id}", ManageAccounts, As(Action::AccountRemoved)),
    ("DELETE", "/api/users/{id}/second-factor", ManageAccounts, As(Action::SecondFactorChanged)),
    ("POST", "/api/users/{id}/reset-link", ManageAccounts, As(Action::PasswordResetAsked)),
    ("GET", "/api/tokens", ManageAccounts, Nothing),
    ("POST", "/api/tokens", ManageAccounts, As(Action::TokenAdded)),
    ("DELETE", "/api/tokens/{id}", ManageAccounts, As(Action::TokenRemoved)),
    ("GET", "/api/sources", WatchIngest, Nothing),
    ("POST", "/api/sources", ManageSources, As(Action::SourceAdded)),
    ("PATCH", "/api/sources/{id}", ManageSources, As(Action::SourceChanged)),
    ("POST", "/api/sources/{id}/rotate", ManageSources, As(Action::WriteKeyRotated)),
    ("GET", "/api/imports", Import, Nothing),
    ("POST", "/api/imports", Import, As(Action::FileUploaded)),
    ("GET", "/api/imports/{id}", Import, Nothing),
    ("PUT", "/api/imports/{id}", Import, As(Action::ImportChanged)),
    ("DELETE", "/api/imports/{id}", Import, As(Action::ImportChanged)),
    ("POST", "/api/imports/{id}/look", Import, Unneeded("the first rows of a file whose upload is noted")),
    ("POST", "/api/imports/{id}/check", Import, As(Action::ImportChanged)),
    ("POST", "/api/imports/{id}/start", Import, As(Action::ImportChanged)),
    ("POST", "/api/imports/{id}/pause", Import, As(Action::ImportChanged)),
    ("POST", "/api/imports/{id}/resume", Import, As(Action::ImportChanged)),
    ("POST", "/api/imports/{id}/cancel", Import, As(Action::ImportChanged)),
    ("GET", "/api/imports/{id}/rejected", Import, As(Action::Exported)),
    ("POST", "/api/imports/{id}/again", Import, As(Action::ImportChanged)),
    ("GET", "/api/import-mappings", Import, Nothing),
    ("PUT", "/api/import-mappings/{name}", Import, As(Action::DefinitionChanged)),
    ("DELETE", "/api/import-mappings/{name}", Import, As(Action::DefinitionRemoved)),
    ("POST", "/api/imports/outside", Import, As(Action::FileUploaded)),
    ("POST", "/api/imports/outside/{id}", Import, Unneeded("progress of an import whose begin is noted")),
    ("POST", "/api/imports/records", Import, As(Action::RecordsImported)),
    ("GET", "/api/overview", SeeReports, Nothing),
    ("GET", "/api/jobs", SeeReports, Nothing),
    ("GET", "/api/live/recent", WatchIngest, As(Action::EventsWatched)),
    ("GET", "/api/live/stream", WatchIngest, As(Action::EventsWatched)),
    ("GET", "/api/dead-letters", WatchIngest, As(Action::DeadLettersSeen)),
    ("POST", "/api/dead-letters/{id}/retry", MendIngest, As(Action::DeadLetterRetried)),
    ("POST", "/api/dead-letters/{id}/discard", MendIngest, As(Action::DeadLetterDiscarded)),
    ("GET", "/api/profiles", SeeProfiles, As(Action::PeopleListed)),
    ("GET", "/api/profiles/export", Export, As(Action::Exported)),
    ("GET", "/api/events/export", Export, As(Action::Exported)),
    ("GET", "/api/profiles/{id}", SeeProfiles, As(Action::ProfileOpened)),
    ("GET", "/api/profiles/{id}/timeline", SeeProfiles, As(Action::ProfileOpened)),
    ("POST", "/api/profiles/{id}/traits", EditProfiles, As(Action::ProfileChanged)),
    ("POST", "/api/profiles/{id}/erase", AnswerPeople, As(Action::ProfileErased)),
    ("GET", "/api/profiles/{id}/export", AnswerPeople, As(Action::Exported)),
    ("GET", "/api/erasures", AnswerPeople, Nothing),
    ("GET", "/api/commands/{offset}", EditProfiles, Nothing),
    ("POST", "/api/reports/funnel", SeeProfiles, Unneeded("counts of people, none of them shown")),
    ("POST", "/api/reports/funnel/people", SeeProfiles, As(Action::PeopleListed)),
    ("POST", "/api/reports/retention", SeeProfiles, Unneeded("counts of people, none of them shown")),
    ("POST", "/api/reports/retention/people", SeeProfiles, As(Action::PeopleListed)),
    ("POST", "/api/reports/flow", SeeProfiles, Unneeded("counts of people, none of them shown")),
    ("POST", "/api/reports/flow/people", SeeProfiles, As(Action::PeopleListed)),
    ("POST", "/api/reports/paths", SeeProfiles, Unneeded("counts of people, none of them shown")),
    ("POST", "/api/reports/paths/people", SeeProfiles, As(Action::PeopleListed)),
    ("POST", "/api/reports/attribution", SeeProfiles, Unneeded("counts of people, none of them shown")),
    ("POST", "/api/reports/attribution/people", SeeProfiles, As(Action::PeopleListed)),
    ("POST", "/api/reports/pivot", SeeProfiles, Unneeded("counts of people, none of them shown")),
    ("POST", "/api/reports/pivot/people", SeeProfiles, As(Action::PeopleListed)),
    ("GET", "/api/conversions", SeeProfiles, Nothing),
    ("POST", "/api/conversions", EditDefinitions, As(Action::DefinitionChanged)),
    ("PUT", "/api/conversions/{id}", EditDefinitions, As(Action::DefinitionChanged)),
    ("DELETE", "/api/conversions/{id}", EditDefinitions, As(Action::DefinitionRemoved)),
    ("GET", "/api/currencies/rates", SeeReports, Nothing),
    ("POST", "/api/currencies/rates", EditDefinitions, As(Action::DefinitionChanged)),
    ("DELETE", "/api/currencies/rates/{base}/{currency}/{day}", EditDefinitions, As(Action::DefinitionRemoved)),
    ("GET", "/api/audit", ManageAccounts, As(Action::AuditRead)),
    ("GET", "/api/audit/proof", ManageAccounts, As(Action::AuditRead)),
    ("GET", "/api/privacy", ManageAccounts, Nothing),
    ("PUT", "/api/privacy/masking", ManageAccounts, As(Action::SettingChanged)),
    ("PUT", "/api/privacy/retention", ManageAccounts, As(Action::SettingChanged)),
    ("POST", "/api/privacy/retention/count", ManageAccounts, Unneeded("counts of events, none of them shown")),
    ("POST", "/api/privacy/retention/run", ManageAccounts, As(Action::RetentionRun)),
    ("GET", "/api/backups", Operate, Nothing),
    ("POST", "/api/backups", Operate, As(Action::JobChanged)),
    ("POST", "/api/backups/download", Operate, As(Action::Exported)),
    ("PUT", "/api/backups/sending", Operate, As(Action::SendingSwitched)),
    ("GET", "/api/catalogue", SeeProfiles, Nothing),
    ("GET", "/api/forms", SeeForms, Nothing),
    ("POST", "/api/forms", ManageForms, As(Action::DefinitionChanged)),
    ("GET", "/api/forms/{id}", SeeForms, Nothing),
    ("PUT", "/api/forms/{id}", ManageForms, As(Action::DefinitionChanged)),
    ("POST", "/api/forms/{id}/webhook-secret", ManageForms, As(Action::SettingChanged)),
    ("POST", "/api/forms/{id}/try-webhook", ManageForms, As(Action::DefinitionChanged)),
    ("GET", "/api/deliveries", SeeDeliveries, As(Action::MessagesSeen)),
    ("GET", "/api/deliveries/{id}", SeeDeliveries, As(Action::MessagesSeen)),
    ("POST", "/api/deliveries/retry", RetryDeliveries, As(Action::MessageRetried)),
    ("GET", "/api/sending", SeeDeliveries, Nothing),
    ("PUT", "/api/sending", ManageSending, As(Action::SendingSwitched)),
    ("PUT", "/api/sending/sms", ManageSending, As(Action::SettingChanged)),
    ("POST", "/api/sending/sms/try", ManageSending, As(Action::MessageRetried)),
    ("GET", "/api/templates", SeeReports, Nothing),
    ("POST", "/api/templates", EditDefinitions, As(Action::DefinitionChanged)),
    ("GET", "/api/templates/filters", SeeReports, Nothing),
    ("POST", "/api/templates/preview", SeeDeliveries, As(Action::ProfileOpened)),
    ("POST", "/api/templates/test", SendMessages, As(Action::TestSent)),
    ("GET", "/api/templates/{id}", SeeReports, Nothing),
    ("PUT", "/api/templates/{id}", EditDefinitions, As(Action::DefinitionChanged)),
    ("GET", "/api/gate", SeeReports, Nothing),
    ("PUT", "/api/gate", EditDefinitions, As(Action::DefinitionChanged)),
    ("GET", "/api/suppressed-addresses", SendMessages, As(Action::PeopleListed)),
    ("POST", "/api/suppressed-addresses", SendMessages, As(Action::DefinitionChanged)),
    ("POST", "/api/suppressed-addresses/release", SendMessages, As(Action::DefinitionChanged)),
    ("GET", "/api/broadcasts", SeeReports, Nothing),
    ("POST", "/api/broadcasts", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/broadcasts/dry-run", SeeReports, Unneeded("counts of people, none of them shown")),
    ("GET", "/api/broadcasts/{id}", SeeReports, Nothing),
    ("PUT", "/api/broadcasts/{id}", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/broadcasts/{id}/step", SendMessages, As(Action::BroadcastSwitched)),
    ("GET", "/api/broadcasts/{id}/report", SeeReports, Nothing),
    ("GET", "/api/journeys", SeeReports, Nothing),
    ("POST", "/api/journeys", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/journeys/check", SeeReports, Unneeded("a journey drawn, nobody's data")),
    ("POST", "/api/journeys/dry-run", SeeReports, Unneeded("counts of people, none of them shown")),
    ("POST", "/api/journeys/simulate", SeeDeliveries, As(Action::ProfileOpened)),
    ("GET", "/api/journeys/templates", SeeReports, Nothing),
    ("GET", "/api/journeys/{id}", SeeReports, Nothing),
    ("PUT", "/api/journeys/{id}", EditDefinitions, As(Action::DefinitionChanged)),
    ("DELETE", "/api/journeys/{id}", EditDefinitions, As(Action::DefinitionRemoved)),
    ("POST", "/api/journeys/{id}/step", SendMessages, As(Action::JourneySwitched)),
    ("GET", "/api/journeys/{id}/counts", SeeReports, Nothing),
    ("GET", "/api/journeys/{id}/report", SeeReports, Nothing),
    ("GET", "/api/journeys/{id}/runs", SeeDeliveries, As(Action::PeopleListed)),
    ("POST", "/api/journeys/{id}/runs", SendMessages, As(Action::MessageSent)),
    ("GET", "/api/journey-runs/{id}", SeeDeliveries, As(Action::ProfileOpened)),
    ("GET", "/api/tasks", SeeDeliveries, As(Action::PeopleListed)),
    ("POST", "/api/tasks/{id}/answer", EditProfiles, As(Action::TaskAnswered)),
    ("GET", "/api/leads", WorkLeads, As(Action::PeopleListed)),
    ("POST", "/api/leads", EditProfiles, As(Action::LeadRegistered)),
    ("GET", "/api/leads/{id}", WorkLeads, As(Action::ProfileOpened)),
    ("POST", "/api/leads/{id}/act", WorkLeads, As(Action::LeadWorked)),
    ("GET", "/api/leads/{id}/calendar.ics", WorkLeads, As(Action::ProfileOpened)),
    ("GET", "/api/dealers", WorkLeads, Nothing),
    ("PUT", "/api/dealers/{id}", ManageDealers, As(Action::DefinitionChanged)),
    ("DELETE", "/api/dealers/{id}", ManageDealers, As(Action::DefinitionRemoved)),
    ("POST", "/api/dealers/{id}/webhook-secret", ManageDealers, As(Action::SettingChanged)),
    ("GET", "/api/lead-rules", SeeReports, Nothing),
    ("PUT", "/api/lead-rules", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/lead-rules/simulate", SeeReports, Unneeded("counts of leads, none of them shown")),
    ("GET", "/api/reports/scorecards", SeeProfiles, Nothing),
    ("GET", "/api/reports/lead-desk", SeeReports, Nothing),
    ("GET", "/api/reports/lead-costs", SeeReports, Nothing),
    ("GET", "/api/ad-gate", SeeReports, Nothing),
    ("PUT", "/api/ad-gate/rules", EditDefinitions, As(Action::SettingChanged)),
    (
        "POST",
        "/api/ad-gate/look",
        EditDefinitions,
        Unneeded("rules that are in force, used an hour earlier; switches have a log of their own"),
    ),
    ("POST", "/api/ad-gate/pin", EditDefinitions, As(Action::DefinitionChanged)),
    ("GET", "/api/ad-gate/switches", SeeReports, Nothing),
    ("POST", "/api/ad-gate/simulate", SeeReports, Unneeded("counts of leads and amounts, nobody's data")),
    ("GET", "/api/ad-gate/export", SeeReports, Nothing),
    ("POST", "/api/messages", SendMessages, As(Action::MessageSent)),
    ("GET", "/api/senders", SeeDeliveries, Nothing),
    ("PUT", "/api/senders/{message_channel}", ManageSending, As(Action::SettingChanged)),
    ("GET", "/api/catalogue/events", SeeReports, Nothing),
    ("GET", "/api/catalogue/events/{event}", SeeReports, Nothing),
    ("PUT", "/api/catalogue/events/{event}", EditDefinitions, As(Action::DefinitionChanged)),
    ("GET", "/api/search", SeeProfiles, As(Action::PeopleSearched)),
    ("GET", "/api/views", SignedIn, Nothing),
    ("POST", "/api/views", SignedIn, As(Action::ViewChanged)),
    ("GET", "/api/views/{id}", SignedIn, Nothing),
    ("PUT", "/api/views/{id}", SignedIn, As(Action::ViewChanged)),
    ("DELETE", "/api/views/{id}", SignedIn, As(Action::ViewChanged)),
    ("PATCH", "/api/installation", ManageInstallation, As(Action::SettingChanged)),
    ("GET", "/api/brands", SeeReports, Nothing),
    ("POST", "/api/brands", EditDefinitions, As(Action::DefinitionChanged)),
    ("PUT", "/api/brands/{id}", EditDefinitions, As(Action::DefinitionChanged)),
    ("DELETE", "/api/brands/{id}", EditDefinitions, As(Action::DefinitionRemoved)),
    ("GET", "/api/incidents", SeeReports, Nothing),
    ("GET", "/api/alerts", SeeReports, Nothing),
    ("POST", "/api/alerts/rules", ManageInstallation, As(Action::DefinitionChanged)),
    ("PUT", "/api/alerts/rules/{id}", ManageInstallation, As(Action::DefinitionChanged)),
    ("DELETE", "/api/alerts/rules/{id}", ManageInstallation, As(Action::DefinitionRemoved)),
    ("PUT", "/api/alerts/targets", ManageInstallation, As(Action::SettingChanged)),
    ("POST", "/api/alerts/test", ManageInstallation, As(Action::TestSent)),
    ("POST", "/api/query", RunSql, As(Action::SqlRun)),
    ("GET", "/api/channel-rules", SeeReports, Nothing),
    ("PUT", "/api/channel-rules", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/channel-rules/test", SeeReports, Unneeded("an address typed in, nobody's data")),
    ("POST", "/api/channel-rules/preview", SeeReports, Unneeded("counts of events and leads, none of them shown")),
    ("POST", "/api/channel-rules/apply", EditDefinitions, As(Action::JobChanged)),
    ("GET", "/api/segments", SeeReports, Nothing),
    ("POST", "/api/segments", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/segments/preview", SeeReports, As(Action::PeopleListed)),
    ("GET", "/api/segments/fields", SeeReports, Nothing),
    ("GET", "/api/segments/{id}", SeeReports, Nothing),
    ("PUT", "/api/segments/{id}", EditDefinitions, As(Action::DefinitionChanged)),
    ("DELETE", "/api/segments/{id}", EditDefinitions, As(Action::DefinitionRemoved)),
    ("GET", "/api/segments/{id}/profiles", SeeReports, As(Action::PeopleListed)),
    ("GET", "/api/identity/settings", SeeReports, Nothing),
    ("PUT", "/api/identity/settings", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/identity/rollback", EditDefinitions, As(Action::DefinitionChanged)),
    ("POST", "/api/identity/preview", EditDefinitions, As(Action::JobChanged)),
    ("POST", "/api/identity/apply", EditDefinitions, As(Action::JobChanged)),
    ("GET", "/api/identity/ledger", EditProfiles, As(Action::PeopleListed)),
    ("GET", "/api/identity/report", SeeReports, Nothing),
    ("GET", "/api/profiles/{id}/identity", SeeProfiles, As(Action::ProfileOpened)),
    ("GET", "/api/profiles/{id}/merge-preview", EditProfiles, As(Action::ProfileOpened)),
    ("POST", "/api/profiles/{id}/merge", EditProfiles, As(Action::ProfileChanged)),
    ("POST", "/api/profiles/{id}/unmerge", EditProfiles, As(Action::ProfileChanged)),
    ("GET", "/api/duplicates", EditProfiles, As(Action::PeopleListed)),
    ("POST", "/api/duplicates/{id}/answer", EditProfiles, As(Action::ProfileChanged)),
    ("GET", "/api/duplicates/settings", SeeReports, Nothing),
    ("PUT", "/api/duplicates/settings", EditDefinitions, As(Action::SettingChanged)),
    ("POST", "/api/duplicates/find", EditDefinitions, As(Action::JobChanged)),
];

/// A route that is no GET and says nothing about the audit log does not compile.
const _: () = {
    let mut at = 0;
    while at < TABLE.len() {
        let (method, _, _, noted) = &TABLE[at];
        assert!(matches!(method.as_bytes(), b"GET") || !matches!(noted, Nothing), "name the action, or why there is none");
        at += 1;
    }
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
