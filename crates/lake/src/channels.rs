//! Channels of rows in files decided anew, when people changed the channel rules (decision 0007).
//!
//! A row has the marks of its touch, so its channel is decided from the row alone. File by file: one that has nothing to
//! change stays, another is written again and takes the old one's place as in a compaction, in one snapshot. So a query sees
//! each file before or after, whatever comes in meanwhile, and a crash leaves whole files of either kind: the next run
//! goes on with those that are left.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray},
    compute::cast,
    datatypes::DataType,
};
use forecourt_model::{BUCKETS, ChannelBy, ChannelRules, Touch};
use rustc_hash::FxHashSet;

use crate::{
    DataFile, Inner, Lake, LakeError,
    compact::Plan,
    parquet_in::{OpenFile, selection_without},
    tables::{EVENTS, event_column},
    threads,
};

/// What a rewriting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewriting {
    pub files_seen: u64,
    pub files_rewritten: u64,
    pub rows_changed: u64,
}

/// The columns that decide, `channel` first.
const COLUMNS: [&str; 8] = ["channel", "utm_source", "utm_medium", "campaign", "click_ids", "referrer_host", "landing_host", "channel_by"];

impl Lake {
    /// Gives every row in files the channel that `rules` give it. Rows of earlier versions, without marks, keep theirs.
    ///
    /// The caller has decided the store's touches anew before: rows that come in from then on are right already. What came
    /// before is written to files first.
    ///
    /// * `told`: called with the files looked at so far and how many there are; says whether to go on.
    pub async fn decide_channels(&self, rules: &Arc<ChannelRules>, mut told: impl FnMut(u64, u64) -> bool) -> Result<Rewriting, LakeError> {
        let mut all = Rewriting::default();
        let mut right = FxHashSet::default();
        loop {
            // Rows that a merge copied out of a file before its turn came are in memory.
            self.flush().await?;
            let waiting = self.inner.files_but(&right);
            let (total, rewritten_before) = (all.files_seen + waiting.len() as u64, all.files_rewritten);
            for (bucket, file) in waiting {
                let changed = self.inner.decide_channels_of(bucket, &file, rules).await?;
                right.insert(file.id);
                all.files_seen += 1;
                all.files_rewritten += u64::from(0 < changed);
                all.rows_changed += changed;
                if !told(all.files_seen, total) {
                    return Err(LakeError::Stopped("channels were being decided".to_owned()));
                }
            }
            if all.files_rewritten == rewritten_before {
                return Ok(all);
            }
        }
    }
}

impl Inner {
    fn files_but(&self, right: &FxHashSet<i64>) -> Vec<(usize, Arc<DataFile>)> {
        let state = self.state();
        let files = (0..usize::from(BUCKETS)).flat_map(|bucket| state.events[bucket].iter().map(move |file| (bucket, file.clone())));
        files.filter(|(_, file)| !right.contains(&file.id)).collect()
    }

    /// Returns how many rows changed.
    async fn decide_channels_of(&self, bucket: usize, file: &Arc<DataFile>, rules: &Arc<ChannelRules>) -> Result<u64, LakeError> {
        let (looked_at, with) = (file.clone(), rules.clone());
        let changed = threads::blocking(move || count_changes(&looked_at, &with)).await?;
        if changed != 0 {
            let rules = rules.clone();
            let change = Arc::new(move |batch: RecordBatch| decided(&batch, &rules));
            self.compact(Plan { bucket, inputs: vec![file.clone()], change: Some(change) }).await?;
        }
        Ok(changed)
    }
}

/// Rows of the file that count and whose channel would become another.
fn count_changes(file: &DataFile, rules: &ChannelRules) -> Result<u64, LakeError> {
    let open = OpenFile::open(file)?;
    let selection = file.committed.as_ref().map(|(_, deleted)| selection_without(deleted, open.rows()));
    let mut changed = 0;
    for batch in open.read(&EVENTS, Some(&COLUMNS), selection)? {
        let marks = Marked::of(&batch?)?;
        let mut known = HashMap::new();
        changed += (0..marks.rows()).filter(|row| marks.decide(*row, rules, &mut known).is_some()).count() as u64;
    }
    Ok(changed)
}

/// The same rows with their channels decided by `rules`.
fn decided(batch: &RecordBatch, rules: &ChannelRules) -> Result<RecordBatch, LakeError> {
    let marks = Marked::of(batch)?;
    let mut known = HashMap::new();
    let new: Vec<Option<Arc<str>>> = (0..marks.rows()).map(|row| marks.decide(row, rules, &mut known)).collect();
    let held = &marks.columns[0];
    let channels = new.iter().enumerate().map(|(row, new)| new.as_deref().or_else(|| held.is_valid(row).then(|| held.value(row))));
    let channels: StringViewArray = channels.collect();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns[event_column::CHANNEL] = Arc::new(channels);
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// The columns of [`COLUMNS`].
struct Marked {
    columns: [StringViewArray; 8],
}

/// Neighbours mostly have the same marks: each kind of row is decided once a batch.
type Known = HashMap<[Option<String>; 7], Arc<str>>;

impl Marked {
    fn of(batch: &RecordBatch) -> Result<Self, LakeError> {
        let column = |name: &str| {
            let column = batch.column_by_name(name).cloned();
            let column = column.unwrap_or_else(|| arrow::array::new_null_array(&DataType::Utf8View, batch.num_rows()));
            cast(&column, &DataType::Utf8View).map(|column| column.as_string_view().clone())
        };
        let [a, b, c, d, e, f, g, h] = COLUMNS.map(column);
        Ok(Self { columns: [a?, b?, c?, d?, e?, f?, g?, h?] })
    }

    fn rows(&self) -> usize {
        self.columns[0].len()
    }

    fn text(&self, column: usize, row: usize) -> Option<&str> {
        let column = &self.columns[column];
        column.is_valid(row).then(|| column.value(row))
    }

    /// The row's channel by `rules`, where that is another than it has.
    fn decide(&self, row: usize, rules: &ChannelRules, known: &mut Known) -> Option<Arc<str>> {
        if self.text(7, row) != Some(ChannelBy::Rules.as_str()) {
            return None;
        }
        let key: [Option<String>; 7] = std::array::from_fn(|column| self.text(column, row).map(str::to_owned));
        let channel = known.entry(key).or_insert_with_key(|key| {
            let [channel, utm_source, utm_medium, campaign, click_ids, referrer_host, landing_host] = key.clone();
            let touch = Touch {
                at_us: 0,
                channel: channel.unwrap_or_default(),
                utm_source,
                utm_medium,
                campaign,
                click_ids,
                referrer_host,
                landing_host,
                channel_by: Some(ChannelBy::Rules),
            };
            touch.decided_by(rules).channel.into()
        });
        (Some(&**channel) != self.text(0, row)).then(|| channel.clone())
    }
}
