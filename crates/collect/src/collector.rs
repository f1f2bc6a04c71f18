use std::{
    fmt,
    sync::{Arc, atomic::AtomicUsize},
};

use forecourt_log::Log;
use tokio::sync::watch;

use crate::{Counters, Limits, Reach, Source, Sources, rate::Rates};

/// Tells the time: microseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The border: everything that comes in passes [`Collector::accept`]. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Collector {
    shared: Arc<Shared>,
}

struct Shared {
    log: Log,
    sources: watch::Receiver<Arc<Sources>>,
    limits: Limits,
    clock: Clock,
    region: String,
    reach: Reach,
    counters: Counters,
    rates: Rates,
    inflight_bytes: AtomicUsize,
}

impl Collector {
    /// * `sources`: who may send; a change is in force for the next request.
    /// * `region`: the country (`RU`, `DE`, …) whose notation a phone without a country code is in.
    pub fn new(log: Log, sources: watch::Receiver<Arc<Sources>>, limits: Limits, clock: Clock, region: String) -> Self {
        Self::reached_by(log, sources, limits, clock, region, Reach::default())
    }

    /// [`Collector::new`] for an installation behind proxies or with an address of its own.
    pub fn reached_by(
        log: Log,
        sources: watch::Receiver<Arc<Sources>>,
        limits: Limits,
        clock: Clock,
        region: String,
        reach: Reach,
    ) -> Self {
        let rates = Rates::new(limits.requests_per_second);
        let (counters, inflight_bytes) = (Counters::default(), AtomicUsize::new(0));
        Self { shared: Arc::new(Shared { log, sources, limits, clock, region, reach, counters, rates, inflight_bytes }) }
    }

    /// What came in, by source and minute.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// The source that `write_key` belongs to.
    pub fn source(&self, write_key: &str) -> Option<Arc<Source>> {
        self.shared.sources.borrow().find(write_key).cloned()
    }

    /// The source of an id.
    pub fn source_of(&self, id: &str) -> Option<Arc<Source>> {
        self.shared.sources.borrow().of_id(id).cloned()
    }

    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    pub(crate) fn log(&self) -> &Log {
        &self.shared.log
    }

    pub(crate) fn now_us(&self) -> i64 {
        (self.shared.clock)()
    }

    pub(crate) fn region(&self) -> &str {
        &self.shared.region
    }

    pub(crate) fn reach(&self) -> &Reach {
        &self.shared.reach
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.shared.rates
    }

    pub(crate) fn inflight_bytes(&self) -> &AtomicUsize {
        &self.shared.inflight_bytes
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}
