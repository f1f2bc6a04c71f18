//! Webhooks of other programs: what their fields mean, tried on what came, and what waited for it sent again.

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_model::{
    RefusalCode,
    command::{Action, DeadLetterState},
    hook::{self, HookField, HookMapping, HookPath, TARGETS},
};
use forecourt_store::{
    Store,
    control::{self, Control},
    dead_letter::DeadLetter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Border, Caller, Commands, Trail,
    border::Submission,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Waiting bodies that are shown to map by, and looked at, at most.
const SAMPLES_MAX: usize = 5;
const LOOKED_AT_MAX: usize = 1_000;
const PAGE: u32 = 200;
const SAMPLE_BYTES_MAX: usize = 256 << 10;

/// A field of a body, and what it becomes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceField {
    /// A path in the body: `contact.phone`; or a text that holds for all bodies: `=facebook`.
    from: String,
    /// `email`, `phone`, `name`, `model`, …, `property:<name>` or `trait:<name>`.
    to: String,
}

/// How the bodies of a source's webhook are read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceMapping {
    /// The event that each body becomes; `lead_created` makes a lead.
    event: String,
    fields: Vec<SourceField>,
}

/// A field that a body has.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundField {
    path: String,
    /// A text, a number, or yes or no.
    #[schema(value_type = Value)]
    value: Value,
    /// What its name suggests that it is.
    #[schema(required)]
    suggested: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SourceWebhook {
    /// Where the other program posts to, behind this server's address.
    path: String,
    #[schema(required)]
    mapping: Option<SourceMapping>,
    /// What a field can become, beside `property:<name>` and `trait:<name>`.
    targets: Vec<String>,
    /// Bodies that wait for a mapping that fits them.
    waiting: u64,
    /// The newest of them.
    samples: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceMappingWish {
    /// Null takes the mapping away.
    mapping: Option<SourceMapping>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SourceMappingOutcome {
    /// Waiting bodies that have come in by it.
    taken: u64,
    /// Those that it does not fit.
    still_waiting: u64,
    /// Why, of the first.
    #[schema(required)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceMappingTrial {
    /// As the other program sends it: JSON, or a form's fields.
    body: String,
    /// Null for what the names suggest.
    #[serde(default)]
    mapping: Option<SourceMapping>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SourceMappingTried {
    /// Of the body's first item.
    fields: Vec<FoundField>,
    mapping: SourceMapping,
    /// What would come in; empty where the mapping does not fit.
    #[schema(value_type = Vec<Value>)]
    calls: Vec<Value>,
    /// What is wrong with the mapping.
    #[schema(required)]
    problem: Option<String>,
}

impl From<HookMapping> for SourceMapping {
    fn from(mapping: HookMapping) -> Self {
        let fields = mapping.fields.into_iter().map(|HookField { from, to }| SourceField { from, to });
        Self { event: mapping.event, fields: fields.collect() }
    }
}

impl From<SourceMapping> for HookMapping {
    fn from(mapping: SourceMapping) -> Self {
        let fields = mapping.fields.into_iter().map(|SourceField { from, to }| HookField { from, to });
        Self { event: mapping.event, fields: fields.collect() }
    }
}

async fn source(control: &Control, id: &str) -> Result<control::Source, ApiError> {
    control.source(id).await?.ok_or_else(|| ApiError::not_found("such source"))
}

/// Bodies of a source that wait for a mapping, the newest first.
async fn waiting(store: &Store, source: &str) -> Result<Vec<DeadLetter>, ApiError> {
    let (mut found, mut looked_at, mut before) = (Vec::new(), 0, None);
    loop {
        let page = store.dead_letters(before, PAGE, Some(RefusalCode::WrongMapping.as_str()), Some("open")).await?;
        looked_at += page.letters.len();
        found.extend(page.letters.into_iter().filter(|letter| letter.source == source));
        match page.next {
            Some(next) if looked_at < LOOKED_AT_MAX => before = Some(next),
            _ => return Ok(found),
        }
    }
}

/// What a source's webhook is read by, and what waits for it.
#[utoipa::path(get, path = "/api/sources/{id}/mapping", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = SourceWebhook), (status = 404, body = ErrorBody)))]
pub async fn source_mapping(
    State(store): State<Store>,
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<Json<SourceWebhook>, ApiError> {
    let source = source(&control, &id).await?;
    let waiting = waiting(&store, &id).await?;
    Ok(Json(SourceWebhook {
        path: format!("/v1/hook?writeKey={}", source.write_key),
        mapping: source.mapping.map(SourceMapping::from),
        targets: TARGETS.map(str::to_owned).to_vec(),
        waiting: waiting.len() as u64,
        samples: waiting.iter().take(SAMPLES_MAX).map(|letter| String::from_utf8_lossy(&letter.raw).into_owned()).collect(),
    }))
}

/// Say what the fields of a source's webhook mean. What waited for it comes in at once.
#[expect(clippy::too_many_arguments, reason = "each is what it is kept in or sent by")]
#[utoipa::path(put, path = "/api/sources/{id}/mapping", tag = "sources", params(("id" = String, Path)), request_body = SourceMappingWish,
    responses((status = 200, body = SourceMappingOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn set_source_mapping(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(border): State<Border>,
    State(commands): State<Commands>,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<SourceMappingWish>,
) -> Result<Json<SourceMappingOutcome>, ApiError> {
    let before = source(&control, &id).await?;
    let mapping = asked.mapping.map(HookMapping::from);
    if let Some(mapping) = &mapping {
        mapping.check().map_err(ApiError::invalid)?;
    }
    trail.object(id.as_str());
    trail.changed(&before.mapping, &mapping);
    control.set_source_mapping(&id, mapping.as_ref()).await?;
    border.sources_changed().await;
    let mut outcome = SourceMappingOutcome { taken: 0, still_waiting: 0, reason: None };
    // The oldest first, as they came.
    for letter in waiting(&store, &id).await?.into_iter().rev() {
        let raw = String::from_utf8_lossy(&letter.raw).into_owned();
        let refusal = match &mapping {
            Some(_) => border.submit(Submission { source: id.clone(), raw }).await?.map(|refusal| refusal.message),
            None => Some(String::new()),
        };
        match refusal {
            None => {
                commands.tell(&caller, Action::SettleDeadLetter { offset: letter.log_offset, state: DeadLetterState::Retried }).await?;
                outcome.taken += 1;
            }
            Some(reason) => {
                outcome.still_waiting += 1;
                outcome.reason = outcome.reason.or(Some(reason).filter(|reason| !reason.is_empty()));
            }
        }
    }
    Ok(Json(outcome))
}

/// Try a mapping on a body, or have one suggested.
#[utoipa::path(post, path = "/api/sources/{id}/mapping/try", tag = "sources", params(("id" = String, Path)), request_body = SourceMappingTrial,
    responses((status = 200, body = SourceMappingTried), (status = 400, body = ErrorBody)))]
pub async fn try_source_mapping(
    State(control): State<Control>,
    Path(id): Path<String>,
    Body(asked): Body<SourceMappingTrial>,
) -> Result<Json<SourceMappingTried>, ApiError> {
    source(&control, &id).await?;
    if SAMPLE_BYTES_MAX < asked.body.len() {
        return Err(ApiError::invalid("the body is longer than 256 KiB: take a shorter one to map by"));
    }
    let items = hook::items(asked.body.as_bytes()).map_err(ApiError::invalid)?;
    let item = items.first().ok_or_else(|| ApiError::invalid("the body is empty"))?;
    let found = hook::paths(item).map_err(ApiError::invalid)?;
    let mapping = match asked.mapping {
        Some(mapping) => HookMapping::from(mapping),
        None => hook::suggestion(item).map_err(ApiError::invalid)?,
    };
    let read = mapping.check().and_then(|()| mapping.read(asked.body.as_bytes()));
    let (calls, problem) = match read {
        Ok(events) => (events.into_iter().map(|event| event.call).collect(), None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let field = |HookPath { path, value, suggested }: HookPath| FoundField { path, value, suggested: suggested.map(str::to_owned) };
    Ok(Json(SourceMappingTried { fields: found.into_iter().map(field).collect(), mapping: mapping.into(), calls, problem }))
}
