//! Where advertising is worth its money: per region and channel open, probing or closed, by how the region's dealers answer leads
//! and by the share of the cost in the revenue.
//!
//! Closing asks for certainty: a rate is bad when the whole of its interval is. Opening again goes by a probe on a small budget.
//! What was seen before a gate's last switch says nothing any more about the next one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lead::scorecard::Share;

/// 99 of 100: several stretches of days are looked at each time.
const Z: f64 = 2.575_829;
/// The last so many days are looked at, each for itself: a fall shows in the shortest that has leads enough.
const STRETCHES: [i32; 6] = [1, 2, 3, 7, 14, 28];
/// Days of cost and revenue: cars are sold weeks after the click.
pub const MONEY_DAYS: i32 = 90;
/// A gate that keeps closing stays closed longer, at most so many times.
const STAY_TIMES_MAX: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    Open,
    /// Advertising on the probe's budget.
    Probe,
    Closed,
}

impl GateState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Probe => "probe",
            Self::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Probe, Self::Closed].into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a gate is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateReason {
    /// Looked at for the first time, and nothing spoke against it.
    New,
    QualityLow,
    DrrHigh,
    StayOver,
    ProbeGood,
    ProbeBad,
    ByHand,
    /// Given back to the rules.
    Unpinned,
}

impl GateReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::QualityLow => "quality_low",
            Self::DrrHigh => "drr_high",
            Self::StayOver => "stay_over",
            Self::ProbeGood => "probe_good",
            Self::ProbeBad => "probe_bad",
            Self::ByHand => "by_hand",
            Self::Unpinned => "unpinned",
        }
    }
}

/// Where the lines lie. Each has two, so that what lies between changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdGateRules {
    pub is_on: bool,
    /// Fewer answered or lapsed leads say nothing.
    pub leads_min: u32,
    /// Share of leads that a person answered in time, in percent: it closes when certainly below.
    pub quality_close: f64,
    /// And may open from there on.
    pub quality_open: f64,
    /// Cost in percent of revenue: it closes when certainly above.
    pub drr_close: f64,
    pub drr_open: f64,
    /// A closed gate stays closed for so long at least.
    pub stay_days: u32,
    /// A probe lasts so long at least.
    pub probe_days: u32,
    /// Answered or lapsed leads that a probe needs.
    pub probe_leads: u32,
    /// What may be spent a day on a probe of one region and channel, in the installation's currency.
    pub probe_budget: f64,
    /// Who runs the advertising is told of each switch there; empty for nobody.
    #[serde(default)]
    pub webhook_url: String,
}

impl Default for AdGateRules {
    fn default() -> Self {
        Self {
            is_on: false,
            leads_min: 20,
            quality_close: 40.0,
            quality_open: 55.0,
            drr_close: 15.0,
            drr_open: 10.0,
            stay_days: 7,
            probe_days: 7,
            probe_leads: 10,
            probe_budget: 50.0,
            webhook_url: String::new(),
        }
    }
}

impl AdGateRules {
    /// Says what to mend.
    pub fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: f64, least: f64, most: f64| match (least..=most).contains(&value) {
            true => Ok(()),
            false => Err(format!("`{name}` is from {least} to {most}")),
        };
        within("leads_min", f64::from(self.leads_min), 5.0, 10_000.0)?;
        within("quality_close", self.quality_close, 0.0, 100.0)?;
        within("quality_open", self.quality_open, 0.0, 100.0)?;
        within("drr_close", self.drr_close, 0.1, 1_000.0)?;
        within("drr_open", self.drr_open, 0.1, 1_000.0)?;
        within("stay_days", f64::from(self.stay_days), 1.0, 365.0)?;
        within("probe_days", f64::from(self.probe_days), 1.0, 365.0)?;
        within("probe_leads", f64::from(self.probe_leads), 3.0, 10_000.0)?;
        within("probe_budget", self.probe_budget, 0.0, 1e9)?;
        if self.quality_open <= self.quality_close {
            return Err("`quality_open` lies above `quality_close`: between them nothing changes".to_owned());
        }
        if self.drr_close <= self.drr_open {
            return Err("`drr_open` lies below `drr_close`: between them nothing changes".to_owned());
        }
        let url = &self.webhook_url;
        if !url.is_empty() && (!(url.starts_with("https://") || url.starts_with("http://")) || 2_000 < url.len()) {
            return Err("`webhook_url` begins with https://".to_owned());
        }
        Ok(())
    }
}

