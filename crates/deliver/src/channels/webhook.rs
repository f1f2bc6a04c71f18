//! Webhooks as Standard Webhooks has them: an id that is the same at each attempt, a time, and a signature over both and the body.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use forecourt_model::{message::Message, time::SECOND_US};
use forecourt_outgoing::{Method, OutgoingError, Request, Response, StatusCode};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Answered, Call, Ready, http};

const SECRET_PREFIX: &str = "whsec_";

/// A secret as receivers' libraries read it, of 24 random bytes.
pub fn new_secret(random: [u8; 24]) -> String {
    format!("{SECRET_PREFIX}{}", BASE64.encode(random))
}

/// The signature of one request: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
///
/// * `timestamp_s`: seconds since 1970 UTC.
pub fn signature(secret: &str, id: &str, timestamp_s: i64, body: &str) -> String {
    let key = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
    let key = BASE64.decode(key).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(format!("{id}.{timestamp_s}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

pub(crate) fn ready(secret: &str, message: &Message, now_us: i64) -> Ready {
    let request = request(message, secret, now_us);
    let guards = format!("webhook {}", http::host_of(&message.recipient));
    Ready { guards, shown: http::shown(&request, ""), call: Call::Http { request, read: Box::new(read) } }
}

/// One that may have arrived is sent again: its id tells the receiver that it is the same.
fn read(answer: &Result<Response, OutgoingError>) -> Answered {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error @ (OutgoingError::Invalid(_) | OutgoingError::Forbidden(_) | OutgoingError::ForbiddenPort { .. })) => {
            return Answered::refused(error.to_string());
        }
        Err(error) => return Answered::later(error.to_string()),
    };
    let status = answer.status;
    let why = format!("the answer was {status}");
    match status {
        _ if status.is_success() => Answered::Taken { provider_id: None },
        StatusCode::TOO_MANY_REQUESTS => Answered::pause(why, http::retry_after_us(answer)),
        StatusCode::GONE => Answered::refused(why),
        _ if status.is_redirection() => http::by_status(answer, why),
        _ => Answered::Later { why, asked_us: http::retry_after_us(answer), is_pause: false },
    }
}

/// Dealers' systems may be told in ADF/XML; all else is JSON.
fn media_type(body: &str) -> &'static str {
    if body.starts_with("<?xml") { "application/x-adf+xml; charset=utf-8" } else { "application/json" }
}

fn request(message: &Message, secret: &str, now_us: i64) -> Request {
    let timestamp_s = now_us / SECOND_US;
    Request::new(Method::POST, message.recipient.as_str())
        .header("content-type", media_type(&message.body))
        .header("webhook-id", message.message_id.as_str())
        .header("webhook-timestamp", timestamp_s.to_string())
        .header("webhook-signature", signature(secret, &message.message_id, timestamp_s, &message.body))
        .body(message.body.clone())
}

#[cfg(test)]
mod tests {
    use forecourt_outgoing::{HeaderMap, header};

    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn the_signature_is_the_specifications() {
        let signed =
            signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_body_says_what_it_is() {
        assert_eq!(media_type("{}"), "application/json");
        assert_eq!(media_type("<?xml version=\"1.0\"?><adf/>"), "application/x-adf+xml; charset=utf-8");
    }

    fn answer(status: u16, retry_after: Option<&'static str>) -> Result<Response, OutgoingError> {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static(text));
        }
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Ok(Response { status, headers, body: Default::default(), is_cut: false })
    }

    /// Beside it what the same means for an SMS, which nobody drops when it comes twice.
    #[test]
    fn an_answer_says_what_comes_next() {
        let result = |answered: Answered| match answered {
            Answered::Taken { .. } => "taken",
            Answered::Refused { .. } => "refused",
            Answered::Later { is_pause: true, asked_us: Some(7_000_000), .. } => "pause",
            Answered::Later { .. } => "later",
            Answered::Unknown(_) => "unknown",
        };
        let of_sms = |answer: &Result<Response, OutgoingError>| match answer {
            Ok(answer) if !answer.status.is_success() => http::by_status(answer, String::new()),
            Ok(_) => Answered::Taken { provider_id: None },
            Err(error) => http::unanswered(error),
        };
        let timeout = || Err(OutgoingError::Timeout(std::time::Duration::from_secs(1)));
        let refused = || Err(OutgoingError::NoConnection("refused".into()));
        let forbidden = || Err(OutgoingError::Forbidden("localhost".into()));
        for (sms, webhook, answer) in [
            ("taken", "taken", answer(202, None)),
            ("pause", "pause", answer(429, Some("7"))),
            ("later", "later", answer(503, None)),
            ("unknown", "later", answer(504, None)),
            ("refused", "later", answer(400, None)),
            ("refused", "refused", answer(410, None)),
            ("refused", "refused", answer(302, None)),
            ("unknown", "later", timeout()),
            ("later", "later", refused()),
            ("refused", "refused", forbidden()),
        ] {
            assert_eq!((result(of_sms(&answer)), result(read(&answer))), (sms, webhook), "{answer:?}");
        }
    }
}
