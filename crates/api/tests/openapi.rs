//! `openapi.json` at the root of the repository is what the server describes: the UI's client is generated from it.

#[test]
fn the_committed_description_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = forecourt_api::openapi().to_pretty_json().unwrap() + "\n";
    // Not `assert_eq`: two whole documents are no message.
    assert!(committed == current, "openapi.json is not current: run `cargo run -p forecourt-server -- openapi > openapi.json`");
}
