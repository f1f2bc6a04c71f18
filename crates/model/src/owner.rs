//! Owners of vehicles: when service, a trade-in or a replacement is near enough to open a lead.
//!
//! A rule has a beginning on each vehicle: so long before a date, after so many months, or from the age on at which enough owners
//! replaced theirs. From there on it may open one lead, for so many days; the next beginning opens the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    time::{DAY_US, day},
    vehicle::{Ownership, Vehicle},
};

const RULES_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 200;
const EVENTS_MAX: usize = 50;
const DAYS_MAX: u32 = 3_650;
const MONTHS_MAX: u32 = 360;
/// Of the lengths that a curve is made of.
const MONTH_DAYS: f64 = 30.437;
/// Ends without which a curve says nothing.
pub const ENDS_MIN: u64 = 50;

/// What an owner is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerInterest {
    Service,
    TradeIn,
    Replacement,
}

impl OwnerInterest {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::TradeIn => "trade_in",
            Self::Replacement => "replacement",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VehicleDate {
    Inspection,
    Finance,
    Warranty,
}

/// When a rule begins on a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum OwnerWhen {
    /// So many days before a date.
    Before { date: VehicleDate, days: u32 },
    /// The owner has had it for so long.
    Owned { months: u32 },
    /// No service for so long; since it came where there was none.
    Unserviced { months: u32 },
    /// Of owners who had theirs for so long, this part replaces it within so many days. Needs a learned curve.
    Likely { percent: f64, within_days: u32 },
}

/// Only who did something lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerDid {
    pub events: Vec<String>,
    pub within_days: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerRule {
    /// In letters, digits, `_` and `-`: the campaign of the leads that it opens.
    pub rule: String,
    pub interest: OwnerInterest,
    pub when: OwnerWhen,
    /// All where there are none.
    #[serde(default)]
    pub models: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<OwnerDid>,
    /// For how long from its beginning on it may open a lead.
    pub open_days: u32,
    /// Owners who said no to this purpose are left alone; nobody where it is empty.
    #[serde(default)]
    pub purpose: String,
    /// The age in days from which on it is likely enough: see [`OwnerRules::ready`].
    #[serde(skip)]
    likely_days: Option<i64>,
}

/// What opens leads for owners; one for the installation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerRules {
    pub is_on: bool,
    /// The first that may comes first, where several may on one vehicle.
    #[serde(default)]
    pub rules: Vec<OwnerRule>,
    /// What the contact centre and dealers can take; 0 for no limit.
    #[serde(default)]
    pub leads_a_day_max: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<OwnerCurve>,
}

/// How long owners keep their vehicles: Kaplan-Meier over those who replaced theirs and those who have it still.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerCurve {
    pub learned_us: i64,
    pub owners: u64,
    pub replaced: u64,
    /// The part that has its vehicle still, after 0, 1, 2, … months.
    pub kept: Vec<f64>,
}

/// A time with a vehicle, as a curve looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub days: i64,
    /// It came to an end; else it goes on.
    pub is_over: bool,
}

impl OwnerCurve {
    pub fn learn(times: impl IntoIterator<Item = Kept>, learned_us: i64) -> Self {
        let months_max = MONTHS_MAX as usize;
        let (mut over, mut left) = (vec![0_u64; months_max + 1], vec![0_u64; months_max + 1]);
        let (mut owners, mut replaced) = (0, 0);
        for time in times {
            let month = ((time.days.max(0) as f64 / MONTH_DAYS) as usize).min(months_max);
            owners += 1;
            left[month] += 1;
            if time.is_over {
                replaced += 1;
                over[month] += 1;
            }
        }
        let (mut at_risk, mut part, mut kept) = (owners, 1.0, vec![1.0]);
        for month in 0..months_max {
            // Those whose time ends in the month by being looked at count for half of it.
            let looked = (left[month] - over[month]) as f64;
            let risk = at_risk as f64 - looked / 2.0;
            if over[month] != 0 && 0.0 < risk {
                part *= (1.0 - over[month] as f64 / risk).max(0.0);
            }
            at_risk -= left[month];
            kept.push(part);
            if at_risk == 0 {
                break;
            }
        }
        Self { learned_us, owners, replaced, kept }
    }

    /// Whether enough is known to go by it.
    pub fn says_something(&self) -> bool {
        ENDS_MIN <= self.replaced
    }

