//! Writes what the batch changed, set by set.

use forecourt_model::Block;
use forecourt_store::{FoldTx, StoreError};

use crate::{
    entity,
    identity::KnownEdges,
    state::{Fragment, State},
};

pub(crate) async fn changes(tx: &mut FoldTx, mut state: State<'_>, lake_offset: u64) -> Result<(Block, KnownEdges), StoreError> {
    entity::count(&mut state);
    let mut dirty: Vec<_> = state.fragments.into_values().filter(|fragment| fragment.dirty).map(Fragment::into_row).collect();
    // In the order of the key, so that neighbours share pages of the tree.
    dirty.sort_unstable_by_key(|row| row.fragment_id);
    tx.save_fragments(dirty).await?;
    tx.save_evidence(&state.evidence).await?;
    state.name_words.sort_unstable();
    state.name_words.dedup();
    tx.save_name_words(&state.name_words).await?;

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
    tx.save_block(&state.block).await?;
    tx.drop_blocks(lake_offset).await?;
    tx.save_fold_numbers(&state.numbers).await?;
    Ok((state.block, state.known_edges))
}

fn changed<'a, T: PartialEq + 'a>(pairs: impl Iterator<Item = (&'a Option<T>, &'a Option<T>)>) -> impl Iterator<Item = &'a T> {
    pairs.filter(|(before, now)| before != now).filter_map(|(_, now)| now.as_ref())
}
