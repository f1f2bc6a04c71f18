//! Phone numbers to E.164, with the trunk-8 rules that libphonenumber lacks.

use phonenumber::{country, metadata::DATABASE};

/// A number as networks route it: `+` and at most 15 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    pub e164: String,
    /// What was dialled after the answer: `ext. 12`, `доб. 12`.
    pub extension: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("two numbers in one cell: split them first")]
    Several,
    #[error("not a phone number in any notation of {0}: write it with + and the country code")]
    Invalid(String),
}

/// Reads a number in any notation; `region` (`RU`, `UA`, …) is assumed where it names no country.
pub fn normalise(raw: &str, region: &str) -> Result<Phone, PhoneError> {
    let (number, extension) = split_extension(raw);
    if is_several(&number) {
        return Err(PhoneError::Several);
    }
    let digits: String = number.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect();
    let plus = number.trim_start().starts_with(['+', '＋']);
    let written = if plus { format!("+{digits}") } else { digits.clone() };
    let found = plus_7(&digits, plus, region)
        .or_else(|| trunk_8(&digits, plus, region).and_then(|text| parse(&text, region)))
        .or_else(|| parse(&written, region))
        // A number written with its country code but without the plus.
        .or_else(|| (!plus && 10 < digits.len()).then(|| parse(&format!("+{digits}"), region)).flatten());
    let e164 = found.ok_or_else(|| PhoneError::Invalid(region.to_owned()))?;
    Ok(Phone { e164, extension })
}

/// The numbering plan that Russia and Kazakhstan share: `[347-9]` and nine digits after +7, or after the 8 that people dial.
///
/// The library takes the 8 of `800…` for that 8, and knows one country a code.
fn plus_7(digits: &str, plus: bool, region: &str) -> Option<String> {
    let at_home = matches!(region, "RU" | "KZ");
    let national = match digits.len() {
        11 if digits.starts_with('7') && (plus || at_home) => &digits[1..],
        11 if digits.starts_with('8') && at_home => &digits[1..],
        10 if !plus && at_home => digits,
        _ => return None,
    };
    national.starts_with(['3', '4', '7', '8', '9']).then(|| format!("+7{national}"))
}

/// What people dial as 8 in the rest of the former Soviet numbering plan, written as what it stands for.
///
/// A plain "8 becomes 7" would break `8123456789` (ten digits, Petersburg) and `8 10` (the way abroad).
fn trunk_8(digits: &str, plus: bool, region: &str) -> Option<String> {
    let rest = digits.strip_prefix('8')?;
    match (region, digits.len()) {
        ("RU" | "KZ", 12..) if !plus => rest.strip_prefix("10").map(|abroad| format!("+{abroad}")),
        ("UA", 11) if rest.starts_with('0') => Some(format!("+38{rest}")),
        ("BY", 11) if rest.starts_with('0') => Some(format!("+375{}", &rest[1..])),
        _ => None,
    }
}

fn parse(text: &str, region: &str) -> Option<String> {
    let region: Option<country::Id> = region.parse().ok();
    let number = phonenumber::parse_with(&DATABASE, region, text).ok()?;
    let e164 = number.format_with(&DATABASE).mode(phonenumber::Mode::E164).to_string();
    phonenumber::is_valid_with(&DATABASE, &number).then(|| e164.split([';', ' ']).next().unwrap_or_default().to_owned())
}

fn split_extension(raw: &str) -> (String, Option<String>) {
    let lower = raw.to_lowercase();
    for mark in ["доб", "dob", "ext", "вн.", "#"] {
        if let Some(at) = lower.find(mark) {
            let extension: String = lower[at..].chars().filter(char::is_ascii_digit).collect();
            if !extension.is_empty() {
                return (lower[..at].to_owned(), Some(extension));
            }
        }
    }
    (raw.to_owned(), None)
}

fn is_several(number: &str) -> bool {
    number.split([',', ';', '/', '\n', '|']).filter(|part| 6 <= part.chars().filter(char::is_ascii_digit).count()).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e164(raw: &str, region: &str) -> String {
        normalise(raw, region).map(|phone| phone.e164).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn every_notation_of_the_region_meets_in_one_number() {
        let vectors = [
            ("8 (912) 345-67-89", "RU", "+79123456789"),
            ("+7 912 345-67-89", "RU", "+79123456789"),
            ("79123456789", "RU", "+79123456789"),
            ("9123456789", "RU", "+79123456789"),
            ("8 800 555-35-35", "RU", "+78005553535"),
            ("8005553535", "RU", "+78005553535"),
            ("8123456789", "RU", "+78123456789"),
            ("8 812 345-67-89", "RU", "+78123456789"),
            ("87011234567", "KZ", "+77011234567"),
            ("77011234567", "RU", "+77011234567"),
            ("77011234567", "KZ", "+77011234567"),
            ("8 10 380 50 123 45 67", "RU", "+380501234567"),
            ("050 123 45 67", "UA", "+380501234567"),
            ("380501234567", "UA", "+380501234567"),
            ("80501234567", "UA", "+380501234567"),
            ("8 050 123 45 67", "UA", "+380501234567"),
            ("+8 912 345 67 89", "RU", "+79123456789"),
            ("8029 123 45 67", "BY", "+375291234567"),
            ("138 0013 8000", "CN", "+8613800138000"),
            ("008613800138000", "CN", "+8613800138000"),
            ("+33 6 12 34 56 78", "RU", "+33612345678"),
        ];
        for (raw, region, expected) in vectors {
            assert_eq!(e164(raw, region), expected, "{raw} in {region}");
        }
    }

    #[test]
    fn extensions_are_kept_apart_and_two_numbers_are_an_error() {
        let phone = normalise("9123456789 dob. 12", "RU");
        assert_eq!(phone, Ok(Phone { e164: "+79123456789".into(), extension: Some("12".into()) }));
        assert_eq!(normalise("+79123456789, +79123456780", "RU"), Err(PhoneError::Several));
        assert!(normalise("12", "RU").is_err());
        assert!(normalise("hello", "RU").is_err());
    }
}
