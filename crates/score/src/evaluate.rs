//! How good a model would be: on folds that were left out, and forward in time; what gives the outcome away; what has changed since.

use serde::{Deserialize, Serialize};

use crate::{
    Figures, ScoreError, ScoreModel, Settings, Table,
    figures::{Bin, bins},
    table::{Kind, MISSING},
    train,
};

/// A field that alone ranks the outcome so well knows it.
const LEAK_AUC: f64 = 0.95;
/// So does one whose absence does.
const LEAK_MISSING_AUC: f64 = 0.9;
/// The share of the rows, the newest, that the forward figures are of.
const NEWEST: f64 = 0.2;
/// Above it a feature has changed (population stability index).
pub const DRIFT_ALARM: f64 = 0.2;

#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    pub rows: usize,
    pub positives: usize,
    /// `boosting` or `logistic`, as the last fold had it.
    pub learner: String,
    pub folds: Vec<Figures>,
    pub mean: Figures,
    pub sd: Figures,
    /// Of all rows, each predicted by a model that had not seen it.
    pub reliability: Vec<Bin>,
    /// Learned from the older rows, tried on the newest: what is to be expected.
    pub forward: Option<Forward>,
    /// The probability of each row, by a model that had not seen it.
    #[serde(skip)]
    pub predicted: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    pub train_rows: usize,
    pub test_rows: usize,
    /// Share of wins then and now.
    pub train_rate: f64,
    pub test_rate: f64,
    pub figures: Figures,
}

/// A field that knows the outcome, most probably for it was written after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub field: String,
    pub says: String,
}

/// How rows are parted.
#[derive(Debug, Clone)]
pub enum Folds {
    /// The fold of each row.
    Given(Vec<usize>),
    /// So many, alike in outcome.
    Random(usize),
}

pub(crate) fn of_rows(table: &Table, won: &[bool], rows: &[usize]) -> (Table, Vec<bool>) {
    (table.take(rows), rows.iter().map(|row| won[*row]).collect())
}

/// Learns on all but one fold, and predicts that one, fold by fold.
///
/// * `order`: rows from the oldest to the newest, where it is known.
pub fn evaluate(
    table: &Table,
    won: &[bool],
    folds: &Folds,
    order: Option<&[usize]>,
    settings: &Settings,
) -> Result<Evaluation, ScoreError> {
    let fold_of = match folds {
        Folds::Given(folds) => folds.clone(),
        Folds::Random(count) => dealt(won, (*count).max(2)),
    };
    let mut names = fold_of.clone();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return Err(ScoreError::Target("the fold column names one fold only: two or more are needed to leave one out".to_owned()));
    }
    // The learner that all rows would have: near the limit a fold alone could choose the other.
    let settings = &Settings { learner: settings.learner.of(won), ..settings.clone() };
    let mut predicted = vec![0.0; won.len()];
    let (mut figures, mut learner) = (Vec::new(), String::new());
    for fold in names {
        let (inside, outside): (Vec<usize>, Vec<usize>) = (0..won.len()).partition(|row| fold_of[*row] != fold);
        let (learned_from, outcome) = of_rows(table, won, &inside);
        let model = train(&learned_from, &outcome, "", settings)?;
        learner = model.learner().to_owned();
        let (left_out, happened) = of_rows(table, won, &outside);
        let scores = scores(&model, &left_out);
        figures.push(Figures::of(&happened, &scores));
        outside.iter().zip(scores).for_each(|(row, score)| predicted[*row] = score);
    }
    let (mean, sd) = Figures::mean_and_sd(&figures);
    let forward = order.map(|order| forward(table, won, order, settings)).transpose()?;
    let positives = won.iter().filter(|won| **won).count();
    Ok(Evaluation { rows: won.len(), positives, learner, folds: figures, mean, sd, reliability: bins(won, &predicted), forward, predicted })
}

fn forward(table: &Table, won: &[bool], order: &[usize], settings: &Settings) -> Result<Forward, ScoreError> {
    let cut = ((order.len() as f64) * (1.0 - NEWEST)).round() as usize;
    forward_of(table, won, &order[..cut], &order[cut..], settings)
}

