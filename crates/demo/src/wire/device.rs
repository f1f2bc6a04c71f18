//! What a browser or the app sends: who sits at it, what they say of themselves, and what the SDK adds.

use std::fmt::Write as _;

use forecourt_model::time;

use super::{Line, SITE};
use crate::{
    Source,
    group::Tongue,
    moment::{SHARED, Told, Visit},
    visit::APP,
};

const BROWSERS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15) Chrome/141.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Mobile Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Linux; Android 14; Tablet) Chrome/140.0 Safari/537.36",
];

impl Line<'_> {
    pub fn identify(&mut self, visit: Visit, told: Told, model: u8) -> Source {
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

    pub fn who(&mut self, visit: Visit) {
        self.put(&[r#","anonymousId":""#]);
        self.person.write_anonymous_id(self.world, visit.device, &mut self.out);
        self.put(&[r#"""#]);
        if visit.signed_in {
            let _ = write!(self.out, r#","userId":"u-{:07}""#, self.person.number);
        }
    }

    /// What a browser's SDK tells of itself; ends the item.
    pub fn browser(&mut self, visit: Visit, path: &str, slug: &str) {
        let device = if visit.device == SHARED { 0 } else { usize::from(visit.device) };
        let browser = BROWSERS[(self.person.number as usize + device * 2) % BROWSERS.len()];
        self.put(&[r#","context":{"library":{"name":"analytics.js"},"locale":""#, self.locale(), r#"","userAgent":""#, browser]);
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

    pub fn app(&mut self, visit: Visit) {
        self.put(&[
            r#","context":{"app":{"name":"Aurelia","version":"4.2.0"},"library":{"name":"analytics-kotlin","version":"1.19.0"},"locale":""#,
        ]);
        self.put(&[self.locale(), r#"","os":{"name":"Android","version":"15"}"#]);
        let _ = write!(self.out, r#","sessionId":{}}}}}"#, visit.began_s);
    }

    fn locale(&self) -> &'static str {
        match self.person.tongue {
            Tongue::Cyrillic => "ru-RU",
            Tongue::Latin => "en-GB",
            Tongue::Chinese => "zh-CN",
        }
    }
}
