//! Flow against its definition, over rows cut into files, deleted rows and fresh rows at random.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{Scope, time::iso};
use forecourt_query::{EventFilter, FlowOutcome, FlowPeopleSpec, FlowReport, FlowSpec, FlowStage};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::rows::{Event, SmallLake, event, lake, profile};

const STAGES: [&str; 3] = ["asked", "met", "bought"];
const LOST: &str = "lost";
const DAY_US: i64 = 86_400_000_000;
/// As the small lake says: 2023-11-14T22:13:20Z.
const AS_OF_US: i64 = 1_700_000_000_000_000;
const ALL: Scope = Scope::Everything;

fn filter(event: &str) -> EventFilter {
    EventFilter { event: event.into(), condition: None }
}

fn spec() -> FlowSpec {
    FlowSpec {
        stages: STAGES.map(filter).to_vec(),
        lost: vec![filter(LOST)],
        within: Some("2d".into()),
        ages: ["1d", "4d"].map(str::to_owned).to_vec(),
        tz: Some("UTC".into()),
        ..FlowSpec::default()
    }
}

async fn ask(small: &SmallLake, asked: &FlowSpec) -> FlowReport {
    small.query.flow(&ALL, asked).await.expect("a report")
}

fn random_events(rng: &mut StdRng) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..30) {
        let profile_id = profile(rng.random_range(0..16), rng.random_range(0..3));
        for _ in 0..rng.random_range(1..9) {
            // Few moments, so that many events share one; some lie ahead.
            let ts_us = AS_OF_US + DAY_US - rng.random_range(0..48) * DAY_US / 4;
            let name = [STAGES[0], STAGES[0], STAGES[1], STAGES[2], LOST, "looked"][rng.random_range(0..6)];
            let mut one = event(profile_id, ts_us, name);
            one.channel = [Some("cpc"), Some("email"), None, None][rng.random_range(0..4)];
            one.properties = [r#"{"lead_id":"L1"}"#, r#"{"lead_id":2}"#, "{}"][rng.random_range(0..3)].into();
            events.push(one);
        }
    }
    events
}

/// A stage of a case by the definition.
#[derive(Debug, Clone)]
struct Stay {
    profile_id: i64,
    stage: usize,
    channel: Option<&'static str>,
    in_time: bool,
    moved: bool,
    lost: bool,
    waited_us: i64,
}

/// A stage is entered with its first event, unless one of a later stage came before.
fn naive(events: &[Event], per: bool, from_us: i64, until_us: i64) -> Vec<Stay> {
    let mut cases: BTreeMap<(i64, String), Vec<&Event>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.ts_us < until_us && (STAGES.contains(&event.event) || event.event == LOST)) {
        if per && event.properties == "{}" {
            continue;
        }
        cases.entry((event.profile_id, if per { event.properties.clone() } else { String::new() })).or_default().push(event);
    }
    let mut stays = Vec::new();
    for ((profile_id, _), mut own) in cases {
        own.sort_by_key(|event| (event.ts_us, event.offset));
        let first = |stage: usize| own.iter().filter(|event| event.event == STAGES[stage]).map(|event| event.ts_us).min();
        let entered: Vec<(usize, i64)> = (0..STAGES.len())
            .filter_map(|stage| Some((stage, first(stage)?)))
            .filter(|(stage, at_us)| (stage + 1..STAGES.len()).filter_map(first).all(|later_us| *at_us <= later_us))
            .collect();
        let lost_us = own.iter().filter(|event| event.event == LOST).map(|event| event.ts_us).max();
        let alive_us = own.iter().filter(|event| event.event != LOST).map(|event| event.ts_us).max();
        for (number, (stage, at_us)) in entered.iter().enumerate() {
            let next = entered.get(number + 1);
            stays.push(Stay {
                profile_id,
                stage: *stage,
                channel: own.iter().rfind(|event| event.ts_us <= *at_us && event.channel.is_some()).and_then(|event| event.channel),
                in_time: from_us <= *at_us,
                moved: next.is_some(),
                lost: next.is_none() && lost_us >= alive_us,
                waited_us: next.map_or(until_us - 1, |(_, next_us)| *next_us) - at_us,
            });
        }
    }
    stays
}

/// The product-limit estimate, as the textbook has it.
fn still_waiting(stays: &[&Stay], after_us: i64) -> f64 {
    let times: BTreeSet<i64> = stays.iter().filter(|stay| stay.moved && stay.waited_us <= after_us).map(|stay| stay.waited_us).collect();
    let factor = |time: i64| {
        let at_risk = stays.iter().filter(|stay| time <= stay.waited_us).count() as f64;
        let moved = stays.iter().filter(|stay| stay.moved && stay.waited_us == time).count() as f64;
        1.0 - moved / at_risk
    };
    times.into_iter().map(factor).product()
}

