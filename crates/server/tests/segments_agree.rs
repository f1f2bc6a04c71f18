//! Random rules over random histories, answered three times: by the fold as events come in, with the past filled in from the lake
//! in the middle of it; by the lake's measures and one look; and by a naive evaluator that shares no code with either.
//!
//! `FORECOURT_PROVE=1` tries 20,000 cases, a rule and a person each, with a seed of its own; `FORECOURT_SEED=N` repeats a run.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_lake::{Catalogue, Lake, LakeOptions};
use forecourt_log::{Entry, Log, Options};
use forecourt_model::{
    FragmentState, HashKey, Origin, ProfileId, RecordKind, Stamp,
    command::{Action, Command, Verdict},
    measure::MeasureSpec,
    rule::{self, Decider, Part, Person, Rule},
    segment::{Segment, VersionState},
    time::iso,
};
use forecourt_process::{Batch, Fold, Settings};
use forecourt_query::{Query, QueryOptions};
use forecourt_store::{
    Store,
    segment::{PartRow, PeopleAsked},
};
use jiff::tz::TimeZone;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};

const PEOPLE: usize = 30;
const RULES: usize = 20;
/// 2026-01-05T00:00:00Z.
const START_US: i64 = 1_767_571_200_000_000;
const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * 60 * MINUTE_US;
const BASE: &str = "base";

