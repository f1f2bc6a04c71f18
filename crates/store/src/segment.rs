//! Segments: their versions, and who is in them.

use std::collections::BTreeMap;

use forecourt_model::{
    FragmentId, ProfileId,
    segment::{Memberships, Segments, Version},
};

use crate::{Row, Store, StoreError, Value, store::FoldTx, totals::DailyTotal};

/// A change of what a profile is in.
pub type MembershipChanges = BTreeMap<ProfileId, Memberships>;

/// What rules look at of the profiles of some ids. Of who came or went a moment ago the tables may know less than the fold.
#[derive(Debug, Default)]
pub struct PeopleBetween {
    pub parts: Vec<PartRow>,
    /// Stage of each lead, and since when.
    pub leads: Vec<(ProfileId, String, i64)>,
    /// When each confirmed order was made, and its revenue.
    pub orders: Vec<(ProfileId, i64, Option<f64>)>,
    pub memberships: Vec<(ProfileId, Memberships)>,
}

/// A fragment as far as rules look at it.
#[derive(Debug)]
pub struct PartRow {
    pub fragment_id: FragmentId,
    pub profile_id: ProfileId,
    pub kind: String,
    pub events: u64,
    pub first_us: i64,
    pub last_us: i64,
    /// JSON of [`forecourt_model::FragmentState`].
    pub state: String,
}

/// What of [`PeopleBetween`] is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeopleAsked {
    /// Without them states are empty objects.
    pub states: bool,
    pub entities: bool,
    pub memberships: bool,
}

/// Profiles read at a time where all are looked through.
const PAGE_ROWS: i64 = 20_000;

fn version(row: &Row) -> Result<Version, StoreError> {
    serde_json::from_str(&row.text(0)?).map_err(|error| StoreError::Unreadable(format!("a segment: {error}")))
}

fn segments(rows: &[Row]) -> Result<Segments, StoreError> {
    let versions = rows.iter().map(|row| version(row).map(|version| (version.number, version)));
    Ok(Segments { versions: versions.collect::<Result<_, _>>()? })
}

fn memberships(row: &Row) -> Result<(ProfileId, Memberships), StoreError> {
    let turns_us = Some(row.int(1)?).filter(|turns_us| *turns_us != 0);
    Ok((ProfileId(row.int(0)?), Memberships::decode(&row.text(2)?, turns_us)))
}

/// Fragments that a profile of the range is named after, and all others of such profiles: each by an index.
const ROOTS_BETWEEN: &str = "$1 < f.fragment_id AND f.fragment_id <= $2 AND f.profile_id = f.fragment_id";
const OTHERS_BETWEEN: &str = "$1 < f.profile_id AND f.profile_id <= $2 AND f.profile_id <> f.fragment_id";

const VERSIONS: &str = "SELECT body FROM segment_versions ORDER BY number";

impl FoldTx {
    /// What the profiles are in; those that are in none may be absent.
    pub async fn memberships(&mut self, ids: &[ProfileId]) -> Result<Vec<(ProfileId, Memberships)>, StoreError> {
        let keys = ids.iter().map(|id| id.0.into()).collect();
        self.tx
            .query_many("profile_id, turns_us, members", "memberships WHERE profile_id IN", keys)
            .await?
            .iter()
            .map(memberships)
            .collect()
    }

    /// The profiles whose time has come, in its order.
    pub async fn memberships_due(&mut self, until_us: i64, limit: usize) -> Result<Vec<(ProfileId, Memberships)>, StoreError> {
        const SQL: &str = "SELECT profile_id, turns_us, members FROM memberships WHERE turns_us <> 0 AND turns_us <= $1
            ORDER BY turns_us, profile_id LIMIT $2";
        self.tx.query(SQL, vec![until_us.into(), (limit as i64).into()]).await?.iter().map(memberships).collect()
    }

