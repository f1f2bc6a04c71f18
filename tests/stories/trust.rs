//! What happens to people's data: who looked is noted, who need not know sees a mask, and what is kept no longer goes.

use std::time::Instant;

use forecourt_model::time::{DAY_US, iso};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, roles::routes, server::Server};

/// What names the one person of these stories, in each notation that some answer may have it in.
const SECRETS: [&str; 9] = ["ivan.petrov", "Ivan", "Petrov", "79161234512", "9161234512", "916 123", "123-45-12", "Lenina", "\\u0049van"];

fn token(installation: &Installation, role: &str, name: &str) -> String {
    let made = installation.ask(&["token", "create", "--role", role, "--name", name]);
    made["token"].as_str().expect("a token").to_owned()
}

/// A person with a name, an e-mail and a phone in every place that senders put them.
async fn named_person(server: &Server, write_key: &str) -> String {
    let traits = json!({ "email": "ivan.petrov@example.com", "phone": "+7 916 123-45-12", "name": "Ivan Petrov", "firstName": "Ivan",
        "address": { "street": "Lenina 1" }, "plan": "gold" });
    let identify = json!({ "anonymousId": "device-1", "userId": "u-1", "traits": traits, "context": { "ip": "203.0.113.7" } });
    assert!(server.post("/v1/identify", write_key, &identify).await.expect("an answer").status().is_success());
    let properties = json!({ "dealer": "north", "region": "north", "model": "Aster", "name": "Ivan Petrov", "phone": 79161234512_i64,
        "url": "https://site.example/?email=ivan.petrov%40example.com&tel=%2B79161234512", "comment": "ask for Ivan",
        "lead_id": "lead-1", "stage": "new", "order_id": "order-1", "status": "confirmed", "call_id": "call-1", "result": "answered +79161234512" });
    for event in ["car_viewed", "lead_created", "order_confirmed", "call_ended"] {
        let context = json!({ "page": { "url": "https://site.example/?email=ivan.petrov%40example.com" }, "traits": traits });
        server.track(write_key, json!({ "event": event, "userId": "u-1", "properties": properties, "context": context })).await;
    }
    // Refused, with all that it holds of a person.
    let refused = json!({ "event": "", "userId": "u-1", "properties": properties, "traits": traits });
    let _ = server.post("/v1/track", write_key, &refused).await.expect("an answer");
    server.wait_until_folded().await;
    server.wait_for_number("SELECT count(*) FROM leads", 1).await;
    let found = server.get("/api/profiles?q=ivan.petrov@example.com").await;
    found["profiles"][0]["profile_id"].as_str().unwrap_or_else(|| panic!("no profile: {found}")).to_owned()
}