/// What a person did, as the sender knows it.
#[derive(Debug, Clone)]
struct Did {
    person: usize,
    ts_us: i64,
    /// `None` for an `identify`.
    event: Option<&'static str>,
    properties: Value,
    traits: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_decided_alike_live_from_the_lake_and_by_hand() {
    let is_proving = std::env::var_os("FORECOURT_PROVE").is_some();
    let given = std::env::var("FORECOURT_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| if is_proving { rand::random() } else { 20_261_122 });
    println!("FORECOURT_SEED={seed}");
    let cases: usize = if is_proving { 20_000 } else { 600 };
    let worlds = cases.div_ceil(PEOPLE * RULES) as u64;
    let (mut compared, mut members) = (0, 0);
    for world in 0..worlds {
        let (of, held) = tell(seed.wrapping_add(world)).await;
        compared += of;
        members += held;
    }
    println!("{compared} cases in {worlds} world(s), {members} of them hold");
    assert!(cases <= compared && members * 20 > compared && (compared - members) * 20 > compared, "rules that say nothing prove nothing");
}

/// One world. Returns how many cases it has, and how many of them hold.
async fn tell(seed: u64) -> (usize, usize) {
    let mut chance = StdRng::seed_from_u64(seed);
    let history = history(&mut chance);
    let base = rule(&mut chance, 1, false);
    let rules: Vec<Value> = (0..RULES).map(|_| rule(&mut chance, 3, true)).collect();
    let end_us = history.iter().map(|did| did.ts_us).max().unwrap_or(START_US) + chance.random_range(1..20 * DAY_US);
    // From the beginning, and from somewhere in the middle.
    let mut answers = Vec::new();
    for defined_at in [0, chance.random_range(1..history.len())] {
        let mut world = World::new().await;
        world.live_through(&mut chance, &history, &base, &rules, defined_at, end_us).await;
        answers.push((defined_at, world.live(&rules).await, world.from_lake(&base, &rules, end_us).await));
    }
    let naive = Naive { history: &history, base: &base, now_us: end_us };
    let mut held = 0;
    for (at, rule) in rules.iter().enumerate() {
        for person in 0..PEOPLE {
            let expected = naive.holds(rule, person);
            held += usize::from(expected);
            for (defined_at, live, lake) in &answers {
                let told = || {
                    let mine: Vec<String> = history.iter().filter(|did| did.person == person).map(|did| format!("{did:?}")).collect();
                    format!("seed {seed}, defined at {defined_at}, now {end_us}, person {person}\n{rule:#}\n{}", mine.join("\n"))
                };
                assert_eq!(live[at].contains(&person), expected, "live: {}", told());
                assert_eq!(lake[at].contains(&person), expected, "lake: {}", told());
            }
        }
    }
    (RULES * PEOPLE, held)
}

fn history(chance: &mut StdRng) -> Vec<Did> {
    let mut history: Vec<Did> = (0..chance.random_range(300..500)).map(|number| did(chance, number)).collect();
    history.sort_by_key(|did| did.ts_us);
    // Some come late.
    for _ in 0..history.len() / 10 {
        let (from, to) = (chance.random_range(0..history.len()), chance.random_range(0..history.len()));
        let late = history.remove(from.min(to));
        history.insert(from.max(to).min(history.len()), late);
    }
    history
}

fn did(chance: &mut StdRng, number: usize) -> Did {
    let person = chance.random_range(0..PEOPLE);
    // Clusters, so that windows and equal times matter.
    let minute = MINUTE_US * chance.random_range(0..60 * 24 * 60i64);
    let ts_us = START_US + if chance.random_bool(0.3) { minute / DAY_US * DAY_US } else { minute } + chance.random_range(0..3i64) * 500_000;
    if number.is_multiple_of(6) {
        let mut traits = json!({
            "city": one(chance, &["Kyiv", "lviv", "Odesa"]), "age": chance.random_range(18..60u8), "vip": chance.random_bool(0.5),
            "delivery": day_text(ts_us / DAY_US + chance.random_range(-20..60i64)), "tags": (0..chance.random_range(0..3)).map(|_| one(chance, &["a", "b", "c"])).collect::<Vec<_>>(),
        });
        if chance.random_bool(0.4) {
            traits["consent_news"] = json!(chance.random_bool(0.6));
        }
        return Did { person, ts_us, event: None, properties: json!({}), traits };
    }
    let event = one(chance, &["car_viewed", "car_viewed", "test_drive", "quote", "order_confirmed"]);
    let mut properties = json!({ "n": chance.random_range(0..5u8), "car": { "color": one(chance, &["red", "Green", "blue"]) } });
    if event == "order_confirmed" {
        properties["order_id"] = json!(format!("o{number}"));
        properties["revenue"] = json!(f64::from(chance.random_range(1..40u8)) * 0.25);
    } else if chance.random_bool(0.5) {
        properties["value"] = json!(f64::from(chance.random_range(0..40u8)) * 0.25);
    }
    for (name, values) in [("model", ["Aster", "Bora"]), ("dealer", ["north", "south"]), ("region", ["east", "West"])] {
        if chance.random_bool(0.5) {
            properties[name] = json!(values.choose(chance));
        }
    }
    Did { person, ts_us, event: Some(event), properties, traits: json!({}) }
}

fn day_text(day: i64) -> String {
    iso(day * DAY_US)[..10].to_owned()
}

fn one(chance: &mut StdRng, of: &[&'static str]) -> &'static str {
    of.choose(chance).copied().unwrap_or_default()
}

fn has_user(person: usize) -> bool {
    person.is_multiple_of(2)
}

// Rules, as people write them.

fn rule(chance: &mut StdRng, depth: u32, with_base: bool) -> Value {
    match chance.random_range(0..if depth == 0 { 6 } else { 9 }) {
        6 => {
            json!({ "if": "all", "rules": (0..chance.random_range(1..4)).map(|_| rule(chance, depth - 1, with_base)).collect::<Vec<_>>() })
        }
        7 => {
            json!({ "if": "any", "rules": (0..chance.random_range(1..4)).map(|_| rule(chance, depth - 1, with_base)).collect::<Vec<_>>() })
        }
        8 => json!({ "if": "not", "rule": rule(chance, depth - 1, with_base) }),
        _ => condition(chance, with_base),
    }
}

fn span(chance: &mut StdRng) -> &'static str {
    one(chance, &["30m", "6h", "1d", "2d", "5d", "2w", "45d"])
}

fn condition(chance: &mut StdRng, with_base: bool) -> Value {
    let op = one(chance, &["at_least", "at_most", "above", "below", "equal"]);
    let which = one(chance, &["first", "latest"]);
    let spanned = |chance: &mut StdRng| if chance.random_bool(0.6) { json!(span(chance)) } else { Value::Null };
    let with = |mut rule: Value, name: &str, value: Value| {
        if !value.is_null() {
            rule[name] = value;
        }
        rule
    };
    match chance.random_range(0..15) {
        0..=4 => {
            let measure = match chance.random_range(0..3) {
                0 => json!({ "of": "count" }),
                1 => json!({ "of": "sum", "field": one(chance, &["value", "properties.n"]) }),
                _ => json!({ "of": "distinct", "field": field(chance) }),
            };
            let within = match chance.random_range(0..5) {
                0 => Value::Null,
                1 => {
                    let from_us = START_US + chance.random_range(0..40i64) * DAY_US;
                    json!({ "between": { "from_us": from_us, "to_us": from_us + chance.random_range(1..30i64) * DAY_US } })
                }
                _ => json!({ "last": span(chance) }),
            };
            let mut rule = events(chance);
            rule["if"] = json!("did");
            rule["measure"] = measure;
            rule["is"] = json!({ "op": op, "number": f64::from(chance.random_range(0..9u8)) * 0.5 });
            with(rule, "within", within)
        }
        5 => {
            let mut rule = events(chance);
            rule["if"] = json!("value");
            rule["which"] = json!(which);
            rule["field"] = json!(field(chance));
            rule["is"] = test(chance);
            rule
        }
        6 | 7 => {
            let steps: Vec<Value> = (0..chance.random_range(2..4)).map(|_| events(chance)).collect();
            with(json!({ "if": "sequence", "steps": steps, "span": span(chance) }), "within", spanned(chance))
        }
        8 => json!({ "if": "seen", "which": which, "within": span(chance) }),
        9 => json!({ "if": "place", "by": one(chance, &["region", "dealer"]), "is": test(chance) }),
        10 => {
            let measure = one(chance, &["count", "revenue"]);
            let number = f64::from(chance.random_range(0..9u8)) * 0.5;
            with(json!({ "if": "orders", "measure": measure, "is": { "op": op, "number": number } }), "within", spanned(chance))
        }
        11 => {
            let from = chance.random_range(-20..20i32);
            let mut rule = json!({ "if": "date", "name": "delivery" });
            let which = chance.random_range(0..3);
            if which != 1 {
                rule["from_days"] = json!(from);
            }
            if which != 0 {
                rule["to_days"] = json!(from + chance.random_range(0..20i32));
            }
            rule
        }
        12 if with_base => json!({ "if": "segment", "segment_id": BASE }),
        12 => json!({ "if": "identifier", "kind": "user_id" }),
        13 => {
            let mut rule = json!({ "if": "consent", "purpose": one(chance, &["news", "offers"]), "is": one(chance, &["given", "withdrawn", "unknown"]) });
            if chance.random_bool(0.5) {
                rule["message_channel"] = json!("email");
            }
            rule
        }
        _ => json!({ "if": "trait", "name": one(chance, &["city", "age", "vip", "tags", "nothing"]), "is": test(chance) }),
    }
}

fn events(chance: &mut StdRng) -> Value {
    let filters: Vec<Value> = (0..chance.random_range(0..3usize).saturating_sub(1))
        .map(|_| {
            let mut filter = test(chance);
            filter["field"] = json!(field(chance));
            filter
        })
        .collect();
    let event = one(chance, &["car_viewed", "test_drive", "quote", "order_confirmed", "*"]);
    if filters.is_empty() { json!({ "event": event }) } else { json!({ "event": event, "where": filters }) }
}

fn field(chance: &mut StdRng) -> &'static str {
    one(chance, &["model", "dealer", "region", "value", "properties.n", "properties.car.color", "properties.none"])
}

fn test(chance: &mut StdRng) -> Value {
    const VALUES: [&str; 16] =
        ["aster", "Bora", "north", "SOUTH", "east", "west", "red", "green", "Kyiv", "lviv", "true", "a", "b", "2", "3.0", "30"];
    let some = |chance: &mut StdRng, count: usize| -> Vec<&str> { (0..count).filter_map(|_| VALUES.choose(chance).copied()).collect() };
    match chance.random_range(0..10) {
        0..=2 => json!({ "op": "is", "values": some(chance, 2) }),
        3 => json!({ "op": "is_not", "values": some(chance, 2) }),
        4 => json!({ "op": "contains", "values": [one(chance, &["r", "S", "e", "3"])] }),
        5 => json!({ "op": "starts_with", "values": [one(chance, &["n", "A", "b", "3"])] }),
        6 => json!({ "op": "exists" }),
        7 => json!({ "op": "absent" }),
        _ => {
            let op = one(chance, &["above", "at_least", "below", "at_most"]);
            json!({ "op": op, "values": [one(chance, &["2", "3.5", "30", "0"])] })
        }
    }
}

// The installation.

struct World {
    log: Log,
    store: Store,
    fold: Fold,
    lake: Lake,
    query: Query,
    sent: usize,
    at_us: i64,
    dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let log = Log::open(&dir.path().join("log"), Options::default()).expect("a log");
        let store = Store::sqlite(&dir.path().join("state.sqlite")).await.expect("a store");
        let fold = Fold::open(store.clone(), Settings::new(HashKey([7; 32]))).await.expect("a fold");
        let catalogue = Catalogue::Sqlite(dir.path().join("catalogue.sqlite"));
        let options = LakeOptions { region: "RU".into(), threads: 1, ..LakeOptions::default() };
        let lake = Lake::open(catalogue, &dir.path().join("lake"), log.clone(), store.clone(), options).await.expect("a lake");
        let query = Query::new(lake.clone(), QueryOptions { threads: 2, ..QueryOptions::default() }).expect("threads");
        Self { log, store, fold, lake, query, sent: 0, at_us: START_US, dir }
    }

    /// Tells the history; after `defined_at` of its events come the rules. They are filled and decided while the rest goes on.
    async fn live_through(&mut self, chance: &mut StdRng, history: &[Did], base: &Value, rules: &[Value], defined_at: usize, end_us: i64) {
        self.define(BASE, base).await;
        self.fill_and_decide().await;
        self.tell(chance, &history[..defined_at]).await;
        for (at, rule) in rules.iter().enumerate() {
            self.define(&format!("s{at}"), rule).await;
        }
        let rest = &history[defined_at..];
        let (first, last) = rest.split_at(chance.random_range(0..=rest.len()));
        self.tell(chance, first).await;
        self.fill().await;
        let (middle, last) = last.split_at(chance.random_range(0..=last.len()));
        self.decide(i64::MAX / 2).await;
        self.tell(chance, middle).await;
        self.decide(i64::MAX).await;
        self.tell(chance, last).await;
        self.at_us = end_us;
        // More may have come due than one tick takes.
        for _ in 0..2 {
            self.append(vec![Entry { kind: RecordKind::Tick as u8, body: Vec::new().into() }]).await;
        }
        self.fold_all().await;
    }

    async fn tell(&mut self, chance: &mut StdRng, history: &[Did]) {
        for part in history.chunks(chance.random_range(1..40)) {
            for did in part {
                self.at_us = self.at_us.max(did.ts_us);
                self.sent += 1;
                let entry = event(did, self.sent, self.at_us);
                self.append(vec![entry]).await;
            }
            if chance.random_bool(0.5) {
                self.append(vec![Entry { kind: RecordKind::Tick as u8, body: Vec::new().into() }]).await;
            }
            self.fold_all().await;
            if chance.random_bool(0.2) {
                self.lake.flush().await.expect("flushed");
            }
        }
    }

    async fn append(&mut self, entries: Vec<Entry>) -> u64 {
        self.log.append(self.at_us, entries).await.expect("appended")
    }

    async fn fold_all(&mut self) {
        loop {
            let from = self.store.folded_offset().await.expect("an offset");
            let records = self.log.reader(from).and_then(|mut reader| reader.next_batch(10_000, 64 << 20)).expect("records");
            if records.is_empty() {
                break;
            }
            for part in Batch::decode(records, "RU").parts() {
                self.fold.process_batch(&part, 0).await.expect("folded");
            }
        }
        self.fold.settle().await.expect("settled");
        self.lake.take_in().await.expect("taken in");
    }

    async fn command(&mut self, action: Action) {
        let told = format!("{action:?}");
        let body = serde_json::to_vec(&Command { actor: "ana".into(), action }).expect("JSON").into();
        let offset = self.append(vec![Entry { kind: RecordKind::Command as u8, body }]).await;
        self.fold_all().await;
        assert_eq!(self.store.verdict(offset).await.expect("read"), Some(Verdict::Done), "{told}");
    }

    async fn define(&mut self, id: &str, rule: &Value) {
        let rule: Rule = serde_json::from_value(rule.clone()).unwrap_or_else(|error| panic!("{error}: {rule:#}"));
        let segment = Segment { segment_id: id.into(), name: id.into(), description: String::new(), tz: "UTC".into(), rule };
        self.command(Action::SetSegment { segment }).await;
    }

    async fn fill_and_decide(&mut self) {
        self.fill().await;
        self.decide(i64::MAX).await;
    }

    async fn fill(&mut self) {
        for version in self.store.segments().await.expect("read").versions.into_values() {
            if !matches!(version.state, VersionState::Filling { .. }) {
                continue;
            }
            let specs = version.unfilled().map(|measure| (measure.key.clone(), measure.spec.clone())).collect();
            let before_offset = version.unfilled().map(|measure| measure.since_offset).max().expect("an offset");
            let past = self.query.past(specs, before_offset).expect("the past");
            let found = past.between(&[(-1, i64::MAX / 3), (i64::MAX / 3, i64::MAX)]).await.expect("measured");
            let rows: Vec<_> = found.into_iter().map(|measured| (measured.fragment_id, measured.measures)).collect();
            let rows = serde_json::to_string(&rows).expect("JSON");
            self.command(Action::FillSegment { number: version.number, chunk: 0, is_last: true, rows }).await;
        }
    }

    async fn decide(&mut self, until: i64) {
        for version in self.store.segments().await.expect("read").versions.into_values() {
            if let VersionState::Deciding { until: after } = version.state {
                self.command(Action::DecideSegment { number: version.number, after, until }).await;
            }
        }
    }

    /// Who is in each rule's segment.
    async fn live(&self, rules: &[Value]) -> Vec<BTreeSet<usize>> {
        let (segments, people) = (self.store.segments().await.expect("read"), self.people().await);
        let mut found = Vec::new();
        for at in 0..rules.len() {
            let version = segments.live(&format!("s{at}")).expect("in force");
            let members = self.store.members(version.number).await.expect("read");
            let size =
                self.store.fold_numbers().await.expect("read").get(&format!("segment_size:{}", version.number)).copied().unwrap_or(0);
            assert_eq!(size, members.len() as i64, "the size that is counted");
            found.push(members.into_iter().map(|id| people[&id]).collect());
        }
        found
    }

    /// Who each rule holds for, by the lake's measures.
    async fn from_lake(&self, base: &Value, rules: &[Value], now_us: i64) -> Vec<BTreeSet<usize>> {
        let people = self.people().await;
        let in_base = self.decided(&people, base, now_us, &BTreeSet::new()).await;
        let mut found = Vec::new();
        for rule in rules {
            found.push(self.decided(&people, rule, now_us, &in_base).await);
        }
        found
    }

    async fn decided(&self, people: &BTreeMap<ProfileId, usize>, rule: &Value, now_us: i64, in_base: &BTreeSet<usize>) -> BTreeSet<usize> {
        let rule: Rule = serde_json::from_value(rule.clone()).expect("a rule");
        let specs: Vec<(String, MeasureSpec)> = rule.measures().into_iter().enumerate().map(|(at, spec)| (at.to_string(), spec)).collect();
        let key_of = |spec: &MeasureSpec| specs.iter().find(|(_, held)| held == spec).map(|(key, _)| key.clone()).unwrap_or_default();
        let decider = Decider::new(&rule, TimeZone::UTC, &key_of);
        let past = self.query.past(specs.clone(), u64::MAX).expect("the past");
        let measured = past.between(&[(-1, i64::MAX)]).await.expect("measured");
        let mut measures: BTreeMap<_, _> = measured.into_iter().map(|held| (held.fragment_id, held.measures)).collect();
        let asked = PeopleAsked { states: true, entities: true, memberships: false };
        let read = self.store.people_between(-1, i64::MAX, asked).await.expect("read");
        let mut parts: BTreeMap<ProfileId, Vec<(PartRow, FragmentState)>> = BTreeMap::new();
        for row in read.parts {
            let mut state: FragmentState = serde_json::from_str(&row.state).expect("a state");
            state.measures = measures.remove(&row.fragment_id).unwrap_or_default();
            parts.entry(row.profile_id).or_default().push((row, state));
        }
        let holds = |(id, parts): &(ProfileId, Vec<(PartRow, FragmentState)>)| {
            let is_in = |_: &str| in_base.contains(&people[id]);
            let person = Person {
                profile_id: id.0,
                parts: parts
                    .iter()
                    .map(|(row, state)| Part { kind: &row.kind, events: row.events, first_us: row.first_us, last_us: row.last_us, state })
                    .collect(),
                leads: Vec::new(),
                orders: read.orders.iter().filter(|(of, ..)| of == id).map(|(_, at_us, revenue)| (*at_us, *revenue)).collect(),
                is_in: &is_in,
            };
            rule::decide(&decider, &person, now_us).holds
        };
        parts.into_iter().filter(|held| people.contains_key(&held.0)).filter(|held| holds(held)).map(|(id, _)| people[&id]).collect()
    }

    /// Whose profile is whose.
    async fn people(&self) -> BTreeMap<ProfileId, usize> {
        let mut people = BTreeMap::new();
        for row in self.store.fragments_page(-1, 10_000).await.expect("read") {
            let person = row.value.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().expect("a person's number");
            let held = people.insert(row.profile_id, person);
            assert!(held.is_none_or(|held| held == person), "two people became one");
        }
        assert!(people.len() <= PEOPLE, "one person became two in {}", self.dir.path().display());
        people
    }
}

fn event(did: &Did, number: usize, at_us: i64) -> Entry {
    let mut wire = json!({ "anonymousId": format!("device-{}", did.person), "timestamp": iso(did.ts_us), "properties": did.properties });
    if has_user(did.person) {
        wire["userId"] = json!(format!("user-{}", did.person));
    }
    match did.event {
        Some(event) => {
            wire["type"] = json!("track");
            wire["event"] = json!(event);
        }
        None => {
            wire["type"] = json!("identify");
            wire["traits"] = did.traits.clone();
        }
    }
    let id = format!("m{number}");
    let stamp = Stamp {
        origin: Origin::Live,
        received_us: at_us,
        sent_us: None,
        source: "site".into(),
        message_id: id.as_str().into(),
        ip: "".into(),
    };
    Entry { kind: RecordKind::Event as u8, body: stamp.encode(wire.to_string().as_bytes()).into() }
}

// The naive evaluator: rules as JSON, histories as they were sent.

struct Naive<'a> {
    history: &'a [Did],
    base: &'a Value,
    now_us: i64,
}