    pub async fn save_memberships<'a>(&mut self, changes: impl Iterator<Item = (ProfileId, &'a Memberships)>) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (profile_id) DO UPDATE SET turns_us = excluded.turns_us, members = excluded.members";
        let parameters = changes.flat_map(|(profile_id, held)| {
            [Value::from(profile_id.0), Value::from(held.turns_us.unwrap_or(0)), Value::from(held.encode().as_str())]
        });
        let parameters: Vec<Value> = parameters.collect();
        self.tx.execute_rows("INSERT INTO memberships (profile_id, turns_us, members)", TAIL, 3, parameters).await?;
        Ok(())
    }

    pub async fn save_segment_versions(&mut self, changed: &[&Version], removed: &[u32]) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO segment_versions (number, body) VALUES ($1, $2)
            ON CONFLICT (number) DO UPDATE SET body = excluded.body";
        for version in changed {
            let body = serde_json::to_string(version).unwrap_or_default();
            self.tx.execute(SQL, vec![i64::from(version.number).into(), body.as_str().into()]).await?;
        }
        for number in removed {
            self.tx.execute("DELETE FROM segment_versions WHERE number = $1", vec![i64::from(*number).into()]).await?;
        }
        Ok(())
    }

    /// The roots of profiles in a range of ids: after `after`, up to and with `until`.
    pub async fn roots_between(&mut self, after: i64, until: i64) -> Result<Vec<ProfileId>, StoreError> {
        const SQL: &str = "SELECT fragment_id FROM fragments WHERE $1 < fragment_id AND fragment_id <= $2 AND profile_id = fragment_id";
        self.tx.query(SQL, vec![after.into(), until.into()]).await?.iter().map(|row| row.int(0).map(ProfileId)).collect()
    }
}

impl Store {
    pub async fn segments(&self) -> Result<Segments, StoreError> {
        segments(&self.db.query(VERSIONS, vec![]).await?)
    }

    /// What a profile is in.
    pub async fn memberships(&self, profile_id: ProfileId) -> Result<Memberships, StoreError> {
        const SQL: &str = "SELECT profile_id, turns_us, members FROM memberships WHERE profile_id = $1";
        let rows = self.db.query(SQL, vec![profile_id.0.into()]).await?;
        Ok(rows.first().map(memberships).transpose()?.map(|(_, held)| held).unwrap_or_default())
    }

    /// Members of a version by rising id, with the time they entered at.
    ///
    /// * `after`: the last id of the page before.
    pub async fn members_after(&self, number: u32, after: i64, limit: u32) -> Result<Vec<(ProfileId, i64)>, StoreError> {
        const SQL: &str = "SELECT profile_id, turns_us, members FROM memberships WHERE $1 < profile_id AND members LIKE $2
            ORDER BY profile_id LIMIT $3";
        let found = self.db.query(SQL, vec![after.into(), format!("%,{number}:%").as_str().into(), i64::from(limit).into()]).await?;
        let since = |row: &Row| memberships(row).map(|(id, held)| (id, held.since_us.get(&number).copied().unwrap_or(0)));
        found.iter().map(since).collect()
    }

    /// All members of a version.
    pub async fn members(&self, number: u32) -> Result<Vec<ProfileId>, StoreError> {
        let mut all = Vec::new();
        let mut after = -1;
        loop {
            let page = self.members_after(number, after, PAGE_ROWS as u32).await?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            after = last.0;
            all.extend(page.into_iter().map(|(id, _)| id));
        }
    }

    /// How many members of a version each other version has too.
    pub async fn overlap(&self, number: u32) -> Result<BTreeMap<u32, u64>, StoreError> {
        const SQL: &str = "SELECT profile_id, turns_us, members FROM memberships WHERE $1 < profile_id AND members LIKE $2
            ORDER BY profile_id LIMIT $3";
        let mut counts = BTreeMap::new();
        let mut after = -1;
        loop {
            let pattern = format!("%,{number}:%");
            let rows = self.db.query(SQL, vec![after.into(), pattern.as_str().into(), PAGE_ROWS.into()]).await?;
            for row in &rows {
                let (id, held) = memberships(row)?;
                after = id.0;
                for other in held.since_us.into_keys() {
                    *counts.entry(other).or_default() += 1;
                }
            }
            if (rows.len() as i64) < PAGE_ROWS {
                return Ok(counts);
            }
        }
    }

    /// What rules look at of the profiles of a range of ids: after `after`, up to and with `until`.
    pub async fn people_between(&self, after: i64, until: i64, asked: PeopleAsked) -> Result<PeopleBetween, StoreError> {
        let parts = self.parts_between(after, until, asked.states).await?;
        let (leads, orders) = if asked.entities {
            (self.leads_of_people(after, until).await?, self.orders_of_people(after, until).await?)
        } else {
            Default::default()
        };
        let memberships = if asked.memberships { self.memberships_between(after, until).await? } else { Vec::new() };
        Ok(PeopleBetween { parts, leads, orders, memberships })
    }

