//! Leads at work: the desk, one lead, what people do with it; and leads registered by hand.

pub mod reports;
pub mod rules;

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use forecourt_model::{
    ProfileId, Scope,
    command::Action,
    entity::STAGES,
    lead::{
        ClockFor as ModelClockFor, ContactBy, Decision, Handling, LeadAct, LeadMove, LeadRules, Queue as ModelQueue, Vehicle, Verified,
    },
    time::{DAY_US, MINUTE_US, iso, parse_us},
};
use forecourt_store::{
    Store,
    handling::{HandledLead, HandlingListing},
    profile::ProfileSummary,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Border, Caller, Clock, Commands, Trail,
    border::Submission,
    commands::{CommandOutcome, Told},
    error::{ApiError, ErrorBody},
    input::{Asked, Body, page_size},
    profiles::Search,
};

/// The source of leads that people register by hand.
const DESK_SOURCE: &str = "desk";

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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LeadsAsked {
    queue: Option<LeadQueue>,
    dealer_id: Option<String>,
    band: Option<String>,
    stage: Option<String>,
    /// Only those of the caller's own.
    mine: Option<bool>,
    /// A lead's id, or what finds a person.
    q: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// At most 200; 50 unless told.
    limit: Option<u32>,
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
    /// How to begin the talk.
    suggestion: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadItem {
    lead_id: String,
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    model: Option<String>,
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
    /// How often it was taken from a dealer.
    hops: u32,
    #[schema(required)]
    prompt: Option<LeadPrompt>,
}

/// How many leads are where.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct LeadCounts {
    verification: i64,
    dealer: i64,
    nurture: i64,
    pool: i64,
    closed: i64,
    /// Clocks that have run out.
    overdue: i64,
    /// People who came back.
    prompts: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadList {
    leads: Vec<LeadItem>,
    /// Pass it on as `before` to read on; absent at the end.
    #[schema(required)]
    next: Option<String>,
    counts: LeadCounts,
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

/// A lead registered by hand: with a phone number or an e-mail address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLead {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    model: Option<String>,
    brand: Option<String>,
    region: Option<String>,
    postcode: Option<String>,
    language: Option<String>,
    /// The dealer that the person would rather go to.
    dealer_id: Option<String>,
    comments: Option<String>,
    channel: Option<String>,
    campaign: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadRegistered {
    lead_id: String,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadContactBy {
    Call,
    Message,
    Email,
    Visit,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadVerified {
    Qualified,
    NoAnswer,
    NotNow,
    Invalid,
    Declined,
}

/// What to do with a lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum LeadWish {
    Accept {},
    /// Somebody reached out: stops the clock.
    Contact {
        by: LeadContactBy,
        /// Whether the person answered.
        reached: bool,
        #[serde(default)]
        note: String,
    },
    /// Move it to a stage.
    Stage {
        stage: String,
        /// One of the lead's `lost_reasons`, for the stage `lost`.
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
    /// Take it up, so that nobody else calls.
    Claim {},
    Release {},
    Verify {
        outcome: LeadVerified,
        #[serde(default)]
        note: String,
    },
    Note {
        text: String,
    },
    /// The prompt was seen.
    Seen {},
    Appointment {
        at: String,
        #[serde(default)]
        note: String,
    },
}

/// Leads at work. A dealer's people see that dealer's.
#[utoipa::path(get, path = "/api/leads", tag = "leads", params(LeadsAsked),
    responses((status = 200, body = LeadList), (status = 400, body = ErrorBody)))]
pub async fn leads(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(search): State<Search>,
    Asked(asked): Asked<LeadsAsked>,
) -> Result<Json<LeadList>, ApiError> {
    let limit = page_size(asked.limit, 50, 200);
    let offset = match asked.before.as_deref().filter(|before| !before.is_empty()) {
        Some(before) => before.parse::<u32>().map_err(|_| ApiError::invalid("`before` is `next` of the page before"))?,
        None => 0,
    };
    let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let mut listing = HandlingListing {
        queue: asked.queue.map(Into::into),
        dealer_id: filled(asked.dealer_id),
        band: filled(asked.band),
        stage: filled(asked.stage),
        owner: asked.mine.unwrap_or(false).then(|| caller.actor.clone()),
        offset,
        limit,
        ..HandlingListing::default()
    };
    if let Some(q) = filled(asked.q) {
        if store.handling(&caller.scope, &q).await?.is_some() {
            listing.lead_id = Some(q);
        } else {
            let found = search.found(&store, &caller.scope, &q, 200).await?;
            listing.profiles = Some(found.into_iter().map(|person| person.profile_id).collect());
        }
    }
    let held = store.list_handlings(&caller.scope, &listing).await?;
    let next = (held.len() == limit as usize).then(|| (offset + limit).to_string());
    let now_us = clock.now_us();
    let counted = store.handling_counts(&caller.scope, now_us).await?;
    let mut counts = LeadCounts { overdue: counted.overdue, prompts: counted.prompts, ..LeadCounts::default() };
    for (queue, count) in counted.of {
        *match queue {
            ModelQueue::Verification => &mut counts.verification,
            ModelQueue::Dealer => &mut counts.dealer,
            ModelQueue::Nurture => &mut counts.nurture,
            ModelQueue::Pool => &mut counts.pool,
            ModelQueue::Closed => &mut counts.closed,
        } = count;
    }
    let shown = Shown::of(&store, &caller.scope, &held, now_us).await?;
    Ok(Json(LeadList { leads: held.iter().map(|held| shown.item(held)).collect(), next, counts }))
}

/// One lead, and how it came where it is.
#[utoipa::path(get, path = "/api/leads/{id}", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = LeadDetail), (status = 404, body = ErrorBody)))]
pub async fn lead(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Json<LeadDetail>, ApiError> {
    let held = found(&store, &caller.scope, &id).await?;
    trail.object(format!("lead {id}"));
    let moves = store.lead_moves(&id).await?;
    let rules = store.lead_rules().await?.map(|held| held.body).unwrap_or_default();
    let shown = Shown::of(&store, &caller.scope, std::slice::from_ref(&held), clock.now_us()).await?;
    let sees_all = caller.scope.dealer().is_none();
    let duplicates = if sees_all { store.duplicates_of(&id).await? } else { Vec::new() };
    Ok(Json(detail(&shown, &held, &rules, moves, duplicates, caller.scope.dealer())))
}

/// Do something with a lead.
#[utoipa::path(post, path = "/api/leads/{id}/act", tag = "leads", params(("id" = String, Path)), request_body = LeadWish,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn act_on_lead(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<LeadWish>,
) -> Result<Response, ApiError> {
    found(&store, &caller.scope, &id).await?;
    trail.object(format!("lead {id}"));
    let act = asked.read()?;
    trail.detail("act", name_of(&act));
    let is_centres = matches!(act, LeadAct::Assign { .. } | LeadAct::Claim | LeadAct::Release | LeadAct::Verify { .. });
    if is_centres && caller.scope.dealer().is_some() {
        return Err(ApiError::forbidden(
            "a dealer accepts leads, works on them and gives them back; the contact centre verifies and assigns them",
        ));
    }
    let dealer_id = caller.scope.dealer().map(str::to_owned);
    match commands.tell(&caller, Action::WorkLead { lead_id: id, dealer_id, act }).await? {
        Told::Refused { reason } => Err(ApiError::invalid(reason)),
        told => Ok(told.into_response()),
    }
}

/// Register a lead that came by phone, or in person.
#[utoipa::path(post, path = "/api/leads", tag = "leads", request_body = NewLead,
    responses((status = 200, body = LeadRegistered), (status = 400, body = ErrorBody)))]
