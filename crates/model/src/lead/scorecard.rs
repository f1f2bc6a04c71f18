//! How well dealers handle leads, from what was recorded and not from what is said: times to a person's answer, rates with their
//! intervals, and what was dropped.

use std::collections::BTreeMap;

use super::{LeadMove, Moved, is_beyond_contact};
use crate::hours::Calendar;

/// Scores are compared within bands of so many points.
const SCORE_BAND: i64 = 20;

/// One stay of a lead at a dealer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    pub dealer_id: String,
    pub score: i64,
    pub from_us: i64,
    /// When it left, if it did.
    pub until_us: Option<i64>,
    pub accepted_us: Option<i64>,
    /// First time that a person reached out.
    pub contacted_us: Option<i64>,
    pub has_expired: bool,
    pub is_lost: bool,
    /// Dropped without a word with the person, or against what the rules believe.
    pub is_lost_early: bool,
    pub had_test_drive: bool,
    pub has_contract: bool,
}

/// The stays of one lead.
///
/// * `moves`: of the lead, in their order.
pub fn stays(score: i64, moves: &[LeadMove]) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    let mut is_there = false;
    for held in moves {
        if let Some(dealer_id) = held.to.strip_prefix("dealer:").filter(|_| held.act != Moved::Reappeared || held.from != held.to) {
            if let Some(last) = stays.last_mut().filter(|_| is_there) {
                last.until_us = Some(held.at_us);
            }
            is_there = true;
            stays.push(Stay {
                dealer_id: dealer_id.to_owned(),
                score,
                from_us: held.at_us,
                until_us: None,
                accepted_us: None,
                contacted_us: None,
                has_expired: false,
                is_lost: false,
                is_lost_early: false,
                had_test_drive: false,
                has_contract: false,
            });
            continue;
        }
        let Some(stay) = stays.last_mut().filter(|_| is_there) else { continue };
        match held.act {
            Moved::Accepted => _ = stay.accepted_us.get_or_insert(held.at_us),
            Moved::Contacted | Moved::Appointment => {
                stay.accepted_us.get_or_insert(held.at_us);
                stay.contacted_us.get_or_insert(held.at_us);
            }
            Moved::Stage if is_beyond_contact(&held.to) => {
                stay.accepted_us.get_or_insert(held.at_us);
                stay.contacted_us.get_or_insert(held.at_us);
                stay.had_test_drive |= matches!(held.to.as_str(), "test_drive" | "offer" | "contract" | "delivered");
                stay.has_contract |= matches!(held.to.as_str(), "contract" | "delivered");
            }
            Moved::Lost => {
                (stay.is_lost, stay.is_lost_early) = (true, stay.contacted_us.is_none());
                if held.to != "dealer" {
                    (is_there, stay.until_us) = (false, Some(held.at_us));
                }
            }
            Moved::Expired => {
                (stay.has_expired, stay.until_us) = (true, Some(held.at_us));
                is_there = false;
            }
            Moved::Returned | Moved::TakenBack | Moved::Closed => {
                stay.until_us = Some(held.at_us);
                is_there = false;
            }
            _ => {}
        }
        // A dealer's word that was not believed.
        if held.act == Moved::Lost && held.to == "verification" {
            stay.is_lost_early = true;
        }
    }
    stays
}

/// A part of a whole, with the interval that holds the true share in 95 of 100 cases (Wilson).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share {
    pub count: u64,
    pub of: u64,
}

impl Share {
    pub fn add(&mut self, is_counted: bool) {
        self.of += 1;
        self.count += u64::from(is_counted);
    }

    pub fn rate(self) -> Option<f64> {
        (0 < self.of).then(|| self.count as f64 / self.of as f64)
    }

    /// In 95 of 100 cases.
    pub fn interval(self) -> Option<(f64, f64)> {
        self.interval_at(1.959_963_985)
    }

    /// Wilson's interval.
    ///
    /// * `z`: quantile of the normal distribution.
    pub fn interval_at(self, z: f64) -> Option<(f64, f64)> {
        let (rate, n) = (self.rate()?, self.of as f64);
        let (middle, beneath) = (rate + z * z / (2.0 * n), 1.0 + z * z / n);
        let half = z * (rate * (1.0 - rate) / n + z * z / (4.0 * n * n)).sqrt();
        Some((((middle - half) / beneath).max(0.0), ((middle + half) / beneath).min(1.0)))
    }
}

