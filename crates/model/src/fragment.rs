//! What one fragment knows, and how fragments unite into a profile.
//!
//! Every rule here is free of order: counters add, earliest and latest win by (time, offset). So a merge never has to
//! mix fragments, and an unmerge never has to part what was mixed.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        Error as _, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
    ser::{SerializeMap as _, SerializeSeq as _},
};
use serde_json::Value;

use crate::{
    Event,
    channel::{ChannelRules, Marks},
    consent::{ConsentWord, Consents},
    measure::Measure,
    time::HOUR_US,
};

/// How a person came on one occasion: the marks of the visit, and the channel that was decided by them.
///
/// The channel comes last in the order: which of two touches is the first must not depend on the channel rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    pub at_us: i64,
    /// The referrer's host where the visit named no source.
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub campaign: Option<String>,
    /// See [`Marks::click_ids`].
    pub click_ids: Option<String>,
    pub referrer_host: Option<String>,
    pub landing_host: Option<String>,
    /// `None` for a touch that an earlier version wrote, without its marks: its channel stays what it is.
    pub channel_by: Option<ChannelBy>,
    pub channel: String,
}

/// Who decided a touch's channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChannelBy {
    /// It named the channel outright.
    Sender,
    Rules,
}

impl ChannelBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Rules => "rules",
        }
    }
}

impl Touch {
    pub fn new(marks: &Marks, rules: &ChannelRules, at_us: i64) -> Self {
        Self::of_channel(marks, rules.decide(marks).channel.to_owned(), at_us)
    }

    /// The touch of a visit whose channel is decided already.
    pub fn of_channel(marks: &Marks, channel: String, at_us: i64) -> Self {
        Self {
            at_us,
            utm_source: marks.utm_source.clone().or_else(|| marks.referrer_host.clone()),
            utm_medium: marks.utm_medium.clone(),
            campaign: marks.campaign.clone(),
            click_ids: marks.click_ids.clone(),
            referrer_host: marks.referrer_host.clone(),
            landing_host: marks.landing_host.clone(),
            channel_by: Some(if marks.channel.is_some() { ChannelBy::Sender } else { ChannelBy::Rules }),
            channel,
        }
    }

    /// The same touch with the channel that `rules` give it.
    pub fn decided_by(&self, rules: &ChannelRules) -> Self {
        if self.channel_by != Some(ChannelBy::Rules) {
            return self.clone();
        }
        let marks = Marks {
            channel: None,
            utm_source: self.utm_source.clone().filter(|source| self.referrer_host.as_ref() != Some(source)),
            utm_medium: self.utm_medium.clone(),
            campaign: self.campaign.clone(),
            click_ids: self.click_ids.clone(),
            referrer_host: self.referrer_host.clone(),
            landing_host: self.landing_host.clone(),
        };
        Self { channel: rules.decide(&marks).channel.to_owned(), ..self.clone() }
    }
}

/// A trait's value with when and where it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct TraitValue {
    pub value: Value,
    pub at_us: i64,
    pub offset: u64,
    pub source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventCount {
    pub count: u64,
    pub first_us: i64,
    pub last_us: i64,
}

/// Written as a JSON array of the fields in their order: a state is rewritten with each event of its person, so every
/// name in it is paid for a million times.
macro_rules! as_array {
    ($type:ident { $($field:ident: $kind:ty),+ }) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ($(&self.$field,)+).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;

                impl<'de> Visitor<'de> for Either {
                    type Value = $type;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("an array of the fields in their order")
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, fields: A) -> Result<$type, A::Error> {
                        let ($($field,)+) = <($($kind,)+)>::deserialize(SeqAccessDeserializer::new(fields))?;
                        Ok($type { $($field),+ })
                    }

                    // As it was written at first.
                    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<$type, A::Error> {
                        #[derive(Deserialize)]
                        struct Named { $($field: $kind),+ }
                        let Named { $($field),+ } = Named::deserialize(MapAccessDeserializer::new(fields))?;
                        Ok($type { $($field),+ })
                    }
                }

                deserializer.deserialize_any(Either)
            }
        }
    };
}

as_array!(ConsentWord { is_given: bool, at_us: i64, offset: u64, source: String });
as_array!(TraitValue { value: Value, at_us: i64, offset: u64, source: String });

