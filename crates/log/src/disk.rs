use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::corruption::{Corruption, Findings, TornTail};
use crate::entry::{Entry, encode_entries};
use crate::error::LogError;
use crate::files::Files;
use crate::inspect::{self, Cut};
use crate::options::Options;
use crate::overwrite::{self, Overwrite, Overwritten};
use crate::published::{Published, locked};
use crate::queue::{Pending, Queue};
use crate::reader::Reader;
use crate::recover::{Recovered, recover};
use crate::writer::{Scratch, Writer};

/// A log in segment files of one directory. See [`crate::Log`] for what its methods promise.
#[derive(Clone)]
pub struct DiskLog {
    open: Arc<Open>,
}

/// Closes the log when the last handle goes.
struct Open {
    published: Arc<Published>,
    queue: Arc<Queue>,
    options: Options,
    torn_tail: Option<TornTail>,
    /// Whoever removes segments or writes them anew holds it.
    trimming: Mutex<()>,
    writer: Option<JoinHandle<()>>,
    /// Held as long as the log is open; dropped after the writer has ended.
    _lock: Box<dyn Send + Sync>,
}

const LOCK_FILE: &str = "lock";

impl DiskLog {
    pub(crate) fn open(files: Arc<dyn Files>, dir: &Path, options: Options) -> Result<DiskLog, LogError> {
        options.check()?;
        files.create_dir(dir).map_err(LogError::io("create", dir))?;
        let lock = take_lock(&*files, dir)?;

        overwrite::remove_unfinished(&*files, dir)?;
        let findings = Findings::default();
        let Recovered { segments, file, next_offset, last_at_us, torn_tail } = recover(&*files, dir, &options, &findings)?;

        let queue = Arc::new(Queue::new(options.queue_bytes_max));
        let newest = segments[segments.len() - 1].clone();
        let published = Arc::new(Published::new(files, dir.to_path_buf(), findings, segments, next_offset));
        let writer = Writer {
            published: published.clone(),
            queue: queue.clone(),
            options: options.clone(),
            position: newest.durable_bytes(),
            segment: newest,
            file,
            next_offset,
            last_at_us,
            scratch: Scratch::default(),
        };
        let thread = std::thread::Builder::new().name("log-writer".into());
        let writer = thread.spawn(|| writer.run()).map_err(LogError::io("start the writer of", dir))?;
        let open = Open { published, queue, options, torn_tail, trimming: Mutex::default(), writer: Some(writer), _lock: lock };
        Ok(DiskLog { open: Arc::new(open) })
    }

    pub async fn append(&self, at_us: i64, entries: Vec<Entry>) -> Result<u64, LogError> {
        let Open { published, queue, options, .. } = &*self.open;
        published.check_alive()?;
        if entries.is_empty() {
            return Ok(published.end_offset());
        }
        check_sizes(&entries, options)?;
        let (answer, answered) = oneshot::channel();
        let count = entries.len() as u32;
        queue.push(Pending { at_us, count, entries: encode_entries(&entries), answer })?;
        drop(entries);
        match answered.await {
            Ok(outcome) => outcome,
            // Only a writer that ended by a defect leaves without an answer, and it has said so.
            Err(_) => Err(published.fail("its writer ended".into())),
        }
    }

    pub fn end_offset(&self) -> u64 {
        self.open.published.end_offset()
    }

    pub fn first_offset(&self) -> u64 {
        self.open.published.first_offset()
    }

    pub async fn wait_past(&self, offset: u64) {
        self.open.published.wait_past(offset).await;
    }

    pub fn reader(&self, from: u64) -> Result<Reader, LogError> {
        Reader::open(self.open.published.clone(), from)
    }

    pub fn trim(&self, before: u64) -> Result<(), LogError> {
        let Open { published, trimming, .. } = &*self.open;
        let _one_at_a_time = locked(trimming);
        while let Some(oldest) = published.oldest_below(before) {
            match published.files.remove(&oldest.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(LogError::io("remove", &oldest.path)(error));
                }
                _ => {}
            }
            published.drop_oldest();
            // One by one: were a later removal durable and an earlier one not, the gap would look like damage.
            published.files.sync_dir(&published.dir).map_err(LogError::io("sync", &published.dir))?;
        }
        Ok(())
    }

    pub fn overwrite(
        &self,
        before: u64,
        with: &mut Overwrite<'_>,
        told: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Overwritten, LogError> {
        let Open { published, trimming, .. } = &*self.open;
        let _one_at_a_time = locked(trimming);
        overwrite::overwrite(published, before, with, told)
    }

    pub fn seal(&self) {
        self.open.published.seal();
    }

    pub fn bytes(&self) -> u64 {
        self.open.published.bytes()
    }

    pub fn is_poisoned(&self) -> bool {
        self.open.published.check_alive().is_err()
    }

    pub fn cut(&self) -> Result<Cut, LogError> {
        inspect::cut(&self.open.published)
    }

    pub fn failure(&self) -> Option<String> {
        self.open.published.failure().map(str::to_owned)
    }

    pub fn is_full(&self) -> bool {
        self.open.published.is_full()
    }

    pub fn corruption(&self) -> Vec<Corruption> {
        self.open.published.findings.list()
    }

    pub fn torn_tail(&self) -> Option<TornTail> {
        self.open.torn_tail.clone()
    }
}

fn take_lock(files: &dyn Files, dir: &Path) -> Result<Box<dyn Send + Sync>, LogError> {
    files.lock(&dir.join(LOCK_FILE)).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => LogError::Locked { dir: dir.to_path_buf() },
        _ => LogError::io("lock", dir)(error),
    })
}

fn check_sizes(entries: &[Entry], options: &Options) -> Result<(), LogError> {
    let largest = entries.iter().map(|entry| entry.body.len()).max().unwrap_or(0);
    if options.record_bytes_max < largest {
        return Err(LogError::EntryTooLarge { bytes: largest, limit: options.record_bytes_max });
    }
    let bytes: usize = entries.iter().map(Entry::encoded_bytes_max).sum();
    if options.frame_bytes_max < bytes {
        return Err(LogError::BatchTooLarge { bytes, limit: options.frame_bytes_max });
    }
    Ok(())
}

impl Drop for Open {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has already told everyone.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for DiskLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Published { dir, .. } = &*self.open.published;
        f.debug_struct("DiskLog").field("dir", dir).field("end_offset", &self.end_offset()).finish_non_exhaustive()
    }
}
