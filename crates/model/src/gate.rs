//! The gate: whether a message may go to a person now, later or not at all.
//!
//! In order: consent, the list of suppressed addresses, an address at all, caps over rolling windows, quiet hours where the person
//! is, the day's budget. Pure: what was sent before, and what time it is, come in.

use jiff::{Timestamp, ToSpan as _, civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    message::MessageChannel,
    message_template::check_id,
    time::{DAY_US, HOUR_US},
};

const PURPOSES_MAX: usize = 50;
const CAPS_MAX: usize = 30;
const WINDOW_MAX_US: i64 = 400 * DAY_US;
const NAME_CHARS_MAX: usize = 80;

/// What a message is sent for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Stands in words of consent: lower-case letters, digits and `-`.
    pub purpose_id: String,
    pub name: String,
    pub basis: Basis,
}

/// On what ground people may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Who agreed.
    OptIn,
    /// Who did not object.
    OptOut,
    /// Who asked for it or has to know: a receipt, a confirmation. Objections, caps, quiet hours and budgets do not hold it.
    Transactional,
}

/// At most so many messages to a person within any stretch of time of this length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    pub name: String,
    /// All where there are none.
    #[serde(default)]
    pub message_channels: Vec<MessageChannel>,
    /// All but transactional ones where there are none.
    #[serde(default)]
    pub purposes: Vec<String>,
    pub most: u32,
    pub within_h: u32,
}

