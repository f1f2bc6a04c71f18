//! E-mail by SMTP: connections that are kept open, and an honest word on what became of each message.

use std::{
    fmt,
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lettre::{
    Address, Message as Letter,
    address::Envelope,
    message::{Mailbox, MultiPart, SinglePart, header},
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};

use crate::dkim::Signer;

/// The longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 998;
/// Both bodies together, in bytes: above it relays refuse anyway.
const BODY_BYTES_MAX: usize = 10 << 20;

/// Connections at a time unless told.
const CONNECTIONS: u32 = 8;
/// Messages through one connection: servers that count are gone around.
const MESSAGES_MAX: u32 = 200;
/// A connection that was idle for longer is not trusted any more.
const IDLE_MAX: Duration = Duration::from_secs(30);

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
    /// For those who read AMP: travels beside `html` only.
    pub amp: Option<String>,
    /// Where a mail program unsubscribes with one click (RFC 8058): an address that takes a POST.
    pub unsubscribe: Option<String>,
    /// What providers group complaints by, up to four words parted by colons.
    pub feedback_id: Option<String>,
    /// Whether it is said to many, rather than an answer to what somebody did.
    pub is_broadcast: bool,
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

/// Why it did not go out, and whether that is the address's own fault for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub error: MailError,
    pub is_address_dead: bool,
}

impl From<MailError> for Failure {
    fn from(error: MailError) -> Self {
        Self { error, is_address_dead: false }
    }
}

/// Sends e-mail through one SMTP server. Cloning gives another handle to the same connections.
#[derive(Clone)]
pub struct Mailer {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Settings {
    options: SmtpOptions,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    /// Where bounces go; to the sender where there is none.
    return_path: Option<Address>,
    signers: Vec<Arc<Signer>>,
    hello: ClientId,
    tls: Option<TlsParameters>,
    connections: u32,
}

struct Shared {
    settings: Settings,
    free: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// A connection that is greeted and signed in.
struct Connection {
    smtp: AsyncSmtpConnection,
    messages: u32,
    used: Instant,
    /// Whether the server may still be in the middle of a message.
    is_dirty: bool,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Mailer({:?})", self.shared.settings.options)
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
        let signers = Vec::new();
        Ok(Self::of(Settings { options, from, reply_to: None, return_path: None, signers, hello, tls, connections: CONNECTIONS }))
    }

    fn of(settings: Settings) -> Self {
        let free = Semaphore::new(settings.connections as usize);
        Self { shared: Arc::new(Shared { settings, free, idle: Mutex::default() }) }
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.shared.settings.clone();
        change(&mut settings);
        Self::of(settings)
    }

    /// Mail from the signers' domains, and from domains below them, is signed; by the nearest of them.
    #[must_use]
    pub fn signed_by(&self, signers: Vec<Arc<Signer>>) -> Self {
        self.with(|settings| settings.signers = signers)
    }

    /// With so many connections at a time.
    #[must_use]
    pub fn with_connections(&self, connections: u32) -> Self {
        self.with(|settings| settings.connections = connections.max(1))
    }

    /// With an address for answers where a message has none of its own, and one for bounces.
    pub fn with_addresses(&self, reply_to: &str, return_path: &str) -> Result<Self, MailError> {
        let reply_to = if reply_to.is_empty() { None } else { Some(mailbox("reply_to", reply_to)?) };
        let return_path = if return_path.is_empty() { None } else { Some(mailbox("return_path", return_path)?.email) };
        Ok(self.with(|settings| (settings.reply_to, settings.return_path) = (reply_to, return_path)))
    }

    /// Hands one message to the server; `Ok` means that the server has taken responsibility for it.
    pub async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.hand_over(message).await.map(drop).map_err(|failure| failure.error)
    }

