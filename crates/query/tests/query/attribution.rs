//! Attribution against its definition, over rows cut into files, deleted rows and fresh rows at random.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_lake::tables::{AD_COSTS, ORDERS};
use forecourt_model::{Scope, time::iso};
use forecourt_query::{AttributionPeopleSpec, AttributionReport, AttributionSpec, EventFilter, PivotTerms};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::rows::{Event, SmallLake, event, lake, profile, table};

const CHANNELS: [&str; 4] = ["cpc", "email", "direct", "organic"];
const MODELS: [&str; 8] = ["first", "last", "last_non_direct", "linear", "position", "time_decay", "shapley", "markov"];
const SECOND_US: i64 = 1_000_000;

fn terms() -> PivotTerms {
    PivotTerms { currency: "EUR".into(), ..PivotTerms::default() }
}

fn filter(event: &str) -> EventFilter {
    EventFilter { event: event.into(), condition: None }
}

fn spec() -> AttributionSpec {
    AttributionSpec {
        conversion: Some(filter("bought")),
        touches: vec![filter("came")],
        lookback: Some("10s".into()),
        half_life: Some("3s".into()),
        ..AttributionSpec::default()
    }
}

/// A lake without a cost of anything.
fn small(seed: u64, events: Vec<Event>) -> SmallLake {
    lake(seed, events, vec![("ad_costs", table(&AD_COSTS, &[]))])
}

async fn ask(small: &SmallLake, asked: &AttributionSpec) -> AttributionReport {
    small.query.attribution(&Scope::Everything, asked, &terms()).await.expect("a report")
}

fn random_events(rng: &mut StdRng) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..50) {
        let profile_id = profile(rng.random_range(0..16), rng.random_range(0..3));
        for _ in 0..rng.random_range(1..10) {
            let at_us = rng.random_range(0..30) * SECOND_US;
            let name = ["came", "came", "came", "bought"][rng.random_range(0..4)];
            let mut one = event(profile_id, at_us, name);
            one.channel = (name == "came").then(|| CHANNELS[rng.random_range(0..CHANNELS.len())]);
            one.value = (name == "bought" && rng.random_bool(0.8)).then(|| f64::from(rng.random_range(0..10_000u32)) / 100.0);
            events.push(one);
        }
    }
    events
}

