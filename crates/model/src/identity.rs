//! Who is who, as a pure function of what is known: identifiers, evidence between them, logins on devices, settings.
//!
//! Nothing here depends on the order in which things came to be known: evidence is taken strongest first, then oldest
//! first, and joins two groups unless that would break a rule. So late arrivals, replays and a withdrawn piece of
//! evidence all end where they would have ended had everything been known from the start.

mod facts;
mod partition;
mod settings;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use facts::{NameFact, PersonFacts};
pub use partition::{Edge, Login, Node, Partition, Refused, are_in_harmony, conflict_of, partition};
pub use settings::{Blocked, IdentitySettings, KindRole, KindSettings, Limit};

/// How much a piece of evidence is worth: what is stronger decides first where two contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The records are alike.
    Probable,
    /// Told by a file or another system.
    Imported,
    /// Sent with an event, by whoever.
    Event,
    /// Typed into a form.
    Form,
    /// Told by the telephone network.
    Call,
    Payment,
    /// A personal link was clicked.
    Link,
    /// Somebody signed in.
    Login,
    /// A person of ours, or the system that keeps the records, says so.
    Word,
}

impl Trust {
    pub const ALL: [Self; 9] =
        [Self::Probable, Self::Imported, Self::Event, Self::Form, Self::Call, Self::Payment, Self::Link, Self::Login, Self::Word];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Probable => "probable",
            Self::Imported => "imported",
            Self::Event => "event",
            Self::Form => "form",
            Self::Call => "call",
            Self::Payment => "payment",
            Self::Link => "link",
            Self::Login => "login",
            Self::Word => "word",
        }
    }

    /// As a number on disk: its place in [`Trust::ALL`].
    pub fn number(self) -> i64 {
        self as i64
    }

    /// Reads [`Trust::number`]; what no version wrote counts as sent with an event.
    pub fn from_number(number: i64) -> Self {
        usize::try_from(number).ok().and_then(|at| Self::ALL.get(at).copied()).unwrap_or(Self::Event)
    }
}

/// Why two identifiers, though there is evidence between them, are not one person's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// Somebody said that they are not the same.
    NotSame,
    /// Both have a value of a kind of which a person has one.
    Unique { kind: String },
    /// Born on different days.
    BirthDate,
    /// Known by different given names.
    Name,
    /// There would be more values of the kind than its limit allows.
    Limit { kind: String },
    /// There would be more identifiers than a profile may have.
    Size,
    /// Too many people use one of the two.
    Shared,
    /// One of the two is of a kind, or has a value, that names nobody.
    NamesNobody,
    /// The record that told so tells something else now.
    Withdrawn,
}

impl Why {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotSame => "not_same",
            Self::Unique { .. } => "unique",
            Self::BirthDate => "birth_date",
            Self::Name => "name",
            Self::Limit { .. } => "limit",
            Self::Size => "size",
            Self::Shared => "shared",
            Self::NamesNobody => "names_nobody",
            Self::Withdrawn => "withdrawn",
        }
    }
}
