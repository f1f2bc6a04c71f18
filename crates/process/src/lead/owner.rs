//! Vehicles and households as events tell of them, and the leads that rules open for owners in time.

use std::sync::Arc;

use forecourt_model::{
    Event, FragmentId, ProfileId,
    consent::given_by,
    entity::{Dimensions, Lead, Told},
    lead::Asked,
    owner::{Begins, OwnerInterest, OwnerRule, OwnerRules, lead_id},
    time::DAY_US,
    vehicle::{Ownership, Vehicle},
};
use forecourt_store::{FoldTx, StoreError, definition::OWNER_RULES, vehicle::HouseholdMember};
use serde_json::json;

use super::{Opening, know, leads_of, open, score::facts};
use crate::{
    definition, journey, load,
    pending::Pending,
    state::{Fragment, State, Tracked},
};

/// The channel of leads that rules open, and what events of theirs come from.
const OWNER: &str = "owner";
/// By which events a vehicle of who has only one was serviced, though they do not name it.
const SERVICES: [&str; 3] = ["service_visit", "service_done", "inspection_done"];
/// Vehicles are looked at so many a tick: each may open a lead, and events that come meanwhile wait.
const LOOKED_MAX: usize = 2_000;
/// An owner with a lead at work is left alone for so long.
const AGAIN_US: i64 = 7 * DAY_US;
/// The day that leads were opened on last, and how many.
const DAY: &str = "owner_leads_day";
const OPENED: &str = "owner_leads";

pub(crate) async fn set_rules(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    rules: &OwnerRules,
    actor: &str,
) -> Result<Result<(), String>, StoreError> {
    if let Err(reason) = rules.check() {
        return Ok(Err(reason));
    }
    Arc::make_mut(&mut state.desk).owners = rules.clone().ready();
    definition::note(state, OWNER_RULES, "", rules, actor);
    look_at_all(tx, state).await?;
    Ok(Ok(()))
}

/// Rules changed: they look at all vehicles anew, or at none while they are off.
pub(super) async fn look_at_all(tx: &mut FoldTx, state: &mut State<'_>) -> Result<(), StoreError> {
    let due_us = state.desk.opens_for_owners().then_some(state.at_us);
    tx.look_at_all_vehicles(due_us).await?;
    for held in state.vehicles.values_mut() {
        held.vehicle.due_us = due_us;
    }
    Ok(())
}

/// Folds what an event told of a vehicle and of a household.
pub(crate) fn tell(state: &mut State<'_>, event: &Event, told: &Told, fragment_id: FragmentId) {
    if let Some(household_id) = &told.household {
        let word = HouseholdMember { fragment_id, household_id: household_id.clone(), at_us: event.ts_us };
        let held = state.household_members.entry(fragment_id).or_insert_with(|| word.clone());
        if held.at_us <= word.at_us {
            *held = word;
        }
    }
    let Some(told) = &told.vehicle else { return };
    let at_us = state.at_us;
    // A service of a vehicle that nobody is known to own says nothing yet, but is kept for who will.
    let mut vehicle = state.vehicles.get(&told.vin).map_or_else(|| Vehicle::new(&told.vin), |held| held.vehicle.clone());
    vehicle.tell(told, fragment_id);
    if state.desk.opens_for_owners() && !vehicle.owners.is_empty() {
        vehicle.due_us = Some(at_us);
    }
    state.keep_vehicle(vehicle, true);
}

/// Loads the vehicles of fragments that nobody asked about yet.
pub(super) async fn know_vehicles(tx: &mut FoldTx, state: &mut State<'_>, fragments: &[FragmentId]) -> Result<(), StoreError> {
    let unknown: Vec<FragmentId> = fragments.iter().copied().filter(|id| state.vehicles_known.insert(*id)).collect();
    if !unknown.is_empty() {
        for vehicle in tx.vehicles_of(&unknown).await? {
            state.keep_vehicle(vehicle, false);
        }
    }
    Ok(())
}

/// An owner did something that a rule waits for.
pub(super) async fn follow(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, whole: &[FragmentId]) -> Result<(), StoreError> {
    know_vehicles(tx, state, whole).await?;
    for vin in vins_of(state, whole) {
        look(tx, state, pending, &vin).await?;
    }
    Ok(())
}

