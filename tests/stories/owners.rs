//! Owners of vehicles, over HTTP: told, shown, and asked in time.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

async fn put(server: &Server, path: &str, body: Value) -> (StatusCode, Value) {
    server.call(Method::PUT, path, None, Some(&body)).await
}

/// Polls until an answer is as wanted.
async fn until(server: &Server, path: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + WITHIN;
    loop {
        let (_, answer) = server.call(Method::GET, path, None, None).await;
        if is_it(&answer) {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "{path}: {answer}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vehicle_is_told_shown_to_whom_it_concerns_and_opens_a_lead_when_its_time_has_come() {
    let installation = Installation::new();
    let write_key = installation.source("dms");
    let server = installation.serve().await;
    for id in ["north", "south"] {
        let dealer = json!({ "dealer": { "dealer_id": id, "name": id, "region": id } });
        assert!(put(&server, &format!("/api/dealers/{id}"), dealer).await.0.is_success());
    }
    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    (rules["is_on"], rules["base_points"]) = (json!(true), json!(90));
    assert!(put(&server, "/api/lead-rules", json!({ "rules": rules })).await.0.is_success());
    let owner_rule = |rule: &str, days: u32| json!({ "rule": rule, "interest": "replacement", "when": { "of": "before", "date": "finance", "days": days }, "open_days": 3650 });
    for (rules, told) in [
        (json!({ "is_on": true, "rules": [owner_rule("a b", 1)] }), "letters, digits"),
        (json!({ "is_on": true, "rules": [owner_rule("a", 1), owner_rule("a", 2)] }), "two rules `a`"),
        (json!({ "is_on": true, "when": [] }), "do not read"),
    ] {
        let (status, answer) = put(&server, "/api/owner-rules", json!({ "rules": rules })).await;
        let says = answer["error"]["message"].as_str().is_some_and(|text| text.contains(told));
        assert!(status == StatusCode::BAD_REQUEST && says, "{answer}");
    }
    let rules = json!({ "rules": { "is_on": true, "rules": [owner_rule("finance-end", 3650)] } });
    let (status, answer) = put(&server, "/api/owner-rules", rules).await;
    assert!(status.is_success() && answer["done"] == json!(true), "{answer}");

    for (person, name) in [("ana", "Ana Berg"), ("ben", "Ben Berg")] {
        let known = json!({ "userId": person, "traits": { "name": name, "phone": format!("+49301234{}", person.len() * 100 + usize::from(person.as_bytes()[0])), "household_id": "berg" } });
        assert!(server.post("/v1/identify", &write_key, &known).await.expect("an answer").status().is_success());
    }
    let delivered = json!({ "event": "vehicle_delivered", "userId": "ana", "properties": {
        "vin": "wvwzzz1kz6w000001", "model": "Aster", "dealer": "south", "region": "south", "mileage_km": 12, "finance_end": "2033-05-01" } });
    server.track(&write_key, delivered).await;
    let viewed = json!({ "event": "car_viewed", "userId": "ben", "properties": { "vin": "WVWZZZ1KZ6W000002", "model": "Aster" } });
    server.track(&write_key, viewed).await;

    let leads = until(&server, "/api/leads", |answer| answer["leads"].as_array().is_some_and(|all| all.len() == 1)).await;
    let lead = &leads["leads"][0];
    assert_eq!((&lead["dealer_id"], &lead["channel"], &lead["name"]), (&json!("south"), &json!("owner"), &json!("Ana Berg")));
    let detail = server.get(&format!("/api/leads/{}", lead["lead_id"].as_str().expect("an id"))).await;
    assert_eq!((&detail["campaign"], &detail["vehicles"][1]["interest"]), (&json!("finance-end"), &json!("trade_in")));

    let profile_id = lead["profile_id"].as_str().expect("an id");
    let path = format!("/api/profiles/{profile_id}");
    let profile = server.get(&path).await["profile"].clone();
    assert_eq!(profile["vehicles"][0]["vin"], json!("WVWZZZ1KZ6W000001"));
    assert_eq!(profile["vehicles"][0]["finance_end"], json!("2033-05-01T00:00:00.000Z"));
    assert_eq!(
        (&profile["households"][0]["household_id"], &profile["households"][0]["members"][0]["name"]),
        (&json!("berg"), &json!("Ben Berg"))
    );
    let vehicle = server.get("/api/vehicles/wvwzzz1kz6w000001").await;
    assert_eq!((&vehicle["owners"][0]["name"], vehicle["opened"].as_object().map(|all| all.len())), (&json!("Ana Berg"), Some(1)));
    assert_eq!(
        server.call(Method::GET, "/api/vehicles/WVWZZZ1KZ6W000002", None, None).await.0,
        StatusCode::NOT_FOUND,
        "a view is no purchase"
    );
    let export = server.call(Method::GET, &format!("{path}/export?format=html"), None, None).await.1;
    assert!(export.as_str().is_some_and(|page| page.contains("WVWZZZ1KZ6W000001") && page.contains("berg")), "{export}");

    // The dealer who has the lead sees the car and not the household's other people; another sees nothing.
    let token = |dealer: &str| {
        installation.ask(&["token", "create", "--role", "dealer", "--dealer", dealer])["token"].as_str().expect("a token").to_owned()
    };
    let (south, north) = (token("south"), token("north"));
    let (_, seen) = server.call(Method::GET, &path, Some(&south), None).await;
    assert_eq!(seen["profile"]["vehicles"].as_array().map(Vec::len), Some(1), "{seen}");
    assert_eq!(seen["profile"]["households"][0]["members"], json!([]), "{seen}");
    assert_eq!(server.call(Method::GET, &path, Some(&north), None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(server.call(Method::GET, "/api/vehicles/WVWZZZ1KZ6W000001", Some(&south), None).await.0, StatusCode::FORBIDDEN);

    let (status, answer) = server.call(Method::POST, "/api/owner-rules/learn", None, None).await;
    assert!(status.is_success(), "{answer}");
    let held = server.get("/api/owner-rules").await;
    let curve = &held["rules"]["curve"];
    assert_eq!((&curve["owners"], &curve["replaced"], &held["rules"]["is_on"]), (&json!(1), &json!(0), &json!(true)));
    // Saving the rules again keeps what was learned.
    let mut rules = held["rules"].clone();
    rules.as_object_mut().expect("rules").remove("curve");
    assert!(put(&server, "/api/owner-rules", json!({ "rules": rules })).await.0.is_success());
    assert_eq!(server.get("/api/owner-rules").await["rules"]["curve"]["owners"], json!(1));
    server.stop().await;
}
