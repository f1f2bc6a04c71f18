//! Records of people in memory: each column's values normalised once, and numbered so that equal values have equal numbers.

use rustc_hash::FxHashMap;

use crate::{
    agreement::COLUMNS_MAX,
    column::{ColumnSpec, ColumnType},
    compare::normalised,
};

/// The number of a value within its dictionary; 0 is "missing".
pub(crate) type ValueId = u32;

/// Records ready to be matched. Rows are numbered from 0 in the order in which they were pushed.
pub struct Table {
    rows: usize,
    specs: Vec<ColumnSpec>,
    pub(crate) columns: Vec<ColumnData>,
    /// `[rows][columns]`: a row's values lie together, for pairs are compared row against row.
    ids: Vec<ValueId>,
    dictionaries: Vec<Dictionary>,
    /// The places of the given name and the surname, where the table has both.
    pub(crate) names: Option<(usize, usize)>,
}

pub(crate) struct ColumnData {
    pub(crate) kind: ColumnType,
    /// Rows that have each value, by id; `counts[0]` rows have none.
    pub(crate) counts: Vec<u32>,
    dictionary: usize,
}

/// Two sets are linked by putting one after the other in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Finds duplicates within one set.
    Dedupe,
    /// Finds for rows below `left_rows` their like among the rows from there on.
    Link { left_rows: usize },
}

impl Task {
    pub(crate) fn allows(self, left: u32, right: u32) -> bool {
        match self {
            Self::Dedupe => left != right,
            Self::Link { left_rows } => ((left as usize) < left_rows) != ((right as usize) < left_rows),
        }
    }

    /// All pairs that could be asked about.
    pub(crate) fn pairs(self, rows: usize) -> f64 {
        match self {
            Self::Dedupe => rows as f64 * (rows as f64 - 1.0) / 2.0,
            Self::Link { left_rows } => left_rows.min(rows) as f64 * rows.saturating_sub(left_rows) as f64,
        }
    }
}

impl Table {
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns that are compared, in the order of contributions: those given, less full names that only stand in for others.
    pub fn columns(&self) -> &[ColumnSpec] {
        &self.specs
    }

    pub(crate) fn text(&self, column: usize, id: ValueId) -> &str {
        self.dictionaries[self.columns[column].dictionary].text(id)
    }

    pub(crate) fn id(&self, column: usize, row: u32) -> ValueId {
        self.ids[row as usize * self.columns.len() + column]
    }

    /// A column's values by row.
    pub(crate) fn ids_of(&self, column: usize) -> impl Iterator<Item = ValueId> {
        self.ids.iter().skip(column).step_by(self.columns.len()).copied()
    }

    /// The value of a row; `None` where it is missing.
    pub(crate) fn value(&self, column: usize, row: u32) -> Option<&str> {
        match self.id(column, row) {
            0 => None,
            id => Some(self.text(column, id)),
        }
    }
}

/// Fills a [`Table`] row by row.
pub struct TableBuilder {
    /// Where each given column goes; `None` for a full name that stands in for given name and surname.
    places: Vec<Option<usize>>,
    table: Table,
    open: Vec<FxHashMap<Box<str>, ValueId>>,
}

impl TableBuilder {
    /// * `specs`: the columns, in the order in which [`Self::push`] gets their values.
    pub fn new(specs: Vec<ColumnSpec>) -> Self {
        assert!(specs.len() <= COLUMNS_MAX, "at most {COLUMNS_MAX} columns can be compared");
        let place_of = |kind| specs.iter().position(|spec| spec.kind == kind);
        let parted = place_of(ColumnType::GivenName).is_some() && place_of(ColumnType::Surname).is_some();
        let stands_in = |spec: &ColumnSpec| parted && spec.kind == ColumnType::FullName;
        let mut next = 0..;
        let places = specs.iter().map(|spec| if stands_in(spec) { None } else { next.next() }).collect();
        let specs: Vec<_> = specs.iter().filter(|spec| !stands_in(spec)).cloned().collect();
        let first = |kind| specs.iter().position(|spec| spec.kind == kind);
        let names = first(ColumnType::GivenName).zip(first(ColumnType::Surname));
        let columns = specs.iter().enumerate().map(|(at, spec)| ColumnData::new(spec.kind, dictionary_of(at, names))).collect();
        let dictionaries: Vec<_> = specs.iter().map(|_| Dictionary::default()).collect();
        let open = vec![FxHashMap::default(); dictionaries.len()];
        Self { places, table: Table { rows: 0, specs, columns, ids: Vec::new(), dictionaries, names }, open }
    }

