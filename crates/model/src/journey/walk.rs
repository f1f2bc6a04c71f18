//! How a run goes on: pure, one move at a time. Whoever calls carries out each effect before asking for the next move.

use jiff::{ToSpan as _, civil, tz::TimeZone};
use serde_json::Value;

use super::{
    Again, Came, Condition, Does, Exit, Journey, Step, Turn, Wait, WaitedFor,
    run::{Run, RunState, draw},
    takes,
};
use crate::{broadcast::ChainStep, measure::Seen, measure::text_of, rule::Rule, time};

/// After so many steps without a wait a run is ended: a circle that never rests.
const HURRIED_MAX: u32 = 500;

/// What a run asks of the person, as of now.
pub struct World<'a> {
    pub at_us: i64,
    /// Where the person is.
    pub zone: &'a TimeZone,
    pub decide: &'a dyn Fn(&Rule) -> bool,
    pub is_in: &'a dyn Fn(&str) -> bool,
    pub trait_text: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a step's messages of a visit came so far.
    pub came: &'a dyn Fn(&str, u32, Came) -> bool,
}

/// What happened, as far as a run minds it.
pub enum Cue<'a> {
    /// Its time has come.
    Time,
    Event(&'a Seen<'a>),
    Segment {
        segment_id: &'a str,
        turn: Turn,
    },
    /// Something became of one of its messages.
    Message,
    /// What a person answered to its task.
    Task {
        step_id: &'a str,
        spoke: bool,
    },
}

/// What a run wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Send { step_id: String, visit: u32, purpose: String, chain: Vec<ChainStep>, postpone_s: i64 },
    SetTrait { name: String, value: Value },
    SetStage { stage: String },
    OpenTask { step_id: String, visit: u32 },
    Enter { journey_id: String, step_id: String, visit: u32 },
}

/// The next thing that a run does.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// To be carried out before it is asked again.
    Do(Effect),
    /// Waits, or has ended.
    Rest,
}

/// Tells a running run what happened. Returns whether it goes on: then ask [`arrive`].
///
/// Of a run that ended or is only watched, the goal is noted.
pub fn notice(run: &mut Run, journey: &Journey, cue: &Cue<'_>, world: &World<'_>) -> bool {
    let at_us = world.at_us;
    if let Cue::Event(seen) = cue {
        if let Some(goal) = &journey.goal
            && run.goal_us.is_none()
            && at_us <= run.entered_us.saturating_add(goal.within.us())
            && takes(&goal.event, &goal.filters, seen)
            && has_key(run, goal.key.as_deref(), seen)
        {
            (run.goal_us, run.changed_us) = (Some(at_us), at_us);
            run.goal_value = (seen.row.value.unwrap_or(0.0) * 100.0).round() as i64;
            match run.state {
                RunState::Running => run.end("goal", at_us),
                RunState::HeldOut => run.end("held_out_goal", at_us),
                RunState::Ended => {}
            }
            return false;
        }
    }
    if run.state == RunState::HeldOut && matches!(cue, Cue::Time) && run.due_us.is_some_and(|due_us| due_us <= at_us) {
        run.end("held_out", at_us);
        return false;
    }
    if !run.is_running() {
        return false;
    }
    if journey.exits.iter().any(|exit| exits(run, exit, cue)) {
        run.end("exit", at_us);
        return false;
    }
    if let Cue::Event(seen) = cue {
        note_early(run, journey, seen, at_us);
    }
    let Some(step) = journey.step(&run.step_id) else {
        run.end("step_gone", at_us);
        return false;
    };
    match left_by(run, step, cue, world) {
        Some((way, says)) => {
            leave(run, journey, &way, says, at_us);
            true
        }
        None => false,
    }
}

fn has_key(run: &Run, field: Option<&str>, seen: &Seen<'_>) -> bool {
    field.is_none_or(|field| seen.text(field).as_deref() == Some(run.key.as_str()))
}

