//! How many parts an SMS is sent in.

use serde::Serialize;

/// Letters of GSM 03.38 that take one place.
const BASIC: &str =
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Letters of its extension, that take two.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Gsm7,
    Ucs2,
}

/// How a text goes out as SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SmsParts {
    pub encoding: Encoding,
    /// Places taken: an extended letter takes two of GSM-7, an emoji two of UCS-2.
    pub chars: usize,
    /// What is paid for; 0 for an empty text.
    pub parts: usize,
}

/// Counts the parts. A letter of two places is not torn between parts.
pub fn parts(text: &str) -> SmsParts {
    let gsm = |letter: char| match letter {
        letter if BASIC.contains(letter) => Some(1),
        letter if EXTENDED.contains(letter) => Some(2),
        _ => None,
    };
    match text.chars().map(gsm).collect::<Option<Vec<usize>>>() {
        Some(widths) => count(Encoding::Gsm7, &widths, 160, 153),
        None => count(Encoding::Ucs2, &text.chars().map(char::len_utf16).collect::<Vec<usize>>(), 70, 67),
    }
}

fn count(encoding: Encoding, widths: &[usize], alone: usize, joined: usize) -> SmsParts {
    let chars = widths.iter().sum();
    if chars <= alone {
        return SmsParts { encoding, chars, parts: usize::from(chars > 0) };
    }
    let (mut parts, mut room) = (1, joined);
    for width in widths {
        if *width > room {
            parts += 1;
            room = joined;
        }
        room -= width;
    }
    SmsParts { encoding, chars, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_the_network_counts_them() {
        let cases = [
            ("".to_owned(), Encoding::Gsm7, 0, 0),
            ("a".repeat(160), Encoding::Gsm7, 160, 1),
            ("a".repeat(161), Encoding::Gsm7, 161, 2),
            ("a".repeat(306), Encoding::Gsm7, 306, 2),
            ("a".repeat(307), Encoding::Gsm7, 307, 3),
            ("€".repeat(80), Encoding::Gsm7, 160, 1),
            ("Ж".repeat(70), Encoding::Ucs2, 70, 1),
            ("Ж".repeat(71), Encoding::Ucs2, 71, 2),
            ("Ж".repeat(135), Encoding::Ucs2, 135, 3),
            ("🚗".repeat(35), Encoding::Ucs2, 70, 1),
            // 33 cars fill 66 of 67 places: the next does not fit into the one that is left.
            ("🚗".repeat(67), Encoding::Ucs2, 134, 3),
            (format!("{}€", "a".repeat(152)), Encoding::Gsm7, 154, 1),
            (format!("{}€{}", "a".repeat(152), "a".repeat(152)), Encoding::Gsm7, 306, 3),
        ];
        for (text, encoding, chars, expected) in cases {
            assert_eq!(parts(&text), SmsParts { encoding, chars, parts: expected }, "{text}");
        }
    }
}
