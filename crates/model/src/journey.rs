//! Journeys: what happens with a person, step by step, once something began it.
//!
//! A journey is data that people draw. A [`run`](crate::journey::run) is one person on the way through it; it is advanced by pure functions, so that the fold, a
//! simulation and a test go the same way.

mod check;
pub mod run;
pub mod templates;
mod walk;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ProfileId,
    broadcast::ChainStep,
    measure::{Filter, Seen, Test},
    rule::{Rule, Span},
};

pub use check::Problem;
pub use walk::{Cue, Effect, Move, World, arrive, notice};

/// As many as a person can tell apart.
pub const JOURNEYS_MAX: usize = 500;
pub const STEPS_MAX: usize = 200;
/// Derived when a run begins; see [`ENDED`].
pub const ENTERED: &str = "journey_entered";
/// Derived when a run ends, with its reason.
pub const ENDED: &str = "journey_ended";

/// A journey as people draw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// Lower-case letters, digits, `-` and `_`; never changes.
    pub journey_id: String,
    pub name: String,
    pub entry: Entry,
    /// Who it holds for when they would enter; everybody where there is none. Without conditions on events: those are a segment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Rule>,
    #[serde(default)]
    pub again: Again,
    /// Who is only watched, in thousandths, so that what the journey brings can be told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub holdout: u32,
    /// How many may enter within an hour; the others do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
    /// What it is for: ends the run wherever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// What else ends the run wherever it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<Exit>,
    /// The first step; `None` while it is being drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    #[serde(default)]
    pub steps: Vec<Step>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What begins a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    Event {
        event: String,
        #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
        filters: Vec<Filter>,
        /// A field of the event, such as `properties.lead_id`: a person has a run for each of its values.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Somebody entered a segment, or left it.
    Segment { segment_id: String, turn: Turn },
    /// By hand, by the API, or out of another journey only.
    Call,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    Entered,
    Left,
}

/// Whether somebody who was in the journey may enter again, for the same key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// Never.
    Never,
    /// Once the run before has ended.
    #[default]
    WhenEnded,
    /// Not within this time of entering before.
    After(Span),
    /// At every occasion, also beside a run that goes on.
    Always,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    pub event: String,
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// Must be the run's key, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// It counts so long after entering, also where the run has ended.
    pub within: Span,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case", deny_unknown_fields)]
