//! The pages in real Chromium, on a small demonstration: each is walked at two sizes in two themes.

use std::path::Path;

use tokio::process::Command;

use crate::{installation::Installation, server::Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_walks_all_pages_without_an_error_or_a_barrier() {
    let installation = Installation::new();
    let server = Server::start_as(&installation, &["demo", "--profiles", "3000", "--months", "14"], &[]).await;
    let account: serde_json::Value = {
        let printed = server.printed();
        let line = printed.lines().find(|line| line.starts_with("Sign in as ")).expect("the line that says how to sign in").to_owned();
        let (email, password) = line.trim_start_matches("Sign in as ").split_once(" with the password ").expect("e-mail and password");
        serde_json::json!({ "email": email, "password": password })
    };
    server.wait_until_seeded().await;
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let mut command = Command::new("node");
    command.arg("tests/browser/walk.mjs").current_dir(web).kill_on_drop(true);
    command.env("BASE_URL", &server.address);
    command.env("EMAIL", account["email"].as_str().unwrap_or_default()).env("PASSWORD", account["password"].as_str().unwrap_or_default());
    let output = command.output().await.expect("node, to drive the browser");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the walk failed:\n{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 4, "{told}");
    server.stop().await;
}
