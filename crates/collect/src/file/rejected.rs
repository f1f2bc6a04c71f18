//! The file of rejected rows: each as it came, with its place and the reason in front.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use forecourt_model::{Refusal, formula};

use super::{ImportError, block::Row};

/// What the added columns' names begin with.
pub const PREFIX: &str = "rejected_";

/// Written once there is something to write, so that a clean import leaves no file.
pub struct RejectedFile {
    path: PathBuf,
    columns: Vec<String>,
    writer: Option<csv::Writer<File>>,
}

impl RejectedFile {
    pub fn new(path: PathBuf, columns: Vec<String>) -> Self {
        Self { path, columns, writer: None }
    }

    /// `<file>.rejected.csv` beside the file.
    pub fn path_for(imported: &Path) -> PathBuf {
        let mut name = imported.file_name().unwrap_or_default().to_os_string();
        name.push(".rejected.csv");
        imported.with_file_name(name)
    }

    pub fn add(&mut self, row: Row<'_>, refusal: &Refusal) -> Result<(), ImportError> {
        let head = [row.number().to_string(), refusal.code.as_str().to_owned(), refusal.message.clone()];
        // It is opened in a spreadsheet; an import takes the marks off again.
        let safe = |text: String| formula::safe(&text).into_owned();
        let record: Vec<String> = head.into_iter().chain(row.texts(self.columns.len())).map(safe).collect();
        let path = self.path.clone();
        self.open()?.write_record(record).map_err(|error| ImportError::io("write", &path)(error.into()))
    }

    fn open(&mut self) -> Result<&mut csv::Writer<File>, ImportError> {
        if self.writer.is_none() {
            let file = File::create(&self.path).map_err(ImportError::io("create", &self.path))?;
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
            let head = ["row", "code", "reason"].map(|name| format!("{PREFIX}{name}"));
            let names = head.iter().chain(&self.columns).map(|name| formula::safe(name).into_owned());
            writer.write_record(names).map_err(|error| ImportError::io("write", &self.path)(error.into()))?;
            self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or_else(|| ImportError::Stopped("the file of rejected rows is not open".into()))
    }

    /// The file, if one was written.
    pub fn finish(mut self) -> Result<Option<PathBuf>, ImportError> {
        let Some(writer) = &mut self.writer else { return Ok(None) };
        writer.flush().map_err(ImportError::io("write", &self.path))?;
        Ok(Some(self.path))
    }
}
