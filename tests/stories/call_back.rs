//! "Call me back": a submit makes exactly one SMS and one webhook, whatever the gateway's mood and whenever the server is killed.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::response::IntoResponse as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    LOOK_EVERY, WITHIN,
    installation::Installation,
    ledger::Ledger,
    outside::{GATEWAY_SECRET, Mood, Outside},
    postgres, rounds, seed,
    senders::Senders,
    server::Server,
};

/// Our own addresses may be reached, visitors are as fast as the test, and nobody waits long for one that stalls.
pub const CONFIG: &str = "
[outgoing]
allow = [\"127.0.0.0/8\"]
timeout_s = 2
[forms]
submits_per_minute = 0
fill_time_ms = 0
";

fn installation() -> Installation {
    Installation::new().configured(CONFIG)
}

/// Makes the form and the gateway, as an admin does on the pages; sending is as a new installation has it.
pub async fn set_up(server: &Server, outside: &Outside) -> String {
    let form = json!({
        "name": "Call back", "language": "en", "enabled": true, "title": "Request a call", "intro": "", "button": "Call me",
        "thanks": "We will call you.", "consent": "I agree.", "dealer": null, "open_to_programs": false,
        "fields": [{ "kind": "phone", "label": "Phone", "required": true }, { "kind": "name", "label": "Name", "required": false }],
        "sms": "{name}, we will call you soon.", "webhook": format!("{}/calls", outside.url),
    });
    let made = change(server, Method::POST, "/api/forms", &json!({ "form_id": "call-back", "form": form })).await;
    let secret = made["webhook_secret"].as_str().expect("the secret, once").to_owned();
    let gateway = json!({
        "url": format!("{}/sms", outside.url), "method": "post", "body": "json",
        "headers": [{ "name": "Authorization", "value": "Bearer {secret}" }],
        "template": "{\"to\":\"{phone}\",\"text\":\"{text}\",\"reference\":\"{id}\"}",
        "success_contains": "\"accepted\":true", "answer_id": "messages.0.id", "receipt_id": "id", "receipt_state": "status",
        "delivered_states": ["delivered"], "undelivered_states": ["failed"],
    });
    change(server, Method::PUT, "/api/sending/sms", &json!({ "gateway": gateway, "secret": GATEWAY_SECRET })).await;
    secret
}

pub async fn switch(server: &Server, safe_mode: bool, stopped: bool) {
    let switches = json!({ "safe_mode": safe_mode, "stopped": stopped, "test_recipients": [] });
    let done = change(server, Method::PUT, "/api/sending", &switches).await;
    assert_eq!(done["done"], true, "{done}");
}

async fn change(server: &Server, method: Method, path: &str, body: &Value) -> Value {
    let (status, answer) = server.call(method, path, None, Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer
}

/// Fills the form in as a visitor's browser does; the status, or `None` where no answer came.
async fn submit(http: &reqwest::Client, address: &str, phone: &str) -> Option<StatusCode> {
    let shown: Value = http.get(format!("{address}/f/call-back/token")).send().await.ok()?.json().await.ok()?;
    let body = json!({ "phone": phone, "name": "Ana", "consent": true, "token": shown["token"], "page_url": "https://dealer.example/?utm_source=ads" });
    let answer = http.post(format!("{address}/f/call-back")).json(&body).send().await.ok()?;
    Some(answer.status())
}

pub async fn must_submit(server: &Server, phone: &str) {
    assert_eq!(submit(&server.http, &server.address, phone).await, Some(StatusCode::OK), "{phone}");
}

/// Every message there is.
async fn messages(server: &Server) -> Vec<Value> {
    let (mut found, mut before) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/api/deliveries?limit=200{before}")).await;
        found.extend(page["messages"].as_array().expect("messages").iter().cloned());
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => return found,
        }
    }
}

