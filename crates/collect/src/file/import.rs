//! The import of one file, from its path to the log.

use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
    pin::pin,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use forecourt_log::{Entry, Log};
use forecourt_model::{Origin, RecordKind, Refusal, Stamp};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::{Mutex, mpsc, watch};

use super::{
    Detected, ImportError, Kind, Mapping, Warning,
    block::Row,
    damage::Tally,
    detect_as,
    feed::Feed,
    occurrence::Occurrences,
    plan::{Made, Plan},
    reader::Reader,
    rejected::RejectedFile,
    trace::{Trace, Tracing},
};

/// What is to be imported, and how.
#[derive(Debug, Clone)]
pub struct ImportRun {
    pub kind: Kind,
    pub path: PathBuf,
    pub mapping: Mapping,
    /// Counts and shows, and writes nothing but the file of rejected rows.
    pub dry_run: bool,
    /// [`Origin::History`] unless the import is to start sends and tasks.
    pub origin: Origin,
    /// The id of the source that the rows are said to come from; a second import must name the same.
    pub source: String,
    /// The country whose notation phones without a country code are in: `RU`, `FR`, …
    pub region: String,
    /// Microseconds since 1970 UTC.
    pub now_us: i64,
    /// Where rejected rows go; `<file>.rejected.csv` by default.
    pub rejected: Option<PathBuf>,
    /// How many rows from the first are passed over as done: their records are in the log from a run that stopped.
    ///
    /// They are read and counted again, so that the outcome is that of a run that never stopped. `now_us` must be that run's.
    pub done_rows: u64,
    /// Notes what is needed to say which rows are known already.
    pub trace: Option<Tracing>,
}

/// Where the records go.
#[derive(Clone)]
pub enum Sink {
    /// A log of this process. `folded`: the offset below which everything is folded; without it the log is filled as fast
    /// as it takes.
    Log { log: Log, folded: Option<watch::Receiver<u64>> },
    /// A way into the log of this process that several imports share: together they wait for the fold.
    Feed(Arc<Mutex<Feed>>),
    /// A server that has the log open; it answers once the records are durable, or with what to do.
    Server(Server),
}

/// Hands records to a server.
pub type Server = Arc<dyn Fn(Vec<Entry>) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// How much of `total` is done, in [`Detected::unit`]; a `total` of 0 is not known before the end.
    pub done: u64,
    pub total: u64,
    pub rows: u64,
    pub accepted: u64,
    pub refused: u64,
    pub rows_per_s: f64,
}

/// What came of an import.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    pub dry_run: bool,
    pub rows: u64,
    pub accepted: u64,
    pub refused: u64,
    /// By code.
    pub reasons: BTreeMap<&'static str, u64>,
    pub refused_file: Option<PathBuf>,
    pub warnings: Vec<Warning>,
    /// The earliest and the latest time of an accepted row, in microseconds since 1970 UTC.
    pub from_us: Option<i64>,
    pub to_us: Option<i64>,
    /// Different people named, by their strongest identifier; counted up to five million.
    pub people: u64,
    /// Rows that count as live and may start sends and tasks: none of a history.
    pub live: u64,
    /// The first rows as they go to the log.
    pub samples: Vec<Box<RawValue>>,
    pub seconds: f64,
    /// Whether it was asked to stop before the end: the counts are of what was read and appended until then.
    #[serde(skip)]
    pub halted: bool,
    #[serde(skip)]
    pub trace: Option<Trace>,
}

/// Imports a file; with `dry_run`, tells what that would do.
///
/// Rows go in as they are read, so that an import that stops has kept what came before. A second import of the same
/// file, or one after a stop, changes nothing that is in already: a row's message id is made of its content.
///
/// * `progress`: called about every four thousand rows.
///
/// Errors: [`ImportError`]; a row that does not fit is never one.
pub async fn import(run: ImportRun, sink: &Sink, progress: impl Fn(Progress)) -> Result<Summary, ImportError> {
    import_until(run, sink, std::future::pending(), progress).await
}

