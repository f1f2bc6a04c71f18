//! How long it takes until something happens, of cases some of which still wait. Pure.
//!
//! Kaplan and Meier's product-limit estimate with Greenwood's variance; intervals are pointwise at 95 %, by the log-log transform,
//! which keeps them between 0 and 1. Quantiles have the intervals of Brookmeyer and Crowley: the times at which the band holds the
//! share. Sources: Kaplan, Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958) 457-481; Kalbfleisch,
//! Prentice, "The statistical analysis of failure time data", 2nd ed. (2002), 1.4; Brookmeyer, Crowley, Biometrics 38 (1982) 29-41.

/// The middle 95 % of a normal distribution lies within so many standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// How long one case waited, and whether the wait is over.
///
/// One number: length doubled, odd while the case still waits. So the natural order is that of the estimate, in which whoever is
/// still waiting at a moment was at risk when others' waits ended at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(i64);

impl Wait {
    /// * `us`: microseconds, not below 0.
    pub fn over(us: i64) -> Self {
        Self(us.saturating_mul(2))
    }

    /// * `us`: microseconds so far, not below 0.
    pub fn open(us: i64) -> Self {
        Self(us.saturating_mul(2) | 1)
    }

    fn us(self) -> i64 {
        self.0 >> 1
    }

    fn is_open(self) -> bool {
        self.0 & 1 == 1
    }
}

/// The share of cases whose wait is over, as a function of time: it rises at moments and is level between them.
#[derive(Debug)]
pub struct Curve {
    steps: Vec<Step>,
    /// The longest wait of all, over or not: nothing is known beyond.
    longest_us: i64,
}

/// A moment at which waits ended.
#[derive(Debug, Clone, Copy)]
struct Step {
    after_us: i64,
    /// Cases that had waited so long.
    at_risk: u64,
    /// The share that still waits just after.
    left: f64,
    /// Greenwood's sum: the variance of `left` is `left²` times it.
    greenwood: f64,
}

/// The share of cases whose wait is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reached {
    pub share: f64,
    /// `None` where there is nothing to tell it by: before the first end of a wait, and when all are over.
    pub interval: Option<(f64, f64)>,
}

/// One moment of a [`Curve`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub after_us: i64,
    /// Cases that had waited so long.
    pub at_risk: u64,
    pub reached: Reached,
}

/// The time within which a share of all cases is over; the ends of its interval are `None` where the band does not get so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    pub after_us: Option<i64>,
    pub low_us: Option<i64>,
    pub high_us: Option<i64>,
}

const NOBODY_YET: Reached = Reached { share: 0.0, interval: None };

impl Curve {
    /// * `waits`: in any order.
    pub fn of(mut waits: Vec<Wait>) -> Self {
        waits.sort_unstable();
        let mut steps = Vec::new();
        let (mut left, mut greenwood) = (1.0, 0.0);
        let mut at = 0;
        while at < waits.len() {
            let wait = waits[at];
            let alike = waits[at..].iter().take_while(|other| **other == wait).count();
            if !wait.is_open() {
                let (at_risk, ended) = ((waits.len() - at) as f64, alike as f64);
                left *= (at_risk - ended) / at_risk;
                greenwood += ended / (at_risk * (at_risk - ended));
                steps.push(Step { after_us: wait.us(), at_risk: (waits.len() - at) as u64, left, greenwood });
            }
            at += alike;
        }
        Self { steps, longest_us: waits.last().map_or(0, |wait| wait.us()) }
    }

    /// The share over within `after_us`; `None` if no case was seen for so long and some still wait.
    pub fn reached_within(&self, after_us: i64) -> Option<Reached> {
        let before = self.steps.partition_point(|step| step.after_us <= after_us);
        let step = before.checked_sub(1).map(|last| &self.steps[last]);
        let is_known = after_us <= self.longest_us || step.is_some_and(|step| step.left <= 0.0);
        is_known.then(|| step.map_or(NOBODY_YET, Step::reached))
    }

