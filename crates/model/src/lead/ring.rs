//! Who is rung for a lead that the contact centre calls: one free operator after another, then their director.
//!
//! A line has hours and steps. A lead that comes to it rings at one person at a time; who does not take it in time, or declines, is
//! passed over for the next. After the last step it rings at nobody, and whoever looks takes it from the queue.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{LeadMove, Moved, Verified};
use crate::{
    hours::{Calendar, OpeningHours},
    time::SECOND_US,
};

const STEPS_MAX: usize = 10;
const PEOPLE_MAX: usize = 200;
const TEXT_CHARS_MAX: usize = 200;
const RING_S_MAX: u32 = 3_600;
/// Who misses so many rings in a row is taken to be away.
const MISSED_MAX: u32 = 3;

fn yes() -> bool {
    true
}

/// Some people of whom one after another is rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingStep {
    /// E-mails that they sign in with; among free people it rings first at who was not rung for the longest.
    pub people: Vec<String>,
    /// For how long it rings at each; so long a free one is waited for, too, where nobody is.
    pub ring_s: u32,
    /// At so many of them at most; 0 for all.
    #[serde(default)]
    pub rings_max: u32,
    /// Only at people who take calls now and have none; a director may be rung all the same.
    #[serde(default = "yes")]
    pub only_free: bool,
}

/// People who call leads, in the order in which they are rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingLine {
    pub line: String,
    /// Nobody is rung outside of them: a lead waits until the line opens.
    #[serde(default)]
    pub hours: OpeningHours,
    /// Traffic channels of the leads that come here; all where there are none.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Whether leads come here by themselves; else by the hand of another line only.
    #[serde(default = "yes")]
    pub takes_new: bool,
    pub steps: Vec<RingStep>,
}

/// Where a lead rings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ringing {
    /// From 0.
    pub step: usize,
    /// Who was rung at this step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rung: Vec<String>,
    /// Who is rung now; empty while somebody is waited for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub person: String,
    /// When it goes on by itself.
    pub until_us: i64,
}

/// Somebody of the contact centre.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Operator {
    /// Takes calls.
    pub is_present: bool,
    /// The lead that rings there, or that they call; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lead_id: String,
    /// Until when it keeps them, at most.
    #[serde(default)]
    pub busy_until_us: i64,
    /// When it last rang there.
    #[serde(default)]
    pub rung_us: i64,
    /// Since when they take calls, or do not.
    #[serde(default)]
    pub since_us: i64,
    /// Rings in a row that they did not take.
    #[serde(default)]
    pub missed: u32,
}

impl Operator {
    pub fn is_free(&self, at_us: i64) -> bool {
        self.is_present && (self.lead_id.is_empty() || self.busy_until_us <= at_us)
    }
}

/// Everybody of the contact centre by e-mail.
#[derive(Debug, Clone, Default)]
pub struct Operators {
    pub of: BTreeMap<String, Operator>,
    /// Those who changed since they were asked for.
    changed: BTreeSet<String>,
}

impl Operators {
    /// Who changed since this was asked last.
    pub fn take_changed(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.changed)
    }

    fn change(&mut self, email: &str) -> &mut Operator {
        self.changed.insert(email.to_owned());
        self.of.entry(email.to_owned()).or_default()
    }

    pub fn set_presence(&mut self, email: &str, is_present: bool, at_us: i64) {
        let operator = self.change(email);
        if operator.is_present != is_present {
            (operator.is_present, operator.since_us, operator.missed) = (is_present, at_us, 0);
        }
    }

    /// Somebody takes a lead up.
    pub fn takes(&mut self, email: &str, lead_id: &str, until_us: i64) {
        self.busy(email, lead_id, until_us);
        self.change(email).missed = 0;
    }

    /// It rang, and nobody took it: who does not answer again and again is not there.
    pub fn misses(&mut self, email: &str, at_us: i64) {
        let operator = self.change(email);
        operator.missed += 1;
        if MISSED_MAX <= operator.missed {
            self.set_presence(email, false, at_us);
        }
    }

    fn busy(&mut self, email: &str, lead_id: &str, until_us: i64) {
        let operator = self.change(email);
        lead_id.clone_into(&mut operator.lead_id);
        operator.busy_until_us = until_us;
    }

    fn rings(&mut self, email: &str, lead_id: &str, at_us: i64, until_us: i64) {
        self.busy(email, lead_id, until_us);
        self.change(email).rung_us = at_us;
    }

    /// A lead keeps somebody no more.
    pub fn free(&mut self, email: &str, lead_id: &str) {
        if self.of.get(email).is_some_and(|held| held.lead_id == lead_id) {
            let operator = self.change(email);
            operator.lead_id.clear();
            operator.busy_until_us = 0;
        }
    }

    fn is_free(&self, email: &str, at_us: i64) -> bool {
        self.of.get(email).is_some_and(|held| held.is_free(at_us))
    }

    fn rung_us(&self, email: &str) -> i64 {
        self.of.get(email).map_or(0, |held| held.rung_us)
    }
}

