//! The keys that secrets are sealed with: AES-256-GCM under the first key, older ones still open what they sealed.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use rand::Rng as _;

use crate::StoreError;

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

/// One or more keys, the one in use first. Printing it for debugging shows key ids only.
#[derive(Clone)]
pub struct Keyring(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID_BYTES],
    bytes: [u8; 32],
}

impl Key {
    fn new(bytes: [u8; 32]) -> Self {
        let derived = blake3::derive_key("forecourt 2026 id of a key for secrets", &bytes);
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&derived[..KEY_ID_BYTES]);
        Self { id, bytes }
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.bytes.into())
    }
}

impl Keyring {
    /// One new key.
    pub fn random() -> Self {
        let mut bytes = [0_u8; 32];
        rand::rng().fill(&mut bytes[..]);
        Self(vec![Key::new(bytes)])
    }

    /// Reads a key file: 64 hexadecimal digits a line, the key in use first; lines that begin with `#` are skipped.
    ///
    /// Errors: [`StoreError::Invalid`] for a line that is no key, and for a file without any.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        // Any 32 bytes in hexadecimal digits; never is it a hash here.
        let read = |line: &str| blake3::Hash::from_hex(line).map(|bytes| Key::new(*bytes.as_bytes()));
        let keys: Vec<Key> = lines.map(read).collect::<Result<_, _>>().map_err(|_| not_a_key())?;
        if keys.is_empty() { Err(not_a_key()) } else { Ok(Self(keys)) }
    }

    /// The key file's text: the keys themselves.
    pub fn reveal(&self) -> String {
        self.0.iter().map(|key| format!("{}\n", blake3::Hash::from_bytes(key.bytes).to_hex())).collect()
    }

    /// A new key before those that are there.
    #[must_use]
    pub fn with_new_key(&self) -> Self {
        let mut keys = Self::random().0;
        keys.extend(self.0.iter().cloned());
        Self(keys)
    }

    /// Only the key in use.
    #[must_use]
    pub fn current_only(&self) -> Self {
        Self(self.0[..1].to_vec())
    }

    /// Names the key in use; tells nothing of it.
    pub fn current_id(&self) -> String {
        hex(&self.0[0].id)
    }

    /// Whether it holds the key of this name.
    pub fn has(&self, key_id: &str) -> bool {
        self.0.iter().any(|key| hex(&key.id) == key_id)
    }

    /// Encrypts with the key in use and a random nonce.
    ///
    /// * `place`: where the result is kept; it opens nowhere else, so that a row cannot be moved to another's place.
    /// * Returns version, key id, nonce, cipher text and tag, one after the other.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let key = &self.0[0];
        let mut nonce = [0_u8; NONCE_BYTES];
        rand::rng().fill(&mut nonce[..]);
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = key.cipher().encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Invalid("a secret is too long to be sealed".into()))?;
        Ok([&[VERSION][..], &key.id, &nonce, &sealed].concat())
    }

    /// Decrypts what [`Keyring::seal`] made for the same place.
    ///
    /// Errors: [`StoreError::Unreadable`] when its key is not here, or it was changed or moved.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::Unreadable(format!("the secret of `{place}` was changed or moved: enter it again"));
        let (head, body) = sealed.split_at_checked(HEAD_BYTES).filter(|(head, _)| head[0] == VERSION).ok_or_else(damaged)?;
        let (id, nonce) = head[1..].split_at(KEY_ID_BYTES);
        let key = self.0.iter().find(|key| key.id == id).ok_or_else(|| missing(&hex(id)))?;
        let nonce = Nonce::try_from(nonce).map_err(|_| damaged())?;
        key.cipher().decrypt(&nonce, Payload { msg: body, aad: place.as_bytes() }).map_err(|_| damaged())
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.0.iter().map(|key| hex(&key.id)).collect();
        write!(out, "Keyring({})", ids.join(", "))
    }
}

/// Secrets are there that none of the keys opens.
pub(super) fn missing(key_id: &str) -> StoreError {
    StoreError::Unreadable(format!(
        "secrets are sealed with the key `{key_id}`, and it is not in the key file: bring the key file back from a backup, \
         or begin anew with `forecourt secrets forget` and enter all secrets again"
    ))
}

fn not_a_key() -> StoreError {
    StoreError::Invalid("the key for secrets is not 64 hexadecimal digits a line: make one by `openssl rand -hex 32`".into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let keys = Keyring::random();
        let sealed = keys.seal("totp/ana", b"JBSWY3DP").unwrap();
        assert_eq!(keys.open("totp/ana", &sealed).unwrap(), b"JBSWY3DP");
        assert!(keys.open("totp/leo", &sealed).unwrap_err().to_string().contains("changed or moved"));
        assert!(!sealed.windows(8).any(|bytes| bytes == b"JBSWY3DP"));
        assert_ne!(sealed, keys.seal("totp/ana", b"JBSWY3DP").unwrap(), "a nonce serves once");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            keys.open("totp/ana", &changed).expect_err("a changed bit is noticed");
        }
        for length in 0..sealed.len() {
            keys.open("totp/ana", &sealed[..length]).expect_err("a missing end is noticed");
        }
        let told = Keyring::random().open("totp/ana", &sealed).unwrap_err().to_string();
        assert!(told.contains(&keys.current_id()) && told.contains("key file"), "{told}");
    }

    #[test]
    fn older_keys_still_open() {
        let old = Keyring::random();
        let sealed = old.seal("a", b"secret").unwrap();
        let both = Keyring::parse(&format!("# for the desk\n{}", old.with_new_key().reveal())).unwrap();
        assert_eq!(both.open("a", &sealed).unwrap(), b"secret");
        assert_ne!(both.current_id(), old.current_id());
        assert!(both.current_only().open("a", &sealed).is_err());
        assert!(!format!("{both:?}").contains(old.reveal().trim()));
    }

    #[test]
    fn a_key_file_that_is_none_is_told() {
        for text in ["", "# nothing", "abc", &"g".repeat(64), &"0".repeat(63)] {
            assert!(Keyring::parse(text).unwrap_err().to_string().contains("openssl rand -hex 32"), "{text}");
        }
    }
}
