//! Everything that the description of the API allows, and much that it does not, asked by schemathesis as two roles.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::{installation::Installation, is_proving, roles::two_dealers, rounds, seed, server::Server};

/// What a caller of the dealer `north` must never read.
const FOREIGN: [&str; 5] = ["lead-south", "order-south", "call-south", "bob@example.com", "79160000002"];

fn schemathesis() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools/schemathesis-venv");
    let output = std::process::Command::new(script).output().expect("the script that installs schemathesis");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a path").trim().to_owned()
}

fn token(installation: &Installation, role: &str, dealer: Option<&str>) -> String {
    let mut arguments = vec!["token", "create", "--role", role];
    arguments.extend(dealer.iter().flat_map(|dealer| ["--dealer", dealer]));
    installation.ask(&arguments)["token"].as_str().expect("a token").to_owned()
}

/// Asks as `token`; returns every answer's body. Fails where the server does.
async fn ask_everything(server: &Server, token: &str, dir: &Path, role: &str) -> Vec<String> {
    let har = dir.join(format!("{role}.har"));
    let mut command = Command::new(schemathesis());
    command.args(["run", &format!("{}/api/openapi.json", server.address), "--url", &server.address]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    command.args(["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--mode", "all"]);
    // The everyday run asks the same each time, so that it fails for the change that broke it; proving draws by a new seed.
    if is_proving() {
        command.args(["--seed", &(seed("schemathesis") >> 32).to_string()]);
    } else {
        command.arg("--generation-deterministic");
    }
    command.arg("--no-shrink");
    command.args(["--max-examples", &rounds(6, 100).to_string(), "--max-time", &rounds(45, 600).to_string()]);
    command.args(["--suppress-health-check", "all", "--warnings", "off", "--no-color", "--request-timeout", "30", "--workers", "1"]);
    // A stream has no end to wait for.
    command.args(["--exclude-path-regex", "stream$"]);
    command.arg("--report-har-path").arg(&har);
    let output = command.current_dir(dir).kill_on_drop(true).output().await.expect("schemathesis runs");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "as {role}:\n{told}\n{}", server.printed());
    server.assert_no_defect();
    let report: Value = serde_json::from_slice(&std::fs::read(&har).expect("the report")).expect("a report in JSON");
    let entries = report["log"]["entries"].as_array().expect("requests").iter();
    let bodies = entries.filter_map(|entry| Some(entry["response"]["content"]["text"].as_str()?.to_owned()));
    bodies.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_fails_at_nothing_and_tells_a_dealer_nothing_of_another() {
    let (installation, server) = two_dealers().await;
    let dir = tempfile::tempdir().expect("a folder for the reports");
    let north = token(&installation, "dealer", Some("north"));
    let answers = ask_everything(&server, &north, dir.path(), "dealer").await;
    assert!(rounds(200, 2_000) <= answers.len(), "only {} requests as dealer", answers.len());
    for answer in &answers {
        for foreign in FOREIGN {
            assert!(!answer.contains(foreign), "a dealer reads `{foreign}`: {answer}");
        }
    }
    let admin = token(&installation, "admin", None);
    let answers = ask_everything(&server, &admin, dir.path(), "admin").await;
    assert!(rounds(200, 2_000) <= answers.len(), "only {} requests as admin", answers.len());
    server.stop().await;
}