impl Naive<'_> {
    /// What the person did, with the place in the log.
    fn of(&self, person: usize) -> Vec<(usize, &Did)> {
        self.history.iter().enumerate().filter(|(_, did)| did.person == person).collect()
    }

    fn holds(&self, rule: &Value, person: usize) -> bool {
        let mine = self.of(person);
        // Whoever did nothing is nobody: no rule holds for them.
        if mine.is_empty() {
            return false;
        }
        let rules = || rule["rules"].as_array().cloned().unwrap_or_default();
        match rule["if"].as_str().expect("a kind") {
            "all" => rules().iter().all(|rule| self.holds(rule, person)),
            "any" => rules().iter().any(|rule| self.holds(rule, person)),
            "not" => !self.holds(&rule["rule"], person),
            "segment" => self.holds(self.base, person),
            "identifier" => has_user(person),
            "did" => self.counted(rule, &mine),
            "value" => {
                let mut taken = taken(rule, &mine);
                taken.sort_by_key(|(at, did)| (did.ts_us, *at));
                let one = if rule["which"] == "first" { taken.first() } else { taken.last() };
                tested(
                    &rule["is"],
                    &one.and_then(|(_, did)| text(did, rule["field"].as_str().expect("a field"))).into_iter().collect::<Vec<_>>(),
                )
            }
            "sequence" => {
                let steps: Vec<Vec<i64>> = rule["steps"]
                    .as_array()
                    .expect("steps")
                    .iter()
                    .map(|step| taken(step, &mine).iter().map(|(_, did)| did.ts_us).collect())
                    .collect();
                let span_us = us(&rule["span"]);
                let recent = |start: i64| rule["within"].is_null() || self.now_us - us(&rule["within"]) <= start;
                steps[0].iter().any(|start| recent(*start) && goes_on(&steps[1..], *start, start + span_us))
            }
            "seen" => {
                let times = mine.iter().map(|(_, did)| did.ts_us);
                let at = if rule["which"] == "first" { times.min() } else { times.max() };
                at.is_some_and(|at| self.now_us - us(&rule["within"]) <= at)
            }
            "place" => {
                let by = rule["by"].as_str().expect("a place");
                let named = mine.iter().filter(|(_, did)| did.properties.get(by).is_some());
                let latest = named.max_by_key(|(at, did)| (did.ts_us, *at));
                tested(&rule["is"], &latest.and_then(|(_, did)| text(did, by)).into_iter().collect::<Vec<_>>())
            }
            "orders" => {
                let since = if rule["within"].is_null() { i64::MIN } else { self.now_us - us(&rule["within"]) };
                let made = mine.iter().filter(|(_, did)| did.event == Some("order_confirmed") && since <= did.ts_us);
                let worth = |did: &Did| if rule["measure"] == "count" { 1.0 } else { did.properties["revenue"].as_f64().expect("revenue") };
                compared(&rule["is"], made.map(|(_, did)| worth(did)).sum())
            }
            "date" => {
                let Some(Value::String(date)) = self.told(&mine, "delivery") else { return false };
                let date: jiff::civil::Date = date.parse().expect("a date");
                let day = date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24;
                let ahead = day - self.now_us / DAY_US;
                rule["from_days"].as_i64().is_none_or(|from| from <= ahead) && rule["to_days"].as_i64().is_none_or(|to| ahead <= to)
            }
            "trait" => {
                let held = self.told(&mine, rule["name"].as_str().expect("a name"));
                let texts = match held {
                    Some(Value::Array(values)) => values.iter().filter_map(plain).collect(),
                    Some(value) => plain(&value).into_iter().collect(),
                    None => Vec::new(),
                };
                tested(&rule["is"], &texts)
            }
            "consent" => {
                let said = self.told(&mine, "consent_news").filter(|_| rule["purpose"] == "news");
                let held = match said.and_then(|said| said.as_bool()) {
                    Some(true) => "given",
                    Some(false) => "withdrawn",
                    None => "unknown",
                };
                rule["is"] == held
            }
            other => panic!("no rule of the test: {other}"),
        }
    }

    /// The latest word on a trait.
    fn told(&self, mine: &[(usize, &Did)], name: &str) -> Option<Value> {
        let named = mine.iter().filter(|(_, did)| did.traits.get(name).is_some());
        named.max_by_key(|(at, did)| (did.ts_us, *at)).map(|(_, did)| did.traits[name].clone())
    }

    fn counted(&self, rule: &Value, mine: &[(usize, &Did)]) -> bool {
        let within = &rule["within"];
        let mut taken = taken(rule, mine);
        if let Some(between) = within.get("between") {
            let bounds = (between["from_us"].as_i64().expect("from"), between["to_us"].as_i64().expect("to"));
            taken.retain(|(_, did)| bounds.0 <= did.ts_us && did.ts_us < bounds.1);
        }
        let last = within.get("last").map(us);
        let field = |did: &Did| text(did, rule["measure"]["field"].as_str().expect("a field"));
        if rule["measure"]["of"] == "distinct" {
            let recent = taken.iter().filter(|(_, did)| last.is_none_or(|last| self.now_us - last <= did.ts_us));
            let values: BTreeSet<String> = recent.filter_map(|(_, did)| field(did)).collect();
            return compared(&rule["is"], values.len() as f64);
        }
        // Windows move over whole hours, short ones over whole minutes.
        if let Some(last) = last {
            let grain = if last <= 2 * DAY_US { MINUTE_US } else { 60 * MINUTE_US };
            let begins = (self.now_us - last) / grain * grain;
            taken.retain(|(_, did)| begins <= did.ts_us);
        }
        let sum = match rule["measure"]["of"].as_str().expect("a measure") {
            "count" => taken.len() as f64,
            _ => taken.iter().filter_map(|(_, did)| field(did)?.parse::<f64>().ok()).sum(),
        };
        compared(&rule["is"], sum)
    }
}

