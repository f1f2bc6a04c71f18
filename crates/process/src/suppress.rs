//! Erased people who come in again: what is told of their past is dropped, what they do themselves is somebody new's.

use forecourt_model::{
    Event, FragmentId, Origin,
    erasure::gives_consent,
    message::{DELIVER_SOURCE, Outcome},
};
use forecourt_store::{FoldTx, StoreError};
use rustc_hash::FxHashMap;

use crate::state::State;

/// Identifiers of erased people, and since when.
#[derive(Default)]
pub(crate) struct Suppression {
    erased_us: FxHashMap<FragmentId, i64>,
    /// Lifted by the batch.
    lifted: Vec<FragmentId>,
    /// Records that the batch dropped.
    dropped: Vec<u64>,
}

impl Suppression {
    pub async fn open(tx: &mut FoldTx) -> Result<Self, StoreError> {
        let held = tx.suppressed().await?;
        Ok(Self { erased_us: held.iter().map(|held| (held.fragment_id, held.erased_us)).collect(), ..Self::default() })
    }

    pub fn begin(&mut self, ids: impl Iterator<Item = FragmentId>, erased_us: i64) {
        self.erased_us.extend(ids.map(|id| (id, erased_us)));
    }

    /// Writes what the batch changed.
    pub async fn save(&mut self, tx: &mut FoldTx) -> Result<(), StoreError> {
        tx.lift_suppression(&std::mem::take(&mut self.lifted)).await?;
        tx.note_suppressed_records(&std::mem::take(&mut self.dropped)).await
    }
}

/// Whether the event is dropped. One that says that the person agrees lifts the suppression of all that it is known by.
///
/// Dropped is what an import, or a sender that is late, tells of the time before the erasure; and what came of messages that
/// are erased. Not dropped is what also names somebody else who is known: it is theirs.
pub(crate) fn drops(state: &mut State<'_>, event: &Event) -> bool {
    if state.suppression.erased_us.is_empty() {
        return false;
    }
    let key = &state.settings.hash_key;
    let ids: Vec<(FragmentId, bool)> =
        event.identifiers.iter().map(|identifier| (identifier.fragment_id(key, 0), identifier.kind.is_person())).collect();
    let held = &state.suppression.erased_us;
    let Some(erased_us) = ids.iter().filter_map(|(id, _)| held.get(id)).max().copied() else { return false };
    if gives_consent(event) && erased_us < event.ts_us {
        for (id, _) in ids {
            if state.suppression.erased_us.remove(&id).is_some() {
                state.suppression.lifted.push(id);
            }
        }
        return false;
    }
    let is_somebody_elses = |(id, is_person): &(FragmentId, bool)| *is_person && !held.contains_key(id) && state.fragments.contains_key(id);
    let is_dropped = is_of_before(state, event, erased_us) && !ids.iter().any(is_somebody_elses);
    if is_dropped {
        state.suppression.dropped.push(state.offset);
    }
    is_dropped
}

fn is_of_before(state: &State<'_>, event: &Event, erased_us: i64) -> bool {
    if event.source == DELIVER_SOURCE {
        let of = Outcome::read(&event.name, &event.properties);
        return of.is_none_or(|outcome| !state.messages.contains_key(&outcome.message_id));
    }
    event.origin == Origin::History || event.ts_us <= erased_us
}
