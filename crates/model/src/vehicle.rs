//! Vehicles by their VIN: who owns them and since when, and what falls due.
//!
//! What is told of a vehicle comes to the same in any order. Whom it belongs to is read from it by profiles, so that a merge or a
//! parting of people needs no change here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Event, FragmentId, ProfileId, event::EventType, time::parse_us};

const VIN_CHARS_MAX: usize = 40;
const TEXT_CHARS_MAX: usize = 200;
/// Owners of one vehicle that are kept, the latest.
const OWNERS_MAX: usize = 50;

/// What an event does to a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VehicleAct {
    /// Something is known of it.
    Known,
    /// Whoever the event is about owns it from then on.
    Owned,
    /// They own it no more.
    Ended,
    Serviced,
}

impl VehicleAct {
    pub fn of(event: &str) -> Option<Self> {
        Some(match event {
            "delivered" | "vehicle_delivered" | "vehicle_registered" | "vehicle_owned" => Self::Owned,
            "vehicle_sold" | "vehicle_scrapped" | "vehicle_ended" => Self::Ended,
            "service_visit" | "service_done" | "inspection_done" => Self::Serviced,
            "vehicle_updated" => Self::Known,
            _ => return None,
        })
    }
}

/// What is known of a vehicle, beside who owns it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct VehicleFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// The dealer that sold or serviced it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dealer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mileage_km: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection_due_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finance_end_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warranty_end_us: Option<i64>,
}

impl VehicleFacts {
    /// Takes each value of a telling that is not older than the one it has.
    ///
    /// * `times`: by name, when each was told.
    fn tell(&mut self, told: &Self, at_us: i64, times: &mut BTreeMap<String, i64>) {
        fn take<T: Clone>(name: &str, held: &mut Option<T>, given: &Option<T>, at_us: i64, times: &mut BTreeMap<String, i64>) {
            if given.is_some() && times.get(name).is_none_or(|us| *us <= at_us) {
                held.clone_from(given);
                times.insert(name.to_owned(), at_us);
            }
        }
        take("brand", &mut self.brand, &told.brand, at_us, times);
        take("model", &mut self.model, &told.model, at_us, times);
        take("year", &mut self.year, &told.year, at_us, times);
        take("dealer", &mut self.dealer, &told.dealer, at_us, times);
        take("region", &mut self.region, &told.region, at_us, times);
        take("mileage_km", &mut self.mileage_km, &told.mileage_km, at_us, times);
        take("inspection_due", &mut self.inspection_due_us, &told.inspection_due_us, at_us, times);
        take("finance_end", &mut self.finance_end_us, &told.finance_end_us, at_us, times);
        take("warranty_end", &mut self.warranty_end_us, &told.warranty_end_us, at_us, times);
    }
}

/// What one event says of a vehicle.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleTold {
    pub vin: String,
    pub act: VehicleAct,
    pub at_us: i64,
    /// Owns it beside somebody else.
    pub is_co_owner: bool,
    pub facts: VehicleFacts,
}

impl VehicleTold {
    /// Reads what a track event says of the vehicle whose `vin` is among its properties, where its name says that it does.
    pub fn by(event: &Event) -> Option<Self> {
        if event.event_type != EventType::Track || !event.properties.contains("\"vin\"") {
            return None;
        }
        let act = VehicleAct::of(&event.name)?;
        let Ok(Value::Object(properties)) = serde_json::from_str(&event.properties) else { return None };
        let text = |name: &str| {
            let text = properties.get(name)?.as_str()?.trim();
            Some(text.chars().take(TEXT_CHARS_MAX).collect::<String>()).filter(|text| !text.is_empty())
        };
        let whole = |name: &str| properties.get(name).and_then(|value| value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()));
        let time = |name: &str| text(name).and_then(|text| parse_us(&text));
        let vin = text("vin")?.to_uppercase();
        if VIN_CHARS_MAX < vin.chars().count() {
            return None;
        }
        let facts = VehicleFacts {
            brand: text("brand").or_else(|| text("make")),
            model: event.model.clone(),
            year: whole("year").filter(|year| (1900..2200).contains(year)),
            dealer: event.dealer.clone(),
            region: event.region.clone(),
            mileage_km: whole("mileage_km").or_else(|| whole("mileage")).filter(|km| (0..10_000_000).contains(km)),
            inspection_due_us: time("inspection_due"),
            finance_end_us: time("finance_end"),
            warranty_end_us: time("warranty_end"),
        };
        let is_co_owner = text("owner_role").is_some_and(|role| role == "co_owner");
        Some(Self { vin, act, at_us: event.ts_us, is_co_owner, facts })
    }
}

