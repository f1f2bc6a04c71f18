//! E-mail handed to a real SMTP server.

use std::{
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use forecourt_deliver::email::{MailError, Mailer, Message, Security, SmtpOptions};
use serde_json::Value;

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools");

/// A server of its own for each test; it ends with the test.
struct SmtpServer {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl SmtpServer {
    fn start(arguments: &[&str]) -> Self {
        let python = Command::new(format!("{TOOLS}/smtp-venv")).output().unwrap();
        assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
        let python = String::from_utf8(python.stdout).unwrap();
        let mut server = Command::new(python.trim());
        server.arg(format!("{TOOLS}/smtp_server.py")).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = server.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Self { process, lines, port }
    }

    fn next_message(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    fn options(&self) -> SmtpOptions {
        SmtpOptions {
            host: "localhost".to_owned(),
            port: self.port,
            security: Security::None,
            credentials: None,
            from: "Forecourt <cdp@example.com>".to_owned(),
            authority: None,
            timeout: Duration::from_secs(10),
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

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