/// Learns from some rows, and tries the model on others.
pub fn forward_of(table: &Table, won: &[bool], older: &[usize], newer: &[usize], settings: &Settings) -> Result<Forward, ScoreError> {
    let (learned_from, outcome) = of_rows(table, won, older);
    let model = train(&learned_from, &outcome, "", settings)?;
    let (newest, happened) = of_rows(table, won, newer);
    Ok(forward_figures(&outcome, &happened, &scores(&model, &newest)))
}

/// What the newest would have been foretold by the oldest.
pub(crate) fn forward_figures(outcome: &[bool], happened: &[bool], foretold: &[f64]) -> Forward {
    let rate = |won: &[bool]| won.iter().filter(|won| **won).count() as f64 / won.len().max(1) as f64;
    Forward {
        train_rows: outcome.len(),
        test_rows: happened.len(),
        train_rate: rate(outcome),
        test_rate: rate(happened),
        figures: Figures::of(happened, foretold),
    }
}

/// Folds with the same share of wins, the same each time.
fn dealt(won: &[bool], count: usize) -> Vec<usize> {
    let mut folds = vec![0; won.len()];
    for outcome in [true, false] {
        let mut rows: Vec<usize> = (0..won.len()).filter(|row| won[*row] == outcome).collect();
        rows.sort_by_key(|row| (*row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31));
        rows.into_iter().enumerate().for_each(|(at, row)| folds[row] = at % count);
    }
    folds
}

/// The score of each row of a table.
pub fn scores(model: &ScoreModel, table: &Table) -> Vec<f64> {
    (0..table.rows).map(|row| model.score(&table.row(row))).collect()
}

