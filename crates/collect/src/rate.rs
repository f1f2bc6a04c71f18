//! How many requests a second a source may send.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use forecourt_model::time::SECOND_US;

/// One bucket of requests per source: it fills at the rate and holds two seconds' worth.
#[derive(Debug)]
pub(crate) struct Rates {
    per_second: u32,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    /// In microseconds of waiting: a request costs `SECOND_US / per_second` of them.
    saved_us: i64,
    at_us: i64,
}

const HOLDS_US: i64 = 2 * SECOND_US;

impl Rates {
    /// `per_second`: 0 for no limit.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, buckets: Mutex::default() }
    }

    /// Takes one request from the source's bucket, or says in how many microseconds there will be one.
    pub fn take(&self, source: &str, now_us: i64) -> Result<(), i64> {
        if self.per_second == 0 {
            return Ok(());
        }
        let cost_us = SECOND_US / i64::from(self.per_second).min(SECOND_US);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(source.to_owned()).or_insert(Bucket { saved_us: HOLDS_US, at_us: now_us });
        // A clock that was set back gives nothing and takes nothing.
        let passed_us = now_us.saturating_sub(bucket.at_us).max(0);
        bucket.saved_us = bucket.saved_us.saturating_add(passed_us).min(HOLDS_US);
        bucket.at_us = now_us;
        if bucket.saved_us < cost_us {
            return Err(cost_us - bucket.saved_us);
        }
        bucket.saved_us -= cost_us;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let rates = Rates::new(10);
        assert_eq!((0..30).filter(|_| rates.take("site", 0).is_ok()).count(), 20);
        assert_eq!(rates.take("site", 0), Err(SECOND_US / 10));
        assert_eq!(rates.take("crm", 0), Ok(()), "another source has its own bucket");
        assert_eq!((0..30).filter(|_| rates.take("site", SECOND_US).is_ok()).count(), 10);
        assert!(rates.take("site", 0).is_err(), "a clock set back gives nothing");
        assert!((0..1_000).all(|_| Rates::new(0).take("site", 0).is_ok()));
    }
}
