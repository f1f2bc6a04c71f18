//! The archive: tar's plainest form, in Zstandard, written and read as a stream.

use std::io::{self, BufReader, Read, Write};

use serde::{Deserialize, Serialize};

const BLOCK: usize = 512;
const PIECE_BYTES: usize = 256 << 10;
/// Parquet and the log are compressed already: more effort gains nothing.
const LEVEL: i32 = 1;

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Relative to the data folder.
    pub name: String,
    pub bytes: u64,
    pub crc32: u32,
}

pub struct Writer<W: Write> {
    out: zstd::Encoder<'static, W>,
    entries: Vec<Entry>,
    /// Of files, before compression.
    written: u64,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W) -> io::Result<Self> {
        let mut out = zstd::Encoder::new(out, LEVEL)?;
        out.include_checksum(true)?;
        Ok(Self { out, entries: Vec::new(), written: 0 })
    }

    /// Appends a file.
    ///
    /// * `bytes`: exactly so many are taken from `source`; fewer are an error.
    /// * `told`: called with bytes written so far.
    pub fn add(&mut self, name: &str, bytes: u64, mut source: impl Read, told: &mut dyn FnMut(u64)) -> io::Result<()> {
        self.out.write_all(&header(name, bytes)?)?;
        let (mut left, mut hasher) = (bytes, crc32fast::Hasher::new());
        let mut piece = vec![0; PIECE_BYTES];
        while left != 0 {
            let most = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = match source.read(&mut piece[..most]) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{name} is {left} bytes shorter than it was"))),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(&piece[..read]);
            self.out.write_all(&piece[..read])?;
            left -= read as u64;
            self.written += read as u64;
            told(self.written);
        }
        self.out.write_all(&[0; BLOCK][..padding(bytes)])?;
        self.entries.push(Entry { name: name.to_owned(), bytes, crc32: hasher.finalize() });
        Ok(())
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Ends the archive; gives the output back, which the caller makes durable.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.finish()
    }
}

pub struct Reader<R: Read> {
    input: zstd::Decoder<'static, BufReader<R>>,
}

impl<R: Read> Reader<R> {
    pub fn new(input: R) -> io::Result<Self> {
        Ok(Self { input: zstd::Decoder::new(input)? })
    }

    /// The next file's name and length; `None` at the archive's end. Its bytes must be taken by [`Reader::copy`] before the next.
    pub fn next_file(&mut self) -> io::Result<Option<(String, u64)>> {
        let mut block = [0; BLOCK];
        self.input.read_exact(&mut block)?;
        if block == [0; BLOCK] {
            // What is behind the end holds nothing; the checksum of the stream is at its very end.
            io::copy(&mut self.input, &mut io::sink())?;
            return Ok(None);
        }
        read_header(&block).map(Some)
    }

    /// Copies the file that was just named; returns its CRC32.
    pub fn copy(&mut self, bytes: u64, mut out: impl Write) -> io::Result<u32> {
        let (mut left, mut hasher) = (bytes, crc32fast::Hasher::new());
        let mut piece = vec![0; PIECE_BYTES];
        while left != 0 {
            let most = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.input.read_exact(&mut piece[..most])?;
            hasher.update(&piece[..most]);
            out.write_all(&piece[..most])?;
            left -= most as u64;
        }
        self.input.read_exact(&mut [0; BLOCK][..padding(bytes)])?;
        Ok(hasher.finalize())
    }
}

fn padding(bytes: u64) -> usize {
    (BLOCK - (bytes % BLOCK as u64) as usize) % BLOCK
}

