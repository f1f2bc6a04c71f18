//! Erasing a person: what is looked for, what stands in its place, and what brings the person back.
//!
//! Identifiers are looked for by their keyed hashes alone: whoever does the work need not know whom it is about.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Event, FragmentId, HashKey, Identifier, IdentifierKind, Origin};

/// The identifiers of an erased person, as keyed hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
    /// What an identifier may be besides an e-mail, a phone, a user id and a device.
    kinds: BTreeSet<IdentifierKind>,
    /// Fragment ids of the identifiers' first generation.
    ids: BTreeSet<FragmentId>,
    /// Keyed hashes of what commands name the person's leads and tasks by.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    keys: BTreeSet<u64>,
}

/// What a command may name instead of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    Lead,
    Task,
}

impl Named {
    fn key(self, id: &str, key: &HashKey) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&key.0);
        hasher.update(match self {
            Self::Lead => b"named\0lead\0",
            Self::Task => b"named\0task\0",
        });
        hasher.update(id.as_bytes());
        let digest = hasher.finalize();
        digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

impl Sought {
    pub fn add(&mut self, kind: IdentifierKind, id: FragmentId) {
        self.kinds.insert(kind);
        self.ids.insert(id);
    }

    pub fn extend(&mut self, other: &Self) {
        self.kinds.extend(other.kinds.iter().cloned());
        self.ids.extend(&other.ids);
        self.keys.extend(&other.keys);
    }

    pub fn ids(&self) -> impl Iterator<Item = FragmentId> {
        self.ids.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Has records looked for that name a lead or a task of the person.
    pub fn add_named(&mut self, named: Named, id: &str, key: &HashKey) {
        self.keys.insert(named.key(id, key));
    }

    /// Whether a lead or a task is the person's.
    pub fn has_named(&self, named: Named, id: &str, key: &HashKey) -> bool {
        self.keys.contains(&named.key(id, key))
    }

    /// Whether an identifier is the person's.
    pub fn has(&self, identifier: &Identifier, key: &HashKey) -> bool {
        self.kinds.contains(&identifier.kind) && self.ids.contains(&identifier.fragment_id(key, 0))
    }

    /// Whether the event names the person.
    pub fn names(&self, event: &Event, key: &HashKey) -> bool {
        event.identifiers.iter().any(|identifier| self.has(identifier, key))
    }

    /// Whether one of the person's identifiers is anywhere in bytes that need not read as anything: as a text of a JSON
    /// document, or as a word.
    ///
    /// * `region`: whose notation a phone without a country code is in.
    pub fn is_in(&self, raw: &[u8], key: &HashKey, region: &str) -> bool {
        let is_one = |word: &str| {
            let kinds = self.kinds.iter().filter(|kind| may_be(kind, word));
            kinds.filter_map(|kind| Identifier::new(kind.clone(), word, region)).any(|found| self.has(&found, key))
        };
        if let Ok(document) = serde_json::from_slice::<Value>(raw)
            && any_text(&document, &is_one)
        {
            return true;
        }
        let text = String::from_utf8_lossy(raw);
        text.split(is_between_words).filter(|word| !word.is_empty()).any(is_one)
            || text.split(is_between_phones).map(str::trim).filter(|run| PHONE_CHARS_MIN <= run.len()).any(is_one)
    }
}

/// Fewer digits are no phone.
const PHONE_CHARS_MIN: usize = 7;

/// Whether a word is worth being read as an identifier of the kind: that of a phone takes long.
fn may_be(kind: &IdentifierKind, word: &str) -> bool {
    match kind {
        IdentifierKind::Email => word.contains('@'),
        IdentifierKind::Phone => PHONE_CHARS_MIN <= word.bytes().filter(u8::is_ascii_digit).count(),
        _ => true,
    }
}

fn is_between_words(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '{' | '}' | '[' | ']' | '<' | '>' | '(' | ')' | '=' | '&' | '?' | '\\' | ':')
}

fn is_between_phones(c: char) -> bool {
    !(c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ' | '.' | '\u{a0}'))
}

fn any_text(value: &Value, is_one: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_one(text),
        Value::Number(number) => is_one(&number.to_string()),
        Value::Array(values) => values.iter().any(|value| any_text(value, is_one)),
        Value::Object(fields) => fields.values().any(|value| any_text(value, is_one)),
        Value::Null | Value::Bool(_) => false,
    }
}

/// What takes the place of an erased record in the log, whose offset and time stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Keyed hash of the identifier that the event belonged to; 0 where it was no event.
    pub fragment_id: FragmentId,
    /// Digest that a repetition of the message is known by; 0 where it had none.
    pub message_key: u64,
}

const LAYOUT: u8 = 1;

impl Tombstone {
    pub fn encode(&self) -> Vec<u8> {
        let mut body = vec![LAYOUT];
        body.extend_from_slice(&self.fragment_id.0.to_le_bytes());
        body.extend_from_slice(&self.message_key.to_le_bytes());
        body
    }

    pub fn decode(body: &[u8]) -> Option<Self> {
        let (LAYOUT, rest) = body.split_first().map(|(layout, rest)| (*layout, rest))? else { return None };
        let (fragment_id, message_key) = rest.split_first_chunk::<8>()?;
        let message_key: [u8; 8] = message_key.try_into().ok()?;
        Some(Self { fragment_id: FragmentId(i64::from_le_bytes(*fragment_id)), message_key: u64::from_le_bytes(message_key) })
    }
}

