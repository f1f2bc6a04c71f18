//! What the administrator sets: `config.default.toml` with the keys of one file over it.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use forecourt_api::imports::ImportLimits;
use forecourt_collect::{FormLimits, Limits, Network, Reach};
use forecourt_deliver::{
    Patience,
    email::{Mailer, Security, SmtpOptions},
};
use forecourt_lake::LakeOptions;
use forecourt_model::time::{HOUR_US, SECOND_US};
use forecourt_outgoing::Allowed;
use forecourt_query::QueryOptions;
use forecourt_store::control::SessionLimits;
use serde::Deserialize;
use toml::Table;

use crate::backup::schedule::Plan;
use crate::tls::TlsFiles;

/// Every key, documented, with its default.
pub const DEFAULT: &str = include_str!("../config.default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub installation: Installation,
    pub server: Server,
    pub tls: Tls,
    pub postgres: Postgres,
    pub access: Access,
    pub collect: Collect,
    pub forms: Forms,
    pub deliver: Deliver,
    pub outgoing: Outgoing,
    pub log: Log,
    pub store: Store,
    pub secrets: Secrets,
    pub checkpoint: Checkpoint,
    pub process: Process,
    pub imports: Imports,
    pub lake: Lake,
    pub query: Query,
    pub backup: Backup,
    pub smtp: Smtp,
    pub logging: Logging,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installation {
    pub name: String,
    pub time_zone: String,
    pub currency: String,
    pub phone_region: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: String,
    pub trusted_proxies: Vec<String>,
    pub connections_max: usize,
    pub connections_per_address_max: usize,
    pub header_timeout_s: u64,
    pub stop_timeout_s: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    cert: String,
    key: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    pub listen: String,
    pub connections_max: usize,
    pub allow_plaintext: bool,
}

impl Postgres {
    pub fn listen(&self) -> anyhow::Result<Option<SocketAddr>> {
        let told = || format!("`postgres.listen` is `{}`: write an address and a port, such as 127.0.0.1:5433", self.listen);
        (!self.listen.is_empty()).then(|| self.listen.parse().with_context(told)).transpose()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    session_idle_hours: u32,
    session_life_hours: u32,
    pub requests_per_second: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    body_bytes_max: usize,
    inflated_bytes_max: usize,
    inflated_ratio_max: usize,
    batch_items_max: usize,
    event_bytes_max: usize,
    event_depth_max: usize,
    inflight_bytes_max: usize,
    requests_per_second: u32,
    body_pause_s: u64,
    body_time_s: u64,
    first_party_path: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forms {
    submits_per_minute: u32,
    fill_time_ms: u32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    sms_give_up_s: u32,
    webhook_give_up_s: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    allow: Vec<String>,
    ports: Vec<u16>,
    timeout_s: u64,
    response_bytes_max: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    segment_bytes: u64,
    queue_bytes_max: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub url: String,
    pub allow_superuser: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    pub key_file: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    pub records: u64,
    pub log_bytes_max: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    pub machine_events_a_day: u32,
    pub seen_keys_max: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    file_bytes_max: u64,
    free_bytes_min: u64,
    keep_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lake {
    flush_rows: usize,
    flush_after_s: u64,
    keep_snapshots_s: u64,
    keep_files_s: u64,
    threads: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    memory_bytes_max: usize,
    threads: usize,
    timeout_s: u64,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    host: String,
    port: u16,
    tls: SmtpSecurity,
    username: String,
    password: String,
    password_file: PathBuf,
    from: String,
    ca_file: PathBuf,
    timeout_s: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SmtpSecurity {
    Starttls,
    Tls,
    None,
}

/// Without the password.
impl fmt::Debug for Smtp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Smtp({}:{}, {:?})", self.host, self.port, self.tls)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    folder: String,
    every_h: u64,
    keep: usize,
    with_secrets: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logging {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Auto,
    Human,
    Json,
}

impl Config {
    /// Reads the defaults, with the keys of `file` over them.
    ///
    /// Errors: a file that is no TOML, a key that does not exist, a value of the wrong type or that makes no sense.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let given = match file {
            None => Table::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the configuration {}", path.display()))?;
                text.parse().with_context(|| format!("the configuration {} is not TOML", path.display()))?
            }
        };
        Self::over_defaults(given, std::env::var("FORECOURT_STORE_URL").ok())
    }

    fn over_defaults(given: Table, store_url: Option<String>) -> anyhow::Result<Self> {
        let mut merged: Table = DEFAULT.parse().context("the compiled-in configuration")?;
        merge(&mut merged, given, "")?;
        let mut config: Self = merged.try_into().context("in the configuration")?;
        if let Some(url) = store_url {
            config.store.url = url;
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let installation = &self.installation;
        if jiff::tz::TimeZone::get(&installation.time_zone).is_err() {
            bail!("`installation.time_zone` is `{}`: write an IANA name such as Europe/Kyiv", installation.time_zone);
        }
        if installation.currency.len() != 3 || !installation.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            bail!("`installation.currency` is `{}`: write three capitals such as EUR", installation.currency);
        }
        if installation.phone_region.len() != 2 || !installation.phone_region.bytes().all(|byte| byte.is_ascii_uppercase()) {
            bail!("`installation.phone_region` is `{}`: write two capitals such as RU", installation.phone_region);
        }
        if !self.store.url.is_empty() && !self.store.url.starts_with("postgres://") && !self.store.url.starts_with("postgresql://") {
            bail!("`store.url` must be empty or begin with postgres://");
        }
        let public = &self.server.public_url;
        if !public.is_empty() && !public.starts_with("https://") && !public.starts_with("http://") {
            bail!("`server.public_url` is `{public}`: begin it with https:// or http://");
        }
        if self.tls.cert.is_empty() != self.tls.key.is_empty() {
            bail!("`[tls]` needs both `cert` and `key`, or neither");
        }
        self.postgres.listen()?;
        if self.access.session_idle_hours == 0 || self.access.session_life_hours < self.access.session_idle_hours {
            bail!("`access.session_idle_hours` must be above 0, and `session_life_hours` not below it");
        }
        self.first_party_path()?;
        self.trusted_proxies().map(|_| ())
    }

    /// Where the own certificate is, if there is one.
    pub fn tls_files(&self) -> Option<TlsFiles> {
        let Tls { cert, key } = &self.tls;
        (!cert.is_empty()).then(|| TlsFiles { cert: cert.into(), key: key.into() })
    }

    pub fn session_limits(&self) -> SessionLimits {
        let Access { session_idle_hours, session_life_hours, .. } = self.access;
        SessionLimits { idle_us: i64::from(session_idle_hours) * HOUR_US, life_us: i64::from(session_life_hours) * HOUR_US }
    }

    fn first_party_path(&self) -> anyhow::Result<Option<String>> {
        /// Paths that mean something else.
        const TAKEN: [&str; 13] = [
            "api",
            "v1",
            "f",
            "assets",
            "beacon",
            "pixel",
            "metrics",
            "healthz",
            "readyz",
            "sourceConfig",
            "rsaMetrics",
            "t.js",
            "index.html",
        ];
        let path = self.collect.first_party_path.trim_end_matches('/');
        let name = path.strip_prefix('/').unwrap_or_default();
        let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        match path {
            "" => Ok(None),
            path if is_plain && !TAKEN.contains(&name) => Ok(Some(path.to_owned())),
            path => bail!(
                "`collect.first_party_path` is `{path}`: write one word of letters, digits, - and _ after a slash, such as /x, that no other path begins with"
            ),
        }
    }

    pub fn trusted_proxies(&self) -> anyhow::Result<Vec<Network>> {
        let read = |text: &String| text.parse::<Network>().context("`server.trusted_proxies`");
        self.server.trusted_proxies.iter().map(read).collect()
    }

    pub fn reach(&self) -> anyhow::Result<Reach> {
        let public = self.server.public_url.trim_end_matches('/');
        Ok(Reach {
            public_url: (!public.is_empty()).then(|| public.to_owned()),
            trusted_proxies: self.trusted_proxies()?,
            first_party_path: self.first_party_path()?,
            tls: self.tls_files().is_some(),
        })
    }

    pub fn limits(&self) -> Limits {
        let collect = &self.collect;
        Limits {
            body_bytes_max: collect.body_bytes_max,
            inflated_bytes_max: collect.inflated_bytes_max,
            inflated_ratio_max: collect.inflated_ratio_max,
            batch_items_max: collect.batch_items_max,
            event_bytes_max: collect.event_bytes_max,
            event_depth_max: collect.event_depth_max,
            inflight_bytes_max: collect.inflight_bytes_max,
            requests_per_second: collect.requests_per_second,
            body_pause: Duration::from_secs(collect.body_pause_s),
            body_time: Duration::from_secs(collect.body_time_s),
        }
    }

    pub fn form_limits(&self) -> FormLimits {
        let Forms { submits_per_minute, fill_time_ms } = self.forms;
        FormLimits { submits_per_minute, fill_time_us: i64::from(fill_time_ms) * 1_000 }
    }

    pub fn patience(&self) -> Patience {
        let Deliver { sms_give_up_s, webhook_give_up_s } = self.deliver;
        Patience {
            sms_us: i64::from(sms_give_up_s) * SECOND_US,
            webhook_us: i64::from(webhook_give_up_s) * SECOND_US,
            ..Patience::default()
        }
    }

    pub fn outgoing_settings(&self) -> anyhow::Result<forecourt_outgoing::Settings> {
        let given = &self.outgoing;
        let allow: Result<Vec<Allowed>, _> = given.allow.iter().map(|text| text.parse()).collect();
        Ok(forecourt_outgoing::Settings {
            allow: allow.context("`outgoing.allow` in the configuration")?,
            ports: given.ports.clone(),
            timeout: Duration::from_secs(given.timeout_s),
            response_bytes_max: given.response_bytes_max,
        })
    }

    pub fn import_limits(&self) -> ImportLimits {
        let Imports { file_bytes_max, free_bytes_min, keep_days } = self.imports;
        ImportLimits { file_bytes_max, free_bytes_min, keep_days }
    }

    pub fn lake_options(&self) -> LakeOptions {
        let (lake, usual) = (&self.lake, LakeOptions::default());
        LakeOptions {
            region: self.installation.phone_region.clone(),
            flush_rows: lake.flush_rows,
            flush_after: Duration::from_secs(lake.flush_after_s),
            keep_snapshots: Duration::from_secs(lake.keep_snapshots_s),
            keep_files: Duration::from_secs(lake.keep_files_s),
            threads: if lake.threads == 0 { usual.threads } else { lake.threads },
            ..usual
        }
    }

    /// * `root`: the data folder.
    pub fn backup_plan(&self, root: &Path) -> Plan {
        let Backup { folder, every_h, keep, with_secrets } = &self.backup;
        let dir = if folder.is_empty() { root.join("backups") } else { PathBuf::from(folder) };
        Plan { dir, every_h: *every_h, keep: *keep, with_secrets: *with_secrets }
    }

    pub fn query_options(&self) -> anyhow::Result<QueryOptions> {
        let (query, usual) = (&self.query, QueryOptions::default());
        Ok(QueryOptions {
            memory_bytes_max: query.memory_bytes_max,
            threads: if query.threads == 0 { usual.threads } else { query.threads },
            timeout: Duration::from_secs(query.timeout_s),
            time_zone: jiff::tz::TimeZone::get(&self.installation.time_zone)?,
        })
    }

    /// What sends e-mail; `None` where no server is named.
    pub fn mailer(&self) -> anyhow::Result<Option<Mailer>> {
        let smtp = &self.smtp;
        if smtp.host.is_empty() {
            return Ok(None);
        }
        let file = |path: &Path, key: &str| std::fs::read(path).with_context(|| format!("`smtp.{key}`: cannot read {}", path.display()));
        let password = match smtp.password_file.as_os_str().is_empty() {
            true => smtp.password.clone(),
            false => String::from_utf8(file(&smtp.password_file, "password_file")?).context("`smtp.password_file`")?.trim_end().to_owned(),
        };
        let authority = if smtp.ca_file.as_os_str().is_empty() { None } else { Some(file(&smtp.ca_file, "ca_file")?) };
        let options = SmtpOptions {
            host: smtp.host.clone(),
            port: smtp.port,
            security: match smtp.tls {
                SmtpSecurity::Starttls => Security::StartTls,
                SmtpSecurity::Tls => Security::Tls,
                SmtpSecurity::None => Security::None,
            },
            credentials: (!smtp.username.is_empty()).then(|| (smtp.username.clone(), password)),
            from: smtp.from.clone(),
            authority,
            timeout: Duration::from_secs(smtp.timeout_s),
        };
        Mailer::new(options).map(Some).context("the configuration's `[smtp]`")
    }

    pub fn log_options(&self) -> forecourt_log::Options {
        forecourt_log::Options {
            segment_bytes: self.log.segment_bytes,
            queue_bytes_max: self.log.queue_bytes_max,
            ..forecourt_log::Options::default()
        }
    }
}

/// Puts `given` over `base`, table by table. Only what is there can be set.
fn merge(base: &mut Table, given: Table, path: &str) -> anyhow::Result<()> {
    for (key, value) in given {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (base.get_mut(&key), value) {
            (None, _) => bail!("the configuration has no key `{name}`: `forecourt serve --help` names the file with all of them"),
            (Some(toml::Value::Table(inner)), toml::Value::Table(value)) => merge(inner, value, &name)?,
            (Some(held), value) => *held = value,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> anyhow::Result<Config> {
        Config::over_defaults(text.parse()?, None)
    }

    #[test]
    fn defaults_are_whole_and_single_keys_override() {
        let plain = with("").unwrap();
        assert_eq!(plain.limits().batch_items_max, 2_500);
        let own = with("[server]\nlisten = \"0.0.0.0:9000\"\n[installation]\ntime_zone = \"Europe/Kyiv\"").unwrap();
        assert_eq!(own.server.listen.port(), 9000);
        assert_eq!(own.installation.currency, plain.installation.currency);
    }

    #[test]
    fn the_defaults_are_those_of_the_crates() {
        let (ours, theirs) = (with("").unwrap().limits(), Limits::default());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        let (ours, theirs) = (with("").unwrap().log_options(), forecourt_log::Options::default());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }

    #[test]
    fn e_mail_goes_nowhere_unless_a_server_is_named() {
        assert!(with("").unwrap().mailer().unwrap().is_none());
        let named = "[smtp]\nhost = \"mail.example.com\"\nfrom = \"Forecourt <cdp@example.com>\"";
        assert!(with(named).unwrap().mailer().unwrap().is_some());
        let senderless = with("[smtp]\nhost = \"mail.example.com\"").unwrap().mailer().unwrap_err();
        assert!(format!("{senderless:#}").contains("write an address"), "{senderless:#}");
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let told = |text: &str| format!("{:#}", with(text).unwrap_err());
        assert!(told("[server]\nlisten_on = 1").contains("no key `server.listen_on`"));
        assert!(told("[installation]\ntime_zone = \"Mars\"").contains("write an IANA name"));
        assert!(told("[log]\nsegment_bytes = \"big\"").contains("segment_bytes"));
        assert!(told("[server]\ntrusted_proxies = [\"x\"]").contains("no network"));
        assert!(told("[collect]\nfirst_party_path = \"/api\"").contains("such as /x"));
        assert!(told("[collect]\nfirst_party_path = \"/{a}\"").contains("such as /x"));
        assert!(told("[store]\nurl = \"mysql://\"").contains("postgres://"));
    }
}
