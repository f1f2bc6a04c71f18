//! Web push: a message to a browser by way of its maker's push service, sealed so that only the browser reads it.
//!
//! Sources: RFC 8030 (the request), RFC 8291 and RFC 8188 (what is sealed, and how), RFC 8292 (who sends: VAPID).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use forecourt_model::{message::Message, sender::WebPushSender, time::SECOND_US};
use forecourt_outgoing::{Method, OutgoingError, Request, Response};
use ring::{
    aead, agreement, hkdf,
    rand::{SecureRandom as _, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde::Deserialize;
use serde_json::json;

use super::{Answered, Call, HIDDEN, Ready, Said, http};

/// How long a push service keeps a message for a browser that is not there.
const TTL_S: i64 = 24 * 3_600;
/// How long a word of who sends is good for; services refuse over a day.
const VAPID_LIFE_S: i64 = 12 * 3_600;
/// One record: what all services take.
const RECORD_BYTES: usize = 4_096;
/// A record less its head, its seal and the byte that ends the text.
const PLAIN_BYTES_MAX: usize = RECORD_BYTES - 86 - 16 - 1;
const POINT_BYTES: usize = 65;

/// What a browser hands out when it subscribes, as `PushSubscription.toJSON()` writes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Subscription {
    pub endpoint: String,
    keys: Keys,
}

#[derive(Debug, Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

impl Subscription {
    pub fn read(recipient: &str) -> Option<Self> {
        serde_json::from_str(recipient).ok()
    }
}

/// A new pair of keys for web push: the public one, for the setting and the site, and the private one, for the vault.
pub fn new_web_push_keys() -> Result<(String, String), String> {
    let failed = |_| "no keys could be made".to_owned();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(failed)?;
    // PKCS #8 of a P-256 key as `ring` writes it: the private key's 32 bytes stand at a fixed place.
    const PRIVATE_AT: usize = 36;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &SystemRandom::new());
    let pair = pair.map_err(|error| error.to_string())?;
    let private = made.as_ref().get(PRIVATE_AT..PRIVATE_AT + 32).ok_or("no keys could be made")?;
    Ok((BASE64URL.encode(pair.public_key().as_ref()), BASE64URL.encode(private)))
}

/// Errors: why the message cannot be sent like this.
///
/// * `private_key`: base64url of its 32 bytes.
pub(crate) fn ready(sender: &WebPushSender, private_key: &str, message: &Message, said: &Said, now_us: i64) -> Result<Ready, String> {
    let Some(subscription) = Subscription::read(&message.recipient) else {
        return Err("the subscription is no JSON with `endpoint` and `keys`: keep what `PushSubscription.toJSON()` gives".to_owned());
    };
    let plain = json!({ "title": said.title, "body": said.text, "url": said.url, "button": said.button, "tag": message.message_id });
    let plain = plain.to_string();
    let sealed = seal_for(&subscription, plain.as_bytes())?;
    let origin = origin_of(&subscription.endpoint);
    let token = vapid(sender, private_key, &origin, now_us / SECOND_US)?;
    let mut request = Request::new(Method::POST, subscription.endpoint.as_str())
        .header("content-type", "application/octet-stream")
        .header("content-encoding", "aes128gcm")
        .header("ttl", TTL_S.to_string())
        .header("urgency", "normal")
        .header("authorization", format!("vapid t={token}, k={}", sender.public_key));
    // A repeat takes the place of the one that the browser has not fetched yet.
    if let Some(topic) = message.message_id.strip_prefix("msg_").filter(|topic| topic.len() == 32) {
        request = request.header("topic", topic);
    }
    let shown = format!("{}\n({HIDDEN}, sealed)\n{plain}", http::shown(&request, ""));
    let request = request.body(sealed);
    let guards = format!("web_push {}", http::host_of(&subscription.endpoint));
    Ok(Ready { guards, shown, call: Call::Http { request, read: Box::new(read) } })
}

fn read(answer: &Result<Response, OutgoingError>) -> Answered {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return http::unanswered(error),
    };
    let status = answer.status.as_u16();
    let why = format!("the push service answered {status}");
    match status {
        200..=202 => {
            let location = answer.headers.get("location").and_then(|value| value.to_str().ok());
            Answered::Taken { provider_id: location.map(str::to_owned) }
        }
        404 | 410 => Answered::dead(format!("{why}: the browser does not subscribe any more")),
        413 => Answered::refused(format!("{why}: the message is too long, shorten it")),
        401 | 403 => Answered::refused(format!("{why}: the browser subscribed with another key")),
        _ => http::by_status(answer, why),
    }
}

fn origin_of(endpoint: &str) -> String {
    let scheme = endpoint.split_once("://").map_or("https", |(scheme, _)| scheme);
    format!("{scheme}://{}", http::host_of(endpoint))
}

