//! People and events as files to take away: CSV and XLSX.

use std::{fs::File, ops::Range};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use forecourt_model::time;
use forecourt_query::Query;
use forecourt_store::{Store, profile::ProfileSummary};
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use utoipa::IntoParams;

use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Asked,
    profiles::Search,
    segments,
    table_batch::{BatchError, write_batch},
    table_writer::{TableCell, TableError, TableFormat, TableWriter},
};

/// Profiles read at a time.
const PAGE: u32 = 500;
/// The most people that a search exports: what is found by a question, not the whole book.
const FOUND_MAX: u32 = 10_000;
/// Events of one part of an export; more do not fit in memory.
const PART_ROWS_MAX: usize = 500_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProfilesExport {
    /// `csv` or `xlsx`.
    format: TableFormat,
    /// As in the list of profiles; everybody where it is empty.
    #[serde(default)]
    q: String,
    /// Id of a segment: its members, whatever `q` is.
    #[serde(default)]
    segment: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsExport {
    /// `csv` or `xlsx`.
    format: TableFormat,
    /// The first day, `YYYY-MM-DD` in UTC.
    from: String,
    /// The last day, with it.
    to: String,
}

const PROFILE_HEAD: [&str; 10] =
    ["profile_id", "name", "email", "phone", "first_seen", "last_seen", "events", "channel", "region", "dealer"];

/// People as a file: all, or those that a search finds.
#[utoipa::path(get, path = "/api/profiles/export", tag = "profiles", params(ProfilesExport),
    responses((status = 200, content_type = "text/csv", body = Vec<u8>), (status = 400, body = ErrorBody)))]
