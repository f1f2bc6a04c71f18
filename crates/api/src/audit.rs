//! The audit log: who did what, and whether the log is whole.

use axum::{Json, extract::State};
use forecourt_model::{
    audit::{Action, Outcome},
    time::iso,
};
use forecourt_store::control::{AuditFilter, AuditHead, AuditRow, Control};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Installation,
    error::{ApiError, ErrorBody},
    input::{Asked, page_size},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditAsked {
    /// Part of an e-mail or of a token's name.
    actor: Option<String>,
    /// One of the actions that `actions` of the answer lists.
    action: Option<String>,
    /// `done`, `refused`, `failed`, `interrupted`.
    outcome: Option<String>,
    /// Part of what it was done to.
    object: Option<String>,
    /// First moment that counts: a date (its midnight in the installation's zone) or a time in ISO 8601.
    from: Option<String>,
    /// First moment that no longer counts.
    to: Option<String>,
    /// From the page before.
    cursor: Option<String>,
    /// 100 unless told, at most 1000.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditLog {
    /// The newest first.
    items: Vec<AuditItem>,
    #[schema(required)]
    next_cursor: Option<String>,
    /// All actions that there are, to choose from.
    actions: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditItem {
    /// The row's number, from 1 without gaps.
    number: String,
    at: String,
    /// `user`, `token`, `machine` (a command on the server's machine), `unknown` (not signed in).
    actor_kind: String,
    /// Id of the user or token; empty otherwise.
    actor_id: String,
    /// E-mail, or the token's name; of those who are not signed in what they typed.
    actor: String,
    /// Where the request came from.
    address: String,
    action: String,
    /// What it was done to: an id, a name, the question asked.
    object: String,
    /// `done`, `refused`, `failed`, `interrupted`.
    outcome: String,
    /// More about it; of changes `before` and `after`, only the fields that differ and no secrets.
    #[schema(required, value_type = Option<Object>)]
    details: Option<Value>,
    /// Covers this row and the hash of the one before.
    hash: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProofAsked {
    /// A head that was noted earlier, as `NUMBER:HASH`: the log must still lead through it.
    noted: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditProof {
    /// Whether every row is there and as it was written.
    whole: bool,
    /// How many rows.
    rows: i64,
    /// The last row, as `NUMBER:HASH`. Noted elsewhere it proves later that nobody wrote the log anew.
    head: String,
    /// What is wrong.
    #[schema(required)]
    broken: Option<String>,
}

/// What people and programs did, the newest first.
#[utoipa::path(get, path = "/api/audit", tag = "trust", params(AuditAsked),
    responses((status = 200, body = AuditLog), (status = 400, body = ErrorBody)))]
pub async fn audit(
    State(control): State<Control>,
    State(installation): State<Installation>,
    Asked(asked): Asked<AuditAsked>,
) -> Result<Json<AuditLog>, ApiError> {
    let before = match asked.cursor.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| ApiError::invalid("the cursor is not one of ours: start from the first page"))?),
    };
    let limit = page_size(asked.limit, 100, 1_000);
    let rows = control.audit(&asked.filter(&installation.time_zone)?, before, limit).await?;
    let next_cursor = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.number.to_string());
    let actions = Action::ALL.iter().map(|action| action.as_str()).collect();
    Ok(Json(AuditLog { items: rows.into_iter().map(AuditItem::from).collect(), next_cursor, actions }))
}

/// Whether the audit log is whole: goes through all of it.
#[utoipa::path(get, path = "/api/audit/proof", tag = "trust", params(ProofAsked),
    responses((status = 200, body = AuditProof), (status = 400, body = ErrorBody)))]
pub async fn proof(State(control): State<Control>, Asked(asked): Asked<ProofAsked>) -> Result<Json<AuditProof>, ApiError> {
    let noted = asked.noted.filter(|text| !text.trim().is_empty()).map(|text| noted_head(text.trim())).transpose()?;
    let proof = control.verify_audit(noted.as_ref()).await?;
    let head = format!("{}:{}", proof.head.number, proof.head.hash);
    Ok(Json(AuditProof { whole: proof.broken.is_none(), rows: proof.head.number, head, broken: proof.broken }))
}

impl AuditAsked {
    fn filter(&self, zone: &str) -> Result<AuditFilter, ApiError> {
        let filled = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let (action, outcome) = (filled(&self.action), filled(&self.outcome));
        if let Some(action) = action.as_deref().filter(|action| Action::parse(action).is_none()) {
            return Err(ApiError::invalid(format!("there is no action `{}`: `actions` of the answer lists them", action.escape_debug())));
        }
        if let Some(outcome) = outcome.as_deref().filter(|outcome| Outcome::parse(outcome).is_none()) {
            let told = format!("there is no outcome `{}`: ask for done, refused, failed or interrupted", outcome.escape_debug());
            return Err(ApiError::invalid(told));
        }
        Ok(AuditFilter {
            actor: filled(&self.actor),
            action,
            outcome,
            object: filled(&self.object),
            from_us: filled(&self.from).map(|text| moment(&text, zone)).transpose()?,
            to_us: filled(&self.to).map(|text| moment(&text, zone)).transpose()?,
        })
    }
}

fn moment(text: &str, zone: &str) -> Result<i64, ApiError> {
    let day = |text: &str| text.parse::<jiff::civil::Date>().ok()?.in_tz(zone).ok().map(|midnight| midnight.timestamp());
    let read = text.parse::<jiff::Timestamp>().ok().or_else(|| day(text));
    read.map(jiff::Timestamp::as_microsecond)
        .ok_or_else(|| ApiError::invalid(format!("`{}` is no time: write 2026-01-31 or 2026-01-31T00:00:00Z", text.escape_debug())))
}

fn noted_head(text: &str) -> Result<AuditHead, ApiError> {
    let read = text.split_once(':').and_then(|(number, hash)| Some(AuditHead { number: number.parse().ok()?, hash: hash.to_owned() }));
    read.ok_or_else(|| ApiError::invalid("a noted head reads NUMBER:HASH, as `head` of an earlier answer"))
}

impl From<AuditRow> for AuditItem {
    fn from(row: AuditRow) -> Self {
        Self {
            number: row.number.to_string(),
            at: iso(row.at_us),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            actor: row.actor,
            address: row.address,
            action: row.action,
            object: row.object,
            outcome: row.outcome,
            // Cut off where it was too long: then it is text.
            details: (!row.details.is_empty()).then(|| serde_json::from_str(&row.details).unwrap_or(Value::String(row.details))),
            hash: row.hash,
        }
    }
}
