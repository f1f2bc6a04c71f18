//! Paths: what people do after an event, or what they did before it, step by step.
//!
//! `spec` checks what is asked; `element` says what a step is called; `follow` passes once over each profile's events and makes one
//! path of it; `tree` holds all paths by their common beginnings, with exact counts; `report` lays out levels, links and whole
//! sequences, `people` lists who is behind them.

pub(crate) mod element;
mod follow;
pub(crate) mod people;
pub(crate) mod report;
pub(crate) mod spec;
mod tree;