/// What comes next for a lead that rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// At [`Ringing::person`].
    Rings,
    /// Nobody of the step is free: somebody is waited for.
    NobodyFree,
    /// The line is closed until [`Ringing::until_us`].
    Closed,
    /// Everybody was asked.
    Over,
}

impl RingLine {
    /// Looks the whole of it over, or says what to mend.
    pub fn check(&self) -> Result<(), String> {
        let is_word = |text: &String| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
        if !is_word(&self.line) || self.line.contains(':') {
            return Err(format!("a line of the contact centre has a name of at most {TEXT_CHARS_MAX} characters, without `:`"));
        }
        let line = &self.line;
        if self.steps.is_empty() || STEPS_MAX < self.steps.len() {
            return Err(format!("line `{line}`: it has 1 to {STEPS_MAX} steps"));
        }
        for step in &self.steps {
            if step.people.is_empty() || PEOPLE_MAX < step.people.len() || !step.people.iter().all(|email| email.contains('@')) {
                return Err(format!("line `{line}`: a step has 1 to {PEOPLE_MAX} people, by the e-mails that they sign in with"));
            }
            if !(5..=RING_S_MAX).contains(&step.ring_s) {
                return Err(format!("line `{line}`: it rings at each for 5 to {RING_S_MAX} seconds"));
            }
        }
        if PEOPLE_MAX < self.channels.len() || !self.channels.iter().all(is_word) {
            return Err(format!("line `{line}`: at most {PEOPLE_MAX} channels, none of them empty"));
        }
        self.hours.calendar().map(drop).map_err(|error| format!("line `{line}`: {error}"))
    }

    pub fn takes(&self, channel: Option<&str>) -> bool {
        let fits = |channel: &str| self.channels.iter().any(|held| held == channel);
        self.takes_new && (self.channels.is_empty() || channel.is_some_and(fits))
    }
}

impl Ringing {
    /// Nobody is rung before `at_us`.
    pub fn at(at_us: i64) -> Self {
        Self { until_us: at_us, ..Self::default() }
    }

    /// Goes on to who is rung next.
    pub fn go_on(&mut self, line: &RingLine, calendar: &Calendar, operators: &mut Operators, lead_id: &str, at_us: i64) -> Hop {
        operators.free(&std::mem::take(&mut self.person), lead_id);
        if !calendar.is_open(at_us) {
            self.until_us = calendar.opens(at_us);
            return Hop::Closed;
        }
        // Who was waited for in vain is not waited for again.
        let mut has_waited = self.rung.last().is_some_and(String::is_empty);
        while let Some(step) = line.steps.get(self.step) {
            let until_us = at_us + i64::from(step.ring_s) * SECOND_US;
            let rung = self.rung.iter().filter(|email| !email.is_empty()).count();
            let has_more = step.rings_max == 0 || rung < step.rings_max as usize;
            let asked = step.people.iter().filter(|email| !self.rung.contains(email));
            let mut able = asked.filter(|email| !step.only_free || operators.is_free(email, at_us));
            // The first of those who waited longest, in the order of the list.
            let next = if step.only_free { able.min_by_key(|email| operators.rung_us(email)).cloned() } else { able.next().cloned() };
            if let Some(email) = next.filter(|_| has_more) {
                operators.rings(&email, lead_id, at_us, until_us);
                self.rung.push(email.clone());
                (self.person, self.until_us) = (email, until_us);
                return Hop::Rings;
            }
            if rung == 0 && !has_waited {
                self.rung.push(String::new());
                self.until_us = until_us;
                return Hop::NobodyFree;
            }
            (self.step, has_waited) = (self.step + 1, false);
            self.rung.clear();
        }
        Hop::Over
    }
}

/// What a line did for the leads that came to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineWork {
    pub leads: u64,
    /// Times that it rang at somebody.
    pub rings: u64,
    pub not_taken: u64,
    pub declined: u64,
    /// Times that it rang at everybody, and nobody took it.
    pub nobody: u64,
    /// Spoken with to an end, and not given on.
    pub solved: u64,
    pub transferred: u64,
    /// From the first ring to somebody's taking it, in microseconds.
    pub taken_us: Vec<i64>,
}

