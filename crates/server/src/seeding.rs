//! Fills a demonstration: the dealer group's history, then its present, through the same log as real input.

use std::collections::BTreeMap;

use anyhow::Context as _;
use bytes::Bytes;
use forecourt_collect::{Collector, Item as Collected, Source as CollectedSource};
use forecourt_demo::{Item, Plan, Source};
use forecourt_log::{Entry, Log};
use forecourt_model::{
    Origin, RecordKind, Stamp,
    conversion::{Conversion, ConversionKind},
    entity::AdCost,
    time::{DAY_US, SECOND_US, parse_us},
};
use forecourt_store::control::{Control, JobState};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    time::{Duration, sleep},
};

use crate::{clock::now_us, demo_form, demo_leads, demo_messages};

/// Items appended at once.
const BLOCK: usize = 2_000;
/// The fold may be this far behind before the next block: real input must not wait behind the history.
const BEHIND_MAX: u64 = 5 * BLOCK as u64;
/// Between two looks at what happened meanwhile.
const TRICKLE_EVERY: Duration = Duration::from_secs(1);
/// What is told first.
const RECENT_DAYS: i64 = 62;
const PROGRESS_EVERY_US: i64 = SECOND_US;
/// After the log refused (a full disk).
const AFTER_REFUSAL: Duration = Duration::from_secs(2);

const CONVERSIONS: [(&str, ConversionKind, &str); 5] = [
    ("Car viewed", ConversionKind::Micro, "car_viewed"),
    ("Configurator opened", ConversionKind::Micro, "configurator_opened"),
    ("Brochure downloaded", ConversionKind::Micro, "brochure_downloaded"),
    ("Test drive", ConversionKind::Macro, "test_drive_done"),
    ("Contract", ConversionKind::Macro, "contract_signed"),
];

const SETTING: &str = "demo";
/// Stands as the source of advertising costs, which come from no system of the group's.
const COST_SOURCE: &str = "advertising";

/// What a demonstration was begun with, and how far its history is in the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Begun {
    seed: u64,
    profiles: u32,
    months: u32,
    end_us: i64,
    /// Items of the history that are in the log.
    told: u64,
    done: bool,
}

impl Begun {
    fn plan(&self) -> Plan {
        Plan { seed: self.seed, profiles: self.profiles, months: self.months, end_us: self.end_us }
    }
}

/// What seeding works with.
#[derive(Clone)]
pub struct Seeding {
    pub control: Control,
    pub log: Log,
    pub collector: Collector,
    pub folded: watch::Receiver<u64>,
    pub sources_changed: watch::Sender<()>,
}

/// How large a new demonstration is; one that was begun keeps its size.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub profiles: u32,
    pub months: u32,
}

impl Seeding {
    /// Tells the history, or what is missing of it, and the present beside it, until `stop` is true.
    pub async fn run(self, size: Size, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let begun = self.begin(size).await?;
        let sources = self.sources().await?;
        self.conversions().await?;
        let plan = begun.plan();
        let live = tokio::spawn(self.clone().trickle(plan, sources.clone(), stop.clone()));
        if !begun.done {
            self.history(begun, &sources, stop).await?;
        }
        live.await?
    }

    async fn begin(&self, size: Size) -> anyhow::Result<Begun> {
        if let Some(begun) = self.control.setting::<Begun>(SETTING).await? {
            return Ok(begun);
        }
        let seed = Plan::default().seed;
        let begun = Begun { seed, profiles: size.profiles, months: size.months, end_us: now_us(), told: 0, done: false };
        self.control.put_setting(SETTING, &begun).await?;
        demo_leads::show(&self.log, seed, now_us()).await?;
        demo_form::show(&self.log, &self.collector, now_us()).await?;
        Ok(begun)
    }

    /// The group's systems as sources, made where they are missing.
    async fn sources(&self) -> anyhow::Result<BTreeMap<Source, CollectedSource>> {
        let mut known = self.control.sources().await?;
        for source in Source::ALL {
            if !known.iter().any(|held| held.name == source.as_str()) {
                known.push(self.control.add_source(source.as_str(), "segment", now_us()).await?);
            }
        }
        let _ = self.sources_changed.send(());
        let of = |source: Source| {
            let held = known.iter().find(|held| held.name == source.as_str()).context("a source that was just made")?;
            Ok((
                source,
                CollectedSource { id: held.id.clone(), name: held.name.clone(), enabled: held.enabled, ..CollectedSource::default() },
            ))
        };
        Source::ALL.into_iter().map(of).collect()
    }

    /// What the group counts as steps towards a sale, at the first start.
    async fn conversions(&self) -> anyhow::Result<()> {
        if !self.control.conversions().await?.is_empty() {
            return Ok(());
        }
        for (name, kind, event) in CONVERSIONS {
            let conversion =
                Conversion { id: event.to_owned(), name: name.to_owned(), kind, event: event.to_owned(), condition: None, value: None };
            self.control.add_conversion(conversion, now_us()).await?;
        }
        Ok(())
    }

