//! Fragments and evidence, as who is who is decided from them: rows made ready for [`forecourt_model::identity::partition`].

use std::collections::BTreeMap;

use forecourt_model::{
    FragmentId, FragmentState, IdentifierKind,
    identity::{Blocked, Edge, Login, Node, PersonFacts},
};

use crate::fragment::{Evidence, FragmentRow, SHARED};

/// Evidence that ties what happened on a device after a login to who signed in.
pub const LOGIN_INTERVAL: &str = "login_interval";
/// Evidence that a system's id became another of its ids.
pub const ALIAS: &str = "alias";

impl FragmentRow {
    /// * `state`: the row's, read.
    pub fn node(&self, state: &FragmentState, blocked: &Blocked) -> Node {
        Node {
            id: self.fragment_id,
            kind: self.kind.clone(),
            is_interval: self.generation != 0,
            first_us: self.first_us,
            facts: PersonFacts::of(state),
            logins: state.logins.iter().map(|login| Login { at_us: login.at_us, person: FragmentId(login.person) }).collect(),
            was_shared: self.marks & SHARED != 0,
            is_blocked: blocked.has(&self.kind, &self.value),
        }
    }

    /// The same of a row alone; a state that does not read says nothing of its person.
    pub fn unread_node(&self, blocked: &Blocked) -> Node {
        self.node(&serde_json::from_str(&self.state).unwrap_or_default(), blocked)
    }
}

/// Evidence between nodes; that with an end elsewhere is weighed as far as it is known.
pub fn edges(held: &[Evidence], nodes: &[Node]) -> Vec<Edge> {
    let kinds: BTreeMap<FragmentId, &str> = nodes.iter().map(|node| (node.id, node.kind.as_str())).collect();
    let kind_of = |id: FragmentId| kinds.get(&id).copied().unwrap_or_default();
    let files = FilesLast::of(held, kind_of);
    let edge = |evidence: &Evidence| Edge {
        a: evidence.a,
        b: evidence.b,
        trust: evidence.trust,
        first_us: evidence.first_us,
        belongs: evidence.rule == LOGIN_INTERVAL,
        is_withdrawn: files.withdrew(evidence, kind_of),
        renames: evidence.rule == ALIAS && kind_of(evidence.a) == kind_of(evidence.b),
    };
    held.iter().map(edge).collect()
}

/// When files told last of each record and kind of identifier, in days: of a record's versions the newest counts.
struct FilesLast<'a>(BTreeMap<(FragmentId, &'a str), i32>);

impl<'a> FilesLast<'a> {
    fn of(held: &[Evidence], kind_of: impl Fn(FragmentId) -> &'a str) -> Self {
        let mut last = BTreeMap::new();
        for evidence in held.iter().filter(|evidence| evidence.last_day != 0) {
            for (record, other) in [(evidence.a, evidence.b), (evidence.b, evidence.a)] {
                let day = last.entry((record, kind_of(other))).or_insert(evidence.last_day);
                *day = (*day).max(evidence.last_day);
            }
        }
        Self(last)
    }

    /// Whether one of its ends is a record whose newer version tells of another identifier of the kind.
    fn withdrew(&self, evidence: &Evidence, kind_of: impl Fn(FragmentId) -> &'a str) -> bool {
        let is_older = |record: FragmentId, other: FragmentId| {
            let is_record = matches!(IdentifierKind::parse(kind_of(record)), IdentifierKind::External(_));
            is_record && self.0.get(&(record, kind_of(other))).is_some_and(|day| evidence.last_day < *day)
        };
        // What others told, too, stands on its own.
        let is_of_files = evidence.last_day != 0 && evidence.trust == forecourt_model::Trust::Imported;
        is_of_files && (is_older(evidence.a, evidence.b) || is_older(evidence.b, evidence.a))
    }
}
