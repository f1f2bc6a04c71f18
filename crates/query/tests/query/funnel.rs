//! Funnels against their definition, over rows cut into files, deleted rows and fresh rows at random.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::Scope;
use forecourt_query::{EventFilter, FunnelReport, FunnelSpec, Outcome, PeopleSpec};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    naive::{self, Answer, Step},
    rows::{Event, event, lake, profile},
};

const NAMES: [&str; 5] = ["viewed", "asked", "drove", "signed", "left"];
const CHANNELS: [Option<&str>; 4] = [Some("cpc"), Some("email"), Some("organic"), None];

fn spec(steps: &[Step], window_s: i64) -> FunnelSpec {
    let step = |step: &Step| EventFilter { event: step.event.into(), condition: step.value_min.map(|least| format!("value >= {least:?}")) };
    FunnelSpec {
        steps: steps.iter().map(step).collect(),
        window: format!("{window_s}s"),
        from: None,
        to: None,
        tz: None,
        by: vec![],
        segment: None,
        modes: vec![],
    }
}

fn random_events(rng: &mut StdRng) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..60) {
        let profile_id = profile(rng.random_range(0..16), rng.random_range(0..3));
        for _ in 0..rng.random_range(1..12) {
            // Few moments, so that many events share one.
            let mut one = event(profile_id, rng.random_range(0..20) * 1_000_000, NAMES[rng.random_range(0..NAMES.len())]);
            one.channel = CHANNELS[rng.random_range(0..CHANNELS.len())];
            one.value = rng.random_bool(0.7).then(|| f64::from(rng.random_range(0..4u8)));
            events.push(one);
        }
    }
    events
}

fn random_steps(rng: &mut StdRng) -> Vec<Step> {
    let step = |rng: &mut StdRng| Step {
        event: NAMES[rng.random_range(0..NAMES.len())],
        value_min: rng.random_bool(0.3).then(|| f64::from(rng.random_range(0..4u8))),
    };
    (0..rng.random_range(1..=5)).map(|_| step(rng)).collect()
}

fn answered(report: &[forecourt_query::StepReport]) -> Answer {
    Answer {
        profiles: report.iter().map(|step| step.profiles).collect(),
        medians_s: report.iter().map(|step| step.median_time_s).collect(),
    }
}

#[tokio::test]
async fn random_histories_answer_as_defined() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = random_events(&mut rng);
        let small = lake(seed, events.clone(), vec![]);
        // As the lake numbers them.
        events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
        for _ in 0..6 {
            let steps = random_steps(&mut rng);
            let window_s = rng.random_range(1..25);
            let (from_s, to_s) = (rng.random_range(0..8), rng.random_range(9..22));
            let inside: Vec<Event> = events.iter().filter(|event| (from_s..to_s).contains(&(event.ts_us / 1_000_000))).cloned().collect();
            let (total, groups) = naive::report(&inside, &steps, window_s * 1_000_000);

            let at = |second: i64| Some(forecourt_model::time::iso(second * 1_000_000));
            let asked = FunnelSpec { from: at(from_s), to: at(to_s), ..spec(&steps, window_s) };
            let plain = small.query.funnel(&Scope::Everything, &asked).await.expect("a report");
            assert_eq!(answered(&plain.steps), total, "seed {seed} {asked:?}");
            assert!(plain.groups.is_empty());

            let asked = FunnelSpec { by: vec!["channel".into()], ..asked };
            let grouped = small.query.funnel(&Scope::Everything, &asked).await.expect("a report");
            assert_eq!(answered(&grouped.steps), total, "seed {seed} {asked:?}");
            let found: BTreeMap<Option<&str>, Answer> =
                grouped.groups.iter().map(|group| (group.by["channel"].as_deref(), answered(&group.steps))).collect();
            assert_eq!(found, groups, "seed {seed} {asked:?}");
        }
    }
}

