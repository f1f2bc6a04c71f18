//! Opening hours: when somebody is there to answer, by the clock of the place, holidays left out.

use std::cell::RefCell;

use jiff::{Timestamp, ToSpan as _, civil::Date, civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::time::{self, DAY_US, MINUTE_US};

/// How far ahead an opening is looked for; who does not open for so long is taken to be open always.
const DAYS_AHEAD_MAX: i32 = 400;
const HOLIDAYS_MAX: usize = 1_000;
const SPANS_A_DAY_MAX: usize = 6;

/// When a place is open, week by week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// IANA name; UTC where it is empty.
    #[serde(default)]
    pub tz: String,
    /// From Monday to Sunday, each a list of `HH:MM-HH:MM`; `24:00` is midnight. No days at all: always open.
    #[serde(default)]
    pub week: Vec<Vec<String>>,
    /// Days when nobody is there: `YYYY-MM-DD`.
    #[serde(default)]
    pub holidays: Vec<String>,
}

/// Opening hours made ready.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// Minutes since midnight, rising; by weekday from Monday.
    week: [Vec<(i32, i32)>; 7],
    holidays: Vec<Date>,
    is_always_open: bool,
}

fn minutes(text: &str) -> Option<i32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_number = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || minute.len() != 2 || !is_number(minute) {
        return None;
    }
    let (hour, minute): (i32, i32) = (hour.parse().ok()?, minute.parse().ok()?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= 24 * 60).then_some(all)
}

impl OpeningHours {
    /// Reads the hours, or says what to mend.
    pub fn calendar(&self) -> Result<Calendar, String> {
        let zone = match self.tz.as_str() {
            "" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone: use an IANA name such as Europe/Berlin"))?,
        };
        if !self.week.is_empty() && self.week.len() != 7 {
            return Err("opening hours have seven days, from Monday to Sunday, or none".to_owned());
        }
        let mut week: [Vec<(i32, i32)>; 7] = Default::default();
        for (day, spans) in self.week.iter().enumerate() {
            if SPANS_A_DAY_MAX < spans.len() {
                return Err(format!("a day has at most {SPANS_A_DAY_MAX} opening times"));
            }
            for span in spans {
                let told = || format!("`{span}` is no opening time: write it as 09:00-18:00");
                let (from, until) = span.split_once(['-', '–']).ok_or_else(told)?;
                let (from, until) = minutes(from).zip(minutes(until)).filter(|(from, until)| from < until).ok_or_else(told)?;
                week[day].push((from, until));
            }
            week[day].sort_unstable();
            if week[day].windows(2).any(|pair| pair[1].0 < pair[0].1) {
                return Err("the opening times of one day overlap".to_owned());
            }
        }
        if HOLIDAYS_MAX < self.holidays.len() {
            return Err(format!("there can be {HOLIDAYS_MAX} holidays: take away those that are past"));
        }
        let date = |text: &String| text.trim().parse::<Date>().map_err(|_| format!("`{text}` is no date: write it as 2026-12-31"));
        let mut holidays = self.holidays.iter().map(date).collect::<Result<Vec<_>, _>>()?;
        holidays.sort_unstable();
        let is_always_open = week.iter().all(Vec::is_empty);
        Ok(Calendar { zone, week, holidays, is_always_open })
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, week: Default::default(), holidays: Vec::new(), is_always_open: true }
    }
}

/// One moment by the clocks of many places: each time zone is asked once.
pub struct Moment {
    at_us: i64,
    zones: RefCell<Vec<(String, WallClock)>>,
}

/// What the clock of a zone shows.
#[derive(Clone, Copy)]
struct WallClock {
    date: Date,
    /// Days since 1970.
    day: i32,
    /// Since midnight.
    time_us: i64,
    /// Whether no change of clocks falls on the day: then clock times are as far apart as they look.
    is_even: bool,
}

impl Moment {
    pub fn at(at_us: i64) -> Self {
        Self { at_us, zones: RefCell::default() }
    }

