//! Deliveries: what was to be sent, where each message stands, and every attempt.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use forecourt_model::{
    Scope,
    command::Action,
    mask::mask_answer,
    message::{Message as ModelMessage, MessageChannel as ModelChannel, MessageState as ModelState},
    time::{DAY_US, iso},
};
use forecourt_store::{
    Store,
    attempts::{Attempt as StoredAttempt, Attempts},
    outbox::Listing,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Border, Caller, Clock, Commands, Trail,
    commands::Told,
    error::{ApiError, ErrorBody},
    input::{Asked, Body, page_size},
};

/// Of how many days the counts are.
const COUNTED_DAYS: i64 = 7;
/// What masked callers see in place of a text.
const HIDDEN: &str = "***";
/// Messages that one wish may have sent again.
const RETRIED_MAX: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageChannel {
    Email,
    Sms,
    Viber,
    Whatsapp,
    Telegram,
    WebPush,
    Webhook,
}

/// `pending`: to be sent. `postponed`: decided on again later. `suppressed`: not sent, for the reason told. `held`: kept back by safe mode or the stop. `sent`: the other side took it.
/// `delivered`, `undelivered`: what it says of the person. `failed`: given up. `unknown`: it may have been sent; never sent again
/// by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    Pending,
    Postponed,
    Suppressed,
    Held,
    Sent,
    Delivered,
    Undelivered,
    Failed,
    Unknown,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesAsked {
    message_channel: Option<MessageChannel>,
    state: Option<MessageState>,
    /// Only of this form, broadcast (`broadcast:…`) or template (`api:…`).
    form: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// At most 200; 50 unless told.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// The same for every attempt.
    message_id: String,
    message_channel: MessageChannel,
    state: MessageState,
    /// Why, where the state alone does not say it.
    reason: String,
    /// The form that it comes from; else `broadcast:…` or `api:…`.
    form: String,
    /// Of a message made of a template.
    #[schema(required)]
    template_id: Option<String>,
    /// What it is sent for; empty for what a form sets off.
    purpose: String,
    /// Of a broadcast, which of its variants.
    variant: String,
    /// When it is looked at again.
    #[schema(required)]
    due_at: Option<String>,
    /// When a person was first seen to have read it.
    #[schema(required)]
    read_at: Option<String>,
    /// When a person first followed a link in it.
    #[schema(required)]
    clicked_at: Option<String>,
    /// The person's number.
    phone: String,
    /// The number, the mailbox, or the webhook's address.
    recipient: String,
    /// When it was decided on.
    admitted_at: String,
    /// When its state changed last.
    changed_at: String,
    /// How often a person had it sent again.
    retries: i64,
    /// Whether it may be sent again.
    may_be_retried: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryCount {
    message_channel: MessageChannel,
    state: MessageState,
    messages: i64,
}

/// A message channel that fails, and is left alone for a while.
#[derive(Debug, Serialize, ToSchema)]
pub struct Breaker {
    /// `sms`, or `webhook` and the host.
    guards: String,
    is_open: bool,
    /// When the next trial is let through.
    #[schema(required)]
    until: Option<String>,
    /// In a row.
    failures: u32,
    last_failure: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Deliveries {
    /// Newest first.
    messages: Vec<Delivery>,
    /// Pass it on as `before` to read on; absent at the end.
    #[schema(required)]
    next: Option<String>,
    /// Of the last seven days.
    counts: Vec<DeliveryCount>,
    breakers: Vec<Breaker>,
    /// Messages reach the test recipients only.
    safe_mode: bool,
    /// Nothing is sent at all.
    stopped: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryAttempt {
    /// 0, and one more for each time that a person had it sent again.
    round: i64,
    /// 1 for the first of its round.
    number: i64,
    started_at: String,
    /// Absent while it is under way.
    #[schema(required)]
    ended_at: Option<String>,
    #[schema(required)]
    duration_ms: Option<i64>,
    /// `sent`, `refused` (for good), `failed` (for now), `unknown`; absent while it is under way.
    #[schema(required)]
    result: Option<String>,
    /// Of the HTTP answer.
    #[schema(required)]
    status: Option<i64>,
    /// What went wrong.
    #[schema(required)]
    detail: Option<String>,
    /// What was asked, without secrets.
    request: String,
    /// The beginning of the answer.
    #[schema(required)]
    answer: Option<String>,
    /// When the next attempt is due.
    #[schema(required)]
    retry_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryDetail {
    message: Delivery,
    /// The text, or the webhook's JSON.
    body: String,
    /// Whose profile it shows on; absent where it is gone.
    #[schema(required)]
    profile_id: Option<String>,
    attempts: Vec<DeliveryAttempt>,
}

/// Which messages to send again: those named, or else all of a kind, the newest 500.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    #[serde(default)]
    message_ids: Vec<String>,
    #[serde(default)]
    message_channel: Option<MessageChannel>,
    /// One that may be sent again: held, failed, undelivered, unknown or suppressed.
    #[serde(default)]
    state: Option<MessageState>,
    #[serde(default)]
    form: Option<String>,
}

/// Messages with where they stand.
#[utoipa::path(get, path = "/api/deliveries", tag = "deliveries", params(DeliveriesAsked),
    responses((status = 200, body = Deliveries), (status = 400, body = ErrorBody)))]
pub async fn deliveries(
    caller: Caller,
    State(store): State<Store>,
    State(border): State<Border>,
    State(clock): State<Clock>,
    Asked(asked): Asked<DeliveriesAsked>,
) -> Result<Response, ApiError> {
    let limit = page_size(asked.limit, 50, 200);
    let listing = Listing {
        message_channel: asked.message_channel.map(Into::into),
        state: asked.state.map(Into::into),
        definition: asked.form,
        before: asked.before.as_deref().map(read_place).transpose()?,
        limit,
    };
    let messages = store.list_messages(&listing).await?;
    let next = messages.last().filter(|_| messages.len() == limit as usize);
    let next = next.map(|message| format!("{}_{}", message.admitted_us, message.message_id));
    let now_us = clock.now_us();
    let counts = store.message_counts(now_us - COUNTED_DAYS * DAY_US).await?;
    let sending = store.sending().await?;
    let count = |(channel, state, messages): (ModelChannel, ModelState, i64)| DeliveryCount {
        message_channel: channel.into(),
        state: state.into(),
        messages,
    };
    let shown = Deliveries {
        messages: messages.iter().map(Delivery::new).collect(),
        next,
        counts: counts.into_iter().map(count).collect(),
        breakers: breakers(&border),
        safe_mode: sending.safe_mode,
        stopped: sending.stopped,
    };
    Ok(for_caller(&caller, shown))
}

/// One message with all its attempts.
#[utoipa::path(get, path = "/api/deliveries/{id}", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = ErrorBody)))]
pub async fn delivery(
    caller: Caller,
    State(store): State<Store>,
    State(attempts): State<Attempts>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let message = store.message(&id).await?.ok_or_else(|| ApiError::not_found("such message"))?;
    let profile = store.profile_of_fragment(message.fragment_id).await?;
    let attempts = attempts.of_message(&id).await?;
    let mut shown = DeliveryDetail {
        message: Delivery::new(&message),
        profile_id: profile.map(|profile| profile.0.to_string()),
        body: message.body,
        attempts: attempts.into_iter().map(DeliveryAttempt::new).collect(),
    };
    if caller.scope == Scope::Masked {
        // What is said to a person, and what a gateway answers, names them in ways that no rule finds.
        HIDDEN.clone_into(&mut shown.body);
        for attempt in &mut shown.attempts {
            HIDDEN.clone_into(&mut attempt.request);
            attempt.answer = attempt.answer.as_ref().map(|_| HIDDEN.to_owned());
        }
    }
    Ok(for_caller(&caller, shown))
}

/// The answer with what names people masked, for those who see it so.
fn for_caller(caller: &Caller, shown: impl Serialize) -> Response {
    match (&caller.scope, serde_json::to_value(&shown)) {
        (Scope::Masked, Ok(value)) => Json(mask_answer(value)).into_response(),
        _ => Json(shown).into_response(),
    }
}

/// Have messages sent again. Of an `unknown` one nobody knows whether the person gets it twice.
#[utoipa::path(post, path = "/api/deliveries/retry", tag = "deliveries", request_body = Retry,
    responses((status = 200, body = crate::commands::CommandOutcome), (status = 202, body = crate::commands::CommandOutcome),
    (status = 400, body = ErrorBody)))]
