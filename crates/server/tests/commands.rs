//! The commands, with and without a server on the folder; stopping and starting again.

mod house;

use house::House;
use serde_json::json;

#[tokio::test]
async fn commands_work_beside_a_server_and_without_one() {
    let mut house = House::start().await;
    let source = house.json(&["source", "add", "site", "--format", "json"]);
    let key = source["write_key"].as_str().unwrap().to_owned();
    house.batch(&key, json!([{ "type": "track", "event": "car_viewed", "anonymousId": "d1", "properties": { "dealer": "D01" } }])).await;
    let token = house.json(&["token", "create", "--role", "analyst", "--format", "json"]);
    assert!(token["token"].as_str().unwrap().starts_with("fct_"));
    let added = house.command(&["user", "add", "leo@example.com", "--role", "admin", "--password-stdin"], "battery staple\n");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    assert_eq!(house.sign_in("leo@example.com", "battery staple").await.status, 200);

    house.stop();
    assert!(!house.data().join("server.json").exists());
    let second = house.json(&["source", "add", "app", "--format", "json"]);
    assert!(second["id"].as_str().unwrap().starts_with("src_"));
    let rows = house.json(&["query", "SELECT event, dealer FROM events", "--format", "json"]);
    assert_eq!(rows, json!([{ "event": "car_viewed", "dealer": "D01" }]));
    let profile = house.json(&["profile", "show", "d1", "--format", "json"]);
    assert_eq!(profile["events"], 1);
    let doctor = house.command(&["doctor"], "");
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success() && told.contains("2 sources"), "{told}");

    house.restart().await;
    let rows = house.json(&["query", "SELECT count(*) AS n FROM events", "--format", "json"]);
    assert_eq!(rows, json!([{ "n": 1 }]), "once, after all of this");
}

#[tokio::test]
async fn what_goes_wrong_is_one_clear_line_and_exit_code_one() {
    let house = House::start().await;
    let told = |arguments: &[&str]| {
        let output = house.command(arguments, "x\n");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(line.trim_end().lines().count(), 1, "{line}");
        line
    };
    assert!(told(&["token", "create", "--role", "king"]).contains("unknown variant `king`"));
    assert!(told(&["user", "add", "leo@example.com", "--role", "admin", "--password-stdin"]).contains("take 10 or more"));
    assert!(told(&["query", "SELECT nothing FROM events"]).contains("there is no column `nothing`"));
    assert!(told(&["profile", "show", "nobody"]).contains("no profile has `nobody`"));
    assert!(told(&["serve", "--listen", "127.0.0.1:0"]).contains("another process"));
}