    /// The part that has its vehicle still after so many days; as at the end of what is known, for longer.
    fn after(&self, days: f64) -> f64 {
        let at = (days / MONTH_DAYS).max(0.0);
        let (below, above) = (self.kept.get(at as usize), self.kept.get(at as usize + 1));
        match (below, above) {
            (Some(below), Some(above)) => below + (above - below) * at.fract(),
            _ => self.kept.last().copied().unwrap_or(1.0),
        }
    }

    /// The part of owners who have had theirs for `days` that replaces it within `within_days`.
    pub fn replaces(&self, days: f64, within_days: f64) -> f64 {
        let now = self.after(days);
        if now <= 0.0 { 0.0 } else { 1.0 - self.after(days + within_days) / now }
    }

    /// The first age in days at which that part is reached.
    fn reaches(&self, part: f64, within_days: f64) -> Option<i64> {
        if !self.says_something() {
            return None;
        }
        let last = ((self.kept.len().saturating_sub(1)) as f64 * MONTH_DAYS) as i64;
        (0..=last).find(|days| part <= self.replaces(*days as f64, within_days))
    }
}

/// A beginning of a rule on a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begins {
    /// One lead for each.
    pub anchor_us: i64,
    pub from_us: i64,
    pub until_us: i64,
}

impl OwnerRule {
    /// When it begins on a vehicle that somebody owns.
    ///
    /// * `serviced_us`: the last service, wherever it was told of.
    pub fn begins(&self, vehicle: &Vehicle, owner: &Ownership, serviced_us: Option<i64>) -> Option<Begins> {
        if !self.models.is_empty() {
            let model = vehicle.facts.model.as_deref()?;
            self.models.iter().find(|held| crate::network::same(held, model))?;
        }
        let months = |months: u32| (f64::from(months) * MONTH_DAYS * DAY_US as f64) as i64;
        let (anchor_us, from_us) = match self.when {
            OwnerWhen::Before { date, days } => {
                let facts = &vehicle.facts;
                let date_us = match date {
                    VehicleDate::Inspection => facts.inspection_due_us,
                    VehicleDate::Finance => facts.finance_end_us,
                    VehicleDate::Warranty => facts.warranty_end_us,
                }?;
                // What fell due before it was theirs was somebody else's.
                let date_us = Some(date_us).filter(|date_us| owner.from_us < *date_us)?;
                (date_us, date_us - i64::from(days) * DAY_US)
            }
            OwnerWhen::Owned { months: owned } => (owner.from_us, owner.from_us + months(owned)),
            OwnerWhen::Unserviced { months: unserviced } => {
                let since_us = serviced_us.map_or(owner.from_us, |us| us.max(owner.from_us));
                (since_us, since_us + months(unserviced))
            }
            OwnerWhen::Likely { .. } => (owner.from_us, owner.from_us + self.likely_days? * DAY_US),
        };
        Some(Begins { anchor_us, from_us, until_us: from_us + i64::from(self.open_days) * DAY_US })
    }

    fn check(&self) -> Result<(), String> {
        let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let rule = &self.rule;
        if rule.is_empty() || TEXT_CHARS_MAX / 2 < rule.len() || !is_id(rule) {
            return Err("a rule for owners has a name of 1 to 100 letters, digits, `_` and `-`".to_owned());
        }
        if !(1..=DAYS_MAX).contains(&self.open_days) {
            return Err(format!("rule `{rule}`: it may open a lead for 1 to {DAYS_MAX} days"));
        }
        let is_fine = match self.when {
            OwnerWhen::Before { days, .. } => days <= DAYS_MAX,
            OwnerWhen::Owned { months } | OwnerWhen::Unserviced { months } => (1..=MONTHS_MAX).contains(&months),
            OwnerWhen::Likely { percent, within_days } => (0.1..=100.0).contains(&percent) && (1..=DAYS_MAX).contains(&within_days),
        };
        if !is_fine {
            return Err(format!(
                "rule `{rule}`: at most {DAYS_MAX} days before a date, 1 to {MONTHS_MAX} months, 0.1 to 100 % within 1 to {DAYS_MAX} days"
            ));
        }
        let is_word = |text: &String| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
        let words = self.models.iter().chain(self.did.iter().flat_map(|did| did.events.iter()));
        if EVENTS_MAX * 2 < words.clone().count() || !words.clone().all(is_word) || TEXT_CHARS_MAX < self.purpose.chars().count() {
            return Err(format!("rule `{rule}`: at most {} models and events, none of them empty", EVENTS_MAX * 2));
        }
        if self.did.as_ref().is_some_and(|did| did.events.is_empty() || !(1..=DAYS_MAX).contains(&did.within_days)) {
            return Err(format!("rule `{rule}`: name an event that the owner did, within 1 to {DAYS_MAX} days"));
        }
        Ok(())
    }
}

