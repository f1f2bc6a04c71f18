//! Segments: named rules over people, and how far each is in force.
//!
//! Who sets a rule makes a version of it. A version is filled (what its measures need of the past is brought in from the lake),
//! then decided for everybody, and takes the place of the version before it when both are done: until then that one stays in force.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    FragmentId,
    measure::{Measure, MeasureSpec},
    rule::{Decider, Rule},
};

pub const SEGMENTS_MAX: usize = 1_000;
const NAME_CHARS_MAX: usize = 120;
const ID_CHARS_MAX: usize = 64;
const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// A segment as people define it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Lower-case letters, digits, `-` and `_`; never changes.
    pub segment_id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// IANA name of the time zone in which days begin, for dates.
    #[serde(default = "utc")]
    pub tz: String,
    pub rule: Rule,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A segment's rule as it is computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Counts up over all segments; what a membership names.
    pub number: u32,
    pub segment: Segment,
    /// The log offset of the command: events before it are the lake's to bring in.
    pub since_offset: u64,
    pub changed_us: i64,
    pub changed_by: String,
    pub measures: Vec<KeptMeasure>,
    pub state: VersionState,
}

/// A measure that a version goes by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptMeasure {
    pub spec: MeasureSpec,
    /// Its name in [`crate::FragmentState::measures`]: of the spec, and of when it began.
    pub key: String,
    /// Events from here on are measured as they come.
    pub since_offset: u64,
    /// Whether it has what happened before.
    pub is_filled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum VersionState {
    /// So many chunks of the past are in.
    Filling {
        chunks: u32,
    },
    /// Decided for all people up to and with this profile id.
    Deciding {
        until: i64,
    },
    Live,
}

/// What the past says of some fragments: measures by key.
pub type Filled = Vec<(FragmentId, BTreeMap<String, Measure>)>;

/// A profile's segments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memberships {
    /// Version → since when.
    pub since_us: BTreeMap<u32, i64>,
    /// When time alone may change them.
    pub turns_us: Option<i64>,
}

impl Segment {
    /// Whether it can be computed; the reason says what to mend.
    pub fn check(&self) -> Result<(), String> {
        let id = &self.segment_id;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if id.is_empty() || ID_CHARS_MAX < id.len() || !id.bytes().all(is_plain) {
            return Err(format!("a segment's id has 1 to {ID_CHARS_MAX} lower-case letters, digits, `-` or `_`: {id:?} has not"));
        }
        let name_chars = self.name.trim().chars().count();
        if name_chars == 0 || NAME_CHARS_MAX < name_chars {
            return Err(format!("a segment's name has 1 to {NAME_CHARS_MAX} characters"));
        }
        if DESCRIPTION_CHARS_MAX < self.description.chars().count() {
            return Err(format!("a segment's description has at most {DESCRIPTION_CHARS_MAX} characters"));
        }
        self.zone()?;
        if self.rule.segments().contains(id.as_str()) {
            return Err("a segment cannot be a condition of itself".to_owned());
        }
        self.rule.check()
    }

    pub fn zone(&self) -> Result<TimeZone, String> {
        TimeZone::get(&self.tz).map_err(|_| format!("{:?} is no time zone: use an IANA name such as `Europe/Kyiv` or `UTC`", self.tz))
    }
}

impl Version {
    pub fn is_live(&self) -> bool {
        self.state == VersionState::Live
    }

    /// The measures that the past is still missing from.
    pub fn unfilled(&self) -> impl Iterator<Item = &KeptMeasure> {
        self.measures.iter().filter(|measure| !measure.is_filled)
    }

    /// The rule, ready to be decided. A time zone that is not known any more reads as UTC.
    pub fn decider(&self) -> Decider {
        let zone = self.segment.zone().unwrap_or(TimeZone::UTC);
        Decider::new(&self.segment.rule, zone, &|spec| self.key_of(spec))
    }

