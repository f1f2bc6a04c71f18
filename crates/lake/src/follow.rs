//! Behind the fold: its blocks, joined with the log by offset, become rows in memory.

use std::{
    iter::Peekable,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::array::RecordBatch;
use forecourt_log::{Reader, Record};
use forecourt_model::{Block, ChannelRules, Event, EventAttribution, EventRow, HandedOver, RecordKind, Stamp, Touch, block::TouchOf};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use crate::{Inner, Lake, LakeError, event_columns::EventColumns, relocate, threads};

/// Bytes of blocks taken in at a time.
const BLOCK_BYTES: usize = 2 << 20;
/// Records read from the log at a time.
const READ_RECORDS: usize = 10_000;
const READ_BYTES: usize = 8 << 20;
/// Fewer records are not worth a thread.
const SHARE_RECORDS_MIN: usize = 1_000;
/// Merges are looked for in files at most this often, and never so often that it takes more than a tenth of the time.
const RELOCATE_EVERY: Duration = Duration::from_secs(2);
/// A flush may come due while nothing new is folded.
const PAUSE: Duration = Duration::from_millis(500);
/// After a refusal that may pass: a full disk, a database that is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Fewer rows than this wait ten times as long for their flush.
const HANDFUL_ROWS: usize = 4_096;

impl Lake {
    /// Follows the fold until `stop` turns true, then writes what is in memory to files.
    ///
    /// * `folded`: the fold's offset; each change wakes the writer.
    ///
    /// What may pass (a full disk, a database that is away) is tried again; the error that ends it is for an operator.
    pub async fn run(self, mut folded: watch::Receiver<u64>, mut stop: watch::Receiver<bool>) -> Result<(), LakeError> {
        // They end with this function, however that ends.
        let mut beside = JoinSet::new();
        beside.spawn(self.clone().compact_until(stop.clone()));
        beside.spawn(self.clone().copy_entities_until(stop.clone()));
        let mut relocated = None;
        while !is_stopped(&mut stop) {
            if let Some(ended) = beside.try_join_next() {
                unharmed(ended)?;
            }
            let pause = match self.inner.turn(&mut relocated).await {
                Ok(true) => continue,
                Ok(false) => PAUSE,
                Err(LakeError::Overtaken) => {
                    self.inner.start_over().await?;
                    continue;
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(%error, "the lake waits");
                    RETRY_AFTER
                }
                Err(error) => return Err(error),
            };
            wait(pause, &mut folded, &mut stop).await;
        }
        while let Some(ended) = beside.join_next().await {
            unharmed(ended)?;
        }
        match self.flush().await {
            Err(LakeError::Overtaken) => {
                self.inner.start_over().await?;
                self.flush().await.map(|_| ())
            }
            done => done.map(|_| ()),
        }
    }
}

/// A panic of what works beside goes on here, where somebody sees it.
fn unharmed(ended: Result<(), JoinError>) -> Result<(), LakeError> {
    ended.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => LakeError::Stopped(error.to_string()),
    })
}

