//! Messengers and web push against strict providers: what is refused, what waits, what nobody knows, and what they tell afterwards.

mod app;

use app::{
    App, ask, id, message, news,
    providers::{self, TOKEN, Taken},
    serve,
};
use forecourt_deliver::router;
use forecourt_model::message::{
    MessageChannel::{self, Telegram, Viber, WebPush, Whatsapp},
    MessageState::{Delivered, Failed, Sent, Undelivered, Unknown},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

async fn app(channel: MessageChannel, settings: serde_json::Value, secret: &str) -> App {
    let app = App::open().await;
    app.setting(channel, settings, secret).await;
    app.template(&news(channel)).await;
    app
}

#[tokio::test]
async fn telegram_says_who_blocked_the_bot_and_when_to_come_again() {
    let taken = Taken::default();
    let base = serve(providers::telegram(taken.clone())).await;
    let app = app(Telegram, json!({ "base_url": base }), TOKEN).await;
    let (_running, _stop) = app.run(app.deliver());
    // One after the other: the first call is the one that is asked to wait.
    for (number, chat, state, is_permanent) in [
        (1, "busy", Sent, false),
        (2, "anna", Sent, false),
        (3, "blocked", Failed, true),
        (4, "nobody", Failed, true),
        (5, "silent", Unknown, false),
    ] {
        app.admit(&[message(number, Telegram, chat)]).await;
        let settled = app.settled(&id(number)).await;
        assert_eq!(settled.0, state, "{chat}: {}", settled.1);
        let told = app.event(&format!("message_{}", state.as_str()), &id(number)).await;
        assert_eq!(told["is_permanent"] == true, is_permanent, "{chat}");
        for attempt in app.attempts.of_message(&id(number)).await.unwrap() {
            assert!(!format!("{attempt:?}").contains(TOKEN), "the token is not shown");
        }
    }
    let first = taken.messages.lock().unwrap()[0].clone();
    assert_eq!((&first["chat_id"], &first["text"]), (&json!("busy"), &json!("Hi Anna")));
    let button = &first["reply_markup"]["inline_keyboard"][0][0];
    assert!(button["text"] == "Look" && button["url"].as_str().unwrap().starts_with("https://cdp.example.com/m/c/"), "{button}");
    assert_eq!(taken.count(), 2);
}

#[tokio::test]
async fn a_wrong_token_lets_messages_wait_until_it_is_mended() {
    let taken = Taken::default();
    let base = serve(providers::telegram(taken.clone())).await;
    let app = app(Telegram, json!({ "base_url": base }), "wrong").await;
    let deliver = app.deliver();
    let (_running, _stop) = app.run(deliver.clone());
    app.admit(&[message(1, Telegram, "anna")]).await;
    app.until(async || (!deliver.breakers().is_empty()).then_some(())).await;
    assert!(deliver.breakers()[0].last_failure.contains("token is right"), "{:?}", deliver.breakers());
    app.setting(Telegram, json!({ "base_url": base }), TOKEN).await;
    assert_eq!(app.settled(&id(1)).await.0, Sent);
}

#[tokio::test]
async fn whatsapp_tells_why_not_and_what_was_read() {
    let taken = Taken::default();
    let base = serve(providers::whatsapp(taken.clone())).await;
    let app = app(Whatsapp, json!({ "phone_number_id": "106540352242922", "base_url": base }), TOKEN).await;
    app.receipts_key(Whatsapp, "k1").await;
    let deliver = app.deliver();
    let receipts = serve(router(deliver.clone())).await;
    let (_running, _stop) = app.run(deliver);
    for (number, to, state) in [
        (3, "+380500000003", Sent),
        (1, "+380500000001", Failed),
        (2, "+380500000002", Failed),
        (4, "+380500000004", Unknown),
        (5, "+380500000005", Sent),
        (6, "+380500000006", Sent),
    ] {
        app.admit(&[message(number, Whatsapp, to)]).await;
        let settled = app.settled(&id(number)).await;
        assert_eq!(settled.0, state, "{to}: {}", settled.1);
    }
    assert!(app.state(&id(1)).await.1.contains("send an approved template"));

    let status = |id: &str, status: &str| json!({ "id": id, "status": status, "timestamp": "1", "recipient_id": "38" });
    let call = |statuses: serde_json::Value| {
        json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": "0", "changes": [{ "field": "messages", "value": { "statuses": statuses } }] }] })
    };
    let path = "/v1/receipts/whatsapp/k1";
    let tell =
        async |body: serde_json::Value| ask(&receipts, "POST", path, &[("content-type", "application/json")], &body.to_string()).await.0;
    // Read before delivered, twice, and one that nobody knows.
    assert_eq!(tell(call(json!([status("wamid.2", "read"), status("wamid.2", "delivered")]))).await, 200);
    assert_eq!(tell(call(json!([status("wamid.2", "read"), status("wamid.99", "delivered")]))).await, 200);
    app.folded().await;
    assert_eq!(app.state(&id(5)).await.0, Delivered);
    assert_eq!(app.events_of("message_opened", &id(5)).len(), 1);
    let mut failed = status("wamid.3", "failed");
    failed["errors"] = json!([{ "code": 131049, "title": "Meta chose not to deliver" }]);
    assert_eq!(tell(call(json!([failed]))).await, 200);
    app.folded().await;
    assert_eq!(app.state(&id(6)).await, (Undelivered, "WhatsApp's error 131049: Meta chose not to deliver".to_owned()));
    // One that was unknown turns out to have arrived: by our own id, which WhatsApp repeats.
    let mut late = status("wamid.77", "delivered");
    late["biz_opaque_callback_data"] = id(4).into();
    assert_eq!(tell(call(json!([late]))).await, 200);
    app.folded().await;
    assert_eq!(app.state(&id(4)).await.0, Delivered);

    let verify = |word: &str| format!("{path}?hub.mode=subscribe&hub.verify_token={word}&hub.challenge=1158201444");
    let (status, _, body) = ask(&receipts, "GET", &verify("k1"), &[], "").await;
    assert_eq!((status, body.as_str()), (200, "1158201444"));
    assert_eq!(ask(&receipts, "GET", &verify("k2"), &[], "").await.0, 403);
    assert_eq!(ask(&receipts, "POST", "/v1/receipts/whatsapp/k2", &[], "{}").await.0, 404);
    // With the app's secret only what it signed is taken.
    app.control.put_secret(forecourt_model::sender::WHATSAPP_APP_SECRET, "s", 0).await.unwrap();
    let body = call(json!([])).to_string();
    assert_eq!(ask(&receipts, "POST", path, &[], &body).await.0, 403);
    let signature = format!("sha256={}", hex_mac("s", &body));
    assert_eq!(ask(&receipts, "POST", path, &[("x-hub-signature-256", &signature)], &body).await.0, 200);
}

fn hex_mac(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn viber_says_by_its_status_and_tells_what_was_seen() {
    let taken = Taken::default();
    let base = serve(providers::viber(taken.clone())).await;
    let app = app(Viber, json!({ "name": "Aurora", "base_url": base }), TOKEN).await;
    app.receipts_key(Viber, "k1").await;
    let deliver = app.deliver();
    let receipts = serve(router(deliver.clone())).await;
    let (_running, _stop) = app.run(deliver);
    for (number, to, state, is_permanent) in [
        (12, "+380500000012", Sent, false),
        (5, "+380500000005", Failed, true),
        (6, "+380500000006", Failed, true),
        (4, "+380500000004", Unknown, false),
        (7, "+380500000007", Sent, false),
    ] {
        app.admit(&[message(number, Viber, to)]).await;
        let settled = app.settled(&id(number)).await;
        assert_eq!(settled.0, state, "{to}: {}", settled.1);
        let told = app.event(&format!("message_{}", state.as_str()), &id(number)).await;
        assert_eq!(told["is_permanent"] == true, is_permanent, "{to}");
    }
    let body =
        |event: &str| format!(r#"{{"event":"{event}","timestamp":1457764197627,"message_token":5741311803571721002,"user_id":"u"}}"#);
    let path = "/v1/receipts/viber/k1";
    for event in ["webhook", "delivered", "seen", "seen"] {
        let signature = hex_mac(TOKEN, &body(event));
        assert_eq!(ask(&receipts, "POST", path, &[("x-viber-content-signature", &signature)], &body(event)).await.0, 200, "{event}");
    }
    assert_eq!(ask(&receipts, "POST", path, &[("x-viber-content-signature", "00")], &body("seen")).await.0, 403);
    app.folded().await;
    assert_eq!(app.state(&id(7)).await.0, Delivered);
    assert_eq!(app.events_of("message_opened", &id(7)).len(), 1);
}

#[tokio::test]
async fn a_push_is_sealed_for_its_browser_and_a_browser_that_left_is_told_for_good() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
    use ring::{aead, agreement, hkdf, rand::SystemRandom};

    let taken = Taken::default();
    let base = serve(providers::web_push(taken.clone())).await;
    let (public_key, private_key) = forecourt_deliver::new_web_push_keys().unwrap();
    let app = app(WebPush, json!({ "subject": "mailto:desk@example.com", "public_key": public_key }), &private_key).await;
    let random = SystemRandom::new();
    let browser = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &random).unwrap();
    let browser_key = browser.compute_public_key().unwrap().as_ref().to_vec();
    let auth = [7_u8; 16];
    let subscription = |which: &str| {
        let keys = json!({ "p256dh": BASE64URL.encode(&browser_key), "auth": BASE64URL.encode(auth) });
        json!({ "endpoint": format!("{base}/push/{which}"), "expirationTime": null, "keys": keys }).to_string()
    };
    let (_running, _stop) = app.run(app.deliver());
    for (number, which, state, is_permanent) in
        [(1, "busy", Sent, false), (2, "gone", Failed, true), (3, "never", Failed, true), (4, "silent", Unknown, false)]
    {
        app.admit(&[message(number, WebPush, &subscription(which))]).await;
        let settled = app.settled(&id(number)).await;
        assert_eq!(settled.0, state, "{which}: {}", settled.1);
        let told = app.event(&format!("message_{}", state.as_str()), &id(number)).await;
        assert_eq!(told["is_permanent"] == true, is_permanent, "{which}");
    }
    app.admit(&[message(5, WebPush, "no subscription")]).await;
    assert_eq!(app.settled(&id(5)).await.0, Failed);

    // The browser's side, from what the service was given.
    let pushed = taken.messages.lock().unwrap()[0].clone();
    assert_eq!(pushed["topic"], id(1).trim_start_matches("msg_"));
    let body = BASE64URL.decode(pushed["body"].as_str().unwrap()).unwrap();
    let (salt, own) = (&body[..16], &body[21..86]);
    let theirs = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, own);
    let plain = agreement::agree_ephemeral(browser, &theirs, |shared| {
        let expand = |salt: &[u8], secret: &[u8], info: &[u8], length: usize| {
            let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
            let mut out = vec![0; 32];
            prk.expand(&[info], hkdf::HKDF_SHA256).unwrap().fill(&mut out).unwrap();
            out.truncate(length);
            out
        };
        let keying = expand(&auth, shared, &[b"WebPush: info\0", browser_key.as_slice(), own].concat(), 32);
        let key = expand(salt, &keying, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = expand(salt, &keying, b"Content-Encoding: nonce\0", 12);
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, &key).unwrap());
        let mut text = body[86..].to_vec();
        let nonce = aead::Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let length = key.open_in_place(nonce, aead::Aad::empty(), &mut text).unwrap().len();
        text.truncate(length);
        text
    });
    let mut plain = plain.unwrap();
    assert_eq!(plain.pop(), Some(2));
    let told: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!((&told["title"], &told["body"], &told["tag"]), (&json!("Hello Anna"), &json!("Hi Anna"), &json!(id(1))));
}

