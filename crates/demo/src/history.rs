//! The past, in order of time.

use std::vec;

use forecourt_model::{entity::AdCost, time};

use crate::{Item, Plan, cost, life, moment::Moment, season::Season, wire, world::World};

/// Tells a plan's months up to its end: events in order of time, each day's advertising costs after its events.
///
/// Lives are played when their person first comes, and their moments wait by day, so what is held is the moments still to
/// come (some 50 bytes each), never the items.
pub fn history(plan: &Plan) -> impl Iterator<Item = Item> + Send + use<> {
    History::of(World::of(plan))
}

struct History {
    /// People by the day on which they first come, in the order of the days.
    newcomers: vec::IntoIter<Vec<u32>>,
    /// `[days]`: what is still to happen.
    waiting: vec::IntoIter<Vec<Moment>>,
    day: i32,
    today: vec::IntoIter<Moment>,
    costs: vec::IntoIter<AdCost>,
    world: World,
}

impl History {
    fn of(world: World) -> Self {
        let Season { start_day, end_day, .. } = world.season;
        let days = (end_day - start_day + 1) as usize;
        let mut newcomers = vec![Vec::new(); days];
        for number in 0..world.plan.profiles {
            let first_us = life::arrival_us(&world, &world.person(number));
            if first_us < world.plan.end_us {
                newcomers[day_index(start_day, first_us)].push(number);
            }
        }
        let waiting = vec![Vec::new(); days].into_iter();
        let (today, costs) = (Vec::new().into_iter(), Vec::new().into_iter());
        Self { newcomers: newcomers.into_iter(), waiting, day: start_day - 1, today, costs, world }
    }

    /// Brings the next day's moments and costs; `false` after the last day.
    fn turn(&mut self) -> bool {
        let Some(newcomers) = self.newcomers.next() else { return false };
        self.day += 1;
        for number in newcomers {
            self.play(number);
        }
        let mut today = self.waiting.next().unwrap_or_default();
        today.sort_unstable();
        self.today = today.into_iter();
        // The last day is not over: its costs are not in yet.
        let over = self.day < self.world.season.end_day;
        self.costs = if over { cost::costs(&self.world, self.day) } else { Vec::new() }.into_iter();
        true
    }

    fn play(&mut self, number: u32) {
        let person = self.world.person(number);
        let first_us = life::arrival_us(&self.world, &person);
        let waiting = self.waiting.as_mut_slice();
        for moment in life::life(&self.world, person, first_us) {
            if moment.at_us < self.world.plan.end_us {
                waiting[day_index(self.day, moment.at_us)].push(moment);
            }
        }
    }
}

impl Iterator for History {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(moment) = self.today.next() {
                return Some(wire::item(&self.world, &moment));
            }
            if let Some(cost) = self.costs.next() {
                return Some(Item::AdCost(cost));
            }
            if !self.turn() {
                return None;
            }
        }
    }
}

/// Days after `first_day`; what local time puts into the evening before counts as that day.
fn day_index(first_day: i32, at_us: i64) -> usize {
    (time::day(at_us) - first_day).max(0) as usize
}
