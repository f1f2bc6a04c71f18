//! A disk in memory that behaves as badly as a real one may.
//!
//! * Power loss: of what was not synced, each 512-byte sector reaches the disk or not, in any
//!   combination, the last one possibly only in part; a new length may come without the content;
//!   a file's name is there or not until its directory is synced.
//! * A failed sync: the pages are counted as clean and never reach the disk, though reading still
//!   shows them until the power goes.
//! * Faults at the n-th call, a limit of space, short writes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use forecourt_log::files::{File, Files};

const SECTOR_BYTES: usize = 512;

#[derive(Clone, Default)]
pub struct FaultyDisk(Arc<Mutex<State>>, Arc<Condvar>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails, this once.
    Error,
    /// No space, this once; a write gets half of its bytes in first.
    Full,
    /// This and every later call fails, until [`FaultyDisk::restart`].
    PowerCut,
}

#[derive(Default)]
struct State {
    contents: BTreeMap<u64, Contents>,
    names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    unsynced_names: Vec<NameChange>,
    locked: bool,
    /// How many syncs wait while they are held.
    held: Option<u64>,
    calls: u64,
    fault: Option<(u64, Fault)>,
    space: Option<usize>,
    short_writes: bool,
    log: Vec<String>,
}

#[derive(Clone, Default)]
struct Contents {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    /// Within one sector.
    Bytes {
        at: usize,
        bytes: Vec<u8>,
    },
    Length(usize),
}

enum NameChange {
    Made(PathBuf, u64),
    Removed(PathBuf),
    Renamed { from: PathBuf, to: PathBuf, id: u64 },
}

impl FaultyDisk {
    pub fn files(&self) -> Arc<dyn Files> {
        Arc::new(self.clone())
    }

