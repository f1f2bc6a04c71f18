//! Journeys made ready for the fold: which event begins a run or is minded by one.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use forecourt_model::journey::{Entry, Journey, JourneyOf, JourneyState, Turn};
use forecourt_store::{FoldTx, StoreError};
use rustc_hash::FxHashMap;

/// All journeys, with what the fold looks up for each event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    pub journeys: BTreeMap<String, JourneyOf>,
    /// By journey and the offset that published it: runs go on by the version they began with.
    pub versions: BTreeMap<(String, u64), Arc<Journey>>,
    /// Live journeys, by the event that begins a run; `*` for any.
    entered_by: FxHashMap<String, Vec<String>>,
    /// Live journeys, by the segment whose turn begins a run.
    entered_by_segment: FxHashMap<String, Vec<String>>,
    minded: HashSet<String>,
    minded_segments: HashSet<String>,
}

impl Registry {
    pub async fn read(tx: &mut FoldTx) -> Result<Self, StoreError> {
        let journeys = tx.journeys().await?.into_iter().map(|of| (of.draft.journey_id.clone(), of)).collect();
        let versions =
            tx.journey_versions().await?.into_iter().map(|(version, journey)| ((journey.journey_id.clone(), version), Arc::new(journey)));
        let mut all = Self { journeys, versions: versions.collect(), ..Self::default() };
        all.prepare();
        Ok(all)
    }

    /// Makes ready anew what is looked up.
    pub fn prepare(&mut self) {
        (self.entered_by, self.entered_by_segment) = Default::default();
        (self.minded, self.minded_segments) = Default::default();
        for (id, of) in &self.journeys {
            let Some(journey) = of.version.and_then(|version| self.versions.get(&(id.clone(), version))) else { continue };
            if of.state != JourneyState::Live {
                continue;
            }
            match &journey.entry {
                Entry::Event { event, .. } => self.entered_by.entry(event.clone()).or_default().push(id.clone()),
                Entry::Segment { segment_id, .. } => self.entered_by_segment.entry(segment_id.clone()).or_default().push(id.clone()),
                Entry::Call => {}
            }
        }
        for journey in self.versions.values() {
            self.minded.extend(journey.minded_events().map(str::to_owned));
            self.minded_segments.extend(journey.minded_segments().map(str::to_owned));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The version that people enter by, while they may.
    pub fn live(&self, journey_id: &str) -> Option<(u64, Arc<Journey>)> {
        let of = self.journeys.get(journey_id).filter(|of| of.state == JourneyState::Live)?;
        let version = of.version?;
        self.versions.get(&(journey_id.to_owned(), version)).map(|journey| (version, journey.clone()))
    }

    pub fn version(&self, journey_id: &str, version: u64) -> Option<Arc<Journey>> {
        self.versions.get(&(journey_id.to_owned(), version)).cloned()
    }

    /// Whether an event of this name begins a run or may be minded by one.
    pub fn minds(&self, event: &str) -> bool {
        !self.is_empty() && (self.is_minded(event) || self.begins(event).next().is_some())
    }

    /// Whether a run may mind an event of this name.
    pub fn is_minded(&self, event: &str) -> bool {
        self.minded.contains(event) || self.minded.contains("*")
    }

    /// Ids of the live journeys that an event of this name may begin.
    pub fn begins(&self, event: &str) -> impl Iterator<Item = &String> {
        self.entered_by.get(event).into_iter().chain(self.entered_by.get("*")).flatten()
    }

    pub fn is_minded_segment(&self, segment_id: &str) -> bool {
        self.minded_segments.contains(segment_id)
    }

    /// Ids of the live journeys that this turn of a segment begins.
    pub fn begins_by(&self, segment_id: &str, turn: Turn) -> Vec<String> {
        let is_meant = |id: &&String| {
            let entry = self.live(id).map(|(_, journey)| journey.entry.clone());
            matches!(entry, Some(Entry::Segment { turn: wanted, .. }) if wanted == turn)
        };
        self.entered_by_segment.get(segment_id).into_iter().flatten().filter(is_meant).cloned().collect()
    }

    /// A journey that goes by a segment, in force or with runs on their way.
    pub fn uses_segment(&self, segment_id: &str) -> Option<&Journey> {
        let is_open = |of: &&JourneyOf| matches!(of.state, JourneyState::Live | JourneyState::Closed);
        let open = self.journeys.values().filter(is_open).filter_map(|of| Some((of.draft.journey_id.clone(), of.version?)));
        open.filter_map(|key| self.versions.get(&key)).find(|journey| journey.segment_ids().any(|id| id == segment_id)).map(Arc::as_ref)
    }
}
