use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;

use crate::corruption::Findings;
use crate::error::LogError;
use crate::files::Files;
use crate::segment::Segment;

/// What the writer has made durable, for readers to see.
pub(crate) struct Published {
    pub files: Arc<dyn Files>,
    pub dir: PathBuf,
    pub findings: Findings,
    segments: Mutex<Vec<Arc<Segment>>>,
    end: watch::Sender<u64>,
    failure: OnceLock<String>,
    full: AtomicBool,
    /// Whether the next append is to begin a segment.
    seals: AtomicBool,
}

impl Published {
    /// `segments`: oldest first, at least one.
    pub fn new(files: Arc<dyn Files>, dir: PathBuf, findings: Findings, segments: Vec<Arc<Segment>>, end_offset: u64) -> Published {
        assert!(!segments.is_empty());
        Published {
            files,
            dir,
            findings,
            segments: Mutex::new(segments),
            end: watch::Sender::new(end_offset),
            failure: OnceLock::new(),
            full: AtomicBool::new(false),
            seals: AtomicBool::new(false),
        }
    }

    pub fn end_offset(&self) -> u64 {
        *self.end.borrow()
    }

    pub async fn wait_past(&self, offset: u64) {
        // It fails only when the sender is gone, and that is `self`.
        let _ = self.end.subscribe().wait_for(|end| offset < *end).await;
    }

    /// The last step of an append: the segment's durable length must have been set before, so that
    /// whoever sees the new end also finds the bytes.
    pub fn advance_to(&self, end_offset: u64) {
        self.end.send_replace(end_offset);
    }

    pub fn fail(&self, reason: String) -> LogError {
        tracing::error!(reason, "the log stopped accepting: check the disk, then restart");
        LogError::Failed { reason: self.failure.get_or_init(|| reason).clone() }
    }

    /// Notes what came of a write: whether the disk had room for it.
    pub fn note_room(&self, was_full: bool) {
        self.full.store(was_full, Ordering::Relaxed);
    }

    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Errors: [`LogError::Failed`] once [`Published::fail`] was called.
    pub fn check_alive(&self) -> Result<(), LogError> {
        match self.failure.get() {
            None => Ok(()),
            Some(reason) => Err(LogError::Failed { reason: reason.clone() }),
        }
    }

    pub fn first_offset(&self) -> u64 {
        locked(&self.segments)[0].first_offset
    }

    pub fn bytes(&self) -> u64 {
        locked(&self.segments).iter().map(|segment| segment.durable_bytes()).sum()
    }

    pub fn add_segment(&self, segment: Arc<Segment>) {
        locked(&self.segments).push(segment);
    }

    /// The segment that holds `offset` if any does: the last one that begins at or below it.
    pub fn segment_of(&self, offset: u64) -> Option<Arc<Segment>> {
        let segments = locked(&self.segments);
        let behind = segments.partition_point(|segment| segment.first_offset <= offset);
        behind.checked_sub(1).map(|at| segments[at].clone())
    }

    pub fn segment_after(&self, first_offset: u64) -> Option<Arc<Segment>> {
        let segments = locked(&self.segments);
        segments.iter().find(|segment| first_offset < segment.first_offset).cloned()
    }

    /// The oldest segment, if all its records are below `before` and it is not the newest one.
    pub fn oldest_below(&self, before: u64) -> Option<Arc<Segment>> {
        let segments = locked(&self.segments);
        let next = segments.get(1)?;
        (next.first_offset <= before).then(|| segments[0].clone())
    }

    /// Oldest first.
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        locked(&self.segments).clone()
    }

    /// Whether `segment` is listed as it is: neither trimmed nor written anew.
    pub fn is_listed(&self, segment: &Arc<Segment>) -> bool {
        locked(&self.segments).iter().any(|listed| Arc::ptr_eq(listed, segment))
    }

    /// Lists `fresh` in the place of `segment` once `rename` has put its file there. Whoever asks meanwhile waits, so that a
    /// segment that is listed has its own file.
    pub fn exchange(&self, segment: &Arc<Segment>, fresh: Arc<Segment>, rename: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut segments = locked(&self.segments);
        rename()?;
        if let Some(listed) = segments.iter_mut().find(|listed| Arc::ptr_eq(listed, segment)) {
            *listed = fresh;
        }
        Ok(())
    }

    pub fn seal(&self) {
        self.seals.store(true, Ordering::Release);
    }

    /// Whether the next segment is asked for before this one is full.
    pub fn is_sealing(&self) -> bool {
        self.seals.load(Ordering::Acquire)
    }

    pub fn sealed(&self) {
        self.seals.store(false, Ordering::Release);
    }

    pub fn drop_oldest(&self) {
        locked(&self.segments).remove(0);
    }
}

/// A thread that panicked while holding one of the log's locks leaves nothing half-done behind it:
/// each holds single pushes, removals and replacements only.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
