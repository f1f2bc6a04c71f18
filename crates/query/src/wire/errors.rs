//! What went wrong, in PostgreSQL's codes and our words.

use datafusion::{error::DataFusionError, sql::sqlparser::parser::ParserError};
use datafusion_postgres::pgwire::error::{ErrorInfo, PgWireError};

use crate::{QueryError, error::answered};

pub(super) fn error(code: &str, text: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("ERROR".to_owned(), code.to_owned(), text.into())))
}

/// After which the connection ends.
pub(super) fn fatal(code: &str, text: &str) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("FATAL".to_owned(), code.to_owned(), text.to_owned())))
}

/// What the protocol's own code failed with; what is for the server's log stays there.
pub(super) fn told(failure: PgWireError) -> PgWireError {
    match failure {
        PgWireError::ApiError(inner) => match inner.downcast::<DataFusionError>() {
            Ok(inner) => of_query(answered(*inner)),
            Err(inner) => match inner.downcast::<ParserError>() {
                Ok(inner) => unreadable(&inner),
                Err(inner) => of_query(QueryError::internal(inner)),
            },
        },
        other => other,
    }
}

pub(super) fn unreadable(failure: &ParserError) -> PgWireError {
    error("42601", format!("the SQL does not read: {failure}"))
}

pub(super) fn of_query(failure: QueryError) -> PgWireError {
    if let QueryError::Internal(reason) | QueryError::Damaged(reason) = &failure {
        tracing::error!(reason, "a query failed");
    }
    error(code(&failure), failure.to_string())
}

/// Programs act on some of these: a table that is not there is no reason to stop.
fn code(failure: &QueryError) -> &'static str {
    let QueryError::Invalid(text) = failure else { return "XX000" };
    let known = [
        ("queries only read", "25006"),
        ("the SQL does not read", "42601"),
        ("there is no column", "42703"),
        ("more memory than it may have", "53200"),
    ];
    let found = known.iter().find(|(words, _)| text.contains(words)).map(|(_, code)| *code);
    found.unwrap_or(if text.contains("table") && text.contains("not found") { "42P01" } else { "42000" })
}
