//! The dealer network, and what leads are dealt with by.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use forecourt_model::{
    command::Action,
    gateway::webhook_secret_place,
    hours::OpeningHours,
    lead::{
        LeadRules, Queue,
        trial::{self, Past},
    },
    network::{Dealer as ModelDealer, Network, Place, Salesperson, WebhookFormat},
    time::{DAY_US, iso},
};
use forecourt_outgoing::Outgoing;
use forecourt_store::{Store, control::Control, handling::HandlingListing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Commands, Trail,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    forms::put_new_secret,
    input::Body,
};

/// Leads of the past that rules are tried on at most.
const TRIED_MAX: u32 = 20_000;

fn usual_weight() -> u32 {
    100
}

fn middling() -> u32 {
    50
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DealerPerson {
    /// The one they sign in with.
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    is_away: bool,
}

/// A business that sells cars under a franchise.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DealerBody {
    /// As events, orders and accounts name the dealer; never changes.
    dealer_id: String,
    name: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    group: String,
    /// All where there are none.
    #[serde(default)]
    brands: Vec<String>,
    /// All where there are none.
    #[serde(default)]
    models: Vec<String>,
    /// Beginnings of the postcodes of its area.
    #[serde(default)]
    postcodes: Vec<String>,
    /// Degrees.
    #[serde(default)]
    #[schema(required)]
    lat: Option<f64>,
    #[serde(default)]
    #[schema(required)]
    lon: Option<f64>,
    #[serde(default)]
    languages: Vec<String>,
    /// IANA name; UTC where it is empty.
    #[serde(default)]
    tz: String,
    /// From Monday to Sunday, each a list of `HH:MM-HH:MM`. No days at all: always open.
    #[serde(default)]
    hours: Vec<Vec<String>>,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    holidays: Vec<String>,
    /// Leads in work at once.
    #[serde(default)]
    #[schema(required)]
    open_leads_max: Option<u32>,
    #[serde(default)]
    #[schema(required)]
    leads_a_day_max: Option<u32>,
    /// Its share among equals, 1 to 1,000; 100 is usual.
    #[serde(default = "usual_weight")]
    weight: u32,
    /// 0 to 100.
    #[serde(default = "middling")]
    quality: u32,
    #[serde(default = "yes")]
    takes_leads: bool,
    /// Cars at the dealer's by model.
    #[serde(default)]
    stock: BTreeMap<String, u32>,
    #[serde(default)]
    people: Vec<DealerPerson>,
    #[serde(default)]
    manager_email: String,
    /// Told of each lead that comes, and that is taken back.
    #[serde(default)]
    #[schema(required)]
    webhook: Option<String>,
    /// `json`: each thing that happens to a lead, signed; `adf`: each lead that comes, as ADF/XML.
    #[serde(default)]
    #[schema(value_type = String)]
    webhook_format: WebhookFormat,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DealerItem {
    #[serde(flatten)]
    dealer: DealerBody,
    open_leads: i64,
    leads_today: i64,
    is_open_now: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DealerList {
    dealers: Vec<DealerItem>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DealerWish {
    dealer: DealerBody,
}

/// What leads are dealt with by: see the documentation's page Leads.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadRulesBody {
    #[schema(value_type = Object)]
    rules: Value,
    /// Absent while the built-in rules are in force, which are switched off.
    #[schema(required)]
    changed_at: Option<String>,
    changed_by: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadRulesWish {
    #[schema(value_type = Object)]
    rules: Value,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadTrial {
    #[schema(value_type = Object)]
    rules: Value,
    /// How far back, 1 to 366 days.
    days: u32,
}

/// How many leads go to a dealer by the rules in force, and by the others.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedDealer {
    dealer_id: String,
    name: String,
    now: u64,
    then: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TriedQueue {
    queue: String,
    now: u64,
    then: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TriedBand {
    band: String,
    now: u64,
    then: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadTrialReport {
    leads: u64,
    by_dealer: Vec<TriedDealer>,
    by_queue: Vec<TriedQueue>,
    by_band: Vec<TriedBand>,
    /// Leads that go elsewhere.
    moved: u64,
}

/// Dealers. A dealer's people see that dealer.
#[utoipa::path(get, path = "/api/dealers", tag = "leads", responses((status = 200, body = DealerList)))]
pub async fn dealers(caller: Caller, State(store): State<Store>, State(clock): State<Clock>) -> Result<Json<DealerList>, ApiError> {
    let own = caller.scope.dealer();
    let loads: BTreeMap<String, _> = store.dealer_loads().await?.into_iter().collect();
    let now_us = clock.now_us();
    let item = |dealer: ModelDealer| {
        let calendar = dealer.hours.calendar().unwrap_or_default();
        let load = loads.get(&dealer.dealer_id);
        let is_today = load.is_some_and(|load| load.day == calendar.local_day(now_us));
        DealerItem {
            open_leads: load.map_or(0, |load| load.open),
            leads_today: load.filter(|_| is_today).map_or(0, |load| load.today),
            is_open_now: calendar.is_open(now_us),
            dealer: DealerBody::of(dealer),
        }
    };
    let held = store.dealers().await?.into_iter().map(|held| held.body);
    let seen = held.filter(|dealer| own.is_none_or(|own| own == dealer.dealer_id));
    Ok(Json(DealerList { dealers: seen.map(item).collect() }))
}

/// Make a dealer, or change one as a whole.
#[expect(clippy::too_many_arguments, reason = "each is what it is kept in or checked by")]
#[utoipa::path(put, path = "/api/dealers/{id}", tag = "leads", params(("id" = String, Path)), request_body = DealerWish,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_dealer(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(outgoing): State<Outgoing>,
    State(clock): State<Clock>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<DealerWish>,
) -> Result<Response, ApiError> {
    let dealer = asked.dealer.read()?;
    if dealer.dealer_id != id {
        return Err(ApiError::invalid(format!("the dealer's id is `{}`, the address names `{id}`: an id never changes", dealer.dealer_id)));
    }
    dealer.check().map_err(ApiError::invalid)?;
    trail.object(format!("dealer {id}"));
    if let Some(address) = &dealer.webhook {
        outgoing.check(address).map_err(|error| ApiError::invalid(format!("the webhook: {error}")))?;
        // Before the dealer: a lead a moment later must find it.
        if !control.has_secret(&webhook_secret_place(&definition(&id))).await? {
            put_new_secret(&control, &definition(&id), clock.now_us()).await?;
        }
    }
    if let Some(before) = store.dealer(&id).await? {
        trail.changed(&before.body, &dealer);
    }
    commands.carry_out(&caller, Action::SetDealer { dealer: Box::new(dealer) }).await
}

/// A secret that is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct DealerSecret {
    webhook_secret: String,
}

/// Make a new secret for a dealer's webhook. The old one is in force no more.
#[utoipa::path(post, path = "/api/dealers/{id}/webhook-secret", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = DealerSecret), (status = 404, body = ErrorBody)))]
pub async fn new_dealer_secret(
    State(store): State<Store>,
    State(control): State<Control>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Json<DealerSecret>, ApiError> {
    store.dealer(&id).await?.ok_or_else(|| ApiError::not_found("such dealer"))?;
    trail.object(format!("dealer {id}"));
    let webhook_secret = put_new_secret(&control, &definition(&id), clock.now_us()).await?;
    Ok(Json(DealerSecret { webhook_secret }))
}

/// What a dealer's messages come from.
fn definition(dealer_id: &str) -> String {
    format!("dealer:{dealer_id}")
}

/// Take a dealer out of the network.
#[utoipa::path(delete, path = "/api/dealers/{id}", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn remove_dealer(
    caller: Caller,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Response, ApiError> {
    trail.object(format!("dealer {id}"));
    commands.carry_out(&caller, Action::RemoveDealer { dealer_id: id }).await
}

/// What leads are dealt with by.
#[utoipa::path(get, path = "/api/lead-rules", tag = "leads", responses((status = 200, body = LeadRulesBody)))]
pub async fn lead_rules(State(store): State<Store>) -> Result<Json<LeadRulesBody>, ApiError> {
    let held = store.lead_rules().await?;
    let (changed_at, changed_by) = held.as_ref().map(|held| (iso(held.changed_us), held.changed_by.clone())).unzip();
    let rules = held.map(|held| held.body).unwrap_or_default();
    Ok(Json(LeadRulesBody {
        rules: serde_json::to_value(rules).unwrap_or_default(),
        changed_at,
        changed_by: changed_by.unwrap_or_default(),
    }))
}

/// Set what leads are dealt with by, from now on.
#[utoipa::path(put, path = "/api/lead-rules", tag = "leads", request_body = LeadRulesWish,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_lead_rules(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<LeadRulesWish>,
) -> Result<Response, ApiError> {
    let rules = read(asked.rules)?;
    trail.object("lead rules");
    trail.changed(&store.lead_rules().await?.map(|held| held.body).unwrap_or_default(), &rules);
    commands.carry_out(&caller, Action::SetLeadRules { rules: Box::new(rules) }).await
}

/// Try rules on the leads of the past, beside the rules in force. Nothing is changed.
#[utoipa::path(post, path = "/api/lead-rules/simulate", tag = "leads", request_body = LeadTrial,
    responses((status = 200, body = LeadTrialReport), (status = 400, body = ErrorBody)))]
pub async fn simulate_lead_rules(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    Body(asked): Body<LeadTrial>,
) -> Result<Json<LeadTrialReport>, ApiError> {
    if !(1..=366).contains(&asked.days) {
        return Err(ApiError::invalid("look back 1 to 366 days"));
    }
    let rules = read(asked.rules)?;
    let in_force = store.lead_rules().await?.map(|held| held.body).unwrap_or_default();
    let network = Network::of(store.dealers().await?.into_iter().map(|held| held.body));
    let now_us = clock.now_us();
    let listing = HandlingListing {
        opened_from_us: now_us - i64::from(asked.days) * DAY_US,
        opened_until_us: now_us,
        limit: TRIED_MAX,
        ..HandlingListing::default()
    };
    let mut past: Vec<Past> = store
        .list_handlings(&caller.scope, &listing)
        .await?
        .into_iter()
        .filter(|held| held.handling.body.duplicate_of.is_none())
        .map(|held| Past {
            at_us: held.handling.opened_us,
            left_us: (held.handling.queue != Queue::Dealer).then_some(held.handling.changed_us),
            asked: held.handling.body.asked,
            score: held.handling.score,
            scored: held.handling.body.scored,
            model: held.model,
            region: held.region,
            channel: held.channel,
        })
        .collect();
    past.sort_by_key(|lead| lead.at_us);
    let report = tokio::task::spawn_blocking(move || {
        let now = trial::run(&network, &in_force, &in_force, &past);
        let then = trial::run(&network, &in_force, &rules, &past);
        compared(&network, &now, &then)
    });
    report.await.map(Json).map_err(|error| ApiError::internal(&error))
}

fn compared(network: &Network, now: &trial::Outcome, then: &trial::Outcome) -> LeadTrialReport {
    let count = |of: &BTreeMap<String, u64>, key: &str| of.get(key).copied().unwrap_or(0);
    let by_dealer = network.iter().map(|ready| TriedDealer {
        name: ready.dealer.name.clone(),
        now: count(&now.by_dealer, &ready.dealer.dealer_id),
        then: count(&then.by_dealer, &ready.dealer.dealer_id),
        dealer_id: ready.dealer.dealer_id.clone(),
    });
    let queues = ["dealer", "verification", "nurture", "pool"].map(|queue| TriedQueue {
        queue: queue.to_owned(),
        now: now.by_queue.get(queue).copied().unwrap_or(0),
        then: then.by_queue.get(queue).copied().unwrap_or(0),
    });
    let mut bands: Vec<&String> = now.by_band.keys().chain(then.by_band.keys()).collect();
    bands.sort_unstable();
    bands.dedup();
    let by_band =
        bands.into_iter().map(|band| TriedBand { band: band.clone(), now: count(&now.by_band, band), then: count(&then.by_band, band) });
    LeadTrialReport {
        leads: now.places.len() as u64,
        by_dealer: by_dealer.filter(|tried| 0 < tried.now + tried.then).collect(),
        by_queue: queues.into_iter().collect(),
        by_band: by_band.collect(),
        moved: now.places.iter().zip(&then.places).filter(|(now, then)| now != then).count() as u64,
    }
}

fn read(rules: Value) -> Result<LeadRules, ApiError> {
    let mut rules: LeadRules =
        serde_json::from_value(rules).map_err(|error| ApiError::invalid(format!("the rules do not read: {error}")))?;
    // As accounts are kept.
    for email in rules.verification.lines.iter_mut().flat_map(|line| &mut line.steps).flat_map(|step| &mut step.people) {
        *email = email.trim().to_lowercase();
    }
    rules.check().map_err(ApiError::invalid)?;
    Ok(rules)
}

impl DealerBody {
    fn of(dealer: ModelDealer) -> Self {
        Self {
            dealer_id: dealer.dealer_id,
            name: dealer.name,
            region: dealer.region,
            group: dealer.group,
            brands: dealer.brands,
            models: dealer.models,
            postcodes: dealer.postcodes,
            lat: dealer.place.map(|place| place.lat),
            lon: dealer.place.map(|place| place.lon),
            languages: dealer.languages,
            tz: dealer.hours.tz,
            hours: dealer.hours.week,
            holidays: dealer.hours.holidays,
            open_leads_max: dealer.open_leads_max,
            leads_a_day_max: dealer.leads_a_day_max,
            weight: dealer.weight,
            quality: dealer.quality,
            takes_leads: dealer.takes_leads,
            stock: dealer.stock,
            people: dealer.people.into_iter().map(|Salesperson { email, name, is_away }| DealerPerson { email, name, is_away }).collect(),
            manager_email: dealer.manager_email,
            webhook: dealer.webhook,
            webhook_format: dealer.webhook_format,
        }
    }

    fn read(self) -> Result<ModelDealer, ApiError> {
        let place = match (self.lat, self.lon) {
            (Some(lat), Some(lon)) => Some(Place { lat, lon }),
            (None, None) => None,
            _ => return Err(ApiError::invalid("a place has both a latitude and a longitude")),
        };
        Ok(ModelDealer {
            dealer_id: self.dealer_id,
            name: self.name,
            region: self.region,
            group: self.group,
            brands: self.brands,
            models: self.models,
            postcodes: self.postcodes,
            place,
            languages: self.languages,
            hours: OpeningHours { tz: self.tz, week: self.hours, holidays: self.holidays },
            open_leads_max: self.open_leads_max,
            leads_a_day_max: self.leads_a_day_max,
            weight: self.weight,
            quality: self.quality,
            takes_leads: self.takes_leads,
            stock: self.stock,
            people: self.people.into_iter().map(|DealerPerson { email, name, is_away }| Salesperson { email, name, is_away }).collect(),
            manager_email: self.manager_email,
            webhook: self.webhook.filter(|address| !address.trim().is_empty()),
            webhook_format: self.webhook_format,
        })
    }
}
