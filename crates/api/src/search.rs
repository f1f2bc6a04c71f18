//! One search over everything that has a page: people, leads, orders, sources, events, saved views.

use axum::{Json, extract::State};
use forecourt_model::{Scope, mask};
use forecourt_store::{Store, control::Control};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Clock, Trail,
    catalogue::EventVolumes,
    error::{ApiError, ErrorBody},
    input::Asked,
    profiles::Search,
};

/// Of each kind: who wants more goes to the page.
const FOUND_MAX: u32 = 5;
const QUESTION_CHARS_MAX: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// Any identifier or the beginning of a name, an id of a lead or an order, words of a name: two characters or more.
    q: String,
}

#[derive(Serialize, ToSchema)]
pub struct Findings {
    /// By any identifier or name, the latest seen first.
    profiles: Vec<FoundProfile>,
    /// By the beginning of their ids.
    leads: Vec<FoundEntity>,
    /// By the beginning of their ids.
    orders: Vec<FoundEntity>,
    /// By a part of the name; none for those who may not see sources.
    sources: Vec<FoundName>,
    /// By a part of the name; none for those who see one dealer.
    events: Vec<String>,
    /// One's own and shared ones, by a part of the name.
    views: Vec<FoundView>,
}

#[derive(Serialize, ToSchema)]
pub struct FoundProfile {
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FoundEntity {
    id: String,
    /// Whose page shows it.
    profile_id: String,
    /// A lead's stage, an order's status.
    state: String,
    #[schema(required)]
    dealer: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FoundName {
    id: String,
    name: String,
}

#[derive(Serialize, ToSchema)]
pub struct FoundView {
    id: String,
    name: String,
    /// The page's path.
    page: String,
    /// What stands behind the `?` of the page's address.
    state: String,
}

/// Search everything that has a page, of what the caller may see.
#[utoipa::path(get, path = "/api/search", tag = "search", params(Question),
    responses((status = 200, body = Findings), (status = 400, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "everything is what is searched")]
pub async fn search_everything(
    State(store): State<Store>,
    State(control): State<Control>,
    State(search): State<Search>,
    State(volumes): State<EventVolumes>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Asked(asked): Asked<Question>,
) -> Result<Json<Findings>, ApiError> {
    let q: String = asked.q.trim().chars().take(QUESTION_CHARS_MAX).collect();
    if q.chars().count() < 2 {
        return Err(ApiError::invalid("`q` has two characters or more"));
    }
    trail.object(q.as_str());
    let sees_all_dealers = caller.scope.dealer().is_none();
    let scope = &caller.scope;
    let people = profiles(&store, &search, scope, &q);
    let entities = async { Ok((leads(&store, scope, &q).await?, orders(&store, scope, &q).await?)) };
    let named = async {
        let sources = if sees_all_dealers { sources(&control, &q).await? } else { Vec::new() };
        let events = if sees_all_dealers { events(&volumes, &store, &q, clock.now_us()).await? } else { Vec::new() };
        Ok((sources, events, views(&control, &caller, &q).await?))
    };
    let (profiles, (leads, orders), (sources, events, views)) = futures::try_join!(people, entities, named)?;
    Ok(Json(Findings { profiles, leads, orders, sources, events, views }))
}

async fn profiles(store: &Store, search: &Search, scope: &Scope, q: &str) -> Result<Vec<FoundProfile>, ApiError> {
    let page = search.found(store, scope, q, FOUND_MAX).await?;
    let shown = |value: Option<String>, mask: fn(&str) -> String| match scope {
        Scope::Masked => value.map(|value| mask(&value)),
        Scope::Everything | Scope::Dealer(_) => value,
    };
    let found = page.into_iter().map(|profile| FoundProfile {
        profile_id: profile.profile_id.0.to_string(),
        name: shown(profile.name, mask::mask_name),
        email: shown(profile.email, mask::mask_email),
        phone: shown(profile.phone, mask::mask_phone),
    });
    Ok(found.collect())
}

/// An id as it was typed; where nothing has it, in capitals.
fn spellings(q: &str) -> impl Iterator<Item = String> {
    let capitals = Some(q.to_uppercase()).filter(|capitals| capitals != q);
    std::iter::once(q.to_owned()).chain(capitals)
}

async fn leads(store: &Store, scope: &Scope, q: &str) -> Result<Vec<FoundEntity>, ApiError> {
    let mut held = Vec::new();
    for spelling in spellings(q) {
        if held.is_empty() {
            held = store.leads_by_id(scope, &spelling, FOUND_MAX).await?;
        }
    }
    let found = held.into_iter().map(|of| FoundEntity {
        id: of.entity.lead_id,
        profile_id: of.profile_id.0.to_string(),
        state: of.entity.stage,
        dealer: of.entity.dimensions.dealer,
    });
    Ok(found.collect())
}

async fn orders(store: &Store, scope: &Scope, q: &str) -> Result<Vec<FoundEntity>, ApiError> {
    let mut held = Vec::new();
    for spelling in spellings(q) {
        if held.is_empty() {
            held = store.orders_by_id(scope, &spelling, FOUND_MAX).await?;
        }
    }
    let found = held.into_iter().map(|of| FoundEntity {
        id: of.entity.order_id,
        profile_id: of.profile_id.0.to_string(),
        state: of.entity.status,
        dealer: of.entity.dimensions.dealer,
    });
    Ok(found.collect())
}

/// Whether one name holds the other, whatever the case.
fn holds(name: &str, q: &str) -> bool {
    name.to_lowercase().contains(&q.to_lowercase())
}

async fn sources(control: &Control, q: &str) -> Result<Vec<FoundName>, ApiError> {
    let found = control.sources().await?.into_iter().filter(|source| holds(&source.name, q) || source.id == q);
    Ok(found.take(FOUND_MAX as usize).map(|source| FoundName { id: source.id, name: source.name }).collect())
}

/// Names are written with `_` and spoken with spaces.
async fn events(volumes: &EventVolumes, store: &Store, q: &str, now_us: i64) -> Result<Vec<String>, ApiError> {
    let plain = q.replace(' ', "_");
    let known = volumes.now(store, now_us).await?;
    let found = known.iter().filter(|volume| holds(&volume.event, q) || holds(&volume.event, &plain));
    Ok(found.take(FOUND_MAX as usize).map(|volume| volume.event.clone()).collect())
}

async fn views(control: &Control, caller: &Caller, q: &str) -> Result<Vec<FoundView>, ApiError> {
    let found = control.views(&caller.actor, caller.role).await?.into_iter().filter(|view| holds(&view.name, q));
    let shown = |view: forecourt_store::control::SavedView| FoundView { id: view.id, name: view.name, page: view.page, state: view.state };
    Ok(found.take(FOUND_MAX as usize).map(shown).collect())
}
