//! Broadcasts: set, started and paused by people; sent range by range, each person decided on once.

use std::{collections::BTreeSet, sync::Arc};

use forecourt_model::{
    FragmentId, ProfileId,
    broadcast::{BROADCASTS_MAX, Broadcast, BroadcastOf, BroadcastState, BroadcastStep, HOLDOUT, Variant},
    time::SECOND_US,
};
use forecourt_store::{FoldTx, StoreError, definition::BROADCAST};
use rustc_hash::FxHashSet;

use crate::{
    definition, load,
    message::{self, Wish},
    pending::Pending,
    segment,
    state::State,
};

type Verdict = Result<(), String>;

/// Profiles loaded at a time.
const RANGE_ROWS: usize = 500;

pub(crate) fn set(state: &mut State<'_>, broadcast: &Broadcast, actor: &str) -> Verdict {
    broadcast.check()?;
    let id = &broadcast.broadcast_id;
    match state.messaging.broadcasts.get(id).map(|held| held.state) {
        None if BROADCASTS_MAX <= state.messaging.broadcasts.len() => {
            return Err(format!("there are {BROADCASTS_MAX} broadcasts already"));
        }
        None | Some(BroadcastState::Draft | BroadcastState::Scheduled) => {}
        Some(_) => return Err("the broadcast has started: make a copy of it".to_owned()),
    }
    if state.messaging.gate.purpose(&broadcast.purpose).is_none() {
        return Err(format!("there is no purpose `{}`: see Settings, Messages", broadcast.purpose));
    }
    for variant in &broadcast.variants {
        message::check_templates(state, &variant.chain)?;
    }
    let newest = state.segments.segments.newest();
    for segment_id in broadcast.segment_id.iter().chain(&broadcast.excluded_segment_ids) {
        if !newest.contains_key(segment_id.as_str()) {
            return Err(format!("there is no segment `{segment_id}`"));
        }
    }
    let held = state.messaging.broadcasts.get(id).cloned();
    let of = BroadcastOf { broadcast: broadcast.clone(), ..held.unwrap_or_else(|| BroadcastOf::new(broadcast.clone())) };
    keep(state, of, Some(actor));
    Ok(())
}

pub(crate) fn step(state: &mut State<'_>, id: &str, step: BroadcastStep, actor: &str) -> Verdict {
    let mut of = state.messaging.broadcasts.get(id).cloned().ok_or_else(|| format!("there is no broadcast `{id}`"))?;
    if step == BroadcastStep::Start {
        // What it goes by may have been changed since it was written.
        for variant in &of.broadcast.variants {
            message::check_templates(state, &variant.chain)?;
        }
        let segments = of.broadcast.segment_id.iter().chain(&of.broadcast.excluded_segment_ids);
        if let Some(unready) = segments.into_iter().find(|id| state.segments.segments.live(id.as_str()).is_none()) {
            return Err(format!("the segment `{unready}` is not computed yet, or is gone"));
        }
    }
    of.step(step, state.at_us)?;
    keep(state, of, Some(actor));
    Ok(())
}

/// * `actor`: the person who changed it; `None` for what the sending itself changes.
fn keep(state: &mut State<'_>, mut of: BroadcastOf, actor: Option<&str>) {
    if let Some(actor) = actor {
        (of.changed_us, of.changed_by) = (state.at_us, actor.to_owned());
    }
    let (id, by) = (of.broadcast.broadcast_id.clone(), of.changed_by.clone());
    definition::note(state, BROADCAST, &id, &of, &by);
    Arc::make_mut(&mut state.messaging).broadcasts.insert(id, of);
}

