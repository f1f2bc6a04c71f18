//! Days of birth.

use crate::similarity::edits;

/// Years that a day of birth can plausibly have.
const YEARS: std::ops::RangeInclusive<u32> = 1000..=2199;

/// A day as `yyyymmdd`, from any usual notation; a year alone as `yyyy0000`; empty for what is no day.
///
/// Impossible days (the 41st) are kept as typed: they are somebody's slip of a finger, and still compare. With the year last, the day is taken to come
/// before the month, unless the second number can be no month.
pub(super) fn day(text: &str) -> String {
    let date = text.trim().split(['T', 't']).next().unwrap_or_default();
    let mut numbers = date.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
    let (first, second, third) = (numbers.next().unwrap_or_default(), numbers.next(), numbers.next());
    match (second, third) {
        (None, _) => from_digits(first),
        (Some(month), Some(day)) if first.len() == 4 => join(first, month, day),
        (Some(month), Some(year)) => from_year_last(first, month, year),
        (Some(_), None) => String::new(),
    }
}

fn from_digits(digits: &str) -> String {
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(0u32);
    let is_year = |from: usize| YEARS.contains(&number(from, from + 4));
    let is_day = |day: usize, month: usize| (1..=31).contains(&number(day, day + 2)) && (1..=12).contains(&number(month, month + 2));
    match digits.len() {
        8 if is_year(4) && is_day(0, 2) && !(is_year(0) && is_day(6, 4)) => from_year_last(&digits[..2], &digits[2..4], &digits[4..]),
        8 => digits.to_owned(),
        4 if is_year(0) => format!("{digits}0000"),
        _ => String::new(),
    }
}

fn from_year_last(first: &str, second: &str, year: &str) -> String {
    let month_comes_first = second.parse().is_ok_and(|month: u32| 12 < month);
    let (day, month) = if month_comes_first { (second, first) } else { (first, second) };
    let year = match (year.len(), year.parse::<u32>()) {
        (2, Ok(short)) if short < 30 => format!("20{year}"),
        (2, Ok(_)) => format!("19{year}"),
        _ => year.to_owned(),
    };
    join(&year, month, day)
}

fn join(year: &str, month: &str, day: &str) -> String {
    if year.len() != 4 || 2 < month.len() || 2 < day.len() {
        return String::new();
    }
    format!("{year}{month:0>2}{day:0>2}")
}

/// Both as [`day`] writes them.
pub(super) fn level(left: &str, right: &str) -> u8 {
    let (year, month, date) = parts(left);
    let (other_year, other_month, other_date) = parts(right);
    let swapped = year == other_year && month == other_date && date == other_month;
    if swapped || edits(left.as_bytes(), right.as_bytes(), 1) == 1 {
        return 1;
    }
    let same = usize::from(year == other_year) + usize::from(month == other_month) + usize::from(date == other_date);
    match (same, year == other_year) {
        (2, _) => 2,
        (_, true) => 3,
        _ if close(year, other_year) => 4,
        _ => 5,
    }
}

fn parts(day: &str) -> (&str, &str, &str) {
    debug_assert_eq!(day.len(), 8);
    (&day[..4], &day[4..6], &day[6..])
}

fn close(year: &str, other: &str) -> bool {
    match (year.parse::<u32>(), other.parse::<u32>()) {
        (Ok(year), Ok(other)) => year.abs_diff(other) <= 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn usual_notations_are_one_day() {
        for text in ["1980-03-12", "19800312", "12.03.1980", "12/3/1980", "1980/3/12", "1980-03-12T00:00:00Z", "12.03.80", "12031980"] {
            assert_eq!(day(text), "19800312", "{text}");
        }
        assert_eq!(day("03/25/1980"), "19800325");
        assert_eq!(day("1980"), "19800000");
        assert_eq!(day("spring"), "");
    }
}
