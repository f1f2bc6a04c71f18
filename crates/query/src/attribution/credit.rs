//! How one conversion is split over the touches of its path. Pure.
//!
//! Source of the Shapley values' closed form: Zhao, Mahboobi, Bagheri, "Shapley value methods for attribution modeling in online
//! advertising" (2018), arXiv:1804.05327. The other models are what analytics tools have long meant by their names.

/// The models that look at one path alone, in the order in which reports list them.
pub const MODELS: [&str; 7] = ["first", "last", "last_non_direct", "linear", "position", "time_decay", "shapley"];

/// One touch of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    pub key: u32,
    pub ts_us: i64,
    /// Whether the person came without any sign of how.
    pub direct: bool,
}

/// What people may choose of the models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Shares of the first and of the last touch, together at most 1; the touches between them have the rest.
    pub ends: (f64, f64),
    /// Above 0.
    pub half_life_us: i64,
}

/// The share of each touch by one model.
///
/// * `model`: a place in [`MODELS`].
/// * `path`: not empty, in the order of time, no key twice in a row.
/// * Returns shares in the order of the touches, summing to 1.
pub fn shares(model: usize, path: &[Touch], terms: &Terms) -> Vec<f64> {
    let count = path.len();
    assert!(0 < count, "a path without touches has nobody to credit");
    let all_at = |place: usize| (0..count).map(|at| if at == place { 1.0 } else { 0.0 }).collect();
    match model {
        0 => all_at(0),
        1 => all_at(count - 1),
        2 => all_at(path.iter().rposition(|touch| !touch.direct).unwrap_or(count - 1)),
        3 => vec![1.0 / count as f64; count],
        4 => by_position(count, terms.ends),
        5 => by_age(path, terms.half_life_us),
        _ => by_coalition(path),
    }
}

/// Without touches in between the ends share everything, in their proportion.
fn by_position(count: usize, (first, last): (f64, f64)) -> Vec<f64> {
    let ends = first + last;
    match count {
        1 => vec![1.0],
        2 if ends <= 0.0 => vec![0.5, 0.5],
        2 => vec![first / ends, last / ends],
        _ => {
            let between = (1.0 - ends) / (count - 2) as f64;
            let share = |at: usize| {
                if at == 0 {
                    first
                } else if at == count - 1 {
                    last
                } else {
                    between
                }
            };
            (0..count).map(share).collect()
        }
    }
}

