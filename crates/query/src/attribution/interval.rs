//! How far figures might lie from what they would be over other people of the same kind. Pure.
//!
//! A bootstrap over groups of people: as many groups as there are are drawn with repetition, each figure is worked out anew from
//! the drawn, and the middle 95 % of all draws is the interval. Whole people are drawn, so that what one person did stays together.

use super::tally::GROUPS;

const DRAWS: usize = 400;
/// The same draws for every report: an equal question has an equal answer.
const SEED: u64 = 0x5eed_f0ec_0a27;

/// How often each group is in each draw.
#[derive(Debug)]
pub struct Draws(Vec<[f64; GROUPS]>);

impl Draws {
    pub fn new() -> Self {
        Self::seeded(SEED)
    }

    fn seeded(seed: u64) -> Self {
        let mut state = seed | 1;
        let mut next = || {
            // Xorshift64*: any even spread does.
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % GROUPS
        };
        let mut draw = || {
            let mut times = [0.0; GROUPS];
            (0..GROUPS).for_each(|_| times[next()] += 1.0);
            times
        };
        Self((0..DRAWS).map(|_| draw()).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &[f64; GROUPS]> {
        self.0.iter()
    }

    /// The interval of a sum over groups.
    pub fn of_sum(&self, by_group: &[f64; GROUPS]) -> (f64, f64) {
        middle(self.iter().map(|times| times.iter().zip(by_group).map(|(times, value)| times * value).sum()).collect())
    }
}

/// The middle 95 % of figures.
pub fn middle(mut figures: Vec<f64>) -> (f64, f64) {
    figures.sort_by(f64::total_cmp);
    let at = |share: f64| figures.get(((figures.len() as f64 - 1.0) * share).round() as usize).copied().unwrap_or_default();
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn intervals_cover_the_truth_about_as_often_as_they_say() {
        let mut rng = StdRng::seed_from_u64(11);
        let (people, rate, runs) = (3_000, 0.12, 600);
        let mut covered = 0;
        for run in 0..runs {
            let mut by_group = [0.0; GROUPS];
            for _ in 0..people {
                // Somebody converts, and some of those twice: people are drawn, not conversions.
                if rng.random_bool(rate) {
                    by_group[rng.random_range(0..GROUPS)] += if rng.random_bool(0.3) { 2.0 } else { 1.0 };
                }
            }
            let (low, high) = Draws::seeded(run + 1).of_sum(&by_group);
            covered += u64::from(low <= people as f64 * rate * 1.3 && people as f64 * rate * 1.3 <= high);
        }
        let share = covered as f64 / runs as f64;
        assert!((0.92..=0.975).contains(&share), "{share}");
    }

    #[test]
    fn the_middle_leaves_a_fortieth_on_each_side() {
        assert_eq!(middle((0..=1000).map(f64::from).collect()), (25.0, 975.0));
        assert_eq!(middle(Vec::new()), (0.0, 0.0));
    }
}
