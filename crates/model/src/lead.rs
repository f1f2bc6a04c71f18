//! Leads at work: in which queue each is, at which dealer, on which clock, and how it came there.
//!
//! A lead ([`crate::entity::Lead`]) is what reports count. Its handling is beside it: it begins when a lead comes in live, and says at any
//! moment who has to do what by when. Everything that changes it is a move, which says why.

pub mod learned;
pub mod outcome;
pub mod points;
pub mod ring;
pub mod route;
pub mod rules;
pub mod scorecard;
pub mod trial;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::network::Place;

pub use learned::{Learned, LearnedScore};
pub use points::{Points, PointsWhen, Scored};
pub use ring::{Operator, Operators, RingLine, RingStep, Ringing};
pub use route::{Asking, Candidate, Decision, Load, Loads, route};
pub use rules::{Band, LeadRules, LostReason, Routing, Sla, Way};

/// What is kept of the cars that a person came back to.
pub const VIEWED_MAX: usize = 10;
const VEHICLES_MAX: usize = 20;
const PREFERRED_MAX: usize = 20;
const TEXT_CHARS_MAX: usize = 2_000;

/// Where a lead is dealt with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// The contact centre calls first.
    Verification,
    Dealer,
    /// Nobody works on it; journeys do.
    Nurture,
    /// No dealer could take it: a person assigns it.
    Pool,
    Closed,
}

impl Queue {
    pub const ALL: [Self; 5] = [Self::Verification, Self::Dealer, Self::Nurture, Self::Pool, Self::Closed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Dealer => "dealer",
            Self::Nurture => "nurture",
            Self::Pool => "pool",
            Self::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == text)
    }
}

/// A car that a lead is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Vehicle {
    #[serde(default)]
    pub model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// `buy`, `test_drive`, `trade_in`, …
    #[serde(default)]
    pub interest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
}

/// What a person asked for, as the lead came in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Asked {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vehicles: Vec<Vehicle>,
    /// Dealers that the person would rather go to, the dearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preferred: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_trade_in: bool,
}

impl Asked {
    /// Reads what a lead's event says; what is not there, or is no such thing, is left out.
    pub fn read(properties: &str, model: Option<&str>, dealer: Option<&str>) -> Self {
        let told: serde_json::Value = serde_json::from_str(properties).unwrap_or_default();
        let text = |of: &serde_json::Value, name: &str| {
            let text = match of.get(name)? {
                serde_json::Value::String(text) => text.trim().to_owned(),
                serde_json::Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some(text.chars().take(TEXT_CHARS_MAX).collect::<String>()).filter(|text| !text.is_empty())
        };
        let number = |name: &str| told.get(name).and_then(serde_json::Value::as_f64);
        let vehicle = |of: &serde_json::Value| Vehicle {
            model: text(of, "model").unwrap_or_default(),
            brand: text(of, "brand").or_else(|| text(of, "make")),
            interest: text(of, "interest").unwrap_or_else(|| "buy".to_owned()),
            vin: text(of, "vin"),
            year: of.get("year").and_then(serde_json::Value::as_i64),
            comments: text(of, "comments"),
        };
        let mut vehicles: Vec<Vehicle> = match told.get("vehicles") {
            Some(serde_json::Value::Array(all)) => all.iter().take(VEHICLES_MAX).map(vehicle).collect(),
            _ => Vec::new(),
        };
        let brand = text(&told, "brand").or_else(|| vehicles.iter().find_map(|vehicle| vehicle.brand.clone()));
        if let Some(model) = model.filter(|_| vehicles.is_empty()) {
            vehicles.push(Vehicle { model: model.to_owned(), brand: brand.clone(), interest: "buy".to_owned(), ..Vehicle::default() });
        }
        let mut preferred: Vec<String> = match told.get("preferred_dealers") {
            Some(serde_json::Value::Array(all)) => all.iter().filter_map(|id| id.as_str()).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        preferred.extend(dealer.map(str::to_owned));
        preferred.dedup();
        preferred.truncate(PREFERRED_MAX);
        let place = number("lat").or_else(|| number("latitude")).zip(number("lon").or_else(|| number("longitude")));
        let place = place.map(|(lat, lon)| Place { lat, lon });
        let has_trade_in = vehicles.iter().any(|vehicle| vehicle.interest == "trade_in" || vehicle.interest == "trade-in")
            || told.get("trade_in").is_some_and(|given| !matches!(given, serde_json::Value::Null | serde_json::Value::Bool(false)));
        Self {
            brand,
            vehicles,
            preferred,
            postcode: text(&told, "postcode").or_else(|| text(&told, "postal_code")),
            place: place.filter(|place| place.lat.abs() <= 90.0 && place.lon.abs() <= 180.0),
            language: text(&told, "language"),
            comments: text(&told, "comments").or_else(|| text(&told, "comment")),
            has_trade_in,
        }
    }
}

/// A person came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub at_us: i64,
    /// What was looked at, the latest first.
    pub viewed: Vec<String>,
}

/// How a lead is dealt with: a row of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Handling {
    pub lead_id: String,
    /// The person's; the lead goes with that fragment's profile.
    pub fragment_id: i64,
    pub queue: Queue,
    /// Empty while no dealer has it.
    pub dealer_id: String,
    /// E-mail of who works on it; empty for nobody.
    pub owner: String,
    pub band: String,
    /// 0 to 100.
    pub score: i64,
    pub opened_us: i64,
    pub changed_us: i64,
    /// To the dealer that has it now.
    pub dispatched_us: Option<i64>,
    pub accepted_us: Option<i64>,
    /// When a person first reached out, not a program.
    pub contacted_us: Option<i64>,
    /// When something happens by itself.
    pub due_us: Option<i64>,
    pub body: HandlingBody,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HandlingBody {
    pub asked: Asked,
    /// What a learned score looks at: see [`learned::Capture::facts`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub scored: Scored,
    /// When it is scored anew by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescore_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_by_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_by_us: Option<i64>,
    /// Before acceptance, and before contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_accept_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_contact_us: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_warned: bool,
    /// Nothing heard until then of a lead that was contacted: it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_us: Option<i64>,
    /// Calls of the contact centre that reached nobody.
    #[serde(default)]
    pub tries: u32,
    /// When to call next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_us: Option<i64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub claimed_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_until_us: Option<i64>,
    /// The contact centre's line that calls it; empty where there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// At whom it rings, or will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ringing: Option<Ringing>,
    /// How often it was taken from a dealer.
    #[serde(default)]
    pub hops: u32,
    /// Dealers that had it and do not get it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// How many moves there are.
    #[serde(default)]
    pub moves: u32,
}

/// What a clock counts down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFor {
    Accept,
    Contact,
}

