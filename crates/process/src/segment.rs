//! Who is in which segment: measured, decided and told as events are folded, and as time passes.

mod registry;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    hash::{Hash as _, Hasher as _},
    sync::Arc,
};

use forecourt_model::{
    Event, EventAttribution, EventRow, FragmentId, FragmentState, Origin, ProfileId, Touch,
    block::TouchOf,
    broadcast::BroadcastOf,
    command::Action,
    journey,
    measure::{Measure, Seen},
    rule::{self, Part, Person},
    segment::{ENTERED, Filled, LEFT, Memberships, Segment, Segments, Version, size_name},
    time,
};
use forecourt_store::{FoldTx, StoreError, erasure::EntityKind};
use rustc_hash::FxHasher;

pub(crate) use registry::Registry;

use crate::{
    journey::Turned,
    load,
    pending::Pending,
    state::{Fragment, State, Tracked, TrackedMemberships},
};

type Verdict = Result<(), String>;

/// People whose time has come are decided so many a tick; the next tick takes the next.
const WOKEN_MAX: usize = 20_000;
/// Profiles loaded at a time where a range is decided.
const RANGE_ROWS: usize = 500;

/// What the record being folded changed of one profile, as far as rules look at it.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Everything may have changed: somebody new, somebody merged, time.
    all: bool,
    /// Places among the registry's measures.
    measures: Vec<usize>,
    traits: Vec<String>,
    came: bool,
    place: bool,
    pub consents: bool,
    entities: bool,
    /// How long nothing had been heard of the fragment.
    silent_us: Option<i64>,
    /// Whether entering and leaving is told: what is told of the past starts nothing.
    is_told: bool,
    cause: &'static str,
}

impl Touched {
    fn all(cause: &'static str) -> Self {
        Self { all: true, is_told: true, cause, ..Self::default() }
    }
}

/// What a fragment was before an event, as far as rules look at it.
pub(crate) struct Before {
    last_us: i64,
    /// Digest of how the person came first and last.
    came: u64,
}

/// Loads what the batch's profiles are in.
pub(crate) async fn load(tx: &mut FoldTx, state: &mut State<'_>) -> Result<(), StoreError> {
    if state.segments.is_empty() {
        return Ok(());
    }
    let profiles: BTreeSet<ProfileId> = state.fragments.values().map(|fragment| fragment.row.profile_id).collect();
    memberships(tx, state, &profiles.into_iter().collect::<Vec<_>>()).await
}

pub(crate) async fn memberships(tx: &mut FoldTx, state: &mut State<'_>, profiles: &[ProfileId]) -> Result<(), StoreError> {
    let absent: Vec<ProfileId> = profiles.iter().copied().filter(|id| !state.memberships.contains_key(id)).collect();
    for (id, held) in tx.memberships(&absent).await? {
        state.memberships.insert(id, TrackedMemberships { held, dirty: false });
    }
    for id in absent {
        state.memberships.entry(id).or_default();
    }
    Ok(())
}

/// The fragment before the event being folded; `None` for a new one, and where nobody asks.
pub(crate) fn before(state: &mut State<'_>, fragment_id: FragmentId) -> Option<Before> {
    if state.segments.is_empty() {
        return None;
    }
    let asks = state.segments.asks_how_people_came();
    let fragment = state.fragments.get_mut(&fragment_id).filter(|fragment| 0 < fragment.row.events)?;
    Some(Before { last_us: fragment.row.last_us, came: if asks { came(fragment.state()) } else { 0 } })
}

fn came(state: &FragmentState) -> u64 {
    let mut hasher = FxHasher::default();
    for touch in [&state.first_touch, &state.last_touch].into_iter().flatten() {
        (&touch.channel, &touch.utm_source, &touch.utm_medium, &touch.campaign).hash(&mut hasher);
    }
    hasher.finish()
}

