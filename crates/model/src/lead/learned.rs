//! A lead's score as it was learned: what it looks at, and how a probability becomes a place among the leads.
//!
//! The lake, where models are trained, and the fold, where leads are scored, make a lead's features by the same functions, of what was
//! known at one moment: what the lead's first event said, and which events of its person there had been by then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Asked;
use crate::{
    entity::stage_of,
    score::{Explanation, ScoreModel},
    time::{DAY_US, HOUR_US},
};

/// Events that a score counts.
pub const EVENTS_MAX: usize = 16;
/// Parts of an explanation that are kept with a lead; the others are summed up.
const PARTS_MAX: usize = 12;
const PROPERTIES_MAX: usize = 60;
const TEXT_CHARS_MAX: usize = 100;
/// What a lead's event says that names somebody, or is known later only.
const NEVER: [&str; 24] = [
    "lead_id",
    "order_id",
    "call_id",
    "stage",
    "status",
    "reason",
    "value",
    "revenue",
    "email",
    "phone",
    "name",
    "first_name",
    "last_name",
    "firstname",
    "lastname",
    "address",
    "comments",
    "comment",
    "vin",
    "dealer",
    "postcode",
    "postal_code",
    "birthday",
    "message",
];

/// Ages at which leads of the past are looked at beside their first moment, in days: a score is asked later too.
const AGES_DAYS: [i64; 5] = [1, 3, 7, 14, 30];

/// When a lead of the past is looked at to learn from it: as it came in, and once later, at an age that its id decides.
pub fn looked_at_us(lead_id: &str, created_us: i64) -> [i64; 2] {
    let dice = lead_id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let age = AGES_DAYS[(dice >> 32) as usize % AGES_DAYS.len()];
    [created_us, created_us + age * DAY_US]
}

/// What a lead's first event says of it, and how its person came.
#[derive(Debug, Clone, Copy)]
pub struct Capture<'a> {
    /// A JSON object.
    pub properties: &'a str,
    pub at_us: i64,
    pub model: Option<&'a str>,
    pub region: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub utm_source: Option<&'a str>,
    pub campaign: Option<&'a str>,
}

/// How often a person had done something by a moment, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub times: u64,
    pub last_us: i64,
}

impl Seen {
    pub fn unite(self, other: Self) -> Self {
        Self { times: self.times + other.times, last_us: self.last_us.max(other.last_us) }
    }
}

fn short(text: &str) -> String {
    text.trim().chars().take(TEXT_CHARS_MAX).collect()
}

impl Capture<'_> {
    /// What is known of the lead for ever: kept with it, so that it need not be looked up.
    pub fn facts(&self) -> BTreeMap<String, Value> {
        let told: Value = serde_json::from_str(self.properties).unwrap_or_default();
        let mut facts: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in told.as_object().into_iter().flatten() {
            let kept = match value {
                Value::String(text) if !text.trim().is_empty() => json!(short(text)),
                Value::Number(_) | Value::Bool(_) => value.clone(),
                _ => continue,
            };
            let is_kept = !NEVER.contains(&name.to_lowercase().as_str()) && name.chars().count() <= TEXT_CHARS_MAX;
            if is_kept && facts.len() < PROPERTIES_MAX {
                facts.insert(name.clone(), kept);
            }
        }
        let asked = Asked::read(self.properties, self.model, None);
        let is_there =
            |names: &[&str]| names.iter().any(|name| told.get(*name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty()));
        facts.insert("has_trade_in".to_owned(), json!(asked.has_trade_in));
        facts.insert("has_comments".to_owned(), json!(asked.comments.is_some()));
        facts.insert("has_preferred_dealer".to_owned(), json!(!asked.preferred.is_empty()));
        facts.insert("has_phone".to_owned(), json!(is_there(&["phone"])));
        facts.insert("has_email".to_owned(), json!(is_there(&["email"])));
        let come_by = [
            ("model", self.model),
            ("region", self.region),
            ("channel", self.channel),
            ("utm_source", self.utm_source),
            ("campaign", self.campaign),
        ];
        for (name, value) in come_by {
            match value {
                Some(value) => facts.insert(name.to_owned(), json!(short(value))),
                None => facts.remove(name),
            };
        }
        facts.insert("hour".to_owned(), json!(self.at_us.rem_euclid(DAY_US) / HOUR_US));
        // 1970 began on a Thursday.
        facts.insert("weekday".to_owned(), json!((self.at_us.div_euclid(DAY_US) + 3).rem_euclid(7)));
        facts
    }
}

/// Whether an event tells of leads or orders, rather than of what a person does: where a lead stands is what is to be foretold.
pub fn is_about_leads(event: &str) -> bool {
    stage_of(event).is_some() || event.to_lowercase().starts_with("order") || event.to_lowercase().starts_with("lead")
}

