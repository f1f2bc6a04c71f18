//! One touch, read from the Segment wire format.

mod check;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    Identifier, IdentifierKind, Origin, Refusal, RefusalCode, Stamp, Touch,
    channel::{ChannelRules, Marks, Visit},
    time::{self, EARLIEST_US, MINUTE_US},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    Track,
    Identify,
    Page,
    Screen,
    Group,
    Alias,
}

impl EventType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
        }
    }

    /// Reads a type by its long name or by the one letter that browsers send.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "track" | "t" => Self::Track,
            "identify" | "i" => Self::Identify,
            "page" | "p" => Self::Page,
            "screen" | "s" => Self::Screen,
            "group" | "g" => Self::Group,
            "alias" | "a" => Self::Alias,
            _ => return None,
        })
    }
}

/// An accepted event: checked, normalised, with the times sorted out.
#[derive(Debug, Clone)]
pub struct Event {
    pub event_type: EventType,
    /// `event` of a track call; `page_viewed`, `screen_viewed`, `identified`, `grouped`, `aliased` for the others.
    pub name: String,
    pub message_id: String,
    pub source: String,
    pub origin: Origin,
    /// Strongest first, without repeats; never empty.
    pub identifiers: Vec<Identifier>,
    /// When it happened, after the skew rule: what every report goes by.
    pub ts_us: i64,
    /// When the sender's clock said it happened.
    pub original_us: Option<i64>,
    pub sent_us: Option<i64>,
    pub received_us: i64,
    pub traits: BTreeMap<String, Value>,
    /// The JSON object of the event's own properties, as sent.
    pub properties: String,
    /// How the person came, where the event itself says so.
    pub marks: Option<Marks>,
    pub session_id: Option<String>,
    pub region: Option<String>,
    pub dealer: Option<String>,
    pub model: Option<String>,
    pub value: Option<f64>,
    pub currency: Option<String>,
    pub url: Option<String>,
}

/// The longest `messageId` kept, as Segment has it.
pub const MESSAGE_ID_CHARS_MAX: usize = 100;
/// The longest event name.
pub const EVENT_NAME_CHARS_MAX: usize = 200;
/// How deep objects and lists may sit in each other.
pub const NESTING_MAX: usize = 64;
/// Below this a difference of clocks is the network's, and the sender's time stands.
const SKEW_DEAD_BAND_US: i64 = 5 * MINUTE_US;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow, default, rename = "type")]
    event_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    category: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    anonymous_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    previous_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    group_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    original_timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sent_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    properties: Option<&'a RawValue>,
    #[serde(borrow, default)]
    traits: Option<&'a RawValue>,
    #[serde(borrow, default)]
    context: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    #[serde(borrow, default)]
    campaign: Option<&'a RawValue>,
    #[serde(borrow, default)]
    page: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referrer: Option<&'a RawValue>,
    #[serde(borrow, default)]
    traits: Option<&'a RawValue>,
    #[serde(borrow, default)]
    external_ids: Option<&'a RawValue>,
    #[serde(borrow, default)]
    session_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ExternalId<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

