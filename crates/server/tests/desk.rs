//! The desk over HTTP: one search within one's rows, saved views by link, the catalogue, settings that take effect.

mod house;

use house::{House, Person};
use reqwest::Method;
use serde_json::{Value, json};

impl House {
    async fn ask(&self, person: &Person, method: Method, path: &str, body: &Value) -> house::Answer {
        let headers = vec![("cookie", person.cookie.clone()), ("x-csrf-token", person.csrf.clone())];
        self.send(method, path, &headers, Some(body)).await
    }

    /// What a search finds, a line a kind.
    async fn found(&self, person: &Person, q: &str) -> String {
        let answer = self.get(person, &format!("/api/search?q={q}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let name = |found: &Value| match found {
            Value::String(text) => text.clone(),
            found => {
                let named = ["name", "id"].into_iter().find_map(|field| found[field].as_str());
                named.unwrap_or_else(|| found["email"].as_str().unwrap_or("?")).to_owned()
            }
        };
        let kinds = ["profiles", "leads", "orders", "sources", "events", "views"];
        let lines = kinds.into_iter().filter_map(|kind| {
            let names: Vec<String> = answer.body[kind].as_array()?.iter().map(name).collect();
            (!names.is_empty()).then(|| format!("{kind}: {}", names.join(", ")))
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}

fn lead(person: &str, name: &str, lead_id: &str, dealer: &str) -> Value {
    json!({ "type": "track", "event": "lead_created", "userId": person, "context": { "traits": { "name": name } },
        "properties": { "lead_id": lead_id, "dealer": dealer, "email": format!("{person}@example.org"), "price": 21_000 } })
}

fn named(person: &str, name: &str) -> Value {
    json!({ "type": "identify", "userId": person, "traits": { "name": name } })
}

#[tokio::test]
async fn a_search_finds_what_the_role_may_see() {
    let house = House::start().await;
    let ana = house.admin().await;
    let key = house.source(&ana, "Web site").await;
    let items = json!([
        named("u1", "Irina Petrova"),
        lead("u1", "Irina Petrova", "LEAD-1", "North"),
        named("u2", "Irma Sidorova"),
        lead("u2", "Irma Sidorova", "LEAD-2", "South"),
    ]);
    house.batch(&key, items).await;
    house
        .until("both leads are folded", async |house| house.found(&ana, "LEAD").await == "leads: LEAD-1, LEAD-2; events: lead_created")
        .await;

    assert_eq!(house.found(&ana, "irina").await, "profiles: Irina Petrova");
    assert_eq!(house.found(&ana, "u1@example.org").await, "profiles: Irina Petrova");
    assert_eq!(house.found(&ana, "lead-2").await, "leads: LEAD-2", "whatever the case");
    assert_eq!(house.found(&ana, "web").await, "sources: Web site");
    assert_eq!(house.found(&ana, "lead%20cre").await, "events: lead_created");
    let south = house.person(&ana, "south@example.com", "dealer", Some("South")).await;
    assert_eq!(house.found(&south, "LEAD").await, "leads: LEAD-2", "another dealer's lead is not there");
    assert_eq!(house.found(&south, "irina").await, "");
    assert_eq!(house.found(&south, "web").await, "", "nor is the installation's set-up");
    assert_eq!(house.get(&ana, "/api/search?q=a").await.status, 400);
    assert_eq!(house.found(&ana, "%25%25").await, "", "a sign of SQL's is a letter like any other");
}

#[tokio::test]
async fn a_view_is_opened_by_its_link_and_listed_for_those_it_is_shared_with() {
    let house = House::start().await;
    let ana = house.admin().await;
    let eva = house.person(&ana, "eva@example.com", "analyst", None).await;
    let view = json!({ "page": "/funnel", "name": "By channel", "state": "by=channel", "roles": [] });
    let saved = house.post(&ana, "/api/views", &view).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    let id = saved.body["id"].as_str().unwrap().to_owned();
    assert!(30 < id.len(), "{id} could be guessed");
    let names = async |person: &Person| house.get(person, "/api/views").await.body["views"].as_array().unwrap().len();
    assert_eq!((names(&ana).await, names(&eva).await), (1, 0));
    let by_link = house.get(&eva, &format!("/api/views/{id}")).await;
    assert_eq!((&by_link.body["state"], &by_link.body["is_mine"]), (&json!("by=channel"), &json!(false)));

    let shared = json!({ "page": "/funnel", "name": "By channel", "state": "by=region", "roles": ["analyst"] });
    assert_eq!(house.ask(&eva, Method::PUT, &format!("/api/views/{id}"), &shared).await.status, 404, "only the owner changes it");
    assert_eq!(house.ask(&ana, Method::PUT, &format!("/api/views/{id}"), &shared).await.status, 200);
    assert_eq!(names(&eva).await, 1);
    assert_eq!(house.found(&eva, "channel").await, "views: By channel");
    let outside = json!({ "page": "//evil.example/", "name": "x", "state": "" });
    assert_eq!(house.post(&ana, "/api/views", &outside).await.status, 400);
    assert_eq!(house.ask(&eva, Method::DELETE, &format!("/api/views/{id}"), &json!({})).await.status, 404);
    assert_eq!(house.ask(&ana, Method::DELETE, &format!("/api/views/{id}"), &json!({})).await.status, 204);
    assert_eq!(house.get(&eva, &format!("/api/views/{id}")).await.status, 404);
}

#[tokio::test]
async fn the_catalogue_tells_what_events_carry_and_names_nobody() {
    let house = House::start().await;
    let ana = house.admin().await;
    let key = house.source(&ana, "Web site").await;
    house.batch(&key, json!([lead("u1", "Irina", "L1", "North"), lead("u2", "Irma", "L2", "South")])).await;
    house.until("it is known", async |house| house.get(&ana, "/api/catalogue/events/lead_created").await.body["sampled"] == json!(2)).await;
    let detail = house.get(&ana, "/api/catalogue/events/lead_created").await.body;
    assert_eq!((&detail["count"], &detail["is_new"], &detail["is_unexpected"]), (&json!(2), &json!(true), &json!(true)));
    let property = |name: &str| {
        let properties = detail["properties"].as_array().unwrap();
        properties.iter().find(|property| property["name"] == name).unwrap_or_else(|| panic!("no {name} in {detail}")).clone()
    };
    assert_eq!((&property("price")["types"][0]["type"], &property("price")["share"]), (&json!("number"), &json!(1.0)));
    assert_eq!(property("email")["is_personal"], true);
    assert!(!detail.to_string().contains("u1@example.org"), "an example names somebody: {detail}");

    let note = json!({ "description": "Somebody wants to talk", "owner": "Web team", "status": "expected" });
    assert_eq!(house.ask(&ana, Method::PUT, "/api/catalogue/events/lead_created", &note).await.status, 204);
    let planned = "/api/catalogue/events/a%2Fb%20%22planned%22";
    assert_eq!(house.ask(&ana, Method::PUT, planned, &note).await.status, 204);
    let list = house.get(&ana, "/api/catalogue/events").await.body;
    let told: Vec<(&str, bool)> = list["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["event"].as_str().unwrap(), event["is_unexpected"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [("lead_created", false), ("a/b \"planned\"", false)]);
    let dealer = house.person(&ana, "north@example.com", "dealer", Some("North")).await;
    assert_eq!(house.get(&dealer, "/api/catalogue/events").await.status, 403, "figures over all dealers are not for one");
    assert_eq!(house.get(&ana, "/api/catalogue/events/nobody").await.status, 404);
}

#[tokio::test]
async fn what_an_admin_sets_is_in_force_at_once_and_after_a_restart() {
    let mut house = House::start().await;
    let ana = house.admin().await;
    let change = json!({ "name": "Aurora", "time_zone": "Asia/Almaty", "currency": "KZT" });
    assert_eq!(house.ask(&ana, Method::PATCH, "/api/installation", &change).await.status, 200);
    let told = async |house: &House| {
        let me = house.get(&ana, "/api/me").await.body;
        ["name", "time_zone", "currency"].map(|field| me["installation"][field].as_str().unwrap().to_owned()).join(" ")
    };
    assert_eq!(told(&house).await, "Aurora Asia/Almaty KZT");
    let wrong = json!({ "time_zone": "Mars/Base" });
    assert_eq!(house.ask(&ana, Method::PATCH, "/api/installation", &wrong).await.status, 400);
    house.restart().await;
    assert_eq!(told(&house).await, "Aurora Asia/Almaty KZT");

    let eva = house.person(&ana, "eva@example.com", "marketer", None).await;
    assert_eq!(house.ask(&eva, Method::PATCH, "/api/installation", &change).await.status, 403);
    let users = house.get(&ana, "/api/users").await.body;
    let id = users["users"].as_array().unwrap().iter().find(|user| user["email"] == "eva@example.com").unwrap()["id"].clone();
    let path = format!("/api/users/{}", id.as_str().unwrap());
    assert_eq!(house.ask(&ana, Method::PATCH, &path, &json!({ "disabled": true })).await.status, 200);
    assert_eq!(house.get(&eva, "/api/me").await.status, 401, "signed out at once");
    assert_eq!(house.sign_in("eva@example.com", house::PASSWORD).await.status, 401);
    assert_eq!(house.ask(&ana, Method::PATCH, &path, &json!({ "disabled": false, "role": "analyst" })).await.status, 200);
    assert_eq!(house.sign_in("eva@example.com", house::PASSWORD).await.body["role"], "analyst");
}

#[tokio::test]
async fn alerts_have_rules_receivers_and_a_test() {
    let house = House::start().await;
    let ana = house.admin().await;
    house
        .until("the first rules are there", async |house| house.get(&ana, "/api/alerts").await.body["rules"].as_array().unwrap().len() == 6)
        .await;
    assert_eq!(house.post(&ana, "/api/alerts/test", &json!({})).await.status, 400, "nobody is told yet");
    let targets = json!({ "emails": ["ana@example.com"], "webhook_url": "http://127.0.0.1:9/alerts", "language": "ru" });
    let saved = house.ask(&ana, Method::PUT, "/api/alerts/targets", &targets).await;
    assert!(saved.body["webhook_secret"].as_str().unwrap().starts_with("whsec_"), "{}", saved.body);
    let again = house.ask(&ana, Method::PUT, "/api/alerts/targets", &targets).await.body;
    assert_eq!((&again["webhook_secret"], &again["has_webhook_secret"]), (&Value::Null, &json!(true)), "it is shown once");
    assert_eq!(house.post(&ana, "/api/alerts/test", &json!({})).await.body["notices"], 2);
    house
        .until("both have failed with a word", async |house| {
            let notices = house.get(&ana, "/api/alerts").await.body["notices"].clone();
            notices.as_array().unwrap().iter().filter(|notice| notice["state"] == "failed" && notice["told"].is_string()).count() == 2
        })
        .await;
    let told = house.get(&ana, "/api/alerts").await.body["notices"].to_string();
    assert!(told.contains("no mail server is configured") && told.contains("may not be reached"), "{told}");

    let eva = house.person(&ana, "eva@example.com", "marketer", None).await;
    assert_eq!(house.get(&eva, "/api/incidents").await.status, 200);
    assert_eq!(house.ask(&eva, Method::PUT, "/api/alerts/targets", &targets).await.status, 403);
    let rule = json!({ "enabled": true, "rule": { "kind": "disk_fills", "free_percent": 0 } });
    assert_eq!(house.post(&ana, "/api/alerts/rules", &rule).await.status, 400);
    let unknown = json!({ "enabled": true, "rule": { "kind": "moon_phase" } });
    assert_eq!(house.post(&ana, "/api/alerts/rules", &unknown).await.status, 400);
}
