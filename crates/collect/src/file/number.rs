//! Numbers as spreadsheets and people write them.

/// Reads a number: thousands parted by spaces, points, commas or apostrophes, a currency before or after.
///
/// * `decimal`: the file's decimal mark. Without one, the mark that comes last is it, except a single comma before
///   three figures, which parts thousands.
pub fn parse(text: &str, decimal: Option<char>) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'e' | b'E' | b'+'));
    if plain && decimal != Some(',') && text.matches('.').count() < 2 {
        return text.parse::<f64>().ok().filter(|number| number.is_finite());
    }
    let core = without_currency(text)?;
    let comma = match decimal {
        Some(mark) => mark == ',',
        None => comma_is_decimal(core),
    };
    // `31.01.2026` is no number: points part groups of three.
    if comma && core.split(',').next().is_some_and(|whole| whole.split('.').skip(1).any(|group| group.len() != 3)) {
        return None;
    }
    let mut digits = String::with_capacity(core.len());
    for c in core.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '-' | '−' if digits.is_empty() => digits.push('-'),
            '+' if digits.is_empty() => {}
            ',' if comma => digits.push('.'),
            '.' if !comma => digits.push('.'),
            ',' | '.' | '\'' | '’' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    digits.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The figures between what may stand around them; `None` where that is no currency: `A4` is not 4.
fn without_currency(text: &str) -> Option<&str> {
    const WORDS: [&str; 16] = ["", "р", "руб", "рублей", "тг", "грн", "元", "rub", "rur", "usd", "eur", "cny", "rmb", "kzt", "uah", "byn"];
    let starts = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '−' | '.' | ',');
    let from = text.find(starts)?;
    let to = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let word = |affix: &str| affix.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let around = [text.get(..from)?, text.get(to..)?];
    (from < to && around.iter().all(|affix| WORDS.contains(&word(affix).as_str()))).then(|| &text[from..to])
}

fn comma_is_decimal(text: &str) -> bool {
    match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(point)) => point < comma,
        (Some(comma), None) => text.matches(',').count() == 1 && text.len() - comma != 4,
        (None, Some(_)) => 1 < text.matches('.').count(),
        (None, None) => false,
    }
}

/// Seconds of a length of time: `201`, `3:21`, `00:03:21`.
pub fn parse_duration_s(text: &str) -> Option<f64> {
    if !text.contains(':') {
        return parse(text, None).filter(|seconds| 0.0 <= *seconds);
    }
    let parts: Option<Vec<f64>> = text.trim().split(':').map(|part| part.parse::<f64>().ok().filter(|number| 0.0 <= *number)).collect();
    let parts = parts.filter(|parts| (2..=3).contains(&parts.len()))?;
    Some(parts.iter().fold(0.0, |seconds, part| seconds * 60.0 + part)).filter(|seconds| seconds.is_finite())
}

/// Whether a spreadsheet has rounded what was once an id: `9.44E+18`.
pub fn is_rounded(text: &str) -> bool {
    let Some(at) = text.find(['e', 'E']) else { return false };
    let (mantissa, exponent) = (&text[..at], &text[at + 1..]);
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let figures = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    // `12E4` may be a model's name; with a point or with a long exponent it cannot be one.
    figures(whole)
        && (part.is_empty() || figures(part))
        && figures(exponent)
        && whole.len() == 1
        && (!part.is_empty() || text.contains('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_the_ways_of_countries() {
        let vectors = [
            ("1234.5", Some(1234.5)),
            ("1 234,50", Some(1234.5)),
            ("1\u{a0}234\u{a0}567", Some(1_234_567.0)),
            ("1.234,50", Some(1234.5)),
            ("1,234.50", Some(1234.5)),
            ("1,234", Some(1234.0)),
            ("1,5", Some(1.5)),
            ("1.234.567", Some(1_234_567.0)),
            ("12 500 ₽", Some(12_500.0)),
            ("$3,000.00", Some(3000.0)),
            ("1 200 руб.", Some(1200.0)),
            ("-5", Some(-5.0)),
            ("−5,5", Some(-5.5)),
            ("1e3", Some(1000.0)),
            ("12-05", None),
            ("EUR 1,200.50", Some(1200.5)),
            ("31.01.2026", None),
            ("euribor3m", None),
            ("A4", None),
            ("abc", None),
            ("", None),
            ("NaN", None),
        ];
        for (text, expected) in vectors {
            assert_eq!(parse(text, None), expected, "{text}");
        }
        assert_eq!(parse("1,234", Some(',')), Some(1.234));
        assert_eq!(parse("1.234", Some(',')), Some(1234.0));
    }

    #[test]
    fn lengths_of_time() {
        assert_eq!(parse_duration_s("201"), Some(201.0));
        assert_eq!(parse_duration_s("3:21"), Some(201.0));
        assert_eq!(parse_duration_s("01:03:21"), Some(3801.0));
        assert_eq!(parse_duration_s("-1"), None);
        assert_eq!(parse_duration_s("a:b"), None);
    }

    #[test]
    fn rounded_ids_are_seen() {
        for text in ["9.44E+18", "1,2E+10", "7.9E10", "9E+18"] {
            assert!(is_rounded(text), "{text}");
        }
        for text in ["12E4", "9.44", "E+18", "A1E+3", "944", "1E5", "rec-1e+2"] {
            assert!(!is_rounded(text), "{text}");
        }
    }
}
