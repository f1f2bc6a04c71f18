//! The trickle after the history's end.

use std::collections::BTreeSet;

use forecourt_demo::{Item, Live, Plan, Source, history, live};
use forecourt_model::{
    Event, Origin, Stamp,
    time::{self, HOUR_US, MINUTE_US, SECOND_US},
};

/// Ends on a Monday at noon UTC.
fn plan() -> Plan {
    let default = Plan::default();
    Plan { profiles: 5_000, end_us: default.end_us + 36 * HOUR_US, ..default }
}

fn events(items: &[Item]) -> Vec<(Source, &str, i64)> {
    items
        .iter()
        .filter_map(|item| if let Item::Event { source, json, at_us } = item { Some((*source, json.as_str(), *at_us)) } else { None })
        .collect()
}

/// What is told from `from_us` on, asked for once a minute.
fn minutes(live: &mut Live, from_us: i64, count: i64) -> Vec<Item> {
    (1..=count).flat_map(|minute| live.until(from_us + minute * MINUTE_US)).collect()
}

fn id(json: &str) -> &str {
    json.split_once(r#""messageId":""#).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default()
}

fn is_accepted(json: &str, at_us: i64) -> bool {
    let stamp = Stamp {
        origin: Origin::Live,
        received_us: at_us + SECOND_US,
        sent_us: None,
        source: "site".into(),
        message_id: "m".into(),
        ip: "".into(),
    };
    Event::parse(json.as_bytes(), &stamp, "RU").is_ok()
}

#[test]
fn an_hour_has_a_few_events_a_second_from_all_sources_and_a_few_refused() {
    let plan = plan();
    let items = minutes(&mut live(&plan, plan.end_us), plan.end_us, 60);
    let events = events(&items);
    let rate = events.len() as f64 / 3_600.0;
    assert!((1.0..4.0).contains(&rate), "{rate} events a second at noon");
    assert!(events.iter().all(|(_, _, at_us)| (plan.end_us..plan.end_us + HOUR_US).contains(at_us)));
    assert!(events.is_sorted_by_key(|(_, _, at_us)| *at_us));
    let refused = events.iter().filter(|(_, json, at_us)| !is_accepted(json, *at_us)).count();
    assert!((10..200).contains(&refused), "{refused} of {} refused", events.len());
    let sources: BTreeSet<Source> = events.iter().map(|(source, ..)| *source).collect();
    assert_eq!(sources, Source::ALL.into_iter().collect());
    assert!(
        events.iter().any(|(_, json, _)| json.contains("lead_created"))
            && events.iter().any(|(_, json, _)| json.contains("lead_qualified"))
    );
}

#[test]
fn nights_are_quiet() {
    let plan = plan();
    // Seven to eight in the evening at headquarters, and two to three in the night.
    let (evening_us, night_us) = (plan.end_us + 4 * HOUR_US, plan.end_us + 11 * HOUR_US);
    let evening = minutes(&mut live(&plan, evening_us), evening_us, 60).len();
    let night = minutes(&mut live(&plan, night_us), night_us, 60).len();
    assert!(0 < night && night * 3 < evening, "{night} in the hour of the night, {evening} in that of the evening");
}

#[test]
fn it_does_not_matter_how_often_one_asks() {
    let plan = plan();
    let until_us = plan.end_us + 9 * MINUTE_US;
    let at_once = live(&plan, plan.end_us).until(until_us);
    let mut step = live(&plan, plan.end_us);
    let mut now_us = plan.end_us;
    let mut by_steps = Vec::new();
    while now_us < until_us {
        now_us = (now_us + 1_370_000).min(until_us);
        by_steps.extend(step.until(now_us));
    }
    assert!(200 < at_once.len());
    assert_eq!(at_once, by_steps);
}

#[test]
fn nothing_of_the_past_is_told_again_and_a_restart_repeats_no_id_for_another_event() {
    let plan = plan();
    let past: BTreeSet<String> =
        history(&plan).filter_map(|item| if let Item::Event { json, .. } = item { Some(id(&json).to_owned()) } else { None }).collect();
    let first = live(&plan, plan.end_us).until(plan.end_us + 20 * MINUTE_US);
    let restarted = live(&plan, plan.end_us + 12 * MINUTE_US).until(plan.end_us + 20 * MINUTE_US);
    let ids: BTreeSet<&str> = events(&first).iter().map(|(_, json, _)| id(json)).collect();
    assert_eq!(ids.len(), first.len(), "ids are unique");
    assert!(ids.iter().all(|id| !past.contains(*id)));
    let known: BTreeSet<&str> = events(&first).iter().map(|(_, json, _)| *json).collect();
    assert!(100 < restarted.len());
    assert!(events(&restarted).iter().all(|(_, json, _)| known.contains(json) || !ids.contains(id(json))));
}

#[test]
fn after_a_pause_only_the_last_minutes_are_made_up_for() {
    let plan = plan();
    let mut live = live(&plan, plan.end_us);
    live.until(plan.end_us + MINUTE_US);
    let day_later_us = plan.end_us + 24 * HOUR_US;
    let items = live.until(day_later_us);
    let recent = events(&items).iter().filter(|(_, _, at_us)| day_later_us - 11 * MINUTE_US < *at_us).count();
    assert!(100 < recent && items.len() < 6_000, "{} items, {recent} of the last minutes", items.len());
}

#[test]
fn a_day_s_costs_follow_when_it_is_over() {
    let plan = plan();
    let end_day = time::day(plan.end_us);
    let days = |items: &[Item]| -> BTreeSet<String> {
        items.iter().filter_map(|item| if let Item::AdCost(cost) = item { Some(cost.day.clone()) } else { None }).collect()
    };
    let mut live = live(&plan, plan.end_us);
    assert_eq!(days(&live.until(plan.end_us + 11 * HOUR_US)), BTreeSet::new());
    // The history has no costs of its last day, which was not over.
    let midnight = live.until(plan.end_us + 13 * HOUR_US);
    assert_eq!(days(&midnight), BTreeSet::from([time::day_text(end_day)]));
    assert_eq!(days(&live.until(plan.end_us + 14 * HOUR_US)), BTreeSet::new());
    let usual: f64 = history(&plan).filter_map(|item| if let Item::AdCost(cost) = item { Some(cost.cost) } else { None }).sum::<f64>();
    let day: f64 = midnight.iter().filter_map(|item| if let Item::AdCost(cost) = item { Some(cost.cost) } else { None }).sum();
    let mean = usual / f64::from(plan.months) / 30.44;
    assert!((0.5..2.0).contains(&(day / mean)), "{day} euros on the day, {mean} on a mean day");
}
