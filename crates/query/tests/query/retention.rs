//! Retention against its definition, over rows cut into files, deleted rows and fresh rows at random.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{Scope, time::parse_us};
use forecourt_query::{EventFilter, RetentionCell, RetentionOutcome, RetentionPeopleSpec, RetentionReport, RetentionSpec};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::rows::{Event, SmallLake, event, lake, profile};

const NAMES: [&str; 3] = ["asked", "bought", "looked"];
const DAY_US: i64 = 86_400_000_000;
/// As the small lake says: 2023-11-14T22:13:20Z.
const AS_OF_US: i64 = 1_700_000_000_000_000;

fn us(text: &str) -> i64 {
    parse_us(text).expect("a time")
}

fn spec(cohort: &str, returning: &str) -> RetentionSpec {
    let filter = |event: &str| EventFilter { event: event.into(), condition: None };
    RetentionSpec {
        cohort: filter(cohort),
        returning: filter(returning),
        grain: Some("day".into()),
        entry: None,
        periods: Some(5),
        from: None,
        to: None,
        tz: Some("UTC".into()),
        by: vec![],
    }
}

async fn ask(small: &SmallLake, asked: &RetentionSpec) -> RetentionReport {
    small.query.retention(&Scope::Everything, asked).await.expect("a report")
}

fn random_events(rng: &mut StdRng, last_us: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..40) {
        let profile_id = profile(rng.random_range(0..16), rng.random_range(0..3));
        for _ in 0..rng.random_range(1..10) {
            // Few moments, so that many events share one.
            let ts_us = last_us - rng.random_range(0..40) * DAY_US / 4;
            let mut one = event(profile_id, ts_us, NAMES[rng.random_range(0..NAMES.len())]);
            one.channel = [Some("cpc"), Some("email"), None][rng.random_range(0..3)];
            events.push(one);
        }
    }
    events
}

/// People of a cohort by the definition: whom, and on which later days each came back.
type Naive = BTreeMap<i64, Vec<(i64, Option<&'static str>, BTreeSet<i64>)>>;

/// Days are numbers since 1970: a day of UTC is a division.
fn naive(events: &[Event], asked: &RetentionSpec, from_us: i64, to_us: i64) -> Naive {
    let day = |ts_us: i64| ts_us.div_euclid(DAY_US);
    let mut found = Naive::new();
    let ids: BTreeSet<i64> = events.iter().map(|event| event.profile_id).collect();
    for id in ids {
        let mut own: Vec<&Event> = events.iter().filter(|event| event.profile_id == id && event.ts_us <= AS_OF_US).collect();
        own.sort_by_key(|event| (event.ts_us, event.offset));
        let all: Vec<&&Event> = own.iter().filter(|event| event.event == asked.cohort.event).collect();
        let mut beginnings: Vec<&&Event> = all.iter().copied().filter(|event| from_us <= event.ts_us && event.ts_us < to_us).collect();
        match asked.entry.as_deref() {
            Some("each") => beginnings.dedup_by_key(|event| day(event.ts_us)),
            Some("first_ever") if all.first().is_some_and(|event| event.ts_us < from_us) => beginnings.clear(),
            _ => beginnings.truncate(1),
        }
        for began in beginnings {
            let back = own.iter().filter(|event| event.event == asked.returning.event && began.ts_us < event.ts_us);
            let days = back.map(|event| day(event.ts_us) - day(began.ts_us)).collect();
            found.entry(day(began.ts_us)).or_default().push((id, began.channel, days));
        }
    }
    found
}

#[tokio::test]
async fn random_histories_answer_as_defined() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        // Some of the days are not over yet.
        let mut events = random_events(&mut rng, AS_OF_US + DAY_US);
        let small = lake(seed, events.clone(), vec![]);
        events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
        for entry in ["first", "first_ever", "each"] {
            let from_us = AS_OF_US - rng.random_range(4..30) * DAY_US / 4 * 4;
            let to_us = from_us + rng.random_range(1..40) * DAY_US / 4;
            let at = |us: i64| Some(forecourt_model::time::iso(us));
            let names = [NAMES[rng.random_range(0..3)], NAMES[rng.random_range(0..3)]];
            let mut asked = RetentionSpec { entry: Some(entry.into()), from: at(from_us), to: at(to_us), ..spec(names[0], names[1]) };
            let expected = naive(&events, &asked, from_us, to_us);
            let report = ask(&small, &asked).await;
            check(&report, &expected, seed);
            asked.by = vec!["channel".into()];
            let grouped = ask(&small, &asked).await;
            assert_eq!((&grouped.cohorts, &grouped.cells), (&report.cohorts, &report.cells), "seed {seed}");
            let by_channel: BTreeMap<Option<String>, u64> =
                grouped.groups.iter().map(|group| (group.by["channel"].clone(), group.people)).collect();
            let mut told: BTreeMap<Option<String>, u64> = BTreeMap::new();
            for (_, channel, _) in expected.values().flatten() {
                *told.entry(channel.map(str::to_owned)).or_default() += 1;
            }
            assert_eq!(by_channel, told, "seed {seed} {asked:?}");
        }
    }
}