/// What a score looks at, beside the facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// Names of events.
    pub events: Vec<String>,
    /// Interest is worth half after so long.
    pub half_life_days: f64,
}

impl Looks {
    /// A lead's features at a moment.
    ///
    /// * `facts`: see [`Capture::facts`].
    /// * `seen`: what its person had done by then.
    pub fn row(
        &self,
        facts: &BTreeMap<String, Value>,
        captured_us: i64,
        at_us: i64,
        seen: impl Fn(&str) -> Option<Seen>,
    ) -> BTreeMap<String, Value> {
        let days = |us: i64| us.max(0) as f64 / DAY_US as f64;
        let mut row = facts.clone();
        let (mut warmth, mut times, mut latest_us) = (0.0, 0, None);
        for event in &self.events {
            let seen = seen(event);
            row.insert(format!("times:{event}"), json!(seen.map_or(0, |seen| seen.times)));
            let Some(seen) = seen else { continue };
            let age = days(at_us - seen.last_us);
            row.insert(format!("days_since:{event}"), json!(thousandths(age)));
            warmth += (1.0 + seen.times as f64).ln() * self.faded(age);
            times += seen.times;
            latest_us = latest_us.max(Some(seen.last_us));
        }
        row.insert("warmth".to_owned(), json!(thousandths(warmth)));
        row.insert("age_days".to_owned(), json!(thousandths(days(at_us - captured_us))));
        // Of one event the sums say the same again.
        if self.events.len() < 2 {
            return row;
        }
        row.insert("times".to_owned(), json!(times));
        if let Some(latest_us) = latest_us {
            row.insert("days_since".to_owned(), json!(thousandths(days(at_us - latest_us))));
        }
        row
    }

    /// What is left of an interest after so many days.
    pub fn faded(&self, days: f64) -> f64 {
        0.5_f64.powf(days / self.half_life_days)
    }
}

/// So that a feature reads the same from JSON, on whatever machine.
fn thousandths(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// A score that was learned, as it was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedScore {
    /// From 1, by the order in which they were made.
    pub version: u32,
    pub looks: Looks,
    pub model: ScoreModel,
    /// Log-odds that 1, 2, …, 99 of a hundred leads are not above, before any correction of how many win: what makes a probability a place
    /// among leads, 0 to 100.
    pub ranks: Vec<f64>,
}

/// What one feature adds to a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedPart {
    pub feature: String,
    pub value: String,
    /// Log-odds.
    pub part: f64,
}

/// Why a lead has its learned score: base, parts and the rest add up to the log-odds of the probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    pub version: u32,
    /// That the lead is won.
    pub probability: f64,
    /// Of a lead of which nothing is known, in log-odds.
    pub base: f64,
    /// The largest first.
    pub parts: Vec<LearnedPart>,
    /// What all other features add.
    pub rest: f64,
}

impl LearnedScore {
    pub fn check(&self) -> Result<(), String> {
        self.model.check()?;
        let rising = self.ranks.windows(2).all(|pair| pair[0] <= pair[1]);
        if self.ranks.len() != 99 || !rising || !self.ranks.iter().all(|rank| rank.is_finite()) {
            return Err("the places of a score are 99 rising numbers: train it anew".to_owned());
        }
        let Looks { events, half_life_days } = &self.looks;
        if EVENTS_MAX < events.len() || !(0.1..=3_650.0).contains(half_life_days) {
            return Err(format!("a score looks at up to {EVENTS_MAX} events, and interest halves within 0.1 to 3,650 days"));
        }
        Ok(())
    }

    pub fn looks_at(&self, event: &str) -> bool {
        self.looks.events.iter().any(|held| held == event)
    }

    /// Scores a lead: its place among the leads that the score was learned from, 0 to 100, and why.
    pub fn score(&self, row: &BTreeMap<String, Value>) -> (i64, Learned) {
        let Explanation { base, parts, raw, probability } = self.model.explain(row);
        let kept = parts.iter().take(PARTS_MAX).filter(|(_, _, part)| *part != 0.0);
        let kept = kept.map(|(feature, value, part)| LearnedPart { feature: feature.clone(), value: value.clone(), part: *part });
        let rest = parts.iter().skip(PARTS_MAX).map(|(_, _, part)| part).sum();
        (self.place(raw), Learned { version: self.version, probability, base, parts: kept.collect(), rest })
    }

    fn place(&self, log_odds: f64) -> i64 {
        let before = (log_odds - self.model.shift) / self.model.slope;
        let place = self.ranks.partition_point(|rank| *rank < before);
        // Above all hundredths is the last of them.
        if place == self.ranks.len() { 100 } else { place as i64 }
    }

