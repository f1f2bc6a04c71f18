//! What callers want done with a lead.

use forecourt_model::{
    lead::{ContactBy, LeadAct, Verified},
    time::parse_us,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::ApiError;

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadContactBy {
    Call,
    Message,
    Email,
    Visit,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadVerified {
    Qualified,
    NoAnswer,
    NotNow,
    Invalid,
    Declined,
}

/// What to do with a lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum LeadWish {
    Accept {},
    /// Somebody reached out: stops the clock.
    Contact {
        by: LeadContactBy,
        /// Whether the person answered.
        reached: bool,
        #[serde(default)]
        note: String,
    },
    /// Move it to a stage.
    Stage {
        stage: String,
        /// One of the lead's `lost_reasons`, for the stage `lost`.
        #[serde(default)]
        reason: String,
        #[serde(default)]
        note: String,
    },
    /// The dealer gives it back.
    Return {
        reason: String,
    },
    Assign {
        dealer_id: String,
        #[serde(default)]
        owner: String,
        #[serde(default)]
        reason: String,
    },
    /// Take it up, so that nobody else calls.
    Claim {},
    Release {},
    /// It rings at the caller, who does not take it: it rings at the next.
    Decline {},
    /// Another line of the contact centre is to call.
    Transfer {
        line: String,
        #[serde(default)]
        note: String,
    },
    Verify {
        outcome: LeadVerified,
        #[serde(default)]
        note: String,
    },
    Note {
        text: String,
    },
    /// The prompt was seen.
    Seen {},
    Appointment {
        at: String,
        #[serde(default)]
        note: String,
    },
}

pub(super) fn name_of(act: &LeadAct) -> String {
    serde_json::to_value(act).ok().and_then(|act| act.get("act")?.as_str().map(str::to_owned)).unwrap_or_default()
}

impl LeadWish {
    pub(super) fn read(self) -> Result<LeadAct, ApiError> {
        Ok(match self {
            Self::Accept {} => LeadAct::Accept,
            Self::Contact { by, reached, note } => {
                let by = match by {
                    LeadContactBy::Call => ContactBy::Call,
                    LeadContactBy::Message => ContactBy::Message,
                    LeadContactBy::Email => ContactBy::Email,
                    LeadContactBy::Visit => ContactBy::Visit,
                };
                LeadAct::Contact { by, reached, note }
            }
            Self::Stage { stage, reason, note } => LeadAct::Stage { stage, reason, note },
            Self::Return { reason } => LeadAct::Return { reason },
            Self::Assign { dealer_id, owner, reason } => LeadAct::Assign { dealer_id, owner, reason },
            Self::Claim {} => LeadAct::Claim,
            Self::Release {} => LeadAct::Release,
            Self::Decline {} => LeadAct::Decline,
            Self::Transfer { line, note } => LeadAct::Transfer { line, note },
            Self::Verify { outcome, note } => {
                let outcome = match outcome {
                    LeadVerified::Qualified => Verified::Qualified,
                    LeadVerified::NoAnswer => Verified::NoAnswer,
                    LeadVerified::NotNow => Verified::NotNow,
                    LeadVerified::Invalid => Verified::Invalid,
                    LeadVerified::Declined => Verified::Declined,
                };
                LeadAct::Verify { outcome, note }
            }
            Self::Note { text } => LeadAct::Note { text },
            Self::Seen {} => LeadAct::Seen,
            Self::Appointment { at, note } => {
                let at_us = parse_us(&at).ok_or_else(|| ApiError::invalid("`at` is a time such as 2026-03-02T10:00:00Z"))?;
                LeadAct::Appointment { at_us, note }
            }
        })
    }
}
