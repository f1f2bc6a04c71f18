//! The public labelled sets, and the figures that a matching is measured by.

#![allow(dead_code, reason = "the test and the example use different parts")]

pub mod crm;

use std::{collections::BTreeMap, fs::File, path::PathBuf};

use arrow::{array::AsArray as _, compute::cast, datatypes::DataType};
use forecourt_matching::{
    ClusterOptions, ColumnSpec, ColumnType, EstimateOptions, Model, ScoredPair, Scorer, Table, TableBuilder, Task, candidates, cluster,
    estimate, link,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Records whose true persons are known.
pub struct Labelled {
    pub name: &'static str,
    pub specs: Vec<ColumnSpec>,
    pub rows: Vec<Vec<Option<String>>>,
    pub persons: Vec<String>,
    pub task: Task,
}

/// A file of the public data; `None`, said aloud, where the machine has none.
pub fn public(file: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("FORECOURT_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let path = shared.join("data").join(file);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: matching of {file}: the public data are not on this machine (set FORECOURT_SHARED)");
    assert!(std::env::var_os("CI").is_none(), "the public data must be there: set FORECOURT_SHARED");
    None
}

use ColumnType::*;

const FEBRL: &[(&str, ColumnType)] = &[
    ("given_name", GivenName),
    ("surname", Surname),
    ("street_number", StreetNumber),
    ("address_1", StreetAddress),
    ("address_2", StreetAddress),
    ("suburb", Place),
    ("postcode", Postcode),
    ("state", Category),
    ("date_of_birth", BirthDate),
    ("soc_sec_id", Document),
];

pub fn febrl4() -> Option<Labelled> {
    let left = csv_rows("er/febrl_dataset4a.csv")?;
    let right = csv_rows("er/febrl_dataset4b.csv")?;
    let task = Task::Link { left_rows: left.len() };
    Some(labelled("febrl4", FEBRL, left.into_iter().chain(right).collect(), febrl_person, task))
}

pub fn febrl3() -> Option<Labelled> {
    Some(labelled("febrl3", FEBRL, csv_rows("er/febrl_dataset3.csv")?, febrl_person, Task::Dedupe))
}

pub fn fake_1000() -> Option<Labelled> {
    let columns = [("first_name", GivenName), ("surname", Surname), ("dob", BirthDate), ("city", Place), ("email", Email)];
    Some(labelled("fake_1000", &columns, csv_rows("er/fake_1000.csv")?, |row| row["cluster"].clone(), Task::Dedupe))
}

pub fn historical_50k() -> Option<Labelled> {
    let columns = [
        ("first_name", GivenName),
        ("surname", Surname),
        ("dob", BirthDate),
        ("birth_place", Place),
        ("postcode_fake", Postcode),
        ("occupation", Category),
    ];
    let rows = parquet_rows("er/historical_figures_with_errors_50k.parquet")?;
    Some(labelled("historical_50k", &columns, rows, |row| row["cluster"].clone(), Task::Dedupe))
}

type Row = BTreeMap<String, String>;

fn febrl_person(row: &Row) -> String {
    row["rec_id"].split('-').nth(1).expect("rec-N-…").to_owned()
}

fn labelled(name: &'static str, columns: &[(&str, ColumnType)], rows: Vec<Row>, person: impl Fn(&Row) -> String, task: Task) -> Labelled {
    Labelled {
        name,
        specs: columns.iter().map(|&(column, kind)| ColumnSpec::new(column, kind)).collect(),
        persons: rows.iter().map(person).collect(),
        rows: rows.iter().map(|row| columns.iter().map(|(column, _)| row.get(*column).cloned()).collect()).collect(),
        task,
    }
}

fn csv_rows(file: &str) -> Option<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(public(file)?).expect("a readable file");
    Some(reader.deserialize().map(|row| row.expect("a row")).collect())
}

fn parquet_rows(file: &str) -> Option<Vec<Row>> {
    let file = File::open(public(file)?).expect("a readable file");
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.expect("a batch");
        let start = rows.len();
        rows.resize_with(start + batch.num_rows(), Row::new);
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let texts = cast(column, &DataType::Utf8).expect("texts");
            let texts = texts.as_string::<i32>();
            for (row, text) in rows[start..].iter_mut().zip(texts) {
                row.extend(text.map(|text| (field.name().clone(), text.to_owned())));
            }
        }
    }
    Some(rows)
}

