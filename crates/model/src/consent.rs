//! What people agreed to: words of consent by purpose, message channel and controller.
//!
//! A word is kept with every identifier that its event names, the latest word of each key. Of a person, a withdrawal under any
//! identifier outweighs consent under another: the stricter wins, so that a merge opens nothing, and an unmerge gives each back
//! what was said of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Event,
    message::{DELIVER_SOURCE, MessageChannel, Reaction, ReactionKind},
};

pub const GIVEN: &str = "consent_given";
pub const WITHDRAWN: &str = "consent_withdrawn";
/// Stands for every purpose, message channel or controller.
const ANY: &str = "*";
/// Keys kept of a fragment at most.
const KEYS_MAX: usize = 64;
const PART_CHARS_MAX: usize = 60;
/// Traits of this name and what may follow it are words of consent: `consent_marketing`, `consent_marketing_email`.
const TRAIT_PREFIX: &str = "consent_";

/// What was said of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentWord {
    pub is_given: bool,
    pub at_us: i64,
    pub offset: u64,
    /// Of the event that said it.
    pub source: String,
}

/// Words by key: `purpose/message_channel/controller`, each of them `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Consents(pub BTreeMap<String, ConsentWord>);

impl Consents {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the later of the held and the given word. Returns whether anything changed.
    pub fn note(&mut self, key: &str, word: ConsentWord) -> bool {
        let is_full = KEYS_MAX <= self.0.len();
        match self.0.get_mut(key) {
            Some(held) if (held.at_us, held.offset) <= (word.at_us, word.offset) => {
                let changed = *held != word;
                *held = word;
                changed
            }
            None if !is_full => {
                self.0.insert(key.to_owned(), word);
                true
            }
            _ => false,
        }
    }

    /// The latest word that concerns a send.
    fn of(&self, purpose: &str, channel: &str, controller: &str) -> Option<&ConsentWord> {
        let concerns = |key: &str| {
            let mut parts = key.split('/');
            [purpose, channel, controller].into_iter().all(|asked| parts.next().is_some_and(|part| part == ANY || part == asked))
        };
        self.0.iter().filter(|(key, _)| concerns(key)).map(|(_, word)| word).max_by_key(|word| (word.at_us, word.offset))
    }
}

/// Whether a person, by all that was said under their identifiers, agreed to a send; `None` where nothing was said.
///
/// * `controller`: the brand or dealer in whose name it is; empty for the installation's own.
pub fn given<'a>(parts: impl Iterator<Item = &'a Consents>, purpose: &str, channel: MessageChannel, controller: &str) -> Option<bool> {
    given_by(parts, purpose, Some(channel), controller)
}

/// [`given`], or what was said of all message channels where none is named.
pub fn given_by<'a>(
    parts: impl Iterator<Item = &'a Consents>,
    purpose: &str,
    channel: Option<MessageChannel>,
    controller: &str,
) -> Option<bool> {
    let channel = channel.map_or(ANY, MessageChannel::as_str);
    let words = parts.filter_map(|consents| consents.of(purpose, channel, controller));
    words.map(|word| word.is_given).reduce(|one, other| one && other)
}

/// The words that an event says, by key.
///
/// * `consent_given` and `consent_withdrawn` with `purpose`, `message_channel` and `controller`, each a text, a list, or absent for all.
/// * Traits `consent_<purpose>`, `consent_<purpose>_<message channel>` and `consent_<message channel>`, true or false; `consent` only
///   where it is false.
/// * What people did with messages: who unsubscribes or complains withdraws.
pub fn words(event: &Event) -> Vec<(String, bool)> {
    let mut words = of_traits(event);
    match event.name.as_str() {
        GIVEN | WITHDRAWN => {
            let properties: Value = serde_json::from_str(&event.properties).unwrap_or(Value::Null);
            for purpose in texts(&properties["purpose"]) {
                for channel in texts(&properties["message_channel"]) {
                    for controller in texts(&properties["controller"]) {
                        words.push((format!("{purpose}/{channel}/{controller}"), event.name == GIVEN));
                    }
                }
            }
        }
        _ if event.source == DELIVER_SOURCE => {
            if let Some(reaction) = Reaction::read(&event.name, &event.properties).filter(|reaction| !reaction.is_bot) {
                let channel = reaction.message_channel.as_str();
                match reaction.kind {
                    ReactionKind::Unsubscribed => words.push((format!("{}/{channel}/{ANY}", part(&reaction.purpose)), false)),
                    ReactionKind::Complained => words.push((format!("{ANY}/{channel}/{ANY}"), false)),
                    ReactionKind::Opened | ReactionKind::Clicked => {}
                }
            }
        }
        _ => {}
    }
    words
}

