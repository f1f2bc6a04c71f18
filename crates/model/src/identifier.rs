//! Identifiers: what names a person on some channel; and the ids derived from them.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::phone;

/// What an identifier is. The order is its strength: an event belongs to the fragment of its strongest identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    UserId,
    /// A key of another system, by its own name: `crm_id`, `dms_id`, …
    External(String),
    Email,
    Phone,
    /// A device or browser.
    AnonymousId,
}

impl IdentifierKind {
    pub fn as_str(&self) -> &str {
        match self {
            Self::UserId => "user_id",
            Self::External(name) => name,
            Self::Email => "email",
            Self::Phone => "phone",
            Self::AnonymousId => "anonymous_id",
        }
    }

    pub fn parse(text: &str) -> Self {
        match text {
            "user_id" => Self::UserId,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "anonymous_id" => Self::AnonymousId,
            other => Self::External(other.to_owned()),
        }
    }

    /// Whether it names a person, rather than a device that people may share.
    pub fn is_person(&self) -> bool {
        *self != Self::AnonymousId
    }
}

impl Serialize for IdentifierKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for IdentifierKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

/// A normalised identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identifier {
    pub kind: IdentifierKind,
    pub value: String,
}

/// The longest identifier kept, in bytes; longer ones are payload that lost its way.
pub const IDENTIFIER_BYTES_MAX: usize = 256;

impl Identifier {
    /// Normalises a raw value: e-mails lower-cased, phones to E.164 (numbers without a country in `region`).
    ///
    /// Returns `None` for what cannot be an identifier: empty, blocked (`null`, `undefined`, `0`, …), malformed.
    pub fn new(kind: IdentifierKind, raw: &str, region: &str) -> Option<Self> {
        let raw = raw.trim_matches(is_blank);
        if raw.is_empty() || IDENTIFIER_BYTES_MAX < raw.len() || is_blocked(raw) || raw.chars().any(char::is_control) {
            return None;
        }
        let value = match &kind {
            IdentifierKind::Email => normal_email(raw)?,
            IdentifierKind::Phone => normal_phone(raw, region)?,
            IdentifierKind::External(name) if name == "vin" => normal_vin(raw),
            _ => raw.to_owned(),
        };
        Some(Self { kind, value })
    }

    /// What two spellings of one identifier have in common; never shown, never written to.
    ///
    /// Gmail delivers to one mailbox whatever the dots and the tag; a domain's name in letters and in `xn--` is one domain.
    pub fn matching_key(&self) -> Cow<'_, str> {
        let IdentifierKind::Email = self.kind else { return Cow::Borrowed(&self.value) };
        let Some((local, domain)) = self.value.rsplit_once('@') else { return Cow::Borrowed(&self.value) };
        if !domain.is_ascii() {
            let ascii = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
            return Cow::Owned(format!("{local}@{ascii}"));
        }
        if !matches!(domain, "gmail.com" | "googlemail.com") {
            return Cow::Borrowed(&self.value);
        }
        let mailbox = local.split_once('+').map_or(local, |(mailbox, _)| mailbox).replace('.', "");
        Cow::Owned(format!("{mailbox}@gmail.com"))
    }

    /// The id of the fragment that this identifier's `generation` brings in.
    pub fn fragment_id(&self, key: &HashKey, generation: u32) -> FragmentId {
        let mut hasher = blake3::Hasher::new_keyed(&key.0);
        hasher.update(self.kind.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(self.matching_key().as_bytes());
        hasher.update(&[0]);
        hasher.update(&generation.to_le_bytes());
        let digest = hasher.finalize();
        let first: [u8; 8] = digest.as_bytes()[..8].try_into().unwrap_or([0; 8]);
        FragmentId((u64::from_le_bytes(first) >> 1) as i64)
    }

    /// The id of what happened on this device between a login of `person` and the next one of somebody else.
    pub fn interval_id(&self, key: &HashKey, person: FragmentId) -> FragmentId {
        let interval = Self { kind: self.kind.clone(), value: format!("{}\0{}", self.value, person.0) };
        interval.fragment_id(key, 1)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.value)
    }
}

/// Values that broken integrations send for everybody; merging on them would make one person of thousands.
fn is_blocked(raw: &str) -> bool {
    const BLOCKED: [&str; 22] = [
        "null",
        "undefined",
        "none",
        "nil",
        "nan",
        "anonymous",
        "guest",
        "unknown",
        "n/a",
        "na",
        "-",
        "-1",
        "true",
        "false",
        "[object object]",
        "distinct_id",
        "distinctid",
        "anonymous_id",
        "anonymousid",
        "user_id",
        "userid",
        "email",
    ];
    if raw.bytes().all(|byte| byte == b'0' || byte == b'-') {
        return true;
    }
    raw.len() <= 16 && BLOCKED.iter().any(|blocked| raw.eq_ignore_ascii_case(blocked))
}

