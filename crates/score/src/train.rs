//! Learning from leads whose outcome is known.

use forust_ml::{gradientbooster::GradientBooster, objective::ObjectiveType, sampler::SampleMethod};
use serde::{Deserialize, Serialize};

use forecourt_model::score::{self as model, Feature, FeatureKind, Learned, Node, ScoreModel};

use crate::{
    ScoreError,
    logistic::{self, Sparse},
    table::{Column, Kind, MISSING, Table},
};

/// Fewer of either outcome teach nothing.
pub const NEEDED: usize = 20;
/// Below so many wins the logistic model is the safer one.
const BOOSTING_FROM: usize = 1_000;
/// A level that is rarer is one of the others.
const LEVEL_ROWS_MIN: usize = 5;
/// So many rows of the average outcome are added to each level, so that a rare one says little.
const SMOOTHING: f64 = 20.0;
/// Rows are encoded by the outcomes of other parts than their own, of so many.
const PARTS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learner {
    /// Boosting where there is enough to learn from, else logistic.
    Auto,
    Boosting,
    Logistic,
}

impl Learner {
    /// Which of the two it comes to with these outcomes.
    pub fn of(self, won: &[bool]) -> Self {
        let positives = won.iter().filter(|won| **won).count();
        match self {
            Self::Auto if BOOSTING_FROM <= positives.min(won.len() - positives) => Self::Boosting,
            Self::Auto => Self::Logistic,
            chosen => chosen,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub learner: Learner,
    pub iterations: usize,
    pub learning_rate: f32,
    pub leaves: usize,
    pub depth: usize,
    pub l2: f32,
    pub min_leaf_weight: f32,
    pub subsample: f32,
    pub columns: f64,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            learner: Learner::Auto,
            iterations: 300,
            learning_rate: 0.05,
            leaves: 15,
            depth: 5,
            l2: 1.0,
            min_leaf_weight: 3.0,
            subsample: 0.8,
            columns: 0.8,
            seed: 1,
        }
    }
}

/// Learns from all rows.
///
/// * `table`: the features alone, without the outcome.
pub fn train(table: &Table, won: &[bool], target: &str, settings: &Settings) -> Result<ScoreModel, ScoreError> {
    let positives = won.iter().filter(|won| **won).count();
    let rarer = positives.min(won.len() - positives);
    if rarer < NEEDED {
        return Err(ScoreError::TooFew { rows: won.len(), positives, needed: NEEDED, missing: NEEDED - rarer });
    }
    if table.columns.is_empty() {
        return Err(ScoreError::Target("there is no column to learn from beside the outcome".to_owned()));
    }
    let is_boosting = settings.learner.of(won) == Learner::Boosting;
    let features: Vec<Feature> = table.columns.iter().map(|column| feature(column, won)).collect();
    let learned = if is_boosting { boosting(table, won, &features, settings)? } else { logistic(table, won, &features) };
    Ok(ScoreModel {
        format: ScoreModel::FORMAT,
        features,
        learned,
        slope: 1.0,
        shift: 0.0,
        target: target.to_owned(),
        rows: won.len(),
        positives,
    })
}

fn feature(column: &Column, won: &[bool]) -> Feature {
    let kind = match &column.kind {
        Kind::Number(values) => {
            let mut known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            known.sort_by(f64::total_cmp);
            let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
            let filled = || values.iter().map(|value| if value.is_nan() { median } else { *value });
            let rows = values.len().max(1) as f64;
            let mean = filled().sum::<f64>() / rows;
            let sd = (filled().map(|value| (value - mean).powi(2)).sum::<f64>() / rows).sqrt();
            let range = known.first().zip(known.last()).map(|(low, high)| [*low, *high]);
            FeatureKind::Number { median, mean, sd: if sd.is_normal() { sd } else { 1.0 }, range }
        }
        Kind::Category { levels, codes } => {
            let counts = counts(levels.len(), codes, won, |_| true);
            let kept: Vec<usize> = (0..levels.len()).filter(|at| LEVEL_ROWS_MIN <= counts[*at].0).collect();
            let average = average(won);
            FeatureKind::Category {
                encoded: kept.iter().map(|at| smoothed(counts[*at], average)).collect(),
                levels: kept.into_iter().map(|at| levels[at].clone()).collect(),
                otherwise: average,
            }
        }
    };
    Feature { name: column.name.clone(), kind }
}

