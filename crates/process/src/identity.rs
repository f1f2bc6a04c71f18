//! Who is who: what an event says of it, noted; and who that makes one person.
//!
//! An event's identifiers are evidence. Where nothing contradicts it, the fragments' profiles become one at once: the same
//! end that weighing all evidence anew would reach. Where something does, the profiles are left for
//! [`crate::component::settle`], which weighs all that is known of them (`model::identity`).

use forecourt_model::{
    Event, FragmentId, Identifier, ProfileId, Trust, Why,
    event::EventType,
    fragment::DeviceLogin,
    identity::{self, KindRole, PersonFacts},
    time::{self, HOUR_US},
};
use forecourt_store::{
    fragment::{CONTESTED, Evidence, FragmentRow, SHARED},
    identity::LedgerLine,
    weighing::{ALIAS, LOGIN_INTERVAL},
};
use rustc_hash::FxHashMap;

use crate::{
    component::Weighed,
    state::{Fragment, State},
};

/// Pairs remembered as saved, so that each signed-in event does not write its evidence again.
const KNOWN_EDGES_MAX: usize = 500_000;

/// Evidence that the store has, as far as it was met lately.
#[derive(Default)]
pub(crate) struct KnownEdges(FxHashMap<(FragmentId, FragmentId), Known>);

struct Known {
    trust: Trust,
    first_us: i64,
    last_day: i32,
    /// Of a person and a device: the last hour in which the person was noted there.
    hour: i64,
}

impl KnownEdges {
    /// Whether the evidence says anything that was not said lately.
    fn tells_more(&mut self, claim: &Evidence) -> bool {
        if KNOWN_EDGES_MAX <= self.0.len() {
            self.0.clear();
        }
        match self.0.get_mut(&(claim.a, claim.b)) {
            Some(known) => {
                let adds = known.trust < claim.trust || claim.first_us < known.first_us || known.last_day < claim.last_day;
                known.trust = known.trust.max(claim.trust);
                known.first_us = known.first_us.min(claim.first_us);
                known.last_day = known.last_day.max(claim.last_day);
                adds
            }
            None => {
                let known = Known { trust: claim.trust, first_us: claim.first_us, last_day: claim.last_day, hour: i64::MIN };
                self.0.insert((claim.a, claim.b), known);
                true
            }
        }
    }

    /// Whether the person was noted on the device in this hour already.
    fn was_there(&mut self, one: FragmentId, other: FragmentId, at_us: i64) -> bool {
        let hour = at_us.div_euclid(HOUR_US);
        match self.0.get_mut(&(one.min(other), one.max(other))) {
            Some(known) => std::mem::replace(&mut known.hour, hour) == hour,
            None => false,
        }
    }
}

/// What an event claims of its identifiers: how much that is worth, and how it is named in the ledger.
#[derive(Clone, Copy)]
struct Claim {
    trust: Trust,
    rule: &'static str,
    ts_us: i64,
    /// In days since 1970: of files, whose later versions withdraw what earlier ones said.
    last_day: i32,
}

/// Sources whose ids begin so are forms.
const FORM: &str = forecourt_model::form::SOURCE_PREFIX;
/// Properties that a personal link's landing carries.
const LINK_MARKS: [&str; 2] = ["\"personal_link\"", "\"link_token\""];
const PAYMENTS: [&str; 3] = ["payment_succeeded", "payment_received", "invoice_paid"];

