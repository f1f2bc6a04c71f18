//! One message to one person, as a program asks for it.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use forecourt_model::{
    Identifier, IdentifierKind, ProfileId,
    broadcast::ChainStep as ModelStep,
    command::{Action, MessageWish, Recipient as ModelRecipient},
    message,
};
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Caller, Commands, Trail,
    broadcasts::ChainStep,
    commands::{CommandOutcome, Told},
    deliveries::MessageState,
    error::{ApiError, ErrorBody},
    input::Body,
    profiles::Search,
};

const DAY_S: i64 = 86_400;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// The same key again sends nothing and answers with what became of the first.
    idempotency_key: String,
    to: MessageRecipient,
    /// What it is sent for: see Settings, Messages.
    purpose: String,
    /// The template, where there is no chain.
    #[serde(default)]
    template_id: Option<String>,
    /// Templates of several message channels, one after the other.
    #[serde(default)]
    chain: Vec<ChainStep>,
    /// What the templates read as `vars`: a JSON object.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Value,
    /// How long it may be postponed, in seconds; a day unless told.
    #[serde(default)]
    postpone_s: Option<i64>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRecipient {
    #[serde(default)]
    profile_id: Option<String>,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// In any notation.
    #[serde(default)]
    phone: Option<String>,
}

/// What became of it so far.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageAccepted {
    /// By steps of the chain; those that could not be sent among them.
    message_ids: Vec<String>,
    /// Of the last of them.
    state: MessageState,
    /// Why, where the state alone does not say it.
    reason: String,
}

/// Send a message to one person: through the same gate as everything else, once for each key.
#[utoipa::path(post, path = "/api/messages", tag = "messages", request_body = NewMessage,
    responses((status = 200, body = MessageAccepted), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn send_message(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    State(search): State<Search>,
    trail: Trail,
    Body(asked): Body<NewMessage>,
) -> Result<Response, ApiError> {
    let to = recipient(&asked.to, search.region())?;
    let chain: Vec<ModelStep> = match (asked.template_id, asked.chain) {
        (Some(template_id), chain) if chain.is_empty() => vec![ChainStep::only(template_id).into_model()],
        (None, chain) if !chain.is_empty() => chain.into_iter().map(ChainStep::into_model).collect(),
        _ => return Err(ApiError::invalid("name a `template_id` or a `chain`, one of the two")),
    };
    let steps = chain.len();
    let message = MessageWish {
        idempotency_key: asked.idempotency_key,
        to,
        purpose: asked.purpose,
        chain,
        variables: asked.variables,
        postpone_s: asked.postpone_s.unwrap_or(DAY_S),
    };
    trail.object(&message.chain[0].template_id);
    let cause = format!("api:{}", message.idempotency_key);
    match commands.tell(&caller, Action::SendMessage { message: Box::new(message) }).await? {
        Told::Done => {}
        Told::Refused { reason } => return Err(ApiError::invalid(reason)),
        pending @ Told::Pending { .. } => return Ok(pending.into_response()),
    }
    let mut accepted: Option<MessageAccepted> = None;
    for step in 0..steps {
        let id = message::id_of_step(search.key(), &cause, step as u32);
        let Some(held) = store.message(&id).await? else { break };
        let accepted = accepted.get_or_insert(MessageAccepted { message_ids: Vec::new(), state: held.state.into(), reason: String::new() });
        accepted.message_ids.push(id);
        (accepted.state, accepted.reason) = (held.state.into(), held.reason);
    }
    let told = || ApiError::not_found("such message: its person was erased");
    Ok((StatusCode::OK, Json(accepted.ok_or_else(told)?)).into_response())
}

fn recipient(to: &MessageRecipient, region: &str) -> Result<ModelRecipient, ApiError> {
    let MessageRecipient { profile_id, user_id, email, phone } = to;
    if let (Some(id), None, None, None) = (profile_id, user_id, email, phone) {
        let id = id.parse().map_err(|_| ApiError::invalid("`profile_id` is a number as other answers have it"))?;
        return Ok(ModelRecipient::Profile(ProfileId(id)));
    }
    let named = match (profile_id, user_id, email, phone) {
        (None, Some(raw), None, None) => Identifier::new(IdentifierKind::UserId, raw, region),
        (None, None, Some(raw), None) => Identifier::new(IdentifierKind::Email, raw, region),
        (None, None, None, Some(raw)) => Identifier::new(IdentifierKind::Phone, raw, region),
        _ => return Err(ApiError::invalid("`to` names one of `profile_id`, `user_id`, `email` and `phone`")),
    };
    named
        .map(ModelRecipient::Identifier)
        .ok_or_else(|| ApiError::invalid("`to` names nobody: write an e-mail address, a phone number or an id"))
}
