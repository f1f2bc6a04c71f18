//! Reads items as the product does, and counts what a person would look up in a report.

use std::collections::{BTreeMap, HashMap};

use forecourt_demo::{Item, Plan, Source};
use forecourt_model::{ChannelRules, Event, EventType, FragmentId, IdentifierKind, Origin, Stamp, Touch, entity::Told, time};

/// In the order that a lead takes.
pub const STEPS: [&str; 10] = [
    "lead_created",
    "lead_qualified",
    "lead_dispatched",
    "lead_accepted",
    "lead_contacted",
    "test_drive_booked",
    "test_drive_done",
    "offer_made",
    "contract_signed",
    "delivered",
];

pub fn plan(profiles: u32) -> Plan {
    Plan { profiles, ..Plan::default() }
}

#[derive(Debug, Default)]
pub struct Reading {
    pub events: usize,
    pub refused: Vec<String>,
    pub touches: Vec<Touch>,
    pub names: Vec<String>,
    /// User id and device of every signing in.
    pub sign_ins: Vec<(String, String)>,
    pub leads: BTreeMap<String, Lead>,
    /// By day since 1970.
    pub forms: BTreeMap<i32, Forms>,
    pub sources: BTreeMap<Source, usize>,
    costs: BTreeMap<String, f64>,
    groups: Groups,
}

#[derive(Debug, Default)]
pub struct Lead {
    pub channel: String,
    pub campaign: String,
    pub region: String,
    pub model: String,
    pub dealer: String,
    /// Event and time, as they came.
    pub steps: Vec<(String, i64)>,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Forms {
    pub sent: usize,
    pub failed: usize,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Shares {
    leads: usize,
    contracts: usize,
}

impl Shares {
    pub fn contracts(&self) -> f64 {
        self.contracts as f64 / self.leads.max(1) as f64
    }
}

/// Most events are visits: leaving them unread makes the large readings quick.
pub fn tells_of_leads_or_forms(item: &Item) -> bool {
    match item {
        Item::Event { json, .. } => json.contains("lead_id") || json.contains(r#""form""#),
        Item::AdCost(_) => true,
    }
}

impl Reading {
    /// * `region`: the country whose notation phones are in, as an installation is set.
    pub fn of(items: impl IntoIterator<Item = Item>, region: &str) -> Self {
        let mut reading = Self::default();
        for item in items {
            match item {
                Item::AdCost(cost) => *reading.costs.entry(cost.campaign).or_default() += cost.cost,
                Item::Event { source, json, at_us } => {
                    let stamp = Stamp {
                        origin: Origin::History,
                        received_us: at_us + time::MINUTE_US,
                        sent_us: None,
                        source: source.as_str().into(),
                        message_id: "m".into(),
                        ip: "".into(),
                    };
                    match Event::parse(json.as_bytes(), &stamp, region) {
                        Ok(event) => reading.read(source, event, at_us),
                        Err(refusal) => reading.refused.push(format!("{refusal}: {json}")),
                    }
                }
            }
        }
        reading
    }

    fn read(&mut self, source: Source, event: Event, at_us: i64) {
        assert!((event.ts_us - at_us).abs() < 1_000, "the item says {at_us}, its timestamp {}", event.ts_us);
        self.events += 1;
        *self.sources.entry(source).or_default() += 1;
        self.groups.unite(event.identifiers.iter().map(ToString::to_string));
        self.names.extend(event.traits.get("name").and_then(|name| name.as_str()).map(str::to_owned));
        let forms = self.forms.entry(time::day(at_us)).or_default();
        match event.name.as_str() {
            "form_submitted" | "callback_requested" => forms.sent += 1,
            "form_failed" => forms.failed += 1,
            _ => {}
        }
        if event.event_type == EventType::Identify {
            let of = |kind| event.identifiers.iter().find(|id| id.kind == kind).map(|id| id.value.clone());
            self.sign_ins.extend(of(IdentifierKind::UserId).zip(of(IdentifierKind::AnonymousId)));
        }
        let touch = event.touch(ChannelRules::built_in());
        if let Some(told) = Told::by(&event, FragmentId(0), touch.as_ref()).lead {
            let lead = self.leads.entry(told.lead_id).or_default();
            let of = told.dimensions;
            for (held, given) in [
                (&mut lead.channel, of.channel),
                (&mut lead.campaign, of.campaign),
                (&mut lead.region, of.region),
                (&mut lead.model, of.model),
                (&mut lead.dealer, of.dealer),
            ] {
                if let Some(given) = given {
                    *held = given;
                }
            }
            lead.steps.push((event.name, at_us));
        }
        self.touches.extend(touch);
    }

    /// Groups of identifiers that some event names together: how many there are, and how many hold several.
    pub fn profiles(&self) -> (usize, usize) {
        let sizes = self.groups.sizes();
        (sizes.len(), sizes.values().filter(|size| 1 < **size).count())
    }

    pub fn leads_by(&self, key: impl Fn(&Lead) -> String) -> BTreeMap<String, Shares> {
        let mut by: BTreeMap<String, Shares> = BTreeMap::new();
        for lead in self.leads.values() {
            let shares = by.entry(key(lead)).or_default();
            shares.leads += 1;
            shares.contracts += usize::from(lead.steps.iter().any(|(name, _)| name == "contract_signed"));
        }
        by
    }

    pub fn leads_of(&self, campaign: &str) -> usize {
        self.leads.values().filter(|lead| lead.campaign == campaign).count()
    }

    pub fn cost_of(&self, campaign: &str) -> f64 {
        self.costs.get(campaign).copied().unwrap_or_default()
    }
}

/// Union-find over identifiers.
#[derive(Debug, Default)]
struct Groups {
    numbers: HashMap<String, usize>,
    parents: Vec<usize>,
}

impl Groups {
    fn unite(&mut self, identifiers: impl Iterator<Item = String>) {
        let mut first = None;
        for identifier in identifiers {
            let next = self.parents.len();
            let number = *self.numbers.entry(identifier).or_insert(next);
            if number == next {
                self.parents.push(number);
            }
            let (root, with) = (self.root(number), self.root(*first.get_or_insert(number)));
            self.parents[root] = with;
        }
    }

    fn root(&self, mut number: usize) -> usize {
        while self.parents[number] != number {
            number = self.parents[number];
        }
        number
    }

    fn sizes(&self) -> BTreeMap<usize, usize> {
        let mut sizes = BTreeMap::new();
        (0..self.parents.len()).for_each(|number| *sizes.entry(self.root(number)).or_default() += 1);
        sizes
    }
}
