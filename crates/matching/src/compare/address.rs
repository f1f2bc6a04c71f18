//! Streets and address lines, word by word in any order.

use crate::similarity::{jaro_winkler, jaro_winkler_from};

/// Words compared of one address; later ones are rarely more than the country.
const WORDS_MAX: usize = 10;

pub(super) fn level(left: &str, right: &str) -> u8 {
    if spaceless(left).eq(spaceless(right)) {
        return 1;
    }
    let in_words = in_common(left, right);
    // Words may be split or joined by a slip; without a word in common there is nothing to save.
    let alike =
        if (0.25..0.9).contains(&in_words) { in_words.max(jaro_winkler(left.as_bytes(), right.as_bytes()) - 0.04) } else { in_words };
    if 0.9 <= alike {
        1
    } else if 0.75 <= alike {
        2
    } else if 0.5 <= alike {
        3
    } else {
        4
    }
}

fn spaceless(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|&letter| letter != b' ')
}

/// The share of letters in words that the other address has too, spelt nearly the same; 0 to 1.
fn in_common(left: &str, right: &str) -> f64 {
    let (mut met, mut taken) = (0.0, [false; WORDS_MAX]);
    for word in left.split(' ').take(WORDS_MAX) {
        let open = right.split(' ').take(WORDS_MAX).enumerate().filter(|&(at, _)| !taken[at]);
        let alike = open.map(|(at, other)| (jaro_winkler_from(0.85, word.as_bytes(), other.as_bytes()), at, other.len()));
        if let Some((alike, at, length)) = alike.max_by(|a, b| a.0.total_cmp(&b.0))
            && 0.85 <= alike
        {
            taken[at] = true;
            met += alike * (word.len() + length) as f64;
        }
    }
    met / (spaceless(left).count() + spaceless(right).count()) as f64
}
