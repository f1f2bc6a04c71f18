//! How alike two short texts are. Kernels for texts up to 64 bytes work in registers; longer ones go to `rapidfuzz`.

use rapidfuzz::distance::{jaro_winkler as long_jaro_winkler, osa as long_osa};

const WORD: usize = 64;

/// Jaro-Winkler similarity of two ASCII texts, 0 to 1; a common beginning up to 4 letters counts extra.
pub(crate) fn jaro_winkler(left: &[u8], right: &[u8]) -> f64 {
    if WORD < left.len() || WORD < right.len() {
        return long_jaro_winkler::similarity(left.iter().copied(), right.iter().copied());
    }
    let jaro = jaro(left, right);
    if jaro <= 0.7 {
        return jaro;
    }
    let common = left.iter().zip(right).take(4).take_while(|(a, b)| a == b).count();
    jaro + 0.1 * common as f64 * (1.0 - jaro)
}

/// [`jaro_winkler`] where it can reach `least`; else 0, at a fraction of the cost.
pub(crate) fn jaro_winkler_from(least: f64, left: &[u8], right: &[u8]) -> f64 {
    if most_alike(left, right) < least { 0.0 } else { jaro_winkler(left, right) }
}

/// A bound on [`jaro_winkler`] from the letters that only one text has.
fn most_alike(left: &[u8], right: &[u8]) -> f64 {
    let letters = |text: &[u8]| text.iter().fold(0u64, |set, letter| set | 1 << (letter & 63));
    let (own, other) = (letters(left), letters(right));
    let (length, other_length) = (left.len() as f64, right.len() as f64);
    let met = (length - f64::from((own & !other).count_ones())).min(other_length - f64::from((other & !own).count_ones()));
    let jaro = (met / length + met / other_length + 1.0) / 3.0;
    jaro + 0.4 * (1.0 - jaro)
}

fn jaro(left: &[u8], right: &[u8]) -> f64 {
    if left.is_empty() || right.is_empty() {
        return if left.len() == right.len() { 1.0 } else { 0.0 };
    }
    let reach = (left.len().max(right.len()) / 2).saturating_sub(1);
    let mut places = [0u64; 256];
    right.iter().enumerate().for_each(|(at, &letter)| places[usize::from(letter)] |= 1 << at);
    let (mut left_met, mut right_met) = (0u64, 0u64);
    for (at, &letter) in left.iter().enumerate() {
        let within = below(at + reach + 1) & !below(at.saturating_sub(reach));
        let open = places[usize::from(letter)] & within & !right_met;
        right_met |= open & open.wrapping_neg();
        left_met |= u64::from(open != 0) << at;
    }
    let met = left_met.count_ones();
    if met == 0 {
        return 0.0;
    }
    let moved = out_of_order(left, left_met, right, right_met) / 2;
    let met = f64::from(met);
    (met / left.len() as f64 + met / right.len() as f64 + (met - f64::from(moved)) / met) / 3.0
}

/// The lowest `count` bits.
fn below(count: usize) -> u64 {
    if count < WORD { (1 << count) - 1 } else { u64::MAX }
}

/// Letters that met, but in another order.
fn out_of_order(left: &[u8], mut left_met: u64, right: &[u8], mut right_met: u64) -> u32 {
    let mut count = 0;
    while left_met != 0 {
        count += u32::from(left[left_met.trailing_zeros() as usize] != right[right_met.trailing_zeros() as usize]);
        left_met &= left_met - 1;
        right_met &= right_met - 1;
    }
    count
}

/// Edits that turn one ASCII text into the other: insert, delete, replace, swap neighbours; anything above `most` is `most + 1`.
pub(crate) fn edits(left: &[u8], right: &[u8], most: usize) -> usize {
    if most < left.len().abs_diff(right.len()) {
        return most + 1;
    }
    let (left, right) = without_common_ends(left, right);
    if left.is_empty() || right.is_empty() {
        return left.len().max(right.len()).min(most + 1);
    }
    if WORD < left.len() {
        return long_osa::distance(left.iter().copied(), right.iter().copied()).min(most + 1);
    }
    edits_in_words(left, right).min(most + 1)
}

fn without_common_ends<'a>(left: &'a [u8], right: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[start..], &right[start..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    (&left[..left.len() - end], &right[..right.len() - end])
}

/// Hyyrö's bit-parallel optimal string alignment (2003), `left` at most 64 long.
fn edits_in_words(left: &[u8], right: &[u8]) -> usize {
    let mask_of = |letter: u8| left.iter().enumerate().fold(0u64, |mask, (at, &own)| mask | u64::from(own == letter) << at);
    let last = 1u64 << (left.len() - 1);
    let (mut plus, mut minus, mut diagonal, mut previous_mask) = (!0u64, 0u64, 0u64, 0u64);
    let mut distance = left.len();
    for &letter in right {
        let mask = mask_of(letter);
        let swapped = ((!diagonal & mask) << 1) & previous_mask;
        diagonal = ((mask & plus).wrapping_add(plus) ^ plus) | mask | minus | swapped;
        let mut right_plus = minus | !(diagonal | plus);
        let mut right_minus = diagonal & plus;
        distance += usize::from(right_plus & last != 0);
        distance -= usize::from(right_minus & last != 0);
        right_plus = right_plus << 1 | 1;
        right_minus <<= 1;
        plus = right_minus | !(diagonal | right_plus);
        minus = right_plus & diagonal;
        previous_mask = mask;
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 14] = [
        "",
        "a",
        "ab",
        "ba",
        "martha",
        "marhta",
        "dixon",
        "dicksonx",
        "jellyfish",
        "smellyfish",
        "ivanov",
        "iwanow",
        "aleksandr",
        "alexander",
    ];

    #[test]
    fn short_kernels_agree_with_the_general_ones() {
        for left in WORDS {
            for right in WORDS {
                let general = long_jaro_winkler::similarity(left.chars(), right.chars());
                assert!((jaro_winkler(left.as_bytes(), right.as_bytes()) - general).abs() < 1e-9, "{left} {right}");
                let from = jaro_winkler_from(0.8, left.as_bytes(), right.as_bytes());
                assert!(general < 0.8 || from == jaro_winkler(left.as_bytes(), right.as_bytes()), "{left} {right}");
                let general = long_osa::distance(left.chars(), right.chars());
                assert_eq!(edits(left.as_bytes(), right.as_bytes(), 99), general, "{left} {right}");
            }
        }
    }

    #[test]
    fn edits_stop_at_the_bound() {
        assert_eq!(edits(b"12345", b"54321", 2), 3);
        assert_eq!(edits(b"12345", b"12354", 2), 1);
        let long = "x".repeat(100);
        assert_eq!(edits(long.as_bytes(), format!("y{long}").as_bytes(), 3), 1);
    }
}
