//! One client's connection: the door first, then a seat from which it asks.

use std::{
    fmt::Debug,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use datafusion::{logical_expr::LogicalPlan, sql::sqlparser::ast::Statement};
use datafusion_postgres::pgwire::{
    api::{
        ClientInfo, ClientPortalStore, PgWireServerHandlers, Type,
        auth::StartupHandler,
        cancel::{CancelHandler, DefaultCancelHandler},
        portal::{Format, Portal},
        query::{ExtendedQueryHandler, SimpleQueryHandler},
        results::{FieldInfo, Response},
        stmt::{QueryParser, StoredStatement},
        store::PortalStore,
    },
    error::{PgWireError, PgWireResult},
    messages::PgWireBackendMessage,
};
use futures::Sink;

use super::{
    Wire,
    door::Door,
    errors::{fatal, told},
    seat::Seat,
};

pub(super) struct Connection {
    door: Arc<Door>,
    desk: Arc<Desk>,
    cancelling: Arc<DefaultCancelHandler>,
}

impl Connection {
    pub fn new(wire: &Wire) -> Self {
        let seat = Arc::new(OnceLock::new());
        Self {
            door: Arc::new(Door { wire: wire.clone(), seat: seat.clone() }),
            desk: Arc::new(Desk { reader: Arc::new(Reader { seat }) }),
            cancelling: Arc::new(DefaultCancelHandler::new(wire.connections.clone())),
        }
    }
}

impl PgWireServerHandlers for Connection {
    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        self.door.clone()
    }

    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        self.desk.clone()
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        self.desk.clone()
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        self.cancelling.clone()
    }
}

/// A statement as its client wrote it, and how it would be answered.
pub(super) type Prepared = (String, Option<(Statement, LogicalPlan)>);

/// Answers statements.
struct Desk {
    reader: Arc<Reader>,
}

/// Reads statements that are to be asked more than once, or with parameters.
struct Reader {
    /// Taken once the client was let in.
    seat: Arc<OnceLock<Seat>>,
}

impl Reader {
    fn seat(&self) -> PgWireResult<&Seat> {
        self.seat.get().ok_or_else(|| fatal("28000", "sign in first"))
    }
}

#[async_trait]
impl SimpleQueryHandler for Desk {
    async fn do_query<C>(&self, client: &mut C, text: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let seat = self.reader.seat()?;
        let statements = seat.read(text)?;
        if statements.is_empty() {
            return Ok(vec![Response::EmptyQuery]);
        }
        let mut answers = Vec::with_capacity(statements.len());
        for statement in &statements {
            answers.push(seat.answer(statement, client).await?);
        }
        Ok(answers)
    }
}

#[async_trait]
impl ExtendedQueryHandler for Desk {
    type Statement = Prepared;
    type QueryParser = Reader;

    fn query_parser(&self) -> Arc<Reader> {
        self.reader.clone()
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<Prepared>, rows_max: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let seat = self.reader.seat()?;
        let prepared = seat.prepared_anew(&portal.statement.statement, &portal.statement.parameter_types).await?;
        let statement = StoredStatement::new(portal.statement.id.clone(), prepared, portal.statement.parameter_types.clone());
        let mut anew = Portal::new_cursor(portal.name.clone(), Arc::new(statement));
        anew.parameter_format = portal.parameter_format.clone();
        anew.parameters = portal.parameters.clone();
        anew.result_column_format = portal.result_column_format.clone();
        let answering = async { ExtendedQueryHandler::do_query(&seat.service, client, &anew, rows_max).await.map_err(told) };
        let response = seat.in_time(answering).await?;
        seat.made(response).await
    }
}

#[async_trait]
impl QueryParser for Reader {
    type Statement = Prepared;

    async fn parse_sql<C>(&self, client: &C, text: &str, types: &[Option<Type>]) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        self.seat()?.prepare(client, text, types).await
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        self.seat()?.service.query_parser().get_parameter_types(prepared).map_err(told)
    }

    fn get_result_schema(&self, prepared: &Prepared, format: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        self.seat()?.service.query_parser().get_result_schema(prepared, format).map_err(told)
    }
}