/// As an array too; what happened at one time only has one time.
impl Serialize for EventCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.first_us == self.last_us {
            true => (self.count, self.first_us).serialize(serializer),
            false => (self.count, self.first_us, self.last_us).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for EventCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;

        impl<'de> Visitor<'de> for Array {
            type Value = EventCount;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a count and its first and last time")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<EventCount, A::Error> {
                let count = array.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                let first_us = array.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
                Ok(EventCount { count, first_us, last_us: array.next_element()?.unwrap_or(first_us) })
            }

            // As it was written at first.
            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<EventCount, A::Error> {
                #[derive(Deserialize)]
                struct Named {
                    count: u64,
                    first_us: i64,
                    last_us: i64,
                }
                let Named { count, first_us, last_us } = Named::deserialize(MapAccessDeserializer::new(fields))?;
                Ok(EventCount { count, first_us, last_us })
            }
        }

        deserializer.deserialize_any(Array)
    }
}

/// As an array too, without what is absent at its end: what the channel was decided by is mostly little.
impl Serialize for Touch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by = self.channel_by.map(|by| if by == ChannelBy::Rules { "r" } else { "s" });
        let [source, medium, campaign] = [&self.utm_source, &self.utm_medium, &self.campaign].map(Option::as_deref);
        let [landing, referrer, clicks] = [&self.landing_host, &self.referrer_host, &self.click_ids].map(Option::as_deref);
        let texts = [Some(self.channel.as_str()), source, medium, campaign, by, landing, referrer, clicks];
        let present = texts.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let mut array = serializer.serialize_seq(Some(1 + present))?;
        array.serialize_element(&self.at_us)?;
        texts[..present].iter().try_for_each(|text| array.serialize_element(text))?;
        array.end()
    }
}

impl<'de> Deserialize<'de> for Touch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;

        impl<'de> Visitor<'de> for Array {
            type Value = Touch;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a touch: its time, its channel, its marks")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Touch, A::Error> {
                let at_us = array.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                let channel = array.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
                let mut text = || -> Result<Option<String>, A::Error> { Ok(array.next_element::<Option<String>>()?.flatten()) };
                Ok(Touch {
                    at_us,
                    channel,
                    utm_source: text()?,
                    utm_medium: text()?,
                    campaign: text()?,
                    channel_by: text()?.map(|by| if by == "r" { ChannelBy::Rules } else { ChannelBy::Sender }),
                    landing_host: text()?,
                    referrer_host: text()?,
                    click_ids: text()?,
                })
            }

            // As it was written at first, before its marks were kept.
            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Touch, A::Error> {
                #[derive(Deserialize)]
                struct Named {
                    at_us: i64,
                    channel: String,
                    utm_source: Option<String>,
                    utm_medium: Option<String>,
                    campaign: Option<String>,
                }
                let Named { at_us, channel, utm_source, utm_medium, campaign } = Named::deserialize(MapAccessDeserializer::new(fields))?;
                let (landing_host, referrer_host, click_ids, channel_by) = (None, None, None, None);
                Ok(Touch { at_us, channel, utm_source, utm_medium, campaign, click_ids, referrer_host, landing_host, channel_by })
            }
        }

        deserializer.deserialize_any(Array)
    }
}

/// The folded state of one fragment.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(from = "Kept")]
pub struct FragmentState {
    pub traits: BTreeMap<String, TraitValue>,
    /// By event name; what comes after [`EVENT_NAMES_MAX`] names is counted under `…`.
    pub counts: BTreeMap<String, EventCount>,
    pub first_touch: Option<Touch>,
    pub last_touch: Option<Touch>,
    pub region: Option<TraitValue>,
    pub dealer: Option<TraitValue>,
    /// Events of the day `busy_day`, to tell machines from people.
    pub busy_day: i32,
    pub busy_events: u32,
    /// Set for ever once a day went over the limit: such a fragment is only counted.
    pub machine: bool,
    /// Of a device: who was known on it when, rising. Belongs to the fragment: uniting leaves it out.
    pub logins: Vec<DeviceLogin>,
    /// For segments and facts, by the keys of their measures. Belongs to the fragment: uniting leaves it out.
    pub measures: BTreeMap<String, Measure>,
    /// What was said of consent under this identifier. Belongs to the fragment: uniting leaves it out.
    pub consents: Consents,
}