fn assert_masked(what: &str, answer: &str) {
    for secret in SECRETS {
        assert!(!answer.contains(secret), "{what} shows `{secret}` to who sees people masked: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_names_people_to_a_role_that_sees_them_masked() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let person = named_person(&server, &write_key).await;
    // Masked unless an admin says otherwise, and by setting.
    let analyst = token(&installation, "analyst", "reports");
    let marketer = token(&installation, "marketer", "campaigns");
    let roles = json!({ "roles": ["analyst", "marketer"] });
    let (status, told) = server.call(Method::PUT, "/api/privacy/masking", None, Some(&roles)).await;
    assert_eq!(status, StatusCode::OK, "{told}");

    let (_, opened) = server.call(Method::GET, &format!("/api/profiles/{person}"), Some(&analyst), None).await;
    let profile = &opened["profile"];
    assert_eq!(
        json!([profile["name"], profile["email"], profile["phone"]]),
        json!(["I*** P***", "i***@example.com", "+7 *** ** 12"]),
        "{opened}"
    );
    assert_eq!(profile["leads"][0]["lead_id"], "lead-1", "what names nobody stays: {opened}");

    let mut looked_at = 0;
    for (who, shown) in [("analyst", &analyst), ("marketer", &marketer)] {
        for (method, path) in routes(&server, &person).await {
            if method != Method::GET || path.ends_with("/stream") {
                continue;
            }
            // As itself, and with the questions that lists understand.
            let asked = ["", "?q=ivan.petrov@example.com", "?limit=50&state=open", "?format=csv&from=2020-01-01&to=2030-01-01"];
            for query in asked {
                let answer =
                    server.http.get(format!("{}{path}{query}", server.address)).bearer_auth(shown).send().await.expect("an answer");
                let (status, bytes) = (answer.status(), answer.bytes().await.expect("a body"));
                assert!(!status.is_server_error(), "{path}{query}: {status}");
                looked_at += usize::from(status.is_success());
                // What was asked may be said back.
                let text = String::from_utf8_lossy(&bytes).replace("ivan.petrov@example.com", "");
                assert_masked(&format!("{who}: GET {path}{query}"), &text);
            }
        }
    }
    assert!(30 <= looked_at, "only {looked_at} answers were looked at");

    let spec = json!({ "steps": [{ "event": "car_viewed" }, { "event": "lead_created" }], "window": "30d", "by": ["region"] });
    let asked = [
        ("/api/reports/funnel", spec.clone()),
        ("/api/reports/funnel/people", json!({ "spec": spec, "step": 1, "outcome": "reached" })),
        ("/api/query", json!({ "sql": "SELECT * FROM profiles" })),
        ("/api/query", json!({ "sql": "SELECT * FROM events" })),
        (
            "/api/query",
            json!({ "sql": "SELECT reverse(email), substr(name, 2), json_get(properties, 'phone'), url FROM events CROSS JOIN profiles" }),
        ),
        ("/api/query", json!({ "sql": "SELECT 1 / (CASE WHEN email LIKE 'ivan%' THEN 0 ELSE 1 END) FROM profiles" })),
    ];
    for (path, body) in asked {
        let (status, answer) = server.call(Method::POST, path, Some(&analyst), Some(&body)).await;
        assert_eq!(status, StatusCode::OK, "{path} {body}: {answer}");
        assert_masked(&format!("POST {path} {body}"), &answer.to_string());
    }
    // Found by a whole identifier, not by a part of the name.
    let found = async |question: &str, shown: &str| {
        let (_, list) = server.call(Method::GET, &format!("/api/profiles?q={question}"), Some(shown), None).await;
        list["profiles"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((found("ivan", &analyst).await, found("petrov", &analyst).await, found("%2B79161234512", &analyst).await), (0, 0, 1));
    // Whoever sees a mask must not write it back.
    let letters = server.get("/api/dead-letters").await;
    let letter = letters["items"][0]["id"].as_str().expect("a dead letter").to_owned();
    let retry =
        server.call(Method::POST, &format!("/api/dead-letters/{letter}/retry"), Some(&marketer), Some(&json!({ "raw": "{}" }))).await;
    assert_eq!(retry.0, StatusCode::FORBIDDEN, "{}", retry.1);

    // Without the mask the same role sees the same person.
    let (status, _) = server.call(Method::PUT, "/api/privacy/masking", None, Some(&json!({ "roles": [] }))).await;
    assert_eq!(status, StatusCode::OK);
    let (_, opened) = server.call(Method::GET, &format!("/api/profiles/{person}"), Some(&analyst), None).await;
    assert_eq!(opened["profile"]["email"], "ivan.petrov@example.com");
    for role in ["admin", "dealer"] {
        let (status, told) = server.call(Method::PUT, "/api/privacy/masking", None, Some(&json!({ "roles": [role] }))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
    }
    server.stop().await;
}

/// The actions of the audit log, the oldest first, with who, outcome and object.
async fn actions(server: &Server) -> Vec<String> {
    let log = server.get("/api/audit?limit=1000").await;
    let rows = log["items"].as_array().expect("rows").iter().rev();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.map(|row| format!("{} {} {} {}", text(row, "actor"), text(row, "action"), text(row, "outcome"), text(row, "object"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looked_and_who_changed_is_in_the_audit_log_and_nobody_changes_that() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let person = named_person(&server, &write_key).await;
    let account = json!({ "email": "ana@example.com", "name": "Ana", "role": "analyst", "password": "long enough for anybody" });
    assert!(server.call(Method::POST, "/api/users", None, Some(&account)).await.0.is_success());
    let analyst = token(&installation, "analyst", "reports");

    let sign_in = async |password: &str| {
        let body = json!({ "email": "ana@example.com", "password": password });
        server.http.post(format!("{}/api/auth/login", server.address)).json(&body).send().await.expect("an answer").status()
    };
    assert_eq!((sign_in("guess").await, sign_in("long enough for anybody").await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    let ask = async |method: Method, path: &str, body: Option<&Value>| server.call(method, path, Some(&analyst), body).await.0;
    assert_eq!(ask(Method::GET, &format!("/api/profiles/{person}"), None).await, StatusCode::OK);
    // The page asks again by itself: that is no second look.
    assert_eq!(ask(Method::GET, &format!("/api/profiles/{person}"), None).await, StatusCode::OK);
    assert_eq!(ask(Method::GET, "/api/profiles?q=ivan.petrov@example.com", None).await, StatusCode::OK);
    assert_eq!(ask(Method::POST, "/api/query", Some(&json!({ "sql": "SELECT email FROM profiles" }))).await, StatusCode::OK);
    assert_eq!(ask(Method::POST, "/api/users", Some(&account)).await, StatusCode::FORBIDDEN);
    let trait_told = json!({ "name": "plan", "value": "silver" });
    let (status, _) = server.call(Method::POST, &format!("/api/profiles/{person}/traits"), None, Some(&trait_told)).await;
    assert!(status.is_success());

    let told = actions(&server).await;
    for expected in [
        "command line source_added done".to_owned(),
        "command line account_added done ana@example.com".into(),
        "ana@example.com sign_in refused".into(),
        "ana@example.com sign_in done".into(),
        format!("reports profile_opened done {person}"),
        "reports people_searched done ivan.petrov@example.com".into(),
        "reports sql_run done SELECT email FROM profiles".into(),
        "reports access_refused refused POST /api/users".into(),
        format!("command line profile_changed done {person}"),
    ] {
        assert_eq!(told.iter().filter(|row| row.starts_with(&expected)).count(), 1, "`{expected}` in {told:#?}");
    }
    let changed = server.get("/api/audit?action=profile_changed").await;
    assert_eq!(changed["items"][0]["details"], json!({ "before": { "plan": "gold" }, "after": { "plan": "silver" } }));
    let whole = server.get("/api/audit?limit=1000").await.to_string();
    let hidden = [write_key.as_str(), analyst.as_str(), "long enough for anybody", "\"guess\""];
    assert!(!hidden.iter().any(|secret| whole.contains(secret)), "the audit log holds a secret: {whole}");
    let proof = server.get("/api/audit/proof").await;
    assert_eq!(proof["whole"], true, "{proof}");
    let noted = proof["head"].as_str().expect("a head").to_owned();
    server.stop().await;

    assert!(installation.run(&["audit", "verify", "--noted", &noted]).ok);
    let url = format!("sqlite://{}", installation.data().join("control.sqlite").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the accounts");
    let done = connection.execute(AssertSqlSafe("UPDATE audit SET actor = 'nobody' WHERE action = 'profile_changed'")).await;
    assert_eq!(done.expect("the alteration").rows_affected(), 1);
    connection.close().await.expect("closed");
    let said = installation.run(&["audit", "verify"]);
    assert!(!said.ok && said.err.contains("was changed after it was written"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_go_from_reports_and_outside_readers_and_the_replay_still_agrees() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let now_us = jiff::Timestamp::now().as_microsecond();
    for day in 0..40 {
        for event in ["page_viewed", "lead_created"] {
            let at = iso(now_us - day * DAY_US);
            let body =
                json!({ "event": event, "userId": format!("u-{day}"), "timestamp": at, "properties": { "lead_id": format!("l-{day}") } });
            server.track(&write_key, body).await;
        }
    }
    server.wait_for_number("SELECT count(*) FROM events", 80).await;
    let rules = json!({ "rules": [{ "event": "lead_*", "days": null }, { "event": "*", "days": 30 }], "log_days": null });
    let (status, counted) = server.call(Method::POST, "/api/privacy/retention/count", None, Some(&rules)).await;
    assert_eq!(
        (status, &counted["total"], &counted["events"][0]["event"]),
        (StatusCode::OK, &json!(10), &json!("page_viewed")),
        "{counted}"
    );
    assert_eq!(server.number("SELECT count(*) FROM events").await, 80, "counting changes nothing");
    let bad = json!({ "rules": [{ "event": "*", "days": 0 }], "log_days": null });
    assert_eq!(server.call(Method::PUT, "/api/privacy/retention", None, Some(&bad)).await.0, StatusCode::BAD_REQUEST);

    let (status, _) = server.call(Method::PUT, "/api/privacy/retention", None, Some(&rules)).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = server.call(Method::POST, "/api/privacy/retention/run", None, None).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    server.wait_for_number("SELECT count(*) FROM events WHERE event = 'page_viewed'", 30).await;
    assert_eq!(server.number("SELECT count(*) FROM events WHERE event = 'lead_created'").await, 40);
    let deadline = Instant::now() + WITHIN;
    let job = loop {
        let jobs = server.get("/api/jobs").await;
        let found = jobs["jobs"].as_array().into_iter().flatten().find(|job| job["kind"] == "retention").cloned().unwrap_or_default();
        if found["state"] == "done" {
            break found;
        }
        assert!(Instant::now() < deadline && found["state"] != "failed", "{jobs}");
        tokio::time::sleep(LOOK_EVERY).await;
    };
    assert!(job["message"].as_str().is_some_and(|told| told.starts_with("10 events are gone")), "{job}");
    let told = actions(&server).await;
    assert!(told.iter().any(|row| row.starts_with("command line retention_run done job_")), "{told:#?}");
    server.stop().await;

    // The store keeps its counts: they are no events, and the log proves them.
    installation.verify();
    let server = installation.serve().await;
    assert_eq!(server.number("SELECT count(*) FROM events").await, 70, "what is gone stays gone");
    server.stop().await;
}
