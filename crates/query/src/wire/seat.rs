//! From where a client asks: its rows, its catalogue, what it may say.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use datafusion::{
    common::{runtime::SpawnedTask, tree_node::TreeNodeRecursion},
    datasource::source_as_provider,
    error::DataFusionError,
    logical_expr::LogicalPlan,
    prelude::SessionContext,
    sql::{parser, sqlparser::ast::Statement},
};
use datafusion_postgres::{
    DfSessionService, QueryHook,
    arrow_pg::datatypes::df,
    datafusion_pg_catalog::{
        pg_catalog::{context::EmptyContextProvider, setup_pg_catalog},
        sql::PostgresCompatibilityParser,
    },
    hooks::{HookClient, set_show::SetShowHook, transactions::TransactionStatementHook},
    pgwire::{
        api::{
            ClientInfo, Type,
            portal::Format,
            query::ExtendedQueryHandler,
            results::{QueryResponse, Response, SendableRowStream},
            stmt::QueryParser,
        },
        error::{PgWireError, PgWireResult},
        messages::data::DataRow,
        types::format::FormatOptions,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use super::{
    Visitor,
    connection::Prepared,
    courtesies::{Courtesies, is_courtesy},
    errors::{error, of_query, told, unreadable},
    lake_schema::{LakeSchema, PUBLIC},
    reflection::{answerable, pg_advisory_unlock_all, to_regtype, version, without_rows},
};
use crate::{
    Query, QueryError,
    error::{answered, asked},
    functions::{Asking, ReportTable},
    session::CATALOG,
    sql::{about_tables, may_ask, read_only},
    table::LakeTable,
};

pub(super) struct Seat {
    query: Query,
    visitor: Arc<dyn Visitor>,
    schema: Arc<LakeSchema>,
    context: Arc<SessionContext>,
    parser: PostgresCompatibilityParser,
    hooks: Vec<Arc<dyn QueryHook>>,
    /// Binds parameters, and shows values as PostgreSQL does.
    pub service: DfSessionService,
}

impl Seat {
    pub async fn new(query: Query, visitor: Arc<dyn Visitor>) -> PgWireResult<Self> {
        let scope = visitor.scope().await.map_err(|reason| error("28000", reason))?;
        let session = query.session(&scope).map_err(of_query)?;
        let schema = Arc::new(LakeSchema::new(session));
        let current = schema.clone();
        let asking: Asking = Arc::new(move || current.session());
        let context = schema.session().lasting_context(PUBLIC, schema.clone(), &asking).map_err(of_query)?;
        setup_pg_catalog(&context, CATALOG, EmptyContextProvider).map_err(|failure| of_query(QueryError::internal(failure)))?;
        for function in [version(), to_regtype(), pg_advisory_unlock_all()] {
            context.register_udf(function);
        }
        let context = Arc::new(context);
        let hooks: Vec<Arc<dyn QueryHook>> = vec![Arc::new(Courtesies), Arc::new(SetShowHook), Arc::new(TransactionStatementHook)];
        let service = DfSessionService::new_with_hooks(context.clone(), hooks.clone());
        Ok(Self { query, visitor, schema, context, parser: PostgresCompatibilityParser::new(), hooks, service })
    }

    /// The statements of a text, which may be none.
    pub fn read(&self, text: &str) -> PgWireResult<Vec<Statement>> {
        let statements = self.parser.parse(text).map_err(|failure| unreadable(&failure))?;
        Ok(statements.into_iter().map(answerable).collect())
    }

    fn only(&self, text: &str) -> PgWireResult<Statement> {
        self.read(text)?.pop().ok_or_else(|| error("42601", "the statement is empty"))
    }

    /// Answers one statement, its values as text.
    pub async fn answer(&self, statement: &Statement, client: &mut dyn HookClient) -> PgWireResult<Response> {
        for hook in &self.hooks {
            if let Some(answer) = hook.handle_simple_query(statement, &self.context, client).await {
                return answer.map_err(told);
            }
        }
        let formats = Arc::new(FormatOptions::from_client_metadata(client.metadata()));
        let answering = async {
            self.look_anew().await?;
            let plan = self.plan(statement, &[]).await?;
            self.note(statement, &plan).await?;
            let frame = self.context.execute_logical_plan(plan).await.map_err(|failure| of_query(asked(failure)))?;
            df::encode_dataframe(frame, &Format::UnifiedText, Some(formats)).await.map_err(told)
        };
        let rows = self.in_time(answering).await?;
        self.made(Response::Query(rows)).await
    }

    /// Reads a statement that will be asked later, with parameters.
    pub async fn prepare<C>(&self, client: &C, text: &str, types: &[Option<Type>]) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let mut statements = self.read(text)?;
        if 1 < statements.len() {
            return Err(error("42601", "prepare one statement at a time"));
        }
        let Some(statement) = statements.pop() else { return Ok(None) };
        if is_courtesy(&statement) {
            return self.service.query_parser().parse_sql(client, text, types).await.map_err(told);
        }
        self.look_anew().await?;
        let plan = self.in_time(self.plan(&statement, types)).await?;
        Ok(Some((text.to_owned(), Some((statement, plan)))))
    }

    /// The same statement over the rows that there are now, about to be answered.
    pub async fn prepared_anew(&self, (text, prepared): &Prepared, types: &[Option<Type>]) -> PgWireResult<Prepared> {
        let Some((statement, plan)) = prepared else { return Ok((text.clone(), None)) };
        if is_courtesy(statement) {
            return Ok((text.clone(), Some((statement.clone(), plan.clone()))));
        }
        self.look_anew().await?;
        let plan = self.in_time(self.plan(statement, types)).await?;
        self.note(statement, &plan).await?;
        Ok((text.clone(), Some((statement.clone(), plan))))
    }

    /// Takes the rows of now, of whoever may still see them.
    async fn look_anew(&self) -> PgWireResult<()> {
        let scope = self.visitor.scope().await.map_err(|reason| error("28000", reason))?;
        self.schema.renew(self.query.session(&scope).map_err(of_query)?);
        Ok(())
    }

    async fn plan(&self, statement: &Statement, types: &[Option<Type>]) -> PgWireResult<LogicalPlan> {
        may_ask(statement, &self.schema.session()).map_err(of_query)?;
        let state = self.context.state();
        let planned = |statement: Statement| state.statement_to_plan(parser::Statement::Statement(Box::new(statement)));
        let plan = match (planned(statement.clone()).await, without_rows(statement, types)) {
            (Err(_), Some(empty)) => planned(self.only(&empty)?).await,
            (plan, _) => plan,
        };
        let plan = plan.map_err(|failure| of_query(about_tables(failure, &self.schema.session())))?;
        // A second lock on the same door: it looks at the plan, not at the text.
        read_only().verify_plan(&plan).map_err(|failure| of_query(asked(failure)))?;
        Ok(plan)
    }

    /// Statements on the catalogue are nobody's business; programs ask many of them.
    async fn note(&self, statement: &Statement, plan: &LogicalPlan) -> PgWireResult<()> {
        let touches = touches_lake(plan).map_err(|failure| of_query(answered(failure)))?;
        if touches { self.visitor.note(&statement.to_string()).await.map_err(|reason| error("57000", reason)) } else { Ok(()) }
    }

    /// What a statement takes before its first row counts as well.
    pub async fn in_time<T>(&self, answering: impl Future<Output = PgWireResult<T>>) -> PgWireResult<T> {
        let allowed = self.query.engine.options.timeout;
        tokio::time::timeout(allowed, answering).await.unwrap_or_else(|_| Err(too_long(allowed)))
    }

    /// Rows are made on a task of their own while they are sent, so that the connection hears its client and the clock
    /// meanwhile. Returns once the first ones are there: until then the client may cancel.
    pub async fn made(&self, response: Response) -> PgWireResult<Response> {
        let Response::Query(QueryResponse { command_tag, row_schema, data_rows, .. }) = response else { return Ok(response) };
        let mut rows = Rows::of(data_rows, self.query.engine.options.timeout);
        let first = rows.next().await?;
        let chunks = stream::try_unfold((rows, first), async |(mut rows, chunk)| match chunk {
            None => Ok(None),
            Some(chunk) => rows.next().await.map(|next| Some((chunk, (rows, next)))),
        });
        let mut response = QueryResponse::new(row_schema, chunks.map_ok(|chunk| stream::iter(chunk.into_iter().map(Ok))).try_flatten());
        response.set_command_tag(&command_tag);
        Ok(Response::Query(response))
    }
}

/// Rows that wait for the client, in chunks.
const CHUNKS: usize = 4;
const ROWS_A_CHUNK: usize = 1_000;

/// Rows as they are made.
struct Rows {
    made: mpsc::Receiver<PgWireResult<Option<Vec<DataRow>>>>,
    /// Stops when this is dropped.
    _making: SpawnedTask<()>,
    allowed: Duration,
    left: Duration,
}

impl Rows {
    fn of(rows: SendableRowStream, allowed: Duration) -> Self {
        let (to_client, made) = mpsc::channel(CHUNKS);
        let making = async move {
            let mut chunks = rows.ready_chunks(ROWS_A_CHUNK);
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.into_iter().collect::<PgWireResult<Vec<_>>>().map(Some).map_err(told);
                let is_over = chunk.is_err();
                if to_client.send(chunk).await.is_err() || is_over {
                    return;
                }
            }
            // Without this word an end is none.
            let _ = to_client.send(Ok(None)).await;
        };
        Self { made, _making: SpawnedTask::spawn(making), allowed, left: allowed }
    }

    /// The next ones; `None` behind the last.
    ///
    /// A client that takes its time with what it has got spends none of the query's.
    async fn next(&mut self) -> PgWireResult<Option<Vec<DataRow>>> {
        let began = Instant::now();
        let next = tokio::time::timeout(self.left, self.made.recv()).await.map_err(|_| too_long(self.allowed))?;
        self.left = self.left.saturating_sub(began.elapsed());
        next.unwrap_or_else(|| Err(of_query(QueryError::internal("the rows of an answer ended by a defect"))))
    }
}

fn touches_lake(plan: &LogicalPlan) -> Result<bool, DataFusionError> {
    let mut touches = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let table = source_as_provider(&scan.source)?;
            touches |= table.is::<LakeTable>() || table.is::<ReportTable>();
        }
        Ok(if touches { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(touches)
}

fn too_long(allowed: Duration) -> PgWireError {
    error("57014", format!("the query took longer than {} s and was stopped: ask for a shorter time or fewer rows", allowed.as_secs()))
}
