//! Journeys: who is on the way, what moves them, and what nobody gets twice.

use forecourt_model::{
    Identifier, IdentifierKind,
    command::{Action, JourneyEntry, Recipient, Verdict},
    journey::{Journey, JourneyStep, run::Run},
    message::{MessageState, ReactionKind},
    task::{Answer, TaskState},
    time::iso,
};
use forecourt_store::run::RunListing;
use serde_json::{Value, json};

use crate::{
    app::{App, for_each_backend},
    messages::gate,
};

const ANA: &str = r#"{"type":"identify","userId":"u-ana","traits":{"email":"ana@example.com","phone":"+79120000001","name":"Ana","consent_marketing":true}}"#;

pub fn journey(value: Value) -> Journey {
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}"))
}

fn send(id: &str, template: &str, next: Value) -> Value {
    json!({ "step_id": id, "does": { "do": "send", "purpose": "service", "chain": [{ "template_id": template }], "next": next } })
}

fn wait(id: &str, span: &str, next: Value) -> Value {
    json!({ "step_id": id, "does": { "do": "wait", "wait": { "lasting": span }, "next": next } })
}

fn on_event(event: &str, key: Value) -> Value {
    json!({ "by": "event", "event": event, "key": key })
}

fn track(event: &str, properties: Value) -> String {
    json!({ "type": "track", "event": event, "userId": "u-ana", "properties": properties }).to_string()
}

impl App {
    pub async fn publish(&mut self, value: Value) -> Verdict {
        let journey = Box::new(journey(value));
        let journey_id = journey.journey_id.clone();
        match self.command(Action::SetJourney { journey }).await {
            Verdict::Done => self.command(Action::StepJourney { journey_id, step: JourneyStep::Publish }).await,
            refused => refused,
        }
    }

    pub async fn runs(&self, journey_id: &str) -> Vec<Run> {
        let listing = RunListing { journey_id: journey_id.into(), limit: 1_000, ..RunListing::default() };
        let mut runs: Vec<Run> = self.store.list_runs(&listing).await.expect("read").into_iter().map(|(_, run)| run).collect();
        runs.reverse();
        runs
    }

    /// Key, where or why it ended, of each run in the order they were entered.
    async fn stand(&self, journey_id: &str) -> Vec<String> {
        let line = |run: Run| format!("{} {} {}", run.key, run.step_id, run.reason).trim().replace("  ", " ");
        self.runs(journey_id).await.into_iter().map(line).collect()
    }
}

