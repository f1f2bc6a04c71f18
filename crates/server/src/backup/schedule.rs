//! Backups on the server's own: into a folder, every so often, with old ones giving way.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use forecourt_model::time::HOUR_US;
use forecourt_store::control::{Control, JobState};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, watch},
    time::{interval, sleep},
};

use super::take::{Taken, Taking};
use crate::{clock::now_us, doctor::size};

const LOOK_EVERY: Duration = Duration::from_secs(60);
const NOTE_EVERY: Duration = Duration::from_secs(1);
const PREFIX: &str = "forecourt-";
const SUFFIX: &str = ".tar.zst";

/// Where backups go, and how many stay.
#[derive(Debug, Clone)]
pub struct Plan {
    pub dir: PathBuf,
    /// Hours from one to the next; 0 for none by itself.
    pub every_h: u64,
    pub keep: usize,
    pub with_secrets: bool,
}

/// A backup in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub name: String,
    /// Microseconds since 1970 UTC.
    pub at_us: i64,
    pub bytes: u64,
}

/// Makes backups, one at a time. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Schedule {
    pub plan: Arc<Plan>,
    taking: Taking,
    control: Control,
    busy: Arc<Mutex<()>>,
}

impl Schedule {
    pub fn new(plan: Plan, taking: Taking) -> Self {
        let control = taking.control.clone();
        Self { plan: Arc::new(plan), taking, control, busy: Arc::default() }
    }

    /// Makes a backup whenever one is due, until `stop` is true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        loop {
            if self.is_due()
                && let Ok(turn) = self.busy.clone().try_lock_owned()
            {
                let job = self.begin_job().await?;
                // A failure is told by the job, and the next look tries again.
                self.work(job, turn).await;
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }

    fn is_due(&self) -> bool {
        let newest = self.kept().first().map_or(i64::MIN, |kept| kept.at_us);
        self.plan.every_h != 0 && newest <= now_us() - self.plan.every_h as i64 * HOUR_US
    }

    /// Starts a backup; returns the job's id, `None` while one is under way.
    pub async fn start(&self) -> anyhow::Result<Option<String>> {
        let Ok(turn) = self.busy.clone().try_lock_owned() else { return Ok(None) };
        let job = self.begin_job().await?;
        let (this, id) = (self.clone(), job.clone());
        tokio::spawn(async move { this.work(job, turn).await });
        Ok(Some(id))
    }

    pub fn is_under_way(&self) -> bool {
        self.busy.try_lock().is_err()
    }

    pub fn taking(&self) -> Taking {
        self.taking.clone()
    }

    /// The newest first.
    pub fn kept(&self) -> Vec<Kept> {
        kept(&self.plan.dir)
    }

    async fn begin_job(&self) -> anyhow::Result<String> {
        Ok(self.control.start_job("backup", "Backup", 0, "bytes", now_us()).await?)
    }

    async fn work(&self, job: String, _turn: OwnedMutexGuard<()>) {
        let name = file_name(now_us());
        let ended = self.take(&job, &name).await;
        let (state, message) = match ended {
            Ok(taken) => {
                tracing::info!(name, end_offset = taken.end_offset, bytes = taken.bytes, "a backup stands");
                (JobState::Done, format!("{name}: {} files, {}, up to offset {}", taken.files, size(taken.bytes), taken.end_offset))
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a backup failed");
                (JobState::Failed, format!("{error:#}"))
            }
        };
        if let Err(error) = self.control.end_job(&job, state, Some(&message), now_us()).await {
            tracing::warn!(%error, "how the backup ended was not noted");
        }
    }

    async fn take(&self, job: &str, name: &str) -> anyhow::Result<Taken> {
        let dir = &self.plan.dir;
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let (progress, mut seen) = watch::channel((0, 0));
        let unfinished = dir.join(format!("{name}.part"));
        let taking = write_file(self.taking.clone(), &unfinished, self.plan.with_secrets, move |done, total| {
            progress.send_replace((done, total));
        });
        let noting = async {
            let mut beat = interval(NOTE_EVERY);
            loop {
                beat.tick().await;
                let (done, total) = *seen.borrow_and_update();
                // Progress that is not noted is no reason to fail.
                let _ = self.control.note_progress(job, done, total, now_us()).await;
            }
        };
        let taken = tokio::select! {
            taken = taking => taken,
            _ = noting => unreachable!("it never ends"),
        };
        if taken.is_err() {
            // What is left of it is of no use.
            let _ = fs::remove_file(&unfinished);
        }
        let taken = taken?;
        fs::rename(&unfinished, dir.join(name))?;
        File::open(dir)?.sync_all()?;
        self.control.note_progress(job, taken.bytes, taken.bytes, now_us()).await?;
        for old in self.kept().iter().skip(self.plan.keep.max(1)) {
            fs::remove_file(dir.join(&old.name)).with_context(|| format!("cannot remove the old backup {}", old.name))?;
        }
        Ok(taken)
    }
}

/// Takes a backup into a file, durable when this returns.
pub async fn write_file(
    taking: Taking,
    path: &Path,
    with_secrets: bool,
    told: impl FnMut(u64, u64) + Send + 'static,
) -> anyhow::Result<Taken> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).with_context(|| format!("cannot make {}", path.display()))?;
    let (taken, out) = taking.write(BufWriter::with_capacity(1 << 20, file), with_secrets, told).await?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(|| format!("cannot write {}", path.display()))?;
    file.sync_all().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(taken)
}

/// `forecourt-20261122-071500.tar.zst`.
fn file_name(at_us: i64) -> String {
    format!("{PREFIX}{}{SUFFIX}", file_stamp(at_us))
}

/// `20261122-071500`, in UTC: sorts by time.
pub fn file_stamp(at_us: i64) -> String {
    jiff::Timestamp::from_microsecond(at_us).unwrap_or_default().strftime("%Y%m%d-%H%M%S").to_string()
}

fn kept(dir: &Path) -> Vec<Kept> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut kept: Vec<Kept> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let found = entry.metadata().ok().filter(|_| name.starts_with(PREFIX) && name.ends_with(SUFFIX))?;
            let since = found.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            Some(Kept { name, at_us: since.as_micros() as i64, bytes: found.len() })
        })
        .collect();
    kept.sort_by(|a, b| b.name.cmp(&a.name));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first_and_others_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(file_name(1_795_305_600_000_000), "forecourt-20261122-000000.tar.zst");
        for name in [&file_name(0)[..], &file_name(86_400_000_000), "forecourt-1.tar.zst.part", "other.tar.zst"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let names: Vec<String> = kept(dir.path()).into_iter().map(|kept| kept.name).collect();
        assert_eq!(names, [file_name(86_400_000_000), file_name(0)]);
    }
}
