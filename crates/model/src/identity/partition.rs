//! Fragments into people.

use std::collections::{BTreeMap, BTreeSet};

use super::{IdentitySettings, KindRole, NameFact, PersonFacts, Trust, Why};
use crate::{FragmentId, ProfileId, time::DAY_US};

/// A fragment, as far as it matters for whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub id: FragmentId,
    pub kind: String,
    /// What one person did on a device between signing in and the next login of somebody else.
    pub is_interval: bool,
    pub first_us: i64,
    pub facts: PersonFacts,
    /// Of a device: who signed in when.
    pub logins: Vec<Login>,
    /// Once too many people shared it, it stays nobody's own.
    pub was_shared: bool,
    /// Its value names nobody.
    pub is_blocked: bool,
}

/// Somebody signed in on a device, or was known there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Login {
    pub at_us: i64,
    pub person: FragmentId,
}

/// Evidence that two fragments are one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub a: FragmentId,
    pub b: FragmentId,
    pub trust: Trust,
    /// When it was first told, by event time.
    pub first_us: i64,
    /// Between a person and the interval of a device that is theirs: such a thing belongs, it is no evidence.
    pub belongs: bool,
    /// The record that told it tells something else since.
    pub is_withdrawn: bool,
    /// A system says of its own id that it became the other: of the two's kind one person may have both.
    pub renames: bool,
}

/// An edge that joined nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Index into the edges.
    pub edge: usize,
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partition {
    /// By node: the least id of its group.
    pub profiles: Vec<ProfileId>,
    pub refused: Vec<Refused>,
    /// By node: a contact or a device that is nobody's own.
    pub is_shared: Vec<bool>,
    /// By node: its group holds people whom only a common device joins.
    pub is_inferred: Vec<bool>,
}

/// Groups `nodes` into people.
///
/// * `edges`: between nodes of the list; others are passed over.
/// * `apart`: pairs that somebody said are not the same person.
pub fn partition(nodes: &[Node], edges: &[Edge], apart: &[(FragmentId, FragmentId)], settings: &IdentitySettings) -> Partition {
    let mut groups = Groups::of(nodes, edges, apart, settings);
    groups.find_shared_contacts();
    groups.join_by_evidence();
    groups.join_by_devices();
    groups.give_devices_to_their_people();
    groups.finish()
}

/// Whether nothing at all contradicts itself in two groups taken together, nor in any part of them: then whatever order their
/// evidence is weighed in, they are one.
pub fn are_in_harmony(one: &[Node], two: &[Node], settings: &IdentitySettings) -> bool {
    let held = held(one, settings).united(held(two, settings));
    let is_over = |(kind, times): (&String, &Vec<i64>)| {
        let of_kind = settings.of(kind);
        of_kind.is_unique && 1 < times.len()
            || of_kind.limit.is_some_and(|limit| limit.values < most_within(times.iter(), limit.window_days))
    };
    if settings.identifiers_per_profile_max < held.size as u32 || held.kinds.iter().any(is_over) {
        return false;
    }
    let dates: BTreeSet<&String> = held.facts.iter().filter_map(|facts| facts.birth_date.as_ref()).collect();
    let names: BTreeSet<&NameFact> = held.facts.iter().filter_map(|facts| facts.name.as_ref()).collect();
    let names: Vec<&NameFact> = names.into_iter().collect();
    dates.len() < 2
        && names.len() < NAMES_COMPARED
        && names.iter().enumerate().all(|(at, name)| names[at + 1..].iter().all(|other| name.may_be(other)))
}

fn held(nodes: &[Node], settings: &IdentitySettings) -> Held {
    nodes.iter().map(|node| Held::of(node, settings)).fold(Held::default(), Held::united)
}

/// What speaks against two groups of fragments, each one person's so far, being one person.
pub fn conflict_of(one: &[Node], two: &[Node], trust: Trust, settings: &IdentitySettings) -> Option<Why> {
    let (one, two) = (held(one, settings), held(two, settings));
    too_much(&one, &two, None, settings).or_else(|| contradiction(&one, &two, trust))
}

/// Somebody known by so many names is looked at as a whole.
const NAMES_COMPARED: usize = 40;