/// Cost of advertising and what was sold, in the installation's currency.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Money {
    pub cost: f64,
    pub sales: u64,
    pub revenue: f64,
}

/// What is known of one region and channel, by days since 1970.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Leads of the region's dealers whose answer, or lapse, came on the day; answered in time of all of them.
    pub answered: BTreeMap<i32, Share>,
    pub money: BTreeMap<i32, Money>,
    /// Of a sale anywhere: what nothing sold is held against.
    pub average_sale: f64,
}

/// Numbers that explain a switch, by name.
pub type Figures = BTreeMap<String, f64>;

/// One gate as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    pub state: GateState,
    /// Days since 1970.
    pub since_day: i32,
    pub reason: GateReason,
    pub figures: Figures,
    /// Why it was closed last; a probe has to show the contrary.
    pub closed_for: Option<GateReason>,
    /// Closings since it was open last for longer than it had been closed.
    pub closings: u32,
    /// Held by a person's hand: rules do not move it.
    pub is_pinned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Bad,
    Between,
    Good,
}

/// Cost in percent of revenue, and where it lies for certain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drr {
    /// None where nothing was sold.
    pub percent: Option<f64>,
    pub low: f64,
    pub high: Option<f64>,
}

/// Bounds of a count's mean (Byar's approximation of Poisson's).
fn count_interval(count: u64) -> (f64, f64) {
    let cube = |n: f64, sign: f64| n * (1.0 - 1.0 / (9.0 * n) + sign * Z / (3.0 * n.sqrt())).powi(3);
    let n = count as f64;
    (if count == 0 { 0.0 } else { cube(n, -1.0).max(0.0) }, cube(n + 1.0, 1.0))
}

impl Evidence {
    fn share(&self, from_day: i32, to_day: i32) -> Share {
        if to_day < from_day {
            return Share::default();
        }
        let days = self.answered.range(from_day..=to_day);
        days.fold(Share::default(), |sum, (_, held)| Share { count: sum.count + held.count, of: sum.of + held.of })
    }

    /// Answered in time over the last 28 days, for people to read.
    pub fn quality(&self, day: i32) -> Share {
        self.share(day - 27, day)
    }

    pub fn money(&self, from_day: i32, to_day: i32) -> Money {
        if to_day < from_day {
            return Money::default();
        }
        let days = self.money.range(from_day..=to_day);
        days.fold(Money::default(), |sum, (_, held)| Money {
            cost: sum.cost + held.cost,
            sales: sum.sales + held.sales,
            revenue: sum.revenue + held.revenue,
        })
    }

    /// How much of the revenue advertising took. None where nothing was spent, or no sale is known to hold it against.
    pub fn drr(&self, from_day: i32, to_day: i32) -> Option<Drr> {
        let money = self.money(from_day, to_day);
        let average = if 0 < money.sales { money.revenue / money.sales as f64 } else { self.average_sale };
        if money.cost <= 0.0 || average <= 0.0 {
            return None;
        }
        let (few, many) = count_interval(money.sales);
        let percent = |sales: f64| 100.0 * money.cost / (average * sales);
        let known = (0 < money.sales).then(|| percent(money.sales as f64));
        Some(Drr { percent: known, low: percent(many), high: (0.0 < few).then(|| percent(few)) })
    }

    /// The worst that any stretch of the last days says for certain, or how good all of them are.
    fn quality_level(&self, rules: &AdGateRules, leads_min: u32, after_day: i32, day: i32) -> (Level, Figures) {
        let (close, open) = (rules.quality_close / 100.0, rules.quality_open / 100.0);
        let mut best = (Level::Between, Figures::new());
        for stretch in STRETCHES {
            let from = (day - stretch + 1).max(after_day + 1);
            let share = self.share(from, day);
            if share.of < u64::from(leads_min) {
                continue;
            }
            let (Some(rate), Some((low, high))) = (share.rate(), share.interval_at(Z)) else { continue };
            let figures = || {
                let all = [
                    ("percent", rate * 100.0),
                    ("low", low * 100.0),
                    ("high", high * 100.0),
                    ("leads", share.of as f64),
                    ("days", f64::from(day - from + 1)),
                ];
                all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            };
            if high < close {
                return (Level::Bad, figures());
            }
            best = (if open <= rate { Level::Good } else { Level::Between }, figures());
        }
        best
    }

