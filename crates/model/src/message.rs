//! What the outbox holds: messages, the switches over them, and the events that tell what became of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{HashKey, phone, time::MINUTE_US};

/// The source of events that `deliver` appends. No write key belongs to it.
pub const DELIVER_SOURCE: &str = "deliver";
/// A second submit by the same person within this time makes no second SMS.
pub const REPEAT_US: i64 = 10 * MINUTE_US;

/// The way a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageChannel {
    Sms,
    Webhook,
}

impl MessageChannel {
    pub const ALL: [Self; 2] = [Self::Sms, Self::Webhook];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Webhook => "webhook",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Admitted, and to be sent.
    Pending,
    /// Not admitted, for a reason of ours: a repeat.
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
    pub const ALL: [Self; 8] =
        [Self::Pending, Self::Suppressed, Self::Held, Self::Sent, Self::Delivered, Self::Undelivered, Self::Failed, Self::Unknown];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
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
            Self::Suppressed | Self::Delivered => false,
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
    /// The form or other definition that it comes from.
    pub definition: String,
    /// The event's fragment: whose profile it shows on.
    pub fragment_id: i64,
    /// The person's number in E.164: to whom an SMS goes, or about whom a webhook tells.
    pub phone: String,
    /// The number, or the webhook's address.
    pub recipient: String,
    /// The text, or the webhook's JSON.
    pub body: String,
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

/// Reads a test recipient as people type it: a phone number, or the address of a webhook.
pub fn test_recipient(raw: &str, region: &str) -> Result<String, String> {
    let raw = raw.trim();
    if let Some(rest) = raw.strip_prefix("https://").or_else(|| raw.strip_prefix("http://")) {
        let is_host = !rest.is_empty() && !rest.contains(char::is_whitespace) && raw.len() <= 500;
        return is_host.then(|| raw.to_owned()).ok_or_else(|| format!("`{raw}` is no address: write https://host/path"));
    }
    let told = |error: phone::PhoneError| format!("`{raw}` is no test recipient: {error}, or an address that begins with https://");
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

/// What became of a message, as an event: the item that `deliver` appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub message_id: String,
    pub round: i64,
    pub message_channel: MessageChannel,
    pub definition: String,
    pub phone: String,
    pub state: MessageState,
    pub reason: String,
    pub at_us: i64,
}

impl Outcome {
    pub fn of(message: &Message, state: MessageState, reason: impl Into<String>, at_us: i64) -> Self {
        Self {
            message_id: message.message_id.clone(),
            round: message.round,
            message_channel: message.message_channel,
            definition: message.definition.clone(),
            phone: message.phone.clone(),
            state,
            reason: reason.into(),
            at_us,
        }
    }

    /// What makes a repetition of it recognisable: it may be appended again after a crash, and is folded once.
    pub fn event_id(&self) -> String {
        format!("{}:{}:{}", self.message_id, self.round, self.state.as_str())
    }

    /// As an item of the wire format.
    pub fn to_item(&self) -> Value {
        json!({
            "type": "track",
            "event": format!("message_{}", self.state.as_str()),
            "timestamp": crate::time::iso(self.at_us),
            "properties": {
                "message_id": self.message_id,
                "round": self.round,
                "message_channel": self.message_channel.as_str(),
                "definition": self.definition,
                "reason": self.reason,
            },
            "context": { "traits": { "phone": self.phone } },
        })
    }

    /// Reads what [`Outcome::to_item`] says, from the event that it became.
    pub fn read(name: &str, properties: &str) -> Option<OutcomeOf> {
        let state = MessageState::parse(name.strip_prefix("message_")?)?;
        let told: Told = serde_json::from_str(properties).ok()?;
        Some(OutcomeOf { message_id: told.message_id, round: told.round, state, reason: told.reason })
    }
}

/// The part of an outcome that the fold goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeOf {
    pub message_id: String,
    pub round: i64,
    pub state: MessageState,
    pub reason: String,
}

#[derive(Deserialize)]
struct Told {
    message_id: String,
    #[serde(default)]
    round: i64,
    #[serde(default)]
    reason: String,
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
            phone: "+79120000000".into(),
            state: MessageState::Failed,
            reason: "the gateway answered 400".into(),
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
