//! A month of leads among dealers who answer, who do not, and who drop what they get: at every moment each lead is somewhere, no clock
//! runs while a dealer is closed, none rings twice, and a replay comes to the same.

use std::collections::{BTreeMap, HashMap};

use forecourt_log::Entry;
use forecourt_model::{
    RecordKind, Scope,
    command::{Action, Command},
    hours::of_minutes,
    lead::{ContactBy, LeadAct, LeadMove, Moved, Queue, Verified, scorecard},
    network::Network,
    time::{DAY_US, MINUTE_US},
};
use forecourt_store::handling::HandlingListing;
use serde_json::json;

use crate::{
    app::App,
    leads::{dealer, rules},
};

/// Chance that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

const ZONES: [&str; 5] = ["Europe/Kaliningrad", "Europe/Berlin", "Asia/Yekaterinburg", "Asia/Vladivostok", "Asia/Kamchatka"];
const STEP_US: i64 = 5 * MINUTE_US;

#[tokio::test]
async fn a_month_of_leads_loses_none_and_rings_no_clock_twice() {
    let is_whole = std::env::var_os("FORECOURT_PROVE").is_some();
    let (dealers, leads, days) = if is_whole { (300, 20_000, 30) } else { (24, 1_200, 10) };
    let mut app = App::new(None).await;
    let all: Vec<_> = (0..dealers)
        .map(|n| {
            let day = json!(["09:00-13:00", "14:00-18:00"]);
            let closed = json!([]);
            dealer(
                &format!("d{n:03}"),
                json!({
                    "region": format!("R{}", n % 8), "quality": n * 7 % 100, "weight": 50 + n % 4 * 50, "models": [],
                    "hours": { "tz": ZONES[n % ZONES.len()], "week": [day, day, day, day, day, if n % 3 == 0 { day.clone() } else { closed.clone() }, closed], "holidays": ["2026-03-09"] },
                    "open_leads_max": if n % 5 == 0 { json!(20) } else { json!(null) },
                    "leads_a_day_max": if n % 7 == 0 { json!(6) } else { json!(null) },
                }),
            )
        })
        .collect();
    let network = Network::of(all.clone());
    app.open_desk(all).await;
    let rules = rules();
    let mut dice = Dice(7);
    let steps = days * DAY_US / STEP_US;
    let mut told = 0;
    for step in 0..steps {
        app.now_us += STEP_US;
        let mut entries = Vec::new();
        let command = |actor: &str, lead_id: &str, act: LeadAct| {
            let command =
                Command { actor: actor.to_owned(), action: Action::WorkLead { lead_id: lead_id.to_owned(), dealer_id: None, act } };
            Entry { kind: RecordKind::Command as u8, body: serde_json::to_vec(&command).expect("json").into() }
        };
        while told < leads && told * steps < leads * step {
            let who = format!("p{}", told - told % 9 * i64::from(told % 31 == 0));
            let person = json!({ "type": "identify", "userId": who, "traits": { "phone": format!("+7912{:07}", told) } });
            entries.push(app.event(&format!("i{told}"), &person.to_string()));
            for view in 0..dice.below(3) {
                let viewed = json!({ "type": "track", "event": "car_viewed", "userId": who, "properties": { "model": "A1" } });
                entries.push(app.event(&format!("v{told}-{view}"), &viewed.to_string()));
            }
            let properties = json!({ "lead_id": format!("L{told}"), "model": "A1", "region": format!("R{}", dice.below(8)) });
            let lead = json!({ "type": "track", "event": "lead_created", "userId": who, "properties": properties });
            entries.push(app.event(&format!("l{told}"), &lead.to_string()));
            told += 1;
        }
        // Whoever has leads does something with some of them, by the own nature.
        for _ in 0..dice.below(6) {
            let lead_id = format!("L{}", dice.below(told.max(1) as u64));
            let said = String::new();
            let act = match dice.below(12) {
                0..=3 => LeadAct::Accept,
                4 | 5 => LeadAct::Contact { by: ContactBy::Call, reached: dice.below(2) == 0, note: said },
                6 => LeadAct::Stage { stage: "test_drive".into(), reason: said.clone(), note: said },
                7 => LeadAct::Stage { stage: "lost".into(), reason: "too_expensive".into(), note: said },
                8 => LeadAct::Return { reason: "no car".into() },
                9 => LeadAct::Verify {
                    outcome: [Verified::Qualified, Verified::NoAnswer, Verified::NotNow][dice.below(3) as usize],
                    note: said,
                },
                10 => LeadAct::Assign { dealer_id: format!("d{:03}", dice.below(dealers as u64)), owner: said.clone(), reason: said },
                _ => LeadAct::Stage { stage: "delivered".into(), reason: said.clone(), note: said },
            };
            entries.push(command("seller@example.com", &lead_id, act));
        }
        if dice.below(4) == 0 {
            let viewed = json!({ "type": "track", "event": "car_viewed", "userId": format!("p{}", dice.below(told.max(1) as u64)), "properties": { "model": "B2" } });
            entries.push(app.event(&format!("b{step}"), &viewed.to_string()));
        }
        entries.push(Entry { kind: RecordKind::Tick as u8, body: Default::default() });
        app.append(entries).await;
        if step % 40 == 39 {
            app.fold_and_restart(97, 3).await;
            app.fold_all(500).await;
            nothing_is_lost(&app, &network).await;
        }
    }
    app.fold_all(10_000).await;
    let held = nothing_is_lost(&app, &network).await;
    assert!(leads as usize * 9 / 10 <= held, "{held} of {leads}");
    clocks_rang_once(&app, &network, rules.sla[0].accept_min.expect("minutes"), rules.sla[0].contact_min.expect("minutes")).await;
    app.replays().await;
}