/// Fields that know the outcome.
pub fn findings(table: &Table, won: &[bool]) -> Vec<Finding> {
    let auc = |values: &[f64]| {
        let auc = Figures::of(won, values).auc;
        auc.max(1.0 - auc)
    };
    let positives = won.iter().filter(|won| **won).count() as f64;
    let average = positives / won.len().max(1) as f64;
    let mut found = Vec::new();
    for column in &table.columns {
        let (values, absent): (Vec<f64>, Vec<f64>) = match &column.kind {
            Kind::Number(values) => {
                let mut known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
                known.sort_by(f64::total_cmp);
                let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
                values.iter().map(|value| (if value.is_nan() { median } else { *value }, f64::from(u8::from(value.is_nan())))).unzip()
            }
            Kind::Category { levels, codes } => {
                // Each half of the rows by the outcomes of the other half: by its own a column of names would know everything.
                let half = |row: usize| ((row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63) as usize;
                let mut wins = [vec![(0.0, 0.0); levels.len()], vec![(0.0, 0.0); levels.len()]];
                for (row, (code, won)) in codes.iter().zip(won).enumerate().filter(|(_, (code, _))| **code != MISSING) {
                    let held = &mut wins[half(row)][*code as usize];
                    *held = (held.0 + f64::from(u8::from(*won)), held.1 + 1.0);
                }
                let rate = |row: usize, code: u32| {
                    let others = wins[1 - half(row)].get(code as usize);
                    others.map_or(average, |(wins, rows)| (wins + 5.0 * average) / (rows + 5.0))
                };
                codes.iter().enumerate().map(|(row, code)| (rate(row, *code), f64::from(u8::from(*code == MISSING)))).unzip()
            }
        };
        let (alone, by_absence) = (auc(&values), auc(&absent));
        let says = if LEAK_AUC <= alone {
            format!("alone it ranks the outcome almost perfectly (AUC {alone:.3}): it is most probably written after the outcome")
        } else if LEAK_MISSING_AUC <= by_absence {
            format!("whether it is filled in tells the outcome (AUC {by_absence:.3}): it is most probably filled in after the outcome")
        } else {
            continue;
        };
        found.push(Finding { field: column.name.clone(), says });
    }
    found
}

/// How far each column of new rows is from that of old ones (population stability index, without what chance alone makes of so few rows
/// in so many parts); above [`DRIFT_ALARM`] it is another world.
pub fn drift(old: &Table, new: &Table) -> Vec<(String, f64)> {
    let index = |old: &[f64], new: &[f64]| {
        let parts = old.len() as f64;
        let sums = [old, new].map(|of| of.iter().sum::<f64>().max(1.0));
        // Half a row in each part: one that nobody was in says little.
        let share = |of: &[f64], sum: f64| of.iter().map(|count| (count + 0.5) / (sum + 0.5 * parts)).collect::<Vec<_>>();
        let (before, after) = (share(old, sums[0]), share(new, sums[1]));
        let index = before.iter().zip(after).map(|(old, new)| (new - old) * (new / old).ln()).sum::<f64>();
        (index - (parts - 1.0) * (1.0 / sums[0] + 1.0 / sums[1])).max(0.0)
    };
    let of = |column: &crate::table::Column| {
        let other = new.columns.iter().find(|other| other.name == column.name)?;
        let (before, after) = match (&column.kind, &other.kind) {
            (Kind::Number(before), Kind::Number(after)) => {
                let mut known: Vec<f64> = before.iter().copied().filter(|value| !value.is_nan()).collect();
                known.sort_by(f64::total_cmp);
                let cuts: Vec<f64> = (1..10).filter_map(|tenth| known.get(known.len() * tenth / 10).copied()).collect();
                let count = |values: &[f64]| {
                    let mut counts = vec![0.0; cuts.len() + 2];
                    for value in values {
                        let at = if value.is_nan() { cuts.len() + 1 } else { cuts.partition_point(|cut| cut < value) };
                        counts[at] += 1.0;
                    }
                    counts
                };
                (count(before), count(after))
            }
            _ => {
                let mut levels: Vec<Option<String>> =
                    (0..old.rows).map(|row| column.text(row)).chain((0..new.rows).map(|row| other.text(row))).collect();
                levels.sort_unstable();
                levels.dedup();
                let count = |of: &crate::table::Column, rows: usize| {
                    let mut counts = vec![0.0; levels.len()];
                    for row in 0..rows {
                        if let Ok(at) = levels.binary_search(&of.text(row)) {
                            counts[at] += 1.0;
                        }
                    }
                    counts
                };
                (count(column, old.rows), count(other, new.rows))
            }
        };
        Some((column.name.clone(), index(&before, &after)))
    };
    old.columns.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(csv: &str) -> Table {
        Table::read(csv.as_bytes(), &[]).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn fields_written_after_the_outcome_are_found() {
        let mut csv = "paid,closed_at,age,city,name,y\n".to_owned();
        for n in 0..400 {
            let won = n % 3 == 0;
            csv += &format!(
                "{},{},{},c{},person {n},{}\n",
                if won { 100 + n } else { 0 },
                if won { "2026" } else { "" },
                n % 50,
                n % 7,
                u8::from(won)
            );
        }
        let table = table(&csv);
        let won = table.target("y").unwrap_or_default();
        let found: Vec<String> = findings(&table.without(&["y".to_owned()]), &won).into_iter().map(|finding| finding.field).collect();
        assert_eq!(found, ["paid", "closed_at"]);
    }

    #[test]
    fn few_rows_in_many_parts_are_no_drift() {
        let mut dice = 5_u64;
        let mut rows = |count: usize| {
            (0..count).fold("city,price\n".to_owned(), |csv, _| {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (one, other) = ((dice >> 33) % 60, (dice >> 45) % 1_000);
                // Some cities are large.
                csv + &format!("c{},{other}\n", one * one / 60)
            })
        };
        for count in [100, 300, 2_000] {
            let found = drift(&table(&rows(3_000)), &table(&rows(count)));
            assert!(found.iter().all(|(_, index)| *index < DRIFT_ALARM), "{count}: {found:?}");
        }
    }

    #[test]
    fn drift_is_seen_where_it_is() {
        let old = table(&(0..1_000).fold("a,b\n".to_owned(), |csv, n| csv + &format!("{},{}\n", n % 100, ["x", "y"][n % 2])));
        let new = table(&(0..1_000).fold("a,b\n".to_owned(), |csv, n| csv + &format!("{},{}\n", 60 + n % 100, ["x", "y"][n % 2])));
        let found = drift(&old, &new);
        assert!(DRIFT_ALARM < found[0].1 && found[1].1 < 0.01, "{found:?}");
    }
}