pub async fn export_profiles(
    State(store): State<Store>,
    State(how): State<Search>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Asked(asked): Asked<ProfilesExport>,
) -> Result<Response, ApiError> {
    let mut table = open(asked.format, "Profiles", &PROFILE_HEAD)?;
    let mut rows = 0_u64;
    let question = asked.q.trim();
    if let Some(id) = asked.segment.filter(|id| !id.is_empty()) {
        let members = segments::members(&store, &caller, &id).await?;
        for ids in members.chunks(PAGE as usize) {
            let page = store.profile_summaries(&caller.scope, ids).await?;
            rows += page.len() as u64;
            page.iter().try_for_each(|summary| table.row(&profile_row(summary)))?;
        }
        note_export(&trail, "profiles", &format!("segment {id}"), rows);
        return handed_out(table.finish()?, asked.format, &format!("segment-{id}-{}", today(&clock)));
    }
    if question.is_empty() && caller.scope.dealer().is_none() {
        let mut after = -1;
        loop {
            let page = store.profiles_page(after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = last.profile_id.0;
            rows += page.len() as u64;
            page.iter().try_for_each(|(summary, _)| table.row(&profile_row(summary)))?;
        }
    } else {
        let mut cursor = None;
        loop {
            let limit = if question.is_empty() { PAGE } else { FOUND_MAX };
            let page = store.profiles_search(&caller.scope, how.key(), how.region(), question, cursor.as_deref(), limit).await?;
            rows += page.profiles.len() as u64;
            page.profiles.iter().try_for_each(|summary| table.row(&profile_row(summary)))?;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    note_export(&trail, "profiles", question, rows);
    handed_out(table.finish()?, asked.format, &format!("profiles-{}", today(&clock)))
}

fn profile_row(profile: &ProfileSummary) -> [TableCell; 10] {
    [
        profile.profile_id.0.to_string().into(),
        profile.name.clone().into(),
        profile.email.clone().into(),
        profile.phone.clone().into(),
        TableCell::Time(profile.first_us),
        TableCell::Time(profile.last_us),
        profile.events.into(),
        profile.channel.clone().into(),
        profile.region.clone().into(),
        profile.dealer.clone().into(),
    ]
}

/// Events of some days as a file, with all their columns.
#[utoipa::path(get, path = "/api/events/export", tag = "reports", params(EventsExport),
    responses((status = 200, content_type = "text/csv", body = Vec<u8>), (status = 400, body = ErrorBody)))]
pub async fn export_events(
    State(query): State<Query>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Asked(asked): Asked<EventsExport>,
) -> Result<Response, ApiError> {
    let days = days_of(&asked)?;
    let mut table: Option<TableWriter> = None;
    let mut rows = 0_u64;
    for part in 0..Query::EXPORT_PARTS {
        let answer = query.events_part(&caller.scope, days.start, days.end, part, PART_ROWS_MAX).await?;
        if answer.truncated {
            return Err(ApiError::invalid(
                "these days hold more events than one file takes: choose fewer, or use `forecourt export events`",
            ));
        }
        let writer = match &mut table {
            Some(writer) => writer,
            None => {
                let columns = answer.columns();
                let head: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
                table.insert(open(asked.format, "Events", &head)?)
            }
        };
        for batch in &answer.batches {
            rows += batch.num_rows() as u64;
            write_batch(writer, batch)?;
        }
    }
    note_export(&trail, "events", &format!("{} to {}", asked.from, asked.to), rows);
    let table = table.ok_or_else(|| ApiError::internal(&"an export of no parts"))?;
    handed_out(table.finish()?, asked.format, &format!("events-{}-{}-{}", asked.from, asked.to, today(&clock)))
}

fn days_of(asked: &EventsExport) -> Result<Range<i64>, ApiError> {
    let day = |text: &str| -> Result<i64, ApiError> {
        let date: jiff::civil::Date = text.parse().map_err(|_| ApiError::invalid(format!("`{text}` is no day: write it as 2026-01-31")))?;
        Ok(date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24 * time::DAY_US)
    };
    let (from_us, until_us) = (day(&asked.from)?, day(&asked.to)? + time::DAY_US);
    if until_us <= from_us {
        return Err(ApiError::invalid("`to` is before `from`: swap them"));
    }
    Ok(from_us..until_us)
}

pub fn today(clock: &Clock) -> String {
    time::day_text(time::day(clock.now_us()))
}

/// What the audit log says of an export, beside who and when.
///
/// * `what`: `profiles`, `events`, …; `filter`: in the caller's words.
pub fn note_export(trail: &Trail, what: &str, filter: &str, rows: u64) {
    trail.object(what);
    trail.detail("filter", filter);
    trail.detail("rows", rows);
}

/// A table in a file that nobody else sees, and that is gone once it is handed out.
pub fn open(format: TableFormat, title: &str, head: &[&str]) -> Result<TableWriter, ApiError> {
    let file = tempfile::tempfile().map_err(TableError::from)?;
    Ok(TableWriter::new(file, format, title, head)?)
}

/// Answers with a finished file, to be saved under `name` and the format's ending.
pub fn handed_out(file: File, format: TableFormat, name: &str) -> Result<Response, ApiError> {
    let length = file.metadata().map_err(TableError::from)?.len();
    let mut headers = download_headers(format.media_type(), &format!("{name}.{}", format.extension()));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok((headers, streamed(file)).into_response())
}

/// * `file_name`: of any characters; those that could end the header's value, or a folder's name, are replaced.
pub fn download_headers(media_type: &'static str, file_name: &str) -> HeaderMap {
    let plain: String = file_name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\""));
    headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

/// A file's bytes from where it stands, as they are read.
pub fn streamed(file: File) -> Body {
    const CHUNK_BYTES: usize = 128 << 10;
    let file = tokio::fs::File::from_std(file);
    Body::from_stream(futures::stream::try_unfold(file, async |mut file| {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let read = (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await?;
        Ok::<_, std::io::Error>((0 < read).then(|| (Bytes::from(chunk), file)))
    }))
}

impl From<TableError> for ApiError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::TooWide(_) => Self::invalid(error.to_string()),
            error => Self::internal(&error),
        }
    }
}

impl From<BatchError> for ApiError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Table(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}
