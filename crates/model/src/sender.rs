//! How each message channel is reached: what people set, and where its secrets are kept. That of SMS is [`crate::gateway`].
//!
//! Settings are rows of the control database under [`setting`], secrets lie in its vault.

use serde::{Deserialize, Serialize};

use crate::message::MessageChannel;

const TEXT_BYTES_MAX: usize = 300;
const DKIM_KEYS_MAX: usize = 20;
const CONNECTIONS_MAX: u32 = 64;
const PER_SECOND_MAX: u32 = 100_000;

/// The name of a channel's setting; the SMS gateway has one of its own, and a webhook has none.
pub fn setting(channel: MessageChannel) -> Option<&'static str> {
    match channel {
        MessageChannel::Email => Some("email_sender"),
        MessageChannel::Sms => Some(crate::gateway::SETTING),
        MessageChannel::Viber => Some("viber_sender"),
        MessageChannel::Whatsapp => Some("whatsapp_sender"),
        MessageChannel::Telegram => Some("telegram_sender"),
        MessageChannel::WebPush => Some("web_push_sender"),
        MessageChannel::Webhook => None,
    }
}

/// Where a channel's secret is kept: the mail server's password, Viber's, WhatsApp's or Telegram's token, the private key of
/// web push (base64url of its 32 bytes).
pub fn secret_place(channel: MessageChannel) -> Option<&'static str> {
    match channel {
        MessageChannel::Email => Some("email_sender/password"),
        MessageChannel::Sms => Some(crate::gateway::SECRET_PLACE),
        MessageChannel::Viber => Some("viber_sender/token"),
        MessageChannel::Whatsapp => Some("whatsapp_sender/token"),
        MessageChannel::Telegram => Some("telegram_sender/token"),
        MessageChannel::WebPush => Some("web_push_sender/private_key"),
        MessageChannel::Webhook => None,
    }
}

/// Where the last part of the address for a channel's receipts is kept; of e-mail, for bounces. `None` where nothing is told back.
pub fn receipts_place(channel: MessageChannel) -> Option<&'static str> {
    match channel {
        MessageChannel::Email => Some("email_sender/bounces"),
        MessageChannel::Sms => Some(crate::gateway::RECEIPTS_PLACE),
        MessageChannel::Viber => Some("viber_sender/receipts"),
        MessageChannel::Whatsapp => Some("whatsapp_sender/receipts"),
        MessageChannel::Telegram | MessageChannel::WebPush | MessageChannel::Webhook => None,
    }
}

/// What WhatsApp signs its receipts with: the app's secret. Where it is set, a receipt without its signature is refused.
pub const WHATSAPP_APP_SECRET: &str = "whatsapp_sender/app_secret";
/// What addresses in messages are signed with; made at first use.
pub const LINKS_SECRET: &str = "links/key";
/// The setting of how many SMS a second the gateway takes: a number.
pub const SMS_PER_SECOND: &str = "sms_per_second";

/// Where a domain's DKIM key is kept: PEM of an RSA key (PKCS #1 or #8) or of an Ed25519 key (PKCS #8).
pub fn dkim_place(domain: &str, selector: &str) -> String {
    format!("dkim/{domain}/{selector}")
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Plain at first, then upgraded (port 587).
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
    /// For a relay on the same machine (port 25).
    None,
}

/// A domain that mail is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimDomain {
    pub domain: String,
    pub selector: String,
}

/// The mail server, and in whose name mail goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSender {
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub security: SmtpSecurity,
    /// Empty where the server asks for none.
    #[serde(default)]
    pub username: String,
    /// `Name <mailbox@domain>`; a brand may have its own.
    pub from: String,
    #[serde(default)]
    pub reply_to: String,
    /// Where bounces go: a mailbox whose mail is piped to the address for bounces. The sender's where it is empty.
    #[serde(default)]
    pub return_path: String,
    /// Of each, mail from it and from domains below it is signed; none where the mail server signs.
    #[serde(default)]
    pub dkim: Vec<DkimDomain>,
    /// Messages a second at most.
    #[serde(default)]
    pub per_second: Option<u32>,
    /// Connections kept open at a time.
    #[serde(default = "sixteen")]
    pub connections: u32,
}

fn sixteen() -> u32 {
    16
}

