//! What two samples tell of the difference between their means. Pure.
//!
//! Looking at a running experiment every day, and stopping when the usual test says "significant", is wrong far more often than
//! the test's 5 %. So the intervals here are confidence sequences: they hold at all times at once, however often one looks and
//! whenever one stops. The method is the normal mixture: Robbins, "Statistical methods related to the law of the iterated
//! logarithm", Ann. Math. Stat. 41 (1970) 1397-1409; its use for the difference of two means whose variances are estimated: Johari,
//! Koomen, Pekelis, Walsh, "Always valid inference", Operations Research 70 (2022) 1806-1821, and Waudby-Smith, Arbour, Sinha,
//! Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Ann. Stat. 52 (2024) 2613-2640. Beside
//! them stand the usual (Welch, Wald) intervals, right for whoever looks once, at a number of people settled before.
//!
//! The check of the shares in which people came to the variants may be looked at all the time too: Lindon, Malek, "Anytime-valid
//! inference for multinomial count data", NeurIPS 2022.

use statrs::{
    distribution::{ContinuousCDF, Normal},
    function::gamma::ln_gamma,
};

/// For how many people an experiment is planned where nobody says, of all variants together.
pub const PLANNED_PEOPLE: u64 = 10_000;
/// People of a variant before anything is said of it.
pub const PEOPLE_MIN: u64 = 100;
/// Of them, those who did the goal, and those who did not.
pub const OF_EACH_MIN: u64 = 10;
/// Below it the shares in which people came to the variants are told to be off.
pub const SHARES_P: f64 = 0.001;

/// How close to what was meant a mismatch is looked for: a Dirichlet as if so many people had been counted before. Mismatches that
/// matter are of a few percent; a wider one would need many times the people to see them.
const SHARES_PRIOR: f64 = 1_000.0;

/// A value per person, added up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    pub people: u64,
    /// Those whose value is not 0.
    pub converted: u64,
    pub sum: f64,
    /// Of the squares of the values.
    pub squares: f64,
}

impl Sample {
    /// People who either do something or not: the mean is the share of those who do.
    pub fn share(people: u64, converted: u64) -> Self {
        Self { people, converted, sum: converted as f64, squares: converted as f64 }
    }

    /// 0 for nobody.
    pub fn mean(&self) -> f64 {
        if self.people == 0 { 0.0 } else { self.sum / self.people as f64 }
    }

