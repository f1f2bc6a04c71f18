use proptest::prelude::*;

use super::*;
use crate::{FragmentId, ProfileId};

fn node(id: i64, kind: &str) -> Node {
    Node {
        id: FragmentId(id),
        kind: kind.to_owned(),
        is_interval: false,
        first_us: id,
        facts: PersonFacts::default(),
        logins: vec![],
        was_shared: false,
        is_blocked: false,
    }
}

fn named(id: i64, kind: &str, name: &str, birth_date: Option<&str>) -> Node {
    let facts = PersonFacts { name: Some(NameFact::new(None, name)), birth_date: birth_date.map(str::to_owned) };
    Node { facts, ..node(id, kind) }
}

fn edge(a: i64, b: i64, trust: Trust, first_us: i64) -> Edge {
    Edge { a: FragmentId(a), b: FragmentId(b), trust, first_us, belongs: false, is_withdrawn: false, renames: false }
}

fn login(at_us: i64, person: i64) -> Login {
    Login { at_us, person: FragmentId(person) }
}

fn people(nodes: &[Node], edges: &[Edge], apart: &[(i64, i64)]) -> (Vec<i64>, Vec<&'static str>) {
    let apart: Vec<_> = apart.iter().map(|(a, b)| (FragmentId(*a), FragmentId(*b))).collect();
    let found = partition(nodes, edges, &apart, &IdentitySettings::default());
    let profiles = found.profiles.iter().map(|ProfileId(id)| *id).collect();
    (profiles, found.refused.iter().map(|refused| refused.why.as_str()).collect())
}

#[test]
fn a_person_has_one_user_id() {
    let nodes = [node(1, "user_id"), node(2, "user_id"), node(3, "email")];
    let first = people(&nodes, &[edge(1, 3, Trust::Event, 10), edge(2, 3, Trust::Event, 20)], &[]);
    assert_eq!(first, (vec![1, 2, 1], vec!["unique"]), "the older claim holds");
    let stronger = people(&nodes, &[edge(1, 3, Trust::Event, 10), edge(2, 3, Trust::Login, 20)], &[]);
    assert_eq!(stronger, (vec![1, 2, 2], vec!["unique"]), "a login is worth more than what somebody typed");
}

#[test]
fn a_user_id_that_became_another_is_one_person() {
    let nodes = [node(1, "user_id"), node(2, "user_id"), node(3, "email"), node(4, "user_id")];
    let renamed = Edge { renames: true, ..edge(1, 2, Trust::Login, 20) };
    let shared = [edge(1, 3, Trust::Login, 10), edge(2, 3, Trust::Login, 30), edge(3, 4, Trust::Login, 40)];
    let known = [shared.as_slice(), &[renamed]].concat();
    assert_eq!(people(&nodes, &known, &[]), (vec![1, 1, 1, 4], vec!["unique"]), "a third one's claim is refused as before");
}

#[test]
fn relatives_with_one_phone_are_two() {
    let couple =
        [named(1, "email", "Ivan Ivanov", Some("1980-01-02")), named(2, "email", "Olga Ivanova", Some("1983-05-06")), node(3, "phone")];
    let both = [edge(1, 3, Trust::Form, 10), edge(2, 3, Trust::Form, 20)];
    assert_eq!(people(&couple, &both, &[]), (vec![1, 2, 1], vec!["birth_date"]));
    let named_alone = [named(1, "email", "Ivan Ivanov", None), named(2, "email", "Olga Ivanova", None), node(3, "phone")];
    assert_eq!(people(&named_alone, &both, &[]), (vec![1, 2, 1], vec!["name"]));
    let married =
        [named(1, "email", "Anna Petrova", Some("1980-01-02")), named(2, "email", "Anna Sidorova", Some("1980-01-02")), node(3, "phone")];
    assert_eq!(people(&married, &both, &[]), (vec![1, 1, 1], vec![]));
    let twins =
        [named(1, "email", "Ivan Petrov", Some("1990-03-04")), named(2, "email", "Oleg Petrov", Some("1990-03-04")), node(3, "phone")];
    assert_eq!(people(&twins, &both, &[]), (vec![1, 2, 1], vec!["name"]));
}