struct Groups<'a> {
    nodes: &'a [Node],
    edges: &'a [Edge],
    settings: &'a IdentitySettings,
    at: BTreeMap<FragmentId, usize>,
    apart: Vec<(usize, usize)>,
    people: Forest,
    /// Groups as they are without anybody's word. What speaks against evidence is looked for among these: two whom somebody knows
    /// to be one, whatever their names, stay as whole as they were.
    kin: Forest,
    refused: Vec<Refused>,
    is_shared: Vec<bool>,
    /// Pairs that only a device joined.
    inferred: Vec<usize>,
}

/// What a group's fragments say together.
#[derive(Debug, Clone, Default)]
struct Held {
    size: usize,
    /// When each value of a kind of which people have some, or one, was first seen.
    kinds: BTreeMap<String, Vec<i64>>,
    facts: Vec<PersonFacts>,
}

impl<'a> Groups<'a> {
    fn of(nodes: &'a [Node], edges: &'a [Edge], apart: &[(FragmentId, FragmentId)], settings: &'a IdentitySettings) -> Self {
        let at: BTreeMap<FragmentId, usize> = nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
        let apart = apart.iter().filter_map(|(one, two)| Some((*at.get(one)?, *at.get(two)?))).collect();
        let people = Forest::of(nodes.iter().map(|node| Held::of(node, settings)).collect());
        Self {
            nodes,
            edges,
            settings,
            at,
            apart,
            kin: people.clone(),
            people,
            refused: Vec::new(),
            is_shared: nodes.iter().map(|node| node.was_shared).collect(),
            inferred: Vec::new(),
        }
    }

    fn role(&self, node: usize) -> KindRole {
        let node = &self.nodes[node];
        if node.is_blocked { KindRole::Nobody } else { self.settings.role(&node.kind) }
    }

    fn ends(&self, edge: &Edge) -> Option<(usize, usize)> {
        Some((*self.at.get(&edge.a)?, *self.at.get(&edge.b)?))
    }

    /// A contact that goes with many names, or with many records of single people, is a call centre's or a salesman's.
    fn find_shared_contacts(&mut self) {
        let mut names: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        let mut people: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for edge in self.edges.iter().filter(|edge| !edge.belongs && !edge.is_withdrawn) {
            let Some((a, b)) = self.ends(edge) else { continue };
            for (contact, other) in [(a, b), (b, a)] {
                let node = &self.nodes[contact];
                if node.is_interval || !self.settings.is_contact(&node.kind) || self.role(other) != KindRole::Person {
                    continue;
                }
                for facts in [&node.facts, &self.nodes[other].facts] {
                    names.entry(contact).or_default().extend(facts.name.as_ref().map(|name| name.key()));
                }
                if self.settings.of(&self.nodes[other].kind).is_unique {
                    people.entry(contact).or_default().insert(other);
                }
            }
        }
        let (names_max, people_max) = (self.settings.names_per_contact_max as usize, self.settings.people_per_contact_max as usize);
        for (contact, names) in names {
            self.is_shared[contact] |= names_max < distinct(&names);
        }
        for (contact, people) in people {
            self.is_shared[contact] |= people_max < people.len();
        }
    }

