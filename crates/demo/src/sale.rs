//! From lead to car: the CRM's and the dealer's part, with all the ways of losing a person.

use forecourt_model::time::{DAY_US, HOUR_US, MINUTE_US};

use crate::{
    life::Life,
    moment::{Reason, Sale, Step, What},
    season,
    visit::Interest,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Lost { at_us: i64 },
    Delivered { at_us: i64 },
}

/// A step taken, or the time and reason of the loss: lets the steps read as a list.
type Taken = Result<i64, (i64, Reason)>;

impl Life<'_> {
    /// Plays a lead from its creation to delivery or loss.
    pub fn follow_up(&mut self, at_us: i64, sale: Sale) -> Outcome {
        match self.steps(at_us, sale) {
            Ok(at_us) => Outcome::Delivered { at_us },
            Err((at_us, reason)) => {
                let at_us = season::office_time(at_us, self.region().utc_offset_hours, &mut self.dice);
                self.lead(at_us, sale, Step::Lost(reason));
                Outcome::Lost { at_us }
            }
        }
    }

    fn steps(&mut self, at_us: i64, sale: Sale) -> Taken {
        self.lead(at_us, sale, Step::Created);
        let at_us = self.qualify(at_us, sale)?;
        let at_us = self.dispatch(at_us, sale)?;
        let at_us = self.contact(at_us, sale)?;
        let at_us = self.drive(at_us, sale)?;
        let (at_us, value_eur) = self.agree(at_us, sale)?;
        self.deliver(at_us, sale, value_eur)
    }

    fn qualify(&mut self, at_us: i64, sale: Sale) -> Taken {
        let at_us = self.office_later(at_us, 6 * MINUTE_US, 9 * HOUR_US);
        self.call(at_us, false, Some(sale));
        if !self.dice.chance(0.56 + 0.18 * self.quality(sale)) {
            let reason = self.dice.pick(&[Reason::Unreachable, Reason::Unreachable, Reason::NotInterested]);
            return Err((at_us + 2 * DAY_US, reason));
        }
        let at_us = at_us + self.dice.between(3, 14) * MINUTE_US;
        self.lead(at_us, sale, Step::Qualified);
        Ok(at_us)
    }

    fn dispatch(&mut self, at_us: i64, sale: Sale) -> Taken {
        let at_us = at_us + self.dice.early(1, 25) * MINUTE_US;
        self.lead(at_us, sale, Step::Dispatched);
        // A weak dealer takes a day where a good one takes an hour or two.
        let slow = 1.0 / self.skill(sale);
        let high_us = (5.0 * HOUR_US as f64 * slow * slow * slow) as i64;
        if !self.dice.chance(0.55 + 0.42 * self.skill(sale)) {
            return Err((at_us + 6 * DAY_US, Reason::DealerSilent));
        }
        let at_us = self.office_later(at_us, 4 * MINUTE_US, high_us);
        self.lead(at_us, sale, Step::Accepted);
        Ok(at_us)
    }

    fn contact(&mut self, at_us: i64, sale: Sale) -> Taken {
        let high_us = (20.0 * HOUR_US as f64 / self.skill(sale)) as i64;
        let at_us = self.office_later(at_us, 15 * MINUTE_US, high_us);
        self.call(at_us, false, Some(sale));
        if !self.dice.chance((0.50 + 0.40 * self.skill(sale)).min(0.95)) {
            return Err((at_us + 4 * DAY_US, Reason::Unreachable));
        }
        let at_us = at_us + 10 * MINUTE_US;
        self.lead(at_us, sale, Step::Contacted);
        Ok(at_us)
    }

    /// A test drive, for most; some go straight to the offer.
    fn drive(&mut self, at_us: i64, sale: Sale) -> Taken {
        if self.dice.chance(0.12) {
            return Ok(at_us);
        }
        if !self.dice.chance(0.38 + 0.24 * self.skill(sale) + 0.08 * self.quality(sale)) {
            return Err((at_us + self.dice.between(3, 30) * DAY_US, self.change_of_mind()));
        }
        let booked_us = self.office_later(at_us, HOUR_US, 3 * DAY_US);
        self.lead(booked_us, sale, Step::TestDriveBooked);
        if self.person.household.is_none() && self.person.kind != crate::person::Kind::WalkIn && self.dice.chance(0.5) {
            let look_us = self.days_later(booked_us, 0, 3);
            self.visit(look_us, crate::campaign::DIRECT, sale.model, Interest::Look);
        }
        let done_us = self.office_later(booked_us, DAY_US, 12 * DAY_US);
        if !self.dice.chance(0.78) {
            return Err((done_us + DAY_US, self.change_of_mind()));
        }
        self.lead(done_us, sale, Step::TestDriveDone);
        Ok(done_us)
    }

    fn agree(&mut self, at_us: i64, sale: Sale) -> Result<(i64, u32), (i64, Reason)> {
        if !self.dice.chance(0.82) {
            return Err((at_us + self.dice.between(5, 40) * DAY_US, self.change_of_mind()));
        }
        let model = &self.world.group.models[usize::from(sale.model)];
        let offered_us = self.office_later(at_us, 30 * MINUTE_US, 6 * DAY_US);
        let list_eur = (f64::from(model.price_eur) * self.dice.factor(0.97, 1.16) / 50.0) as u32 * 50;
        self.lead(offered_us, sale, Step::OfferMade { value_eur: list_eur });
        if !self.dice.chance((0.22 + 0.24 * self.skill(sale)) * model.appeal.max(0.7) * (0.6 + 0.4 * self.quality(sale))) {
            let reason = if self.dice.chance(0.4) { Reason::Price } else { self.change_of_mind() };
            return Err((offered_us + self.dice.between(7, 60) * DAY_US, reason));
        }
        let signed_us = self.office_later(offered_us, DAY_US, 50 * DAY_US);
        let value_eur = (f64::from(list_eur) * self.dice.factor(0.93, 1.0) / 10.0) as u32 * 10;
        self.lead(signed_us, sale, Step::ContractSigned { value_eur });
        Ok((signed_us, value_eur))
    }

    fn deliver(&mut self, at_us: i64, sale: Sale, value_eur: u32) -> Taken {
        // The dearer, the more often it is built to order.
        let cancels = if 40_000 < value_eur { 0.09 } else { 0.05 };
        if self.dice.chance(cancels) {
            let at_us = self.office_later(at_us, 2 * DAY_US, 40 * DAY_US);
            self.lead(at_us, sale, Step::OrderCancelled);
            return Err((at_us + HOUR_US, Reason::OrderCancelled));
        }
        let at_us = self.office_later(at_us, 9 * DAY_US, 120 * DAY_US);
        self.lead(at_us, sale, Step::Delivered);
        Ok(at_us)
    }

    fn lead(&mut self, at_us: i64, sale: Sale, step: Step) {
        self.push(at_us, What::Lead { sale, step });
    }

    /// How serious the people are whom a campaign brings: 1 is usual.
    fn quality(&self, sale: Sale) -> f64 {
        self.world.group.campaigns[usize::from(sale.campaign)].yield_factor.clamp(0.3, 1.5)
    }

    fn change_of_mind(&mut self) -> Reason {
        self.dice.pick(&[Reason::BoughtElsewhere, Reason::Postponed, Reason::NotInterested, Reason::Price])
    }

    fn skill(&self, sale: Sale) -> f64 {
        self.world.group.dealers[usize::from(sale.dealer)].skill.max(0.3)
    }
}