pub async fn retry_deliveries(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<Retry>,
) -> Result<Told, ApiError> {
    let message_ids = if asked.message_ids.is_empty() { of_kind(&store, &asked).await? } else { asked.message_ids };
    if message_ids.is_empty() || RETRIED_MAX < message_ids.len() {
        return Err(ApiError::invalid(format!("name 1 to {RETRIED_MAX} messages, or a state that messages are in")));
    }
    trail.object(message_ids.first().map_or("", String::as_str));
    trail.detail("messages", message_ids.len());
    commands.tell(&caller, Action::RetryMessages { message_ids }).await
}

async fn of_kind(store: &Store, asked: &Retry) -> Result<Vec<String>, ApiError> {
    let state: ModelState = asked.state.ok_or_else(|| ApiError::invalid("name `message_ids`, or a `state`"))?.into();
    if !state.may_be_retried() {
        return Err(ApiError::invalid(format!("a message that is {} is not sent again", state.as_str())));
    }
    let listing = Listing {
        message_channel: asked.message_channel.map(Into::into),
        state: Some(state),
        definition: asked.form.clone(),
        before: None,
        limit: RETRIED_MAX as u32,
    };
    Ok(store.list_messages(&listing).await?.into_iter().map(|message| message.message_id).collect())
}

/// Reads where a page ended: a time and an id.
pub(crate) fn read_place(text: &str) -> Result<(i64, String), ApiError> {
    let read = text.split_once('_').and_then(|(at_us, id)| Some((at_us.parse().ok()?, id.to_owned())));
    read.ok_or_else(|| ApiError::invalid("`before` is `next` of the page before"))
}

