//! How good probabilities are, against what happened.

use serde::{Deserialize, Serialize};

const BINS: usize = 10;

/// Figures of one set of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The chance that a won lead is scored above a lost one.
    pub auc: f64,
    /// Area under precision over recall (average precision).
    pub pr_auc: f64,
    pub brier: f64,
    pub log_loss: f64,
    /// Calibration error over ten bins of equal mass.
    pub ece: f64,
}

/// One of ten parts of the leads by their score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub predicted: f64,
    pub observed: f64,
    pub leads: usize,
}

impl Figures {
    pub fn of(won: &[bool], predicted: &[f64]) -> Self {
        let rows = won.len().max(1) as f64;
        let sum = |of: &dyn Fn(bool, f64) -> f64| won.iter().zip(predicted).map(|(won, p)| of(*won, *p)).sum::<f64>() / rows;
        let clipped = |p: f64| p.clamp(1e-7, 1.0 - 1e-7);
        let (auc, pr_auc) = ranked(won, predicted);
        let ece = bins(won, predicted).iter().map(|bin| bin.leads as f64 / rows * (bin.observed - bin.predicted).abs()).sum();
        Self {
            auc,
            pr_auc,
            brier: sum(&|won, p| (p - f64::from(u8::from(won))).powi(2)),
            log_loss: sum(&|won, p| -(if won { clipped(p) } else { 1.0 - clipped(p) }).ln()),
            ece,
        }
    }

    /// The mean of several, and their standard deviation.
    pub fn mean_and_sd(all: &[Self]) -> (Self, Self) {
        let of = |get: fn(&Self) -> f64| {
            let n = all.len().max(1) as f64;
            let mean = all.iter().map(get).sum::<f64>() / n;
            let sd = (all.iter().map(|held| (get(held) - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
            (mean, sd)
        };
        let [auc, pr_auc, brier, log_loss, ece] =
            [of(|held| held.auc), of(|held| held.pr_auc), of(|held| held.brier), of(|held| held.log_loss), of(|held| held.ece)];
        let pick =
            |at: fn((f64, f64)) -> f64| Self { auc: at(auc), pr_auc: at(pr_auc), brier: at(brier), log_loss: at(log_loss), ece: at(ece) };
        (pick(|held| held.0), pick(|held| held.1))
    }
}

/// The area under the ROC curve, equal scores counting half, and the average precision.
fn ranked(won: &[bool], predicted: &[f64]) -> (f64, f64) {
    let mut order: Vec<usize> = (0..won.len()).collect();
    order.sort_by(|a, b| predicted[*b].total_cmp(&predicted[*a]));
    let positives = won.iter().filter(|won| **won).count() as f64;
    let negatives = won.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return (f64::NAN, f64::NAN);
    }
    let (mut above, mut area, mut precision, mut seen) = (0.0, 0.0, 0.0, 0.0);
    let mut at = 0;
    while at < order.len() {
        let until = order[at..].iter().position(|row| predicted[*row] != predicted[order[at]]).map_or(order.len(), |step| at + step);
        let tied = order[at..until].iter().filter(|row| won[**row]).count() as f64;
        let lost = (until - at) as f64 - tied;
        area += lost * (above + tied / 2.0);
        above += tied;
        seen += (until - at) as f64;
        precision += tied / positives * above / seen;
        at = until;
    }
    (area / (positives * negatives), precision)
}

/// Ten parts of the leads by their score, the lowest first.
pub fn bins(won: &[bool], predicted: &[f64]) -> Vec<Bin> {
    let mut order: Vec<usize> = (0..won.len()).collect();
    order.sort_by(|a, b| predicted[*a].total_cmp(&predicted[*b]));
    // As equal as can be, the first ones larger by one.
    let (size, more) = (order.len() / BINS, order.len() % BINS);
    let mut from = 0;
    let mut bins = Vec::new();
    for at in 0..BINS {
        let until = from + size + usize::from(at < more);
        let part = &order[from..until];
        if !part.is_empty() {
            let n = part.len() as f64;
            let observed = part.iter().filter(|row| won[**row]).count() as f64 / n;
            bins.push(Bin { predicted: part.iter().map(|row| predicted[*row]).sum::<f64>() / n, observed, leads: part.len() });
        }
        from = until;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_textbook() {
        let won = [false, false, true, true];
        let figures = Figures::of(&won, &[0.1, 0.4, 0.35, 0.8]);
        assert!((figures.auc - 0.75).abs() < 1e-12 && (figures.pr_auc - 0.833_333_333).abs() < 1e-6, "{figures:?}");
        assert_eq!(Figures::of(&won, &[0.5; 4]).auc, 0.5);
        let (mean, sd) = Figures::mean_and_sd(&[figures, Figures { auc: 0.95, ..figures }]);
        assert!((mean.auc - 0.85).abs() < 1e-12 && (sd.auc - 0.141_421).abs() < 1e-5 && sd.brier == 0.0);
        assert_eq!(bins(&won, &[0.1, 0.4, 0.35, 0.8]).len(), 4);
    }
}