type Object<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl Event {
    /// How the person came, by `rules`, where the event itself says so.
    pub fn touch(&self, rules: &ChannelRules) -> Option<Touch> {
        self.marks.as_ref().map(|marks| Touch::new(marks, rules, self.ts_us))
    }

    /// Reads one item, as a sender wrote it, into an event.
    ///
    /// `region` is the country whose notation a phone without a country code is in. The same bytes and stamp
    /// give the same event for ever: the border checks with it, the fold reads with it.
    pub fn parse(raw: &[u8], stamp: &Stamp<'_>, region: &str) -> Result<Self, Refusal> {
        if NESTING_MAX < nesting(raw) {
            return Err(Refusal::new(
                RefusalCode::InvalidJson,
                format!("the item is nested deeper than {NESTING_MAX} levels: send it flatter"),
            ));
        }
        let wire: Wire = serde_json::from_slice(raw).map_err(bad_json)?;
        let event_type = match wire.event_type.as_deref() {
            Some(text) => EventType::parse(text).ok_or_else(|| unknown_type(text))?,
            None => return Err(unknown_type("")),
        };
        let context: Context = optional(wire.context, "context")?.unwrap_or_default();
        let properties: Object = optional(wire.properties, "properties")?.unwrap_or_default();
        let mut traits = object_values(wire.traits, "traits")?;
        if let Some(more) = context.traits {
            for (name, value) in object_values(Some(more), "context.traits")? {
                traits.entry(name).or_insert(value);
            }
        }
        traits.retain(|_, value| !value.is_null());
        if event_type == EventType::Group {
            // A group's traits describe the group; only the membership is the person's.
            traits.clear();
            if let Some(group) = text(wire.group_id, "groupId")? {
                traits.insert("group_id".into(), Value::String(group));
            }
        }

        let identifiers = identifiers(&wire, &context, &properties, &traits, region)?;
        let original_us = first_time([(wire.original_timestamp, "originalTimestamp"), (wire.timestamp, "timestamp")])?;
        let sent_us = first_time([(wire.sent_at, "sentAt"), (None, "")])?.or(stamp.sent_us);
        let ts_us = corrected_us(original_us, sent_us, stamp)?;
        let page: Object = lenient_object(context.page);
        let url = soft_text(page.get("url").copied()).or_else(|| soft_text(properties.get("url").copied()));
        let marks = marks(&context, &properties, &page, url.as_deref(), event_type);
        let own_value = ["value", "revenue", "total"].iter().find_map(|name| number(properties.get(*name).copied()));
        let dimension =
            |names: &[&str]| names.iter().find_map(|name| soft_text(properties.get(*name).copied()).filter(|text| !text.is_empty()));

        Ok(Self {
            event_type,
            name: event_name(event_type, wire.event)?,
            message_id: stamp.message_id.chars().take(MESSAGE_ID_CHARS_MAX).collect(),
            source: stamp.source.clone().into_owned(),
            origin: stamp.origin,
            identifiers,
            ts_us,
            original_us,
            sent_us,
            received_us: stamp.received_us,
            properties: with_name(&wire, event_type),
            marks,
            session_id: soft_text(context.session_id).or_else(|| dimension(&["session_id"])),
            region: dimension(&["region"]).or_else(|| trait_text(&traits, "region")),
            dealer: dimension(&["dealer", "dealer_id"]).or_else(|| trait_text(&traits, "dealer")),
            model: dimension(&["model", "car_model"]),
            value: own_value,
            currency: dimension(&["currency"]),
            url,
            traits,
        })
    }
}

