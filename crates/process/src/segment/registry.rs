//! Segments made ready for the fold: which event is measured, and whose rule may turn.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{
    measure::MeasureSpec,
    rule::{Decider, Rule, Which},
    segment::{Segments, Version},
};
use rustc_hash::FxHashMap;

/// All versions, with what the fold looks up for each event.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub segments: Segments,
    /// Each measure once, by its key.
    pub measures: Vec<(String, MeasureSpec)>,
    /// Places in `measures`, by the event they take.
    by_event: FxHashMap<String, Vec<usize>>,
    of_any: Vec<usize>,
    ready: BTreeMap<u32, Ready>,
    /// Versions, each after those that it looks at.
    pub order: Vec<u32>,
}

#[derive(Debug)]
pub(crate) struct Ready {
    pub decider: Decider,
    pub turned_by: TurnedBy,
}

/// What may turn a rule beside time.
#[derive(Debug, Default)]
pub(crate) struct TurnedBy {
    /// Keys of measures.
    pub measures: BTreeSet<String>,
    pub traits: BTreeSet<String>,
    pub came: bool,
    pub place: bool,
    pub entities: bool,
    /// The shortest length that "seen lately" looks back; an event after less than that turns nothing.
    pub seen_us: Option<i64>,
    pub segments: BTreeSet<String>,
}

impl Registry {
    pub fn of(segments: Segments) -> Self {
        let mut specs: BTreeMap<&str, &MeasureSpec> = BTreeMap::new();
        for version in segments.versions.values() {
            specs.extend(version.measures.iter().map(|measure| (measure.key.as_str(), &measure.spec)));
        }
        let measures: Vec<(String, MeasureSpec)> = specs.into_iter().map(|(key, spec)| (key.to_owned(), spec.clone())).collect();
        let mut by_event: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        let mut of_any = Vec::new();
        for (at, (_, spec)) in measures.iter().enumerate() {
            if spec.event == "*" {
                of_any.push(at);
            } else {
                by_event.entry(spec.event.clone()).or_default().push(at);
            }
        }
        let ready = segments.versions.values().map(|version| (version.number, Ready::of(version))).collect();
        let order = in_order(&segments);
        Self { measures, by_event, of_any, ready, order, segments }
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The measures that may take an event of this name.
    pub fn taking<'a>(&'a self, event: &str) -> impl Iterator<Item = &'a (String, MeasureSpec)> + use<'a> {
        let named = self.by_event.get(event).map(Vec::as_slice).unwrap_or_default();
        named.iter().chain(&self.of_any).map(|at| &self.measures[*at])
    }

    pub fn ready(&self, number: u32) -> Option<&Ready> {
        self.ready.get(&number)
    }
}

impl Ready {
    fn of(version: &Version) -> Self {
        let segment = &version.segment;
        let decider = version.decider();
        let mut turned_by =
            TurnedBy { measures: version.measures.iter().map(|measure| measure.key.clone()).collect(), ..TurnedBy::default() };
        for condition in segment.rule.conditions() {
            match condition {
                Rule::Trait { name, .. } | Rule::Date { name, .. } => {
                    turned_by.traits.insert(name.clone());
                }
                Rule::Seen { which: Which::Latest, within } => {
                    turned_by.seen_us = Some(turned_by.seen_us.map_or(within.us(), |held| held.min(within.us())));
                }
                Rule::Seen { which: Which::First, .. } => turned_by.seen_us = Some(0),
                Rule::Came { .. } => turned_by.came = true,
                Rule::Place { .. } => turned_by.place = true,
                Rule::Stage { .. } | Rule::Orders { .. } => turned_by.entities = true,
                Rule::Segment { segment_id } => {
                    turned_by.segments.insert(segment_id.clone());
                }
                _ => {}
            }
        }
        Self { decider, turned_by }
    }
}

/// A version that looks at a segment comes after that segment's.
fn in_order(segments: &Segments) -> Vec<u32> {
    let mut order = Vec::new();
    let mut placed: BTreeSet<u32> = BTreeSet::new();
    // Segments do not look at each other in a circle, so each round places some.
    while placed.len() < segments.versions.len() {
        let before = placed.len();
        for version in segments.versions.values().filter(|version| !placed.contains(&version.number)).collect::<Vec<_>>() {
            let waits = version
                .segment
                .rule
                .segments()
                .into_iter()
                .filter_map(|id| segments.live(id))
                .any(|other| other.number != version.number && !placed.contains(&other.number));
            if !waits {
                placed.insert(version.number);
                order.push(version.number);
            }
        }
        assert!(before < placed.len(), "segments look at each other in a circle: `Segments::set` refuses that");
    }
    order
}
