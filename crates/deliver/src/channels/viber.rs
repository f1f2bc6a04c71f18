//! Viber: `send_message` of a bot, or of a gateway that speaks as Viber does.
//!
//! Source: developers.viber.com/docs/api/rest-bot-api, "Send message" and "Error codes". An answer is 200 whatever came of it: `status` says.

use forecourt_model::{message::Message, sender::ViberSender};
use forecourt_outgoing::{Method, OutgoingError, Request, Response};
use serde_json::json;

use super::{Answered, Call, Ready, Said, http};

const TEXT_CHARS_MAX: usize = 7_000;
const GUARDS: &str = "viber";

/// Errors: why the message cannot be sent like this.
pub(crate) fn ready(sender: &ViberSender, token: &str, message: &Message, said: &Said) -> Result<Ready, String> {
    if TEXT_CHARS_MAX < said.text.chars().count() {
        return Err(format!("Viber takes at most {TEXT_CHARS_MAX} characters: shorten the text"));
    }
    let has_button = !said.url.is_empty() && !said.button.is_empty();
    let text = if has_button { said.text.clone() } else { said.text_with_url() };
    let mut body = json!({
        "receiver": message.recipient,
        "min_api_version": 1,
        "sender": { "name": sender.name.trim() },
        "tracking_data": message.message_id,
        "type": "text",
        "text": text,
    });
    if has_button {
        let button = json!({ "ActionType": "open-url", "ActionBody": said.url, "Text": said.button });
        body["keyboard"] = json!({ "Type": "keyboard", "Buttons": [button] });
    }
    let request = Request::new(Method::POST, format!("{}/pa/send_message", sender.base()))
        .header("content-type", "application/json")
        .header("x-viber-auth-token", token)
        .body(body.to_string());
    let shown = http::shown(&request, token);
    Ok(Ready { guards: GUARDS.to_owned(), shown, call: Call::Http { request, read: Box::new(read) } })
}

fn read(answer: &Result<Response, OutgoingError>) -> Answered {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return http::unanswered(error),
    };
    let told = http::json(answer);
    let message = told["status_message"].as_str().unwrap_or_default();
    let Some(status) = told["status"].as_i64().filter(|_| answer.status.is_success()) else {
        let why = format!("Viber answered {}: {message}", answer.status.as_u16());
        return if answer.status.is_success() { Answered::Unknown(why) } else { http::by_status(answer, why) };
    };
    let why = format!("Viber's status {status}: {message}");
    match status {
        0 => Answered::Taken { provider_id: super::sms::text_at(&told, "message_token") },
        // Not registered, not subscribed, no device that could show it.
        5 | 6 | 11 => Answered::dead(why),
        12 => Answered::pause(why, http::retry_after_us(answer)),
        // The token, the account or its webhook: ours to mend.
        2 | 7 | 9 | 10 | 15 => Answered::later(format!("{why}: see whether the account and its token are right")),
        _ => Answered::refused(why),
    }
}