/// Vehicles that any of these fragments owned, in the order of their VINs.
fn vins_of(state: &State<'_>, fragments: &[FragmentId]) -> Vec<String> {
    let mut vins: Vec<String> = fragments.iter().filter_map(|id| state.vehicles_of.get(id)).flatten().cloned().collect();
    vins.sort_unstable();
    vins.dedup();
    vins
}

/// Looks at the vehicles on which a rule begins.
pub(super) async fn wake(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending) -> Result<(), StoreError> {
    if !state.desk.opens_for_owners() {
        return Ok(());
    }
    let at_us = state.at_us;
    // What the batch changed is not in the table yet, and hides as many rows of it at most.
    for vehicle in tx.vehicles_due(at_us, LOOKED_MAX + state.vehicles.len()).await? {
        state.keep_vehicle(vehicle, false);
    }
    let due = state.vehicles.values().filter_map(|held| held.vehicle.due_us.map(|us| (us, held.vehicle.vin.clone())));
    let mut due: Vec<(i64, String)> = due.filter(|(us, _)| *us <= at_us).collect();
    due.sort_unstable();
    due.truncate(LOOKED_MAX);
    let owners = due.iter().filter_map(|(_, vin)| state.vehicles.get(vin)).flat_map(|held| &held.vehicle.owners);
    let owners: Vec<FragmentId> = owners.map(|owner| FragmentId(owner.fragment_id)).collect();
    load::whole_profiles(tx, state, pending, &owners).await?;
    let profiles = owners.iter().filter_map(|id| state.fragments.get(id)).map(|fragment| fragment.row.profile_id);
    let mut all: Vec<FragmentId> = profiles.filter_map(|id| state.members.get(&id)).flatten().chain(&owners).copied().collect();
    all.sort_unstable();
    all.dedup();
    know_vehicles(tx, state, &all).await?;
    know(tx, state, &all).await?;
    for (_, vin) in due {
        look(tx, state, pending, &vin).await?;
    }
    Ok(())
}

/// Lets the rules look at a vehicle: opens a lead where one may, and says when they look again.
async fn look(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, vin: &str) -> Result<(), StoreError> {
    let Some(mut vehicle) = state.vehicles.get(vin).map(|held| held.vehicle.clone()) else { return Ok(()) };
    let (at_us, desk) = (state.at_us, state.desk.clone());
    let fragments: Vec<FragmentId> = vehicle.owners.iter().map(|owner| FragmentId(owner.fragment_id)).collect();
    load::whole_profiles(tx, state, pending, &fragments).await?;
    let owner = vehicle.owner(|id| state.fragments.get(&id).map(|fragment| fragment.row.profile_id));
    let person = match &owner {
        Some(owner) => journey::person(tx, state, pending, owner.fragment_id).await?,
        None => None,
    };
    vehicle.due_us = None;
    if let Some((owner, (profile_id, whole))) = owner.zip(person) {
        know(tx, state, &whole).await?;
        know_vehicles(tx, state, &whole).await?;
        let serviced_us = serviced(state, &vehicle, profile_id, &whole);
        let last_did_us = |name: &str| last_did(state, &whole, name);
        let may = |rule: &OwnerRule| rule.purpose.is_empty() || is_open_to(state, &whole, &rule.purpose);
        let found = desk.owners.opens(&vehicle, &owner, serviced_us, at_us, last_did_us, may);
        let found = found.map(|(rule, begins)| (rule.clone(), begins));
        vehicle.due_us = desk.owners.next(&vehicle, &owner, serviced_us, at_us);
        if let Some((rule, begins)) = found {
            let mut again_us = at_us + AGAIN_US;
            if !has_lead_at_work(state, &whole) {
                if takes_one(state, &desk.owners) {
                    vehicle.opened.insert(rule.rule.clone(), begins.anchor_us);
                    open_lead(tx, state, pending, &vehicle, &owner, &rule, begins).await?;
                } else {
                    again_us = (at_us / DAY_US + 1) * DAY_US;
                }
            }
            vehicle.due_us = vehicle.due_us.into_iter().chain([again_us]).min();
        }
    }
    state.keep_vehicle(vehicle, true);
    Ok(())
}

