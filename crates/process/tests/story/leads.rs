//! Leads dealt with: scored, given to the right dealer, answered in time or taken back, and taken up again when the person returns.

use forecourt_model::{Origin, Scope};
use forecourt_model::{
    command::{Action, Verdict},
    lead::{ContactBy, Handling, LeadAct, LeadMove, LeadRules, Queue, Verified},
    message::{MessageChannel, MessageState},
    network::Dealer,
    segment::Segment,
    time::iso,
};
use forecourt_store::handling::HandlingListing;
use serde_json::{Value, json};

use crate::{
    app::{App, for_each_backend},
    call_back::open,
};

/// Open on weekdays from nine to six, in Berlin: eight to five UTC in winter.
pub fn dealer(id: &str, more: Value) -> Dealer {
    let day = json!(["09:00-18:00"]);
    let mut whole = json!({
        "dealer_id": id, "name": id, "region": "North", "models": ["A1", "B2"],
        "hours": { "tz": "Europe/Berlin", "week": [day, day, day, day, day, [], []] },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).unwrap_or_else(|error| panic!("{error}"))
}

/// Everybody is worth a call of a dealer at 30 points, and waits below.
pub fn rules() -> LeadRules {
    let rules = json!({
        "is_on": true,
        "duplicates": { "window_days": 30, "same_model": false },
        "base_points": 20,
        "points": [
            { "says": "phone", "when": { "of": "known", "field": "phone" }, "points": 15 },
            { "says": "viewed", "when": { "of": "event", "event": "car_viewed", "within_days": 10 }, "points": 20 },
            { "says": "keen", "when": { "of": "segment", "segment_id": "keen" }, "points": 40 },
        ],
        "bands": [
            { "band": "hot", "from": 50, "way": "dealer" },
            { "band": "warm", "from": 30, "way": "verification" },
            { "band": "cold", "from": 0, "way": "nurture" },
        ],
        "routing": { "area": 30, "distance": 25, "stock": 20, "quality": 20, "language": 10, "preferred": 60, "open_now": 0, "load": 10, "distance_max_km": 300, "tie_points": 5 },
        "sla": [{ "accept_min": 30, "contact_min": 120, "warn_min": 5 }],
        "hops_max": 2,
        "verification": { "tries_max": 2, "gap_min": 90, "claim_min": 15 },
        "lost_reasons": [{ "reason": "too_expensive", "is_believed": true }, { "reason": "bought_other_brand", "is_believed": false }],
        "silent_days": 14,
        "reappear": { "events": ["car_viewed"], "quiet_h": 24 },
    });
    serde_json::from_value(rules).unwrap_or_else(|error| panic!("{error}"))
}

pub fn lead(id: &str, person: &str, more: Value) -> String {
    let mut properties = json!({ "lead_id": id, "model": "A1", "region": "North" });
    for (name, value) in more.as_object().into_iter().flatten() {
        properties[name] = value.clone();
    }
    json!({ "type": "track", "event": "lead_created", "userId": person, "properties": properties }).to_string()
}

pub fn person(id: &str) -> String {
    json!({ "type": "identify", "userId": id, "traits": { "phone": format!("+4930{:07}", id.len() as u64 * 1_000 + id.bytes().map(u64::from).sum::<u64>()), "name": id } }).to_string()
}

pub fn track(event: &str, person: &str, properties: Value) -> String {
    json!({ "type": "track", "event": event, "userId": person, "properties": properties }).to_string()
}

impl App {
    pub async fn open_desk(&mut self, dealers: Vec<Dealer>) {
        self.at("08:00");
        assert_eq!(self.command(Action::SetSending { sending: open() }).await, Verdict::Done);
        for dealer in dealers {
            assert_eq!(self.command(Action::SetDealer { dealer: Box::new(dealer) }).await, Verdict::Done);
        }
        assert_eq!(self.command(Action::SetLeadRules { rules: Box::new(rules()) }).await, Verdict::Done);
    }

    pub async fn handling(&self, lead_id: &str) -> Handling {
        self.store.handling(&Scope::Everything, lead_id).await.expect("read").expect("a lead at work").handling
    }

    /// Queue, dealer and stage.
    pub async fn where_is(&self, lead_id: &str) -> String {
        let held = self.store.handling(&Scope::Everything, lead_id).await.expect("read").expect("a lead at work");
        format!("{} {} {}", held.handling.queue.as_str(), held.handling.dealer_id, held.stage)
    }

    /// Acts and their reasons, the first first.
    pub async fn way(&self, lead_id: &str) -> Vec<String> {
        let mut moves: Vec<LeadMove> = self.store.lead_moves(lead_id).await.expect("read");
        moves.reverse();
        moves.iter().map(|held| format!("{} {}", held.act.as_str(), held.reason).trim_end().to_owned()).collect()
    }

    pub async fn work(&mut self, lead_id: &str, act: LeadAct) -> Verdict {
        self.command(Action::WorkLead { lead_id: lead_id.to_owned(), dealer_id: None, act }).await
    }

    async fn loads(&self) -> Vec<String> {
        let loads = self.store.dealer_loads().await.expect("read");
        loads.iter().map(|(id, load)| format!("{id} {}", load.open)).collect()
    }
}

pub fn refusal(verdict: Verdict) -> String {
    match verdict {
        Verdict::Done => panic!("it was done"),
        Verdict::Refused { reason } => reason,
    }
}

#[tokio::test]
async fn a_hot_lead_goes_to_the_dealer_who_can_have_it_and_the_decision_is_kept() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![
            dealer("d-full", json!({ "open_leads_max": 0, "quality": 100 })),
            dealer("d-near", json!({ "postcodes": ["101"], "quality": 60 })),
            dealer("d-far", json!({ "postcodes": ["805"], "region": "South", "quality": 60 })),
            dealer("d-other", json!({ "models": ["C3"] })),
        ])
        .await;
        app.at("09:00").send(&person("ana")).await.send(&track("car_viewed", "ana", json!({}))).await;
        app.at("09:05").send(&lead("L1", "ana", json!({ "postcode": "10115" }))).await;
        assert_eq!(app.where_is("L1").await, "dealer d-near dispatched");
        let handling = app.handling("L1").await;
        assert_eq!((handling.band.as_str(), handling.score), ("hot", 54));
        let decision = handling.body.decision.expect("a decision");
        let barred = |id: &str| decision.candidates.iter().find(|held| held.dealer_id == id).and_then(|held| held.barred.clone());
        assert_eq!((decision.chosen.as_deref(), decision.reason.as_str()), (Some("d-near"), "best"));
        assert_eq!([barred("d-full"), barred("d-far"), barred("d-other")], [Some("full".into()), None, Some("franchise".into())]);
        assert_eq!(app.way("L1").await, ["opened", "scored 54", "dispatched best"]);
        // A dealer sees only what is his.
        let theirs = |id: &str| Scope::Dealer(id.to_owned());
        assert!(app.store.handling(&theirs("d-near"), "L1").await.expect("read").is_some());
        assert!(app.store.handling(&theirs("d-far"), "L1").await.expect("read").is_none());
        assert!(
            app.store
                .list_handlings(&theirs("d-far"), &HandlingListing { limit: 10, ..Default::default() })
                .await
                .expect("read")
                .is_empty()
        );
        assert_eq!(app.store.handling_counts(&theirs("d-far"), app.now_us).await.expect("read").of, []);
        // What history tells starts nothing.
        let past = app.event_of(Origin::History, "h1", &lead("L0", "ben", json!({})));
        app.append(vec![past]).await;
        app.fold_all(10).await;
        assert!(app.store.handling(&Scope::Everything, "L0").await.expect("read").is_none());
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_dealer_who_does_not_answer_in_his_hours_loses_the_lead_and_a_person_s_call_stops_the_clock() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![
            dealer("d1", json!({ "quality": 90, "webhook": "https://d1.example/leads" })),
            dealer("d2", json!({ "webhook": "https://d2.example/adf", "webhook_format": "adf" })),
            dealer("d3", json!({ "quality": 10 })),
        ])
        .await;
        app.at("16:40").send(&person("ana")).await.send(&track("car_viewed", "ana", json!({}))).await;
        // Twenty minutes are left today; ten remain for tomorrow, 9:10 there.
        app.send(&lead("L1", "ana", json!({}))).await;
        let clock = app.handling("L1").await.clock().expect("a clock");
        assert_eq!(
            (iso(clock.due_us), clock.warn_us.map(iso)),
            ("2026-03-03T08:10:00.000Z".into(), Some("2026-03-03T08:05:00.000Z".into()))
        );
        app.at("22:00").tick().await;
        assert_eq!(app.where_is("L1").await, "dealer d1 dispatched");
        app.at("2026-03-03T08:05:00Z").tick().await;
        app.tick().await;
        assert_eq!(app.way("L1").await.iter().filter(|act| *act == "warned").count(), 1);
        app.at("2026-03-03T08:10:00Z").tick().await;
        assert_eq!(app.where_is("L1").await, "dealer d2 dispatched");
        let handling = app.handling("L1").await;
        assert_eq!(
            (iso(handling.opened_us), handling.dispatched_us.map(iso)),
            ("2026-03-02T16:40:00.000Z".into(), Some("2026-03-03T08:10:00.000Z".into()))
        );
        assert_eq!(app.loads().await, ["d1 0", "d2 1"]);
        // Who lost it can do nothing with it any more.
        let late = Action::WorkLead { lead_id: "L1".into(), dealer_id: Some("d1".into()), act: LeadAct::Accept };
        assert!(refusal(app.command(late).await).contains("no such lead"));
        // A program's answer stops nothing; a person's does.
        app.at("2026-03-03T08:20:00Z").send(&track("lead_contacted", "ana", json!({ "lead_id": "L1", "automatic": true }))).await;
        assert!(app.handling("L1").await.clock().is_some());
        assert_eq!(app.work("L1", LeadAct::Accept).await, Verdict::Done);
        assert_eq!(app.work("L1", LeadAct::Accept).await, Verdict::Done);
        let clock = app.handling("L1").await.clock().expect("the other clock");
        assert_eq!(iso(clock.due_us), "2026-03-03T10:10:00.000Z");
        app.at("2026-03-03T09:00:00Z");
        assert_eq!(app.work("L1", LeadAct::Contact { by: ContactBy::Call, reached: true, note: "spoke".into() }).await, Verdict::Done);
        assert_eq!((app.handling("L1").await.clock(), app.where_is("L1").await), (None, "dealer d2 contacted".into()));
        app.at("2026-03-10T09:00:00Z").tick().await;
        assert_eq!(app.where_is("L1").await, "dealer d2 contacted");
        // Two weeks of nothing: back to the centre.
        app.at("2026-03-17T09:00:00Z").tick().await;
        assert_eq!((app.where_is("L1").await, app.loads().await), ("nurture d2 silent".into(), vec!["d1 0".to_owned(), "d2 0".into()]));
        // A system that speaks ADF is told of the lead once; the format has no words for the rest.
        let outbox = app.outbox().await;
        let (adf, json): (Vec<_>, Vec<_>) = outbox.iter().partition(|message| message.recipient == "https://d2.example/adf");
        assert_eq!(adf.len(), 1, "{adf:?}");
        for part in ["<?xml", ">L1</id>", "<requestdate>2026-03-02T16:40:00.000Z</requestdate>", ">ana</name>", "<vendorname>"] {
            assert!(adf[0].body.contains(part), "{part}: {}", adf[0].body);
        }
        let told: Vec<String> = json
            .iter()
            .map(|message| {
                assert_eq!(
                    (message.message_channel, message.state, message.recipient.as_str()),
                    (MessageChannel::Webhook, MessageState::Pending, "https://d1.example/leads")
                );
                let body: Value = serde_json::from_str(&message.body).expect("json");
                format!("{} {}", body["type"].as_str().unwrap_or_default(), body["data"]["name"])
            })
            .collect();
        assert_eq!(told.len(), 3);
        for expected in [r#"lead.dispatched "ana""#, r#"lead.warned "ana""#, "lead.expired null"] {
            assert!(told.iter().any(|held| held == expected), "{told:?}");
        }
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_lead_that_nobody_answers_ends_in_the_pool_where_a_person_assigns_it() {
    for_each_backend(async |mut app| {
        app.open_desk(["d1", "d2", "d3", "d4"].map(|id| dealer(id, json!({}))).to_vec()).await;
        app.at("09:00")
            .send(&person("ana"))
            .await
            .send(&track("car_viewed", "ana", json!({})))
            .await
            .send(&lead("L1", "ana", json!({})))
            .await;
        for time in ["09:30", "10:00", "10:30"] {
            app.at(time).tick().await;
        }
        assert!(app.where_is("L1").await.starts_with("pool "));
        assert_eq!(app.loads().await, ["d1 0", "d2 0", "d3 0"]);
        assert!(refusal(app.work("L1", LeadAct::Accept).await).contains("at no dealer"));
        assert!(
            refusal(app.work("L1", LeadAct::Assign { dealer_id: "d9".into(), owner: String::new(), reason: String::new() }).await)
                .contains("no dealer")
        );
        let assign = LeadAct::Assign { dealer_id: "d1".into(), owner: "seller@d1.example".into(), reason: "knows the person".into() };
        assert_eq!(app.work("L1", assign).await, Verdict::Done);
        assert_eq!((app.where_is("L1").await, app.handling("L1").await.owner), ("dealer d1 dispatched".into(), "seller@d1.example".into()));
        assert_eq!(app.work("L1", LeadAct::Return { reason: "not our model".into() }).await, Verdict::Done);
        assert!(app.where_is("L1").await.starts_with("pool "), "three had it before");
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_low_lead_that_rises_is_promoted_by_the_event_that_raises_it() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        app.at("09:00").send(&lead("L1", "ana", json!({}))).await;
        assert_eq!(app.where_is("L1").await, "nurture  captured");
        // A phone alone is no reason to look; a view is, and adds both.
        app.at("09:10").send(&person("ana")).await.send(&track("car_viewed", "ana", json!({}))).await;
        assert_eq!(app.where_is("L1").await, "dealer d1 dispatched");
        assert_eq!(app.way("L1").await, ["opened", "scored 20", "promoted 55", "dispatched best"]);
        // By a segment.
        let rule = json!({ "if": "did", "event": "brochure", "measure": { "of": "count" }, "is": { "op": "at_least", "number": 2 } });
        let segment = Segment {
            segment_id: "keen".into(),
            name: "Keen".into(),
            description: String::new(),
            tz: "UTC".into(),
            rule: serde_json::from_value(rule).expect("a rule"),
        };
        app.command(Action::SetSegment { segment }).await;
        app.command(Action::FillSegment { number: 1, chunk: 0, is_last: true, rows: "[]".into() }).await;
        assert_eq!(app.command(Action::DecideSegment { number: 1, after: -1, until: i64::MAX }).await, Verdict::Done);
        app.at("10:00").send(&lead("L2", "ben", json!({}))).await.send(&track("brochure", "ben", json!({}))).await;
        assert_eq!(app.where_is("L2").await, "nurture  captured");
        app.at("10:05").send(&track("brochure", "ben", json!({}))).await;
        assert_eq!(app.where_is("L2").await, "dealer d1 dispatched");
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn the_contact_centre_calls_first_where_the_band_says_so() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        for who in ["ana", "ben", "cleo", "dan"] {
            app.at("09:00").send(&person(who)).await.send(&lead(&format!("L-{who}"), who, json!({}))).await;
        }
        assert_eq!(app.where_is("L-ana").await, "verification  captured");
        assert_eq!(app.work("L-ana", LeadAct::Claim).await, Verdict::Done);
        let other = json!({ "actor": "bob@example.com", "action": "work_lead", "lead_id": "L-ana", "act": { "act": "verify", "outcome": "invalid" } });
        let body = other.to_string().into_bytes().into();
        let offset = app.append(vec![forecourt_log::Entry { kind: forecourt_model::RecordKind::Command as u8, body }]).await;
        app.fold_all(10).await;
        let verdict = app.store.verdict(offset).await.expect("read").expect("a verdict");
        assert!(refusal(verdict).contains("ana@example.com has it on the line"));
        let verify = |outcome| LeadAct::Verify { outcome, note: "n".into() };
        assert_eq!(app.work("L-ana", verify(Verified::Qualified)).await, Verdict::Done);
        assert_eq!(app.where_is("L-ana").await, "dealer d1 dispatched");
        assert!(refusal(app.work("L-ana", verify(Verified::Qualified)).await).contains("does not wait"));
        app.at("09:10").work("L-ben", verify(Verified::NoAnswer)).await;
        let ben = app.handling("L-ben").await;
        assert_eq!((ben.queue, ben.body.retry_us.map(iso)), (Queue::Verification, Some("2026-03-02T10:40:00.000Z".into())));
        app.at("10:45").work("L-ben", verify(Verified::NoAnswer)).await;
        assert_eq!(app.where_is("L-ben").await, "nurture  silent");
        app.work("L-cleo", verify(Verified::NotNow)).await;
        app.work("L-dan", verify(Verified::Invalid)).await;
        assert_eq!((app.where_is("L-cleo").await, app.where_is("L-dan").await), ("nurture  lost".into(), "closed  lost".into()));
        // "Not now" comes back and looks at cars: the centre is prompted with what was viewed.
        app.at("2026-03-02T20:00:00Z").send(&track("car_viewed", "cleo", json!({ "model": "B2" }))).await;
        assert_eq!(app.where_is("L-cleo").await, "nurture  lost", "the same day is not back");
        app.at("2026-03-12T20:00:00Z").send(&track("car_viewed", "cleo", json!({ "model": "B2" }))).await;
        assert_eq!(app.where_is("L-cleo").await, "verification  qualified");
        assert_eq!(app.handling("L-cleo").await.body.prompt.expect("a prompt").viewed, ["B2"]);
        app.send(&track("car_viewed", "cleo", json!({ "model": "A1" }))).await;
        assert_eq!(app.handling("L-cleo").await.body.prompt.expect("a prompt").viewed, ["A1", "B2"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_lead_reported_lost_without_a_word_with_the_person_comes_back_to_the_centre() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({ "quality": 90 })), dealer("d2", json!({}))]).await;
        for (id, who) in [("L1", "ana"), ("L2", "ben"), ("L3", "cleo")] {
            app.at("09:00").send(&person(who)).await.send(&track("car_viewed", who, json!({}))).await.send(&lead(id, who, json!({}))).await;
        }
        let lost = |reason: &str| LeadAct::Stage { stage: "lost".into(), reason: reason.into(), note: String::new() };
        assert!(refusal(app.work("L1", lost("")).await).contains("too_expensive"));
        assert_eq!(app.work("L1", lost("too_expensive")).await, Verdict::Done);
        assert_eq!(app.where_is("L1").await, "verification d1 lost", "nobody had called");
        assert_eq!(app.work("L1", LeadAct::Verify { outcome: Verified::Qualified, note: String::new() }).await, Verdict::Done);
        assert_eq!(app.where_is("L1").await, "dealer d2 dispatched", "not the one that dropped it");
        for id in ["L2", "L3"] {
            app.work(id, LeadAct::Contact { by: ContactBy::Call, reached: true, note: String::new() }).await;
        }
        app.work("L2", lost("bought_other_brand")).await;
        app.work("L3", lost("too_expensive")).await;
        assert_eq!(app.where_is("L2").await, "verification d1 lost", "not believed");
        assert_eq!(app.where_is("L3").await, "nurture d1 lost");
        assert_eq!(app.loads().await, ["d1 0", "d2 1"]);
        // The person comes back: to the dealer who knows them, with what was viewed.
        app.at("2026-03-09T10:00:00Z").send(&track("car_viewed", "cleo", json!({ "model": "B2" }))).await;
        assert_eq!(app.where_is("L3").await, "dealer d1 dispatched");
        assert!(app.way("L3").await.contains(&"reappeared viewed".to_owned()));
        assert!(app.handling("L3").await.clock().is_some());
        assert_eq!(app.work("L3", LeadAct::Seen).await, Verdict::Done);
        assert_eq!(app.handling("L3").await.body.prompt, None);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn stages_by_event_by_hand_and_by_a_dealer_s_system_come_to_the_same() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        for (id, who) in [("L1", "ana"), ("L2", "ben"), ("L3", "cleo")] {
            app.at("09:00").send(&person(who)).await.send(&track("car_viewed", who, json!({}))).await.send(&lead(id, who, json!({}))).await;
        }
        let chain = ["accepted", "contacted", "appointment", "test_drive", "offer", "contract", "delivered"];
        let events =
            ["lead_accepted", "lead_contacted", "test_drive_booked", "test_drive_done", "offer_made", "contract_signed", "delivered"];
        for (stage, event) in chain.iter().zip(events) {
            app.now_us += 60_000_000;
            app.send(&track(event, "ana", json!({ "lead_id": "L1" }))).await;
            assert_eq!(
                app.work("L2", LeadAct::Stage { stage: (*stage).into(), reason: String::new(), note: String::new() }).await,
                Verdict::Done
            );
            app.send(&track("status", "cleo", json!({ "lead_id": "L3", "stage": stage }))).await;
            let stands = [app.where_is("L1").await, app.where_is("L2").await, app.where_is("L3").await];
            assert_eq!(stands[0], stands[1], "{stage}");
            assert_eq!(stands[0], stands[2], "{stage}");
            let one = app.handling("L1").await;
            for id in ["L2", "L3"] {
                let other = app.handling(id).await;
                assert_eq!(
                    (one.queue, one.accepted_us, one.contacted_us, one.due_us),
                    (other.queue, other.accepted_us, other.contacted_us, other.due_us),
                    "{stage} {id}"
                );
            }
        }
        assert_eq!((app.where_is("L1").await, app.loads().await), ("closed d1 delivered".into(), vec!["d1 0".to_owned()]));
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_second_lead_of_the_same_person_is_the_first_one_s() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({})), dealer("d2", json!({}))]).await;
        app.at("09:00")
            .send(&person("ana"))
            .await
            .send(&track("car_viewed", "ana", json!({})))
            .await
            .send(&lead("L1", "ana", json!({})))
            .await;
        app.at("10:00").send(&lead("L2", "ana", json!({ "dealer": "d2" }))).await;
        assert_eq!(app.where_is("L2").await, "closed  captured");
        assert_eq!(app.handling("L2").await.body.duplicate_of.as_deref(), Some("L1"));
        assert!(app.handling("L1").await.body.prompt.is_some(), "who has the first is told");
        assert_eq!(app.store.duplicates_of("L1").await.expect("read"), ["L2"]);
        assert!(
            refusal(app.work("L2", LeadAct::Stage { stage: "offer".into(), reason: String::new(), note: String::new() }).await)
                .contains("repeats")
        );
        // Erased with the person, and out of the dealer's load; what others have stays.
        app.send(&person("ben")).await.send(&track("car_viewed", "ben", json!({}))).await.send(&lead("L9", "ben", json!({}))).await;
        let ana = app.profile("ana").await.summary.profile_id;
        assert_eq!(app.command(Action::EraseProfile { profile_id: ana }).await, Verdict::Done);
        assert!(app.store.handling(&Scope::Everything, "L1").await.expect("read").is_none());
        assert!(app.store.lead_moves("L1").await.expect("read").is_empty());
        assert_eq!(app.loads().await.iter().map(|load| load.ends_with(" 1")).filter(|open| *open).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_dealers_and_rules_is_said() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        let wrong = LeadRules { bands: vec![], ..rules() };
        assert!(refusal(app.command(Action::SetLeadRules { rules: Box::new(wrong) }).await).contains("begins at 0"));
        let wrong = dealer("d2", json!({ "hours": { "tz": "Mars/Base" } }));
        assert!(refusal(app.command(Action::SetDealer { dealer: Box::new(wrong) }).await).contains("IANA"));
        app.at("09:00")
            .send(&person("ana"))
            .await
            .send(&track("car_viewed", "ana", json!({})))
            .await
            .send(&lead("L1", "ana", json!({})))
            .await;
        assert!(refusal(app.command(Action::RemoveDealer { dealer_id: "d1".into() }).await).contains("leads in work"));
        assert!(refusal(app.command(Action::RemoveDealer { dealer_id: "d7".into() }).await).contains("no dealer"));
        assert!(refusal(app.work("L7", LeadAct::Accept).await).contains("no such lead"));
        assert!(refusal(app.work("L1", LeadAct::Note { text: " ".into() }).await).contains("write something"));
        assert!(
            refusal(app.work("L1", LeadAct::Stage { stage: "sold".into(), reason: String::new(), note: String::new() }).await)
                .contains("no stage")
        );
        app.replays().await;
    })
    .await;
}
