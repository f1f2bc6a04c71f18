//! Amounts in many currencies, as amounts in one.

use std::{collections::BTreeMap, sync::Arc};

use forecourt_model::currency::Rates;

/// Sums are kept in millionths, as whole numbers: they come out the same in whatever order they are added.
const PER_UNIT: f64 = 1e6;

/// Amounts of one currency that no rate was known for.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// The first and the last of their days, counted from 1970.
    pub days: (i32, i32),
    pub amounts: u64,
    /// In their own currency.
    pub sum: f64,
}

#[derive(Debug, Clone)]
pub struct Money {
    rates: Arc<Rates>,
    /// What amounts become.
    into: String,
    /// What amounts are in that do not say.
    otherwise: String,
    /// Of the last currency and day that was looked up.
    last: Option<(String, i32, Option<f64>)>,
    pub missing: BTreeMap<String, Missing>,
}

impl Money {
    pub fn new(rates: Arc<Rates>, into: String, otherwise: String) -> Self {
        Self { rates, into, otherwise, last: None, missing: BTreeMap::new() }
    }

    /// The same terms, with nothing noted as missing.
    pub fn anew(&self) -> Self {
        Self { missing: BTreeMap::new(), ..self.clone() }
    }

    /// An amount in millionths of the currency asked for, at the rate of its day; `None`, and noted, without a rate.
    pub fn convert(&mut self, amount: f64, currency: Option<&str>, day: i32) -> Option<i128> {
        let given = currency.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(&self.otherwise);
        if given == self.into {
            return millionths(amount);
        }
        let given = given.to_ascii_uppercase();
        let factor = match &self.last {
            Some((currency, of, factor)) if *currency == given && *of == day => *factor,
            _ => {
                let factor = self.rates.factor(&given, &self.into, day);
                self.last = Some((given.clone(), day, factor));
                factor
            }
        };
        if let Some(factor) = factor {
            return millionths(amount * factor);
        }
        // Nothing is lost where nothing was: a zero needs no rate.
        if amount == 0.0 {
            return Some(0);
        }
        let missing = self.missing.entry(given).or_insert(Missing { days: (day, day), amounts: 0, sum: 0.0 });
        missing.days = (missing.days.0.min(day), missing.days.1.max(day));
        missing.amounts += 1;
        missing.sum += amount;
        None
    }

    pub fn take_in(&mut self, other: Self) {
        for (currency, more) in other.missing {
            match self.missing.get_mut(&currency) {
                None => {
                    self.missing.insert(currency, more);
                }
                Some(held) => {
                    held.days = (held.days.0.min(more.days.0), held.days.1.max(more.days.1));
                    held.amounts += more.amounts;
                    held.sum += more.sum;
                }
            }
        }
    }
}

/// `None` for what is no amount.
fn millionths(amount: f64) -> Option<i128> {
    amount.is_finite().then(|| (amount * PER_UNIT).round() as i128)
}

pub fn units(millionths: i128) -> f64 {
    millionths as f64 / PER_UNIT
}

#[cfg(test)]
mod tests {
    use forecourt_model::currency::Rate;

    use super::*;

    #[test]
    fn amounts_take_the_rate_of_their_day_and_a_missing_one_is_noted() {
        let rate = |day, rate| Rate { base: "EUR".into(), currency: "USD".into(), day, rate };
        let rates = Arc::new(Rates::new([rate(10, 2.0), rate(20, 4.0)]));
        let mut money = Money::new(rates, "EUR".into(), "USD".into());
        assert_eq!(money.convert(8.0, Some("USD"), 15), Some(4_000_000));
        assert_eq!(money.convert(8.0, Some("usd "), 25), Some(2_000_000));
        assert_eq!(money.convert(8.0, None, 25), Some(2_000_000), "the installation's currency");
        assert_eq!(money.convert(0.1, Some("EUR"), 1), Some(100_000));
        assert!(money.missing.is_empty());
        assert_eq!(money.convert(8.0, Some("USD"), 9), None);
        assert_eq!(money.convert(1.0, Some("USD"), 7), None);
        assert_eq!(money.convert(0.0, Some("GBP"), 7), Some(0));
        assert_eq!(money.missing["USD"], Missing { days: (7, 9), amounts: 2, sum: 9.0 });
        assert_eq!(money.missing.len(), 1);
    }
}
