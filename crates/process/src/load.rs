//! Loads what a batch touches, set by set.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use forecourt_model::{
    Block, EventNames, FragmentId, FragmentState, Identifier, Origin, ProfileId,
    command::{Action, Recipient},
    form::SOURCE_PREFIX,
    identity::{KindRole, PersonFacts},
    lead::{Loads, Operators},
    message::{DELIVER_SOURCE, Outcome, Reaction},
    time,
};
use forecourt_store::{FoldTx, StoreError, fragment::FragmentRow};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Batch, Content, Definitions, Settings,
    channel::{self, Range},
    component::Weighed,
    identity::KnownEdges,
    journey, lead,
    outbox::RecentSms,
    pending::{Pending, Trusted},
    segment,
    state::{self, Fragment, SourceHours, State, Totals, Tracked, TrackedMessage},
    suppress::Suppression,
};

pub(crate) async fn state<'a>(
    tx: &mut FoldTx,
    batch: &Batch,
    settings: &'a Settings,
    pending: &mut Pending,
    known_edges: KnownEdges,
    definitions: &Definitions,
) -> Result<State<'a>, StoreError> {
    let first_offset = batch.records.first().map_or(batch.end_offset, |record| record.offset);
    let mut state = State {
        settings,
        offset: first_offset,
        at_us: 0,
        numbers: tx.fold_numbers().await?,
        rules: definitions.rules.clone(),
        identity: definitions.identity.clone(),
        blocked: definitions.blocked.clone(),
        segments: definitions.segments.clone(),
        messaging: definitions.messaging.clone(),
        journeys: definitions.journeys.clone(),
        runs: BTreeMap::new(),
        runs_of: FxHashMap::default(),
        runs_known: FxHashSet::default(),
        tasks: BTreeMap::new(),
        desk: definitions.desk.clone(),
        handlings: BTreeMap::new(),
        handlings_of: FxHashMap::default(),
        handlings_known: FxHashSet::default(),
        lead_moves: Vec::new(),
        vehicles: FxHashMap::default(),
        vehicles_of: FxHashMap::default(),
        vehicles_known: FxHashSet::default(),
        household_members: BTreeMap::new(),
        loads: Loads::default(),
        operators: Operators::default(),
        turned: VecDeque::new(),
        memberships: FxHashMap::default(),
        regrouped: Vec::new(),
        segment_changes: BTreeSet::new(),
        actor: String::new(),
        because: None,
        fragments: FxHashMap::default(),
        members: FxHashMap::default(),
        leads: FxHashMap::default(),
        orders: FxHashMap::default(),
        calls: FxHashMap::default(),
        costs: FxHashMap::default(),
        totals: Totals::default(),
        event_names: EventNames::default(),
        source_hours: SourceHours::default(),
        source_hours_expire_before: None,
        evidence: Vec::new(),
        known_edges,
        weighed: Weighed::default(),
        unsettled: Vec::new(),
        looks_afresh: false,
        telling: None,
        apart_changes: BTreeMap::new(),
        ledger: Vec::new(),
        name_words: Vec::new(),
        dead_letters: Vec::new(),
        settled: Vec::new(),
        letter_states: FxHashMap::default(),
        verdicts: Vec::new(),
        verdicts_expire_before: None,
        definitions: state::Definitions::default(),
        messages: BTreeMap::new(),
        messages_expire_before: None,
        recent_sms: RecentSms::default(),
        admitted: FxHashMap::default(),
        suppressed_addresses: BTreeMap::new(),
        suppressed_address_changes: BTreeMap::new(),
        suppression: Suppression::default(),
        suppressed_forgotten_until: None,
        block: Block { first_offset, end_offset: batch.end_offset, ..Block::default() },
    };
    let wanted = Wanted::of(batch, settings, definitions);
    let ahead = pending.trusted(batch.ahead.as_ref());
    fragments(tx, &mut state, &wanted, pending, &ahead).await?;
    entities(tx, &mut state, &wanted).await?;
    for range in &wanted.channels {
        channel::load(tx, &mut state, range, pending).await?;
    }
    let minding: Vec<FragmentId> = wanted.minding.iter().copied().collect();
    outbox(tx, &mut state, wanted).await?;
    segment::load(tx, &mut state).await?;
    journey::load(tx, &mut state, &minding).await?;
    lead::load(tx, &mut state, &minding).await?;
    Ok(state)
}

