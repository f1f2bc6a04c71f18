//! The data: whether it is whole, and how far each stage has come.

use std::path::Path;

use forecourt_lake::{Catalogue, LakeError};
use forecourt_log::Inspection;
use forecourt_model::time::day_text;
use forecourt_store::{
    Database, Place, Store,
    inspect::{PostgresFacts, StateFacts},
};
use indicatif::ProgressBar;

use super::{Findings, size};
use crate::{config::Config, disk, folder::Folder};

/// The oldest PostgreSQL that the store's own tests are run on is newer; this one is the oldest that is still mended.
const POSTGRES_MIN: i64 = 140_000;
const RESTORE: &str = "restore a backup: `forecourt restore`";
/// So many damaged files are named, one a line; more are counted.
const NAMED_MAX: usize = 20;

/// Reads the whole log against its checksums.
pub fn log(findings: &mut Findings, folder: &Folder, progress: &ProgressBar) -> Option<Inspection> {
    progress.set_message("log");
    let read = forecourt_log::inspect(&folder.log(), |done, total| {
        progress.set_length(total);
        progress.set_position(done);
    });
    match read {
        Err(error) => {
            findings.problem("log", error.to_string(), "look at the disk; if the files are gone, restore a backup");
            None
        }
        Ok(found) => {
            for damage in &found.corruption {
                let lost = match damage.to_offset - damage.from_offset {
                    0 => "no record is lost by it".to_owned(),
                    _ => format!("records {} to {} are lost", damage.from_offset, damage.to_offset),
                };
                findings.problem("log", format!("segment {} is damaged ({}): {lost}", damage.segment, damage.reason), RESTORE);
            }
            let unfinished = match found.unfinished_bytes {
                0 => String::new(),
                bytes => format!("; {bytes} bytes at the end are unfinished, none of them was acknowledged"),
            };
            let told = format!("offsets {} to {}, {}, read through{unfinished}", found.first_offset, found.end_offset, size(found.bytes));
            findings.ok("log", told);
            Some(found)
        }
    }
}

/// Looks at state and accounts. Returns what the state says of itself, and what the server noted of the disk.
pub async fn databases(
    findings: &mut Findings,
    folder: &Folder,
    config: &Config,
    thorough: bool,
) -> (Option<StateFacts>, Vec<disk::Noted>) {
    let url = &config.store.url;
    let place = |path: &Path, schema: &str| match url.as_str() {
        "" => Place::Sqlite(path.to_owned()),
        url => Place::Postgres { url: url.to_owned(), schema: schema.to_owned() },
    };
    let mut facts = None;
    if let Some(db) = opened(findings, "state", &place(&folder.state(), "forecourt_state"), thorough).await {
        if let Ok(Some(postgres)) = db.postgres_facts().await {
            tell_postgres(findings, &postgres);
        }
        match db.state_facts().await {
            Ok(found) => {
                tell_state(findings, &found, config);
                facts = Some(found);
            }
            Err(error) => findings.problem("state", error.to_string(), "fold it again from the log: `forecourt replay`"),
        }
        db.close().await;
    }
    let mut notes = Vec::new();
    if let Some(db) = opened(findings, "accounts", &place(&folder.control(), "forecourt_control"), thorough).await {
        match db.control_facts().await {
            Ok(found) => findings.ok("accounts", format!("{} people, {} sources", found.users, found.sources)),
            Err(error) => findings.problem("accounts", error.to_string(), RESTORE),
        }
        // Absent where no server has run yet.
        let noted = db.setting_text(disk::SETTING).await.ok().flatten();
        notes = noted.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        db.close().await;
    }
    (facts, notes)
}

async fn opened(findings: &mut Findings, area: &'static str, place: &Place, thorough: bool) -> Option<Database> {
    if let Place::Sqlite(path) = place
        && !path.exists()
    {
        findings.advise(area, "there is none yet", "start a server once: `forecourt serve`");
        return None;
    }
    let advice = match (area, place) {
        ("state", Place::Sqlite(_)) => "move the file away and fold it again from the log (`forecourt replay`), or restore a backup",
        _ => RESTORE,
    };
    let looked = async {
        let db = Store::look(place).await?;
        let complaints = db.complaints(thorough).await?;
        Ok::<_, forecourt_store::StoreError>((db, complaints))
    };
    match looked.await {
        Err(error) => {
            findings.problem(area, error.to_string(), advice);
            None
        }
        Ok((db, complaints)) if complaints.is_empty() => Some(db),
        Ok((db, complaints)) => {
            for complaint in complaints.iter().take(NAMED_MAX) {
                findings.problem(area, format!("its file is damaged: {complaint}"), advice);
            }
            db.close().await;
            None
        }
    }
}

fn tell_postgres(findings: &mut Findings, facts: &PostgresFacts) {
    let PostgresFacts { version, role, is_superuser, is_durable } = facts;
    let name = format!("PostgreSQL {}.{}", version / 10_000, version % 10_000);
    if *version < POSTGRES_MIN {
        findings.problem("postgres", format!("{name} is no longer mended by its makers"), "upgrade it to 14 or newer");
    }
    if !is_durable {
        findings.problem("postgres", "its commits are not durable", "set `fsync` and `full_page_writes` to on in postgresql.conf");
    }
    if *is_superuser {
        let advice = "make a role that owns its own database and nothing else: `CREATE ROLE forecourt LOGIN PASSWORD '…'; CREATE DATABASE forecourt OWNER forecourt`";
        findings.advise("postgres", format!("the role `{role}` is a superuser"), advice);
    } else {
        findings.ok("postgres", format!("{name}, role `{role}` is no superuser"));
    }
}

