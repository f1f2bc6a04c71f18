//! A row of the lake's table `events`.

use std::borrow::Cow;

use crate::{Derived, Event, EventAttribution, ProfileId, Touch};

/// The source of events that the fold derived.
pub const DERIVED_SOURCE: &str = "forecourt";

/// One event as reports see it, its texts borrowed. Times in microseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow<'a> {
    pub profile_id: ProfileId,
    pub fragment_id: i64,
    pub ts_us: i64,
    pub event: &'a str,
    /// track, identify, page, screen, group, alias.
    pub event_type: &'static str,
    pub channel: Option<&'a str>,
    pub utm_source: Option<&'a str>,
    pub utm_medium: Option<&'a str>,
    pub campaign: Option<&'a str>,
    pub region: Option<&'a str>,
    pub dealer: Option<&'a str>,
    pub model: Option<&'a str>,
    pub value: Option<f64>,
    pub currency: Option<&'a str>,
    pub session_id: Option<&'a str>,
    pub url: Option<&'a str>,
    /// A JSON object.
    pub properties: &'a str,
    /// Traits that the event carried, a JSON object; `None` for none.
    pub traits: Option<Cow<'a, str>>,
    pub source: &'a str,
    pub message_id: &'a str,
    /// The record's place in the log: with it a row is found again, and once only.
    pub offset: u64,
    pub received_us: i64,
    pub original_us: Option<i64>,
    pub sent_us: Option<i64>,
    /// What the touch was decided by; see [`Touch`].
    pub click_ids: Option<&'a str>,
    pub referrer_host: Option<&'a str>,
    pub landing_host: Option<&'a str>,
    /// `sender` or `rules`.
    pub channel_by: Option<&'static str>,
}

impl<'a> EventRow<'a> {
    /// The row of an event that the fold derived.
    ///
    /// * `message_id`: [`Derived::message_id`].
    pub fn derived(derived: &'a Derived, message_id: &'a str) -> Self {
        Self {
            profile_id: derived.profile_id,
            fragment_id: derived.fragment_id.0,
            ts_us: derived.ts_us,
            event: &derived.name,
            event_type: "track",
            channel: None,
            utm_source: None,
            utm_medium: None,
            campaign: None,
            region: None,
            dealer: None,
            model: None,
            value: None,
            currency: None,
            session_id: None,
            url: None,
            properties: &derived.properties,
            traits: None,
            source: DERIVED_SOURCE,
            message_id,
            offset: derived.offset,
            received_us: derived.ts_us,
            original_us: None,
            sent_us: None,
            click_ids: None,
            referrer_host: None,
            landing_host: None,
            channel_by: None,
        }
    }

    /// The row of an event that the fold has attributed.
    pub fn new(event: &'a Event, attribution: &EventAttribution, touch: Option<&'a Touch>) -> Self {
        let traits = (!event.traits.is_empty()).then(|| Cow::Owned(serde_json::to_string(&event.traits).unwrap_or_default()));
        Self {
            profile_id: attribution.profile_id,
            fragment_id: attribution.fragment_id.0,
            ts_us: event.ts_us,
            event: &event.name,
            event_type: event.event_type.as_str(),
            channel: touch.map(|touch| touch.channel.as_str()),
            utm_source: touch.and_then(|touch| touch.utm_source.as_deref()),
            utm_medium: touch.and_then(|touch| touch.utm_medium.as_deref()),
            campaign: touch.and_then(|touch| touch.campaign.as_deref()),
            region: event.region.as_deref(),
            dealer: event.dealer.as_deref(),
            model: event.model.as_deref(),
            value: event.value,
            currency: event.currency.as_deref(),
            session_id: event.session_id.as_deref(),
            url: event.url.as_deref(),
            properties: &event.properties,
            traits,
            source: &event.source,
            message_id: &event.message_id,
            offset: attribution.offset,
            received_us: event.received_us,
            original_us: event.original_us,
            sent_us: event.sent_us,
            click_ids: touch.and_then(|touch| touch.click_ids.as_deref()),
            referrer_host: touch.and_then(|touch| touch.referrer_host.as_deref()),
            landing_host: touch.and_then(|touch| touch.landing_host.as_deref()),
            channel_by: touch.and_then(|touch| touch.channel_by).map(|by| by.as_str()),
        }
    }
}
