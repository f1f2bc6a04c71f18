//! Alerts: what is wrong now, what was, which rules watch, and who is told.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::{
    alert::{AlertRule, AlertTargets, Figures},
    time::iso,
};
use forecourt_store::control::{self, Control, NoticeWish};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Border, Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Where the targets are kept; the webhook's secret is in the vault.
pub const TARGETS_SETTING: &str = "alert_targets";
pub const WEBHOOK_SECRET: &str = "alerts/webhook_secret";
const HISTORY_SHOWN: u32 = 100;
const TARGETS_MAX: usize = 20;
const LANGUAGES: [&str; 3] = ["en", "ru", "zh"];

#[derive(Serialize, ToSchema)]
pub struct Incident {
    id: String,
    /// Of the rule: `source_silent`, `channel_fails`, `fold_lags`, `disk_fills`, `refused_jumps`, `score_drifts`,
    /// `stage_builds_up`.
    kind: String,
    /// Id of the source or the message channel; empty where there is only one.
    subject: String,
    /// Its name.
    name: String,
    /// Numbers that explain it, as of the last look.
    #[schema(value_type = std::collections::BTreeMap<String, f64>)]
    figures: Figures,
    opened_at: String,
    /// Null while it is open.
    #[schema(required)]
    closed_at: Option<String>,
}

