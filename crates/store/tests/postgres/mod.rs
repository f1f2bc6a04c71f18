//! A PostgreSQL cluster for tests, from the system's packages: one per test binary, gone when the binary ends.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

const START_WITHIN: Duration = Duration::from_secs(60);

struct Cluster {
    port: u16,
    /// Stops the cluster and removes its folder once its standard input closes, which the end of this process does,
    /// however it ends: a `static` is never dropped.
    _keeper: Child,
}

/// The address of a fresh, empty database, as a role that owns it and nothing else: what the documentation asks for.
///
/// Panics with what to install when the machine has no PostgreSQL.
pub async fn url() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = CLUSTER.get_or_init(start);
    let mut connection = connect(cluster.port).await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    connection.execute(AssertSqlSafe(format!("CREATE ROLE {name} LOGIN"))).await.expect("a fresh role");
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER {name}"))).await.expect("a fresh database");
    connection.close().await.expect("closed");
    format!("postgres://{name}@127.0.0.1:{}/{name}", cluster.port)
}

/// The same database as the cluster's superuser.
#[allow(dead_code, reason = "some of the test binaries need it")]
pub fn as_superuser(url: &str) -> String {
    let (_, place) = url.split_once('@').expect("an address with a role");
    format!("postgres://postgres@{place}")
}

fn start() -> Cluster {
    let programs = programs();
    let dir = tempfile::Builder::new().prefix("forecourt-pg-").tempdir().expect("a temporary folder").keep();
    if is_root() {
        run(Command::new("chown").arg("postgres:postgres").arg(&dir));
    }
    let data = dir.join("data");
    run(as_postgres(&programs.join("initdb"))
        .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
        .arg(&data));
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();

    let mut server = as_postgres(&programs.join("postgres"));
    server.arg("-D").arg(&data).args(["-p", &port.to_string()]).arg("-k").arg(&dir);
    for setting in ["listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200"] {
        server.args(["-c", setting]);
    }
    let keep = r#""$@" >"$DIR/log" 2>&1 & server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$DIR""#;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", keep, "keeper"]).arg(server.get_program()).args(server.get_args());
    keeper.env("DIR", &dir).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    Cluster { port, _keeper: keeper.spawn().expect("a shell") }
}

async fn connect(port: u16) -> PgConnection {
    let deadline = Instant::now() + START_WITHIN;
    loop {
        match PgConnection::connect(&format!("postgres://postgres@127.0.0.1:{port}/postgres")).await {
            Ok(connection) => return connection,
            Err(error) if deadline < Instant::now() => panic!("PostgreSQL does not answer on port {port}: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Debian keeps the server's programs out of the path, by version: the newest is taken.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("these tests need PostgreSQL: run `apt-get install -y postgresql`")
}

/// PostgreSQL refuses to run as root. `setpriv` replaces itself by the program, so that its process id is the server's.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
