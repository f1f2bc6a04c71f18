//! Leads, orders, calls and costs: what a report counts beside events. Each is told by events and folded by its own id.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ChannelRules, Event, FragmentId, Touch,
    event::EventType,
    vehicle::{self, VehicleTold},
};

/// Where a lead stands, in the order of the usual way; a lead may skip and go back.
pub const STAGES: [&str; 12] = [
    "captured",
    "qualified",
    "dispatched",
    "accepted",
    "contacted",
    "appointment",
    "test_drive",
    "offer",
    "contract",
    "delivered",
    "lost",
    "silent",
];

/// Columns that more than one entity has.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Dimensions {
    pub model: Option<String>,
    pub dealer: Option<String>,
    pub region: Option<String>,
    pub channel: Option<String>,
    pub utm_source: Option<String>,
    pub campaign: Option<String>,
    /// What `channel` was decided by; `None` where nobody knows how the person came, or an earlier version wrote it.
    pub touch: Option<Touch>,
}

impl Dimensions {
    /// Takes how the person came from a touch.
    pub fn come_by(&mut self, touch: &Touch) {
        (self.channel, self.utm_source, self.campaign) = (Some(touch.channel.clone()), touch.utm_source.clone(), touch.campaign.clone());
        self.touch = Some(touch.clone());
    }

    /// Decides the channel anew. Returns whether it changed.
    pub fn decide_channel(&mut self, rules: &ChannelRules) -> bool {
        let Some(touch) = &self.touch else { return false };
        let decided = touch.decided_by(rules);
        let changed = decided != *touch;
        (self.channel, self.touch) = (Some(decided.channel.clone()), Some(decided));
        changed
    }

    /// Fills what is still unknown from `later`.
    fn fill(&mut self, later: &Self) {
        if self.channel.is_none() {
            self.touch.clone_from(&later.touch);
        }
        let pairs = [
            (&mut self.model, &later.model),
            (&mut self.dealer, &later.dealer),
            (&mut self.region, &later.region),
            (&mut self.channel, &later.channel),
            (&mut self.utm_source, &later.utm_source),
            (&mut self.campaign, &later.campaign),
        ];
        for (held, given) in pairs {
            if held.is_none() {
                held.clone_from(given);
            }
        }
    }

    /// Takes each value that `later` has.
    fn overwrite(&mut self, later: &Self) {
        let mut merged = later.clone();
        merged.fill(self);
        // How a lead came is decided by its first telling.
        for (held, earlier) in
            [(&mut merged.channel, &self.channel), (&mut merged.utm_source, &self.utm_source), (&mut merged.campaign, &self.campaign)]
        {
            if earlier.is_some() {
                held.clone_from(earlier);
            }
        }
        if self.channel.is_some() {
            merged.touch.clone_from(&self.touch);
        }
        *self = merged;
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    pub lead_id: String,
    pub fragment_id: FragmentId,
    pub created_us: i64,
    pub updated_us: i64,
    pub stage: String,
    pub stage_us: i64,
    pub dimensions: Dimensions,
    pub value: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub order_id: String,
    pub fragment_id: FragmentId,
    pub at_us: i64,
    pub updated_us: i64,
    /// `open`, `confirmed` or `cancelled`.
    pub status: String,
    pub revenue: Option<f64>,
    pub currency: Option<String>,
    pub lead_id: Option<String>,
    pub dimensions: Dimensions,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub call_id: String,
    pub fragment_id: FragmentId,
    pub at_us: i64,
    pub updated_us: i64,
    /// `in` or `out`.
    pub direction: Option<String>,
    pub duration_s: Option<f64>,
    /// `answered`, `missed`, `busy`, or the words of the system it came from.
    pub result: Option<String>,
    pub agent: Option<String>,
    pub dimensions: Dimensions,
}

/// One day's cost of one campaign in one region; a second telling of the same key replaces the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdCost {
    /// `YYYY-MM-DD`.
    pub day: String,
    pub channel: String,
    #[serde(default)]
    pub utm_source: String,
    #[serde(default)]
    pub campaign: String,
    #[serde(default)]
    pub region: String,
    pub cost: f64,
    #[serde(default)]
    pub impressions: i64,
    #[serde(default)]
    pub clicks: i64,
    #[serde(default)]
    pub currency: String,
}

impl AdCost {
    pub fn key(&self) -> String {
        [&self.day, &self.channel, &self.utm_source, &self.campaign, &self.region].map(String::as_str).join("\u{1f}")
    }
}

/// What an event says of entities: at most one of each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    pub lead: Option<Lead>,
    pub order: Option<Order>,
    pub call: Option<Call>,
    pub vehicle: Option<VehicleTold>,
    /// The household that the person is of.
    pub household: Option<String>,
}