    fn key_of(&self, spec: &MeasureSpec) -> String {
        self.measures.iter().find(|measure| measure.spec == *spec).map(|measure| measure.key.clone()).unwrap_or_default()
    }
}

/// The key of a measure that begins at an offset: another beginning is another measure.
pub fn measure_key(spec: &MeasureSpec, since_offset: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&serde_json::to_vec(spec).unwrap_or_default());
    hasher.update(&since_offset.to_le_bytes());
    // Sixty bits: a hundred thousand measures collide with a probability of one in 10⁸.
    hasher.finalize().to_hex().chars().take(15).collect()
}

/// What the fold counts a version's members under, among its numbers.
pub fn size_name(number: u32) -> String {
    format!("segment_size:{number}")
}

/// Events that the fold derives when somebody enters or leaves a segment.
pub const ENTERED: &str = "segment_entered";
pub const LEFT: &str = "segment_left";

/// All versions, and the measures that they need.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Segments {
    pub versions: BTreeMap<u32, Version>,
}

impl Segments {
    /// The version in force.
    pub fn live(&self, segment_id: &str) -> Option<&Version> {
        self.versions.values().find(|version| version.is_live() && version.segment.segment_id == segment_id)
    }

    /// The version to come.
    pub fn next(&self, segment_id: &str) -> Option<&Version> {
        self.versions.values().find(|version| !version.is_live() && version.segment.segment_id == segment_id)
    }

    /// The newest word on each segment, by id.
    pub fn newest(&self) -> BTreeMap<&str, &Version> {
        self.versions.values().map(|version| (version.segment.segment_id.as_str(), version)).collect()
    }

    /// The segments that look at this one.
    pub fn dependents(&self, segment_id: &str) -> BTreeSet<&str> {
        let looks = self.versions.values().filter(|version| version.segment.rule.segments().contains(segment_id));
        looks.map(|version| version.segment.segment_id.as_str()).filter(|id| *id != segment_id).collect()
    }

    /// Makes the next version of a segment; the one that was to come is given up.
    ///
    /// * `offset`, `at_us`, `actor`: of the command.
    pub fn set(&mut self, segment: &Segment, number: u32, offset: u64, at_us: i64, actor: &str) -> Result<(), String> {
        segment.check()?;
        let newest = self.newest();
        if !newest.contains_key(segment.segment_id.as_str()) && SEGMENTS_MAX <= newest.len() {
            return Err(format!("there are {SEGMENTS_MAX} segments already: remove one"));
        }
        for other in segment.rule.segments() {
            if self.live(other).is_none() {
                return Err(format!("the segment {other:?} that a condition names does not exist, or is not computed yet"));
            }
            if other == segment.segment_id || self.leads_to(other, &segment.segment_id) {
                return Err(format!("the segment {other:?} looks at this one itself: segments cannot look at each other in a circle"));
            }
        }
        let filled: Vec<KeptMeasure> =
            self.versions.values().flat_map(|version| &version.measures).filter(|measure| measure.is_filled).cloned().collect();
        let kept = |spec: MeasureSpec| match filled.iter().find(|held| held.spec == spec) {
            Some(held) => held.clone(),
            None => KeptMeasure { key: measure_key(&spec, offset), spec, since_offset: offset, is_filled: false },
        };
        let measures: Vec<KeptMeasure> = segment.rule.measures().into_iter().map(kept).collect();
        let is_filled = measures.iter().all(|measure| measure.is_filled);
        let state = if is_filled { VersionState::Deciding { until: -1 } } else { VersionState::Filling { chunks: 0 } };
        self.versions.retain(|_, version| version.is_live() || version.segment.segment_id != segment.segment_id);
        let (changed_us, changed_by) = (at_us, actor.to_owned());
        let version = Version { number, segment: segment.clone(), since_offset: offset, changed_us, changed_by, measures, state };
        self.versions.insert(number, version);
        Ok(())
    }

