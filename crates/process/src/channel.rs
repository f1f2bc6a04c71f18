//! Channel rules: changed, and what the store holds decided anew by them.

use std::sync::Arc;

use forecourt_model::{
    ChannelRules, FragmentId,
    channel::ChannelRule,
    command::ChannelsOf,
    entity::{Call, Dimensions, Lead, Order},
};
use forecourt_store::{FoldTx, StoreError, definition::CHANNEL_RULES};
use rustc_hash::FxHashMap;

use crate::{
    definition,
    pending::Pending,
    state::{State, Tracked},
};

/// Rows of one table whose channels are decided anew: keys after `after`, up to and with `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub of: ChannelsOf,
    pub after: String,
    pub until: String,
}

pub(crate) fn set_rules(state: &mut State<'_>, rules: &[ChannelRule], actor: &str) -> Result<(), String> {
    let rules = ChannelRules::read(rules.to_vec())?;
    definition::note(state, CHANNEL_RULES, "", &rules.rules(), actor);
    state.rules = Arc::new(rules);
    Ok(())
}

/// Loads a range for [`decide`].
pub(crate) async fn load(tx: &mut FoldTx, state: &mut State<'_>, range: &Range, pending: &Pending) -> Result<(), StoreError> {
    let Range { of, after, until } = range;
    match of {
        ChannelsOf::Fragments => {
            let (after, until) = ids(range);
            let found = tx.fragments_between(after, until).await?;
            // Some are not in the table yet, in this state or at all.
            for fragment in pending.instead(found).chain(pending.between(after, until)) {
                state.fragments.entry(fragment.row.fragment_id).or_insert(fragment);
            }
        }
        ChannelsOf::Leads => {
            for lead in tx.leads_between(after, until).await? {
                state.leads.entry(lead.lead_id.clone()).or_insert_with(|| Tracked::loaded(lead));
            }
        }
        ChannelsOf::Orders => {
            for order in tx.orders_between(after, until).await? {
                state.orders.entry(order.order_id.clone()).or_insert_with(|| Tracked::loaded(order));
            }
        }
        ChannelsOf::Calls => {
            for call in tx.calls_between(after, until).await? {
                state.calls.entry(call.call_id.clone()).or_insert_with(|| Tracked::loaded(call));
            }
        }
    }
    Ok(())
}

/// Decides the channels of a range anew. What the batch itself has changed in it so far counts, so that batches of any size
/// end in the same state.
pub(crate) fn decide(state: &mut State<'_>, range: &Range) {
    let rules = state.rules.clone();
    let (version, changed) = match range.of {
        ChannelsOf::Fragments => {
            let (after, until) = ids(range);
            for (FragmentId(id), fragment) in &mut state.fragments {
                if after < *id && *id <= until {
                    fragment.dirty |= fragment.state().decide_channels(&rules);
                }
            }
            return;
        }
        ChannelsOf::Leads => ("leads_version", decide_each(&mut state.leads, range, &rules, |lead: &mut Lead| &mut lead.dimensions)),
        ChannelsOf::Orders => ("orders_version", decide_each(&mut state.orders, range, &rules, |order: &mut Order| &mut order.dimensions)),
        ChannelsOf::Calls => ("calls_version", decide_each(&mut state.calls, range, &rules, |call: &mut Call| &mut call.dimensions)),
    };
    if changed {
        state.touch_version(version);
    }
}

fn decide_each<T>(
    entities: &mut FxHashMap<String, Tracked<T>>,
    range: &Range,
    rules: &ChannelRules,
    dimensions: impl Fn(&mut T) -> &mut Dimensions,
) -> bool {
    let mut changed = false;
    for (id, tracked) in entities {
        if range.after < *id && *id <= range.until {
            changed |= tracked.now.as_mut().is_some_and(|entity| dimensions(entity).decide_channel(rules));
        }
    }
    changed
}

/// Fragment ids are never negative: what does not read as one is an empty range.
fn ids(range: &Range) -> (i64, i64) {
    (range.after.parse().unwrap_or(-1), range.until.parse().unwrap_or(-1))
}
