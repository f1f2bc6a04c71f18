//! Paths against their definition, over rows cut into files, deleted rows and fresh rows at random.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{Scope, time::iso};
use forecourt_query::{EventFilter, PathAt, PathElement, PathsPeopleSpec, PathsReport, PathsSpec};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::rows::{Event, event, lake, profile};

const NAMES: [&str; 5] = ["asked", "looked", "called", "paid", "noise"];
const HOUR_US: i64 = 3_600_000_000;
/// As the small lake says: 2023-11-14T22:13:20Z.
const AS_OF_US: i64 = 1_700_000_000_000_000;
const ALL: Scope = Scope::Everything;

fn filter(event: &str) -> EventFilter {
    EventFilter { event: event.into(), condition: None }
}

fn element(event: &str) -> PathElement {
    PathElement { event: event.into(), value: None }
}

fn random_events(rng: &mut StdRng) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..40) {
        let profile_id = profile(rng.random_range(0..16), rng.random_range(0..3));
        for _ in 0..rng.random_range(1..14) {
            // Few moments, so that many events share one; some lie ahead.
            let ts_us = AS_OF_US + 2 * HOUR_US - rng.random_range(0..40) * HOUR_US;
            let mut one = event(profile_id, ts_us, NAMES[rng.random_range(0..NAMES.len())]);
            one.channel = [Some("cpc"), None][rng.random_range(0..2)];
            one.properties = [r#"{"model":"Aster"}"#, "{}"][rng.random_range(0..2)].into();
            events.push(one);
        }
    }
    events
}

/// What is asked, in numbers.
#[derive(Debug, Clone, Copy)]
struct Asked {
    before: bool,
    steps: usize,
    window_h: i64,
    gap_h: Option<i64>,
    collapse: bool,
    split: Option<&'static str>,
    from_us: i64,
    to_us: i64,
}

impl Asked {
    fn random(rng: &mut StdRng) -> Self {
        let from_us = AS_OF_US - rng.random_range(1..30) * HOUR_US;
        Self {
            before: rng.random_bool(0.5),
            steps: rng.random_range(1..5),
            window_h: rng.random_range(1..20),
            gap_h: rng.random_bool(0.5).then(|| rng.random_range(1..6)),
            collapse: rng.random_bool(0.5),
            split: [None, Some("channel"), Some("properties.model")][rng.random_range(0..3)],
            from_us,
            to_us: from_us + rng.random_range(1..30) * HOUR_US,
        }
    }

    fn spec(self, top: usize) -> PathsSpec {
        let anchor = Some(filter("asked"));
        PathsSpec {
            start: if self.before { None } else { anchor.clone() },
            end: if self.before { anchor } else { None },
            steps: Some(self.steps),
            without: vec!["noise".into()],
            split: self.split.map(str::to_owned),
            window: Some(format!("{}h", self.window_h)),
            gap: self.gap_h.map(|hours| format!("{hours}h")),
            collapse: Some(self.collapse),
            top: Some(top),
            sequences: Some(500),
            goal: Some(filter("paid")),
            from: Some(iso(self.from_us)),
            to: Some(iso(self.to_us)),
            tz: Some("UTC".into()),
            ..PathsSpec::default()
        }
    }

    fn element(self, event: &Event) -> PathElement {
        let value = match self.split {
            Some("channel") => event.channel,
            Some(_) => event.properties.contains("Aster").then_some("Aster"),
            None => None,
        };
        PathElement { value: value.map(str::to_owned), ..element(event.event) }
    }
}

#[derive(Debug, Clone)]
struct Path {
    /// From the anchor on.
    elements: Vec<PathElement>,
    converted: bool,
    unfinished: bool,
}

/// From the anchor, one event after the other, away from it.
fn naive(events: &[Event], asked: Asked) -> Vec<Path> {
    let window_us = asked.window_h * HOUR_US;
    let ids: BTreeSet<i64> = events.iter().map(|event| event.profile_id).collect();
    let mut paths = Vec::new();
    for profile_id in ids {
        let mut own: Vec<&Event> = events.iter().filter(|event| event.profile_id == profile_id && event.ts_us <= AS_OF_US).collect();
        own.sort_by_key(|event| (event.ts_us, event.offset));
        let is_anchor = |event: &&Event| event.event == "asked" && asked.from_us <= event.ts_us && event.ts_us < asked.to_us;
        let Some(at) = own.iter().position(is_anchor) else { continue };
        let anchor = own[at];
        let goals = own.iter().filter(|event| event.event == "paid" && anchor.ts_us < event.ts_us);
        let converted = goals.into_iter().any(|event| event.ts_us - anchor.ts_us <= window_us);
        let away: Vec<&Event> = if asked.before { own[..at].iter().rev().copied().collect() } else { own[at + 1..].to_vec() };
        let (mut elements, mut now_us) = (vec![asked.element(anchor)], anchor.ts_us);
        for event in away.into_iter().filter(|event| event.event != "noise") {
            let is_far = window_us < (event.ts_us - anchor.ts_us).abs();
            if is_far || asked.gap_h.is_some_and(|hours| hours * HOUR_US < (event.ts_us - now_us).abs()) {
                break;
            }
            now_us = event.ts_us;
            if !(asked.collapse && elements.last() == Some(&asked.element(event))) {
                elements.push(asked.element(event));
            }
        }
        elements.truncate(asked.steps + 1);
        paths.push(Path { elements, converted, unfinished: AS_OF_US < anchor.ts_us + window_us });
    }
    paths
}

