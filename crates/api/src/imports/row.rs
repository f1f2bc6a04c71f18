//! An import as the pages show it.

use forecourt_model::time::iso;
use forecourt_store::control::{FileState, Import as Held, JobState, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ImportDesk;

#[derive(Serialize, ToSchema)]
pub struct Import {
    id: String,
    /// The file's name where it came from.
    name: String,
    bytes: u64,
    /// Whether the file is still here: only then can it be looked at or imported again.
    has_file: bool,
    /// `upload`, or `command` for one that `forecourt import` does.
    by: ImportBy,
    /// `events`, `profiles`, `leads`, `orders`, `costs`, `calls`.
    kind: String,
    #[schema(value_type = Object)]
    mapping: serde_json::Value,
    /// The name of the source that the rows are said to come from.
    source: String,
    /// Whether the rows count as happening now, and may start sends and tasks.
    live: bool,
    state: ImportState,
    /// What is asked of work that runs and has not come of it yet: `pause` or `cancel`.
    #[schema(required)]
    wanted: Option<String>,
    /// How far the work is, in `unit`; a `total` of 0 is not known.
    done: u64,
    total: u64,
    /// `bytes` or `rows`.
    unit: String,
    rows: u64,
    accepted: u64,
    refused: u64,
    /// Why it failed.
    #[schema(required)]
    message: Option<String>,
    /// What the dry run of this very plan found.
    #[schema(required)]
    checked: Option<ImportOutcome>,
    /// What came of the import.
    #[schema(required)]
    outcome: Option<ImportOutcome>,
    /// Whether there is a file of rejected rows to take away.
    has_rejected: bool,
    created_by: String,
    created_at: String,
    #[schema(required)]
    started_at: Option<String>,
    #[schema(required)]
    ended_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportBy {
    Upload,
    Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Not begun.
    Draft,
    /// A dry run is under way.
    Checking,
    Queued,
    Running,
    Paused,
    Done,
    Failed,
    Cancelled,
}

/// What a dry run or an import has counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ImportOutcome {
    pub rows: u64,
    pub accepted: u64,
    pub refused: u64,
    /// Refused rows by the code of the reason.
    pub reasons: Vec<RefusedCount>,
    pub warnings: Vec<WarningTold>,
    /// The times of the first and the last accepted row.
    #[serde(default)]
    #[schema(required)]
    pub from: Option<String>,
    #[serde(default)]
    #[schema(required)]
    pub to: Option<String>,
    /// Different people named by the accepted rows.
    pub people: u64,
    /// Rows that may start sends and tasks: none of a history.
    pub starts: u64,
    pub seconds: f64,
    /// Of a dry run: which of the accepted rows the installation has already.
    #[serde(default)]
    #[schema(required)]
    pub known: Option<RowsKnown>,
    /// Of a dry run: whether the people named are known.
    #[serde(default)]
    #[schema(required)]
    pub profiles: Option<PeopleNamed>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RefusedCount {
    pub code: String,
    pub count: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WarningTold {
    /// `rounded_ids`, `retyped_dates`, `mixed_dates`, `mojibake`, `error_values`, `shifted_rows`, `cut_off`, `future_dates`, `merged_cells`.
    pub code: String,
    #[serde(default)]
    #[schema(required)]
    pub column: Option<String>,
    pub count: u64,
    pub message: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RowsKnown {
    /// Rows that would be new.
    pub new: u64,
    /// Rows that were taken in before: they change nothing.
    pub known: u64,
    /// Rows that say what another row of the file says: they count once.
    pub repeated: u64,
    /// Of costs: rows that would replace another amount.
    pub changed: u64,
    /// Whether every row was compared; of a very large file the first ones are.
    pub complete: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PeopleNamed {
    /// Profiles that would be made.
    pub new: u64,
    /// Profiles that would be met again.
    pub known: u64,
}

impl Import {
    pub fn new(import: Held, desk: &ImportDesk) -> Self {
        let state = state(&import);
        let has_rejected = import.file == FileState::Here && 0 < import.progress.refused && desk.rejected_of(&import.id).exists();
        let (done, total, unit) = import.job.as_ref().map_or((0, 0, String::new()), |job| (job.done, job.total, job.unit.clone()));
        let wanted = import.job.as_ref().filter(|job| job.state == JobState::Running).and_then(|job| match job.wanted {
            Wanted::Run => None,
            Wanted::Pause => Some("pause".to_owned()),
            Wanted::Cancel => Some("cancel".to_owned()),
        });
        Self {
            name: import.name,
            bytes: import.bytes,
            has_file: import.file == FileState::Here,
            by: if import.file == FileState::Command { ImportBy::Command } else { ImportBy::Upload },
            kind: import.plan.kind,
            mapping: serde_json::from_str(&import.plan.mapping).unwrap_or(serde_json::Value::Null),
            source: import.plan.source,
            live: import.plan.live,
            state,
            wanted,
            done,
            total,
            unit,
            rows: import.progress.rows,
            accepted: import.progress.accepted,
            refused: import.progress.refused,
            message: import.job.and_then(|job| job.message),
            checked: import.checked.as_deref().and_then(read),
            outcome: import.summary.as_deref().and_then(read),
            has_rejected,
            created_by: import.created_by,
            created_at: iso(import.created_us),
            started_at: import.started_us.map(iso),
            ended_at: import.ended_us.map(iso),
            id: import.id,
        }
    }
}

/// Outcomes of an older version that reads no more are not shown; the counts stand beside them.
fn read(text: &str) -> Option<ImportOutcome> {
    serde_json::from_str(text).ok()
}

fn state(import: &Held) -> ImportState {
    let Some(job) = &import.job else { return ImportState::Draft };
    match job.state {
        state if import.is_check && state.is_open() => ImportState::Checking,
        _ if import.is_check => ImportState::Draft,
        JobState::Queued => ImportState::Queued,
        JobState::Running => ImportState::Running,
        JobState::Paused => ImportState::Paused,
        JobState::Done => ImportState::Done,
        JobState::Failed => ImportState::Failed,
        JobState::Cancelled => ImportState::Cancelled,
    }
}
