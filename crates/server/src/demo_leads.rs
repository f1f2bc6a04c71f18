//! The demonstration's dealer network, and three days of leads at work: told before its history, so that clocks have run, some answers
//! came late, and somebody has come back.

use bytes::Bytes;
use forecourt_demo::{Group, group};
use forecourt_log::{Entry, Log};
use forecourt_model::{
    Origin, RecordKind, Stamp,
    command::{Action, Command},
    hours::OpeningHours,
    lead::{ContactBy, LeadAct, LeadRules, Verified},
    network::{Dealer, Salesperson},
    owner::OwnerRules,
    time::{DAY_US, HOUR_US, MINUTE_US, iso},
};
use serde_json::{Value, json};

const SPAN_US: i64 = 3 * DAY_US;
const STEP_US: i64 = 5 * MINUTE_US;
const LEADS: usize = 240;
const OWNERS: usize = 60;

const FIRST: [&str; 12] = ["Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Иван", "Кира", "Лев", "Мария", "Олег"];
const LAST: [&str; 10] = ["Волк", "Гранд", "Дорош", "Кравец", "Левченко", "Мороз", "Норд", "Павлюк", "Сокол", "Ткач"];
const WORDS: [&str; 6] = [
    "Хочу тест-драйв в выходные",
    "Какая цена с учётом трейд-ина?",
    "Есть ли в наличии белый?",
    "Перезвоните, пожалуйста, после шести",
    "Интересует лизинг на компанию",
    "Сравниваю с другой маркой",
];

/// Chance that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn minutes(&mut self, from: i64, until: i64) -> i64 {
        (from + self.below((until - from) as usize) as i64) * MINUTE_US
    }
}

/// Tells all of it, up to `now_us`.
pub async fn show(log: &Log, seed: u64, now_us: i64) -> anyhow::Result<()> {
    let group = group(seed);
    let begin_us = now_us - SPAN_US;
    let mut told: Vec<(i64, Entry)> = Vec::new();
    for dealer in dealers(&group) {
        told.push((begin_us, command("demo", Action::SetDealer { dealer: Box::new(dealer) })?));
    }
    told.push((begin_us, command("demo", Action::SetLeadRules { rules: Box::new(rules()) })?));
    let mut dice = Dice(seed);
    told.push((begin_us, command("demo", Action::SetOwnerRules { rules: Box::new(owner_rules()?) })?));
    for number in 0..OWNERS {
        owner(&group, number, begin_us, &mut dice, &mut told);
    }
    for number in 0..LEADS {
        // Some just now, the others by day: the regions are two to eight hours ahead.
        let mut at_us = if number % 10 == 0 { now_us - dice.minutes(1, 45) } else { begin_us + dice.minutes(10, 3 * 24 * 60 - 60) };
        let is_by_day = |us: i64| (5..13).contains(&(us / HOUR_US).rem_euclid(24));
        for _ in 0..5 {
            if number % 10 != 0 && !is_by_day(at_us) {
                at_us = begin_us + dice.minutes(10, 3 * 24 * 60 - 60);
            }
        }
        one_lead(&group, number, at_us, now_us, &mut dice, &mut told)?;
    }
    for step in 1..SPAN_US / STEP_US {
        told.push((begin_us + step * STEP_US, Entry { kind: RecordKind::Tick as u8, body: Bytes::new() }));
    }
    told.sort_by_key(|(at_us, _)| *at_us);
    let mut rest = told.into_iter().peekable();
    while let Some((at_us, first)) = rest.next() {
        let mut entries = vec![first];
        while let Some((_, entry)) = rest.next_if(|(next_us, _)| *next_us < at_us + STEP_US / 2 && entries.len() < 500) {
            entries.push(entry);
        }
        log.append(at_us, entries).await?;
    }
    Ok(())
}