/// Adds the event to the measures that take it. Returns what it may turn.
///
/// * `before`: see [`before`].
pub(crate) fn measure(
    state: &mut State<'_>,
    event: &Event,
    fragment_id: FragmentId,
    touch: Option<&Touch>,
    before: Option<Before>,
) -> Touched {
    let mut touched = Touched { is_told: event.origin == Origin::Live, cause: "event", ..Touched::default() };
    let segments = state.segments.clone();
    let Some(fragment) = state.fragments.get_mut(&fragment_id).filter(|_| !segments.is_empty()) else { return touched };
    let Some(before) = before else {
        touched.all = true;
        add(&segments, state.offset, event, touch, fragment, &mut touched);
        return touched;
    };
    touched.traits = event.traits.keys().cloned().collect();
    touched.came = segments.asks_how_people_came() && came(fragment.state()) != before.came;
    touched.place = event.region.is_some() || event.dealer.is_some();
    touched.entities = ["\"lead_id\"", "\"order_id\""].iter().any(|id| event.properties.contains(id));
    touched.silent_us = Some(state.at_us.saturating_sub(before.last_us));
    add(&segments, state.offset, event, touch, fragment, &mut touched);
    touched
}

fn add(segments: &Registry, offset: u64, event: &Event, touch: Option<&Touch>, fragment: &mut Fragment, touched: &mut Touched) {
    let mut taking = segments.taking(&event.name).peekable();
    if taking.peek().is_none() || fragment.state().machine {
        return;
    }
    let (fragment_id, profile_id) = (fragment.row.fragment_id, fragment.row.profile_id);
    let attribution = EventAttribution { offset, fragment_id, profile_id, touch: TouchOf::None };
    let row = EventRow::new(event, &attribution, touch);
    let seen = Seen::new(&row);
    for at in taking {
        let (key, spec) = &segments.measures[at];
        let Some(one) = spec.takes(&seen).then(|| Measure::of(spec, &seen)).flatten() else { continue };
        match fragment.state().measures.get_mut(key) {
            Some(held) => held.unite(&spec.of, &one),
            None => {
                fragment.state().measures.insert(key.clone(), one);
            }
        }
        touched.measures.push(at);
    }
    // Measures of rules that are no more.
    if segments.measures.len() < fragment.state().measures.len() {
        fragment.state().measures.retain(|key, _| segments.measure_at(key).is_ok());
    }
}

/// Decides anew for the event's person, and for whoever it merged or parted.
pub(crate) async fn update(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    fragment_id: FragmentId,
    touched: &Touched,
) -> Result<(), StoreError> {
    if state.segments.is_empty() {
        return Ok(());
    }
    let regrouped = regroup(tx, state).await?;
    let profile_id = state.fragments.get(&fragment_id).map(|fragment| fragment.row.profile_id);
    if let Some(profile_id) = profile_id.filter(|profile_id| !regrouped.contains(profile_id)) {
        decide_one(tx, state, pending, profile_id, touched, Some(fragment_id)).await?;
    }
    for profile_id in regrouped {
        let touched = Touched { is_told: touched.is_told, ..Touched::all("merge") };
        decide_one(tx, state, pending, profile_id, &touched, None).await?;
    }
    Ok(())
}

/// Decides anew for those whom a command changed.
pub(crate) async fn follow(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, action: &Action) -> Result<(), StoreError> {
    if state.segments.is_empty() {
        return Ok(());
    }
    for profile_id in regroup(tx, state).await? {
        decide_one(tx, state, pending, profile_id, &Touched::all("merge"), None).await?;
    }
    let (fragment_id, touched) = match action {
        Action::SetTrait { profile_id, name, .. } => {
            let traits = vec![name.trim().to_owned()];
            (FragmentId(profile_id.0), Touched { traits, is_told: true, cause: "command", ..Touched::default() })
        }
        Action::SetStage { lead_id, .. } => {
            let lead = state.leads.get(lead_id).and_then(|tracked| tracked.now.as_ref());
            let Some(fragment_id) = lead.map(|lead| lead.fragment_id) else { return Ok(()) };
            (fragment_id, Touched { entities: true, is_told: true, cause: "command", ..Touched::default() })
        }
        _ => return Ok(()),
    };
    load::some(tx, state, pending, &[fragment_id]).await?;
    match state.fragments.get(&fragment_id).map(|fragment| fragment.row.profile_id) {
        Some(profile_id) => decide_one(tx, state, pending, profile_id, &touched, None).await,
        None => Ok(()),
    }
}