/// The household that an event says its person is of: the trait `household_id`.
pub fn household(event: &Event) -> Option<String> {
    let text = match event.traits.get("household_id")? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty() && text.chars().count() <= TEXT_CHARS_MAX)
}

/// Somebody who owned a vehicle, as one fragment told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub fragment_id: i64,
    /// `i64::MAX` where only the end was told.
    pub from_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_us: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_co_owner: bool,
}

/// A vehicle: a row of the store.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Vehicle {
    pub vin: String,
    #[serde(default)]
    pub facts: VehicleFacts,
    /// By name, when each fact was told last.
    #[serde(default)]
    pub told_us: BTreeMap<String, i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serviced_us: Option<i64>,
    #[serde(default)]
    pub owners: Vec<Owner>,
    /// By rule, for which beginning it opened a lead.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub opened: BTreeMap<String, i64>,
    /// When rules look at it next.
    #[serde(skip)]
    pub due_us: Option<i64>,
}

/// A profile's time with a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    pub profile_id: ProfileId,
    /// That told of it first.
    pub fragment_id: FragmentId,
    pub from_us: i64,
    pub until_us: Option<i64>,
    pub is_co_owner: bool,
}

impl Vehicle {
    pub fn new(vin: &str) -> Self {
        Self { vin: vin.to_owned(), ..Self::default() }
    }

    /// Folds a telling in; the order of tellings does not matter, but for two at one moment.
    pub fn tell(&mut self, told: &VehicleTold, fragment_id: FragmentId) {
        self.facts.tell(&told.facts, told.at_us, &mut self.told_us);
        match told.act {
            VehicleAct::Known => {}
            VehicleAct::Serviced => self.serviced_us = self.serviced_us.max(Some(told.at_us)),
            VehicleAct::Owned | VehicleAct::Ended => {
                let at = self.owners.iter().position(|owner| owner.fragment_id == fragment_id.0).unwrap_or_else(|| {
                    self.owners.push(Owner {
                        fragment_id: fragment_id.0,
                        from_us: i64::MAX,
                        until_us: None,
                        is_co_owner: told.is_co_owner,
                    });
                    self.owners.len() - 1
                });
                let owner = &mut self.owners[at];
                if told.act == VehicleAct::Owned {
                    owner.from_us = owner.from_us.min(told.at_us);
                    owner.is_co_owner = told.is_co_owner;
                } else {
                    owner.until_us = owner.until_us.max(Some(told.at_us));
                }
                self.owners.sort_unstable_by_key(|owner| (owner.from_us, owner.fragment_id));
                let too_many = self.owners.len().saturating_sub(OWNERS_MAX);
                self.owners.drain(..too_many);
            }
        }
    }

    /// Who owned it when, the first first. A vehicle that somebody else owns now is the former owner's no more.
    ///
    /// * `profile_of`: whose a fragment is; nobody's where it was erased.
    pub fn ownerships(&self, profile_of: impl Fn(FragmentId) -> Option<ProfileId>) -> Vec<Ownership> {
        let mut all: Vec<Ownership> = Vec::new();
        for owner in &self.owners {
            let fragment_id = FragmentId(owner.fragment_id);
            let Some(profile_id) = profile_of(fragment_id) else { continue };
            match all.iter_mut().find(|held| held.profile_id == profile_id) {
                Some(held) => {
                    if owner.from_us < held.from_us {
                        (held.from_us, held.fragment_id) = (owner.from_us, fragment_id);
                    }
                    held.until_us = held.until_us.max(owner.until_us);
                    held.is_co_owner &= owner.is_co_owner;
                }
                None => {
                    let Owner { from_us, until_us, is_co_owner, .. } = *owner;
                    all.push(Ownership { profile_id, fragment_id, from_us, until_us, is_co_owner });
                }
            }
        }
        all.retain(|held| held.from_us < i64::MAX);
        all.sort_unstable_by_key(|held| (held.from_us, held.fragment_id));
        let firsts: Vec<i64> = all.iter().filter(|held| !held.is_co_owner).map(|held| held.from_us).collect();
        for held in &mut all {
            // An end that was told of before the beginning was another time's.
            held.until_us = held.until_us.filter(|until_us| held.from_us <= *until_us);
            let next = firsts.iter().find(|from_us| held.from_us < **from_us).copied();
            held.until_us = held.until_us.into_iter().chain(next).min();
        }
        all
    }