    /// The first moment at which at least `share` of all cases are over.
    pub fn quantile(&self, share: f64) -> Quantile {
        let first = |is_there: &dyn Fn(Reached) -> bool| self.steps.iter().find(|step| is_there(step.reached())).map(|step| step.after_us);
        // Shares are products of fractions: a half may come out a hair below.
        let share = share - 1e-12;
        Quantile {
            after_us: first(&|reached| share <= reached.share),
            low_us: first(&|reached| reached.interval.map_or(share <= reached.share, |(_, high)| share <= high)),
            high_us: first(&|reached| reached.interval.is_some_and(|(low, _)| share <= low)),
        }
    }

    /// The curve's moments, so few that the share rises by about `rise` from one to the next: the first, the last, and, where cases
    /// were seen for longer, the moment up to which the last share holds. Exact at each of them.
    pub fn points(&self, rise: f64) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            let risen = points.last().is_none_or(|last| rise <= step.reached().share - last.reached.share);
            if risen || at + 1 == self.steps.len() {
                points.push(Point { after_us: step.after_us, at_risk: step.at_risk, reached: step.reached() });
            }
        }
        if let Some(last) = points.last().copied().filter(|last| last.after_us < self.longest_us) {
            points.push(Point { after_us: self.longest_us, at_risk: 1, ..last });
        }
        points
    }
}

impl Step {
    fn reached(&self) -> Reached {
        let interval = (0.0 < self.left && self.left < 1.0).then(|| {
            let spread = (Z * self.greenwood.sqrt() / self.left.ln().abs()).exp();
            (1.0 - self.left.powf(1.0 / spread), 1.0 - self.left.powf(spread))
        });
        Reached { share: 1.0 - self.left, interval }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    /// Weeks of remission of 21 children with leukaemia on 6-MP, and of 21 on placebo (Freireich et al., Blood 21 (1963); Gehan,
    /// Biometrika 52 (1965)); 0 after a number: still in remission.
    const TREATED: [(i64, u8); 21] = [
        (6, 1),
        (6, 1),
        (6, 1),
        (6, 0),
        (7, 1),
        (9, 0),
        (10, 1),
        (10, 0),
        (11, 0),
        (13, 1),
        (16, 1),
        (17, 0),
        (19, 0),
        (20, 0),
        (22, 1),
        (23, 1),
        (25, 0),
        (32, 0),
        (32, 0),
        (34, 0),
        (35, 0),
    ];
    const PLACEBO: [i64; 21] = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];

    fn treated() -> Curve {
        Curve::of(TREATED.iter().rev().map(|&(weeks, over)| if over == 1 { Wait::over(weeks) } else { Wait::open(weeks) }).collect())
    }

    fn placebo() -> Curve {
        Curve::of(PLACEBO.iter().map(|&weeks| Wait::over(weeks)).collect())
    }

    fn assert_near(found: f64, published: f64, digits: i32) {
        assert!((found - published).abs() < 0.51 * 10f64.powi(-digits), "{found} is not {published}");
    }

    #[test]
    fn remissions_are_those_published() {
        // Survival and its 95 % interval by log-log, as Stata and SAS print them.
        let published = [
            (6, 0.857, 0.6197, 0.9516),
            (7, 0.807, 0.5631, 0.9228),
            (10, 0.753, 0.5032, 0.8894),
            (13, 0.690, 0.4316, 0.8491),
            (16, 0.627, 0.3675, 0.8049),
            (22, 0.538, 0.2678, 0.7468),
            (23, 0.448, 0.1881, 0.6801),
        ];
        let curve = treated();
        for (weeks, left, low, high) in published {
            let reached = curve.reached_within(weeks).expect("children were seen so long");
            assert_near(1.0 - reached.share, left, 3);
            let (reached_low, reached_high) = reached.interval.expect("some relapsed, some did not");
            assert_near(1.0 - reached_high, low, 4);
            assert_near(1.0 - reached_low, high, 4);
        }
        assert_eq!(curve.reached_within(5), Some(NOBODY_YET));
        assert_eq!(curve.reached_within(35).map(|reached| reached.share), curve.reached_within(23).map(|reached| reached.share));
        assert_eq!(curve.reached_within(36), None, "nobody was seen so long");
    }