pub async fn add_lead(
    caller: Caller,
    State(border): State<Border>,
    trail: Trail,
    Body(asked): Body<NewLead>,
) -> Result<Json<LeadRegistered>, ApiError> {
    let filled = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (phone, email) = (filled(&asked.phone), filled(&asked.email));
    if phone.is_none() && email.is_none() {
        return Err(ApiError::invalid("a lead needs a phone number or an e-mail address: without one nobody can answer it"));
    }
    let lead_id = format!("L-{:012x}", rand::random::<u64>() >> 16);
    trail.object(format!("lead {lead_id}"));
    let mut properties = json!({ "lead_id": lead_id, "registered_by": caller.actor });
    let told = [
        ("phone", phone.clone()),
        ("email", email.clone()),
        ("model", filled(&asked.model)),
        ("brand", filled(&asked.brand)),
        ("region", filled(&asked.region)),
        ("postcode", filled(&asked.postcode)),
        ("language", filled(&asked.language)),
        ("comments", filled(&asked.comments)),
        ("channel", filled(&asked.channel).or_else(|| Some("phone".to_owned()))),
        ("campaign", filled(&asked.campaign)),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            properties[name] = json!(value);
        }
    }
    if let Some(dealer_id) = filled(&asked.dealer_id) {
        properties["preferred_dealers"] = json!([dealer_id]);
    }
    let mut traits = json!({ "phone": phone, "email": email, "name": filled(&asked.name) });
    if let Some(traits) = traits.as_object_mut() {
        traits.retain(|_, value| !value.is_null());
    }
    let item = json!({
        "type": "track", "event": "lead_created", "messageId": format!("desk:{lead_id}"), "properties": properties,
        "context": { "traits": traits, "channel": "server" },
    });
    let submission = Submission { source: DESK_SOURCE.to_owned(), raw: item.to_string() };
    match border.submit(submission).await {
        Ok(None) => Ok(Json(LeadRegistered { lead_id })),
        Ok(Some(refusal)) => Err(ApiError::invalid(refusal.message)),
        Err(error) => Err(error.into()),
    }
}

