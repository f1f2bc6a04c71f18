//! The outbox out: each admitted message is claimed, recorded, handed to its message channel, and what came of it is an event again.
//!
//! [`Deliver::run`] is the worker, [`worker`] its loop; `send` is the way of one message, in the order that makes a crash
//! harmless: record, call, record, tell. What is begun and never ended is `unknown` after a crash, and is not sent again.

mod breaker;
pub mod email;
mod outcome;
mod receipts;
mod record;
mod schedule;
mod send;
mod sms;
mod webhook;
mod worker;

use std::sync::Arc;

use forecourt_log::Log;
use forecourt_outgoing::Outgoing;
use forecourt_store::{Store, attempts::Attempts, control::Control};

pub use breaker::BreakerState;
pub use receipts::router as receipts_router;
pub use schedule::Patience;
pub use send::Tried;
pub use webhook::{new_secret, signature};

use crate::{breaker::Breakers, record::Recorder};

/// Tells the time: microseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the worker works with. Cloning gives another handle to the same worker.
#[derive(Clone)]
pub struct Deliver {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    control: Control,
    log: Log,
    attempts: Attempts,
    recorder: Recorder,
    outgoing: Outgoing,
    breakers: Breakers,
    patience: Patience,
    clock: Clock,
}

impl Deliver {
    /// Must be called within a runtime: it starts the task that writes attempts.
    pub fn new(store: Store, control: Control, log: Log, attempts: Attempts, outgoing: Outgoing, patience: Patience, clock: Clock) -> Self {
        let recorder = Recorder::start(attempts.clone());
        let breakers = Breakers::default();
        Self { shared: Arc::new(Shared { store, control, log, attempts, recorder, outgoing, breakers, patience, clock }) }
    }

    /// The breakers that have seen a failure lately, by what they guard.
    pub fn breakers(&self) -> Vec<BreakerState> {
        self.shared.breakers.states(self.shared.now_us())
    }
}

impl Shared {
    fn now_us(&self) -> i64 {
        (self.clock)()
    }
}
