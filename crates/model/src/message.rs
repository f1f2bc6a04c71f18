//! What the outbox holds: messages, the switches over them, and the events that tell what became of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{HashKey, Identifier, IdentifierKind, broadcast::ChainStep, phone, time::MINUTE_US};

/// The source of events that `deliver` appends. No write key belongs to it.
pub const DELIVER_SOURCE: &str = "deliver";
/// A second submit by the same person within this time makes no second SMS.
pub const REPEAT_US: i64 = 10 * MINUTE_US;

/// The way a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageChannel {
    Email,
    Sms,
    Viber,
    Whatsapp,
    Telegram,
    WebPush,
    Webhook,
}

impl MessageChannel {
    pub const ALL: [Self; 7] = [Self::Email, Self::Sms, Self::Viber, Self::Whatsapp, Self::Telegram, Self::WebPush, Self::Webhook];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Viber => "viber",
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::WebPush => "web_push",
            Self::Webhook => "webhook",
        }
    }

    /// What of a person it reaches: an identifier, or a trait of this name.
    pub fn address(self) -> Address {
        match self {
            Self::Email => Address::Identifier(IdentifierKind::Email),
            Self::Sms | Self::Viber | Self::Whatsapp => Address::Identifier(IdentifierKind::Phone),
            Self::Telegram => Address::Trait("telegram_chat_id"),
            Self::WebPush => Address::Trait("web_push_subscription"),
            Self::Webhook => Address::Nothing,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// Where a message channel finds a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Identifier(IdentifierKind),
    Trait(&'static str),
    /// It reaches systems, not people.
    Nothing,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Admitted, and to be sent.
    Pending,
    /// To be decided on again at a later time: quiet hours, a cap that frees.
    Postponed,
    /// Not admitted, for a reason of ours: a repeat, no consent, a cap, no address.
    Suppressed,
    /// Kept back by a switch: safe mode, or all sending stopped.
    Held,
    /// The other side took it.
    Sent,
    /// The other side says that it reached the person.
    Delivered,
    /// The other side says that it will not reach the person.
    Undelivered,
    /// Given up.
    Failed,
    /// It may have been sent: what was known was lost between the sending and the answer. Never sent again by itself.
    Unknown,
}

impl MessageState {
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Postponed,
        Self::Suppressed,
        Self::Held,
        Self::Sent,
        Self::Delivered,
        Self::Undelivered,
        Self::Failed,
        Self::Unknown,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Postponed => "postponed",
            Self::Suppressed => "suppressed",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether a person may have it sent once more.
    pub fn may_be_retried(self) -> bool {
        matches!(self, Self::Held | Self::Failed | Self::Unknown | Self::Undelivered | Self::Suppressed)
    }

    /// Whether this word is taken after that one. A receipt may come before the answer is recorded, and twice.
    pub fn follows(self, earlier: Self) -> bool {
        let of_provider = matches!(self, Self::Delivered | Self::Undelivered);
        match earlier {
            Self::Pending => true,
            Self::Sent | Self::Unknown | Self::Failed | Self::Held => of_provider,
            Self::Undelivered => self == Self::Delivered,
            Self::Postponed | Self::Suppressed | Self::Delivered => false,
        }
    }
}

/// One message of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same for every attempt, and for every replay.
    pub message_id: String,
    /// Counts how often a person had it sent again.
    pub round: i64,
    pub message_channel: MessageChannel,
    /// The form it comes from, by its id; else `broadcast:…` or `api:…`.
    pub definition: String,
    /// The event's fragment: whose profile it shows on.
    pub fragment_id: i64,
    /// The person's number in E.164: to whom an SMS goes, or about whom a webhook tells; empty where a message has nothing to do with it.
    pub phone: String,
    /// The number, the mailbox, or what else the message channel finds the person by; the webhook's address. Empty where there is none.
    pub recipient: String,
    /// The text or the webhook's JSON; of a message made of a template the JSON object of its variables.
    pub body: String,
    /// Of a message made of a template.
    pub plan: Option<Box<Plan>>,
    pub state: MessageState,
    /// Why, where the state alone does not say it.
    pub reason: String,
    /// Whether it was to be sent from the first, rather than suppressed or held.
    pub is_admitted: bool,
    /// When the fold decided on it, by its own clock.
    pub admitted_us: i64,
    /// Offset of the record that admitted it, or had it sent again.
    pub pending_offset: u64,
    pub changed_us: i64,
    /// When to look at it again: to decide on it anew, or to go on to the next step of its chain.
    pub due_us: Option<i64>,
    /// When a person was first seen to have read it.
    pub read_us: Option<i64>,
    /// When a person first followed a link in it.
    pub clicked_us: Option<i64>,
}

/// What a message made of a template goes by beyond itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub template_id: String,
    /// The log offset at which the template became what it was then.
    pub template_version: u64,
    pub purpose: String,
    /// Under which the person is known to what is told of the message.
    pub who: Identifier,
    /// Of a broadcast, which of its variants.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// Which step of the chain it is.
    #[serde(default)]
    pub step: u32,
    /// The steps of its chain, all of them; empty for a message that stands alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<ChainStep>,
    /// After this it is not worth postponing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_us: Option<i64>,
    /// What the ids of all messages of the chain derive from.
    pub cause: String,
    /// Whether the next step was taken, or is not needed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_past: bool,
}