/// Each lead is in a queue, one at a dealer is at a known one, and what dealers are said to have is what they have. Returns how many there are.
async fn nothing_is_lost(app: &App, network: &Network) -> usize {
    let all =
        app.store.list_handlings(&Scope::Everything, &HandlingListing { limit: 1_000_000, ..Default::default() }).await.expect("read");
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    for held in &all {
        let handling = &held.handling;
        if handling.queue == Queue::Dealer {
            assert!(network.get(&handling.dealer_id).is_some(), "{handling:?}");
            *open.entry(handling.dealer_id.clone()).or_default() += 1;
            // One that nobody answered has a clock that will ring, one that was answered a time after which silence counts.
            assert!(handling.due_us.is_some() || held.stage == "contract", "{handling:?}");
        } else {
            assert_eq!(handling.due_us, None, "{handling:?}");
        }
    }
    for (dealer_id, load) in app.store.dealer_loads().await.expect("read") {
        assert_eq!(load.open, open.remove(&dealer_id).unwrap_or(0), "{dealer_id}");
    }
    assert!(open.is_empty(), "{open:?}");
    all.len()
}

async fn clocks_rang_once(app: &App, network: &Network, accept_min: u32, contact_min: u32) {
    let moves = app.store.lead_moves_between(&Scope::Everything, 0, i64::MAX).await.expect("read");
    let mut by_lead: HashMap<String, Vec<LeadMove>> = HashMap::new();
    for held in moves {
        by_lead.entry(held.lead_id.clone()).or_default().push(held);
    }
    let (mut expired, mut warned, mut stays) = (0, 0, 0);
    for moves in by_lead.values() {
        assert!(moves.iter().enumerate().all(|(at, held)| held.number as usize == at), "no move is missing: {moves:?}");
        for stay in scorecard::stays(0, moves) {
            stays += 1;
            let calendar = &network.get(&stay.dealer_id).expect("known").calendar;
            let during =
                moves.iter().filter(|held| stay.from_us < held.at_us && stay.until_us.is_none_or(|until_us| held.at_us <= until_us));
            let rang: Vec<&LeadMove> = during.filter(|held| matches!(held.act, Moved::Expired | Moved::Warned)).collect();
            let ended: Vec<&&LeadMove> = rang.iter().filter(|held| held.act == Moved::Expired).collect();
            assert!(ended.len() <= 1 && rang.len() - ended.len() <= 2, "{moves:?}");
            warned += rang.len() - ended.len();
            let Some(end) = ended.first() else { continue };
            expired += 1;
            let minutes = if end.reason == "not_accepted" { accept_min } else { contact_min };
            let open_us = calendar.open_us(stay.from_us, end.at_us);
            assert!(of_minutes(minutes) <= open_us, "{} {open_us}: {end:?}", stay.dealer_id);
            assert!(calendar.open_us(stay.from_us, end.at_us - STEP_US) <= of_minutes(minutes), "{} was late: {end:?}", stay.dealer_id);
        }
    }
    assert!(50 < expired && 50 < warned && 300 < stays, "{expired} {warned} {stays}");
}