/// Memberships go with the profiles that became one. Returns the profiles to decide anew.
async fn regroup(tx: &mut FoldTx, state: &mut State<'_>) -> Result<BTreeSet<ProfileId>, StoreError> {
    let moves = std::mem::take(&mut state.regrouped);
    let concerned: BTreeSet<ProfileId> = moves.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    memberships(tx, state, &concerned.iter().copied().collect::<Vec<_>>()).await?;
    let mut gone = BTreeSet::new();
    for (from, to, fragment) in moves {
        // A profile is named after its least fragment: where that goes, the profile goes.
        if fragment.is_some_and(|id| id.0 != from.0) {
            continue;
        }
        gone.insert(from);
        gone.remove(&to);
        let held = state.memberships.get_mut(&from).map(|held| {
            held.dirty = true;
            std::mem::take(&mut held.held)
        });
        let Some(held) = held else { continue };
        let kept = state.memberships.entry(to).or_default();
        kept.dirty = true;
        kept.held.turns_us = earlier(kept.held.turns_us, held.turns_us);
        let mut both = Vec::new();
        for (number, since_us) in held.since_us {
            match kept.held.since_us.get_mut(&number) {
                Some(kept_us) => {
                    *kept_us = since_us.min(*kept_us);
                    both.push(number);
                }
                None => {
                    kept.held.since_us.insert(number, since_us);
                }
            }
        }
        both.into_iter().for_each(|number| state.add_number(&size_name(number), -1));
    }
    Ok(concerned.into_iter().filter(|id| !gone.contains(id)).collect())
}

fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// Decides the versions that may have turned for one profile, and tells who entered and left.
///
/// * `told_of`: the fragment whose event it was.
async fn decide_one(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    profile_id: ProfileId,
    touched: &Touched,
    told_of: Option<FragmentId>,
) -> Result<(), StoreError> {
    let registry = state.segments.clone();
    let mut asked = Vec::new();
    if registry.mark(touched, &mut asked) {
        decide_asked(tx, state, pending, &registry, profile_id, asked, touched, told_of).await?;
    }
    Ok(())
}

/// * `asked`: by place, the versions to decide.
#[expect(clippy::too_many_arguments, reason = "one profile's decision by what was touched or by what is asked")]
async fn decide_asked(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    registry: &Registry,
    profile_id: ProfileId,
    asked: Vec<bool>,
    touched: &Touched,
    told_of: Option<FragmentId>,
) -> Result<(), StoreError> {
    let Some(whole) = whole(tx, state, pending, profile_id).await? else { return Ok(()) };
    memberships(tx, state, &[profile_id]).await?;
    let looks_at_entities = registry.ready.iter().zip(&asked).any(|(ready, asked)| *asked && ready.looks_at_entities);
    let entities = if looks_at_entities { entities(tx, state, &whole).await? } else { Entities::default() };
    let kept = state.memberships.entry(profile_id).or_default();
    let turned_us = kept.held.turns_us;
    let mut held = std::mem::take(&mut kept.held);
    // After a look at everything the time is known anew; else an earlier one stands.
    held.turns_us = turned_us.filter(|_| !touched.all);
    let (held, turned) = decide_versions(state, registry, held, profile_id, &whole, entities, asked);
    let kept = state.memberships.entry(profile_id).or_default();
    kept.dirty |= !turned.is_empty() || held.turns_us != turned_us;
    kept.held = held;
    let carrier = told_of.or_else(|| state.carrier(&whole));
    for turn in turned {
        tell(state, registry, profile_id, carrier, &turn, touched);
    }
    Ok(())
}

/// Somebody entered a version or left it.
struct Turn {
    number: u32,
    entered: bool,
    because: Vec<usize>,
}

