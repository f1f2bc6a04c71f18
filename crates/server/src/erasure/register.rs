//! The erasures, noted beside the backups: who restores one that is older than an erasure finds it there, and repeats it.
//!
//! A line holds keyed hashes alone.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use forecourt_model::{FragmentId, time::iso};
use forecourt_store::erasure::Erasure;
use serde::{Deserialize, Serialize};

/// Beside the backups.
const NAME: &str = "erasures.jsonl";
/// In a restored folder: what the next server on it is to erase.
const TO_REPEAT: &str = "erasures-to-repeat.json";

/// Where erasures are noted, and where a restore says which are to be repeated.
#[derive(Debug, Clone)]
pub struct Register {
    /// The folder of the backups.
    backups: PathBuf,
    root: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    erased_at: String,
    erased_us: i64,
    log_offset: u64,
    fragments: Vec<FragmentId>,
}

impl Register {
    /// * `root`: the data folder.
    pub fn new(backups: PathBuf, root: &Path) -> Self {
        Self { backups, root: root.to_owned() }
    }

    /// Notes erasures, each once.
    pub fn add(&self, erasures: &[Erasure]) -> anyhow::Result<()> {
        let known: BTreeSet<(u64, i64)> = lines(&self.backups)?.iter().map(|line| (line.log_offset, line.erased_us)).collect();
        let mut text = Vec::new();
        for one in erasures.iter().filter(|one| !known.contains(&(one.log_offset, one.erased_us))) {
            let Erasure { log_offset, erased_us, fragments, .. } = one.clone();
            serde_json::to_writer(&mut text, &Line { erased_at: iso(erased_us), erased_us, log_offset, fragments })?;
            text.push(b'\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(&self.backups)?;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.backups.join(NAME))?;
        file.write_all(&text)?;
        file.sync_all()?;
        Ok(())
    }

    /// Whose erasures are to be repeated here.
    pub fn to_repeat(&self) -> anyhow::Result<Vec<FragmentId>> {
        let path = self.root.join(TO_REPEAT);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} does not read", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    pub fn repeated(&self) -> anyhow::Result<()> {
        match fs::remove_file(self.root.join(TO_REPEAT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Leaves in a restored folder which erasures are to be repeated: those noted beside the backup that are later than it.
/// Returns how many.
pub fn to_repeat_after(backup: &Path, taken_us: i64, root: &Path) -> anyhow::Result<usize> {
    let beside = backup.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let later: Vec<Line> = lines(beside)?.into_iter().filter(|line| taken_us <= line.erased_us).collect();
    if !later.is_empty() {
        let fragments: BTreeSet<FragmentId> = later.iter().flat_map(|line| line.fragments.iter().copied()).collect();
        crate::folder::write_private(&root.join(TO_REPEAT), &serde_json::to_vec(&fragments)?)?;
    }
    Ok(later.len())
}

fn lines(folder: &Path) -> anyhow::Result<Vec<Line>> {
    let path = folder.join(NAME);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    // A line that a crash cut is written anew by the next try.
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use forecourt_model::{ProfileId, erasure::Sought};

    use super::*;

    fn erasure(log_offset: u64, erased_us: i64) -> Erasure {
        Erasure {
            log_offset,
            profile_id: ProfileId(1),
            erased_us,
            actor: "ana@example.com".into(),
            fragments: vec![FragmentId(1), FragmentId(log_offset as i64)],
            sought: Sought::default(),
            message_ids: vec![],
            entities: 0,
            dead_letters: 0,
        }
    }

    #[test]
    fn a_restored_folder_knows_the_erasures_that_are_later_than_its_backup() {
        let (backups, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let register = Register::new(backups.path().to_owned(), root.path());
        register.add(&[erasure(5, 50), erasure(9, 90)]).unwrap();
        register.add(&[erasure(9, 90), erasure(12, 120)]).unwrap();
        let text = fs::read_to_string(backups.path().join(NAME)).unwrap();
        assert_eq!((text.lines().count(), text.contains("ana")), (3, false));

        let backup = backups.path().join("a.tar.zst");
        assert_eq!(to_repeat_after(&backup, 60, root.path()).unwrap(), 2);
        assert_eq!(register.to_repeat().unwrap(), [1, 9, 12].map(FragmentId));
        register.repeated().unwrap();
        assert_eq!(register.to_repeat().unwrap(), []);
        assert_eq!(to_repeat_after(&backup, 130, root.path()).unwrap(), 0);
        register.repeated().unwrap();
    }
}
