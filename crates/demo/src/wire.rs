//! Writes moments out as items of Segment's wire format.
//!
//! By hand, because millions are written at the start of a demo. That is safe: every text comes from tables of this crate,
//! none of which needs escaping in JSON (the tests read every item back).

mod device;
mod office;

use std::fmt::Write as _;

use forecourt_model::time;

use crate::{
    Item, Source,
    moment::{Form, Moment, Page, Visit, What},
    person::Person,
    world::World,
};

const SITE: &str = "https://aurelia.example";

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
            What::TrialViewed { visit, model, on_top } => self.trial(visit, model, on_top),
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

    fn trial(&mut self, visit: Visit, model: u8, on_top: bool) -> Source {
        let car = &self.world.group.models[usize::from(model)];
        self.head("track", Some("experiment_viewed"));
        self.who(visit);
        let variant = if on_top { "brochure on top" } else { "original" };
        self.put(&[r#","properties":{"experiment":"Model page","variant":""#, variant, r#"","region":""#, self.region(), r#""}"#]);
        self.browser(visit, "/models/", car.slug);
        Source::Site
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
