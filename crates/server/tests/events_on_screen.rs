//! What was sent is seen: live, as a person, in reports; what was refused can be mended.

mod house;

use std::time::Duration;

use house::House;
use serde_json::{Value, json};

fn visit(person: &str, event: &str, at: &str, properties: Value) -> Value {
    json!({ "type": "track", "event": event, "anonymousId": person, "timestamp": at, "properties": properties })
}

#[tokio::test]
async fn an_event_is_live_within_a_second_and_in_a_funnel_within_five() {
    let house = House::start().await;
    let ana = house.admin().await;
    let key = house.source(&ana, "site").await;
    house.batch(&key, json!([visit("a1", "warm_up", "2026-10-01T10:00:00Z", json!({}))])).await;

    house
        .batch(
            &key,
            json!([
                visit("a1", "car_viewed", "2026-10-01T10:00:00Z", json!({ "model": "Vela", "channel": "cpc" })),
                visit("a1", "lead_created", "2026-10-01T11:00:00Z", json!({ "lead_id": "L1", "dealer": "D01" })),
                visit("a2", "car_viewed", "2026-10-02T10:00:00Z", json!({ "channel": "email" })),
            ]),
        )
        .await;
    let live = house
        .until("it is live", async |house| {
            let recent = house.get(&ana, "/api/live/recent?limit=10").await.body;
            recent["events"].as_array().unwrap().iter().any(|event| event["event"] == "lead_created")
        })
        .await;
    assert!(live < Duration::from_secs(1), "{live:?}");

    let spec = json!({
        "steps": [{ "event": "car_viewed" }, { "event": "lead_created" }], "window": "30d",
        "from": "2026-10-01", "to": "2026-11-01", "by": ["channel"]
    });
    let mut report = Value::Null;
    let counted = house
        .until("it is in the funnel", async |house| {
            let answer = house.post(&ana, "/api/reports/funnel", &spec).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.body["steps"][1]["profiles"] == 1
        })
        .await;
    assert!(counted < Duration::from_secs(5), "{counted:?}");
    report.clone_from(&house.post(&ana, "/api/reports/funnel", &spec).await.body);
    assert_eq!((&report["steps"][0]["profiles"], &report["steps"][1]["rate"]), (&json!(2), &json!(0.5)));
    assert_eq!(report["steps"][1]["median_time_s"], 3600.0);
    assert_eq!(report["groups"].as_array().unwrap().len(), 2);

    let people = json!({ "spec": spec, "step": 2, "outcome": "dropped" });
    let dropped = house.post(&ana, "/api/reports/funnel/people", &people).await.body;
    assert_eq!((&dropped["total"], dropped["profiles"][0]["events"].as_u64()), (&json!(1), Some(1)));

    let catalogue = house.get(&ana, "/api/catalogue").await.body;
    assert!(
        catalogue["events"].as_array().unwrap().iter().any(|event| event["event"] == "car_viewed" && event["count"] == 2),
        "{catalogue}"
    );
    let sql = json!({ "sql": "SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY n DESC, event" });
    let rows = house.post(&ana, "/api/query", &sql).await.body;
    assert_eq!(rows["rows"][0], json!(["car_viewed", 2]));
    let wrong = house.post(&ana, "/api/query", &json!({ "sql": "DROP TABLE events" })).await;
    assert_eq!((wrong.status.as_u16(), wrong.body["error"]["code"].as_str()), (400, Some("invalid")));
}

#[tokio::test]
async fn one_person_is_found_looked_at_and_edited() {
    let house = House::start().await;
    let ana = house.admin().await;
    let key = house.source(&ana, "site").await;
    house
        .batch(
            &key,
            json!([
                visit("d1", "car_viewed", "2026-10-01T10:00:00Z", json!({})),
                { "type": "identify", "userId": "u1", "anonymousId": "d1", "timestamp": "2026-10-01T11:00:00Z",
                  "traits": { "name": "Olga Belova", "phone": "8 (916) 000-00-01", "email": "olga@example.com" } },
                visit("d1", "call_completed", "2026-10-01T12:00:00Z", json!({ "call_id": "C1", "direction": "in", "duration_s": 61 })),
            ]),
        )
        .await;
    house
        .until("she is found", async |house| house.get(&ana, "/api/profiles?q=belo").await.body["profiles"].as_array().unwrap().len() == 1)
        .await;
    for q in ["olga@example.com", "%2B7%20916%20000-00-01", "89160000001", "u1", "d1", "OLGA"] {
        let found = house.get(&ana, &format!("/api/profiles?q={q}")).await.body;
        assert_eq!(found["profiles"][0]["name"], "Olga Belova", "{q}");
    }
    let id = house.get(&ana, "/api/profiles?q=u1").await.body["profiles"][0]["profile_id"].as_str().unwrap().to_owned();
    let page = house.get(&ana, &format!("/api/profiles/{id}")).await.body["profile"].clone();
    let joined = page["identifiers"].as_array().unwrap().iter().find(|one| one["kind"] == "anonymous_id").unwrap();
    assert_eq!((&joined["evidence"][0]["rule"], &joined["evidence"][0]["with"]["value"]), (&json!("signed_in"), &json!("u1")));
    assert_eq!(page["calls"][0]["call_id"], "C1");

    let done = house.post(&ana, &format!("/api/profiles/{id}/traits"), &json!({ "name": "vip", "value": true })).await;
    assert_eq!((done.status.as_u16(), done.body["done"].as_bool()), (200, Some(true)));
    let traits = house.get(&ana, &format!("/api/profiles/{id}")).await.body["profile"]["traits"].clone();
    assert!(traits.as_array().unwrap().iter().any(|one| one["name"] == "vip" && one["value"] == true), "{traits}");

    house
        .until("the timeline is whole", async |house| {
            let timeline = house.get(&ana, &format!("/api/profiles/{id}/timeline")).await.body;
            let told: Vec<&str> = timeline["items"].as_array().unwrap().iter().filter_map(|item| item["event"].as_str()).collect();
            told == ["call_completed", "identified", "car_viewed"]
        })
        .await;
    let calls = house.get(&ana, &format!("/api/profiles/{id}/timeline?kind=calls")).await.body;
    assert_eq!((calls["items"].as_array().unwrap().len(), &calls["items"][0]["source"]), (1, &json!("site")));
    assert_eq!(house.get(&ana, "/api/profiles/1").await.status, 404);
}

