//! Answers that people gave: these two are the same person, these two are not.

use serde::{Deserialize, Serialize};

use crate::{model::Model, score::Scorer, table::Table};

/// One answer about two rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub left: u32,
    pub right: u32,
    pub same: bool,
}

impl Label {
    pub(crate) fn rows(&self) -> (u32, u32) {
        (self.left.min(self.right), self.left.max(self.right))
    }
}

/// How strongly the weights hold to what was estimated without answers, in answers.
const TRUST_HELD: f64 = 8.0;
const SHIFT_HELD: f64 = 0.05;
const ROUNDS: usize = 60;
const TRUST: std::ops::RangeInclusive<f64> = 0.2..=2.0;

/// Scales each column's weights, and shifts them all, so that the answers become likelier.
///
/// A logistic regression on the columns' contributions, held to 1 and 0: answers about doubtful pairs, which is what people are
/// asked about, cannot mislead it as they would mislead shares. Few answers move little.
pub(crate) fn learn(model: &mut Model, table: &Table, labels: &[Label]) {
    if labels.is_empty() {
        return;
    }
    let scorer = Scorer::new(table, model, &[]);
    let evidence: Vec<Vec<f64>> = labels.iter().map(|label| column_bits(&scorer, label)).collect();
    let prior_bits = model.prior_bits();
    let (mut trust, mut shift) = (vec![1.0; model.columns.len()], 0.0);
    for _ in 0..ROUNDS {
        step(&evidence, labels, prior_bits, &mut trust, &mut shift);
    }
    model.shift += shift;
    model.columns.iter_mut().zip(trust).for_each(|(column, trust)| column.trust *= trust);
}

/// What each column says of a pair, `[columns]` bits.
fn column_bits(scorer: &Scorer, label: &Label) -> Vec<f64> {
    scorer.explain(label.left, label.right).contributions.iter().map(|contribution| contribution.bits).collect()
}

/// One round of Newton's method, a parameter at a time.
fn step(evidence: &[Vec<f64>], labels: &[Label], prior_bits: f64, trust: &mut [f64], shift: &mut f64) {
    let nats = std::f64::consts::LN_2;
    let errors = |trust: &[f64], shift: f64| -> Vec<(f64, f64)> {
        let weigh = |bits: &Vec<f64>| prior_bits + shift + bits.iter().zip(trust).map(|(bits, trust)| bits * trust).sum::<f64>();
        let believed = evidence.iter().map(|bits| crate::score::probability(weigh(bits)));
        believed.zip(labels).map(|(believed, label)| (f64::from(u8::from(label.same)) - believed, believed * (1.0 - believed))).collect()
    };
    for column in 0..trust.len() {
        let (mut slope, mut bend) = (-TRUST_HELD * (trust[column] - 1.0), TRUST_HELD);
        for (bits, (error, spread)) in evidence.iter().zip(errors(trust, *shift)) {
            slope += error * bits[column] * nats;
            bend += spread * (bits[column] * nats).powi(2);
        }
        trust[column] = (trust[column] + slope / bend).clamp(*TRUST.start(), *TRUST.end());
    }
    let (mut slope, mut bend) = (-SHIFT_HELD * *shift, SHIFT_HELD);
    for (error, spread) in errors(trust, *shift) {
        slope += error * nats;
        bend += spread * nats * nats;
    }
    *shift += (slope / bend).clamp(-1.0, 1.0);
}
