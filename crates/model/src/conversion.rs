//! Conversions: what people define as a step towards a sale, counted by reports.

use serde::{Deserialize, Serialize};

/// How near the purchase a conversion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionKind {
    /// A small step: a car looked at, a brochure taken.
    Micro,
    /// What advertising is paid for: a test drive, a contract.
    Macro,
}

impl ConversionKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Micro => "micro",
            Self::Macro => "macro",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Micro, Self::Macro].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Each event of this name that meets the condition is one conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// Reports name it by this: `conversion:ID`.
    pub id: String,
    pub name: String,
    pub kind: ConversionKind,
    pub event: String,
    /// A SQL condition on the event's columns.
    pub condition: Option<String>,
    /// What one is worth in the installation's currency; without it the event's own `value` counts.
    pub value: Option<f64>,
}
