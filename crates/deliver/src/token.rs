//! Tokens in the addresses that stand in messages: which message, and a seal that nobody else can make.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Bytes of the seal: nobody tries 2^128 of them over a network.
const SEAL_BYTES: usize = 16;
/// As the ids of messages of the outbox begin; what follows is 32 hexadecimal digits.
const PREFIX: &str = "msg_";

/// What following an address does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link<'a> {
    /// The picture that is loaded when somebody reads.
    Open,
    /// Leads there.
    Click(&'a str),
    Unsubscribe,
    /// One that no person sees.
    Trap,
}

/// The key of tokens.
#[derive(Clone)]
pub(crate) struct LinkKey(Vec<u8>);

impl LinkKey {
    pub fn new(secret: &str) -> Self {
        Self(secret.as_bytes().to_vec())
    }

    pub fn token(&self, message_id: &str, link: Link<'_>) -> String {
        let seal = self.mac(message_id, link).finalize().into_bytes();
        format!("{}.{}", packed(message_id), BASE64URL.encode(&seal[..SEAL_BYTES]))
    }

    /// The message of a token that was made for this.
    pub fn message_of(&self, token: &str, link: Link<'_>) -> Option<String> {
        let (packed, seal) = token.split_once('.')?;
        let message_id = unpacked(packed)?;
        let seal = BASE64URL.decode(seal).ok().filter(|seal| seal.len() == SEAL_BYTES)?;
        // Takes as long for a wrong seal as for a right one.
        self.mac(&message_id, link).verify_truncated_left(&seal).ok()?;
        Some(message_id)
    }

    fn mac(&self, message_id: &str, link: Link<'_>) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        let (kind, url) = match link {
            Link::Open => ("open", ""),
            Link::Click(url) => ("click", url),
            Link::Unsubscribe => ("unsubscribe", ""),
            Link::Trap => ("trap", ""),
        };
        for part in [kind, message_id, url] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }
}

/// Ids of the outbox as their 16 bytes, others as they are behind a tilde.
fn packed(message_id: &str) -> String {
    match message_id.strip_prefix(PREFIX).and_then(bytes_of) {
        Some(bytes) => BASE64URL.encode(bytes),
        None => format!("~{}", BASE64URL.encode(message_id)),
    }
}

fn unpacked(packed: &str) -> Option<String> {
    if let Some(text) = packed.strip_prefix('~') {
        return String::from_utf8(BASE64URL.decode(text).ok()?).ok();
    }
    let bytes = BASE64URL.decode(packed).ok().filter(|bytes| bytes.len() == 16)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{PREFIX}{digits}"))
}

fn bytes_of(digits: &str) -> Option<[u8; 16]> {
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return None;
    }
    u128::from_str_radix(digits, 16).ok().map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_message_its_own_way_and_nothing_else() {
        let key = LinkKey::new("k");
        let id = "msg_00112233445566778899aabbccddeeff";
        let token = key.token(id, Link::Click("https://a.example/?x=1"));
        assert_eq!(token.len(), 45);
        assert_eq!(key.message_of(&token, Link::Click("https://a.example/?x=1")).as_deref(), Some(id));
        for other in [Link::Click("https://evil.example/"), Link::Open, Link::Unsubscribe, Link::Trap] {
            assert_eq!(key.message_of(&token, other), None);
        }
        assert_eq!(LinkKey::new("l").message_of(&token, Link::Click("https://a.example/?x=1")), None);
        for broken in ["", ".", &token[1..], &token[..40], &format!("{token}x"), "~.AAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(key.message_of(broken, Link::Click("https://a.example/?x=1")), None, "{broken}");
        }
        let trial = key.token("msg_test_5", Link::Open);
        assert_eq!(key.message_of(&trial, Link::Open).as_deref(), Some("msg_test_5"));
    }
}
