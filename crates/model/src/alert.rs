//! When something deserves a person's attention: each rule turns what was measured into a finding, and a streak of findings
//! into the beginning or the end of an incident.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::{HOUR_US, MINUTE_US, SECOND_US};

/// So many rounds in a row must agree before an incident opens or closes: one odd reading wakes nobody.
const ROUNDS: u32 = 2;
const HOURS_A_WEEK: i64 = 24 * 7;

/// What is watched, and from where on it is too much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AlertRule {
    /// A source sends nothing for `silent_minutes`, at a time of the week when it usually sends `usual_per_hour` or more.
    SourceSilent {
        silent_minutes: u32,
        usual_per_hour: u32,
        /// Ids; empty: every source that is on.
        #[serde(default)]
        sources: Vec<String>,
    },
    /// A message channel's sends fail, so that it is paused.
    ChannelFails {},
    /// The fold is behind by more than `seconds`.
    FoldLags { seconds: u32 },
    /// Less than `free_percent` of the disk is free.
    DiskFills { free_percent: u32 },
    /// Of at least `items_min` items of a source in the last hour more than `percent` were refused, and more than twice the
    /// usual share.
    RefusedJumps { percent: u32, items_min: u32 },
    /// The learned score in force does not fit the leads that come by now.
    ScoreDrifts {},
    /// `cases` or more wait longer than `days` at a stage.
    StageBuildsUp {
        /// The event that begins the waiting.
        stage: String,
        /// Events that end it, 1 to 7: the next stage, and whatever else.
        ends: Vec<String>,
        /// A property of the events, such as `lead_id`, each value of which waits by itself; without it, people do.
        #[serde(default)]
        per: Option<String>,
        /// One of [`STAGE_DIMENSIONS`]: each of its values is watched by itself.
        #[serde(default)]
        by: Option<String>,
        days: u32,
        cases: u32,
    },
}

/// What stages may be watched by.
pub const STAGE_DIMENSIONS: [&str; 4] = ["region", "dealer", "channel", "model"];
const ENDS_MAX: usize = 7;
const NAME_CHARS_MAX: usize = 200;

impl AlertRule {
    /// What a new installation watches.
    pub fn usual() -> Vec<Self> {
        vec![
            Self::SourceSilent { silent_minutes: 30, usual_per_hour: 20, sources: Vec::new() },
            Self::ChannelFails {},
            Self::FoldLags { seconds: 60 },
            Self::DiskFills { free_percent: 10 },
            Self::RefusedJumps { percent: 20, items_min: 50 },
            Self::ScoreDrifts {},
        ]
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::SourceSilent { .. } => "source_silent",
            Self::ChannelFails {} => "channel_fails",
            Self::FoldLags { .. } => "fold_lags",
            Self::DiskFills { .. } => "disk_fills",
            Self::RefusedJumps { .. } => "refused_jumps",
            Self::ScoreDrifts {} => "score_drifts",
            Self::StageBuildsUp { .. } => "stage_builds_up",
        }
    }

    /// Says what is wrong with the rule's own figures.
    pub fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: u32, least: u32, most: u32| match (least..=most).contains(&value) {
            true => Ok(()),
            false => Err(format!("`{name}` is from {least} to {most}")),
        };
        match self {
            Self::SourceSilent { silent_minutes, usual_per_hour, sources } => {
                within("silent_minutes", *silent_minutes, 5, 7 * 24 * 60)?;
                within("usual_per_hour", *usual_per_hour, 1, 1_000_000)?;
                within("sources", sources.len() as u32, 0, 1_000)
            }
            Self::ChannelFails {} | Self::ScoreDrifts {} => Ok(()),
            Self::FoldLags { seconds } => within("seconds", *seconds, 5, 86_400),
            Self::DiskFills { free_percent } => within("free_percent", *free_percent, 1, 90),
            Self::RefusedJumps { percent, items_min } => {
                within("percent", *percent, 1, 100)?;
                within("items_min", *items_min, 1, 1_000_000)
            }
            Self::StageBuildsUp { stage, ends, per, by, days, cases } => {
                let is_name = |name: &str| !name.trim().is_empty() && name.chars().count() <= NAME_CHARS_MAX;
                if !is_name(stage) {
                    return Err("`stage` names the event that begins the waiting".to_owned());
                }
                if !(1..=ENDS_MAX).contains(&ends.len()) || !ends.iter().all(|end| is_name(end)) || ends.contains(stage) {
                    return Err(format!("`ends` names 1 to {ENDS_MAX} events that end the waiting, others than `stage`"));
                }
                if per.as_deref().is_some_and(|per| !is_name(per)) {
                    return Err("`per` names a property of the events, such as `lead_id`; leave it out to watch people".to_owned());
                }
                if by.as_deref().is_some_and(|by| !STAGE_DIMENSIONS.contains(&by)) {
                    return Err(format!("`by` is one of {}; leave it out to watch all together", STAGE_DIMENSIONS.join(", ")));
                }
                within("days", *days, 1, 365)?;
                within("cases", *cases, 1, 1_000_000)
            }
        }
    }
}

