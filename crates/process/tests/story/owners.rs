//! Owners of vehicles are asked in time: about service, a trade-in, a replacement.

use forecourt_model::{
    ProfileId, Scope,
    command::{Action, Verdict},
    lead::{ContactBy, LeadAct, Queue},
    owner::OwnerRules,
};
use forecourt_store::handling::HandlingListing;
use serde_json::{Value, json};

use crate::{
    app::{App, for_each_backend},
    leads::{dealer, person, refusal, rules, track},
};

fn owner_rules(more: Value) -> OwnerRules {
    let mut rules = json!({
        "is_on": true,
        "rules": [
            { "rule": "finance", "interest": "replacement", "when": { "of": "before", "date": "finance", "days": 90 }, "open_days": 60 },
            { "rule": "service", "interest": "service", "when": { "of": "unserviced", "months": 12 }, "open_days": 60, "purpose": "service" },
            { "rule": "looks", "interest": "trade_in", "when": { "of": "owned", "months": 3 }, "open_days": 3000,
              "did": { "events": ["car_viewed"], "within_days": 7 } },
        ],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        rules[name] = value.clone();
    }
    serde_json::from_value(rules).unwrap_or_else(|error| panic!("{error}"))
}

impl App {
    async fn own(&mut self, more: Value) {
        assert_eq!(self.command(Action::SetOwnerRules { rules: Box::new(owner_rules(more)) }).await, Verdict::Done);
    }

    /// The lead desk for owners, all of whose leads go to dealers.
    async fn open_owners(&mut self, more: Value) {
        self.open_desk(vec![dealer("north", json!({})), dealer("south", json!({ "region": "South" }))]).await;
        let mut rules = rules();
        rules.base_points = 60;
        assert_eq!(self.command(Action::SetLeadRules { rules: Box::new(rules) }).await, Verdict::Done);
        self.own(more).await;
    }

    async fn delivered(&mut self, who: &str, vin: &str, more: Value) {
        let mut properties = json!({ "vin": vin, "model": "A1", "dealer": "south", "region": "South" });
        for (name, value) in more.as_object().into_iter().flatten() {
            properties[name] = value.clone();
        }
        self.send(&person(who)).await.send(&track("vehicle_delivered", who, properties)).await;
    }

    /// Leads at work, each with its queue, dealer, channel and campaign.
    async fn all_leads(&self) -> Vec<String> {
        let listing = HandlingListing { limit: 100, ..Default::default() };
        let held = self.store.list_handlings(&Scope::Everything, &listing).await.expect("read");
        let told = held.iter().map(|held| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let rule = held.handling.lead_id.split('-').nth(2).unwrap_or_default();
            format!("{rule} {} {} {} {}", held.handling.queue.as_str(), held.handling.dealer_id, text(&held.channel), text(&held.campaign))
        });
        let mut told: Vec<String> = told.collect();
        told.sort();
        told
    }

    async fn owners(&self, vin: &str) -> Vec<(ProfileId, bool)> {
        let held = self.store.vehicle(vin).await.expect("read").expect("a vehicle");
        let all = held.vehicle.ownerships(|id| held.profiles.get(&id.0).copied());
        all.iter().map(|held| (held.profile_id, held.until_us.is_none())).collect()
    }
}