impl From<control::Incident> for Incident {
    fn from(incident: control::Incident) -> Self {
        Self {
            id: incident.id,
            kind: incident.kind,
            subject: incident.subject,
            name: incident.name,
            figures: incident.figures,
            opened_at: iso(incident.opened_us),
            closed_at: incident.closed_us.map(iso),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Incidents {
    /// What is wrong now, the newest first.
    open: Vec<Incident>,
}

#[derive(Serialize, ToSchema)]
pub struct Alerts {
    rules: Vec<KeptRule>,
    targets: Targets,
    /// Whether e-mail can be sent at all.
    can_mail: bool,
    /// The last 100 incidents, the newest first.
    incidents: Vec<Incident>,
    /// The last 100 notices, the newest first.
    notices: Vec<Notice>,
}

#[derive(Serialize, ToSchema)]
pub struct KeptRule {
    id: String,
    enabled: bool,
    #[schema(value_type = RuleFields)]
    rule: AlertRule,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleToSave {
    enabled: bool,
    #[schema(value_type = RuleFields)]
    rule: AlertRule,
}

/// What is watched. Which numbers a rule has depends on its kind.
#[derive(Serialize, ToSchema)]
pub struct RuleFields {
    /// `source_silent`, `channel_fails`, `fold_lags`, `disk_fills`, `refused_jumps`, `score_drifts`, `stage_builds_up`.
    kind: String,
    /// `source_silent`: no event for so many minutes …
    #[schema(nullable = false)]
    silent_minutes: Option<u32>,
    /// … at a time of the week when there usually are so many an hour.
    #[schema(nullable = false)]
    usual_per_hour: Option<u32>,
    /// `source_silent`: ids; empty: all that are on.
    #[schema(nullable = false)]
    sources: Option<Vec<String>>,
    /// `fold_lags`: behind by more than so many seconds.
    #[schema(nullable = false)]
    seconds: Option<u32>,
    /// `disk_fills`: less than this share of the disk is free.
    #[schema(nullable = false)]
    free_percent: Option<u32>,
    /// `refused_jumps`: more than this share refused, and more than twice the usual …
    #[schema(nullable = false)]
    percent: Option<u32>,
    /// … of at least so many items in the last hour.
    #[schema(nullable = false)]
    items_min: Option<u32>,
    /// `stage_builds_up`: the event that begins the waiting …
    #[schema(nullable = false)]
    stage: Option<String>,
    /// … the events, 1 to 7, that end it …
    #[schema(nullable = false)]
    ends: Option<Vec<String>>,
    /// … the property, such as `lead_id`, of what waits; people wait without it …
    per: Option<String>,
    /// … `region`, `dealer`, `channel` or `model`, to watch each value by itself …
    by: Option<String>,
    /// … so many wait …
    #[schema(nullable = false)]
    cases: Option<u32>,
    /// … for more than so many days.
    #[schema(nullable = false)]
    days: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct Targets {
    emails: Vec<String>,
    /// Empty for none.
    webhook_url: String,
    /// What the receiver checks the signature with (Standard Webhooks): only in the answer to its making; else whether there is one.
    has_webhook_secret: bool,
    #[schema(required)]
    webhook_secret: Option<String>,
    /// Of the notices: `en`, `ru`, `zh`.
    language: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetsToSave {
    emails: Vec<String>,
    /// Empty for none.
    #[serde(default)]
    webhook_url: String,
    /// Makes a new secret for the webhook's signature; the answer shows it this once.
    #[serde(default)]
    new_secret: bool,
    /// Of the notices: `en`, `ru`, `zh`.
    #[serde(default)]
    language: String,
}

#[derive(Serialize, ToSchema)]
pub struct Notice {
    id: String,
    /// `opened`, `closed`, `test`.
    kind: String,
    /// `email`, `webhook`.
    way: String,
    target: String,
    subject: String,
    /// `pending`, `sending`, `sent`, `failed`; `unknown` where the server stopped in between.
    state: String,
    attempts: u32,
    created_at: String,
    updated_at: String,
    /// What the other side, or the failure, said.
    #[schema(required)]
    told: Option<String>,
}

impl From<control::Notice> for Notice {
    fn from(notice: control::Notice) -> Self {
        Self {
            id: notice.id,
            kind: notice.kind,
            way: notice.way,
            target: notice.target,
            subject: notice.subject,
            state: notice.state.as_str().to_owned(),
            attempts: notice.attempts,
            created_at: iso(notice.created_us),
            updated_at: iso(notice.updated_us),
            told: notice.told,
        }
    }
}

impl From<control::KeptRule> for KeptRule {
    fn from(kept: control::KeptRule) -> Self {
        Self { id: kept.id, enabled: kept.enabled, rule: kept.rule }
    }
}

/// What is wrong now.
#[utoipa::path(get, path = "/api/incidents", tag = "alerts", responses((status = 200, body = Incidents)))]
pub async fn open_incidents(State(control): State<Control>) -> Result<Json<Incidents>, ApiError> {
    Ok(Json(Incidents { open: control.open_incidents().await?.into_iter().map(Incident::from).collect() }))
}

/// Rules, targets and the history.
#[utoipa::path(get, path = "/api/alerts", tag = "alerts", responses((status = 200, body = Alerts)))]
pub async fn alerts(State(control): State<Control>, State(border): State<Border>) -> Result<Json<Alerts>, ApiError> {
    Ok(Json(Alerts {
        rules: control.alert_rules().await?.into_iter().map(KeptRule::from).collect(),
        targets: targets(&control).await?,
        can_mail: border.has_mail(),
        incidents: control.incidents(HISTORY_SHOWN).await?.into_iter().map(Incident::from).collect(),
        notices: control.notices(HISTORY_SHOWN).await?.into_iter().map(Notice::from).collect(),
    }))
}

async fn targets(control: &Control) -> Result<Targets, ApiError> {
    let kept: AlertTargets = control.setting(TARGETS_SETTING).await?.unwrap_or_default();
    Ok(Targets {
        emails: kept.emails,
        webhook_url: kept.webhook_url,
        has_webhook_secret: control.has_secret(WEBHOOK_SECRET).await?,
        webhook_secret: None,
        language: if kept.language.is_empty() { "en".to_owned() } else { kept.language },
    })
}

/// Add a rule.
#[utoipa::path(post, path = "/api/alerts/rules", tag = "alerts", request_body = RuleToSave,
    responses((status = 200, body = KeptRule), (status = 400, body = ErrorBody)))]
pub async fn add_rule(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<RuleToSave>,
) -> Result<Json<KeptRule>, ApiError> {
    trail.object(format!("alert {}", asked.rule.kind()));
    Ok(Json(control.add_alert_rule(&asked.rule, asked.enabled, clock.now_us()).await?.into()))
}

/// Change a rule.
#[utoipa::path(put, path = "/api/alerts/rules/{id}", tag = "alerts", params(("id" = String, Path)), request_body = RuleToSave,
    responses((status = 200, body = KeptRule), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn change_rule(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<RuleToSave>,
) -> Result<Json<KeptRule>, ApiError> {
    let before = control.alert_rules().await?.into_iter().find(|kept| kept.id == id).map(KeptRule::from);
    let changed = control.update_alert_rule(&id, &asked.rule, asked.enabled, clock.now_us()).await?;
    let changed = KeptRule::from(changed.ok_or_else(|| ApiError::not_found("such rule"))?);
    trail.object(format!("alert {}", changed.rule.kind()));
    trail.changed(&before, &Some(&changed));
    Ok(Json(changed))
}

/// Remove a rule; an incident of it that is open is closed at the next look.
#[utoipa::path(delete, path = "/api/alerts/rules/{id}", tag = "alerts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_rule(State(control): State<Control>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    match control.remove_alert_rule(&id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found("such rule")),
    }
}

/// Say who is told.
#[utoipa::path(put, path = "/api/alerts/targets", tag = "alerts", request_body = TargetsToSave,
    responses((status = 200, body = Targets), (status = 400, body = ErrorBody)))]
pub async fn change_targets(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<TargetsToSave>,
) -> Result<Json<Targets>, ApiError> {
    let before: AlertTargets = control.setting(TARGETS_SETTING).await?.unwrap_or_default();
    let after = checked(&asked)?;
    control.put_setting(TARGETS_SETTING, &after).await?;
    let mut made = None;
    if asked.new_secret || (!after.webhook_url.is_empty() && !control.has_secret(WEBHOOK_SECRET).await?) {
        let secret = webhook_secret();
        control.put_secret(WEBHOOK_SECRET, &secret, clock.now_us()).await?;
        made = Some(secret);
    }
    trail.object("alert targets");
    trail.changed(&before, &after);
    Ok(Json(Targets { webhook_secret: made, ..targets(&control).await? }))
}

fn checked(asked: &TargetsToSave) -> Result<AlertTargets, ApiError> {
    let emails: Vec<String> = asked.emails.iter().map(|email| email.trim().to_owned()).filter(|email| !email.is_empty()).collect();
    let shaped = |email: &String| {
        email.len() <= 254
            && !email.chars().any(|c| c.is_whitespace() || c.is_control() || ",;<>".contains(c))
            && email.split_once('@').is_some_and(|(mailbox, domain)| !mailbox.is_empty() && domain.contains('.'))
    };
    if let Some(wrong) = emails.iter().find(|email| !shaped(email)) {
        return Err(ApiError::invalid(format!("`{}` is not an e-mail address", wrong.escape_debug())));
    }
    if TARGETS_MAX < emails.len() {
        return Err(ApiError::invalid(format!("at most {TARGETS_MAX} people are told")));
    }
    let url = asked.webhook_url.trim();
    if !url.is_empty() && (!(url.starts_with("https://") || url.starts_with("http://")) || 2_000 < url.len()) {
        return Err(ApiError::invalid("`webhook_url` begins with https://"));
    }
    let language = if asked.language.is_empty() { "en" } else { asked.language.as_str() };
    if !LANGUAGES.contains(&language) {
        return Err(ApiError::invalid("`language` is `en`, `ru` or `zh`"));
    }
    Ok(AlertTargets { emails, webhook_url: url.to_owned(), language: language.to_owned() })
}

/// As Standard Webhooks writes it: 24 random bytes.
pub(crate) fn webhook_secret() -> String {
    use base64::Engine as _;
    let mut bytes = [0_u8; 24];
    rand::Rng::fill(&mut rand::rng(), &mut bytes[..]);
    format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(bytes))
}

