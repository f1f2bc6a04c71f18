//! Signing in with a second factor, and a forgotten password, in real Chromium.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::installation::Installation;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_enrols_signs_in_by_code_and_resets_the_password() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let people = [("desktop@example.com", "admin"), ("phone@example.com", "admin")];
    for (email, role) in people {
        let body = serde_json::json!({ "email": email, "name": "Ana", "role": role, "dealer": null, "password": "tram fiddle ochre" });
        let added = server.http.post(format!("{}/api/users", server.address)).bearer_auth(server.token()).json(&body).send().await;
        assert!(added.expect("an answer").status().is_success(), "{email}");
    }
    let policy = serde_json::json!({ "second_factor_required_for": ["admin"] });
    let set = server.http.put(format!("{}/api/security/policy", server.address)).bearer_auth(server.token()).json(&policy).send().await;
    assert!(set.expect("an answer").status().is_success());

    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    for (size, (email, _)) in ["desktop", "phone"].iter().zip(people) {
        let said = installation.run(&["user", "reset", email, "--format", "json"]);
        assert!(said.ok, "{}", said.err);
        let made: Value = serde_json::from_str(&said.out).expect("JSON");
        let mut command = Command::new("node");
        command.arg("tests/browser/account.mjs").current_dir(&web).kill_on_drop(true);
        command.env("BASE_URL", &server.address).env("SIZE", size).env("EMAIL", email).env("PASSWORD", "tram fiddle ochre");
        command.env("RESET_LINK", made["link"].as_str().expect("a link"));
        let output = command.output().await.expect("node, to drive the browser");
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the walk failed at {size}:\n{told}");
        assert!(told.lines().any(|line| line == format!("ok {size}")), "{told}");
    }
    server.stop().await;
}