#[tokio::test]
async fn a_dead_messenger_keeps_no_other_waiting() {
    let taken = Taken::default();
    let base = serve(providers::viber(taken.clone())).await;
    let app = app(Viber, json!({ "name": "Aurora", "base_url": base }), TOKEN).await;
    // Nothing listens there.
    app.setting(Telegram, json!({ "base_url": "http://127.0.0.1:1" }), TOKEN).await;
    let dead: Vec<_> = (0..200).map(|number| message(number, Telegram, "anna")).collect();
    app.admit(&dead).await;
    let (_running, _stop) = app.run(app.deliver());
    let living: Vec<_> = (200..300).map(|number| message(number, Viber, "+380501112233")).collect();
    app.admit(&living).await;
    for number in 200..300 {
        assert_eq!(app.settled(&id(number)).await.0, Sent);
    }
    assert_eq!(app.state(&id(0)).await.0.as_str(), "pending");
}

#[tokio::test]
async fn a_channel_keeps_to_its_messages_a_second() {
    let taken = Taken::default();
    let base = serve(providers::telegram(taken.clone())).await;
    let app = app(Telegram, json!({ "base_url": base, "per_second": 5 }), TOKEN).await;
    let many: Vec<_> = (0..15).map(|number| message(number, Telegram, "anna")).collect();
    app.admit(&many).await;
    let started = std::time::Instant::now();
    let (_running, _stop) = app.run(app.deliver());
    for number in 0..15 {
        assert_eq!(app.settled(&id(number)).await.0, Sent);
    }
    let took_s = started.elapsed().as_secs_f64();
    assert!((1.8..10.0).contains(&took_s), "5 at once, then 5 a second: {took_s}");
}
