use super::*;
use crate::time::{DAY_US, HOUR_US, parse_us};

const NOW: &str = "2026-03-01T12:00:00Z";

fn stamp(origin: Origin, sent: Option<&str>) -> Stamp<'static> {
    Stamp {
        origin,
        received_us: parse_us(NOW).unwrap_or_default(),
        sent_us: sent.and_then(parse_us),
        source: "site".into(),
        message_id: "m1".into(),
        ip: "".into(),
    }
}

fn live(json: &str) -> Result<Event, Refusal> {
    Event::parse(json.as_bytes(), &stamp(Origin::Live, None), "RU")
}

fn code(json: &str) -> &'static str {
    match live(json) {
        Ok(event) => panic!("accepted: {}", event.name),
        Err(refusal) => refusal.code.as_str(),
    }
}

#[test]
fn a_track_call_keeps_who_what_when_and_how() {
    let event = live(
        r#"{"type":"track","event":"lead_created","userId":7,"anonymousId":"dev-1","timestamp":"2026-03-01T11:59:00Z",
            "properties":{"region":"North","dealer":"d1","model":"Aster","value":"12.5"},
            "context":{"campaign":{"source":"google","medium":"cpc","name":"spring"},"traits":{"email":"Ana@Example.com"},
                       "externalIds":[{"id":"c-9","type":"crm_id","collection":"users","encoding":"none"}]}}"#,
    )
    .unwrap_or_else(|refusal| panic!("{refusal}"));
    let identifiers: Vec<String> = event.identifiers.iter().map(Identifier::to_string).collect();
    assert_eq!(identifiers, ["user_id:7", "crm_id:c-9", "email:ana@example.com", "anonymous_id:dev-1"]);
    let touch = event.touch(crate::channel::ChannelRules::built_in()).unwrap_or_else(|| panic!("no touch"));
    assert_eq!((touch.channel.as_str(), touch.utm_source.as_deref(), touch.campaign.as_deref()), ("cpc", Some("google"), Some("spring")));
    assert_eq!((event.region.as_deref(), event.dealer.as_deref(), event.model.as_deref()), (Some("North"), Some("d1"), Some("Aster")));
    assert_eq!(event.value, Some(12.5));
    assert_eq!(Some(event.ts_us), parse_us("2026-03-01T11:59:00Z"));
}

#[test]
fn refusals_say_what_is_wrong() {
    assert_eq!(code("{"), "invalid_json");
    assert_eq!(code(r#"{"userId":"a"}"#), "unknown_type");
    assert_eq!(code(r#"{"type":"treck","userId":"a"}"#), "unknown_type");
    assert_eq!(code(r#"{"type":"track","event":"x"}"#), "no_identifier");
    assert_eq!(code(r#"{"type":"track","event":"x","userId":"null","anonymousId":"undefined"}"#), "blocked_identifier");
    assert_eq!(code(r#"{"type":"track","userId":"a"}"#), "no_event_name");
    assert_eq!(code(r#"{"type":"track","event":"  ","userId":"a"}"#), "no_event_name");
    assert_eq!(code(r#"{"type":"track","event":{},"userId":"a"}"#), "wrong_type");
    assert_eq!(code(r#"{"type":"track","event":"x","userId":["a"]}"#), "wrong_type");
    assert_eq!(code(r#"{"type":"identify","userId":"a","traits":[1]}"#), "wrong_type");
    assert_eq!(code(r#"{"type":"page","userId":"a","timestamp":-5}"#), "invalid_timestamp");
    assert_eq!(code(r#"{"type":"page","userId":"a","timestamp":"soon"}"#), "invalid_timestamp");
    let deep = format!(r#"{{"type":"page","userId":"a","properties":{{"a":{}{}}}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert_eq!(code(&deep), "invalid_json");
}

#[test]
fn clocks_are_corrected_outside_the_dead_band_and_never_run_ahead() {
    let ts = |json: &str, origin, sent| Event::parse(json.as_bytes(), &stamp(origin, sent), "RU").map(|event| event.ts_us).ok();
    let now = parse_us(NOW).unwrap_or_default();
    let at = |text: &str| format!(r#"{{"type":"page","userId":"a","timestamp":"{text}"}}"#);
    // Two hours slow: sent "10:00", happened "09:50", so ten minutes ago.
    assert_eq!(ts(&at("2026-03-01T09:50:00Z"), Origin::Live, Some("2026-03-01T10:00:00Z")), Some(now - HOUR_US / 6));
    // A minute off is the network.
    assert_eq!(ts(&at("2026-03-01T11:50:00Z"), Origin::Live, Some("2026-03-01T11:59:00Z")), Some(now - HOUR_US / 6));
    // History from a server stands as it is, also when sent late.
    assert_eq!(ts(&at("2026-02-28T12:00:00Z"), Origin::History, Some("2026-01-01T00:00:00Z")), Some(now - DAY_US));
    assert_eq!(ts(&at("9999-01-01T00:00:00Z"), Origin::Live, None), Some(now));
}

#[test]
fn an_alias_joins_the_device_to_the_user() {
    let event = live(r#"{"type":"alias","userId":"ana","previousId":"dev-1"}"#).unwrap_or_else(|refusal| panic!("{refusal}"));
    let identifiers: Vec<String> = event.identifiers.iter().map(Identifier::to_string).collect();
    assert_eq!(identifiers, ["user_id:ana", "user_id:dev-1", "anonymous_id:dev-1"], "it may be either's");
    for device in [
        r#"{"type":"alias","userId":"ana","previousId":"2f1c6a1e-7d52-4a3b-9d1e-0a1b2c3d4e5f"}"#,
        r#"{"type":"alias","userId":"ana","previousId":"dev-1","anonymousId":"dev-1"}"#,
    ] {
        let event = live(device).unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!(event.identifiers.len(), 2, "{device}");
    }
    let renamed = live(r#"{"type":"alias","userId":"zoe","previousId":"ana"}"#).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(renamed.identifiers[0].value, "zoe", "the event is the new id's");
}
