//! One process of an installation: its parts opened, then at work.

mod history;

use std::{
    collections::BTreeMap,
    fs::File,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use axum::Router;
use bytes::Bytes;
use forecourt_api::{
    ApiState, Border, Clock, Freshness, Installation, InstallationChange, Sessions,
    border::{Mail, NotMailed, NotTaken, SourceHealth, Submission},
};
use forecourt_collect::{Collector, FormDesk, Item, NotStored, Source};
use forecourt_deliver::{
    Deliver,
    email::{self, MailError, Mailer},
};
use forecourt_lake::{Catalogue, Lake};
use forecourt_log::Log;
use forecourt_model::{Event, EventType, HashKey, Origin, Refusal, RefusalCode, Stamp};
use forecourt_outgoing::Outgoing;
use forecourt_process::{Fold, Progress, Settings};
use forecourt_query::Query;
use forecourt_store::{Database, Store, attempts::Attempts, control::Control};
use tokio::sync::{Notify, broadcast, watch};

use crate::{
    alerts,
    backup::{
        offer::offered,
        restore,
        schedule::Schedule,
        take::{Copying, Taking},
    },
    checkpoints::{self, Checkpoints, Rhythm},
    clock::now_us,
    config::Config,
    delivery, disk,
    folder::Folder,
    forms::FormKeeper,
    imports::{self, ImportWorker},
    packed_pages::packed_pages,
    retention,
    secrets_key::SecretsKey,
    sources::SourceKeeper,
    ticks, upgrade,
    workers::{Board, Workers},
};

/// How long a command on a folder of its own waits for the lake.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(600);

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

    pub fn delivers(self) -> bool {
        matches!(self, Self::All | Self::Deliver)
    }
}

/// The opened parts; nothing runs yet.
pub struct Node {
    pub config: Config,
    pub log: Log,
    pub store: Store,
    pub control: Control,
    pub lake: Lake,
    pub collector: Collector,
    pub sources: SourceKeeper,
    pub deliver: Deliver,
    pub api: ApiState,
    attempts: Attempts,
    forms: FormKeeper,
    form_desk: FormDesk,
    /// How the workers are.
    pub board: Board,
    folder: Folder,
    copying: Copying,
    backups: Schedule,
    imports: ImportWorker,
    checkpoints: Checkpoints,
    hash_key: HashKey,
    folded: watch::Sender<u64>,
    outbox: watch::Sender<u64>,
    definitions: watch::Sender<u64>,
    mailer: Option<Mailer>,
    /// Keeps others out of the folder for as long as the node is there.
    _lock: File,
}

/// What the caller of [`Node::open`] decides.
pub struct Opening {
    pub demo: bool,
    /// See [`Sessions::local_admin`].
    pub local_admin: Option<blake3::Hash>,
    /// See [`Installation::postgres_port`].
    pub postgres_port: Option<u16>,
}

