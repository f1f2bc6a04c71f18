//! What rows and columns of a pivot go by.

use forecourt_model::time::{SECOND_US, day_text};
use jiff::{civil, tz::TimeZone};

use crate::calendar::Grain;

/// Columns of `events` that a pivot may go by.
const COLUMNS: [&str; 13] = [
    "channel",
    "region",
    "utm_source",
    "utm_medium",
    "campaign",
    "dealer",
    "model",
    "event",
    "type",
    "source",
    "currency",
    "session_id",
    "url",
];

const GRAINS: [(&str, Grain); 5] =
    [("day", Grain::Day), ("week", Grain::Week), ("month", Grain::Month), ("quarter", Grain::Quarter), ("year", Grain::Year)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// A column of `events`; other tables may have it too.
    Column(&'static str),
    Time(Grain),
}

/// Every name that [`Dimension::named`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    COLUMNS.into_iter().chain(GRAINS.map(|(name, _)| name))
}

impl Dimension {
    pub fn named(name: &str) -> Option<Self> {
        let grain = GRAINS.into_iter().find(|(known, _)| *known == name).map(|(_, grain)| Self::Time(grain));
        grain.or_else(|| COLUMNS.into_iter().find(|known| *known == name).map(Self::Column))
    }

    pub fn is_time(self) -> bool {
        matches!(self, Self::Time(_))
    }

    /// Whether the rows of a table can be told apart by it.
    ///
    /// * `columns`: of the table.
    pub fn is_of(self, columns: &[&str]) -> bool {
        match self {
            Self::Column(name) => columns.contains(&name),
            Self::Time(_) => true,
        }
    }
}

/// The first moment of a day, counted from 1970, in a zone.
pub fn midnight_us(day: i32, zone: &TimeZone) -> i64 {
    let utc_us = i64::from(day) * 86_400 * SECOND_US;
    let date: Option<civil::Date> = day_text(day).parse().ok();
    date.and_then(|date| date.to_zoned(zone.clone()).ok()).map_or(utc_us, |zoned| zoned.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use forecourt_model::time::parse_us;

    use super::*;

    #[test]
    fn a_moment_is_named_in_the_zone() {
        let kyiv = TimeZone::get("Europe/Kyiv").expect("a zone");
        let late_us = parse_us("2025-12-31T22:30:00Z").expect("a time");
        let named = |zone: &TimeZone| GRAINS.map(|(_, grain)| grain.name_of(late_us, zone));
        assert_eq!(named(&TimeZone::UTC), ["2025-12-31", "2025-12-29", "2025-12", "2025-Q4", "2025"]);
        assert_eq!(named(&kyiv), ["2026-01-01", "2025-12-29", "2026-01", "2026-Q1", "2026"]);
    }

    #[test]
    fn a_day_begins_at_its_midnight() {
        let kyiv = TimeZone::get("Europe/Kyiv").expect("a zone");
        let day = forecourt_model::time::day(parse_us("2026-07-01").expect("a day"));
        assert_eq!(Some(midnight_us(day, &kyiv)), parse_us("2026-06-30T21:00:00Z"));
        assert_eq!(Some(midnight_us(day, &TimeZone::UTC)), parse_us("2026-07-01"));
    }
}
