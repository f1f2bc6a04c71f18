//! The ad gate: where advertising is worth its money, why, and what other rules would have done.

mod look;

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{FromRef, State},
    response::Response,
};
use forecourt_model::{
    ad_gate::{AdGateRules, Drr, Evidence, Figures, Gate, GateReason, GateState, MONEY_DAYS},
    time::{day_text, iso},
};
use forecourt_outgoing::Outgoing;
use forecourt_store::control::{GateSwitch, KeptGate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use look::{AD_GATE_NOTICE, AD_GATE_SECRET, AdGates};
use look::{Known, RULES_SETTING, simulate};

use crate::{
    ApiState, Caller, Clock, Trail,
    alerts::webhook_secret,
    error::{ApiError, ErrorBody},
    exports,
    input::{Asked, Body, page_size},
    leads::reports::LeadShare,
    masking::masked_at_source,
    table_writer::{TableCell, TableFormat},
};

const NOTE_CHARS_MAX: usize = 300;
const SIMULATED_DAYS_MAX: i32 = 180;

impl FromRef<ApiState> for AdGates {
    fn from_ref(state: &ApiState) -> Self {
        Self {
            control: state.control.clone(),
            store: state.store.clone(),
            query: state.query.clone(),
            installation: state.installation.clone(),
        }
    }
}

/// Where the lines lie. Each has two: what lies between them changes nothing.
#[derive(Serialize, ToSchema)]
pub struct GateRulesFields {
    is_on: bool,
    /// Fewer answered or lapsed leads say nothing.
    leads_min: u32,
    /// Percent of leads that a person answered in time: closed when certainly below …
    quality_close: f64,
    /// … and opened again from there on.
    quality_open: f64,
    /// Cost in percent of revenue: closed when certainly above …
    drr_close: f64,
    drr_open: f64,
    /// A closed gate stays closed for so long at least.
    stay_days: u32,
    /// A probe lasts so long at least, and needs so many leads.
    probe_days: u32,
    probe_leads: u32,
    /// What may be spent a day on a probe of one region and channel.
    probe_budget: f64,
    /// Told of each switch; empty for nobody.
    webhook_url: String,
}

/// The share of ad cost in revenue, in percent; `low` and `high` hold the true one in 99 of 100 cases.
#[derive(Serialize, ToSchema)]
pub struct GateDrr {
    /// Null where nothing was sold.
    #[schema(required)]
    percent: Option<f64>,
    low: f64,
    #[schema(required)]
    high: Option<f64>,
}

impl From<Drr> for GateDrr {
    fn from(drr: Drr) -> Self {
        Self { percent: drr.percent, low: drr.low, high: drr.high }
    }
}

/// The gate of one region and channel.
#[derive(Serialize, ToSchema)]
pub struct AdGateCell {
    region: String,
    channel: String,
    /// `open`, `probe`, `closed`.
    state: String,
    /// The day of its last switch.
    since: String,
    /// `new`, `quality_low`, `drr_high`, `stay_over`, `probe_good`, `probe_bad`, `by_hand`, `unpinned`.
    reason: String,
    /// Numbers that explain it, as of the switch.
    #[schema(value_type = BTreeMap<String, f64>)]
    figures: Figures,
    /// Held by a person's hand.
    is_pinned: bool,
    /// What may be spent a day: only of a probe; null of an open one, for there is no limit.
    #[schema(required)]
    budget_per_day: Option<f64>,
    /// Leads of the region's dealers that a person answered in time, of 28 days.
    quality: LeadShare,
    /// Of 90 days; null where nothing was spent or sold.
    #[schema(required)]
    drr: Option<GateDrr>,
    /// Of the last 30 days.
    cost: f64,
    revenue: f64,
    sales: u64,
}

#[derive(Serialize, ToSchema)]
pub struct AdGate {
    #[schema(value_type = GateRulesFields)]
    rules: AdGateRules,
    /// Of all amounts.
    currency: String,
    /// By region and channel, where there were ad costs in the last 90 days.
    cells: Vec<AdGateCell>,
    has_webhook_secret: bool,
    /// What the receiver checks the signature with (Standard Webhooks): only in the answer to its making.
    #[schema(required)]
    webhook_secret: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateRulesToSave {
    #[schema(value_type = GateRulesFields)]
    rules: AdGateRules,
    /// Makes a new secret for the webhook's signature; the answer shows it this once.
    #[serde(default)]
    new_secret: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatePin {
    region: String,
    channel: String,
    /// `open`, `probe` or `closed`; null lets the rules decide again.
    state: Option<String>,
    /// Why; people will read it.
    note: String,
}

#[derive(Serialize, ToSchema)]
pub struct AdGateSwitch {
    region: String,
    channel: String,
    at: String,
    /// Null where there was no gate before.
    #[schema(required)]
    was: Option<String>,
    state: String,
    reason: String,
    #[schema(value_type = BTreeMap<String, f64>)]
    figures: Figures,
    /// Who did it by hand; empty for the rules.
    actor: String,
    note: String,
}

#[derive(Serialize, ToSchema)]
pub struct AdGateSwitches {
    /// The newest first.
    switches: Vec<AdGateSwitch>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SwitchesAsked {
    /// 100 unless told, at most 1000.
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GateExport {
    /// `csv` or `xlsx`.
    format: TableFormat,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateTrial {
    #[schema(value_type = GateRulesFields)]
    rules: AdGateRules,
    /// How many days back, 1 to 180.
    days: i32,
}

/// How long a region and channel would not have been open.
#[derive(Serialize, ToSchema)]
pub struct GateShut {
    region: String,
    channel: String,
    days: u32,
}

#[derive(Serialize, ToSchema)]
pub struct GateTrialOutcome {
    /// The newest first.
    switches: Vec<AdGateSwitch>,
    shut: Vec<GateShut>,
    /// Regions and channels that were looked at.
    looked_at: usize,
}

fn cell(kept: Option<&Gate>, (region, channel): (&str, &str), evidence: &Evidence, rules: &AdGateRules, today: i32) -> AdGateCell {
    let month = evidence.money(today - 29, today);
    let state = kept.map_or(GateState::Open, |gate| gate.state);
    AdGateCell {
        region: region.to_owned(),
        channel: channel.to_owned(),
        state: state.as_str().to_owned(),
        since: day_text(kept.map_or(today, |gate| gate.since_day)),
        reason: kept.map_or(GateReason::New, |gate| gate.reason).as_str().to_owned(),
        figures: kept.map(|gate| gate.figures.clone()).unwrap_or_default(),
        is_pinned: kept.is_some_and(|gate| gate.is_pinned),
        budget_per_day: match state {
            GateState::Open => None,
            GateState::Probe => Some(rules.probe_budget),
            GateState::Closed => Some(0.0),
        },
        quality: LeadShare::new(evidence.quality(today)),
        drr: evidence.drr(today - MONEY_DAYS + 1, today).map(GateDrr::from),
        cost: month.cost,
        revenue: month.revenue,
        sales: month.sales,
    }
}

fn shown(switch: GateSwitch) -> AdGateSwitch {
    AdGateSwitch {
        region: switch.region,
        channel: switch.channel,
        at: iso(switch.at_us),
        was: switch.was.map(|was| was.as_str().to_owned()),
        state: switch.gate.state.as_str().to_owned(),
        reason: switch.gate.reason.as_str().to_owned(),
        figures: switch.gate.figures,
        actor: switch.actor,
        note: switch.note,
    }
}

async fn grid(gates: &AdGates, known: &Known, webhook_secret: Option<String>) -> Result<AdGate, ApiError> {
    let rules = gates.rules().await?;
    let Known { by_place, today } = known;
    let held: BTreeMap<(String, String), Gate> =
        gates.control.ad_gates().await?.into_iter().map(|kept| ((kept.region, kept.channel), kept.gate)).collect();
    let cells = by_place.iter().map(|(place, evidence)| cell(held.get(place), (&place.0, &place.1), evidence, &rules, *today));
    Ok(AdGate {
        cells: cells.collect(),
        rules,
        currency: gates.installation.now().currency,
        has_webhook_secret: gates.control.has_secret(AD_GATE_SECRET).await?,
        webhook_secret,
    })
}

/// The gates as they stand, with what is known of each region and channel.
#[utoipa::path(get, path = "/api/ad-gate", tag = "ad gate", responses((status = 200, body = AdGate)))]
pub async fn ad_gate(State(gates): State<AdGates>, State(clock): State<Clock>) -> Result<Json<AdGate>, ApiError> {
    Ok(Json(grid(&gates, &gates.known(clock.now_us(), 0).await?, None).await?))
}

/// Set the rules. They are used at once.
#[utoipa::path(put, path = "/api/ad-gate/rules", tag = "ad gate", request_body = GateRulesToSave,
    responses((status = 200, body = AdGate), (status = 400, body = ErrorBody)))]
pub async fn set_ad_gate_rules(
    State(gates): State<AdGates>,
    State(outgoing): State<Outgoing>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<GateRulesToSave>,
) -> Result<Json<AdGate>, ApiError> {
    asked.rules.check().map_err(ApiError::invalid)?;
    if !asked.rules.webhook_url.is_empty() {
        outgoing.check(&asked.rules.webhook_url).map_err(|error| ApiError::invalid(format!("`webhook_url`: {error}")))?;
    }
    let before = gates.rules().await?;
    gates.control.put_setting(RULES_SETTING, &asked.rules).await?;
    let mut made = None;
    if asked.new_secret || (!asked.rules.webhook_url.is_empty() && !gates.control.has_secret(AD_GATE_SECRET).await?) {
        let secret = webhook_secret();
        gates.control.put_secret(AD_GATE_SECRET, &secret, clock.now_us()).await?;
        made = Some(secret);
    }
    trail.object("ad gate");
    trail.changed(&before, &asked.rules);
    let known = gates.known(clock.now_us(), 0).await?;
    gates.judge(&known, clock.now_us()).await?;
    Ok(Json(grid(&gates, &known, made).await?))
}

/// Look at all gates now; else they are looked at every hour.
#[utoipa::path(post, path = "/api/ad-gate/look", tag = "ad gate", responses((status = 200, body = AdGate)))]
pub async fn look_at_ad_gate(State(gates): State<AdGates>, State(clock): State<Clock>) -> Result<Json<AdGate>, ApiError> {
    let known = gates.known(clock.now_us(), 0).await?;
    gates.judge(&known, clock.now_us()).await?;
    Ok(Json(grid(&gates, &known, None).await?))
}

/// Hold a gate by hand, or let the rules have it again.
#[utoipa::path(post, path = "/api/ad-gate/pin", tag = "ad gate", request_body = GatePin,
    responses((status = 200, body = AdGate), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn pin_ad_gate(
    State(gates): State<AdGates>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<GatePin>,
) -> Result<Json<AdGate>, ApiError> {
    let now_us = clock.now_us();
    let state = match asked.state.as_deref() {
        None => None,
        Some(text) => {
            Some(GateState::parse(text).ok_or_else(|| ApiError::invalid(format!("`state` is {text:?}: use open, probe, closed or null")))?)
        }
    };
    let note = asked.note.trim();
    if note.is_empty() || NOTE_CHARS_MAX < note.chars().count() {
        return Err(ApiError::invalid(format!("say why in `note`, in 1 to {NOTE_CHARS_MAX} characters: others will read it")));
    }
    let known = gates.known(now_us, 0).await?;
    let place = (asked.region, asked.channel);
    let held = gates.control.ad_gates().await?.into_iter().find(|kept| (&kept.region, &kept.channel) == (&place.0, &place.1));
    let rules = gates.rules().await?;
    let was = match (held, known.by_place.get(&place)) {
        (Some(held), _) => held.gate,
        (None, Some(evidence)) => forecourt_model::ad_gate::evaluate(&rules, evidence, None, known.today),
        (None, None) => return Err(ApiError::not_found("region and channel with ad costs")),
    };
    let kept = KeptGate { region: place.0, channel: place.1, gate: was.pinned(state, known.today) };
    let switch = GateSwitch::new(&kept, Some(was.state), now_us, &caller.actor, note);
    let notices = gates.notice(&rules, &switch).filter(|_| was.state != kept.gate.state);
    trail.object(format!("ad gate {} × {}", kept.region, kept.channel));
    trail.changed(&was, &kept.gate);
    gates.control.keep_ad_gates(&[kept], &[switch], notices.into_iter().collect(), now_us).await?;
    Ok(Json(grid(&gates, &known, None).await?))
}

/// What was switched, when and why.
#[utoipa::path(get, path = "/api/ad-gate/switches", tag = "ad gate", params(SwitchesAsked),
    responses((status = 200, body = AdGateSwitches)))]
pub async fn ad_gate_switches(State(gates): State<AdGates>, Asked(asked): Asked<SwitchesAsked>) -> Result<Json<AdGateSwitches>, ApiError> {
    let switches = gates.control.ad_gate_switches(page_size(asked.limit, 100, 1_000)).await?;
    Ok(Json(AdGateSwitches { switches: switches.into_iter().map(shown).collect() }))
}

/// What these rules would have switched, day by day as of each day.
#[utoipa::path(post, path = "/api/ad-gate/simulate", tag = "ad gate", request_body = GateTrial,
    responses((status = 200, body = GateTrialOutcome), (status = 400, body = ErrorBody)))]
pub async fn simulate_ad_gate(
    State(gates): State<AdGates>,
    State(clock): State<Clock>,
    Body(asked): Body<GateTrial>,
) -> Result<Json<GateTrialOutcome>, ApiError> {
    asked.rules.check().map_err(ApiError::invalid)?;
    if !(1..=SIMULATED_DAYS_MAX).contains(&asked.days) {
        return Err(ApiError::invalid(format!("`days` is from 1 to {SIMULATED_DAYS_MAX}")));
    }
    let known = gates.known(clock.now_us(), asked.days).await?;
    let (switches, shut) = simulate(&known, &asked.rules, asked.days);
    let switches = switches.into_iter().map(|held| AdGateSwitch {
        region: held.place.0,
        channel: held.place.1,
        at: day_text(held.day),
        was: Some(held.was.as_str().to_owned()),
        state: held.gate.state.as_str().to_owned(),
        reason: held.gate.reason.as_str().to_owned(),
        figures: held.gate.figures,
        actor: String::new(),
        note: String::new(),
    });
    let mut shut: Vec<GateShut> = shut.into_iter().map(|((region, channel), days)| GateShut { region, channel, days }).collect();
    shut.sort_by(|a, b| b.days.cmp(&a.days));
    Ok(Json(GateTrialOutcome { switches: switches.collect(), shut, looked_at: known.by_place.len() }))
}

/// The gates as a file, for whoever runs the advertising.
#[utoipa::path(get, path = "/api/ad-gate/export", tag = "ad gate", params(GateExport),
    responses((status = 200, content_type = "text/csv", body = Vec<u8>)))]