/// White space, and what is as invisible: forms and spreadsheets leave it around values.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// In E.164; of a number behind a switchboard the extension is a part: the trunk alone names nobody.
fn normal_phone(raw: &str, region: &str) -> Option<String> {
    let phone = phone::normalise(raw, region).ok()?;
    Some(match phone.extension {
        Some(extension) => format!("{};ext={extension}", phone.e164),
        None => phone.e164,
    })
}

/// A vehicle's number has no I, O and Q, because people read them as 1 and 0.
fn normal_vin(raw: &str) -> String {
    raw.to_ascii_uppercase().replace(['O', 'Q'], "0").replace('I', "1")
}

fn normal_email(raw: &str) -> Option<String> {
    let lower = raw.nfkc().collect::<String>().to_lowercase();
    let (local, domain) = lower.rsplit_once('@')?;
    let valid = !local.is_empty()
        && !lower.contains(char::is_whitespace)
        && !local.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty());
    valid.then_some(lower)
}

/// The installation's secret for hashing identifiers, so that ids in files give nobody away.
#[derive(Clone, Copy)]
pub struct HashKey(pub [u8; 32]);

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

/// What one identifier, or one login interval of a device, brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FragmentId(pub i64);

/// A person: the least id of the fragments known to be theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProfileId(pub i64);

impl ProfileId {
    /// The range of ids that the profile's rows sit in: 0 to 15.
    pub fn bucket(self) -> u16 {
        (self.0 >> 59) as u16
    }
}

impl From<FragmentId> for ProfileId {
    fn from(fragment: FragmentId) -> Self {
        Self(fragment.0)
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for FragmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_name_nobody_are_refused() {
        for raw in ["", " ", "null", "undefined", "0", "000", "-1", "[object Object]", "NaN", "a\nb"] {
            assert_eq!(Identifier::new(IdentifierKind::UserId, raw, "RU"), None, "{raw:?}");
        }
        assert!(Identifier::new(IdentifierKind::UserId, &"x".repeat(257), "RU").is_none());
    }

    #[test]
    fn spellings_of_one_mailbox_have_one_key() {
        let key = |raw: &str| Identifier::new(IdentifierKind::Email, raw, "RU").map(|email| email.matching_key().into_owned());
        assert_eq!(key("i.van+bmw@gmail.com"), key("ivan@googlemail.com"));
        assert_ne!(key("i.van@mail.ru"), key("ivan@mail.ru"));
        assert_ne!(key("ivan+bmw@mail.ru"), key("ivan@mail.ru"));
        assert_eq!(key("user@пример.рф"), key("user@xn--e1afmkfd.xn--p1ai"));
        assert_ne!(key("аlex@mail.ru"), key("alex@mail.ru"), "the first begins with a Cyrillic letter");
        assert_eq!(key("\u{feff}Ivan@Mail.RU\u{a0}"), key("ivan@mail.ru"));
        assert_eq!(key("ｉｖａｎ@mail.ru"), key("ivan@mail.ru"), "full-width letters");
    }

    #[test]
    fn an_extension_is_part_of_a_number_and_a_vin_is_read_as_it_was_meant() {
        let of = |kind: IdentifierKind, raw: &str| Identifier::new(kind, raw, "RU").map(|identifier| identifier.value);
        assert_ne!(of(IdentifierKind::Phone, "8 (495) 123-45-67 доб. 12"), of(IdentifierKind::Phone, "8 (495) 123-45-67 доб. 34"));
        assert_eq!(of(IdentifierKind::Phone, "086138 0013 8000"), None);
        assert_eq!(of(IdentifierKind::Phone, "+79123456789; +74951234567"), None, "two numbers in one field");
        let vin = |raw: &str| of(IdentifierKind::External("vin".into()), raw);
        assert_eq!(vin("wvwzzz1jzow000001"), vin("WVWZZZIJZ0W000001"));
    }

    #[test]
    fn emails_meet_whatever_their_case() {
        let ana = Identifier::new(IdentifierKind::Email, " Ana@Example.COM ", "RU").map(|id| id.value);
        assert_eq!(ana.as_deref(), Some("ana@example.com"));
        for raw in ["ana", "@example.com", "ana@", "ana@example", "a b@example.com", "ana@example..com"] {
            assert_eq!(Identifier::new(IdentifierKind::Email, raw, "RU"), None, "{raw}");
        }
    }

    #[test]
    fn ids_depend_on_kind_value_generation_and_key() {
        let key = HashKey([7; 32]);
        let id = |kind, value: &str| Identifier { kind, value: value.to_owned() };
        let base = id(IdentifierKind::UserId, "a").fragment_id(&key, 0);
        assert!(0 <= base.0);
        assert_eq!(base, id(IdentifierKind::UserId, "a").fragment_id(&key, 0));
        assert_ne!(base, id(IdentifierKind::UserId, "b").fragment_id(&key, 0));
        assert_ne!(base, id(IdentifierKind::AnonymousId, "a").fragment_id(&key, 0));
        assert_ne!(base, id(IdentifierKind::UserId, "a").fragment_id(&key, 1));
        assert_ne!(base, id(IdentifierKind::UserId, "a").fragment_id(&HashKey([8; 32]), 0));
    }
}
