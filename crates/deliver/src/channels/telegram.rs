//! A Telegram bot: `sendMessage`, with a button where the message leads somewhere.
//!
//! Source: core.telegram.org/bots/api, sendMessage and "Making requests". Telegram tells nothing back of what was read.

use forecourt_model::{message::Message, sender::TelegramSender, time::SECOND_US};
use forecourt_outgoing::{Method, OutgoingError, Request, Response};
use serde_json::{Value, json};

use super::{Answered, Call, HIDDEN, Ready, Said, http};

/// What the Bot API takes in one text.
const TEXT_CHARS_MAX: usize = 4_096;
const GUARDS: &str = "telegram";

/// Errors: why the message cannot be sent like this.
pub(crate) fn ready(sender: &TelegramSender, token: &str, message: &Message, said: &Said) -> Result<Ready, String> {
    if TEXT_CHARS_MAX < said.text.chars().count() {
        return Err(format!("Telegram takes at most {TEXT_CHARS_MAX} characters: shorten the text"));
    }
    let has_button = !said.url.is_empty() && !said.button.is_empty();
    let text = if has_button { said.text.clone() } else { said.text_with_url() };
    let mut body = json!({ "chat_id": message.recipient, "text": text });
    if has_button {
        body["reply_markup"] = json!({ "inline_keyboard": [[{ "text": said.button, "url": said.url }]] });
    }
    let request = Request::new(Method::POST, format!("{}/bot{token}/sendMessage", sender.base()))
        .header("content-type", "application/json")
        .body(body.to_string());
    let shown = http::shown(&request, token);
    // The token stands in the address, and an error may repeat the address.
    let token = token.to_owned();
    let read = move |answer: &Result<Response, OutgoingError>| hidden(read(answer), &token);
    Ok(Ready { guards: GUARDS.to_owned(), shown, call: Call::Http { request, read: Box::new(read) } })
}

fn hidden(answered: Answered, token: &str) -> Answered {
    let hide = |why: String| if token.is_empty() { why } else { why.replace(token, HIDDEN) };
    match answered {
        Answered::Refused { why, is_permanent } => Answered::Refused { why: hide(why), is_permanent },
        Answered::Later { why, asked_us, is_pause } => Answered::Later { why: hide(why), asked_us, is_pause },
        Answered::Unknown(why) => Answered::Unknown(hide(why)),
        taken @ Answered::Taken { .. } => taken,
    }
}

fn read(answer: &Result<Response, OutgoingError>) -> Answered {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return http::unanswered(error),
    };
    let told = http::json(answer);
    if answer.status.is_success() && told["ok"] == Value::Bool(true) {
        let provider_id = told["result"]["message_id"].as_i64().map(|id| format!("telegram:{}:{id}", told["result"]["chat"]["id"]));
        return Answered::Taken { provider_id };
    }
    let description = told["description"].as_str().unwrap_or_default();
    let why = format!("Telegram answered {}: {description}", answer.status.as_u16());
    match answer.status.as_u16() {
        403 => Answered::dead(why),
        400 if description.contains("chat not found") || description.contains("USER_DEACTIVATED") => Answered::dead(why),
        429 => {
            let asked_us = told["parameters"]["retry_after"].as_i64().map(|seconds| seconds.clamp(0, 86_400) * SECOND_US);
            Answered::pause(why, asked_us.or_else(|| http::retry_after_us(answer)))
        }
        // The token is wrong: ours to mend.
        401 | 404 => Answered::later(format!("{why}: see whether the bot's token is right")),
        200..=299 => Answered::Unknown(why),
        _ => http::by_status(answer, why),
    }
}
