//! Sources in: what senders say becomes records of the log, or is refused with a reason.
//!
//! [`Collector::accept`] is the one way in: it checks each item as the fold will read it, stamps it with what only
//! the border knows, and appends. [`segment`] is the wire format of Segment's and RudderStack's SDKs on top of it;
//! `http` holds what that needs of HTTP.

mod accept;
mod adf;
mod collector;
mod counters;
pub mod file;
mod form;
mod http;
mod limits;
mod mend;
mod rate;
mod scan;
pub mod segment;
mod sources;
mod tracker;

pub use accept::{Item, NotStored, Outcome, Refused};
pub use collector::{Clock, Collector};
pub use counters::{Counters, Minute, SourceCounts};
pub use form::{FormDesk, FormLimits, Forms};
pub use http::reach::{Network, Reach};
pub use limits::Limits;
pub use sources::{Source, Sources};
