//! WhatsApp by Meta's Cloud API: a text, or a message template that Meta approved.
//!
//! A text reaches only who wrote within the last 24 hours. A text that is a JSON object with `name` and `language` is sent as a
//! template: `{"name":"service_due","language":{"code":"uk"},"components":[…]}`.
//! Source: developers.facebook.com/docs/whatsapp/cloud-api, "Messages" and "Error codes".

use forecourt_model::{message::Message, sender::WhatsappSender};
use forecourt_outgoing::{Method, OutgoingError, Request, Response};
use serde_json::{Value, json};

use super::{Answered, Call, Ready, Said, http};

const TEXT_CHARS_MAX: usize = 4_096;
const GUARDS: &str = "whatsapp";

/// Errors: why the message cannot be sent like this.
pub(crate) fn ready(sender: &WhatsappSender, token: &str, message: &Message, said: &Said) -> Result<Ready, String> {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.recipient.trim_start_matches('+'),
        "biz_opaque_callback_data": message.message_id,
    });
    match template(&said.text) {
        Some(template) => {
            body["type"] = "template".into();
            body["template"] = template;
        }
        None => {
            let text = said.text_with_url();
            if TEXT_CHARS_MAX < text.chars().count() {
                return Err(format!("WhatsApp takes at most {TEXT_CHARS_MAX} characters: shorten the text"));
            }
            body["type"] = "text".into();
            body["text"] = json!({ "preview_url": !said.url.is_empty(), "body": text });
        }
    }
    let url = format!("{}/{}/{}/messages", sender.base(), sender.api_version, sender.phone_number_id);
    let request = Request::new(Method::POST, url)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(body.to_string());
    let shown = http::shown(&request, token);
    Ok(Ready { guards: GUARDS.to_owned(), shown, call: Call::Http { request, read: Box::new(read) } })
}

fn template(text: &str) -> Option<Value> {
    let read: Value = serde_json::from_str(text.trim()).ok()?;
    (read["name"].is_string() && read["language"].is_object()).then_some(read)
}

fn read(answer: &Result<Response, OutgoingError>) -> Answered {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return http::unanswered(error),
    };
    let told = http::json(answer);
    if answer.status.is_success() {
        return match told["messages"][0]["id"].as_str() {
            Some(id) => Answered::Taken { provider_id: Some(id.to_owned()) },
            None => Answered::Unknown("WhatsApp's answer names no message".to_owned()),
        };
    }
    let error = &told["error"];
    let Some(code) = error["code"].as_i64() else {
        return http::by_status(answer, format!("WhatsApp answered {}", answer.status.as_u16()));
    };
    let detail = error["error_data"]["details"].as_str().or_else(|| error["message"].as_str()).unwrap_or_default();
    let why = format!("WhatsApp's error {code}: {detail}");
    match code {
        131047 => Answered::refused(format!("{why}: over 24 hours since the person wrote, send an approved template instead")),
        // Too many calls or messages: of the app, the account, the number, or to this person.
        4 | 80007 | 130429 | 131048 | 131056 => Answered::pause(why, http::retry_after_us(answer)),
        // The token, the rights, the account or the number: ours to mend.
        0 | 3 | 10 | 190 | 200..=299 | 368 | 131005 | 131031 | 131042 | 131045 | 133010 => {
            Answered::later(format!("{why}: see whether the account and its token are right"))
        }
        1 | 2 | 131000 | 131016 | 131057 => Answered::later(why),
        _ => Answered::refused(why),
    }
}
