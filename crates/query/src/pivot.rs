//! The pivot: from advertising cost to sale, by any dimensions on rows and columns.
//!
//! [`spec`] checks what is asked; each table's rows become additions to cells ([`events`], [`entities`]); [`cells`] adds
//! them up, with the totals of every level; [`measure`] has the formulas, applied to totals; [`report`] lays out the
//! answer, and [`people`] tells who is behind a cell.

mod axis;
mod cells;
mod dimension;
mod entities;
mod events;
mod gather;
pub(crate) mod measure;
pub(crate) mod money;
pub(crate) mod people;
pub(crate) mod report;
pub(crate) mod spec;