fn exits(run: &Run, exit: &Exit, cue: &Cue<'_>) -> bool {
    match (exit, cue) {
        (Exit::Event { event, filters, key }, Cue::Event(seen)) => takes(event, filters, seen) && has_key(run, key.as_deref(), seen),
        (Exit::Segment { segment_id, turn }, Cue::Segment { segment_id: told, turn: was }) => segment_id == told && turn == was,
        _ => false,
    }
}

/// Notes an event for the steps that wait for it and are not reached yet.
fn note_early(run: &mut Run, journey: &Journey, seen: &Seen<'_>, at_us: i64) {
    for step in &journey.steps {
        if let Does::WaitFor { what: WaitedFor::Event { event, filters, key, since_entry: true }, .. } = &step.does
            && step.step_id != run.step_id
            && takes(event, filters, seen)
            && has_key(run, key.as_deref(), seen)
        {
            run.body.came.entry(step.step_id.clone()).or_insert(at_us);
            run.changed_us = at_us;
        }
    }
}

/// The way that a run leaves its step by, if what happened makes it leave.
fn left_by(run: &Run, step: &Step, cue: &Cue<'_>, world: &World<'_>) -> Option<(String, &'static str)> {
    let way = |way: &str, says| Some((way.to_owned(), says));
    let is_due = matches!(cue, Cue::Time) && run.due_us.is_some_and(|due_us| due_us <= world.at_us);
    match (&step.does, cue) {
        (Does::Wait { .. }, _) if is_due => way("next", "waited"),
        (Does::WaitFor { .. }, _) if is_due => way("otherwise", "timed_out"),
        (Does::CallTask { .. }, _) if is_due => way("otherwise", "timed_out"),
        (Does::CallTask { .. }, Cue::Task { step_id, spoke }) if *step_id == step.step_id => {
            if *spoke {
                way("next", "spoke")
            } else {
                way("otherwise", "no_answer")
            }
        }
        (Does::WaitFor { what: WaitedFor::Event { event, filters, key, .. }, .. }, Cue::Event(seen)) => {
            if takes(event, filters, seen) && has_key(run, key.as_deref(), seen) { way("next", "happened") } else { None }
        }
        (Does::WaitFor { what: WaitedFor::Segment { segment_id, turn }, .. }, Cue::Segment { segment_id: told, turn: was }) => {
            if segment_id == told && turn == was { way("next", "happened") } else { None }
        }
        (Does::WaitFor { what: WaitedFor::Message { step_id, came }, .. }, Cue::Message) => {
            if (world.came)(step_id, run.visits(step_id), *came) { way("next", "happened") } else { None }
        }
        _ => None,
    }
}

/// Takes a way out of the step: the run stands before the next one, or has ended.
fn leave(run: &mut Run, journey: &Journey, way: &str, says: &str, at_us: i64) {
    run.note(at_us, Some(way), says);
    let spent_us = if run.body.step_us == 0 { 0 } else { at_us.saturating_sub(run.body.step_us) };
    run.body.left.push((run.step_id.clone(), way.to_owned(), spent_us / time::SECOND_US));
    (run.due_us, run.changed_us) = (None, at_us);
    let to = journey.step(&run.step_id).and_then(|step| {
        let ways = step.does.ways();
        ways.into_iter().find(|(name, _)| name == way).and_then(|(_, to)| to.map(str::to_owned))
    });
    match to.filter(|to| journey.step(to).is_some()) {
        Some(to) => {
            // An empty mark says that the step is not begun.
            run.step_id = to;
            run.body.step_us = 0;
        }
        None => run.end("finished", at_us),
    }
}

