//! Text with delimiters: CSV as the world writes it.

use std::io::{self, Read};

use csv_core::ReadRecordResult;
use forecourt_model::formula;

use super::block::{TextBlock, TextRow};

/// How the cells of a text are parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    pub quotes: bool,
    /// The line of the names, counted in rows from 1; 0 for none.
    pub header_row: u32,
}

/// More than this without the end of a row is an open quote, not a row.
const ROW_BYTES_MAX: usize = 1 << 20;
const READ_BYTES: usize = 256 << 10;
const BLOCK_BYTES: usize = 1 << 20;
const BLOCK_ROWS: usize = 4_096;

/// Reads rows; one that does not read is handed on with its fault, and the next one starts at the next line.
pub struct DelimitedReader {
    input: Box<dyn Read + Send>,
    dialect: Dialect,
    parser: csv_core::Reader,
    /// How many cells a row must have; `None` until the columns are known.
    columns: Option<usize>,
    buffer: Vec<u8>,
    /// What is unread of `buffer`.
    start: usize,
    end: usize,
    /// Where the row that was read last starts; its bytes stay until the next.
    record_start: usize,
    at_eof: bool,
    line: u64,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

enum Record {
    /// `lines`: line ends that the row took in, its own with them; `inner`: those inside its quotes.
    Row {
        lines: u64,
        inner: u64,
        bytes: usize,
        cells: usize,
    },
    TooLong,
    End,
}

impl DelimitedReader {
    /// * `input`: UTF-8.
    pub fn new(input: Box<dyn Read + Send>, dialect: Dialect, columns: Option<usize>) -> Self {
        let parser = csv_core::ReaderBuilder::new().delimiter(dialect.delimiter).quoting(dialect.quotes).build();
        Self {
            input,
            dialect,
            parser,
            columns,
            buffer: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            record_start: 0,
            at_eof: false,
            line: 1,
            cells: vec![0; 4 << 10],
            ends: vec![0; 64],
        }
    }

    /// Passes over everything up to and with the header row.
    pub fn skip_header(&mut self) -> io::Result<()> {
        for _ in 0..self.dialect.header_row {
            self.skip_line_ends()?;
            if let Record::Row { lines, .. } = self.record()? {
                self.line += lines;
            }
        }
        Ok(())
    }

