//! A backup under load, restored elsewhere: the same rows, the same reports as of its offset, and a replay that agrees.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::{JoinHandle, block_in_place};

use crate::{
    LOOK_EVERY, WITHIN,
    installation::Installation,
    is_proving, postgres,
    server::{Server, integer},
};

const BATCH: u64 = 100;
const DEVICES: u64 = 500;

/// Sends events at a steady rate until it is told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    sending: JoinHandle<u64>,
}

impl Load {
    /// * `per_s`: events a second.
    fn start(server: &Server, write_key: &str, per_s: u64) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (http, url, key) = (server.http.clone(), format!("{}/v1/batch", server.address), write_key.to_owned());
        let (told, counted) = (stop.clone(), acknowledged.clone());
        let sending = tokio::spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_micros(1_000_000 * BATCH / per_s));
            let mut sent = 0;
            while !told.load(Ordering::Relaxed) {
                beat.tick().await;
                let batch: Vec<Value> = (sent..sent + BATCH).map(event).collect();
                let answer = http.post(&url).basic_auth(&key, Some("")).json(&json!({ "batch": batch })).send().await.expect("an answer");
                assert!(answer.status().is_success(), "{}", answer.status());
                sent += BATCH;
                counted.store(sent, Ordering::Relaxed);
            }
            sent
        });
        Self { stop, acknowledged, sending }
    }

    async fn reached(&self, count: u64) {
        let deadline = Instant::now() + WITHIN;
        while self.acknowledged.load(Ordering::Relaxed) < count {
            assert!(Instant::now() < deadline, "the load does not come to {count} events");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.sending.await.expect("the load")
    }
}

/// No event of the load merges profiles, so that rows before an offset stay what they were.
fn event(number: u64) -> Value {
    let name = if number % 7 == 3 { "lead_created" } else { "car_viewed" };
    let properties = json!({ "model": "Aster", "value": number, "dealer": format!("D{:02}", number % 5) });
    json!({ "type": "track", "event": name, "messageId": format!("load-{number}"), "anonymousId": format!("device-{}", number % DEVICES),
        "properties": properties })
}

async fn merged_people(server: &Server, write_key: &str) {
    for person in 0..20 {
        let device = format!("tablet-{person}");
        server.track(write_key, json!({ "event": "car_viewed", "anonymousId": device, "messageId": format!("seen-{person}") })).await;
        let joined = json!({ "anonymousId": device, "userId": format!("u-{person}"), "messageId": format!("joined-{person}"),
            "traits": { "email": format!("person-{person}@example.com"), "name": "Ana Petrova" } });
        assert!(server.post("/v1/identify", write_key, &joined).await.expect("an answer").status().is_success());
    }
    server.wait_until_folded().await;
}

/// Rows below `end`, as SQL tells them.
async fn rows(server: &Server, end: u64) -> Vec<Vec<Value>> {
    let sql = format!(
        "SELECT message_id, profile_id, ts, event, dealer, value, log_offset FROM events WHERE log_offset < {end} ORDER BY log_offset"
    );
    server.query(&sql).await
}

/// The funnel over the events below `end`.
async fn funnel(server: &Server, end: u64) -> Value {
    let below = format!("log_offset < {end}");
    let spec = json!({ "steps": [{ "event": "car_viewed", "where": below }, { "event": "lead_created", "where": below }],
        "window": "1d", "from": "2020-01-01", "to": "2029-12-31", "by": ["dealer"] });
    let (status, report) = server.call(reqwest::Method::POST, "/api/reports/funnel", None, Some(&spec)).await;
    assert!(status.is_success(), "{report}");
    json!({ "steps": report["steps"], "groups": report["groups"] })
}