/// Goes on from the step that a run stands before.
pub fn arrive(run: &mut Run, journey: &Journey, world: &World<'_>) -> Move {
    loop {
        if !run.is_running() || run.body.step_us != 0 {
            return Move::Rest;
        }
        let Some(step) = journey.step(&run.step_id) else {
            run.end("step_gone", world.at_us);
            return Move::Rest;
        };
        if HURRIED_MAX <= run.body.hurried {
            run.end("never_rests", world.at_us);
            return Move::Rest;
        }
        run.body.hurried += 1;
        let visit = run.visits(&step.step_id) + 1;
        run.body.visits.insert(step.step_id.clone(), visit);
        if let Some(effect) = begin(run, journey, step, visit, world) {
            return Move::Do(effect);
        }
    }
}

/// Begins a step: leaves it at once, or rests in it.
fn begin(run: &mut Run, journey: &Journey, step: &Step, visit: u32, world: &World<'_>) -> Option<Effect> {
    let at_us = world.at_us;
    let step_id = step.step_id.clone();
    match &step.does {
        Does::Send { purpose, chain, postpone_s, .. } => {
            leave(run, journey, "next", "sent", at_us);
            return Some(Effect::Send { step_id, visit, purpose: purpose.clone(), chain: chain.clone(), postpone_s: *postpone_s });
        }
        Does::SetTrait { name, value, .. } => {
            leave(run, journey, "next", "set_trait", at_us);
            return Some(Effect::SetTrait { name: name.clone(), value: value.clone() });
        }
        Does::SetStage { stage, .. } => {
            leave(run, journey, "next", "set_stage", at_us);
            return Some(Effect::SetStage { stage: stage.clone() });
        }
        Does::Journey { journey_id, .. } => {
            leave(run, journey, "next", "entered", at_us);
            return Some(Effect::Enter { journey_id: journey_id.clone(), step_id, visit });
        }
        Does::Branch { arms, .. } => {
            let holds = |condition: &Condition| match condition {
                Condition::Person { rule } => (world.decide)(rule),
                Condition::Event { field, is } => is.holds(entry_text(run, field).as_deref()),
                Condition::Message { step_id, came } => (world.came)(step_id, run.visits(step_id), *came),
            };
            let way = arms.iter().position(|arm| holds(&arm.when)).map_or("otherwise".to_owned(), |at| format!("arm{at}"));
            leave(run, journey, &way, "branch", at_us);
        }
        Does::Split { arms } => {
            let mut left = draw(&run.run_id, &step_id);
            let at = arms.iter().position(|arm| {
                let is_here = left < arm.share;
                left = left.saturating_sub(arm.share);
                is_here
            });
            let way = format!("arm{}", at.unwrap_or(arms.len().saturating_sub(1)));
            leave(run, journey, &way, "split", at_us);
        }
        Does::Wait { wait, .. } => match until_us(wait, run, world) {
            Some(due_us) if at_us < due_us => rest(run, due_us, at_us),
            Some(_) if !matches!(wait, Wait::Date { .. }) => leave(run, journey, "next", "waited", at_us),
            // A date that is past has nothing to wait for.
            _ => leave(run, journey, "otherwise", "no_date", at_us),
        },
        Does::WaitFor { what, within, .. } => {
            let has_come = match what {
                WaitedFor::Event { since_entry, .. } => *since_entry && run.body.came.remove(&step_id).is_some(),
                WaitedFor::Segment { segment_id, turn } => (world.is_in)(segment_id) == (*turn == Turn::Entered),
                WaitedFor::Message { step_id, came } => (world.came)(step_id, run.visits(step_id), *came),
            };
            if has_come {
                leave(run, journey, "next", "happened", at_us);
            } else {
                rest(run, at_us.saturating_add(within.us()), at_us);
            }
        }
        Does::CallTask { within, .. } => {
            rest(run, at_us.saturating_add(within.us()), at_us);
            return Some(Effect::OpenTask { step_id, visit });
        }
    }
    None
}

fn rest(run: &mut Run, due_us: i64, at_us: i64) {
    run.note(at_us, None, "waits");
    (run.due_us, run.changed_us, run.body.step_us, run.body.hurried) = (Some(due_us), at_us, at_us, 0);
}

