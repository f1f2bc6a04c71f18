//! Vehicles, their owners and households; and the rules that open leads for owners in time.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use forecourt_model::{
    FragmentId, ProfileId, Scope,
    command::Action,
    owner::{self, ENDS_MIN, OwnerCurve, OwnerRules},
    time::iso,
    vehicle::Ownership,
};
use forecourt_store::{Store, vehicle::VehicleOf};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Commands, Trail,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Vehicles read at a time to learn from.
const PAGE: u32 = 5_000;

/// A vehicle as one of its owners has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileVehicle {
    vin: String,
    #[schema(required)]
    brand: Option<String>,
    #[schema(required)]
    model: Option<String>,
    #[schema(required)]
    year: Option<i64>,
    /// That sold it or serviced it last.
    #[schema(required)]
    dealer: Option<String>,
    #[schema(required)]
    mileage_km: Option<i64>,
    #[schema(required)]
    inspection_due: Option<String>,
    #[schema(required)]
    finance_end: Option<String>,
    #[schema(required)]
    warranty_end: Option<String>,
    #[schema(required)]
    serviced_at: Option<String>,
    #[schema(required)]
    owned_from: Option<String>,
    /// Absent while it is theirs.
    #[schema(required)]
    owned_until: Option<String>,
    is_co_owner: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdMember {
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
}

/// People who live together, as they were told to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Household {
    household_id: String,
    /// The others, as far as the caller may see them.
    members: Vec<HouseholdMember>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VehicleOwner {
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    from: String,
    #[schema(required)]
    until: Option<String>,
    is_co_owner: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VehicleDetail {
    vehicle: ProfileVehicle,
    /// The first first.
    owners: Vec<VehicleOwner>,
    /// By rule, the beginning for which it opened a lead.
    opened: BTreeMap<String, String>,
    /// When rules look at it next.
    #[schema(required)]
    due_at: Option<String>,
}

/// What opens leads for owners: see the documentation's page Owners.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnerRulesBody {
    #[schema(value_type = Object)]
    rules: Value,
    /// Absent while nobody set them.
    #[schema(required)]
    changed_at: Option<String>,
    changed_by: String,
    /// Replaced vehicles without which a curve says nothing.
    curve_ends_min: u64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerRulesWish {
    /// Without `curve`: that is learned.
    #[schema(value_type = Object)]
    rules: Value,
}

fn profile_of(held: &VehicleOf) -> impl Fn(FragmentId) -> Option<ProfileId> + '_ {
    |id| held.profiles.get(&id.0).copied()
}

impl ProfileVehicle {
    fn of(held: &VehicleOf, ownership: Option<&Ownership>) -> Self {
        let facts = held.vehicle.facts.clone();
        Self {
            vin: held.vehicle.vin.clone(),
            brand: facts.brand,
            model: facts.model,
            year: facts.year,
            dealer: facts.dealer,
            mileage_km: facts.mileage_km,
            inspection_due: facts.inspection_due_us.map(iso),
            finance_end: facts.finance_end_us.map(iso),
            warranty_end: facts.warranty_end_us.map(iso),
            serviced_at: held.vehicle.serviced_us.map(iso),
            owned_from: ownership.map(|held| iso(held.from_us)),
            owned_until: ownership.and_then(|held| held.until_us).map(iso),
            is_co_owner: ownership.is_some_and(|held| held.is_co_owner),
        }
    }
}

/// A profile's vehicles, those that are theirs now first.
pub(crate) async fn vehicles(store: &Store, scope: &Scope, profile_id: ProfileId) -> Result<Vec<ProfileVehicle>, ApiError> {
    let mut all = Vec::new();
    for held in store.vehicles_of(profile_id).await? {
        let is_seen = scope.dealer().is_none_or(|own| held.vehicle.facts.dealer.as_deref() == Some(own));
        let ownership = held.vehicle.ownerships(profile_of(&held)).into_iter().find(|held| held.profile_id == profile_id);
        if let Some(ownership) = ownership.filter(|_| is_seen) {
            all.push((ownership, ProfileVehicle::of(&held, Some(&ownership))));
        }
    }
    all.sort_by_key(|(held, _)| (held.until_us.is_some(), -held.from_us));
    Ok(all.into_iter().map(|(_, shown)| shown).collect())
}

/// The households that a profile is of, with the others in them.
pub(crate) async fn households(store: &Store, scope: &Scope, profile_id: ProfileId) -> Result<Vec<Household>, ApiError> {
    let mut all = Vec::new();
    for (household_id, members) in store.households_of(profile_id).await? {
        let others: Vec<ProfileId> = members.into_iter().filter(|id| *id != profile_id).collect();
        let people = store.profile_summaries(scope, &others).await?;
        let member = |id: &ProfileId| {
            let person = people.iter().find(|held| held.profile_id == *id)?;
            Some(HouseholdMember { profile_id: id.0.to_string(), name: person.name.clone() })
        };
        all.push(Household { household_id, members: others.iter().filter_map(member).collect() });
    }
    Ok(all)
}