/// A clock that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunningClock {
    pub counts_to: ClockFor,
    pub due_us: i64,
    pub warn_us: Option<i64>,
}

/// What rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rings {
    Warning,
    Expiry(ClockFor),
    Silence,
    /// Interest has faded meanwhile.
    Rescore,
    /// At the next person of the contact centre.
    Operator,
}

impl Handling {
    pub fn is_open(&self) -> bool {
        self.queue != Queue::Closed
    }

    /// The clock of the dealer that has it; none where a person answered.
    pub fn clock(&self) -> Option<RunningClock> {
        if self.queue != Queue::Dealer {
            return None;
        }
        let HandlingBody { accept_by_us, contact_by_us, warn_accept_us, warn_contact_us, .. } = &self.body;
        if self.contacted_us.is_none()
            && self.accepted_us.is_none()
            && let Some(due_us) = *accept_by_us
        {
            return Some(RunningClock { counts_to: ClockFor::Accept, due_us, warn_us: *warn_accept_us });
        }
        let due_us = contact_by_us.filter(|_| self.contacted_us.is_none())?;
        Some(RunningClock { counts_to: ClockFor::Contact, due_us, warn_us: *warn_contact_us })
    }

    /// What rings next, and when.
    pub fn next(&self) -> Option<(i64, Rings)> {
        if let Some(clock) = self.clock() {
            let warning = clock.warn_us.filter(|warn_us| !self.body.is_warned && *warn_us < clock.due_us);
            return Some(warning.map_or((clock.due_us, Rings::Expiry(clock.counts_to)), |warn_us| (warn_us, Rings::Warning)));
        }
        let rings = self.body.ringing.as_ref().filter(|_| self.queue == Queue::Verification);
        let rings = rings.map(|ringing| (ringing.until_us, Rings::Operator));
        let rescore = self.body.rescore_us.filter(|_| self.is_scored_anew()).map(|us| (us, Rings::Rescore));
        if let Some(first) = rings.into_iter().chain(rescore).min_by_key(|(us, _)| *us) {
            return Some(first);
        }
        self.body.silent_us.filter(|_| self.queue == Queue::Dealer).map(|us| (us, Rings::Silence))
    }

