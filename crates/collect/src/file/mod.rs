//! Files in: CSV, XLSX, JSON lines and Parquet, row by row, into the same records that an SDK's calls become.
//!
//! The way of a row: [`detect`] says what the file is; a reader gives its rows in [`block`]s of cells; the `plan` (a
//! [`Mapping`] held against the file's columns) writes each row as one item in the Segment wire format; `feed` appends
//! items to the log as fast as the fold keeps up. What does not fit goes to a file of its own with the reason.

mod block;
mod bulk;
mod columnar;
mod cost;
mod damage;
mod delimited;
mod detect;
mod encoding;
mod error;
mod feed;
mod field;
mod guess;
mod import;
mod item;
mod join;
mod json_lines;
mod mapping;
mod moment;
mod number;
mod occurrence;
mod person;
mod plan;
mod preview;
mod propose;
mod reader;
mod rejected;
mod trace;
mod workbook;

use serde::{Deserialize, Serialize};

pub use bulk::{BadBulk, decode_bulk, encode_bulk};
pub use damage::Warning;
pub use detect::{Column, Detected, Format, detect, detect_as};
pub use error::ImportError;
pub use feed::Feed;
pub use guess::Guess;
pub use import::{ImportRun, Progress, Server, Sink, Summary, import, import_until};
pub use mapping::{Mapping, Pick, Read, Rest, fields_of};
pub use plan::check;
pub use preview::{Preview, PreviewRow, Problem, preview};
pub use propose::{propose, propose_kind};
pub use reader::read_texts;
pub use trace::{Trace, Tracing};
pub use workbook::check_workbook;

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Events,
    /// Contacts: each row describes one person.
    Profiles,
    Leads,
    Orders,
    /// What advertising cost, by day.
    Costs,
    Calls,
}

impl Kind {
    pub const ALL: [Kind; 6] = [Kind::Events, Kind::Profiles, Kind::Leads, Kind::Orders, Kind::Costs, Kind::Calls];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Events => "events",
            Kind::Profiles => "profiles",
            Kind::Leads => "leads",
            Kind::Orders => "orders",
            Kind::Costs => "costs",
            Kind::Calls => "calls",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