impl Node {
    /// Opens the log, the databases and what works on them.
    pub async fn open(folder: &Folder, config: Config, opening: Opening) -> anyhow::Result<Self> {
        let lock = folder.lock()?;
        let unfinished = folder.root().join(restore::UNFINISHED);
        anyhow::ensure!(
            !unfinished.exists(),
            "a restore into {} did not end: remove the folder and restore again",
            folder.root().display()
        );
        upgrade::prepare(folder, &config).await?;
        let hash_key = folder.hash_key()?;
        let store = open_store(folder, &config).await?;
        let checkpoints = Checkpoints::of(folder.root(), &config.store.url);
        upgrade::finish(folder, &checkpoints, &store).await?;
        let log = open_log(folder, &config, store.folded_offset().await?).await?;
        let control = open_control(folder, &config).await?;
        let installation = installation(&config, &control, &opening).await?;
        let sources = SourceKeeper::open(control.clone()).await?;
        let (folded, folding) = watch::channel(store.folded_offset().await?);
        let lake = open_lake(folder, &config, &log, &store).await?;
        let query = Query::new(lake.clone(), config.query_options()?)?;
        if let Ok(zone) = jiff::tz::TimeZone::get(&installation.time_zone) {
            query.set_time_zone(zone);
        }

        let clock: forecourt_collect::Clock = Arc::new(now_us);
        let region = config.installation.phone_region.clone();
        let reach = config.reach()?;
        let collector = Collector::reached_by(log.clone(), sources.subscribe(), config.limits(), clock, region.clone(), reach);
        let feed = imports::shared_feed(&log, folding.clone());
        let mut border = border(&log, &folding, &lake, &collector, &sources, region.clone(), feed.clone());
        let mailer = config.mailer()?;
        if let Some(mailer) = mailer.clone() {
            border = border.with_mail(move |mail| send(mailer.clone(), mail));
        }
        let outgoing = Outgoing::new(config.outgoing_settings()?);
        let attempts = open_attempts(folder, &config).await?;
        let deliver = Deliver::new(
            store.clone(),
            control.clone(),
            log.clone(),
            attempts.clone(),
            outgoing.clone(),
            forecourt_deliver::Options {
                patience: config.patience(),
                public_url: config.server.public_url.clone(),
                mailer: mailer.clone(),
                clock: Arc::new(now_us),
            },
        );
        border = border.with_delivery(delivery::of(&deliver));
        let forms = FormKeeper::open(store.clone()).await?;
        let form_desk = FormDesk::new(collector.clone(), forms.subscribe(), config.form_limits(), &hash_key);
        let sessions = sessions(&config, opening.local_admin);
        let copying = Copying::default();
        let taking = Taking {
            folder: folder.clone(),
            log: log.clone(),
            store: store.clone(),
            control: control.clone(),
            lake: lake.clone(),
            checkpoints: checkpoints.clone(),
            url: config.store.url.clone(),
            copying: copying.clone(),
        };
        let backups = Schedule::new(config.backup_plan(folder.root()), taking);
        border = border.with_backups(offered(backups.clone()));
        let work = Arc::new(Notify::new());
        let home = imports::Home { region: region.clone(), zone: installation.time_zone.clone() };
        let desk = imports::desk(&imports::folder(folder.root()), config.import_limits(), home, work.clone());
        let keeper = sources.clone();
        let imports = ImportWorker {
            control: control.clone(),
            store: store.clone(),
            desk: desk.clone(),
            feed,
            work,
            key: hash_key,
            region: region.clone(),
            source_added: Arc::new(move || keeper.note_change()),
        };
        let api = ApiState::new(
            control.clone(),
            store.clone(),
            query,
            log.clone(),
            folding,
            border,
            Clock::new(now_us),
            installation,
            sessions,
            hash_key,
            region,
            attempts.clone(),
            outgoing,
            desk,
        );
        let (outbox, definitions) = (watch::Sender::new(0), watch::Sender::new(0));
        Ok(Self {
            backups,
            board: Board::new(),
            folder: folder.clone(),
            copying,
            imports,
            checkpoints,
            config,
            log,
            store,
            control,
            lake,
            collector,
            sources,
            deliver,
            api,
            attempts,
            forms,
            form_desk,
            hash_key,
            folded,
            outbox,
            definitions,
            mailer,
            _lock: lock,
        })
    }

    /// Starts what the role asks for; everything ends when `stop` turns true.
    pub async fn start(&self, role: Role, stop: &watch::Receiver<bool>) -> anyhow::Result<Workers> {
        let mut workers = Workers::new(self.board.clone(), stop.clone());
        let (keeper, stopping) = (self.sources.clone(), stop.clone());
        workers.add("sources", move || lasting(keeper.clone().run(stopping.clone())));
        if role.processes() {
            self.fold_and_follow(&mut workers, stop);
            let rhythm = Rhythm { records: self.config.checkpoint.records, log_bytes_max: self.config.checkpoint.log_bytes_max };
            let (checkpoints, store, log, lake, stopping) =
                (self.checkpoints.clone(), self.store.clone(), self.log.clone(), self.lake.clone(), stop.clone());
            let copying = self.copying.clone();
            if rhythm.records != 0 {
                workers.add("checkpoints", move || {
                    let (store, log) = (store.clone(), log.clone());
                    lasting(checkpoints::run(
                        checkpoints.clone(),
                        rhythm,
                        store,
                        log,
                        lake.offset_watch(),
                        copying.clone(),
                        stopping.clone(),
                    ))
                });
            }
            let keeper = retention::Keeper {
                control: self.control.clone(),
                lake: self.lake.clone(),
                store: self.store.clone(),
                log: self.log.clone(),
                checkpoints: self.checkpoints.clone(),
                copying: self.copying.clone(),
            };
            let (asked, stopping) = (self.api.retention.clone(), stop.clone());
            workers.add("retention", move || lasting(retention::run(keeper.clone(), asked.clone(), stopping.clone())));
            if self.backups.plan.every_h != 0 {
                let (backups, stopping) = (self.backups.clone(), stop.clone());
                workers.add("backups", move || backups.clone().run(stopping.clone()));
            }
            self.add_history_jobs(&mut workers, stop);
            let (log, store, folded, stopping) = (self.log.clone(), self.store.clone(), self.folded(), stop.clone());
            workers.add("ticks", move || lasting(ticks::run(log.clone(), store.clone(), folded.clone(), stopping.clone())));
            let (node_alerts, stopping) = (self.alerts(), stop.clone());
            workers.add("alerts", move || lasting(node_alerts.clone().run(stopping.clone())));
        }
        if role.collects() {
            let (forms, definitions, stopping) = (self.forms.clone(), self.definitions.clone(), stop.clone());
            workers.add("forms", move || lasting(forms.clone().run(definitions.subscribe(), stopping.clone())));
        }
        if role.delivers() {
            let (deliver, outbox, stopping) = (self.deliver.clone(), self.outbox.clone(), stop.clone());
            workers.add("deliver", move || {
                let delivering = deliver.clone().run(outbox.subscribe(), stopping.clone());
                async move { Ok(delivering.await?) }
            });
        }
        let (control, root, stopping) = (self.control.clone(), self.folder.root().to_owned(), stop.clone());
        workers.add("disk", move || disk::run(control.clone(), root.clone(), stopping.clone()));
        if role.serves_pages() {
            let (feed, stopping) = (self.api.feed.clone(), stop.clone());
            workers.add("feed", move || lasting(feed.clone().run(stopping.clone())));
        }
        Ok(workers)
    }

