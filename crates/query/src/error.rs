//! What a query may answer instead of rows.

use std::fmt;

use datafusion::{common::SchemaError, error::DataFusionError};

/// Named for what the caller does about it: show the first to whoever asked, log the second.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The question is wrong or too big; the text says what to change.
    #[error("{0}")]
    Invalid(String),
    /// Nothing the person who asked can mend. The text is for the log: it may name files.
    #[error("the query failed on the server: its log says why")]
    Internal(String),
}

impl QueryError {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    pub(crate) fn internal(error: impl fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

/// An error of planning a caller's text: the text is to blame, unless DataFusion blames itself.
pub(crate) fn asked(error: DataFusionError) -> QueryError {
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
