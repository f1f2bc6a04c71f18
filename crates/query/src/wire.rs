//! The PostgreSQL protocol, for programs that draw charts and for `psql`: each statement only reads, within its client's
//! rows, as of the moment it is asked.
//!
//! `datafusion-postgres` speaks the protocol and plays PostgreSQL's own catalogue; what may be asked, by whom, over which
//! rows and for how long is settled here.

mod connection;
mod courtesies;
mod door;
mod errors;
mod lake_schema;
mod reflection;
mod seat;

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use datafusion_postgres::pgwire::{
    api::ConnectionManager,
    tokio::{TlsAcceptor, process_socket},
};
use forecourt_model::Scope;
use tokio::net::TcpStream;

use crate::Query;

/// Says who may come in.
#[async_trait]
pub trait Doorkeeper: Send + Sync + 'static {
    /// Errors: why not, for the client to read.
    async fn admit(&self, password: &str, peer: SocketAddr) -> Result<Arc<dyn Visitor>, String>;
}

/// A client that was let in.
#[async_trait]
pub trait Visitor: Send + Sync + 'static {
    /// Whose rows it may see now. Asked before each statement, for rights may have been taken away since.
    ///
    /// Errors: why it may see none any more, for the client to read.
    async fn scope(&self) -> Result<Scope, String>;

    /// Writes down that it reads rows by `statement`, before it gets any.
    ///
    /// Errors: why that cannot be written down; then nothing is read.
    async fn note(&self, statement: &str) -> Result<(), String>;
}

/// What all connections have in common. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Wire {
    query: Query,
    doorkeeper: Arc<dyn Doorkeeper>,
    connections: Arc<ConnectionManager>,
    takes_plaintext: bool,
}

impl Wire {
    /// * `takes_plaintext`: whether a password may come unencrypted from another machine.
    pub fn new(query: Query, doorkeeper: Arc<dyn Doorkeeper>, takes_plaintext: bool) -> Self {
        Self { query, doorkeeper, connections: Arc::new(ConnectionManager::new()), takes_plaintext }
    }

    /// Serves one client until it goes. It is cut off when the caller stops waiting.
    pub async fn converse(&self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let connection = Arc::new(connection::Connection::new(self));
        let talk = async move {
            // How a connection ends (cut, timed out) is the client's matter.
            let _ = process_socket(stream, tls, connection).await;
        };
        self.query.engine.host(talk).await;
    }
}