/// A touch's weight halves with every half-life of age.
fn by_age(path: &[Touch], half_life_us: i64) -> Vec<f64> {
    // Age runs from the latest touch, not from the conversion: the difference cancels out in the scaling, and the latest weight
    // is then 1, so that the total cannot underflow to 0.
    let latest_us = path.iter().map(|touch| touch.ts_us).max().unwrap_or_default();
    let weights: Vec<f64> = path.iter().map(|touch| 0.5f64.powf((latest_us - touch.ts_us) as f64 / half_life_us as f64)).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// The Shapley value of the game in which a coalition of keys is worth the conversions whose paths it covers: a conversion is
/// shared equally by the different keys of its path. Of a key that stands in the path several times each touch has its part.
fn by_coalition(path: &[Touch]) -> Vec<f64> {
    let times = |key: u32| path.iter().filter(|touch| touch.key == key).count();
    let mut keys: Vec<u32> = path.iter().map(|touch| touch.key).collect();
    keys.sort_unstable();
    keys.dedup();
    path.iter().map(|touch| 1.0 / (keys.len() * times(touch.key)) as f64).collect()
}

/// Splits a whole number by shares, exactly: what rounding down leaves goes to the largest remainders, the earlier first.
///
/// * `shares`: not negative, summing to about 1; of none nothing is split.
/// * Returns whole numbers in their order, summing to `total`.
pub fn apportioned(total: i64, shares: &[f64]) -> Vec<i64> {
    let exact = |share: &f64| total as f64 * share;
    let mut parts: Vec<i64> = shares.iter().map(|share| exact(share).floor() as i64).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let remainder = |at: usize| exact(&shares[at]) - parts[at] as f64;
    order.sort_by(|left, right| remainder(*right).total_cmp(&remainder(*left)).then(left.cmp(right)));
    let mut left = total - parts.iter().sum::<i64>();
    // Shares that are a hair off 1 may leave a little more, or less, than one for each.
    while left != 0 && !order.is_empty() {
        for &at in &order {
            if left == 0 {
                break;
            }
            parts[at] += left.signum();
            left -= left.signum();
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    const TERMS: Terms = Terms { ends: (0.4, 0.4), half_life_us: 7 };

    fn path(keys: &[u32]) -> Vec<Touch> {
        keys.iter().enumerate().map(|(at, &key)| Touch { key, ts_us: at as i64 * 7, direct: key == 9 }).collect()
    }

    fn of(model: &str, keys: &[u32]) -> Vec<f64> {
        let at = MODELS.iter().position(|known| *known == model).expect("a model");
        shares(at, &path(keys), &TERMS)
    }

    #[test]
    fn models_split_as_they_say() {
        assert_eq!(of("first", &[1, 2, 9]), [1.0, 0.0, 0.0]);
        assert_eq!(of("last", &[1, 2, 9]), [0.0, 0.0, 1.0]);
        assert_eq!(of("last_non_direct", &[1, 2, 9]), [0.0, 1.0, 0.0]);
        assert_eq!(of("last_non_direct", &[9]), [1.0], "somebody who only ever came directly");
        assert_eq!(of("linear", &[1, 2, 1, 2]), [0.25; 4]);
        assert_eq!(of("position", &[1, 2]), [0.5, 0.5]);
        assert_eq!(of("position", &[1]), [1.0]);
        let [first, second, third, last] = of("position", &[1, 2, 3, 4])[..] else { panic!("four shares") };
        assert!((first, last) == (0.4, 0.4) && (second - 0.1).abs() < 1e-15 && (third - 0.1).abs() < 1e-15);
        assert_eq!(of("time_decay", &[1, 2, 3]), [1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]);
        assert_eq!(of("shapley", &[1, 2, 1]), [0.25, 0.5, 0.25]);
        let old = [Touch { key: 1, ts_us: i64::MIN / 4, direct: false }, Touch { key: 2, ts_us: 0, direct: false }];
        assert_eq!(shares(5, &old, &TERMS), [0.0, 1.0], "very old is not lost in rounding");
    }

    /// The definition: a key's mean addition over all orders in which the keys may join.
    fn brute_force(paths: &[(Vec<u32>, f64)], keys: u32) -> Vec<f64> {
        let worth = |coalition: u32| -> f64 {
            paths.iter().filter(|(path, _)| path.iter().all(|key| coalition & 1 << key != 0)).map(|(_, conversions)| conversions).sum()
        };
        let factorial = |n: u32| (1..=u64::from(n)).product::<u64>() as f64;
        let value = |key: u32| {
            let others = (0..1u32 << keys).filter(|coalition| coalition & 1 << key == 0);
            let addition = |coalition: u32| {
                let size = coalition.count_ones();
                factorial(size) * factorial(keys - size - 1) / factorial(keys) * (worth(coalition | 1 << key) - worth(coalition))
            };
            others.map(addition).sum()
        };
        (0..keys).map(value).collect()
    }

    #[test]
    fn the_closed_form_is_the_shapley_value_over_all_coalitions() {
        for seed in 0..20 {
            let mut rng = StdRng::seed_from_u64(seed);
            let keys = rng.random_range(1..9u32);
            let one = |rng: &mut StdRng| {
                let path: Vec<u32> = (0..rng.random_range(1..7)).map(|_| rng.random_range(0..keys)).collect();
                (path, f64::from(rng.random_range(0..50u32)))
            };
            let paths: Vec<(Vec<u32>, f64)> = (0..30).map(|_| one(&mut rng)).collect();
            let mut closed = vec![0.0; keys as usize];
            for (keys, conversions) in &paths {
                for (key, share) in keys.iter().zip(of("shapley", keys)) {
                    closed[*key as usize] += share * conversions;
                }
            }
            for (closed, defined) in closed.iter().zip(brute_force(&paths, keys)) {
                assert!((closed - defined).abs() < 1e-9, "seed {seed}: {closed} {defined}");
            }
        }
    }

    #[test]
    fn parts_sum_to_the_whole_exactly() {
        assert_eq!(apportioned(100, &[1.0 / 3.0; 3]), [34, 33, 33]);
        assert_eq!(apportioned(1, &[0.2, 0.5, 0.3]), [0, 1, 0]);
        assert_eq!(apportioned(-100, &[0.5, 0.25, 0.25]), [-50, -25, -25]);
        assert!(apportioned(5, &[]).is_empty());
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..2_000 {
            let weights: Vec<f64> = (0..rng.random_range(1..40)).map(|_| rng.random_range(0.001..1.0)).collect();
            let sum: f64 = weights.iter().sum();
            let total = rng.random_range(-1_000_000_000_000..1_000_000_000_000);
            let parts = apportioned(total, &weights.iter().map(|weight| weight / sum).collect::<Vec<_>>());
            assert_eq!(parts.iter().sum::<i64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                assert!((*part as f64 - total as f64 * weight / sum).abs() <= 1.01, "{part} {weight} {total}");
            }
        }
    }
}
