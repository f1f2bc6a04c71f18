//! How many requests a source may send in a second, or an address in a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use forecourt_model::time::{MINUTE_US, SECOND_US};

/// One bucket of requests per source or address: it fills at the rate, and holds so much that a burst passes.
#[derive(Debug)]
pub(crate) struct Rates {
    /// What a request costs, in microseconds of waiting; 0 for no limit.
    cost_us: i64,
    holds_us: i64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    /// In microseconds of waiting.
    saved_us: i64,
    at_us: i64,
}

const HOLDS_US: i64 = 2 * SECOND_US;
/// At this many, those that say nothing any more are let go.
const BUCKETS_MAX: usize = 20_000;

impl Rates {
    /// `per_second`: 0 for no limit.
    pub fn new(per_second: u32) -> Self {
        let cost_us = if per_second == 0 { 0 } else { SECOND_US / i64::from(per_second).min(SECOND_US) };
        Self { cost_us, holds_us: HOLDS_US, buckets: Mutex::default() }
    }

    /// A slow limit, for what a person does: a minute's worth may come at once. 0 for no limit.
    pub fn per_minute(per_minute: u32) -> Self {
        let cost_us = if per_minute == 0 { 0 } else { MINUTE_US / i64::from(per_minute) };
        Self { cost_us, holds_us: MINUTE_US, buckets: Mutex::default() }
    }

    /// Takes one request from the source's bucket, or says in how many microseconds there will be one.
    pub fn take(&self, source: &str, now_us: i64) -> Result<(), i64> {
        let (cost_us, holds_us) = (self.cost_us, self.holds_us);
        if cost_us == 0 {
            return Ok(());
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if BUCKETS_MAX <= buckets.len() {
            // A full bucket is the same as none.
            buckets.retain(|_, bucket| bucket.saved_us.saturating_add(now_us.saturating_sub(bucket.at_us)) < holds_us);
        }
        let bucket = buckets.entry(source.to_owned()).or_insert(Bucket { saved_us: holds_us, at_us: now_us });
        // A clock that was set back gives nothing and takes nothing.
        let passed_us = now_us.saturating_sub(bucket.at_us).max(0);
        bucket.saved_us = bucket.saved_us.saturating_add(passed_us).min(holds_us);
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
