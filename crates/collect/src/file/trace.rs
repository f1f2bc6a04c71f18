//! What a dry run keeps of its rows, so that somebody who sees the store can say what is known already.

use std::collections::BTreeMap;

use forecourt_model::{FragmentId, HashKey, Identifier, IdentifierKind, entity::AdCost, record::message_key};
use rustc_hash::FxHashMap;

/// Rows that are kept; of a larger file the first ones.
const ROWS_MAX: usize = 2_000_000;
const COSTS_MAX: usize = 200_000;

/// How to keep.
#[derive(Debug, Clone, Copy)]
pub struct Tracing {
    /// What the fold hashes identifiers with.
    pub key: HashKey,
}

/// The rows that would be accepted, as far as they matter to what is known.
#[derive(Debug)]
pub struct Trace {
    tracing: Tracing,
    /// How the fold would remember each row: see [`message_key`].
    pub messages: Vec<u64>,
    /// The latest cost of each key; rows of costs replace each other.
    pub costs: BTreeMap<String, AdCost>,
    pub cost_rows: u64,
    /// Whether every row is in it.
    pub complete: bool,
    /// By fragment: another one of the same person, or itself.
    people: FxHashMap<i64, i64>,
}

impl Trace {
    pub(super) fn new(tracing: Tracing) -> Self {
        Self { tracing, messages: Vec::new(), costs: BTreeMap::new(), cost_rows: 0, complete: true, people: FxHashMap::default() }
    }

    pub(super) fn event(&mut self, source: &str, message_id: &str, identifiers: &[Identifier]) {
        if ROWS_MAX <= self.messages.len() {
            self.complete = false;
            return;
        }
        self.messages.push(message_key(source, message_id));
        let fragment = |identifier: &Identifier| identifier.fragment_id(&self.tracing.key, 0).0;
        // A device joins nobody by itself: two people may use one.
        let people: Vec<i64> = identifiers.iter().filter(|held| held.kind != IdentifierKind::AnonymousId).map(fragment).collect();
        let people = if people.is_empty() { identifiers.iter().map(fragment).collect() } else { people };
        let Some(first) = people.first() else { return };
        let root = self.root(*first);
        for other in &people[1..] {
            let other = self.root(*other);
            self.people.insert(other, root);
        }
    }

    pub(super) fn cost(&mut self, item: &[u8]) {
        let Ok(cost) = serde_json::from_slice::<AdCost>(item) else { return };
        if COSTS_MAX <= self.costs.len() {
            self.complete = false;
            return;
        }
        self.cost_rows += 1;
        self.costs.insert(cost.key(), cost);
    }

    fn root(&mut self, fragment: i64) -> i64 {
        let mut at = fragment;
        loop {
            let next = *self.people.entry(at).or_insert(at);
            if next == at {
                break;
            }
            at = next;
        }
        self.people.insert(fragment, at);
        at
    }

    /// The fragments of each person that the rows name: rows that share an identifier are of one person.
    pub fn people(&self) -> Vec<Vec<FragmentId>> {
        let mut groups: FxHashMap<i64, Vec<FragmentId>> = FxHashMap::default();
        for fragment in self.people.keys() {
            let mut root = *fragment;
            while let Some(next) = self.people.get(&root).filter(|next| **next != root) {
                root = *next;
            }
            groups.entry(root).or_default().push(FragmentId(*fragment));
        }
        groups.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_share_an_identifier_are_one_person() {
        let id = |kind: &str, value: &str| Identifier { kind: IdentifierKind::parse(kind), value: value.to_owned() };
        let mut trace = Trace::new(Tracing { key: HashKey([7; 32]) });
        trace.event("s", "1", &[id("email", "a@x.org")]);
        trace.event("s", "2", &[id("phone", "+33600000001"), id("anonymous_id", "device")]);
        trace.event("s", "3", &[id("email", "b@x.org"), id("anonymous_id", "device")]);
        assert_eq!(trace.people().len(), 3, "a device makes no one person of two");
        trace.event("s", "4", &[id("email", "a@x.org"), id("phone", "+33600000001")]);
        let mut sizes: Vec<usize> = trace.people().iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!((sizes, trace.messages.len()), (vec![1, 2], 4));
    }
}