/// A lead's appointment, for calendars.
#[utoipa::path(get, path = "/api/leads/{id}/calendar.ics", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/calendar", body = String), (status = 404, body = ErrorBody)))]
pub async fn lead_calendar(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Response, ApiError> {
    let held = found(&store, &caller.scope, &id).await?;
    trail.object(format!("lead {id}"));
    let at_us = held.handling.body.appointment_us.ok_or_else(|| ApiError::not_found("appointment of this lead"))?;
    let shown = Shown::of(&store, &caller.scope, std::slice::from_ref(&held), clock.now_us()).await?;
    let item = shown.item(&held);
    let stamp = |us: i64| iso(us).replace(['-', ':'], "").replace(".000", "");
    let what = [item.name.as_deref(), item.model.as_deref(), item.phone.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Forecourt//Leads//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@forecourt", calendar_text(&id)),
        format!("DTSTAMP:{}", stamp(held.handling.changed_us / 1_000_000 * 1_000_000)),
        format!("DTSTART:{}", stamp(at_us / 1_000_000 * 1_000_000)),
        format!("DTEND:{}", stamp(at_us / 1_000_000 * 1_000_000 + 60 * MINUTE_US)),
        format!("SUMMARY:{}", calendar_text(&what)),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    let body: String = lines.iter().map(|line| folded(line)).collect();
    let headers =
        [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"appointment.ics\"")];
    Ok((headers, body).into_response())
}

/// RFC 5545, 3.3.11.
fn calendar_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace(['\r', '\n'], " ")
}

