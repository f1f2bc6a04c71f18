//! Who is who through the whole server: merged and parted with reports that follow, settings tried and applied, duplicates
//! found and answered, and who may do so.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, postgres, server::Server};

#[tokio::test(flavor = "multi_thread")]
async fn people_are_merged_and_parted_on_sqlite() {
    merged_and_parted(Installation::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_merged_and_parted_on_postgres() {
    merged_and_parted(Installation::new().on_postgres(postgres::url().await)).await;
}

async fn merged_and_parted(installation: Installation) {
    let key = installation.source("shop");
    let server = installation.serve().await;
    for (user, email, cars) in [("ana", "ana@people.example", 3), ("anna", "anna@people.example", 2)] {
        server.call_identify(&key, json!({ "userId": user, "traits": { "email": email, "plan": user } })).await;
        for _ in 0..cars {
            server.track(&key, json!({ "event": "car_viewed", "userId": user })).await;
        }
    }
    server.wait_until_folded().await;
    let (ana, anna) = (server.profile("ana@people.example").await, server.profile("anna@people.example").await);
    assert_ne!(ana, anna);

    // Two user ids are two people, whoever says otherwise: until the settings say so.
    let preview = server.get(&format!("/api/profiles/{ana}/merge-preview?with={anna}")).await;
    assert_eq!((preview["possible"].as_bool(), preview["reason"].as_str()), (Some(false), Some("unique")), "{preview}");
    let refused = server.ask(Method::POST, &format!("/api/profiles/{ana}/merge"), json!({ "with": anna })).await;
    assert_eq!(refused["done"], false, "{refused}");
    let mut settings = server.get("/api/identity/settings").await["settings"].clone();
    settings["kinds"]["user_id"]["is_unique"] = json!(false);
    assert_eq!(server.ask(Method::PUT, "/api/identity/settings", settings).await["done"], true);

    let preview = server.get(&format!("/api/profiles/{ana}/merge-preview?with={anna}")).await;
    assert_eq!(preview["possible"], true, "{preview}");
    assert!(preview["traits"].as_array().is_some_and(|traits| traits.iter().any(|held| held["name"] == "plan")), "{preview}");
    let said = installation.run(&["profile", "merge", "ana@people.example", "anna@people.example"]);
    assert!(said.ok, "{}", said.err);
    let one = server.profile("ana@people.example").await;
    assert_eq!(one, server.profile("anna@people.example").await);
    let viewed = "SELECT count(*) FROM events WHERE event = 'car_viewed' AND profile_id =";
    server.wait_for_number(&format!("{viewed} {one}"), 5).await;
    let people = "SELECT count(DISTINCT profile_id) FROM events WHERE event = 'car_viewed'";
    assert_eq!(server.number(people).await, 1);

    // Why, by page and by command; and taken back from the ledger.
    let why = server.get(&format!("/api/profiles/{one}/identity")).await;
    assert!(
        why["evidence"].as_array().is_some_and(|edges| edges.iter().any(|edge| edge["rule"] == "word" && edge["joins"] == true)),
        "{why}"
    );
    let told = installation.run(&["profile", "show", "ana@people.example", "--explain"]);
    assert!(told.ok && told.out.contains("word"), "{}{}", told.out, told.err);
    let ledger = server.get("/api/identity/ledger?act=merged").await;
    let line = &ledger["lines"][0];
    assert_eq!((line["rule"].as_str(), line["one"]["profile_now"].as_str()), (Some("word"), Some(one.as_str())), "{ledger}");
    let pair = json!({ "one": line["one"]["fragment_id"], "other": line["other"]["fragment_id"] });
    assert_eq!(server.ask(Method::POST, &format!("/api/profiles/{one}/unmerge"), pair).await["done"], true);
    assert_eq!((server.profile("ana@people.example").await, server.profile("anna@people.example").await), (ana.clone(), anna.clone()));
    server.wait_for_number(&format!("{viewed} {ana}"), 3).await;
    server.wait_for_number(&format!("{viewed} {anna}"), 2).await;
    assert_eq!(server.number(people).await, 2);

    // Bad input.
    for (path, body, expected) in [
        (format!("/api/profiles/{ana}/unmerge"), json!({ "one": "1", "other": "2" }), StatusCode::BAD_REQUEST),
        (format!("/api/profiles/{ana}/merge"), json!({ "with": "7" }), StatusCode::NOT_FOUND),
        ("/api/profiles/7/merge".to_owned(), json!({ "with": ana }), StatusCode::NOT_FOUND),
        ("/api/duplicates/1.2/answer".to_owned(), json!({ "answer": "same" }), StatusCode::NOT_FOUND),
        ("/api/duplicates/x/answer".to_owned(), json!({ "answer": "same" }), StatusCode::NOT_FOUND),
    ] {
        let (status, answer) = server.call(Method::POST, &path, Some(server.token()), Some(&body)).await;
        assert_eq!(status, expected, "{path} {answer}");
    }
    let mut broken = server.get("/api/identity/settings").await["settings"].clone();
    broken["kinds"]["email"]["blocked"] = json!(["("]);
    let (status, answer) = server.call(Method::PUT, "/api/identity/settings", Some(server.token()), Some(&broken)).await;
    assert_eq!((status, answer.to_string().contains("email")), (StatusCode::BAD_REQUEST, true), "{answer}");
    server.stop().await;
    installation.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_tried_applied_and_rolled_back() {
    let installation = Installation::new();
    let key = installation.source("shop");
    let server = installation.serve().await;
    for n in 0..4 {
        server.call_identify(&key, json!({ "userId": "collector", "traits": { "email": format!("e{n}@people.example") } })).await;
    }
    server.wait_until_folded().await;
    assert_eq!(server.get("/api/profiles").await["total"], 1);
    let mut settings = server.get("/api/identity/settings").await["settings"].clone();
    settings["kinds"]["email"]["limit"] = json!({ "values": 2, "window_days": 365 });
    let tried = server.ask(Method::POST, "/api/identity/preview", settings.clone()).await;
    let found: Value = serde_json::from_str(&server.job(&tried).await).expect("an outcome");
    assert_eq!(
        (found["profiles_before"].as_u64(), found["profiles_after"].as_u64(), found["parted"].as_u64()),
        (Some(1), Some(3), Some(1)),
        "{found}"
    );
    assert_eq!(found["examples"][0]["after"].as_array().map(Vec::len), Some(3), "{found}");
    assert_eq!(server.get("/api/profiles").await["total"], 1, "nothing is changed by trying");

    assert_eq!(server.ask(Method::PUT, "/api/identity/settings", settings).await["done"], true);
    let applied = server.ask(Method::POST, "/api/identity/apply", Value::Null).await;
    server.job(&applied).await;
    assert_eq!(server.get("/api/profiles").await["total"], 3);
    let rolled = server.ask(Method::POST, "/api/identity/rollback", Value::Null).await;
    server.job(&rolled).await;
    assert_eq!(server.get("/api/profiles").await["total"], 1);
    let (status, _) = server.call(Method::POST, "/api/identity/rollback", Some(server.token()), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "once");
    server.stop().await;
    installation.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn probable_duplicates_are_found_and_answered() {
    let installation = Installation::new();
    let key = installation.source("crm");
    let server = installation.serve().await;
    let surnames = ["Petrov", "Sidorov", "Ivanov", "Kuznetsov", "Sokolov", "Popov", "Lebedev", "Kozlov", "Novikov", "Morozov"];
    let names = ["Ivan", "Petr", "Sergey", "Oleg", "Anton", "Boris", "Kirill", "Denis", "Maksim", "Roman", "Gleb"];
    for n in 0..330_usize {
        let (name, surname, city) = (names[n % 11], surnames[(n / 11) % 10], ["Moscow", "Kazan", "Omsk"][n % 3]);
        let born = format!("19{:02}-{:02}-{:02}", 50 + n % 47, 1 + n % 12, 1 + n % 27);
        let traits = json!({ "firstName": name, "lastName": surname, "birthday": born, "email": format!("{name}.{surname}{n}@people.example"),
            "phone": format!("+7916{:07}", 1_000_003 + n * 7_919), "city": city });
        server.call_identify(&key, json!({ "userId": format!("u{n}"), "traits": traits })).await;
        // Each eleventh came again, with a slip in the name, another address, and no account.
        if n % 11 == 0 {
            let again = json!({ "firstName": name, "lastName": format!("{surname}a"), "birthday": born,
                "email": format!("again{n}@elsewhere.example"), "city": city });
            server.call_identify(&key, json!({ "anonymousId": format!("again-{n}"), "traits": again })).await;
        }
    }
    server.wait_until_folded().await;
    let started = server.ask(Method::POST, "/api/duplicates/find", Value::Null).await;
    server.job(&started).await;
    let found = server.get("/api/duplicates?limit=100").await;
    let pairs = found["pairs"].as_array().cloned().unwrap_or_default();
    assert!(20 <= pairs.len() && pairs.len() <= 60, "{} of 30 pairs", pairs.len());
    let is_right = |pair: &Value| {
        let mails = [&pair["one"]["email"], &pair["other"]["email"]].map(|email| email.as_str().unwrap_or_default().to_owned());
        let number = |mail: &str| mail.split('@').next().map(|local| local.chars().filter(char::is_ascii_digit).collect::<String>());
        number(&mails[0]) == number(&mails[1])
    };
    let right = pairs.iter().filter(|pair| is_right(pair)).count();
    assert!(9 * pairs.len() <= 10 * right, "{right} of {} are right", pairs.len());
    assert!(
        pairs[0]["contributions"].as_array().is_some_and(|parts| parts.iter().any(|part| part["column"] == "birth_date")),
        "{}",
        pairs[0]
    );

    let answer = async |pair: &Value, answer: &str| {
        let id = pair["id"].as_str().expect("an id").to_owned();
        let told = server.ask(Method::POST, &format!("/api/duplicates/{id}/answer"), json!({ "answer": answer })).await;
        assert_eq!(told["done"], true, "{told}");
    };
    let email = |side: &Value| side["email"].as_str().unwrap_or_default().to_owned();
    let are_one = async |pair: &Value| server.profile(&email(&pair["one"])).await == server.profile(&email(&pair["other"])).await;
    answer(&pairs[0], "same").await;
    answer(&pairs[1], "later").await;
    assert!(are_one(&pairs[0]).await && !are_one(&pairs[1]).await);

    // With leave, what is certain enough is merged without asking; what was answered stays answered.
    assert_eq!(server.ask(Method::PUT, "/api/duplicates/settings", json!({ "merge_at": 0.99, "review_at": 0.8 })).await["merge_at"], 0.99);
    let again = server.ask(Method::POST, "/api/duplicates/find", Value::Null).await;
    let told = server.job(&again).await;
    let merged = server.get("/api/duplicates?state=merged&limit=100").await["total"].as_u64().unwrap_or(0);
    let open = server.get("/api/duplicates?limit=100").await["total"].as_u64().unwrap_or(0);
    assert!(0 < merged && merged + open <= 60, "{merged} merged, {open} open: {told}");

    // A person's word is stronger than likeness, also afterwards.
    let last = pairs.last().expect("a pair");
    answer(last, "not_same").await;
    assert!(!are_one(last).await);
    let once_more = server.ask(Method::POST, "/api/duplicates/find", Value::Null).await;
    server.job(&once_more).await;
    assert!(!are_one(last).await);
    let open = server.get("/api/duplicates?limit=100").await["total"].as_u64().unwrap_or(0);
    let report = server.get("/api/identity/report").await;
    assert_eq!(report["in_review"].as_u64(), Some(open), "{report}");
    assert!(report["days"].as_array().is_some_and(|days| days.iter().any(|day| day["what"] == "merged:probable")), "{report}");
    server.stop().await;
    installation.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_some_may_say_who_is_who() {
    let installation = Installation::new();
    let key = installation.source("shop");
    let server = installation.serve().await;
    server.call_identify(&key, json!({ "userId": "ana", "traits": { "email": "ana@people.example" } })).await;
    server.call_identify(&key, json!({ "userId": "bob", "traits": { "email": "bob@people.example" } })).await;
    server.wait_until_folded().await;
    let (ana, bob) = (server.profile("ana@people.example").await, server.profile("bob@people.example").await);
    for (role, may_see, may_say, may_set) in
        [("analyst", true, false, false), ("operator", true, true, false), ("marketer", true, true, true)]
    {
        let token = installation.ask(&["token", "create", "--role", role])["token"].as_str().expect("a token").to_owned();
        let status = async |method: Method, path: &str, body: Option<Value>| server.call(method, path, Some(&token), body.as_ref()).await.0;
        let allowed = |status: StatusCode| status != StatusCode::FORBIDDEN;
        assert_eq!(allowed(status(Method::GET, &format!("/api/profiles/{ana}/identity"), None).await), may_see, "{role}");
        assert_eq!(allowed(status(Method::GET, "/api/identity/ledger", None).await), may_say, "{role}");
        let merge = status(Method::POST, &format!("/api/profiles/{ana}/merge"), Some(json!({ "with": bob }))).await;
        assert_eq!(allowed(merge), may_say, "{role}");
        assert_eq!(allowed(status(Method::POST, "/api/identity/apply", None).await), may_set, "{role}");
    }
    server.stop().await;
}

impl Server {
    async fn call_identify(&self, key: &str, body: Value) {
        let answer = self.post("/v1/identify", key, &body).await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// The id of the one profile with the identifier.
    async fn profile(&self, identifier: &str) -> String {
        let found = self.get(&format!("/api/profiles?q={identifier}")).await;
        assert_eq!(found["profiles"].as_array().map(Vec::len), Some(1), "{identifier}: {found}");
        found["profiles"][0]["profile_id"].as_str().expect("an id").to_owned()
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let (status, answer) = self.call(method, path, Some(self.token()), body.as_ref()).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// Waits for a job to be done. Returns its message.
    async fn job(&self, started: &Value) -> String {
        let id = started["job"].as_str().expect("a job");
        let deadline = Instant::now() + WITHIN;
        loop {
            let jobs = self.get("/api/jobs").await;
            let job = jobs["jobs"].as_array().and_then(|jobs| jobs.iter().find(|job| job["id"] == id)).cloned().unwrap_or_default();
            match job["state"].as_str() {
                Some("done") => return job["message"].as_str().unwrap_or_default().to_owned(),
                Some("failed" | "cancelled") => panic!("{job}"),
                _ => assert!(Instant::now() < deadline, "{job}\n{}", self.printed()),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