    /// Who owns it now, where that is known; of several the one who is no co-owner.
    pub fn owner(&self, profile_of: impl Fn(FragmentId) -> Option<ProfileId>) -> Option<Ownership> {
        let all = self.ownerships(profile_of);
        all.into_iter().filter(|held| held.until_us.is_none()).min_by_key(|held| held.is_co_owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(act: VehicleAct, at_us: i64) -> VehicleTold {
        VehicleTold { vin: "V1".into(), act, at_us, is_co_owner: false, facts: VehicleFacts::default() }
    }

    fn all(vehicle: &Vehicle) -> Vec<(i64, i64, Option<i64>)> {
        // Fragments 10 and 11 are one person's.
        let profile = |id: FragmentId| Some(ProfileId(if id.0 == 11 { 10 } else { id.0 })).filter(|_| id.0 != 99);
        vehicle.ownerships(profile).iter().map(|held| (held.profile_id.0, held.from_us, held.until_us)).collect()
    }

    #[test]
    fn what_is_told_comes_to_the_same_in_any_order() {
        use VehicleAct::{Ended, Known, Owned, Serviced};
        let with = |told: VehicleTold, model: &str, km| {
            let facts = VehicleFacts { model: Some(model.into()), mileage_km: km, ..VehicleFacts::default() };
            VehicleTold { facts, ..told }
        };
        let tellings = [
            (with(told(Owned, 10), "A1", Some(5)), 10),
            (with(told(Known, 30), "A1 GT", None), 10),
            (with(told(Serviced, 20), "A1", Some(900)), 11),
            (told(Ended, 40), 11),
            (told(Owned, 50), 20),
            (told(Serviced, 60), 20),
        ];
        let fold = |order: &[usize]| {
            let mut vehicle = Vehicle::new("V1");
            order.iter().for_each(|at| vehicle.tell(&tellings[*at].0, FragmentId(tellings[*at].1)));
            vehicle
        };
        let straight = fold(&[0, 1, 2, 3, 4, 5]);
        for order in [[5, 4, 3, 2, 1, 0], [2, 0, 4, 1, 5, 3], [3, 5, 1, 0, 2, 4]] {
            assert_eq!(fold(&order), straight, "{order:?}");
        }
        assert_eq!((straight.facts.model.as_deref(), straight.facts.mileage_km), (Some("A1 GT"), Some(900)));
        assert_eq!((straight.serviced_us, all(&straight)), (Some(60), vec![(10, 10, Some(40)), (20, 50, None)]));
    }

    #[test]
    fn a_vehicle_goes_to_who_buys_it_and_a_co_owner_takes_nothing_away() {
        let mut vehicle = Vehicle::new("V1");
        vehicle.tell(&told(VehicleAct::Owned, 10), FragmentId(10));
        vehicle.tell(&VehicleTold { is_co_owner: true, ..told(VehicleAct::Owned, 20) }, FragmentId(20));
        assert_eq!(all(&vehicle), [(10, 10, None), (20, 20, None)]);
        let profile = |id: FragmentId| Some(ProfileId(id.0));
        assert_eq!(vehicle.owner(profile).map(|held| held.profile_id.0), Some(10));
        vehicle.tell(&told(VehicleAct::Owned, 30), FragmentId(30));
        assert_eq!(all(&vehicle), [(10, 10, Some(30)), (20, 20, Some(30)), (30, 30, None)]);
        // Sold by who sold it already: nothing changes. Nobody knows who an erased person was.
        vehicle.tell(&told(VehicleAct::Ended, 5), FragmentId(30));
        vehicle.tell(&told(VehicleAct::Ended, 50), FragmentId(40));
        vehicle.tell(&told(VehicleAct::Owned, 60), FragmentId(99));
        assert_eq!(all(&vehicle)[2], (30, 30, None));
    }
}