impl Claim {
    fn by(event: &Event, is_import: bool) -> Self {
        let has_user = event.identifiers.iter().any(|identifier| identifier.kind == forecourt_model::IdentifierKind::UserId);
        let is_sign_in = matches!(event.event_type, EventType::Identify | EventType::Alias) && has_user;
        let (trust, rule) = match event.event_type {
            _ if is_import => (Trust::Imported, "imported"),
            EventType::Alias => (Trust::Login, ALIAS),
            _ if is_sign_in => (Trust::Login, "same_event"),
            _ if LINK_MARKS.iter().any(|mark| event.properties.contains(mark)) => (Trust::Link, "personal_link"),
            _ if PAYMENTS.contains(&event.name.as_str()) => (Trust::Payment, "payment"),
            _ if event.source.starts_with(FORM) || event.name == "form_submitted" => (Trust::Form, "form"),
            _ if event.properties.contains("\"call_id\"") => (Trust::Call, "call"),
            _ => (Trust::Event, "same_event"),
        };
        let last_day = if is_import { time::day(event.ts_us) } else { 0 };
        Self { trust, rule, ts_us: event.ts_us, last_day }
    }
}

/// Notes what the event says of who is who, and returns the fragment that the event belongs to: its strongest identifier's
/// that names a person, else the device's, as of the login before the event.
///
/// Profiles for which the new must be weighed against the old are left in [`State::unsettled`].
///
/// * `is_import`: told by a file.
pub(crate) fn resolve(state: &mut State<'_>, event: &Event, is_import: bool) -> FragmentId {
    let claim = Claim::by(event, is_import);
    let (mut people, mut devices, mut nobodies) = (Vec::new(), Vec::new(), Vec::new());
    for identifier in &event.identifiers {
        let kind = identifier.kind.as_str();
        match state.identity.role(kind) {
            _ if state.blocked.has(kind, &identifier.value) => nobodies.push(identifier),
            KindRole::Person => people.push(identifier),
            KindRole::Device => devices.push(identifier),
            KindRole::Nobody => nobodies.push(identifier),
        }
    }
    for nobody in &nobodies {
        if !people.is_empty() || !devices.is_empty() {
            count_decision(state, &format!("names_nobody:{}", nobody.kind.as_str()));
        }
    }
    let people: Vec<FragmentId> = people.into_iter().map(|identifier| ensure(state, identifier, claim.ts_us)).collect();
    let roots: Vec<(&Identifier, FragmentId)> =
        devices.into_iter().map(|identifier| (identifier, ensure(state, identifier, claim.ts_us))).collect();
    match (people.split_first(), roots.split_first()) {
        (Some((own, others)), _) => {
            note_facts(state, *own, event);
            for other in others {
                join(state, *own, *other, claim);
            }
            for (_, device) in &roots {
                sign_in(state, *own, *device, claim);
            }
            *own
        }
        (None, Some(((identifier, device), others))) => {
            for (_, other) in others {
                join_devices(state, *device, *other, claim);
            }
            // Of several the browser's own id is the one that the event is kept under.
            let own = roots.iter().find(|(identifier, _)| identifier.kind == forecourt_model::IdentifierKind::AnonymousId);
            let (identifier, device) = own.map_or((*identifier, *device), |(identifier, device)| (*identifier, *device));
            interval(state, identifier, device, claim)
        }
        // An event without identifiers is refused at the border and when it is read back.
        (None, None) => nobodies.first().map_or(FragmentId(0), |identifier| ensure(state, identifier, claim.ts_us)),
    }
}

/// The fragment that an anonymous event of the device belongs to: the device's own before the first login, and after a
/// login that person's interval.
fn interval(state: &mut State<'_>, identifier: &Identifier, device: FragmentId, claim: Claim) -> FragmentId {
    let Some(root) = state.fragments.get_mut(&device) else { return device };
    if root.row.marks & SHARED != 0 {
        return device;
    }
    let Some(person) = root.state().owner_at(claim.ts_us).map(FragmentId) else { return device };
    // Of somebody who was erased the device knows no more than that somebody was there.
    if !state.fragments.contains_key(&person) {
        return device;
    }
    let id = identifier.interval_id(&state.settings.hash_key, person);
    if !state.fragments.contains_key(&id) {
        make(state, id, identifier, 1, claim.ts_us);
    }
    note(state, person, id, Claim { rule: LOGIN_INTERVAL, trust: Trust::Login, last_day: 0, ..claim });
    let profile_of = |id| state.fragments.get(&id).map(|fragment: &Fragment| fragment.row.profile_id);
    if profile_of(id) != profile_of(person) {
        match (profile_of(id), profile_of(person)) {
            (Some(one), Some(other)) if state.members.contains_key(&one) && state.members.contains_key(&other) => merge(state, one, other),
            _ => state.unsettled.push(id),
        }
    }
    id
}

