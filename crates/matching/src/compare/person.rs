//! Whole names of people, in any order, script and length.

use crate::{similarity::jaro_winkler, text::folded};

/// How alike two names of people are, 0 to 1, whatever their script, order of words and punctuation.
pub fn similarity(left: &str, right: &str) -> f64 {
    folded_similarity(&folded(left), &folded(right))
}

pub(super) fn level(left: &str, right: &str) -> u8 {
    let mut words: [Vec<&str>; 2] = [left.split(' ').collect(), right.split(' ').collect()];
    words.iter_mut().for_each(|words| words.sort_unstable());
    if words[0] == words[1] {
        return 1;
    }
    match folded_similarity(left, right) {
        alike if 0.95 <= alike => 2,
        alike if 0.88 <= alike => 3,
        alike if 0.75 <= alike => 4,
        _ => 5,
    }
}

fn folded_similarity(left: &str, right: &str) -> f64 {
    jaro_winkler(left.as_bytes(), right.as_bytes())
}
