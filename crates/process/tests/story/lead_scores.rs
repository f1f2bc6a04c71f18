//! Leads scored by what was learned: as they come in, as their people do things, as interest fades, and by another score when one is
//! published.

use std::collections::BTreeMap;

use forecourt_model::{
    command::{Action, Verdict},
    lead::{
        LearnedScore,
        learned::{Capture, Looks, Seen},
    },
    score::{Feature, FeatureKind, Learned, ScoreModel},
    time::DAY_US,
};
use serde_json::{Value, json};

use crate::{
    app::{App, for_each_backend},
    leads::dealer,
};

/// Electric cars are worth more, and what cars were looked at lately is worth most; it fades by half in ten days.
fn score(version: u32) -> LearnedScore {
    let number = |name: &str| Feature { name: name.into(), kind: FeatureKind::Number { median: 0.0, mean: 0.0, sd: 1.0, range: None } };
    let fuel = Feature {
        name: "fuel".into(),
        kind: FeatureKind::Category { levels: vec!["electric".into()], encoded: vec![0.5], otherwise: 0.1 },
    };
    LearnedScore {
        version,
        looks: Looks { events: vec!["car_viewed".into()], half_life_days: 10.0 },
        model: ScoreModel {
            format: ScoreModel::FORMAT,
            features: vec![number("warmth"), fuel],
            learned: Learned::Logistic { intercept: -2.0, weights: vec![vec![2.5, 0.0], vec![1.12, 0.0]] },
            slope: 1.0,
            shift: 0.0,
            target: "won".into(),
            rows: 1_000,
            positives: 100,
        },
        ranks: (1..100).map(|place| f64::from(place) / 20.0 - 2.5).collect(),
    }
}

fn lead(id: &str, person: &str, fuel: &str) -> String {
    let properties = json!({ "lead_id": id, "model": "A1", "region": "North", "fuel": fuel, "phone": "+49" });
    json!({ "type": "track", "event": "lead_created", "userId": person, "properties": properties }).to_string()
}

fn viewed(person: &str) -> String {
    json!({ "type": "track", "event": "car_viewed", "userId": person, "properties": {} }).to_string()
}

async fn publish(app: &mut App, score: Option<LearnedScore>) -> Verdict {
    app.command(Action::PublishScore { score: score.map(Box::new) }).await
}

/// Queue, score and the version of the score.
async fn stands(app: &App, lead_id: &str) -> (String, i64, Option<u32>) {
    let held = app.handling(lead_id).await;
    (held.queue.as_str().to_owned(), held.score, held.body.scored.learned.map(|why| why.version))
}

