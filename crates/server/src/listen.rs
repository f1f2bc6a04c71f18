//! The accept loop: bounded in connections, strict with slow and large heads and slow bodies, graceful at a stop.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use forecourt_api::ByHttps;
use forecourt_collect::Network;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::{
    config,
    connections::{self, Connections, Place},
    paced_body::{HeldBody, PacedBody},
};

/// After a refused accept (out of file handles) the next try waits.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// The largest head of a request, in bytes and in headers.
/// The parser looks at this between reads, and one read may bring as much again: at most twice it is served.
const HEAD_BYTES_MAX: usize = 32 << 10;
const HEADERS_MAX: usize = 100;

/// What each connection is served with.
struct Desk {
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    tls: Option<TlsAcceptor>,
    header_timeout: Duration,
}

/// Serves until `stop` is true, then lets running requests finish for a while.
///
/// Requests carry the peer's `ConnectInfo<SocketAddr>`, and [`ByHttps`] when they came by our own TLS.
///
/// * `proxies`: whose connections are many people's.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    server: &config::Server,
    proxies: &[Network],
    tls: Option<TlsAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    let header_timeout = Duration::from_secs(server.header_timeout_s);
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let desk = Arc::new(Desk { builder, router, tls, header_timeout });
    let graceful = GracefulShutdown::new();
    let connections = Connections::new(connections::room(server.connections_max), server.connections_per_address_max);
    let is_shared = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener) => accepted,
        };
        let Some((stream, peer)) = accepted else { continue };
        let address = peer.ip().to_canonical();
        // Closed at once where there is no room at all: every place is at work.
        let Some(place) = connections.admit(address, is_shared(address)) else { continue };
        tokio::spawn(desk.clone().attend(stream, peer, place, graceful.watcher()));
    }
    drop(listener);
    if timeout(Duration::from_secs(server.stop_timeout_s), graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut");
    }
}

impl Desk {
    async fn attend(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: Place, watcher: Watcher) {
        let place = Arc::new(place);
        let attending = async {
            match &self.tls {
                None => self.converse(stream, peer, &place, watcher).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = timeout(self.header_timeout, acceptor.accept(stream)).await {
                        self.converse(stream, peer, &place, watcher).await;
                    }
                }
            }
        };
        tokio::select! {
            () = attending => {}
            () = place.taken() => {}
        }
    }

    async fn converse<S>(&self, stream: S, peer: SocketAddr, place: &Arc<Place>, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = service_fn(|request: Request<Incoming>| {
            let underway = place.begin_request();
            let (router, is_https) = (self.router.clone(), self.tls.is_some());
            async move {
                let mut request = request.map(|body| Body::new(PacedBody::new(body)));
                request.extensions_mut().insert(ConnectInfo(peer));
                if is_https {
                    request.extensions_mut().insert(ByHttps);
                }
                let response: Response = router.oneshot(request).await?;
                Ok::<_, Infallible>(response.map(|body| HeldBody::new(body, underway)))
            }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        // How a connection ends (cut, timed out) is the client's matter.
        let _ = watcher.watch(connection).await;
    }
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers go out at once.
            let _ = stream.set_nodelay(true);
            Some((stream, peer))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection was not accepted");
            sleep(AFTER_FAILURE).await;
            None
        }
    }
}