impl Message {
    /// Under which its person is known.
    pub fn who(&self) -> Identifier {
        match &self.plan {
            Some(plan) => plan.who.clone(),
            None => Identifier { kind: IdentifierKind::Phone, value: self.phone.clone() },
        }
    }

    pub fn purpose(&self) -> &str {
        self.plan.as_ref().map_or("", |plan| plan.purpose.as_str())
    }
}

/// The switches over all sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// Messages reach only the test recipients.
    pub safe_mode: bool,
    /// Nothing is sent at all.
    pub stopped: bool,
    /// Numbers in E.164 and addresses of webhooks (or their beginnings) that safe mode lets through.
    pub test_recipients: Vec<String>,
}

/// A new installation sends to nobody before somebody says so.
impl Default for Sending {
    fn default() -> Self {
        Self { safe_mode: true, stopped: false, test_recipients: Vec::new() }
    }
}

impl Sending {
    /// Why a message to this recipient is kept back now, if it is.
    pub fn holds(&self, recipient: &str) -> Option<&'static str> {
        if self.stopped {
            return Some("all sending is stopped");
        }
        if self.safe_mode && !self.test_recipients.iter().any(|listed| is_recipient(listed, recipient)) {
            return Some("safe mode");
        }
        None
    }
}

/// A webhook may be listed by its beginning, as long as that ends where a host does.
fn is_recipient(listed: &str, recipient: &str) -> bool {
    let Some(rest) = recipient.strip_prefix(listed) else { return false };
    rest.is_empty() || (listed.contains("://") && (listed.ends_with('/') || rest.starts_with(['/', '?'])))
}

/// Reads a test recipient as people type it: a phone number, a mailbox, or the address of a webhook.
pub fn test_recipient(raw: &str, region: &str) -> Result<String, String> {
    let raw = raw.trim();
    if raw.contains('@') && !raw.contains("://") {
        let mailbox = Identifier::new(IdentifierKind::Email, raw, region);
        return mailbox.map(|mailbox| mailbox.value).ok_or_else(|| format!("`{raw}` is no e-mail address: write name@example.com"));
    }
    if let Some(rest) = raw.strip_prefix("https://").or_else(|| raw.strip_prefix("http://")) {
        let is_host = !rest.is_empty() && !rest.contains(char::is_whitespace) && raw.len() <= 500;
        return is_host.then(|| raw.to_owned()).ok_or_else(|| format!("`{raw}` is no address: write https://host/path"));
    }
    let told = |error: phone::PhoneError| {
        format!("`{raw}` is no test recipient: {error}, an e-mail address, or an address that begins with https://")
    };
    phone::normalise(raw, region).map(|phone| phone.e164).map_err(told)
}

/// The id of what an event sends to a recipient: derived, so that a replay admits the same message.
///
/// * `cause`: source and message id of the event, or what else is one's own.
pub fn message_id(key: &HashKey, cause: [&str; 2], definition: &str, channel: MessageChannel, recipient: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    for part in [cause[0], cause[1], definition, channel.as_str(), recipient] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    format!("msg_{}", &hasher.finalize().to_hex()[..32])
}

