//! A believable dealer group from a seed: a car maker's importer, its dealers, its advertising and the people who
//! look, ask, drive, buy and come back for service.
//!
//! [`history`] tells the months up to "now" in order of time; [`live`] goes on from there. Both are pure: the same plan
//! gives the same bytes, on every machine. Nothing here does IO or reads a clock.

mod campaign;
mod cost;
mod dice;
mod group;
mod history;
mod life;
mod live;
mod moment;
mod name;
mod person;
mod sale;
mod season;
mod visit;
mod wire;
mod world;

use forecourt_model::entity::AdCost;

pub use campaign::{CHANNELS, Campaign};
pub use group::{Dealer, Group, MAKER, Model, Region, group};
pub use history::history;
pub use live::{Live, live};

/// What to tell: every other number follows from these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    /// People; the profiles that come of them are a few more, as some never sign in on their second device.
    pub profiles: u32,
    /// Length of the history, in months of 30.44 days; 1 or more.
    pub months: u32,
    /// Where history ends and live begins, microseconds since 1970 UTC. Keep it with the data: [`live`] needs the same.
    pub end_us: i64,
}

impl Default for Plan {
    /// 160,000 people in 14 months up to 2026-11-22.
    fn default() -> Self {
        Self { seed: 2026, profiles: 160_000, months: 14, end_us: 1_795_305_600_000_000 }
    }
}

/// The system that an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Site,
    App,
    Crm,
    CallCentre,
    /// The dealer management system: deliveries and service.
    Dms,
}

impl Source {
    pub const ALL: [Self; 5] = [Self::Site, Self::App, Self::Crm, Self::CallCentre, Self::Dms];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::App => "app",
            Self::Crm => "crm",
            Self::CallCentre => "call-centre",
            Self::Dms => "dms",
        }
    }
}

/// One thing to take in.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// One item of Segment's wire format, with `messageId` and `timestamp` of its own.
    Event { source: Source, json: String, at_us: i64 },
    /// A day's cost of one campaign in one region; comes after the events of its day.
    AdCost(AdCost),
}
