//! Profiles between which something is in dispute: all that is known of them, weighed anew.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{
    FragmentId, Move, ProfileId, Why,
    identity::{Edge, Node, Partition, partition},
    time,
};
use forecourt_store::{
    FoldTx, StoreError,
    fragment::{CONTESTED, DERIVED, Evidence, SHARED},
    identity::NotSame,
    weighing,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    identity::{count_decision, write_ledger},
    load,
    pending::Pending,
    state::State,
};

/// More fragments than this are not weighed together: what lies beyond stays as it is.
const WEIGHED_MAX: usize = 5_000;

type Pair = (FragmentId, FragmentId);

/// Evidence that is in memory, and of which fragments that is all.
#[derive(Default)]
pub(crate) struct Weighed {
    edges: BTreeMap<Pair, Evidence>,
    at: FxHashMap<FragmentId, BTreeSet<FragmentId>>,
    apart: BTreeMap<Pair, NotSame>,
    /// Fragments whose evidence is all here.
    complete: FxHashSet<FragmentId>,
}

impl Weighed {
    /// A fragment that this batch made has no evidence elsewhere.
    pub fn note_new(&mut self, id: FragmentId) {
        self.complete.insert(id);
    }

    pub fn note_evidence(&mut self, told: &Evidence) {
        match self.edges.get_mut(&(told.a, told.b)) {
            Some(held) => {
                held.tell(told);
            }
            None => {
                self.edges.insert((told.a, told.b), told.clone());
                self.at.entry(told.a).or_default().insert(told.b);
                self.at.entry(told.b).or_default().insert(told.a);
            }
        }
    }

    /// What the store has of a pair was said before all that this batch said of it.
    fn take_held(&mut self, mut held: Evidence) {
        if let Some(told) = self.edges.remove(&(held.a, held.b)) {
            held.tell(&told);
        }
        self.note_evidence(&held);
    }

    pub fn has_evidence(&self, one: FragmentId, other: FragmentId) -> bool {
        self.edges.contains_key(&(one.min(other), one.max(other)))
    }

    pub fn set_apart(&mut self, pair: Pair, said: Option<NotSame>) {
        match said {
            Some(said) => self.apart.entry(pair).or_insert(said),
            None => return drop(self.apart.remove(&pair)),
        };
    }

    /// Pairs that were said not to be the same, of which one end is in each list.
    pub fn apart_between(&self, one: &[FragmentId], other: &[FragmentId]) -> Vec<Pair> {
        let has = |list: &[FragmentId], id: &FragmentId| list.contains(id);
        let crosses = |(a, b): &&Pair| has(one, a) && has(other, b) || has(one, b) && has(other, a);
        self.apart.keys().filter(crosses).copied().collect()
    }

    /// A fragment, as far as it matters for whose it is; what the event that is being folded tells of its person included.
    pub fn node(state: &mut State<'_>, id: FragmentId) -> Option<Node> {
        let is_asked_again = state.looks_afresh && state.weighed.complete.contains(&id);
        let mut node = state.fragments.get_mut(&id)?.node(&state.blocked);
        node.was_shared &= !is_asked_again;
        if let Some((own, facts)) = &state.telling
            && *own == id
        {
            node.facts = facts.clone();
        }
        Some(node)
    }
}

/// Weighs anew what is known of the profiles that the record left unsettled, and regroups their fragments by it.
pub(crate) async fn settle(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending) -> Result<(), StoreError> {
    let mut seeds = std::mem::take(&mut state.unsettled);
    seeds.sort_unstable();
    seeds.dedup();
    let ids = gather(tx, state, pending, &seeds).await?;
    weigh(state, ids);
    state.telling = None;
    Ok(())
}

/// The fragments that evidence connects with the seeds, whatever came of it; all loaded, with all their evidence.
pub(crate) async fn gather(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    seeds: &[FragmentId],
) -> Result<Vec<FragmentId>, StoreError> {
    let mut found: BTreeSet<FragmentId> = BTreeSet::new();
    let mut frontier = seeds.to_vec();
    let most = WEIGHED_MAX.max(20 * seeds.len());
    while !frontier.is_empty() && found.len() < most {
        load::whole_profiles(tx, state, pending, &frontier).await?;
        let mut next: BTreeSet<FragmentId> = BTreeSet::new();
        for id in &frontier {
            if let Some(profile) = state.fragments.get(id).map(|fragment| fragment.row.profile_id) {
                next.extend(state.members.get(&profile).into_iter().flatten().copied());
            }
        }
        let fresh: Vec<FragmentId> = next.into_iter().filter(|id| !found.contains(id)).collect();
        found.extend(&fresh);
        // What too many people share leads to too many people.
        let leads_on =
            |id: &FragmentId| seeds.contains(id) || state.fragments.get(id).is_some_and(|fragment| fragment.row.marks & SHARED == 0);
        let open: Vec<FragmentId> = fresh.into_iter().filter(leads_on).collect();
        read_evidence(tx, state, pending, &open).await?;
        let ends = open.iter().filter_map(|id| state.weighed.at.get(id)).flatten();
        frontier = ends.filter(|id| !found.contains(id)).copied().collect::<BTreeSet<_>>().into_iter().collect();
    }
    if most <= found.len() {
        tracing::warn!(fragments = found.len(), "more identifiers hang together than are weighed at once: some stay as they are");
    }
    Ok(found.into_iter().collect())
}

