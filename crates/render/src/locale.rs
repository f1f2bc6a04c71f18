//! Dates, amounts and words with numbers as languages write them. Pure text: no clock, no table of zones.

use std::fmt::Write as _;

/// Narrow and unbreakable, so that an amount stays on one line.
const THIN_SPACE: char = '\u{202f}';

const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
/// After a day: «23 ноября».
const MONTHS_RU: [&str; 12] =
    ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"];
const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_RU: [&str; 7] = ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"];

struct Moment {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
}

/// Writes an ISO date or moment by `format`, at the local time that it states.
pub(crate) fn date(iso: &str, format: &str, language: &str) -> Result<String, String> {
    let moment = read(iso.trim()).ok_or_else(|| "`date` needs a date such as 2026-11-23 or 2026-11-23T10:30".to_owned())?;
    let is_russian = language == "ru";
    let month = usize::try_from(moment.month - 1).unwrap_or_default();
    let month = if is_russian { MONTHS_RU[month] } else { MONTHS_EN[month] };
    let day = if is_russian { DAYS_RU[weekday(&moment)] } else { DAYS_EN[weekday(&moment)] };
    let mut out = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let padded = match letters.next() {
            Some('-') => None,
            other => Some(other),
        };
        let (is_padded, code) = match padded {
            Some(code) => (true, code),
            None => (false, letters.next()),
        };
        let number = match code {
            Some('d') => moment.day,
            Some('m') => moment.month,
            Some('H') => moment.hour,
            Some('M') => moment.minute,
            Some('y') => moment.year % 100,
            Some('Y') => {
                let _ = write!(out, "{:04}", moment.year);
                continue;
            }
            Some('B') => {
                out.push_str(month);
                continue;
            }
            Some('b') => {
                out.extend(month.chars().take(3));
                continue;
            }
            Some('A') => {
                out.push_str(day);
                continue;
            }
            Some('%') => {
                out.push('%');
                continue;
            }
            _ => return Err("`date` knows %d %-d %m %-m %B %b %Y %y %H %M %A %%".into()),
        };
        let _ = if is_padded { write!(out, "{number:02}") } else { write!(out, "{number}") };
    }
    Ok(out)
}

fn read(iso: &str) -> Option<Moment> {
    let (date, time) = iso.split_at_checked(10)?;
    let mut parts = date.split('-').map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let (hour, minute) = match time.strip_prefix(['T', ' ']) {
        Some(time) => (time.get(..2)?.parse().ok()?, time.get(3..5)?.parse().ok()?),
        None if time.is_empty() => (0, 0),
        None => return None,
    };
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let is_real = parts.next().is_none() && (1..=12).contains(&month) && (1..=days).contains(&day) && hour < 24 && minute < 60;
    is_real.then_some(Moment { year, month, day, hour, minute })
}

/// 0 for Monday. Source: Sakamoto's method.
fn weekday(moment: &Moment) -> usize {
    let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][usize::try_from(moment.month - 1).unwrap_or_default()];
    let year = if moment.month < 3 { moment.year - 1 } else { moment.year };
    let from_sunday = (year + year / 4 - year / 100 + year / 400 + shift + moment.day).rem_euclid(7);
    usize::try_from((from_sunday + 6) % 7).unwrap_or_default()
}

/// A number with its thousands apart; cents only where there are some.
pub(crate) fn number(amount: f64, language: &str) -> String {
    let (between, point) = match language {
        "en" | "zh" | "ja" | "ko" => (',', '.'),
        "de" | "es" | "it" | "pt" | "nl" | "tr" | "id" => ('.', ','),
        _ => (THIN_SPACE, ','),
    };
    let rounded = (amount * 100.0).round() / 100.0;
    let plain = if rounded.fract() == 0.0 { format!("{:.0}", rounded.abs()) } else { format!("{:.2}", rounded.abs()) };
    let (digits, cents) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::with_capacity(plain.len() * 2);
    if rounded < 0.0 {
        out.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(between);
        }
        out.push(digit);
    }
    if !cents.is_empty() {
        out.push(point);
        out.push_str(cents);
    }
    out
}

/// An amount with its currency's sign where the language has it.
pub(crate) fn money(amount: f64, currency: &str, language: &str) -> String {
    let sign: String = match currency {
        "RUB" => "₽".into(),
        "EUR" => "€".into(),
        "USD" => "$".into(),
        "GBP" => "£".into(),
        "CNY" => "¥".into(),
        "KZT" => "₸".into(),
        other => other.chars().take(8).collect(),
    };
    let digits = number(amount, language);
    match (sign.as_str(), language) {
        ("", _) => digits,
        ("$" | "€" | "£" | "¥", "en" | "zh") => match digits.strip_prefix('−') {
            Some(digits) => format!("−{sign}{digits}"),
            None => format!("{sign}{digits}"),
        },
        _ => format!("{digits}\u{a0}{sign}"),
    }
}

/// Which of `forms` goes with a number: two as in English (one, many), three as in Russian (один, два, пять).
pub(crate) fn plural_form(amount: f64, forms: usize) -> Result<usize, String> {
    let is_whole = amount.fract() == 0.0 && amount.abs() < 9e15;
    let whole = if is_whole { amount.abs() as u64 } else { 0 };
    match forms {
        2 => Ok(usize::from(!(is_whole && whole == 1))),
        3 if !is_whole => Ok(1),
        3 => Ok(match (whole % 10, whole % 100) {
            (1, rest) if rest != 11 => 0,
            (2..=4, rest) if !(12..=14).contains(&rest) => 1,
            _ => 2,
        }),
        _ => Err("`plural` takes two forms (\"car\", \"cars\") or three («машина», «машины», «машин»)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        assert_eq!(date("2026-11-23", "%-d %B %Y", "ru").as_deref(), Ok("23 ноября 2026"));
        assert_eq!(date("2026-03-05T09:07:00Z", "%A, %b %-d at %H:%M", "en").as_deref(), Ok("Thursday, Mar 5 at 09:07"));
        assert_eq!(date("2024-02-29", "%d.%m.%y %%", "en").as_deref(), Ok("29.02.24 %"));
        for wrong in ["", "2026-13-01", "2025-02-29", "23.11.2026", "2026-11-23T25:00", "tomorrow", "2026-11-2é"] {
            assert!(date(wrong, "%d", "en").is_err(), "{wrong}");
        }
        assert!(date("2026-11-23", "%Q", "en").is_err());
    }

    #[test]
    fn amounts_keep_their_thousands_apart() {
        assert_eq!(money(1_234_567.0, "RUB", "ru"), "1\u{202f}234\u{202f}567\u{a0}₽");
        assert_eq!(money(-1234.5, "USD", "en"), "−$1,234.50");
        assert_eq!(money(1234.0, "EUR", "de"), "1.234\u{a0}€");
        assert_eq!(money(999.0, "", "en"), "999");
        assert_eq!(number(0.004, "en"), "0");
    }

    #[test]
    fn words_agree_with_numbers() {
        let russian = |n: f64| ["день", "дня", "дней"][plural_form(n, 3).unwrap()];
        let said: Vec<&str> = [1.0, 2.0, 5.0, 11.0, 12.0, 21.0, 22.0, 111.0, 1.5, 0.0].map(russian).into();
        assert_eq!(said, ["день", "дня", "дней", "дней", "дней", "день", "дня", "дней", "дня", "дней"]);
        assert_eq!([0.0, 1.0, 2.0, 1.5].map(|n| plural_form(n, 2).unwrap()), [1, 0, 1, 1]);
        assert!(plural_form(1.0, 1).is_err());
    }
}