    fn drr_level(&self, rules: &AdGateRules, after_day: i32, day: i32) -> (Level, Figures) {
        let from = (day - MONEY_DAYS + 1).max(after_day + 1);
        let Some(drr) = self.drr(from, day) else { return (Level::Between, Figures::new()) };
        let money = self.money(from, day);
        let mut figures: Figures = [
            ("low", drr.low),
            ("cost", money.cost),
            ("sales", money.sales as f64),
            ("revenue", money.revenue),
            ("days", f64::from(day - from + 1)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        figures.extend(drr.percent.map(|percent| ("percent".to_owned(), percent)));
        figures.extend(drr.high.map(|high| ("high".to_owned(), high)));
        let level = if rules.drr_close < drr.low {
            Level::Bad
        } else if drr.percent.is_some_and(|percent| percent <= rules.drr_open) {
            Level::Good
        } else {
            Level::Between
        };
        (level, figures)
    }
}

impl Gate {
    fn new(day: i32) -> Self {
        Self {
            state: GateState::Open,
            since_day: day,
            reason: GateReason::New,
            figures: Figures::new(),
            closed_for: None,
            closings: 0,
            is_pinned: false,
        }
    }

    fn to(&self, state: GateState, day: i32, reason: GateReason, figures: Figures) -> Self {
        Self { state, since_day: day, reason, figures, ..self.clone() }
    }

    fn closed(&self, day: i32, reason: GateReason, closed_for: GateReason, figures: Figures) -> Self {
        // Whoever was open for long begins anew.
        let was_well = self.state == GateState::Open && 90 < day - self.since_day;
        let closings = if was_well { 1 } else { self.closings.saturating_add(1) };
        Self { closed_for: Some(closed_for), closings, ..self.to(GateState::Closed, day, reason, figures) }
    }

    /// Sets it by a person's hand; `None` lets rules move it again.
    pub fn pinned(&self, state: Option<GateState>, day: i32) -> Self {
        match state {
            Some(state) => Self { is_pinned: true, ..self.to(state, day, GateReason::ByHand, Figures::new()) },
            None => Self { is_pinned: false, ..self.to(self.state, day, GateReason::Unpinned, Figures::new()) },
        }
    }
}

/// Looks at one region and channel at the end of a day, or in the middle of it. Returns the gate as it is from then on.
///
/// * `held`: as it was; none when it is looked at for the first time.
pub fn evaluate(rules: &AdGateRules, evidence: &Evidence, held: Option<&Gate>, day: i32) -> Gate {
    let Some(gate) = held else {
        // All that is known counts for one that is new.
        let new = Gate::new(day);
        return bad(rules, evidence, rules.leads_min, i32::MIN / 2, day).map_or(new.clone(), |(why, told)| new.closed(day, why, why, told));
    };
    if gate.is_pinned {
        return gate.clone();
    }
    // A new gate was opened by nobody's deed: what was before it counts.
    let after = if gate.reason == GateReason::New { i32::MIN / 2 } else { gate.since_day };
    match gate.state {
        GateState::Open => {
            bad(rules, evidence, rules.leads_min, after, day).map_or(gate.clone(), |(why, told)| gate.closed(day, why, why, told))
        }
        GateState::Closed => {
            let stay = rules.stay_days * gate.closings.clamp(1, STAY_TIMES_MAX);
            let (quality, told) = evidence.quality_level(rules, rules.leads_min, gate.since_day, day);
            if day - gate.since_day < stay as i32 || quality == Level::Bad {
                return gate.clone();
            }
            gate.to(GateState::Probe, day, GateReason::StayOver, told)
        }
        GateState::Probe => {
            if let Some((why, told)) = bad(rules, evidence, rules.probe_leads, after, day) {
                return gate.closed(day, GateReason::ProbeBad, why, told);
            }
            let (quality, told) = evidence.quality_level(rules, rules.probe_leads, after, day);
            let (drr, _) = evidence.drr_level(rules, after, day);
            // Nothing sold in so short a time is no proof against it; a sale that pays is one for it.
            let has_paid = gate.closed_for != Some(GateReason::DrrHigh) || drr == Level::Good;
            let is_over = rules.probe_days as i32 <= day - gate.since_day;
            if is_over && has_paid && quality == Level::Good {
                return gate.to(GateState::Open, day, GateReason::ProbeGood, told);
            }
            gate.clone()
        }
    }
}

/// What is certainly wrong.
fn bad(rules: &AdGateRules, evidence: &Evidence, leads_min: u32, after_day: i32, day: i32) -> Option<(GateReason, Figures)> {
    let (quality, told) = evidence.quality_level(rules, leads_min, after_day, day);
    if quality == Level::Bad {
        return Some((GateReason::QualityLow, told));
    }
    let (drr, told) = evidence.drr_level(rules, after_day, day);
    (drr == Level::Bad).then_some((GateReason::DrrHigh, told))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A day's leads at a rate, drawn by a plain generator: the same on every machine.
    struct Draw(u64);

    impl Draw {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / (1_u64 << 31) as f64
        }

        fn share(&mut self, of: u64, rate: f64) -> Share {
            Share { count: (0..of).filter(|_| self.unit() < rate).count() as u64, of }
        }
    }

    fn healthy(evidence: &mut Evidence, day: i32) {
        evidence.average_sale = 20_000.0;
        evidence.money.insert(day, Money { cost: 500.0, sales: 1, revenue: 20_000.0 });
    }

    /// Goes through days; returns each switch with its day.
    fn run(
        rules: &AdGateRules,
        evidence: &mut Evidence,
        days: std::ops::Range<i32>,
        gate: &mut Option<Gate>,
        mut day_of: impl FnMut(&mut Evidence, i32, GateState),
    ) -> Vec<(i32, GateState, GateReason)> {
        let mut switches = Vec::new();
        for day in days {
            let state = gate.as_ref().map_or(GateState::Open, |gate| gate.state);
            day_of(evidence, day, state);
            let next = evaluate(rules, evidence, gate.as_ref(), day);
            if gate.as_ref().is_some_and(|held| held.state != next.state) {
                switches.push((day, next.state, next.reason));
            }
            *gate = Some(next);
        }
        switches
    }

    #[test]
    fn a_dealer_who_falls_is_closed_at_once_and_opened_by_a_probe_when_well_again() {
        let rules = AdGateRules::default();
        let (mut evidence, mut gate, mut draw) = (Evidence::default(), None, Draw(7));
        let good = |evidence: &mut Evidence, draw: &mut Draw, day: i32, rate: f64, leads: u64| {
            healthy(evidence, day);
            evidence.answered.insert(day, draw.share(leads, rate));
        };
        assert_eq!(run(&rules, &mut evidence, 0..60, &mut gate, |evidence, day, _| good(evidence, &mut draw, day, 0.85, 30)), []);
        // The day on which nobody answers any more.
        let fell = run(&rules, &mut evidence, 60..65, &mut gate, |evidence, day, state| {
            good(evidence, &mut draw, day, 0.03, if state == GateState::Closed { 2 } else { 30 });
        });
        assert_eq!(fell, [(60, GateState::Closed, GateReason::QualityLow)]);
        assert!(gate.as_ref().is_some_and(|gate| gate.figures["high"] < 40.0 && gate.figures["days"] == 1.0));
        // Well again: after the stay a probe, after the probe open.
        let rose = run(&rules, &mut evidence, 65..100, &mut gate, |evidence, day, state| {
            let leads = [30, 4, 1][state as usize];
            good(evidence, &mut draw, day, 0.85, leads);
        });
        assert_eq!(
            rose.iter().map(|(_, state, why)| (*state, *why)).collect::<Vec<_>>(),
            [(GateState::Probe, GateReason::StayOver), (GateState::Open, GateReason::ProbeGood)]
        );
        assert!(67 <= rose[0].0 && rose[0].0 + 7 <= rose[1].0, "{rose:?}");
    }

    #[test]
    fn a_probe_that_fails_closes_for_longer() {
        let rules = AdGateRules::default();
        let (mut evidence, mut gate, mut draw) = (Evidence::default(), None, Draw(3));
        let switches = run(&rules, &mut evidence, 0..120, &mut gate, |evidence, day, state| {
            healthy(evidence, day);
            evidence.answered.insert(day, draw.share([30, 15, 0][state as usize], 0.02));
        });
        let closed: Vec<i32> = switches.iter().filter(|(_, state, _)| *state == GateState::Probe).map(|(day, ..)| *day).collect();
        // 7, 14, 21, then 28 days of rest.
        let rests: Vec<i32> = closed.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            switches
                .iter()
                .all(|(_, state, why)| *state != GateState::Open && (*state == GateState::Probe || *why == GateReason::ProbeBad)),
            "{switches:?}"
        );
        assert!(rests.windows(2).all(|pair| pair[0] <= pair[1]) && rests.last().is_some_and(|rest| 28 <= *rest), "{rests:?}");
    }

