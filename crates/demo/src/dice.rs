//! Chance from a seed.

/// SplitMix64. Our own few lines, because the demo's bytes must not change with a library's version.
///
/// No method uses a transcendental function: those differ between machines in the last bit.
#[derive(Debug, Clone)]
pub struct Dice(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

impl Dice {
    /// The dice of one subject: `domain` tells apart subjects that share a number.
    pub fn of(seed: u64, domain: u64, number: u64) -> Self {
        Self(mixed(mixed(seed.wrapping_add(STEP)) ^ domain.wrapping_mul(STEP)).wrapping_add(mixed(number.wrapping_add(1))))
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// In 0..`count`, which is above 0.
    pub fn below(&mut self, count: usize) -> usize {
        assert!(0 < count);
        (((self.bits() >> 32) * count as u64) >> 32) as usize
    }

    /// In `low..=high`, evenly.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    /// In `low..=high`, more often near `low`: how long people take.
    pub fn early(&mut self, low: i64, high: i64) -> i64 {
        let unit = self.unit();
        low + (unit * unit * (high - low + 1) as f64) as i64
    }

    pub fn factor(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// An index, by its weight; the weights are not all 0.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let total: f64 = weights.clone().sum();
        assert!(0.0 < total);
        let mut left = self.unit() * total;
        let mut last = 0;
        for (index, weight) in weights.enumerate().filter(|(_, weight)| 0.0 < *weight) {
            if left < weight {
                return index;
            }
            left -= weight;
            last = index;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_stay_in_range_and_reach_both_ends() {
        let mut dice = Dice::of(1, 2, 3);
        let throws: Vec<i64> = (0..2_000).map(|_| dice.between(-2, 2)).collect();
        assert_eq!((throws.iter().min(), throws.iter().max()), (Some(&-2), Some(&2)));
        let sides: Vec<usize> = (0..2_000).map(|_| dice.weighted([0.0, 1.0, 0.0, 3.0].into_iter())).collect();
        assert!(sides.iter().all(|side| [1, 3].contains(side)));
        let heavy = sides.iter().filter(|side| **side == 3).count();
        assert!((1_400..1_600).contains(&heavy), "{heavy} of 2,000 where 1,500 are due");
    }

    #[test]
    fn neighbours_have_nothing_in_common() {
        let mean: f64 = (0..10_000).map(|number| Dice::of(7, 1, number).unit()).sum::<f64>() / 10_000.0;
        assert!((0.49..0.51).contains(&mean), "{mean}");
        assert_ne!(Dice::of(7, 1, 5).bits(), Dice::of(7, 2, 5).bits());
        assert_ne!(Dice::of(7, 1, 5).bits(), Dice::of(8, 1, 5).bits());
    }
}