/// What stands at a level: one of the listed, or all others.
fn place(report: &PathsReport, path: &Path, level: usize) -> Option<usize> {
    let element = path.elements.get(level)?;
    let places = &report.levels[level].places;
    let found = places.iter().position(|place| place.element.as_ref() == Some(element));
    Some(found.unwrap_or_else(|| places.iter().position(|place| place.element.is_none()).expect("a place for all others")))
}

fn check(report: &PathsReport, expected: &[Path], asked: Asked, top: usize) {
    let seen = format!("{asked:?}");
    let count = |is: &dyn Fn(&&Path) -> bool| expected.iter().filter(is).count() as u64;
    assert_eq!(report.people, expected.len() as u64, "{seen}");
    assert_eq!(report.converted, Some(count(&|path| path.converted)), "{seen}");
    assert_eq!(report.unfinished, count(&|path| path.unfinished), "{seen}");
    assert_eq!(report.levels.len(), expected.iter().map(|path| path.elements.len()).max().unwrap_or(0), "{seen}");
    for (level, told) in report.levels.iter().enumerate() {
        let mut by_element: BTreeMap<&PathElement, u64> = BTreeMap::new();
        expected.iter().filter_map(|path| path.elements.get(level)).for_each(|element| *by_element.entry(element).or_default() += 1);
        let mut ranked: Vec<(u64, &PathElement)> = by_element.into_iter().map(|(element, people)| (people, element)).collect();
        ranked.sort_by_key(|(people, element)| (std::cmp::Reverse(*people), *element));
        let listed: Vec<Option<&PathElement>> = ranked.iter().take(top).map(|(_, element)| Some(*element)).collect();
        let others = (top < ranked.len()).then_some(None);
        assert_eq!(
            told.places.iter().map(|place| place.element.as_ref()).collect::<Vec<_>>(),
            [listed, others.into_iter().collect()].concat()
        );
        for (number, told) in told.places.iter().enumerate() {
            let here: Vec<&Path> = expected.iter().filter(|path| place(report, path, level) == Some(number)).collect();
            assert_eq!(told.people, here.len() as u64, "{seen}");
            assert_eq!(told.ended, here.iter().filter(|path| path.elements.len() == level + 1).count() as u64, "{seen}");
            assert_eq!(told.converted, Some(here.iter().filter(|path| path.converted).count() as u64), "{seen}");
            assert_eq!(told.elements, if told.element.is_some() { 1 } else { (ranked.len() - top) as u64 }, "{seen}");
        }
    }
    let mut links: BTreeMap<(usize, usize, usize), (u64, u64)> = BTreeMap::new();
    for path in expected {
        for level in 1..path.elements.len() {
            let link = (level - 1, place(report, path, level - 1).expect("a place"), place(report, path, level).expect("a place"));
            let held = links.entry(link).or_default();
            *held = (held.0 + 1, held.1 + u64::from(path.converted));
        }
    }
    let told = report.links.iter().map(|link| ((link.level, link.source, link.target), (link.people, link.converted.expect("a goal"))));
    assert_eq!(told.collect::<BTreeMap<_, _>>(), links, "{seen}");
    let mut sequences: BTreeMap<Vec<PathElement>, (u64, u64)> = BTreeMap::new();
    for path in expected {
        let mut elements = path.elements.clone();
        if asked.before {
            elements.reverse();
        }
        let held = sequences.entry(elements).or_default();
        *held = (held.0 + 1, held.1 + u64::from(path.converted));
    }
    let told: BTreeMap<Vec<PathElement>, (u64, u64)> =
        report.sequences.iter().map(|told| (told.elements.clone(), (told.people, told.converted.expect("a goal")))).collect();
    assert_eq!(told, sequences, "{seen}");
    assert_eq!((report.sequences_omitted, report.people_omitted), (0, 0));
    assert!(report.sequences.is_sorted_by_key(|told| (std::cmp::Reverse(told.people), told.elements.clone())), "{seen}");
}

#[tokio::test]
async fn random_histories_make_paths_as_defined() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = random_events(&mut rng);
        let small = lake(seed, events.clone(), vec![]);
        events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
        for _ in 0..4 {
            let (asked, top) = (Asked::random(&mut rng), rng.random_range(1..4));
            let expected = naive(&events, asked);
            let report = small.query.paths(&ALL, &asked.spec(top)).await.expect("a report");
            check(&report, &expected, asked, top);
            let few = PathsSpec { sequences: Some(2), ..asked.spec(top) };
            let few = small.query.paths(&ALL, &few).await.expect("a report");
            assert_eq!(few.sequences[..], report.sequences[..report.sequences.len().min(2)], "seed {seed}");
            let told: u64 = few.sequences.iter().map(|sequence| sequence.people).sum();
            assert_eq!(
                (told + few.people_omitted, few.sequences_omitted),
                (report.people, report.sequences.len().saturating_sub(2) as u64)
            );
        }
    }
}

