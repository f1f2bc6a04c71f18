//! Spellings brought to one form: Latin letters, lower case, words parted by single spaces.

use any_ascii::any_ascii_char;

/// Texts that people and programs write for "nothing here".
const NOTHING: [&str; 14] = [
    "null",
    "none",
    "nan",
    "nil",
    "na",
    "n a",
    "unknown",
    "undefined",
    "not available",
    "not known",
    "missing",
    "test",
    "net",
    "neizvestno",
];

/// The words of a text in lower-case Latin letters and digits, parted by one space; empty for a text that says nothing.
///
/// Apostrophes and soft signs join (`O'Brien` is one word), other punctuation parts. Each Han sign is a syllable; syllables of one
/// run are joined into one word, as romanised names usually are, after the first: `王小明` becomes `wang xiaoming`.
pub(crate) fn folded(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut han_run = 0;
    for letter in text.chars() {
        if letter.is_ascii() {
            han_run = 0;
            push_ascii(&mut words, letter);
            continue;
        }
        han_run = if is_han(letter) { han_run + 1 } else { 0 };
        if han_run == 1 || han_run == 2 {
            part(&mut words);
        }
        if matches!(letter, '\u{2019}' | '\u{02bc}' | '\u{2018}' | 'ь' | 'Ь' | 'ъ' | 'Ъ' | 'ʿ' | 'ʾ') {
            continue;
        }
        if letter.is_alphanumeric() {
            any_ascii_char(letter).chars().filter(char::is_ascii_alphanumeric).for_each(|latin| words.push(latin.to_ascii_lowercase()));
        } else if !is_mark(letter) {
            part(&mut words);
        }
    }
    words.truncate(words.trim_end().len());
    if NOTHING.contains(&words.as_str()) { String::new() } else { words }
}

fn push_ascii(words: &mut String, letter: char) {
    match letter {
        'a'..='z' | '0'..='9' => words.push(letter),
        'A'..='Z' => words.push(letter.to_ascii_lowercase()),
        '\'' | '`' => {}
        _ => part(words),
    }
}

fn part(words: &mut String) {
    if !words.is_empty() && !words.ends_with(' ') {
        words.push(' ');
    }
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}')
}

/// Accents written as signs of their own, vowel points, zero-width signs: part of the letter before them.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

/// Letters and digits alone, as for postcodes and document numbers.
pub(crate) fn compact(text: &str) -> String {
    let mut words = folded(text);
    words.retain(|letter| letter != ' ');
    words
}

/// The digits of a telephone number, without the signs of an international or trunk call that countries write differently.
///
/// The last ten are kept: a country's prefix may be there or not. Fewer than five digits, or one digit alone repeated, are nothing.
pub(crate) fn phone_digits(text: &str) -> String {
    let number = text.split(['x', 'X', 'д', 'Д', ';', ',', '#']).find(|part| 5 <= part.bytes().filter(u8::is_ascii_digit).count());
    let digits: String = number.unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let start = digits.len().saturating_sub(10);
    let digits = &digits[start..];
    let repeated = digits.bytes().all(|digit| digits.as_bytes()[0] == digit);
    if digits.len() < 5 || repeated { String::new() } else { digits.to_owned() }
}

/// An e-mail address in lower case; empty where there is no `@` with something on both sides.
pub(crate) fn email_address(text: &str) -> String {
    let address: String = text.trim().trim_start_matches("mailto:").to_lowercase();
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => address,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_latin_and_lower_case() {
        assert_eq!(folded("  Ivanov-Petrov,  ÁNGEL "), "ivanov petrov angel");
        assert_eq!(folded("Игорь О’Нил"), "igor onil");
        assert_eq!(folded("王小明"), "wang xiaoming");
        assert_eq!(folded("N/A"), "");
        assert_eq!(folded(" - "), "");
    }

    #[test]
    fn one_number_written_in_many_ways() {
        for number in ["8 (912) 345-67-89", "+7 912 345 67 89", "79123456789", "9123456789", "007 912 345-67-89 доб. 12"] {
            assert_eq!(phone_digits(number), "9123456789", "{number}");
        }
        assert_eq!(phone_digits("000-00-00"), "");
        assert_eq!(phone_digits("нет"), "");
        assert_eq!(phone_digits("1111111"), "");
    }

    #[test]
    fn an_address_has_two_sides() {
        assert_eq!(email_address(" Ana@Example.COM "), "ana@example.com");
        assert_eq!(email_address("none"), "");
    }
}