/// [`import`], that ends early, after a block, when `halt` is ready.
pub async fn import_until(
    run: ImportRun,
    sink: &Sink,
    halt: impl Future<Output = ()>,
    progress: impl Fn(Progress),
) -> Result<Summary, ImportError> {
    let started = Instant::now();
    let mut halt = pin!(halt);
    let (sender, mut chunks) = mpsc::channel(CHUNKS_AHEAD);
    let mut way = Way::to(sink);
    let now_us = run.now_us;
    let reading = tokio::task::spawn_blocking(move || read(&run, &sender));

    let mut stopped = None;
    let mut reached = None;
    let halted = loop {
        let chunk = tokio::select! {
            biased;
            () = &mut halt => break true,
            chunk = chunks.recv() => chunk,
        };
        let Some(Chunk { entries, progress: at }) = chunk else { break false };
        let elapsed = started.elapsed();
        if !entries.is_empty() {
            let at_us = now_us + elapsed.as_micros() as i64;
            // An append that was begun and not waited for is no loss: a record that is in twice counts once.
            let appended = tokio::select! {
                appended = way.append(at_us, entries) => appended,
                () = &mut halt => break true,
            };
            if let Err(error) = appended {
                stopped = Some(error);
                break false;
            }
        }
        reached = Some(at);
        progress(Progress { rows_per_s: at.rows as f64 / elapsed.as_secs_f64().max(1e-9), ..at });
    };
    drop(chunks);
    let summary = reading.await.map_err(|error| ImportError::Stopped(error.to_string()))?;
    if let Some(error) = stopped {
        return Err(error);
    }
    let summary = Summary { seconds: started.elapsed().as_secs_f64(), halted, ..summary? };
    // The reader was ahead: what it counted last is not in.
    let at = reached.filter(|_| halted).map_or((summary.rows, summary.accepted, summary.refused), |at| (at.rows, at.accepted, at.refused));
    let (rows, accepted, refused) = if halted && reached.is_none() { (0, 0, 0) } else { at };
    Ok(Summary { rows, accepted, refused, ..summary })
}

/// The opened way to a [`Sink`].
enum Way {
    Feed(Arc<Mutex<Feed>>),
    Server(Server),
}

impl Way {
    fn to(sink: &Sink) -> Self {
        match sink {
            Sink::Log { log, folded } => Self::Feed(Arc::new(Mutex::new(Feed::new(log.clone(), folded.clone())))),
            Sink::Feed(feed) => Self::Feed(feed.clone()),
            Sink::Server(server) => Self::Server(server.clone()),
        }
    }

    async fn append(&mut self, at_us: i64, entries: Vec<Entry>) -> Result<(), ImportError> {
        match self {
            Self::Feed(feed) => Ok(feed.lock().await.append(at_us, entries).await?),
            Self::Server(server) => server(entries).await.map_err(ImportError::Server),
        }
    }
}

/// Rows that go to the log in one append.
struct Chunk {
    entries: Vec<Entry>,
    progress: Progress,
}

const CHUNKS_AHEAD: usize = 2;
const CHUNK_ROWS: usize = 4_000;
const CHUNK_BYTES: usize = 2 << 20;
const SAMPLES: usize = 5;
const PEOPLE_MAX: usize = 5_000_000;

/// Reads the file and makes its rows into records; ends early when nobody takes them.
fn read(run: &ImportRun, chunks: &mpsc::Sender<Chunk>) -> Result<Summary, ImportError> {
    let detected = detect_as(&run.path, &run.mapping.read)?;
    let mut plan = Plan::new(run.kind, &run.mapping, &detected, &run.region, run.now_us)?;
    plan.name_people(run.trace.is_some());
    let mut reader = Reader::open(&detected, plan.wanted().to_vec())?;
    let mut maker = Maker::new(run, plan, &detected);

    while let Some(block) = reader.next_block()? {
        for index in 0..block.rows() {
            maker.take(block.row(index))?;
            if maker.is_full() && !hand_on(&mut maker, chunks, &reader, &detected) {
                return maker.finish(&detected);
            }
        }
    }
    hand_on(&mut maker, chunks, &reader, &detected);
    maker.finish(&detected)
}

/// `false` when the import was stopped.
fn hand_on(maker: &mut Maker<'_>, chunks: &mpsc::Sender<Chunk>, reader: &Reader, detected: &Detected) -> bool {
    let summary = &maker.summary;
    let progress = Progress {
        done: reader.done(),
        total: detected.total,
        rows: summary.rows,
        accepted: summary.accepted,
        refused: summary.refused,
        rows_per_s: 0.0,
    };
    chunks.blocking_send(Chunk { entries: maker.entries(), progress }).is_ok()
}

/// Makes rows into log entries and counts.
struct Maker<'a> {
    run: &'a ImportRun,
    plan: Plan,
    tally: Tally,
    rejected: RejectedFile,
    occurrences: Occurrences,
    people: HashSet<u64, rustc_hash::FxBuildHasher>,
    summary: Summary,
    entries: Vec<Entry>,
    entry_bytes: usize,
    /// Rows since entries were last handed on.
    rows_waiting: usize,
    item: Vec<u8>,
    trace: Option<Trace>,
}