    async fn history(
        &self,
        mut begun: Begun,
        sources: &BTreeMap<Source, CollectedSource>,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let plan = begun.plan();
        let counting = plan.clone();
        let items = tokio::task::spawn_blocking(move || forecourt_demo::history(&counting).count() as u64).await?;
        let job = self.control.start_job("demo_seed", "An invented dealer group's history", items, "events", now_us()).await?;
        let mut blocks = told_ahead(plan, begun.told);
        let mut noted_us = 0;
        while let Some(block) = blocks.recv().await {
            if *stop.borrow() {
                return Ok(());
            }
            let count = block.len() as u64;
            self.append_history(block, sources, &mut stop).await?;
            begun.told += count;
            if noted_us + PROGRESS_EVERY_US < now_us() {
                noted_us = now_us();
                self.control.note_progress(&job, begun.told, items, noted_us).await?;
                self.control.put_setting(SETTING, &begun).await?;
            }
        }
        // Once there is somebody to count; before it is noted as done, so that a stop in between leaves nothing out.
        demo_messages::show(&self.log, now_us()).await?;
        begun.done = true;
        self.control.put_setting(SETTING, &begun).await?;
        self.control.note_progress(&job, items, items, now_us()).await?;
        self.control.end_job(&job, JobState::Done, Some(&format!("{} events and costs", begun.told)), now_us()).await?;
        Ok(())
    }

    /// Appends a block as it is, in order, once the fold keeps up.
    async fn append_history(
        &self,
        block: Vec<Item>,
        sources: &BTreeMap<Source, CollectedSource>,
        stop: &mut watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let entries: Vec<Entry> = block.into_iter().map(|item| history_entry(item, sources, now_us())).collect::<Result<_, _>>()?;
        let mut folded = self.folded.clone();
        let kept_up = folded.wait_for(|folded| self.log.end_offset().saturating_sub(*folded) <= BEHIND_MAX);
        tokio::select! {
            kept_up = kept_up => drop(kept_up?),
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
        while let Err(error) = self.log.append(now_us(), entries.clone()).await {
            anyhow::ensure!(error.is_retryable(), error);
            tracing::warn!(%error, "the history waits");
            tokio::select! {
                () = sleep(AFTER_REFUSAL) => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
        Ok(())
    }

    /// The present, as it happens.
    async fn trickle(self, plan: Plan, sources: BTreeMap<Source, CollectedSource>, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let mut live = tokio::task::spawn_blocking(move || forecourt_demo::live(&plan, now_us())).await?;
        loop {
            for item in live.until(now_us()) {
                self.accept(item, &sources).await;
            }
            tokio::select! {
                () = sleep(TRICKLE_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }

    async fn accept(&self, item: Item, sources: &BTreeMap<Source, CollectedSource>) {
        let taken = match item {
            Item::Event { source, json, .. } => match sources.get(&source) {
                Some(source) => {
                    let items = vec![Collected::from(Bytes::from(json))];
                    self.collector.accept(source, Origin::Live, items, None, "").await.map(drop).map_err(|error| error.to_string())
                }
                None => Ok(()),
            },
            Item::AdCost(cost) => match cost_entry(&cost, now_us()) {
                Ok(entry) => self.log.append(now_us(), vec![entry]).await.map(drop).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            },
        };
        if let Err(error) = taken {
            tracing::warn!(error, "an invented event was not taken in");
        }
    }
}

/// Plays the history on a thread of its own, a few blocks ahead.
fn told_ahead(plan: Plan, skip: u64) -> mpsc::Receiver<Vec<Item>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        // The last weeks first: they are what the first page shows.
        let recent_us = plan.end_us - RECENT_DAYS * DAY_US;
        let is_recent = move |item: &Item| recent_us <= at_us(item);
        let older = forecourt_demo::history(&plan).filter(move |item| !is_recent(item));
        let mut items = forecourt_demo::history(&plan).filter(is_recent).chain(older).skip(skip as usize);
        loop {
            let block: Vec<Item> = items.by_ref().take(BLOCK).collect();
            if block.is_empty() || sender.blocking_send(block).is_err() {
                return;
            }
        }
    });
    receiver
}

fn at_us(item: &Item) -> i64 {
    match item {
        Item::Event { at_us, .. } => *at_us,
        Item::AdCost(cost) => parse_us(&cost.day).unwrap_or(0),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    message_id: String,
}

fn history_entry(item: Item, sources: &BTreeMap<Source, CollectedSource>, now_us: i64) -> anyhow::Result<Entry> {
    match item {
        Item::AdCost(cost) => cost_entry(&cost, now_us),
        Item::Event { source, json, .. } => {
            let named: Named = serde_json::from_str(&json).context("an item without a message id")?;
            let source = sources.get(&source).context("an item of an unknown system")?;
            let body = stamp(&source.id, &named.message_id, now_us).encode(json.as_bytes());
            Ok(Entry { kind: RecordKind::Event as u8, body: body.into() })
        }
    }
}

fn cost_entry(cost: &AdCost, now_us: i64) -> anyhow::Result<Entry> {
    let body = stamp(COST_SOURCE, &cost.key(), now_us).encode(&serde_json::to_vec(cost)?);
    Ok(Entry { kind: RecordKind::AdCost as u8, body: body.into() })
}

fn stamp<'a>(source: &'a str, message_id: &'a str, now_us: i64) -> Stamp<'a> {
    Stamp {
        origin: Origin::History,
        received_us: now_us,
        sent_us: None,
        source: source.into(),
        message_id: message_id.into(),
        ip: "".into(),
    }
}
