//! A submitted form, and what it sets off.

use forecourt_log::Entry;
use forecourt_model::{
    Origin, RecordKind, Stamp,
    command::{Action, Verdict},
    form::{FieldKind, Form, FormField, Language, SUBMITTED},
    message::{DELIVER_SOURCE, Message, MessageChannel, MessageState, Outcome, Sending},
};
use forecourt_process::replay;
use forecourt_store::{Store, outbox::Listing};

use crate::app::{App, for_each_backend, settings};

fn form() -> Form {
    Form {
        form_id: "call-back".into(),
        name: "Call back".into(),
        language: Language::En,
        enabled: true,
        title: String::new(),
        intro: String::new(),
        button: "Call me".into(),
        thanks: "Thanks".into(),
        consent: String::new(),
        fields: vec![FormField { kind: FieldKind::Phone, label: "Phone".into(), required: true }],
        dealer: Some("north".into()),
        open_to_programs: false,
        opens_lead: false,
        sms: Some("{name}, we call you.".into()),
        webhook: Some("https://calls.example/hook".into()),
    }
}

impl App {
    pub async fn open_call_back(&mut self, sending: Sending) {
        self.at("08:00");
        assert_eq!(self.command(Action::SetForm { form: form() }).await, Verdict::Done);
        assert_eq!(self.command(Action::SetSending { sending }).await, Verdict::Done);
    }