/// The id of a message made of a template.
///
/// * `cause`: of the message's own; its person is in it where one wish is for many.
pub fn id_of_step(key: &HashKey, cause: &str, step: u32) -> String {
    // The channel and the address are left out: what they are when may change, and the step tells enough.
    message_id(key, ["template", cause], &step.to_string(), MessageChannel::Webhook, "")
}

/// What became of a message, as an event: the item that `deliver` appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub message_id: String,
    pub round: i64,
    pub message_channel: MessageChannel,
    pub definition: String,
    /// Under which the person is known.
    pub who: Identifier,
    pub state: MessageState,
    pub reason: String,
    /// Whether nothing will ever reach this address.
    pub is_permanent: bool,
    pub at_us: i64,
}

impl Outcome {
    pub fn of(message: &Message, state: MessageState, reason: impl Into<String>, at_us: i64) -> Self {
        Self {
            message_id: message.message_id.clone(),
            round: message.round,
            message_channel: message.message_channel,
            definition: message.definition.clone(),
            who: message.who(),
            state,
            reason: reason.into(),
            is_permanent: false,
            at_us,
        }
    }

    /// What makes a repetition of it recognisable: it may be appended again after a crash, and is folded once.
    pub fn event_id(&self) -> String {
        format!("{}:{}:{}", self.message_id, self.round, self.state.as_str())
    }

    /// As an item of the wire format.
    pub fn to_item(&self) -> Value {
        let mut properties = json!({
            "message_id": self.message_id,
            "round": self.round,
            "message_channel": self.message_channel.as_str(),
            "definition": self.definition,
            "reason": self.reason,
        });
        if self.is_permanent {
            properties["is_permanent"] = true.into();
        }
        item(&format!("message_{}", self.state.as_str()), self.at_us, properties, &self.who)
    }

    /// Reads what [`Outcome::to_item`] says, from the event that it became.
    pub fn read(name: &str, properties: &str) -> Option<OutcomeOf> {
        let state = MessageState::parse(name.strip_prefix("message_")?)?;
        let told: Told = serde_json::from_str(properties).ok()?;
        Some(OutcomeOf { message_id: told.message_id, round: told.round, state, reason: told.reason, is_permanent: told.is_permanent })
    }
}

/// An event of a person as an item of the wire format.
fn item(event: &str, at_us: i64, properties: Value, who: &Identifier) -> Value {
    let mut item = Map::new();
    item.insert("type".into(), "track".into());
    item.insert("event".into(), event.into());
    item.insert("timestamp".into(), crate::time::iso(at_us).into());
    item.insert("properties".into(), properties);
    let value = Value::from(who.value.as_str());
    match &who.kind {
        IdentifierKind::UserId => item.insert("userId".into(), value),
        IdentifierKind::AnonymousId => item.insert("anonymousId".into(), value),
        IdentifierKind::Email => item.insert("context".into(), json!({ "traits": { "email": value } })),
        IdentifierKind::Phone => item.insert("context".into(), json!({ "traits": { "phone": value } })),
        IdentifierKind::External(name) => item.insert("context".into(), json!({ "externalIds": [{ "id": value, "type": name }] })),
    };
    Value::Object(item)
}

/// What a person did with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactionKind {
    /// A picture in it was loaded, or the messenger says that it was read.
    Opened,
    Clicked,
    /// Wants no more of its purpose on its message channel.
    Unsubscribed,
    /// Said that it is spam.
    Complained,
}

impl ReactionKind {
    pub const ALL: [Self; 4] = [Self::Opened, Self::Clicked, Self::Unsubscribed, Self::Complained];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Unsubscribed => "unsubscribed",
            Self::Complained => "complained",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A reaction, as `deliver` tells it to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    pub message_id: String,
    pub message_channel: MessageChannel,
    pub definition: String,
    pub purpose: String,
    pub who: Identifier,
    pub kind: ReactionKind,
    /// Of a click, where it leads.
    pub url: String,
    /// How sure it is that a program did it, 0 to 100.
    pub bot_score: u8,
    pub at_us: i64,
}

