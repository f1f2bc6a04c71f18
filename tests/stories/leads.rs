//! Leads from outside: they come in by event, by ADF and by hand, a dealer works on the own ones, and sees no others.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, roles, server::Server};

fn token(installation: &Installation, role: &str, dealer: Option<&str>) -> String {
    let mut arguments = vec!["token", "create", "--role", role];
    arguments.extend(dealer.iter().flat_map(|dealer| ["--dealer", dealer]));
    installation.ask(&arguments)["token"].as_str().expect("a token").to_owned()
}

/// Everybody goes to a dealer at once; north has the better points, and nobody ever closes.
async fn desk() -> (Installation, Server, String) {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    for (id, quality, models) in [("north", 90, json!(["Aster"])), ("south", 10, json!([]))] {
        let dealer = json!({ "dealer": { "dealer_id": id, "name": format!("{id} Motors"), "region": id, "quality": quality, "models": models, "tz": "Europe/Berlin" } });
        let (status, answer) = server.call(Method::PUT, &format!("/api/dealers/{id}"), None, Some(&dealer)).await;
        assert!(status.is_success() && answer["done"] == json!(true), "{status} {answer}");
    }
    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    assert_eq!(rules["is_on"], json!(false), "nothing acts before it is switched on");
    (rules["is_on"], rules["base_points"]) = (json!(true), json!(90));
    let (status, answer) = server.call(Method::PUT, "/api/lead-rules", None, Some(&json!({ "rules": rules }))).await;
    assert!(status.is_success(), "{answer}");
    (installation, server, write_key)
}

async fn act(server: &Server, lead_id: &str, token: Option<&str>, body: Value) -> (StatusCode, Value) {
    server.call(Method::POST, &format!("/api/leads/{lead_id}/act"), token, Some(&body)).await
}

