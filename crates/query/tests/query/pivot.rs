//! Pivots over a small lake: every total right, people counted once, no rows of another dealer's.

use std::collections::BTreeMap;

use forecourt_lake::tables::{AD_COSTS, CALLS, LEADS, ORDERS, PROFILES};
use forecourt_model::{
    Scope,
    conversion::{Conversion, ConversionKind},
    currency::{Rate, Rates},
    time::parse_us,
};
use forecourt_query::{PivotPeopleSpec, PivotReport, PivotSpec, PivotTerms, PivotWarning};
use serde_json::json;

use crate::rows::{SmallLake, event, lake, profile, table};

fn us(text: &str) -> i64 {
    parse_us(text).expect("a time")
}

/// Two channels, two days, two dealers; Ana (bucket 0) and Boris (5) buy, Chen (9) only looks.
fn spring() -> SmallLake {
    let (ana, boris, chen) = (profile(0, 1), profile(5, 2), profile(9, 3));
    let view = |who, at: &str, channel| event(who, us(at), "car_viewed").channel(channel).dealer("north").value(2.0);
    let events = vec![
        view(ana, "2026-03-01T10:00:00Z", "cpc"),
        view(ana, "2026-03-01T11:00:00Z", "cpc"),
        view(ana, "2026-03-02T11:00:00Z", "email"),
        view(boris, "2026-03-01T23:30:00Z", "cpc").dealer("south"),
        view(chen, "2026-03-02T12:00:00Z", "email").dealer("south"),
        event(chen, us("2026-03-02T12:00:00Z"), "page_viewed").channel("email"),
        event(ana, us("2026-03-02T13:00:00Z"), "test_drive_done").channel("email").dealer("north"),
    ];
    let ids = [ana, boris, chen].map(|id| id.to_string());
    let [ana, boris, chen] = ids.each_ref().map(String::as_str);
    let costs = table(
        &AD_COSTS,
        &[
            &[("day", "2026-03-01"), ("channel", "cpc"), ("cost", "100"), ("impressions", "1000"), ("clicks", "50"), ("currency", "EUR")],
            &[("day", "2026-03-02"), ("channel", "cpc"), ("cost", "60"), ("impressions", "500"), ("clicks", "10"), ("currency", "USD")],
            &[("day", "2026-03-02"), ("channel", "email"), ("cost", "10"), ("impressions", "0"), ("clicks", "0"), ("currency", "")],
            &[("day", "2026-02-01"), ("channel", "cpc"), ("cost", "999"), ("currency", "GBP")],
        ],
    );
    let lead =
        |id, who, at, channel, dealer| [("lead_id", id), ("profile_id", who), ("created_at", at), ("channel", channel), ("dealer", dealer)];
    let leads = table(
        &LEADS,
        &[
            &lead("L1", ana, "2026-03-01T12:00:00Z", "cpc", "north"),
            &lead("L2", ana, "2026-03-02T12:00:00Z", "email", "north"),
            &lead("L3", boris, "2026-03-02T12:00:00Z", "cpc", "south"),
            &lead("L4", chen, "2026-03-02T13:00:00Z", "email", "south"),
        ],
    );
    let order = |id, who, at, status, revenue, channel, dealer| {
        [
            ("order_id", id),
            ("profile_id", who),
            ("ts", at),
            ("status", status),
            ("revenue", revenue),
            ("currency", "EUR"),
            ("channel", channel),
            ("dealer", dealer),
        ]
    };
    let orders = table(
        &ORDERS,
        &[
            &order("O0", ana, "2025-01-01T12:00:00Z", "confirmed", "1", "cpc", "north"),
            &order("O1", ana, "2026-03-02T12:00:00Z", "confirmed", "300", "cpc", "north"),
            &order("O2", boris, "2026-03-02T12:00:00Z", "confirmed", "500", "cpc", "south"),
            &order("O3", chen, "2026-03-02T12:00:00Z", "cancelled", "900", "email", "south"),
        ],
    );
    let others =
        vec![("leads", leads), ("orders", orders), ("ad_costs", costs), ("calls", table(&CALLS, &[])), ("profiles", table(&PROFILES, &[]))];
    lake(5, events, others)
}

fn terms() -> PivotTerms {
    let conversion = |id: &str, kind, condition: Option<&str>| Conversion {
        id: id.into(),
        name: id.to_uppercase(),
        kind,
        event: id.into(),
        condition: condition.map(str::to_owned),
        value: None,
    };
    PivotTerms {
        currency: "EUR".into(),
        rates: Rates::new([Rate {
            base: "EUR".into(),
            currency: "USD".into(),
            day: forecourt_model::time::day(us("2026-03-01")),
            rate: 2.0,
        }]),
        conversions: vec![
            conversion("car_viewed", ConversionKind::Micro, None),
            conversion("test_drive_done", ConversionKind::Macro, Some("channel = 'email'")),
        ],
    }
}