    /// As [`Mailer::send`]; returns what the server said.
    pub(crate) async fn hand_over(&self, message: &Message) -> Result<String, Failure> {
        let letter = self.letter(message)?;
        let mail = self.signed(&letter, message)?;
        // Held to the end: it counts the connections.
        let _free = self.shared.free.acquire().await.map_err(|_| MailError::Later("the mailer is closed".to_owned()))?;
        let (mut connection, is_new) = self.connection().await?;
        let announced = match self.announce(&mut connection, letter.envelope(), &mail).await {
            // It had been closed meanwhile, and nothing was handed over yet.
            Err(Failure { error: MailError::Later(_), .. }) if !is_new && connection.smtp.has_broken() => {
                connection = self.connect_in_time().await?;
                self.announce(&mut connection, letter.envelope(), &mail).await
            }
            announced => announced,
        };
        if let Err(failure) = announced {
            self.put_back(connection);
            return Err(failure);
        }
        let wait = self.settings().options.timeout;
        let handed = match timeout(wait, connection.smtp.command(as_data(&mail))).await {
            Ok(Ok(answer)) => {
                connection.is_dirty = false;
                Ok(answer.message().collect::<Vec<_>>().join(" "))
            }
            Ok(Err(error)) => {
                let failure = after_greeting(&error, MailError::Unknown);
                if matches!(failure, MailError::Unknown(_)) {
                    return Err(failure.into());
                }
                Err(Failure { is_address_dead: is_dead(&failure), error: failure })
            }
            // Nobody knows what the server still says on this connection.
            Err(_) => return Err(MailError::Unknown(format!("no answer within {wait:?}")).into()),
        };
        connection.messages += 1;
        self.put_back(connection);
        handed
    }

    /// Connections at a time.
    pub(crate) fn connections(&self) -> u32 {
        self.settings().connections
    }

    /// Host and port.
    pub(crate) fn server(&self) -> String {
        format!("{}:{}", self.settings().options.host, self.settings().options.port)
    }

    fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Says from whom and to whom. Nothing of the message travels before the server agreed, so what fails here may be tried again.
    async fn announce(&self, connection: &mut Connection, envelope: &Envelope, mail: &[u8]) -> Result<(), Failure> {
        let wait = self.settings().options.timeout;
        let has = |extension| connection.smtp.server_info().supports_feature(extension);
        let mut parameters = Vec::new();
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !envelope.to().iter().chain(envelope.from()).all(is_ascii) {
            if !has(Extension::SmtpUtfEight) {
                return Err(MailError::Refused("the mail server takes no addresses beyond Latin letters".to_owned()).into());
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.is_ascii() && has(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        connection.is_dirty = true;
        let smtp = &mut connection.smtp;
        let said = async {
            smtp.command(Mail::new(envelope.from().cloned(), parameters)).await.map_err(|error| (error, false))?;
            for to in envelope.to() {
                smtp.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(|error| (error, true))?;
            }
            smtp.command(Data).await.map_err(|error| (error, false))
        };
        match timeout(wait, said).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, is_of_address))) => {
                let failure = after_greeting(&error, MailError::Later);
                if error.status().is_none() {
                    close(&mut connection.smtp).await;
                }
                Err(Failure { is_address_dead: is_of_address && is_dead(&failure), error: failure })
            }
            Err(_) => {
                close(&mut connection.smtp).await;
                Err(MailError::Later(format!("no answer within {wait:?}")).into())
            }
        }
    }

    /// A connection, and whether it was made for this.
    async fn connection(&self) -> Result<(Connection, bool), MailError> {
        loop {
            let idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut connection) = idle else { return Ok((self.connect_in_time().await?, true)) };
            if IDLE_MAX < connection.used.elapsed() || MESSAGES_MAX <= connection.messages {
                // A good-bye that fails changes nothing, and nobody waits for it.
                tokio::spawn(async move { timeout(Duration::from_secs(5), connection.smtp.quit()).await.map(drop) });
                continue;
            }
            if connection.is_dirty {
                match timeout(self.settings().options.timeout, connection.smtp.command(Rset)).await {
                    Ok(Ok(_)) => connection.is_dirty = false,
                    _ => continue,
                }
            }
            return Ok((connection, false));
        }
    }

    fn put_back(&self, mut connection: Connection) {
        if !connection.smtp.has_broken() {
            connection.used = Instant::now();
            self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }

    async fn connect_in_time(&self) -> Result<Connection, MailError> {
        let SmtpOptions { host, timeout: wait, .. } = &self.settings().options;
        let connected = timeout(*wait, self.connect()).await;
        let smtp = connected.map_err(|_| MailError::Later(format!("{host} did not answer within {wait:?}")))??;
        Ok(Connection { smtp, messages: 0, used: Instant::now(), is_dirty: false })
    }

    /// Greets the server, protected and signed in as the administrator wants it.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let Settings { options, hello, tls, .. } = self.settings();
        let SmtpOptions { host, port, security, credentials, timeout, .. } = options;
        let at_once = tls.clone().filter(|_| *security == Security::Tls);
        let later = |error: SmtpError| after_greeting(&error, MailError::Later);
        let address = (host.as_str(), *port);
        let mut connection = match at_once {
            Some(tls) => AsyncSmtpConnection::connect_tokio1(address, Some(*timeout), hello, Some(tls), None).await.map_err(later)?,
            None => {
                let told = |error: std::io::Error| MailError::Later(format!("no connection to {host}:{port}: {error}"));
                let stream = TcpStream::connect(address).await.map_err(told)?;
                // Each command waits for its answer: gathering bytes before they go only adds to that.
                stream.set_nodelay(true).map_err(told)?;
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello).await.map_err(later)?
            }
        };
        if let Some(tls) = tls.clone().filter(|_| *security == Security::StartTls) {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(MailError::Refused(format!("{host} offers no STARTTLS: set `tls = \"tls\"` if it speaks TLS at once")));
            }
            connection.starttls(tls, hello).await.map_err(later)?;
        }
        if let Some((name, password)) = credentials {
            let credentials = Credentials::new(name.clone(), password.clone());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(later)?;
        }
        Ok(connection)
    }

    /// The message as it travels, but for its signature.
    fn letter(&self, message: &Message) -> Result<Letter, MailError> {
        let Message { to, from, reply_to, subject, text, html, amp, unsubscribe, feedback_id, is_broadcast, id } = message;
        one_line("subject", subject)?;
        if SUBJECT_CHARS_MAX < subject.chars().count() {
            return Err(MailError::Invalid(format!("`subject` is longer than {SUBJECT_CHARS_MAX} characters")));
        }
        if BODY_BYTES_MAX < text.len() + html.as_ref().map_or(0, String::len) + amp.as_ref().map_or(0, String::len) {
            return Err(MailError::Invalid(format!("the message is larger than {} MiB", BODY_BYTES_MAX >> 20)));
        }
        let from = from.as_ref().map_or_else(|| Ok(self.settings().from.clone()), |from| mailbox("from", from))?;
        let to = mailbox("to", to)?;
        let mut builder = Letter::builder().to(to.clone()).subject(subject.as_str());
        let reply_to = reply_to.as_ref().map(|reply_to| mailbox("reply_to", reply_to)).transpose()?;
        if let Some(reply_to) = reply_to.or_else(|| self.settings().reply_to.clone()) {
            builder = builder.reply_to(reply_to);
        }
        if let Some(id) = id {
            builder = builder.message_id(Some(message_id(id, &from)?));
        }
        if let Some(unsubscribe) = unsubscribe {
            builder = builder.raw_header(raw("List-Unsubscribe", &format!("<{unsubscribe}>"))?);
            builder = builder.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?);
        }
        if let Some(feedback_id) = feedback_id {
            builder = builder.raw_header(raw("Feedback-ID", feedback_id)?);
        }
        if !is_broadcast {
            // Answering machines keep silent (RFC 3834).
            builder = builder.raw_header(raw("Auto-Submitted", "auto-generated")?);
        }
        if let Some(return_path) = &self.settings().return_path {
            let envelope = Envelope::new(Some(return_path.clone()), vec![to.email.clone()]);
            builder = builder.envelope(envelope.map_err(|error| MailError::Invalid(error.to_string()))?);
        }
        builder = builder.from(from);
        let plain = SinglePart::plain(text.clone());
        let built = match (html, amp) {
            (None, _) => builder.singlepart(plain),
            (Some(html), None) => builder.multipart(MultiPart::alternative().singlepart(plain).singlepart(SinglePart::html(html.clone()))),
            // Programs show the last part that they know; those that know AMP look for it.
            (Some(html), Some(amp)) => {
                let amp = SinglePart::builder().header(amp_type()?).body(amp.clone());
                builder.multipart(MultiPart::alternative().singlepart(plain).singlepart(amp).singlepart(SinglePart::html(html.clone())))
            }
        };
        built.map_err(|error| MailError::Invalid(error.to_string()))
    }

    /// The letter's bytes, with the signature of the sender's domain if there is a key for it.
    fn signed(&self, letter: &Letter, message: &Message) -> Result<Vec<u8>, MailError> {
        let mail = letter.formatted();
        let from = message.from.as_ref().map_or_else(|| Ok(self.settings().from.clone()), |from| mailbox("from", from))?;
        let domain = from.email.domain().to_ascii_lowercase();
        let covers =
            |signer: &&Arc<Signer>| domain.strip_suffix(signer.domain()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let Some(signer) = self.settings().signers.iter().filter(covers).max_by_key(|signer| signer.domain().len()) else {
            return Ok(mail);
        };
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs() as i64);
        let mut signed = signer.header(&mail, now_s).map_err(MailError::Invalid)?.into_bytes();
        signed.extend_from_slice(&mail);
        Ok(signed)
    }
}

