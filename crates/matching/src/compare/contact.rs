//! E-mail addresses.

use crate::similarity::{edits, jaro_winkler_from};

/// Numbers in an address tell namesakes apart (`ivan.petrov12`, `ivan.petrov17`), so addresses are near only with the same digits in the same order; and
/// without digits a likeness beyond a slip is that of the names, which other columns have told already.
pub(super) fn email_level(left: &str, right: &str) -> u8 {
    let ((local, domain), (other_local, other_domain)) = (sides(left), sides(right));
    let same_digits = digits(local).eq(digits(other_local));
    if local == other_local {
        1
    } else if same_digits && edits(left.as_bytes(), right.as_bytes(), 2) <= 2 {
        2
    } else if same_digits && digits(local).next().is_some() && 0.88 <= jaro_winkler_from(0.88, local.as_bytes(), other_local.as_bytes()) {
        3
    } else if domain == other_domain {
        4
    } else {
        5
    }
}

fn digits(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_digit)
}

/// What stands before and after the last `@`.
pub(crate) fn sides(address: &str) -> (&str, &str) {
    address.rsplit_once('@').unwrap_or((address, ""))
}
