//! Cities and regions, and values of short lists.

use super::within;
use crate::similarity::{edits, jaro_winkler_from};

pub(super) fn place_level(left: &str, right: &str) -> u8 {
    let alike = jaro_winkler_from(0.85, left.as_bytes(), right.as_bytes());
    if 0.93 <= alike || one_slip(left, right) {
        1
    } else if within(left, right) {
        2
    } else if 0.85 <= alike {
        3
    } else {
        4
    }
}

pub(super) fn category_level(left: &str, right: &str) -> u8 {
    if one_slip(left, right) { 1 } else { 2 }
}

/// One letter off; in short codes that is another code.
fn one_slip(left: &str, right: &str) -> bool {
    5 <= left.len().min(right.len()) && edits(left.as_bytes(), right.as_bytes(), 1) == 1
}