    /// Of the values, unbiased; 0 for fewer than two people.
    pub fn variance(&self) -> f64 {
        if self.people < 2 {
            return 0.0;
        }
        let people = self.people as f64;
        ((self.squares - self.sum * self.sum / people) / (people - 1.0)).max(0.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Interval {
    fn around(value: f64, half: f64) -> Self {
        Self { value, low: value - half, high: value + half }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Too few people to say anything.
    TooEarly,
    /// The interval holds 0: nothing is shown yet, in either direction.
    Undecided,
    Higher,
    Lower,
}

/// A variant beside the control. What is not said otherwise holds however often one looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Of the means: the variant's less the control's.
    pub difference: Interval,
    /// The difference as a share of the control's mean; `None` where that may be 0.
    pub uplift: Option<Interval>,
    /// The share of experiments without any difference that would ever have come to look like this one, or more so.
    pub p: f64,
    /// For whoever looks once, at a number of people settled before.
    pub fixed: Interval,
    pub fixed_p: f64,
    pub verdict: Verdict,
}

/// How sure a comparison is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// The share of experiments without any difference in which one may be told; above 0, below 1.
    pub alpha: f64,
    /// People of both samples at which the intervals are tightest; above 0. Settled before: were it to follow the people who have
    /// come, the interval would hold at one look, and not at all of them.
    pub planned_people: f64,
}

/// Compares a variant with the control.
pub fn compare(control: &Sample, variant: &Sample, terms: Terms) -> Comparison {
    let difference = variant.mean() - control.mean();
    let of_mean = |sample: &Sample| if sample.people == 0 { 0.0 } else { sample.variance() / sample.people as f64 };
    let (of_control, of_variant) = (of_mean(control), of_mean(variant));
    let error = (of_control + of_variant).sqrt();
    let people = (control.people + variant.people) as f64;
    let sequence = Sequence::of(terms);
    let (fixed_z, width) = (z(1.0 - terms.alpha / 2.0), sequence.width(people));
    // Without an error there may be nobody, and no width.
    let around = |value: f64, width: f64, error: f64| Interval::around(value, if 0.0 < error { width * error } else { 0.0 });
    let score = if 0.0 < error { difference / error } else { 0.0 };
    let mut comparison = Comparison {
        difference: around(difference, width, error),
        uplift: uplift(control, variant, (of_control, of_variant), width),
        p: sequence.p(score, people),
        fixed: around(difference, fixed_z, error),
        fixed_p: 2.0 * (1.0 - normal().cdf(score.abs())),
        verdict: Verdict::TooEarly,
    };
    if is_enough(control) && is_enough(variant) {
        comparison.verdict = match comparison.difference {
            interval if 0.0 < interval.low => Verdict::Higher,
            interval if interval.high < 0.0 => Verdict::Lower,
            _ => Verdict::Undecided,
        };
    }
    comparison
}

/// The quotient of two means, less 1, by Fieller's theorem: it holds those ratios that the variant's mean may be to the control's, each
/// judged as the difference is. So it leaves out 0 exactly where the difference does. `None` where the control's mean may be 0.
///
/// Source: Fieller, "Some problems in interval estimation", J. R. Stat. Soc. B 16 (1954) 175-185.
///
/// * `variances`: of the two means.
/// * `width`: half of an interval, in standard errors.
fn uplift(control: &Sample, variant: &Sample, variances: (f64, f64), width: f64) -> Option<Interval> {
    let (base, mean) = (control.mean(), variant.mean());
    let (of_base, of_mean) = (width * width * variances.0, width * width * variances.1);
    let square = base * base - of_base;
    if base <= 0.0 || !(0.0 < square) {
        return None;
    }
    let root = (of_base * mean * mean + of_mean * square).sqrt();
    let ratio = |sign: f64| (base * mean + sign * root) / square - 1.0;
    Some(Interval { value: mean / base - 1.0, low: ratio(-1.0), high: ratio(1.0) })
}

/// Enough for means to be as good as normal.
fn is_enough(sample: &Sample) -> bool {
    // Where everybody has a value there is nobody without: that is no lack for means, and a share of 1 is no experiment.
    let without = sample.people - sample.converted.min(sample.people);
    PEOPLE_MIN <= sample.people && OF_EACH_MIN <= sample.converted && (OF_EACH_MIN <= without || sample.squares != sample.sum)
}

/// A confidence sequence: how many standard errors wide, by how many people.
#[derive(Debug, Clone, Copy)]
struct Sequence {
    alpha: f64,
    /// Variance of the mixture, in units of a person's.
    spread: f64,
}

impl Sequence {
    /// Tightest at `planned_people`: Waudby-Smith et al., section B.2.
    fn of(terms: Terms) -> Self {
        Self { alpha: terms.alpha, spread: tightest(terms.alpha) / terms.planned_people }
    }

    /// Half of the interval, in standard errors.
    fn width(self, people: f64) -> f64 {
        half_width(self.alpha, people * self.spread)
    }

    /// The least `alpha` whose interval does not hold 0.
    fn p(self, score: f64, people: f64) -> f64 {
        let told = people * self.spread;
        let p = (told + 1.0).sqrt() * (-score * score / 2.0 * told / (told + 1.0)).exp();
        p.min(1.0)
    }
}

/// Half of an interval, in standard errors, where people times the mixture's variance is `told`.
fn half_width(alpha: f64, told: f64) -> f64 {
    if told <= 0.0 {
        return f64::INFINITY;
    }
    (2.0 * (told + 1.0) / told * ((told + 1.0).sqrt() / alpha).ln()).sqrt()
}

/// People times the mixture's variance at which [`half_width`] is least, closely enough.
fn tightest(alpha: f64) -> f64 {
    let log = -2.0 * alpha.ln();
    log + (log + 1.0).ln()
}

/// What an experiment is to find.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aim {
    /// The control's mean; above 0.
    pub mean: f64,
    /// Standard deviation of the values; of a share it follows from the mean: [`Aim::share`].
    pub deviation: f64,
    /// The variant's standard deviation, should the aim be met.
    pub variant_deviation: f64,
    /// The least difference worth finding, as a share of the mean; not 0.
    pub uplift: f64,
    /// The share of experiments without any difference in which one may be told, by each comparison.
    pub alpha: f64,
    /// The share of experiments with this difference in which it is to be found.
    pub power: f64,
}

impl Aim {
    /// * `rate`: the control's share, above 0 and below 1; so is `rate * (1 + uplift)`.
    pub fn share(rate: f64, uplift: f64, alpha: f64, power: f64) -> Self {
        let deviation = |rate: f64| (rate * (1.0 - rate)).sqrt();
        Self { mean: rate, deviation: deviation(rate), variant_deviation: deviation(rate * (1.0 + uplift)), uplift, alpha, power }
    }
}

/// How many people it takes, in each variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Looking whenever one likes.
    pub sequential: u64,
    /// Looking once.
    pub fixed: u64,
}