/// Where notices of incidents go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertTargets {
    pub emails: Vec<String>,
    /// Empty for none.
    pub webhook_url: String,
    /// Of the notices' words: `en`, `ru`, `zh`.
    pub language: String,
}

impl AlertTargets {
    /// Each way with its address: `email`, `webhook`.
    pub fn ways(&self) -> Vec<(&'static str, String)> {
        let emails = self.emails.iter().map(|email| ("email", email.clone()));
        let webhook = Some(("webhook", self.webhook_url.clone())).filter(|(_, url)| !url.is_empty());
        emails.chain(webhook).collect()
    }
}

/// Numbers that explain a finding, by name; texts are made of them in the reader's language.
pub type Figures = BTreeMap<String, f64>;

/// On which side of the two lines something is: it opens beyond the one and closes before the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Wrong,
    /// An incident that is open stays, one that is not does not begin.
    Between,
    Right,
}

/// What a rule says of one thing that it watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Id of a source or of a message channel; empty where there is only one.
    pub subject: String,
    /// The subject's name.
    pub name: String,
    pub level: Level,
    pub figures: Figures,
}

impl Finding {
    pub fn new<const N: usize>(subject: &str, name: &str, level: Level, figures: [(&str, f64); N]) -> Self {
        let figures = figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { subject: subject.to_owned(), name: name.to_owned(), level, figures }
    }
}

/// One hour of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Hours since 1970 UTC.
    pub hour: i64,
    pub accepted: i64,
    pub refused: i64,
    /// When the last was accepted; 0 where none was.
    pub last_us: i64,
}

/// Whether a source has fallen silent.
///
/// * `hours`: of the source, oldest first; an hour that is missing brought nothing.
/// * `watched_since_us`: before that nobody listened, so silence says nothing.
pub fn source_silent(
    (id, name): (&str, &str),
    hours: &[Hour],
    (silent_minutes, usual_per_hour): (u32, u32),
    watched_since_us: i64,
    now_us: i64,
) -> Finding {
    let last_us = hours.iter().map(|hour| hour.last_us).max().unwrap_or(0);
    let quiet_us = now_us - last_us.max(watched_since_us);
    let window_us = i64::from(silent_minutes) * MINUTE_US;
    let usual = usual_rate(hours, now_us - window_us, now_us);
    let is_silent = window_us <= quiet_us;
    let level = match usual {
        _ if !is_silent => Level::Right,
        Some(usual) if f64::from(usual_per_hour) <= usual => Level::Wrong,
        // Its usual quiet hours begin: that does not bring it back.
        _ => Level::Between,
    };
    let minutes = ((now_us - last_us) / MINUTE_US) as f64;
    Finding::new(id, name, level, [("minutes", minutes), ("usual_per_hour", usual.unwrap_or(0.0).round())])
}

