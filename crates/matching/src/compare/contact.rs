//! E-mail addresses.

use crate::similarity::{edits, jaro_winkler};

pub(super) fn email_level(left: &str, right: &str) -> u8 {
    let ((local, domain), (other_local, other_domain)) = (sides(left), sides(right));
    if local == other_local {
        1
    } else if edits(left.as_bytes(), right.as_bytes(), 2) <= 2 {
        2
    } else if 0.88 <= jaro_winkler(local.as_bytes(), other_local.as_bytes()) {
        3
    } else if domain == other_domain {
        4
    } else {
        5
    }
}

/// What stands before and after the last `@`.
pub(crate) fn sides(address: &str) -> (&str, &str) {
    address.rsplit_once('@').unwrap_or((address, ""))
}
