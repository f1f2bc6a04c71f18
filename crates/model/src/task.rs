//! Tasks for people: somebody is to be called.

use serde::{Deserialize, Serialize};

/// A call to make, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Derived from the run's step that opened it.
    pub task_id: String,
    pub run_id: String,
    pub journey_id: String,
    pub step_id: String,
    /// The person's; the task goes with that fragment's profile.
    pub fragment_id: i64,
    pub title: String,
    /// What to say.
    pub script: String,
    /// How often nobody answered.
    pub tries: u32,
    pub tries_max: u32,
    /// From one try to the next.
    pub gap_us: i64,
    pub state: TaskState,
    pub opened_us: i64,
    /// When to try next.
    pub due_us: i64,
    pub changed_us: i64,
    /// The latest answer, and what was noted with it.
    pub answer: Option<Answer>,
    pub note: String,
    /// E-mail of who answered last, or the token's name.
    pub answered_by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    /// Answered for good.
    Done,
    /// Not needed any more, or too late.
    Dropped,
}

impl TaskState {
    pub const ALL: [Self; 3] = [Self::Open, Self::Done, Self::Dropped];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The person was spoken with.
    Spoke,
    NoAnswer,
    /// The person does not want to be called about it.
    Declined,
}

impl Answer {
    pub const ALL: [Self; 3] = [Self::Spoke, Self::NoAnswer, Self::Declined];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spoke => "spoke",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == text)
    }
}

impl Task {
    /// Notes what came of a try. Returns whether the task is over, and then whether they spoke.
    pub fn answer(&mut self, answer: Answer, note: &str, actor: &str, at_us: i64) -> Option<bool> {
        (self.answer, self.changed_us) = (Some(answer), at_us);
        note.clone_into(&mut self.note);
        actor.clone_into(&mut self.answered_by);
        self.tries += 1;
        if answer == Answer::NoAnswer && self.tries < self.tries_max {
            self.due_us = at_us.saturating_add(self.gap_us);
            return None;
        }
        self.state = TaskState::Done;
        Some(answer == Answer::Spoke)
    }
}