    #[test]
    fn cost_without_revenue_closes_and_money_that_comes_back_opens() {
        let rules = AdGateRules::default();
        let mut evidence = Evidence { average_sale: 20_000.0, ..Evidence::default() };
        let mut gate = None;
        // 400 a day and nothing sold: the cost has to be certainly more than 15 % of what may have been sold.
        let closed = run(&rules, &mut evidence, 0..60, &mut gate, |evidence, day, _| {
            evidence.answered.insert(day, Share { count: 4, of: 5 });
            evidence.money.insert(day, Money { cost: 800.0, sales: 0, revenue: 0.0 });
        });
        assert_eq!((closed.first().map(|(_, state, why)| (*state, *why))), Some((GateState::Closed, GateReason::DrrHigh)));
        assert!(10 < closed[0].0, "a few days without a sale say nothing: {closed:?}");
        let mut gate = Some(Gate {
            closings: 1,
            closed_for: Some(GateReason::DrrHigh),
            ..Gate::new(60).to(GateState::Probe, 60, GateReason::StayOver, Figures::new())
        });
        let opened = run(&rules, &mut evidence, 61..80, &mut gate, |evidence, day, _| {
            evidence.answered.insert(day, Share { count: 4, of: 5 });
            evidence.money.insert(day, Money { cost: 50.0, sales: u64::from(day == 75), revenue: if day == 75 { 20_000.0 } else { 0.0 } });
        });
        assert_eq!(opened, [(75, GateState::Open, GateReason::ProbeGood)]);
    }