impl OwnerRules {
    /// Reads the ages off the curve: once, and not for each vehicle.
    pub fn ready(mut self) -> Self {
        for rule in &mut self.rules {
            rule.likely_days = match (rule.when, &self.curve) {
                (OwnerWhen::Likely { percent, within_days }, Some(curve)) => curve.reaches(percent / 100.0, f64::from(within_days)),
                _ => None,
            };
        }
        self
    }

    /// Looks the whole of it over, or says what to mend.
    pub fn check(&self) -> Result<(), String> {
        if RULES_MAX < self.rules.len() {
            return Err(format!("there are at most {RULES_MAX} rules for owners"));
        }
        self.rules.iter().try_for_each(OwnerRule::check)?;
        let twice = (0..self.rules.len()).find(|at| self.rules[..*at].iter().any(|held| held.rule == self.rules[*at].rule));
        if let Some(at) = twice {
            return Err(format!("there are two rules `{}`: each has a name of its own", self.rules[at].rule));
        }
        let Some(curve) = &self.curve else { return Ok(()) };
        let is_part = |part: &f64| (0.0..=1.0).contains(part);
        if (MONTHS_MAX as usize + 1) < curve.kept.len() || !curve.kept.iter().all(is_part) {
            return Err("a curve has the part of owners who keep their vehicle, 0 to 1, for each month".to_owned());
        }
        Ok(())
    }

    /// Whether an event of this name can have a rule open a lead.
    pub fn minds(&self, event: &str) -> bool {
        self.is_on && self.rules.iter().filter_map(|rule| rule.did.as_ref()).any(|did| did.events.iter().any(|held| held == event))
    }

    /// The rule that may open a lead on a vehicle now.
    ///
    /// * `last_did_us`: when the owner last did something.
    pub fn opens(
        &self,
        vehicle: &Vehicle,
        owner: &Ownership,
        serviced_us: Option<i64>,
        at_us: i64,
        last_did_us: impl Fn(&str) -> Option<i64>,
        may: impl Fn(&OwnerRule) -> bool,
    ) -> Option<(&OwnerRule, Begins)> {
        self.rules.iter().find_map(|rule| {
            let begins = rule.begins(vehicle, owner, serviced_us)?;
            let is_now = (begins.from_us..begins.until_us).contains(&at_us) && vehicle.opened.get(&rule.rule) != Some(&begins.anchor_us);
            let has_done = rule.did.as_ref().is_none_or(|did| {
                let since_us = at_us - i64::from(did.within_days) * DAY_US;
                did.events.iter().filter_map(|event| last_did_us(event)).any(|us| since_us <= us)
            });
            (is_now && has_done && may(rule)).then_some((rule, begins))
        })
    }

    /// When a rule begins next on a vehicle.
    pub fn next(&self, vehicle: &Vehicle, owner: &Ownership, serviced_us: Option<i64>, at_us: i64) -> Option<i64> {
        let begins = self.rules.iter().filter_map(|rule| rule.begins(vehicle, owner, serviced_us));
        begins.map(|begins| begins.from_us).filter(|us| at_us < *us).min()
    }
}

/// The lead that a rule opens for a vehicle.
pub fn lead_id(vin: &str, rule: &str, anchor_us: i64) -> String {
    format!("own-{vin}-{rule}-{}", day(anchor_us))
}

