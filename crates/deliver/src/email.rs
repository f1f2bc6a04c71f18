//! E-mail by SMTP: one message, one connection, and an honest word on what became of it.

use std::{fmt, str::FromStr as _, time::Duration};

use lettre::{
    Address, Message as Letter,
    message::{Mailbox, MultiPart, SinglePart, header},
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;

/// The longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 998;
/// Both bodies together, in bytes: above it relays refuse anyway.
const BODY_BYTES_MAX: usize = 10 << 20;

/// How the connection to the SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then upgraded; a server that does not offer the upgrade gets nothing (port 587).
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
    /// No protection: for a relay on the same machine (port 25).
    None,
}

/// What the administrator says of the SMTP server.
#[derive(Clone)]
pub struct SmtpOptions {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Name and password, where the server asks for them.
    pub credentials: Option<(String, String)>,
    /// `Name <mailbox@domain>` or `mailbox@domain`; what [`Message::from`] leaves open.
    pub from: String,
    /// PEM of an authority that is trusted besides the public ones: a company's own.
    pub authority: Option<Vec<u8>>,
    /// For greeting the server, and again for handing the message over.
    pub timeout: Duration,
}

impl fmt::Debug for SmtpOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SmtpOptions({}:{}, {:?})", self.host, self.port, self.security)
    }
}

/// One message to one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// `mailbox@domain`, or `Name <mailbox@domain>`.
    pub to: String,
    /// The installation's sender unless told.
    pub from: Option<String>,
    pub reply_to: Option<String>,
    pub subject: String,
    /// For those who read plain text; every message has it.
    pub text: String,
    /// For those who read HTML.
    pub html: Option<String>,
    /// What names the message for good: the local part of its `Message-ID`, which the same message keeps at each attempt.
    /// Letters, digits, `.`, `_` and `-`. The server gives one unless told.
    pub id: Option<String>,
}

/// Why a message did not go out, by what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It was not even tried: an address or a header that no mail can have.
    #[error("{0}")]
    Invalid(String),
    /// The server said no for good.
    #[error("the mail server refused: {0}")]
    Refused(String),
    /// Nothing was handed over; the same may succeed later.
    #[error("the mail server could not take it: {0}")]
    Later(String),
    /// The connection broke after the message had begun to travel: it may have been taken.
    #[error("the connection to the mail server broke while it was handing over: {0}")]
    Unknown(String),
}

/// Sends e-mail through one SMTP server. Cloning is cheap enough to give each worker its own.
#[derive(Clone)]
pub struct Mailer {
    options: SmtpOptions,
    from: Mailbox,
    hello: ClientId,
    tls: Option<TlsParameters>,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Mailer({:?})", self.options)
    }
}

impl Mailer {
    /// Errors: [`MailError::Invalid`] for a sender that is no address, an authority that is no certificate, or a password that
    /// would cross a network unprotected.
    pub fn new(options: SmtpOptions) -> Result<Self, MailError> {
        let from = mailbox("from", &options.from)?;
        let local = ["localhost", "127.0.0.1", "::1"].contains(&options.host.as_str());
        if options.security == Security::None && options.credentials.is_some() && !local {
            let told = "a password would travel unprotected: set `tls = \"starttls\"` or `\"tls\"`, or leave `username` empty";
            return Err(MailError::Invalid(told.to_owned()));
        }
        // Some relays look at the name; "localhost" is what spammers say.
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let tls = match options.security {
            Security::None => None,
            Security::StartTls | Security::Tls => Some(trust(&options)?),
        };
        Ok(Self { options, from, hello, tls })
    }