    #[test]
    fn what_a_hand_sets_stays() {
        let rules = AdGateRules::default();
        let mut evidence = Evidence::default();
        evidence.answered.insert(5, Share { count: 0, of: 100 });
        let pinned = Gate::new(0).pinned(Some(GateState::Open), 3);
        assert_eq!(evaluate(&rules, &evidence, Some(&pinned), 5), pinned);
        assert_eq!(evaluate(&rules, &evidence, Some(&pinned.pinned(None, 4)), 5).state, GateState::Closed);
    }

    #[test]
    fn few_leads_say_nothing() {
        let rules = AdGateRules::default();
        let mut evidence = Evidence::default();
        evidence.answered.insert(1, Share { count: 0, of: 19 });
        assert_eq!(evaluate(&rules, &evidence, None, 1).state, GateState::Open);
        evidence.answered.insert(1, Share { count: 0, of: 20 });
        assert_eq!(evaluate(&rules, &evidence, None, 1).state, GateState::Closed);
    }

    #[test]
    fn lines_that_touch_are_refused() {
        assert_eq!(AdGateRules::default().check(), Ok(()));
        for wrong in [
            AdGateRules { quality_open: 40.0, ..AdGateRules::default() },
            AdGateRules { drr_open: 15.0, ..AdGateRules::default() },
            AdGateRules { leads_min: 1, ..AdGateRules::default() },
            AdGateRules { quality_close: f64::NAN, ..AdGateRules::default() },
            AdGateRules { webhook_url: "ftp://x".into(), ..AdGateRules::default() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        /// A year of noise around a steady rate: next to no switch, whatever the rate and the number of leads.
        #[test]
        fn noise_does_not_make_it_flap(seed in any::<u64>(), rate in 0.5f64..1.0, leads in 1u64..60) {
            let rules = AdGateRules::default();
            let (mut evidence, mut gate, mut draw) = (Evidence::default(), None, Draw(seed));
            let switches = run(&rules, &mut evidence, 0..365, &mut gate, |evidence, day, state| {
                healthy(evidence, day);
                let leads = match state { GateState::Open => leads, GateState::Probe => leads.div_ceil(4), GateState::Closed => 0 };
                evidence.answered.insert(day, draw.share(leads, rate));
            });
            prop_assert!(switches.len() <= 3, "{rate} of {leads}: {switches:?}");
        }

        /// Certainly bad is closed within a day of enough leads, at any rate far below the line.
        #[test]
        fn certainly_bad_never_stays_open(seed in any::<u64>(), rate in 0.0f64..0.12, leads in 25u64..80, well in 1i32..40) {
            let rules = AdGateRules::default();
            let (mut evidence, mut gate, mut draw) = (Evidence::default(), None, Draw(seed));
            run(&rules, &mut evidence, 0..well, &mut gate, |evidence, day, _| {
                healthy(evidence, day);
                evidence.answered.insert(day, draw.share(leads, 0.9));
            });
            run(&rules, &mut evidence, well..well + 3, &mut gate, |evidence, day, _| {
                healthy(evidence, day);
                evidence.answered.insert(day, draw.share(leads, rate));
            });
            prop_assert_eq!(gate.map(|gate| gate.state), Some(GateState::Closed));
        }
    }
}