    /// Whether `from` looks at `to`, directly or through others.
    fn leads_to(&self, from: &str, to: &str) -> bool {
        let of = |id: &str| -> Vec<&str> {
            self.versions
                .values()
                .filter(|version| version.segment.segment_id == id)
                .flat_map(|version| version.segment.rule.segments())
                .collect()
        };
        let mut open = of(from);
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if id == to {
                return true;
            }
            if seen.insert(id.to_owned()) {
                open.extend(of(id));
            }
        }
        false
    }

    /// Takes a segment away.
    pub fn remove(&mut self, segment_id: &str) -> Result<(), String> {
        if !self.versions.values().any(|version| version.segment.segment_id == segment_id) {
            return Err("there is no such segment: it may have been removed".to_owned());
        }
        if let Some(other) = self.dependents(segment_id).first() {
            return Err(format!("the segment {other:?} looks at it: change that one first"));
        }
        self.versions.retain(|_, version| version.segment.segment_id != segment_id);
        Ok(())
    }

    /// Begins a fill anew: what the lake brought in so far is left behind under keys of its own.
    pub fn refill(&mut self, number: u32, offset: u64) -> Result<(), String> {
        let version = self.versions.get_mut(&number).filter(|version| !version.is_live()).ok_or_else(no_version)?;
        for measure in version.measures.iter_mut().filter(|measure| !measure.is_filled) {
            (measure.key, measure.since_offset) = (measure_key(&measure.spec, offset), offset);
        }
        version.since_offset = offset;
        version.state = VersionState::Filling { chunks: 0 };
        Ok(())
    }

    /// Notes that a chunk of the past is in.
    ///
    /// * `chunk`: its number from 0; `is_last`: after it all is in.
    pub fn filled(&mut self, number: u32, chunk: u32, is_last: bool) -> Result<(), String> {
        let version = self.versions.get_mut(&number).ok_or_else(no_version)?;
        if version.state != (VersionState::Filling { chunks: chunk }) {
            return Err("that part of the past is in already, or not due yet".to_owned());
        }
        version.state = VersionState::Filling { chunks: chunk + 1 };
        if is_last {
            version.measures.iter_mut().for_each(|measure| measure.is_filled = true);
            version.state = VersionState::Deciding { until: -1 };
        }
        Ok(())
    }

    /// Notes that a range of people is decided; after the last the version takes the place of the one before. One in force may be
    /// decided again, in any ranges.
    ///
    /// * `after`, `until`: profile ids, exclusive and inclusive; `i64::MAX` is the last.
    pub fn decided(&mut self, number: u32, after: i64, until: i64) -> Result<(), String> {
        let version = self.versions.get_mut(&number).ok_or_else(no_version)?;
        match version.state {
            VersionState::Live => return Ok(()),
            VersionState::Deciding { until: held } if held == after => {}
            _ => return Err("that range is decided already, or not due yet".to_owned()),
        }
        version.state = VersionState::Deciding { until };
        if until < i64::MAX {
            return Ok(());
        }
        version.state = VersionState::Live;
        let segment_id = version.segment.segment_id.clone();
        self.versions.retain(|held, version| *held == number || version.segment.segment_id != segment_id);
        Ok(())
    }
}

fn no_version() -> String {
    "there is no such version of a segment to compute: it was changed or removed".to_owned()
}

impl Memberships {
    pub fn is_empty(&self) -> bool {
        self.since_us.is_empty() && self.turns_us.is_none()
    }

    /// `,number:since,…,`: each between commas, so that a row can be found by one of its numbers.
    pub fn encode(&self) -> String {
        let mut out = String::from(",");
        for (number, since_us) in &self.since_us {
            out.push_str(&format!("{number}:{since_us},"));
        }
        out
    }

    /// What [`Memberships::encode`] wrote; what does not read is left out.
    pub fn decode(text: &str, turns_us: Option<i64>) -> Self {
        let one = |part: &str| part.split_once(':').and_then(|(number, since)| Some((number.parse().ok()?, since.parse().ok()?)));
        Self { since_us: text.split(',').filter_map(one).collect(), turns_us }
    }
}