pub enum Exit {
    Event {
        event: String,
        #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
        filters: Vec<Filter>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    Segment {
        segment_id: String,
        turn: Turn,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unlike all others of the journey.
    pub step_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where it is drawn.
    #[serde(default)]
    pub x: i32,
    #[serde(default)]
    pub y: i32,
    pub does: Does,
}

/// What a step does. `next`, `otherwise`: the step after it; none ends the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Does {
    /// Sends along a chain of message channels, each through the gate; goes on at once.
    Send {
        purpose: String,
        chain: Vec<ChainStep>,
        /// How long a message may be postponed, in seconds, before it is dropped.
        #[serde(default = "a_day")]
        postpone_s: i64,
        #[serde(default)]
        next: Option<String>,
    },
    Wait {
        wait: Wait,
        #[serde(default)]
        next: Option<String>,
        /// Where there is no such date, or it is past.
        #[serde(default)]
        otherwise: Option<String>,
    },
    /// Waits until something happens: `next`; `otherwise` where it does not in time.
    WaitFor {
        what: WaitedFor,
        within: Span,
        #[serde(default)]
        next: Option<String>,
        #[serde(default)]
        otherwise: Option<String>,
    },
    /// The first arm whose condition holds.
    Branch {
        arms: Vec<Arm>,
        #[serde(default)]
        otherwise: Option<String>,
    },
    /// By chance; the same person goes the same way in the same run. The shares add up to 1,000.
    Split { arms: Vec<Share> },
    SetTrait {
        name: String,
        value: Value,
        #[serde(default)]
        next: Option<String>,
    },
    /// Moves the lead that the run's key names.
    SetStage {
        stage: String,
        #[serde(default)]
        next: Option<String>,
    },
    /// A task for people: call, several times if nobody answers. `next` once they spoke, `otherwise` where they did not.
    CallTask {
        title: String,
        /// What to say.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        script: String,
        tries: u32,
        /// From one try to the next.
        gap: Span,
        /// After that it is given up.
        within: Span,
        #[serde(default)]
        next: Option<String>,
        #[serde(default)]
        otherwise: Option<String>,
    },
    /// Begins a run of another journey, and goes on.
    Journey {
        journey_id: String,
        #[serde(default)]
        next: Option<String>,
    },
}

fn a_day() -> i64 {
    86_400
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// So long.
    Lasting(Span),
    /// Until a time of day where the person is, on one of these days.
    Until {
        /// `09:30`.
        at: String,
        /// 1 for Monday to 7; every day where none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weekdays: Vec<i8>,
    },
    /// Until so many days before or after a date that is known of the person, or of the event that began the run.
    Date {
        /// A trait's name, or a field of the event such as `properties.test_drive_at`.
        field: String,
        /// Below 0 for before.
        days: i32,
        /// Time of day where the person is; where it is empty, the date's own.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        at: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case", deny_unknown_fields)]
pub enum WaitedFor {
    Event {
        event: String,
        #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
        filters: Vec<Filter>,
        /// A field that must be the run's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Whether it counts too when it happened after the run began and before the step was reached.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        since_entry: bool,
    },
    /// The person is in a segment, or no longer.
    Segment { segment_id: String, turn: Turn },
    /// An earlier step's message comes so far.
    Message { step_id: String, came: Came },
}

/// How far a step's messages came, by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    Delivered,
    Read,
    Clicked,
    /// None of the chain was sent or is on its way.
    NotSent,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub when: Condition,
    #[serde(default)]
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// What a segment's rule may ask for, but for events: a segment asks for those.
    Person {
        rule: Rule,
    },
    /// A field of the event that began the run.
    Event {
        field: String,
        is: Test,
    },
    Message {
        step_id: String,
        came: Came,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// In thousandths.
    pub share: u32,
    #[serde(default)]
    pub next: Option<String>,
}

impl Journey {
    /// What its messages are kept under.
    pub fn definition(&self) -> String {
        format!("journey:{}", self.journey_id)
    }

    pub fn step(&self, step_id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.step_id == step_id)
    }

    /// Names of events that its runs mind while they go on, and for the goal after that; `*` for all.
    pub fn minded_events(&self) -> impl Iterator<Item = &str> {
        let waits = self.steps.iter().filter_map(|step| match &step.does {
            Does::WaitFor { what: WaitedFor::Event { event, .. }, .. } => Some(event.as_str()),
            _ => None,
        });
        let exits = self.exits.iter().filter_map(|exit| match exit {
            Exit::Event { event, .. } => Some(event.as_str()),
            Exit::Segment { .. } => None,
        });
        waits.chain(exits).chain(self.goal.iter().map(|goal| goal.event.as_str()))
    }

    /// Segments whose turns its runs mind while they go on.
    pub fn minded_segments(&self) -> impl Iterator<Item = &str> {
        let waits = self.steps.iter().filter_map(|step| match &step.does {
            Does::WaitFor { what: WaitedFor::Segment { segment_id, .. }, .. } => Some(segment_id.as_str()),
            _ => None,
        });
        let exits = self.exits.iter().filter_map(|exit| match exit {
            Exit::Segment { segment_id, .. } => Some(segment_id.as_str()),
            Exit::Event { .. } => None,
        });
        waits.chain(exits)
    }

    /// All segments that it goes by.
    pub fn segment_ids(&self) -> impl Iterator<Item = &str> {
        let entry = match &self.entry {
            Entry::Segment { segment_id, .. } => Some(segment_id.as_str()),
            _ => None,
        };
        entry.into_iter().chain(self.minded_segments()).chain(self.rules().flat_map(Rule::segments))
    }

    /// All conditions on the person.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let arms = self.steps.iter().filter_map(|step| match &step.does {
            Does::Branch { arms, .. } => Some(arms),
            _ => None,
        });
        let of_arms = arms.flatten().filter_map(|arm| match &arm.when {
            Condition::Person { rule } => Some(rule),
            _ => None,
        });
        self.only.iter().chain(of_arms)
    }

    /// Whether a person is only watched. The same for the same person at every asking.
    pub fn is_held_out(&self, profile_id: ProfileId) -> bool {
        run::draw(&format!("{}:{}", self.journey_id, profile_id.0), "holdout") < self.holdout
    }

    /// Whether a step asks how far messages came.
    pub fn minds_messages(&self) -> bool {
        self.steps.iter().any(|step| match &step.does {
            Does::WaitFor { what: WaitedFor::Message { .. }, .. } => true,
            Does::Branch { arms, .. } => arms.iter().any(|arm| matches!(arm.when, Condition::Message { .. })),
            _ => false,
        })
    }
}

