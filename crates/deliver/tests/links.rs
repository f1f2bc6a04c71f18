//! What comes back of a message: opens, clicks, people who want no more, and what bounced.

mod app;

use app::{App, ask, id, message, news, serve, smtp::SmtpServer};
use forecourt_deliver::router;
use forecourt_model::message::{
    MessageChannel::Email,
    MessageState::{Delivered, Sent, Undelivered},
};
use serde_json::json;

const PHONE: (&str, &str) = ("user-agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148");

struct Sent1 {
    app: App,
    base: String,
    pixel: String,
    click: String,
    unsubscribe: String,
    _server: SmtpServer,
    _stop: tokio::sync::watch::Sender<bool>,
}

/// One mail that was sent, and the addresses in it.
async fn sent() -> Sent1 {
    let mut server = SmtpServer::start(&[]);
    let app = App::open().await;
    let sender = json!({ "host": "localhost", "port": server.port, "security": "none", "from": "Aurora <news@aurora.example>" });
    app.setting(Email, sender, "").await;
    app.receipts_key(Email, "k1").await;
    let mut template = news(Email);
    template.content.text = "{{ unsubscribe_url }}".to_owned();
    app.template(&template).await;
    let deliver = app.deliver();
    let base = serve(router(deliver.clone())).await;
    let (_, stop) = app.run(deliver);
    app.admit(&[message(1, Email, "anna@example.org")]).await;
    assert_eq!(app.settled(&id(1)).await.0, Sent);
    let mail = server.next_message();
    let html = mail["html"].as_str().unwrap().replace("&amp;", "&");
    let path = |start: &str| {
        let at = html.find(start).unwrap_or_else(|| panic!("{start} in {html}"));
        let url = html[at..].split(['"', '\'']).next().unwrap();
        url.strip_prefix(app::PUBLIC_URL).unwrap().to_owned()
    };
    let (pixel, click) = (path("https://cdp.example.com/m/o/"), path("https://cdp.example.com/m/c/"));
    let unsubscribe = mail["headers"]["List-Unsubscribe"].as_str().unwrap().trim_matches(['<', '>']);
    let unsubscribe = unsubscribe.strip_prefix(app::PUBLIC_URL).unwrap().to_owned();
    Sent1 { app, base, pixel, click, unsubscribe, _server: server, _stop: stop }
}

#[tokio::test]
async fn people_who_open_and_click_are_counted_apart_from_programs() {
    let sent = sent().await;
    let (app, base) = (&sent.app, sent.base.as_str());
    // A scanner, at once.
    let (status, headers, _) = ask(base, "GET", &sent.click, &[("user-agent", "Barracuda Sentinel")], "").await;
    assert_eq!((status, headers["location"].as_str()), (302, "https://aurora.example/x"));
    assert_eq!(ask(base, "HEAD", &sent.pixel, &[PHONE], "").await.0, 200);
    app.later(2_100_000);
    let (status, headers, body) = ask(base, "GET", &sent.pixel, &[PHONE], "").await;
    assert_eq!((status, headers["content-type"].as_str(), body.starts_with("GIF89a")), (200, "image/gif", true));
    ask(base, "GET", &sent.pixel, &[PHONE], "").await;
    ask(base, "GET", &sent.click, &[PHONE], "").await;
    app.folded().await;
    let bots = |name: &str| app.events_of(name, &id(1)).iter().map(|event| event["is_bot"] == true).collect::<Vec<_>>();
    assert_eq!(bots("message_clicked"), [true, false]);
    let scores: Vec<_> = app.events_of("message_clicked", &id(1)).iter().map(|event| event["bot_score"].as_u64()).collect();
    assert_eq!(scores, [Some(100), Some(0)], "a scanner within two seconds, and a person");
    let opened = bots("message_opened");
    assert!(opened[0] && !opened[1] && opened.len() <= 3, "{opened:?}: once a minute");
    let clicked = app.events_of("message_clicked", &id(1));
    assert_eq!((&clicked[1]["url"], &clicked[1]["purpose"]), (&json!("https://aurora.example/x"), &json!("marketing")));
}

