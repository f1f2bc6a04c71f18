//! The switches over all sending, and the SMS gateway.

use axum::{Json, extract::State};
use forecourt_model::{
    audit,
    command::Action,
    gateway::{self, GatewayBody as ModelBody, GatewayHeader as ModelHeader, GatewayMethod as ModelMethod, SmsGateway as ModelGateway},
    message::{self, Sending as ModelSending},
    phone,
};
use forecourt_outgoing::Outgoing;
use forecourt_store::{Store, control::Control};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Border, Caller, Clock, Commands, Trail,
    commands::{CommandOutcome, Told},
    deliveries::{Breaker, breakers},
    error::{ApiError, ErrorBody},
    forms::Tried,
    input::Body,
    profiles::Search,
};

const TEXT_CHARS_MAX: usize = 600;

#[derive(Debug, Serialize, ToSchema)]
pub struct Sending {
    switches: Switches,
    /// Absent until one is set up.
    #[schema(required)]
    sms_gateway: Option<SmsGateway>,
    /// Whether the gateway's secret is there; it is never shown.
    has_sms_secret: bool,
    /// Path that the gateway sends receipts to; whoever knows it can tell of deliveries. For admins only, once a gateway is set up.
    #[schema(required)]
    receipts_path: Option<String>,
    breakers: Vec<Breaker>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    /// Messages reach the test recipients only.
    safe_mode: bool,
    /// Nothing is sent at all; what would be is held.
    stopped: bool,
    /// Phone numbers, and addresses of webhooks or their beginnings, that safe mode lets through.
    test_recipients: Vec<String>,
}

