//! A small language for the stories: events go into a real log, the fold takes them out, the store answers.

use std::{collections::VecDeque, sync::Arc};

use forecourt_log::{Entry, Log, Options};
use forecourt_model::{
    HashKey, Origin, ProfileId, RecordKind, Scope, Stamp,
    command::{Action, Command, Verdict},
    time::{self, parse_us},
};
use forecourt_process::{Batch, Fold, Folded, Settings};
use forecourt_store::{Place, Store, profile::ProfileView};
use tempfile::TempDir;

pub const KEY: HashKey = HashKey([3; 32]);
const DAY: &str = "2026-03-02";

pub struct App {
    pub log: Log,
    pub store: Store,
    pub fold: Fold,
    pub folded: Vec<Arc<Folded>>,
    pub postgres: Option<String>,
    pub dir: TempDir,
    pub now_us: i64,
    /// Batches that are read and looked up, and not folded yet.
    ahead: VecDeque<Batch>,
    next: u64,
}

/// Runs the story on both databases.
pub async fn for_each_backend<F: AsyncFn(App)>(story: F) {
    story(App::new(None).await).await;
    story(App::new(Some(crate::postgres::url().await)).await).await;
}

pub fn settings() -> Settings {
    Settings { machine_events_a_day: 50, waiting_fragments_max: 7, ..Settings::new(KEY) }
}

impl App {
    pub async fn new(postgres: Option<String>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let log = Log::open(&dir.path().join("log"), Options::default()).expect("a log");
        let store = Store::open(&place(&dir, &postgres, "state")).await.expect("a store");
        let fold = Fold::open(store.clone(), settings()).await.expect("a fold");
        Self { log, store, fold, folded: vec![], postgres, dir, now_us: parse_us(DAY).expect("a day"), ahead: VecDeque::new(), next: 0 }
    }

    pub fn place(&self, name: &str) -> Place {
        place(&self.dir, &self.postgres, name)
    }

    /// Moves the clock to `HH:MM` of the story's day, or to a whole time.
    pub fn at(&mut self, text: &str) -> &mut Self {
        let whole = if text.len() == 5 { format!("{DAY}T{text}:00Z") } else { text.to_owned() };
        self.now_us = parse_us(&whole).expect("a time");
        self
    }

    /// Sends an event and folds it.
    pub async fn send(&mut self, json: &str) -> &mut Self {
        self.next += 1;
        let id = format!("m{}", self.next);
        self.send_as(&id, json).await
    }

    pub async fn send_as(&mut self, message_id: &str, json: &str) -> &mut Self {
        let entry = self.event(message_id, json);
        self.append(vec![entry]).await;
        self.fold_all(10_000).await;
        self
    }

    pub fn event(&self, message_id: &str, json: &str) -> Entry {
        self.event_of(Origin::Live, message_id, json)
    }

    pub fn event_of(&self, origin: Origin, message_id: &str, json: &str) -> Entry {
        let stamp =
            Stamp { origin, received_us: self.now_us, sent_us: None, source: "site".into(), message_id: message_id.into(), ip: "".into() };
        Entry { kind: RecordKind::Event as u8, body: stamp.encode(json.as_bytes()).into() }
    }

    pub async fn append(&mut self, entries: Vec<Entry>) -> u64 {
        self.log.append(self.now_us, entries).await.expect("appended")
    }

    pub async fn command(&mut self, action: Action) -> Verdict {
        let command = Command { actor: "ana@example.com".into(), action };
        let body = serde_json::to_vec(&command).expect("json").into();
        let offset = self.append(vec![Entry { kind: RecordKind::Command as u8, body }]).await;
        self.fold_all(10_000).await;
        self.store.verdict(offset).await.expect("read").expect("a verdict")
    }

    /// Folds what the log holds, in batches of at most `records_max`.
    pub async fn fold_all(&mut self, records_max: usize) {
        while self.fold_one(records_max).await {}
        self.fold.settle().await.expect("settled");
    }

    /// Folds one batch, a full one as one of a stream; says whether there was any. As in a stream, the batch after it is read
    /// and looked up before.
    async fn fold_one(&mut self, records_max: usize) -> bool {
        let from = self.store.folded_offset().await.expect("an offset");
        if self.ahead.is_empty() {
            self.read_ahead(from, records_max).await;
        }
        let Some(batch) = self.ahead.pop_front() else { return false };
        if self.ahead.is_empty() {
            self.read_ahead(batch.end_offset, records_max).await;
        }
        if from % 3 == 0 {
            self.fold.write_waiting().await.expect("written");
        }
        self.folded.push(Arc::new(self.fold.process_batch(&batch, 0).await.expect("folded")));
        true
    }

    async fn read_ahead(&mut self, from: u64, records_max: usize) {
        let records = self.log.reader(from).and_then(|mut reader| reader.next_batch(records_max, 64 << 20)).expect("records");
        let mut batch = Batch::decode(records, "RU");
        batch.is_large = batch.records.len() == records_max;
        let folded = self.store.folded_offset().await.expect("an offset");
        for mut part in batch.parts().into_iter().filter(|part| !part.records.is_empty()) {
            part.look_ahead(&self.store, &KEY, folded).await.expect("looked up");
            self.ahead.push_back(part);
        }
    }

    /// Folds some batches, and begins again with what the store holds then.
    pub async fn fold_and_restart(&mut self, records_max: usize, batches: usize) {
        for _ in 0..batches {
            self.fold_one(records_max).await;
        }
        self.fold = Fold::open(self.store.clone(), settings()).await.expect("a fold");
    }

    pub async fn find(&self, question: &str) -> Vec<ProfileId> {
        let page = self.store.profiles_search(&Scope::Everything, &KEY, "RU", question, None, 50).await.expect("found");
        page.profiles.iter().map(|profile| profile.profile_id).collect()
    }

    /// The one profile that answers to the question.
    pub async fn profile(&self, question: &str) -> ProfileView {
        let found = self.find(question).await;
        assert_eq!(found.len(), 1, "{question} finds {found:?}");
        self.store.profile(&Scope::Everything, found[0]).await.expect("read").expect("there")
    }

    /// All profiles, a line each: identifiers, then event counts.
    pub async fn profiles(&self) -> String {
        let mut lines = Vec::new();
        for (summary, state) in self.store.profiles_page(-1, 1000).await.expect("read") {
            let view = self.store.profile(&Scope::Everything, summary.profile_id).await.expect("read").expect("there");
            let mut names: Vec<String> = view
                .fragments
                .iter()
                .map(|row| format!("{}{}", row.value, if row.generation == 0 { String::new() } else { format!("#{}", row.generation) }))
                .collect();
            names.sort();
            let counts: Vec<String> =
                state.counts.iter().map(|(name, count)| format!("{name} {} {}", count.count, &time::iso(count.last_us)[11..16])).collect();
            lines.push(format!("{}: {}", names.join(", "), counts.join(", ")));
        }
        lines.sort();
        lines.join("\n")
    }
}

fn place(dir: &TempDir, postgres: &Option<String>, name: &str) -> Place {
    match postgres {
        None => Place::Sqlite(dir.path().join(format!("{name}.sqlite"))),
        Some(url) => Place::Postgres { url: url.clone(), schema: name.to_owned() },
    }
}
