//! The space on the data folder's disk: now, and which way it goes.

use std::{io, path::Path, path::PathBuf, time::Duration};

use forecourt_model::time::{DAY_US, HOUR_US};
use forecourt_store::control::Control;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, time::sleep};

use crate::clock::now_us;

/// The setting that holds what was noted.
pub const SETTING: &str = "disk_space";
const EVERY: Duration = Duration::from_secs(3600);
/// Two weeks of hours.
const NOTES_MAX: usize = 14 * 24;
/// Less than this tells no trend.
const TREND_FROM_US: i64 = 6 * HOUR_US;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// For those who are not root.
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// Free space as it once was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub at_us: i64,
    pub free_bytes: u64,
}

pub fn space(path: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    Ok(Space { free_bytes: found.f_bavail * found.f_frsize, total_bytes: found.f_blocks * found.f_frsize })
}

/// Notes the free space every hour until `stop` is true, for `forecourt doctor`.
pub async fn run(control: Control, root: PathBuf, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    loop {
        let mut notes: Vec<Noted> = control.setting(SETTING).await?.unwrap_or_default();
        let now_us = now_us();
        if notes.last().is_none_or(|last| last.at_us + HOUR_US / 2 < now_us) {
            notes.push(Noted { at_us: now_us, free_bytes: space(&root)?.free_bytes });
            let surplus = notes.len().saturating_sub(NOTES_MAX);
            notes.drain(..surplus);
            control.put_setting(SETTING, &notes).await?;
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
    }
}

/// Bytes of free space that a day brings (or takes, below 0), by least squares; `None` while too little is known.
pub fn bytes_per_day(notes: &[Noted]) -> Option<f64> {
    let (first, last) = (notes.first()?, notes.last()?);
    if last.at_us - first.at_us < TREND_FROM_US {
        return None;
    }
    let days = |note: &Noted| (note.at_us - first.at_us) as f64 / DAY_US as f64;
    let count = notes.len() as f64;
    let (mean_days, mean_bytes) =
        (notes.iter().map(days).sum::<f64>() / count, notes.iter().map(|note| note.free_bytes as f64).sum::<f64>() / count);
    let covariance: f64 = notes.iter().map(|note| (days(note) - mean_days) * (note.free_bytes as f64 - mean_bytes)).sum();
    let variance: f64 = notes.iter().map(|note| (days(note) - mean_days).powi(2)).sum();
    Some(covariance / variance)
}

/// Bytes that this process may still write to the disk of `path`; of its nearest folder that is there, where it is not yet.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let disk = rustix::fs::statvfs(there)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trend_is_that_of_the_line_through_the_notes() {
        let note = |hour: i64, free_bytes: u64| Noted { at_us: hour * HOUR_US, free_bytes };
        assert_eq!(bytes_per_day(&[]), None);
        assert_eq!(bytes_per_day(&[note(0, 100), note(5, 50)]), None);
        let falling: Vec<Noted> = (0..48).map(|hour| note(hour, 1_000_000 - 1_000 * hour as u64)).collect();
        assert!((bytes_per_day(&falling).unwrap() + 24_000.0).abs() < 1e-3);
    }

    #[test]
    fn there_is_some_space() {
        let space = space(Path::new("/")).unwrap();
        assert!(0 < space.total_bytes && space.free_bytes <= space.total_bytes);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_its_parents_disk() {
        let dir = tempfile::tempdir().unwrap();
        let (there, not_yet) = (free_bytes(dir.path()).unwrap(), free_bytes(&dir.path().join("a/b")).unwrap());
        assert!(0 < there && there.abs_diff(not_yet) < 1 << 30);
    }
}
