//! A server under test: started, asked, stopped or killed.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation};

/// The most rows that the API gives in one answer.
const ROWS_MAX: u32 = 1_000_000;
/// An answer of the API takes no longer than this, even on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

pub struct Server {
    child: Child,
    output: PathBuf,
    /// `http://127.0.0.1:…`; empty until it is known.
    pub address: String,
    /// Lets commands of this machine in, as an admin.
    token: String,
    pub http: reqwest::Client,
}

/// Rows that SQL answered, with the names of their columns.
#[derive(Debug, PartialEq)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub async fn start(installation: &Installation, env: &[(&str, &str)]) -> Self {
        Self::start_as(installation, &["serve"], env).await
    }

    /// [`Server::start`] of another command that serves: `demo`, with its options.
    pub async fn start_as(installation: &Installation, command: &[&str], env: &[(&str, &str)]) -> Self {
        let mut server = Self::spawn_as(installation, command, env);
        let deadline = Instant::now() + WITHIN;
        while !server.is_up(installation.data()).await {
            if let Some(status) = server.status() {
                panic!("the server ended at its start ({status}):\n{}", server.printed());
            }
            assert!(Instant::now() < deadline, "the server does not answer:\n{}", server.printed());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        server
    }

    /// Starts a server and waits for nothing.
    pub fn spawn(installation: &Installation, env: &[(&str, &str)]) -> Self {
        Self::spawn_as(installation, &["serve"], env)
    }

    fn spawn_as(installation: &Installation, command: &[&str], env: &[(&str, &str)]) -> Self {
        let output = installation.next_output();
        let file = std::fs::File::create(&output).expect("a file for the server's output");
        let mut command = installation.command(&[command, &["--listen", "127.0.0.1:0"]].concat());
        command.envs(env.iter().copied()).stdout(file.try_clone().expect("a second handle")).stderr(file);
        let child = command.spawn().expect("the server starts");
        let http = client();
        Self { child, output, address: String::new(), token: String::new(), http }
    }

    /// Reads the server's note in its folder; true once this very process answers.
    pub async fn is_up(&mut self, data: &Path) -> bool {
        let Ok(text) = std::fs::read(data.join("server.json")) else { return false };
        let Ok(note) = serde_json::from_slice::<Value>(&text) else { return false };
        if note["pid"].as_u64() != Some(u64::from(self.child.id())) {
            return false;
        }
        let text = |name: &str| note[name].as_str().unwrap_or_default().to_owned();
        (self.address, self.token) = (text("address"), text("token"));
        self.http.get(format!("{}/healthz", self.address)).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until a demonstration's history is told and folded.
    pub async fn wait_until_seeded(&self) {
        let deadline = Instant::now() + WITHIN;
        loop {
            let jobs = self.get("/api/jobs").await;
            let states: Vec<&str> = jobs["jobs"].as_array().into_iter().flatten().filter_map(|job| job["state"].as_str()).collect();
            if states.contains(&"done") {
                return self.wait_until_folded().await;
            }
            assert!(Instant::now() < deadline && !states.contains(&"failed"), "the demonstration is not seeded: {jobs}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Lets the commands of this machine in.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Everything the process printed so far.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Ends it as a power switch would, but for the disk's own memory.
    pub fn kill(mut self) {
        self.child.kill().expect("the server is killed");
        self.child.wait().expect("the server ends");
        self.assert_no_defect();
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("`kill`");
        assert!(told.success(), "the server is gone before it was stopped:\n{}", self.printed());
        let status = self.ended().await;
        assert!(status.success(), "the server stopped with {status}:\n{}", self.printed());
        self.assert_no_defect();
    }

    /// How the process ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the server's status")
    }

    /// Waits until the process ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + WITHIN;
        loop {
            if let Some(status) = self.status() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end:\n{}", self.printed());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub fn assert_no_defect(&self) {
        let printed = self.printed();
        assert!(!printed.contains("panicked") && !printed.contains("ended by a defect"), "the server ran into a defect:\n{printed}");
    }

    /// Sends `body` with a write key; the sender's own view of the answer.
    pub async fn post(&self, path: &str, write_key: &str, body: &Value) -> reqwest::Result<Response> {
        self.http.post(format!("{}{path}", self.address)).basic_auth(write_key, Some("")).json(body).send().await
    }

    /// Sends one event that must be accepted.
    pub async fn track(&self, write_key: &str, body: Value) {
        let answer = self.post("/v1/track", write_key, &body).await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
        assert_eq!(status, StatusCode::OK, "{text}");
    }

    /// Asks the API as the command line does, or with another token; returns status and JSON.
    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.address)).bearer_auth(token.unwrap_or(&self.token));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.printed()));
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A GET that must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Asks by SQL; the refusal's message if there is no answer.
    pub async fn try_query(&self, sql: &str, token: Option<&str>) -> Result<Rows, String> {
        let (status, body) = self.call(Method::POST, "/api/query", token, Some(&json!({ "sql": sql, "limit": ROWS_MAX }))).await;
        if status != StatusCode::OK {
            return Err(format!("{status}: {body}"));
        }
        assert_eq!(body["truncated"], json!(false), "more rows than an answer holds: {sql}");
        let columns = body["columns"].as_array().expect("columns").iter();
        let rows = body["rows"].as_array().expect("rows").iter();
        Ok(Rows {
            columns: columns.map(|column| column["name"].as_str().expect("a name").to_owned()).collect(),
            rows: rows.map(|row| row.as_array().expect("a row").clone()).collect(),
        })
    }

    pub async fn query(&self, sql: &str) -> Vec<Vec<Value>> {
        self.try_query(sql, None).await.unwrap_or_else(|error| panic!("{sql}: {error}\n{}", self.printed())).rows
    }

    /// One number by SQL.
    pub async fn number(&self, sql: &str) -> i64 {
        let rows = self.query(sql).await;
        integer(&rows[0][0])
    }

    /// Waits until `sql` answers `expected`.
    pub async fn wait_for_number(&self, sql: &str, expected: i64) {
        let deadline = Instant::now() + WITHIN;
        loop {
            let found = self.number(sql).await;
            if found == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{sql}: {found} instead of {expected}\n{}", self.printed());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the fold has reached the end of the log.
    pub async fn wait_until_folded(&self) {
        let deadline = Instant::now() + WITHIN;
        loop {
            let lag = self.metric("forecourt_fold_lag_records").await;
            if lag == 0.0 {
                return;
            }
            assert!(Instant::now() < deadline, "the fold stays {lag} records behind:\n{}", self.printed());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub async fn metric(&self, name: &str) -> f64 {
        let answer = self.http.get(format!("{}/metrics", self.address)).send().await.expect("the metrics");
        let text = answer.text().await.expect("the metrics");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no metric `{name}`")).parse().expect("a number")
    }
}

/// A client of the story's own.
pub fn client() -> reqwest::Client {
    // Another story of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build().expect("an HTTP client")
}

/// Whole numbers beyond what JavaScript keeps exactly come as text.
pub fn integer(value: &Value) -> i64 {
    match value {
        Value::String(text) => text.parse().unwrap_or_else(|_| panic!("no number: {text}")),
        other => other.as_i64().unwrap_or_else(|| panic!("no number: {other}")),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already where the story ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let printed = self.printed();
            let tail: Vec<&str> = printed.lines().rev().take(60).collect();
            eprintln!("the end of what the server printed:");
            tail.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}
