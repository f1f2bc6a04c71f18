//! A file comes in: as a stream, to a name of ours, within limits.

use std::{path::Path, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
};
use forecourt_store::control::{Control, FileState, ImportPlan, NewImport};
use futures::StreamExt as _;
use serde::Deserialize;
use tokio::{io::AsyncWriteExt as _, time::timeout};
use utoipa::IntoParams;

use super::{ImportDesk, LookAsked, draft, row::Import};
use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Asked,
};

/// A sender may pause so long.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Between two looks at what is free on the disk.
const LOOK_EVERY_BYTES: u64 = 64 << 20;
const NAME_CHARS_MAX: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UploadAsked {
    /// The file's name, to be shown.
    name: String,
    /// What the rows are; guessed where it is not said.
    #[serde(default)]
    kind: Option<String>,
}

/// Give a file to import: its bytes as the body. It is looked at, and nothing is taken in before it is started.
#[utoipa::path(post, path = "/api/imports", tag = "imports", params(UploadAsked),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Import), (status = 400, body = ErrorBody), (status = 413, body = ErrorBody), (status = 507, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the router hands in")]
pub async fn upload_file(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(desk): State<ImportDesk>,
    caller: Caller,
    trail: Trail,
    Asked(asked): Asked<UploadAsked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Import>, ApiError> {
    let name = shown_name(&asked.name)?;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    check_size(&desk, announced.unwrap_or(0))?;
    check_disk(&desk, announced.unwrap_or(0))?;
    let _place =
        desk.places.try_acquire().map_err(|_| ApiError::unavailable("other files are being uploaded: try again in a minute", 60))?;

    let id = control.new_import_id();
    trail.object(id.as_str());
    trail.detail("file", name.as_str());
    let folder = Unfinished::new(desk.folder_of(&id))?;
    let bytes = receive(&desk, &desk.file_of(&id), body).await?;
    // What cannot be read is told at once, and not kept.
    let look = LookAsked { path: desk.file_of(&id), name: name.clone(), kind: asked.kind, mapping: None, read: None };
    let look = desk.look(look).await.map_err(ApiError::invalid)?;
    let plan = ImportPlan { kind: look.kind, mapping: look.mapping.to_string(), source: draft::SOURCE.into(), live: false };
    let new = NewImport { name, bytes, file: FileState::Here, plan, created_by: caller.actor };
    control.add_import_as(&id, &new, clock.now_us()).await?;
    folder.keep();
    draft::answer(&control, &desk, &id).await
}

/// A name to show: the last part of what may be a path, without control characters. No file is ever named by it.
pub fn shown_name(name: &str) -> Result<String, ApiError> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    let shown = shown.trim();
    if shown.is_empty() { Err(ApiError::invalid("`name` is empty: give the file's name")) } else { Ok(shown.to_owned()) }
}

fn check_size(desk: &ImportDesk, bytes: u64) -> Result<(), ApiError> {
    let bytes_max = desk.limits().file_bytes_max;
    if bytes <= bytes_max {
        return Ok(());
    }
    Err(ApiError::too_large(format!(
        "the file is larger than {}, the most that an upload may be (`imports.file_bytes_max`): pack it with gzip, cut it in parts, or \
         use `forecourt import` on the server, which has no limit",
        in_words(bytes_max)
    )))
}

/// * `coming`: bytes that are still to be written.
fn check_disk(desk: &ImportDesk, coming: u64) -> Result<(), ApiError> {
    let free = desk.free_bytes().map_err(|error| ApiError::internal(&error))?;
    if coming.saturating_add(desk.limits().free_bytes_min) <= free {
        return Ok(());
    }
    Err(ApiError::no_space(format!(
        "the disk of the data folder has {} free, too little for this file and what must stay free ({}, `imports.free_bytes_min`): \
         free some space first",
        in_words(free),
        in_words(desk.limits().free_bytes_min)
    )))
}

fn in_words(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.into_iter().find(|(_, size)| *size <= bytes) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / size as f64),
        None => format!("{bytes} bytes"),
    }
}

/// Writes the body to a file as it comes; returns its size.
async fn receive(desk: &ImportDesk, path: &Path, body: Body) -> Result<u64, ApiError> {
    let broken = |error: std::io::Error| ApiError::internal(&format!("an uploaded file was not written: {error}"));
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await.map_err(broken)?;
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut looked_at) = (0_u64, 0_u64);
    loop {
        let next = timeout(PAUSE_MAX, chunks.next()).await;
        let Some(chunk) = next.map_err(|_| ApiError::invalid("the upload stopped half-way: try again"))? else { break };
        let chunk = chunk.map_err(|_| ApiError::invalid("the upload broke off: try again"))?;
        bytes += chunk.len() as u64;
        check_size(desk, bytes)?;
        if looked_at + LOOK_EVERY_BYTES <= bytes {
            looked_at = bytes;
            check_disk(desk, 0)?;
        }
        file.write_all(&chunk).await.map_err(broken)?;
    }
    if bytes == 0 {
        return Err(ApiError::invalid("the file is empty"));
    }
    file.sync_all().await.map_err(broken)?;
    Ok(bytes)
}

/// An import's folder, gone again unless it is kept.
pub struct Unfinished(Option<std::path::PathBuf>);

impl Unfinished {
    pub fn new(folder: std::path::PathBuf) -> Result<Self, ApiError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|error| ApiError::internal(&format!("no folder for an import: {error}")))?;
        Ok(Self(Some(folder)))
    }

    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // What stays behind is swept up later: nobody knows its name.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_and_never_paths() {
        for (given, shown) in
            [("leads.csv", "leads.csv"), ("../../etc/passwd", "passwd"), ("C:\\tmp\\a.xlsx", "a.xlsx"), ("a\u{0}\nb", "ab")]
        {
            assert_eq!(shown_name(given).unwrap(), shown);
        }
        assert!(shown_name("../").is_err() && shown_name(" \n").is_err());
        assert_eq!((in_words(10 << 30), in_words(1_500)), ("10.0 GiB".to_owned(), "1.5 KiB".to_owned()));
    }
}
