//! The figures that a score must reach on public data, with the given folds.

use std::path::PathBuf;

use forecourt_score::{Learner, ScoreModel, Settings, Table, evaluate, evaluate::Folds, table::Kind, train};

/// The shared data; `None` where it is not there, which is said aloud.
fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FORECOURT_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let path = root.join("data/folds").join(name);
    if !path.exists() {
        eprintln!("skipped: no {} (set FORECOURT_SHARED)", path.display());
        return None;
    }
    Some(path)
}

/// Features, outcome and folds; the categories are those that the data's own description names.
fn read(name: &str) -> Option<(Table, Vec<bool>, Vec<usize>)> {
    let meta = std::fs::read(shared(&format!("{name}.meta.json"))?).expect("the description");
    let meta: serde_json::Value = serde_json::from_slice(&meta).expect("JSON");
    let names =
        |of: &str| meta[of].as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let bytes = std::fs::read(shared(&format!("{name}.csv.gz"))?).expect("the rows");
    let table = Table::read(&bytes, &names("categorical")).expect("a table");
    let won = table.target("y").expect("outcomes");
    let Kind::Number(folds) = &table.column("fold").expect("folds").kind else { panic!("folds are numbers") };
    let folds = folds.iter().map(|fold| *fold as usize).collect();
    let features = names("features");
    let others: Vec<String> = table.columns.iter().map(|column| column.name.clone()).filter(|name| !features.contains(name)).collect();
    Some((table.without(&others), won, folds))
}

#[test]
fn bank_is_no_worse_than_lightgbm_within_one_standard_error() {
    let Some((table, won, folds)) = read("bank_add") else { return };
    let found = evaluate(&table, &won, &Folds::Given(folds), None, &Settings::default()).expect("figures");
    println!("{} {:?} sd {:?}", found.learner, found.mean, found.sd);
    let error = |sd: f64| sd / (found.folds.len() as f64).sqrt();
    assert_eq!(found.learner, "boosting");
    assert!(0.8047 - error(0.007) <= found.mean.auc, "{:?}", found.mean);
    assert!(found.mean.log_loss <= 0.270 + error(found.sd.log_loss), "{:?}", found.mean);
    assert!(found.mean.ece <= 0.009 + error(0.003).max(found.sd.ece), "{:?}", found.mean);
}

#[test]
fn olist_is_no_worse_than_lightgbm_within_one_standard_error() {
    let Some((table, won, folds)) = read("olist") else { return };
    let found = evaluate(&table, &won, &Folds::Given(folds), None, &Settings::default()).expect("figures");
    println!("{} {:?} sd {:?}", found.learner, found.mean, found.sd);
    let error = |sd: f64| sd / (found.folds.len() as f64).sqrt();
    assert_eq!(found.learner, "logistic");
    assert!(0.70 - error(found.sd.auc) <= found.mean.auc, "{:?}", found.mean);
    assert!(found.mean.log_loss <= 0.313 + error(found.sd.log_loss), "{:?}", found.mean);
    assert!(found.mean.ece <= 0.02 + error(found.sd.ece), "{:?}", found.mean);
}

/// Two threads or one: the same trees.
#[test]
fn learning_twice_gives_the_same_model() {
    let Some((table, won, _)) = read("olist") else { return };
    let settings = Settings { learner: Learner::Boosting, ..Settings::default() };
    let models: Vec<ScoreModel> = (0..2).map(|_| train(&table, &won, "y", &settings).expect("a model")).collect();
    assert_eq!(models[0], models[1]);
}
