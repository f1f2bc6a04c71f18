//! The key that secrets are sealed with: where it is looked for, and how it is made at the first start.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use forecourt_store::control::Keyring;

use crate::{
    config::Config,
    folder::{Folder, write_private},
};

const VARIABLE: &str = "FORECOURT_SECRETS_KEY";
/// The name of the credential that systemd hands over, and of the file in the data folder.
const FILE: &str = "secrets.key";

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Environment,
    /// Of systemd, for this start only.
    Credential(PathBuf),
    File(PathBuf),
}

/// The keys of an installation.
pub struct SecretsKey {
    pub keyring: Keyring,
    pub origin: Origin,
    /// Made just now: [`SecretsKey::keep`] writes it, once it is known that no other was in use.
    is_new: bool,
}

impl SecretsKey {
    /// Looks in the environment, the configured file, systemd's credentials and the data folder, in this order.
    ///
    /// Errors: a configured file that is not there, and a file that holds no key.
    pub fn find(folder: &Folder, config: &Config) -> anyhow::Result<Self> {
        if let Some(text) = env::var(VARIABLE).ok().filter(|text| !text.trim().is_empty()) {
            let keyring = Keyring::parse(&text).with_context(|| format!("in the environment's {VARIABLE}"))?;
            return Ok(Self { keyring, origin: Origin::Environment, is_new: false });
        }
        if !config.secrets.key_file.is_empty() {
            let path = PathBuf::from(&config.secrets.key_file);
            let told = || format!("`secrets.key_file` names {}: it must be there and readable", path.display());
            let keyring = read(&path)?.with_context(told)?;
            return Ok(Self { keyring, origin: Origin::File(path), is_new: false });
        }
        if let Some(dir) = env::var_os("CREDENTIALS_DIRECTORY") {
            let path = PathBuf::from(dir).join(FILE);
            if let Some(keyring) = read(&path)? {
                return Ok(Self { keyring, origin: Origin::Credential(path), is_new: false });
            }
        }
        let path = folder.secret(FILE);
        let found = read(&path)?;
        let is_new = found.is_none();
        Ok(Self { keyring: found.unwrap_or_else(Keyring::random), origin: Origin::File(path), is_new })
    }

    /// Writes a key that was made just now: the owner alone may read it.
    pub fn keep(&self) -> anyhow::Result<()> {
        match &self.origin {
            Origin::File(path) if self.is_new => write_private(path, self.keyring.reveal().as_bytes()),
            _ => Ok(()),
        }
    }

    /// Writes other keys instead.
    ///
    /// Errors: for keys that come from the environment or a credential: whoever gives them has to change them.
    pub fn replace(&mut self, keyring: Keyring) -> anyhow::Result<()> {
        let Origin::File(path) = &self.origin else {
            bail!("the key comes from {}: put the new one on a line before the old one there", self.origin.told());
        };
        write_private(path, keyring.reveal().as_bytes())?;
        self.keyring = keyring;
        Ok(())
    }
}

impl Origin {
    pub fn told(&self) -> String {
        match self {
            Self::Environment => format!("the environment ({VARIABLE})"),
            Self::Credential(path) => format!("the credential {}", path.display()),
            Self::File(path) => path.display().to_string(),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Option<Keyring>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    warn_if_open(path);
    Ok(Some(Keyring::parse(&text).with_context(|| format!("in {}", path.display()))?))
}

#[cfg(unix)]
fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o004 != 0) {
        tracing::warn!(file = %path.display(), "everybody on this machine may read the key for secrets: `chmod 600` it");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(key_file: &str) -> Config {
        Config { secrets: crate::config::Secrets { key_file: key_file.to_owned() }, ..Config::load(None).unwrap() }
    }

    #[test]
    fn the_key_is_made_once_and_replaced_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let first = SecretsKey::find(&folder, &config("")).unwrap();
        assert!(!folder.secret(FILE).exists(), "not before it is known that it is the first");
        first.keep().unwrap();
        let mut again = SecretsKey::find(&folder, &config("")).unwrap();
        assert_eq!(again.keyring.current_id(), first.keyring.current_id());
        let next = again.keyring.with_new_key();
        again.replace(next).unwrap();
        let replaced = SecretsKey::find(&folder, &config("")).unwrap();
        assert!(replaced.keyring.has(&first.keyring.current_id()));
        assert_ne!(replaced.keyring.current_id(), first.keyring.current_id());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        SecretsKey::find(&folder, &config("")).unwrap().keep().unwrap();
        assert_eq!(fs::metadata(folder.secret(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_configured_file_must_be_there_and_hold_a_key() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let path = dir.path().join("own.key");
        let told = |path: &Path| format!("{:#}", SecretsKey::find(&folder, &config(path.to_str().unwrap())).err().unwrap());
        assert!(told(&path).contains("must be there"), "{}", told(&path));
        fs::write(&path, "short").unwrap();
        assert!(told(&path).contains("openssl rand -hex 32"));
        fs::write(&path, "0".repeat(64)).unwrap();
        assert_eq!(SecretsKey::find(&folder, &config(path.to_str().unwrap())).unwrap().origin, Origin::File(path));
    }
}