async fn settled(server: &Server, end: u64) {
    server.wait_until_folded().await;
    let deadline = Instant::now() + WITHIN;
    loop {
        let overview = server.get("/api/overview?from=2026-01-01&to=2026-01-02").await;
        if end as i64 <= integer(&overview["freshness"]["lake_offset"]) {
            return;
        }
        assert!(Instant::now() < deadline, "the lake does not follow: {overview}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn told_under_load(installation: &Installation, elsewhere: &Installation) {
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    merged_people(&server, &write_key).await;
    let per_s = if is_proving() { 5_000 } else { 1_000 };
    let load = Load::start(&server, &write_key, per_s);
    load.reached(per_s * if is_proving() { 60 } else { 2 }).await;

    let before = load.acknowledged.load(Ordering::Relaxed);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("forecourt.tar.zst");
    let began = Instant::now();
    let said = block_in_place(|| installation.ask(&["backup", &file.to_string_lossy(), "--with-secrets"]));
    println!("backed up in {:?} under {per_s} events/s: {said}", began.elapsed());
    load.reached(before + per_s).await;
    let sent = load.stop().await;

    let said = block_in_place(|| elsewhere.ask(&["restore", &file.to_string_lossy()]));
    assert_eq!((&said["sending_paused"], &said["has_keys"]), (&json!(true), &json!(true)), "{said}");
    let end = said["end_offset"].as_u64().expect("an offset");
    block_in_place(|| elsewhere.verify());
    let restored = elsewhere.serve().await;
    settled(&restored, end).await;
    settled(&server, end).await;

    let (here, there) = (rows(&server, end).await, rows(&restored, u64::MAX >> 1).await);
    assert_eq!(here.len(), there.len(), "as of offset {end}");
    assert!(here == there, "other rows as of offset {end}");
    let loaded = there.iter().filter(|row| row[0].as_str().is_some_and(|id| id.starts_with("load-"))).count() as u64;
    assert!(before <= loaded && loaded <= sent, "{before} were acknowledged before the backup, {sent} were sent, {loaded} are restored");
    assert_eq!(funnel(&server, end).await, funnel(&restored, end).await);
    assert_overview_is_of(&restored, there.len()).await;

    let backups = restored.get("/api/backups").await;
    assert_eq!(backups["sending_paused"], true, "{backups}");
    assert_eq!(backups["restored"]["end_offset"], end.to_string(), "{backups}");
    // It is an installation like any other.
    restored.track(&write_key, json!({ "event": "came_later", "anonymousId": "device-1", "messageId": "later" })).await;
    restored.wait_for_number("SELECT count(*) FROM events WHERE message_id = 'later'", 1).await;
    restored.stop().await;
    server.stop().await;
    block_in_place(|| {
        elsewhere.verify();
        installation.verify();
    });
}

async fn assert_overview_is_of(server: &Server, rows: usize) {
    let overview = server.get("/api/overview?from=2020-01-01&to=2029-12-31").await;
    let profiles = server.number("SELECT count(DISTINCT profile_id) FROM events").await;
    assert_eq!(overview["totals"]["events"].as_u64(), Some(rows as u64), "{}", overview["totals"]);
    assert_eq!(overview["totals"]["profiles"].as_i64(), Some(profiles), "{}", overview["totals"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn taken_under_load_and_restored_on_sqlite() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    told_under_load(&Installation::new(), &Installation::at(&dir.path().join("elsewhere"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn taken_under_load_and_restored_on_postgres() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let here = Installation::new().on_postgres(postgres::url().await);
    let there = Installation::at(&dir.path().join("elsewhere")).on_postgres(postgres::url().await);
    told_under_load(&here, &there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_makes_backups_and_keys_stay_apart_from_them() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    merged_people(&server, &write_key).await;
    let (status, started) = server.call(reqwest::Method::POST, "/api/backups", None, None).await;
    assert_eq!(status, 202, "{started}");
    let file = finished(&server, started["job_id"].as_str().expect("a job"), installation.data()).await;
    server.stop().await;

    let dir = tempfile::tempdir().expect("a temporary folder");
    let elsewhere = Installation::at(&dir.path().join("elsewhere"));
    let said = elsewhere.run(&["restore", &file.to_string_lossy()]);
    assert!(said.ok && said.err.contains("has no keys"), "{said:?}");
    // Without the key no profile would be found again: it does not start.
    let mut keyless = Server::spawn(&elsewhere, &[]);
    assert_eq!(keyless.ended().await.code(), Some(1));
    assert!(keyless.printed().contains("hash.key is gone"), "{}", keyless.printed());

    let again = Installation::at(&dir.path().join("again"));
    let secrets = installation.data().join("secrets");
    let said = again.run(&["restore", &file.to_string_lossy(), "--secrets", &secrets.to_string_lossy()]);
    assert!(said.ok, "{said:?}");
    again.verify();
    let said = again.run(&["restore", &file.to_string_lossy()]);
    assert!(!said.ok && said.err.contains("is not empty"), "{said:?}");
}

/// Waits for a job and returns the backup that it made.
async fn finished(server: &Server, job: &str, data: &Path) -> PathBuf {
    let deadline = Instant::now() + WITHIN;
    loop {
        let jobs = server.get("/api/jobs").await;
        let found = jobs["jobs"].as_array().into_iter().flatten().find(|found| found["id"] == job).cloned().expect("the job");
        match found["state"].as_str() {
            Some("done") => break,
            Some("failed") => panic!("{found}"),
            _ => assert!(Instant::now() < deadline, "the backup does not end: {found}"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let backups = server.get("/api/backups").await;
    let name = backups["backups"][0]["name"].as_str().expect("a backup").to_owned();
    assert!(backups["age_s"].as_i64().is_some_and(|age| age < 600), "{backups}");
    data.join("backups").join(name)
}

#[test]
fn a_damaged_backup_is_not_restored_and_nothing_starts_on_what_came_of_it() {
    let installation = Installation::new();
    installation.source("shop");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("forecourt.tar.zst");
    let said = installation.run(&["backup", &file.to_string_lossy(), "--with-secrets"]);
    assert!(said.ok, "{said:?}");
    let whole = fs::read(&file).expect("the backup");
    for (number, at) in [whole.len() / 3, whole.len() / 2, whole.len() - 3].into_iter().enumerate() {
        let mut damaged = whole.clone();
        damaged[at] ^= 8;
        fs::write(&file, damaged).expect("the damaged backup");
        let elsewhere = Installation::at(&dir.path().join(format!("elsewhere-{number}")));
        let said = elsewhere.run(&["restore", &file.to_string_lossy()]);
        // In the first bytes it does not even say what it is.
        let told = said.err.contains("damaged or not whole") || said.err.contains("is no backup of Forecourt");
        assert!(!said.ok && told, "at {at}: {said:?}");
        if said.err.contains("is no backup") {
            continue;
        }
        let said = elsewhere.run(&["source", "list"]);
        assert!(!said.ok && said.err.contains("did not end"), "{said:?}");
    }
    fs::write(&file, &whole[..whole.len() / 2]).expect("the cut backup");
    let said = Installation::at(&dir.path().join("cut")).run(&["restore", &file.to_string_lossy()]);
    assert!(!said.ok && said.err.contains("not whole"), "{said:?}");
}
