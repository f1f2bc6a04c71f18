//! Given names and surnames, one at a time and swapped.

use super::within;
use crate::{
    column::{HALF_SWAPPED, NAME_DIFFERENT, SWAPPED},
    similarity::{edits, jaro_winkler_from},
};

pub(super) fn level(left: &str, right: &str) -> u8 {
    let alike = jaro_winkler_from(0.75, left.as_bytes(), right.as_bytes());
    if 0.94 <= alike || one_slip(left, right) || same_letters(left, right) {
        1
    } else if 0.88 <= alike {
        2
    } else if left.starts_with(right) || right.starts_with(left) || within(left, right) {
        3
    } else if 0.75 <= alike {
        4
    } else {
        NAME_DIFFERENT
    }
}

fn one_slip(left: &str, right: &str) -> bool {
    4 <= left.len().min(right.len()) && edits(left.as_bytes(), right.as_bytes(), 1) == 1
}

/// One word written as two, or words in another order.
fn same_letters(left: &str, right: &str) -> bool {
    let spaced = left.contains(' ') || right.contains(' ');
    spaced && (left.bytes().filter(|&letter| letter != b' ').eq(right.bytes().filter(|&letter| letter != b' ')) || same_words(left, right))
}

fn same_words(left: &str, right: &str) -> bool {
    left.len() == right.len() && within(left, right) && within(right, left)
}

/// Whether a given name stands in the place of the surname: the level of the given names, where the surnames then say nothing more.
///
/// Arguments are (given, surname) of both records, `None` where missing.
pub(crate) fn crossed(left: (Option<&str>, Option<&str>), right: (Option<&str>, Option<&str>)) -> Option<u8> {
    let alike = |a: Option<&str>, b: Option<&str>| match (a, b) {
        // Names that begin differently are seldom that much alike.
        (Some(a), Some(b)) => {
            Some(a.as_bytes().first() == b.as_bytes().first() && 0.9 <= jaro_winkler_from(0.9, a.as_bytes(), b.as_bytes()))
        }
        _ => None,
    };
    match (alike(left.0, right.1), alike(left.1, right.0)) {
        (Some(true), Some(true)) => Some(SWAPPED),
        (Some(true), None) | (None, Some(true)) => Some(HALF_SWAPPED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_names_are_seen() {
        assert_eq!(crossed((Some("isla"), Some("hall")), (Some("hall"), Some("isla"))), Some(SWAPPED));
        assert_eq!(crossed((None, Some("thomas")), (Some("thomas"), Some("gabriel"))), Some(HALF_SWAPPED));
        assert_eq!(crossed((Some("isla"), Some("hall")), (Some("isla"), Some("hall"))), None);
    }

    #[test]
    fn a_word_written_as_two_is_nearly_the_same() {
        assert_eq!(level("sa rah", "sarah"), 1);
        assert_eq!(level("anna maria", "maria anna"), 1);
        assert_eq!(level("a", "anna"), 3);
    }
}