/// A Viber bot, or a gateway that speaks as Viber does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViberSender {
    /// The name that people see; at most 28 characters.
    pub name: String,
    /// Viber's own where it is empty.
    #[serde(default)]
    pub base_url: String,
    #[serde(default)]
    pub per_second: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatsappSender {
    /// Digits, as Meta shows it beside the number.
    pub phone_number_id: String,
    #[serde(default = "graph_version")]
    pub api_version: String,
    /// Meta's own where it is empty.
    #[serde(default)]
    pub base_url: String,
    #[serde(default)]
    pub per_second: Option<u32>,
}

fn graph_version() -> String {
    "v23.0".to_owned()
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramSender {
    /// Telegram's own where it is empty.
    #[serde(default)]
    pub base_url: String,
    #[serde(default)]
    pub per_second: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebPushSender {
    /// Whom a push service writes to when something is wrong: `mailto:…` or `https://…`.
    pub subject: String,
    /// What the site subscribes with: base64url of the public key's 65 bytes.
    pub public_key: String,
    #[serde(default)]
    pub per_second: Option<u32>,
}

impl EmailSender {
    /// What is wrong with it, as a sentence that says what to do.
    pub fn check(&self) -> Result<(), String> {
        plain("the mail server", &self.host)?;
        if self.host.is_empty() || self.port == 0 {
            return Err("name the mail server and its port, such as mail.example.com and 587".to_owned());
        }
        plain("the user name", &self.username)?;
        if !is_sender(&self.from) {
            return Err("the sender is written `Name <mailbox@example.com>` or `mailbox@example.com`".to_owned());
        }
        if !self.reply_to.is_empty() && !is_sender(&self.reply_to) {
            return Err("the address for answers is written `Name <mailbox@example.com>` or `mailbox@example.com`".to_owned());
        }
        if !self.return_path.is_empty() && (self.return_path.contains('<') || !is_sender(&self.return_path)) {
            return Err("the address for bounces is written `mailbox@example.com`".to_owned());
        }
        if DKIM_KEYS_MAX < self.dkim.len() {
            return Err(format!("mail is signed for at most {DKIM_KEYS_MAX} domains"));
        }
        for DkimDomain { domain, selector } in &self.dkim {
            if !is_domain(domain) || !domain.contains('.') || !is_domain(selector) {
                return Err(format!("`{selector}._domainkey.{domain}` is no name that a key can be published under"));
            }
        }
        if !(1..=CONNECTIONS_MAX).contains(&self.connections) {
            return Err(format!("1 to {CONNECTIONS_MAX} connections are kept open"));
        }
        check_rate(self.per_second)
    }

    /// The domain that mail of this sender is signed for.
    ///
    /// * `from`: its domain.
    pub fn dkim_for(&self, from: &str) -> Option<&DkimDomain> {
        let from = from.to_ascii_lowercase();
        let covers = |key: &&DkimDomain| {
            let domain = key.domain.to_ascii_lowercase();
            from == domain || from.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
        };
        self.dkim.iter().filter(covers).max_by_key(|key| key.domain.len())
    }
}

impl ViberSender {
    pub fn check(&self) -> Result<(), String> {
        let chars = self.name.trim().chars().count();
        if chars == 0 || 28 < chars {
            return Err("the name that people see has 1 to 28 characters".to_owned());
        }
        check_base(&self.base_url)?;
        check_rate(self.per_second)
    }

    pub fn base(&self) -> &str {
        or(&self.base_url, "https://chatapi.viber.com")
    }
}

impl WhatsappSender {
    pub fn check(&self) -> Result<(), String> {
        let is_digits = |text: &str| !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(&self.phone_number_id) {
            return Err(
                "the phone number's id is a row of digits: copy it from WhatsApp, API Setup (it is not the number itself)".to_owned()
            );
        }
        let version = self.api_version.strip_prefix('v').and_then(|version| version.split_once('.'));
        if !version.is_some_and(|(major, minor)| is_digits(major) && is_digits(minor)) {
            return Err("the version of the API is written such as `v23.0`".to_owned());
        }
        check_base(&self.base_url)?;
        check_rate(self.per_second)
    }

    pub fn base(&self) -> &str {
        or(&self.base_url, "https://graph.facebook.com")
    }
}

impl TelegramSender {
    pub fn check(&self) -> Result<(), String> {
        check_base(&self.base_url)?;
        check_rate(self.per_second)
    }

    pub fn base(&self) -> &str {
        or(&self.base_url, "https://api.telegram.org")
    }
}

impl WebPushSender {
    pub fn check(&self) -> Result<(), String> {
        if !self.subject.starts_with("mailto:") && !self.subject.starts_with("https://") {
            return Err("the contact is written `mailto:desk@example.com` or `https://example.com`".to_owned());
        }
        plain("the contact", &self.subject)?;
        let is_key =
            self.public_key.len() == 87 && self.public_key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_key {
            return Err("the public key has 87 letters, digits, `-` and `_`".to_owned());
        }
        check_rate(self.per_second)
    }
}

fn or<'a>(given: &'a str, else_: &'a str) -> &'a str {
    if given.is_empty() { else_ } else { given.trim_end_matches('/') }
}

fn check_base(base: &str) -> Result<(), String> {
    plain("the address", base)?;
    if !base.is_empty() && !base.starts_with("https://") && !base.starts_with("http://") {
        return Err("the address begins with https://; leave it empty for the provider's own".to_owned());
    }
    Ok(())
}

fn check_rate(per_second: Option<u32>) -> Result<(), String> {
    if per_second.is_some_and(|rate| rate == 0 || PER_SECOND_MAX < rate) {
        return Err(format!("1 to {PER_SECOND_MAX} messages a second; leave it empty for as many as go"));
    }
    Ok(())
}

fn plain(what: &str, text: &str) -> Result<(), String> {
    if TEXT_BYTES_MAX < text.len() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(format!("{what} has at most {TEXT_BYTES_MAX} bytes and no spaces"));
    }
    Ok(())
}

fn is_domain(text: &str) -> bool {
    let plain = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    text.len() <= 253 && text.split('.').all(plain)
}

fn is_sender(text: &str) -> bool {
    let address = match text.strip_suffix('>') {
        Some(named) => named.rsplit_once('<').map_or("", |(_, address)| address),
        None => text,
    };
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"@".contains(c));
    let has_control = text.chars().any(char::is_control);
    !has_control
        && text.len() <= TEXT_BYTES_MAX
        && address.split_once('@').is_some_and(|(mailbox, domain)| plain(mailbox) && is_domain(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email() -> EmailSender {
        serde_json::from_str(r#"{"host":"mail.example.com","port":587,"from":"Aurora <news@mail.aurora.example>"}"#).unwrap()
    }

    #[test]
    fn a_sender_says_what_is_wrong_with_it() {
        assert_eq!(email().check(), Ok(()));
        let told = |change: fn(&mut EmailSender)| {
            let mut sender = email();
            change(&mut sender);
            sender.check().err().unwrap_or_default()
        };
        assert!(told(|sender| sender.host = String::new()).contains("name the mail server"));
        assert!(told(|sender| sender.from = "Aurora\r\nBcc: all@example.com <a@example.com>".into()).contains("the sender is written"));
        assert!(told(|sender| sender.return_path = "B <b@example.com>".into()).contains("bounces"));
        assert!(told(|sender| sender.connections = 0).contains("connections"));
        assert!(told(|sender| sender.per_second = Some(0)).contains("a second"));
        assert!(told(|sender| sender.dkim.push(DkimDomain { domain: "a b".into(), selector: "s".into() })).contains("_domainkey"));
        let whatsapp = |id: &str, version: &str| {
            let base_url = String::new();
            WhatsappSender { phone_number_id: id.into(), api_version: version.into(), base_url, per_second: None }.check().is_ok()
        };
        assert!(whatsapp("106540352242922", "v23.0") && !whatsapp("+380501112233", "v23.0") && !whatsapp("1", "../me"));
        assert!(TelegramSender { base_url: "ftp://x".into(), per_second: None }.check().is_err());
        assert!(ViberSender { name: String::new(), base_url: String::new(), per_second: None }.check().is_err());
    }

    #[test]
    fn mail_is_signed_for_the_nearest_domain() {
        let mut sender = email();
        for domain in ["aurora.example", "mail.aurora.example", "other.example"] {
            sender.dkim.push(DkimDomain { domain: domain.into(), selector: "s1".into() });
        }
        let of = |from: &str| sender.dkim_for(from).map(|key| key.domain.as_str());
        assert_eq!(of("mail.aurora.example"), Some("mail.aurora.example"));
        assert_eq!(of("news.Aurora.example"), Some("aurora.example"));
        assert_eq!(of("notaurora.example"), None);
    }
}
