//! Which events a report is about: a name, and a condition on the event's columns.

use serde::{Deserialize, Serialize};

use crate::{QueryError, matched::plan::WantedEvent};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    pub event: String,
    /// A SQL condition on the event's columns.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl EventFilter {
    /// The filter without a condition that is blank.
    ///
    /// * `called`: what a refusal calls it.
    pub(crate) fn checked(&self, called: &str) -> Result<Self, QueryError> {
        if self.event.is_empty() {
            return Err(QueryError::Invalid(format!("{called} names no event: set its `event`")));
        }
        Ok(Self { condition: self.condition.clone().filter(|text| !text.trim().is_empty()), ..self.clone() })
    }

    /// * `called`: what a refusal of the condition calls the filter.
    pub(crate) fn wanted(&self, called: &str) -> WantedEvent {
        WantedEvent { event: Some(self.event.clone()), condition: self.condition.clone(), called: format!("`where` of {called}") }
    }
}
