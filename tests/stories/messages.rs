//! Messages to people through a real SMTP server: a broadcast that is killed, one message by a program, and the way out of both.

use std::{collections::BTreeMap, time::Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, call_back::switch, installation::Installation, rounds, server::Server, smtp::Smtp};

const BODY: &str = r#"<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ profile.name | default("there") }}</mj-text>
<mj-button href="https://dealer.example/offers?m=aster">See the offer</mj-button>
<mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>"#;

pub async fn call(server: &Server, method: Method, path: &str, body: &Value) -> Value {
    let (status, answer) = server.call(method, path, None, Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    assert!(answer.get("done").is_none_or(|done| done == true), "{path}: {answer}");
    answer
}

/// An installation that may send e-mail to a server beside it.
pub async fn open(smtp: &Smtp) -> (Installation, Server, String) {
    // Links in messages lead to the installation's own address, which a test knows when it runs.
    let installation =
        Installation::new().configured("[server]\npublic_url = \"http://forecourt.example\"\n[outgoing]\nallow = [\"127.0.0.0/8\"]\n");
    let key = installation.source("site");
    let server = Server::start(&installation, &[]).await;
    let ready = async || server.get("/api/senders").await["senders"][0]["is_ready"].clone();
    assert_eq!(ready().await, false, "nobody has named a mail server");
    let settings = json!({ "host": "127.0.0.1", "port": smtp.port, "security": "none", "from": "Aurora <news@aurora.example>" });
    call(&server, Method::PUT, "/api/senders/email", &json!({ "settings": settings })).await;
    assert_eq!(ready().await, true);
    let template = json!({
        "template_id": "offer", "name": "Offer", "message_channel": "email",
        "content": { "subject": "{{ profile.name }}, an offer", "preheader": "For you", "markup": "mjml", "body": BODY },
    });
    call(&server, Method::POST, "/api/templates", &template).await;
    let gate = json!({
        "purposes": [{ "purpose_id": "news", "name": "News", "basis": "opt_out" }, { "purpose_id": "receipts", "name": "Receipts", "basis": "transactional" }],
        "caps": [], "quiet_hours": [], "budgets": [], "tz": "UTC",
    });
    call(&server, Method::PUT, "/api/gate", &gate).await;
    switch(&server, false, false).await;
    (installation, server, key)
}

pub async fn people(server: &Server, key: &str, count: usize) {
    for chunk in (0..count).collect::<Vec<_>>().chunks(200) {
        let items: Vec<Value> = chunk
            .iter()
            .map(|n| json!({ "type": "identify", "userId": format!("u-{n}"), "messageId": format!("i-{n}"), "traits": { "email": format!("p{n}@example.com"), "name": format!("Person {n}") } }))
            .collect();
        let answer = server.post("/v1/batch", key, &json!({ "batch": items })).await.expect("answered");
        assert_eq!(answer.status(), StatusCode::OK);
    }
    server.wait_until_folded().await;
}

fn broadcast() -> Value {
    json!({
        "broadcast_id": "spring", "name": "Spring", "segment_id": null, "purpose": "news", "holdout": 0,
        "variants": [{ "name": "a", "share": 1000, "chain": [{ "template_id": "offer" }] }], "postpone_s": 0,
    })
}

async fn counts(server: &Server) -> Value {
    server.get("/api/broadcasts/spring").await["counts"].clone()
}

/// Waits until nothing of the broadcast is under way.
async fn settled(server: &Server, people: i64) -> Value {
    let deadline = Instant::now() + 3 * WITHIN;
    loop {
        let counts = counts(server).await;
        let waits = counts["pending"].as_i64().expect("a number");
        if counts["messages"].as_i64() == Some(people) && waits == 0 {
            return counts;
        }
        assert!(Instant::now() < deadline, "it does not end: {counts}\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Killed in the middle: nobody gets two, and nobody is left out who is neither sent to nor listed as unknown.
#[tokio::test]
async fn a_broadcast_that_is_killed_reaches_everybody_once() {
    let smtp = Smtp::start();
    let (installation, server, key) = open(&smtp).await;
    let count = rounds(1_200, 20_000);
    people(&server, &key, count).await;
    let tried: Value = call(&server, Method::POST, "/api/broadcasts/dry-run", &broadcast()).await;
    assert_eq!((tried["people"].as_u64(), tried["by"][0]["messages"].as_u64()), (Some(count as u64), Some(count as u64)), "{tried}");
    call(&server, Method::POST, "/api/broadcasts", &broadcast()).await;
    call(&server, Method::POST, "/api/broadcasts/spring/step", &json!({ "step": "start" })).await;
    smtp.wait_for(count / 10).await;
    server.kill();

    let server = Server::start(&installation, &[]).await;
    smtp.wait_for(count / 2).await;
    server.kill();

    let server = Server::start(&installation, &[]).await;
    let counts = settled(&server, count as i64).await;
    let number = |name: &str| counts[name].as_i64().expect("a number");
    let twice: BTreeMap<String, usize> = smtp.by_message_id().into_iter().filter(|(_, times)| 1 < *times).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let (sent, unknown, came) = (number("sent"), number("unknown"), smtp.count() as i64);
    assert_eq!(sent + unknown, count as i64, "{counts}");
    assert!(sent <= came && came <= sent + unknown, "{came} came: {counts}");
    // As many as two kills can cut off of those under way.
    assert!(unknown <= 2 * 128, "{counts}");
    println!("{}", json!({ "messages": count, "sent": sent, "unknown": unknown, "arrived": came }));
    assert_eq!(server.get("/api/broadcasts/spring").await["state"], "sent");
    server.stop().await;
}

/// The path of the first link that begins so.
fn path_in(text: &str, begins: &str) -> String {
    let at = text.find(begins).unwrap_or_else(|| panic!("no {begins} in {text}"));
    let link: String = text[at..].chars().take_while(|c| !c.is_whitespace() && !"\"<>)".contains(*c)).collect();
    link.replace("http://forecourt.example", "").replace("&amp;", "&")
}

#[tokio::test]
async fn one_message_is_sent_once_read_and_left() {
    let smtp = Smtp::start();
    let (_installation, server, key) = open(&smtp).await;
    people(&server, &key, 1).await;
    let wish = |idempotency_key: &str| json!({ "idempotency_key": idempotency_key, "to": { "email": "P0@example.com" }, "template_id": "offer", "purpose": "news" });
    let first = call(&server, Method::POST, "/api/messages", &wish("k1")).await;
    assert_eq!(first["state"], "pending", "{first}");
    let again = call(&server, Method::POST, "/api/messages", &wish("k1")).await;
    assert_eq!(first["message_ids"], again["message_ids"]);
    smtp.wait_for(1).await;
    let taken = smtp.taken().swap_remove(0);
    let header = |name: &str| taken["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!((header("Subject").as_str(), taken["to"][0].as_str()), ("Person 0, an offer", Some("p0@example.com")));
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let html = taken["html"].as_str().expect("HTML");
    assert!(html.contains("Hello Person 0"), "{html}");

    // A person follows the link and comes where it leads.
    let browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
    let no_redirects =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).user_agent(browser).build().expect("a client");
    let clicked =
        no_redirects.get(format!("{}{}", server.address, path_in(html, "http://forecourt.example/m/c/"))).send().await.expect("answered");
    assert_eq!(clicked.status(), StatusCode::FOUND);
    assert_eq!(clicked.headers()["location"], "https://dealer.example/offers?m=aster");
    server.wait_for_number("SELECT count(*) FROM events WHERE event = 'message_clicked' AND json_get(properties, 'url') = 'https://dealer.example/offers?m=aster'", 1).await;

    // To look at the page to leave by is not to leave; one click of the mail program's own is.
    let way_out = header("List-Unsubscribe").trim_matches(['<', '>']).to_owned();
    let way_out = format!("{}{}", server.address, path_in(&way_out, "http://forecourt.example/m/u/"));
    let page = no_redirects.get(&way_out).send().await.expect("answered");
    assert_eq!(page.status(), StatusCode::OK);
    server.wait_until_folded().await;
    assert_eq!(server.number("SELECT count(*) FROM events WHERE event = 'message_unsubscribed'").await, 0);
    let posted = no_redirects
        .post(&way_out)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click")
        .send()
        .await
        .expect("answered");
    assert_eq!(posted.status(), StatusCode::OK);
    server.wait_until_folded().await;
    let refused = call(&server, Method::POST, "/api/messages", &wish("k2")).await;
    assert_eq!((refused["state"].as_str(), refused["reason"].as_str()), (Some("suppressed"), Some("consent_withdrawn")), "{refused}");
    // What the person has to know still comes.
    let mut receipt = wish("k3");
    receipt["purpose"] = "receipts".into();
    call(&server, Method::POST, "/api/messages", &receipt).await;
    smtp.wait_for(2).await;
    assert_eq!(smtp.count(), 2);
    let (status, answer) = server
        .call(
            Method::POST,
            "/api/messages",
            None,
            Some(&json!({ "idempotency_key": "k4", "to": {}, "template_id": "offer", "purpose": "news" })),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_template_that_would_harm_is_refused_with_its_line() {
    let smtp = Smtp::start();
    let (_installation, server, _) = open(&smtp).await;
    for (text, why) in [
        ("{% for i in range(100000000) %}x{% endfor %}", "endless"),
        ("{% set x = 'aaaaaaaaaa' %}\n{% for i in range(60) %}{% set x = x ~ x %}{% endfor %}{{ x }}", "doubling"),
        ("{{ 'a' * 100000000 }}", "repetition"),
    ] {
        let asked = json!({ "message_channel": "sms", "content": { "text": text } });
        let (status, answer) = server.call(Method::POST, "/api/templates/preview", None, Some(&asked)).await;
        assert_eq!(status, StatusCode::OK, "{why}: {answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|told| !told.is_empty()), "{why}: {answer}");
        assert!(answer["error"]["line"].as_u64().is_some(), "{why}: {answer}");
    }
    let unknown = json!({ "message_channel": "sms", "content": { "text": "Hello\n{{ vars.code }}" } });
    let answer = call(&server, Method::POST, "/api/templates/preview", &unknown).await;
    assert_eq!(answer["error"]["line"], 2, "{answer}");
    server.stop().await;
}
