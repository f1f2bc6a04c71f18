//! A life with cars: who passes by, who looks for months, who asks and buys, who comes back.

use forecourt_model::time::{self, DAY_US, HOUR_US, MINUTE_US, SECOND_US};

use crate::{
    campaign::{DIRECT, NEWSLETTER, SEARCH, SHOWROOM},
    dice::Dice,
    group::Region,
    moment::{CallResult, Form, Moment, Sale, Told, Visit, What},
    person::{Kind, Person},
    sale::Outcome,
    season,
    visit::Interest,
    world::{Domain, World},
};

/// One person's moments, as far as they are told.
pub struct Life<'a> {
    pub world: &'a World,
    pub person: Person,
    pub dice: Dice,
    pub moments: Vec<Moment>,
    /// Bit per device on which the person is signed in.
    pub signed_in: u16,
    pub leads: u8,
    chapter: u32,
}

/// How far somebody will go, decided at the first visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intent {
    PassBy,
    Research,
    Buy,
}

/// Agents of the call centre and of the dealers.
pub const AGENTS: usize = 24;

/// When a person of the history first comes.
pub fn arrival_us(world: &World, person: &Person) -> i64 {
    let mut dice = world.dice(Domain::Arrival, u64::from(person.number));
    let day = match person.kind {
        // Owners come for service about twice a year, so the first time is in the first half year.
        Kind::Owner => world.season.start_day + dice.between(0, 175) as i32,
        Kind::Visitor | Kind::WalkIn => world.season.arrival_day(&mut dice),
    };
    season::visiting_time(day, world.group.regions[usize::from(person.region)].utc_offset_hours, &mut dice)
}

/// The whole life of a person who first comes at `arrival_us`, in no order of time; it may reach beyond the history's end.
pub fn life(world: &World, person: Person, arrival_us: i64) -> Vec<Moment> {
    let mut life = Life::begin(world, person, 0, world.dice(Domain::Life, u64::from(person.number)));
    match person.kind {
        Kind::Visitor => life.visitor(arrival_us),
        Kind::Owner => life.owner(arrival_us),
        Kind::WalkIn => life.walk_in(arrival_us),
    }
    life.moments
}

/// Something that a person of the group does on top of their life, so that live has known faces.
pub fn comeback(world: &World, person: Person, at_us: i64) -> Vec<Moment> {
    let second = (at_us / SECOND_US) as u32;
    let mut life = Life::begin(world, person, second, world.dice(Domain::Comeback, u64::from(person.number) << 32 | u64::from(second)));
    let campaign = life.way_back(at_us);
    let model = world.model(time::day(at_us), campaign, &mut life.dice);
    match life.dice.weighted([0.50, 0.18, 0.12, 0.12, 0.08].into_iter()) {
        0 if person.kind != Kind::WalkIn => _ = life.visit(at_us, campaign, model, Interest::Look),
        1 if person.kind != Kind::WalkIn => life.ask(at_us, campaign, model),
        2 => life.app(at_us),
        3 => life.service_visit(at_us),
        _ => life.call(at_us, true, None),
    }
    life.moments
}

impl<'a> Life<'a> {
    fn begin(world: &'a World, person: Person, chapter: u32, dice: Dice) -> Self {
        Self { world, person, dice, moments: Vec::with_capacity(32), signed_in: 0, leads: 0, chapter }
    }

    pub fn push(&mut self, at_us: i64, what: What) {
        let number = self.moments.len() as u16;
        self.moments.push(Moment { at_us, person: self.person.number, chapter: self.chapter, number, what });
    }