/// A mail as it follows `DATA`, with its end: in one piece, since the end on its own would wait for the server's system to
/// acknowledge the rest.
fn as_data(mail: &[u8]) -> String {
    // What `lettre` writes is ASCII.
    let text = String::from_utf8_lossy(mail);
    let dot = if text.starts_with('.') { "." } else { "" };
    let end = if text.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" };
    format!("{dot}{}{end}", text.replace("\r\n.", "\r\n.."))
}

/// Marks it as broken and closes it, without a word that nobody may answer.
async fn close(smtp: &mut AsyncSmtpConnection) {
    let _ = timeout(Duration::from_secs(1), smtp.abort()).await;
}

fn amp_type() -> Result<header::ContentType, MailError> {
    header::ContentType::parse("text/x-amp-html; charset=utf-8").map_err(|error| MailError::Invalid(error.to_string()))
}

fn raw(name: &'static str, value: &str) -> Result<header::HeaderValue, MailError> {
    one_line(name, value)?;
    if !value.is_ascii() {
        return Err(MailError::Invalid(format!("`{name}` has letters that a header cannot carry")));
    }
    // Not encoded and not folded: what reads it wants it whole.
    let name = header::HeaderName::new_from_ascii_str(name);
    Ok(header::HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned()))
}

/// The id in a server's word that it took a mail, such as `Ok: queued as 4c5f1d` or `Ok 0100018c-…`: providers' webhooks name it.
pub(crate) fn queue_id(told: &str) -> Option<&str> {
    let last = told.split_whitespace().next_back()?.trim_matches(['<', '>', '.', '(', ')']);
    let is_id = 8 <= last.len() && last.bytes().any(|byte| byte.is_ascii_digit()) && last.bytes().all(|byte| byte.is_ascii_graphic());
    is_id.then_some(last)
}

/// Whether a refusal says that there is no such mailbox, and will not be.
fn is_dead(error: &MailError) -> bool {
    let MailError::Refused(told) = error else { return false };
    is_mailbox_gone(told)
}

/// Whether a server's words, or a bounce's, say that the mailbox is not there: by the enhanced status (RFC 3463), else by what
/// servers write.
pub(crate) fn is_mailbox_gone(told: &str) -> bool {
    let is_status = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        word.split('.').count() == 3
            && word.starts_with("5.")
            && word.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some(status) = told.split([' ', '#', '(', ')', ':', ';', ',']).find(is_status) {
        let status = status.trim_matches(|c: char| !c.is_ascii_digit());
        return matches!(status, "5.1.0" | "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.1");
    }
    const WORDS: [&str; 8] =
        ["no such", "user unknown", "unknown user", "does not exist", "mailbox unavailable", "mailbox not found", "no mailbox", "disabled"];
    let told = told.to_ascii_lowercase();
    WORDS.iter().any(|words| told.contains(words))
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
        let options = SmtpOptions { security: Security::None, ..mailer().settings().options.clone() };
        assert!(Mailer::new(options.clone()).unwrap_err().to_string().contains("unprotected"));
        assert!(Mailer::new(SmtpOptions { host: "localhost".to_owned(), ..options }).is_ok());
    }

    #[test]
    fn the_password_is_not_printed() {
        assert!(!format!("{:?}", mailer()).contains("secret"));
    }
}
