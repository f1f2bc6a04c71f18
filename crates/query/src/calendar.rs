//! Days, weeks and months of a time zone.

use jiff::{Span, Timestamp, ToSpan, civil, tz::TimeZone};

use crate::QueryError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    /// The name of the day, week (its Monday), month, quarter or year that a moment lies in: `2026-01-31`, `2026-01-26`,
    /// `2026-01`, `2026-Q1`, `2026`. The order of names is the order of time.
    pub fn name_of(self, ts_us: i64, zone: &TimeZone) -> String {
        let Ok(timestamp) = Timestamp::from_microsecond(ts_us) else { return String::new() };
        self.name_of_date(timestamp.to_zoned(zone.clone()).date())
    }

    pub fn name_of_date(self, date: civil::Date) -> String {
        match self {
            Self::Day => date.to_string(),
            Self::Week => self.first_day(date).to_string(),
            Self::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Self::Quarter => format!("{:04}-Q{}", date.year(), (date.month() + 2) / 3),
            Self::Year => format!("{:04}", date.year()),
        }
    }

    /// The first day of the day, week, month, quarter or year that a date lies in.
    fn first_day(self, date: civil::Date) -> civil::Date {
        match self {
            Self::Day => date,
            Self::Week => {
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(since_monday.days()).unwrap_or(date)
            }
            Self::Month => date.first_of_month(),
            Self::Quarter => civil::Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).unwrap_or(date),
            Self::Year => date.first_of_year(),
        }
    }

    fn length(self) -> Span {
        match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        }
    }
}

/// The days, weeks or months that a stretch of time touches, numbered from 0.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    first_days: Vec<civil::Date>,
    /// The beginnings, and behind them the end of the last.
    starts_us: Vec<i64>,
}

impl Calendar {
    /// * `from_us`, `until_us`: the first and the last moment, both inside.
    /// * `max`: a longer calendar is refused.
    pub fn of(grain: Grain, zone: &TimeZone, from_us: i64, until_us: i64, max: usize) -> Result<Self, QueryError> {
        let mut calendar = Self { first_days: Vec::new(), starts_us: Vec::new() };
        if until_us < from_us {
            return Ok(calendar);
        }
        let out_of_time = || QueryError::invalid("`from` is out of any calendar: write a date such as `2026-01-31`");
        let first = Timestamp::from_microsecond(from_us).map_err(|_| out_of_time())?;
        let mut day = grain.first_day(first.to_zoned(zone.clone()).date());
        loop {
            let start = day.to_zoned(zone.clone()).map_err(|_| out_of_time())?;
            let start_us = start.timestamp().as_microsecond();
            calendar.starts_us.push(start_us);
            if until_us < start_us {
                return Ok(calendar);
            }
            if calendar.first_days.len() == max {
                return Err(QueryError::Invalid(format!(
                    "more than {max} periods lie between `from` and the last event: set a later `from`, or take longer ones"
                )));
            }
            calendar.first_days.push(day);
            day = day.checked_add(grain.length()).map_err(|_| out_of_time())?;
        }
    }

    /// How many periods there are.
    pub fn len(&self) -> usize {
        self.first_days.len()
    }

    /// The period that a moment lies in.
    pub fn number(&self, ts_us: i64) -> Option<usize> {
        let at = self.starts_us.partition_point(|&start_us| start_us <= ts_us);
        at.checked_sub(1).filter(|at| *at < self.len())
    }

    pub fn start_us(&self, at: usize) -> i64 {
        self.starts_us[at]
    }

    pub fn end_us(&self, at: usize) -> i64 {
        self.starts_us[at + 1]
    }

    /// `2026-01-26`.
    pub fn name(&self, at: usize) -> String {
        self.first_days[at].to_string()
    }
}

#[cfg(test)]
mod tests {
    use forecourt_model::time::parse_us;

    use super::*;

    #[test]
    fn a_calendar_has_every_period_that_is_touched() {
        let kyiv = TimeZone::get("Europe/Kyiv").expect("a zone");
        let us = |text: &str| parse_us(text).expect("a time");
        let months = Calendar::of(Grain::Month, &kyiv, us("2025-12-31T22:00:00Z"), us("2026-02-28T21:59:59Z"), 99).expect("a calendar");
        assert_eq!((0..months.len()).map(|at| months.name(at)).collect::<Vec<_>>(), ["2026-01-01", "2026-02-01"]);
        assert_eq!(months.number(us("2026-01-31T21:59:59Z")), Some(0));
        assert_eq!(months.number(us("2026-01-31T22:00:00Z")), Some(1));
        assert_eq!((months.number(us("2025-12-31T21:59:59Z")), months.number(us("2026-02-28T22:00:00Z"))), (None, None));
        // The day of a clock change has 23 hours.
        let days = Calendar::of(Grain::Day, &kyiv, us("2026-03-29T00:00:00Z"), us("2026-03-29T00:00:00Z"), 1).expect("a calendar");
        assert_eq!(days.end_us(0) - days.start_us(0), 23 * 3_600_000_000);
        let weeks = Calendar::of(Grain::Week, &kyiv, us("2026-01-01"), us("2026-01-05"), 9).expect("a calendar");
        assert_eq!((weeks.len(), weeks.name(0)), (2, "2025-12-29".to_owned()));
        assert!(Calendar::of(Grain::Day, &kyiv, us("2026-01-01"), us("2026-01-05"), 3).is_err());
        assert_eq!(Calendar::of(Grain::Day, &kyiv, 5, 4, 3).expect("an empty calendar").len(), 0);
    }
}