    /// Strongest first, then oldest: each piece of evidence joins unless that would break a rule.
    fn join_by_evidence(&mut self) {
        let mut order: Vec<(usize, usize, usize)> = Vec::new();
        for (at, edge) in self.edges.iter().enumerate() {
            let Some((a, b)) = self.ends(edge) else { continue };
            let (role_a, role_b) = (self.role(a), self.role(b));
            let has_device = role_a == KindRole::Device || role_b == KindRole::Device;
            let has_nobody = role_a == KindRole::Nobody || role_b == KindRole::Nobody;
            // Whose a device is goes by its logins, unless somebody says it.
            if edge.belongs || has_device && !has_nobody && edge.trust < Trust::Word {
                continue;
            }
            let why = if has_nobody {
                Some(Why::NamesNobody)
            } else if edge.is_withdrawn {
                Some(Why::Withdrawn)
            } else if (self.is_shared[a] || self.is_shared[b]) && edge.trust < Trust::Word {
                Some(Why::Shared)
            } else {
                None
            };
            match why {
                Some(why) => self.refused.push(Refused { edge: at, why }),
                None => order.push((at, a, b)),
            }
        }
        order.sort_by_key(|(at, ..)| {
            let edge = &self.edges[*at];
            (std::cmp::Reverse(edge.trust), edge.first_us, edge.a, edge.b)
        });
        for (at, a, b) in order {
            let edge = &self.edges[at];
            let renamed = edge.renames.then(|| self.nodes[a].kind.as_str());
            match self.conflict(a, b, edge.trust, renamed) {
                Some(why) => self.refused.push(Refused { edge: at, why }),
                None => self.unite(a, b, edge.trust),
            }
        }
        // What is in one group all the same was not refused.
        let refused = std::mem::take(&mut self.refused);
        let is_apart =
            |refused: &Refused| self.ends(&self.edges[refused.edge]).is_none_or(|(a, b)| self.people.find(a) != self.people.find(b));
        let refused = refused.into_iter().filter(is_apart).collect();
        self.refused = refused;
    }

    /// Two who are known on one device one after the other are taken for one if nothing they have contradicts it.
    fn join_by_devices(&mut self) {
        let mut pairs: Vec<(i64, FragmentId, usize, usize)> = Vec::new();
        for device in 0..self.nodes.len() {
            if self.role(device) != KindRole::Device || self.nodes[device].is_interval {
                continue;
            }
            let logins = self.logins_of(device);
            let people: BTreeSet<usize> = logins.iter().map(|(_, person)| self.people.find(*person)).collect();
            if self.settings.people_per_device_max < people.len() as u32 {
                self.is_shared[device] = true;
            }
            if !self.is_shared[device] {
                pairs.extend(logins.windows(2).map(|pair| (pair[1].0, self.nodes[device].id, pair[0].1, pair[1].1)));
            }
        }
        for edge in self.edges.iter().filter(|edge| !edge.belongs && edge.trust < Trust::Word) {
            let Some((a, b)) = self.ends(edge) else { continue };
            let are_devices = self.role(a) == KindRole::Device && self.role(b) == KindRole::Device;
            if are_devices && !self.is_shared[a] && !self.is_shared[b] && !edge.is_withdrawn {
                let owner = |device: usize| self.logins_of(device).first().map(|(_, person)| *person);
                // Each device goes with whom it belongs to.
                pairs.push((edge.first_us, edge.a.min(edge.b), owner(a).unwrap_or(a), owner(b).unwrap_or(b)));
            }
        }
        pairs.sort_unstable_by_key(|(at_us, device, one, two)| (*at_us, *device, self.nodes[*one].id, self.nodes[*two].id));
        for (_, _, one, two) in pairs {
            let (a, b) = (self.kin.find(one), self.kin.find(two));
            if a != b && !self.is_another_person(one, two) && self.conflict(one, two, Trust::Event, None).is_none() {
                let joins_people =
                    self.people.find(one) != self.people.find(two) && [a, b].iter().all(|group| !self.kin.held[*group].kinds.is_empty());
                self.unite(one, two, Trust::Event);
                if joins_people {
                    self.inferred.push(one);
                }
            }
        }
    }

    /// A device is the one's who was first known on it; its later intervals are fragments of their own.
    fn give_devices_to_their_people(&mut self) {
        let is_own =
            |device: &usize| self.role(*device) == KindRole::Device && !self.nodes[*device].is_interval && !self.is_shared[*device];
        let first_login = |device| self.logins_of(device).first().map(|(at_us, person)| (*at_us, self.nodes[device].id, device, *person));
        let mut first_logins: Vec<_> = (0..self.nodes.len()).filter(is_own).filter_map(first_login).collect();
        first_logins.sort_unstable();
        for (_, _, device, person) in first_logins {
            let are_two = self.kin.find(person) != self.kin.find(device);
            // What it holds beside itself are other devices, or people it was compared with already.
            if are_two && !self.is_another_person(person, device) && self.conflict(person, device, Trust::Login, None).is_none() {
                self.unite(person, device, Trust::Login);
            }
        }
        for edge in self.edges.iter().filter(|edge| edge.belongs) {
            if let Some((a, b)) = self.ends(edge) {
                self.unite(a, b, edge.trust);
            }
        }
    }

