//! Funnels against their definition, over rows cut into files, deleted rows and fresh rows at random.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::Scope;
use forecourt_query::{EventFilter, FunnelExclusion, FunnelReport, FunnelSpec, Outcome, PeopleSpec};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    naive::{self, Answer, Exclusion, Step},
    rows::{Event, event, lake, profile},
};

const NAMES: [&str; 5] = ["viewed", "asked", "drove", "signed", "left"];
const CHANNELS: [Option<&str>; 4] = [Some("cpc"), Some("email"), Some("organic"), None];

fn spec(steps: &[Step], window_s: i64) -> FunnelSpec {
    let step = |step: &Step| EventFilter { event: step.event.into(), condition: step.value_min.map(|least| format!("value >= {least:?}")) };
    FunnelSpec { steps: steps.iter().map(step).collect(), window: format!("{window_s}s"), ..FunnelSpec::default() }
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

/// As [`naive::level`] counts, whatever is held and excluded.
#[tokio::test]
async fn what_is_held_and_excluded_answers_as_defined() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = random_events(&mut rng);
        let small = lake(seed, events.clone(), vec![]);
        events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
        let mut by_profile: BTreeMap<i64, Vec<&Event>> = BTreeMap::new();
        events.iter().for_each(|event| by_profile.entry(event.profile_id).or_default().push(event));
        for _ in 0..6 {
            let steps = random_steps(&mut rng);
            let window_s = rng.random_range(1..25);
            let holds = rng.random_bool(0.5);
            let count = if steps.len() < 2 { 0 } else { rng.random_range(0..=2) };
            let exclusions: Vec<Exclusion> = (0..count)
                .map(|_| {
                    let after = rng.random_range(0..steps.len() - 1);
                    Exclusion { event: NAMES[rng.random_range(0..NAMES.len())], after, before: rng.random_range(after + 1..steps.len()) }
                })
                .collect();
            let mut expected = vec![0; steps.len()];
            for events in by_profile.values() {
                let level = naive::level(events, &steps, window_s * 1_000_000, &exclusions, holds);
                expected[..level].iter_mut().for_each(|profiles| *profiles += 1);
            }
            let asked = FunnelSpec {
                hold: if holds { vec!["channel".into()] } else { vec![] },
                exclusions: exclusions
                    .iter()
                    .map(|exclusion| FunnelExclusion {
                        event: exclusion.event.into(),
                        condition: None,
                        after: Some(exclusion.after + 1),
                        before: Some(exclusion.before + 1),
                    })
                    .collect(),
                trend: Some("day".into()),
                by: vec!["channel".into()],
                by_touch: [None, Some("first"), Some("last")][rng.random_range(0..3)].map(str::to_owned),
                ..spec(&steps, window_s)
            };
            let report = small.query.funnel(&Scope::Everything, &asked).await.expect("a report");
            assert_eq!(answered(&report.steps).profiles, expected, "seed {seed} {asked:?}");
            // Whatever they are told apart by, they are the same people.
            for step in 0..steps.len() {
                assert_eq!(report.groups.iter().map(|group| group.steps[step].profiles).sum::<u64>(), expected[step], "{asked:?}");
                assert_eq!(report.trend.iter().map(|period| period.profiles[step]).sum::<u64>(), expected[step], "{asked:?}");
            }
            let whole = report.conversion_time.map_or(0, |time| time.profiles);
            assert_eq!(whole, if steps.len() < 2 { 0 } else { expected[steps.len() - 1] });
        }
    }
}

