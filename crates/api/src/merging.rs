//! Why identifiers are one person's; merging profiles and parting them.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_model::{
    FragmentId, ProfileId, Trust,
    command::Action,
    identity::{Blocked, KindRole, Node, conflict_of, partition},
    time::iso,
};
use forecourt_store::{
    Store,
    fragment::{FragmentRow, SHARED},
    profile::ProfileView,
    weighing,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Trail,
    commands::{CommandOutcome, Commands, Told},
    error::{ApiError, ErrorBody},
    identity::{LedgerLine, shown_lines},
    input::{Asked, Body},
    profiles::{profile_id, unknown},
};

/// Other profiles that are looked at for why evidence between them and this one joined nothing.
const NEIGHBOURS_MAX: usize = 50;

/// All that is known of why these identifiers are, or are not, one person's.
#[derive(Serialize, ToSchema)]
pub struct ProfileIdentity {
    profile_id: String,
    identifiers: Vec<IdentityNode>,
    evidence: Vec<IdentityEdge>,
    /// Pairs that somebody said are not the same person.
    kept_apart: Vec<KeptApart>,
    /// Profiles that evidence ties to this one without joining them.
    neighbours: Vec<IdentityNeighbour>,
    /// What became of this profile's identifiers, latest first.
    ledger: Vec<LedgerLine>,
}

#[derive(Serialize, ToSchema)]
pub struct IdentityNode {
    fragment_id: String,
    profile_id: String,
    kind: String,
    value: String,
    first_seen: String,
    last_seen: String,
    events: u64,
    /// A contact or a device that too many people share.
    is_shared: bool,
    /// What was done on a device after signing in.
    is_interval: bool,
    role: NodeRole,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    Person,
    Device,
    Nobody,
}

#[derive(Serialize, ToSchema)]
pub struct IdentityEdge {
    one: String,
    other: String,
    /// How it is known: `same_event`, `signed_in`, `form`, `word`, …
    rule: String,
    /// What it is worth: `probable`, `imported`, `event`, `form`, `call`, `payment`, `link`, `login`, `word`.
    trust: String,
    /// When the event that told it first happened.
    at: String,
    /// Log offset of that event.
    offset: String,
    /// Whether the two are one profile's.
    joins: bool,
    /// Why not; null where it joins.
    #[schema(required)]
    why: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct KeptApart {
    one: String,
    other: String,
    at: String,
    actor: String,
}

#[derive(Serialize, ToSchema)]
pub struct IdentityNeighbour {
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    identifiers: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MergeAsked {
    /// The other profile's id.
    with: String,
}

/// What merging would do.
#[derive(Serialize, ToSchema)]
pub struct MergePreview {
    possible: bool,
    /// Why not; null where it is possible.
    #[schema(required)]
    reason: Option<String>,
    /// The id that the merged profile would have.
    profile_id: String,
    one: MergeSide,
    other: MergeSide,
    /// Traits that both have, with the value that would be shown.
    traits: Vec<MergedTrait>,
}

#[derive(Serialize, ToSchema)]
pub struct MergeSide {
    profile_id: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    events: u64,
    identifiers: u32,
    leads: u64,
    orders: u64,
    calls: u64,
    first_seen: String,
    last_seen: String,
}

#[derive(Serialize, ToSchema)]
pub struct MergedTrait {
    name: String,
    one: serde_json::Value,
    other: serde_json::Value,
    merged: serde_json::Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The other profile's id.
    with: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unmerge {
    /// Fragments (`fragment_id` of identifiers) that are not one person's; what is tied closer to the one goes with it.
    one: String,
    other: String,
}

/// Why this is one person.
#[utoipa::path(get, path = "/api/profiles/{id}/identity", operation_id = "profile_identity", tag = "identity", params(("id" = String, Path)),
    responses((status = 200, body = ProfileIdentity), (status = 404, body = ErrorBody)))]
pub async fn identity(State(store): State<Store>, caller: Caller, Path(id): Path<String>) -> Result<Json<ProfileIdentity>, ApiError> {
    let view = seen(&store, &caller, &id).await?;
    Ok(Json(explain(&store, &caller, view).await?))
}

/// What merging two profiles would do; nothing is changed.
#[utoipa::path(get, path = "/api/profiles/{id}/merge-preview", tag = "identity", params(("id" = String, Path), MergeAsked),
    responses((status = 200, body = MergePreview), (status = 404, body = ErrorBody)))]