impl LineWork {
    /// Reads one lead's moves, in their order, into what the lines did.
    pub fn add(lines: &mut BTreeMap<String, Self>, moves: &[LeadMove]) {
        let mut came: BTreeSet<&str> = BTreeSet::new();
        let mut rings_since: Option<(&str, i64)> = None;
        for held in moves {
            let line = match held.act {
                Moved::Rung | Moved::Verified | Moved::Claimed | Moved::Transferred => held.from.as_str(),
                _ => continue,
            };
            if line.is_empty() {
                continue;
            }
            let work = lines.entry(line.to_owned()).or_default();
            work.leads += u64::from(came.insert(line));
            match held.act {
                Moved::Rung => {
                    work.rings += u64::from(!held.to.is_empty());
                    work.not_taken += u64::from(held.reason == "not_taken");
                    work.declined += u64::from(held.reason == "declined");
                    work.nobody += u64::from(held.reason == "nobody_took_it");
                    if !held.to.is_empty() && rings_since.is_none_or(|(since, _)| since != line) {
                        rings_since = Some((line, held.at_us));
                    }
                }
                Moved::Claimed => {
                    let since = rings_since.take().filter(|(since, _)| *since == line);
                    work.taken_us.extend(since.map(|(_, us)| held.at_us - us));
                }
                Moved::Transferred => work.transferred += 1,
                _ => work.solved += u64::from(held.to != Verified::NoAnswer.as_str()),
            }
        }
    }

