//! Finds probable duplicates among records of people, without labels.
//!
//! [`TableBuilder`] takes records column by type, [`candidates`] chooses the pairs that are worth comparing, [`estimate`] learns from the
//! data what agreement in each column is worth, [`Scorer`] weighs pairs and explains them, [`cluster`] and [`link`] decide.
//!
//! The method is that of Fellegi and Sunter (1969): a column's evidence is the logarithm of how much likelier its agreement is for one person's
//! two records than for two people's; evidence adds up; a missing value is no evidence.
//!
//! ```
//! use forecourt_matching::*;
//!
//! let columns = vec![ColumnSpec::new("first", ColumnType::GivenName), ColumnSpec::new("last", ColumnType::Surname), ColumnSpec::new("tel", ColumnType::Phone)];
//! let mut records = TableBuilder::new(columns);
//! records.push(&[Some("Анна"), Some("Ли"), Some("8 (912) 345-67-89")]);
//! records.push(&[Some("Anna"), Some("Li"), Some("+7 912 345-67-98")]);
//! let table = records.finish();
//!
//! let pairs = candidates(&table, Task::Dedupe, 2);
//! let model = estimate(&table, Task::Dedupe, &pairs, &[], EstimateOptions::default());
//! let scorer = Scorer::new(&table, &model, &[]);
//! let found = scorer.score(&pairs, 0.0, 2);
//! let people = cluster(&scorer, &found, ClusterOptions::default());
//! println!("{people:?} {:?}", scorer.explain(0, 1));
//! ```

mod agreement;
mod blocking;
mod cluster;
mod column;
mod compare;
mod estimate;
mod label;
mod limit;
mod model;
mod propose;
mod random;
mod sample;
mod score;
mod similarity;
mod table;
mod text;

pub use blocking::candidates;
pub use cluster::{ClusterOptions, cluster, link};
pub use column::{ColumnSpec, ColumnType};
pub use compare::person::similarity as name_similarity;
pub use estimate::{EstimateOptions, estimate};
pub use label::Label;
pub use limit::Limit;
pub use model::{ColumnModel, Model};
pub use propose::propose;
pub use score::{Contribution, Explanation, ScoredPair, Scorer, probability, weight_of};
pub use table::{Table, TableBuilder, Task};