    /// Whether its score still decides its way: nobody has worked on it yet.
    pub fn is_scored_anew(&self) -> bool {
        matches!(self.queue, Queue::Nurture | Queue::Verification)
            && self.body.hops == 0
            && self.body.tries == 0
            && self.body.lost_reason.is_none()
    }

    /// Who may not be disturbed in calling: a claim that still holds.
    pub fn claim(&self, at_us: i64) -> Option<&str> {
        let holds = self.body.claimed_until_us.is_some_and(|until_us| at_us < until_us);
        Some(self.body.claimed_by.as_str()).filter(|by| holds && !by.is_empty())
    }

    pub fn release(&mut self) {
        self.body.claimed_by.clear();
        self.body.claimed_until_us = None;
    }

    /// Takes it out of a dealer's hands, to begin anew with another.
    pub fn leave_dealer(&mut self) {
        (self.dispatched_us, self.accepted_us, self.contacted_us) = (None, None, None);
        self.owner.clear();
        let body = &mut self.body;
        (body.accept_by_us, body.contact_by_us, body.warn_accept_us, body.warn_contact_us) = (None, None, None, None);
        (body.silent_us, body.is_warned) = (None, false);
    }

    /// Starts a dealer's clocks.
    pub fn start_clocks(&mut self, sla: Option<&Sla>, calendar: &crate::hours::Calendar, at_us: i64) {
        let Some(sla) = sla else { return };
        let after = |minutes: u32| calendar.after(at_us, crate::hours::of_minutes(minutes));
        let warned = |minutes: u32| minutes.checked_sub(sla.warn_min).filter(|left| 0 < *left && 0 < sla.warn_min).map(after);
        let body = &mut self.body;
        body.is_warned = false;
        (body.accept_by_us, body.warn_accept_us) = (sla.accept_min.map(after), sla.accept_min.and_then(warned));
        (body.contact_by_us, body.warn_contact_us) = (sla.contact_min.map(after), sla.contact_min.and_then(warned));
    }
}

/// One step of a lead's way: a row of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadMove {
    pub lead_id: String,
    /// From 0.
    pub number: u32,
    pub at_us: i64,
    pub act: Moved,
    /// E-mail of the user, the token's name, the source of an event; empty for the rules themselves.
    pub actor: String,
    /// A queue and dealer, a stage, a band: according to the act.
    pub from: String,
    pub to: String,
    pub reason: String,
    pub note: String,
}

macro_rules! acts {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)?) => {
        /// What a move was.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Moved {
            $($(#[$doc])* $variant),*
        }

        impl Moved {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }
        }
    };
}

acts! {
    Opened = "opened",
    Scored = "scored",
    Promoted = "promoted",
    Dispatched = "dispatched",
    Accepted = "accepted",
    Contacted = "contacted",
    Stage = "stage",
    Warned = "warned",
    /// The dealer let a clock run out.
    Expired = "expired",
    /// The dealer gave it back.
    Returned = "returned",
    /// It was taken from the dealer for what the dealer said or did not do.
    TakenBack = "taken_back",
    /// By a person's hand.
    Assigned = "assigned",
    Verified = "verified",
    Claimed = "claimed",
    /// It rings at somebody of the contact centre, or at nobody: the reason says why.
    Rung = "rung",
    /// To another line of the contact centre.
    Transferred = "transferred",
    Lost = "lost",
    Reappeared = "reappeared",
    Note = "note",
    Duplicate = "duplicate",
    Appointment = "appointment",
    Closed = "closed",
}

impl Moved {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.as_str() == text)
    }
}

/// What a person or a program does with a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum LeadAct {
    Accept,
    /// Somebody reached out.
    Contact {
        by: ContactBy,
        /// Whether the person answered.
        reached: bool,
        #[serde(default)]
        note: String,
    },
    Stage {
        stage: String,
        #[serde(default)]
        reason: String,
        #[serde(default)]
        note: String,
    },
    /// The dealer gives it back.
    Return {
        reason: String,
    },
    Assign {
        dealer_id: String,
        #[serde(default)]
        owner: String,
        #[serde(default)]
        reason: String,
    },
    Claim,
    Release,
    /// Whom it rings at does not take it.
    Decline,
    /// Another line of the contact centre is to call.
    Transfer {
        line: String,
        #[serde(default)]
        note: String,
    },
    Verify {
        outcome: Verified,
        #[serde(default)]
        note: String,
    },
    Note {
        text: String,
    },
    /// The prompt was seen.
    Seen,
    Appointment {
        at_us: i64,
        #[serde(default)]
        note: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactBy {
    Call,
    Message,
    Email,
    Visit,
}

impl ContactBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Message => "message",
            Self::Email => "email",
            Self::Visit => "visit",
        }
    }
}