/// One row of the benchmark of names: both names, and whether they are one person's.
pub fn person_names() -> Option<Vec<(String, String, bool)>> {
    let rows = csv_rows("names/opensanctions_name_bench_cases.csv")?;
    let persons = rows.into_iter().filter(|row| row["schema"] == "Person");
    Some(persons.map(|row| (row["name1"].clone(), row["name2"].clone(), row["is_match"] == "true")).collect())
}

/// The probability that a match is scored above another pair; ties count half.
pub fn area_under_curve(scored: &[(f64, bool)]) -> f64 {
    let of = |wanted| scored.iter().filter(move |&&(_, same)| same == wanted).map(|&(score, _)| score);
    let wins: f64 = of(true)
        .map(|own| {
            of(false)
                .map(|other| {
                    if other < own {
                        1.0
                    } else if other == own {
                        0.5
                    } else {
                        0.0
                    }
                })
                .sum::<f64>()
        })
        .sum();
    wins / (of(true).count() * of(false).count()) as f64
}

/// Everything from records to people.
pub struct Matched {
    pub table: Table,
    pub model: Model,
    pub pairs: Vec<ScoredPair>,
    /// Clusters, or links as clusters of two.
    pub people: Vec<Vec<u32>>,
    pub candidates: Vec<(u32, u32)>,
}

/// From here on records may be merged unasked: one and the same for all sets.
pub const MERGED_AT: f64 = 0.99;

/// Bits from which a pair is reported at all.
const REPORTED_FROM: f64 = -4.0;

pub fn matched(set: &Labelled) -> Matched {
    let mut builder = TableBuilder::new(set.specs.clone());
    let mut row: Vec<Option<&str>> = Vec::new();
    for values in &set.rows {
        row.clear();
        row.extend(values.iter().map(Option::as_deref));
        builder.push(&row);
    }
    let table = builder.finish();
    let pairs = candidates(&table, set.task, 2);
    let model = estimate(&table, set.task, &pairs, &[], EstimateOptions::default());
    let scorer = Scorer::new(&table, &model, &[]);
    let scored = scorer.score(&pairs, REPORTED_FROM, 2);
    let options = ClusterOptions::default();
    let people = match set.task {
        Task::Dedupe => cluster(&scorer, &scored, options),
        Task::Link { .. } => link(&scored, set.task, options.mean_least).into_iter().map(|pair| vec![pair.left, pair.right]).collect(),
    };
    Matched { model, pairs: scored, people, candidates: pairs, table }
}

#[derive(Debug, Default)]
pub struct Figures {
    pub true_pairs: usize,
    pub blocking_recall: f64,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Of single pairs, and of pairs within clusters, at the probability from which records may be merged unasked.
    pub precision_merged: f64,
    pub recall_merged: f64,
    pub largest: usize,
}

pub fn figures(set: &Labelled, matched: &Matched) -> Figures {
    let same = |left: u32, right: u32| set.persons[left as usize] == set.persons[right as usize];
    let true_pairs = true_pairs(set);
    let joined = || {
        matched
            .people
            .iter()
            .flat_map(|rows| rows.iter().enumerate().flat_map(move |(at, &left)| rows[at + 1..].iter().map(move |&right| (left, right))))
    };
    let hits = joined().filter(|&(left, right)| same(left, right)).count() as f64;
    let merged: Vec<_> = matched.pairs.iter().filter(|pair| MERGED_AT <= pair.probability()).collect();
    let merged_hits = merged.iter().filter(|pair| same(pair.left, pair.right)).count() as f64;
    let found = joined().count() as f64;
    Figures {
        true_pairs,
        blocking_recall: matched.candidates.iter().filter(|&&(left, right)| same(left, right)).count() as f64 / true_pairs as f64,
        precision: hits / found.max(1.0),
        recall: hits / true_pairs as f64,
        f1: 2.0 * hits / (found + true_pairs as f64),
        precision_merged: merged_hits / (merged.len() as f64).max(1.0),
        recall_merged: merged_hits / true_pairs as f64,
        largest: matched.people.iter().map(Vec::len).max().unwrap_or(0),
    }
}

fn true_pairs(set: &Labelled) -> usize {
    let mut sizes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (row, person) in set.persons.iter().enumerate() {
        let size = sizes.entry(person).or_default();
        match set.task {
            Task::Link { left_rows } if row < left_rows => size.0 += 1,
            _ => size.1 += 1,
        }
    }
    let pairs = |&(left, right): &(usize, usize)| match set.task {
        Task::Dedupe => right * right.saturating_sub(1) / 2,
        Task::Link { .. } => left * right,
    };
    sizes.values().map(pairs).sum()
}
