//! For how long events are kept: rules that people write, by the event's name.

use serde::{Deserialize, Serialize};

use crate::time::DAY_US;

/// Fewer days would take away what reports of today look at.
pub const DAYS_MIN: u32 = 1;
/// A hundred years.
pub const DAYS_MAX: u32 = 36_525;
pub const RULES_MAX: usize = 100;

/// What is kept for how long. The first rule that names an event decides; without one it is kept for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    pub rules: Vec<RetentionRule>,
    /// Days that the log keeps what came in, where a checkpoint stands behind it; `None`: as its size is configured.
    #[serde(default)]
    pub log_days: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRule {
    /// An event's name; `*` stands for any part of it.
    pub event: String,
    /// Days after it happened; `None`: for ever.
    pub days: Option<u32>,
}

impl Retention {
    /// Errors: what is wrong, in words for whoever wrote it.
    pub fn check(&self) -> Result<(), String> {
        if RULES_MAX < self.rules.len() {
            return Err(format!("there are {} rules, and {RULES_MAX} at most: join some with `*`", self.rules.len()));
        }
        for (number, rule) in (1..).zip(&self.rules) {
            if rule.event.trim().is_empty() || 200 < rule.event.chars().count() {
                return Err(format!("rule {number} needs the name of an event, or part of one with `*`, of at most 200 characters"));
            }
        }
        let days = self.rules.iter().filter_map(|rule| rule.days).chain(self.log_days);
        match days.into_iter().find(|days| !(DAYS_MIN..=DAYS_MAX).contains(days)) {
            Some(days) => Err(format!("{days} days: write {DAYS_MIN} to {DAYS_MAX}, or nothing for ever")),
            None => Ok(()),
        }
    }

    /// The time before which events of this name go; `None` where they stay.
    pub fn before_us(&self, event: &str, now_us: i64) -> Option<i64> {
        let rule = self.rules.iter().find(|rule| matches(rule.event.trim(), event))?;
        Some(now_us.saturating_sub(i64::from(rule.days?) * DAY_US))
    }

    /// The time before which no event of any name goes: older ones may.
    pub fn latest_us(&self, now_us: i64) -> Option<i64> {
        let days = self.rules.iter().filter_map(|rule| rule.days).min()?;
        Some(now_us.saturating_sub(i64::from(days) * DAY_US))
    }
}

/// Whether `name` is of the pattern, in which `*` stands for anything, also for nothing.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, expected) in [
            ("page", "page", true),
            ("page", "pages", false),
            ("page*", "page_viewed", true),
            ("*viewed", "car_viewed", true),
            ("*", "", true),
            ("c*_v*d", "car_viewed", true),
            ("c*_v*x", "car_viewed", false),
            ("a*a", "a", false),
            ("**", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_first_rule_that_names_an_event_decides() {
        let rule = |event: &str, days| RetentionRule { event: event.into(), days };
        let retention = Retention { rules: vec![rule("lead_*", None), rule("*", Some(30)), rule("car_viewed", Some(1))], log_days: None };
        let now_us = 100 * DAY_US;
        assert_eq!(retention.before_us("lead_created", now_us), None);
        assert_eq!(retention.before_us("car_viewed", now_us), Some(70 * DAY_US));
        assert_eq!(retention.latest_us(now_us), Some(99 * DAY_US));
        assert_eq!(retention.check(), Ok(()));
        assert!(Retention { rules: vec![rule(" ", None)], log_days: None }.check().is_err());
        assert!(Retention { rules: vec![rule("*", Some(0))], log_days: None }.check().is_err());
    }
}
