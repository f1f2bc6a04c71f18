//! Leads, orders, calls, costs and profiles: copied out of the store as a whole whenever they have changed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::{
    array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray},
    error::ArrowError,
};
use forecourt_model::{
    FragmentState, ProfileId,
    entity::{AdCost, Call, Dimensions, Lead, Order},
    time::{day, parse_us},
};
use forecourt_store::{EntityVersions, Store, entity::Of, profile::ProfileSummary};
use tokio::sync::watch;

use crate::{
    Inner, Lake, LakeError,
    catalogue::{Change, TableChange},
    error::crash_point,
    flush::discard,
    parquet_out::{FileWriter, WrittenFile, sync_folders},
    tables::{AD_COSTS, CALLS, LEADS, ORDERS, PROFILES, Table},
    threads,
};

const PAGE_ROWS: u32 = 4_096;
const FILE_ROWS_MAX: usize = 1_000_000;
const PAUSE: Duration = Duration::from_millis(500);
/// A rewrite that took this long waits so many times as long for the next.
const REST: u32 = 20;
/// Profiles change with every event: their copy is for reports that need not be of this minute.
const PROFILES_REST: u32 = 50;

/// The tables that are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Leads,
    Orders,
    Calls,
    Costs,
    Profiles,
}

const KINDS: [Kind; 5] = [Kind::Leads, Kind::Orders, Kind::Calls, Kind::Costs, Kind::Profiles];

impl Lake {
    /// Copies every table that has changed in the store since its last copy.
    pub async fn copy_entities(&self) -> Result<(), LakeError> {
        let versions = self.inner.store.entity_versions().await?;
        for kind in KINDS {
            self.inner.copy_if_changed(kind, &versions).await?;
        }
        Ok(())
    }

