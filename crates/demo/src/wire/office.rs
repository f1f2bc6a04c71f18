//! What offices send: the CRM's leads, the call centre's calls, the dealers' deliveries and service.

use std::fmt::Write as _;

use super::Line;
use crate::{
    Source,
    life::AGENTS,
    moment::{CallResult, Moment, Reason, Sale, Step},
    world::Domain,
};

impl Line<'_> {
    pub fn lead(&mut self, sale: Sale, step: Step) -> Source {
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

    pub fn call(&mut self, inbound: bool, result: CallResult, duration_s: u16, agent: u8, about: Option<Sale>) -> Source {
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

    pub fn service_visit(&mut self, dealer: u8, value_eur: u16) -> Source {
        let dealer = &self.world.group.dealers[usize::from(dealer)];
        let region = self.world.group.regions[dealer.region].name;
        self.head("track", Some("service_visit"));
        self.put(&[r#","properties":{"dealer":""#, &dealer.name, r#"","region":""#, region]);
        let _ = write!(self.out, r#"","value":{value_eur},"currency":"EUR"}}"#);
        self.office(Some(("dms_id", 'D')), true, false);
        Source::Dms
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
        let mut dice = self
            .world
            .dice(Domain::Vehicle, u64::from(self.person.number) << 8 | u64::from(sale.number) | u64::from(self.moment.chapter) << 40);
        self.put(&[r#","vin":"XAU"#]);
        (0..14).for_each(|_| self.out.push(char::from(dice.pick(LETTERS))));
        self.put(&[r#"""#]);
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