/// Polls until the leads that somebody sees are so many.
async fn leads(server: &Server, token: Option<&str>, count: usize) -> Vec<Value> {
    let deadline = std::time::Instant::now() + WITHIN;
    loop {
        let (_, answer) = server.call(Method::GET, "/api/leads", token, None).await;
        let leads = answer["leads"].as_array().cloned().unwrap_or_default();
        if leads.len() == count {
            return leads;
        }
        assert!(std::time::Instant::now() < deadline, "{answer}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_comes_to_its_dealer_who_works_on_it_and_no_other_sees_it() {
    let (installation, server, write_key) = desk().await;
    let (north, south) = (token(&installation, "dealer", Some("north")), token(&installation, "dealer", Some("south")));
    let known = json!({ "userId": "ana", "traits": { "name": "Ana Berg", "phone": "+4930123456", "email": "ana@example.com" } });
    assert!(server.post("/v1/identify", &write_key, &known).await.expect("an answer").status().is_success());
    server.track(&write_key, json!({ "event": "lead_created", "userId": "ana", "properties": { "lead_id": "L1", "model": "Aster", "comments": "after six" } })).await;
    let inbox = leads(&server, Some(&north), 1).await;
    assert_eq!(
        (&inbox[0]["name"], &inbox[0]["stage"], &inbox[0]["clock"]["for"]),
        (&json!("Ana Berg"), &json!("dispatched"), &json!("accept"))
    );
    leads(&server, Some(&south), 0).await;
    let (_, unknown) = server.call(Method::GET, "/api/leads/L9", Some(&south), None).await;
    assert!(unknown["error"]["message"].as_str().is_some_and(|told| told.contains("no such lead")), "{unknown}");
    for (method, path, body) in [
        (Method::GET, "/api/leads/L1", None),
        (Method::GET, "/api/leads/L1/calendar.ics", None),
        (Method::POST, "/api/leads/L1/act", Some(json!({ "act": "accept" }))),
        (Method::GET, "/api/leads/L9", None),
    ] {
        let (status, answer) = server.call(method, path, Some(&south), body.as_ref()).await;
        // The same as for one that there is not: nothing is to be learned from it.
        assert_eq!((status, &answer["error"]["message"]), (StatusCode::NOT_FOUND, &unknown["error"]["message"]), "{path}");
    }
    let (_, found) = server.call(Method::GET, "/api/leads?q=ana", Some(&south), None).await;
    assert_eq!((&found["leads"], &found["counts"]["dealer"]), (&json!([]), &json!(0)));

    let (_, detail) = server.call(Method::GET, "/api/leads/L1", Some(&north), None).await;
    assert_eq!((&detail["comments"], &detail["decision"]), (&json!("after six"), &Value::Null));
    let all = server.get("/api/leads/L1").await;
    assert_eq!((&all["decision"]["chosen"], &all["decision"]["candidates"][1]["dealer_id"]), (&json!("north"), &json!("south")));
    for body in
        [json!({ "act": "verify", "outcome": "qualified" }), json!({ "act": "assign", "dealer_id": "south" }), json!({ "act": "claim" })]
    {
        assert_eq!(act(&server, "L1", Some(&north), body.clone()).await.0, StatusCode::FORBIDDEN, "{body}");
    }
    for body in [
        json!({ "act": "accept" }),
        json!({ "act": "contact", "by": "call", "reached": true }),
        json!({ "act": "appointment", "at": "2030-05-04T09:30:00Z" }),
    ] {
        let (status, answer) = act(&server, "L1", Some(&north), body.clone()).await;
        assert!(status.is_success() && answer["done"] == json!(true), "{body}: {answer}");
    }
    for (body, told) in [
        (json!({ "act": "stage", "stage": "lost" }), "too_expensive"),
        (json!({ "act": "stage", "stage": "sold" }), "no stage"),
        (json!({ "act": "dance" }), "does not read"),
        (json!({ "act": "accept", "dealer_id": "south" }), "unknown field"),
        (json!({ "act": "return", "reason": "" }), "say why"),
        (json!({ "act": "appointment", "at": "soon" }), "2026-03-02"),
    ] {
        let (status, answer) = act(&server, "L1", Some(&north), body.clone()).await;
        assert!(
            status == StatusCode::BAD_REQUEST && answer["error"]["message"].as_str().is_some_and(|text| text.contains(told)),
            "{body}: {answer}"
        );
    }
    let calendar =
        server.http.get(format!("{}/api/leads/L1/calendar.ics", server.address)).bearer_auth(&north).send().await.expect("an answer");
    let calendar = calendar.text().await.expect("text");
    assert!(
        calendar.contains("DTSTART:20300504T093000Z\r\n") && calendar.contains("SUMMARY:Ana Berg\\, Aster\\, +4930123456"),
        "{calendar}"
    );
    let (_, detail) = server.call(Method::GET, "/api/leads/L1", Some(&north), None).await;
    assert_eq!(
        (&detail["lead"]["stage"], &detail["lead"]["clock"], &detail["moves"][0]["act"]),
        (&json!("appointment"), &Value::Null, &json!("appointment"))
    );

    let cards = server.get("/api/reports/scorecards").await;
    let card = &cards["dealers"][0];
    assert_eq!((&card["dealer_id"], &card["leads"], &card["contact_rate"]["rate"]), (&json!("north"), &json!(1), &json!(1.0)), "{cards}");
    let (_, own) = server.call(Method::GET, "/api/reports/scorecards", Some(&south), None).await;
    assert_eq!((&own["dealers"], &own["all"]["leads"]), (&json!([]), &json!(0)), "{own}");
    let report = server.get("/api/reports/lead-desk").await;
    assert!(report["flow"].as_array().is_some_and(|flow| flow.iter().any(|step| step["to"] == "contacted")), "{report}");
    let sold = &report["called_first"];
    assert_eq!((&sold["called"]["leads"], &sold["straight"]["contact_rate"]["count"]), (&json!(0), &json!(1)), "{report}");
    assert_eq!((&report["by_answer"][0]["leads"], &report["came_back"]["leads"]), (&json!(1), &json!(0)), "{report}");

    // A restart forgets nothing.
    server.kill();
    let server = installation.serve().await;
    assert_eq!(server.get("/api/leads/L1").await["lead"]["stage"], json!("appointment"));
    server.stop().await;
    let proof = installation.run(&["replay", "--verify"]);
    assert!(proof.ok, "{}", proof.err);
}

/// What leads cost, and those that were worth it: amounts worked out by hand.
#[tokio::test(flavor = "multi_thread")]
async fn costs_stand_beside_the_leads_that_they_brought() {
    let (installation, server, write_key) = desk().await;
    for (id, campaign) in [("K1", "spring"), ("K2", "spring"), ("K3", "autumn")] {
        let properties = json!({ "lead_id": id, "model": "Aster" });
        let context = json!({ "campaign": { "source": "search-ads", "medium": "cpc", "name": campaign } });
        server.track(&write_key, json!({ "event": "lead_created", "userId": id, "properties": properties, "context": context })).await;
    }
    leads(&server, None, 3).await;
    for body in [json!({ "act": "appointment", "at": "2030-05-04T09:30:00Z" }), json!({ "act": "stage", "stage": "contract" })] {
        assert!(act(&server, "K1", None, body).await.0.is_success());
    }
    let path = installation.data().join("costs.csv");
    let day = &server.get("/api/leads/K1").await["lead"]["opened_at"].as_str().expect("a time")[..10].to_owned();
    let text =
        format!("day,channel,campaign,region,cost,currency\n{day},paid_search,spring,North,300,EUR\n{day},display,brand,North,50,EUR\n");
    std::fs::write(&path, text).expect("a file");
    let said = installation.run(&["import", "costs", &path.to_string_lossy()]);
    assert!(said.ok, "{said:?}");
    server.wait_for_number("SELECT count(*) FROM ad_costs", 2).await;
    let costs = server.get("/api/reports/lead-costs?by=campaign").await;
    let row = |key: &str| costs["rows"].as_array().and_then(|rows| rows.iter().find(|row| row["key"] == key)).cloned().unwrap_or_default();
    let spring = row("spring");
    let figures = ["cost", "leads", "qualified", "contracts", "cpl", "cpql", "cost_per_contract"].map(|name| spring[name].clone());
    assert_eq!(figures, [json!(300.0), json!(2), json!(1), json!(1), json!(150.0), json!(300.0), json!(300.0)], "{costs}");
    // Paid for, and nobody came; came, and nobody paid.
    assert_eq!((&row("brand")["cost"], &row("brand")["leads"], &row("brand")["cpl"]), (&json!(50.0), &json!(0), &Value::Null), "{costs}");
    assert_eq!((&row("autumn")["cost"], &row("autumn")["leads"]), (&Value::Null, &json!(1)), "{costs}");
    assert_eq!((&costs["total"]["cost"], &costs["total"]["leads"], &costs["currency"]), (&json!(350.0), &json!(3), &json!("EUR")));
    let (status, answer) = server.call(Method::GET, "/api/reports/lead-costs?by=weather", None, None).await;
    assert!(status == StatusCode::BAD_REQUEST && answer["error"]["message"].as_str().is_some_and(|told| told.contains("channel, region")));
    // A dealer learns nothing of what others paid, or got.
    let north = token(&installation, "dealer", Some("north"));
    let (status, answer) = server.call(Method::GET, "/api/reports/lead-costs", Some(&north), None).await;
    assert!(status == StatusCode::FORBIDDEN || answer["total"]["cost"].is_null(), "{status} {answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_come_by_adf_and_by_hand_and_rules_are_tried_before_they_are_kept() {
    let (installation, server, write_key) = desk().await;
    let adf = r#"<?xml version="1.0"?><?ADF VERSION="1.0"?><adf><prospect><id sequence="77" source="portal"/>
        <vehicle><vin>X</vin><year>2026</year><make>Aurelia</make><model>Breeze</model></vehicle>
        <customer><contact><name part="first">Ben</name><name part="last">Ode</name><phone type="mobile">+4930765432</phone></contact><comments>best price?</comments></customer>
        <vendor><contact><name part="full">south</name></contact></vendor></prospect></adf>"#;
    let send = async |body: &'static str, key: &str| {
        let request = server
            .http
            .post(format!("{}/v1/adf", server.address))
            .basic_auth(key, Some(""))
            .header("content-type", "application/x-adf+xml");
        let answer = request.body(body).send().await.expect("an answer");
        (answer.status(), answer.json::<Value>().await.expect("JSON"))
    };
    for _ in 0..2 {
        let (status, answer) = send(adf, &write_key).await;
        assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(1)), "{answer}");
    }
    assert_eq!(send(adf, "nobody's").await.0, StatusCode::UNAUTHORIZED);
    let (status, answer) = send("hello", &write_key).await;
    assert!(status == StatusCode::BAD_REQUEST && answer["message"].as_str().is_some_and(|told| told.contains("ADF/XML")), "{answer}");
    let found = leads(&server, None, 1).await;
    assert_eq!(
        (&found[0]["lead_id"], &found[0]["dealer_id"], &found[0]["name"]),
        (&json!("adf-portal-77"), &json!("south"), &json!("Ben Ode"))
    );
    server.wait_until_folded().await;
    assert_eq!(server.get("/api/dead-letters").await["total_open"], json!(1));

    let operator = token(&installation, "operator", None);
    let (status, answer) = server.call(Method::POST, "/api/leads", Some(&operator), Some(&json!({ "name": "Cleo" }))).await;
    assert!(
        status == StatusCode::BAD_REQUEST && answer["error"]["message"].as_str().is_some_and(|told| told.contains("phone number")),
        "{answer}"
    );
    let by_hand = json!({ "name": "Cleo Dahl", "phone": "+4930111222", "model": "Aster", "comments": "called us" });
    let (status, answer) = server.call(Method::POST, "/api/leads", Some(&operator), Some(&by_hand)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let all = leads(&server, None, 2).await;
    assert!(all.iter().any(|lead| lead["lead_id"] == answer["lead_id"] && lead["dealer_id"] == "north"), "{all:?}");

    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    rules["routing"]["quality"] = json!(0);
    rules["bands"] = json!([{ "band": "all", "from": 0, "way": "verification" }]);
    rules["sla"] = json!([]);
    let (status, tried) = server.call(Method::POST, "/api/lead-rules/simulate", None, Some(&json!({ "rules": rules, "days": 7 }))).await;
    assert_eq!((status, &tried["leads"], &tried["moved"]), (StatusCode::OK, &json!(2), &json!(2)), "{tried}");
    let (status, told) = server.call(Method::POST, "/api/lead-rules/simulate", None, Some(&json!({ "rules": {}, "days": 7 }))).await;
    assert!(
        status == StatusCode::BAD_REQUEST && told["error"]["message"].as_str().is_some_and(|told| told.contains("do not read")),
        "{told}"
    );
    // Trying changes nothing.
    assert_eq!(server.get("/api/lead-rules").await["rules"]["routing"]["quality"], json!(20));
    let wrong = json!({ "dealer": { "dealer_id": "x", "name": "X", "tz": "Mars/Base" } });
    let (status, told) = server.call(Method::PUT, "/api/dealers/x", None, Some(&wrong)).await;
    assert!(status == StatusCode::BAD_REQUEST && told["error"]["message"].as_str().is_some_and(|told| told.contains("IANA")), "{told}");
    server.stop().await;
}

/// What a dealer may ask, and how each is kept to the dealer's own rows. A route that a dealer may call and that is not here fails.
const DECLARED: &[(&str, &[&str])] = &[
    ("one's own account", &["/api/me", "/api/account", "/api/account/sessions", "/api/auth/", "/api/views"]),
    ("nobody's data", &["/api/openapi.json", "/api/schemas", "/api/conversions", "/api/catalogue", "/api/experiments/plan"]),
    (
        "people of the dealer's leads, orders, calls and events",
        &["/api/profiles", "/api/profiles/1", "/api/profiles/1/timeline", "/api/profiles/1/identity", "/api/search"],
    ),
    ("the row filter below each report and SQL", &["/api/reports/", "/api/experiments", "/api/query"]),
    ("the dealer that has the lead", &["/api/leads"]),
    ("the dealer itself", &["/api/dealers"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_a_dealer_may_call_says_how_it_is_kept_to_the_dealer_s_rows() {
    let (installation, server) = roles::two_dealers().await;
    let north = token(&installation, "dealer", Some("north"));
    let (mut open, mut undeclared) = (0, Vec::new());
    for (method, path) in roles::routes(&server, "1").await {
        if path.ends_with("/stream") || path.starts_with("/api/account/") || path.starts_with("/api/auth/") {
            continue;
        }
        let (status, _) = server.call(method.clone(), &path, Some(&north), Some(&json!({}))).await;
        if status == StatusCode::FORBIDDEN || status == StatusCode::UNAUTHORIZED {
            continue;
        }
        open += 1;
        let is_declared = DECLARED
            .iter()
            .flat_map(|(_, paths)| *paths)
            .any(|held| path == *held || (path.starts_with(held) && (held.ends_with('/') || path[held.len()..].starts_with('/'))));
        if !is_declared {
            undeclared.push(format!("{method} {path}: {status}"));
        }
    }
    assert!(15 < open, "{open}");
    assert!(undeclared.is_empty(), "{undeclared:#?}");
    server.stop().await;
}

const EMAIL: &str = "seller@north.example";
const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread")]
async fn a_salesperson_accepts_leads_on_a_telephone() {
    let (_installation, server, write_key) = desk().await;
    let account = json!({ "email": EMAIL, "name": "Nora", "role": "dealer", "dealer": "north", "password": PASSWORD });
    let (status, told) = server.call(Method::POST, "/api/users", None, Some(&account)).await;
    assert!(status.is_success(), "{told}");
    for (person, lead, number) in [("ana", "L1", 1), ("ben", "L2", 2)] {
        let known = json!({ "userId": person, "traits": { "name": person, "phone": format!("+49301234{number:02}"), "email": format!("{person}@example.com") } });
        assert!(server.post("/v1/identify", &write_key, &known).await.expect("an answer").status().is_success());
        server
            .track(&write_key, json!({ "event": "lead_created", "userId": person, "properties": { "lead_id": lead, "model": "Aster" } }))
            .await;
    }
    leads(&server, None, 2).await;
    let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let mut command = tokio::process::Command::new("node");
    command.arg("tests/browser/portal.mjs").current_dir(web).kill_on_drop(true);
    command.env("BASE_URL", &server.address).env("EMAIL", EMAIL).env("PASSWORD", PASSWORD);
    let output = command.output().await.expect("node, to drive the browser");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the walk failed:\n{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 3, "{told}");
    for lead in server.get("/api/leads").await["leads"].as_array().into_iter().flatten() {
        assert_eq!((&lead["stage"], &lead["owner"]), (&json!("accepted"), &json!(EMAIL)), "{lead}");
    }
    server.stop().await;
}
