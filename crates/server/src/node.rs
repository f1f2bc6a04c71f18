//! One process of an installation: its parts opened, then at work.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use axum::Router;
use bytes::Bytes;
use forecourt_api::{
    ApiState, Border, Clock, Freshness, Installation, Sessions,
    border::{NotTaken, SourceHealth, Submission},
};
use forecourt_collect::{Collector, Item, Source};
use forecourt_log::Log;
use forecourt_model::{Event, HashKey, Origin, Refusal, Stamp};
use forecourt_process::{Fold, Progress, Settings};
use forecourt_store::{Database, Store, control::Control};
use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
};

use crate::{
    checkpoints::{self, Checkpoints, Rhythm},
    clock::now_us, config::Config, folder::Folder, sources::SourceKeeper, ticks};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    All,
    /// Takes events in.
    Collect,
    /// Folds, writes the lake, runs jobs.
    Process,
    /// Sends messages.
    Deliver,
    /// Serves the pages and their API.
    Web,
}

impl Role {
    pub fn collects(self) -> bool {
        matches!(self, Self::All | Self::Collect)
    }

    pub fn processes(self) -> bool {
        matches!(self, Self::All | Self::Process)
    }

    pub fn serves_pages(self) -> bool {
        matches!(self, Self::All | Self::Web)
    }
}

/// The opened parts; nothing runs yet.
pub struct Node {
    pub config: Config,
    pub log: Log,
    pub store: Store,
    pub control: Control,
    pub collector: Collector,
    pub sources: SourceKeeper,
    pub api: ApiState,
    checkpoints: Checkpoints,
    hash_key: HashKey,
    folded: watch::Sender<u64>,
    lake_offset: watch::Receiver<u64>,
}

/// What the caller of [`Node::open`] decides.
pub struct Opening {
    pub demo: bool,
    /// See [`Sessions::local_admin`].
    pub local_admin: Option<blake3::Hash>,
}

impl Node {
    /// Opens the log, the databases and what works on them.
    pub async fn open(folder: &Folder, config: Config, opening: Opening) -> anyhow::Result<Self> {
        let hash_key = folder.hash_key()?;
        let log = open_log(folder, &config).await?;
        let store = open_store(folder, &config).await?;
        let control = open_control(folder, &config).await?;
        let sources = SourceKeeper::open(control.clone()).await?;
        let (folded, folding) = watch::channel(store.folded_offset().await?);
        let (_, lake_offset) = watch::channel(0);

        let clock: forecourt_collect::Clock = Arc::new(now_us);
        let region = config.installation.phone_region.clone();
        let reach = config.reach()?;
        let collector = Collector::reached_by(log.clone(), sources.subscribe(), config.limits(), clock, region.clone(), reach);
        let border = border(&log, &folding, &lake_offset, &collector, &sources, region.clone());
        let sessions = Sessions {
            secure_cookies: config.server.public_url.starts_with("https://"),
            local_admin: opening.local_admin,
        };
        let api = ApiState::new(
            control.clone(),
            store.clone(),
            log.clone(),
            folding,
            border,
            Clock::new(now_us),
            installation(&config, opening.demo),
            sessions,
            hash_key.clone(),
            region,
        );
        let checkpoints = Checkpoints::of(folder.root(), &config.store.url);
        Ok(Self { checkpoints, config, log, store, control, collector, sources, api, hash_key, folded, lake_offset })
    }

    /// Starts what the role asks for; everything ends when `stop` turns true.
    pub async fn start(&self, role: Role, stop: &watch::Receiver<bool>) -> anyhow::Result<Workers> {
        let mut workers = Workers(Vec::new());
        workers.add("sources", tokio::spawn(self.sources.clone().run(stop.clone())));
        if role.processes() {
            let fold = Fold::open(self.store.clone(), self.fold_settings()).await?;
            let (batches, _) = broadcast::channel(16);
            let progress = Progress { folded: self.folded.clone(), batches, lake_offset: self.lake_offset.clone() };
            let folding = forecourt_process::run(fold, self.log.clone(), progress, stop.clone());
            workers.add("fold", tokio::spawn(told(folding)));
            let rhythm = Rhythm { records: self.config.checkpoint.records, log_bytes_max: self.config.checkpoint.log_bytes_max };
            let copying = checkpoints::run(
                self.checkpoints.clone(),
                rhythm,
                self.store.clone(),
                self.log.clone(),
                self.lake_offset.clone(),
                stop.clone(),
            );
            workers.add("checkpoints", tokio::spawn(copying));
            workers.add("ticks", tokio::spawn(ticks::run(self.log.clone(), stop.clone())));
        }
        if role.serves_pages() {
            workers.add("feed", tokio::spawn(self.api.feed.clone().run(stop.clone())));
        }
        Ok(workers)
    }

    /// What the role answers over HTTP, but for health.
    pub fn router(&self, role: Role) -> Router {
        let mut router = Router::new();
        if role.collects() {
            router = router.merge(self.collector.clone().router());
        }
        if role.serves_pages() {
            router = router.merge(forecourt_api::router(self.api.clone()));
        }
        router
    }

