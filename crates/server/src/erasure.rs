//! What follows an erasure (decision 0018): the log, the lake, what was sent, and the bytes that databases and old files keep.
//!
//! The fold has decided, and has taken the person out of the state. What is left to do follows from what it noted, and every
//! step can be repeated: a stop in between costs time and nothing else.

mod register;
mod search;

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use forecourt_lake::{Erasing, Lake};
use forecourt_log::Entry;
use forecourt_model::{HashKey, RecordKind, command::Action};
use forecourt_store::{
    Store,
    attempts::Attempts,
    control::{Control, ErasureProgress, ErasureStep},
    erasure::Erasure,
};
use tokio::{sync::watch, time::Instant};

use crate::{
    backup::take::Copying,
    checkpoints::Checkpoints,
    clock::now_us,
    history_job::{Desk, take_up},
};
pub use register::{Register, to_repeat_after};
use search::Search;

const LOOK_EVERY: Duration = Duration::from_millis(500);
const POLL_EVERY: Duration = Duration::from_millis(200);
/// What came in of erased people since, and was dropped, is overwritten about so often.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
const SWEPT_SETTING: &str = "erasure_swept_us";
const ACTOR: &str = "erasure";

/// What the worker works on.
#[derive(Clone)]
pub struct Eraser {
    pub desk: Desk,
    pub store: Store,
    pub lake: Lake,
    pub attempts: Attempts,
    pub checkpoints: Checkpoints,
    pub copying: Copying,
    pub register: Register,
    pub hash_key: HashKey,
    /// Country whose notation a phone without a country code is in.
    pub region: String,
}

impl Eraser {
    /// Does what erasures leave to do until it is to stop.
    pub async fn run(self) {
        take_up("an erasure waits", &self.desk, || self.next()).await;
    }

    async fn next(&self) -> anyhow::Result<()> {
        self.repeat_restored().await?;
        let due = self.store.erasures_after(self.desk.control.last_finished_erasure().await?).await?;
        if !due.is_empty() {
            let told = self.finish(&due).await;
            if let Err(error) = &told {
                self.tell_trouble(&due, &format!("{error:#}")).await?;
            }
            return told;
        }
        self.sweep().await
    }

    /// Carries erasures through to their end, together: all that were decided by now.
    async fn finish(&self, due: &[Erasure]) -> anyhow::Result<()> {
        let Some(until) = due.last().map(|last| last.log_offset) else { return Ok(()) };
        self.register.add(due).context("cannot note the erasure beside the backups")?;
        let mut work = Work::take_up(&self.desk.control, due).await?;
        if work.step() <= ErasureStep::Log {
            work.begin(ErasureStep::Log).await?;
            self.checkpoint(until).await?;
            self.overwrite_log(due, until, &mut work).await?;
        }
        if work.step() <= ErasureStep::Lake {
            work.begin(ErasureStep::Lake).await?;
            self.clear_lake(due, &mut work).await?;
        }
        if work.step() <= ErasureStep::Sent {
            work.begin(ErasureStep::Sent).await?;
            self.forget_sent(due).await?;
        }
        if work.step() <= ErasureStep::Databases {
            work.begin(ErasureStep::Databases).await?;
            self.scrub().await?;
        }
        work.begin(ErasureStep::OldFiles).await?;
        self.await_old_files(&mut work).await?;
        work.end().await?;
        tracing::info!(erasures = due.len(), until, "erased people are gone from the log, the lake and the databases");
        Ok(())
    }

    /// Every replay begins behind the erasure from here on: what is before is never folded again, and may be overwritten.
    /// Earlier checkpoints hold the person, and go.
    async fn checkpoint(&self, until: u64) -> anyhow::Result<()> {
        let oldest = self.checkpoints.list(&self.store).await?.first().copied();
        if oldest.is_none_or(|oldest| oldest <= until) {
            self.checkpoints.begin_anew(&self.store).await?;
        }
        Ok(())
    }

    async fn overwrite_log(&self, due: &[Erasure], until: u64, work: &mut Work<'_>) -> anyhow::Result<()> {
        let mut search = Search::new(due, self.hash_key, &self.region);
        // Devices that several people use: only the lake knows which of their events were whose.
        search.offsets = self.lake.offsets_of(&erasing(due)).await?;
        search.dropped = self.store.suppressed_records().await?.into_iter().filter(|offset| *offset < until).collect();
        self.seal(until).await?;
        let search = self.overwrite(search, until, work).await?;
        work.found(search.found()).await?;
        self.desk.command(ACTOR, Action::ForgetSuppressed { until }).await?;
        Ok(())
    }