    fn fold_and_follow(&self, workers: &mut Workers, stop: &watch::Receiver<bool>) {
        let (batches, _) = broadcast::channel(16);
        let progress = Progress {
            folded: self.folded.clone(),
            batches,
            outbox: self.outbox.clone(),
            definitions: self.definitions.clone(),
            lake_offset: self.lake.offset_watch(),
            handover: self.lake.handover(),
        };
        let (store, settings, log, stopping) = (self.store.clone(), self.fold_settings(), self.log.clone(), stop.clone());
        workers.add("fold", move || {
            let (store, settings, log) = (store.clone(), settings.clone(), log.clone());
            let (progress, stopping) = (progress.clone(), stopping.clone());
            async move {
                let fold = Fold::open(store, settings).await?;
                Ok(forecourt_process::run(fold, log, progress, stopping).await?)
            }
        });
        let (lake, folded, stopping) = (self.lake.clone(), self.folded.clone(), stop.clone());
        workers.add("lake", move || {
            let following = lake.clone().run(folded.subscribe(), stopping.clone());
            async move { Ok(following.await?) }
        });
    }

    /// Takes up the imports that wait or were broken off: for servers, not for commands that open the folder for a moment.
    pub fn start_imports(&self, workers: &mut Workers, stop: &watch::Receiver<bool>) {
        let (imports, stopping) = (self.imports.clone(), stop.clone());
        workers.add("imports", move || lasting(imports.clone().run(stopping.clone())));
    }

    fn alerts(&self) -> alerts::Watch {
        let (log, folding) = (self.log.clone(), self.folded());
        let (folder, deliver) = (self.folder.root().to_owned(), self.deliver.clone());
        let query = self.api.query.clone();
        let readings = alerts::Readings {
            lag_us: Arc::new(move || age_us(&log, *folding.borrow(), now_us())),
            disk: Arc::new(move || disk::space(&folder).map(|space| (space.free_bytes, space.total_bytes))),
            channels: Arc::new(move || deliver.breakers().into_iter().map(|breaker| (breaker.guards, breaker.is_open)).collect()),
            flow: Arc::new(move |spec| {
                let query = query.clone();
                Box::pin(async move { Ok(query.flow(&forecourt_model::Scope::Everything, &spec).await?) })
            }),
        };
        let post = alerts::Post { mailer: self.mailer.clone(), outgoing: self.api.outgoing.clone() };
        alerts::Watch::new(self.control.clone(), self.store.clone(), readings, post, now_us())
    }

    /// What the role answers over HTTP, but for health.
    pub fn router(&self, role: Role) -> Router {
        let mut router = Router::new();
        if role.collects() {
            router = router.merge(self.collector.clone().router()).merge(self.form_desk.clone().router());
        }
        if role.delivers() {
            router = router.merge(forecourt_deliver::router(self.deliver.clone()));
        }
        if role.serves_pages() {
            router = router.merge(forecourt_api::router(self.api.clone(), packed_pages()));
        }
        router
    }

    pub fn folded(&self) -> watch::Receiver<u64> {
        self.folded.subscribe()
    }

    /// What a backup of this installation is taken of.
    pub fn taking(&self) -> Taking {
        self.backups.taking()
    }