    fn by(&self, calendar: &Calendar) -> WallClock {
        let name = calendar.zone.iana_name().unwrap_or_default();
        if let Some((_, held)) = self.zones.borrow().iter().find(|(held, _)| held == name) {
            return *held;
        }
        let day = calendar.local_day(self.at_us);
        let date = Date::constant(1970, 1, 1).saturating_add(i64::from(day).days());
        let midnights = (calendar.moment(date, 0), calendar.moment(date, 24 * 60));
        let is_even = midnights.0.zip(midnights.1).is_some_and(|(from, until)| until - from == DAY_US);
        let clock = WallClock { date, day, time_us: midnights.0.map_or(0, |from| self.at_us - from), is_even };
        // A zone without a name is asked each time.
        if !name.is_empty() {
            self.zones.borrow_mut().push((name.to_owned(), clock));
        }
        clock
    }

    /// Days since 1970 of the day that it is there.
    pub fn day(&self, calendar: &Calendar) -> i32 {
        self.by(calendar).day
    }

    pub fn is_open(&self, calendar: &Calendar) -> bool {
        if calendar.is_always_open {
            return true;
        }
        let clock = self.by(calendar);
        if !clock.is_even {
            return calendar.is_open(self.at_us);
        }
        let of_day = &calendar.week[clock.date.weekday().to_monday_zero_offset() as usize];
        let is_within = |(from, until): &(i32, i32)| (i64::from(*from) * MINUTE_US..i64::from(*until) * MINUTE_US).contains(&clock.time_us);
        of_day.iter().any(is_within) && calendar.holidays.binary_search(&clock.date).is_err()
    }
}

impl Calendar {
    pub fn is_open(&self, at_us: i64) -> bool {
        self.is_always_open || self.open_spans(at_us, 1).next().is_some_and(|(opens, closes)| opens <= at_us && at_us < closes)
    }

    /// When it is open next, from a moment on; a day later where that is not to be found.
    pub fn opens(&self, from_us: i64) -> i64 {
        let next = self.open_spans(from_us, DAYS_AHEAD_MAX).next().map(|(opens, _)| opens.max(from_us));
        if self.is_always_open { from_us } else { next.unwrap_or(from_us.saturating_add(DAY_US)) }
    }

    /// Days since 1970 of the day that a moment falls on there.
    pub fn local_day(&self, at_us: i64) -> i32 {
        time::local_day(at_us, &self.zone)
    }

    /// When so much time has been open, counted from a moment on.
    pub fn after(&self, from_us: i64, span_us: i64) -> i64 {
        if self.is_always_open {
            return from_us.saturating_add(span_us);
        }
        let mut left = span_us;
        for (opens, closes) in self.open_spans(from_us, DAYS_AHEAD_MAX) {
            let begins = opens.max(from_us);
            if left <= closes - begins {
                return begins + left;
            }
            left -= closes - begins;
        }
        from_us.saturating_add(span_us)
    }

    /// How much of the time from one moment to another was open.
    pub fn open_us(&self, from_us: i64, until_us: i64) -> i64 {
        if self.is_always_open {
            return (until_us - from_us).max(0);
        }
        let spans = self.open_spans(from_us, i32::MAX).take_while(|(opens, _)| *opens < until_us);
        spans.map(|(opens, closes)| (closes.min(until_us) - opens.max(from_us)).max(0)).sum()
    }

    /// Openings that end after a moment, in their order.
    ///
    /// * `days`: how many days are looked at beside the moment's own.
    fn open_spans(&self, from_us: i64, days: i32) -> impl Iterator<Item = (i64, i64)> + '_ {
        let first = Timestamp::from_microsecond(from_us).map(|at| at.to_zoned(self.zone.clone()).date()).unwrap_or_default();
        let dates = (0..=days).map_while(move |ahead| first.checked_add(i64::from(ahead).days()).ok());
        let open = dates.filter(|date| self.holidays.binary_search(date).is_err());
        let spans = open.flat_map(move |date| {
            let of_day = &self.week[date.weekday().to_monday_zero_offset() as usize];
            of_day.iter().filter_map(move |(from, until)| Some((self.moment(date, *from)?, self.moment(date, *until)?)))
        });
        spans.filter(move |(opens, closes)| opens < closes && from_us < *closes)
    }

    /// When the clock there shows so many minutes after midnight. A time that a change of clocks leaves out is the moment of the change.
    fn moment(&self, date: Date, minutes: i32) -> Option<i64> {
        let (date, minutes) = if minutes == 24 * 60 { (date.checked_add(1.day()).ok()?, 0) } else { (date, minutes) };
        let time = Time::new((minutes / 60) as i8, (minutes % 60) as i8, 0, 0).ok()?;
        let zoned = date.to_datetime(time).to_zoned(self.zone.clone()).ok()?;
        Some(zoned.timestamp().as_microsecond())
    }
}

