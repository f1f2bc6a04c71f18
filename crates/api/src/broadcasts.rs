//! Broadcasts: written, tried on paper, started, watched.

pub mod dry_run;
pub mod report;

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use forecourt_model::{
    broadcast::{
        Broadcast as ModelBroadcast, BroadcastOf, BroadcastState as ModelState, BroadcastStep as ModelWish, ChainStep as ModelStep,
        Reached as ModelReached, Variant as ModelVariant,
    },
    command::Action,
    message::MessageState,
    time::{SECOND_US, iso, parse_us},
};
use forecourt_store::{Store, definition::Definition, outbox::MessageCount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Commands, Trail,
    commands::CommandOutcome,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// One step of a chain of message channels.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainStep {
    template_id: String,
    /// How long to wait, in seconds, before the next step; means nothing in the last.
    #[serde(default)]
    wait_s: i64,
    /// What makes the next step needless.
    #[serde(default)]
    until: Reached,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    Delivered,
    #[default]
    Read,
    Clicked,
}

/// What a share of the people gets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroadcastVariant {
    /// 1 to 40 characters.
    name: String,
    /// In thousandths.
    share: u32,
    /// The next step is taken where the one before did not come so far in time, or cannot be sent at all.
    chain: Vec<ChainStep>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroadcastFields {
    /// 1 to 120 characters.
    name: String,
    /// To whom; everybody where there is none.
    #[serde(default)]
    #[schema(required)]
    segment_id: Option<String>,
    /// And to none of these.
    #[serde(default)]
    excluded_segment_ids: Vec<String>,
    /// What it is sent for: see Settings, Messages.
    purpose: String,
    /// Their shares add up to a thousand, together with `holdout`.
    variants: Vec<BroadcastVariant>,
    /// Who gets nothing, in thousandths.
    #[serde(default)]
    holdout: u32,
    /// When it starts; at once where there is none.
    #[serde(default)]
    #[schema(required)]
    starts_at: Option<String>,
    /// Messages a minute at most.
    #[serde(default)]
    #[schema(required)]
    per_minute: Option<u32>,
    /// How long a message may be postponed, in seconds; a day unless told.
    #[serde(default = "a_day")]
    postpone_s: i64,
}

