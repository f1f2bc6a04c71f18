//! Who is who, decided from identifiers alone.
//!
//! The fragments of one event's personal identifiers are one person's. A device is its owner's until somebody else signs
//! in on it: then the next login interval begins, a fragment of its own, so that two known people never meet in one device.

use std::collections::BTreeSet;

use forecourt_model::{Event, FragmentId, Identifier, IdentifierKind, Move, ProfileId, event::EventType, time};
use forecourt_store::fragment::{Evidence, FragmentRow};
use rustc_hash::FxHashSet;

use crate::state::{Fragment, State};

/// A device that changed hands this often is no device but a constant somebody sends for everyone: it joins nobody any more.
const GENERATIONS_MAX: u32 = 64;
/// Pairs remembered as saved, so that each signed-in event does not write its evidence again.
const KNOWN_EDGES_MAX: usize = 500_000;

/// Pairs of fragments whose evidence is in the store.
#[derive(Default)]
pub(crate) struct KnownEdges(FxHashSet<(FragmentId, FragmentId)>);

impl KnownEdges {
    fn is_new(&mut self, a: FragmentId, b: FragmentId) -> bool {
        if KNOWN_EDGES_MAX <= self.0.len() {
            self.0.clear();
        }
        self.0.insert((a, b))
    }
}

/// Finds or makes the fragments that the event names, joins those that it proves to be one person's, and returns the one
/// that the event belongs to: its strongest identifier's.
pub(crate) fn resolve(state: &mut State<'_>, event: &Event) -> FragmentId {
    let mut own: Option<FragmentId> = None;
    let rule = if event.event_type == EventType::Alias { "alias" } else { "same_event" };
    for identifier in event.identifiers.iter().filter(|identifier| identifier.kind.is_person()) {
        let fragment = ensure(state, identifier, 0, event.ts_us);
        match own {
            Some(own) => join(state, own, fragment, rule),
            None => own = Some(fragment),
        }
    }
    let person = own;
    for identifier in event.identifiers.iter().filter(|identifier| !identifier.kind.is_person()) {
        let device = current_fragment(state, identifier, event.ts_us);
        match (person, own) {
            (Some(person), _) => sign_in(state, person, device, identifier, event, if rule == "alias" { rule } else { "signed_in" }),
            (None, Some(own)) => join(state, own, device, rule),
            (None, None) => own = Some(device),
        }
    }
    // An event without identifiers is refused at the border and when it is read back.
    own.unwrap_or(FragmentId(0))
}

/// The device joins the person, in a new login interval if it is somebody else's.
fn sign_in(state: &mut State<'_>, person: FragmentId, device: FragmentId, identifier: &Identifier, event: &Event, rule: &str) {
    if !is_another_person(state, device, event) {
        return join(state, person, device, rule);
    }
    let root = identifier.fragment_id(&state.settings.hash_key, 0);
    let Some(first) = state.fragments.get_mut(&root) else { return };
    if GENERATIONS_MAX <= first.row.current_generation {
        return;
    }
    first.row.current_generation += 1;
    first.dirty = true;
    let generation = first.row.current_generation;
    let next = ensure(state, identifier, generation, event.ts_us);
    join(state, person, next, rule);
}

/// Whether the device's present owner is known, and is known not to be the event's person: of some kind of identifier
/// both have one, and they share none at all.
fn is_another_person(state: &State<'_>, device: FragmentId, event: &Event) -> bool {
    let owner = state.fragments.get(&device).map(|fragment| fragment.row.profile_id);
    let mut conflict = false;
    for member in owner.and_then(|owner| state.members.get(&owner)).into_iter().flatten() {
        let Some(held) = state.fragments.get(member) else { continue };
        let kind = IdentifierKind::parse(&held.row.kind);
        if !kind.is_person() {
            continue;
        }
        for given in event.identifiers.iter().filter(|given| given.kind == kind) {
            if given.value == held.row.value {
                return false;
            }
            conflict = true;
        }
    }
    conflict
}

fn current_fragment(state: &mut State<'_>, identifier: &Identifier, ts_us: i64) -> FragmentId {
    let first = ensure(state, identifier, 0, ts_us);
    let generation = state.fragments.get(&first).map_or(0, |fragment| fragment.row.current_generation);
    if generation == 0 { first } else { ensure(state, identifier, generation, ts_us) }
}

fn ensure(state: &mut State<'_>, identifier: &Identifier, generation: u32, ts_us: i64) -> FragmentId {
    let id = identifier.fragment_id(&state.settings.hash_key, generation);
    if state.fragments.contains_key(&id) {
        return id;
    }
    let row = FragmentRow {
        fragment_id: id,
        profile_id: ProfileId::from(id),
        kind: identifier.kind.as_str().to_owned(),
        value: identifier.value.clone(),
        generation,
        current_generation: 0,
        first_us: ts_us,
        last_us: ts_us,
        first_offset: state.offset,
        events: 0,
        state: "{}".to_owned(),
    };
    let mut fragment = Fragment::new(row);
    fragment.dirty = true;
    state.fragments.insert(id, fragment);
    state.members.insert(ProfileId::from(id), vec![id]);
    state.add_number("profiles", 1);
    state.totals.add("new_profiles", time::day(ts_us), "", 1, 0);
    id
}

/// Notes the evidence that two fragments are one person's, and makes their profiles one.
fn join(state: &mut State<'_>, one: FragmentId, other: FragmentId, rule: &str) {
    let (a, b) = (one.min(other), one.max(other));
    if a == b {
        return;
    }
    if state.known_edges.is_new(a, b) {
        state.evidence.push(Evidence { a, b, rule: rule.to_owned(), log_offset: state.offset, at_us: state.at_us });
    }
    let profile_of = |id| state.fragments.get(&id).map(|fragment: &Fragment| fragment.row.profile_id);
    if let (Some(one), Some(other)) = (profile_of(a), profile_of(b))
        && one != other
    {
        merge(state, one.min(other), one.max(other));
    }
}

/// Regroups: every fragment of `from` is `to`'s now. The fragments themselves stay what they are.
fn merge(state: &mut State<'_>, to: ProfileId, from: ProfileId) {
    let moving = state.members.remove(&from).unwrap_or_default();
    let (mut first_us, mut last_us, mut first_offset, mut events) = (i64::MAX, i64::MIN, u64::MAX, 0);
    let mut began = BTreeSet::new();
    for id in &moving {
        if let Some(fragment) = state.fragments.get_mut(id) {
            fragment.row.profile_id = to;
            fragment.dirty = true;
            began.insert(fragment.row.first_us);
            if 0 < fragment.row.events {
                first_us = first_us.min(fragment.row.first_us);
                last_us = last_us.max(fragment.row.last_us);
                first_offset = first_offset.min(fragment.row.first_offset);
                events += fragment.row.events;
            }
        }
    }
    let kept_began =
        state.members.get(&to).into_iter().flatten().filter_map(|id| state.fragments.get(id)).map(|held| held.row.first_us).min();
    let members = state.members.entry(to).or_default();
    members.extend(moving);
    members.sort_unstable();
    if 0 < events {
        state.block.moves.push(Move { offset: state.offset, from, to, first_us, last_us, first_offset });
    }
    // Of two that were counted as new, the one that was seen first was.
    let later = began.first().copied().into_iter().chain(kept_began).max().unwrap_or(state.at_us);
    state.add_number("profiles", -1);
    state.totals.add("new_profiles", time::day(later), "", -1, 0);
}
