//! What a column holds, by its values.

use serde::Serialize;

use super::mapping::Pick;
use super::{block::Cell, moment::MomentReader, number};

/// What most values of a column look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    Empty,
    Email,
    Phone,
    Time,
    Number,
    Flag,
    Url,
    Text,
}

/// A column is what nine of ten of its values are.
const SHARE: f64 = 0.9;

pub fn guess(values: &[String]) -> Guess {
    let filled: Vec<&str> = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
    if filled.is_empty() {
        return Guess::Empty;
    }
    // In this order: a phone in figures is a number too.
    type Sign = (Guess, fn(&str) -> bool);
    let kinds: [Sign; 6] = [
        (Guess::Email, is_email),
        (Guess::Url, |text| text.starts_with("http://") || text.starts_with("https://")),
        (Guess::Flag, is_flag),
        (Guess::Phone, is_phone),
        (Guess::Time, is_time),
        (Guess::Number, |text| number::parse(text, None).is_some()),
    ];
    let most = |is: fn(&str) -> bool| filled.len() as f64 * SHARE <= filled.iter().filter(|text| is(text)).count() as f64;
    kinds.into_iter().find(|(_, is)| most(*is)).map_or(Guess::Text, |(guess, _)| guess)
}

/// Whether a cell is data rather than the name of a column.
pub fn is_data(text: &str) -> bool {
    is_email(text) || is_phone(text) || is_time(text) || text.starts_with("http") || number::parse(text, None).is_some()
}

fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace))
}

fn is_flag(text: &str) -> bool {
    ["true", "false", "yes", "no", "да", "нет", "是", "否"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word) || text.to_lowercase() == *word)
}

/// In a phone's notation, and marked as one: by a plus, brackets, dashes or a first 8 or 7 of eleven.
fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let shaped = (10..=15).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " +-()./\u{a0}".contains(c));
    let marked = text.starts_with('+') || text.contains('(') || (digits == 11 && text.starts_with(['7', '8', '1']) && !text.contains('.'));
    shaped && marked && !is_time(text)
}

/// A time in figures and marks; a bare number is not one by itself.
pub fn is_time(text: &str) -> bool {
    let marked = text.bytes().filter(|byte| matches!(byte, b'-' | b'.' | b'/' | b':')).count() >= 2 || text.contains('年');
    let Ok(reader) = MomentReader::new("", &Pick::default()) else { return false };
    marked && 8 <= text.len() && !matches!(reader.read(&Cell::Text(text.into())), Err(super::moment::BadMoment::Unreadable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_what_most_of_their_values_are() {
        let of = |values: &[&str]| guess(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["ana@example.com", "", "bo@example.com"]), Guess::Email);
        assert_eq!(of(&["+7 912 345-67-89", "8 (912) 345-67-80"]), Guess::Phone);
        assert_eq!(of(&["89123456789", "79123456780"]), Guess::Phone);
        assert_eq!(of(&["2026-01-31", "2026-02-01 10:00"]), Guess::Time);
        assert_eq!(of(&["31.01.2026", "01.02.2026"]), Guess::Time);
        assert_eq!(of(&["1", "2.5", "1 000,00"]), Guess::Number);
        assert_eq!(of(&["yes", "no"]), Guess::Flag);
        assert_eq!(of(&["", ""]), Guess::Empty);
        assert_eq!(of(&["Ana", "Bo", "3"]), Guess::Text);
    }
}