/// Waits for the fold, but no longer than `pause`; for `stop` at once.
async fn wait(pause: Duration, folded: &mut watch::Receiver<u64>, stop: &mut watch::Receiver<bool>) {
    let folded_or_pause = async {
        if folded.changed().await.is_err() {
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = folded_or_pause => {}
        _ = stop.changed() => {}
        () = tokio::time::sleep(pause) => {}
    }
}

/// Whether somebody said stop, or whoever could say it is gone.
pub(crate) fn is_stopped(stop: &mut watch::Receiver<bool>) -> bool {
    *stop.borrow_and_update() || stop.has_changed().is_err()
}

impl Inner {
    /// One turn of the writer. Returns whether there is more to take in at once.
    ///
    /// * `relocated`: when merges were last looked for in files, and how long that took.
    async fn turn(&self, relocated: &mut Option<(Instant, Duration)>) -> Result<bool, LakeError> {
        let _work = self.work.lock().await;
        let more = self.follow().await?;
        if relocated.is_none_or(|(at, took)| RELOCATE_EVERY.max(took * 10) <= at.elapsed()) {
            let began = Instant::now();
            relocate::apply(self).await?;
            *relocated = Some((began, began.elapsed()));
        }
        if self.is_full() || self.is_time_to_flush() {
            self.flush().await?;
        }
        Ok(more)
    }

    fn is_full(&self) -> bool {
        let state = self.state();
        self.options.flush_rows <= state.tail.rows() || self.options.flush_bytes <= state.tail.bytes()
    }

    fn is_time_to_flush(&self) -> bool {
        let state = self.state();
        let waits = state.oldest_us.map_or(0, |oldest_us| self.now_us().saturating_sub(oldest_us));
        let patience = self.options.flush_after * if state.tail.rows() < HANDFUL_ROWS { 10 } else { 1 };
        patience.as_micros() as i64 <= waits
    }

    /// Takes in the next blocks, flushing where they fill the memory. Returns whether there may be more. Needs the work lock.
    async fn follow(&self) -> Result<bool, LakeError> {
        let from = self.state().offset;
        let blocks = self.store.blocks(from, BLOCK_BYTES).await?;
        let more = !blocks.is_empty();
        let mut reader = None;
        for block in blocks {
            self.take_in(block, &mut reader).await?;
            if self.is_full() {
                self.flush().await?;
            }
        }
        Ok(more)
    }

    /// Takes in all that the fold has done. The caller holds the work lock.
    pub(crate) async fn follow_to_end(&self) -> Result<(), LakeError> {
        while self.follow().await? {}
        Ok(())
    }

    async fn join_from_log(&self, block: &Arc<Block>, reader: &mut Option<Reader>) -> Result<Joined, LakeError> {
        let mut log = match reader.take() {
            Some(reader) if reader.offset() == block.first_offset => reader,
            _ => self.log.reader(block.first_offset)?,
        };
        let (region, threads, block) = (self.options.region.clone(), self.options.threads, block.clone());
        let (joined, log) = threads::blocking(move || join(&block, &mut log, &region, threads).map(|joined| (joined, log))).await?;
        *reader = Some(log);
        Ok(joined)
    }

    async fn take_in(&self, block: Block, reader: &mut Option<Reader>) -> Result<(), LakeError> {
        let from = self.state().offset;
        if from < block.first_offset {
            return Err(LakeError::Gap { needed: from, found: block.first_offset });
        }
        let block = Arc::new(block);
        let joined = match self.handover.take(block.first_offset, block.end_offset) {
            Some(given) => {
                let (threads, joining) = (self.options.threads, block.clone());
                threads::blocking(move || join_given(&joining, given, threads)).await?
            }
            None => self.join_from_log(&block, reader).await?,
        };

        let derived = derived(&block)?;
        let mut state = self.state();
        for batch in joined.rows.into_iter().chain(derived) {
            state.tail.push(batch);
        }
        for moved in &block.moves {
            state.tail.note(moved);
            if moved.first_offset < state.flushed {
                state.file_moves.push(*moved);
            }
        }
        state.oldest_us = state.oldest_us.or(Some(self.now_us()));
        state.offset = block.end_offset;
        state.as_of_us = joined.at_us.unwrap_or(state.as_of_us);
        state.changed();
        Ok(())
    }
}

/// A block's rows.
#[derive(Default)]
struct Joined {
    rows: Vec<RecordBatch>,
    /// Log time of its last record.
    at_us: Option<i64>,
}

/// Reads the block's range of the log and makes a row of each event that the fold attributed.
fn join(block: &Block, log: &mut Reader, region: &str, threads: usize) -> Result<Joined, LakeError> {
    let mut joined = Joined::default();
    let mut attributions = block.events.iter().peekable();
    while log.offset() < block.end_offset {
        let wanted = usize::try_from(block.end_offset - log.offset()).unwrap_or(usize::MAX);
        let records = log.next_batch(READ_RECORDS.min(wanted), READ_BYTES)?;
        let Some(last) = records.last() else { break };
        joined.at_us = Some(last.at_us);
        let pairs = pairs(records.iter().map(|record| (record.offset, record)), &mut attributions);
        joined.add(pairs, threads, |columns, record, attribution| {
            if let Some(event) = event(record, region) {
                push(columns, &event, attribution, block);
            }
        })?;
    }
    let rows: usize = joined.rows.iter().map(RecordBatch::num_rows).sum();
    if rows < block.events.len() {
        // The log tells its own damage; what is lost there cannot be had here.
        let missing = block.events.len() - rows;
        tracing::error!(missing, from = block.first_offset, to = block.end_offset, "events of the fold are not in the log any more");
    }
    Ok(joined)
}

/// [`join`] with the events that the fold has read.
fn join_given(block: &Block, given: HandedOver, threads: usize) -> Result<Joined, LakeError> {
    let mut joined = Joined { at_us: Some(given.at_us), ..Joined::default() };
    let pairs = pairs(given.events.iter().map(|(offset, event)| (*offset, event)), &mut block.events.iter().peekable());
    joined.add(pairs, threads, |columns, event, attribution| push(columns, event, attribution, block))?;
    Ok(joined)
}

/// Rows of what the fold concluded; the log has none of it.
fn derived(block: &Block) -> Result<Option<RecordBatch>, LakeError> {
    if block.derived.is_empty() {
        return Ok(None);
    }
    let mut columns = EventColumns::with_capacity(block.derived.len());
    for derived in &block.derived {
        columns.push(&EventRow::derived(derived, &derived.message_id()));
    }
    Ok(Some(columns.finish()?))
}

/// What the log has and the fold attributed, both by rising offset.
fn pairs<'a, T>(
    told: impl Iterator<Item = (u64, T)>,
    attributions: &mut Peekable<impl Iterator<Item = &'a EventAttribution>>,
) -> Vec<(T, &'a EventAttribution)> {
    let mut pairs = Vec::with_capacity(told.size_hint().0);
    for (offset, one) in told {
        while attributions.next_if(|attribution| attribution.offset < offset).is_some() {}
        pairs.extend(attributions.next_if(|attribution| attribution.offset == offset).map(|attribution| (one, attribution)));
    }
    pairs
}

