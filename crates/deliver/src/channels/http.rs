//! What channels over HTTP share: how a request is shown, and what an answer without a word of the provider's own means.

use forecourt_model::time::SECOND_US;
use forecourt_outgoing::{OutgoingError, Request, Response, StatusCode, header};
use serde_json::Value;

use super::{Answered, HIDDEN};

/// What of a request may be shown.
///
/// * `secret`: taken out wherever it stands, such as in the address or typed into a template.
pub(crate) fn shown(request: &Request, secret: &str) -> String {
    const SECRET_HEADERS: [&str; 4] = ["webhook-signature", "authorization", "x-viber-auth-token", "crypto-key"];
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        let is_secret = SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        text.push_str(&format!("{name}: {}\n", if is_secret { HIDDEN } else { value }));
    }
    text.push('\n');
    match std::str::from_utf8(&request.body) {
        Ok(body) => text.push_str(body),
        Err(_) => text.push_str(&format!("({} bytes)", request.body.len())),
    }
    if secret.is_empty() { text } else { text.replace(secret, HIDDEN) }
}

pub(crate) fn of_answer(answer: &Result<Response, OutgoingError>, chars_max: usize) -> (Option<i64>, Option<String>) {
    match answer {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer.body).chars().take(chars_max).collect();
            (Some(i64::from(answer.status.as_u16())), Some(text))
        }
        Err(_) => (None, None),
    }
}

pub(crate) fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// What the absence of an answer means where nobody drops a repeat.
pub(crate) fn unanswered(error: &OutgoingError) -> Answered {
    match error {
        OutgoingError::Invalid(_) | OutgoingError::Forbidden(_) | OutgoingError::ForbiddenPort { .. } => {
            Answered::refused(error.to_string())
        }
        _ if error.may_have_arrived() => Answered::Unknown(error.to_string()),
        _ => Answered::later(error.to_string()),
    }
}

/// What a status means where the provider's own word says nothing. Keys that are refused are ours to mend: messages wait for it.
pub(crate) fn by_status(answer: &Response, why: String) -> Answered {
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => Answered::pause(why, retry_after_us(answer)),
        StatusCode::GATEWAY_TIMEOUT => Answered::Unknown(why),
        StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => {
            Answered::Later { why, asked_us: retry_after_us(answer), is_pause: false }
        }
        status if status.is_server_error() => Answered::Later { why, asked_us: retry_after_us(answer), is_pause: false },
        status if status.is_redirection() => {
            Answered::refused(format!("{why}: redirects are not followed, give the address that it leads to"))
        }
        _ => Answered::refused(why),
    }
}

/// `Retry-After` in seconds. A date in it would need the other side's clock to be right: it counts as a minute.
pub(crate) fn retry_after_us(answer: &Response) -> Option<i64> {
    let text = answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse::<i64>().unwrap_or(60).clamp(0, 86_400);
    Some(seconds * SECOND_US)
}

pub(crate) fn json(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}
