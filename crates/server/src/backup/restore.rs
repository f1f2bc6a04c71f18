//! A data folder out of a backup: checked file by file, with sending paused.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Component, Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};
use forecourt_store::{Database, Store, control::Control};

use super::{
    CONTENTS, Contents, DatabaseKind, FORMAT, HEAD, Head, POSTGRES_DUMP, RESTORED, Restored, SENDING_PAUSED,
    archive::{Entry, Reader},
};
use crate::{clock::now_us, config::Config, erasure::to_repeat_after, folder::Folder, node::open_control};

/// Stands in a folder while it is being made: no server starts on it.
pub const UNFINISHED: &str = "restore-unfinished";

/// What was restored.
#[derive(Debug)]
pub struct Summary {
    pub head: Head,
    pub contents: Contents,
    /// Whether the key that identifiers are hashed with is there.
    pub has_hash_key: bool,
    /// Erasures that are later than the backup: the next server repeats them.
    pub erasures: usize,
}

/// Makes a data folder of the archive.
///
/// * `root`: absent or empty.
/// * `secrets`: a folder with the keys, for a backup without them.
///
/// Errors: a newer format, a file that is not what was packed, a folder that is not empty. Nothing starts on what is left then.
pub async fn restore(archive: &Path, root: &Path, secrets: Option<&Path>, config: &Config) -> anyhow::Result<Summary> {
    let is_empty = fs::read_dir(root).map_or(true, |mut entries| entries.next().is_none());
    ensure!(is_empty, "{} is not empty: restore into a new folder, then put it in the place of the old one", root.display());
    let file = File::open(archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let mut reader = Reader::new(file).with_context(|| format!("{} is no backup", archive.display()))?;
    let head = read_head(&mut reader).with_context(|| format!("{} is no backup of Forecourt", archive.display()))?;
    check_head(&head, config)?;

    let folder = Folder::open(root)?;
    fs::write(root.join(UNFINISHED), "a restore into this folder did not end: remove the folder and restore again\n")?;
    let contents = unpack(&mut reader, root).with_context(|| format!("{} is damaged or not whole", archive.display()))?;
    if let Some(secrets) = secrets {
        copy_secrets(secrets, root)?;
    }
    match head.database {
        DatabaseKind::Sqlite => check_databases(root).await?,
        DatabaseKind::Postgres => load_dump(root, &config.store.url)?,
    }
    pause_sending(&folder, config, &head, &contents).await?;
    let erasures = to_repeat_after(archive, head.taken_us, root)?;
    fs::remove_file(root.join(UNFINISHED))?;
    sync(root)?;
    Ok(Summary { erasures, head, contents, has_hash_key: folder.secret("hash.key").exists() })
}

fn read_head(reader: &mut Reader<File>) -> anyhow::Result<Head> {
    let Some((name, bytes)) = reader.next_file()? else { bail!("it is empty") };
    ensure!(name == HEAD && bytes < 1 << 20, "it begins with {name}");
    let mut text = Vec::new();
    reader.copy(bytes, &mut text)?;
    let head: serde_json::Value = serde_json::from_slice(&text)?;
    let format = head["format"].as_u64().unwrap_or(0);
    ensure!(
        format <= u64::from(FORMAT),
        "a newer version wrote it (format {format}, this one reads up to {FORMAT}): restore it with that version"
    );
    Ok(serde_json::from_value(head)?)
}

fn check_head(head: &Head, config: &Config) -> anyhow::Result<()> {
    let newer = Store::MIGRATIONS < head.state_format || Control::MIGRATIONS < head.control_format;
    ensure!(
        !newer,
        "version {} wrote this backup, which knows more than this one ({}): restore it with that version",
        head.program,
        env!("CARGO_PKG_VERSION")
    );
    let on_postgres = !config.store.url.is_empty();
    match head.database {
        DatabaseKind::Postgres if !on_postgres => bail!("the backup is of databases on PostgreSQL: name an empty one as `store.url`"),
        DatabaseKind::Sqlite if on_postgres => bail!("the backup is of SQLite databases: restore it without `store.url`"),
        _ => Ok(()),
    }
}

/// Unpacks everything and holds it against the contents at the end.
fn unpack(reader: &mut Reader<File>, root: &Path) -> anyhow::Result<Contents> {
    let mut unpacked: BTreeMap<String, (u64, u32)> = BTreeMap::new();
    let mut contents = None;
    while let Some((name, bytes)) = reader.next_file()? {
        if name == CONTENTS {
            let mut text = Vec::new();
            reader.copy(bytes, &mut text)?;
            contents = Some(serde_json::from_slice::<Contents>(&text)?);
            continue;
        }
        let path = inside(root, &name)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        let mut file = create_private(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let crc32 = reader.copy(bytes, &mut file).with_context(|| format!("cannot unpack {name}"))?;
        file.flush()?;
        file.sync_all()?;
        unpacked.insert(name, (bytes, crc32));
    }
    let contents = contents.context("its end is missing")?;
    for Entry { name, bytes, crc32 } in contents.files.iter().filter(|entry| entry.name != HEAD) {
        ensure!(unpacked.get(name) == Some(&(*bytes, *crc32)), "{name} is not what was packed");
    }
    Ok(contents)
}

/// Where a file of the archive belongs; nothing leaves the folder.
fn inside(root: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let relative = Path::new(name);
    let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_))) && !name.is_empty();
    ensure!(is_plain, "the archive names {name:?}, outside of the folder");
    Ok(root.join(relative))
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn copy_secrets(from: &Path, root: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        if path.is_file()
            && let Some(name) = path.file_name()
        {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            crate::folder::write_private(&root.join("secrets").join(name), &bytes)?;
        }
    }
    Ok(())
}

