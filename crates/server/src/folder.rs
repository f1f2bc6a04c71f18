//! The data folder: where everything of an installation is.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use forecourt_model::HashKey;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// How to reach a server that runs on a folder, and be let in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Running {
    /// `http://127.0.0.1:8080`
    pub address: String,
    pub token: String,
    pub pid: u32,
}

impl Running {
    /// A client for the server's own address. Its certificate is for the name that others use, so it is not compared: the address
    /// is this machine's, and stands in a file that only its owner may write.
    pub fn http(&self) -> anyhow::Result<reqwest::Client> {
        Ok(reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build()?)
    }
}

impl Folder {
    /// Opens the folder, making it if absent.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let (secrets, is_new) = (root.join("secrets"), !root.exists());
        fs::create_dir_all(&secrets).with_context(|| format!("cannot make the data folder {}", root.display()))?;
        restrict(&secrets, 0o700)?;
        if is_new {
            // It holds what is known of people. Whoever wants to share it may.
            restrict(root, 0o700)?;
        }
        Ok(Self { root: root.to_owned() })
    }

    /// Opens a folder that must be there already.
    pub fn existing(root: &Path) -> anyhow::Result<Self> {
        if !root.join("secrets").is_dir() {
            bail!("{} is no data folder of Forecourt: name one by `--data`, or start one by `forecourt serve --data {0}`", root.display());
        }
        Ok(Self { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    pub fn state(&self) -> PathBuf {
        self.root.join("state.sqlite")
    }

    /// What was sent, and what came of it.
    pub fn attempts(&self) -> PathBuf {
        self.root.join("attempts.sqlite")
    }

    pub fn control(&self) -> PathBuf {
        self.root.join("control.sqlite")
    }

    pub fn lake_catalogue(&self) -> PathBuf {
        self.root.join("lake").join("catalogue.sqlite")
    }

    pub fn lake_data(&self) -> PathBuf {
        self.root.join("lake").join("data")
    }

    pub fn secret(&self, name: &str) -> PathBuf {
        self.root.join("secrets").join(name)
    }

    /// The key that identifiers are hashed with; made at the first start. Without it no profile is found again.
    pub fn hash_key(&self) -> anyhow::Result<HashKey> {
        let path = self.secret("hash.key");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.state().exists() {
                    bail!("{} is gone: bring it back from a backup, else no profile is found again", path.display());
                }
                let mut bytes = vec![0_u8; 32];
                rand::rng().fill(&mut bytes[..]);
                write_private(&path, &bytes)?;
                bytes
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let key =
            bytes.try_into().map_err(|_| anyhow::anyhow!("{} does not hold 32 bytes: bring it back from a backup", path.display()))?;
        Ok(HashKey(key))
    }

    /// Keeps every other process off the folder until the result is dropped, or this process is gone.
    pub fn lock(&self) -> anyhow::Result<fs::File> {
        let path = self.root.join("lock");
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => {
                bail!("{} is open in another process: stop that one first, or choose another folder", self.root.display())
            }
            Err(fs::TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    fn running_path(&self) -> PathBuf {
        self.root.join("server.json")
    }

    pub fn note_running(&self, running: &Running) -> anyhow::Result<()> {
        write_private(&self.running_path(), &serde_json::to_vec_pretty(running)?)
    }

    /// Forgets our own note; another server's stays.
    pub fn forget_running(&self, pid: u32) {
        if self.running().is_some_and(|running| running.pid == pid) {
            // A note that stays behind names an address where nobody answers: harmless.
            let _ = fs::remove_file(self.running_path());
        }
    }

    /// The note of a server, which may be gone by now.
    pub fn running(&self) -> Option<Running> {
        serde_json::from_slice(&fs::read(self.running_path()).ok()?).ok()
    }
}

/// Writes a file that only its owner may read: whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", path.display());
    let unfinished = path.with_extension("new");
    // One that was left behind may have other permissions.
    let _ = fs::remove_file(&unfinished);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished).with_context(told)?;
    file.write_all(bytes).with_context(told)?;
    file.sync_all().with_context(told)?;
    fs::rename(&unfinished, path).with_context(told)
}

fn restrict(path: &Path, mode: u32) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let restricted = fs::set_permissions(path, fs::Permissions::from_mode(mode));
        restricted.with_context(|| format!("cannot restrict who may read {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_missed_when_gone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let key = folder.hash_key().unwrap();
        assert_eq!(folder.hash_key().unwrap().0, key.0);
        fs::write(folder.state(), "rows").unwrap();
        fs::remove_file(folder.secret("hash.key")).unwrap();
        assert!(folder.hash_key().unwrap_err().to_string().contains("backup"));
        assert!(Folder::existing(&dir.path().join("elsewhere")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_their_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        folder.note_running(&Running { address: String::new(), token: String::new(), pid: 1 }).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir.path().join("server.json")), mode(&dir.path().join("secrets"))), (0o600, 0o700));
        folder.forget_running(2);
        assert!(folder.running().is_some());
        folder.forget_running(1);
        assert!(folder.running().is_none());
    }
}
