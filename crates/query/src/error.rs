//! What a query may answer instead of rows.

use std::fmt;

use datafusion::{common::SchemaError, error::DataFusionError};
use forecourt_lake::LakeError;

/// Named for what the caller does about it: show the first to whoever asked, log the second.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The question is wrong or too big; the text says what to change.
    #[error("{0}")]
    Invalid(String),
    /// Nothing the person who asked can mend. The text is for the log: it may name files.
    #[error("the query failed on the server: its log says why")]
    Internal(String),
    /// A file is not what was written; the text names it and says what to do.
    #[error("{0}")]
    Damaged(String),
}

impl QueryError {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    /// Says before the reason what it is about.
    pub(crate) fn about(self, what: &str) -> Self {
        match self {
            Self::Invalid(text) => Self::Invalid(format!("{what}: {text}")),
            internal => internal,
        }
    }

    pub(crate) fn internal(error: impl fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The lake's word on a file that it vouches for no longer, if that is the reason.
fn damage(root: &DataFusionError) -> Option<QueryError> {
    let DataFusionError::External(error) = root else { return None };
    let error = error.downcast_ref::<LakeError>()?;
    let LakeError::Damaged { path, reason } = error else { return None };
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let told = format!("the lake's file {name} is damaged ({reason}): restore it from a backup, `forecourt doctor` lists all such files");
    Some(QueryError::Damaged(told))
}

/// An error of planning a caller's text: the text is to blame, unless DataFusion blames itself.
pub(crate) fn asked(error: DataFusionError) -> QueryError {
    if let Some(damage) = damage(error.find_root()) {
        return damage;
    }
    match error.find_root() {
        DataFusionError::Internal(_) | DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) | DataFusionError::External(_) => {
            QueryError::internal(error)
        }
        DataFusionError::SchemaError(schema, _) => QueryError::Invalid(unknown_column(schema)),
        root => QueryError::Invalid(plain(root)),
    }
}

/// An error of a query that runs: its expressions may fail on some row, or it may need too much.
pub(crate) fn answered(error: DataFusionError) -> QueryError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => QueryError::invalid(
            "the query needs more memory than it may have: ask for a shorter time, fewer columns, or aggregate before you join or sort",
        ),
        DataFusionError::ParquetError(_) => QueryError::internal(error),
        _ => asked(error),
    }
}

fn unknown_column(error: &SchemaError) -> String {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut names: Vec<&str> = valid_fields.iter().map(|column| column.name()).collect();
            names.sort_unstable();
            names.dedup();
            if names.is_empty() {
                return format!("there is no column `{}` here: add a FROM", field.name());
            }
            format!("there is no column `{}`: the columns are {}", field.name(), names.join(", "))
        }
        other => other.to_string(),
    }
}

/// DataFusion's own words, without its names for kinds of errors.
fn plain(error: &DataFusionError) -> String {
    let text = match error {
        DataFusionError::Plan(text)
        | DataFusionError::Execution(text)
        | DataFusionError::NotImplemented(text)
        | DataFusionError::Configuration(text) => text.clone(),
        DataFusionError::SQL(error, _) => format!("the SQL does not read: {error}"),
        DataFusionError::ArrowError(error, _) => error.to_string(),
        other => other.strip_backtrace(),
    };
    text.split("\n\nbacktrace: ").next().unwrap_or_default().to_owned()
}
