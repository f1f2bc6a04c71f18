//! A model that was learned of leads whose outcome is known: data, and its pure use. The learning is in the crate `score`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

const FEATURES_MAX: usize = 1_000;
const NODES_MAX: usize = 1_000_000;

/// What a model looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    pub name: String,
    #[serde(flatten)]
    pub kind: FeatureKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FeatureKind {
    Number {
        /// In the place of what is missing, for a logistic model.
        median: f64,
        mean: f64,
        sd: f64,
        /// The least and the greatest that was learned from: a logistic model takes what is beyond for these.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<[f64; 2]>,
    },
    Category {
        levels: Vec<String>,
        /// The number that stands for each level in trees.
        encoded: Vec<f64>,
        /// For what is missing or was never seen.
        otherwise: f64,
    },
}

/// A node of a tree: a leaf where `left` is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub feature: u32,
    pub split: f64,
    pub left: u32,
    pub right: u32,
    /// Where a missing value goes.
    pub missing: u32,
    /// In log-odds; of an inner node the average of what is below it.
    pub value: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "learner", rename_all = "snake_case")]
pub enum Learned {
    Boosting {
        base: f64,
        trees: Vec<Vec<Node>>,
    },
    Logistic {
        intercept: f64,
        /// By feature: of a number its weight and the weight of its absence; of a category a weight a level, and at last of the others.
        weights: Vec<Vec<f64>>,
    },
}

/// A model with what it says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreModel {
    /// Of this form.
    pub format: u32,
    pub features: Vec<Feature>,
    #[serde(flatten)]
    pub learned: Learned,
    /// The log-odds are `slope * raw + shift` (Platt); 1 and 0 leave them.
    pub slope: f64,
    pub shift: f64,
    pub target: String,
    pub rows: usize,
    pub positives: usize,
}

/// Why a lead has its score. `base` and all parts add up to `raw`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Log-odds of a lead of which nothing is known.
    pub base: f64,
    /// Feature, what it says of the lead, and its part in log-odds; the largest first.
    pub parts: Vec<(String, String, f64)>,
    pub raw: f64,
    pub probability: f64,
}

/// A lead's values in the order of the features: numbers, or places among the levels.
pub enum Cell {
    Number(f64),
    Level(Option<usize>),
}

pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl ScoreModel {
    pub const FORMAT: u32 = 1;

    /// Looks the whole of it over: what does not hold together would be walked for ever, or past its end.
    pub fn check(&self) -> Result<(), String> {
        if self.format != Self::FORMAT {
            return Err("the model is of another version: train it anew".to_owned());
        }
        if self.features.is_empty() || FEATURES_MAX < self.features.len() {
            return Err(format!("a model looks at 1 to {FEATURES_MAX} features"));
        }
        let mut numbers = vec![self.slope, self.shift];
        match &self.learned {
            Learned::Boosting { base, trees } => {
                numbers.push(*base);
                if NODES_MAX < trees.iter().map(Vec::len).sum() {
                    return Err(format!("a model has at most {NODES_MAX} nodes"));
                }
                for tree in trees {
                    for (at, node) in tree.iter().enumerate() {
                        numbers.extend([node.split, node.value].map(|number| if node.left == 0 && number.is_nan() { 0.0 } else { number }));
                        // Children come after their parent, so every way down ends.
                        let leads_on =
                            [node.left, node.right, node.missing].iter().all(|next| at < *next as usize && (*next as usize) < tree.len());
                        if node.left != 0 && !(leads_on && (node.feature as usize) < self.features.len()) {
                            return Err("a tree of the model leads nowhere: train it anew".to_owned());
                        }
                    }
                }
            }
            Learned::Logistic { intercept, weights } => {
                numbers.push(*intercept);
                numbers.extend(weights.iter().flatten());
                if weights.len() != self.features.len() {
                    return Err("the model has a weight too many or too few: train it anew".to_owned());
                }
            }
        }
        if !numbers.iter().all(|number| number.is_finite()) || self.slope <= 0.0 {
            return Err("a number of the model is none, or scores would fall where they should rise: train it anew".to_owned());
        }
        Ok(())
    }

    /// `boosting` or `logistic`.
    pub fn learner(&self) -> &'static str {
        match &self.learned {
            Learned::Boosting { .. } => "boosting",
            Learned::Logistic { .. } => "logistic",
        }
    }

    /// The probability that the lead is won.
    pub fn score(&self, row: &BTreeMap<String, Value>) -> f64 {
        probability(self.log_odds(&self.cells(row), &mut |_, _| {}))
    }

    /// The same with the part of each feature.
    pub fn explain(&self, row: &BTreeMap<String, Value>) -> Explanation {
        let cells = self.cells(row);
        let mut parts = vec![0.0; self.features.len()];
        let raw = self.log_odds(&cells, &mut |feature, part| parts[feature] += part);
        let base = raw - parts.iter().sum::<f64>();
        let shown = |at: usize| row.get(&self.features[at].name).map(cell_text).unwrap_or_default();
        let mut parts: Vec<(String, String, f64)> =
            parts.into_iter().enumerate().map(|(at, part)| (self.features[at].name.clone(), shown(at), part)).collect();
        parts.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then_with(|| a.0.cmp(&b.0)));
        Explanation { base, parts, raw, probability: probability(raw) }
    }

    pub fn cells(&self, row: &BTreeMap<String, Value>) -> Vec<Cell> {
        let cell = |feature: &Feature| match &feature.kind {
            FeatureKind::Number { .. } => Cell::Number(match row.get(&feature.name) {
                Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
                Some(other) => cell_text(other).parse().unwrap_or(f64::NAN),
                None => f64::NAN,
            }),
            FeatureKind::Category { levels, .. } => {
                let text = row.get(&feature.name).map(cell_text).unwrap_or_default();
                Cell::Level(levels.binary_search(&text).ok())
            }
        };
        self.features.iter().map(cell).collect()
    }

    /// The calibrated log-odds.
    ///
    /// * `part`: is told what each feature adds.
    pub fn log_odds(&self, cells: &[Cell], part: &mut impl FnMut(usize, f64)) -> f64 {
        let slope = self.slope;
        let raw = match &self.learned {
            Learned::Boosting { base, trees } => {
                let values: Vec<f64> = cells.iter().zip(&self.features).map(|(cell, feature)| encoded(cell, feature)).collect();
                trees.iter().fold(*base, |sum, tree| sum + walk(tree, &values, &mut |feature, change| part(feature, slope * change)))
            }
            Learned::Logistic { intercept, weights } => {
                cells.iter().zip(&self.features).enumerate().fold(*intercept, |sum, (at, (cell, feature))| {
                    let held = weights.get(at).map_or(&[][..], Vec::as_slice);
                    let weight = |at: usize| held.get(at).copied().unwrap_or(0.0);
                    let added = match (cell, &feature.kind) {
                        (Cell::Number(value), FeatureKind::Number { median, mean, sd, range }) => {
                            let [low, high] = range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
                            let known = if value.is_nan() { *median } else { value.max(low).min(high) };
                            weight(0) * (known - mean) / sd + if value.is_nan() { weight(1) } else { 0.0 }
                        }
                        (Cell::Level(level), _) => level.and_then(|level| held.get(level)).or(held.last()).copied().unwrap_or(0.0),
                        (Cell::Number(_), FeatureKind::Category { .. }) => 0.0,
                    };
                    part(at, slope * added);
                    sum + added
                })
            }
        };
        slope * raw + self.shift
    }
}

/// The number that trees see.
pub fn encoded(cell: &Cell, feature: &Feature) -> f64 {
    match (cell, &feature.kind) {
        (Cell::Number(value), _) => *value,
        (Cell::Level(level), FeatureKind::Category { encoded, otherwise, .. }) => {
            level.and_then(|at| encoded.get(at)).copied().unwrap_or(*otherwise)
        }
        (Cell::Level(_), FeatureKind::Number { .. }) => f64::NAN,
    }
}

/// The leaf's value, telling on the way what each split changed.
fn walk(tree: &[Node], values: &[f64], changed: &mut impl FnMut(usize, f64)) -> f64 {
    let Some(mut node) = tree.first() else { return 0.0 };
    while node.left != 0 {
        let value = values.get(node.feature as usize).copied().unwrap_or(f64::NAN);
        let next = if value.is_nan() {
            node.missing
        } else if value < node.split {
            node.left
        } else {
            node.right
        };
        let Some(child) = tree.get(next as usize) else { break };
        changed(node.feature as usize, child.value - node.value);
        node = child;
    }
    node.value
}

/// A cell as a category's level.
pub fn cell_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) => "0".to_owned(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}