/// A vehicle by its VIN, with everybody who owned it.
#[utoipa::path(get, path = "/api/vehicles/{vin}", tag = "leads", params(("vin" = String, Path)),
    responses((status = 200, body = VehicleDetail), (status = 404, body = ErrorBody)))]
pub async fn vehicle(
    caller: Caller,
    State(store): State<Store>,
    Path(vin): Path<String>,
    trail: Trail,
) -> Result<Json<VehicleDetail>, ApiError> {
    let vin = vin.trim().to_uppercase();
    let held = store.vehicle(&vin).await?.ok_or_else(|| ApiError::not_found("such vehicle"))?;
    trail.object(format!("vehicle {vin}"));
    let ownerships = held.vehicle.ownerships(profile_of(&held));
    let ids: Vec<ProfileId> = ownerships.iter().map(|held| held.profile_id).collect();
    let people = store.profile_summaries(&caller.scope, &ids).await?;
    let owner = |held: &Ownership| VehicleOwner {
        profile_id: held.profile_id.0.to_string(),
        name: people.iter().find(|person| person.profile_id == held.profile_id).and_then(|person| person.name.clone()),
        from: iso(held.from_us),
        until: held.until_us.map(iso),
        is_co_owner: held.is_co_owner,
    };
    let now = ownerships.iter().find(|held| held.until_us.is_none());
    Ok(Json(VehicleDetail {
        vehicle: ProfileVehicle::of(&held, now),
        owners: ownerships.iter().map(owner).collect(),
        opened: held.vehicle.opened.iter().map(|(rule, us)| (rule.clone(), iso(*us))).collect(),
        due_at: held.vehicle.due_us.map(iso),
    }))
}

/// What opens leads for owners.
#[utoipa::path(get, path = "/api/owner-rules", tag = "leads", responses((status = 200, body = OwnerRulesBody)))]
pub async fn owner_rules(State(store): State<Store>) -> Result<Json<OwnerRulesBody>, ApiError> {
    let held = store.owner_rules().await?;
    let (changed_at, changed_by) = held.as_ref().map(|held| (iso(held.changed_us), held.changed_by.clone())).unzip();
    let rules = held.map(|held| held.body).unwrap_or_default();
    Ok(Json(OwnerRulesBody {
        rules: serde_json::to_value(rules).unwrap_or_default(),
        changed_at,
        changed_by: changed_by.unwrap_or_default(),
        curve_ends_min: ENDS_MIN,
    }))
}

/// Set what opens leads for owners, from now on. The learned curve stays.
#[utoipa::path(put, path = "/api/owner-rules", tag = "leads", request_body = OwnerRulesWish,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_owner_rules(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<OwnerRulesWish>,
) -> Result<Response, ApiError> {
    let mut rules: OwnerRules = serde_json::from_value(asked.rules)
        .map_err(|error| ApiError::invalid(format!("the rules do not read: {error}; see `GET /api/owner-rules`")))?;
    let before = store.owner_rules().await?.map(|held| held.body).unwrap_or_default();
    rules.curve.clone_from(&before.curve);
    rules.check().map_err(ApiError::invalid)?;
    trail.object("owner rules");
    trail.changed(&before, &rules);
    commands.carry_out(&caller, Action::SetOwnerRules { rules: Box::new(rules) }).await
}

/// Learn anew from all vehicles how long owners keep theirs.
#[utoipa::path(post, path = "/api/owner-rules/learn", tag = "leads",
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome)))]
pub async fn learn_owner_curve(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(commands): State<Commands>,
    trail: Trail,
) -> Result<Response, ApiError> {
    let mut times: BTreeMap<i64, Vec<(i64, Option<i64>)>> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = store.vehicles_after(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.vehicle.vin);
        for held in &page {
            for time in held.vehicle.ownerships(profile_of(held)).iter().filter(|held| !held.is_co_owner) {
                times.entry(time.profile_id.0).or_default().push((time.from_us, time.until_us));
            }
        }
    }
    let now_us = clock.now_us();
    let mut rules = store.owner_rules().await?.map(|held| held.body).unwrap_or_default();
    let curve = OwnerCurve::learn(owner::kept(&times, now_us), now_us);
    trail.object("owner curve");
    trail.detail("owners", curve.owners.to_string());
    rules.curve = Some(curve);
    commands.carry_out(&caller, Action::SetOwnerRules { rules: Box::new(rules) }).await
}