/// The event names of the days that the batch's events happened on.
pub(crate) async fn event_names(tx: &mut FoldTx, state: &mut State<'_>, batch: &Batch) -> Result<(), StoreError> {
    let day = |content: &Content| match content {
        Content::Event { event, .. } => Some(time::day(event.ts_us)),
        _ => None,
    };
    let days: BTreeSet<i32> = batch.records.iter().filter_map(|record| day(&record.content)).collect();
    tx.load_event_names(&mut state.event_names, &days).await
}

/// The keys that a batch names.
#[derive(Default)]
struct Wanted {
    fragments: FxHashSet<FragmentId>,
    devices: FxHashMap<FragmentId, Identifier>,
    /// People that the batch itself knows on a device.
    people: FxHashMap<FragmentId, Vec<FragmentId>>,
    /// Fragments whose whole profile is needed: events that may merge, and those that tell of entities.
    whole: FxHashSet<FragmentId>,
    /// Fragments of events that journeys mind.
    minding: BTreeSet<FragmentId>,
    leads: BTreeSet<String>,
    vins: BTreeSet<String>,
    orders: BTreeSet<String>,
    calls: BTreeSet<String>,
    costs: BTreeSet<String>,
    letters: BTreeSet<u64>,
    definitions: bool,
    messages: BTreeSet<String>,
    channels: Vec<Range>,
    identities: Vec<(i64, i64)>,
}

