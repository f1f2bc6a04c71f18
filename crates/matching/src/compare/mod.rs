//! How two values of one column agree: a level, from 0 for equal to the last one for different.
//!
//! Values come normalised (see [`normalised`]), so that equal means equal bytes. All comparisons are symmetric.

mod address;
mod contact;
mod date;
mod name;
mod number;
pub mod person;
mod place;
mod romanised;

use crate::{
    column::ColumnType,
    text::{compact, email_address, folded, phone_digits},
};

pub(crate) use contact::sides;
pub(crate) use name::crossed;
pub(crate) use number::area;

/// The form in which a value of a column is compared; empty for a value that says nothing.
pub(crate) fn normalised(kind: ColumnType, text: &str) -> String {
    match kind {
        ColumnType::BirthDate => date::day(text),
        ColumnType::Phone => phone_digits(text),
        ColumnType::Email => email_address(text),
        ColumnType::Postcode | ColumnType::Document | ColumnType::StreetNumber => compact(text),
        _ => folded(text),
    }
}

/// The level of agreement of two normalised values, neither of them empty.
pub(crate) fn level(kind: ColumnType, left: &str, right: &str) -> u8 {
    if left == right {
        return 0;
    }
    match kind {
        ColumnType::GivenName | ColumnType::Surname => name::level(left, right),
        ColumnType::FullName => person::level(left, right),
        ColumnType::BirthDate => date::level(left, right),
        ColumnType::Phone => number::phone_level(left, right),
        ColumnType::Email => contact::email_level(left, right),
        ColumnType::StreetAddress => address::level(left, right),
        ColumnType::StreetNumber => number::street_number_level(left, right),
        ColumnType::Postcode => number::postcode_level(left, right),
        ColumnType::Place => place::place_level(left, right),
        ColumnType::Document => number::document_level(left, right),
        ColumnType::Category => place::category_level(left, right),
    }
}

/// Whether every word of one text stands in the other, which has more.
fn within(left: &str, right: &str) -> bool {
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    short.split(' ').all(|word| long.split(' ').any(|other| other == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColumnType::*;

    fn level_of(kind: ColumnType, left: &str, right: &str) -> &'static str {
        let (left, right) = (normalised(kind, left), normalised(kind, right));
        let there = level(kind, &left, &right);
        assert_eq!(there, level(kind, &right, &left), "{left} {right}");
        kind.levels()[usize::from(there)]
    }

    #[test]
    fn each_type_compares_in_its_own_way() {
        assert_eq!(level_of(GivenName, "Иван", "Ivan"), "same");
        assert_eq!(level_of(GivenName, "Jonathan", "Jonathon"), "nearly the same");
        assert_eq!(level_of(GivenName, "A.", "Anna"), "short form or initial");
        assert_eq!(level_of(Surname, "Smith", "Garcia"), "different");
        assert_eq!(level_of(BirthDate, "1980-03-12", "12.03.1980"), "same");
        assert_eq!(level_of(BirthDate, "1980-03-12", "1980-12-03"), "one digit off or day and month swapped");
        assert_eq!(level_of(BirthDate, "1980-03-12", "19800319"), "one digit off or day and month swapped");
        assert_eq!(level_of(BirthDate, "1980-03-12", "1980-03-25"), "two of day, month, year");
        assert_eq!(level_of(BirthDate, "1980-03-12", "1980-10-25"), "same year");
        assert_eq!(level_of(Phone, "+7 912 345-67-89", "8 912 345 67 98"), "one digit off");
        assert_eq!(level_of(Email, "ana.li@mail.com", "ana.li@example.org"), "same before the @");
        assert_eq!(level_of(Email, "ana.li@mail.com", "bob@mail.com"), "same domain");
        assert_eq!(level_of(Postcode, "TQ13 8DF", "tq13 8hu"), "two signs off");
        assert_eq!(level_of(Postcode, "TQ13 8DF", "tq13 9hu"), "same beginning");
        assert_eq!(level_of(Place, "Bristol", "Bristol, City of"), "one within the other");
        assert_eq!(level_of(StreetAddress, "12 Wallaby Place", "Wallaby Place 12"), "nearly the same");
        assert_eq!(level_of(Document, "WVWZZZ1JZXW000001", "WVWZZZ1JZXW000010"), "one sign off");
        assert_eq!(level_of(FullName, "Petrov Ivan", "Иван Петров"), "same words");
    }
}