/// RFC 5545, 3.1: lines of at most 75 octets, cut between characters.
fn folded(line: &str) -> String {
    let (mut out, mut octets) = (String::new(), 0);
    for character in line.chars() {
        if 74 < octets + character.len_utf8() {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(character);
        octets += character.len_utf8();
    }
    out.push_str("\r\n");
    out
}

async fn found(store: &Store, scope: &Scope, id: &str) -> Result<HandledLead, ApiError> {
    store.handling(scope, id).await?.ok_or_else(|| ApiError::not_found("such lead at work"))
}

fn name_of(act: &LeadAct) -> String {
    serde_json::to_value(act).ok().and_then(|act| act.get("act")?.as_str().map(str::to_owned)).unwrap_or_default()
}

impl LeadWish {
    fn read(self) -> Result<LeadAct, ApiError> {
        Ok(match self {
            Self::Accept {} => LeadAct::Accept,
            Self::Contact { by, reached, note } => {
                let by = match by {
                    LeadContactBy::Call => ContactBy::Call,
                    LeadContactBy::Message => ContactBy::Message,
                    LeadContactBy::Email => ContactBy::Email,
                    LeadContactBy::Visit => ContactBy::Visit,
                };
                LeadAct::Contact { by, reached, note }
            }
            Self::Stage { stage, reason, note } => LeadAct::Stage { stage, reason, note },
            Self::Return { reason } => LeadAct::Return { reason },
            Self::Assign { dealer_id, owner, reason } => LeadAct::Assign { dealer_id, owner, reason },
            Self::Claim {} => LeadAct::Claim,
            Self::Release {} => LeadAct::Release,
            Self::Verify { outcome, note } => {
                let outcome = match outcome {
                    LeadVerified::Qualified => Verified::Qualified,
                    LeadVerified::NoAnswer => Verified::NoAnswer,
                    LeadVerified::NotNow => Verified::NotNow,
                    LeadVerified::Invalid => Verified::Invalid,
                    LeadVerified::Declined => Verified::Declined,
                };
                LeadAct::Verify { outcome, note }
            }
            Self::Note { text } => LeadAct::Note { text },
            Self::Seen {} => LeadAct::Seen,
            Self::Appointment { at, note } => {
                let at_us = parse_us(&at).ok_or_else(|| ApiError::invalid("`at` is a time such as 2026-03-02T10:00:00Z"))?;
                LeadAct::Appointment { at_us, note }
            }
        })
    }
}

/// What stands beside leads: their people and their dealers' names.
pub(crate) struct Shown {
    people: HashMap<ProfileId, ProfileSummary>,
    dealers: BTreeMap<String, String>,
    now_us: i64,
}

impl Shown {
    async fn of(store: &Store, scope: &Scope, held: &[HandledLead], now_us: i64) -> Result<Self, ApiError> {
        let mut ids: Vec<ProfileId> = held.iter().map(|held| held.profile_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let people = store.profile_summaries(scope, &ids).await?.into_iter().map(|person| (person.profile_id, person)).collect();
        let dealers = store.dealers().await?.into_iter().map(|held| (held.body.dealer_id, held.body.name)).collect();
        Ok(Self { people, dealers, now_us })
    }

    fn item(&self, held: &HandledLead) -> LeadItem {
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
            hops: body.hops,
            prompt: prompt(handling, self.now_us),
        }
    }
}

/// What to say first to somebody who came back.
fn prompt(handling: &Handling, now_us: i64) -> Option<LeadPrompt> {
    let prompt = handling.body.prompt.as_ref()?;
    let before = (now_us - handling.opened_us) / DAY_US;
    let viewed = prompt.viewed.first().cloned().unwrap_or_default();
    let wanted =
        handling.body.asked.vehicles.first().map(|vehicle| vehicle.model.clone()).filter(|model| !model.is_empty() && *model != viewed);
    let suggestion = match wanted {
        Some(model) => {
            format!("Asked about {model} {before} days ago and now looks at {viewed}: offer to compare the two, and a test drive.")
        }
        None => format!("Asked {before} days ago and looks at {viewed} again: ask what has changed, and offer a test drive."),
    };
    Some(LeadPrompt { at: iso(prompt.at_us), viewed: prompt.viewed.clone(), suggestion })
}

fn detail(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_lines_are_escaped_and_folded() {
        assert_eq!(calendar_text("a,b;c\\d\ne"), "a\\,b\\;c\\\\d e");
        let long = folded(&format!("SUMMARY:{}", "ж".repeat(80)));
        assert!(long.split("\r\n").all(|line| line.len() <= 75), "{long}");
        assert_eq!(long.replace("\r\n ", "").trim_end(), format!("SUMMARY:{}", "ж".repeat(80)));
    }
}
