//! Files as the wizard sees them: what they are, and what their first rows would become.

use std::{path::Path, sync::Arc};

use forecourt_api::imports::{
    ImportDesk, ImportLimits, Look, LookAsked, LookColumn, LookField, LookFormat, LookPreview, LookProblem, LookRow, WarningTold,
};
use forecourt_collect::file::{
    Detected, Format, ImportError, Kind, Mapping, Preview, Read, Warning, check_workbook, detect_as, fields_of, preview, propose,
    propose_kind,
};
use tokio::sync::Notify;

use crate::{clock::now_us, disk};

/// Rows shown of a file.
const ROWS_SHOWN: usize = 12;
/// A file's columns that are shown; a table of more is read all the same.
const CELL_CHARS_SHOWN: usize = 300;

/// Where the installation is: what files leave unsaid is as it is there.
#[derive(Debug, Clone)]
pub struct Home {
    /// Whose notation phones without a country code are in.
    pub region: String,
    /// Of times that name no zone.
    pub zone: String,
}

pub fn desk(folder: &Path, limits: ImportLimits, home: Home, work: Arc<Notify>) -> ImportDesk {
    let look = move |asked: LookAsked| {
        let home = home.clone();
        async move {
            let looked = tokio::task::spawn_blocking(move || look(&asked, &home).map_err(|error| told(&error, &asked)));
            looked.await.map_err(|error| format!("the file could not be looked at: {error}"))?
        }
    };
    ImportDesk::new(folder, limits, disk::free_bytes, look, move || work.notify_one())
}

/// An error about the file by the name that its owner knows it by: ours says nothing, and is nobody's business.
fn told(error: &ImportError, asked: &LookAsked) -> String {
    error.to_string().replace(&asked.path.display().to_string(), &asked.name)
}

fn look(asked: &LookAsked, home: &Home) -> Result<Look, ImportError> {
    let given = asked.mapping.as_ref().map(mapping_of).transpose()?;
    let read = match (&given, &asked.read) {
        (Some(mapping), _) => mapping.read.clone(),
        (None, Some(read)) => read_of(read)?,
        (None, None) => Read::default(),
    };
    if is_zip(&asked.path)? {
        check_workbook(&asked.path)?;
    }
    let detected = detect_as(&asked.path, &read)?;
    let kind = kind_of(asked, &detected)?;
    let mapping = given.unwrap_or_else(|| {
        let mut proposed = propose(kind, &detected);
        // A day is a day anywhere; a time of day is the time on the wall where the file was written.
        if let Some(timestamp) = proposed.fields.get_mut("timestamp").filter(|pick| pick.unit.is_none() && home.zone != "UTC") {
            timestamp.zone = Some(home.zone.clone());
        }
        let decimal = read.decimal.or(proposed.read.decimal);
        Mapping { read: Read { decimal, ..read.clone() }, ..proposed }
    });
    let (preview, mapping_problem) = match preview(kind, &mapping, &detected, &home.region, now_us(), ROWS_SHOWN) {
        Ok(preview) => (Some(shown(preview)), None),
        Err(ImportError::Mapping(told)) => (None, Some(told.replace(&asked.path.display().to_string(), &asked.name))),
        Err(error) => return Err(error),
    };
    Ok(Look {
        format: format(&detected),
        warnings: detected.warnings.iter().map(warning).collect(),
        kind: kind.as_str().to_owned(),
        fields: fields_of(kind).into_iter().map(|name| LookField { name, needed: needed(kind).contains(&name) }).collect(),
        mapping: serde_json::to_value(&mapping).map_err(|error| ImportError::Stopped(error.to_string()))?,
        mapping_problem,
        preview,
        columns: detected.columns.into_iter().map(column).collect(),
    })
}

