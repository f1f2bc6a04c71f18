//! `SELECT` by anybody who may: read only, within the caller's scope.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::{
    array::{RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    error::DataFusionError,
    execution::context::SQLOptions,
    logical_expr::LogicalPlan,
    prelude::SessionContext,
    sql::{
        parser::Statement,
        sqlparser::ast::{Query, SetExpr, Statement as Ast},
    },
};
use futures::StreamExt;

use crate::{
    QueryError, cell,
    error::{answered, asked},
    session::Session,
};

/// The rows of an answer, as many as were allowed.
#[derive(Debug, Clone)]
pub struct SqlAnswer {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// Whether there are more rows than were allowed.
    pub truncated: bool,
    pub elapsed: Duration,
}

impl SqlAnswer {
    /// Name and type of each column, in the words of SQL.
    pub fn columns(&self) -> Vec<(String, String)> {
        self.schema.fields().iter().map(|field| (field.name().clone(), cell::type_name(field.data_type()))).collect()
    }

    /// Rows as JSON: times in ISO 8601 UTC; ids, and integers that JavaScript would round, as strings.
    pub fn rows(&self) -> Result<Vec<Vec<serde_json::Value>>, QueryError> {
        cell::json_rows(&self.batches).map_err(QueryError::internal)
    }
}

pub(crate) async fn sql(session: &Session, text: &str, rows_max: usize) -> Result<SqlAnswer, QueryError> {
    let started = Instant::now();
    let context = session.context()?;
    let state = context.state();
    let dialect = state.config().options().sql_parser.dialect;
    let statement = state.sql_to_statement(text, &dialect).map_err(about_statement)?;
    let (schema, batches, truncated) = match allowed(&statement, session)? {
        Kind::Rows => {
            let plan = state.statement_to_plan(statement).await.map_err(|error| about_tables(error, session))?;
            read_only().verify_plan(&plan).map_err(asked)?;
            rows(&context, plan, rows_max).await?
        }
        Kind::ShowTables => {
            let names = tables(session)?;
            (names.schema(), vec![names], false)
        }
    };
    Ok(SqlAnswer { schema, batches, truncated, elapsed: started.elapsed() })
}

enum Kind {
    Rows,
    ShowTables,
}

/// Lets through what only reads.
fn allowed(statement: &Statement, session: &Session) -> Result<Kind, QueryError> {
    match statement {
        Statement::Statement(ast) if matches!(ast.as_ref(), Ast::ShowTables { .. }) => Ok(Kind::ShowTables),
        Statement::Statement(ast) => may_ask(ast, session).map(|()| Kind::Rows),
        Statement::Explain(_) if !session.sees_everything() => Err(QueryError::invalid(NO_PLANS)),
        Statement::Explain(explain) => allowed(&explain.statement, session),
        _ => Err(QueryError::invalid(READ_ONLY)),
    }
}

const READ_ONLY: &str = "queries only read: use SELECT, WITH, EXPLAIN, SHOW TABLES or DESCRIBE";
const NO_PLANS: &str = "EXPLAIN is not for accounts that see one dealer, or people masked: ask for the rows";

/// Lets through a statement whose rows come from tables.
pub(crate) fn may_ask(statement: &Ast, session: &Session) -> Result<(), QueryError> {
    match statement {
        Ast::Query(query) if only_reads(query) => Ok(()),
        Ast::ShowTables { .. } | Ast::ExplainTable { .. } => Ok(()),
        Ast::Explain { .. } if !session.sees_everything() => Err(QueryError::invalid(NO_PLANS)),
        Ast::Explain { statement, .. } => may_ask(statement, session),
        _ => Err(QueryError::invalid(READ_ONLY)),
    }
}

fn only_reads(query: &Query) -> bool {
    let within = query.with.as_ref().is_none_or(|with| with.cte_tables.iter().all(|table| only_reads(&table.query)));
    within && body_reads(&query.body)
}

fn body_reads(body: &SetExpr) -> bool {
    match body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => false,
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => only_reads(query),
        SetExpr::SetOperation { left, right, .. } => body_reads(left) && body_reads(right),
        SetExpr::Values(_) | SetExpr::Table(_) => true,
    }
}

/// A second lock on the same door: it looks at the plan, not at the text.
pub(crate) fn read_only() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

type Rows = (SchemaRef, Vec<RecordBatch>, bool);

async fn rows(context: &SessionContext, plan: LogicalPlan, rows_max: usize) -> Result<Rows, QueryError> {
    // With a limit a sort keeps only what it will hand out. One row more than allowed tells whether there are more.
    let is_rows = !matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_));
    let mut frame = context.execute_logical_plan(plan).await.map_err(asked)?;
    if is_rows {
        frame = frame.limit(0, Some(rows_max.saturating_add(1))).map_err(asked)?;
    }
    let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
    let mut stream = frame.execute_stream().await.map_err(answered)?;
    let (mut batches, mut count) = (Vec::new(), 0);
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(answered)?;
        let room = rows_max - count;
        if batch.num_rows() > room {
            batches.push(batch.slice(0, room));
            return Ok((schema, batches, true));
        }
        count += batch.num_rows();
        batches.push(batch);
    }
    Ok((schema, batches, false))
}

fn tables(session: &Session) -> Result<RecordBatch, QueryError> {
    let schema = Arc::new(Schema::new(vec![Field::new("table_name", DataType::Utf8, false)]));
    let names = StringArray::from(session.table_names());
    RecordBatch::try_new(schema, vec![Arc::new(names)]).map_err(QueryError::internal)
}

fn about_statement(error: DataFusionError) -> QueryError {
    match error.find_root() {
        DataFusionError::Plan(text) if text.starts_with("No SQL statements") => QueryError::invalid("the query is empty: write a SELECT"),
        DataFusionError::NotImplemented(text) if text.contains("single SQL statement") => {
            QueryError::invalid("ask one statement at a time")
        }
        _ => asked(error),
    }
}

/// Says which tables there are when one was asked for that is not.
pub(crate) fn about_tables(error: DataFusionError, session: &Session) -> QueryError {
    match asked(error) {
        QueryError::Invalid(text) if text.contains("not found") && text.contains("table") => {
            let text = text.replace("forecourt.main.", "").replace("forecourt.public.", "");
            QueryError::Invalid(format!("{text}: the tables are {}", session.table_names().join(", ")))
        }
        other => other,
    }
}
