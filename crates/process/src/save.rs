//! Writes what the batch changed, set by set.

use forecourt_model::{Block, FragmentId, vehicle::Vehicle};
use forecourt_store::{FoldTx, StoreError};
use rustc_hash::FxHashSet;

use crate::{
    Definitions, entity,
    identity::KnownEdges,
    pending::{Changed, Changes, Pending},
    segment,
    state::State,
    suppress::Suppression,
};

/// What goes on after the batch.
pub(crate) struct Saved {
    pub block: Block,
    pub known_edges: KnownEdges,
    pub definitions: Definitions,
    pub suppression: Suppression,
}

pub(crate) async fn changes(
    tx: &mut FoldTx,
    mut state: State<'_>,
    pending: &mut Pending,
    may_wait: bool,
    lake_offset: u64,
) -> Result<Saved, StoreError> {
    entity::count(&mut state);
    segment::save(tx, &state).await?;
    let of_entities = fragments_of_entities(&state);
    let dirty = state.fragments.into_values().filter(|fragment| fragment.dirty).map(|fragment| {
        let is_urgent = fragment.is_urgent || fragment.has_moved() || of_entities.contains(&fragment.row.fragment_id);
        Changed { fragment, is_urgent }
    });
    state.name_words.sort_unstable();
    state.name_words.dedup();
    let changes = Changes { fragments: dirty.collect(), evidence: state.evidence, words: state.name_words };
    pending.save(tx, changes, (state.block.end_offset, state.at_us), may_wait).await?;
    let apart: Vec<_> = state.apart_changes.into_iter().collect();
    tx.save_not_same(&apart).await?;
    tx.save_ledger(&state.ledger).await?;

    tx.save_leads(changed(state.leads.values().map(|tracked| (&tracked.before, &tracked.now)))).await?;
    tx.save_orders(changed(state.orders.values().map(|tracked| (&tracked.before, &tracked.now)))).await?;
    tx.save_calls(changed(state.calls.values().map(|tracked| (&tracked.before, &tracked.now)))).await?;
    tx.save_costs(changed(state.costs.values().map(|tracked| (&tracked.before, &tracked.now)))).await?;
    tx.add_totals(&state.totals.into_changes()).await?;

    tx.save_dead_letters(state.dead_letters).await?;
    for (offset, wanted) in &state.settled {
        tx.settle_dead_letter(*offset, *wanted).await?;
    }
    if let Some(before_us) = state.verdicts_expire_before {
        tx.drop_verdicts_before(before_us).await?;
    }
    tx.save_verdicts(&state.verdicts).await?;
    tx.save_definitions(&state.definitions.changes).await?;
    tx.save_messages(state.messages.values().filter(|tracked| tracked.dirty).map(|tracked| &tracked.message)).await?;
    tx.save_runs(state.runs.values().filter(|tracked| tracked.dirty).map(|tracked| &tracked.run)).await?;
    tx.save_tasks(state.tasks.values().filter(|tracked| tracked.dirty).map(|tracked| &tracked.task)).await?;
    let mut vehicles: Vec<&Vehicle> = state.vehicles.values().filter(|tracked| tracked.dirty).map(|tracked| &tracked.vehicle).collect();
    vehicles.sort_unstable_by(|a, b| a.vin.cmp(&b.vin));
    tx.save_vehicles(&vehicles).await?;
    tx.save_household_members(state.household_members.into_values()).await?;
    tx.save_handlings(state.handlings.values().filter(|tracked| tracked.dirty).map(|tracked| &tracked.handling)).await?;
    tx.save_lead_moves(&state.lead_moves).await?;
    tx.save_suppressed_addresses(&state.suppressed_address_changes).await?;
    if let Some(before_us) = state.messages_expire_before {
        tx.drop_messages_before(before_us).await?;
    }
    tx.add_source_hours(&state.source_hours.into_changes()).await?;
    if let Some(hour) = state.source_hours_expire_before {
        tx.drop_source_hours_before(hour).await?;
    }
    state.suppression.save(tx).await?;
    if let Some(until) = state.suppressed_forgotten_until {
        tx.forget_suppressed_records(until).await?;
    }
    tx.save_block(&state.block).await?;
    tx.drop_blocks(lake_offset).await?;
    tx.save_fold_numbers(&state.numbers).await?;
    let definitions = Definitions {
        rules: state.rules,
        identity: state.identity,
        blocked: state.blocked,
        segments: state.segments,
        messaging: state.messaging,
        journeys: state.journeys,
        desk: state.desk,
    };
    Ok(Saved { block: state.block, known_edges: state.known_edges, definitions, suppression: state.suppression })
}

/// Whose the changed leads, orders and calls are: readers look those fragments up in the table.
fn fragments_of_entities(state: &State<'_>) -> FxHashSet<FragmentId> {
    let leads = changed(state.leads.values().map(|tracked| (&tracked.before, &tracked.now))).map(|lead| lead.fragment_id);
    let orders = changed(state.orders.values().map(|tracked| (&tracked.before, &tracked.now))).map(|order| order.fragment_id);
    let calls = changed(state.calls.values().map(|tracked| (&tracked.before, &tracked.now))).map(|call| call.fragment_id);
    leads.chain(orders).chain(calls).collect()
}

fn changed<'a, T: PartialEq + 'a>(pairs: impl Iterator<Item = (&'a Option<T>, &'a Option<T>)>) -> impl Iterator<Item = &'a T> {
    pairs.filter(|(before, now)| before != now).filter_map(|(_, now)| now.as_ref())
}