#[tokio::test]
async fn a_welcome_goes_its_way_by_what_was_done_with_the_message_before() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let welcome = json!({
            "journey_id": "welcome", "name": "Welcome", "entry": on_event("lead_created", Value::Null), "first": "hello",
            "goal": { "event": "test_drive_done", "within": "30d" },
            "steps": [
                send("hello", "mail", json!("look")),
                { "step_id": "look", "does": { "do": "wait_for", "what": { "for": "message", "step_id": "hello", "came": "read" }, "within": "2h", "next": "more", "otherwise": "sms" } },
                send("more", "mail-b", Value::Null),
                send("sms", "sms", Value::Null),
            ],
        });
        assert_eq!(app.publish(welcome).await, Verdict::Done);
        app.at("09:00").send(ANA).await.send(&track("lead_created", json!({ "lead_id": "L1", "car": "X5" }))).await;
        assert_eq!(app.said().await, ["mail pending"]);
        let body: Value = serde_json::from_str(&app.outbox().await[0].body).expect("json");
        assert_eq!(body["profile"], json!({ "name": "Ana" }));
        assert_eq!(app.stand("welcome").await, ["look"]);
        // The same once more is no second run while the first goes on.
        app.at("09:10").send(&track("lead_created", json!({ "lead_id": "L2" }))).await;
        assert_eq!(app.stand("welcome").await.len(), 1);
        app.comes_out("mail", MessageState::Sent, false).await;
        app.at("10:00").reacts("mail", ReactionKind::Opened, 0).await;
        assert_eq!(app.said().await, ["mail sent", "mail-b pending"]);
        assert_eq!(app.stand("welcome").await, ["finished"]);
        // The goal counts although the run has ended; another lead begins another run, which nobody reads: a message by phone.
        app.at("10:30").send(&track("test_drive_done", json!({ "value": 12.5 }))).await;
        let runs = app.runs("welcome").await;
        assert_eq!((runs[0].goal_us.map(iso), runs[0].goal_value), (Some("2026-03-02T10:30:00.000Z".into()), 1_250));
        app.at("11:00").send(&track("lead_created", json!({ "lead_id": "L3" }))).await;
        app.at("12:59").tick().await;
        assert_eq!(app.stand("welcome").await, ["finished", "look"]);
        app.at("13:00").tick().await;
        assert_eq!(app.stand("welcome").await, ["finished", "finished"]);
        assert!(app.said().await.contains(&"sms pending".to_owned()));
        let path: Vec<String> =
            app.runs("welcome").await[1].body.path.iter().map(|word| format!("{} {}", word.step_id, word.says)).collect();
        assert_eq!(path, ["hello sent", "look waits", "look timed_out", "sms sent", "sms finished"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_wait_for_an_event_minds_its_key_and_its_time() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let drive = json!({
            "journey_id": "drive", "name": "Test drive", "entry": on_event("test_drive_booked", json!("properties.drive_id")), "first": "done",
            "steps": [
                { "step_id": "done", "does": { "do": "wait_for", "within": "3d", "next": "thanks", "otherwise": "missed",
                    "what": { "for": "event", "event": "test_drive_done", "key": "properties.drive_id" } } },
                send("thanks", "mail", Value::Null),
                send("missed", "sms", Value::Null),
            ],
        });
        assert_eq!(app.publish(drive).await, Verdict::Done);
        app.at("09:00").send(ANA).await;
        // Without its key an occasion is none.
        app.send(&track("test_drive_booked", json!({}))).await;
        app.send(&track("test_drive_booked", json!({ "drive_id": "D1" }))).await;
        app.at("09:05").send(&track("test_drive_booked", json!({ "drive_id": "D2" }))).await;
        assert_eq!(app.stand("drive").await, ["D1 done", "D2 done"]);
        app.at("10:00").send(&track("test_drive_done", json!({ "drive_id": "D2" }))).await;
        assert_eq!(app.stand("drive").await, ["D1 done", "D2 finished"]);
        app.at("2026-03-05T09:00:00Z").tick().await;
        assert_eq!(app.stand("drive").await, ["D1 finished", "D2 finished"]);
        assert_eq!(app.said().await.len(), 2);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn two_who_turn_out_to_be_one_get_it_once_and_who_is_erased_gets_nothing() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let steps = vec![wait("first", "1h", json!("mail")), send("mail", "mail", json!("second")), wait("second", "1h", json!("sms")), send("sms", "sms", Value::Null)];
        let chain = json!({ "journey_id": "chain", "name": "Chain", "entry": on_event("lead_created", Value::Null), "again": "never", "first": "first", "steps": steps });
        assert_eq!(app.publish(chain).await, Verdict::Done);
        app.at("09:00").send(ANA).await.send(&track("lead_created", json!({}))).await;
        app.at("09:20").send(r#"{"type":"track","event":"lead_created","anonymousId":"dev-1"}"#).await;
        assert_eq!(app.stand("chain").await, ["first", "first"]);
        // The device is Ana's: what it began is not gone through a second time.
        app.at("09:30").send(r#"{"type":"identify","userId":"u-ana","anonymousId":"dev-1"}"#).await;
        app.at("10:00").tick().await;
        app.at("10:30").tick().await;
        assert_eq!(app.said().await, ["mail pending"]);
        assert_eq!(app.stand("chain").await, ["second", "merged"]);
        let ana = app.profile("ana@example.com").await.summary.profile_id;
        app.command(Action::EraseProfile { profile_id: ana }).await;
        app.at("12:00").tick().await;
        assert_eq!(app.runs("chain").await.len(), 0);
        assert_eq!(app.outbox().await.len(), 0);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn segments_begin_and_end_it_and_a_trait_that_it_sets_may_begin_another() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.segment("keen", json!({ "if": "did", "event": "car_viewed", "measure": { "of": "count" }, "is": { "op": "at_least", "number": 2 }, "within": { "last": "1d" } })).await;
        app.segment("vip", json!({ "if": "trait", "name": "vip", "is": { "op": "is", "values": ["true"] } })).await;
        let mark = json!({ "step_id": "mark", "does": { "do": "set_trait", "name": "vip", "value": true, "next": "rest" } });
        let keen = json!({
            "journey_id": "keen", "name": "Keen", "entry": { "by": "segment", "segment_id": "keen", "turn": "entered" }, "first": "mark",
            "exits": [{ "on": "segment", "segment_id": "keen", "turn": "left" }],
            "steps": [mark, wait("rest", "30d", json!("sms")), send("sms", "sms", Value::Null)],
        });
        let vip = json!({
            "journey_id": "vip", "name": "VIP", "entry": { "by": "segment", "segment_id": "vip", "turn": "entered" }, "first": "mail",
            "only": { "if": "identifier", "kind": "email" },
            "steps": [send("mail", "mail", Value::Null)],
        });
        assert_eq!(app.publish(keen).await, Verdict::Done);
        assert_eq!(app.publish(vip).await, Verdict::Done);
        app.at("09:00").send(ANA).await.send(&track("car_viewed", json!({}))).await.send(&track("car_viewed", json!({}))).await;
        assert_eq!(app.stand("keen").await, ["rest"]);
        assert_eq!(app.stand("vip").await, ["finished"]);
        assert_eq!(app.said().await, ["mail pending"]);
        // Time takes her out of the segment, and the segment out of the journey.
        app.at("2026-03-03T10:00:00Z").tick().await;
        assert_eq!(app.stand("keen").await, ["exit"]);
        // A segment that a journey goes by stays; one that is stopped lets it go.
        let remove = || Action::RemoveSegment { segment_id: "vip".into() };
        assert!(matches!(app.command(remove()).await, Verdict::Refused { reason } if reason.contains("VIP")));
        app.command(Action::StepJourney { journey_id: "vip".into(), step: JourneyStep::Stop }).await;
        assert_eq!(app.command(remove()).await, Verdict::Done);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_call_is_tried_again_until_somebody_answers_or_it_is_given_up() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let call = json!({ "do": "call_task", "title": "Call back", "script": "Hello", "tries": 3, "gap": "30m", "within": "1d", "next": "spoke", "otherwise": "sms" });
        let steps = vec![json!({ "step_id": "call", "does": call }), send("spoke", "mail", Value::Null), send("sms", "sms", Value::Null)];
        let back = json!({ "journey_id": "back", "name": "Call back", "entry": on_event("call_back_asked", Value::Null), "again": "always", "first": "call", "steps": steps });
        assert_eq!(app.publish(back).await, Verdict::Done);
        app.at("09:00").send(ANA).await.send(&track("call_back_asked", json!({}))).await;
        let open = app.store.list_tasks(TaskState::Open, None, 10).await.expect("read");
        let task = open[0].1.clone();
        assert_eq!((task.title.as_str(), task.tries, iso(task.due_us)), ("Call back", 0, "2026-03-02T09:00:00.000Z".to_owned()));
        let answer = |answer| Action::AnswerTask { task_id: task.task_id.clone(), answer, note: "n".into() };
        assert_eq!(app.at("09:05").command(answer(Answer::NoAnswer)).await, Verdict::Done);
        let open = app.store.list_tasks(TaskState::Open, None, 10).await.expect("read");
        assert_eq!((open[0].1.tries, iso(open[0].1.due_us)), (1, "2026-03-02T09:35:00.000Z".to_owned()));
        assert_eq!(app.at("09:40").command(answer(Answer::Spoke)).await, Verdict::Done);
        assert_eq!((app.said().await, app.stand("back").await), (vec!["mail pending".to_owned()], vec!["finished".to_owned()]));
        assert!(matches!(app.command(answer(Answer::Spoke)).await, Verdict::Refused { .. }));
        // The next one is not reached at all: after a day the task is dropped and an SMS goes out.
        app.at("10:00").send(&track("call_back_asked", json!({}))).await;
        app.at("2026-03-03T10:00:00Z").tick().await;
        assert_eq!(app.store.list_tasks(TaskState::Open, None, 10).await.expect("read").len(), 0);
        assert_eq!(app.store.list_tasks(TaskState::Dropped, None, 10).await.expect("read").len(), 1);
        assert_eq!(app.said().await, ["mail pending", "sms pending"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn who_is_on_the_way_goes_on_by_the_version_they_entered() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let with = |template: &str| {
            let steps = vec![wait("rest", "1h", json!("mail")), send("mail", template, Value::Null)];
            json!({ "journey_id": "j", "name": "J", "entry": on_event("lead_created", json!("properties.lead_id")), "first": "rest", "steps": steps })
        };
        assert_eq!(app.publish(with("mail")).await, Verdict::Done);
        app.at("09:00").send(ANA).await.send(&track("lead_created", json!({ "lead_id": "L1" }))).await;
        assert_eq!(app.publish(with("mail-b")).await, Verdict::Done);
        app.at("09:10").send(&track("lead_created", json!({ "lead_id": "L2" }))).await;
        app.at("10:30").tick().await;
        assert_eq!(app.said().await, ["mail pending", "mail-b pending"]);
        // Closed: nobody enters, who is in it goes on. Stopped: all of them end.
        app.at("10:31").send(&track("lead_created", json!({ "lead_id": "L3" }))).await;
        let step = |step| Action::StepJourney { journey_id: "j".into(), step };
        assert_eq!(app.command(step(JourneyStep::Close)).await, Verdict::Done);
        app.send(&track("lead_created", json!({ "lead_id": "L4" }))).await;
        app.at("11:40").tick().await;
        assert_eq!(app.stand("j").await, ["L1 finished", "L2 finished", "L3 finished"]);
        assert_eq!(app.command(step(JourneyStep::Reopen)).await, Verdict::Done);
        app.send(&track("lead_created", json!({ "lead_id": "L5" }))).await;
        assert_eq!(app.command(step(JourneyStep::Stop)).await, Verdict::Done);
        app.at("13:00").tick().await;
        assert_eq!(app.stand("j").await[3..], ["L5 stopped"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_wait_of_years_ends_once_on_its_day_through_restarts_and_clocks_that_jump() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let steps = vec![
            wait("year", "400d", json!("mail")),
            send("mail", "mail", json!("date")),
            json!({ "step_id": "date", "does": { "do": "wait", "wait": { "date": { "field": "warranty_ends", "days": -30, "at": "10:00" } }, "next": "sms" } }),
            send("sms", "sms", Value::Null),
        ];
        let long = json!({ "journey_id": "long", "name": "Long", "entry": on_event("car_delivered", Value::Null), "first": "year", "steps": steps });
        assert_eq!(app.publish(long).await, Verdict::Done);
        app.at("09:00").send(ANA).await;
        app.send(r#"{"type":"identify","userId":"u-ana","traits":{"warranty_ends":"2029-03-02","timezone":"Europe/Kyiv"}}"#).await;
        app.send(&track("car_delivered", json!({}))).await;
        for (at, messages) in [
            ("2026-09-02T09:00:00Z", 0),
            // A clock that went back a day.
            ("2026-09-01T09:00:00Z", 0),
            ("2027-04-06T08:59:00Z", 0),
            ("2027-04-06T09:00:00Z", 1),
            ("2027-04-05T09:00:00Z", 1),
            ("2027-04-07T09:00:00Z", 1),
            // 30 days before, at ten in Kyiv, where it is winter time.
            ("2029-01-31T07:59:00Z", 1),
            ("2029-01-31T08:00:00Z", 2),
            ("2029-02-01T08:00:00Z", 2),
        ] {
            app.fold_and_restart(10, 0).await;
            app.at(at).tick().await;
            // A message is kept for 400 days after it was settled or is still to be sent.
            assert_eq!(app.outbox().await.len(), messages, "{at}");
        }
        assert_eq!(app.stand("long").await, ["finished"]);
    })
    .await;
}

#[tokio::test]
async fn a_share_is_only_watched_and_a_program_may_have_somebody_enter() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let j = json!({
            "journey_id": "j", "name": "J", "entry": { "by": "call" }, "holdout": 500, "first": "mail", "goal": { "event": "bought", "within": "7d" },
            "steps": [send("mail", "mail", json!("rest")), wait("rest", "2d", Value::Null)],
        });
        assert_eq!(app.publish(j).await, Verdict::Done);
        for n in 0..40 {
            app.send(&format!(r#"{{"type":"identify","userId":"u{n}","traits":{{"email":"p{n}@example.com"}}}}"#)).await;
            let who = Recipient::Identifier(Identifier { kind: IdentifierKind::Email, value: format!("p{n}@example.com") });
            let entry = JourneyEntry { idempotency_key: format!("k{n}"), journey_id: "j".into(), who, key: String::new(), properties: json!({ "n": n }) };
            assert_eq!(app.command(Action::EnterJourney { entry: Box::new(entry.clone()) }).await, Verdict::Done);
            assert_eq!(app.command(Action::EnterJourney { entry: Box::new(entry) }).await, Verdict::Done, "the same key");
        }
        let counts = app.store.run_counts("j").await.expect("counts");
        assert_eq!(counts.entered + counts.held_out, 40);
        assert!((10..=30).contains(&counts.held_out), "{counts:?}");
        assert_eq!(app.outbox().await.len() as i64, counts.entered);
        for n in 0..40 {
            app.send(&format!(r#"{{"type":"track","event":"bought","userId":"u{n}","properties":{{"value":10}}}}"#)).await;
        }
        let counts = app.store.run_counts("j").await.expect("counts");
        assert_eq!((counts.goals, counts.held_out_goals, counts.goal_value), (counts.entered, counts.held_out, counts.entered * 1_000));
        assert_eq!(counts.reasons, [("goal".to_owned(), counts.entered)]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_published_says_what_to_mend_and_history_starts_nothing() {
    let mut app = App::new(None).await;
    app.open_messages(gate()).await;
    let told = |verdict| match verdict {
        Verdict::Refused { reason } => reason,
        Verdict::Done => "done".to_owned(),
    };
    let with = |steps: Value| json!({ "journey_id": "j", "name": "J", "entry": on_event("lead_created", Value::Null), "first": "a", "steps": steps });
    for (steps, said) in [
        (json!([]), "no first step"),
        (json!([send("a", "mail", json!("b"))]), "`b` that is not there"),
        (json!([send("a", "nothing", Value::Null)]), "no template `nothing`"),
        (json!([send("a", "mail", json!("a"))]), "without a wait"),
        (json!([send("a", "mail", Value::Null), send("b", "mail", Value::Null)]), "nothing leads to"),
        (json!([{ "step_id": "a", "does": { "do": "set_stage", "stage": "contract" } }]), "the lead's id as its key"),
        (json!([{ "step_id": "a", "does": { "do": "split", "arms": [{ "share": 400 }] } }]), "add up to 400"),
        (
            json!([{ "step_id": "a", "does": { "do": "branch", "arms": [{ "when": { "on": "person", "rule": { "if": "did", "event": "x", "measure": { "of": "count" }, "is": { "op": "at_least", "number": 1 } } } }] } }]),
            "a segment's",
        ),
        (json!([{ "step_id": "a", "does": { "do": "wait", "wait": { "until": { "at": "25:00" } } } }]), "no time of day"),
        (
            json!([{ "step_id": "a", "does": { "do": "wait_for", "what": { "for": "segment", "segment_id": "gone", "turn": "entered" }, "within": "1d" } }]),
            "no segment `gone`",
        ),
    ] {
        let reason = told(app.publish(with(steps)).await);
        assert!(reason.contains(said), "{reason}");
    }
    assert_eq!(app.publish(with(json!([send("a", "mail", Value::Null)]))).await, Verdict::Done);
    let past = app.event_of(forecourt_model::Origin::History, "h1", &track("lead_created", json!({})));
    app.send(ANA).await.take(past).await;
    assert_eq!(app.runs("j").await.len(), 0);
    let remove = |id: &str| Action::RemoveJourney { journey_id: id.into() };
    assert!(told(app.command(remove("j")).await).contains("kept"));
    let draft = Box::new(journey(json!({ "journey_id": "d", "name": "D", "entry": { "by": "call" } })));
    assert_eq!(app.command(Action::SetJourney { journey: draft }).await, Verdict::Done);
    assert_eq!(app.command(remove("d")).await, Verdict::Done);
    assert!(app.store.journey("d").await.expect("read").is_none());
    app.replays().await;
}
