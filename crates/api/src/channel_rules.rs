//! Channel rules: shown, tried on an address, changed by a command, and applied to what came before by a job.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use forecourt_model::{
    ChannelBy, ChannelRules, Scope, Touch as ModelTouch,
    channel::{self, DecidedBy, Marks, Visit},
    command::Action,
    time::iso,
};
use forecourt_query::Query;
use forecourt_store::{
    Store,
    control::{CHANNEL_RULES_JOB, Control},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Clock,
    commands::{CommandOutcome, Commands, Told},
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Kinds of visits that a preview looks at; more than these are left out, and it says so.
const KINDS_MAX: usize = 200_000;
const LEADS_PAGE: u32 = 4_096;

/// One rule: it gives its channel to a visit for which all its conditions hold. The first rule that holds decides.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelRule {
    /// For people; may be empty.
    #[serde(default)]
    name: String,
    /// All must hold; a rule without any always holds.
    #[serde(default)]
    conditions: Vec<ChannelCondition>,
    /// 1 to 50 characters.
    channel: String,
}

/// What one mark of the visit must be. Letters are compared without case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelCondition {
    /// The mark that is looked at.
    mark: ChannelMark,
    /// How it is compared.
    test: ChannelTest,
    /// Any of them will do; none of them for `is_not`. Empty for `present` and `absent`.
    #[serde(default)]
    values: Vec<String>,
}

/// `click_id` is the name of a click id in the address (`gclid`, `gbraid`, `wbraid`, `yclid`, `fbclid`, `ttclid`); hosts are
/// without `www.` and port; `referrer_host` is there only where the page before was on another host.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelMark {
    UtmSource,
    UtmMedium,
    UtmCampaign,
    ClickId,
    ReferrerHost,
    LandingHost,
}

