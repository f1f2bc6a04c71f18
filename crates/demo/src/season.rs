//! When things happen: weekdays, months, hours, launches, and two days on which the forms did not work.

use forecourt_model::time::{self, DAY_US, HOUR_US, MINUTE_US};

use crate::{
    Plan,
    dice::Dice,
    group::{LAUNCH_DIONE, LAUNCH_GALENE},
};

/// The calendar of a plan. Days are numbered since 1970 UTC.
#[derive(Debug, Clone)]
pub struct Season {
    pub start_day: i32,
    pub end_day: i32,
    /// `[days of history]`: people who come first up to and with that day, as a share of all.
    arrived: Vec<f64>,
    /// The weight of all days of the history together.
    total_weight: f64,
}

const HOURS: [f64; 24] =
    [1.0, 0.5, 0.3, 0.2, 0.2, 0.4, 1.0, 2.0, 3.0, 4.0, 4.5, 4.8, 4.6, 4.4, 4.3, 4.3, 4.5, 5.0, 5.5, 6.5, 7.0, 6.5, 4.5, 2.5];
/// From Sunday.
const WEEKDAYS: [f64; 7] = [1.14, 0.96, 0.92, 0.93, 0.95, 0.98, 1.22];
const MONTHS: [f64; 12] = [0.80, 0.90, 1.13, 1.12, 1.03, 0.94, 0.84, 0.88, 1.10, 1.12, 1.00, 1.16];
/// The forms' outage: this long before the end of the history, in days.
const OUTAGE_DAYS_BEFORE_END: i32 = 33;
const OUTAGE_DAYS: i32 = 2;
/// The site tries out another model page: since so many days before the end of the history, and on in live.
const TRIAL_DAYS_BEFORE_END: i32 = 56;
const OFFICE_OPENS_HOUR: i64 = 9;
const OFFICE_CLOSES_HOUR: i64 = 19;

impl Season {
    pub fn of(plan: &Plan) -> Self {
        let end_day = time::day(plan.end_us);
        let start_day = end_day - (plan.months.max(1) * 3044 / 100) as i32;
        let mut season = Self { start_day, end_day, arrived: Vec::new(), total_weight: 0.0 };
        let mut sum = 0.0;
        // The last day is as long as "now" is late in it.
        let last = plan.end_us.rem_euclid(DAY_US) as f64 / DAY_US as f64;
        for day in start_day..=end_day {
            sum += season.weight(day) * if day == end_day { last } else { 1.0 };
            season.arrived.push(sum);
        }
        season.total_weight = sum;
        season.arrived.iter_mut().for_each(|share| *share /= sum);
        season
    }

    /// How far into the history a day is: 0 at its start (and in the evening before), 1 at its end, above 1 in live.
    pub fn share(&self, day: i32) -> f64 {
        f64::from((day - self.start_day).max(0)) / f64::from((self.end_day - self.start_day).max(1))
    }

    /// How many people come on a day, against other days.
    pub fn weight(&self, day: i32) -> f64 {
        let share = self.share(day);
        let month: usize = time::day_text(day).get(5..7).and_then(|month| month.parse().ok()).unwrap_or(1);
        let launches = [(LAUNCH_GALENE, 0.6), (LAUNCH_DIONE, 1.1)];
        let launched: f64 =
            launches.iter().map(|(at, height)| if *at <= share { height * (1.0 - (share - at) / 0.06).max(0.0) } else { 0.0 }).sum();
        let crowd = if (0.54..0.61).contains(&share) { 0.22 } else { 0.0 };
        WEEKDAYS[weekday(day)] * MONTHS[(month + 11) % 12] * (0.92 + 0.16 * share.min(1.0)) * (1.0 + launched + crowd)
    }

    /// The people who come first on a whole day, as a share of all of the history; goes on after its end.
    pub fn arrivals(&self, day: i32) -> f64 {
        self.weight(day) / self.total_weight
    }

    /// The day on which a person comes first, by chance.
    pub fn arrival_day(&self, dice: &mut Dice) -> i32 {
        let unit = dice.unit();
        self.start_day + self.arrived.partition_point(|share| *share <= unit).min(self.arrived.len() - 1) as i32
    }

    /// Whether some are shown the brochure at the top of a model's page.
    pub fn tries_brochure_on_top(&self, at_us: i64) -> bool {
        self.end_day - TRIAL_DAYS_BEFORE_END <= time::day(at_us)
    }

    /// Whether the site's forms fail at that moment.
    pub fn forms_are_down(&self, at_us: i64) -> bool {
        let from = self.end_day - OUTAGE_DAYS_BEFORE_END;
        (from..from + OUTAGE_DAYS).contains(&time::day(at_us))
    }
}

/// How readily people sit down to it on a day of the week: 1 on the best.
pub fn ease(day: i32) -> f64 {
    WEEKDAYS[weekday(day)] / WEEKDAYS[6]
}

/// A time of the local day, as people visit.
///
/// * `day`: the local day; `utc_offset_hours`: how far local time is ahead.
pub fn visiting_time(day: i32, utc_offset_hours: i64, dice: &mut Dice) -> i64 {
    let hour = dice.weighted(HOURS.iter().copied()) as i64;
    i64::from(day) * DAY_US + (hour - utc_offset_hours) * HOUR_US + dice.between(0, HOUR_US / 1_000 - 1) * 1_000
}

/// How busy an hour is against the mean of the day.
pub fn rhythm(at_us: i64, utc_offset_hours: i64) -> f64 {
    let hour = (at_us / HOUR_US + utc_offset_hours).rem_euclid(24) as usize;
    HOURS[hour] * 24.0 / HOURS.iter().sum::<f64>()
}

/// The next moment from `at_us` on at which somebody sits in the office: not on Sundays, not at night.
pub fn office_time(at_us: i64, utc_offset_hours: i64, dice: &mut Dice) -> i64 {
    let local_us = at_us + utc_offset_hours * HOUR_US;
    let (mut day, hour) = (time::day(local_us), local_us.rem_euclid(DAY_US) / HOUR_US);
    let open = (OFFICE_OPENS_HOUR..OFFICE_CLOSES_HOUR).contains(&hour);
    if open && weekday(day) != 0 {
        return at_us;
    }
    day += i32::from(OFFICE_CLOSES_HOUR <= hour);
    day += i32::from(weekday(day) == 0);
    i64::from(day) * DAY_US + (OFFICE_OPENS_HOUR - utc_offset_hours) * HOUR_US + dice.early(0, 100 * MINUTE_US / 1_000) * 1_000
}

/// 0 is Sunday.
fn weekday(day: i32) -> usize {
    (day + 4).rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use forecourt_model::time::parse_us;

    use super::*;

    #[test]
    fn nobody_works_on_sunday_or_at_night() {
        let at = |text: &str| parse_us(text).unwrap_or_default();
        let mut dice = Dice::of(1, 1, 1);
        // 2026-11-22 is a Sunday; local time is three hours ahead.
        let monday = office_time(at("2026-11-22T12:00:00Z"), 3, &mut dice);
        assert!((at("2026-11-23T06:00:00Z")..at("2026-11-23T07:41:00Z")).contains(&monday), "{}", time::iso(monday));
        assert_eq!(office_time(at("2026-11-24T08:00:00Z"), 3, &mut dice), at("2026-11-24T08:00:00Z"));
        let saturday_night = office_time(at("2026-11-21T20:00:00Z"), 3, &mut dice);
        assert_eq!(time::iso(saturday_night).get(..10), Some("2026-11-23"));
    }
}