async fn ask(small: &SmallLake, scope: &Scope, spec: serde_json::Value) -> PivotReport {
    let spec: PivotSpec = serde_json::from_value(spec).expect("the test's own JSON");
    small.query.pivot(scope, &spec, &terms()).await.unwrap_or_else(|error| panic!("{error} {error:?}"))
}

/// Lines of a report, one text a line: key: total | cells.
fn told(report: &PivotReport) -> Vec<String> {
    let number = |value: &Option<f64>| value.map_or("–".to_owned(), |value| format!("{value}"));
    let values = |values: &[Option<f64>]| values.iter().map(number).collect::<Vec<_>>().join(" ");
    let path = |key: &[Option<String>]| key.iter().map(|part| part.as_deref().unwrap_or("∅")).collect::<Vec<_>>().join("/");
    let lines = report.lines.iter().chain([&report.total]);
    lines
        .map(|line| {
            let cells: Vec<String> = line.cells.iter().map(|cell| values(cell)).collect();
            format!("{}: {}{}", path(&line.key), values(&line.total), cells.iter().map(|cell| format!(" | {cell}")).collect::<String>())
        })
        .collect()
}

#[tokio::test]
async fn from_cost_to_sale_by_channel() {
    let small = spring();
    let report = ask(
        &small,
        &Scope::Everything,
        json!({ "rows": ["channel"], "from": "2026-03-01", "to": "2026-04-01", "tz": "UTC",
            "measures": ["cost", "impressions", "clicks", "micro_conversions", "macro_conversions", "leads", "sales", "new_customers",
                "revenue", "ctr", "cpl", "cac", "drr", "romi"] }),
    )
    .await;
    // 100 € and 60 $ at 2 $ an euro make 130; O1 is Ana's second order, so one new customer.
    assert_eq!(
        told(&report),
        [
            "cpc: 130 1500 60 3 0 2 2 1 800 0.04 65 130 0.1625 5.153846153846154",
            "email: 10 0 0 2 1 2 0 0 0 – 5 – – -1",
            ": 140 1500 60 5 1 4 2 1 800 0.04 35 140 0.175 4.714285714285714",
        ]
    );
    assert_eq!(report.warnings, []);
}

#[tokio::test]
async fn people_are_counted_once_in_each_total() {
    let small = spring();
    let report = ask(
        &small,
        &Scope::Everything,
        json!({ "rows": ["day", "channel"], "columns": ["dealer"], "from": "2026-03-01", "to": "2026-04-01",
            "measures": ["conversion:car_viewed", "conversion_people:car_viewed", "lead_people"], "tz": "Europe/Kyiv" }),
    )
    .await;
    // Boris's view at 23:30 UTC is on the next day in Kyiv. Ana's two views of the first day are one person's.
    assert_eq!(report.column_keys, [[Some("north".to_owned())], [Some("south".to_owned())]]);
    assert_eq!(
        told(&report),
        [
            "2026-03-01: 2 1 1 | 2 1 1 | 0 0 0",
            "2026-03-01/cpc: 2 1 1 | 2 1 1 | 0 0 0",
            "2026-03-02: 3 3 3 | 1 1 1 | 2 2 2",
            "2026-03-02/email: 2 2 2 | 1 1 1 | 1 1 1",
            "2026-03-02/cpc: 1 1 1 | 0 0 0 | 1 1 1",
            ": 5 3 3 | 3 1 1 | 2 2 2",
        ]
    );
}

#[tokio::test]
async fn what_costs_cannot_tell_is_blank_and_stays_in_the_totals() {
    let small = spring();
    let spec = json!({ "rows": ["dealer"], "columns": ["month"], "measures": ["cost", "leads", "cpl"], "from": "2026-03-01" });
    let report = ask(&small, &Scope::Everything, spec).await;
    assert_eq!(told(&report), ["north: – 2 – | – 2 –", "south: – 2 – | – 2 –", ": 140 4 35 | 140 4 35"]);
    let not_by = |measure: &str| PivotWarning::NotBy { measure: measure.into(), dimensions: vec!["dealer".into()] };
    assert_eq!(report.warnings, [not_by("cost"), not_by("cpl")]);

    let filtered = json!({ "rows": ["channel"], "measures": ["cost", "leads"],
        "filters": [{ "dimension": "dealer", "values": ["north"] }, { "dimension": "channel", "values": ["email"], "exclude": true }] });
    let report = ask(&small, &Scope::Everything, filtered).await;
    assert_eq!(told(&report), ["cpc: – 1", ": – 1"]);
    assert_eq!(report.warnings, [PivotWarning::NotFiltered { measure: "cost".into(), dimensions: vec!["dealer".into()] }]);
}