/// Decides on the messages to the profiles of a range.
pub(crate) async fn send(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    id: &str,
    after: i64,
    until: i64,
) -> Result<Verdict, StoreError> {
    let Some(mut of) = state.messaging.broadcasts.get(id).cloned() else { return Ok(Err(format!("there is no broadcast `{id}`"))) };
    if of.state != (BroadcastState::Sending { until: after }) || until <= after {
        return Ok(Err("the broadcast does not go on from there".to_owned()));
    }
    let held = tx.roots_between(after, until).await?;
    let mut roots: BTreeSet<FragmentId> = held.into_iter().map(|id| FragmentId(id.0)).collect();
    roots.extend(pending.between(after, until).map(|fragment| fragment.row.fragment_id));
    let roots: Vec<FragmentId> = roots.into_iter().collect();
    for chunk in roots.chunks(RANGE_ROWS) {
        chosen(tx, state, pending, &of.broadcast, chunk).await?;
    }
    of.state = BroadcastState::Sending { until };
    if until == i64::MAX {
        (of.state, of.ended_us) = (BroadcastState::Sent, Some(state.at_us));
    }
    keep(state, of, None);
    Ok(Ok(()))
}

async fn chosen(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    broadcast: &Broadcast,
    chunk: &[FragmentId],
) -> Result<(), StoreError> {
    let named = |id: &String| state.segments.segments.live(id).map(|version| version.number);
    let wanted = broadcast.segment_id.as_ref().map(|id| named(id));
    // A segment that is gone has nobody in it.
    if wanted == Some(None) {
        return Ok(());
    }
    let (wanted, excluded) = (wanted.flatten(), broadcast.excluded_segment_ids.iter().filter_map(named).collect::<Vec<u32>>());
    load::some(tx, state, pending, chunk).await?;
    let is_root = |id: &FragmentId| state.fragments.get(id).is_some_and(|held| held.row.profile_id.0 == id.0);
    let profiles: Vec<ProfileId> = chunk.iter().filter(|id| is_root(id)).map(|id| ProfileId(id.0)).collect();
    segment::memberships(tx, state, &profiles).await?;
    let is_meant = |id: &ProfileId| {
        let within = |number: &u32| state.memberships.get(id).is_some_and(|held| held.held.since_us.contains_key(number));
        wanted.as_ref().is_none_or(within) && !excluded.iter().any(within)
    };
    let meant: Vec<ProfileId> = profiles.into_iter().filter(is_meant).collect();
    let roots: Vec<FragmentId> = meant.iter().map(|id| FragmentId(id.0)).collect();
    load::whole_profiles(tx, state, pending, &roots).await?;
    let fragments: Vec<FragmentId> =
        meant.iter().flat_map(|id| state.members.get(id).cloned().unwrap_or_else(|| vec![FragmentId(id.0)])).collect();
    message::know(tx, state, &fragments).await?;
    let reached: FxHashSet<FragmentId> = tx.reached_by(&broadcast.broadcast_id, &fragments).await?.into_iter().collect();
    for profile_id in meant {
        // Who became one with somebody that has it already has it too.
        let theirs = state.members.get(&profile_id).cloned().unwrap_or_else(|| vec![FragmentId(profile_id.0)]);
        if theirs.iter().any(|id| reached.contains(id)) {
            continue;
        }
        let cause = format!("broadcast:{}:{}", broadcast.broadcast_id, profile_id.0);
        match broadcast.variant_of(profile_id) {
            Some(variant) => message::admit(tx, state, pending, profile_id, &wish(state, broadcast, variant), &cause).await?,
            None => {
                // Whom nothing is sent to is kept beside those that something is, to be compared with them.
                let nothing = Variant { name: HOLDOUT.to_owned(), share: broadcast.holdout, chain: broadcast.variants[0].chain.clone() };
                message::hold_out(tx, state, pending, profile_id, &wish(state, broadcast, &nothing), &cause).await?;
            }
        }
    }
    Ok(())
}

fn wish(state: &State<'_>, broadcast: &Broadcast, variant: &Variant) -> Wish {
    Wish {
        definition: broadcast.definition(),
        purpose: broadcast.purpose.clone(),
        variant: variant.name.clone(),
        chain: variant.chain.clone(),
        variables: serde_json::Value::Null,
        deadline_us: state.at_us + broadcast.postpone_s * SECOND_US,
    }
}
