//! Data folders of earlier versions open, with all that is in them; one of a newer version is refused.

use std::{fs, path::Path, process::Command};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

use crate::{installation::Installation, server::Server};

/// `tests/fixtures/make` made each with the program of its time; its first life ended in order, its second by a kill.
const EARLIER: &[&str] = &["data-folder-1"];

fn unpack(name: &str, to: &Path) {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(format!("{name}.tar.zst"));
    let bytes = zstd::decode_all(fs::File::open(packed).expect("the fixture")).expect("a whole fixture");
    fs::create_dir_all(to).expect("a folder");
    let archive = to.with_extension("tar");
    fs::write(&archive, bytes).expect("the archive");
    let done = Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(to).status().expect("`tar`");
    assert!(done.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_earlier_folder_opens_with_everything_and_a_way_back() {
    for name in EARLIER {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let data = dir.path().join("data");
        unpack(name, &data);
        let installation = Installation::at(&data);
        let server = installation.serve().await;
        server.wait_until_folded().await;
        server.wait_for_number("SELECT count(*) FROM events", 124).await;
        server.wait_for_number("SELECT count(DISTINCT message_id) FROM events WHERE event = 'car_viewed'", 120).await;
        // Each table comes into the lake by its own commit.
        server.wait_for_number("SELECT count(*) FROM leads", 2).await;
        // Two devices signed in on one account, in files and in the log: one person.
        let sql = "SELECT count(DISTINCT profile_id) FROM events WHERE message_id IN ('id-1', 'id-2', 'm-1-1', 'm-2-2')";
        server.wait_for_number(sql, 1).await;
        let letters = server.get("/api/dead-letters").await;
        assert_eq!(letters["items"].as_array().map(Vec::len), Some(2), "{name}: {letters}");
        assert!(server.printed().contains("an earlier version wrote this folder"), "{name}: {}", server.printed());
        let copies = fs::read_dir(data.join("upgrades")).expect("the copies").flatten().filter(|entry| entry.path().is_dir()).count();
        assert_eq!(copies, 1, "{name}");
        let sources = server.get("/api/sources").await;
        let write_key = sources["sources"][0]["write_key"].as_str().expect("a write key").to_owned();
        server.track(&write_key, json!({ "event": "came_later", "anonymousId": "device-1", "messageId": "later" })).await;
        // A duplicate of what the old version took in is still one.
        server.track(&write_key, json!({ "event": "car_viewed", "anonymousId": "device-0", "messageId": "m-1-0" })).await;
        server.wait_until_folded().await;
        server.wait_for_number("SELECT count(*) FROM events", 125).await;
        server.stop().await;

        installation.verify();
        let said = installation.run(&["doctor"]);
        assert!(said.ok, "{name}: {said:?}");
        let server = installation.serve().await;
        assert!(!server.printed().contains("an earlier version"), "an upgrade happens once:\n{}", server.printed());
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_a_newer_version_is_refused_and_left_alone() {
    let installation = Installation::new();
    installation.source("shop");
    for name in ["state.sqlite", "control.sqlite"] {
        let path = installation.data().join(name);
        alter(&path, "INSERT INTO migrations (number) VALUES (999)").await;
        let before = fs::read(&path).expect("the database");
        let mut server = Server::spawn(&installation, &[]);
        assert_eq!(server.ended().await.code(), Some(1));
        let printed = server.printed();
        let told: Vec<&str> = printed.lines().filter(|line| line.starts_with("forecourt: ")).collect();
        assert_eq!(told.len(), 1, "one clear line: {printed}");
        assert!(told[0].contains("a newer version wrote") && told[0].contains("999"), "{}", told[0]);
        assert!(before == fs::read(&path).expect("the database"), "{name} was changed");
        alter(&path, "DELETE FROM migrations WHERE number = 999").await;
    }
    let server = installation.serve().await;
    server.stop().await;
}

async fn alter(path: &Path, sql: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("the database");
    connection.execute(AssertSqlSafe(sql)).await.expect("the alteration");
    connection.close().await.expect("closed");
}
