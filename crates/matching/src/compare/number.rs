//! Numbers that are copied sign by sign: telephones, postcodes, documents, houses.

use crate::similarity::edits;

/// A local number within a longer one is as good as one digit off.
pub(super) fn phone_level(left: &str, right: &str) -> u8 {
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    if 7 <= short.len() && long.ends_with(short) {
        return 1;
    }
    off_by(left, right, 2, 3)
}

pub(super) fn document_level(left: &str, right: &str) -> u8 {
    off_by(left, right, 2, 3)
}

pub(super) fn street_number_level(left: &str, right: &str) -> u8 {
    off_by(left, right, 1, 2)
}

pub(super) fn postcode_level(left: &str, right: &str) -> u8 {
    match off_by(left, right, 2, 3) {
        3 if area(left) == area(right) => 3,
        3 => 4,
        near => near,
    }
}

/// The part of a postcode that names the larger area: all but the last three signs, at least two.
pub(crate) fn area(postcode: &str) -> &str {
    postcode.get(..postcode.len().saturating_sub(3).max(2)).unwrap_or(postcode)
}

/// The edits between two numbers up to `most`; `different` where there are more, or where they leave hardly anything in common.
fn off_by(left: &str, right: &str, most: usize, different: u8) -> u8 {
    let edits = edits(left.as_bytes(), right.as_bytes(), most);
    let rest = left.len().min(right.len()).saturating_sub(edits);
    if most < edits || rest < edits { different } else { edits as u8 }
}
