//! The events that a report asks for, of each profile in the order of time: what funnels, retention,
//! attribution, flow and paths are made of.
//!
//! `plan` puts two operators over each bucket's files: `steps` (what does each event match) and `merge` (files and fresh rows
//! in one order). What a report makes of the rows is its own affair.

pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod steps;
