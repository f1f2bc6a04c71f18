//! From ad spend to sales: the pivot equals an independent SQL over the lake, whatever is asked, by whatever door.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{installation::Installation, rounds, seed, server::Server};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const DIMENSIONS: [&str; 13] =
    ["region", "channel", "utm_source", "utm_medium", "campaign", "dealer", "model", "currency", "day", "week", "month", "quarter", "year"];
const MEASURES: [&str; 25] = [
    "cost",
    "cost_lines",
    "impressions",
    "clicks",
    "micro_conversions",
    "macro_conversions",
    "conversion:car_viewed",
    "conversion_people:car_viewed",
    "conversion:dear_offers",
    "leads",
    "lead_people",
    "sales",
    "buyers",
    "new_customers",
    "revenue",
    "ctr",
    "cpc",
    "cpl",
    "cac",
    "cost_per_sale",
    "cost_per_micro",
    "lead_to_sale",
    "drr",
    "romi",
    "profit",
];

/// A small dealer group, seeded and then left alone, with costs in three currencies.
async fn dealer_group() -> (Installation, Server) {
    let installation = Installation::new();
    let server = Server::start_as(&installation, &["demo", "--profiles", "1200", "--months", "5"], &[]).await;
    server.wait_until_seeded().await;
    server.stop().await;
    // Nothing trickles in any more.
    let server = installation.serve().await;
    // The lake's copy of the costs is made a moment after the start.
    server.wait_for_number("SELECT CAST(0 < count(*) AS INT) FROM ad_costs", 1).await;
    let days = server.query("SELECT CAST(min(day) AS TEXT), CAST(max(day) AS TEXT) FROM ad_costs").await;
    let first = days[0][0].as_str().expect("a day").to_owned();
    import_costs(&installation, &server, &first, 120.0).await;
    // The same day told again, corrected: it replaces.
    import_costs(&installation, &server, &first, 100.0).await;
    let dear = json!({ "id": "dear_offers", "name": "Dear offers", "kind": "macro", "event": "offer_made", "where": "value > 30000" });
    let (status, answer) = server.call(Method::POST, "/api/conversions", None, Some(&dear)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let rate = |currency: &str, rate: f64| json!({ "base": "EUR", "currency": currency, "day": first, "rate": rate });
    let rates = json!({ "rates": [rate("USD", 1.25), rate("CNY", 8.0)] });
    let (status, answer) = server.call(Method::POST, "/api/currencies/rates", None, Some(&rates)).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    (installation, server)
}

/// Two lines of costs in foreign currencies, as a file.
async fn import_costs(installation: &Installation, server: &Server, day: &str, cost: f64) {
    let path = installation.data().join("costs.csv");
    let text = format!(
        "day,channel,utm_source,campaign,region,cost,impressions,clicks,currency\n\
         {day},cpc,search-ads,abroad,Norvia,{cost},1000,40,USD\n{day},display,banner-net,abroad,Kastria,{},7000,70,CNY\n",
        cost * 8.0
    );
    std::fs::write(&path, text).expect("a file");
    let said = installation.run(&["import", "costs", &path.to_string_lossy()]);
    assert!(said.ok, "{said:?}");
    let seen = format!("SELECT count(*) FROM ad_costs WHERE campaign = 'abroad' AND cost IN ({cost}, {})", cost * 8.0);
    server.wait_for_number(&seen, 2).await;
    assert_eq!(server.number("SELECT count(*) FROM ad_costs WHERE campaign = 'abroad'").await, 2, "a second telling doubles nothing");
    assert_eq!(server.number("SELECT sum(clicks) FROM ad_costs WHERE campaign = 'abroad'").await, 110);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pivot_is_what_an_independent_sql_says() {
    let (installation, server) = dealer_group().await;
    let catalogue = server.get("/api/catalogue").await;
    let days = server.query("SELECT CAST(min(day) AS TEXT), CAST(max(day) AS TEXT) FROM ad_costs").await;
    let (first, last) = (days[0][0].as_str().expect("a day").to_owned(), days[0][1].as_str().expect("a day").to_owned());

    let mut specs = vec![json!({ "rows": ["region"], "columns": ["channel"], "filters": [], "tz": "UTC", "from": first, "to": last,
        "measures": ["cost", "impressions", "clicks", "micro_conversions", "leads", "sales", "revenue", "cpl", "cac", "drr", "romi"] })];
    specs.extend((1..=10).map(|seed| random_spec(&mut StdRng::seed_from_u64(seed), &catalogue, &first, &last)));
    let mut rng = StdRng::seed_from_u64(seed("pivot"));
    specs.extend((0..rounds(4, 60)).map(|_| random_spec(&mut rng, &catalogue, &first, &last)));
    let mut reports = Vec::new();
    for spec in &specs {
        let (status, report) = server.call(Method::POST, "/api/reports/pivot", None, Some(spec)).await;
        assert_eq!(status, StatusCode::OK, "{spec}: {report}");
        reports.push(report);
    }

    let terms = json!({ "currency": "EUR", "conversions": server.get("/api/conversions").await["conversions"],
        "rates": server.get("/api/currencies/rates").await["rates"] });
    // What is in memory goes into files, which are all that others can read.
    server.stop().await;
    let expected = independently(&installation, &terms, &specs);
    let mut compared = 0;
    for ((spec, report), expected) in specs.iter().zip(&reports).zip(&expected) {
        compared += assert_same(spec, report, expected);
    }
    assert!(1_000 < compared, "only {compared} numbers were compared");
    println!("{compared} numbers of {} pivots are the same", specs.len());
}

/// Rows, columns, filters, measures, a period and a zone out of a hat.
fn random_spec(rng: &mut StdRng, catalogue: &Value, first: &str, last: &str) -> Value {
    let mut names: Vec<&str> = DIMENSIONS.choose_multiple(rng, 5).copied().collect();
    // Each day on a row and each campaign in a column make more cells than a report shows.
    let columns = names.split_off(rng.random_range(3..=5));
    let columns: Vec<&str> = columns.into_iter().filter(|name| !["day", "campaign", "dealer", "week"].contains(name)).collect();
    names.truncate(rng.random_range(0..=2));
    let measures: Vec<&str> = MEASURES.choose_multiple(rng, 8).copied().collect();
    let filters: Vec<Value> = (0..rng.random_range(0..=2)).filter_map(|_| random_filter(rng, catalogue)).collect();
    let days = |text: &str| text.parse::<jiff::civil::Date>().expect("a day");
    let (first, last) = (days(first), days(last));
    let span = (last - first).get_days();
    let from = first.checked_add(jiff::Span::new().days(rng.random_range(0..span / 2))).expect("a day");
    let to = from.checked_add(jiff::Span::new().days(rng.random_range(1..=span / 2))).expect("a day");
    let zone = ["UTC", "Europe/Kyiv", "America/New_York", "Asia/Shanghai"].choose(rng).expect("a zone");
    json!({ "rows": names, "columns": columns, "measures": measures, "filters": filters, "tz": zone,
        "from": from.to_string(), "to": to.to_string() })
}

fn random_filter(rng: &mut StdRng, catalogue: &Value) -> Option<Value> {
    let name = *["channel", "region", "model", "dealer", "utm_source"].choose(rng)?;
    let values: Vec<Value> = catalogue["dimensions"][name].as_array()?.choose_multiple(rng, 3).cloned().chain([Value::Null]).collect();
    let keep = rng.random_range(1..=values.len());
    Some(json!({ "dimension": name, "values": &values[values.len() - keep..], "exclude": rng.random_bool(0.5) }))
}

/// Measures by place.
type Cells = BTreeMap<String, BTreeMap<String, Option<f64>>>;

fn independently(installation: &Installation, terms: &Value, specs: &[Value]) -> Vec<Cells> {
    let venv = Command::new(format!("{REPOSITORY}/tests/tools/duckdb-venv")).output().expect("DuckDB's environment");
    assert!(venv.status.success(), "{}", String::from_utf8_lossy(&venv.stderr));
    let python = String::from_utf8_lossy(&venv.stdout).trim().to_owned();
    let lake = installation.data().join("lake");
    let told = json!({ "catalogue": lake.join("catalogue.sqlite"), "data": lake.join("data"), "terms": terms, "specs": specs });
    let mut child = Command::new(python)
        .arg(format!("{REPOSITORY}/tests/stories/pivot.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("DuckDB");
    child.stdin.take().expect("its input").write_all(told.to_string().as_bytes()).expect("the specs");
    let output = child.wait_with_output().expect("DuckDB's answer");
    assert!(output.status.success(), "DuckDB refused: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Every number of the report is the SQL's, and the SQL has none that the report lacks. Returns how many there are.
fn assert_same(spec: &Value, report: &Value, expected: &Cells) -> usize {
    assert_eq!((&report["lines_omitted"], &report["columns_omitted"]), (&json!(0), &json!(0)), "{spec}");
    let measures: Vec<&str> = spec["measures"].as_array().expect("measures").iter().filter_map(Value::as_str).collect();
    let mut seen = 0;
    let mut numbers = 0;
    let no_columns = json!([]);
    // Each side writes JSON in a way of its own.
    let expected: BTreeMap<String, _> =
        expected.iter().map(|(place, told)| (serde_json::from_str::<Value>(place).expect("JSON").to_string(), told)).collect();
    for line in report["lines"].as_array().expect("lines").iter().chain([&report["total"]]) {
        let cells = line["cells"].as_array().expect("cells").iter().zip(report["column_keys"].as_array().expect("columns"));
        for (values, column) in cells.chain([(&line["total"], &no_columns)]) {
            let place = json!([line["key"], column]).to_string();
            let found = expected.get(&place);
            seen += usize::from(found.is_some());
            for (at, measure) in measures.iter().enumerate() {
                let ours = values[at].as_f64();
                match found.map(|told| told[*measure]) {
                    Some(theirs) => assert!(is_same(ours, theirs), "{spec}\n{place} {measure}: {ours:?}, by SQL {theirs:?}"),
                    // A place where the SQL finds no row at all.
                    None => assert!(ours.is_none_or(|value| value == 0.0), "{spec}\n{place} {measure}: {ours:?}, by SQL nothing"),
                }
                numbers += 1;
            }
        }
    }
    assert_eq!(seen, expected.len(), "the SQL has places that the report lacks: {spec}");
    numbers
}

fn is_same(ours: Option<f64>, theirs: Option<f64>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-6 * ours.abs().max(theirs.abs()).max(1.0),
        (ours, theirs) => ours == theirs,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_spec_by_every_door_and_each_role() {
    let (installation, server) = dealer_group().await;
    let spec = json!({ "rows": ["region"], "measures": ["cost", "leads", "lead_people", "sales", "cpl", "drr"] });
    let ask = async |path: &str, token: Option<&str>, body: &Value| server.call(Method::POST, path, token, Some(body)).await;
    let (_, report) = ask("/api/reports/pivot", None, &spec).await;
    let path = installation.data().join("pivot.json");
    std::fs::write(&path, spec.to_string()).expect("a file");
    let by_command = installation.ask(&["report", "pivot", "--spec", &path.to_string_lossy()]);
    for field in ["lines", "total", "column_keys", "measures", "currency", "warnings"] {
        assert_eq!(by_command[field], report[field], "{field}");
    }

    // The people behind a number are as many as it counts.
    let people = json!({ "spec": spec, "measure": "lead_people", "limit": 7 });
    let (status, found) = ask("/api/reports/pivot/people", None, &people).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["total"].as_f64(), report["total"]["total"][2].as_f64());
    assert_eq!(found["profiles"].as_array().map(Vec::len), Some(7));

    // A missing rate is told.
    let in_pounds = json!({ "measures": ["cost"], "currency": "GBP" });
    let (_, told) = ask("/api/reports/pivot", None, &in_pounds).await;
    assert!(told["warnings"].as_array().expect("warnings").iter().any(|warning| warning["kind"] == "missing_rate"), "{told}");

    // A dealer sees his own leads and nobody's costs.
    let dealer = server.query("SELECT dealer FROM leads WHERE dealer IS NOT NULL GROUP BY dealer ORDER BY count(*) DESC LIMIT 1").await;
    let dealer = dealer[0][0].as_str().expect("a dealer").to_owned();
    let leads = server.number(&format!("SELECT count(*) FROM leads WHERE dealer = '{dealer}'")).await;
    let token = installation.ask(&["token", "create", "--role", "dealer", "--dealer", &dealer]);
    let token = token["token"].as_str().expect("a token");
    let (status, own) = ask("/api/reports/pivot", Some(token), &spec).await;
    assert_eq!(status, StatusCode::OK, "{own}");
    assert_eq!((&own["total"]["total"][0], own["total"]["total"][1].as_f64()), (&Value::Null, Some(leads as f64)));
    assert_eq!(own["rows_scanned"], Value::Null);
    let costs = json!({ "rows": ["channel"], "measures": ["cost", "clicks", "cpl", "romi", "ctr"] });
    let (_, hidden) = ask("/api/reports/pivot", Some(token), &costs).await;
    assert_eq!(hidden["lines"].as_array().map_or(0, |lines| lines.iter().filter(|line| line["total"][0] != Value::Null).count()), 0);
    for (method, path, body) in [
        (Method::POST, "/api/conversions", json!({ "name": "x", "kind": "micro", "event": "x" })),
        (Method::POST, "/api/currencies/rates", json!({ "rates": [] })),
        (Method::PATCH, "/api/installation", json!({ "time_zone": "UTC", "currency": "USD" })),
    ] {
        let (status, answer) = server.call(method, path, Some(token), Some(&body)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {answer}");
    }

    // A bad spec says which field.
    for (bad, field) in [
        (json!({ "measures": ["cost"], "rows": ["hue"] }), "`rows`"),
        (json!({ "measures": ["profits"] }), "`measures`"),
        (json!({ "measures": ["cost"], "filters": [{ "dimension": "region", "values": [] }] }), "`filters[0].values`"),
        (json!({ "measures": ["cost"], "from": "yesterday" }), "`from`"),
        (json!({ "measures": ["cost"], "row": [] }), "unknown field `row`"),
        (json!({ "measures": ["conversion:nothing"] }), "`measures`"),
    ] {
        let (status, answer) = ask("/api/reports/pivot", None, &bad).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {answer}");
        assert!(answer["error"]["message"].as_str().expect("a message").contains(field), "{bad}: {answer}");
    }

    // The installation's zone is what a spec without one is in, from the moment it is set.
    let locale = json!({ "time_zone": "Asia/Shanghai", "currency": "USD" });
    let (status, answer) = server.call(Method::PATCH, "/api/installation", None, Some(&locale)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, moved) = ask("/api/reports/pivot", None, &spec).await;
    assert_eq!((&moved["tz"], &moved["currency"]), (&json!("Asia/Shanghai"), &json!("USD")));
    assert_eq!(server.get("/api/me").await["installation"]["time_zone"], "Asia/Shanghai");
    let wrong = json!({ "time_zone": "Mars/Base", "currency": "USD" });
    let (status, answer) = server.call(Method::PATCH, "/api/installation", None, Some(&wrong)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    server.stop().await;
}
