//! The past of a dealer group, as its readers see it: the items alone.

mod reading;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use forecourt_demo::{CHANNELS, Item, Plan, history, live};
use forecourt_model::time::{self, DAY_US};
use reading::{Reading, plan};

fn digest(plan: &Plan, items: usize) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for item in history(plan).take(items) {
        hasher.update(format!("{item:?}").as_bytes());
    }
    hasher.finalize()
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let plan = plan(3_000);
    assert_eq!(digest(&plan, 30_000), digest(&plan, 30_000));
    assert_ne!(digest(&plan, 1_000), digest(&Plan { seed: plan.seed + 1, ..plan }, 1_000));
}

#[test]
fn the_default_is_as_large_as_promised_in_order_and_lean() {
    let plan = Plan::default();
    let (mut ids, mut costs) = (HashSet::new(), BTreeSet::new());
    let (mut events, mut bytes, mut last_us) = (0_u64, 0, i64::MIN);
    for item in history(&plan) {
        match item {
            Item::Event { json, at_us, .. } => {
                assert!(last_us <= at_us && at_us < plan.end_us, "out of order: {json}");
                assert!(json.len() <= 700, "{} bytes: {json}", json.len());
                let id = json.split_once(r#""messageId":""#).and_then(|(_, rest)| rest.split('"').next()).map(str::to_owned);
                assert!(id.is_some_and(|id| ids.insert(id)), "no message id of its own: {json}");
                (events, bytes, last_us) = (events + 1, bytes + json.len(), at_us);
            }
            Item::AdCost(cost) => {
                assert!(cost.day <= time::day_text(time::day(last_us)), "a cost before its day is over: {cost:?}");
                assert!(costs.insert(cost.key()) && 0.0 <= cost.cost, "{cost:?}");
            }
        }
    }
    assert!((2_000_000..2_600_000).contains(&events), "{events} events");
    assert!(bytes as u64 / events < 550, "{} bytes an event", bytes as u64 / events);
    assert!(30_000 < costs.len(), "{} lines of cost", costs.len());
    let first_us = plan.end_us - i64::from(plan.months) * 31 * DAY_US;
    assert!(history(&plan).take(1).all(|item| matches!(item, Item::Event { at_us, .. } if first_us < at_us)));
}

#[test]
fn plans_of_any_size_can_be_told() {
    for (profiles, months, end_us) in
        [(0, 14, Plan::default().end_us), (1, 1, 0), (300, 1, Plan::default().end_us + DAY_US - 1), (300, 60, 40 * 365 * DAY_US)]
    {
        let plan = Plan { seed: 7, profiles, months, end_us };
        let events = history(&plan).filter(|item| matches!(item, Item::Event { .. })).count();
        assert!(profiles as usize <= events, "{events} events of {plan:?}");
        assert_eq!(live(&plan, end_us).until(end_us).len(), 0);
    }
}

#[test]
fn everything_is_accepted_and_people_come_together() {
    let plan = plan(6_000);
    let reading = Reading::of(history(&plan), "RU");
    assert_eq!(reading.refused, Vec::<String>::new());
    let (profiles, merged) = reading.profiles();
    // The default plan promises 150,000 profiles of 160,000 people.
    assert!(15 * plan.profiles as usize <= 16 * profiles, "{profiles} profiles of {} people", plan.profiles);
    assert!(profiles <= 4 * merged, "{merged} of {profiles} profiles have several identifiers: below a quarter");

    let channels: BTreeSet<&str> = reading.touches.iter().map(|touch| touch.channel.as_str()).collect();
    assert_eq!(channels, CHANNELS.into_iter().collect());
    let scripts = |of: fn(char) -> bool| reading.names.iter().filter(|name| name.contains(of)).count() * 100 / reading.names.len();
    let shares = [scripts(|c| c.is_ascii_alphabetic()), scripts(|c| ('а'..='я').contains(&c)), scripts(|c| '一' <= c)];
    assert!(shares.iter().all(|percent| 3 <= *percent), "Latin, Cyrillic, Chinese: {shares:?} %");
}

#[test]
fn devices_are_shared_and_several() {
    let reading = Reading::of(history(&plan(6_000)), "RU");
    let mut devices: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut people = devices.clone();
    for (user, device) in &reading.sign_ins {
        devices.entry(user).or_default().insert(device);
        people.entry(device).or_default().insert(user);
    }
    assert!(100 < devices.values().filter(|devices| 1 < devices.len()).count(), "people who sign in on several devices");
    assert!(5 < people.values().filter(|people| 1 < people.len()).count(), "devices on which several people sign in");
}

#[test]
fn the_reports_have_stories_to_tell() {
    let plan = plan(40_000);
    let reading = Reading::of(history(&plan).filter(reading::tells_of_leads_or_forms), "RU");

    let by_channel = reading.leads_by(|lead| lead.channel.clone());
    let share = |of: &BTreeMap<String, reading::Shares>, name: &str| of.get(name).map_or(f64::NAN, reading::Shares::contracts);
    assert!(1.3 * share(&by_channel, "paid_social") < share(&by_channel, "email"), "{by_channel:#?}");
    assert!(1.1 * share(&by_channel, "display") < share(&by_channel, "referral"), "{by_channel:#?}");

    let by_region = reading.leads_by(|lead| lead.region.clone());
    let weakest = by_region.iter().min_by(|a, b| a.1.contracts().total_cmp(&b.1.contracts())).map(|(name, _)| name.as_str());
    assert_eq!(weakest, Some("Tarsk"), "{by_region:#?}");
    let by_model = reading.leads_by(|lead| lead.model.clone());
    assert!(1.5 * share(&by_model, "Galene") < share(&by_model, "Aster"), "{by_model:#?}");
    let by_dealer = reading.leads_by(|lead| lead.dealer.clone());
    assert_eq!(by_dealer.len(), 60);

    // Money: the failing campaign pays many times what the others of its channel pay for a lead.
    let price = |campaign: &str| reading.cost_of(campaign) / reading.leads_of(campaign).max(1) as f64;
    assert!(4.0 * price("always-on") < price("summer-drive"), "{} and {}", price("always-on"), price("summer-drive"));

    // The outage: two days without a form, though people tried.
    let end_day = time::day(plan.end_us);
    let forms = |day: i32| reading.forms.get(&day).copied().unwrap_or_default();
    let outage: Vec<i32> = (end_day - 60..end_day).filter(|day| 0 < forms(*day).failed).collect();
    assert_eq!(outage, [end_day - 33, end_day - 32]);
    assert!(outage.iter().all(|day| forms(*day).sent == 0) && 0 < forms(outage[0] - 1).sent && 0 < forms(outage[1] + 1).sent);
}

#[test]
fn leads_walk_the_funnel_forward_and_take_months() {
    let reading = Reading::of(history(&plan(20_000)).filter(reading::tells_of_leads_or_forms), "RU");
    let mut delivered_days = Vec::new();
    for (id, lead) in &reading.leads {
        let steps: Vec<&str> = lead.steps.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(steps.first(), Some(&"lead_created"), "{id}: {steps:?}");
        let stages: Vec<usize> = steps.iter().filter_map(|name| reading::STEPS.iter().position(|step| step == name)).collect();
        assert!(stages.is_sorted_by(|a, b| a < b), "{id}: {steps:?}");
        if let (Some((_, created_us)), Some((_, at_us))) = (lead.steps.first(), lead.steps.iter().find(|(name, _)| name == "delivered")) {
            delivered_days.push((at_us - created_us) / DAY_US);
        }
    }
    delivered_days.sort_unstable();
    let (median, longest) = (delivered_days[delivered_days.len() / 2], delivered_days[delivered_days.len() - 1]);
    assert!((40..100).contains(&median) && 150 < longest, "from lead to delivery: {median} days in the middle, {longest} at most");
}
