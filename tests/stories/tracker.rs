//! The tracker in real Chromium on pages of two domains, and what the server has of it.

use std::path::Path;

use tokio::process::Command;

use crate::installation::Installation;

/// Visits that the walk tells of, each a line.
const VISITS: usize = 11;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_to_two_domains_arrive_as_they_happened() {
    let installation = Installation::new();
    let key = installation.source("site");
    let server = installation.serve().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tracker");
    let mut command = Command::new("node");
    command.arg("tests/browser/walk.mjs").current_dir(folder).kill_on_drop(true);
    command.env("BASE_URL", &server.address).env("TOKEN", server.token()).env("KEY", &key);
    let output = command.output().await.expect("node, to drive the browser");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the walk failed:\n{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), VISITS, "{told}");
    println!("{told}");
    assert_eq!(server.get("/api/dead-letters").await["total_open"], 0, "nothing of the tracker's is refused");
    server.stop().await;
    installation.verify();
}

#[tokio::test]
async fn the_script_is_cached_compressed_and_the_same_under_any_name() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let get = async |path: &str, headers: &[(&str, &str)]| {
        let request = server.http.get(format!("{}{path}", server.address));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.expect("an answer")
    };
    let script = get("/t.js", &[]).await;
    let header = |name: &str| script.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let etag = header("etag");
    assert_eq!(header("content-type"), "text/javascript; charset=utf-8");
    assert!(header("cache-control").contains("max-age=3600"), "{}", header("cache-control"));
    assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(get("/t.js", &[("if-none-match", &etag)]).await.status(), 304);
    let plain = script.text().await.expect("the script");
    assert!(plain.contains("sendBeacon"), "the tracker is not in this build: run `make web` first");
    let packed = get("/x/shop.js", &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.headers().get("content-encoding").and_then(|value| value.to_str().ok()), Some("gzip"));
    let packed = packed.bytes().await.expect("the script");
    assert!(packed.len() <= 6 * 1024, "{} bytes", packed.len());
    assert_eq!(get("/x/any-other-name.js", &[]).await.text().await.expect("the script"), plain);
    assert_eq!(get("/x/shop", &[]).await.status(), 404);
    server.stop().await;
}