fn check(report: &RetentionReport, expected: &Naive, seed: u64) {
    let people: usize = expected.values().map(Vec::len).sum();
    assert_eq!(report.people, people as u64, "seed {seed}");
    let mut together: Vec<(u64, u64, u64)> = vec![(0, 0, 0); 6];
    for cohort in &report.cohorts {
        let day = us(&cohort.start) / DAY_US;
        let nobody = Vec::new();
        let members = expected.get(&day).unwrap_or(&nobody);
        assert_eq!(cohort.people, members.len() as u64, "seed {seed} {}", cohort.start);
        for (period, cell) in cohort.cells.iter().enumerate() {
            let at = period as i64;
            let on = members.iter().filter(|(_, _, days)| days.contains(&at)).count() as u64;
            let after = members.iter().filter(|(_, _, days)| days.iter().any(|day| at <= *day)).count() as u64;
            assert_eq!((cell.people, cell.people_after), (on, after), "seed {seed} {} {period}", cohort.start);
            let over = (day + at + 1) * DAY_US <= AS_OF_US;
            assert_eq!(cell.unfinished, !over, "seed {seed} {} {period}", cohort.start);
            if over {
                let sum = &mut together[period];
                *sum = (sum.0 + cohort.people, sum.1 + on, sum.2 + after);
            }
        }
    }
    let told: Vec<(u64, u64, u64)> = report.cells.iter().map(|cell| (cell.of, cell.people, cell.people_after)).collect();
    let wanted: Vec<(u64, u64, u64)> = together.into_iter().take_while(|sum| 0 < sum.0).collect();
    assert_eq!(told, wanted, "seed {seed}");
}

fn rate(cell: &RetentionCell) -> (u64, u64, bool) {
    (cell.people, cell.people_after, cell.unfinished)
}

#[tokio::test]
async fn months_are_those_of_the_zone_and_what_is_not_over_is_marked() {
    let events = vec![
        event(1, us("2023-08-31T22:30:00Z"), "bought"),
        event(1, us("2023-10-02T10:00:00Z"), "bought"),
        event(2, us("2023-09-15T10:00:00Z"), "bought"),
        event(2, us("2023-09-15T10:00:00Z"), "bought"),
        event(3, us("2023-09-20T10:00:00Z"), "bought"),
        event(3, us("2023-09-21T10:00:00Z"), "bought"),
        event(3, us("2023-11-03T10:00:00Z"), "bought"),
    ];
    let small = lake(1, events, vec![]);
    let asked = RetentionSpec { grain: Some("month".into()), tz: Some("Europe/Kyiv".into()), ..spec("bought", "bought") };
    let report = ask(&small, &asked).await;
    // Half past one at night in Kyiv: the first is of September there.
    let cohorts: Vec<(&str, u64, Vec<_>)> =
        report.cohorts.iter().map(|cohort| (cohort.start.as_str(), cohort.people, cohort.cells.iter().map(rate).collect())).collect();
    assert_eq!(
        cohorts,
        [
            ("2023-09-01", 3, vec![(1, 2, false), (1, 2, false), (1, 1, true)]),
            ("2023-10-01", 0, vec![(0, 0, false), (0, 0, true)]),
            ("2023-11-01", 0, vec![(0, 0, true)]),
        ],
        "what happens twice at one moment happened once"
    );
    assert_eq!(report.cells.iter().map(|cell| (cell.of, cell.people)).collect::<Vec<_>>(), [(3, 1), (3, 1)]);
    assert_eq!((report.tz.as_str(), report.rows_scanned), ("Europe/Kyiv", Some(7)));
    let again: RetentionReport = serde_json::from_value(serde_json::to_value(&report).expect("JSON")).expect("a report");
    assert_eq!(again, report);
}

