//! Whether an item would read, without reading all of it: the border asks this for each item, the fold reads it later.

use super::{Context, Event, EventType, NESTING_MAX, Wire, corrected_us, event_name, first_time, nesting, optional, text};
use crate::{Identifier, IdentifierKind, Refusal, Stamp};

impl Event {
    /// Refuses exactly what [`Event::parse`] refuses, with the same words, for about half of the work.
    pub fn check(raw: &[u8], stamp: &Stamp<'_>, region: &str) -> Result<(), Refusal> {
        if is_plain(raw, stamp, region).is_some() {
            return Ok(());
        }
        Self::parse(raw, stamp, region).map(drop)
    }
}

/// `Some` for an item that surely reads: the common kind, whose identifiers stand where SDKs put them. `None` says nothing.
fn is_plain(raw: &[u8], stamp: &Stamp<'_>, region: &str) -> Option<()> {
    // Escaped code points may be halves of a pair: only reading tells.
    let is_escaped = raw.windows(2).any(|pair| pair == br"\u");
    if is_escaped || NESTING_MAX < nesting(raw) {
        return None;
    }
    let wire: Wire = serde_json::from_slice(raw).ok()?;
    let event_type = EventType::parse(wire.event_type.as_deref()?).filter(|event_type| *event_type != EventType::Group)?;
    let context: Context = optional(wire.context, "").ok()?.unwrap_or_default();
    // Values of traits are read one by one, and an external id is checked for its form.
    if [wire.traits, context.traits, context.external_ids].into_iter().flatten().any(|raw| raw.get() != "null") {
        return None;
    }
    if wire.properties.is_some_and(|raw| raw.get() != "null" && !raw.get().starts_with('{')) {
        return None;
    }
    let mut named = false;
    let ids = [
        (wire.user_id, IdentifierKind::UserId),
        (wire.previous_id, IdentifierKind::AnonymousId),
        (wire.anonymous_id, IdentifierKind::AnonymousId),
    ];
    for (id, kind) in ids {
        if let Some(id) = text(id, "").ok()? {
            named |= Identifier::new(kind, &id, region).is_some();
        }
    }
    if !named {
        return None;
    }
    let original_us = first_time([(wire.original_timestamp, ""), (wire.timestamp, "")]).ok()?;
    let sent_us = first_time([(wire.sent_at, ""), (None, "")]).ok()?.or(stamp.sent_us);
    corrected_us(original_us, sent_us, stamp).ok()?;
    event_name(event_type, wire.event).ok()?;
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::Origin;

    const NAMES: [&str; 16] = [
        "type",
        "event",
        "name",
        "userId",
        "anonymousId",
        "previousId",
        "groupId",
        "timestamp",
        "originalTimestamp",
        "sentAt",
        "properties",
        "traits",
        "context",
        "messageId",
        "integrations",
        "unknown",
    ];
    const VALUES: [&str; 30] = [
        r#""track""#,
        r#""t""#,
        r#""page""#,
        r#""identify""#,
        r#""group""#,
        r#""alias""#,
        r#""bought""#,
        r#""ana""#,
        r#""null""#,
        r#""""#,
        r#""2026-03-01T10:00:00Z""#,
        r#""1960-01-01""#,
        r#""\ud800""#,
        r#""a\u0041b""#,
        "\"a\u{1}b\"",
        "1772359200000",
        "-1",
        "1e999",
        "null",
        "true",
        "{}",
        "[]",
        r#"{"email":"a@b.example","phone":"1"}"#,
        r#"{"\ud800":1}"#,
        r#"{"a":{"b":[1,2,{"c":null}]}}"#,
        r#"{"n":1e999}"#,
        r#"{"page":{"url":"https://a.example/?utm_source=x"},"campaign":{"source":"s"},"traits":null}"#,
        r#"{"externalIds":[{"id":1}]}"#,
        r#"{"externalIds":[{"id":"7","type":"crm_id"}],"traits":{"plan":2}}"#,
        r#"{"a":1,"a":2}"#,
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_checked_reads_and_what_is_refused_is_refused_alike(
            known in (select(vec!["track", "page", "identify", "alias"]), select(vec!["ana", "null", "0", "device-1"])),
            fields in vec((select(NAMES.to_vec()), select(VALUES.to_vec())), 0..6),
            broken in option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>())),
        ) {
            let mut members = vec![format!(r#""type":"{}""#, known.0), r#""event":"seen""#.to_owned(), format!(r#""userId":"{}""#, known.1)];
            for (name, value) in fields {
                members.retain(|held| !held.starts_with(&format!("\"{name}\"")));
                members.push(format!(r#""{name}":{value}"#));
            }
            let mut raw = format!("{{{}}}", members.join(",")).into_bytes();
            if let Some((at, byte)) = broken {
                let at = at.index(raw.len());
                raw[at] = byte;
            }
            for origin in [Origin::Live, Origin::History] {
                let stamp = Stamp {
                    origin, received_us: 1_772_366_400_000_000, sent_us: None, source: "site".into(), message_id: "m".into(), ip: "".into(),
                };
                prop_assert_eq!(Event::check(&raw, &stamp, "RU"), Event::parse(&raw, &stamp, "RU").map(drop), "{}", String::from_utf8_lossy(&raw));
            }
        }
    }
}
