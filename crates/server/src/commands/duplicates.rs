//! `forecourt duplicates`: probable duplicates in a file of people, without touching what Forecourt holds.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use forecourt_collect::file::{Detected, detect, read_texts};
use forecourt_matching::{
    ClusterOptions, ColumnSpec, ColumnType, EstimateOptions, ScoredPair, Scorer, Table, TableBuilder, Task, candidates, cluster, estimate,
    link, propose, weight_of,
};
use serde_json::{Value, json};

use crate::output::{Format, Output};

/// Values looked at for the type of a column.
const SAMPLE: usize = 500;

#[derive(Debug, Args)]
pub struct DuplicatesArgs {
    /// A file of people: CSV, XLSX, JSON lines or Parquet.
    file: PathBuf,
    /// A second file: people of the first are looked for in it, at most one for each.
    #[arg(long)]
    link: Option<PathBuf>,
    /// A column and its type, as `header=type`: `given_name`, `surname`, `full_name`, `birth_date`, `phone`, `email`,
    /// `street_address`, `street_number`, `postcode`, `place`, `document`, `category`, or `none` to leave it out. Proposed unless told.
    #[arg(long = "column")]
    columns: Vec<String>,
    /// The column that names a record in the answer; the number of the row unless told.
    #[arg(long)]
    id: Option<String>,
    /// Pairs below this probability are left out.
    #[arg(long, default_value_t = 0.5)]
    least: f64,
    /// Answer with groups of records rather than with pairs.
    #[arg(long)]
    groups: bool,
    /// Print the columns and their types, and stop.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: DuplicatesArgs) -> anyhow::Result<()> {
    let files: Vec<Detected> =
        [Some(&args.file), args.link.as_ref()].into_iter().flatten().map(|path| look(path)).collect::<Result<_, _>>()?;
    let rows: Vec<Vec<Vec<String>>> = files.iter().map(rows_of).collect::<Result<_, _>>()?;
    let kinds = kinds(&files, &rows, &args.columns, args.id.as_deref())?;
    if args.dry_run {
        let lines: Vec<Value> = kinds.iter().map(|(name, kind)| json!({ "column": name, "type": word(*kind) })).collect();
        args.output.many(&lines, &["column", "type"]);
        return Ok(());
    }
    if kinds.is_empty() {
        bail!("no column looks like a name, a date of birth, a phone, …: say what they are by `--column header=type`");
    }
    let ids = ids(&files, &rows, args.id.as_deref())?;
    let table = table(&files, &rows, &kinds);
    let task = if args.link.is_some() { Task::Link { left_rows: rows[0].len() } } else { Task::Dedupe };
    let pairs = candidates(&table, task, threads());
    let model = estimate(&table, task, &pairs, &[], EstimateOptions { threads: threads(), ..EstimateOptions::default() });
    let scorer = Scorer::new(&table, &model, &[]);
    let least = weight_of(args.least);
    // Groups are made of what is less probable by itself, too: the others of the group speak for it.
    let scored = scorer.score(&pairs, if args.groups { least.min(0.0) } else { least }, threads());
    if args.groups && args.link.is_none() {
        let groups = cluster(&scorer, &scored, ClusterOptions::default());
        let of_group =
            |(at, group): (usize, &Vec<u32>)| group.iter().map(|row| json!({ "group": at, "id": ids[*row as usize] })).collect::<Vec<_>>();
        return print(&args.output, groups.iter().enumerate().flat_map(of_group).collect(), &["group", "id"]);
    }
    let found = if args.link.is_some() { link(&scored, task, least) } else { scored };
    let line = |pair: &ScoredPair| {
        let told = scorer.explain(pair.left, pair.right);
        let why: Vec<String> =
            told.contributions.iter().map(|part| format!("{} {} {:+.1}", part.column, part.agreement, part.bits)).collect();
        json!({
            "one": ids[pair.left as usize], "other": ids[pair.right as usize],
            "probability": format!("{:.4}", pair.probability()), "weight": format!("{:.2}", pair.weight), "why": why.join("; "),
        })
    };
    print(&args.output, found.iter().map(line).collect(), &["one", "other", "probability", "weight", "why"])
}

fn print(output: &Output, lines: Vec<Value>, columns: &[&str]) -> anyhow::Result<()> {
    match output.format {
        Format::Json => println!("{}", Value::from(lines)),
        _ => output.many(&lines, columns),
    }
    Ok(())
}

pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn look(path: &Path) -> anyhow::Result<Detected> {
    detect(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn rows_of(file: &Detected) -> anyhow::Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    read_texts(file, |row| rows.push(row.iter().map(|cell| cell.trim().to_owned()).collect()))?;
    Ok(rows)
}

/// Columns of the first file that say something about a person; of two files those that both have.
fn kinds(files: &[Detected], rows: &[Vec<Vec<String>>], told: &[String], id: Option<&str>) -> anyhow::Result<Vec<(String, ColumnType)>> {
    let mut given: BTreeMap<String, Option<ColumnType>> = BTreeMap::new();
    for text in told {
        let (name, kind) = text.rsplit_once('=').with_context(|| format!("`--column {text}`: write `header=type`"))?;
        let read = (kind != "none").then(|| serde_json::from_value(json!(kind))).transpose();
        given.insert(name.to_owned(), read.with_context(|| format!("`{kind}` is no type of column: see `--help`"))?);
    }
    if let Some(name) = given.keys().find(|name| !files[0].columns.iter().any(|column| column.name.trim() == name.trim())) {
        bail!("{} has no column `{name}`", files[0].path.display());
    }
    let mut kinds = Vec::new();
    for (at, column) in files[0].columns.iter().enumerate() {
        let name = column.name.trim().to_owned();
        let is_everywhere = files.iter().all(|file| file.columns.iter().any(|other| other.name.trim() == name));
        if !is_everywhere || id.is_some_and(|id| id.trim() == name) {
            continue;
        }
        let values: Vec<&str> = rows[0].iter().map(|row| row[at].as_str()).filter(|value| !value.is_empty()).take(SAMPLE).collect();
        let kind = given.get(&name).copied().unwrap_or_else(|| propose(&name, &values));
        kinds.extend(kind.map(|kind| (name, kind)));
    }
    Ok(kinds)
}

fn word(kind: ColumnType) -> String {
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn ids(files: &[Detected], rows: &[Vec<Vec<String>>], id: Option<&str>) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for (file, rows) in files.iter().zip(rows) {
        let at = match id {
            Some(name) => {
                let at = file.columns.iter().position(|column| column.name.trim() == name.trim());
                Some(at.with_context(|| format!("{} has no column `{name}`", file.path.display()))?)
            }
            None => None,
        };
        ids.extend(rows.iter().enumerate().map(|(number, row)| at.map_or_else(|| (number + 1).to_string(), |at| row[at].clone())));
    }
    Ok(ids)
}

fn table(files: &[Detected], rows: &[Vec<Vec<String>>], kinds: &[(String, ColumnType)]) -> Table {
    let mut builder = TableBuilder::new(kinds.iter().map(|(name, kind)| ColumnSpec::new(name.as_str(), *kind)).collect());
    for (file, rows) in files.iter().zip(rows) {
        let at: Vec<Option<usize>> =
            kinds.iter().map(|(name, _)| file.columns.iter().position(|column| column.name.trim() == name)).collect();
        for row in rows {
            let cells: Vec<Option<&str>> = at.iter().map(|at| at.map(|at| row[at].as_str()).filter(|value| !value.is_empty())).collect();
            builder.push(&cells);
        }
    }
    builder.finish()
}
