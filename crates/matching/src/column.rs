//! What a column of people's records means. Types decide how values are read, compared and blocked; names of columns decide nothing.

use serde::{Deserialize, Serialize};

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// First name, perhaps with a middle name or patronymic.
    GivenName,
    Surname,
    /// All names of a person in one text, in any order. Beside a given name or a surname it only stands in where both are missing.
    FullName,
    /// Day of birth in any usual notation; see [`crate::TableBuilder::push`].
    BirthDate,
    Phone,
    Email,
    /// Street, building, or a whole address line.
    StreetAddress,
    /// House or flat number.
    StreetNumber,
    Postcode,
    /// City, suburb, region, place of birth.
    Place,
    /// A number that is one person's or thing's own: VIN, tax, social or passport number.
    Document,
    /// One of a short list of values, such as an occupation or a state.
    Category,
}

impl ColumnType {
    /// The levels of agreement of two values that are both there, from most to least; level 0 means equal, the last one different.
    pub fn levels(self) -> &'static [&'static str] {
        match self {
            Self::GivenName | Self::Surname => NAME_LEVELS,
            Self::FullName => &["same", "same words", "nearly the same", "similar", "partly similar", "different"],
            Self::BirthDate => {
                &["same", "one digit off or day and month swapped", "two of day, month, year", "same year", "close year", "different"]
            }
            Self::Phone => &["same", "one digit off", "two digits off", "different"],
            Self::Email => &["same", "same before the @", "one or two letters off", "similar before the @", "same domain", "different"],
            Self::StreetAddress => &["same", "nearly the same", "similar", "some words in common", "different"],
            Self::StreetNumber => &["same", "one sign off", "different"],
            Self::Postcode => &["same", "one sign off", "two signs off", "same beginning", "different"],
            Self::Place => &["same", "nearly the same", "one within the other", "similar", "different"],
            Self::Document => &["same", "one sign off", "two signs off", "different"],
            Self::Category => &["same", "nearly the same", "different"],
        }
    }

    /// Parts of where somebody lives.
    pub(crate) fn is_home(self) -> bool {
        matches!(self, Self::StreetAddress | Self::StreetNumber | Self::Postcode | Self::Place)
    }

    /// Values that are compared sign by sign, in no time.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::BirthDate | Self::Phone | Self::Postcode | Self::Document | Self::StreetNumber | Self::Category)
    }

    /// The share of a person's pairs of records that can be entirely different in a column, at most: people move, but are seldom born anew.
    pub(crate) fn different_most(self) -> f64 {
        match self {
            Self::GivenName | Self::Surname | Self::FullName | Self::BirthDate => 0.3,
            _ => 1.0,
        }
    }

    /// The level of values that have nothing in common.
    pub(crate) fn different(self) -> u8 {
        match self {
            Self::GivenName | Self::Surname => NAME_DIFFERENT,
            _ => self.levels().len() as u8 - 1,
        }
    }

    /// What is believed of true matches before any data are seen: the shares of the levels, summing to 1.
    pub(crate) fn usual_shares(self) -> &'static [f64] {
        match self {
            Self::GivenName | Self::Surname => &[0.75, 0.07, 0.04, 0.03, 0.02, 0.07, 0.015, 0.005],
            Self::FullName => &[0.6, 0.1, 0.1, 0.08, 0.05, 0.07],
            Self::BirthDate => &[0.8, 0.08, 0.04, 0.03, 0.02, 0.03],
            Self::Phone => &[0.7, 0.08, 0.02, 0.2],
            Self::Email => &[0.65, 0.05, 0.08, 0.03, 0.04, 0.15],
            Self::StreetAddress => &[0.6, 0.12, 0.08, 0.07, 0.13],
            Self::StreetNumber => &[0.8, 0.08, 0.12],
            Self::Postcode => &[0.7, 0.08, 0.03, 0.06, 0.13],
            Self::Place => &[0.7, 0.08, 0.05, 0.03, 0.14],
            Self::Document => &[0.8, 0.08, 0.04, 0.08],
            Self::Category => &[0.8, 0.05, 0.15],
        }
    }
}

const NAME_LEVELS: &[&str] = &[
    "same",
    "nearly the same",
    "similar",
    "short form or initial",
    "partly similar",
    "different",
    "given name and surname swapped",
    "given name in the place of the surname",
];

/// The first of the two levels that only a given name beside a surname can have.
pub(crate) const SWAPPED: u8 = 6;
pub(crate) const HALF_SWAPPED: u8 = 7;
/// The least agreement of names compared straight.
pub(crate) const NAME_DIFFERENT: u8 = 5;
/// Written for a column where either record has no value: it neither speaks for a match nor against it.
pub(crate) const MISSING: u8 = 15;

/// A column to be filled: its name for people, its meaning for the computation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSpec {
    pub name: String,
    pub kind: ColumnType,
}

impl ColumnSpec {
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self { name: name.into(), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_has_a_share() {
        use ColumnType::*;
        for kind in
            [GivenName, Surname, FullName, BirthDate, Phone, Email, StreetAddress, StreetNumber, Postcode, Place, Document, Category]
        {
            assert_eq!(kind.levels().len(), kind.usual_shares().len(), "{kind:?}");
            assert!((kind.usual_shares().iter().sum::<f64>() - 1.0).abs() < 1e-9, "{kind:?}");
        }
    }
}