    /// Oldest first: from the device itself, and from evidence of a time when logins were not kept.
    fn logins_of(&self, device: usize) -> Vec<(i64, usize)> {
        let node = &self.nodes[device];
        let mut logins: Vec<(i64, FragmentId, usize)> =
            node.logins.iter().filter_map(|login| Some((login.at_us, login.person, *self.at.get(&login.person)?))).collect();
        if logins.is_empty() {
            for edge in self.edges.iter().filter(|edge| !edge.belongs && (edge.a == node.id || edge.b == node.id)) {
                let person = if edge.a == node.id { edge.b } else { edge.a };
                if let Some(at) = self.at.get(&person).filter(|at| self.role(**at) == KindRole::Person) {
                    logins.push((edge.first_us, person, *at));
                }
            }
        }
        logins.retain(|(_, _, at)| self.role(*at) == KindRole::Person);
        logins.sort_unstable();
        logins.into_iter().map(|(at_us, _, at)| (at_us, at)).collect()
    }

    /// Whether both groups have identifiers of one kind that names people, and so different ones.
    fn is_another_person(&self, one: usize, two: usize) -> bool {
        let (one, two) = (&self.kin.held[self.kin.find(one)], &self.kin.held[self.kin.find(two)]);
        one.kinds.keys().any(|kind| two.kinds.contains_key(kind))
    }

    /// What speaks against two fragments being one person's, with all that was joined to each so far; nothing, where they are
    /// joined already.
    ///
    /// * `renamed`: a kind of which the evidence says that one value became the other.
    fn conflict(&self, one: usize, two: usize, trust: Trust, renamed: Option<&str>) -> Option<Why> {
        let (a, b) = (self.people.find(one), self.people.find(two));
        if a != b {
            let crosses = |(one, two): &(usize, usize)| {
                let ends = (self.people.find(*one), self.people.find(*two));
                ends == (a, b) || ends == (b, a)
            };
            if self.apart.iter().any(crosses) {
                return Some(Why::NotSame);
            }
            if let Some(why) = too_much(&self.people.held[a], &self.people.held[b], renamed, self.settings) {
                return Some(why);
            }
        }
        let (a, b) = (self.kin.find(one), self.kin.find(two));
        if a == b { None } else { contradiction(&self.kin.held[a], &self.kin.held[b], trust) }
    }

    fn unite(&mut self, one: usize, two: usize, trust: Trust) {
        self.people.unite(one, two);
        if trust < Trust::Word {
            self.kin.unite(one, two);
        }
    }

    fn finish(mut self) -> Partition {
        let roots: Vec<usize> = (0..self.nodes.len()).map(|node| self.people.find(node)).collect();
        let mut least: BTreeMap<usize, FragmentId> = BTreeMap::new();
        for (root, node) in roots.iter().zip(self.nodes) {
            least.entry(*root).and_modify(|held| *held = (*held).min(node.id)).or_insert(node.id);
        }
        let inferred: BTreeSet<usize> = self.inferred.iter().map(|node| roots[*node]).collect();
        self.refused.sort_by_key(|refused| refused.edge);
        Partition {
            profiles: roots.iter().map(|root| ProfileId::from(least[root])).collect(),
            refused: self.refused,
            is_shared: self.is_shared,
            is_inferred: roots.iter().map(|root| inferred.contains(root)).collect(),
        }
    }
}

/// Disjoint groups of nodes.
#[derive(Clone)]
struct Forest {
    parent: Vec<usize>,
    /// By the group's representative.
    held: Vec<Held>,
}

impl Forest {
    fn of(held: Vec<Held>) -> Self {
        Self { parent: (0..held.len()).collect(), held }
    }

    /// The group's representative.
    fn find(&self, node: usize) -> usize {
        let mut node = node;
        while self.parent[node] != node {
            node = self.parent[node];
        }
        node
    }