impl Wanted {
    fn of(batch: &Batch, settings: &Settings, definitions: &Definitions) -> Self {
        let Definitions { identity, blocked, .. } = definitions;
        // Anything that turns a segment may have a journey send something.
        let works_leads = definitions.desk.is_on();
        let mut wanted = Self { definitions: works_leads || !definitions.journeys.is_empty(), ..Self::default() };
        for record in &batch.records {
            match &record.content {
                Content::Event { event, told, .. } => {
                    let tells = told.lead.is_some() || told.order.is_some() || told.call.is_some();
                    let is_submit = event.source.starts_with(SOURCE_PREFIX);
                    wanted.definitions |= is_submit;
                    if event.source == DELIVER_SOURCE {
                        // A message that does not arrive may be followed by the next of its chain.
                        wanted.definitions = true;
                        wanted.messages.extend(Outcome::read(&event.name, &event.properties).map(|outcome| outcome.message_id));
                        wanted.messages.extend(Reaction::read(&event.name, &event.properties).map(|reaction| reaction.message_id));
                    }
                    let is_worked = works_leads && (told.lead.is_some() || definitions.desk.minds(&event.name));
                    let is_minded = event.origin == Origin::Live && (is_worked || definitions.journeys.minds(&event.name));
                    let whole = !definitions.segments.is_empty()
                        || is_minded
                        || 1 < event.identifiers.len()
                        || tells
                        || is_submit
                        || PersonFacts::is_told_by(event.traits.keys());
                    let ids = event.identifiers.iter().map(|identifier| (identifier, identifier.fragment_id(&settings.hash_key, 0)));
                    let ids: Vec<(&Identifier, FragmentId)> = ids.collect();
                    let is_device = |identifier: &Identifier| identity.role(identifier.kind.as_str()) == KindRole::Device;
                    let is_person = |identifier: &Identifier| {
                        let kind = identifier.kind.as_str();
                        identity.role(kind) == KindRole::Person && !blocked.has(kind, &identifier.value)
                    };
                    let person = ids.iter().find(|(identifier, _)| is_person(identifier)).map(|(_, id)| *id);
                    for (identifier, id) in ids {
                        wanted.fragments.insert(id);
                        if is_minded {
                            wanted.minding.insert(id);
                        }
                        if is_device(identifier) {
                            match person {
                                Some(person) => {
                                    let people = wanted.people.entry(id).or_default();
                                    if !people.contains(&person) {
                                        people.push(person);
                                    }
                                }
                                None => {
                                    wanted.devices.entry(id).or_insert_with(|| identifier.clone());
                                }
                            }
                        }
                        if whole {
                            wanted.whole.insert(id);
                        }
                    }
                    let told_leads =
                        [told.lead.as_ref().map(|lead| &lead.lead_id), told.order.as_ref().and_then(|order| order.lead_id.as_ref())];
                    wanted.vins.extend(told.vehicle.iter().map(|told| told.vin.clone()));
                    wanted.leads.extend(told_leads.into_iter().flatten().cloned());
                    wanted.orders.extend(told.order.iter().map(|order| order.order_id.clone()));
                    wanted.calls.extend(told.call.iter().map(|call| call.call_id.clone()));
                }
                Content::AdCost(cost) => {
                    wanted.costs.insert(cost.key());
                }
                Content::Command(command) => match &command.action {
                    Action::SetTrait { profile_id, .. } => {
                        wanted.fragments.insert(FragmentId(profile_id.0));
                        wanted.whole.insert(FragmentId(profile_id.0));
                    }
                    Action::SetStage { lead_id, .. } => {
                        wanted.leads.insert(lead_id.clone());
                    }
                    Action::SettleDeadLetter { offset, .. } => {
                        wanted.letters.insert(*offset);
                    }
                    Action::SetForm { .. } | Action::SetSending { .. } => wanted.definitions = true,
                    Action::MergeProfiles { one, other, .. } => {
                        wanted.fragments.extend([FragmentId(one.0), FragmentId(other.0)]);
                        wanted.whole.extend([FragmentId(one.0), FragmentId(other.0)]);
                    }
                    Action::PartProfiles { one, other } => {
                        wanted.fragments.extend([*one, *other]);
                        wanted.whole.extend([*one, *other]);
                    }
                    Action::SetIdentity { .. } => {}
                    Action::DecideIdentity { after, until } => wanted.identities.push((*after, *until)),
                    Action::RetryMessages { message_ids } => {
                        wanted.definitions = true;
                        wanted.messages.extend(message_ids.iter().cloned());
                    }
                    Action::SetChannelRules { .. } | Action::EraseProfile { .. } | Action::ForgetSuppressed { .. } => {}
                    Action::SendMessage { message } => {
                        wanted.definitions = true;
                        let id = match &message.to {
                            Recipient::Profile(profile_id) => FragmentId(profile_id.0),
                            Recipient::Identifier(identifier) => identifier.fragment_id(&settings.hash_key, 0),
                        };
                        wanted.fragments.insert(id);
                        wanted.whole.insert(id);
                    }
                    Action::SendBroadcast { .. } | Action::StepJourney { .. } | Action::EnterJourney { .. } | Action::AnswerTask { .. } => {
                        wanted.definitions = true
                    }
                    Action::WorkLead { lead_id, .. } => {
                        wanted.definitions = true;
                        wanted.leads.insert(lead_id.clone());
                    }
                    Action::SetJourney { .. } | Action::RemoveJourney { .. } => {}
                    Action::RescoreLeads { .. } => wanted.definitions = true,
                    Action::SetDealer { .. }
                    | Action::RemoveDealer { .. }
                    | Action::SetLeadRules { .. }
                    | Action::PublishScore { .. }
                    | Action::SetPresence { .. }
                    | Action::SetOwnerRules { .. } => {}
                    Action::SetTemplate { .. }
                    | Action::SetGate { .. }
                    | Action::SetBroadcast { .. }
                    | Action::StepBroadcast { .. }
                    | Action::SuppressAddresses { .. }
                    | Action::ReleaseAddresses { .. } => {}
                    // Each has a batch of its own, and loads as it goes.
                    Action::SetSegment { .. }
                    | Action::RemoveSegment { .. }
                    | Action::RefillSegment { .. }
                    | Action::FillSegment { .. }
                    | Action::DecideSegment { .. } => {}
                    Action::DecideChannels { of, after, until } => {
                        wanted.channels.push(Range { of: *of, after: after.clone(), until: until.clone() });
                    }
                },
                Content::Tick => wanted.definitions = true,
                Content::Refused { .. } | Content::Erased => {}
            }
        }
        wanted
    }
}

