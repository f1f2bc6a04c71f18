//! Times as files write them.

use forecourt_model::{
    Refusal, RefusalCode,
    time::{self, DAY_US, EARLIEST_US, HOUR_US, MINUTE_US, SECOND_US},
};
use jiff::{Timestamp, fmt::strtime, tz::TimeZone};

use super::{ImportError, Pick, block::Cell, mapping::MonthSequence};

/// How one column's times are read.
pub struct MomentReader {
    unit: Option<Unit>,
    zone: Option<TimeZone>,
    format: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// Days since 1899-12-30, as spreadsheets count.
    Days,
}

#[derive(Debug, PartialEq, Eq)]
pub enum BadMoment {
    Unreadable,
    /// `03/04/2026`: the third of April or the fourth of March.
    Ambiguous,
}

/// A written time: with its zone, or as a clock on some wall showed it.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    Instant(i64),
    Civil(i64),
}

impl MomentReader {
    /// Errors: [`ImportError::Mapping`] for an unknown unit, zone or format.
    pub fn new(field: &str, pick: &Pick) -> Result<Self, ImportError> {
        let unit = match pick.unit.as_deref() {
            None => None,
            Some("s") => Some(Unit::Seconds),
            Some("ms") => Some(Unit::Milliseconds),
            Some("us") => Some(Unit::Microseconds),
            Some("ns") => Some(Unit::Nanoseconds),
            Some("days") => Some(Unit::Days),
            Some(other) => return Err(ImportError::Mapping(format!("`{field}` has the unit `{other}`: use s, ms, us, ns or days"))),
        };
        let zone = match pick.zone.as_deref() {
            None | Some("UTC") => None,
            Some(name) => Some(TimeZone::get(name).map_err(|_| {
                ImportError::Mapping(format!(
                    "`{field}` has the zone `{name}`, which this machine does not know: write it as `Europe/Kyiv`"
                ))
            })?),
        };
        Ok(Self { unit, zone, format: pick.format.clone() })
    }

    /// Microseconds since 1970 UTC.
    pub fn read(&self, cell: &Cell<'_>) -> Result<i64, BadMoment> {
        let written = match cell {
            Cell::Instant(us) => Written::Instant(*us),
            Cell::Civil(us) => Written::Civil(*us),
            Cell::Int(number) => self.number(*number as f64)?,
            Cell::Float(number) => self.number(*number)?,
            Cell::Text(text) | Cell::Json(text) => self.text(text.trim())?,
            Cell::Bool(_) | Cell::Empty => return Err(BadMoment::Unreadable),
        };
        match written {
            Written::Instant(us) => Ok(us),
            Written::Civil(us) => self.at_zone(us),
        }
    }

    fn at_zone(&self, civil_us: i64) -> Result<i64, BadMoment> {
        let Some(zone) = &self.zone else { return Ok(civil_us) };
        let civil = Timestamp::from_microsecond(civil_us).map_err(|_| BadMoment::Unreadable)?.to_zoned(TimeZone::UTC).datetime();
        // A time that a change of clocks skips or repeats takes the earlier offset, as calendars do.
        let zoned = zone.to_ambiguous_zoned(civil).compatible().map_err(|_| BadMoment::Unreadable)?;
        Ok(zoned.timestamp().as_microsecond())
    }

    fn number(&self, number: f64) -> Result<Written, BadMoment> {
        let us = match self.unit {
            Some(Unit::Days) => return spreadsheet_days(number).map(Written::Civil).ok_or(BadMoment::Unreadable),
            Some(Unit::Seconds) => number * 1e6,
            Some(Unit::Milliseconds) => number * 1e3,
            Some(Unit::Microseconds) => number,
            Some(Unit::Nanoseconds) => number / 1e3,
            None if 1e17 <= number.abs() => number / 1e3,
            None if 1e14 <= number.abs() => number,
            None => return time::number_us(number).map(Written::Instant).ok_or(BadMoment::Unreadable),
        };
        (us.is_finite() && us.abs() < 9e18).then_some(Written::Instant(us as i64)).ok_or(BadMoment::Unreadable)
    }

    fn text(&self, text: &str) -> Result<Written, BadMoment> {
        if let Some(format) = &self.format {
            return by_format(format, text).ok_or(BadMoment::Unreadable);
        }
        if let Some(written) = iso(text) {
            return Ok(written);
        }
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        if plain && let Ok(number) = text.parse::<f64>() {
            return self.number(number);
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Ok(Written::Instant(timestamp.as_microsecond()));
        }
        numeric_date(text)
    }
}

fn by_format(format: &str, text: &str) -> Option<Written> {
    let parsed = strtime::parse(format, text).ok()?;
    if let Ok(timestamp) = parsed.to_timestamp() {
        return Some(Written::Instant(timestamp.as_microsecond()));
    }
    let datetime = parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
    Some(Written::Civil(datetime.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond()))
}

/// From here on a date is a placeholder such as 9999-12-31: 2200-01-01.
const PLACEHOLDERS_US: i64 = 7_258_118_400 * SECOND_US;