impl Joined {
    /// Makes a row of each pair, on up to `threads` threads.
    fn add<T: Copy + Send + Sync>(
        &mut self,
        pairs: Vec<(T, &EventAttribution)>,
        threads: usize,
        push: impl Fn(&mut EventColumns, T, &EventAttribution) + Sync,
    ) -> Result<(), LakeError> {
        let share = pairs.len().div_ceil(threads.max(1)).max(SHARE_RECORDS_MIN);
        let (batches, done) = threads::each(threads, pairs.chunks(share).collect(), |pairs| {
            let mut columns = EventColumns::with_capacity(pairs.len());
            pairs.iter().for_each(|(one, attribution)| push(&mut columns, *one, attribution));
            Ok(columns.finish()?)
        });
        done?;
        self.rows.extend(batches);
        Ok(())
    }
}

fn event(record: &Record, region: &str) -> Option<Event> {
    if RecordKind::from_u8(record.kind) != Some(RecordKind::Event) {
        return None;
    }
    let (stamp, raw) = Stamp::decode(&record.body).ok()?;
    Event::parse(raw, &stamp, region).ok()
}

fn push(columns: &mut EventColumns, event: &Event, attribution: &EventAttribution, block: &Block) {
    let own: Option<Touch> = match attribution.touch {
        TouchOf::Own(channel) => event.marks.as_ref().map(|marks| match block.channels.get(usize::from(channel)) {
            Some(channel) => Touch::of_channel(marks, channel.clone(), event.ts_us),
            None => Touch::new(marks, ChannelRules::built_in(), event.ts_us),
        }),
        _ => None,
    };
    let touch = match attribution.touch {
        TouchOf::Earlier(at) => block.touches.get(at as usize),
        _ => own.as_ref(),
    };
    columns.push(&EventRow::new(event, attribution, touch));
}