fn check(told: &[FlowStage], expected: &[&Stay], seen: &str) {
    for (at, stage) in told.iter().enumerate() {
        let own: Vec<&Stay> = expected.iter().copied().filter(|stay| stay.stage == at).collect();
        let in_time: Vec<&Stay> = own.iter().copied().filter(|stay| stay.in_time).collect();
        let count = |is: fn(&Stay) -> bool| in_time.iter().filter(|stay| is(stay)).count() as u64;
        assert_eq!(
            (stage.entered, stage.moved, stage.lost),
            (count(|_| true), count(|stay| stay.moved), count(|stay| stay.lost)),
            "{seen}"
        );
        let waits: Vec<i64> = own.iter().filter(|stay| !stay.moved && !stay.lost).map(|stay| stay.waited_us).collect();
        assert_eq!(stage.stock, waits.len() as u64, "{seen} {at}");
        if at + 1 == told.len() {
            assert_eq!((stage.ages.len(), stage.within, stage.curve.len(), stage.quantiles.len()), (0, None, 0, 0), "{seen}");
            continue;
        }
        let class = |low_d: i64, high_d: i64| waits.iter().filter(|us| (low_d * DAY_US..high_d * DAY_US).contains(*us)).count() as u64;
        assert_eq!(stage.ages, [class(0, 1), class(1, 4), class(4, 1_000)], "{seen} {at}");
        let longest_us = in_time.iter().map(|stay| stay.waited_us).max().unwrap_or(-1);
        let left = still_waiting(&in_time, 2 * DAY_US);
        let is_known = 2 * DAY_US <= longest_us || left == 0.0 && !in_time.is_empty();
        assert_eq!(stage.within.is_some(), is_known, "{seen} {at} {in_time:?}");
        if let Some(within) = stage.within {
            assert!((within.share - (1.0 - left)).abs() < 1e-9, "{seen} {at}");
            assert!(within.low.is_none_or(|low| low <= within.share) && within.high.is_none_or(|high| within.share <= high));
        }
        for point in &stage.curve {
            let after_us = (point.after_s * 1e6).round() as i64;
            assert!((point.share - (1.0 - still_waiting(&in_time, after_us))).abs() < 1e-9, "{seen} {at}");
            assert_eq!(point.at_risk == 0, in_time.is_empty());
        }
        for quantile in &stage.quantiles {
            let times: BTreeSet<i64> = in_time.iter().filter(|stay| stay.moved).map(|stay| stay.waited_us).collect();
            let first = times.into_iter().find(|us| quantile.share - 1e-9 <= 1.0 - still_waiting(&in_time, *us));
            assert_eq!(quantile.after_s, first.map(|us| us as f64 / 1e6), "{seen} {at}");
        }
    }
}

#[tokio::test]
async fn random_histories_flow_as_defined() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = random_events(&mut rng);
        let small = lake(seed, events.clone(), vec![]);
        events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
        for per in [false, true] {
            let from_us = AS_OF_US - rng.random_range(2..13) * DAY_US;
            let to_us = from_us + rng.random_range(1..14) * DAY_US;
            let mut asked = FlowSpec { per: per.then(|| "lead_id".to_owned()), from: Some(iso(from_us)), to: Some(iso(to_us)), ..spec() };
            let expected = naive(&events, per, from_us, to_us.min(AS_OF_US + 1));
            let seen = format!("seed {seed} per {per}");
            let report = ask(&small, &asked).await;
            check(&report.stages, &expected.iter().collect::<Vec<_>>(), &seen);
            asked.by = vec!["channel".into()];
            let grouped = ask(&small, &asked).await;
            assert_eq!(grouped.stages, report.stages, "{seen}");
            let channels: BTreeSet<Option<&str>> = expected.iter().map(|stay| stay.channel).collect();
            let told: BTreeSet<Option<&str>> = grouped.groups.iter().map(|group| group.by["channel"].as_deref()).collect();
            assert_eq!(told, channels, "{seen}");
            for group in &grouped.groups {
                let own: Vec<&Stay> = expected.iter().filter(|stay| stay.channel == group.by["channel"].as_deref()).collect();
                check(&group.stages, &own, &format!("{seen} {:?}", group.by));
            }
        }
    }
}