    pub fn region(&self) -> &'a Region {
        &self.world.group.regions[usize::from(self.person.region)]
    }

    /// A time of visit `low` to `high` days after `at_us`.
    pub fn days_later(&mut self, at_us: i64, low: i64, high: i64) -> i64 {
        let today = time::day(at_us);
        let mut day = today + self.dice.between(low, high) as i32;
        // Sooner on a Saturday than on a Tuesday.
        if !self.dice.chance(season::ease(day)) {
            day = today + self.dice.between(low, high) as i32;
        }
        season::visiting_time(day, self.region().utc_offset_hours, &mut self.dice).max(at_us + MINUTE_US)
    }

    /// The next office hour `low_us` to `high_us` after `at_us`, more often soon.
    pub fn office_later(&mut self, at_us: i64, low_us: i64, high_us: i64) -> i64 {
        let at_us = at_us + self.dice.early(low_us / 1_000, high_us / 1_000) * 1_000;
        season::office_time(at_us, self.region().utc_offset_hours, &mut self.dice)
    }

    fn visitor(&mut self, at_us: i64) {
        let day = time::day(at_us);
        let campaign = self.world.campaign(day, &mut self.dice);
        let model = self.world.model(day, campaign, &mut self.dice);
        match self.intent(campaign, model) {
            Intent::PassBy => self.pass_by(at_us, campaign, model),
            Intent::Research => self.research(at_us, campaign, model),
            Intent::Buy => self.buy(at_us, campaign, model),
        }
    }

    fn intent(&mut self, campaign: u8, model: u8) -> Intent {
        let group = &self.world.group;
        let pull = group.campaigns[usize::from(campaign)].yield_factor * self.region().demand * group.models[usize::from(model)].appeal;
        let (buy, research) = (0.145 * pull, (0.21 * pull).min(0.30));
        let unit = self.dice.unit();
        match unit {
            _ if unit < buy => Intent::Buy,
            _ if unit < buy + research => Intent::Research,
            _ => Intent::PassBy,
        }
    }

    fn pass_by(&mut self, at_us: i64, campaign: u8, model: u8) {
        let bounces = self.world.group.campaigns[usize::from(campaign)].fails() || self.dice.chance(0.22);
        let interest = if bounces { Interest::Bounce } else { Interest::Glance };
        let (_, mut at_us) = self.visit(at_us, campaign, model, interest);
        while !bounces && self.dice.chance(0.46) {
            at_us = self.days_later(at_us, 1, 45);
            let campaign = self.way_back(at_us);
            (_, at_us) = self.visit(at_us, campaign, model, Interest::Glance);
        }
    }

    /// Looks for months; some leave an e-mail for a brochure, some open an account, none asks for an offer.
    fn research(&mut self, at_us: i64, campaign: u8, model: u8) {
        let (mut at_us, mut campaign) = (at_us, campaign);
        for _ in 0..self.dice.between(3, 7) {
            let (visit, end_us) = self.visit(at_us, campaign, model, Interest::Look);
            if self.person.has_email && self.dice.chance(0.14) {
                self.push(end_us, What::Identified { visit, told: Told::Email, model });
                self.push(end_us + SECOND_US, What::BrochureDownloaded { visit, model });
            } else if self.dice.chance(0.07) {
                self.sign_in(end_us, visit, model);
            }
            at_us = self.days_later(end_us, 2, 38);
            campaign = self.way_back(at_us);
        }
    }

    fn buy(&mut self, at_us: i64, campaign: u8, model: u8) {
        let (mut at_us, mut way) = (at_us, campaign);
        let patience_days = self.dice.early(3, 42);
        for _ in 0..self.dice.early(0, 5) {
            let (visit, end_us) = self.visit(at_us, way, model, Interest::Look);
            if self.dice.chance(0.06) {
                self.sign_in(end_us, visit, model);
            }
            at_us = self.days_later(end_us, 1, patience_days);
            way = self.way_back(at_us);
        }
        self.ask(at_us, campaign, model);
    }

    /// The visit on which somebody asks: by form, by a callback, or on the phone. `campaign` is what first brought them.
    fn ask(&mut self, at_us: i64, campaign: u8, model: u8) {
        let way = if self.moments.is_empty() { campaign } else { self.way_back(at_us) };
        let (visit, end_us) = self.visit(at_us, way, model, Interest::Study);
        let dealer = self.dealer();
        let sale = Sale { number: self.next_lead(), model, dealer, campaign };
        let form = [Form::TestDrive, Form::Offer, Form::Callback][self.dice.weighted([0.52, 0.28, 0.20].into_iter())];
        let calls = self.dice.chance(0.16);
        if !calls && self.world.season.forms_are_down(end_us) {
            self.meet_broken_form(end_us, visit, form, sale);
        } else if calls {
            let called_us = self.office_later(end_us, MINUTE_US, 3 * HOUR_US);
            self.call(called_us, true, Some(sale));
            self.sell(called_us + 4 * MINUTE_US, sale);
        } else {
            self.submit(end_us, visit, form, model);
            let created_us = end_us + self.dice.between(2, 9) * SECOND_US;
            self.sell(created_us, sale);
        }
    }

    fn submit(&mut self, at_us: i64, visit: Visit, form: Form, model: u8) {
        self.push(at_us, What::Identified { visit, told: Told::Contact, model });
        let what = match form {
            Form::Callback => What::CallbackRequested { visit, model },
            form => What::FormSubmitted { visit, form, model },
        };
        self.push(at_us + SECOND_US / 4, what);
        if self.dice.chance(0.30) {
            self.sign_in(at_us + 40 * SECOND_US, visit, model);
        }
    }

    /// Two days on which forms failed: some try twice, some call, some come back later, many are lost.
    fn meet_broken_form(&mut self, at_us: i64, visit: Visit, form: Form, sale: Sale) {
        self.push(at_us, What::FormFailed { visit, form, model: sale.model });
        if self.dice.chance(0.55) {
            self.push(at_us + 35 * SECOND_US, What::FormFailed { visit, form, model: sale.model });
        }
        match self.dice.weighted([0.30, 0.22, 0.48].into_iter()) {
            0 => {
                let called_us = self.office_later(at_us, 2 * MINUTE_US, 5 * HOUR_US);
                self.call(called_us, true, Some(sale));
                self.sell(called_us + 4 * MINUTE_US, sale);
            }
            1 => {
                let again_us = self.days_later(at_us, 3, 8);
                let (visit, end_us) = self.visit(again_us, DIRECT, sale.model, Interest::Look);
                self.submit(end_us, visit, form, sale.model);
                self.sell(end_us + 3 * SECOND_US, sale);
            }
            _ => {}
        }
    }

    /// Sells, and goes on from what came of it.
    fn sell(&mut self, at_us: i64, sale: Sale) {
        match self.follow_up(at_us, sale) {
            Outcome::Delivered { at_us } => self.own(at_us),
            // Once more with another car, at most twice: people give up.
            Outcome::Lost { at_us } if self.leads < 3 && self.dice.chance(0.18) => {
                let again_us = self.days_later(at_us, 30, 120);
                let campaign = self.way_back(again_us);
                let model = self.world.model(time::day(again_us), campaign, &mut self.dice);
                if self.person.kind != Kind::WalkIn {
                    self.ask(again_us, campaign, model);
                }
            }
            Outcome::Lost { .. } => {}
        }
    }

    /// After the delivery: the app, and service twice a year.
    fn own(&mut self, delivered_us: i64) {
        if self.dice.chance(0.55) {
            let at_us = self.days_later(delivered_us, 0, 9);
            self.app(at_us);
        }
        let mut at_us = delivered_us;
        for _ in 0..2 {
            at_us += self.dice.between(150, 200) * DAY_US;
            self.book_service(at_us);
        }
    }

    fn owner(&mut self, first_us: i64) {
        let mut at_us = first_us;
        for _ in 0..3 {
            self.book_service(at_us);
            at_us += self.dice.between(145, 205) * DAY_US;
        }
        if self.dice.chance(0.12) {
            let wish_us = self.days_later(first_us, 1, 330);
            let campaign = if self.person.consents.email { NEWSLETTER } else { DIRECT };
            let model = self.world.model(time::day(wish_us), campaign, &mut self.dice);
            self.buy(wish_us, campaign, model);
        }
    }

    /// Books by app, form or phone, and comes some days later.
    fn book_service(&mut self, at_us: i64) {
        match self.dice.weighted([0.38, 0.22, 0.40].into_iter()) {
            0 => self.app(at_us),
            1 if self.person.kind != Kind::WalkIn => {
                let (visit, end_us) = self.visit(at_us, DIRECT, 0, Interest::Glance);
                if self.world.season.forms_are_down(end_us) {
                    self.push(end_us, What::FormFailed { visit, form: Form::Service, model: 0 });
                } else {
                    self.sign_in(end_us, visit, 0);
                    self.push(end_us + 30 * SECOND_US, What::FormSubmitted { visit, form: Form::Service, model: 0 });
                }
            }
            _ => {
                let called_us = self.office_later(at_us, 0, HOUR_US);
                self.call(called_us, true, None);
            }
        }
        let visit_us = self.office_later(at_us, DAY_US, 12 * DAY_US);
        self.service_visit(visit_us);
    }

    fn service_visit(&mut self, at_us: i64) {
        let at_us = season::office_time(at_us, self.region().utc_offset_hours, &mut self.dice);
        let value_eur = self.dice.early(90, 1_150) as u16;
        self.push(at_us, What::ServiceVisit { dealer: self.person.dealer, value_eur });
    }

    fn walk_in(&mut self, at_us: i64) {
        let at_us = season::office_time(at_us, self.region().utc_offset_hours, &mut self.dice);
        let model = self.world.model(time::day(at_us), SHOWROOM, &mut self.dice);
        let sale = Sale { number: self.next_lead(), model, dealer: self.person.dealer, campaign: SHOWROOM };
        if self.dice.chance(0.4) {
            self.call(at_us, true, Some(sale));
        }
        self.sell(at_us + 6 * MINUTE_US, sale);
    }

    pub fn call(&mut self, at_us: i64, inbound: bool, about: Option<Sale>) {
        let result = [CallResult::Answered, CallResult::Missed, CallResult::Busy][self.dice.weighted([0.84, 0.12, 0.04].into_iter())];
        let duration_s = if result == CallResult::Answered { self.dice.early(25, 900) as u16 } else { 0 };
        let agent = self.dice.below(AGENTS) as u8;
        self.push(at_us, What::Call { inbound, result, duration_s, agent, about });
    }

    /// How somebody who knows the site comes again.
    fn way_back(&mut self, at_us: i64) -> u8 {
        match self.dice.unit() {
            unit if unit < 0.42 => DIRECT,
            unit if unit < 0.64 => SEARCH,
            unit if unit < 0.76 && self.person.consents.email => NEWSLETTER,
            _ => self.world.campaign(time::day(at_us), &mut self.dice),
        }
    }

    /// Mostly the nearest dealer, at times another one of the region.
    fn dealer(&mut self) -> u8 {
        if self.dice.chance(0.8) {
            return self.person.dealer;
        }
        let region = usize::from(self.person.region);
        self.dice.weighted(self.world.group.dealers.iter().map(|dealer| if dealer.region == region { dealer.weight } else { 0.0 })) as u8
    }

    fn next_lead(&mut self) -> u8 {
        self.leads += 1;
        self.leads
    }
}
