//! A person erased: nowhere in the folder any more, whatever the server died of meanwhile, and everybody else as before.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use arrow::{array::AsArray as _, compute::cast, datatypes::DataType};
use forecourt_log::{Log, Options};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    LOOK_EVERY, WITHIN,
    call_back::{self, must_submit, set_up, switch},
    installation::Installation,
    outside::Outside,
    postgres,
    server::Server,
};

/// What only Ana's data has; her phone in the ways that it is written.
const HERS: [&str; 5] = ["ana.zvonareva@example.com", "79161234567", "916) 123-45-67", "Zvonareva", "ana-tablet"];
/// Her neighbours.
const PEOPLE: i64 = 40;
const EMAIL: &str = "ana.zvonareva@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_nowhere_on_sqlite() {
    erased_everywhere(Installation::new(), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_nowhere_on_postgres() {
    erased_everywhere(Installation::new().on_postgres(postgres::url().await), true).await;
}

async fn erased_everywhere(installation: Installation, is_on_postgres: bool) {
    let installation = installation.configured(call_back::CONFIG).without_outside_readers();
    let write_key = installation.source("shop");
    let outside = Outside::open(7).await;
    let server = installation.serve().await;
    outside.knows(&set_up(&server, &outside).await, "");
    switch(&server, false, false).await;
    neighbours(&server, &write_key).await;
    everything_of_ana(&server, &write_key).await;
    let ana = profile_of(&server, EMAIL).await;
    let neighbours_before = rows_of_others(&server, &ana).await;
    let all_before = server.number("SELECT count(*) FROM events").await;
    let hers = server.number(&format!("SELECT count(*) FROM events WHERE profile_id = {ana}")).await;
    // What the desk tells of a lead follows from other records, and has none of its own.
    let desk = format!("SELECT count(*) FROM events WHERE profile_id = {ana} AND event LIKE 'lead_desk_%'");
    let of_desk = server.number(&desk).await;
    assert!(0 < of_desk);
    server.wait_for_number("SELECT count(*) FROM orders", PEOPLE + 1).await;
    exported(&installation, &server, &ana).await;
    refused(&installation, &server, &ana).await;
    server.stop().await;
    assert!(!found_in(installation.data()).is_empty(), "she is looked for in the wrong places");

    let backup = installation.data().join("backups").join("before.tar.zst");
    if !is_on_postgres {
        fs::create_dir_all(backup.parent().expect("a folder")).expect("the folder of the backups");
        let said = installation.run(&["backup", &backup.to_string_lossy(), "--with-secrets"]);
        assert!(said.ok, "{}", said.err);
    }

    killed_in_the_middle(&installation, &ana).await;
    let server = installation.serve().await;
    let told = finished(&server).await;
    assert_eq!(
        (told["profile_id"].as_str(), told["messages"].as_u64(), told["dead_letters"].as_u64()),
        (Some(&*ana), Some(2), Some(1)),
        "{told}"
    );
    // A repeated message, a dead letter, a trait set by hand and a note on her lead are records too, and no events.
    assert!((hers - of_desk) as u64 + 4 <= told["records"].as_u64().expect("a count"), "{told}");

    assert_eq!(server.number("SELECT count(*) FROM events").await, all_before - hers);
    assert_eq!(rows_of_others(&server, &ana).await, neighbours_before, "neighbours are as they were");
    assert_eq!(server.number("SELECT count(*) FROM orders").await, PEOPLE + 1, "a sale is a sale");
    assert_eq!(server.number("SELECT count(*) FROM orders WHERE profile_id < 0 AND order_id LIKE 'erased-%'").await, 1);
    server.stop().await;
    assert_eq!(found_in(installation.data()), BTreeSet::new(), "something of her is left");
    installation.verify();
    assert_eq!(found_in(installation.data()), BTreeSet::new());

    if !is_on_postgres {
        repeated_after_a_restore(&backup).await;
    }
    comes_back(&installation, &write_key, &ana).await;
    installation.verify();
}

/// A backup from before the erasure: the first start on it erases her again.
async fn repeated_after_a_restore(backup: &Path) {
    let elsewhere = Installation::new();
    let told = elsewhere.ask(&["restore", &backup.to_string_lossy()]);
    assert_eq!(told["erasures_to_repeat"], 1, "{told}");
    let server = elsewhere.serve().await;
    let deadline = Instant::now() + WITHIN;
    while server.get("/api/erasures").await["erasures"].as_array().is_none_or(Vec::is_empty) {
        assert!(Instant::now() < deadline, "{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(server.get(&format!("/api/profiles?q={EMAIL}")).await["profiles"], json!([]));
    assert_eq!(server.get("/api/profiles?q=person-1@example.com").await["profiles"].as_array().map(Vec::len), Some(1));
    server.stop().await;
}

/// People whom nothing may happen to.
async fn neighbours(server: &Server, write_key: &str) {
    for number in 0..PEOPLE {
        let identify = json!({ "anonymousId": format!("device-{number}"), "userId": format!("u-{number}"),
            "traits": { "email": format!("person-{number}@example.com"), "phone": format!("+7916000{number:04}"), "name": "Bo Petrov" } });
        assert!(server.post("/v1/identify", write_key, &identify).await.expect("an answer").status().is_success());
        let bought = json!({ "order_id": format!("order-{number}"), "lead_id": format!("lead-{number}"), "value": 1000, "remark": "x".repeat(2_000) });
        for event in ["car_viewed", "lead_created", "contract_signed"] {
            server.track(write_key, json!({ "event": event, "userId": format!("u-{number}"), "properties": bought })).await;
        }
    }
}

/// Leads are dealt with from now on; nobody of the network is there to get them.
async fn open_desk(server: &Server) {
    let mut rules = server.get("/api/lead-rules").await["rules"].clone();
    rules["is_on"] = json!(true);
    let (status, answer) = server.call(Method::PUT, "/api/lead-rules", None, Some(&json!({ "rules": rules }))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// Whatever can be known of a person.
async fn everything_of_ana(server: &Server, write_key: &str) {
    open_desk(server).await;
    let visit = json!({ "event": "car_viewed", "anonymousId": "ana-tablet", "messageId": "ana-1", "properties": { "model": "Aster" } });
    server.track(write_key, visit.clone()).await;
    let identify = json!({ "anonymousId": "ana-tablet", "userId": "u-ana",
        "traits": { "email": "Ana.Zvonareva@example.com", "phone": "+7 (916) 123-45-67", "name": "Ana Zvonareva" } });
    assert!(server.post("/v1/identify", write_key, &identify).await.expect("an answer").status().is_success());
    for event in ["lead_created", "contract_signed"] {
        let properties = json!({ "lead_id": "lead-ana", "order_id": "order-ana", "value": 5000, "email": EMAIL });
        server.track(write_key, json!({ "event": event, "userId": "u-ana", "properties": properties })).await;
    }
    // Sent again by a sender that got no answer, and refused for want of a name.
    server.track(write_key, visit).await;
    let refused = server.post("/v1/track", write_key, &json!({ "userId": "u-ana", "properties": { "email": EMAIL } })).await;
    assert!(refused.is_ok());
    must_submit(server, "+7 916 123-45-67").await;
    server.wait_until_folded().await;
    let ana = profile_of(server, EMAIL).await;
    let (status, _) = server
        .call(Method::POST, &format!("/api/profiles/{ana}/traits"), None, Some(&json!({ "name": "remark", "value": "Zvonareva calls" })))
        .await;
    assert_eq!(status, StatusCode::OK);
    let note = json!({ "act": "note", "text": "Zvonareva wants leather seats" });
    let (status, answer) = server.call(Method::POST, "/api/leads/lead-ana/act", None, Some(&note)).await;
    assert_eq!((status, &answer["done"]), (StatusCode::OK, &json!(true)), "{answer}");
    let deadline = Instant::now() + WITHIN;
    loop {
        let messages = server.get("/api/deliveries?limit=50").await["messages"].as_array().cloned().unwrap_or_default();
        if messages.len() == 2 && messages.iter().all(|message| message["state"] == "sent") {
            return;
        }
        assert!(Instant::now() < deadline, "{messages:?}\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn profile_of(server: &Server, question: &str) -> String {
    let found = server.get(&format!("/api/profiles?q={question}")).await;
    found["profiles"][0]["profile_id"].as_str().unwrap_or_else(|| panic!("no profile: {found}")).to_owned()
}

async fn rows_of_others(server: &Server, ana: &str) -> Vec<Vec<Value>> {
    let sql = format!(
        "SELECT profile_id, event, message_id, properties, traits FROM events WHERE profile_id <> {ana} ORDER BY message_id LIMIT 100000"
    );
    server.query(&sql).await
}

/// The export has all of hers, readable, and nothing of others.
async fn exported(installation: &Installation, server: &Server, ana: &str) {
    let export = server.get(&format!("/api/profiles/{ana}/export?format=json")).await;
    let kinds: BTreeSet<&str> =
        export["profile"]["identifiers"].as_array().into_iter().flatten().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["anonymous_id", "email", "phone", "user_id"].into());
    let names: Vec<&str> = export["events"].as_array().into_iter().flatten().filter_map(|event| event["event"].as_str()).collect();
    for name in ["car_viewed", "identified", "lead_created", "contract_signed", "message_sent"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(
        export["messages"]
            .as_array()
            .is_some_and(|messages| messages.len() == 2 && messages.iter().all(|one| one["attempts"][0]["request"].is_string())),
        "{export}"
    );
    assert_eq!(
        (&export["profile"]["leads"][0]["lead_id"], &export["profile"]["orders"][0]["revenue"]),
        (&json!("lead-ana"), &json!(5000.0))
    );
    let file = installation.data().with_file_name("ana.html");
    let said = installation.run(&["profile", "export", EMAIL, "--format", "html", "--to", &file.to_string_lossy()]);
    assert!(said.ok, "{}", said.err);
    let page = fs::read_to_string(&file).expect("the page");
    fs::remove_file(&file).expect("removed");
    for text in [export.to_string(), page] {
        assert!(text.contains("Zvonareva") && text.contains("+79161234567"), "{text}");
        assert!(!text.contains("person-") && !text.contains("Bo Petrov"), "somebody else is in it: {text}");
    }
}

/// Whoever may not, what is not there, and what is not asked well.
async fn refused(installation: &Installation, server: &Server, ana: &str) {
    for (role, dealer) in [("marketer", None), ("analyst", None), ("operator", None), ("dealer", Some("north"))] {
        let mut arguments = vec!["token", "create", "--role", role];
        arguments.extend(dealer.iter().flat_map(|dealer| ["--dealer", dealer]));
        let token = installation.ask(&arguments)["token"].as_str().expect("a token").to_owned();
        for (method, path) in [
            (Method::POST, format!("/api/profiles/{ana}/erase")),
            (Method::GET, format!("/api/profiles/{ana}/export?format=json")),
            (Method::GET, "/api/erasures".to_owned()),
        ] {
            let (status, answer) = server.call(method, &path, Some(&token), None).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{role} {path}: {answer}");
        }
    }
    for (method, path, expected) in [
        (Method::POST, "/api/profiles/1/erase", StatusCode::NOT_FOUND),
        (Method::POST, "/api/profiles/nobody/erase", StatusCode::NOT_FOUND),
        (Method::GET, "/api/profiles/1/export?format=json", StatusCode::NOT_FOUND),
        (Method::GET, "/api/profiles/1/export?format=pdf", StatusCode::BAD_REQUEST),
        (Method::GET, "/api/profiles/1/export", StatusCode::BAD_REQUEST),
    ] {
        let (status, answer) = server.call(method, path, None, None).await;
        assert_eq!(status, expected, "{path}: {answer}");
    }
    assert_eq!(server.get("/api/erasures").await["erasures"], json!([]));
}

/// Asks for the erasure, and lets the server die in the middle of it, twice.
async fn killed_in_the_middle(installation: &Installation, ana: &str) {
    let crash = |point: &'static str| if cfg!(feature = "failpoints") { vec![("FORECOURT_CRASH_AT", point)] } else { vec![] };
    let mut server = Server::start(installation, &crash("log::before_exchange:1")).await;
    let (status, answer) = server.call(Method::POST, &format!("/api/profiles/{ana}/erase"), None, Some(&json!({}))).await;
    assert_eq!((status, &answer["done"]), (StatusCode::OK, &json!(true)), "{answer}");
    let (status, _) = server.call(Method::GET, &format!("/api/profiles/{ana}"), None, None).await;
    if cfg!(feature = "failpoints") {
        server.ended().await;
        Server::spawn(installation, &crash("log::after_exchange:1")).ended().await;
    } else {
        assert_eq!(status, StatusCode::NOT_FOUND);
        server.kill();
    }
}

/// Waits until nothing is left to do; returns what is told of it.
async fn finished(server: &Server) -> Value {
    let deadline = Instant::now() + WITHIN;
    loop {
        let erasures = server.get("/api/erasures").await;
        let newest = &erasures["erasures"][0];
        if newest["step"] == "done" {
            return newest.clone();
        }
        assert!(Instant::now() < deadline, "{erasures}\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn comes_back(installation: &Installation, write_key: &str, ana: &str) {
    let server = installation.serve().await;
    let (status, _) = server.call(Method::POST, &format!("/api/profiles/{ana}/erase"), None, Some(&json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "twice");
    server.track(write_key, json!({ "event": "car_viewed", "anonymousId": "ana-tablet" })).await;
    server.wait_for_number("SELECT count(*) FROM events e JOIN profiles p ON p.profile_id = e.profile_id WHERE e.event = 'car_viewed' AND p.events = 1 AND p.email IS NULL", 1).await;

    let file = installation.data().with_file_name("people.csv");
    fs::write(&file, format!("user_id,email,phone,name\nu-ana,{EMAIL},+79161234567,Ana Zvonareva\nu-new,new@example.com,,Cy\n"))
        .expect("a file");
    let said = installation.run(&["import", "profiles", &file.to_string_lossy()]);
    assert!(said.ok, "{}", said.err);
    server.wait_until_folded().await;
    assert_eq!(server.get(&format!("/api/profiles?q={EMAIL}")).await["profiles"], json!([]));
    assert_eq!(server.get("/api/profiles?q=new@example.com").await["profiles"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.get("/api/erasures").await["suppressed"], 1);

    let agrees = json!({ "userId": "u-ana", "traits": { "email": EMAIL, "consent": true } });
    assert!(server.post("/v1/identify", write_key, &agrees).await.expect("an answer").status().is_success());
    server.wait_until_folded().await;
    let back = profile_of(&server, EMAIL).await;
    let traits = server.get(&format!("/api/profiles/{back}")).await["profile"]["traits"].clone();
    assert_eq!(traits.as_array().map(Vec::len), Some(2), "nothing old: {traits}");
    server.stop().await;
}

/// Files of the folder that hold anything of hers, and what: as bytes, as records of the log, as values of the lake.
fn found_in(data: &Path) -> BTreeSet<(PathBuf, &'static str)> {
    let mut found = BTreeSet::new();
    // The audit log stays: with what was searched for, and set by hand.
    let is_audit_log = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("control.sqlite"));
    for path in files_under(data).into_iter().filter(|path| !is_audit_log(path)) {
        let mut texts = vec![fs::read(&path).unwrap_or_default()];
        if path.extension().is_some_and(|ending| ending == "parquet") {
            texts.push(values(&path));
        }
        for text in &texts {
            found.extend(HERS.iter().filter(|hers| holds(text, hers)).map(|hers| (path.clone(), *hers)));
        }
    }
    // What a segment holds is packed: a copy is opened and read.
    let copy = tempfile::tempdir().expect("a folder");
    for path in files_under(&data.join("log")) {
        fs::copy(&path, copy.path().join(path.file_name().expect("a name"))).expect("copied");
    }
    let log = Log::open(copy.path(), Options::default()).expect("the log");
    let mut reader = log.reader(log.first_offset()).expect("a reader");
    while let records @ [_, ..] = &reader.next_batch(1_000, 8 << 20).expect("records")[..] {
        for record in records {
            found.extend(
                HERS.iter()
                    .filter(|hers| holds(&record.body, hers))
                    .map(|hers| (PathBuf::from(format!("record {}", record.offset)), *hers)),
            );
        }
    }
    found
}

fn holds(text: &[u8], wanted: &str) -> bool {
    text.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// Every value of a file of the lake, one after the other.
fn values(path: &Path) -> Vec<u8> {
    let file = fs::File::open(path).expect("a file of the lake");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build()).expect("Parquet");
    let mut text = Vec::new();
    for batch in reader {
        for column in batch.expect("rows").columns() {
            let column = cast(column, &DataType::Utf8).expect("text");
            column.as_string::<i32>().iter().flatten().for_each(|value| text.extend_from_slice(format!("{value}\n").as_bytes()));
        }
    }
    text
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files_under(&path)) } else { found.push(path) }
    }
    found
}