    /// When a lead that nothing happens to is to be scored anew: interest fades by itself.
    pub fn again_us(&self, captured_us: i64, at_us: i64) -> Option<i64> {
        const LOOKED_AT_FOR_US: i64 = 366 * DAY_US;
        let wait_us = ((self.looks.half_life_days / 2.0).clamp(1.0, 14.0) * DAY_US as f64) as i64;
        Some(at_us + wait_us).filter(|us| *us < captured_us + LOOKED_AT_FOR_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Feature, FeatureKind, Learned as Weights};

    fn capture(properties: &str) -> Capture<'_> {
        Capture {
            properties,
            at_us: 4 * DAY_US + 5 * HOUR_US,
            model: Some("Volta"),
            region: None,
            channel: Some("cpc"),
            utm_source: None,
            campaign: None,
        }
    }

    #[test]
    fn facts_are_what_was_known_and_names_nobody() {
        let facts = capture(
            r#"{"lead_id":"L1","stage":"contract","phone":"+43 1","budget":30000,"finance":true,"colour":" red ","name":"Ann","cars":[1],
                "channel":"forged","trade_in":{"year":2019}}"#,
        )
        .facts();
        assert_eq!(facts.get("colour"), Some(&json!("red")));
        assert_eq!((facts.get("budget"), facts.get("finance")), (Some(&json!(30_000)), Some(&json!(true))));
        assert_eq!((facts.get("channel"), facts.get("model"), facts.get("region")), (Some(&json!("cpc")), Some(&json!("Volta")), None));
        assert_eq!(
            (facts.get("has_phone"), facts.get("has_email"), facts.get("has_trade_in")),
            (Some(&json!(true)), Some(&json!(false)), Some(&json!(true)))
        );
        assert_eq!((facts.get("hour"), facts.get("weekday")), (Some(&json!(5)), Some(&json!(0))), "a Monday");
        for hidden in ["lead_id", "stage", "phone", "name", "cars"] {
            assert_eq!(facts.get(hidden), None);
        }
        assert_eq!(capture("no JSON").facts().get("has_phone"), Some(&json!(false)));
    }

    #[test]
    fn interest_fades_by_half_lives() {
        let looks = Looks { events: vec!["car_viewed".into(), "brochure".into()], half_life_days: 10.0 };
        let seen = |name: &str| (name == "car_viewed").then_some(Seen { times: 3, last_us: 0 });
        let row = |days: i64| looks.row(&BTreeMap::new(), 0, days * DAY_US, seen);
        assert_eq!(row(0)["warmth"], json!(thousandths(4.0_f64.ln())));
        assert_eq!(row(10)["warmth"], json!(thousandths(4.0_f64.ln() / 2.0)));
        assert_eq!((&row(10)["times:car_viewed"], &row(10)["times:brochure"]), (&json!(3), &json!(0)));
        assert_eq!((row(10).get("days_since:brochure"), &row(10)["days_since"]), (None, &json!(10.0)));
    }

    #[test]
    fn a_score_is_a_place_among_leads_and_its_parts_add_up() {
        let number = |name: &str| Feature { name: name.into(), kind: FeatureKind::Number { median: 0.0, mean: 0.0, sd: 1.0, range: None } };
        let names: Vec<String> = (0..20).map(|n| format!("f{n}")).collect();
        let model = ScoreModel {
            format: ScoreModel::FORMAT,
            features: names.iter().map(|name| number(name)).collect(),
            learned: Weights::Logistic { intercept: -2.0, weights: (0..20).map(|n| vec![f64::from(n) / 10.0, 0.0]).collect() },
            slope: 1.0,
            shift: 0.0,
            target: "won".into(),
            rows: 0,
            positives: 0,
        };
        let ranks = (1..100).map(|place| f64::from(place) / 10.0 - 5.0).collect();
        let mut score = LearnedScore { version: 3, looks: Looks { events: vec![], half_life_days: 7.0 }, model, ranks };
        assert_eq!(score.check(), Ok(()));
        let row: BTreeMap<String, Value> = names.iter().map(|name| (name.clone(), json!(0.1))).collect();
        let (place, why) = score.score(&row);
        let sum = why.base + why.parts.iter().map(|part| part.part).sum::<f64>() + why.rest;
        assert!((1.0 / (1.0 + (-sum).exp()) - why.probability).abs() < 1e-12 && why.parts.len() == 12, "{why:?}");
        // Log-odds of -2 + 1.9 are not above the rank at -0.1.
        assert_eq!((place, score.score(&BTreeMap::new()).0), (49, 29));
        // Another share of wins moves probabilities, not places.
        score.model.shift = -1.0;
        assert_eq!(score.score(&row).0, 49);
        assert!(score.score(&row).1.probability < why.probability);
        score.ranks.reverse();
        assert!(score.check().is_err());
    }
}
