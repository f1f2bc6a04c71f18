//! Every path and every way of naming the key, and what the log then holds.

use std::{io::Write, sync::Arc};

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use forecourt_collect::{Item, Reach, Source, Sources};
use forecourt_log::Options;
use forecourt_model::{EventType, Origin};

use crate::receiver::{KEY, Kept, Receiver, basic, tracks};

#[tokio::test]
async fn every_path_of_one_event_says_its_type() {
    let receiver = Receiver::start().await;
    let types = [EventType::Track, EventType::Identify, EventType::Page, EventType::Screen, EventType::Group, EventType::Alias];
    let mut sent = Vec::new();
    for event_type in types {
        let name = event_type.as_str();
        for path in [format!("/v1/{name}"), format!("/v1/{}", &name[..1]), format!("/v1/{name}/")] {
            // Without a type of its own, with its own, and with a wrong one.
            for own in ["", &format!(r#""type":"{name}","#), r#""type":"nonsense","#] {
                let id = format!("{path}{}", sent.len());
                let body = format!(r#"{{{own}"event":"x","userId":"ana","previousId":"d","groupId":"g","messageId":"{id}"}}"#);
                let response = receiver.post(&path, &body).await;
                assert_eq!(response.status, 200, "{path}: {}", response.text());
                assert_eq!(response.json(), serde_json::json!({"success": true, "accepted": 1, "refused": []}));
                sent.push((event_type, id));
            }
        }
    }
    let stored: Vec<_> = receiver.events().into_iter().map(|event| (event.event_type, event.message_id)).collect();
    assert_eq!(stored, sent);
}

#[tokio::test]
async fn every_path_of_batches_takes_all_types() {
    let receiver = Receiver::start().await;
    let paths = ["/v1/batch", "/v1/batch/", "/v1/b", "/beacon/v1/batch", "/v1/import"];
    for path in paths {
        let body = r#"{"sentAt":"2026-01-01T00:00:00Z","batch":[
            {"type":"track","event":"x","userId":"ana"},{"type":"i","userId":"ana","traits":{"email":"ana@example.com"}},
            {"type":"page","anonymousId":"d","name":"Home"},{"type":"alias","userId":"ana","previousId":"d"}]}"#;
        let response = receiver.post(path, body).await;
        assert_eq!((response.status, response.json()["accepted"].as_u64()), (200, Some(4)), "{path}");
    }
    let kept = receiver.kept();
    assert_eq!(kept.len(), 4 * paths.len());
    for (at, kept) in kept.iter().enumerate() {
        let Kept::Event { event, origin, .. } = kept else { panic!("refused: {kept:?}") };
        let expected = if at / 4 == 4 { Origin::History } else { Origin::Live };
        assert_eq!(*origin, expected, "{}", paths[at / 4]);
        assert_eq!(event.sent_us, Some(1_767_225_600_000_000), "the envelope's sentAt counts for items without their own");
        assert_eq!(event.message_id.len(), 36, "an item without an id gets one: {}", event.message_id);
    }
}

