//! Backups: what there is, making one, taking one away; and whether anything is sent after a restore.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use forecourt_model::time::iso;
use forecourt_store::control::Control;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Border, Clock,
    border::KeptBackup,
    error::{ApiError, ErrorBody},
    input::Body,
    trail::Trail,
};

/// Names of settings that a restore writes.
const SENDING_PAUSED: &str = "sending_paused";
const RESTORED: &str = "restored";

#[derive(Serialize, ToSchema)]
pub struct Backups {
    /// Where the server keeps the backups that it makes.
    folder: String,
    /// Hours from one backup to the next; 0 if none is made by itself.
    every_h: u64,
    /// So many stay; older ones give way.
    keep: u64,
    /// Whether the keys are in them.
    with_secrets: bool,
    /// Whether one is being made now: its progress is in the jobs.
    under_way: bool,
    /// The newest first.
    backups: Vec<Backup>,
    /// Seconds since the newest one was made.
    #[schema(required)]
    age_s: Option<i64>,
    /// Whether all sending waits, because this installation came out of a backup.
    sending_paused: bool,
    /// Where this installation came from, if it was restored.
    #[schema(required)]
    restored: Option<Restored>,
}

#[derive(Serialize, ToSchema)]
pub struct Backup {
    name: String,
    made_at: String,
    bytes: u64,
}

#[derive(Serialize, ToSchema)]
pub struct Restored {
    restored_at: String,
    /// When the backup was taken.
    taken_at: String,
    /// Up to which record, decimal.
    end_offset: String,
}

#[derive(Deserialize)]
struct RestoredRow {
    restored_us: i64,
    taken_us: i64,
    end_offset: u64,
}

#[derive(Serialize, ToSchema)]
pub struct StartedBackup {
    /// The job that tells its progress.
    job_id: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DownloadSpec {
    /// Whether the keys are to be in it. Whoever has them and the backup has everything.
    #[serde(default)]
    with_secrets: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendingSpec {
    /// `true`: nothing is sent; `false`: sending goes on.
    paused: bool,
}

impl From<KeptBackup> for Backup {
    fn from(kept: KeptBackup) -> Self {
        Self { name: kept.name, made_at: iso(kept.at_us), bytes: kept.bytes }
    }
}

/// What backups there are, and how they are made.
#[utoipa::path(get, path = "/api/backups", tag = "operate", responses((status = 200, body = Backups)))]
pub async fn backups(
    State(border): State<Border>,
    State(control): State<Control>,
    State(clock): State<Clock>,
) -> Result<Json<Backups>, ApiError> {
    let facts = border.backups().map(|backups| (backups.facts)()).unwrap_or_default();
    let age_s = facts.kept.first().map(|newest| (clock.now_us() - newest.at_us).max(0) / 1_000_000);
    let restored: Option<RestoredRow> = control.setting(RESTORED).await?;
    Ok(Json(Backups {
        folder: facts.folder,
        every_h: facts.every_h,
        keep: facts.keep,
        with_secrets: facts.with_secrets,
        under_way: facts.is_under_way,
        backups: facts.kept.into_iter().map(Backup::from).collect(),
        age_s,
        sending_paused: control.setting(SENDING_PAUSED).await?.unwrap_or(false),
        restored: restored.map(|row| Restored {
            restored_at: iso(row.restored_us),
            taken_at: iso(row.taken_us),
            end_offset: row.end_offset.to_string(),
        }),
    }))
}

/// Make a backup in the server's folder; the job tells its progress.
#[utoipa::path(post, path = "/api/backups", tag = "operate",
    responses((status = 202, body = StartedBackup), (status = 503, body = ErrorBody)))]
pub async fn start(State(border): State<Border>, trail: Trail) -> Result<Response, ApiError> {
    let backups = border.backups().ok_or_else(|| ApiError::not_found("maker of backups"))?;
    let Some(job_id) = (backups.start)().await? else {
        return Err(ApiError::unavailable("a backup is being made already: wait for it", 30));
    };
    trail.object("backup");
    Ok((StatusCode::ACCEPTED, Json(StartedBackup { job_id })).into_response())
}

/// A backup as the answer's body: a tar archive in Zstandard. An answer that breaks off is none.
#[utoipa::path(post, path = "/api/backups/download", tag = "operate", request_body = DownloadSpec,
    responses((status = 200, body = Vec<u8>, content_type = "application/zstd")))]
pub async fn download(State(border): State<Border>, trail: Trail, Body(asked): Body<DownloadSpec>) -> Result<Response, ApiError> {
    let backups = border.backups().ok_or_else(|| ApiError::not_found("maker of backups"))?;
    trail.object("backup");
    trail.detail("with_secrets", asked.with_secrets);
    let head = [
        (header::CONTENT_TYPE, "application/zstd"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"forecourt.tar.zst\""),
        // Packed already.
        (header::CONTENT_ENCODING, "identity"),
    ];
    Ok((head, (backups.stream)(asked.with_secrets)).into_response())
}

/// Pause all sending, or let it go on.
#[utoipa::path(put, path = "/api/backups/sending", tag = "operate", request_body = SendingSpec, responses((status = 200, body = SendingSpec)))]
pub async fn pause_sending(
    State(control): State<Control>,
    trail: Trail,
    Body(asked): Body<SendingSpec>,
) -> Result<Json<SendingSpec>, ApiError> {
    let before = SendingSpec { paused: control.setting(SENDING_PAUSED).await?.unwrap_or(false) };
    control.put_setting(SENDING_PAUSED, &asked.paused).await?;
    trail.changed(&before, &asked);
    Ok(Json(asked))
}
