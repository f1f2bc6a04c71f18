//! A lead's score as points: what anybody can read and edit.

use serde::{Deserialize, Serialize};

use super::{Band, LeadRules, Learned};
use crate::{network::same, time::DAY_US};

const TEXT_CHARS_MAX: usize = 200;

/// Points for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// As people read it.
    pub says: String,
    pub when: PointsWhen,
    pub points: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum PointsWhen {
    /// The person is in the segment.
    Segment {
        segment_id: String,
    },
    /// The lead came by the channel.
    Channel {
        channel: String,
    },
    Model {
        model: String,
    },
    /// The latest such event is at most so old. Half the points at half that age: interest fades.
    Event {
        event: String,
        within_days: u32,
    },
    /// `phone`, `email` or `trade_in` is known.
    Known {
        field: String,
    },
}

/// What of a lead and its person the points look at.
pub struct Scorable<'a> {
    pub channel: Option<&'a str>,
    pub model: Option<&'a str>,
    pub has_phone: bool,
    pub has_email: bool,
    pub has_trade_in: bool,
    pub at_us: i64,
    /// When an event of the name was last seen.
    pub last_seen: &'a dyn Fn(&str) -> Option<i64>,
    pub is_in: &'a dyn Fn(&str) -> bool,
}

/// What a score is made of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scored {
    /// What it says, and its points; what gave none is left out.
    pub parts: Vec<(String, i64)>,
    /// Where a learned score is in force: it counts, and there are no points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Learned>,
}

impl Points {
    pub fn check(&self) -> Result<(), String> {
        if !(-100..=100).contains(&self.points) {
            return Err("points are -100 to 100".to_owned());
        }
        let named = match &self.when {
            PointsWhen::Segment { segment_id } => segment_id,
            PointsWhen::Channel { channel } => channel,
            PointsWhen::Model { model } => model,
            PointsWhen::Event { event, within_days } => {
                if !(1..=3_650).contains(within_days) {
                    return Err("points for an event look back 1 to 3,650 days".to_owned());
                }
                event
            }
            PointsWhen::Known { field } => {
                if !["phone", "email", "trade_in"].contains(&field.as_str()) {
                    return Err("points are given for `phone`, `email` or `trade_in`".to_owned());
                }
                field
            }
        };
        if named.trim().is_empty() || [named, &self.says].iter().any(|text| TEXT_CHARS_MAX < text.chars().count()) {
            return Err("say what the points are for, in at most 200 characters".to_owned());
        }
        Ok(())
    }

    fn of(&self, lead: &Scorable<'_>) -> i64 {
        let holds = match &self.when {
            PointsWhen::Segment { segment_id } => (lead.is_in)(segment_id),
            PointsWhen::Channel { channel } => lead.channel == Some(channel),
            PointsWhen::Model { model } => lead.model.is_some_and(|held| same(held, model)),
            PointsWhen::Known { field } => match field.as_str() {
                "phone" => lead.has_phone,
                "email" => lead.has_email,
                _ => lead.has_trade_in,
            },
            PointsWhen::Event { event, within_days } => {
                let Some(seen_us) = (lead.last_seen)(event) else { return 0 };
                let (age_us, window_us) = ((lead.at_us - seen_us).max(0), i64::from(*within_days) * DAY_US);
                // Straight from all to nothing: half at half the age.
                let left_us = window_us - age_us.min(window_us);
                return (i128::from(self.points) * i128::from(left_us) / i128::from(window_us)) as i64;
            }
        };
        if holds { self.points } else { 0 }
    }
}

impl LeadRules {
    /// The score, 0 to 100, and what it is made of.
    pub fn score(&self, lead: &Scorable<'_>) -> (i64, Scored) {
        let parts = self.points.iter().map(|points| (points.says.clone(), points.of(lead))).filter(|(_, points)| *points != 0);
        let parts: Vec<(String, i64)> = parts.collect();
        let sum = parts.iter().fold(self.base_points, |sum, (_, points)| sum + points);
        (sum.clamp(0, 100), Scored { parts, learned: None })
    }

    /// Whether the one band's way is nearer to a dealer than the other's.
    pub fn is_better(new: &Band, old: Option<&Band>) -> bool {
        old.is_none_or(|old| old.way < new.way)
    }

    /// Whether an event of this name can change scores.
    pub fn scores_by(&self, event: &str) -> bool {
        self.points.iter().any(|points| matches!(&points.when, PointsWhen::Event { event: held, .. } if held == event))
    }

    pub fn scores_by_segment(&self, segment: &str) -> bool {
        self.points.iter().any(|points| matches!(&points.when, PointsWhen::Segment { segment_id } if segment_id == segment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_add_up_and_fade() {
        let mut rules = LeadRules { base_points: 10, points: vec![], ..LeadRules::default() };
        let points = |says: &str, when, points| Points { says: says.into(), when, points };
        rules.points = vec![
            points("viewed", PointsWhen::Event { event: "car_viewed".into(), within_days: 10 }, 40),
            points("keen", PointsWhen::Segment { segment_id: "keen".into() }, 20),
            points("phone", PointsWhen::Known { field: "phone".into() }, 15),
            points("display", PointsWhen::Channel { channel: "display".into() }, -60),
        ];
        let score = |age_days: i64, keen: bool, channel: &'static str| {
            let seen = |name: &str| (name == "car_viewed").then_some((100 - age_days) * DAY_US);
            let is_in = |segment: &str| keen && segment == "keen";
            rules.score(&Scorable {
                channel: Some(channel),
                model: None,
                has_phone: true,
                has_email: false,
                has_trade_in: false,
                at_us: 100 * DAY_US,
                last_seen: &seen,
                is_in: &is_in,
            })
        };
        assert_eq!(score(0, true, "cpc").0, 85);
        assert_eq!(score(5, true, "cpc").0, 65);
        assert_eq!(score(10, false, "cpc").0, 25);
        assert_eq!(score(99, false, "display").0, 0);
        let (sum, scored) = score(5, true, "cpc");
        assert_eq!(sum, rules.base_points + scored.parts.iter().map(|(_, points)| points).sum::<i64>());
    }
}