/// Decides one version after the other; what one turns may turn those that look at it, which come later.
fn decide_versions(
    state: &State<'_>,
    registry: &Registry,
    held: Memberships,
    profile_id: ProfileId,
    whole: &[FragmentId],
    entities: Entities,
    mut asked: Vec<bool>,
) -> (Memberships, Vec<Turn>) {
    let part = |id: &FragmentId| {
        let held = state.fragments.get(id)?;
        let row = &held.row;
        Some(Part { kind: &row.kind, events: row.events, first_us: row.first_us, last_us: row.last_us, state: held.read()? })
    };
    let held = RefCell::new(held);
    let is_in =
        |segment_id: &str| registry.segments.live(segment_id).is_some_and(|other| held.borrow().since_us.contains_key(&other.number));
    let person = Person {
        profile_id: profile_id.0,
        parts: whole.iter().filter_map(part).collect(),
        leads: entities.leads.iter().map(|(stage, since_us)| (stage.as_str(), *since_us)).collect(),
        orders: entities.orders,
        is_in: &is_in,
    };
    let mut turned = Vec::new();
    for (at, ready) in registry.ready.iter().enumerate() {
        if !asked[at] {
            continue;
        }
        let decision = rule::decide(&ready.decider, &person, state.at_us);
        let mut held = held.borrow_mut();
        held.turns_us = earlier(held.turns_us, decision.turns_us);
        let was = held.since_us.contains_key(&ready.number);
        if decision.holds == was {
            continue;
        }
        if decision.holds {
            held.since_us.insert(ready.number, state.at_us);
        } else {
            held.since_us.remove(&ready.number);
        }
        if ready.is_live {
            registry.looking_at(&ready.segment_id).iter().for_each(|at| asked[*at] = true);
        }
        turned.push(Turn { number: ready.number, entered: decision.holds, because: decision.because });
    }
    let mut held = held.into_inner();
    if !turned.is_empty() {
        held.since_us.retain(|number, _| registry.segments.versions.contains_key(number));
    }
    (held, turned)
}

/// All fragments of a profile with their states read; `None` where the profile is gone.
pub(crate) async fn whole(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    profile_id: ProfileId,
) -> Result<Option<Vec<FragmentId>>, StoreError> {
    let root = FragmentId(profile_id.0);
    if !state.members.contains_key(&profile_id) {
        load::whole_profiles(tx, state, pending, &[root]).await?;
    }
    if !state.fragments.get(&root).is_some_and(|fragment| fragment.row.profile_id == profile_id) {
        return Ok(None);
    }
    let mut ids = state.members.get(&profile_id).cloned().unwrap_or_else(|| vec![root]);
    if ids.is_empty() {
        ids.push(root);
    }
    for id in &ids {
        if let Some(fragment) = state.fragments.get_mut(id) {
            fragment.state();
        }
    }
    Ok(Some(ids))
}

/// A person's leads and confirmed orders, as rules look at them.
#[derive(Default)]
pub(crate) struct Entities {
    pub leads: Vec<(String, i64)>,
    pub orders: Vec<(i64, Option<f64>)>,
}

async fn entities(tx: &mut FoldTx, state: &mut State<'_>, whole: &[FragmentId]) -> Result<Entities, StoreError> {
    know_entities(tx, state, whole).await?;
    Ok(entities_of(state, whole))
}

/// Loads a person's leads and orders.
pub(crate) async fn know_entities(tx: &mut FoldTx, state: &mut State<'_>, whole: &[FragmentId]) -> Result<(), StoreError> {
    let ids = tx.entity_ids_of(EntityKind::Lead, whole).await?;
    let absent: Vec<String> = ids.into_iter().filter(|id| !state.leads.contains_key(id)).collect();
    for lead in tx.leads(&absent).await? {
        state.leads.insert(lead.lead_id.clone(), Tracked::loaded(lead));
    }
    let ids = tx.entity_ids_of(EntityKind::Order, whole).await?;
    let absent: Vec<String> = ids.into_iter().filter(|id| !state.orders.contains_key(id)).collect();
    for order in tx.orders(&absent).await? {
        state.orders.insert(order.order_id.clone(), Tracked::loaded(order));
    }
    Ok(())
}

/// A person's leads and orders, of those that are loaded.
pub(crate) fn entities_of(state: &State<'_>, whole: &[FragmentId]) -> Entities {
    let leads = state.leads.values().filter_map(|tracked| tracked.now.as_ref()).filter(|lead| whole.contains(&lead.fragment_id));
    let mut leads: Vec<(String, i64)> = leads.map(|lead| (lead.stage.clone(), lead.stage_us)).collect();
    leads.sort_unstable();
    let orders = state.orders.values().filter_map(|tracked| tracked.now.as_ref()).filter(|order| whole.contains(&order.fragment_id));
    let confirmed = orders.filter(|order| order.status == "confirmed");
    let mut orders: Vec<(i64, Option<f64>)> = confirmed.map(|order| (order.at_us, order.revenue)).collect();
    orders.sort_unstable_by(|a, b| (a.0, a.1.map(f64::to_bits)).cmp(&(b.0, b.1.map(f64::to_bits))));
    Entities { leads, orders }
}

