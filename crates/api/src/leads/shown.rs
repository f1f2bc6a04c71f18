//! Leads as callers see them, with what stands beside them.

use std::collections::{BTreeMap, HashMap};

use forecourt_model::{
    ProfileId, Scope,
    entity::STAGES,
    lead::{
        ClockFor as ModelClockFor, Decision, Handling, LeadMove, LeadRules, Learned, Queue as ModelQueue, Vehicle, learned::LearnedPart,
    },
    time::iso,
};
use forecourt_store::{Store, handling::HandledLead, profile::ProfileSummary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadQueue {
    /// The contact centre calls first.
    Verification,
    Dealer,
    /// Nobody works on it; journeys do.
    Nurture,
    /// No dealer could take it: a person assigns it.
    Pool,
    Closed,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadClockFor {
    Accept,
    Contact,
}

/// Counts down in the dealer's opening hours.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadClock {
    r#for: LeadClockFor,
    due_at: String,
    #[schema(required)]
    warn_at: Option<String>,
    is_warned: bool,
}

/// The person came back.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadPrompt {
    at: String,
    /// The latest first.
    viewed: Vec<String>,
    /// The car that the lead is about, where it is another than what was viewed last.
    #[schema(required)]
    asked_for: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadItem {
    lead_id: String,
    profile_id: String,
    #[schema(required)]
    pub(super) name: Option<String>,
    #[schema(required)]
    pub(super) phone: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    pub(super) model: Option<String>,
    #[schema(required)]
    region: Option<String>,
    #[schema(required)]
    channel: Option<String>,
    stage: String,
    queue: LeadQueue,
    band: String,
    /// 0 to 100.
    score: i64,
    /// The dealer that has it, or had it last.
    #[schema(required)]
    dealer_id: Option<String>,
    #[schema(required)]
    dealer_name: Option<String>,
    /// E-mail of who works on it.
    #[schema(required)]
    owner: Option<String>,
    #[schema(required)]
    claimed_by: Option<String>,
    #[schema(required)]
    claimed_until: Option<String>,
    opened_at: String,
    changed_at: String,
    #[schema(required)]
    dispatched_at: Option<String>,
    #[schema(required)]
    accepted_at: Option<String>,
    #[schema(required)]
    contacted_at: Option<String>,
    #[schema(required)]
    clock: Option<LeadClock>,
    /// When the contact centre calls next.
    #[schema(required)]
    retry_at: Option<String>,
    tries: u32,
    /// The contact centre's line that calls it.
    #[schema(required)]
    line: Option<String>,
    /// At whom of the contact centre it rings now.
    #[schema(required)]
    rings: Option<LeadRings>,
    /// How often it was taken from a dealer.
    hops: u32,
    #[schema(required)]
    prompt: Option<LeadPrompt>,
}

/// At whom a lead rings.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadRings {
    /// Absent while somebody is waited for.
    #[schema(required)]
    person: Option<String>,
    /// Then it goes on to the next.
    until: String,
}

/// How many leads are where.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct LeadCounts {
    pub(super) verification: i64,
    pub(super) dealer: i64,
    pub(super) nurture: i64,
    pub(super) pool: i64,
    pub(super) closed: i64,
    /// Clocks that have run out.
    pub(super) overdue: i64,
    /// People who came back.
    pub(super) prompts: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadList {
    pub(super) leads: Vec<LeadItem>,
    /// Pass it on as `before` to read on; absent at the end.
    #[schema(required)]
    pub(super) next: Option<String>,
    pub(super) counts: LeadCounts,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadVehicle {
    model: String,
    #[schema(required)]
    brand: Option<String>,
    interest: String,
    #[schema(required)]
    vin: Option<String>,
    #[schema(required)]
    year: Option<i64>,
    #[schema(required)]
    comments: Option<String>,
}

/// Points, and what they are for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadPoints {
    says: String,
    points: i64,
}

/// What one thing that is known adds to a learned score.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadScorePart {
    /// As the score calls it: `warmth`, `channel`, `times:car_viewed`, …
    feature: String,
    value: String,
    /// Log-odds; negative speaks against.
    part: f64,
}

/// Why a lead has its learned score: base, parts and the rest add up to the log-odds of the probability.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadScoreWhy {
    version: u32,
    /// That the lead is won.
    probability: f64,
    base: f64,
    /// The largest first.
    parts: Vec<LeadScorePart>,
    rest: f64,
}

impl LeadScoreWhy {
    fn of(why: &Learned) -> Self {
        let part = |part: &LearnedPart| LeadScorePart { feature: part.feature.clone(), value: part.value.clone(), part: part.part };
        Self {
            version: why.version,
            probability: why.probability,
            base: why.base,
            parts: why.parts.iter().map(part).collect(),
            rest: why.rest,
        }
    }
}

