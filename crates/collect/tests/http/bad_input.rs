//! Whatever senders send: a clear refusal with the reason, counted, kept, and nothing else lost.

use serde_json::{Value, json};

use crate::receiver::{KEY, Kept, Receiver, basic};

/// A batch of the item between two good ones: what the sender is told of the item, and what its dead letter holds.
async fn refused_between_good_ones(receiver: &Receiver, item: &[u8]) -> (String, String, Vec<u8>) {
    let before = receiver.kept().len();
    let good = br#"{"type":"track","event":"good","userId":"ana"}"#;
    let body = [br#"{"batch":["#, &good[..], b",", item, b",", good, b"]}"].concat();
    let response = receiver.send("POST", "/v1/batch", &[("authorization", &basic(KEY))], &body).await;
    let told = response.json();
    assert_eq!((response.status, &told["success"], &told["accepted"]), (200, &json!(true), &json!(2)), "{told}");
    assert_eq!((told["refused"].as_array().map(Vec::len), &told["refused"][0]["index"]), (Some(1), &json!(1)));

    let mut kept = receiver.kept().split_off(before);
    assert_eq!(kept.len(), 3);
    let Kept::Refused { source, code, reason, raw } = kept.remove(1) else { panic!("accepted: {kept:?}") };
    assert_eq!(source, "site");
    assert_eq!((told["refused"][0]["code"].as_str(), told["refused"][0]["message"].as_str()), (Some(&*code), Some(&*reason)));
    (code, reason, raw)
}

#[tokio::test]
async fn one_bad_item_never_fails_the_rest_and_keeps_its_reason() {
    let receiver = Receiver::start().await;
    let long_name = format!(r#"{{"type":"track","event":"{}","userId":"a"}}"#, "n".repeat(201));
    let big = format!(r#"{{"type":"track","event":"x","userId":"a","properties":{{"p":"{}"}}}}"#, "p".repeat(40_000));
    let deep = |levels: usize| {
        format!(r#"{{"type":"track","event":"x","userId":"a","properties":{{"p":{}{}}}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    let cases: Vec<(&str, &str, &str)> = vec![
        ("7", "wrong_type", "does not read as an event"),
        (r#""text""#, "wrong_type", "does not read as an event"),
        ("nonsense", "invalid_json", "does not read as an event"),
        (r#"{"type":"track" "event":"x"}"#, "invalid_json", "does not read as an event"),
        (r#"{"type":"track","event":"x","userId":"a","properties":{"p":tru}}"#, "invalid_json", "does not read as an event"),
        ("{}", "unknown_type", "no `type`"),
        (r#"{"type":"treck","userId":"a"}"#, "unknown_type", "`treck`"),
        (r#"{"type":{"a":1},"userId":"a"}"#, "wrong_type", "does not read"),
        (r#"{"type":"track","event":"x"}"#, "no_identifier", "anonymousId"),
        (r#"{"type":"track","event":"x","userId":null,"anonymousId":""}"#, "no_identifier", "anonymousId"),
        (r#"{"type":"track","event":"x","userId":"null"}"#, "blocked_identifier", "names nobody"),
        (r#"{"type":"track","event":"x","anonymousId":"undefined"}"#, "blocked_identifier", "names nobody"),
        (r#"{"type":"track","event":"x","userId":0}"#, "blocked_identifier", "names nobody"),
        (r#"{"type":"track","event":"x","userId":"[object Object]"}"#, "blocked_identifier", "names nobody"),
        (r#"{"type":"track","event":"x","userId":{"id":1}}"#, "wrong_type", "`userId`"),
        (r#"{"type":"track","event":"x","userId":true}"#, "wrong_type", "`userId`"),
        (r#"{"type":"track","userId":"a"}"#, "no_event_name", "needs `event`"),
        (r#"{"type":"track","event":"","userId":"a"}"#, "no_event_name", "needs `event`"),
        (&long_name, "no_event_name", "longer than 200"),
        (r#"{"type":"track","event":"x","userId":"a","properties":[1]}"#, "wrong_type", "`properties`"),
        (r#"{"type":"identify","userId":"a","traits":"x"}"#, "wrong_type", "`traits`"),
        (r#"{"type":"page","userId":"a","context":7}"#, "wrong_type", "`context`"),
        (r#"{"type":"page","userId":"a","timestamp":-62135596800}"#, "invalid_timestamp", "before 1980"),
        (r#"{"type":"page","userId":"a","timestamp":"yesterday"}"#, "invalid_timestamp", "`timestamp`"),
        (r#"{"type":"page","userId":"a","timestamp":[]}"#, "invalid_timestamp", "`timestamp`"),
        (r#"{"type":"page","userId":"a","sentAt":"soon"}"#, "invalid_timestamp", "`sentAt`"),
        (r#"{"type":"page","userId":"a","messageId":{}}"#, "wrong_type", "`messageId`"),
        (&big, "too_large", "over the limit of 32768"),
    ];
    for (item, code, reason) in cases {
        let (told_code, told_reason, raw) = refused_between_good_ones(&receiver, item.as_bytes()).await;
        assert_eq!(told_code, code, "{item}: {told_reason}");
        assert!(told_reason.contains(reason), "{item}: {told_reason}");
        assert_eq!(raw, item.as_bytes(), "the dead letter holds what was sent");
    }
    for levels in [70, 5_000] {
        let (code, reason, _) = refused_between_good_ones(&receiver, deep(levels).as_bytes()).await;
        assert_eq!(code, "invalid_json");
        assert!(reason.contains(&format!("nests {} levels", levels + 2)), "{reason}");
    }
}

#[tokio::test]
async fn invalid_utf8_spoils_only_its_item_and_is_kept() {
    let receiver = Receiver::start().await;
    for item in [
        &b"{\"type\":\"track\",\"event\":\"\xff\xfe\",\"userId\":\"a\"}"[..],
        b"{\"type\":\"track\",\"event\":\"x\",\"userId\":\"a\",\"properties\":{\"p\":\"\xc3\x28\"}}",
        b"{\"type\":\"track\",\"event\":\"x\",\"userId\":\"a\",\"unread\":\"\xd0\"}",
        b"{\"type\":\"track\",\"event\":\"x\",\"userId\":\"a\",\"messageId\":\"\xff\"}",
        b"{\"type\":\"track\",\"event\":\"x\",\"userId\":\"a\",\"\xff\":1}",
    ] {
        let (code, _, raw) = refused_between_good_ones(&receiver, item).await;
        assert_eq!((code.as_str(), &raw[..]), ("invalid_json", item), "{}", String::from_utf8_lossy(item));
    }
}

#[tokio::test]
async fn one_refused_event_answers_400_with_the_reason() {
    let receiver = Receiver::start().await;
    let response = receiver.post("/v1/track", r#"{"event":"x","userId":"undefined"}"#).await;
    let told = response.json();
    assert_eq!((response.status, &told["success"], &told["code"]), (400, &json!(false), &json!("blocked_identifier")));
    assert!(told["message"].as_str().is_some_and(|message| message.contains("send the real")));
    assert_eq!(receiver.dead_letters(), [("blocked_identifier".into(), r#"{"type":"track","event":"x","userId":"undefined"}"#.into())]);
}

#[tokio::test]
async fn what_is_no_json_is_one_dead_letter() {
    let receiver = Receiver::start().await;
    let bodies = ["", "nonsense", "[]", "null", r#"{"batch":[{"type":"track"}"#, "{\"batch\":", "\u{feff}{}", "<xml/>"];
    for body in bodies {
        let response = receiver.post("/v1/batch", body).await;
        let told = response.json();
        assert_eq!((response.status, &told["code"]), (400, &json!("invalid_json")), "{body}");
        assert!(told["message"].as_str().is_some_and(|message| message.contains("not a JSON object")), "{told}");
    }
    for (body, said) in [("{}", "no list `batch`"), (r#"{"batch":{}}"#, "no list `batch`"), (r#"{"batch":[1,]}"#, "no list `batch`")] {
        let response = receiver.post("/v1/batch", body).await;
        assert_eq!(response.status, 400);
        assert!(response.json()["message"].as_str().is_some_and(|message| message.contains(said)), "{body}");
    }
    let letters = receiver.dead_letters();
    assert_eq!(letters.len(), bodies.len() + 3);
    assert!(letters.iter().zip(bodies).all(|((code, raw), body)| code == "invalid_json" && raw == body), "{letters:?}");
}

#[tokio::test]
async fn an_empty_batch_is_nothing() {
    let receiver = Receiver::start().await;
    let response = receiver.post("/v1/batch", r#"{"batch":[]}"#).await;
    assert_eq!((response.status, response.json()), (200, json!({"success": true, "accepted": 0, "refused": []})));
    assert_eq!(receiver.log.end_offset(), 0);
}

#[tokio::test]
async fn odd_times_are_settled_and_all_kept() {
    let receiver = Receiver::start().await;
    let times = ["\"9999-06-01T00:00:00Z\"", "253402300799000", "\"2026-01-01\"", "1767225600", "1e300", "null"];
    let items: Vec<String> = times.iter().map(|time| format!(r#"{{"type":"page","userId":"a","timestamp":{time}}}"#)).collect();
    let response = receiver.post("/v1/batch", &format!(r#"{{"batch":[{}],"sentAt":{{}}}}"#, items.join(","))).await;
    let told = response.json();
    let refused: Vec<&Value> = told["refused"].as_array().into_iter().flatten().map(|refused| &refused["index"]).collect();
    assert_eq!(refused, [&json!(4)], "{told}");
    let events = receiver.events();
    assert!(events.iter().all(|event| event.ts_us <= event.received_us), "the future is clamped");
    assert_eq!(events[1].original_us, Some(253_402_300_799_000_000), "and what the sender said is kept");
    assert_eq!((events[2].ts_us, events[3].ts_us), (1_767_225_600_000_000, 1_767_225_600_000_000));
}

#[tokio::test]
async fn a_path_or_method_that_is_not_there_says_so() {
    let receiver = Receiver::start().await;
    let response = receiver.get("/v1/track").await;
    assert_eq!((response.status, response.json()["code"].as_str()), (405, Some("wrong_method")));
    assert_eq!(receiver.post("/v1/treck", "{}").await.status, 404);
}