/// A header of the `ustar` form. Lengths over 8 GiB are written in base 256, as GNU tar does and reads.
fn header(name: &str, bytes: u64) -> io::Result<[u8; BLOCK]> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, format!("the name {name} is too long for the archive"));
    let (prefix, rest) = if name.len() <= 100 {
        ("", name)
    } else {
        let at = name.match_indices('/').map(|(at, _)| at).find(|at| name.len() - at - 1 <= 100).ok_or_else(too_long)?;
        (&name[..at], &name[at + 1..])
    };
    if 155 < prefix.len() {
        return Err(too_long());
    }
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest.as_bytes());
    block[100..108].copy_from_slice(b"0000600\0");
    block[108..116].copy_from_slice(b"0000000\0");
    block[116..124].copy_from_slice(b"0000000\0");
    if bytes < 1 << 33 {
        block[124..136].copy_from_slice(format!("{bytes:011o}\0").as_bytes());
    } else {
        block[124] = 0x80;
        block[128..136].copy_from_slice(&bytes.to_be_bytes());
    }
    block[136..148].copy_from_slice(b"00000000000\0");
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
    let sum = checksum(&block);
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// The sum of all bytes, with the place of the sum itself as blanks.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum()
}

fn read_header(block: &[u8; BLOCK]) -> io::Result<(String, u64)> {
    let malformed = |told: &str| io::Error::new(io::ErrorKind::InvalidData, format!("the archive is damaged: {told}"));
    let text = |range: std::ops::Range<usize>| {
        let bytes = &block[range];
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        std::str::from_utf8(&bytes[..end]).map(str::to_owned).map_err(|_| malformed("a name is no text"))
    };
    let octal = |text: String| u64::from_str_radix(text.trim(), 8).map_err(|_| malformed("a number is none"));
    if octal(text(148..156)?)? != u64::from(checksum(block)) {
        return Err(malformed("a header does not match its sum"));
    }
    let bytes = if block[124] & 0x80 == 0 {
        octal(text(124..136)?)?
    } else {
        block[128..136].iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte))
    };
    let (prefix, name) = (text(345..500)?, text(0..100)?);
    Ok((if prefix.is_empty() { name } else { format!("{prefix}/{name}") }, bytes))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn written(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new()).unwrap();
        for (name, content) in files {
            writer.add(name, content.len() as u64, *content, &mut |_| {}).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut reader = Reader::new(bytes)?;
        let mut found = Vec::new();
        while let Some((name, bytes)) = reader.next_file()? {
            let mut content = Vec::new();
            reader.copy(bytes, &mut content)?;
            found.push((name, content));
        }
        Ok(found)
    }

    #[test]
    fn what_went_in_comes_out_here_and_from_tar() {
        let long = format!("lake/data/main/events/bucket=15/{}/file-{}.parquet", "deep".repeat(20), "x".repeat(60));
        let large = vec![3; 1_000_001];
        let files: [(&str, &[u8]); 4] = [("a.json", b"{}"), ("empty", b""), (&long, b"row"), ("log/1.log", &large)];
        let bytes = written(&files);
        assert_eq!(read(&bytes).unwrap(), files.map(|(name, content)| (name.to_owned(), content.to_vec())));

        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("archive.tar.zst"), &bytes).unwrap();
        // Unpacked by `tar` where it is there with Zstandard; else the line above is the proof.
        let unpacked = Command::new("tar").args(["--zstd", "-xf", "archive.tar.zst"]).current_dir(dir.path()).output();
        if let Ok(output) = unpacked
            && output.status.success()
        {
            for (name, content) in files {
                assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), content, "{name}");
            }
        }
    }

    #[test]
    fn lengths_beyond_eight_gibibytes_are_kept() {
        let header = header("large", 20 << 30).unwrap();
        assert_eq!(read_header(&header).unwrap(), ("large".to_owned(), 20 << 30));
    }

    #[test]
    fn damage_and_a_missing_end_are_errors() {
        let noise: Vec<u8> = (0..200_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let bytes = written(&[("a", &noise), ("b", b"row")]);
        for at in [10, 1_000, bytes.len() / 2, bytes.len() - 2] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged).is_err(), "at {at}");
        }
        for length in [0, 100, bytes.len() - 1] {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_source_that_ends_early_is_an_error() {
        let mut writer = Writer::new(Vec::new()).unwrap();
        let told = writer.add("a", 10, &b"short"[..], &mut |_| {}).unwrap_err();
        assert!(told.to_string().contains("5 bytes shorter"), "{told}");
    }
}
