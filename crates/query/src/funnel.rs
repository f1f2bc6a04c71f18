//! Funnels: how many profiles went all the way, how many a part of it, and who.
//!
//! `spec` checks what is asked; `plan` puts four operators over each bucket's files: `steps` (which steps does each event
//! match), `merge` (files and fresh rows in one order), `follow` (one pass over each profile's events, by the pure
//! `machine`); `report` counts its rows, `people` lists them.

mod follow;
pub(crate) mod machine;
mod merge;
pub(crate) mod people;
mod plan;
pub(crate) mod report;
pub(crate) mod spec;
pub(crate) mod steps;