/// Counts that somebody entered or left, and makes an event of it for a version in force.
///
/// * `carrier`: a fragment with events, for the lake's row.
fn tell(state: &mut State<'_>, registry: &Registry, profile_id: ProfileId, carrier: Option<FragmentId>, turn: &Turn, touched: &Touched) {
    let Some(version) = registry.segments.versions.get(&turn.number) else { return };
    state.add_number(&size_name(turn.number), if turn.entered { 1 } else { -1 });
    if !version.is_live() {
        return;
    }
    let id = version.segment.segment_id.clone();
    let metric = if turn.entered { "segment_entered" } else { "segment_left" };
    state.totals.add(metric, time::day(state.at_us), &id, 1, 0);
    if !touched.is_told {
        return;
    }
    let turned = if turn.entered { journey::Turn::Entered } else { journey::Turn::Left };
    state.turned.push_back(Turned { profile_id, segment_id: id.clone(), turn: turned, depth: 0 });
    let Some(carrier) = carrier else { return };
    // Read by people: what must not hold says so.
    let wishes = version.segment.rule.wishes();
    let because: Vec<_> = turn.because.iter().filter_map(|at| wishes.get(*at)).take(8).collect();
    let properties = serde_json::json!({
        "segment_id": id, "segment": version.segment.name, "version": turn.number, "because": because, "cause": touched.cause,
    });
    state.derive(carrier, if turn.entered { ENTERED } else { LEFT }, properties.to_string());
}

/// Decides anew for those whose time has come.
pub(crate) async fn wake(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending) -> Result<(), StoreError> {
    if state.segments.is_empty() {
        return Ok(());
    }
    let at_us = state.at_us;
    // What the batch changed is not in the table yet, and hides as many rows of it at most.
    for (id, held) in tx.memberships_due(at_us, WOKEN_MAX + state.memberships.len()).await? {
        state.memberships.entry(id).or_insert(TrackedMemberships { held, dirty: false });
    }
    let due = state.memberships.iter().filter_map(|(id, held)| held.held.turns_us.filter(|us| *us <= at_us).map(|us| (us, *id)));
    let mut due: Vec<(i64, ProfileId)> = due.collect();
    due.sort_unstable();
    due.truncate(WOKEN_MAX);
    for chunk in due.chunks(RANGE_ROWS) {
        let roots: Vec<FragmentId> = chunk.iter().map(|(_, id)| FragmentId(id.0)).collect();
        load::whole_profiles(tx, state, pending, &roots).await?;
        for (_, profile_id) in chunk {
            decide_one(tx, state, pending, *profile_id, &Touched::all("time"), None).await?;
        }
    }
    Ok(())
}

pub(crate) fn set(state: &mut State<'_>, segment: &Segment, actor: &str) -> Verdict {
    let number = state.number("segment_versions") as u32 + 1;
    let (offset, at_us) = (state.offset, state.at_us);
    change(state, |segments| segments.set(segment, number, offset, at_us, actor))?;
    state.set_number("segment_versions", i64::from(number));
    Ok(())
}

pub(crate) fn remove(state: &mut State<'_>, segment_id: &str) -> Verdict {
    let looks = |of: &&BroadcastOf| of.is_open() && of.broadcast.segment_ids().any(|id| id == segment_id);
    if let Some(of) = state.messaging.broadcasts.values().find(looks) {
        return Err(format!("the broadcast `{}` goes to it: cancel that first", of.broadcast.name));
    }
    if let Some(journey) = state.journeys.uses_segment(segment_id) {
        return Err(format!("the journey `{}` goes by it: stop that first", journey.name));
    }
    change(state, |segments| segments.remove(segment_id))
}

pub(crate) fn refill(state: &mut State<'_>, number: u32) -> Verdict {
    let offset = state.offset;
    change(state, |segments| segments.refill(number, offset))
}

/// Changes the versions, and notes which of them are others than before.
fn change(state: &mut State<'_>, change: impl FnOnce(&mut Segments) -> Result<(), String>) -> Verdict {
    let before = &state.segments.segments;
    let mut segments = before.clone();
    change(&mut segments)?;
    let all: BTreeSet<u32> = before.versions.keys().chain(segments.versions.keys()).copied().collect();
    let changed = all.into_iter().filter(|number| before.versions.get(number) != segments.versions.get(number));
    let changed: BTreeSet<u32> = changed.collect();
    for number in changed.iter().filter(|number| !segments.versions.contains_key(number)) {
        state.set_number(&size_name(*number), 0);
    }
    state.segment_changes.extend(changed);
    state.segments = Arc::new(Registry::of(segments));
    state.touch_version("definitions_version");
    Ok(())
}