/// How many people each variant needs for an aim.
pub fn needed(aim: Aim) -> Needed {
    let difference = aim.mean * aim.uplift;
    let per_person = (aim.deviation * aim.deviation + aim.variant_deviation * aim.variant_deviation) / (difference * difference);
    let people = |width: f64| {
        let errors = width + z(aim.power);
        (errors * errors * per_person).ceil().max(PEOPLE_MIN as f64) as u64
    };
    Needed { sequential: people(half_width(aim.alpha, tightest(aim.alpha))), fixed: people(z(1.0 - aim.alpha / 2.0)) }
}

/// The share of experiments that would ever look so odd if people came to the variants in the shares that were meant.
///
/// * `people`: by variant.
/// * `shares`: the same, above 0, summing to 1.
pub fn shares_p(people: &[u64], shares: &[f64]) -> f64 {
    let all: u64 = people.iter().sum();
    let of_all = ln_gamma(SHARES_PRIOR) - ln_gamma(SHARES_PRIOR + all as f64);
    let of_each = people.iter().zip(shares).map(|(&people, share)| {
        let prior = SHARES_PRIOR * share;
        ln_gamma(prior + people as f64) - ln_gamma(prior) - people as f64 * share.ln()
    });
    let evidence = of_all + of_each.sum::<f64>();
    (-evidence).exp().min(1.0)
}

fn z(share: f64) -> f64 {
    normal().inverse_cdf(share)
}