impl Told {
    /// Reads the entities out of a track event: those whose id is among its properties.
    pub fn by(event: &Event, fragment_id: FragmentId, touch: Option<&Touch>) -> Self {
        let household = vehicle::household(event);
        if event.event_type != EventType::Track {
            return Self { household, ..Self::default() };
        }
        let vehicle = VehicleTold::by(event);
        let of_person = Self { vehicle, household, ..Self::default() };
        let may_tell = ["lead_id", "order_id", "call_id"].iter().any(|id| event.properties.contains(id));
        if !may_tell {
            return of_person;
        }
        let Ok(Value::Object(properties)) = serde_json::from_str(&event.properties) else { return of_person };
        let text = |name: &str| match properties.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let mut dimensions =
            Dimensions { model: event.model.clone(), dealer: event.dealer.clone(), region: event.region.clone(), ..Dimensions::default() };
        if let Some(touch) = touch {
            dimensions.come_by(touch);
        }
        let lead = text("lead_id").map(|lead_id| Lead {
            lead_id,
            fragment_id,
            created_us: event.ts_us,
            updated_us: event.ts_us,
            stage: text("stage").unwrap_or_else(|| stage_of(&event.name).unwrap_or_default().to_owned()),
            stage_us: event.ts_us,
            dimensions: dimensions.clone(),
            value: event.value,
        });
        let order = text("order_id").map(|order_id| Order {
            order_id,
            fragment_id,
            at_us: event.ts_us,
            updated_us: event.ts_us,
            status: text("status").unwrap_or_else(|| order_status_of(&event.name).to_owned()),
            revenue: event.value,
            currency: event.currency.clone(),
            lead_id: text("lead_id"),
            dimensions: dimensions.clone(),
        });
        let call = text("call_id").map(|call_id| Call {
            call_id,
            fragment_id,
            at_us: event.ts_us,
            updated_us: event.ts_us,
            direction: text("direction"),
            duration_s: properties.get("duration_s").or_else(|| properties.get("duration")).and_then(Value::as_f64),
            result: text("result"),
            agent: text("agent"),
            dimensions,
        });
        Self { lead, order, call, ..of_person }
    }
}

/// The stage that an event puts its lead in.
pub fn stage_of(event: &str) -> Option<&'static str> {
    Some(match event {
        "lead_created" => "captured",
        "lead_qualified" => "qualified",
        "lead_dispatched" => "dispatched",
        "lead_accepted" => "accepted",
        "lead_contacted" => "contacted",
        "test_drive_booked" => "appointment",
        "test_drive_done" => "test_drive",
        "offer_made" => "offer",
        "contract_signed" => "contract",
        "delivered" => "delivered",
        "lead_lost" => "lost",
        "lead_silent" => "silent",
        _ => return None,
    })
}

fn order_status_of(event: &str) -> &'static str {
    match event {
        "order_cancelled" | "Order Cancelled" => "cancelled",
        "order_created" | "Order Created" => "open",
        _ => "confirmed",
    }
}

impl Lead {
    /// Folds a later telling in; one that is earlier in event time only fills gaps and dates the beginning.
    pub fn tell(&mut self, told: &Self) {
        self.created_us = self.created_us.min(told.created_us);
        if !told.stage.is_empty() && (self.stage.is_empty() || self.stage_us <= told.stage_us) {
            (self.stage, self.stage_us) = (told.stage.clone(), told.stage_us);
        }
        if self.updated_us <= told.updated_us {
            self.dimensions.overwrite(&told.dimensions);
            self.value = told.value.or(self.value);
            self.updated_us = told.updated_us;
        } else {
            self.dimensions.fill(&told.dimensions);
            self.value = self.value.or(told.value);
        }
    }
}

impl Order {
    pub fn tell(&mut self, told: &Self) {
        self.at_us = self.at_us.min(told.at_us);
        if self.updated_us <= told.updated_us {
            self.status.clone_from(&told.status);
            self.revenue = told.revenue.or(self.revenue);
            self.currency = told.currency.clone().or(self.currency.take());
            self.lead_id = told.lead_id.clone().or(self.lead_id.take());
            self.dimensions.overwrite(&told.dimensions);
            self.updated_us = told.updated_us;
        } else {
            self.dimensions.fill(&told.dimensions);
        }
    }
}

impl Call {
    pub fn tell(&mut self, told: &Self) {
        self.at_us = self.at_us.min(told.at_us);
        if self.updated_us <= told.updated_us {
            self.direction = told.direction.clone().or(self.direction.take());
            self.duration_s = told.duration_s.or(self.duration_s);
            self.result = told.result.clone().or(self.result.take());
            self.agent = told.agent.clone().or(self.agent.take());
            self.dimensions.overwrite(&told.dimensions);
            self.updated_us = told.updated_us;
        } else {
            self.dimensions.fill(&told.dimensions);
        }
    }
}
