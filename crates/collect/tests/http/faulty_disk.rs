//! A disk that can be told to be full, to fail, or to hold its syncs back.

use std::{
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex},
};

use forecourt_log::files::{DiskFiles, File, Files};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    Full,
    Failing,
    /// Syncs wait until the mood changes.
    Held,
}

#[derive(Clone)]
pub struct Disk {
    mood: Arc<(Mutex<Mood>, Condvar)>,
}

impl Disk {
    pub fn new(mood: Mood) -> Self {
        Self { mood: Arc::new((Mutex::new(mood), Condvar::new())) }
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.0.lock().expect("no test thread died with it") = mood;
        self.mood.1.notify_all();
    }

    fn mood(&self) -> Mood {
        *self.mood.0.lock().expect("no test thread died with it")
    }
}

impl Files for Disk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        DiskFiles.create_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        DiskFiles.list(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(MoodyFile { file: DiskFiles.create(path)?, disk: self.clone() }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(MoodyFile { file: DiskFiles.open(path)?, disk: self.clone() }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        DiskFiles.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        DiskFiles.rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        DiskFiles.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        DiskFiles.lock(path)
    }
}

struct MoodyFile {
    file: Arc<dyn File>,
    disk: Disk,
}

impl File for MoodyFile {
    fn read_at(&self, into: &mut [u8], position: u64) -> io::Result<usize> {
        self.file.read_at(into, position)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize> {
        if self.disk.mood() == Mood::Full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_at(bytes, position)
    }

    fn sync(&self) -> io::Result<()> {
        let mood = self.disk.mood.0.lock().expect("no test thread died with it");
        let mood = self.disk.mood.1.wait_while(mood, |mood| *mood == Mood::Held).expect("no test thread died with it");
        match *mood {
            Mood::Failing => Err(io::Error::other("the disk is gone")),
            _ => self.file.sync(),
        }
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn bytes(&self) -> io::Result<u64> {
        self.file.bytes()
    }
}
