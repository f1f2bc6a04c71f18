//! Webhooks as Standard Webhooks has them: an id that is the same at each attempt, a time, and a signature over both and the body.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use forecourt_model::{message::Message, time::SECOND_US};
use forecourt_outgoing::{Method, Request};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

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

pub(crate) fn request(message: &Message, secret: &str, now_us: i64) -> Request {
    let timestamp_s = now_us / SECOND_US;
    Request::new(Method::POST, message.recipient.as_str())
        .header("content-type", "application/json")
        .header("webhook-id", message.message_id.as_str())
        .header("webhook-timestamp", timestamp_s.to_string())
        .header("webhook-signature", signature(secret, &message.message_id, timestamp_s, &message.body))
        .body(message.body.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn the_signature_is_the_specifications() {
        let signed =
            signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
