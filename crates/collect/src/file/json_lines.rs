//! JSON lines: an object a line, nested values by dotted paths.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    io::{self, BufRead, BufReader, Read},
};

use serde_json::{Map, Value};

use super::block::{Cell, LooseRow};

const LINE_BYTES_MAX: u64 = 1 << 20;
const BLOCK_ROWS: usize = 1_024;
const DEPTH_MAX: usize = 6;

pub struct JsonLinesReader {
    input: BufReader<Box<dyn Read + Send>>,
    /// The paths that are cells, in the order of the columns.
    paths: Vec<String>,
    line: u64,
    buffer: Vec<u8>,
}

impl JsonLinesReader {
    /// * `input`: UTF-8.
    pub fn new(input: Box<dyn Read + Send>, paths: Vec<String>) -> Self {
        Self { input: BufReader::with_capacity(256 << 10, input), paths, line: 0, buffer: Vec::new() }
    }

    pub fn next_block(&mut self) -> io::Result<Option<Vec<LooseRow>>> {
        let mut rows = Vec::with_capacity(BLOCK_ROWS);
        while rows.len() < BLOCK_ROWS && self.read_line()? {
            if self.buffer.iter().any(|byte| !byte.is_ascii_whitespace()) {
                rows.push(self.row());
            }
        }
        Ok((!rows.is_empty()).then_some(rows))
    }

    /// Reads the next line into `buffer`; the rest of an overlong one is passed over.
    fn read_line(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        self.line += 1;
        let read = self.input.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut self.buffer)?;
        if LINE_BYTES_MAX < read as u64 && !self.buffer.ends_with(b"\n") {
            self.input.skip_until(b'\n')?;
        }
        Ok(0 < read)
    }

    fn row(&self) -> LooseRow {
        let fault = |fault: String| {
            let raw = String::from_utf8_lossy(&self.buffer[..self.buffer.len().min(64 << 10)]).trim().to_owned();
            LooseRow { number: self.line, cells: vec![Cell::Text(raw.into())], fault: Some(fault) }
        };
        if LINE_BYTES_MAX < self.buffer.len() as u64 {
            return fault(format!("the line is longer than {} KiB", LINE_BYTES_MAX >> 10));
        }
        match serde_json::from_slice::<Value>(&self.buffer) {
            Ok(Value::Object(object)) => {
                let cells = self.paths.iter().map(|path| at_path(&object, path).map_or(Cell::Empty, cell)).collect();
                LooseRow { number: self.line, cells, fault: None }
            }
            Ok(_) => fault("the line is not a JSON object".into()),
            Err(error) => fault(format!("the line is not JSON: {error}")),
        }
    }
}

/// The paths of all values in the lines of a sample, in the order of their first appearance.
pub fn paths(lines: &[Map<String, Value>]) -> Vec<String> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for line in lines {
        collect(line, "", 1, &mut |path| {
            if seen.insert(path.clone()) {
                found.push(path);
            }
        });
    }
    found
}

fn collect(object: &Map<String, Value>, prefix: &str, depth: usize, take: &mut dyn FnMut(String)) {
    for (name, value) in object {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(inner) if depth < DEPTH_MAX && !inner.is_empty() => collect(inner, &path, depth + 1, take),
            _ => take(path),
        }
    }
}

/// A name that itself holds a dot goes before a path.
pub fn at_path<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(at, _)| match object.get(&path[..at])? {
        Value::Object(inner) => at_path(inner, &path[at + 1..]),
        _ => None,
    })
}

pub fn cell(value: &Value) -> Cell<'static> {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(flag) => Cell::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Cell::Int(number),
            // Past an i64 an id keeps its figures as text; past a float's they would be lost.
            (None, _) if number.is_u64() => Cell::Text(number.to_string().into()),
            (None, Some(number)) => Cell::Float(number),
            (None, None) => Cell::Text(number.to_string().into()),
        },
        Value::String(text) => Cell::Text(Cow::Owned(text.clone())),
        other => Cell::Json(Cow::Owned(other.to_string())),
    }
}
