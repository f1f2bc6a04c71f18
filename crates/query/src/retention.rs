//! Retention: which part of those who began comes back, and when.
//!
//! `spec` checks what is asked; `follow` passes once over the matching events of each profile and says in which periods it
//! began and came back; `report` counts, `people` lists.

mod follow;
pub(crate) mod people;
pub(crate) mod report;
pub(crate) mod spec;
