//! Other rules tried on leads of the past: who would have got how many, before anything is changed.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{Asked, Asking, LeadRules, Loads, Scored, Way, route};
use crate::network::Network;

/// A lead as it came in, and when its dealer was rid of it.
#[derive(Debug, Clone)]
pub struct Past {
    pub at_us: i64,
    pub left_us: Option<i64>,
    pub asked: Asked,
    pub scored: Scored,
    /// 0 to 100.
    pub score: i64,
    pub model: Option<String>,
    pub region: Option<String>,
    pub channel: Option<String>,
}

/// Where leads go by some rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub by_dealer: BTreeMap<String, u64>,
    /// `dealer`, `verification`, `nurture`, `pool`.
    pub by_queue: BTreeMap<&'static str, u64>,
    pub by_band: BTreeMap<String, u64>,
    /// Queue and dealer of each, in the order of the leads.
    pub places: Vec<(&'static str, Option<String>)>,
}

/// What a lead scored then, by other rules: points that are given for the same are given anew; what the rules did not ask for then is not
/// known of the past.
fn score(scored: &Scored, as_scored: i64, as_it_was: &LeadRules, rules: &LeadRules) -> i64 {
    // A learned score stays what it is: rules say nothing of it.
    if scored.learned.is_some() {
        return as_scored;
    }
    let points_of = |rules: &LeadRules, says: &str| rules.points.iter().find(|points| points.says == says).map(|points| points.points);
    let again = scored.parts.iter().filter_map(|(says, got)| {
        let (then, now) = (points_of(as_it_was, says)?, points_of(rules, says)?);
        // A part that had faded fades as much.
        Some(if then == 0 { 0 } else { got * now / then })
    });
    (rules.base_points + again.sum::<i64>()).clamp(0, 100)
}

/// Lets leads go by rules, one after the other.
///
/// * `past`: in the order in which they came.
/// * `as_it_was`: the rules that they were scored by.
pub fn run(network: &Network, as_it_was: &LeadRules, rules: &LeadRules, past: &[Past]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut loads = Loads::default();
    let mut leaves: BinaryHeap<Reverse<(i64, String)>> = BinaryHeap::new();
    for lead in past {
        while leaves.peek().is_some_and(|Reverse((us, _))| *us <= lead.at_us) {
            if let Some(Reverse((_, dealer_id))) = leaves.pop() {
                loads.take(&dealer_id);
            }
        }
        let score = score(&lead.scored, lead.score, as_it_was, rules);
        let Some(band) = rules.band(score, lead.channel.as_deref()) else { continue };
        *outcome.by_band.entry(band.band.clone()).or_default() += 1;
        let (queue, dealer_id) = match band.way {
            Way::Nurture => ("nurture", None),
            Way::Verification => ("verification", None),
            Way::Dealer => {
                let (model, region) = (lead.model.as_deref(), lead.region.as_deref());
                let asking = Asking { asked: &lead.asked, model, region, passed: &[], at_us: lead.at_us };
                let chosen = route(network, &loads, &rules.routing, &asking).chosen;
                (if chosen.is_some() { "dealer" } else { "pool" }, chosen)
            }
        };
        if let Some(ready) = dealer_id.as_deref().and_then(|id| network.get(id)) {
            loads.give(ready, lead.at_us);
            *outcome.by_dealer.entry(ready.dealer.dealer_id.clone()).or_default() += 1;
            if let Some(left_us) = lead.left_us {
                leaves.push(Reverse((left_us, ready.dealer.dealer_id.clone())));
            }
        }
        *outcome.by_queue.entry(queue).or_default() += 1;
        outcome.places.push((queue, dealer_id));
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Dealer, tests::dealer};

    #[test]
    fn another_weight_sends_leads_elsewhere() {
        let network =
            Network::of([Dealer { quality: 90, ..dealer("good") }, Dealer { region: "North".into(), quality: 40, ..dealer("near") }]);
        let rules = LeadRules { base_points: 80, ..LeadRules::default() };
        let past: Vec<Past> = (0..10)
            .map(|at_us| Past {
                at_us,
                left_us: None,
                asked: Asked::default(),
                scored: Scored { parts: vec![("Came by advertising on display".into(), -10)], learned: None },
                score: 20,
                model: None,
                region: Some("North".into()),
                channel: None,
            })
            .collect();
        let now = run(&network, &rules, &rules, &past);
        assert_eq!(now.by_dealer, [("near".to_owned(), 10)].into());
        let mut other = rules.clone();
        (other.routing.area, other.routing.quality) = (0, 100);
        assert_eq!(run(&network, &rules, &other, &past).by_dealer, [("good".to_owned(), 10)].into());
        other.points.iter_mut().for_each(|points| points.points *= 5);
        assert_eq!(run(&network, &rules, &other, &past).by_queue, [("nurture", 10)].into());
    }
}
