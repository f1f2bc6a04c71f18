//! `forecourt serve`: opens the folder, starts the workers, answers until it is told to stop.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use axum::{Router, middleware};
use clap::Args;
use rand::Rng as _;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use super::Place;
use crate::{
    address,
    clock::now_us,
    config::Config,
    folder::{Folder, Running},
    health, listen, logging,
    node::{Node, Opening, Role},
    postgres::Postgres,
    tls::Tls,
    workers::Board,
};

/// From a fall to the stop: time for `/readyz` to say why.
const FAREWELL: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port, instead of the configured one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// What this process does.
    #[arg(long, value_enum, default_value = "all")]
    pub role: Role,
}

/// A server that listens, before it answers.
pub struct Server {
    pub node: Node,
    pub url: String,
    pub stop: watch::Sender<bool>,
    folder: Folder,
    listener: TcpListener,
    tls: Option<Tls>,
    postgres: Option<Postgres>,
    role: Role,
}

pub async fn run(place: &Place, args: ServeArgs) -> anyhow::Result<()> {
    let mut config = Config::load(place.config.as_deref())?;
    config.server.listen = args.listen.unwrap_or(config.server.listen);
    logging::start(&config.logging)?;
    let server = Server::open(Folder::open(&place.data)?, config, args.role, false).await?;
    println!("Forecourt is running at {}", server.url);
    server.offer_setup().await?;
    server.run().await
}

impl Server {
    /// Binds the address first: two servers by mistake must not both open the folder.
    pub async fn open(folder: Folder, config: Config, role: Role, demo: bool) -> anyhow::Result<Self> {
        let listen = config.server.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}: name another by `--listen`"))?;
        let tls = config.tls_files().map(Tls::open).transpose()?;
        let postgres = if role.serves_pages() { Postgres::open(&config.postgres).await? } else { None };
        let url = reached_at(&config, listener.local_addr()?);
        let token = random_token();
        let postgres_port = postgres.as_ref().map(Postgres::address).transpose()?.map(|address| address.port());
        let opening = Opening { demo, local_admin: Some(blake3::hash(token.as_bytes())), postgres_port };
        let node = Node::open(&folder, config, opening).await?;
        let address = format!("{}://{}", scheme(&node.config), from_here(listener.local_addr()?));
        folder.note_running(&Running { address, token, pid: std::process::id() })?;
        let (stop, _) = watch::channel(false);
        Ok(Self { node, url, stop, folder, listener, tls, postgres, role })
    }

    /// Prints the one-time link while there is nobody who could sign in.
    pub async fn offer_setup(&self) -> anyhow::Result<()> {
        let control = &self.node.control;
        if self.role.serves_pages() && control.users_count().await? == 0 {
            let link = control.new_setup_link(now_us()).await?;
            println!("Make the first account (once, within two days): {}/setup?token={}", self.url, link.reveal());
        }
        Ok(())
    }

    /// Answers until a signal comes, then stops in order: requests first, then the fold, then the files.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { node, url, stop, folder, listener, tls, postgres, role } = self;
        // Before anything answers: whoever sees it answer may stop it.
        let signals = Signals::heard();
        node.control.interrupt_jobs(now_us()).await?;
        let (stop_workers, workers_stop) = watch::channel(false);
        let mut workers = node.start(role, &workers_stop).await?;
        if role.processes() {
            node.start_imports(&mut workers, &workers_stop);
        }
        let proxies = node.config.trusted_proxies()?;
        let believed = proxies.clone();
        let router: Router = node
            .router(role)
            .merge(health::router(&node))
            .layer(middleware::from_fn(move |request, next| address::note_client(believed.clone(), request, next)));
        tracing::info!(url, "ready");
        tokio::spawn(signals.stop(stop.clone()));
        tokio::spawn(stop_when_poisoned(node.log.clone(), stop.clone()));
        let acceptor = tls.as_ref().map(|tls| tls.acceptor("http/1.1")).transpose()?;
        let for_postgres = tls.as_ref().map(|tls| tls.acceptor("postgresql")).transpose()?;
        if let Some(tls) = tls {
            tokio::spawn(tls.watch(stop.subscribe()));
        }
        tokio::spawn(stop_when_fallen(node.board.clone(), stop.clone()));
        let pages = listen::serve(listener, router, &node.config.server, &proxies, acceptor, stop.subscribe());
        match postgres {
            None => pages.await,
            Some(postgres) => {
                tracing::info!(address = %postgres.address()?, "ready for PostgreSQL clients");
                tokio::join!(pages, postgres.serve(&node, for_postgres, stop.subscribe()));
            }
        }

        tracing::info!("stopping");
        stop_workers.send_replace(true);
        workers.join().await;
        let (failure, fallen) = (node.log.failure(), node.board.fallen());
        node.close().await;
        folder.forget_running(std::process::id());
        if let Some(reason) = failure {
            anyhow::bail!("the log stopped accepting ({reason}): check the disk, then start again");
        }
        if let Some((worker, reason)) = fallen {
            anyhow::bail!("the worker `{worker}` ended by a defect ({reason}): start again, and please report it");
        }
        Ok(())
    }
}

/// The two that ask a process to stop, caught from here on.
struct Signals(Option<(Signal, Signal)>);

impl Signals {
    fn heard() -> Self {
        let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        let (Ok(terminate), Ok(interrupt)) = signals else {
            tracing::warn!("signals are not heard: this process can only be killed, which it survives");
            return Self(None);
        };
        Self(Some((terminate, interrupt)))
    }

    async fn stop(self, stop: watch::Sender<bool>) {
        let Some((mut terminate, mut interrupt)) = self.0 else { return };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.send_replace(true);
    }
}

/// After a failed sync nothing is acknowledged any more, and only a new start can tell what is on the disk.
async fn stop_when_poisoned(log: forecourt_log::Log, stop: watch::Sender<bool>) {
    while !log.is_poisoned() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    tokio::time::sleep(FAREWELL).await;
    stop.send_replace(true);
}

/// A worker that ended by a defect leaves memory that nobody vouches for: a new process begins from the disk. Before that
/// `/readyz` has time to say so.
async fn stop_when_fallen(board: Board, stop: watch::Sender<bool>) {
    board.wait_for_fall().await;
    tokio::time::sleep(FAREWELL).await;
    stop.send_replace(true);
}

fn random_token() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill(&mut bytes[..]);
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

fn reached_at(config: &Config, listening: SocketAddr) -> String {
    let public = config.server.public_url.trim_end_matches('/');
    if public.is_empty() { format!("{}://{}", scheme(config), from_here(listening)) } else { public.to_owned() }
}

fn scheme(config: &Config) -> &'static str {
    if config.tls_files().is_some() { "https" } else { "http" }
}

/// "Any address" is none that one can go to.
fn from_here(listening: SocketAddr) -> SocketAddr {
    match listening {
        SocketAddr::V4(at) if at.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], at.port())),
        SocketAddr::V6(at) if at.ip().is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], at.port())),
        at => at,
    }
}