#[test]
fn a_phone_of_many_names_is_nobodys() {
    let names = ["Ivan", "Olga", "Petr", "Maria", "Sergey", "Tatiana"];
    let mut nodes: Vec<Node> = names.iter().enumerate().map(|(at, name)| named(at as i64 + 1, "crm_id", name, None)).collect();
    nodes.push(node(9, "phone"));
    let edges: Vec<Edge> = (1..=6).map(|id| edge(id, 9, Trust::Imported, id)).collect();
    let (profiles, refused) = people(&nodes, &edges, &[]);
    assert_eq!(profiles, [1, 2, 3, 4, 5, 6, 9]);
    assert_eq!(refused, ["shared"; 6], "the first to have it does not keep it");
    assert_eq!(people(&nodes, &edges[..3], &[]).0, [1, 2, 3, 4, 5, 6, 1], "among three it is the first one's");
}

#[test]
fn a_device_is_theirs_who_sign_in_and_joins_no_two() {
    let device = Node { logins: vec![login(10, 1), login(20, 2), login(30, 1)], ..node(5, "anonymous_id") };
    assert_eq!(people(&[node(1, "user_id"), node(2, "user_id"), device], &[], &[]), (vec![1, 2, 1], vec![]));
    // One left an e-mail, later a phone: nothing says that they are two.
    let device = Node { logins: vec![login(10, 1), login(20, 2)], ..node(5, "anonymous_id") };
    assert_eq!(people(&[node(1, "email"), node(2, "phone"), device.clone()], &[], &[]).0, [1, 1, 1]);
    assert_eq!(people(&[node(1, "email"), node(2, "email"), device], &[], &[]).0, [1, 2, 1]);
    let showroom = Node { logins: (1..=12).map(|id| login(id, id)).collect(), ..node(50, "anonymous_id") };
    let nodes: Vec<Node> = (1..=12).map(|id| node(id, "user_id")).chain([showroom]).collect();
    assert_eq!(people(&nodes, &[], &[]).0[12], 50, "too many people: nobody's");
}

#[test]
fn a_word_parts_and_joins() {
    let nodes = [node(1, "user_id"), node(2, "email"), node(3, "phone")];
    let chain = [edge(1, 2, Trust::Login, 10), edge(2, 3, Trust::Form, 20)];
    assert_eq!(people(&nodes, &chain, &[]), (vec![1, 1, 1], vec![]));
    assert_eq!(people(&nodes, &chain, &[(2, 3)]), (vec![1, 1, 3], vec!["not_same"]));
    assert_eq!(people(&nodes, &chain, &[(1, 3)]), (vec![1, 1, 3], vec!["not_same"]), "the weaker evidence gives way");
    let withdrawn = [Edge { is_withdrawn: true, ..chain[0] }, chain[1]];
    assert_eq!(people(&nodes, &withdrawn, &[]), (vec![1, 2, 2], vec!["withdrawn"]));
    let car = [node(1, "user_id"), node(2, "user_id"), node(3, "vin")];
    assert_eq!(people(&car, &[edge(1, 3, Trust::Imported, 1), edge(2, 3, Trust::Imported, 2)], &[]).0, [1, 2, 3]);
}

#[test]
fn a_word_leaves_both_as_whole_as_they_were() {
    let nodes = [named(1, "user_id", "Ivan", Some("1980-01-02")), node(2, "email"), named(3, "phone", "Olga", Some("1983-05-06"))];
    let edges = [edge(1, 2, Trust::Form, 10), edge(2, 3, Trust::Word, 20)];
    assert_eq!(people(&nodes, &edges, &[]), (vec![1, 1, 1], vec![]), "whatever their names, somebody knows them");
    assert_eq!(people(&nodes, &edges[..1], &[]), (vec![1, 1, 3], vec![]));
}

#[test]
fn the_sixth_address_of_a_year_joins_nothing() {
    let mut nodes = vec![node(1, "user_id")];
    nodes.extend((2..=7).map(|id| node(id, "email")));
    let edges: Vec<Edge> = (2..=7).map(|id| edge(1, id, Trust::Event, id)).collect();
    assert_eq!(people(&nodes, &edges, &[]), (vec![1, 1, 1, 1, 1, 1, 7], vec!["limit"]));
    nodes[6].first_us = 400 * crate::time::DAY_US;
    assert_eq!(people(&nodes, &edges, &[]).0, [1; 7], "a year later it does");
}