/// Somebody who bought a car some time ago, told as a dealer's system tells it.
fn owner(group: &Group, number: usize, at_us: i64, dice: &mut Dice, told: &mut Vec<(i64, Entry)>) {
    let person = format!("owner-{number}");
    let mut traits = json!({
        "name": format!("{} {}", FIRST[dice.below(FIRST.len())], LAST[dice.below(LAST.len())]),
        "phone": format!("+7900000{:04}", 3_000 + number),
    });
    if number % 6 < 2 {
        traits["household_id"] = json!(format!("home-{}", number / 6));
    }
    told.push((at_us, event(&format!("{person}-i"), at_us, json!({ "type": "identify", "userId": person, "traits": traits }))));
    let dealer = &group.dealers[dice.below(group.dealers.len())];
    let months = 8 + dice.below(30) as i64;
    let bought_us = at_us - months * 30 * DAY_US - dice.minutes(0, 20 * 24 * 60);
    let mut properties = json!({
        "vin": format!("XAUDEMO{number:010}"), "model": group.models[dice.below(group.models.len())].name, "dealer": dealer.name,
        "region": group.regions[dealer.region].name, "mileage_km": months * (900 + dice.below(900) as i64),
        "warranty_end": iso(bought_us + 1_095 * DAY_US),
    });
    if dice.below(2) == 0 {
        properties["finance_end"] = json!(iso(bought_us + 1_095 * DAY_US));
    }
    let delivered = json!({ "type": "track", "event": "vehicle_delivered", "userId": person, "properties": properties });
    told.push((at_us, event_of(&format!("{person}-d"), at_us, bought_us, delivered)));
}

fn owner_rules() -> anyhow::Result<OwnerRules> {
    Ok(serde_json::from_value(json!({
        "is_on": true,
        "leads_a_day_max": 8,
        "rules": [
            { "rule": "finance-end", "interest": "replacement", "when": { "of": "before", "date": "finance", "days": 120 }, "open_days": 90 },
            { "rule": "service", "interest": "service", "when": { "of": "unserviced", "months": 11 }, "open_days": 120 },
            { "rule": "looks-again", "interest": "trade_in", "when": { "of": "owned", "months": 24 }, "open_days": 3650,
              "did": { "events": ["car_viewed"], "within_days": 7 } },
        ],
    }))?)
}

fn one_lead(group: &Group, number: usize, at_us: i64, now_us: i64, dice: &mut Dice, told: &mut Vec<(i64, Entry)>) -> anyhow::Result<()> {
    let person = format!("desk-{number}");
    let name = format!("{} {}", FIRST[dice.below(FIRST.len())], LAST[dice.below(LAST.len())]);
    let model = group.models[dice.below(group.models.len())].name;
    let region = group.regions[dice.below(group.regions.len())].name;
    let lead_id = format!("W-{:05}", 10_000 + number);
    let viewed = |model: &str| json!({ "type": "track", "event": "car_viewed", "userId": person, "properties": { "model": model } });
    for view in 0..dice.below(4) {
        let before_us = at_us - dice.minutes(2, 60);
        told.push((before_us, event(&format!("{person}-v{view}"), before_us, viewed(model))));
    }
    // Numbers that no network gives out to people.
    let phone = format!("+7900000{:04}", 1_000 + number);
    let known = json!({ "type": "identify", "userId": person, "traits": { "name": name, "phone": phone } });
    told.push((at_us, event(&format!("{person}-i"), at_us, known)));
    let channel = group.channels[dice.below(group.channels.len())];
    let vehicles = json!([{ "model": model, "interest": if dice.below(3) == 0 { "test_drive" } else { "buy" } }]);
    let mut properties = json!({ "lead_id": lead_id, "model": model, "region": region, "channel": channel, "vehicles": vehicles });
    if dice.below(2) == 0 {
        properties["comments"] = json!(WORDS[dice.below(WORDS.len())]);
    }
    properties["trade_in"] = json!(dice.below(4) == 0);
    let lead = json!({ "type": "track", "event": "lead_created", "userId": person, "properties": properties });
    told.push((at_us, event(&format!("{person}-l"), at_us, lead)));

    // What people do with it; what does not fit where the lead is then is refused, and changes nothing.
    let seller = ["anna.k", "oleg.m", "vera.s", "ivan.t"][dice.below(4)];
    let mut act = |after_us: i64, actor: &str, act: LeadAct| -> anyhow::Result<()> {
        let act_us = at_us + after_us;
        if act_us < now_us {
            let action = Action::WorkLead { lead_id: lead_id.clone(), dealer_id: None, act };
            told.push((act_us, command(&format!("{actor}@aurelia.example"), action)?));
        }
        Ok(())
    };
    let said = String::new;
    let outcome = [Verified::Qualified, Verified::Qualified, Verified::Qualified, Verified::NoAnswer, Verified::NotNow][dice.below(5)];
    let verified_us = dice.minutes(4, 35);
    if dice.below(6) != 0 {
        act(verified_us, "centre", LeadAct::Verify { outcome, note: said() })?;
    }
    if dice.below(10) < 8 {
        let accepted_us = verified_us + dice.minutes(1, 30);
        act(accepted_us, seller, LeadAct::Accept)?;
        if dice.below(10) < 8 {
            let contacted_us = accepted_us + dice.minutes(2, 90);
            act(contacted_us, seller, LeadAct::Contact { by: ContactBy::Call, reached: dice.below(4) != 0, note: said() })?;
            let mut later_us = contacted_us + dice.minutes(60, 20 * 60);
            for stage in ["test_drive", "offer", "contract"] {
                if dice.below(5) < 2 {
                    break;
                }
                act(later_us, seller, LeadAct::Stage { stage: stage.to_owned(), reason: said(), note: said() })?;
                later_us += dice.minutes(90, 15 * 60);
            }
        }
    }
    if dice.below(7) == 0 {
        let reason = ["too_expensive", "bought_other_brand", "not_now"][dice.below(3)].to_owned();
        act(dice.minutes(60, 20 * 60), seller, LeadAct::Stage { stage: "lost".to_owned(), reason, note: said() })?;
    }
    if dice.below(5) == 0 {
        let back_us = now_us - dice.minutes(1, 120);
        if at_us + 26 * HOUR_US < back_us {
            let other = group.models[dice.below(group.models.len())].name;
            told.push((back_us, event(&format!("{person}-b"), back_us, viewed(other))));
        }
    }
    Ok(())
}

