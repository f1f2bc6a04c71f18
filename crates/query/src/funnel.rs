//! Funnels: how many profiles went all the way, how many a part of it, and who.
//!
//! `spec` checks what is asked; `plan` puts `follow` (one pass over each profile's events, by the pure `machine`) over the events
//! that match a step; `report` counts its rows, `people` lists them.

mod follow;
pub(crate) mod machine;
pub(crate) mod people;
mod plan;
pub(crate) mod report;
pub(crate) mod spec;