/// Somebody was known on a device: by signing in, or by an event that names the person, the first of theirs in its hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceLogin {
    pub at_us: i64,
    pub person: i64,
    /// `1` for a sign-in, `0` for an event that only names the person.
    pub signed_in: u8,
}

as_array!(DeviceLogin { at_us: i64, person: i64, signed_in: u8 });

/// Under short names, without what says nothing: most people are known by one visit, whose touch is the first and the last.
/// A state that nothing was folded into is `{}`, whoever writes it.
impl Serialize for FragmentState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut kept = serializer.serialize_map(None)?;
        if !self.traits.is_empty() {
            kept.serialize_entry("t", &self.traits)?;
        }
        if !self.counts.is_empty() {
            kept.serialize_entry("c", &self.counts)?;
        }
        let last = self.last_touch.as_ref().filter(|last| self.first_touch.as_ref() != Some(last));
        for (name, touch) in [("f", self.first_touch.as_ref()), ("l", last)] {
            if let Some(touch) = touch {
                kept.serialize_entry(name, touch)?;
            }
        }
        for (name, value) in [("r", &self.region), ("d", &self.dealer)] {
            if let Some(value) = value {
                kept.serialize_entry(name, value)?;
            }
        }
        if self.busy_day != 0 {
            kept.serialize_entry("b", &self.busy_day)?;
        }
        if self.busy_events != 0 {
            kept.serialize_entry("n", &self.busy_events)?;
        }
        if self.machine {
            kept.serialize_entry("m", &true)?;
        }
        if !self.logins.is_empty() {
            kept.serialize_entry("g", &self.logins)?;
        }
        if !self.measures.is_empty() {
            kept.serialize_entry("s", &self.measures)?;
        }
        if !self.consents.is_empty() {
            kept.serialize_entry("k", &self.consents)?;
        }
        kept.end()
    }
}

/// What is read back: the long names are those of the first version.
#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "t", alias = "traits", default)]
    traits: BTreeMap<String, TraitValue>,
    #[serde(rename = "c", alias = "counts", default)]
    counts: BTreeMap<String, EventCount>,
    #[serde(rename = "f", alias = "first_touch", default)]
    first_touch: Option<Touch>,
    /// Absent where it is the first too.
    #[serde(rename = "l", alias = "last_touch", default)]
    last_touch: Option<Touch>,
    #[serde(rename = "r", alias = "region", default)]
    region: Option<TraitValue>,
    #[serde(rename = "d", alias = "dealer", default)]
    dealer: Option<TraitValue>,
    #[serde(rename = "b", alias = "busy_day", default)]
    busy_day: i32,
    #[serde(rename = "n", alias = "busy_events", default)]
    busy_events: u32,
    #[serde(rename = "m", alias = "machine", default)]
    machine: bool,
    #[serde(rename = "g", default)]
    logins: Vec<DeviceLogin>,
    #[serde(rename = "s", default)]
    measures: BTreeMap<String, Measure>,
    #[serde(rename = "k", default)]
    consents: Consents,
}

impl From<Kept> for FragmentState {
    fn from(kept: Kept) -> Self {
        let Kept { traits, counts, first_touch, last_touch, region, dealer, busy_day, busy_events, machine, logins, measures, consents } =
            kept;
        let last_touch = last_touch.or_else(|| first_touch.clone());
        Self { traits, counts, first_touch, last_touch, region, dealer, busy_day, busy_events, machine, logins, measures, consents }
    }
}

/// Distinct event names counted apart, per fragment.
pub const EVENT_NAMES_MAX: usize = 64;
/// Traits kept, per fragment.
pub const TRAITS_MAX: usize = 128;
/// The longest trait value kept, in bytes of JSON.
pub const TRAIT_BYTES_MAX: usize = 2_048;
const OTHER_EVENTS: &str = "…";
/// Logins kept of a device: the first, and the latest.
const LOGINS_MAX: usize = 48;

