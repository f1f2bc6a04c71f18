//! The contact centre's people are rung one after another, over HTTP.

use reqwest::{
    Method, StatusCode,
    header::{COOKIE, SET_COOKIE},
};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

/// Polls until a lead is as wanted.
async fn lead_that(server: &Server, lead_id: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + WITHIN;
    loop {
        let (_, answer) = server.call(Method::GET, &format!("/api/leads/{lead_id}"), None, None).await;
        if answer.get("lead").is_some_and(&is_it) {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "{answer}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Somebody of the contact centre, signed in.
struct Operator<'a> {
    server: &'a Server,
    cookie: String,
    csrf: String,
}

const ME: &str = "olga@example.com";
const PASSWORD: &str = "long enough for anybody";

impl<'a> Operator<'a> {
    async fn sign_in(server: &'a Server) -> Self {
        let account = json!({ "email": ME, "name": "Olga", "role": "operator", "password": PASSWORD });
        let (status, told) = server.call(Method::POST, "/api/users", None, Some(&account)).await;
        assert!(status.is_success(), "{told}");
        let login = server.http.post(format!("{}/api/auth/login", server.address)).json(&json!({ "email": ME, "password": PASSWORD }));
        let answer = login.send().await.expect("an answer");
        let cookie = answer.headers()[SET_COOKIE].to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
        let told: Value = answer.json().await.expect("JSON");
        Self { server, cookie, csrf: told["csrf"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned() }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.server.http.request(method, format!("{}{path}", self.server.address)).header(COOKIE, &self.cookie);
        let answer = request.header("x-csrf-token", &self.csrf).json(body).send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn act(&self, lead_id: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, &format!("/api/leads/{lead_id}/act"), &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_rings_at_an_operator_then_at_the_director_is_given_to_the_experts_and_reported() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let olga = Operator::sign_in(&server).await;
    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    rules["is_on"] = json!(true);
    rules["bands"] = json!([{ "band": "all", "from": 0, "way": "verification" }]);
    rules["sla"] = json!([]);
    let mut with_lines = |lines: Value| {
        rules["verification"]["lines"] = lines;
        json!({ "rules": rules })
    };
    let nobody = with_lines(json!([{ "line": "first", "steps": [{ "people": [], "ring_s": 20 }] }]));
    let (status, answer) = server.call(Method::PUT, "/api/lead-rules", None, Some(&nobody)).await;
    assert!(
        status == StatusCode::BAD_REQUEST && answer["error"]["message"].as_str().is_some_and(|text| text.contains("people")),
        "{answer}"
    );
    let lines = with_lines(json!([
        { "line": "first", "steps": [
            { "people": [ME], "ring_s": 600 },
            { "people": [" Director@Example.com"], "ring_s": 600, "only_free": false },
        ] },
        { "line": "expert", "takes_new": false, "steps": [{ "people": [ME], "ring_s": 600 }] },
    ]));
    let (status, answer) = server.call(Method::PUT, "/api/lead-rules", None, Some(&lines)).await;
    assert!(status.is_success(), "{answer}");

    // A program takes no calls, and a dealer's people are none of the contact centre's.
    let token = |arguments: &[&str]| {
        let whole: Vec<&str> = ["token", "create"].iter().chain(arguments).copied().collect();
        installation.ask(&whole)["token"].as_str().expect("a token").to_owned()
    };
    let program = token(&["--role", "operator"]);
    let there = json!({ "is_present": true });
    let (_, answer) = server.call(Method::PUT, "/api/operators/me", Some(&program), Some(&there)).await;
    assert!(answer.to_string().contains("calls are taken by people"), "{answer}");
    let dealer = token(&["--role", "dealer", "--dealer", "north"]);
    assert_eq!(server.call(Method::PUT, "/api/operators/me", Some(&dealer), Some(&there)).await.0, StatusCode::FORBIDDEN);
    assert_eq!(server.call(Method::GET, "/api/operators", Some(&dealer), None).await.0, StatusCode::FORBIDDEN);
    let (status, answer) = olga.call(Method::PUT, "/api/operators/me", &there).await;
    assert!(status.is_success() && answer["done"] == json!(true), "{answer}");

    server
        .track(&write_key, json!({ "event": "lead_created", "userId": "ana", "properties": { "lead_id": "L1", "model": "Aster" } }))
        .await;
    let rings = |person: &str| {
        let person = json!(person);
        move |lead: &Value| lead["rings"]["person"] == person
    };
    let held = lead_that(&server, "L1", rings(ME)).await;
    assert_eq!((&held["lead"]["line"], &held["moves"][0]["act"]), (&json!("first"), &json!("rung")));
    let operators = server.get("/api/operators").await;
    let own = operators["operators"].as_array().and_then(|all| all.iter().find(|held| held["email"] == json!(ME))).cloned().expect("Olga");
    assert_eq!((&own["is_present"], &own["lead_id"], &own["lines"]), (&json!(true), &json!("L1"), &json!(["first", "expert"])));
    assert!(olga.act("L1", json!({ "act": "decline" })).await.0.is_success());
    lead_that(&server, "L1", rings("director@example.com")).await;
    let (_, answer) = olga.act("L1", json!({ "act": "decline" })).await;
    assert!(answer.to_string().contains("does not ring at yours"), "{answer}");
    assert!(olga.act("L1", json!({ "act": "claim" })).await.0.is_success());
    let (_, answer) = olga.act("L1", json!({ "act": "transfer", "line": "none" })).await;
    assert!(answer.to_string().contains("no line `none`"), "{answer}");
    assert!(olga.act("L1", json!({ "act": "transfer", "line": "expert", "note": "fleet" })).await.0.is_success());
    lead_that(&server, "L1", rings(ME)).await;
    assert!(olga.act("L1", json!({ "act": "verify", "outcome": "not_now" })).await.0.is_success());
    lead_that(&server, "L1", |lead| lead["queue"] == json!("nurture") && lead["rings"].is_null()).await;

    // A ring of some seconds goes on by itself, and not only with the next minute.
    let soon = with_lines(json!([{ "line": "soon", "steps": [
        { "people": [ME], "ring_s": 5 }, { "people": ["director@example.com"], "ring_s": 600, "only_free": false },
    ] }]));
    assert!(server.call(Method::PUT, "/api/lead-rules", None, Some(&soon)).await.0.is_success());
    server
        .track(&write_key, json!({ "event": "lead_created", "userId": "ben", "properties": { "lead_id": "L2", "model": "Aster" } }))
        .await;
    let rung = lead_that(&server, "L2", rings("director@example.com")).await;
    let at = |number: usize| rung["moves"][number]["at"].as_str().and_then(forecourt_model::time::parse_us).expect("a time");
    assert_eq!((&rung["moves"][0]["reason"], &rung["moves"][1]["reason"]), (&json!("not_taken"), &json!("new")));
    assert!((5_000_000..30_000_000).contains(&(at(0) - at(1))), "{rung}");

    let report = server.get("/api/reports/lead-desk").await;
    let line = |at: usize| {
        let line = &report["lines"][at];
        ["line", "leads", "rings", "declined", "transferred"].map(|name| line[name].to_string()).join(" ")
            + &format!(" {}", line["solved"]["rate"])
    };
    assert_eq!([line(0), line(1)], ["\"expert\" 1 1 0 0 1.0", "\"first\" 1 2 1 1 0.0"]);
}