fn is_zip(path: &Path) -> Result<bool, ImportError> {
    use std::io::Read as _;
    let mut magic = Vec::with_capacity(4);
    let read = std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut magic));
    read.map_err(|error| ImportError::Unreadable { path: path.to_owned(), format: "a file", reason: error.to_string() })?;
    Ok(magic.starts_with(b"PK"))
}

fn kind_of(asked: &LookAsked, detected: &Detected) -> Result<Kind, ImportError> {
    let Some(name) = &asked.kind else { return Ok(propose_kind(detected)) };
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Kind::parse(name).ok_or_else(|| ImportError::Mapping(format!("there is no kind `{name}`: use one of {}", names.join(", "))))
}

/// Reads a mapping that came over the network: one file is all that it may name.
pub fn mapping_of(value: &serde_json::Value) -> Result<Mapping, ImportError> {
    let mapping = Mapping::parse(&value.to_string())?;
    let lists = [&mapping.fields, &mapping.external_ids, &mapping.traits, &mapping.properties];
    let joined = lists.into_iter().flatten().find(|(_, pick)| pick.join.is_some()).map(|(name, _)| name.clone());
    match joined {
        Some(name) => Err(ImportError::Mapping(format!(
            "`{name}` is joined from a second file, which an upload does not have: use `forecourt import`, or join the files before"
        ))),
        None => Ok(mapping),
    }
}

fn read_of(value: &serde_json::Value) -> Result<Read, ImportError> {
    serde_json::from_value(value.clone()).map_err(|error| ImportError::Mapping(format!("`read` does not read: {error}")))
}

fn needed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Events => &["event", "timestamp"],
        Kind::Profiles => &[],
        Kind::Leads | Kind::Orders | Kind::Calls => &["timestamp"],
        Kind::Costs => &["day", "channel", "cost"],
    }
}

fn format(detected: &Detected) -> LookFormat {
    let plain = LookFormat { kind: "", encoding: None, delimiter: None, header_row: None, sheet: None, sheets: Vec::new() };
    match &detected.format {
        Format::Delimited { encoding, dialect } => LookFormat {
            kind: "delimited",
            encoding: Some(encoding.name().to_owned()),
            delimiter: Some(char::from(dialect.delimiter).to_string()),
            header_row: Some(dialect.header_row),
            ..plain
        },
        Format::JsonLines { encoding } => LookFormat { kind: "json_lines", encoding: Some(encoding.name().to_owned()), ..plain },
        Format::Workbook { sheet, sheets, header_row } => {
            LookFormat { kind: "workbook", sheet: Some(sheet.clone()), sheets: sheets.clone(), header_row: Some(*header_row), ..plain }
        }
        Format::Parquet { .. } => LookFormat { kind: "parquet", ..plain },
    }
}

pub fn warning(warning: &Warning) -> WarningTold {
    WarningTold { code: warning.code.to_owned(), column: warning.column.clone(), count: warning.count, message: warning.message.clone() }
}

fn column(column: forecourt_collect::file::Column) -> LookColumn {
    let guess = serde_json::to_value(column.guess).ok().and_then(|guess| guess.as_str().map(str::to_owned));
    let samples = column.samples.iter().map(|sample| cut(sample)).collect();
    LookColumn { name: column.name, guess: guess.unwrap_or_default(), samples }
}

fn shown(preview: Preview) -> LookPreview {
    let rows = preview.rows.into_iter().map(|row| LookRow {
        number: row.number,
        cells: row.cells.iter().map(|cell| cut(cell)).collect(),
        item: row.item.and_then(|item| serde_json::from_str(item.get()).ok()),
        problem: row.problem.map(|problem| LookProblem { code: problem.code.to_owned(), message: problem.message, column: problem.column }),
    });
    LookPreview { rows: rows.collect(), looked_at: preview.looked_at, refused: preview.refused }
}

fn cut(cell: &str) -> String {
    if cell.chars().count() <= CELL_CHARS_SHOWN { cell.to_owned() } else { cell.chars().take(CELL_CHARS_SHOWN).chain(['…']).collect() }
}