impl FragmentState {
    /// Folds one event that is this fragment's own.
    ///
    /// * `offset`: the record's, the tie-break between equal times.
    /// * `at_day`: the day of the record's log time; `machine_events_a_day`: above it the fragment is a machine's.
    pub fn apply(&mut self, event: &Event, touch: Option<&Touch>, offset: u64, at_day: i32, machine_events_a_day: u32) {
        if self.busy_day != at_day {
            (self.busy_day, self.busy_events) = (at_day, 0);
        }
        self.busy_events = self.busy_events.saturating_add(1);
        self.machine |= machine_events_a_day < self.busy_events;
        if self.machine {
            return;
        }
        self.count(&event.name, event.ts_us);
        if let Some(touch) = touch {
            self.touch(touch);
        }
        for (slot, text) in [(&mut self.region, &event.region), (&mut self.dealer, &event.dealer)] {
            if let Some(text) = text {
                let value = TraitValue { value: Value::String(text.clone()), at_us: event.ts_us, offset, source: event.source.clone() };
                if slot.as_ref().is_none_or(|held| (held.at_us, held.offset) <= (value.at_us, value.offset)) {
                    *slot = Some(value);
                }
            }
        }
        for (name, value) in &event.traits {
            self.set_trait(name, TraitValue { value: value.clone(), at_us: event.ts_us, offset, source: event.source.clone() });
        }
    }

    /// Keeps the later of the held and the given value.
    pub fn set_trait(&mut self, name: &str, given: TraitValue) {
        if TRAIT_BYTES_MAX < given.value.to_string().len() {
            return;
        }
        let full = TRAITS_MAX <= self.traits.len();
        match self.traits.get_mut(name) {
            Some(held) if (held.at_us, held.offset) <= (given.at_us, given.offset) => *held = given,
            None if !full => {
                self.traits.insert(name.to_owned(), given);
            }
            _ => {}
        }
    }

    /// Notes that a person was known on this device. Returns whether that says anything new.
    ///
    /// Free of order: what is kept are all sign-ins and each person's first event of an hour, of those the first and the latest.
    pub fn note_login(&mut self, login: DeviceLogin) -> bool {
        let is_same_hour = |held: &DeviceLogin| {
            held.person == login.person && held.signed_in == 0 && held.at_us.div_euclid(HOUR_US) == login.at_us.div_euclid(HOUR_US)
        };
        if login.signed_in == 0
            && let Some(at) = self.logins.iter().position(is_same_hour)
        {
            if self.logins[at].at_us <= login.at_us {
                return false;
            }
            self.logins.remove(at);
        }
        let Err(at) = self.logins.binary_search(&login) else { return false };
        self.logins.insert(at, login);
        if LOGINS_MAX < self.logins.len() {
            self.logins.remove(1);
            return at != 1;
        }
        true
    }

    /// Who an event of the device at this time is ascribed to: whoever was known on it last.
    pub fn owner_at(&self, ts_us: i64) -> Option<i64> {
        let before = self.logins.partition_point(|login| login.at_us <= ts_us);
        self.logins[..before].last().map(|login| login.person)
    }

    fn count(&mut self, name: &str, ts_us: i64) {
        let full = EVENT_NAMES_MAX <= self.counts.len() && !self.counts.contains_key(name);
        let name = if full { OTHER_EVENTS } else { name };
        match self.counts.get_mut(name) {
            Some(held) => {
                *held = EventCount { count: held.count + 1, first_us: held.first_us.min(ts_us), last_us: held.last_us.max(ts_us) };
            }
            None => {
                self.counts.insert(name.to_owned(), EventCount { count: 1, first_us: ts_us, last_us: ts_us });
            }
        }
    }

    /// Decides the channels of its touches anew. Returns whether any changed.
    pub fn decide_channels(&mut self, rules: &ChannelRules) -> bool {
        let mut changed = false;
        for touch in [&mut self.first_touch, &mut self.last_touch].into_iter().flatten() {
            let decided = touch.decided_by(rules);
            changed |= decided != *touch;
            *touch = decided;
        }
        changed
    }

    fn touch(&mut self, touch: &Touch) {
        if self.first_touch.as_ref().is_none_or(|held| touch < held) {
            self.first_touch = Some(touch.clone());
        }
        if self.last_touch.as_ref().is_none_or(|held| held < touch) {
            self.last_touch = Some(touch.clone());
        }
    }

