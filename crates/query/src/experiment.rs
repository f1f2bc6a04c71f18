//! Experiments: which of two or more variants people answer better, and how sure that is.
//!
//! `spec` checks what is asked; `follow` passes once over the exposures and goals of each profile; `tally` adds up by variant
//! and day; `statistics` compares, `report` tells, `people` lists; `running` finds the experiments that there are.

pub(crate) mod follow;
pub(crate) mod people;
pub(crate) mod report;
pub(crate) mod running;
pub(crate) mod spec;
pub mod statistics;
mod tally;