pub(crate) fn breakers(border: &Border) -> Vec<Breaker> {
    let shown = |breaker: crate::border::Breaker| Breaker {
        guards: breaker.guards,
        is_open: breaker.is_open,
        until: (0 < breaker.until_us).then(|| iso(breaker.until_us)),
        failures: breaker.failures,
        last_failure: breaker.last_failure,
    };
    (border.delivery().breakers)().into_iter().map(shown).collect()
}

/// A message and its attempts, for the person whom it went to.
pub(crate) fn message_with_attempts(message: &ModelMessage, attempts: Vec<StoredAttempt>) -> DeliveryDetail {
    DeliveryDetail {
        message: Delivery::new(message),
        body: message.body.clone(),
        profile_id: None,
        attempts: attempts.into_iter().map(DeliveryAttempt::new).collect(),
    }
}

impl Delivery {
    fn new(message: &ModelMessage) -> Self {
        Self {
            message_id: message.message_id.clone(),
            message_channel: message.message_channel.into(),
            state: message.state.into(),
            reason: message.reason.clone(),
            form: message.definition.clone(),
            template_id: message.plan.as_ref().map(|plan| plan.template_id.clone()),
            purpose: message.purpose().to_owned(),
            variant: message.plan.as_ref().map(|plan| plan.variant.clone()).unwrap_or_default(),
            due_at: message.due_us.map(iso),
            read_at: message.read_us.map(iso),
            clicked_at: message.clicked_us.map(iso),
            phone: message.phone.clone(),
            recipient: message.recipient.clone(),
            admitted_at: iso(message.admitted_us),
            changed_at: iso(message.changed_us),
            retries: message.round,
            may_be_retried: message.state.may_be_retried(),
        }
    }
}

impl DeliveryAttempt {
    fn new(attempt: StoredAttempt) -> Self {
        Self {
            round: attempt.round,
            number: attempt.number,
            started_at: iso(attempt.started_us),
            ended_at: attempt.ended_us.map(iso),
            duration_ms: attempt.ended_us.map(|ended_us| (ended_us - attempt.started_us) / 1_000),
            result: attempt.result,
            status: attempt.status,
            detail: attempt.detail.filter(|detail| !detail.is_empty()),
            request: attempt.request,
            answer: attempt.answer,
            retry_at: attempt.retry_us.map(iso),
        }
    }
}

impl From<ModelChannel> for MessageChannel {
    fn from(channel: ModelChannel) -> Self {
        match channel {
            ModelChannel::Email => Self::Email,
            ModelChannel::Sms => Self::Sms,
            ModelChannel::Viber => Self::Viber,
            ModelChannel::Whatsapp => Self::Whatsapp,
            ModelChannel::Telegram => Self::Telegram,
            ModelChannel::WebPush => Self::WebPush,
            ModelChannel::Webhook => Self::Webhook,
        }
    }
}

impl From<MessageChannel> for ModelChannel {
    fn from(channel: MessageChannel) -> Self {
        match channel {
            MessageChannel::Email => Self::Email,
            MessageChannel::Sms => Self::Sms,
            MessageChannel::Viber => Self::Viber,
            MessageChannel::Whatsapp => Self::Whatsapp,
            MessageChannel::Telegram => Self::Telegram,
            MessageChannel::WebPush => Self::WebPush,
            MessageChannel::Webhook => Self::Webhook,
        }
    }
}

impl From<ModelState> for MessageState {
    fn from(state: ModelState) -> Self {
        match state {
            ModelState::Pending => Self::Pending,
            ModelState::Postponed => Self::Postponed,
            ModelState::Suppressed => Self::Suppressed,
            ModelState::Held => Self::Held,
            ModelState::Sent => Self::Sent,
            ModelState::Delivered => Self::Delivered,
            ModelState::Undelivered => Self::Undelivered,
            ModelState::Failed => Self::Failed,
            ModelState::Unknown => Self::Unknown,
        }
    }
}

impl From<MessageState> for ModelState {
    fn from(state: MessageState) -> Self {
        match state {
            MessageState::Pending => Self::Pending,
            MessageState::Postponed => Self::Postponed,
            MessageState::Suppressed => Self::Suppressed,
            MessageState::Held => Self::Held,
            MessageState::Sent => Self::Sent,
            MessageState::Delivered => Self::Delivered,
            MessageState::Undelivered => Self::Undelivered,
            MessageState::Failed => Self::Failed,
            MessageState::Unknown => Self::Unknown,
        }
    }
}
