//! A lake on a real log and a real store, fed as the fold feeds it, beside a naive model of what it must hold.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType},
};
use forecourt_lake::{Catalogue, DataFile, Lake, LakeError, LakeOptions, Rewriting};
use forecourt_log::{Entry, Log, Options};
use forecourt_model::{
    Block, ChannelRules, EventAttribution, FragmentId, Move, Origin, ProfileId, RecordKind, Stamp,
    block::TouchOf,
    channel::{Marks, Visit},
};
use forecourt_store::Store;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// 2026-01-01.
pub const START_US: i64 = 1_767_225_600_000_000;
pub const HOUR_US: i64 = 3_600_000_000;

/// Where everybody lands.
const URL: &str = "https://cars.example/models";

/// One row as tests compare it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub profile_id: i64,
    pub ts_us: i64,
    pub event: String,
    pub value: Option<f64>,
    pub channel: Option<String>,
}

/// What a test feeds in.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub profile_id: i64,
    pub ts_us: i64,
    pub event: &'static str,
    /// The page before; empty for an event that does not say how the person came.
    pub from: &'static str,
}

pub struct Rig {
    _dir: tempfile::TempDir,
    pub place: Catalogue,
    pub data_dir: PathBuf,
    options: LakeOptions,
    log: Log,
    store: Store,
    lake: Option<Lake>,
    /// By log offset.
    pub model: BTreeMap<u64, Row>,
    /// Of the rows that have any.
    pub marks: BTreeMap<u64, Marks>,
    /// In force for what is folded next.
    pub rules: Arc<ChannelRules>,
}

/// Profile `number` of as many as there are, spread over the buckets like hashed ids.
pub fn profile(number: u64) -> i64 {
    (number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1) as i64
}

pub fn options() -> LakeOptions {
    LakeOptions { region: "FR".into(), threads: 2, ..LakeOptions::default() }
}

impl Rig {
    pub async fn on_sqlite() -> Self {
        Self::new(options(), None).await
    }

    pub async fn new(options: LakeOptions, postgres: Option<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = match postgres {
            None => Catalogue::Sqlite(dir.path().join("catalogue.sqlite")),
            Some(url) => Catalogue::Postgres { url, schema: "lake".into() },
        };
        let log = Log::open(&dir.path().join("log"), Options::default()).unwrap();
        let store = Store::sqlite(&dir.path().join("state.sqlite")).await.unwrap();
        let data_dir = dir.path().join("data");
        let mut rig = Self {
            _dir: dir,
            place,
            data_dir,
            options,
            log,
            store,
            lake: None,
            model: BTreeMap::new(),
            marks: BTreeMap::new(),
            rules: ChannelRules::built_in().clone(),
        };
        rig.open().await;
        rig
    }

    pub async fn open(&mut self) {
        let lake = Lake::open(self.place.clone(), &self.data_dir, self.log.clone(), self.store.clone(), self.options.clone()).await;
        self.lake = Some(lake.unwrap());
    }

    pub fn lake(&self) -> &Lake {
        self.lake.as_ref().unwrap()
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// As after a kill: what was in memory is gone.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.open().await;
    }

    pub async fn stop(&mut self) {
        self.lake.take().unwrap().close().await;
    }