    /// Half of those that were taken were taken so fast.
    pub fn taken_median_us(&self) -> Option<i64> {
        let mut sorted = self.taken_us.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = SECOND_US;

    fn line() -> RingLine {
        let step = |people: &[&str], rings_max, only_free| RingStep {
            people: people.iter().map(|name| format!("{name}@x")).collect(),
            ring_s: 20,
            rings_max,
            only_free,
        };
        RingLine {
            line: "first".into(),
            hours: OpeningHours::default(),
            channels: vec![],
            takes_new: true,
            steps: vec![step(&["ana", "ben", "cleo"], 2, true), step(&["dan"], 0, false)],
        }
    }

    fn present(names: &[&str]) -> Operators {
        let mut all = Operators::default();
        names.iter().for_each(|name| all.set_presence(&format!("{name}@x"), true, 0));
        all
    }

    /// Who is rung until it is over.
    fn hops(mut ringing: Ringing, operators: &mut Operators) -> Vec<String> {
        let (line, calendar, mut at_us, mut hops) = (line(), Calendar::default(), ringing.until_us, vec![]);
        loop {
            let hop = ringing.go_on(&line, &calendar, operators, "L1", at_us);
            hops.push(match hop {
                Hop::Rings => ringing.person.clone(),
                other => format!("{other:?}"),
            });
            if hop == Hop::Over {
                return hops;
            }
            at_us = ringing.until_us;
        }
    }

    #[test]
    fn it_rings_at_the_first_free_then_the_second_then_the_director() {
        let mut all = present(&["ana", "ben", "cleo"]);
        assert_eq!(hops(Ringing::at(S), &mut all), ["ana@x", "ben@x", "dan@x", "Over"]);
        assert!(all.of.values().all(|held| held.lead_id.is_empty()), "{all:?}");
        // Who was rung last is rung last.
        assert_eq!(hops(Ringing::at(100 * S), &mut all), ["cleo@x", "ana@x", "dan@x", "Over"]);
    }

    #[test]
    fn who_has_a_call_or_is_away_is_passed_over_and_nobody_waits_twice() {
        let mut all = present(&["ana", "ben"]);
        all.takes("ana@x", "L0", 1_000 * S);
        assert_eq!(hops(Ringing::at(S), &mut all), ["ben@x", "dan@x", "Over"]);
        all.takes("ben@x", "L2", 1_000 * S);
        assert_eq!(hops(Ringing::at(200 * S), &mut all), ["NobodyFree", "dan@x", "Over"]);
        // A call that ran out keeps nobody.
        assert_eq!(hops(Ringing::at(1_000 * S), &mut all), ["ana@x", "ben@x", "dan@x", "Over"]);
        assert_eq!(hops(Ringing::at(S), &mut Operators::default()), ["NobodyFree", "dan@x", "Over"]);
    }

    #[test]
    fn somebody_who_becomes_free_while_waited_for_is_rung() {
        let (mut all, mut ringing) = (Operators::default(), Ringing::at(0));
        assert_eq!(ringing.go_on(&line(), &Calendar::default(), &mut all, "L1", 0), Hop::NobodyFree);
        all.set_presence("cleo@x", true, S);
        assert_eq!(ringing.go_on(&line(), &Calendar::default(), &mut all, "L1", 20 * S), Hop::Rings);
        assert_eq!((ringing.person.as_str(), ringing.until_us, ringing.step), ("cleo@x", 40 * S, 0));
    }

    #[test]
    fn nobody_is_rung_while_the_line_is_closed() {
        let mut line = line();
        let day = vec!["09:00-18:00".to_owned()];
        line.hours = OpeningHours { tz: "Asia/Vladivostok".into(), week: vec![day; 7], holidays: vec!["2026-03-02".into()] };
        assert_eq!(line.check(), Ok(()));
        let (mut all, mut ringing) = (present(&["ana"]), Ringing::at(0));
        let calendar = line.hours.calendar().unwrap();
        let at_us = crate::time::parse_us("2026-03-02T02:00:00Z").unwrap();
        assert_eq!(ringing.go_on(&line, &calendar, &mut all, "L1", at_us), Hop::Closed);
        // Nine in the morning of the day after the holiday, ten hours before Greenwich.
        assert_eq!(crate::time::iso(ringing.until_us), "2026-03-02T23:00:00.000Z");
        let opens_us = ringing.until_us;
        assert_eq!(ringing.go_on(&line, &calendar, &mut all, "L1", opens_us), Hop::Rings);
    }

    #[test]
    fn who_lets_it_ring_again_and_again_is_away() {
        let mut all = present(&["ana"]);
        (1..MISSED_MAX).for_each(|at| all.misses("ana@x", i64::from(at)));
        all.takes("ana@x", "L1", 9);
        (1..MISSED_MAX).for_each(|at| all.misses("ana@x", i64::from(at)));
        assert!(all.of["ana@x"].is_present);
        all.misses("ana@x", 7);
        assert_eq!((all.of["ana@x"].is_present, all.of["ana@x"].since_us, all.of["ana@x"].missed), (false, 7, 0));
    }

    #[test]
    fn what_lines_did_is_read_from_the_moves() {
        let made = |(at, (act, from, to, reason)): (usize, &(Moved, &str, &str, &str))| LeadMove {
            lead_id: "L".into(),
            number: at as u32,
            at_us: at as i64 * 10 * S,
            act: *act,
            actor: String::new(),
            from: (*from).into(),
            to: (*to).into(),
            reason: (*reason).into(),
            note: String::new(),
        };
        let read = |steps: &[(Moved, &str, &str, &str)], lines: &mut BTreeMap<String, LineWork>| {
            LineWork::add(lines, &steps.iter().enumerate().map(made).collect::<Vec<_>>());
        };
        let mut lines = BTreeMap::new();
        use Moved::{Claimed, Opened, Rung, Transferred, Verified};
        read(
            &[
                (Opened, "", "captured", ""),
                (Rung, "first", "", "nobody_free"),
                (Rung, "first", "ana@x", "waited"),
                (Rung, "first", "ben@x", "not_taken"),
                (Claimed, "first", "", ""),
                (Transferred, "first", "expert", ""),
                (Rung, "expert", "eve@x", "transferred"),
                (Verified, "expert", "no_answer", ""),
                (Verified, "expert", "qualified", ""),
            ],
            &mut lines,
        );
        read(&[(Rung, "first", "ana@x", "new"), (Rung, "first", "", "nobody_took_it"), (Verified, "first", "invalid", "")], &mut lines);
        // Without lines, nothing is theirs.
        read(&[(Claimed, "", "", ""), (Verified, "", "qualified", "")], &mut lines);
        let first = LineWork {
            leads: 2,
            rings: 3,
            not_taken: 1,
            nobody: 1,
            solved: 1,
            transferred: 1,
            taken_us: vec![20 * S],
            ..LineWork::default()
        };
        let expert = LineWork { leads: 1, rings: 1, solved: 1, ..LineWork::default() };
        assert_eq!(first.taken_median_us(), Some(20 * S));
        assert_eq!(lines, BTreeMap::from([("first".into(), first), ("expert".into(), expert)]));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        assert_eq!(line().check(), Ok(()));
        let wrong: [fn(&mut RingLine); 5] = [
            |line| line.line = "a:b".into(),
            |line| line.steps.clear(),
            |line| line.steps[0].people = vec!["ana".into()],
            |line| line.steps[0].ring_s = 1,
            |line| line.hours.tz = "Nowhere".into(),
        ];
        for spoil in wrong {
            let mut line = line();
            spoil(&mut line);
            assert!(line.check().is_err(), "{line:?}");
        }
        assert!(line().takes(None) && line().takes(Some("cpc")));
        assert!(!RingLine { channels: vec!["phone".into()], ..line() }.takes(Some("cpc")));
        assert!(!RingLine { takes_new: false, ..line() }.takes(None));
    }
}
