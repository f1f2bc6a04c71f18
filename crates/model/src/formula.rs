//! Text that a spreadsheet would compute: made safe on the way out, and read back on the way in.

use std::borrow::Cow;

const SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Puts a `'` before what a spreadsheet would compute: text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return.
///
/// A bare number, such as `-12.5` or `+79123456789`, computes to itself and stays as it is.
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.starts_with(SIGNS) || is_number(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{text}"))
}

/// Takes off the `'` that [`safe`], and most programs that write files for spreadsheets, put before such text.
pub fn bare(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(SIGNS)).unwrap_or(text)
}

fn is_number(text: &str) -> bool {
    let figures = text.trim_start_matches(['+', '-']);
    text.len() == figures.len() + 1
        && figures.len() < 40
        && figures.parse::<f64>().is_ok_and(f64::is_finite)
        && figures.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_told_from_numbers() {
        for text in ["=1+1", "+7 (912) 345-67-89", "-1+2", "@sum(a1)", "\t=1", "\r=1", "=", "+", "-cmd", "--1", "+1e9"] {
            assert_eq!(safe(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "Ana", "+79123456789", "-12.5", "'quoted", "a=b"] {
            assert_eq!(safe(text), text, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_made_safe_reads_back(text in "[=+@'\t0-9a-z.-]{0,6}") {
            // Text that was so on its own is the one loss: nobody types it.
            prop_assume!(bare(&text) == text);
            let written = safe(&text);
            prop_assert_eq!(bare(&written), text.as_str());
        }
    }
}