#[tokio::test]
async fn people_behind_a_cell_are_those_counted() {
    let mut rng = StdRng::seed_from_u64(7);
    let small = lake(7, random_events(&mut rng, AS_OF_US), vec![]);
    let asked = RetentionSpec { entry: Some("each".into()), by: vec!["channel".into()], ..spec("asked", "looked") };
    let report = ask(&small, &asked).await;
    let mut seen = 0;
    for cohort in &report.cohorts {
        for (period, cell) in cohort.cells.iter().enumerate() {
            let count = async |outcome, by: Option<&str>| {
                let by = by.map(|channel| ("channel".to_owned(), Some(channel.to_owned()))).into_iter().collect();
                let wanted = RetentionPeopleSpec { cohort: cohort.start.clone(), period, outcome, by, limit: 1000, cursor: None };
                let people = small.query.retention_people(&Scope::Everything, &asked, &wanted).await.expect("people");
                assert_eq!(people.profile_ids.len() as u64, people.total);
                people.total
            };
            assert_eq!(count(RetentionOutcome::Began, None).await, cohort.people);
            assert_eq!(count(RetentionOutcome::Returned, None).await, cell.people);
            assert_eq!(count(RetentionOutcome::ReturnedAfter, None).await, cell.people_after);
            assert_eq!(count(RetentionOutcome::Away, None).await, cohort.people - cell.people);
            assert!(count(RetentionOutcome::Began, Some("cpc")).await <= cohort.people);
            seen += cell.people;
        }
    }
    assert!(0 < seen, "somebody came back");
}

#[tokio::test]
async fn a_dealer_sees_people_of_the_dealer_only() {
    let own = |id, day: i64, name| event(id, AS_OF_US - day * DAY_US, name).dealer("north");
    let events = vec![
        own(1, 3, "asked"),
        own(1, 2, "looked"),
        event(2, AS_OF_US - 3 * DAY_US, "asked").dealer("south"),
        event(1, AS_OF_US - 3 * DAY_US, "looked").dealer("south"),
        own(3, 3, "asked"),
        event(3, AS_OF_US - 2 * DAY_US, "looked").dealer("south"),
    ];
    let small = lake(3, events, vec![]);
    let scope = Scope::Dealer("north".into());
    let report = small.query.retention(&scope, &spec("asked", "looked")).await.expect("a report");
    assert_eq!((report.people, report.rows_scanned), (2, None));
    assert_eq!(report.cells[1].people, 1, "the visit to another dealer is not told");
    let wanted = RetentionPeopleSpec {
        cohort: report.cohorts[0].start.clone(),
        period: 0,
        outcome: RetentionOutcome::Began,
        by: BTreeMap::new(),
        limit: 10,
        cursor: None,
    };
    let people = small.query.retention_people(&scope, &spec("asked", "looked"), &wanted).await.expect("people");
    assert_eq!(people.profile_ids, [1, 3]);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_a_reason() {
    let small = lake(4, vec![event(1, AS_OF_US - 900 * DAY_US, "asked")], vec![]);
    let refusal = async |asked: RetentionSpec| small.query.retention(&Scope::Everything, &asked).await.expect_err("a refusal").to_string();
    let many = refusal(spec("asked", "looked")).await;
    assert!(many.contains("901 cohorts, at most 400"), "{many}");
    let condition = EventFilter { event: "asked".into(), condition: Some("colour = 'red'".into()) };
    let column = refusal(RetentionSpec { returning: condition, grain: Some("month".into()), ..spec("asked", "looked") }).await;
    assert!(column.contains("`where` of `return`"), "{column}");
    let months = RetentionSpec { grain: Some("month".into()), ..spec("asked", "looked") };
    let wanted = RetentionPeopleSpec {
        cohort: "2021-02-03".into(),
        period: 0,
        outcome: RetentionOutcome::Began,
        by: BTreeMap::new(),
        limit: 10,
        cursor: None,
    };
    let people = small.query.retention_people(&Scope::Everything, &months, &wanted).await.expect_err("a refusal").to_string();
    assert!(people.contains("`cohort` is \"2021-02-03\""), "{people}");
    let empty = lake(5, vec![], vec![]);
    assert!(ask(&empty, &spec("asked", "looked")).await.cohorts.is_empty());
}