async fn fragments(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    wanted: &Wanted,
    pending: &Pending,
    ahead: &Trusted<'_>,
) -> Result<(), StoreError> {
    let mut whole: FxHashSet<FragmentId> = wanted.whole.clone();
    let ids: Vec<FragmentId> = wanted.fragments.iter().copied().collect();
    let mut found = by_id(tx, pending, ahead, ids).await?;

    // What happens on a device after a login is a fragment of its own, and goes with whoever signed in.
    let mut after_login = Vec::new();
    let mut known_there: FxHashMap<FragmentId, Vec<FragmentId>> = FxHashMap::default();
    for Fragment { row, .. } in &found {
        if wanted.devices.contains_key(&row.fragment_id) && row.state.contains(LOGINS) {
            known_there.insert(row.fragment_id, logins_of(row));
        }
    }
    for (root, identifier) in &wanted.devices {
        for person in [known_there.get(root), wanted.people.get(root)].into_iter().flatten().flatten() {
            let id = identifier.interval_id(&state.settings.hash_key, *person);
            after_login.extend([id, *person]);
            whole.extend([id, *person]);
        }
    }
    after_login.retain(|id| !wanted.fragments.contains(id));
    after_login.sort_unstable();
    after_login.dedup();
    found.extend(by_id(tx, pending, ahead, after_login).await?);

    let rows = found.iter().map(|fragment| &fragment.row);
    let profiles: FxHashSet<ProfileId> = rows.filter(|row| whole.contains(&row.fragment_id)).map(|row| row.profile_id).collect();
    for fragment in found {
        state.fragments.insert(fragment.row.fragment_id, fragment);
    }
    let profiles: Vec<ProfileId> = profiles.into_iter().collect();
    for fragment in others_of(tx, pending, &profiles).await? {
        state.fragments.entry(fragment.row.fragment_id).or_insert(fragment);
    }
    let roots: Vec<FragmentId> =
        profiles.iter().map(|profile| FragmentId(profile.0)).filter(|id| !state.fragments.contains_key(id)).collect();
    for fragment in by_id(tx, pending, ahead, roots).await? {
        state.fragments.insert(fragment.row.fragment_id, fragment);
    }
    for profile in profiles {
        state.members.insert(profile, Vec::new());
    }
    for fragment in state.fragments.values() {
        if let Some(members) = state.members.get_mut(&fragment.row.profile_id) {
            members.push(fragment.row.fragment_id);
        }
    }
    state.members.values_mut().for_each(|members| members.sort_unstable());
    Ok(())
}

/// How a device's state begins to tell of logins.
const LOGINS: &str = "\"g\":";