#[tokio::test]
async fn a_missing_rate_is_told_and_no_zero() {
    let small = spring();
    let report = ask(&small, &Scope::Everything, json!({ "measures": ["cost", "cost_lines"], "to": "2026-03-02" })).await;
    assert_eq!(told(&report), [": 100 2"], "the 999 £ are in no sum");
    let missing = PivotWarning::MissingRate {
        currency: "GBP".into(),
        into: "EUR".into(),
        from: "2026-02-01".into(),
        to: "2026-02-01".into(),
        amounts: 1,
        sum: 999.0,
    };
    assert_eq!(report.warnings, [missing]);
    let in_dollars = json!({ "measures": ["cost", "conversion_value:car_viewed"], "currency": "USD", "from": "2026-03-01" });
    assert_eq!(told(&ask(&small, &Scope::Everything, in_dollars).await), [": 280 20"]);
}

#[tokio::test]
async fn a_dealer_sees_his_rows_and_no_costs() {
    let small = spring();
    let scope = Scope::Dealer("south".into());
    let spec = json!({ "rows": ["channel"], "from": "2026-03-01",
        "measures": ["cost", "cost_lines", "conversion:car_viewed", "leads", "sales", "new_customers", "revenue", "cpl", "drr"] });
    let report = ask(&small, &scope, spec).await;
    assert_eq!(told(&report), ["cpc: – – 1 1 1 1 500 – –", "email: – – 1 1 0 0 0 – –", ": – – 2 2 1 1 500 – –"]);
    assert_eq!(report.rows_scanned, None);
    let hidden = |measure: &str| PivotWarning::Hidden { measure: measure.into() };
    assert_eq!(report.warnings, [hidden("cost"), hidden("cost_lines"), hidden("cpl"), hidden("drr")]);
}

#[tokio::test]
async fn people_behind_a_number_are_those_it_counts() {
    let small = spring();
    let spec: PivotSpec = serde_json::from_value(json!({ "rows": ["channel"], "columns": ["dealer"], "from": "2026-03-01",
        "measures": ["cost", "cpl", "sales", "cac", "micro_conversions", "conversion:test_drive_done"] }))
    .expect("the test's own JSON");
    let ask = async |scope: &Scope, measure: &str, place: &[(&str, &str)], limit: usize, cursor: Option<String>| {
        let place: BTreeMap<_, _> = place.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        let wanted = PivotPeopleSpec { measure: measure.into(), place, limit, cursor };
        small.query.pivot_people(scope, &spec, &terms(), &wanted).await
    };
    let all = Scope::Everything;
    let (ana, boris, chen) = (profile(0, 1), profile(5, 2), profile(9, 3));
    let found = ask(&all, "micro_conversions", &[], 2, None).await.expect("people");
    assert_eq!((found.profile_ids, found.total, found.next_cursor.clone()), (vec![ana, boris], 3, Some(boris.to_string())));
    let rest = ask(&all, "micro_conversions", &[], 2, found.next_cursor).await.expect("people");
    assert_eq!((rest.profile_ids, rest.total, rest.next_cursor), (vec![chen], 3, None));
    let ids = async |scope: &Scope, measure: &str, place: &[(&str, &str)]| {
        ask(scope, measure, place, 100, None).await.expect("people").profile_ids
    };
    assert_eq!(ids(&all, "cpl", &[("channel", "cpc")]).await, [ana, boris]);
    assert_eq!(ids(&all, "sales", &[("dealer", "south")]).await, [boris]);
    assert_eq!(ids(&all, "cac", &[]).await, [boris], "Ana's first order was in 2025");
    assert_eq!(ids(&all, "conversion:test_drive_done", &[("channel", "email"), ("dealer", "north")]).await, [ana]);
    assert_eq!(ids(&Scope::Dealer("south".into()), "cpl", &[]).await, [boris, chen]);

    let refused = async |measure: &str, place: &[(&str, &str)]| ask(&all, measure, place, 1, None).await.expect_err("refused").to_string();
    assert!(refused("cost", &[]).await.contains("nobody is behind it"));
    assert!(refused("leads", &[]).await.contains("use one of the spec's measures"));
    assert!(refused("sales", &[("model", "Aster")]).await.contains("`place` names \"model\""));
}

#[tokio::test]
async fn a_condition_that_does_not_read_names_its_conversion() {
    let small = spring();
    let mut terms = terms();
    terms.conversions[1].condition = Some("colour = 'red'".into());
    let spec: PivotSpec = serde_json::from_value(json!({ "measures": ["macro_conversions"] })).expect("JSON");
    let refusal = small.query.pivot(&Scope::Everything, &spec, &terms).await.expect_err("no such column").to_string();
    assert!(refusal.starts_with("the condition of the conversion `test_drive_done`: there is no column `colour`"), "{refusal}");
    assert!(small.query.check_condition("count(*) > 1").await.is_err());
    assert!(small.query.check_condition("channel = 'cpc' AND value > 1").await.is_ok());
}
