//! Anybody's SQL, read only, within the caller's rows.

use arrow::{error::ArrowError, ipc::writer::StreamWriter};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use forecourt_query::{Query, SqlAnswer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Trail,
    error::{ApiError, ErrorBody},
    input::{Body, page_size},
    masking::masked_at_source,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlQuestion {
    sql: String,
    /// Rows of the answer: 10,000 unless told, at most 1,000,000.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct SqlRows {
    columns: Vec<SqlColumn>,
    rows: Vec<Vec<serde_json::Value>>,
    elapsed_ms: u64,
    /// Whether there are more rows than were allowed.
    truncated: bool,
}

#[derive(Serialize, ToSchema)]
pub struct SqlColumn {
    name: String,
    #[serde(rename = "type")]
    sql_type: String,
}

/// Who accepts this gets an Arrow stream: exact types, and much faster than JSON for many rows.
pub const ARROW_STREAM: &str = "application/vnd.apache.arrow.stream";
/// `true` on an Arrow stream that was cut off at the limit.
pub const TRUNCATED_HEADER: HeaderName = HeaderName::from_static("x-truncated");

/// Ask by SQL: tables `events`, `profiles`, `leads`, `orders`, `calls`, `ad_costs`.
#[utoipa::path(post, path = "/api/query", tag = "reports", request_body = SqlQuestion,
    responses((status = 200, body = SqlRows), (status = 400, body = ErrorBody)))]
pub async fn sql(
    State(query): State<Query>,
    caller: Caller,
    trail: Trail,
    headers: HeaderMap,
    Body(asked): Body<SqlQuestion>,
) -> Result<Response, ApiError> {
    trail.object(asked.sql.as_str());
    let answer = query.sql(&caller.scope, &asked.sql, page_size(asked.limit, 10_000, 1_000_000) as usize).await?;
    if headers.get(header::ACCEPT).is_some_and(|wanted| wanted == ARROW_STREAM) {
        let stream = arrow_stream(&answer).map_err(|error| ApiError::internal(&error))?;
        let truncated = HeaderValue::from_static(if answer.truncated { "true" } else { "false" });
        let head = [(header::CONTENT_TYPE, HeaderValue::from_static(ARROW_STREAM)), (TRUNCATED_HEADER, truncated)];
        return Ok(masked_at_source((head, stream).into_response()));
    }
    let columns = answer.columns().into_iter().map(|(name, sql_type)| SqlColumn { name, sql_type }).collect();
    let rows = answer.rows()?;
    let rows = SqlRows { columns, rows, elapsed_ms: answer.elapsed.as_millis() as u64, truncated: answer.truncated };
    Ok(masked_at_source(Json(rows).into_response()))
}

fn arrow_stream(answer: &SqlAnswer) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &answer.schema)?;
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    writer.into_inner()
}
