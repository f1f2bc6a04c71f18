//! What messages are admitted by: purposes, caps, quiet hours, budgets; and addresses that nothing is sent to.

use axum::{Json, extract::State};
use forecourt_model::{Identifier, IdentifierKind};
use forecourt_model::{
    command::Action,
    gate::{
        Basis as ModelBasis, Budget as ModelBudget, Cap as ModelCap, Gate as ModelGate, Purpose as ModelPurpose,
        QuietHours as ModelQuietHours,
    },
    message::MessageChannel as ModelChannel,
    phone,
    time::iso,
};
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Commands, Trail,
    commands::{CommandOutcome, Told},
    deliveries::MessageChannel,
    error::{ApiError, ErrorBody},
    input::{Asked, Body, page_size},
    profiles::Search,
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    purposes: Vec<MessagePurpose>,
    caps: Vec<MessageCap>,
    quiet_hours: Vec<QuietHours>,
    budgets: Vec<MessageBudget>,
    /// IANA name: where people are who do not say it.
    tz: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagePurpose {
    /// Stands in words of consent: lower-case letters, digits and `-`.
    purpose_id: String,
    name: String,
    basis: ConsentBasis,
}

/// `opt_in`: people who agreed. `opt_out`: people who did not object. `transactional`: who asked for it or has to know; consent,
/// caps, quiet hours and budgets do not hold it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBasis {
    OptIn,
    OptOut,
    Transactional,
}

/// At most `most` messages to a person within any `within_h` hours.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageCap {
    name: String,
    /// All where there are none.
    message_channels: Vec<MessageChannel>,
    /// All but transactional ones where there are none.
    purposes: Vec<String>,
    most: u32,
    within_h: u32,
}

/// By the clock where the person is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// All where there are none.
    message_channels: Vec<MessageChannel>,
    /// `HH:MM`.
    from: String,
    /// `HH:MM`; earlier than `from`, it is of the next morning.
    until: String,
}

/// Messages of a channel a day, to all people together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageBudget {
    message_channel: MessageChannel,
    per_day: u64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuppressedAddressesAsked {
    /// A part of the address.
    words: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressedAddresses {
    /// By channel and address.
    addresses: Vec<SuppressedAddress>,
    #[schema(required)]
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressedAddress {
    message_channel: MessageChannel,
    address: String,
    /// `bounced`, `complained`, or a person's own words.
    reason: String,
    /// Who listed it; empty for what came of a message.
    actor: String,
    at: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressesToSuppress {
    message_channel: MessageChannel,
    addresses: Vec<String>,
    /// Why, in 1 to 200 characters.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressesToRelease {
    message_channel: MessageChannel,
    addresses: Vec<String>,
}

/// What every message to people is admitted by.
#[utoipa::path(get, path = "/api/gate", tag = "messages", responses((status = 200, body = Gate)))]
pub async fn gate(State(store): State<Store>) -> Result<Json<Gate>, ApiError> {
    Ok(Json(Gate::from_model(store.gate().await?)))
}

/// Change what messages are admitted by, from now on.
#[utoipa::path(put, path = "/api/gate", tag = "messages", request_body = Gate,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_gate(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<Gate>,
) -> Result<Told, ApiError> {
    let before = store.gate().await?;
    let gate = asked.into_model();
    gate.check().map_err(ApiError::invalid)?;
    trail.object("gate");
    trail.changed(&before, &gate);
    commands.tell(&caller, Action::SetGate { gate }).await
}

/// Addresses that nothing is sent to.
#[utoipa::path(get, path = "/api/suppressed-addresses", tag = "messages", params(SuppressedAddressesAsked),
    responses((status = 200, body = SuppressedAddresses), (status = 400, body = ErrorBody)))]
pub async fn suppressed_addresses(
    State(store): State<Store>,
    Asked(asked): Asked<SuppressedAddressesAsked>,
) -> Result<Json<SuppressedAddresses>, ApiError> {
    let limit = page_size(asked.limit, 50, 200);
    let after = asked.cursor.as_deref().map(read_place).transpose()?;
    let words = asked.words.unwrap_or_default();
    let found = store.list_suppressed_addresses(&words, after.as_ref(), limit).await?;
    let next =
        found.last().filter(|_| found.len() == limit as usize).map(|((channel, address), _)| format!("{}/{address}", channel.as_str()));
    let addresses = found.into_iter().map(|((channel, address), held)| SuppressedAddress {
        message_channel: channel.into(),
        address,
        reason: held.reason,
        actor: held.actor,
        at: iso(held.at_us),
    });
    Ok(Json(SuppressedAddresses { addresses: addresses.collect(), next }))
}

/// Send nothing to these addresses any more.
#[utoipa::path(post, path = "/api/suppressed-addresses", tag = "messages", request_body = AddressesToSuppress,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn suppress_addresses(
    caller: Caller,
    State(commands): State<Commands>,
    State(search): State<Search>,
    trail: Trail,
    Body(asked): Body<AddressesToSuppress>,
) -> Result<Told, ApiError> {
    let message_channel = asked.message_channel.into();
    let addresses = normal(message_channel, &asked.addresses, search.region())?;
    trail.object("suppressed addresses");
    trail.detail("addresses", addresses.len());
    commands.tell(&caller, Action::SuppressAddresses { message_channel, addresses, reason: asked.reason }).await
}

