//! An SMS gateway spoken to over HTTP, by the template that people wrote.

use forecourt_model::{
    gateway::{GatewayBody, GatewayMethod, SmsGateway},
    message::Message,
    template,
};
use forecourt_outgoing::{Method, OutgoingError, Request, Response, StatusCode};
use serde_json::Value;

use super::{Answered, Call, HIDDEN, Ready, Said, http};

const GUARDS: &str = "sms";

/// What fills the places of a template.
#[derive(Debug, Clone, Copy)]
struct Filling<'a> {
    phone: &'a str,
    text: &'a str,
    id: &'a str,
    /// The brand's; empty for the gateway's own.
    sender: &'a str,
    secret: &'a str,
}

impl Filling<'_> {
    fn value(&self, place: &str) -> Option<String> {
        Some(match place {
            "phone" => self.phone.to_owned(),
            "digits" => self.phone.trim_start_matches('+').to_owned(),
            "text" => self.text.to_owned(),
            "id" => self.id.to_owned(),
            "sender" => self.sender.to_owned(),
            "secret" => self.secret.to_owned(),
            _ => return None,
        })
    }
}

/// * `sender`: the brand's; empty for the gateway's own.
pub(crate) fn ready(gateway: SmsGateway, secret: &str, sender: &str, message: &Message, said: &Said) -> Ready {
    let text = said.text_with_url();
    let filling = Filling { phone: &message.recipient, text: &text, id: &message.message_id, sender, secret };
    let request = request(&gateway, filling);
    let shown = http::shown(&self::request(&gateway, Filling { secret: HIDDEN, ..filling }), secret);
    let read = move |answer: &Result<Response, OutgoingError>| read(&gateway, answer);
    Ready { guards: GUARDS.to_owned(), shown, call: Call::Http { request, read: Box::new(read) } }
}

/// A gateway that may have taken it is not asked again: no phone drops repeats.
fn read(gateway: &SmsGateway, answer: &Result<Response, OutgoingError>) -> Answered {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return http::unanswered(error),
    };
    if answer.status.is_success() {
        return match taken(gateway, answer) {
            Ok(provider_id) => Answered::Taken { provider_id },
            Err(why) => Answered::refused(why),
        };
    }
    let why = format!("the answer was {}", answer.status);
    if answer.status == StatusCode::UNAUTHORIZED { Answered::refused(why) } else { http::by_status(answer, why) }
}

/// The request for one SMS. Each place is written as its surroundings need it: in an address and a form percent-encoded, in
/// JSON as part of a string.
fn request(gateway: &SmsGateway, filling: Filling<'_>) -> Request {
    let encoded = |place: &str| filling.value(place).map(|value| percent_encoded(&value));
    let method = match gateway.method {
        GatewayMethod::Post => Method::POST,
        GatewayMethod::Get => Method::GET,
    };
    let mut request = Request::new(method, template::fill(&gateway.url, encoded));
    let (content_type, body) = match gateway.body {
        GatewayBody::Json => ("application/json", json_body(&gateway.template, filling)),
        GatewayBody::Form => ("application/x-www-form-urlencoded", form_body(&gateway.template, filling)),
        GatewayBody::None => ("", String::new()),
    };
    let named = gateway.headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type"));
    if !content_type.is_empty() && !named {
        request = request.header("content-type", content_type);
    }
    for header in &gateway.headers {
        request = request.header(header.name.trim(), template::fill(&header.value, |place| filling.value(place)));
    }
    request.body(body)
}

fn json_body(template_text: &str, filling: Filling<'_>) -> String {
    let filled = serde_json::from_str(template_text).map(|value| filled_json(value, filling));
    filled.unwrap_or(Value::Null).to_string()
}

fn filled_json(value: Value, filling: Filling<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(template::fill(&text, |place| filling.value(place))),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| filled_json(item, filling)).collect()),
        Value::Object(members) => Value::Object(members.into_iter().map(|(name, item)| (name, filled_json(item, filling))).collect()),
        other => other,
    }
}

fn form_body(template_text: &str, filling: Filling<'_>) -> String {
    let pairs = template_text.lines().filter_map(|line| line.trim().split_once('='));
    let pair = |(name, value): (&str, &str)| {
        let value = template::fill(value.trim(), |place| filling.value(place));
        format!("{}={}", percent_encoded(name.trim()), percent_encoded(&value))
    };
    pairs.map(pair).collect::<Vec<_>>().join("&")
}

pub(crate) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Whether an answer with a status of 2xx means that the gateway took it, and the id it gave.
fn taken(gateway: &SmsGateway, answer: &Response) -> Result<Option<String>, String> {
    let body = String::from_utf8_lossy(&answer.body);
    if !gateway.success_contains.is_empty() && !body.contains(&gateway.success_contains) {
        return Err(format!("the answer does not contain `{}`", gateway.success_contains));
    }
    let read: Option<Value> = serde_json::from_str(&body).ok().filter(|_| !gateway.answer_id.is_empty());
    Ok(read.as_ref().and_then(|read| text_at(read, &gateway.answer_id)))
}

/// The text or number at a path such as `messages.0.id`.
pub(crate) fn text_at(value: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(value, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use forecourt_model::gateway::GatewayHeader;

    use super::*;

    fn gateway(body: GatewayBody, template: &str) -> SmsGateway {
        SmsGateway {
            url: "https://sms.example/send?to={digits}&x={text}".into(),
            method: GatewayMethod::Post,
            headers: vec![GatewayHeader { name: "Authorization".into(), value: "Bearer {secret}".into() }],
            body,
            template: template.into(),
            success_contains: String::new(),
            answer_id: "items.0.id".into(),
            receipt_id: String::new(),
            receipt_state: String::new(),
            delivered_states: vec![],
            undelivered_states: vec![],
        }
    }

    const FILLING: Filling<'_> = Filling { phone: "+7912", text: "say \"hi\" & {phone}", id: "msg_1", sender: "", secret: "s3" };

    #[test]
    fn each_place_is_written_as_its_surroundings_need_it() {
        let json = request(&gateway(GatewayBody::Json, r#"{"to":"{phone}","list":[{"t":"{text}"}],"n":1}"#), FILLING);
        assert_eq!(json.url, "https://sms.example/send?to=7912&x=say%20%22hi%22%20%26%20%7Bphone%7D");
        let body: Value = serde_json::from_slice(&json.body).unwrap_or_default();
        assert_eq!(body["list"][0]["t"], "say \"hi\" & {phone}");
        assert!(json.headers.contains(&("Authorization".into(), "Bearer s3".into())));
        let form = request(&gateway(GatewayBody::Form, "to={phone}\n text = {text}\nref={id}"), FILLING);
        assert_eq!(form.body, "to=%2B7912&text=say%20%22hi%22%20%26%20%7Bphone%7D&ref=msg_1".as_bytes());
    }

    #[test]
    fn ids_are_found_by_their_path() {
        let value = serde_json::json!({"items":[{"id":17}]});
        assert_eq!(text_at(&value, "items.0.id").as_deref(), Some("17"));
        assert_eq!(text_at(&value, "items.1.id"), None);
    }
}