/// The first fragment of an identifier, made if it is not there.
fn ensure(state: &mut State<'_>, identifier: &Identifier, ts_us: i64) -> FragmentId {
    let id = identifier.fragment_id(&state.settings.hash_key, 0);
    match state.fragments.get_mut(&id) {
        None => make(state, id, identifier, 0, ts_us),
        // Claim late of something earlier.
        Some(held) if ts_us < held.row.first_us => {
            held.row.first_us = ts_us;
            held.dirty = true;
        }
        Some(_) => {}
    }
    id
}

fn make(state: &mut State<'_>, id: FragmentId, identifier: &Identifier, generation: u32, ts_us: i64) {
    let row = FragmentRow {
        fragment_id: id,
        profile_id: ProfileId::from(id),
        kind: identifier.kind.as_str().to_owned(),
        value: identifier.value.clone(),
        generation,
        marks: 0,
        first_us: ts_us,
        last_us: ts_us,
        first_offset: state.offset,
        events: 0,
        state: "{}".to_owned(),
    };
    let mut fragment = Fragment::new(row, false);
    fragment.dirty = true;
    state.fragments.insert(id, fragment);
    state.members.insert(ProfileId::from(id), vec![id]);
    state.weighed.note_new(id);
    state.add_number("profiles", 1);
    state.totals.add("new_profiles", time::day(ts_us), "", 1, 0);
}

/// What the event will make known of its person: names are compared before the event is folded into its fragment.
fn note_facts(state: &mut State<'_>, own: FragmentId, event: &Event) {
    state.telling = None;
    if !PersonFacts::is_told_by(event.traits.keys()) {
        return;
    }
    let Some(fragment) = state.fragments.get_mut(&own) else { return };
    let before = PersonFacts::of(fragment.state());
    let mut told = fragment.state().clone();
    for (name, value) in &event.traits {
        let given = forecourt_model::fragment::TraitValue {
            value: value.clone(),
            at_us: event.ts_us,
            offset: state.offset,
            source: event.source.clone(),
        };
        told.set_trait(name, given);
    }
    let now = PersonFacts::of(&told);
    if before != now {
        let profile = fragment.row.profile_id;
        state.telling = Some((own, now));
        // What joined while the name was another may not go together any more.
        if state.members.get(&profile).is_none_or(|members| 1 < members.len()) || is_contested(state, profile) {
            state.unsettled.push(own);
        }
    }
}

/// Notes evidence; returns whether it says anything new.
fn note(state: &mut State<'_>, one: FragmentId, other: FragmentId, claim: Claim) -> bool {
    let (a, b) = (one.min(other), one.max(other));
    let evidence = Evidence {
        a,
        b,
        rule: claim.rule.to_owned(),
        log_offset: state.offset,
        at_us: state.at_us,
        trust: claim.trust,
        first_us: claim.ts_us,
        last_day: claim.last_day,
    };
    if a == b || !state.known_edges.tells_more(&evidence) {
        return false;
    }
    state.weighed.note_evidence(&evidence);
    state.evidence.push(evidence);
    true
}

