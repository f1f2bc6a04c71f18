//! HTTPS by one's own certificate: read at the start, and again when the files change or SIGHUP comes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, bail};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::TlsAcceptor;

/// How often the files' times are looked at. Certificates are renewed weeks before they expire.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Where the certificate chain and its key are, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// A certificate in use. Cloning gives another handle to the same.
#[derive(Debug, Clone)]
pub struct Tls {
    files: TlsFiles,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Tls {
    /// Errors: files that are not there or do not read, and a key of another certificate.
    pub fn open(files: TlsFiles) -> anyhow::Result<Self> {
        let current = Arc::new(Current(RwLock::new(Arc::new(read(&files)?))));
        Ok(Self { files, current })
    }

    /// What greets each connection: TLS 1.2 and 1.3.
    ///
    /// * `protocol`: what is spoken then, by its registered name (ALPN).
    pub fn acceptor(&self, protocol: &str) -> anyhow::Result<TlsAcceptor> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(self.current.clone());
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again. What does not read leaves the certificate that is in use.
    pub fn reload(&self) -> anyhow::Result<()> {
        let fresh = Arc::new(read(&self.files)?);
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Reloads at each SIGHUP and each change of the files, until `stop` is true.
    pub async fn watch(self, mut stop: watch::Receiver<bool>) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            tracing::warn!("SIGHUP is not heard: a new certificate is noticed by its file alone");
            return;
        };
        let mut looking = interval(LOOK_EVERY);
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = self.changed_at();
        loop {
            let is_asked = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = hangup.recv() => true,
                _ = looking.tick() => false,
            };
            let changed_at = self.changed_at();
            if !is_asked && changed_at == seen {
                continue;
            }
            seen = changed_at;
            match self.reload() {
                Ok(()) => tracing::info!(cert = %self.files.cert.display(), "the certificate was read again"),
                Err(error) => tracing::error!(error = format!("{error:#}"), "the new certificate was not taken; the one before stays"),
            }
        }
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.files.cert, &self.files.key].map(|path| fs::metadata(path).and_then(|about| about.modified()).ok())
    }
}

fn read(files: &TlsFiles) -> anyhow::Result<CertifiedKey> {
    let told = |path: &Path| format!("`[tls]` names {}", path.display());
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_file_iter(&files.cert).with_context(|| told(&files.cert))?.collect();
    let chain = chain.with_context(|| told(&files.cert))?;
    if chain.is_empty() {
        bail!("{}: there is no certificate in it", told(&files.cert));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).with_context(|| told(&files.key))?;
    let signer = ring::sign::any_supported_type(&key).with_context(|| told(&files.key))?;
    let certified = CertifiedKey::new(chain, signer);
    match certified.keys_match() {
        // Some keys cannot be compared; a client will tell then.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(_) => bail!("{} is not the key of {}", files.key.display(), files.cert.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(files: &TlsFiles, name: &str) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        fs::write(&files.cert, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    }

    #[test]
    fn what_does_not_fit_together_is_told_and_leaves_what_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let files = TlsFiles { cert: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
        let told = |outcome: anyhow::Result<()>| format!("{:#}", outcome.unwrap_err());
        assert!(told(Tls::open(files.clone()).map(|_| ())).contains("cert.pem"));
        write(&files, "a.example");
        let tls = Tls::open(files.clone()).unwrap();
        let first = tls.current.0.read().unwrap().cert[0].clone();
        let other = rcgen::generate_simple_self_signed(["b.example".to_owned()]).unwrap();
        fs::write(&files.cert, other.cert.pem()).unwrap();
        assert!(told(tls.reload()).contains("is not the key of"));
        fs::write(&files.cert, "nothing").unwrap();
        assert!(told(tls.reload()).contains("no certificate"));
        assert_eq!(tls.current.0.read().unwrap().cert[0], first);
        write(&files, "c.example");
        tls.reload().unwrap();
        assert_ne!(tls.current.0.read().unwrap().cert[0], first);
    }
}