/// A field of the event that began the run.
fn entry_text(run: &Run, field: &str) -> Option<String> {
    let path = match field.strip_prefix("properties.") {
        Some(path) => path,
        None if field == "event" => return Some(run.body.event.clone()).filter(|event| !event.is_empty()),
        None => field,
    };
    let all = &run.body.properties;
    all.get(path).or_else(|| path.split('.').try_fold(all, |value, name| value.get(name))).and_then(text_of)
}

/// When a wait is over; `None` where that cannot be told.
fn until_us(wait: &Wait, run: &Run, world: &World<'_>) -> Option<i64> {
    match wait {
        Wait::Lasting(span) => Some(world.at_us.saturating_add(span.us())),
        Wait::Until { at, weekdays } => next_us(world.at_us, clock(at)?, weekdays, world.zone),
        Wait::Date { field, days, at } => {
            let text = if field.starts_with("properties.") { entry_text(run, field) } else { (world.trait_text)(field) }?;
            let day = time::date_day(&text, world.zone)?.checked_add(*days)?;
            let told_us = time::parse_us(&text).filter(|_| 10 < text.trim().len());
            match (clock(at), told_us) {
                (Some(clock), _) => local_us(day, clock, world.zone),
                // The same time of day where the person is, also across a change of clocks.
                (None, Some(told_us)) => {
                    let clock = jiff::Timestamp::from_microsecond(told_us).ok()?.to_zoned(world.zone.clone()).time();
                    local_us(day, clock, world.zone)
                }
                (None, None) => time::day_start_us(day, world.zone),
            }
        }
    }
}

/// Reads `9:30`.
pub(super) fn clock(text: &str) -> Option<civil::Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    civil::Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// The next moment with that time of day on one of these days; now is not one.
fn next_us(at_us: i64, clock: civil::Time, weekdays: &[i8], zone: &TimeZone) -> Option<i64> {
    let today = jiff::Timestamp::from_microsecond(at_us).ok()?.to_zoned(zone.clone()).date();
    (0..=8).find_map(|ahead| {
        let date = today.checked_add(ahead.days()).ok()?;
        if !weekdays.is_empty() && !weekdays.contains(&date.weekday().to_monday_one_offset()) {
            return None;
        }
        let us = date.to_datetime(clock).to_zoned(zone.clone()).ok()?.timestamp().as_microsecond();
        (at_us < us).then_some(us)
    })
}

