//! Why something was not accepted: a code to count by, and a sentence that says what to do.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    InvalidJson,
    UnknownType,
    NoIdentifier,
    BlockedIdentifier,
    NoEventName,
    WrongType,
    InvalidTimestamp,
    TooLarge,
    NoKey,
    WrongMapping,
    Spam,
}

impl RefusalCode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::UnknownType => "unknown_type",
            Self::NoIdentifier => "no_identifier",
            Self::BlockedIdentifier => "blocked_identifier",
            Self::NoEventName => "no_event_name",
            Self::WrongType => "wrong_type",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::TooLarge => "too_large",
            Self::NoKey => "no_key",
            Self::WrongMapping => "wrong_mapping",
            Self::Spam => "spam",
        }
    }
}

/// A refusal at the border. The sender sees it, the dead letters keep it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Refusal {
    pub code: RefusalCode,
    pub message: String,
}

impl Refusal {
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