pub async fn export_ad_gate(
    State(gates): State<AdGates>,
    State(clock): State<Clock>,
    Asked(asked): Asked<GateExport>,
) -> Result<Response, ApiError> {
    const HEAD: [&str; 10] =
        ["region", "channel", "state", "since", "reason", "budget_per_day", "currency", "quality_percent", "drr_percent", "cost_30_days"];
    let grid = grid(&gates, &gates.known(clock.now_us(), 0).await?, None).await?;
    let mut table = exports::open(asked.format, "Ad gate", &HEAD)?;
    let number = |value: Option<f64>| value.map_or(TableCell::Empty, TableCell::Number);
    for held in grid.cells {
        table.row(&[
            held.region.into(),
            held.channel.into(),
            held.state.into(),
            held.since.into(),
            held.reason.into(),
            number(held.budget_per_day),
            grid.currency.clone().into(),
            number(held.quality.percent()),
            number(held.drr.and_then(|drr| drr.percent)),
            TableCell::Number(held.cost),
        ])?;
    }
    // Nobody is in it.
    Ok(masked_at_source(exports::handed_out(table.finish()?, asked.format, "ad-gate")?))
}

#[cfg(test)]
mod tests {
    use forecourt_model::lead::scorecard::Share;

    use super::*;

    /// A day on which nobody answered is seen by the rules of that day, and by none before it.
    #[test]
    fn a_trial_knows_nothing_of_what_came_later() {
        let mut evidence = Evidence { average_sale: 10_000.0, ..Evidence::default() };
        for day in 0..60 {
            evidence.answered.insert(day, Share { count: if day < 50 { 27 } else { 0 }, of: 30 });
            evidence.money.insert(day, forecourt_model::ad_gate::Money { cost: 100.0, sales: 1, revenue: 10_000.0 });
        }
        let known = Known { by_place: BTreeMap::from([(("North".to_owned(), "cpc".to_owned()), evidence)]), today: 59 };
        let (switches, shut) = simulate(&known, &AdGateRules::default(), 30);
        let told: Vec<(i32, GateState)> = switches.iter().map(|held| (held.day, held.gate.state)).collect();
        // The newest first; a probe would have met the same silence.
        assert_eq!(told.last(), Some(&(50, GateState::Closed)), "{told:?}");
        assert_eq!(shut.into_values().collect::<Vec<_>>(), [10]);
    }
}
