//! To which dealer a lead goes: who may have it at all, how good each is for it, and whose turn it is among the best.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Asked, Routing};
use crate::{
    hours::Moment,
    network::{Network, Ready, same},
};

/// Candidates of a decision that are kept for people to read.
const KEPT_MAX: usize = 8;
/// One lead of a dealer of the weight 1, on the scale of turns.
const TURN: i64 = 1_000_000;

/// What a dealer has on its hands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Load {
    /// Leads in work now.
    pub open: i64,
    /// A day number by the dealer's clock, and how many leads came on it.
    pub day: i32,
    pub today: i64,
    /// When its next turn is, on the scale of turns.
    pub turn: i64,
}

/// What all dealers have on their hands.
#[derive(Debug, Clone, Default)]
pub struct Loads {
    pub of: BTreeMap<String, Load>,
    /// By region, the turn that was last taken: who was away does not catch up on what went by.
    pub turns: BTreeMap<String, i64>,
    /// Dealers and regions that changed since they were asked for.
    changed: (BTreeSet<String>, BTreeSet<String>),
}

/// What a lead asks of a dealer.
pub struct Asking<'a> {
    pub asked: &'a Asked,
    pub model: Option<&'a str>,
    pub region: Option<&'a str>,
    /// Dealers that had it already.
    pub passed: &'a [String],
    pub at_us: i64,
}

/// A dealer as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub dealer_id: String,
    pub points: i64,
    /// What the points are for: a word of [`Routing`], and how many.
    pub parts: Vec<(String, i64)>,
    /// Why it may not have the lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred: Option<String>,
}

/// A routing decision with the alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at_us: i64,
    /// Nobody where no dealer may have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// A word: `best`, `turn` where several were as good, `nobody`.
    pub reason: String,
    /// The best first, then some of those who may not have it.
    pub candidates: Vec<Candidate>,
    /// How many more were looked at.
    pub others: u32,
}

impl Loads {
    /// Which dealers and regions changed since this was asked last.
    pub fn take_changed(&mut self) -> (BTreeSet<String>, BTreeSet<String>) {
        std::mem::take(&mut self.changed)
    }

    /// When a dealer's turn begins.
    fn starts(&self, ready: &Ready, load: Option<&Load>) -> i64 {
        let own = load.map_or(0, |load| load.turn);
        own.max(self.turns.get(&ready.dealer.region).copied().unwrap_or(0))
    }

    /// Notes that a dealer got a lead.
    pub fn give(&mut self, ready: &Ready, at_us: i64) {
        let day = ready.calendar.local_day(at_us);
        let starts = self.starts(ready, self.of.get(&ready.dealer.dealer_id));
        self.turns.insert(ready.dealer.region.clone(), starts);
        self.changed.0.insert(ready.dealer.dealer_id.clone());
        self.changed.1.insert(ready.dealer.region.clone());
        let load = self.of.entry(ready.dealer.dealer_id.clone()).or_default();
        if load.day != day {
            (load.day, load.today) = (day, 0);
        }
        load.today += 1;
        load.open += 1;
        load.turn = starts + TURN / i64::from(ready.dealer.weight.max(1));
    }

    /// Notes that a dealer has a lead no more.
    pub fn take(&mut self, dealer_id: &str) {
        if let Some(load) = self.of.get_mut(dealer_id) {
            load.open = (load.open - 1).max(0);
            self.changed.0.insert(dealer_id.to_owned());
        }
    }
}