/// A path by the definition: its touches, and its revenue if it converted.
type Path = (Vec<(&'static str, i64)>, Option<f64>);

/// All paths that end in the report's time: for each end, the touches not longer ago than the look-back that follow the
/// conversion before.
fn naive_paths(events: &[Event], lookback_us: i64, from_us: i64, to_us: i64) -> Vec<Path> {
    let mut paths = Vec::new();
    let ids: BTreeSet<i64> = events.iter().map(|event| event.profile_id).collect();
    for id in ids {
        // At one moment touches come before conversions.
        let mut own: Vec<&Event> =
            events.iter().filter(|event| event.profile_id == id && from_us - lookback_us <= event.ts_us && event.ts_us < to_us).collect();
        own.sort_by_key(|event| (event.ts_us, event.event == "bought", event.offset));
        let mut parts: Vec<Vec<&Event>> = vec![vec![]];
        for event in own {
            if let Some(part) = parts.last_mut() {
                part.push(event);
            }
            if event.event == "bought" {
                parts.push(vec![]);
            }
        }
        for part in parts {
            let Some(end) = part.last().filter(|end| from_us <= end.ts_us) else { continue };
            let mut touches: Vec<(&'static str, i64)> = Vec::new();
            for touch in part.iter().filter(|event| event.event == "came" && end.ts_us - lookback_us <= event.ts_us) {
                let channel = touch.channel.expect("a touch has a channel");
                if touches.last().is_some_and(|last| last.0 == channel) {
                    touches.pop();
                }
                touches.push((channel, touch.ts_us));
            }
            paths.push((touches, (end.event == "bought").then(|| end.value.unwrap_or(0.0))));
        }
    }
    paths
}

fn naive_shares(model: &str, touches: &[(&str, i64)]) -> Vec<f64> {
    let count = touches.len();
    let only = |place: usize| (0..count).map(|at| f64::from(u8::from(at == place))).collect::<Vec<_>>();
    match model {
        "first" => only(0),
        "last" => only(count - 1),
        "last_non_direct" => only(touches.iter().rposition(|(channel, _)| *channel != "direct").unwrap_or(count - 1)),
        "linear" => vec![1.0 / count as f64; count],
        "position" if count <= 2 => vec![1.0 / count as f64; count],
        "position" => (0..count).map(|at| if at == 0 || at == count - 1 { 0.4 } else { 0.2 / (count as f64 - 2.0) }).collect(),
        "time_decay" => {
            let weight = |at_us: i64| (-(std::f64::consts::LN_2) * (0 - at_us) as f64 / 3e6).exp();
            let total: f64 = touches.iter().map(|touch| weight(touch.1)).sum();
            touches.iter().map(|touch| weight(touch.1) / total).collect()
        }
        _ => {
            let distinct: BTreeSet<&str> = touches.iter().map(|touch| touch.0).collect();
            let times = |channel: &str| touches.iter().filter(|touch| touch.0 == channel).count() as f64;
            touches.iter().map(|touch| 1.0 / distinct.len() as f64 / times(touch.0)).collect()
        }
    }
}

#[tokio::test]
async fn random_histories_answer_as_defined() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = random_events(&mut rng);
        let small = small(seed, events.clone());
        events.iter_mut().enumerate().for_each(|(offset, event)| event.offset = offset as i64);
        let (from_s, to_s) = (rng.random_range(0..12), rng.random_range(13..31));
        let asked = AttributionSpec { from: Some(iso(from_s * SECOND_US)), to: Some(iso(to_s * SECOND_US)), ..spec() };
        let report = ask(&small, &asked).await;
        assert_eq!(report.models, MODELS);
        let paths = naive_paths(&events, 10 * SECOND_US, from_s * SECOND_US, to_s * SECOND_US);
        let converted: Vec<(&Path, f64)> = paths.iter().filter_map(|path| path.1.map(|revenue| (path, revenue))).collect();
        assert_eq!(report.total.conversions, converted.len() as f64, "seed {seed}");
        let untouched = converted.iter().filter(|(path, _)| path.0.is_empty()).count();
        assert_eq!(report.untouched.conversions, untouched as f64, "seed {seed}");
        assert_eq!(report.paths_to_nothing, paths.iter().filter(|path| path.1.is_none() && !path.0.is_empty()).count() as u64);

        for (at, model) in MODELS.iter().enumerate().take(7) {
            let mut credit: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
            for (path, revenue) in converted.iter().filter(|(path, _)| !path.0.is_empty()) {
                for (touch, share) in path.0.iter().zip(naive_shares(model, &path.0)) {
                    let held = credit.entry(touch.0).or_default();
                    *held = (held.0 + share, held.1 + share * revenue);
                }
            }
            for row in &report.rows {
                let channel = row.by["channel"].as_deref().expect("a channel");
                let (conversions, revenue) = credit.get(channel).copied().unwrap_or_default();
                let told = &row.credits[at];
                assert!((told.conversions - conversions).abs() < 1e-4, "seed {seed} {model} {channel} {told:?} {conversions}");
                // Each conversion's cents are whole: a touch is off by one at most.
                assert!((told.revenue - revenue).abs() < 0.01 * 10.0 * converted.len() as f64, "seed {seed} {model} {channel}");
            }
        }
        for (channel, row) in report.rows.iter().map(|row| (row.by["channel"].as_deref().expect("a channel"), row)) {
            let before = converted.iter().filter(|(path, _)| path.0.iter().any(|touch| touch.0 == channel)).count();
            assert_eq!(row.associated.conversions, before as f64, "seed {seed} {channel}");
        }
        sums_are_exact(&report);
    }
}

/// In parts of a conversion and in cents, whatever the model.
fn sums_are_exact(report: &AttributionReport) {
    let whole = |value: f64, unit: f64| (value * unit).round() as i64;
    for model in 0..MODELS.len() {
        let conversions: i64 = report.rows.iter().map(|row| whole(row.credits[model].conversions, 1e6)).sum();
        let revenue: i64 = report.rows.iter().map(|row| whole(row.credits[model].revenue, 100.0)).sum();
        assert_eq!(conversions + whole(report.untouched.conversions, 1e6), whole(report.total.conversions, 1e6), "{model}");
        assert_eq!(revenue + whole(report.untouched.revenue, 100.0), whole(report.total.revenue, 100.0), "{model}");
    }
}

/// A touch of a visit a moment after the hour's beginning.
fn touch(id: i64, hour: i64, channel: &'static str) -> Event {
    event(id, hour * 3600 * SECOND_US, "came").channel(channel)
}

#[tokio::test]
async fn confirmed_orders_bring_their_revenue_and_cancelled_ones_nothing() {
    let events = vec![touch(1, 1, "cpc"), touch(1, 2, "email"), touch(2, 1, "cpc"), touch(3, 5, "email")];
    let order = |id, profile, at, status, revenue| {
        [("order_id", id), ("profile_id", profile), ("ts", at), ("status", status), ("revenue", revenue), ("currency", "EUR")]
    };
    let orders = [
        order("a", "1", "1970-01-01T03:00:00Z", "confirmed", "100.01"),
        order("b", "2", "1970-01-01T03:00:00Z", "cancelled", "900"),
        // Nobody knows how they came: one has no event at all, the other none before.
        order("c", "4", "1970-01-01T03:00:00Z", "confirmed", "7"),
        order("d", "3", "1970-01-01T03:00:00Z", "confirmed", "5"),
    ];
    let orders: Vec<&[(&str, &str)]> = orders.iter().map(|order| &order[..]).collect();
    let costs: [&[(&str, &str)]; 2] = [
        &[("day", "1970-01-01"), ("channel", "cpc"), ("cost", "10"), ("currency", "EUR")],
        &[("day", "1970-01-01"), ("channel", "display"), ("cost", "3"), ("currency", "EUR")],
    ];
    let small = lake(1, events, vec![("orders", table(&ORDERS, &orders)), ("ad_costs", table(&AD_COSTS, &costs))]);
    let asked = AttributionSpec { conversion: None, lookback: None, ..spec() };
    let report = ask(&small, &asked).await;
    assert_eq!((report.total.conversions, report.total.revenue), (3.0, 112.01));
    assert_eq!((report.untouched.conversions, report.untouched.revenue), (2.0, 12.0));
    assert_eq!(report.paths_to_nothing, 2, "one bought before, one cancelled");
    sums_are_exact(&report);
    let linear = |channel: &str| {
        let row = report.rows.iter().find(|row| row.by["channel"].as_deref() == Some(channel)).expect(channel);
        (row.credits[3].clone(), row.cost)
    };
    let (cpc, cost) = linear("cpc");
    assert_eq!((cpc.conversions, cpc.revenue, cost), (0.5, 50.01, Some(10.0)), "the odd cent goes to the earlier touch");
    assert_eq!((cpc.cost_per_conversion, cpc.drr), (Some(20.0), Some(10.0 / 50.01)));
    assert!((cpc.romi.expect("a cost") - 4.001).abs() < 1e-9);
    let (email, cost) = linear("email");
    assert_eq!((email.revenue, cost, email.cost_per_conversion), (50.0, None, None));

    let wanted =
        |channel: &str| AttributionPeopleSpec { by: BTreeMap::from([("channel".into(), Some(channel.into()))]), limit: 10, cursor: None };
    let people = small.query.attribution_people(&Scope::Everything, &asked, &terms(), &wanted("cpc")).await.expect("people");
    assert_eq!((people.profile_ids, people.total), (vec![1], 1));
}

#[tokio::test]
async fn a_dealer_sees_what_happened_with_the_dealer_only() {
    let mut events = vec![
        touch(1, 1, "cpc").dealer("north"),
        touch(1, 2, "email").dealer("south"),
        touch(2, 1, "organic").dealer("south"),
        event(1, 3 * 3600 * SECOND_US, "bought").dealer("north").value(10.0),
        event(2, 3 * 3600 * SECOND_US, "bought").dealer("south").value(10.0),
    ];
    events.push(touch(3, 1, "direct").dealer("north"));
    let small = small(2, events);
    let asked = AttributionSpec { lookback: None, ..spec() };
    let report = small.query.attribution(&Scope::Dealer("north".into()), &asked, &terms()).await.expect("a report");
    assert_eq!((report.total.conversions, report.rows_scanned), (1.0, None));
    let rows: Vec<(Option<&str>, f64)> = report.rows.iter().map(|row| (row.by["channel"].as_deref(), row.credits[0].conversions)).collect();
    assert_eq!(rows, [(Some("cpc"), 1.0), (Some("direct"), 0.0)]);
}

#[tokio::test]
async fn ranks_that_are_not_known_are_said_so() {
    let mut events = Vec::new();
    for number in 0..1_200 {
        let channel = if number % 3 == 0 {
            "email"
        } else if number % 2 == 0 {
            "cpc"
        } else {
            "organic"
        };
        let id = profile(number % 16, number);
        events.push(touch(id, 1, channel));
        if number % 4 < 2 {
            events.push(event(id, 2 * 3600 * SECOND_US, "bought"));
        }
    }
    // One channel brings a tenth of the others.
    for number in 0..40 {
        let id = profile(number % 16, 5_000 + number);
        events.extend([touch(id, 1, "direct"), event(id, 2 * 3600 * SECOND_US, "bought")]);
    }
    let small = small(3, events);
    let report = ask(&small, &AttributionSpec { lookback: None, ..spec() }).await;
    for (model, name) in MODELS.iter().enumerate() {
        let credits = report.rows.iter().map(|row| &row.credits[model]);
        for credit in credits.clone() {
            let (low, high) = credit.interval.expect("an interval");
            assert!(low <= credit.conversions && credit.conversions <= high, "{name} {credit:?}");
        }
        let mut ties: Vec<(f64, bool)> = credits.map(|credit| (credit.conversions, credit.tied_with_next)).collect();
        ties.sort_by(|left, right| right.0.total_cmp(&left.0));
        let ties: Vec<bool> = ties.into_iter().map(|tie| tie.1).collect();
        assert_eq!(ties, [true, true, false, false], "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_a_reason() {
    let nobody = small(5, vec![]);
    let small = small(4, vec![touch(1, 1, "cpc")]);
    let refusal = async |asked: AttributionSpec| {
        small.query.attribution(&Scope::Everything, &asked, &terms()).await.expect_err("a refusal").to_string()
    };
    let condition = EventFilter { event: "came".into(), condition: Some("colour = 'red'".into()) };
    let told = refusal(AttributionSpec { touches: vec![filter("came"), condition], ..spec() }).await;
    assert!(told.contains("`where` of `touches[1]`"), "{told}");
    let wanted = AttributionPeopleSpec { by: BTreeMap::new(), limit: 10, cursor: None };
    let told = small.query.attribution_people(&Scope::Everything, &spec(), &terms(), &wanted).await.expect_err("a refusal").to_string();
    assert!(told.contains("`by` has no \"channel\""), "{told}");
    let report = ask(&nobody, &spec()).await;
    assert_eq!((report.rows.len(), report.total.conversions), (0, 0.0));
}
