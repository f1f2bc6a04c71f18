//! The outbox emptied through a real SMTP server: nobody gets a message twice, whatever stops in between.

mod app;

use std::{
    collections::BTreeMap,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use app::{App, PUBLIC_URL, id, message, news, smtp::SmtpServer};
use forecourt_deliver::Patience;
use forecourt_model::message::{MessageChannel::Email, MessageState};
use serde_json::json;
use tokio::time::sleep;

async fn app(server: &SmtpServer) -> App {
    let app = App::open().await;
    let sender = json!({ "host": "localhost", "port": server.port, "security": "none", "from": "Aurora <news@aurora.example>" });
    app.setting(Email, sender, "").await;
    app.template(&news(Email)).await;
    app
}

/// How often each message arrived, by its id, until nothing arrived for a while.
fn arrived(server: SmtpServer) -> std::thread::JoinHandle<BTreeMap<String, usize>> {
    let (mut process, lines) = server.into_parts();
    std::thread::spawn(move || {
        let mut counts = BTreeMap::new();
        for line in lines {
            let mail: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            let id = mail["headers"]["Message-ID"].as_str().unwrap().trim_matches(['<', '>']).split('@').next().unwrap().to_owned();
            *counts.entry(id).or_default() += 1;
        }
        process.wait().unwrap();
        counts
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_arrive_and_none_twice() {
    const MANY: usize = 2_000;
    let mut server = SmtpServer::start(&[]);
    let app = app(&server).await;
    let end = server.end();
    let counting = arrived(server);
    let messages: Vec<_> = (0..MANY).map(|number| message(number, Email, &format!("p{number}@example.org"))).collect();
    app.admit(&messages).await;
    let started = Instant::now();
    let (running, stop) = app.run(app.deliver());
    for number in 0..MANY {
        assert_eq!(app.settled(&id(number)).await, (MessageState::Sent, String::new()));
    }
    eprintln!("{:.0} messages/s", MANY as f64 / started.elapsed().as_secs_f64());
    stop.send(true).unwrap();
    running.await.unwrap();
    drop(end);
    let counts = counting.join().unwrap();
    assert_eq!(counts.len(), MANY);
    assert!(counts.values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_in_the_middle_sends_nothing_twice() {
    const MANY: usize = 600;
    let mut server = SmtpServer::start(&[]);
    let app = app(&server).await;
    let end = server.end();
    let counting = arrived(server);
    let messages: Vec<_> = (0..MANY).map(|number| message(number, Email, &format!("p{number}@example.org"))).collect();
    app.admit(&messages).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let alive = tasks();
    for _ in 0..3 {
        let (running, _stop) = app.run(app.deliver());
        let seen = app.events.lock().unwrap().len();
        app.until(async || (seen + 60 < app.events.lock().unwrap().len()).then_some(())).await;
        running.abort();
        assert!(running.await.is_err());
        // What it had still begun to write is written.
        app.until(async || (tasks() <= alive).then_some(())).await;
    }
    let (running, stop) = app.run(app.deliver());
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..MANY {
        *states.entry(app.settled(&id(number)).await.0.as_str()).or_default() += 1;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    drop(end);
    let counts = counting.join().unwrap();
    assert!(counts.values().all(|times| *times == 1), "somebody got two");
    let unknown = states.get("unknown").copied().unwrap_or(0);
    assert_eq!(states.get("sent").copied().unwrap_or(0) + unknown, MANY, "{states:?}");
    eprintln!("{unknown} of {MANY} unknown after three deaths");
    assert!(unknown <= 3 * 32, "no more than were under way: {states:?}");
    assert!(MANY - unknown <= counts.len(), "what is told to be sent arrived");
}

#[tokio::test]
async fn what_was_said_before_counts_even_while_the_fold_is_behind() {
    let mut server = SmtpServer::start(&[]);
    let app = app(&server).await;
    // Two are to go out; then the log gets a word that the fold has not read yet.
    let first = message(1, Email, "anna@example.org");
    let second = message(2, Email, "boris@example.org");
    app.rests.store(true, Ordering::Relaxed);
    let unsubscribed = forecourt_model::message::Reaction::of(&first, forecourt_model::message::ReactionKind::Unsubscribed, 1);
    append(&app, &unsubscribed.to_item().to_string()).await;
    app.admit(&[first.clone(), second]).await;
    let (_running, _stop) = app.run(app.deliver());
    sleep(Duration::from_millis(300)).await;
    assert_eq!((app.state(&id(1)).await.0, app.state(&id(2)).await.0), (MessageState::Pending, MessageState::Pending));
    // What the real fold does with the word before it goes on.
    let cancelled = forecourt_model::message::Message { state: MessageState::Suppressed, ..first };
    app.admit(&[cancelled]).await;
    app.rests.store(false, Ordering::Relaxed);
    assert_eq!(app.settled(&id(2)).await.0, MessageState::Sent);
    assert_eq!(server.next_message()["to"], json!(["boris@example.org"]));
    assert_eq!(app.state(&id(1)).await.0, MessageState::Suppressed);
    assert!(app.attempts.of_message(&id(1)).await.unwrap().is_empty());
}

async fn append(app: &App, item: &str) {
    use forecourt_model::{Origin, RecordKind, Stamp};
    let stamp =
        Stamp { origin: Origin::Live, received_us: 1, sent_us: None, source: "deliver".into(), message_id: "u1".into(), ip: "".into() };
    let body = stamp.encode(item.as_bytes()).into();
    app.log.append(1, vec![forecourt_log::Entry { kind: RecordKind::Event as u8, body }]).await.unwrap();
}

#[tokio::test]
async fn a_mail_has_what_providers_ask_of_it_and_a_dead_mailbox_is_told_for_good() {
    let mut server = SmtpServer::start(&[]);
    let app = app(&server).await;
    app.admit(&[message(1, Email, "anna@example.org"), message(2, Email, "refused@example.org")]).await;
    let mut trans = message(3, Email, "anna@example.org");
    trans.plan.as_mut().unwrap().purpose = "transactional".to_owned();
    let (_running, _stop) = app.run(app.deliver());
    assert_eq!(app.settled(&id(1)).await.0, MessageState::Sent);
    let mail = server.next_message();
    let headers = &mail["headers"];
    assert_eq!((&headers["From"], &headers["Subject"]), (&json!("Aurora <news@aurora.example>"), &json!("Hello Anna")));
    assert!(headers["List-Unsubscribe"].as_str().unwrap().starts_with(&format!("<{PUBLIC_URL}/m/u/")), "{headers}");
    assert_eq!(headers["Feedback-ID"], "news:broadcast-spring:marketing:forecourt");
    assert_eq!(headers["Message-ID"], format!("<{}@aurora.example>", id(1)));
    assert!(mail["html"].as_str().unwrap().contains(&format!("{PUBLIC_URL}/m/u/")));

    assert_eq!(app.settled(&id(2)).await.0, MessageState::Failed);
    assert_eq!(app.event("message_failed", &id(2)).await["is_permanent"], true);
    app.admit(&[trans]).await;
    assert_eq!(app.settled(&id(3)).await.0, MessageState::Sent);
    let headers = server.next_message()["headers"].clone();
    assert_eq!((&headers["List-Unsubscribe"], &headers["Auto-Submitted"]), (&json!(null), &json!("auto-generated")));
}

#[tokio::test]
async fn a_listed_address_gets_nothing_and_a_worn_out_message_is_given_up() {
    let server = SmtpServer::start(&[]);
    let app = app(&server).await;
    let suppressed = forecourt_store::suppressed_address::SuppressedAddress { reason: "bounced".into(), actor: String::new(), at_us: 1 };
    let mut tx = app.store.begin().await.unwrap();
    tx.save_suppressed_addresses(&BTreeMap::from([((Email, "gone@example.org".to_owned()), Some(suppressed))])).await.unwrap();
    tx.commit().await.unwrap();
    app.admit(&[message(1, Email, "gone@example.org"), message(2, Email, "later@example.org")]).await;
    let patience = Patience { email_us: 3_000_000, ..Patience::default() };
    let (_running, _stop) = app.run(app.deliver_with(None, patience));
    assert_eq!(app.settled(&id(1)).await, (MessageState::Failed, "suppressed_address:bounced".to_owned()));
    let (state, why) = app.settled(&id(2)).await;
    assert_eq!(state, MessageState::Failed, "{why}");
    assert!(1 < app.attempts.of_message(&id(2)).await.unwrap().len());
}

#[tokio::test]
async fn a_brand_writes_in_its_own_name_and_is_signed_for_its_own_domain() {
    use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
    let mut server = SmtpServer::start(&[]);
    let app = app(&server).await;
    let wish = forecourt_store::control::BrandWish {
        name: "Borealis".to_owned(),
        email_from: "Borealis <hello@mail.borealis.example>".to_owned(),
        sms_sender: String::new(),
        logo: String::new(),
    };
    let brand = app.control.add_brand(wish, 1).await.unwrap();
    let mut template = news(Email);
    template.brand_id = brand.id;
    app.template(&template).await;
    let dkim = json!([{ "domain": "aurora.example", "selector": "s1" }, { "domain": "borealis.example", "selector": "s2" }]);
    let sender = json!({ "host": "localhost", "port": server.port, "security": "none", "from": "news@aurora.example", "dkim": dkim,
        "return_path": "bounces@aurora.example" });
    app.setting(Email, sender, "").await;
    let pem = app::smtp::key(&["genrsa", "2048"]);
    let place = forecourt_model::sender::dkim_place;
    app.control.put_secret(&place("aurora.example", "s1"), &pem, 0).await.unwrap();
    let deliver = app.deliver();
    let (running, stop) = app.run(deliver);
    app.admit(&[message(1, Email, "anna@example.org")]).await;
    let (state, why) = app.settled(&id(1)).await;
    assert_eq!((state, why.contains("no DKIM key for borealis.example")), (MessageState::Held, true), "{why}");
    app.control.put_secret(&place("borealis.example", "s2"), &pem, 0).await.unwrap();
    // Another worker: this one knows the senders by heart for a second.
    stop.send(true).unwrap();
    running.await.unwrap();
    let (_running, _stop) = app.run(app.deliver());
    app.admit(&[message(2, Email, "anna@example.org")]).await;
    assert_eq!(app.settled(&id(2)).await.0, MessageState::Sent);
    let mail = server.next_message();
    assert_eq!(
        (&mail["from"], &mail["headers"]["From"]),
        (&json!("bounces@aurora.example"), &json!("Borealis <hello@mail.borealis.example>"))
    );
    let signer = forecourt_deliver::dkim::Signer::new("borealis.example", "s2", &pem).unwrap();
    let raw = BASE64.decode(mail["mail"].as_str().unwrap()).unwrap();
    assert!(mail["headers"]["DKIM-Signature"].as_str().unwrap().contains("d=borealis.example; s=s2"));
    assert!(app::smtp::verified(&raw, &signer.record()).starts_with("verified "));
}