/// From here on a reaction counts as a program's.
pub const BOT_SCORE_MIN: u8 = 50;

impl Reaction {
    pub fn of(message: &Message, kind: ReactionKind, at_us: i64) -> Self {
        Self {
            message_id: message.message_id.clone(),
            message_channel: message.message_channel,
            definition: message.definition.clone(),
            purpose: message.purpose().to_owned(),
            who: message.who(),
            kind,
            url: String::new(),
            bot_score: 0,
            at_us,
        }
    }

    /// As an item of the wire format.
    pub fn to_item(&self) -> Value {
        let properties = json!({
            "message_id": self.message_id,
            "message_channel": self.message_channel.as_str(),
            "definition": self.definition,
            "purpose": self.purpose,
            "url": self.url,
            "bot_score": self.bot_score,
            "is_bot": BOT_SCORE_MIN <= self.bot_score,
        });
        item(&format!("message_{}", self.kind.as_str()), self.at_us, properties, &self.who)
    }

    /// Reads what [`Reaction::to_item`] says, from the event that it became.
    pub fn read(name: &str, properties: &str) -> Option<ReactionOf> {
        let kind = ReactionKind::parse(name.strip_prefix("message_")?)?;
        let told: ReactionTold = serde_json::from_str(properties).ok()?;
        let message_channel = MessageChannel::parse(&told.message_channel)?;
        Some(ReactionOf { message_id: told.message_id, message_channel, purpose: told.purpose, kind, is_bot: told.is_bot })
    }
}

/// The part of a reaction that the fold goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionOf {
    pub message_id: String,
    pub message_channel: MessageChannel,
    pub purpose: String,
    pub kind: ReactionKind,
    pub is_bot: bool,
}

#[derive(Deserialize)]
struct ReactionTold {
    message_id: String,
    message_channel: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    is_bot: bool,
}

/// The part of an outcome that the fold goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeOf {
    pub message_id: String,
    pub round: i64,
    pub state: MessageState,
    pub reason: String,
    pub is_permanent: bool,
}

#[derive(Deserialize)]
struct Told {
    message_id: String,
    #[serde(default)]
    round: i64,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    is_permanent: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_mode_lets_listed_recipients_through_and_a_stop_nobody() {
        let mut sending = Sending { test_recipients: vec!["+79120000000".into(), "https://crm.example".into()], ..Sending::default() };
        assert_eq!(sending.holds("+79120000000"), None);
        assert_eq!(sending.holds("https://crm.example/hook"), None);
        for other in ["+791200000001", "+79120000001", "https://crm.example.evil/hook", "https://crm.example:99/"] {
            assert_eq!(sending.holds(other), Some("safe mode"), "{other}");
        }
        sending.safe_mode = false;
        assert_eq!(sending.holds("+79120000001"), None);
        sending.stopped = true;
        assert!(sending.holds("+79120000000").is_some());
    }

    #[test]
    fn an_outcome_reads_back_from_its_event() {
        let outcome = Outcome {
            message_id: "msg_1".into(),
            round: 2,
            message_channel: MessageChannel::Sms,
            definition: "call-back".into(),
            who: Identifier { kind: IdentifierKind::Phone, value: "+79120000000".into() },
            state: MessageState::Failed,
            reason: "the gateway answered 400".into(),
            is_permanent: false,
            at_us: 5,
        };
        let item = outcome.to_item();
        let read = Outcome::read(item["event"].as_str().unwrap_or_default(), &item["properties"].to_string());
        assert_eq!(read.map(|read| (read.message_id, read.round, read.state)), Some(("msg_1".into(), 2, MessageState::Failed)));
        assert_eq!(Outcome::read("car_viewed", "{}"), None);
    }

    #[test]
    fn receipts_come_late_twice_and_out_of_order() {
        use MessageState::*;
        assert!(Delivered.follows(Sent) && Delivered.follows(Undelivered) && Delivered.follows(Unknown) && Sent.follows(Pending));
        assert!(!Sent.follows(Delivered) && !Undelivered.follows(Delivered) && !Failed.follows(Sent) && !Delivered.follows(Delivered));
    }
}