/// Lets through what may be the time of a row.
///
/// Errors: [`RefusalCode::InvalidTimestamp`] before 1980 and from 2200 on.
pub fn within_reason(at_us: i64) -> Result<i64, Refusal> {
    if (EARLIEST_US..PLACEHOLDERS_US).contains(&at_us) {
        return Ok(at_us);
    }
    let told = format!("the row is dated {}: real dates lie between 1980 and 2200", time::iso(at_us).chars().take(10).collect::<String>());
    Err(Refusal::new(RefusalCode::InvalidTimestamp, told))
}

/// Days since 1899-12-30, as a civil time; `None` outside the years 1904 to 2199.
fn spreadsheet_days(days: f64) -> Option<i64> {
    (1_462.0..109_575.0).contains(&days).then(|| ((days - 25_569.0) * DAY_US as f64).round() as i64)
}

/// The common forms of ISO 8601, without a detour: `2026-01-31`, `2026-01-31 10:00`, `2026-01-31T10:00:00.123Z`.
fn iso(text: &str) -> Option<Written> {
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let day_us = civil_day(digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?)? * DAY_US;
    if bytes.len() == 10 {
        return Some(Written::Civil(day_us));
    }
    if !matches!(bytes[10], b' ' | b'T') || bytes.len() < 16 {
        return None;
    }
    let (clock_us, rest) = clock(&bytes[11..])?;
    match rest {
        b"" => Some(Written::Civil(day_us + clock_us)),
        b"Z" => Some(Written::Instant(day_us + clock_us)),
        _ => None,
    }
}

/// `10:00`, `10:00:00`, `10:00:00.123456`, `9:05`; and what follows.
fn clock(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let colon = bytes.iter().position(|byte| *byte == b':').filter(|at| (1..=2).contains(at))?;
    let hour = digits(&bytes[..colon])?;
    let minute = digits(bytes.get(colon + 1..colon + 3)?)?;
    let mut rest = &bytes[colon + 3..];
    let (mut second, mut fraction_us) = (0, 0);
    if rest.first() == Some(&b':') {
        second = digits(rest.get(1..3)?)?;
        rest = &rest[3..];
        if matches!(rest.first(), Some(b'.' | b',')) {
            let length = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let mut scale = SECOND_US;
            for digit in &rest[1..=length] {
                scale /= 10;
                fraction_us += i64::from(digit - b'0') * scale;
            }
            rest = &rest[1 + length..];
        }
    }
    let valid = hour < 24 && minute < 60 && second < 60;
    valid.then_some((hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + fraction_us, rest))
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// Days since 1970 of a date of the Gregorian calendar; `None` for one that does not exist.
fn civil_day(year: i64, month: i64, day: i64) -> Option<i64> {
    const DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1..=12).contains(&month) || !(1..=9_999).contains(&year) {
        return None;
    }
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = DAYS[(month - 1) as usize] + i64::from(month == 2 && leap);
    if !(1..=length).contains(&day) {
        return None;
    }
    // The year is counted from March, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Dates in figures with other marks: `31.01.2026 10:00`, `2026/1/31`, `31/01/26`, `2026年1月31日`, `1/31/2026 3:05 PM`.
fn numeric_date(text: &str) -> Result<Written, BadMoment> {
    let text = text.replace(['年', '月'], "/").replace('日', " ");
    let (date, clock_text) = match text.trim().split_once([' ', 'T', ',']) {
        Some((date, rest)) => (date, rest.trim_start_matches([' ', ',']).trim()),
        None => (text.trim(), ""),
    };
    let mark = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '.' | '/' | '-')).ok_or(BadMoment::Unreadable)?;
    let mut parts = date.split(mark);
    let (Some(first), Some(second), Some(third), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(BadMoment::Unreadable);
    };
    let number = |part: &str| (1..=4).contains(&part.len()).then(|| digits(part.as_bytes())).flatten().ok_or(BadMoment::Unreadable);
    let (a, b, c) = (number(first)?, number(second)?, number(third)?);
    let (year, month, day) = if first.len() == 4 {
        (a, b, c)
    } else {
        let year = if third.len() == 4 { c } else { c + if c < 70 { 2_000 } else { 1_900 } };
        match (mark, 12 < a, 12 < b) {
            // Only the slash is written in both orders.
            ('/', false, false) if a != b => return Err(BadMoment::Ambiguous),
            ('/', false, true) => (year, a, b),
            _ => (year, b, a),
        }
    };
    let day_us = civil_day(year, month, day).ok_or(BadMoment::Unreadable)? * DAY_US;
    clock_of_day(clock_text).map(|clock_us| Written::Civil(day_us + clock_us)).ok_or(BadMoment::Unreadable)
}

fn clock_of_day(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (us, rest) = clock(text.as_bytes())?;
    match rest.trim_ascii().to_ascii_lowercase().as_slice() {
        b"" => Some(us),
        b"am" if us < 13 * HOUR_US => Some(us % (12 * HOUR_US)),
        b"pm" if us < 13 * HOUR_US => Some(us % (12 * HOUR_US) + 12 * HOUR_US),
        _ => None,
    }
}