/// Brings in a part of the past.
pub(crate) async fn fill(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    number: u32,
    chunk: u32,
    is_last: bool,
    rows: &str,
) -> Result<Verdict, StoreError> {
    let Ok(rows) = serde_json::from_str::<Filled>(rows) else { return Ok(Err("the rows do not read".into())) };
    let Some(version) = state.segments.segments.versions.get(&number).cloned() else {
        return Ok(Err("there is no such version of a segment to fill".into()));
    };
    if let Err(reason) = change(state, |segments| segments.filled(number, chunk, is_last)) {
        return Ok(Err(reason));
    }
    let ids: Vec<FragmentId> = rows.iter().map(|(id, _)| *id).collect();
    load::some(tx, state, pending, &ids).await?;
    for (id, measures) in rows {
        // Whoever was erased since is not brought back.
        let Some(fragment) = state.fragments.get_mut(&id) else { continue };
        for (key, past) in measures {
            let Some(spec) = version.unfilled().find(|measure| measure.key == key).map(|measure| &measure.spec) else { continue };
            match fragment.state().measures.get_mut(&key) {
                Some(held) => held.unite(&spec.of, &past),
                None => {
                    fragment.state().measures.insert(key, past);
                }
            }
            fragment.dirty = true;
        }
    }
    Ok(Ok(()))
}

/// Decides a version for the profiles of a range.
pub(crate) async fn decide(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    number: u32,
    after: i64,
    until: i64,
) -> Result<Verdict, StoreError> {
    if let Err(reason) = state.segments.segments.clone().decided(number, after, until) {
        return Ok(Err(reason));
    }
    // In force the version is after the last of them.
    let held = tx.roots_between(after, until).await?;
    let mut roots: BTreeSet<FragmentId> = held.into_iter().map(|id| FragmentId(id.0)).collect();
    roots.extend(pending.between(after, until).map(|fragment| fragment.row.fragment_id));
    let roots: Vec<FragmentId> = roots.into_iter().collect();
    for chunk in roots.chunks(RANGE_ROWS) {
        load::whole_profiles(tx, state, pending, chunk).await?;
        let is_root = |id: &FragmentId| state.fragments.get(id).is_some_and(|held| held.row.profile_id.0 == id.0);
        let profiles: Vec<ProfileId> = chunk.iter().filter(|id| is_root(id)).map(|id| ProfileId(id.0)).collect();
        memberships(tx, state, &profiles).await?;
        for profile_id in profiles {
            decide_version(tx, state, pending, profile_id, number).await?;
        }
    }
    Ok(change(state, |segments| segments.decided(number, after, until)))
}

/// Decides one version for one profile; of one in force, those that look at it follow.
async fn decide_version(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    profile_id: ProfileId,
    number: u32,
) -> Result<(), StoreError> {
    let registry = state.segments.clone();
    let Some(place) = registry.place_of(number) else { return Ok(()) };
    let mut asked = vec![false; registry.ready.len()];
    asked[place] = true;
    let touched = Touched { cause: "definition", ..Touched::default() };
    decide_asked(tx, state, pending, &registry, profile_id, asked, &touched, None).await
}

/// Writes what changed of segments and of who is in them.
pub(crate) async fn save(tx: &mut FoldTx, state: &State<'_>) -> Result<(), StoreError> {
    let mut changed: Vec<_> = state.memberships.iter().filter(|(_, held)| held.dirty).map(|(id, held)| (*id, &held.held)).collect();
    changed.sort_unstable_by_key(|(id, _)| *id);
    tx.save_memberships(changed.into_iter()).await?;
    let versions = &state.segments.segments.versions;
    let changed: Vec<&Version> = state.segment_changes.iter().filter_map(|number| versions.get(number)).collect();
    let removed: Vec<u32> = state.segment_changes.iter().copied().filter(|number| !versions.contains_key(number)).collect();
    tx.save_segment_versions(&changed, &removed).await
}
