//! Experiments against their definition, over rows cut into files, deleted rows and fresh rows at random.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{Scope, time::iso};
use forecourt_query::{
    EventFilter, ExperimentOutcome, ExperimentPeopleSpec, ExperimentReport, ExperimentSpec, ExperimentVerdict, FoundVariant, QueryError,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::rows::{Event, SmallLake, event, lake, profile, rows_of};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;
/// As the small lake says: 2023-11-14T22:13:20Z.
const AS_OF_US: i64 = 1_700_000_000_000_000;
const ALL: Scope = Scope::Everything;

fn spec() -> ExperimentSpec {
    serde_json::from_str(r#"{"exposure":{"event":"experiment_viewed"},"goal":{"event":"asked"},"tz":"UTC"}"#).expect("a spec")
}

fn shown(profile_id: i64, ts_us: i64, variant: &str) -> Event {
    event(profile_id, ts_us, "experiment_viewed").properties(&format!(r#"{{"experiment":"Button","variant":"{variant}"}}"#))
}

async fn ask(small: &SmallLake, spec: &ExperimentSpec) -> ExperimentReport {
    small.query.experiment(&ALL, spec).await.expect("a report")
}

async fn refused(small: &SmallLake, spec: &ExperimentSpec) -> String {
    let QueryError::Invalid(told) = small.query.experiment(&ALL, spec).await.expect_err("a refusal") else { panic!("another error") };
    told
}

fn random_events(rng: &mut StdRng) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..60) {
        let profile_id = profile(rng.random_range(0..16), rng.random_range(0..3));
        let own = ["a", "b", "c"][rng.random_range(0..3)];
        for _ in 0..rng.random_range(1..8) {
            // Few moments, so that many events share one; some lie ahead.
            let ts_us = AS_OF_US + 6 * HOUR_US - rng.random_range(0..40) * 6 * HOUR_US;
            let variant = if rng.random_bool(0.1) { ["a", "b", "", " "][rng.random_range(0..4)] } else { own };
            events.push(match rng.random_range(0..4) {
                0 => shown(profile_id, ts_us, variant),
                1 => event(profile_id, ts_us, "looked"),
                2 => event(profile_id, ts_us, "asked"),
                _ => event(profile_id, ts_us, "asked").value(f64::from(rng.random_range(-3..9))).properties(r#"{"price":" 2.5 "}"#),
            });
        }
    }
    events
}

#[derive(Debug, Default, PartialEq)]
struct Naive {
    /// Of each variant: what each of its people came to.
    people: BTreeMap<String, BTreeMap<i64, Vec<f64>>>,
    unfinished: u64,
    mixed: BTreeSet<i64>,
    nameless: u64,
}

fn naive(events: &[Event], measure: &str, sum_of: &str, window_us: i64, (from_us, to_us): (i64, i64)) -> Naive {
    let mut told = Naive::default();
    let ids: BTreeSet<i64> = events.iter().map(|event| event.profile_id).collect();
    for id in ids {
        let mut own: Vec<&Event> = events.iter().filter(|event| event.profile_id == id && event.ts_us <= AS_OF_US).collect();
        own.sort_by_key(|event| (event.ts_us, event.offset));
        let variant_of =
            |event: &Event| event.properties.split(r#""variant":""#).nth(1).map(|rest| rest.trim_end_matches("\"}").to_owned());
        let is_shown = |event: &Event| event.event == "experiment_viewed" && from_us <= event.ts_us && event.ts_us < to_us;
        let all: Vec<(usize, String)> =
            own.iter().enumerate().filter(|(_, event)| is_shown(event)).filter_map(|(at, event)| Some((at, variant_of(event)?))).collect();
        told.nameless += all.iter().filter(|(_, variant)| variant.trim().is_empty()).count() as u64;
        let named: Vec<&(usize, String)> = all.iter().filter(|(_, variant)| !variant.trim().is_empty()).collect();
        let Some((at, variant)) = named.first() else { continue };
        if named.iter().any(|(_, other)| other != variant) {
            told.mixed.insert(id);
            continue;
        }
        let shown_us = own[*at].ts_us;
        told.unfinished += u64::from(AS_OF_US < shown_us + window_us);
        let goals = own[*at..].iter().filter(|event| event.event == "asked" && event.ts_us <= shown_us + window_us);
        let amounts = goals.map(|event| match (measure, sum_of) {
            ("sum", "value") => event.value.unwrap_or(0.0),
            ("sum", _) => {
                if event.properties.contains("price") {
                    2.5
                } else {
                    0.0
                }
            }
            _ => 1.0,
        });
        told.people
            .entry(variant.clone())
            .or_default()
            .insert(id, amounts.take(if measure == "people" { 1 } else { usize::MAX }).collect());
    }
    told
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs().max(1.0)
}

#[tokio::test]
async fn random_histories_answer_as_defined() {
    let mut compared = 0;
    for seed in 0..80 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = random_events(&mut rng);
        let small = lake(seed, events.clone(), vec![]);
        events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
        let from_us = AS_OF_US - rng.random_range(0..240) * HOUR_US;
        let to_us = from_us + rng.random_range(1..240) * HOUR_US;
        let window_h = rng.random_range(1..100);
        for (measure, sum_of) in [("people", None), ("events", None), ("sum", Some("value")), ("sum", Some("properties.price"))] {
            let asked = ExperimentSpec {
                measure: Some(measure.into()),
                sum_of: sum_of.map(str::to_owned),
                window: Some(format!("{window_h}h")),
                from: Some(iso(from_us)),
                to: Some(iso(to_us)),
                ..spec()
            };
            let expected = naive(&events, measure, sum_of.unwrap_or_default(), window_h * HOUR_US, (from_us, to_us));
            let report = ask(&small, &asked).await;
            let context = format!("seed {seed} {asked:?} {report:?}");
            let people = expected.people.values().map(|people| people.len() as u64).sum::<u64>();
            assert_eq!((report.people, report.unfinished), (people, expected.unfinished), "{context}");
            assert_eq!((report.mixed, report.nameless), (expected.mixed.len() as u64, expected.nameless), "{context}");
            assert_eq!(report.variants.iter().map(|one| &one.name).collect::<Vec<_>>(), expected.people.keys().collect::<Vec<_>>());
            for (variant, members) in report.variants.iter().zip(expected.people.values()) {
                let totals: Vec<f64> = members.values().map(|amounts| amounts.iter().sum()).collect();
                let (people, sum) = (totals.len() as f64, totals.iter().sum::<f64>());
                let mean = sum / people;
                let squares: f64 = totals.iter().map(|total| (total - mean).powi(2)).sum();
                let deviation = if totals.len() < 2 { 0.0 } else { (squares / (people - 1.0)).sqrt() };
                assert_eq!(variant.people, totals.len() as u64, "{context}");
                assert_eq!(variant.converted, totals.iter().filter(|total| **total != 0.0).count() as u64, "{context}");
                assert!(near(variant.total, sum) && near(variant.mean, mean) && near(variant.deviation, deviation), "{context}");
                compared += 1;
            }
            let last = report.days.last().map(|day| day.variants.iter().map(|of| of.people).collect::<Vec<_>>());
            assert_eq!(last.unwrap_or_default(), report.variants.iter().map(|of| of.people).collect::<Vec<_>>(), "{context}");
            assert!(report.days.is_sorted_by(|left, right| left.day < right.day), "{context}");
            // Who sees people masked sees the same numbers: nothing here names anybody.
            let masked = small.query.experiment(&Scope::Masked, &asked).await.expect("a report");
            assert_eq!((&masked.variants, &masked.days, masked.rows_scanned), (&report.variants, &report.days, report.rows_scanned));
            people_are_those_counted(&small, &asked, &report, &expected).await;
        }
    }
    assert!(500 < compared, "{compared} variants compared");
}

async fn people_are_those_counted(small: &SmallLake, asked: &ExperimentSpec, report: &ExperimentReport, expected: &Naive) {
    let list = async |variant: Option<&str>, outcome| {
        let wanted = ExperimentPeopleSpec { variant: variant.map(str::to_owned), outcome, limit: 1_000, cursor: None };
        small.query.experiment_people(&ALL, asked, &wanted).await.expect("people").profile_ids
    };
    let mixed: Vec<i64> = expected.mixed.iter().copied().collect();
    assert_eq!(list(None, ExperimentOutcome::Exposed).await, mixed);
    for variant in &report.variants {
        let members = &expected.people[&variant.name];
        let name = Some(variant.name.as_str());
        assert_eq!(list(name, ExperimentOutcome::Exposed).await, members.keys().copied().collect::<Vec<_>>());
        let (converted, others): (Vec<i64>, Vec<i64>) = members.keys().partition(|id| members[id].iter().sum::<f64>() != 0.0);
        assert_eq!(list(name, ExperimentOutcome::Converted).await, converted);
        assert_eq!(list(name, ExperimentOutcome::NotConverted).await, others);
    }
}

/// 2,000 people by turns in two variants; of the first every tenth asks, of the other every fifth. Forty days.
fn plain(control: &str, other: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for person in 0..2_000i64 {
        let id = profile(person % 16, person);
        let (variant, every) = if person % 2 == 0 { (control, 10) } else { (other, 5) };
        let shown_us = AS_OF_US - (50 - person / 50) * DAY_US;
        events.push(shown(id, shown_us, variant).dealer(if person % 4 < 2 { "north" } else { "south" }));
        if person / 2 % every == 0 {
            events.push(event(id, shown_us + HOUR_US, "asked").dealer(if person % 4 < 2 { "north" } else { "south" }));
        }
    }
    events
}

#[tokio::test]
async fn what_is_better_is_told_when_it_is_sure() {
    let small = lake(5, plain("original", "callback first"), vec![]);
    let report = ask(&small, &ExperimentSpec { planned_people: Some(2_000), ..spec() }).await;
    let [control, other] = &report.variants[..] else { panic!("two variants: {report:?}") };
    assert_eq!((control.name.as_str(), control.people, control.converted), ("original", 1_000, 100));
    assert_eq!((other.name.as_str(), other.people, other.converted), ("callback first", 1_000, 200));
    assert_eq!(control.comparison, None);
    let comparison = other.comparison.expect("a comparison");
    assert_eq!(comparison.verdict, ExperimentVerdict::Higher);
    let uplift = comparison.uplift.expect("a base");
    assert!(near(uplift.value, 1.0) && 0.3 < uplift.low && uplift.high < 2.0, "{comparison:?}");
    assert!(comparison.difference.low < comparison.fixed.low && comparison.p < 0.001, "{comparison:?}");
    assert!(!report.shares_off && 0.5 < report.shares_p);
    // Day by day: at first nothing can be said, and the longer it goes on, the closer the interval.
    assert_eq!(report.days.len(), 40);
    assert_eq!(report.days[0].variants[1].difference, None);
    let width = |day: usize| report.days[day].variants[1].difference.map(|interval| interval.high - interval.low).expect("an interval");
    assert!(width(39) < width(20) && near(width(39), comparison.difference.high - comparison.difference.low));

    // The other way round it is as sure, and worse.
    let turned = ask(&small, &ExperimentSpec { control: Some("callback first".into()), ..spec() }).await;
    assert_eq!(turned.variants[0].name, "callback first");
    assert_eq!(turned.variants[1].comparison.expect("a comparison").verdict, ExperimentVerdict::Lower);
    // A dealer sees its own people.
    let north = small.query.experiment(&Scope::Dealer("north".into()), &spec()).await.expect("a report");
    assert_eq!((north.people, north.rows_scanned), (1_000, None));
}

#[tokio::test]
async fn shares_that_were_not_meant_are_told() {
    let small =
        lake(6, plain("A", "B").into_iter().filter(|event| event.profile_id % 3 != 0 || event.properties.contains('A')).collect(), vec![]);
    let report = ask(&small, &spec()).await;
    assert!(report.shares_off, "{report:?}");
    let meant = [("A".to_owned(), 3.0), ("B".to_owned(), 2.0)].into();
    let report = ask(&small, &ExperimentSpec { shares: meant, ..spec() }).await;
    assert!(!report.shares_off, "{report:?}");
    assert!(near(report.variants[0].share, 0.6));
    let told = refused(&small, &ExperimentSpec { shares: [("A".to_owned(), 1.0)].into(), ..spec() }).await;
    assert!(told.contains("`shares` does not name the variant \"B\""), "{told}");
    let told = refused(&small, &ExperimentSpec { control: Some("C".into()), ..spec() }).await;
    assert!(told.contains("`control` is \"C\", which nobody was shown: use one of A, B"), "{told}");
}

#[tokio::test]
async fn nobody_and_too_many_variants() {
    let empty = lake(7, vec![event(profile(0, 1), AS_OF_US - DAY_US, "asked")], vec![]);
    let report = ask(&empty, &ExperimentSpec { control: Some("A".into()), ..spec() }).await;
    assert_eq!((report.variants.len(), report.people, report.shares_off, report.days.len()), (0, 0, false, 0));
    let many = (0..30).map(|person| shown(profile(person % 16, person), AS_OF_US - DAY_US, &format!("id-{person}"))).collect();
    let told = refused(&lake(8, many, vec![]), &spec()).await;
    assert!(told.contains("people were shown 30 variants"), "{told}");
}

#[tokio::test]
async fn the_experiments_that_run_are_found() {
    let mut events = plain("A", "B");
    let other = r#"{"experiment_id":"7","experiment_name":"Price first","variation_id":"0","variation_name":"no"}"#;
    events.push(event(profile(3, 1), AS_OF_US - HOUR_US, "Experiment Viewed").properties(other));
    // An id stands for a name where there is none; blank ones tell nothing.
    events.push(event(profile(3, 2), AS_OF_US - 2 * HOUR_US, "Experiment Viewed").properties(r#"{"experiment_id":"8","variation_id":1}"#));
    events.push(event(profile(3, 3), AS_OF_US, "Experiment Viewed").properties(r#"{"experiment_name":" ","variation_name":"x"}"#));
    let small = lake(9, events, vec![]);
    let found = small.query.running_experiments(&ALL).await.expect("a list");
    assert_eq!(small.query.running_experiments(&Scope::Masked).await.expect("a list"), found);
    assert!(small.query.running_experiments(&Scope::Dealer("west".into())).await.expect("a list").is_empty());
    let names: Vec<(&str, &str, &str)> =
        found.iter().map(|one| (one.name.as_str(), one.event.as_str(), one.variant_property.as_str())).collect();
    let expected = [
        ("Price first", "Experiment Viewed", "variation_name"),
        ("8", "Experiment Viewed", "variation_id"),
        ("Button", "experiment_viewed", "variant"),
    ];
    assert_eq!(names, expected);
    let variant = |name: &str| FoundVariant { name: name.into(), exposures: 1_000 };
    assert_eq!(found[2].variants, [variant("A"), variant("B")]);
    assert_eq!(found[2].first_seen, iso(AS_OF_US - 50 * DAY_US));

    // Asked as a table, and of one of several experiments.
    let asked = ExperimentSpec {
        exposure: EventFilter {
            event: "experiment_viewed".into(),
            condition: Some("json_get(properties, 'experiment') = 'Button'".into()),
        },
        ..spec()
    };
    let report = ask(&small, &asked).await;
    let text = serde_json::to_string(&asked).expect("JSON").replace('\'', "''");
    let rows = rows_of(&small.query, &ALL, &format!("SELECT variant, people, converted, uplift_low FROM experiment('{text}')")).await;
    let low = report.variants[1].comparison.and_then(|comparison| comparison.uplift).expect("an uplift").low;
    assert_eq!(rows, ["A|1000|100|null".to_owned(), format!("B|1000|200|{low}")]);
}