fn local_us(day: i32, clock: civil::Time, zone: &TimeZone) -> Option<i64> {
    let date = jiff::Timestamp::from_microsecond(i64::from(day).checked_mul(time::DAY_US)?).ok()?.to_zoned(TimeZone::UTC).date();
    Some(date.to_datetime(clock).to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

impl Again {
    /// Whether an earlier run is in the way of one that would begin, or began, at `at_us`. Both are of one journey, person and key.
    pub fn bars(self, earlier: &Run, at_us: i64) -> bool {
        match self {
            Self::Never => true,
            Self::WhenEnded => earlier.ended_us.is_none_or(|ended_us| at_us < ended_us),
            Self::After(span) => at_us < earlier.entered_us.saturating_add(span.us()),
            Self::Always => false,
        }
    }

    /// The same by when somebody entered last, where it is not known when that run ended.
    pub fn bars_after(self, entered_us: i64, at_us: i64) -> bool {
        match self {
            Self::Never => true,
            Self::After(span) => at_us < entered_us.saturating_add(span.us()),
            Self::WhenEnded | Self::Always => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{journey::run::RunBody, rule::Span, time::parse_us};

    fn us(text: &str) -> i64 {
        parse_us(text).unwrap_or_else(|| panic!("{text} is no time"))
    }

    fn kyiv() -> TimeZone {
        TimeZone::get("Europe/Kyiv").unwrap_or_else(|error| panic!("{error}"))
    }

    fn run(entered: &str, ended: Option<&str>) -> Run {
        Run {
            run_id: "r".into(),
            journey_id: "j".into(),
            version: 1,
            fragment_id: 1,
            key: String::new(),
            state: if ended.is_some() { RunState::Ended } else { RunState::Running },
            reason: String::new(),
            step_id: String::new(),
            due_us: None,
            entered_us: us(entered),
            changed_us: us(entered),
            ended_us: ended.map(us),
            goal_us: None,
            goal_value: 0,
            body: RunBody { properties: serde_json::json!({ "at": "2026-03-29T15:00:00Z", "day": "2026-03-29" }), ..RunBody::default() },
        }
    }

    #[test]
    fn a_time_of_day_is_the_person_s_and_comes_on_its_day() {
        let next = |at: &str, clock_text: &str, weekdays: &[i8]| next_us(us(at), clock(clock_text)?, weekdays, &kyiv()).map(time::iso);
        // Kyiv is two hours ahead in winter, three in summer: the clocks change on 29 March.
        assert_eq!(next("2026-03-28T07:00:00Z", "10:00", &[]).as_deref(), Some("2026-03-28T08:00:00.000Z"));
        assert_eq!(next("2026-03-28T08:00:00Z", "10:00", &[]).as_deref(), Some("2026-03-29T07:00:00.000Z"));
        // 03:30 is not there that night: half past four is meant.
        assert_eq!(next("2026-03-28T22:30:00Z", "03:30", &[]).as_deref(), Some("2026-03-29T01:30:00.000Z"));
        // Mondays only; 28 March is a Saturday.
        assert_eq!(next("2026-03-28T07:00:00Z", "10:00", &[1]).as_deref(), Some("2026-03-30T07:00:00.000Z"));
        assert_eq!((clock("24:00"), clock("9"), clock("9:60")), (None, None, None));
    }

    #[test]
    fn a_date_is_waited_for_in_the_person_s_zone() {
        let zone = kyiv();
        let until = |field: &str, days: i32, at: &str| {
            let wait = Wait::Date { field: field.to_owned(), days, at: at.to_owned() };
            let world = World {
                at_us: us("2026-03-01"),
                zone: &zone,
                decide: &|_| false,
                is_in: &|_| false,
                trait_text: &|name| (name == "due").then(|| "2026-06-15".to_owned()),
                came: &|_, _, _| false,
            };
            until_us(&wait, &run("2026-03-01", None), &world).map(time::iso)
        };
        assert_eq!(until("due", -30, "10:00").as_deref(), Some("2026-05-16T07:00:00.000Z"));
        assert_eq!(until("due", 0, "").as_deref(), Some("2026-06-14T21:00:00.000Z"));
        // The day before at the same time of day, although the clocks change in between.
        assert_eq!(until("properties.at", -1, "").as_deref(), Some("2026-03-28T16:00:00.000Z"));
        assert_eq!(until("properties.day", 1, "09:00").as_deref(), Some("2026-03-30T06:00:00.000Z"));
        assert_eq!((until("nothing", 0, ""), until("properties.nothing", 0, "")), (None, None));
    }

    #[test]
    fn an_earlier_run_bars_another_by_the_journey_s_rule() {
        let (open, over) = (run("2026-03-01", None), run("2026-03-01", Some("2026-03-03")));
        let month = Again::After(Span::parse("30d").unwrap_or_else(|error| panic!("{error}")));
        for (again, at, by_open, by_over) in [
            (Again::Never, "2027-01-01", true, true),
            (Again::WhenEnded, "2026-03-02", true, true),
            (Again::WhenEnded, "2026-03-03", true, false),
            (month, "2026-03-30", true, true),
            (month, "2026-03-31", false, false),
            (Again::Always, "2026-03-02", false, false),
        ] {
            assert_eq!((again.bars(&open, us(at)), again.bars(&over, us(at))), (by_open, by_over), "{again:?} {at}");
        }
    }
}