#[derive(Serialize, ToSchema)]
pub struct TestNotices {
    /// How many were written down to be sent; their fate is in the notices.
    notices: usize,
}

/// Send everybody who is told a test.
#[utoipa::path(post, path = "/api/alerts/test", tag = "alerts",
    responses((status = 200, body = TestNotices), (status = 400, body = ErrorBody)))]
pub async fn test_targets(State(control): State<Control>, State(clock): State<Clock>) -> Result<Json<TestNotices>, ApiError> {
    let targets: AlertTargets = control.setting(TARGETS_SETTING).await?.unwrap_or_default();
    let notices: Vec<NoticeWish> = targets.ways().into_iter().map(|(way, target)| test_notice(&targets.language, way, target)).collect();
    if notices.is_empty() {
        return Err(ApiError::invalid("nobody is told yet: write an e-mail address or a webhook first"));
    }
    let count = notices.len();
    control.add_notices(notices, clock.now_us()).await?;
    Ok(Json(TestNotices { notices: count }))
}

fn test_notice(language: &str, way: &'static str, target: String) -> NoticeWish {
    let (subject, body) = match language {
        "ru" => ("Forecourt: проверка оповещений", "Так приходят оповещения Forecourt. Ничего не случилось."),
        "zh" => ("Forecourt：告警测试", "Forecourt 的告警将以此方式送达。没有发生任何问题。"),
        _ => ("Forecourt: a test of alerts", "This is how alerts of Forecourt arrive. Nothing is wrong."),
    };
    NoticeWish { incident_id: None, kind: "test", way, target, subject: subject.to_owned(), body: body.to_owned() }
}
