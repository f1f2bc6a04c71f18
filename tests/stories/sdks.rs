//! The real SDKs of npm and PyPI, told one other host: what each says it sent is in the lake, at the right person.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::process::Command;

use crate::{installation::Installation, server::Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_of_every_sdk_is_in_the_lake_with_the_right_profile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sdk");
    if !folder.join("node_modules/playwright-core").exists() || !folder.join(".venv-rudderstack/installed").exists() {
        println!("SKIPPED: the SDKs are not installed: run `npm run setup` in tests/sdk");
        return;
    }
    let installation = Installation::new();
    let key = installation.source("site");
    let server = installation.serve().await;
    let results = drive(&server, &key, folder).await;
    assert_eq!(results.len(), 10, "ten ways of sending");
    server.wait_until_folded().await;

    let mut sent_in_all = 0;
    for result in &results {
        let sdk = result["name"].as_str().unwrap_or_default();
        let sent = result["sent"].as_array().cloned().unwrap_or_default();
        assert!(6 <= sent.len(), "{result}");
        sent_in_all += sent.len();
        let mut profiles = Vec::new();
        for call in &sent {
            let id = call["messageId"].as_str().unwrap_or_default();
            server.wait_for_number(&format!("SELECT count(*) FROM events WHERE message_id = '{id}'"), 1).await;
            let sql = format!("SELECT type, event, cast(profile_id AS varchar) FROM events WHERE message_id = '{id}'");
            let row = server.query(&sql).await.remove(0);
            assert_eq!(row[0], call["type"], "{sdk}: {call}");
            if call["type"] == "track" {
                assert_eq!(row[1], call["event"], "{sdk}: {call}");
            }
            profiles.push((call["userId"].as_str().or(call["anonymousId"].as_str()).unwrap_or_default().to_owned(), row[2].clone()));
        }
        // What one id did is one profile's; a user's calls and those of the device that became the user's are the same one's.
        let user = sent.iter().find_map(|call| call["userId"].as_str()).expect("a call of a known user");
        let found = server.get(&format!("/api/profiles?q={user}")).await;
        let profile = found["profiles"][0]["profile_id"].clone();
        assert!(profile.is_string(), "{sdk}: {user} is not found: {found}");
        for (id, at) in &profiles {
            if id == user {
                assert_eq!(*at, profile, "{sdk}: {id}");
            }
        }
        let device = sent.iter().find(|call| call["userId"].is_string() && call["anonymousId"].is_string());
        if let Some(device) = device.and_then(|call| call["anonymousId"].as_str()) {
            for (_, at) in profiles.iter().filter(|(id, _)| id == device) {
                assert_eq!(*at, profile, "{sdk}: what device {device} did before is the user's");
            }
        }
    }
    assert_eq!(server.number("SELECT count(*) FROM events").await, sent_in_all as i64, "and nothing else is there");
    assert_eq!(server.get("/api/dead-letters").await["total_open"], 0, "nothing of theirs is refused");
    server.stop().await;
}

async fn drive(server: &Server, key: &str, folder: PathBuf) -> Vec<Value> {
    let mut command = Command::new("node");
    command.arg("drive.mjs").current_dir(folder).kill_on_drop(true).stderr(Stdio::inherit());
    command.env("HOST", &server.address).env("KEY", key);
    let output = command.output().await.expect("node, to run the SDKs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}