/// How deep objects and lists sit in each other. Brackets inside of strings count only where there are too many anyway.
fn nesting(raw: &[u8]) -> usize {
    if raw.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= NESTING_MAX {
        return 0;
    }
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in raw {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn bad_json(error: serde_json::Error) -> Refusal {
    let code = if error.is_data() { RefusalCode::WrongType } else { RefusalCode::InvalidJson };
    Refusal::new(code, format!("the item does not read as an event: {error}"))
}

fn unknown_type(text: &str) -> Refusal {
    let told = if text.is_empty() { "the item has no `type`".to_owned() } else { format!("`type` is `{}`", text.escape_debug()) };
    Refusal::new(RefusalCode::UnknownType, format!("{told}: send track, identify, page, screen, group or alias"))
}

fn wrong_type(field: &str, wanted: &str) -> Refusal {
    Refusal::new(RefusalCode::WrongType, format!("`{field}` must be {wanted}"))
}

/// Strongest first; what a blocked value would have named is dropped, and all dropped is a refusal.
fn identifiers(
    wire: &Wire<'_>,
    context: &Context<'_>,
    properties: &Object<'_>,
    traits: &BTreeMap<String, Value>,
    region: &str,
) -> Result<Vec<Identifier>, Refusal> {
    let mut found = Vec::with_capacity(4);
    let mut named = false;
    let mut add = |kind: IdentifierKind, raw: &str| {
        named |= !raw.is_empty();
        found.extend(Identifier::new(kind, raw, region));
    };
    if let Some(id) = text(wire.user_id, "userId")? {
        add(IdentifierKind::UserId, &id);
    }
    let device = text(wire.anonymous_id, "anonymousId")?;
    if let Some(id) = text(wire.previous_id, "previousId")? {
        // Segment's alias does not say whether the previous id is a user's or a device's: SDKs make up UUIDs for devices, so
        // that those name no user; any other may be either.
        if device.as_ref() != Some(&id) && !is_uuid(&id) {
            add(IdentifierKind::UserId, &id);
        }
        add(IdentifierKind::AnonymousId, &id);
    }
    if let Some(id) = device {
        add(IdentifierKind::AnonymousId, &id);
    }
    if let Some(list) = context.external_ids {
        let list: Vec<ExternalId> =
            serde_json::from_str(list.get()).map_err(|_| wrong_type("context.externalIds", "a list of {id, type}"))?;
        for external in list.iter().take(16) {
            if let Some(id) = text(Some(external.id), "context.externalIds[].id")? {
                add(IdentifierKind::parse(&external.kind), &id);
            }
        }
    }
    for (kind, name) in [(IdentifierKind::Email, "email"), (IdentifierKind::Phone, "phone")] {
        let raw = trait_text(traits, name).or_else(|| soft_text(properties.get(name).copied()));
        if let Some(raw) = raw {
            add(kind, &raw);
        }
    }
    // Stable: of an alias's two user ids the new one stays first.
    found.sort_by(|one, other| one.kind.cmp(&other.kind));
    let mut seen = BTreeSet::new();
    found.retain(|identifier| seen.insert(identifier.clone()));
    match (found.is_empty(), named) {
        (false, _) => Ok(found),
        (true, true) => Err(Refusal::new(
            RefusalCode::BlockedIdentifier,
            "every identifier of the item is a value that names nobody (`null`, `undefined`, `0`, …) or is malformed: send the real `anonymousId` or `userId`",
        )),
        (true, false) => {
            Err(Refusal::new(RefusalCode::NoIdentifier, "the item has no identifier: send `anonymousId`, `userId`, `email` or `phone`"))
        }
    }
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(group.len()));
    groups.eq([Some(8), Some(4), Some(4), Some(4), Some(12)])
}

/// Segment's rule with a dead-band: the sender's clock is corrected by how far off it was when it sent.
fn corrected_us(original_us: Option<i64>, sent_us: Option<i64>, stamp: &Stamp<'_>) -> Result<i64, Refusal> {
    let Some(original_us) = original_us else { return Ok(stamp.received_us) };
    if original_us < EARLIEST_US {
        return Err(Refusal::new(
            RefusalCode::InvalidTimestamp,
            "`timestamp` is before 1980: send ISO 8601 (`2026-01-01T10:00:00Z`) or milliseconds since 1970",
        ));
    }
    let skew_us = match sent_us {
        Some(sent_us) if stamp.origin == Origin::Live => stamp.received_us.saturating_sub(sent_us),
        _ => 0,
    };
    let corrected_us = if skew_us.abs() < SKEW_DEAD_BAND_US { original_us } else { original_us.saturating_add(skew_us) };
    Ok(corrected_us.clamp(EARLIEST_US, stamp.received_us))
}

fn first_time(candidates: [(Option<&RawValue>, &str); 2]) -> Result<Option<i64>, Refusal> {
    for (raw, field) in candidates {
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else { continue };
        let value: Value = serde_json::from_str(raw.get()).map_err(bad_json)?;
        let us = match &value {
            Value::String(text) => time::parse_us(text),
            Value::Number(number) => number.as_f64().and_then(time::number_us),
            _ => None,
        };
        return us.map(Some).ok_or_else(|| {
            let told = format!("`{field}` does not read as a time: send ISO 8601 (`2026-01-01T10:00:00Z`) or milliseconds since 1970");
            Refusal::new(RefusalCode::InvalidTimestamp, told)
        });
    }
    Ok(None)
}

fn event_name(event_type: EventType, event: Option<&RawValue>) -> Result<String, Refusal> {
    let fixed = match event_type {
        EventType::Track => {
            let name = text(event, "event")?.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| Refusal::new(RefusalCode::NoEventName, "a track call needs `event`: the event's name"))?;
            if EVENT_NAME_CHARS_MAX < name.chars().count() {
                let told = format!("`event` is longer than {EVENT_NAME_CHARS_MAX} characters: put what varies into `properties`");
                return Err(Refusal::new(RefusalCode::NoEventName, told));
            }
            return Ok(name);
        }
        EventType::Identify => "identified",
        EventType::Page => "page_viewed",
        EventType::Screen => "screen_viewed",
        EventType::Group => "grouped",
        EventType::Alias => "aliased",
    };
    Ok(fixed.to_owned())
}

