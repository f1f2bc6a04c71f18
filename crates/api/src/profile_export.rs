//! Everything that is known of one person, to be handed to that person: as JSON, and as a page that reads without anything else.

mod page;

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use forecourt_model::{FragmentId, time::iso};
use forecourt_query::Query;
use forecourt_store::{Store, attempts::Attempts, control::Control};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Clock, Trail,
    deliveries::message_with_attempts,
    error::{ApiError, ErrorBody},
    feed::source_names,
    input::Asked,
    installation::InstallationKeeper,
    profiles::whole_profile,
};

/// More events of one person are a machine's.
const EVENTS_MAX: usize = 200_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProfileFormat {
    Json,
    Html,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProfileExport {
    /// `json` or `html`.
    format: ProfileFormat,
}

/// Everything that is known of one person, as a file.
#[utoipa::path(get, path = "/api/profiles/{id}/export", tag = "profiles", params(("id" = String, Path), ProfileExport),
    responses((status = 200, content_type = "application/json", body = Object), (status = 404, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "one from each place that knows of people")]
pub async fn export(
    State(store): State<Store>,
    State(control): State<Control>,
    State(query): State<Query>,
    State(attempts): State<Attempts>,
    State(clock): State<Clock>,
    State(installation): State<InstallationKeeper>,
    caller: Caller,
    trail: Trail,
    Path(id): Path<String>,
    Asked(asked): Asked<ProfileExport>,
) -> Result<Response, ApiError> {
    let (profile, _) = whole_profile(&store, &control, &caller.scope, &id).await?;
    let profile = serde_json::to_value(profile).map_err(|error| ApiError::internal(&error))?;
    let events = events(&query, &control, &caller, &profile).await?;
    let messages = messages(&store, &attempts, &profile).await?;
    let day = iso(clock.now_us())[..10].to_owned();
    trail.detail("format", if asked.format == ProfileFormat::Html { "html" } else { "json" });
    trail.detail("events", events.as_array().map_or(0, Vec::len));
    let export = json!({
        "exported_at": iso(clock.now_us()),
        "by": installation.now().name,
        "consent": consent(&profile),
        "profile": profile,
        "events": events,
        "messages": messages,
    });
    let (media_type, ending, text) = match asked.format {
        ProfileFormat::Json => {
            ("application/json", "json", serde_json::to_string_pretty(&export).map_err(|error| ApiError::internal(&error))?)
        }
        ProfileFormat::Html => ("text/html; charset=utf-8", "html", page::page(&export)),
    };
    let disposition = format!("attachment; filename=\"profile-{day}.{ending}\"");
    Ok(([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], text).into_response())
}

/// What the person has agreed to, and when that was said.
fn consent(profile: &Value) -> Vec<Value> {
    let traits = profile["traits"].as_array().into_iter().flatten();
    traits.filter(|told| told["name"].as_str().is_some_and(|name| name.to_lowercase().contains("consent"))).cloned().collect()
}

/// All columns of all events, the oldest first; sources by their names.
async fn events(query: &Query, control: &Control, caller: &Caller, profile: &Value) -> Result<Value, ApiError> {
    let profile_id: i64 = profile["profile_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(-1);
    let sql = format!("SELECT * FROM events WHERE profile_id = {profile_id} ORDER BY ts, log_offset");
    let answer = query.sql(&caller.scope, &sql, EVENTS_MAX).await?;
    if answer.truncated {
        return Err(ApiError::invalid(format!("the profile has more than {EVENTS_MAX} events: take them by `forecourt export events`")));
    }
    let names = source_names(control).await?;
    let columns = answer.columns();
    let event = |row: Vec<Value>| {
        let fields = columns.iter().zip(row).filter(|((name, _), value)| !value.is_null() && name != "bucket");
        let fields = fields.map(|((name, _), value)| {
            let shown = match (name.as_str(), &value) {
                ("properties" | "traits", Value::String(text)) => serde_json::from_str(text).unwrap_or(value),
                ("source", Value::String(source)) => names.get(source).map_or(value.clone(), |name| Value::from(name.as_str())),
                _ => value,
            };
            (name.clone(), shown)
        });
        Value::Object(fields.collect())
    };
    Ok(answer.rows()?.into_iter().map(event).collect())
}

/// Messages to the person, with each attempt.
async fn messages(store: &Store, attempts: &Attempts, profile: &Value) -> Result<Vec<Value>, ApiError> {
    let identifiers = || profile["identifiers"].as_array().into_iter().flatten();
    let fragments: Vec<FragmentId> = identifiers().filter_map(|one| one["fragment_id"].as_str()?.parse().ok().map(FragmentId)).collect();
    let phones: Vec<String> =
        identifiers().filter(|one| one["kind"] == "phone").filter_map(|one| one["value"].as_str().map(str::to_owned)).collect();
    let mut shown = Vec::new();
    for message in store.messages_to(&fragments, &phones).await? {
        let detail = message_with_attempts(&message, attempts.of_message(&message.message_id).await?);
        shown.push(serde_json::to_value(detail).map_err(|error| ApiError::internal(&error))?);
    }
    Ok(shown)
}