#[tokio::test]
async fn a_lead_is_opened_in_time_for_the_dealer_that_the_owner_knows() {
    for_each_backend(async |mut app| {
        app.open_owners(json!({})).await;
        app.at("09:00").delivered("ana", "V1", json!({ "finance_end": "2026-09-01" })).await;
        assert!(app.all_leads().await.is_empty());
        // Three months before the first of September: in the working hours of the third of June.
        app.at("2026-06-02T12:00:00Z").tick().await;
        assert!(app.all_leads().await.is_empty());
        app.at("2026-06-03T12:00:00Z").tick().await;
        assert_eq!(app.all_leads().await, ["finance dealer south owner finance"]);
        let handling = app.handling("own-V1-finance-20697").await;
        let wishes: Vec<_> = handling.body.asked.vehicles.iter().map(|held| (held.interest.as_str(), held.vin.as_deref())).collect();
        assert_eq!((wishes, handling.body.asked.has_trade_in), (vec![("buy", Some("V1")), ("trade_in", Some("V1"))], true));
        let derived = app.folded.iter().flat_map(|folded| folded.block.derived.clone()).filter(|held| held.name == "lead_created").count();
        assert_eq!(derived, 1);
        // One beginning opens one lead; a year without service the next, for nobody works on the first any more.
        app.tick().await;
        assert_eq!(app.all_leads().await.len(), 1);
        app.work("own-V1-finance-20697", LeadAct::Stage { stage: "delivered".into(), reason: String::new(), note: String::new() }).await;
        app.at("2027-03-03T12:00:00Z").tick().await;
        assert_eq!(app.all_leads().await, ["finance closed south owner finance", "service dealer south owner service"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn service_was_done_somebody_said_no_the_car_was_sold_and_the_day_has_enough() {
    for_each_backend(async |mut app| {
        app.open_owners(json!({ "leads_a_day_max": 1 })).await;
        app.at("09:00");
        for (who, vin) in [("ana", "V1"), ("ben", "V2"), ("cleo", "V3"), ("dan", "V4"), ("eve", "V5")] {
            app.delivered(who, vin, json!({})).await;
        }
        // Ana's service names no vehicle: she has only one. Ben said no. Cleo sold hers to Dan, who has two now.
        app.at("2026-12-01T10:00:00Z").send(&track("service_visit", "ana", json!({}))).await;
        app.send(&json!({ "type": "identify", "userId": "ben", "traits": { "consent_service": false } }).to_string()).await;
        app.delivered("dan", "V3", json!({})).await;
        assert_eq!(app.owners("V3").await.iter().map(|held| held.1).collect::<Vec<_>>(), [false, true]);
        app.at("2027-03-03T10:00:00Z").tick().await;
        assert_eq!(app.all_leads().await, ["service dealer south owner service"], "one a day");
        app.at("2027-03-03T23:00:00Z").tick().await;
        assert_eq!(app.all_leads().await.len(), 1);
        app.at("2027-03-04T10:00:00Z").tick().await;
        assert_eq!(app.all_leads().await.len(), 2);
        app.at("2027-03-20T10:00:00Z").tick().await;
        let listing = HandlingListing { limit: 9, ..Default::default() };
        let held = app.store.list_handlings(&Scope::Everything, &listing).await.expect("read");
        let mut vins: Vec<String> = held.iter().map(|held| held.handling.lead_id[4..6].to_owned()).collect();
        vins.sort();
        assert_eq!(vins, ["V4", "V5"], "of Dan's two the one that he had for a year");
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn an_owner_who_looks_at_cars_is_asked_at_once_and_one_with_a_lead_at_work_is_left_alone() {
    for_each_backend(async |mut app| {
        app.open_owners(json!({})).await;
        app.at("09:00").delivered("ana", "V1", json!({ "finance_end": "2026-09-01" })).await;
        app.at("2026-05-01T10:00:00Z").send(&track("car_viewed", "ana", json!({ "model": "B2" }))).await;
        assert!(app.all_leads().await.is_empty(), "too early");
        app.at("2026-06-02T10:00:00Z").send(&track("car_viewed", "ana", json!({ "model": "B2" }))).await;
        assert_eq!(app.all_leads().await, ["looks dealer south owner looks"]);
        let handling = app.handling("own-V1-looks-20514").await;
        assert_eq!((handling.queue, handling.body.asked.vehicles[0].interest.as_str()), (Queue::Dealer, "trade_in"));
        let called = LeadAct::Contact { by: ContactBy::Call, reached: true, note: String::new() };
        app.work("own-V1-looks-20514", called).await;
        // The end of her contract comes near while somebody works on that; a week after it is done with, she is asked.
        app.at("2026-06-05T10:00:00Z").tick().await;
        app.at("2026-06-13T10:00:00Z").tick().await;
        assert_eq!(app.all_leads().await.len(), 1);
        app.work("own-V1-looks-20514", LeadAct::Stage { stage: "delivered".into(), reason: String::new(), note: String::new() }).await;
        app.at("2026-06-22T10:00:00Z").tick().await;
        assert_eq!(app.all_leads().await, ["finance dealer south owner finance", "looks closed south owner looks"]);
        // Switched off, nothing waits for rules any more; on again, all are looked at.
        app.own(json!({ "is_on": false })).await;
        assert_eq!(app.store.next_pressing(i64::MAX).await.expect("read"), None);
        app.own(json!({})).await;
        assert_eq!(app.store.next_pressing(app.now_us).await.expect("read"), Some(app.now_us));
        app.tick().await;
        assert_eq!(app.store.next_pressing(app.now_us).await.expect("read"), None);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn who_owns_what_follows_merges_and_erasures_and_households_are_told() {
    for_each_backend(async |mut app| {
        app.open_owners(json!({})).await;
        app.at("09:00").delivered("ana", "V1", json!({})).await;
        let by_phone = |phone: &str, event: &str| {
            json!({ "type": "track", "event": event, "anonymousId": "dms-7", "context": { "traits": { "phone": phone } }, "properties": { "vin": "V1" } }).to_string()
        };
        // The dealer's system knows the buyer by phone only: another profile, until one event names both.
        app.at("09:10").send(&by_phone("+49301112233", "vehicle_registered")).await;
        assert_eq!(app.owners("V1").await.iter().map(|held| held.1).collect::<Vec<_>>(), [false, true]);
        app.send(&json!({ "type": "identify", "userId": "ana", "traits": { "phone": "+49301112233" } }).to_string()).await;
        let owners = app.owners("V1").await;
        assert_eq!(owners.len(), 1, "{owners:?}");
        assert!(owners[0].1);
        for who in ["ana", "ben"] {
            app.send(&json!({ "type": "identify", "userId": who, "traits": { "household_id": "H1" } }).to_string()).await;
        }
        let (ana, ben) = (app.profile("ana").await, app.profile("ben").await);
        let mut both = [ana.summary.profile_id, ben.summary.profile_id];
        both.sort_unstable();
        let held = app.store.households_of(both[0]).await.expect("read");
        assert_eq!(held, [("H1".to_owned(), both.to_vec())]);
        assert_ne!(both[0], both[1], "a household is no merge");
        let vehicles = app.store.vehicles_of(ana.summary.profile_id).await.expect("read");
        assert_eq!(vehicles.iter().map(|held| held.vehicle.vin.as_str()).collect::<Vec<_>>(), ["V1"]);
        // Erased: nothing says who owned it, nor that she was of the household.
        assert_eq!(app.command(Action::EraseProfile { profile_id: ana.summary.profile_id }).await, Verdict::Done);
        assert!(app.store.vehicle("V1").await.expect("read").is_none());
        let held = app.store.households_of(ben.summary.profile_id).await.expect("read");
        assert_eq!(held, [("H1".to_owned(), vec![ben.summary.profile_id])]);
        assert!(refusal(app.command(Action::SetOwnerRules { rules: Box::new(bad()) }).await).contains("two rules"));
        app.replays().await;
    })
    .await;
}

fn bad() -> OwnerRules {
    let mut rules = owner_rules(json!({}));
    rules.rules.push(rules.rules[0].clone());
    rules
}