fn average(won: &[bool]) -> f64 {
    won.iter().filter(|won| **won).count() as f64 / won.len().max(1) as f64
}

/// Rows and wins of each level, of the rows that count.
fn counts(levels: usize, codes: &[u32], won: &[bool], is_counted: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut counts = vec![(0, 0); levels];
    for (row, (code, won)) in codes.iter().zip(won).enumerate() {
        if *code != MISSING && is_counted(row) {
            let held = &mut counts[*code as usize];
            *held = (held.0 + 1, held.1 + usize::from(*won));
        }
    }
    counts
}

fn smoothed((rows, wins): (usize, usize), average: f64) -> f64 {
    (wins as f64 + SMOOTHING * average) / (rows as f64 + SMOOTHING)
}

/// In which part a row is: by its number, so that it is the same each time.
fn part(row: usize) -> usize {
    ((row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % PARTS
}

/// A column as trees see it while they grow: a category's rows by the outcomes of the other parts, for their own would tell them.
fn grown_on(column: &Column, feature: &Feature, won: &[bool]) -> Vec<f64> {
    match (&column.kind, &feature.kind) {
        (Kind::Number(values), _) => values.clone(),
        (Kind::Category { levels, codes }, FeatureKind::Category { levels: kept, otherwise, .. }) => {
            let is_kept: Vec<bool> = levels.iter().map(|level| kept.binary_search(level).is_ok()).collect();
            let by_part: Vec<Vec<f64>> = (0..PARTS)
                .map(|left_out| {
                    let counts = counts(levels.len(), codes, won, |row| part(row) != left_out);
                    counts.into_iter().map(|held| smoothed(held, *otherwise)).collect()
                })
                .collect();
            let value = |(row, code): (usize, &u32)| {
                let known = is_kept.get(*code as usize).copied().unwrap_or(false);
                if known { by_part[part(row)][*code as usize] } else { *otherwise }
            };
            codes.iter().enumerate().map(value).collect()
        }
        (Kind::Category { codes, .. }, FeatureKind::Number { .. }) => vec![f64::NAN; codes.len()],
    }
}

fn boosting(table: &Table, won: &[bool], features: &[Feature], settings: &Settings) -> Result<Learned, ScoreError> {
    let data: Vec<f64> = table.columns.iter().zip(features).flat_map(|(column, feature)| grown_on(column, feature, won)).collect();
    let outcome: Vec<f64> = won.iter().map(|won| f64::from(u8::from(*won))).collect();
    let matrix = forust_ml::Matrix::new(&data, won.len(), features.len());
    let average = average(won);
    let base = (average / (1.0 - average)).ln();
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::LogLoss)
        .set_iterations(settings.iterations)
        .set_learning_rate(settings.learning_rate)
        .set_max_depth(settings.depth)
        .set_max_leaves(settings.leaves)
        .set_l2(settings.l2)
        .set_min_leaf_weight(settings.min_leaf_weight)
        .set_subsample(settings.subsample)
        .set_colsample_bytree(settings.columns)
        .set_sample_method(if settings.subsample < 1.0 { SampleMethod::Random } else { SampleMethod::None })
        .set_base_score(base)
        .set_initialize_base_score(false)
        .set_parallel(true)
        .set_seed(settings.seed);
    booster.fit_unweighted(&matrix, &outcome, None).map_err(|error| ScoreError::Learner(error.to_string()))?;
    let nodes = |tree: &forust_ml::tree::Tree| {
        let nodes = tree.nodes.iter().map(|node| Node {
            feature: node.split_feature as u32,
            split: node.split_value,
            left: if node.is_leaf { 0 } else { node.left_child as u32 },
            right: node.right_child as u32,
            missing: node.missing_node as u32,
            value: f64::from(node.weight_value),
        });
        nodes.collect()
    };
    let trees = booster.trees.iter().map(nodes).collect();
    Ok(Learned::Boosting { base: booster.base_score, trees })
}

fn logistic(table: &Table, won: &[bool], features: &[Feature]) -> Learned {
    // Places of the weights: of a number its value and its absence, of a category its levels and the others.
    let widths: Vec<usize> = features
        .iter()
        .map(|feature| match &feature.kind {
            FeatureKind::Number { .. } => 2,
            FeatureKind::Category { levels, .. } => levels.len() + 1,
        })
        .collect();
    let mut starts = Vec::new();
    let mut places = 0;
    for width in &widths {
        starts.push(places);
        places += width;
    }
    let mut rows: Vec<Sparse> = vec![Vec::with_capacity(features.len()); won.len()];
    for ((column, feature), start) in table.columns.iter().zip(features).zip(&starts) {
        match (&column.kind, &feature.kind) {
            (Kind::Number(values), FeatureKind::Number { median, mean, sd, .. }) => {
                for (row, value) in rows.iter_mut().zip(values) {
                    let known = if value.is_nan() { *median } else { *value };
                    row.push((*start as u32, (known - mean) / sd));
                    if value.is_nan() {
                        row.push((*start as u32 + 1, 1.0));
                    }
                }
            }
            (Kind::Category { levels, codes }, FeatureKind::Category { levels: kept, .. }) => {
                let at: Vec<usize> = levels.iter().map(|level| kept.binary_search(level).unwrap_or(kept.len())).collect();
                for (row, code) in rows.iter_mut().zip(codes) {
                    let place = at.get(*code as usize).copied().unwrap_or(kept.len());
                    row.push(((start + place) as u32, 1.0));
                }
            }
            _ => {}
        }
    }
    let (intercept, weights) = logistic::fit(&rows, won, places, 1.0);
    let weights = starts.iter().zip(&widths).map(|(start, width)| weights[*start..start + width].to_vec()).collect();
    Learned::Logistic { intercept, weights }
}

/// Sets slope and shift by rows that the model was not made of (Platt), or the shift alone: what newer leads say of how many win.
pub fn recalibrate(model: &mut ScoreModel, table: &Table, won: &[bool], shift_only: bool) -> Result<(), ScoreError> {
    let positives = won.iter().filter(|won| **won).count();
    let rarer = positives.min(won.len() - positives);
    if rarer < NEEDED {
        return Err(ScoreError::TooFew { rows: won.len(), positives, needed: NEEDED, missing: NEEDED - rarer });
    }
    (model.slope, model.shift) = (1.0, 0.0);
    let raw: Vec<f64> = (0..table.rows).map(|row| model.log_odds(&model.cells(&table.row(row)), &mut |_, _| {})).collect();
    (model.slope, model.shift) = platt(&raw, won, shift_only)?;
    Ok(())
}

/// Slope and shift by which log-odds say how many win (Platt); with a slope of 1 where the shift alone is wanted.
pub(crate) fn platt(raw: &[f64], won: &[bool], shift_only: bool) -> Result<(f64, f64), ScoreError> {
    let (mut slope, mut shift) = (1.0_f64, 0.0_f64);
    // Newton's steps on two numbers.
    for _ in 0..100 {
        let (mut g, mut h) = ([0.0_f64; 2], [0.0_f64; 3]);
        for (raw, won) in raw.iter().zip(won) {
            let p = model::probability(slope * raw + shift);
            let (residual, weight) = (p - f64::from(u8::from(*won)), (p * (1.0 - p)).max(1e-12));
            g = [g[0] + residual * raw, g[1] + residual];
            h = [h[0] + weight * raw * raw, h[1] + weight * raw, h[2] + weight];
        }
        let (by_slope, by_shift) = if shift_only {
            (0.0, g[1] / h[2])
        } else {
            let determinant = h[0] * h[2] - h[1] * h[1] + 1e-9;
            ((g[0] * h[2] - g[1] * h[1]) / determinant, (g[1] * h[0] - g[0] * h[1]) / determinant)
        };
        (slope, shift) = (slope - by_slope, shift - by_shift);
        if by_slope.abs() + by_shift.abs() < 1e-10 {
            break;
        }
    }
    if !(slope.is_finite() && shift.is_finite()) || slope <= 0.0 {
        return Err(ScoreError::Learner("these rows contradict the model: train it anew".to_owned()));
    }
    Ok((slope, shift))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    /// Calls and a phone win; the channel matters; age does not.
    pub fn world(rows: usize) -> (Table, Vec<bool>) {
        let mut dice = 7_u64;
        let mut below = |limit: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % limit
        };
        let mut all: Vec<BTreeMap<String, Value>> = Vec::new();
        let mut won = Vec::new();
        for _ in 0..rows {
            let (views, channel, phone) = (below(10), ["cpc", "email", "organic"][below(3) as usize], below(4) != 0);
            let odds = views as f64 * 0.4 - 3.0 + f64::from(u8::from(channel == "email")) * 1.5 + f64::from(u8::from(phone));
            won.push((below(10_000) as f64) < 10_000.0 / (1.0 + (-odds).exp()));
            let row = json!({ "views": views, "channel": channel, "phone": if phone { json!(1) } else { json!(null) }, "age": below(60) });
            all.push(serde_json::from_value(row).unwrap_or_default());
        }
        (Table::from_rows(&all, &[]).unwrap_or_default(), won)
    }

    #[test]
    fn explanations_add_up_and_models_come_back_from_json() {
        let (table, won) = world(4_000);
        for learner in [Learner::Boosting, Learner::Logistic] {
            let model = train(&table, &won, "won", &Settings { learner, ..Settings::default() }).unwrap_or_else(|error| panic!("{error}"));
            let json = serde_json::to_string(&model).unwrap_or_default();
            let again: ScoreModel = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}"));
            let (mut bases, mut unknown) = (Vec::new(), table.row(0));
            for row in 0..200 {
                let row = table.row(row);
                let told = model.explain(&row);
                let sum = told.base + told.parts.iter().map(|(_, _, part)| part).sum::<f64>();
                assert!((sum - told.raw).abs() < 1e-9 && (told.probability - model.score(&row)).abs() < 1e-12, "{told:?}");
                assert_eq!(model.score(&row).to_bits(), again.score(&row).to_bits());
                bases.push(told.base);
            }
            assert!(bases.iter().all(|base| (base - bases[0]).abs() < 1e-9), "one base for all");
            // What was never seen, and nothing at all.
            unknown.insert("channel".to_owned(), json!("smoke signals"));
            assert!((0.0..=1.0).contains(&model.score(&unknown)) && (0.0..=1.0).contains(&model.score(&BTreeMap::new())));
        }
    }

    #[test]
    fn trees_are_walked_as_their_maker_walks_them() {
        let (table, won) = world(3_000);
        let settings = Settings { learner: Learner::Boosting, subsample: 1.0, columns: 1.0, ..Settings::default() };
        let features: Vec<Feature> = table.columns.iter().map(|column| feature(column, &won)).collect();
        let data: Vec<f64> = table.columns.iter().zip(&features).flat_map(|(column, feature)| grown_on(column, feature, &won)).collect();
        let matrix = forust_ml::Matrix::new(&data, won.len(), features.len());
        let outcome: Vec<f64> = won.iter().map(|won| f64::from(u8::from(*won))).collect();
        let average = average(&won);
        let mut maker = GradientBooster::default()
            .set_iterations(settings.iterations)
            .set_learning_rate(settings.learning_rate)
            .set_max_depth(settings.depth)
            .set_max_leaves(settings.leaves)
            .set_l2(settings.l2)
            .set_min_leaf_weight(settings.min_leaf_weight)
            .set_base_score((average / (1.0 - average)).ln())
            .set_initialize_base_score(false)
            .set_seed(settings.seed);
        maker.fit_unweighted(&matrix, &outcome, None).unwrap_or_else(|error| panic!("{error}"));
        let theirs = maker.predict(&matrix, false);
        let Ok(Learned::Boosting { base, trees }) = boosting(&table, &won, &features, &settings) else { panic!("no trees") };
        let numbers: Vec<Feature> = features
            .iter()
            .map(|feature| Feature {
                name: feature.name.clone(),
                kind: FeatureKind::Number { median: 0.0, mean: 0.0, sd: 1.0, range: None },
            })
            .collect();
        let model = ScoreModel {
            format: 1,
            features: numbers,
            learned: Learned::Boosting { base, trees },
            slope: 1.0,
            shift: 0.0,
            target: String::new(),
            rows: 0,
            positives: 0,
        };
        for row in 0..500 {
            let cells: Vec<model::Cell> = (0..features.len()).map(|column| model::Cell::Number(data[column * won.len() + row])).collect();
            let ours = model.log_odds(&cells, &mut |_, _| {});
            assert!((ours - theirs[row]).abs() < 1e-6, "row {row}: {ours} {}", theirs[row]);
        }
    }

    #[test]
    fn what_was_never_seen_is_not_extrapolated() {
        let mut csv = "age,y\n".to_owned();
        (0..400).for_each(|n| csv += &format!("{},{}\n", 0.04 + f64::from(n % 3) / 1_000.0, u8::from(n % 3 == 2)));
        let table = Table::read(csv.as_bytes(), &[]).unwrap_or_default();
        let won = table.target("y").unwrap_or_default();
        let settings = Settings { learner: Learner::Logistic, ..Settings::default() };
        let model = train(&table.without(&["y".to_owned()]), &won, "y", &settings).unwrap_or_else(|error| panic!("{error}"));
        let score = |age: f64| model.score(&[("age".to_owned(), json!(age))].into());
        assert_eq!((score(0.0), score(90.0)), (score(0.04), score(0.042)));
        assert!(score(0.04) < score(0.042));
    }

    #[test]
    fn a_shift_of_how_many_win_is_taken_up() {
        let (table, won) = world(4_000);
        let mut model = train(&table, &won, "won", &Settings { learner: Learner::Logistic, ..Settings::default() })
            .unwrap_or_else(|error| panic!("{error}"));
        // From now on half as many win.
        let fewer: Vec<bool> = won.iter().enumerate().map(|(row, won)| *won && row % 2 == 0).collect();
        let mean = |model: &ScoreModel| (0..table.rows).map(|row| model.score(&table.row(row))).sum::<f64>() / table.rows as f64;
        for shift_only in [true, false] {
            assert_eq!(recalibrate(&mut model, &table, &fewer, shift_only), Ok(()));
            assert!((mean(&model) - average(&fewer)).abs() < 1e-6, "{} {}", mean(&model), average(&fewer));
        }
    }

    #[test]
    fn too_little_is_refused_with_how_much_is_missing() {
        let (table, won) = world(60);
        let few: Vec<bool> = won.iter().enumerate().map(|(row, _)| row < 15).collect();
        let told = train(&table, &few, "won", &Settings::default());
        assert_eq!(told, Err(ScoreError::TooFew { rows: 60, positives: 15, needed: 20, missing: 5 }));
    }
}