#[tokio::test]
async fn what_was_refused_is_kept_and_mended() {
    let house = House::start().await;
    let ana = house.admin().await;
    let key = house.source(&ana, "site").await;
    let answer = house.batch(&key, json!([{ "type": "track", "event": "a" }, { "type": "track", "event": "b" }])).await;
    assert_eq!(answer["refused"].as_array().unwrap().len(), 2);
    house.until("they are kept", async |house| house.get(&ana, "/api/dead-letters").await.body["total_open"] == 2).await;
    let letters = house.get(&ana, "/api/dead-letters?reason=no_identifier").await.body["items"].clone();
    let id = |at: usize| letters[at]["id"].as_str().unwrap().to_owned();

    let again = house.post(&ana, &format!("/api/dead-letters/{}/retry", id(1)), &json!({ "raw": letters[1]["raw"] })).await.body;
    assert_eq!(again["accepted"], false, "nothing was mended");
    let mended = json!({ "raw": json!({ "type": "track", "event": "mended", "anonymousId": "d7" }).to_string() });
    assert_eq!(house.post(&ana, &format!("/api/dead-letters/{}/retry", id(1)), &mended).await.body["accepted"], true);
    assert_eq!(house.post(&ana, &format!("/api/dead-letters/{}/discard", id(0)), &json!({})).await.status, 204);
    assert_eq!(house.get(&ana, "/api/dead-letters").await.body["total_open"], 0);
    assert_eq!(house.post(&ana, &format!("/api/dead-letters/{}/discard", id(0)), &json!({})).await.status, 400, "settled already");
    house
        .until("it is a profile now", async |house| {
            house.get(&ana, "/api/profiles?q=d7").await.body["profiles"].as_array().unwrap().len() == 1
        })
        .await;
}

#[tokio::test]
async fn a_dealer_sees_his_own() {
    let house = House::start().await;
    let ana = house.admin().await;
    let key = house.source(&ana, "crm").await;
    house
        .batch(
            &key,
            json!([
                visit("p1", "lead_created", "2026-10-01T10:00:00Z", json!({ "lead_id": "L1", "dealer": "D01" })),
                visit("p2", "lead_created", "2026-10-01T10:00:00Z", json!({ "lead_id": "L2", "dealer": "D02" })),
            ]),
        )
        .await;
    let leads = json!({ "sql": "SELECT count(*) FROM leads" });
    house.until("both are known", async |house| house.post(&ana, "/api/query", &leads).await.body["rows"][0][0] == 2).await;

    let dealer = house.person(&ana, "d01@example.com", "dealer", Some("D01")).await;
    let own = house.get(&dealer, "/api/profiles").await.body;
    assert_eq!(own["profiles"].as_array().unwrap().len(), 1);
    assert_eq!(own["total"], Value::Null);
    let other = house.get(&ana, "/api/profiles?q=p2").await.body["profiles"][0]["profile_id"].as_str().unwrap().to_owned();
    assert_eq!(house.get(&dealer, &format!("/api/profiles/{other}")).await.status, 404);
    assert_eq!(house.get(&dealer, &format!("/api/profiles/{other}/timeline")).await.status, 404);
    assert_eq!(house.get(&dealer, "/api/profiles?q=p2").await.body["profiles"], json!([]));
    for table in ["events", "leads"] {
        let rows = house.post(&dealer, "/api/query", &json!({ "sql": format!("SELECT DISTINCT dealer FROM {table}") })).await.body;
        assert_eq!(rows["rows"], json!([["D01"]]), "{table}");
    }
    let spec = json!({ "steps": [{ "event": "lead_created" }], "window": "1d" });
    assert_eq!(house.post(&dealer, "/api/reports/funnel", &spec).await.body["steps"][0]["profiles"], 1);
}
