//! Currencies, and what one was worth in another on a day.

use std::collections::{BTreeMap, BTreeSet};

/// What one unit of `base` costs in `currency` from `day` on, until the next rate of the pair: base EUR, currency USD,
/// rate 1.08 says that one euro costs 1.08 dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    pub base: String,
    pub currency: String,
    /// Days since 1970-01-01.
    pub day: i32,
    /// Above 0.
    pub rate: f64,
}

/// Whether the text is a currency as ISO 4217 writes it: three capitals.
pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Rates by pair and day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    /// (base, currency) → day → rate.
    pairs: BTreeMap<(String, String), BTreeMap<i32, f64>>,
    currencies: BTreeSet<String>,
}

impl Rates {
    /// Of two rates of one pair and day the later in the list counts; a rate that is not above 0 is none.
    pub fn new(rates: impl IntoIterator<Item = Rate>) -> Self {
        let mut all = Self::default();
        for Rate { base, currency, day, rate } in rates.into_iter().filter(|rate| rate.rate.is_finite() && 0.0 < rate.rate) {
            all.currencies.extend([base.clone(), currency.clone()]);
            all.pairs.entry((base, currency)).or_default().insert(day, rate);
        }
        all
    }

    /// By what an amount in `from` is multiplied to become one in `to`, at the rates of `day`, or the last known before it.
    ///
    /// The pair's own rates serve in both directions, the later of the two; without any, the way goes over one third
    /// currency, the one whose rates are the newest. `None`: no rate was known by then.
    pub fn factor(&self, from: &str, to: &str, day: i32) -> Option<f64> {
        if from == to {
            return Some(1.0);
        }
        self.direct(from, to, day).or_else(|| self.across(from, to, day)).map(|(_, factor)| factor)
    }

    /// The factor with the day its rate is of.
    fn direct(&self, from: &str, to: &str, day: i32) -> Option<(i32, f64)> {
        let last = |base: &str, currency: &str| {
            let rates = self.pairs.get(&(base.to_owned(), currency.to_owned()))?;
            rates.range(..=day).next_back().map(|(day, rate)| (*day, *rate))
        };
        match (last(from, to), last(to, from)) {
            (Some(told), Some(turned)) if told.0 < turned.0 => Some((turned.0, 1.0 / turned.1)),
            (Some(told), _) => Some(told),
            (None, turned) => turned.map(|(day, rate)| (day, 1.0 / rate)),
        }
    }

    fn across(&self, from: &str, to: &str, day: i32) -> Option<(i32, f64)> {
        let ways = self.currencies.iter().filter_map(|third| {
            let (first, second) = (self.direct(from, third, day)?, self.direct(third, to, day)?);
            Some((first.0.min(second.0), first.1 * second.1))
        });
        // Of equally new ways the first by name, so that the answer is always the same.
        ways.reduce(|best, way| if best.0 < way.0 { way } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(told: &[(&str, &str, i32, f64)]) -> Rates {
        Rates::new(told.iter().map(|(base, currency, day, rate)| Rate {
            base: (*base).into(),
            currency: (*currency).into(),
            day: *day,
            rate: *rate,
        }))
    }

    #[test]
    fn the_last_rate_before_a_day_counts_and_none_before_the_first() {
        let rates = rates(&[("EUR", "USD", 10, 1.25), ("EUR", "USD", 20, 2.0)]);
        assert_eq!(rates.factor("EUR", "EUR", 0), Some(1.0));
        assert_eq!(rates.factor("EUR", "USD", 9), None);
        assert_eq!(rates.factor("EUR", "USD", 19), Some(1.25));
        assert_eq!(rates.factor("USD", "EUR", 25), Some(0.5));
        assert_eq!(rates.factor("USD", "GBP", 25), None);
    }

    #[test]
    fn the_later_of_both_directions_counts() {
        let rates = rates(&[("EUR", "USD", 10, 2.0), ("USD", "EUR", 12, 0.25)]);
        assert_eq!(rates.factor("EUR", "USD", 11), Some(2.0));
        assert_eq!(rates.factor("EUR", "USD", 12), Some(4.0));
        assert_eq!(rates.factor("USD", "EUR", 12), Some(0.25));
    }

    #[test]
    fn a_third_currency_helps_where_the_pair_has_no_rate() {
        let rates = rates(&[("EUR", "USD", 10, 2.0), ("EUR", "GBP", 10, 0.5), ("CHF", "USD", 11, 1.0), ("CHF", "GBP", 12, 1.0)]);
        assert_eq!(rates.factor("USD", "GBP", 10), Some(0.25), "over EUR");
        assert_eq!(rates.factor("USD", "GBP", 12), Some(1.0), "over CHF, whose rates are newer");
        assert_eq!(rates.factor("USD", "JPY", 12), None);
    }

    #[test]
    fn what_is_no_rate_counts_as_none() {
        assert_eq!(rates(&[("EUR", "USD", 1, 0.0), ("EUR", "GBP", 1, f64::NAN)]), Rates::default());
        assert!(is_currency("EUR") && !is_currency("eur") && !is_currency("EURO"));
    }
}
