//! Where PostgreSQL clients come in.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use forecourt_api::SqlDoor;
use forecourt_query::wire::Wire;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

use crate::{config, node::Node};

/// After a refused accept (out of file handles) the next try waits.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// A port that is bound.
pub struct Postgres {
    listener: TcpListener,
    connections_max: usize,
    takes_plaintext: bool,
}

impl Postgres {
    /// `None` where no address is configured.
    pub async fn open(config: &config::Postgres) -> anyhow::Result<Option<Self>> {
        let Some(listen) = config.listen()? else { return Ok(None) };
        let told = || format!("cannot listen on {listen} for PostgreSQL clients: name another address in `postgres.listen`");
        let listener = TcpListener::bind(listen).await.with_context(told)?;
        Ok(Some(Self { listener, connections_max: config.connections_max, takes_plaintext: config.allow_plaintext }))
    }

    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until `stop` is true; then connections are cut, for a client may keep one open for days.
    pub async fn serve(self, node: &Node, tls: Option<TlsAcceptor>, mut stop: watch::Receiver<bool>) {
        let door = Arc::new(SqlDoor::new(&node.api));
        let wire = Wire::new(node.api.query.clone(), door, self.takes_plaintext);
        let room = Arc::new(Semaphore::new(self.connections_max));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a PostgreSQL client's connection was not accepted");
                    sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            // Closed at once where there is no room.
            let Ok(place) = room.clone().try_acquire_owned() else { continue };
            let _ = stream.set_nodelay(true);
            let (wire, tls) = (wire.clone(), tls.clone());
            connections.spawn(async move {
                wire.converse(stream, tls).await;
                drop(place);
            });
        }
    }
}