pub async fn merge_preview(
    State(store): State<Store>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<MergeAsked>,
) -> Result<Json<MergePreview>, ApiError> {
    let (one, other) = (seen(&store, &caller, &id).await?, seen(&store, &caller, &asked.with).await?);
    let reason = if one.summary.profile_id == other.summary.profile_id {
        Some("same_profile".to_owned())
    } else {
        let settings = store.identity_settings().await?;
        let blocked = Blocked::of(&settings);
        let [ours, theirs] = [&one, &other].map(|view| view.fragments.iter().map(|row| row.unread_node(&blocked)).collect::<Vec<_>>());
        conflict_of(&ours, &theirs, Trust::Word, &settings).map(|why| why.as_str().to_owned())
    };
    let merged = one.state.clone().unite(&other.state);
    let both = one.state.traits.iter().filter_map(|(name, held)| Some((name, held, other.state.traits.get(name)?)));
    let traits = both
        .filter(|(_, ours, theirs)| ours.value != theirs.value)
        .map(|(name, ours, theirs)| MergedTrait {
            name: name.clone(),
            one: ours.value.clone(),
            other: theirs.value.clone(),
            merged: merged.traits.get(name).map(|held| held.value.clone()).unwrap_or_default(),
        })
        .collect();
    let profile_id = one.summary.profile_id.0.min(other.summary.profile_id.0).to_string();
    Ok(Json(MergePreview {
        possible: reason.is_none(),
        reason,
        profile_id,
        one: side(&store, &caller, one).await?,
        other: side(&store, &caller, other).await?,
        traits,
    }))
}

/// Say that two profiles are one person.
#[utoipa::path(post, path = "/api/profiles/{id}/merge", tag = "identity", params(("id" = String, Path)), request_body = Merge,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 404, body = ErrorBody)))]
pub async fn merge(
    State(store): State<Store>,
    State(commands): State<Commands>,
    caller: Caller,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<Merge>,
) -> Result<Told, ApiError> {
    let (one, other) = (seen(&store, &caller, &id).await?, seen(&store, &caller, &asked.with).await?);
    let (one, other) = (one.summary.profile_id, other.summary.profile_id);
    trail.changed(&serde_json::json!({ "profiles": [one.0.to_string(), other.0.to_string()] }), &serde_json::json!({ "profiles": "one" }));
    commands.tell(&caller, Action::MergeProfiles { one, other, probability: None }).await
}

/// Say that two identifiers are not one person's: the profile is parted, and they are never joined again by what is known now.
#[utoipa::path(post, path = "/api/profiles/{id}/unmerge", tag = "identity", params(("id" = String, Path)), request_body = Unmerge,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 404, body = ErrorBody)))]
pub async fn unmerge(
    State(store): State<Store>,
    State(commands): State<Commands>,
    caller: Caller,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<Unmerge>,
) -> Result<Told, ApiError> {
    let view = seen(&store, &caller, &id).await?;
    let fragment = |text: &str| {
        let found = text.parse().ok().map(FragmentId).filter(|id| view.fragments.iter().any(|row| row.fragment_id == *id));
        found.ok_or_else(|| ApiError::invalid("`one` and `other` are `fragment_id`s of this profile's identifiers"))
    };
    let (one, other) = (fragment(&asked.one)?, fragment(&asked.other)?);
    if one == other {
        return Err(ApiError::invalid("`one` and `other` are the same identifier: name the two that are not one person's"));
    }
    trail.changed(
        &serde_json::json!({ "profile": view.summary.profile_id.0.to_string() }),
        &serde_json::json!({ "apart": [asked.one, asked.other] }),
    );
    commands.tell(&caller, Action::PartProfiles { one, other }).await
}

async fn seen(store: &Store, caller: &Caller, id: &str) -> Result<ProfileView, ApiError> {
    store.profile(&caller.scope, profile_id(id)?).await?.ok_or_else(unknown)
}