fn marks(context: &Context<'_>, properties: &Object<'_>, page: &Object<'_>, url: Option<&str>, event_type: EventType) -> Option<Marks> {
    let campaign = lenient_object(context.campaign);
    let of_campaign = |name: &str| soft_text(campaign.get(name).copied());
    let of_properties = |name: &str| soft_text(properties.get(name).copied());
    let context_referrer = lenient_object(context.referrer);
    let referrer = soft_text(page.get("referrer").copied())
        .or_else(|| of_properties("referrer"))
        .or_else(|| soft_text(context_referrer.get("url").copied()));
    let goes_on = page.get("goesOn").is_some_and(|raw| raw.get() == "true");
    Marks::of(&Visit {
        channel: of_properties("channel"),
        utm_source: of_campaign("source").or_else(|| of_properties("utm_source")),
        utm_medium: of_campaign("medium").or_else(|| of_properties("utm_medium")),
        campaign: of_campaign("name").or_else(|| of_properties("utm_campaign")).or_else(|| of_properties("campaign")),
        url: url.map(str::to_owned),
        referrer,
        is_page: event_type == EventType::Page,
        goes_on,
    })
}

/// A page call's `name` and `category` are properties too, as Segment's destinations see them.
fn with_name(wire: &Wire<'_>, event_type: EventType) -> String {
    let own = wire.properties.map_or("{}", |raw| if raw.get() == "null" { "{}" } else { raw.get() });
    if !matches!(event_type, EventType::Page | EventType::Screen) || (wire.name.is_none() && wire.category.is_none()) {
        return own.to_owned();
    }
    let Ok(Value::Object(mut object)) = serde_json::from_str::<Value>(own) else { return own.to_owned() };
    for (name, raw) in [("name", wire.name), ("category", wire.category)] {
        if let Some(value) = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()) {
            object.entry(name).or_insert(value);
        }
    }
    Value::Object(object).to_string()
}

fn optional<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>, field: &str) -> Result<Option<T>, Refusal> {
    match raw.map(RawValue::get) {
        None | Some("null") => Ok(None),
        Some(json) if json.starts_with('{') => serde_json::from_str(json).map(Some).map_err(bad_json),
        Some(_) => Err(wrong_type(field, "an object")),
    }
}

fn object_values(raw: Option<&RawValue>, field: &str) -> Result<BTreeMap<String, Value>, Refusal> {
    Ok(optional(raw, field)?.unwrap_or_default())
}

fn lenient_object(raw: Option<&RawValue>) -> Object<'_> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// An id or a name: text, or a number that some SDKs send in its place.
fn text(raw: Option<&RawValue>, field: &str) -> Result<Option<String>, Refusal> {
    match raw.map(RawValue::get) {
        None | Some("null") => Ok(None),
        Some(json) if json.starts_with('"') => serde_json::from_str(json).map(Some).map_err(bad_json),
        Some(json) if json.starts_with(|c: char| c.is_ascii_digit() || c == '-') => Ok(Some(json.to_owned())),
        Some(_) => Err(wrong_type(field, "a string")),
    }
}

fn soft_text(raw: Option<&RawValue>) -> Option<String> {
    text(raw, "").ok().flatten().filter(|text| !text.is_empty())
}

fn trait_text(traits: &BTreeMap<String, Value>, name: &str) -> Option<String> {
    match traits.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(raw: Option<&RawValue>) -> Option<f64> {
    let raw = raw?.get();
    raw.trim_matches('"').parse::<f64>().ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests;
