//! One folder, one server.

use serde_json::json;

use crate::{installation::Installation, server::Server};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_folder_is_refused() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let first = installation.serve().await;
    let note = std::fs::read(installation.data().join("server.json")).expect("the first server's note");

    let mut second = Server::spawn(&installation, &[]);
    let status = second.ended().await;
    let printed = second.printed();
    assert_eq!(status.code(), Some(1), "{printed}");
    let told = printed.lines().filter(|line| line.starts_with("forecourt: ")).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "one clear line: {printed}");
    assert!(told[0].contains("stop") || told[0].contains("another"), "{printed}");
    second.assert_no_defect();

    assert_eq!(std::fs::read(installation.data().join("server.json")).expect("the note"), note, "the first server's note was overwritten");
    first.track(&write_key, json!({ "event": "car_viewed", "anonymousId": "device-1" })).await;
    first.stop().await;

    // The place is free again.
    let third = installation.serve().await;
    third.stop().await;
}