    /// Hands one message to the server; `Ok` means that the server has taken responsibility for it.
    pub async fn send(&self, message: &Message) -> Result<(), MailError> {
        let letter = self.letter(message)?;
        let mut connection = timeout(self.options.timeout, self.connect())
            .await
            .map_err(|_| MailError::Later(format!("{} did not answer within {:?}", self.options.host, self.options.timeout)))??;
        let bytes = letter.formatted();
        let handed = timeout(self.options.timeout, connection.send(letter.envelope(), &bytes)).await;
        let handed = match handed {
            Ok(answer) => answer.map(drop).map_err(|error| after_greeting(&error, MailError::Unknown)),
            Err(_) => Err(MailError::Unknown(format!("no answer within {:?}", self.options.timeout))),
        };
        if handed.is_ok() {
            // The message is the server's now: a good-bye that fails changes nothing.
            let _ = timeout(self.options.timeout, connection.quit()).await;
        }
        handed
    }

    /// Greets the server, protected and signed in as the administrator wants it.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let SmtpOptions { host, port, security, credentials, timeout, .. } = &self.options;
        let at_once = self.tls.clone().filter(|_| *security == Security::Tls);
        let later = |error: SmtpError| after_greeting(&error, MailError::Later);
        let connected = AsyncSmtpConnection::connect_tokio1((host.as_str(), *port), Some(*timeout), &self.hello, at_once, None);
        let mut connection = connected.await.map_err(later)?;
        if let Some(tls) = self.tls.clone().filter(|_| *security == Security::StartTls) {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(MailError::Refused(format!("{host} offers no STARTTLS: set `tls = \"tls\"` if it speaks TLS at once")));
            }
            connection.starttls(tls, &self.hello).await.map_err(later)?;
        }
        if let Some((name, password)) = credentials {
            let credentials = Credentials::new(name.clone(), password.clone());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(later)?;
        }
        Ok(connection)
    }

    /// The message as it travels.
    fn letter(&self, message: &Message) -> Result<Letter, MailError> {
        let Message { to, from, reply_to, subject, text, html, id } = message;
        one_line("subject", subject)?;
        if SUBJECT_CHARS_MAX < subject.chars().count() {
            return Err(MailError::Invalid(format!("`subject` is longer than {SUBJECT_CHARS_MAX} characters")));
        }
        if BODY_BYTES_MAX < text.len() + html.as_ref().map_or(0, String::len) {
            return Err(MailError::Invalid(format!("the message is larger than {} MiB", BODY_BYTES_MAX >> 20)));
        }
        let from = from.as_ref().map_or_else(|| Ok(self.from.clone()), |from| mailbox("from", from))?;
        let mut builder = Letter::builder().to(mailbox("to", to)?).subject(subject.as_str());
        if let Some(reply_to) = reply_to {
            builder = builder.reply_to(mailbox("reply_to", reply_to)?);
        }
        if let Some(id) = id {
            builder = builder.message_id(Some(message_id(id, &from)?));
        }
        // Answering machines keep silent.
        builder = builder.from(from).header(AutoSubmitted);
        let built = match html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(text.clone(), html.clone())),
            None => builder.singlepart(SinglePart::plain(text.clone())),
        };
        built.map_err(|error| MailError::Invalid(error.to_string()))
    }
}

fn trust(options: &SmtpOptions) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(options.host.clone());
    if let Some(pem) = &options.authority {
        let unread = |error: SmtpError| MailError::Invalid(format!("the authority is no certificate in PEM: {error}"));
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(unread)?);
    }
    builder.build_rustls().map_err(|error| MailError::Invalid(format!("TLS to {} cannot be set up: {error}", options.host)))
}

/// What a server's word, or its silence (`otherwise`), means for the message.
fn after_greeting(error: &SmtpError, otherwise: impl Fn(String) -> MailError) -> MailError {
    let told = whole(error);
    if error.is_permanent() || error.is_client() {
        MailError::Refused(told)
    } else if error.is_transient() {
        MailError::Later(told)
    } else {
        otherwise(told)
    }
}

/// The error with its reasons: "Connection error" alone helps nobody.
fn whole(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        let reason_text = reason.to_string();
        if !told.contains(&reason_text) {
            told = format!("{told}: {reason_text}");
        }
        source = reason.source();
    }
    told
}

