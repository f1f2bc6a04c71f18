//! The public data sets, imported by command; the funnel by channel equals an independent SQL over the same files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::installation::Installation;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The folder of public data; `None`, said aloud, where the machine has none.
fn public(file: &str) -> Option<String> {
    let shared = std::env::var_os("FORECOURT_SHARED").map_or_else(|| Path::new(REPOSITORY).join("../shared"), PathBuf::from);
    let path = shared.join("data").join(file);
    if !path.exists() {
        println!("SKIPPED: {file}: the public data are not on this machine (set FORECOURT_SHARED)");
        return None;
    }
    Some(path.to_string_lossy().into_owned())
}

fn mapping(name: &str) -> String {
    format!("{REPOSITORY}/docs/examples/{name}.mapping.json")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_and_deals_make_the_funnel_that_an_independent_sql_makes() {
    let (Some(leads), Some(deals)) =
        (public("olist/olist_marketing_qualified_leads_dataset.csv"), public("olist/olist_closed_deals_dataset.csv"))
    else {
        return;
    };
    let installation = Installation::new();
    let server = installation.serve().await;
    for round in 0..2 {
        let said = installation.run(&["import", "leads", &leads, "--mapping", &mapping("olist-leads")]);
        assert!(said.ok, "{said:?}");
        let said = installation.run(&["import", "orders", &deals, "--mapping", &mapping("olist-orders")]);
        assert!(said.ok, "{said:?}");
        server.wait_until_folded().await;
        server.wait_for_number("SELECT count(*) FROM events WHERE event = 'lead_created'", 8_000).await;
        let orders = server.number("SELECT count(*) FROM events WHERE event = 'order_completed'").await;
        assert_eq!(orders, 842, "round {round}: a second import changes nothing");
    }
    server.wait_for_number("SELECT count(*) FROM leads", 8_000).await;
    server.wait_for_number("SELECT count(*) FROM orders", 842).await;

    let spec = json!({
        "steps": [{ "event": "lead_created" }, { "event": "order_completed" }],
        "window": "730d", "from": "2017-01-01", "to": "2020-01-01", "tz": "UTC", "by": ["channel"]
    });
    let report = server.call(reqwest::Method::POST, "/api/reports/funnel", Some(server.token()), Some(&spec)).await.1;
    assert_eq!(report["steps"][0]["profiles"], 8_000, "{report}");
    let ours: BTreeMap<String, (i64, i64)> = report["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|group| {
            let reached = |step: usize| group["steps"][step]["profiles"].as_i64().unwrap_or_default();
            (group["by"]["channel"].as_str().unwrap_or_default().to_owned(), (reached(0), reached(1)))
        })
        .collect();
    assert_eq!(ours, independently(&leads, &deals));
    server.stop().await;
    installation.verify();
}

/// Per channel: leads, and those that closed on or after the day of first contact.
fn independently(leads: &str, deals: &str) -> BTreeMap<String, (i64, i64)> {
    let sql = format!(
        "SELECT coalesce(nullif(origin, ''), 'unknown'), count(*), count(*) FILTER (WHERE won_date >= first_contact_date)
         FROM read_csv('{leads}') LEFT JOIN read_csv('{deals}') USING (mql_id) GROUP BY 1"
    );
    let venv = Command::new(format!("{REPOSITORY}/tests/tools/duckdb-venv")).output().expect("DuckDB's environment");
    let python = String::from_utf8_lossy(&venv.stdout).trim().to_owned();
    let script = format!("import duckdb, json; print(json.dumps(duckdb.sql({}).fetchall()))", Value::from(sql));
    let output = Command::new(python).args(["-c", &script]).output().expect("DuckDB");
    let rows: Vec<(String, i64, i64)> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    rows.into_iter().map(|(channel, leads, deals)| (channel, (leads, deals))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_s_calls_and_the_clickstream_are_there_row_by_row() {
    let (Some(bank), Some(clicks)) = (public("bank/bank-additional-full.csv.gz"), public("clickstream/retentioneering_ecom.csv.gz")) else {
        return;
    };
    let installation = Installation::new();
    let server = installation.serve().await;
    let said = installation.run(&["import", "calls", &bank, "--mapping", &mapping("bank")]);
    assert!(said.ok, "{said:?}");
    let said = installation.run(&["import", "events", &clicks, "--mapping", &mapping("clickstream")]);
    assert!(said.ok, "{said:?}");
    server.wait_until_folded().await;
    server.wait_for_number("SELECT count(*) FROM calls", 41_188).await;
    server.wait_for_number("SELECT count(*) FROM events WHERE event = 'call_completed'", 41_188).await;
    server.wait_for_number("SELECT count(*) FROM events WHERE event <> 'call_completed'", 31_106).await;
    server.stop().await;
}