    /// Copies tables now and then, large ones less often, until `stop` turns true.
    pub(crate) async fn copy_entities_until(self, mut stop: watch::Receiver<bool>) {
        let mut last: [Option<(Instant, Duration)>; KINDS.len()] = [None; KINDS.len()];
        while !crate::follow::is_stopped(&mut stop) {
            // The store may be away for a while: the next look asks again.
            let versions = self.inner.store.entity_versions().await;
            for (kind, last) in KINDS.into_iter().zip(&mut last) {
                let Ok(versions) = &versions else { break };
                let (every, rest) = match kind {
                    Kind::Profiles => (self.inner.options.profiles_every, PROFILES_REST),
                    _ => (self.inner.options.entities_every, REST),
                };
                if last.is_some_and(|(ended, took)| ended.elapsed() < every.max(took * rest)) {
                    continue;
                }
                let began = Instant::now();
                match self.inner.copy_if_changed(kind, versions).await {
                    Ok(false) => {}
                    Ok(true) => *last = Some((Instant::now(), began.elapsed())),
                    Err(error) => {
                        tracing::warn!(%error, table = kind.table().name, "a table of the lake is behind");
                        *last = Some((Instant::now(), began.elapsed()));
                    }
                }
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

impl Inner {
    /// Rewrites one table if the store has a newer version of it. Returns whether it did.
    async fn copy_if_changed(&self, kind: Kind, versions: &EntityVersions) -> Result<bool, LakeError> {
        let version = match kind {
            Kind::Leads => versions.leads,
            Kind::Orders => versions.orders,
            Kind::Calls => versions.calls,
            Kind::Costs => versions.costs,
            Kind::Profiles => versions.profiles,
        };
        if self.state().marks.get(kind.mark()).copied().unwrap_or(0) == version {
            return Ok(false);
        }
        let files = self.write_copy(kind).await?;
        crash_point!("lake_entities_written");
        let work = self.work.lock().await;
        let table = kind.table();
        let ended = self.state().tables.get(table.name).map_or_else(Vec::new, |held| held.files.to_vec());
        let part = TableChange { added: files, ended, ..TableChange::new(table) };
        let committed = match self.commit(Change { tables: vec![part], marks: vec![(kind.mark(), version)] }).await {
            Err(LakeError::Overtaken) => {
                drop(work);
                self.start_over().await?;
                return Ok(false);
            }
            done => done?,
        };
        let mut state = self.state();
        state.snapshot_id = committed.snapshot_id;
        state.marks.insert(kind.mark().to_owned(), version);
        let files = committed.tables.into_iter().flat_map(|table| table.added).map(|(_, file)| file).collect();
        state.set_table(table, files);
        Ok(true)
    }

    async fn write_copy(&self, kind: Kind) -> Result<Vec<WrittenFile>, LakeError> {
        let mut files = Vec::new();
        let written = self.write_pages(kind, &mut files).await.and_then(|()| sync_folders(files.iter()));
        match written {
            Ok(()) => Ok(files),
            Err(error) => {
                discard(files.iter());
                Err(error)
            }
        }
    }

    async fn write_pages(&self, kind: Kind, files: &mut Vec<WrittenFile>) -> Result<(), LakeError> {
        let table = kind.table();
        let mut pages = Pages::new(kind);
        let mut writer: Option<(FileWriter, usize)> = None;
        while let Some(batch) = pages.next(&self.store).await? {
            let (mut file, rows) = match writer.take() {
                Some(open) => open,
                None => (FileWriter::create(&self.data_dir, table, None, &self.catalogue.ids(table.name).column_ids)?, 0),
            };
            let rows = rows + batch.num_rows();
            file = threads::blocking(move || file.write(&batch).map(|()| file)).await?;
            if rows < FILE_ROWS_MAX {
                writer = Some((file, rows));
            } else {
                files.push(threads::blocking(move || file.finish()).await?);
            }
        }
        if let Some((file, _)) = writer {
            files.push(threads::blocking(move || file.finish()).await?);
        }
        Ok(())
    }
}

impl Kind {
    fn table(self) -> &'static Table {
        match self {
            Self::Leads => &LEADS,
            Self::Orders => &ORDERS,
            Self::Calls => &CALLS,
            Self::Costs => &AD_COSTS,
            Self::Profiles => &PROFILES,
        }
    }

    /// What the catalogue calls the version of the copy.
    fn mark(self) -> &'static str {
        match self {
            Self::Leads => "leads_version",
            Self::Orders => "orders_version",
            Self::Calls => "calls_version",
            Self::Costs => "ad_costs_version",
            Self::Profiles => "profiles_version",
        }
    }
}

/// Reads a table of the store page by page, in the order of its key.
struct Pages {
    kind: Kind,
    after: String,
    after_id: i64,
    is_done: bool,
}

impl Pages {
    fn new(kind: Kind) -> Self {
        Self { kind, after: String::new(), after_id: -1, is_done: false }
    }

    async fn next(&mut self, store: &Store) -> Result<Option<RecordBatch>, LakeError> {
        if self.is_done {
            return Ok(None);
        }
        let batch = match self.kind {
            Kind::Leads => {
                let rows = store.leads_page(&self.after, PAGE_ROWS).await?;
                self.after = rows.last().map(|row| row.entity.lead_id.clone()).unwrap_or_default();
                leads(&rows)?
            }
            Kind::Orders => {
                let rows = store.orders_page(&self.after, PAGE_ROWS).await?;
                self.after = rows.last().map(|row| row.entity.order_id.clone()).unwrap_or_default();
                orders(&rows)?
            }
            Kind::Calls => {
                let rows = store.calls_page(&self.after, PAGE_ROWS).await?;
                self.after = rows.last().map(|row| row.entity.call_id.clone()).unwrap_or_default();
                calls(&rows)?
            }
            Kind::Costs => {
                let rows = store.costs_page(&self.after, PAGE_ROWS).await?;
                self.after = rows.last().map(AdCost::key).unwrap_or_default();
                costs(&rows)?
            }
            Kind::Profiles => {
                let rows = store.profiles_page(self.after_id, PAGE_ROWS).await?;
                self.after_id = rows.last().map_or(i64::MAX, |(summary, _)| summary.profile_id.0);
                profiles(&rows)?
            }
        };
        self.is_done = batch.num_rows() < PAGE_ROWS as usize;
        Ok((batch.num_rows() != 0).then_some(batch))
    }
}

fn text<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> &'a str) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(rows.iter().map(of)))
}

fn maybe_text<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> &'a Option<String>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| of(row).as_deref()).collect::<StringViewArray>())
}

fn time<T>(rows: &[T], of: impl Fn(&T) -> i64) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(of)).with_timezone("UTC"))
}

fn long<T>(rows: &[T], of: impl Fn(&T) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.iter().map(of)))
}

fn real<T>(rows: &[T], of: impl Fn(&T) -> Option<f64>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<Float64Array>())
}

fn profile<T>(rows: &[Of<T>]) -> ArrayRef {
    long(rows, |row| {
        let ProfileId(id) = row.profile_id;
        id
    })
}