    /// Some thousands of rows; `None` at the end.
    pub fn next_block(&mut self) -> io::Result<Option<TextBlock>> {
        let mut text = Vec::with_capacity(BLOCK_BYTES + (BLOCK_BYTES >> 2));
        let mut block = TextBlock::default();
        while text.len() < BLOCK_BYTES && block.rows.len() < BLOCK_ROWS {
            if !self.next_row(&mut text, &mut block)? {
                break;
            }
        }
        if block.rows.is_empty() {
            return Ok(None);
        }
        block.text =
            String::from_utf8(text).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "text that was decoded is not UTF-8"))?;
        Ok(Some(block))
    }

    fn next_row(&mut self, text: &mut Vec<u8>, block: &mut TextBlock) -> io::Result<bool> {
        self.skip_line_ends()?;
        match self.record()? {
            Record::End => Ok(false),
            Record::TooLong => {
                let fault =
                    format!("the row does not end within {} KiB: is a quote open? The next line starts afresh", ROW_BYTES_MAX >> 10);
                self.only_first_line(fault, text, block)?;
                Ok(true)
            }
            Record::Row { lines, inner, bytes, cells } => {
                let fault = self.count_fault(cells);
                if let Some(fault) = fault.as_ref().filter(|_| 0 < inner) {
                    // The row runs over lines and does not fit: most likely a quote was opened and not closed.
                    let fault = format!("{fault}; a quote that is open may have joined {} lines", inner + 1);
                    self.only_first_line(fault, text, block)?;
                    return Ok(true);
                }
                let base = text.len();
                text.extend_from_slice(&self.cells[..bytes]);
                let first_cell = block.ends.len() as u32;
                block.ends.extend(self.ends[..cells].iter().map(|end| (base + end) as u32));
                block.rows.push(TextRow { first_cell, cells: cells as u32, line: self.line, fault });
                self.line += lines;
                Ok(true)
            }
        }
    }

    fn count_fault(&self, cells: usize) -> Option<String> {
        let columns = self.columns?;
        // Spreadsheets end rows with delimiters beyond the last name.
        let surplus_is_empty = columns <= cells && self.ends[columns - 1..cells].windows(2).all(|pair| pair[0] == pair[1]);
        (cells != columns && !surplus_is_empty).then(|| {
            format!(
                "the row has {cells} cells where the header has {columns}: it is shifted, or a delimiter in a cell stands outside quotes"
            )
        })
    }

    /// Hands on the line that a bad row starts with, as one cell, and starts again behind it.
    fn only_first_line(&mut self, fault: String, text: &mut Vec<u8>, block: &mut TextBlock) -> io::Result<()> {
        let mut kept = None;
        loop {
            let bytes = &self.buffer[self.record_start..self.end];
            let newline = memchr::memchr(b'\n', bytes);
            let line = &bytes[..newline.unwrap_or(bytes.len())];
            kept.get_or_insert_with(|| String::from_utf8_lossy(&line[..line.len().min(ROW_BYTES_MAX)]).trim_end().to_owned());
            if let Some(newline) = newline {
                self.start = self.record_start + newline + 1;
                break;
            }
            // One endless line: its head is kept, the rest passed over.
            self.record_start = self.end;
            self.start = self.end;
            if !self.fill()? {
                break;
            }
        }
        self.parser.reset();
        let kept = kept.unwrap_or_default();
        let first_cell = block.ends.len() as u32;
        text.extend_from_slice(kept.as_bytes());
        block.ends.push(text.len() as u32);
        block.rows.push(TextRow { first_cell, cells: 1, line: self.line, fault: Some(fault) });
        self.line += 1;
        Ok(())
    }
}

impl DelimitedReader {
    /// Passes over line ends and empty lines, counting them.
    fn skip_line_ends(&mut self) -> io::Result<()> {
        loop {
            while let Some(byte @ (b'\r' | b'\n')) = self.buffer[self.start..self.end].first() {
                self.line += u64::from(*byte == b'\n');
                self.start += 1;
            }
            self.record_start = self.start;
            if self.start < self.end || !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Reads one row into `cells` and `ends`.
    fn record(&mut self) -> io::Result<Record> {
        let (mut bytes, mut cells) = (0, 0);
        loop {
            let input = &self.buffer[self.start..self.end];
            if input.is_empty() && !self.at_eof {
                if ROW_BYTES_MAX < self.end - self.record_start {
                    return Ok(Record::TooLong);
                }
                self.fill()?;
                continue;
            }
            let (result, read, written, ended) = self.parser.read_record(input, &mut self.cells[bytes..], &mut self.ends[cells..]);
            self.start += read;
            bytes += written;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    let raw = &self.buffer[self.record_start..self.start];
                    let lines = memchr::memchr_iter(b'\n', raw).count() as u64;
                    let inner = lines - u64::from(raw.last() == Some(&b'\n'));
                    return Ok(Record::Row { lines, inner, bytes, cells });
                }
                ReadRecordResult::End => return Ok(Record::End),
            }
        }
    }

    /// Reads more, keeping the bytes from `record_start` on; `false` at the end of the input.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.record_start..self.end, 0);
        self.start -= self.record_start;
        self.end -= self.record_start;
        self.record_start = 0;
        if self.buffer.len() - self.end < READ_BYTES / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = self.input.read(&mut self.buffer[self.end..])?;
        self.end += read;
        self.at_eof = read == 0;
        Ok(0 < read)
    }
}

