//! Escapes that stand for no character.
//!
//! JavaScript cuts text between the halves of an emoji and sends `\ud83d` alone; broken programs send `\u0000`. Both
//! are JSON by the letter, and neither can be kept as text by a database. They become U+FFFD, which is what a
//! reader would show in their place, so that nobody further in has to think of them.

use memchr::memchr_iter;

const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// Replaces, in place, every escape of JSON text that stands for no character or for NUL.
///
/// A backslash in JSON stands only within strings, so the text needs no parsing.
pub(crate) fn escapes(json: &mut [u8]) {
    // Most bodies have no `\u` that needs a look: find the few first, then write.
    let mut found = Vec::new();
    let mut done = 0;
    for at in memchr_iter(b'\\', json) {
        if at < done {
            continue;
        }
        done = at + 2;
        let Some(unit) = unit(json, at) else { continue };
        done = at + 6;
        match unit {
            0 | 0xDC00..=0xDFFF => found.push(at),
            0xD800..=0xDBFF => match self::unit(json, at + 6) {
                Some(0xDC00..=0xDFFF) => done = at + 12,
                _ => found.push(at),
            },
            _ => {}
        }
    }
    for at in found {
        json[at..at + 6].copy_from_slice(REPLACEMENT);
    }
}

/// The number of the `\uXXXX` that begins at `at`.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_no_character_is_replaced_and_nothing_else() {
        let mended = |text: &str| {
            let mut json = text.as_bytes().to_vec();
            escapes(&mut json);
            String::from_utf8(json).unwrap_or_default()
        };
        for same in [r#"{"a":"\\u0000 \\ud83d é \"\u00e9 \ud83d\ude00"}"#, r#""\u12"#, r#""\"#, "", r#""\u00g0""#, r#""\u+041""#] {
            assert_eq!(mended(same), same);
        }
        assert_eq!(mended(r#""\ud83d""#), r#""\ufffd""#);
        assert_eq!(mended(r#""\ud83d\ud83d\ude00""#), r#""\ufffd\ud83d\ude00""#);
        assert_eq!(mended(r#""\ude00\u0000x""#), r#""\ufffd\ufffdx""#);
        assert_eq!(mended(r#""\\\u0000\ud83d\\udc00""#), r#""\\\ufffd\ufffd\\udc00""#);
    }
}