/// Decides to which dealer a lead goes. Changes nothing: see [`Loads::give`].
pub fn route(network: &Network, loads: &Loads, rules: &Routing, lead: &Asking<'_>) -> Decision {
    let now = Moment::at(lead.at_us);
    let mut may: Vec<(i64, i64, &Ready)> = Vec::new();
    let mut barred: Vec<(&Ready, &'static str)> = Vec::new();
    // Dealers and their loads are in one order: a walk of both is several times faster than to look each up.
    let mut held = loads.of.iter().peekable();
    for ready in network.iter() {
        let id = &ready.dealer.dealer_id;
        while held.next_if(|(held, _)| *held < id).is_some() {}
        let load = held.next_if(|(held, _)| *held == id).map(|(_, load)| load);
        match bar(ready, load, rules, lead, &now) {
            Some(why) => barred.push((ready, why)),
            None => may.push((points(ready, load, rules, lead, &now, None), loads.starts(ready, load), ready)),
        }
    }
    let best = may.iter().map(|(points, ..)| *points).max();
    let as_good = |points: i64| best.is_some_and(|best| best - i64::from(rules.tie_points) <= points);
    // Their turns first; the better of two whose turn it is.
    let rank = |(points, starts, _): &(i64, i64, &Ready)| {
        let is_tied = as_good(*points);
        (!is_tied, if is_tied { *starts } else { 0 }, -points)
    };
    let by_rank = |a: &(i64, i64, &Ready), b: &(i64, i64, &Ready)| {
        rank(a).cmp(&rank(b)).then_with(|| a.2.dealer.dealer_id.cmp(&b.2.dealer.dealer_id))
    };
    // Only the first of them are ever shown, and one is chosen.
    if KEPT_MAX < may.len() {
        may.select_nth_unstable_by(KEPT_MAX, by_rank);
        may[..KEPT_MAX].sort_unstable_by(by_rank);
    } else {
        may.sort_unstable_by(by_rank);
    }
    let ties = may.iter().filter(|(points, ..)| as_good(*points)).count();
    let reason = match ties {
        0 => "nobody",
        1 => "best",
        _ => "turn",
    };
    let chosen = may.first().map(|(.., ready)| ready.dealer.dealer_id.clone());
    // Who is barred for the franchise is of no interest to anybody.
    barred.sort_by_key(|(_, why)| *why == "franchise");
    let looked_at = may.len() + barred.len();
    let shown = may.iter().map(|(.., ready)| (*ready, None)).chain(barred.iter().map(|(ready, why)| (*ready, Some(*why))));
    let candidates: Vec<Candidate> = shown
        .take(KEPT_MAX)
        .map(|(ready, why)| {
            let mut parts = Vec::new();
            let load = loads.of.get(&ready.dealer.dealer_id);
            let points = points(ready, load, rules, lead, &now, Some(&mut parts));
            Candidate { dealer_id: ready.dealer.dealer_id.clone(), points, parts, barred: why.map(str::to_owned) }
        })
        .collect();
    let others = (looked_at - candidates.len()) as u32;
    Decision { at_us: lead.at_us, chosen, reason: reason.to_owned(), candidates, others }
}

/// Why a dealer may not have a lead.
fn bar(ready: &Ready, load: Option<&Load>, rules: &Routing, lead: &Asking<'_>, now: &Moment) -> Option<&'static str> {
    let dealer = &ready.dealer;
    if !dealer.takes_leads {
        return Some("takes_none");
    }
    if !dealer.sells(lead.asked.brand.as_deref(), lead.model) {
        return Some("franchise");
    }
    if lead.passed.contains(&dealer.dealer_id) {
        return Some("had_it");
    }
    let is_limited = dealer.open_leads_max.is_some() || dealer.leads_a_day_max.is_some();
    if is_limited {
        let open = load.map_or(0, |load| load.open);
        let today = load.map_or(0, |load| if load.day == now.day(&ready.calendar) { load.today } else { 0 });
        let is_full = |held: i64, most: Option<u32>| most.is_some_and(|most| i64::from(most) <= held);
        if is_full(open, dealer.open_leads_max) {
            return Some("full");
        }
        if is_full(today, dealer.leads_a_day_max) {
            return Some("full_today");
        }
    }
    let is_preferred = lead.asked.preferred.contains(&dealer.dealer_id);
    let distance_km = lead.asked.place.zip(dealer.place).map(|(from, to)| from.distance_km(to));
    (!is_preferred && distance_km.is_some_and(|km| f64::from(rules.distance_max_km) < km)).then_some("too_far")
}

/// A dealer's points for a lead.
///
/// * `parts`: where to put what they are for.
fn points(
    ready: &Ready,
    load: Option<&Load>,
    rules: &Routing,
    lead: &Asking<'_>,
    now: &Moment,
    mut parts: Option<&mut Vec<(String, i64)>>,
) -> i64 {
    let dealer = &ready.dealer;
    let asked = lead.asked;
    let mut sum = 0;
    // Hundredths of the weight.
    let mut add = |says: &str, weight: u32, share: i64| {
        let points = i64::from(weight) * share.clamp(0, 100) / 100;
        if points != 0 {
            sum += points;
            if let Some(parts) = &mut parts {
                parts.push((says.to_owned(), points));
            }
        }
    };
    let in_postcodes = !dealer.postcodes.is_empty()
        && asked.postcode.as_deref().is_some_and(|code| {
            let code = code.replace(' ', "").to_uppercase();
            dealer.postcodes.iter().any(|prefix| code.starts_with(&prefix.replace(' ', "").to_uppercase()))
        });
    let in_region = lead.region.is_some_and(|region| !dealer.region.is_empty() && same(&dealer.region, region));
    add("area", rules.area, if in_postcodes { 100 } else { i64::from(in_region) * 60 });
    if let Some((from, to)) = asked.place.zip(dealer.place) {
        let most = f64::from(rules.distance_max_km.max(1));
        add("distance", rules.distance, ((1.0 - from.distance_km(to) / most) * 100.0) as i64);
    }
    if !dealer.stock.is_empty() {
        add("stock", rules.stock, i64::from(dealer.in_stock(lead.model).min(5)) * 20);
    }
    add("quality", rules.quality, i64::from(dealer.quality));
    let speaks = asked.language.as_deref().is_some_and(|wanted| dealer.languages.iter().any(|held| same(held, wanted)));
    add("language", rules.language, i64::from(speaks) * 100);
    if let Some(at) = asked.preferred.iter().position(|id| *id == dealer.dealer_id) {
        add("preferred", rules.preferred, 100 - 10 * (at.min(9) as i64));
    }
    if 0 < rules.open_now {
        add("open_now", rules.open_now, i64::from(now.is_open(&ready.calendar)) * 100);
    }
    if let Some(most) = dealer.open_leads_max.filter(|most| 0 < *most) {
        add("load", rules.load, 100 - 100 * load.map_or(0, |load| load.open) / i64::from(most));
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        lead::LeadRules,
        network::{Dealer, Place, tests::dealer},
        time,
    };

    fn asking<'a>(asked: &'a Asked, model: Option<&'a str>, at_us: i64) -> Asking<'a> {
        Asking { asked, model, region: None, passed: &[], at_us }
    }

    fn rules() -> Routing {
        LeadRules::default().routing
    }

    #[test]
    fn the_best_is_chosen_and_the_decision_says_why() {
        let near = Dealer { models: vec!["A1".into()], place: Some(Place { lat: 52.5, lon: 13.4 }), quality: 80, ..dealer("near") };
        let far = Dealer { models: vec!["A1".into()], place: Some(Place { lat: 48.1, lon: 11.6 }), ..dealer("far") };
        let other = Dealer { models: vec!["B2".into()], ..dealer("other") };
        let network = Network::of([near, far, other]);
        let asked = Asked { place: Some(Place { lat: 52.4, lon: 13.3 }), ..Asked::default() };
        let decision = route(&network, &Loads::default(), &rules(), &asking(&asked, Some("A1"), 0));
        assert_eq!((decision.chosen.as_deref(), decision.reason.as_str()), (Some("near"), "best"));
        let barred = |id: &str| decision.candidates.iter().find(|held| held.dealer_id == id).and_then(|held| held.barred.clone());
        assert_eq!((barred("far").as_deref(), barred("other").as_deref()), (Some("too_far"), Some("franchise")));
        for candidate in &decision.candidates {
            assert_eq!(candidate.points, candidate.parts.iter().map(|(_, points)| points).sum::<i64>());
        }
        let nobody = route(&network, &Loads::default(), &rules(), &asking(&asked, Some("C3"), 0));
        assert_eq!((nobody.chosen, nobody.reason.as_str()), (None, "nobody"));
    }

    #[test]
    fn who_was_away_does_not_catch_up() {
        let network = Network::of([dealer("a"), dealer("b")]);
        let (mut loads, asked) = (Loads::default(), Asked::default());
        let mut away = network.get("b").unwrap().dealer.clone();
        away.takes_leads = false;
        let without = Network::of([dealer("a"), away]);
        for _ in 0..100 {
            let chosen = route(&without, &loads, &rules(), &asking(&asked, None, 0)).chosen.unwrap();
            loads.give(without.get(&chosen).unwrap(), 0);
        }
        let mut got = BTreeMap::new();
        for _ in 0..20 {
            let chosen = route(&network, &loads, &rules(), &asking(&asked, None, 0)).chosen.unwrap();
            loads.give(network.get(&chosen).unwrap(), 0);
            *got.entry(chosen).or_insert(0) += 1;
        }
        assert!((9..=11).contains(&got["a"]) && (9..=11).contains(&got["b"]), "{got:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Never to a dealer without the franchise, never beyond what a dealer can take, and to nobody only where nobody may.
        #[test]
        fn no_lead_goes_where_it_may_not(
            dealers in prop::collection::vec((1u32..=1000, prop::option::of(0u32..6), prop::option::of(0u32..4), 0usize..4, any::<bool>()), 1..12),
            leads in prop::collection::vec((0usize..4, 0i64..3, any::<bool>()), 1..80),
        ) {
            const MODELS: [&str; 4] = ["A1", "B2", "C3", ""];
            let network = Network::of(dealers.iter().enumerate().map(|(at, (weight, open, a_day, model, takes))| Dealer {
                weight: *weight, open_leads_max: *open, leads_a_day_max: *a_day, takes_leads: *takes,
                models: if MODELS[*model].is_empty() { vec![] } else { vec![MODELS[*model].to_owned()] },
                ..dealer(&format!("d{at}"))
            }));
            let mut loads = Loads::default();
            let mut given: BTreeMap<(String, i64), u32> = BTreeMap::new();
            let mut open: BTreeMap<String, u32> = BTreeMap::new();
            for (model, day, closes) in leads {
                let model = Some(MODELS[model]).filter(|model| !model.is_empty());
                let at_us = day * time::DAY_US;
                let asked = Asked::default();
                let decision = route(&network, &loads, &rules(), &asking(&asked, model, at_us));
                let may = |ready: &Ready| {
                    let dealer = &ready.dealer;
                    let day_count = given.get(&(dealer.dealer_id.clone(), day)).copied().unwrap_or(0);
                    let held = open.get(&dealer.dealer_id).copied().unwrap_or(0);
                    // A day that was left is begun anew when it comes again: time does not go back in an installation.
                    dealer.takes_leads && dealer.sells(None, model) && dealer.open_leads_max.is_none_or(|most| held < most)
                        && dealer.leads_a_day_max.is_none_or(|most| day_count < most)
                };
                let Some(chosen) = decision.chosen else {
                    prop_assert!(dealers.iter().any(|(_, _, a_day, ..)| a_day.is_some()) || !network.iter().any(|ready| may(ready)));
                    continue;
                };
                let ready = network.get(&chosen).unwrap();
                prop_assert!(ready.dealer.takes_leads && ready.dealer.sells(None, model));
                prop_assert!(ready.dealer.open_leads_max.is_none_or(|most| open.get(&chosen).copied().unwrap_or(0) < most));
                loads.give(ready, at_us);
                *given.entry((chosen.clone(), day)).or_default() += 1;
                *open.entry(chosen.clone()).or_default() += 1;
                if closes {
                    loads.take(&chosen);
                    *open.entry(chosen).or_default() -= 1;
                }
            }
        }

        /// Among equals the shares are those of the weights, to within one lead a dealer.
        #[test]
        fn equals_take_turns_by_their_weights(weights in prop::collection::vec(1u32..=1000, 1..10)) {
            let network = Network::of(weights.iter().enumerate().map(|(at, weight)| Dealer { weight: *weight, ..dealer(&format!("d{at}")) }));
            let (mut loads, asked) = (Loads::default(), Asked::default());
            let all = 2_000;
            let mut got: BTreeMap<String, i64> = BTreeMap::new();
            for _ in 0..all {
                let chosen = route(&network, &loads, &rules(), &asking(&asked, None, 0)).chosen.unwrap();
                loads.give(network.get(&chosen).unwrap(), 0);
                *got.entry(chosen).or_default() += 1;
            }
            let sum: u32 = weights.iter().sum();
            for (at, weight) in weights.iter().enumerate() {
                let due = f64::from(*weight) * f64::from(all) / f64::from(sum);
                let held = got.get(&format!("d{at}")).copied().unwrap_or(0) as f64;
                prop_assert!((held - due).abs() <= 1.0 + due * 0.01 + weights.len() as f64 / 2.0, "{at}: {held} of {due}");
            }
        }
    }
}
