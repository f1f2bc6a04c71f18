//! The journeys that people begin from, each gone through under a clock that is moved: the mission's cases by name.

use forecourt_model::{
    command::{Action, Verdict},
    journey::{Journey, run::Run, templates},
    message::{MessageState, ReactionKind},
    task::{Answer, TaskState},
};
use serde_json::{Value, json};

use crate::{
    app::{App, for_each_backend},
    messages::gate,
};

const ANA: &str = r#"{"type":"identify","userId":"u-ana","traits":{"email":"ana@example.com","phone":"+79120000001","name":"Ana","consent_marketing":true}}"#;

/// A template with its messages chosen: one after the other these.
fn filled(template_id: &str, chosen: &[&str]) -> Journey {
    let (_, _, _, mut journey) = templates::all().into_iter().find(|(id, ..)| *id == template_id).expect("a template");
    let mut chosen = chosen.iter();
    for step in journey["steps"].as_array_mut().expect("steps") {
        for message in step["does"].get_mut("chain").and_then(Value::as_array_mut).into_iter().flatten() {
            message["template_id"] = json!(chosen.next().expect("enough messages"));
        }
    }
    assert!(chosen.next().is_none(), "too many messages");
    serde_json::from_value(journey).expect("a journey")
}

impl App {
    async fn begin(&mut self, template_id: &str, chosen: &[&str]) {
        self.open_messages(gate()).await;
        let journey = serde_json::to_value(filled(template_id, chosen)).expect("json");
        assert_eq!(self.publish(journey).await, Verdict::Done);
        self.at("09:00").send(ANA).await;
    }

    async fn tells(&mut self, at: &str, event: &str, properties: Value) {
        self.at(at).send(&json!({ "type": "track", "event": event, "userId": "u-ana", "properties": properties }).to_string()).await;
    }

    async fn ticks(&mut self, at: &str) {
        self.at(at).tick().await;
    }

    /// Steps that were sent, in their order.
    async fn steps_sent(&self) -> Vec<String> {
        self.outbox().await.into_iter().map(|message| message.plan.expect("made of a template").variant).collect()
    }

    /// The one run of the journey.
    async fn run(&self, journey_id: &str) -> Run {
        let mut runs = self.runs(journey_id).await;
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0)
    }

    async fn answers(&mut self, answer: Answer) {
        let (_, task) = self.store.list_tasks(TaskState::Open, None, 2).await.expect("read").remove(0);
        let action = Action::AnswerTask { task_id: task.task_id, answer, note: String::new() };
        assert_eq!(self.command(action).await, Verdict::Done);
    }
}

/// S0-20: every new lead gets a welcome. S0-13: what follows depends on whether the first was read.
#[tokio::test]
async fn s0_20_and_s0_13_a_new_lead_is_welcomed_by_what_it_reads() {
    for_each_backend(async |mut app| {
        app.begin("welcome", &["mail", "sms", "mail-b"]).await;
        app.tells("09:01", "lead_created", json!({ "lead_id": "L1" })).await;
        app.comes_out("mail", MessageState::Sent, false).await;
        app.at("10:00").reacts("mail", ReactionKind::Opened, 0).await;
        app.ticks("2026-03-05T10:00:00Z").await;
        assert_eq!(app.steps_sent().await, ["welcome", "offer"]);
        app.replays().await;
    })
    .await;
    let mut app = App::new(None).await;
    app.begin("welcome", &["mail", "sms", "mail-b"]).await;
    app.tells("09:01", "lead_created", json!({ "lead_id": "L1" })).await;
    app.ticks("2026-03-03T09:01:00Z").await;
    assert_eq!(app.steps_sent().await, ["welcome", "remind"]);
    // Who books a test drive is not invited to one.
    app.tells("2026-03-04T09:00:00Z", "test_drive_booked", json!({})).await;
    app.ticks("2026-03-08T09:00:00Z").await;
    assert_eq!((app.steps_sent().await.len(), app.run("welcome").await.reason.as_str()), (2, "goal"));
}

#[tokio::test]
async fn each_stage_has_its_chain() {
    let mut app = App::new(None).await;
    app.begin("funnel-stages", &["mail", "mail-b", "mail", "sms"]).await;
    app.tells("09:01", "lead_created", json!({ "lead_id": "L1" })).await;
    app.tells("2026-03-04T09:00:00Z", "test_drive_done", json!({ "lead_id": "another" })).await;
    assert_eq!(app.steps_sent().await, ["first"]);
    app.tells("2026-03-05T09:00:00Z", "test_drive_done", json!({ "lead_id": "L1" })).await;
    assert_eq!(app.steps_sent().await, ["first", "terms"]);
    app.tells("2026-03-15T09:00:00Z", "contract_signed", json!({ "lead_id": "L1" })).await;
    assert_eq!(app.steps_sent().await, ["first", "terms", "thanks"]);
}

