//! The border to the disk: all that the log asks of a file system, so that tests can stand a faulty one in its place.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// A file system.
pub trait Files: Send + Sync + 'static {
    /// Creates `dir` and what is missing above it, durably.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// The names of the files in `dir`, in any order.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Makes an empty file for reading and writing; one that is there is emptied.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// Opens a file that is there for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name in the same directory, in one step; a file that had the name is gone then.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes creations, removals and renamings in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Takes the exclusive lock that `path` stands for, until the result is dropped. Never waits: one
    /// that is held gives [`io::ErrorKind::WouldBlock`].
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
}

/// An open file. Positions and lengths are in bytes.
pub trait File: Send + Sync {
    /// Reads up to `into.len()` bytes; 0 at the end.
    fn read_at(&self, into: &mut [u8], position: u64) -> io::Result<usize>;

    /// Writes some of `bytes` and says how many.
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize>;

    /// Makes content and length durable.
    fn sync(&self) -> io::Result<()>;

    fn set_len(&self, bytes: u64) -> io::Result<()>;

    fn bytes(&self) -> io::Result<u64>;
}

/// The file system of this machine.
pub struct DiskFiles;

impl Files for DiskFiles {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::create_dir_all(dir)?;
        match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent),
            _ => self.sync_dir(Path::new(".")),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        // A name that is not UTF-8 is none of ours.
        let name = |entry: io::Result<std::fs::DirEntry>| entry.map(|e| e.file_name().into_string().ok()).transpose();
        std::fs::read_dir(dir)?.filter_map(name).collect()
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut how = std::fs::OpenOptions::new();
        Ok(Arc::new(how.read(true).write(true).create(true).truncate(true).open(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(std::fs::OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::File::open(dir)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let file = std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(io::Error::from)?;
        Ok(Box::new(file))
    }
}

impl File for std::fs::File {
    fn read_at(&self, into: &mut [u8], position: u64) -> io::Result<usize> {
        FileExt::read_at(self, into, position)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, position)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        std::fs::File::set_len(self, bytes)
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// Reads until `into` is full or the file ends; says how much it read.
pub(crate) fn read_full(file: &dyn File, into: &mut [u8], position: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match file.read_at(&mut into[done..], position + done as u64) {
            Ok(0) => break,
            Ok(bytes) => done += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Writes all of `bytes`; after an error an unknown part of them is written.
pub(crate) fn write_full(file: &dyn File, bytes: &[u8], position: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match file.write_at(&bytes[done..], position + done as u64) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(bytes) => done += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