fn a_day() -> i64 {
    86_400
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBroadcast {
    /// Lower-case letters, digits, `-` and `_`; never changes.
    broadcast_id: String,
    /// 1 to 120 characters.
    name: String,
    /// To whom; everybody where there is none.
    #[serde(default)]
    #[schema(required)]
    segment_id: Option<String>,
    /// And to none of these.
    #[serde(default)]
    excluded_segment_ids: Vec<String>,
    /// What it is sent for: see Settings, Messages.
    purpose: String,
    /// Their shares add up to a thousand, together with `holdout`.
    variants: Vec<BroadcastVariant>,
    /// Who gets nothing, in thousandths.
    #[serde(default)]
    holdout: u32,
    /// When it starts; at once where there is none.
    #[serde(default)]
    #[schema(required)]
    starts_at: Option<String>,
    /// Messages a minute at most.
    #[serde(default)]
    #[schema(required)]
    per_minute: Option<u32>,
    /// How long a message may be postponed, in seconds; a day unless told.
    #[serde(default = "a_day")]
    postpone_s: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BroadcastState {
    Draft,
    Scheduled,
    Sending,
    Paused,
    Sent,
    Cancelled,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BroadcastWish {
    Start,
    Pause,
    Resume,
    Cancel,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroadcastStep {
    step: BroadcastWish,
}

/// How far messages came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageCounts {
    /// All of them, whatever became of them; those held out are not among them.
    messages: i64,
    pending: i64,
    postponed: i64,
    held: i64,
    suppressed: i64,
    /// Handed over, whatever came after.
    sent: i64,
    delivered: i64,
    undelivered: i64,
    failed: i64,
    unknown: i64,
    /// By people, not by programs.
    read: i64,
    /// By people, not by programs.
    clicked: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BroadcastItem {
    broadcast_id: String,
    /// 1 to 120 characters.
    name: String,
    /// To whom; everybody where there is none.
    #[schema(required)]
    segment_id: Option<String>,
    /// And to none of these.
    excluded_segment_ids: Vec<String>,
    /// What it is sent for: see Settings, Messages.
    purpose: String,
    /// Their shares add up to a thousand, together with `holdout`.
    variants: Vec<BroadcastVariant>,
    /// Who gets nothing, in thousandths.
    holdout: u32,
    /// When it starts; at once where there is none.
    #[schema(required)]
    starts_at: Option<String>,
    /// Messages a minute at most.
    #[schema(required)]
    per_minute: Option<u32>,
    /// How long a message may be postponed, in seconds; a day unless told.
    postpone_s: i64,
    state: BroadcastState,
    /// Of the people decided on.
    percent: u64,
    #[schema(required)]
    started_at: Option<String>,
    #[schema(required)]
    ended_at: Option<String>,
    changed_at: String,
    changed_by: String,
    counts: MessageCounts,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BroadcastList {
    /// The latest changed first.
    broadcasts: Vec<BroadcastItem>,
}

/// All broadcasts.
#[utoipa::path(get, path = "/api/broadcasts", tag = "messages", responses((status = 200, body = BroadcastList)))]
pub async fn broadcasts(State(store): State<Store>) -> Result<Json<BroadcastList>, ApiError> {
    let mut found = store.broadcasts().await?;
    found.sort_by_key(|definition| std::cmp::Reverse(definition.body.changed_us));
    let mut broadcasts = Vec::with_capacity(found.len());
    for definition in found {
        let counts = store.counts_of(&definition.body.broadcast.definition()).await?;
        broadcasts.push(BroadcastItem::new(definition.body, &counts));
    }
    Ok(Json(BroadcastList { broadcasts }))
}

/// One broadcast with how far it is.
#[utoipa::path(get, path = "/api/broadcasts/{id}", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = BroadcastItem), (status = 404, body = ErrorBody)))]
pub async fn broadcast(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<BroadcastItem>, ApiError> {
    let definition = found(&store, &id).await?;
    let counts = store.counts_of(&definition.body.broadcast.definition()).await?;
    Ok(Json(BroadcastItem::new(definition.body, &counts)))
}

/// Write a broadcast down. Nothing is sent before it is started.
#[utoipa::path(post, path = "/api/broadcasts", tag = "messages", request_body = NewBroadcast,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn add_broadcast(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<NewBroadcast>,
) -> Result<Response, ApiError> {
    trail.object(format!("broadcast {}", asked.broadcast_id));
    if store.broadcast(&asked.broadcast_id).await?.is_some() {
        return Err(ApiError::invalid(format!("there is a broadcast `{}` already: take another id", asked.broadcast_id)));
    }
    save(&commands, &caller, asked.into_model()?).await
}

/// Change a broadcast that has not started.
#[utoipa::path(put, path = "/api/broadcasts/{id}", tag = "messages", params(("id" = String, Path)), request_body = BroadcastFields,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn change_broadcast(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<BroadcastFields>,
) -> Result<Response, ApiError> {
    let before = found(&store, &id).await?.body.broadcast;
    trail.object(format!("broadcast {id}"));
    let broadcast = asked.into_model(id)?;
    trail.changed(&before, &broadcast);
    save(&commands, &caller, broadcast).await
}

async fn save(commands: &Commands, caller: &Caller, broadcast: ModelBroadcast) -> Result<Response, ApiError> {
    broadcast.check().map_err(ApiError::invalid)?;
    commands.carry_out(caller, Action::SetBroadcast { broadcast }).await
}

/// Start a broadcast, pause it, let it go on, or end it.
#[utoipa::path(post, path = "/api/broadcasts/{id}/step", tag = "messages", params(("id" = String, Path)), request_body = BroadcastStep,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn step_broadcast(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<BroadcastStep>,
) -> Result<Response, ApiError> {
    found(&store, &id).await?;
    trail.object(format!("broadcast {id}"));
    let step = match asked.step {
        BroadcastWish::Start => ModelWish::Start,
        BroadcastWish::Pause => ModelWish::Pause,
        BroadcastWish::Resume => ModelWish::Resume,
        BroadcastWish::Cancel => ModelWish::Cancel,
    };
    trail.detail("step", format!("{:?}", asked.step).to_lowercase());
    commands.carry_out(&caller, Action::StepBroadcast { broadcast_id: id, step }).await
}

async fn found(store: &Store, id: &str) -> Result<Definition<BroadcastOf>, ApiError> {
    store.broadcast(id).await?.ok_or_else(|| ApiError::not_found("such broadcast"))
}

impl MessageCounts {
    /// Messages of the same state.
    fn add(&mut self, state: MessageState, reason: &str, messages: i64, read: i64, clicked: i64) {
        if reason == forecourt_model::broadcast::HOLDOUT {
            return;
        }
        self.messages += messages;
        self.read += read;
        self.clicked += clicked;
        match state {
            MessageState::Pending => self.pending += messages,
            MessageState::Postponed => self.postponed += messages,
            MessageState::Suppressed => self.suppressed += messages,
            MessageState::Held => self.held += messages,
            MessageState::Sent => self.sent += messages,
            MessageState::Delivered => {
                self.sent += messages;
                self.delivered += messages;
            }
            MessageState::Undelivered => {
                self.sent += messages;
                self.undelivered += messages;
            }
            MessageState::Failed => self.failed += messages,
            MessageState::Unknown => self.unknown += messages,
        }
    }

    pub(crate) fn of<'a>(counts: impl Iterator<Item = &'a MessageCount>) -> Self {
        let mut all = Self::default();
        for count in counts {
            all.add(count.state, &count.reason, count.messages, count.read, count.clicked);
        }
        all
    }
}

impl BroadcastItem {
    fn new(of: BroadcastOf, counts: &[MessageCount]) -> Self {
        let BroadcastOf { broadcast, state, started_us, ended_us, changed_us, changed_by } = of;
        let (state, until) = match state {
            ModelState::Draft => (BroadcastState::Draft, -1),
            ModelState::Scheduled => (BroadcastState::Scheduled, -1),
            ModelState::Sending { until } => (BroadcastState::Sending, until),
            ModelState::Paused { until } => (BroadcastState::Paused, until),
            ModelState::Sent => (BroadcastState::Sent, i64::MAX),
            ModelState::Cancelled { until } => (BroadcastState::Cancelled, until),
        };
        let variant = |variant: ModelVariant| BroadcastVariant {
            name: variant.name,
            share: variant.share,
            chain: variant.chain.into_iter().map(ChainStep::from_model).collect(),
        };
        Self {
            broadcast_id: broadcast.broadcast_id,
            name: broadcast.name,
            segment_id: broadcast.segment_id,
            excluded_segment_ids: broadcast.excluded_segment_ids,
            purpose: broadcast.purpose,
            variants: broadcast.variants.into_iter().map(variant).collect(),
            holdout: broadcast.holdout,
            starts_at: broadcast.starts_us.map(iso),
            per_minute: broadcast.per_minute,
            postpone_s: broadcast.postpone_s,
            state,
            // Ids are hashes, spread evenly.
            percent: (until.max(0) as u128 * 100 / i64::MAX as u128) as u64,
            started_at: started_us.map(iso),
            ended_at: ended_us.map(iso),
            changed_at: iso(changed_us),
            changed_by,
            counts: MessageCounts::of(counts.iter()),
        }
    }
}

impl ChainStep {
    pub(crate) fn only(template_id: String) -> Self {
        Self { template_id, wait_s: 0, until: Reached::Read }
    }

    pub(crate) fn into_model(self) -> ModelStep {
        let until = match self.until {
            Reached::Delivered => ModelReached::Delivered,
            Reached::Read => ModelReached::Read,
            Reached::Clicked => ModelReached::Clicked,
        };
        ModelStep { template_id: self.template_id, wait_s: self.wait_s, until }
    }

    fn from_model(step: ModelStep) -> Self {
        let until = match step.until {
            ModelReached::Delivered => Reached::Delivered,
            ModelReached::Read => Reached::Read,
            ModelReached::Clicked => Reached::Clicked,
        };
        Self { template_id: step.template_id, wait_s: step.wait_s, until }
    }
}

impl BroadcastFields {
    fn into_model(self, broadcast_id: String) -> Result<ModelBroadcast, ApiError> {
        let starts_us = match self.starts_at.filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(parse_us(&text).ok_or_else(|| ApiError::invalid("`starts_at` is a time such as 2026-03-01T09:00:00Z"))?),
        };
        let variant = |variant: BroadcastVariant| ModelVariant {
            name: variant.name,
            share: variant.share,
            chain: variant.chain.into_iter().map(ChainStep::into_model).collect(),
        };
        Ok(ModelBroadcast {
            broadcast_id,
            name: self.name,
            segment_id: self.segment_id.filter(|id| !id.is_empty()),
            excluded_segment_ids: self.excluded_segment_ids,
            purpose: self.purpose,
            variants: self.variants.into_iter().map(variant).collect(),
            holdout: self.holdout,
            starts_us,
            per_minute: self.per_minute,
            postpone_s: self.postpone_s,
        })
    }
}

impl NewBroadcast {
    fn into_model(self) -> Result<ModelBroadcast, ApiError> {
        let Self { broadcast_id, name, segment_id, excluded_segment_ids, purpose, variants, holdout, starts_at, per_minute, postpone_s } =
            self;
        let fields =
            BroadcastFields { name, segment_id, excluded_segment_ids, purpose, variants, holdout, starts_at, per_minute, postpone_s };
        fields.into_model(broadcast_id)
    }
}

/// Counts by a reason, the most first.
fn most_first<K: Ord>(counts: BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut rows: Vec<(K, u64)> = counts.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows
}

/// Until when a message of this broadcast may be postponed.
fn deadline_us(broadcast: &ModelBroadcast, now_us: i64) -> i64 {
    now_us + broadcast.postpone_s * SECOND_US
}