/// A dealer as the routing looked at it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadCandidate {
    dealer_id: String,
    name: String,
    points: i64,
    parts: Vec<LeadPoints>,
    /// Why it may not have the lead: `full`, `franchise`, `too_far`, …
    #[schema(required)]
    barred: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadDecision {
    at: String,
    #[schema(required)]
    chosen: Option<String>,
    /// `best`, `turn` where several were as good, `nobody`.
    reason: String,
    candidates: Vec<LeadCandidate>,
    /// How many more were looked at.
    barred_others: u32,
}

/// One step of a lead's way.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadStep {
    at: String,
    act: String,
    /// E-mail of the user, the token's name, the source of an event; empty for the rules themselves.
    actor: String,
    from: String,
    to: String,
    reason: String,
    note: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadDetail {
    lead: LeadItem,
    vehicles: Vec<LeadVehicle>,
    preferred_dealers: Vec<String>,
    #[schema(required)]
    comments: Option<String>,
    #[schema(required)]
    postcode: Option<String>,
    #[schema(required)]
    language: Option<String>,
    #[schema(required)]
    value: Option<f64>,
    #[schema(required)]
    campaign: Option<String>,
    #[schema(required)]
    utm_source: Option<String>,
    #[schema(required)]
    lost_reason: Option<String>,
    #[schema(required)]
    appointment_at: Option<String>,
    #[schema(required)]
    duplicate_of: Option<String>,
    duplicates: Vec<String>,
    /// Why it has its score, where a learned score is in force; then there are no points.
    #[schema(required)]
    learned: Option<LeadScoreWhy>,
    points: Vec<LeadPoints>,
    /// Absent before it was routed, and for who sees one dealer's leads only.
    #[schema(required)]
    decision: Option<LeadDecision>,
    script: String,
    stages: Vec<String>,
    lost_reasons: Vec<String>,
    /// The latest first.
    moves: Vec<LeadStep>,
}

/// What stands beside leads: their people and their dealers' names.
pub(crate) struct Shown {
    people: HashMap<ProfileId, ProfileSummary>,
    dealers: BTreeMap<String, String>,
    now_us: i64,
}

impl Shown {
    pub(super) async fn of(store: &Store, scope: &Scope, held: &[HandledLead], now_us: i64) -> Result<Self, ApiError> {
        let mut ids: Vec<ProfileId> = held.iter().map(|held| held.profile_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let people = store.profile_summaries(scope, &ids).await?.into_iter().map(|person| (person.profile_id, person)).collect();
        let dealers = store.dealers().await?.into_iter().map(|held| (held.body.dealer_id, held.body.name)).collect();
        Ok(Self { people, dealers, now_us })
    }

    pub(super) fn item(&self, held: &HandledLead) -> LeadItem {
        let HandledLead { handling, .. } = held;
        let person = self.people.get(&held.profile_id);
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let body = &handling.body;
        let claimed_by = handling.claim(self.now_us).map(str::to_owned);
        LeadItem {
            lead_id: handling.lead_id.clone(),
            profile_id: held.profile_id.0.to_string(),
            name: person.and_then(|person| person.name.clone()),
            phone: person.and_then(|person| person.phone.clone()),
            email: person.and_then(|person| person.email.clone()),
            model: held.model.clone(),
            region: held.region.clone(),
            channel: held.channel.clone(),
            stage: held.stage.clone(),
            queue: handling.queue.into(),
            band: handling.band.clone(),
            score: handling.score,
            dealer_id: filled(&handling.dealer_id),
            dealer_name: self.dealers.get(&handling.dealer_id).cloned(),
            owner: filled(&handling.owner),
            claimed_until: body.claimed_until_us.filter(|_| claimed_by.is_some()).map(iso),
            claimed_by,
            opened_at: iso(handling.opened_us),
            changed_at: iso(handling.changed_us),
            dispatched_at: handling.dispatched_us.map(iso),
            accepted_at: handling.accepted_us.map(iso),
            contacted_at: handling.contacted_us.map(iso),
            clock: handling.clock().map(|clock| LeadClock {
                r#for: match clock.counts_to {
                    ModelClockFor::Accept => LeadClockFor::Accept,
                    ModelClockFor::Contact => LeadClockFor::Contact,
                },
                due_at: iso(clock.due_us),
                warn_at: clock.warn_us.map(iso),
                is_warned: body.is_warned,
            }),
            retry_at: body.retry_us.filter(|_| handling.queue == ModelQueue::Verification).map(iso),
            tries: body.tries,
            line: filled(&body.line),
            rings: body.ringing.as_ref().map(|ringing| LeadRings { person: filled(&ringing.person), until: iso(ringing.until_us) }),
            hops: body.hops,
            prompt: prompt(handling),
        }
    }
}