fn of_traits(event: &Event) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    if event.traits.get("consent").and_then(agrees) == Some(false) {
        words.push((format!("{ANY}/{ANY}/{ANY}"), false));
    }
    for (name, value) in event.traits.range(TRAIT_PREFIX.to_owned()..) {
        let Some(named) = name.strip_prefix(TRAIT_PREFIX) else { break };
        let Some(agrees) = agrees(value) else { continue };
        let of_channel = MessageChannel::ALL
            .into_iter()
            .find_map(|channel| named.strip_suffix(channel.as_str())?.strip_suffix('_').map(|purpose| (purpose, channel.as_str())));
        let of_channel = of_channel.or_else(|| MessageChannel::parse(named).map(|channel| (ANY, channel.as_str())));
        let (purpose, channel) = of_channel.unwrap_or((named, ANY));
        words.push((format!("{}/{channel}/{ANY}", part(purpose)), agrees));
    }
    words
}

fn agrees(value: &Value) -> Option<bool> {
    let is_one_of = |text: &str, list: &[&str]| list.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    match value {
        Value::Bool(agrees) => Some(*agrees),
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Value::String(text) if is_one_of(text, &["true", "yes", "1", "granted", "given"]) => Some(true),
        Value::String(text) if is_one_of(text, &["false", "no", "0", "denied", "withdrawn"]) => Some(false),
        _ => None,
    }
}

/// One text or several; every one where there is none.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![part(text)],
        Value::Array(list) if !list.is_empty() => list.iter().filter_map(Value::as_str).take(16).map(part).collect(),
        _ => vec![ANY.to_owned()],
    }
}

fn part(text: &str) -> String {
    let plain: String = text.trim().chars().filter(|c| *c != '/' && !c.is_control()).take(PART_CHARS_MAX).collect();
    if plain.is_empty() { ANY.to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, Stamp};

    fn event(json: &str) -> Event {
        let stamp = Stamp {
            origin: Origin::Live,
            received_us: 9_000_000,
            sent_us: None,
            source: "site".into(),
            message_id: "m".into(),
            ip: "".into(),
        };
        Event::parse(json.as_bytes(), &stamp, "RU").unwrap_or_else(|refusal| panic!("{refusal:?}"))
    }

    fn word(is_given: bool, at_us: i64) -> ConsentWord {
        ConsentWord { is_given, at_us, offset: 1, source: "site".into() }
    }

    fn said(words: &[(&str, bool, i64)]) -> Consents {
        let mut consents = Consents::default();
        words.iter().for_each(|(key, is_given, at_us)| {
            consents.note(key, word(*is_given, *at_us));
        });
        consents
    }

    #[test]
    fn events_and_traits_say_words() {
        let of = |json: &str| words(&event(json));
        assert_eq!(
            of(
                r#"{"type":"track","event":"consent_given","userId":"u","properties":{"purpose":"marketing","message_channel":["email","sms"]}}"#
            ),
            [("marketing/email/*".to_owned(), true), ("marketing/sms/*".to_owned(), true)]
        );
        assert_eq!(of(r#"{"type":"track","event":"consent_withdrawn","userId":"u"}"#), [("*/*/*".to_owned(), false)]);
        assert_eq!(
            of(
                r#"{"type":"identify","userId":"u","traits":{"consent_marketing":true,"consent_news_web_push":"no","consent":true,"consent_sms":1,"consent_x":"maybe"}}"#
            ),
            [("marketing/*/*".to_owned(), true), ("news/web_push/*".to_owned(), false), ("*/sms/*".to_owned(), true)]
        );
        assert_eq!(of(r#"{"type":"identify","userId":"u","traits":{"consent":false}}"#), [("*/*/*".to_owned(), false)]);
        // Only our own worker speaks of what was done with messages.
        let unsubscribed = r#"{"type":"track","event":"message_unsubscribed","userId":"u","properties":{"message_id":"m","message_channel":"email","purpose":"marketing"}}"#;
        assert_eq!(of(unsubscribed), []);
    }

    #[test]
    fn the_latest_word_of_an_identifier_and_the_stricter_of_two() {
        let ask = |parts: &[&Consents]| given(parts.iter().copied(), "marketing", MessageChannel::Email, "");
        let (yes, no) = (said(&[("marketing/*/*", true, 5)]), said(&[("marketing/email/*", false, 3)]));
        assert_eq!(ask(&[]), None);
        assert_eq!(ask(&[&yes]), Some(true));
        assert_eq!(ask(&[&yes, &no]), Some(false), "a merge opens nothing");
        assert_eq!(ask(&[&said(&[("marketing/email/*", false, 3), ("marketing/*/*", true, 5)])]), Some(true), "who agreed again agreed");
        assert_eq!(ask(&[&said(&[("news/*/*", true, 3), ("marketing/sms/*", true, 5)])]), None, "of something else");
        assert_eq!(ask(&[&said(&[("marketing/*/north", true, 3)])]), None, "to somebody else");
        assert_eq!(given([&said(&[("marketing/*/north", true, 3)])].into_iter(), "marketing", MessageChannel::Sms, "north"), Some(true));
    }

    #[test]
    fn words_come_in_any_order() {
        let mut late_first = Consents::default();
        assert!(late_first.note("a/*/*", word(false, 9)) && !late_first.note("a/*/*", word(true, 3)));
        assert_eq!(late_first, said(&[("a/*/*", true, 3), ("a/*/*", false, 9)]));
    }
}