#[tokio::test]
async fn the_key_may_stand_in_four_places() {
    let receiver = Receiver::start().await;
    let item = r#""event":"x","userId":"ana""#;
    let plain = format!("{{{item}}}");
    let with_key = format!(r#"{{{item},"writeKey":"{KEY}"}}"#);
    let batch_with_key = format!(r#"{{"batch":[{{"type":"track",{item}}}],"writeKey":"{KEY}"}}"#);
    let unpadded = basic(KEY).trim_end_matches('=').to_owned();
    type Form<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);
    let forms: [Form<'_>; 8] = [
        ("/v1/track", vec![("authorization", &unpadded)], &plain),
        ("/v1/track", vec![("x-write-key", KEY)], &plain),
        ("/v1/track?writeKey=wk_site", vec![], &plain),
        ("/v1/track?writekey=wk_site", vec![], &plain),
        ("/v1/track", vec![], &with_key),
        ("/v1/track", vec![("authorization", "Bearer of-oauth")], &with_key),
        ("/v1/batch", vec![], &batch_with_key),
        ("/beacon/v1/batch?writeKey=wk_site", vec![("content-type", "text/plain")], &batch_with_key),
    ];
    for (path, headers, body) in &forms {
        let response = receiver.send("POST", path, headers, body.as_bytes()).await;
        assert_eq!(response.status, 200, "{path} {headers:?}: {}", response.text());
    }
    let events = receiver.events();
    assert_eq!(events.len(), forms.len());
    assert!(events.iter().all(|event| event.source == "site"));
}

#[tokio::test]
async fn a_key_that_may_not_send_is_told_what_to_do() {
    let receiver = Receiver::start().await;
    let one = br#"{"event":"x","userId":"ana"}"#;
    let refused = async |headers: &[(&str, &str)], body: &[u8]| {
        let response = receiver.send("POST", "/v1/track", headers, body).await;
        (response.status, response.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(&[], one).await, (401, "no_write_key".into()));
    assert_eq!(refused(&[], br#"{"writeKey":"","userId":"a"}"#).await, (401, "no_write_key".into()));
    assert_eq!(refused(&[("authorization", &basic("wk_other"))], one).await, (401, "unknown_write_key".into()));
    assert_eq!(refused(&[], br#"{"writeKey":"wk_other","userId":"a"}"#).await, (401, "unknown_write_key".into()));
    assert_eq!(refused(&[("authorization", &basic("wk_old"))], one).await, (404, "source_disabled".into()));
    assert_eq!(refused(&[], b"no JSON").await, (400, "invalid_json".into()));
    assert_eq!(receiver.log.end_offset(), 0, "whoever has no key writes nothing, not even dead letters");

    // A source that is added, or enabled, may send at once.
    let renewed =
        Sources::from_iter([("wk_other", Source { id: "other".into(), name: "Other".into(), enabled: true, ..Source::default() })]);
    receiver.sources.send_replace(Arc::new(renewed));
    assert_eq!(refused(&[("authorization", &basic("wk_other"))], one).await.0, 200);
    assert_eq!(refused(&[("authorization", &basic(KEY))], one).await.0, 401);
}

#[tokio::test]
async fn the_form_of_a_body_does_not_matter() {
    let receiver = Receiver::start().await;
    let body = tracks(3);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(body.as_bytes()).expect("compressed");
    zlib.write_all(body.as_bytes()).expect("compressed");
    let (gzip, zlib) = (gzip.finish().expect("compressed"), zlib.finish().expect("compressed"));
    let key = basic(KEY);
    for content_type in ["text/plain", "text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded", "nonsense"] {
        let response = receiver.send("POST", "/v1/b", &[("authorization", &key), ("content-type", content_type)], body.as_bytes()).await;
        assert_eq!(response.status, 200, "{content_type}: {}", response.text());
    }
    for (encoding, body) in [("gzip", &gzip), ("deflate", &zlib), ("identity", &body.clone().into_bytes())] {
        let response = receiver.send("POST", "/v1/b", &[("authorization", &key), ("content-encoding", encoding)], body).await;
        assert_eq!(response.status, 200, "{encoding}: {}", response.text());
    }
    let chunked = format!(
        "POST /v1/b HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {key}\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &body[..5],
        body.len() - 5,
        &body[5..]
    );
    assert_eq!(receiver.exchange(chunked.as_bytes()).await.status, 200);
    let names: Vec<String> = receiver.events().into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["e0", "e1", "e2"].repeat(9));
}

#[tokio::test]
async fn items_are_stored_as_they_were_written() {
    let receiver = Receiver::start().await;
    let body = r#"{"batch":[
        {"type":"track","event":"x","userId":"ana","messageId":7,"properties":{"a":[1,{"b":null}],"c":"\ud83d\ude00 \u0416"}},
        {"type":"track","event":"x","userId":"ana","messageId":"","context":{"locale":"ru"},"properties":{"cut":"\ud83d"}}],
        "context":{"locale":"en","app":{"name":"shop"}}}"#;
    assert_eq!(receiver.post("/v1/batch", body).await.status, 200);
    let kept = receiver.kept();
    let [Kept::Event { event: first, raw, .. }, Kept::Event { event: second, raw: merged, .. }] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((first.message_id.as_str(), second.message_id.len()), ("7", 36));
    assert_eq!(raw["properties"], serde_json::json!({"a": [1, {"b": null}], "c": "😀 Ж"}));
    assert_eq!(raw["context"], serde_json::json!({"locale": "en", "app": {"name": "shop"}}));
    assert_eq!(merged["context"], serde_json::json!({"locale": "ru", "app": {"name": "shop"}}), "the item's own word goes first");
    assert_eq!(merged["properties"]["cut"], "\u{fffd}", "half an emoji is no character");
}

#[tokio::test]
async fn long_message_ids_stay_different() {
    let receiver = Receiver::start().await;
    let long = "x".repeat(150);
    let body = format!(
        r#"{{"batch":[{{"type":"page","userId":"a","messageId":"{long}1"}},{{"type":"page","userId":"a","messageId":"{long}2"}},{{"type":"page","userId":"a","messageId":"{long}1"}}]}}"#
    );
    receiver.post("/v1/batch", &body).await;
    let ids: Vec<String> = receiver.events().into_iter().map(|event| event.message_id).collect();
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| id.len() <= 100));
}

#[tokio::test]
async fn a_persons_address_is_kept_and_a_servers_is_not() {
    let trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    let receiver = Receiver::with(Default::default(), Options::default(), Reach { trusted_proxies, ..Reach::default() }).await;
    let key = basic(KEY);
    let forwarded = ("x-forwarded-for", "203.0.113.9");
    let browser = [("authorization", &*key), forwarded, ("origin", "https://shop.example.com")];
    let server = [("authorization", &*key), forwarded, ("user-agent", "python-requests/2.32")];
    for headers in [&browser, &server] {
        receiver.send("POST", "/v1/t", headers, br#"{"event":"x","userId":"a"}"#).await;
    }
    let addresses: Vec<String> =
        receiver.kept().into_iter().map(|kept| if let Kept::Event { ip, .. } = kept { ip } else { panic!("{kept:?}") }).collect();
    assert_eq!(addresses, ["203.0.113.9", ""]);
}

#[tokio::test]
async fn what_comes_in_is_counted_by_source() {
    let receiver = Receiver::start().await;
    receiver.post("/v1/batch", &tracks(5)).await;
    receiver.post("/v1/batch", r#"{"batch":[{"type":"track"}]}"#).await;
    let crm = Source { id: "crm".into(), name: "CRM".into(), enabled: true, ..Source::default() };
    let items = vec![Item { json: r#"{"type":"page","userId":"a"}"#.into(), message_id: Some("import:1".into()) }];
    let outcome = receiver.collector.accept(&crm, Origin::History, items, None, "").await.expect("stored");
    assert_eq!((outcome.accepted, outcome.refused.len(), outcome.first_offset), (1, 0, 6));
    assert_eq!(receiver.events().last().map(|event| event.message_id.clone()).as_deref(), Some("import:1"));

    let now_us = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_micros() as i64);
    let counts = receiver.collector.counters().by_source(now_us);
    assert_eq!((counts["site"].accepted_24h, counts["site"].refused_24h), (5, 1));
    assert_eq!((counts["crm"].accepted_24h, counts["crm"].refused_24h), (1, 0));
    assert!(counts["site"].last_accepted_us.is_some());
}
