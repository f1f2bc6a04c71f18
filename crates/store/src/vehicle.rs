//! Vehicles with their owners, and households.

use std::collections::BTreeMap;

use forecourt_model::{FragmentId, ProfileId, vehicle::Vehicle};

use crate::{Row, Store, StoreError, Value, store::FoldTx};

const COLUMNS: &str = "vin, due_us, body";

fn vehicle(row: &Row) -> Result<Vehicle, StoreError> {
    let body = row.text(2)?;
    let mut vehicle: Vehicle = serde_json::from_str(&body).map_err(|error| StoreError::Unreadable(format!("a vehicle: {error}")))?;
    vehicle.due_us = Some(row.int(1)?).filter(|us| *us != 0);
    Ok(vehicle)
}

fn keys(fragments: &[FragmentId]) -> Vec<Value> {
    fragments.iter().map(|id| id.0.into()).collect()
}

fn rows(vehicles: &[&Vehicle]) -> Result<Vec<Value>, StoreError> {
    let mut parameters = Vec::with_capacity(vehicles.len() * 3);
    for held in vehicles {
        let body = serde_json::to_string(held).map_err(|error| StoreError::Invalid(error.to_string()))?;
        parameters.extend([held.vin.as_str().into(), held.due_us.unwrap_or(0).into(), body.as_str().into()]);
    }
    Ok(parameters)
}

/// Somebody's word that a person is of a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdMember {
    pub fragment_id: FragmentId,
    pub household_id: String,
    pub at_us: i64,
}

impl FoldTx {
    pub async fn vehicles(&mut self, vins: &[String]) -> Result<Vec<Vehicle>, StoreError> {
        let keys = vins.iter().map(|vin| Value::from(vin.as_str())).collect();
        self.tx.query_keys(&format!("SELECT {COLUMNS} FROM vehicles WHERE vin IN"), "", keys).await?.iter().map(vehicle).collect()
    }

    /// All vehicles that any of these fragments owned at some time.
    pub async fn vehicles_of(&mut self, fragments: &[FragmentId]) -> Result<Vec<Vehicle>, StoreError> {
        const HEAD: &str =
            "SELECT DISTINCT v.vin, v.due_us, v.body FROM vehicle_owners o JOIN vehicles v ON v.vin = o.vin WHERE o.fragment_id IN";
        self.tx.query_keys(HEAD, "", keys(fragments)).await?.iter().map(vehicle).collect()
    }

    /// Vehicles that rules look at by then, in the order of their times.
    pub async fn vehicles_due(&mut self, until_us: i64, limit: usize) -> Result<Vec<Vehicle>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM vehicles WHERE due_us <> 0 AND due_us <= $1 ORDER BY due_us, vin LIMIT $2");
        self.tx.query(&sql, vec![until_us.into(), (limit as i64).into()]).await?.iter().map(vehicle).collect()
    }

    /// Rules look at all vehicles at a time, or at none.
    pub async fn look_at_all_vehicles(&mut self, due_us: Option<i64>) -> Result<(), StoreError> {
        self.tx.execute("UPDATE vehicles SET due_us = $1", vec![due_us.unwrap_or(0).into()]).await?;
        Ok(())
    }

    pub async fn save_vehicles(&mut self, vehicles: &[&Vehicle]) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (vin) DO UPDATE SET due_us = excluded.due_us, body = excluded.body";
        self.tx.execute_rows(&format!("INSERT INTO vehicles ({COLUMNS})"), TAIL, 3, rows(vehicles)?).await?;
        let owners = vehicles.iter().flat_map(|held| held.owners.iter().map(|owner| (owner.fragment_id, held.vin.as_str())));
        let parameters = owners.flat_map(|(fragment_id, vin)| [fragment_id.into(), vin.into()]).collect();
        const OWNERS: &str = "INSERT INTO vehicle_owners (fragment_id, vin)";
        self.tx.execute_rows(OWNERS, "ON CONFLICT (fragment_id, vin) DO NOTHING", 2, parameters).await?;
        Ok(())
    }

    /// Forgets who of these owned what; a vehicle that nobody else owned goes as a whole.
    pub async fn erase_owners(&mut self, fragments: &[FragmentId]) -> Result<(), StoreError> {
        let mut kept = Vec::new();
        for mut held in self.vehicles_of(fragments).await? {
            held.owners.retain(|owner| !fragments.contains(&FragmentId(owner.fragment_id)));
            if held.owners.is_empty() {
                self.tx.execute("DELETE FROM vehicles WHERE vin = $1", vec![held.vin.as_str().into()]).await?;
            } else {
                kept.push(held);
            }
        }
        self.save_vehicles(&kept.iter().collect::<Vec<_>>()).await
    }

    /// A later word about a fragment takes the place of an earlier one.
    pub async fn save_household_members(&mut self, members: impl Iterator<Item = HouseholdMember>) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (fragment_id) DO UPDATE SET household_id = excluded.household_id, at_us = excluded.at_us
            WHERE household_members.at_us <= excluded.at_us";
        let parameters =
            members.flat_map(|held| [held.fragment_id.0.into(), held.household_id.as_str().into(), held.at_us.into()]).collect();
        let head = "INSERT INTO household_members (fragment_id, household_id, at_us)";
        self.tx.execute_rows(head, TAIL, 3, parameters).await?;
        Ok(())
    }
}