fn normal() -> Normal {
    Normal::standard()
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    const TERMS: Terms = Terms { alpha: 0.05, planned_people: 4_000.0 };

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-4 * right.abs().max(1e-3)
    }

    #[test]
    fn the_fixed_interval_is_that_of_the_textbooks() {
        // Fleiss, Levin, Paik, "Statistical Methods for Rates and Proportions": two shares, unpooled.
        let (control, variant) = (Sample::share(1_000, 100), Sample::share(1_000, 130));
        let comparison = compare(&control, &variant, TERMS);
        let error = (0.1f64 * 0.9 / 999.0 + 0.13 * 0.87 / 999.0).sqrt();
        assert!(close(comparison.fixed.low, 0.03 - 1.959_963_985 * error), "{comparison:?}");
        assert!(close(comparison.fixed.high, 0.03 + 1.959_963_985 * error), "{comparison:?}");
        assert!(close(comparison.fixed_p, 0.035_38), "{comparison:?}");
        assert!(close(comparison.uplift.expect("a base").value, 0.3));
        // Fieller's interval by its definition: at its ends the means, one stretched, are just as far apart as the width allows.
        let uplift = comparison.uplift.expect("a base");
        let width = (comparison.difference.high - comparison.difference.value) / error;
        for ratio in [1.0 + uplift.low, 1.0 + uplift.high] {
            let stretched = (0.13 * 0.87 / 999.0 + ratio * ratio * 0.1 * 0.9 / 999.0).sqrt();
            assert!(close((0.13 - ratio * 0.1).abs(), width * stretched), "{comparison:?}");
        }
        assert_eq!(comparison.verdict, Verdict::Undecided, "one look would have found it, many must not: {comparison:?}");
    }

    #[test]
    fn the_sequence_and_its_p_are_one() {
        let control = Sample::share(2_000, 200);
        for converted in 201..330 {
            let comparison = compare(&control, &Sample::share(2_000, converted), TERMS);
            assert_eq!(0.0 < comparison.difference.low, comparison.p < TERMS.alpha, "{converted}: {comparison:?}");
            let uplift = comparison.uplift.expect("a base");
            assert_eq!(0.0 < comparison.difference.low, 0.0 < uplift.low, "{converted}: {comparison:?}");
            assert!(comparison.fixed.low > comparison.difference.low, "looking often costs width: {comparison:?}");
        }
        // At what it is planned for, and 5 %: 3.035 standard errors.
        assert!(close(half_width(0.05, tightest(0.05)), 3.0353), "{}", half_width(0.05, tightest(0.05)));
        let least = (1..400).map(|told| half_width(0.05, f64::from(told) / 10.0)).fold(f64::INFINITY, f64::min);
        assert!(half_width(0.05, tightest(0.05)) < least * 1.001);
    }

    #[test]
    fn little_tells_nothing() {
        let nobody = Sample::default();
        assert_eq!(compare(&nobody, &nobody, TERMS).verdict, Verdict::TooEarly);
        assert_eq!(compare(&nobody, &nobody, TERMS).uplift, None);
        let comparison = compare(&Sample::share(5_000, 0), &Sample::share(5_000, 500), TERMS);
        assert_eq!(comparison.verdict, Verdict::TooEarly, "nobody of the control did it: {comparison:?}");
        assert!(comparison.p.is_finite() && comparison.difference.low.is_finite());
        assert_eq!(compare(&Sample::share(99, 50), &Sample::share(5_000, 4_000), TERMS).verdict, Verdict::TooEarly);
        assert_eq!(compare(&Sample::share(5_000, 500), &Sample::share(5_000, 800), TERMS).verdict, Verdict::Higher);
        assert_eq!(compare(&Sample::share(5_000, 800), &Sample::share(5_000, 500), TERMS).verdict, Verdict::Lower);
    }

    /// Adds people one by one and looks every `every`: whether a difference was ever told by the sequence, by the usual test
    /// looked at as often, and by the usual test at the end.
    fn run(rng: &mut StdRng, (control, variant): (f64, f64), people: u64, every: u64) -> (bool, bool, bool) {
        let (mut of_control, mut of_variant) = (Sample::default(), Sample::default());
        let terms = Terms { alpha: 0.05, planned_people: 2.0 * people as f64 };
        let (mut ever, mut ever_fixed, mut last_fixed) = (false, false, false);
        for at in 1..=people {
            for (sample, rate) in [(&mut of_control, control), (&mut of_variant, variant)] {
                let does = u64::from(rng.random_bool(rate));
                *sample = Sample::share(sample.people + 1, sample.converted + does);
            }
            if at % every == 0 {
                let comparison = compare(&of_control, &of_variant, terms);
                if comparison.verdict != Verdict::TooEarly {
                    ever |= comparison.verdict != Verdict::Undecided;
                    last_fixed = comparison.fixed_p < 0.05;
                    ever_fixed |= last_fixed;
                }
            }
        }
        (ever, ever_fixed, last_fixed)
    }

    #[test]
    fn who_looks_at_any_time_is_wrong_as_rarely_as_told() {
        let mut rng = StdRng::seed_from_u64(1);
        let runs = 1_000;
        let (mut ever, mut ever_fixed, mut last_fixed) = (0, 0, 0);
        for _ in 0..runs {
            let told = run(&mut rng, (0.1, 0.1), 4_000, 50);
            ever += usize::from(told.0);
            ever_fixed += usize::from(told.1);
            last_fixed += usize::from(told.2);
        }
        // 5 % is promised; four standard deviations of a count of 1,000 are 28.
        assert!(ever <= 50 + 28, "{ever} of {runs} told a difference where there is none");
        assert!((50 - 28..=50 + 28).contains(&last_fixed), "one look: {last_fixed} of {runs}");
        assert!(200 < ever_fixed, "looking often at the usual test is wrong in {ever_fixed} of {runs}: that is what this guards against");
    }

    #[test]
    fn the_plan_finds_what_it_was_made_for() {
        let aim = Aim::share(0.1, 0.3, 0.05, 0.8);
        let needed = needed(aim);
        // The textbook's number for 10 % against 13 %, unpooled: 1,772.
        assert_eq!(needed.fixed, 1_772);
        assert!((3_300..3_500).contains(&needed.sequential), "{needed:?}");
        let mut rng = StdRng::seed_from_u64(2);
        let runs = 400;
        let found = (0..runs).filter(|_| run(&mut rng, (0.1, 0.13), needed.sequential, 100).0).count();
        // 80 % by the last look; whoever looks before finds some more. Four standard deviations are 32.
        assert!(320 - 32 <= found, "{found} of {runs}");
    }

    #[test]
    fn the_sequence_holds_of_means_that_are_skewed() {
        let mut rng = StdRng::seed_from_u64(3);
        let (runs, mut ever) = (400, 0);
        for _ in 0..runs {
            let (mut control, mut variant) = (Sample::default(), Sample::default());
            let mut told = false;
            for at in 1..=3_000u64 {
                for sample in [&mut control, &mut variant] {
                    // One in five buys, most for little, some for very much.
                    let value = if rng.random_bool(0.2) { (-rng.random::<f64>().ln()).powi(2) * 100.0 } else { 0.0 };
                    sample.people += 1;
                    sample.converted += u64::from(0.0 < value);
                    sample.sum += value;
                    sample.squares += value * value;
                }
                let look = at % 50 == 0;
                told |= look && matches!(compare(&control, &variant, TERMS).verdict, Verdict::Higher | Verdict::Lower);
            }
            ever += usize::from(told);
        }
        assert!(ever <= 20 + 18, "{ever} of {runs}");
    }

    #[test]
    fn shares_that_are_off_are_told_and_others_rarely() {
        assert!(shares_p(&[5_000, 5_000], &[0.5, 0.5]) > 0.9);
        assert!(shares_p(&[5_000, 5_400], &[0.5, 0.5]) < 0.02);
        assert!(shares_p(&[821_588, 815_482], &[0.5, 0.5]) < SHARES_P, "Fabijan et al.'s example of a mismatch");
        assert!(shares_p(&[9_000, 1_000], &[0.9, 0.1]) > 0.9);
        assert!(shares_p(&[0, 0], &[0.5, 0.5]) > 0.99);
        let mut rng = StdRng::seed_from_u64(4);
        let runs = 400;
        let odd = (0..runs).filter(|_| {
            let mut people = [0, 0, 0];
            (0..2_000).any(|_| {
                people[rng.random_range(0..3)] += 1;
                shares_p(&people, &[1.0 / 3.0; 3]) < 0.05
            })
        });
        assert!(odd.count() <= 20 + 18);
    }
}