/// What is known of a dealer's handling of leads in a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scorecard {
    pub leads: u64,
    pub accepted: u64,
    pub expired: u64,
    /// Microseconds from the dispatch on, rising.
    accept_us: Vec<i64>,
    contact_us: Vec<i64>,
    contact_open_us: Vec<i64>,
    pub never_contacted: u64,
    pub contact: Share,
    pub test_drive: Share,
    pub contract: Share,
    /// Contracts that leads of these scores bring on average.
    expected_contracts: f64,
    /// Answered by a person before a clock ran out.
    pub in_time: Share,
    pub lost: u64,
    pub lost_early: u64,
}

/// The value below which a share of the sorted values lies; the lower of two.
fn quantile(sorted: &[i64], share: f64) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share) as usize).copied()
}

impl Scorecard {
    pub fn accept(&self, share: f64) -> Option<i64> {
        quantile(&self.accept_us, share)
    }

    /// Time to a person's first answer.
    pub fn answer(&self, share: f64) -> Option<i64> {
        quantile(&self.contact_us, share)
    }

    /// The same in the dealer's opening hours.
    pub fn answer_open(&self, share: f64) -> Option<i64> {
        quantile(&self.contact_open_us, share)
    }

    /// The contract rate that the dealer would have with leads of the average mix of scores.
    pub fn adjusted(&self, overall: Share) -> Option<f64> {
        (0.0 < self.expected_contracts).then(|| self.contract.count as f64 / self.expected_contracts * overall.rate().unwrap_or(0.0))
    }

    fn add(&mut self, stay: &Stay, calendar: Option<&Calendar>, expected: f64) {
        self.leads += 1;
        self.accepted += u64::from(stay.accepted_us.is_some());
        self.expired += u64::from(stay.has_expired);
        self.accept_us.extend(stay.accepted_us.map(|us| us - stay.from_us));
        self.contact_us.extend(stay.contacted_us.map(|us| us - stay.from_us));
        let open_us = stay.contacted_us.zip(calendar).map(|(us, calendar)| calendar.open_us(stay.from_us, us));
        self.contact_open_us.extend(open_us);
        self.never_contacted += u64::from(stay.contacted_us.is_none() && stay.until_us.is_some());
        self.contact.add(stay.contacted_us.is_some());
        self.test_drive.add(stay.had_test_drive);
        self.contract.add(stay.has_contract);
        self.expected_contracts += expected;
        // One that is there still, and whose clock runs, says nothing yet.
        if stay.contacted_us.is_some() || stay.until_us.is_some() {
            self.in_time.add(stay.contacted_us.is_some() && !stay.has_expired);
        }
        self.lost += u64::from(stay.is_lost);
        self.lost_early += u64::from(stay.is_lost_early);
    }

    fn sort(&mut self) {
        [&mut self.accept_us, &mut self.contact_us, &mut self.contact_open_us].into_iter().for_each(|times| times.sort_unstable());
    }
}

/// Scorecards of all dealers, and of all together.
///
/// * `calendar`: a dealer's hours.
pub fn scorecards<'a>(stays: &[Stay], calendar: impl Fn(&str) -> Option<&'a Calendar>) -> (BTreeMap<String, Scorecard>, Scorecard) {
    let mut by_score: BTreeMap<i64, Share> = BTreeMap::new();
    stays.iter().for_each(|stay| by_score.entry(stay.score / SCORE_BAND).or_default().add(stay.has_contract));
    let mut cards: BTreeMap<String, Scorecard> = BTreeMap::new();
    let mut all = Scorecard::default();
    for stay in stays {
        let expected = by_score.get(&(stay.score / SCORE_BAND)).and_then(|share| share.rate()).unwrap_or(0.0);
        let calendar = calendar(&stay.dealer_id);
        cards.entry(stay.dealer_id.clone()).or_default().add(stay, calendar, expected);
        all.add(stay, calendar, expected);
    }
    cards.values_mut().chain([&mut all]).for_each(Scorecard::sort);
    (cards, all)
}

