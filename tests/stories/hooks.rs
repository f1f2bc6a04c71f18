//! Webhooks of other programs: what comes before anybody said what it means waits, a mapping lets it in, and nothing is lost or doubled.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, server::Server};

/// A lead as a form builder's automation passes it on.
fn body(id: &str, phone: &str) -> String {
    json!({
        "id": id, "created_time": "2026-03-02T09:00:00+0000",
        "field_data": [
            { "name": "phone_number", "values": [phone] },
            { "name": "full_name", "values": ["Ana Berg"] },
            { "name": "which_model?", "values": ["Aster"] },
        ],
        "campaign": { "campaign_name": "spring" },
    })
    .to_string()
}

async fn post(server: &Server, write_key: &str, kind: &str, body: String) -> (StatusCode, Value) {
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/hook?writeKey={write_key}", server.address))
        .header("content-type", kind)
        .body(body)
        .send()
        .await
        .expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

async fn leads(server: &Server, count: usize) -> Vec<Value> {
    let deadline = std::time::Instant::now() + WITHIN;
    loop {
        let leads = server.get("/api/leads").await["leads"].as_array().cloned().unwrap_or_default();
        if leads.len() == count {
            return leads;
        }
        assert!(std::time::Instant::now() < deadline, "{leads:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_waits_for_its_mapping_and_comes_in_by_it() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    rules["is_on"] = json!(true);
    server.call(Method::PUT, "/api/lead-rules", None, Some(&json!({ "rules": rules }))).await;
    let (_, source) = server.call(Method::POST, "/api/sources", None, Some(&json!({ "name": "social leads" }))).await;
    let (id, key) = (source["id"].as_str().expect("an id").to_owned(), source["write_key"].as_str().expect("a key").to_owned());
    let path = format!("/api/sources/{id}/mapping");

    // Before anybody said what it means it is kept as it came, and the sender is told so.
    let (status, told) = post(&server, &key, "application/json", body("444", "+49 30 123456")).await;
    assert_eq!((status, &told["accepted"], &told["refused"][0]["code"]), (StatusCode::OK, &json!(0), &json!("wrong_mapping")), "{told}");
    assert_eq!(post(&server, "unknown", "application/json", body("1", "1")).await.0, StatusCode::UNAUTHORIZED);
    server.wait_until_folded().await;
    let webhook = server.get(&path).await;
    assert_eq!(
        (&webhook["waiting"], &webhook["mapping"], &webhook["path"]),
        (&json!(1), &json!(null), &json!(format!("/v1/hook?writeKey={key}")))
    );
    let sample = webhook["samples"][0].as_str().expect("as it came").to_owned();
    assert_eq!(sample, body("444", "+49 30 123456"));

    // Its names suggest a mapping.
    let tried = async |asked: Value| server.call(Method::POST, &format!("{path}/try"), None, Some(&asked)).await;
    let (_, suggested) = tried(json!({ "body": sample })).await;
    let mut mapping = suggested["mapping"].clone();
    let fields = mapping["fields"].as_array_mut().expect("fields");
    assert!(fields.contains(&json!({ "from": "field_data.phone_number", "to": "phone" })), "{suggested}");
    // What holds for all of them.
    fields.push(json!({ "from": "=social", "to": "utm_source" }));
    let (_, would) = tried(json!({ "body": sample, "mapping": mapping })).await;
    assert_eq!((&would["calls"][0]["properties"]["model"], &would["problem"]), (&json!("Aster"), &json!(null)), "{would}");
    let (_, wrong) =
        tried(json!({ "body": sample, "mapping": { "event": "lead_created", "fields": [{ "from": "id", "to": "model" }] } })).await;
    assert!(wrong["problem"].as_str().is_some_and(|why| why.contains("whose it is")) && wrong["calls"] == json!([]), "{wrong}");
    assert_eq!(tried(json!({ "body": "<xml>" })).await.0, StatusCode::BAD_REQUEST);
    let (status, told) = server.call(Method::PUT, &path, None, Some(&json!({ "mapping": { "event": "", "fields": [] } }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");

    // What waited comes in with the mapping; the rest as it is sent, once each.
    let (status, outcome) = server.call(Method::PUT, &path, None, Some(&json!({ "mapping": mapping }))).await;
    assert_eq!((status, &outcome["taken"], &outcome["still_waiting"]), (StatusCode::OK, &json!(1), &json!(0)), "{outcome}");
    let lead = leads(&server, 1).await.remove(0);
    assert_eq!((&lead["lead_id"], &lead["name"], &lead["model"]), (&json!("444"), &json!("Ana Berg"), &json!("Aster")), "{lead}");
    for _ in 0..2 {
        let (_, told) = post(&server, &key, "application/json", body("445", "+49 30 999999")).await;
        assert_eq!((&told["success"], &told["accepted"]), (&json!(true), &json!(1)), "{told}");
    }
    leads(&server, 2).await;
    server.wait_for_number("SELECT count(*) FROM events WHERE event = 'lead_created'", 2).await;
    server.wait_for_number("SELECT count(*) FROM leads WHERE campaign = 'spring' AND utm_source = 'social'", 2).await;

    // A form's fields, by another mapping; a body that does not fit waits with its reason, over a restart too.
    let by_form = json!({ "mapping": { "event": "lead_created", "fields": [
        { "from": "Phone", "to": "phone" }, { "from": "Name", "to": "first_name" }, { "from": "when", "to": "timestamp" },
    ] } });
    assert_eq!(server.call(Method::PUT, &path, None, Some(&by_form)).await.0, StatusCode::OK);
    server.stop().await;
    let server = installation.serve().await;
    let form = "application/x-www-form-urlencoded";
    let (_, told) = post(&server, &key, form, "Name=Ben&Phone=%2B49+30+777&when=tomorrow".to_owned()).await;
    assert!(told["refused"][0]["message"].as_str().is_some_and(|why| why.contains("`tomorrow` is no time")), "{told}");
    let (_, told) = post(&server, &key, form, "Name=Ben&Phone=%2B49+30+777777&when=1772442000".to_owned()).await;
    assert_eq!(told["accepted"], json!(1), "{told}");
    leads(&server, 3).await;
    assert_eq!(server.get(&path).await["waiting"], json!(1));
    server.stop().await;
}