#[tokio::test]
async fn nobody_is_led_elsewhere_and_nothing_happens_by_looking() {
    let sent = sent().await;
    let (app, base) = (&sent.app, sent.base.as_str());
    let elsewhere = sent.click.replace("aurora.example", "evil.example");
    for path in [elsewhere.as_str(), "/m/c/abc.def?u=https://evil.example", "/m/o/abc.def", &sent.pixel.replace("/m/o/", "/m/u/")] {
        assert_eq!(ask(base, "GET", path, &[PHONE], "").await.0, 404, "{path}");
    }
    for method in ["GET", "HEAD"] {
        assert_eq!(ask(base, method, &sent.unsubscribe, &[PHONE], "").await.0, 200);
    }
    let (_, headers, page) = ask(base, "GET", &sent.unsubscribe, &[PHONE], "").await;
    assert!(page.contains("Отписаться") && page.contains("Marketing") && !page.contains("http"), "{page}");
    assert!(headers["content-security-policy"].contains("default-src 'none'"));
    app.folded().await;
    assert!(app.events_of("message_unsubscribed", &id(1)).is_empty());

    let form = [("content-type", "application/x-www-form-urlencoded")];
    for _ in 0..2 {
        let (status, _, page) = ask(base, "POST", &sent.unsubscribe, &form, "List-Unsubscribe=One-Click").await;
        assert!(status == 200 && page.contains("Вы отписаны"), "{page}");
    }
    app.folded().await;
    assert_eq!(app.events_of("message_unsubscribed", &id(1)).len(), 1);
}

#[tokio::test]
async fn a_link_of_a_forgotten_message_still_leads_where_it_said() {
    let sent = sent().await;
    let mut tx = sent.app.store.begin().await.unwrap();
    tx.drop_messages_before(i64::MAX).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ask(&sent.base, "GET", &sent.click, &[PHONE], "").await.0, 302);
    assert_eq!(ask(&sent.base, "GET", &sent.unsubscribe, &[PHONE], "").await.0, 404);
}

#[tokio::test]
async fn bounces_come_as_mail_and_as_webhooks_late_twice_and_of_strangers() {
    let sent = sent().await;
    let (app, base) = (&sent.app, sent.base.as_str());
    let ours = format!("<{}@aurora.example>", id(1));
    let json = [("content-type", "application/json")];
    let tell = async |body: serde_json::Value| ask(base, "POST", "/v1/bounces/k1", &json, &body.to_string()).await;
    assert_eq!(ask(base, "POST", "/v1/bounces/other", &json, "{}").await.0, 404);
    assert_eq!(ask(base, "POST", "/v1/bounces/k1", &json, "{").await.0, 400);
    assert_eq!(tell(json!({ "message_id": "<stranger@example.org>", "type": "bounce", "permanent": true })).await.2, "0 of 1 known\n");
    let report = format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\
         Final-Recipient: rfc822; anna@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {ours}\n--b--\n"
    );
    for _ in 0..2 {
        let (status, _, told) = ask(base, "POST", "/v1/bounces/k1", &[("content-type", "message/rfc822")], &report).await;
        assert_eq!((status, told.as_str()), (200, "1 of 1 known\n"));
    }
    app.folded().await;
    assert_eq!(app.state(&id(1)).await, (Undelivered, "5.1.1 550 5.1.1 unknown".to_owned()));
    let told = app.events_of("message_undelivered", &id(1));
    assert_eq!((told.len(), &told[0]["is_permanent"]), (1, &json!(true)));
    assert_eq!(tell(json!({ "RecordType": "SpamComplaint", "Metadata": { "message_id": id(1) } })).await.2, "1 of 1 known\n");
    assert_eq!(tell(json!([{ "event": "delivered", "sg_message_id": "x", "smtp-id": ours }])).await.2, "1 of 1 known\n");
    app.folded().await;
    assert_eq!(app.events_of("message_complained", &id(1)).len(), 1);
    assert_eq!(app.state(&id(1)).await.0, Delivered);
}

#[tokio::test]
async fn a_trial_goes_out_at_once_and_minds_safe_mode() {
    let mut server = SmtpServer::start(&[]);
    let app = App::open().await;
    let deliver = app.deliver();
    let template = news(Email);
    let variables = json!({ "profile": { "first_name": "Анна" } });
    let none = deliver.try_message(&template, "anna@example.org", &variables).await;
    assert!(none.unwrap_err().contains("no mail server is set up"));
    let sender = json!({ "host": "localhost", "port": server.port, "security": "none", "from": "news@aurora.example" });
    app.setting(Email, sender, "").await;
    let tried = deliver.try_message(&template, "anna@example.org", &variables).await.unwrap();
    assert!(tried.is_taken && tried.answer.contains("taken"), "{tried:?}");
    assert_eq!(server.next_message()["headers"]["Subject"], "Hello Анна");
    let refused = deliver.try_message(&template, "refused@example.org", &variables).await.unwrap();
    assert!(!refused.is_taken && refused.detail.contains("no such mailbox"), "{refused:?}");
    app.safe_mode().await;
    assert!(deliver.try_message(&template, "anna@example.org", &variables).await.unwrap_err().contains("safe mode"));
}