fn journeys() -> Vec<Event> {
    let second = 1_000_000;
    let mut events = Vec::new();
    for number in 0..10 {
        let id = profile(number % 3, number);
        let channel = if number < 6 { "cpc" } else { "email" };
        events.push(event(id, 0, "viewed").channel(channel));
        if number < 5 {
            events.push(event(id, (number + 1) * second, "asked").channel("direct").properties(r#"{"form":{"name":"drive"}}"#));
        }
        if number < 2 {
            events.push(event(id, 60 * second, "signed").value(100.0));
        }
    }
    events
}

fn path() -> FunnelSpec {
    let steps = ["viewed", "asked", "signed"].map(|event| Step { event, value_min: None });
    spec(&steps, 86_400)
}

#[tokio::test]
async fn a_report_reads_as_people_expect() {
    let small = lake(1, journeys(), vec![]);
    let asked = FunnelSpec { by: vec!["channel".into()], ..path() };
    let mut report = small.query.funnel(&Scope::Everything, &asked).await.expect("a report");
    report.elapsed_ms = 0;
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(report.rows_scanned, Some(17));
    assert_eq!(
        json,
        serde_json::json!({
            "steps": [
                {"event": "viewed", "profiles": 10, "rate": 1.0, "step_rate": 1.0, "median_time_s": null},
                {"event": "asked", "profiles": 5, "rate": 0.5, "step_rate": 0.5, "median_time_s": 3.0},
                {"event": "signed", "profiles": 2, "rate": 0.2, "step_rate": 0.4, "median_time_s": 58.5},
            ],
            "groups": [
                {"by": {"channel": "cpc"}, "steps": [
                    {"event": "viewed", "profiles": 6, "rate": 1.0, "step_rate": 1.0, "median_time_s": null},
                    {"event": "asked", "profiles": 5, "rate": 5.0 / 6.0, "step_rate": 5.0 / 6.0, "median_time_s": 3.0},
                    {"event": "signed", "profiles": 2, "rate": 2.0 / 6.0, "step_rate": 0.4, "median_time_s": 58.5},
                ]},
                {"by": {"channel": "email"}, "steps": [
                    {"event": "viewed", "profiles": 4, "rate": 1.0, "step_rate": 1.0, "median_time_s": null},
                    {"event": "asked", "profiles": 0, "rate": 0.0, "step_rate": 0.0, "median_time_s": null},
                    {"event": "signed", "profiles": 0, "rate": 0.0, "step_rate": 0.0, "median_time_s": null},
                ]},
            ],
            "groups_omitted": 0, "rows_scanned": 17, "elapsed_ms": 0, "as_of": "2023-11-14T22:13:20.000Z",
        })
    );
    let again: FunnelReport = serde_json::from_value(json).expect("a report");
    assert_eq!(again, report);
}

#[tokio::test]
async fn a_condition_sees_every_column_and_the_properties() {
    let small = lake(2, journeys(), vec![]);
    let conditions = [
        ("json_get(properties, 'form.name') = 'drive' AND channel = 'direct'", 5),
        ("events.channel IN ('cpc', 'email')", 0),
        // Asked about this step's events only: another event's value must not fail it.
        ("CAST(json_get(properties, 'form.name') AS TEXT) LIKE 'dr%' AND ts < TIMESTAMP '1970-01-01T00:00:03Z'", 2),
    ];
    for (condition, reached) in conditions {
        let mut asked = path();
        asked.steps[1].condition = Some(condition.into());
        let report = small.query.funnel(&Scope::Everything, &asked).await.expect(condition);
        assert_eq!(report.steps[1].profiles, reached, "{condition}");
    }
}

#[tokio::test]
async fn people_behind_a_bar_are_those_counted() {
    let small = lake(3, journeys(), vec![]);
    let wanted = |step, outcome| PeopleSpec { step, outcome, by: BTreeMap::new(), limit: 100, cursor: None };
    let ids = |numbers: std::ops::Range<i64>| numbers.map(|number| profile(number % 3, number)).collect::<BTreeSet<i64>>();
    for (step, outcome, numbers) in [
        (1, Outcome::Reached, 0..10),
        (2, Outcome::Reached, 0..5),
        (2, Outcome::Dropped, 5..10),
        (3, Outcome::Dropped, 2..5),
        (3, Outcome::Reached, 0..2),
    ] {
        let people = small.query.funnel_people(&Scope::Everything, &path(), &wanted(step, outcome)).await.expect("people");
        assert_eq!(people.profile_ids.iter().copied().collect::<BTreeSet<_>>(), ids(numbers), "{step} {outcome:?}");
        assert_eq!((people.total as usize, people.next_cursor), (people.profile_ids.len(), None));
    }
    let cpc = PeopleSpec { by: BTreeMap::from([("channel".into(), Some("cpc".into()))]), ..wanted(2, Outcome::Dropped) };
    let people = small.query.funnel_people(&Scope::Everything, &path(), &cpc).await.expect("people");
    assert_eq!(people.profile_ids, ids(5..6).into_iter().collect::<Vec<_>>());

    let mut page = PeopleSpec { limit: 4, ..wanted(1, Outcome::Reached) };
    let mut all = Vec::new();
    loop {
        let people = small.query.funnel_people(&Scope::Everything, &path(), &page).await.expect("people");
        assert_eq!(people.total, 10);
        all.extend(people.profile_ids);
        page.cursor = people.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(all, ids(0..10).into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn days_are_those_of_the_zone() {
    let hour = 3_600_000_000;
    let small = lake(4, vec![event(1, -3 * hour, "viewed"), event(2, 0, "viewed"), event(3, 22 * hour, "viewed")], vec![]);
    for (zone, profiles) in [("UTC", 2), ("Europe/Kyiv", 2), ("America/New_York", 1)] {
        let one = spec(&[Step { event: "viewed", value_min: None }], 60);
        let asked = FunnelSpec { from: Some("1970-01-01".into()), to: Some("1970-01-02".into()), tz: Some(zone.into()), ..one };
        let report = small.query.funnel(&Scope::Everything, &asked).await.expect("a report");
        assert_eq!(report.steps[0].profiles, profiles, "{zone}");
    }
}