/// The first rows of a text that may end inside a row.
pub fn sample_rows(text: &str, delimiter: u8, quotes: bool, complete: bool) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).quoting(quotes).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> = reader
        .records()
        .map_while(Result::ok)
        .map(|record| record.iter().map(|cell| formula::bare(cell).to_owned()).collect())
        .take(SAMPLE_ROWS)
        .collect();
    if !complete && rows.len() < SAMPLE_ROWS && 1 < rows.len() {
        rows.pop();
    }
    rows
}

const SAMPLE_ROWS: usize = 1_000;

/// The delimiter under which most rows have the same number of cells, and more than one.
pub fn guess_delimiter(text: &str, complete: bool) -> u8 {
    let score = |delimiter: u8| {
        let rows = sample_rows(text, delimiter, true, complete);
        let (cells, agreeing) = usual_width(&rows);
        if cells < 2 { 0.0 } else { agreeing as f64 / rows.len() as f64 + cells as f64 / 1_000.0 }
    };
    b",;\t|"
        .iter()
        .copied()
        .map(|delimiter| (delimiter, score(delimiter)))
        .fold((b',', 0.0), |best, next| if best.1 < next.1 { next } else { best })
        .0
}

/// The number of cells that most rows have, and how many rows have it.
pub fn usual_width(rows: &[Vec<String>]) -> (usize, usize) {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for row in rows {
        *counts.entry(row.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(cells, rows)| (*rows, *cells)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, columns: usize) -> Vec<String> {
        let dialect = Dialect { delimiter: b';', quotes: true, header_row: 1 };
        let mut reader = DelimitedReader::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())), dialect, Some(columns));
        let mut told = Vec::new();
        reader.skip_header().unwrap_or_else(|error| panic!("{error}"));
        while let Some(block) = reader.next_block().unwrap_or_else(|error| panic!("{error}")) {
            let block = super::super::block::Block::Text(block);
            for index in 0..block.rows() {
                let row = block.row(index);
                let fault = row.fault().map_or(String::new(), |fault| format!(" !{}", fault.split(':').next().unwrap_or_default()));
                told.push(format!("{}: {}{fault}", row.number(), row.texts(0).join("|")));
            }
        }
        told
    }

    #[test]
    fn rows_keep_their_line_numbers_through_quotes_and_empty_lines() {
        let text = "a;b\r\n1;2\r\n\r\n\"x\ny\";\"he said \"\"no\"\"\"\r\n3;4";
        assert_eq!(read(text, 2), ["2: 1|2", "4: x\ny|he said \"no\"", "6: 3|4"]);
    }

    #[test]
    fn a_bad_row_costs_only_its_own_line() {
        let text = "a;b\n1;2;3\n4\n5;6;;\n\"open;7\n8;9\n10;\"11\"\n12;13\n";
        let width = "the row has";
        assert_eq!(
            read(text, 2),
            [
                format!("2: 1|2|3 !{width} 3 cells where the header has 2"),
                format!("3: 4 !{width} 1 cells where the header has 2"),
                "4: 5|6||".to_owned(),
                format!("5: \"open;7 !{width} 1 cells where the header has 2"),
                "6: 8|9".to_owned(),
                "7: 10|11".to_owned(),
                "8: 12|13".to_owned(),
            ]
        );
    }

    #[test]
    fn an_endless_row_is_cut_and_the_rest_is_read() {
        let text = format!("a;b\n1;\"{}\n2;3\n", "x".repeat(3 << 20));
        let rows = read(&text, 2);
        assert_eq!(rows.len(), 2);
        assert!(rows[0].ends_with("!the row does not end within 1024 KiB"));
        assert_eq!(rows[1], "3: 2|3");
    }

    #[test]
    fn delimiters_are_told_by_even_rows() {
        assert_eq!(guess_delimiter("a;b;c\n1,5;2,5;3\n4;5;6\n", true), b';');
        assert_eq!(guess_delimiter("a,b\n\"x;y;z\",2\n", true), b',');
        assert_eq!(guess_delimiter("a\tb\n1\t2\n", true), b'\t');
        assert_eq!(guess_delimiter("name\nAna\n", true), b',');
    }
}