/// Microseconds of so many minutes.
pub fn of_minutes(minutes: u32) -> i64 {
    i64::from(minutes) * MINUTE_US
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{HOUR_US, iso, parse_us};

    fn hours(tz: &str, weekday: &str, saturday: &str, holidays: &[&str]) -> Calendar {
        let spans = |text: &str| text.split(' ').filter(|span| !span.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let mut week = vec![spans(weekday); 5];
        week.extend([spans(saturday), vec![]]);
        OpeningHours { tz: tz.to_owned(), week, holidays: holidays.iter().map(|day| (*day).to_owned()).collect() }.calendar().unwrap()
    }

    fn at(text: &str) -> i64 {
        parse_us(text).unwrap()
    }

    /// Worked by hand: what is due when, after so many minutes of open time.
    #[test]
    fn the_clock_runs_in_open_time_only() {
        let table = [
            // Berlin in winter is UTC+1. Inside the day.
            ("Europe/Berlin", "2026-11-23T10:00:00Z", 30, "2026-11-23T10:30:00.000Z"),
            // 17:50 there: ten minutes today, twenty tomorrow from nine.
            ("Europe/Berlin", "2026-11-23T16:50:00Z", 30, "2026-11-24T08:20:00.000Z"),
            // At night: from nine on.
            ("Europe/Berlin", "2026-11-23T22:00:00Z", 15, "2026-11-24T08:15:00.000Z"),
            // Friday evening: Saturday from ten.
            ("Europe/Berlin", "2026-11-27T19:00:00Z", 60, "2026-11-28T10:00:00.000Z"),
            // Saturday 13:30, half an hour left; Sunday is closed; Monday from nine.
            ("Europe/Berlin", "2026-11-28T12:30:00Z", 60, "2026-11-30T08:30:00.000Z"),
            // Christmas Day is a holiday there, and a Friday; the 26th is a Saturday and a holiday too: Monday.
            ("Europe/Berlin", "2026-12-24T16:45:00Z", 30, "2026-12-28T08:15:00.000Z"),
            // The lunch break of no place but this: Vladivostok, UTC+10, 18:30 there.
            ("Asia/Vladivostok", "2026-11-23T08:30:00Z", 30, "2026-11-23T23:30:00.000Z"),
            // Kamchatka, UTC+12: 08:00 on Tuesday there.
            ("Asia/Kamchatka", "2026-11-23T20:00:00Z", 120, "2026-11-23T23:00:00.000Z"),
            // Kaliningrad, UTC+2: 09:30 there.
            ("Europe/Kaliningrad", "2026-11-23T07:30:00Z", 15, "2026-11-23T07:45:00.000Z"),
            // Kyiv goes from summer time on Sunday, 25 October 2026: Saturday 13:50 is UTC+3, Monday UTC+2.
            ("Europe/Kyiv", "2026-10-24T10:50:00Z", 30, "2026-10-26T07:20:00.000Z"),
            // And to it on Sunday, 29 March.
            ("Europe/Kyiv", "2026-03-28T11:50:00Z", 30, "2026-03-30T06:20:00.000Z"),
        ];
        for (zone, from, minutes, due) in table {
            let calendar = hours(zone, "09:00-18:00", "10:00-14:00", &["2026-12-25", "2026-12-26"]);
            assert_eq!(iso(calendar.after(at(from), of_minutes(minutes))), due, "{zone} {from} + {minutes} min");
            let open_us = calendar.open_us(at(from), at(due));
            assert_eq!(open_us, of_minutes(minutes), "{zone} {from} to {due}");
        }
    }

    #[test]
    fn a_lunch_break_is_closed() {
        let calendar = hours("UTC", "09:00-12:00 13:00-18:00", "", &[]);
        assert_eq!(iso(calendar.after(at("2026-11-23T11:50:00Z"), of_minutes(30))), "2026-11-23T13:20:00.000Z");
        assert!(!calendar.is_open(at("2026-11-23T12:30:00Z")) && calendar.is_open(at("2026-11-23T13:00:00Z")));
    }

    /// A day of a change of clocks is an hour shorter or longer where it is open through the night.
    #[test]
    fn a_night_of_a_change_of_clocks_counts_as_long_as_it_lasts() {
        let mut week = vec![vec!["00:00-24:00".to_owned()]; 7];
        let all = OpeningHours { tz: "Europe/Berlin".to_owned(), week: week.clone(), holidays: vec![] }.calendar().unwrap();
        let day = |from: &str, until: &str| all.open_us(at(from), at(until)) / HOUR_US;
        assert_eq!(day("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 25);
        assert_eq!(day("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 23);
        week[6] = vec!["02:30-05:00".to_owned()];
        let night = OpeningHours { tz: "Europe/Berlin".to_owned(), week, holidays: vec![] }.calendar().unwrap();
        // 02:30 does not exist on 29 March: it opens at 03:30 there, 01:30 UTC.
        assert!(!night.is_open(at("2026-03-29T01:10:00Z")) && night.is_open(at("2026-03-29T01:40:00Z")));
    }

    /// Every quarter of an hour of two years, changes of clocks among them.
    #[test]
    fn one_moment_by_many_clocks_is_what_each_calendar_says() {
        let places = [
            hours("Europe/Berlin", "01:30-03:30 09:00-24:00", "00:00-02:30", &["2026-12-25"]),
            hours("Asia/Vladivostok", "09:00-12:00 13:00-18:00", "", &[]),
            hours("America/New_York", "00:00-24:00", "01:00-02:00", &["2026-03-08"]),
            hours("", "10:00-18:00", "", &[]),
            Calendar::default(),
        ];
        let (mut open, mut closed) = (0, 0);
        for quarter in 0..2 * 366 * 96 {
            let at_us = at("2026-01-01T00:00:00Z") + quarter * 15 * MINUTE_US;
            let now = Moment::at(at_us);
            for place in &places {
                let is_open = place.is_open(at_us);
                *if is_open { &mut open } else { &mut closed } += 1;
                assert_eq!((now.is_open(place), now.day(place)), (is_open, place.local_day(at_us)), "{} {place:?}", iso(at_us));
            }
        }
        assert!(100_000 < open && 100_000 < closed, "{open} {closed}");
    }

    #[test]
    fn who_never_opens_does_not_stop_the_clock() {
        let always = OpeningHours::default().calendar().unwrap();
        assert!(always.is_open(0));
        assert_eq!(always.after(5, 7), 12);
        let closed = hours("UTC", "09:00-18:00", "", &[]);
        let closed =
            Calendar { holidays: (0..500).map(|day| jiff::civil::date(2026, 1, 1).saturating_add(day.days())).collect(), ..closed };
        assert_eq!(closed.after(at("2026-01-01T10:00:00Z"), 60), at("2026-01-01T10:00:00Z") + 60);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let says = |hours: OpeningHours| hours.calendar().unwrap_err();
        let of =
            |spans: &[&str]| OpeningHours { week: vec![spans.iter().map(|span| (*span).to_owned()).collect(); 7], ..Default::default() };
        assert!(says(OpeningHours { tz: "Mars/Base".to_owned(), ..Default::default() }).contains("IANA"));
        assert!(says(OpeningHours { week: vec![vec![]; 5], ..Default::default() }).contains("seven days"));
        for wrong in ["9-18", "18:00-09:00", "09:00-24:01", "09:60-18:00", "x:00-18:00", "+9:00-18:00"] {
            assert!(says(of(&[wrong])).contains("09:00-18:00"), "{wrong}");
        }
        assert!(says(of(&["09:00-12:00", "11:00-18:00"])).contains("overlap"));
        assert!(says(OpeningHours { holidays: vec!["31.12.2026".to_owned()], ..Default::default() }).contains("2026-12-31"));
    }
}
