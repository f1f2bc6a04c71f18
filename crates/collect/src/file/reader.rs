//! One reader for all formats.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::read::MultiGzDecoder;

use super::{
    Detected, Format, ImportError, block::Block, columnar::ColumnarReader, delimited::DelimitedReader, encoding::Decoded,
    json_lines::JsonLinesReader, workbook::WorkbookReader,
};

pub struct Reader {
    rows: Rows,
    path: std::path::PathBuf,
    /// Bytes of the file that were read so far; rows for Parquet.
    done: Arc<AtomicU64>,
}

enum Rows {
    Delimited(Box<DelimitedReader>),
    JsonLines(JsonLinesReader),
    Workbook(WorkbookReader),
    Columnar(ColumnarReader),
}

impl Reader {
    /// Opens the file anew, behind its header.
    ///
    /// * `wanted`: the columns that will be asked for, ascending.
    pub fn open(detected: &Detected, wanted: Vec<usize>) -> Result<Self, ImportError> {
        let path = detected.path.clone();
        let done = Arc::new(AtomicU64::new(0));
        let names = || detected.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let rows = match &detected.format {
            Format::Delimited { encoding, dialect } => {
                let input = Decoded::new(bytes_of(&path, &done)?, encoding);
                let mut reader = DelimitedReader::new(Box::new(input), dialect.clone(), Some(detected.columns.len()));
                reader.skip_header().map_err(ImportError::io("read", &path))?;
                Rows::Delimited(Box::new(reader))
            }
            Format::JsonLines { encoding } => {
                let input = Decoded::new(bytes_of(&path, &done)?, encoding);
                Rows::JsonLines(JsonLinesReader::new(Box::new(input), names()))
            }
            Format::Workbook { sheet, header_row, .. } => Rows::Workbook(WorkbookReader::new(path.clone(), sheet.clone(), *header_row)?),
            Format::Parquet { files, .. } => Rows::Columnar(ColumnarReader::new(files.clone(), wanted)),
        };
        Ok(Self { rows, path, done })
    }

    pub fn next_block(&mut self) -> Result<Option<Block>, ImportError> {
        let cannot_read = ImportError::io("read", &self.path);
        let block = match &mut self.rows {
            Rows::Delimited(reader) => reader.next_block().map_err(cannot_read)?.map(Block::Text),
            Rows::JsonLines(reader) => reader.next_block().map_err(cannot_read)?.map(Block::Loose),
            Rows::Workbook(reader) => reader.next_block()?.map(Block::Loose),
            Rows::Columnar(reader) => reader.next_block()?.map(Block::Columnar),
        };
        if let (Rows::Columnar(_) | Rows::Workbook(_), Some(block)) = (&self.rows, &block) {
            self.done.fetch_add(block.rows() as u64, Ordering::Relaxed);
        }
        Ok(block)
    }

    /// How much of [`Detected::total`] is read, in its unit.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

/// The bytes of a file, unpacked if it is gzip.
pub fn bytes_of(path: &Path, done: &Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, ImportError> {
    let mut file = File::open(path).map_err(ImportError::io("open", path))?;
    let packed = is_gzip(&mut file).map_err(ImportError::io("read", path))?;
    let counted = Counted { inner: file, done: done.clone() };
    Ok(if packed { Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(128 << 10, counted))) } else { Box::new(counted) })
}

fn is_gzip(file: &mut File) -> io::Result<bool> {
    let mut magic = Vec::with_capacity(2);
    file.by_ref().take(2).read_to_end(&mut magic)?;
    io::Seek::rewind(file)?;
    Ok(magic == [0x1f, 0x8b])
}

struct Counted {
    inner: File,
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Reads all rows of a file as texts, column by column; absent cells are empty.
///
/// * `each`: called with a row's cells in the order of [`Detected::columns`].
pub fn read_texts(detected: &Detected, mut each: impl FnMut(&[String])) -> Result<(), ImportError> {
    let columns = detected.columns.len();
    let mut reader = Reader::open(detected, (0..columns).collect())?;
    while let Some(block) = reader.next_block()? {
        for index in 0..block.rows() {
            each(&block.row(index).texts(columns));
        }
    }
    Ok(())
}