    /// Appends events to the log and folds them into one block, with merges that happen after the last of them.
    pub async fn fold(&mut self, told: &[Told], merges: &[(i64, i64)]) {
        let mut entries: Vec<Entry> = told.iter().enumerate().map(|(at, told)| entry(told, at)).collect();
        // The record that proves the merges: a command, which makes no row.
        entries.push(Entry { kind: RecordKind::Command as u8, body: Vec::new().into() });
        let first_offset = self.log.append(START_US, entries).await.unwrap();
        let end_offset = first_offset + told.len() as u64 + 1;

        let mut block = Block { first_offset, end_offset, ..Block::default() };
        for (offset, told) in (first_offset..).zip(told) {
            let channel = marks_of(told).map(|marks| {
                let channel = self.rules.decide(&marks).channel.to_owned();
                self.marks.insert(offset, marks);
                channel
            });
            let touch = match &channel {
                None => TouchOf::None,
                Some(channel) => {
                    let at = block.channels.iter().position(|held| held == channel).unwrap_or_else(|| {
                        block.channels.push(channel.clone());
                        block.channels.len() - 1
                    });
                    TouchOf::Own(at as u16)
                }
            };
            let row = Row { profile_id: told.profile_id, ts_us: told.ts_us, event: told.event.into(), value: Some(offset as f64), channel };
            let attribution =
                EventAttribution { offset, fragment_id: FragmentId(told.profile_id), profile_id: ProfileId(told.profile_id), touch };
            self.model.insert(offset, row);
            block.events.push(attribution);
        }
        for (from, to) in merges {
            let moved = self.model.iter_mut().filter(|(_, row)| row.profile_id == *from);
            let mut times = (i64::MAX, i64::MIN, u64::MAX);
            for (offset, row) in moved {
                times = (times.0.min(row.ts_us), times.1.max(row.ts_us), times.2.min(*offset));
                row.profile_id = *to;
            }
            block.moves.push(Move {
                offset: end_offset - 1,
                from: ProfileId(*from),
                fragment: None,
                to: ProfileId(*to),
                first_us: times.0,
                last_us: times.1,
                first_offset: times.2,
            });
        }
        let mut tx = self.store.begin().await.unwrap();
        tx.save_block(&block).await.unwrap();
        tx.save_fold_numbers(&[("offset".to_owned(), end_offset as i64)].into()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Decides the channels of all rows anew by the rules in force.
    pub async fn decide_channels(&mut self) -> Result<Rewriting, LakeError> {
        let done = self.lake().decide_channels(&self.rules.clone(), |_, _| true).await?;
        for (offset, marks) in &self.marks {
            if let Some(row) = self.model.get_mut(offset) {
                row.channel = Some(self.rules.decide(marks).channel.to_owned());
            }
        }
        let offset = *self.lake().offset_watch().borrow();
        self.drop_blocks(offset).await;
        Ok(done)
    }

    /// Flushes, and does what the fold does then: drops the blocks that the lake has in files.
    pub async fn flush(&self) -> Result<u64, LakeError> {
        let offset = self.lake().flush().await?;
        assert_eq!(*self.lake().offset_watch().borrow(), offset);
        self.drop_blocks(offset).await;
        Ok(offset)
    }

    pub async fn drop_blocks(&self, offset: u64) {
        let mut tx = self.store.begin().await.unwrap();
        tx.drop_blocks(offset).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// What the lake shows now, by log offset; each row once, each part in its order and in its bucket.
    pub fn rows(&self) -> BTreeMap<u64, Row> {
        let snapshot = self.lake().snapshot().unwrap();
        let mut found = BTreeMap::new();
        for bucket in 0..16 {
            let files = snapshot.files_of(bucket).iter().map(|file| live_rows(file));
            for part in files.chain(snapshot.tail_of(bucket).iter().map(rows_of)) {
                assert!(part.is_sorted_by_key(|(offset, _, row)| (row.profile_id, row.ts_us, *offset)), "a part is out of order");
                for (offset, told_bucket, row) in part {
                    assert_eq!((told_bucket, row.profile_id >> 59), (bucket as i32, bucket as i64), "a row in the wrong bucket");
                    assert_eq!(found.insert(offset, row), None, "offset {offset} is there twice");
                }
            }
        }
        assert_eq!(snapshot.event_rows(), found.len() as u64);
        found
    }

    /// The lake shows what the model has.
    pub fn check(&self) {
        let rows = self.rows();
        let missing: Vec<_> = self.model.keys().filter(|offset| !rows.contains_key(offset)).collect();
        assert!(missing.is_empty(), "offsets {missing:?} are missing");
        assert_eq!(rows, self.model);
    }
}

fn marks_of(told: &Told) -> Option<Marks> {
    let from = (!told.from.is_empty()).then(|| told.from.to_owned());
    Marks::of(&Visit { url: from.is_some().then(|| URL.to_owned()), referrer: from, ..Visit::default() })
}

fn entry(told: &Told, at: usize) -> Entry {
    let mut item = serde_json::json!({
        "type": "track", "event": told.event, "userId": told.profile_id.to_string(),
        "timestamp": forecourt_model::time::iso(told.ts_us), "sentAt": forecourt_model::time::iso(told.ts_us),
        "properties": { "region": "north", "dealer": "d1" },
    });
    if !told.from.is_empty() {
        item["context"] = serde_json::json!({ "page": { "url": URL, "referrer": told.from } });
    }
    let message_id = format!("m-{}-{at}", told.ts_us);
    let stamp = Stamp {
        origin: Origin::History,
        received_us: told.ts_us,
        sent_us: None,
        source: "site".into(),
        message_id: message_id.into(),
        ip: "".into(),
    };
    Entry { kind: RecordKind::Event as u8, body: stamp.encode(item.to_string().as_bytes()).into() }
}

fn live_rows(file: &DataFile) -> Vec<(u64, i32, Row)> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&file.path).unwrap()).unwrap().build().unwrap();
    let all: Vec<_> = reader.flat_map(|batch| rows_of(&batch.unwrap())).collect();
    assert_eq!(all.len() as u64, file.rows);
    assert!(all.iter().all(|(_, _, row)| file.profile_ids.0 <= row.profile_id && row.profile_id <= file.profile_ids.1));
    assert!(all.iter().all(|(_, _, row)| file.overlaps(row.ts_us, row.ts_us)));
    let deleted = file.deleted.clone().unwrap_or_default();
    assert!(deleted.is_sorted_by(|a, b| a < b) && deleted.iter().all(|position| *position < file.rows));
    all.into_iter().zip(0u64..).filter(|(_, position)| deleted.binary_search(position).is_err()).map(|(row, _)| row).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<(u64, i32, Row)> {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let (buckets, profiles) = (column("bucket").as_primitive::<Int32Type>(), column("profile_id").as_primitive::<Int64Type>());
    let times = column("ts").as_primitive::<TimestampMicrosecondType>();
    let offsets = column("log_offset").as_primitive::<Int64Type>();
    let text = |name: &str| cast(column(name), &DataType::Utf8).unwrap();
    let (events, channels) = (text("event"), text("channel"));
    let channels = channels.as_string::<i32>();
    (0..batch.num_rows())
        .map(|at| {
            let offset = offsets.value(at) as u64;
            let event = events.as_string::<i32>().value(at).to_owned();
            let channel = channels.is_valid(at).then(|| channels.value(at).to_owned());
            let row = Row { profile_id: profiles.value(at), ts_us: times.value(at), event, value: Some(offset as f64), channel };
            (offset, buckets.value(at), row)
        })
        .collect()
}

/// The bytes of every file under `dir`, for tests that look for litter.
pub fn files_under(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Rules as a person wrote them.
pub fn own_rules(json: &str) -> Arc<ChannelRules> {
    Arc::new(ChannelRules::read(serde_json::from_str(json).unwrap()).unwrap())
}