    /// Begins a segment behind `until`: the newest one is not overwritten.
    async fn seal(&self, until: u64) -> anyhow::Result<()> {
        self.desk.log.seal();
        let entry = Entry { kind: RecordKind::Tick as u8, body: Bytes::new() };
        let offset = self.desk.log.append(now_us(), vec![entry]).await?;
        anyhow::ensure!(until < offset, "the log ends before the erasure");
        Ok(())
    }

    async fn overwrite(&self, mut search: Search, until: u64, work: &mut Work<'_>) -> anyhow::Result<Search> {
        // A backup that is being taken copies the files as they are; one that is to begin waits.
        let _rewriting = self.copying.rewriting().await;
        let (log, stop, (progress, seen)) = (self.desk.log.clone(), self.desk.stop.clone(), watch::channel((0, 0)));
        let overwriting = tokio::task::spawn_blocking(move || {
            let told = &mut |done, total| {
                progress.send_replace((done, total));
                !*stop.borrow()
            };
            let done = log.overwrite(until, &mut |record| search.overwrites(record), told);
            done.map(|done| (done, search))
        });
        work.follow(seen).await?;
        let (done, search) = overwriting.await.context("the overwriting broke off")??;
        anyhow::ensure!(until <= done.until, "the log is not overwritten up to the erasure: trying again");
        Ok(search)
    }

    async fn clear_lake(&self, due: &[Erasure], work: &mut Work<'_>) -> anyhow::Result<()> {
        let counted = self.count_events(due).await?;
        let (lake, erasing, stop, (progress, seen)) = (self.lake.clone(), erasing(due), self.desk.stop.clone(), watch::channel((0, 0)));
        let clearing = tokio::spawn(async move {
            let told = |done, total| {
                progress.send_replace((done, total));
                !*stop.borrow()
            };
            lake.erase(&erasing, told).await
        });
        work.follow(seen).await?;
        clearing.await.context("the clearing of the lake broke off")??;
        work.gone(counted).await?;
        self.lake.copy_entities().await?;
        work.forgotten(self.lake.forget_past().await?).await
    }

    /// How many events of each erasure the lake still has.
    async fn count_events(&self, due: &[Erasure]) -> anyhow::Result<Vec<u64>> {
        let mut counts = Vec::with_capacity(due.len());
        for one in due {
            counts.push(self.lake.offsets_of(&erasing(std::slice::from_ref(one))).await?.len() as u64);
        }
        Ok(counts)
    }

    async fn forget_sent(&self, due: &[Erasure]) -> anyhow::Result<()> {
        let fragments: Vec<i64> = due.iter().flat_map(|one| one.fragments.iter().map(|id| id.0)).collect();
        self.desk.control.forget_duplicates_of(&fragments).await?;
        let ids: Vec<String> = due.iter().flat_map(|one| one.message_ids.iter().cloned()).collect();
        // One that is under way ends, and is told to the log, first.
        let mut stop = self.desk.stop.clone();
        while !self.attempts.erase(&ids).await? {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => anyhow::bail!("the server stops"),
                () = tokio::time::sleep(POLL_EVERY) => {}
            }
        }
        Ok(())
    }

    async fn scrub(&self) -> anyhow::Result<()> {
        self.store.scrub().await.context("the state cannot be written anew")?;
        self.attempts.scrub().await.context("what was sent cannot be written anew")?;
        self.lake.scrub_catalogue().await.context("the lake's catalogue cannot be written anew")
    }

    async fn await_old_files(&self, work: &mut Work<'_>) -> anyhow::Result<()> {
        let forgotten_us = match work.forgotten_us() {
            Some(forgotten_us) => forgotten_us,
            None => self.lake.forget_past().await?,
        };
        let mut stop = self.desk.stop.clone();
        while !self.lake.is_past_gone(forgotten_us).await? {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => anyhow::bail!("the server stops"),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        // What the catalogue said of those files.
        self.lake.scrub_catalogue().await.context("the lake's catalogue cannot be written anew")
    }

    /// Overwrites the records of erased people that came in since, now and then.
    async fn sweep(&self) -> anyhow::Result<()> {
        let dropped = self.store.suppressed_records().await?;
        let Some(last) = dropped.last().copied() else { return Ok(()) };
        let swept_us: Option<i64> = self.desk.control.setting(SWEPT_SETTING).await?;
        if swept_us.is_some_and(|swept_us| now_us() - swept_us < SWEEP_EVERY.as_micros() as i64) {
            return Ok(());
        }
        self.checkpoint(last).await?;
        let until = last + 1;
        self.seal(last).await?;
        let mut search = Search::new(&[], self.hash_key, &self.region);
        search.dropped = dropped.into_iter().collect();
        self.overwrite(search, until, &mut Work::unseen(&self.desk.control)).await?;
        self.desk.command(ACTOR, Action::ForgetSuppressed { until }).await?;
        Ok(self.desk.control.put_setting(SWEPT_SETTING, &now_us()).await?)
    }

    /// Repeats the erasures that a restored backup is too old to know.
    async fn repeat_restored(&self) -> anyhow::Result<()> {
        // Without a look at the tables: the backup's last records may not be folded yet. Whom they do not bring is not there to
        // be erased, and the command is refused.
        for fragment in self.register.to_repeat()? {
            self.desk.command(ACTOR, Action::EraseProfile { profile_id: fragment.into() }).await?;
        }
        self.register.repeated()
    }

    async fn tell_trouble(&self, due: &[Erasure], trouble: &str) -> anyhow::Result<()> {
        for mut progress in Work::take_up(&self.desk.control, due).await?.rows {
            progress.trouble = Some(trouble.to_owned());
            self.desk.control.note_erasure(&progress).await?;
        }
        Ok(())
    }
}

