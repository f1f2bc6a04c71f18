//! The ad gate through the public surfaces: dealers who do not answer close it, the ads team is told, a person may hold it.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode as Status},
    routing::post,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

const LEADS: usize = 24;

/// What came: id, timestamp, signature, body.
type Heard = Arc<Mutex<Vec<[String; 4]>>>;

async fn take(State(heard): State<Heard>, headers: HeaderMap, body: Bytes) -> Status {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let text = String::from_utf8_lossy(&body).into_owned();
    heard.lock().expect("nobody panics").push([header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), text]);
    Status::NO_CONTENT
}

async fn ads_desk() -> (String, Heard) {
    let heard = Heard::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/gates", listener.local_addr().expect("an address"));
    let router = Router::new().route("/gates", post(take)).with_state(heard.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

async fn wait_for(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + WITHIN;
    while !holds().await {
        assert!(std::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn change(server: &Server, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = server.call(method, path, None, Some(&body)).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

fn gate_of(grid: &Value, region: &str) -> Value {
    let cells = grid["cells"].as_array().into_iter().flatten();
    cells.filter(|cell| cell["region"] == region).cloned().next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn dealers_who_do_not_answer_close_the_gate_and_the_ads_desk_is_told() {
    let (url, heard) = ads_desk().await;
    let installation = Installation::new().configured("[outgoing]\nallow = [\"127.0.0.0/8\"]\n");
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    for (id, region) in [("north", "North"), ("south", "South")] {
        let dealer = json!({ "dealer_id": id, "name": format!("{id} Motors"), "region": region, "models": [if id == "north" { "Aster" } else { "Breeze" }] });
        change(&server, Method::PUT, &format!("/api/dealers/{id}"), json!({ "dealer": dealer })).await;
    }
    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    (rules["is_on"], rules["base_points"]) = (json!(true), json!(90));
    change(&server, Method::PUT, "/api/lead-rules", json!({ "rules": rules })).await;

    // In the north leads are given back unanswered, in the south somebody speaks with each person.
    for n in 0..LEADS {
        for (model, id) in [("Aster", "N"), ("Breeze", "S")] {
            let properties = json!({ "lead_id": format!("{id}{n}"), "model": model });
            server.track(&write_key, json!({ "event": "lead_created", "userId": format!("{id}{n}"), "properties": properties })).await;
        }
    }
    wait_for("the leads are at their dealers", async || {
        let leads = server.get("/api/leads?queue=dealer&limit=200").await;
        leads["counts"]["dealer"] == json!(2 * LEADS)
    })
    .await;
    for n in 0..LEADS {
        change(&server, Method::POST, &format!("/api/leads/N{n}/act"), json!({ "act": "return", "reason": "nobody is here" })).await;
        change(&server, Method::POST, &format!("/api/leads/S{n}/act"), json!({ "act": "contact", "by": "call", "reached": true })).await;
    }
    let day = server.get("/api/leads/N0").await["lead"]["opened_at"].as_str().expect("a time")[..10].to_owned();
    let path = installation.data().join("costs.csv");
    let text = format!("day,channel,campaign,region,cost,currency\n{day},cpc,spring,North,300,EUR\n{day},cpc,spring,South,200,EUR\n");
    std::fs::write(&path, text).expect("a file");
    let said = installation.run(&["import", "costs", &path.to_string_lossy()]);
    assert!(said.ok, "{said:?}");
    server.wait_for_number("SELECT count(*) FROM ad_costs", 2).await;

    // Nothing is switched before somebody says so.
    let grid = change(&server, Method::POST, "/api/ad-gate/look", json!({})).await;
    assert_eq!((gate_of(&grid, "North")["state"].as_str(), grid["rules"]["is_on"].as_bool()), (Some("open"), Some(false)), "{grid}");
    let mut gate_rules = grid["rules"].clone();
    let wrong = json!({ "rules": { "quality_open": 10 } });
    assert_eq!(server.call(Method::PUT, "/api/ad-gate/rules", None, Some(&wrong)).await.0, StatusCode::BAD_REQUEST);
    (gate_rules["quality_open"], gate_rules["is_on"]) = (json!(40.0), json!(true));
    let (status, told) = server.call(Method::PUT, "/api/ad-gate/rules", None, Some(&json!({ "rules": gate_rules }))).await;
    assert!(
        status == StatusCode::BAD_REQUEST && told["error"]["message"].as_str().is_some_and(|told| told.contains("quality_open")),
        "{told}"
    );

    gate_rules["quality_open"] = json!(55.0);
    let trial = change(&server, Method::POST, "/api/ad-gate/simulate", json!({ "rules": gate_rules, "days": 30 })).await;
    let would = &trial["switches"][0];
    assert_eq!(
        (would["region"].as_str(), would["state"].as_str(), would["reason"].as_str()),
        (Some("North"), Some("closed"), Some("quality_low")),
        "{trial}"
    );

    gate_rules["webhook_url"] = json!(url);
    let grid = change(&server, Method::PUT, "/api/ad-gate/rules", json!({ "rules": gate_rules })).await;
    let secret = grid["webhook_secret"].as_str().expect("the secret, once").to_owned();
    let (north, south) = (gate_of(&grid, "North"), gate_of(&grid, "South"));
    assert_eq!(
        (north["state"].as_str(), north["reason"].as_str(), &north["budget_per_day"]),
        (Some("closed"), Some("quality_low"), &json!(0.0)),
        "{north}"
    );
    assert_eq!(
        (&north["quality"]["count"], &north["quality"]["of"], &north["figures"]["leads"]),
        (&json!(0), &json!(LEADS), &json!(LEADS as f64))
    );
    assert_eq!((south["state"].as_str(), &south["quality"]["rate"]), (Some("open"), &json!(1.0)), "{south}");
    assert!(server.get("/api/ad-gate").await["webhook_secret"].is_null(), "a secret is shown once");

    // A second look tells nobody anything new.
    change(&server, Method::POST, "/api/ad-gate/look", json!({})).await;
    wait_for("the ads desk is told", async || !heard.lock().expect("nobody panics").is_empty()).await;
    let [id, timestamp, signature, body] = heard.lock().expect("nobody panics")[0].clone();
    assert_eq!(signature, forecourt_deliver::signature(&secret, &id, timestamp.parse().expect("seconds"), &body));
    let told: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (told["type"].as_str(), told["data"]["region"].as_str(), told["data"]["state"].as_str(), told["data"]["channel"].as_str()),
        (Some("ad_gate.switched"), Some("North"), Some("closed"), Some("cpc")),
        "{told}"
    );

    // A person holds it open: rules leave it alone, and the log says who and why.
    let pin = json!({ "region": "North", "channel": "cpc", "state": "open", "note": "a new dealer starts on Monday" });
    let without = json!({ "region": "North", "channel": "cpc", "state": "open", "note": " " });
    assert_eq!(server.call(Method::POST, "/api/ad-gate/pin", None, Some(&without)).await.0, StatusCode::BAD_REQUEST);
    let nowhere = json!({ "region": "West", "channel": "cpc", "state": "open", "note": "why not" });
    assert_eq!(server.call(Method::POST, "/api/ad-gate/pin", None, Some(&nowhere)).await.0, StatusCode::NOT_FOUND);
    change(&server, Method::POST, "/api/ad-gate/pin", pin).await;
    let grid = change(&server, Method::POST, "/api/ad-gate/look", json!({})).await;
    let north = gate_of(&grid, "North");
    assert_eq!((north["state"].as_str(), north["is_pinned"].as_bool()), (Some("open"), Some(true)), "{north}");
    wait_for("the ads desk is told of the hand too", async || heard.lock().expect("nobody panics").len() == 2).await;

    // All of it outlives a restart.
    server.kill();
    let server = installation.serve().await;
    let log = server.get("/api/ad-gate/switches").await;
    let states: Vec<&str> = log["switches"].as_array().into_iter().flatten().filter_map(|held| held["state"].as_str()).collect();
    assert_eq!(states, ["open", "closed"], "{log}");
    assert_eq!(log["switches"][0]["note"], json!("a new dealer starts on Monday"));
    let analyst = installation.ask(&["token", "create", "--role", "analyst"])["token"].as_str().expect("a token").to_owned();
    let file =
        server.http.get(format!("{}/api/ad-gate/export?format=csv", server.address)).bearer_auth(&analyst).send().await.expect("an answer");
    let file = file.text().await.expect("text");
    assert!(file.contains("region,channel,state,") && file.contains("North,cpc,open,"), "{file}");

    // A dealer learns nothing of it.
    let dealer =
        installation.ask(&["token", "create", "--role", "dealer", "--dealer", "south"])["token"].as_str().expect("a token").to_owned();
    for path in ["/api/ad-gate", "/api/ad-gate/switches", "/api/ad-gate/export?format=csv"] {
        assert_eq!(server.call(Method::GET, path, Some(&dealer), None).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    server.stop().await;
}
