//! The fold: the one writer of everything that is true now.
//!
//! It reads the log batch by batch and folds each batch in one transaction, the offset with it. Its clock is the log
//! record's time; it knows no other, and no chance: the same log gives the same state, whatever the batches.

mod batch;
mod broadcast;
mod channel;
mod command;
mod component;
mod consent;
mod definition;
mod entity;
mod erase;
mod forecast;
mod identity;
mod journey;
mod lead;
mod load;
mod message;
mod outbox;
mod pending;
mod person;
mod profile;
mod replay;
mod run;
mod save;
mod seen;
mod segment;
mod state;
mod suppress;

use std::sync::Arc;

use forecourt_model::{
    Block, ChannelRules, EventNames, HashKey, IdentitySettings, Origin,
    identity::Blocked,
    lead::{Loads, Operators},
};
use forecourt_store::{FoldTx, Store, StoreError};

pub use batch::{Batch, Content, Record};
pub use forecast::{Example, Forecast, forecast};
pub use replay::{ReplayError, replay};
pub use run::{Progress, RunError, run};

use crate::{
    definition::Messaging, outbox::RecentSms, pending::Pending, seen::Seen, segment::Registry, state::State, suppress::Suppression,
};

/// What the fold is told by the administrator.
#[derive(Debug, Clone)]
pub struct Settings {
    pub hash_key: HashKey,
    /// Country (`RU`, `UA`, …) whose notation a phone without a country code is in.
    pub region: String,
    /// Above this many events in a day a fragment is a machine's, and only counted.
    pub machine_events_a_day: u32,
    /// How many message keys are remembered at most; the oldest days give way.
    pub seen_keys_max: u64,
    /// Changed fragments that wait in memory at most while much comes in; about 250 bytes each, and a quarter as many pieces of evidence and words of names beside them.
    pub waiting_fragments_max: usize,
}

impl Settings {
    pub fn new(hash_key: HashKey) -> Self {
        Self { hash_key, region: "RU".to_owned(), machine_events_a_day: 20_000, seen_keys_max: 50_000_000, waiting_fragments_max: 300_000 }
    }
}

pub struct Fold {
    settings: Settings,
    store: Store,
    /// Absent after a batch that failed: what memory took for saved was not, so it is read again.
    memory: Option<Memory>,
}

/// What the fold keeps in memory between batches. All of it can be read back from the store.
struct Memory {
    seen: Seen,
    pending: Pending,
    known_edges: identity::KnownEdges,
    recent_sms: RecentSms,
    event_names: EventNames,
    definitions: Definitions,
    suppression: Suppression,
    loads: Loads,
    operators: Operators,
}

/// What people configured and every event is folded by.
#[derive(Clone)]
struct Definitions {
    rules: Arc<ChannelRules>,
    identity: Arc<IdentitySettings>,
    /// The settings' blocked values, made ready.
    blocked: Arc<Blocked>,
    segments: Arc<Registry>,
    messaging: Arc<Messaging>,
    journeys: Arc<journey::Registry>,
    desk: Arc<lead::Desk>,
}

impl Memory {
    async fn read(store: &Store, settings: &Settings) -> Result<Self, StoreError> {
        store.settle_fragments().await?;
        let seen = Seen::open(store, settings.seen_keys_max).await?;
        let recent_sms = RecentSms::open(store).await?;
        let (known_edges, event_names) = (identity::KnownEdges::default(), EventNames::default());
        let (rules, identity) = (store.channel_rules().await?, store.identity_settings().await?);
        let segments = Arc::new(Registry::of(store.segments().await?));
        let messaging = Arc::new(Messaging::read(&mut store.begin().await?).await?);
        let journeys = Arc::new(journey::Registry::read(&mut store.begin().await?).await?);
        let desk = Arc::new(lead::Desk::read(&mut store.begin().await?).await?);
        let definitions = Definitions { rules, blocked: Arc::new(Blocked::of(&identity)), identity, segments, messaging, journeys, desk };
        let loads = store.begin().await?.loads().await?;
        let operators = store.begin().await?.operators().await?;
        let suppression = Suppression::open(&mut store.begin().await?).await?;
        let pending = Pending::new(settings.waiting_fragments_max, store.folded_offset().await?);
        Ok(Self { seen, pending, known_edges, recent_sms, event_names, definitions, suppression, loads, operators })
    }
}

/// What became of a batch.
#[derive(Debug, Clone)]
pub struct Folded {
    pub block: Arc<Block>,
    /// Offsets of messages that had been seen before.
    pub duplicates: Vec<u64>,
    /// Whether there is more to send, or a switch over sending was thrown.
    pub wakes_delivery: bool,
    /// Whether a definition changed.
    pub changes_definitions: bool,
}

impl Fold {
    pub async fn open(store: Store, settings: Settings) -> Result<Self, StoreError> {
        let memory = Some(Memory::read(&store, &settings).await?);
        Ok(Self { settings, store, memory })
    }

    /// Folds a batch into the store in one transaction: all of it, or none.
    ///
    /// Each record is folded at its own log time, so batches of 1 and of 10,000 end in the same state.
    ///
    /// * `lake_offset`: what the lake holds in files; blocks up to there are dropped.
    pub async fn process_batch(&mut self, batch: &Batch, lake_offset: u64) -> Result<Folded, StoreError> {
        let mut memory = match self.memory.take() {
            Some(memory) => memory,
            None => Memory::read(&self.store, &self.settings).await?,
        };
        let folded = self.try_batch(&mut memory, batch, lake_offset).await?;
        self.memory = Some(memory);
        Ok(folded)
    }