impl Does {
    /// Where it may lead to, each with its name: `next`, `otherwise`, or `arm0` and so on.
    pub fn ways(&self) -> Vec<(String, Option<&str>)> {
        match self {
            Self::Send { next, .. } | Self::SetTrait { next, .. } | Self::SetStage { next, .. } | Self::Journey { next, .. } => {
                vec![way("next", next)]
            }
            Self::Wait { wait: Wait::Lasting(_) | Wait::Until { .. }, next, .. } => vec![way("next", next)],
            Self::Wait { next, otherwise, .. } | Self::WaitFor { next, otherwise, .. } | Self::CallTask { next, otherwise, .. } => {
                vec![way("next", next), way("otherwise", otherwise)]
            }
            Self::Branch { arms, otherwise } => {
                let arms = arms.iter().enumerate().map(|(at, arm)| way(&format!("arm{at}"), &arm.next));
                arms.chain([way("otherwise", otherwise)]).collect()
            }
            Self::Split { arms } => arms.iter().enumerate().map(|(at, arm)| way(&format!("arm{at}"), &arm.next)).collect(),
        }
    }

    /// Whether time passes in it.
    pub fn waits(&self) -> bool {
        matches!(self, Self::Wait { .. } | Self::WaitFor { .. } | Self::CallTask { .. })
    }
}

fn way<'a>(name: &str, to: &'a Option<String>) -> (String, Option<&'a str>) {
    (name.to_owned(), to.as_deref())
}

/// Whether an event is one that is named so and passes the filters; its key is the run's, where both are asked for.
pub(crate) fn takes(event: &str, filters: &[Filter], seen: &Seen<'_>) -> bool {
    (event == "*" || event == seen.row.event) && filters.iter().all(|filter| filter.test.holds(seen.text(&filter.field).as_deref()))
}

impl Entry {
    /// Whether an event begins a run, and under which key.
    pub fn takes(&self, seen: &Seen<'_>) -> Option<String> {
        match self {
            Self::Event { event, filters, key } if takes(event, filters, seen) => match key {
                // Without its key an occasion cannot be told from another.
                Some(field) => seen.text(field),
                None => Some(String::new()),
            },
            _ => None,
        }
    }
}

/// Where a journey stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JourneyState {
    /// Never published.
    #[default]
    Draft,
    Live,
    /// Nobody enters; who is in it goes on.
    Closed,
    /// Nobody enters and all runs are ended.
    Stopped,
}

/// What a person wants done with a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JourneyStep {
    /// Puts the draft in force: who enters from now on goes by it, who is on the way goes on by the version they entered.
    Publish,
    Close,
    Reopen,
    Stop,
}

/// A journey with where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JourneyOf {
    /// As it was drawn last.
    pub draft: Journey,
    pub state: JourneyState,
    /// The version that people enter by: the log offset that published it.
    #[serde(default)]
    pub version: Option<u64>,
    /// Whether the draft is what is in force.
    #[serde(default)]
    pub is_published: bool,
    #[serde(default)]
    pub changed_us: i64,
    #[serde(default)]
    pub changed_by: String,
}

impl JourneyOf {
    pub fn new(draft: Journey) -> Self {
        Self { draft, state: JourneyState::Draft, version: None, is_published: false, changed_us: 0, changed_by: String::new() }
    }

    /// Follows a person's wish.
    ///
    /// * `offset`: names the version that is published.
    pub fn step(&mut self, step: JourneyStep, offset: u64) -> Result<(), String> {
        use JourneyState::{Closed, Draft, Live, Stopped};
        self.state = match (step, self.state) {
            (JourneyStep::Publish, _) => {
                if let Some(problem) = self.draft.problems().into_iter().next() {
                    return Err(problem.to_string());
                }
                (self.version, self.is_published) = (Some(offset), true);
                Live
            }
            (JourneyStep::Close, Live) => Closed,
            (JourneyStep::Reopen, Closed | Stopped) => Live,
            (JourneyStep::Stop, Live | Closed) => Stopped,
            (JourneyStep::Close, _) => return Err("only a live journey can be closed".to_owned()),
            (JourneyStep::Reopen, _) => return Err("only a closed or stopped journey can be reopened".to_owned()),
            (JourneyStep::Stop, Draft | Stopped) => return Err("nobody is in the journey".to_owned()),
        };
        Ok(())
    }
}