    fn unite(&mut self, one: usize, two: usize) {
        let (one, two) = (self.find(one), self.find(two));
        if one == two {
            return;
        }
        let (kept, gone) = if self.held[two].size <= self.held[one].size { (one, two) } else { (two, one) };
        self.parent[gone] = kept;
        let gone = std::mem::take(&mut self.held[gone]);
        self.held[kept].unite(gone);
    }
}

impl Held {
    fn of(node: &Node, settings: &IdentitySettings) -> Self {
        let mut held = Self { size: 1, ..Self::default() };
        if !node.is_interval && !node.is_blocked && settings.role(&node.kind) == KindRole::Person {
            held.kinds.insert(node.kind.clone(), vec![node.first_us]);
            if !node.facts.is_empty() {
                held.facts.push(node.facts.clone());
            }
        }
        held
    }

    fn united(mut self, other: Self) -> Self {
        self.unite(other);
        self
    }

    fn unite(&mut self, other: Self) {
        self.size += other.size;
        for (kind, times) in other.kinds {
            self.kinds.entry(kind).or_default().extend(times);
        }
        self.facts.extend(other.facts);
    }
}

/// What one person does not have.
fn too_much(one: &Held, two: &Held, renamed: Option<&str>, settings: &IdentitySettings) -> Option<Why> {
    let both = one.kinds.iter().filter_map(|(kind, times)| Some((kind, times, two.kinds.get(kind)?)));
    for (kind, first, second) in both {
        let of_kind = settings.of(kind);
        if of_kind.is_unique && renamed != Some(kind.as_str()) {
            return Some(Why::Unique { kind: kind.clone() });
        }
        if let Some(limit) = of_kind.limit
            && limit.values < most_within(first.iter().chain(second), limit.window_days)
        {
            return Some(Why::Limit { kind: kind.clone() });
        }
    }
    ((settings.identifiers_per_profile_max as usize) < one.size + two.size).then_some(Why::Size)
}

/// What contradicts itself in two groups taken together, and that the evidence does not outweigh.
fn contradiction(one: &Held, two: &Held, trust: Trust) -> Option<Why> {
    match shared_birth_date(one, two) {
        Some(false) if trust < Trust::Word => Some(Why::BirthDate),
        _ if Trust::Link <= trust => None,
        // A surname changes; twins have one.
        Some(true) => are_names_apart(one, two, NameFact::may_be_after_marriage).then_some(Why::Name),
        _ => are_names_apart(one, two, NameFact::may_be).then_some(Why::Name),
    }
}

/// `None` where one of them has no day of birth.
fn shared_birth_date(one: &Held, two: &Held) -> Option<bool> {
    let dates = |held: &Held| held.facts.iter().filter_map(|facts| facts.birth_date.clone()).collect::<BTreeSet<_>>();
    let (one, two) = (dates(one), dates(two));
    (!one.is_empty() && !two.is_empty()).then(|| !one.is_disjoint(&two))
}

fn are_names_apart(one: &Held, two: &Held, may_be: fn(&NameFact, &NameFact) -> bool) -> bool {
    let names = |held: &'_ Held| held.facts.iter().filter_map(|facts| facts.name.clone()).collect::<Vec<_>>();
    let (one, two) = (names(one), names(two));
    !one.is_empty() && !two.is_empty() && !one.iter().any(|name| two.iter().any(|other| may_be(name, other)))
}

/// The most values that were first seen within one window.
fn most_within<'a>(times: impl Iterator<Item = &'a i64>, window_days: u32) -> u32 {
    let mut times: Vec<i64> = times.copied().collect();
    times.sort_unstable();
    if window_days == 0 {
        return times.len() as u32;
    }
    let window_us = i64::from(window_days) * DAY_US;
    let within = |(at, first): (usize, &i64)| times.partition_point(|time| *time < first.saturating_add(window_us)) - at;
    times.iter().enumerate().map(within).max().unwrap_or(0) as u32
}

/// How many of the names are not spellings of another.
fn distinct(names: &BTreeSet<&str>) -> usize {
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        if !kept.iter().any(|held| 0.85 <= strsim::jaro_winkler(held, name)) {
            kept.push(name);
        }
    }
    kept.len()
}
