//! PostgreSQL's own client, and those that BI programs are built on, ask the server by SQL.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Output, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

use crate::{
    LOOK_EVERY, WITHIN,
    installation::Installation,
    roles::{assert_nothing_foreign, profile_of, token, two_dealers_of},
    server::Server,
};

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools");
const CONFIG: &str = "[postgres]\nlisten = \"127.0.0.1:0\"\n";

/// The port that the server tells of in its log, for a server whose pages cannot be asked.
async fn port(server: &Server) -> u16 {
    let deadline = Instant::now() + WITHIN;
    loop {
        let printed = server.printed();
        let told = printed.lines().find(|line| line.contains("ready for PostgreSQL clients"));
        let port = told.and_then(|line| line.rsplit(':').next()).and_then(|port| port.trim().parse().ok());
        if let Some(port) = port {
            return port;
        }
        assert!(Instant::now() < deadline, "no port for PostgreSQL clients:\n{printed}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn psql(port: u16, password: &str, more: &str, statements: &[&str]) -> Output {
    let mut psql = Command::new("psql");
    psql.arg(format!("host=127.0.0.1 port={port} user=bi dbname=forecourt connect_timeout=20 {more}")).env("PGPASSWORD", password);
    psql.args(["--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--set", "VERBOSITY=verbose"]);
    psql.args(statements.iter().flat_map(|statement| ["-c", statement]));
    psql.output().expect("psql runs")
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What a statement gives, line by line, or how it was refused.
fn asked(port: u16, token: &str, statement: &str) -> Result<Vec<String>, String> {
    let output = psql(port, token, "options=''", &["\\pset format unaligned", "\\pset tuples_only on", statement]);
    let lines = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| !line.ends_with(" is unaligned.") && !line.starts_with("Tuples only"))
        .map(str::to_owned)
        .collect();
    if output.status.success() { Ok(lines) } else { Err(printed(&output)) }
}

/// Asks what takes for ever, and presses Ctrl-C once it is under way. Returns what is told then.
async fn cancelled(port: u16, token: &str, statement: &str) -> String {
    let mut psql = Command::new("psql");
    psql.arg(format!("host=127.0.0.1 port={port} user=bi dbname=forecourt")).env("PGPASSWORD", token);
    psql.args(["--no-psqlrc", "--set", "VERBOSITY=verbose", "-c", "\\echo begun", "-c", statement]);
    let mut psql = psql.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("psql runs");
    let mut lines = BufReader::new(psql.stdout.take().expect("its output")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "begun");
    let deadline = Instant::now() + WITHIN;
    while psql.try_wait().expect("its state").is_none() {
        assert!(Instant::now() < deadline, "psql does not end");
        Command::new("kill").args(["-INT", &psql.id().to_string()]).status().expect("a signal");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let mut told = String::new();
    psql.stderr.take().expect("its errors").read_to_string(&mut told).expect("text");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn psql_looks_around_and_asks() {
    let (installation, server) = two_dealers_of(Installation::new().configured(CONFIG)).await;
    server.wait_for_number("SELECT count(*) FROM leads", 2).await;
    let port = port(&server).await;
    let analyst = token(&installation, "analyst", None);

    let looked = psql(port, &analyst, "", &["\\conninfo", "\\dt", "\\d events", "\\dn", "\\l"]);
    assert!(looked.status.success(), "{}", printed(&looked));
    let shown = printed(&looked);
    for name in ["events", "profiles", "leads", "orders", "calls", "ad_costs", "profile_id", "timestamp with time zone", "public"] {
        assert!(shown.contains(name), "`{name}` is not shown:\n{shown}");
    }

    let join = "SELECT leads.dealer, count(*), sum(events.value) FROM events JOIN leads ON leads.profile_id = events.profile_id \
        WHERE events.dealer IS NOT NULL GROUP BY leads.dealer ORDER BY 1";
    assert_eq!(asked(port, &analyst, join).expect("rows"), ["north|4|4.0", "south|4|8.0"]);
    // Two statements in one text, a transaction, settings: what programs send before they come to the point.
    let several =
        "BEGIN; SET client_encoding TO 'UTF8'; SET datafusion.execution.batch_size = 1; SELECT 1; SELECT count(*) FROM orders; COMMIT";
    assert_eq!(asked(port, &analyst, several).expect("rows"), ["BEGIN", "SET", "SET", "1", "2", "COMMIT"]);
    assert_eq!(asked(port, &analyst, "SELECT * FROM events WHERE false").expect("no rows"), [""; 0]);

    for (statement, code, told) in [
        ("SELECT * FROM nothing", "42P01", "the tables are"),
        ("SELECT nothing FROM events", "42703", "the columns are"),
        ("SELEC 1", "42601", "the SQL does not read"),
        ("DELETE FROM events", "25006", "queries only read"),
        ("CREATE TABLE mine AS SELECT * FROM events", "25006", "queries only read"),
        ("SELECT * INTO mine FROM events", "25006", "queries only read"),
        ("WITH gone AS (DELETE FROM events RETURNING *) SELECT * FROM gone", "25006", "queries only read"),
        ("EXPLAIN DELETE FROM events", "42000", "EXPLAIN is not for"),
        ("COPY events TO '/tmp/stolen.csv'", "25006", "queries only read"),
        ("CREATE EXTERNAL TABLE stolen STORED AS CSV LOCATION '/etc/passwd'", "42601", "the SQL does not read"),
        ("PREPARE kept AS DELETE FROM events", "25006", "queries only read"),
        ("DECLARE kept CURSOR FOR SELECT * FROM events", "25006", "queries only read"),
    ] {
        let refusal = asked(port, &analyst, statement).expect_err(statement);
        assert!(refusal.contains(code) && refusal.contains(told), "{statement}: {refusal}");
    }
    assert_eq!(server.number("SELECT count(*) FROM events WHERE dealer IS NOT NULL").await, 8, "somebody wrote");

    // What takes too long is stopped: when its time is over, or when the client has had enough.
    let endless = "SELECT count(*) FROM generate_series(1, 90000) a JOIN generate_series(1, 90000) b ON a.value < b.value \
        JOIN generate_series(1, 90000) c ON b.value < c.value";
    let cancelled = cancelled(port, &analyst, endless).await;
    assert!(cancelled.contains("57014"), "{cancelled}");
    assert_eq!(asked(port, &analyst, "SELECT 1").expect("rows"), ["1"]);

    // Who may not, and who is nobody.
    let operator = token(&installation, "operator", None);
    for (password, told) in [("", "password"), ("fct_made_up", "no token of this installation"), (operator.as_str(), "may not ask by SQL")]
    {
        let refused = psql(port, password, "", &["SELECT 1"]);
        assert!(!refused.status.success() && printed(&refused).contains(told), "{password}: {}", printed(&refused));
    }

    // What was read is in the audit log, once; looking at the catalogue is not.
    let log = server.get("/api/audit?limit=200").await;
    let asked: Vec<&str> = log["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["action"] == "sql_run")
        .filter_map(|row| row["object"].as_str())
        .collect();
    assert_eq!(asked.iter().filter(|object| object.contains("JOIN leads")).count(), 1, "{log}");
    assert!(!asked.iter().any(|object| object.contains("pg_class")), "{log}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bi_programs_reflect_join_and_see_what_is_new() {
    let installation = Installation::new().configured(CONFIG);
    let key = installation.source("more");
    let (installation, server) = two_dealers_of(installation).await;
    server.wait_for_number("SELECT count(*) FROM leads", 2).await;
    let made = installation.ask(&["token", "create", "--role", "analyst"]);
    let place = json!({ "host": "127.0.0.1", "port": port(&server).await, "token": made["token"] });

    let python = Command::new(format!("{TOOLS}/postgres-venv")).output().expect("the tool runs");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let python = String::from_utf8(python.stdout).expect("a path");
    let mut clients = Command::new(python.trim());
    clients.arg(format!("{TOOLS}/postgres_clients.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut clients = clients.spawn().expect("the clients start");
    let mut to_them = clients.stdin.take().expect("their input");
    let mut lines = BufReader::new(clients.stdout.take().expect("their output")).lines();
    let mut next = |line: &str| -> Value {
        writeln!(to_them, "{line}").expect("they read");
        let told = lines.next().unwrap_or_else(|| panic!("the clients ended:\n{}", server.printed())).expect("text");
        serde_json::from_str(&told).expect("JSON")
    };

    let told = next(&place.to_string());
    assert_eq!(told["tables"], json!(["ad_costs", "calls", "events", "leads", "orders", "profiles"]), "{told}");
    assert_eq!((&told["has_leads"], &told["has_nothing"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&told["columns"]["profile_id"], &told["columns"]["ts"], &told["columns"]["value"]),
        (&json!("BIGINT"), &json!("TIMESTAMP"), &json!("DOUBLE PRECISION")),
        "{told}"
    );
    assert_eq!(told["join"], json!([["north", 1, true, 1.0], ["south", 1, true, 2.0]]), "{told}");
    assert_eq!(told["reflected"], json!([["call_ended", 1], ["car_viewed", 1], ["lead_created", 1], ["order_confirmed", 1]]), "{told}");
    assert_eq!(told["counts"], json!([2, 2, 2]), "{told}");
    assert_eq!(told["asyncpg"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!((&told["asyncpg"][0][0], &told["asyncpg"][0][2]), (&json!("car_viewed"), &json!(2.0)), "{told}");
    assert_eq!(told["insert"][0], "25006", "{told}");

    // A statement that was prepared long ago sees what happened since.
    server.track(&key, json!({ "event": "car_viewed", "userId": "ana", "properties": { "dealer": "north", "value": 5 } })).await;
    server.wait_for_number("SELECT count(*) FROM events WHERE event = 'car_viewed'", 3).await;
    assert_eq!(next("more events")["counts"], json!([3]));

    // A token that was taken away takes open connections along.
    let (status, answer) =
        server.call(reqwest::Method::DELETE, &format!("/api/tokens/{}", made["id"].as_str().expect("an id")), None, None).await;
    assert!(status.is_success(), "{answer}");
    let told = next("the token is gone");
    assert!(told.as_str().is_some_and(|told| told.contains("no token of this installation")), "{told}");
    drop(to_them);
    assert!(clients.wait().expect("they end").success());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_s_token_sees_its_own_rows_only() {
    let (installation, server) = two_dealers_of(Installation::new().configured(CONFIG)).await;
    server.wait_for_number("SELECT count(*) FROM leads", 2).await;
    let port = port(&server).await;
    let bob = profile_of(&server, "bob@example.com").await;
    let north = token(&installation, "dealer", Some("north"));
    assert_eq!(asked(port, &north, "SELECT lead_id FROM leads").expect("rows"), ["lead-north"]);
    assert_eq!(asked(port, &north, "SELECT count(*), min(dealer), max(dealer) FROM events").expect("rows"), ["4|north|north"]);
    for statement in [
        "SELECT * FROM events WHERE dealer <> 'north' OR true",
        "SELECT (SELECT max(dealer) FROM events)",
        "SELECT * FROM profiles",
        "SELECT * FROM orders RIGHT JOIN calls ON true",
        "SELECT * FROM ad_costs",
        "EXPLAIN SELECT * FROM events WHERE dealer = 'south'",
        "EXPLAIN ANALYZE SELECT * FROM events",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.df_settings",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM pg_catalog.pg_settings",
        "SELECT * FROM pg_catalog.pg_roles",
        "SELECT * FROM forecourt.main.events",
        "SHOW ALL",
        "\\d ad_costs",
        "\\d+ events",
    ] {
        let told = match asked(port, &north, statement) {
            Ok(rows) => rows.join("\n"),
            Err(told) => told,
        };
        let told = told.replace(statement, "").replace("'south'", "");
        assert_nothing_foreign(statement, &json!(told), &bob);
    }
    let tables =
        asked(port, &north, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1").expect("rows");
    assert_eq!(tables, ["calls", "events", "leads", "orders", "profiles"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_encrypted_by_the_server_s_certificate() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let dir = tempfile::tempdir().expect("a folder");
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    let tls = format!("[tls]\ncert = \"{}\"\nkey = \"{}\"\n", cert.display(), key.display());
    let installation = Installation::new().configured(&format!("{CONFIG}{tls}"));
    let analyst = token(&installation, "analyst", None);
    let server = Server::spawn(&installation, &[]);
    let port = port(&server).await;
    let trusted = format!("sslmode=verify-full sslrootcert={}", cert.display());
    let encrypted = psql(port, &analyst, &trusted, &["\\conninfo", "SELECT count(*) FROM events"]);
    assert!(encrypted.status.success() && printed(&encrypted).contains("SSL connection"), "{}", printed(&encrypted));
    server.kill();
}
