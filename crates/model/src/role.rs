//! Who may do what, decided in one place.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Admin,
    Marketer,
    Analyst,
    Operator,
    Dealer,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Admin, Self::Marketer, Self::Analyst, Self::Operator, Self::Dealer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Marketer => "marketer",
            Self::Analyst => "analyst",
            Self::Operator => "operator",
            Self::Dealer => "dealer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Which rows a caller may see, and how clearly: every query that a dealer can reach takes it first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    Everything,
    /// All rows, with what names people masked (`mask.rs`).
    Masked,
    /// Leads, orders, calls and events of this dealer, and the profiles they belong to.
    Dealer(String),
}

impl Scope {
    pub fn dealer(&self) -> Option<&str> {
        match self {
            Self::Everything | Self::Masked => None,
            Self::Dealer(dealer) => Some(dealer),
        }
    }
}
