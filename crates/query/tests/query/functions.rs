//! Reports asked for as tables of SQL give the numbers that the reports give.

use forecourt_model::Scope;
use forecourt_query::{FlowSpec, FunnelSpec, PathsSpec, RetentionSpec};
use serde_json::{Value, json};

use crate::rows::{SmallLake, event, lake, profile, rows_of};

const ALL: Scope = Scope::Everything;
const DAY_US: i64 = 86_400_000_000;

/// Forty people over some weeks: they view, some ask, some sign; half come by `cpc`, half of the dealer `north`.
fn small() -> SmallLake {
    let mut events = Vec::new();
    for person in 0..40 {
        let id = profile(person % 16, person);
        let channel = if person % 2 == 0 { "cpc" } else { "email" };
        let dealer = if person % 4 < 2 { "north" } else { "south" };
        let told = |days: i64, name| event(id, (person % 7 + days) * DAY_US, name).channel(channel).dealer(dealer);
        events.push(told(0, "viewed"));
        if person % 3 != 0 {
            events.push(told(1 + person % 5, "asked"));
        }
        if person % 5 == 1 {
            events.push(told(9, "signed"));
        }
        events.push(told(12, "viewed"));
    }
    lake(11, events, vec![])
}

fn spec<T: serde::de::DeserializeOwned>(spec: &Value) -> T {
    serde_json::from_value(spec.clone()).expect("a spec")
}

/// As SQL answers it: numbers as JSON writes them.
fn line(values: &[Value]) -> String {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.iter().map(shown).collect::<Vec<_>>().join("|")
}

#[tokio::test]
async fn a_funnel_is_a_table() {
    let small = small();
    let asked = json!({ "steps": [{ "event": "viewed" }, { "event": "asked" }, { "event": "signed" }], "window": "30d" });
    let report = small.query.funnel(&ALL, &spec::<FunnelSpec>(&asked)).await.expect("a report");
    assert_eq!(report.steps[0].profiles, 40);
    let rows =
        rows_of(&small.query, &ALL, &format!("SELECT step, event, profiles, median_time_s FROM funnel('{asked}') ORDER BY step")).await;
    let expected: Vec<String> = report
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| line(&[json!(at + 1), json!(step.event), json!(step.profiles), json!(step.median_time_s)]))
        .collect();
    assert_eq!(rows, expected);

    let mut by = asked.clone();
    by["by"] = json!(["channel", "dealer"]);
    let report = small.query.funnel(&ALL, &spec::<FunnelSpec>(&by)).await.expect("a report");
    assert_eq!(report.groups.len(), 4);
    let rows =
        rows_of(&small.query, &ALL, &format!("SELECT channel, dealer, profiles FROM funnel('{by}') WHERE step = 2 ORDER BY 1, 2")).await;
    let mut expected: Vec<String> = report
        .groups
        .iter()
        .map(|group| line(&[json!(group.by["channel"]), json!(group.by["dealer"]), json!(group.steps[1].profiles)]))
        .collect();
    expected.sort();
    assert_eq!(rows, expected);

    // It joins with tables like any other, and a dealer's is about the dealer's rows.
    let joined = format!("SELECT count(*) FROM events JOIN funnel('{asked}') AS f ON f.event = events.event WHERE f.step = 3");
    assert_eq!(rows_of(&small.query, &ALL, &joined).await, ["8"]);
    let north = Scope::Dealer("north".into());
    assert_eq!(rows_of(&small.query, &north, &format!("SELECT profiles FROM funnel('{asked}') WHERE step = 1")).await, ["20"]);
}

#[tokio::test]
async fn retention_flow_and_paths_are_tables() {
    let small = small();
    let asked = json!({ "cohort": { "event": "viewed" }, "return": { "event": "viewed" }, "grain": "month", "periods": 4, "tz": "UTC",
        "from": "1970-01-01", "to": "1970-03-01" });
    let report = small.query.retention(&ALL, &spec::<RetentionSpec>(&asked)).await.expect("a report");
    let expected: Vec<String> = report
        .cohorts
        .iter()
        .flat_map(|cohort| {
            let cells = cohort.cells.iter().enumerate();
            cells.map(|(period, cell)| line(&[json!(cohort.start), json!(period), json!(cell.of), json!(cell.people), json!(cell.rate)]))
        })
        .collect();
    assert!(2 < expected.len(), "{report:?}");
    let sql = format!("SELECT cohort, period, of, people, rate FROM retention('{asked}') ORDER BY cohort, period");
    assert_eq!(rows_of(&small.query, &ALL, &sql).await, expected);

    let asked = json!({ "stages": [{ "event": "viewed" }, { "event": "asked" }, { "event": "signed" }], "within": "14d" });
    let report = small.query.flow(&ALL, &spec::<FlowSpec>(&asked)).await.expect("a report");
    let median =
        |stage: &forecourt_query::FlowStage| stage.quantiles.iter().find(|quantile| quantile.share == 0.5).and_then(|found| found.after_s);
    let expected: Vec<String> = report
        .stages
        .iter()
        .map(|stage| {
            let within = stage.within.map(|within| within.share);
            line(&[json!(stage.event), json!(stage.entered), json!(stage.moved), json!(stage.stock), json!(within), json!(median(stage))])
        })
        .collect();
    assert_eq!(report.stages[0].entered, 40, "{report:?}");
    let sql = format!("SELECT event, entered, moved, stock, within, median_s FROM flow('{asked}') ORDER BY stage");
    assert_eq!(rows_of(&small.query, &ALL, &sql).await, expected);

    let asked = json!({ "start": { "event": "viewed" }, "steps": 3, "window": "30d" });
    let report = small.query.paths(&ALL, &spec::<PathsSpec>(&asked)).await.expect("a report");
    let total: u64 = report.sequences.iter().map(|sequence| sequence.people).sum();
    assert_eq!(total, 40, "{report:?}");
    let sql = format!("SELECT sum(people), count(*) FROM paths('{asked}') WHERE path = 'viewed' OR path LIKE 'viewed → %'");
    assert_eq!(rows_of(&small.query, &ALL, &sql).await, [format!("40|{}", report.sequences.len())]);
}

#[tokio::test]
async fn a_spec_that_does_not_read_is_refused_with_a_reason() {
    let small = small();
    for (sql, told) in [
        ("SELECT * FROM funnel()", "takes one text"),
        ("SELECT * FROM funnel('{')", "the spec does not read"),
        ("SELECT * FROM funnel('{\"steps\": [], \"window\": \"1d\"}')", "1 to 12 steps"),
        ("SELECT * FROM funnel('{\"steps\": [{\"event\": \"viewed\", \"where\": \"no such\"}], \"window\": \"1d\"}')", "step 1"),
        ("SELECT * FROM flow('{\"stages\": [], \"within\": \"1d\"}')", "2 to"),
        ("SELECT * FROM paths(42)", "takes one text"),
    ] {
        let refusal = small.query.sql(&ALL, sql, 10).await.expect_err(sql).to_string();
        assert!(refusal.contains(told), "{sql}: {refusal}");
    }
}
