//! Circuit breakers: a message channel that does not work is left alone for a while, and tried with one message at a time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use forecourt_model::time::{MINUTE_US, SECOND_US};

/// So many failures in a row open a breaker.
const FAILURES_MAX: u32 = 5;
const OPEN_FIRST_US: i64 = 5 * SECOND_US;
const OPEN_LAST_US: i64 = 5 * MINUTE_US;
/// How long one trial may take before the next is let through.
const TRIAL_US: i64 = 15 * SECOND_US;

/// A breaker as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerState {
    /// `sms`, or `webhook` and the host.
    pub guards: String,
    pub is_open: bool,
    /// When the next trial is let through; 0 while it is closed.
    pub until_us: i64,
    /// Failures in a row.
    pub failures: u32,
    pub last_failure: String,
}

#[derive(Debug, Default)]
pub(crate) struct Breakers {
    by_key: Mutex<BTreeMap<String, Breaker>>,
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    until_us: i64,
    last_failure: String,
}

impl Breakers {
    /// Lets a message through, or says until when to wait.
    pub fn pass(&self, key: &str, now_us: i64) -> Result<(), i64> {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(breaker) = by_key.get_mut(key) else { return Ok(()) };
        if now_us < breaker.until_us {
            return Err(breaker.until_us);
        }
        if FAILURES_MAX <= breaker.failures {
            // One trial; the others wait for what comes of it.
            breaker.until_us = now_us + TRIAL_US;
        }
        Ok(())
    }

    pub fn note_success(&self, key: &str) {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    pub fn note_failure(&self, key: &str, why: &str, now_us: i64) {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = by_key.entry(key.to_owned()).or_default();
        breaker.failures = breaker.failures.saturating_add(1);
        why.clone_into(&mut breaker.last_failure);
        if FAILURES_MAX <= breaker.failures {
            let doublings = (breaker.failures - FAILURES_MAX).min(16);
            breaker.until_us = now_us + (OPEN_FIRST_US << doublings).min(OPEN_LAST_US);
        }
    }

    /// The other side asked for a pause: all messages wait.
    pub fn pause(&self, key: &str, why: &str, until_us: i64) {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = by_key.entry(key.to_owned()).or_default();
        breaker.until_us = breaker.until_us.max(until_us);
        why.clone_into(&mut breaker.last_failure);
    }

    pub fn states(&self, now_us: i64) -> Vec<BreakerState> {
        let by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |(key, breaker): (&String, &Breaker)| BreakerState {
            guards: key.clone(),
            is_open: FAILURES_MAX <= breaker.failures || now_us < breaker.until_us,
            until_us: breaker.until_us,
            failures: breaker.failures,
            last_failure: breaker.last_failure.clone(),
        };
        by_key.iter().map(state).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_opens_tries_one_and_closes() {
        let breakers = Breakers::default();
        for _ in 0..FAILURES_MAX - 1 {
            breakers.note_failure("sms", "500", 0);
        }
        assert_eq!(breakers.pass("sms", 0), Ok(()));
        breakers.note_failure("sms", "500", 0);
        assert_eq!(breakers.pass("sms", 0), Err(OPEN_FIRST_US));
        assert_eq!(breakers.pass("webhook crm", 0), Ok(()), "another channel has its own");
        assert_eq!(breakers.pass("sms", OPEN_FIRST_US), Ok(()), "a trial");
        assert_eq!(breakers.pass("sms", OPEN_FIRST_US), Err(OPEN_FIRST_US + TRIAL_US), "one at a time");
        breakers.note_failure("sms", "500", OPEN_FIRST_US);
        assert_eq!(breakers.pass("sms", OPEN_FIRST_US), Err(3 * OPEN_FIRST_US), "twice as long");
        breakers.note_success("sms");
        assert_eq!(breakers.pass("sms", 0), Ok(()));
        assert!(breakers.states(0).is_empty());
    }
}
