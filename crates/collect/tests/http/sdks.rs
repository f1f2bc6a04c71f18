//! The real SDKs, unmodified, told one other host: what each says it sent is in the log, field by field.
//!
//! The SDKs are in `tests/sdk`; `npm run setup` there installs them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use forecourt_model::{
    Event,
    time::{DAY_US, MINUTE_US},
};
use serde_json::Value;
use tokio::process::Command;

use crate::receiver::{KEY, Kept, Receiver};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_deliver() {
    deliver(&["segment-node", "rudderstack-node", "segment-python", "segment-python-2.3", "rudderstack-python"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_deliver() {
    deliver(&["segment-next", "segment-next-batching", "rudderstack-js", "rudderstack-js-batching", "rudderstack-js-beacon"]).await;
}

async fn deliver(sdks: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sdk");
    if !is_installed(&folder) {
        println!("SKIPPED: the SDKs are not installed: run `npm run setup` in tests/sdk");
        return;
    }
    let receiver = Receiver::start().await;
    let results = drive(&receiver, folder, sdks).await;
    let named: Vec<&str> = results.iter().filter_map(|result| result["name"].as_str()).collect();
    assert_eq!(named, sdks, "every SDK delivered");

    assert_eq!(receiver.dead_letters(), [], "nothing of theirs is refused");
    let stored = stored(&receiver);
    let mut sent_in_all = 0;
    for result in &results {
        let sent = result["sent"].as_array().map_or(&[][..], Vec::as_slice);
        assert!(6 <= sent.len(), "{result}");
        sent_in_all += sent.len();
        for call in sent {
            let id = call["messageId"].as_str().unwrap_or_default();
            let kept = stored.get(id).unwrap_or_else(|| panic!("{}: {call} is not in the log", result["name"]));
            compare(call, kept, result["name"].as_str().unwrap_or_default());
        }
    }
    assert_eq!(stored.len(), sent_in_all, "and nothing else is there");
}

fn is_installed(folder: &Path) -> bool {
    ["node_modules/playwright-core", ".venv-segment/installed", ".venv-segment-2.3/installed", ".venv-rudderstack/installed"]
        .iter()
        .all(|path| folder.join(path).exists())
}

async fn drive(receiver: &Receiver, folder: PathBuf, sdks: &[&str]) -> Vec<Value> {
    let mut command = Command::new("node");
    command.arg("drive.mjs").args(sdks).current_dir(folder).kill_on_drop(true).stderr(Stdio::inherit());
    command.env("HOST", format!("http://{}", receiver.address)).env("KEY", KEY);
    let output = command.output().await.expect("node, to run the SDKs");
    serde_json::from_slice(&output.stdout).expect("what the SDKs sent, as JSON")
}

/// The log's events by message id. An SDK that sends again what was taken may be there twice: the fold drops that.
fn stored(receiver: &Receiver) -> BTreeMap<String, (Event, Value)> {
    let event = |kept| match kept {
        Kept::Event { event, raw, .. } => Some((event.message_id.clone(), (*event, raw))),
        Kept::Refused { .. } => None,
    };
    receiver.kept().into_iter().filter_map(event).collect()
}

fn compare(call: &Value, (event, raw): &(Event, Value), sdk: &str) {
    let text = |field: &str| call[field].as_str();
    assert_eq!(event.source, "site");
    assert_eq!(Some(event.event_type.as_str()), text("type"), "{sdk}");
    let identifiers: Vec<String> = event.identifiers.iter().map(ToString::to_string).collect();
    for (field, kind) in [("userId", "user_id"), ("anonymousId", "anonymous_id")] {
        if let Some(id) = text(field) {
            assert!(identifiers.contains(&format!("{kind}:{id}")), "{sdk}: {identifiers:?} has no {kind} {id}");
        }
    }
    let mut age_us = 0;
    match (event.event_type.as_str(), text("event")) {
        ("track", Some("car_viewed")) => {
            assert_eq!((event.name.as_str(), event.model.as_deref()), ("car_viewed", Some("Aster")), "{sdk}");
            assert_eq!(raw["properties"]["price"], 31_900, "{sdk}");
        }
        ("track", Some("callback_requested")) => {
            assert_eq!((event.name.as_str(), event.dealer.as_deref()), ("callback_requested", Some("d-17")), "{sdk}");
            // Servers tell it of yesterday.
            age_us = if raw.get("timestamp").is_some() && event.received_us - event.ts_us > DAY_US / 2 { DAY_US } else { 0 };
        }
        ("identify", _) => {
            assert_eq!(event.traits["name"], "Ана Петрова", "{sdk}");
            let email = event.traits["email"].as_str().unwrap_or_default();
            assert!(identifiers.contains(&format!("email:{email}")), "{sdk}: {identifiers:?}");
        }
        ("page", _) => assert!(event.properties.contains(r#""name":"Models""#), "{sdk}: {}", event.properties),
        ("group", _) => assert!(event.traits["group_id"].as_str().is_some_and(|id| id.starts_with("company-")), "{sdk}"),
        ("alias", _) => assert!(2 <= identifiers.len() || raw["previousId"].is_string(), "{sdk}: {identifiers:?}"),
        _ => {}
    }
    assert!((event.received_us - age_us - event.ts_us).abs() < MINUTE_US, "{sdk}: {event:?}");
    if sdk.contains("next") || sdk.contains("-js") {
        let touch = event.touch(forecourt_model::ChannelRules::built_in());
        let touch = touch.as_ref().map(|touch| (touch.channel.as_str(), touch.campaign.as_deref()));
        assert_eq!(touch, Some(("cpc", Some("spring"))), "{sdk}: the page's campaign is read from its address");
    }
}
