//! A row of the lake's table `events`.

use crate::{Event, EventAttribution, ProfileId, Touch};

/// One event as reports see it. Times in microseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    pub profile_id: ProfileId,
    pub fragment_id: i64,
    pub ts_us: i64,
    pub event: String,
    /// track, identify, page, screen, group, alias.
    pub event_type: &'static str,
    pub channel: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub campaign: Option<String>,
    pub region: Option<String>,
    pub dealer: Option<String>,
    pub model: Option<String>,
    pub value: Option<f64>,
    pub currency: Option<String>,
    pub session_id: Option<String>,
    pub url: Option<String>,
    /// A JSON object.
    pub properties: String,
    /// Traits that the event carried, a JSON object; `None` for none.
    pub traits: Option<String>,
    pub source: String,
    pub message_id: String,
    /// The record's place in the log: with it a row is found again, and once only.
    pub offset: u64,
    pub received_us: i64,
    pub original_us: Option<i64>,
    pub sent_us: Option<i64>,
    /// What the touch was decided by; see [`Touch`].
    pub click_ids: Option<String>,
    pub referrer_host: Option<String>,
    pub landing_host: Option<String>,
    /// `sender` or `rules`.
    pub channel_by: Option<&'static str>,
}

impl EventRow {
    /// The row of an event that the fold has attributed.
    pub fn new(event: Event, offset: u64, attribution: &EventAttribution, touch: Option<&Touch>) -> Self {
        let traits = (!event.traits.is_empty()).then(|| serde_json::to_string(&event.traits).unwrap_or_default());
        Self {
            profile_id: attribution.profile_id,
            fragment_id: attribution.fragment_id.0,
            ts_us: event.ts_us,
            event: event.name,
            event_type: event.event_type.as_str(),
            channel: touch.map(|touch| touch.channel.clone()),
            utm_source: touch.and_then(|touch| touch.utm_source.clone()),
            utm_medium: touch.and_then(|touch| touch.utm_medium.clone()),
            campaign: touch.and_then(|touch| touch.campaign.clone()),
            region: event.region,
            dealer: event.dealer,
            model: event.model,
            value: event.value,
            currency: event.currency,
            session_id: event.session_id,
            url: event.url,
            properties: event.properties,
            traits,
            source: event.source,
            message_id: event.message_id,
            offset,
            received_us: event.received_us,
            original_us: event.original_us,
            sent_us: event.sent_us,
            click_ids: touch.and_then(|touch| touch.click_ids.clone()),
            referrer_host: touch.and_then(|touch| touch.referrer_host.clone()),
            landing_host: touch.and_then(|touch| touch.landing_host.clone()),
            channel_by: touch.and_then(|touch| touch.channel_by).map(|by| by.as_str()),
        }
    }
}
