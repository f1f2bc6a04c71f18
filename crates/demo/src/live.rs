//! The present: a trickle that goes on where history ends.

use std::{cmp::Reverse, collections::BinaryHeap};

use forecourt_model::time::{self, DAY_US, MINUTE_US, SECOND_US};

use crate::{
    Item, Plan, Source, cost, life,
    moment::Moment,
    season, wire,
    world::{Domain, World},
};

/// Sittings begun a minute, of new people and of known ones, in a mean hour: about one and a half events a second.
const NEWCOMERS_A_MINUTE: f64 = 9.0;
const COMEBACKS_A_MINUTE: f64 = 6.0;
/// Numbers kept for the newcomers of one minute.
const NEWCOMERS_A_MINUTE_MAX: u32 = 32;
/// Items a minute that the border will refuse: old apps, broken integrations.
const BROKEN_A_MINUTE: f64 = 0.8;
/// How far ahead moments are kept; what lies beyond is told after the next start.
const HORIZON_US: i64 = 14 * DAY_US;
/// On a start long after the history's end, newcomers of this last time are still under way.
const LOOK_BACK_US: i64 = DAY_US;
/// After a pause (a laptop was shut) no more than this is made up for.
const CATCH_UP_US: i64 = 10 * MINUTE_US;
/// Advertising runs on while a demo is off: so many days of it are told when it starts again.
const COST_DAYS_MAX: i32 = 31;
/// The group's headquarters, whose hours set the rhythm.
const UTC_OFFSET_HOURS: i64 = 3;
/// The part that has no rhythm, so that a demo looked at by night is alive too.
const NIGHT_SHARE: f64 = 0.3;

/// Goes on with a plan's people from `from_us`, microseconds since 1970 UTC, at or after the plan's end.
///
/// What happens in a minute follows from the plan and the minute alone: a demo that is started again tells nothing twice
/// under another id. Plays all lives once, which takes about a second for the default plan.
pub fn live(plan: &Plan, from_us: i64) -> Live {
    let world = World::of(plan);
    let costs_from = world.season.end_day.max(time::day(from_us) - COST_DAYS_MAX);
    let mut live = Live { waiting: BinaryHeap::new(), minute: minute_of(from_us), costs_from, from_us, until_us: from_us, world };
    for number in 0..plan.profiles {
        let person = live.world.person(number);
        let first_us = life::arrival_us(&live.world, &person);
        live.wait(life::life(&live.world, person, first_us));
    }
    for minute in minute_of(plan.end_us.max(from_us - LOOK_BACK_US))..minute_of(from_us) {
        live.begin_minute(minute);
    }
    live
}

/// The trickle; see [`live`].
pub struct Live {
    world: World,
    waiting: BinaryHeap<Reverse<Moment>>,
    /// The next minute to begin.
    minute: i64,
    /// The first day whose costs are still to be told.
    costs_from: i32,
    from_us: i64,
    /// Told up to here.
    until_us: i64,
}

impl Live {
    /// What happened since the last call and before `now_us`, in order of time.
    ///
    /// A few items are broken on purpose: the border refuses them. After a pause, what was under way is told in full, but of
    /// what is new only the last minutes. When a day is over its advertising costs follow; a restart tells the last days'
    /// costs again, word for word.
    pub fn until(&mut self, now_us: i64) -> Vec<Item> {
        self.skip_pause(now_us);
        let mut items = Vec::new();
        while self.minute * MINUTE_US < now_us {
            self.begin_minute(self.minute);
            self.minute += 1;
        }
        while let Some(Reverse(moment)) = self.waiting.peek() {
            if now_us <= moment.at_us {
                break;
            }
            items.push(wire::item(&self.world, moment));
            self.waiting.pop();
        }
        items.extend(broken(&self.world, self.until_us, now_us));
        items.sort_by_key(|item| if let Item::Event { at_us, .. } = item { *at_us } else { i64::MAX });
        self.until_us = self.until_us.max(now_us);
        items.extend(self.costs(time::day(now_us)));
        items
    }