fn world() -> impl Strategy<Value = (Vec<Node>, Vec<Edge>, Vec<(FragmentId, FragmentId)>)> {
    let kinds = proptest::sample::select(vec!["user_id", "crm_id", "email", "phone", "email", "phone", "anonymous_id", "vin"]);
    let name = proptest::option::of(proptest::sample::select(vec!["Ivan", "Olga", "Petr", "Иван", "Maria", "Anna"]));
    let born = proptest::option::of(proptest::sample::select(vec!["1980-01-01", "1985-02-02"]));
    let node_of = (kinds, name, born, 0..1_000i64, proptest::collection::vec((0..1_000i64, 0..14i64), 0..4));
    let nodes = proptest::collection::vec(node_of, 2..14);
    let trust = proptest::sample::select(Trust::ALL.to_vec());
    let edges = proptest::collection::vec((0..14i64, 0..14i64, trust, 0..1_000i64), 0..24);
    let apart = proptest::collection::vec((0..14i64, 0..14i64), 0..2);
    (nodes, edges, apart).prop_map(|(nodes, edges, apart)| {
        let nodes: Vec<Node> = nodes
            .into_iter()
            .enumerate()
            .map(|(id, (kind, name, born, first_us, logins))| Node {
                first_us,
                facts: PersonFacts { name: name.map(|name| NameFact::new(None, name)), birth_date: born.map(str::to_owned) },
                logins: if kind == "anonymous_id" {
                    logins.into_iter().map(|(at_us, person)| login(at_us, person)).collect()
                } else {
                    vec![]
                },
                ..node(id as i64, kind)
            })
            .collect();
        let edges = edges.into_iter().filter(|(a, b, ..)| a != b).map(|(a, b, trust, at)| edge(a.min(b), a.max(b), trust, at)).collect();
        (nodes, edges, apart.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (FragmentId(a), FragmentId(b))).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_what_is_known_does_not_matter((nodes, edges, apart) in world(), seed: u64) {
        let settings = IdentitySettings::default();
        let mut edges = edges;
        // One pair, one edge: as the store keeps them.
        edges.sort_by_key(|edge| (edge.a, edge.b));
        edges.dedup_by_key(|edge| (edge.a, edge.b));
        let found = partition(&nodes, &edges, &apart, &settings);
        let of = |nodes: &[Node], found: &Partition| nodes.iter().zip(&found.profiles).map(|(node, id)| (node.id, *id)).collect::<std::collections::BTreeMap<_, _>>();
        let shuffle = |len: usize| { let mut order: Vec<usize> = (0..len).collect(); order.sort_by_key(|at| blake3::hash(&[seed.to_le_bytes(), at.to_le_bytes()].concat()).as_bytes()[0]); order };
        let other_nodes: Vec<Node> = shuffle(nodes.len()).into_iter().map(|at| nodes[at].clone()).collect();
        let other_edges: Vec<Edge> = shuffle(edges.len()).into_iter().map(|at| edges[at]).collect();
        let other = partition(&other_nodes, &other_edges, &apart, &settings);
        prop_assert_eq!(of(&nodes, &found), of(&other_nodes, &other));
        prop_assert_eq!(found.refused.len(), other.refused.len());

        // No group breaks a rule.
        let profiles = of(&nodes, &found);
        for (one, node) in nodes.iter().enumerate() {
            for other in &nodes[one + 1..] {
                let together = profiles[&node.id] == profiles[&other.id];
                let unique = node.kind == other.kind && ["user_id", "crm_id"].contains(&node.kind.as_str());
                prop_assert!(!(together && unique), "two of {} on one profile", node.kind);
                prop_assert!(!(together && apart.contains(&(node.id, other.id))));
            }
        }
        for (node, profile) in nodes.iter().zip(&found.profiles) {
            prop_assert!(node.kind != "vin" || profile.0 == node.id.0, "a car joins nobody");
        }
    }
}