/// Reads `mailbox@domain` or `Name <mailbox@domain>`: one address, nothing behind it.
fn mailbox(field: &str, raw: &str) -> Result<Mailbox, MailError> {
    one_line(field, raw)?;
    let raw = raw.trim();
    let (name, address) = match raw.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()), address),
        None => (None, raw),
    };
    let address = Address::from_str(address.trim())
        .map_err(|_| MailError::Invalid(format!("`{field}` is `{}`: write an address such as anna@example.com", raw.escape_debug())))?;
    Ok(Mailbox::new(name, address))
}

/// A line break in a header would begin another header.
fn one_line(field: &str, value: &str) -> Result<(), MailError> {
    match value.chars().find(|c| c.is_control()) {
        Some(found) => Err(MailError::Invalid(format!("`{field}` has the character `{}`: write it in one line", found.escape_debug()))),
        None => Ok(()),
    }
}

fn message_id(id: &str, from: &Mailbox) -> Result<String, MailError> {
    let plain = !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    match plain {
        true => Ok(format!("<{id}@{}>", from.email.domain())),
        false => Err(MailError::Invalid("`id` has 1 to 128 letters, digits, `.`, `_` and `-`".to_owned())),
    }
}

/// Says that no person wrote it (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer() -> Mailer {
        Mailer::new(SmtpOptions {
            host: "mail.example.com".to_owned(),
            port: 587,
            security: Security::StartTls,
            credentials: Some(("forecourt".to_owned(), "secret".to_owned())),
            from: "Forecourt <cdp@example.com>".to_owned(),
            authority: None,
            timeout: Duration::from_secs(5),
        })
        .unwrap()
    }

    fn letter(change: impl FnOnce(&mut Message)) -> Result<String, MailError> {
        let mut message =
            Message { to: "anna@example.org".to_owned(), subject: "Hello".to_owned(), text: "Hi".to_owned(), ..Message::default() };
        change(&mut message);
        mailer().letter(&message).map(|letter| String::from_utf8(letter.formatted()).unwrap())
    }

    #[test]
    fn what_would_begin_another_header_is_refused() {
        let told = |change: fn(&mut Message)| letter(change).unwrap_err().to_string();
        assert_eq!(
            told(|m| m.subject = "Hi\r\nBcc: all@example.org".to_owned()),
            "`subject` has the character `\\r`: write it in one line"
        );
        assert!(told(|m| m.to = "a@example.org\nBcc: b@example.org".to_owned()).contains("one line"));
        assert!(told(|m| m.to = "a@example.org, b@example.org".to_owned()).contains("write an address"));
        assert!(told(|m| m.to = "a@example.org> b".to_owned()).contains("write an address"));
        assert!(told(|m| m.reply_to = Some("nobody".to_owned())).contains("reply_to"));
        assert!(told(|m| m.from = Some("x\u{0}@example.org".to_owned())).contains("from"));
        assert!(told(|m| m.id = Some("a>\u{20}b".to_owned())).contains("`id`"));
    }

    #[test]
    fn both_bodies_travel_and_any_script_is_carried() {
        let plain = letter(|message| message.id = Some("msg_7".to_owned())).unwrap();
        assert!(plain.contains("Message-ID: <msg_7@example.com>\r\n"), "{plain}");
        assert!(plain.contains("From: Forecourt <cdp@example.com>\r\n"));
        assert!(plain.contains("Auto-Submitted: auto-generated\r\n"));
        let both = letter(|message| {
            message.subject = "Сброс пароля".to_owned();
            message.html = Some("<p>Здравствуйте</p>".to_owned());
        })
        .unwrap();
        assert!(both.is_ascii() && both.contains("multipart/alternative") && both.contains("Subject: =?utf-8?"), "{both}");
    }

    #[test]
    fn a_password_does_not_cross_a_network_unprotected() {
        let options = SmtpOptions { security: Security::None, ..mailer().options };
        assert!(Mailer::new(options.clone()).unwrap_err().to_string().contains("unprotected"));
        assert!(Mailer::new(SmtpOptions { host: "localhost".to_owned(), ..options }).is_ok());
    }

    #[test]
    fn the_password_is_not_printed() {
        assert!(!format!("{:?}", mailer()).contains("secret"));
    }
}