#[tokio::test]
async fn people_behind_a_place_a_link_and_a_sequence_are_those_counted() {
    let mut rng = StdRng::seed_from_u64(7);
    let events = random_events(&mut rng);
    let small = lake(7, events, vec![]);
    for before in [false, true] {
        let asked = Asked {
            before,
            steps: 3,
            window_h: 20,
            gap_h: None,
            collapse: true,
            split: Some("channel"),
            from_us: AS_OF_US - 30 * HOUR_US,
            to_us: AS_OF_US,
        };
        let spec = asked.spec(2);
        let report = small.query.paths(&ALL, &spec).await.expect("a report");
        let count = async |at: Vec<PathAt>, ended, converted| {
            let wanted = PathsPeopleSpec { at, ended, converted, limit: 1000, cursor: None };
            let people = small.query.paths_people(&ALL, &spec, &wanted).await.expect("people");
            assert_eq!(people.profile_ids.len() as u64, people.total);
            people.total
        };
        let at = |level: usize, place: usize| PathAt { level, element: report.levels[level].places[place].element.clone() };
        assert_eq!(count(vec![], false, None).await, report.people);
        for (level, told) in report.levels.iter().enumerate() {
            for (number, place) in told.places.iter().enumerate() {
                assert_eq!(count(vec![at(level, number)], false, None).await, place.people);
                assert_eq!(count(vec![at(level, number)], true, None).await, place.ended);
                assert_eq!(Some(count(vec![at(level, number)], false, Some(true)).await), place.converted);
            }
        }
        for link in &report.links {
            let ends = vec![at(link.level, link.source), at(link.level + 1, link.target)];
            assert_eq!(count(ends, false, None).await, link.people);
        }
        for sequence in &report.sequences {
            let mut elements = sequence.elements.clone();
            if before {
                elements.reverse();
            }
            let whole = elements.into_iter().enumerate().map(|(level, element)| PathAt { level, element: Some(element) });
            assert_eq!(count(whole.collect(), true, None).await, sequence.people);
        }
        assert!(report.levels.iter().any(|level| level.places.iter().any(|place| place.element.is_none())), "some are not listed");
    }
}

#[tokio::test]
async fn a_dealer_sees_paths_of_own_rows_only() {
    let own = |id, hour: i64, name, dealer| event(id, AS_OF_US - hour * HOUR_US, name).dealer(dealer);
    let events = vec![own(1, 9, "asked", "north"), own(1, 8, "called", "south"), own(1, 7, "looked", "north"), own(2, 9, "asked", "south")];
    let small = lake(3, events, vec![]);
    let scope = Scope::Dealer("north".into());
    let spec = PathsSpec { start: Some(filter("asked")), ..PathsSpec::default() };
    let report = small.query.paths(&scope, &spec).await.expect("a report");
    assert_eq!((report.people, report.rows_scanned, report.converted), (1, None, None));
    assert_eq!(report.sequences[0].elements, [element("asked"), element("looked")]);
    let wanted = PathsPeopleSpec { at: vec![], ended: false, converted: None, limit: 10, cursor: None };
    assert_eq!(small.query.paths_people(&scope, &spec, &wanted).await.expect("people").profile_ids, [1]);
    let again: PathsReport = serde_json::from_value(serde_json::to_value(&report).expect("JSON")).expect("a report");
    assert_eq!(again, report);
}

#[tokio::test]
async fn what_cannot_be_asked_of_paths_is_refused_with_a_reason() {
    let small = lake(4, vec![event(1, AS_OF_US - HOUR_US, "asked")], vec![]);
    let spec = PathsSpec { start: Some(filter("asked")), ..PathsSpec::default() };
    let condition = EventFilter { event: "paid".into(), condition: Some("colour = 'red'".into()) };
    let refusal = small.query.paths(&ALL, &PathsSpec { goal: Some(condition), ..spec.clone() }).await.expect_err("a refusal").to_string();
    assert!(refusal.contains("`where` of `goal`"), "{refusal}");
    let wanted = PathsPeopleSpec { at: vec![], ended: false, converted: None, limit: 10, cursor: None };
    for (wanted, reason) in [
        (PathsPeopleSpec { at: vec![PathAt { level: 6, element: None }], ..wanted.clone() }, "`level` is 6: the report has 0 to 5"),
        (PathsPeopleSpec { converted: Some(true), ..wanted.clone() }, "`converted` asks who reached the goal"),
        (PathsPeopleSpec { cursor: Some("x".into()), ..wanted.clone() }, "`cursor` is \"x\""),
    ] {
        let error = small.query.paths_people(&ALL, &spec, &wanted).await.expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let empty = lake(5, vec![], vec![]);
    let report = empty.query.paths(&ALL, &spec).await.expect("a report");
    assert_eq!((report.people, report.levels.len(), report.sequences.len()), (0, 0, 0));
}