    pub fn submit(&self, id: &str, origin: Origin, traits: &str) -> Entry {
        let json = format!(r#"{{"type":"track","event":"{SUBMITTED}","properties":{{"dealer":"north"}},"context":{{"traits":{traits}}}}}"#);
        self.of_source("form:call-back", id, origin, &json)
    }

    pub fn of_source(&self, source: &str, id: &str, origin: Origin, json: &str) -> Entry {
        let stamp = Stamp { origin, received_us: self.now_us, sent_us: None, source: source.into(), message_id: id.into(), ip: "".into() };
        Entry { kind: RecordKind::Event as u8, body: stamp.encode(json.as_bytes()).into() }
    }

    pub async fn take(&mut self, entry: Entry) {
        self.append(vec![entry]).await;
        self.fold_all(10_000).await;
    }

    pub async fn outbox(&self) -> Vec<Message> {
        let mut messages = self.store.list_messages(&Listing { limit: 1_000, ..Listing::default() }).await.expect("read");
        messages.reverse();
        messages
    }

    /// Channel, state and reason of each, oldest first.
    async fn sends(&self) -> Vec<String> {
        let mut lines: Vec<(i64, String)> = Vec::new();
        for message in self.outbox().await {
            let line = format!("{} {} {}", message.message_channel.as_str(), message.state.as_str(), message.reason);
            lines.push((message.admitted_us, line.trim_end().to_owned()));
        }
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    pub async fn told(&mut self, message: &Message, state: MessageState) {
        let outcome = Outcome::of(message, state, "", self.now_us);
        let entry = self.of_source(DELIVER_SOURCE, &outcome.event_id(), Origin::Live, &outcome.to_item().to_string());
        self.take(entry).await;
    }
}

pub fn open() -> Sending {
    Sending { safe_mode: false, ..Sending::default() }
}

const ANA: &str = r#"{"phone":"+79120000001","name":"Ана"}"#;

#[tokio::test]
async fn a_submit_sends_one_sms_and_one_webhook_and_a_repeat_no_second_sms() {
    for_each_backend(async |mut app| {
        app.open_call_back(open()).await;
        let first = app.at("09:00").submit("s1", Origin::Live, ANA);
        app.take(first.clone()).await;
        assert_eq!(app.sends().await, ["sms pending", "webhook pending"]);
        let outbox = app.outbox().await;
        let sms = outbox.iter().find(|message| message.message_channel == MessageChannel::Sms).expect("an SMS");
        assert_eq!((sms.recipient.as_str(), sms.body.as_str()), ("+79120000001", "Ана, we call you."));
        let webhook = outbox.iter().find(|message| message.message_channel == MessageChannel::Webhook).expect("a webhook");
        let body: serde_json::Value = serde_json::from_str(&webhook.body).expect("JSON");
        assert_eq!((body["type"].as_str(), body["data"]["phone"].as_str()), (Some("call_back.requested"), Some("+79120000001")));
        assert_eq!((body["data"]["is_repeat"].as_bool(), body["data"]["dealer"].as_str()), (Some(false), Some("north")));

        // The same message once more, as a sender that heard no answer repeats it.
        app.take(first).await;
        assert_eq!(app.outbox().await.len(), 2);

        // The same number, and the same person by another number.
        let again = app.at("09:09").submit("s2", Origin::Live, ANA);
        app.take(again).await;
        app.send(r#"{"type":"identify","userId":"u1","traits":{"phone":"+79120000001"}}"#).await;
        app.send(r#"{"type":"identify","userId":"u1","traits":{"phone":"+79120000002"}}"#).await;
        let other = app.submit("s3", Origin::Live, r#"{"phone":"+79120000002"}"#);
        app.take(other).await;
        let sends = app.sends().await;
        assert_eq!(sends.iter().filter(|line| *line == "sms suppressed a repeat within 10 minutes").count(), 2, "{sends:?}");
        assert_eq!(sends.iter().filter(|line| *line == "webhook pending").count(), 3, "{sends:?}");

        let later = app.at("09:10").submit("s4", Origin::Live, ANA);
        app.take(later).await;
        assert_eq!(app.sends().await.iter().filter(|line| *line == "sms pending").count(), 2);
    })
    .await;
}

#[tokio::test]
async fn history_and_other_sources_set_off_nothing() {
    for_each_backend(async |mut app| {
        app.open_call_back(open()).await;
        let told = app.at("09:00").submit("s1", Origin::History, ANA);
        app.take(told).await;
        let json = format!(r#"{{"type":"track","event":"{SUBMITTED}","properties":{{"form":"call-back"}},"context":{{"traits":{ANA}}}}}"#);
        app.send(&json).await;
        let unknown = app.of_source("form:gone", "s2", Origin::Live, &json);
        app.take(unknown).await;
        assert!(app.outbox().await.is_empty());
        assert_eq!(app.profile("+79120000001").await.fragments.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn safe_mode_and_the_stop_hold_messages_until_a_person_sends_them() {
    for_each_backend(async |mut app| {
        app.at("08:00");
        // Nobody has said anything yet: a new installation is in safe mode.
        assert_eq!(app.command(Action::SetForm { form: form() }).await, Verdict::Done);
        let first = app.at("09:00").submit("s1", Origin::Live, ANA);
        app.take(first).await;
        assert_eq!(app.sends().await, ["sms held safe mode", "webhook held safe mode"]);
        let held: Vec<String> = app.outbox().await.into_iter().map(|message| message.message_id).collect();
        let refused = app.command(Action::RetryMessages { message_ids: held.clone() }).await;
        assert!(matches!(&refused, Verdict::Refused { reason } if reason.contains("safe mode")), "{refused:?}");

        let listed = Sending { test_recipients: vec!["+79120000001".into()], ..Sending::default() };
        app.command(Action::SetSending { sending: listed.clone() }).await;
        let second = app.submit("s2", Origin::Live, ANA);
        app.take(second).await;
        assert_eq!(app.sends().await.iter().filter(|line| *line == "sms pending").count(), 1);

        app.command(Action::SetSending { sending: Sending { stopped: true, ..listed } }).await;
        let third = app.at("10:00").submit("s3", Origin::Live, ANA);
        app.take(third).await;
        assert_eq!(app.sends().await.iter().filter(|line| line.ends_with("held all sending is stopped")).count(), 2);

        app.command(Action::SetSending { sending: open() }).await;
        assert_eq!(app.command(Action::RetryMessages { message_ids: held }).await, Verdict::Done);
        let again = app.outbox().await.into_iter().filter(|message| message.round == 1 && message.state == MessageState::Pending);
        assert_eq!(again.count(), 2);
    })
    .await;
}

#[tokio::test]
async fn outcomes_are_noted_once_and_receipts_in_any_order() {
    for_each_backend(async |mut app| {
        app.open_call_back(open()).await;
        let first = app.at("09:00").submit("s1", Origin::Live, ANA);
        app.take(first).await;
        let outbox = app.outbox().await;
        let (sms, webhook) = match &outbox[0].message_channel {
            MessageChannel::Sms => (&outbox[0], &outbox[1]),
            _ => (&outbox[1], &outbox[0]),
        };
        app.told(sms, MessageState::Delivered).await;
        app.told(sms, MessageState::Sent).await;
        app.told(webhook, MessageState::Unknown).await;
        assert_eq!(app.sends().await, ["sms delivered", "webhook unknown"]);
        let refused = app.command(Action::RetryMessages { message_ids: vec![sms.message_id.clone()] }).await;
        assert!(matches!(refused, Verdict::Refused { .. }), "{refused:?}");
        app.command(Action::RetryMessages { message_ids: vec![webhook.message_id.clone()] }).await;
        // An old round's word does not count for the new one.
        app.told(webhook, MessageState::Failed).await;
        assert_eq!(app.sends().await, ["sms delivered", "webhook pending"]);
    })
    .await;
}

#[tokio::test]
async fn a_replay_in_batches_of_any_size_admits_the_same() {
    for_each_backend(async |mut app| {
        app.open_call_back(open()).await;
        app.at("09:00");
        let mut entries = Vec::new();
        for at in 0..40 {
            let traits = format!(r#"{{"phone":"+7912000{:04}","name":"Ана"}}"#, at % 15);
            entries.push(app.submit(&format!("s{at}"), Origin::Live, &traits));
            if at % 7 == 0 {
                let json = format!(r#"{{"type":"identify","userId":"u{}","traits":{{"phone":"+7912000{:04}"}}}}"#, at % 3, at % 15);
                entries.push(app.of_source("site", &format!("i{at}"), Origin::Live, &json));
            }
        }
        app.append(entries).await;
        app.fold_all(10_000).await;
        for size in [1, 7] {
            let copy = Store::open(&app.place(&format!("copy_{size}"))).await.expect("a store");
            replay(&app.log, &copy, &settings(), app.log.end_offset(), size, |_| {}).await.expect("replayed");
            let all = Listing { limit: 1_000, ..Listing::default() };
            assert_eq!(copy.list_messages(&all).await.expect("read"), app.store.list_messages(&all).await.expect("read"));
            assert_eq!(copy.forms().await.expect("read").len(), 1);
        }
    })
    .await;
}