/// What came of a call of the contact centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    Qualified,
    NoAnswer,
    NotNow,
    /// A wrong number, a joke.
    Invalid,
    Declined,
}

impl Verified {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Qualified => "qualified",
            Self::NoAnswer => "no_answer",
            Self::NotNow => "not_now",
            Self::Invalid => "invalid",
            Self::Declined => "declined",
        }
    }
}

impl LeadAct {
    /// Whether what was typed is of a bearable length.
    pub fn check(&self) -> Result<(), String> {
        let texts: &[&String] = match self {
            Self::Contact { note, .. } | Self::Verify { note, .. } | Self::Appointment { note, .. } => &[note],
            Self::Stage { reason, note, .. } => &[reason, note],
            Self::Return { reason } => &[reason],
            Self::Assign { owner, reason, .. } => &[owner, reason],
            Self::Note { text } => &[text],
            Self::Transfer { line, note } => &[line, note],
            Self::Accept | Self::Claim | Self::Release | Self::Decline | Self::Seen => &[],
        };
        if texts.iter().any(|text| TEXT_CHARS_MAX < text.chars().count()) {
            return Err("a note or a reason has at most 2,000 characters".to_owned());
        }
        match self {
            Self::Return { reason } if reason.trim().is_empty() => Err("say why the lead is given back".to_owned()),
            Self::Note { text } if text.trim().is_empty() => Err("write something to note".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Stages in which somebody has spoken with the person.
pub fn is_beyond_contact(stage: &str) -> bool {
    matches!(stage, "contacted" | "appointment" | "test_drive" | "offer" | "contract" | "delivered")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::Calendar;

    fn handling() -> Handling {
        Handling {
            lead_id: "L1".into(),
            fragment_id: 1,
            queue: Queue::Dealer,
            dealer_id: "d".into(),
            owner: String::new(),
            band: "hot".into(),
            score: 80,
            opened_us: 0,
            changed_us: 0,
            dispatched_us: Some(0),
            accepted_us: None,
            contacted_us: None,
            due_us: None,
            body: HandlingBody::default(),
        }
    }

    #[test]
    fn the_clocks_run_one_after_the_other() {
        const MINUTE: i64 = crate::time::MINUTE_US;
        let sla = Sla { bands: vec![], channels: vec![], accept_min: Some(30), contact_min: Some(120), warn_min: 5 };
        let mut lead = handling();
        lead.start_clocks(Some(&sla), &Calendar::default(), 0);
        assert_eq!(lead.next(), Some((25 * MINUTE, Rings::Warning)));
        lead.body.is_warned = true;
        assert_eq!(lead.next(), Some((30 * MINUTE, Rings::Expiry(ClockFor::Accept))));
        (lead.accepted_us, lead.body.is_warned) = (Some(MINUTE), false);
        assert_eq!(lead.next(), Some((115 * MINUTE, Rings::Warning)));
        lead.body.is_warned = true;
        assert_eq!(lead.next(), Some((120 * MINUTE, Rings::Expiry(ClockFor::Contact))));
        lead.contacted_us = Some(2 * MINUTE);
        assert_eq!((lead.next(), lead.clock()), (None, None));
        lead.body.silent_us = Some(9);
        assert_eq!(lead.next(), Some((9, Rings::Silence)));
        lead.leave_dealer();
        lead.queue = Queue::Pool;
        assert_eq!(lead.next(), None);
    }

    #[test]
    fn what_was_asked_is_read_liberally() {
        let asked = Asked::read(
            r#"{"brand":"Aurora","vehicles":[{"model":"A1","interest":"test_drive","year":2026},{"model":"Old","interest":"trade_in"}],
               "preferred_dealers":["d2",7],"postcode":10115,"lat":52.5,"lon":13.4,"comment":" call me "}"#,
            Some("A1"),
            Some("d1"),
        );
        assert_eq!(asked.vehicles.len(), 2);
        assert_eq!(asked.preferred, ["d2", "d1"]);
        assert_eq!((asked.postcode.as_deref(), asked.comments.as_deref(), asked.has_trade_in), (Some("10115"), Some("call me"), true));
        assert!(asked.place.is_some());
        let bare = Asked::read("[1]", Some("A1"), None);
        assert_eq!((bare.vehicles[0].model.as_str(), bare.has_trade_in, bare.place), ("A1", false, None));
        assert_eq!(Asked::read(r#"{"lat":900,"lon":1}"#, None, None).place, None);
    }
}