    async fn parts_between(&self, after: i64, until: i64, states: bool) -> Result<Vec<PartRow>, StoreError> {
        let columns = format!("fragment_id, profile_id, kind, events, first_us, last_us, {}", if states { "state" } else { "'{}'" });
        let mut found = Vec::new();
        for rest in [ROOTS_BETWEEN, OTHERS_BETWEEN] {
            let rest = format!("fragments f WHERE {rest}");
            for row in self.db.query_packed(&columns, &rest, vec![after.into(), until.into()]).await? {
                found.push(PartRow {
                    fragment_id: FragmentId(row.int(0)?),
                    profile_id: ProfileId(row.int(1)?),
                    kind: row.text(2)?,
                    events: row.int(3)? as u64,
                    first_us: row.int(4)?,
                    last_us: row.int(5)?,
                    state: row.text(6)?,
                });
            }
        }
        Ok(found)
    }

    async fn leads_of_people(&self, after: i64, until: i64) -> Result<Vec<(ProfileId, String, i64)>, StoreError> {
        let mut found = Vec::new();
        for rest in [ROOTS_BETWEEN, OTHERS_BETWEEN] {
            let rest = format!("fragments f JOIN leads e ON e.fragment_id = f.fragment_id WHERE {rest}");
            for row in self.db.query_packed("f.profile_id, e.stage, e.stage_us", &rest, vec![after.into(), until.into()]).await? {
                found.push((ProfileId(row.int(0)?), row.text(1)?, row.int(2)?));
            }
        }
        Ok(found)
    }

    async fn orders_of_people(&self, after: i64, until: i64) -> Result<Vec<(ProfileId, i64, Option<f64>)>, StoreError> {
        let mut found = Vec::new();
        for rest in [ROOTS_BETWEEN, OTHERS_BETWEEN] {
            let sql = format!(
                "SELECT f.profile_id, e.at_us, e.revenue FROM fragments f JOIN orders e ON e.fragment_id = f.fragment_id
                 WHERE {rest} AND e.status = 'confirmed'"
            );
            for row in self.db.query(&sql, vec![after.into(), until.into()]).await? {
                found.push((ProfileId(row.int(0)?), row.int(1)?, row.maybe_real(2)?));
            }
        }
        Ok(found)
    }

    async fn memberships_between(&self, after: i64, until: i64) -> Result<Vec<(ProfileId, Memberships)>, StoreError> {
        let rest = "memberships WHERE $1 < profile_id AND profile_id <= $2";
        let rows = self.db.query_packed("profile_id, turns_us, members", rest, vec![after.into(), until.into()]).await?;
        rows.iter().map(memberships).collect()
    }

    /// How many entered and left each segment on the days since `from_day`: metrics `segment_entered` and `segment_left` by id.
    pub async fn segment_turns(&self, from_day: i32) -> Result<Vec<DailyTotal>, StoreError> {
        const SQL: &str = "SELECT day, metric, dimension, count, amount FROM totals
            WHERE day >= $1 AND metric IN ('segment_entered', 'segment_left') ORDER BY day, metric, dimension";
        let total = |row: &Row| {
            let (day, metric, dimension) = (row.int(0)? as i32, row.text(1)?, row.text(2)?);
            Ok(DailyTotal { day, metric, dimension, count: row.int(3)?, amount: row.int(4)? })
        };
        self.db.query(SQL, vec![i64::from(from_day).into()]).await?.iter().map(total).collect()
    }

    /// When the first profile's time comes.
    pub async fn memberships_turn_us(&self) -> Result<Option<i64>, StoreError> {
        const SQL: &str = "SELECT turns_us FROM memberships WHERE turns_us <> 0 ORDER BY turns_us LIMIT 1";
        self.db.query(SQL, vec![]).await?.first().map(|row| row.int(0)).transpose()
    }

    /// The ids that cut all profiles into ranges of about so many: the last of each range, but for the very last.
    pub async fn profile_ranges(&self, rows: u64) -> Result<Vec<i64>, StoreError> {
        const SQL: &str = "SELECT fragment_id FROM fragments WHERE $1 < fragment_id ORDER BY fragment_id LIMIT 1 OFFSET $2";
        let mut cuts = Vec::new();
        let mut after = -1i64;
        while let Some(row) = self.db.query(SQL, vec![after.into(), (rows as i64 - 1).into()]).await?.first() {
            after = row.int(0)?;
            cuts.push(after);
        }
        Ok(cuts)
    }
}