/// A dealer's place by the share answered in time: 1 and how many are certainly better, and how many cannot be told apart from it.
pub fn ranks(cards: &BTreeMap<String, Scorecard>) -> BTreeMap<&str, (u64, u64)> {
    let known: Vec<(&str, (f64, f64))> = cards.iter().filter_map(|(id, card)| Some((id.as_str(), card.in_time.interval()?))).collect();
    let place = |(id, (low, high)): &(&'_ str, (f64, f64))| {
        let better = known.iter().filter(|(_, other)| *high < other.0).count() as u64;
        let alike = known.iter().filter(|(other_id, other)| other_id != id && other.0 <= *high && *low <= other.1).count() as u64;
        (1 + better, alike)
    };
    known.iter().map(|held| (held.0, place(held))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(steps: &[(i64, Moved, &str)]) -> Vec<LeadMove> {
        let made = |(number, (at_us, act, to)): (usize, &(i64, Moved, &str))| LeadMove {
            lead_id: "L".into(),
            number: number as u32,
            at_us: *at_us,
            act: *act,
            actor: String::new(),
            from: String::new(),
            to: (*to).into(),
            reason: String::new(),
            note: String::new(),
        };
        steps.iter().enumerate().map(made).collect()
    }

    #[test]
    fn a_lead_s_way_is_cut_into_stays() {
        let way = moves(&[
            (0, Moved::Opened, "captured"),
            (1, Moved::Dispatched, "dealer:a"),
            (9, Moved::Expired, ""),
            (9, Moved::Dispatched, "dealer:b"),
            (12, Moved::Accepted, "x"),
            (15, Moved::Contacted, "reached"),
            (20, Moved::Stage, "test_drive"),
            (30, Moved::Stage, "contract"),
        ]);
        let stays = stays(50, &way);
        assert_eq!(stays.len(), 2);
        assert_eq!((stays[0].has_expired, stays[0].contacted_us, stays[0].until_us), (true, None, Some(9)));
        assert_eq!(
            (stays[1].accepted_us, stays[1].contacted_us, stays[1].has_contract, stays[1].until_us),
            (Some(12), Some(15), true, None)
        );
        let (cards, all) = scorecards(&stays, |_| None);
        assert_eq!((cards["a"].in_time, cards["b"].in_time), (Share { count: 0, of: 1 }, Share { count: 1, of: 1 }));
        assert_eq!((all.answer(0.5), all.accept(0.5), all.never_contacted), (Some(6), Some(3), 1));
        // One lead each says nothing of who is better.
        assert_eq!(ranks(&cards).values().copied().collect::<Vec<_>>(), [(1, 1), (1, 1)]);
    }

    #[test]
    fn who_gets_better_leads_is_not_praised_for_it() {
        let stay = |dealer: &str, score, has_contract| Stay {
            dealer_id: dealer.into(),
            score,
            from_us: 0,
            until_us: None,
            accepted_us: None,
            contacted_us: Some(1),
            has_expired: false,
            is_lost: false,
            is_lost_early: false,
            had_test_drive: false,
            has_contract,
        };
        // Both bring what their leads bring everywhere: hot ones half, cold ones a tenth.
        let mut all = Vec::new();
        for n in 0..100 {
            all.push(stay("hot", 90, n % 2 == 0));
            all.push(stay("cold", 10, n % 10 == 0));
            all.push(stay("both", if n % 2 == 0 { 90 } else { 10 }, if n % 2 == 0 { n % 4 == 0 } else { n % 20 == 1 }));
        }
        let (cards, overall) = scorecards(&all, |_| None);
        assert!(0.3 < cards["hot"].contract.rate().unwrap() - cards["cold"].contract.rate().unwrap());
        let adjusted = |id: &str| cards[id].adjusted(overall.contract).unwrap();
        assert!((adjusted("hot") - adjusted("cold")).abs() < 0.01, "{} {}", adjusted("hot"), adjusted("cold"));
    }

    #[test]
    fn intervals_are_wilsons() {
        let (low, high) = Share { count: 8, of: 10 }.interval().unwrap();
        assert!((low - 0.4902).abs() < 1e-3 && (high - 0.9433).abs() < 1e-3, "{low} {high}");
        assert_eq!(Share::default().interval(), None);
    }
}