/// Whether the event says that the person agrees, from now on: a trait or a property `consent` that is true.
pub fn gives_consent(event: &Event) -> bool {
    let agrees = |value: &Value| match value {
        Value::Bool(agrees) => *agrees,
        Value::Number(number) => number.as_f64() == Some(1.0),
        Value::String(text) => ["true", "yes", "1", "granted", "given"].iter().any(|yes| text.trim().eq_ignore_ascii_case(yes)),
        _ => false,
    };
    let of_properties = || {
        let properties: Value = event.properties.contains("\"consent\"").then(|| serde_json::from_str(&event.properties).ok()).flatten()?;
        properties.get("consent").map(&agrees)
    };
    event.origin == Origin::Live && event.traits.get("consent").map(agrees).or_else(of_properties).unwrap_or(false)
}

/// Whose the leads, orders and calls of an erased person are: nobody's, but those of one person are one nobody's.
///
/// Fragments have no negative ids.
pub fn nobody(log_offset: u64) -> FragmentId {
    FragmentId(-1 - log_offset as i64)
}

/// What an erased person's lead, order or call is called: other systems know it by its old id. That may be given again, and
/// erased again: hence the erasure's offset.
pub fn nameless(key: &HashKey, log_offset: u64, kind: &str, id: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(b"erased\0");
    hasher.update(&log_offset.to_le_bytes());
    hasher.update(kind.as_bytes());
    hasher.update(&[0]);
    hasher.update(id.as_bytes());
    let digest = hasher.finalize().to_hex();
    format!("erased-{}", &digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stamp;

    const KEY: HashKey = HashKey([5; 32]);

    fn ana() -> Sought {
        let mut sought = Sought::default();
        for (kind, value) in
            [(IdentifierKind::Email, "ana@example.com"), (IdentifierKind::Phone, "+79161234567"), (IdentifierKind::UserId, "crm-7")]
        {
            sought.add(kind.clone(), Identifier { kind, value: value.into() }.fragment_id(&KEY, 0));
        }
        sought
    }

    #[test]
    fn a_person_is_found_in_what_does_not_read_too() {
        for raw in [
            r#"{"type":"track","traits":{"email":" Ana@Example.com"}}"#,
            r#"{"type":"identify","properties":{"list":["x",{"tel":"8 (916) 123-45-67"}]}}"#,
            r#"{"broken": "ana@EXAMPLE.com", "#,
            "email=ana@example.com&x=1",
            "call +7 916 123-45-67 back",
            r#"{"userId":"crm-7"}"#,
        ] {
            assert!(ana().is_in(raw.as_bytes(), &KEY, "RU"), "{raw}");
        }
        for raw in [r#"{"email":"ana@example.co"}"#, "nothing", "", r#"{"userId":"crm-77"}"#, "7 916 123", "\u{0}\u{1}"] {
            assert!(!ana().is_in(raw.as_bytes(), &KEY, "RU"), "{raw}");
        }
        assert!(!ana().is_in(b"ana@example.com", &HashKey([6; 32]), "RU"), "only under the installation's key");
    }

    #[test]
    fn leads_and_tasks_are_known_by_their_hashes() {
        let mut sought = ana();
        sought.add_named(Named::Lead, "L1", &KEY);
        let text = serde_json::to_string(&sought).unwrap_or_default();
        assert!(!text.contains("L1"), "{text}");
        let read: Sought = serde_json::from_str(&text).unwrap_or_default();
        let has = |named, id, key| read.has_named(named, id, key);
        assert!(has(Named::Lead, "L1", &KEY) && !has(Named::Lead, "L2", &KEY) && !has(Named::Task, "L1", &KEY));
        assert!(!has(Named::Lead, "L1", &HashKey([6; 32])), "only under the installation's key");
        // As earlier versions wrote it.
        assert!(serde_json::from_str::<Sought>(r#"{"kinds":[],"ids":[]}"#).is_ok());
    }

    #[test]
    fn a_tombstone_reads_back_and_a_cut_one_does_not() {
        let tombstone = Tombstone { fragment_id: FragmentId(7), message_key: u64::MAX };
        let body = tombstone.encode();
        assert_eq!(Tombstone::decode(&body), Some(tombstone));
        for cut in 0..body.len() {
            assert_eq!(Tombstone::decode(&body[..cut]), None);
        }
    }

    #[test]
    fn consent_is_said_live_and_plainly() {
        let says = |json: &str, origin| {
            let stamp = Stamp { origin, received_us: 1, sent_us: None, source: "s".into(), message_id: "m".into(), ip: "".into() };
            gives_consent(&Event::parse(json.as_bytes(), &stamp, "RU").unwrap_or_else(|refusal| panic!("{refusal:?}")))
        };
        let of = |value: &str| format!(r#"{{"type":"identify","userId":"u","traits":{{"consent":{value}}}}}"#);
        for yes in ["true", "1", r#""Yes""#, r#""granted""#] {
            assert!(says(&of(yes), Origin::Live), "{yes}");
            assert!(!says(&of(yes), Origin::History), "{yes}");
        }
        for no in ["false", "0", r#""no""#, "null", "{}"] {
            assert!(!says(&of(no), Origin::Live), "{no}");
        }
        assert!(says(r#"{"type":"track","event":"e","userId":"u","properties":{"consent":true}}"#, Origin::Live));
        assert!(!says(r#"{"type":"track","event":"e","userId":"u","properties":{"x":"\"consent\""}}"#, Origin::Live));
    }
}
