//! How an SMS gateway is spoken to over HTTP: a template of the request, and what its answers and receipts mean.

use serde::{Deserialize, Serialize};

use crate::template;

/// An HTTP SMS gateway as people describe it. Places: `{phone}` (E.164), `{digits}` (without the plus), `{text}`, `{id}` (ours,
/// the same at each attempt), `{sender}` (the brand's, empty where there is none), `{secret}` (kept apart from this, and never shown).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsGateway {
    pub url: String,
    pub method: GatewayMethod,
    pub headers: Vec<GatewayHeader>,
    pub body: GatewayBody,
    /// JSON with places in its strings, or lines of `name=value` for a form.
    pub template: String,
    /// What the body of a good answer (status 2xx) contains; empty for nothing in particular.
    pub success_contains: String,
    /// Where in the answer's JSON the gateway's own id is, such as `messages.0.id`; empty for nowhere.
    pub answer_id: String,
    /// Of receipts: where the id (ours or the gateway's) and the state are, and the states that mean delivered and not.
    pub receipt_id: String,
    pub receipt_state: String,
    pub delivered_states: Vec<String>,
    pub undelivered_states: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayMethod {
    Post,
    Get,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayHeader {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayBody {
    Json,
    Form,
    None,
}

/// The setting's name, and the places of its secrets.
pub const SETTING: &str = "sms_gateway";
pub const SECRET_PLACE: &str = "sms_gateway/secret";
/// What a receipt's address ends with.
pub const RECEIPTS_PLACE: &str = "sms_gateway/receipts";

/// Where a form's webhook secret is kept.
pub fn webhook_secret_place(form_id: &str) -> String {
    format!("webhook/{form_id}")
}

const PLACES: [&str; 6] = ["phone", "digits", "text", "id", "sender", "secret"];

impl SmsGateway {
    /// What is wrong with it, as a sentence that says what to do.
    pub fn check(&self) -> Result<(), String> {
        let texts = [&self.url, &self.template].into_iter().chain(self.headers.iter().map(|header| &header.value));
        for text in texts {
            if 4_000 < text.len() {
                return Err("the address, a header or the body is longer than 4000 bytes: shorten it".into());
            }
            if let Some(other) = template::places(text).into_iter().find(|place| !PLACES.contains(place)) {
                return Err(format!("`{{{other}}}` is not known: use {{phone}}, {{digits}}, {{text}}, {{id}}, {{sender}} and {{secret}}"));
            }
        }
        if 20 < self.headers.len() {
            return Err("a request with over 20 headers is none that a gateway wants: remove some".into());
        }
        let everywhere = format!("{} {}", self.url, self.template);
        let names = template::places(&everywhere);
        if !names.iter().any(|place| matches!(*place, "phone" | "digits")) || !names.contains(&"text") {
            return Err("the request must name {phone} (or {digits}) and {text}, in the address or in the body".into());
        }
        match self.body {
            GatewayBody::Json => {
                let read: Result<serde_json::Value, _> = serde_json::from_str(&self.template);
                read.map(drop)
                    .map_err(|error| format!("the body is no JSON ({error}): put places into strings, as in {{\"to\":\"{{phone}}\"}}"))
            }
            GatewayBody::Form if self.template.lines().any(|line| !line.trim().is_empty() && !line.contains('=')) => {
                Err("a form is lines of `name=value`".into())
            }
            GatewayBody::Form | GatewayBody::None => Ok(()),
        }
    }
}