fn logins_of(row: &FragmentRow) -> Vec<FragmentId> {
    let state: FragmentState = serde_json::from_str(&row.state).unwrap_or_default();
    let mut people: Vec<FragmentId> = state.logins.iter().map(|login| FragmentId(login.person)).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Loads fragments, where they are not in memory yet.
pub(crate) async fn some(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, ids: &[FragmentId]) -> Result<(), StoreError> {
    let absent: Vec<FragmentId> = ids.iter().copied().filter(|id| !state.fragments.contains_key(id)).collect();
    for fragment in by_id(tx, pending, &Trusted::default(), absent).await? {
        state.fragments.insert(fragment.row.fragment_id, fragment);
    }
    Ok(())
}

/// Loads the profiles that the fragments are of, as a whole, where they are not in memory as a whole yet.
pub(crate) async fn whole_profiles(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    ids: &[FragmentId],
) -> Result<(), StoreError> {
    some(tx, state, pending, ids).await?;
    let profile_of = |id: &FragmentId| state.fragments.get(id).map(|fragment| fragment.row.profile_id);
    let part: BTreeSet<ProfileId> = ids.iter().filter_map(profile_of).filter(|profile| !state.members.contains_key(profile)).collect();
    if part.is_empty() {
        return Ok(());
    }
    let part: Vec<ProfileId> = part.into_iter().collect();
    let mut members: Vec<FragmentId> = part.iter().map(|profile| FragmentId(profile.0)).collect();
    for fragment in others_of(tx, pending, &part).await? {
        members.push(fragment.row.fragment_id);
        state.fragments.entry(fragment.row.fragment_id).or_insert(fragment);
    }
    some(tx, state, pending, &members).await?;
    members.extend(ids);
    for profile in part {
        // What the batch moved counts, not what the table still has.
        let is_of = |id: &FragmentId| state.fragments.get(id).is_some_and(|fragment| fragment.row.profile_id == profile);
        let mut of: Vec<FragmentId> = members.iter().copied().filter(is_of).collect();
        of.sort_unstable();
        of.dedup();
        state.members.insert(profile, of);
    }
    Ok(())
}

/// The fragments as the fold last left them: some are not in the table yet.
async fn by_id(tx: &mut FoldTx, pending: &Pending, ahead: &Trusted<'_>, ids: Vec<FragmentId>) -> Result<Vec<Fragment>, StoreError> {
    let (mut found, mut asked) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
    for id in ids {
        if let Some(fragment) = pending.get(id) {
            found.push(fragment);
        } else if let Some(of_table) = ahead.get(id) {
            found.extend(of_table.map(|row| Fragment::new(row, true)));
        } else {
            asked.push(id);
        }
    }
    found.extend(tx.fragments(&asked).await?.into_iter().map(|row| Fragment::new(row, true)));
    Ok(found)
}

/// All fragments of the profiles but those that the profiles are named after.
async fn others_of(tx: &mut FoldTx, pending: &Pending, profiles: &[ProfileId]) -> Result<Vec<Fragment>, StoreError> {
    let of_table = pending.instead(tx.other_fragments_of(profiles).await?);
    Ok(of_table.chain(pending.others_of(profiles)).collect())
}

async fn outbox(tx: &mut FoldTx, state: &mut State<'_>, wanted: Wanted) -> Result<(), StoreError> {
    if wanted.definitions {
        let forms = tx.forms().await?.into_iter().map(|form| (form.form_id.clone(), form));
        state.definitions = state::Definitions { forms: forms.collect(), sending: tx.sending().await?, changes: Vec::new() };
    }
    let ids: Vec<String> = wanted.messages.into_iter().collect();
    for message in tx.messages(&ids).await? {
        state.messages.insert(message.message_id.clone(), TrackedMessage { message, dirty: false });
    }
    Ok(())
}

async fn entities(tx: &mut FoldTx, state: &mut State<'_>, wanted: &Wanted) -> Result<(), StoreError> {
    let list = |ids: &BTreeSet<String>| ids.iter().cloned().collect::<Vec<_>>();
    for lead in tx.leads(&list(&wanted.leads)).await? {
        state.leads.insert(lead.lead_id.clone(), Tracked::loaded(lead));
    }
    for vehicle in tx.vehicles(&list(&wanted.vins)).await? {
        state.keep_vehicle(vehicle, false);
    }
    for order in tx.orders(&list(&wanted.orders)).await? {
        state.orders.insert(order.order_id.clone(), Tracked::loaded(order));
    }
    for call in tx.calls(&list(&wanted.calls)).await? {
        state.calls.insert(call.call_id.clone(), Tracked::loaded(call));
    }
    for cost in tx.costs(&list(&wanted.costs)).await? {
        state.costs.insert(cost.key(), Tracked::loaded(cost));
    }
    for offset in &wanted.letters {
        if let Some(held) = tx.dead_letter_state(*offset).await? {
            state.letter_states.insert(*offset, held);
        }
    }
    Ok(())
}

/// Leads by their ids, where there are any.
pub(crate) async fn leads(tx: &mut FoldTx, state: &mut State<'_>, ids: impl Iterator<Item = &String>) -> Result<(), StoreError> {
    let absent: Vec<String> = ids.filter(|id| !state.leads.contains_key(*id)).cloned().collect();
    for lead in tx.leads(&absent).await? {
        state.leads.insert(lead.lead_id.clone(), Tracked::loaded(lead));
    }
    Ok(())
}

/// A lead by its id, where there is one.
pub(crate) async fn lead(tx: &mut FoldTx, state: &mut State<'_>, lead_id: &str) -> Result<(), StoreError> {
    if !state.leads.contains_key(lead_id) {
        for lead in tx.leads(&[lead_id.to_owned()]).await? {
            state.leads.insert(lead.lead_id.clone(), Tracked::loaded(lead));
        }
    }
    Ok(())
}