/// Events an hour that usually come in these hours of the week: the median of the last four weeks, or of the last days while
/// there are fewer than two weeks; `None` for a source that is new.
fn usual_rate(hours: &[Hour], from_us: i64, to_us: i64) -> Option<f64> {
    let first = hours.first()?.hour;
    let mut expected = 0.0;
    for hour in from_us.div_euclid(HOUR_US)..=(to_us - 1).div_euclid(HOUR_US) {
        let (begins, ends) = (hour * HOUR_US, (hour + 1) * HOUR_US);
        let share = (ends.min(to_us) - begins.max(from_us)) as f64 / HOUR_US as f64;
        expected += usual_of_hour(hours, first, hour)? * share;
    }
    Some(expected * HOUR_US as f64 / (to_us - from_us) as f64)
}

fn usual_of_hour(hours: &[Hour], first: i64, hour: i64) -> Option<f64> {
    let accepted = |at: i64| hours.binary_search_by_key(&at, |hour| hour.hour).map_or(0, |found| hours[found].accepted);
    let before =
        |step: i64, times: i64| -> Vec<i64> { (1..=times).map(|n| hour - n * step).filter(|at| first < *at).map(accepted).collect() };
    let weeks = before(HOURS_A_WEEK, 4);
    let counts = if 2 <= weeks.len() { weeks } else { before(24, 7) };
    median(counts)
}

fn median(mut counts: Vec<i64>) -> Option<f64> {
    counts.sort_unstable();
    let upper = *counts.get(counts.len() / 2)?;
    let lower = counts[(counts.len() - 1) / 2];
    Some((lower + upper) as f64 / 2.0)
}

/// Whether many more items than usual are refused.
///
/// * `hours`: of the source, oldest first.
pub fn refused_jumps((id, name): (&str, &str), hours: &[Hour], (percent, items_min): (u32, u32), now_us: i64) -> Finding {
    let this_hour = now_us.div_euclid(HOUR_US);
    let share_of = |from: i64, to: i64| {
        let counted = hours.iter().filter(|hour| (from..to).contains(&hour.hour));
        let (accepted, refused) = counted.fold((0, 0), |sum, hour| (sum.0 + hour.accepted, sum.1 + hour.refused));
        let items = accepted + refused;
        (items, if items == 0 { 0.0 } else { refused as f64 * 100.0 / items as f64 })
    };
    // The running hour and the one before: at its beginning the running hour alone says little.
    let (items, share) = share_of(this_hour - 1, this_hour + 1);
    let (_, usual) = share_of(this_hour - 1 - HOURS_A_WEEK, this_hour - 1);
    let limit = f64::from(percent);
    let level = match items < i64::from(items_min) {
        true => Level::Right,
        false if limit <= share && usual * 2.0 <= share => Level::Wrong,
        false if share < limit / 2.0 => Level::Right,
        false => Level::Between,
    };
    Finding::new(id, name, level, [("percent", share.round()), ("items", items as f64), ("usual_percent", usual.round())])
}

/// Whether too many wait at a stage for too long.
///
/// * `place`: value that the stage is watched by, and what readers know it by.
/// * `waiting`: who waits longer than the rule's days; `week_ago`: how many did a week before.
pub fn stage_builds_up((place, name): (&str, &str), (waiting, week_ago): (u64, u64), (days, cases): (u32, u32)) -> Finding {
    let limit = f64::from(cases);
    let level = side(waiting as f64, limit - 0.5, limit * 0.75);
    let figures = [("waiting", waiting as f64), ("days", f64::from(days)), ("week_ago", week_ago as f64)];
    Finding::new(place, name, level, figures)
}

/// Whether the fold is behind.
pub fn fold_lags(lag_us: i64, seconds: u32) -> Finding {
    let (lag, limit) = (lag_us as f64 / SECOND_US as f64, f64::from(seconds));
    let level = side(lag, limit, limit / 2.0);
    Finding::new("", "", level, [("seconds", lag.round())])
}

/// Whether the disk fills up.
///
/// * `free`, `total`: bytes.
pub fn disk_fills(free: u64, total: u64, free_percent: u32) -> Finding {
    let percent = if total == 0 { 100.0 } else { free as f64 * 100.0 / total as f64 };
    let limit = f64::from(free_percent);
    let level = side(-percent, -limit, -(limit + 2.0));
    Finding::new("", "", level, [("free_percent", (percent * 10.0).round() / 10.0), ("free_gib", (free >> 20) as f64 / 1024.0)])
}