    #[test]
    fn quantiles_are_those_published() {
        let quantile = |low, middle, high| Quantile { low_us: low, after_us: middle, high_us: high };
        // Medians with log-log intervals, as SAS and R print them.
        assert_eq!(treated().quantile(0.5), quantile(Some(13), Some(23), None));
        assert_eq!(placebo().quantile(0.5), quantile(Some(4), Some(8), Some(11)));
        // By the published bands.
        assert_eq!(treated().quantile(0.25), quantile(Some(6), Some(13), Some(22)));
        assert_eq!(treated().quantile(0.75), quantile(Some(23), None, None));
    }

    #[test]
    fn without_open_waits_the_curve_is_the_plain_share() {
        let curve = placebo();
        for weeks in 0..30 {
            let share = PLACEBO.iter().filter(|&&wait| wait <= weeks).count() as f64 / 21.0;
            assert_near(curve.reached_within(weeks).expect("all are over").share, share, 9);
        }
        assert_eq!(curve.reached_within(23).map(|reached| reached.interval), Some(None), "all are over: there is no interval");
        assert_eq!(Curve::of(Vec::new()).reached_within(1), None);
        assert_eq!(Curve::of(vec![Wait::open(5)]).points(0.01), []);
    }

    #[test]
    fn few_points_tell_the_curve() {
        let curve = Curve::of((0..5_000).map(|at| if at % 3 == 0 { Wait::open(at) } else { Wait::over(at) }).collect());
        let points = curve.points(0.01);
        assert!((60..=110).contains(&points.len()), "{}", points.len());
        for point in &points {
            assert_eq!(curve.reached_within(point.after_us), Some(point.reached));
        }
        assert_eq!(treated().points(0.01).last().map(|point| (point.after_us, point.at_risk)), Some((35, 1)));
    }

    #[test]
    fn intervals_cover_the_truth_about_as_often_as_they_say() {
        let mut rng = StdRng::seed_from_u64(6);
        let (cases, runs) = (80, 2_000);
        let (early_us, late_us) = (40_000_i64, 120_000);
        let mut covered = [0u32; 3];
        for _ in 0..runs {
            let wait = |rng: &mut StdRng| {
                // Waits fall off with a mean of 100,000; cases came evenly over the 250,000 before the end.
                let true_us = (-rng.random_range(f64::MIN_POSITIVE..1.0).ln() * 100_000.0) as i64;
                let seen_us = rng.random_range(0..250_000);
                if true_us <= seen_us { Wait::over(true_us) } else { Wait::open(seen_us) }
            };
            let curve = Curve::of((0..cases).map(|_| wait(&mut rng)).collect());
            for (at, us) in [early_us, late_us].into_iter().enumerate() {
                let truth = 1.0 - (-us as f64 / 100_000.0).exp();
                let (low, high) = curve.reached_within(us).and_then(|reached| reached.interval).expect("many were seen so long");
                covered[at] += u32::from(low <= truth && truth <= high);
            }
            let (median, middle) = (100_000.0 * 2f64.ln(), curve.quantile(0.5));
            let is_above = middle.low_us.is_none_or(|low| low as f64 <= median);
            covered[2] += u32::from(is_above && middle.high_us.is_none_or(|high| median <= high as f64));
        }
        for count in covered {
            let share = f64::from(count) / f64::from(runs);
            assert!((0.935..=0.965).contains(&share), "{covered:?} of {runs}");
        }
    }
}
