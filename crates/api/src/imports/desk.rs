//! What reads files for the API: it comes in from the server, which has the reader.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

/// What a file that comes over the network may be.
#[derive(Debug, Clone, Copy)]
pub struct ImportLimits {
    pub file_bytes_max: u64,
    /// What must be left free on the disk of the data folder after an upload.
    pub free_bytes_min: u64,
    /// How long a file is kept after its import has ended, or after it was given and nothing came of it.
    pub keep_days: u32,
}

/// A question about a file.
#[derive(Debug, Clone)]
pub struct LookAsked {
    pub path: PathBuf,
    /// What the file is called where it comes from.
    pub name: String,
    /// What the rows are; guessed where it is not said.
    pub kind: Option<String>,
    /// Proposed where it is not said.
    pub mapping: Option<serde_json::Value>,
    /// How to read the file, for a mapping that is to be proposed.
    pub read: Option<serde_json::Value>,
}

/// What a file is, and what its first rows would become.
#[derive(Debug, Serialize, ToSchema)]
pub struct Look {
    pub format: LookFormat,
    pub columns: Vec<LookColumn>,
    /// Signs of damage, by spreadsheets and wrong encodings.
    pub warnings: Vec<super::WarningTold>,
    /// What the rows are, or most likely are: `events`, `profiles`, `leads`, `orders`, `costs`, `calls`.
    pub kind: String,
    /// The fields that rows of this kind can have.
    pub fields: Vec<LookField>,
    /// The mapping that was asked about, or a proposed one; see `docs/import.md`.
    #[schema(value_type = Object)]
    pub mapping: serde_json::Value,
    /// What is missing or wrong in the mapping; rows cannot be made before it is mended.
    #[schema(required)]
    pub mapping_problem: Option<String>,
    #[schema(required)]
    pub preview: Option<LookPreview>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LookFormat {
    /// `delimited`, `json_lines`, `workbook`, `parquet`.
    pub kind: &'static str,
    /// Of a text.
    #[schema(required)]
    pub encoding: Option<String>,
    /// Of a delimited text.
    #[schema(required)]
    pub delimiter: Option<String>,
    /// The row of the columns' names, from 1; 0 where there is none.
    #[schema(required)]
    pub header_row: Option<u32>,
    /// Of a workbook: the sheet that is read, and all of them.
    #[schema(required)]
    pub sheet: Option<String>,
    pub sheets: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LookColumn {
    pub name: String,
    /// What most of its values look like: `empty`, `email`, `phone`, `time`, `number`, `flag`, `url`, `text`.
    pub guess: String,
    /// The first values that are not empty.
    pub samples: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LookField {
    pub name: &'static str,
    /// Whether rows of this kind cannot do without.
    pub needed: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LookPreview {
    pub rows: Vec<LookRow>,
    /// How many rows were looked at, and how many of them would be refused.
    pub looked_at: u64,
    pub refused: u64,
}

/// A row as it stands in the file, and what would become of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LookRow {
    /// The line of a text, the row of a sheet.
    pub number: u64,
    /// In the order of the columns.
    pub cells: Vec<String>,
    /// The record that the row would be; null for a row that would be refused.
    #[schema(required, value_type = Option<Object>)]
    pub item: Option<serde_json::Value>,
    #[schema(required)]
    pub problem: Option<LookProblem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LookProblem {
    pub code: String,
    pub message: String,
    /// The column whose value is the reason, where it is one.
    #[schema(required)]
    pub column: Option<String>,
}

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type FreeBytes = dyn Fn(&Path) -> std::io::Result<u64> + Send + Sync;

/// Files of imports: where they lie, and who reads them.
#[derive(Clone)]
pub struct ImportDesk {
    folder: Arc<Path>,
    limits: ImportLimits,
    free_bytes: Arc<FreeBytes>,
    look: Arc<dyn Fn(LookAsked) -> Answer<Result<Look, String>> + Send + Sync>,
    wake: Arc<dyn Fn() + Send + Sync>,
    /// Uploads at a time.
    pub(super) places: Arc<Semaphore>,
}

const UPLOADS_MAX: usize = 8;

impl ImportDesk {
    /// * `folder`: each import has a folder of its own in it.
    /// * `free_bytes`: what is free on the disk of a path; `look`: an error tells the person what to do; `wake`: called when there is work.
    pub fn new<L>(
        folder: &Path,
        limits: ImportLimits,
        free_bytes: impl Fn(&Path) -> std::io::Result<u64> + Send + Sync + 'static,
        look: impl Fn(LookAsked) -> L + Send + Sync + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self
    where
        L: Future<Output = Result<Look, String>> + Send + 'static,
    {
        Self {
            folder: folder.into(),
            limits,
            free_bytes: Arc::new(free_bytes),
            look: Arc::new(move |asked| Box::pin(look(asked))),
            wake: Arc::new(wake),
            places: Arc::new(Semaphore::new(UPLOADS_MAX)),
        }
    }

    pub fn limits(&self) -> ImportLimits {
        self.limits
    }

    /// The folder of one import. Its id is ours: 16 letters and figures, never what somebody typed.
    pub fn folder_of(&self, id: &str) -> PathBuf {
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "an import's id is no path");
        self.folder.join(id)
    }

    pub fn file_of(&self, id: &str) -> PathBuf {
        self.folder_of(id).join("upload")
    }

    pub fn rejected_of(&self, id: &str) -> PathBuf {
        self.folder_of(id).join("rejected.csv")
    }

    pub(super) fn free_bytes(&self) -> std::io::Result<u64> {
        (self.free_bytes)(&self.folder)
    }

    pub(super) async fn look(&self, asked: LookAsked) -> Result<Look, String> {
        (self.look)(asked).await
    }

    pub(super) fn wake(&self) {
        (self.wake)();
    }
}