#[tokio::test]
async fn groups_are_by_the_step_or_the_touch_that_is_asked_for() {
    let second = 1_000_000;
    let (one, two) = (profile(0, 1), profile(1, 2));
    let events = vec![
        // Before the report's time: it touches, and is no step.
        event(one, 0, "viewed").channel("email"),
        event(one, 10 * second, "viewed").channel("cpc"),
        event(one, 20 * second, "asked").channel("organic").properties(r#"{"lead_id":"l-1"}"#),
        event(one, 25 * second, "left").channel("social"),
        event(one, 30 * second, "signed").properties(r#"{"lead_id":"l-1"}"#),
        event(one, 40 * second, "left").channel("direct"),
        event(two, 10 * second, "viewed"),
        event(two, 20 * second, "left").channel("email"),
    ];
    let small = lake(5, events, vec![]);
    let groups = async |asked: FunnelSpec| {
        let asked = FunnelSpec { from: Some("1970-01-01T00:00:05Z".into()), ..asked };
        let report = small.query.funnel(&Scope::Everything, &asked).await.expect("a report");
        let name = asked.by[0].clone();
        let mut found: Vec<(Option<String>, u64)> =
            report.groups.iter().map(|group| (group.by[&name].clone(), group.steps[2].profiles)).collect();
        found.sort();
        found
    };
    let some = |name: &str, signed| (Some(name.to_owned()), signed);
    let by = |name: &str| FunnelSpec { by: vec![name.into()], ..path() };
    assert_eq!(groups(by("channel")).await, [(None, 0), some("cpc", 1)]);
    assert_eq!(groups(FunnelSpec { by_step: Some(2), ..by("channel") }).await, [(None, 0), some("organic", 1)]);
    assert_eq!(groups(FunnelSpec { by_step: Some(2), ..by("properties.lead_id") }).await, [(None, 0), some("l-1", 1)]);
    assert_eq!(groups(FunnelSpec { by_touch: Some("first".into()), ..by("channel") }).await, [(None, 0), some("email", 1)]);
    assert_eq!(groups(FunnelSpec { by_touch: Some("last".into()), ..by("channel") }).await, [(None, 0), some("social", 1)]);
    assert_eq!(groups(FunnelSpec { by_touch: Some("last".into()), ..by("properties.lead_id") }).await, [(None, 0), some("l-1", 1)]);
}

#[tokio::test]
async fn too_many_values_are_refused_and_many_are_not() {
    let numbered = |profile_id: i64, number: i64| event(profile_id, number, "viewed").properties(&format!(r#"{{"n":{number}}}"#));
    let one = spec(&[Step { event: "viewed", value_min: None }], 60);
    let held = FunnelSpec { hold: vec!["properties.n".into()], ..one.clone() };
    let by = FunnelSpec { by: vec!["properties.n".into()], ..one };
    for (many, refused) in [(20_000, false), (20_001, true)] {
        let of_one = lake(7, (0..many).map(|number| numbered(profile(1, 1), number)).collect(), vec![]);
        let of_each = lake(8, (0..many).map(|number| numbered(profile(number % 16, number), number)).collect(), vec![]);
        for (small, asked, name) in [(&of_one, &held, "`hold`"), (&of_each, &by, "`by`")] {
            match small.query.funnel(&Scope::Everything, asked).await {
                Ok(report) => assert!(!refused && 0 < report.steps[0].profiles, "{name}"),
                Err(error) => assert!(refused && error.to_string().contains(name), "{many} {error}"),
            }
        }
    }
}

#[tokio::test]
async fn the_time_before_is_beside_the_time_now() {
    let day = 86_400_000_000;
    let mut events = Vec::new();
    for number in 0..12 {
        // Ten came in the first two days, two in the two days after.
        let id = profile(number % 5, number);
        let at_us = if number < 10 { number % 2 * day } else { (2 + number % 2) * day };
        events.push(event(id, at_us, "viewed"));
        if number % 3 == 0 {
            events.push(event(id, at_us + 3_600_000_000, "asked"));
        }
    }
    let small = lake(6, events, vec![]);
    let steps = ["viewed", "asked"].map(|event| Step { event, value_min: None });
    let asked = FunnelSpec {
        from: Some("1970-01-03".into()),
        to: Some("1970-01-05".into()),
        tz: Some("UTC".into()),
        compare: Some("previous".into()),
        trend: Some("day".into()),
        ..spec(&steps, 86_400)
    };
    let report = small.query.funnel(&Scope::Everything, &asked).await.expect("a report");
    assert_eq!(answered(&report.steps).profiles, [2, 0]);
    let before = report.compared.expect("the time before");
    assert_eq!((before.from.as_str(), before.to.as_str()), ("1970-01-01T00:00:00.000Z", "1970-01-03T00:00:00.000Z"));
    assert_eq!(answered(&before.steps).profiles, [10, 4]);
    let trend: Vec<(&str, &[u64], bool)> =
        report.trend.iter().map(|period| (period.start.as_str(), &period.profiles[..], period.is_complete)).collect();
    assert_eq!(trend, [("1970-01-03", &[1, 0][..], true), ("1970-01-04", &[1, 0][..], false)]);
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
            "groups_omitted": 0,
            "conversion_time": {"profiles": 2, "mean_s": 60.0, "median_s": 60.0, "p25_s": 60.0, "p75_s": 60.0, "p90_s": 60.0,
                "bars": (0..13).map(|at| serde_json::json!(
                    {"from_s": at as f64 * 5.0, "to_s": (at + 1) as f64 * 5.0, "profiles": if at == 12 { 2 } else { 0 }}
                )).collect::<Vec<_>>()},
            "trend": [], "compared": null, "rows_scanned": 17, "elapsed_ms": 0, "as_of": "2023-11-14T22:13:20.000Z",
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
