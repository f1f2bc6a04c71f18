//! The job that computes segments (docs/decisions/0022-segments.md).
//!
//! A version is filled: what its measures need of the time before it comes from the lake, in commands of some thousand fragments.
//! Then everybody is decided, range by range, and with the last range the version is in force. All the while the fold measures and
//! decides what comes in. What a stop interrupted begins again: a fill under new keys, a decision where it stood.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use forecourt_lake::Lake;
use forecourt_model::{
    command::{Action, Verdict},
    segment::{Segments, Version, VersionState},
};
use forecourt_query::{MeasuredFragment, Query};
use forecourt_store::{
    Store,
    control::{JobState, SEGMENT_JOB},
};
use tokio::time::sleep;

use crate::{
    clock::now_us,
    history_job::{Desk, Interrupted, Progress, share_before, take_up},
};

const ACTOR: &str = "segments";
/// What one command brings in: the fold takes some tens of milliseconds for it.
const CHUNK_ROWS: usize = 2_000;
const CHUNK_BYTES: usize = 1 << 20;
/// People whose past is held in memory at a time.
const PAST_PEOPLE: u64 = 20_000;
/// People decided by one command.
const DECIDED_PEOPLE: u64 = 1_000;
/// Where the fill's share of a job ends, in per cent.
const FILL_SHARE: u64 = 50;
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The versions in force whose lookers have been decided by them.
const FOLLOWED_SETTING: &str = "segments_followed";

/// What the job works with.
#[derive(Clone)]
pub struct SegmentJob {
    pub desk: Desk,
    pub store: Store,
    pub lake: Lake,
    pub query: Query,
}

/// What became of a version.
enum Computed {
    Live,
    /// It was changed or removed meanwhile, or has to begin again.
    Overtaken,
}

impl SegmentJob {
    /// Computes what there is to compute until it is to stop.
    pub async fn run(self) {
        let this = &self;
        take_up("segments wait", &self.desk, || this.compute_all()).await;
    }

    /// Computes each version that is to come. One that cannot be does not keep the others from it.
    async fn compute_all(&self) -> anyhow::Result<()> {
        self.close_jobs().await?;
        self.follow().await?;
        let mut failed = None;
        let segments = self.store.segments().await?;
        for version in segments.versions.values().filter(|version| !version.is_live()) {
            match self.compute(version).await {
                Ok(_) => {}
                Err(error) if self.desk.is_stopping() => return Err(error),
                Err(error) => failed = Some(error.context(format!("the segment `{}`", version.segment.segment_id))),
            }
        }
        self.follow().await?;
        failed.map_or(Ok(()), Err)
    }

    async fn compute(&self, version: &Version) -> anyhow::Result<Computed> {
        let number = version.number.to_string();
        let running = self.desk.control.running_jobs(SEGMENT_JOB).await?;
        let job = match running.into_iter().find(|job| job.message.as_ref() == Some(&number)) {
            Some(job) => job.id,
            None => {
                let title = format!("Segment: {}", version.segment.name);
                self.desk.control.start_job_with(SEGMENT_JOB, &title, 100, "%", Some(&number), now_us()).await?
            }
        };
        let mut progress = self.desk.progress(&job);
        let is_filled = matches!(version.state, VersionState::Deciding { .. });
        if !is_filled && matches!(self.fill(version, &mut progress).await?, Computed::Overtaken) {
            return Ok(Computed::Overtaken);
        }
        let begins = if version.measures.is_empty() { 0 } else { FILL_SHARE };
        let computed = self.decide(version.number, begins, &mut progress).await?;
        if matches!(computed, Computed::Live) {
            progress.tell(100).await?;
            self.desk.control.end_job(&job, JobState::Done, None, now_us()).await?;
        }
        Ok(computed)
    }

    /// Brings in what the version's measures lack.
    async fn fill(&self, version: &Version, progress: &mut Progress<'_>) -> anyhow::Result<Computed> {
        let Some(version) = self.begun(version).await? else { return Ok(Computed::Overtaken) };
        let Some(before_offset) = version.unfilled().map(|measure| measure.since_offset).max() else { return Ok(Computed::Overtaken) };
        self.wait_for_lake(before_offset).await?;
        let specs = version.unfilled().map(|measure| (measure.key.clone(), measure.spec.clone())).collect();
        let past = self.query.past(specs, before_offset)?;
        let mut chunks = Chunks { number: version.number, chunk: 0, rows: Vec::new(), bytes: 0 };
        let mut after = -1;
        for until in self.ranges(PAST_PEOPLE).await? {
            for measured in past.between(&[(after, until)]).await? {
                for action in chunks.add(&measured)? {
                    if !self.is_done(action).await? {
                        return Ok(Computed::Overtaken);
                    }
                }
                #[cfg(feature = "failpoints")]
                fail::fail_point!("segments::midway");
            }
            after = until;
            progress.maybe_tell(share_before(until) * FILL_SHARE / 100).await?;
        }
        for is_last in [false, true] {
            let action = chunks.take(is_last);
            if !self.is_done(action).await? {
                return Ok(Computed::Overtaken);
            }
            #[cfg(feature = "failpoints")]
            fail::fail_point!("segments::filled");
        }
        Ok(Computed::Live)
    }

    /// The version with nothing filled in yet: what an interrupted fill left is left behind. `None` where it is gone.
    async fn begun(&self, version: &Version) -> anyhow::Result<Option<Version>> {
        let is_fresh = |version: &Version| version.state == VersionState::Filling { chunks: 0 };
        if is_fresh(version) {
            return Ok(Some(version.clone()));
        }
        if !self.is_done(Action::RefillSegment { number: version.number }).await? {
            return Ok(None);
        }
        Ok(self.store.segments().await?.versions.remove(&version.number).filter(is_fresh))
    }