async fn read_evidence(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, ids: &[FragmentId]) -> Result<(), StoreError> {
    let unread: Vec<FragmentId> = ids.iter().copied().filter(|id| !state.weighed.complete.contains(id)).collect();
    if unread.is_empty() {
        return Ok(());
    }
    // The latest first: each was said before what is taken already.
    for held in pending.evidence_at(&unread).into_iter().chain(tx.evidence_at(&unread).await?) {
        state.weighed.take_held(held);
    }
    for said in tx.not_same_at(&unread).await? {
        if !state.apart_changes.contains_key(&(said.a, said.b)) {
            state.weighed.set_apart((said.a, said.b), Some(said));
        }
    }
    state.weighed.complete.extend(unread);
    Ok(())
}

fn weigh(state: &mut State<'_>, ids: Vec<FragmentId>) {
    let nodes: Vec<Node> = ids.iter().filter_map(|id| Weighed::node(state, *id)).collect();
    let among = |id: &FragmentId| ids.binary_search(id).is_ok();
    let of_ids = ids.iter().filter_map(|id| Some((*id, state.weighed.at.get(id)?)));
    let pairs: BTreeSet<Pair> = of_ids
        .flat_map(|(id, others)| others.iter().map(move |other| (id.min(*other), id.max(*other))))
        .filter(|(a, b)| among(a) && among(b))
        .collect();
    let held: Vec<Evidence> = pairs.iter().filter_map(|pair| state.weighed.edges.get(pair)).cloned().collect();
    let edges = weighing::edges(&held, &nodes);
    let apart: Vec<Pair> = state.weighed.apart.keys().filter(|(a, b)| among(a) && among(b)).copied().collect();
    let identity = state.identity.clone();
    let found = partition(&nodes, &edges, &apart, &identity);
    let before: Vec<ProfileId> =
        ids.iter().map(|id| state.fragments.get(id).map_or(ProfileId::from(*id), |fragment| fragment.row.profile_id)).collect();
    mark(state, &nodes, &edges, &apart, &found);
    regroup(state, &ids, &before, &found);
    tell(state, &ids, &before, &found, &held);
}

/// Leaves a mark where whoever adds evidence must weigh all of it again.
fn mark(state: &mut State<'_>, nodes: &[Node], edges: &[Edge], apart: &[Pair], found: &Partition) {
    let mut contested: FxHashSet<FragmentId> = apart.iter().flat_map(|(a, b)| [*a, *b]).collect();
    for refused in found.refused.iter().filter(|refused| refused.why != Why::NamesNobody) {
        contested.extend([edges[refused.edge].a, edges[refused.edge].b]);
    }
    for (at, node) in nodes.iter().enumerate() {
        let Some(fragment) = state.fragments.get_mut(&node.id) else { continue };
        let is_contested = contested.contains(&node.id) || found.is_inferred[at];
        let marks = SHARED * u32::from(found.is_shared[at]) | CONTESTED * u32::from(is_contested) | fragment.row.marks & DERIVED;
        fragment.dirty |= fragment.row.marks != marks;
        fragment.row.marks = marks;
    }
}

/// Gives each fragment to the profile that was found for it; the lake is told of those with events.
fn regroup(state: &mut State<'_>, ids: &[FragmentId], before: &[ProfileId], found: &Partition) {
    if before == found.profiles {
        return;
    }
    count_new(state, ids, before, -1);
    for ((id, from), to) in ids.iter().zip(before).zip(&found.profiles).filter(|((_, from), to)| from != to) {
        let Some(fragment) = state.fragments.get_mut(id) else { continue };
        fragment.row.profile_id = *to;
        fragment.dirty = true;
        state.regrouped.push((*from, *to, Some(*id)));
        if 0 < fragment.row.events {
            state.block.moves.push(Move {
                offset: state.offset,
                from: *from,
                to: *to,
                fragment: Some(*id),
                first_us: fragment.row.first_us,
                last_us: fragment.last_row_us(state.at_us),
                first_offset: fragment.row.first_offset,
            });
        }
    }
    for profile in before {
        state.members.remove(profile);
    }
    for (id, profile) in ids.iter().zip(&found.profiles) {
        state.members.entry(*profile).or_default().push(*id);
    }
    for profile in &found.profiles {
        if let Some(members) = state.members.get_mut(profile) {
            members.sort_unstable();
            members.dedup();
        }
    }
    count_new(state, ids, &found.profiles, 1);
}

