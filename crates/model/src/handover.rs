//! From the fold to the lake within one process: events that are read already need not be read again from the log.
//!
//! Nothing depends on it: what was not handed over is in the log, and reads the same.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::Event;

/// The events of one block, as the fold read them.
#[derive(Debug)]
pub struct HandedOver {
    pub first_offset: u64,
    /// Exclusive.
    pub end_offset: u64,
    /// Log time of the last record.
    pub at_us: i64,
    /// With their offsets, rising; those that made no row may be among them.
    pub events: Vec<(u64, Box<Event>)>,
}

/// What waits for the lake: a few batches at most, for events take memory.
#[derive(Debug)]
pub struct Handover {
    waiting: Mutex<VecDeque<HandedOver>>,
    events_max: usize,
}

impl Default for Handover {
    fn default() -> Self {
        Self::new(30_000)
    }
}

impl Handover {
    /// * `events_max`: with so many waiting, no more is taken.
    pub fn new(events_max: usize) -> Self {
        Self { waiting: Mutex::default(), events_max }
    }

    /// Leaves events for the lake. Where the lake is behind, the new ones are let go: it takes the oldest first.
    pub fn offer(&self, batch: HandedOver) {
        let mut waiting = self.waiting();
        let held: usize = waiting.iter().map(|batch| batch.events.len()).sum();
        if held + batch.events.len() <= self.events_max {
            waiting.push_back(batch);
        }
    }

    /// The events of exactly this range of offsets, if they were left; forgets all before it.
    pub fn take(&self, first_offset: u64, end_offset: u64) -> Option<HandedOver> {
        let mut waiting = self.waiting();
        while waiting.front().is_some_and(|batch| batch.first_offset < first_offset) {
            waiting.pop_front();
        }
        let fits = waiting.front().is_some_and(|batch| (batch.first_offset, batch.end_offset) == (first_offset, end_offset));
        if fits { waiting.pop_front() } else { None }
    }

    /// A panic elsewhere leaves nothing half-done here.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<HandedOver>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, Stamp};

    fn batch(first_offset: u64, count: u64) -> HandedOver {
        let stamp =
            Stamp { origin: Origin::Live, received_us: 7, sent_us: None, source: "site".into(), message_id: "m".into(), ip: "".into() };
        let event = Event::parse(br#"{"type":"track","event":"seen","userId":"ana"}"#, &stamp, "RU").unwrap();
        let end_offset = first_offset + count;
        HandedOver {
            first_offset,
            end_offset,
            at_us: 7,
            events: (first_offset..end_offset).map(|at| (at, Box::new(event.clone()))).collect(),
        }
    }

    #[test]
    fn a_range_is_taken_once_and_what_lies_before_it_is_forgotten() {
        let handover = Handover::new(10);
        for first_offset in [0, 3, 6] {
            handover.offer(batch(first_offset, 3));
        }
        handover.offer(batch(9, 3));
        assert!(handover.take(3, 5).is_none(), "another range");
        assert_eq!(handover.take(3, 6).unwrap().events.len(), 3);
        assert!(handover.take(3, 6).is_none() && handover.take(0, 3).is_none());
        assert_eq!(handover.take(6, 9).unwrap().first_offset, 6);
        assert!(handover.take(9, 12).is_none(), "it came when there was no room");
        handover.offer(batch(12, 3));
        assert!(handover.take(15, 18).is_none() && handover.take(12, 15).is_none());
    }
}
