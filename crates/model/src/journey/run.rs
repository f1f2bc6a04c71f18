//! One person on the way through a journey.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::HashKey;

/// Words of a run's way that are kept; the oldest give way.
pub const PATH_MAX: usize = 200;
/// The longest properties that a run keeps of the event that began it, in bytes.
pub const PROPERTIES_BYTES_MAX: usize = 16 * 1024;

/// A run: a row of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Derived from what began it, so that a replay begins the same.
    pub run_id: String,
    pub journey_id: String,
    /// The version it goes by: the log offset that published it.
    pub version: u64,
    /// The person's, when it began; it goes with that fragment's profile.
    pub fragment_id: i64,
    /// What it is about beside the person: a lead, an order; empty for nothing.
    pub key: String,
    pub state: RunState,
    /// Why it ended.
    pub reason: String,
    /// Where it is; empty where it ended or is only watched.
    pub step_id: String,
    /// When it goes on by itself.
    pub due_us: Option<i64>,
    pub entered_us: i64,
    pub changed_us: i64,
    pub ended_us: Option<i64>,
    /// When the goal was reached.
    pub goal_us: Option<i64>,
    /// What the goal's event says it is worth, in hundredths.
    pub goal_value: i64,
    pub body: RunBody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    Ended,
    /// Only watched, beside those who go through it.
    HeldOut,
}

impl RunState {
    pub const ALL: [Self; 3] = [Self::Running, Self::Ended, Self::HeldOut];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::HeldOut => "held_out",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What of a run is read with it, and not looked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunBody {
    /// The name of the event that began it; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// Its properties: what templates read as `vars.event`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub properties: Value,
    /// How often each step was reached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub visits: BTreeMap<String, u32>,
    /// Steps that wait for an event which came before they were reached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub came: BTreeMap<String, i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Passed>,
    /// When the step it is at was reached.
    #[serde(default)]
    pub step_us: i64,
    /// Steps since time passed last: a stop for those that never wait.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hurried: u32,
    /// Steps left since somebody counted them: step, way, seconds spent there.
    #[serde(skip)]
    pub left: Vec<(String, String, i64)>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A word of a run's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    #[serde(rename = "at")]
    pub at_us: i64,
    #[serde(rename = "step")]
    pub step_id: String,
    /// The way it left by; `None` while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// What happened, in a word: `sent`, `waits`, `timed_out`, …
    pub says: String,
}

impl Run {
    pub fn is_running(&self) -> bool {
        self.state == RunState::Running
    }

    /// What the ids of the messages of a step derive from.
    pub fn cause(&self, step_id: &str, visit: u32) -> String {
        format!("run:{}:{step_id}:{visit}", self.run_id)
    }

    pub fn visits(&self, step_id: &str) -> u32 {
        self.body.visits.get(step_id).copied().unwrap_or(0)
    }

    pub fn end(&mut self, reason: &str, at_us: i64) {
        if self.state == RunState::Running {
            self.note(at_us, None, reason);
        }
        (self.state, self.ended_us, self.due_us, self.changed_us) = (RunState::Ended, Some(at_us), None, at_us);
        reason.clone_into(&mut self.reason);
        self.step_id.clear();
    }

    pub(super) fn note(&mut self, at_us: i64, way: Option<&str>, says: &str) {
        let path = &mut self.body.path;
        if PATH_MAX <= path.len() {
            path.remove(0);
        }
        path.push(Passed { at_us, step_id: self.step_id.clone(), way: way.map(str::to_owned), says: says.to_owned() });
    }
}

/// The id of a run.
///
/// * `cause`: the record that began it, with what tells it apart from others of the same record.
pub fn run_id(key: &HashKey, journey_id: &str, cause: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    for part in ["run", journey_id, cause] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    format!("run_{}", &hasher.finalize().to_hex()[..24])
}

/// Spread evenly over runs, and another one at each step: below a thousand.
pub fn draw(run_id: &str, step_id: &str) -> u32 {
    let mut hasher = blake3::Hasher::new();
    for part in ["draw", run_id, step_id] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    (u64::from_le_bytes(first) % 1_000) as u32
}
