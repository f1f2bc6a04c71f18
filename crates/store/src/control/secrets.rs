//! Random ids and secrets, and the hashes that secrets are kept as.

use std::fmt;

use rand::Rng as _;

/// No vowels but `a`, `e` and `y`, nothing that reads as something else: safe in addresses, headers and on the phone.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstvwxyz0123456789";

/// What its holder shows to be let in. Printing it for debugging shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn random(prefix: &str) -> Self {
        Self(format!("{prefix}{}", random_text(52)))
    }

    /// The secret itself, to be given to its holder and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// A row's id: 80 random bits behind a word that says what it names.
pub(super) fn new_id(kind: &str) -> String {
    format!("{kind}_{}", random_text(16))
}

/// Five random bits per character.
pub(super) fn random_text(chars: usize) -> String {
    let mut bytes = vec![0_u8; chars];
    rand::rng().fill(&mut bytes[..]);
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// Secrets have 260 random bits: a plain hash of them cannot be searched, and looking it up by index leaks nothing of use.
pub(super) fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}