/// A time with a vehicle, with whose it was.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleOf {
    pub vehicle: Vehicle,
    /// By fragment of its owners.
    pub profiles: BTreeMap<i64, ProfileId>,
}

impl Store {
    /// Vehicles that a profile owns or owned.
    pub async fn vehicles_of(&self, profile_id: ProfileId) -> Result<Vec<VehicleOf>, StoreError> {
        const SQL: &str = "SELECT DISTINCT v.vin, v.due_us, v.body FROM fragments f JOIN vehicle_owners o ON o.fragment_id = f.fragment_id
             JOIN vehicles v ON v.vin = o.vin WHERE f.profile_id = $1 ORDER BY v.vin LIMIT 200";
        let vehicles = self.db.query(SQL, vec![profile_id.0.into()]).await?.iter().map(vehicle).collect::<Result<Vec<_>, _>>()?;
        let mut all = Vec::new();
        for vehicle in vehicles {
            let profiles = self.owners_of(&vehicle.vin).await?;
            all.push(VehicleOf { vehicle, profiles });
        }
        Ok(all)
    }

    /// A vehicle by its VIN.
    pub async fn vehicle(&self, vin: &str) -> Result<Option<VehicleOf>, StoreError> {
        let rows = self.db.query(&format!("SELECT {COLUMNS} FROM vehicles WHERE vin = $1"), vec![vin.into()]).await?;
        let Some(vehicle) = rows.first().map(vehicle).transpose()? else { return Ok(None) };
        let profiles = self.owners_of(vin).await?;
        Ok(Some(VehicleOf { vehicle, profiles }))
    }

    async fn owners_of(&self, vin: &str) -> Result<BTreeMap<i64, ProfileId>, StoreError> {
        const SQL: &str =
            "SELECT o.fragment_id, f.profile_id FROM vehicle_owners o JOIN fragments f ON f.fragment_id = o.fragment_id WHERE o.vin = $1";
        let rows = self.db.query(SQL, vec![vin.into()]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, ProfileId(row.int(1)?)))).collect()
    }

    /// The households that a profile is of, each with all its members.
    pub async fn households_of(&self, profile_id: ProfileId) -> Result<Vec<(String, Vec<ProfileId>)>, StoreError> {
        const SQL: &str = "SELECT DISTINCT m.household_id, g.profile_id FROM fragments f
             JOIN household_members m ON m.fragment_id = f.fragment_id
             JOIN household_members n ON n.household_id = m.household_id
             JOIN fragments g ON g.fragment_id = n.fragment_id
             WHERE f.profile_id = $1 ORDER BY m.household_id, g.profile_id LIMIT 500";
        let mut all: Vec<(String, Vec<ProfileId>)> = Vec::new();
        for row in self.db.query(SQL, vec![profile_id.0.into()]).await? {
            let (household_id, member) = (row.text(0)?, ProfileId(row.int(1)?));
            match all.last_mut().filter(|(held, _)| *held == household_id) {
                Some((_, members)) => members.push(member),
                None => all.push((household_id, vec![member])),
            }
        }
        Ok(all)
    }

    /// Some vehicles in the order of their VINs, after one, with whose they are: `(vehicle, by fragment the profile)`.
    pub async fn vehicles_after(&self, after: &str, limit: u32) -> Result<Vec<VehicleOf>, StoreError> {
        const SQL: &str = "SELECT vin, due_us, body FROM vehicles WHERE vin > $1 ORDER BY vin LIMIT $2";
        let rows = self.db.query(SQL, vec![after.into(), i64::from(limit).into()]).await?;
        let vehicles = rows.iter().map(vehicle).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = vehicles.last().map(|held| held.vin.clone()) else { return Ok(Vec::new()) };
        const OWNERS: &str = "SELECT o.vin, o.fragment_id, f.profile_id FROM vehicle_owners o
             JOIN fragments f ON f.fragment_id = o.fragment_id WHERE o.vin > $1 AND o.vin <= $2";
        let mut profiles: BTreeMap<String, BTreeMap<i64, ProfileId>> = Default::default();
        for row in self.db.query(OWNERS, vec![after.into(), last.as_str().into()]).await? {
            profiles.entry(row.text(0)?).or_default().insert(row.int(1)?, ProfileId(row.int(2)?));
        }
        Ok(vehicles.into_iter().map(|vehicle| VehicleOf { profiles: profiles.remove(&vehicle.vin).unwrap_or_default(), vehicle }).collect())
    }
}