    pub fn folded(&self) -> watch::Receiver<u64> {
        self.folded.subscribe()
    }

    pub fn fold_settings(&self) -> Settings {
        Settings {
            region: self.config.installation.phone_region.clone(),
            machine_events_a_day: self.config.process.machine_events_a_day,
            seen_keys_max: self.config.process.seen_keys_max,
            ..Settings::new(self.hash_key.clone())
        }
    }

    pub async fn close(self) {
        self.store.close().await;
        self.control.close().await;
    }
}

/// What runs, by name.
pub struct Workers(Vec<(&'static str, JoinHandle<()>)>);

impl Workers {
    fn add(&mut self, name: &'static str, handle: JoinHandle<()>) {
        self.0.push((name, handle));
    }

    /// Waits for all to end.
    pub async fn join(self) {
        for (name, handle) in self.0 {
            if let Err(error) = handle.await {
                tracing::error!(worker = name, %error, "a worker ended by a defect");
            }
        }
    }
}

/// A worker that cannot go on says so; the others do go on, and `/readyz` shows the lag that builds up.
async fn told<E: std::fmt::Display>(work: impl Future<Output = Result<(), E>>) {
    if let Err(error) = work.await {
        tracing::error!(%error, "a worker stopped: mend what it names, then restart");
    }
}

async fn open_log(folder: &Folder, config: &Config) -> anyhow::Result<Log> {
    let (dir, options) = (folder.log(), config.log_options());
    Ok(tokio::task::spawn_blocking(move || Log::open(&dir, options)).await??)
}

async fn open_store(folder: &Folder, config: &Config) -> anyhow::Result<Store> {
    let url = &config.store.url;
    let opened = if url.is_empty() { Store::sqlite(&folder.state()).await } else { Store::postgres(url, "forecourt_state").await };
    opened.context("cannot open the state")
}

pub async fn open_control(folder: &Folder, config: &Config) -> anyhow::Result<Control> {
    let url = &config.store.url;
    let database =
        if url.is_empty() { Database::sqlite(&folder.control(), 4).await } else { Database::postgres(url, "forecourt_control").await };
    Ok(Control::open(database.context("cannot open the accounts")?).await?)
}

fn installation(config: &Config, demo: bool) -> Installation {
    let installation = config.installation.clone();
    Installation {
        name: installation.name,
        time_zone: installation.time_zone,
        currency: installation.currency,
        safe_mode: installation.safe_mode,
        demo,
    }
}

fn border(
    log: &Log,
    folding: &watch::Receiver<u64>,
    lake_offset: &watch::Receiver<u64>,
    collector: &Collector,
    sources: &SourceKeeper,
    region: String,
) -> Border {
    let (log, folding, lake_offset) = (log.clone(), folding.clone(), lake_offset.clone());
    let freshness = move || {
        let (log_offset, folded_offset, lake_offset) = (log.end_offset(), *folding.borrow(), *lake_offset.borrow());
        Freshness { log_offset, folded_offset, lake_offset, lag_us: 0, lake_age_us: 0 }
    };
    let counters = collector.clone();
    let health = move |now_us| health(&counters, now_us);
    let collector = collector.clone();
    let submit = move |submission| submit(collector.clone(), region.clone(), submission);
    let keeper = sources.clone();
    Border::new(freshness, health, submit, move || keeper.note_change())
}

fn health(collector: &Collector, now_us: i64) -> BTreeMap<String, SourceHealth> {
    let counted = collector.counters().by_source(now_us);
    let shown = counted.into_iter().map(|(source, counts)| {
        let health = SourceHealth {
            last_accepted_us: counts.last_accepted_us,
            accepted_24h: counts.accepted_24h,
            refused_24h: counts.refused_24h,
            last_hour: counts.last_hour.iter().map(|minute| (minute.at_us, minute.accepted, minute.refused)).collect(),
        };
        (source, health)
    });
    shown.collect()
}

/// Takes in an item that a person sends again; what would be refused again makes no second dead letter.
async fn submit(collector: Collector, region: String, submission: Submission) -> Result<Option<Refusal>, NotTaken> {
    let stamp = Stamp {
        origin: Origin::Live,
        received_us: now_us(),
        sent_us: None,
        source: submission.source.as_str().into(),
        message_id: "".into(),
        ip: "".into(),
    };
    if let Err(refusal) = Event::parse(submission.raw.as_bytes(), &stamp, &region) {
        return Ok(Some(refusal));
    }
    let source = Source { id: submission.source.clone(), name: submission.source, enabled: true };
    let item = Item::from(Bytes::from(submission.raw));
    match collector.accept(&source, Origin::Live, vec![item], None, "").await {
        Ok(outcome) => Ok(outcome.refused.into_iter().next().map(|refused| refused.refusal)),
        Err(error) => Err(NotTaken(error.to_string())),
    }
}