/// When a vehicle was last serviced: a service that names none was that of who has only one.
fn serviced(state: &State<'_>, vehicle: &Vehicle, profile_id: ProfileId, whole: &[FragmentId]) -> Option<i64> {
    let profile_of = |id: FragmentId| state.fragments.get(&id).map(|fragment| fragment.row.profile_id);
    let owns = |vin: &String| {
        let held = state.vehicles.get(vin).map(|held| held.vehicle.ownerships(profile_of));
        held.is_some_and(|all| all.iter().any(|held| held.profile_id == profile_id && held.until_us.is_none()))
    };
    let has_only_this = vins_of(state, whole).iter().filter(|vin| owns(vin)).count() == 1;
    let unnamed = has_only_this.then(|| SERVICES.iter().filter_map(|name| last_did(state, whole, name)).max()).flatten();
    vehicle.serviced_us.max(unnamed)
}

fn last_did(state: &State<'_>, whole: &[FragmentId], name: &str) -> Option<i64> {
    let states = whole.iter().filter_map(|id| state.fragments.get(id)).filter_map(Fragment::read);
    states.filter_map(|held| held.counts.get(name)).map(|count| count.last_us).max()
}

/// Nobody is asked who said no.
fn is_open_to(state: &State<'_>, whole: &[FragmentId], purpose: &str) -> bool {
    let states = whole.iter().filter_map(|id| state.fragments.get(id)).filter_map(Fragment::read);
    given_by(states.map(|held| &held.consents), purpose, None, "") != Some(false)
}

fn has_lead_at_work(state: &State<'_>, whole: &[FragmentId]) -> bool {
    let leads = leads_of(state, whole);
    leads.iter().filter_map(|id| state.handlings.get(id)).any(|held| held.handling.is_open() && held.handling.body.duplicate_of.is_none())
}

/// Counts a lead towards the day's, unless it has enough.
fn takes_one(state: &mut State<'_>, rules: &OwnerRules) -> bool {
    let today = state.at_us / DAY_US;
    if state.number(DAY) != today {
        state.set_number(DAY, today);
        state.set_number(OPENED, 0);
    }
    let has_room = rules.leads_a_day_max == 0 || state.number(OPENED) < i64::from(rules.leads_a_day_max);
    if has_room {
        state.add_number(OPENED, 1);
    }
    has_room
}

async fn open_lead(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    vehicle: &Vehicle,
    owner: &Ownership,
    rule: &OwnerRule,
    begins: Begins,
) -> Result<(), StoreError> {
    let lead_id = lead_id(&vehicle.vin, &rule.rule, begins.anchor_us);
    load::lead(tx, state, &lead_id).await?;
    if state.leads.get(&lead_id).is_some_and(|held| held.now.is_some()) {
        return Ok(());
    }
    let (at_us, facts_of) = (state.at_us, &vehicle.facts);
    let wish = |interest: &str| json!({ "model": facts_of.model, "brand": facts_of.brand, "interest": interest, "vin": vehicle.vin, "year": facts_of.year });
    let vehicles = match rule.interest {
        OwnerInterest::Service => vec![wish("service")],
        OwnerInterest::TradeIn => vec![wish("trade_in")],
        OwnerInterest::Replacement => vec![wish("buy"), wish("trade_in")],
    };
    let properties = json!({
        "lead_id": lead_id, "vehicles": vehicles, "brand": facts_of.brand, "model": facts_of.model, "region": facts_of.region,
        "channel": OWNER, "campaign": rule.rule, "interest": rule.interest.as_str(), "vin": vehicle.vin,
    });
    let properties = properties.to_string();
    let lead = Lead {
        lead_id: lead_id.clone(),
        fragment_id: owner.fragment_id,
        created_us: at_us,
        updated_us: at_us,
        stage: "captured".to_owned(),
        stage_us: at_us,
        dimensions: Dimensions {
            model: facts_of.model.clone(),
            region: facts_of.region.clone(),
            channel: Some(OWNER.to_owned()),
            campaign: Some(rule.rule.clone()),
            ..Dimensions::default()
        },
        value: None,
    };
    state.leads.entry(lead_id).or_insert_with(Tracked::absent).now = Some(lead.clone());
    state.touch_version("leads_version");
    state.derive(owner.fragment_id, "lead_created", properties.clone());
    // Whoever sold the vehicle, or serviced it last, is who the owner knows.
    let asked = Asked::read(&properties, lead.dimensions.model.as_deref(), facts_of.dealer.as_deref());
    let facts = facts(&properties, facts_of.model.as_deref(), facts_of.region.as_deref(), &lead);
    open(tx, state, pending, Opening { asked, facts, source: OWNER }, &lead).await
}
