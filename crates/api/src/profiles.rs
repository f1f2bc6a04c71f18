//! Profiles: found, looked at, and their traits set by hand.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use forecourt_model::{
    FragmentId, FragmentState, HashKey, ProfileId, Scope, Touch as ModelTouch, audit, command::Action, entity, fragment::TraitValue,
    time::iso,
};
use forecourt_store::{
    Store, StoreError,
    control::Control,
    fragment::FragmentRow,
    profile::{ProfileSummary, ProfileView},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Commands, Trail,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    feed::{NamedIdentifier, source_names},
    input::{Asked, Body, page_size},
    owners::{self, Household, ProfileVehicle},
    segments::{self, ProfileSegment},
};

/// What finding people by their identifiers needs: the key that they are hashed with, and the country of bare phone numbers.
#[derive(Clone)]
pub struct Search {
    key: HashKey,
    region: String,
}

impl Search {
    pub(crate) fn new(key: HashKey, region: String) -> Self {
        Self { key, region }
    }

    pub(crate) fn key(&self) -> &HashKey {
        &self.key
    }

    /// Country whose notation a phone without a country code is in.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The profiles that a question finds within the scope, the latest seen first.
    pub(crate) async fn found(&self, store: &Store, scope: &Scope, question: &str, limit: u32) -> Result<Vec<ProfileSummary>, StoreError> {
        Ok(store.profiles_search(scope, &self.key, &self.region, question, None, limit).await?.profiles)
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProfilesAsked {
    /// Any identifier, a phone in any notation, or the beginning of any word of the name; empty for the latest.
    q: Option<String>,
    /// From the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct ProfileRow {
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    first_seen: String,
    last_seen: String,
    events: u64,
    #[schema(required)]
    channel: Option<String>,
    #[schema(required)]
    region: Option<String>,
    #[schema(required)]
    dealer: Option<String>,
    /// How many.
    identifiers: u32,
}

#[derive(Serialize, ToSchema)]
pub struct ProfileList {
    profiles: Vec<ProfileRow>,
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are in all, where that is known.
    #[schema(required)]
    total: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct ProfileAnswer {
    profile: Profile,
    /// The id asked for, when it has become part of this profile.
    #[schema(required)]
    redirected_from: Option<String>,
}

/// A word of consent; `*` stands for every purpose, message channel or controller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentSaid {
    purpose: String,
    message_channel: String,
    /// The brand or dealer that it was said to.
    controller: String,
    is_given: bool,
    at: String,
    /// Of the event that said it.
    source: String,
}

#[derive(Serialize, ToSchema)]
pub struct Profile {
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    first_seen: String,
    last_seen: String,
    events: u64,
    #[schema(required)]
    channel: Option<String>,
    #[schema(required)]
    region: Option<String>,
    #[schema(required)]
    dealer: Option<String>,
    traits: Vec<Trait>,
    identifiers: Vec<Identifier>,
    #[schema(required)]
    first_touch: Option<Touch>,
    #[schema(required)]
    last_touch: Option<Touch>,
    counts: Vec<EventCounted>,
    leads: Vec<Lead>,
    orders: Vec<Order>,
    calls: Vec<Call>,
    /// Those they own or owned; for a dealer those that the dealer sold or serviced last.
    vehicles: Vec<ProfileVehicle>,
    /// A relation, not a merge.
    households: Vec<Household>,
    /// Those in force; none for a dealer.
    segments: Vec<ProfileSegment>,
    /// What was said of messages, for each identifier the latest word; none for a dealer.
    consents: Vec<ConsentSaid>,
}

#[derive(Serialize, ToSchema)]
pub struct Trait {
    name: String,
    value: serde_json::Value,
    at: String,
    /// The source's name, or who set it by hand.
    source: String,
}

#[derive(Serialize, ToSchema)]
pub struct Identifier {
    kind: String,
    value: String,
    first_seen: String,
    last_seen: String,
    events: u64,
    fragment_id: String,
    evidence: Vec<Evidence>,
}

/// Why an identifier belongs to this profile: the event that joined it with another.
#[derive(Serialize, ToSchema)]
pub struct Evidence {
    /// `signed_in`, `same_event`, `alias`.
    rule: String,
    with: NamedIdentifier,
    at: String,
    offset: String,
}

#[derive(Serialize, ToSchema)]
pub struct Touch {
    #[schema(required)]
    channel: Option<String>,
    #[schema(required)]
    utm_source: Option<String>,
    #[schema(required)]
    campaign: Option<String>,
    at: String,
}

#[derive(Serialize, ToSchema)]
pub struct EventCounted {
    event: String,
    count: u64,
    first: String,
    last: String,
}

#[derive(Serialize, ToSchema)]
pub struct Lead {
    lead_id: String,
    created_at: String,
    stage: String,
    #[schema(required)]
    model: Option<String>,
    #[schema(required)]
    dealer: Option<String>,
    #[schema(required)]
    region: Option<String>,
    #[schema(required)]
    channel: Option<String>,
    updated_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct Order {
    order_id: String,
    at: String,
    status: String,
    #[schema(required)]
    revenue: Option<f64>,
    #[schema(required)]
    currency: Option<String>,
    #[schema(required)]
    model: Option<String>,
    #[schema(required)]
    dealer: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Call {
    call_id: String,
    at: String,
    #[schema(required)]
    direction: Option<String>,
    #[schema(required)]
    duration_s: Option<f64>,
    #[schema(required)]
    result: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TraitChange {
    name: String,
    /// Null clears the trait.
    value: serde_json::Value,
}

/// Find profiles.
#[utoipa::path(get, path = "/api/profiles", tag = "profiles", params(ProfilesAsked), responses((status = 200, body = ProfileList)))]
pub async fn search(
    State(store): State<Store>,
    State(how): State<Search>,
    caller: Caller,
    trail: Trail,
    Asked(asked): Asked<ProfilesAsked>,
) -> Result<Json<ProfileList>, ApiError> {
    let question = asked.q.unwrap_or_default();
    if !question.trim().is_empty() {
        trail.action(audit::Action::PeopleSearched);
        trail.object(question.as_str());
    }
    let limit = page_size(asked.limit, 50, 200);
    let cursor = asked.cursor.filter(|cursor| !cursor.is_empty());
    let page = store.profiles_search(&caller.scope, &how.key, &how.region, &question, cursor.as_deref(), limit).await?;
    let counts_all = question.trim().is_empty() && caller.scope.dealer().is_none();
    let total = if counts_all { Some(store.profiles_count().await?) } else { None };
    Ok(Json(ProfileList { profiles: page.profiles.into_iter().map(ProfileRow::from).collect(), next_cursor: page.next, total }))
}

/// One profile, also by an id that was merged into it.
#[utoipa::path(get, path = "/api/profiles/{id}", tag = "profiles", params(("id" = String, Path)),
    responses((status = 200, body = ProfileAnswer), (status = 404, body = ErrorBody)))]
pub async fn profile(
    State(store): State<Store>,
    State(control): State<Control>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ProfileAnswer>, ApiError> {
    let (profile, redirected_from) = whole_profile(&store, &control, &caller.scope, &id).await?;
    Ok(Json(ProfileAnswer { profile, redirected_from }))
}

/// The profile as far as the scope reaches, and the id asked for where it has become part of this profile.
pub(crate) async fn whole_profile(
    store: &Store,
    control: &Control,
    scope: &Scope,
    id: &str,
) -> Result<(Profile, Option<String>), ApiError> {
    let view = store.profile(scope, profile_id(id)?).await?.ok_or_else(unknown)?;
    let found = view.summary.profile_id;
    let leads = store.leads_of(scope, found).await?;
    let orders = store.orders_of(scope, found).await?;
    let calls = store.calls_of(scope, found).await?;
    let names = source_names(control).await?;
    let redirected_from = view.redirected_from.map(|id| id.0.to_string());
    let mut profile = Profile::new(view, &names);
    profile.leads = leads.into_iter().map(Lead::from).collect();
    profile.orders = orders.into_iter().map(Order::from).collect();
    profile.calls = calls.into_iter().map(Call::from).collect();
    profile.vehicles = owners::vehicles(store, scope, found).await?;
    profile.households = owners::households(store, scope, found).await?;
    profile.segments = segments::of_profile(store, scope, found).await?;
    if scope.dealer().is_some() {
        profile.consents.clear();
    }
    Ok((profile, redirected_from))
}

fn consents(fragments: &[FragmentRow], names: &BTreeMap<String, String>) -> Vec<ConsentSaid> {
    let mut said = Vec::new();
    for row in fragments {
        let state: FragmentState = serde_json::from_str(&row.state).unwrap_or_default();
        for (key, word) in state.consents.0 {
            let mut parts = key.split('/').map(str::to_owned);
            let mut part = || parts.next().unwrap_or_default();
            said.push((
                word.at_us,
                ConsentSaid {
                    purpose: part(),
                    message_channel: part(),
                    controller: part(),
                    is_given: word.is_given,
                    at: iso(word.at_us),
                    source: names.get(&word.source).cloned().unwrap_or(word.source),
                },
            ));
        }
    }
    said.sort_by_key(|(at_us, _)| std::cmp::Reverse(*at_us));
    said.into_iter().map(|(_, said)| said).collect()
}

/// Set a trait by hand.
#[utoipa::path(post, path = "/api/profiles/{id}/traits", tag = "profiles", params(("id" = String, Path)), request_body = TraitChange,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 404, body = ErrorBody)))]
pub async fn set_trait(
    State(store): State<Store>,
    State(commands): State<Commands>,
    caller: Caller,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<TraitChange>,
) -> Result<Response, ApiError> {
    let name = asked.name.trim();
    if name.is_empty() || 100 < name.chars().count() {
        return Err(ApiError::invalid("a trait has a name of 1 to 100 characters"));
    }
    let view = store.profile(&caller.scope, profile_id(&id)?).await?.ok_or_else(unknown)?;
    let before = view.state.traits.get(name).map(|held| held.value.clone());
    trail.changed(&serde_json::json!({ name: before }), &serde_json::json!({ name: asked.value }));
    let action = Action::SetTrait { profile_id: view.summary.profile_id, name: name.to_owned(), value: asked.value };
    Ok(commands.tell(&caller, action).await?.into_response())
}

pub(crate) fn profile_id(text: &str) -> Result<ProfileId, ApiError> {
    text.parse().map(ProfileId).map_err(|_| unknown())
}

pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("such profile that you may see")
}

impl From<ProfileSummary> for ProfileRow {
    fn from(row: ProfileSummary) -> Self {
        Self {
            profile_id: row.profile_id.0.to_string(),
            name: row.name,
            email: row.email,
            phone: row.phone,
            first_seen: iso(row.first_us),
            last_seen: iso(row.last_us),
            events: row.events,
            channel: row.channel,
            region: row.region,
            dealer: row.dealer,
            identifiers: row.identifiers,
        }
    }
}

impl Profile {
    fn new(view: ProfileView, names: &BTreeMap<String, String>) -> Self {
        let consents = consents(&view.fragments, names);
        let identifiers = view.fragments.iter().map(|fragment| Identifier::new(fragment, &view)).collect();
        let row = ProfileRow::from(view.summary);
        let state = view.state;
        let traits = state.traits.into_iter().filter(|(_, value)| !value.value.is_null());
        Self {
            profile_id: row.profile_id,
            name: row.name,
            email: row.email,
            phone: row.phone,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            events: row.events,
            channel: row.channel,
            region: row.region,
            dealer: row.dealer,
            traits: traits.map(|(name, value)| Trait::new(name, value, names)).collect(),
            identifiers,
            first_touch: state.first_touch.map(Touch::from),
            last_touch: state.last_touch.map(Touch::from),
            counts: state
                .counts
                .into_iter()
                .map(|(event, held)| EventCounted { event, count: held.count, first: iso(held.first_us), last: iso(held.last_us) })
                .collect(),
            leads: Vec::new(),
            orders: Vec::new(),
            calls: Vec::new(),
            vehicles: Vec::new(),
            households: Vec::new(),
            segments: Vec::new(),
            consents,
        }
    }
}

impl Trait {
    fn new(name: String, held: TraitValue, names: &BTreeMap<String, String>) -> Self {
        let source = names.get(&held.source).cloned().unwrap_or(held.source);
        Self { name, value: held.value, at: iso(held.at_us), source }
    }
}

impl Identifier {
    fn new(fragment: &FragmentRow, view: &ProfileView) -> Self {
        let named = |id: FragmentId| view.fragments.iter().find(|row| row.fragment_id == id);
        let evidence = view.evidence.iter().filter_map(|edge| {
            let other = match fragment.fragment_id {
                id if id == edge.a => edge.b,
                id if id == edge.b => edge.a,
                _ => return None,
            };
            let with = named(other).map(|row| NamedIdentifier { kind: row.kind.clone(), value: row.value.clone() })?;
            Some(Evidence { rule: edge.rule.clone(), with, at: iso(edge.at_us), offset: edge.log_offset.to_string() })
        });
        Self {
            kind: fragment.kind.clone(),
            value: fragment.value.clone(),
            first_seen: iso(fragment.first_us),
            last_seen: iso(fragment.last_us),
            events: fragment.events,
            fragment_id: fragment.fragment_id.0.to_string(),
            evidence: evidence.collect(),
        }
    }
}

impl From<ModelTouch> for Touch {
    fn from(touch: ModelTouch) -> Self {
        Self { channel: Some(touch.channel), utm_source: touch.utm_source, campaign: touch.campaign, at: iso(touch.at_us) }
    }
}

impl From<entity::Lead> for Lead {
    fn from(lead: entity::Lead) -> Self {
        let told = lead.dimensions;
        Self {
            lead_id: lead.lead_id,
            created_at: iso(lead.created_us),
            stage: lead.stage,
            model: told.model,
            dealer: told.dealer,
            region: told.region,
            channel: told.channel,
            updated_at: iso(lead.updated_us),
        }
    }
}

impl From<entity::Order> for Order {
    fn from(order: entity::Order) -> Self {
        Self {
            order_id: order.order_id,
            at: iso(order.at_us),
            status: order.status,
            revenue: order.revenue,
            currency: order.currency,
            model: order.dimensions.model,
            dealer: order.dimensions.dealer,
        }
    }
}

impl From<entity::Call> for Call {
    fn from(call: entity::Call) -> Self {
        Self { call_id: call.call_id, at: iso(call.at_us), direction: call.direction, duration_s: call.duration_s, result: call.result }
    }
}