#[tokio::test]
async fn a_lead_is_scored_by_what_was_learned_promoted_when_it_warms_and_cools_by_itself() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        assert_eq!(publish(&mut app, Some(score(7))).await, Verdict::Done);
        app.at("09:00").send(&viewed("ana")).await.send(&viewed("ana")).await;
        app.at("2026-03-12T09:00:00Z").send(&lead("L1", "ana", "electric")).await.send(&lead("L2", "ben", "diesel")).await;

        // By hand: two views ten days ago, and an electric car.
        let held = app.handling("L1").await;
        let why = held.body.scored.learned.clone().expect("a learned score");
        let warmth = (3.0_f64.ln() * 0.5 * 1_000.0).round() / 1_000.0;
        let log_odds = -2.0 + 2.5 * warmth + 1.12;
        assert!((why.probability - 1.0 / (1.0 + (-log_odds).exp())).abs() < 1e-9, "{why:?}");
        let sum = why.base + why.parts.iter().map(|part| part.part).sum::<f64>() + why.rest;
        assert!((sum - log_odds).abs() < 1e-9 && why.parts[0].feature == "warmth", "{why:?}");
        assert_eq!((held.score, held.band.as_str(), held.queue.as_str()), (59, "hot", "dealer"));
        assert_eq!(held.body.facts.get("fuel"), Some(&json!("electric")));
        assert_eq!((held.body.facts.get("phone"), held.body.facts.get("has_phone")), (None, Some(&json!(true))));
        assert_eq!(stands(&app, "L2").await, ("nurture".into(), 9, Some(7)));

        // It warms, and goes to a dealer with the event that decides it.
        app.at("2026-03-12T10:00:00Z").send(&viewed("ben")).await;
        assert_eq!(stands(&app, "L2").await, ("verification".into(), 44, Some(7)), "one view is warm");
        app.send(&viewed("ben")).await;
        assert_eq!(stands(&app, "L2").await.0, "dealer");

        // Nothing happens, and interest fades: what was warm is cold.
        app.at("2026-03-13T09:00:00Z").send(&viewed("cid")).await.send(&lead("L3", "cid", "diesel")).await;
        assert_eq!(stands(&app, "L3").await, ("verification".into(), 44, Some(7)));
        app.at("2026-03-18T09:00:01Z").tick().await;
        let (_, cooler, _) = stands(&app, "L3").await;
        assert!((30..40).contains(&cooler), "{cooler}");
        app.at("2026-04-20T09:00:00Z").tick().await;
        let held = app.handling("L3").await;
        assert_eq!(
            (held.band.as_str(), held.queue.as_str()),
            ("cold", "verification"),
            "a lead that falls stays in the queue that it is in"
        );
        assert!(held.due_us.is_some_and(|us| app.now_us < us && us <= app.now_us + 14 * DAY_US));
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn another_score_is_published_rolled_back_and_withdrawn_and_waiting_leads_follow() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        app.at("09:00").send(&lead("L1", "ana", "diesel")).await.send(&lead("L2", "ben", "electric")).await;
        assert_eq!(stands(&app, "L1").await, ("nurture".into(), 20, None), "by points");

        let rescore = || Action::RescoreLeads { after: String::new(), until: "L9".into() };
        assert_eq!(publish(&mut app, Some(score(1))).await, Verdict::Done);
        assert_eq!(app.command(rescore()).await, Verdict::Done);
        assert_eq!(
            (stands(&app, "L1").await, stands(&app, "L2").await),
            (("nurture".into(), 9, Some(1)), ("verification".into(), 32, Some(1)))
        );
        // Another one, which expects more of everybody.
        let mut other = score(2);
        other.ranks.iter_mut().for_each(|rank| *rank -= 3.0);
        assert_eq!(publish(&mut app, Some(other)).await, Verdict::Done);
        assert_eq!(stands(&app, "L1").await.2, Some(1), "until it is scored anew");
        assert_eq!(app.command(Action::RescoreLeads { after: "L1".into(), until: "L9".into() }).await, Verdict::Done);
        assert_eq!((stands(&app, "L1").await.2, stands(&app, "L2").await.0), (Some(1), "dealer".into()), "only of that range");
        assert_eq!(publish(&mut app, Some(score(1))).await, Verdict::Done);
        app.send(&viewed("ana")).await;
        assert_eq!(stands(&app, "L1").await, ("verification".into(), 44, Some(1)));
        assert_eq!(publish(&mut app, None).await, Verdict::Done);
        assert_eq!(app.command(rescore()).await, Verdict::Done);
        assert_eq!(stands(&app, "L1").await, ("verification".into(), 40, None), "by points again");

        let mut wrong = score(3);
        wrong.ranks.pop();
        let Verdict::Refused { reason } = publish(&mut app, Some(wrong)).await else { panic!("it was taken") };
        assert!(reason.contains("99"), "{reason}");
        app.replays().await;
    })
    .await;
}

/// The fold makes the same row of a lead as whoever learns from the past.
#[tokio::test]
async fn what_is_learned_from_is_what_is_scored() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        assert_eq!(publish(&mut app, Some(score(1))).await, Verdict::Done);
        app.at("09:00").send(&viewed("ana")).await;
        app.at("11:00").send(&lead("L1", "ana", "electric")).await;
        let held = app.handling("L1").await;
        let properties = json!({ "lead_id": "L1", "model": "A1", "region": "North", "fuel": "electric", "phone": "+49" }).to_string();
        let capture = Capture {
            properties: &properties,
            at_us: held.opened_us,
            model: Some("A1"),
            region: Some("North"),
            channel: None,
            utm_source: None,
            campaign: None,
        };
        assert_eq!(held.body.facts, capture.facts());
        let seen = |name: &str| (name == "car_viewed").then_some(Seen { times: 1, last_us: held.opened_us - 2 * DAY_US / 24 });
        let row: BTreeMap<String, Value> = score(1).looks.row(&capture.facts(), held.opened_us, held.opened_us, seen);
        assert_eq!(held.body.scored.learned, Some(score(1).score(&row).1));
    })
    .await;
}
