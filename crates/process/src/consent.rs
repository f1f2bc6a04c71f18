//! What people agree to, noted; and what they do not want any more, held back.

use std::collections::BTreeSet;

use forecourt_model::{
    Event, FragmentId,
    consent::{ConsentWord, given, words},
    gate::WITHDRAWN,
    message::MessageState,
};
use forecourt_store::{FoldTx, StoreError};

use crate::{
    message,
    pending::Pending,
    state::{State, TrackedMessage},
};

/// Notes the words of consent that an event says, with every identifier it names; what waits to be sent against one is not sent.
/// Returns whether it says any.
pub(crate) async fn note(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    event: &Event,
    fragment_id: FragmentId,
) -> Result<bool, StoreError> {
    let words = words(event);
    if words.is_empty() {
        return Ok(false);
    }
    let named = event.identifiers.iter().filter(|identifier| identifier.kind.is_person());
    let mut ids: BTreeSet<FragmentId> = named.map(|identifier| identifier.fragment_id(&state.settings.hash_key, 0)).collect();
    ids.insert(fragment_id);
    let offset = state.offset;
    for id in ids {
        let Some(fragment) = state.fragments.get_mut(&id) else { continue };
        for (key, is_given) in &words {
            let word = ConsentWord { is_given: *is_given, at_us: event.ts_us, offset, source: event.source.clone() };
            if fragment.state().consents.note(key, word) {
                (fragment.dirty, fragment.is_urgent) = (true, true);
            }
        }
    }
    if words.iter().any(|(_, is_given)| !is_given) {
        hold_back(tx, state, pending, fragment_id).await?;
    }
    Ok(true)
}

/// Takes back what waits to be sent to the person and may not be any more.
async fn hold_back(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, fragment_id: FragmentId) -> Result<(), StoreError> {
    let Some(whole) = message::person_of(tx, state, pending, fragment_id).await? else { return Ok(()) };
    for message in tx.unsent_to(&whole).await? {
        state.messages.entry(message.message_id.clone()).or_insert(TrackedMessage { message, dirty: false });
    }
    let is_theirs = |tracked: &TrackedMessage| {
        let message = &tracked.message;
        let waits = matches!(message.state, MessageState::Pending | MessageState::Postponed);
        waits && message.plan.is_some() && whole.iter().any(|id| id.0 == message.fragment_id)
    };
    let theirs: Vec<String> = state.messages.iter().filter(|(_, tracked)| is_theirs(tracked)).map(|(id, _)| id.clone()).collect();
    for id in theirs {
        let Some(message) = state.messages.get(&id).map(|tracked| tracked.message.clone()) else { continue };
        if state.messaging.gate.is_transactional(message.purpose()) {
            continue;
        }
        let consents = whole.iter().filter_map(|id| Some(&state.fragments.get(id)?.read()?.consents));
        let controller = message::controller(state, &message);
        if given(consents, message.purpose(), message.message_channel, &controller) == Some(false) {
            message::refuse(state, &id, WITHDRAWN.to_owned(), &whole);
        }
    }
    Ok(())
}