/// Who sends, as RFC 8292 has it: a signed word for this push service.
fn vapid(sender: &WebPushSender, private_key: &str, audience: &str, now_s: i64) -> Result<String, String> {
    let header = BASE64URL.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
    let claims = json!({ "aud": audience, "exp": now_s + VAPID_LIFE_S, "sub": sender.subject });
    let signed = format!("{header}.{}", BASE64URL.encode(claims.to_string()));
    let bad = "the keys of web push do not belong together: make a new pair under Settings, Sending".to_owned();
    let (Some(private), Some(public)) = (decoded(private_key), decoded(&sender.public_key)) else { return Err(bad) };
    let random = SystemRandom::new();
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &private, &public, &random).map_err(|_| bad)?;
    let signature = pair.sign(&random, signed.as_bytes()).map_err(|_| "this machine gives no random numbers".to_owned())?;
    Ok(format!("{signed}.{}", BASE64URL.encode(signature.as_ref())))
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text.trim().trim_end_matches('=')).ok()
}

fn seal_for(subscription: &Subscription, plain: &[u8]) -> Result<Vec<u8>, String> {
    if PLAIN_BYTES_MAX < plain.len() {
        return Err(format!("a web push carries at most {PLAIN_BYTES_MAX} bytes: shorten the text"));
    }
    let bad = || "the subscription's keys cannot be read: the browser has to subscribe anew".to_owned();
    let browser = decoded(&subscription.keys.p256dh).filter(|key| key.len() == POINT_BYTES).ok_or_else(bad)?;
    let auth = decoded(&subscription.keys.auth).filter(|auth| auth.len() == 16).ok_or_else(bad)?;
    let random = SystemRandom::new();
    let no_random = |_| "this machine gives no random numbers".to_owned();
    let own = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &random).map_err(no_random)?;
    let public = own.compute_public_key().map_err(no_random)?;
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(no_random)?;
    let theirs = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, &browser);
    let sealed = agreement::agree_ephemeral(own, &theirs, |shared| seal(shared, &auth, &browser, public.as_ref(), &salt, plain));
    sealed.map_err(|_| bad())?.ok_or_else(bad)
}

/// One `aes128gcm` record, with its head.
///
/// * `shared`: what both sides' keys agree on.
fn seal(shared: &[u8], auth: &[u8], browser: &[u8], own: &[u8], salt: &[u8; 16], plain: &[u8]) -> Option<Vec<u8>> {
    let mut keying = [0; 32];
    expand(&hkdf::Salt::new(hkdf::HKDF_SHA256, auth).extract(shared), &[b"WebPush: info\0", browser, own], &mut keying)?;
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&keying);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    expand(&extracted, &[b"Content-Encoding: aes128gcm\0"], &mut key)?;
    expand(&extracted, &[b"Content-Encoding: nonce\0"], &mut nonce)?;
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, &key).ok()?);
    let mut text = plain.to_vec();
    // The last record's text ends with a 2.
    text.push(2);
    key.seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::empty(), &mut text).ok()?;
    let mut out = salt.to_vec();
    out.extend_from_slice(&(RECORD_BYTES as u32).to_be_bytes());
    out.push(POINT_BYTES as u8);
    out.extend_from_slice(own);
    out.extend_from_slice(&text);
    Some(out)
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(key: &hkdf::Prk, info: &[&[u8]], out: &mut [u8]) -> Option<()> {
    key.expand(info, Length(out.len())).ok()?.fill(out).ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64URL.decode(text).unwrap()
    }

    /// RFC 8291, Appendix A.
    #[test]
    fn what_is_sealed_is_the_standards_example() {
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let browser = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let own = bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let salt: [u8; 16] = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let sealed = seal(&shared, &auth, &browser, &own, &salt, b"When I grow up, I want to be a watermelon").unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64URL.encode(sealed), expected);
    }

    #[test]
    fn who_sends_is_signed_for_one_service_and_half_a_day() {
        let (public_key, private_key) = new_web_push_keys().unwrap();
        let sender = WebPushSender { subject: "mailto:desk@example.com".into(), public_key: public_key.clone(), per_second: None };
        assert_eq!(sender.check(), Ok(()));
        let token = vapid(&sender, &private_key, "https://push.example", 1_000).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(&public_key));
        public.verify(signed.as_bytes(), &bytes(signature)).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&bytes(signed.split_once('.').unwrap().1)).unwrap();
        assert_eq!(claims, json!({ "aud": "https://push.example", "exp": 44_200, "sub": "mailto:desk@example.com" }));
        let other = WebPushSender { public_key: new_web_push_keys().unwrap().0, ..sender };
        assert!(vapid(&other, &private_key, "https://push.example", 0).unwrap_err().contains("do not belong together"));
    }
}
