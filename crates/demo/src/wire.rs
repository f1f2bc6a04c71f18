//! Writes moments out as items of Segment's wire format.
//!
//! By hand, because millions are written at the start of a demo. That is safe: every text comes from tables of this crate,
//! none of which needs escaping in JSON (the tests read every item back).

use std::fmt::Write as _;

use forecourt_model::time;

use crate::{
    Item, Source,
    group::Tongue,
    life::AGENTS,
    moment::{CallResult, Form, Moment, Page, Reason, SHARED, Sale, Step, Told, Visit, What},
    person::Person,
    visit::APP,
    world::{Domain, World},
};

const SITE: &str = "https://aurelia.example";
const BROWSERS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Mobile Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Linux; Android 14; Tablet) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
];

/// Writes one moment as an item.
pub fn item(world: &World, moment: &Moment) -> Item {
    let person = world.person(moment.person);
    let mut line = Line { world, person: &person, moment, out: String::with_capacity(704) };
    let source = line.write();
    Item::Event { source, json: line.out, at_us: moment.at_us }
}

struct Line<'a> {
    world: &'a World,
    person: &'a Person,
    moment: &'a Moment,
    out: String,
}

impl Line<'_> {
    fn write(&mut self) -> Source {
        match self.moment.what {
            What::Page { visit, page } => self.page(visit, page),
            What::Screen { visit, page } => self.screen(visit, page),
            What::CarViewed { visit, model } => self.car(visit, model),
            What::ConfiguratorOpened { visit, model } => self.track_on_site("configurator_opened", visit, "/configurator/", model, None),
            What::BrochureDownloaded { visit, model } => self.track_on_site("brochure_downloaded", visit, "/models/", model, None),
            What::CallbackRequested { visit, model } => self.track_on_site("callback_requested", visit, "/models/", model, None),
            What::FormSubmitted { visit, form, model } => self.track_on_site("form_submitted", visit, "/models/", model, Some(form)),
            What::FormFailed { visit, form, model } => self.track_on_site("form_failed", visit, "/models/", model, Some(form)),
            What::Identified { visit, told, model } => self.identify(visit, told, model),
            What::Lead { sale, step } => self.lead(sale, step),
            What::Call { inbound, result, duration_s, agent, about } => self.call(inbound, result, duration_s, agent, about),
            What::ServiceVisit { dealer, value_eur } => self.service_visit(dealer, value_eur),
        }
    }

    fn page(&mut self, visit: Visit, page: Page) -> Source {
        self.head("page", None);
        self.who(visit);
        self.put(&[r#","properties":{"region":""#, self.region(), r#""}"#]);
        self.browser(visit, path(page), self.slug(page));
        Source::Site
    }

    fn screen(&mut self, visit: Visit, page: Page) -> Source {
        self.head("screen", None);
        self.who(visit);
        let name = path(page).trim_start_matches('/');
        self.put(&[r#","properties":{"region":""#, self.region(), r#"","name":""#, name, r#""}"#]);
        self.app(visit);
        Source::App
    }

    fn car(&mut self, visit: Visit, model: u8) -> Source {
        let car = &self.world.group.models[usize::from(model)];
        self.head("track", Some("car_viewed"));
        self.who(visit);
        self.put(&[
            r#","properties":{"model":""#,
            car.name,
            r#"","region":""#,
            self.region(),
            r#"","url":""#,
            SITE,
            "/models/",
            car.slug,
            r#"","price":"#,
        ]);
        let _ = write!(self.out, "{}}}", car.price_eur);
        self.browser(visit, "/models/", car.slug);
        Source::Site
    }

    fn track_on_site(&mut self, event: &str, visit: Visit, path: &str, model: u8, form: Option<Form>) -> Source {
        let car = &self.world.group.models[usize::from(model)];
        self.head("track", Some(event));
        self.who(visit);
        self.put(&[r#","properties":{"model":""#, car.name, r#"","region":""#, self.region()]);
        if let Some(form) = form {
            self.put(&[r#"","form":""#, form_name(form)]);
        }
        self.put(&[r#""}"#]);
        self.browser(visit, path, car.slug);
        Source::Site
    }

    fn identify(&mut self, visit: Visit, told: Told, model: u8) -> Source {
        self.head("identify", None);
        self.who(visit);
        self.put(&[r#","traits":{"#]);
        self.traits(told, model);
        self.put(&["}"]);
        if visit.device == APP {
            self.app(visit);
            return Source::App;
        }
        self.browser(visit, "/cabinet", "");
        Source::Site
    }

    fn traits(&mut self, told: Told, model: u8) {
        let person = self.person;
        if told != Told::Email {
            self.put(&[r#""name":""#]);
            person.name.write(&mut self.out);
            self.put(&[r#"","phone":""#]);
            person.write_phone(self.plan(), false, &mut self.out);
            let city = self.world.group.regions[usize::from(person.region)].cities[usize::from(person.city)];
            self.put(&[r#"","city":""#, city, r#"","#]);
        }
        if person.has_email || told == Told::Email {
            self.put(&[r#""email":""#]);
            person.write_email(&mut self.out);
            self.put(&[r#"","#]);
        }
        if told == Told::Account {
            let day = (i32::from(person.birth_year) - 25) * 365 + i32::from(person.birth_day);
            self.put(&[r#""birthday":""#, &time::day_text(day), r#"","#]);
        }
        let (model, consents) = (self.world.group.models[usize::from(model)].name, person.consents);
        self.put(&[r#""model_of_interest":""#, model, r#"""#]);
        let _ =
            write!(self.out, r#","consent_email":{},"consent_sms":{},"consent_calls":{}"#, consents.email, consents.sms, consents.calls);
    }

    fn lead(&mut self, sale: Sale, step: Step) -> Source {
        let at_dealer = step == Step::Delivered;
        self.head("track", Some(step_event(step)));
        self.put(&[r#","properties":{"#]);
        self.number_of("lead_id", 'L', sale);
        if matches!(step, Step::ContractSigned { .. } | Step::OrderCancelled | Step::Delivered) {
            self.put(&[","]);
            self.number_of("order_id", 'O', sale);
        }
        let group = &self.world.group;
        let (model, dealer) = (&group.models[usize::from(sale.model)], &group.dealers[usize::from(sale.dealer)]);
        self.put(&[
            r#","model":""#,
            model.name,
            r#"","dealer":""#,
            &dealer.name,
            r#"","region":""#,
            group.regions[dealer.region].name,
            r#"""#,
        ]);
        match step {
            Step::Created => self.booked_under(sale.campaign),
            Step::OfferMade { value_eur } | Step::ContractSigned { value_eur } => {
                _ = write!(self.out, r#","value":{value_eur},"currency":"EUR""#)
            }
            Step::Lost(reason) => self.put(&[r#","reason":""#, reason_name(reason), r#"""#]),
            Step::Delivered => self.vin(sale),
            _ => {}
        }
        self.put(&["}"]);
        let created = step == Step::Created;
        self.office(Some(if at_dealer { ("dms_id", 'D') } else { ("crm_id", 'C') }), at_dealer || created, created);
        if at_dealer { Source::Dms } else { Source::Crm }
    }

    /// What the CRM was told of the way the person came.
    fn booked_under(&mut self, campaign: u8) {
        let campaign = &self.world.group.campaigns[usize::from(campaign)];
        self.put(&[r#","channel":""#, campaign.channel, r#"""#]);
        if !campaign.utm_source.is_empty() {
            self.put(&[r#","utm_source":""#, campaign.utm_source, r#"","utm_campaign":""#, campaign.name, r#"""#]);
        }
    }

    fn call(&mut self, inbound: bool, result: CallResult, duration_s: u16, agent: u8, about: Option<Sale>) -> Source {
        self.head("track", Some("call_completed"));
        let Moment { chapter, number, person, .. } = *self.moment;
        let _ = write!(
            self.out,
            r#","properties":{{"call_id":"T-{person:07}-{chapter}-{number}","direction":"{}""#,
            if inbound { "in" } else { "out" }
        );
        let result = match result {
            CallResult::Answered => "answered",
            CallResult::Missed => "missed",
            CallResult::Busy => "busy",
        };
        let _ = write!(
            self.out,
            r#","duration_s":{duration_s},"result":"{result}","agent":"Agent {:02}","region":"{}""#,
            usize::from(agent) % AGENTS + 1,
            self.region()
        );
        if let Some(sale) = about {
            let group = &self.world.group;
            self.put(&[r#","model":""#, group.models[usize::from(sale.model)].name, r#"""#]);
            // Before the lead is created nobody knows the dealer.
            if !inbound {
                self.put(&[r#","dealer":""#, &group.dealers[usize::from(sale.dealer)].name, r#"""#]);
            }
        }
        self.put(&["}"]);
        self.office(None, true, false);
        Source::CallCentre
    }

    fn service_visit(&mut self, dealer: u8, value_eur: u16) -> Source {
        let dealer = &self.world.group.dealers[usize::from(dealer)];
        let region = self.world.group.regions[dealer.region].name;
        self.head("track", Some("service_visit"));
        self.put(&[r#","properties":{"dealer":""#, &dealer.name, r#"","region":""#, region]);
        let _ = write!(self.out, r#"","value":{value_eur},"currency":"EUR"}}"#);
        self.office(Some(("dms_id", 'D')), true, false);
        Source::Dms
    }

    fn head(&mut self, kind: &str, event: Option<&str>) {
        let Moment { chapter, number, person, at_us, .. } = *self.moment;
        self.put(&[r#"{"type":""#, kind, r#"""#]);
        if let Some(event) = event {
            self.put(&[r#","event":""#, event, r#"""#]);
        }
        let _ = write!(self.out, r#","messageId":"m-{person:07x}-{chapter:x}-{number:x}","timestamp":""#);
        self.put(&[&time::iso(at_us), r#"""#]);
    }

    fn who(&mut self, visit: Visit) {
        self.put(&[r#","anonymousId":""#]);
        self.person.write_anonymous_id(self.world, visit.device, &mut self.out);
        self.put(&[r#"""#]);
        if visit.signed_in {
            let _ = write!(self.out, r#","userId":"u-{:07}""#, self.person.number);
        }
    }

    /// What a browser's SDK tells of itself; ends the item.
    fn browser(&mut self, visit: Visit, path: &str, slug: &str) {
        let device = if visit.device == SHARED { 0 } else { usize::from(visit.device) };
        let browser = BROWSERS[(self.person.number as usize + device * 2) % BROWSERS.len()];
        self.put(&[
            r#","context":{"library":{"name":"analytics.js","version":"2.11.1"},"locale":""#,
            self.locale(),
            r#"","userAgent":""#,
            browser,
        ]);
        let _ = write!(self.out, r#"","sessionId":{},"page":{{"url":"{SITE}{path}{slug}"#, visit.began_s);
        let campaign = &self.world.group.campaigns[usize::from(visit.campaign)];
        let tagged = visit.is_landing && !campaign.utm_source.is_empty();
        if tagged {
            self.put(&["?utm_source=", campaign.utm_source, "&utm_medium=", campaign.utm_medium, "&utm_campaign=", campaign.name]);
        }
        let referrer = if visit.is_landing { campaign.referrer } else { "https://aurelia.example/" };
        self.put(&[r#"","referrer":""#, referrer, r#""}"#]);
        if tagged {
            self.put(&[
                r#","campaign":{"source":""#,
                campaign.utm_source,
                r#"","medium":""#,
                campaign.utm_medium,
                r#"","name":""#,
                campaign.name,
                r#""}"#,
            ]);
        }
        self.put(&["}}"]);
    }

    fn app(&mut self, visit: Visit) {
        self.put(&[
            r#","context":{"app":{"name":"Aurelia","version":"4.2.0"},"library":{"name":"analytics-kotlin","version":"1.19.0"},"locale":""#,
        ]);
        self.put(&[self.locale(), r#"","os":{"name":"Android","version":"15"}"#]);
        let _ = write!(self.out, r#","sessionId":{}}}}}"#, visit.began_s);
    }

    /// What an office's system knows of a person: its own key, their phone, at times name and e-mail; ends the item.
    fn office(&mut self, key: Option<(&str, char)>, phone: bool, name: bool) {
        self.put(&[r#","context":{"library":{"name":"aurelia-sync","version":"3.4"}"#]);
        if let Some((kind, letter)) = key {
            let number = self.person.number;
            let _ = write!(
                self.out,
                r#","externalIds":[{{"id":"{letter}-{number:07}","type":"{kind}","collection":"users","encoding":"none"}}]"#
            );
        }
        if phone {
            self.put(&[r#","traits":{"phone":""#]);
            self.person.write_phone(self.plan(), true, &mut self.out);
            if name {
                self.put(&[r#"","name":""#]);
                self.person.name.write(&mut self.out);
            }
            self.put(&[r#""}"#]);
        }
        self.put(&["}}"]);
    }

    fn number_of(&mut self, field: &str, letter: char, sale: Sale) {
        let Moment { chapter, person, .. } = *self.moment;
        let _ = match chapter {
            0 => write!(self.out, r#""{field}":"{letter}-{person:07}-{}""#, sale.number),
            _ => write!(self.out, r#""{field}":"{letter}-{person:07}-{chapter}-{}""#, sale.number),
        };
    }

    fn vin(&mut self, sale: Sale) {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPRSTUVWXY";
        let mut dice = self.world.dice(Domain::Vehicle, u64::from(self.person.number) << 8 | u64::from(sale.number));
        self.put(&[r#","vin":"XAU"#]);
        (0..14).for_each(|_| self.out.push(char::from(dice.pick(LETTERS))));
        self.put(&[r#"""#]);
    }

    fn put(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.out.push_str(part));
    }

    fn region(&self) -> &'static str {
        self.world.group.regions[usize::from(self.person.region)].name
    }

    fn plan(&self) -> crate::group::PhonePlan {
        self.world.group.regions[usize::from(self.person.region)].phone
    }

    fn slug(&self, page: Page) -> &'static str {
        if let Page::Model(model) = page { self.world.group.models[usize::from(model)].slug } else { "" }
    }

    fn locale(&self) -> &'static str {
        match self.person.tongue {
            Tongue::Cyrillic => "ru-RU",
            Tongue::Latin => "en-GB",
            Tongue::Chinese => "zh-CN",
        }
    }
}

fn path(page: Page) -> &'static str {
    match page {
        Page::Home => "/",
        Page::Models => "/models",
        Page::Model(_) => "/models/",
        Page::Offers => "/offers",
        Page::Dealers => "/dealers",
        Page::Finance => "/finance",
        Page::Cabinet => "/cabinet",
    }
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::TestDrive => "test-drive",
        Form::Offer => "offer",
        Form::Callback => "callback",
        Form::Service => "service",
    }
}

fn step_event(step: Step) -> &'static str {
    match step {
        Step::Created => "lead_created",
        Step::Qualified => "lead_qualified",
        Step::Dispatched => "lead_dispatched",
        Step::Accepted => "lead_accepted",
        Step::Contacted => "lead_contacted",
        Step::TestDriveBooked => "test_drive_booked",
        Step::TestDriveDone => "test_drive_done",
        Step::OfferMade { .. } => "offer_made",
        Step::ContractSigned { .. } => "contract_signed",
        Step::OrderCancelled => "order_cancelled",
        Step::Delivered => "delivered",
        Step::Lost(_) => "lead_lost",
    }
}

fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::Unreachable => "unreachable",
        Reason::NotInterested => "not interested",
        Reason::DealerSilent => "dealer did not answer",
        Reason::Price => "price",
        Reason::BoughtElsewhere => "bought elsewhere",
        Reason::Postponed => "postponed",
        Reason::OrderCancelled => "order cancelled",
    }
}
