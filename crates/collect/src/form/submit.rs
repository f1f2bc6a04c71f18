//! A submitted form: read, checked, and taken in as one event.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header, request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use forecourt_model::{
    Identifier, IdentifierKind, Origin, Refusal, RefusalCode,
    form::{FieldKind, Form, SUBMITTED, phone_of},
    phone::PhoneError,
    time::SECOND_US,
};
use serde_json::{Map, Value, json};

use super::{
    FormDesk, Shared,
    guard::{self, Doubt, TRAP},
    missing, open_to_pages, page,
    texts::{Texts, texts},
};
use crate::{
    Item, NotStored, Source,
    http::{body, query},
};

const BODY_BYTES_MAX: usize = 64 << 10;
const HIDDEN_CHARS_MAX: usize = 2_000;
/// What a page may send along without asking the visitor.
pub(super) const HIDDEN: [&str; 14] = [
    "page_url",
    "page_title",
    "referrer",
    "anonymous_id",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "gclid",
    "yclid",
    "fbclid",
    "model",
    "region",
];
/// The tracker's first-party cookie with the device's id.
pub(super) const DEVICE_COOKIE: &str = "_fcid";

/// What came, by name.
pub(super) type Given = BTreeMap<String, String>;

/// What the visitor is told of a submit that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// By field.
    pub fields: BTreeMap<&'static str, String>,
    pub retry_after_s: Option<i64>,
}

impl Trouble {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: BTreeMap::new(), retry_after_s: None }
    }
}

pub(super) async fn receive(State(desk): State<FormDesk>, Path(name): Path<String>, request: Request) -> Response {
    let Some(form) = desk.form(&name) else { return missing() };
    let (head, body) = request.into_parts();
    let wants_page = is_urlencoded(&head) && accepts_html(&head);
    let mut given = Given::new();
    let taken = take(&desk.shared, &form, &head, body, &mut given).await;
    let response = match (taken, wants_page) {
        (Ok(()), false) => axum::Json(json!({ "ok": true, "thanks": form.thanks })).into_response(),
        (Ok(()), true) => page::thanks(&form),
        (Err(trouble), true) => page::again(&desk, &form, &given, &trouble),
        (Err(trouble), false) => {
            let body = json!({ "ok": false, "code": trouble.code, "message": trouble.message, "fields": trouble.fields });
            let mut response = (trouble.status, axum::Json(body)).into_response();
            if let Some(seconds) = trouble.retry_after_s {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    };
    open_to_pages(response)
}

async fn take(shared: &Shared, form: &Form, head: &request::Parts, body: Body, given: &mut Given) -> Result<(), Trouble> {
    let words = texts(form.language);
    let address = shared.collector.reach().sender(head);
    let now_us = shared.collector.now_us();
    shared.rates.take(&guard::counted(address), now_us).map_err(|wait_us| Trouble {
        retry_after_s: Some(wait_us / SECOND_US + 1),
        ..Trouble::new(StatusCode::TOO_MANY_REQUESTS, "too_many", words.too_many)
    })?;
    let received = body::read(&shared.collector, &head.headers, body).await;
    let received = received.map_err(|stopped| Trouble::new(StatusCode::BAD_REQUEST, "unreadable", stopped.rejection.to_string()))?;
    *given = read(head, &received.bytes)?;
    drop(received.share);
    given.entry("anonymous_id".to_owned()).or_insert_with(|| device_of(head).unwrap_or_default());

    let token = given.get("token").map(String::as_str).unwrap_or_default();
    if !(form.open_to_programs && token.is_empty()) {
        shared.guard.check(&form.form_id, token, now_us).map_err(|doubt| doubted(doubt, words, &form.form_id))?;
    }
    let asked = check(form, given, shared.collector.region())?;
    let message_id = message_id(form, token, given);
    let json = Bytes::from(event(form, given, &asked, &message_id).to_string());
    let source = Source { id: form.source(), name: form.name.clone(), enabled: true, ..Source::default() };
    let ip = address.map(|address| address.to_string()).unwrap_or_default();
    if given.get(TRAP).is_some_and(|text| !text.is_empty()) {
        let told = "a field that people do not see was filled in, as programs do: if it is a person, send it again";
        let refusal = Refusal::new(RefusalCode::Spam, told);
        // Whoever filled it in learns nothing.
        return shared.collector.refuse(&source, Origin::Live, &refusal, &json, &ip).await.map(drop).map_err(|error| stored(&error, words));
    }
    let item = Item { json, message_id: Some(message_id) };
    let outcome = shared.collector.accept(&source, Origin::Live, vec![item], None, &ip).await.map_err(|error| stored(&error, words))?;
    match outcome.refused.first() {
        None => Ok(()),
        Some(refused) => Err(Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", refused.refusal.message.clone())),
    }
}

fn stored(error: &NotStored, words: &Texts) -> Trouble {
    match error {
        NotStored::Later { retry_after_s, .. } => Trouble {
            retry_after_s: Some(i64::from(*retry_after_s)),
            ..Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "later", words.later)
        },
        NotStored::TooLarge { .. } => Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words.too_long),
    }
}

fn doubted(doubt: Doubt, words: &Texts, form_id: &str) -> Trouble {
    match doubt {
        Doubt::NoToken => {
            let told = format!("the submit has no valid `token`: get one at /f/{form_id}/token when the form is shown, and send it along");
            Trouble::new(StatusCode::FORBIDDEN, "no_token", told)
        }
        Doubt::TooFast { wait_us } => Trouble {
            retry_after_s: Some(wait_us / SECOND_US + 1),
            ..Trouble::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", words.too_fast)
        },
        Doubt::Expired => Trouble::new(StatusCode::FORBIDDEN, "expired", words.expired),
    }
}

fn is_urlencoded(head: &request::Parts) -> bool {
    text_header(head, header::CONTENT_TYPE).is_some_and(|text| text.starts_with("application/x-www-form-urlencoded"))
}

fn accepts_html(head: &request::Parts) -> bool {
    text_header(head, header::ACCEPT).is_some_and(|text| text.contains("text/html"))
}

pub(super) fn text_header(head: &request::Parts, name: header::HeaderName) -> Option<&str> {
    head.headers.get(name)?.to_str().ok()
}

/// The device's id, where the tracker's cookie reaches us: on a page of our own host.
pub(super) fn device_of(head: &request::Parts) -> Option<String> {
    let cookies = text_header(head, header::COOKIE)?;
    let pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(name, _)| *name == DEVICE_COOKIE).map(|(_, value)| value.to_owned())
}