/// S0-01 and S0-02: who asks to be called is called, perhaps more than once, and the queue shows it.
#[tokio::test]
async fn s0_01_and_s0_02_who_asks_to_be_called_is_called_more_than_once() {
    for_each_backend(async |mut app| {
        app.begin("call-back", &["mail", "sms"]).await;
        app.tells("09:01", "form_submitted", json!({ "form": "call-back" })).await;
        for (at, due) in [("09:02", "09:32"), ("09:40", "10:10")] {
            app.at(at).answers(Answer::NoAnswer).await;
            let (_, task) = app.store.list_tasks(TaskState::Open, None, 2).await.expect("read").remove(0);
            assert_eq!(&forecourt_model::time::iso(task.due_us)[11..16], due);
        }
        app.at("10:15").answers(Answer::NoAnswer).await;
        assert_eq!(app.store.list_tasks(TaskState::Open, None, 2).await.expect("read").len(), 0, "three tries");
        assert_eq!(app.steps_sent().await, ["sorry"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_test_drive_is_confirmed_reminded_of_and_followed_up() {
    for_each_backend(async |mut app| {
        app.begin("test-drive", &["mail", "sms", "sms", "mail-b"]).await;
        let booked = json!({ "lead_id": "L1", "test_drive_at": "2026-03-06T15:00:00Z" });
        app.tells("09:01", "test_drive_booked", booked).await;
        assert_eq!(app.steps_sent().await, ["confirm"]);
        app.ticks("2026-03-05T14:59:00Z").await;
        assert_eq!(app.steps_sent().await.len(), 1);
        app.ticks("2026-03-05T15:00:00Z").await;
        app.ticks("2026-03-06T09:00:00Z").await;
        assert_eq!(app.steps_sent().await, ["confirm", "tomorrow", "today"]);
        app.tells("2026-03-06T15:40:00Z", "test_drive_done", json!({ "lead_id": "L1" })).await;
        assert_eq!(app.steps_sent().await[3..], ["follow"]);
        app.replays().await;
    })
    .await;
    // Who does not come is called.
    let mut app = App::new(None).await;
    app.begin("test-drive", &["mail", "sms", "sms", "mail-b"]).await;
    app.tells("09:01", "test_drive_booked", json!({ "lead_id": "L1", "test_drive_at": "2026-03-03T15:00:00Z" })).await;
    for at in ["2026-03-02T15:00:00Z", "2026-03-03T09:00:00Z", "2026-03-06T09:00:00Z"] {
        app.ticks(at).await;
    }
    assert_eq!(app.store.list_tasks(TaskState::Open, None, 2).await.expect("read").len(), 1);
}

/// S0-16 inside a journey: each notice goes by e-mail, then Viber, then SMS.
#[tokio::test]
async fn s0_16_news_of_a_car_find_their_way() {
    for_each_backend(async |mut app| {
        app.begin("car-on-its-way", &["mail", "viber", "sms", "mail", "viber", "sms", "mail", "viber", "sms", "mail", "viber", "sms"])
            .await;
        app.tells("09:01", "contract_signed", json!({ "order_id": "O1", "value": 1 })).await;
        app.comes_out("mail", MessageState::Sent, false).await;
        app.ticks("13:01").await;
        assert_eq!(app.said().await, ["mail sent", "viber pending"]);
        app.comes_out("viber", MessageState::Undelivered, false).await;
        assert_eq!(app.outbox().await.len(), 3, "by SMS after all");
        // The car is built; this time the mail is read and nothing follows. Then the order is cancelled.
        app.tells("2026-05-02T09:00:00Z", "car_built", json!({ "order_id": "O1" })).await;
        app.comes_out("mail", MessageState::Sent, false).await;
        app.at("2026-05-02T10:00:00Z").reacts("mail", ReactionKind::Opened, 0).await;
        app.ticks("2026-05-02T20:00:00Z").await;
        assert_eq!(app.steps_sent().await, ["ordered", "ordered", "ordered", "built_notice"]);
        app.tells("2026-05-10T09:00:00Z", "order_cancelled", json!({ "order_id": "O1" })).await;
        assert_eq!(app.run("car-on-its-way").await.reason, "exit");
        app.replays().await;
    })
    .await;
}

/// S0-21 and S4-06: patience over months through restarts, and a stronger offer once somebody looks again.
#[tokio::test]
async fn s0_21_patience_over_months_and_a_stronger_offer_near_the_purchase() {
    let mut app = App::new(None).await;
    let mut journey = filled("nurture", &["mail", "mail-b", "mail", "mail-b"]);
    journey.holdout = 0;
    app.open_messages(gate()).await;
    assert_eq!(app.publish(serde_json::to_value(journey).expect("json")).await, Verdict::Done);
    app.at("09:00").send(ANA).await;
    app.tells("09:01", "lead_created", json!({})).await;
    let mut sent = Vec::new();
    for day in 0..70 {
        if day == 60 {
            app.at("2026-05-01T12:00:00Z").send(r#"{"type":"page","userId":"u-ana"}"#).await;
        }
        app.fold_and_restart(10, 0).await;
        app.now_us = forecourt_model::time::parse_us("2026-03-03T10:00:00Z").expect("a time") + day * forecourt_model::time::DAY_US;
        app.tick().await;
        sent = app.steps_sent().await;
    }
    assert_eq!(sent, ["story", "compare", "offer"]);
    assert_eq!(app.run("nurture").await.reason, "finished");
    app.replays().await;
}

#[tokio::test]
async fn what_was_left_is_reminded_of_and_the_silent_are_asked() {
    let mut app = App::new(None).await;
    app.begin("abandoned-configurator", &["mail", "mail-b"]).await;
    app.tells("09:01", "configuration_saved", json!({ "model": "X5" })).await;
    app.ticks("11:01").await;
    app.ticks("2026-03-05T11:01:00Z").await;
    assert_eq!(app.steps_sent().await, ["yours", "help"]);

    let mut app = App::new(None).await;
    app.begin("abandoned-configurator", &["mail", "mail-b"]).await;
    app.tells("09:01", "configuration_saved", json!({ "model": "X5" })).await;
    app.tells("09:30", "lead_created", json!({})).await;
    app.ticks("11:01").await;
    assert_eq!(app.steps_sent().await.len(), 0, "a lead was left in time");

    let mut app = App::new(None).await;
    app.begin("reactivation", &["mail", "mail-b"]).await;
    app.tells("09:01", "lead_lost", json!({ "reason": "silent" })).await;
    app.ticks("2026-04-01T09:01:00Z").await;
    app.tells("2026-04-03T09:00:00Z", "car_viewed", json!({ "model": "X5" })).await;
    assert_eq!(app.steps_sent().await, ["ask"]);
    assert_eq!(app.store.list_tasks(TaskState::Open, None, 2).await.expect("read").len(), 1, "looks at cars again");
}

#[tokio::test]
async fn service_is_reminded_of_and_a_delivery_is_asked_about() {
    let mut app = App::new(None).await;
    app.begin("service-due", &["mail"]).await;
    app.send(r#"{"type":"identify","userId":"u-ana","traits":{"service_due":"2026-06-15"}}"#).await;
    app.tells("09:01", "service_date_set", json!({})).await;
    app.ticks("2026-05-16T09:59:00Z").await;
    assert_eq!(app.steps_sent().await.len(), 0);
    app.ticks("2026-05-16T10:00:00Z").await;
    app.ticks("2026-06-06T10:00:00Z").await;
    assert_eq!(app.steps_sent().await, ["remind"]);
    assert_eq!(app.store.list_tasks(TaskState::Open, None, 2).await.expect("read").len(), 1);

    let mut app = App::new(None).await;
    app.begin("review", &["mail", "mail-b", "mail"]).await;
    app.tells("09:01", "car_delivered", json!({ "order_id": "O1" })).await;
    app.ticks("2026-03-12T09:01:00Z").await;
    app.send(r#"{"type":"identify","userId":"u-ana","traits":{"csi":4}}"#).await;
    app.tells("2026-03-13T09:00:00Z", "survey_answered", json!({})).await;
    assert_eq!(app.steps_sent().await, ["ask"]);
    assert_eq!(app.store.list_tasks(TaskState::Open, None, 2).await.expect("read").len(), 1, "not content: called");
}

/// S0-07: what somebody does and what segments make of it begins a journey; who buys meanwhile is left in peace.
#[tokio::test]
async fn s0_07_who_looked_and_left_gets_an_offer() {
    let mut app = App::new(None).await;
    let mut journey = filled("looked-and-left", &["mail", "sms"]);
    journey.holdout = 0;
    app.open_messages(gate()).await;
    assert_eq!(app.publish(serde_json::to_value(journey).expect("json")).await, Verdict::Done);
    app.at("09:00").send(ANA).await;
    app.tells("09:01", "car_viewed", json!({ "model": "X5" })).await;
    app.tells("09:05", "car_viewed", json!({ "model": "X3" })).await;
    app.ticks("2026-03-03T09:01:00Z").await;
    assert_eq!(app.steps_sent().await, ["offer"]);
    app.tells("2026-03-03T10:00:00Z", "lead_created", json!({})).await;
    app.ticks("2026-03-06T09:01:00Z").await;
    assert_eq!((app.steps_sent().await.len(), app.run("looked-and-left").await.reason.as_str()), (1, "goal"));
}