async fn check_databases(root: &Path) -> anyhow::Result<()> {
    for name in ["state.sqlite", "control.sqlite", "lake/catalogue.sqlite", "attempts.sqlite"] {
        let path = root.join(name);
        if !path.exists() && name == "attempts.sqlite" {
            continue;
        }
        let db = Database::sqlite_read_only(&path).await.with_context(|| format!("{name} does not open"))?;
        let complaints = db.complaints(false).await?;
        db.close().await;
        ensure!(complaints.is_empty(), "{name} is damaged: {}", complaints.join("; "));
    }
    Ok(())
}

fn load_dump(root: &Path, url: &str) -> anyhow::Result<()> {
    let dump = root.join(POSTGRES_DUMP);
    let mut command = Command::new("pg_restore");
    command.args(["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--dbname", url]).arg(&dump);
    let output = command.output().context("restoring on PostgreSQL needs `pg_restore`: install the package postgresql-client")?;
    ensure!(output.status.success(), "pg_restore failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(fs::remove_file(dump)?)
}

/// The installation that the backup is of may have sent since what this one believes to be still to send.
async fn pause_sending(folder: &Folder, config: &Config, head: &Head, contents: &Contents) -> anyhow::Result<()> {
    let control = open_control(folder, config).await?;
    control.put_setting(SENDING_PAUSED, &true).await?;
    let restored = Restored { restored_us: now_us(), taken_us: head.taken_us, end_offset: contents.end_offset };
    control.put_setting(RESTORED, &restored).await?;
    control.close().await;
    Ok(())
}

fn sync(root: &Path) -> anyhow::Result<()> {
    Ok(File::open(root)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive_with(head: &serde_json::Value, dir: &Path) -> PathBuf {
        let path = dir.join("backup.tar.zst");
        let mut writer = super::super::archive::Writer::new(File::create(&path).unwrap()).unwrap();
        let text = head.to_string();
        writer.add(HEAD, text.len() as u64, text.as_bytes(), &mut |_| {}).unwrap();
        writer.finish().unwrap();
        path
    }

    #[tokio::test]
    async fn what_a_newer_version_wrote_and_what_is_no_backup_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::load(None).unwrap();
        let told = async |path: &Path| format!("{:#}", restore(path, &dir.path().join("new"), None, &config).await.unwrap_err());
        let head = |format: u32, state_format: i64| {
            serde_json::json!({ "format": format, "program": "9.0.0", "taken_us": 0, "database": "sqlite", "state_format": state_format,
                "control_format": 1, "has_secrets": false, "something_new": true })
        };
        let newer = archive_with(&head(FORMAT + 1, 1), dir.path());
        assert!(told(&newer).await.contains("a newer version wrote it"), "{}", told(&newer).await);
        let newer = archive_with(&head(FORMAT, 1_000_000), dir.path());
        assert!(told(&newer).await.contains("version 9.0.0 wrote this backup"), "{}", told(&newer).await);
        let other = dir.path().join("other");
        fs::write(&other, "no archive").unwrap();
        assert!(told(&other).await.contains("is no backup"), "{}", told(&other).await);
        assert!(!dir.path().join("new").exists(), "nothing was begun");
    }

    #[test]
    fn no_name_leaves_the_folder() {
        let root = Path::new("/data");
        assert_eq!(inside(root, "log/1.log").unwrap(), Path::new("/data/log/1.log"));
        for name in ["../x", "/etc/passwd", "log/../../x", "", "./x"] {
            assert!(inside(root, name).is_err(), "{name}");
        }
    }
}
