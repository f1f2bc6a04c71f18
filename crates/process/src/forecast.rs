//! What identity settings would make of everything that is known, without changing anything.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{
    FragmentId, IdentitySettings, ProfileId,
    identity::{Blocked, Node, partition},
};
use forecourt_store::{Store, StoreError, fragment::FragmentRow, weighing};
use rustc_hash::FxHashMap;
use serde::Serialize;

const EVIDENCE_PAGE: u32 = 20_000;
const EXAMPLES_MAX: usize = 20;
const IDENTIFIERS_SHOWN: usize = 6;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    pub profiles_before: u64,
    pub profiles_after: u64,
    /// Profiles that would become part of another.
    pub joined: u64,
    /// Profiles that would fall apart.
    pub parted: u64,
    pub examples: Vec<Example>,
}

/// Identifiers as they are grouped now, and as they would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    pub profile_id: String,
    pub before: Vec<Vec<String>>,
    pub after: Vec<Vec<String>>,
}

/// * `told`: called with a share of the work done, in per cent; the forecast stops when it answers `false`.
///
/// Returns `None` when it was stopped.
pub async fn forecast(
    store: &Store,
    settings: &IdentitySettings,
    mut told: impl FnMut(u64) -> bool,
) -> Result<Option<Forecast>, StoreError> {
    let blocked = Blocked::of(settings);
    let mut forecast = Forecast { profiles_before: store.profiles_count().await?, ..Forecast::default() };
    let components = components(store).await?;
    let total = components.len().max(1);
    for (at, ids) in components.into_iter().enumerate() {
        if at % 256 == 0 && !told((at * 100 / total) as u64) {
            return Ok(None);
        }
        let mut rows = store.fragments_by_id(&ids).await?;
        rows.sort_by_key(|row| row.fragment_id);
        let evidence = store.evidence_at(&ids).await?;
        let apart: Vec<_> = store.not_same_of(&ids).await?.into_iter().map(|said| (said.a, said.b)).collect();
        // What is shared now may be somebody's own under these settings.
        let nodes: Vec<Node> = rows.iter().map(|row| Node { was_shared: false, ..row.unread_node(&blocked) }).collect();
        let found = partition(&nodes, &weighing::edges(&evidence, &nodes), &apart, settings);
        forecast.compare(&rows, &found.profiles);
    }
    forecast.profiles_after = forecast.profiles_before + forecast.profiles_after - forecast.joined;
    Ok(Some(forecast))
}

impl Forecast {
    /// While it runs, `profiles_after` counts the parts that would be new.
    fn compare(&mut self, rows: &[FragmentRow], after: &[ProfileId]) {
        let mut parts: BTreeMap<ProfileId, BTreeSet<ProfileId>> = BTreeMap::new();
        let mut sources: BTreeMap<ProfileId, BTreeSet<ProfileId>> = BTreeMap::new();
        for (row, to) in rows.iter().zip(after) {
            parts.entry(row.profile_id).or_default().insert(*to);
            sources.entry(*to).or_default().insert(row.profile_id);
        }
        let parted: Vec<ProfileId> = parts.iter().filter(|(_, to)| 1 < to.len()).map(|(from, _)| *from).collect();
        let joined: u64 = sources.values().map(|from| from.len() as u64 - 1).sum();
        self.parted += parted.len() as u64;
        self.joined += joined;
        self.profiles_after += parts.values().map(|to| to.len() as u64 - 1).sum::<u64>();
        if (!parted.is_empty() || joined != 0) && self.examples.len() < EXAMPLES_MAX {
            let before: Vec<ProfileId> = rows.iter().map(|row| row.profile_id).collect();
            let profile_id = rows.first().map(|row| row.profile_id.0.to_string()).unwrap_or_default();
            self.examples.push(Example { profile_id, before: named(rows, &before), after: named(rows, after) });
        }
    }
}

fn named(rows: &[FragmentRow], profiles: &[ProfileId]) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<ProfileId, Vec<String>> = BTreeMap::new();
    for (row, profile) in rows.iter().zip(profiles).filter(|(row, _)| row.generation == 0) {
        let names = groups.entry(*profile).or_default();
        if names.len() < IDENTIFIERS_SHOWN {
            names.push(format!("{}: {}", row.kind, row.value));
        }
    }
    groups.into_values().collect()
}

/// Fragments that evidence connects, whatever came of it: those of which there are at least two.
async fn components(store: &Store) -> Result<Vec<Vec<FragmentId>>, StoreError> {
    let mut index: FxHashMap<FragmentId, u32> = FxHashMap::default();
    let mut ids: Vec<FragmentId> = Vec::new();
    let mut parent: Vec<u32> = Vec::new();
    let mut after = (FragmentId(-1), FragmentId(-1));
    loop {
        let page = store.evidence_page(after, EVIDENCE_PAGE).await?;
        let Some(last) = page.last().copied() else { break };
        for (a, b) in page {
            let mut at = |id: FragmentId| {
                *index.entry(id).or_insert_with(|| {
                    ids.push(id);
                    parent.push(parent.len() as u32);
                    parent.len() as u32 - 1
                })
            };
            let (one, two) = (at(a), at(b));
            let (one, two) = (root(&mut parent, one), root(&mut parent, two));
            if one != two {
                parent[one.max(two) as usize] = one.min(two);
            }
        }
        after = last;
    }
    let mut groups: BTreeMap<u32, Vec<FragmentId>> = BTreeMap::new();
    for at in 0..parent.len() as u32 {
        let to = root(&mut parent, at);
        groups.entry(to).or_default().push(ids[at as usize]);
    }
    Ok(groups.into_values().collect())
}

fn root(parent: &mut [u32], at: u32) -> u32 {
    let mut at = at;
    while parent[at as usize] != at {
        parent[at as usize] = parent[parent[at as usize] as usize];
        at = parent[at as usize];
    }
    at
}