fn erasing(due: &[Erasure]) -> Erasing {
    let mut erasing = Erasing::default();
    for one in due {
        one.fragments.iter().for_each(|fragment| erasing.add(*fragment, one.log_offset));
    }
    erasing
}

/// The progress of erasures that are carried through together, kept where everybody can look at it.
struct Work<'a> {
    control: &'a Control,
    rows: Vec<ErasureProgress>,
    told: Instant,
}

impl<'a> Work<'a> {
    /// Goes on where the least advanced of them is.
    async fn take_up(control: &'a Control, due: &[Erasure]) -> anyhow::Result<Self> {
        let held = control.erasure_progress().await?;
        let row = |one: &Erasure| {
            let held = held.iter().find(|row| row.log_offset == one.log_offset).cloned();
            held.unwrap_or_else(|| ErasureProgress::new(one.log_offset, now_us()))
        };
        Ok(Self { control, rows: due.iter().map(row).collect(), told: Instant::now() })
    }

    /// For work that nobody asked for.
    fn unseen(control: &'a Control) -> Self {
        Self { control, rows: Vec::new(), told: Instant::now() }
    }

    fn step(&self) -> ErasureStep {
        self.rows.iter().map(|row| row.step).min().unwrap_or(ErasureStep::Done)
    }

    fn forgotten_us(&self) -> Option<i64> {
        self.rows.iter().filter_map(|row| row.forgotten_us).max()
    }

    async fn begin(&mut self, step: ErasureStep) -> anyhow::Result<()> {
        self.change(|row| (row.step, row.done, row.total, row.trouble) = (step, 0, 0, None)).await
    }

    /// * `records`: of each erasure, in their order.
    async fn found(&mut self, records: Vec<u64>) -> anyhow::Result<()> {
        let mut records = records.into_iter();
        self.change(|row| row.records = records.next().unwrap_or(row.records)).await
    }

    /// * `events`: of each erasure, in their order. A repeated step finds fewer.
    async fn gone(&mut self, events: Vec<u64>) -> anyhow::Result<()> {
        let mut events = events.into_iter();
        self.change(|row| row.events = row.events.max(events.next().unwrap_or(0))).await
    }

    async fn forgotten(&mut self, forgotten_us: i64) -> anyhow::Result<()> {
        self.change(|row| row.forgotten_us = Some(forgotten_us)).await
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        self.change(|row| (row.step, row.finished_us) = (ErasureStep::Done, Some(now_us()))).await
    }

    /// Tells the progress of a step until whoever makes it is done.
    async fn follow(&mut self, mut seen: watch::Receiver<(u64, u64)>) -> anyhow::Result<()> {
        while seen.changed().await.is_ok() {
            let (done, total) = *seen.borrow_and_update();
            if LOOK_EVERY <= self.told.elapsed() {
                self.change(|row| (row.done, row.total) = (done, total)).await?;
            }
        }
        Ok(())
    }

    async fn change(&mut self, mut change: impl FnMut(&mut ErasureProgress)) -> anyhow::Result<()> {
        self.told = Instant::now();
        for row in &mut self.rows {
            change(row);
            row.updated_us = now_us();
            self.control.note_erasure(row).await?;
        }
        Ok(())
    }
}