async fn explain(store: &Store, caller: &Caller, view: ProfileView) -> Result<ProfileIdentity, ApiError> {
    let settings = store.identity_settings().await?;
    let blocked = Blocked::of(&settings);
    let own: BTreeSet<FragmentId> = view.fragments.iter().map(|row| row.fragment_id).collect();
    let ids: Vec<FragmentId> = own.iter().copied().collect();
    // Whoever sees a part of the people sees nothing of the others.
    let sees_others = caller.scope.dealer().is_none();
    let others: BTreeSet<FragmentId> = view.evidence.iter().flat_map(|edge| [edge.a, edge.b]).filter(|id| !own.contains(id)).collect();
    let others: Vec<FragmentId> = others.into_iter().filter(|_| sees_others).take(NEIGHBOURS_MAX).collect();
    let mut rows: BTreeMap<FragmentId, FragmentRow> = view.fragments.iter().map(|row| (row.fragment_id, row.clone())).collect();
    let mut neighbours: Vec<IdentityNeighbour> = Vec::new();
    for profile in store.fragments_by_id(&others).await?.iter().map(|row| row.profile_id).collect::<BTreeSet<ProfileId>>() {
        if let Some(other) = store.profile(&caller.scope, profile).await? {
            let named = other.fragments.iter().filter(|row| row.generation == 0).take(5).map(|row| row.value.clone());
            neighbours.push(IdentityNeighbour {
                profile_id: profile.0.to_string(),
                name: other.summary.name,
                identifiers: named.collect(),
            });
            rows.extend(other.fragments.into_iter().map(|row| (row.fragment_id, row)));
        }
    }
    let all: Vec<FragmentId> = rows.keys().copied().collect();
    let evidence = store.evidence_at(&all).await?;
    let apart = store.not_same_of(&ids).await?;
    let nodes: Vec<Node> = rows.values().map(|row| row.unread_node(&blocked)).collect();
    let edges = weighing::edges(&evidence, &nodes);
    let pairs: Vec<_> = apart.iter().map(|said| (said.a, said.b)).collect();
    let found = partition(&nodes, &edges, &pairs, &settings);
    let why: BTreeMap<usize, &str> = found.refused.iter().map(|refused| (refused.edge, refused.why.as_str())).collect();
    let shown = evidence.iter().enumerate().filter(|(_, edge)| own.contains(&edge.a) || own.contains(&edge.b));
    let evidence = shown
        .filter(|(_, edge)| rows.contains_key(&edge.a) && rows.contains_key(&edge.b))
        .map(|(at, edge)| {
            let joins = rows[&edge.a].profile_id == rows[&edge.b].profile_id;
            IdentityEdge {
                one: edge.a.0.to_string(),
                other: edge.b.0.to_string(),
                rule: edge.rule.clone(),
                trust: edge.trust.as_str().to_owned(),
                at: iso(edge.first_us),
                offset: edge.log_offset.to_string(),
                joins,
                why: (!joins).then(|| why.get(&at).copied().unwrap_or("device").to_owned()),
            }
        })
        .collect::<Vec<_>>();
    let lines = store.ledger_of(&ids).await?.into_iter().take(100).collect();
    let shown = |row: &FragmentRow| {
        let role = match settings.role(&row.kind) {
            KindRole::Person => NodeRole::Person,
            KindRole::Device => NodeRole::Device,
            KindRole::Nobody => NodeRole::Nobody,
        };
        IdentityNode {
            fragment_id: row.fragment_id.0.to_string(),
            profile_id: row.profile_id.0.to_string(),
            kind: row.kind.clone(),
            value: row.value.clone(),
            first_seen: iso(row.first_us),
            last_seen: iso(row.last_us),
            events: row.events,
            is_shared: row.marks & SHARED != 0,
            is_interval: row.generation != 0,
            role,
        }
    };
    let tied: BTreeSet<&str> = evidence.iter().flat_map(|edge| [edge.one.as_str(), edge.other.as_str()]).collect();
    let identifiers = rows.values().filter(|row| own.contains(&row.fragment_id) || tied.contains(row.fragment_id.0.to_string().as_str()));
    Ok(ProfileIdentity {
        profile_id: view.summary.profile_id.0.to_string(),
        identifiers: identifiers.map(shown).collect(),
        evidence,
        kept_apart: apart
            .into_iter()
            .filter(|said| sees_others || own.contains(&said.a) && own.contains(&said.b))
            .map(|said| KeptApart { one: said.a.0.to_string(), other: said.b.0.to_string(), at: iso(said.at_us), actor: said.actor })
            .collect(),
        neighbours,
        ledger: if sees_others { shown_lines(store, lines).await? } else { Vec::new() },
    })
}

async fn side(store: &Store, caller: &Caller, view: ProfileView) -> Result<MergeSide, ApiError> {
    let id = view.summary.profile_id;
    Ok(MergeSide {
        profile_id: id.0.to_string(),
        name: view.summary.name,
        email: view.summary.email,
        phone: view.summary.phone,
        events: view.summary.events,
        identifiers: view.summary.identifiers,
        leads: store.leads_of(&caller.scope, id).await?.len() as u64,
        orders: store.orders_of(&caller.scope, id).await?.len() as u64,
        calls: store.calls_of(&caller.scope, id).await?.len() as u64,
        first_seen: iso(view.summary.first_us),
        last_seen: iso(view.summary.last_us),
    })
}