    /// Waits until queries see everything before an offset.
    async fn wait_for_lake(&self, before_offset: u64) -> anyhow::Result<()> {
        while self.lake.offset() < before_offset {
            if self.desk.is_stopping() {
                return Err(Interrupted::ServerStops.into());
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Decides everybody, from where an earlier run stood.
    ///
    /// * `begins`: where its share of the job begins, in per cent.
    async fn decide(&self, number: u32, begins: u64, progress: &mut Progress<'_>) -> anyhow::Result<Computed> {
        let version = self.store.segments().await?.versions.remove(&number);
        let Some(VersionState::Deciding { until: mut after }) = version.map(|version| version.state) else {
            return Ok(Computed::Overtaken);
        };
        for until in self.ranges(DECIDED_PEOPLE).await? {
            if until <= after {
                continue;
            }
            if !self.is_done(Action::DecideSegment { number, after, until }).await? {
                return Ok(Computed::Overtaken);
            }
            after = until;
            progress.maybe_tell(begins + share_before(until) * (100 - begins) / 100).await?;
        }
        Ok(Computed::Live)
    }

    /// Decides anew those segments in force that look at one whose rule has changed.
    ///
    /// One that is half decided goes first: it has looked at the rule before.
    async fn follow(&self) -> anyhow::Result<()> {
        let segments = self.store.segments().await?;
        let held: BTreeSet<u32> = self.desk.control.setting(FOLLOWED_SETTING).await?.unwrap_or_default();
        let mut followed: BTreeSet<u32> = held.iter().copied().filter(|number| segments.versions.contains_key(number)).collect();
        for version in segments.versions.values().filter(|version| version.is_live() && !held.contains(&version.number)) {
            let lookers = lookers(&segments, &version.segment.segment_id);
            if lookers.iter().any(|looker| matches!(looker.state, VersionState::Deciding { until: 0.. })) {
                continue;
            }
            for looker in lookers.into_iter().filter(|looker| looker.is_live()) {
                self.decide_anew(looker.number).await?;
            }
            followed.insert(version.number);
        }
        if followed != held {
            self.desk.control.put_setting(FOLLOWED_SETTING, &followed).await?;
        }
        Ok(())
    }

    async fn decide_anew(&self, number: u32) -> anyhow::Result<()> {
        let mut after = -1;
        for until in self.ranges(DECIDED_PEOPLE).await? {
            self.is_done(Action::DecideSegment { number, after, until }).await?;
            after = until;
        }
        Ok(())
    }

    /// Ends the jobs of versions that are gone, or in force already.
    async fn close_jobs(&self) -> anyhow::Result<()> {
        let segments = self.store.segments().await?;
        for job in self.desk.control.running_jobs(SEGMENT_JOB).await? {
            let number = job.message.as_deref().and_then(|number| number.parse().ok()).unwrap_or(0);
            let state = match segments.versions.get(&number) {
                Some(version) if version.is_live() => JobState::Done,
                Some(_) => continue,
                None => JobState::Cancelled,
            };
            self.desk.control.end_job(&job.id, state, None, now_us()).await?;
        }
        Ok(())
    }

    /// The last ids of ranges of about so many people: ids are hashes, spread evenly.
    async fn ranges(&self, people: u64) -> anyhow::Result<Vec<i64>> {
        let count = i64::try_from(self.store.profiles_count().await? / people + 1)?;
        let width = i64::MAX / count;
        Ok((1..count).map(|at| at * width).chain([i64::MAX]).collect())
    }

    /// Tells a command, and says whether the fold did it.
    async fn is_done(&self, action: Action) -> anyhow::Result<bool> {
        self.desk.let_others_first().await;
        let offset = self.desk.command(ACTOR, action).await?;
        Ok(self.store.verdict(offset).await? == Some(Verdict::Done))
    }
}

fn lookers<'a>(segments: &'a Segments, id: &str) -> Vec<&'a Version> {
    segments.versions.values().filter(|version| version.segment.rule.segments().contains(id)).collect()
}

/// Rows of a fill, gathered until they make a command.
struct Chunks {
    number: u32,
    chunk: u32,
    /// Each the JSON of an entry of [`forecourt_model::segment::Filled`].
    rows: Vec<String>,
    bytes: usize,
}

impl Chunks {
    /// Adds what was measured; returns the commands that became full.
    fn add(&mut self, measured: &MeasuredFragment) -> anyhow::Result<Vec<Action>> {
        let whole = serde_json::to_string(&(measured.fragment_id, &measured.measures))?;
        if whole.len() <= CHUNK_BYTES {
            return Ok(self.push(whole).into_iter().collect());
        }
        // Too much for one record: measure by measure, which the fold unites.
        let mut full = Vec::new();
        for measure in &measured.measures {
            let row = serde_json::to_string(&(measured.fragment_id, BTreeMap::from([measure])))?;
            full.extend(self.push(row));
        }
        Ok(full)
    }

    fn push(&mut self, row: String) -> Option<Action> {
        let is_full = CHUNK_ROWS <= self.rows.len() || (!self.rows.is_empty() && CHUNK_BYTES < self.bytes + row.len());
        let full = is_full.then(|| self.take(false));
        self.bytes += row.len();
        self.rows.push(row);
        full
    }

    fn take(&mut self, is_last: bool) -> Action {
        let rows = format!("[{}]", std::mem::take(&mut self.rows).join(","));
        self.bytes = 0;
        self.chunk += 1;
        Action::FillSegment { number: self.number, chunk: self.chunk - 1, is_last, rows }
    }
}