#[tokio::test]
async fn people_behind_a_number_of_a_flow_are_those_counted() {
    let mut rng = StdRng::seed_from_u64(7);
    let mut events = random_events(&mut rng);
    events.extend(random_events(&mut rng));
    let small = lake(7, events.clone(), vec![]);
    events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
    let from_us = AS_OF_US - 6 * DAY_US;
    for per in [false, true] {
        let asked = FlowSpec { per: per.then(|| "lead_id".to_owned()), from: Some(iso(from_us)), ..spec() };
        let expected = naive(&events, per, from_us, AS_OF_US + 1);
        let report = ask(&small, &asked).await;
        for stage in 0..STAGES.len() {
            let count = async |outcome, age, by: Option<&str>| {
                let by = by.map(|channel| ("channel".to_owned(), Some(channel.to_owned()))).into_iter().collect();
                let wanted = FlowPeopleSpec { stage: stage + 1, outcome, age, by, limit: 1000, cursor: None };
                let people = small.query.flow_people(&ALL, &asked, &wanted).await.expect("people");
                assert_eq!(people.profile_ids.len() as u64, people.total);
                people.profile_ids
            };
            let who = |is: &dyn Fn(&&Stay) -> bool| -> Vec<i64> {
                let found = expected.iter().filter(|stay| stay.stage == stage).filter(is).map(|stay| stay.profile_id);
                found.collect::<BTreeSet<i64>>().into_iter().collect()
            };
            let waits = |stay: &&Stay| !stay.moved && !stay.lost;
            assert_eq!(count(FlowOutcome::Entered, None, None).await, who(&|stay| stay.in_time));
            assert_eq!(count(FlowOutcome::Moved, None, None).await, who(&|stay| stay.in_time && stay.moved));
            assert_eq!(count(FlowOutcome::Lost, None, None).await, who(&|stay| stay.in_time && stay.lost));
            assert_eq!(count(FlowOutcome::Waits, None, None).await, who(&waits));
            assert_eq!(count(FlowOutcome::Waits, Some(2), None).await, who(&|stay| waits(stay) && 4 * DAY_US <= stay.waited_us));
            let of_cpc = count(FlowOutcome::Entered, None, Some("cpc")).await;
            assert_eq!(of_cpc, who(&|stay| stay.in_time && stay.channel == Some("cpc")));
            if !per {
                assert_eq!(count(FlowOutcome::Waits, None, None).await.len() as u64, report.stages[stage].stock);
            }
        }
    }
}

#[tokio::test]
async fn a_dealer_sees_the_flow_of_own_rows_only() {
    let own = |id, day: i64, name, dealer| event(id, AS_OF_US - day * DAY_US, name).dealer(dealer);
    let events = vec![
        own(1, 9, "asked", "north"),
        own(1, 5, "met", "north"),
        own(2, 9, "asked", "south"),
        own(2, 5, "met", "south"),
        own(3, 9, "asked", "north"),
        own(3, 5, "met", "south"),
    ];
    let small = lake(3, events, vec![]);
    let scope = Scope::Dealer("north".into());
    let asked = FlowSpec { by: vec!["dealer".into()], ..spec() };
    let report = small.query.flow(&scope, &asked).await.expect("a report");
    assert_eq!(report.stages.iter().map(|stage| (stage.entered, stage.stock)).collect::<Vec<_>>(), [(2, 1), (1, 1), (0, 0)]);
    assert_eq!((report.groups.len(), report.rows_scanned), (1, None));
    let wanted = FlowPeopleSpec { stage: 1, outcome: FlowOutcome::Waits, age: None, by: BTreeMap::new(), limit: 10, cursor: None };
    assert_eq!(small.query.flow_people(&scope, &asked, &wanted).await.expect("people").profile_ids, [3]);
    let again: FlowReport = serde_json::from_value(serde_json::to_value(&report).expect("JSON")).expect("a report");
    assert_eq!(again, report);
}

#[tokio::test]
async fn what_cannot_be_asked_of_a_flow_is_refused_with_a_reason() {
    let small = lake(4, vec![event(1, AS_OF_US - DAY_US, "asked")], vec![]);
    let condition = EventFilter { event: "lost".into(), condition: Some("colour = 'red'".into()) };
    let refusal = small.query.flow(&ALL, &FlowSpec { lost: vec![condition], ..spec() }).await.expect_err("a refusal").to_string();
    assert!(refusal.contains("`where` of `lost[0]`"), "{refusal}");
    let wanted = FlowPeopleSpec { stage: 1, outcome: FlowOutcome::Waits, age: None, by: BTreeMap::new(), limit: 10, cursor: None };
    for (wanted, reason) in [
        (FlowPeopleSpec { stage: 4, ..wanted.clone() }, "`stage` is 4: use 1 to 3"),
        (FlowPeopleSpec { stage: 0, ..wanted.clone() }, "`stage` is 0"),
        (FlowPeopleSpec { age: Some(3), ..wanted.clone() }, "`age` is 3: the classes are 0 to 2"),
        (FlowPeopleSpec { age: Some(0), outcome: FlowOutcome::Moved, ..wanted.clone() }, "`age` is of those who wait"),
        (FlowPeopleSpec { cursor: Some("x".into()), ..wanted.clone() }, "`cursor` is \"x\""),
        (FlowPeopleSpec { by: [("colour".to_owned(), None)].into(), ..wanted.clone() }, "`by` names \"colour\""),
    ] {
        let error = small.query.flow_people(&ALL, &spec(), &wanted).await.expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let empty = lake(5, vec![], vec![]);
    assert!(ask(&empty, &spec()).await.stages.iter().all(|stage| stage.entered == 0 && stage.within.is_none()));
}
