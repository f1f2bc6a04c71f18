//! How each message channel is reached.

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_model::{
    gateway::SmsGateway,
    message::MessageChannel as ModelChannel,
    sender::{self, EmailSender, TelegramSender, ViberSender, WebPushSender, WhatsappSender},
};
use forecourt_outgoing::Outgoing;
use forecourt_store::control::Control;
use rand::Rng as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Border, Caller, Clock, Sessions, Trail,
    deliveries::MessageChannel,
    error::{ApiError, ErrorBody},
    input::Body,
};

const LEADS_NOWHERE: &str = "set `server.public_url` in the configuration: links in mail lead there";

#[derive(Debug, Serialize, ToSchema)]
pub struct Senders {
    senders: Vec<Sender>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Sender {
    message_channel: MessageChannel,
    /// As they were set last; see docs/message-channels.md for each channel's.
    #[schema(required, value_type = Option<Object>)]
    settings: Option<Value>,
    /// Whether the password or token is there; it is never shown.
    has_secret: bool,
    is_ready: bool,
    /// What is missing.
    problem: String,
    /// Path that receipts, and bounces of e-mail, are sent to; whoever knows it can tell of deliveries. For admins only.
    #[schema(required)]
    receipts_path: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSender {
    #[schema(value_type = Object)]
    settings: Value,
    /// The password or token; absent to keep the one that is there.
    #[serde(default)]
    secret: Option<String>,
}

/// How all message channels are reached, without secrets.
#[utoipa::path(get, path = "/api/senders", tag = "messages", responses((status = 200, body = Senders)))]
pub async fn senders(
    caller: Caller,
    State(control): State<Control>,
    State(sessions): State<Sessions>,
    State(border): State<Border>,
) -> Result<Json<Senders>, ApiError> {
    let mut senders = Vec::new();
    for channel in ModelChannel::ALL {
        if sender::setting(channel).is_some() {
            senders.push(shown(&control, &caller, &sessions, &border, channel).await?);
        }
    }
    Ok(Json(Senders { senders }))
}

/// Say how a message channel is reached. SMS has a page of its own.
#[utoipa::path(put, path = "/api/senders/{message_channel}", tag = "messages", params(("message_channel" = MessageChannel, Path)),
    request_body = NewSender,
    responses((status = 200, body = Sender), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the route works with")]
pub async fn set_sender(
    caller: Caller,
    State(control): State<Control>,
    State(outgoing): State<Outgoing>,
    State(sessions): State<Sessions>,
    State(border): State<Border>,
    State(clock): State<Clock>,
    Path(channel): Path<String>,
    trail: Trail,
    Body(asked): Body<NewSender>,
) -> Result<Json<Sender>, ApiError> {
    let channel = ModelChannel::parse(&channel).ok_or_else(|| ApiError::not_found("such message channel"))?;
    let (Some(setting), false) = (sender::setting(channel), channel == ModelChannel::Sms) else {
        return Err(ApiError::invalid("an SMS gateway is set at /api/sending/sms, and a webhook with its form"));
    };
    let base = check(channel, &asked.settings).map_err(ApiError::invalid)?;
    if !base.is_empty() {
        outgoing.check(&base).map_err(|error| ApiError::invalid(format!("the address: {error}")))?;
    }
    trail.object(format!("sender {}", channel.as_str()));
    let before: Option<Value> = control.setting(setting).await?;
    trail.changed(&before, &asked.settings);
    let now_us = clock.now_us();
    if let (Some(place), Some(secret)) = (sender::secret_place(channel), asked.secret.filter(|secret| !secret.is_empty())) {
        control.put_secret(place, &secret, now_us).await?;
    }
    if let Some(place) = sender::receipts_place(channel)
        && !control.has_secret(place).await?
    {
        let mut bytes = [0_u8; 24];
        rand::rng().fill(&mut bytes[..]);
        let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        control.put_secret(place, &key, now_us).await?;
    }
    control.put_setting(setting, &asked.settings).await?;
    Ok(Json(shown(&control, &caller, &sessions, &border, channel).await?))
}

/// What is wrong with settings; else the address that they name, if they do.
fn check(channel: ModelChannel, settings: &Value) -> Result<String, String> {
    fn read<T: DeserializeOwned>(settings: &Value) -> Result<T, String> {
        serde_json::from_value(settings.clone()).map_err(|error| format!("the settings: {error}"))
    }
    match channel {
        ModelChannel::Email => read::<EmailSender>(settings)?.check().map(|()| String::new()),
        ModelChannel::Viber => read::<ViberSender>(settings).and_then(|sender| sender.check().map(|()| sender.base().to_owned())),
        ModelChannel::Whatsapp => read::<WhatsappSender>(settings).and_then(|sender| sender.check().map(|()| sender.base().to_owned())),
        ModelChannel::Telegram => read::<TelegramSender>(settings).and_then(|sender| sender.check().map(|()| sender.base().to_owned())),
        ModelChannel::WebPush => read::<WebPushSender>(settings)?.check().map(|()| String::new()),
        ModelChannel::Sms => read::<SmsGateway>(settings)?.check().map(|()| String::new()),
        ModelChannel::Webhook => Ok(String::new()),
    }
}

async fn shown(
    control: &Control,
    caller: &Caller,
    sessions: &Sessions,
    border: &Border,
    channel: ModelChannel,
) -> Result<Sender, ApiError> {
    let settings: Option<Value> = match sender::setting(channel) {
        Some(setting) => control.setting(setting).await?,
        None => None,
    };
    let has_secret = match sender::secret_place(channel) {
        Some(place) => control.has_secret(place).await?,
        None => false,
    };
    let is_admin = caller.role == forecourt_model::Role::Admin;
    let key = match sender::receipts_place(channel).filter(|_| is_admin) {
        Some(place) => control.secret(place).await?,
        None => None,
    };
    let receipts_path = key.map(|key| match channel {
        ModelChannel::Email => format!("/v1/bounces/{}", key.reveal()),
        ModelChannel::Sms => format!("/v1/receipts/{}", key.reveal()),
        other => format!("/v1/receipts/{}/{}", other.as_str(), key.reveal()),
    });
    let needs_secret = !matches!(channel, ModelChannel::Email | ModelChannel::Sms);
    let leads_nowhere = channel == ModelChannel::Email && sessions.public_url.is_empty();
    let problem = match &settings {
        // The configuration file may name a mail server.
        None if channel != ModelChannel::Email || !border.has_mail() => "not set up yet".to_owned(),
        Some(settings) => match check(channel, settings) {
            Err(problem) => problem,
            Ok(_) if needs_secret && !has_secret => "its token or key is missing".to_owned(),
            Ok(_) if leads_nowhere => LEADS_NOWHERE.to_owned(),
            Ok(_) => String::new(),
        },
        None if leads_nowhere => LEADS_NOWHERE.to_owned(),
        None => String::new(),
    };
    Ok(Sender { message_channel: channel.into(), settings, has_secret, is_ready: problem.is_empty(), problem, receipts_path })
}
