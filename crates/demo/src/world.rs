//! What all people of a plan share.

use crate::{Group, Plan, dice::Dice, group, person::Person, season::Season};

#[derive(Debug, Clone)]
pub struct World {
    pub plan: Plan,
    pub group: Group,
    pub season: Season,
}

/// What dice are thrown for, so that one person's name does not decide what they buy.
#[derive(Debug, Clone, Copy)]
pub enum Domain {
    Person = 10,
    Arrival,
    Life,
    Comeback,
    Minute,
    Cost,
    Device,
    Vehicle,
    Trial,
    TrialVisit,
}

impl World {
    pub fn of(plan: &Plan) -> Self {
        Self { plan: plan.clone(), group: group(plan.seed), season: Season::of(plan) }
    }

    pub fn dice(&self, domain: Domain, number: u64) -> Dice {
        Dice::of(self.plan.seed, domain as u64, number)
    }

    pub fn person(&self, number: u32) -> Person {
        Person::of(self, number)
    }

    /// The campaign of a first visit on that day: an index into the group's.
    pub fn campaign(&self, day: i32, dice: &mut Dice) -> u8 {
        let share = self.season.share(day);
        dice.weighted(self.group.campaigns.iter().map(|campaign| if campaign.runs(share) { campaign.weight } else { 0.0 })) as u8
    }

    /// The model that somebody is interested in: what the campaign shows, or what is on the market.
    pub fn model(&self, day: i32, campaign: u8, dice: &mut Dice) -> u8 {
        let share = self.season.share(day);
        match self.group.campaigns[usize::from(campaign)].model {
            Some(model) if dice.chance(0.8) => model as u8,
            _ => dice.weighted(self.group.models.iter().map(|model| if model.launch <= share { model.weight } else { 0.0 })) as u8,
        }
    }
}
