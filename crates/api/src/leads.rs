//! Leads at work: the desk, one lead, what people do with it; and leads registered by hand.

pub mod calendar;
pub mod costs;
pub mod operators;
pub mod reports;
pub mod rules;
mod shown;
mod wish;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use forecourt_model::{
    Scope,
    command::Action,
    lead::{LeadAct, Queue as ModelQueue},
};
use forecourt_store::{
    Store,
    handling::{HandledLead, HandlingListing},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Border, Caller, Clock, Commands, Trail,
    border::Submission,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    input::{Asked, Body, page_size},
    profiles::Search,
};

use shown::{LeadCounts, LeadDetail, LeadList, LeadQueue, Shown, detail};
use wish::{LeadWish, name_of};

/// The source of leads that people register by hand.
const DESK_SOURCE: &str = "desk";

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
    let is_centres = matches!(
        act,
        LeadAct::Assign { .. } | LeadAct::Claim | LeadAct::Release | LeadAct::Decline | LeadAct::Transfer { .. } | LeadAct::Verify { .. }
    );
    if is_centres && caller.scope.dealer().is_some() {
        return Err(ApiError::forbidden(
            "a dealer accepts leads, works on them and gives them back; the contact centre verifies and assigns them",
        ));
    }
    let dealer_id = caller.scope.dealer().map(str::to_owned);
    commands.carry_out(&caller, Action::WorkLead { lead_id: id, dealer_id, act }).await
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

async fn found(store: &Store, scope: &Scope, id: &str) -> Result<HandledLead, ApiError> {
    store.handling(scope, id).await?.ok_or_else(|| ApiError::not_found("such lead at work"))
}
