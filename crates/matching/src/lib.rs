//! Finds probable duplicates among records of people, without labels.
//!
//! [`TableBuilder`] takes records column by type, [`candidates`] chooses the pairs that are worth comparing, [`estimate`] learns from the
//! data what agreement in each column is worth, [`Scorer`] weighs pairs and explains them, [`cluster`] and [`link`] decide.
//!
//! The method is that of Fellegi and Sunter (1969): a column's evidence is the logarithm of how much likelier its agreement is for one person's
//! two records than for two people's; evidence adds up; a missing value is no evidence.

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
