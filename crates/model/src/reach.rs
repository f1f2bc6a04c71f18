//! How a person can be reached: addresses, words of consent, the time zone; out of the person's fragments.

use std::cmp::Reverse;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::{
    FragmentId, FragmentState, Identifier, IdentifierKind,
    consent::given,
    message::{Address, MessageChannel},
};

/// Names under which people say where they are.
pub const ZONE_TRAITS: [&str; 3] = ["timezone", "time_zone", "tz"];

/// A fragment as far as messages look at it.
#[derive(Debug, Clone, Copy)]
pub struct ReachPart<'a> {
    pub fragment_id: FragmentId,
    pub kind: &'a str,
    pub value: &'a str,
    pub generation: u32,
    pub last_us: i64,
    pub state: &'a FragmentState,
}

/// Where a person is found on a message channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub fragment_id: FragmentId,
    pub address: String,
    /// Where the address is one.
    pub identifier: Option<Identifier>,
    /// When it was heard of last.
    pub last_us: i64,
}

/// All addresses of a person on a channel, the one heard of last first.
pub fn addresses<'a>(parts: impl Iterator<Item = ReachPart<'a>>, channel: MessageChannel) -> Vec<Found> {
    let mut found: Vec<Found> = parts.filter_map(|part| address(&part, channel)).collect();
    found.sort_by_key(|found| (Reverse(found.last_us), found.fragment_id));
    found
}

fn address(part: &ReachPart<'_>, channel: MessageChannel) -> Option<Found> {
    let fragment_id = part.fragment_id;
    match channel.address() {
        Address::Identifier(kind) => {
            let is_one = part.kind == kind.as_str() && part.generation == 0;
            let identifier = Identifier { kind, value: part.value.to_owned() };
            is_one.then(|| Found { fragment_id, address: part.value.to_owned(), identifier: Some(identifier), last_us: part.last_us })
        }
        Address::Trait(name) => {
            let held = part.state.traits.get(name)?;
            let address = match &held.value {
                Value::String(text) => text.trim().to_owned(),
                Value::Number(number) => number.to_string(),
                Value::Object(_) => held.value.to_string(),
                _ => return None,
            };
            (!address.is_empty()).then_some(Found { fragment_id, address, identifier: None, last_us: held.at_us })
        }
        Address::Nothing => None,
    }
}

/// Under which the person is known to what is told of a message: the address, else the strongest identifier.
pub fn who<'a>(parts: impl Iterator<Item = ReachPart<'a>>, found: Option<&Found>) -> Identifier {
    if let Some(identifier) = found.and_then(|found| found.identifier.clone()) {
        return identifier;
    }
    let named = parts
        .filter(|part| part.generation == 0)
        .map(|part| Identifier { kind: IdentifierKind::parse(part.kind), value: part.value.to_owned() });
    named.min().unwrap_or(Identifier { kind: IdentifierKind::UserId, value: String::new() })
}

/// Where the person says to be.
pub fn zone<'a>(parts: impl Iterator<Item = ReachPart<'a>> + Clone) -> Option<TimeZone> {
    ZONE_TRAITS.iter().find_map(|name| {
        let latest = parts.clone().filter_map(|part| part.state.traits.get(*name)).max_by_key(|held| (held.at_us, held.offset))?;
        TimeZone::get(latest.value.as_str()?).ok()
    })
}

/// See [`given`].
pub fn consent<'a>(parts: impl Iterator<Item = ReachPart<'a>>, purpose: &str, channel: MessageChannel, controller: &str) -> Option<bool> {
    given(parts.map(|part| &part.state.consents), purpose, channel, controller)
}

/// What a template reads of its person, and what was given with the wish: `{"profile": {…}, "vars": {…}}`.
///
/// * `uses`: dotted names; `profile` alone asks for everything.
pub fn variables<'a>(parts: impl Iterator<Item = ReachPart<'a>> + Clone, uses: &[String], vars: &Value) -> Value {
    let asks_all = uses.iter().any(|name| name == "profile");
    let asked: Vec<&str> =
        uses.iter().filter_map(|name| name.strip_prefix("profile.")).map(|name| name.split('.').next().unwrap_or(name)).collect();
    let mut profile = Map::new();
    if asks_all || !asked.is_empty() {
        let united = parts.clone().map(|part| part.state).fold(FragmentState::default(), FragmentState::unite);
        let wants = |name: &str| asks_all || asked.contains(&name);
        let traits = united.traits.iter().filter(|(name, _)| wants(name));
        profile.extend(traits.map(|(name, held)| (name.clone(), held.value.clone())));
        for (name, held) in [("region", &united.region), ("dealer", &united.dealer)] {
            if let Some(held) = held.as_ref().filter(|_| wants(name)) {
                profile.insert(name.to_owned(), held.value.clone());
            }
        }
        if let Some(name) = united.name().filter(|_| wants("name")) {
            profile.insert("name".to_owned(), name.into());
        }
        for kind in ["email", "phone", "user_id"] {
            let latest =
                parts.clone().filter(|part| part.kind == kind && part.generation == 0).max_by_key(|part| (part.last_us, part.fragment_id));
            if let Some(part) = latest.filter(|_| wants(kind)) {
                profile.insert(kind.to_owned(), part.value.into());
            }
        }
    }
    json!({ "profile": profile, "vars": vars })
}
