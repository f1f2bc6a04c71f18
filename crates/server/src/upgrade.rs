//! A data folder of another version: an older one is copied aside before it is brought up to date, a newer one is refused.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};
use forecourt_store::{Database, Store, control::Control};

use crate::{backup::schedule::file_stamp, checkpoints::Checkpoints, clock::now_us, config::Config, folder::Folder};

/// Copies that stay; older ones go when a new one stands.
const KEPT: usize = 2;

/// A database that migrations change.
struct Versioned {
    name: &'static str,
    /// Migrations that have run on it; 0 where there is none yet.
    format: i64,
    known: i64,
}

/// To be called before anything of the folder is opened for writing.
///
/// Migrations change the databases alone; the log, and files of the lake, are never rewritten by an upgrade. So a copy of the
/// databases is the way back. [`finish`] belongs to it.
///
/// Errors: a newer version wrote the folder; there is no room for the copy.
pub async fn prepare(folder: &Folder, config: &Config) -> anyhow::Result<()> {
    let found = formats(folder, config).await?;
    for database in &found {
        let Versioned { name, format, known } = database;
        if known < format {
            bail!(
                "a newer version wrote the {name} of {} (format {format}, this one knows {known}): run that version, or restore a backup from before the upgrade",
                folder.root().display()
            );
        }
    }
    let older: Vec<&Versioned> = found.iter().filter(|database| 0 < database.format && database.format < database.known).collect();
    if older.is_empty() {
        return Ok(());
    }
    let told =
        older.iter().map(|database| format!("{} {} → {}", database.name, database.format, database.known)).collect::<Vec<_>>().join(", ");
    let copies = copy_aside(folder, config).await.context("cannot copy the databases aside before the upgrade")?;
    fs::write(checkpoint_due(folder), b"")?;
    tracing::info!(formats = told, copies, "an earlier version wrote this folder: its databases are copied aside and brought up to date");
    Ok(())
}

/// Begins the checkpoints anew after an upgrade: what earlier versions folded, this one need not fold to the same letter.
///
/// To be called with the store brought up to date and not folded further yet. An upgrade that was broken off before it is
/// finished by the next start.
pub async fn finish(folder: &Folder, checkpoints: &Checkpoints, store: &Store) -> anyhow::Result<()> {
    let due = checkpoint_due(folder);
    if due.exists() {
        checkpoints.begin_anew(store).await.context("cannot take the checkpoint of the upgrade")?;
        fs::remove_file(due)?;
    }
    Ok(())
}

fn checkpoint_due(folder: &Folder) -> PathBuf {
    folder.root().join("upgrades").join("checkpoint-due")
}

async fn formats(folder: &Folder, config: &Config) -> anyhow::Result<Vec<Versioned>> {
    let url = &config.store.url;
    let mut found = Vec::new();
    for (name, path, schema, known) in [
        ("state", folder.state(), "forecourt_state", Store::MIGRATIONS),
        ("accounts", folder.control(), "forecourt_control", Control::MIGRATIONS),
    ] {
        let db = match url.as_str() {
            "" if !path.exists() => continue,
            "" => Database::sqlite_read_only(&path).await,
            url => Database::postgres(url, schema).await,
        };
        let db = db.with_context(|| format!("cannot open the {name}"))?;
        let format = db.format().await.with_context(|| format!("cannot read the {name}"));
        db.close().await;
        found.push(Versioned { name, format: format?, known });
    }
    Ok(found)
}

/// Returns where the copies are.
async fn copy_aside(folder: &Folder, config: &Config) -> anyhow::Result<String> {
    let all = folder.root().join("upgrades");
    let unfinished = all.join("unfinished");
    // What an interrupted upgrade left.
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished)?;
    if config.store.url.is_empty() {
        for path in [folder.state(), folder.control(), folder.lake_catalogue(), folder.attempts()] {
            if let Some(name) = path.file_name().filter(|_| path.exists()) {
                let db = Database::sqlite_read_only(&path).await?;
                let copied = db.copy_to(&unfinished.join(name)).await;
                db.close().await;
                copied.with_context(|| format!("cannot copy {}", path.display()))?;
            }
        }
    } else {
        let mut dump = Command::new("pg_dump");
        dump.args(["--format=custom", "--no-owner", "--schema=forecourt_*", "--exclude-schema=forecourt_checkpoint_*"]);
        let output = dump.arg("--file").arg(unfinished.join("postgres.dump")).arg(&config.store.url).output();
        match output {
            Ok(output) if output.status.success() => {}
            Ok(output) => bail!("pg_dump failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => bail!("an upgrade on PostgreSQL needs `pg_dump` ({error}): install the package postgresql-client"),
        }
    }
    let dir = all.join(file_stamp(now_us()));
    fs::rename(&unfinished, &dir)?;
    remove_old(&all)?;
    Ok(dir.display().to_string())
}

fn remove_old(all: &Path) -> anyhow::Result<()> {
    let mut copies: Vec<_> = fs::read_dir(all)?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    copies.sort_unstable();
    let surplus = copies.len().saturating_sub(KEPT);
    for old in copies.iter().take(surplus) {
        fs::remove_dir_all(old)?;
    }
    Ok(())
}
