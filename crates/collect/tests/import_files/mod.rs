//! A log in a folder of its own, files to import into it, and what came of them as text.

#![allow(dead_code, reason = "each test binary takes its part")]

use std::path::{Path, PathBuf};

use forecourt_collect::file::{ImportError, ImportRun, Kind, Mapping, Sink, Summary, import};
use forecourt_log::{Log, Options};
use forecourt_model::{Event, Origin, RecordKind, Stamp};
use serde_json::Value;

pub const NOW_US: i64 = 1_793_318_400_000_000;

pub struct Desk {
    pub folder: tempfile::TempDir,
    pub sink: Sink,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = Log::open(&folder.path().join("log"), Options::default()).expect("a new log");
        Self { sink: Sink::Log { log, folded: None }, folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("the file is written");
        path
    }

    pub fn run(&self, kind: Kind, path: &Path, mapping: Mapping) -> ImportRun {
        ImportRun {
            kind,
            path: path.to_path_buf(),
            mapping,
            dry_run: false,
            origin: Origin::History,
            source: "src_import".into(),
            region: "RU".into(),
            now_us: NOW_US,
            rejected: Some(self.path("rejected.csv")),
            done_rows: 0,
            trace: None,
        }
    }

    pub async fn import(&self, kind: Kind, path: &Path, mapping: &str) -> Result<Summary, ImportError> {
        import(self.run(kind, path, Mapping::parse(mapping)?), &self.sink, |_| {}).await
    }

    pub fn records(&self) -> Vec<Taken> {
        let Sink::Log { log, .. } = &self.sink else { return Vec::new() };
        let mut reader = log.reader(0).expect("a reader");
        let mut taken = Vec::new();
        loop {
            let batch = reader.next_batch(10_000, 64 << 20).expect("the log reads");
            if batch.is_empty() {
                return taken;
            }
            for record in batch {
                let (stamp, json) = Stamp::decode(&record.body).expect("a stamp");
                let item = serde_json::from_slice(json).expect("JSON");
                taken.push(Taken {
                    kind: record.kind,
                    message_id: stamp.message_id.to_string(),
                    origin: stamp.origin,
                    // The fold reads every event of the log with this; it must agree with the border.
                    event: (record.kind == RecordKind::Event as u8).then(|| Event::parse(json, &stamp, "RU").expect("the fold takes it")),
                    item,
                });
            }
        }
    }

    /// The records one a line: name, time, identifiers, and what `extra` shows.
    pub fn told(&self) -> Vec<String> {
        self.records().iter().map(Taken::told).collect()
    }

    pub fn rejected(&self) -> String {
        std::fs::read_to_string(self.path("rejected.csv")).unwrap_or_default()
    }
}

pub struct Taken {
    pub kind: u8,
    pub message_id: String,
    pub origin: Origin,
    pub event: Option<Event>,
    pub item: Value,
}

impl Taken {
    fn told(&self) -> String {
        match &self.event {
            Some(event) => {
                let ids: Vec<String> = event.identifiers.iter().map(ToString::to_string).collect();
                let time = forecourt_model::time::iso(event.ts_us);
                format!("{} {} {}", event.name, &time[..19], ids.join(" "))
            }
            None => self.item.to_string(),
        }
    }
}
