//! The time that a report is about.

use forecourt_model::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use jiff::{Timestamp, civil, tz::TimeZone};

use crate::QueryError;

/// `from_us ≤ ts < to_us` holds for everything that counts.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    /// Least of all without a beginning.
    pub from_us: i64,
    /// Greatest of all without an end.
    pub to_us: i64,
    /// Days, weeks and months begin in it.
    pub zone: TimeZone,
}

impl Period {
    /// Reads `from`, `to` and `tz` of a report's spec.
    ///
    /// * `default_zone`: the installation's.
    pub fn read(from: Option<&str>, to: Option<&str>, tz: Option<&str>, default_zone: &TimeZone) -> Result<Self, QueryError> {
        let zone = match tz {
            None => default_zone.clone(),
            Some(name) => TimeZone::get(name).map_err(|_| {
                QueryError::Invalid(format!("`tz` is {name:?}, which is no time zone: use an IANA name such as `Europe/Kyiv` or `UTC`"))
            })?,
        };
        let from_us = from.map_or(Ok(i64::MIN), |text| moment_us("from", text, &zone))?;
        let to_us = to.map_or(Ok(i64::MAX), |text| moment_us("to", text, &zone))?;
        if from_us >= to_us {
            return Err(QueryError::invalid("`from` is not before `to`: `to` is the first moment that no longer counts"));
        }
        Ok(Self { from_us, to_us, zone })
    }

    /// The time as long just before: whole days stay whole days where clocks change. `None` without both ends.
    pub fn previous(&self) -> Option<Self> {
        if self.from_us == i64::MIN || self.to_us == i64::MAX {
            return None;
        }
        let zoned = |us: i64| Some(Timestamp::from_microsecond(us).ok()?.to_zoned(self.zone.clone()));
        let (from, to) = (zoned(self.from_us)?, zoned(self.to_us)?);
        let is_midnight = |at: &jiff::Zoned| at.start_of_day().is_ok_and(|start| start == *at);
        let before_us = if is_midnight(&from) && is_midnight(&to) {
            let days = from.date().until(to.date()).ok()?;
            from.date().checked_sub(days).ok()?.to_zoned(self.zone.clone()).ok()?.timestamp().as_microsecond()
        } else {
            self.from_us.checked_sub(self.to_us - self.from_us)?
        };
        Some(Self { from_us: before_us, to_us: self.from_us, zone: self.zone.clone() })
    }

    pub fn has(&self, ts_us: i64) -> bool {
        self.from_us <= ts_us && ts_us < self.to_us
    }
}

/// Reads a length of time such as `30d`: microseconds.
pub(crate) fn length_us(field: &str, text: &str) -> Result<i64, QueryError> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit_us = match &text[digits..] {
        "s" => SECOND_US,
        "m" => MINUTE_US,
        "h" => HOUR_US,
        "d" => DAY_US,
        "w" => 7 * DAY_US,
        _ => 0,
    };
    text[..digits].parse::<i64>().ok().and_then(|count| count.checked_mul(unit_us)).filter(|us| *us > 0).ok_or_else(|| {
        QueryError::Invalid(format!("`{field}` is {text:?}: write a number above 0 and a unit of s, m, h, d or w, such as `30d`"))
    })
}

/// Reads a date or a time; what carries no offset of its own is in `zone`.
fn moment_us(field: &str, text: &str, zone: &TimeZone) -> Result<i64, QueryError> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.as_microsecond());
    }
    // Jiff reads a date as its midnight; a midnight that a clock change skips is the first moment after it.
    let local: Option<civil::DateTime> = text.parse().ok();
    local.and_then(|local| local.to_zoned(zone.clone()).ok()).map(|zoned| zoned.timestamp().as_microsecond()).ok_or_else(|| {
        QueryError::Invalid(format!("`{field}` is {text:?}: write a date such as `2026-01-31`, or a time such as `2026-01-31T09:30:00`"))
    })
}

#[cfg(test)]
mod tests {
    use forecourt_model::time::iso;

    use super::*;

    #[test]
    fn the_time_before_is_as_many_days() {
        let before = |from: &str, to: &str| {
            let period = Period::read(Some(from), Some(to), Some("Europe/Kyiv"), &TimeZone::UTC).expect("a period");
            period.previous().map(|before| (iso(before.from_us), iso(before.to_us)))
        };
        // The clocks went forward on 29 March: an hour less, and as many days.
        let expected = ("2026-02-28T22:00:00.000Z".to_owned(), "2026-03-30T21:00:00.000Z".to_owned());
        assert_eq!(before("2026-03-31", "2026-04-30"), Some(expected));
        let expected = ("2026-01-01T00:00:00.000Z".to_owned(), "2026-01-01T01:30:00.000Z".to_owned());
        assert_eq!(before("2026-01-01T01:30:00Z", "2026-01-01T03:00:00Z"), Some(expected));
        let open = Period::read(None, Some("2026-01-01"), None, &TimeZone::UTC).expect("a period");
        assert!(open.previous().is_none());
    }
}
