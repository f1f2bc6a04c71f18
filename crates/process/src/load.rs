//! Loads what a batch touches, set by set.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use forecourt_model::{
    Block, ChannelRules, EventNames, FragmentId, Identifier, IdentifierKind, ProfileId,
    command::Action,
    form::SOURCE_PREFIX,
    message::{DELIVER_SOURCE, Outcome},
    time,
};
use forecourt_store::{FoldTx, StoreError, fragment::FragmentRow};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Batch, Content, Settings,
    channel::{self, Range},
    identity::KnownEdges,
    outbox::RecentSms,
    pending::Pending,
    state::{Definitions, Fragment, SourceHours, State, Totals, Tracked, TrackedMessage},
    suppress::Suppression,
};

pub(crate) async fn state<'a>(
    tx: &mut FoldTx,
    batch: &Batch,
    settings: &'a Settings,
    pending: &Pending,
    known_edges: KnownEdges,
    rules: Arc<ChannelRules>,
) -> Result<State<'a>, StoreError> {
    let first_offset = batch.records.first().map_or(batch.end_offset, |record| record.offset);
    let mut state = State {
        settings,
        offset: first_offset,
        at_us: 0,
        numbers: tx.fold_numbers().await?,
        rules,
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
        name_words: Vec::new(),
        dead_letters: Vec::new(),
        settled: Vec::new(),
        letter_states: FxHashMap::default(),
        verdicts: Vec::new(),
        verdicts_expire_before: None,
        definitions: Definitions::default(),
        messages: BTreeMap::new(),
        messages_expire_before: None,
        recent_sms: RecentSms::default(),
        suppression: Suppression::default(),
        suppressed_forgotten_until: None,
        block: Block { first_offset, end_offset: batch.end_offset, ..Block::default() },
    };
    let wanted = Wanted::of(batch, settings);
    fragments(tx, &mut state, &wanted, pending).await?;
    entities(tx, &mut state, &wanted).await?;
    for range in &wanted.channels {
        channel::load(tx, &mut state, range, pending).await?;
    }
    outbox(tx, &mut state, wanted).await?;
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
    /// Fragments whose whole profile is needed: events that may merge, and those that tell of entities.
    whole: FxHashSet<FragmentId>,
    leads: BTreeSet<String>,
    orders: BTreeSet<String>,
    calls: BTreeSet<String>,
    costs: BTreeSet<String>,
    letters: BTreeSet<u64>,
    definitions: bool,
    messages: BTreeSet<String>,
    channels: Vec<Range>,
}

impl Wanted {
    fn of(batch: &Batch, settings: &Settings) -> Self {
        let mut wanted = Self::default();
        for record in &batch.records {
            match &record.content {
                Content::Event { event, told, .. } => {
                    let tells = told.lead.is_some() || told.order.is_some() || told.call.is_some();
                    let is_submit = event.source.starts_with(SOURCE_PREFIX);
                    wanted.definitions |= is_submit;
                    if event.source == DELIVER_SOURCE {
                        wanted.messages.extend(Outcome::read(&event.name, &event.properties).map(|outcome| outcome.message_id));
                    }
                    let whole = 1 < event.identifiers.len() || tells || is_submit;
                    for identifier in &event.identifiers {
                        let id = identifier.fragment_id(&settings.hash_key, 0);
                        wanted.fragments.insert(id);
                        if identifier.kind == IdentifierKind::AnonymousId {
                            wanted.devices.entry(id).or_insert_with(|| identifier.clone());
                        }
                        if whole {
                            wanted.whole.insert(id);
                        }
                    }
                    let told_leads =
                        [told.lead.as_ref().map(|lead| &lead.lead_id), told.order.as_ref().and_then(|order| order.lead_id.as_ref())];
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
                    Action::RetryMessages { message_ids } => {
                        wanted.definitions = true;
                        wanted.messages.extend(message_ids.iter().cloned());
                    }
                    Action::SetChannelRules { .. } | Action::EraseProfile { .. } | Action::ForgetSuppressed { .. } => {}
                    Action::DecideChannels { of, after, until } => {
                        wanted.channels.push(Range { of: *of, after: after.clone(), until: until.clone() });
                    }
                },
                Content::Refused { .. } | Content::Tick | Content::Erased => {}
            }
        }
        wanted
    }
}

async fn fragments(tx: &mut FoldTx, state: &mut State<'_>, wanted: &Wanted, pending: &Pending) -> Result<(), StoreError> {
    let mut whole: FxHashSet<FragmentId> = wanted.whole.clone();
    let ids: Vec<FragmentId> = wanted.fragments.iter().copied().collect();
    let mut found = by_id(tx, pending, ids).await?;

    // A device that has passed through several hands: its current login interval is a fragment of its own.
    let mut current = Vec::new();
    for row in &found {
        if 0 < row.current_generation
            && let Some(identifier) = wanted.devices.get(&row.fragment_id)
        {
            let id = identifier.fragment_id(&state.settings.hash_key, row.current_generation);
            if whole.contains(&row.fragment_id) {
                whole.insert(id);
            }
            current.push(id);
        }
    }
    found.extend(by_id(tx, pending, current).await?);

    let profiles: FxHashSet<ProfileId> = found.iter().filter(|row| whole.contains(&row.fragment_id)).map(|row| row.profile_id).collect();
    for row in found {
        state.fragments.insert(row.fragment_id, Fragment::new(row));
    }
    let profiles: Vec<ProfileId> = profiles.into_iter().collect();
    let others = tx.other_fragments_of(&profiles).await?;
    for row in pending.instead(others) {
        state.fragments.entry(row.fragment_id).or_insert_with(|| Fragment::new(row));
    }
    let roots: Vec<FragmentId> =
        profiles.iter().map(|profile| FragmentId(profile.0)).filter(|id| !state.fragments.contains_key(id)).collect();
    for row in by_id(tx, pending, roots).await? {
        state.fragments.insert(row.fragment_id, Fragment::new(row));
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

/// The fragments as the fold last left them: some are not in the table yet.
async fn by_id(tx: &mut FoldTx, pending: &Pending, ids: Vec<FragmentId>) -> Result<Vec<FragmentRow>, StoreError> {
    let (mut found, mut asked) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
    for id in ids {
        match pending.get(id) {
            Some(row) => found.push(row.clone()),
            None => asked.push(id),
        }
    }
    found.extend(tx.fragments(&asked).await?);
    Ok(found)
}

async fn outbox(tx: &mut FoldTx, state: &mut State<'_>, wanted: Wanted) -> Result<(), StoreError> {
    if wanted.definitions {
        let forms = tx.forms().await?.into_iter().map(|form| (form.form_id.clone(), form));
        state.definitions = Definitions { forms: forms.collect(), sending: tx.sending().await?, changes: Vec::new() };
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