/// How many messages stand where: `sms sent 3`.
async fn standing(server: &Server) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for message in messages(server).await {
        *counts.entry(format!("{} {}", text(&message["message_channel"]), text(&message["state"]))).or_default() += 1;
    }
    counts
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn wait_until(server: &Server, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + WITHIN;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}: {:?}\n{}", standing(server).await, server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn wait_until_settled(server: &Server) {
    wait_until(server, "messages wait for ever", async || {
        let waiting = server.get("/api/deliveries?state=pending&limit=1").await;
        waiting["messages"].as_array().is_some_and(Vec::is_empty)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_makes_one_sms_and_one_webhook_on_sqlite() {
    one_sms_and_one_webhook(&installation()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_makes_one_sms_and_one_webhook_on_postgres() {
    one_sms_and_one_webhook(&installation().on_postgres(postgres::url().await)).await;
}

async fn one_sms_and_one_webhook(installation: &Installation) {
    let server = installation.serve().await;
    let outside = Outside::open(1).await;
    let secret = set_up(&server, &outside).await;
    let receipts = server.get("/api/sending").await["receipts_path"].as_str().expect("an address for receipts").to_owned();
    outside.knows(&secret, &format!("{}{receipts}", server.address));

    // A new installation sends to nobody.
    must_submit(&server, "+79120000001").await;
    wait_until(&server, "nothing is held", async || standing(&server).await.get("sms held") == Some(&1)).await;
    assert_eq!(standing(&server).await.get("webhook held"), Some(&1));
    assert!(outside.texts().is_empty() && outside.told().is_empty());

    switch(&server, false, false).await;
    must_submit(&server, "8 (912) 000-00-02").await;
    wait_until(&server, "the receipt is not noted", async || standing(&server).await.get("sms delivered") == Some(&1)).await;
    wait_until(&server, "no webhook", async || standing(&server).await.get("webhook sent") == Some(&1)).await;
    assert_eq!(
        outside.texts(),
        [json!({ "to": "+79120000002", "text": "Ana, we will call you soon.", "reference": outside.texts()[0]["reference"] })]
    );
    assert_eq!(outside.told()[0]["data"]["is_repeat"], false);

    // Once more within ten minutes: the call centre hears of it, the person does not.
    must_submit(&server, "+79120000002").await;
    wait_until(&server, "no second webhook", async || standing(&server).await.get("webhook sent") == Some(&2)).await;
    let standing_now = standing(&server).await;
    assert_eq!((standing_now.get("sms suppressed"), standing_now.get("sms delivered")), (Some(&1), Some(&1)), "{standing_now:?}");
    assert_eq!(outside.told()[1]["data"]["is_repeat"], true);
    assert_eq!(outside.texts().len(), 1);

    // All sending stopped, then one message sent by hand.
    switch(&server, false, true).await;
    must_submit(&server, "+79120000003").await;
    wait_until(&server, "nothing more is held", async || standing(&server).await.get("sms held") == Some(&2)).await;
    switch(&server, false, false).await;
    let held = messages(&server).await.into_iter().find(|message| message["recipient"] == "+79120000003").expect("a held SMS");
    let wish = json!({ "message_ids": [held["message_id"]] });
    assert_eq!(change(&server, Method::POST, "/api/deliveries/retry", &wish).await["done"], true);
    wait_until(&server, "it is not sent by hand", async || outside.sms_at("+79120000003").is_some()).await;

    // What the pages show of it: the attempt, and no secret.
    let id = text(&held["message_id"]).to_owned();
    wait_until(&server, "the attempt is not shown", async || {
        server.get(&format!("/api/deliveries/{id}")).await["attempts"][0]["result"] == "sent"
    })
    .await;
    let shown = server.get(&format!("/api/deliveries/{id}")).await.to_string();
    assert!(!shown.contains(GATEWAY_SECRET) && shown.contains("•••"), "{shown}");
    let sending = server.get("/api/sending").await.to_string();
    assert!(!sending.contains(GATEWAY_SECRET), "{sending}");

    outside.assert_well_formed();
    server.wait_for_number("SELECT COUNT(DISTINCT profile_id) FROM events WHERE event = 'call_back_requested'", 3).await;
    server.stop().await;
    installation.verify();
}

/// A page of the dealer's own, with its own style, that lets nothing in but what it must.
async fn dealers_page(server: &Server) -> String {
    let tag = format!("<script src=\"{}/f/call-back.js\" data-target=\"#place\" async></script>", server.address);
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Cars</title><link rel=\"stylesheet\" href=\"/own.css\"><h1>Cars</h1>\
         <div id=\"place\"></div>{tag}"
    );
    let policy = format!("default-src 'none'; style-src 'self'; script-src {0}; connect-src {0}", server.address);
    let page = move || {
        let (policy, html) = (policy.clone(), html.clone());
        async move { ([("content-type", "text/html".to_owned()), ("content-security-policy", policy)], html).into_response() }
    };
    const STYLE: &str = "input { font-family: Georgia, serif } button { background: rgb(1, 2, 3) }";
    let style = || async { ([("content-type", "text/css")], STYLE) };
    let router = axum::Router::new().route("/", axum::routing::get(page)).route("/own.css", axum::routing::get(style));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/?utm_source=ads", listener.local_addr().expect("its address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_fills_the_form_in_on_any_page() {
    let installation = installation();
    let server = installation.serve().await;
    let outside = Outside::open(3).await;
    set_up(&server, &outside).await;
    let page = dealers_page(&server).await;
    let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let mut command = tokio::process::Command::new("node");
    command.arg("tests/browser/form.mjs").current_dir(web).kill_on_drop(true);
    command.env("PAGE_URL", &page).env("HOSTED_URL", format!("{}/f/call-back?utm_source=qr", server.address));
    let output = command.output().await.expect("node, to drive the browser");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    const SUBMITS: &str = "SELECT COUNT(*) FROM events WHERE event = 'call_back_requested' AND utm_source IN ('ads', 'qr')";
    server.wait_for_number(SUBMITS, 2).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_are_handed_over_in_time_beside_other_traffic() {
    let installation = installation();
    let server = installation.serve().await;
    let write_key = installation.source("senders");
    let outside = Outside::open(2).await;
    let secret = set_up(&server, &outside).await;
    outside.knows(&secret, "");
    switch(&server, false, false).await;
    let ledger = Arc::new(Ledger::default());
    let senders = Senders::start(&server, &write_key, &ledger, "load", 7);

    let submits = rounds(100, 1_000);
    let mut began = Vec::new();
    let mut running = JoinSet::new();
    for number in 0..submits {
        let phone = format!("+7912{number:07}");
        began.push((phone.clone(), Instant::now()));
        let (http, address) = (server.http.clone(), server.address.clone());
        running.spawn(async move { submit(&http, &address, &phone).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while let Some(answer) = running.join_next().await {
        assert_eq!(answer.expect("a submit"), Some(StatusCode::OK));
    }
    wait_until(&server, "not all were handed over", async || {
        began.iter().all(|(phone, _)| outside.sms_at(phone).is_some() && outside.webhook_at(phone).is_some())
    })
    .await;
    senders.stop().await;
    let p99 = |taken: &dyn Fn(&str) -> Option<Instant>| {
        let mut waits: Vec<Duration> = began.iter().filter_map(|(phone, began)| Some(taken(phone)?.duration_since(*began))).collect();
        waits.sort();
        waits[(waits.len() * 99).div_ceil(100) - 1]
    };
    println!(
        "{submits} submits beside {} other events: webhook p99 {:?}, SMS p99 {:?}",
        ledger.acknowledged_count(),
        p99(&|phone| outside.webhook_at(phone)),
        p99(&|phone| outside.sms_at(phone))
    );
    assert!(outside.sms_taken().values().chain(outside.webhooks_taken().values()).all(|times| *times == 1));
    outside.assert_well_formed();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nothing_goes_out_twice() {
    killed_again_and_again(&installation(), rounds(10, 200), seed("call-back on SQLite")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nothing_goes_out_twice_on_postgres() {
    killed_again_and_again(&installation().on_postgres(postgres::url().await), rounds(3, 40), seed("call-back on PostgreSQL")).await;
}

async fn killed_again_and_again(installation: &Installation, rounds: usize, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let outside = Outside::open(seed).await;
    let server = installation.serve().await;
    let secret = set_up(&server, &outside).await;
    outside.knows(&secret, "");
    switch(&server, false, false).await;
    server.stop().await;
    outside.set_mood(Mood::BAD);
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        let server = installation.serve().await;
        let mut running = JoinSet::new();
        for number in 0..chance.random_range(3..12) {
            let phone = format!("+79{:03}{number:06}", round % 1_000);
            let (http, address) = (server.http.clone(), server.address.clone());
            let pause = Duration::from_millis(chance.random_range(0..400));
            running.spawn(async move {
                // Visitors come when they come.
                tokio::time::sleep(pause).await;
                (submit(&http, &address, &phone).await, phone)
            });
        }
        // The moment is the story's, not a wait: nothing is expected to have happened by then.
        tokio::time::sleep(Duration::from_millis(chance.random_range(5..=700))).await;
        server.kill();
        while let Some(ended) = running.join_next().await {
            let (answer, phone) = ended.expect("a submit");
            acknowledged.extend(answer.filter(|status| *status == StatusCode::OK).map(|_| phone));
        }
    }
    assert!(!acknowledged.is_empty(), "nothing was acknowledged: the story proves nothing");
    outside.set_mood(Mood::CALM);
    let server = installation.serve().await;
    server.wait_until_folded().await;
    wait_until_settled(&server).await;

    let messages = messages(&server).await;
    let (sms, webhooks) = (outside.sms_taken(), outside.webhooks_taken());
    let mut unknown = 0;
    for message in &messages {
        let taken = if message["message_channel"] == "sms" { &sms } else { &webhooks };
        let times = taken.get(text(&message["message_id"])).copied().unwrap_or(0);
        match text(&message["state"]) {
            "sent" => assert_eq!(times, 1, "{message}"),
            "unknown" => {
                unknown += 1;
                assert!(times <= 1, "{message}");
            }
            "suppressed" => assert_eq!(times, 0, "{message}"),
            _ => panic!("neither sent nor listed as unknown: {message}"),
        }
    }
    for phone in &acknowledged {
        let of_phone = messages.iter().filter(|message| message["phone"] == phone.as_str()).count();
        assert_eq!(of_phone, 2, "{phone} was acknowledged, and has {of_phone} messages");
    }
    let known = messages.len();
    assert!(sms.keys().chain(webhooks.keys()).all(|id| messages.iter().any(|message| message["message_id"] == id.as_str())));
    println!(
        "{rounds} kills: {} submits acknowledged, {known} messages, {unknown} of them unknown, none twice, none missing",
        acknowledged.len()
    );
    outside.assert_well_formed();
    server.stop().await;
    installation.verify();
}
