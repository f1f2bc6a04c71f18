//! E-mail handed to a real SMTP server.

mod app;

use std::{path::Path, sync::Arc, time::Duration};

use app::smtp::{SmtpServer, key, verified};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use forecourt_deliver::{
    dkim::Signer,
    email::{MailError, Mailer, Message, Security, SmtpOptions},
};

fn message(to: &str) -> Message {
    Message {
        to: to.to_owned(),
        subject: "Сброс пароля".to_owned(),
        text: "Перейдите по ссылке\n.\nконец".to_owned(),
        ..Message::default()
    }
}

/// A certificate for `localhost` and its key, as files; returns the PEM that trusts it.
fn certificate(dir: &Path) -> (String, String, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate.display().to_string(), key.display().to_string(), made.cert.pem().into_bytes())
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let mut server = SmtpServer::start(&[]);
    let mailer = Mailer::new(server.options()).unwrap();
    let html = "<p>Перейдите по <a href=\"https://cdp.example.com/x\">ссылке</a></p>";
    let id = Some("msg_1".to_owned());
    let reply_to = Some("desk@example.com".to_owned());
    mailer.send(&Message { html: Some(html.to_owned()), id, reply_to, ..message("anna@example.org") }).await.unwrap();

    let taken = server.next_message();
    assert_eq!((&taken["from"], &taken["to"]), (&"cdp@example.com".into(), &serde_json::json!(["anna@example.org"])));
    assert_eq!(taken["headers"]["Subject"], "Сброс пароля");
    assert_eq!(taken["headers"]["From"], "Forecourt <cdp@example.com>");
    assert_eq!(taken["headers"]["Message-ID"], "<msg_1@example.com>");
    assert_eq!(taken["headers"]["Reply-To"], "desk@example.com");
    assert_eq!(taken["text"].as_str().unwrap().replace("\r\n", "\n").trim_end(), "Перейдите по ссылке\n.\nконец");
    assert_eq!(taken["html"].as_str().unwrap().trim_end(), html);
}

#[tokio::test]
async fn protected_connections_are_signed_in_on() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, authority) = certificate(dir.path());
    for (way, security) in [("starttls", Security::StartTls), ("tls", Security::Tls)] {
        let arguments = ["--tls", way, "--certificate", &certificate, "--key", &key, "--user", "cdp", "--password", "word"];
        let mut server = SmtpServer::start(&arguments);
        let trusting = SmtpOptions {
            security,
            credentials: Some(("cdp".to_owned(), "word".to_owned())),
            authority: Some(authority.clone()),
            ..server.options()
        };
        Mailer::new(trusting.clone()).unwrap().send(&message("anna@example.org")).await.unwrap();
        let taken = server.next_message();
        assert_eq!((&taken["encrypted"], &taken["user"]), (&true.into(), &"cdp".into()), "{way}");

        let stranger = SmtpOptions { authority: None, ..trusting.clone() };
        let refused = Mailer::new(stranger).unwrap().send(&message("anna@example.org")).await;
        assert!(matches!(&refused, Err(MailError::Later(told)) if told.contains("certificate")), "{refused:?}");

        let wrong = SmtpOptions { credentials: Some(("cdp".to_owned(), "guess".to_owned())), ..trusting };
        let refused = Mailer::new(wrong).unwrap().send(&message("anna@example.org")).await;
        assert!(matches!(refused, Err(MailError::Refused(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let server = SmtpServer::start(&[]);
    let options = SmtpOptions { security: Security::StartTls, ..server.options() };
    let refused = Mailer::new(options).unwrap().send(&message("anna@example.org")).await.unwrap_err();
    assert!(refused.to_string().contains("offers no STARTTLS"), "{refused}");
}

#[tokio::test]
async fn what_became_of_a_message_is_told_honestly() {
    let server = SmtpServer::start(&[]);
    let mailer = Mailer::new(SmtpOptions { timeout: Duration::from_secs(2), ..server.options() }).unwrap();
    let refused = mailer.send(&message("refused@example.org")).await;
    assert!(matches!(&refused, Err(MailError::Refused(told)) if told.contains("no such mailbox")), "{refused:?}");
    let later = mailer.send(&message("later@example.org")).await;
    assert!(matches!(&later, Err(MailError::Later(told)) if told.contains("try again")), "{later:?}");
    let silent = mailer.send(&message("silent@example.org")).await;
    assert!(matches!(silent, Err(MailError::Unknown(_))), "{silent:?}");
    let gone = Mailer::new(SmtpOptions { port: 1, ..server.options() }).unwrap().send(&message("anna@example.org")).await;
    assert!(matches!(gone, Err(MailError::Later(_))), "{gone:?}");
}

#[tokio::test]
async fn many_go_through_few_connections_and_a_closed_one_is_made_anew() {
    let mut server = SmtpServer::start(&["--close-after", "3"]);
    let mailer = Mailer::new(server.options()).unwrap().with_connections(2);
    let sending = (0..20).map(|number| {
        let mailer = mailer.clone();
        tokio::spawn(async move {
            let to = if number % 5 == 0 { format!("refused@{number}.example.org") } else { format!("anna@{number}.example.org") };
            mailer.send(&message(&to)).await.is_ok()
        })
    });
    let mut taken = 0;
    for sent in sending.collect::<Vec<_>>() {
        taken += usize::from(sent.await.unwrap());
    }
    assert_eq!(taken, 16);
    let mut peers = std::collections::BTreeSet::new();
    for _ in 0..16 {
        peers.insert(server.next_message()["peer"].to_string());
    }
    assert!(peers.len() <= 9, "{peers:?}");
}

#[tokio::test]
async fn what_is_signed_is_verified_by_others_with_the_unsubscribe_headers() {
    let mut server = SmtpServer::start(&[]);
    let rsa = key(&["genrsa", "2048"]);
    let ed25519 = key(&["genpkey", "-algorithm", "ed25519"]);
    for pem in [rsa, ed25519] {
        let signer = Arc::new(Signer::new("example.com", "s1", &pem).unwrap());
        let mailer = Mailer::new(server.options()).unwrap().signed_by(vec![signer.clone()]);
        let mail = Message {
            html: Some("<p>Здравствуйте,  Анна </p>\n\n".to_owned()),
            amp: Some("<!doctype html><html \u{26a1}4email></html>".to_owned()),
            unsubscribe: Some("https://cdp.example.com/m/u/abc.def".to_owned()),
            feedback_id: Some("news:spring:marketing:forecourt".to_owned()),
            is_broadcast: true,
            id: Some("msg_1".to_owned()),
            ..message("anna@example.org")
        };
        mailer.send(&mail).await.unwrap();
        let taken = server.next_message();
        assert_eq!(taken["parts"], serde_json::json!(["text/plain", "text/x-amp-html", "text/html"]));
        assert_eq!(taken["headers"]["List-Unsubscribe"], "<https://cdp.example.com/m/u/abc.def>");
        assert_eq!(taken["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
        assert_eq!(taken["headers"]["Auto-Submitted"], serde_json::Value::Null);
        let mail = BASE64.decode(taken["mail"].as_str().unwrap()).unwrap();
        let told = verified(&mail, &signer.record());
        assert!(told.starts_with("verified ") && told.contains("list-unsubscribe list-unsubscribe-post"), "{told}");
        let changed = String::from_utf8(mail).unwrap().replace("abc.def", "abc.dee");
        assert!(verified(changed.as_bytes(), &signer.record()).starts_with("not verified"));
    }
}