    async fn try_batch(&self, memory: &mut Memory, batch: &Batch, lake_offset: u64) -> Result<Folded, StoreError> {
        let Memory { seen, pending, known_edges, recent_sms, event_names, definitions, suppression, loads, operators } = memory;
        let mut tx = self.store.begin().await?;
        if let Some(asked) = erase::asked(batch) {
            let memory = erase::InMemory { pending, known_edges, recent_sms, suppression, loads };
            let block = erase::erase(&mut tx, memory, &self.settings, asked, lake_offset).await?;
            seen.save(&mut tx, batch, &Default::default()).await?;
            fail::fail_point!("process::before_commit");
            tx.commit().await?;
            return Ok(Folded { block: Arc::new(block), duplicates: vec![], wakes_delivery: false, changes_definitions: false });
        }
        let duplicates = seen.mark(&mut tx, batch).await?;
        let mut state = load::state(&mut tx, batch, &self.settings, pending, std::mem::take(known_edges), definitions).await?;
        state.recent_sms = std::mem::take(recent_sms);
        state.event_names = std::mem::take(event_names);
        state.suppression = std::mem::take(suppression);
        state.loads = std::mem::take(loads);
        state.operators = std::mem::take(operators);
        load::event_names(&mut tx, &mut state, batch).await?;

        for record in &batch.records {
            fold(&mut tx, &mut state, record, duplicates.contains(&record.offset), pending).await?;
        }

        fail::fail_point!("process::before_save");
        seen.save(&mut tx, batch, &duplicates).await?;
        *recent_sms = std::mem::take(&mut state.recent_sms);
        *loads = std::mem::take(&mut state.loads);
        tx.save_loads(loads).await?;
        *operators = std::mem::take(&mut state.operators);
        tx.save_operators(operators).await?;
        let (wakes_delivery, changes_definitions) =
            (state.wakes_delivery(), !state.definitions.changes.is_empty() || !state.segment_changes.is_empty());
        *event_names = std::mem::take(&mut state.event_names);
        event_names.keep_small();
        let saved = save::changes(&mut tx, state, pending, batch.is_large, lake_offset).await?;
        let block = saved.block;
        (*known_edges, *definitions, *suppression) = (saved.known_edges, saved.definitions, saved.suppression);
        fail::fail_point!("process::before_commit");
        tx.commit().await?;
        fail::fail_point!("process::after_commit");
        let mut duplicates: Vec<u64> = duplicates.into_iter().collect();
        duplicates.sort_unstable();
        Ok(Folded { block: Arc::new(block), duplicates, wakes_delivery, changes_definitions })
    }

    /// Whether fragments wait to be written into their table.
    pub fn has_waiting(&self) -> bool {
        self.memory.as_ref().is_none_or(|memory| !memory.pending.is_empty())
    }

    /// Writes some of what waits: to be called while there is nothing to fold, until nothing waits.
    pub async fn write_waiting(&mut self) -> Result<(), StoreError> {
        let Some(mut memory) = self.memory.take() else { return self.settle().await };
        let mut tx = self.store.begin().await?;
        memory.pending.write_some(&mut tx).await?;
        tx.commit().await?;
        self.memory = Some(memory);
        Ok(())
    }

    /// Writes all that was only noted.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        if self.memory.as_ref().is_none_or(|memory| !memory.pending.is_empty()) {
            self.memory = None;
            self.memory = Some(Memory::read(&self.store, &self.settings).await?);
        }
        Ok(())
    }
}

/// The order is the product: each step may rely on all above it.
async fn fold(tx: &mut FoldTx, state: &mut State<'_>, record: &Record, is_duplicate: bool, pending: &Pending) -> Result<(), StoreError> {
    state.begin(record);
    match &record.content {
        Content::Event { source, day_received, .. } if is_duplicate => state.totals.add("duplicates", *day_received, source, 1, 0),
        Content::Event { event, source, day_received, .. } if suppress::drops(state, event) => {
            state.totals.add("suppressed", *day_received, source, 1, 0);
        }
        Content::Event { event, told, source, day_received, keep_key, .. } => {
            state.totals.add("accepted", *day_received, source, 1, 0);
            if event.origin == Origin::Live {
                state.count_hour(source, 1, 0);
            }
            let fragment_id = identity::resolve(state, event, *keep_key);
            if !state.unsettled.is_empty() {
                component::settle(tx, state, pending).await?;
            }
            let before = segment::before(state, fragment_id);
            let touch = profile::update(state, event, fragment_id);
            entity::tell(state, told, fragment_id, touch.as_ref());
            lead::tell_owned(state, event, told, fragment_id);
            let mut touched = segment::measure(state, event, fragment_id, touch.as_ref(), before);
            touched.consents = consent::note(tx, state, pending, event, fragment_id).await?;
            segment::update(tx, state, pending, fragment_id, &touched).await?;
            outbox::admit(state, event, fragment_id, touch.as_ref());
            message::settle(tx, state, pending, event).await?;
            lead::follow(tx, state, pending, event, told, fragment_id).await?;
            journey::follow(tx, state, pending, event, fragment_id, touch.as_ref()).await?;
        }
        Content::Refused { letter, day_received } => profile::refuse(state, letter, *day_received),
        Content::AdCost(cost) => entity::cost(state, cost),
        Content::Command(command) => command::obey(tx, state, command, pending).await?,
        Content::Erased => {}
        Content::Tick => {
            state.expire();
            state.expire_messages();
            segment::wake(tx, state, pending).await?;
            message::wake(tx, state, pending).await?;
            lead::wake(tx, state, pending).await?;
            journey::wake(tx, state, pending).await?;
        }
    }
    journey::follow_turns(tx, state, pending).await
}
