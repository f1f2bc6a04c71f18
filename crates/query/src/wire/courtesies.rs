//! What clients say without wanting rows: settings as they come in, savepoints, tidying up as they go. They wait for a yes.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::{
    common::{DFSchema, ParamValues},
    logical_expr::{EmptyRelation, LogicalPlan},
    prelude::SessionContext,
    sql::sqlparser::ast::{Set, Statement},
};
use datafusion_postgres::{
    QueryHook,
    hooks::HookClient,
    pgwire::{
        api::{
            ClientInfo,
            results::{Response, Tag},
        },
        error::PgWireResult,
        messages::response::TransactionStatus,
    },
};

/// Settings that change how values are shown, and how long a statement may take of its own will.
const HEEDED: &[&str] =
    &["statement_timeout", "datestyle", "bytea_output", "intervalstyle", "application_name", "extra_float_digits", "search_path"];

/// Stands before what heeds settings and transactions, and says yes to all else of that kind without doing anything: no
/// setting may reach the engine, whose memory and threads are everybody's, and there is nothing that could be rolled back.
#[derive(Debug)]
pub(super) struct Courtesies;

/// What a statement is answered with, if it is none but a courtesy.
fn yes_to(statement: &Statement) -> Option<&'static str> {
    match statement {
        Statement::Set(Set::SingleAssignment { scope: None, hivevar: false, variable, .. })
            if HEEDED.contains(&variable.to_string().to_lowercase().as_str()) =>
        {
            None
        }
        Statement::Set(Set::SetTimeZone { local: false, .. }) => None,
        Statement::Set(_) => Some("SET"),
        Statement::Reset(_) => Some("RESET"),
        Statement::Savepoint { .. } => Some("SAVEPOINT"),
        Statement::ReleaseSavepoint { .. } => Some("RELEASE"),
        Statement::Rollback { savepoint: Some(_), .. } => Some("ROLLBACK"),
        Statement::Discard { .. } => Some("DISCARD ALL"),
        Statement::Deallocate { .. } => Some("DEALLOCATE"),
        Statement::Close { .. } => Some("CLOSE CURSOR"),
        Statement::UNLISTEN { .. } => Some("UNLISTEN"),
        _ => None,
    }
}

/// Whether a statement is answered by the connection itself, rather than by rows of the lake or the catalogue.
pub(super) fn is_courtesy(statement: &Statement) -> bool {
    let of_connection = matches!(
        statement,
        Statement::Set(_)
            | Statement::ShowVariable { .. }
            | Statement::ShowStatus { .. }
            | Statement::ShowCatalogs { .. }
            | Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
    );
    of_connection || yes_to(statement).is_some()
}

fn answer(statement: &Statement, client: &mut dyn HookClient) -> Option<PgWireResult<Response>> {
    let tag = yes_to(statement)?;
    if matches!(statement, Statement::Rollback { .. }) && client.transaction_status() == TransactionStatus::Error {
        client.set_transaction_status(TransactionStatus::Transaction);
    }
    Some(Ok(Response::Execution(Tag::new(tag))))
}

#[async_trait]
impl QueryHook for Courtesies {
    async fn handle_simple_query(
        &self,
        statement: &Statement,
        _context: &SessionContext,
        client: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        answer(statement, client)
    }

    async fn handle_extended_parse_query(
        &self,
        statement: &Statement,
        _context: &SessionContext,
        _client: &(dyn ClientInfo + Send + Sync),
    ) -> Option<PgWireResult<LogicalPlan>> {
        yes_to(statement)?;
        let nothing = EmptyRelation { produce_one_row: false, schema: Arc::new(DFSchema::empty()) };
        Some(Ok(LogicalPlan::EmptyRelation(nothing)))
    }

    async fn handle_extended_query(
        &self,
        statement: &Statement,
        _plan: &LogicalPlan,
        _parameters: &ParamValues,
        _context: &SessionContext,
        client: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        answer(statement, client)
    }
}