    pub fn fold_settings(&self) -> Settings {
        Settings {
            region: self.config.installation.phone_region.clone(),
            machine_events_a_day: self.config.process.machine_events_a_day,
            seen_keys_max: self.config.process.seen_keys_max,
            ..Settings::new(self.hash_key)
        }
    }

    /// Waits until everything that is in the log now is folded, and reports see it.
    pub async fn caught_up(&self) -> anyhow::Result<()> {
        let end = self.log.end_offset();
        let deadline = Instant::now() + CATCH_UP_WITHIN;
        let reached = async {
            self.folded().wait_for(|folded| end <= *folded).await.context("the fold stopped before the end of the log")?;
            while self.lake.snapshot()?.offset < end {
                anyhow::ensure!(Instant::now() < deadline, "the lake does not follow: start the server, its log says why");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        };
        tokio::select! {
            reached = reached => reached,
            (worker, reason) = self.board.wait_for_trouble(&["fold", "lake"]) => anyhow::bail!("the worker `{worker}` stopped: {reason}"),
        }
    }

    /// Puts what is in memory into files and lets go of everything.
    pub async fn close(self) {
        if let Err(error) = self.lake.flush().await {
            // It is in the log and in the store's blocks: the next start reads it back.
            tracing::warn!(%error, "the freshest rows were not written to files");
        }
        self.lake.close().await;
        self.store.close().await;
        self.attempts.close().await;
        self.control.close().await;
    }
}

/// A worker that gives up on nothing: it ends when it is told to.
async fn lasting(work: impl Future<Output = ()>) -> anyhow::Result<()> {
    work.await;
    Ok(())
}

/// * `folded`: what the store has taken in. A log that lost its end must not hand those offsets out again: the fold would
///   never look at what gets them.
async fn open_log(folder: &Folder, config: &Config, folded: u64) -> anyhow::Result<Log> {
    let (dir, options) = (folder.log(), forecourt_log::Options { offset_floor: folded, ..config.log_options() });
    Ok(tokio::task::spawn_blocking(move || Log::open(&dir, options)).await??)
}

async fn open_lake(folder: &Folder, config: &Config, log: &Log, store: &Store) -> anyhow::Result<Lake> {
    let url = &config.store.url;
    let catalogue = match url.as_str() {
        "" => Catalogue::Sqlite(folder.lake_catalogue()),
        url => Catalogue::Postgres { url: url.to_owned(), schema: "forecourt_lake".to_owned() },
    };
    let data = folder.lake_data();
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let opened = Lake::open(catalogue, &data, log.clone(), store.clone(), config.lake_options()).await;
    opened.context("cannot open the lake")
}

async fn open_store(folder: &Folder, config: &Config) -> anyhow::Result<Store> {
    let url = &config.store.url;
    if !url.is_empty() && !config.store.allow_superuser {
        refuse_superuser(url).await?;
    }
    let opened = if url.is_empty() { Store::sqlite(&folder.state()).await } else { Store::postgres(url, "forecourt_state").await };
    opened.context("cannot open the state")
}

/// Whoever gets hold of a superuser's connection has the whole database server, its files and its programs.
async fn refuse_superuser(url: &str) -> anyhow::Result<()> {
    let role = Database::postgres_superuser(url).await.context("cannot open the state")?;
    if let Some(role) = role {
        bail!(
            "`store.url` signs in as the superuser `{role}`: make a role of its own (`CREATE ROLE forecourt LOGIN PASSWORD '…'; \
             CREATE DATABASE forecourt OWNER forecourt;`), or set `store.allow_superuser = true`"
        );
    }
    Ok(())
}

pub async fn open_control(folder: &Folder, config: &Config) -> anyhow::Result<Control> {
    let key = SecretsKey::find(folder, config)?;
    let control = Control::open(control_database(folder, config).await?, key.keyring.clone()).await?;
    key.keep()?;
    Ok(control.with_session_limits(config.session_limits()))
}

pub async fn control_database(folder: &Folder, config: &Config) -> anyhow::Result<Database> {
    let url = &config.store.url;
    let database =
        if url.is_empty() { Database::sqlite(&folder.control(), 4).await } else { Database::postgres(url, "forecourt_control").await };
    database.context("cannot open the accounts")
}

async fn open_attempts(folder: &Folder, config: &Config) -> anyhow::Result<Attempts> {
    let url = &config.store.url;
    let database =
        if url.is_empty() { Database::sqlite(&folder.attempts(), 2).await } else { Database::postgres(url, "forecourt_attempts").await };
    Ok(Attempts::open(database.context("cannot open the attempts")?).await?)
}

fn sessions(config: &Config, local_admin: Option<blake3::Hash>) -> Sessions {
    let public_url = config.server.public_url.trim_end_matches('/').to_owned();
    let secure_cookies = public_url.starts_with("https://") || config.tls_files().is_some();
    Sessions { secure_cookies, public_url, requests_per_second: config.access.requests_per_second, local_admin }
}

/// What is configured, with what an admin changed in the pages over it.
async fn installation(config: &Config, control: &Control, opening: &Opening) -> anyhow::Result<Installation> {
    let configured = config.installation.clone();
    let mut installation = Installation {
        name: configured.name,
        time_zone: configured.time_zone,
        currency: configured.currency,
        safe_mode: true,
        demo: opening.demo,
        postgres_port: opening.postgres_port,
    };
    InstallationChange::saved(control).await?.apply(&mut installation);
    Ok(installation)
}

fn border(
    log: &Log,
    folding: &watch::Receiver<u64>,
    lake: &Lake,
    collector: &Collector,
    sources: &SourceKeeper,
    region: String,
    feed: imports::SharedFeed,
) -> Border {
    let (log, folding, lake) = (log.clone(), folding.clone(), lake.clone());
    let import = imports::take(log.clone(), feed);
    let freshness = move || freshness(&log, *folding.borrow(), &lake, now_us());
    let counters = collector.clone();
    let health = move |now_us| health(&counters, now_us);
    let collector = collector.clone();
    let submit = move |submission| submit(collector.clone(), region.clone(), submission);
    let keeper = sources.clone();
    let changed = move || {
        let keeper = keeper.clone();
        async move { keeper.settle_change().await }
    };
    Border::new(freshness, health, submit, import, changed)
}

fn freshness(log: &Log, folded_offset: u64, lake: &Lake, now_us: i64) -> Freshness {
    let log_offset = log.end_offset();
    let lake_offset = lake.snapshot().map_or(0, |snapshot| snapshot.offset);
    Freshness {
        log_offset,
        folded_offset,
        lake_offset,
        lag_us: age_us(log, folded_offset, now_us),
        lake_age_us: age_us(log, lake_offset, now_us),
    }
}

/// The age of the record at `offset`: what a stage that has come so far has waiting. 0 where there is none.
fn age_us(log: &Log, offset: u64, now_us: i64) -> i64 {
    if log.end_offset() <= offset {
        return 0;
    }
    let waiting = log.reader(offset.max(log.first_offset())).and_then(|mut reader| reader.next_batch(1, 1));
    let since = waiting.ok().and_then(|records| records.first().map(|record| record.at_us));
    since.map_or(0, |at_us| (now_us - at_us).max(0))
}

async fn send(mailer: Mailer, mail: Mail) -> Result<(), NotMailed> {
    let Mail { to, subject, text, html, reply_to } = mail;
    let message = email::Message { to, subject, text, html, reply_to, ..email::Message::default() };
    mailer.send(&message).await.map_err(|error| match error {
        MailError::Invalid(_) | MailError::Refused(_) => NotMailed::Refused(error.to_string()),
        MailError::Later(_) | MailError::Unknown(_) => NotMailed::Later(error.to_string()),
    })
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

/// Whether a text is a call in Segment's wire format, rather than another program's body.
fn is_call(raw: &str) -> bool {
    let members: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(raw).ok();
    members.is_some_and(|members| members.get("type").and_then(serde_json::Value::as_str).and_then(EventType::parse).is_some())
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
    let held = collector.source_of(&submission.source);
    let mapping = held.as_ref().and_then(|source| source.mapping.clone());
    let items = match mapping.filter(|_| !is_call(&submission.raw)) {
        // Another program's body, as it came: by the mapping that there is now.
        Some(mapping) => match mapping.read(submission.raw.as_bytes()) {
            Ok(events) => events.into_iter().map(Item::from).collect(),
            Err(reason) => return Ok(Some(Refusal::new(RefusalCode::WrongMapping, reason))),
        },
        None => vec![Item::from(Bytes::from(submission.raw))],
    };
    for item in &items {
        if let Err(refusal) = Event::parse(&item.json, &stamp, &region) {
            return Ok(Some(refusal));
        }
    }
    let source = Source { id: submission.source.clone(), name: submission.source, enabled: true, ..Source::default() };
    match collector.accept(&source, Origin::Live, items, None, "").await {
        Ok(outcome) => Ok(outcome.refused.into_iter().next().map(|refused| refused.refusal)),
        Err(error @ NotStored::Later { .. }) => Err(NotTaken::Later(error.to_string())),
        Err(error @ NotStored::TooLarge { .. }) => Err(NotTaken::Never(error.to_string())),
    }
}