fn tell_state(findings: &mut Findings, facts: &StateFacts, config: &Config) {
    let (run, known) = facts.migrations;
    if known < run {
        let told = format!("a newer version wrote it (migration {run}, this one knows {known})");
        findings.problem("state", told, "run that version; a downgrade needs a backup from before the upgrade");
    } else if run < known {
        findings.ok("state", format!("{} migrations are to run at the next start, after a backup", known - run));
    }
    findings.ok("state", format!("folded up to {}; {} profiles", facts.folded_offset, facts.profiles));
    let max = config.process.seen_keys_max;
    let since = facts.seen_since_day.map_or("nothing yet".to_owned(), |day| format!("since {}", day_text(day)));
    let told = format!("duplicates are found {since}: {} message ids of {max} at most", facts.seen_keys);
    if max <= facts.seen_keys + facts.seen_keys / 20 {
        let advice = "the oldest days give way: raise `process.seen_keys_max` if senders repeat messages after a longer time";
        findings.advise("duplicates", told, advice);
    } else {
        findings.ok("duplicates", told);
    }
}

/// Looks at the lake's files. Returns the offset that they reach.
///
/// * `thorough`: their checksums too, not only that they are there and how long they are.
pub async fn lake(findings: &mut Findings, folder: &Folder, config: &Config, thorough: bool, progress: &ProgressBar) -> Option<u64> {
    let place = match config.store.url.as_str() {
        "" => Catalogue::Sqlite(folder.lake_catalogue()),
        url => Catalogue::Postgres { url: url.to_owned(), schema: "forecourt_lake".to_owned() },
    };
    match look_at_lake(findings, folder, &place, thorough, progress).await {
        Ok(offset) => offset,
        Err(error) => {
            findings.problem("lake", format!("its catalogue does not read: {error}"), RESTORE);
            None
        }
    }
}

async fn look_at_lake(
    findings: &mut Findings,
    folder: &Folder,
    place: &Catalogue,
    thorough: bool,
    progress: &ProgressBar,
) -> Result<Option<u64>, LakeError> {
    if let Catalogue::Sqlite(path) = place
        && opened(findings, "lake", &Place::Sqlite(path.clone()), thorough).await.is_none()
    {
        return Ok(None);
    }
    let data = std::fs::canonicalize(folder.lake_data()).unwrap_or_else(|_| folder.lake_data());
    let Some(inspection) = forecourt_lake::Inspection::open(place, &data).await? else { return Ok(None) };
    let (offset, files) = (inspection.lake_offset().await?, inspection.files().await?);
    let total: u64 = files.iter().map(|file| file.bytes).sum();
    progress.set_message("lake");
    progress.set_length(total);
    progress.set_position(0);
    let mut damaged = Vec::new();
    for mut file in files.iter().cloned() {
        let bytes = file.bytes;
        if !thorough {
            file.crc32 = None;
        }
        let checked = tokio::task::spawn_blocking(move || file.check().map_err(|error| (file, error))).await;
        if let Ok(Err(found)) = checked {
            damaged.push(found);
        }
        progress.inc(bytes);
    }
    // A server may have compacted files away meanwhile.
    let still = if damaged.is_empty() { Vec::new() } else { inspection.files().await? };
    damaged.retain(|(file, _)| still.iter().any(|known| known.path == file.path));
    for (_, error) in damaged.iter().take(NAMED_MAX) {
        findings.problem("lake", error.to_string(), "put that file back from a backup; a server that runs goes on by itself");
    }
    if NAMED_MAX < damaged.len() {
        findings.problem("lake", format!("{} more files are damaged", damaged.len() - NAMED_MAX), RESTORE);
    }
    let unsealed = files.iter().filter(|file| file.crc32.is_none()).count();
    if 0 < unsealed {
        let told = format!("{unsealed} files have no checksum: another program or an earlier version wrote them");
        findings.advise("lake", told, "nothing to do: compaction writes them anew in time");
    }
    let checked = if thorough { "checksums hold" } else { "there and of the right length" };
    if damaged.is_empty() {
        findings.ok("lake", format!("in files up to {offset}; {} files, {}, {checked}", files.len(), size(total)));
    }
    inspection.close().await;
    Ok(Some(offset))
}

/// How far the stages have come, against each other.
pub fn lags(findings: &mut Findings, log: Option<&Inspection>, state: Option<&StateFacts>, lake: Option<u64>, is_running: bool) {
    if let (Some(log), Some(state)) = (log, state) {
        let (end, folded) = (log.end_offset, state.folded_offset);
        if end < folded && !is_running {
            findings.problem("lag", format!("the state knows {} records that the log has lost", folded - end), RESTORE);
        } else if folded < log.first_offset && 0 < log.end_offset {
            findings.problem("lag", format!("the log begins at {}, the state needs it from {folded}", log.first_offset), RESTORE);
        } else {
            findings.ok("lag", format!("{} records wait for the fold", end.saturating_sub(folded)));
        }
    }
    if let (Some(state), Some(lake)) = (state, lake) {
        if state.folded_offset < lake && !is_running {
            let told = format!("the lake is {} records ahead of the state: they are not of one time", lake - state.folded_offset);
            findings.problem("lag", told, "restore state and lake from one backup");
        } else {
            findings
                .ok("lag", format!("{} records are in memory and in the log, not yet in files", state.folded_offset.saturating_sub(lake)));
        }
    }
}