/// `is_not` holds for an absent mark, too. `domain`: begins with the value or has it after a dot, so `google.` fits `google.de`
/// and `news.google.com`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelTest {
    Is,
    IsNot,
    Contains,
    StartsWith,
    EndsWith,
    Domain,
    Present,
    Absent,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelRuleList {
    /// In the order in which they are asked.
    rules: Vec<ChannelRule>,
    /// What a new installation begins with.
    built_in: Vec<ChannelRule>,
    /// When the rules were changed last; null while they are the built-in ones.
    #[schema(required)]
    changed_at: Option<String>,
    /// By whom.
    #[schema(required)]
    changed_by: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelRuleChange {
    /// All rules, in the order in which they are asked; at most 200.
    rules: Vec<ChannelRule>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelTrial {
    /// The rules to try; the rules in force when absent.
    #[serde(default)]
    rules: Option<Vec<ChannelRule>>,
    /// The address of the page that somebody lands on.
    url: String,
    /// The address of the page before; empty for none.
    #[serde(default)]
    referrer: String,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelVerdict {
    /// Null where the visit says nothing: a page further on the same site.
    #[schema(required)]
    channel: Option<String>,
    /// Position of the rule that decided, from 0; null where none did, and the channel is `other`.
    #[schema(required)]
    rule: Option<usize>,
    /// What the rules saw: mark and value.
    marks: BTreeMap<String, String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelPreview {
    /// The rules to try; the rules in force when absent.
    #[serde(default)]
    rules: Option<Vec<ChannelRule>>,
}

/// What the rules would make of everything that came so far.
#[derive(Serialize, ToSchema)]
pub struct ChannelForecast {
    /// By channel, the most events after first.
    channels: Vec<ChannelChange>,
    /// Events whose channel would change.
    events_changed: u64,
    /// Leads whose channel would change.
    leads_changed: u64,
    /// Events that keep their channel because an earlier version kept nothing to decide by.
    events_without_marks: u64,
    /// Whether all kinds of visits were looked at; false for very many different ones, and the numbers are then too low.
    complete: bool,
}

#[derive(Default, Serialize, ToSchema)]
pub struct ChannelChange {
    channel: String,
    events_before: u64,
    events_after: u64,
    leads_before: u64,
    leads_after: u64,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelJob {
    /// See `GET /api/jobs`.
    job: String,
}

/// The rules in force.
#[utoipa::path(get, path = "/api/channel-rules", tag = "settings", responses((status = 200, body = ChannelRuleList)))]
pub async fn channel_rules(State(store): State<Store>) -> Result<Json<ChannelRuleList>, ApiError> {
    let changed = store.changed_channel_rules().await?;
    let rules = store.channel_rules().await?;
    Ok(Json(ChannelRuleList {
        rules: shown(&rules)?,
        built_in: shown(ChannelRules::built_in())?,
        changed_at: changed.as_ref().map(|changed| iso(changed.changed_us)),
        changed_by: changed.map(|changed| changed.changed_by),
    }))
}

/// Change the rules: visits from now on get their channel by them. What came before stays until it is decided anew.
#[utoipa::path(put, path = "/api/channel-rules", tag = "settings", request_body = ChannelRuleChange,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_channel_rules(
    State(commands): State<Commands>,
    caller: Caller,
    Body(change): Body<ChannelRuleChange>,
) -> Result<Told, ApiError> {
    // Told at once, in place of a verdict.
    let rules = checked(change.rules)?;
    commands.tell(&caller, Action::SetChannelRules { rules: rules.rules().to_vec() }).await
}

/// Try rules on an address and a referrer.
#[utoipa::path(post, path = "/api/channel-rules/test", tag = "settings", request_body = ChannelTrial,
    responses((status = 200, body = ChannelVerdict), (status = 400, body = ErrorBody)))]
pub async fn test_channel_rules(State(store): State<Store>, Body(trial): Body<ChannelTrial>) -> Result<Json<ChannelVerdict>, ApiError> {
    let rules = asked(&store, trial.rules).await?;
    let visit = Visit { url: Some(trial.url), referrer: Some(trial.referrer), is_page: true, ..Visit::default() };
    let Some(marks) = Marks::of(&visit) else {
        return Ok(Json(ChannelVerdict { channel: None, rule: None, marks: BTreeMap::new() }));
    };
    let decision = rules.decide(&marks);
    let rule = match decision.by {
        DecidedBy::Rule(at) => Some(at),
        DecidedBy::Sender | DecidedBy::Nothing => None,
    };
    let channel = Some(decision.channel.to_owned());
    let seen = [
        ("utm_source", &marks.utm_source),
        ("utm_medium", &marks.utm_medium),
        ("utm_campaign", &marks.campaign),
        ("click_id", &marks.click_ids),
        ("referrer_host", &marks.referrer_host),
        ("landing_host", &marks.landing_host),
    ];
    let marks = seen.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
    Ok(Json(ChannelVerdict { channel, rule, marks }))
}

/// What applying rules to everything that came so far would change; nothing is changed.
#[utoipa::path(post, path = "/api/channel-rules/preview", tag = "settings", request_body = ChannelPreview,
    responses((status = 200, body = ChannelForecast), (status = 400, body = ErrorBody)))]
pub async fn preview_channel_rules(
    State(store): State<Store>,
    State(query): State<Query>,
    Body(preview): Body<ChannelPreview>,
) -> Result<Json<ChannelForecast>, ApiError> {
    let rules = asked(&store, preview.rules).await?;
    let mut forecast = Forecast::default();
    let complete = forecast.events(&query, &rules).await?;
    forecast.leads(&store, &rules).await?;
    let mut channels: Vec<ChannelChange> =
        forecast.by_channel.into_iter().map(|(channel, change)| ChannelChange { channel, ..change }).collect();
    channels.sort_by(|a, b| (b.events_after, b.events_before, &a.channel).cmp(&(a.events_after, a.events_before, &b.channel)));
    Ok(Json(ChannelForecast {
        channels,
        events_changed: forecast.events_changed,
        leads_changed: forecast.leads_changed,
        events_without_marks: forecast.events_without_marks,
        complete,
    }))
}

/// Apply the rules in force to everything that came so far: events, first and last touches, leads, orders and calls.
/// While that is under way already, the answer is its job.
#[utoipa::path(post, path = "/api/channel-rules/apply", tag = "settings",
    responses((status = 202, body = ChannelJob)))]
