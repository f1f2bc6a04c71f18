//! What of a file the installation has already.

use forecourt_api::imports::{PeopleNamed, RowsKnown};
use forecourt_collect::file::Trace;
use forecourt_store::{Store, StoreError};

/// Compares the rows that a dry run kept with what is folded by now.
pub async fn compare(store: &Store, trace: &Trace) -> Result<(RowsKnown, PeopleNamed), StoreError> {
    let known = if trace.cost_rows == 0 { messages(store, trace).await? } else { costs(store, trace).await? };
    Ok((known, people(store, trace).await?))
}

async fn messages(store: &Store, trace: &Trace) -> Result<RowsKnown, StoreError> {
    let mut keys = trace.messages.clone();
    keys.sort_unstable();
    keys.dedup();
    let (rows, different) = (trace.messages.len() as u64, keys.len() as u64);
    let known = store.known_for_ever(&keys).await?.min(different);
    Ok(RowsKnown { new: different - known, known, repeated: rows - different, changed: 0, complete: trace.complete })
}

/// A cost replaces the one of its day, channel, source, campaign and region.
async fn costs(store: &Store, trace: &Trace) -> Result<RowsKnown, StoreError> {
    let keys: Vec<String> = trace.costs.keys().cloned().collect();
    let held = store.costs_held(&keys).await?;
    let known = held.iter().filter(|held| trace.costs.get(&held.key()) == Some(held)).count() as u64;
    let (different, met) = (trace.costs.len() as u64, held.len() as u64);
    Ok(RowsKnown { new: different - met, known, repeated: trace.cost_rows - different, changed: met - known, complete: trace.complete })
}

async fn people(store: &Store, trace: &Trace) -> Result<PeopleNamed, StoreError> {
    let people = trace.people();
    let fragments: Vec<_> = people.iter().flatten().copied().collect();
    let there = store.known_fragments(&fragments).await?;
    let known = people.iter().filter(|fragments| fragments.iter().any(|id| there.contains(id))).count() as u64;
    Ok(PeopleNamed { new: people.len() as u64 - known, known })
}