/// Counts each profile as new on the day that its first fragment was seen.
fn count_new(state: &mut State<'_>, ids: &[FragmentId], profiles: &[ProfileId], sign: i64) {
    let mut began: BTreeMap<ProfileId, i64> = BTreeMap::new();
    for (id, profile) in ids.iter().zip(profiles) {
        let first_us = state.fragments.get(id).map_or(state.at_us, |fragment| fragment.row.first_us);
        began.entry(*profile).and_modify(|held| *held = (*held).min(first_us)).or_insert(first_us);
    }
    state.add_number("profiles", sign * began.len() as i64);
    for first_us in began.into_values() {
        state.totals.add("new_profiles", time::day(first_us), "", sign, 0);
    }
}

/// Writes into the ledger what came of the record's evidence, and what else it set off.
fn tell(state: &mut State<'_>, ids: &[FragmentId], before: &[ProfileId], found: &Partition, held: &[Evidence]) {
    let at = |id: &FragmentId| ids.binary_search(id).ok();
    let offset = state.offset;
    // What the record says of a pair may add to what others said of it before.
    let news: BTreeSet<Pair> =
        state.evidence.iter().rev().take_while(|told| told.log_offset == offset).map(|told| (told.a, told.b)).collect();
    let mut told: BTreeSet<Pair> = BTreeSet::new();
    for (index, evidence) in held.iter().enumerate() {
        let (Some(a), Some(b)) = (at(&evidence.a), at(&evidence.b)) else { continue };
        let profiles = (before[a], before[b]);
        // Older evidence may have joined until now, and gives way to the new.
        let gave_way = before[a] == before[b] && found.profiles[a] != found.profiles[b];
        let is_first = evidence.log_offset == offset;
        if !is_first && !gave_way && !news.contains(&(evidence.a, evidence.b)) {
            continue;
        }
        if found.profiles[a] == found.profiles[b] && before[a] != before[b] {
            count_decision(state, &format!("merged:{}", evidence.rule));
            write_ledger(state, "merged", &evidence.rule, None, evidence.a, evidence.b, profiles);
            told.insert((FragmentId(before[a].0.min(before[b].0)), FragmentId(before[a].0.max(before[b].0))));
        } else if let Some(refused) = found.refused.iter().find(|refused| (is_first || gave_way) && refused.edge == index) {
            count_decision(state, &format!("refused:{}", refused.why.as_str()));
            write_ledger(state, "refused", &evidence.rule, Some(&refused.why), evidence.a, evidence.b, profiles);
        }
    }
    // Profiles that fell apart, and others that became one with them.
    let mut parts: BTreeMap<ProfileId, BTreeSet<ProfileId>> = BTreeMap::new();
    for (from, to) in before.iter().zip(&found.profiles) {
        parts.entry(*from).or_default().insert(*to);
    }
    let is_new = |profile: &ProfileId| {
        let fragments = ids.iter().zip(before).filter(|(_, held)| *held == profile).filter_map(|(id, _)| state.fragments.get(id));
        fragments.clone().all(|fragment| fragment.row.first_offset >= state.offset)
    };
    let parted: Vec<(ProfileId, ProfileId)> = parts
        .iter()
        .filter(|(from, _)| !is_new(from))
        .flat_map(|(from, to)| {
            // The part that keeps the id has not left; where none does, the first is the one that the others left.
            let kept = if to.contains(from) { Some(from) } else { to.first() };
            to.iter().filter(move |part| Some(*part) != kept).map(move |part| (*from, *part))
        })
        .collect();
    let why = state.because.clone();
    for (from, part) in parted {
        count_decision(state, "parted");
        write_ledger(state, "parted", "", why.as_ref(), FragmentId(from.0), FragmentId(part.0), (from, part));
    }
    let mut joined: BTreeMap<ProfileId, BTreeSet<ProfileId>> = BTreeMap::new();
    for (from, to) in before.iter().zip(&found.profiles) {
        joined.entry(*to).or_default().insert(*from);
    }
    for froms in joined.into_values() {
        let mut froms = froms.into_iter();
        let Some(first) = froms.next() else { continue };
        for other in froms {
            let pair = (FragmentId(first.0.min(other.0)), FragmentId(first.0.max(other.0)));
            if !told.contains(&pair)
                && parts.get(&other).is_some_and(|to| to.len() == 1)
                && parts.get(&first).is_some_and(|to| to.len() == 1)
            {
                write_ledger(state, "merged", "", None, pair.0, pair.1, (ProfileId(pair.0.0), ProfileId(pair.1.0)));
            }
        }
    }
}