/// What is known of somebody who came back.
fn prompt(handling: &Handling) -> Option<LeadPrompt> {
    let prompt = handling.body.prompt.as_ref()?;
    let viewed = prompt.viewed.first().map_or("", String::as_str);
    let wanted = handling.body.asked.vehicles.first().map(|vehicle| vehicle.model.clone());
    let asked_for = wanted.filter(|model| !model.is_empty() && *model != viewed);
    Some(LeadPrompt { at: iso(prompt.at_us), viewed: prompt.viewed.clone(), asked_for })
}

pub(super) fn detail(
    shown: &Shown,
    held: &HandledLead,
    rules: &LeadRules,
    moves: Vec<LeadMove>,
    duplicates: Vec<String>,
    dealer: Option<&str>,
) -> LeadDetail {
    let body = &held.handling.body;
    let vehicle = |vehicle: &Vehicle| LeadVehicle {
        model: vehicle.model.clone(),
        brand: vehicle.brand.clone(),
        interest: vehicle.interest.clone(),
        vin: vehicle.vin.clone(),
        year: vehicle.year,
        comments: vehicle.comments.clone(),
    };
    let steps = own_moves(moves, dealer).into_iter().map(|step| LeadStep {
        at: iso(step.at_us),
        act: step.act.as_str().to_owned(),
        actor: step.actor,
        from: if dealer.is_some() { String::new() } else { step.from },
        to: step.to,
        reason: step.reason,
        note: step.note,
    });
    LeadDetail {
        lead: shown.item(held),
        vehicles: body.asked.vehicles.iter().map(vehicle).collect(),
        preferred_dealers: if dealer.is_some() { Vec::new() } else { body.asked.preferred.clone() },
        comments: body.asked.comments.clone(),
        postcode: body.asked.postcode.clone(),
        language: body.asked.language.clone(),
        value: held.value,
        campaign: held.campaign.clone(),
        utm_source: held.utm_source.clone(),
        lost_reason: body.lost_reason.clone(),
        appointment_at: body.appointment_us.map(iso),
        duplicate_of: body.duplicate_of.clone().filter(|_| dealer.is_none()),
        duplicates,
        learned: body.scored.learned.as_ref().map(LeadScoreWhy::of),
        points: body.scored.parts.iter().map(|(says, points)| LeadPoints { says: says.clone(), points: *points }).collect(),
        decision: body.decision.as_ref().filter(|_| dealer.is_none()).map(|decision| shown_decision(shown, decision)),
        script: rules.verification.script.clone(),
        stages: STAGES.iter().map(|stage| (*stage).to_owned()).collect(),
        lost_reasons: rules.lost_reasons.iter().map(|held| held.reason.clone()).collect(),
        moves: steps.collect(),
    }
}

/// What went on elsewhere is none of a dealer's business: only the latest stay there is shown, from the dispatch on.
///
/// * `moves`: the latest first.
fn own_moves(moves: Vec<LeadMove>, dealer: Option<&str>) -> Vec<LeadMove> {
    let Some(dealer) = dealer else { return moves };
    let here = format!("dealer:{dealer}");
    let came = moves.iter().position(|held| held.to == here && held.from != here);
    moves.into_iter().take(came.map_or(0, |at| at + 1)).collect()
}

fn shown_decision(shown: &Shown, decision: &Decision) -> LeadDecision {
    let candidates = decision.candidates.iter().map(|candidate| LeadCandidate {
        dealer_id: candidate.dealer_id.clone(),
        name: shown.dealers.get(&candidate.dealer_id).cloned().unwrap_or_else(|| candidate.dealer_id.clone()),
        points: candidate.points,
        parts: candidate.parts.iter().map(|(says, points)| LeadPoints { says: says.clone(), points: *points }).collect(),
        barred: candidate.barred.clone(),
    });
    LeadDecision {
        at: iso(decision.at_us),
        chosen: decision.chosen.clone(),
        reason: decision.reason.clone(),
        candidates: candidates.collect(),
        barred_others: decision.others,
    }
}

impl From<LeadQueue> for ModelQueue {
    fn from(queue: LeadQueue) -> Self {
        match queue {
            LeadQueue::Verification => Self::Verification,
            LeadQueue::Dealer => Self::Dealer,
            LeadQueue::Nurture => Self::Nurture,
            LeadQueue::Pool => Self::Pool,
            LeadQueue::Closed => Self::Closed,
        }
    }
}

impl From<ModelQueue> for LeadQueue {
    fn from(queue: ModelQueue) -> Self {
        match queue {
            ModelQueue::Verification => Self::Verification,
            ModelQueue::Dealer => Self::Dealer,
            ModelQueue::Nurture => Self::Nurture,
            ModelQueue::Pool => Self::Pool,
            ModelQueue::Closed => Self::Closed,
        }
    }
}