/// Let messages to these addresses again.
#[utoipa::path(post, path = "/api/suppressed-addresses/release", tag = "messages", request_body = AddressesToRelease,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn release_addresses(
    caller: Caller,
    State(commands): State<Commands>,
    State(search): State<Search>,
    trail: Trail,
    Body(asked): Body<AddressesToRelease>,
) -> Result<Told, ApiError> {
    let message_channel = asked.message_channel.into();
    let addresses = normal(message_channel, &asked.addresses, search.region())?;
    trail.object("suppressed addresses");
    trail.detail("released", addresses.len());
    commands.tell(&caller, Action::ReleaseAddresses { message_channel, addresses }).await
}

/// Addresses as messages carry them.
fn normal(channel: ModelChannel, raw: &[String], region: &str) -> Result<Vec<String>, ApiError> {
    let one = |raw: &String| match channel {
        ModelChannel::Email => Identifier::new(IdentifierKind::Email, raw, region)
            .map(|mailbox| mailbox.value)
            .ok_or_else(|| ApiError::invalid(format!("`{raw}` is no e-mail address: write name@example.com"))),
        ModelChannel::Sms | ModelChannel::Viber | ModelChannel::Whatsapp => {
            phone::normalise(raw, region).map(|phone| phone.e164).map_err(|error| ApiError::invalid(format!("`{raw}`: {error}")))
        }
        ModelChannel::Telegram | ModelChannel::WebPush | ModelChannel::Webhook => Ok(raw.trim().to_owned()),
    };
    raw.iter().filter(|raw| !raw.trim().is_empty()).map(one).collect()
}

fn read_place(text: &str) -> Result<(ModelChannel, String), ApiError> {
    let read = text.split_once('/').and_then(|(channel, address)| Some((ModelChannel::parse(channel)?, address.to_owned())));
    read.ok_or_else(|| ApiError::invalid("`cursor` is `next` of the page before"))
}

impl Gate {
    fn from_model(gate: ModelGate) -> Self {
        let channels = |channels: Vec<ModelChannel>| channels.into_iter().map(Into::into).collect();
        let purpose = |purpose: ModelPurpose| MessagePurpose {
            purpose_id: purpose.purpose_id,
            name: purpose.name,
            basis: match purpose.basis {
                ModelBasis::OptIn => ConsentBasis::OptIn,
                ModelBasis::OptOut => ConsentBasis::OptOut,
                ModelBasis::Transactional => ConsentBasis::Transactional,
            },
        };
        let cap = |cap: ModelCap| MessageCap {
            name: cap.name,
            message_channels: channels(cap.message_channels),
            purposes: cap.purposes,
            most: cap.most,
            within_h: cap.within_h,
        };
        let quiet = |quiet: ModelQuietHours| QuietHours {
            message_channels: channels(quiet.message_channels),
            from: quiet.from,
            until: quiet.until,
        };
        let budget = |budget: ModelBudget| MessageBudget { message_channel: budget.message_channel.into(), per_day: budget.per_day };
        Self {
            purposes: gate.purposes.into_iter().map(purpose).collect(),
            caps: gate.caps.into_iter().map(cap).collect(),
            quiet_hours: gate.quiet_hours.into_iter().map(quiet).collect(),
            budgets: gate.budgets.into_iter().map(budget).collect(),
            tz: gate.tz,
        }
    }

    fn into_model(self) -> ModelGate {
        let channels = |channels: Vec<MessageChannel>| channels.into_iter().map(Into::into).collect();
        let purpose = |purpose: MessagePurpose| ModelPurpose {
            purpose_id: purpose.purpose_id,
            name: purpose.name,
            basis: match purpose.basis {
                ConsentBasis::OptIn => ModelBasis::OptIn,
                ConsentBasis::OptOut => ModelBasis::OptOut,
                ConsentBasis::Transactional => ModelBasis::Transactional,
            },
        };
        let cap = |cap: MessageCap| ModelCap {
            name: cap.name,
            message_channels: channels(cap.message_channels),
            purposes: cap.purposes,
            most: cap.most,
            within_h: cap.within_h,
        };
        let quiet = |quiet: QuietHours| ModelQuietHours {
            message_channels: channels(quiet.message_channels),
            from: quiet.from,
            until: quiet.until,
        };
        let budget = |budget: MessageBudget| ModelBudget { message_channel: budget.message_channel.into(), per_day: budget.per_day };
        ModelGate {
            purposes: self.purposes.into_iter().map(purpose).collect(),
            caps: self.caps.into_iter().map(cap).collect(),
            quiet_hours: self.quiet_hours.into_iter().map(quiet).collect(),
            budgets: self.budgets.into_iter().map(budget).collect(),
            tz: self.tz,
        }
    }
}