    /// Makes the call `ahead` calls from now fail: 0 is the next one.
    pub fn fail_call(&self, ahead: u64, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.calls + ahead, fault));
    }

    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// What has been asked of the disk, one word or two per call.
    pub fn asked(&self) -> Vec<String> {
        self.state().log.clone()
    }

    pub fn limit_space(&self, bytes: Option<usize>) {
        self.state().space = bytes;
    }

    pub fn write_short(&self) {
        self.state().short_writes = true;
    }

    /// Lets no sync end until the result is dropped.
    pub fn hold_syncs(&self) -> Held {
        self.state().held = Some(0);
        Held(self.clone())
    }

    /// The machine goes off and on again. `seed` decides what of the unsynced changes had reached the disk.
    pub fn lose_power(&self, seed: u64) {
        let mut chance = Chance(seed);
        let state = &mut *self.state();
        let names = std::mem::take(&mut state.unsynced_names);
        let keep = chance.below(4);
        for change in names {
            if chance.keeps(keep) {
                change.apply(&mut state.durable_names);
            }
        }
        state.names = state.durable_names.clone();
        for contents in state.contents.values_mut() {
            contents.lose_power(&mut chance);
        }
        state.fault = None;
        state.locked = false;
    }

    /// The process is restarted; faults end, and what was written stays visible.
    pub fn restart(&self) {
        let mut state = self.state();
        state.fault = None;
        state.locked = false;
    }

    /// Faults end, and the process goes on.
    pub fn recover(&self) {
        self.state().fault = None;
    }

    /// Names and contents of the files, by name.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let state = self.state();
        state.names.iter().map(|(path, id)| (path.clone(), state.contents[id].now.clone())).collect()
    }

    /// A disk with these files, all durable.
    pub fn with(files: &BTreeMap<PathBuf, Vec<u8>>) -> FaultyDisk {
        let disk = FaultyDisk::default();
        let mut state = disk.state();
        for (id, (path, bytes)) in files.iter().enumerate() {
            let contents = Contents { now: bytes.clone(), durable: bytes.clone(), unsynced: vec![] };
            state.contents.insert(id as u64, contents);
            state.names.insert(path.clone(), id as u64);
        }
        state.durable_names = state.names.clone();
        drop(state);
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_hold(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if let Some(held) = &mut state.held {
            *held += 1;
            self.1.notify_all();
        }
        self.1.wait_while(state, |state| state.held.is_some()).unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, no sync ends.
pub struct Held(FaultyDisk);

impl Held {
    /// Returns once a sync waits.
    pub fn wait_for_one(&self) {
        let none_waits = |state: &mut State| state.held == Some(0);
        let waited = self.0.1.wait_timeout_while(self.0.state(), Duration::from_secs(60), none_waits).unwrap();
        assert!(!waited.1.timed_out(), "nobody asked for a sync");
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().held = None;
        self.0.1.notify_all();
    }
}

impl State {
    fn call(&mut self, what: &str) -> io::Result<()> {
        let number = self.calls;
        self.calls += 1;
        self.log.push(what.to_string());
        match self.fault {
            Some((at, Fault::PowerCut)) if at <= number => Err(io::Error::other("the power is off")),
            Some((at, Fault::Error)) if at == number => Err(io::Error::other("input/output error")),
            Some((at, Fault::Full)) if at == number => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    fn used(&self) -> usize {
        self.names.values().map(|id| self.contents[id].now.len()).sum()
    }
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<PathBuf, u64>) {
        match self {
            NameChange::Made(path, id) => names.insert(path, id),
            NameChange::Removed(path) => names.remove(&path),
            NameChange::Renamed { from, to, id } => {
                names.remove(&from);
                names.insert(to, id)
            }
        };
    }
}

impl Contents {
    fn write(&mut self, bytes: &[u8], at: usize) {
        let change = Change::Bytes { at, bytes: bytes.to_vec() };
        change.apply(&mut self.now);
        // Sector by sector, as the disk takes them.
        let mut from = 0;
        while from < bytes.len() {
            let to = bytes.len().min(from + SECTOR_BYTES - (at + from) % SECTOR_BYTES);
            self.unsynced.push(Change::Bytes { at: at + from, bytes: bytes[from..to].to_vec() });
            from = to;
        }
    }

    fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    fn lose_power(&mut self, chance: &mut Chance) {
        let keep = chance.below(4);
        let last = self.unsynced.len().saturating_sub(1);
        for (n, mut change) in std::mem::take(&mut self.unsynced).into_iter().enumerate() {
            if !chance.keeps(keep) {
                continue;
            }
            if let Change::Bytes { at, bytes } = &mut change {
                if chance.below(8) == 0 {
                    // The length reached the disk, the content did not.
                    Change::Length(self.durable.len().max(*at + bytes.len())).apply(&mut self.durable);
                    continue;
                }
                if n == last {
                    bytes.truncate(chance.below(bytes.len() as u64 + 1) as usize);
                }
            }
            change.apply(&mut self.durable);
        }
        self.now = self.durable.clone();
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Bytes { at, bytes } => {
                let to = at + bytes.len();
                if content.len() < to {
                    content.resize(to, 0);
                }
                content[*at..to].copy_from_slice(bytes);
            }
            Change::Length(bytes) => content.resize(*bytes, 0),
        }
    }
}

impl Files for FaultyDisk {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        self.state().call("create dir")
    }

    fn list(&self, _dir: &Path) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.call("list")?;
        let name = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).map(String::from);
        Ok(state.names.keys().filter_map(name).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut state = self.state();
        state.call("create")?;
        let id = match state.names.get(path) {
            Some(id) => *id,
            None => {
                let id = state.contents.len() as u64;
                state.names.insert(path.into(), id);
                state.unsynced_names.push(NameChange::Made(path.into(), id));
                id
            }
        };
        let contents = state.contents.entry(id).or_default();
        contents.unsynced.push(Change::Length(0));
        contents.now.clear();
        Ok(Arc::new(Open { disk: self.clone(), id }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut state = self.state();
        state.call("open")?;
        let id = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(Open { disk: self.clone(), id }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call("remove")?;
        state.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        state.unsynced_names.push(NameChange::Removed(path.into()));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call("rename")?;
        let id = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.into(), id);
        state.unsynced_names.push(NameChange::Renamed { from: from.into(), to: to.into(), id });
        Ok(())
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        let state = &mut *self.state();
        state.call("sync dir")?;
        state.unsynced_names.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn lock(&self, _path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let mut state = self.state();
        state.call("lock")?;
        if state.locked {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.locked = true;
        Ok(Box::new(Lock(self.clone())))
    }
}

struct Lock(FaultyDisk);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.state().locked = false;
    }
}

struct Open {
    disk: FaultyDisk,
    id: u64,
}

impl Open {
    fn call<T>(&self, what: &str, then: impl FnOnce(&mut Contents) -> T) -> io::Result<T> {
        let state = &mut *self.disk.state();
        state.call(what)?;
        Ok(then(state.contents.entry(self.id).or_default()))
    }
}

impl File for Open {
    fn read_at(&self, into: &mut [u8], position: u64) -> io::Result<usize> {
        self.call("read", |contents| {
            let from = contents.now.len().min(position as usize);
            let bytes = into.len().min(contents.now.len() - from);
            into[..bytes].copy_from_slice(&contents.now[from..from + bytes]);
            bytes
        })
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize> {
        let state = &mut *self.disk.state();
        let outcome = state.call("write");
        let mut writable = match &outcome {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => bytes.len() / 2,
            Err(_) => 0,
            Ok(()) => bytes.len(),
        };
        if let Some(space) = state.space {
            let growing = (position as usize + bytes.len()).saturating_sub(state.contents[&self.id].now.len());
            let free = space.saturating_sub(state.used());
            writable = writable.min(bytes.len() - growing.saturating_sub(free).min(bytes.len()));
        }
        if state.short_writes && 1 < writable {
            writable = writable.div_ceil(3);
        }
        state.contents.entry(self.id).or_default().write(&bytes[..writable], position as usize);
        outcome?;
        if writable == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(writable) }
    }

    fn sync(&self) -> io::Result<()> {
        let state = &mut *self.disk.pass_hold();
        let outcome = state.call("sync");
        let power = !matches!(state.fault, Some((at, Fault::PowerCut)) if at < state.calls);
        let contents = state.contents.entry(self.id).or_default();
        match outcome {
            Ok(()) => contents.sync(),
            // From here on the system believes that these are on the disk.
            Err(_) if power => contents.unsynced.retain(|change| matches!(change, Change::Length(_))),
            Err(_) => {}
        }
        outcome
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.call("set length", |contents| {
            contents.now.resize(bytes as usize, 0);
            contents.unsynced.push(Change::Length(bytes as usize));
        })
    }

    fn bytes(&self) -> io::Result<u64> {
        self.call("length", |contents| contents.now.len() as u64)
    }
}

/// Decides from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    /// 0: never, 1: sometimes, 2: mostly, 3: always.
    fn keeps(&mut self, how_often: u64) -> bool {
        match how_often {
            0 => false,
            1 => self.below(4) == 0,
            2 => self.below(4) != 0,
            _ => true,
        }
    }
}
