//! Times: microseconds since 1970 UTC, as `i64`, in names that end in `_us`.

use jiff::{Timestamp, civil, tz::TimeZone};

pub const SECOND_US: i64 = 1_000_000;
pub const MINUTE_US: i64 = 60 * SECOND_US;
pub const HOUR_US: i64 = 60 * MINUTE_US;
pub const DAY_US: i64 = 24 * HOUR_US;

/// Earliest time an event may claim: 1980-01-01. Anything before is a broken clock, not history.
pub const EARLIEST_US: i64 = 315_532_800 * SECOND_US;

/// Reads a time as senders write it: ISO 8601 with or without a zone (then UTC), a bare date, or a number of
/// seconds or milliseconds since 1970.
///
/// Returns `None` for anything else; range is the caller's matter.
pub fn parse_us(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    if let Ok(datetime) = text.trim_end_matches(['Z', 'z']).parse::<civil::DateTime>() {
        // The last day of the year 9999 is a time too, only none that can be told apart from the day before.
        return Some(datetime.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX.as_microsecond(), |zoned| zoned.timestamp().as_microsecond()));
    }
    text.parse::<f64>().ok().and_then(number_us)
}

/// Reads a number as seconds or milliseconds since 1970: above 10^11 it can only be milliseconds.
pub fn number_us(number: f64) -> Option<i64> {
    if !number.is_finite() {
        return None;
    }
    let us = if number.abs() >= 1e11 { number * 1e3 } else { number * 1e6 };
    (us.abs() < 9e18).then_some(us as i64)
}

/// Writes a time as ISO 8601 UTC with milliseconds, as the API shows it.
pub fn iso(us: i64) -> String {
    match Timestamp::from_microsecond(us) {
        Ok(timestamp) => format!("{timestamp:.3}"),
        Err(_) => us.to_string(),
    }
}

/// Days since 1970-01-01 UTC.
pub fn day(us: i64) -> i32 {
    us.div_euclid(DAY_US) as i32
}

/// Days since 1970 of the calendar day that `us` falls on in `zone`.
pub fn local_day(us: i64, zone: &TimeZone) -> i32 {
    match Timestamp::from_microsecond(us) {
        Ok(timestamp) => day(us + i64::from(zone.to_offset(timestamp).seconds()) * SECOND_US),
        Err(_) => day(us),
    }
}

/// Days since 1970 of a date, or of the day in `zone` that a moment falls on.
pub fn date_day(text: &str, zone: &TimeZone) -> Option<i32> {
    let text = text.trim();
    match text.parse::<civil::Date>() {
        Ok(date) if text.len() <= 10 => date.to_zoned(TimeZone::UTC).ok().map(|midnight| day(midnight.timestamp().as_microsecond())),
        _ => parse_us(text).map(|us| local_day(us, zone)),
    }
}

/// The first moment of a day in `zone`; `None` beyond the calendar.
pub fn day_start_us(day: i32, zone: &TimeZone) -> Option<i64> {
    let date = Timestamp::from_microsecond(i64::from(day) * DAY_US).ok()?.to_zoned(TimeZone::UTC).date();
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

/// Writes a day number as `YYYY-MM-DD`.
pub fn day_text(day: i32) -> String {
    iso(i64::from(day) * DAY_US).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_senders_use_are_read() {
        let noon = 1_767_268_800 * SECOND_US;
        for text in ["2026-01-01T12:00:00Z", "2026-01-01T14:00:00+02:00", "2026-01-01 12:00:00", "1767268800", "1767268800000"] {
            assert_eq!(parse_us(text), Some(noon), "{text}");
        }
        assert_eq!(parse_us("2026-01-01"), Some(noon - 12 * HOUR_US));
        assert!(parse_us("9999-12-31T23:59:59Z").is_some_and(|us| noon < us));
        assert_eq!(parse_us("yesterday"), None);
        assert_eq!(parse_us("NaN"), None);
        assert_eq!(iso(noon), "2026-01-01T12:00:00.000Z");
        assert_eq!(day_text(day(noon)), "2026-01-01");
    }
}
