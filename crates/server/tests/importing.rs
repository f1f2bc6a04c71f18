//! Files taken in by the command, beside a running server and without one.

mod house;

use house::House;
use serde_json::json;

#[tokio::test]
async fn a_file_is_imported_once_however_often_it_is_given() {
    let mut house = House::start().await;
    let path = house.data().join("leads.csv");
    std::fs::write(&path, "lead,phone,created,channel\nL1,89123456789,2026-03-01,cpc\nL2,,2026-03-02,email\nL3,,never,email\n").unwrap();
    let path = path.to_str().unwrap().to_owned();
    let mapping = house.data().join("mapping.json");
    std::fs::write(
        &mapping,
        r#"{"lead_id": {"column": "lead"}, "phone": {"column": "phone"}, "timestamp": {"column": "created"}, "channel": {"column": "channel"}}"#,
    )
    .unwrap();
    let mapping = mapping.to_str().unwrap().to_owned();
    let arguments = ["import", "leads", &path, "--mapping", &mapping, "--format", "json"];

    let proposed = house.json(&["import", "leads", &path, "--format", "json", "--dry-run"]);
    assert_eq!((&proposed["accepted"], &proposed["mapping"]["lead_id"]["column"]), (&json!(2), &json!("lead")));
    let dry = house.json(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!((&dry["accepted"], &dry["refused"], &dry["live"]), (&json!(2), &json!(1), &json!(0)));
    let leads = ["query", "SELECT lead_id, channel FROM leads ORDER BY lead_id", "--format", "json"];
    assert_eq!(house.json(&leads), json!([]));

    let beside_the_server = house.json(&arguments);
    assert_eq!((&beside_the_server["accepted"], &beside_the_server["refused"]), (&json!(2), &json!(1)));
    let expected = json!([{ "lead_id": "L1", "channel": "cpc" }, { "lead_id": "L2", "channel": "email" }]);
    // The tables of leads and orders are written anew some seconds after the events.
    house.until("the leads are seen", async |house| house.json(&leads) == expected).await;
    house.stop();
    let without_a_server = house.json(&arguments);
    assert_eq!(without_a_server["accepted"], 2);
    assert_eq!(house.json(&leads), expected);
    let events = house.json(&["query", "SELECT count(*) AS n FROM events", "--format", "json"]);
    assert_eq!(events, json!([{ "n": 2 }]), "the second import changed nothing");

    std::fs::write(house.data().join("wrong.json"), r#"{"lead_id": {"column": "Lead"}, "timestamp": {"column": "created"}}"#).unwrap();
    let wrong = house.data().join("wrong.json").to_str().unwrap().to_owned();
    let output = house.command(&["import", "leads", &path, "--mapping", &wrong, "--format", "json"], "");
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.contains("Did you mean `lead`?") && line.trim_end().lines().count() == 1, "{line}");
}
