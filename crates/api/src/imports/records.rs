//! Records of a file that `forecourt import` has read and mapped, on their way into the log of a running server.

use axum::{Json, extract::State};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Border,
    error::{ApiError, ErrorBody},
};

/// The largest body: a few thousand rows at their largest.
pub const RECORDS_BYTES_MAX: usize = 32 << 20;

#[derive(Serialize, ToSchema)]
pub struct Imported {
    /// The log offset behind the records: they are folded once the fold is there.
    end_offset: u64,
}

/// Take in records that the command `import` of the same version has made.
#[utoipa::path(post, path = "/api/imports/records", tag = "imports",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Imported), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn take_records(State(border): State<Border>, records: Bytes) -> Result<Json<Imported>, ApiError> {
    Ok(Json(Imported { end_offset: border.import(records).await? }))
}
