//! Attribution: which touches a conversion is owed to, by several models side by side.
//!
//! `spec` checks what is asked; `follow` passes once over each profile's touches and conversions and cuts them into paths;
//! `credit` splits one conversion over its path, `markov` all conversions over all paths; `tally` adds up, in groups of people that
//! `interval` draws from; `report` lays out the answer, `people` lists who is behind it.

mod credit;
mod follow;
mod interval;
mod markov;
mod orders;
pub(crate) mod people;
pub(crate) mod report;
pub(crate) mod spec;
mod tally;
