//! The outbox out: each admitted send is claimed, recorded, handed to its message channel, and what came of it is an event again.

pub mod email;
