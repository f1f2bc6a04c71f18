//! `forecourt doctor` finds what is wrong, says where and what to do, with a server and without.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::{Value, json};

use crate::{installation::Installation, postgres};

/// What it finds: whether all is well, and the findings.
fn found(installation: &Installation) -> (bool, Vec<Value>) {
    let said = installation.run(&["doctor", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    assert_eq!(report["ok"], said.ok, "{said:?}");
    (said.ok, report["findings"].as_array().cloned().unwrap_or_default())
}

fn problems(findings: &[Value]) -> Vec<&Value> {
    findings.iter().filter(|finding| finding["level"] == "problem").collect()
}

async fn with_files(installation: &Installation) -> String {
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    for number in 0..30 {
        server
            .track(
                &write_key,
                json!({ "event": "car_viewed", "anonymousId": format!("d-{}", number % 3), "messageId": format!("m-{number}") }),
            )
            .await;
    }
    server.wait_for_number("SELECT count(*) FROM events", 30).await;
    server.stop().await;
    write_key
}

fn parquet_files(installation: &Installation) -> Vec<PathBuf> {
    let mut folders = vec![installation.data().join("lake/data/main/events")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_installation_passes_with_a_server_and_without() {
    let installation = Installation::new();
    with_files(&installation).await;
    let (ok, findings) = found(&installation);
    assert!(ok, "{findings:#?}");
    for area in ["configuration", "permissions", "server", "port", "disk", "clock", "log", "state", "duplicates", "accounts", "lake", "lag"]
    {
        assert!(findings.iter().any(|finding| finding["area"] == area), "nothing on {area}: {findings:#?}");
    }
    let server = installation.serve().await;
    let (ok, findings) = found(&installation);
    assert!(ok, "{findings:#?}");
    assert!(
        findings.iter().any(|finding| finding["area"] == "server" && finding["told"].as_str().is_some_and(|told| told.contains("ready")))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_wrong_is_told_with_what_to_do() {
    let installation = Installation::new();
    with_files(&installation).await;
    let victim = parquet_files(&installation).remove(0);
    let whole = fs::read(&victim).expect("a file");
    let mut damaged = whole.clone();
    let at = damaged.len() - 30;
    damaged[at] ^= 2;
    fs::write(&victim, damaged).expect("the damaged file");
    let (ok, findings) = found(&installation);
    let told = problems(&findings);
    assert!(!ok && told.len() == 1, "{findings:#?}");
    assert!(
        told[0]["told"].as_str().is_some_and(|text| text.contains(&*victim.to_string_lossy()) && text.contains("checksum")),
        "{told:?}"
    );
    assert!(told[0]["advice"].as_str().is_some_and(|advice| advice.contains("backup")), "{told:?}");

    // A server tells whoever asks, and goes on once the file is back.
    let server = installation.serve().await;
    let refused = server.try_query("SELECT count(DISTINCT message_id) FROM events", None).await.expect_err("a damaged file");
    assert!(refused.contains("damaged") && refused.contains("forecourt doctor"), "{refused}");
    server.assert_no_defect();
    fs::remove_file(&victim).expect("the file");
    let refused = server.try_query("SELECT count(DISTINCT message_id) FROM events", None).await.expect_err("a file that is gone");
    assert!(refused.contains("gone"), "{refused}");
    fs::write(&victim, whole).expect("the file from a backup");
    server.wait_for_number("SELECT count(DISTINCT message_id) FROM events", 30).await;
    server.stop().await;

    let key = installation.data().join("secrets/hash.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("permissions");
    let (ok, findings) = found(&installation);
    assert!(!ok && problems(&findings)[0]["told"].as_str().is_some_and(|told| told.contains("hash.key")), "{findings:#?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("permissions");

    let segment = fs::read_dir(installation.data().join("log")).expect("the log").map(|entry| entry.expect("an entry").path());
    let segment = segment.filter(|path| path.extension().is_some_and(|found| found == "log")).min().expect("a segment");
    let mut bytes = fs::read(&segment).expect("the segment");
    bytes[1_200] ^= 1;
    fs::write(&segment, bytes).expect("the damaged segment");
    let (ok, findings) = found(&installation);
    assert!(!ok && problems(&findings).iter().any(|finding| finding["area"] == "log"), "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_and_commits_that_are_not_durable_are_told_on_postgres() {
    let installation = Installation::new().on_postgres(postgres::url().await);
    with_files(&installation).await;
    let (ok, findings) = found(&installation);
    let told = |text: &str| {
        findings.iter().any(|finding| finding["area"] == "postgres" && finding["told"].as_str().is_some_and(|told| told.contains(text)))
    };
    assert!(told("superuser") && told("not durable"), "{findings:#?}");
    // The tests' PostgreSQL is not durable, and that alone is wrong.
    assert!(!ok && problems(&findings).len() == 1, "{findings:#?}");
}