fn side(value: f64, opens_above: f64, closes_below: f64) -> Level {
    if opens_above < value {
        Level::Wrong
    } else if value < closes_below {
        Level::Right
    } else {
        Level::Between
    }
}

/// The rounds in a row that said the same of one subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streak {
    wrong: u32,
    right: u32,
}

/// What a round does to a subject's incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Opens,
    Closes,
}

impl Streak {
    /// Takes in one round's finding.
    pub fn after(&mut self, level: Level, is_open: bool) -> Option<Change> {
        (self.wrong, self.right) = match level {
            Level::Wrong => (self.wrong.saturating_add(1), 0),
            Level::Between => (0, 0),
            Level::Right => (0, self.right.saturating_add(1)),
        };
        match is_open {
            false if ROUNDS <= self.wrong => Some(Change::Opens),
            true if ROUNDS <= self.right => Some(Change::Closes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 500_000 * HOUR_US + 40 * MINUTE_US;
    const THIS_HOUR: i64 = 500_000;

    #[test]
    fn a_stage_opens_at_its_limit_and_closes_well_below() {
        let level = |waiting| stage_builds_up(("north", "North"), (waiting, 3), (7, 20)).level;
        assert_eq!([level(20), level(19), level(15), level(14)], [Level::Wrong, Level::Between, Level::Between, Level::Right]);
        let one = |waiting| stage_builds_up(("", ""), (waiting, 0), (7, 1)).level;
        assert_eq!([one(1), one(0)], [Level::Wrong, Level::Right]);
        assert_eq!(stage_builds_up(("", ""), (20, 3), (7, 20)).figures["week_ago"], 3.0);
    }

    #[test]
    fn a_stage_is_watched_by_what_there_is() {
        let rule = |json: &str| serde_json::from_str::<AlertRule>(json).expect("the test's own JSON").check();
        let with = |more: &str| rule(&format!(r#"{{"kind":"stage_builds_up","stage":"a","days":7,"cases":1{more}}}"#));
        assert_eq!(with(r#","ends":["b"],"per":"lead_id","by":"region""#), Ok(()));
        for (more, reason) in [
            (r#","ends":[]"#, "1 to 7 events"),
            (r#","ends":["a"]"#, "others than `stage`"),
            (r#","ends":["b"],"per":" ""#, "`per` names"),
            (r#","ends":["b"],"by":"mood""#, "one of region"),
        ] {
            assert!(with(more).expect_err(more).contains(reason), "{more}");
        }
        let none = r#"{"kind":"stage_builds_up","stage":"","ends":["b"],"days":7,"cases":1}"#;
        assert!(rule(none).expect_err("no stage").contains("`stage` names"));
        let never = r#"{"kind":"stage_builds_up","stage":"a","ends":["b"],"days":0,"cases":1}"#;
        assert!(rule(never).expect_err("no days").contains("`days` is from 1 to 365"));
    }

    /// `accepted` in each hour of the weeks before, by day unless the hour of the day is among the quiet ones.
    fn rhythm(weeks: i64, accepted: i64, quiet: std::ops::Range<i64>) -> Vec<Hour> {
        let hours = THIS_HOUR - weeks * HOURS_A_WEEK..THIS_HOUR;
        let of = |hour: i64| if quiet.contains(&hour.rem_euclid(24)) { 0 } else { accepted };
        hours.map(|hour| Hour { hour, accepted: of(hour), refused: 0, last_us: hour * HOUR_US + 59 * MINUTE_US }).collect()
    }

    fn level(hours: &[Hour], minutes: u32) -> Level {
        source_silent(("src", "Site"), hours, (minutes, 20), 0, NOW).level
    }

    #[test]
    fn silence_is_told_by_the_hour_of_the_week() {
        let lively = rhythm(5, 300, 0..0);
        // Quiet for 41 minutes: since the last minute of the hour before.
        assert_eq!(level(&lively, 30), Level::Wrong);
        assert_eq!(level(&lively, 60), Level::Right);
        let told = source_silent(("src", "Site"), &lively, (30, 20), 0, NOW).figures;
        assert_eq!((told["minutes"], told["usual_per_hour"]), (41.0, 300.0));
        // At this hour of the day it is always quiet.
        let hour = THIS_HOUR.rem_euclid(24);
        assert_eq!(level(&rhythm(5, 300, hour..hour + 1), 30), Level::Between);
        assert_eq!(level(&rhythm(5, 10, 0..0), 30), Level::Between);
    }

    #[test]
    fn a_young_source_is_compared_with_the_days_before_and_a_new_one_with_nothing() {
        let days: Vec<Hour> = rhythm(1, 300, 0..0).into_iter().rev().take(50).rev().collect();
        assert_eq!(level(&days, 30), Level::Wrong);
        assert_eq!(level(&days[40..], 30), Level::Between);
        assert_eq!(level(&[], 30), Level::Between);
    }

    #[test]
    fn one_great_week_is_not_a_rhythm() {
        let mut hours = rhythm(5, 2, 0..0);
        let at = hours.len() - HOURS_A_WEEK as usize;
        hours[at].accepted = 1_000_000;
        assert_eq!(level(&hours, 30), Level::Between);
    }

    #[test]
    fn silence_while_nobody_listened_says_nothing() {
        let hours = rhythm(5, 300, 0..0);
        assert_eq!(source_silent(("src", "Site"), &hours, (30, 20), NOW - MINUTE_US, NOW).level, Level::Right);
    }

    #[test]
    fn a_jump_of_refusals_is_told_from_what_is_always_refused() {
        let mut hours = rhythm(2, 100, 0..0);
        hours.push(Hour { hour: THIS_HOUR, accepted: 40, refused: 60, last_us: NOW });
        let told = refused_jumps(("src", "Site"), &hours, (20, 50), NOW);
        assert_eq!((told.level, told.figures["percent"], told.figures["items"]), (Level::Wrong, 30.0, 200.0));
        hours.iter_mut().for_each(|hour| hour.refused = hour.accepted);
        assert_eq!(refused_jumps(("src", "Site"), &hours, (20, 50), NOW).level, Level::Between);
        assert_eq!(refused_jumps(("src", "Site"), &hours, (20, 500), NOW).level, Level::Right);
    }

    #[test]
    fn lines_for_opening_and_closing_lie_apart() {
        let lag = |seconds: i64| fold_lags(seconds * SECOND_US, 60).level;
        assert_eq!((lag(61), lag(45), lag(29)), (Level::Wrong, Level::Between, Level::Right));
        let disk = |percent: u64| disk_fills(percent, 100, 10).level;
        assert_eq!((disk(9), disk(11), disk(13)), (Level::Wrong, Level::Between, Level::Right));
    }

    #[test]
    fn one_odd_reading_changes_nothing() {
        let mut streak = Streak::default();
        assert_eq!(streak.after(Level::Wrong, false), None);
        assert_eq!(streak.after(Level::Right, false), None);
        assert_eq!(streak.after(Level::Wrong, false), None);
        assert_eq!(streak.after(Level::Wrong, false), Some(Change::Opens));
        assert_eq!(streak.after(Level::Right, true), None);
        assert_eq!(streak.after(Level::Between, true), None);
        assert_eq!(streak.after(Level::Right, true), None);
        assert_eq!(streak.after(Level::Right, true), Some(Change::Closes));
    }

    #[test]
    fn rules_with_senseless_figures_are_refused() {
        assert!(AlertRule::usual().iter().all(|rule| rule.check().is_ok()));
        assert!(AlertRule::DiskFills { free_percent: 0 }.check().unwrap_err().contains("free_percent"));
        let read: Result<AlertRule, _> = serde_json::from_str(r#"{"kind":"fold_lags","seconds":30}"#);
        assert_eq!(read.unwrap(), AlertRule::FoldLags { seconds: 30 });
    }
}