pub async fn apply_channel_rules(
    State(control): State<Control>,
    State(clock): State<Clock>,
) -> Result<(StatusCode, Json<ChannelJob>), ApiError> {
    if let Some(running) = control.running_jobs(CHANNEL_RULES_JOB).await?.into_iter().next() {
        return Ok((StatusCode::ACCEPTED, Json(ChannelJob { job: running.id })));
    }
    let job = control.start_job(CHANNEL_RULES_JOB, "Channel rules, applied to history", 100, "%", clock.now_us()).await?;
    Ok((StatusCode::ACCEPTED, Json(ChannelJob { job })))
}

#[derive(Default)]
struct Forecast {
    by_channel: BTreeMap<String, ChannelChange>,
    events_changed: u64,
    leads_changed: u64,
    events_without_marks: u64,
}

impl Forecast {
    /// Returns whether all kinds of rows were looked at.
    async fn events(&mut self, query: &Query, rules: &ChannelRules) -> Result<bool, ApiError> {
        const KINDS: &str = "SELECT channel, utm_source, utm_medium, campaign, click_ids, referrer_host, landing_host, channel_by,
            CAST(COUNT(*) AS VARCHAR) FROM events WHERE channel IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8";
        let answer = query.sql(&Scope::Everything, KINDS, KINDS_MAX).await?;
        for row in answer.rows()? {
            let text = |at: usize| row.get(at).and_then(|value| value.as_str()).map(str::to_owned);
            let rows: u64 = text(8).and_then(|count| count.parse().ok()).unwrap_or(0);
            let by = [ChannelBy::Sender, ChannelBy::Rules].into_iter().find(|by| Some(by.as_str()) == text(7).as_deref());
            let touch = ModelTouch {
                at_us: 0,
                channel: text(0).unwrap_or_default(),
                utm_source: text(1),
                utm_medium: text(2),
                campaign: text(3),
                click_ids: text(4),
                referrer_host: text(5),
                landing_host: text(6),
                channel_by: by,
            };
            let after = touch.decided_by(rules).channel;
            self.events_without_marks += if by.is_none() { rows } else { 0 };
            self.events_changed += if after == touch.channel { 0 } else { rows };
            self.by_channel.entry(touch.channel).or_default().events_before += rows;
            self.by_channel.entry(after).or_default().events_after += rows;
        }
        Ok(!answer.truncated)
    }

    async fn leads(&mut self, store: &Store, rules: &ChannelRules) -> Result<(), ApiError> {
        let mut after = String::new();
        loop {
            let page = store.leads_page(&after, LEADS_PAGE).await?;
            for lead in &page {
                let mut dimensions = lead.entity.dimensions.clone();
                let before = dimensions.channel.clone();
                self.leads_changed += u64::from(dimensions.decide_channel(rules));
                if let Some(channel) = before {
                    self.by_channel.entry(channel).or_default().leads_before += 1;
                }
                if let Some(channel) = dimensions.channel {
                    self.by_channel.entry(channel).or_default().leads_after += 1;
                }
            }
            match page.last() {
                Some(last) if page.len() == LEADS_PAGE as usize => after.clone_from(&last.entity.lead_id),
                _ => return Ok(()),
            }
        }
    }
}

async fn asked(store: &Store, rules: Option<Vec<ChannelRule>>) -> Result<std::sync::Arc<ChannelRules>, ApiError> {
    match rules {
        Some(rules) => checked(rules).map(std::sync::Arc::new),
        None => Ok(store.channel_rules().await?),
    }
}

fn checked(rules: Vec<ChannelRule>) -> Result<ChannelRules, ApiError> {
    let rules: Vec<channel::ChannelRule> = same(&rules)?;
    ChannelRules::read(rules).map_err(ApiError::invalid)
}

fn shown(rules: &ChannelRules) -> Result<Vec<ChannelRule>, ApiError> {
    same(rules.rules())
}

/// The model's rule and the documented one are the same in JSON.
fn same<A: Serialize + ?Sized, B: serde::de::DeserializeOwned>(rules: &A) -> Result<B, ApiError> {
    serde_json::to_value(rules).and_then(serde_json::from_value).map_err(|error| ApiError::internal(&error))
}
