//! What runs ask of their person, out of what the fold has loaded.

use forecourt_model::{
    FragmentId, ProfileId,
    broadcast::CHAIN_STEPS_MAX,
    journey::{Came, Does, Journey, World, run::Run},
    measure::text_of,
    message::{Message, MessageState, id_of_step},
    rule::{self, Decider, Part, Person, Rule},
};
use forecourt_store::{FoldTx, StoreError};

use crate::{
    message, segment,
    state::{State, TrackedMessage},
};

/// Loads what a run of the journey may ask for.
pub(super) async fn ready(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    profile_id: ProfileId,
    whole: &[FragmentId],
    run: &Run,
    journey: &Journey,
) -> Result<(), StoreError> {
    segment::memberships(tx, state, &[profile_id]).await?;
    if journey.rules().any(Rule::looks_at_entities) {
        segment::know_entities(tx, state, whole).await?;
    }
    if journey.minds_messages() {
        let sent = journey.steps.iter().filter(|step| matches!(step.does, Does::Send { .. }));
        let visits = sent.map(|step| (step.step_id.as_str(), run.visits(&step.step_id))).filter(|(_, visit)| *visit != 0);
        let ids = visits.flat_map(|(step_id, visit)| ids(state, run, step_id, visit));
        let absent: Vec<String> = ids.filter(|id| !state.messages.contains_key(id)).collect();
        for message in tx.messages(&absent).await? {
            state.messages.insert(message.message_id.clone(), TrackedMessage { message, dirty: false });
        }
    }
    Ok(())
}

fn ids(state: &State<'_>, run: &Run, step_id: &str, visit: u32) -> Vec<String> {
    let cause = run.cause(step_id, visit);
    (0..CHAIN_STEPS_MAX as u32).map(|step| id_of_step(&state.settings.hash_key, &cause, step)).collect()
}

/// Asks something of a run's person as of now.
pub(super) fn with<R>(
    state: &State<'_>,
    profile_id: ProfileId,
    whole: &[FragmentId],
    run: &Run,
    journey: &Journey,
    ask: impl FnOnce(&World<'_>) -> R,
) -> R {
    let home = state.messaging.gate.zone();
    let zone = message::zone(state, whole).unwrap_or_else(|| home.clone());
    let is_in = |segment_id: &str| {
        let number = state.segments.segments.live(segment_id).map(|version| version.number);
        number.is_some_and(|number| state.memberships.get(&profile_id).is_some_and(|held| held.held.since_us.contains_key(&number)))
    };
    let part = |id: &FragmentId| {
        let held = state.fragments.get(id)?;
        let row = &held.row;
        Some(Part { kind: &row.kind, events: row.events, first_us: row.first_us, last_us: row.last_us, state: held.read()? })
    };
    // Goes through all that the batch has loaded: only for journeys that ask for it.
    let looks = journey.rules().any(Rule::looks_at_entities);
    let entities = if looks { segment::entities_of(state, whole) } else { segment::Entities::default() };
    let person = Person {
        profile_id: profile_id.0,
        parts: whole.iter().filter_map(part).collect(),
        leads: entities.leads.iter().map(|(stage, since_us)| (stage.as_str(), *since_us)).collect(),
        orders: entities.orders.clone(),
        is_in: &is_in,
    };
    let decide = |rule: &Rule| {
        let decider = Decider::new(rule, home.clone(), &|_| String::new());
        rule::decide(&decider, &person, state.at_us).holds
    };
    let trait_text = |name: &str| person.trait_value(name).and_then(text_of);
    let came = |step_id: &str, visit: u32, came: Came| {
        let sent: Vec<&Message> =
            ids(state, run, step_id, visit).iter().filter_map(|id| state.messages.get(id)).map(|held| &held.message).collect();
        has_come(&sent, came)
    };
    ask(&World { at_us: state.at_us, zone: &zone, decide: &decide, is_in: &is_in, trait_text: &trait_text, came: &came })
}

fn has_come(sent: &[&Message], came: Came) -> bool {
    let clicked = |message: &&&Message| message.clicked_us.is_some();
    let read = |message: &&&Message| message.clicked_us.is_some() || message.read_us.is_some();
    match came {
        Came::Clicked => sent.iter().any(|message| clicked(&message)),
        Came::Read => sent.iter().any(|message| read(&message)),
        Came::Delivered => sent.iter().any(|message| read(&message) || message.state == MessageState::Delivered),
        Came::NotSent => {
            sent.iter().all(|message| matches!(message.state, MessageState::Suppressed | MessageState::Failed | MessageState::Undelivered))
        }
    }
}
