//! One sitting at a device: pages, cars, the configurator, the app, signing in.

use forecourt_model::time::SECOND_US;

use crate::{
    life::Life,
    moment::{Page, SHARED, Told, Visit, What},
    world::Domain,
};

/// How long somebody stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// The landing page and away.
    Bounce,
    Glance,
    Look,
    /// The last visit before asking.
    Study,
}

/// The phone's app, beside the browsers numbered from 0.
pub const APP: u8 = 8;

impl Life<'_> {
    /// Plays one sitting that begins at `at_us`.
    ///
    /// Returns the sitting and the moment after its last step, for what is done at its end.
    pub fn visit(&mut self, at_us: i64, campaign: u8, model: u8, interest: Interest) -> (Visit, i64) {
        let device = self.device();
        let landing =
            Visit { began_s: (at_us / SECOND_US) as u32, device, signed_in: self.is_signed_in(device), campaign, is_landing: true };
        let visit = Visit { is_landing: false, ..landing };
        let shows_model = self.world.group.campaigns[usize::from(campaign)].model.is_some();
        let page = if shows_model || self.dice.chance(0.25) { Page::Model(model) } else { Page::Home };
        self.push(at_us, What::Page { visit: landing, page });

        let steps = match interest {
            Interest::Bounce => 0,
            Interest::Glance => self.dice.between(1, 4),
            Interest::Look => self.dice.between(2, 7),
            Interest::Study => self.dice.between(4, 9),
        };
        let mut at_us = at_us;
        let mut trial = self.trial(at_us, visit, page);
        for _ in 0..steps {
            at_us += self.pause_us();
            let what = self.step(visit, model, interest);
            self.push(at_us, what);
            if let (None, What::Page { page, .. }) = (trial, what) {
                trial = self.trial(at_us, visit, page);
            }
        }
        if trial == Some(true) {
            self.tempted(at_us, visit, model);
        }
        (visit, at_us + self.pause_us())
    }

    /// On a model's page, while the site tries out another one: which of them is shown. `None` elsewhere.
    fn trial(&mut self, at_us: i64, visit: Visit, page: Page) -> Option<bool> {
        let Page::Model(model) = page else { return None };
        if !self.world.season.tries_brochure_on_top(at_us) {
            return None;
        }
        // The browser remembers: on the household's, its owner was given one before.
        let given = self.person.household.filter(|_| visit.device == SHARED).unwrap_or(self.person.number);
        let on_top = self.world.dice(Domain::Trial, u64::from(given)).chance(0.5);
        self.push(at_us + SECOND_US / 10, What::TrialViewed { visit, model, on_top });
        Some(on_top)
    }

    /// Some take the brochure because it is at the top. Dice of their own: nothing else of the life changes by it.
    fn tempted(&mut self, at_us: i64, visit: Visit, model: u8) {
        let mut dice = self.world.dice(Domain::TrialVisit, u64::from(self.person.number) << 32 | u64::from(visit.began_s));
        if self.person.has_email && dice.chance(0.035) {
            let at_us = at_us + dice.between(3, 5) * SECOND_US;
            self.push(at_us, What::Identified { visit, told: Told::Email, model });
            self.push(at_us + SECOND_US, What::BrochureDownloaded { visit, model });
        }
    }

    fn step(&mut self, visit: Visit, model: u8, interest: Interest) -> What {
        let seen = if self.dice.chance(0.75) { model } else { self.other_model(visit) };
        let configures = if interest == Interest::Glance { 0.04 } else { 0.13 };
        match self.dice.weighted([0.40, configures, 0.20, 0.12, 0.07, 0.06, 0.08].into_iter()) {
            0 => What::CarViewed { visit, model: seen },
            1 => What::ConfiguratorOpened { visit, model: seen },
            2 => What::Page { visit, page: Page::Model(seen) },
            3 => What::Page { visit, page: Page::Models },
            4 => What::Page { visit, page: Page::Offers },
            5 => What::Page { visit, page: Page::Finance },
            _ => What::Page { visit, page: Page::Dealers },
        }
    }

    fn other_model(&mut self, visit: Visit) -> u8 {
        let day = (visit.began_s / 86_400) as i32;
        self.world.model(day, crate::campaign::DIRECT, &mut self.dice)
    }

    /// The owner's app: always signed in.
    pub fn app(&mut self, at_us: i64) {
        let visit = Visit { began_s: (at_us / SECOND_US) as u32, device: APP, signed_in: true, campaign: 0, is_landing: false };
        if !self.is_signed_in(APP) {
            self.sign_in(at_us, visit, 0);
        }
        let mut at_us = at_us + SECOND_US;
        for page in [Page::Cabinet, Page::Offers, Page::Dealers].into_iter().take(self.dice.between(1, 3) as usize) {
            self.push(at_us, What::Screen { visit, page });
            at_us += self.pause_us();
        }
    }

    pub fn sign_in(&mut self, at_us: i64, visit: Visit, model: u8) {
        self.signed_in |= bit(visit.device);
        self.push(at_us, What::Identified { visit: Visit { signed_in: true, ..visit }, told: Told::Account, model });
    }

    fn is_signed_in(&self, device: u8) -> bool {
        self.signed_in & bit(device) != 0
    }

    /// Mostly the first device; members of a household at times another member's.
    fn device(&mut self) -> u8 {
        if self.person.household.is_some() && self.dice.chance(0.45) {
            return SHARED;
        }
        match self.dice.unit() {
            unit if unit < 0.72 => 0,
            _ => self.dice.below(usize::from(self.person.devices)) as u8,
        }
    }

    fn pause_us(&mut self) -> i64 {
        self.dice.early(6_000, 150_000) * 1_000
    }
}

/// One bit per device; on a shared one people sign out again.
fn bit(device: u8) -> u16 {
    if device == SHARED { 0 } else { 1 << device }
}
