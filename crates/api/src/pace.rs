//! How often a caller may ask: a bucket of requests for each, which fills up again steadily.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use forecourt_model::time::SECOND_US;

/// A bucket holds what this many seconds bring: a page asks a dozen things at once.
const BURST_S: f64 = 5.0;
/// More callers than this are not told apart for long: the fullest buckets are forgotten, which costs nobody anything.
const CALLERS_MAX: usize = 20_000;

/// The buckets of all callers. Cloning gives another handle to the same.
#[derive(Debug, Clone)]
pub struct Pace {
    per_second: f64,
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at_us: i64,
}

impl Pace {
    /// * `per_second`: requests; 0 for no limit.
    pub fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second), buckets: Arc::default() }
    }

    /// Takes one request out of a caller's bucket.
    ///
    /// Errors: the whole seconds after which there is another.
    pub fn take(&self, caller: &str, now_us: i64) -> Result<(), i64> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let full = self.per_second * BURST_S;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if CALLERS_MAX <= buckets.len() && !buckets.contains_key(caller) {
            let filled_us = (BURST_S * SECOND_US as f64) as i64;
            buckets.retain(|_, bucket| now_us < bucket.at_us + filled_us);
            if CALLERS_MAX <= buckets.len() {
                return Err(1);
            }
        }
        let bucket = buckets.entry(caller.to_owned()).or_insert(Bucket { left: full, at_us: now_us });
        let since_s = (now_us - bucket.at_us).max(0) as f64 / SECOND_US as f64;
        *bucket = Bucket { left: (bucket.left + since_s * self.per_second).min(full), at_us: now_us };
        if bucket.left < 1.0 {
            return Err(((1.0 - bucket.left) / self.per_second).ceil().max(1.0) as i64);
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_the_steady_rate() {
        let pace = Pace::new(10);
        let taken = |at_us: i64| (0..200).take_while(|_| pace.take("ana", at_us).is_ok()).count();
        assert_eq!(taken(0), 50);
        assert_eq!(pace.take("ana", 0), Err(1));
        assert_eq!(pace.take("leo", 0), Ok(()), "callers do not pay for each other");
        assert_eq!(taken(SECOND_US), 10);
        assert_eq!(taken(100 * SECOND_US), 50);
        assert!((0..1_000).all(|_| Pace::new(0).take("ana", 0).is_ok()));
    }

    #[test]
    fn a_flood_of_callers_takes_no_more_memory() {
        let pace = Pace::new(1);
        let admitted = (0..CALLERS_MAX + 10).filter(|number| pace.take(&number.to_string(), 0).is_ok()).count();
        assert_eq!(admitted, CALLERS_MAX);
        assert_eq!(pace.take("later", 10 * SECOND_US), Ok(()));
        assert_eq!(pace.buckets.lock().unwrap().len(), 1);
    }
}
