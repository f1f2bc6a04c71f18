//! Scores of leads: learned from leads whose outcome is known, tried on those that were left out, explained one by one.
//!
//! [`table`] reads rows, [`train`](mod@train) makes a [`ScoreModel`] of them, [`evaluate`] says how good one is, by folds and forward in time. Nothing here
//! does IO but reading the bytes it is given, reads a clock, or draws a random number that the settings do not fix.

pub mod evaluate;
pub mod figures;
pub mod leads;
mod logistic;
pub mod table;
pub mod train;

pub use evaluate::{Evaluation, Finding, Forward, drift, evaluate, findings};
pub use figures::Figures;
pub use forecourt_model::score::{Explanation, ScoreModel};
pub use table::{Kind, Table, TableBuilder};
pub use train::{Learner, Settings, train};

/// Why rows do not make a model, or a model does not fit rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    #[error("{0}")]
    Unreadable(String),
    #[error("there is no column `{0}`: the columns are {1}")]
    NoColumn(String, String),
    #[error("{0}")]
    Target(String),
    #[error(
        "there are {rows} rows, {positives} of them won: at least {needed} of each outcome are needed to learn anything; {missing} more are missing"
    )]
    TooFew { rows: usize, positives: usize, needed: usize, missing: usize },
    #[error("{0}")]
    Leaks(String),
    #[error("the learning failed: {0}")]
    Learner(String),
}