/// When nobody is to be disturbed, by the clock where the person is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// All where there are none.
    #[serde(default)]
    pub message_channels: Vec<MessageChannel>,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`; earlier than `from`, it is of the next morning.
    pub until: String,
}

/// Messages of a channel a day, to all people together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    pub message_channel: MessageChannel,
    pub per_day: u64,
}

/// What every message is decided by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    pub purposes: Vec<Purpose>,
    #[serde(default)]
    pub caps: Vec<Cap>,
    #[serde(default)]
    pub quiet_hours: Vec<QuietHours>,
    #[serde(default)]
    pub budgets: Vec<Budget>,
    /// IANA name: where people are who do not say it.
    #[serde(default = "utc")]
    pub tz: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Default for Gate {
    /// Two messages a day and five a week, and silence at night.
    fn default() -> Self {
        let purpose = |id: &str, name: &str, basis| Purpose { purpose_id: id.to_owned(), name: name.to_owned(), basis };
        let cap =
            |name: &str, most, within_h| Cap { name: name.to_owned(), message_channels: Vec::new(), purposes: Vec::new(), most, within_h };
        Self {
            purposes: vec![
                purpose("marketing", "Marketing", Basis::OptIn),
                purpose("service", "Service notices", Basis::OptOut),
                purpose("transactional", "Transactional", Basis::Transactional),
            ],
            caps: vec![cap("day", 2, 24), cap("week", 5, 7 * 24)],
            quiet_hours: vec![QuietHours {
                message_channels: vec![
                    MessageChannel::Sms,
                    MessageChannel::Viber,
                    MessageChannel::Whatsapp,
                    MessageChannel::Telegram,
                    MessageChannel::WebPush,
                ],
                from: "21:00".to_owned(),
                until: "09:00".to_owned(),
            }],
            budgets: Vec::new(),
            tz: utc(),
        }
    }
}

/// A message that was admitted before, to the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    pub at_us: i64,
    pub message_channel: MessageChannel,
    pub purpose: String,
}

/// What is to be decided.
#[derive(Debug)]
pub struct Asked<'a> {
    pub purpose: &'a str,
    pub message_channel: MessageChannel,
    /// See [`crate::consent::given`].
    pub consent: Option<bool>,
    /// Why the address is on the list of suppressed ones, if it is.
    pub suppressed: Option<&'a str>,
    pub has_address: bool,
    /// What was admitted before, in any order.
    pub admitted: &'a [Admitted],
    /// Where the person is, if they say it.
    pub zone: Option<&'a TimeZone>,
    /// Messages of the channel today, by the gate's own clock.
    pub spent_today: u64,
    pub at_us: i64,
    /// Until when it may be postponed.
    pub deadline_us: i64,
}

/// The gate's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    Admit,
    /// Ask again at this time.
    Postpone {
        until_us: i64,
        reason: String,
    },
    Refuse {
        reason: String,
    },
}

/// Reasons: a code, and what it is about behind a colon.
pub const NO_CONSENT: &str = "no_consent";
pub const WITHDRAWN: &str = "consent_withdrawn";
pub const NO_ADDRESS: &str = "no_address";
pub const SUPPRESSED: &str = "suppressed_address";
pub const CAP: &str = "cap";
pub const QUIET: &str = "quiet_hours";
pub const BUDGET: &str = "budget";

impl Gate {
    /// Whether it can be in force; the reason says what to mend.
    pub fn check(&self) -> Result<(), String> {
        if self.purposes.is_empty() || PURPOSES_MAX < self.purposes.len() {
            return Err(format!("there are 1 to {PURPOSES_MAX} purposes"));
        }
        for (at, purpose) in self.purposes.iter().enumerate() {
            check_id("purpose", &purpose.purpose_id)?;
            if purpose.purpose_id.contains('_') {
                return Err(format!("the id `{}` has an underscore: use `-`", purpose.purpose_id));
            }
            check_name("purpose", &purpose.name)?;
            if self.purposes[..at].iter().any(|other| other.purpose_id == purpose.purpose_id) {
                return Err(format!("there are two purposes `{}`: leave one of them", purpose.purpose_id));
            }
        }
        if CAPS_MAX < self.caps.len() || CAPS_MAX < self.quiet_hours.len() || CAPS_MAX < self.budgets.len() {
            return Err(format!("there are at most {CAPS_MAX} caps, quiet hours and budgets each"));
        }
        for cap in &self.caps {
            check_name("cap", &cap.name)?;
            if cap.within_h == 0 || WINDOW_MAX_US < i64::from(cap.within_h) * HOUR_US {
                return Err(format!("the cap `{}` looks back 1 hour to 400 days", cap.name));
            }
            if let Some(unknown) = cap.purposes.iter().find(|id| self.purpose(id).is_none()) {
                return Err(format!("the cap `{}` names the purpose `{unknown}`, which is not there", cap.name));
            }
        }
        for quiet in &self.quiet_hours {
            let (from, until) = (clock(&quiet.from)?, clock(&quiet.until)?);
            if from == until {
                return Err("quiet hours begin and end at the same time: that would be always or never".to_owned());
            }
        }
        TimeZone::get(&self.tz).map_err(|_| format!("{:?} is no time zone: use an IANA name such as `Europe/Kyiv` or `UTC`", self.tz))?;
        Ok(())
    }

    pub fn purpose(&self, id: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.purpose_id == id)
    }

    /// A time zone that is not known any more reads as UTC.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.tz).unwrap_or(TimeZone::UTC)
    }

    /// How far back [`Asked::admitted`] has to reach.
    pub fn window_us(&self) -> i64 {
        self.caps.iter().map(|cap| i64::from(cap.within_h) * HOUR_US).max().unwrap_or(0)
    }

    pub fn is_transactional(&self, purpose: &str) -> bool {
        self.purpose(purpose).is_some_and(|purpose| purpose.basis == Basis::Transactional)
    }

    pub fn budget(&self, channel: MessageChannel) -> Option<u64> {
        self.budgets.iter().filter(|budget| budget.message_channel == channel).map(|budget| budget.per_day).min()
    }

    /// Decides on one message.
    pub fn decide(&self, asked: &Asked<'_>) -> Word {
        let refuse = |reason: String| Word::Refuse { reason };
        let Some(purpose) = self.purpose(asked.purpose) else { return refuse(format!("unknown_purpose:{}", asked.purpose)) };
        match (purpose.basis, asked.consent) {
            (Basis::OptIn | Basis::OptOut, Some(false)) => return refuse(WITHDRAWN.to_owned()),
            (Basis::OptIn, None) => return refuse(NO_CONSENT.to_owned()),
            _ => {}
        }
        if let Some(why) = asked.suppressed {
            return refuse(format!("{SUPPRESSED}:{why}"));
        }
        if !asked.has_address {
            return refuse(NO_ADDRESS.to_owned());
        }
        if purpose.basis == Basis::Transactional {
            return Word::Admit;
        }
        let postpone = |until_us: i64, reason: String| {
            if until_us <= asked.deadline_us { Word::Postpone { until_us, reason } } else { Word::Refuse { reason } }
        };
        if let Some((free_us, cap)) = self.caps.iter().filter_map(|cap| Some((self.frees_us(cap, asked)?, cap))).max_by_key(|found| found.0)
        {
            return if free_us == i64::MAX {
                refuse(format!("{CAP}:{}", cap.name))
            } else {
                postpone(free_us, format!("{CAP}:{}", cap.name))
            };
        }
        if let Some(until_us) = self.quiet_until_us(asked) {
            return postpone(until_us, QUIET.to_owned());
        }
        if self.budget(asked.message_channel).is_some_and(|budget| budget <= asked.spent_today) {
            let tomorrow_us = self.tomorrow_us(asked.at_us);
            return postpone(tomorrow_us, BUDGET.to_owned());
        }
        Word::Admit
    }

    /// When a cap has room again; `None` if it has now.
    fn frees_us(&self, cap: &Cap, asked: &Asked<'_>) -> Option<i64> {
        let takes_channel = |channel| cap.message_channels.is_empty() || cap.message_channels.contains(&channel);
        let takes_purpose = |purpose: &str| match cap.purposes.is_empty() {
            true => !self.is_transactional(purpose),
            false => cap.purposes.iter().any(|id| id == purpose),
        };
        if !takes_channel(asked.message_channel) || !takes_purpose(asked.purpose) {
            return None;
        }
        let within_us = i64::from(cap.within_h) * HOUR_US;
        let counts =
            |sent: &&Admitted| asked.at_us - sent.at_us < within_us && takes_channel(sent.message_channel) && takes_purpose(&sent.purpose);
        let mut counted: Vec<i64> = asked.admitted.iter().filter(counts).map(|sent| sent.at_us).collect();
        let most = cap.most as usize;
        if counted.len() < most {
            return None;
        }
        if most == 0 {
            return Some(i64::MAX);
        }
        counted.sort_unstable();
        // It has room once all but the last few of them are out of sight.
        Some(counted[counted.len() - most] + within_us)
    }

    /// When the quiet hours end that it is in; `None` outside of them.
    fn quiet_until_us(&self, asked: &Asked<'_>) -> Option<i64> {
        let own = self.zone();
        let zone = asked.zone.unwrap_or(&own);
        let mut at_us = asked.at_us;
        // One may end where another begins.
        for _ in 0..self.quiet_hours.len().max(1) * 2 {
            let ends = self
                .quiet_hours
                .iter()
                .filter(|quiet| quiet.message_channels.is_empty() || quiet.message_channels.contains(&asked.message_channel));
            match ends.filter_map(|quiet| quiet.ends_us(at_us, zone)).max() {
                Some(ends_us) => at_us = ends_us,
                None => break,
            }
        }
        (asked.at_us < at_us).then_some(at_us)
    }

    fn tomorrow_us(&self, at_us: i64) -> i64 {
        let zone = self.zone();
        let next = Timestamp::from_microsecond(at_us).ok().and_then(|at| at.to_zoned(zone).tomorrow().ok()?.start_of_day().ok());
        next.map_or(at_us + DAY_US, |next| next.timestamp().as_microsecond())
    }
}

impl QuietHours {
    /// When they end, if `at_us` is in them.
    fn ends_us(&self, at_us: i64, zone: &TimeZone) -> Option<i64> {
        let (from, until) = (clock(&self.from).ok()?, clock(&self.until).ok()?);
        let local = Timestamp::from_microsecond(at_us).ok()?.to_zoned(zone.clone());
        let now = local.time();
        let date = match from < until {
            true => (from <= now && now < until).then(|| local.date())?,
            false if from <= now => local.date().checked_add(1.day()).ok()?,
            false => (now < until).then(|| local.date())?,
        };
        let ends = date.to_datetime(until).to_zoned(zone.clone()).ok()?.timestamp().as_microsecond();
        // Where the clock is set back over the end, it comes twice: the first time is over already.
        Some(ends).filter(|ends_us| at_us < *ends_us)
    }
}

fn clock(text: &str) -> Result<Time, String> {
    let read = || {
        let (hour, minute) = text.trim().split_once(':')?;
        (hour.len() <= 2 && minute.len() == 2).then_some(())?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    read().ok_or_else(|| format!("`{text}` is no time of day: write HH:MM, such as 21:00"))
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let chars = name.trim().chars().count();
    if chars == 0 || NAME_CHARS_MAX < chars || name.contains(':') {
        return Err(format!("the name of a {what} has 1 to {NAME_CHARS_MAX} characters and no colon"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_us;

    fn at(text: &str) -> i64 {
        parse_us(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn sent(texts: &[&str]) -> Vec<Admitted> {
        let one = |text: &&str| Admitted { at_us: at(text), message_channel: MessageChannel::Email, purpose: "marketing".into() };
        texts.iter().map(one).collect()
    }

    fn ask<'a>(now: &str, admitted: &'a [Admitted]) -> Asked<'a> {
        Asked {
            purpose: "marketing",
            message_channel: MessageChannel::Email,
            consent: Some(true),
            suppressed: None,
            has_address: true,
            admitted,
            zone: None,
            spent_today: 0,
            at_us: at(now),
            deadline_us: at(now) + DAY_US,
        }
    }

    fn refused(reason: &str) -> Word {
        Word::Refuse { reason: reason.to_owned() }
    }

    fn postponed(until: &str, reason: &str) -> Word {
        Word::Postpone { until_us: at(until), reason: reason.to_owned() }
    }

    #[test]
    fn the_order_of_reasons_is_the_gates_own() {
        let gate = Gate::default();
        assert_eq!(gate.check(), Ok(()));
        let two = sent(&["2026-03-10T08:00:00Z", "2026-03-10T09:00:00Z"]);
        let all_wrong = Asked { consent: None, suppressed: Some("bounced"), has_address: false, ..ask("2026-03-10T10:00:00Z", &two) };
        assert_eq!(gate.decide(&all_wrong), refused(NO_CONSENT));
        assert_eq!(gate.decide(&Asked { consent: Some(false), ..all_wrong }), refused(WITHDRAWN));
        let agreed = Asked { consent: Some(true), suppressed: Some("bounced"), has_address: false, ..ask("2026-03-10T10:00:00Z", &two) };
        assert_eq!(gate.decide(&agreed), refused("suppressed_address:bounced"));
        assert_eq!(gate.decide(&Asked { suppressed: None, ..agreed }), refused(NO_ADDRESS));
        assert_eq!(gate.decide(&ask("2026-03-10T10:00:00Z", &two)), postponed("2026-03-11T08:00:00Z", "cap:day"));
        assert_eq!(gate.decide(&Asked { deadline_us: 0, ..ask("2026-03-10T10:00:00Z", &two) }), refused("cap:day"));
        assert_eq!(gate.decide(&ask("2026-03-11T08:00:00Z", &two)), Word::Admit);
        let transactional = Asked { purpose: "transactional", consent: Some(false), ..ask("2026-03-10T10:00:00Z", &two) };
        assert_eq!(gate.decide(&transactional), Word::Admit);
        assert_eq!(gate.decide(&Asked { purpose: "fun", ..ask("2026-03-10T10:00:00Z", &[]) }), refused("unknown_purpose:fun"));
    }

    #[test]
    fn quiet_hours_are_the_persons_own_through_changes_of_the_clock() {
        let gate = Gate::default();
        let kyiv = TimeZone::get("Europe/Kyiv").unwrap();
        let sms = |now: &str, zone| gate.decide(&Asked { message_channel: MessageChannel::Sms, zone, ..ask(now, &[]) });
        assert_eq!(sms("2026-03-10T20:59:59Z", None), Word::Admit);
        assert_eq!(sms("2026-03-10T21:00:00Z", None), postponed("2026-03-11T09:00:00Z", QUIET));
        assert_eq!(sms("2026-03-11T08:59:59Z", None), postponed("2026-03-11T09:00:00Z", QUIET));
        assert_eq!(sms("2026-03-10T19:00:00Z", Some(&kyiv)), postponed("2026-03-11T07:00:00Z", QUIET), "UTC+2");
        // The clock goes forward in that night: nine o'clock comes an hour sooner.
        assert_eq!(sms("2026-03-28T20:00:00Z", Some(&kyiv)), postponed("2026-03-29T06:00:00Z", QUIET));
        assert_eq!(sms("2026-10-24T19:00:00Z", Some(&kyiv)), postponed("2026-10-25T07:00:00Z", QUIET));
        assert_eq!(gate.decide(&ask("2026-03-10T23:00:00Z", &[])), Word::Admit, "an e-mail wakes nobody");
    }

    #[test]
    fn a_budget_is_for_a_day() {
        let budgets = vec![Budget { message_channel: MessageChannel::Email, per_day: 10 }];
        let gate = Gate { budgets, tz: "Asia/Almaty".into(), ..Gate::default() };
        let asked = |spent_today| Asked { spent_today, ..ask("2026-03-10T10:00:00Z", &[]) };
        assert_eq!(gate.decide(&asked(9)), Word::Admit);
        assert_eq!(gate.decide(&asked(10)), postponed("2026-03-10T19:00:00Z", BUDGET), "UTC+5");
    }

    #[test]
    fn rules_that_cannot_be_are_refused() {
        let told = |change: fn(&mut Gate)| {
            let mut gate = Gate::default();
            change(&mut gate);
            gate.check().err().unwrap_or_default()
        };
        assert!(told(|gate| gate.quiet_hours[0].until = "25:00".into()).contains("HH:MM"));
        assert!(told(|gate| gate.caps[0].purposes = vec!["x".into()]).contains("not there"));
        assert!(told(|gate| gate.purposes[0].purpose_id = "a_b".into()).contains("underscore"));
        assert!(told(|gate| gate.tz = "Mars".into()).contains("time zone"));
    }

    proptest::proptest! {
        /// Whatever is asked when: no stretch of a cap's length ever holds more than the cap's number.
        #[test]
        fn no_rolling_window_is_ever_exceeded(
            mut asks in proptest::collection::vec((0_i64..40 * 24 * 60, 0_usize..3, 0_usize..3), 1..120),
            zones in proptest::collection::vec(0_usize..4, 1..4),
            most in 1_u32..4, within_h in 1_u32..200,
        ) {
            let zones: Vec<TimeZone> = zones.iter().map(|at| {
                TimeZone::get(["UTC", "Europe/Kyiv", "Asia/Kamchatka", "America/New_York"][*at]).unwrap()
            }).collect();
            let mut gate = Gate::default();
            gate.caps.push(Cap { name: "drawn".into(), message_channels: vec![MessageChannel::Sms], purposes: vec![], most, within_h });
            asks.sort_unstable();
            let start_us = at("2026-03-10T00:00:00Z");
            let mut waiting: std::collections::BTreeSet<(i64, usize, usize, usize)> =
                asks.iter().enumerate().map(|(number, (minute, channel, purpose))| (start_us + minute * 60_000_000, number, *channel, *purpose)).collect();
            let mut admitted: Vec<Admitted> = Vec::new();
            let mut rounds = 0;
            while let Some((at_us, number, channel, purpose)) = waiting.pop_first() {
                rounds += 1;
                proptest::prop_assert!(rounds < 20_000, "what is postponed comes through in the end");
                let message_channel = [MessageChannel::Email, MessageChannel::Sms, MessageChannel::Telegram][channel];
                let purpose_id = ["marketing", "service", "transactional"][purpose];
                let asked = Asked {
                    purpose: purpose_id, message_channel, consent: Some(true), suppressed: None, has_address: true, admitted: &admitted,
                    zone: zones.get(number % zones.len()), spent_today: 0, at_us, deadline_us: start_us + 60 * DAY_US,
                };
                match gate.decide(&asked) {
                    Word::Admit => admitted.push(Admitted { at_us, message_channel, purpose: purpose_id.to_owned() }),
                    Word::Postpone { until_us, .. } => {
                        proptest::prop_assert!(at_us < until_us);
                        waiting.insert((until_us, number, channel, purpose));
                    }
                    Word::Refuse { .. } => {}
                }
            }
            for cap in &gate.caps {
                let counted: Vec<i64> = admitted.iter()
                    .filter(|sent| sent.purpose != "transactional" && (cap.message_channels.is_empty() || cap.message_channels.contains(&sent.message_channel)))
                    .map(|sent| sent.at_us).collect();
                let within_us = i64::from(cap.within_h) * HOUR_US;
                for from in &counted {
                    let in_window = counted.iter().filter(|at_us| (*from..from + within_us).contains(at_us)).count();
                    proptest::prop_assert!(in_window <= cap.most as usize, "{}: {in_window}", cap.name);
                }
            }
        }
    }
}