/// model, dealer, region, channel, utm_source, campaign.
fn dimensions<T>(rows: &[Of<T>], of: impl Fn(&T) -> &Dimensions) -> [ArrayRef; 6] {
    let column = |pick: fn(&Dimensions) -> &Option<String>| maybe_text(rows, |row| pick(of(&row.entity)));
    [
        column(|all| &all.model),
        column(|all| &all.dealer),
        column(|all| &all.region),
        column(|all| &all.channel),
        column(|all| &all.utm_source),
        column(|all| &all.campaign),
    ]
}

fn leads(rows: &[Of<Lead>]) -> Result<RecordBatch, ArrowError> {
    let mut columns = vec![
        text(rows, |row| &row.entity.lead_id),
        profile(rows),
        time(rows, |row| row.entity.created_us),
        time(rows, |row| row.entity.updated_us),
        text(rows, |row| &row.entity.stage),
        time(rows, |row| row.entity.stage_us),
    ];
    columns.extend(dimensions(rows, |lead| &lead.dimensions));
    columns.push(real(rows, |row| row.entity.value));
    RecordBatch::try_new(LEADS.schema(), columns)
}

fn orders(rows: &[Of<Order>]) -> Result<RecordBatch, ArrowError> {
    let mut columns = vec![
        text(rows, |row| &row.entity.order_id),
        profile(rows),
        time(rows, |row| row.entity.at_us),
        text(rows, |row| &row.entity.status),
        real(rows, |row| row.entity.revenue),
        maybe_text(rows, |row| &row.entity.currency),
        maybe_text(rows, |row| &row.entity.lead_id),
    ];
    columns.extend(dimensions(rows, |order| &order.dimensions));
    RecordBatch::try_new(ORDERS.schema(), columns)
}

fn calls(rows: &[Of<Call>]) -> Result<RecordBatch, ArrowError> {
    let mut columns = vec![
        text(rows, |row| &row.entity.call_id),
        profile(rows),
        time(rows, |row| row.entity.at_us),
        maybe_text(rows, |row| &row.entity.direction),
        real(rows, |row| row.entity.duration_s),
        maybe_text(rows, |row| &row.entity.result),
        maybe_text(rows, |row| &row.entity.agent),
    ];
    columns.extend(dimensions(rows, |call| &call.dimensions));
    RecordBatch::try_new(CALLS.schema(), columns)
}

fn costs(rows: &[AdCost]) -> Result<RecordBatch, ArrowError> {
    // The border has refused what is no day.
    let days = rows.iter().map(|row| day(parse_us(&row.day).unwrap_or_default()));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from_iter_values(days)),
        text(rows, |row| &row.channel),
        text(rows, |row| &row.utm_source),
        text(rows, |row| &row.campaign),
        text(rows, |row| &row.region),
        real(rows, |row| Some(row.cost)),
        long(rows, |row| row.impressions),
        long(rows, |row| row.clicks),
        text(rows, |row| &row.currency),
    ];
    RecordBatch::try_new(AD_COSTS.schema(), columns)
}

fn profiles(rows: &[(ProfileSummary, FragmentState)]) -> Result<RecordBatch, ArrowError> {
    let traits: Vec<Option<String>> = rows.iter().map(|(_, state)| traits_json(state)).collect();
    let columns: Vec<ArrayRef> = vec![
        long(rows, |(profile, _)| profile.profile_id.0),
        time(rows, |(profile, _)| profile.first_us),
        time(rows, |(profile, _)| profile.last_us),
        long(rows, |(profile, _)| profile.events as i64),
        maybe_text(rows, |(profile, _)| &profile.name),
        maybe_text(rows, |(profile, _)| &profile.email),
        maybe_text(rows, |(profile, _)| &profile.phone),
        maybe_text(rows, |(profile, _)| &profile.channel),
        maybe_text(rows, |(profile, _)| &profile.region),
        maybe_text(rows, |(profile, _)| &profile.dealer),
        maybe_text(&traits, |traits| traits),
    ];
    RecordBatch::try_new(PROFILES.schema(), columns)
}

/// The traits as one JSON object of name and value.
fn traits_json(state: &FragmentState) -> Option<String> {
    if state.traits.is_empty() {
        return None;
    }
    let object: serde_json::Map<_, _> = state.traits.iter().map(|(name, held)| (name.clone(), held.value.clone())).collect();
    Some(serde_json::Value::Object(object).to_string())
}