fn dealers(group: &Group) -> Vec<Dealer> {
    let mut dice = Dice(1);
    let dealer = |(number, dealer): (usize, &forecourt_demo::Dealer)| {
        let region = &group.regions[dealer.region];
        let day = vec!["09:00-20:00".to_owned()];
        let mut week = vec![day; 6];
        week.push(if number % 2 == 0 { vec!["10:00-18:00".to_owned()] } else { Vec::new() });
        Dealer {
            dealer_id: dealer.name.clone(),
            name: dealer.name.clone(),
            region: region.name.to_owned(),
            group: format!("Group {}", char::from(b'A' + (number % 6) as u8)),
            brands: Vec::new(),
            models: group.models.iter().map(|model| model.name.to_owned()).filter(|_| dice.below(6) != 0).collect(),
            postcodes: Vec::new(),
            place: None,
            languages: Vec::new(),
            // West of Greenwich of this name is east of it.
            hours: OpeningHours { tz: format!("Etc/GMT-{}", region.utc_offset_hours), week, holidays: Vec::new() },
            open_leads_max: Some(12 + (number % 3) as u32 * 6),
            leads_a_day_max: None,
            weight: 60 + (number % 5) as u32 * 20,
            quality: (dealer.skill * 60.0).clamp(10.0, 95.0) as u32,
            takes_leads: number % 17 != 16,
            stock: group.models.iter().map(|model| (model.name.to_owned(), dice.below(7) as u32)).collect(),
            people: ["Анна К.", "Олег М."]
                .iter()
                .zip(["anna.k", "oleg.m"])
                .map(|(name, mail)| Salesperson { email: format!("{mail}@aurelia.example"), name: (*name).to_owned(), is_away: false })
                .collect(),
            manager_email: format!("manager{number}@aurelia.example"),
            webhook: None,
            webhook_format: Default::default(),
        }
    };
    group.dealers.iter().enumerate().map(dealer).collect()
}

fn rules() -> LeadRules {
    let mut rules = LeadRules { is_on: true, ..LeadRules::default() };
    rules.verification.script = "Здравствуйте! Вы оставили заявку на {model}. Удобно ли сейчас две минуты? Уточните город, срок покупки, \
                                 нынешний автомобиль и удобное время для тест-драйва."
        .to_owned();
    rules
}

fn event(message_id: &str, at_us: i64, item: Value) -> Entry {
    event_of(message_id, at_us, at_us, item)
}

/// * `at_us`: when it is told.
/// * `then_us`: when it happened.
fn event_of(message_id: &str, at_us: i64, then_us: i64, mut item: Value) -> Entry {
    item["timestamp"] = json!(iso(then_us));
    let stamp = Stamp {
        origin: Origin::Live,
        received_us: at_us,
        sent_us: None,
        source: "site".into(),
        message_id: format!("demo:{message_id}").into(),
        ip: "".into(),
    };
    Entry { kind: RecordKind::Event as u8, body: stamp.encode(item.to_string().as_bytes()).into() }
}

fn command(actor: &str, action: Action) -> anyhow::Result<Entry> {
    let command = Command { actor: actor.to_owned(), action };
    Ok(Entry { kind: RecordKind::Command as u8, body: Bytes::from(serde_json::to_vec(&command)?) })
}
