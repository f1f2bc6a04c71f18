//! Flow: how fast people, or leads, get from stage to stage, and how many wait at each.
//!
//! `spec` checks what is asked; `follow` passes once over each profile's events and says which stages each case entered and when;
//! `tally` adds up by stage and group; `survival` makes curves of waits some of which are not over; `report` lays out the answer,
//! `people` lists who is behind it. An alarm on a stage that fills up can ask `report` for its stock and ageing.

mod follow;
pub(crate) mod people;
pub(crate) mod report;
pub(crate) mod spec;
mod survival;
mod tally;