/// Whether all further steps can follow, each later than the one before, none after `until`.
fn goes_on(steps: &[Vec<i64>], after: i64, until: i64) -> bool {
    match steps.split_first() {
        None => true,
        Some((step, rest)) => step.iter().any(|at| after < *at && *at <= until && goes_on(rest, *at, until)),
    }
}

fn taken<'a>(rule: &Value, mine: &[(usize, &'a Did)]) -> Vec<(usize, &'a Did)> {
    let event = rule["event"].as_str().expect("an event");
    let filters = rule["where"].as_array().cloned().unwrap_or_default();
    let passes = |did: &Did| {
        (event == "*" || did.event == Some(event))
            && filters
                .iter()
                .all(|filter| tested(filter, &text(did, filter["field"].as_str().expect("a field")).into_iter().collect::<Vec<_>>()))
    };
    mine.iter().filter(|(_, did)| passes(did)).copied().collect()
}

fn text(did: &Did, field: &str) -> Option<String> {
    let properties = &did.properties;
    match field {
        "value" => properties.get("value").or(properties.get("revenue")).and_then(plain),
        "properties.car.color" => plain(&properties["car"]["color"]),
        field => plain(&properties[field.strip_prefix("properties.").unwrap_or(field)]),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // A column of numbers tells a whole one without its dot.
        Value::Number(number) => Some(number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn us(span: &Value) -> i64 {
    let text = span.as_str().expect("a span");
    let (digits, unit) = text.split_at(text.len() - 1);
    let minutes = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        _ => 7 * 24 * 60,
    };
    digits.parse::<i64>().expect("digits") * minutes * MINUTE_US
}

fn compared(is: &Value, number: f64) -> bool {
    let with = is["number"].as_f64().expect("a number");
    match is["op"].as_str().expect("an op") {
        "at_least" => number >= with,
        "at_most" => number <= with,
        "above" => number > with,
        "below" => number < with,
        _ => number == with,
    }
}

/// * `held`: one text, none where nothing is known, several of a list.
fn tested(is: &Value, held: &[String]) -> bool {
    let wanted: Vec<String> =
        is["values"].as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_lowercase)).collect();
    let equal = |text: &String, wanted: &String| {
        *text.to_lowercase() == **wanted || matches!((text.parse::<f64>(), wanted.parse::<f64>()), (Ok(one), Ok(other)) if one == other)
    };
    let is_one_of = |text: &String| wanted.iter().any(|wanted| equal(text, wanted));
    let number = |text: &String| text.parse::<f64>().ok().zip(wanted.first().and_then(|wanted| wanted.parse::<f64>().ok()));
    match is["op"].as_str().expect("an op") {
        "is" => held.iter().any(is_one_of),
        "is_not" => !held.iter().any(is_one_of),
        "contains" => held.iter().any(|text| text.to_lowercase().contains(&wanted[0])),
        "starts_with" => held.iter().any(|text| text.to_lowercase().starts_with(&wanted[0])),
        "exists" => !held.is_empty(),
        "absent" => held.is_empty(),
        "above" => held.iter().filter_map(number).any(|(held, wanted)| held > wanted),
        "at_least" => held.iter().filter_map(number).any(|(held, wanted)| held >= wanted),
        "below" => held.iter().filter_map(number).any(|(held, wanted)| held < wanted),
        _ => held.iter().filter_map(number).any(|(held, wanted)| held <= wanted),
    }
}
