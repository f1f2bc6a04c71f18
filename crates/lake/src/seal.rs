//! Checksums of the lake's files: taken while a file is written, held against it before it is first read.
//!
//! Parquet has none of its own that the readers look at, and a flipped bit in a footer can send them anywhere.

use std::{
    fs::File,
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::LakeError;

const PIECE_BYTES: usize = 1 << 20;

/// What a file must be, and whether this process has seen that it is.
#[derive(Debug)]
pub struct Seal {
    path: PathBuf,
    bytes: u64,
    /// `None` for a file of another program or of a version that took none: nothing can be said of it.
    crc32: Option<u32>,
    seen: AtomicBool,
    /// Who looks; the others wait, so that a file is read through once.
    looking: Mutex<()>,
}

impl Seal {
    /// Of a file that another process may have written, or that has been on the disk for a while.
    pub fn new(path: PathBuf, bytes: u64, crc32: Option<u32>) -> Self {
        Self { path, bytes, crc32, seen: AtomicBool::new(false), looking: Mutex::default() }
    }

    /// Of a file that this process has just written.
    pub(crate) fn fresh(path: PathBuf, bytes: u64, crc32: u32) -> Self {
        Self { seen: AtomicBool::new(true), ..Self::new(path, bytes, Some(crc32)) }
    }

    /// Looks whether the file is what was written: reads it through the first time, and says yes at once from then on.
    ///
    /// Errors: [`LakeError::Damaged`] for other bytes, or none; looked at again the next time, for it may be restored.
    pub fn check(&self) -> Result<(), LakeError> {
        if self.seen.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one_at_a_time = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.seen.load(Ordering::Acquire) {
            verify(&self.path, self.bytes, self.crc32)?;
            self.seen.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// Reads a file through and compares. Without a checksum only the length is compared.
pub(crate) fn verify(path: &Path, bytes: u64, crc32: Option<u32>) -> Result<(), LakeError> {
    let found = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, mut file) = match found {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(LakeError::damaged(path, "it is gone")),
        Err(error) => return Err(LakeError::io("open", path)(error)),
    };
    if length != bytes {
        return Err(LakeError::damaged(path, format!("it has {length} bytes instead of {bytes}")));
    }
    let Some(expected) = crc32 else { return Ok(()) };
    let mut hasher = crc32fast::Hasher::new();
    let mut piece = vec![0; PIECE_BYTES.min(usize::try_from(bytes).unwrap_or(PIECE_BYTES).max(1))];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => hasher.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(LakeError::io("read", path)(error)),
        }
    }
    let found = hasher.finalize();
    if found != expected {
        return Err(LakeError::damaged(path, format!("its checksum is {found:08x} instead of {expected:08x}")));
    }
    Ok(())
}

/// Sums up what passes through to the file.
pub(crate) struct Summed<W> {
    inner: W,
    hasher: crc32fast::Hasher,
}

impl<W> Summed<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: crc32fast::Hasher::new() }
    }

    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    pub fn crc32(&self) -> u32 {
        self.hasher.clone().finalize()
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Runs a step of the Parquet reader. Should it panic over bytes that no checksum covers, the file is called damaged.
pub(crate) fn guarded<T>(path: &Path, step: impl FnOnce() -> Result<T, LakeError>) -> Result<T, LakeError> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|_| Err(LakeError::damaged(path, "its reader gave up on it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(dir: &Path) -> (PathBuf, u64, u32) {
        let path = dir.join("file");
        let mut file = Summed::new(File::create(&path).unwrap());
        file.write_all(b"PAR1").unwrap();
        file.write_all(&[7; 3_000_000]).unwrap();
        (path, 3_000_004, file.crc32())
    }

    #[test]
    fn what_was_written_passes_and_any_change_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (path, bytes, crc32) = sealed(dir.path());
        Seal::new(path.clone(), bytes, Some(crc32)).check().unwrap();

        let whole = std::fs::read(&path).unwrap();
        for at in [0, 4, 1 << 20, 3_000_003] {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, damaged).unwrap();
            let told = Seal::new(path.clone(), bytes, Some(crc32)).check().unwrap_err().to_string();
            assert!(told.contains("checksum") && told.contains(&path.display().to_string()), "{told}");
        }
        std::fs::write(&path, &whole[1..]).unwrap();
        let seal = Seal::new(path.clone(), bytes, Some(crc32));
        assert!(seal.check().unwrap_err().to_string().contains("3000003 bytes instead of 3000004"));
        std::fs::remove_file(&path).unwrap();
        assert!(seal.check().unwrap_err().to_string().contains("it is gone"));

        // Restored while the process runs: seen, and not read again.
        std::fs::write(&path, &whole).unwrap();
        seal.check().unwrap();
        std::fs::remove_file(&path).unwrap();
        seal.check().unwrap();
    }

    #[test]
    fn a_reader_that_panics_makes_an_error() {
        let told = guarded::<()>(Path::new("a.parquet"), || panic!("on purpose")).unwrap_err();
        assert!(told.to_string().contains("a.parquet"), "{told}");
    }
}