/// Two identifiers of people in one event.
fn join(state: &mut State<'_>, one: FragmentId, other: FragmentId, claim: Claim) {
    let is_news = note(state, one, other, claim);
    let profile_of = |id: FragmentId| state.fragments.get(&id).map(|fragment: &Fragment| fragment.row.profile_id);
    let (Some(a), Some(b)) = (profile_of(one), profile_of(other)) else { return };
    if is_contested(state, a) || is_contested(state, b) || is_shared(state, one) || is_shared(state, other) {
        if is_news {
            state.unsettled.extend([one, other]);
        }
    } else if a != b && claim.last_day != 0 && state.fragments.get(&one).is_some_and(|record| record.row.first_offset < state.offset) {
        // A file's later version may withdraw what its earlier one said.
        state.unsettled.extend([one, other]);
    } else if a != b {
        match are_in_harmony(state, a, b) {
            Some(false) | None => state.unsettled.extend([one, other]),
            Some(true) => {
                note_merge(state, claim.rule, one, other, a, b);
                merge(state, a, b);
            }
        }
    }
}

/// A person is known on a device.
fn sign_in(state: &mut State<'_>, person: FragmentId, device: FragmentId, claim: Claim) {
    let rule = if claim.rule == ALIAS { claim.rule } else { "signed_in" };
    let is_news = note(state, person, device, Claim { rule, last_day: 0, ..claim });
    let is_sign_in = claim.trust == Trust::Login;
    if !is_news && !is_sign_in && state.known_edges.was_there(person, device, claim.ts_us) {
        return;
    }
    let Some(root) = state.fragments.get_mut(&device) else { return };
    let login = DeviceLogin { at_us: claim.ts_us, person: person.0, signed_in: u8::from(is_sign_in) };
    if root.row.marks & SHARED != 0 || !root.state().note_login(login) {
        return;
    }
    root.dirty = true;
    let (of_device, of_person) = (root.row.profile_id, state.fragments.get(&person).map(|fragment| fragment.row.profile_id));
    let others: Vec<FragmentId> = {
        let logins = &state.fragments.get_mut(&device).map(|root| root.state().logins.clone()).unwrap_or_default();
        logins.iter().map(|login| FragmentId(login.person)).filter(|other| *other != person).collect()
    };
    let Some(of_person) = of_person else { return };
    let is_same = |other: &FragmentId| state.fragments.get(other).is_some_and(|fragment| fragment.row.profile_id == of_person);
    let knows_both = state.members.contains_key(&of_person) && state.members.contains_key(&of_device);
    if of_device == of_person && others.iter().all(is_same) {
        return;
    }
    let is_alone = others.is_empty() && !is_contested(state, of_device) && !has_people(state, of_device);
    if is_alone && knows_both {
        note_merge(state, rule, person, device, of_person, of_device);
        merge(state, of_person, of_device);
    } else {
        state.unsettled.extend([person, device]);
    }
}

/// Two ids of one browser or app.
fn join_devices(state: &mut State<'_>, one: FragmentId, other: FragmentId, claim: Claim) {
    if note(state, one, other, claim) {
        state.unsettled.extend([one, other]);
    }
}

fn has_people(state: &State<'_>, profile: ProfileId) -> bool {
    let is_person =
        |id: &FragmentId| state.fragments.get(id).is_some_and(|fragment| state.identity.role(&fragment.row.kind) == KindRole::Person);
    state.members.get(&profile).is_none_or(|members| members.iter().any(is_person))
}

fn is_contested(state: &State<'_>, profile: ProfileId) -> bool {
    let is_marked = |id: &FragmentId| state.fragments.get(id).is_some_and(|fragment| fragment.row.marks & CONTESTED != 0);
    state.members.get(&profile).is_none_or(|members| members.iter().any(is_marked))
}

fn is_shared(state: &State<'_>, id: FragmentId) -> bool {
    state.fragments.get(&id).is_some_and(|fragment| fragment.row.marks & SHARED != 0)
}

