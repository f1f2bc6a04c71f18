//! Segments made ready for the fold: which event is measured, and whose rule may turn.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{
    measure::MeasureSpec,
    rule::{Decider, Rule, Which},
    segment::{Segments, Version},
};
use rustc_hash::FxHashMap;

use super::Touched;

/// All versions, with what the fold looks up for each event.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub segments: Segments,
    /// Each measure once, by its key, rising.
    pub measures: Vec<(String, MeasureSpec)>,
    /// Places in `measures`, by the event they take.
    by_event: FxHashMap<String, Vec<usize>>,
    of_any: Vec<usize>,
    /// Versions, each after those that it looks at. What follows are places in here.
    pub ready: Vec<Ready>,
    by_measure: Vec<Vec<usize>>,
    by_trait: FxHashMap<String, Vec<usize>>,
    by_segment: FxHashMap<String, Vec<usize>>,
    came: Vec<usize>,
    place: Vec<usize>,
    consents: Vec<usize>,
    entities: Vec<usize>,
    seen: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Ready {
    pub number: u32,
    pub segment_id: String,
    pub is_live: bool,
    pub decider: Decider,
    pub looks_at_entities: bool,
    /// The shortest length that "seen lately" looks back; an event after less than that turns nothing.
    seen_us: i64,
}

impl Registry {
    pub fn of(segments: Segments) -> Self {
        let mut specs: BTreeMap<&str, &MeasureSpec> = BTreeMap::new();
        for version in segments.versions.values() {
            specs.extend(version.measures.iter().map(|measure| (measure.key.as_str(), &measure.spec)));
        }
        let measures: Vec<(String, MeasureSpec)> = specs.into_iter().map(|(key, spec)| (key.to_owned(), spec.clone())).collect();
        let mut all = Self { by_measure: vec![Vec::new(); measures.len()], ..Self::default() };
        for (at, (_, spec)) in measures.iter().enumerate() {
            if spec.event == "*" {
                all.of_any.push(at);
            } else {
                all.by_event.entry(spec.event.clone()).or_default().push(at);
            }
        }
        all.measures = measures;
        for version in in_order(&segments).into_iter().filter_map(|number| segments.versions.get(&number)) {
            all.add(version);
        }
        Self { segments, ..all }
    }

    fn add(&mut self, version: &Version) {
        let at = self.ready.len();
        let mut ready = Ready::of(version);
        for measure in &version.measures {
            if let Ok(place) = self.measure_at(&measure.key) {
                self.by_measure[place].push(at);
            }
        }
        for condition in version.segment.rule.conditions() {
            let list = match condition {
                Rule::Trait { name, .. } | Rule::Date { name, .. } => self.by_trait.entry(name.clone()).or_default(),
                Rule::Segment { segment_id } => self.by_segment.entry(segment_id.clone()).or_default(),
                Rule::Came { .. } => &mut self.came,
                Rule::Place { .. } => &mut self.place,
                Rule::Consent { .. } => &mut self.consents,
                Rule::Stage { .. } | Rule::Orders { .. } => &mut self.entities,
                Rule::Seen { which, within } => {
                    let looks_back_us = if *which == Which::First { 0 } else { within.us() };
                    ready.seen_us = ready.seen_us.min(looks_back_us);
                    &mut self.seen
                }
                _ => continue,
            };
            if list.last() != Some(&at) {
                list.push(at);
            }
        }
        self.ready.push(ready);
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Whether a rule asks how people came.
    pub fn asks_how_people_came(&self) -> bool {
        !self.came.is_empty()
    }

    pub fn measure_at(&self, key: &str) -> Result<usize, usize> {
        self.measures.binary_search_by(|(held, _)| held.as_str().cmp(key))
    }

    /// Places of the measures that may take an event of this name.
    pub fn taking<'a>(&'a self, event: &str) -> impl Iterator<Item = usize> + use<'a> {
        let named = self.by_event.get(event).map(Vec::as_slice).unwrap_or_default();
        named.iter().chain(&self.of_any).copied()
    }

    /// Marks the versions that may have turned. Returns whether there are any.
    pub fn mark(&self, touched: &Touched, asked: &mut Vec<bool>) -> bool {
        asked.clear();
        asked.resize(self.ready.len(), touched.all);
        if touched.all {
            return !self.ready.is_empty();
        }
        let mut any = false;
        let mut mark = |list: &[usize]| {
            any |= !list.is_empty();
            list.iter().for_each(|at| asked[*at] = true);
        };
        touched.measures.iter().for_each(|at| mark(&self.by_measure[*at]));
        touched.traits.iter().filter_map(|name| self.by_trait.get(name)).for_each(|list| mark(list));
        let lists = [
            (touched.came, &self.came),
            (touched.place, &self.place),
            (touched.consents, &self.consents),
            (touched.entities, &self.entities),
        ];
        for (touches, list) in lists {
            if touches {
                mark(list);
            }
        }
        if let Some(silent_us) = touched.silent_us {
            self.seen.iter().filter(|at| self.ready[**at].seen_us <= silent_us).for_each(|at| mark(&[*at]));
        }
        any
    }

    /// Places of the versions that look at a segment.
    pub fn looking_at(&self, segment_id: &str) -> &[usize] {
        self.by_segment.get(segment_id).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn place_of(&self, number: u32) -> Option<usize> {
        self.ready.iter().position(|ready| ready.number == number)
    }
}

impl Ready {
    fn of(version: &Version) -> Self {
        Self {
            number: version.number,
            segment_id: version.segment.segment_id.clone(),
            is_live: version.is_live(),
            decider: version.decider(),
            looks_at_entities: version.segment.rule.looks_at_entities(),
            seen_us: i64::MAX,
        }
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