/// How the owners of vehicles part with them.
///
/// * `all`: of each profile its times with vehicles.
pub fn kept(all: &BTreeMap<i64, Vec<(i64, Option<i64>)>>, now_us: i64) -> impl Iterator<Item = Kept> {
    all.values().flat_map(move |own| {
        own.iter().map(move |(from_us, until_us)| {
            // A next vehicle of the same person replaces this one, though nobody said that it went.
            let next = own.iter().map(|(other, _)| *other).filter(|other| *from_us < *other).min();
            let end = until_us.iter().copied().chain(next).min().filter(|us| *us <= now_us);
            Kept { days: (end.unwrap_or(now_us) - from_us).max(0) / DAY_US, is_over: end.is_some() }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FragmentId, ProfileId, vehicle::VehicleFacts};

    const DAY: i64 = DAY_US;

    fn rule(rule: &str, when: OwnerWhen) -> OwnerRule {
        OwnerRule {
            rule: rule.into(),
            interest: OwnerInterest::Service,
            when,
            models: vec![],
            did: None,
            open_days: 30,
            purpose: String::new(),
            likely_days: None,
        }
    }

    fn owner(from_day: i64) -> Ownership {
        Ownership { profile_id: ProfileId(1), fragment_id: FragmentId(1), from_us: from_day * DAY, until_us: None, is_co_owner: false }
    }

    fn vehicle(finance_day: i64) -> Vehicle {
        let facts = VehicleFacts { finance_end_us: Some(finance_day * DAY), model: Some("A1".into()), ..VehicleFacts::default() };
        Vehicle { facts, ..Vehicle::new("V1") }
    }

    #[test]
    fn a_rule_begins_by_dates_by_age_and_by_the_last_service() {
        let days = |rule: &OwnerRule, serviced: Option<i64>| {
            let begins = rule.begins(&vehicle(1_000), &owner(100), serviced.map(|day| day * DAY))?;
            Some([begins.anchor_us, begins.from_us, begins.until_us].map(|us| us / DAY))
        };
        let before = rule("f", OwnerWhen::Before { date: VehicleDate::Finance, days: 90 });
        assert_eq!(days(&before, None), Some([1_000, 910, 940]));
        assert_eq!(days(&rule("i", OwnerWhen::Before { date: VehicleDate::Inspection, days: 30 }), None), None);
        assert_eq!(before.begins(&vehicle(50), &owner(100), None), None, "it ended before it was theirs");
        assert_eq!(days(&rule("o", OwnerWhen::Owned { months: 12 }), None), Some([100, 465, 495]));
        let service = rule("s", OwnerWhen::Unserviced { months: 12 });
        assert_eq!((days(&service, None), days(&service, Some(300))), (Some([100, 465, 495]), Some([300, 665, 695])));
        // A service before it was theirs was the former owner's.
        assert_eq!(days(&service, Some(20)), Some([100, 465, 495]));
        assert_eq!(days(&rule("l", OwnerWhen::Likely { percent: 5.0, within_days: 90 }), None), None, "nothing was learned");
        let other = OwnerRule { models: vec!["B2".into()], ..before.clone() };
        assert_eq!((days(&other, None), days(&OwnerRule { models: vec!["a1".into()], ..before }, None)), (None, Some([1_000, 910, 940])));
    }

    #[test]
    fn a_beginning_opens_one_lead_while_it_lasts() {
        let service = rule("service", OwnerWhen::Unserviced { months: 12 });
        let did = OwnerDid { events: vec!["car_viewed".into()], within_days: 10 };
        let mut likely = OwnerRule { did: Some(did), ..rule("switch", OwnerWhen::Owned { months: 10 }) };
        likely.open_days = 400;
        let rules = OwnerRules { is_on: true, rules: vec![service, likely], ..OwnerRules::default() };
        assert_eq!(rules.check(), Ok(()));
        let mut held = vehicle(5_000);
        let opens = |held: &Vehicle, day: i64, viewed: Option<i64>| {
            let found = rules.opens(held, &owner(100), None, day * DAY, |_| viewed.map(|day| day * DAY), |_| true);
            found.map(|(rule, begins)| (rule.rule.clone(), begins.anchor_us / DAY))
        };
        assert_eq!((opens(&held, 465, None), opens(&held, 466, None)), (None, Some(("service".into(), 100))));
        assert_eq!(opens(&held, 496, None), None, "too late");
        assert_eq!((opens(&held, 450, Some(445)), opens(&held, 450, Some(430))), (Some(("switch".into(), 100)), None));
        held.opened.insert("service".into(), 100 * DAY);
        assert_eq!(opens(&held, 470, None), None, "once");
        held.opened.insert("service".into(), 50 * DAY);
        assert_eq!(opens(&held, 470, None), Some(("service".into(), 100)), "for each beginning");
        assert_eq!(rules.next(&held, &owner(100), None, 101 * DAY).map(|us| us / DAY), Some(404));
        assert_eq!(rules.next(&held, &owner(100), None, 470 * DAY), None);
        assert!(rules.minds("car_viewed") && !rules.minds("order"));
        assert!(rules.opens(&held, &owner(100), None, 470 * DAY, |_| None, |_| false).is_none());
    }

    /// Against figures worked by hand: 100 owners, 20 of whom end in the 12th month and 40 of the rest in the 24th.
    #[test]
    fn the_curve_is_that_of_kaplan_and_meier() {
        let month = |month: f64| (month * MONTH_DAYS) as i64;
        let ended = |count: usize, at: f64| std::iter::repeat_n(Kept { days: month(at), is_over: true }, count);
        let going = std::iter::repeat_n(Kept { days: month(30.5), is_over: false }, 40);
        let curve = OwnerCurve::learn(ended(20, 12.5).chain(ended(40, 24.5)).chain(going), 7);
        assert_eq!((curve.owners, curve.replaced, curve.kept.len()), (100, 60, 32));
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        [(12, 1.0), (13, 0.8), (24, 0.8), (25, 0.4), (31, 0.4)].iter().for_each(|(at, part)| near(curve.kept[*at], *part));
        near(curve.replaces(13.0 * MONTH_DAYS, 12.0 * MONTH_DAYS), 0.5);
        near(curve.replaces(0.0, 13.0 * MONTH_DAYS), 0.2);
        near(curve.replaces(26.0 * MONTH_DAYS, 900.0), 0.0);
        let days = curve.reaches(0.45, 30.0).expect("it comes to that in the 24th month");
        assert!((days as f64 / MONTH_DAYS - 24.0).abs() < 0.6, "{days}");
        assert_eq!(curve.reaches(0.9, 30.0), None);
        let likely = rule("l", OwnerWhen::Likely { percent: 45.0, within_days: 30 });
        let rules = OwnerRules { rules: vec![likely], curve: Some(curve.clone()), ..OwnerRules::default() }.ready();
        let begins = rules.rules[0].begins(&vehicle(9_999), &owner(100), None).expect("it is likely at some age");
        assert_eq!((begins.anchor_us / DAY, begins.from_us / DAY), (100, 100 + days));
        let few = OwnerCurve::learn(ended(10, 3.5), 0);
        assert!(!few.says_something() && few.reaches(0.1, 90.0).is_none());
        assert_eq!(OwnerCurve::learn([], 0).kept, [1.0, 1.0]);
    }

    #[test]
    fn the_next_vehicle_ends_the_time_with_the_one_before() {
        let all =
            BTreeMap::from([(1, vec![(0, None), (100 * DAY, None)]), (2, vec![(0, Some(50 * DAY))]), (3, vec![(0, Some(900 * DAY))])]);
        let times: Vec<(i64, bool)> = kept(&all, 200 * DAY).map(|held| (held.days, held.is_over)).collect();
        assert_eq!(times, [(100, true), (100, false), (50, true), (200, false)]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let fine = OwnerRules { rules: vec![rule("a", OwnerWhen::Owned { months: 12 })], ..OwnerRules::default() };
        assert_eq!(fine.check(), Ok(()));
        let wrong: [fn(&mut OwnerRules); 6] = [
            |rules| rules.rules[0].rule = "a b".into(),
            |rules| rules.rules[0].open_days = 0,
            |rules| rules.rules[0].when = OwnerWhen::Owned { months: 0 },
            |rules| rules.rules[0].when = OwnerWhen::Likely { percent: f64::NAN, within_days: 30 },
            |rules| rules.rules.push(rules.rules[0].clone()),
            |rules| rules.rules[0].did = Some(OwnerDid { events: vec![], within_days: 3 }),
        ];
        for spoil in wrong {
            let mut rules = fine.clone();
            spoil(&mut rules);
            assert!(rules.check().is_err(), "{rules:?}");
        }
        let curve = OwnerCurve { kept: vec![1.0, 2.0], ..OwnerCurve::default() };
        assert!(OwnerRules { curve: Some(curve), ..fine }.check().is_err());
    }
}
