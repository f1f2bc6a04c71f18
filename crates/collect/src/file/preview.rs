//! The first rows of a file, as they are and as they would become records.

use forecourt_model::{Refusal, RefusalCode};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Detected, ImportError, Kind, Mapping, block::Row, damage::Tally, plan::Plan, reader::Reader};

/// How many rows are looked through for some that would be refused.
const LOOKED_AT: usize = 2_000;

#[derive(Debug, Serialize)]
pub struct Preview {
    pub rows: Vec<PreviewRow>,
    /// How many rows were looked at, from the first; and how many of them would be refused.
    pub looked_at: u64,
    pub refused: u64,
}

/// A row as it stands in the file, and what would become of it.
#[derive(Debug, Serialize)]
pub struct PreviewRow {
    pub number: u64,
    /// In the order of [`Detected::columns`].
    pub cells: Vec<String>,
    /// The record as it would go to the log; `None` for a row that would be refused.
    pub item: Option<Box<RawValue>>,
    pub problem: Option<Problem>,
}

/// Why a row would be refused.
#[derive(Debug, Serialize)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    /// The column whose value is the reason, where it is one.
    pub column: Option<String>,
}

/// Makes the first `rows_max` rows, and then as many refused ones of the next two thousand.
///
/// Errors: [`ImportError`]; [`ImportError::Mapping`] for a mapping that is not complete yet.
pub fn preview(
    kind: Kind,
    mapping: &Mapping,
    detected: &Detected,
    region: &str,
    now_us: i64,
    rows_max: usize,
) -> Result<Preview, ImportError> {
    let mut plan = Plan::new(kind, mapping, detected, region, now_us)?;
    let mut reader = Reader::open(detected, (0..detected.columns.len()).collect())?;
    let mut tally = Tally::default();
    let mut preview = Preview { rows: Vec::new(), looked_at: 0, refused: 0 };
    let (mut item, mut refused_shown) = (Vec::new(), 0);
    while let Some(block) = reader.next_block()? {
        for index in 0..block.rows() {
            if LOOKED_AT as u64 <= preview.looked_at {
                return Ok(preview);
            }
            let row = block.row(index);
            let made = plan.make(row, &mut tally, &mut item);
            preview.looked_at += 1;
            preview.refused += u64::from(made.is_err());
            let is_first = preview.rows.len() < rows_max;
            if is_first || (made.is_err() && refused_shown < rows_max) {
                refused_shown += usize::from(!is_first);
                let made = made.map(|_| serde_json::from_slice(&item).ok());
                preview.rows.push(shown(row, detected.columns.len(), made, mapping));
            }
        }
    }
    Ok(preview)
}

fn shown(row: Row<'_>, columns: usize, made: Result<Option<Box<RawValue>>, Refusal>, mapping: &Mapping) -> PreviewRow {
    let (number, cells) = (row.number(), row.texts(columns));
    match made {
        Ok(item) => PreviewRow { number, cells, item, problem: None },
        Err(refusal) => {
            let column = column_of(&refusal, mapping);
            let problem = Problem { code: refusal.code.as_str(), message: refusal.message, column };
            PreviewRow { number, cells, item: None, problem: Some(problem) }
        }
    }
}

/// Refusals name their field in the first pair of backticks; those about times need no name.
fn column_of(refusal: &Refusal, mapping: &Mapping) -> Option<String> {
    let picked = |field: &str| {
        let pick = mapping.fields.get(field).or_else(|| mapping.properties.get(field)).or_else(|| mapping.traits.get(field))?;
        pick.column.clone()
    };
    if refusal.code == RefusalCode::InvalidTimestamp {
        return picked("timestamp").or_else(|| picked("day"));
    }
    let field = refusal.message.split('`').nth(1)?;
    // A refusal names a property by the name that it goes by in the record.
    picked(field).or_else(|| picked(field.strip_prefix("utm_")?)).or_else(|| picked(field.strip_suffix("_s")?))
}