/// How an SMS gateway is spoken to. Places: `{phone}` (with the plus), `{digits}` (without), `{text}`, `{id}`, `{secret}`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsGateway {
    url: String,
    method: GatewayMethod,
    headers: Vec<GatewayHeader>,
    body: GatewayBody,
    /// JSON with places in its texts, or lines of `name=value` for a form.
    template: String,
    /// What the body of a good answer (status 2xx) contains; empty for nothing in particular.
    success_contains: String,
    /// Where in the answer's JSON the gateway's own id is, such as `messages.0.id`; empty for nowhere.
    answer_id: String,
    /// Where in a receipt the id (ours or the gateway's) is.
    receipt_id: String,
    /// Where in a receipt the state is.
    receipt_state: String,
    /// States that mean that the person has it.
    delivered_states: Vec<String>,
    /// States that mean that the person will not get it.
    undelivered_states: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayMethod {
    Post,
    Get,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayBody {
    Json,
    Form,
    None,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayHeader {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSmsGateway {
    gateway: SmsGateway,
    /// Stands for `{secret}`; absent to keep the one that is there.
    #[serde(default)]
    secret: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrySms {
    /// In any notation.
    phone: String,
    text: String,
}

/// How sending is set up, without secrets.
#[utoipa::path(get, path = "/api/sending", tag = "sending", responses((status = 200, body = Sending)))]
pub async fn sending(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(border): State<Border>,
) -> Result<Json<Sending>, ApiError> {
    let switches = store.sending().await?;
    let gateway: Option<ModelGateway> = control.setting(gateway::SETTING).await?;
    let is_admin = caller.role == forecourt_model::Role::Admin;
    let receipts = if is_admin { control.secret(gateway::RECEIPTS_PLACE).await? } else { None };
    Ok(Json(Sending {
        switches: Switches { safe_mode: switches.safe_mode, stopped: switches.stopped, test_recipients: switches.test_recipients },
        sms_gateway: gateway.map(SmsGateway::from_model),
        has_sms_secret: control.has_secret(gateway::SECRET_PLACE).await?,
        receipts_path: receipts.map(|key| format!("/v1/receipts/{}", key.reveal())),
        breakers: breakers(&border),
    }))
}

/// Throw the switches over all sending.
#[utoipa::path(put, path = "/api/sending", tag = "sending", request_body = Switches,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_sending(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    State(search): State<Search>,
    trail: Trail,
    Body(asked): Body<Switches>,
) -> Result<Told, ApiError> {
    let before = store.sending().await?;
    let listed: Result<Vec<String>, String> = asked
        .test_recipients
        .iter()
        .filter(|text| !text.trim().is_empty())
        .map(|text| message::test_recipient(text, search.region()))
        .collect();
    let mut test_recipients = listed.map_err(ApiError::invalid)?;
    test_recipients.sort();
    test_recipients.dedup();
    let sending = ModelSending { safe_mode: asked.safe_mode, stopped: asked.stopped, test_recipients };
    if before.safe_mode != sending.safe_mode {
        trail.action(audit::Action::SafeModeSwitched);
    }
    trail.changed(&before, &sending);
    commands.tell(&caller, Action::SetSending { sending }).await
}

/// Set the SMS gateway up. The first time, an address for its receipts is made.
#[utoipa::path(put, path = "/api/sending/sms", tag = "sending", request_body = NewSmsGateway,
    responses((status = 200, body = Sending), (status = 400, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the route works with")]
pub async fn set_sms_gateway(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(border): State<Border>,
    State(outgoing): State<Outgoing>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<NewSmsGateway>,
) -> Result<Json<Sending>, ApiError> {
    let gateway = asked.gateway.into_model();
    gateway.check().map_err(ApiError::invalid)?;
    let address = forecourt_model::template::fill(&gateway.url, |_| Some("0".to_owned()));
    outgoing.check(&address).map_err(|error| ApiError::invalid(format!("the gateway's address: {error}")))?;
    let before: Option<ModelGateway> = control.setting(gateway::SETTING).await?;
    trail.object("SMS gateway");
    trail.changed(&before, &gateway);
    let now_us = clock.now_us();
    if let Some(secret) = asked.secret {
        control.put_secret(gateway::SECRET_PLACE, &secret, now_us).await?;
    }
    if !control.has_secret(gateway::RECEIPTS_PLACE).await? {
        let mut bytes = [0_u8; 24];
        rand::rng().fill(&mut bytes[..]);
        let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        control.put_secret(gateway::RECEIPTS_PLACE, &key, now_us).await?;
    }
    control.put_setting(gateway::SETTING, &gateway).await?;
    sending(caller, State(store), State(control), State(border)).await
}

/// Send one SMS at once, and see what the gateway answers.
#[utoipa::path(post, path = "/api/sending/sms/try", tag = "sending", request_body = TrySms,
    responses((status = 200, body = Tried), (status = 400, body = ErrorBody)))]
pub async fn try_sms(
    State(border): State<Border>,
    State(search): State<Search>,
    trail: Trail,
    Body(asked): Body<TrySms>,
) -> Result<Json<Tried>, ApiError> {
    let phone = phone::normalise(&asked.phone, search.region()).map_err(|error| ApiError::invalid(error.to_string()))?;
    if asked.text.trim().is_empty() || TEXT_CHARS_MAX < asked.text.chars().count() {
        return Err(ApiError::invalid(format!("a text has 1 to {TEXT_CHARS_MAX} characters")));
    }
    trail.object("a trial SMS");
    let tried = (border.delivery().try_sms)(phone.e164, asked.text).await.map_err(ApiError::invalid)?;
    Ok(Json(tried.into()))
}

impl SmsGateway {
    fn from_model(gateway: ModelGateway) -> Self {
        let header = |header: ModelHeader| GatewayHeader { name: header.name, value: header.value };
        Self {
            url: gateway.url,
            method: match gateway.method {
                ModelMethod::Post => GatewayMethod::Post,
                ModelMethod::Get => GatewayMethod::Get,
            },
            headers: gateway.headers.into_iter().map(header).collect(),
            body: match gateway.body {
                ModelBody::Json => GatewayBody::Json,
                ModelBody::Form => GatewayBody::Form,
                ModelBody::None => GatewayBody::None,
            },
            template: gateway.template,
            success_contains: gateway.success_contains,
            answer_id: gateway.answer_id,
            receipt_id: gateway.receipt_id,
            receipt_state: gateway.receipt_state,
            delivered_states: gateway.delivered_states,
            undelivered_states: gateway.undelivered_states,
        }
    }

    fn into_model(self) -> ModelGateway {
        let header = |header: GatewayHeader| ModelHeader { name: header.name.trim().to_owned(), value: header.value };
        ModelGateway {
            url: self.url.trim().to_owned(),
            method: match self.method {
                GatewayMethod::Post => ModelMethod::Post,
                GatewayMethod::Get => ModelMethod::Get,
            },
            headers: self.headers.into_iter().map(header).filter(|header| !header.name.is_empty()).collect(),
            body: match self.body {
                GatewayBody::Json => ModelBody::Json,
                GatewayBody::Form => ModelBody::Form,
                GatewayBody::None => ModelBody::None,
            },
            template: self.template,
            success_contains: self.success_contains,
            answer_id: self.answer_id.trim().to_owned(),
            receipt_id: self.receipt_id.trim().to_owned(),
            receipt_state: self.receipt_state.trim().to_owned(),
            delivered_states: self.delivered_states,
            undelivered_states: self.undelivered_states,
        }
    }
}