    /// Unites two fragments' states into what their common profile shows. Commutative and associative.
    pub fn unite(mut self, other: &Self) -> Self {
        for (name, value) in &other.traits {
            // A profile is at most as wide as its fragments together, so no cap here: it would depend on order.
            match self.traits.get(name) {
                Some(held) if (value.at_us, value.offset) <= (held.at_us, held.offset) => {}
                _ => {
                    self.traits.insert(name.clone(), value.clone());
                }
            }
        }
        for (name, count) in &other.counts {
            let held = self.counts.entry(name.clone()).or_insert(EventCount { count: 0, ..*count });
            *held = EventCount {
                count: held.count + count.count,
                first_us: held.first_us.min(count.first_us),
                last_us: held.last_us.max(count.last_us),
            };
        }
        for touch in [&other.first_touch, &other.last_touch].into_iter().flatten() {
            self.touch(touch);
        }
        for (slot, given) in [(&mut self.region, &other.region), (&mut self.dealer, &other.dealer)] {
            let later = given
                .as_ref()
                .is_some_and(|given| slot.as_ref().is_none_or(|held| (held.at_us, held.offset) < (given.at_us, given.offset)));
            if later {
                slot.clone_from(given);
            }
        }
        self.machine |= other.machine;
        self
    }

    /// A trait's text, where it is text or a number.
    pub fn trait_text(&self, name: &str) -> Option<String> {
        match &self.traits.get(name)?.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The name to show: `name`, or first and last name in any of the spellings senders use.
    pub fn name(&self) -> Option<String> {
        let one = |names: &[&str]| names.iter().find_map(|name| self.trait_text(name)).filter(|text| !text.trim().is_empty());
        one(&["name", "full_name", "fullName"]).or_else(|| {
            let parts = [one(&["firstName", "first_name", "firstname"]), one(&["lastName", "last_name", "lastname"])];
            let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            (!name.is_empty()).then_some(name)
        })
    }
}

/// The words of a name as the search finds them: lower case, at most eight.
pub fn name_words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let mut words: Vec<String> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(8).map(str::to_owned).collect();
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_as_it_was_written_at_first_reads_and_is_written_anew() {
        let first = r#"{"traits":{"city":{"value":"Northport","at_us":5,"offset":2,"source":"s"}},"counts":{"seen":{"count":4,"first_us":1,"last_us":9}},
            "first_touch":{"at_us":1,"channel":"cpc","utm_source":"search"},"dealer":{"value":"North","at_us":5,"offset":2,"source":"s"},
            "busy_day":20779,"busy_events":4,"machine":true}"#;
        let state: FragmentState = serde_json::from_str(first).unwrap();
        assert_eq!(state.trait_text("city").as_deref(), Some("Northport"));
        assert_eq!((state.counts["seen"].count, state.busy_events, state.machine), (4, 4, true));
        let touch = state.first_touch.as_ref().unwrap();
        assert_eq!((touch.channel.as_str(), touch.utm_source.as_deref(), touch.channel_by), ("cpc", Some("search"), None));
        let anew = serde_json::to_string(&state).unwrap();
        assert!(anew.contains(r#""c":{"seen":[4,1,9]}"#), "{anew}");
        assert_eq!(serde_json::from_str::<FragmentState>(&anew).unwrap(), state);
        assert_eq!(state.last_touch, state.first_touch, "one visit is the first and the last");
        assert_eq!(anew.matches("cpc").count(), 1, "and is written once: {anew}");

        let once = FragmentState { counts: [("seen".to_owned(), EventCount { count: 2, first_us: 7, last_us: 7 })].into(), ..state };
        let text = serde_json::to_string(&once).unwrap();
        assert!(text.contains(r#""c":{"seen":[2,7]}"#), "{text}");
        assert_eq!(serde_json::from_str::<FragmentState>(&text).unwrap(), once);
        let nothing = FragmentState::default();
        assert_eq!((serde_json::to_string(&nothing).unwrap().as_str(), serde_json::from_str("{}").ok()), ("{}", Some(nothing)));
    }
}
