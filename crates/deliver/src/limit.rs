//! How fast a message channel may send: a bucket that fills with time.

/// How much a bucket holds, in seconds of its rate.
const BURST_S: f64 = 1.0;

/// A bucket of one channel. Its time comes in; one that goes back adds nothing.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    filled: f64,
    at_us: Option<i64>,
}

impl Bucket {
    /// Takes one message's worth, or says until when to wait.
    ///
    /// * `per_second`: any number where there is none.
    pub fn take(&mut self, per_second: Option<u32>, now_us: i64) -> Result<(), i64> {
        let Some(rate) = per_second.map(f64::from).filter(|rate| 0.0 < *rate) else { return Ok(()) };
        let room = (rate * BURST_S).max(1.0);
        let passed_us = self.at_us.map_or(i64::MAX, |at_us| now_us.saturating_sub(at_us).max(0));
        self.filled = (self.filled + passed_us as f64 / 1e6 * rate).min(room);
        self.at_us = Some(now_us);
        if 1.0 <= self.filled {
            self.filled -= 1.0;
            return Ok(());
        }
        Err(now_us + ((1.0 - self.filled) / rate * 1e6).ceil() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lets_as_many_through_as_it_says() {
        let mut bucket = Bucket::default();
        let mut count = |from_us: i64, until_us: i64| {
            let (mut now_us, mut taken) = (from_us, 0);
            while now_us < until_us {
                match bucket.take(Some(10), now_us) {
                    Ok(()) => taken += 1,
                    Err(until_us) => now_us = until_us,
                }
            }
            taken
        };
        assert_eq!(count(0, 1_000_000), 19, "what it holds, and what comes in meanwhile");
        assert_eq!(count(1_000_000, 5_000_000), 40);
        assert_eq!(count(60_000_000, 60_000_001), 10, "a pause is not saved up for longer than a second");
        let mut bucket = Bucket::default();
        assert_eq!((bucket.take(Some(1), 5_000_000), bucket.take(Some(1), 0)), (Ok(()), Err(1_000_000)), "a clock that goes back");
        assert_eq!(bucket.take(None, 0), Ok(()));
    }
}