    fn costs(&mut self, today: i32) -> Vec<Item> {
        let days = self.costs_from..today;
        self.costs_from = self.costs_from.max(today);
        days.flat_map(|day| cost::costs(&self.world, day)).map(Item::AdCost).collect()
    }

    fn skip_pause(&mut self, now_us: i64) {
        let since_us = now_us - CATCH_UP_US;
        if self.until_us < since_us {
            self.until_us = since_us;
            self.minute = self.minute.max(minute_of(since_us));
        }
    }

    fn begin_minute(&mut self, minute: i64) {
        let begin_us = minute * MINUTE_US;
        let mut dice = self.world.dice(Domain::Minute, minute as u64);
        let rhythm = NIGHT_SHARE + (1.0 - NIGHT_SHARE) * season::rhythm(begin_us, UTC_OFFSET_HOURS);
        let plan = self.world.plan.clone();
        let since_end = (minute - minute_of(plan.end_us)).max(0) as u32;
        let first_number = plan.profiles.wrapping_add(since_end.wrapping_mul(NEWCOMERS_A_MINUTE_MAX));
        let mut times = |mean: f64| -> Vec<i64> {
            let count = (mean * rhythm + dice.unit()) as usize;
            (0..count).map(|_| begin_us + dice.between(0, 59_999) * 1_000).collect()
        };
        let (newcomers, comebacks) = (times(NEWCOMERS_A_MINUTE), times(COMEBACKS_A_MINUTE));
        for (index, at_us) in newcomers.into_iter().take(NEWCOMERS_A_MINUTE_MAX as usize).enumerate() {
            let person = self.world.person(first_number.wrapping_add(index as u32));
            self.wait(life::life(&self.world, person, at_us));
        }
        if plan.profiles == 0 {
            return;
        }
        for at_us in comebacks {
            let person = self.world.person(dice.below(plan.profiles as usize) as u32);
            self.wait(life::comeback(&self.world, person, at_us));
        }
    }

    fn wait(&mut self, moments: Vec<Moment>) {
        let horizon_us = self.until_us + HORIZON_US;
        let due = |moment: &Moment| self.from_us <= moment.at_us && moment.at_us < horizon_us;
        self.waiting.extend(moments.into_iter().filter(due).map(Reverse));
    }
}

fn minute_of(at_us: i64) -> i64 {
    at_us.div_euclid(MINUTE_US)
}

/// What the border refuses of the seconds from `from_us` to before `to_us`: by whole seconds, so that nothing is told twice.
fn broken(world: &World, from_us: i64, to_us: i64) -> Vec<Item> {
    let (first_s, last_s) = (from_us.div_euclid(SECOND_US), to_us.div_euclid(SECOND_US));
    (first_s..last_s).filter_map(|second| broken_item(world, second)).collect()
}

fn broken_item(world: &World, second: i64) -> Option<Item> {
    // Away from the minutes' own numbers, which are far smaller.
    let mut dice = world.dice(Domain::Minute, second as u64 | 1 << 62);
    if !dice.chance(BROKEN_A_MINUTE / 60.0) {
        return None;
    }
    let at_us = second * SECOND_US;
    let (id, at) = (format!("x-{second}"), time::iso(at_us));
    let (source, json) = match dice.below(5) {
        0 => (
            Source::Site,
            format!(r#"{{"type":"track","event":"form_submitted","messageId":"{id}","timestamp":"{at}","properties":{{"form":"offer"}}}}"#),
        ),
        1 => (
            Source::Crm,
            format!(r#"{{"type":"track","event":"lead_qualified","messageId":"{id}","timestamp":"{at}","userId":"undefined"}}"#),
        ),
        2 => (Source::App, format!(r#"{{"type":"track","messageId":"{id}","timestamp":"{at}","userId":"u-{second}"}}"#)),
        3 => (Source::CallCentre, format!(r#"{{"type":"call","messageId":"{id}","timestamp":"{at}","userId":"u-{second}"}}"#)),
        _ => (
            Source::Dms,
            format!(r#"{{"type":"track","event":"service_visit","messageId":"{id}","timestamp":"31.02.2026","userId":"u-{second}"}}"#),
        ),
    };
    Some(Item::Event { source, json, at_us })
}