/// Whether nothing speaks against two profiles being one person; `None` where not all of them is loaded.
fn are_in_harmony(state: &mut State<'_>, a: ProfileId, b: ProfileId) -> Option<bool> {
    let (one, two) = (state.members.get(&a)?.clone(), state.members.get(&b)?.clone());
    let one: Vec<_> = one.into_iter().filter_map(|id| Weighed::node(state, id)).collect();
    let two: Vec<_> = two.into_iter().filter_map(|id| Weighed::node(state, id)).collect();
    Some(identity::are_in_harmony(&one, &two, &state.identity))
}

/// Counts what was decided, for the report by day.
pub(crate) fn count_decision(state: &mut State<'_>, what: &str) {
    state.totals.add("identity", time::day(state.at_us), what, 1, 0);
}

/// A line in the ledger, where two who were both known before become one.
pub(crate) fn note_merge(state: &mut State<'_>, rule: &str, one: FragmentId, other: FragmentId, a: ProfileId, b: ProfileId) {
    count_decision(state, &format!("merged:{rule}"));
    if was_known(state, a) && was_known(state, b) {
        write_ledger(state, "merged", rule, None, one, other, (a, b));
    }
}

fn was_known(state: &State<'_>, profile: ProfileId) -> bool {
    let members = state.members.get(&profile).into_iter().flatten();
    members.filter_map(|id| state.fragments.get(id)).any(|fragment| fragment.row.first_offset < state.offset)
}

#[expect(clippy::too_many_arguments, reason = "the columns of the ledger")]
pub(crate) fn write_ledger(
    state: &mut State<'_>,
    act: &str,
    rule: &str,
    why: Option<&Why>,
    one: FragmentId,
    other: FragmentId,
    profiles: (ProfileId, ProfileId),
) {
    let (a, b) = (one.min(other), one.max(other));
    let number = state.ledger.iter().rev().take_while(|line| line.log_offset == state.offset).count() as u32;
    state.ledger.push(LedgerLine {
        log_offset: state.offset,
        number,
        at_us: state.at_us,
        act: act.to_owned(),
        rule: rule.to_owned(),
        why: why.map(Why::as_str).unwrap_or_default().to_owned(),
        a,
        b,
        profile_a: if a == one { profiles.0 } else { profiles.1 },
        profile_b: if a == one { profiles.1 } else { profiles.0 },
        actor: state.actor.clone(),
    });
}

/// Regroups: the fragments of both are one profile's now. The fragments themselves stay what they are.
pub(crate) fn merge(state: &mut State<'_>, one: ProfileId, other: ProfileId) {
    let (to, from) = (one.min(other), one.max(other));
    if to == from {
        return;
    }
    let moving = state.members.remove(&from).unwrap_or_default();
    let (mut first_us, mut last_us, mut first_offset, mut has_rows) = (i64::MAX, i64::MIN, u64::MAX, false);
    let mut began = i64::MAX;
    for id in &moving {
        if let Some(fragment) = state.fragments.get_mut(id) {
            fragment.row.profile_id = to;
            fragment.dirty = true;
            began = began.min(fragment.row.first_us);
            if 0 < fragment.row.events {
                first_us = first_us.min(fragment.row.first_us);
                last_us = last_us.max(fragment.last_row_us(state.at_us));
                first_offset = first_offset.min(fragment.row.first_offset);
                has_rows = true;
            }
        }
    }
    let kept_began =
        state.members.get(&to).into_iter().flatten().filter_map(|id| state.fragments.get(id)).map(|held| held.row.first_us).min();
    let members = state.members.entry(to).or_default();
    members.extend(moving);
    members.sort_unstable();
    state.regrouped.push((from, to, None));
    if has_rows {
        let moved = forecourt_model::Move { offset: state.offset, from, to, fragment: None, first_us, last_us, first_offset };
        state.block.moves.push(moved);
    }
    // Of two that were counted as new, the one that was seen first was.
    let later = [began].into_iter().chain(kept_began).max().unwrap_or(state.at_us);
    state.add_number("profiles", -1);
    state.totals.add("new_profiles", time::day(later), "", -1, 0);
}