    /// Adds a record. Values are as people wrote them; case, script, punctuation and notation do not matter.
    ///
    /// * `row`: one value for each column of [`Self::new`]; `None`, blank and texts such as `n/a` are missing.
    pub fn push(&mut self, row: &[Option<&str>]) {
        assert_eq!(row.len(), self.places.len(), "a row has one value for each column");
        let mut stand_in = None;
        let start = self.table.ids.len();
        self.table.ids.resize(start + self.table.columns.len(), 0);
        for (value, place) in row.iter().zip(0..) {
            match self.places[place] {
                Some(column) => self.table.ids[start + column] = self.number(column, value.unwrap_or_default()),
                None => stand_in = stand_in.or(*value),
            }
        }
        self.table.rows += 1;
        if let (Some(full), Some(names)) = (stand_in, self.table.names) {
            self.split_full_name(start, full, names);
        }
    }

    fn number(&mut self, column: usize, value: &str) -> ValueId {
        let text = normalised(self.table.columns[column].kind, value);
        self.intern(column, text)
    }

    fn intern(&mut self, column: usize, text: String) -> ValueId {
        if text.is_empty() {
            return 0;
        }
        let at = self.table.columns[column].dictionary;
        if let Some(&id) = self.open[at].get(text.as_str()) {
            return id;
        }
        let id = self.table.dictionaries[at].push(&text);
        self.open[at].insert(text.into_boxed_str(), id);
        id
    }

    /// First and last word of a full name, for the last row, where it has neither given name nor surname.
    fn split_full_name(&mut self, start: usize, full: &str, (given, surname): (usize, usize)) {
        if self.table.ids[start + given] != 0 || self.table.ids[start + surname] != 0 {
            return;
        }
        let full = normalised(ColumnType::FullName, full);
        let (first, last) = full.rsplit_once(' ').unwrap_or((&full, ""));
        let first = first.split(' ').next().unwrap_or_default();
        self.table.ids[start + given] = self.intern(given, first.to_owned());
        self.table.ids[start + surname] = self.intern(surname, last.to_owned());
    }

    pub fn finish(mut self) -> Table {
        for (at, column) in self.table.columns.iter_mut().enumerate() {
            column.counts = vec![0; self.table.dictionaries[column.dictionary].len()];
            let ids = self.table.ids.iter().skip(at).step_by(self.places.iter().flatten().count());
            ids.for_each(|&id| column.counts[id as usize] += 1);
        }
        self.table
    }
}

/// Given names and surnames share a dictionary, so that a swapped pair is seen by its numbers.
fn dictionary_of(column: usize, names: Option<(usize, usize)>) -> usize {
    match names {
        Some((given, surname)) if column == surname => given,
        _ => column,
    }
}

impl ColumnData {
    fn new(kind: ColumnType, dictionary: usize) -> Self {
        Self { kind, counts: Vec::new(), dictionary }
    }

    /// Rows that have a value.
    pub(crate) fn present(&self) -> usize {
        self.counts.iter().skip(1).map(|&count| count as usize).sum()
    }
}

/// Texts end to end, by number; number 0 is the empty text.
struct Dictionary {
    texts: String,
    ends: Vec<usize>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self { texts: String::new(), ends: vec![0] }
    }
}

impl Dictionary {
    fn push(&mut self, text: &str) -> ValueId {
        let id = u32::try_from(self.ends.len()).expect("fewer than 2^32 values");
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        id
    }

    fn text(&self, id: ValueId) -> &str {
        let id = id as usize;
        &self.texts[self.ends[id.max(1) - 1]..self.ends[id]]
    }

    fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_stands_in_for_missing_names() {
        let specs = [("name", ColumnType::FullName), ("first", ColumnType::GivenName), ("last", ColumnType::Surname)];
        let mut builder = TableBuilder::new(specs.map(|(name, kind)| ColumnSpec::new(name, kind)).to_vec());
        builder.push(&[Some("Ana Maria Li"), None, Some("")]);
        builder.push(&[Some("Ana Maria Li"), Some("Anna"), None]);
        let table = builder.finish();
        assert_eq!(table.columns().len(), 2);
        assert_eq!((table.value(0, 0), table.value(1, 0)), (Some("ana"), Some("li")));
        assert_eq!((table.value(0, 1), table.value(1, 1)), (Some("anna"), None));
    }

    #[test]
    fn swapped_names_share_numbers() {
        let specs = [("first", ColumnType::GivenName), ("last", ColumnType::Surname)];
        let mut builder = TableBuilder::new(specs.map(|(name, kind)| ColumnSpec::new(name, kind)).to_vec());
        builder.push(&[Some("Isla"), Some("Hall")]);
        builder.push(&[Some("Hall"), Some("Isla")]);
        let table = builder.finish();
        assert_eq!(table.id(0, 0), table.id(1, 1));
        assert_eq!(table.columns[0].present(), 2);
    }
}