fn read(head: &request::Parts, bytes: &[u8]) -> Result<Given, Trouble> {
    if BODY_BYTES_MAX < bytes.len() {
        return Err(Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("a submit has at most {BODY_BYTES_MAX} bytes")));
    }
    let unreadable = |told: &str| Trouble::new(StatusCode::BAD_REQUEST, "unreadable", told);
    if is_urlencoded(head) {
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable("the form is not UTF-8"))?;
        return Ok(query::pairs(text).collect());
    }
    const TOLD: &str = "send the fields as a JSON object of texts, or as application/x-www-form-urlencoded";
    let object: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| unreadable(TOLD))?;
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("true".to_owned()),
        Value::Bool(false) | Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    };
    object.into_iter().map(|(name, value)| text(value).map(|text| (name, text)).ok_or_else(|| unreadable(TOLD))).collect()
}

/// What the visitor typed, normalised, by field.
fn check(form: &Form, given: &Given, region: &str) -> Result<BTreeMap<&'static str, String>, Trouble> {
    let words = texts(form.language);
    let (mut asked, mut wrong) = (BTreeMap::new(), BTreeMap::new());
    for field in &form.fields {
        let name = field.kind.as_str();
        let text = given.get(name).map(|text| text.trim()).unwrap_or_default();
        let read = match field.kind {
            _ if text.is_empty() => {
                if field.required {
                    Err(words.required)
                } else {
                    Ok(None)
                }
            }
            kind if kind.chars_max() < text.chars().count() => Err(words.too_long),
            FieldKind::Phone => match phone_of(text, region) {
                Ok(e164) => Ok(Some(e164)),
                Err(PhoneError::Several) => Err(words.phones),
                Err(PhoneError::Invalid(_)) => Err(words.phone),
            },
            FieldKind::Email => Identifier::new(IdentifierKind::Email, text, region).map(|email| Some(email.value)).ok_or(words.email),
            FieldKind::Name | FieldKind::Comment => Ok(Some(text.replace(|c: char| c.is_control() && c != '\n', " "))),
        };
        match read {
            Ok(value) => asked.extend(value.map(|value| (name, value))),
            Err(told) => {
                wrong.insert(name, told.to_owned());
            }
        }
    }
    let consents = matches!(given.get("consent").map(String::as_str), Some("on" | "true" | "1" | "yes"));
    if !form.consent.trim().is_empty() && !consents {
        wrong.insert("consent", words.consent.to_owned());
    }
    if wrong.is_empty() {
        return Ok(asked);
    }
    Err(Trouble { fields: wrong, ..Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", words.mend) })
}

/// The same for the same form shown once and filled in the same way: a browser that heard no answer may send it again.
fn message_id(form: &Form, token: &str, given: &Given) -> String {
    if token.is_empty() {
        return format!("form:{}", uuid::Uuid::new_v4().simple());
    }
    let mut hasher = blake3::Hasher::new();
    for part in [form.form_id.as_str(), token] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    for field in &form.fields {
        hasher.update(given.get(field.kind.as_str()).map_or(&[][..], |text| text.trim().as_bytes()));
        hasher.update(&[0]);
    }
    format!("form:{}", &hasher.finalize().to_hex()[..32])
}

fn event(form: &Form, given: &Given, asked: &BTreeMap<&'static str, String>, message_id: &str) -> Value {
    let hidden = |name: &str| {
        let text = given.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())?;
        Some(text.chars().filter(|c| !c.is_control()).take(HIDDEN_CHARS_MAX).collect::<String>())
    };
    let mut properties = Map::new();
    properties.insert("form".into(), form.form_id.as_str().into());
    properties.insert("form_name".into(), form.name.as_str().into());
    if form.opens_lead {
        // The same submit sent twice is one lead.
        let digest = blake3::hash(message_id.as_bytes()).to_hex();
        properties.insert("lead_id".into(), format!("F-{}", &digest[..16]).into());
    }
    for name in HIDDEN.iter().filter(|name| !matches!(**name, "anonymous_id" | "page_url")) {
        properties.extend(hidden(name).map(|text| ((*name).to_owned(), Value::String(text))));
    }
    properties.extend(asked.get("comment").map(|text| ("comment".to_owned(), Value::String(text.clone()))));
    properties.extend(form.dealer.clone().map(|dealer| ("dealer".to_owned(), Value::String(dealer))));
    if !form.consent.trim().is_empty() {
        properties.insert("consent".into(), true.into());
        // What was agreed to, as it was then.
        properties.insert("consent_text".into(), form.consent.as_str().into());
    }
    let traits: Map<String, Value> = ["phone", "name", "email"]
        .iter()
        .filter_map(|name| asked.get(name).map(|text| ((*name).to_owned(), Value::String(text.clone()))))
        .collect();
    let campaign: Map<String, Value> = [("source", "utm_source"), ("medium", "utm_medium"), ("name", "utm_campaign")]
        .iter()
        .filter_map(|(name, of)| hidden(of).map(|text| ((*name).to_owned(), Value::String(text))))
        .collect();
    let mut context = Map::new();
    context.insert("traits".into(), Value::Object(traits));
    context.insert("page".into(), json!({ "url": hidden("page_url"), "referrer": hidden("referrer") }));
    if !campaign.is_empty() {
        context.insert("campaign".into(), Value::Object(campaign));
    }
    let mut event = Map::new();
    event.insert("type".into(), "track".into());
    event.insert("event".into(), SUBMITTED.into());
    event.extend(hidden("anonymous_id").map(|id| ("anonymousId".to_owned(), Value::String(id.chars().take(100).collect()))));
    event.insert("properties".into(), Value::Object(properties));
    event.insert("context".into(), Value::Object(context));
    Value::Object(event)
}