/// Walks through the months of a file in date order.
pub struct MonthWalk {
    year: i16,
    month: i64,
}

impl MonthWalk {
    pub fn new(sequence: &MonthSequence) -> Self {
        Self { year: sequence.from_year, month: 0 }
    }

    /// The first of the month that `text` names, in the year that the walk has reached.
    pub fn step(&mut self, text: &str) -> Option<i64> {
        let month = month_number(text)?;
        if month < self.month {
            self.year += 1;
        }
        self.month = month;
        Some(civil_day(i64::from(self.year), month, 1)? * DAY_US)
    }
}

fn month_number(text: &str) -> Option<i64> {
    const NAMES: [[&str; 2]; 12] = [
        ["jan", "янв"],
        ["feb", "фев"],
        ["mar", "мар"],
        ["apr", "апр"],
        ["may", "ма"],
        ["jun", "июн"],
        ["jul", "июл"],
        ["aug", "авг"],
        ["sep", "сен"],
        ["oct", "окт"],
        ["nov", "ноя"],
        ["dec", "дек"],
    ];
    let lower = text.trim().to_lowercase();
    if let Ok(number) = lower.trim_end_matches('月').parse::<i64>() {
        return (1..=12).contains(&number).then_some(number);
    }
    let at = NAMES.iter().position(|names| names.iter().any(|name| lower.starts_with(name)))?;
    Some(at as i64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, pick: Pick) -> String {
        let reader = MomentReader::new("timestamp", &pick).unwrap_or_else(|error| panic!("{error}"));
        match reader.read(&Cell::Text(text.into())) {
            Ok(us) => time::iso(us),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn the_forms_of_files_are_read() {
        let vectors = [
            ("2026-01-31", "2026-01-31T00:00:00.000Z"),
            ("2026-01-31 10:05", "2026-01-31T10:05:00.000Z"),
            ("2026-01-31T10:05:06.789Z", "2026-01-31T10:05:06.789Z"),
            ("2026-01-31T10:05:06+02:00", "2026-01-31T08:05:06.000Z"),
            ("31.01.2026 9:05", "2026-01-31T09:05:00.000Z"),
            ("31.01.26", "2026-01-31T00:00:00.000Z"),
            ("31/01/2026", "2026-01-31T00:00:00.000Z"),
            ("1/31/2026 3:05 PM", "2026-01-31T15:05:00.000Z"),
            ("12/12/2026", "2026-12-12T00:00:00.000Z"),
            ("03/04/2026", "Ambiguous"),
            ("2026/1/31", "2026-01-31T00:00:00.000Z"),
            ("2026年1月31日", "2026-01-31T00:00:00.000Z"),
            ("1769853600", "2026-01-31T10:00:00.000Z"),
            ("1769853600000", "2026-01-31T10:00:00.000Z"),
            ("1769853600000000", "2026-01-31T10:00:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("2026-02-29", "Unreadable"),
            ("31.13.2026", "Unreadable"),
            ("yesterday", "Unreadable"),
            ("", "Unreadable"),
        ];
        for (text, expected) in vectors {
            assert_eq!(read(text, Pick::default()), expected, "{text}");
        }
    }

    #[test]
    fn a_mapping_names_zone_unit_and_format() {
        let zone = Pick { zone: Some("Europe/Kyiv".into()), ..Pick::default() };
        assert_eq!(read("2026-07-01 12:00", zone), "2026-07-01T09:00:00.000Z");
        let days = Pick { unit: Some("days".into()), ..Pick::default() };
        assert_eq!(read("46053.5", days), "2026-01-31T12:00:00.000Z");
        let american = Pick { format: Some("%m/%d/%Y".into()), ..Pick::default() };
        assert_eq!(read("03/04/2026", american), "2026-03-04T00:00:00.000Z");
        let wrong = Pick { zone: Some("Kyiv".into()), ..Pick::default() };
        assert!(MomentReader::new("timestamp", &wrong).is_err());
    }

    #[test]
    fn a_step_back_in_the_month_begins_a_year() {
        let mut walk = MonthWalk::new(&MonthSequence { column: "month".into(), from_year: 2008 });
        let days: Vec<_> = ["may", "jun", "dec", "mar", "март", "3"].iter().filter_map(|month| walk.step(month)).map(time::iso).collect();
        let starts: Vec<_> = days.iter().map(|day| &day[..7]).collect();
        assert_eq!(starts, ["2008-05", "2008-06", "2008-12", "2009-03", "2009-03", "2009-03"]);
        assert_eq!(walk.step("someday"), None);
    }

    proptest::proptest! {
        #[test]
        fn days_agree_with_the_calendar_library(day in -700_000i64..2_900_000) {
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day));
            if let Ok(date) = date {
                proptest::prop_assert_eq!(civil_day(date.year().into(), date.month().into(), date.day().into()), (0 < date.year()).then_some(day));
            }
        }
    }
}