impl<'a> Maker<'a> {
    fn new(run: &'a ImportRun, plan: Plan, detected: &Detected) -> Self {
        let names = detected.columns.iter().map(|column| column.name.clone()).collect();
        let path = run.rejected.clone().unwrap_or_else(|| RejectedFile::path_for(&run.path));
        Self {
            run,
            plan,
            tally: Tally::default(),
            rejected: RejectedFile::new(path, names),
            occurrences: Occurrences::default(),
            people: HashSet::default(),
            summary: Summary { dry_run: run.dry_run, ..Summary::default() },
            entries: Vec::with_capacity(CHUNK_ROWS),
            entry_bytes: 0,
            rows_waiting: 0,
            item: Vec::with_capacity(1 << 10),
            trace: run.trace.map(Trace::new),
        }
    }

    fn take(&mut self, row: Row<'_>) -> Result<(), ImportError> {
        self.summary.rows += 1;
        self.rows_waiting += 1;
        match self.plan.make(row, &mut self.tally, &mut self.item) {
            Ok(made) => self.accept(made),
            Err(refusal) => self.refuse(row, &refusal)?,
        }
        Ok(())
    }

    fn accept(&mut self, made: Made) {
        let summary = &mut self.summary;
        summary.accepted += 1;
        summary.live += u64::from(self.run.origin == Origin::Live);
        if let Some(at_us) = made.at_us {
            summary.from_us = Some(summary.from_us.map_or(at_us, |from| from.min(at_us)));
            summary.to_us = Some(summary.to_us.map_or(at_us, |to| to.max(at_us)));
        }
        if summary.samples.len() < SAMPLES {
            summary.samples.extend(serde_json::from_slice(&self.item).ok());
        }
        if let Some(person) = made.person.filter(|_| self.people.len() < PEOPLE_MAX) {
            self.people.insert(first_word(&blake3::hash(person.as_bytes())));
        }
        let message_id = self.message_id(made.message_id);
        if let Some(trace) = &mut self.trace {
            match self.run.kind {
                Kind::Costs => trace.cost(&self.item),
                _ => trace.event(&self.run.source, &message_id, &made.identifiers),
            }
        }
        if !self.run.dry_run && self.run.done_rows < self.summary.rows {
            let stamp = Stamp {
                origin: self.run.origin,
                received_us: self.run.now_us,
                sent_us: None,
                source: self.run.source.as_str().into(),
                message_id: message_id.into(),
                ip: "".into(),
            };
            let body = Bytes::from(stamp.encode(&self.item));
            self.entry_bytes += body.len();
            let kind = if self.run.kind == Kind::Costs { RecordKind::AdCost } else { RecordKind::Event };
            self.entries.push(Entry { kind: kind as u8, body });
        }
    }

    /// `import:` and the sender's own id, or a digest of what the row says and, for events, of how often it said so before.
    fn message_id(&mut self, own: Option<String>) -> String {
        if let Some(own) = own {
            return format!("import:{own}");
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.run.kind.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(&self.item);
        if self.run.kind == Kind::Events {
            // Two clicks in one second are two; a contact that stands twice in a file is one.
            match self.occurrences.before(first_word(&hasher.finalize())) {
                0 => {}
                before => {
                    hasher.update(&before.to_le_bytes());
                }
            }
        }
        format!("import:{}", &hasher.finalize().to_hex()[..32])
    }

    fn refuse(&mut self, row: Row<'_>, refusal: &Refusal) -> Result<(), ImportError> {
        self.summary.refused += 1;
        *self.summary.reasons.entry(refusal.code.as_str()).or_default() += 1;
        self.rejected.add(row, refusal)
    }

    fn is_full(&self) -> bool {
        CHUNK_ROWS <= self.rows_waiting || CHUNK_BYTES <= self.entry_bytes
    }

    fn entries(&mut self) -> Vec<Entry> {
        self.entry_bytes = 0;
        self.rows_waiting = 0;
        // A dry run, and rows that are done, make none.
        let next = Vec::with_capacity(self.entries.len());
        std::mem::replace(&mut self.entries, next)
    }

    fn finish(self, detected: &Detected) -> Result<Summary, ImportError> {
        let mut warnings = self.tally.warnings(self.summary.rows);
        warnings.extend(detected.warnings.iter().cloned());
        let people = self.people.len() as u64;
        Ok(Summary { refused_file: self.rejected.finish()?, warnings, people, trace: self.trace, ..self.summary })
    }
}

fn first_word(digest: &blake3::Hash) -> u64 {
    digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
